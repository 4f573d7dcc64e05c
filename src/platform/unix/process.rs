//! This process: who it acts as, what a crash leaves behind, Ctrl-C.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The user this process acts as.
pub fn user_id() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// No core file. The limit keeps a core from a file, the flag also from a program that the kernel
/// hands cores to.
pub fn no_core() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// What the surroundings must not decide. A file beyond the size limit is an error with a path, not a
/// silent end; and what is made for its owner alone is theirs, whatever the umask takes from them.
pub fn settle() {
    let told = Arc::new(AtomicBool::new(false));
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, told);
    use rustix::process::umask;
    let before = umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    umask(before - rustix::fs::Mode::RWXU);
}

/// Runs `question`, which is told whether Ctrl-C was typed since: while it runs, that does not end the
/// program.
pub fn breaks_off<T>(question: impl FnOnce(&dyn Fn() -> bool) -> T) -> T {
    // The first is true where Ctrl-C ends the program, as it does by default; the second once it was
    // typed. `None`: no handler could be set.
    type Flags = [Arc<AtomicBool>; 2];
    static FLAGS: OnceLock<Option<Flags>> = OnceLock::new();
    let flags = FLAGS.get_or_init(|| {
        use signal_hook::{consts::SIGINT, flag};
        let [ends, typed] = [Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false))];
        flag::register_conditional_default(SIGINT, Arc::clone(&ends)).ok()?;
        flag::register(SIGINT, Arc::clone(&typed)).ok()?;
        Some([ends, typed])
    });
    let Some([ends, typed]) = flags else { return question(&|| false) };
    typed.store(false, Ordering::SeqCst);
    ends.store(false, Ordering::SeqCst);
    let answer = question(&|| typed.load(Ordering::SeqCst));
    ends.store(true, Ordering::SeqCst);
    answer
}

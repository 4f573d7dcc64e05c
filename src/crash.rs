//! What a crash may give away: nothing. The memory of a run holds tokens and private keys.

use std::io::Write;
use std::panic::PanicHookInfo;

/// No core file, and a panic that says where and not what: its text may quote state. Called once, first.
pub fn keep_quiet() {
    no_core();
    std::panic::set_hook(Box::new(|info| {
        let _ = std::io::stderr().write_all(said(info).as_bytes());
    }));
}

fn said(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(
        || "an unknown place".to_owned(),
        |at| format!("{}:{}", at.file(), at.line()),
    );
    format!(
        "error: clawmend {} has a bug and stopped at {place}\n       \
         every file is whole, old or new: `clawmend diagnose` says what is there, and the next writing command goes on from it\n       \
         please report the line above; it holds nothing of your state\n",
        env!("CARGO_PKG_VERSION")
    )
}

/// The limit keeps a core from a file, the flag also from a program that the kernel hands cores to.
#[cfg(unix)]
fn no_core() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

#[cfg(not(unix))]
fn no_core() {}

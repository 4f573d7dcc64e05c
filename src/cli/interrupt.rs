//! Ctrl-C at a question: it breaks the question off, and does not end the program in the middle of it.

/// Runs `question`; a Ctrl-C while it runs makes it return, and does no more than that.
#[cfg(unix)]
pub(super) fn breaks_off<T>(question: impl FnOnce() -> T) -> T {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, OnceLock};

    // True where Ctrl-C ends the program, as it does by default. `None`: no handler could be set.
    static ENDS: OnceLock<Option<Arc<AtomicBool>>> = OnceLock::new();
    let ends = ENDS.get_or_init(|| {
        let flag = Arc::new(AtomicBool::new(true));
        signal_hook::flag::register_conditional_default(
            signal_hook::consts::SIGINT,
            Arc::clone(&flag),
        )
        .ok()
        .map(|_| flag)
    });
    let set = |value| {
        if let Some(flag) = ends {
            flag.store(value, Ordering::SeqCst);
        }
    };
    set(false);
    let answer = question();
    set(true);
    answer
}

/// Elsewhere the console hands Ctrl-C to the question itself.
#[cfg(not(unix))]
pub(super) fn breaks_off<T>(question: impl FnOnce() -> T) -> T {
    question()
}

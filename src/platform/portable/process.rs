//! This process. Nothing here is known to `std`.

/// The user this process acts as: one and the same, as every owner is.
pub fn user_id() -> u32 {
    0
}

/// There are no core files to keep away.
pub fn no_core() {}

/// Runs `question`. A Ctrl-C while it runs ends the program, as the system has it: nothing is written
/// before a question is answered, so there is nothing to take back.
pub fn breaks_off<T>(question: impl FnOnce() -> T) -> T {
    question()
}

//! The public table of exit codes. Scripts may rely on it.

/// How a command ended; its number is what the shell gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// 0: done, or healthy. To go back is done also where the older state is locked out.
    Done = 0,
    /// 1: something still blocks the CLI, or could not be checked.
    Findings = 1,
    /// 2: the command line is wrong.
    Usage = 2,
    /// 3: refused or not found: the answer was no, nobody can answer, an unsafe path, another clawmend.
    Refused = 3,
    /// 4: state not readable or not writable (nothing changed), or the output was lost.
    Failed = 4,
    /// 5: a change stopped half-way; the next command that writes takes it back.
    HalfDone = 5,
}

impl Exit {
    /// The number given to the shell.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

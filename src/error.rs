//! The error that ends a command.
//!
//! An [`Error`] always says what happened, names the path it happened to, and says what to do next.
//! Problems *in the state* are not errors: they are findings (see [`crate::finding`]).

use std::fmt;
use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::step::Step;

/// What kind of failure this is; decides the exit code (see [`Exit`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The command line asks for something that does not exist or contradicts itself.
    Usage,
    /// clawmend could go on and will not: a question with nobody to answer, an unsafe path,
    /// another clawmend at work, a file that keeps changing.
    Refused,
    /// What was asked for is not there: a snapshot, a request, a finding, a state dir, a file.
    NotFound,
    /// A person said no, or broke the question off: nothing failed, and nothing was changed.
    Declined,
    /// State could not be read or written; nothing was changed.
    Failed,
    /// An apply stopped half-way and could not be taken back: the journal stands, and the next command that
    /// writes goes on with it.
    HalfDone,
}

/// A failure with its path, its cause and what the reader can do about it.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    message: String,
    path: Option<PathBuf>,
    cause: Option<String>,
    lost: Vec<String>,
    hints: Vec<Step>,
    denied: bool,
}

impl Error {
    /// An error of `kind`; `message` is a lower-case fragment without a full stop.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            path: None,
            cause: None,
            lost: Vec::new(),
            hints: Vec::new(),
            denied: false,
        }))
    }

    /// The command line is wrong: [`Kind::Usage`].
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Something was not done, and nothing was changed: [`Kind::Refused`].
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// What was named is not there: [`Kind::NotFound`].
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    /// A person said no: a whole sentence that says that nothing was done.
    pub fn declined(message: impl Into<String>) -> Self {
        Self::new(Kind::Declined, message)
    }

    /// The system or a file failed: [`Kind::Failed`].
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// A failed file operation: `doing` says what was tried ("read", "create the folder"), the
    /// advice follows from the kind of I/O failure.
    pub fn io(doing: &str, path: impl AsRef<Path>, source: &std::io::Error) -> Self {
        let mut error =
            Self::failed(format!("could not {doing}")).at(path.as_ref()).because(plain_io(source));
        error.0.denied = source.kind() == std::io::ErrorKind::PermissionDenied;
        error.hint(advice_for_io(source))
    }

    /// Names the file or folder this is about.
    #[must_use]
    pub fn at(mut self, path: impl AsRef<Path>) -> Self {
        self.0.path = Some(path.as_ref().to_path_buf());
        self
    }

    /// Adds the underlying cause, shown behind the message.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// Names what would have been lost, each in words.
    #[must_use]
    pub fn losing(mut self, lost: Vec<String>) -> Self {
        self.0.lost = lost;
        self
    }

    /// Adds something to do; hints are shown in the order in which they come.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Step>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// With this to do and nothing else.
    #[must_use]
    pub fn advised(mut self, step: Step) -> Self {
        self.0.hints = vec![step];
        self
    }

    /// The same error as another kind, and so with another exit code.
    #[must_use]
    pub fn into_kind(mut self, kind: Kind) -> Self {
        self.0.kind = kind;
        self
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The exit code that goes with it.
    pub fn exit(&self) -> Exit {
        match self.0.kind {
            Kind::Usage => Exit::Usage,
            Kind::Refused | Kind::NotFound | Kind::Declined => Exit::Refused,
            Kind::Failed => Exit::Failed,
            Kind::HalfDone => Exit::HalfDone,
        }
    }

    /// What happened, without the path.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The file or folder it happened to.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The underlying cause.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// Whether the system refused for want of permission; the first hint is then about that.
    pub fn is_denied(&self) -> bool {
        self.0.denied
    }

    /// What would have been lost, each in words.
    pub fn lost(&self) -> &[String] {
        &self.0.lost
    }

    /// What to do, the first thing first.
    pub fn hints(&self) -> &[Step] {
        &self.0.hints
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.path.as_deref().map(crate::text::named) {
            None => f.write_str(&self.0.message)?,
            // Whoever pastes the line must not open a quote before the path that the path's own then closes.
            Some(path) if path.starts_with('\'') => {
                write!(f, "{}: {path}", self.0.message.replace('\'', "\u{2019}"))?;
            }
            Some(path) => write!(f, "{}: {path}", self.0.message)?,
        }
        if let Some(cause) = &self.0.cause {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl std::error::Error for Error {}

/// The system's words for an I/O failure without the `(os error N)` tail.
pub fn plain_io(source: &std::io::Error) -> String {
    source.to_string().split(" (os error").next().unwrap_or_default().to_owned()
}

fn advice_for_io(source: &std::io::Error) -> &'static str {
    use std::io::ErrorKind as K;
    match source.kind() {
        K::PermissionDenied => {
            crate::platform::io_advice(source).unwrap_or(crate::platform::RUN_AS)
        }
        K::StorageFull | K::QuotaExceeded => {
            "the disk (or quota) is full: free some space, then run the same command again"
        }
        K::ReadOnlyFilesystem => {
            "the file system is mounted read-only: remount it writable, or copy the state dir and use --state-dir"
        }
        K::NotFound => "check the path, or name another state dir with --state-dir",
        K::NotADirectory => {
            "one part of the path is not a folder: look at each part, or use --state-dir"
        }
        K::TooManyLinks | K::InvalidFilename => {
            "the name is too long for the file system: use a shorter path, or another --snapshot-dir"
        }
        _ => crate::platform::io_advice(source).unwrap_or(
            "check the disk (dmesg) and the folders on the way, then run the same command again",
        ),
    }
}

//! What a person does next, as a value: a sentence, and the command in it if there is one.
//!
//! Nothing here is a line to print. The flags of this run, the program's name, quotes and line breaks
//! are put in by the one renderer, [`crate::render::invocation`], for text and for JSON.

use std::ffi::OsString;

/// One thing to do: a sentence, a command or both.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Step {
    /// The sentence; before a command without its colon. May be empty. Sentences are marked up: what stands in backticks is typed
    /// as it is, and a command of clawmend's or OpenClaw's there is given the flags of this run.
    pub text: String,
    /// The command to type, if there is one.
    pub command: Option<CommandLine>,
    /// What the command does, or when it is meant. May be empty.
    pub note: String,
}

/// A command as an argument vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// What is run, and whether it gets the flags of this run.
    pub program: Program,
    /// Its arguments, one each, unquoted.
    pub args: Vec<OsString>,
    /// Whether root has to type it: with `sudo`, and one of clawmend's own with flags that name what root would not
    /// find.
    pub as_root: bool,
}

/// Whose command it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// clawmend's own: it gets the flags that this run was given.
    Clawmend,
    /// clawmend's own for another state: its arguments say which, so no flags are added.
    ClawmendElsewhere,
    /// Another program, by the name it is called with.
    Other(&'static str),
}

impl Step {
    /// A sentence.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), command: None, note: String::new() }
    }

    fn of<A: Into<OsString>>(program: Program, args: impl IntoIterator<Item = A>) -> Self {
        let command = CommandLine {
            program,
            args: args.into_iter().map(Into::into).collect(),
            as_root: false,
        };
        Self { text: String::new(), command: Some(command), note: String::new() }
    }

    /// A command of clawmend for the state of this run.
    pub fn clawmend<A: Into<OsString>>(args: impl IntoIterator<Item = A>) -> Self {
        Self::of(Program::Clawmend, args)
    }

    /// clawmend without a command: it diagnoses.
    pub fn diagnose() -> Self {
        Self::clawmend::<&str>([])
    }

    /// Where another snapshot is to be found.
    pub fn other_snapshot() -> Self {
        Self::clawmend(["snapshot", "list"]).after("use another snapshot")
    }

    /// A path moved out of the way, under a name that ends in `.old`.
    pub fn move_away(path: &std::path::Path) -> Self {
        let mut old = path.as_os_str().to_owned();
        old.push(".old");
        Self::run("mv", [path.as_os_str().to_owned(), old])
    }

    /// clawmend on the state that these flags name, without a command: it diagnoses that one.
    pub fn elsewhere<A: Into<OsString>>(flags: impl IntoIterator<Item = A>) -> Self {
        Self::of(Program::ClawmendElsewhere, flags)
    }

    /// The same on another state dir.
    pub fn look_at(state_dir: impl Into<OsString>) -> Self {
        Self::elsewhere::<OsString>(["--state-dir".into(), state_dir.into()])
    }

    /// `clawmend repair` with another config.
    pub fn repair_of(state_dir: &std::path::Path, config: &std::path::Path) -> Self {
        let config: [OsString; 3] = ["--config".into(), config.into(), "repair".into()];
        Self::look_at(state_dir).with(config)
    }

    /// A command of another program, e.g. `openclaw` or `docker`.
    pub fn run<A: Into<OsString>>(
        program: &'static str,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        Self::of(Program::Other(program), args)
    }

    /// The gateway is restarted, as OpenClaw does it.
    pub fn restart() -> Self {
        Self::run("openclaw", ["gateway", "restart"])
    }

    /// With the words before the command.
    pub fn after(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// With a word about the command.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// With whether root has to type its command.
    pub fn as_root(mut self, as_root: bool) -> Self {
        if let Some(command) = &mut self.command {
            command.as_root = as_root;
        }
        self
    }

    /// With more arguments to its command.
    pub fn with<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        if let Some(command) = &mut self.command {
            command.args.extend(args.into_iter().map(Into::into));
        }
        self
    }
}

impl From<&str> for Step {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Step {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

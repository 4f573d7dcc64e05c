//! A finding: what is wrong, as data. Words for people are made from it, exit codes too.

use std::fmt;

/// How bad a finding is. Ordered: the worst first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It keeps the CLI out, or the gateway from starting.
    Blocks,
    /// It could not be checked, so nobody can say that the state is healthy.
    Unchecked,
    /// It does not keep the CLI out now, but may later, or costs something.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// The word shown before a finding.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Blocks => "blocks",
            Severity::Unchecked => "unchecked",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }

    /// Whether a finding of this severity makes `diagnose` exit 1.
    pub fn fails(self) -> bool {
        matches!(self, Severity::Blocks | Severity::Unchecked)
    }
}

/// The stable name of a kind of finding, e.g. `cli-scopes-missing`. Scripts may rely on it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub &'static str);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// What mends a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mend {
    /// `clawmend repair` does; the text says what it will do.
    Repair(String),
    /// `clawmend repair` does when it is given an option; the text is the whole command.
    RepairWith(String),
    /// A person does; a line each, commands as they are typed.
    ByHand(Vec<String>),
    /// Nothing has to be done.
    Nothing,
}

/// One thing that is wrong or worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its kind.
    pub code: Code,
    /// How bad it is here (a kind may be worse in one state than in another).
    pub severity: Severity,
    /// Where: a path relative to the state dir, a table, or a config key.
    pub place: String,
    /// One sentence: what is wrong.
    pub says: String,
    /// What was seen, a line each; secrets already masked.
    pub evidence: Vec<String>,
    /// Why the gateway refuses because of it.
    pub why: String,
    /// What mends it.
    pub mend: Mend,
}

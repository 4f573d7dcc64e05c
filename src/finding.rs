//! A finding: what is wrong, as data. Words for people are made from it, exit codes too.

use std::fmt;

use crate::step::Step;

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

/// Whether one of them surely keeps the CLI out; where none does, one that could not be checked still may.
pub fn locks_out(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Blocks)
}

/// The stable name of a kind of finding, e.g. `cli-scopes-missing`. Scripts may rely on it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
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

/// A place in OpenClaw's state, as far as it is known; nothing of it where a finding is about all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, schemars::JsonSchema)]
#[must_use]
pub struct Place {
    /// The file: relative to the state dir if it is in it, else its whole path. Absent for a variable of this
    /// environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What in the file: a key of the config, a record's id and its field, a variable. In a database the table
    /// comes first. Secrets masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The line in the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

impl Place {
    /// With what in the file is meant.
    pub fn key(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// With the line in the file, from 1.
    pub fn line(self, line: Option<usize>) -> Self {
        Self { line, ..self }
    }

    /// Whether it says nothing.
    pub fn is_nowhere(&self) -> bool {
        *self == Self::default()
    }
}

/// A file; an empty text is none.
impl From<&str> for Place {
    fn from(file: &str) -> Self {
        Self { file: Some(file.to_owned()).filter(|file| !file.is_empty()), ..Self::default() }
    }
}

impl From<String> for Place {
    fn from(file: String) -> Self {
        file.as_str().into()
    }
}

/// `openclaw.json: gateway.bind (line 4)`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, &self.key) {
            (Some(file), Some(key)) => write!(f, "{file}: {key}")?,
            (Some(file), None) => f.write_str(file)?,
            (None, Some(key)) => write!(f, "this environment: {key}")?,
            (None, None) => {}
        }
        match self.line {
            Some(line) => write!(f, " (line {line})"),
            None => Ok(()),
        }
    }
}

/// Who repairs a finding, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// `clawmend repair` does: an edit for it exists. The text says what that changes.
    Repair(String),
    /// `clawmend repair` does when it is given an option: the commands to choose from, the safest first.
    Choice(Vec<Step>),
    /// A person does, step by step.
    ByHand(Vec<Step>),
    /// Nothing has to be done.
    Nothing,
}

/// Something that was seen; secrets already masked.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Evidence {
    /// What it is, e.g. `lacks`; absent where the value says it all.
    #[serde(skip_serializing_if = "str::is_empty")]
    #[schemars(with = "Option<String>")]
    pub label: &'static str,
    /// The value, or a sentence; the items of a list, perhaps none.
    pub values: Vec<String>,
    /// How much it matters.
    #[serde(skip)]
    pub kind: EvidenceKind,
}

/// Where evidence is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EvidenceKind {
    /// Always, as far as there is room.
    #[default]
    Seen,
    /// Also where the finding is told in a line: nobody may act without having seen it.
    First,
    /// Only where everything is asked for.
    Detail,
    /// A request of this machine, which a finding about requests tells better.
    Request,
    /// A line of an excerpt, shown as it is laid out.
    Excerpt,
}

impl Evidence {
    /// The value as text; `none` for an empty list.
    pub fn value(&self) -> String {
        if self.values.is_empty() { "none".to_owned() } else { self.values.join(", ") }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.label, self.kind) {
            ("", EvidenceKind::Excerpt) => write!(f, "  {}", self.value()),
            ("", _) => f.write_str(&self.value()),
            (label, _) => write!(f, "{label}: {}", self.value()),
        }
    }
}

/// One thing that is wrong or worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Finding {
    /// Its kind, by the name that scripts rely on.
    pub code: Code,
    /// How bad it is here (a kind may be worse in one state than in another).
    pub severity: Severity,
    /// The file and what in it.
    pub place: Place,
    /// One sentence: what is wrong.
    pub says: String,
    /// What was seen; secrets masked.
    pub evidence: Vec<Evidence>,
    /// Why the gateway refuses because of it.
    pub why: String,
    /// What repairs it. Of what a check says of `repair`, [`crate::checks::diagnose`] leaves only what an edit
    /// exists for.
    pub remedy: Remedy,
    /// What may be chosen in its place.
    pub alternatives: Vec<Step>,
}

impl Finding {
    /// With something seen, under a label.
    pub fn seen(self, label: &'static str, value: impl Into<String>) -> Self {
        self.with(label, value.into(), EvidenceKind::Seen)
    }

    /// With a list that was seen, perhaps an empty one.
    pub fn seen_list(mut self, label: &'static str, values: Vec<String>) -> Self {
        self.evidence.push(Evidence { label, values, kind: EvidenceKind::Seen });
        self
    }

    /// With a sentence about what was seen.
    pub fn note(self, text: impl Into<String>) -> Self {
        self.with("", text.into(), EvidenceKind::Seen)
    }

    /// With the same label for each of several things, or for one that may be there.
    pub fn seen_each<V: Into<String>>(
        self,
        label: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        values.into_iter().fold(self, |finding, value| finding.seen(label, value))
    }

    /// With a sentence for each.
    pub fn notes<T: Into<String>>(self, texts: impl IntoIterator<Item = T>) -> Self {
        self.seen_each("", texts)
    }

    /// With something that matters to few readers.
    pub fn detail(self, label: &'static str, value: impl Into<String>) -> Self {
        self.with(label, value.into(), EvidenceKind::Detail)
    }

    /// With evidence of any kind.
    pub fn with(mut self, label: &'static str, value: String, kind: EvidenceKind) -> Self {
        self.evidence.push(Evidence { label, values: vec![value], kind });
        self
    }

    /// As bad as this in the state at hand.
    pub fn rated(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// As bad as this where the condition holds, else as it was.
    pub fn rated_if(self, condition: bool, severity: Severity) -> Self {
        if condition { self.rated(severity) } else { self }
    }

    /// With a sentence where the condition holds.
    pub fn note_if(self, condition: bool, text: &str) -> Self {
        self.notes(condition.then_some(text))
    }

    /// Of what the releases decide differently, where none has left its name: says which do what.
    pub fn unsure(self, differ: &str) -> Self {
        let says = format!("no file names the OpenClaw release that runs here: {differ}");
        self.rated(Severity::Unchecked).note(says)
    }

    /// The same where a condition holds.
    pub fn unsure_if(self, condition: bool, differ: &str) -> Self {
        if condition { self.unsure(differ) } else { self }
    }

    /// The finding where the release that runs here makes it one; not sure where none has left its name.
    pub fn where_so(self, is_so: Option<bool>, differ: &str) -> Option<Self> {
        (is_so != Some(false)).then(|| self.unsure_if(is_so.is_none(), differ))
    }

    /// With the words for what `repair` does; they count only where it has an edit.
    pub fn repaired(mut self, what: impl Into<String>) -> Self {
        self.remedy = Remedy::Repair(what.into());
        self
    }

    /// With what a person does, in order; it takes the place of another remedy.
    pub fn by_hand<S: Into<Step>>(mut self, steps: impl IntoIterator<Item = S>) -> Self {
        self.remedy = Remedy::ByHand(steps.into_iter().map(Into::into).collect());
        self
    }

    /// With what may be chosen in place of the plain repair.
    pub fn or(mut self, step: Step) -> Self {
        self.alternatives.push(step);
        self
    }

    /// With a command that repairs it and is a person's choice; more than one may be named.
    pub fn choice(mut self, step: Step) -> Self {
        match &mut self.remedy {
            Remedy::Choice(steps) => steps.push(step),
            remedy => *remedy = Remedy::Choice(vec![step]),
        }
        self
    }
}

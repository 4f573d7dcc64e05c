//! Why a text was not edited, and what a person has to change in it instead.
use super::error::SyntaxError;
use crate::format::edit::FieldEdit;
use crate::format::scan::Kind;
use crate::model::layout::is_secret_field;
use crate::secret::mask;
use crate::secret::places::shows_key;
use serde_json::Value;
use std::fmt;

/// An edit that was not made. Nothing was changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The planned changes, for a person to make.
    pub by_hand: Vec<ByHand>,
}

/// Why an edit was not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The text is not JSON5.
    Unparsable(SyntaxError),
    /// A key on the way stands there more than once.
    Duplicate {
        /// The key, from the root.
        path: Vec<String>,
        /// The lines on which it stands; the last one counts.
        lines: Vec<usize>,
    },
    /// Something else stands where an object or a list is needed.
    Kind {
        /// Where, from the root.
        path: Vec<String>,
        /// The line on which it stands.
        line: usize,
        /// What is needed.
        wanted: Kind,
        /// What stands there.
        found: Kind,
    },
    /// The whole text cannot be removed.
    Root,
    /// The edited text would not read as exactly what was planned.
    Inexact,
}

/// One planned change, as words.
#[derive(Debug, Clone, PartialEq)]
pub struct ByHand {
    /// What to change.
    pub edit: FieldEdit,
    /// The line on which it, or the nearest thing around it, stands.
    pub line: Option<usize>,
}

impl Refusal {
    pub(super) fn new(
        reason: Reason,
        edits: &[FieldEdit],
        line: impl Fn(&[String]) -> Option<usize>,
    ) -> Self {
        let by_hand = |edit: &FieldEdit| ByHand { edit: edit.clone(), line: line(edit.path()) };
        Self { reason, by_hand: edits.iter().map(by_hand).collect() }
    }
}

impl std::error::Error for Refusal {}

/// The reason on one line; the changes are shown by [`ByHand`].
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unparsable(error) => write!(f, "the file is not JSON5: {error}"),
            Self::Duplicate { path, lines } => {
                let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "`{}` is there more than once (lines {}; the last one counts)",
                    path_text(path),
                    lines.join(", ")
                )
            }
            Self::Kind { path, line, wanted, found } => {
                let (wanted, found) = (wanted.name(), found.name());
                write!(f, "`{}` on line {line} must be {wanted}, but is {found}", path_text(path))
            }
            Self::Root => write!(f, "the whole file cannot be removed"),
            Self::Inexact => write!(f, "the edited file would not read as planned"),
        }
    }
}

impl fmt::Display for ByHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.edit.path();
        let name = path_text(path);
        match &self.edit {
            FieldEdit::Set { value, .. } => write!(f, "set `{name}` to {}", shown(path, value))?,
            FieldEdit::Append { value, .. } => write!(f, "add {} to `{name}`", shown(path, value))?,
            FieldEdit::Remove { .. } => write!(f, "remove `{name}`")?,
        }
        match self.line {
            Some(line) => write!(f, " (line {line})"),
            None => Ok(()),
        }
    }
}

/// The value as JSON, as far as its place allows; a secret is named, never shown.
fn shown(path: &[String], value: &Value) -> String {
    if path.iter().any(|key| is_secret_field(key)) && !value.is_null() && !value.is_boolean() {
        return "**** (a secret, not shown)".into();
    }
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| {
                let inner: Vec<String> = path.iter().chain([key]).cloned().collect();
                format!("{}: {}", Value::from(shown_key(key)), shown(&inner, value))
            });
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| shown(path, item));
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        scalar => crate::secret::shown::value(path, scalar),
    }
}

fn shown_key(key: &str) -> String {
    if shows_key(key) { key.to_owned() } else { mask(key) }
}

/// A path as OpenClaw writes it: `gateway.auth.mode`, `agents.list[0]`,
/// `channels["my channel"]`.
#[must_use]
pub fn path_text(path: &[String]) -> String {
    let mut text = String::new();
    for segment in path {
        // A key may itself be a secret.
        let segment = &match crate::format::tree::index(segment) {
            Some(_) => segment.clone(),
            None => shown_key(segment),
        };
        let plain =
            segment.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '-' | ':'));
        if crate::format::tree::index(segment).is_some() && !text.is_empty() {
            text.push_str(&format!("[{segment}]"));
        } else if plain && !segment.is_empty() {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(segment);
        } else {
            text.push_str(&format!("[{}]", Value::from(segment.as_str())));
        }
    }
    if text.is_empty() {
        text.push_str("the whole file");
    }
    text
}

//! Why a text was not edited, and what a person has to change in it instead.
use super::edit::Edit;
use super::error::SyntaxError;
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
        /// `an object` or `a list`.
        wanted: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// The whole text cannot be removed.
    Root,
    /// The edited text would not read as exactly what was planned.
    Inexact,
}

/// One planned change, as words.
#[derive(Debug, Clone, PartialEq)]
pub struct ByHand {
    /// What to change, from the root.
    pub path: Vec<String>,
    /// The line on which it, or the nearest thing around it, stands.
    pub line: Option<usize>,
    /// What to do there.
    pub change: Change,
}

/// What to do by hand.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Set it to this value.
    Set(Value),
    /// Add this element to the list.
    Append(Value),
    /// Remove it.
    Remove,
}

impl Refusal {
    pub(super) fn new(
        reason: Reason,
        edits: &[Edit],
        line: impl Fn(&[String]) -> Option<usize>,
    ) -> Self {
        let by_hand = edits.iter().map(|edit| ByHand {
            path: edit.path().to_vec(),
            line: line(edit.path()),
            change: match edit {
                Edit::Set { value, .. } => Change::Set(value.clone()),
                Edit::Append { value, .. } => Change::Append(value.clone()),
                Edit::Remove { .. } => Change::Remove,
            },
        });
        Self { reason, by_hand: by_hand.collect() }
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
                    "`{}` stands there more than once (lines {}; the last one counts)",
                    path_text(path),
                    lines.join(", ")
                )
            }
            Self::Kind { path, line, wanted, found } => {
                write!(f, "`{}` on line {line} has to be {wanted}, but is {found}", path_text(path))
            }
            Self::Root => write!(f, "the whole file cannot be removed"),
            Self::Inexact => write!(f, "the edited file would not read as planned"),
        }
    }
}

impl fmt::Display for ByHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = path_text(&self.path);
        match &self.change {
            Change::Set(value) => write!(f, "set `{path}` to {}", shown(&self.path, value))?,
            Change::Append(value) => write!(f, "add {} to `{path}`", shown(&self.path, value))?,
            Change::Remove => write!(f, "remove `{path}`")?,
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
        let segment = &match super::index(segment) {
            Some(_) => segment.clone(),
            None => shown_key(segment),
        };
        let plain =
            segment.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '-' | ':'));
        if super::index(segment).is_some() && !text.is_empty() {
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

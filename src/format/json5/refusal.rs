//! Why a text was not edited, and what a person has to change in it instead.
use super::{Location, MOST_DUPLICATES};
use crate::format::edit::{EditError, FieldEdit};
use crate::format::tree::index;
use crate::model::layout::is_secret_field;
use crate::secret::places::shows_config_key;
use crate::secret::{mask, shown};
use serde_json::Value;

/// An edit that was not made. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Refusal {
    /// Why, on one line.
    pub why: String,
    /// What a person has to change instead, a line for each edit.
    pub by_hand: Vec<String>,
}

impl Refusal {
    /// `line` is where a path, or the nearest thing around it, stands.
    pub(super) fn new(
        why: String,
        edits: &[FieldEdit],
        line: impl Fn(&[String]) -> Option<usize>,
    ) -> Self {
        let by_hand = edits.iter().map(|edit| match line(edit.path()) {
            Some(line) => format!("{} (line {line})", by_hand(edit)),
            None => by_hand(edit),
        });
        Self { why, by_hand: by_hand.collect() }
    }
}

/// Why an edit of `text` was not made, with the lines that it is about.
pub(super) fn why(text: &[u8], error: &EditError) -> String {
    match error {
        EditError::Duplicate { path, keys } => {
            let last = keys.get(keys.len().saturating_sub(MOST_DUPLICATES)..).unwrap_or_default();
            let places = Location::of_all(text, last).into_iter();
            let lines: Vec<String> = places.map(|place| place.line.to_string()).collect();
            format!(
                "`{}` is there more than once (lines {}; the last one counts)",
                path_text(path),
                lines.join(", ")
            )
        }
        EditError::Kind { path, at, wanted, found } => {
            let line = Location::of(text, at.start, at.end).line;
            let (path, wanted, found) = (path_text(path), wanted.name(), found.name());
            format!("`{path}` on line {line} must be {wanted}, but is {found}")
        }
        other => other.to_string(),
    }
}

/// What a person has to do to make an edit. Secrets are not shown.
pub fn by_hand(edit: &FieldEdit) -> String {
    let path = edit.path();
    let name = path_text(path);
    match edit {
        FieldEdit::Set { value, .. } => format!("set `{name}` to {}", value_text(path, value)),
        FieldEdit::Append { value, .. } => format!("add {} to `{name}`", value_text(path, value)),
        FieldEdit::Remove { .. } => format!("remove `{name}`"),
    }
}

/// The value as JSON, as far as its place allows; a secret is named, never shown.
fn value_text(path: &[String], value: &Value) -> String {
    if path.iter().any(|key| is_secret_field(key)) && !value.is_null() && !value.is_boolean() {
        return "**** (a secret, not shown)".into();
    }
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| {
                let inner: Vec<String> = path.iter().chain([key]).cloned().collect();
                format!("{}: {}", Value::from(shown_key(path, key)), value_text(&inner, value))
            });
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| value_text(path, item));
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        scalar => shown::value(path, scalar),
    }
}

fn shown_key(path: &[String], key: &str) -> String {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    if shows_config_key(&path, key) { key.to_owned() } else { mask(key) }
}

/// A path as OpenClaw writes it: `gateway.auth.mode`, `agents.list[0]`,
/// `channels["my channel"]`.
pub fn path_text(path: &[String]) -> String {
    let mut text = String::new();
    for (at, segment) in path.iter().enumerate() {
        // A key may itself be a secret: a long number is no place in a list, and the root is none.
        let is_index = at > 0 && segment.len() <= 3 && index(segment).is_some();
        let segment = if is_index {
            segment.clone()
        } else {
            shown_key(path.get(..at).unwrap_or_default(), segment)
        };
        let plain =
            segment.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '-' | ':'));
        if is_index && !text.is_empty() {
            text.push_str(&format!("[{segment}]"));
        } else if plain && !segment.is_empty() {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(&segment);
        } else {
            text.push_str(&format!("[{}]", Value::from(segment)));
        }
    }
    if text.is_empty() {
        text.push_str("the whole file");
    }
    text
}

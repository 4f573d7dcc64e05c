//! One change of a value, and what it does to the value itself.

use std::fmt;

use serde_json::{Map, Value};

use super::tree::index;
use super::value::at_path;

/// One change of a value. Paths lead from the root, list elements by number.
#[derive(Clone, PartialEq)]
pub enum FieldEdit {
    /// Give `path` this value; missing parent objects are created.
    Set {
        /// The keys from the root.
        path: Vec<String>,
        /// The value it will have.
        value: Value,
    },
    /// Add one element at the end of the list at `path`, which is created where it is missing.
    Append {
        /// The keys from the root to the list.
        path: Vec<String>,
        /// The new element.
        value: Value,
    },
    /// Take `path` out; nothing happens where it is missing.
    Remove {
        /// The keys from the root.
        path: Vec<String>,
    },
}

impl FieldEdit {
    /// The keys from the root to what it changes.
    pub fn path(&self) -> &[String] {
        match self {
            Self::Set { path, .. } | Self::Append { path, .. } | Self::Remove { path } => path,
        }
    }

    /// Whether a value has it already.
    pub(super) fn is_in(&self, value: &Value) -> bool {
        matches!(self, Self::Set { path, value: new } if at_path(value, path) == Some(new))
    }

    /// Makes the same change on a parsed value.
    pub(super) fn change(&self, value: &mut Value) {
        match (self, self.path()) {
            (Self::Set { value: new, .. }, path) => {
                if let Some(slot) = slot(value, path, true) {
                    *slot = new.clone();
                }
            }
            (Self::Append { value: new, .. }, path) => match slot(value, path, true) {
                Some(Value::Array(items)) => items.push(new.clone()),
                Some(other) => *other = Value::Array(vec![new.clone()]),
                None => {}
            },
            (Self::Remove { .. }, [path @ .., last]) => match slot(value, path, false) {
                Some(Value::Object(members)) => {
                    members.shift_remove(last);
                }
                Some(Value::Array(items)) => {
                    if let Some(number) = index(last).filter(|number| *number < items.len()) {
                        items.remove(number);
                    }
                }
                _ => {}
            },
            (Self::Remove { .. }, []) => {}
        }
    }
}

/// Without the value, which may be a token.
impl fmt::Debug for FieldEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Set { .. } => "Set",
            Self::Append { .. } => "Append",
            Self::Remove { .. } => "Remove",
        };
        write!(f, "{name}({})", self.path().join("."))
    }
}

/// The slot of a path; with `makes` it is created in objects where it is missing.
fn slot<'v>(value: &'v mut Value, path: &[String], makes: bool) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |value, segment| match value {
        Value::Object(members) => match makes {
            true => Some(members.entry(segment.clone()).or_insert_with(|| Map::new().into())),
            false => members.get_mut(segment),
        },
        Value::Array(items) => items.get_mut(index(segment)?),
        _ => None,
    })
}

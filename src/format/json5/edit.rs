//! Planned changes of values, made in the text and proven on the values.
//!
//! Owns [`Edit`] and [`apply`]. Each edit is placed on a fresh scan of the text
//! that the edits before it left. At the end the text is read again, and must
//! hold what the old values become under the same edits: nothing less or more.
use super::refusal::{Reason, Refusal};
use super::scan::{Kind, Node};
use super::splice::{insert, remove, replace, splice};
use super::{Document, Limits, Place, index};
use serde_json::{Map, Value};

/// One change of a value. Paths lead from the root, list elements by number.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Give `path` this value; missing parent objects are created.
    Set {
        /// The keys from the root.
        path: Vec<String>,
        /// The value it will have.
        value: Value,
    },
    /// Add one element at the end of the list at `path`, which is created
    /// where it is missing.
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

impl Edit {
    /// Where it changes something.
    #[must_use]
    pub fn path(&self) -> &[String] {
        match self {
            Self::Set { path, .. } | Self::Append { path, .. } | Self::Remove { path } => path,
        }
    }
}

/// The text with all `edits` made, every other byte as it was.
///
/// # Errors
/// Where the text does not parse, holds a key of a path twice, has something
/// else than an object or list on the way, or where the result is not exactly
/// what was planned. The refusal says what to change by hand.
pub fn apply(text: &[u8], edits: &[Edit]) -> Result<Vec<u8>, Refusal> {
    apply_within(text, edits, Limits::default()).map_err(|reason| {
        let document = Document::read(text, Limits::default()).ok();
        Refusal::new(reason, edits, |path| nearest(document.as_ref()?, path))
    })
}

fn apply_within(text: &[u8], edits: &[Edit], limits: Limits) -> Result<Vec<u8>, Reason> {
    let before = Document::read(text, limits).map_err(Reason::Unparsable)?;
    let mut planned = before.value.clone();
    let mut after = before.text.to_owned();
    for edit in edits {
        let document = Document::read(after.as_bytes(), limits).map_err(|_| Reason::Inexact)?;
        if let Some(changed) = place(&document, edit)? {
            after = changed;
            change(&mut planned, edit);
        }
    }
    let proven = Document::read(after.as_bytes(), limits).map_err(|_| Reason::Inexact)?;
    if proven.value == planned { Ok(after.into_bytes()) } else { Err(Reason::Inexact) }
}

/// How far a path leads into the text.
struct Walk<'t, 'p> {
    /// The nodes from the root to the last one that is there.
    trail: Vec<&'t Node>,
    /// The number of that last one in its parent.
    number: Option<usize>,
    /// The keys that are not there.
    missing: &'p [String],
}

fn walk<'t, 'p>(document: &'t Document<'_>, path: &'p [String]) -> Result<Walk<'t, 'p>, Reason> {
    let mut walk = Walk { trail: vec![&document.tree.root], number: None, missing: path };
    let mut node = &document.tree.root;
    while let Some((segment, rest)) = walk.missing.split_first() {
        let mut same = match &node.kind {
            Kind::Object(items) => items
                .iter()
                .enumerate()
                .filter(|(_, item)| item.name() == Some(segment))
                .collect::<Vec<_>>(),
            Kind::Array(items) => index(segment)
                .and_then(|number| Some((number, items.get(number)?)))
                .into_iter()
                .collect(),
            Kind::String | Kind::Plain => Vec::new(),
        };
        let Some((number, item)) = same.pop() else {
            break;
        };
        if !same.is_empty() {
            let so_far = path.len() - rest.len();
            return Err(Reason::Duplicate {
                path: path.iter().take(so_far).cloned().collect(),
                lines: same
                    .iter()
                    .map(|(_, item)| item.start())
                    .chain([item.start()])
                    .map(|at| Place::of(document.text, at, at).line)
                    .collect(),
            });
        }
        node = &item.value;
        walk.trail.push(node);
        walk.number = Some(number);
        walk.missing = rest;
    }
    Ok(walk)
}

/// The text after one edit; `None` where it is already as planned.
fn place(document: &Document<'_>, edit: &Edit) -> Result<Option<String>, Reason> {
    let text = document.text;
    let path = edit.path();
    let walk = walk(document, path)?;
    let Some(node) = walk.trail.last() else {
        return Ok(None);
    };
    let splices = match (edit, walk.missing) {
        (Edit::Set { value, .. }, []) => {
            if at(&document.value, path) == Some(value) {
                return Ok(None);
            }
            replace(text, &walk.trail, node, value)
        }
        (Edit::Append { value, .. }, []) => {
            require(document, node, path, "a list")?;
            insert(text, &walk.trail, None, value)
        }
        (Edit::Remove { .. }, []) => match (walk.trail.as_slice(), walk.number) {
            ([.., parent, _], Some(number)) => remove(text, parent, number),
            _ => return Err(Reason::Root),
        },
        (Edit::Remove { .. }, _) => return Ok(None),
        (Edit::Set { value, .. } | Edit::Append { value, .. }, [key, rest @ ..]) => {
            let so_far = path.len() - walk.missing.len();
            let parent = path.get(..so_far).unwrap_or(path);
            require(document, node, parent, "an object")?;
            let new = match edit {
                Edit::Append { .. } => Value::Array(vec![value.clone()]),
                _ => value.clone(),
            };
            insert(text, &walk.trail, Some(key), &wrapped(rest, new))
        }
    };
    Ok(Some(splice(text, splices)))
}

fn require(
    document: &Document<'_>,
    node: &Node,
    path: &[String],
    wanted: &'static str,
) -> Result<(), Reason> {
    let found = match node.kind {
        Kind::Object(_) => "an object",
        Kind::Array(_) => "a list",
        Kind::String => "a string",
        Kind::Plain => "a plain value",
    };
    if found == wanted {
        return Ok(());
    }
    Err(Reason::Kind {
        path: path.to_vec(),
        line: Place::of(document.text, node.span.start, node.span.end).line,
        wanted,
        found,
    })
}

/// `value` under the objects that are missing on its way.
fn wrapped(keys: &[String], value: Value) -> Value {
    keys.iter()
        .rev()
        .fold(value, |value, key| Value::Object(Map::from_iter([(key.clone(), value)])))
}

/// The value at a path, in the model.
fn at<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, segment| match value {
        Value::Object(members) => members.get(segment),
        Value::Array(items) => items.get(index(segment)?),
        _ => None,
    })
}

/// The same edit, on the model.
fn change(value: &mut Value, edit: &Edit) {
    match (edit, edit.path()) {
        (Edit::Set { value: new, .. }, path) => {
            if let Some(slot) = slot(value, path) {
                *slot = new.clone();
            }
        }
        (Edit::Append { value: new, .. }, path) => {
            if let Some(slot) = slot(value, path) {
                match slot {
                    Value::Array(items) => items.push(new.clone()),
                    other => *other = Value::Array(vec![new.clone()]),
                }
            }
        }
        (Edit::Remove { .. }, [path @ .., last]) => match slot(value, path) {
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
        (Edit::Remove { .. }, []) => {}
    }
}

/// The slot of a path in the model, created in objects where it is missing.
fn slot<'v>(value: &'v mut Value, path: &[String]) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |value, segment| {
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
        match value {
            Value::Object(members) => Some(members.entry(segment.clone()).or_insert(Value::Null)),
            Value::Array(items) => items.get_mut(index(segment)?),
            _ => None,
        }
    })
}

/// The line of the deepest node on the way to `path`.
fn nearest(document: &Document<'_>, path: &[String]) -> Option<usize> {
    let mut node = &document.tree.root;
    for segment in path {
        match super::child(node, segment) {
            Some(next) => node = next,
            None => break,
        }
    }
    Some(Place::of(document.text, node.span.start, node.span.end).line)
}

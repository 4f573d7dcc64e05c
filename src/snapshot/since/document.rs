//! What a change replaces in a file or table, and by what, as values under OpenClaw's names.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use crate::format::{json5, records, value};
use crate::image::{Cell, Slot};
use crate::model::Model;
use crate::model::layout::Part;
use crate::model::store::field_of_cell;
use crate::plan::{After, Changes, FileChange, RowChange, RowOp};
use crate::store::json::key_of;

/// A path in a document, and the value there before and after.
pub(super) type Differing<'a> = BTreeMap<Vec<String>, (Option<&'a Value>, Option<&'a Value>)>;

/// What a change replaces in one file or table, and by what, under OpenClaw's names. Of a store only the records
/// that differ. `None`: that cannot be parsed.
pub(super) struct Document {
    pub name: String,
    pub part: Option<Part>,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

impl Document {
    /// Of every file and table that changes; `model` is what they are now.
    pub(super) fn all(changes: &Changes, state_dir: &Path, model: Option<&Model>) -> Vec<Self> {
        let of_file = |change| Self::of_file(change, state_dir, model);
        let mut all: Vec<Self> = changes.files.iter().map(of_file).collect();
        for part in Part::tables() {
            let mut rows = changes.rows.iter().filter(|row| row.part == part).peekable();
            if rows.peek().is_some() {
                let (mut before, mut after) = (Map::new(), Map::new());
                for row in rows {
                    let (key, (old, new)) = (row.key_text(), sides(row));
                    before.extend(old.map(|old| (key.clone(), old)));
                    after.extend(new.map(|new| (key, new)));
                }
                all.push(Self {
                    name: part.table().to_owned(),
                    part: Some(part),
                    before: Some(Value::Object(before)),
                    after: Some(Value::Object(after)),
                });
            }
        }
        all
    }

    fn of_file(change: &FileChange, state_dir: &Path, model: Option<&Model>) -> Self {
        let before = change.before.bytes().map(|bytes| bytes.as_slice());
        let after = || {
            change.pieces().map(|pieces| match pieces.as_slice() {
                [one] => Cow::Borrowed(*one),
                many => Cow::Owned(many.concat()),
            })
        };
        let part = match change.slot {
            Slot::File(part) | Slot::Table(part) => Some(part),
            Slot::Config(_) => None,
        };
        let (before, after) = match part {
            Some(part @ (Part::Paired | Part::Pending | Part::Bootstrap)) => {
                let members = model.and_then(|model| model.members(part));
                let spliced = match (&change.after, before, members) {
                    (After::Spliced(splices), Some(text), Some(members)) => {
                        records::spliced(text, &members, splices)
                    }
                    _ => None,
                };
                match spliced.or_else(|| records::differing(before, after().as_deref())) {
                    Some((old, new)) => (Some(old), Some(new)),
                    None => (parsed(before, value::of), parsed(after().as_deref(), value::of)),
                }
            }
            Some(_) => (parsed(before, value::of), parsed(after().as_deref(), value::of)),
            None => {
                let json5 = |text: &[u8]| json5::parse(text).ok();
                (parsed(before, json5), parsed(after().as_deref(), json5))
            }
        };
        Self { name: key_of(state_dir, &change.before.path), part, before, after }
    }

    pub(super) fn differing(&self) -> Differing<'_> {
        let mut found = Differing::new();
        let mut path = Vec::new();
        // A setting that holds nothing yet is one; a field of a record that holds nothing says nothing.
        let empty = self.part.is_none();
        leaves(self.before.as_ref(), empty, &mut path, &mut |path, value| {
            found.insert(path.to_vec(), (Some(value), None));
        });
        leaves(self.after.as_ref(), empty, &mut path, &mut |path, value| {
            found.entry(path.to_vec()).or_default().1 = Some(value);
        });
        found.retain(|_, (before, after)| before != after);
        found
    }
}

fn parsed(text: Option<&[u8]>, parse: impl Fn(&[u8]) -> Option<Value>) -> Option<Value> {
    text.map_or(Some(Value::Null), parse)
}

/// A row before and after, by OpenClaw's names, as far as it changes.
fn sides(row: &RowChange) -> (Option<Value>, Option<Value>) {
    let record = |cells: Vec<(&str, &Cell)>| {
        let fields = cells.into_iter().map(|(column, cell)| field_of_cell(row.part, column, cell));
        Some(Value::Object(fields.collect()))
    };
    match row.op {
        RowOp::Insert(_) => (None, record(row.op.new_cells())),
        RowOp::Delete(_) => (record(row.op.old_cells()), None),
        RowOp::Update(_) => (record(row.op.old_cells()), record(row.op.new_cells())),
    }
}

/// Each value that is no object, with its path; what is null or an empty object only with `empty`.
pub(super) fn leaves<'a>(
    value: Option<&'a Value>,
    empty: bool,
    path: &mut Vec<String>,
    each: &mut impl FnMut(&[String], &'a Value),
) {
    let Some(value) = value else { return };
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                path.push(key.clone());
                leaves(Some(value), empty, path, each);
                path.pop();
            }
        }
        Value::Object(_) | Value::Null if !empty || path.is_empty() => {}
        value => each(path, value),
    }
}

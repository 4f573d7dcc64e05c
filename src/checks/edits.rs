//! Small helpers to make edits with.

use serde_json::Value;

use crate::finding::Code;
use crate::format::Style;
use crate::image::{Bytes, Slot};
use crate::model::device::Record;
use crate::model::layout::{PRIMARY_IDENTITY, Part};
use crate::plan::{Edit, Op, StoreKind, Target};

/// Edits of one record, each made only where it changes something.
pub(super) struct RecordEdits {
    target: Target,
    before: Record,
    edits: Vec<Edit>,
}

impl RecordEdits {
    pub(super) fn of(store: StoreKind, part: Part, key: &str, before: Record) -> Self {
        Self { target: record(store, part, key), before, edits: Vec::new() }
    }

    /// All of them, in the order in which they were made.
    pub(super) fn done(self) -> Vec<Edit> {
        self.edits
    }

    /// Whether nothing has to be changed so far.
    pub(super) fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Sets a field, if it does not hold that value already.
    pub(super) fn set(&mut self, path: &[&str], new: Value, why: &str, repairs: &[Code]) {
        let old = at(&self.before, path).cloned();
        if old.as_ref() != Some(&new) {
            let path = path.iter().map(|name| (*name).to_owned()).collect();
            self.push(Op::Set { path, old, new }, why, repairs);
        }
    }

    /// Removes a field, if it is there.
    pub(super) fn unset(&mut self, path: &[&str], why: &str, repairs: &[Code]) {
        if let Some(old) = at(&self.before, path).cloned() {
            let path = path.iter().map(|name| (*name).to_owned()).collect();
            self.push(Op::Unset { path, old }, why, repairs);
        }
    }

    fn push(&mut self, op: Op, why: &str, repairs: &[Code]) {
        self.edits.push(edit(self.target.clone(), op, why, repairs));
    }
}

fn at<'a>(record: &'a Record, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(record.get(*first)?, |value, name| value.get(*name))
}

/// A record as the target of an edit.
pub(super) fn record(store: StoreKind, part: Part, key: &str) -> Target {
    Target::Record { store, part, key: key.to_owned() }
}

/// A file of the state with this in it, as OpenClaw writes it: what is changed, and how.
pub(super) fn written(part: Part, value: &Value) -> (Target, Op) {
    let text = format!("{}\n", Style::openclaw().text(value));
    (Target::Whole(Slot::File(part)), Op::Rewrite(Bytes::new(text.into_bytes())))
}

/// The row of this machine's identity, of its id and its keys.
pub(super) fn identity_row(keys: Record, created_ms: i64, updated_ms: i64) -> Record {
    let mut row = Record::new();
    row.insert("identityKey".into(), PRIMARY_IDENTITY.into());
    row.extend(keys);
    row.insert("createdAtMs".into(), created_ms.into());
    row.insert("updatedAtMs".into(), updated_ms.into());
    row
}

/// An edit of its parts; `repairs` are the findings it is for.
pub(super) fn edit(target: Target, op: Op, why: impl Into<String>, repairs: &[Code]) -> Edit {
    Edit { target, op, why: why.into(), repairs: repairs.to_vec() }
}

/// Takes a whole record out of its store.
pub(super) fn remove(
    store: StoreKind,
    part: Part,
    key: &str,
    why: impl Into<String>,
    repairs: &[Code],
) -> Edit {
    edit(record(store, part, key), Op::Remove, why, repairs)
}

/// A file of the older generation that goes; it stays in the snapshot.
pub(super) fn set_aside(part: Part, why: &str, code: Code) -> Edit {
    edit(Target::Whole(Slot::File(part)), Op::Delete, why, &[code])
}

//! What a change replaces in a file or table, and by what, as values under OpenClaw's names.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use crate::format::{Span, Splice, json5, scan, value};
use crate::image::{Cell, Slot};
use crate::model::layout::{ColumnKind, Part};
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
    pub(super) fn all(changes: &Changes, state_dir: &Path) -> Vec<Self> {
        let mut all: Vec<Self> =
            changes.files.iter().map(|change| Self::of_file(change, state_dir)).collect();
        for part in Part::tables() {
            let mut rows = changes.rows.iter().filter(|row| row.part == part).peekable();
            if rows.peek().is_some() {
                let (mut before, mut after) = (Map::new(), Map::new());
                for row in rows {
                    let key = row.key.iter().map(|(_, cell)| key_text(cell));
                    let key = key.collect::<Vec<_>>().join(" ");
                    let (old, new) = sides(row);
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

    fn of_file(change: &FileChange, state_dir: &Path) -> Self {
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
            Some(Part::Paired | Part::Pending | Part::Bootstrap) => {
                let spliced = match (&change.after, before) {
                    (After::Spliced(splices), Some(text)) => spliced_records(text, splices),
                    _ => None,
                };
                if let Some((old, new)) = spliced {
                    (Some(old), Some(new))
                } else {
                    let empty = || Some(BTreeMap::new());
                    let after = after();
                    let old = before.map_or_else(empty, records);
                    let new = after.as_deref().map_or_else(empty, records);
                    match (old, new) {
                        (Some(old), Some(new)) => {
                            (other_records(&old, &new), other_records(&new, &old))
                        }
                        _ => (parsed(before, value::of), parsed(after.as_deref(), value::of)),
                    }
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

fn members(text: &[u8]) -> Option<Vec<scan::Member>> {
    scan::members(text, Span { start: scan::skip_space(text, 0), end: text.len() }).ok()
}

/// The records that `splices` change, before and after, found without reading the others a second time. `None`: a splice
/// cuts a record in two, or what comes out is no JSON.
fn spliced_records(text: &[u8], splices: &[Splice]) -> Option<(Value, Value)> {
    let members = members(text)?;
    let (mut old, mut new) = (Vec::new(), Vec::new());
    let mut inside: BTreeMap<usize, Vec<&Splice>> = BTreeMap::new();
    for splice in splices {
        let first = members.partition_point(|one| one.value.end <= splice.start);
        let end = members.partition_point(|one| one.key.start < splice.end.max(splice.start));
        let is_within =
            |one: &scan::Member| one.key.start <= splice.start && splice.end <= one.value.end;
        let is_covered =
            |one: &scan::Member| splice.start <= one.key.start && one.value.end <= splice.end;
        match members.get(first..end.max(first))? {
            [one] if is_within(one) => inside.entry(first).or_default().push(splice),
            touched if touched.iter().all(is_covered) => {
                let touched =
                    touched.iter().filter_map(|one| text.get(one.key.start..one.value.end));
                old.extend(touched.map(<[u8]>::to_vec));
                let is_between = |byte: &u8| *byte == b',' || byte.is_ascii_whitespace();
                let text = splice.text.as_slice();
                let start = text.iter().position(|byte| !is_between(byte));
                let end = text.iter().rposition(|byte| !is_between(byte));
                if let (Some(start), Some(end)) = (start, end) {
                    new.push(text.get(start..=end)?.to_vec());
                }
            }
            _ => return None,
        }
    }
    for (at, splices) in inside {
        let member = members.get(at)?;
        old.push(text.get(member.key.start..member.value.end)?.to_vec());
        let (mut changed, mut from) = (Vec::new(), member.key.start);
        for splice in splices {
            changed.extend_from_slice(text.get(from..splice.start)?);
            changed.extend_from_slice(&splice.text);
            from = splice.end;
        }
        changed.extend_from_slice(text.get(from..member.value.end)?);
        new.push(changed);
    }
    let object =
        |members: Vec<Vec<u8>>| value::of(&[&b"{"[..], &members.join(&b','), b"}"].concat());
    Some((object(old)?, object(new)?))
}

/// The records of a store's file by their keys; `None`: it is no object.
fn records(text: &[u8]) -> Option<BTreeMap<Cow<'_, str>, &[u8]>> {
    let named = members(text)?
        .into_iter()
        .filter_map(|one| Some((scan::string(text, one.key)?, one.value.of(text))));
    Some(named.collect())
}

/// Those that the other side has not, or has otherwise.
fn other_records(
    own: &BTreeMap<Cow<'_, str>, &[u8]>,
    other: &BTreeMap<Cow<'_, str>, &[u8]>,
) -> Option<Value> {
    let differing = own.iter().filter(|(key, text)| other.get(*key) != Some(*text));
    let values =
        differing.map(|(key, text)| (key.to_string(), value::of(text).unwrap_or_default()));
    Some(Value::Object(values.collect()))
}

/// A row before and after, by OpenClaw's names, as far as it changes.
fn sides(row: &RowChange) -> (Option<Value>, Option<Value>) {
    let record = |cells: Vec<(&str, &Cell)>| {
        let fields = cells.into_iter().map(|(column, cell)| field(row.part, column, cell));
        Some(Value::Object(fields.collect()))
    };
    match row.op {
        RowOp::Insert(_) => (None, record(row.op.new_cells())),
        RowOp::Delete(_) => (record(row.op.old_cells()), None),
        RowOp::Update(_) => (record(row.op.old_cells()), record(row.op.new_cells())),
    }
}

fn field(part: Part, column: &str, cell: &Cell) -> (String, Value) {
    let known = part.columns().iter().find(|known| known.column == column);
    let json = known.filter(|known| known.kind == ColumnKind::Json).and_then(|_| cell.text());
    let value = json.and_then(|json| value::of(json.as_bytes())).unwrap_or_else(|| cell.value());
    (known.map_or(column, |known| known.field).to_owned(), value)
}

fn key_text(cell: &Cell) -> String {
    cell.text().map_or_else(|| cell.value().to_string(), str::to_owned)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_records_that_splices_change_are_those_that_differ() {
        let text = r#"{ "a": {"x": 1, "y": [1]}, "b": {"x": 2}, "c": {"x": 3} }"#;
        let at = |part: &str| text.find(part).unwrap();
        let splice = |part: &str, new: &str| Splice {
            start: at(part),
            end: at(part) + part.len(),
            text: new.as_bytes().to_vec(),
        };
        let last = at(" }");
        let added = Splice { start: last, end: last, text: br#", "d": {"x": 4}"#.to_vec() };
        let cases = [
            vec![splice("1, ", "7, "), splice("[1]", "[1, 2]")],
            vec![splice(r#" "b": {"x": 2},"#, "")],
            vec![splice(r#", "b": {"x": 2}"#, r#", "e": {}"#), added.clone()],
            vec![splice("1, ", "7, "), splice(r#", "b": {"x": 2}, "c": {"x": 3}"#, ""), added],
        ];
        for splices in cases {
            let mut after = text.as_bytes().to_vec();
            for splice in splices.iter().rev() {
                after.splice(splice.start..splice.end, splice.text.iter().copied());
            }
            let (old, new) = (records(text.as_bytes()).unwrap(), records(&after).unwrap());
            let wanted = (other_records(&old, &new).unwrap(), other_records(&new, &old).unwrap());
            assert_eq!(spliced_records(text.as_bytes(), &splices), Some(wanted));
        }
        // A splice from one record into the next is not taken apart.
        assert_eq!(spliced_records(text.as_bytes(), &[splice(r#"2}, "c": {"x": "#, "5")]), None);
    }
}

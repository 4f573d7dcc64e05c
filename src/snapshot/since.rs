//! What has changed since a command, by its meaning: what OpenClaw keeps by itself while it runs is no loss.
//!
//! A snapshot's manifest keeps the values that its command set as hashes, each by the hash of its path. What
//! differs from the snapshot and is none of these was changed since.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value};

use super::after::{self, Expected, Fields, Rows};
use crate::files::hash;
use crate::format::{Span, Splice};
use crate::format::{json5, scan, value};
use crate::image::{Cell, Slot};
use crate::model::Model;
use crate::model::device::Device;
use crate::model::layout::{ColumnKind, Part};
use crate::plan::{After, Changes, FileChange, RowChange, RowOp};
use crate::store::json::key_of;

/// Where a command sets more values than these in one file or table, they are not kept one by one.
const MOST_FIELDS: usize = 4096;
/// How long a setup code (bootstrap token) is taken, milliseconds (2026.5.7, 2026.9.1).
const SETUP_CODE_TTL_MS: i64 = 600_000;

/// What has changed since a command, of that which the way back to before it would undo.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Since {
    /// What would be lost, each in words.
    pub lost: Vec<String>,
    /// Whether something that OpenClaw keeps by itself goes back too: times of use, requests.
    pub goes_back: bool,
}

/// A path in a document, and the value there before and after.
type Differing<'a> = BTreeMap<Vec<String>, (Option<&'a Value>, Option<&'a Value>)>;

/// What a change replaces in one file or table, and by what, under OpenClaw's names. Of a store only the records
/// that differ. `None`: that cannot be parsed.
struct Document {
    name: String,
    part: Option<Part>,
    before: Option<Value>,
    after: Option<Value>,
}

impl Document {
    fn all(changes: &Changes, state_dir: &Path) -> Vec<Self> {
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

    fn differing(&self) -> Differing<'_> {
        let mut found = Differing::new();
        let mut path = Vec::new();
        leaves(self.before.as_ref(), &mut path, &mut |path, value| {
            found.insert(path.to_vec(), (Some(value), None));
        });
        leaves(self.after.as_ref(), &mut path, &mut |path, value| {
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

/// Each value that is no object, with its path. What is null or an empty object says nothing.
fn leaves<'a>(
    value: Option<&'a Value>,
    path: &mut Vec<String>,
    each: &mut impl FnMut(&[String], &'a Value),
) {
    match value {
        None | Some(Value::Null) => {}
        Some(Value::Object(members)) => {
            for (key, value) in members {
                path.push(key.clone());
                leaves(Some(value), path, each);
                path.pop();
            }
        }
        Some(value) => each(path, value),
    }
}

fn path_print(path: &[String]) -> String {
    hash::of(Value::from(path).to_string().as_bytes())
}

fn value_print(value: &Value) -> String {
    hash::of(value.to_string().as_bytes())
}

/// What `changes` set, value by value.
pub(super) fn fields(changes: &Changes, state_dir: &Path) -> Fields {
    let mut fields = Fields::new();
    for document in Document::all(changes, state_dir) {
        let differing = document.differing();
        if differing.len() <= MOST_FIELDS {
            let set = differing
                .iter()
                .map(|(path, (_, after))| (path_print(path), after.map(value_print)));
            let set = set.collect();
            fields.insert(document.name, set);
        }
    }
    fields
}

/// What has changed since the command that took a snapshot: what the way `back` to it would undo besides what
/// that command did. Nothing for a snapshot that no command was to follow.
pub fn changed_since(after: Option<&Expected>, model: &Model, back: &Changes) -> Since {
    let mut since = Since::default();
    let Some(after) = after else {
        return since;
    };
    let state_dir = &model.facts.state_dir;
    let rows = Rows::of(after, &model.images, &back.rows);
    for document in Document::all(back, state_dir) {
        let of_file =
            |change: &&FileChange| key_of(state_dir, &change.before.path) == document.name;
        let file = back.files.iter().find(of_file);
        let is_as_left = match file {
            Some(change) => after::file_holds(after, &document.name, change),
            None => {
                let mut of_table = back.rows.iter().filter(|row| row.part.table() == document.name);
                of_table.all(|row| rows.hold(row))
            }
        };
        if is_as_left {
            continue;
        }
        let was_set = after.files.contains_key(&document.name)
            || after.rows.iter().any(|row| row.table == document.name);
        let known = after.fields.get(&document.name);
        // Broken since, or too much was changed to keep each value; an earlier clawmend kept none.
        if document.before.is_none() || was_set && known.is_none() {
            since.lost.push(format!("`{}` was changed", document.name));
            continue;
        }
        let mut differing = document.differing();
        differing.retain(|path, (now, _)| {
            let set = known.and_then(|known| known.get(&path_print(path)));
            set != Some(&now.map(value_print))
        });
        let lost = document.lost(model, &differing, known);
        since.goes_back |= lost.is_empty() && !differing.is_empty();
        let is_json = |change: &FileChange| {
            let mut bytes = change.before.bytes().into_iter();
            bytes.all(|bytes| serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok())
        };
        // OpenClaw itself writes no comments.
        if document.part.is_none() && lost.is_empty() && !file.is_none_or(is_json) {
            since
                .lost
                .push(format!("the comments or the layout of `{}` were changed", document.name));
        }
        since.lost.extend(lost);
    }
    since
}

impl Document {
    /// What of the values that were changed since is a loss, in words. Here `before` is what is there now.
    fn lost(
        &self,
        model: &Model,
        differing: &Differing<'_>,
        known: Option<&BTreeMap<String, Option<String>>>,
    ) -> Vec<String> {
        let name = &self.name;
        let is_there = |field: &str| {
            differing.iter().any(|(path, (now, _))| {
                now.is_some() && path.last().is_some_and(|last| last == field)
            })
        };
        match self.part {
            None => self.settings(differing),
            Some(Part::Paired | Part::Pending | Part::Bootstrap) => {
                let ids: BTreeSet<_> = differing.keys().map(|path| path.first()).collect();
                let lost = ids.into_iter().filter_map(|id| match id {
                    Some(id) => self.record(model, id, differing, known),
                    None => Some("everything".to_owned()),
                });
                lost.map(|what| format!("{what} (`{name}`)")).collect()
            }
            // A cached token that the pairing store has too is a copy.
            Some(Part::DeviceAuth) if is_there("token") && !model.tokens_agree() => {
                vec![format!("the saved token of this machine was changed (`{name}`)")]
            }
            Some(Part::OriginTokens) if is_there("token") => {
                vec![format!("the saved token for a remote gateway was changed (`{name}`)")]
            }
            Some(Part::DeviceAuth | Part::OriginTokens) => Vec::new(),
            Some(Part::Identity | Part::NativeClaim | Part::DoctorClaim) => {
                let is_new =
                    ["deviceId", "publicKeyPem", "privateKeyPem"].into_iter().any(is_there);
                let says =
                    is_new.then(|| format!("this machine's identity was replaced (`{name}`)"));
                says.into_iter().collect()
            }
        }
    }

    /// The settings of a config: of a section that is new or gone its name alone.
    fn settings(&self, differing: &Differing<'_>) -> Vec<String> {
        let at = |side: &Option<Value>, path: &[String]| {
            let mut value = side.as_ref();
            for key in path {
                value = value.and_then(|value| value.get(key));
            }
            value.is_some_and(|value| !value.is_null())
        };
        let mut lost = BTreeSet::new();
        // `meta` and `wizard` are OpenClaw's own notes of when it wrote the file.
        let is_own =
            |path: &[String]| matches!(path.first().map(String::as_str), Some("meta" | "wizard"));
        for path in differing.keys().filter(|path| !is_own(path)) {
            let heads = (1..path.len()).filter_map(|end| path.get(..end));
            let missing = |head: &&[String]| !at(&self.before, head) || !at(&self.after, head);
            let head = heads.clone().find(missing).unwrap_or(path);
            let what = match (at(&self.before, head), at(&self.after, head)) {
                (true, false) => "was added",
                (false, _) => "was removed",
                (true, true) => "was changed",
            };
            lost.insert(format!("`{}` {what} in `{}`", json5::path_text(head), self.name));
        }
        lost.into_iter().collect()
    }

    /// What is lost of one record of a store.
    fn record(
        &self,
        model: &Model,
        id: &str,
        differing: &Differing<'_>,
        known: Option<&BTreeMap<String, Option<String>>>,
    ) -> Option<String> {
        let record = |side: &'_ Option<Value>| side.as_ref().and_then(|side| side.get(id)).cloned();
        let (now, then) = (record(&self.before), record(&self.after));
        let device = now.as_ref().or(then.as_ref()).and_then(Value::as_object);
        let device = Device::of(id, device.unwrap_or(&Map::new()));
        let is_fresh = |asked: Option<i64>, ttl: i64| {
            asked.is_none_or(|asked| model.facts.now_ms.saturating_sub(asked) <= ttl)
        };
        let is_new = now.is_some() && then.is_none();
        match self.part {
            // A request that waited then, and one of this machine, comes again by itself.
            Some(Part::Pending) => {
                let is_own =
                    device.device_id.is_some() && device.device_id.as_deref() == model.local_id();
                let is_lost = is_new && !is_own && !device.expired(model.facts.now_ms);
                return is_lost.then(|| format!("{} asks to be paired", device.name()));
            }
            Some(Part::Bootstrap) => {
                let at = |field: &str| now.as_ref()?.get(field)?.as_i64();
                let made = at("issuedAtMs").or_else(|| at("issued_at_ms"));
                let is_lost = is_new && is_fresh(made, SETUP_CODE_TTL_MS);
                return is_lost.then(|| "a setup code was made".to_owned());
            }
            _ => {}
        }
        let who = match model.local_id() == Some(id) {
            true => "this machine's CLI".to_owned(),
            false => device.name(),
        };
        let mut path = vec![id.to_owned()];
        let mut was_made = false;
        leaves(now.as_ref(), &mut path, &mut |path, _| {
            was_made |= known.is_some_and(|known| known.contains_key(&path_print(path)));
        });
        if is_new && !was_made {
            return Some(format!("{who} was paired"));
        }
        if now.is_none() {
            return Some(format!("{who} was removed, and would be paired again"));
        }
        let paths = differing.keys().filter(|path| path.first().is_some_and(|first| first == id));
        let paths = paths.filter_map(|path| path.get(1..)).filter(|path| !is_kept(path));
        let changed: Vec<_> = paths.map(|path| format!("`{}`", json5::path_text(path))).collect();
        (!changed.is_empty()).then(|| format!("{who}: {} changed", changed.join(", ")))
    }
}

/// Whether a gateway keeps a field of a paired record by itself at each connect (read in 2026.5.7 and 2026.9.1,
/// `updatePairedDeviceMetadata`, `verifyDeviceToken`).
fn is_kept(path: &[String]) -> bool {
    match path {
        [first, ..] if first == "pendingNodeSurface" => true,
        [.., last] => match last.as_str() {
            "revokedAtMs" => false,
            "displayName" | "clientId" | "clientMode" | "browserOrigin" | "remoteIp" => true,
            last => last == "lastSeenReason" || last.ends_with("AtMs"),
        },
        [] => false,
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

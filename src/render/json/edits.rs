//! Edits as data: what is done, where, and the values before and after, masked.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::checks::config::{line_of, name};
use crate::finding::Place;
use crate::format::json5::{self, path_text};
use crate::format::value;
use crate::image::{Cell, Slot};
use crate::model::layout::{PRIMARY_IDENTITY, Part};
use crate::model::store::field_of_cell;
use crate::model::{Model, place_of};
use crate::plan::{Changes, Edit, FileChange, Op, RowChange, RowOp, StoreKind, Target};
use crate::render::mask::{self, Rules, is_keyed};
use crate::secret::shape::{Proves, Shape};

/// What an edit does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Something that was not there comes: a key, a field, a record, a file.
    Add,
    /// A value gets another one.
    Set,
    /// Something goes; the snapshot keeps it.
    Remove,
    /// A file is written anew whole.
    Replace,
}

/// An edit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EditDocument {
    /// What is done.
    pub action: Action,
    /// Where.
    pub place: Place,
    /// The value before; secrets masked. Absent where nothing was there, or where it is not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The value after; secrets masked. Absent where nothing is there then, or where it is not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// Why.
    pub why: String,
    /// The findings it repairs.
    pub repairs: Vec<String>,
}

/// A file that is larger is told whole, bytes; so is one in which more values differ: each is looked up.
const LARGEST: usize = 256 * 1024;
const MOST: usize = 256;

/// The edits of changes; `goes_back`: they are a restore's, and the changes say more than their reasons.
pub fn edits(model: &Model, changes: &Changes, goes_back: bool) -> Vec<EditDocument> {
    let ids = model.proved_ids();
    let maker = Maker { model, changes, proves: &|id: &str| ids.contains(id) };
    let is_row = |edit: &&Edit| matches!(edit.target, Target::Record { .. });
    let planned = changes.edits.iter().filter(|edit| !(goes_back && is_row(edit)));
    let mut all: Vec<EditDocument> = planned.flat_map(|edit| maker.planned(edit)).collect();
    if let (true, Some(edit)) = (goes_back, changes.edits.first()) {
        all.extend(changes.rows.iter().flat_map(|row| maker.row(row, &edit.why)));
    }
    all
}

/// What a value was and what it is then.
#[derive(Clone, Copy)]
struct Values<'v> {
    before: Option<&'v Value>,
    after: Option<&'v Value>,
}

impl Values<'_> {
    fn action(self) -> Action {
        match (self.before, self.after) {
            (None, Some(_)) => Action::Add,
            (_, None) => Action::Remove,
            (Some(_), Some(_)) => Action::Set,
        }
    }
}

struct Maker<'a> {
    model: &'a Model,
    changes: &'a Changes,
    proves: Proves<'a>,
}

impl Maker<'_> {
    fn planned(&self, edit: &Edit) -> Vec<EditDocument> {
        let made = |place, action, rules, path: &[&str], values: Values<'_>| EditDocument {
            action,
            place,
            before: self.shown(rules, path, values.before),
            after: self.shown(rules, path, values.after),
            why: edit.why.clone(),
            repairs: edit.repairs.iter().map(ToString::to_string).collect(),
        };
        if let Target::Whole(slot) = &edit.target {
            return self.whole(slot, &made);
        }
        let record;
        let (path, before, after) = match &edit.op {
            Op::Set { path, old, new } => (path.as_slice(), old.as_ref(), Some(new)),
            Op::Unset { path, old } => (path.as_slice(), Some(old), None),
            Op::Insert(fields) => {
                record = Some(Value::Object(fields.clone()));
                (&[][..], None, record.as_ref())
            }
            Op::Remove | Op::Rewrite(_) | Op::Delete => {
                record = self.record(&edit.target);
                (&[][..], record.as_ref(), None)
            }
        };
        let values = Values { before, after };
        let action = match path.is_empty() && after.is_some() && !matches!(edit.op, Op::Insert(_)) {
            true => Action::Set,
            false => values.action(),
        };
        let keys: Vec<&str> = path.iter().map(String::as_str).collect();
        vec![match &edit.target {
            Target::Record { store, part, key } => {
                let whole = [&[key.as_str()][..], &keys].concat();
                let inside = if is_keyed(*part) { &whole } else { &keys };
                let place = self.place(*store, *part, key, path);
                made(place, action, Rules::Store(*part), inside, values)
            }
            Target::Config(file) => {
                let place = self.in_config(file, path);
                made(place, action, Rules::Config, &keys, values)
            }
            Target::Whole(_) => return Vec::new(),
        }]
    }

    fn change(&self, slot: &Slot) -> Option<&FileChange> {
        self.changes.files.iter().find(|change| change.slot == *slot)
    }

    /// A file that changes, as it is.
    fn before(&self, slot: &Slot) -> Option<&[u8]> {
        Some(self.change(slot)?.before.bytes()?.as_slice())
    }

    /// A file that is written or removed whole: value by value where both texts can be read.
    fn whole(&self, slot: &Slot, made: Made<'_>) -> Vec<EditDocument> {
        let after = self.change(slot).and_then(FileChange::pieces).map(|pieces| pieces.concat());
        let before = self.before(slot);
        let action = match (&before, &after) {
            (None, Some(_)) => Action::Add,
            (Some(_), None) => Action::Remove,
            _ => Action::Replace,
        };
        let (rules, file) = match slot {
            Slot::Config(path) => (Rules::Config, Place::from(name(self.model, path))),
            Slot::File(part) => (Rules::Store(*part), place_of(StoreKind::Files, *part)),
            Slot::Table(part) => (Rules::Store(*part), place_of(StoreKind::Sqlite, *part)),
        };
        let read = |text: &[u8]| match slot {
            _ if text.len() > LARGEST => None,
            Slot::Config(_) => json5::parse(text).ok(),
            Slot::File(Part::Bootstrap | Part::OriginTokens) => None,
            Slot::File(_) | Slot::Table(_) => value::of(text),
        };
        let old = before.and_then(read);
        let new = after.as_deref().and_then(read);
        let differing = match (&old, &new) {
            (Some(old), Some(new)) => value::differences(Some(old), Some(new)),
            _ => Vec::new(),
        };
        let is_whole = differing.iter().any(|(path, ..)| path.is_empty());
        if differing.is_empty() || differing.len() > MOST || is_whole {
            let values = Values { before: old.as_ref(), after: new.as_ref() };
            let values = match action {
                Action::Replace => Values { before: None, after: None },
                _ => values,
            };
            return vec![made(file, action, rules, &[], values)];
        }
        let each = differing.into_iter().map(|(path, before, after)| {
            let values = Values { before, after };
            let keys: Vec<&str> = path.iter().map(String::as_str).collect();
            let place = match (slot, path.split_first()) {
                (Slot::Config(file), _) => self.in_config(file, &path),
                (Slot::File(part), Some((key, rest))) if is_keyed(*part) => {
                    self.place(StoreKind::Files, *part, key, rest)
                }
                (Slot::File(part), _) => self.place(StoreKind::Files, *part, "", &path),
                (Slot::Table(_), _) => file.clone().key(path_text(&path)),
            };
            made(place, values.action(), rules, &keys, values)
        });
        each.collect()
    }

    /// A row of a restore, field by field.
    fn row(&self, row: &RowChange, why: &str) -> Vec<EditDocument> {
        let part = row.part;
        let text = |cell: &Cell| cell.text().map_or_else(String::new, str::to_owned);
        let mut cells = row.key.iter().map(|(_, cell)| text(cell));
        let key = cells.next().unwrap_or_default();
        let prefix: Vec<String> = match (part, cells.next()) {
            (Part::DeviceAuth, Some(role)) => vec!["tokens".to_owned(), role],
            _ => Vec::new(),
        };
        let made = |path: &[String], values: Values<'_>| {
            let whole = [prefix.as_slice(), path].concat();
            let keys = whole.iter().map(String::as_str);
            let inside: Vec<&str> =
                is_keyed(part).then_some(key.as_str()).into_iter().chain(keys).collect();
            EditDocument {
                action: values.action(),
                place: self.place(StoreKind::Sqlite, part, &key, &whole),
                before: self.shown(Rules::Store(part), &inside, values.before),
                after: self.shown(Rules::Store(part), &inside, values.after),
                why: why.to_owned(),
                repairs: Vec::new(),
            }
        };
        let record = |cells: &[(String, Cell)]| {
            let there = cells.iter().filter(|(_, cell)| *cell != Cell::Null);
            Value::Object(
                there
                    .map(|(column, cell)| field_of_cell(part, column, cell))
                    .collect::<Map<_, _>>(),
            )
        };
        match &row.op {
            RowOp::Insert(cells) => {
                vec![made(&[], Values { before: None, after: Some(&record(cells)) })]
            }
            RowOp::Delete(cells) => {
                vec![made(&[], Values { before: Some(&record(cells)), after: None })]
            }
            RowOp::Update(cells) => {
                let each = cells.iter().map(|cell| {
                    let (name, old) = field_of_cell(part, &cell.column, &cell.old);
                    let (_, new) = field_of_cell(part, &cell.column, &cell.new);
                    let there = |value: &Value| !value.is_null();
                    let values = Values {
                        before: Some(&old).filter(|old| there(old)),
                        after: Some(&new).filter(|new| there(new)),
                    };
                    made(&[name], values)
                });
                each.collect()
            }
        }
    }

    fn shown(&self, rules: Rules, path: &[&str], value: Option<&Value>) -> Option<Value> {
        if matches!(rules, Rules::Store(Part::Bootstrap | Part::OriginTokens)) {
            return None;
        }
        value.map(|value| mask::value(rules, path, value, self.proves))
    }

    fn in_config(&self, file: &std::path::Path, path: &[String]) -> Place {
        let line = line_of(self.model, file, path);
        Place::from(name(self.model, file)).key(path_text(path)).line(line)
    }

    /// A record, or a field of it: `devices/paired.json: ID.approvedScopes`.
    fn place(&self, store: StoreKind, part: Part, key: &str, path: &[String]) -> Place {
        let place = place_of(store, part);
        let record = match part {
            Part::Paired => Some(Shape::DeviceId.show_proved(key, self.proves)),
            Part::Pending => Some(Shape::RequestId.show(key)),
            Part::NativeClaim | Part::DoctorClaim => None,
            Part::DeviceAuth | Part::Identity if store == StoreKind::Files => None,
            Part::DeviceAuth => Some(Shape::DeviceId.show_proved(key, self.proves)),
            Part::Identity if key == PRIMARY_IDENTITY => Some(key.to_owned()),
            // Keyed by token, or by what nobody knows.
            Part::Identity | Part::Bootstrap | Part::OriginTokens => Some("****".to_owned()),
        };
        let field = (!path.is_empty()).then(|| path_text(path));
        let line = match part {
            _ if store == StoreKind::Sqlite => None,
            Part::Paired => self.model.paired.line(key, path),
            Part::Pending => self.model.pending.line(key, path),
            _ => self
                .before(&Slot::File(part))
                .and_then(|text| Some(json5::locate(text, path)?.line)),
        };
        let place = place.line(line);
        let keys: Vec<String> = place.key.iter().cloned().chain(record).chain(field).collect();
        if keys.is_empty() { place } else { place.key(keys.join(".")) }
    }

    /// A record as it stands.
    fn record(&self, target: &Target) -> Option<Value> {
        let Target::Record { store, part, key } = target else { return None };
        let records = match part {
            Part::Paired => &self.model.paired,
            Part::Pending => &self.model.pending,
            _ => return None,
        };
        let is_this = *store == self.model.store && records.part == *part;
        let entry = records.entry(key).filter(|_| is_this)?;
        records.record(entry).map(Value::Object)
    }
}

/// How an edit is made of a place, an action, the rules for its values, their path and they themselves.
type Made<'m> = &'m dyn Fn(Place, Action, Rules, &[&str], Values<'_>) -> EditDocument;

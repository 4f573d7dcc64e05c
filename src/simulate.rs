//! Plays a plan through on images. What comes out is both previewed and committed.

mod config;
mod rows;

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::format::Splice;
use crate::format::edit::{self, EditError, FieldEdit};
use crate::format::records::{self, StoreEdits};
use crate::format::scan::{self, Member};
use crate::image::{Bytes, FileState, Images, Meta, Slot, TextImage};
use crate::model::Model;
use crate::model::layout::Part;
use crate::plan::{After, Changes, Edit, FileChange, Op, Plan, Target};

/// A plan that was made for other images than those it is played on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct StalePlan {
    /// The file or table that the edit was made for.
    pub place: String,
    /// What does not fit.
    pub what: String,
}

fn stale(place: impl Into<String>, what: impl Into<String>) -> StalePlan {
    StalePlan { place: place.into(), what: what.into() }
}

/// What `plan` does to the images that `model` was made of.
///
/// # Errors
/// An edit names something that the images do not hold: the plan was made for others.
pub fn simulate(model: &Model, plan: &Plan) -> Result<Changes, StalePlan> {
    let images = &model.images;
    let mut changes = Changes { edits: plan.edits.clone(), ..Changes::default() };
    let mut slots: Vec<Slot> = Vec::new();
    for slot in plan.edits.iter().map(|edit| edit.target.slot()) {
        if !slots.contains(&slot) {
            slots.push(slot);
        }
    }
    for slot in slots {
        let edits: Vec<&Edit> =
            plan.edits.iter().filter(|edit| edit.target.slot() == slot).collect();
        match &slot {
            Slot::Table(part) => {
                let database = images
                    .database
                    .as_ref()
                    .ok_or_else(|| stale(part.table(), "there is no database"))?;
                let Ok(readable) = &database.state else {
                    return Err(stale(part.table(), "the database cannot be read"));
                };
                let table = readable
                    .tables
                    .get(part)
                    .ok_or_else(|| stale(part.table(), "the table is missing"))?;
                changes.rows.extend(rows::changes(*part, table, &edits)?);
                changes.database = Some(database.path.clone());
            }
            Slot::File(_) | Slot::Config(_) => {
                let before = images
                    .text(&slot)
                    .ok_or_else(|| stale(format!("{slot:?}"), "the file was not read"))?;
                changes.files.extend(file(model, &slot, before, &edits)?);
            }
        }
    }
    Ok(changes)
}

fn file(
    model: &Model,
    slot: &Slot,
    before: &TextImage,
    edits: &[&Edit],
) -> Result<Option<FileChange>, StalePlan> {
    let place = crate::platform::shown(&before.path);
    let change = |after| FileChange { slot: slot.clone(), before: before.clone(), after };
    if edits.iter().any(|edit| edit.op == Op::Delete) {
        return Ok(before.bytes().map(|_| change(After::Absent)));
    }
    if let FileState::Unusable(_) = before.state {
        return Err(stale(place, "it cannot be read, so it is not written"));
    }
    let rewritten = edits.iter().find_map(|edit| match (&edit.target, &edit.op) {
        (Target::Whole(_), Op::Rewrite(bytes)) => Some(bytes.clone()),
        _ => None,
    });
    let empty: Bytes = Bytes::new(b"{}".to_vec());
    let base = rewritten.clone().or_else(|| before.bytes().cloned()).unwrap_or(empty);
    let in_place = rewritten.is_none() && before.bytes().is_some();
    let splices = match slot {
        Slot::Config(_) => config::splices(&base, edits).map_err(|what| stale(&place, what))?,
        Slot::File(part @ (Part::Paired | Part::Pending)) => {
            // Where the records stand is known already.
            let members = model.members(*part).filter(|_| in_place);
            store(&base, members.as_deref(), edits)
                .map_err(|error| stale(&place, error.to_string()))?
        }
        _ => document(&base, edits).map_err(|error| stale(&place, error.to_string()))?,
    };
    if in_place {
        return Ok((!splices.is_empty()).then(|| change(After::Spliced(splices))));
    }
    let bytes = Bytes::new(edit::apply(&base, &splices));
    if before.bytes().is_some_and(|now| *now == bytes) {
        return Ok(None);
    }
    Ok(Some(change(After::Whole { bytes, meta: None })))
}

fn field_edit(edit: &Edit) -> Option<FieldEdit> {
    match &edit.op {
        Op::Set { path, new, .. } => {
            Some(FieldEdit::Set { path: path.clone(), value: new.clone() })
        }
        Op::Unset { path, .. } => Some(FieldEdit::Remove { path: path.clone() }),
        _ => None,
    }
}

/// The edits of records, by the record's key, in the order in which each is named first.
fn by_key<'e>(edits: &[&'e Edit]) -> Vec<(&'e str, Vec<&'e Edit>)> {
    let mut grouped: Vec<(&str, Vec<&Edit>)> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for &edit in edits {
        let Target::Record { key, .. } = &edit.target else { continue };
        let at = *known.entry(key).or_insert_with(|| {
            grouped.push((key, Vec::new()));
            grouped.len() - 1
        });
        if let Some((_, of_key)) = grouped.get_mut(at) {
            of_key.push(edit);
        }
    }
    grouped
}

/// Edits of a store: an object of records.
fn store(
    text: &[u8],
    members: Option<&[Member]>,
    edits: &[&Edit],
) -> Result<Vec<Splice>, EditError> {
    let mut all = StoreEdits::default();
    for (key, edits) in by_key(edits) {
        let mut fields = Vec::new();
        for edit in edits {
            match &edit.op {
                Op::Insert(record) => {
                    all.insert.push((key.to_owned(), Value::Object(record.clone())));
                }
                Op::Remove => all.remove.push(key.to_owned()),
                _ => fields.extend(field_edit(edit)),
            }
        }
        if !fields.is_empty() {
            all.change.push((key.to_owned(), fields));
        }
    }
    match members {
        Some(members) => records::store_of(text, members, &all),
        None => records::store(text, &all),
    }
}

fn document(text: &[u8], edits: &[&Edit]) -> Result<Vec<Splice>, EditError> {
    let changes: Vec<FieldEdit> = edits.iter().filter_map(|edit| field_edit(edit)).collect();
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let span = scan::document(text)?;
    Ok(records::record(text, span, &changes, None)?.into_iter().collect())
}

/// The images as they would be read after `changes`.
pub fn images_after(mut images: Images, changes: Changes) -> Images {
    for change in changes.files {
        images.texts.remove(&change.slot);
        let FileChange { slot, before, after } = change;
        let TextImage { path, state } = before;
        let (bytes, meta) = match state {
            FileState::Present { bytes, meta } => (bytes, meta),
            _ => (Bytes::default(), Meta::default()),
        };
        let state = match after {
            After::Absent => FileState::Absent,
            After::Whole { bytes, meta: Some(Meta { mode, uid, gid, .. }) } => {
                FileState::Present { bytes, meta: Meta { mode, uid, gid, ..meta } }
            }
            After::Whole { bytes, meta: None } => FileState::Present { bytes, meta },
            After::Spliced(splices) => {
                FileState::Present { bytes: Arc::new(edit::apply(&bytes, &splices)), meta }
            }
        };
        images.texts.insert(slot, TextImage { path, state });
    }
    let readable = images.database.as_mut().and_then(|image| image.state.as_mut().ok());
    if let Some(database) = readable {
        for (part, table) in &mut database.tables {
            let of_table: Vec<_> =
                changes.rows.iter().filter(|change| change.part == *part).collect();
            if !of_table.is_empty() {
                rows::apply(Arc::make_mut(table), &of_table);
            }
        }
    }
    images
}

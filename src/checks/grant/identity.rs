//! `--new-identity`: a key pair for this machine's CLI where there is none that can be used, or where a
//! person wants another one. Made as OpenClaw makes it; the rest of the grant then pairs it.

use serde_json::json;

use crate::checks::edits::edit;
use crate::checks::{Options, identity, leftovers, new_identity};
use crate::format::Style;
use crate::image::{Bytes, FileState, Slot};
use crate::model::device::Record;
use crate::model::identity::{Identity, record_of_seed, seed_in};
use crate::model::layout::{PRIMARY_IDENTITY, Part};
use crate::model::{IdentityState, Model};
use crate::plan::{Edit, Op, StoreKind, Target};

/// The model with another identity, and the edit that puts it there. `None` where none is asked for, or
/// none can be paired.
pub(in crate::checks) fn with_new_identity(
    model: &Model,
    options: &Options,
) -> Option<(Model, Edit)> {
    let fresh = options.new_identity.as_ref().filter(|_| new_identity::is_possible(model))?;
    let saved = saved_seed(model);
    let made = record_of_seed(saved.as_ref().unwrap_or(fresh));
    let identity = Identity::of(&made).ok()?;
    let why = match (&saved, &model.identity) {
        (Some(_), _) => {
            "repair the identity: its private key can be read, so the device stays the same"
        }
        (None, IdentityState::Absent) => {
            "make a new key pair for this machine's CLI, which has none"
        }
        (None, _) => "make a new key pair in place of the old one, which stays in the snapshot",
    };
    let codes = [
        identity::MISSING.code,
        identity::MALFORMED.code,
        identity::KEYS_DIFFER.code,
        leftovers::IDENTITY_WAITS.code,
    ];
    let edit = edit(target(model), op(model, made), why, &codes);
    Some((model.clone().with_identity(identity), edit))
}

fn target(model: &Model) -> Target {
    match model.store {
        StoreKind::Files => Target::Whole(Slot::File(Part::Identity)),
        StoreKind::Sqlite => Target::Record {
            store: StoreKind::Sqlite,
            part: Part::Identity,
            key: PRIMARY_IDENTITY.to_owned(),
        },
    }
}

/// The identity as the releases of this generation write it.
fn op(model: &Model, made: Record) -> Op {
    let now = json!(model.facts.now_ms);
    let mut record = Record::new();
    match model.store {
        StoreKind::Files => {
            record.insert("version".into(), json!(1));
            record.extend(made);
            record.insert("createdAtMs".into(), now);
            let text = format!("{}\n", Style::openclaw().text(&record.into()));
            Op::Rewrite(Bytes::new(text.into_bytes()))
        }
        StoreKind::Sqlite => {
            record.insert("identityKey".into(), json!(PRIMARY_IDENTITY));
            record.extend(made);
            record.insert("createdAtMs".into(), now.clone());
            record.insert("updatedAtMs".into(), now);
            match model.identity_row() {
                None => Op::Insert(record),
                Some(_) => Op::Set { path: Vec::new(), old: None, new: record.into() },
            }
        }
    }
}

/// The private key of an identity that cannot be used as it stands, if it can be told that it is the right
/// one: the device of its public key is paired here, or is the one that the record names.
fn saved_seed(model: &Model) -> Option<[u8; 32]> {
    if model.usable_identity().is_some() {
        return None;
    }
    let text = text(model)?;
    let seed = seed_in(&text)?;
    let identity = Identity::of(&record_of_seed(&seed)).ok()?;
    let named = match &model.identity {
        IdentityState::Found(found) => Some(found.device_id.as_str()),
        IdentityState::Faulty(_, id) => id.as_deref(),
        _ => None,
    };
    let id = identity.derived_id.as_str();
    let is_known = model.paired.entry(id).is_some() || named == Some(id) || text.contains(id);
    is_known.then_some(seed)
}

/// What there is of a damaged identity, as text.
fn text(model: &Model) -> Option<String> {
    let row = model.identity_row().filter(|_| model.store == StoreKind::Sqlite);
    if let Some(row) = row {
        return serde_json::to_string(&row).ok();
    }
    // Also the file of the older generation, where the database has no row yet.
    match &model.images.file(Part::Identity)?.state {
        FileState::Present { bytes, .. } => Some(String::from_utf8_lossy(bytes).into_owned()),
        FileState::Absent | FileState::Unusable(_) => None,
    }
}

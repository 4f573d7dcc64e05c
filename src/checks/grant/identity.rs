//! `--new-identity`: a key pair for this machine's CLI where there is none that works, or where a person wants
//! another one (`--new-identity=always`). Made as OpenClaw makes it; the rest of the grant then pairs it.

use serde_json::json;

use crate::checks::edits::{edit, identity_row, record, written};
use crate::checks::new_identity::{is_possible, saved_seed};
use crate::checks::{Options, identity, leftovers};
use crate::model::device::Record;
use crate::model::identity::{Identity, record_of_seed};
use crate::model::layout::{PRIMARY_IDENTITY, Part};
use crate::model::{IdentityState, Model};
use crate::plan::{Edit, Op, StoreKind, Target};

/// The model with another identity, and the edit that puts it there. `None` where none is asked for, none can
/// be paired, or the one that is there works.
pub(in crate::checks) fn with_new_identity(
    model: &Model,
    options: &Options,
) -> Option<(Model, Edit)> {
    let is_asked_for = options.drops_identity || model.usable_identity().is_none();
    let is_due = is_asked_for && is_possible(model);
    let fresh = options.new_identity.as_ref().filter(|_| is_due)?;
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
    let (target, op) = placed(model, made);
    let edit = edit(target, op, why, &codes);
    Some((model.clone().with_identity(identity), edit))
}

/// The identity where the releases of this generation keep it, as they write it.
fn placed(model: &Model, made: Record) -> (Target, Op) {
    let now = model.facts.now_ms;
    match model.store {
        StoreKind::Files => {
            let mut file: Record = [("version".to_owned(), json!(1))].into_iter().collect();
            file.extend(made);
            file.insert("createdAtMs".into(), json!(now));
            written(Part::Identity, &file.into())
        }
        StoreKind::Sqlite => {
            let row = identity_row(made, now, now);
            let op = match model.identity_row() {
                None => Op::Insert(row),
                Some(_) => Op::Set { path: Vec::new(), old: None, new: row.into() },
            };
            (record(StoreKind::Sqlite, Part::Identity, PRIMARY_IDENTITY), op)
        }
    }
}

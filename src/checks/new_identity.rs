//! Whether `--new-identity` can give this machine's CLI another key pair, and how that is told. What it
//! does is part of the grant.

use crate::image::FileState;
use crate::model::identity::{Identity, record_of_seed, seed_in};
use crate::model::layout::Part;
use crate::model::store::Condition;
use crate::model::{IdentityState, Model};
use crate::plan::StoreKind;
use crate::step::Step;

/// The command, as a choice in a finding.
pub(super) fn step(model: &Model) -> Step {
    let note = match saved_seed(model) {
        Some(_) => {
            "keeps the key pair, so this machine stays the same device; pairs it with all scopes"
        }
        None => "makes a key pair, pairs it with all scopes, and saves its token",
    };
    Step::clawmend(["repair", "--new-identity"]).note(note)
}

/// The snapshot that has the rows of a database that is gone altogether: files beside it would be read by no gateway.
pub fn lost_database(model: &Model) -> Option<&String> {
    let is_gone = model.images.database.is_none() && model.paired.entries.is_empty();
    model.facts.kept.tables.as_ref().filter(|_| is_gone)
}

/// What makes the database again.
pub fn makes_database() -> Step {
    Step::run("openclaw", ["gateway", "start"]).note("makes a new, empty database")
}

/// Whether a new identity can be made and paired here.
pub fn is_possible(model: &Model) -> bool {
    let has_place = match model.store {
        StoreKind::Files => model.images.file(Part::Identity).is_some(),
        StoreKind::Sqlite => {
            model.database().is_some_and(|database| database.tables.contains_key(&Part::Identity))
        }
    };
    let is_unusable = |identity: &IdentityState| matches!(identity, IdentityState::Unusable(_));
    // A client's own pairing stores are read by no gateway: there, OpenClaw asks the other host.
    has_place
        && !model.config.is_client()
        && !is_unusable(&model.identity)
        && !model.legacy.as_ref().is_some_and(|legacy| {
            legacy.is_claimed() || legacy.identities.iter().any(|(_, found)| is_unusable(found))
        })
        && !matches!(model.paired.condition, Condition::Unusable(_))
}

/// The private key of an identity that cannot be used as it stands, if it can be told that it is the right
/// one: the device of its public key is paired here, or is the one that the record names.
pub(super) fn saved_seed(model: &Model) -> Option<[u8; 32]> {
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

//! Whether `--new-identity` can give this machine's CLI another key pair, and how that is told. What it
//! does is part of the grant.

use crate::model::layout::Part;
use crate::model::store::Condition;
use crate::model::{IdentityState, Model};
use crate::plan::StoreKind;
use crate::step::Step;

/// The command, as a choice in a finding.
pub(super) fn step() -> Step {
    Step::clawmend(["repair", "--new-identity"])
        .note("makes a key pair, pairs it with all scopes, and saves its token")
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

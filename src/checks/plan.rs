//! From what is found to what is changed: the edits of every check in one plan, nothing twice.
//!
//! A check looks at the model, decides what the state should say, and gives an edit only where it does
//! not say that yet. So a second run finds nothing to do, by construction.

use std::collections::HashMap;

use super::check::{Edits, Options};
use super::{CHECKS, config, database, grant};
use crate::model::Model;
use crate::plan::{Edit, Op, Plan, Target};

/// Everything that `repair` would change.
pub fn plan(model: &Model, options: &Options) -> Plan {
    let mut edits = Vec::new();
    // A copy takes the config's place first, and the config's edits are made for that.
    let copied = options.config.then(|| config::copy::with_copy(model, options)).flatten();
    let (with_copy, copy) = copied.unzip();
    edits.extend(copy);
    let configured = with_copy.as_ref().unwrap_or(model);
    // The same for a new identity: what the CLI is granted is granted to that one.
    let in_pairing = options.pairing && database::has_tables(model);
    let identified =
        in_pairing.then(|| grant::identity::with_new_identity(model, options)).flatten();
    let (with_identity, identity) = identified.unzip();
    edits.extend(identity);
    let model = with_identity.as_ref().unwrap_or(model);
    for check in CHECKS {
        match check.edits {
            Edits::Config(make) if options.config => edits.extend(make(configured, options)),
            Edits::Pairing(make) if in_pairing => edits.extend(make(model, options)),
            _ => {}
        }
    }
    if in_pairing {
        edits.extend(grant::local(model, options));
    }
    Plan { edits: once(edits) }
}

/// What two edits say of the same thing is said once, by the one that says more; it repairs what both do.
fn once(edits: Vec<Edit>) -> Vec<Edit> {
    let mut of_record: HashMap<String, Vec<usize>> = HashMap::new();
    let mut kept: Vec<Option<Edit>> = Vec::with_capacity(edits.len());
    for mut edit in edits {
        let Target::Record { store, part, key } = &edit.target else {
            kept.push(Some(edit));
            continue;
        };
        let others = of_record.entry(format!("{store:?} {part:?} {key}")).or_default();
        let mut is_said = false;
        for at in others.iter() {
            let Some(slot) = kept.get_mut(*at) else { continue };
            let Some(other) = slot.as_mut() else { continue };
            if covers(&other.op, &edit.op) {
                other.repairs.extend(edit.repairs.iter().copied());
                is_said = true;
                break;
            }
            if covers(&edit.op, &other.op) {
                edit.repairs.extend(other.repairs.iter().copied());
                *slot = None;
            }
        }
        if !is_said {
            others.push(kept.len());
            kept.push(Some(edit));
        }
    }
    kept.into_iter().flatten().collect()
}

/// Whether `one` of two edits of a record makes the `other` one needless.
fn covers(one: &Op, other: &Op) -> bool {
    let path = |op: &Op| match op {
        Op::Set { path, .. } | Op::Unset { path, .. } => Some(path.clone()),
        _ => None,
    };
    match (one, other) {
        (Op::Remove, _) => true,
        (Op::Set { path, .. }, _) if path.is_empty() => true,
        (Op::Set { .. }, Op::Set { .. } | Op::Unset { .. })
        | (Op::Unset { .. }, Op::Unset { .. }) => path(one) == path(other),
        _ => false,
    }
}

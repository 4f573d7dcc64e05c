//! The grant: this machine's CLI as every gateway from 2026.1 to 2026.9 wants to find it, in every
//! place that must agree.

mod cached;
pub(super) mod identity;
pub(super) mod new_device;
mod scopes;
mod token;

use serde_json::{Value, json};

use super::edits::{RecordEdits, edit, remove};
use super::{Options, pins, records, requests};
use super::{identity as identities, local as rules, scopes as scope_checks};
use crate::model::device::{Device, List, token_from};
use crate::model::identity::Identity;
use crate::model::layout::Part;
use crate::model::scopes::union;
use crate::model::store::{Condition, Fault};
use crate::model::{AuthCondition, Model};
use crate::plan::{Edit, Op, StoreKind, Target};
use crate::secret::Secret;
use new_device::NewDevice;
use scopes::{Granted, is_this_machines};
use token::{FRESH, token_codes, token_entry, token_fields};

/// The edits that let this machine's CLI in; none where there is no identity to grant.
pub(super) fn local(model: &Model, options: &Options) -> Vec<Edit> {
    // A client's own pairing stores are read by no gateway: nothing is granted there.
    let Some(identity) = model.usable_identity().filter(|_| !model.config.is_client()) else {
        return Vec::new();
    };
    if matches!(model.paired.condition, Condition::Unusable(_))
        || matches!(model.auth.condition, AuthCondition::Unusable(_))
    {
        return Vec::new();
    }
    let scopes = Granted::of(model, options);
    let (token, is_fresh) = match agreed_token(model) {
        Some(token) => (token, false),
        None => (token_from(&options.random), true),
    };
    let mut edits = paired(model, identity, &scopes, &token, is_fresh);
    edits.extend(cached::edits(model, identity, &scopes, &token, is_fresh));
    if !matches!(model.pending.condition, Condition::Unusable(_)) {
        for request in &model.requests {
            let code = match request.expired(model.facts.now_ms) {
                true => requests::REQUEST_EXPIRED.code,
                false => requests::REQUEST_WAITS.code,
            };
            let why = "the CLI has its scopes, so its own request is removed: left there, it can keep the CLI out";
            edits.push(remove(
                model.store,
                Part::Pending,
                &request.key,
                why,
                &[code, requests::REQUEST_STALE.code, requests::REQUEST_CHURN.code],
            ));
        }
    }
    edits
}

/// The token that both sides hold already.
fn agreed_token(model: &Model) -> Option<Secret> {
    if !model.tokens_agree() {
        return None;
    }
    model.local.as_ref()?.operator.as_ref()?.token.clone()
}

fn paired(
    model: &Model,
    identity: &Identity,
    scopes: &Granted,
    token: &Secret,
    is_fresh: bool,
) -> Vec<Edit> {
    let now = model.facts.now_ms;
    let key = identity.derived_id.as_str();
    let record = model.local_entry().and_then(|entry| Some((entry, model.paired.record(entry)?)));
    let Some((entry, record)) = record else {
        return new_device(model, identity, scopes, token);
    };
    let device = Device::of(key, &record);
    let has_approved = device.approved_scopes != List::Missing || model.store == StoreKind::Sqlite;
    let entry_is_map = record
        .get("tokens")
        .and_then(|tokens| tokens.get("operator"))
        .is_some_and(Value::is_object);
    let mut edits = RecordEdits::new(model, Part::Paired, key, record);

    if device.device_id.as_deref() != Some(key) {
        edits.set(
            &["deviceId"],
            json!(key),
            "the record must name the id that it is stored under",
            &[records::RECORD_KEY.code],
        );
    }
    edits.set(
        &["publicKey"],
        json!(identity.public_key),
        "the gateway compares this with the key of the connection",
        &[rules::KEY_DIFFERS.code],
    );
    let codes = [rules::ROLE_MISSING.code];
    let has_role = device.all_roles().iter().any(|role| role == "operator");
    if !has_role && device.role.is_none() {
        edits.set(&["role"], json!("operator"), "the CLI connects as `operator`", &codes);
    }
    if device.roles == List::Odd
        || (device.roles.is_list() && !device.roles.items().iter().any(|role| role == "operator"))
        || !has_role
    {
        let roles = union(device.all_roles().iter().map(String::as_str).chain(["operator"]));
        edits.set(&["roles"], json!(roles), "the CLI connects as `operator`", &codes);
    }
    let codes = [
        scope_checks::SCOPES_MISSING.code,
        scope_checks::SCOPES_DISAGREE.code,
        scope_checks::BEYOND.code,
    ];
    if scopes.lacks(&device.scopes) {
        edits.set(
            &["scopes"],
            json!(scopes.all),
            "the full operator scopes: with fewer the CLI is refused",
            &codes,
        );
    }
    if has_approved && scopes.lacks(&device.approved_scopes) {
        edits.set(
            &["approvedScopes"],
            json!(scopes.all),
            "the list that later releases check, the same as `scopes`",
            &codes,
        );
    }
    for pin in pins::false_pins(model) {
        edits.unset(
            &[pin],
            "the CLI reports something else now; without this field any value is accepted",
            &[pins::PINNED.code],
        );
    }
    if let Some(missing) = entry.faults.iter().find_map(|fault| match fault {
        Fault::NoTimes(missing) => Some(missing),
        _ => None,
    }) {
        for name in missing {
            edits.set(
                &[name],
                json!(device.asked_at_ms.unwrap_or(now)),
                "a paired device must have these times",
                &[records::RECORD_INVALID.code],
            );
        }
    }
    if !device.tokens_usable {
        edits.set(
            &["tokens"],
            json!({ "operator": token_entry(token, scopes, now) }),
            FRESH,
            &token_codes(),
        );
    } else if !entry_is_map {
        edits.set(&["tokens", "operator"], token_entry(token, scopes, now), FRESH, &token_codes());
    } else {
        token_fields(&mut edits, &device, scopes, token, is_fresh, now);
    }
    edits.done()
}

/// The device as an approval would write it: from its newest own request, else from the identity.
fn new_device(model: &Model, identity: &Identity, scopes: &Granted, token: &Secret) -> Vec<Edit> {
    let key = identity.derived_id.as_str();
    let request = model
        .requests
        .iter()
        .rev()
        .find(|request| is_this_machines(model, request))
        .and_then(|request| model.pending.record(model.pending.entry(&request.key)?));
    let mut record = NewDevice {
        id: key,
        public_key: &identity.public_key,
        request: request.as_ref(),
        role: Some("operator"),
        roles: &["operator".to_owned()],
        scopes: &scopes.all,
        tokens: json!({ "operator": token_entry(token, scopes, model.facts.now_ms) }),
    }
    .record(model);
    new_device::keep_filed(model, &mut record);
    let target = Target::Record { store: model.store, part: Part::Paired, key: key.to_owned() };
    let why = "pair this machine's CLI, with the key of its identity";
    let codes = [rules::NOT_PAIRED.code, identities::FOREIGN.code];
    let op = match model.local_entry() {
        // Something is stored under the id that is no record.
        Some(_) => Op::Set { path: Vec::new(), old: None, new: Value::Object(record) },
        None => Op::Insert(record),
    };
    vec![edit(target, op, why, &codes)]
}

//! The grant: this machine's CLI as every gateway from 2026.1 to 2026.9 wants to find it, in every
//! place that must agree.

mod cached;
pub(super) mod identity;
pub(super) mod new_device;
mod scopes;
mod token;

use serde_json::{Value, json};

use super::edits::{self, RecordEdits, edit, remove};
use super::{Options, pins, records, requests};
use super::{identity as identities, local as rules, scopes as scope_checks};
use crate::model::device::{Device, List, token_from};
use crate::model::identity::Identity;
use crate::model::layout::Part;
use crate::model::scopes::union;
use crate::model::store::{Condition, Fault};
use crate::model::{AuthCondition, Model};
use crate::plan::{Edit, Op, StoreKind};
use crate::secret::Secret;
use new_device::NewDevice;
use scopes::{Granted, is_this_machines};
use token::{FRESH, token_codes, token_entry, token_fields};

/// What this machine's CLI gets: its scopes, and the token that both sides hold then.
#[derive(Clone, Copy)]
struct Grant<'m> {
    model: &'m Model,
    identity: &'m Identity,
    scopes: &'m Granted,
    token: &'m Secret,
    /// The token is a new one.
    is_fresh: bool,
}

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
    let saved = model.auth.operator.as_ref().filter(|_| model.tokens_agree());
    let (token, is_fresh) = match saved.and_then(|saved| saved.token.clone()) {
        Some(token) => (token, false),
        None => (token_from(&options.random), true),
    };
    let grant = Grant { model, identity, scopes: &scopes, token: &token, is_fresh };
    let mut edits = paired(grant);
    edits.extend(cached::edits(grant));
    if !matches!(model.pending.condition, Condition::Unusable(_)) {
        for request in &model.requests {
            let code = match request.expired(model.facts.now_ms) {
                true => requests::REQUEST_EXPIRED.code,
                false => requests::REQUEST_WAITS.code,
            };
            let codes = [code, requests::REQUEST_STALE.code, requests::REQUEST_CHURN.code];
            let why = "the CLI has its scopes, so its own request is removed: left there, it can keep the CLI out";
            edits.push(remove(model.store, Part::Pending, &request.key, why, &codes));
        }
    }
    edits
}

fn paired(grant: Grant<'_>) -> Vec<Edit> {
    let Grant { model, identity, scopes, .. } = grant;
    let key = identity.derived_id.as_str();
    let record = model.local_entry().and_then(|entry| Some((entry, model.paired.record(entry)?)));
    let Some((entry, record)) = record else { return new_device(grant) };
    let device = Device::of(key, &record);
    let has_approved = device.approved_scopes != List::Missing || model.store == StoreKind::Sqlite;
    let token_of_operator = record.get("tokens").and_then(|tokens| tokens.get("operator"));
    let entry_is_map = token_of_operator.is_some_and(Value::is_object);
    let mut edits = RecordEdits::of(model.store, Part::Paired, key, record);

    if device.device_id.as_deref() != Some(key) {
        let why = "the record must name the id that it is stored under";
        let codes = [records::RECORD_KEY.code, records::RECORD_INVALID.code];
        edits.set(&["deviceId"], json!(key), why, &codes);
    }
    let why = "the gateway compares this with the key of the connection";
    edits.set(&["publicKey"], json!(identity.public_key), why, &[rules::KEY_DIFFERS.code]);
    let (why, codes) = ("the CLI connects as `operator`", [rules::ROLE_MISSING.code]);
    if !device.is_operator() && device.role.is_none() {
        edits.set(&["role"], json!("operator"), why, &codes);
    }
    if !device.is_operator() || !device.roles.names_operator() {
        let roles = union(device.all_roles().iter().map(String::as_str).chain(["operator"]));
        edits.set(&["roles"], json!(roles), why, &codes);
    }
    let codes = [
        scope_checks::SCOPES_MISSING.code,
        scope_checks::SCOPES_DISAGREE.code,
        scope_checks::BEYOND.code,
    ];
    if scopes.lacks(&device.scopes) {
        let why = "the full operator scopes: with fewer the CLI is refused";
        edits.set(&["scopes"], json!(scopes.all), why, &codes);
    }
    if has_approved && scopes.lacks(&device.approved_scopes) {
        let why = "the list that later releases check, the same as `scopes`";
        edits.set(&["approvedScopes"], json!(scopes.all), why, &codes);
    }
    for pin in pins::false_pins(model) {
        let why = "the CLI reports something else now; without this field any value is accepted";
        edits.unset(&[pin], why, &[pins::PINNED.code]);
    }
    let missing = entry.faults.iter().filter_map(|fault| match fault {
        Fault::NoTimes(missing) => Some(missing),
        _ => None,
    });
    for name in missing.flatten() {
        let asked = json!(device.asked_at_ms.unwrap_or(model.facts.now_ms));
        let why = "a paired device must have these times";
        edits.set(&[name], asked, why, &[records::RECORD_INVALID.code]);
    }
    if !device.tokens_usable {
        let tokens = json!({ "operator": token_entry(grant) });
        edits.set(&["tokens"], tokens, FRESH, &token_codes());
    } else if !entry_is_map {
        edits.set(&["tokens", "operator"], token_entry(grant), FRESH, &token_codes());
    } else {
        token_fields(&mut edits, &device, grant);
    }
    edits.done()
}

/// The device as an approval would write it: from its newest own request, else from the identity.
fn new_device(grant: Grant<'_>) -> Vec<Edit> {
    let Grant { model, identity, scopes, .. } = grant;
    let key = identity.derived_id.as_str();
    let mut requests = model.requests.iter().rev();
    let request = requests.find(|request| is_this_machines(model, request));
    let request = request.and_then(|request| model.pending.record_of(&request.key));
    let mut record = NewDevice {
        id: key,
        public_key: &identity.public_key,
        request: request.as_ref(),
        role: Some("operator"),
        roles: &["operator".to_owned()],
        scopes: &scopes.all,
        tokens: json!({ "operator": token_entry(grant) }),
    }
    .record(model);
    new_device::keep_filed(model, &mut record);
    let target = edits::record(model.store, Part::Paired, key);
    let why = "pair this machine's CLI, with the key of its identity";
    let codes = [rules::NOT_PAIRED.code, identities::FOREIGN.code];
    let op = match model.local_entry() {
        // Something is stored under the id that is no record.
        Some(_) => Op::Set { path: Vec::new(), old: None, new: Value::Object(record) },
        None => Op::Insert(record),
    };
    vec![edit(target, op, why, &codes)]
}

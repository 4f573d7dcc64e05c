//! The grant: this machine's CLI as every gateway from 2026.1 to 2026.9 wants to find it, in every
//! place that must agree.

use serde_json::{Value, json};

use super::new_device::NewDevice;
use super::{Options, RecordEdits, Scopes, remove};
use crate::checks::{local as rules, pins, requests, stores, tokens};
use crate::finding::Code;
use crate::model::device::{Device, List, Token, token_from};
use crate::model::identity::Identity;
use crate::model::layout::Part;
use crate::model::scopes::{FULL, union};
use crate::model::store::{Condition, Fault};
use crate::model::{AuthCondition, Model};
use crate::plan::{Edit, Op, StoreKind, Target};
use crate::secret::Secret;

/// The edits that let this machine's CLI in; none where there is no identity to grant.
pub(super) fn local(model: &Model, options: &Options) -> Vec<Edit> {
    let Some(identity) = model.usable_identity() else {
        return Vec::new();
    };
    if matches!(model.paired.condition, Condition::Unusable(_))
        || matches!(model.auth.condition, AuthCondition::Unusable(_))
    {
        return Vec::new();
    }
    let scopes = Wanted::of(model, options);
    let (token, is_fresh) = match agreed_token(model) {
        Some(token) => (token, false),
        None => (token_from(&options.random), true),
    };
    let mut edits = paired(model, identity, &scopes, &token, is_fresh);
    edits.extend(super::cached::edits(
        model, identity, &scopes, &token, is_fresh,
    ));
    if !matches!(model.pending.condition, Condition::Unusable(_)) {
        for request in &model.requests {
            let code = if request.expired(model.facts.now_ms) {
                requests::REQUEST_EXPIRED.code
            } else {
                requests::REQUEST_WAITS.code
            };
            let why = "the device is granted, so its own request goes: left there, it would keep the CLI out";
            edits.push(remove(
                model.store,
                Part::Pending,
                &request.key,
                why,
                &[code, requests::REQUEST_STALE.code],
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

/// The scopes that the CLI gets.
pub(super) struct Wanted {
    pub(super) all: Vec<String>,
    /// Every list covers them already, the way this gateway compares: nothing has to be widened. A
    /// device that the gateway paired itself holds `operator.admin` alone (2026.8 and later).
    held: bool,
}

impl Wanted {
    fn of(model: &Model, options: &Options) -> Self {
        let all = wanted(model, options);
        let covers = |list: &List| {
            list.is_list()
                && model
                    .rule
                    .lacking(list.items(), all.iter().map(String::as_str))
                    .is_empty()
        };
        let held = model.local.as_ref().is_some_and(|device| {
            let token =
                |token: &Option<Token>| token.as_ref().is_some_and(|token| covers(&token.scopes));
            covers(&device.scopes)
                && (device.approved_scopes == List::Missing || covers(&device.approved_scopes))
                && token(&device.operator)
                && token(&model.auth.operator)
        });
        Self { all, held }
    }

    /// Whether a list has to be written.
    pub(super) fn lacks(&self, list: &List) -> bool {
        !self.held
            && (!list.is_list() || self.all.iter().any(|scope| !list.items().contains(scope)))
    }
}

fn wanted(model: &Model, options: &Options) -> Vec<String> {
    let mut all: Vec<&str> = Vec::new();
    if let Some(device) = &model.local {
        for list in [&device.scopes, &device.approved_scopes] {
            all.extend(list.items().iter().map(String::as_str));
        }
        all.extend(
            device
                .operator
                .iter()
                .flat_map(|token| token.scopes.items())
                .map(String::as_str),
        );
    }
    let asked = || {
        model
            .requests
            .iter()
            .filter(|request| is_this_machines(model, request))
            .flat_map(|request| request.scopes.items())
    };
    match &options.scopes {
        Scopes::Full => {
            all.extend(FULL);
            all.extend(asked().map(String::as_str));
        }
        Scopes::Requested => all.extend(asked().map(String::as_str)),
        Scopes::List(list) => all.extend(list.iter().map(String::as_str)),
    }
    // A CLI is an operator: scopes of other roles are not its to hold.
    union(
        all.into_iter()
            .filter(|scope| scope.trim().starts_with("operator.")),
    )
}

/// A request that carries this machine's own key.
fn is_this_machines(model: &Model, request: &Device) -> bool {
    model
        .usable_identity()
        .is_some_and(|identity| request.public_key.as_deref() == Some(identity.public_key.as_str()))
}

fn paired(
    model: &Model,
    identity: &Identity,
    scopes: &Wanted,
    token: &Secret,
    is_fresh: bool,
) -> Vec<Edit> {
    let now = model.facts.now_ms;
    let key = identity.derived_id.as_str();
    let record = model
        .local_entry()
        .and_then(|entry| Some((entry, model.paired.record(entry)?)));
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
            "the record must name the device it is stored under",
            &[stores::RECORD_KEY.code],
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
        edits.set(
            &["role"],
            json!("operator"),
            "the CLI connects as `operator`",
            &codes,
        );
    }
    if device.roles == List::Odd
        || (device.roles.is_list() && !device.roles.items().iter().any(|role| role == "operator"))
        || !has_role
    {
        let roles = union(
            device
                .all_roles()
                .iter()
                .map(String::as_str)
                .chain(["operator"]),
        );
        edits.set(
            &["roles"],
            json!(roles),
            "the CLI connects as `operator`",
            &codes,
        );
    }
    let codes = [
        rules::SCOPES_MISSING.code,
        rules::SCOPES_DISAGREE.code,
        tokens::BEYOND.code,
    ];
    if scopes.lacks(&device.scopes) {
        edits.set(
            &["scopes"],
            json!(scopes.all),
            "the CLI's full set: fewer lock it out of its own commands",
            &codes,
        );
    }
    if has_approved && scopes.lacks(&device.approved_scopes) {
        edits.set(
            &["approvedScopes"],
            json!(scopes.all),
            "the ceiling that later releases check, equal to `scopes`",
            &codes,
        );
    }
    for pin in pins::false_pins(model) {
        edits.unset(
            &[pin],
            "the CLI reports something else now; a record without the pin is accepted",
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
                "a paired device must have its times",
                &[stores::RECORD_INVALID.code],
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
        edits.set(
            &["tokens", "operator"],
            token_entry(token, scopes, now),
            FRESH,
            &token_codes(),
        );
    } else {
        token_fields(&mut edits, &device, scopes, token, is_fresh, now);
    }
    edits.edits
}

const FRESH: &str =
    "one fresh token on both sides: the old ones did not agree, or were gone or revoked";

pub(super) fn token_codes() -> [Code; 6] {
    [
        tokens::MISSING.code,
        tokens::REVOKED.code,
        tokens::MISMATCH.code,
        tokens::CACHE_MISSING.code,
        tokens::CACHE_MALFORMED.code,
        tokens::CACHE_FOREIGN.code,
    ]
}

fn token_fields(
    edits: &mut RecordEdits,
    device: &Device,
    scopes: &Wanted,
    token: &Secret,
    is_fresh: bool,
    now: i64,
) {
    let operator = |name: &'static str| ["tokens", "operator", name];
    let held = device.operator.as_ref();
    if is_fresh {
        edits.set(
            &operator("token"),
            json!(token.expose()),
            FRESH,
            &token_codes(),
        );
        edits.set(
            &operator("rotatedAtMs"),
            json!(now),
            "when the token was replaced",
            &token_codes(),
        );
        edits.unset(
            &operator("revokedAtMs"),
            "the fresh token is not revoked",
            &[tokens::REVOKED.code],
        );
        // An issuer ties the old token to a shared secret that may have changed since.
        edits.unset(
            &operator("issuer"),
            "the issuer of the old token",
            &[tokens::MISMATCH.code],
        );
    }
    if held.and_then(|held| held.role.as_deref()) != Some("operator") {
        edits.set(
            &operator("role"),
            json!("operator"),
            "a token without a role gives none",
            &[tokens::MISSING.code],
        );
    }
    if held.is_none_or(|held| scopes.lacks(&held.scopes)) {
        edits.set(
            &operator("scopes"),
            json!(scopes.all),
            "a token opens only what its own scopes cover",
            &[tokens::NARROW.code, rules::SCOPES_MISSING.code],
        );
    }
}

fn token_entry(token: &Secret, scopes: &Wanted, now: i64) -> Value {
    json!({ "token": token.expose(), "role": "operator", "scopes": scopes.all, "createdAtMs": now })
}

/// The device as an approval would write it: from its newest own request, else from the identity.
fn new_device(model: &Model, identity: &Identity, scopes: &Wanted, token: &Secret) -> Vec<Edit> {
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
    super::database::keep_filed(model, &mut record);
    let target = Target::Record {
        store: model.store,
        part: Part::Paired,
        key: key.to_owned(),
    };
    let why = "this machine's own CLI is paired, with the key of its identity".to_owned();
    let mends = vec![
        rules::NOT_PAIRED.code,
        crate::checks::identity::FOREIGN.code,
    ];
    let op = match model.local_entry() {
        // Something is stored under the id that is no record.
        Some(_) => Op::Set {
            path: Vec::new(),
            old: None,
            new: Value::Object(record),
        },
        None => Op::Insert(record),
    };
    vec![Edit {
        target,
        op,
        why,
        mends,
    }]
}

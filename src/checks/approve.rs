//! One pending request into the paired store, because somebody named it.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::approvable::{Approvable, Unapprovable, approvable};
use super::edits::{self, RecordEdits, edit, remove};
use super::grant::new_device::NewDevice;
use super::local::asked_for;
use crate::model::Model;
use crate::model::device::{Device, Record, Token, token_from};
use crate::model::layout::Part;
use crate::model::scopes::{fits_roles, union};
use crate::plan::{Edit, Op, Plan, StoreKind};

/// Approves exactly what a request asks for, no more. The device fetches its tokens at its next connect.
///
/// # Errors
/// Why it must not be approved.
pub fn approve(model: &Model, request_id: &str, random: &[u8; 32]) -> Result<Plan, Unapprovable> {
    let Approvable { record, request } = approvable(model, request_id)?;
    let id = request.device_id.as_deref().ok_or(Unapprovable::Key)?;
    let mut edits = match model.paired.record_of(id) {
        Some(paired) => widened(model, id, paired, &request, random),
        None => vec![inserted(model, id, &record, &request, random)],
    };
    for other in model.pending.devices().filter(|other| other.device_id.as_deref() == Some(id)) {
        let why = "the device is approved, so its requests are removed";
        edits.push(remove(model.store, Part::Pending, &other.key, why, &[]));
    }
    Ok(Plan { edits })
}

/// The scopes of a request that a role of its own may hold: one role's scopes never go into another
/// one's token.
fn scopes_of(request: &Device, role: &str) -> Vec<String> {
    let roles = [role.to_owned()];
    let asked = request.scopes.items().iter().map(String::as_str);
    union(asked.filter(|scope| fits_roles(scope, &roles)))
}

/// A fresh token of a role; the first role's is the random bytes themselves.
fn fresh(
    model: &Model,
    role: &str,
    is_first: bool,
    scopes: Vec<String>,
    random: &[u8; 32],
) -> Value {
    let token = if is_first {
        token_from(random)
    } else {
        let hash = Sha256::new().chain_update(role).chain_update([0]).chain_update(random);
        token_from(&hash.finalize().into())
    };
    json!({ "token": token.expose(), "role": role, "scopes": scopes, "createdAtMs": model.facts.now_ms })
}

/// The roles of a request, its main one first.
fn roles_of(request: &Device) -> Vec<String> {
    let mut roles = request.all_roles();
    roles.sort_by_key(|role| request.role.as_deref().map(str::trim) != Some(role));
    roles
}

fn inserted(model: &Model, id: &str, record: &Record, request: &Device, random: &[u8; 32]) -> Edit {
    let roles = roles_of(request);
    let tokens: Map<String, Value> = roles
        .iter()
        .enumerate()
        .map(|(at, role)| {
            (role.clone(), fresh(model, role, at == 0, scopes_of(request, role), random))
        })
        .collect();
    let new = NewDevice {
        id,
        public_key: request.public_key.as_deref().unwrap_or_default(),
        request: Some(record),
        role: request.role.as_deref().or(roles.first().map(String::as_str)),
        roles: &request.all_roles(),
        scopes: &union(request.scopes.items().iter().map(String::as_str)),
        tokens: Value::Object(tokens),
    }
    .record(model);
    let why =
        format!("pair {}, with no more than it asks for: {}", request.name(), asked_for(request));
    edit(edits::record(model.store, Part::Paired, id), Op::Insert(new), why, &[])
}

fn widened(
    model: &Model,
    id: &str,
    paired: Record,
    request: &Device,
    random: &[u8; 32],
) -> Vec<Edit> {
    let why = format!("give {} what it asks for: {}", request.name(), asked_for(request));
    let why = why.as_str();
    let device = Device::of(id, &paired);
    let with_asked = |lists: &[&[String]]| {
        let held = lists.iter().copied().flatten();
        union(held.chain(request.scopes.items()).map(String::as_str))
    };
    let roles = union(device.all_roles().iter().chain(&request.all_roles()).map(String::as_str));
    let held = paired.get("tokens").and_then(Value::as_object).cloned();
    let has_approved = paired.contains_key("approvedScopes") || model.store == StoreKind::Sqlite;
    let mut edits = RecordEdits::of(model.store, Part::Paired, id, paired);
    edits.set(&["roles"], json!(roles), why, &[]);
    let (scopes, approved) = (device.scopes.items(), device.approved_scopes.items());
    edits.set(&["scopes"], json!(with_asked(&[scopes])), why, &[]);
    if has_approved {
        edits.set(&["approvedScopes"], json!(with_asked(&[approved, scopes])), why, &[]);
    }
    // What a re-approval is often about: the device reports another platform now.
    for (name, value) in [("platform", &request.platform), ("deviceFamily", &request.device_family)]
    {
        match value {
            Some(value) => edits.set(&[name], json!(value), why, &[]),
            None => edits.unset(&[name], why, &[]),
        }
    }
    // A live token is widened; a role without one gets a fresh one; other roles' tokens stay.
    let mut whole = Map::new();
    for (at, role) in roles_of(request).iter().enumerate() {
        let asked = scopes_of(request, role);
        let token = held.as_ref().and_then(|held| Token::of(held.get(role)?));
        match token.filter(|token| token.is_live() && token.scopes.is_list()) {
            Some(token) => {
                let scopes = union(token.scopes.items().iter().chain(&asked).map(String::as_str));
                edits.set(&["tokens", role, "scopes"], json!(scopes), why, &[]);
            }
            None => {
                let token = fresh(model, role, at == 0, asked, random);
                match held {
                    Some(_) => edits.set(&["tokens", role], token, why, &[]),
                    None => _ = whole.insert(role.clone(), token),
                }
            }
        }
    }
    if !whole.is_empty() {
        edits.set(&["tokens"], Value::Object(whole), why, &[]);
    }
    edits.done()
}

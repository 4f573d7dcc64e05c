//! One pending request into the paired store, because somebody named it.

use serde_json::{Value, json};

use super::new_device::NewDevice;
use super::{RecordEdits, remove};
use crate::checks::approvable::{Approvable, Refusal, approvable};
use crate::finding::Code;
use crate::model::Model;
use crate::model::device::{Device, Record, token_from};
use crate::model::layout::Part;
use crate::model::scopes::union;
use crate::plan::{Edit, Op, Plan, StoreKind, Target};

/// Approves exactly what a request asks for, no more. The device fetches its token at its next connect.
///
/// # Errors
/// Why it must not be approved.
pub fn approve(model: &Model, request_id: &str, random: &[u8; 32]) -> Result<Plan, Refusal> {
    let Approvable { record, request } = approvable(model, request_id)?;
    let id = request.device_id.as_deref().ok_or(Refusal::Key)?;
    let mut edits = match model.paired.entry(id).and_then(|entry| model.paired.record(entry)) {
        Some(paired) => widened(model, id, paired, &request, random),
        None => vec![inserted(model, id, &record, &request, random)],
    };
    for other in model.pending.devices().filter(|other| other.device_id.as_deref() == Some(id)) {
        edits.push(remove(
            model.store,
            Part::Pending,
            &other.key,
            "the device is approved, so its requests go",
            &[],
        ));
    }
    Ok(Plan { edits })
}

fn tokens(request: &Device, now: i64, random: &[u8; 32]) -> Value {
    let role =
        request.role.clone().or_else(|| request.all_roles().first().cloned()).unwrap_or_default();
    let scopes = union(request.scopes.items().iter().map(String::as_str));
    let entry = json!({ "token": token_from(random).expose(), "role": role, "scopes": scopes, "createdAtMs": now });
    Value::Object([(role, entry)].into_iter().collect())
}

fn inserted(model: &Model, id: &str, record: &Record, request: &Device, random: &[u8; 32]) -> Edit {
    let roles = request.all_roles();
    let scopes = union(request.scopes.items().iter().map(String::as_str));
    let new = NewDevice {
        id,
        public_key: request.public_key.as_deref().unwrap_or_default(),
        request: Some(record),
        role: request.role.as_deref(),
        roles: &roles,
        scopes: &scopes,
        tokens: tokens(request, model.facts.now_ms, random),
    }
    .record(model);
    Edit {
        target: Target::Record { store: model.store, part: Part::Paired, key: id.to_owned() },
        op: Op::Insert(new),
        why: format!("{} is approved for exactly what it asks for", request.name()),
        mends: Vec::<Code>::new(),
    }
}

fn widened(
    model: &Model,
    id: &str,
    paired: Record,
    request: &Device,
    random: &[u8; 32],
) -> Vec<Edit> {
    let why = "the device is approved for what its request asks for, beside what it holds";
    let device = Device::of(id, &paired);
    let asked = || request.scopes.items().iter().map(String::as_str);
    let roles = union(device.all_roles().iter().chain(&request.all_roles()).map(String::as_str));
    let scopes = union(device.scopes.items().iter().map(String::as_str).chain(asked()));
    let approved = union(
        device
            .approved_scopes
            .items()
            .iter()
            .chain(device.scopes.items())
            .map(String::as_str)
            .chain(asked()),
    );
    let role = request.role.clone().unwrap_or_default();
    let held = paired.get("tokens").and_then(|tokens| tokens.get(&role)).and_then(Value::as_object);
    let usable = held.is_some_and(|held| {
        held.get("token").is_some_and(Value::is_string) && held.get("revokedAtMs").is_none()
    });
    let token_scopes = held
        .and_then(|held| held.get("scopes"))
        .and_then(Value::as_array)
        .map(|list| union(list.iter().filter_map(Value::as_str).chain(asked())));
    let has_approved = paired.contains_key("approvedScopes") || model.store == StoreKind::Sqlite;
    let has_tokens = paired.get("tokens").is_some_and(Value::is_object);
    let mut edits = RecordEdits::new(model, Part::Paired, id, paired);
    edits.set(&["roles"], json!(roles), why, &[]);
    edits.set(&["scopes"], json!(scopes), why, &[]);
    if has_approved {
        edits.set(&["approvedScopes"], json!(approved), why, &[]);
    }
    // What a re-approval is often about: the device reports another platform now.
    for (name, value) in [("platform", &request.platform), ("deviceFamily", &request.device_family)]
    {
        match value {
            Some(value) => edits.set(&[name], json!(value), why, &[]),
            None => edits.unset(&[name], why, &[]),
        }
    }
    match token_scopes {
        Some(token_scopes) if usable => {
            edits.set(&["tokens", &role, "scopes"], json!(token_scopes), why, &[])
        }
        _ => {
            let fresh = tokens(request, model.facts.now_ms, random);
            match fresh.get(&role) {
                Some(entry) if has_tokens => edits.set(&["tokens", &role], entry.clone(), why, &[]),
                _ => edits.set(&["tokens"], fresh, why, &[]),
            }
        }
    }
    edits.edits
}

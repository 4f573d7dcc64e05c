//! A paired record as an approval by the gateway writes it.

use serde_json::{Value, json};

use crate::model::Model;
use crate::model::device::{Device, Record};
use crate::model::scopes::{Era, union};
use crate::plan::StoreKind;

/// What a new paired record is made of.
pub(in crate::checks) struct NewDevice<'a> {
    pub(in crate::checks) id: &'a str,
    pub(in crate::checks) public_key: &'a str,
    /// The request that it goes back to, for what the device said of itself.
    pub(in crate::checks) request: Option<&'a Record>,
    pub(in crate::checks) role: Option<&'a str>,
    pub(in crate::checks) roles: &'a [String],
    pub(in crate::checks) scopes: &'a [String],
    /// The tokens by role.
    pub(in crate::checks) tokens: Value,
}

/// What a gateway takes over from a request.
const SAID: [&str; 6] =
    ["displayName", "platform", "deviceFamily", "clientId", "clientMode", "browserOrigin"];

impl NewDevice<'_> {
    /// The record, its fields in OpenClaw's own order.
    pub(in crate::checks) fn record(self, model: &Model) -> Record {
        let said = |name: &str| {
            let value = self.request?.get(name)?;
            value.is_string().then(|| value.clone())
        };
        let mut record = Record::new();
        record.insert("deviceId".into(), json!(self.id));
        record.insert("publicKey".into(), json!(self.public_key));
        if self.request.is_some() {
            for name in SAID {
                if let Some(value) = said(name) {
                    record.insert(name.into(), value);
                }
            }
        } else {
            // No platform: a record without one is not pinned, and the CLI states its own.
            record.insert("clientId".into(), json!("cli"));
            record.insert("clientMode".into(), json!("cli"));
        }
        if let Some(role) = self.role {
            record.insert("role".into(), json!(role));
        }
        record.insert("roles".into(), json!(self.roles));
        record.insert("scopes".into(), json!(self.scopes));
        if model.era != Era::Literal || model.store == StoreKind::Sqlite {
            record.insert("approvedScopes".into(), json!(self.scopes));
        }
        if let Some(ip) = said("remoteIp") {
            record.insert("remoteIp".into(), ip);
        }
        record.insert("tokens".into(), self.tokens);
        if model.store == StoreKind::Sqlite {
            // `silent` rows may be pruned when another CLI of that name connects (2026.8 and later).
            record.insert("approvedVia".into(), json!("owner"));
        }
        record.insert("createdAtMs".into(), json!(model.facts.now_ms));
        record.insert("approvedAtMs".into(), json!(model.facts.now_ms));
        record
    }
}

/// What the file of the older generation says about a device that becomes a row now. The import
/// drops the file's record once the row is there, so what only it knows goes along: other roles with
/// their tokens (a node host shares the CLI's identity), names and times. Not the platform: a row
/// without one is not pinned.
pub(super) fn keep_filed(model: &Model, row: &mut Record) {
    let key = row.get("deviceId").and_then(Value::as_str).unwrap_or_default();
    let filed = model.legacy.as_ref().and_then(|legacy| legacy.paired.record_of(key));
    let Some(filed) = filed.filter(|filed| filed.get("publicKey") == row.get("publicKey")) else {
        return;
    };
    for name in ["displayName", "operatorLabel", "clientId", "clientMode"] {
        if let Some(value) = filed.get(name).filter(|value| value.is_string()) {
            row.insert(name.into(), value.clone());
        }
    }
    for name in ["createdAtMs", "approvedAtMs"] {
        if let Some(value) = filed.get(name).filter(|value| value.is_i64()) {
            row.insert(name.into(), value.clone());
        }
    }
    let roles = Device::of("", &filed).all_roles();
    let roles = union(roles.iter().map(String::as_str).chain(["operator"]));
    row.insert("roles".into(), json!(roles));
    if let (Some(Value::Object(held)), Some(Value::Object(tokens))) =
        (filed.get("tokens"), row.get_mut("tokens"))
    {
        for (role, token) in held.iter().filter(|(role, _)| *role != "operator") {
            tokens.insert(role.clone(), token.clone());
        }
    }
}

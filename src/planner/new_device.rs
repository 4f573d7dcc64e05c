//! A paired record as an approval by the gateway writes it.

use serde_json::{Value, json};

use crate::model::Model;
use crate::model::device::Record;
use crate::model::scopes::Rule;
use crate::plan::StoreKind;

/// What a new paired record is made of.
pub(super) struct NewDevice<'a> {
    pub(super) id: &'a str,
    pub(super) public_key: &'a str,
    /// The request that it goes back to, for what the device said of itself.
    pub(super) request: Option<&'a Record>,
    pub(super) role: Option<&'a str>,
    pub(super) roles: &'a [String],
    pub(super) scopes: &'a [String],
    /// The tokens by role.
    pub(super) tokens: Value,
}

/// What a gateway takes over from a request.
const SAID: [&str; 6] =
    ["displayName", "platform", "deviceFamily", "clientId", "clientMode", "browserOrigin"];

impl NewDevice<'_> {
    /// The record, its fields in OpenClaw's own order.
    pub(super) fn record(self, model: &Model) -> Record {
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
        if model.rule == Rule::Implied || model.store == StoreKind::Sqlite {
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

//! The CLI's side of the grant: the token that it caches and shows at every connect.

use serde_json::json;

use super::Grant;
use super::token::token_codes;
use crate::checks::edits::{RecordEdits, edit, record, written};
use crate::checks::scopes as scope_checks;
use crate::format::value;
use crate::model::device::{Record, Token};
use crate::model::layout::Part;
use crate::model::{AuthCondition, Model};
use crate::plan::{Edit, Op, StoreKind};
use crate::secret::Secret;

/// The edits after which the cache holds `token` with the scopes that are wanted.
pub(super) fn edits(grant: Grant<'_>) -> Vec<Edit> {
    let Grant { model, identity, scopes, token, is_fresh } = grant;
    let key = identity.derived_id.as_str();
    let now = model.facts.now_ms;
    let entry = json!({ "token": token.expose(), "role": "operator", "scopes": scopes.all, "updatedAtMs": now });
    // A row of this device is there, even where OpenClaw does not take it.
    let is_there =
        model.store == StoreKind::Sqlite && model.auth.condition == AuthCondition::Malformed;
    let is_ours = (is_there || model.auth.condition == AuthCondition::Good)
        && model.auth.device_id.as_deref() == Some(key);
    let whole = json!({ "version": 1, "deviceId": key, "tokens": { "operator": entry } });
    let why = "save the CLI's token, the same as in its record";
    if !is_ours {
        let (target, op) = match model.store {
            StoreKind::Files => written(Part::DeviceAuth, &whole),
            StoreKind::Sqlite => (
                record(StoreKind::Sqlite, Part::DeviceAuth, key),
                Op::Insert(whole.as_object().cloned().unwrap_or_default()),
            ),
        };
        return vec![edit(target, op, why, &token_codes())];
    }
    let Some(held) = &model.auth.operator else {
        let mut edits = RecordEdits::of(model.store, Part::DeviceAuth, key, Record::new());
        edits.set(&["tokens", "operator"], entry, why, &token_codes());
        return edits.done();
    };
    let mut edits = RecordEdits::of(model.store, Part::DeviceAuth, key, cached_record(model, held));
    let operator = |name: &'static str| ["tokens", "operator", name];
    if is_fresh {
        edits.set(&operator("token"), json!(token.expose()), why, &token_codes());
    }
    if held.role.as_deref() != Some("operator") {
        edits.set(&operator("role"), json!("operator"), "the token's role", &token_codes());
    }
    if scopes.lacks(&held.scopes) {
        let codes = [scope_checks::NARROW.code, scope_checks::SCOPES_MISSING.code];
        let why = "the scopes of the saved token, which must be the same";
        edits.set(&operator("scopes"), json!(scopes.all), why, &codes);
    }
    if !edits.is_empty() {
        edits.set(&operator("updatedAtMs"), json!(now), "when the saved token was written", &[]);
    }
    edits.done()
}

/// The cached entry as it stands, for the values before.
fn cached_record(model: &Model, held: &Token) -> Record {
    let from_file = model
        .images
        .file(Part::DeviceAuth)
        .filter(|_| model.store == StoreKind::Files)
        .and_then(|image| image.bytes())
        .and_then(|bytes| value::of(bytes))
        .and_then(|value| value.as_object().cloned());
    from_file.unwrap_or_else(|| {
        let token = held.token.as_ref().map(Secret::expose);
        let entry = json!({ "token": token, "role": held.role, "scopes": held.scopes.items() });
        [("tokens".to_owned(), json!({ "operator": entry }))].into_iter().collect()
    })
}

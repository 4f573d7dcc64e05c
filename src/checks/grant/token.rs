//! The operator token in the paired record: fresh where the two sides do not agree.

use serde_json::{Value, json};

use super::Grant;
use crate::checks::edits::RecordEdits;
use crate::checks::{scopes as scope_checks, tokens};
use crate::finding::Code;
use crate::model::device::Device;

pub(super) const FRESH: &str =
    "one new token on both sides: the old ones differed, or were missing or revoked";

pub(super) fn token_codes() -> [Code; 7] {
    [
        tokens::MISSING.code,
        tokens::REVOKED.code,
        tokens::ISSUER.code,
        tokens::MISMATCH.code,
        tokens::CACHE_MISSING.code,
        tokens::CACHE_MALFORMED.code,
        tokens::CACHE_FOREIGN.code,
    ]
}

pub(super) fn token_fields(edits: &mut RecordEdits, device: &Device, grant: Grant<'_>) {
    let Grant { scopes, token, .. } = grant;
    let operator = |name: &'static str| ["tokens", "operator", name];
    let held = device.operator.as_ref();
    if grant.is_fresh {
        edits.set(&operator("token"), json!(token.expose()), FRESH, &token_codes());
        let why = "when the token was replaced";
        edits.set(&operator("rotatedAtMs"), json!(grant.model.facts.now_ms), why, &token_codes());
        let why = "the new token is not revoked";
        edits.unset(&operator("revokedAtMs"), why, &[tokens::REVOKED.code]);
        // An issuer ties the old token to a shared secret that may have changed since.
        let why = "the old token was made under another shared token";
        let codes = [tokens::MISMATCH.code, tokens::ISSUER.code];
        edits.unset(&operator("issuer"), why, &codes);
    }
    for role in device.null_tokens.iter().filter(|role| *role != "operator") {
        let why = "the gateway's own code fails at a token that is null";
        edits.unset(&["tokens", role], why, &[tokens::UNREADABLE.code]);
    }
    if held.and_then(|held| held.role.as_deref()) != Some("operator") {
        let why = "a token must name its role";
        edits.set(&operator("role"), json!("operator"), why, &[tokens::MISSING.code]);
    }
    if held.is_none_or(|held| scopes.lacks(&held.scopes)) {
        let codes =
            [scope_checks::NARROW.code, scope_checks::SCOPES_MISSING.code, tokens::UNREADABLE.code];
        let why = "a token gives only its own scopes";
        edits.set(&operator("scopes"), json!(scopes.all), why, &codes);
    }
}

pub(super) fn token_entry(Grant { model, token, scopes, .. }: Grant<'_>) -> Value {
    let now = model.facts.now_ms;
    json!({ "token": token.expose(), "role": "operator", "scopes": scopes.all, "createdAtMs": now })
}

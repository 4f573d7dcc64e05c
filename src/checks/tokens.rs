//! The CLI's device token: in the paired record, and cached on this machine.

use super::local::paired_place;
use super::scopes::{entry, only_with_device_token};
use super::{Check, Edits, RELEASES_DIFFER, Stage};
use crate::config::release::Release;
use crate::finding::{Code, Place, Severity};
use crate::model::contact::PairingFault;
use crate::model::layout::Part;
use crate::model::{AuthCondition, Model, Shared, place_of};

fn cache_place(model: &Model) -> Place {
    place_of(model.store, Part::DeviceAuth)
}

pub static MISSING: Check = Check {
    code: Code("cli-token-missing"),
    modes: &["F23", "F35"],
    severity: Severity::Blocks,
    title: "the CLI's record holds no operator token",
    why: "From 2026.4 a device has only the roles of its valid tokens. A record without `tokens.operator` (or with one \
          that names no role) has no role, and the CLI has to pair again.",
    repair: "A new token is written on both sides.",
    by_hand: "Add tokens.operator { token, role, scopes, createdAtMs } to the record, and the same token to identity/device-auth.json.",
    messages: &[
        "pairing required",
        "device token mismatch",
        "role-upgrade",
        "token-missing",
        "role upgrade pending approval",
        "asking for a higher role than currently approved",
        "device token rotation denied",
        "device token rejected",
        "unauthorized",
    ],
    follows: &[&super::local::NOT_PAIRED, &super::local::ROLE_MISSING],
    is_of_device: true,
    stage: Some(Stage::Token),
    fault: Some(PairingFault::Token),
    find_one: |model, check| {
        let token = entry(model)?;
        let says = match token {
            None => "the CLI's record holds no operator token",
            Some(token) if token.token.is_none() => "the CLI's operator token is blank or not text",
            Some(token) if token.role.as_deref() != Some("operator") => {
                "the CLI's operator token does not name the role `operator`"
            }
            Some(_) => return None,
        };
        let finding =
            check.finding(paired_place(model), says).repaired("write a new token on both sides");
        // From 2026.3.31 a device without a token has no role, and asks for it (seen on 2026.5.28).
        let has_tokens = model.local.as_ref().is_some_and(|local| local.tokens_usable);
        // One that names another role is not made good where a revoked one is not (5.7 is in; 5.12 and 6.9 refuse).
        let names_another = token.is_some_and(|token| token.role.as_deref() != Some("operator"));
        let is_held_up = |release: Release| {
            release.is_from("2026.3.31")
                && (model.is_held_up(release)
                    || has_tokens && !release.is_from("2026.4.3")
                    || names_another && release.is_from("2026.5.8"))
        };
        Some(match model.by_release(is_held_up) {
            Some(true) => {
                finding.note("the gateway gives it no token by itself: that waits for an approval")
            }
            None if model.shared != Shared::Absent => {
                finding.rated(Severity::Unchecked).note(RELEASES_DIFFER)
            }
            _ => only_with_device_token(model, finding),
        })
    },
    edits: Edits::Grant,
    ..Check::BASE
};

pub static UNREADABLE: Check = Check {
    code: Code("cli-token-unreadable"),
    severity: Severity::Blocks,
    title: "the gateway fails at a token of the CLI's record",
    why: "The gateway looks at a device's tokens at every connect, whatever else lets it in. If a token is null, or if its scopes are missing or are not a list of texts, this fails, and the connection closes without a reason.",
    repair: "The token gets the device's full scopes, on both sides; one that is null is removed.",
    by_hand: "Write a list of scopes into tokens.operator.scopes in the record.",
    messages: &["closed (1000", "no close reason"],
    follows: &[&super::local::NOT_PAIRED, &super::local::ROLE_MISSING],
    is_of_device: true,
    stage: Some(Stage::Token),
    // Seen on 2026.2.17 (an operator token that is a text), 2026.4.10, 2026.5.12, 2026.5.27 and 2026.6.9; the code of 2026.2.12 to 2026.9.3 reads the scopes alike.
    find_one: |model, check| {
        let token = entry(model)?;
        let ends = token.is_some_and(|token| token.ends_connection());
        let device = model.local.as_ref()?;
        let null = device.null_tokens.iter().any(|role| role != "operator");
        // 2026.6.10 was seen to bear it, 2026.5.27 not.
        let odd = device.is_operator_odd
            && model.by_release(|release| release.is_from("2026.6.1")) != Some(true);
        let ends = ends || odd;
        let says = match (ends, null) {
            (true, _) if odd => "the CLI's operator token is no object",
            (true, _) => "the CLI's operator token has no list of scopes",
            (false, true) => "a token in the CLI's record is null",
            (false, false) => return None,
        };
        let repairs = "give the token the full operator scopes, and remove one that is null";
        Some(check.finding(paired_place(model), says).repaired(repairs))
    },
    edits: Edits::Grant,
    ..Check::BASE
};

pub static REVOKED: Check = Check {
    code: Code("cli-token-revoked"),
    modes: &["F23"],
    severity: Severity::Blocks,
    title: "the CLI's operator token is revoked",
    why: "The gateway refuses a revoked token, and from 2026.4 a device whose only operator token is revoked has no role.",
    repair: "A new token is written on both sides.",
    by_hand: "Write a new token into the record and into identity/device-auth.json, and remove revokedAtMs.",
    messages: &[
        "device token mismatch",
        "pairing required",
        "token-revoked",
        "role upgrade pending approval",
        "asking for a higher role than currently approved",
        "device token rejected",
        "unauthorized",
    ],
    is_of_device: true,
    stage: Some(Stage::Token),
    fault: Some(PairingFault::Token),
    find_one: |model, check| {
        let says = "the CLI's operator token is revoked";
        let finding = || check.finding(paired_place(model), says);
        entry(model)??.revoked.then(|| finding().repaired("write a new token on both sides"))
    },
    edits: Edits::Grant,
    ..Check::BASE
};

pub static ISSUER: Check = Check {
    code: Code("cli-token-of-lost-secret"),
    modes: &["F34"],
    severity: Severity::Blocks,
    title: "the CLI's token was made under a shared token that has changed",
    why: "From 2026.9 a device token remembers the shared token or password under which it was made. The gateway refuses the token if that secret has changed or is missing.",
    repair: "A new token, without `issuer`, is written on both sides.",
    by_hand: "Write a new token into the record, without `issuer`, and the same one into the saved token.",
    messages: &[
        "device token mismatch",
        "rotate/reissue device token",
        "issuer-generation-stale",
        "unauthorized",
    ],
    is_of_device: true,
    stage: Some(Stage::Token),
    find_one: |model, check| {
        if model.usable_identity().is_none() || !model.is_token_of_lost_secret() {
            return None;
        }
        let says = "the CLI's token was made under a shared token or password, and the gateway has none now";
        Some(check.finding(paired_place(model), says).repaired("write a new token on both sides"))
    },
    edits: Edits::Grant,
    ..Check::BASE
};

pub static MISMATCH: Check = Check {
    code: Code("cli-token-mismatch"),
    modes: &["F04"],
    severity: Severity::Blocks,
    title: "the saved token is not the one in the CLI's record",
    why: "The CLI sends its saved token, and the gateway compares it with the token in the CLI's record. If they differ, it refuses before it looks at the pairing, so no request is made. Some releases then delete \
          the saved token.",
    repair: "One new token is written on both sides.",
    by_hand: "Copy the record's tokens.operator.token into identity/device-auth.json.",
    messages: &[
        "device token mismatch",
        "rotate/reissue device token",
        "token-mismatch",
        "device token rejected",
        "unauthorized",
    ],
    follows: &[
        &super::identity::FOREIGN,
        &super::local::NOT_PAIRED,
        &super::local::KEY_DIFFERS,
        &super::local::ROLE_MISSING,
        &MISSING,
        &REVOKED,
        &CACHE_FOREIGN,
    ],
    is_of_device: true,
    stage: Some(Stage::Token),
    fault: Some(PairingFault::SavedToken),
    find_one: |model, check| {
        let paired = entry(model)??.token.as_ref()?;
        let kept = model.auth.operator.as_ref()?.token.as_ref()?;
        if !model.is_saved_token_ours() || paired == kept {
            return None;
        }
        let finding = check
            .finding(cache_place(model), "the CLI's saved token differs from the one in its record")
            .repaired("write one new token on both sides");
        let finding = finding.seen("paired", paired.to_string()).seen("cached", kept.to_string());
        Some(only_with_device_token(model, finding))
    },
    edits: Edits::Grant,
    ..Check::BASE
};

pub static CACHE_MISSING: Check = Check {
    code: Code("cli-token-not-cached"),
    modes: &["F35", "F04"],
    severity: Severity::Blocks,
    title: "this machine has no saved token",
    why: "If the config has no shared token, the CLI can only send its saved token, and that is missing. \
          Some releases delete it after a mismatch. Then the CLI cannot even ask, and the gateway never sees a \
          request.",
    repair: "One new token is written on both sides.",
    by_hand: "Write identity/device-auth.json with the record's token.",
    messages: &[
        "requires credentials before opening a websocket",
        "gateway token missing",
        "device-token-missing",
    ],
    follows: &[
        &super::identity::MISSING,
        &super::identity::MALFORMED,
        &super::identity::FOREIGN,
        &super::import::IMPORT_WAITS,
        &super::local::NOT_PAIRED,
        &MISSING,
        &REVOKED,
    ],
    is_of_stores: true,
    is_of_device: true,
    stage: Some(Stage::Token),
    fault: Some(PairingFault::SavedToken),
    find_one: |model, check| {
        entry(model)?;
        let says = match (&model.auth.condition, &model.auth.operator) {
            (AuthCondition::Absent, _) => "this machine has no saved token",
            (_, operator)
                if model.is_saved_token_ours()
                    && operator.as_ref().is_none_or(|token| token.token.is_none()) =>
            {
                "the saved token for the role `operator` is missing"
            }
            _ => return None,
        };
        let finding =
            check.finding(cache_place(model), says).repaired("write one new token on both sides");
        Some(only_with_device_token(model, finding))
    },
    edits: Edits::Grant,
    ..Check::BASE
};

pub static CACHE_MALFORMED: Check = Check {
    code: Code("cli-token-cache-malformed"),
    modes: &["F35", "F39"],
    severity: Severity::Blocks,
    title: "the saved token cannot be read",
    why: "OpenClaw treats a saved token that it cannot read as missing.",
    repair: "The saved token is written again, with one new token on both sides; the snapshot keeps the old file.",
    by_hand: "Delete identity/device-auth.json; the next connect that succeeds writes a new one.",
    messages: &[
        "requires credentials before opening a websocket",
        "legacy device-auth store is invalid",
    ],
    follows: &[&super::local::NOT_PAIRED],
    is_of_stores: true,
    is_of_device: true,
    stage: Some(Stage::Token),
    fault: Some(PairingFault::SavedToken),
    find_one: |model, check| {
        if model.auth.condition != AuthCondition::Malformed || model.usable_identity().is_none() {
            return None;
        }
        let finding = check
            .finding(cache_place(model), "the saved token is not in a form that OpenClaw can read")
            .repaired("write it again");
        Some(only_with_device_token(model, finding))
    },
    edits: Edits::Grant,
    ..Check::BASE
};

pub static CACHE_FOREIGN: Check = Check {
    code: Code("cli-token-cache-foreign"),
    modes: &["F38", "F04"],
    severity: Severity::Blocks,
    title: "the saved token belongs to another device",
    why: "OpenClaw uses the saved token only if its deviceId is the deviceId of the identity.",
    repair: "The saved token is written again for this machine's identity; the snapshot keeps the old file.",
    by_hand: "Delete identity/device-auth.json; the next connect that succeeds writes a new one.",
    messages: &[
        "requires credentials before opening a websocket",
        "device token mismatch",
        "device token rejected",
        "unauthorized",
    ],
    follows: &[
        &super::identity::MISSING,
        &super::identity::MALFORMED,
        &super::identity::FOREIGN,
        &super::identity::ID_DIFFERS,
        &super::local::NOT_PAIRED,
    ],
    is_of_stores: true,
    is_of_device: true,
    stage: Some(Stage::Token),
    fault: Some(PairingFault::SavedToken),
    find_one: |model, check| {
        let (AuthCondition::Good, Some(cached), Some(local)) =
            (&model.auth.condition, model.auth.device_id.as_deref(), model.local_id())
        else {
            return None;
        };
        if cached == local || model.usable_identity().is_none() {
            return None;
        }
        let finding = check
            .finding(cache_place(model), "the saved token belongs to another device")
            .repaired("write it again for this machine's identity");
        let finding = finding.seen("saved for", model.shown_id(cached)).seen("this machine", local);
        Some(only_with_device_token(model, finding))
    },
    edits: Edits::Grant,
    ..Check::BASE
};

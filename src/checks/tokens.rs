//! The CLI's device token: in the paired record, and cached on this machine.

use super::{Rule, list};
use crate::finding::{Code, Finding, Mend, Severity};
use crate::model::device::{List, Token};
use crate::model::layout::Part;
use crate::model::scopes::FULL;
use crate::model::{AuthCondition, Model, Shared, place_of};

fn paired_place(model: &Model) -> String {
    place_of(model.store, Part::Paired)
}

fn cache_place(model: &Model) -> String {
    place_of(model.store, Part::DeviceAuth)
}

/// `tokens.operator` of this machine's record; `None` where there is no record to look at.
fn entry(model: &Model) -> Option<Option<&Token>> {
    model.usable_identity()?;
    Some(model.local.as_ref()?.operator.as_ref())
}

/// A device token that does not fit heals at the next connect where the CLI has a shared token to
/// show: the gateway issues a new one.
fn only_with_device_token(model: &Model, finding: Finding) -> Finding {
    match model.shared {
        Shared::Absent => finding,
        Shared::Present => finding.at_worst(Severity::Warning).seen(
            "the config holds a shared token or password, so the next connect can renew the device token",
        ),
    }
}

pub static MISSING: Rule = Rule {
    code: Code("cli-token-missing"),
    modes: &["F23", "F35"],
    severity: Severity::Blocks,
    title: "the CLI's paired record holds no operator token",
    why: "From 2026.4 the roles of a device are those of its live tokens: a record without `tokens.operator` (or with one that \
          names no role) has no role, and the CLI is asked to pair again.",
    mends: "A fresh token is written on both sides.",
    by_hand: "Add tokens.operator { token, role, scopes, createdAtMs } to the record, and the same token to identity/device-auth.json.",
    messages: &["pairing required", "device token mismatch", "role-upgrade", "token-missing"],
    run: |model, rule| {
        let Some(token) = entry(model) else {
            return vec![];
        };
        let says = match token {
            None => "the CLI's record holds no operator token",
            Some(token) if token.token.is_none() => "the CLI's operator token is blank or not text",
            Some(token) if token.role.as_deref() != Some("operator") => {
                "the CLI's operator token does not name the role `operator`"
            }
            Some(_) => return vec![],
        };
        let finding = rule.finding(
            paired_place(model),
            says,
            Mend::Repair("write a fresh token on both sides".into()),
        );
        vec![only_with_device_token(model, finding)]
    },
};

pub static REVOKED: Rule = Rule {
    code: Code("cli-token-revoked"),
    modes: &["F23"],
    severity: Severity::Blocks,
    title: "the CLI's operator token is revoked",
    why: "A revoked token opens nothing, and from 2026.4 a device whose only operator token is revoked has lost its role.",
    mends: "A fresh token is written on both sides.",
    by_hand: "Write a new token into the record and into identity/device-auth.json, and remove revokedAtMs.",
    messages: &["device token mismatch", "pairing required", "token-revoked"],
    run: |model, rule| match entry(model) {
        Some(Some(token)) if token.revoked => vec![rule.finding(
            paired_place(model),
            "the CLI's operator token is revoked",
            Mend::Repair("write a fresh token on both sides".into()),
        )],
        _ => vec![],
    },
};

pub static NARROW: Rule = Rule {
    code: Code("cli-token-scopes-missing"),
    modes: &["F01", "F23"],
    severity: Severity::Blocks,
    title: "the CLI's token holds fewer scopes than its device",
    why: "A token opens only what its own scopes cover, whatever the device was approved for.",
    mends: "The token gets the device's full scopes, on both sides.",
    by_hand: "Widen tokens.operator.scopes in the record and in identity/device-auth.json.",
    messages: &["device token scope mismatch", "scope mismatch"],
    run: |model, rule| {
        let (Some(Some(token)), Some(device)) = (entry(model), model.local.as_ref()) else {
            return vec![];
        };
        let lacking = model.rule.lacking(token.scopes.items(), FULL);
        if lacking.is_empty() && token.scopes != List::Odd {
            return vec![];
        }
        // The device itself is too narrow: that finding says it all.
        let (_, baseline) = device.baseline();
        let needed = || model.era.needed().iter().copied();
        let inherits = !model.rule.lacking(baseline.items(), needed()).is_empty();
        let gets_in =
            token.scopes.is_list() && model.rule.lacking(token.scopes.items(), needed()).is_empty();
        let finding = rule.finding(
            paired_place(model),
            "the CLI's operator token holds too few scopes",
            Mend::Repair("give the token the full scopes, on both sides".into()),
        );
        let finding = finding
            .seen(format!("token scopes: {}", list(token.scopes.items())))
            .seen(format!("lacks: {}", list(&lacking)));
        let finding = only_with_device_token(model, finding);
        vec![if inherits || gets_in { finding.at_worst(Severity::Warning) } else { finding }]
    },
};

pub static BEYOND: Rule = Rule {
    code: Code("cli-token-scopes-beyond"),
    modes: &["F01", "F23"],
    severity: Severity::Blocks,
    title: "the CLI's token holds scopes that its device was not approved for",
    why: "`approvedScopes` is a ceiling: from 2026.3.13 a token whose scopes go beyond it is refused as a whole. Widening \
          the token alone makes things worse.",
    mends: "The device gets the same full scopes.",
    by_hand: "Widen `scopes` and `approvedScopes` to what the token holds.",
    messages: &["device token scope mismatch", "scope-outside-approved-baseline"],
    run: |model, rule| {
        let (Some(Some(token)), Some(device)) = (entry(model), model.local.as_ref()) else {
            return vec![];
        };
        let (_, baseline) = device.baseline();
        let beyond =
            model.rule.lacking(baseline.items(), token.scopes.items().iter().map(String::as_str));
        if beyond.is_empty() {
            return vec![];
        }
        let finding = rule.finding(
            paired_place(model),
            "the CLI's operator token goes beyond what the device was approved for",
            Mend::Repair("approve the device for the full scopes".into()),
        );
        vec![only_with_device_token(model, finding.seen(format!("beyond: {}", list(&beyond))))]
    },
};

pub static MISMATCH: Rule = Rule {
    code: Code("cli-token-mismatch"),
    modes: &["F04"],
    severity: Severity::Blocks,
    title: "the cached token is not the one in the paired record",
    why: "Without a shared token the CLI shows its cached device token, and the gateway compares it with the record's. A \
          mismatch is refused before pairing is even looked at, so no request appears; some releases then clear the cache.",
    mends: "One fresh token is written on both sides.",
    by_hand: "Copy the record's tokens.operator.token into identity/device-auth.json.",
    messages: &["device token mismatch", "rotate/reissue device token", "token-mismatch"],
    run: |model, rule| {
        let (Some(Some(ours)), Some(cached)) = (entry(model), model.auth.operator.as_ref()) else {
            return vec![];
        };
        let is_ours = model.auth.condition == AuthCondition::Good
            && model.auth.device_id.as_deref() == model.local_id();
        let (Some(paired), Some(kept)) = (&ours.token, &cached.token) else {
            return vec![];
        };
        if !is_ours || paired == kept {
            return vec![];
        }
        let finding = rule.finding(
            cache_place(model),
            "the cached device token differs from the paired one",
            Mend::Repair("write one fresh token on both sides".into()),
        );
        vec![only_with_device_token(
            model,
            finding.seen(format!("paired {paired}")).seen(format!("cached {kept}")),
        )]
    },
};

pub static CACHE_MISSING: Rule = Rule {
    code: Code("cli-token-not-cached"),
    modes: &["F35", "F04"],
    severity: Severity::Blocks,
    title: "this machine has no cached device token",
    why: "Without a shared token in the config the cached device token is all the CLI has to show. Some releases clear it \
          after a mismatch; then the CLI has no credentials and the gateway never sees a request.",
    mends: "One fresh token is written on both sides.",
    by_hand: "Write identity/device-auth.json with the record's token.",
    messages: &[
        "requires credentials before opening a websocket",
        "gateway token missing",
        "device-token-missing",
    ],
    run: |model, rule| {
        if entry(model).is_none() {
            return vec![];
        }
        let says = match (&model.auth.condition, &model.auth.operator) {
            (AuthCondition::Absent, _) => "there is no cached device token",
            (AuthCondition::Good, operator)
                if model.auth.device_id.as_deref() == model.local_id()
                    && operator.as_ref().is_none_or(|token| token.token.is_none()) =>
            {
                "the cached token of the role `operator` is gone"
            }
            _ => return vec![],
        };
        let finding = rule.finding(
            cache_place(model),
            says,
            Mend::Repair("write one fresh token on both sides".into()),
        );
        vec![only_with_device_token(model, finding)]
    },
};

pub static CACHE_MALFORMED: Rule = Rule {
    code: Code("cli-token-cache-malformed"),
    modes: &["F35", "F39"],
    severity: Severity::Blocks,
    title: "the cached device token cannot be read",
    why: "OpenClaw takes a cache that is not of its shape for none at all.",
    mends: "The cache is written anew, with one fresh token on both sides; the old file stays in the snapshot.",
    by_hand: "Delete identity/device-auth.json; the next successful connect writes it anew.",
    messages: &[
        "requires credentials before opening a websocket",
        "legacy device-auth store is invalid",
    ],
    run: |model, rule| {
        if model.auth.condition != AuthCondition::Malformed || model.usable_identity().is_none() {
            return vec![];
        }
        let finding = rule.finding(
            cache_place(model),
            "the cached device token is not in the shape that OpenClaw reads",
            Mend::Repair("write it anew".into()),
        );
        vec![only_with_device_token(model, finding)]
    },
};

pub static CACHE_FOREIGN: Rule = Rule {
    code: Code("cli-token-cache-foreign"),
    modes: &["F38", "F04"],
    severity: Severity::Blocks,
    title: "the cached device token is for another device",
    why: "OpenClaw uses the cache only if its deviceId is that of the identity.",
    mends: "The cache is written anew for this machine's identity; the old file stays in the snapshot.",
    by_hand: "Delete identity/device-auth.json; the next successful connect writes it anew.",
    messages: &["requires credentials before opening a websocket", "device token mismatch"],
    run: |model, rule| {
        let (AuthCondition::Good, Some(cached), Some(local)) =
            (&model.auth.condition, model.auth.device_id.as_deref(), model.local_id())
        else {
            return vec![];
        };
        if cached == local || model.usable_identity().is_none() {
            return vec![];
        }
        let finding = rule.finding(
            cache_place(model),
            "the cached device token belongs to another device",
            Mend::Repair("write it anew for this machine's identity".into()),
        );
        vec![only_with_device_token(
            model,
            finding
                .seen(format!("cached for {}", model.shown_id(cached)))
                .seen(format!("this machine is {local}")),
        )]
    },
};

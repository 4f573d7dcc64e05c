//! This machine's CLI in the pairing store: is it paired, as whom, with which scopes.

use super::requests::request_line;
use super::{Rule, list};
use crate::finding::{Code, Mend, Severity};
use crate::model::device::{Device, List};
use crate::model::layout::Part;
use crate::model::scopes::{Era, FULL};
use crate::model::{Model, place_of};
use crate::secret::shape::Shape;

pub(super) fn paired_place(model: &Model) -> String {
    place_of(model.store, Part::Paired)
}

/// The device and its record, where the identity can be used and a record is there.
pub(super) fn local(model: &Model) -> Option<&Device> {
    model.usable_identity()?;
    model.local.as_ref()
}

pub static NOT_PAIRED: Rule = Rule {
    code: Code("cli-not-paired"),
    modes: &["F02", "F03", "F21", "F35", "F36", "F37"],
    severity: Severity::Blocks,
    title: "this machine's CLI is not paired",
    why: "Every device must be paired before the gateway talks to it, the CLI included. A first contact from loopback \
          is approved silently, but not when it came through a proxy, from a container or over the LAN, and not \
          while a request that needs a person still waits.",
    mends: "The device is added to the paired store with the CLI's full operator scopes, and its token is put on both sides.",
    by_hand: "Move the request from devices/pending.json into devices/paired.json, add tokens.operator, and write the same \
              token into identity/device-auth.json.",
    messages: &[
        "pairing required",
        "not-paired",
        "device is not approved yet",
        "unknown requestId",
    ],
    run: |model, rule| {
        let Some(identity) = model.usable_identity() else {
            return vec![];
        };
        if model.local_entry().is_some() || !store_is_readable(model) {
            return vec![];
        }
        let waiting = model.requests.last();
        let says = match waiting {
            Some(request) if request.expired(model.facts.now_ms) => {
                "this machine's CLI is not paired, and its request has expired"
            }
            Some(_) => {
                "this machine's CLI is not paired; its request waits for an approval that needs a paired CLI"
            }
            None => "this machine's CLI is not paired, and no request of it waits",
        };
        let mut finding = rule.finding(
            paired_place(model),
            says,
            Mend::Repair("pair it, with the CLI's full operator scopes".into()),
        );
        finding = finding.seen(format!("deviceId {}", identity.derived_id));
        if let Some(request) = waiting {
            finding = finding.seen(request_line(request, model.facts.now_ms));
        }
        vec![finding]
    },
};

fn store_is_readable(model: &Model) -> bool {
    !matches!(model.paired.condition, crate::model::store::Condition::Unusable(_))
}

pub static KEY_DIFFERS: Rule = Rule {
    code: Code("cli-key-differs"),
    modes: &["F38"],
    severity: Severity::Blocks,
    title: "the CLI is paired with another public key",
    why: "The gateway compares the key of the connection with the paired one, letter for letter, before anything else.",
    mends: "The record gets the public key of this machine's identity.",
    by_hand: "Write the identity's raw public key, base64url without padding, into the record's publicKey.",
    messages: &["pairing required"],
    run: |model, rule| {
        let (Some(identity), Some(device)) = (model.usable_identity(), local(model)) else {
            return vec![];
        };
        if device.public_key.as_deref() == Some(identity.public_key.as_str()) {
            return vec![];
        }
        let finding = rule.finding(
            paired_place(model),
            "the CLI's paired record holds another public key than its identity",
            Mend::Repair("write the identity's public key into the record".into()),
        );
        vec![finding.seen(format!("identity  {}", identity.public_key)).seen(format!(
            "record    {}",
            match &device.public_key {
                Some(key) => Shape::PublicKey.show_proved(key, &|id| model.proves(id)),
                None => "none".to_owned(),
            }
        ))]
    },
};

pub static ROLE_MISSING: Rule = Rule {
    code: Code("cli-role-missing"),
    modes: &["F21", "F23"],
    severity: Severity::Blocks,
    title: "the CLI's device lacks the operator role",
    why: "The CLI connects as `operator`; a device that was approved as something else (a node, say) needs that role too.",
    mends: "`operator` is added to the record's role and roles.",
    by_hand: "Add \"operator\" to the record's roles.",
    messages: &["pairing required", "role-upgrade", "more roles than currently approved"],
    run: |model, rule| {
        let Some(device) = local(model) else {
            return vec![];
        };
        let roles = device.all_roles();
        let held = roles.iter().any(|role| role == "operator");
        let listed =
            !device.roles.is_list() || device.roles.items().iter().any(|role| role == "operator");
        if held && listed && device.roles != List::Odd {
            return vec![];
        }
        let finding = rule.finding(
            paired_place(model),
            "the CLI's device does not hold the role `operator` in every place",
            Mend::Repair("add the role".into()),
        );
        // From 2026.4 `role` and `roles` count together; before, `roles` alone where it is a list.
        let finding = if held && model.era == Era::Least {
            finding.at_worst(Severity::Warning)
        } else {
            finding
        };
        vec![finding.seen(format!("roles: {}", list(&roles)))]
    },
};

pub static SCOPES_MISSING: Rule = Rule {
    code: Code("cli-scopes-missing"),
    modes: &["F01", "F26"],
    severity: Severity::Blocks,
    title: "the CLI is paired with too few scopes",
    why: "Each command asks for scopes, and the gateway lets a device have only those it was approved for. A CLI whose \
          first contact was a status probe holds just `operator.read`, and approving more needs scopes that it lacks. \
          Up to 2026.2.19 each scope must be in the list by name; later `operator.admin` stands for all.",
    mends: "The full set (admin, approvals, pairing, read, write) goes into scopes, approvedScopes and the tokens of both sides.",
    by_hand: "Widen `scopes`, `approvedScopes`, `tokens.operator.scopes` in devices/paired.json and `tokens.operator.scopes` in \
              identity/device-auth.json alike: leaving out one of them keeps the CLI out.",
    messages: &[
        "pairing required",
        "scope upgrade pending approval",
        "device is asking for more scopes than currently approved",
        "missing scope",
        "scope-upgrade",
    ],
    run: |model, rule| {
        let Some(device) = local(model) else {
            return vec![];
        };
        let (name, held) = device.baseline();
        let lacking = model.rule.lacking(held.items(), FULL);
        if lacking.is_empty() && *held != List::Odd {
            return vec![];
        }
        let mut finding = rule.finding(
            paired_place(model),
            "this machine's CLI is paired, but with too few scopes",
            Mend::Repair(
                "give it the CLI's full operator scopes, in every place that must agree".into(),
            ),
        );
        finding = finding
            .seen(format!("deviceId {}", device.key))
            .seen(format!(
                "{name}: {}",
                if *held == List::Odd {
                    "not a list of strings".into()
                } else {
                    list(held.items())
                }
            ))
            .seen(format!("lacks: {}", list(&lacking)));
        if let Some(request) = model.requests.last() {
            finding = finding.seen(request_line(request, model.facts.now_ms));
        }
        let gets_in = *held != List::Odd
            && model.rule.lacking(held.items(), model.era.needed().iter().copied()).is_empty();
        vec![if gets_in {
            finding
                .at_worst(Severity::Warning)
                .seen("everyday commands get in with these; those that need more are refused")
        } else {
            finding
        }]
    },
};

pub static SCOPES_DISAGREE: Rule = Rule {
    code: Code("cli-scopes-disagree"),
    modes: &["F01", "F23"],
    severity: Severity::Warning,
    title: "scopes and approvedScopes say different things",
    why: "Which of the two lists counts differs by release: up to 2026.3 `scopes`, from 2026.4 `approvedScopes`. Where they \
          differ, an update can lock the CLI out.",
    mends: "Both lists get the full set.",
    by_hand: "Write the same list into `scopes` and `approvedScopes`.",
    messages: &["scope-upgrade", "scope-outside-approved-baseline"],
    run: |model, rule| {
        let Some(device) = local(model) else {
            return vec![];
        };
        let (List::Of(approved), scopes) = (&device.approved_scopes, &device.scopes) else {
            return vec![];
        };
        if !model.rule.lacking(approved, FULL).is_empty()
            || model.rule.lacking(scopes.items(), FULL).is_empty()
        {
            return vec![];
        }
        let finding = rule.finding(
            paired_place(model),
            "`approvedScopes` is wide enough, `scopes` is not",
            Mend::Repair("widen `scopes` too".into()),
        );
        vec![
            finding
                .seen(format!("approvedScopes: {}", list(approved)))
                .seen(format!("scopes: {}", list(scopes.items()))),
        ]
    },
};

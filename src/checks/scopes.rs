//! What the CLI's record and its token may do: the lists of scopes, which have to agree.

use super::local::{local, paired_place, with_request};
use super::{Check, Edits, Stage};
use crate::finding::{Code, Finding, Severity};
use crate::model::contact::PairingFault;
use crate::model::device::{Device, List, Token};
use crate::model::scopes::{Era, FULL};
use crate::model::{Model, Shared};
use crate::secret::shape::shown_list;

/// `tokens.operator` of this machine's record; `None` where there is no record to look at.
pub(super) fn entry(model: &Model) -> Option<Option<&Token>> {
    model.usable_identity()?;
    Some(model.local.as_ref()?.operator.as_ref())
}

/// A device token that does not fit heals at the next connect where the CLI has a shared token to
/// show: the gateway issues a new one.
pub(super) fn only_with_device_token(model: &Model, finding: Finding) -> Finding {
    let renews = match model.shared {
        Shared::Absent => return finding,
        Shared::AtStart => {
            "the gateway's next start makes a shared token, and with that the CLI's next connect renews the device token"
        }
        Shared::Present | Shared::Open => {
            "the config holds a shared token or password, so the next connect can renew the device token"
        }
    };
    match model.is_refused_by_saved_token() {
        Some(false) => finding.rated(Severity::Warning).note(renews),
        Some(true) => finding.note(
            "up to 2026.2.12 the CLI shows its saved token first, also if the config holds a shared one: the gateway refuses the next command, the CLI deletes the saved token, and the command after that can get in: run a command twice, or repair",
        ),
        // What the releases differ in, all faults are asked for at once.
        None => finding,
    }
}

/// Whether the release that left its name reads no `approvedScopes` (before 2026.2.21).
fn reads_scopes_alone(model: &Model) -> bool {
    model.release().is_some_and(|release| !release.is_from("2026.2.21"))
}

/// The list of scopes that decides, its name, and by which rules: `approvedScopes` where it is a list, except that a
/// release that reads `scopes` alone may be the one that runs, and those are too few for it.
fn counted<'d>(model: &Model, device: &'d Device) -> (&'static str, &'d List, Era) {
    let (name, baseline) = device.baseline();
    if reads_scopes_alone(model)
        && is_enough(baseline, model.era)
        && !is_enough(&device.scopes, Era::Literal)
    {
        return ("scopes", &device.scopes, Era::Literal);
    }
    (name, baseline, model.era)
}

fn is_enough(held: &List, era: Era) -> bool {
    !held.is_no_list() && era.lacking(held.items(), era.needed().iter().copied()).is_empty()
}

pub static SCOPES_MISSING: Check = Check {
    code: Code("cli-scopes-missing"),
    modes: &["F01", "F26"],
    severity: Severity::Blocks,
    title: "the CLI has too few scopes",
    why: "Each command needs scopes (rights), and the gateway gives a device only the scopes it was approved for. If the first command only asked for the status, the CLI has just `operator.read`, and it cannot approve more for itself. Up to 2026.2.19 each scope must be in the list by name; later `operator.admin` includes all.",
    repair: "The full set (admin, approvals, pairing, read, write) is written into scopes, approvedScopes and the \
             tokens of both sides.",
    by_hand: "Write the same scopes into all four: `scopes`, `approvedScopes` and `tokens.operator.scopes` in \
              devices/paired.json, and `tokens.operator.scopes` in identity/device-auth.json (2026.8 and later: in the \
              rows of device_pairing_paired and device_auth_tokens). If you forget one of them, the CLI stays locked out.",
    messages: &[
        "pairing required",
        "scope upgrade pending approval",
        "device is asking for more scopes than currently approved",
        "missing scope",
        "scope-upgrade",
        "asking for more scopes than currently approved",
        "unknown requestid",
        "missing scope: operator.",
        "device pairing approval denied",
        "device token rotation denied",
        "device token revocation denied",
        "direct scope access failed; using local fallback",
        "runtime-only gateway auth could not prepare local cli device credentials",
        "device token scope mismatch",
        "1008",
    ],
    is_of_device: true,
    stage: Some(Stage::Scopes),
    fault: Some(PairingFault::Scopes),
    find_one: |model, check| {
        let device = local(model)?;
        let (name, held, era) = counted(model, device);
        let lacking = era.lacking(held.items(), FULL);
        if lacking.is_empty() && !held.is_no_list() {
            return None;
        }
        let says = "this machine's CLI is paired, but has too few scopes";
        let holds = match held {
            List::Text | List::Odd => vec!["not a list of texts".to_owned()],
            held => shown_list(held.items()),
        };
        let finding = check
            .finding(paired_place(model), says)
            .repaired("give it the full operator scopes, in all places")
            .detail("deviceId", &device.key)
            .seen_list(name, holds)
            .seen_list("lacks", shown_list(&lacking));
        let finding = match model.release().filter(|_| reads_scopes_alone(model)) {
            Some(release) if device.approved_scopes.is_list() => finding.note(format!(
                "{release}, which wrote the config last, reads `scopes` alone; a later release has written `approvedScopes`, and reads that: \
                 both have to be enough"
            )),
            _ => finding,
        };
        let finding = with_request(model, finding);
        let gets_in = is_enough(held, era);
        let note = "everyday commands work with these scopes; commands that need more are refused";
        Some(finding.rated_if(gets_in, Severity::Warning).note_if(gets_in, note))
    },
    edits: Edits::Grant,
    ..Check::BASE
};

pub static SCOPES_DISAGREE: Check = Check {
    code: Code("cli-scopes-disagree"),
    modes: &["F01", "F23"],
    severity: Severity::Warning,
    title: "scopes and approvedScopes differ",
    why: "Up to 2026.3 the list `scopes` counts, from 2026.4 the list `approvedScopes`. If they differ, an update can \
          lock the CLI out.",
    repair: "Both lists get the full set.",
    by_hand: "Write the same list into `scopes` and `approvedScopes`.",
    messages: &[
        "scope-upgrade",
        "scope-outside-approved-baseline",
        "scope upgrade pending approval",
        "asking for more scopes than currently approved",
        "missing scope: operator.",
    ],
    follows: &[&SCOPES_MISSING, &NARROW, &BEYOND],
    stage: Some(Stage::Scopes),
    find_one: |model, check| {
        let device = local(model)?;
        let List::Of(approved) = &device.approved_scopes else { return None };
        let scopes = &device.scopes;
        if !model.era.lacking(approved, FULL).is_empty()
            || model.era.lacking(scopes.items(), FULL).is_empty()
        {
            return None;
        }
        let says = "the CLI's list approvedScopes is complete, its list scopes is not";
        let finding =
            check.finding(paired_place(model), says).repaired("add the missing scopes to `scopes`");
        Some(
            finding
                .seen_list("approvedScopes", shown_list(approved))
                .seen_list("scopes", shown_list(scopes.items())),
        )
    },
    edits: Edits::Grant,
    ..Check::BASE
};

pub static NARROW: Check = Check {
    code: Code("cli-token-scopes-missing"),
    modes: &["F01", "F23"],
    severity: Severity::Blocks,
    title: "the CLI's operator token has too few scopes",
    why: "A token gives only its own scopes, even if the device was approved for more.",
    repair: "The token gets the device's full scopes, on both sides.",
    by_hand: "Add the missing scopes to tokens.operator.scopes in the record and in the saved token (identity/device-auth.json, or device_auth_tokens).",
    messages: &[
        "device token scope mismatch",
        "scope mismatch",
        "runtime-only gateway auth could not prepare local cli device credentials",
    ],
    follows: &[&SCOPES_MISSING],
    is_of_device: true,
    stage: Some(Stage::Token),
    fault: Some(PairingFault::Scopes),
    find_one: |model, check| {
        let (token, device) = (entry(model)??, model.local.as_ref()?);
        if token.ends_connection() {
            return None;
        }
        let lacking = model.era.lacking(token.scopes.items(), FULL);
        if lacking.is_empty() && !token.scopes.is_no_list() {
            return None;
        }
        // The device itself is too narrow: that finding says it all.
        let (_, baseline) = device.baseline();
        let needed = || model.era.needed().iter().copied();
        let inherits = !model.era.lacking(baseline.items(), needed()).is_empty();
        let gets_in =
            token.scopes.is_list() && model.era.lacking(token.scopes.items(), needed()).is_empty();
        let finding = check
            .finding(paired_place(model), "the CLI's operator token has too few scopes")
            .repaired("give the token the full operator scopes, on both sides");
        let finding = finding
            .seen_list("token scopes", shown_list(token.scopes.items()))
            .seen_list("lacks", shown_list(&lacking));
        let finding = only_with_device_token(model, finding);
        Some(finding.rated_if(inherits || gets_in, Severity::Warning))
    },
    edits: Edits::Grant,
    ..Check::BASE
};

pub static BEYOND: Check = Check {
    code: Code("cli-token-scopes-beyond"),
    modes: &["F01", "F23"],
    severity: Severity::Blocks,
    title: "the CLI's operator token has more scopes than its device",
    why: "From 2026.3.13 the gateway refuses a token that has a scope which its device does not have in \
          `approvedScopes`. To give only the token more scopes makes it worse.",
    repair: "The device gets the same full scopes.",
    by_hand: "Write the token's scopes into `scopes` and `approvedScopes`.",
    messages: &[
        "device token scope mismatch",
        "scope-outside-approved-baseline",
        "device token rotation denied",
    ],
    follows: &[&SCOPES_MISSING],
    is_of_device: true,
    stage: Some(Stage::Token),
    fault: Some(PairingFault::Scopes),
    find_one: |model, check| {
        let (token, device) = (entry(model)??, model.local.as_ref()?);
        let (_, baseline) = device.baseline();
        let beyond =
            model.era.lacking(baseline.items(), token.scopes.items().iter().map(String::as_str));
        if beyond.is_empty() {
            return None;
        }
        let says = "the CLI's operator token has more scopes than its device";
        let finding = check
            .finding(paired_place(model), says)
            .repaired("give the device the full operator scopes too");
        Some(only_with_device_token(model, finding.seen_list("beyond", shown_list(&beyond))))
    },
    edits: Edits::Grant,
    ..Check::BASE
};

//! This machine's own pairing requests: waiting, expired, churning, left over.

use super::local::{KEY_DIFFERS, NOT_PAIRED, ROLE_MISSING, local, record_place, request_line};
use super::pins::PINNED;
use super::scopes::{BEYOND, NARROW, SCOPES_MISSING};
use super::{Check, Edits, identity, import, stores, tokens};
use crate::finding::{Code, Finding, Severity};
use crate::model::Model;
use crate::model::device::Device;
use crate::model::scopes::FULL;
use crate::secret::shape::shown_list;

/// What keeps the CLI out makes its requests wait.
static LOCKED_OUT: &[&Check] = &[
    &identity::MISSING,
    &identity::MALFORMED,
    &identity::FOREIGN,
    &identity::ID_DIFFERS,
    &stores::BROKEN,
    &stores::EMPTY,
    &stores::NOT_AN_OBJECT,
    &import::IMPORT_WAITS,
    &NOT_PAIRED,
    &KEY_DIFFERS,
    &ROLE_MISSING,
    &SCOPES_MISSING,
    &PINNED,
    &tokens::MISSING,
    &tokens::REVOKED,
    &NARROW,
    &BEYOND,
    &tokens::MISMATCH,
    &tokens::CACHE_MISSING,
    &tokens::CACHE_MALFORMED,
    &tokens::CACHE_FOREIGN,
];

/// A finding about these requests.
fn about<'r>(
    model: &Model,
    check: &Check,
    says: impl Into<String>,
    requests: impl IntoIterator<Item = &'r Device>,
) -> Finding {
    let requests: Vec<_> = requests.into_iter().collect();
    let place = record_place(model, &model.pending, requests.first().map(|one| one.key.as_str()));
    let lines = requests.into_iter().map(|request| request_line(request, model.facts.now_ms));
    check.finding(place, says).notes(lines)
}

/// Whether something else than its requests keeps the device out.
fn locked_out(model: &Model) -> bool {
    let with_a_record =
        [&KEY_DIFFERS, &ROLE_MISSING, &SCOPES_MISSING, &PINNED, &tokens::MISSING, &tokens::REVOKED];
    local(model).is_none() || with_a_record.into_iter().any(|check| !check.found(model).is_empty())
}

/// The requests of this machine that have expired, or have not.
fn own(model: &Model, expired: bool) -> Vec<&Device> {
    let now = model.facts.now_ms;
    model.requests.iter().filter(|request| request.expired(now) == expired).collect()
}

pub static REQUEST_WAITS: Check = Check {
    code: Code("cli-request-waits"),
    modes: &["F02"],
    severity: Severity::Info,
    title: "a request of this machine's CLI waits",
    why: "The gateway keeps the request until somebody approves it. To approve it is not always enough, because it can ask for less than the CLI needs.",
    repair: "The CLI gets the scopes that it needs, and its requests are removed.",
    by_hand: "Nothing extra: see the finding that keeps the CLI out.",
    messages: &[
        "pairing required",
        "scope upgrade pending approval",
        "asking for more scopes than currently approved",
        "missing scope: operator.",
        "invalid scope for requested roles",
    ],
    follows: LOCKED_OUT,
    is_of_requests: true,
    find_one: |model, check| {
        let live = own(model, false);
        if live.is_empty() || !locked_out(model) {
            return None;
        }
        let mut finding =
            about(model, check, "a request of this machine's CLI waits for approval", [])
                .repaired("give the CLI its scopes, and remove its requests");
        for request in live {
            let lacking = model.era.lacking(request.scopes.items(), FULL);
            finding = finding.note(request_line(request, model.facts.now_ms));
            if !lacking.is_empty() {
                let label = "if it were approved as it is, the CLI would still lack";
                finding = finding.seen_list(label, shown_list(&lacking));
            }
        }
        Some(finding)
    },
    edits: Edits::Grant,
    ..Check::BASE
};

pub static REQUEST_EXPIRED: Check = Check {
    code: Code("cli-request-expired"),
    modes: &["F03"],
    severity: Severity::Info,
    title: "a request of this machine's CLI has expired",
    why: "A request lives five minutes. After that the gateway removes it, so its id cannot be approved any more.",
    repair: "The CLI gets its scopes without the request; the expired request is removed.",
    by_hand: "Let the CLI ask again, and approve within five minutes.",
    messages: &["unknown requestId"],
    follows: LOCKED_OUT,
    is_of_requests: true,
    find_one: |model, check| {
        let expired = own(model, true);
        expired.first()?;
        let says =
            "a request of this machine's CLI has expired, so its id can no longer be approved";
        Some(about(model, check, says, expired.into_iter().take(3)).repaired("remove it"))
    },
    edits: Edits::Grant,
    ..Check::BASE
};

pub static REQUEST_CHURN: Check = Check {
    code: Code("cli-request-churn"),
    modes: &["F03", "F24"],
    severity: Severity::Info,
    title: "this machine's requests get a new id again and again",
    why: "Each refused try may replace the request by one with a new id. So the id that you saw is gone before you can \
          approve it.",
    repair: "The CLI gets its scopes without any request; all its requests are removed.",
    by_hand: "Stop what tries again (an app, a script), then approve at once what `openclaw devices list` shows.",
    messages: &["unknown requestId"],
    follows: LOCKED_OUT,
    is_of_requests: true,
    find_one: |model, check| {
        if model.requests.len() < 2 {
            return None;
        }
        let says = format!("{} requests of this machine's CLI wait at once", model.requests.len());
        let finding = about(model, check, says, model.requests.iter().rev().take(3));
        Some(finding.repaired("give the CLI its scopes, and remove all of them"))
    },
    edits: Edits::Grant,
    ..Check::BASE
};

pub static REQUEST_STALE: Check = Check {
    code: Code("cli-request-stale"),
    modes: &["F30"],
    severity: Severity::Warning,
    title: "a request of the CLI is left, though it has all scopes",
    why: "The CLI has all it needs, but an old request of it still waits. While a request with `silent: false` is \
          there, the gateway refuses what it would otherwise approve by itself on this machine.",
    repair: "The request is removed.",
    by_hand: "Remove the request from devices/pending.json.",
    messages: &["pairing required", "1008"],
    follows: LOCKED_OUT,
    is_of_requests: true,
    find_one: |model, check| {
        let live = own(model, false);
        if live.is_empty() || locked_out(model) {
            return None;
        }
        let says = "this machine's CLI has all its scopes, but an old request of it still waits";
        Some(about(model, check, says, live).repaired("remove the request"))
    },
    edits: Edits::Grant,
    ..Check::BASE
};

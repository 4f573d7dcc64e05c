//! This machine's own pairing requests: waiting, expired, churning, left over.

use super::local::{KEY_DIFFERS, ROLE_MISSING, SCOPES_MISSING, local};
use super::pins::PINNED;
use super::{Rule, list};
use crate::finding::{Code, Mend, Severity};
use crate::model::device::Device;
use crate::model::layout::Part;
use crate::model::scopes::FULL;
use crate::model::{Model, place_of};
use crate::secret::shape::Shape;

fn pending_place(model: &Model) -> String {
    place_of(model.store, Part::Pending)
}

/// One line about a request.
pub fn request_line(request: &Device, now_ms: i64) -> String {
    let mut words = vec![
        format!("request {}", Shape::RequestId.show(&request.key)),
        format!("asks for {}", list(request.scopes.items())),
    ];
    if request.is_repair {
        words.push("of a device that is paired".into());
    }
    if !request.silent && !request.expired(now_ms) {
        words.push("waits for a person's yes".into());
    }
    if let Some(ip) = &request.remote_ip {
        words.push(format!("from {}", Shape::Address.show(ip)));
    }
    if request.expired(now_ms) {
        words.push("expired".into());
    }
    words.join(", ")
}

/// Whether something else than its requests keeps the device out.
fn locked_out(model: &Model) -> bool {
    local(model).is_none()
        || [
            &KEY_DIFFERS,
            &ROLE_MISSING,
            &SCOPES_MISSING,
            &PINNED,
            &super::tokens::MISSING,
            &super::tokens::REVOKED,
        ]
        .into_iter()
        .any(|rule| !(rule.run)(model, rule).is_empty())
}

/// The requests of this machine that have not expired.
fn live(model: &Model) -> Vec<&Device> {
    let now = model.facts.now_ms;
    model.requests.iter().filter(|request| !request.expired(now)).collect()
}

pub static REQUEST_WAITS: Rule = Rule {
    code: Code("cli-request-waits"),
    modes: &["F02"],
    severity: Severity::Info,
    title: "a pairing request of this machine waits",
    why: "The gateway keeps the request until somebody approves it. Approving it as it stands may not be enough: it may ask \
          for less than the CLI needs.",
    mends: "The device is granted what the CLI needs and its requests are removed.",
    by_hand: "Nothing on its own: see the finding that keeps the CLI out.",
    messages: &["pairing required"],
    run: |model, rule| {
        let live = live(model);
        if live.is_empty() || !locked_out(model) {
            return vec![];
        }
        let mut finding = rule.finding(
            pending_place(model),
            "a request of this machine's CLI waits for approval",
            Mend::Repair("grant the device and remove its requests".into()),
        );
        for request in &live {
            finding = finding.seen(request_line(request, model.facts.now_ms));
            let lacking = model.rule.lacking(request.scopes.items(), FULL);
            if !lacking.is_empty() {
                finding = finding.seen(format!(
                    "approving it as it stands would leave the CLI without {}",
                    list(&lacking)
                ));
            }
        }
        vec![finding]
    },
};

pub static REQUEST_EXPIRED: Rule = Rule {
    code: Code("cli-request-expired"),
    modes: &["F03"],
    severity: Severity::Info,
    title: "a pairing request of this machine has expired",
    why: "Requests live five minutes. The gateway drops an expired one at its next read, so its id cannot be approved any more.",
    mends: "The device is granted without it; the expired request is removed.",
    by_hand: "Let the CLI ask again, and approve within five minutes.",
    messages: &["unknown requestId"],
    run: |model, rule| {
        let expired: Vec<&Device> =
            model.requests.iter().filter(|request| request.expired(model.facts.now_ms)).collect();
        if expired.is_empty() {
            return vec![];
        }
        let mut finding = rule.finding(
            pending_place(model),
            "a request of this machine's CLI has expired; the gateway will not take its id any more",
            Mend::Repair("remove it".into()),
        );
        for request in expired.iter().take(3) {
            finding = finding.seen(request_line(request, model.facts.now_ms));
        }
        vec![finding]
    },
};

pub static REQUEST_CHURN: Rule = Rule {
    code: Code("cli-request-churn"),
    modes: &["F03", "F24"],
    severity: Severity::Info,
    title: "this machine's requests keep changing their id",
    why: "Each refused attempt may replace the request by one with a new id, so that the id that was printed is gone \
          before it can be approved.",
    mends: "The device is granted directly, whatever the ids are; all its requests are removed.",
    by_hand: "List and approve in one shell pipeline.",
    messages: &["unknown requestId"],
    run: |model, rule| {
        if model.requests.len() < 2 {
            return vec![];
        }
        let mut finding = rule.finding(
            pending_place(model),
            format!("{} requests of this machine's CLI wait at once", model.requests.len()),
            Mend::Repair("grant the device and remove all of them".into()),
        );
        for request in model.requests.iter().rev().take(3) {
            finding = finding.seen(request_line(request, model.facts.now_ms));
        }
        vec![finding]
    },
};

pub static REQUEST_STALE: Rule = Rule {
    code: Code("cli-request-stale"),
    modes: &["F30"],
    severity: Severity::Warning,
    title: "a leftover request of a device that is already granted",
    why: "The device holds what it needs, yet a request of it still waits. While one with `silent: false` is there, the next \
          thing that the gateway would have approved silently on loopback is refused.",
    mends: "The request is removed.",
    by_hand: "Take the entry out of devices/pending.json.",
    messages: &["pairing required"],
    run: |model, rule| {
        let live = live(model);
        if live.is_empty() || locked_out(model) {
            return vec![];
        }
        let mut finding = rule.finding(
            pending_place(model),
            "this machine's CLI is granted, but a request of it is still pending",
            Mend::Repair("remove the request".into()),
        );
        for request in live {
            finding = finding.seen(request_line(request, model.facts.now_ms));
        }
        vec![finding]
    },
};

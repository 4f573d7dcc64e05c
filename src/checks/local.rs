//! This machine's CLI in the pairing store: is it paired, as whom, with which scopes.

use super::stores::or_restored;
use super::{Check, Edits, RELEASES_DIFFER, Stage};
use crate::finding::{Code, EvidenceKind, Finding, Place, Severity};
use crate::model::contact::PairingFault;
use crate::model::device::Device;
use crate::model::store::{Condition, Records};
use crate::model::{Model, place_of};
use crate::secret::shape::{Shape, shown_list};
use crate::text::ago;

/// The paired store, and the line of this machine's record.
pub(super) fn paired_place(model: &Model) -> Place {
    record_place(model, &model.paired, model.local.as_ref().map(|device| device.key.as_str()))
}

/// A store, and the line of the first record that is meant where it stands in a file.
pub(super) fn record_place(model: &Model, records: &Records, key: Option<&str>) -> Place {
    place_of(model.store, records.part).line(key.and_then(|key| records.line(key, &[])))
}

/// The device and its record, where the identity can be used and a record is there.
pub(super) fn local(model: &Model) -> Option<&Device> {
    model.usable_identity()?;
    model.local.as_ref()
}

/// What a request asks for: `operator.read, operator.write`.
pub fn asked_for(request: &Device) -> String {
    let roles = request.all_roles();
    let scopes = match request.scopes.items() {
        [] => "no scopes".to_owned(),
        scopes => shown_list(scopes).join(", "),
    };
    match roles.iter().all(|role| role == "operator") {
        true => scopes,
        false => format!("{scopes}, as {}", shown_list(&roles).join(" and ")),
    }
}

/// One line about a request.
pub fn request_line(request: &Device, now_ms: i64) -> String {
    let mut words = vec![
        format!("request {}", Shape::RequestId.show(&request.key)),
        format!("asks for {}", asked_for(request)),
    ];
    if request.is_repair {
        words.push("of a device that is paired".into());
    }
    if !request.silent && !request.expired(now_ms) {
        words.push("waits for approval".into());
    }
    if let Some(ip) = &request.remote_ip {
        words.push(format!("from {}", Shape::Address.show(ip)));
    }
    if request.expired(now_ms) {
        words.push("expired".into());
    }
    words.join(", ")
}

/// A request's id, as far as a person has to type it: its start, where no other one starts like that.
pub fn short_id(model: &Model, id: &str) -> String {
    let start: String = id.chars().take(8).collect();
    let shown = Shape::RequestId.show(id);
    if model.pending.alike(&start) > 1 || shown != id { shown } else { start }
}

/// One line about another device's request: all that tells a person whose it is, and what it would get.
pub fn foreign_request_line(model: &Model, request: &Device) -> String {
    let now_ms = model.facts.now_ms;
    let shown = |shape: Shape, text: &Option<String>| Some(shape.show(text.as_deref()?));
    let mut client = vec![
        shown(Shape::Client, &request.client_id),
        shown(Shape::CLIENT_MODE, &request.client_mode),
        shown(Shape::Platform, &request.platform),
    ];
    client.dedup();
    let client: Vec<String> = client.into_iter().flatten().collect();
    let from = shown(Shape::Address, &request.remote_ip).map(|ip| format!("from {ip}"));
    let expired = if request.expired(now_ms) { ", expired" } else { "" };
    let age = request.asked_at_ms.map(|at| format!("asked {}{expired}", ago(at, now_ms)));
    let parts = [Some(request.name()), Some(client.join(" ")), from, age];
    let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let (id, asks) = (short_id(model, &request.key), asked_for(request));
    format!("{}: request {id} asks for {asks}", parts.join(", "))
}

pub static NOT_PAIRED: Check = Check {
    code: Code("cli-not-paired"),
    modes: &["F02", "F03", "F21", "F35", "F36", "F37"],
    severity: Severity::Blocks,
    title: "this machine's CLI is not paired",
    why: "The gateway lets only paired devices in, and this CLI is not yet paired. The gateway normally pairs a CLI on its own machine by itself, but not through a proxy, from a container, over the LAN, or while a request that a person must approve waits.",
    repair: "The CLI's device is paired with the full operator scopes, and its token is written on both sides.",
    by_hand: "Move the request from devices/pending.json into devices/paired.json, add tokens.operator, and write the same \
              token into identity/device-auth.json.",
    messages: &[
        "pairing required",
        "not-paired",
        "device is not approved yet",
        "unknown requestId",
        "device pairing required",
        "direct scope access failed; using local fallback",
        "device pairing store migration skipped",
        "device token mismatch",
        "device token rejected",
        "1008",
        "unauthorized",
    ],
    follows: &[
        &super::identity::MISSING,
        &super::identity::MALFORMED,
        &super::identity::FOREIGN,
        &super::identity::ID_DIFFERS,
        &super::stores::BROKEN,
        &super::stores::EMPTY,
        &super::stores::NOT_AN_OBJECT,
        &super::import::IMPORT_WAITS,
    ],
    is_of_stores: true,
    is_of_device: true,
    stage: Some(Stage::Record),
    fault: Some(PairingFault::Unknown),
    find_one: |model, check| {
        let identity = model.usable_identity()?;
        let is_unread = matches!(model.paired.condition, Condition::Unusable(_));
        if model.local_entry().is_some() || is_unread {
            return None;
        }
        let says = match model.requests.last() {
            Some(request) if request.expired(model.facts.now_ms) => {
                "this machine's CLI is not paired, and its request has expired"
            }
            Some(_) => {
                "this machine's CLI is not paired, and only a paired CLI could approve its request"
            }
            None => "this machine's CLI is not paired, and it has no request",
        };
        let finding = check
            .finding(paired_place(model), says)
            .repaired("pair it, with the full operator scopes")
            .detail("deviceId", &identity.derived_id);
        Some(or_restored(model, with_request(model, finding)))
    },
    edits: Edits::Grant,
    ..Check::BASE
};

/// A finding with this machine's newest request.
pub(super) fn with_request(model: &Model, finding: Finding) -> Finding {
    let Some(request) = model.requests.last() else { return finding };
    finding.with("", request_line(request, model.facts.now_ms), EvidenceKind::Request)
}

pub static KEY_DIFFERS: Check = Check {
    code: Code("cli-key-differs"),
    modes: &["F38"],
    severity: Severity::Blocks,
    title: "the CLI's record holds another public key",
    why: "Before anything else the gateway compares the CLI's public key with the one in the record, letter by letter.",
    repair: "The record gets the public key of this machine's identity.",
    by_hand: "Write the identity's raw public key, base64url without padding, into the record's publicKey.",
    messages: &[
        "pairing required",
        "device pairing required",
        "device is not approved yet",
        "local cli pairing identity does not match the canonical device key",
        "device public key invalid",
    ],
    is_of_device: true,
    stage: Some(Stage::Record),
    fault: Some(PairingFault::Key),
    find_one: |model, check| {
        let (identity, device) = (model.usable_identity()?, local(model)?);
        if device.public_key.as_deref() == Some(identity.public_key.as_str()) {
            return None;
        }
        let says = "the CLI's paired record holds another public key than its identity";
        let finding = check
            .finding(paired_place(model), says)
            .repaired("write the identity's public key into the record");
        let recorded = match &device.public_key {
            Some(key) => Shape::PublicKey.show_proved(key, &|id| model.proves(id)),
            None => "none".to_owned(),
        };
        Some(finding.seen("identity", &identity.public_key).seen("record", recorded))
    },
    edits: Edits::Grant,
    ..Check::BASE
};

pub static ROLE_MISSING: Check = Check {
    code: Code("cli-role-missing"),
    modes: &["F21", "F23"],
    severity: Severity::Blocks,
    title: "the CLI's device lacks the operator role",
    why: "The CLI connects as `operator`. A device that was approved as something else (as a node, for example) also \
          needs that role.",
    repair: "`operator` is added to the record's role and roles.",
    by_hand: "Add \"operator\" to the record's roles.",
    messages: &[
        "pairing required",
        "role-upgrade",
        "more roles than currently approved",
        "role upgrade pending approval",
        "asking for a higher role than currently approved",
        "1008",
    ],
    is_of_device: true,
    stage: Some(Stage::Role),
    fault: Some(PairingFault::Role),
    find_one: |model, check| {
        let device = local(model)?;
        let roles = device.all_roles();
        let held = device.is_operator();
        if held && device.roles.names_operator() {
            return None;
        }
        let says = "the CLI's record lacks the role `operator` in one place or more";
        let finding = check.finding(paired_place(model), says).repaired("add the role `operator`");
        // From 2026.3.31 `role` and `roles` count together (2026.4.15 is in); before, `roles` alone where it is a list.
        // Up to 2026.4.2 these do not count at all beside a live token of the role (seen on 2026.4.1).
        let live = device
            .operator
            .as_ref()
            .is_some_and(|token| token.is_live() && token.role.as_deref() == Some("operator"));
        let counts = model.by_release(|release| {
            release.is_from("2026.3.31") && (held || live && !release.is_from("2026.4.3"))
        });
        let finding = match counts {
            // A text in the place of the list makes `devices list` fail (seen on 2026.5.28).
            _ if device.roles.is_no_list() => finding,
            Some(true) => finding.rated(Severity::Warning),
            None if held => finding.rated(Severity::Unchecked).note(RELEASES_DIFFER),
            Some(false) | None => finding,
        };
        Some(finding.seen_list("roles", shown_list(&roles)))
    },
    edits: Edits::Grant,
    ..Check::BASE
};

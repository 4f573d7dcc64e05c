//! This machine's own identity: `identity/device.json`, or the `device_identities` row.

use serde_json::{Value, json};

use super::edits::RecordEdits;
use super::leftovers::IDENTITY_WAITS;
use super::stores::to_read_of;
use super::{Check, Edits, Stage, eased_by_gateway, new_identity};
use crate::config::model::ConfigState;
use crate::finding::{Code, Finding, Severity};
use crate::model::contact::PairingFault;
use crate::model::identity::IdentityFault;
use crate::model::layout::{PRIMARY_IDENTITY, Part};
use crate::model::{AuthCondition, IdentityState, Model, Shared, place_of};
use crate::plan::StoreKind;
use crate::secret::shape::Shape;
use crate::step::Step;
use crate::text::unusable;

/// A new identity is a person's choice: clawmend makes it, or OpenClaw does (`by_openclaw`). Before it stands the
/// snapshot that has the old one.
fn renewed(finding: Finding, model: &Model, by_openclaw: Step) -> Finding {
    let kept = &model.facts.kept;
    let note = "puts back the identity, the devices and the config of that snapshot: no device must pair again";
    let back = |id: &String| Step::clawmend(["restore", id]).note(note);
    if let Some(id) = new_identity::lost_database(model) {
        return finding.by_hand([new_identity::makes_database(), back(id)]);
    }
    let back = kept.identity.as_ref().map(back);
    if new_identity::is_possible(model) {
        let renew = new_identity::step(model);
        let ways = match new_identity::saved_seed(model) {
            Some(_) => [Some(renew), back],
            None => [back, Some(renew)],
        };
        return ways.into_iter().flatten().chain([by_openclaw]).fold(finding, Finding::choice);
    }
    finding.by_hand([by_openclaw, Step::clawmend(["repair"]).after("then run")])
}

/// A file, or nothing at all: OpenClaw makes a new key pair when a command needs one.
fn by_command() -> Step {
    Step::run("openclaw", ["devices", "list"]).after("let OpenClaw make one: run this once").note(
        "error or not; this machine is a new device then. Run `clawmend` again, and it pairs it",
    )
}

/// The row of the database: OpenClaw puts another key pair there only when it is told to.
fn by_doctor() -> Step {
    Step::run("openclaw", ["doctor", "--fix"])
        .after("let OpenClaw make one: stop the gateway, then run")
        .note("this machine is a new device then. Start the gateway and run `clawmend` again, and it pairs it")
}

pub static MISSING: Check = Check {
    code: Code("identity-missing"),
    modes: &["F38"],
    severity: Severity::Blocks,
    title: "this machine has no identity yet",
    why: "The CLI proves who it is with a key pair, its identity. Without one the gateway cannot know it. OpenClaw \
          makes a new key pair at the next command. Some gateways pair it by themselves, others wait until it is approved.",
    repair: "Nothing unless you ask for it: `clawmend repair --new-identity` makes a key pair, pairs it and saves its token.",
    by_hand: "Type the first of these commands. Or run `openclaw devices list` once, which makes a new identity, and then type the second.",
    commands: &[&["repair", "--new-identity"], &["repair"]],
    messages: &["pairing required", "device identity required"],
    follows: &[&super::import::IMPORT_WAITS],
    is_of_stores: true,
    is_of_device: true,
    stage: Some(Stage::Device),
    fault: Some(PairingFault::Unknown),
    find_one: |model, check| {
        // What cannot be read, or waits to be imported, has a finding of its own.
        if model.identity != IdentityState::Absent
            || model.is_database_unread()
            || !IDENTITY_WAITS.found(model).is_empty()
        {
            return None;
        }
        let place = place_of(model.store, Part::Identity);
        if !model.paired.entries.is_empty() {
            let says = "the CLI's identity is missing, but devices are paired here";
            return Some(renewed(check.finding(place, says), model, by_command()));
        }
        let says = match &model.facts.kept.identity {
            Some(_) => {
                "the CLI's identity is missing, and no device is paired; a snapshot of clawmend's has them"
            }
            None => {
                "the CLI was never used with this state dir: there is no identity and no paired device"
            }
        };
        // Without a config `openclaw setup` comes first: nothing else of OpenClaw's runs.
        let is_bare = matches!(model.config.state, ConfigState::Absent)
            && model.config.facts.copies.is_empty()
            && !model.config.is_client();
        let setup =
            Step::run("openclaw", ["setup"]).after("first run").note("there is no config yet");
        let finding = check.finding(place, says).rated(Severity::Unchecked);
        Some(match is_bare {
            true => finding.by_hand([setup, by_command().after("then run once")]),
            false => renewed(finding, model, by_command()),
        })
    },
    ..Check::BASE
};

pub static MALFORMED: Check = Check {
    code: Code("identity-malformed"),
    modes: &["F12", "F38"],
    severity: Severity::Blocks,
    title: "the identity cannot be read",
    why: "OpenClaw cannot use a broken identity. Early releases replace it by a new key pair, and up to 2026.4.28 the gateway pairs that by itself. \
          Later ones use another key pair at every call, so no approval lasts.",
    repair: "Nothing unless you ask for it: `clawmend repair --new-identity` keeps the private key if it can read it, and if the key is that of the device in this file or of a paired device. If not, it makes a new key pair. Then it pairs the device.",
    by_hand: "Type the first of these commands. Or move identity/device.json away, run `openclaw devices list` once, and then type the second.",
    commands: &[&["repair", "--new-identity"], &["repair"]],
    messages: &[
        "pairing required",
        "device identity required",
        "device signature invalid",
        "requires credentials before opening a websocket",
        "device public key invalid",
        "invalid persisted device identity",
        "could not access the persisted device identity",
    ],
    stage: Some(Stage::Device),
    find_one: |model, check| {
        let finding = malformed(model, check)?;
        // OpenClaw replaces it, and the new device comes for the first time (seen on 2026.2.23 to 2026.4.8; the same code up to 2026.5.4).
        let is_replaced = match &model.identity {
            IdentityState::Malformed => true,
            IdentityState::Faulty(fault, _) => matches!(
                fault,
                IdentityFault::Field(_) | IdentityFault::Version | IdentityFault::PublicKey
            ),
            _ => false,
        };
        let fault =
            (is_replaced && model.store == StoreKind::Files).then_some(PairingFault::Unknown);
        Some(eased_by_gateway(model, fault, comes_anew(model, finding)))
    },
    ..Check::BASE
};

/// From 2026.5.12 a broken identity stays as it is, and each command comes as a device of its own: with the shared token the gateway
/// lets each in (seen on 2026.5.12, 2026.5.28 and 2026.6.9). What is whole JSON and no identity at all is replaced.
fn comes_anew(model: &Model, finding: Finding) -> Finding {
    if model.store == StoreKind::Sqlite {
        return made_good_at_start(model, finding);
    }
    let bytes = model.images.file(Part::Identity).and_then(|file| file.bytes());
    let stays = bytes.is_some_and(|bytes| match serde_json::from_slice::<Value>(bytes) {
        Ok(value) => ["publicKeyPem", "privateKeyPem", "publicKey", "privateKey"]
            .iter()
            .any(|key| value.get(key).is_some()),
        Err(_) => true,
    });
    if !stays || model.shared != Shared::Present {
        return finding;
    }
    match model.by_release(|release| release.is_from("2026.5.8")) {
        Some(true) => finding.rated(Severity::Warning).note(
            "with the shared token the gateway takes each command for a new device, and lets it in",
        ),
        None => {
            finding.unsure("from 2026.5.12 on each command comes as a new device and is let in")
        }
        Some(false) => finding,
    }
}

/// From 2026.9.6 on a start puts a broken identity right, or makes another (seen there with a key or the id broken; 2026.9.5 does not
/// start). The CLI is in then where its device is not asked for, or is paired silently.
fn made_good_at_start(model: &Model, finding: Finding) -> Finding {
    let is_asked =
        model.shared != Shared::Present && model.heals(PairingFault::Unknown) != Some(true);
    if is_asked || model.facts.gateway.runs() {
        return finding;
    }
    match model.by_release(|release| release.is_from("2026.9.6")) {
        Some(true) => finding
            .rated(Severity::Warning)
            .note("the gateway's next start puts the identity right, or makes another"),
        None => finding.unsure("from 2026.9.6 on the start puts the identity right"),
        Some(false) => finding,
    }
}

fn malformed(model: &Model, check: &Check) -> Option<Finding> {
    let place = place_of(model.store, Part::Identity);
    let aside = || {
        if model.store == StoreKind::Sqlite {
            return by_doctor();
        }
        let path = model.facts.state_dir.join(super::file_name(Part::Identity));
        let broken = path.with_extension("json.broken");
        Step::run("mv", [path, broken]).after("let OpenClaw make one: move it away").note(
            "this machine is a new device then. Run `clawmend` again, and it says what is next",
        )
    };
    Some(match &model.identity {
        IdentityState::Unusable(why) => {
            let says = format!("the identity could not be read: {}", unusable(why));
            let finding =
                check.finding(place, says).by_hand(to_read_of(model, Part::Identity, why));
            // What a broken one does is not known to be done here.
            let why = "With its identity the CLI proves which device it is.".to_owned();
            Finding { why, ..finding.rated(Severity::Unchecked) }
        }
        IdentityState::Malformed => {
            let says = "the identity is not a JSON object (empty, truncated or damaged)";
            renewed(check.finding(place, says), model, aside())
        }
        IdentityState::Faulty(fault, id) => {
            let says = match fault {
                IdentityFault::Field(name) => &format!("the identity lacks `{name}`"),
                IdentityFault::Version => "the identity's `version` is not 1",
                IdentityFault::PublicKey => {
                    "the identity's public key is not an Ed25519 key in PEM"
                }
                IdentityFault::PrivateKey => {
                    "the identity's private key is not an Ed25519 key in PEM"
                }
                IdentityFault::AppShape => {
                    "the identity was written by an app, in a form that the CLI of many releases cannot use"
                }
            };
            let finding = renewed(check.finding(place, says), model, aside());
            match id {
                Some(id) => finding.detail("deviceId", Shape::DeviceId.show(id)),
                None => finding,
            }
        }
        IdentityState::Absent | IdentityState::Found(_) => return None,
    })
}

pub static KEYS_DIFFER: Check = Check {
    code: Code("identity-keys-differ"),
    modes: &["F38"],
    severity: Severity::Blocks,
    title: "the identity's private key does not belong to its public key",
    why: "The CLI signs with the private key, and the gateway checks with the public key. The two do not fit, so the \
          gateway refuses the signature, or OpenClaw makes another identity at each call.",
    repair: "Nothing unless you ask for it: `clawmend repair --new-identity` keeps the private key if its device is paired here. If not, it makes a new key pair. Then it pairs the device.",
    by_hand: "Type the first of these commands. Or move identity/device.json away, run `openclaw devices list` once, and then type the second.",
    commands: &[&["repair", "--new-identity"], &["repair"]],
    messages: &[
        "device signature invalid",
        "pairing required",
        "invalid persisted device identity",
    ],
    stage: Some(Stage::Device),
    find_one: |model, check| match &model.identity {
        IdentityState::Found(identity) if !identity.keys_match => {
            let says = "the identity's private key does not belong to its public key (mixed from two machines?)";
            let finding = check.finding(place_of(model.store, Part::Identity), says);
            let by_openclaw = match model.store {
                StoreKind::Files => by_command(),
                StoreKind::Sqlite => by_doctor(),
            };
            let finding = comes_anew(model, renewed(finding, model, by_openclaw));
            Some(finding.detail("deviceId", identity.shown_id()))
        }
        _ => None,
    },
    ..Check::BASE
};

pub static ID_DIFFERS: Check = Check {
    code: Code("identity-id-differs"),
    modes: &["F38"],
    severity: Severity::Blocks,
    title: "the identity's deviceId does not belong to its key",
    why: "A device id is the SHA-256 hash of the public key. Up to 2026.7 OpenClaw corrects a wrong id at its next start; from 2026.8 it refuses the whole identity. clawmend uses the hash.",
    repair: "In the database the row gets the right id; a file is corrected by OpenClaw itself. The device with the \
             right id gets its scopes.",
    by_hand: "Files: nothing to do. Database: stop the gateway and run `openclaw doctor --fix`.",
    messages: &["device identity mismatch", "invalid persisted device identity"],
    stage: Some(Stage::Device),
    find_one: |model, check| match &model.identity {
        IdentityState::Found(identity) if identity.keys_match && !identity.id_fits() => {
            let says = "the identity's deviceId does not belong to its key";
            let finding = check.finding(place_of(model.store, Part::Identity), says);
            let finding = match model.store {
                StoreKind::Files => finding.rated(Severity::Warning),
                StoreKind::Sqlite => {
                    made_good_at_start(model, finding.repaired("write the right id"))
                }
            };
            Some(
                finding
                    .detail("deviceId", identity.shown_id())
                    .seen("the right id", &identity.derived_id),
            )
        }
        _ => None,
    },
    edits: Edits::Pairing(|model, _| {
        let (Some(row), Some(identity)) = (model.identity_row(), model.usable_identity()) else {
            return vec![];
        };
        let mut edits = RecordEdits::of(StoreKind::Sqlite, Part::Identity, PRIMARY_IDENTITY, row);
        let why = "OpenClaw refuses the whole row if the id is not the hash of the key";
        edits.set(&["deviceId"], json!(identity.derived_id), why, &[ID_DIFFERS.code]);
        edits.done()
    }),
    ..Check::BASE
};

pub static FOREIGN: Check = Check {
    code: Code("identity-foreign"),
    modes: &["F38", "F04"],
    severity: Severity::Warning,
    title: "the paired devices and the identity come from different machines",
    why: "The paired devices belong to another key pair than this machine's identity. This happens after a restored \
          backup, a copied state dir, or when a new identity was made.",
    repair: "The device of this machine's identity is paired; the other devices stay.",
    by_hand: "Put the identity of the same backup back, if you have one.",
    messages: &[
        "pairing required",
        "device token mismatch",
        "device pairing required",
        "device is not approved yet",
    ],
    follows: &[&MISSING, &MALFORMED],
    stage: Some(Stage::Device),
    find_one: foreign,
    edits: Edits::Grant,
    ..Check::BASE
};

fn foreign(model: &Model, check: &Check) -> Option<Finding> {
    let local = model.local_id()?;
    if model.paired.entry(local).is_some() {
        return None;
    }
    let clis = model.paired.devices().filter(|device| device.client_id.as_deref() == Some("cli"));
    let others: Vec<String> = clis.take(3).map(|device| device.name()).collect();
    let cached = model
        .auth
        .device_id
        .as_deref()
        .filter(|id| model.auth.condition == AuthCondition::Good && *id != local);
    if others.is_empty() && cached.is_none() {
        return None;
    }
    let says = "this machine's identity is not the one that was paired here before";
    let finding = check
        .finding(place_of(model.store, Part::Identity), says)
        .repaired("pair this machine's identity; the other devices stay")
        .seen("this machine now", local)
        .seen_each("a CLI paired before", others);
    Some(finding.seen_each("the cached token's device", cached.map(|id| model.shown_id(id))))
}

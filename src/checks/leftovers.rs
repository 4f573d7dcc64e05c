//! Identity and token files of the older generation that lie beside the database.

use serde_json::{Value, json};

use super::edits::{edit, identity_row, record, set_aside};
use super::stores::to_read_of;
use super::{Check, Edits, Stage, file_name, new_identity, set_aside_step};
use crate::finding::{Code, Finding, Severity};
use crate::format::value;
use crate::model::database::Legacy;
use crate::model::device::Record;
use crate::model::facts::GatewayProcess;
use crate::model::identity::{Identity, record_of_app};
use crate::model::layout::{PRIMARY_IDENTITY, Part};
use crate::model::{AuthCondition, IdentityState, Model, Shared};
use crate::plan::{Edit, Op, StoreKind};
use crate::step::Step;
use crate::text::unusable;

pub static IDENTITY_WAITS: Check = Check {
    code: Code("identity-import-waits"),
    modes: &["F14", "F20"],
    severity: Severity::Blocks,
    title: "the identity is not yet in the database",
    why: "From 2026.8 the identity belongs in the database. While it is only in identity/device.json, gateway and CLI \
          refuse to work until it is moved.",
    repair: "The key pair goes from the file into the database, and the file is removed (the snapshot keeps it). \
             OpenClaw's own import does the same.",
    by_hand: "Stop the gateway and run `openclaw doctor --fix`.",
    messages: &[
        "Legacy device identity exists",
        "requires credentials before opening a websocket",
        "startup migrations did not complete cleanly",
    ],
    follows: &[&super::import::IMPORT_WAITS],
    stage: Some(Stage::Device),
    find_one: identity_waits,
    edits: Edits::Pairing(adopted),
    ..Check::BASE
};

fn identity_waits(model: &Model, check: &Check) -> Option<Finding> {
    let legacy = model.legacy.as_ref()?;
    let doctor = || Step::run("openclaw", ["doctor", "--fix"]).after("stop the gateway, then run");
    if let Some(part) = legacy.adopted {
        let says = "the identity is still in a file, and the database has none";
        let repair =
            "put its key pair into the database, and remove the file (the snapshot keeps it)";
        let finding = check.finding(file_name(part), says).repaired(repair);
        let starts = model.facts.gateway == GatewayProcess::NotRunning;
        let imports = model.release().is_none_or(|release| release.is_from("2026.8.1"));
        // Then it is in the database before anybody asks (seen on 2026.9.6).
        let is_taken = starts && imports && is_imported(legacy, None);
        return Some(finding.rated_if(is_taken, Severity::Unchecked).note_if(is_taken, LOOKS));
    }
    if model.identity != IdentityState::Absent {
        return None;
    }
    let claim = legacy.identities.iter().find(|(part, _)| *part != Part::Identity);
    if let Some((claim, _)) = claim {
        let says =
            "the move of the identity into the database was interrupted, and the database has none";
        let dir = &model.facts.state_dir;
        let (claim, identity) = (file_name(*claim), file_name(Part::Identity));
        let back = Step::run("mv", [dir.join(claim), dir.join(identity)])
            .after("if that fails, give the file its old name back");
        return Some(check.finding(claim, says).by_hand([doctor(), back]));
    }
    let (part, found) = legacy.identities.first()?;
    let says = match found {
        IdentityState::Unusable(why) => {
            format!("the identity is still in a file, which could not be read: {}", unusable(why))
        }
        _ => "the identity is still in a file, and the file is not valid".to_owned(),
    };
    let identity = file_name(*part);
    let finding = check.finding(identity, says);
    Some(match new_identity::is_possible(model) {
        true => finding.choice(new_identity::step(model)).choice(
            doctor().after("let OpenClaw make one: stop the gateway, then run").note("then repair"),
        ),
        false => {
            let aside = set_aside_step(model, identity).after("if that fails, move the file away");
            finding.by_hand([doctor(), aside, Step::clawmend(["repair"]).after("then run")])
        }
    })
}

/// The identity's file becomes the row that is missing.
fn adopted(model: &Model, _: &super::Options) -> Vec<Edit> {
    let edits = |legacy: &Legacy| {
        let row = Op::Insert(imported(model, legacy.adopted?)?);
        let why = "the key pair of the file becomes the identity in the database, as in OpenClaw's own import";
        let target = record(StoreKind::Sqlite, Part::Identity, PRIMARY_IDENTITY);
        let mut edits = vec![edit(target, row, why, &[IDENTITY_WAITS.code])];
        edits.extend(gone(legacy, "the key pair is in the database now", IDENTITY_WAITS.code));
        Some(edits)
    };
    model.legacy.as_ref().and_then(edits).unwrap_or_default()
}

/// Whether a start takes the identity's files as they are: from 2026.8.1 it imports one file that fits the row, and stops at
/// anything else (seen on 2026.9.6).
fn is_imported(legacy: &Legacy, key: Option<&str>) -> bool {
    match legacy.identities.as_slice() {
        [(Part::Identity | Part::DoctorClaim, IdentityState::Found(file))] => {
            file.keys_match && key.is_none_or(|key| key == file.public_key)
        }
        _ => false,
    }
}

/// What a start does with such files is only known where it looks for them.
const LOOKS: &str = "a gateway looks for such files at its start, if its release or the config has changed since the last one";

/// The files of an identity that is in the database now, as far as they could be read.
fn gone(legacy: &Legacy, why: &str, code: Code) -> Vec<Edit> {
    let read =
        legacy.identities.iter().filter(|(_, found)| !matches!(found, IdentityState::Unusable(_)));
    read.map(|(part, _)| set_aside(*part, why, code)).collect()
}

/// The row that OpenClaw's own import would make of an identity's file.
fn imported(model: &Model, part: Part) -> Option<Record> {
    model.usable_identity()?;
    let file = value::of(model.images.file(part)?.bytes()?)?;
    let file = file.as_object()?;
    let keys = record_of_app(file).unwrap_or_else(|| file.clone());
    let now = model.facts.now_ms;
    let created = file.get("createdAtMs").and_then(Value::as_i64).filter(|time| *time >= 0);
    let mut row = Record::new();
    row.insert("deviceId".into(), json!(model.local_id()?));
    for name in ["publicKeyPem", "privateKeyPem"] {
        row.insert(name.into(), keys.get(name)?.clone());
    }
    Some(identity_row(row, created.unwrap_or(now), now))
}

pub static IDENTITY_LEFT: Check = Check {
    code: Code("identity-file-left"),
    modes: &["F20"],
    severity: Severity::Unchecked,
    title: "an old identity file is beside the database",
    why: "The identity in the database counts. An old device.json beside it (an older app wrote it, or an import could \
          not remove it) is not used. But at its first start with another release or another config the gateway looks for such files. It removes one that holds the same key. It does not start if one holds another key, or if device.json.native-importing is there (an interrupted import of the macOS app left it).",
    repair: "The files are removed; the snapshot keeps them.",
    by_hand: "Move identity/device.json, and what begins with that name, away. If it comes back, update the app that writes it.",
    messages: &[
        "canonical SQLite device identity differs from the legacy identity",
        "bytes differ from the migration receipt",
        "Could not access the persisted device identity",
        "legacy device identity exists",
        "differs from the legacy identity",
        "differ from the migration receipt",
        "doctor stopped because a state migration refused",
    ],
    stage: Some(Stage::Store),
    find: |model, check| {
        let Some((legacy, row)) = beside_row(model) else { return vec![] };
        let mut found = Vec::new();
        let mut lines = Vec::new();
        for (part, file) in &legacy.identities {
            let name = file_name(*part);
            let holds = match file {
                IdentityState::Unusable(why) => {
                    let finding = check.finding(name, "an old identity file is in the way");
                    found.push(finding.by_hand(to_read_of(model, *part, why)).note(unusable(why)));
                    continue;
                }
                IdentityState::Found(file) if file.public_key == row.public_key => {
                    "the same key as the database".to_owned()
                }
                IdentityState::Found(file) => {
                    format!("another key, of the device {}", file.derived_id)
                }
                _ => "no key pair".to_owned(),
            };
            lines.push((name, format!("{name} holds {holds}")));
        }
        if let Some((name, _)) = lines.first() {
            let (says, repair) = match lines.len() {
                1 => (
                    "an old identity file is beside the database",
                    "remove it (the snapshot keeps it)",
                ),
                _ => (
                    "old identity files are beside the database",
                    "remove them (the snapshot keeps them)",
                ),
            };
            let finding = check.finding(*name, says).repaired(repair);
            let finding = finding.notes(lines.iter().map(|(_, holds)| holds));
            found.push(finding.seen("the database's device", &row.derived_id));
        }
        let imports = model.release().is_none_or(|release| release.is_from("2026.8.1"));
        let rated = |finding: Finding| {
            if is_imported(legacy, Some(&row.public_key)) {
                return finding.rated(Severity::Info);
            }
            let stops = imports && !model.facts.gateway.runs();
            finding.rated_if(!stops, Severity::Warning).note_if(stops, LOOKS)
        };
        found.into_iter().map(rated).collect()
    },
    edits: Edits::Pairing(|model, _| {
        let why = "the identity in the database counts; the file is not used, and can stop the gateway's start";
        let legacy = beside_row(model).map(|(legacy, _)| legacy);
        legacy.map(|legacy| gone(legacy, why, IDENTITY_LEFT.code)).unwrap_or_default()
    }),
    ..Check::BASE
};

/// The older files, and the identity in the database, where that is this machine's.
fn beside_row(model: &Model) -> Option<(&Legacy, &Identity)> {
    let legacy = model.legacy.as_ref().filter(|legacy| legacy.adopted.is_none())?;
    Some((legacy, model.usable_identity()?))
}

pub static AUTH_LEFT: Check = Check {
    code: Code("device-auth-file-left"),
    modes: &["F29", "F14"],
    severity: Severity::Blocks,
    title: "an old device-auth.json blocks the saved token",
    why: "From 2026.8 the CLI's saved token is in the database. While the old identity/device-auth.json exists, \
          OpenClaw refuses to use it, so a CLI without a shared token has no token to send.",
    repair: "The file is removed (the snapshot keeps it), and the saved token in the database is corrected if it is wrong.",
    by_hand: "Move identity/device-auth.json away. If it comes back, update the (macOS) app that writes it.",
    messages: &[
        "Legacy device auth requires migration",
        "requires credentials before opening a websocket",
        "legacy device-auth store is invalid",
        "startup migrations did not complete cleanly",
    ],
    follows: &[&super::import::IMPORT_WAITS],
    stage: Some(Stage::Store),
    find_one: |model, check| {
        let legacy = model.legacy.as_ref()?;
        let says = "an old device-auth.json is there, and while it is, OpenClaw does not use the saved token";
        let finding = check.finding(file_name(Part::DeviceAuth), says);
        let finding = match &legacy.auth.condition {
            AuthCondition::Absent => return None,
            AuthCondition::Unusable(why) => {
                finding.by_hand(to_read_of(model, Part::DeviceAuth, why)).note(unusable(why))
            }
            AuthCondition::Good | AuthCondition::Malformed => {
                finding.repaired("remove it (the snapshot keeps it)")
            }
        };
        let note =
            "the config holds a shared token or password, so the CLI does not need the saved token";
        let has_other = model.shared != Shared::Absent;
        Some(finding.rated_if(has_other, Severity::Warning).note_if(has_other, note))
    },
    edits: Edits::Pairing(|model, _| {
        let condition = model.legacy.as_ref().map(|legacy| &legacy.auth.condition);
        let goes = matches!(condition, Some(AuthCondition::Good | AuthCondition::Malformed));
        let why = "while the file exists, OpenClaw does not use the saved token in the database";
        goes.then(|| set_aside(Part::DeviceAuth, why, AUTH_LEFT.code)).into_iter().collect()
    }),
    ..Check::BASE
};

//! Identity and token files of the older generation that lie beside the database.

use serde_json::{Value, json};

use super::edits::{edit, set_aside};
use super::stores::to_read;
use super::{Check, Edits, Stage, file_name, new_identity, set_aside_step};
use crate::finding::{Code, Finding, Severity};
use crate::format::value;
use crate::model::database::is_identity_claim;
use crate::model::device::Record;
use crate::model::layout::{PRIMARY_IDENTITY, Part};
use crate::model::{AuthCondition, IdentityState, Model, Shared};
use crate::plan::{Edit, Op, StoreKind, Target};
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
    find: identity_waits,
    edits: Edits::Pairing(adopted),
    ..Check::BASE
};

fn identity_waits(model: &Model, check: &Check) -> Vec<Finding> {
    let Some(legacy) = &model.legacy else {
        return vec![];
    };
    let identity = file_name(Part::Identity);
    let doctor = || Step::run("openclaw", ["doctor", "--fix"]).after("stop the gateway, then run");
    if legacy.adopted {
        let says = "the identity is still in a file, and the database has none";
        let repair =
            "put its key pair into the database, and remove the file (the snapshot keeps it)";
        return vec![check.finding(identity, says).repaired(repair)];
    }
    if model.identity != IdentityState::Absent {
        return vec![];
    }
    if let Some(claim) = model.facts.blockers.iter().find(|name| is_identity_claim(name)) {
        let says =
            "the move of the identity into the database was interrupted, and the database has none";
        let dir = &model.facts.state_dir;
        let back = Step::run("mv", [dir.join(claim), dir.join(identity)])
            .after("if that fails, give the file its old name back");
        return vec![check.finding(claim.clone(), says).by_hand([doctor(), back])];
    }
    let says = match &legacy.identity {
        IdentityState::Absent => return vec![],
        IdentityState::Unusable(why) => {
            format!("the identity is still in a file, which could not be read: {}", unusable(why))
        }
        _ => "the identity is still in a file, and the file is not valid".to_owned(),
    };
    let finding = check.finding(identity, says);
    vec![match new_identity::is_possible(model) {
        true => finding.choice(new_identity::step()).choice(
            doctor().after("let OpenClaw make one: stop the gateway, then run").note("then repair"),
        ),
        false => {
            let aside = set_aside_step(model, identity).after("if that fails, move the file away");
            finding.by_hand([doctor(), aside, Step::clawmend(["repair"]).after("then run")])
        }
    }]
}

/// The identity's file becomes the row that is missing.
fn adopted(model: &Model, _: &super::Options) -> Vec<Edit> {
    let codes = [IDENTITY_WAITS.code];
    let is_adopted = model.legacy.as_ref().is_some_and(|legacy| legacy.adopted);
    let Some(row) = is_adopted.then(|| imported(model)).flatten() else {
        return vec![];
    };
    let why = "the key pair of the file becomes the identity in the database, as in OpenClaw's own import";
    let (store, part, key) = (StoreKind::Sqlite, Part::Identity, PRIMARY_IDENTITY.to_owned());
    vec![
        edit(Target::Record { store, part, key }, Op::Insert(row), why, &codes),
        set_aside(part, "the key pair is in the database now", IDENTITY_WAITS.code),
    ]
}

/// The row that OpenClaw's own import would make of the identity's file.
fn imported(model: &Model) -> Option<Record> {
    model.usable_identity()?;
    let file = value::of(model.images.file(Part::Identity)?.bytes()?)?;
    let now = model.facts.now_ms;
    let created = file.get("createdAtMs").and_then(Value::as_i64).filter(|time| *time >= 0);
    let mut row = Record::new();
    row.insert("identityKey".into(), json!(PRIMARY_IDENTITY));
    row.insert("deviceId".into(), json!(model.local_id()?));
    for name in ["publicKeyPem", "privateKeyPem"] {
        row.insert(name.into(), file.get(name)?.clone());
    }
    row.insert("createdAtMs".into(), json!(created.unwrap_or(now)));
    row.insert("updatedAtMs".into(), json!(now));
    Some(row)
}

pub static IDENTITY_LEFT: Check = Check {
    code: Code("identity-file-left"),
    modes: &["F20"],
    severity: Severity::Warning,
    title: "an old identity file is beside the database",
    why: "The identity in the database counts. An old device.json beside it (an older app wrote it, or an import could \
          not remove it) is not used, but it can stop the gateway's start and `openclaw doctor`.",
    repair: "The file is removed; the snapshot keeps it.",
    by_hand: "Move identity/device.json away. If it comes back, update the app that writes it.",
    messages: &[
        "canonical SQLite device identity differs from the legacy identity",
        "bytes differ from the migration receipt",
        "Could not access the persisted device identity",
        "legacy device identity exists",
        "differs from the legacy identity",
        "differ from the migration receipt",
        "doctor stopped because a state migration refused",
    ],
    stage: Some(Stage::Device),
    find: |model, check| {
        let (Some(legacy), Some(row)) = (&model.legacy, model.usable_identity()) else {
            return vec![];
        };
        if legacy.adopted {
            return vec![];
        }
        let finding = |says| {
            let finding = check.finding(file_name(Part::Identity), says);
            finding.repaired("remove it (the snapshot keeps it)")
        };
        vec![match &legacy.identity {
            IdentityState::Absent => return vec![],
            IdentityState::Unusable(why) => check
                .finding(file_name(Part::Identity), "an old identity file is in the way")
                .by_hand(to_read(why))
                .note(unusable(why)),
            IdentityState::Found(file) if file.public_key == row.public_key => {
                finding("the identity's old file is still there")
                    .rated(Severity::Info)
                    .note("it holds the same key as the database")
            }
            IdentityState::Found(file) => {
                finding("an old identity file with another key is beside the database")
                    .seen("the file's device", &file.derived_id)
                    .seen("the database's device", &row.derived_id)
            }
            _ => {
                finding("an old identity file is beside the database").note("it holds no key pair")
            }
        }]
    },
    edits: Edits::Pairing(|model, _| {
        let goes = model.usable_identity().is_some()
            && model.legacy.as_ref().is_some_and(|legacy| {
                let is_there =
                    !matches!(legacy.identity, IdentityState::Absent | IdentityState::Unusable(_));
                is_there && !legacy.adopted
            });
        let why = "the identity in the database counts; the file is not used, and can stop the gateway's start";
        goes.then(|| set_aside(Part::Identity, why, IDENTITY_LEFT.code)).into_iter().collect()
    }),
    ..Check::BASE
};

pub static AUTH_LEFT: Check = Check {
    code: Code("device-auth-file-left"),
    modes: &["F29", "F14"],
    severity: Severity::Blocks,
    title: "an old device-auth.json blocks the saved token",
    why: "From 2026.8 the CLI's saved token is in the database. While the old identity/device-auth.json exists, \
          OpenClaw refuses to use it, so a CLI without a shared token has nothing to show.",
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
    find: |model, check| {
        let Some(legacy) = &model.legacy else {
            return vec![];
        };
        let says = "an old device-auth.json is there, and while it is, OpenClaw does not use the saved token";
        let finding = check.finding(file_name(Part::DeviceAuth), says);
        let finding = match &legacy.auth.condition {
            AuthCondition::Absent => return vec![],
            AuthCondition::Unusable(why) => finding.by_hand(to_read(why)).note(unusable(why)),
            AuthCondition::Good | AuthCondition::Malformed => {
                finding.repaired("remove it (the snapshot keeps it)")
            }
        };
        vec![match model.shared {
            Shared::Absent => finding,
            Shared::Present | Shared::Open => finding.rated(Severity::Warning).note(
                "the config holds a shared token or password, so the CLI does not need the saved token",
            ),
        }]
    },
    edits: Edits::Pairing(|model, _| {
        let condition = model.legacy.as_ref().map(|legacy| &legacy.auth.condition);
        let goes = matches!(condition, Some(AuthCondition::Good | AuthCondition::Malformed));
        let why = "while the file exists, OpenClaw does not use the saved token in the database";
        goes.then(|| set_aside(Part::DeviceAuth, why, AUTH_LEFT.code)).into_iter().collect()
    }),
    ..Check::BASE
};

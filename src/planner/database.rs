//! Mends of the database's generation: cells that are not JSON, the identity's row, and what the
//! older generation left beside it.

use serde_json::{Value, json};

use super::stores::{broken_records, container};
use super::{RecordEdits, remove};
use crate::checks::{identity, import, leftovers, rows};
use crate::finding::Code;
use crate::format::scan;
use crate::image::Slot;
use crate::model::database::{BadCell, Legacy};
use crate::model::device::{Device, Record};
use crate::model::layout::{PRIMARY_IDENTITY, Part};
use crate::model::scopes::union;
use crate::model::store::Condition;
use crate::model::{AuthCondition, IdentityState, Model};
use crate::plan::{Edit, Op, StoreKind, Target};

/// The mends. `grant` is what this machine's CLI gets anyway, so that nothing is said twice.
pub(super) fn mend(model: &Model, grant: &[Edit]) -> Vec<Edit> {
    let Some(legacy) = &model.legacy else {
        return Vec::new();
    };
    let mut edits = cells(model, grant);
    edits.extend(identity_row(model));
    edits.extend(identity_file(model, legacy));
    if matches!(legacy.auth.condition, AuthCondition::Good | AuthCondition::Malformed) {
        edits.push(set_aside(
            Part::DeviceAuth,
            "while the file exists, the cached token in the database is not used",
            leftovers::AUTH_LEFT.code,
        ));
    }
    let rule = import::IMPORT_WAITS.code;
    // An array (or null) counts as empty for the import, which puts the file away.
    if !matches!(legacy.paired.condition, Condition::NotAnObject(_)) {
        edits.extend(container(model, &legacy.paired, &[rule]));
    }
    edits.extend(broken_records(model, &legacy.paired, &[rule]));
    edits
}

/// What the file of the older generation says about a device that becomes a row now. The import
/// drops the file's record once the row is there, so what only it knows goes along: other roles with
/// their tokens (a node host shares the CLI's identity), names and times. Not the platform: a row
/// without one is not pinned.
pub(super) fn keep_filed(model: &Model, row: &mut Record) {
    let filed = model.legacy.as_ref().and_then(|legacy| {
        let key = row.get("deviceId")?.as_str()?;
        legacy.paired.record(legacy.paired.entry(key)?)
    });
    let Some(filed) = filed.filter(|filed| filed.get("publicKey") == row.get("publicKey")) else {
        return;
    };
    for name in ["displayName", "operatorLabel", "clientId", "clientMode"] {
        if let Some(value) = filed.get(name).filter(|value| value.is_string()) {
            row.insert(name.into(), value.clone());
        }
    }
    for name in ["createdAtMs", "approvedAtMs"] {
        if let Some(value) = filed.get(name).filter(|value| value.is_i64()) {
            row.insert(name.into(), value.clone());
        }
    }
    let roles = Device::of("", &filed).all_roles();
    let roles = union(roles.iter().map(String::as_str).chain(["operator"]));
    row.insert("roles".into(), json!(roles));
    if let (Some(Value::Object(held)), Some(Value::Object(tokens))) =
        (filed.get("tokens"), row.get_mut("tokens"))
    {
        for (role, token) in held.iter().filter(|(role, _)| *role != "operator") {
            tokens.insert(role.clone(), token.clone());
        }
    }
}

fn set_aside(part: Part, why: &str, code: Code) -> Edit {
    Edit {
        target: Target::Whole(Slot::File(part)),
        op: Op::Delete,
        why: why.to_owned(),
        mends: vec![code],
    }
}

fn target(part: Part, key: &str) -> Target {
    Target::Record { store: StoreKind::Sqlite, part, key: key.to_owned() }
}

/// Whether an edit writes this cell whole, or takes its row away.
fn covers(edit: &Edit, cell: &BadCell) -> bool {
    let is_field = |path: &[String]| path.is_empty() || path == [cell.field];
    edit.target == target(cell.part, &cell.key)
        && match &edit.op {
            Op::Set { path, .. } | Op::Unset { path, .. } => is_field(path),
            Op::Remove => true,
            _ => false,
        }
}

fn cells(model: &Model, grant: &[Edit]) -> Vec<Edit> {
    let code = rows::CELL_MALFORMED.code;
    let mut edits: Vec<Edit> = Vec::new();
    for cell in model.bad_cells() {
        if grant.iter().chain(&edits).any(|edit| covers(edit, &cell)) {
            continue;
        }
        edits.push(if cell.part == Part::Pending {
            let why = "a cell of the request is not JSON, and that shuts every device out";
            remove(StoreKind::Sqlite, Part::Pending, &cell.key, why, &[code])
        } else {
            Edit {
                target: target(cell.part, &cell.key),
                op: Op::Unset {
                    path: vec![cell.field.to_owned()],
                    old: cell.text.map_or(Value::Null, Value::from),
                },
                why: format!("`{}` is not JSON, and that shuts every device out", cell.column),
                mends: vec![code],
            }
        });
    }
    edits
}

/// The row is refused as a whole unless its id is the key's hash and its times are times.
fn identity_row(model: &Model) -> Vec<Edit> {
    let (Some(row), Some(identity)) = (model.identity_row(), model.usable_identity()) else {
        return Vec::new();
    };
    let mut edits = RecordEdits::new(model, Part::Identity, PRIMARY_IDENTITY, row);
    edits.set(
        &["deviceId"],
        json!(identity.derived_id),
        "the id must be the hash of the key, or the whole row is refused",
        &[identity::ID_DIFFERS.code],
    );
    for name in model.bad_identity_times() {
        edits.set(
            &[name],
            json!(model.facts.now_ms),
            "the row is refused as a whole without valid times",
            &[rows::IDENTITY_TIMES.code],
        );
    }
    edits.edits
}

/// The identity's file becomes the row that is missing, or is set aside.
fn identity_file(model: &Model, legacy: &Legacy) -> Vec<Edit> {
    if matches!(legacy.identity, IdentityState::Absent | IdentityState::Unusable(_))
        || model.usable_identity().is_none()
    {
        return Vec::new();
    }
    if !legacy.adopted {
        let why = "the database's row is the identity; the file is not used, and can stop the gateway's migration";
        return vec![set_aside(Part::Identity, why, leftovers::IDENTITY_LEFT.code)];
    }
    let code = leftovers::IDENTITY_WAITS.code;
    let Some(row) = imported(model) else {
        return Vec::new();
    };
    vec![
        Edit {
            target: target(Part::Identity, PRIMARY_IDENTITY),
            op: Op::Insert(row),
            why:
                "the file's key pair becomes the database's identity, as OpenClaw's own import would have it"
                    .to_owned(),
            mends: vec![code],
        },
        set_aside(Part::Identity, "the key pair is in the database now", code),
    ]
}

fn imported(model: &Model) -> Option<Record> {
    let bytes = model.images.file(Part::Identity)?.bytes()?;
    let file = scan::parse(bytes)?;
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

//! Rows of the database that OpenClaw cannot take: one bad cell shuts everybody out.

use serde_json::{Value, json};

use super::edits::{RecordEdits, edit, record, remove};
use super::{Check, Edits, Options, Stage};
use crate::finding::{Code, Severity};
use crate::model::database::BadCell;
use crate::model::layout::{PRIMARY_IDENTITY, Part};
use crate::model::{Model, place_of};
use crate::plan::{Edit, Op, StoreKind};
use crate::secret::shape::Shape;
use crate::text::count;

pub static CELL_MALFORMED: Check = Check {
    code: Code("cell-malformed"),
    modes: &["F39"],
    severity: Severity::Blocks,
    title: "a value in the pairing tables is not JSON, or a text where a list belongs",
    why: "OpenClaw reads all rows of both pairing tables at every use. One value that is not JSON, in the row of any \
          device, makes that fail, and every device is locked out. The connection then closes, and the message does not name the pairing. \
          A text in the place of a list of roles or scopes makes `devices list` fail.",
    repair: "A request with such a value is removed. In a paired device's row the value is emptied, and that device \
             may have to pair again. This machine's own row gets what it needs.",
    by_hand: "UPDATE device_pairing_paired SET COLUMN = NULL WHERE device_id = '...' (sqlite3, gateway running or not).",
    messages: &[
        "closed (1000",
        "no close reason",
        "SyntaxError",
        "gateway closed (1000",
        "map is not a function",
    ],
    stage: Some(Stage::Store),
    find: |model, check| {
        let bad = model.bad_cells();
        let of = |part| {
            let hit: Vec<&BadCell> = bad.iter().filter(|cell| cell.part == part).collect();
            if hit.is_empty() {
                return None;
            }
            let cells = count(hit.len(), "value is", "values are");
            let is_text = |cell: &&BadCell| {
                cell.text.as_ref().is_some_and(|text| serde_json::from_str::<String>(text).is_ok())
            };
            let says = match hit.iter().all(is_text) {
                true => format!("{cells} a text in the place of a list, and `devices list` fails"),
                false => format!("{cells} not JSON, and that locks every device out"),
            };
            let finding = check.finding(place_of(model.store, part), says).repaired(match part {
                Part::Pending => "remove the request",
                _ => "empty the value; this machine's own row gets what it needs",
            });
            Some(super::named(finding, &hit, |cell| {
                let is_own = Some(cell.key.as_str()) == model.local_id();
                let mine = if is_own { " (this machine)" } else { "" };
                let key = match part {
                    Part::Pending => Shape::RequestId.show(&cell.key),
                    _ => model.shown_id(&cell.key),
                };
                format!("{key}{mine}: {}", cell.column.column)
            }))
        };
        [Part::Paired, Part::Pending].into_iter().filter_map(of).collect()
    },
    edits: Edits::Pairing(emptied),
    ..Check::BASE
};

/// Rows that OpenClaw cannot take: a request goes, a paired row loses the cell.
fn emptied(model: &Model, _: &Options) -> Vec<Edit> {
    let codes = [CELL_MALFORMED.code];
    let store = StoreKind::Sqlite;
    let edits = model.bad_cells().into_iter().map(|cell| match cell.part {
        Part::Pending => {
            let why = "a value of the request is not JSON, and that locks every device out";
            remove(store, cell.part, &cell.key, why, &codes)
        }
        part => {
            let why = format!("OpenClaw cannot read what stands in `{}`", cell.column.column);
            let old = cell.text.map_or(Value::Null, Value::from);
            let op = Op::Unset { path: vec![cell.column.field.to_owned()], old };
            edit(record(store, part, &cell.key), op, why, &codes)
        }
    });
    edits.collect()
}

pub static IDENTITY_TIMES: Check = Check {
    code: Code("identity-times-invalid"),
    modes: &["F38"],
    severity: Severity::Blocks,
    title: "the identity's times are not valid",
    why: "From 2026.8 OpenClaw refuses the whole identity if one of its times is not a whole number from 0 up.",
    repair: "The times are set to now.",
    by_hand: "UPDATE device_identities SET created_at_ms = ..., updated_at_ms = ... WHERE identity_key = 'primary'.",
    messages: &["invalid persisted device identity"],
    stage: Some(Stage::Device),
    find_one: |model, check| {
        let bad = model.bad_identity_times();
        if bad.is_empty() {
            return None;
        }
        let finding = check.finding(
            place_of(StoreKind::Sqlite, Part::Identity),
            "the identity's times are not valid, and OpenClaw refuses the identity for that",
        );
        Some(
            finding
                .repaired("set them to now")
                .seen_list("times", bad.iter().map(ToString::to_string).collect()),
        )
    },
    edits: Edits::Pairing(|model, _| {
        let (Some(row), Some(_)) = (model.identity_row(), model.usable_identity()) else {
            return vec![];
        };
        let mut edits = RecordEdits::of(StoreKind::Sqlite, Part::Identity, PRIMARY_IDENTITY, row);
        for name in model.bad_identity_times() {
            let why = "OpenClaw refuses the whole row without valid times";
            edits.set(&[name], json!(model.facts.now_ms), why, &[IDENTITY_TIMES.code]);
        }
        edits.done()
    }),
    ..Check::BASE
};

//! The plan on the captured database of 2026.9.6, changed in every way that was seen or read of.

mod any_state;
mod legacy;
mod refused;
mod rows;

use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use super::tests::{NOW, facts, options};
use super::*;
use crate::checks;
use crate::finding::{Finding, Remedy, Severity};
use crate::image::{
    Bytes, Cell, Database, FileState, Images, Meta, Row, Slot, Table, TextImage, Unread, Unusable,
};
use crate::model::IdentityState;
use crate::model::layout::PRIMARY_IDENTITY;
use crate::plan::Changes;
use crate::simulate::{images_after, simulate};
use crate::store::sqlite::SqliteStore;

const ID: &str = "402092da47472b1fb9cc9a805fcd8787b6710b6aac6461f3d2adf20a0f5fccc6";
const OTHER: &str = "e4e8f6e8993a591f0f30069937aa51998f54cc5b0310f53c8979a0e125e0e8d5";
const OTHER_KEY: &str = "cLopRPTMgn4f7TMuF2O4PzMcpMU_Y-jE9USqu4aDnco";
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");

/// The captured state, with no file beside the database.
fn captured() -> Images {
    static READ: OnceLock<Images> = OnceLock::new();
    READ.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        std::fs::create_dir(&state).unwrap();
        for entry in
            std::fs::read_dir(format!("{FIXTURES}/2026.9.6-sqlite-read-only/state")).unwrap()
        {
            let entry = entry.unwrap();
            let bytes = std::fs::read(entry.path()).unwrap();
            std::fs::write(state.join(entry.file_name()), bytes).unwrap();
        }
        let mut images = Images::default();
        let store = SqliteStore::new(dir.path(), std::time::Duration::ZERO);
        images.database = store.read();
        for part in Part::ALL {
            file(&mut images, part, None);
        }
        images
    })
    .clone()
}

fn file(images: &mut Images, part: Part, text: Option<&str>) {
    let Some(name) = part.file() else { return };
    let state = text.map_or(FileState::Absent, |text| FileState::Present {
        bytes: Bytes::new(text.as_bytes().to_vec()),
        meta: Meta::default(),
    });
    let path = format!("/s/{name}").into();
    images.texts.insert(Slot::File(part), TextImage { path, state });
}

fn database(images: &mut Images) -> &mut Database {
    match &mut images.database.as_mut().unwrap().state {
        Ok(database) => database,
        other => panic!("{other:?}"),
    }
}

fn table(images: &mut Images, part: Part) -> &mut Table {
    Arc::make_mut(database(images).tables.get_mut(&part).unwrap())
}

/// Sets a cell of the first row.
fn set(images: &mut Images, part: Part, column: &str, cell: Cell) {
    let table = table(images, part);
    let at = table.column(column).unwrap();
    table.rows[0].0[at] = cell;
}

fn add(images: &mut Images, part: Part, cells: &[(&str, Cell)]) {
    let table = table(images, part);
    let mut row = vec![Cell::Null; table.columns.len()];
    for (column, cell) in cells {
        row[table.column(column).unwrap()] = cell.clone();
    }
    table.rows.push(Row(row));
}

fn words(word: &str) -> Cell {
    Cell::Text(word.to_owned())
}

fn cell(images: &Images, part: Part, row: usize, column: &str) -> Cell {
    match &images.database.as_ref().unwrap().state {
        Ok(database) => {
            let table = &database.tables[&part];
            table.cell(&table.rows[row], column).unwrap().clone()
        }
        other => panic!("{other:?}"),
    }
}

/// The identity's row as the file of the older generation.
fn identity_file(images: &Images) -> String {
    let text = |column| cell(images, Part::Identity, 0, column).text().unwrap().to_owned();
    json!({"version": 1, "deviceId": ID, "publicKeyPem": text("public_key_pem"), "privateKeyPem": text("private_key_pem"), "createdAtMs": 7}).to_string()
}

/// Another device, as an approval would have written it.
fn add_other(images: &mut Images, column: &str, broken: &str) {
    let mut cells = vec![
        ("device_id", words(OTHER)),
        ("public_key", words(OTHER_KEY)),
        ("role", words("operator")),
        ("roles_json", words("[\"operator\"]")),
        ("created_at_ms", Cell::Integer(1)),
        ("approved_at_ms", Cell::Integer(1)),
    ];
    cells.retain(|(name, _)| *name != column);
    cells.push((column, words(broken)));
    add(images, Part::Paired, &cells);
}

fn model(images: &Images) -> Model {
    Model::of(images.clone(), facts())
}

/// The same state with a shared token in its config.
fn with_token(mut images: Images) -> Model {
    let path = std::path::PathBuf::from("/s/openclaw.json");
    let config =
        br#"{"gateway": {"mode": "local", "bind": "loopback", "auth": {"token": "0123456789abcdef"}}}"#;
    let state = FileState::Present { bytes: Bytes::new(config.to_vec()), meta: Meta::default() };
    let image = TextImage { path: path.clone(), state };
    images.texts.insert(Slot::Config(path.clone()), image);
    let mut facts = facts();
    facts.config.path = path;
    Model::of(images, facts)
}

fn found(model: &Model, code: &str) -> Option<Finding> {
    checks::diagnose(model).into_iter().find(|finding| finding.code.0 == code)
}

fn codes(model: &Model) -> Vec<&'static str> {
    let blocking = |finding: &Finding| finding.severity.fails();
    checks::diagnose(model)
        .iter()
        .filter(|finding| blocking(finding))
        .map(|finding| finding.code.0)
        .collect()
}

/// Diagnoses, plans, plays the plan through and diagnoses again.
fn repaired(images: &Images) -> (Model, Changes) {
    let plan = plan(&model(images), &options());
    let changes = simulate(&model(images), &plan).unwrap();
    let after = model(&images_after(images.clone(), changes.clone()));
    let left: Vec<_> = checks::diagnose(&after)
        .into_iter()
        .filter(|finding| finding.severity.fails() || matches!(finding.remedy, Remedy::Repair(_)))
        .collect();
    assert!(left.is_empty(), "left: {left:#?}\n{plan:#?}");
    let again = super::plan(&after, &options());
    assert!(again.edits.is_empty(), "a second run would do more: {again:#?}");
    (after, changes)
}

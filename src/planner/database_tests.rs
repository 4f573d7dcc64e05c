//! The planner on the captured database of 2026.9.6, changed in every way that was seen or read of.

use std::sync::{Arc, OnceLock};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::checks;
use crate::finding::{Finding, Mend, Severity};
use crate::image::{
    Bytes, Cell, Database, DatabaseState, FileState, Images, Meta, Row, Slot, Table, TextImage,
    Unusable,
};
use crate::model::IdentityState;
use crate::model::layout::PRIMARY_IDENTITY;
use crate::plan::Changes;
use crate::simulate::{images_after, simulate};
use crate::store::Store;
use crate::store::sqlite::SqliteStore;

const NOW: i64 = 1_795_535_999_000;
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
        store.read(&mut images).unwrap();
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
    images
        .texts
        .insert(Slot::File(part), TextImage { path, state });
}

fn database(images: &mut Images) -> &mut Database {
    match &mut images.database.as_mut().unwrap().state {
        DatabaseState::Readable(database) => database,
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
        DatabaseState::Readable(database) => {
            let table = &database.tables[&part];
            table.cell(&table.rows[row], column).unwrap().clone()
        }
        other => panic!("{other:?}"),
    }
}

/// The identity's row as the file of the older generation.
fn identity_file(images: &Images) -> String {
    let text = |column| {
        cell(images, Part::Identity, 0, column)
            .text()
            .unwrap()
            .to_owned()
    };
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

fn options() -> Options {
    Options {
        scopes: Scopes::Full,
        pairing: true,
        config: true,
        random: [7; 32],
        ..Options::default()
    }
}

fn facts() -> Facts {
    Facts {
        now_ms: NOW,
        platform: "linux".into(),
        state_dir: "/s".into(),
        ..Facts::default()
    }
}

use crate::model::facts::Facts;

fn model(images: &Images) -> Model {
    Model::of(images.clone(), facts())
}

/// The same state with a shared token in its config.
fn with_token(mut images: Images) -> Model {
    let path = std::path::PathBuf::from("/s/openclaw.json");
    let config = br#"{"gateway": {"mode": "local", "bind": "loopback", "auth": {"token": "0123456789abcdef"}}}"#;
    let state = FileState::Present {
        bytes: Bytes::new(config.to_vec()),
        meta: Meta::default(),
    };
    let image = TextImage {
        path: path.clone(),
        state,
    };
    images.texts.insert(Slot::Config(path.clone()), image);
    let mut facts = facts();
    facts.config.path = path;
    Model::of(images, facts)
}

fn found(model: &Model, code: &str) -> Option<Finding> {
    checks::diagnose(model)
        .into_iter()
        .find(|finding| finding.code.0 == code)
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
    let changes = simulate(images, &plan).unwrap();
    let after = model(&images_after(images.clone(), changes.clone()));
    let left: Vec<_> = checks::diagnose(&after)
        .into_iter()
        .filter(|finding| finding.severity.fails() || matches!(finding.mend, Mend::Repair(_)))
        .collect();
    assert!(left.is_empty(), "left: {left:#?}\n{plan:#?}");
    let again = super::plan(&after, &options());
    assert!(again.is_empty(), "a second run would do more: {again:#?}");
    (after, changes)
}

#[test]
fn the_captured_lockout_is_named_and_opened_and_nothing_else_is_touched() {
    let before = captured();
    assert_eq!(codes(&model(&before))[0], "cli-scopes-missing");
    let (after, changes) = repaired(&before);
    assert!(changes.files.is_empty());
    let mut columns: Vec<String> = Vec::new();
    for change in &changes.rows {
        match &change.op {
            crate::plan::RowOp::Update(cells) => {
                columns.extend(cells.iter().map(|cell| cell.column.clone()));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        columns,
        [
            "scopes_json",
            "approved_scopes_json",
            "tokens_json",
            "scopes_json",
            "updated_at_ms"
        ]
    );
    assert!(after.tokens_agree());
    let tokens = cell(&after.images, Part::Paired, 0, "tokens_json");
    assert!(
        tokens
            .text()
            .unwrap()
            .contains("\"lastUsedAtMs\":1795535999163"),
        "what the edit does not name stays"
    );
}

#[test]
fn a_device_that_the_gateway_paired_itself_is_healthy_with_admin_alone() {
    let mut images = captured();
    let admin = || words("[\"operator.admin\"]");
    set(&mut images, Part::Paired, "scopes_json", admin());
    set(&mut images, Part::Paired, "approved_scopes_json", admin());
    let token = json!({"operator": {"token": "SJ5OG14x6h2lFCBkOsX-1pDJHnpEUgtw5IlPIewc15I", "role": "operator",
        "scopes": ["operator.admin", "operator.read", "operator.write"], "createdAtMs": 1}});
    set(
        &mut images,
        Part::Paired,
        "tokens_json",
        words(&token.to_string()),
    );
    set(&mut images, Part::DeviceAuth, "scopes_json", admin());
    for column in ["platform", "device_family", "approved_via"] {
        set(&mut images, Part::Paired, column, Cell::Null);
        assert!(checks::diagnose(&model(&images)).is_empty());
        assert!(plan(&model(&images), &options()).is_empty());
    }
}

#[test]
fn with_a_shared_token_pairing_warns_and_the_identity_still_blocks() {
    let mut images = captured();
    let with = |images: &Images| with_token(images.clone());
    let finding = found(&with(&images), "cli-scopes-missing").unwrap();
    assert_eq!(finding.severity, Severity::Warning);
    assert!(finding.evidence.last().unwrap().contains("shared token"));
    assert!(!checks::fails(&checks::diagnose(&with(&images))));
    set(&mut images, Part::Identity, "device_id", words(OTHER));
    assert_eq!(codes(&with(&images)), ["identity-id-differs"]);
}

#[test]
fn a_database_that_cannot_be_read_is_named_and_nothing_is_planned() {
    let states = [
        (
            DatabaseState::Damaged("page 7".into()),
            "database-damaged",
            Severity::Blocks,
        ),
        (DatabaseState::Foreign, "database-foreign", Severity::Blocks),
        (DatabaseState::Empty, "database-empty", Severity::Blocks),
        (
            DatabaseState::Damaged("its rollback journal".into()),
            "database-unfinished",
            Severity::Unchecked,
        ),
        (
            DatabaseState::Unusable(Unusable::NotAFile("a folder")),
            "database-unusable",
            Severity::Blocks,
        ),
        (
            DatabaseState::Unusable(Unusable::Symlink("/x".into())),
            "database-unusable",
            Severity::Unchecked,
        ),
        (
            DatabaseState::Unusable(Unusable::Denied),
            "database-unusable",
            Severity::Unchecked,
        ),
    ];
    for (state, code, severity) in states {
        let mut images = captured();
        images.database.as_mut().unwrap().state = state;
        let seen = model(&images);
        assert_eq!(seen.store, StoreKind::Sqlite);
        let findings = checks::diagnose(&seen);
        assert_eq!(findings.len(), 1, "{findings:#?}");
        assert_eq!((findings[0].code.0, findings[0].severity), (code, severity));
        assert!(plan(&seen, &options()).is_empty());
        // Where pairing files lie there, they count as long as nobody can tell better.
        file(&mut images, Part::Paired, Some("{}"));
        let seen = model(&images);
        assert_eq!(seen.store, StoreKind::Files);
        assert!(found(&seen, code).is_some());
    }
}

#[test]
fn an_interrupted_write_is_told_from_damage() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("state")).unwrap();
    let store = SqliteStore::new(dir.path(), std::time::Duration::ZERO);
    let connection = rusqlite::Connection::open(store.path()).unwrap();
    connection.execute_batch("CREATE TABLE a (b)").unwrap();
    drop(connection);
    let journal = format!("{}-journal", store.path().display());
    std::fs::write(journal, [0xd9; 1024]).unwrap();
    let mut images = Images::default();
    store.read(&mut images).unwrap();
    assert!(
        found(&model(&images), "database-unfinished").is_some(),
        "{:?}",
        images.database
    );
}

#[test]
fn one_bad_cell_of_any_device_shuts_everybody_out_and_goes() {
    for column in ["roles_json", "tokens_json", "node_surface_json"] {
        let mut images = captured();
        add_other(&mut images, column, "{\"token\": tru");
        assert!(codes(&model(&images)).contains(&"cell-malformed"));
        let (after, _) = repaired(&images);
        assert_eq!(cell(&after.images, Part::Paired, 1, column), Cell::Null);
        assert_eq!(
            cell(&after.images, Part::Paired, 1, "public_key"),
            words(OTHER_KEY)
        );
    }
    // This machine's own row, and requests of anybody.
    let mut images = captured();
    for column in [
        "roles_json",
        "scopes_json",
        "tokens_json",
        "node_surface_json",
    ] {
        set(&mut images, Part::Paired, column, words("["));
    }
    for (id, device) in [("r1", OTHER), ("r2", ID)] {
        let cells = [
            ("request_id", words(id)),
            ("device_id", words(device)),
            ("public_key", words(OTHER_KEY)),
            ("scopes_json", words("nonsense")),
            ("ts", Cell::Integer(NOW)),
        ];
        add(&mut images, Part::Pending, &cells);
    }
    let (after, changes) = repaired(&images);
    assert!(after.pending.entries.is_empty());
    assert!(after.local.unwrap().tokens_usable);
    assert_eq!(changes.rows.len(), 4);
}

#[test]
fn a_bad_cell_is_mended_also_where_there_is_no_identity_to_grant() {
    let mut images = captured();
    table(&mut images, Part::Identity).rows.clear();
    add_other(&mut images, "scopes_json", "");
    let plan = plan(&model(&images), &options());
    let after = images_after(images.clone(), simulate(&images, &plan).unwrap());
    assert!(found(&model(&after), "cell-malformed").is_none());
    assert_eq!(codes(&model(&after)), ["identity-missing"]);
}

#[test]
fn the_identity_of_a_file_becomes_the_row_that_is_missing() {
    let mut images = captured();
    let text = identity_file(&images).replace(ID, OTHER);
    file(&mut images, Part::Identity, Some(&text));
    table(&mut images, Part::Identity).rows.clear();
    let seen = model(&images);
    assert!(codes(&seen).contains(&"identity-import-waits"));
    assert!(found(&seen, "identity-missing").is_none());
    let (after, changes) = repaired(&images);
    assert_eq!(changes.files.len(), 1);
    let whole = captured();
    for column in [
        "identity_key",
        "device_id",
        "public_key_pem",
        "private_key_pem",
    ] {
        assert_eq!(
            cell(&after.images, Part::Identity, 0, column),
            cell(&whole, Part::Identity, 0, column)
        );
    }
    assert_eq!(
        cell(&after.images, Part::Identity, 0, "created_at_ms"),
        Cell::Integer(7)
    );
    assert_eq!(
        cell(&after.images, Part::Identity, 0, "identity_key"),
        words(PRIMARY_IDENTITY)
    );

    // Not whole, or claimed by an import that was interrupted: a person decides.
    let mut claimed = facts();
    claimed.blockers = vec!["identity/device.json.doctor-importing".into()];
    let claimed = Model::of(images.clone(), claimed);
    file(&mut images, Part::Identity, Some("{\"version\": 1}"));
    for seen in [claimed, model(&images)] {
        let finding = found(&seen, "identity-import-waits").unwrap();
        assert!(matches!(finding.mend, Mend::ByHand(_)));
        assert!(plan(&seen, &options()).is_empty());
    }
}

#[test]
fn an_identity_row_that_is_no_identity_is_left_to_openclaw() {
    let mut images = captured();
    set(
        &mut images,
        Part::Identity,
        "private_key_pem",
        words("none"),
    );
    let text = identity_file(&captured());
    file(&mut images, Part::Identity, Some(&text));
    let seen = model(&images);
    assert!(matches!(seen.identity, IdentityState::Faulty(..)));
    assert_eq!(codes(&seen), ["identity-malformed"]);
    assert!(plan(&seen, &options()).is_empty());
}

#[test]
fn leftover_files_are_set_aside() {
    let whole = captured();
    let other =
        include_str!("../../tests/fixtures/2026.5.28-scope-upgrade-pending/identity/device.json");
    let same = identity_file(&whole);
    for (text, severity) in [
        (same.as_str(), Severity::Info),
        (other, Severity::Warning),
        ("rubbish", Severity::Warning),
    ] {
        let mut images = captured();
        file(&mut images, Part::Identity, Some(text));
        let finding = found(&model(&images), "identity-file-left").unwrap();
        assert_eq!(finding.severity, severity);
        repaired(&images);
    }
    let mut images = captured();
    file(&mut images, Part::DeviceAuth, Some("{}"));
    assert!(codes(&model(&images)).contains(&"device-auth-file-left"));
    repaired(&images);
    let with = with_token(images.clone());
    assert!(!checks::fails(&checks::diagnose(&with)));
}

#[test]
fn records_that_stop_the_import_go_and_the_others_wait_for_it() {
    let mut images = captured();
    let record = |times: bool, token: bool| {
        let mut record = json!({"deviceId": OTHER, "publicKey": OTHER_KEY, "ts": 5});
        if times {
            record["createdAtMs"] = json!(1);
            record["approvedAtMs"] = json!(1);
        }
        if token {
            record["tokens"] = json!({"operator": {"token": "t", "role": "operator"}});
        }
        record
    };
    let cases = [
        (
            json!({OTHER: record(true, false)}),
            Severity::Warning,
            Some(OTHER),
        ),
        (
            json!({OTHER: record(false, true)}),
            Severity::Warning,
            Some(OTHER),
        ),
        (
            json!({OTHER: record(false, false)}),
            Severity::Warning,
            None,
        ),
        (json!([]), Severity::Info, None),
    ];
    for (paired, severity, stays) in cases {
        file(&mut images, Part::Paired, Some(&paired.to_string()));
        let finding = found(&model(&images), "import-waits").unwrap();
        assert_eq!(finding.severity, severity, "{paired}");
        let (after, _) = repaired(&images);
        let left = after.legacy.unwrap().paired;
        assert_eq!(left.entries.first().map(|entry| entry.key.as_str()), stays);
    }
    for broken in ["", "{\"a\": {"] {
        file(&mut images, Part::Paired, Some(broken));
        assert!(codes(&model(&images)).contains(&"import-waits"));
        repaired(&images);
    }
    table(&mut images, Part::Paired).rows.clear();
    file(
        &mut images,
        Part::Paired,
        Some(&json!({OTHER: record(false, false)}).to_string()),
    );
    assert!(codes(&model(&images)).contains(&"import-waits"));
    repaired(&images);
}

#[test]
fn what_only_the_file_knows_of_this_machine_goes_into_its_row() {
    let mut images = captured();
    table(&mut images, Part::Paired).rows.clear();
    let filed = json!({ID: {"deviceId": ID, "publicKey": "RQ48M69QPzfSIJ6XC3voszpka8Cs440c8j5qKF22430",
        "displayName": "box", "platform": "darwin", "roles": ["node"], "createdAtMs": 3, "approvedAtMs": 4,
        "tokens": {"node": {"token": "n", "role": "node"}, "operator": {"token": "old"}}}});
    file(&mut images, Part::Paired, Some(&filed.to_string()));
    let (after, _) = repaired(&images);
    let row = after.paired.record(after.local_entry().unwrap()).unwrap();
    assert_eq!(row["roles"], json!(["node", "operator"]));
    assert_eq!(row["tokens"]["node"], json!({"token": "n", "role": "node"}));
    assert_eq!(row["displayName"], "box");
    assert_eq!(row["createdAtMs"], 3);
    assert!(!row.contains_key("platform"));
    assert!(after.tokens_agree());
}

#[test]
fn releases_that_do_not_fit_the_database_are_told() {
    let mut images = captured();
    database(&mut images).user_version = 99;
    let finding = found(&model(&images), "database-newer").unwrap();
    assert_eq!(finding.severity, Severity::Info);
    repaired(&images);
    let mut facts = facts();
    facts.migrated = vec!["devices/paired.json.migrated".into()];
    facts.blockers = vec!["exec-approvals.json".into()];
    let seen = Model::of(images.clone(), facts.clone());
    assert!(found(&seen, "database-downgraded").is_none());
    assert_eq!(
        found(&seen, "files-migrated").unwrap().severity,
        Severity::Info
    );
    assert_eq!(
        found(&seen, "exec-approvals-left").unwrap().severity,
        Severity::Warning
    );
    file(&mut images, Part::Paired, Some("{}"));
    let seen = Model::of(images.clone(), facts.clone());
    assert_eq!(
        found(&seen, "database-downgraded").unwrap().severity,
        Severity::Warning
    );
    file(&mut images, Part::Paired, None);
    images.database = None;
    let seen = Model::of(images, facts);
    assert_eq!(
        found(&seen, "database-downgraded").unwrap().severity,
        Severity::Blocks
    );
    assert!(found(&seen, "exec-approvals-left").is_none());
}

fn scope_cell() -> impl Strategy<Value = Cell> {
    let some = proptest::sample::subsequence(
        vec![
            "operator.admin",
            "operator.read",
            "operator.write",
            "operator.pairing",
            "operator.talk",
        ],
        0..5,
    );
    prop_oneof![
        3 => some.prop_map(|scopes| words(&json!(scopes).to_string())),
        1 => Just(Cell::Null),
        1 => prop_oneof![Just("null"), Just("\"operator.read\""), Just("[1, \"operator.read\"]"), Just("[\"operator"), Just("")].prop_map(words),
    ]
}

proptest! {
    #[test]
    fn every_state_of_the_database_is_opened_by_one_plan(
        scopes in scope_cell(), approved in scope_cell(), token_scopes in scope_cell(), cached_scopes in scope_cell(),
        tokens in 0u8..8, cached in 0u8..4, role in prop_oneof![Just(None), Just(Some("operator")), Just(Some("node"))],
        roles in prop_oneof![Just("[\"operator\"]"), Just("[]"), Just("[\"node\"]"), Just("{"), Just("7")],
        identity in 0u8..6, auth_file in 0u8..4, identity_left in 0u8..4, paired_file in 0u8..5, other in 0u8..4,
        request in any::<bool>(), platform in prop_oneof![Just("linux"), Just("win32"), Just("")], row in 0u8..8,
    ) {
        let mut images = captured();
        let token = cell(&images, Part::DeviceAuth, 0, "token");
        let file_of_identity = identity_file(&images);
        set(&mut images, Part::Paired, "scopes_json", scopes);
        set(&mut images, Part::Paired, "approved_scopes_json", approved);
        set(&mut images, Part::Paired, "roles_json", words(roles));
        set(&mut images, Part::Paired, "role", role.map_or(Cell::Null, words));
        set(&mut images, Part::Paired, "platform", words(platform));
        let entry = |revoked: bool| {
            let scopes = token_scopes.text().map_or(Value::Null, |text| serde_json::from_str(text).unwrap_or(Value::Null));
            let mut entry = json!({"token": token.text(), "role": "operator", "scopes": scopes, "x-unknown": [1.50]});
            if revoked { entry["revokedAtMs"] = json!(5); }
            json!({"operator": entry}).to_string()
        };
        let map = match tokens {
            0 => Cell::Null,
            1 => words("[]"),
            2 => words("{\"operator\": null}"),
            3 => words("{\"operator\": {\"token\""),
            4 => words(&entry(true)),
            _ => words(&entry(false)),
        };
        set(&mut images, Part::Paired, "tokens_json", map);
        set(&mut images, Part::DeviceAuth, "scopes_json", cached_scopes);
        match cached {
            0 => table(&mut images, Part::DeviceAuth).rows.clear(),
            1 => set(&mut images, Part::DeviceAuth, "token", words("another")),
            _ => {}
        }
        match identity {
            0 => set(&mut images, Part::Identity, "device_id", words(OTHER)),
            1 => set(&mut images, Part::Identity, "created_at_ms", Cell::Integer(-1)),
            2 => {
                table(&mut images, Part::Identity).rows.clear();
                file(&mut images, Part::Identity, Some(&file_of_identity));
            }
            _ => match identity_left {
                0 => file(&mut images, Part::Identity, Some(&file_of_identity)),
                1 => file(&mut images, Part::Identity, Some("{}")),
                _ => {}
            },
        }
        match auth_file {
            0 => file(&mut images, Part::DeviceAuth, Some("{}")),
            1 => file(&mut images, Part::DeviceAuth, Some(&json!({"version": 1, "deviceId": ID, "tokens": {"operator": {"token": "old", "role": "operator", "scopes": []}}}).to_string())),
            _ => {}
        }
        match paired_file {
            0 => file(&mut images, Part::Paired, Some("")),
            1 => file(&mut images, Part::Paired, Some(&json!({"x": {"deviceId": "x"}, "y": 1, ID: {"deviceId": ID}}).to_string())),
            2 => file(&mut images, Part::Paired, Some("{\"a\": {}, ")),
            _ => {}
        }
        match other {
            0 => add_other(&mut images, "tokens_json", "{"),
            1 => add_other(&mut images, "display_name", "somebody"),
            _ => {}
        }
        if request {
            let cells = [("request_id", words("r")), ("device_id", words(ID)), ("public_key", words("RQ48M69QPzfSIJ6XC3voszpka8Cs440c8j5qKF22430")), ("ts", Cell::Integer(NOW))];
            add(&mut images, Part::Pending, &cells);
        }
        if row == 0 {
            table(&mut images, Part::Paired).rows.remove(0);
        }
        let (after, changes) = repaired(&images);
        prop_assert!(after.local.is_some() && after.tokens_agree());
        if other == 1 {
            prop_assert!(changes.rows.iter().all(|change| change.key.iter().all(|(_, key)| key.text() != Some(OTHER))));
        }
    }
}

//! Rows that lock out, and a database that cannot be read.

use super::*;
use crate::plan::StoreKind;

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
        ["scopes_json", "approved_scopes_json", "tokens_json", "scopes_json", "updated_at_ms"]
    );
    assert!(after.tokens_agree());
    let tokens = cell(&after.images, Part::Paired, 0, "tokens_json");
    assert!(
        tokens.text().unwrap().contains("\"lastUsedAtMs\":1795535999163"),
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
    set(&mut images, Part::Paired, "tokens_json", words(&token.to_string()));
    set(&mut images, Part::DeviceAuth, "scopes_json", admin());
    for column in ["platform", "device_family", "approved_via"] {
        set(&mut images, Part::Paired, column, Cell::Null);
        assert!(checks::diagnose(&model(&images)).is_empty());
        assert!(plan(&model(&images), &options()).edits.is_empty());
    }
}

#[test]
fn with_a_shared_token_pairing_warns_and_the_identity_blocks_up_to_2026_9_5() {
    let images = captured();
    let with = |images: &Images| with_token(images.clone());
    let finding = found(&with(&images), "cli-scopes-missing").unwrap();
    assert_eq!(finding.severity, Severity::Warning);
    assert!(finding.evidence.last().unwrap().value().contains("shared token"));
    assert!(!checks::fails(&checks::diagnose(&with(&images))));
    for (column, value, code) in [
        ("device_id", words(OTHER), "identity-id-differs"),
        ("public_key_pem", words("bad"), "identity-malformed"),
    ] {
        let mut images = images.clone();
        set(&mut images, Part::Identity, column, value);
        // Its start puts the identity right, or makes another.
        assert_eq!(codes(&with(&images)), [""; 0], "{column}");
        assert_eq!(found(&with(&images), code).unwrap().severity, Severity::Warning);
        database(&mut images).app_version = Some("2026.9.5".to_owned());
        assert_eq!(codes(&with(&images)), [code]);
    }
}

#[test]
fn a_database_that_cannot_be_read_is_named_and_nothing_is_planned() {
    let states = [
        (Unread::Damaged("page 7".into()), "database-damaged", Severity::Blocks),
        (Unread::Foreign, "database-foreign", Severity::Blocks),
        (Unread::Empty, "database-empty", Severity::Blocks),
        (Unread::Unfinished, "database-unfinished", Severity::Unchecked),
        (Unread::Unusable(Unusable::NotAFile("a folder")), "database-unusable", Severity::Blocks),
        (
            Unread::Unusable(Unusable::Symlink("/x".into())),
            "database-unusable",
            Severity::Unchecked,
        ),
        (Unread::Unusable(Unusable::Denied), "database-unusable", Severity::Unchecked),
    ];
    for (state, code, severity) in states {
        let mut images = captured();
        images.database.as_mut().unwrap().state = Err(state);
        let seen = model(&images);
        assert_eq!(seen.store, StoreKind::Sqlite);
        let findings = checks::diagnose(&seen);
        assert_eq!(findings.len(), 1, "{findings:#?}");
        assert_eq!((findings[0].code.0, findings[0].severity), (code, severity));
        assert!(plan(&seen, &options()).edits.is_empty());
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
    let database = dir.path().join(crate::model::layout::DATABASE);
    let connection = rusqlite::Connection::open(&database).unwrap();
    connection.execute_batch("CREATE TABLE a (b)").unwrap();
    drop(connection);
    let journal = format!("{}-journal", database.display());
    std::fs::write(journal, [0xd9; 1024]).unwrap();
    let images = Images { database: store.read(), ..Images::default() };
    assert!(found(&model(&images), "database-unfinished").is_some(), "{:?}", images.database);
}

#[test]
fn one_bad_cell_of_any_device_shuts_everybody_out_and_goes() {
    for column in ["roles_json", "tokens_json", "node_surface_json"] {
        let mut images = captured();
        add_other(&mut images, column, "{\"token\": tru");
        assert!(codes(&model(&images)).contains(&"cell-malformed"));
        let (after, _) = repaired(&images);
        assert_eq!(cell(&after.images, Part::Paired, 1, column), Cell::Null);
        assert_eq!(cell(&after.images, Part::Paired, 1, "public_key"), words(OTHER_KEY));
    }
    // This machine's own row, and requests of anybody.
    let mut images = captured();
    for column in ["roles_json", "scopes_json", "tokens_json", "node_surface_json"] {
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
fn a_bad_cell_is_repaired_also_where_there_is_no_identity_to_grant() {
    let mut images = captured();
    table(&mut images, Part::Identity).rows.clear();
    add_other(&mut images, "scopes_json", "");
    let plan = plan(&model(&images), &options());
    let after = images_after(images.clone(), simulate(&model(&images), &plan).unwrap());
    assert!(found(&model(&after), "cell-malformed").is_none());
    assert_eq!(codes(&model(&after)), ["identity-missing"]);
}

/// Seen: `devices list` of 2026.9.6 fails ("device.roles.map is not a function"), and 2026.9.3 refuses all.
#[test]
fn a_list_that_is_something_else_locks_out() {
    let open = repaired(&captured()).0.images.clone();
    let mut images = open.clone();
    set(&mut images, Part::Paired, "roles_json", words("\"operator\""));
    assert_eq!(codes(&model(&images)), ["cell-malformed", "cli-role-missing"]);
    let (after, _) = repaired(&images);
    assert_ne!(cell(&after.images, Part::Paired, 0, "roles_json"), words("\"operator\""));
    let mut images = open;
    set(&mut images, Part::Paired, "approved_scopes_json", words("{}"));
    assert_eq!(codes(&model(&images))[0], "cli-scopes-missing");
    repaired(&images);
}

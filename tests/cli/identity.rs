//! `repair --new-identity`: a key pair for a CLI that has none, or none that can be used.

use clawmend::exit::Exit;
use clawmend::model::identity::Identity;
use serde_json::Value;

use crate::support::Sandbox;

const FILES: &str = "2026.5.28-scope-upgrade-pending";
const DATABASE: &str = "2026.9.6-sqlite-read-only";
const IDENTITY: &str = "identity/device.json";

fn database(sandbox: &Sandbox) -> rusqlite::Connection {
    rusqlite::Connection::open(sandbox.path("state/openclaw.sqlite")).unwrap()
}

/// The identity of the state, its device and its token, as a gateway compares them.
fn in_agreement(sandbox: &Sandbox, is_database: bool) -> String {
    let text = |sql: &str, id: &str| -> String {
        database(sandbox).query_row(sql, [id], |row| row.get(0)).unwrap()
    };
    let (record, device, cached) = if is_database {
        let columns = [
            ("deviceId", "device_id"),
            ("publicKeyPem", "public_key_pem"),
            ("privateKeyPem", "private_key_pem"),
        ];
        let record: serde_json::Map<String, Value> = columns
            .map(|(field, column)| {
                let sql = format!("SELECT {column} FROM device_identities WHERE identity_key = ?");
                (field.to_owned(), text(&sql, "primary").into())
            })
            .into_iter()
            .collect();
        let id = record["deviceId"].as_str().unwrap().to_owned();
        let paired = |column: &str| {
            text(&format!("SELECT {column} FROM device_pairing_paired WHERE device_id = ?"), &id)
        };
        let device = serde_json::json!({
            "publicKey": paired("public_key"),
            "tokens": serde_json::from_str::<Value>(&paired("tokens_json")).unwrap(),
        });
        let cached = text("SELECT token FROM device_auth_tokens WHERE device_id = ?", &id);
        (record, device, cached)
    } else {
        let record = sandbox.json(IDENTITY);
        assert_eq!(record["version"], 1);
        assert!(record["createdAtMs"].is_i64());
        let id = record["deviceId"].as_str().unwrap().to_owned();
        let auth = sandbox.json("identity/device-auth.json");
        assert_eq!(auth["deviceId"], id.as_str());
        let cached = auth["tokens"]["operator"]["token"].as_str().unwrap().to_owned();
        let device = sandbox.json("devices/paired.json")[&id].clone();
        (record.as_object().unwrap().clone(), device, cached)
    };
    let identity = Identity::of(&record).unwrap();
    assert!(identity.id_fits() && identity.keys_match);
    assert_eq!(device["publicKey"], identity.public_key.as_str());
    assert_eq!(device["tokens"]["operator"]["token"], cached.as_str());
    assert_eq!(device["tokens"]["operator"]["scopes"].as_array().unwrap().len(), 5);
    identity.device_id
}

#[test]
#[cfg_attr(clawmend_portable, ignore = "owners and modes")]
fn an_identity_that_is_gone_is_made_anew_and_paired() {
    let sandbox = Sandbox::fixture(FILES);
    std::fs::remove_file(sandbox.path(IDENTITY)).unwrap();
    let found = sandbox.run(&[]).expect(Exit::Findings);
    assert!(found.stdout.contains("clawmend repair --new-identity"), "{}", found.text());
    sandbox.run(&["repair", "--yes"]).expect(Exit::Findings);
    assert!(!sandbox.path(IDENTITY).exists(), "never without being asked");

    let run = sandbox.run(&["repair", "--yes", "--new-identity"]).expect(Exit::Done);
    in_agreement(&sandbox, false);
    let key = sandbox.json(IDENTITY)["privateKeyPem"].as_str().unwrap().to_owned();
    assert!(!run.text().contains(key.lines().nth(1).unwrap()), "{}", run.text());
    use std::os::unix::fs::PermissionsExt;
    let mode = sandbox.path(IDENTITY).metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    sandbox.run(&["restore", "--yes"]).expect(Exit::Done);
    assert!(!sandbox.path(IDENTITY).exists());
}

#[test]
fn the_database_gets_a_new_identity_too() {
    let sandbox = Sandbox::fixture(DATABASE);
    database(&sandbox).execute("DELETE FROM device_identities", []).unwrap();
    sandbox.run(&["repair", "--yes", "--new-identity"]).expect(Exit::Done);
    in_agreement(&sandbox, true);
}

#[test]
fn a_private_key_that_can_be_saved_keeps_its_device() {
    let files = Sandbox::fixture(FILES);
    let (old, text) = (files.json(IDENTITY)["deviceId"].clone(), files.read(IDENTITY));
    files.write(IDENTITY, &text[..text.find("-----END PRIVATE").unwrap()]);
    files.run(&["repair", "--yes", "--new-identity"]).expect(Exit::Done);
    assert_eq!(in_agreement(&files, false), old);

    let rows = Sandbox::fixture(DATABASE);
    let id = "SELECT device_id FROM device_identities";
    let old: String = database(&rows).query_row(id, [], |row| row.get(0)).unwrap();
    let spoil = "UPDATE device_identities SET public_key_pem = 'x', device_id = 'y'";
    database(&rows).execute(spoil, []).unwrap();
    rows.run(&["repair", "--yes", "--new-identity"]).expect(Exit::Done);
    assert_eq!(in_agreement(&rows, true), old);
}

#[test]
fn a_foreign_or_damaged_private_key_is_not_kept() {
    let sandbox = Sandbox::fixture(FILES);
    let mut record = sandbox.json(IDENTITY);
    let old = record["deviceId"].clone();
    let other = include_str!("../fixtures/2026.2.19-pending-after-proxy/identity/device.json");
    let other: Value = serde_json::from_str(other).unwrap();
    record["privateKeyPem"] = other["privateKeyPem"].clone();
    sandbox.write(IDENTITY, record.to_string());
    sandbox.run(&["repair", "--yes", "--new-identity"]).expect(Exit::Done);
    let id = in_agreement(&sandbox, false);
    assert!(old != *id && other["deviceId"] != *id, "{id}");
}

#[test]
fn a_good_identity_is_replaced_when_a_person_wants_that() {
    for (fixture, is_database) in [(FILES, false), (DATABASE, true)] {
        let sandbox = Sandbox::fixture(fixture);
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
        let old = in_agreement(&sandbox, is_database);
        let run = sandbox.run(&["repair", "--yes", "--new-identity=always"]).expect(Exit::Done);
        assert_ne!(in_agreement(&sandbox, is_database), old);
        assert!(run.stderr.contains(&format!("openclaw devices remove {old}")), "{}", run.text());
        sandbox.run(&["restore", "--yes"]).expect(Exit::Done);
        assert_eq!(in_agreement(&sandbox, is_database), old);
    }
}

/// A key pair that works is kept, whatever else is wrong with the identity or the pairing.
#[test]
fn a_key_pair_that_works_is_never_thrown_away_unasked() {
    for (fixture, is_database) in [(FILES, false), (DATABASE, true)] {
        for spoils_id in [false, true] {
            let sandbox = Sandbox::fixture(fixture);
            let key = match is_database {
                false => sandbox.json(IDENTITY)["publicKeyPem"].as_str().unwrap().to_owned(),
                true => {
                    let sql = "SELECT public_key_pem FROM device_identities";
                    database(&sandbox).query_row(sql, [], |row| row.get(0)).unwrap()
                }
            };
            if spoils_id && is_database {
                let spoil = "UPDATE device_identities SET device_id = 'x'";
                database(&sandbox).execute(spoil, []).unwrap();
            } else if spoils_id {
                let mut record = sandbox.json(IDENTITY);
                record["deviceId"] = "0".repeat(64).into();
                sandbox.write(IDENTITY, record.to_string());
            }
            let run = sandbox.run(&["repair", "--yes", "--new-identity"]).expect(Exit::Done);
            assert!(run.stderr.contains("--new-identity changes nothing"), "{}", run.text());
            let after = match is_database {
                false => sandbox.json(IDENTITY)["publicKeyPem"].as_str().unwrap().to_owned(),
                true => {
                    let sql = "SELECT public_key_pem FROM device_identities";
                    database(&sandbox).query_row(sql, [], |row| row.get(0)).unwrap()
                }
            };
            assert_eq!(after, key, "{fixture} {spoils_id}");
        }
    }
}

#[test]
fn where_none_can_be_paired_none_is_made() {
    let sandbox = Sandbox::fixture(FILES);
    sandbox.write(
        "openclaw.json",
        r#"{"gateway": {"mode": "remote", "remote": {"url": "wss://gw.example.com"}}}"#,
    );
    std::fs::remove_dir_all(sandbox.path("devices")).unwrap();
    let before = sandbox.read(IDENTITY);
    sandbox.run(&["repair", "--yes", "--new-identity"]).expect(Exit::Refused);
    let only = ["repair", "--yes", "--new-identity", "--only", "config"];
    sandbox.run(&only).expect(Exit::Refused);
    assert_eq!(sandbox.read(IDENTITY), before);
}

#[test]
fn what_an_app_claimed_of_the_identity_goes_and_comes_back() {
    let sandbox = Sandbox::fixture("2026.9.6-sqlite-read-only");
    let claim = Sandbox::fixture("2026.5.28-scope-upgrade-pending").read("identity/device.json");
    let names = ["identity/device.json", "identity/device.json.native-importing"];
    for name in names {
        sandbox.write(name, claim.clone());
    }
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    assert!(names.iter().all(|name| !sandbox.path(name).exists()));
    sandbox.run(&["undo", "--yes"]).expect(Exit::Done);
    assert!(names.iter().all(|name| sandbox.read(name) == claim));
    sandbox.run(&["restore", "--yes"]).expect(Exit::Done);
    assert!(names.iter().all(|name| !sandbox.path(name).exists()));
}

/// At its start a gateway makes the CLI's saved token anew (2026.8.2, 2026.9.3 and 2026.9.6 let it in after that).
#[test]
fn a_saved_token_that_the_start_makes_anew_locks_nobody_out() {
    for change in [
        "DELETE FROM device_auth_tokens",
        "UPDATE device_auth_tokens SET token = substr(token, 2)",
        "UPDATE device_auth_tokens SET role = 'node'",
    ] {
        let sandbox = Sandbox::fixture(DATABASE);
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
        database(&sandbox).execute_batch(change).unwrap();
        let found = sandbox.run(&["--json"]).expect(Exit::Done).json();
        assert_eq!(found["findings"][0]["severity"], "warning", "{change}: {found:#}");
    }
}

/// Seen on 2026.8.2, 2026.9.3 and 2026.9.6; a table, an index or a view more stops none of them.
#[test]
fn a_database_that_is_not_built_as_the_gateway_wants_it_blocks() {
    let code = |change: &str| {
        let sandbox = Sandbox::fixture(DATABASE);
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
        database(&sandbox).execute_batch(change).unwrap();
        let found = sandbox.run(&["--json"]).json();
        found["findings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["code"] == "database-columns-differ" && one["severity"] == "blocks")
    };
    for change in [
        "DELETE FROM schema_meta",
        "DROP TABLE schema_meta",
        "UPDATE schema_meta SET role = 'agent'",
        "CREATE TRIGGER mine AFTER INSERT ON device_pairing_pending BEGIN SELECT 1; END",
    ] {
        assert!(code(change), "{change}");
    }
    for change in [
        "UPDATE schema_meta SET schema_version = 99",
        "CREATE TABLE mine (a)",
        "CREATE VIEW mine AS SELECT 1",
    ] {
        assert!(!code(change), "{change}");
    }
}

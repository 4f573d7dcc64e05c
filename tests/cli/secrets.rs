//! No secret of any fixture comes out of any command, in any output mode.

use clawmend::exit::Exit;

use crate::support::Sandbox;

fn secrets(sandbox: &Sandbox) -> Vec<String> {
    let mut found = Vec::new();
    fn walk(value: &serde_json::Value, secret: bool, found: &mut Vec<String>) {
        match value {
            serde_json::Value::String(text) if secret => found.push(text.clone()),
            serde_json::Value::Array(items) => {
                items.iter().for_each(|item| walk(item, secret, found))
            }
            serde_json::Value::Object(fields) => {
                for (name, value) in fields {
                    walk(
                        value,
                        ["token", "privateKeyPem", "password"].contains(&name.as_str()),
                        found,
                    );
                }
            }
            _ => {}
        }
    }
    for name in [
        "openclaw.json",
        "devices/paired.json",
        "identity/device.json",
        "identity/device-auth.json",
    ] {
        if let Ok(text) = std::fs::read_to_string(sandbox.path(name)) {
            walk(&serde_json::from_str(&text).unwrap(), false, &mut found);
        }
    }
    if sandbox.path("state/openclaw.sqlite").exists() {
        // As captured: the device token and the private key.
        found.push("SJ5OG14x6h2lFCBkOsX-1pDJHnpEUgtw5IlPIewc15I".into());
        found.push("MC4CAQAwBQYDK2VwBCIEIBmojf7czwP8YsZUX2Vp".into());
    }
    found
        .iter()
        .flat_map(|secret| secret.lines().map(str::to_owned))
        .filter(|line| !line.starts_with("-----"))
        .collect()
}

#[test]
fn no_secret_comes_out_of_any_command() {
    for fixture in [
        "2026.2.19-pending-after-proxy",
        "2026.5.28-scope-upgrade-pending",
        "2026.9.6-sqlite-read-only",
    ] {
        let sandbox = Sandbox::fixture(fixture);
        let mut hidden = secrets(&sandbox);
        assert!(!hidden.is_empty(), "{fixture}: nothing to look for");
        // What a repair makes up here (32 bytes of a fixed pattern) is a secret too.
        for byte in 1..=4u8 {
            hidden.push(clawmend::model::device::token_from(&[byte; 32]).expose().to_owned());
        }
        let commands: &[&[&str]] = &[
            &["diagnose"],
            &["devices"],
            &["repair", "--dry-run"],
            &["approve", "--dry-run"],
            &["repair", "--yes"],
            &["snapshot", "list"],
            &["snapshot", "show"],
            &["snapshot", "verify"],
            &["restore", "--dry-run"],
            &["restore", "--yes"],
            &["restore", "--yes", "--force"],
            &["snapshot", "create"],
            &["repair"],
            &["explain", "F01"],
        ];
        for command in commands {
            for mode in [&[][..], &["-v"], &["--json"], &["--color", "always"]] {
                let args: Vec<&str> = command.iter().chain(mode).copied().collect();
                let run = sandbox.run(&args);
                for secret in &hidden {
                    assert!(
                        !run.text().contains(secret.as_str()),
                        "{fixture}: {args:?} printed a secret:\n{}",
                        run.text()
                    );
                }
            }
        }
        let manifests = walk_manifests(&sandbox);
        assert!(!manifests.is_empty());
        for (path, text) in manifests {
            for secret in &hidden {
                assert!(
                    !text.contains(secret.as_str()),
                    "{}: a manifest holds a secret",
                    path.display()
                );
            }
        }
    }
}

fn walk_manifests(sandbox: &Sandbox) -> Vec<(std::path::PathBuf, String)> {
    std::fs::read_dir(sandbox.path("clawmend/snapshots"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("manifest.json"))
        .map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
        .collect()
}

/// A secret in the wrong field of the config is no less a secret.
#[test]
fn a_secret_in_the_wrong_place_does_not_come_out() {
    const SECRET: &str = "Qk7cAnArYtOkEnVrj1_j258mhmci7lPFTO1eXBa4";
    let configs = [
        r#"{"gateway":{"mode":"local","auth":{"mode":"T"}}}"#,
        r#"{"gateway":{"mode":"T","bind":"T"}}"#,
        r#"{"gateway":{"mode":"local","bind":"custom","customBindHost":"T"}}"#,
        r#"{"gateway":{"mode":"remote","remote":{"url":"user:T@host:8443"}}}"#,
        r#"{"gateway":{"mode":"remote","remote":{"url":"wss;//u:T@h"}}}"#,
        r#"{"gateway":{"mode":"remote","remote":{"url":"wss://h/;token=T"}}}"#,
        r#"{"gateway":{"mode":"local","trustedProxies":"T"}}"#,
        r#"{"gateway":{"mode":"local","trustedProxies":["T"]}}"#,
        r#"{"T":1,"gateway":{"mode":"local","T":2,"auth":{"T":{"T":3}}}}"#,
        r#"{"gateway":{"mode":"local","port":"T","tailscale":{"mode":"T"}}}"#,
        r#"{"gateway":{"mode":"local","auth":{"token":{"source":"env","id":"T"}}}}"#,
        r#"{"gateway":{"mode":"local","auth":{"token":{"source":"exec","provider":"T","id":"T"}}}}"#,
        r#"{"gateway":{"mode":"remote","bind":"0.0.0.0"},"T":"T"}"#,
    ];
    for config in configs {
        let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
        sandbox.write("openclaw.json", config.replace('T', SECRET));
        sandbox.set("OPENCLAW_GATEWAY_URL", &format!("user:{SECRET}@host"));
        for args in [
            &["diagnose", "-v"][..],
            &["diagnose", "--json"],
            &["repair", "-n", "-v"],
            &["repair", "-n", "--json"],
            &["devices", "-v"],
            &["explain", "gateway-mode-remote"],
        ] {
            let text = sandbox.run(args).text();
            assert!(!text.contains(SECRET), "{config} {args:?}:\n{text}");
        }
    }
}

/// A config around a place, as text; in the flow that clawmend recommends for a broken one.
#[track_caller]
fn hidden_in_config(text: &str, secrets: &[&str]) {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    sandbox.write("openclaw.json.bak", sandbox.read("openclaw.json"));
    sandbox.write("openclaw.json", text);
    let copy = sandbox.path("openclaw.json.bak").display().to_string();
    let shown = sandbox.run(&["repair", "-n", "--config-from", &copy]).expect(Exit::Done);
    assert!(shown.stdout.contains("+++ openclaw.json"), "{}", shown.text());
    for args in [
        &["diagnose", "-v"][..],
        &["diagnose", "--json"],
        &["repair", "-n", "--new-token"],
        &["repair", "-n", "--config-from", &copy],
        &["repair", "-n", "--json", "--config-from", &copy],
    ] {
        let run = sandbox.run(args);
        for secret in secrets {
            assert!(!run.text().contains(secret), "{args:?}: {secret}\n{}", run.text());
        }
    }
}

const PASSPHRASE: &str = "quixotic jackdaws vexing marmalade";
const WORDS: [&str; 4] = ["quixotic", "jackdaws", "vexing", "marmalade"];

/// (a) A colon lost, or `=` in its place.
#[test]
fn a_secret_beside_a_lost_colon() {
    for sign in ["", " =", "="] {
        let text = format!(
            "{{ \"gateway\": {{ \"mode\": \"local\",\n \"password\"{sign} \"{PASSPHRASE}\" }} }}"
        );
        hidden_in_config(&text, &WORDS);
    }
}

/// (b) A comment or a U+FEFF between key and colon.
#[test]
fn a_secret_behind_a_key_that_stands_apart_from_its_colon() {
    for between in [" /* x */ ", "\u{feff}", " // x\n"] {
        let text = format!(
            "{{ \"gateway\": {{ \"bind\": \"local\", \"auth\": {{ \"mode\": \"password\",\n \"password\"{between}: \"{PASSPHRASE}\" }} }} }}"
        );
        hidden_in_config(&text, &WORDS);
        let text = format!(
            "{{ gateway: {{ bind: \"local\", mode: \"local\",\n pin{between}: 4829, hidden{between}: \"hunterhunter\" }} }}"
        );
        hidden_in_config(&text, &["4829", "hunterhunter"]);
    }
}

/// (c) A `//` comment that a lone CR ends.
#[test]
fn a_secret_behind_a_comment_that_a_cr_ends() {
    hidden_in_config(
        "{ gateway: { bind: // x\r \"local\", password:\n \"quixotic jackdaws vexing marmalade\" } }",
        &WORDS,
    );
}

/// (d) A line continuation.
#[test]
fn a_secret_over_two_lines() {
    for end in ["\n", "\r\n", "\u{2028}"] {
        let text = format!(
            "{{ gateway: {{ password: \"quixotic jackdaws \\{end} bind: 'vexing marmalade'\", bind: \"local\" }} }}"
        );
        hidden_in_config(&text, &WORDS);
    }
}

/// (e) A short number, and a word under a known name elsewhere in the config.
#[test]
fn a_secret_in_a_field_with_a_harmless_name() {
    hidden_in_config(
        "{ gateway: { bind: \"local\", pin: 4829 }, channels: { x: { bind: \"hunterhunter\", mode: \"staple\", port: 4829 } } }",
        &["4829", "hunterhunter", "staple"],
    );
    hidden_in_config(
        "{ gateway: { mode: \"hunterhunter\", bind: \"staple\" } }",
        &["hunterhunter", "staple"],
    );
}

/// What the look at a store prints, whatever is in it.
#[track_caller]
fn hidden_in_state(sandbox: &Sandbox, secrets: &[&str]) {
    for args in [
        &["diagnose", "-v"][..],
        &["diagnose", "--json"],
        &["devices"],
        &["devices", "--json"],
        &["repair", "-n"],
        &["repair", "-n", "--json"],
    ] {
        let run = sandbox.run(args);
        for secret in secrets {
            assert!(!run.text().contains(secret), "{args:?}: {secret}\n{}", run.text());
        }
    }
}

/// (f) A private key in the place of the public one, or of an id.
#[test]
fn a_private_key_in_another_field() {
    const PRIVATE: &str = "GaiN_tzPA_xixlRfZWn1oLqnZ1vX0qM3eF5s8k2hT4Y";
    const HEX: &str = "9e107d9d372bb6826bd81d3542a419d69e107d9d372bb6826bd81d3542a419d6";
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJq7\n-----END PRIVATE KEY-----";
    for file in [
        "devices/paired.json",
        "devices/pending.json",
        "identity/device.json",
        "identity/device-auth.json",
    ] {
        for field in ["publicKey", "deviceId"] {
            for secret in [PRIVATE, HEX, pem] {
                let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
                let mut store = sandbox.json(file);
                match file.starts_with("devices/") {
                    true => store
                        .as_object_mut()
                        .unwrap()
                        .values_mut()
                        .for_each(|record| record[field] = secret.into()),
                    false => store[field] = secret.into(),
                }
                sandbox.write(file, store.to_string());
                hidden_in_state(&sandbox, &[secret, "MC4CAQAwBQYDK2VwBCIEIJq7"]);
            }
        }
    }
}

/// (g) A token beside other text in a field that is shown, or cut into another column.
#[test]
fn a_token_beside_what_belongs_there() {
    const TOKEN: &str = "Vh3kQ9-xTzL0aWcR5bNfYp7mJd2sGuE8iKoXq1rBtHw";
    for (field, value) in [
        ("scopes", serde_json::json!([format!("Bearer {TOKEN}")])),
        ("approvedScopes", serde_json::json!([format!("operator.read {TOKEN}")])),
        ("platform", format!("linux {TOKEN}").into()),
        ("version", format!("v {TOKEN}").into()),
        ("clientId", format!("cli {TOKEN}").into()),
        ("displayName", format!("me {TOKEN}").into()),
        ("remoteIp", format!("10.0.0.1 {TOKEN}").into()),
    ] {
        let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
        for file in ["devices/paired.json", "devices/pending.json"] {
            let mut store = sandbox.json(file);
            store
                .as_object_mut()
                .unwrap()
                .values_mut()
                .for_each(|record| record[field] = value.clone());
            sandbox.write(file, store.to_string());
        }
        hidden_in_state(&sandbox, &[TOKEN]);
    }
    let sandbox = Sandbox::fixture("2026.9.6-sqlite-read-only");
    let db = rusqlite::Connection::open(sandbox.path("state/openclaw.sqlite")).unwrap();
    let cut = format!("{{\"operator\":{{\"token\":\"{TOKEN}\",\"ro");
    db.execute(
        "UPDATE device_pairing_paired SET display_name = ?1, platform = ?1, scopes_json = ?1",
        [cut],
    )
    .unwrap();
    hidden_in_state(&sandbox, &[TOKEN]);
}

/// (h) The release that the database names.
#[test]
fn a_secret_as_the_release() {
    let sandbox = Sandbox::fixture("2026.9.6-sqlite-read-only");
    let db = rusqlite::Connection::open(sandbox.path("state/openclaw.sqlite")).unwrap();
    db.execute("UPDATE schema_meta SET app_version = ?1", ["2026.9.6 hunterhunter"]).unwrap();
    hidden_in_state(&sandbox, &["hunterhunter"]);
    db.execute("UPDATE schema_meta SET app_version = ?1", ["2026.9.6"]).unwrap();
    assert!(sandbox.run(&["diagnose"]).text().contains("written by 2026.9.6"));
}

/// (i) What `explain` was given.
#[test]
fn a_token_that_was_pasted() {
    let sandbox = Sandbox::empty();
    for mode in [&[][..], &["--json"]] {
        let args = [&["explain", "connect to nowhere: token=hunterhunter"][..], mode].concat();
        let run = sandbox.run(&args);
        assert!(run.exit.code() == 3 && !run.text().contains("hunterhunter"), "{}", run.text());
    }
}

/// What the database's own schema makes SQLite say of a write that fails: a cell, a name, a literal.
#[test]
fn a_secret_in_what_sqlite_says() {
    const CHECK: &str = "CHECK (scopes_json not like '%write%' or 'hunterword zebra' = '')";
    for (harm, secret) in [
        (
            "CREATE INDEX zz ON device_auth_tokens (json_extract('{}', \
             CASE WHEN scopes_json LIKE '%write%' THEN token ELSE '$' END))",
            None,
        ),
        (
            "CONSTRAINT \"hunterword zebra\" CHECK (scopes_json not like '%write%')",
            Some("hunterword"),
        ),
        (CHECK, Some("hunterword")),
    ] {
        let sandbox = Sandbox::fixture("2026.9.6-sqlite-read-only");
        let db = rusqlite::Connection::open(sandbox.path("state/openclaw.sqlite")).unwrap();
        let token: String =
            db.query_row("SELECT token FROM device_auth_tokens", [], |row| row.get(0)).unwrap();
        if harm.starts_with("CREATE") {
            db.execute_batch(harm).unwrap();
        } else {
            let of = "name = 'device_auth_tokens'";
            let sql: String = db
                .query_row(&format!("SELECT sql FROM sqlite_schema WHERE {of}"), [], |row| {
                    row.get(0)
                })
                .unwrap();
            let at =
                sql.find("scopes_json TEXT NOT NULL").unwrap() + "scopes_json TEXT NOT NULL".len();
            let sql = format!("{} {harm}{}", &sql[..at], &sql[at..]);
            db.pragma_update(None, "writable_schema", true).unwrap();
            db.execute(&format!("UPDATE sqlite_schema SET sql = ?1 WHERE {of}"), [sql]).unwrap();
        }
        drop(db);
        for args in [&["repair", "--yes"][..], &["repair", "--yes", "--json"]] {
            let run = sandbox.run(args);
            assert!(matches!(run.exit, Exit::Refused | Exit::Failed), "{harm}: {}", run.text());
            for secret in [Some(token.as_str()), secret].into_iter().flatten() {
                assert!(!run.text().contains(secret), "{harm}: {}", run.text());
            }
        }
    }
}

/// A secret in the place of a key, where secrets are kept, or of an included file.
#[test]
fn a_secret_in_the_place_of_a_name() {
    for text in [
        r#"{ "gateway": { "mode": "local", "auth": { "hunterword": "token" } } }"#,
        r#"{ "gateway": { "mode": "local", "auth": { "token": { "hunterword": "x" } } } }"#,
        r#"{ "gateway": { "mode": "remote", "remote": { "hunterword": "url" } } }"#,
        r#"{ "hunterword": "token", "gateway": { "mode": "local" } }"#,
        r#"{ "gateway": { "mode": "local" }, "$include": "hunterword" }"#,
        r#"{ "gateway": { "mode": "local" }, "agents": { "$include": "my hunterword x" } }"#,
    ] {
        hidden_in_config(text, &["hunterword"]);
    }
    // A slip of the finger is still told.
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    sandbox.write(
        "openclaw.json",
        r#"{ "gatway": {}, "gateway": { "mode": "local", "auth": { "tokn": "x" } } }"#,
    );
    let run = sandbox.run(&["diagnose", "-v"]);
    assert!(run.stdout.contains("gatway") && run.stdout.contains("tokn"), "{}", run.text());
}

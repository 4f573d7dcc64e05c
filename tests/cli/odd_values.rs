//! Values that OpenClaw reads and serde_json does not: a record that holds one is a record all the same.

use clawmend::exit::Exit;

use crate::support::Sandbox;

fn odd() -> [String; 3] {
    let deep = format!("\"x\": {}1{}", "[".repeat(500), "]".repeat(500));
    [r#""displayName": "my laptop \ud83d""#.into(), r#""n": 1e400"#.into(), deep]
}

#[test]
fn a_locked_out_device_is_found_and_keeps_its_odd_field() {
    for odd in odd() {
        let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
        for name in ["devices/paired.json", "devices/pending.json"] {
            let with = format!("{odd}, \"platform\":");
            let text = sandbox.read(name).replace("\"platform\":", &with);
            assert!(text.contains(&odd), "{name}");
            sandbox.write(name, text);
        }
        let identity = sandbox.read("identity/device.json");
        sandbox.write("identity/device.json", identity.replacen('{', &format!("{{ {odd},"), 1));
        let found = sandbox.run(&["diagnose", "--json"]).expect(Exit::Findings);
        assert_eq!(found.json()["findings"][0]["code"], "cli-scopes-missing");
        let before = sandbox.read("devices/paired.json");
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
        let after = sandbox.read("devices/paired.json");
        assert!(after.contains(&odd));
        // The scopes alone: the same token, the same times.
        let scopes = |line: &&str| !line.contains("operator.") && !line.trim().is_empty();
        let kept: Vec<&str> = before.lines().filter(scopes).collect();
        assert_eq!(after.lines().filter(scopes).collect::<Vec<_>>(), kept);
    }
}

#[test]
fn a_row_with_one_keeps_its_token() {
    for odd in odd() {
        let sandbox = Sandbox::fixture("2026.9.6-sqlite-read-only");
        let path = sandbox.path("state/openclaw.sqlite");
        let tokens = || -> String {
            let db = rusqlite::Connection::open(&path).unwrap();
            let sql = "SELECT tokens_json FROM device_pairing_paired";
            db.query_row(sql, [], |row| row.get(0)).unwrap()
        };
        let before = tokens();
        let with = before.replacen("\"token\":", &format!("{odd}, \"token\":"), 1);
        assert_ne!(before, with);
        let db = rusqlite::Connection::open(&path).unwrap();
        db.execute("UPDATE device_pairing_paired SET tokens_json = ?1", [&with]).unwrap();
        drop(db);
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
        let after = tokens();
        let token = before.split("\"token\":").nth(1).unwrap();
        let token = token.split('"').nth(1).unwrap();
        assert!(after.contains(&odd) && after.contains(token), "{odd:.40}");
    }
}

/// A gateway with TLS does not start without its files (seen on 2026.2.9 and 2026.9.6), and makes them where both are missing.
#[test]
fn the_files_of_tls_are_looked_for_where_the_config_names_them() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    let config = sandbox.read("openclaw.json");
    let dir = sandbox.state().display().to_string();
    let with = |tls: &str| {
        let tls =
            format!("\"gateway\": {{ \"tls\": {{ \"enabled\": true{tls} }},").replace("DIR", &dir);
        sandbox.write("openclaw.json", config.replacen("\"gateway\": {", &tls, 1));
        let found = sandbox.run(&["diagnose", "--json"]).json();
        let mut one = found["findings"].as_array().unwrap().iter();
        let one = one.find(|one| one["code"] == "gateway-tls-unusable").cloned();
        one.map(|one| one["says"].as_str().unwrap().to_owned())
    };
    let named = ", \"certPath\": \"DIR/c.pem\", \"keyPath\": \"~/../k.pem\"";
    assert_eq!(with(""), None);
    assert_eq!(with(", \"keyPath\": \"relative.pem\""), None);
    sandbox.write("c.pem", "words");
    assert!(with(named).unwrap().contains("holds no certificate"));
    sandbox.write("c.pem", "-----BEGIN CERTIFICATE-----\n");
    assert!(with(named).unwrap().contains("the key of gateway.tls is not there"));
    assert!(with(", \"autoGenerate\": false").unwrap().contains("the certificate"));
    // A path of the config is shown as any other is.
    assert!(
        with(", \"autoGenerate\": false, \"certPath\": \"/x?token=hunter2hunter2 s3cr3t\"")
            .is_some()
    );
    let shown = sandbox.run(&["diagnose", "-v"]);
    assert!(
        !shown.text().contains("hunter2") && !shown.text().contains("s3cr3t"),
        "{}",
        shown.text()
    );
}

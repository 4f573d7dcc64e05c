//! No secret of any fixture comes out of any command, in any output mode.

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

//! A snapshot that somebody has filled, its checksums made anew: it brings back nothing but what clawmend changes.

use std::path::{Path, PathBuf};

use clawmend::exit::Exit;
use sha2::{Digest, Sha256};

use crate::support::Sandbox;

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The newest snapshot's folder.
fn newest(sandbox: &Sandbox) -> PathBuf {
    let list = sandbox.run(&["snapshot", "list", "--json"]).json();
    sandbox.path("clawmend/snapshots").join(list["snapshots"][0]["id"].as_str().unwrap())
}

/// Puts a piece under this path into a snapshot.
fn forge(folder: &Path, path: &str, piece: &[u8]) {
    std::fs::write(folder.join("files/forged"), piece).unwrap();
    let manifest = folder.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let entries = json["entries"].as_array_mut().unwrap();
    entries.retain(|entry| entry["path"] != path);
    entries.push(serde_json::json!({
        "store": "files", "path": path, "name": "files/forged", "sha256": hex(piece),
        "size": piece.len(), "mode": 0o600, "uid": 0, "gid": 0, "rows": {},
    }));
    let text = json.to_string();
    std::fs::write(&manifest, &text).unwrap();
    let digest = format!("{}  manifest.json\n", hex(text.as_bytes()));
    std::fs::write(folder.join("manifest.sha256"), digest).unwrap();
}

#[test]
fn a_forged_manifest_brings_back_no_file_that_is_not_the_configs() {
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::write(elsewhere.path().join("victim.conf"), "theirs").unwrap();
    let outside = |name: &str| elsewhere.path().join(name).display().to_string();
    let (victim, new) = (outside("victim.conf"), outside("cron.d/new"));
    let paths = [
        victim.as_str(),
        new.as_str(),
        ".env",
        ".bashrc",
        "skills/x.js",
        "extensions/evil/index.js",
        "logs/a.log",
        "x/y/z.json",
        "cron/jobs.json",
        "state/x.json",
        "OPENCLAW.JSON",
        "./openclaw.json",
        "openclaw.json/",
        "state/openclaw.sqlite",
        "state/openclaw.sqlite-wal",
        "devices/../../out.json",
        "identity/../openclaw.json",
        "devices/evil.sh",
        "devices",
        "../x",
        "devices/below/x.json",
        "clawmend/journal.json",
        "",
    ];
    for (fixture, paths) in [
        ("2026.5.28-scope-upgrade-pending", &paths[..]),
        (
            "2026.9.6-sqlite-read-only",
            &[victim.as_str(), "state/x.json", "state/openclaw.sqlite-wal"],
        ),
    ] {
        for path in paths {
            let sandbox = Sandbox::fixture(fixture);
            sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
            let folder = newest(&sandbox);
            forge(&folder, path, br#"{"evil":1}"#);
            let before = sandbox.tree(false);
            let run = sandbox.run(&["snapshot", "verify"]);
            assert_eq!(run.exit, Exit::Findings, "{path}: {}", run.text());
            for args in [&["restore", "--yes", "--force"][..], &["restore", "-n"]] {
                let run = sandbox.run(args);
                assert!(matches!(run.exit, Exit::Refused | Exit::Failed), "{path}: {}", run.text());
                assert_eq!(sandbox.tree(false), before, "{path}: {}", run.text());
            }
            assert_eq!(std::fs::read(&victim).unwrap(), b"theirs");
            assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 1);
        }
    }
}

/// A file that is gone by the manifest is not removed either.
#[test]
fn a_forged_manifest_removes_nothing() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    sandbox.write(".env", "A=1\n");
    sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
    let folder = newest(&sandbox);
    forge(&folder, ".env", b"A=1\n");
    // As it is now: nothing would be written.
    sandbox.run(&["snapshot", "verify"]).expect(Exit::Done);
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    for entry in json["entries"].as_array_mut().unwrap() {
        if entry["path"] == ".env" {
            *entry = serde_json::json!({"store": "files", "path": ".env", "name": null,
                "sha256": null, "size": null, "mode": null, "uid": null, "gid": null});
        }
    }
    let text = json.to_string();
    std::fs::remove_file(folder.join("files/forged")).unwrap();
    std::fs::write(folder.join("manifest.json"), &text).unwrap();
    let digest = format!("{}  manifest.json\n", hex(text.as_bytes()));
    std::fs::write(folder.join("manifest.sha256"), digest).unwrap();
    let run = sandbox.run(&["restore", "--yes", "--force"]).expect(Exit::Refused);
    assert!(run.stderr.contains(".env"), "{}", run.text());
    assert_eq!(sandbox.read(".env"), "A=1\n");
}

/// A config that came with the snapshot can include anything; what is no config by its name is not written.
#[test]
fn a_forged_config_includes_no_other_kind_of_file() {
    let names = [".env", ".bashrc", "skills/x.js", "hook.sh"];
    // Through a link, and as it is called where large and small letters are alike.
    let own = ["Clawmend/x.json", "own/journal.json", "own/x.json", "own/new/x.json"];
    let own = own.into_iter().take(if cfg!(unix) { 4 } else { 1 });
    for name in names.into_iter().chain(own) {
        let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
        #[cfg(unix)]
        std::os::unix::fs::symlink("clawmend", sandbox.path("own")).unwrap();
        sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
        let folder = newest(&sandbox);
        forge(&folder, "openclaw.json", format!(r#"{{"$include": "./{name}"}}"#).as_bytes());
        std::fs::rename(folder.join("files/forged"), folder.join("files/config")).unwrap();
        let manifest = folder.join("manifest.json");
        let text = std::fs::read_to_string(&manifest).unwrap();
        std::fs::write(&manifest, text.replace("files/forged", "files/config")).unwrap();
        std::fs::remove_file(folder.join("files/openclaw.json")).unwrap();
        forge(&folder, name, br#"{"evil":1}"#);
        let run = sandbox.run(&["snapshot", "verify"]).expect(Exit::Findings);
        assert!(run.stdout.contains(name), "{}", run.text());
        let run = sandbox.run(&["restore", "--yes", "--force"]).expect(Exit::Refused);
        assert!(run.stderr.contains(name) && !sandbox.path(name).exists(), "{}", run.text());
    }
}

/// What the config included when the snapshot was taken comes back, whatever it includes now.
#[test]
fn an_include_of_then_comes_back_with_the_config_of_then() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let config = sandbox.read("openclaw.json");
    sandbox.write("parts/base.json5", &config);
    sandbox.write("odd.conf", "{ logging: { level: 'info' } }");
    let both = r#"{ "$include": ["./parts/base.json5", "./odd.conf"] }"#;
    sandbox.write("openclaw.json", both);
    sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
    for now in ["{ broken", "{}", &config] {
        sandbox.write("parts/base.json5", "{}");
        sandbox.write("openclaw.json", now);
        sandbox.run(&["snapshot", "verify"]).expect(Exit::Done);
        sandbox.run(&["restore", "--yes", "--force"]).expect(Exit::Done);
        assert_eq!(sandbox.read("openclaw.json"), both);
        assert_eq!(sandbox.read("parts/base.json5"), config);
        std::fs::remove_dir_all(sandbox.path("clawmend")).unwrap();
        sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
    }
    // A config elsewhere is the config where it is named.
    let other = sandbox.root().join("other.json");
    std::fs::write(&other, &config).unwrap();
    let named = other.display().to_string();
    sandbox.run(&["--config", &named, "snapshot", "create"]).expect(Exit::Done);
    std::fs::write(&other, "{}").unwrap();
    let run = sandbox.run(&["restore", "--yes", "--force"]).expect(Exit::Refused);
    assert!(run.stderr.contains("--config"), "{}", run.text());
    sandbox.run(&["--config", &named, "restore", "--yes", "--force"]).expect(Exit::Done);
    assert_eq!(std::fs::read_to_string(&other).unwrap(), config);
}

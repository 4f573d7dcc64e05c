//! Snapshots of a config that is not where this run looks for it: gone, renamed, or named by `--config` alone.

use std::path::PathBuf;

use clawmend::exit::Exit;
use serde_json::{Value, json};

use crate::support::Sandbox;

const FIXTURE: &str = "2026.5.28-scope-upgrade-pending";

/// A state whose config lies outside, with something to repair in it and in what it includes.
fn elsewhere() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::fixture(FIXTURE);
    let folder = sandbox.root().join("etc");
    std::fs::create_dir(&folder).unwrap();
    std::fs::remove_file(sandbox.path("openclaw.json")).unwrap();
    let config = folder.join("my.json");
    std::fs::write(&config, r#"{ "gateway": { "$include": "./gateway.conf" } }"#).unwrap();
    std::fs::write(folder.join("gateway.conf"), "{ bind: 'lan', auth: { token: 'undefined' } }")
        .unwrap();
    (sandbox, config)
}

fn repair(config: &str) -> [&str; 5] {
    ["--config", config, "repair", "--yes", "--new-token"]
}

/// The config that a hint names after `--config`.
fn named(text: &str) -> Option<&str> {
    text.split_once("--config ")?.1.split(['`', ' ', '\n']).next()
}

#[test]
fn a_config_that_is_gone_comes_back_where_it_is_named() {
    let (sandbox, config) = elsewhere();
    std::fs::write(&config, "{ gateway: { bind: 'lan', auth: { token: 'undefined' } } }").unwrap();
    let before = std::fs::read(&config).unwrap();
    let path = config.display().to_string();
    sandbox.run(&repair(&path));
    std::fs::remove_file(&config).unwrap();
    let run = sandbox.run(&["restore", "--yes", "--force"]).expect(Exit::Refused);
    assert_eq!(named(&run.stderr), Some("/etc/my.json"), "{}", run.text());
    // A check says that nothing is damaged, and what to type; in lines that fit.
    sandbox.width.set(60);
    let run = sandbox.run(&["snapshot", "verify"]).expect(Exit::Findings);
    assert!(run.stdout.contains("whole, but cannot be restored here"), "{}", run.text());
    assert_eq!(named(&run.stdout), Some("/etc/my.json"), "{}", run.text());
    assert!(!run.stdout.contains("damaged"), "{}", run.text());
    let json = sandbox.run(&["snapshot", "verify", "--json"]).json();
    let problem = json["snapshots"][0]["problem"].as_str().unwrap();
    assert!(problem.starts_with("whole, but cannot be restored here: "), "{problem}");
    sandbox.run(&["--config", &path, "snapshot", "verify"]).expect(Exit::Done);
    sandbox.run(&["--config", &path, "restore", "--yes", "--force"]).expect(Exit::Done);
    assert_eq!(std::fs::read(&config).unwrap(), before);
    // What takes no snapshot's word still says that nothing is there.
    let run = sandbox.run(&["--config", "/none.json", "repair", "--yes"]).expect(Exit::Refused);
    assert!(run.stderr.contains("no config here"), "{}", run.text());
}

#[test]
fn a_config_under_another_of_openclaws_names_comes_back() {
    for command in ["undo", "restore"] {
        let sandbox = Sandbox::fixture(FIXTURE);
        let text = "{ gateway: { $include: './gw.json', bind: 'lan' } }";
        std::fs::remove_file(sandbox.path("openclaw.json")).unwrap();
        sandbox.write("clawdbot.json", text);
        sandbox.write("gw.json", "{ auth: { token: 'undefined' } }");
        sandbox.run(&["repair", "--yes", "--new-token"]);
        assert!(!sandbox.read("gw.json").contains("undefined"));
        std::fs::rename(sandbox.path("clawdbot.json"), sandbox.path("openclaw.json")).unwrap();
        sandbox.run(&["snapshot", "verify"]).expect(Exit::Done);
        // That it went from here is a change since, and said.
        let run = sandbox.run(&[command, "--yes"]).expect(Exit::Refused);
        assert!(run.stderr.contains("--force"), "{}", run.text());
        sandbox.run(&[command, "--yes", "--force"]).expect(Exit::Done);
        assert_eq!(sandbox.read("clawdbot.json"), text);
        assert!(sandbox.read("gw.json").contains("undefined"));
    }
}

/// One of the state dir comes back, with what it includes, in a run that names another.
#[test]
fn the_state_dirs_own_config_comes_back_beside_another() {
    let (sandbox, config) = elsewhere();
    sandbox.write("openclaw.json", "{ gateway: { $include: './gw.json' } }");
    sandbox.write("gw.json", "{ port: 1 }");
    sandbox.run(&["backup"]).expect(Exit::Done);
    sandbox.write("openclaw.json", "{}");
    sandbox.write("gw.json", "{ port: 2 }");
    let path = config.display().to_string();
    sandbox.run(&["--config", &path, "restore", "--yes", "--force"]).expect(Exit::Done);
    assert!(sandbox.read("openclaw.json").contains("gw.json"));
    assert_eq!(sandbox.read("gw.json"), "{ port: 1 }");
}

/// As if the run that took the newest snapshot had been killed after all of its changes but one.
fn killed(sandbox: &Sandbox, undone: &str) {
    let list = sandbox.run(&["snapshot", "list", "--json"]).json();
    let id = list["snapshots"][0]["id"].as_str().unwrap();
    let folder = sandbox.path("clawmend/snapshots").join(id);
    let text = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&text).unwrap();
    let entries = manifest["entries"].as_array().unwrap();
    let is_changed = |path: &str| manifest["after"]["files"].get(path).is_some();
    let before = entries.iter().filter(|entry| is_changed(entry["path"].as_str().unwrap()));
    let before =
        before.map(|entry| (entry["path"].as_str().unwrap().to_owned(), entry["sha256"].clone()));
    let journal = json!({
        "schema": 1, "tool": "clawmend", "command": manifest["command"], "snapshot": id,
        "snapshots": sandbox.path("clawmend/snapshots"), "startedAtMs": 1, "pid": 1,
        "before": before.collect::<serde_json::Map<_, _>>(), "after": manifest["after"],
    });
    sandbox.write("clawmend/journal.json", journal.to_string());
    let piece = entries.iter().find(|entry| entry["path"] == undone).unwrap()["name"].as_str();
    sandbox.write(undone, std::fs::read(folder.join(piece.unwrap())).unwrap());
}

#[test]
fn a_killed_run_with_a_config_elsewhere_is_taken_back_by_the_command_that_is_named() {
    let (sandbox, config) = elsewhere();
    let include = config.with_file_name("gateway.conf");
    let before = std::fs::read(&include).unwrap();
    let path = config.display().to_string();
    sandbox.run(&repair(&path));
    assert_ne!(std::fs::read(&include).unwrap(), before);
    killed(&sandbox, "devices/paired.json");
    let left = sandbox.contents();
    // What is named is the config, not what it includes.
    for args in [&["repair", "--yes"][..], &["undo", "--yes"], &["snapshot", "create"]] {
        let run = sandbox.run(args).expect(Exit::Refused);
        assert_eq!(named(&run.stderr), Some("/etc/my.json"), "{}", run.text());
        assert!(!run.stderr.contains("another snapshot"), "{}", run.text());
        assert_eq!(sandbox.contents(), left);
    }
    let run = sandbox.run(&["diagnose"]).expect(Exit::Findings);
    let (_, line) = run.stdout.split_once("name that one, if it is yours").unwrap();
    assert_eq!(named(line), Some("/etc/my.json"), "{}", run.text());
    let run = sandbox.run(&["--config", &path, "repair", "--yes"]);
    assert!(run.stderr.contains("was rolled back"), "{}", run.text());
    assert!(!sandbox.path("clawmend/journal.json").exists());
}

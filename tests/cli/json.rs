//! What `--json` promises: one document a run, also where the run fails, with places and commands as data.

use clawmend::exit::Exit;
use serde_json::{Value, json};

use crate::support::Sandbox;

const LOCKED: &str = "2026.5.28-scope-upgrade-pending";
const DATABASE: &str = "2026.9.6-sqlite-read-only";

/// Command lines that fail, and the command that their document names.
const FAILING: &[(&[&str], &str)] = &[
    (&["--wrong"], "diagnose"),
    (&["frobnicate"], "clawmend"),
    (&["--state-dir", "/nowhere"], "diagnose"),
    (&["--config", "/nowhere.json"], "diagnose"),
    (&["--profile", "no/such"], "diagnose"),
    (&["--color", "blue"], "diagnose"),
    (&["-q", "-v"], "diagnose"),
    (&["repair", "--wrong"], "repair"),
    (&["repair"], "repair"),
    (&["repair", "--bind"], "repair"),
    (&["repair", "--bind", "moon"], "repair"),
    (&["repair", "--only", "none"], "repair"),
    (&["repair", "--scopes", "root"], "repair"),
    (&["repair", "--trust-proxy", "x"], "repair"),
    (&["repair", "--config-from", "/nowhere"], "repair"),
    (&["approve", "x", "y"], "approve"),
    (&["approve", "nobody"], "approve"),
    (&["restore", "a", "b"], "restore"),
    (&["restore", "20991231"], "restore"),
    (&["undo"], "undo"),
    (&["snapshot"], "snapshot"),
    (&["snapshot", "frobnicate"], "snapshot"),
    (&["snapshot", "show", "nothing"], "snapshot show"),
    (&["snapshot", "verify", "nothing"], "snapshot verify"),
    (&["snapshot", "prune"], "snapshot prune"),
    (&["snapshot", "prune", "--keep", "x"], "snapshot prune"),
    (&["snapshot", "prune", "--older-than", "x"], "snapshot prune"),
    (&["snapshot", "create", "--why", "No Word"], "snapshot create"),
    (&["backup", "--why", "No Word"], "snapshot create"),
    (&["explain", "cli-scope-missing"], "explain"),
    (&["explain", "--file", "/nowhere"], "explain"),
    (&["report", "--output", "/nowhere/report.md"], "report"),
    (&["demo"], "demo"),
    (&["man"], "man"),
    (&["completions"], "completions"),
    (&["completions", "csh"], "completions"),
    (&["completions", "bash"], "completions"),
];

#[test]
fn a_failure_is_one_document_wherever_json_stands() {
    let sandbox = Sandbox::fixture(LOCKED);
    for (args, command) in FAILING {
        for at in 0..=args.len() {
            let mut args = args.to_vec();
            args.insert(at, "--json");
            // Where it stands in a value's place that is an error too; what is meant then, nobody knows.
            let takes_it = at.checked_sub(1).is_some_and(|before| {
                args[before].starts_with("--")
                    && at + 1 < args.len()
                    && !args[at + 1].starts_with('-')
            });
            let run = sandbox.run(&args);
            let document = run.json();
            assert_eq!(document["error"]["exit"], run.exit.code(), "{args:?}: {document:#}");
            assert_ne!(run.exit, Exit::Done, "{args:?}");
            let message = document["error"]["message"].as_str().unwrap();
            assert!(!message.is_empty() && !message.contains("Usage"), "{args:?}: {message}");
            if !takes_it {
                let below = document["subcommand"].as_str().map(|below| format!(" {below}"));
                let named = document["command"].as_str().unwrap().to_owned();
                assert_eq!(named + &below.unwrap_or_default(), *command, "{args:?}");
            }
        }
    }
}

#[test]
fn not_found_has_one_exit_code() {
    let sandbox = Sandbox::fixture(LOCKED);
    for args in [
        &["--state-dir", "/nowhere"][..],
        &["--profile", "nobody"],
        &["--config", "/nowhere.json"],
        &["repair", "--config-from", "/nowhere"],
        &["approve", "nobody"],
        &["undo"],
        &["restore"],
        &["snapshot", "show"],
        &["snapshot", "verify", "20991231"],
        &["explain", "no-such-code-at-all"],
        &["explain", "the lamp is blue today"],
        &["explain", "--file", "/nowhere"],
        &["man", "/nowhere/at/all"],
    ] {
        sandbox.run(args).expect(Exit::Refused);
    }
    sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
    sandbox.run(&["restore", "20991231"]).expect(Exit::Refused);
}

#[test]
fn places_are_data() {
    let sandbox = Sandbox::fixture(LOCKED);
    sandbox.write("openclaw.json", "{ gateway: {\n  mode: 'local',\n  bind: 'local',\n} }\n");
    let found = sandbox.run(&["--json"]).json();
    let places: Vec<(&Value, &Value)> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (&finding["code"], &finding["place"]))
        .collect();
    let bind = json!({"file": "openclaw.json", "key": "gateway.bind", "line": 3});
    assert!(places.contains(&(&json!("gateway-bind-invalid"), &bind)), "{places:#?}");
    let paired = json!({"file": "devices/paired.json", "line": 2});
    assert!(places.contains(&(&json!("cli-scopes-missing"), &paired)), "{places:#?}");
    for (_, place) in places {
        let keys: Vec<&str> = place.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(keys.iter().all(|key| ["file", "key", "line"].contains(key)), "{place}");
    }
    sandbox.write("openclaw.json", "{ gateway: {\n  mode 'local',\n} }\n");
    let found = sandbox.run(&["--json"]).json();
    assert_eq!(found["findings"][0]["place"], json!({"file": "openclaw.json", "line": 2}));
}

/// Each line that an edit in a file names holds what the edit is about.
fn assert_lines(sandbox: &Sandbox, document: &Value) {
    let mut told = 0;
    for edit in document["edits"].as_array().unwrap() {
        let (place, action) = (&edit["place"], &edit["action"]);
        let Some(line) = place["line"].as_u64() else {
            assert_eq!(action, "add", "{edit}");
            continue;
        };
        let text = sandbox.read(place["file"].as_str().unwrap());
        let line = text.lines().nth(usize::try_from(line).unwrap() - 1).unwrap();
        let key = place["key"].as_str().unwrap().rsplit('.').next().unwrap();
        assert!(line.contains(key), "{edit}: {line}");
        told += 1;
    }
    assert!(told > 0, "{document:#}");
}

/// The edits of a document, each as its action and its place.
fn edits(document: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let each = document["edits"].as_array().unwrap().iter().map(|edit| {
        let place = &edit["place"];
        format!("{} {} {}", text(&edit["action"]), text(&place["file"]), text(&place["key"]))
    });
    each.collect()
}

#[test]
fn edits_are_data_and_so_are_those_of_a_restore() {
    for fixture in [LOCKED, DATABASE] {
        let sandbox = Sandbox::fixture(fixture);
        let config = sandbox.read("openclaw.json");
        sandbox.write("openclaw.json", config.replacen("\"loopback\"", "\"local\"", 1));
        let preview = sandbox.run(&["repair", "--dry-run", "--json"]).json();
        assert_eq!(preview["next"], json!([["clawmend", "repair"]]));
        let planned = edits(&preview);
        if fixture == LOCKED {
            assert_lines(&sandbox, &preview);
        }
        let one = |planned: &[String], end: &str| {
            planned.iter().any(|edit| edit.starts_with("set ") && edit.ends_with(end))
        };
        assert!(one(&planned, "openclaw.json gateway.bind"), "{planned:#?}");
        assert!(one(&planned, ".approvedScopes"), "{planned:#?}");
        let of_scopes = |document: &Value| {
            let edits = document["edits"].as_array().unwrap().clone();
            let is_it = |edit: &Value| {
                edit["place"]["key"].as_str().is_some_and(|key| key.ends_with(".approvedScopes"))
            };
            edits.into_iter().find(is_it).unwrap_or_else(|| panic!("{document:#}"))
        };
        let there = of_scopes(&preview);
        assert!(there["after"].as_array().unwrap().contains(&json!("operator.admin")), "{there}");
        let done = sandbox.run(&["repair", "--yes", "--json"]).expect(Exit::Done).json();
        assert_eq!(edits(&done), planned);
        assert_eq!(done["next"], json!([]));
        assert_eq!(done["undo"][1], "restore");
        // The way back: the same places, with the values the other way round.
        let back = sandbox.run(&["restore", "--dry-run", "--json"]).json();
        let again = of_scopes(&back);
        assert_eq!((&again["before"], &again["after"]), (&there["after"], &there["before"]));
        for part in ["file", "key"] {
            assert_eq!(again["place"][part], there["place"][part]);
        }
        if fixture == LOCKED {
            assert_lines(&sandbox, &back);
        }
        assert!(one(&edits(&back), "openclaw.json gateway.bind"), "{back:#}");
        assert!(edits(&back).iter().all(|edit| !edit.starts_with("replace ")), "{back:#}");
    }
}

#[test]
fn a_removed_record_is_told_with_what_it_was() {
    let sandbox = Sandbox::fixture(LOCKED);
    let preview = sandbox.run(&["repair", "--dry-run", "--json"]).json();
    let edits = preview["edits"].as_array().unwrap();
    let gone = edits.iter().find(|edit| edit["action"] == "remove").unwrap();
    assert_eq!(gone["place"]["file"], "devices/pending.json");
    assert!(gone["before"]["scopes"].is_array(), "{gone:#}");
    assert!(gone.get("after").is_none(), "{gone:#}");
}

#[test]
fn a_prune_says_what_goes_what_stays_and_what_is_not_its_own() {
    let sandbox = Sandbox::fixture(LOCKED);
    for _ in 0..3 {
        sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
    }
    let list = sandbox.run(&["snapshot", "list", "--json"]).json();
    assert_eq!((&list["command"], &list["subcommand"]), (&json!("snapshot"), &json!("list")));
    for (args, dry_run) in [(["--dry-run"], true), (["--yes"], false)] {
        let args = [&["snapshot", "prune", "--keep", "1", "--json"][..], &args].concat();
        let prune = sandbox.run(&args).expect(Exit::Done).json();
        assert_eq!((&prune["subcommand"], &prune["dryRun"]), (&json!("prune"), &json!(dry_run)));
        let ids = |list: &Value, name: &str| -> Vec<Value> {
            list[name].as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
        };
        assert_eq!([ids(&prune, "kept"), ids(&prune, "removed")].concat(), ids(&list, "snapshots"));
        assert_eq!(ids(&prune, "removed").len(), 2);
        assert_eq!(prune["left"], json!([]));
        assert!(prune["removed"][0]["bytes"].as_u64().unwrap() > 0);
    }
}

#[test]
fn what_to_do_is_steps_with_argument_vectors() {
    let sandbox = Sandbox::fixture(LOCKED);
    let mode = sandbox.read("openclaw.json").replacen("\"mode\": \"local\",", "", 1);
    sandbox.write("openclaw.json", mode);
    let found = sandbox.run(&["--json"]).json();
    for finding in found["findings"].as_array().unwrap() {
        let remedy = &finding["remedy"];
        assert_eq!(remedy["says"].is_string(), remedy["kind"] == "repair", "{finding:#}");
        for step in remedy["steps"].as_array().unwrap() {
            assert!(step["text"].is_string() || step["command"].is_array(), "{step}");
        }
    }
    let refused = sandbox.run(&["repair", "--json"]).expect(Exit::Refused).json();
    let hint = &refused["error"]["hints"][0];
    assert_eq!(hint["command"], json!(["clawmend", "repair", "--yes"]));
}

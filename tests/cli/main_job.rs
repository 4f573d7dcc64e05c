//! The main job on captured states: diagnose, dry run, repair, restore, restore again.

use clawmend::exit::Exit;
use serde_json::json;

use crate::support::{Sandbox, same};

const FIXTURES: [&str; 3] = [
    "2026.2.19-pending-after-proxy",
    "2026.5.28-scope-upgrade-pending",
    "2026.9.6-sqlite-read-only",
];

#[test]
fn diagnose_names_the_cause_and_touches_nothing() {
    for (fixture, code) in
        FIXTURES.into_iter().zip(["cli-not-paired", "cli-scopes-missing", "cli-scopes-missing"])
    {
        let sandbox = Sandbox::fixture(fixture);
        let before = sandbox.tree(true);
        let document = sandbox.run(&["diagnose", "--json"]).expect(Exit::Findings).json();
        assert_eq!(document["findings"][0]["code"], code, "{fixture}");
        for args in [
            &["diagnose", "-v"][..],
            &["devices"],
            &["repair", "--dry-run"],
            &["approve", "--dry-run"],
            &["snapshot", "list"],
            &["repair", "-n", "--json"],
        ] {
            sandbox.run(args);
        }
        assert_eq!(sandbox.tree(true), before, "{fixture}: a command that only reads left a trace");
    }
}

#[test]
fn diagnose_of_a_scope_upgrade_reads_well() {
    let sandbox = Sandbox::fixture(FIXTURES[1]);
    same("diagnose-scope-upgrade", &sandbox.run(&[]).text());
}

#[test]
fn the_preview_of_a_first_pairing_reads_well() {
    let sandbox = Sandbox::fixture(FIXTURES[0]);
    same("repair-dry-run-first-pairing", &sandbox.run(&["repair", "--dry-run"]).text());
}

#[test]
fn a_repair_in_the_database_reads_well() {
    let sandbox = Sandbox::fixture(FIXTURES[2]);
    same("repair-sqlite", &sandbox.run(&["repair", "--yes"]).text());
}

#[test]
fn a_repair_that_leaves_the_cli_locked_out_does_not_say_done() {
    let sandbox = Sandbox::fixture(FIXTURES[1]);
    let config = r#"{ "gateway": { "mode": "local", "bind": "lan", "localExec": 1 }, "meta": { "lastTouchedVersion": "2026.5.28" } }"#;
    sandbox.write("openclaw.json", config);
    let text = sandbox.run(&["repair", "--yes"]).expect(Exit::Findings).text();
    assert!(text.contains("STILL LOCKED OUT:") && !text.contains("Done"), "{text}");
    assert!(text.contains("gateway.localExec") && text.contains("To undo"), "{text}");
    let checked = sandbox.run(&["repair", "--dry-run"]).expect(Exit::Findings).text();
    assert!(
        checked.contains("You must choose first.\n") && !checked.contains("What would"),
        "{checked}"
    );
}

#[test]
#[cfg_attr(clawmend_portable, ignore = "owners and modes")]
fn repair_opens_restore_takes_back_and_restore_again_opens() {
    for fixture in FIXTURES {
        let sandbox = Sandbox::fixture(fixture);
        let locked = sandbox.run(&["devices", "--json"]).json();
        let before = sandbox.contents();
        sandbox.run(&["repair", "--dry-run"]).expect(Exit::Done);
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
        sandbox.run(&["diagnose"]).expect(Exit::Done);
        let opened = sandbox.contents();
        let devices = sandbox.run(&["devices", "--json"]).json();
        assert_eq!(devices["pending"], json!([]), "{fixture}");
        assert_eq!(devices["paired"][0]["lacks"], json!([]), "{fixture}");

        let again = sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
        assert!(again.stdout.contains("Nothing was written"), "{}", again.text());
        assert_eq!(sandbox.contents(), opened, "{fixture}: a second repair wrote something");

        sandbox.run(&["restore", "--yes"]).expect(Exit::Done);
        assert_eq!(
            sandbox.run(&["devices", "--json"]).json()["paired"],
            locked["paired"],
            "{fixture}"
        );
        sandbox.run(&["diagnose"]).expect(Exit::Findings);
        if !fixture.contains("sqlite") {
            // The database's own bytes may differ; its rows are compared in sqlite_store.rs.
            assert_eq!(
                sandbox.contents(),
                before,
                "{fixture}: not every byte, mode and absence came back"
            );
        }
        sandbox.run(&["restore", "--yes"]).expect(Exit::Done);
        sandbox.run(&["diagnose"]).expect(Exit::Done);
        if !fixture.contains("sqlite") {
            assert_eq!(
                sandbox.contents(),
                opened,
                "{fixture}: the second restore brings the repair back"
            );
        }
    }
}

#[test]
#[cfg_attr(clawmend_portable, ignore = "owners and modes")]
fn the_repaired_files_say_what_a_gateway_demands() {
    let sandbox = Sandbox::fixture(FIXTURES[0]);
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    let paired = sandbox.json("devices/paired.json");
    let auth = sandbox.json("identity/device-auth.json");
    let (id, device) = paired.as_object().unwrap().iter().next().unwrap();
    assert_eq!(auth["deviceId"], json!(id));
    let token = device["tokens"]["operator"]["token"].as_str().unwrap();
    assert_eq!(token.len(), 43);
    assert_eq!(auth["tokens"]["operator"]["token"], token);
    assert_eq!(sandbox.json("devices/pending.json"), json!({}));
    use std::os::unix::fs::PermissionsExt;
    let mode = sandbox.path("identity/device-auth.json").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
}

#[test]
fn every_other_byte_of_a_store_stays() {
    let sandbox = Sandbox::fixture(FIXTURES[1]);
    let own = sandbox.read("devices/paired.json");
    let own = own.trim().trim_start_matches('{').trim_end_matches('}').trim_end();
    let odd = "\t\"zz\" : {\"deviceId\":\"zz\", \"publicKey\":\"k\",\"n\":1.50e+3, \"u\":\"\\u00e9\",\"createdAtMs\":1,\"approvedAtMs\":2}";
    sandbox.write("devices/paired.json", format!("{{\n{odd},{own}\n}}\n\n"));
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    let after = sandbox.read("devices/paired.json");
    assert!(after.starts_with(&format!("{{\n{odd},")), "{after}");
    assert!(after.ends_with("\n}\n\n"), "{after}");
}

#[test]
fn what_cannot_be_repaired_says_so_and_changes_nothing() {
    let sandbox = Sandbox::fixture(FIXTURES[1]);
    std::fs::remove_file(sandbox.path("identity/device.json")).unwrap();
    let before = sandbox.tree(false);
    same(
        "repair-identity-missing",
        &sandbox.run(&["repair", "--yes"]).expect(Exit::Findings).text(),
    );
    assert_eq!(sandbox.tree(false), before);
}

#[test]
#[cfg_attr(clawmend_portable, ignore = "the words of `env NAME=… openclaw`")]
fn the_demo_tells_the_whole_story() {
    let run = Sandbox::empty().run(&["demo"]).expect(Exit::Done);
    assert!(run.stderr.is_empty() || !run.stderr.contains("error"), "{}", run.text());
    let folder =
        run.stdout.split("The sample is in ").nth(1).unwrap().split('/').nth(2).unwrap().to_owned();
    same("demo", &run.text().replace(&folder, "clawmend-demo-XXXXXX"));
}

#[test]
fn a_missing_state_dir_is_an_error_that_says_where_it_looked() {
    let sandbox = Sandbox::empty();
    std::fs::remove_dir(sandbox.state()).unwrap();
    same("state-dir-missing", &sandbox.run(&[]).expect(Exit::Refused).text());
}

#[test]
fn the_state_dir_is_found_as_openclaw_finds_it() {
    let sandbox = Sandbox::fixture(FIXTURES[1]);
    let place = |sandbox: &Sandbox, args: &[&str]| {
        sandbox.run(&[args, &["diagnose", "--json"]].concat()).json()["stateDir"]
            .as_str()
            .map(str::to_owned)
    };
    assert_eq!(place(&sandbox, &[]).unwrap(), "/home/.openclaw");
    std::fs::create_dir_all(sandbox.home().join("other/devices")).unwrap();
    std::fs::create_dir_all(sandbox.home().join(".openclaw-work")).unwrap();
    assert_eq!(place(&sandbox, &["--profile", "work"]).unwrap(), "/home/.openclaw-work");
    sandbox.set("OPENCLAW_STATE_DIR", "~/other");
    assert_eq!(place(&sandbox, &[]).unwrap(), "/home/other");
    let run = sandbox.run(&["diagnose"]);
    assert!(run.stdout.contains("other-state-dirs"), "{}", run.text());
}

#[test]
fn a_config_is_repaired_beside_a_database_that_cannot_be_read() {
    let sandbox = Sandbox::fixture(FIXTURES[2]);
    for name in ["state/openclaw.sqlite-wal", "state/openclaw.sqlite-shm"] {
        std::fs::remove_file(sandbox.path(name)).unwrap();
    }
    sandbox.write("state/openclaw.sqlite", "not a database, by far not".repeat(100));
    sandbox.write("openclaw.json", "{ gateway: { mode: 'local', bind: '127.0.0.1' } } // mine\n");
    let database = sandbox.read("state/openclaw.sqlite");
    let run = sandbox.run(&["repair", "--yes"]).expect(Exit::Findings);
    assert!(run.stdout.contains("database-foreign"), "{}", run.text());
    assert_eq!(
        sandbox.read("openclaw.json"),
        "{ gateway: { mode: 'local', bind: 'loopback' } } // mine\n"
    );
    assert_eq!(sandbox.read("state/openclaw.sqlite"), database);
    sandbox.run(&["restore", "--yes"]).expect(Exit::Done);
    assert!(sandbox.read("openclaw.json").contains("127.0.0.1"));
}

#[test]
fn an_error_about_arguments_is_a_document_too() {
    let sandbox = Sandbox::fixture(FIXTURES[0]);
    for (args, command) in [
        (&["repair", "--json", "--wrong"][..], "repair"),
        (&["--json", "restore", "a", "b"], "restore"),
        (&["--json", "--wrong"], "diagnose"),
    ] {
        let document = sandbox.run(args).expect(Exit::Usage).json();
        assert_eq!(document["command"], command);
        assert_eq!(document["error"]["exit"], 2);
        assert!(!document["error"]["message"].as_str().unwrap().is_empty());
    }
}

#[test]
fn a_scope_that_openclaw_does_not_know_is_refused_with_those_it_does() {
    let sandbox = Sandbox::fixture(FIXTURES[1]);
    let text =
        sandbox.run(&["repair", "-n", "--scopes", "operator.raed"]).expect(Exit::Usage).text();
    assert!(text.contains("known scopes: operator.admin, operator.approvals"), "{text}");
    sandbox.run(&["repair", "-n", "--scopes", "operator.read,operator.pairing"]).expect(Exit::Done);
}

#[test]
fn words_of_other_tools_lead_to_the_commands_here() {
    let sandbox = Sandbox::fixture(FIXTURES[1]);
    for word in ["doctor", "status"] {
        assert_eq!(sandbox.run(&[word]).text(), sandbox.run(&["diagnose"]).text());
    }
    sandbox.run(&["fix", "--yes"]).expect(Exit::Done);
    sandbox.run(&["rollback", "--yes"]).expect(Exit::Done);
}

//! Questions, refusals, other devices, words.

use clawmend::exit::Exit;
use serde_json::{Value, json};

use crate::support::{Answers, Sandbox, same};

pub(super) fn locked() -> Sandbox {
    Sandbox::fixture("2026.5.28-scope-upgrade-pending")
}

/// A state in which another device (with a true key) waits.
pub(super) fn with_foreign_request() -> (Sandbox, String) {
    let sandbox = locked();
    let other = Sandbox::fixture("2026.2.19-pending-after-proxy").json("devices/pending.json");
    let id = other.as_object().unwrap().keys().next().unwrap().clone();
    sandbox.write("devices/pending.json", other.to_string());
    (sandbox, id)
}

#[test]
fn without_a_terminal_repair_needs_yes() {
    let sandbox = locked();
    let before = sandbox.tree(false);
    let run = sandbox.run(&["repair", "--only", "pairing"]).expect(Exit::Refused);
    assert!(run.stderr.contains("clawmend repair --only pairing --yes"), "{}", run.text());
    assert_eq!(sandbox.tree(false), before);
}

#[test]
fn it_asks_once_and_a_no_changes_nothing() {
    let sandbox = locked();
    let before = sandbox.tree(false);
    for answer in [Some(false), None] {
        let person = Answers::confirming(answer);
        sandbox.run_with(&["repair"], &person).expect(Exit::Refused);
        assert_eq!(person.asked.borrow().len(), 1);
    }
    assert_eq!(sandbox.tree(false), before);
    let person = Answers::confirming(Some(true));
    sandbox.run_with(&["repair"], &person).expect(Exit::Done);
    assert_eq!(person.asked.borrow().len(), 1);
}

#[test]
fn a_foreign_device_is_approved_by_its_id_alone_and_gets_what_it_asks_for() {
    let (sandbox, id) = with_foreign_request();
    let run = sandbox.run(&["approve"]).expect(Exit::Refused);
    assert!(run.stderr.contains("approve REQUEST_ID"), "{}", run.text());
    sandbox.run(&["approve", &id, "--yes"]);
    let paired = sandbox.json("devices/paired.json");
    let device = &paired["e4e8f6e8993a591f0f30069937aa51998f54cc5b0310f53c8979a0e125e0e8d5"];
    assert_eq!(
        device["scopes"],
        json!(["operator.admin", "operator.approvals", "operator.pairing"])
    );
    assert_eq!(paired.as_object().unwrap().len(), 2);
    assert_eq!(sandbox.json("devices/pending.json"), json!({}));
}

#[test]
fn on_a_terminal_a_picker_offers_the_foreign_ones() {
    let (sandbox, _) = with_foreign_request();
    let before = sandbox.tree(false);
    sandbox.run_with(&["approve"], &Answers::choosing(None, None)).expect(Exit::Refused);
    sandbox.run_with(&["approve"], &Answers::choosing(Some(0), Some(true))).expect(Exit::Refused);
    assert_eq!(sandbox.tree(false), before);
    let person = Answers::choosing(Some(1), Some(true));
    sandbox.run_with(&["approve"], &person);
    assert_eq!(sandbox.json("devices/paired.json").as_object().unwrap().len(), 2);
    assert!(
        person.asked.borrow()[0]
            .starts_with("Which device is yours (arrow keys, then Enter) none of them | ")
    );
}

#[test]
fn a_forged_request_is_refused_by_its_id_too() {
    let (sandbox, id) = with_foreign_request();
    let mut pending: Value = sandbox.json("devices/pending.json");
    pending[&id]["publicKey"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    sandbox.write("devices/pending.json", pending.to_string());
    let before = sandbox.tree(false);
    let run = sandbox.run(&["approve", &id, "--yes"]).expect(Exit::Refused);
    assert!(run.stderr.contains("does not belong"), "{}", run.text());
    assert_eq!(sandbox.tree(false), before);
}

#[test]
fn approve_without_an_id_grants_this_machine_what_a_cli_needs() {
    let sandbox = locked();
    sandbox.run(&["approve", "--yes"]).expect(Exit::Done);
    sandbox.run(&["diagnose"]).expect(Exit::Done);
}

#[test]
fn devices_are_listed_with_what_they_hold_and_lack() {
    let (sandbox, _) = with_foreign_request();
    same("devices", &sandbox.run(&["devices"]).text());
}

#[test]
fn an_empty_name_is_none_and_of_a_long_one_the_device_is_told() {
    let (sandbox, id) = with_foreign_request();
    let mut pending = sandbox.json("devices/pending.json");
    for (name, seen) in [
        (" ", "  cli\n    request"),
        ("Galaxy C02XK1ZAJGH5", "  Galaxy ****\n"),
        ("👨\u{200d}👩 iPad", "  👨\u{200d}👩 iPad\n"),
    ] {
        pending[&id]["displayName"] = json!(name);
        pending[&id]["clientId"] = json!("cli");
        sandbox.write("devices/pending.json", pending.to_string());
        let run = sandbox.run(&["devices"]);
        assert!(run.stdout.contains(seen), "{}", run.text());
        assert!(!sandbox.run(&["report"]).text().contains("Galaxy"));
    }
}

#[test]
fn an_unknown_flag_is_a_usage_error() {
    let run = locked().run(&["repair", "--no-snapshot"]).expect(Exit::Usage);
    assert!(run.stdout.is_empty() && !run.stderr.is_empty());
    locked().run(&["repair", "--scopes", "root"]).expect(Exit::Usage);
}

#[test]
fn escape_sequences_in_the_state_do_not_reach_the_terminal() {
    let (sandbox, id) = with_foreign_request();
    let mut pending: Value = sandbox.json("devices/pending.json");
    pending[&id]["displayName"] = json!("\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}x");
    sandbox.write("devices/pending.json", pending.to_string());
    for args in [
        &["devices"][..],
        &["diagnose", "-v"],
        &["approve", &id, "--dry-run"],
        &["repair", "--dry-run"],
    ] {
        let run = sandbox.run(args);
        let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(
            !run.stdout.contains(bad) && !run.stderr.contains(bad),
            "{args:?}: {:?}",
            run.stdout
        );
    }
}

#[test]
fn explain_tells_the_long_story() {
    same("explain", &locked().run(&["explain", "cli-not-paired"]).expect(Exit::Done).text());
    locked().run(&["explain", "no such thing at all"]).expect(Exit::Refused);
}

#[test]
fn a_broken_config_is_replaced_only_when_a_person_says_so() {
    let sandbox = locked();
    let whole = sandbox.read("openclaw.json");
    std::fs::remove_file(sandbox.path("openclaw.json.last-good")).unwrap();
    sandbox.write("openclaw.json.bak", &whole);
    sandbox.write("openclaw.json", "{ gateway: { mode: 'local', ");
    let broken = sandbox.read("openclaw.json");
    let run = sandbox.run(&["repair", "--yes"]).expect(Exit::Findings);
    assert!(
        run.stderr.contains("--config-from /home/.openclaw/openclaw.json.bak"),
        "{}",
        run.text()
    );
    assert_eq!(sandbox.read("openclaw.json"), broken, "never silently");

    let person = Answers::confirming(Some(true));
    sandbox.run_with(&["repair"], &person).expect(Exit::Done);
    assert!(person.asked.borrow()[0].contains("openclaw.json.bak"));
    assert_eq!(sandbox.read("openclaw.json"), whole);
    sandbox.run(&["restore", "--yes"]).expect(Exit::Done);
    assert_eq!(sandbox.read("openclaw.json"), broken);
    sandbox
        .run(&["repair", "--yes", "--config-from", "home/.openclaw/openclaw.json.bak"])
        .expect(Exit::Done);
    assert_eq!(sandbox.read("openclaw.json"), whole);
}

/// What a config lost that shrank to almost nothing is told, and one command brings it back.
#[test]
fn a_config_that_shrank_gets_its_sections_back() {
    let sandbox = locked();
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    let whole = format!("{}\n// {}\n", sandbox.read("openclaw.json"), "x".repeat(600));
    let whole = whole.replacen('{', "{ agents: { list: [] }, ", 1);
    sandbox.write("openclaw.json.last-good", &whole);
    sandbox.write("openclaw.json", "{\"gateway\":{\"mode\":\"local\"}}");
    let run = sandbox.run(&["diagnose", "-v"]);
    let said = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("missing here: agents"), "{}", run.text());
    let back = ["repair", "--yes", "--config-from", "home/.openclaw/openclaw.json.last-good"];
    assert!(
        said.contains("repair --config-from /home/.openclaw/openclaw.json.last-good"),
        "{said}"
    );
    sandbox.run(&back).expect(Exit::Done);
    assert_eq!(sandbox.read("openclaw.json"), whole);
    sandbox.run(&["restore", "--yes"]);
    assert_eq!(sandbox.read("openclaw.json"), "{\"gateway\":{\"mode\":\"local\"}}");
}

/// What clawmend tells the reader to type is what fits this run.
#[test]
fn printed_commands_carry_the_flags_of_this_run() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let state = sandbox.state().display().to_string();
    let ours = ["--state-dir", state.as_str(), "--profile", "work"];
    let told = |args: &[&str]| {
        let run = sandbox.run(&[&ours[..], args].concat());
        run.stdout + &run.stderr
    };
    assert!(
        told(&["diagnose"]).contains("clawmend --state-dir /home/.openclaw --profile work repair")
    );
    for args in [
        &["diagnose"][..],
        &["repair", "--dry-run"],
        &["repair"],
        &["devices"],
        &["snapshot", "list"],
        &["restore", "--yes"],
        &["explain", "pairing required"],
        &["explain", "proxy_attribution_required"],
        &["explain", "identity-missing"],
        &["explain", "apply-interrupted"],
        &["--json", "explain", "proxy_attribution_required"],
        &["repair", "--yes"],
        &["restore", "nosuch"],
    ] {
        let text = told(args);
        for command in ["repair", "restore", "snapshot", "explain", "diagnose", "-v"] {
            let bare = format!("clawmend {command}");
            for line in text.lines().filter(|line| line.contains(&bare)) {
                // A sentence, not a command to paste.
                assert!(line.starts_with("  do    clawmend repair: "), "{args:?}: {line}");
            }
        }
    }
}

/// A list that could not be read is not an empty list.
#[test]
fn an_unread_store_is_said_to_be_unread() {
    let sandbox = Sandbox::fixture("2026.9.6-sqlite-read-only");
    sandbox.write("state/openclaw.sqlite", "SQLite format 3\0 and then nothing");
    let run = sandbox.run(&["devices"]).expect(Exit::Failed);
    assert!(run.stdout.is_empty(), "{}", run.stdout);
    assert!(run.stderr.contains("the database cannot be read"), "{}", run.stderr);
    let run = sandbox.run(&["devices", "--json"]).expect(Exit::Failed);
    assert_eq!(run.json()["error"]["exit"], 4);
    for args in [&["approve"][..], &["approve", "abc"]] {
        let run = sandbox.run(args).expect(Exit::Failed);
        assert!(run.stderr.contains("the database cannot be read"), "{}", run.stderr);
    }
    for args in [&["repair"][..], &["repair", "--dry-run"], &["diagnose"]] {
        let run = sandbox.run(args).expect(Exit::Findings);
        assert!(run.stdout.contains("nothing of these could be"), "{}", run.stdout);
    }

    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    sandbox.write("devices/paired.json", "{\"a\": ");
    let run = sandbox.run(&["devices"]).expect(Exit::Findings);
    assert!(run.stdout.contains("Paired devices: not known"), "{}", run.stdout);
}

#[test]
fn approve_says_that_this_machines_request_gets_more_and_has_expired() {
    let sandbox = locked();
    let id =
        sandbox.json("devices/pending.json").as_object().unwrap().keys().next().unwrap().clone();
    let run = sandbox.run(&["approve", &id, "--dry-run"]);
    assert!(run.stderr.contains("gets the full operator scopes"), "{}", run.text());
    assert!(run.stderr.contains("has expired"), "{}", run.text());
    let run = sandbox.run(&["-v", "diagnose"]);
    let contradicts = |line: &str| line.contains("waits") && line.contains("expired");
    assert!(!run.stdout.lines().any(contradicts), "{}", run.text());
    assert!(!run.stdout.contains("silent: false"), "{}", run.text());
}

#[test]
fn another_device_is_done_even_where_this_cli_is_still_locked_out() {
    let (sandbox, id) = with_foreign_request();
    let run = sandbox.run(&["-q", "approve", &id, "--yes"]).expect(Exit::Findings);
    assert!(run.stdout.contains(" is approved."), "{}", run.text());
    assert!(run.stdout.contains("own CLI is still locked out: clawmend repair"), "{}", run.text());
}

/// The verdict counts what stands below it; nothing "still" locks out where only a dry run would.
#[test]
fn the_verdict_counts_warnings_and_a_look_at_an_older_state_says_that_state() {
    let sandbox = Sandbox::fixture("2026.2.19-pending-after-proxy");
    let run = sandbox.run(&["diagnose"]).expect(Exit::Findings);
    assert!(run.stdout.contains("CLI out. There is 1 warning too.\n"), "{}", run.text());
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    let run = sandbox.run(&["undo", "--dry-run"]).expect(Exit::Findings);
    assert!(run.stdout.contains("\nThat state locks the CLI out:\n"), "{}", run.text());
}

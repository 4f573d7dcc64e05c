//! Where a report leads: what to type now leads on, and nothing is recommended that is refused.

use clawmend::exit::Exit;
use serde_json::json;

use super::people::{locked, with_foreign_request};
use crate::support::{Answers, Sandbox};

#[test]
fn what_is_not_what_it_says_it_is_is_offered_to_nobody() {
    let (sandbox, id) = with_foreign_request();
    sandbox.now_ms.set(sandbox.json("devices/pending.json")[&id]["ts"].as_i64().unwrap() + 1000);
    let mut pending = sandbox.json("devices/pending.json");
    pending[&id]["publicKey"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    sandbox.write("devices/pending.json", pending.to_string());
    for command in [&["diagnose"][..], &["devices"]] {
        let text = sandbox.run(command).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(!text.contains("clawmend approve"), "{text}");
        assert!(text.contains("do not approve"), "{text}");
        assert!(!text.contains("1 record"), "{text}");
    }
    let person = Answers::choosing(Some(0), Some(true));
    let run = sandbox.run_with(&["approve"], &person).expect(Exit::Refused);
    assert!(person.asked.borrow().is_empty());
    assert!(run.stderr.contains("not the device that it claims to be"), "{}", run.text());
}

#[test]
fn what_repair_leaves_to_the_user_is_said_before_and_after() {
    let sandbox = Sandbox::fixture("2026.2.19-pending-after-proxy");
    let choice = "Not changed, because you decide:\n  if you use a proxy (nginx, Caddy or similar)";
    let command = "    clawmend repair --trust-proxy 127.0.0.1";
    for args in [&["repair", "--dry-run"][..], &["repair", "--yes"]] {
        let run = sandbox.run(args).expect(Exit::Done);
        assert!(run.stdout.contains(choice), "{}", run.text());
        assert!(run.stdout.contains(command), "{}", run.text());
    }
    let sandbox = Sandbox::fixture("2026.2.19-pending-after-proxy");
    let run = sandbox.run(&["repair", "--trust-proxy", "127.0.0.1", "--yes"]).expect(Exit::Done);
    assert!(!run.stdout.contains("you decide"), "{}", run.text());
}

#[test]
#[cfg_attr(clawmend_portable, ignore = "the editor of Unix, which opens at a line")]
fn a_config_that_cannot_be_parsed_is_led_to_the_command_that_names_the_copy() {
    let sandbox = locked();
    let good = sandbox.read("openclaw.json");
    sandbox.write("openclaw.json.last-good", &good);
    sandbox.write("openclaw.json", good.replacen('{', "{ ,", 1));
    let run = sandbox.run(&["diagnose"]).expect(Exit::Findings);
    let (_, now) = run.stdout.split_once("Choose one, and type it:").unwrap();
    let deed = "clawmend repair --config-from /home/.openclaw/openclaw.json.last-good";
    assert!(now.contains(deed) && now.contains("1. nano +"), "{}", run.text());
    assert!(!now.contains("clawmend repair  "), "{}", run.text());
    let run = sandbox.run(&["repair", "--yes"]).expect(Exit::Findings);
    assert!(!run.stdout.contains("needs no restart"), "{}", run.text());
    let run = sandbox.run(&["diagnose"]).expect(Exit::Findings);
    assert!(run.stdout.contains(deed), "{}", run.text());
    assert!(!run.stdout.contains("Now: do what"), "{}", run.text());
}

#[test]
fn an_empty_state_dir_is_told_what_comes_first() {
    let sandbox = Sandbox::empty();
    let run = sandbox.run(&["diagnose"]).expect(Exit::Findings);
    assert!(run.stdout.contains("no pairing and no identity here yet"), "{}", run.text());
    let setup = run.stdout.find("openclaw setup").unwrap();
    let list = run.stdout.find("openclaw devices list").unwrap();
    assert!(setup < list, "{}", run.text());
    let run = sandbox.run(&["repair", "--yes"]).expect(Exit::Findings);
    assert!(run.stdout.contains("openclaw setup"), "{}", run.text());
    let run = sandbox.run(&["approve"]).expect(Exit::Refused);
    assert!(!run.stderr.contains("lets this machine"), "{}", run.text());
}

#[cfg(all(unix, not(clawmend_portable)))]
#[test]
fn many_paths_with_one_fault_are_one_finding() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = locked();
    for name in ["devices", "identity", "devices/paired.json", "openclaw.json"] {
        let mode = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(sandbox.path(name), mode).unwrap();
    }
    let run = sandbox.run(&["diagnose"]).expect(Exit::Findings);
    assert_eq!(run.stdout.matches("mode-too-open").count(), 1, "{}", run.text());
    assert!(run.stdout.contains("chmod -R go-w /home/.openclaw"), "{}", run.text());
}

#[cfg(all(unix, not(clawmend_portable)))]
#[test]
fn keys_that_others_may_read_are_a_warning_and_no_more() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = locked();
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let key = sandbox.path("identity/device.json");
    mode(&key, 0o644);
    let warns = || {
        let run = sandbox.run(&["diagnose"]).expect(Exit::Findings);
        run.stdout.contains("chmod go-rwx /home/.openclaw/identity/device.json")
    };
    assert!(!warns(), "nobody else comes that far");
    for folder in key.ancestors().skip(1).take(4) {
        mode(folder, 0o711);
    }
    assert!(warns());

    // Several: the folder around them is closed, and that is enough.
    mode(&sandbox.path("devices"), 0o711);
    mode(&sandbox.path("devices/paired.json"), 0o644);
    let run = sandbox.run(&["diagnose"]).expect(Exit::Findings);
    assert!(run.stdout.contains("chmod go-rwx /home/.openclaw\n"), "{}", run.text());
    let state = sandbox.path("");
    mode(&state, 0o700);
    let run = sandbox.run(&["diagnose"]).expect(Exit::Findings);
    assert!(!run.stdout.contains("mode-too-open"), "{}", run.text());
}

#[cfg(all(unix, not(clawmend_portable)))]
#[test]
#[ignore = "gives files away: the gate runs it as root"]
fn files_of_another_user_are_given_back_before_anything_else() {
    let sandbox = locked();
    std::os::unix::fs::chown(sandbox.state(), Some(12345), Some(12345)).unwrap();
    let run = sandbox.run(&["diagnose"]).expect(Exit::Findings);
    let (_, now) = run.stdout.split_once("Now type:\n").unwrap();
    assert!(now.starts_with("  chown -R 12345 /home/.openclaw\n  clawmend "), "{}", run.text());
}

#[test]
fn where_nothing_blocks_a_warning_says_what_repair_would_do_for_it() {
    let sandbox = Sandbox::fixture("2026.9.6-sqlite-read-only");
    let mut config = sandbox.json("openclaw.json");
    config["gateway"]["auth"] = json!({ "mode": "token", "token": "0123456789abcdef".repeat(3) });
    sandbox.write("openclaw.json", config.to_string());
    let run = sandbox.run(&["diagnose"]).expect(Exit::Done);
    assert!(run.stdout.contains("Healthy"), "{}", run.text());
    assert!(run.stdout.contains("  do    clawmend repair: "), "{}", run.text());
    assert!(!run.stdout.contains("Now type:"), "{}", run.text());
    assert!(run.stdout.contains("Nothing must be done."), "{}", run.text());
}

#[test]
fn a_mistyped_command_is_told_the_nearest_one_alone() {
    let sandbox = locked();
    for (typed, meant) in
        [("repiar", "repair"), ("repare", "repair"), ("reprot", "report"), ("stauts", "status")]
    {
        let run = sandbox.run(&[typed]).expect(Exit::Usage);
        assert!(run.stderr.contains(&format!("'{meant}'")), "{}", run.text());
        assert!(run.stderr.contains(&format!("'{typed}'")), "{}", run.text());
        let others = ["'repair'", "'report'", "'status'", "'undo'", "'restore'", "'complete'"];
        let named = others.into_iter().filter(|other| run.stderr.contains(other)).count();
        assert_eq!(named, 1, "{}", run.text());
    }
}

/// A run by somebody who may read all of the state, and write nothing.
#[cfg(all(unix, not(clawmend_portable)))]
fn as_a_reader(sandbox: &Sandbox, args: &[&str]) -> std::process::Output {
    use std::os::unix::fs::PermissionsExt;
    for (path, _) in sandbox.tree(false) {
        let path = sandbox.state().join(path);
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    for path in [sandbox.root(), &sandbox.home(), &sandbox.state()] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    as_another(sandbox, args)
}

/// A run by somebody whose state it is not.
#[cfg(all(unix, not(clawmend_portable)))]
fn as_another(sandbox: &Sandbox, args: &[&str]) -> std::process::Output {
    use std::os::unix::process::CommandExt;
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_clawmend"));
    program.arg("--state-dir").arg(sandbox.state()).args(args).env_clear();
    program.uid(61_234).gid(61_234).output().expect("this test needs root")
}

/// Whoever cannot read the identity would see the same screen again, and is told of no broken one.
#[cfg(all(unix, not(clawmend_portable)))]
#[test]
#[ignore = "runs as another user: the gate runs it as root"]
fn who_may_not_read_is_sent_to_whoever_may() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = locked();
    as_a_reader(&sandbox, &[]);
    let closed = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(sandbox.path("identity/device.json"), closed).unwrap();
    let text = String::from_utf8_lossy(&as_another(&sandbox, &[]).stdout).into_owned();
    let (_, now) = text.split_once("Now:\n").unwrap();
    assert!(now.contains("  sudo clawmend ") && !now.contains("checks again"), "{text}");
    assert!(!text.contains("broken"), "{text}");
}

/// Root works with the owner's rights: it is not root's own what a mode closes.
#[cfg(all(unix, not(clawmend_portable)))]
#[test]
#[ignore = "gives files away: the gate runs it as root"]
fn root_is_told_whom_a_mode_keeps_out() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = locked();
    as_a_reader(&sandbox, &[]);
    for (path, _) in sandbox.tree(false) {
        let path = sandbox.state().join(path);
        std::os::unix::fs::chown(path, Some(61_234), Some(61_234)).unwrap();
    }
    std::os::unix::fs::chown(sandbox.state(), Some(61_234), Some(61_234)).unwrap();
    let closed = std::fs::Permissions::from_mode(0o500);
    std::fs::set_permissions(sandbox.state(), closed).unwrap();
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_clawmend"));
    program.arg("--state-dir").arg(sandbox.state()).args(["repair", "--yes"]).env_clear();
    let text = String::from_utf8_lossy(&program.output().unwrap().stderr).into_owned();
    assert!(text.contains("its mode keeps the owner out: chmod"), "{text}");
}

/// Whoever may not look into clawmend's own folder is not told that a run was interrupted.
#[cfg(all(unix, not(clawmend_portable)))]
#[test]
#[ignore = "runs as another user: the gate runs it as root"]
fn a_journal_that_is_not_theirs_to_read_is_no_interrupted_run() {
    let sandbox = locked();
    sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
    let run = as_a_reader(&sandbox, &[]);
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(!text.contains("run was interrupted\n"), "{text}");
    assert!(text.contains("journal is not yours to read"), "{text}");
    assert!(text.contains("sudo -u '#0' clawmend --state-dir"), "{text}");
}

/// Nobody is asked for a yes to what cannot be done: without anybody to answer it says the reason all the same.
#[cfg(all(unix, not(clawmend_portable)))]
#[test]
#[ignore = "runs as another user: the gate runs it as root"]
fn who_may_not_write_is_told_before_the_question() {
    let run = as_a_reader(&locked(), &["repair"]);
    let text = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(4), "{text}");
    assert!(text.contains("could not write to the state dir"), "{text}");
    assert!(String::from_utf8_lossy(&run.stdout).contains("What would change"), "the preview");
}

/// A plain word that was typed is shown; and the command that was meant is named.
#[test]
fn a_word_that_is_no_secret_is_shown_and_the_command_that_is_meant_is_named() {
    let sandbox = locked();
    for (typed, shown, meant) in [
        (&["devices", "list"][..], "'list'", "clawmend devices\n"),
        (&["list"], "'list'", "clawmend devices\n"),
        (&["--state-dir", "x", "devices", "approve", "461"], "'approve'", "clawmend approve\n"),
        (&["undo", "2"], "'2'", "clawmend undo (typed again it goes one further back)\n"),
        (&["undo", "20261124T1813"], "'****'", "clawmend restore ID (`clawmend snapshot list`"),
        (&["snapshot", "undo"], "'undo'", "clawmend undo\n"),
        (&["check"], "'check'", "clawmend diagnose\n"),
        (&["unlock"], "'unlock'", "clawmend repair\n"),
        (&["heal", "--yes"], "'heal'", "clawmend repair\n"),
        (&["reset"], "'reset'", "clawmend repair\n"),
        (&["snapshot", "check"], "'check'", "clawmend snapshot verify\n"),
        (&["revert"], "'revert'", "clawmend undo\n"),
        (&["--all"], "'--all'", "clawmend diagnose --all\n"),
        (&["-all"], "-a", "clawmend diagnose --all\n"),
        (&["--repair"], "'--repair'", "clawmend repair\n"),
        (&["--undo"], "'--undo'", "clawmend undo\n"),
        (&["repair", "-dry-run"], "-d", "clawmend repair --dry-run\n"),
    ] {
        let run = sandbox.run(typed).expect(Exit::Usage);
        assert!(run.stderr.contains(shown), "{typed:?}: {}", run.text());
        assert!(
            run.stderr.contains(&format!("the command is: {meant}")),
            "{typed:?}: {}",
            run.text()
        );
    }
    for typed in
        [&["snapshot", "lsit"][..], &["repair", "--bind", "foo"], &["repair", "--bind", "looback"]]
    {
        let run = sandbox.run(typed).expect(Exit::Usage);
        let given = typed.last().unwrap();
        assert!(run.stderr.contains(&format!("'{given}'")), "{}", run.text());
    }
    for typed in [&["gateway", "restart"][..], &["cron", "list"]] {
        let run = sandbox.run(typed).expect(Exit::Usage);
        assert!(run.stderr.contains(&format!("'{}'", typed[0])), "{}", run.text());
        assert!(run.stderr.contains("that is a command of OpenClaw"), "{}", run.text());
    }
    let run = sandbox.run(&["repair", "--yes", "now"]).expect(Exit::Usage);
    assert!(run.stderr.contains("'now'"), "{}", run.text());
    let run = sandbox.run(&["approve", "4c3b5101"]).expect(Exit::Refused);
    assert!(run.stderr.contains("`4c3b5101`"), "{}", run.text());
    for secret in [
        "Vrj1_j258mhmci7lPFTO1eXBa4DabTaqC4otZKUY1YM",
        "token=abc",
        "0123456789abcdef",
        "letmein",
        "XKQWPLMN",
    ] {
        for typed in [
            &["undo", secret][..],
            &["devices", secret],
            &[secret],
            &["approve", secret],
            &[secret, "-json"],
            &["--token", secret, "-verbose"],
            &["--state-dir", secret, "-json", "repair"],
        ] {
            let run = sandbox.run(typed);
            assert!(!run.text().contains(secret), "{typed:?}: {}", run.text());
        }
    }
}

/// Where no terminal tells its width, `COLUMNS` does.
#[test]
fn columns_is_the_width_where_no_terminal_tells_it() {
    let sandbox = locked();
    let widest = |columns: &str| {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_clawmend"));
        program.env_clear().env("HOME", sandbox.home()).env("COLUMNS", columns);
        let out = program.arg("diagnose").output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        text.lines().filter(|line| line.starts_with("Gateway ")).map(str::len).max().unwrap()
    };
    assert!(widest("40") <= 40 && widest("nonsense") > 60 && widest("") > 60);
}

/// Healthy files open nothing while no gateway runs.
#[test]
fn a_healthy_state_without_a_gateway_says_to_start_it() {
    let sandbox = locked();
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    let run = sandbox.run(&["diagnose"]).expect(Exit::Done);
    assert!(run.stdout.contains("Start the gateway, if it does not run."), "{}", run.text());
    assert!(run.stdout.contains("clawmend explain"), "{}", run.text());
}

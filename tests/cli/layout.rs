//! What a person sees: nothing is broken, nothing runs over the edge, the simplest lockout fits on a screen.

use clawmend::exit::Exit;
use unicode_width::UnicodeWidthStr;

use crate::support::Sandbox;

pub fn fixtures() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() >= 3, "{names:?}");
    names
}

/// A line may be longer than the screen where it is one word (a path, an id), or a command to paste.
fn may_be_long(line: &str) -> bool {
    let text = line.trim_start().trim_start_matches("do ").trim_start();
    let is_command = [
        "clawmend ",
        "sudo ",
        "openclaw ",
        "docker ",
        "ls ",
        "nano ",
        "mv ",
        "chmod ",
        "1. ",
        "2. ",
        "More:",
    ]
    .iter()
    .any(|start| text.starts_with(start));
    is_command || text.split_whitespace().count() <= 2
}

#[test]
fn no_line_is_wider_than_the_screen_and_no_word_is_broken() {
    for fixture in fixtures() {
        let sandbox = Sandbox::fixture(&fixture);
        let words = |width: usize| {
            sandbox.width.set(width);
            let runs = [&["diagnose"][..], &["-v"], &["devices"]];
            let text: String = runs.iter().map(|args| sandbox.run(args).stdout).collect();
            for line in text.lines() {
                assert!(line.width() <= width || may_be_long(line), "{fixture} at {width}: {line}");
            }
            text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        let wide = words(200);
        for width in [40, 41, 42, 60, 80] {
            assert_eq!(words(width), wide, "{fixture} at {width}");
        }
    }
}

#[test]
fn a_name_without_blanks_is_broken_at_the_edge_and_nothing_of_it_is_lost() {
    let (sandbox, id) = super::people::with_foreign_request();
    let name = "中文手機測試アンナのとても長い名前のデバイスです";
    let mut pending = sandbox.json("devices/pending.json");
    pending[&id]["displayName"] = name.into();
    sandbox.write("devices/pending.json", pending.to_string());
    sandbox.width.set(40);
    let text = sandbox.run(&["devices"]).stdout;
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_ascii()).collect();
    assert!(lines.len() == 2 && lines.iter().all(|line| line.width() <= 40), "{text}");
    let told: String = text.split_whitespace().collect();
    assert!(told.contains(name), "{text}");
}

#[test]
fn the_simplest_lockout_fits_on_one_screen() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    for args in [&["diagnose"][..], &[]] {
        let run = sandbox.run(args).expect(Exit::Findings);
        let lines: Vec<&str> = run.stdout.lines().collect();
        // The question below it and the shell's prompt above it have their lines too.
        assert!(lines.len() <= 22, "{} lines\n{}", lines.len(), run.stdout);
        assert!(lines[0].starts_with("State dir"), "{}", run.stdout);
        assert!(
            run.stdout.contains("keeps this machine's CLI out. `devices list` still works.\n"),
            "{}",
            run.stdout
        );
        assert!(run.stdout.contains("  clawmend repair --dry-run"), "{}", run.stdout);
    }
}

/// A warning beside it and a state dir that was named still leave room for all of it.
#[test]
fn a_proxy_warning_and_a_named_state_dir_fit_on_one_screen() {
    let sandbox = Sandbox::fixture("2026.2.19-pending-after-proxy");
    let state = sandbox.state();
    let run = sandbox.run(&["--state-dir", state.to_str().unwrap()]).expect(Exit::Findings);
    // The question takes the two lines below it.
    assert!(run.stdout.lines().count() <= 22, "{}", run.stdout);
    for line in ["State dir", "WARNING", "  clawmend --state-dir /home/.openclaw repair\n"] {
        assert!(run.stdout.contains(line), "{line}\n{}", run.stdout);
    }
}

/// What makes it longer than a screen and can wait gives way on a terminal, and a log has all of it.
#[test]
fn notes_give_way_where_a_screen_is_too_small() {
    let sandbox = Sandbox::fixture("2026.2.19-pending-after-proxy");
    sandbox.put("2026.2.19-pending-after-proxy", "home/.openclaw-work");
    let state = sandbox.state();
    let args = ["--state-dir", state.to_str().unwrap()];
    let note = "INFO  1 other state dir exists beside this one";
    let whole = sandbox.run(&args).expect(Exit::Findings);
    assert!(whole.stdout.contains(note), "{}", whole.stdout);
    sandbox.is_terminal.set(true);
    let run = sandbox.run(&args).expect(Exit::Findings);
    assert!(run.stdout.lines().count() <= 22, "{}", run.stdout);
    assert!(!run.stdout.contains(note), "{}", run.stdout);
    assert!(run.stdout.contains("\n1 note more:  clawmend --state-dir "), "{}", run.stdout);
    let all = sandbox.run(&[&args[..], &["-v"]].concat());
    assert!(all.stdout.contains(note), "{}", all.stdout);
}

/// An option that has no effect says so, and why.
#[test]
fn an_option_that_changes_nothing_says_so() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    for (option, says) in [
        (&["--bind", "lan"][..], "--bind lan changes nothing: gateway.bind has a valid value"),
        (&["--new-token"], "--new-token changes nothing: "),
        (
            &["--bind", "lan", "--only", "pairing"],
            "--bind lan changes nothing: --only leaves the config out",
        ),
        (&["-q", "--bind", "lan"], "--bind lan changes nothing: gateway.bind has a valid value"),
    ] {
        let run = sandbox.run(&[&["repair", "--dry-run"][..], option].concat()).expect(Exit::Done);
        assert!(run.stderr.contains(says), "{}", run.text());
    }
    let mut config = sandbox.json("openclaw.json");
    config["gateway"]["auth"] = serde_json::json!({ "mode": "none" });
    sandbox.write("openclaw.json", config.to_string());
    let run = sandbox.run(&["repair", "--dry-run", "--new-token"]);
    assert!(run.stderr.contains("gateway.auth.mode is \"none\""), "{}", run.text());
    config["gateway"]["trustedProxies"] = serde_json::json!(["127.0.0.1"]);
    config["gateway"]["bind"] = serde_json::json!("loopback");
    sandbox.write("openclaw.json", config.to_string());
    let options = ["repair", "-n", "--json", "--bind", "loopback", "--trust-proxy", "127.0.0.1"];
    let notes = sandbox.run(&options).json()["notes"].to_string();
    assert!(notes.contains("gateway.bind is loopback already"), "{notes}");
    assert!(notes.contains("gateway.trustedProxies names 127.0.0.1 already"), "{notes}");
    let run = sandbox.run(&["repair", "--scopes", "read,admn"]).expect(Exit::Usage);
    assert!(run.stderr.contains("did you mean operator.admin?"), "{}", run.text());
    // One that has an effect says nothing of the kind.
    config["gateway"]["bind"] = serde_json::json!("nonsense");
    sandbox.write("openclaw.json", config.to_string());
    let run = sandbox.run(&["repair", "--dry-run", "--bind", "tailnet"]);
    assert!(!run.stderr.contains("changes nothing"), "{}", run.text());
}

/// The first blocker's own line comes first: where the config breaks, the editor on that line.
#[test]
#[cfg_attr(clawmend_portable, ignore = "the editor of Unix, which opens at a line")]
fn a_broken_config_is_opened_at_its_line_before_a_copy_is_offered() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let good = sandbox.read("openclaw.json");
    sandbox.write("openclaw.json.bak", &good);
    sandbox
        .write("openclaw.json", "{\n  gateway: {\n    mode: 'local'\n    bind: 'lan',\n  },\n}\n");
    let run = sandbox.run(&["diagnose"]).expect(Exit::Findings);
    let (_, now) = run.stdout.split_once("Choose one").unwrap();
    let nano = now.find("  1. nano +").unwrap_or_else(|| panic!("{}", run.text()));
    let copy = now.find("  2. clawmend repair --config-from ").unwrap();
    assert!(nano < copy && now.contains("a comma is missing here"), "{}", run.text());
    assert!(
        now.contains("gateway.bind (line 4)") && run.stdout.contains("mode: 'local'"),
        "{}",
        run.text()
    );
}

/// What is said after a change fits a narrow screen too, and so do notes and errors on a terminal.
#[test]
fn what_is_said_after_a_change_fits_a_narrow_screen() {
    for fixture in fixtures() {
        let sandbox = Sandbox::fixture(&fixture);
        sandbox.width.set(40);
        for args in [
            &["repair", "--yes", "-q"][..],
            &["repair", "--yes", "-q"],
            &["restore", "--yes", "-q"],
            &["undo", "--yes", "-q"],
            &["snapshot", "create"],
            &["snapshot", "list"],
            &["snapshot", "show"],
            &["explain", "cli-not-paired"],
            &["explain", "--list"],
            &["explain", "pairing required"],
        ] {
            let run = sandbox.run(args);
            for line in run.stdout.lines().filter(|line| line.width() > 40) {
                assert!(may_be_long(line), "{fixture}: {args:?}: {line}\n{}", run.text());
            }
        }
    }
}

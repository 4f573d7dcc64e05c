//! What a shell offers: commands before options, then ids, codes and profiles as they are now.

use clawmend::exit::Exit;
use serde_json::json;

use super::people::with_foreign_request;
use crate::support::Sandbox;

fn offers(sandbox: &Sandbox, word: &str, before: &[&str]) -> Vec<String> {
    let word = format!("--word={word}");
    let args = ["complete", &word, "--"].into_iter().chain(before.iter().copied());
    let run = sandbox.run(&args.collect::<Vec<_>>()).expect(Exit::Done);
    assert_eq!(run.stderr, "");
    run.stdout.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn commands_come_first_and_options_where_they_are_begun() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let first = offers(&sandbox, "", &[]);
    assert_eq!(first[..3], ["diagnose", "repair", "approve"]);
    assert!(!first.iter().any(|word| word.starts_with('-') || word == "complete"), "{first:?}");
    assert_eq!(offers(&sandbox, "repa", &[]), ["repair"]);
    assert_eq!(offers(&sandbox, "--dry", &["repair"]), ["--dry-run"]);
    assert_eq!(offers(&sandbox, "--st", &["snapshot", "list"]), ["--state-dir"]);
    assert_eq!(offers(&sandbox, "l", &["snapshot"]), ["list"]);
    assert_eq!(offers(&sandbox, "", &["repair", "--bind"]), ["loopback", "lan", "tailnet", "auto"]);
    assert_eq!(offers(&sandbox, "t", &["repair", "--bind", "="]), ["tailnet"]);
    assert_eq!(offers(&sandbox, "--bind=t", &["repair"]), ["--bind=tailnet"]);
    assert_eq!(offers(&sandbox, "", &["--state-dir"]), [""; 0], "files are the shell's own");
    assert!(offers(&sandbox, "", &["completions"]).contains(&"fish".to_owned()));
}

#[test]
fn requests_snapshots_codes_and_profiles_are_offered_as_they_are() {
    let (sandbox, id) = with_foreign_request();
    assert!(offers(&sandbox, "", &["approve"]).contains(&id));
    assert_eq!(offers(&sandbox, &id[..6], &["approve", "--yes"]), std::slice::from_ref(&id));
    assert_eq!(offers(&sandbox, "", &["approve", &id]), [""; 0]);
    sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
    let taken = sandbox.run(&["snapshot", "list", "--json"]).json();
    let taken = taken["snapshots"][0]["id"].as_str().unwrap().to_owned();
    for command in [&["restore"][..], &["snapshot", "show"], &["snapshot", "verify"]] {
        assert_eq!(offers(&sandbox, "", command), ["latest".to_owned(), taken.clone()]);
    }
    assert_eq!(offers(&sandbox, "cli-scopes-m", &["explain"]), ["cli-scopes-missing"]);
    assert_eq!(offers(&sandbox, "F0", &["explain"]).len(), 9);
    sandbox.put("2026.5.28-scope-upgrade-pending", "home/.openclaw-work");
    assert_eq!(offers(&sandbox, "", &["--profile"]), ["work"]);
    // The state that the line names is the one that is looked at.
    let work = sandbox.home().join(".openclaw-work");
    let work = work.to_str().unwrap();
    for named in [&["--profile", "work"][..], &["--state-dir", work], &["--state-dir", "=", work]] {
        let line: Vec<&str> = named.iter().copied().chain(["restore"]).collect();
        assert_eq!(offers(&sandbox, "", &line), ["latest"], "{named:?}");
    }
}

/// It looks only, is silent where it cannot, and gives a shell nothing that a shell would run.
#[test]
fn nothing_is_changed_told_or_run() {
    let (sandbox, id) = with_foreign_request();
    let mut pending = sandbox.json("devices/pending.json");
    for odd in ["$(id)", "a b", "`id`", "-rf", "a\tb", "a;b", "\u{1b}[31m", "a'b"] {
        let mut request = pending[&id].clone();
        request["requestId"] = json!(odd);
        pending[odd] = request;
    }
    sandbox.write("devices/pending.json", pending.to_string());
    let before = sandbox.tree(true);
    let found = offers(&sandbox, "", &["approve"]);
    assert!(found.contains(&id) && found.iter().all(|one| one.len() > 10), "{found:?}");
    assert_eq!(sandbox.tree(true), before);
    sandbox.write("devices/pending.json", "{");
    sandbox.write("openclaw.json", "{");
    assert_eq!(offers(&sandbox, "", &["approve"]), [""; 0]);
    assert_eq!(offers(&sandbox, "", &["--state-dir", "/nowhere", "restore"]), [""; 0]);
}

/// The script of a shell that every system here has, with the program in its PATH.
#[test]
fn bash_completes_with_its_script() {
    let (sandbox, id) = with_foreign_request();
    let script = sandbox.run(&["completions", "bash"]).stdout;
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_clawmend")).parent().unwrap();
    let ask = |words: &str| {
        let text = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _clawmend; printf '%s ' \"${{COMPREPLY[@]}}\""
        );
        let run = std::process::Command::new("bash")
            .args(["-c", &text])
            .env_clear()
            .env("HOME", sandbox.home())
            .env("PATH", format!("{}:/usr/bin:/bin", program.display()))
            .output()
            .unwrap();
        assert!(run.stderr.is_empty(), "{}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8(run.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(ask("clawmend repa"), "repair");
    assert!(ask("clawmend ''").starts_with("diagnose repair approve "));
    assert_eq!(ask(&format!("clawmend approve {}", &id[..5])), id);
    assert_eq!(ask("clawmend repair --only = p"), "pairing");
}

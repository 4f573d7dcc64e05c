//! What somebody tripped over who had never seen the program.

use clawmend::exit::Exit;

use clawmend::cli::world::{Answer, Person};

use crate::support::Sandbox;

#[test]
fn a_pasted_message_is_answered_by_what_is_found_here_and_the_command() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let message = "gateway closed (1008): pairing required";
    let run = sandbox.run(&["explain", message]).expect(Exit::Done);
    assert!(run.stdout.contains("Now type:\n  clawmend repair --dry-run"), "{}", run.text());
    assert!(run.stdout.lines().count() < 30, "{}", run.text());
    assert!(!run.stdout.contains("Other findings"), "{}", run.text());
    assert!(run.stdout.contains("add -v"), "{}", run.text());
    let run = sandbox.run(&["-v", "explain", message]).expect(Exit::Done);
    assert!(run.stdout.contains("Other findings"), "{}", run.text());
}

#[test]
fn a_mistyped_code_gets_neighbours_and_no_wall() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let run = sandbox.run(&["explain", "cli-scope-missing"]).expect(Exit::Refused);
    assert!(run.stderr.contains("did you mean cli-scopes-missing"), "{}", run.text());
    assert!(run.stderr.len() < 300, "{}", run.text());
    let run = sandbox.run(&["explain"]).expect(Exit::Done);
    assert!(run.stdout.contains("cli-scopes-missing"), "{}", run.text());
}

#[test]
fn printed_commands_work_from_another_folder() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let run = sandbox
        .run(&["--state-dir", "./home/.openclaw", "repair", "--yes", "--json"])
        .expect(Exit::Done);
    let undo = run.json()["undo"].clone();
    assert_eq!((&undo[1], &undo[3]), (&"--state-dir".into(), &"restore".into()), "{undo}");
    let dir = undo[2].as_str().unwrap();
    assert!(dir.ends_with("/home/.openclaw") && !dir.contains("./"), "{undo}");
}

#[test]
fn what_is_no_json_and_what_is_no_usage_error_says_so() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    for args in [&["demo", "--json"][..], &["man", "--json"], &["completions", "bash", "--json"]] {
        sandbox.run(args).expect(Exit::Usage);
    }
    sandbox.run(&["snapshot", "show"]).expect(Exit::Refused);
    sandbox.run(&["restore"]).expect(Exit::Refused);
    sandbox.run(&["help", "repair"]).expect(Exit::Done);
    let gone = sandbox.home().join("not/there");
    sandbox.run(&["man", gone.to_str().unwrap()]).expect(Exit::Refused);
    assert!(!sandbox.home().join("not").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn lost_output_is_a_failure_and_a_reader_who_has_gone_is_none() {
    for args in [&["explain", "--list"][..], &["--help"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_clawmend"))
            .args(args)
            .stdout(full)
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(4), "{args:?}");
        assert!(String::from_utf8_lossy(&run.stderr).contains("write the output"));
    }
}

/// Says yes, after the state has changed under the question.
struct Meddler<'a>(&'a Sandbox);

impl Person for Meddler<'_> {
    fn is_there(&self) -> bool {
        true
    }
    fn confirm(&self, question: &str) -> Option<Answer> {
        assert!(question.starts_with("Change 3 files in /"), "{question}");
        let pending = self.0.read("devices/pending.json");
        self.0.write(
            "devices/pending.json",
            pending.replace(
                "461df16e-88f0-4281-ab48-93c0dbed9b16",
                "561df16e-88f0-4281-ab48-93c0dbed9b16",
            ),
        );
        Some(Answer::Yes)
    }
    fn choose(&self, _question: &str, _items: &[String]) -> Option<usize> {
        None
    }
}

#[test]
fn a_state_that_changed_under_the_question_is_to_be_looked_at_again() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let run = sandbox.run_with(&["repair"], &Meddler(&sandbox)).expect(Exit::Refused);
    assert!(run.stderr.contains("has changed, so clawmend plans again"), "{}", run.text());
    assert!(run.stderr.contains("look at them again: clawmend repair\n"), "{}", run.text());
}

#[test]
fn quiet_says_nothing_that_the_default_leaves_out() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let full = sandbox.run(&["diagnose"]).stdout;
    let quiet = sandbox.run(&["-q", "diagnose"]).stdout;
    for line in quiet.lines() {
        assert!(full.lines().any(|known| known == line), "{line}\n{full}");
    }
    let preview =
        sandbox.run_with(&["-q", "repair"], &crate::support::Answers::confirming(Some(false)));
    assert!(!preview.stdout.contains("What would change"), "{}", preview.text());
}

#[test]
fn devices_of_a_broken_store_say_which_store_in_place() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    sandbox.write("devices/paired.json", "{");
    let run = sandbox.run(&["devices"]).expect(Exit::Findings);
    assert!(
        run.stdout.contains("Paired devices: not known: devices/paired.json cannot be read"),
        "{}",
        run.text()
    );
    assert!(run.stdout.contains("clawmend diagnose"), "{}", run.text());
}

#[test]
fn the_decision_is_told_step_by_step_and_claims_no_port_it_cannot_know() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    sandbox.write("openclaw.json", "{");
    let run = sandbox.run(&["-v", "diagnose"]);
    assert!(run.stdout.contains("18789 (the default port)"), "{}", run.text());
    assert!(
        run.stdout.contains("NO         the gateway starts with this config"),
        "{}",
        run.text()
    );
    assert!(
        run.stdout.contains("no         its scopes cover the everyday commands"),
        "{}",
        run.text()
    );
    assert!(!sandbox.run(&["diagnose"]).stdout.contains("What the gateway asks"));
}

#[cfg(unix)]
#[test]
fn man_pages_are_all_written_or_none() {
    for page in ["clawmend.1", "clawmend-repair.1", "clawmend-undo.1"] {
        let sandbox = Sandbox::empty();
        let folder = sandbox.home().join("man");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("clawmend-approve.1"), "an older page").unwrap();
        std::os::unix::fs::symlink("nowhere", folder.join(page)).unwrap();
        let run = sandbox.run(&["man", folder.to_str().unwrap()]).expect(Exit::Refused);
        assert!(run.stderr.contains(page), "{}", run.text());
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2, "{}", run.text());
        let older = std::fs::read_to_string(folder.join("clawmend-approve.1")).unwrap();
        assert_eq!(older, "an older page");
        std::fs::remove_file(folder.join(page)).unwrap();
        sandbox.run(&["man", folder.to_str().unwrap()]).expect(Exit::Done);
        let file = folder.join(page);
        let run = sandbox.run(&["man", file.to_str().unwrap()]).expect(Exit::Refused);
        assert!(run.stderr.contains("no folder"), "{}", run.text());
    }
}

//! Help: of every command, in every width, and with examples that run as they are printed.

use clawmend::exit::Exit;
use unicode_width::UnicodeWidthStr;

use super::layout::fixtures;
use crate::support::Sandbox;

/// Every command by its words: `snapshot prune`.
fn commands() -> Vec<Vec<String>> {
    fn below(command: &clap::Command, words: &[String], found: &mut Vec<Vec<String>>) {
        for sub in
            command.get_subcommands().filter(|sub| sub.get_name() != "help" && !sub.is_hide_set())
        {
            let words = [words, &[sub.get_name().to_owned()]].concat();
            below(sub, &words, found);
            found.push(words);
        }
    }
    let mut found = Vec::new();
    below(&clawmend::cli::command(80), &[], &mut found);
    assert!(found.len() >= 17, "{found:?}");
    found
}

fn help(words: &[String], flag: &str, width: usize) -> String {
    let sandbox = Sandbox::empty();
    sandbox.width.set(width);
    let args: Vec<&str> = words.iter().map(String::as_str).chain([flag]).collect();
    sandbox.run(&args).expect(Exit::Done).stdout
}

/// The commands below `Examples:`, without the program's name.
fn examples(words: &[String]) -> Vec<String> {
    let help = help(words, "--help", 80);
    let (_, examples) = help.split_once("Example").unwrap_or_else(|| panic!("{words:?}: {help}"));
    let lines = examples.lines().skip(1).take_while(|line| line.starts_with("  "));
    lines.map(|line| line.trim().to_owned()).collect()
}

#[test]
fn the_help_of_a_command_is_about_that_command_and_fits_the_screen() {
    for words in commands() {
        for width in [40, 80, 100] {
            for flag in ["-h", "--help"] {
                let help = help(&words, flag, width);
                let name = words.join(" ");
                let at = |what: &str| {
                    help.find(what).unwrap_or_else(|| panic!("{name} {flag}: no {what}\n{help}"))
                };
                assert!(help.starts_with("Usage: clawmend "), "{help}");
                let own = at("-h, --help");
                assert!(at("Example") < own, "{help}");
                // What every command takes is named in the last line alone.
                let last = at("Every command also takes");
                assert!(own < last && !help[own..last].contains("--state-dir"), "{help}");
                assert!(!help.contains("\n\n\n"), "{help}");
                assert!(!help.contains("Global options"), "{help}");
                for line in help.lines().filter(|line| line.width() > width) {
                    let is_example =
                        line.starts_with("  clawmend ") || line.starts_with("  openclaw ");
                    let is_word = line.split_whitespace().count() == 1;
                    assert!(is_example || is_word, "{name} {flag} at {width}: {line}\n{help}");
                }
            }
            // A command stands on one line, to be pasted.
            for example in examples(&words) {
                let help = help(&words, "--help", width);
                assert!(help.contains(&format!("  {example}\n")), "at {width}: {example}\n{help}");
            }
        }
    }
    for width in [40, 80, 100] {
        for flag in ["-h", "--help"] {
            let help = help(&[], flag, width);
            assert!(help.contains("--snapshot-dir"), "{help}");
            assert!(help.contains("  clawmend repair --dry-run"), "{help}");
            for line in help.lines().filter(|line| line.width() > width) {
                assert_eq!(line.split_whitespace().count(), 1, "at {width}: {line}\n{help}");
            }
        }
    }
}

/// An example's words, without what the shell does with its output.
fn words_of(example: &str) -> Vec<String> {
    let own = example.split(" | ").next().unwrap().split(" > ").next().unwrap();
    let mut words = Vec::new();
    for (at, part) in own.split('"').enumerate() {
        match at % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// Each example runs as it is printed, and none leaves a CLI locked out that it could have let in, or that
/// was in before.
#[test]
fn every_example_runs_and_leaves_nobody_locked_out() {
    let mut run = 0;
    for fixture in fixtures() {
        for command in commands() {
            for example in examples(&command) {
                let words = words_of(&example);
                let Some(("clawmend", args)) =
                    words.split_first().map(|(first, args)| (first.as_str(), args))
                else {
                    continue;
                };
                let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
                // Nobody is here to say yes.
                let asks =
                    matches!(args.first(), Some(&("repair" | "approve" | "restore" | "undo")));
                if asks && !args.iter().any(|arg| ["--yes", "--dry-run"].contains(arg)) {
                    args.push("--yes");
                }
                let sandbox = Sandbox::fixture(&fixture);
                std::fs::write(sandbox.home().join("../gateway.log"), "pairing required\n")
                    .unwrap();
                std::fs::create_dir_all(sandbox.home().join(".local/share/man")).unwrap();
                let home = sandbox.home().display().to_string();
                let args: Vec<String> = args.iter().map(|arg| arg.replace('~', &home)).collect();
                let args: Vec<&str> = args.iter().map(String::as_str).collect();
                let goes_back = matches!(args.first(), Some(&("restore" | "undo")));
                if goes_back || !asks {
                    // What goes back, or looks, does it where something was done.
                    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
                    sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
                }
                let done = sandbox.run(&args);
                run += 1;
                if args.first() == Some(&"approve") && done.stderr.contains("no request waits") {
                    continue;
                }
                // The way back leads where the CLI was out, and its preview says so.
                let is_right = done.exit == Exit::Done || goes_back && done.exit == Exit::Findings;
                assert!(is_right, "{fixture}: {example}\n{}", done.text());
                if !goes_back && !args.contains(&"--dry-run") {
                    sandbox.run(&["diagnose"]).expect(Exit::Done);
                }
            }
        }
    }
    assert!(run > 60, "{run}");
}

/// Where a plain repair lets the CLI in, each example of `repair` does.
#[test]
fn no_example_of_repair_leaves_the_cli_out() {
    let words = ["repair".to_owned()];
    let states = [
        ("2026.5.28-scope-upgrade-pending", "whole"),
        ("2026.5.28-scope-upgrade-pending", "mode"),
        ("2026.2.19-pending-after-proxy", "bind"),
        ("2026.9.6-sqlite-read-only", "bind"),
        ("2026.9.6-sqlite-read-only", "mode"),
    ];
    let mut tried = 0;
    for (fixture, spoilt) in states {
        for example in examples(&words) {
            let sandbox = Sandbox::fixture(fixture);
            let mut config = sandbox.json("openclaw.json");
            match spoilt {
                "bind" => config["gateway"]["bind"] = "0.0.0.0".into(),
                "mode" => drop(config["gateway"].as_object_mut().unwrap().remove("mode")),
                _ => {}
            }
            sandbox.write("openclaw.json", config.to_string());
            let args = example.split_whitespace().skip(1);
            let args = args.filter(|arg| !["--dry-run", "--yes"].contains(arg)).chain(["--yes"]);
            sandbox.run(&args.collect::<Vec<_>>()).expect(Exit::Done);
            tried += 1;
        }
    }
    assert!(tried >= 20, "{tried}");
}

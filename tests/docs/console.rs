//! Every command line in the README and in docs/ is run, and its output compared.
//!
//! A block ```` ```console ```` holds `$ ` lines and what they print. The comment before it names the
//! state it runs on: `<!-- run FIXTURE -->`, or `<!-- run same -->` to go on with the one before.
//! `cut=HEAD,TAIL` leaves out the middle of each output.

use std::io::Write;
use std::process::{Command, Stdio};

use super::{kept, read, root};
use crate::support::Sandbox;

#[test]
fn sessions_are_what_the_program_prints() {
    for path in documents() {
        kept(&path, refreshed);
    }
}

/// The text with the output of every session replaced by a fresh one.
fn refreshed(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines();
    let mut sandbox: Option<Sandbox> = None;
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(words) = line.strip_prefix("<!-- run ").and_then(|rest| rest.strip_suffix(" -->"))
        else {
            assert!(line != "```console", "a session without a `run` comment");
            continue;
        };
        let mut words = words.split(' ');
        match words.next().unwrap() {
            "same" => assert!(sandbox.is_some()),
            state => sandbox = Some(super::cases::state(state)),
        }
        let cut = words.next().map(|word| {
            let (head, tail) = word.strip_prefix("cut=").unwrap().split_once(',').unwrap();
            (head.parse().unwrap(), tail.parse().unwrap())
        });
        assert_eq!(lines.next(), Some("```console"));
        out.push_str("```console\n");
        let old: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        for command in old.iter().filter(|line| line.starts_with("$ ")) {
            let output = run(sandbox.as_ref().unwrap(), command.strip_prefix("$ ").unwrap());
            // Without jq its lines cannot be made anew.
            let output = output.unwrap_or_else(|| {
                let rest = old.iter().skip_while(|line| line != &command).skip(1);
                let lines = rest.take_while(|line| !line.starts_with("$ "));
                lines.map(|line| format!("{line}\n")).collect()
            });
            out.push_str(command);
            out.push('\n');
            out.push_str(&shortened(&output, cut));
        }
        out.push_str("```\n");
    }
    out
}

fn shortened(output: &str, cut: Option<(usize, usize)>) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let whole = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    match cut {
        Some((head, tail)) if lines.len() > head + tail => {
            format!("{}...\n{}", whole(&lines[..head]), whole(&lines[lines.len() - tail..]))
        }
        _ => whole(&lines),
    }
}

/// What a command line prints, both streams; `None` where it goes through a `jq` that is not there.
fn run(sandbox: &Sandbox, line: &str) -> Option<String> {
    let (clawmend, jq) = match line.split_once(" | jq ") {
        Some((clawmend, jq)) => (clawmend, Some(jq)),
        None => (line, None),
    };
    let words = words(clawmend);
    assert_eq!(words[0], "clawmend", "{line}");
    // What a page names by its place on a machine lies below the sandbox.
    let placed = |word: &String| match word.strip_prefix('/').map(|path| sandbox.root().join(path))
    {
        Some(path) if path.exists() => path.display().to_string(),
        _ => word.clone(),
    };
    let args: Vec<String> = words[1..].iter().map(placed).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let run = sandbox.run(&args);
    match jq {
        None => Some(run.stdout + &run.stderr),
        Some(filter) => jq_of(&self::words(filter), &run.stdout),
    }
}

fn jq_of(args: &[String], input: &str) -> Option<String> {
    let mut jq =
        Command::new("jq").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    jq.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = jq.wait_with_output().unwrap();
    assert!(output.status.success(), "jq {args:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// Words as a shell splits them, quotes taken off.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for letter in line.chars() {
        match (letter, quote) {
            (' ', None) => words.push(String::new()),
            ('\'' | '"', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            (letter, _) => words.last_mut().unwrap().push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The README and every page of docs/.
fn documents() -> Vec<String> {
    let mut found = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            found.push(format!("docs/{name}"));
        }
    }
    found
}

/// Whether a line of a script does what a line to type does, perhaps elsewhere or more quietly.
fn runs(script: &str, line: &str) -> bool {
    let words = line.strip_prefix("sudo ").unwrap_or(line).split(' ');
    let has = |word: &str| script.split(' ').any(|known| known == word);
    words.into_iter().all(has)
}

/// How lines begin that `ci/packages` takes out of docs/completions.md and types in a new home.
const TYPED: [&str; 3] = ["mkdir -p ~", "clawmend completions ", "clawmend man "];

/// Lines to type that are no session: each is run elsewhere, or is a command line that clawmend takes.
#[test]
fn other_command_lines_are_run_by_the_gate_or_parse() {
    // The crate as it is published leaves the gate out.
    if !root().join(".ci").exists() {
        return;
    }
    let gate = read(".ci/run") + &read("ci/packages") + &read("ci/release");
    for path in documents() {
        let text = read(&path);
        let mut inside = false;
        for line in text.lines() {
            match line {
                "```sh" => inside = true,
                "```" => inside = false,
                _ if inside && TYPED.iter().any(|start| line.starts_with(start)) => {
                    let picked =
                        "grep -E '^(mkdir -p ~|clawmend (completions|man) )' docs/completions.md";
                    assert!(
                        path == "docs/completions.md" && gate.contains(picked),
                        "{path}: {line}"
                    );
                }
                _ if inside && line.starts_with("clawmend") => {
                    let parsed = clawmend::cli::command(80).try_get_matches_from(words(line));
                    assert!(parsed.is_ok(), "{path}: {line}");
                }
                _ if inside && line.starts_with("CLAWMEND_BLESS=1 cargo test") => {}
                _ if inside => {
                    let is_run = gate.lines().any(|run| runs(run, line));
                    assert!(is_run, "{path}: `{line}` is run by no script");
                }
                _ => {}
            }
        }
    }
}

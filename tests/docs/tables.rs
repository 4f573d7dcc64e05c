//! Tables: findings, exit codes, dependencies, commands.

use std::collections::BTreeSet;
use std::fmt::Write;

use clawmend::checks::CHECKS;
use clawmend::exit::Exit;
use clawmend::finding::Severity;

use super::{between, kept, read};

/// Every finding in a row, for the head of its page.
pub fn of_findings() -> String {
    let mut table = String::from(
        "| Code | What it is | At its worst | Repaired by | Reports |\n|---|---|---|---|---|\n",
    );
    for check in CHECKS {
        let by = if check.repair.starts_with("Nothing") { "you" } else { "repair" };
        let _ = writeln!(
            table,
            "| `{}` | {} | {} | {by} | {} |",
            check.code,
            check.title.replace('|', "\\|"),
            check.severity.word(),
            check.modes.join(" ")
        );
    }
    table
}

/// The exit codes of the help, each with its meaning.
fn exit_codes() -> Vec<(String, String)> {
    let help = clawmend::cli::command(100).render_long_help().to_string();
    let (_, codes) = help.split_once("\nExit codes:\n").unwrap();
    let lines = codes.lines().map_while(|line| line.strip_prefix("  ")?.split_once("  "));
    lines.map(|(code, meaning)| (code.to_owned(), meaning.to_owned())).collect()
}

#[test]
fn the_table_of_exit_codes_is_fresh() {
    let mut table = String::from("| Exit | Meaning |\n|---|---|\n");
    for (code, meaning) in exit_codes() {
        let _ = writeln!(table, "| {code} | {meaning} |");
    }
    kept("README.md", |text| between(text, "exits", &table));
}

#[test]
fn help_names_every_exit_code() {
    let all =
        [Exit::Done, Exit::Findings, Exit::Usage, Exit::Refused, Exit::Failed, Exit::HalfDone];
    let told: Vec<String> = exit_codes().into_iter().map(|(code, _)| code).collect();
    assert_eq!(told, all.map(|exit| exit.code().to_string()));
}

#[test]
fn what_files_do_not_tell_is_listed() {
    let page = read("docs/state.md");
    let (_, rest) = page.split_once("## What the files do not tell").unwrap();
    let cells = rest.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").nth(1));
    let codes: BTreeSet<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    for check in CHECKS.iter().filter(|check| check.severity == Severity::Unchecked) {
        assert!(codes.contains(check.code.0), "{} is unchecked and not listed", check.code);
    }
    for code in &codes {
        assert!(CHECKS.iter().any(|check| check.code.0 == *code), "{code} is no finding");
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = read("Cargo.toml");
    let page = read("docs/dependencies.md");
    // Those of every system together.
    let wanted = |section: &str| -> BTreeSet<String> {
        let (plain, targeted) = (format!("\n[{section}]\n"), format!("'.{section}]\n"));
        let bodies = manifest.split(&plain).skip(1);
        let bodies = bodies.chain(manifest.split(&targeted).skip(1));
        let lines = bodies.flat_map(|body| body.split("\n[").next().unwrap_or_default().lines());
        let names = lines.filter_map(|line| line.split_once(" ="));
        names.map(|(name, _)| name.trim().to_owned()).collect()
    };
    let told = |heading: &str| -> BTreeSet<String> {
        let body = page.split(heading).nth(1).unwrap();
        let rows = body.lines().skip_while(|line| !line.starts_with("| `"));
        rows.take_while(|line| line.starts_with("| `"))
            .map(|line| line.split('`').nth(1).unwrap().to_owned())
            .collect()
    };
    let used = wanted("dependencies");
    assert!(used.contains("serde") && used.contains("rustix") && used.contains("landlock"));
    assert_eq!(used, told("# Dependencies"));
    let in_tests = &wanted("dev-dependencies") - &used;
    assert_eq!(in_tests, told("In tests only:"));
}

#[test]
fn the_readme_names_every_command_and_global_flag() {
    let readme = read("README.md");
    let command = clawmend::cli::command(100);
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let name = format!("`clawmend {}", sub.get_name());
        assert!(readme.contains(&name), "{name}");
    }
    for flag in command.get_arguments().filter_map(|arg| arg.get_long()) {
        assert!(
            readme.contains(&format!("--{flag}")) || ["quiet", "verbose"].contains(&flag),
            "--{flag}"
        );
    }
}

#[test]
fn the_readme_counts_the_findings() {
    kept("README.md", |text| {
        let (head, rest) = text.split_once("clawmend knows ").unwrap();
        let (_, tail) = rest.split_once(" findings").unwrap();
        format!("{head}clawmend knows {} findings{tail}", CHECKS.len())
    });
}

/// The stated Rust version is at least what every dependency states for itself.
#[test]
fn the_stated_rust_version_is_enough_for_every_dependency() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let metadata = |more: &[&str]| {
        std::process::Command::new(&cargo)
            .args(["metadata", "--format-version", "1", "--offline", "--locked"])
            .args(more)
            .current_dir(super::root())
            .output()
            .unwrap()
    };
    let mut run = metadata(&[]);
    if !run.status.success() {
        // A fresh clone has the crates of its own system alone.
        let version = std::process::Command::new("rustc").arg("-vV").output().unwrap().stdout;
        let version = String::from_utf8(version).unwrap();
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        run = metadata(&["--filter-platform", host]);
    }
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let version = |text: &str| -> (u32, u32) {
        let mut numbers = text.split('.').map(|number| number.parse().unwrap());
        (numbers.next().unwrap(), numbers.next().unwrap_or(0))
    };
    let packages = metadata["packages"].as_array().unwrap();
    let own = packages.iter().find(|package| package["name"] == "clawmend").unwrap();
    let stated = version(own["rust_version"].as_str().unwrap());
    for package in packages {
        if let Some(needs) = package["rust_version"].as_str() {
            assert!(version(needs) <= stated, "{} needs Rust {needs}", package["name"]);
        }
    }
    let clippy = read("clippy.toml");
    let msrv = clippy.lines().find_map(|line| line.strip_prefix("msrv = ")).unwrap();
    assert_eq!(version(msrv.trim_matches('"')), stated);
}

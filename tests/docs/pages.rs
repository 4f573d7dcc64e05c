//! Man pages and the findings' page.

use std::fmt::Write;

use clawmend::checks::{CHECKS, reports};
use clawmend::render::invocation::Invocation;
use clawmend::render::wrap;

use super::{kept, read, root};

#[test]
fn man_pages_are_fresh() {
    let pages = clawmend::cli::man_pages().unwrap();
    for (name, page) in &pages {
        kept(&format!("man/{name}"), |_| page.clone());
    }
    for (name, page) in &pages {
        let named = page.lines().filter_map(|line| line.strip_suffix("(1)"));
        for named in named.map(|named| named.replace('\\', "")) {
            let known = pages.iter().any(|(page, _)| *page == format!("{named}.1"));
            assert!(known, "{name} names {named}(1), which is no page");
        }
    }
    for entry in std::fs::read_dir(root().join("man")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(pages.iter().any(|(page, _)| *page == name), "man/{name} belongs to no command");
    }
}

#[test]
fn the_findings_page_is_fresh() {
    let mut page = String::from(
        "# Findings\n\n\
         Every finding that clawmend knows, made from the registry of checks (`CLAWMEND_BLESS=1 cargo test docs`\n\
         writes this page anew). `clawmend explain CODE` tells the same on the terminal.\n\n\
         F-numbers are failure modes: ways to be locked out, collected from users' reports, each told with its\n\
         reports below. `Repaired by` says what does it: `repair` alone, or you (`by hand` has the steps).\n\n",
    );
    page.push_str(&super::tables::of_findings());
    for check in CHECKS {
        let _ = write!(
            page,
            "\n## {}\n\n- What it is: {}. At its worst: **{}**.\n",
            check.code,
            check.title,
            check.severity.word()
        );
        for (label, text) in
            [("Why", check.why), ("Repair", check.repair), ("By hand", check.by_hand)]
        {
            if !text.is_empty() {
                let _ = writeln!(page, "{}", wrap(text, 110, &format!("- {label}: "), "  "));
            }
        }
        for step in check.steps() {
            let _ = writeln!(page, "  `{}`", Invocation::default().line(&step));
        }
        if !check.messages.is_empty() {
            let list: Vec<String> = check.messages.iter().map(|text| format!("`{text}`")).collect();
            let _ = writeln!(page, "{}", wrap(&list.join(", "), 110, "- OpenClaw says: ", "  "));
        }
        for report in check.modes.iter().filter_map(|mode| reports::failure_mode(mode)) {
            let text = format!("{} {}: {}", report.mode, report.name, report.refs().join(", "));
            let _ = writeln!(page, "{}", wrap(&text, 110, "- Reported as ", "  "));
        }
    }
    kept("docs/findings.md", |_| page);
}

/// What clawmend itself prints is ASCII: readable in any code page, in a log and by a screen reader.
#[test]
fn what_is_printed_is_ascii() {
    let root = super::root();
    let mut texts = Vec::new();
    for folder in ["snapshots", "man"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            texts.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    for name in ["docs/findings.md", "docs/schema.json", "README.md"] {
        texts.push((name.to_owned(), read(name)));
    }
    let mut command = clawmend::cli::command(80);
    helps(&mut command, &mut texts);
    for (name, text) in texts {
        let odd = text.lines().find(|line| !line.is_ascii());
        assert_eq!(odd, None, "{name}");
    }
}

/// Every command says how it is used, and its man page too.
#[test]
fn every_help_has_an_example() {
    let mut texts = Vec::new();
    helps(&mut clawmend::cli::command(80), &mut texts);
    for (name, text) in texts {
        // The groups show their commands.
        if name == "clawmend" || name == "clawmend snapshot" || name.contains(" help") {
            continue;
        }
        assert!(text.contains("\nExample"), "{name}:\n{text}");
        let page = read(&format!("man/{}.1", name.replace(' ', "-")));
        assert!(page.contains(".SH EXAMPLES"), "{name}: man page");
    }
}

fn helps(command: &mut clap::Command, into: &mut Vec<(String, String)>) {
    command.build();
    let name = command.get_bin_name().unwrap_or("clawmend").to_owned();
    into.push((name, command.render_long_help().to_string()));
    for sub in command.get_subcommands_mut().filter(|sub| !sub.is_hide_set()) {
        helps(sub, into);
    }
}

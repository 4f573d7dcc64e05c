//! Man pages and the findings' page.

use std::fmt::Write;

use clawmend::checks::{RULES, reports};
use clawmend::render::wrap;

use super::{kept, root};

#[test]
fn man_pages_are_fresh() {
    let pages = clawmend::cli::man_pages().unwrap();
    for (name, page) in &pages {
        kept(&format!("man/{name}"), |_| page.clone());
    }
    for entry in std::fs::read_dir(root().join("man")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            pages.iter().any(|(page, _)| *page == name),
            "man/{name} belongs to no command"
        );
    }
}

#[test]
fn the_findings_page_is_fresh() {
    let mut page = String::from(
        "# Findings\n\n\
         Every finding that clawmend knows, made from the registry of rules (`CLAWMEND_BLESS=1 cargo test docs`\n\
         writes this page anew). `clawmend explain CODE` tells the same on the terminal.\n",
    );
    for rule in RULES {
        let _ = write!(
            page,
            "\n## {}\n\n{}. At its worst: **{}**.\n\n",
            rule.code,
            capital(rule.title),
            rule.severity.word()
        );
        for (label, text) in [
            ("Why", rule.why),
            ("Repair", rule.mends),
            ("By hand", rule.by_hand),
        ] {
            if !text.is_empty() {
                let _ = writeln!(page, "{}", wrap(text, 110, &format!("- {label}: "), "  "));
            }
        }
        if !rule.messages.is_empty() {
            let list: Vec<String> = rule
                .messages
                .iter()
                .map(|text| format!("`{text}`"))
                .collect();
            let _ = writeln!(
                page,
                "{}",
                wrap(&list.join(", "), 110, "- OpenClaw says: ", "  ")
            );
        }
        for report in rule.modes.iter().filter_map(|mode| reports::report(mode)) {
            let text = format!(
                "{} {}: {}",
                report.mode,
                report.name,
                report.refs.join(", ")
            );
            let _ = writeln!(page, "{}", wrap(&text, 110, "- Reported as ", "  "));
        }
    }
    kept("docs/findings.md", |_| page);
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

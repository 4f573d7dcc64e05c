//! Findings as a tired person reads them: worst first, what was seen, why, what to do.

use std::fmt::Write;

use super::{Paint, wrap};
use crate::checks;
use crate::finding::{Finding, Mend, Severity};
use crate::text::safe;

/// One finding.
pub fn finding(finding: &Finding, paint: Paint, width: usize, verbose: bool) -> String {
    let mut out = String::new();
    let word = finding.severity.word().to_uppercase();
    let word = match finding.severity {
        Severity::Blocks => paint.red(&word),
        Severity::Unchecked | Severity::Warning => paint.yellow(&word),
        Severity::Info => paint.dim(&word),
    };
    let modes = checks::rule(finding.code)
        .map(|rule| rule.modes.join(" "))
        .unwrap_or_default();
    let code = if modes.is_empty() {
        finding.code.to_string()
    } else {
        format!("{}, {modes}", finding.code)
    };
    let _ = writeln!(out, "{word}  {}", paint.bold(&safe(&finding.says)));
    let place = if finding.place.is_empty() {
        String::new()
    } else {
        format!("{}  ", safe(&finding.place))
    };
    let _ = writeln!(out, "    {place}{}", paint.dim(&format!("[{code}]")));
    for line in &finding.evidence {
        // What is laid out already (an excerpt with its caret) is not wrapped.
        if let Some(laid_out) = line.strip_prefix("  ") {
            let _ = writeln!(out, "          {}", safe(laid_out));
            continue;
        }
        let _ = writeln!(
            out,
            "{}",
            wrap(&safe(line), width, "    seen: ", "          ")
        );
    }
    if verbose || finding.severity.fails() {
        let _ = writeln!(
            out,
            "{}",
            wrap(&finding.why, width, "    why:  ", "          ")
        );
    }
    match &finding.mend {
        Mend::Repair(what) => {
            let _ = writeln!(
                out,
                "{}",
                wrap(
                    &format!("clawmend repair  ({what})"),
                    width,
                    "    mend: ",
                    "          "
                )
            );
        }
        Mend::RepairWith(command) => {
            let _ = writeln!(out, "    mend: {}", safe(command));
        }
        Mend::ByHand(lines) => {
            for (at, line) in lines.iter().enumerate() {
                let _ = writeln!(
                    out,
                    "    {} {}",
                    if at == 0 { "mend:" } else { "     " },
                    safe(line)
                );
            }
        }
        Mend::Nothing => {}
    }
    out
}

/// All findings, a blank line between two.
pub fn all(findings: &[Finding], paint: Paint, width: usize, verbose: bool) -> String {
    let shown: Vec<String> = findings
        .iter()
        .map(|one| finding(one, paint, width, verbose))
        .collect();
    shown.join("\n")
}

/// `2 block, 1 warning`.
pub fn summary(findings: &[Finding]) -> String {
    let number = |severity| {
        findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let words: Vec<String> = [
        (Severity::Blocks, "that block", "that block"),
        (Severity::Unchecked, "unchecked", "unchecked"),
        (Severity::Warning, "warning", "warnings"),
        (Severity::Info, "note", "notes"),
    ]
    .into_iter()
    .filter_map(|(severity, one, many)| match number(severity) {
        0 => None,
        1 => Some(format!("1 {one}")),
        more => Some(format!("{more} {many}")),
    })
    .collect();
    words.join(", ")
}

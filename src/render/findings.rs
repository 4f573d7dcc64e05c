//! Findings as a tired person reads them: worst first, what was seen, why, what to do.

use std::fmt::Write;

use super::invocation::Invocation;
use super::{Paint, wrap};
use crate::checks;
use crate::checks::follow::{Cause, causes};
use crate::finding::{Code, EvidenceKind, Finding, Remedy, Severity};
use crate::step::Step;
use crate::text::{count, safe};

/// How many causes are told at length where nobody asked for everything.
const AT_LENGTH: usize = 3;
/// How many lines of evidence such a cause gets.
const SEEN: usize = 3;

/// How much of findings is shown, and how wide.
#[derive(Clone, Copy, Debug)]
pub struct View<'i> {
    /// How commands are written.
    pub invocation: &'i Invocation,
    /// Whether it is coloured.
    pub paint: Paint,
    /// Columns to wrap text at.
    pub width: usize,
    /// Everything that is known.
    pub verbose: bool,
    /// Only what fails.
    pub quiet: bool,
    /// The finding whose ways out are numbered on the same screen, to choose from.
    pub numbered: Option<Code>,
    /// The steps that stand on the same screen, under "Now".
    pub told: &'i [Step],
    /// Whether notes are told: findings of which nothing follows.
    pub notes: bool,
    /// Whether `repair` needs root.
    pub as_root: bool,
}

/// `BLOCKS`, in its colour.
fn word(severity: Severity, paint: Paint) -> String {
    let word = severity.word().to_uppercase();
    match severity {
        Severity::Blocks => paint.red(&word),
        Severity::Unchecked | Severity::Warning => paint.yellow(&word),
        Severity::Info => paint.dim(&word),
    }
}

/// A labelled paragraph: `  seen  ...`.
fn part(out: &mut String, label: &str, text: &str, width: usize) {
    let _ = writeln!(out, "{}", wrap(text, width, &format!("  {label:<6}"), "        "));
}

/// The same of a step.
fn step(out: &mut String, label: &str, step: &Step, view: View<'_>) {
    let first = format!("  {label:<6}");
    let _ = writeln!(out, "{}", view.invocation.wrapped(step, view.width, &first, "        "));
}

fn title(out: &mut String, finding: &Finding, view: View<'_>, tail: &str) {
    let says = format!("{}{tail}", safe(&finding.says));
    // The lines below stand at the eighth column.
    let taken = (finding.severity.word().len() + 2).max(8);
    let text = wrap(&says, view.width.saturating_sub(taken), "", "");
    for (at, line) in text.lines().enumerate() {
        let head = if at == 0 {
            format!("{}  ", word(finding.severity, view.paint))
        } else {
            "        ".to_owned()
        };
        let _ = writeln!(out, "{head}{}", view.paint.bold(line));
    }
}

fn name(finding: &Finding, verbose: bool) -> String {
    let modes = checks::check(finding.code).map(|check| check.modes.join(" "));
    match modes.filter(|modes| verbose && !modes.is_empty()) {
        Some(modes) => format!("[{}, {modes}]", finding.code),
        None => format!("[{}]", finding.code),
    }
}

fn remedy(out: &mut String, finding: &Finding, view: View<'_>) {
    let steps = match &finding.remedy {
        Remedy::Repair(what) => {
            let repair = view.invocation.named("repair", view.as_root);
            part(out, "do", &format!("{repair}: {}", safe(what)), view.width);
            &[][..]
        }
        Remedy::Choice(_) if view.numbered == Some(finding.code) => {
            part(out, "do", "choose one of the numbered ways", view.width);
            &[]
        }
        // One line is as short as the pointer to it.
        Remedy::ByHand(steps)
            if steps.iter().any(|step| steps.len() > 1 || !step.note.is_empty())
                && steps.iter().all(|step| view.told.contains(step)) =>
        {
            let each = if steps.len() > 1 { ", step by step" } else { "" };
            part(out, "do", &format!("what stands under \"Now\"{each}"), view.width);
            &[]
        }
        Remedy::Choice(steps) | Remedy::ByHand(steps) => steps,
        Remedy::Nothing => &[],
    };
    let labels = std::iter::once("do").chain(std::iter::repeat(""));
    for (one, label) in steps.iter().zip(labels) {
        step(out, label, one, view);
    }
    for other in &finding.alternatives {
        step(out, "or", other, view);
    }
}

/// A cause at length; `first`: with the reason and all that goes with it.
fn long(cause: &Cause<'_>, view: View<'_>, first: bool) -> String {
    let mut out = String::new();
    let finding = cause.finding;
    let most = if first { SEEN } else { 1 };
    title(&mut out, finding, view, "");
    let place = finding.place.to_string();
    let place = match finding.place.is_nowhere() || finding.says.contains(&place) {
        true => String::new(),
        false => format!(" in {}", safe(&place)),
    };
    let place = wrap(
        &format!("{}{place}", name(finding, view.verbose)),
        view.width,
        "        ",
        "        ",
    );
    let _ = writeln!(out, "{}", view.paint.dim(&place));
    let mut left = 0;
    let mut others = cause.consequences.iter().filter_map(|other| checks::check(other.code));
    let tells_request = others.any(|check| check.is_of_requests);
    let worth = |kind| match kind {
        EvidenceKind::Detail => view.verbose,
        EvidenceKind::Request => view.verbose || !tells_request,
        EvidenceKind::Seen | EvidenceKind::First | EvidenceKind::Excerpt => true,
    };
    for (at, seen) in finding.evidence.iter().filter(|seen| worth(seen.kind)).enumerate() {
        let is_excerpt = seen.kind == EvidenceKind::Excerpt;
        let label = if at == 0 { "seen" } else { "" };
        if !view.verbose && at >= most && !(first && is_excerpt) {
            left += 1;
        } else if is_excerpt {
            // Laid out already: its caret stands below its place.
            let _ = writeln!(out, "  {label:<6}{}", safe(&seen.value()));
        } else {
            part(&mut out, label, &safe(&seen.to_string()), view.width);
        }
    }
    if left > 0 && first {
        let more = count(left, "line", "lines");
        part(&mut out, "", &format!("({more} more with -v)"), view.width);
    }
    let why = if view.verbose { &finding.why } else { shortly(&finding.why) };
    if view.verbose || first {
        part(&mut out, "why", why, view.width);
    }
    remedy(&mut out, finding, view);
    out
}

/// A finding in a line or two: what it is, and what a person would have to type.
fn short(cause: &Cause<'_>, view: View<'_>, healthy: bool) -> String {
    let mut out = String::new();
    let tail = format!(" [{}]", cause.finding.code);
    title(&mut out, cause.finding, view, &tail);
    let seen = cause.finding.evidence.iter().filter(|seen| seen.kind == EvidenceKind::First);
    for (seen, label) in seen.zip(std::iter::once("seen").chain(std::iter::repeat(""))) {
        part(&mut out, label, &safe(&seen.to_string()), view.width);
    }
    // Where nothing blocks, a warning alone makes `repair` worth a thought: then it says what for.
    let tidies = healthy
        && cause.finding.severity == Severity::Warning
        && matches!(cause.finding.remedy, Remedy::Repair(_));
    if tidies || matches!(cause.finding.remedy, Remedy::Choice(_) | Remedy::ByHand(_)) {
        remedy(&mut out, cause.finding, view);
    }
    out
}

/// All findings, worst first: what follows from a cause is told with it.
pub fn all(findings: &[Finding], view: View<'_>) -> String {
    if view.verbose {
        let each = findings.iter().map(|finding| {
            let consequences = Vec::new();
            long(&Cause { finding, consequences }, view, true)
        });
        return each.collect::<Vec<_>>().join("\n");
    }
    let healthy = !checks::fails(findings);
    let mut out = String::new();
    let mut spaced = true;
    // Causes are found among all findings: what is left out still says which evidence matters.
    let mut causes = causes(findings);
    causes.retain(|cause| match cause.finding.severity {
        Severity::Info => !view.quiet && (view.notes || !may_wait(cause.finding)),
        severity => severity.fails() || !view.quiet,
    });
    for (at, cause) in causes.iter().enumerate() {
        let at_length = cause.finding.severity.fails() && at < AT_LENGTH;
        if at > 0 && (at_length || spaced) {
            out.push('\n');
        }
        spaced = at_length;
        out.push_str(&if at_length {
            long(cause, view, at == 0)
        } else {
            short(cause, view, healthy)
        });
    }
    out
}

/// Whether a finding can be left to a longer report: a note that shows nothing that somebody looks for.
pub fn may_wait(finding: &Finding) -> bool {
    let shown = finding.evidence.iter().any(|seen| seen.kind == EvidenceKind::First);
    finding.severity == Severity::Info && !shown
}

/// The first sentence, and the next where the first says little.
fn shortly(text: &str) -> &str {
    const LITTLE: usize = 70;
    let ends = text.match_indices(". ").map(|(at, _)| at + 1).filter(|at| {
        let next = text.get(at + 1..).and_then(|rest| rest.chars().next());
        next.is_some_and(|next| next.is_uppercase() || next == '`')
    });
    let end = ends.into_iter().find(|at| *at >= LITTLE);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// `2 block, 1 warning`.
pub fn summary(findings: &[Finding]) -> String {
    let number = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let words = [
        (Severity::Blocks, "that blocks", "that block"),
        (Severity::Unchecked, "unchecked", "unchecked"),
        (Severity::Warning, "warning", "warnings"),
        (Severity::Info, "note", "notes"),
    ]
    .map(|(severity, one, many)| (number(severity), one, many))
    .into_iter()
    .filter(|(number, ..)| *number > 0)
    .map(|(number, one, many)| count(number, one, many));
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_reason_ends_with_a_sentence_and_says_enough() {
        let long =
            "This first sentence, e.g. this one here, is long enough to stand all by itself.";
        assert_eq!(shortly(&format!("{long} Another. More.")), long);
        assert_eq!(shortly("Only one."), "Only one.");
        assert_eq!(shortly(&format!("Short. {long} More.")), format!("Short. {long}"));
    }
}

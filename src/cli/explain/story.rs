//! A finding at length, and the list of all.

use super::Reply;
use crate::checks::{self, Check, reports};
use crate::cli::context::Context;
use crate::exit::Exit;
use crate::finding::Severity;
use crate::render::invocation::Invocation;
use crate::render::json::Explanation;
use crate::render::{prose, wrap};
use crate::step::Step;

/// Prints the command that tells more of one code.
pub(super) fn long_story(context: &mut Context) {
    let explain = Step::clawmend(["explain", "CODE"]).after("The long story of one");
    context.say_step(&explain);
}

/// Every code with its title.
pub(super) fn list(context: &mut Context) -> Exit {
    if context.global.json {
        let checks = checks::CHECKS.to_vec();
        let all = Reply { message: None, others: Vec::new(), report: None, checks, looked: None };
        let document = all.document(&context.invocation);
        context.json(&document);
        return Exit::Done;
    }
    let width = context.world.width;
    for check in checks::CHECKS {
        context.say(&titled(check, width, ""));
    }
    context.say("");
    long_story(context);
    context.say(&wrap(FAILURE_MODES, width, "", ""));
    Exit::Done
}

/// What F-numbers are, below the list of all codes.
const FAILURE_MODES: &str = "F01 to F40 number the failure modes: ways to be locked out, collected from \
                             users' reports. `clawmend explain F01` names the reports.";

/// The code of a check and its title: side by side, or on a narrow screen one below the other.
pub(super) fn titled(check: &Check, width: usize, indent: &str) -> String {
    let first = format!("{indent}{:<26} ", check.code.0);
    if width < 70 {
        let below = format!("{indent}    ");
        return format!("{}\n{}", first.trim_end(), wrap(check.title, width, &below, &below));
    }
    wrap(check.title, width, &first, &" ".repeat(first.len()))
}

/// A check at length.
pub(super) fn story(context: &mut Context, check: &Check) {
    let (paint, width) = (context.paint, context.world.width);
    let title = wrap(check.title, width, &format!("{}: ", check.code), "  ");
    context.say(&paint.bold(&title));
    let invocation = context.invocation.clone();
    let mut part = |label: &str, text: &str| {
        if !text.is_empty() {
            let first = format!("  {label:<10}");
            let rest = " ".repeat(12);
            // Only what is to be done holds commands; messages of OpenClaw may be broken.
            let lay = if ["repair", "by hand"].contains(&label) { prose } else { wrap };
            context.say(&lay(text, width, &first, &rest));
        }
    };
    part("repair", &invocation.in_words(check.repair));
    part("by hand", &invocation.in_words(check.by_hand));
    for step in check.steps() {
        part("", &invocation.line(&step));
    }
    part("severity", severity(check));
    part("why", check.why);
    for mode in check.modes {
        if let Some(report) = reports::failure_mode(mode) {
            let text = format!("{mode} {}: {}", report.name, report.refs().join(", "));
            part("reports", &text);
        }
    }
    let messages: Vec<String> = distinct(check.messages).map(|text| format!("`{text}`")).collect();
    part("OpenClaw", &messages.join(", "));
}

/// Without what stands within another: fragments are there to be found, and one spelling of each to be read.
fn distinct(messages: &'static [&'static str]) -> impl Iterator<Item = &'static str> {
    let small = |text: &str| text.to_lowercase();
    let is_within = move |at: usize, other: usize| {
        let pair = messages.get(at).zip(messages.get(other));
        pair.is_some_and(|(one, other_text)| {
            let (one, whole) = (small(one), small(other_text));
            at != other && whole.contains(&one) && (whole != one || other < at)
        })
    };
    let all = 0..messages.len();
    messages.iter().enumerate().filter_map(move |(at, text)| {
        (!all.clone().any(|other| is_within(at, other))).then_some(*text)
    })
}

fn severity(check: &Check) -> &'static str {
    match check.severity {
        Severity::Blocks => "blocks: it keeps the CLI out, or the gateway from starting",
        Severity::Unchecked => "unchecked: nobody can say whether the state is healthy",
        Severity::Warning => {
            "warning: it does not lock you out now, but it may later, or it is a risk"
        }
        Severity::Info => "info: worth knowing",
    }
}

pub(super) fn explanation(check: &Check, invocation: &Invocation) -> Explanation {
    let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    let modes = check.modes.iter().filter_map(|mode| reports::failure_mode(mode));
    Explanation {
        code: check.code.to_string(),
        severity: check.severity,
        modes: list(check.modes),
        title: check.title.to_owned(),
        why: check.why.to_owned(),
        repair: check.repair.to_owned(),
        by_hand: check.by_hand.to_owned(),
        commands: check.steps().filter_map(|step| invocation.argv_of(&step)).collect(),
        messages: list(check.messages),
        reports: modes.flat_map(reports::FailureMode::refs).collect(),
    }
}

//! `clawmend explain`: the long story of a finding, found by code, failure mode or error text.

mod lookup;

use super::args;
use super::context::Context;
use super::{context::State, next::next};
use crate::checks::reports;
use crate::checks::{self, Check};
use crate::error::Error;
use crate::exit::Exit;
use crate::finding::Finding;
use crate::render::findings;
use crate::render::invocation::Invocation;
use crate::render::json::{ExplainDocument, Explanation, Head, MessageDocument};
use crate::render::wrap;
use crate::step::Step;
use crate::text::{count, safe};
use lookup::{Matches, matching, nearest};

/// How many findings are told at length; more are listed.
const AT_LENGTH: usize = 2;

/// Explains.
pub(super) fn run(context: &mut Context<'_, '_>, args: &args::Explain) -> Result<Exit, Error> {
    if args.what.is_empty() {
        return Ok(list(context));
    }
    let text = args.what.join(" ");
    let found = matching(&text);
    if found.checks.is_empty() && found.message.is_none() && found.report.is_none() {
        return Err(unknown(&text));
    }
    // Which of them are found here says more than any list; no state dir is no obstacle.
    let looked = match (found.message, found.checks.len() > 1) {
        (None, false) => None,
        _ => context.read().ok(),
    };
    let looked_in = looked.as_ref().map(|state| crate::platform::shown(&state.located.state_dir));
    let here: &[Finding] = looked.as_ref().map_or(&[], |state| &state.findings);
    let is_here = |check: &Check| here.iter().any(|finding| finding.code == check.code);
    if context.global.json {
        let document = ExplainDocument {
            head: Head::of("explain"),
            message: found.message.map(|message| MessageDocument {
                means: message.means.to_owned(),
                advice: message.advice.to_owned(),
                found_here: here
                    .iter()
                    .map(|finding| finding.code.to_string())
                    .filter(|code| found.checks.iter().any(|check| check.code.0 == code))
                    .collect(),
            }),
            explanations: found
                .checks
                .iter()
                .map(|check| explanation(check, &context.invocation))
                .collect(),
        };
        context.json(&document);
        return Ok(Exit::Done);
    }
    let width = context.world.width;
    if let Some(report) = found.report {
        let text = format!("{}: {}", report.mode, report.name);
        let text = context.paint.bold(&wrap(&text, width, "", "     "));
        context.say(&text);
        context.say(&wrap(&report.refs.join(", "), width, "  reports   ", "            "));
        context.say("");
    }
    if let Some(message) = found.message {
        context.say(&wrap(message.means, width, "OpenClaw says that: ", "  "));
        if !message.advice.is_empty() {
            context.say(&wrap(message.advice, width, "What to do: ", "  "));
        }
        context.say("");
    }
    if let Some(state) = &looked
        && !context.global.verbose
        && found.checks.iter().any(|check| is_here(check))
    {
        found_here(context, state, &found);
        return Ok(Exit::Done);
    }
    // What is found here is told first, and at length.
    let (mine, others): (Vec<&Check>, Vec<&Check>) =
        found.checks.iter().copied().partition(|check| is_here(check));
    let (at_length, listed) = match (mine.is_empty(), others.len() <= AT_LENGTH) {
        (false, _) => (mine.clone(), others),
        (true, true) => (others, Vec::new()),
        (true, false) => (Vec::new(), others),
    };
    if !mine.is_empty() {
        let dir = looked_in.as_deref().map(safe).unwrap_or_default();
        context.say(&format!("Found in {dir}:\n"));
    }
    for check in at_length {
        story(context, check);
    }
    if !listed.is_empty() {
        let heading = match (mine.is_empty(), &looked_in) {
            (true, Some(dir)) => {
                format!("These findings cause it, and none of them is in {}:", safe(dir))
            }
            (true, None) => {
                "These findings cause it; `clawmend` tells which of them is yours:".to_owned()
            }
            (false, _) => "Other findings that cause it:".to_owned(),
        };
        context.say(&wrap(&heading, width, "", ""));
        for check in listed {
            let first = format!("  {:<26}", check.code.0);
            context.say(&wrap(check.title, width, &first, &" ".repeat(28)));
        }
        long_story(context);
    }
    // Another reason than the message names is still the reason to go on with.
    if let Some(state) = &looked
        && mine.is_empty()
        && checks::fails(&state.findings)
    {
        let gap = if found.checks.is_empty() { "" } else { "\n" };
        let codes = codes(state.findings.iter().filter(|finding| finding.severity.fails()));
        let diagnose = Step::diagnose().after("Something else is wrong here, and this tells it");
        let line = context.typed(&diagnose.note(codes));
        context.say(&format!("{gap}{line}"));
    }
    Ok(Exit::Done)
}

fn codes<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    let mut codes: Vec<&str> = findings.map(|finding| finding.code.0).collect();
    codes.dedup();
    codes.join(", ")
}

/// Nothing fits: the codes that may have been meant, and where all of them are.
fn unknown(text: &str) -> Error {
    let near = nearest(text);
    // What was pasted may hold a token, and is not said again.
    let error = Error::usage("nothing here fits that text");
    let error = match near.as_slice() {
        [] => error
            .hint("give a code as `clawmend` prints it, a failure mode (F01), or OpenClaw's own error text"),
        near => error.hint(format!("did you mean {}?", near.join(", "))),
    };
    error.hint(Step::clawmend(["explain"]).note("lists every code"))
}

/// How to read on.
fn long_story(context: &mut Context<'_, '_>) {
    let explain = Step::clawmend(["explain", "CODE"]).after("The long story of one");
    context.say(&context.typed(&explain));
}

/// Every code with its title.
fn list(context: &mut Context<'_, '_>) -> Exit {
    if context.global.json {
        let document = ExplainDocument {
            head: Head::of("explain"),
            message: None,
            explanations: checks::CHECKS
                .iter()
                .map(|check| explanation(check, &context.invocation))
                .collect(),
        };
        context.json(&document);
        return Exit::Done;
    }
    let width = context.world.width;
    for check in checks::CHECKS {
        let first = format!("{:<26} ", check.code.0);
        context.say(&wrap(check.title, width, &first, &" ".repeat(27)));
    }
    context.say("");
    long_story(context);
    context.say(&wrap(FAILURE_MODES, width, "", ""));
    Exit::Done
}

/// What F-numbers are.
const FAILURE_MODES: &str = "F01 to F40 number the failure modes: ways to be locked out, collected from \
                             users' reports. `clawmend explain F01` names the reports.";

/// What is found here and fits the text: the short story, and what to type. The rest on demand.
fn found_here(context: &mut Context<'_, '_>, state: &State, found: &Matches) {
    let fits = |finding: &&Finding| found.checks.iter().any(|check| check.code == finding.code);
    let mine: Vec<Finding> = state.findings.iter().filter(fits).cloned().collect();
    let dir = safe(&crate::platform::shown(&state.located.state_dir));
    context.say(&format!("Found in {dir}:\n"));
    let text = findings::all(&mine, context.view());
    context.print(&text);
    let next = next(context, state).text(context.world.width);
    context.say(&format!("\n{}", context.paint.bold(&next)));
    let others = found
        .checks
        .iter()
        .filter(|check| mine.iter().all(|finding| finding.code != check.code))
        .count();
    let others = match others {
        0 => String::new(),
        others => format!(", and {} not found here", count(others, "other cause", "other causes")),
    };
    let text = format!("the same with -v has the long story with the reports{others}");
    context.say(&context.paint.dim(&wrap(&text, context.world.width, "More:  ", "       ")));
}

/// A rule at length.
fn story(context: &mut Context<'_, '_>, check: &Check) {
    let (paint, width) = (context.paint, context.world.width);
    let title = wrap(check.title, width, &format!("{}: ", check.code), "  ");
    context.say(&paint.bold(&title));
    let invocation = context.invocation.clone();
    let mut part = |label: &str, text: &str| {
        if !text.is_empty() {
            let first = format!("  {label:<10}");
            let rest = " ".repeat(12);
            context.say(&wrap(text, width, &first, &rest));
        }
    };
    part("severity", severity(check));
    part("why", check.why);
    part("repair", check.repair);
    part("by hand", check.by_hand);
    for step in check.steps() {
        part("", &invocation.line(&step));
    }
    for mode in check.modes {
        if let Some(report) = reports::failure_mode(mode) {
            let text = format!("{mode} {}: {}", report.name, report.refs.join(", "));
            part("reports", &text);
        }
    }
    let messages: Vec<String> =
        check.messages.iter().map(|message| format!("`{message}`")).collect();
    part("OpenClaw", &messages.join(", "));
    context.say("");
}

fn severity(check: &Check) -> &'static str {
    match check.severity {
        crate::finding::Severity::Blocks => {
            "blocks: it keeps the CLI out, or the gateway from starting"
        }
        crate::finding::Severity::Unchecked => {
            "unchecked: nobody can say whether the state is healthy"
        }
        crate::finding::Severity::Warning => {
            "warning: it may keep the CLI out later, or costs something"
        }
        crate::finding::Severity::Info => "info: worth knowing",
    }
}

fn explanation(check: &Check, invocation: &Invocation) -> Explanation {
    let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    let refs: Vec<&str> = check
        .modes
        .iter()
        .filter_map(|mode| reports::failure_mode(mode))
        .flat_map(|report| report.refs.iter().copied())
        .collect();
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
        reports: list(&refs),
    }
}

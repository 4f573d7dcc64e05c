//! What is said after a change: how the state looks now, in words that fit the command, and what a repair leaves as it
//! is because it is the user's choice.

use super::{Call, Proposal, Purpose, Report};
use crate::checks;
use crate::checks::follow::causes;
use crate::cli::context::Context;
use crate::finding::{Code, Finding, Remedy, Severity, locks_out};
use crate::render::findings::{self, View};
use crate::render::wrap;
use crate::step::Step;
use crate::text::safe;

/// Says whether the CLI gets in now, and what is left to do.
pub(super) fn say(context: &mut Context, purpose: Purpose, report: &Report, found: &[Finding]) {
    match (purpose, &report.lets_in) {
        (_, Some(device)) => let_in(context, device, found),
        (Purpose::Restore | Purpose::Undo, None) => restored(context, report, found),
        (Purpose::Repair | Purpose::Approve, None) => changed(context, report, found),
    }
}

/// Going back to a locked-out state is what was asked for, and no failure; but it never says "Done" alone.
fn restored(context: &mut Context, report: &Report, found: &[Finding]) {
    const DONE: &str = "Done: the state is as in the snapshot";
    let causes = causes(found);
    let mut failing = causes.iter().filter(|cause| cause.finding.severity.fails());
    let Some(first) = failing.next() else {
        context.say(&context.paint.green(&format!("{DONE}.")));
        context.say_wrapped("Checked again: healthy, nothing locks this machine's CLI out.");
        return;
    };
    let how = match (locks_out(found), report.was_locked) {
        (true, true) => ", and this machine's CLI is STILL LOCKED OUT:",
        (true, false) => ", so this machine's CLI is LOCKED OUT again:",
        (false, _) => ". It could not be checked whether this state lets this machine's CLI in:",
    };
    let says = wrap(&format!("{DONE}{how}"), context.world.width, "", "  ");
    context.say(&context.paint.red(&says));
    let more = match failing.count() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let first = format!("{} [{}]{more}", safe(&first.finding.says), first.finding.code);
    context.say_under("  ", "  ", &first);
}

/// Another device was let in; whether this machine's own CLI is, is another matter, and decides the exit
/// code all the same.
fn let_in(context: &mut Context, device: &str, found: &[Finding]) {
    let done = context.paint.green(&format!("Done: {device} is approved."));
    context.say(&done);
    if checks::fails(found) {
        let says = match locks_out(found) {
            true => "This machine's own CLI is still locked out",
            false => "It could not be checked whether this machine's own CLI gets in",
        };
        context.say_step(&Step::clawmend(["repair"]).after(says));
    }
}

fn changed(context: &mut Context, report: &Report, found: &[Finding]) {
    if checks::fails(found) {
        context.say("These changes are made:");
        for line in &report.done {
            context.say_under("  - ", "    ", line);
        }
        let locked = "But this machine's CLI is STILL LOCKED OUT:";
        let unsure = "clawmend cannot tell if the CLI gets in now:";
        tell_failing(context, found, locked, unsure, None);
        return;
    }
    context.say(&context.paint.green("Done."));
    let warned = found.iter().any(|finding| finding.severity == Severity::Warning);
    let rest = if warned { format!(" ({} left)", findings::summary(found)) } else { String::new() };
    context.say_wrapped(&format!(
        "Checked again: healthy, nothing locks this machine's CLI out{rest}."
    ));
}

/// What fails, below `locked` where something surely locks the CLI out, else below `unsure`; the ways out of
/// `numbered` are told by who calls.
pub(super) fn tell_failing(
    context: &mut Context,
    found: &[Finding],
    locked: &str,
    unsure: &str,
    numbered: Option<Code>,
) {
    let failing: Vec<_> = found.iter().filter(|one| one.severity.fails()).cloned().collect();
    let says = if locks_out(found) { locked } else { unsure };
    let text = wrap(says, context.world.width, "", "  ");
    context.say(&context.paint.red(&text));
    let text = findings::all(&failing, View { numbered, ..context.view() });
    context.print(&text);
}

/// What was found before a repair and is not repaired by its plan, because only a person can decide it.
pub(super) fn untouched(call: &Call<'_>, before: &[Finding], proposal: &Proposal) -> Vec<Finding> {
    if call.purpose != Purpose::Repair {
        return Vec::new();
    }
    let repairs = |finding: &Finding| {
        let mut edits = proposal.changes.edits.iter();
        edits.any(|edit| edit.repairs.contains(&finding.code))
    };
    before
        .iter()
        .filter(|finding| finding.severity < Severity::Info)
        .filter(|finding| matches!(finding.remedy, Remedy::Choice(_) | Remedy::ByHand(_)))
        .filter(|finding| !repairs(finding))
        .cloned()
        .collect()
}

/// Names these, unless they stand among what still blocks: the next diagnosis may know less, for the
/// repair took away what gave them away.
pub(super) fn choices(context: &mut Context, untouched: &[Finding], left: &[Finding]) {
    let told = |finding: &Finding| {
        let mut left = left.iter().filter(|left| left.severity.fails());
        left.any(|left| left.code == finding.code)
    };
    let mut head = Some("\nNot changed, because you decide:");
    for finding in untouched.iter().filter(|finding| !told(finding)) {
        if let Some(head) = head.take() {
            context.say(head);
        }
        let says = safe(&finding.says);
        context.say_under("  ", "  ", &format!("{says} [{}]", finding.code));
        if let Remedy::Choice(steps) | Remedy::ByHand(steps) = &finding.remedy {
            for step in steps {
                context.say_step_under("    ", "    ", step);
            }
        }
    }
}

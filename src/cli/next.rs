//! What to type now: a command that leads on, never one that would change nothing.

use unicode_width::UnicodeWidthStr;

use super::context::{Context, State};
use super::flags;
use crate::checks::{self, Edits};
use crate::finding::{Finding, Remedy};
use crate::render::invocation::Invocation;
use crate::step::{Program, Step};

/// What to do next, in order.
pub(super) struct Next {
    head: &'static str,
    steps: Vec<Step>,
    tail: Vec<&'static str>,
    invocation: Invocation,
}

impl Next {
    /// As text, in at most `width` columns where no command is longer.
    pub(super) fn text(&self, width: usize) -> String {
        // The words about commands stand below each other.
        let commands = self.steps.iter().filter_map(|step| {
            let command = step.command.as_ref().filter(|_| step.text.is_empty())?;
            Some(self.invocation.command(command).width())
        });
        let wide = commands.max().unwrap_or(0).max(30);
        let mut lines = vec![self.head.to_owned()];
        for step in &self.steps {
            lines.push(match &step.command {
                Some(command) if step.text.is_empty() => {
                    let command = crate::render::padded(&self.invocation.command(command), wide);
                    format!("  {command}  {}", step.note).trim_end().to_owned()
                }
                _ => self.invocation.wrapped(step, width, "  ", "  "),
            });
        }
        lines.extend(self.tail.iter().map(|line| format!("  ({line})")));
        lines.join("\n")
    }

    /// The commands, for scripts.
    pub(super) fn argvs(&self) -> Vec<Vec<String>> {
        self.steps.iter().filter_map(|step| self.invocation.argv_of(step)).collect()
    }
}

/// How many steps by hand are told here; the finding has them all.
const MOST_STEPS: usize = 4;

/// What to type now.
pub(super) fn next(context: &Context<'_, '_>, state: &State) -> Next {
    let fails = checks::fails(&state.findings);
    let told = |head, steps| Next {
        head,
        steps,
        tail: Vec::new(),
        invocation: context.invocation.clone(),
    };
    let by_hand = |finding: &Finding| match &finding.remedy {
        Remedy::ByHand(steps) => {
            let first = steps.first()?;
            let head =
                if first.command.is_some() && first.text.is_empty() { "Now type:" } else { "Now:" };
            // All of them: the first may only say where the others belong.
            let steps = steps.iter().take(MOST_STEPS).cloned();
            let last = Step::diagnose().note("checks again");
            Some(told(head, steps.chain([last]).collect()))
        }
        _ => None,
    };
    let failing = || state.findings.iter().filter(|one| one.severity.fails());
    // Where files cannot be read or written nothing else works before that is repaired.
    let of_access =
        |finding: &&Finding| checks::check(finding.code).is_some_and(|check| check.is_of_access);
    if let Some(next) = failing().find(of_access).and_then(by_hand) {
        return next;
    }
    let choice = |finding: &Finding| match &finding.remedy {
        Remedy::Choice(steps) => steps.first().cloned(),
        _ => None,
    };
    // A copy in the config's place: the same command repairs the rest too.
    let is_copied = |finding: &&Finding| {
        checks::check(finding.code).is_some_and(|check| matches!(check.edits, Edits::Copy))
    };
    if let Some(copy) = failing().filter(is_copied).find_map(choice) {
        return deeds(context, state, copy);
    }
    let is_repaired = |finding: &Finding| matches!(finding.remedy, Remedy::Repair(_));
    if state.findings.iter().any(|one| is_repaired(one) && (!fails || one.severity.fails())) {
        let mut next = deeds(context, state, Step::clawmend(["repair"]));
        if failing().any(|finding| choice(finding).is_some()) {
            next.tail.insert(0, "a `do` line above names an option: that one is your choice");
        }
        return next;
    }
    if !fails {
        let explain = Step::clawmend(["explain", "the error text"]);
        return told("If the CLI is still refused:", vec![explain]);
    }
    let first_choice = failing().next().and_then(choice);
    let step = failing().find_map(by_hand);
    let choice = first_choice.or_else(|| failing().find_map(choice).filter(|_| step.is_none()));
    match (choice, step) {
        (Some(choice), _) => deeds(context, state, choice),
        (None, Some(step)) => step,
        (None, None) => told(
            "Now: do what the `do` lines above say; no edit of the state can do it.",
            Vec::new(),
        ),
    }
}

/// A preview and the deed. Whoever may not write here is told before the deed fails.
fn deeds(context: &Context<'_, '_>, state: &State, deed: Step) -> Next {
    let head = match checks::fails(&state.findings) {
        true => "Now type:",
        false => "Nothing must be done. This would clean up what the warnings and notes name:",
    };
    let deed = Step { text: String::new(), ..deed };
    let preview = deed.clone().with(["--dry-run"]).note("shows every change, changes nothing");
    let mut deed = deed.note("shows them again, asks, changes; can be undone");
    let mut invocation = context.invocation.clone();
    let mut tail = Vec::new();
    if state.may_not_write() {
        tail.push(
            "you may not write to this state dir: the second command needs root or its owner",
        );
        if let Some(command) = &mut deed.command {
            command.program = Program::ClawmendAsRoot;
        }
        invocation.root_flags = flags_of_root(context, state);
    }
    Next { head, steps: vec![preview, deed], tail, invocation }
}

/// Root's home and environment are others, so what was found by them is named.
fn flags_of_root(context: &Context<'_, '_>, state: &State) -> Vec<std::ffi::OsString> {
    let located = &state.located;
    let mut global = context.global.clone();
    global.state_dir = Some(located.state_dir.to_path_buf());
    if located.config.parent() != Some(&*located.state_dir) {
        global.config = Some(located.config.clone());
    }
    flags::of_run(&global)
}

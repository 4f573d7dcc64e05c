//! What to type now: a command that leads on, never one that would change nothing.

use unicode_width::UnicodeWidthStr;

use super::context::{Context, State};
use crate::checks;
use crate::finding::{Code, Finding, Remedy};
use crate::model::facts::GatewayProcess;
use crate::render::findings::View;
use crate::render::invocation::Invocation;
use crate::step::{Program, Step};

/// What to do next, in order.
pub(super) struct Next {
    head: &'static str,
    steps: Vec<Step>,
    tail: Vec<String>,
    /// The finding whose ways out these are: a person has to choose one.
    choice_of: Option<Code>,
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
        let mut lines = vec![crate::render::wrap(self.head, width, "", "  ")];
        for (at, step) in self.steps.iter().enumerate() {
            let first =
                if self.choice_of.is_some() { format!("  {}. ", at + 1) } else { "  ".to_owned() };
            let rest = " ".repeat(first.width());
            let Some(command) = step.command.as_ref().filter(|_| step.text.is_empty()) else {
                lines.push(self.invocation.wrapped(step, width, &first, &rest));
                continue;
            };
            let command = self.invocation.command(command);
            let mut on_one = [crate::render::padded(&command, wide), command.clone()]
                .map(|command| format!("{first}{command}  {}", step.note).trim_end().to_owned())
                .into_iter();
            if let Some(line) = on_one.find(|line| line.width() <= width) {
                lines.push(line);
                continue;
            }
            // The command alone, to be pasted as it stands.
            lines.push(format!("{first}{command}"));
            let below = format!("{rest}   ");
            if !step.note.is_empty() {
                lines.push(crate::render::wrap(&step.note, width, &below, &below));
            }
        }
        let tail = self.tail.iter();
        lines.extend(tail.map(|line| crate::render::wrap(&format!("({line})"), width, "  ", "  ")));
        lines.join("\n")
    }

    /// How findings are shown above it: what stands here is not said twice.
    pub(super) fn below<'v>(&'v self, view: View<'v>) -> View<'v> {
        let as_root = |step: &Step| step.command.as_ref().is_some_and(|command| command.as_root);
        let as_root = self.steps.iter().any(as_root);
        View { numbered: self.choice_of, told: &self.steps, as_root, ..view }
    }

    /// The finding whose several ways out these are.
    pub(super) fn choice_of(&self) -> Option<Code> {
        self.choice_of
    }

    /// Whether it is a repair that needs no choice.
    pub(super) fn is_plain_repair(&self) -> bool {
        let repair = Step::clawmend(["repair"]).command;
        self.steps.last().is_some_and(|step| step.command == repair)
    }

    /// The commands, for scripts; of steps in order none behind one that only a person can do.
    pub(super) fn argvs(&self) -> Vec<Vec<String>> {
        let steps =
            self.steps.iter().take_while(|step| self.choice_of.is_some() || step.command.is_some());
        steps.filter_map(|step| self.invocation.argv_of(step)).collect()
    }
}

/// How many steps by hand are told here; the finding has them all.
const MOST_STEPS: usize = 8;

/// What to type now: what clears the first thing that keeps the CLI out, then the rest.
pub(super) fn next(context: &Context, state: &State) -> Next {
    let failing = state.findings.iter().filter(|one| one.severity.fails());
    lead(context, state, failing.collect())
}

/// The same for a message: what is done about its causes that are found here goes first, whatever their severity; `None`
/// where nothing is.
pub(super) fn next_for(
    context: &Context,
    state: &State,
    fits: impl Fn(&Finding) -> bool,
) -> Option<Next> {
    let has_way = |one: &&Finding| fits(one) && !matches!(one.remedy, Remedy::Nothing);
    let ways: Vec<&Finding> = state.findings.iter().filter(has_way).collect();
    match ways.is_empty() || ways.iter().any(|one| one.severity.fails()) {
        true => checks::fails(&state.findings).then(|| next(context, state)),
        false => Some(lead(context, state, ways)),
    }
}

/// What is done about the first of some findings.
fn lead(context: &Context, state: &State, of: Vec<&Finding>) -> Next {
    let told = |head, steps| Next {
        head,
        steps,
        tail: Vec::new(),
        choice_of: None,
        invocation: context.invocation.clone(),
    };
    let is_repaired = |finding: &Finding| matches!(finding.remedy, Remedy::Repair(_));
    let mut failing = of.into_iter();
    // Where files cannot be read or written nothing else works before that is repaired.
    let of_access =
        |finding: &&Finding| checks::check(finding.code).is_some_and(|check| check.is_of_access);
    let Some(first) = failing.clone().find(of_access).or_else(|| failing.next()) else {
        if state.findings.iter().any(is_repaired) {
            const HEAD: &str =
                "Nothing must be done. This would clean up what the warnings and notes name:";
            return Next { head: HEAD, ..deeds(context, state, Step::clawmend(["repair"])) };
        }
        let explain = Step::clawmend(["explain"]).note("then paste what openclaw says");
        let is_down = state.model.facts.gateway == GatewayProcess::NotRunning;
        return match is_down && !state.model.config.is_client() {
            true => told(
                "Start the gateway, if it does not run. If the CLI is still refused:",
                vec![explain],
            ),
            false => told("If the CLI is still refused:", vec![explain]),
        };
    };
    let choices = |finding: &Finding| match &finding.remedy {
        Remedy::Choice(steps) => Some((finding.code, steps.clone())),
        _ => None,
    };
    match &first.remedy {
        Remedy::ByHand(steps) => {
            let is_command =
                steps.first().is_some_and(|step| step.command.is_some() && step.text.is_empty());
            let head = if is_command { "Now type:" } else { "Now:" };
            // What else is typed into a file is typed at the same time.
            let edits = failing.filter_map(|other| match &other.remedy {
                Remedy::ByHand(steps) => steps.first().filter(|step| opens_editor(step)),
                _ => None,
            });
            let edits = edits.filter(|_| steps.first().is_some_and(opens_editor));
            let mut all: Vec<&Step> = Vec::new();
            for step in steps.iter().chain(edits) {
                if !all.contains(&step) {
                    all.push(step);
                }
            }
            // What is repaired or chosen comes into sight once this is out of the way.
            let last = Step::diagnose().note("checks again, and shows the next step");
            // Who cannot read it here would see the same again.
            let other = last.clone().as_root(true).command;
            let last = Some(last).filter(|_| all.iter().all(|step| step.command != other));
            let steps = all.into_iter().take(MOST_STEPS).cloned();
            told(head, steps.chain(last).collect())
        }
        Remedy::Choice(steps) => choose(context, state, first.code, steps.clone()),
        // The command of a choice repairs all the rest too.
        Remedy::Repair(_) => match failing.find_map(choices) {
            Some((code, steps)) => choose(context, state, code, steps),
            None => deeds(context, state, Step::clawmend(["repair"])),
        },
        Remedy::Nothing => {
            told("Now: read what the finding above says; no command does it.", Vec::new())
        }
    }
}

fn opens_editor(step: &Step) -> bool {
    let editor = Program::Other(crate::platform::EDITOR);
    step.command.as_ref().is_some_and(|command| command.program == editor)
}

/// Several ways, each with its consequence; one way is just done.
fn choose(context: &Context, state: &State, code: Code, steps: Vec<Step>) -> Next {
    if let [only] = steps.as_slice() {
        return deeds(context, state, only.clone());
    }
    let mut next = deeds(context, state, Step::clawmend(["repair"]));
    next.head = "Choose one, and type it:";
    next.choice_of = Some(code);
    let is_own = |step: &Step| {
        step.command.as_ref().is_some_and(|command| command.program == Program::Clawmend)
    };
    if steps.iter().any(is_own) {
        let word = "a `clawmend repair` shows its changes and asks before it makes them";
        next.tail.insert(0, word.to_owned());
    }
    let is_safe = |step: &Step| {
        let args = step.command.iter().flat_map(|command| &command.args);
        args.into_iter().any(|arg| arg == "--new-identity" || arg == "loopback")
    };
    if steps.first().is_some_and(is_safe) {
        next.tail.insert(0, "1 if you are not sure".to_owned());
    }
    next.steps = steps;
    next
}

/// A preview and the deed. Whoever may not write here is told before the deed fails.
fn deeds(context: &Context, state: &State, deed: Step) -> Next {
    let deed = Step { text: String::new(), ..deed };
    let consequence = deed.note.clone();
    let preview = deed.clone().as_root(false).with(["--dry-run"]);
    let preview = preview.note("shows every change, changes nothing");
    let may_not = state.may_not_write();
    let deed = deed.as_root(may_not).note("asks, then changes; can be undone");
    let mut tail = Vec::new();
    if !consequence.is_empty() {
        tail.push(consequence);
    }
    if may_not {
        let text = "you may not write to this state dir: root may, or its owner without `sudo`";
        tail.push(text.to_owned());
    }
    let invocation = context.invocation.clone();
    Next { head: "Now type:", steps: vec![preview, deed], tail, choice_of: None, invocation }
}

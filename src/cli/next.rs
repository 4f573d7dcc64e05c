//! What to type now: a command that leads on, never one that would change nothing.

use super::context::{Context, State};
use super::words;
use crate::checks;
use crate::finding::{Finding, Mend};
use crate::planner::{self, Options};

/// Findings that have to be mended by a person before anything else works.
const FIRST: [&str; 2] = ["owner-differs", "mode-locks-out"];

/// Whether `clawmend repair` would change anything for what fails (or, where nothing fails, at all).
fn repairs(state: &State) -> bool {
    let fails = checks::fails(&state.findings);
    let promised = state.findings.iter().any(|finding| {
        matches!(finding.mend, Mend::Repair(_)) && (!fails || finding.severity.fails())
    });
    let interrupted = state.model.facts.interrupted.is_some();
    let options = Options { pairing: true, config: true, ..Options::default() };
    promised && (interrupted || !planner::plan(&state.model, &options).is_empty())
}

/// What to type now.
pub(super) fn next(context: &Context<'_, '_>, state: &State) -> String {
    let flags = words::flags(&context.global);
    let fails = checks::fails(&state.findings);
    let failing = || state.findings.iter().filter(|one| one.severity.fails());
    let first = failing()
        .find(|finding| FIRST.contains(&finding.code.0) && matches!(finding.mend, Mend::ByHand(_)));
    if let Some(step) = first.and_then(|finding| by_hand(finding, &flags)) {
        return step;
    }
    // A copy in the config's place: the same command mends the rest too.
    let copy = failing().find_map(|finding| match &finding.mend {
        Mend::RepairWith(command) if command.contains(" --config-from ") => Some(command.clone()),
        _ => None,
    });
    let repairs = repairs(state);
    if repairs || copy.is_some() {
        let deed = copy.clone().unwrap_or_else(|| format!("clawmend{flags} repair"));
        return deeds(context, state, &deed, fails, copy.is_none());
    }
    if !fails {
        return format!(
            "If the CLI is refused all the same:  clawmend{flags} explain \"the error text\""
        );
    }
    let option = failing().find_map(|finding| match &finding.mend {
        Mend::RepairWith(command) => Some(command.clone()),
        _ => None,
    });
    let step = failing().find_map(|finding| by_hand(finding, &flags));
    let worst_is_option =
        failing().next().is_some_and(|finding| matches!(finding.mend, Mend::RepairWith(_)));
    match (option, step) {
        (Some(option), None) => deeds(context, state, &option, true, false),
        (Some(option), Some(_)) if worst_is_option => deeds(context, state, &option, true, false),
        (_, Some(step)) => step,
        (None, None) => {
            "Now: do what the `mend` lines above say; no edit of the state can do it.".to_owned()
        }
    }
}

/// The first step of a mend by hand (all of them, if the first announces them), and how to look again.
fn by_hand(finding: &Finding, flags: &str) -> Option<String> {
    let Mend::ByHand(lines) = &finding.mend else {
        return None;
    };
    let first = crate::text::safe(lines.first()?);
    let is_command = ["sudo ", "chmod ", "openclaw ", "clawmend ", "mv "]
        .iter()
        .any(|word| first.starts_with(word));
    let head = if is_command { "Now type:" } else { "Now:" };
    // A line that ends so is no step yet: those that follow are.
    let steps = if first.ends_with(':') { lines.len() } else { 1 };
    let steps: Vec<_> = lines.iter().take(steps).map(|line| crate::text::safe(line)).collect();
    Some(format!("{head}\n  {}\n  clawmend{flags}    then looks again", steps.join("\n  ")))
}

/// A preview and the deed. Whoever may not write here is told before the deed fails.
fn deeds(
    context: &Context<'_, '_>,
    state: &State,
    deed: &str,
    fails: bool,
    choices: bool,
) -> String {
    let preview = format!("{deed} --dry-run");
    let denied = state.may_not_write();
    let deed = match denied {
        true => as_root(context, state, deed),
        false => deed.to_owned(),
    };
    let wide = preview.chars().count().max(30);
    let choice = match choices && asks_for_a_choice(&state.findings) {
        true => "\n  (a `mend` line above names an option: that one is your choice)",
        false => "",
    };
    let not_here = match denied {
        true => "\n  (you may not write to this state dir: the second one needs root or its owner)",
        false => "",
    };
    let head = match fails {
        true => "Now type:",
        false => "Nothing has to be done. What the warnings and notes name is tidied up by:",
    };
    format!(
        "{head}\n  {preview:<wide$}  shows every change, makes none\n  {deed:<wide$}  shows them again, asks once, can be undone{choice}{not_here}"
    )
}

/// The command as root: root's home and environment are others, so what was found by them is named.
fn as_root(context: &Context<'_, '_>, state: &State, deed: &str) -> String {
    let located = &state.located;
    let mut global = context.global.clone();
    global.state_dir = Some(located.state_dir.to_path_buf());
    if located.config.parent() != Some(&*located.state_dir) {
        global.config = Some(located.config.clone());
    }
    let named = format!("clawmend{}", words::flags(&global));
    let plain = format!("clawmend{}", words::flags(&context.global));
    format!("sudo {}", deed.replacen(&plain, &named, 1))
}

/// Whether something that blocks is mended with an option alone.
fn asks_for_a_choice(findings: &[Finding]) -> bool {
    findings
        .iter()
        .any(|finding| finding.severity.fails() && matches!(finding.mend, Mend::RepairWith(_)))
}

//! What a changing command reports: the preview, what it did, and what is left.

use super::outcome::{choices, untouched};
use super::{Call, Offer, Purpose};
use super::{outcome, restart};
use crate::apply::Applied;
use crate::checks::follow::causes;
use crate::checks::{self, Stage};
use crate::cli::context::{Context, State};
use crate::cli::head::head;
use crate::cli::next::next;
use crate::cli::rights;
use crate::error::Error;
use crate::exit::Exit;
use crate::finding::{Finding, Remedy, locks_out};
use crate::model::Model;
use crate::plan::Changes;
use crate::render::json::{self, ChangeDocument, Head, StateDocument};
use crate::render::{Paint, diff, plan};
use crate::simulate::images_after;
use crate::snapshot::{Since, Snapshot};
use crate::step::Step;
use crate::store::json::key_of;
use crate::text::safe;

/// The preview; `whole`: with the diff in any case.
pub(super) fn preview(context: &Context, offer: Offer<'_>, whole: bool) -> String {
    let Offer { call, state, proposal } = offer;
    if context.global.quiet && !call.change.dry_run {
        return String::new();
    }
    let mut out = head(state, context.world.width);
    out.push('\n');
    if proposal.changes.is_empty() {
        return out;
    }
    // Whoever is asked can ask for the diff; whoever is not asked sees it before the summary.
    let is_asked = !(call.change.dry_run || call.change.yes) && context.world.person.is_there();
    if is_asked && !whole && !context.global.verbose {
        let (changes, is_back) = (&proposal.changes, call.purpose.goes_back());
        out.push_str(&plan::summary(&state.model, changes, is_back, context.view()));
    } else {
        out.push_str(&in_full(context, offer));
    }
    out
}

/// The changes line by line, and below them what they do.
pub(super) fn in_full(context: &Context, offer: Offer<'_>) -> String {
    let Offer { call, state, proposal } = offer;
    let diff = diff_of(offer, context.paint);
    let width = context.told_width();
    let diff: String = diff.lines().map(|line| crate::render::folded(line, width) + "\n").collect();
    let (changes, is_back) = (&proposal.changes, call.purpose.goes_back());
    format!("{diff}\n{}", plan::summary(&state.model, changes, is_back, context.view()))
}

fn diff_of(Offer { state, proposal, .. }: Offer<'_>, paint: Paint) -> String {
    let ids = state.model.proved_ids();
    let name = Context::name(&state.located);
    diff::changes(&proposal.changes, &name, &|id: &str| ids.contains(id), paint)
}

/// The one question: after a long preview its size and its place are out of sight.
pub(super) fn question(Offer { call, state, proposal }: Offer<'_>) -> String {
    let dir = safe(&crate::platform::shown(&state.located.state_dir));
    let places = plan::places(&proposal.changes);
    let what = match call.purpose {
        Purpose::Restore => format!("Put {places} back in {dir}?"),
        _ => format!("Change {places} in {dir}?"),
    };
    let restart = match proposal.changes.touch_config() {
        true => "; the config needs a gateway restart",
        false => "",
    };
    format!("{what}\n(a snapshot is taken first{restart})")
}

/// What was changed since, and goes with a way back.
pub(super) fn tell_since(context: &mut Context, since: &Since) {
    if context.global.json {
        return;
    }
    if !since.lost.is_empty() {
        let head = context.paint.red("This was changed since, and would be lost:");
        context.say(&format!("\n{head}"));
        for lost in &since.lost {
            context.say_under("  - ", "    ", &safe(lost));
        }
    }
    if since.goes_back {
        context.note("note: OpenClaw has run since: its times of use and its requests go back too");
    }
}

/// Before the question: that the way back leads into a lockout, or may.
pub(super) fn tell_lockout_to_come(context: &mut Context, state: &State, changes: &Changes) {
    let left = findings_after(context, state, changes);
    let Some(first) = causes(&left).into_iter().find(|cause| cause.finding.severity.fails()) else {
        return;
    };
    let says = safe(&first.finding.says);
    let head = match locks_out(&left) {
        true => "That state locks this machine's CLI out",
        false => "It could not be checked whether that state lets this machine's CLI in",
    };
    let text = format!("{head}: {says} [{}]", first.finding.code);
    let text = crate::render::wrap(&text, context.world.width, "", "  ");
    context.say(&format!("\n{}", context.paint.red(&text)));
}

/// What would be found after the changes, nothing of them made yet.
fn findings_after(context: &Context, state: &State, changes: &Changes) -> Vec<Finding> {
    let mut facts = state.model.facts.clone();
    facts.interrupted = None;
    let images = images_after(state.model.images.clone(), changes.clone());
    let mut findings = checks::diagnose(&Model::of(images, facts));
    rights::fit(&mut findings, &state.located.state_dir, &context.world.env);
    findings
}

/// What is said where nothing was changed: after a dry run, or where there is nothing to change.
pub(super) fn tell_unchanged(context: &mut Context, offer: Offer<'_>) -> Exit {
    let Offer { call, state, proposal } = offer;
    let is_empty = proposal.changes.is_empty();
    let left = match call.change.dry_run {
        true => findings_after(context, state, &proposal.changes),
        false => state.findings.clone(),
    };
    // A restore's work is to be as in the snapshot, locked out or not.
    let is_back = call.purpose.goes_back() && !call.change.dry_run;
    let exit = if checks::fails(&left) && !is_back { Exit::Findings } else { Exit::Done };
    if context.global.json {
        let next = match is_empty {
            true => clearing(context, state),
            false => context.invocation.argv_of(&call.again).into_iter().collect(),
        };
        let report = Report::of(context, offer);
        let document = report.document(context, call, None, &left, next);
        context.json(&document);
        return exit;
    }
    let first = left.iter().find(|finding| finding.severity.fails());
    let next = next(context, state);
    if is_empty {
        let says = match (call.purpose, first.map(|finding| &finding.remedy)) {
            (Purpose::Repair, Some(Remedy::Choice(_))) => "You must choose first.",
            (Purpose::Repair, Some(Remedy::ByHand(_))) => {
                "Nothing to change for clawmend: you must do this by hand first."
            }
            (Purpose::Repair | Purpose::Approve, None) => "Healthy, nothing to change.",
            _ => "Nothing to change.",
        };
        let written = if call.change.dry_run { "" } else { " Nothing was written." };
        context.say_wrapped(&format!("{says}{written}"));
    } else {
        context.say("\nNothing was changed: this was a dry run.");
        if state.may_not_write() {
            let dir = context.invocation.shell.quote(state.located.state_dir.as_os_str());
            context.note(&format!(
                "note: you may not write to {dir}: without --dry-run this command needs root or the owner"
            ));
        }
    }
    if is_back {
        let list = Step::clawmend(["snapshot", "list"])
            .after("The state is already as in this snapshot. To see older ones");
        context.say_step(&list);
        if state.unread_database().is_some() {
            context.say_wrapped(
                "The database cannot be read now, and this snapshot holds nothing of it.",
            );
        }
        return exit;
    }
    if checks::fails(&left) {
        context.say("");
        let locked = match call.purpose.goes_back() {
            true => "That state locks the CLI out:",
            false => "This still locks the CLI out:",
        };
        let unsure = "This could not be checked, so it may still lock the CLI out:";
        let choice = next.choice_of().filter(|_| is_empty && call.purpose == Purpose::Repair);
        outcome::tell_failing(context, &left, locked, unsure, choice);
        if choice.is_some() {
            let text = next.text(context.world.width);
            context.say(&format!("\n{}", context.paint.bold(&text)));
        }
    }
    let untouched = untouched(call, &state.findings, proposal);
    choices(context, &untouched, &left);
    exit
}

/// What to type for what still blocks, for scripts; nothing where nothing does.
fn clearing(context: &Context, state: &State) -> Vec<Vec<String>> {
    if checks::fails(&state.findings) { next(context, state).argvs() } else { Vec::new() }
}

pub(super) fn tell_done(
    context: &mut Context,
    call: &Call<'_>,
    mut report: Report,
    applied: &Applied,
) -> Result<Exit, Error> {
    let untouched = std::mem::take(&mut report.untouched);
    let state = context.read();
    // The changes are in place: an error here would say that nothing was changed.
    let unsure = match &state {
        Err(error) => Some((
            format!("the changes are made, but the state could not be read again: {error}"),
            Step::clawmend(["diagnose"]).after("to check them"),
        )),
        Ok(state) => call.back_to.and_then(|back| {
            let differs = difference(state, back)?;
            let next = Step::clawmend(["restore", back.id.as_str(), "--dry-run"]);
            Some((
                format!(
                    "the snapshot was put back, but the state still differs from it: {differs}"
                ),
                next.after("another program may have written in between; to see what differs"),
            ))
        }),
    };
    let snapshot = applied.snapshot.as_str();
    if let Some((why, next)) = unsure {
        context.note(&format!("note: {}", safe(&why)));
        context.note(&format!("      {}", context.typed(&next)));
        if context.global.json {
            let next = context.invocation.argv_of(&next).into_iter().collect();
            let findings = state.map(|state| state.findings).unwrap_or_default();
            let mut document = report.document(context, call, Some(snapshot), &findings, next);
            document.healthy = false;
            context.json(&document);
        } else {
            context.say_step(&undo(snapshot).after("To undo"));
        }
        return Ok(Exit::Findings);
    }
    let state = state?;
    let exit = if call.purpose.goes_back() { Exit::Done } else { state.exit() };
    for note in &applied.notes {
        context.note(&format!("note: {}", crate::text::safe(note)));
    }
    if context.global.json {
        let next = clearing(context, &state);
        let document = report.document(context, call, Some(snapshot), &state.findings, next);
        context.json(&document);
        return Ok(exit);
    }
    if !context.global.quiet {
        context.say("");
    }
    outcome::say(context, call.purpose, &report, &state.findings);
    if call.purpose.goes_back() && checks::fails(&state.findings) {
        let text = next(context, &state).text(context.world.width);
        context.say(&format!("{}\n", context.paint.bold(&text)));
    }
    tell_gateway(context, &state, report.restart_gateway);
    if exit == Exit::Done && !call.purpose.goes_back() && !state.model.config.is_client() {
        tell_how_to_check(context, &state, report.lets_in.is_none());
    }
    // Typed after an undo, `undo` goes on to the change before it: only by its name comes this snapshot back.
    let undo = if call.purpose.goes_back() { undo(snapshot) } else { Step::clawmend(["undo"]) };
    context.say_step(&undo.after("To undo"));
    if !context.global.quiet {
        choices(context, &untouched, &state.findings);
    }
    Ok(exit)
}

/// Whether the gateway has to be restarted, and how.
fn tell_gateway(context: &mut Context, state: &State, restarts: bool) {
    // One that does not start for its config has nothing to be told about a restart.
    let starts = !state.findings.iter().any(|finding| {
        let stage = checks::check(finding.code).and_then(|check| check.stage);
        finding.severity.fails() && stage == Some(Stage::Config)
    });
    if restarts {
        let head = "The config changed. The gateway reads it after a restart";
        match restart::steps(&state.model, &context.world.env).as_slice() {
            [one] => context.say_step(&one.clone().after(head)),
            several => {
                context.say_wrapped(&format!("{head}:"));
                for step in several {
                    context.say_step_under("  ", "    ", step);
                }
            }
        }
    } else if starts {
        context.say_wrapped("The gateway needs no restart: it reads the pairing at every connect.");
    }
}

/// The commands of OpenClaw that show whether it works; `asks_for_more`: what else waits may be approved too.
fn tell_how_to_check(context: &mut Context, state: &State, asks_for_more: bool) {
    let check = restart::openclaw(&state.model, ["cron", "list"])
        .after("To check")
        .note(restart::check_note(&state.model));
    context.say_step(&check);
    let waits = |one: &Finding| one.code == checks::devices::FOREIGN_REQUEST.code;
    if asks_for_more && state.findings.iter().any(waits) {
        let list = restart::openclaw(&state.model, ["devices", "list"])
            .after("To see the browsers, phones and nodes that wait");
        context.say_step(&list);
        let approve = restart::openclaw(&state.model, ["devices", "approve", "REQUEST_ID"]);
        context.say_step(&approve.after("To approve one that is yours"));
    }
}

/// The command that takes the changes back.
fn undo(snapshot: &str) -> Step {
    Step::clawmend(["restore", snapshot])
}

/// What is not as the snapshot has it, after everything was put back.
fn difference(state: &State, snapshot: &Snapshot) -> Option<String> {
    let entries = &snapshot.manifest.entries;
    match state.stores.changes_to(&state.model.images, entries, snapshot) {
        Ok(left) if left.is_empty() => None,
        Ok(left) => {
            let dir = &state.located.state_dir;
            let files = left.files.iter().map(|change| key_of(dir, &change.before.path));
            let rows = left.rows.iter().map(|change| change.part.table().to_owned());
            let mut names: Vec<String> = files.chain(rows).collect();
            names.dedup();
            Some(names.join(", "))
        }
        Err(error) => Some(error.to_string()),
    }
}

/// What is told about a proposal, made before its images are let go.
pub(super) struct Report {
    state: StateDocument,
    edits: Vec<json::EditDocument>,
    diff: String,
    since: Since,
    restart_gateway: bool,
    /// The other device that was let in.
    pub(super) lets_in: Option<String>,
    /// What was done, in a person's words.
    pub(super) done: Vec<String>,
    /// The CLI was locked out before.
    pub(super) was_locked: bool,
    /// Findings that only a person can decide about.
    untouched: Vec<Finding>,
}

impl Report {
    pub(super) fn of(context: &Context, offer: Offer<'_>) -> Self {
        let Offer { call, state, proposal } = offer;
        let is_json = context.global.json;
        let diff = || diff_of(offer, Paint::default());
        let goes_back = call.purpose.goes_back();
        let edits = || json::edits(&state.model, &proposal.changes, goes_back);
        Self {
            state: StateDocument::of(&state.model, &state.located.how),
            edits: is_json.then(edits).unwrap_or_default(),
            diff: is_json.then(diff).unwrap_or_default(),
            since: proposal.since.clone(),
            restart_gateway: proposal.changes.touch_config(),
            lets_in: proposal.lets_in.clone(),
            // A way back has said it before the question.
            done: match goes_back {
                true => Vec::new(),
                false => plan::lines(&state.model, &proposal.changes, false),
            },
            was_locked: locks_out(&state.findings),
            untouched: untouched(call, &state.findings, proposal),
        }
    }

    fn document(
        self,
        context: &Context,
        call: &Call<'_>,
        snapshot: Option<&str>,
        findings: &[Finding],
        next: Vec<Vec<String>>,
    ) -> ChangeDocument {
        ChangeDocument {
            head: Head::of(call.purpose.command()),
            state: self.state,
            notes: context.warned.clone(),
            dry_run: call.change.dry_run,
            changed: snapshot.is_some(),
            edits: self.edits,
            diff: self.diff,
            snapshot: snapshot.map(str::to_owned),
            undo: snapshot.and_then(|id| context.invocation.argv_of(&undo(id))),
            lost: self.since.lost,
            goes_back: self.since.goes_back,
            restart_gateway: self.restart_gateway,
            healthy: !checks::fails(findings),
            findings: context.documents(findings),
            next,
        }
    }
}

//! What a changing command says: the preview, what it did, and what is left.

use super::choices::{choices, untouched};
use super::{Asked, Proposal};
use crate::apply::Applied;
use crate::checks;
use crate::cli::context::{Context, State};
use crate::cli::{outcome, words};
use crate::error::Error;
use crate::exit::Exit;
use crate::finding::{Finding, Severity};
use crate::model::Model;
use crate::plan::Changes;
use crate::render::json::{self, ChangeDocument, FindingDocument, Head, StateDocument};
use crate::render::{diff, findings, plan as preview};
use crate::simulate::images_after;
use crate::text::{count, safe};

pub(super) fn shown(
    context: &Context<'_, '_>,
    asked: &Asked,
    state: &State,
    proposal: &Proposal,
) -> String {
    if context.global.quiet && !asked.dry_run {
        return String::new();
    }
    let mut out = words::head(state);
    out.push('\n');
    let name = Context::name(&state.located);
    let ids = state.model.proved_ids();
    let proves = |id: &str| ids.contains(id);
    if proposal.changes.is_empty() {
        return out;
    }
    if proposal.plan.is_empty() {
        out.push_str(&context.paint.bold("What would change:"));
        out.push('\n');
        out.push_str(&diff::changes(&proposal.changes, &name, &proves, context.paint));
    } else {
        out.push_str(&preview::preview(
            &proposal.plan,
            &proposal.changes,
            &name,
            &proves,
            context.paint,
            context.world.width,
        ));
    }
    out
}

/// The one question: after a long preview its size and its place are out of sight.
pub(super) fn question(state: &State, proposal: &Proposal) -> String {
    let dir = safe(&crate::platform::shown(&state.located.state_dir));
    let places = preview::places(&proposal.changes);
    match proposal.plan.edits.len() {
        0 => format!("Put {places} of {dir} back?"),
        edits => {
            let edits = count(edits, "edit", "edits");
            let these = if proposal.plan.edits.len() == 1 { "this" } else { "these" };
            format!("Make {these} {edits} in {places} of {dir}?")
        }
    }
}

/// The state as it would be after the changes.
fn after(state: &State, changes: &Changes) -> Vec<Finding> {
    let mut facts = state.model.facts.clone();
    facts.interrupted = None;
    checks::diagnose(&Model::of(images_after(state.model.images.clone(), changes.clone()), facts))
}

pub(super) fn only_shown(
    context: &mut Context<'_, '_>,
    asked: &Asked,
    state: &State,
    proposal: &Proposal,
) -> Exit {
    let left = after(state, &proposal.changes);
    let exit = if checks::fails(&left) { Exit::Findings } else { Exit::Done };
    if context.global.json {
        let document =
            Told::of(context, asked, state, proposal).document(context, asked, None, &left);
        context.json(&document);
        return exit;
    }
    if proposal.changes.is_empty() {
        context.say("Nothing to change.");
    } else {
        context.say("\nNothing was changed: this was a dry run.");
        if state.may_not_write() {
            context.note(&format!(
                "note: you may not write to {}: without --dry-run this needs root or its owner",
                words::quoted(&state.located.state_dir)
            ));
        }
    }
    leftover(context, &left);
    let untouched = untouched(asked, &state.findings, proposal);
    choices(context, &untouched, &left);
    exit
}

pub(super) fn nothing_to_do(
    context: &mut Context<'_, '_>,
    asked: &Asked,
    state: &State,
    proposal: &Proposal,
) -> Exit {
    // A restore's work is to be as in the snapshot, locked out or not.
    let exit = if asked.command == "restore" { Exit::Done } else { state.exit() };
    if context.global.json {
        let document = Told::of(context, asked, state, proposal).document(
            context,
            asked,
            None,
            &state.findings,
        );
        context.json(&document);
        return exit;
    }
    context.say("Nothing to change; nothing was written.");
    if asked.command == "restore" {
        context.say(&format!(
            "The state is as in this snapshot already; an older one: clawmend{} snapshot list",
            words::flags(&context.global)
        ));
        if state.unread_database().is_some() {
            context.say(
                "The database cannot be read now, and this snapshot holds nothing of it that could be put back.",
            );
        }
        return exit;
    }
    leftover(context, &state.findings);
    let untouched = untouched(asked, &state.findings, proposal);
    choices(context, &untouched, &state.findings);
    exit
}

/// What still blocks.
fn leftover(context: &mut Context<'_, '_>, left: &[Finding]) {
    let blocking: Vec<_> =
        left.iter().filter(|finding| finding.severity.fails()).cloned().collect();
    if blocking.is_empty() {
        return;
    }
    let view = context.view();
    context.say(&format!(
        "\n{}",
        view.paint.red(match blocking.iter().any(|one| one.severity == Severity::Blocks) {
            true => "This would still keep the CLI out:",
            false => "This could not be checked, so it may still keep the CLI out:",
        })
    ));
    let text = findings::all(&blocking, view);
    context.print(&text);
}

pub(super) fn done(
    context: &mut Context<'_, '_>,
    asked: &Asked,
    mut told: Told,
    applied: &Applied,
) -> Result<Exit, Error> {
    let untouched = std::mem::take(&mut told.untouched);
    let state = match context.read() {
        Ok(state) => state,
        // The changes are in place: an error here would say that nothing was changed.
        Err(error) => return Ok(unchecked(context, asked, told, applied, &error)),
    };
    let exit = if asked.command == "restore" { Exit::Done } else { state.exit() };
    for note in applied.note.iter().chain(&applied.changed_meanwhile) {
        context.note(&format!("note: {}", crate::text::safe(note)));
    }
    if context.global.json {
        let document = told.document(context, asked, applied.snapshot.as_deref(), &state.findings);
        context.json(&document);
        return Ok(exit);
    }
    if !context.global.quiet {
        context.say("");
    }
    match &told.lets_in {
        Some(device) => outcome::let_in(context, device, &state.findings),
        None => outcome::say(context, asked.command, &state.findings),
    }
    // A gateway that does not start for its config has nothing to be told about a restart.
    let starts = !state.findings.iter().any(|finding| {
        finding.severity.fails()
            && ["config-", "include-"].iter().any(|kind| finding.code.0.starts_with(kind))
    });
    if told.restart_gateway {
        context.say(
            "The config changed: restart the gateway for it to count:  openclaw gateway restart",
        );
    } else if starts {
        context
            .say("The gateway needs no restart for this: it reads its pairing at every connect.");
    }
    if let Some(undo) = undo(context, applied.snapshot.as_deref()) {
        context.say(&format!("To undo:  {undo}"));
    }
    if !context.global.quiet {
        choices(context, &untouched, &state.findings);
    }
    Ok(exit)
}

fn changes_config(changes: &Changes) -> bool {
    changes.files.iter().any(|change| matches!(change.slot, crate::image::Slot::Config(_)))
}

fn undo(context: &Context<'_, '_>, snapshot: Option<&str>) -> Option<String> {
    Some(format!("clawmend{} restore {}", words::flags(&context.global), snapshot?))
}

/// Made, and then the state could not be read again.
fn unchecked(
    context: &mut Context<'_, '_>,
    asked: &Asked,
    told: Told,
    applied: &Applied,
    error: &Error,
) -> Exit {
    let snapshot = applied.snapshot.as_deref();
    context.note(&format!(
        "note: the changes are made, but the state could not be read again: {}",
        crate::text::safe(&error.to_string())
    ));
    if context.global.json {
        let mut document = told.document(context, asked, snapshot, &[]);
        document.healthy = false;
        context.json(&document);
        return Exit::Findings;
    }
    let undo = undo(context, snapshot).unwrap_or_default();
    context.say(&format!(
        "Done, and not diagnosed again: run clawmend{} diagnose.\nTo undo:  {undo}",
        words::flags(&context.global)
    ));
    Exit::Findings
}

/// What is told about a proposal, made before its images are let go.
pub(super) struct Told {
    state: StateDocument,
    edits: Vec<json::EditDocument>,
    diff: String,
    restart_gateway: bool,
    lets_in: Option<String>,
    /// Findings that only a person can decide about.
    untouched: Vec<Finding>,
}

impl Told {
    pub(super) fn of(
        context: &Context<'_, '_>,
        asked: &Asked,
        state: &State,
        proposal: &Proposal,
    ) -> Self {
        let name = Context::name(&state.located);
        let diff = match context.global.json {
            true => {
                let ids = state.model.proved_ids();
                let proves = |id: &str| ids.contains(id);
                let paint = crate::render::Paint::default();
                diff::changes(&proposal.changes, &name, &proves, paint)
            }
            false => String::new(),
        };
        Self {
            state: StateDocument::of(&state.model, &state.located.how),
            edits: json::edits(&proposal.plan),
            diff,
            restart_gateway: changes_config(&proposal.changes),
            lets_in: proposal.lets_in.clone(),
            untouched: untouched(asked, &state.findings, proposal),
        }
    }

    fn document(
        self,
        context: &Context<'_, '_>,
        asked: &Asked,
        snapshot: Option<&str>,
        findings: &[Finding],
    ) -> ChangeDocument {
        ChangeDocument {
            head: Head::of(asked.command),
            state: self.state,
            dry_run: asked.dry_run,
            changed: snapshot.is_some(),
            edits: self.edits,
            diff: self.diff,
            snapshot: snapshot.map(str::to_owned),
            undo: undo(context, snapshot),
            restart_gateway: self.restart_gateway,
            healthy: !checks::fails(findings),
            findings: findings.iter().map(FindingDocument::from).collect(),
        }
    }
}

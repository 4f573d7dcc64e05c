//! What every changing command shares: the preview, the one question, the apply, the report. The only
//! place that reads `--dry-run`.

use std::time::Duration;

use super::context::{Context, State};
use super::{outcome, words};
use crate::apply::{self, Applied, ApplyError};
use crate::checks;
use crate::config_files::Expected;
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::files::Lock;
use crate::journal;
use crate::model::Model;
use crate::plan::{Changes, Plan};
use crate::render::json::{self, ChangeDocument, FindingDocument, Head, StateDocument};
use crate::render::{diff, findings, plan as preview};
use crate::simulate::images_after;
use crate::store::CommitError;
use crate::store::sqlite::Hold;

/// How long to wait for another clawmend.
const LOCK_WAIT: Duration = Duration::from_secs(2);
/// How often a plan is made anew because a file changed under it.
const ROUNDS: usize = 10;
/// From this round on the plan is made under the database's write lock, if it changes rows: a writer
/// that never rests then waits its turn, and cannot come between the plan and its commit.
const HELD_ROUNDS: usize = 3;

/// How a changing command was asked for.
pub(super) struct Asked {
    /// `repair`, `approve`, `restore`.
    pub command: &'static str,
    /// The command line to run instead where nobody can answer.
    pub again: String,
    /// Only show.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
}

/// What a command would change: made from a state, again whenever the state moved.
pub(super) struct Proposal {
    /// The edits and their reasons; empty for a restore.
    pub plan: Plan,
    /// What they do.
    pub changes: Changes,
}

/// The lock of a writing run, taken before the first byte is written and not for a run that turns out
/// to have nothing to do. What interrupted runs left is taken back or swept first.
pub(super) fn lock(context: &mut Context<'_, '_>) -> Result<Lock, Error> {
    let located = context.locate()?;
    let lock = Lock::take(&located.state_dir, context.world.now_ms, LOCK_WAIT)?;
    if journal::interrupted(&located.state_dir)?.is_some() {
        recover(context, &lock)?;
    } else {
        journal::tidy(&located.state_dir, &context.snapshots(&located), &lock);
    }
    Ok(lock)
}

/// Takes back what an interrupted run left, if one did; then the lock is held already.
pub(super) fn begin(context: &mut Context<'_, '_>, dry_run: bool) -> Result<Option<Lock>, Error> {
    let located = context.locate()?;
    if dry_run || journal::interrupted(&located.state_dir)?.is_none() {
        return Ok(None);
    }
    lock(context).map(Some)
}

/// Takes back what an interrupted run left, before anything else is written.
fn recover(context: &mut Context<'_, '_>, lock: &Lock) -> Result<(), Error> {
    let state = context.read()?;
    let snapshots = context.snapshots(&state.located);
    let recovery = journal::Recovery {
        state_dir: &state.located.state_dir,
        stores: &state.stores(),
        snapshots: &snapshots,
        lock,
    };
    let Some(done) = journal::recover(&recovery)? else {
        return Ok(());
    };
    let when = words::utc(done.started_at_ms);
    let what = match done.outcome {
        journal::Outcome::Untouched => "had changed nothing yet",
        journal::Outcome::Finished => "had made all its changes; they stand",
        journal::Outcome::RolledBack => "was rolled back",
    };
    context.note(&format!(
        "note: an earlier `clawmend {}` of {when} was interrupted; it {what}",
        done.command
    ));
    for path in &done.put_back {
        context.note(&format!("      put back: {}", crate::text::safe(path)));
    }
    for path in &done.left {
        context.note(&format!(
            "      left alone, because something else has written it since: {}",
            crate::text::safe(path)
        ));
    }
    context.recovered = Some(done);
    Ok(())
}

/// Shows, asks, applies, reports. `state` was just read, after what an interrupted run left was taken
/// back.
pub(super) fn carry_out(
    context: &mut Context<'_, '_>,
    asked: &Asked,
    held: Option<Lock>,
    mut state: State,
    propose: &mut dyn FnMut(&mut Context<'_, '_>, &State) -> Result<Proposal, Error>,
) -> Result<Exit, Error> {
    let mut proposal = propose(context, &state)?;
    let agreed = proposal.plan.clone();
    if !context.global.json {
        let text = shown(context, asked, &state, &proposal);
        context.print(&text);
    }
    if asked.dry_run {
        return Ok(only_shown(context, asked, &state, &proposal));
    }
    if proposal.changes.is_empty() {
        return Ok(nothing_to_do(context, asked, &state, &proposal));
    }
    let lock = match held {
        Some(lock) => lock,
        None => lock(context)?,
    };
    ask(context, asked, &proposal)?;
    for round in 1..=ROUNDS {
        let snapshots = context.snapshots(&state.located);
        let why = format!("before-{}", asked.command);
        let applying = apply::Context {
            state_dir: &state.located.state_dir,
            stores: &state.stores(),
            snapshots: &snapshots,
            now_ms: context.world.now_ms,
            why: &why,
            command: asked.command,
            lock: &lock,
        };
        match apply::apply(&applying, &proposal.changes) {
            Ok(applied) => {
                context.hold = None;
                let told = Told::of(context, &state, &proposal);
                // A huge store is in memory once: the old images become what should be there now.
                let expected = Expected::after(state.model, proposal.changes);
                return done(context, asked, told, &applied, expected);
            }
            Err(ApplyError::Failed(error)) => return Err(error),
            Err(ApplyError::Moved(what)) => {
                context.note(&format!(
                    "note: {} changed meanwhile; planning again",
                    crate::text::safe(&what)
                ));
                if let Some(hold) = context.hold.take() {
                    hold.release();
                }
                if round >= HELD_ROUNDS && !proposal.changes.rows.is_empty() {
                    context.hold = hold(&state)?;
                }
                state = context.read()?;
                proposal = propose(context, &state)?;
                if !asked.yes && proposal.plan != agreed {
                    return Err(Error::refused("the state changed while the question was open, and the plan with it; nothing was changed")
                        .hint(format!("look at it again: {}", asked.again)));
                }
                if proposal.changes.is_empty() {
                    return Ok(nothing_to_do(context, asked, &state, &proposal));
                }
            }
        }
    }
    Err(Error::refused(format!(
        "the state kept changing while clawmend tried {ROUNDS} times; nothing was changed"
    ))
    .hint("stop the gateway for a moment (openclaw gateway stop), then run the same command again"))
}

/// The database's write lock. `None`: another file came in its place, so look again first.
fn hold(state: &State) -> Result<Option<Hold>, Error> {
    match state.sqlite.hold() {
        Ok(hold) => Ok(Some(hold)),
        Err(CommitError::Moved(_)) => Ok(None),
        Err(CommitError::Failed(error)) => Err(error),
    }
}

fn shown(context: &Context<'_, '_>, asked: &Asked, state: &State, proposal: &Proposal) -> String {
    if context.global.quiet && asked.yes {
        return String::new();
    }
    let mut out = words::head(state);
    out.push('\n');
    let name = Context::name(&state.located);
    if proposal.changes.is_empty() {
        return out;
    }
    if proposal.plan.is_empty() {
        out.push_str(&context.paint.bold("What would change:"));
        out.push('\n');
        out.push_str(&diff::changes(&proposal.changes, &name, context.paint));
    } else {
        out.push_str(&preview::preview(
            &proposal.plan,
            &proposal.changes,
            &name,
            context.paint,
            context.world.width,
        ));
    }
    out
}

/// The state as it would be after the changes.
fn after(state: &State, changes: &Changes) -> Vec<crate::finding::Finding> {
    let mut facts = state.model.facts.clone();
    facts.interrupted = None;
    checks::diagnose(&Model::of(
        images_after(state.model.images.clone(), changes.clone()),
        facts,
    ))
}

fn only_shown(
    context: &mut Context<'_, '_>,
    asked: &Asked,
    state: &State,
    proposal: &Proposal,
) -> Exit {
    let left = after(state, &proposal.changes);
    let exit = if checks::fails(&left) {
        Exit::Findings
    } else {
        Exit::Done
    };
    if context.global.json {
        let document = Told::of(context, state, proposal).document(context, asked, None, &left);
        context.json(&document);
        return exit;
    }
    if proposal.changes.is_empty() {
        context.say("Nothing to change.");
    } else {
        context.say("\nNothing was changed: this was a dry run.");
    }
    leftover(context, &left);
    exit
}

fn nothing_to_do(
    context: &mut Context<'_, '_>,
    asked: &Asked,
    state: &State,
    proposal: &Proposal,
) -> Exit {
    // A restore's work is to be as in the snapshot, locked out or not.
    let exit = if asked.command == "restore" {
        Exit::Done
    } else {
        state.exit()
    };
    if context.global.json {
        let document =
            Told::of(context, state, proposal).document(context, asked, None, &state.findings);
        context.json(&document);
        return exit;
    }
    context.say("Nothing to change; nothing was written.");
    if asked.command == "restore" {
        context.say(&format!(
            "The state is as in this snapshot already; an older one: clawmend{} snapshot list",
            words::flags(&context.global)
        ));
        return exit;
    }
    leftover(context, &state.findings);
    exit
}

/// What still blocks.
fn leftover(context: &mut Context<'_, '_>, left: &[crate::finding::Finding]) {
    let blocking: Vec<_> = left
        .iter()
        .filter(|finding| finding.severity.fails())
        .cloned()
        .collect();
    if blocking.is_empty() {
        return;
    }
    let view = context.view();
    context.say(&format!(
        "\n{}",
        view.paint.red("This would still keep the CLI out:")
    ));
    let text = findings::all(&blocking, view);
    context.print(&text);
}

fn ask(context: &mut Context<'_, '_>, asked: &Asked, proposal: &Proposal) -> Result<(), Error> {
    if asked.yes {
        return Ok(());
    }
    let refusal = |message: &str| {
        Error::refused(message.to_owned())
            .hint(format!("to go ahead without a question: {}", asked.again))
    };
    if context.global.json || !context.world.person.is_there() {
        return Err(refusal(
            "this needs a yes, and there is nobody here to answer; nothing was changed",
        ));
    }
    let _ = context.world.out.flush();
    let question = if proposal.plan.touches_config() {
        "Make these changes? (a snapshot is taken first; the config needs a gateway restart)"
    } else {
        "Make these changes? (a snapshot is taken first)"
    };
    match context.world.person.confirm(question) {
        Some(true) => Ok(()),
        Some(false) => Err(refusal("you said no; nothing was changed")),
        None => Err(refusal("the question was broken off; nothing was changed")),
    }
}

fn done(
    context: &mut Context<'_, '_>,
    asked: &Asked,
    told: Told,
    applied: &Applied,
    expected: Expected,
) -> Result<Exit, Error> {
    let state = match context.read_expected(expected) {
        Ok(state) => state,
        // The changes are in place: an error here would say that nothing was changed.
        Err(error) => return Ok(unchecked(context, asked, told, applied, &error)),
    };
    let exit = if asked.command == "restore" {
        Exit::Done
    } else {
        state.exit()
    };
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
    outcome::say(context, asked.command, &state.findings);
    if told.restart_gateway {
        context.say(
            "The config changed: restart the gateway for it to count:  openclaw gateway restart",
        );
    } else {
        context
            .say("The gateway needs no restart for this: it reads its pairing at every connect.");
    }
    if let Some(undo) = undo(context, applied.snapshot.as_deref()) {
        context.say(&format!("To undo:  {undo}"));
    }
    Ok(exit)
}

fn changes_config(changes: &Changes) -> bool {
    changes
        .files
        .iter()
        .any(|change| matches!(change.slot, crate::image::Slot::Config(_)))
}

fn undo(context: &Context<'_, '_>, snapshot: Option<&str>) -> Option<String> {
    Some(format!(
        "clawmend{} restore {}",
        words::flags(&context.global),
        snapshot?
    ))
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
struct Told {
    state: StateDocument,
    edits: Vec<json::EditDocument>,
    diff: String,
    restart_gateway: bool,
}

impl Told {
    fn of(context: &Context<'_, '_>, state: &State, proposal: &Proposal) -> Self {
        let name = Context::name(&state.located);
        let diff = match context.global.json {
            true => diff::changes(&proposal.changes, &name, crate::render::Paint::default()),
            false => String::new(),
        };
        Self {
            state: StateDocument::of(&state.model, &state.located),
            edits: json::edits(&proposal.plan),
            diff,
            restart_gateway: changes_config(&proposal.changes),
        }
    }

    fn document(
        self,
        context: &Context<'_, '_>,
        asked: &Asked,
        snapshot: Option<&str>,
        findings: &[crate::finding::Finding],
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

/// A plan that does not fit what was just read: a bug in a planner, never silently written.
pub(super) fn misfit(misfit: crate::simulate::Misfit) -> Error {
    Error::new(
        Kind::Refused,
        format!("this edit cannot be made; nothing was changed: {misfit}"),
    )
}

//! `clawmend restore`: back to a snapshot, with the same preview and the same apply.

use std::path::Path;

use super::args;
use super::change::{Call, Proposal, Purpose, carry_out, recover_first};
use super::context::{Context, State};
use crate::error::Error;
use crate::exit::Exit;
use crate::files::Lock;
use crate::journal::RecoveryOutcome;
use crate::model::Model;
use crate::plan::Changes;
use crate::simulate::images_after;
use crate::snapshot::{self, LATEST, Snapshot, Summary};
use crate::step::Step;
use crate::store::json::key_of;
use crate::text::{local_and_utc, safe};

/// `restore`: makes the state again what a snapshot holds.
pub(super) fn run(context: &mut Context, args: &args::Restore) -> Result<Exit, Error> {
    let held = recover_first(context, args.back.change.dry_run)?;
    let (_, folder, list) = context.listed()?;
    let id = match args.id.as_str() {
        LATEST => latest(context, &folder, &list)?,
        id => snapshot::find(&list, id)?.id.clone(),
    };
    go_back(context, Purpose::Restore, id, &args.back, held)
}

/// Takes back the last change that stands.
pub(super) fn undo(context: &mut Context, args: &args::Back) -> Result<Exit, Error> {
    let held = recover_first(context, args.change.dry_run)?;
    let (_, folder, list) = context.listed()?;
    let state = context.read()?;
    let mut found = Vec::new();
    context.while_it_takes("comparing the snapshots", || {
        targets(state, &folder, &list.own, 1, &mut found)
    })?;
    let Some((target, _)) = found.pop() else {
        let text = "there is nothing to undo: no change by clawmend is left to take back";
        let list = Step::clawmend(["snapshot", "list"]).note("shows the snapshots there are");
        return Err(Error::not_found(text).hint(list));
    };
    let id = target.id.clone();
    go_back(context, Purpose::Undo, id, args, held)
}

/// What puts a snapshot back; nothing where the state is as in it.
fn way_back(state: &State, folder: &Path, summary: &Summary) -> Result<(Snapshot, Changes), Error> {
    let found = snapshot::open(&state.located.state_dir, folder, &summary.id)?;
    let back = changes_to(state, &found)?;
    Ok((found, back))
}

fn changes_to(state: &State, found: &Snapshot) -> Result<Changes, Error> {
    let changes = state.stores.changes_to(&state.model.images, &found.manifest.entries, found);
    changes.map_err(|error| not_put_back(state, error))
}

/// The snapshots that `undo` goes back to, typed once, twice and so on, into `found`, each with whether what was
/// changed since would be lost. The state after each is worked out, not made.
///
/// # Errors
/// One cannot be read or put back, so `undo` would end there too: it is not overlooked.
pub(super) fn targets<'l>(
    mut state: State,
    folder: &Path,
    own: &'l [Summary],
    most: usize,
    found: &mut Vec<(&'l Summary, bool)>,
) -> Result<(), Error> {
    // An undo that was interrupted and taken back has undone nothing.
    let own = match own.split_first() {
        Some((first, older))
            if first.command.starts_with(snapshot::UNDO)
                && way_back(&state, folder, first)?.1.is_empty() =>
        {
            older
        }
        _ => own,
    };
    for summary in snapshot::undoable(own) {
        let (snapshot, back) = way_back(&state, folder, summary)?;
        if back.is_empty() {
            continue;
        }
        let since = snapshot::changed_since(&snapshot.manifest, &state.model, &back);
        found.push((summary, !since.lost.is_empty()));
        if found.len() == most {
            break;
        }
        let Model { images, facts, .. } = state.model;
        state.model = Model::of(images_after(images, back), facts);
    }
    Ok(())
}

fn go_back(
    context: &mut Context,
    purpose: Purpose,
    id: String,
    args: &args::Back,
    held: Option<Lock>,
) -> Result<Exit, Error> {
    let located = context.locate()?;
    let folder = context.snapshots(&located);
    let found = snapshot::open(&located.state_dir, &folder, &id)?;
    // Every checksum before anything is touched.
    context.while_it_takes("checking the snapshot", || found.check())?;
    let (command, again) = match purpose {
        Purpose::Undo => (format!("{}{id}", snapshot::UNDO), Step::clawmend(["undo"])),
        // The same snapshot, whatever was taken in between.
        _ => (purpose.command().to_owned(), Step::clawmend(["restore", id.as_str()])),
    };
    let again = again.with(args.change.keep_all.then_some("--keep-all"));
    let call = Call {
        purpose,
        command,
        again: again.clone().with(args.force.then_some("--force")),
        change: args.change,
        back_to: Some(&found),
    };
    let manifest = &found.manifest;
    context.note(&format!(
        "Snapshot   {id} ({}; made by `clawmend {}`)",
        local_and_utc(manifest.created_at_ms, context.world.utc_offset),
        safe(snapshot::command_of(&manifest.command)),
    ));
    if let Some(why) = found.unchecked() {
        context.note(&format!("note: {why}"));
    }
    let state = context.read()?;
    carry_out(context, &call, held, state, &mut |context, state| {
        let changes = changes_to(state, &found)?;
        for (path, why) in &state.model.config.facts.elsewhere {
            let key = key_of(&located.state_dir, path);
            if manifest.entries.iter().any(|entry| entry.path == key) {
                let key = safe(&key);
                context.note(&format!("note: `{key}` is {}, so it stays as it is", why.says()));
            }
        }
        let since = snapshot::changed_since(manifest, &state.model, &changes);
        let is_there = context.world.person.is_there() && !context.global.json;
        let is_shown = args.force || args.change.dry_run || is_there && !args.change.yes;
        if !since.lost.is_empty() && !is_shown {
            let error = Error::refused("to go back would lose what was changed since");
            let look = again.clone().with(["--dry-run"]).after("to see every change");
            let forced = again.clone().with(["--force"]).with((!is_there).then_some("--yes"));
            let forced = forced.after("to go back and lose it");
            return Err(error.losing(since.lost).hint(look).hint(forced));
        }
        let why = format!("back to what it was when snapshot {id} was made");
        Ok(Proposal { since, ..Proposal::from(changes.explained(&why)) })
    })
}

/// The newest snapshot, or after an interrupted restore the one that the same command meant before.
///
/// Where that restore was taken back, or had not begun to change anything, the snapshot that it took is
/// the newest and of the state as it is now. Where it was found finished, going back to the newest would
/// undo it.
fn latest(context: &mut Context, folder: &Path, list: &snapshot::Listed) -> Result<String, Error> {
    let newest = snapshot::find(list, LATEST)?;
    let finished = context.recovered.as_ref().is_some_and(|run| {
        run.outcome == RecoveryOutcome::Finished && run.record.snapshot == newest.id
    });
    if !is_before_restore(newest) || newest.problem.is_some() {
        return Ok(newest.id.clone());
    }
    let state = context.read()?;
    let is_now =
        |summary: &Summary| Ok::<_, Error>(way_back(&state, folder, summary)?.1.is_empty());
    if !finished && !is_now(newest)? {
        return Ok(newest.id.clone());
    }
    let mut meant = None;
    for summary in list.own.iter().skip(1) {
        // One that cannot be read is not overlooked: opening it says why.
        let now = is_now(summary)?;
        if now == finished || (now && !is_before_restore(summary)) {
            meant = Some(summary);
            break;
        }
    }
    // Finished, and written by somebody else since: still not the one that would undo it.
    let meant = meant.or(list.own.get(1).filter(|_| finished)).unwrap_or(newest);
    if meant.id != newest.id {
        let what = if finished {
            "was taken by the interrupted restore, which is finished"
        } else {
            "was taken by a restore that changed nothing: it is of the state as it is now"
        };
        context.note(&format!("note: the newest snapshot {} {what}", newest.id));
    }
    Ok(meant.id.clone())
}

/// Whether a restore took it.
fn is_before_restore(summary: &Summary) -> bool {
    summary.why == Purpose::Restore.snapshot_name()
}

/// Says that nothing was changed, and of a database that cannot be read what the diagnosis knows.
fn not_put_back(state: &State, error: Error) -> Error {
    if state.unread_database().is_some() {
        let text =
            "the database cannot be read, so the snapshot cannot be put back; nothing was changed";
        let plain = state.unread(text).into_kind(error.kind());
        return plain
            .hint("the snapshot holds only rows, not a whole database: they need a database that can be read");
    }
    error.hint("nothing was changed")
}

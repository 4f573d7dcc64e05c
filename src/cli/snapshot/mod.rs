//! `clawmend snapshot`: make, list, show, verify, prune.

mod look;
mod prune;

use super::args;
use super::change::{drop_old, lock, recover_first};
use super::context::{Context, State};
use crate::error::Error;
use crate::exit::Exit;
use crate::image::{Unread, Unusable};
use crate::plan::StoreKind;
use crate::read::locate::Located;
use crate::render::json::{Head, SnapshotDocument, SnapshotsDocument};
use crate::snapshot::{self, Summary};
use crate::step::Step;
use look::{list, show, verify};
use prune::{age, prune};

/// Runs the command below `snapshot`.
pub(super) fn run(context: &mut Context, command: &args::SnapshotCommand) -> Result<Exit, Error> {
    match command {
        args::SnapshotCommand::Create(args) => create(context, args),
        args::SnapshotCommand::List => list(context),
        args::SnapshotCommand::Show { id } => show(context, id),
        args::SnapshotCommand::Verify { id } => verify(context, id.as_deref()),
        args::SnapshotCommand::Prune { keep, older_than, dry_run, yes } => {
            let rule = snapshot::Retention {
                daily: None,
                keep: *keep,
                older_than_ms: older_than.as_deref().map(age).transpose()?,
            };
            let mut again = Step::clawmend(["snapshot", "prune"]);
            if let Some(keep) = keep {
                again = again.with(["--keep".to_owned(), keep.to_string()]);
            }
            if let Some(age) = older_than {
                again = again.with(["--older-than", age.as_str()]);
            }
            prune(context, rule, *dry_run, (!*yes).then_some(again))
        }
    }
}

fn document_of(summary: &Summary) -> SnapshotDocument {
    SnapshotDocument {
        id: summary.id.clone(),
        time_ms: summary.time_ms,
        why: summary.why.clone(),
        command: snapshot::command_of(&summary.command).to_owned(),
        undo_times: None,
        bytes: summary.size,
        problem: summary.problem.clone(),
    }
}

/// The document of `list`, `create` or `verify`.
fn documents(
    context: &Context,
    located: &Located,
    command: &str,
    snapshots: Vec<SnapshotDocument>,
) -> SnapshotsDocument {
    SnapshotsDocument {
        head: Head::of(command),
        state_dir: crate::platform::shown(&located.state_dir),
        snapshot_dir: crate::platform::shown(&context.snapshots(located)),
        snapshots,
    }
}

/// Refuses where the database is what counts and cannot be read: a snapshot without it would pass for
/// one that can bring the devices back. Where files count, it is made, and what is said with it comes
/// back.
fn without_database(state: &State) -> Result<Option<&'static str>, Error> {
    match state.unread_database() {
        None => Ok(None),
        // The snapshot itself tries to read these, and says what is in the way.
        Some(
            Unread::Held(_)
            | Unread::Unusable(Unusable::Denied | Unusable::Io(_)),
        ) => Ok(None),
        Some(_) if state.model.store == StoreKind::Files => {
            Ok(Some("the database could not be read, and nothing of it is in the snapshot"))
        }
        Some(_) => Err(state
            .unread("the database cannot be read, so a snapshot would hold none of its devices; no snapshot was made")
            .hint("to keep what is there, copy the whole state dir while the gateway is stopped")),
    }
}

/// `snapshot create` and `backup`.
pub(super) fn create(context: &mut Context, args: &args::SnapshotCreate) -> Result<Exit, Error> {
    let (why, keep_all) = (args.why.as_str(), args.keep_all);
    let plain = !why.is_empty()
        && why.len() <= 40
        && why.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !plain {
        return Err(Error::usage("this word cannot be in a snapshot's name")
            .hint("use lower-case letters, digits and dashes, at most 40, e.g. before-update"));
    }
    let held = recover_first(context, false)?;
    let lock = lock(context, held)?;
    let state = context.read()?;
    let unread = without_database(&state)?;
    let folder = context.snapshots(&state.located);
    let create = snapshot::Create {
        state_dir: &state.located.state_dir,
        snapshots: &folder,
        stores: &state.stores,
        why,
        command: snapshot::CREATE,
        now_ms: context.world.now_ms,
        changes: None,
        model: None,
    };
    let made = context.while_it_takes("writing the snapshot", || snapshot::create(&create));
    let made = made.map_err(|error| error.hint("no snapshot was made"))?;
    if !keep_all {
        drop_old(context, &state.located, &lock);
    }
    drop(lock);
    if context.global.json {
        let bytes = made.manifest.entries.iter().filter_map(|entry| entry.size).sum();
        let one = SnapshotDocument {
            id: made.id.clone(),
            time_ms: Some(made.manifest.created_at_ms),
            why: why.to_owned(),
            command: snapshot::CREATE.to_owned(),
            undo_times: None,
            bytes,
            problem: unread.map(str::to_owned),
        };
        let document = documents(context, &state.located, snapshot::CREATE, vec![one]);
        context.json(&document);
        return Ok(Exit::Done);
    }
    context.say_wrapped(&format!("Snapshot {} made.", made.id));
    if let Some(unread) = unread {
        context.note(&format!("note: {unread}"));
    }
    let back = Step::clawmend(["restore", made.id.as_str()]).after("To go back to it");
    context.say_step(&back);
    Ok(Exit::Done)
}

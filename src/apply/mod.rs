//! All or nothing: snapshot, journal, commit, check, journal closed.
//!
//! Repair and restore go through this same routine; what differs is only where the changes come from.

#[cfg(test)]
mod tests;

use std::path::Path;

use crate::error::{Error, Kind};
use crate::files::{Lock, StateDir};
use crate::image::{FileState, Images};
use crate::journal::{self, Record};
use crate::plan::{After, Changes, FileChange, StoreKind};
use crate::snapshot::{self, Create, Snapshot};
use crate::store::{CommitError, Source, Store};

/// What an apply works with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The state dir.
    pub state_dir: &'a StateDir,
    /// All stores: captured whole, changed in part.
    pub stores: &'a [&'a dyn Store],
    /// The snapshots folder.
    pub snapshots: &'a Path,
    /// The time, milliseconds since 1970.
    pub now_ms: i64,
    /// Why the snapshot is taken, e.g. `before-repair`.
    pub why: &'a str,
    /// The command, for people.
    pub command: &'a str,
    /// Proof that no other clawmend is at work (and that an earlier run was recovered is the caller's
    /// to see to: [`journal::recover`]).
    pub lock: &'a Lock,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The snapshot of the state before; `None`: there was nothing to change.
    pub snapshot: Option<String>,
    /// What is not as it was written any more: another program has changed it since.
    pub changed_meanwhile: Option<String>,
    /// The changes are in place, but this went wrong afterwards.
    pub note: Option<String>,
}

/// Why nothing was done.
#[derive(Debug)]
pub enum ApplyError {
    /// What the changes start from has changed: everything is as it was, plan again. The text names it.
    Moved(String),
    /// Refused or failed. Kind `RolledBack`: not everything could be put back, the journal stands and
    /// the next writing command goes on with it.
    Failed(Error),
}

impl From<Error> for ApplyError {
    fn from(error: Error) -> Self {
        ApplyError::Failed(error)
    }
}

/// Makes the changes, all or none of them.
///
/// # Errors
/// See [`ApplyError`]. Unless it says otherwise, the state is as before and no snapshot is left.
pub fn apply(context: &Context<'_>, changes: &Changes) -> Result<Applied, ApplyError> {
    if changes.is_empty() {
        return Ok(Applied { snapshot: None, changed_meanwhile: None, note: None });
    }
    let snapshot = snapshot::create(&Create {
        state_dir: context.state_dir,
        snapshots: context.snapshots,
        stores: context.stores,
        why: context.why,
        command: context.command,
        now_ms: context.now_ms,
        changes: Some(changes),
    })?;
    let has_rows = snapshot
        .manifest
        .entries
        .iter()
        .any(|entry| entry.store == crate::store::sqlite::NAME && entry.name.is_some());
    if !changes.rows.is_empty() && !has_rows {
        forget(context, &snapshot);
        return Err(Error::refused(
            "the database could not be captured into the snapshot, so it is not changed",
        )
        .at(changes.database.as_deref().unwrap_or(context.state_dir))
        .hint("run clawmend again: it says what is wrong with the database")
        .into());
    }
    let record = Record::new(&snapshot, context.snapshots, context.now_ms);
    if let Err(error) = journal::open(context.state_dir, &record) {
        forget(context, &snapshot);
        return Err(error.into());
    }
    if let Err(failure) = commit(context.stores, changes) {
        return Err(give_up(context, &snapshot, failure));
    }
    let changed_meanwhile = first_difference(context.stores, changes);
    let note = journal::close(context.state_dir).err().map(|error| error.to_string());
    Ok(Applied { snapshot: Some(snapshot.id), changed_meanwhile, note })
}

/// Files first, then the database; if that fails, the files go back.
fn commit(stores: &[&dyn Store], changes: &Changes) -> Result<(), CommitError> {
    let mut done: Vec<&dyn Store> = Vec::new();
    for kind in [StoreKind::Files, StoreKind::Sqlite] {
        for store in stores.iter().filter(|store| store.kind() == kind) {
            let Err(failure) = store.commit(changes) else {
                done.push(*store);
                continue;
            };
            for earlier in done.iter().rev() {
                if earlier.kind() == StoreKind::Files {
                    undo_files(*earlier, changes)?;
                }
            }
            return Err(failure);
        }
    }
    Ok(())
}

/// Takes a committed change of files back, as far as they are still what was written: what another
/// program wrote since is newer and stays.
fn undo_files(store: &dyn Store, changes: &Changes) -> Result<(), Error> {
    for _ in 0..8 {
        let mut now = Images::default();
        store.read(&mut now)?;
        let back = Changes {
            files: changes.files.iter().filter_map(|change| inverse(change, &now)).collect(),
            ..Changes::default()
        };
        match store.commit(&back) {
            Ok(()) => return Ok(()),
            Err(CommitError::Moved(_)) => {}
            Err(CommitError::Failed(error)) => return Err(error.into_kind(Kind::RolledBack)),
        }
    }
    Err(Error::new(Kind::RolledBack, "files keep changing and could not be put back")
        .hint("run the same command again: it puts them back first"))
}

fn inverse(change: &FileChange, now: &Images) -> Option<FileChange> {
    let live = now.text(&change.slot)?;
    let ours = match (change.pieces(), live.bytes()) {
        (None, None) => matches!(live.state, FileState::Absent),
        (Some(pieces), Some(bytes)) => {
            let mut rest = bytes.as_slice();
            let fits = pieces.iter().all(|piece| match rest.strip_prefix(*piece) {
                Some(after) => {
                    rest = after;
                    true
                }
                None => false,
            });
            fits && rest.is_empty()
        }
        _ => false,
    };
    let after = match &change.before.state {
        FileState::Absent => After::Absent,
        FileState::Present { bytes, meta } => {
            After::Whole { bytes: bytes.clone(), meta: Some(*meta) }
        }
        FileState::Unusable(_) => return None,
    };
    ours.then(|| FileChange { slot: change.slot.clone(), before: live.clone(), after })
}

/// After a commit that did not happen: the journal closed and the snapshot gone, unless not all could
/// be put back.
fn give_up(context: &Context<'_>, snapshot: &Snapshot, failure: CommitError) -> ApplyError {
    if let CommitError::Failed(error) = &failure
        && error.kind() == Kind::RolledBack
    {
        return ApplyError::Failed(
            error
                .clone()
                .hint(format!("the state before is in the snapshot `{}`", snapshot.id))
                .hint("run the same command again: it puts back what is left first"),
        );
    }
    match journal::close(context.state_dir) {
        Ok(()) => forget(context, snapshot),
        // The journal will be found, and the snapshot is needed to close it.
        Err(error) => return ApplyError::Failed(error),
    }
    match failure {
        CommitError::Moved(what) => ApplyError::Moved(what),
        CommitError::Failed(error) => ApplyError::Failed(error),
    }
}

fn forget(context: &Context<'_>, snapshot: &Snapshot) {
    // Best effort: one snapshot too many harms nobody.
    let _ = snapshot::remove(context.state_dir, context.snapshots, &snapshot.id);
}

/// Whether everything is in place; trouble in looking is not trouble in doing.
fn first_difference(stores: &[&dyn Store], changes: &Changes) -> Option<String> {
    stores.iter().find_map(|store| match store.verify(changes) {
        Ok(difference) => difference,
        Err(error) => Some(error.to_string()),
    })
}

/// The changes that bring all stores back to a snapshot, compared with `now`. Check the snapshot
/// first ([`Snapshot::check`]).
///
/// # Errors
/// A piece cannot be read, or something in the way cannot be replaced.
pub fn way_back(
    stores: &[&dyn Store],
    now: &Images,
    snapshot: &Snapshot,
) -> Result<Changes, Error> {
    let mut all = Changes::default();
    let entries = &snapshot.manifest.entries;
    for store in stores {
        let changes = store.changes_to(now, entries, snapshot as &dyn Source)?;
        all.files.extend(changes.files);
        all.rows.extend(changes.rows);
        all.database = changes.database.or(all.database);
    }
    Ok(all)
}

//! All or nothing: snapshot, journal, commit, check, journal closed.
//!
//! Repair and restore go through this same routine; what differs is only where the changes come from.

#[cfg(test)]
mod tests;

use crate::error::{Error, Kind};
use crate::files::Lock;
use crate::journal::{self, RunRecord};
use crate::plan::Changes;
use crate::snapshot::{self, Create, Snapshot};
use crate::store::{CommitError, sqlite};

/// What a run that went through leaves to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The snapshot of the state before.
    pub snapshot: String,
    /// What went wrong once the changes were in place, and what another program has changed since.
    pub notes: Vec<String>,
}

/// Makes the changes, of which there are some: all or none of them. `inputs` are those of the snapshot that is
/// taken first; the lock is proof that no other clawmend is at work, and the caller has taken back what an
/// interrupted run left ([`journal::recover`]).
///
/// # Errors
/// The state is as before and no snapshot is left, unless the error is of the kind `HalfDone`: then the journal
/// stands, and the next writing command goes on with it.
pub fn apply(inputs: &Create<'_>, changes: &Changes, _lock: &Lock) -> Result<Applied, CommitError> {
    let mut stores = inputs.stores.clone();
    stores.files.cover(changes);
    let inputs = &Create { stores: &stores, changes: Some(changes), ..*inputs };
    let snapshot = snapshot::create(inputs)?;
    let has_rows = snapshot.manifest.piece(sqlite::PIECE).is_some();
    if !changes.rows.is_empty() && !has_rows {
        forget(inputs, &snapshot);
        return Err(Error::refused(
            "the database could not be captured into the snapshot, so it is not changed",
        )
        .at(changes.database.as_deref().unwrap_or(inputs.state_dir))
        .hint("run `clawmend` again: it says what is wrong with the database")
        .into());
    }
    let record = RunRecord::new(&snapshot, inputs.snapshots, inputs.now_ms);
    if let Err(error) = journal::open(inputs.state_dir, &record) {
        forget(inputs, &snapshot);
        return Err(error.into());
    }
    if let Err(failure) = stores.commit(changes) {
        return Err(give_up(inputs, &snapshot, failure));
    }
    // The changes are in place: a look that fails is told, and undoes nothing.
    let changed_meanwhile = stores.verify(changes).unwrap_or_else(|error| Some(error.to_string()));
    let not_closed = journal::close(inputs.state_dir).err().map(|error| error.to_string());
    let notes = not_closed.into_iter().chain(changed_meanwhile).collect();
    Ok(Applied { snapshot: snapshot.id, notes })
}

/// After a commit that did not happen: the journal closed and the snapshot gone, unless not all could
/// be put back.
fn give_up(inputs: &Create<'_>, snapshot: &Snapshot, failure: CommitError) -> CommitError {
    if let CommitError::Failed(error) = &failure
        && error.kind() == Kind::HalfDone
    {
        return CommitError::Failed(
            error
                .clone()
                .hint(format!("the state before is in the snapshot `{}`", snapshot.id))
                .hint("run the same command again: it puts back what is left first"),
        );
    }
    match journal::close(inputs.state_dir) {
        Ok(()) => forget(inputs, snapshot),
        // The journal will be found, and the snapshot is needed to close it.
        Err(error) => return CommitError::Failed(error),
    }
    failure
}

fn forget(inputs: &Create<'_>, snapshot: &Snapshot) {
    // Best effort: one snapshot too many harms nobody.
    let _ = snapshot::remove(inputs.state_dir, inputs.snapshots, &snapshot.id);
}

//! The lock of a writing run, what interrupted runs left, and the old snapshots that a run removes.

use std::time::Duration;

use super::Call;
use crate::cli::context::{BUSY, Context, State};
use crate::error::Error;
use crate::files::Lock;
use crate::journal;
use crate::read::locate::Located;
use crate::snapshot;
use crate::text::count;

/// How long to wait for another clawmend.
const LOCK_WAIT: Duration = Duration::from_secs(2);

/// Takes the lock where it is not held yet, and takes back or sweeps what interrupted runs left. Called before the first byte is
/// written, and not at all where there turns out to be nothing to do.
pub(in crate::cli) fn lock(context: &mut Context, held: Option<Lock>) -> Result<Lock, Error> {
    if let Some(lock) = held {
        return Ok(lock);
    }
    let located = context.locate()?;
    let lock = Lock::take(&located.state_dir, context.world.now_ms, LOCK_WAIT)?;
    let snapshots = context.snapshots(&located);
    let stores = || Ok(context.model(BUSY)?.0);
    let recovered = context.while_it_takes("looking for an interrupted run", || {
        journal::recover(&located.state_dir, &snapshots, &lock, stores)
    });
    let Some(done) = recovered? else { return Ok(lock) };
    let when = crate::text::utc(done.record.started_at_ms);
    let what = match done.outcome {
        journal::RecoveryOutcome::Untouched => "had changed nothing yet",
        journal::RecoveryOutcome::Finished => "had made all its changes, and they stay",
        journal::RecoveryOutcome::RolledBack => "was rolled back",
    };
    context.note(&format!(
        "note: an earlier `clawmend {}` ({when}) was interrupted; it {what}",
        done.record.command
    ));
    for path in &done.put_back {
        context.note(&format!("      put back: {}", crate::text::safe(path)));
    }
    for path in &done.left {
        context.note(&format!(
            "      not put back, because another program has changed it since: {}",
            crate::text::safe(path)
        ));
    }
    context.recovered = Some(done);
    Ok(lock)
}

/// Refuses where the lock cannot be taken, or nothing be written: known before the question, so that nobody says
/// yes to what cannot be done.
pub(super) fn check(state: &State, call: &Call<'_>) -> Result<(), Error> {
    let dir = &state.located.state_dir;
    Lock::check(dir)?;
    if !state.may_not_write() {
        return Ok(());
    }
    let denied = std::io::ErrorKind::PermissionDenied.into();
    let again = call.again.clone().as_root(true);
    let again = again.after("run it as root, who then does only what the owner may");
    Err(Error::io("write to the state dir", dir, &denied).advised(again))
}

/// Takes the lock early where an interrupted run left something, so that what is read next is the state
/// without it. `None`: nothing was left, or this is a dry run, which writes nothing.
pub(in crate::cli) fn recover_first(
    context: &mut Context,
    dry_run: bool,
) -> Result<Option<Lock>, Error> {
    let located = context.locate()?;
    let left = || {
        let left = snapshot::leftovers(&located.state_dir, &context.snapshots(&located));
        left.is_ok_and(|left| !left.is_empty())
            || !journal::leftovers(&located.state_dir).is_empty()
    };
    if dry_run || journal::interrupted(&located.state_dir)?.is_none() && !left() {
        return Ok(None);
    }
    lock(context, None).map(Some)
}

/// Removes the snapshots that the default rule does not keep, and says so. The run stands without it.
pub(in crate::cli) fn drop_old(context: &mut Context, located: &Located, _lock: &Lock) {
    let folder = context.snapshots(located);
    let Ok(all) = snapshot::list(&located.state_dir, &folder) else { return };
    let decisions = snapshot::choose(&all.own, context.world.now_ms, snapshot::DEFAULT);
    let going = decisions.into_iter().filter(|decision| decision.remove);
    let gone: Vec<String> = going
        .filter(|decision| snapshot::remove(&located.state_dir, &folder, &decision.id).is_ok())
        .map(|decision| decision.id)
        .collect();
    if let (Some(first), Some(last)) = (gone.last(), gone.first()) {
        let which = if first == last { first.clone() } else { format!("{first} to {last}") };
        context.note(&format!(
            "note: {} removed ({}): the last 20 stay, and the last of each day for 14 days; --keep-all keeps all",
            count(gone.len(), "old snapshot was", "old snapshots were"),
            crate::text::safe(&which)
        ));
    }
}

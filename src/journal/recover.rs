//! After an interrupted run: finished, or taken back.
//!
//! Every file is whole, because each is swapped in one step. So each file is in one of three states: as it was
//! before the run, as the run was to leave it, or as another writer has left it since. If all are as the run
//! was to leave them, it had finished but for its last step. Otherwise the files that the run had changed go
//! back to the snapshot, and what other writers left stays.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::{Interrupted, OPEN, RunRecord, close, interrupted, sweep};
use crate::error::{Error, Kind};
use crate::files::{Dir, Lock, STORE_LIMIT, StateDir, hash, replace, safety};
use crate::image::FileState;
use crate::model::layout;
use crate::plan::{After, Changes, FileChange};
use crate::snapshot::{self, Snapshot, after};
use crate::step::Step;
use crate::store::json::key_of;
use crate::store::{CommitError, Stores};

/// How far an interrupted run had come, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryOutcome {
    /// Nothing had been changed yet.
    Untouched,
    /// Everything had been changed: the run stands.
    Finished,
    /// Part had been changed and was taken back.
    RolledBack,
}

/// What recovery found and did.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// What the interrupted run had written down.
    pub record: RunRecord,
    /// How far it had come, and what became of that.
    pub outcome: RecoveryOutcome,
    /// What was put back, by path or table.
    pub put_back: Vec<String>,
    /// What another program has written since, and was left alone.
    pub left: Vec<String>,
}

/// How often what is there is looked at anew because a file changed under the way back.
const ROUNDS: usize = 8;

/// Finishes or takes back an interrupted run, and sweeps what killed runs left. Every writing command calls this
/// first, with the lock as proof that no other clawmend is at work. `stores` are those of an apply; they are
/// asked for where there was such a run, and `snapshots` is the folder of this run. `None`: there was none.
///
/// # Errors
/// The journal cannot be read, or its snapshot cannot be used: nothing was changed, the error says how
/// to go on by hand.
pub fn recover(
    state_dir: &StateDir,
    snapshots: &Path,
    _lock: &Lock,
    stores: impl FnOnce() -> Result<Stores, Error>,
) -> Result<Option<Recovered>, Error> {
    let path = state_dir.join(layout::JOURNAL);
    let record =
        match interrupted(state_dir)? {
            Some(Interrupted::Apply(record)) => record,
            Some(Interrupted::Unreadable(why)) => {
                return Err(Error::failed(
                    "an earlier run was interrupted, and its journal cannot be read",
                )
                .at(&path)
                .because(why)
                .hint(Step::diagnose().after("every file is whole, old or new; look at them with"))
                .hint(Step::move_away(&path).after("then move the journal away").note(
                    "and run the same command again; the newest snapshot holds the state before",
                )));
            }
            Some(Interrupted::NotYours { .. }) => {
                return Err(Error::refused("clawmend's journal is not yours to read")
                    .at(&path)
                    .hint(crate::platform::RUN_AS));
            }
            None => {
                tidy(state_dir, snapshots, None);
                return Ok(None);
            }
        };
    OPEN.store(true, Ordering::Relaxed);
    let stores = stores()?;
    let snapshot = snapshot_of(state_dir, &record).map_err(|error| stuck(error, &path, &record))?;
    if let Some(config) = other_config(&record, &snapshot, &stores) {
        let error = Error::refused("it was of another config than this command")
            .hint(Step::repair_of(state_dir, &config).after("if this config is yours, name it"));
        return Err(stuck(error, &path, &record));
    }
    for _ in 0..ROUNDS {
        match take_back(state_dir, &stores, &record, &snapshot) {
            Ok(done) => {
                tidy(state_dir, snapshots, Some(&record));
                close(state_dir)?;
                return Ok(Some(done));
            }
            Err(CommitError::Stale(_)) => {}
            Err(CommitError::Failed(error)) => return Err(stuck(error, &path, &record)),
        }
    }
    Err(Error::refused("an interrupted run cannot be taken back: its files keep changing")
        .at(&path)
        .hint("run the same command again; if that does not help, stop the gateway for a moment"))
}

/// Compares what is there now with before and after, and puts back what has to go back.
fn take_back(
    state_dir: &StateDir,
    stores: &Stores,
    record: &RunRecord,
    snapshot: &Snapshot,
) -> Result<Recovered, CommitError> {
    let changes_rows = !record.after.rows.is_empty();
    // It may be this run's own write that was interrupted.
    if changes_rows {
        stores.sqlite.undo_unfinished()?;
    }
    let now = stores.read()?;
    let entries: Vec<_> = snapshot
        .manifest
        .entries
        .iter()
        .filter(|entry| match entry.store.as_str() {
            crate::store::json::NAME => record.after.files.contains_key(&entry.path),
            _ => changes_rows,
        })
        .cloned()
        .collect();
    let mut back = stores.changes_to(&now, &entries, snapshot)?;
    let (mut left, mut saved) = (Vec::new(), false);
    let mut done = BTreeSet::new();
    back.files.retain_mut(|change| {
        let key = key_of(state_dir, &change.before.path);
        if !after::file_holds(&record.after, &key, change) {
            left.push(format!("`{key}`"));
            return false;
        }
        done.insert(key.clone());
        if let Some(theirs) = pulled_out(state_dir, record, &key) {
            change.after = theirs;
            saved = true;
        }
        true
    });
    let rows_before = back.rows.len();
    let rows = after::Rows::of(&record.after, &now, &back.rows);
    back.rows.retain(|change| rows.hold(change));
    if back.rows.len() < rows_before {
        left.push("rows of the database".to_owned());
    }

    let all_files = done.len() == record.after.files.len();
    let all_rows = back.rows.len() == record.after.rows.len();
    let outcome = if back.files.is_empty() && back.rows.is_empty() {
        RecoveryOutcome::Untouched
    } else if all_files && all_rows && !saved {
        back = Changes::default();
        RecoveryOutcome::Finished
    } else {
        RecoveryOutcome::RolledBack
    };
    let name = |change: &FileChange| format!("`{}`", key_of(state_dir, &change.before.path));
    let files = back.files.iter().map(name);
    let tables: BTreeSet<_> = back.rows.iter().map(|row| row.part.table()).collect();
    let tables = tables.into_iter().map(|table| format!("rows of `{table}`"));
    let put_back = files.chain(tables).collect();
    stores.commit(&back)?;
    Ok(Recovered { record: record.clone(), outcome, put_back, left })
}

/// The config that an interrupted run changed, where that is not the one of `stores`: what a journal names is not
/// believed.
fn other_config(record: &RunRecord, snapshot: &Snapshot, stores: &Stores) -> Option<PathBuf> {
    let is_of_config = |key: &String| layout::Part::of_file(key).is_none();
    let config = stores.files.other_config(&snapshot.manifest.entries)?;
    record.after.files.keys().any(is_of_config).then_some(config)
}

/// The same for what only looks.
pub fn other_config_of(
    state_dir: &StateDir,
    record: &RunRecord,
    stores: &Stores,
) -> Option<PathBuf> {
    other_config(record, &snapshot_of(state_dir, record).ok()?, stores)
}

/// What another writer had put in the file's place and the interrupted swap had just taken out again:
/// the swap was done, and what lies under the temp name is neither what was read nor what was written.
fn pulled_out(state_dir: &StateDir, record: &RunRecord, key: &str) -> Option<After> {
    let (dir, name) = home_of(state_dir, key)?;
    let ours = [record.before.get(key), record.after.files.get(key)];
    let temps = dir.names().ok()?;
    temps.into_iter().filter(|temp| replace::is_temp_of(temp, &name)).find_map(|temp| {
        match dir.read(&temp, STORE_LIMIT) {
            FileState::Present { bytes, meta } => {
                let hash = Some(hash::of(&bytes));
                let known = ours.iter().flatten().any(|ours| **ours == hash);
                (!known).then_some(After::Whole { bytes, meta: Some(meta) })
            }
            _ => None,
        }
    })
}

/// The folder of a file that the journal names. It lies where the state dir's owner can write: outside the
/// state dir it is believed for folders that are theirs.
fn home_of(state_dir: &StateDir, key: &str) -> Option<(Dir, OsString)> {
    // By path only what is a link, or lies elsewhere.
    if let Ok(inside) = state_dir.open().ok()?.walk(Path::new(key)) {
        let (dir, name) = inside?;
        let linked = matches!(dir.look(&name), Ok(Some((_, crate::platform::FileKind::Symlink))));
        if !linked {
            return Some((dir, name));
        }
    }
    let real: PathBuf = std::fs::canonicalize(state_dir.join(key)).ok()?;
    let dir = Dir::open(real.parent()?).ok()?;
    let owner = state_dir.open().ok()?.meta().ok()?.uid;
    let name = real.file_name()?.to_owned();
    safety::may_write_outside(&dir.meta().ok()?, owner).then_some((dir, name))
}

fn snapshot_of(state_dir: &StateDir, record: &RunRecord) -> Result<Snapshot, Error> {
    let found = snapshot::open(state_dir, &record.snapshots, &record.snapshot)?;
    match record.snapshot_digest.is_some() && record.snapshot_digest != found.digest {
        false => Ok(found),
        true => Err(Error::failed("this is not the snapshot that the journal was written for")
            .at(found.path())
            .because("its manifest has another checksum")
            .hint("somebody changed it: `clawmend snapshot list` shows the others")),
    }
}

/// Removes what runs that were killed before or after their journal left lying about: temp files and
/// half-made snapshots, which hold copies of secrets; also beside the files outside the state dir that the
/// interrupted run was to change.
fn tidy(state_dir: &StateDir, snapshots: &Path, record: Option<&RunRecord>) {
    if let Ok(state) = state_dir.open() {
        super::own_places(state).for_each(|(_, dir)| sweep(&dir, None));
    }
    let files = record.map(|record| record.after.files.keys());
    for key in files.into_iter().flatten() {
        if let Some((dir, name)) = home_of(state_dir, key) {
            sweep(&dir, Some(&name));
        }
    }
    let _ = snapshot::sweep(state_dir, snapshots);
}

fn stuck(error: Error, journal: &Path, record: &RunRecord) -> Error {
    let what = format!(
        "`{}` was interrupted, and what it had done could not be taken back: {error}",
        record.command
    );
    let hints = crate::files::closed::hints(&error);
    let wrapped = Error::new(
        match error.kind() {
            Kind::Refused => Kind::Refused,
            _ => Kind::HalfDone,
        },
        what,
    )
    .hint(format!(
        "the state before is in the snapshot `{}` (`{}`)",
        record.snapshot,
        crate::platform::shown(&record.snapshots.join(&record.snapshot))
    ))
    .hint(Step::move_away(journal).after(
        "correct that and run the same command again, or move the journal away to keep everything as it is",
    ));
    hints.into_iter().fold(wrapped, Error::hint)
}

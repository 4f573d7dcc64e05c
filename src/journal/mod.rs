//! The journal: what a command is about to change, written down before and removed after. One that is
//! found is of a run that was interrupted.

mod recover;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

pub use recover::{Recovered, RecoveryOutcome, other_config_of, recover};

use crate::error::Error;
use crate::files::dir::refuse;
use crate::files::{Dir, New, OWN_LIMIT, StateDir, replace};
use crate::image::{FileState, Unusable};
use crate::model::layout;
use crate::snapshot::{Expected, Snapshot};
use crate::store::CommitError;

/// The layout this clawmend writes, and the newest it recovers from.
pub const SCHEMA: u64 = 1;

/// One run's entry: hashes and names, no contents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(Default))]
#[serde(rename_all = "camelCase")]
pub struct RunRecord {
    /// The layout's number.
    pub schema: u64,
    /// Who wrote it, e.g. `clawmend 0.1.0`.
    pub tool: String,
    /// The command that was at work.
    pub command: String,
    /// The snapshot it took first.
    pub snapshot: String,
    /// What stands in its `manifest.sha256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_digest: Option<String>,
    /// The folder that snapshot lies in.
    pub snapshots: PathBuf,
    /// When it started, milliseconds since 1970.
    pub started_at_ms: i64,
    /// The id of its process.
    pub pid: u32,
    /// What the changed files were, by path: SHA-256, or `None` for absent.
    pub before: std::collections::BTreeMap<String, Option<String>>,
    /// What they and the changed rows become.
    pub after: Expected,
}

impl RunRecord {
    /// The entry for changes that `snapshot` was just taken for.
    pub fn new(snapshot: &Snapshot, snapshots: &Path, started_at_ms: i64) -> Self {
        let manifest = &snapshot.manifest;
        let after = manifest.after.clone().unwrap_or_default();
        let before = manifest
            .entries
            .iter()
            .filter(|entry| after.files.contains_key(&entry.path))
            .map(|entry| (entry.path.clone(), entry.sha256.clone()));
        Self {
            schema: SCHEMA,
            tool: manifest.tool.clone(),
            command: manifest.command.clone(),
            snapshot: snapshot.id.clone(),
            snapshot_digest: snapshot.digest.clone(),
            snapshots: snapshots.to_path_buf(),
            started_at_ms,
            pid: std::process::id(),
            before: before.collect(),
            after,
        }
    }
}

/// A run that did not come to its end.
#[derive(Clone, Debug, PartialEq)]
pub enum Interrupted {
    /// What it was about to do.
    Apply(Box<RunRecord>),
    /// A journal is there that this clawmend cannot read; the text says why.
    Unreadable(String),
    /// Whoever runs this may not look whether one is there.
    NotYours {
        /// The state dir's owner, who may.
        owner: u32,
    },
}

/// Whether this process has a journal that is not closed.
static OPEN: AtomicBool = AtomicBool::new(false);

/// Whether this run has begun a change, or to take one back: should it stop here, the next command that writes
/// goes on with it.
pub fn is_open() -> bool {
    OPEN.load(Ordering::Relaxed)
}

/// Looks for an interrupted run. Reads only, so it fits `diagnose`; while a run is at work its own
/// journal is found too.
pub fn interrupted(state_dir: &StateDir) -> Result<Option<Interrupted>, Error> {
    let state = state_dir.open()?;
    let found = match state.walk(Path::new(layout::JOURNAL)) {
        Ok(Some((dir, name))) => dir.read(name, OWN_LIMIT),
        Ok(None) => FileState::Absent,
        Err(why) => FileState::Unusable(why),
    };
    let unreadable = |why: String| Ok(Some(Interrupted::Unreadable(why)));
    match found {
        FileState::Absent => Ok(None),
        FileState::Unusable(Unusable::Denied) => {
            Ok(Some(Interrupted::NotYours { owner: state.meta()?.uid }))
        }
        FileState::Unusable(why) => {
            unreadable(refuse(&state_dir.join(layout::JOURNAL), &why).to_string())
        }
        FileState::Present { bytes, .. } => match parse(&bytes) {
            Ok(record) => Ok(Some(Interrupted::Apply(Box::new(record)))),
            Err(why) => unreadable(why),
        },
    }
}

/// Reads a journal's bytes; the error says why not, without quoting them.
pub fn parse(bytes: &[u8]) -> Result<RunRecord, String> {
    #[derive(Deserialize)]
    struct Header {
        schema: u64,
    }
    let damaged = |error: serde_json::Error| {
        format!("it is damaged (line {}, column {})", error.line(), error.column())
    };
    let header: Header = serde_json::from_slice(bytes).map_err(damaged)?;
    if header.schema > SCHEMA {
        return Err("a newer clawmend wrote it".to_owned());
    }
    serde_json::from_slice(bytes).map_err(damaged)
}

/// Writes the journal, synced, before anything is changed. The caller holds the lock.
///
/// # Errors
/// Writing failed, or there is a journal already.
pub fn open(state_dir: &StateDir, record: &RunRecord) -> Result<(), Error> {
    let (dir, name) = place(state_dir)?;
    let path = dir.path().join(&name);
    let mut text = serde_json::to_vec_pretty(record)
        .map_err(|error| Error::failed("could not write the journal").because(error))?;
    text.push(b'\n');
    let new = New { pieces: &[&text], meta: None };
    OPEN.store(true, Ordering::Relaxed);
    replace(dir, &name, &FileState::Absent, Some(new)).map_err(|error| match error {
        CommitError::Failed(error) => error,
        CommitError::Stale(_) => {
            Error::refused("an earlier run was interrupted and is not yet taken back")
                .at(path)
                .hint("run the same command again")
        }
    })
}

/// Removes the journal: the run is over.
///
/// # Errors
/// It could not be removed; the next writing command finds the run finished, and says so.
pub fn close(state_dir: &StateDir) -> Result<(), Error> {
    let (dir, name) = place(state_dir)?;
    match dir.unlink(&name) {
        Ok(()) => dir.sync()?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::io("close the journal", dir.path().join(name), &error)),
    }
    OPEN.store(false, Ordering::Relaxed);
    Ok(())
}

fn place(state_dir: &StateDir) -> Result<(Dir, std::ffi::OsString), Error> {
    state_dir.open()?.walk_or_create(Path::new(layout::JOURNAL))
}

/// The folders of the state dir in which clawmend writes files.
fn own_places(state: &Dir) -> impl Iterator<Item = (&'static str, Dir)> + '_ {
    let below = [layout::DEVICES_DIR, layout::IDENTITY_DIR, layout::OWN_DIR]
        .into_iter()
        .filter_map(|name| Some((name, state.child(name).ok()??)));
    state.again().ok().map(|state| ("", state)).into_iter().chain(below)
}

/// The temp files that runs left which were killed, by their paths in the state dir. Reads only.
pub fn leftovers(state_dir: &StateDir) -> Vec<String> {
    let Ok(state) = state_dir.open() else { return Vec::new() };
    let in_folder = |(folder, dir): (&str, Dir)| {
        let names = dir.names().unwrap_or_default().into_iter();
        let path = |name: OsString| match (folder, name.to_string_lossy()) {
            ("", name) => name.into_owned(),
            (folder, name) => format!("{folder}/{name}"),
        };
        names.filter(|name| replace::is_temp(name)).map(path).collect::<Vec<_>>()
    };
    own_places(state).flat_map(in_folder).collect()
}

/// Removes clawmend's own temp files from a folder.
fn sweep(dir: &Dir, of: Option<&OsStr>) {
    let mut names = dir.names().unwrap_or_default();
    names.retain(|name| match of {
        Some(of) => replace::is_temp_of(name, of),
        None => replace::is_temp(name),
    });
    if names.into_iter().filter(|name| dir.unlink(name).is_ok()).count() > 0 {
        let _ = dir.sync();
    }
}

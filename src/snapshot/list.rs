//! The snapshots there are: listing, choosing, removing, sweeping.

use std::path::Path;

use chrono::NaiveDateTime;

use super::manifest::{self, Header, Manifest};
use crate::error::Error;
use crate::files::dir::refuse;
use crate::files::{Dir, OWN_LIMIT, StateDir, replace};
use crate::image::{FileState, Unusable};
use crate::step::Step;

/// A snapshot in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its id, which is the name of its folder.
    pub id: String,
    /// When it was taken, milliseconds since 1970.
    pub time_ms: Option<i64>,
    /// Why it was taken, e.g. `before-repair`.
    pub why: String,
    /// The command that took it.
    pub command: String,
    /// Its place in the order; 0: taken before there was one.
    pub sequence: u64,
    /// The snapshot before it.
    pub previous: Option<String>,
    /// Its size on disk, bytes.
    pub size: u64,
    /// Why it cannot be restored from, if so (checksums are not looked at here).
    pub problem: Option<String>,
}

/// The snapshots of one folder, each part newest first.
#[derive(Debug, Default)]
pub struct Listed {
    /// Of this state dir, damaged ones with their problem.
    pub own: Vec<Summary>,
    /// Of other state dirs that keep theirs in the same folder. They are shown and left alone.
    pub others: Vec<Summary>,
}

impl Listed {
    /// Both parts in one list. Each keeps its own order; by the clock only where they meet.
    pub fn all(&self) -> Vec<&Summary> {
        let mut others = self.others.iter().peekable();
        let mut all = Vec::new();
        for own in &self.own {
            while let Some(other) = others.next_if(|other| other.id > own.id) {
                all.push(other);
            }
            all.push(own);
        }
        all.extend(others);
        all
    }
}

/// All snapshots. A folder that is not there has none.
pub fn list(state_dir: &StateDir, snapshots: &Path) -> Result<Listed, Error> {
    let mut listed = Listed::default();
    let Some(parent) = super::folder(state_dir, snapshots, false)? else { return Ok(listed) };
    let names = parent.names()?.into_iter().rev();
    let ids = names.filter_map(|name| name.into_string().ok());
    // What else lies in a folder that the invoker named is nobody's snapshot.
    for id in ids.filter(|id| time_of(id).is_some()) {
        let (mut summary, of) = match parent.child(&id) {
            Ok(Some(dir)) => summary(Ok(&dir), id),
            // A snapshot is a folder: this is none.
            Ok(None) | Err(Unusable::Symlink(_) | Unusable::NotAFile(_) | Unusable::NoFolder) => {
                continue;
            }
            // One that may not be opened counts all the same, or an older one would pass for the newest.
            Err(why) => summary(Err(&why), id),
        };
        match of.and_then(|of| super::of_another(state_dir, snapshots, &of)) {
            Some(named) => {
                summary.problem = Some(super::foreign(state_dir, &named).to_string());
                listed.others.push(summary);
            }
            None => listed.own.push(summary),
        }
    }
    in_order(&mut listed.own);
    in_order(&mut listed.others);
    Ok(listed)
}

/// Newest first, by the order in which they were taken. One whose manifest cannot be read has the place that
/// the one after it names; where none does it is the newest, so that it is not overlooked, unless it is of
/// the time before there was an order.
fn in_order(list: &mut [Summary]) {
    let named: Vec<(String, u64)> = list
        .iter()
        .filter(|summary| summary.problem.is_none())
        .filter_map(|summary| Some((summary.previous.clone()?, summary.sequence.saturating_sub(1))))
        .collect();
    let first = list.iter().filter(|summary| summary.problem.is_none() && summary.sequence > 0);
    let first = first.min_by_key(|summary| summary.sequence).map(|summary| summary.id.clone());
    let place = |summary: &Summary| match &summary.problem {
        None => summary.sequence,
        Some(_) => match named.iter().find(|(id, _)| *id == summary.id) {
            Some((_, sequence)) => *sequence,
            None if first.as_ref().is_none_or(|first| summary.id < *first) => 0,
            None => u64::MAX,
        },
    };
    list.sort_by_cached_key(|summary| std::cmp::Reverse((place(summary), summary.id.clone())));
}

/// What a snapshot's folder tells, and the state dir that its manifest names.
fn summary(dir: Result<&Dir, &Unusable>, id: String) -> (Summary, Option<String>) {
    let size = dir.as_ref().map_or(0, |dir| fs_extra::dir::get_size(dir.path()).unwrap_or(0));
    let refused = |file: &str, why: &Unusable| refuse(Path::new(file), why).to_string();
    let manifest = match dir {
        Ok(dir) => dir.read(manifest::FILE, OWN_LIMIT),
        Err(why) => FileState::Unusable(why.clone()),
    };
    let header = manifest.bytes().and_then(|bytes| serde_json::from_slice(bytes).ok());
    let header: Header = header.unwrap_or_default();
    let problem = match (&manifest, dir.map(super::open::digest)) {
        (FileState::Absent, _) => Some("it has no manifest".to_owned()),
        (FileState::Unusable(why), _) => Some(refused(manifest::FILE, why)),
        (_, Err(why)) => Some(refused(manifest::FILE, why)),
        (_, Ok(Err(why))) => Some(refused(manifest::DIGEST_FILE, &why)),
        (FileState::Present { bytes, .. }, Ok(Ok(digest))) => {
            Manifest::parse(bytes, digest.as_deref()).err().map(|error| error.to_string())
        }
    };
    let why = id.split_once("Z-").map_or("", |(_, why)| why);
    let of = Some(header.state_dir).filter(|of| !of.is_empty());
    let summary = Summary {
        time_ms: header.created_at_ms.or(time_of(&id)),
        why: if header.why.is_empty() { why.to_owned() } else { header.why },
        command: header.command,
        sequence: header.sequence,
        previous: header.previous,
        size,
        problem,
        id,
    };
    (summary, of)
}

/// When a snapshot of this id was taken, milliseconds since 1970. `None`: that is no snapshot's id.
fn time_of(id: &str) -> Option<i64> {
    let (time, _) = id.split_once("Z-")?;
    let time = NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%S%.3f").ok()?;
    Some(time.and_utc().timestamp_millis())
}

/// The word for the newest snapshot.
pub const LATEST: &str = "latest";

/// The snapshot that `wanted` names: `latest`, a whole id, or the start of exactly one. By its id also one of
/// another state dir: opening it says that it is.
///
/// # Errors
/// None fits, or more than one does (names them).
pub fn find<'a>(listed: &'a Listed, wanted: &str) -> Result<&'a Summary, Error> {
    if wanted == LATEST || (listed.own.is_empty() && listed.others.is_empty()) {
        return newest(listed);
    }
    let all = || listed.own.iter().chain(&listed.others);
    if let Some(exact) = all().find(|summary| summary.id == wanted) {
        return Ok(exact);
    }
    let fitting: Vec<_> =
        all().filter(|summary| !wanted.is_empty() && summary.id.starts_with(wanted)).collect();
    match fitting.as_slice() {
        [one] => Ok(one),
        [] => Err(Error::not_found("no snapshot's id starts like that").hint(
            Step::clawmend(["snapshot", "list"]).note("shows the ids; `latest` is the newest"),
        )),
        more => Err(more.iter().take(5).fold(
            Error::usage(format!("{} snapshots' ids start like that", more.len())),
            |error, summary| error.hint(format!("`{}`", summary.id)),
        )),
    }
}

/// How the command of an undo is kept: this word, then the id of the snapshot that it went back to.
pub const UNDO: &str = "undo ";

/// A snapshot's command as a person types it.
pub fn command_of(command: &str) -> &str {
    if command.starts_with(UNDO) { UNDO.trim_end() } else { command }
}

/// The snapshots that `undo` goes back to, typed once, twice and so on. Each was taken before a change that
/// stands: what was taken back already is passed over, and a snapshot that was taken by hand is before no change.
pub fn undoable(own: &[Summary]) -> Vec<&Summary> {
    let mut found = Vec::new();
    let mut rest = own;
    while let Some((one, older)) = rest.split_first() {
        rest = match one.command.strip_prefix(UNDO) {
            Some(id) => match older.iter().position(|summary| summary.id == id) {
                Some(at) => older.get(at + 1..).unwrap_or_default(),
                // It is gone, and with it all that is older.
                None => &[],
            },
            None => {
                if one.command != CREATE {
                    found.push(one);
                }
                older
            }
        };
    }
    found
}

/// The command of a snapshot that was taken by hand.
pub const CREATE: &str = "snapshot create";

fn newest(listed: &Listed) -> Result<&Summary, Error> {
    listed.own.first().ok_or_else(|| {
        let none = match listed.others.len() {
            0 => "there are no snapshots yet".to_owned(),
            others => {
                format!("there are no snapshots of this state dir yet, only {others} of other state dirs")
            }
        };
        Error::not_found(none)
            .hint(Step::clawmend(["repair"]).note("takes one before it changes anything"))
            .hint(Step::clawmend(["snapshot", "create"]).note("takes one now"))
    })
}

/// Removes a snapshot: renamed to a temp name in one step, so that it is never half a snapshot, then deleted.
///
/// # Errors
/// It could not be renamed (nothing was removed), or not be removed to the end (the next writing
/// command sweeps the rest).
pub fn remove(state_dir: &StateDir, snapshots: &Path, id: &str) -> Result<(), Error> {
    let Some(parent) = super::folder(state_dir, snapshots, false)? else { return Ok(()) };
    if time_of(id).is_none() {
        return Err(Error::refused("this is no snapshot, so it is not removed")
            .at(parent.path().join(id))
            .hint(Step::clawmend(["snapshot", "list"]).note("shows them")));
    }
    let temp = replace::temp_name("snapshot".as_ref());
    parent
        .move_new(id, &temp)
        .map_err(|error| Error::io("remove the snapshot", parent.path().join(id), &error))?;
    parent.sync()?;
    parent.remove_tree(&temp)
}

/// What interrupted runs left half-made or half-removed, by name: it may hold copies of keys.
pub fn leftovers(state_dir: &StateDir, snapshots: &Path) -> Result<Vec<String>, Error> {
    let Some(parent) = super::folder(state_dir, snapshots, false)? else { return Ok(Vec::new()) };
    let names = parent.names()?.into_iter().filter(|name| replace::is_temp(name));
    Ok(names.map(|name| name.to_string_lossy().into_owned()).collect())
}

/// Removes what interrupted runs left half-made or half-removed. Returns how many.
///
/// # Errors
/// The folder cannot be read; what cannot be removed is left for the next time.
pub fn sweep(state_dir: &StateDir, snapshots: &Path) -> Result<usize, Error> {
    let Some(parent) = super::folder(state_dir, snapshots, false)? else { return Ok(0) };
    // In the state dir's own folder clawmend's lock keeps others out; not every system can hold a folder.
    let own = snapshots.starts_with(state_dir);
    let mut swept = 0;
    for name in leftovers(state_dir, snapshots)? {
        // Another clawmend, at work on another state with the same snapshots folder, holds its own.
        let Ok(Some(orphan)) = parent.child(&name) else { continue };
        if (own || orphan.try_hold().is_some()) && parent.remove_tree(&name).is_ok() {
            swept += 1;
        }
    }
    Ok(swept)
}

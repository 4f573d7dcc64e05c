//! Taking a snapshot.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::after::Expected;
use super::list::Summary;
use super::manifest::{self, Manifest};
use super::open::Snapshot;
use super::since;
use crate::error::Error;
use crate::files::dir::refuse;
use crate::files::{Dir, OWN_LIMIT, StateDir, hash, replace};
use crate::model::Model;
use crate::model::layout::Part;
use crate::plan::Changes;
use crate::step::Step;
use crate::store::{Sink, Stores, json, sqlite};

/// What a snapshot is made of.
#[derive(Clone, Copy)]
pub struct Create<'a> {
    /// The state dir that it is of.
    pub state_dir: &'a StateDir,
    /// The folder of all snapshots; made if it is missing.
    pub snapshots: &'a Path,
    /// The stores to capture.
    pub stores: &'a Stores,
    /// Why: lower-case words with dashes, e.g. `before-repair`; part of the id.
    pub why: &'a str,
    /// The command, for people.
    pub command: &'a str,
    /// The time, milliseconds since 1970.
    pub now_ms: i64,
    /// What is about to be changed, so that a restore can tell what changed since.
    pub changes: Option<&'a Changes>,
    /// What they were made for; without it their records are looked for again.
    pub model: Option<&'a Model>,
}

const SCRATCH: &str = "scratch";

/// Takes a snapshot: whole, synced and renamed in, or not there at all. The caller holds the lock.
///
/// # Errors
/// Reading or writing failed; nothing is left behind.
pub fn create(request: &Create<'_>) -> Result<Snapshot, Error> {
    let parent = super::folder(request.state_dir, request.snapshots, true)?.ok_or_else(|| {
        Error::failed("no folder for snapshots")
            .at(request.snapshots)
            .hint("something else is at work in that folder: run the same command again")
    })?;
    let listed = super::list(request.state_dir, request.snapshots)?;
    let last = listed.own.first();
    let temp = replace::temp_name("snapshot".as_ref());
    let dir = parent.child_or_create(&temp)?;
    // Held while it is built: a sweep tells by it that this is not an orphan.
    let held = dir.try_hold();
    let built = Builder::new(dir).and_then(|builder| builder.build(request, last));
    let done = built.and_then(|made| {
        let id = rename_in(&parent, &temp, request)?;
        if let Err(error) = parent.sync() {
            let _ = parent.remove_tree(&id);
            return Err(error);
        }
        let path = parent.path().join(&id);
        let dir = parent.child(&id).map_err(|why| refuse(&path, &why))?.ok_or_else(|| {
            Error::failed("the snapshot vanished")
                .at(&path)
                .hint("something else is at work in that folder: run the same command again")
        })?;
        Ok(Snapshot { id, dir, ..made })
    });
    drop(held);
    if done.is_err() {
        let _ = parent.remove_tree(&temp);
    }
    done
}

/// Gives a finished snapshot its name; should that be taken, the next millisecond's.
fn rename_in(parent: &Dir, temp: &std::ffi::OsStr, request: &Create<'_>) -> Result<String, Error> {
    for step in 0..1000 {
        let id = id_of(request.now_ms + step, request.why);
        match parent.move_new(temp, &id) {
            Ok(()) => return Ok(id),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(Error::io("name the snapshot", parent.path().join(id), &error));
            }
        }
    }
    Err(Error::failed("too many snapshots of the same moment").at(parent.path()).hint(
        Step::clawmend(["snapshot", "prune"])
            .after("check the clock (`date`), and remove old ones"),
    ))
}

/// `<UTC time>-<why>`, sortable.
pub(super) fn id_of(now_ms: i64, why: &str) -> String {
    let time = time_of(now_ms).format("%Y%m%dT%H%M%S%.3fZ");
    let why: String = why
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .take(40)
        .collect();
    format!("{time}-{why}")
}

fn time_of(now_ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(now_ms).unwrap_or_default()
}

struct Builder {
    dir: Dir,
    scratch: Dir,
    folders: BTreeSet<PathBuf>,
}

impl Builder {
    fn new(dir: Dir) -> Result<Self, Error> {
        let scratch = dir.child_or_create(SCRATCH)?;
        Ok(Self { dir, scratch, folders: BTreeSet::new() })
    }

    fn build(mut self, request: &Create<'_>, last: Option<&Summary>) -> Result<Snapshot, Error> {
        let mut entries = request.stores.capture(&mut self)?;
        let after = request.changes.map(|changes| Expected::of(changes, request.state_dir));
        // What only an interrupted import leaves is missing only where this run puts it there.
        entries.retain(|entry| {
            let is_claim = Part::of_file(&entry.path).is_some_and(Part::is_claim);
            let is_put = |after: &Expected| after.files.contains_key(&entry.path);
            entry.name.is_some() || !is_claim || after.as_ref().is_some_and(is_put)
        });
        let fields =
            request.changes.map(|changes| since::fields(changes, request.state_dir, request.model));
        self.dir.remove_tree(SCRATCH)?;
        let manifest = Manifest {
            schema: manifest::SCHEMA,
            sequence: last.map_or(0, |last| last.sequence) + 1,
            previous: last.map(|last| last.id.clone()),
            tool: concat!("clawmend ", env!("CARGO_PKG_VERSION")).to_owned(),
            created_at_ms: request.now_ms,
            created_at: time_of(request.now_ms).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            why: request.why.to_owned(),
            command: request.command.to_owned(),
            state_dir: request.state_dir.to_string_lossy().into_owned(),
            stores: [json::NAME, sqlite::NAME].map(str::to_owned).to_vec(),
            entries,
            after,
            fields: fields.unwrap_or_default(),
        };
        let mut text = serde_json::to_vec_pretty(&manifest)
            .map_err(|error| Error::failed("could not write the manifest").because(error))?;
        text.push(b'\n');
        // What could not be read again is no snapshot.
        if text.len() as u64 > OWN_LIMIT {
            return Err(Error::refused(
                "too many rows would change at once for one snapshot's manifest; nothing was changed",
            )
            .at(self.dir.path())
            .hint(Step::clawmend(["repair", "--only", "pairing"]).after("repair in steps"))
            .hint(Step::diagnose().after("or ask at the project with the output of")));
        }
        let digest = manifest::digest_of(&text);
        write(&self.dir, manifest::FILE.as_ref(), &mut text.as_slice())?;
        write(&self.dir, manifest::DIGEST_FILE.as_ref(), &mut digest.as_bytes())?;
        for folder in self.folders.iter().rev() {
            if let Some(dir) = super::below(&self.dir, &self.dir, folder, false)? {
                dir.sync()?;
            }
        }
        self.dir.sync()?;
        let made = Snapshot { id: String::new(), dir: self.dir, manifest, digest: Some(digest) };
        check(&made, &text, request)?;
        Ok(made)
    }
}

/// Refuses a snapshot that no way back could use, before anything is changed for it.
fn check(made: &Snapshot, text: &[u8], request: &Create<'_>) -> Result<(), Error> {
    let manifest = &made.manifest;
    let is_held = |path: &String| manifest.entries.iter().any(|entry| entry.path == *path);
    let mut changed = manifest.after.iter().flat_map(|after| after.files.keys());
    let read = Manifest::parse(text, made.digest.as_ref().map(String::as_bytes));
    let why = match (changed.find(|path| !is_held(path)), read) {
        (Some(path), _) => format!("`{}` is not in it", path.escape_debug()),
        (None, Err(error)) => error.to_string(),
        (None, Ok(_)) => match request.stores.files.slots_of(&manifest.entries, made) {
            Err(error) => error.to_string(),
            Ok(_) => return Ok(()),
        },
    };
    Err(Error::refused("no snapshot can be made that could be brought back; nothing was changed")
        .because(why)
        .hint("give that file another name, or take it out of the config's `$include`"))
}

impl Sink for Builder {
    fn put(&mut self, name: &str, from: &mut dyn BufRead) -> Result<(String, u64), Error> {
        if !manifest::is_piece_name(name) {
            return Err(Error::failed("not a name for a piece of a snapshot").because(name));
        }
        let path = Path::new(name);
        let (dir, file) = self.dir.walk_or_create(path)?;
        let folders = path.ancestors().skip(1).map(Path::to_path_buf);
        self.folders.extend(folders.filter(|folder| folder != Path::new("")));
        write(&dir, &file, from)
    }

    fn scratch(&self) -> &Dir {
        &self.scratch
    }
}

/// Writes one new piece, synced.
fn write(
    dir: &Dir,
    name: &std::ffi::OsStr,
    from: &mut dyn BufRead,
) -> Result<(String, u64), Error> {
    let path = dir.path().join(name);
    let failed = |error: std::io::Error| Error::io("copy into the snapshot", &path, &error);
    let mut file = dir.create_private(name)?;
    let copied = hash::copy(from, &mut file).map_err(failed)?;
    file.flush().and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(copied)
}

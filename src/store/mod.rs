//! Where OpenClaw's state lies: in files and, from 2026.8.1 on, in a database. The two differ in everything but
//! what is done with both, so each is a type of its own and [`Stores`] does it.

pub mod json;
pub mod sqlite;

use std::io::BufRead;

use crate::error::{Error, Kind};
pub use crate::files::CommitError;
use crate::files::Dir;
use crate::image::{Images, Meta};
use crate::plan::Changes;
use json::JsonStore;
use sqlite::SqliteStore;

/// Both places that hold state: read without leaving a trace, captured into a snapshot, changed if they are
/// still what was read, and brought back.
#[derive(Clone, Debug)]
pub struct Stores {
    /// The pairing and identity files, and every file of the config.
    pub files: JsonStore,
    /// The database and what SQLite keeps beside it.
    pub sqlite: SqliteStore,
}

impl Stores {
    /// Reads everything. Creates and changes nothing, not even a time. What cannot be read is part of the
    /// images, not an error.
    ///
    /// # Errors
    /// Only where nothing at all can be said (the state dir itself cannot be opened).
    pub fn read(&self) -> Result<Images, Error> {
        Ok(Images { texts: self.files.read()?, database: self.sqlite.read() })
    }

    /// Copies what is there now into a snapshot and returns one entry per piece, absent ones included.
    ///
    /// # Errors
    /// Reading or writing failed; the half-made snapshot is thrown away by the caller.
    pub fn capture(&self, sink: &mut dyn Sink) -> Result<Vec<ManifestEntry>, Error> {
        let mut entries = self.files.capture(sink)?;
        entries.extend(self.sqlite.capture(sink)?);
        Ok(entries)
    }

    /// Makes `changes`, all or nothing, if everything they start from is still as it was read. Files are
    /// swapped in first, then the rows are committed; if that fails, the files go back.
    ///
    /// # Errors
    /// [`CommitError::Stale`]: something changed in between; nothing was changed, plan again.
    /// [`CommitError::Failed`]: refused or failed; nothing was changed, or it was put back, unless its kind
    /// is `HalfDone`.
    pub fn commit(&self, changes: &Changes) -> Result<(), CommitError> {
        let swapped = self.files.swap_in(&changes.files)?;
        match self.sqlite.commit(changes) {
            Ok(()) => swapped.finish(),
            Err(failure) => {
                swapped.put_back().map_err(|error| error.into_kind(Kind::HalfDone))?;
                return Err(failure);
            }
        }
        Ok(())
    }

    /// The changes that bring everything back to what a snapshot holds, compared with `now`. Empty if it is
    /// that already. Touches nothing.
    ///
    /// # Errors
    /// A piece cannot be read, something in the way cannot be replaced, or the schema has moved on in a way
    /// that cannot be brought back (names the column).
    pub fn changes_to(
        &self,
        now: &Images,
        entries: &[ManifestEntry],
        source: &dyn Source,
    ) -> Result<Changes, Error> {
        let files = self.files.changes_to(now, entries, source)?;
        Ok(Changes { files, ..self.sqlite.changes_to(now, entries, source)? })
    }

    /// Whether everything `changes` describes is in place now; the first thing that is not, otherwise.
    pub fn verify(&self, changes: &Changes) -> Result<Option<String>, Error> {
        match self.files.verify(&changes.files)? {
            None => self.sqlite.verify(changes),
            differs => Ok(differs),
        }
    }
}

/// Where a snapshot's pieces go while it is built.
pub trait Sink {
    /// Adds a piece under `name` (relative, `/`-separated), copying until the end of `from`; returns
    /// its SHA-256 (lower-case hex) and size in bytes.
    fn put(&mut self, name: &str, from: &mut dyn BufRead) -> Result<(String, u64), Error>;

    /// A private scratch folder inside the snapshot that is being built, for a piece that has to be
    /// made as a file (the database extract); what is left there is removed.
    fn scratch(&self) -> &Dir;
}

/// Where a snapshot's pieces come from.
pub trait Source {
    /// The bytes of a piece, checked against the manifest's SHA-256.
    ///
    /// # Errors
    /// Missing, unreadable or not the bytes the manifest names.
    fn get(&self, name: &str) -> Result<Vec<u8>, Error>;

    /// The path of a piece on disk, for SQLite to open read-only.
    fn path(&self, name: &str) -> Result<std::path::PathBuf, Error>;

    /// The folder that the pieces lie in, held open: what is opened by path reaches nothing else.
    fn folder(&self) -> &Dir;
}

/// A snapshot's record of one piece of state.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManifestEntry {
    /// Which store it belongs to: `files` or `sqlite`.
    pub store: String,
    /// Where it was: relative to the state dir where it lies in it, else absolute.
    pub path: String,
    /// The piece in the snapshot; `None`: it was absent.
    pub name: Option<String>,
    /// SHA-256 of the piece, lower-case hex.
    pub sha256: Option<String>,
    /// Size of the piece, bytes.
    pub size: Option<u64>,
    /// Permission bits (`0o7777`).
    pub mode: Option<u32>,
    /// The owner's user id.
    pub uid: Option<u32>,
    /// The group's id.
    pub gid: Option<u32>,
    /// Rows by table, for the database extract.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub rows: std::collections::BTreeMap<String, u64>,
}

impl ManifestEntry {
    /// An entry for something that was not there.
    pub fn absent(store: &str, path: impl Into<String>) -> Self {
        Self { store: store.to_owned(), path: path.into(), ..Self::default() }
    }

    /// An entry for a piece that was put into a snapshot, with the SHA-256 and size it was put there with.
    pub fn of_piece(
        store: &str,
        path: impl Into<String>,
        piece: &str,
        (sha256, size): (String, u64),
        meta: &Meta,
    ) -> Self {
        Self {
            name: Some(piece.to_owned()),
            sha256: Some(sha256),
            size: Some(size),
            mode: Some(meta.mode),
            uid: Some(meta.uid),
            gid: Some(meta.gid),
            ..Self::absent(store, path)
        }
    }

    /// Mode and owner as a [`Meta`]; `None` for an absent entry.
    pub fn meta(&self) -> Option<Meta> {
        Some(Meta { mode: self.mode?, uid: self.uid?, gid: self.gid?, ..Meta::default() })
    }
}

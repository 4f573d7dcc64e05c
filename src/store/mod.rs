//! Where OpenClaw's state lies: the trait and its three stores (files, database, memory).
//!
//! `tests/store_contract.rs` runs the same cases over all three.

pub mod files;
pub mod memory;
pub mod sqlite;

use std::io::Read;

use crate::error::Error;
use crate::files::Dir;
use crate::image::{Images, Meta};
use crate::plan::{Changes, StoreKind};

/// One place that holds state: can be read without leaving a trace, captured into a snapshot, changed
/// if it is still what was read, and brought back.
pub trait Store: Sync {
    /// Files or database.
    fn kind(&self) -> StoreKind;

    /// Reads what this store holds into `images`. Creates and changes nothing, not even a time.
    /// What cannot be read is part of the image, not an error.
    ///
    /// # Errors
    /// Only where nothing at all can be said (the state dir itself cannot be opened).
    fn read(&self, images: &mut Images) -> Result<(), Error>;

    /// Copies what this store holds now into a snapshot and returns one entry per piece, absent ones
    /// included.
    ///
    /// # Errors
    /// Reading or writing failed; the half-made snapshot is thrown away by the caller.
    fn capture(&self, sink: &mut dyn Sink) -> Result<Vec<Entry>, Error>;

    /// Makes this store's share of `changes`, all or nothing, if everything they start from is still
    /// as it was read.
    ///
    /// # Errors
    /// [`CommitError::Moved`]: something changed in between; nothing was changed, plan again.
    /// [`CommitError::Failed`]: refused or failed; nothing was changed, or it was put back.
    fn commit(&self, changes: &Changes) -> Result<(), CommitError>;

    /// The changes that bring this store back to what a snapshot holds, compared with `now`.
    /// Empty if it is that already. Touches nothing; [`Store::commit`] takes the result.
    ///
    /// # Errors
    /// The snapshot's piece cannot be read, or the schema has moved on in a way that cannot be
    /// brought back (names the column).
    fn changes_to(
        &self,
        now: &Images,
        entries: &[Entry],
        source: &dyn Source,
    ) -> Result<Changes, Error>;

    /// Whether everything `changes` describes is in place now; the first thing that is not, otherwise.
    ///
    /// # Errors
    /// Reading failed.
    fn verify(&self, changes: &Changes) -> Result<Option<String>, Error>;
}

/// Why a commit did not happen.
#[derive(Debug)]
pub enum CommitError {
    /// What the changes start from is no longer there; the text names it.
    Moved(String),
    /// Refused or failed.
    Failed(Error),
}

impl From<Error> for CommitError {
    fn from(error: Error) -> Self {
        CommitError::Failed(error)
    }
}

/// Where a snapshot's pieces go while it is built.
pub trait Sink {
    /// Adds a piece under `name` (relative, `/`-separated), copying until the end of `from`; returns
    /// its SHA-256 (lower-case hex) and size in bytes.
    ///
    /// # Errors
    /// Reading or writing failed.
    fn put(&mut self, name: &str, from: &mut dyn Read) -> Result<(String, u64), Error>;

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
    ///
    /// # Errors
    /// Missing.
    fn path(&self, name: &str) -> Result<std::path::PathBuf, Error>;

    /// The folder that the pieces lie in, held open: what is opened by path reaches nothing else.
    fn folder(&self) -> &Dir;
}

/// A snapshot's record of one piece of state.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
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
    /// Permission bits.
    pub mode: Option<u32>,
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// Rows by table, for the database extract.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub rows: std::collections::BTreeMap<String, u64>,
}

impl Entry {
    /// An entry for something that was not there.
    pub fn absent(store: &str, path: impl Into<String>) -> Self {
        Self {
            store: store.to_owned(),
            path: path.into(),
            name: None,
            sha256: None,
            size: None,
            mode: None,
            uid: None,
            gid: None,
            rows: Default::default(),
        }
    }

    /// Mode and owner as a [`Meta`]; `None` for an absent entry.
    pub fn meta(&self) -> Option<Meta> {
        Some(Meta { mode: self.mode?, uid: self.uid?, gid: self.gid?, ..Meta::default() })
    }
}

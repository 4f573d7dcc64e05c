//! The store of 2026.8.1 and later: pairing rows in `state/openclaw.sqlite`.
//!
//! ```text
//! probe    what lies at the path, without SQLite
//! sandbox  what SQLite can reach
//! reader   a connection that leaves no trace  ─► table    shapes and rows
//! writer   the one transaction                ─► row      is it still what it was, its change, a look afterwards
//! extract  pairing.sqlite of a snapshot       ─► restore  rows then, rows now, the way back
//! failure  SQLite's failures as sentences
//! ```

mod extract;
mod failure;
mod limit;
mod probe;
mod quarantine;
mod reader;
mod restore;
mod row;
mod sandbox;
mod table;
mod writer;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use extract::verify_extract;

use crate::error::Error;
use crate::files::{Dir, StateDir, dir, hash};
use crate::image::{Database, DatabaseImage, Images, Meta, Unread, Unusable};
use crate::model::layout::{DATABASE, QUARANTINE};
use crate::plan::Changes;
use crate::step::Step;
use crate::store::{CommitError, ManifestEntry, Sink, Source};
use failure::Halt;

/// The piece of a snapshot that holds the pairing tables.
pub const PIECE: &str = "pairing.sqlite";
/// What [`ManifestEntry::store`] says for this store.
pub const NAME: &str = "sqlite";

/// The pairing tables in the state dir's database.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    place: DatabasePath,
    busy: Duration,
    hold: Option<Hold>,
}

/// Where a database is.
#[derive(Clone, Debug)]
struct DatabasePath {
    state_dir: StateDir,
    path: PathBuf,
}

/// The write lock of the database, held: what is read meanwhile stays what it is until the commit, and
/// other writers wait. A store made with it ([`SqliteStore::with_hold`]) reads, captures and commits in
/// the transaction that holds it; after the commit, or [`Hold::release`], the store works as any other.
#[derive(Clone, Debug)]
pub struct Hold(Arc<Mutex<Option<writer::Transaction>>>);

impl Hold {
    /// Lets go without a change.
    pub fn release(&self) {
        drop(self.take());
    }

    fn take(&self) -> Option<writer::Transaction> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<writer::Transaction>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SqliteStore {
    /// The database of a state dir. `busy` is how long a commit waits for another process that
    /// holds it.
    pub fn new(state_dir: impl Into<StateDir>, busy: Duration) -> Self {
        let state_dir = state_dir.into();
        Self { place: DatabasePath { path: state_dir.join(DATABASE), state_dir }, busy, hold: None }
    }

    /// The same database through a lock that is held.
    pub fn with_hold(self, hold: Option<Hold>) -> Self {
        Self { hold, ..self }
    }

    /// Takes the write lock, waiting as a commit would.
    pub fn hold(&self) -> Result<Hold, CommitError> {
        let transaction = writer::Transaction::new(&self.place, self.busy, false)?;
        Ok(Hold(Arc::new(Mutex::new(Some(transaction)))))
    }

    /// Calls `work` with a connection on one unchanging state of the database: the held transaction's,
    /// or a reader's of its own. With a lock held nothing else may open the main file: closing that
    /// would drop the lock. `work` may write in `scratch`.
    fn look<T: Send>(
        &self,
        scratch: Option<&Dir>,
        work: impl FnMut(&rusqlite::Connection, &Meta) -> Result<T, Halt> + Send,
    ) -> Result<T, Halt> {
        if let Some(hold) = &self.hold
            && let Some(transaction) = hold.lock().as_mut()
        {
            return transaction.look(scratch, work);
        }
        reader::with(&self.place, scratch, work)
    }

    /// The database as it was read, or why nothing can be brought back into it.
    fn readable<'a>(&self, now: &'a Images) -> Result<&'a Database, Error> {
        let trouble = match now.database.as_ref().map(|image| &image.state) {
            Some(Ok(database)) => return Ok(database),
            Some(Err(Unread::Held(why))) => Unread::Unusable(Unusable::Io(why.clone())),
            Some(Err(trouble)) => trouble.clone(),
            None => Unread::Absent,
        };
        Err(failure::unreadable(&self.place.path, &trouble).hint(
            "the snapshot holds pairing rows and no whole database: it can be restored into a readable one only",
        ))
    }

    /// Reads the pairing tables. `None`: there is no database.
    pub fn read(&self) -> Option<DatabaseImage> {
        let path = &self.place.path;
        let notes = self.place.state_dir.join(QUARANTINE);
        let read = |source: &rusqlite::Connection| {
            let is_quarantined = quarantine::is_noted(path, &notes);
            Ok(Database { is_quarantined, ..table::read_all(source)? })
        };
        let state = self.look(None, |source, _| read(source)).map_err(|halt| match halt {
            Halt::Unread(trouble) => trouble,
            Halt::Sqlite(error) => failure::trouble(&error),
            Halt::Failed(error) => Unread::Unusable(Unusable::Io(error.to_string())),
        });
        let is_there = !matches!(state, Err(Unread::Absent));
        is_there.then(|| DatabaseImage { path: self.place.path.clone(), state })
    }

    /// Copies the pairing tables into a snapshot.
    pub fn capture(&self, sink: &mut dyn Sink) -> Result<Vec<ManifestEntry>, Error> {
        let scratch = sink.scratch();
        let target = scratch.path().join(PIECE);
        let written =
            self.look(Some(scratch), |source, meta| Ok((extract::write(source, &target)?, *meta)));
        let (rows, meta) = match written {
            Ok(written) => written,
            // Nothing was ever written to it, so there is nothing to keep.
            Err(Halt::Unread(Unread::Absent | Unread::Empty)) => {
                return Ok(vec![ManifestEntry::absent(NAME, DATABASE)]);
            }
            // A database that cannot be read is never written, so there is nothing of it to bring back:
            // what else is in the plan (the config, say) may go on.
            Err(halt) if halt.is_beyond_reading() => return Ok(Vec::new()),
            Err(halt) => return Err(halt.into_error(&self.place.path)),
        };
        let piece = scratch.open_regular(PIECE, u64::MAX);
        let piece = piece.map_err(|why| dir::refuse(&target, &why))?;
        let (file, _) = piece.ok_or_else(|| {
            Error::failed("the snapshot's extract of the database vanished").at(&target)
        })?;
        let put = sink.put(PIECE, &mut hash::steps(file))?;
        let entry = ManifestEntry::of_piece(NAME, DATABASE, PIECE, put, &meta);
        Ok(vec![ManifestEntry { rows, ..entry }])
    }

    /// Changes the rows in one transaction, each if it is still what was read.
    pub fn commit(&self, changes: &Changes) -> Result<(), CommitError> {
        if changes.rows.is_empty() {
            return Ok(());
        }
        if let Some(other) = changes.database.as_ref().filter(|path| **path != self.place.path) {
            return Err(Error::refused("the changes are for another database")
                .at(other)
                .hint("run the same command again with the --state-dir that the plan was made for")
                .into());
        }
        let transaction = match self.hold.as_ref().and_then(Hold::take) {
            Some(transaction) => transaction,
            None => writer::Transaction::new(&self.place, self.busy, false)?,
        };
        transaction.commit(&changes.rows)
    }

    /// Lets SQLite undo a write that was interrupted, as whoever opens the database next for writing would: without
    /// a write-ahead log a killed commit leaves a `-journal`, and nothing can be read before it is put back.
    pub fn undo_unfinished(&self) -> Result<(), CommitError> {
        let probe = probe::Probe::open(&self.place.path);
        match probe.and_then(|probe| probe.journal_has_content()) {
            Ok(true) => writer::Transaction::new(&self.place, self.busy, true).map(drop),
            // Whoever reads it next says what is wrong.
            Ok(false) | Err(_) => Ok(()),
        }
    }

    /// The changes that bring the rows back to what a snapshot holds.
    pub fn changes_to(
        &self,
        now: &Images,
        entries: &[ManifestEntry],
        source: &dyn Source,
    ) -> Result<Changes, Error> {
        let Some(entry) = entries.iter().find(|entry| entry.store == NAME) else {
            return Ok(Changes::default());
        };
        let Some(name) = &entry.name else { return self.back_to_absent(now) };
        let piece = source.path(name)?;
        let then = extract::read(source.folder(), &piece, entry)?;
        let rows = restore::changes(&self.place.path, &then, self.readable(now)?)?;
        Ok(Changes {
            files: Vec::new(),
            database: (!rows.is_empty()).then(|| self.place.path.clone()),
            rows,
            ..Changes::default()
        })
    }

    /// The first row that is not as the changes say.
    pub fn verify(&self, changes: &Changes) -> Result<Option<String>, Error> {
        if changes.rows.is_empty() {
            return Ok(None);
        }
        self.look(None, |connection, _| row::first_difference(connection, changes))
            .map_err(|halt| halt.into_error(&self.place.path))
    }

    /// There was no database when the snapshot was taken. One that came since is not removed; it is
    /// in the way only where it is the store that counts.
    fn back_to_absent(&self, now: &Images) -> Result<Changes, Error> {
        match now.database.as_ref().map(|image| &image.state) {
            Some(Ok(database)) if database.holds_pairing() => {}
            _ => return Ok(Changes::default()),
        }
        Err(Error::refused(
            "the snapshot is older than the database: OpenClaw has moved its pairing into it since, \
             and clawmend never removes a database",
        )
        .at(&self.place.path)
        .hint(Step::clawmend(["repair"]).after("to stay with the present release, run"))
        .hint("to go back to the old release, stop the gateway, move the database away, install that release, and restore again"))
    }
}

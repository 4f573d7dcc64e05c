//! The one transaction that changes rows.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::DatabasePath;
use super::failure::{self, Halt};
use super::probe::Probe;
use super::reader;
use super::row::OneRow;
use super::sandbox::DatabaseSandbox;
use super::table;
use crate::error::Error;
use crate::files::Dir;
use crate::image::{Meta, Unread, Unusable};
use crate::model::layout::DATABASE_SIDE_FILES;
use crate::plan::{RowChange, RowOp};
use crate::store::CommitError;

/// The pause between two tries for the write lock. SQLite's own waiting backs off to 100 ms, and
/// loses every race against a gateway that writes all the time.
const PAUSE: Duration = Duration::from_micros(250);

/// A transaction that holds the write lock: nobody else writes until it is committed, or dropped and with
/// that rolled back.
#[derive(Debug)]
pub(super) struct Transaction {
    place: DatabasePath,
    /// `None`: closed.
    connection: Option<Connection>,
    probe: Probe,
    sandbox: DatabaseSandbox,
}

impl Transaction {
    /// Begins it; waits for the write lock as long as `busy`. Only with `undo` does SQLite undo a write that was
    /// interrupted.
    pub(super) fn new(
        place: &DatabasePath,
        busy: Duration,
        undo: bool,
    ) -> Result<Self, CommitError> {
        let path = place.path.as_path();
        refuse_links(path)?;
        let deadline = Instant::now() + busy;
        let sandbox = match DatabaseSandbox::to_write(place) {
            Err(Unread::Unusable(Unusable::Symlink(_))) => return Err(swapped()),
            sandbox => sandbox.map_err(|trouble| failure::unreadable(path, &trouble))?,
        };
        let begun = sandbox.within(None, || open_and_begin(place, deadline, undo));
        match begun.map_err(|trouble| failure::unreadable(path, &trouble))? {
            Ok((connection, probe)) => {
                Ok(Self { place: place.clone(), connection: Some(connection), probe, sandbox })
            }
            Err(_) if sandbox.is_elsewhere(path) => Err(swapped()),
            Err(error) => Err(error),
        }
    }

    /// Calls `work` with the connection, and what its main file was when it was opened.
    pub(super) fn look<T: Send>(
        &mut self,
        scratch: Option<&Dir>,
        mut work: impl FnMut(&Connection, &Meta) -> Result<T, Halt> + Send,
    ) -> Result<T, Halt> {
        let Self { place, connection, probe, sandbox } = self;
        let Some(connection) = connection else { return reader::with(place, scratch, work) };
        let meta = &probe.meta;
        sandbox.within(scratch, move || work(connection, meta))?
    }

    /// Makes the changes and ends the transaction.
    pub(super) fn commit(mut self, changes: &[RowChange]) -> Result<(), CommitError> {
        let Some(connection) = self.connection.take() else { return Err(swapped()) };
        let place = &self.place;
        let path = place.path.as_path();
        let done = self.sandbox.within(None, move || {
            let done = change_and_end(&connection, path, changes);
            // Closed in the same sandbox: it may remove a log, by path.
            drop(connection);
            done
        });
        done.map_err(|trouble| failure::unreadable(path, &trouble))?
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // Closing may remove a log that only this connection made: by path.
        if let Some(connection) = self.connection.take() {
            let _ = self.sandbox.within(None, move || drop(connection));
        }
    }
}

fn open_and_begin(
    place: &DatabasePath,
    deadline: Instant,
    undo: bool,
) -> Result<(Connection, Probe), CommitError> {
    let path = place.path.as_path();
    let unreadable = |trouble: Unread| failure::unreadable(path, &trouble);
    let probe = Probe::open(path).map_err(unreadable)?;
    let had_log = look_beside(path, &probe, deadline, undo)?;
    let failed = |error: rusqlite::Error| failure::not_written(path, &error);
    let connection = open(&probe.path, had_log).map_err(failed)?;
    begin(&connection, deadline).map_err(failed)?;
    if !probe.is_still_there().map_err(unreadable)? {
        return Err(swapped());
    }
    Ok((connection, probe))
}

fn change_and_end(
    connection: &Connection,
    path: &Path,
    changes: &[RowChange],
) -> Result<(), CommitError> {
    let before = connection.total_changes();
    apply(connection, path, changes)?;
    let expected = before + changes.len() as u64;
    if connection.total_changes() != expected {
        return Err(Error::refused(
            "the change would also change other rows (through a foreign key); nothing was changed",
        )
        .at(path)
        .hint(
            "this release of OpenClaw is newer than what clawmend knows: look for a newer clawmend",
        )
        .into());
    }
    // What fails while closing can no longer undo the commit.
    connection.execute_batch("COMMIT").map_err(|error| failure::not_committed(path, &error).into())
}

fn swapped() -> CommitError {
    CommitError::Stale("another file was put in the database's place".to_owned())
}

/// A link anywhere below the state dir leads out of it.
fn refuse_links(path: &Path) -> Result<(), Error> {
    let Some(folder) = path.parent() else { return Ok(()) };
    if std::fs::symlink_metadata(folder).is_ok_and(|found| found.is_symlink()) {
        return Err(Error::refused(
            "the database's folder is a symbolic link, and clawmend does not write through one",
        )
        .at(folder)
        .hint("put the folder itself there, or give its state dir with --state-dir"));
    }
    Ok(())
}

/// Checks what lies beside the database, and says whether a write-ahead log does.
fn look_beside(path: &Path, probe: &Probe, deadline: Instant, undo: bool) -> Result<bool, Error> {
    if probe.meta.nlink > 1 {
        return Err(Error::refused(
            "the database has a second name (a hard link), and SQLite would keep two logs for it",
        )
        .at(path)
        .hint("remove the other link, or copy the database to a file of its own"));
    }
    let mut had_log = false;
    for ending in DATABASE_SIDE_FILES {
        let len = probe.side_len(ending).map_err(|_| {
            Error::refused("this is not SQLite's own file")
                .at(probe.side(ending))
                .hint("move it away while the gateway is stopped, then run the same command again")
        })?;
        if probe.side_is_linked(ending) {
            return Err(Error::refused(
                "this file of the database has a second name (a hard link), and a write would change both",
            )
            .at(probe.side(ending))
            .hint("remove the other link, then run the same command again"));
        }
        had_log |= ending == "-wal" && len.is_some();
    }
    // A journal with content belongs to a writer at work, or to one that was killed.
    let unfinished =
        || probe.journal_has_content().map_err(|trouble| failure::unreadable(path, &trouble));
    while !undo && unfinished()? {
        if Instant::now() >= deadline {
            return Err(failure::unreadable(path, &Unread::Unfinished));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(had_log)
}

/// Opens for writing: never creates a database, never follows a link, never checkpoints somebody
/// else's log. A log that only this connection made is folded in and removed when it closes.
fn open(path: &Path, had_log: bool) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut connection = Connection::open_with_flags(path, flags)?;
    reader::guard(&mut connection)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, had_log)?;
    // Exactly the rows of the plan change, which is what the preview showed.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    connection.busy_timeout(Duration::ZERO)?;
    Ok(connection)
}

fn begin(connection: &Connection, deadline: Instant) -> rusqlite::Result<()> {
    // With a rollback journal (network and shared folders) the commit is that the journal goes: EXTRA syncs that.
    connection.execute_batch("PRAGMA main.synchronous = EXTRA")?;
    loop {
        match connection.execute_batch("BEGIN IMMEDIATE") {
            Err(error) if failure::is_busy(&error) && Instant::now() < deadline => {
                std::thread::sleep(PAUSE);
            }
            result => return result,
        }
    }
}

/// Deletes first and inserts last, so that a unique index is never in the way.
fn apply(connection: &Connection, path: &Path, changes: &[RowChange]) -> Result<(), CommitError> {
    let shapes = table::shapes(connection).map_err(|halt| halt.into_error(path))?;
    let pass = |op: &RowOp| match op {
        RowOp::Delete(_) => 0,
        RowOp::Update(_) => 1,
        RowOp::Insert(_) => 2,
    };
    for number in 0..3 {
        for change in changes.iter().filter(|change| pass(&change.op) == number) {
            let shape = shapes.get(&change.part).ok_or_else(|| {
                failure::newer(path, &format!("it has no table `{}`", change.part.table()))
            })?;
            let row = OneRow { connection, path, shape, change };
            row.apply()?;
        }
    }
    Ok(())
}

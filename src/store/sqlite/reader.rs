//! Reading without leaving a trace, whoever else is at work.
//!
//! | what lies there | how it is read |
//! |---|---|
//! | a log with frames, its index (`-shm`) beside it | joined: SQLite's own read locks, index opened read-only |
//! | a log with frames, no index | alone: no locks, the index in memory; read again if anything moved |
//! | no log, or an empty one | immutable: the main file is all there is; read again if anything moved |
//! | a rollback journal's database | joined: SQLite's own shared lock |
//!
//! In none of them does SQLite create, checkpoint, roll back or delete anything. One thing is out of
//! our hands: for root, SQLite gives `-wal` and `-shm` the owner of the database when it opens them,
//! which moves their ctime (never their mtime) even where the owner was right.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, ffi};

use super::DatabasePath;
use super::failure::{self, Halt};
use super::probe::{Journal, Probe};
use super::sandbox::DatabaseSandbox;
use crate::files::Dir;
use crate::image::{Meta, Unread};
use crate::model::layout::DATABASE_SIDE_FILES;
use crate::platform;

/// How often a reading without locks is repeated when the database moved under it.
const ATTEMPTS: u32 = 40;
/// How long a reader waits for somebody who keeps everybody out.
const PATIENCE: Duration = Duration::from_secs(2);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Which way a connection goes, see the table above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Joined,
    Alone,
    Immutable,
}

/// Calls `work` with a connection on one unchanging state of the database, in a read transaction.
/// `work` may be called again, from the start, if the database moved meanwhile.
/// It can change nothing but what lies in `scratch`.
pub(super) fn with<T: Send>(
    place: &DatabasePath,
    scratch: Option<&Dir>,
    mut work: impl FnMut(&Connection, &Meta) -> Result<T, Halt> + Send,
) -> Result<T, Halt> {
    let path = place.path.as_path();
    let mut patience = Patience::new();
    loop {
        let sandbox = DatabaseSandbox::to_read(place)?;
        let read = sandbox.within(scratch, || once(place, patience.join, &mut work))?;
        let read = match read {
            Err(_) if sandbox.is_elsewhere(path) => Attempt::Moved,
            // The folder may have been swapped and be back by now. If this goes on, the files really are closed to us.
            Err(Halt::Unread(why)) if patience.hopes() && sandbox.refused(path, &why) => {
                Attempt::Moved
            }
            read => read?,
        };
        if let Attempt::Read(value) = read {
            return Ok(value);
        }
        patience.spend(&read)?;
        std::thread::sleep(PAUSE);
    }
}

/// How a reading that came to nothing goes on.
struct Patience {
    started: Instant,
    /// How often the database moved.
    moved: u32,
    /// Whether the next reading tries SQLite's own locks.
    join: bool,
}

impl Patience {
    fn new() -> Self {
        Self { started: Instant::now(), moved: 0, join: true }
    }

    fn is_left(&self) -> bool {
        self.moved < ATTEMPTS
    }

    /// Whether one who is refused may be let in yet. On Windows each refusal takes SQLite itself a second and a half.
    fn hopes(&self) -> bool {
        self.is_left() && self.started.elapsed() < PATIENCE
    }

    fn spend<T>(&mut self, outcome: &Attempt<T>) -> Result<(), Unread> {
        match outcome {
            Attempt::CannotJoin if self.join => self.join = false,
            Attempt::Locked if self.started.elapsed() < PATIENCE => {}
            Attempt::Locked => {
                return Err(Unread::Held("it is locked even for reading".to_owned()));
            }
            _ if self.is_left() => {
                self.moved += 1;
                // Somebody writes. They may have been in the middle of the index when it could not be
                // joined, and without locks there may be no end to their moving.
                self.join = true;
            }
            _ => {
                let text = format!("it changed each of the {ATTEMPTS} times it was read");
                return Err(Unread::Held(text));
            }
        }
        Ok(())
    }
}

enum Attempt<T> {
    Read(T),
    Moved,
    Locked,
    CannotJoin,
}

fn once<T>(
    place: &DatabasePath,
    join: bool,
    work: &mut impl FnMut(&Connection, &Meta) -> Result<T, Halt>,
) -> Result<Attempt<T>, Halt> {
    // Declared first, so that it is closed last: see `Probe`.
    let probe = Probe::open(&place.path)?;
    // SQLite opens what lies under these names, and would wait for a FIFO's other end for ever.
    for ending in DATABASE_SIDE_FILES {
        probe.side_len(ending)?;
    }
    let way = if probe.journal == Journal::Wal || probe.side_len("-wal")?.is_some() {
        if !probe.hold() {
            return Ok(Attempt::Locked);
        }
        match probe.log_has_frames()? {
            false => Way::Immutable,
            true if join && probe.side_len("-shm")?.is_some() => Way::Joined,
            true => Way::Alone,
        }
    } else if join {
        Way::Joined
    } else if probe.journal_has_content()? {
        return Err(Unread::Unfinished.into());
    } else {
        Way::Immutable
    };
    let before = probe.stamp();
    let result = open(&probe.path, way).and_then(|connection| {
        connection.execute_batch("BEGIN")?;
        work(&connection, &probe.meta)
    });
    match (way, result) {
        (Way::Joined, Err(Halt::Sqlite(error))) if cannot_join(&error) => Ok(Attempt::CannotJoin),
        (Way::Joined, result) if probe.is_still_there()? => result.map(Attempt::Read),
        (Way::Alone | Way::Immutable, result) if probe.stamp() == before => {
            result.map(Attempt::Read)
        }
        (_, Err(Halt::Failed(error))) => Err(Halt::Failed(error)),
        _ => Ok(Attempt::Moved),
    }
}

/// Opens a connection that cannot write, on a regular file.
pub(super) fn open(path: &Path, way: Way) -> Result<Connection, Halt> {
    let uri = match way {
        Way::Joined => uri(path, "mode=ro&readonly_shm=1"),
        // Where there is no such layer, opening fails with SQLite's words and the database counts as
        // unreadable for now.
        Way::Alone => {
            let layer = platform::sqlite_without_locks();
            uri(path, &format!("mode=ro&vfs={layer}"))
        }
        Way::Immutable => uri(path, "mode=ro&immutable=1"),
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut connection = Connection::open_with_flags(uri, flags)?;
    connection.busy_timeout(PATIENCE)?;
    guard(&mut connection)?;
    // Exclusive before the first access keeps the index in memory; it needs no lock and no `-shm`.
    if way == Way::Alone {
        connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE")?;
    }
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cell_size_check = ON")?;
    Ok(connection)
}

/// Settings of the connection, not of the database: it never checkpoints on closing, keeps temporary
/// data in memory, does not believe what a schema says and ends what takes too long.
pub(super) fn guard(connection: &mut Connection) -> rusqlite::Result<()> {
    super::limit::set(connection)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 0")
}

/// Whether SQLite could not use the index beside the log, or locks do not work here.
fn cannot_join(error: &rusqlite::Error) -> bool {
    failure::code_of(error).is_some_and(|code| {
        matches!(
            code.extended_code,
            ffi::SQLITE_READONLY_CANTINIT
                | ffi::SQLITE_READONLY_RECOVERY
                | ffi::SQLITE_CANTOPEN
                | ffi::SQLITE_IOERR_LOCK
                | ffi::SQLITE_IOERR_RDLOCK
                | ffi::SQLITE_IOERR_SHMOPEN
                | ffi::SQLITE_IOERR_SHMMAP
                | ffi::SQLITE_IOERR_SHMLOCK
                | ffi::SQLITE_IOERR_SHMSIZE
        )
    })
}

/// A `file:` URI for a path, whatever is in its name.
fn uri(path: &Path, parameters: &str) -> String {
    let mut uri = String::from("file:");
    for byte in platform::sqlite_path(path) {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri.push('?');
    uri.push_str(parameters);
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_joined_once_is_tried_again_when_it_moves_without_locks() {
        let mut patience = Patience::new();
        for _ in 0..ATTEMPTS {
            assert!(patience.join);
            patience.spend(&Attempt::<()>::CannotJoin).unwrap();
            assert!(!patience.join);
            patience.spend(&Attempt::<()>::Moved).unwrap();
        }
        patience.spend(&Attempt::<()>::CannotJoin).unwrap();
        assert!(patience.spend(&Attempt::<()>::Moved).is_err());
    }

    #[test]
    fn who_is_refused_is_not_waited_for_longer_than_who_is_locked_out() {
        let mut patience = Patience::new();
        assert!(patience.hopes());
        patience.started = Instant::now().checked_sub(PATIENCE).unwrap();
        assert!(patience.is_left() && !patience.hopes());
    }

    #[test]
    #[cfg(unix)]
    fn a_uri_hides_nothing_that_a_path_may_hold() {
        let path = Path::new("/a b/50%?x=1#y/ä.sqlite");
        assert_eq!(uri(path, "mode=ro"), "file:/a%20b/50%25%3Fx%3D1%23y/%C3%A4.sqlite?mode=ro");
    }
}

//! SQLite's failures in words: what happened, to which database, and what to do.

use std::path::Path;

use rusqlite::ffi::{self, ErrorCode};

use crate::error::{Error, Kind};
use crate::image::{UNFINISHED, Unread, Unusable};
use crate::step::Step;

/// Said where another process keeps everybody out.
const LOCKED: &str = "another process holds the database";
const UNLOCK: &str = "stop the process that holds it (a second gateway, a node host, `openclaw doctor`, a backup job; \
                      `fuser -v FILE` names it), or wait until it is done; then run the same command again";

/// Why a reading came to nothing.
#[derive(Debug)]
pub(super) enum Halt {
    /// The database is not in a state to be read.
    Unread(Unread),
    /// What was done with what was read failed.
    Failed(Error),
    /// SQLite itself failed.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Halt {
    fn from(error: rusqlite::Error) -> Self {
        Halt::Sqlite(error)
    }
}

impl From<Unread> for Halt {
    fn from(trouble: Unread) -> Self {
        Halt::Unread(trouble)
    }
}

impl Halt {
    /// The database is damaged or no database at all: not now, and not in a moment either.
    pub(super) fn is_beyond_reading(&self) -> bool {
        match self {
            Halt::Unread(Unread::Foreign | Unread::Damaged(_) | Unread::Unfinished) => true,
            Halt::Unread(Unread::Unusable(why)) => {
                matches!(
                    why,
                    Unusable::NotAFile(_)
                        | Unusable::NoFolder
                        | Unusable::Symlink(_)
                        | Unusable::TooMany { .. }
                )
            }
            Halt::Unread(_) | Halt::Failed(_) => false,
            Halt::Sqlite(error) => code_of(error).is_some_and(|code| {
                matches!(code.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            }),
        }
    }

    /// As an error about the database at `path`.
    pub(super) fn into_error(self, path: &Path) -> Error {
        match self {
            Halt::Unread(trouble) => unreadable(path, &trouble),
            Halt::Failed(error) => error,
            Halt::Sqlite(error) => unreadable(path, &trouble(&error)),
        }
    }
}

/// A failure while reading, as a state of the database.
pub(super) fn trouble(error: &rusqlite::Error) -> Unread {
    let Some(code) = code_of(error) else { return Unread::Damaged(says(error)) };
    match code.code {
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed => Unread::Held(LOCKED.to_owned()),
        ErrorCode::OperationInterrupted => {
            Unread::Unusable(Unusable::Io(super::limit::TOO_LONG.to_owned()))
        }
        ErrorCode::PermissionDenied => Unread::Unusable(Unusable::Denied),
        ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::OutOfMemory
        | ErrorCode::TooBig => Unread::Unusable(Unusable::Io(says(error))),
        _ if code.extended_code == ffi::SQLITE_READONLY_ROLLBACK => Unread::Unfinished,
        _ => Unread::Damaged(says(error)),
    }
}

/// A failure in SQLite's general words. Its own text may quote from the database's schema.
pub(super) fn says(error: &rusqlite::Error) -> String {
    match code_of(error) {
        Some(code) => ffi::code_to_str(code.extended_code).to_owned(),
        None => "SQLite cannot make sense of it".to_owned(),
    }
}

/// SQLite's own code, if the failure is SQLite's.
pub(super) fn code_of(error: &rusqlite::Error) -> Option<ffi::Error> {
    match error {
        rusqlite::Error::SqliteFailure(code, _) => Some(*code),
        rusqlite::Error::SqlInputError { error, .. } => Some(*error),
        _ => None,
    }
}

/// Whether another process is in the way.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    code_of(error).is_some_and(|code| {
        matches!(code.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    })
}

/// A failed reading or an impossible writing, as an error.
pub(super) fn unreadable(path: &Path, trouble: &Unread) -> Error {
    match trouble {
        Unread::Absent => Error::failed("the database is not there")
            .at(path)
            .hint("check --state-dir, or start the gateway once: it makes the database"),
        Unread::Empty => Error::failed("the database is a file of zero bytes").at(path).hint(
            "put a backup of it back, or move it away and start the gateway, which makes a new one",
        ),
        Unread::Foreign => Error::failed("this is not a SQLite database")
            .at(path)
            .hint("put a backup of it back, or move it away; clawmend does not change it"),
        Unread::Damaged(why) => damaged(path, why),
        Unread::Unfinished => damaged(path, UNFINISHED),
        Unread::Held(why) => busy(path).because(why),
        Unread::Unusable(Unusable::Symlink(target) | Unusable::Dangling(target)) => Error::refused(
            "the database is a symbolic link, and clawmend does not write through one",
        )
        .at(path)
        .because(format!("it leads to {}", crate::text::named(target)))
        .hint("put the database itself there, or give its state dir with --state-dir"),
        Unread::Unusable(Unusable::NotAFile(what)) => {
            Error::refused(format!("at the place of the database is {what}"))
                .at(path)
                .hint("move it away, and put the database or a backup of it there")
        }
        Unread::Unusable(Unusable::NoFolder) => {
            Error::refused("the folder of the database is a file").at(path).hint(
                "move that file away, and put the folder with the database or a backup of it there",
            )
        }
        Unread::Unusable(Unusable::Denied) => Error::failed("no permission to read the database")
            .at(path)
            .hint(crate::platform::RUN_AS),
        Unread::Unusable(Unusable::TooLarge { len, limit }) => Error::refused(
            "the pairing tables are larger than clawmend reads",
        )
        .at(path)
        .because(format!("{len} bytes, the limit is {limit}"))
        .hint(
            "look at what is in them (`sqlite3 FILE`); an older copy of the database is a way back",
        ),
        Unread::Unusable(Unusable::TooMany { place, count, limit }) => {
            Error::refused(crate::text::too_many(place, *count, *limit))
                .at(path)
                .hint(crate::text::TOO_MANY_ADVICE)
        }
        Unread::Unusable(Unusable::Io(why)) => Error::failed("the database could not be read")
            .at(path)
            .because(why)
            .hint("check the disk and the folder's permissions, then run the same command again"),
    }
}

fn damaged(path: &Path, why: &str) -> Error {
    Error::failed("the database is damaged or unfinished").at(path).because(why).hint(
        "put a backup back (the main file alone, with any `-wal` and `-shm` moved away); \
         clawmend does not write to a damaged database",
    )
}

/// F19: somebody holds the database.
pub(super) fn busy(path: &Path) -> Error {
    Error::refused(format!("{LOCKED} for too long; nothing was changed")).at(path).hint(UNLOCK)
}

/// A failed write; the transaction was rolled back.
pub(super) fn not_written(path: &Path, error: &rusqlite::Error) -> Error {
    if is_busy(error) {
        return busy(path);
    }
    let Some(code) = code_of(error) else {
        return Error::failed("the database was not changed")
            .at(path)
            .because(says(error))
            .hint(Step::clawmend(["diagnose"]).note("shows the present state; then try again"));
    };
    match code.code {
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
            Error::failed("the database cannot be written; nothing was changed")
                .at(path)
                .because(says(error))
                .hint(crate::platform::RUN_AS)
                .hint("the database's folder must be writable too")
        }
        ErrorCode::DiskFull => Error::failed("the disk is full; the database was not changed")
            .at(path)
            .hint("free some space, then run the same command again"),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => damaged(path, &says(error)),
        ErrorCode::ConstraintViolation => {
            Error::refused("the database refuses the rows; nothing was changed")
                .at(path)
                .because(says(error))
                .hint(Step::clawmend(["diagnose"]).note("shows the present state; then try again"))
        }
        _ => Error::failed("the database was not changed").at(path).because(says(error)).hint(
            "run the same command again; if it fails again, check the disk and its free space",
        ),
    }
}

/// A failed commit. Where the disk failed in it, the rows may be in the log all the same, and then they
/// count once the log's index is made anew: the journal has to stay, so that the next run looks.
pub(super) fn not_committed(path: &Path, error: &rusqlite::Error) -> Error {
    let unsure = code_of(error).is_some_and(|code| code.code == ErrorCode::SystemIoFailure);
    if !unsure {
        return not_written(path, error);
    }
    Error::new(Kind::HalfDone, "the disk failed while the database was written")
        .at(path)
        .because(says(error))
        .hint("check the disk (dmesg) and its free space, and copy the state dir away")
}

/// F10: the schema is not what the plan needs.
pub(super) fn newer(path: &Path, what: &str) -> Error {
    Error::refused("clawmend cannot write a database with this schema; nothing was changed")
        .at(path)
        .because(what)
        .hint("it was made by another release of OpenClaw than clawmend knows: look for a newer clawmend")
}

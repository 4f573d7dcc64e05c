//! `pairing.sqlite`: the pairing tables of a database in a file of their own, for snapshots.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Batch, Connection, OpenFlags};

use super::failure::{Halt, says};
use super::reader::{self, Way};
use super::table::{self, TableShape, quote};
use crate::error::Error;
use crate::files::{Dir, confined, hash};
use crate::image::{Database, RECORD_LIMIT};
use crate::step::Step;
use crate::store::ManifestEntry;

/// Writes the pairing tables of `source` into a new database at `target`; says how many rows each has.
pub(super) fn write(source: &Connection, target: &Path) -> Result<BTreeMap<String, u64>, Halt> {
    let failed = |error: rusqlite::Error| {
        Halt::Failed(
            Error::failed("could not write the snapshot's extract of the database")
                .at(target)
                .because(says(&error))
                .hint("check the free space and the permissions of the snapshot's folder"),
        )
    };
    // A reading that is repeated starts over.
    for ending in ["", "-journal"] {
        let old = super::probe::side_path(target, ending);
        match std::fs::remove_file(&old) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Halt::Failed(Error::io("remove", &old, &error)));
            }
            _ => {}
        }
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut copy = Connection::open_with_flags(target, flags).map_err(failed)?;
    super::limit::set(&mut copy).map_err(failed)?;
    // No journal and no sync: nobody reads it before the snapshot is whole, and copying it there syncs it.
    copy.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536; PRAGMA locking_mode = EXCLUSIVE; BEGIN",
    )
    .map_err(failed)?;
    let version = table::user_version(source)?;
    copy.execute_batch(&format!("PRAGMA user_version = {version}")).map_err(failed)?;
    let mut counts = BTreeMap::new();
    for (part, shape) in table::shapes(source)? {
        make(&copy, &shape.sql, part.table(), failed)?;
        let count = copy_rows(source, &copy, &shape, failed)?;
        for index in indexes(source, part.table())? {
            make(&copy, &index, part.table(), failed)?;
        }
        counts.insert(part.table().to_owned(), count);
    }
    copy.execute_batch("COMMIT").map_err(failed)?;
    copy.close().map_err(|(_, error)| failed(error))?;
    Ok(counts)
}

/// Runs a schema's text, which whoever wrote the database chose: one statement that makes something, and
/// nothing after it.
fn make(
    copy: &Connection,
    sql: &str,
    table: &str,
    failed: impl Fn(rusqlite::Error) -> Halt,
) -> Result<(), Halt> {
    let makes = sql.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("create "));
    let mut statements = Batch::new(copy, sql);
    match (statements.next().map_err(&failed)?, statements.next()) {
        (Some(mut statement), Ok(None)) if makes => {
            statement.raw_execute().map(drop).map_err(failed)
        }
        _ => Err(Halt::Failed(
            Error::refused(format!(
                "what the database holds as the schema of `{table}` is more than one table or index, and \
                 clawmend runs none of it"
            ))
            .hint("OpenClaw writes no such schema: restore the database from a backup of its file"),
        )),
    }
}

/// Copies cell by cell, each with its storage class, text that is not UTF-8 included.
fn copy_rows(
    source: &Connection,
    copy: &Connection,
    shape: &TableShape,
    failed: impl Fn(rusqlite::Error) -> Halt,
) -> Result<u64, Halt> {
    let columns: Vec<String> = shape.columns.iter().map(|c| quote(&c.name)).collect();
    let values = vec!["?"; columns.len()].join(", ");
    let sql = format!(
        "INSERT INTO {} ({}) VALUES ({values})",
        quote(shape.part.table()),
        columns.join(", ")
    );
    let mut insert = copy.prepare(&sql).map_err(&failed)?;
    let mut select = source.prepare(&shape.select_all())?;
    let mut rows = select.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        // A restore would refuse to read more.
        if count >= RECORD_LIMIT as u64 {
            return Err(table::too_many(source, shape.part, RECORD_LIMIT));
        }
        for at in 0..columns.len() {
            let value = ToSqlOutput::Borrowed(row.get_ref(at)?);
            insert.raw_bind_parameter(at + 1, value).map_err(&failed)?;
        }
        insert.raw_execute().map_err(&failed)?;
        count += 1;
    }
    Ok(count)
}

fn indexes(source: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    source
        .prepare(
            "SELECT sql FROM main.sqlite_schema WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL ORDER BY name",
        )?
        .query_map([table], |row| row.get(0))?
        .collect()
}

/// Opens an extract and reads its rows, if it is still the file that the entry describes.
pub(super) fn read(folder: &Dir, path: &Path, entry: &ManifestEntry) -> Result<Database, Error> {
    checked(folder, path, entry, table::read_all).map_err(|halt| broken(path, halt))
}

/// Checks an extract in a snapshot's `folder`: SQLite's whole integrity check, and against the manifest its
/// checksum and the number of rows of each table.
pub fn verify_extract(folder: &Dir, path: &Path, entry: &ManifestEntry) -> Result<(), Error> {
    checked(folder, path, entry, |connection| verify(path, entry, connection))
        .map_err(|halt| broken(path, halt))
}

fn verify(path: &Path, entry: &ManifestEntry, connection: &Connection) -> Result<(), Halt> {
    let answer: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if answer != "ok" {
        return Err(wrong(path, "SQLite finds it damaged"));
    }
    let mut found = BTreeMap::new();
    for part in table::shapes(connection)?.into_keys() {
        found.insert(part.table().to_owned(), table::count(connection, part)?);
    }
    match found == entry.rows {
        true => Ok(()),
        false => {
            Err(wrong(path, "its tables or their numbers of rows are not those of the manifest"))
        }
    }
}

/// Opens an extract for `work`, which reaches nothing but the snapshot's folder.
fn checked<T: Send>(
    folder: &Dir,
    path: &Path,
    entry: &ManifestEntry,
    work: impl FnOnce(&Connection) -> Result<T, Halt> + Send,
) -> Result<T, Halt> {
    // SQLite refuses a link anywhere in a path, and the state dir may be behind one.
    let real = super::probe::resolve_parent(path)?;
    let failed = |error: std::io::Error| Halt::Failed(Error::io("read", path, &error));
    let work = || {
        let file = crate::platform::open_quietly(&real).map_err(failed)?;
        let copied = hash::copy(&mut hash::steps(file), &mut std::io::sink());
        if entry.sha256 != Some(copied.map_err(failed)?.0) {
            return Err(wrong(path, "its checksum is not that of the manifest"));
        }
        // It is nobody else's, so nothing can move.
        work(&reader::open(&real, Way::Immutable)?)
    };
    confined::within([(folder, false)], work).map_err(failed)?
}

fn wrong(path: &Path, why: &str) -> Halt {
    Halt::Failed(not_whole(path, why))
}

fn not_whole(path: &Path, why: &str) -> Error {
    Error::failed("the snapshot's extract of the database is not whole")
        .at(path)
        .because(why)
        .hint(Step::other_snapshot())
}

fn broken(path: &Path, halt: Halt) -> Error {
    let why = match halt {
        Halt::Failed(error) => return error,
        halt => halt.into_error(path),
    };
    not_whole(path, why.cause().unwrap_or(why.message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_a_schema_is_not_run() {
        let copy = Connection::open_in_memory().unwrap();
        let make = |sql: &str| make(&copy, sql, "a", Halt::Sqlite);
        for forged in [
            "CREATE TABLE a (x); CREATE TABLE b (x)",
            "CREATE TABLE a (x); nonsense",
            "ATTACH ':memory:' AS b",
            "",
        ] {
            make(forged).unwrap_err();
            let found: i64 =
                copy.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
            assert_eq!(found, 0, "{forged}");
        }
        make("CREATE TABLE a (x) -- of OpenClaw\n;").unwrap();
        make("create unique index i ON a (x)").unwrap();
    }
}

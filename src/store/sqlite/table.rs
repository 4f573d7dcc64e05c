//! The pairing tables: what columns they have, and their rows.

use std::collections::{BTreeMap, HashSet};

use rusqlite::types::{FromSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};

use super::failure::Halt;
use crate::image::{Cell, Database, RECORD_LIMIT, Row, Table, TableColumn, Unread, Unusable};
use crate::model::layout::{self, Part};
use crate::secret::Secret;

/// More than this in the pairing tables is not read.
const LIMIT: u64 = 1 << 30;
/// Up to this many rows a table's indexes are compared with it as well.
const THOROUGH: usize = 20_000;

/// A pairing table as the schema describes it.
#[derive(Clone, Debug)]
pub(super) struct TableShape {
    /// What the table holds.
    pub part: Part,
    /// Its `CREATE TABLE`, as it was written.
    pub sql: String,
    /// Its columns in order, without generated ones.
    pub columns: Vec<TableColumn>,
}

impl TableShape {
    /// A column by its name in the schema.
    pub(super) fn column(&self, name: &str) -> Option<&TableColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// `SELECT` of all columns.
    pub(super) fn select_all(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|c| quote(&c.name)).collect();
        format!("SELECT {} FROM {}", columns.join(", "), quote(self.part.table()))
    }
}

/// The pairing tables that exist.
pub(super) fn shapes(connection: &Connection) -> Result<BTreeMap<Part, TableShape>, Halt> {
    let mut shapes = BTreeMap::new();
    let mut find =
        connection.prepare("SELECT type, sql FROM main.sqlite_schema WHERE name = ?1")?;
    for part in Part::tables() {
        let found = find
            .query_map([part.table()], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?))
            })?
            .next()
            .transpose()?;
        let Some((kind, sql)) = found else { continue };
        let sql = sql.unwrap_or_default();
        if kind != "table" || sql.to_ascii_uppercase().starts_with("CREATE VIRTUAL") {
            let text = format!("`{}` in it is not an ordinary table", part.table());
            return Err(Unread::Damaged(text).into());
        }
        shapes.insert(part, shape(connection, part, sql)?);
    }
    Ok(shapes)
}

fn shape(connection: &Connection, part: Part, sql: String) -> rusqlite::Result<TableShape> {
    let mut columns = Vec::new();
    let mut info = connection.prepare(
        "SELECT name, \"notnull\", dflt_value IS NOT NULL FROM pragma_table_xinfo(?1) WHERE hidden = 0",
    )?;
    let mut rows = info.query([part.table()])?;
    while let Some(row) = rows.next()? {
        columns.push(TableColumn {
            name: row.get(0)?,
            not_null: row.get(1)?,
            has_default: row.get(2)?,
        });
    }
    Ok(TableShape { part, sql, columns })
}

/// Reads the pairing tables, `user_version` and the release's name.
pub(super) fn read_all(connection: &Connection) -> Result<Database, Halt> {
    let mut tables = BTreeMap::new();
    let mut size = 0;
    for (part, shape) in shapes(connection)? {
        let table = read_rows(connection, &shape, &mut size, RECORD_LIMIT)?;
        check(connection, part, table.rows.len())?;
        tables.insert(part, std::sync::Arc::new(table));
    }
    Ok(Database {
        user_version: user_version(connection)?,
        content_version: content_version(connection),
        app_version: app_version(connection),
        lacks_role: first::<i64>(connection, layout::SCHEMA_META, "1", GLOBAL).is_none(),
        has_triggers: has_triggers(connection)?,
        lacks_tables: lacks_tables(connection)?,
        is_claimed: first::<i64>(connection, layout::MACHINE_STATE, "1", CLAIM).is_some(),
        has_booted: first::<i64>(connection, layout::BOOTS, "1", "").is_some(),
        secrets: secrets(connection).unwrap_or_default(),
        tables,
        ..Database::default()
    })
}

/// Reads one table of at most `limit` rows. `size` grows by the bytes of its cells.
pub(super) fn read_rows(
    connection: &Connection,
    shape: &TableShape,
    size: &mut u64,
    limit: usize,
) -> Result<Table, Halt> {
    let width = shape.columns.len();
    let mut rows = Vec::new();
    let mut statement = connection.prepare(&shape.select_all())?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        if rows.len() >= limit {
            return Err(too_many(connection, shape.part, limit));
        }
        let mut cells = Vec::with_capacity(width);
        for index in 0..width {
            let cell = cell(row.get_ref(index)?);
            *size += bytes_of(&cell);
            cells.push(cell);
        }
        if *size > LIMIT {
            let unusable = Unusable::TooLarge { len: *size, limit: LIMIT };
            return Err(Unread::Unusable(unusable).into());
        }
        rows.push(Row(cells));
    }
    Ok(Table { columns: shape.columns.clone(), rows })
}

/// A table of more rows than are read, and how many there are.
pub(super) fn too_many(connection: &Connection, part: Part, limit: usize) -> Halt {
    let (place, limit) = (part.table(), limit as u64);
    match count(connection, part) {
        Ok(count) => Unread::Unusable(Unusable::TooMany { place, count, limit }).into(),
        Err(error) => error.into(),
    }
}

/// How many rows a table has.
pub(super) fn count(connection: &Connection, part: Part) -> rusqlite::Result<u64> {
    let sql = format!("SELECT count(*) FROM {}", quote(part.table()));
    connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}

pub(super) fn user_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA main.user_version", [], |row| row.get(0))
}

/// The first value of a query on an ordinary table, where there is one.
fn first<T: FromSql>(connection: &Connection, table: &str, column: &str, which: &str) -> Option<T> {
    let sql = format!("SELECT {column} FROM {} {which} LIMIT 1", quote(table));
    let found = || connection.query_row(&sql, [], |row| row.get(0)).ok();
    is_table(connection, table).then(found)?
}

/// The schema that has been applied, where the gateway keeps it.
fn content_version(connection: &Connection) -> Option<i64> {
    let which = "WHERE state_key = 'state.schema.contentVersion'";
    let column = "CAST(value_json AS TEXT)";
    let text: String = first(connection, layout::MACHINE_STATE, column, which)?;
    serde_json::from_str::<serde_json::Value>(&text).ok()?.as_i64()
}

/// How many secrets are looked at.
const SECRETS: usize = 1000;

/// The secrets that the config can refer to; none where there is no such table.
fn secrets(connection: &Connection) -> rusqlite::Result<BTreeMap<String, Secret>> {
    if !is_table(connection, layout::SECRETS) {
        return Ok(BTreeMap::new());
    }
    let sql = format!(
        "SELECT name, value FROM {} WHERE scope_kind = 'team' AND deleted_at_ms IS NULL LIMIT {SECRETS}",
        quote(layout::SECRETS)
    );
    let mut statement = connection.prepare(&sql)?;
    let rows =
        statement.query_map([], |row| Ok((row.get(0)?, Secret::new(row.get::<_, String>(1)?))))?;
    // One that is no text hides no other.
    Ok(rows.flatten().collect())
}

/// Whether a name is that of an ordinary table. A view may be without end.
pub(super) fn is_table(connection: &Connection, name: &str) -> bool {
    let sql = "SELECT 1 FROM main.sqlite_schema WHERE name = ?1 AND type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'";
    connection.query_row(sql, [name], |_| Ok(())).is_ok()
}

/// The row by which the gateway knows the database for its own.
const GLOBAL: &str = "WHERE meta_key = 'primary' AND role = 'global'";

/// The row by which another product's supervisor has it for its own.
const CLAIM: &str = "WHERE state_key = 'gateway.supervision'";

fn has_triggers(connection: &Connection) -> Result<bool, Halt> {
    let sql = "SELECT EXISTS (SELECT 1 FROM main.sqlite_schema WHERE type = 'trigger')";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

fn lacks_tables(connection: &Connection) -> rusqlite::Result<Vec<&'static str>> {
    let mut names =
        connection.prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table'")?;
    let names: HashSet<String> = names.query_map([], |row| row.get(0))?.flatten().collect();
    Ok(layout::NEEDED_TABLES.split(' ').filter(|name| !names.contains(*name)).collect())
}

/// The release that wrote the database, where `schema_meta` says so in a way we know.
fn app_version(connection: &Connection) -> Option<String> {
    let which = "WHERE app_version IS NOT NULL ORDER BY meta_key = 'primary' DESC, updated_at DESC";
    let text: String = first(connection, layout::SCHEMA_META, "app_version", which)?;
    // It is said on the first line of every command.
    text.lines().next().map(|release| crate::secret::shape::Shape::Version.show(release))
}

/// Looks for damage that reading every row does not show. Broken promises of a column (NOT NULL,
/// CHECK, a type) are not damage: they are records to be judged by the checks.
fn check(connection: &Connection, part: Part, rows: usize) -> Result<(), Halt> {
    if rows > THOROUGH {
        return Ok(());
    }
    let sql = format!("PRAGMA main.integrity_check({})", quote(part.table()));
    let mut statement = connection.prepare(&sql)?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let text: String = row.get(0)?;
        let about_values = [
            "NULL value in",
            "CHECK constraint failed in",
            "non-",
            "NUMERIC value in",
            "TEXT value in",
        ];
        if text != "ok" && !about_values.iter().any(|start| text.starts_with(start)) {
            let text = format!("SQLite's check of the table `{}` fails", part.table());
            return Err(Unread::Damaged(text).into());
        }
    }
    Ok(())
}

/// A name in SQL.
pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A cell as SQLite holds it.
pub(super) fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Cell::Text(text.to_owned()),
            Err(_) => Cell::OddText(bytes.to_vec()),
        },
        ValueRef::Blob(bytes) => Cell::Blob(bytes.to_vec()),
    }
}

/// A cell as a parameter.
pub(super) struct Bound<'a>(pub &'a Cell);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Cell::Null => ValueRef::Null,
            Cell::Integer(number) => ValueRef::Integer(*number),
            Cell::Real(number) => ValueRef::Real(*number),
            Cell::Text(text) => ValueRef::Text(text.as_bytes()),
            Cell::OddText(bytes) => ValueRef::Text(bytes),
            Cell::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn bytes_of(cell: &Cell) -> u64 {
    match cell {
        Cell::Text(text) => text.len() as u64,
        Cell::OddText(bytes) | Cell::Blob(bytes) => bytes.len() as u64,
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_rows_than_are_read_are_counted_and_not_kept() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE device_pairing_paired (device_id TEXT PRIMARY KEY);
                 INSERT INTO device_pairing_paired VALUES ('a'), ('b'), ('c'), ('d')",
            )
            .unwrap();
        let shapes = shapes(&connection).unwrap();
        let shape = shapes.get(&Part::Paired).unwrap();
        let read = |limit| read_rows(&connection, shape, &mut 0, limit);
        assert_eq!(read(4).unwrap().rows.len(), 4);
        let Err(Halt::Unread(Unread::Unusable(why))) = read(3) else {
            panic!("four rows were read where three are the limit");
        };
        let expected = Unusable::TooMany { place: "device_pairing_paired", count: 4, limit: 3 };
        assert_eq!(why, expected);
        let words = super::super::failure::unreadable("x".as_ref(), &Unread::Unusable(why));
        assert!(words.to_string().contains("holds 4 records"), "{words}");
        assert!(!words.hints().is_empty());
    }
}

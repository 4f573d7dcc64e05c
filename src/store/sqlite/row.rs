//! One row in the transaction: is it still what it was, then its change.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::failure::{self, Halt};
use super::table::{self, Bound, TableShape, quote};
use crate::error::Error;
use crate::image::Cell;
use crate::model::layout::Part;
use crate::plan::{Changes, RowChange, RowOp};
use crate::secret::{self, mask};
use crate::store::CommitError;

/// One row on its way into the database.
pub(super) struct OneRow<'a> {
    /// The connection, in its transaction.
    pub connection: &'a Connection,
    /// The database's path, for messages.
    pub path: &'a Path,
    /// The row's table.
    pub shape: &'a TableShape,
    /// What is to happen.
    pub change: &'a RowChange,
}

impl OneRow<'_> {
    /// Changes the row if it is still what the change starts from.
    pub(super) fn apply(&self) -> Result<(), CommitError> {
        let (old, new) = (self.change.op.old_cells(), self.change.op.new_cells());
        let names: Vec<&str> = new.iter().map(|(name, _)| *name).collect();
        self.require(old.iter().chain(&new).map(|(name, _)| *name))?;
        match &self.change.op {
            RowOp::Insert(_) => self.expect_none(&names)?,
            RowOp::Update(_) | RowOp::Delete(_) => self.expect(&old)?,
        }
        let values = (1..=new.len()).map(|at| format!("?{at}"));
        let columns = names.iter().map(|name| quote(name));
        let table = quote(self.change.part.table());
        let is_key = key_is(&self.change.key, new.len());
        let join = |texts: Vec<String>| texts.join(", ");
        let sql = match &self.change.op {
            RowOp::Update(_) => {
                let set = columns.zip(values).map(|(column, value)| format!("{column} = {value}"));
                format!("UPDATE {table} SET {} WHERE {is_key}", join(set.collect()))
            }
            RowOp::Delete(_) => format!("DELETE FROM {table} WHERE {is_key}"),
            RowOp::Insert(_) => format!(
                "INSERT INTO {table} ({}) VALUES ({})",
                join(columns.collect()),
                join(values.collect())
            ),
        };
        let key = self.change.key.iter().map(|(_, cell)| cell);
        let key = key.filter(|_| !matches!(self.change.op, RowOp::Insert(_)));
        self.execute(&sql, new.iter().map(|(_, cell)| *cell).chain(key))
    }

    /// Every column that is named must be there.
    fn require<'n>(&'n self, names: impl Iterator<Item = &'n str>) -> Result<(), Error> {
        let keys = self.change.key.iter().map(|(name, _)| name.as_str());
        match names.chain(keys).find(|name| self.shape.column(name).is_none()) {
            Some(name) => Err(failure::newer(
                self.path,
                &format!("`{}` has no column `{name}`", self.change.part.table()),
            )),
            None => Ok(()),
        }
    }

    /// The new row must not be there yet, nor leave a column out that wants a value.
    fn expect_none(&self, names: &[&str]) -> Result<(), CommitError> {
        let wanting = self.shape.columns.iter().find(|column| {
            column.not_null && !column.has_default && !names.contains(&column.name.as_str())
        });
        if let Some(column) = wanting {
            let what = format!(
                "`{}` has a column `{}` that needs a value, and clawmend does not know which",
                self.change.part.table(),
                column.name
            );
            return Err(failure::newer(self.path, &what).into());
        }
        match self.found(&[])? {
            None => Ok(()),
            Some(_) => Err(self.moved("is there already")),
        }
    }

    fn expect(&self, old: &[(&str, &Cell)]) -> Result<(), CommitError> {
        let names: Vec<&str> = old.iter().map(|(name, _)| *name).collect();
        match self.found(&names)? {
            None => Err(self.moved("is gone")),
            Some(found) if found.iter().eq(old.iter().map(|(_, cell)| *cell)) => Ok(()),
            Some(_) => Err(self.moved("was changed by somebody else")),
        }
    }

    fn found(&self, names: &[&str]) -> Result<Option<Vec<Cell>>, Error> {
        fetch(self.connection, self.shape, &self.change.key, names)
            .map_err(|error| failure::not_written(self.path, &error))
    }

    fn moved(&self, how: &str) -> CommitError {
        let row = describe(self.change.part, &self.change.key);
        CommitError::Stale(format!("{row} {how}"))
    }

    fn execute<'c>(
        &self,
        sql: &str,
        cells: impl Iterator<Item = &'c Cell>,
    ) -> Result<(), CommitError> {
        let changed = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement.execute(rusqlite::params_from_iter(cells.map(Bound)))
            })
            .map_err(|error| failure::not_written(self.path, &error))?;
        match changed {
            1 => Ok(()),
            _ => Err(self.moved("is not one row")),
        }
    }
}

/// The named cells of the row with this key.
pub(super) fn fetch(
    connection: &Connection,
    shape: &TableShape,
    key: &[(String, Cell)],
    names: &[&str],
) -> rusqlite::Result<Option<Vec<Cell>>> {
    let columns = match names {
        [] => "1".to_owned(),
        _ => names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", "),
    };
    let sql =
        format!("SELECT {columns} FROM {} WHERE {}", quote(shape.part.table()), key_is(key, 0));
    let key = key.iter().map(|(_, cell)| Bound(cell));
    connection
        .prepare_cached(&sql)?
        .query_row(rusqlite::params_from_iter(key), |row| {
            (0..names.len()).map(|at| row.get_ref(at).map(table::cell)).collect()
        })
        .optional()
}

fn key_is(key: &[(String, Cell)], offset: usize) -> String {
    let each = key.iter().enumerate();
    let each = each.map(|(at, (name, _))| format!("{} IS ?{}", quote(name), offset + at + 1));
    each.collect::<Vec<_>>().join(" AND ")
}

/// The first row that is not as the changes say, in words.
pub(super) fn first_difference(
    connection: &Connection,
    changes: &Changes,
) -> Result<Option<String>, Halt> {
    let shapes = table::shapes(connection)?;
    for change in &changes.rows {
        let name = describe(change.part, &change.key);
        let Some(shape) = shapes.get(&change.part) else {
            return Ok(Some(format!("{name} is gone, and its table with it")));
        };
        let expected = change.op.new_cells();
        let names: Vec<&str> = expected.iter().map(|(name, _)| *name).collect();
        let found = fetch(connection, shape, &change.key, &names)?;
        match (&change.op, found) {
            (RowOp::Delete(_), None) => {}
            (RowOp::Delete(_), Some(_)) => return Ok(Some(format!("{name} is still there"))),
            (_, None) => return Ok(Some(format!("{name} is not there"))),
            (_, Some(found)) => {
                let differs = expected.iter().zip(&found).find(|((_, new), now)| *new != *now);
                if let Some(((column, _), _)) = differs {
                    return Ok(Some(format!(
                        "column `{column}` of {name} is not what was planned"
                    )));
                }
            }
        }
    }
    Ok(None)
}

/// A row in words, as far as its key may be shown: an id that nothing here proves may be a secret.
pub(super) fn describe(part: Part, key: &[(String, Cell)]) -> String {
    let table = part.table();
    match (part, key.first().and_then(|(_, cell)| cell.text())) {
        (Part::Pending, Some(id)) => {
            format!("the row `{}` of `{table}`", secret::shape::Shape::RequestId.show(id))
        }
        (Part::Paired, Some(id)) => format!("the row `{}` of `{table}`", mask(id)),
        _ => format!("a row of `{table}`"),
    }
}

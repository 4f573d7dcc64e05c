//! One row in the transaction: is it still what it was, then its change.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::table::{self, Bound, Shape, quote};
use super::words;
use crate::error::Error;
use crate::image::Cell;
use crate::model::layout::Part;
use crate::plan::{RowChange, RowOp};
use crate::secret::{self, mask};
use crate::store::CommitError;

/// One row on its way into the database.
pub(super) struct OneRow<'a> {
    /// The connection, in its transaction.
    pub connection: &'a Connection,
    /// The database, for messages.
    pub path: &'a Path,
    /// The row's table.
    pub shape: &'a Shape,
    /// What is to happen.
    pub change: &'a RowChange,
}

impl OneRow<'_> {
    /// Changes the row if it is still what the change starts from.
    pub(super) fn apply(&self) -> Result<(), CommitError> {
        match &self.change.op {
            RowOp::Update(cells) => {
                let names: Vec<&str> = cells.iter().map(|cell| cell.column.as_str()).collect();
                self.require(&names)?;
                self.expect(&names, cells.iter().map(|cell| &cell.old))?;
                let set: Vec<String> = cells
                    .iter()
                    .enumerate()
                    .map(|(at, cell)| {
                        let value = self.shape.parameter(&cell.column, &cell.new, at + 1);
                        format!("{} = {value}", quote(&cell.column))
                    })
                    .collect();
                let sql = format!(
                    "UPDATE {} SET {} WHERE {}",
                    quote(self.change.part.table()),
                    set.join(", "),
                    key_is(self.shape, &self.change.key, cells.len())
                );
                self.execute(&sql, cells.iter().map(|cell| &cell.new).chain(self.key()))
            }
            RowOp::Delete(cells) => {
                let names: Vec<&str> = cells.iter().map(|(name, _)| name.as_str()).collect();
                self.require(&names)?;
                self.expect(&names, cells.iter().map(|(_, cell)| cell))?;
                let sql = format!(
                    "DELETE FROM {} WHERE {}",
                    quote(self.change.part.table()),
                    key_is(self.shape, &self.change.key, 0)
                );
                self.execute(&sql, self.key())
            }
            RowOp::Insert(cells) => {
                let names: Vec<&str> = cells.iter().map(|(name, _)| name.as_str()).collect();
                self.require(&names)?;
                self.require_no_other(&names)?;
                if fetch(self.connection, self.shape, &self.change.key, &[])
                    .map_err(|error| words::not_written(self.path, &error))?
                    .is_some()
                {
                    return Err(self.moved("is there already"));
                }
                let columns: Vec<String> = names.iter().map(|name| quote(name)).collect();
                let values: Vec<String> = cells
                    .iter()
                    .enumerate()
                    .map(|(at, (name, cell))| self.shape.parameter(name, cell, at + 1))
                    .collect();
                let sql = format!(
                    "INSERT INTO {} ({}) VALUES ({})",
                    quote(self.change.part.table()),
                    columns.join(", "),
                    values.join(", ")
                );
                self.execute(&sql, cells.iter().map(|(_, cell)| cell))
            }
        }
    }

    fn key(&self) -> impl Iterator<Item = &Cell> {
        self.change.key.iter().map(|(_, cell)| cell)
    }

    /// Every column that is named must be there.
    fn require(&self, names: &[&str]) -> Result<(), Error> {
        let keys = self.change.key.iter().map(|(name, _)| name.as_str());
        match names.iter().copied().chain(keys).find(|name| self.shape.column(name).is_none()) {
            Some(name) => Err(words::newer(
                self.path,
                &format!("`{}` has no column `{name}`", self.change.part.table()),
            )),
            None => Ok(()),
        }
    }

    /// A new row must not leave a column out that wants a value.
    fn require_no_other(&self, names: &[&str]) -> Result<(), Error> {
        match self.shape.columns.iter().find(|column| {
            column.not_null && !column.has_default && !names.contains(&column.name.as_str())
        }) {
            Some(column) => Err(words::newer(
                self.path,
                &format!(
                    "`{}` has a column `{}` that needs a value, and clawmend does not know which",
                    self.change.part.table(),
                    column.name
                ),
            )),
            None => Ok(()),
        }
    }

    fn expect<'c>(
        &self,
        names: &[&str],
        cells: impl Iterator<Item = &'c Cell>,
    ) -> Result<(), CommitError> {
        let found = fetch(self.connection, self.shape, &self.change.key, names)
            .map_err(|error| words::not_written(self.path, &error))?;
        match found {
            None => Err(self.moved("is gone")),
            Some(found) if found.iter().eq(cells) => Ok(()),
            Some(_) => Err(self.moved("was changed by somebody else")),
        }
    }

    fn moved(&self, how: &str) -> CommitError {
        let row = describe(self.change.part, &self.change.key);
        CommitError::Moved(format!("{row} {how}"))
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
            .map_err(|error| words::not_written(self.path, &error))?;
        match changed {
            1 => Ok(()),
            _ => Err(self.moved("is not one row")),
        }
    }
}

/// The named cells of the row with this key.
pub(super) fn fetch(
    connection: &Connection,
    shape: &Shape,
    key: &[(String, Cell)],
    names: &[&str],
) -> rusqlite::Result<Option<Vec<Cell>>> {
    let columns = match names {
        [] => "1".to_owned(),
        _ => names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", "),
    };
    let sql = format!(
        "SELECT {columns} FROM {} WHERE {}",
        quote(shape.part.table()),
        key_is(shape, key, 0)
    );
    let key = key.iter().map(|(_, cell)| Bound(cell));
    connection
        .prepare_cached(&sql)?
        .query_row(rusqlite::params_from_iter(key), |row| {
            (0..names.len()).map(|at| row.get_ref(at).map(table::cell)).collect()
        })
        .optional()
}

fn key_is(shape: &Shape, key: &[(String, Cell)], offset: usize) -> String {
    key.iter()
        .enumerate()
        .map(|(at, (name, cell))| {
            let value = shape.parameter(name, cell, offset + at + 1);
            format!("{} IS {value}", quote(name))
        })
        .collect::<Vec<_>>()
        .join(" AND ")
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

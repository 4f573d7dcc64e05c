//! From the rows of a snapshot and those of now to the changes that lead back.

use std::path::Path;

use super::failure::newer;
use super::row::describe;
use crate::error::Error;
use crate::image::{Cell, Database, Row, RowKey, Table};
use crate::model::layout::Part;
use crate::plan::{CellChange, RowChange, RowOp};

/// The changes that make the rows of `now` those of `then`. Tables that `then` does not know are left
/// alone, and so are columns that came later.
pub(super) fn changes(
    path: &Path,
    then: &Database,
    now: &Database,
) -> Result<Vec<RowChange>, Error> {
    let mut changes = Vec::new();
    for (part, old) in &then.tables {
        match now.tables.get(part) {
            Some(table) => Comparison::new(path, *part, old, table)?.run(&mut changes)?,
            None if old.rows.is_empty() => {}
            None => {
                let text = format!(
                    "its table `{}`, of which the snapshot holds rows, is gone",
                    part.table()
                );
                return Err(newer(path, &text));
            }
        }
    }
    Ok(changes)
}

struct Comparison<'a> {
    path: &'a Path,
    part: Part,
    then: &'a Table,
    now: &'a Table,
    /// Columns that both have: name, position then, position now.
    shared: Vec<(&'a str, usize, usize)>,
}

impl<'a> Comparison<'a> {
    fn new(path: &'a Path, part: Part, then: &'a Table, now: &'a Table) -> Result<Self, Error> {
        let mut shared = Vec::new();
        for (at, column) in then.columns.iter().enumerate() {
            match now.column(&column.name) {
                Some(now_at) => shared.push((column.name.as_str(), at, now_at)),
                // A column that held nothing loses nothing.
                None if all_null(then, at) => {}
                None => {
                    let text =
                        format!("`{}` has no column `{}` any more", part.table(), column.name);
                    return Err(newer(path, &text));
                }
            }
        }
        if let Some(key) =
            part.key_columns().iter().find(|key| !shared.iter().any(|(name, ..)| name == *key))
        {
            let text = format!("`{}` has no key column `{key}`", part.table());
            return Err(newer(path, &text));
        }
        Ok(Self { path, part, then, now, shared })
    }

    fn run(&self, changes: &mut Vec<RowChange>) -> Result<(), Error> {
        let mut present = self.now.by_key(self.part.key_columns());
        for row in &self.then.rows {
            let now = present.remove(&self.lookup(row));
            match now.and_then(|now| self.now.rows.get(*now.last()?)) {
                Some(now) => changes.extend(self.update(row, now)),
                None => changes.push(self.insert(row)?),
            }
        }
        // In the order of the table, so that the same restore always reads the same.
        let mut left: Vec<usize> = present.into_values().flatten().collect();
        left.sort_unstable();
        let left = left.into_iter().filter_map(|at| self.now.rows.get(at));
        changes.extend(left.map(|row| self.delete(row)));
        Ok(())
    }

    fn update(&self, then: &Row, now: &Row) -> Option<RowChange> {
        let cells: Vec<CellChange> = self
            .shared
            .iter()
            .filter_map(|(name, then_at, now_at)| {
                let (new, old) = (then.0.get(*then_at)?, now.0.get(*now_at)?);
                (new != old).then(|| CellChange {
                    column: (*name).to_owned(),
                    old: old.clone(),
                    new: new.clone(),
                })
            })
            .collect();
        (!cells.is_empty()).then(|| RowChange {
            part: self.part,
            key: self.key(self.now, now),
            op: RowOp::Update(cells),
        })
    }

    fn insert(&self, row: &Row) -> Result<RowChange, Error> {
        let key = self.key(self.then, row);
        if let Some(column) = self.now.columns.iter().find(|column| {
            column.not_null && !column.has_default && self.then.column(&column.name).is_none()
        }) {
            let text = format!(
                "{} cannot come back: the new column `{}` needs a value that the snapshot does not have",
                describe(self.part, &key),
                column.name
            );
            return Err(newer(self.path, &text));
        }
        let cells = self.shared.iter().filter_map(|(name, at, _)| {
            let cell = row.0.get(*at)?;
            Some(((*name).to_owned(), cell.clone()))
        });
        Ok(RowChange { part: self.part, op: RowOp::Insert(cells.collect()), key })
    }

    fn delete(&self, row: &Row) -> RowChange {
        let names = self.now.columns.iter().map(|column| column.name.clone());
        RowChange {
            part: self.part,
            key: self.key(self.now, row),
            op: RowOp::Delete(names.zip(row.0.iter().cloned()).collect()),
        }
    }

    fn key(&self, table: &Table, row: &Row) -> Vec<(String, Cell)> {
        let columns = self.part.key_columns().iter();
        columns
            .filter_map(|name| Some(((*name).to_owned(), table.cell(row, name)?.clone())))
            .collect()
    }

    fn lookup<'r>(&self, then: &'r Row) -> RowKey<'r> {
        let columns = self.part.key_columns().iter();
        columns.filter_map(|name| self.then.cell(then, name)).map(Cell::tagged).collect()
    }
}

fn all_null(table: &Table, at: usize) -> bool {
    let mut cells = table.rows.iter().filter_map(|row| row.0.get(at));
    cells.all(|cell| *cell == Cell::Null)
}

//! Rows in memory.

use crate::error::Error;
use crate::image::{Cell, Database, DatabaseState, Images, Row, Table};
use crate::model::layout::Part;
use crate::plan::{CellChange, RowChange, RowOp};
use crate::store::{CommitError, Entry, Source};

fn database(state: &Images) -> Option<&Database> {
    match &state.database.as_ref()?.state {
        DatabaseState::Readable(database) => Some(database),
        _ => None,
    }
}

pub(super) fn tables(state: &Images) -> impl Iterator<Item = (&Part, &Table)> {
    database(state)
        .into_iter()
        .flat_map(|database| &database.tables)
        .map(|(part, table)| (part, table.as_ref()))
}

pub(super) fn row_of<'a>(state: &'a Images, change: &RowChange) -> Option<(&'a Table, &'a Row)> {
    let table = database(state)?.tables.get(&change.part)?;
    let row = table.rows.iter().find(|row| has_key(table, row, &change.key))?;
    Some((table, row))
}

fn has_key(table: &Table, row: &Row, key: &[(String, Cell)]) -> bool {
    key.iter().all(|(column, value)| table.cell(row, column) == Some(value))
}

pub(super) fn change_row(state: &mut Images, change: &RowChange) -> Result<(), CommitError> {
    let moved = || CommitError::Moved(format!("a row of `{}` has changed", change.part.table()));
    let Some(DatabaseState::Readable(database)) =
        state.database.as_mut().map(|database| &mut database.state)
    else {
        return Err(moved());
    };
    let table = database.tables.get_mut(&change.part).ok_or_else(moved)?;
    let table = std::sync::Arc::make_mut(table);
    let place = table.rows.iter().position(|row| has_key(table, row, &change.key));
    match (&change.op, place) {
        (RowOp::Insert(cells), None) => {
            let value = |name: &str| {
                let given = cells.iter().find(|(column, _)| column == name);
                given.map_or(Cell::Null, |(_, cell)| cell.clone())
            };
            let row = table.columns.iter().map(|column| value(&column.name)).collect();
            table.rows.push(Row(row));
        }
        (RowOp::Delete(cells), Some(place)) => {
            let live = table.rows.get(place).ok_or_else(moved)?;
            if !has_key(table, live, cells) {
                return Err(moved());
            }
            table.rows.remove(place);
        }
        (RowOp::Update(cells), Some(place)) => {
            for CellChange { column, old, new } in cells {
                let at = table.column(column).ok_or_else(moved)?;
                let cell = table.rows.get_mut(place).and_then(|row| row.0.get_mut(at));
                match cell {
                    Some(cell) if cell == old => *cell = new.clone(),
                    _ => return Err(moved()),
                }
            }
        }
        _ => return Err(moved()),
    }
    Ok(())
}

/// Rows go back: changed ones cell by cell, the others whole.
pub(super) fn rows_back(
    now: &Images,
    entry: &Entry,
    source: &dyn Source,
    changes: &mut Vec<RowChange>,
) -> Result<(), Error> {
    let Some((part, table)) = tables(now).find(|(part, _)| part.table() == entry.path) else {
        return Ok(());
    };
    let name = entry.name.as_deref().unwrap_or_default();
    let old = parse(&source.get(name)?, table);
    let named = |row: &Row| -> Vec<(String, Cell)> {
        let names = table.columns.iter().map(|column| column.name.clone());
        names.zip(row.0.iter().cloned()).collect()
    };
    let key_of = |row: &Row| -> Vec<(String, Cell)> {
        let mut cells = named(row);
        cells.retain(|(column, _)| part.key_columns().contains(&column.as_str()));
        cells
    };
    let mut change = |row: &Row, op: RowOp| {
        changes.push(RowChange { part: *part, key: key_of(row), op });
    };
    for row in &table.rows {
        match old.iter().find(|then| key_of(then) == key_of(row)) {
            None => change(row, RowOp::Delete(named(row))),
            Some(then) if then == row => {}
            Some(then) => {
                let pairs = named(row).into_iter().zip(then.0.iter().cloned());
                let cells = pairs.filter(|((_, old), new)| old != new);
                let cells = cells.map(|((column, old), new)| CellChange { column, old, new });
                change(row, RowOp::Update(cells.collect()));
            }
        }
    }
    for row in &old {
        if !table.rows.iter().any(|live| key_of(live) == key_of(row)) {
            change(row, RowOp::Insert(named(row)));
        }
    }
    Ok(())
}

/// A table's rows as text, a cell a line: good enough for a reference.
pub(super) struct Shown<'a>(pub &'a Table);

impl std::fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for cell in self.0.rows.iter().flat_map(|row| &row.0) {
            match cell {
                Cell::Null => writeln!(f, "n")?,
                Cell::Integer(number) => writeln!(f, "i{number}")?,
                Cell::Real(number) => writeln!(f, "r{}", number.to_bits())?,
                Cell::Text(text) => writeln!(f, "t{}", hex(text.as_bytes()))?,
                Cell::Blob(blob) => writeln!(f, "b{}", hex(blob))?,
            }
        }
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse(text: &[u8], table: &Table) -> Vec<Row> {
    let text = String::from_utf8_lossy(text);
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len() / 2)
            .filter_map(|at| u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok())
            .collect()
    };
    let cells: Vec<Cell> = text
        .lines()
        .filter_map(|line| {
            let (class, value) = line.split_at_checked(1)?;
            Some(match class {
                "i" => Cell::Integer(value.parse().ok()?),
                "r" => Cell::Real(f64::from_bits(value.parse().ok()?)),
                "t" => Cell::Text(String::from_utf8(bytes(value)).ok()?),
                "b" => Cell::Blob(bytes(value)),
                _ => Cell::Null,
            })
        })
        .collect();
    cells.chunks(table.columns.len().max(1)).map(|row| Row(row.to_vec())).collect()
}

//! A plan's edits as changes of rows: only the columns it names, a JSON cell in its own text.

use serde_json::{Map, Value};

use super::{StalePlan, by_key, field_edit, stale};
use crate::format::edit::{self, FieldEdit, Habits};
use crate::format::records;
use crate::format::scan;
use crate::image::{Cell, Row, Table, row_key};
use crate::model::layout::{ColumnKind, Part};
use crate::model::store::record_of_row;
use crate::plan::{CellChange, Edit, Op, RowChange, RowOp};

pub(super) fn changes(
    part: Part,
    table: &Table,
    edits: &[&Edit],
) -> Result<Vec<RowChange>, StalePlan> {
    let place = part.table();
    let rows = table.by_key(part.key_columns());
    let mut changes = Vec::new();
    for (key, of_key) in by_key(edits) {
        let wanted = key_cells(part, key);
        let row = rows.get(&row_key(&wanted)).and_then(|at| table.rows.get(*at.first()?));
        let mut ops = of_key.iter().map(|edit| &edit.op);
        match (row, ops.find(|op| matches!(op, Op::Insert(_) | Op::Remove))) {
            (Some(row), Some(Op::Remove)) => {
                let names = table.columns.iter().map(|column| column.name.clone());
                let cells = names.zip(row.0.iter().cloned());
                changes.push(RowChange { part, key: wanted, op: RowOp::Delete(cells.collect()) });
            }
            (None, Some(Op::Insert(record))) => {
                let cells = cells_of(part, table, record)?;
                changes.push(RowChange { part, key: wanted, op: RowOp::Insert(cells) });
            }
            (Some(row), None) => {
                let cells = update(part, table, row, &of_key)?;
                if !cells.is_empty() {
                    changes.push(RowChange { part, key: wanted, op: RowOp::Update(cells) });
                }
            }
            (None, Some(Op::Remove)) => {}
            _ => return Err(stale(place, "a row is not where the plan says")),
        }
    }
    Ok(changes)
}

fn key_cells(part: Part, key: &str) -> Vec<(String, Cell)> {
    let mut cells = Vec::new();
    for (at, column) in part.key_columns().iter().enumerate() {
        let value = match (part, at) {
            (Part::DeviceAuth, 1) => "operator",
            _ => key,
        };
        cells.push(((*column).to_owned(), Cell::Text(value.to_owned())));
    }
    cells
}

/// The fields of a record that a row of this part holds directly: of a cached token, the operator's.
fn row_fields(part: Part, record: &Map<String, Value>) -> Map<String, Value> {
    if part != Part::DeviceAuth {
        return record.clone();
    }
    let entry =
        record.get("tokens").and_then(|tokens| tokens.get("operator")).and_then(Value::as_object);
    let mut fields = entry.cloned().unwrap_or_default();
    fields.insert("role".to_owned(), Value::from("operator"));
    fields
}

fn cells_of(
    part: Part,
    table: &Table,
    record: &Map<String, Value>,
) -> Result<Vec<(String, Cell)>, StalePlan> {
    let mut cells = Vec::new();
    if part == Part::DeviceAuth {
        let id = record.get("deviceId").and_then(Value::as_str).unwrap_or_default();
        cells.push(("device_id".to_owned(), Cell::Text(id.to_owned())));
    }
    for (field, value) in &row_fields(part, record) {
        let Some(column) = part.column_of(field) else { continue };
        if table.column(column.column).is_none() {
            continue;
        }
        cells.push((column.column.to_owned(), cell(column.kind, value)));
    }
    for column in &table.columns {
        if column.not_null
            && !column.has_default
            && !cells.iter().any(|(name, _)| *name == column.name)
        {
            let what = format!(
                "the column `{}` must have a value that this version of clawmend does not know",
                column.name
            );
            return Err(stale(part.table(), what));
        }
    }
    Ok(cells)
}

fn cell(kind: ColumnKind, value: &Value) -> Cell {
    match (kind, value) {
        (_, Value::Null) => Cell::Null,
        (ColumnKind::Json, value) => Cell::Text(value.to_string()),
        (ColumnKind::Boolean, Value::Bool(set)) => Cell::Integer(i64::from(*set)),
        (_, Value::String(text)) => Cell::Text(text.clone()),
        (_, Value::Number(number)) => match number.as_i64() {
            Some(number) => Cell::Integer(number),
            None => Cell::Real(number.as_f64().unwrap_or_default()),
        },
        (_, value) => Cell::Text(value.to_string()),
    }
}

/// The columns of a row that the edits change. A JSON cell is edited in its own text, so that what
/// the edit does not name stays byte for byte.
fn update(
    part: Part,
    table: &Table,
    row: &Row,
    edits: &[&Edit],
) -> Result<Vec<CellChange>, StalePlan> {
    let mut changes: Vec<CellChange> = Vec::new();
    for edit in edits {
        let Some(change) = field_edit(edit) else { continue };
        let (path, new) = match &change {
            FieldEdit::Set { path, value } | FieldEdit::Append { path, value } => {
                (path, Some(value))
            }
            FieldEdit::Remove { path } => (path, None),
        };
        let path: &[String] = match (part, path.as_slice()) {
            (Part::DeviceAuth, [tokens, role, rest @ ..])
                if tokens == "tokens" && role == "operator" =>
            {
                rest
            }
            (_, path) => path,
        };
        if path.is_empty() {
            let current = record_of_row(part, table, row);
            let fields = new.and_then(Value::as_object).into_iter().flatten();
            for (field, value) in fields.filter(|(field, value)| current.get(*field) != Some(value))
            {
                let path = std::slice::from_ref(field);
                set_cell(part, table, row, &mut changes, path, Some(value))?;
            }
            continue;
        }
        set_cell(part, table, row, &mut changes, path, new)?;
    }
    changes.retain(|change| change.old != change.new);
    Ok(changes)
}

fn set_cell(
    part: Part,
    table: &Table,
    row: &Row,
    changes: &mut Vec<CellChange>,
    path: &[String],
    new: Option<&Value>,
) -> Result<(), StalePlan> {
    let Some((field, rest)) = path.split_first() else { return Ok(()) };
    let Some(column) = part.column_of(field) else {
        return Err(stale(part.table(), format!("no column is known for `{field}`")));
    };
    let Some(old) = table.cell(row, column.column) else {
        return Err(stale(part.table(), format!("the column `{}` is missing", column.column)));
    };
    let current = changes
        .iter()
        .find(|change| change.column == column.column)
        .map_or(old, |change| &change.new);
    let after = if rest.is_empty() {
        new.map_or(Cell::Null, |value| cell(column.kind, value))
    } else {
        let text = current.read_text().filter(|text| scan::document(text.as_bytes()).is_ok());
        let text = text.unwrap_or("{}".into());
        let span = scan::document(text.as_bytes())
            .map_err(|_| stale(part.table(), "a cell is not JSON"))?;
        let edit = match new {
            Some(value) => FieldEdit::Set { path: rest.to_vec(), value: value.clone() },
            None => FieldEdit::Remove { path: rest.to_vec() },
        };
        let splice = records::record(text.as_bytes(), span, &[edit], Some(&Habits::of_cells()))
            .map_err(|error| stale(part.table(), format!("`{}`: {error}", column.column)))?;
        Cell::Text(
            String::from_utf8_lossy(&edit::apply(text.as_bytes(), splice.as_slice())).into_owned(),
        )
    };
    match changes.iter_mut().find(|change| change.column == column.column) {
        Some(change) => change.new = after,
        None => changes.push(CellChange {
            column: column.column.to_owned(),
            old: old.clone(),
            new: after,
        }),
    }
    Ok(())
}

/// What changes, each of another row, do to a table.
pub(super) fn apply(table: &mut Table, changes: &[&RowChange]) {
    let Some(first) = changes.first() else { return };
    let columns: Vec<&str> = first.key.iter().map(|(column, _)| column.as_str()).collect();
    let before = table.clone();
    let rows = before.by_key(&columns);
    let position = |name: &str| before.column(name);
    let mut gone = vec![false; before.rows.len()];
    for change in changes {
        let found = rows.get(&row_key(&change.key)).into_iter().flatten().copied();
        match &change.op {
            RowOp::Delete(_) => {
                found.for_each(|at| {
                    if let Some(gone) = gone.get_mut(at) {
                        *gone = true;
                    }
                });
            }
            RowOp::Insert(cells) => {
                let mut row = vec![Cell::Null; before.columns.len()];
                for (column, cell) in cells {
                    if let Some(slot) = position(column).and_then(|at| row.get_mut(at)) {
                        *slot = cell.clone();
                    }
                }
                table.rows.push(Row(row));
            }
            RowOp::Update(cells) => {
                for at in found {
                    for cell in cells {
                        let row = table.rows.get_mut(at);
                        let slot = row.zip(position(&cell.column));
                        if let Some(slot) = slot.and_then(|(row, at)| row.0.get_mut(at)) {
                            *slot = cell.new.clone();
                        }
                    }
                }
            }
        }
    }
    let mut gone = gone.into_iter();
    table.rows.retain(|_| !gone.next().unwrap_or(false));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_changed_in_place_and_new_ones_come_last() {
        let names = ["request_id", "role"];
        let columns = names.map(|name| crate::image::TableColumn {
            name: name.to_owned(),
            not_null: false,
            has_default: false,
        });
        let cell = |text: &str| Cell::Text(text.to_owned());
        let row = |id: &str, role: &str| Row(vec![cell(id), cell(role)]);
        // A key that is no text stands for itself alone.
        let number = Row(vec![Cell::Integer(7), cell("n")]);
        let rows = vec![row("a", "1"), number.clone(), row("b", "2"), row("c", "3")];
        let mut table = Table { columns: columns.to_vec(), rows };
        let change = |key: Cell, op: RowOp| RowChange {
            part: Part::Pending,
            key: vec![("request_id".to_owned(), key)],
            op,
        };
        let new = vec![("request_id".to_owned(), cell("d"))];
        let role = CellChange { column: "role".to_owned(), old: cell("3"), new: cell("4") };
        let changes = [
            change(cell("d"), RowOp::Insert(new)),
            change(cell("a"), RowOp::Delete(Vec::new())),
            change(Cell::Integer(8), RowOp::Delete(Vec::new())),
            change(cell("c"), RowOp::Update(vec![role])),
        ];
        apply(&mut table, &changes.iter().collect::<Vec<_>>());
        let last = Row(vec![cell("d"), Cell::Null]);
        assert_eq!(table.rows, [number, row("b", "2"), row("c", "4"), last]);
    }
}

//! Plays a plan through on images: the one source of both the preview and the commit.

mod config;

use serde_json::{Map, Value};

use crate::format::edit::{self, EditError, RecordEdit, StoreEdits, Style};
use crate::format::scan;
use crate::image::{Bytes, Cell, DatabaseState, FileState, Images, Row, Slot, Table, TextImage};
use crate::model::layout::{ColumnKind, Part};
use crate::model::store::record_of_row;
use crate::plan::{
    After, CellChange, Changes, Edit, FileChange, Op, Plan, RowChange, RowOp, StoreKind, Target,
};

/// Why a plan does not fit the images it is played on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Misfit {
    /// The file or table.
    pub place: String,
    /// What does not fit.
    pub what: String,
}

fn misfit(place: impl Into<String>, what: impl Into<String>) -> Misfit {
    Misfit {
        place: place.into(),
        what: what.into(),
    }
}

/// What `plan` does to `images`.
///
/// # Errors
/// An edit names something that the images do not hold: the plan was made for others.
pub fn simulate(images: &Images, plan: &Plan) -> Result<Changes, Misfit> {
    let mut changes = Changes::default();
    let mut slots: Vec<Slot> = Vec::new();
    for slot in plan.edits.iter().filter_map(|edit| edit.target.slot()) {
        if !slots.contains(&slot) {
            slots.push(slot);
        }
    }
    for slot in slots {
        let edits: Vec<&Edit> = plan
            .edits
            .iter()
            .filter(|edit| edit.target.slot().as_ref() == Some(&slot))
            .collect();
        match &slot {
            Slot::Table(part) => {
                let database = images
                    .database
                    .as_ref()
                    .ok_or_else(|| misfit(part.table(), "there is no database"))?;
                let DatabaseState::Readable(readable) = &database.state else {
                    return Err(misfit(part.table(), "the database cannot be read"));
                };
                let table = readable
                    .tables
                    .get(part)
                    .ok_or_else(|| misfit(part.table(), "the table is missing"))?;
                changes.rows.extend(rows(*part, table, &edits)?);
                changes.database = Some(database.path.clone());
            }
            Slot::File(_) | Slot::Config(_) => {
                let before = images
                    .text(&slot)
                    .ok_or_else(|| misfit(format!("{slot:?}"), "the file was not read"))?;
                changes.files.extend(file(&slot, before, &edits)?);
            }
        }
    }
    Ok(changes)
}

fn file(slot: &Slot, before: &TextImage, edits: &[&Edit]) -> Result<Option<FileChange>, Misfit> {
    let place = before.path.display().to_string();
    let change = |after| FileChange {
        slot: slot.clone(),
        before: before.clone(),
        after,
    };
    if edits.iter().any(|edit| edit.op == Op::Delete) {
        return Ok(before.bytes().map(|_| change(After::Absent)));
    }
    if let FileState::Unusable(_) = before.state {
        return Err(misfit(place, "it cannot be read, so it is not written"));
    }
    let rewritten = edits
        .iter()
        .find_map(|edit| match (&edit.target, &edit.op) {
            (Target::Whole(_), Op::Rewrite(bytes)) => Some(bytes.clone()),
            _ => None,
        });
    let empty: Bytes = Bytes::new(b"{}".to_vec());
    let base = rewritten
        .clone()
        .or_else(|| before.bytes().cloned())
        .unwrap_or(empty);
    let splices = match slot {
        Slot::Config(_) => config::splices(&base, edits).map_err(|what| misfit(&place, what))?,
        Slot::File(Part::Paired | Part::Pending) => {
            store(&base, edits).map_err(|error| misfit(&place, error.to_string()))?
        }
        _ => document(&base, edits).map_err(|error| misfit(&place, error.to_string()))?,
    };
    let in_place = rewritten.is_none() && before.bytes().is_some();
    if in_place {
        return Ok((!splices.is_empty()).then(|| change(After::Spliced(splices))));
    }
    let bytes = Bytes::new(edit::apply(&base, &splices));
    if before.bytes().is_some_and(|now| *now == bytes) {
        return Ok(None);
    }
    Ok(Some(change(After::Whole { bytes, meta: None })))
}

fn record_edits(edit: &Edit) -> Option<RecordEdit> {
    match &edit.op {
        Op::Set { path, new, .. } => Some(RecordEdit::Set(path.clone(), new.clone())),
        Op::Unset { path, .. } => Some(RecordEdit::Unset(path.clone())),
        _ => None,
    }
}

/// Edits of a store: an object of records.
fn store(text: &[u8], edits: &[&Edit]) -> Result<Vec<crate::plan::Splice>, EditError> {
    let mut all = StoreEdits::default();
    for edit in edits {
        let Target::Record { key, .. } = &edit.target else {
            continue;
        };
        match &edit.op {
            Op::Insert(record) => all
                .insert
                .push((key.clone(), Value::Object(record.clone()))),
            Op::Remove => all.remove.push(key.clone()),
            _ => {
                let Some(change) = record_edits(edit) else {
                    continue;
                };
                match all.change.iter_mut().find(|(changed, _)| changed == key) {
                    Some((_, changes)) => changes.push(change),
                    None => all.change.push((key.clone(), vec![change])),
                }
            }
        }
    }
    edit::store(text, &all)
}

/// Edits of a file that is one record.
fn document(text: &[u8], edits: &[&Edit]) -> Result<Vec<crate::plan::Splice>, EditError> {
    let changes: Vec<RecordEdit> = edits.iter().filter_map(|edit| record_edits(edit)).collect();
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let span = scan::document(text)?;
    edit::record(text, span, &changes, &Style::of(text, span))
}

fn rows(part: Part, table: &Table, edits: &[&Edit]) -> Result<Vec<RowChange>, Misfit> {
    let place = part.table();
    let mut keys: Vec<&String> = Vec::new();
    for edit in edits {
        if let Target::Record { key, .. } = &edit.target
            && !keys.contains(&key)
        {
            keys.push(key);
        }
    }
    let mut changes = Vec::new();
    for key in keys {
        let of_key: Vec<&Edit> = edits
            .iter()
            .copied()
            .filter(|edit| matches!(&edit.target, Target::Record { store: StoreKind::Sqlite, key: of, .. } if of == key))
            .collect();
        let row = find_row(part, table, key);
        let wanted = key_cells(part, key);
        match (
            row,
            of_key
                .iter()
                .find(|edit| matches!(edit.op, Op::Insert(_) | Op::Remove))
                .map(|edit| &edit.op),
        ) {
            (Some(row), Some(Op::Remove)) => {
                let cells = table
                    .columns
                    .iter()
                    .map(|column| column.name.clone())
                    .zip(row.0.iter().cloned());
                changes.push(RowChange {
                    part,
                    key: wanted,
                    op: RowOp::Delete(cells.collect()),
                });
            }
            (None, Some(Op::Insert(record))) => {
                let cells = cells_of(part, table, record)?;
                changes.push(RowChange {
                    part,
                    key: wanted,
                    op: RowOp::Insert(cells),
                });
            }
            (Some(row), None) => {
                let cells = update(part, table, row, &of_key)?;
                if !cells.is_empty() {
                    changes.push(RowChange {
                        part,
                        key: wanted,
                        op: RowOp::Update(cells),
                    });
                }
            }
            (None, Some(Op::Remove)) => {}
            _ => return Err(misfit(place, "a row is not where the plan says")),
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

fn find_row<'a>(part: Part, table: &'a Table, key: &str) -> Option<&'a Row> {
    let wanted = key_cells(part, key);
    table.rows.iter().find(|row| {
        wanted
            .iter()
            .all(|(column, cell)| table.cell(row, column) == Some(cell))
    })
}

/// The fields of a record that a row of this part holds directly: of a cached token, the operator's.
fn row_fields(part: Part, record: &Map<String, Value>) -> Map<String, Value> {
    if part != Part::DeviceAuth {
        return record.clone();
    }
    let entry = record
        .get("tokens")
        .and_then(|tokens| tokens.get("operator"))
        .and_then(Value::as_object);
    let mut fields = entry.cloned().unwrap_or_default();
    fields.insert("role".to_owned(), Value::from("operator"));
    fields
}

fn cells_of(
    part: Part,
    table: &Table,
    record: &Map<String, Value>,
) -> Result<Vec<(String, Cell)>, Misfit> {
    let mut cells = Vec::new();
    if part == Part::DeviceAuth {
        let id = record
            .get("deviceId")
            .and_then(Value::as_str)
            .unwrap_or_default();
        cells.push(("device_id".to_owned(), Cell::Text(id.to_owned())));
    }
    for (field, value) in &row_fields(part, record) {
        let Some(column) = part.column_of(field) else {
            continue;
        };
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
            return Err(misfit(part.table(), what));
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
) -> Result<Vec<CellChange>, Misfit> {
    let mut changes: Vec<CellChange> = Vec::new();
    for edit in edits {
        let Some(change) = record_edits(edit) else {
            continue;
        };
        let (path, new) = match &change {
            RecordEdit::Set(path, value) => (path, Some(value)),
            RecordEdit::Unset(path) => (path, None),
        };
        if path.is_empty() {
            let Some(Value::Object(record)) = new else {
                continue;
            };
            let current = record_of_row(part, table, row);
            for (field, value) in record {
                if current.get(field) != Some(value) {
                    set_cell(
                        part,
                        table,
                        row,
                        &mut changes,
                        std::slice::from_ref(field),
                        Some(value),
                    )?;
                }
            }
            continue;
        }
        let path: &[String] = match (part, path.as_slice()) {
            (Part::DeviceAuth, [tokens, role, rest @ ..])
                if tokens == "tokens" && role == "operator" =>
            {
                rest
            }
            (_, path) => path,
        };
        if part == Part::DeviceAuth && path.is_empty() {
            if let Some(Value::Object(entry)) = new {
                for (field, value) in entry {
                    set_cell(
                        part,
                        table,
                        row,
                        &mut changes,
                        std::slice::from_ref(field),
                        Some(value),
                    )?;
                }
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
) -> Result<(), Misfit> {
    let Some((field, rest)) = path.split_first() else {
        return Ok(());
    };
    let Some(column) = part.column_of(field) else {
        return Err(misfit(
            part.table(),
            format!("no column is known for `{field}`"),
        ));
    };
    let Some(old) = table.cell(row, column.column) else {
        return Err(misfit(
            part.table(),
            format!("the column `{}` is missing", column.column),
        ));
    };
    let current = changes
        .iter()
        .find(|change| change.column == column.column)
        .map_or(old, |change| &change.new);
    let after = if rest.is_empty() {
        new.map_or(Cell::Null, |value| cell(column.kind, value))
    } else {
        let text = current
            .text()
            .filter(|text| scan::document(text.as_bytes()).is_ok())
            .unwrap_or("{}");
        let span = scan::document(text.as_bytes())
            .map_err(|_| misfit(part.table(), "a cell is not JSON"))?;
        let edit = match new {
            Some(value) => RecordEdit::Set(rest.to_vec(), value.clone()),
            None => RecordEdit::Unset(rest.to_vec()),
        };
        let style = Style::compact_unless_laid_out(text.as_bytes(), span);
        let splices = edit::record(text.as_bytes(), span, &[edit], &style)
            .map_err(|error| misfit(part.table(), format!("`{}`: {error}", column.column)))?;
        Cell::Text(String::from_utf8_lossy(&edit::apply(text.as_bytes(), &splices)).into_owned())
    };
    match changes
        .iter_mut()
        .find(|change| change.column == column.column)
    {
        Some(change) => change.new = after,
        None => changes.push(CellChange {
            column: column.column.to_owned(),
            old: old.clone(),
            new: after,
        }),
    }
    Ok(())
}

/// The images as they will be after `changes`: what a second diagnosis of a preview looks at.
pub fn images_after(images: &Images, changes: &Changes) -> Images {
    let mut after = images.clone();
    for change in &changes.files {
        let state = match change.pieces() {
            None => FileState::Absent,
            Some(pieces) => FileState::Present {
                bytes: Bytes::new(pieces.concat()),
                meta: change.before.meta().copied().unwrap_or_default(),
            },
        };
        after.texts.insert(
            change.slot.clone(),
            TextImage {
                path: change.before.path.clone(),
                state,
            },
        );
    }
    let readable = after
        .database
        .as_mut()
        .and_then(|database| match &mut database.state {
            DatabaseState::Readable(readable) => Some(readable),
            _ => None,
        });
    if let Some(database) = readable {
        for change in &changes.rows {
            if let Some(table) = database.tables.get_mut(&change.part) {
                play_row(std::sync::Arc::make_mut(table), change);
            }
        }
    }
    after
}

fn play_row(table: &mut Table, change: &RowChange) {
    let columns = table.columns.clone();
    let position = |name: &str| columns.iter().position(|column| column.name == name);
    let is_it = |row: &Row| {
        change
            .key
            .iter()
            .all(|(column, cell)| position(column).and_then(|at| row.0.get(at)) == Some(cell))
    };
    match &change.op {
        RowOp::Delete(_) => table.rows.retain(|row| !is_it(row)),
        RowOp::Insert(cells) => {
            let mut row = vec![Cell::Null; columns.len()];
            for (column, cell) in cells {
                if let Some(slot) = position(column).and_then(|at| row.get_mut(at)) {
                    *slot = cell.clone();
                }
            }
            table.rows.push(Row(row));
        }
        RowOp::Update(cells) => {
            for row in table.rows.iter_mut().filter(|row| is_it(row)) {
                for change in cells {
                    if let Some(slot) = position(&change.column).and_then(|at| row.0.get_mut(at)) {
                        *slot = change.new.clone();
                    }
                }
            }
        }
    }
}

//! Rows: a line per changed column, JSON cells expanded.

use std::fmt::Write;

use similar::{ChangeTag, TextDiff};

use super::{heading, short};
use crate::format::value;
use crate::image::Cell;
use crate::model::layout::{ColumnKind, DATABASE, Part};
use crate::plan::{RowChange, RowOp};
use crate::render::{Paint, mask};
use crate::secret::shape::{Proves, Shape};
use crate::text::safe_lines;

/// One row: a line per changed column, JSON cells expanded.
pub fn row(change: &RowChange, proves: Proves<'_>, paint: Paint) -> String {
    let mut out = String::new();
    let key: Vec<String> = change
        .key
        .iter()
        .map(|(column, cell)| format!("{column} {}", key_text(change.part, column, cell, proves)))
        .collect();
    let place = format!("{DATABASE}: {} {}", change.part.table(), key.join(", "));
    let (from, to) = match &change.op {
        RowOp::Update(_) => (place.as_str(), place.as_str()),
        RowOp::Insert(_) => ("/dev/null (new row)", place.as_str()),
        RowOp::Delete(_) => (place.as_str(), "/dev/null (removed; the snapshot keeps it)"),
    };
    heading(&mut out, from, to, paint);
    let (old, new) = (change.op.old_cells(), change.op.new_cells());
    let is_update = matches!(change.op, RowOp::Update(_));
    let names = if old.is_empty() { &new } else { &old }.iter().map(|(name, _)| *name);
    for (at, name) in names.enumerate() {
        let text = |cells: &[(&str, &Cell)]| {
            let (_, cell) = cells.get(at)?;
            let is_told = is_update || **cell != Cell::Null;
            is_told.then(|| value(change.part, name, cell, proves))
        };
        column(&mut out, name, text(&old), text(&new), paint);
    }
    out
}

fn key_text(part: Part, column: &str, cell: &Cell, proves: Proves<'_>) -> String {
    match (part, column, cell) {
        (Part::Paired | Part::Pending, _, cell) => value(part, column, cell, proves),
        (Part::DeviceAuth | Part::OriginTokens, "device_id", Cell::Text(text)) => {
            Shape::DeviceId.show_proved(text, proves)
        }
        (_, "role", Cell::Text(text)) => Shape::ROLE.show(text),
        (_, "identity_key", cell) => value(Part::Identity, column, cell, proves),
        // Keyed by token, or by what nobody knows.
        _ => "****".to_owned(),
    }
    .trim_matches('"')
    .to_owned()
}

/// A cell as text, by what belongs into its column.
fn value(part: Part, name: &str, cell: &Cell, proves: Proves<'_>) -> String {
    let known = part.columns().iter().find(|column| column.column == name);
    let number = |number: String| match known {
        Some(column) => mask::field(column.field, &number, proves),
        None => "****".to_owned(),
    };
    let json = match cell {
        Cell::Null => return "NULL".to_owned(),
        Cell::OddText(bytes) | Cell::Blob(bytes) => return format!("({} bytes)", bytes.len()),
        Cell::Integer(value) => return number(value.to_string()),
        Cell::Real(value) => return number(value.to_string()),
        Cell::Text(text) => {
            let is_json = known.is_some_and(|column| column.kind == ColumnKind::Json);
            let value = value::of(text.as_bytes()).filter(|_| is_json);
            let laid = value.and_then(|value| serde_json::to_string_pretty(&value).ok());
            laid.unwrap_or_else(|| serde_json::Value::String(text.clone()).to_string())
        }
    };
    // Of a field that nobody knows, and of tokens, the mask knows no path that is shown.
    let field = known.map_or("", |column| column.field);
    safe_lines(&mask::field(field, &json, proves))
}

/// A column before and after; `None` where there is no row, or nothing in it.
fn column(out: &mut String, name: &str, old: Option<String>, new: Option<String>, paint: Paint) {
    let multi = [&old, &new].into_iter().flatten().any(|text| text.contains('\n'));
    if !multi {
        if let Some(old) = old {
            let _ = writeln!(out, "{}", paint.red(&format!("-{name}: {}", short(&old))));
        }
        if let Some(new) = new {
            let _ = writeln!(out, "{}", paint.green(&format!("+{name}: {}", short(&new))));
        }
        return;
    }
    let _ = writeln!(out, " {name}:");
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    let diff = TextDiff::from_lines(old.as_str(), new.as_str());
    for change in diff.iter_all_changes() {
        let line = short(change.value().trim_end_matches('\n'));
        let _ = match change.tag() {
            ChangeTag::Equal => writeln!(out, "   {line}"),
            ChangeTag::Delete | ChangeTag::Insert if line.is_empty() => Ok(()),
            ChangeTag::Delete => writeln!(out, "{}", paint.red(&format!("-  {line}"))),
            ChangeTag::Insert => writeln!(out, "{}", paint.green(&format!("+  {line}"))),
        };
    }
}

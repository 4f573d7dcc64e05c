//! Rows: a line per changed column, JSON cells expanded.

use std::fmt::Write;

use similar::{ChangeTag, TextDiff};

use super::{heading, short};
use crate::format::scan;
use crate::image::Cell;
use crate::model::layout::{ColumnKind, DATABASE, Part};
use crate::plan::{RowChange, RowOp};
use crate::render::{Paint, mask};
use crate::text::safe;

/// One row: a line per changed column, JSON cells expanded.
pub fn row(change: &RowChange, paint: Paint) -> String {
    let mut out = String::new();
    let key: Vec<String> = change
        .key
        .iter()
        .map(|(column, cell)| format!("{column} {}", key_text(change.part, cell)))
        .collect();
    let place = format!("{DATABASE}: {} {}", change.part.table(), key.join(", "));
    match &change.op {
        RowOp::Update(cells) => {
            heading(&mut out, &place, &place, paint);
            for cell in cells {
                column(
                    &mut out,
                    change.part,
                    &cell.column,
                    Some(&cell.old),
                    Some(&cell.new),
                    paint,
                );
            }
        }
        RowOp::Insert(cells) => {
            heading(&mut out, "/dev/null (new row)", &place, paint);
            for (name, cell) in cells.iter().filter(|(_, cell)| *cell != Cell::Null) {
                column(&mut out, change.part, name, None, Some(cell), paint);
            }
        }
        RowOp::Delete(cells) => {
            heading(&mut out, &place, "/dev/null (removed; it stays in the snapshot)", paint);
            for (name, cell) in cells.iter().filter(|(_, cell)| *cell != Cell::Null) {
                column(&mut out, change.part, name, Some(cell), None, paint);
            }
        }
    }
    out
}

fn key_text(part: Part, cell: &Cell) -> String {
    match (part, cell) {
        // Keyed by token.
        (Part::Bootstrap, _) => "****".to_owned(),
        (_, Cell::Text(text)) => safe(text),
        (_, Cell::Integer(number)) => number.to_string(),
        _ => "?".to_owned(),
    }
}

fn column(
    out: &mut String,
    part: Part,
    name: &str,
    old: Option<&Cell>,
    new: Option<&Cell>,
    paint: Paint,
) {
    let known = part.columns().iter().find(|column| column.column == name);
    let field = known.map_or(name, |column| column.field);
    let text = |cell: &Cell| -> String {
        match cell {
            Cell::Null => "NULL".to_owned(),
            Cell::Integer(number) => number.to_string(),
            Cell::Real(number) => number.to_string(),
            Cell::Blob(bytes) => format!("({} bytes)", bytes.len()),
            Cell::Text(text) => {
                let json = known.is_some_and(|column| column.kind == ColumnKind::Json);
                let value = scan::parse(text.as_bytes()).filter(|_| json);
                let laid = value.and_then(|value| serde_json::to_string_pretty(&value).ok());
                let quoted = serde_json::Value::String(text.clone()).to_string();
                let keyed = format!("{{\"{field}\": {}}}", laid.unwrap_or(quoted));
                let masked = if part == Part::Bootstrap {
                    "{\"\": \"****\"}".to_owned()
                } else {
                    mask::text(&keyed)
                };
                let inner = masked.split_once(": ").map_or(masked.as_str(), |(_, rest)| rest);
                safe_json(inner.strip_suffix('}').unwrap_or(inner))
            }
        }
    };
    let (old, new) = (old.map(text), new.map(text));
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
            ChangeTag::Delete if line.is_empty() => Ok(()),
            ChangeTag::Insert if line.is_empty() => Ok(()),
            ChangeTag::Delete => writeln!(out, "{}", paint.red(&format!("-  {line}"))),
            ChangeTag::Insert => writeln!(out, "{}", paint.green(&format!("+  {line}"))),
        };
    }
}

fn safe_json(text: &str) -> String {
    crate::text::safe_lines(text)
}

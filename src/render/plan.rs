//! The preview: why each edit is made, then the diff.

use std::fmt::Write;

use super::{Paint, diff, wrap};
use crate::model::layout::Part;
use crate::plan::{Changes, Edit, Op, Target};
use crate::secret::mask;
use crate::secret::shape::{Proves, Shape};
use crate::text::{count, safe};

/// What an edit touches, in a word or two.
pub fn subject(edit: &Edit) -> String {
    match &edit.op {
        Op::Set { path, .. } if path.is_empty() => "the record".to_owned(),
        Op::Set { path, .. } => path.join("."),
        Op::Unset { path, .. } => format!("{} (removed)", path.join(".")),
        Op::Insert(_) => "a new record".to_owned(),
        Op::Remove => match &edit.target {
            Target::Record { part: Part::Pending, key, .. } => {
                format!("{} (removed)", Shape::RequestId.show(key))
            }
            Target::Record { key, .. } => format!("{} (removed)", mask(key)),
            _ => "removed".to_owned(),
        },
        Op::Rewrite(_) => "the whole file".to_owned(),
        Op::Delete => "the file (removed)".to_owned(),
    }
}

/// Where an edit is made.
pub fn place(edit: &Edit) -> String {
    match &edit.target {
        Target::Record { store, part, .. } => crate::model::place_of(*store, *part),
        Target::Whole(slot) => match slot {
            crate::image::Slot::File(part) | crate::image::Slot::Table(part) => {
                part.file().unwrap_or(part.table()).to_owned()
            }
            crate::image::Slot::Config(path) => crate::platform::shown(path),
        },
        Target::Config(path) => crate::platform::shown(path),
    }
}

/// `3 files`, `2 rows of the database`, or both.
pub fn places(changes: &Changes) -> String {
    match (changes.files.len(), changes.rows.len()) {
        (files, 0) => count(files, "file", "files"),
        (0, rows) => count(rows, "row of the database", "rows of the database"),
        (files, rows) => {
            format!(
                "{} and {}",
                count(files, "file", "files"),
                count(rows, "row of the database", "rows of the database")
            )
        }
    }
}

/// The whole preview.
pub fn preview(
    changes: &Changes,
    name: &dyn Fn(&std::path::Path) -> String,
    proves: Proves<'_>,
    paint: Paint,
    width: usize,
) -> String {
    let mut out = String::new();
    let what = places(changes);
    let _ = writeln!(
        out,
        "{}",
        paint.bold(&format!(
            "What would change: {}, in {what}",
            count(changes.edits.len(), "edit", "edits")
        ))
    );
    let mut at = String::new();
    for edit in &changes.edits {
        let place = place(edit);
        if place != at {
            let _ = writeln!(out, "\n{}", paint.cyan(&safe(&place)));
            at = place;
        }
        let _ = writeln!(
            out,
            "{}",
            wrap(&safe(&format!("{}: {}", subject(edit), edit.why)), width, "  - ", "    ")
        );
    }
    out.push('\n');
    out.push_str(&diff::changes(changes, name, proves, paint));
    out
}

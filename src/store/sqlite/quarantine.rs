//! The note that OpenClaw makes beside its database when its check of it fails: with it the gateway does not open the database, also
//! where another one stands there since. Code of 2026.8.2 to 2026.9.6; seen on 2026.9.6.

use std::path::Path;
use std::time::UNIX_EPOCH;

use rusqlite::Connection;
use serde_json::Value;

use super::reader::{self, Way};

/// The newest schema of these notes; OpenClaw goes by none that it does not know.
const NEWEST: i64 = 2;

/// Whether there is such a note about the database at `path`. What cannot be read is no note, for OpenClaw too.
pub(super) fn is_noted(path: &Path, notes: &Path) -> bool {
    let is_file = std::fs::symlink_metadata(notes).is_ok_and(|found| found.is_file());
    let open = || reader::open(&super::probe::resolve_parent(notes).ok()?, Way::Immutable).ok();
    is_file && open().and_then(|notes| noted(&notes, path)).unwrap_or(false)
}

fn noted(notes: &Connection, path: &Path) -> Option<bool> {
    super::table::is_table(notes, "quarantined_databases").then_some(())?;
    let version = super::table::user_version(notes).ok().filter(|it| (1..=NEWEST).contains(it))?;
    let generation = if version > 1 { "verified_generation" } else { "NULL" };
    let sql = format!(
        "SELECT {generation} FROM quarantined_databases WHERE path = ?1 AND kind IN ('state', 'agent')"
    );
    let of: Option<String> = notes.query_row(&sql, [path.to_str()?], |row| row.get(0)).ok()?;
    Some(of.is_none_or(|of| is_that_one(&of, path)))
}

/// Whether the file is still the one that was checked, by its size and the time of its last change.
fn is_that_one(generation: &str, path: &Path) -> bool {
    let file: Value = serde_json::from_str(generation).unwrap_or_default();
    let text = |key: &str| file.get("database")?.get(key)?.as_str();
    let Ok(found) = std::fs::metadata(path) else { return false };
    let changed = found.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    text("size") == Some(&found.len().to_string())
        && changed.is_some_and(|at| text("mtimeNs") == Some(&at.as_nanos().to_string()))
}

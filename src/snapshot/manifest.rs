//! `manifest.json`: what a snapshot holds. No secret stands in it: names, hashes, modes and times.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::after::After;
use crate::error::Error;
use crate::step::Step;
use crate::store::Entry;

/// The manifest's name in a snapshot.
pub const FILE: &str = "manifest.json";
/// The layout this clawmend writes, and the newest it restores from.
pub const SCHEMA: u64 = 1;

/// What a snapshot holds and why it was taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The layout's number.
    pub schema: u64,
    /// Who wrote it, e.g. `clawmend 0.1.0`.
    pub tool: String,
    /// When, milliseconds since 1970.
    pub created_at_ms: i64,
    /// The same for people, UTC.
    pub created_at: String,
    /// Why, e.g. `before-repair`.
    pub why: String,
    /// The command that took it.
    pub command: String,
    /// The state dir it is of.
    pub state_dir: String,
    /// The stores it holds: `files`, `sqlite`.
    pub stores: Vec<String>,
    /// The pieces, and what was absent.
    pub entries: Vec<Entry>,
    /// What the command that took it was about to leave behind; `None` for a snapshot taken for
    /// itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<After>,
}

/// The little that is read of a manifest of any schema, for lists.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Header {
    pub schema: u64,
    pub tool: String,
    pub created_at_ms: Option<i64>,
    pub why: String,
    pub command: String,
    pub state_dir: String,
}

const EDITED: &str = "somebody changed this snapshot: use another one (`clawmend snapshot list`)";

impl Manifest {
    /// Reads a manifest, refusing newer layouts and names that lead out of the snapshot.
    ///
    /// # Errors
    /// Not a manifest, a newer layout, or a piece's name is not a plain relative path, or
    /// the same file stands in it twice.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let header: Header = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
        if header.schema > SCHEMA {
            return Err(Error::refused(format!(
                "this snapshot was written by a newer clawmend ({})",
                header.tool.escape_debug()
            ))
            .hint("restore it with that version or a later one"));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
        let mut seen = BTreeSet::new();
        for entry in &manifest.entries {
            if !seen.insert((&entry.store, &entry.path)) {
                return Err(Error::refused(format!(
                    "the snapshot's manifest names `{}` twice",
                    entry.path.escape_debug()
                ))
                .hint(EDITED));
            }
        }
        for name in manifest.entries.iter().filter_map(|entry| entry.name.as_ref()) {
            if !is_piece_name(name) {
                return Err(Error::refused(format!(
                    "the snapshot's manifest names a piece outside the snapshot: `{}`",
                    name.escape_debug()
                ))
                .hint(EDITED));
            }
        }
        Ok(manifest)
    }

    /// The entry of a piece.
    pub fn piece(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name.as_deref() == Some(name))
    }
}

/// Names of pieces are plain, relative, `/`-separated, and never the manifest's own.
pub(super) fn is_piece_name(name: &str) -> bool {
    name != FILE
        && !name.contains(['\\', '\0'])
        && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

fn malformed(error: &serde_json::Error) -> Error {
    // Only the place: the text of a parse error may quote what stands there.
    Error::failed("the snapshot's manifest is damaged")
        .because(format!("line {}, column {}", error.line(), error.column()))
        .hint(Step::other_snapshot().note("the pieces in this one are plain copies"))
}

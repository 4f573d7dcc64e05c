//! `manifest.json`: what a snapshot holds. No secret stands in it: names, hashes, modes and times.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::after::{Expected, Fields};
use crate::error::Error;
use crate::files::hash;
use crate::model::layout::{DATABASE, is_taken};
use crate::step::Step;
use crate::store::{ManifestEntry, json, sqlite};

/// The manifest's name in a snapshot.
pub const FILE: &str = "manifest.json";
/// The digest of the manifest, kept beside it; `sha256sum -c` understands it too.
pub const DIGEST_FILE: &str = "manifest.sha256";
/// The layout this clawmend writes, and the newest it restores from. Since 2 a snapshot has a digest of its
/// manifest and a place in the order, since 3 the values that its command set.
pub const SCHEMA: u64 = 3;
/// The oldest layout.
const FIRST_SCHEMA: u64 = 1;
/// Said of a snapshot of the first layout.
pub const NO_DIGEST: &str = "an earlier clawmend took this snapshot, and its manifest has no checksum: the pieces can be checked, their names and modes cannot";

/// What a snapshot holds and why it was taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// The layout's number.
    pub schema: u64,
    /// Its place among the snapshots of this state dir: one more than the one before. The clock may go
    /// back, this does not. 0: taken before there was an order.
    #[serde(default)]
    pub sequence: u64,
    /// The snapshot before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
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
    pub entries: Vec<ManifestEntry>,
    /// What the command that took it was about to leave behind; `None` for a snapshot taken for
    /// itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Expected>,
    /// The values that this command was about to set.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub fields: Fields,
}

/// The little that is read of a manifest of any schema, for lists.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Header {
    pub schema: u64,
    pub sequence: u64,
    pub previous: Option<String>,
    pub tool: String,
    pub created_at_ms: Option<i64>,
    pub why: String,
    pub command: String,
    pub state_dir: String,
}

const EDITED: &str = "somebody changed this snapshot: use another one (`clawmend snapshot list`)";

impl Manifest {
    /// Reads a manifest beside its digest, refusing newer layouts and names that lead out of the
    /// snapshot.
    ///
    /// # Errors
    /// Not a manifest, not the one that the digest is of, a newer layout, a store or path that clawmend
    /// does not know, a piece's name that is not a plain relative path, or a file that stands in it twice.
    pub fn parse(bytes: &[u8], digest: Option<&[u8]>) -> Result<Self, Error> {
        let header: Header = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
        if header.schema > SCHEMA {
            return Err(Error::refused(format!(
                "this snapshot was written by a newer clawmend ({})",
                header.tool.escape_debug()
            ))
            .hint("restore it with that version or a later one"));
        }
        if digest.is_some_and(|digest| digest != digest_of(bytes).as_bytes()) {
            return Err(damaged("it is not the one that its checksum was taken of"));
        }
        if header.schema < FIRST_SCHEMA {
            return Err(damaged("its layout has no number"));
        }
        if digest.is_none() && header.schema != FIRST_SCHEMA {
            return Err(damaged("its checksum is missing"));
        }
        let mut manifest: Self =
            serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
        if let Some(after) = &mut manifest.after {
            manifest.fields.append(&mut after.fields);
        }
        let stores = [json::NAME, sqlite::NAME];
        if let Some(odd) = manifest.stores.iter().find(|store| !stores.contains(&store.as_str())) {
            return Err(unknown(odd));
        }
        for entry in &manifest.entries {
            let known = match entry.store.as_str() {
                json::NAME => is_known_path(&entry.path),
                sqlite::NAME => entry.path == DATABASE,
                _ => false,
            };
            if !known {
                return Err(unknown(&entry.path));
            }
        }
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

    /// The entry of a piece, by its name in the snapshot.
    pub fn piece(&self, name: &str) -> Option<&ManifestEntry> {
        self.entries.iter().find(|entry| entry.name.as_deref() == Some(name))
    }
}

/// Names of pieces are plain, relative, `/`-separated, and never the manifest's own.
pub(super) fn is_piece_name(name: &str) -> bool {
    ![FILE, DIGEST_FILE].contains(&name) && !name.contains('\\') && is_plain(name)
}

/// Whether it is said in one way only: no empty part, no `.`, no `..`.
fn is_plain(path: &str) -> bool {
    !path.contains('\0')
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

/// What stands in the digest's file.
pub fn digest_of(manifest: &[u8]) -> String {
    format!("{}  {FILE}\n", hash::of(manifest))
}

/// Which paths a manifest may name. Which of these a way back may change is the store's matter.
fn is_known_path(path: &str) -> bool {
    is_plain(path.strip_prefix('/').unwrap_or(path)) && !is_taken(path)
}

fn malformed(error: &serde_json::Error) -> Error {
    // Only the place: the text of a parse error may quote what stands there.
    damaged(&format!("line {}, column {}", error.line(), error.column()))
}

fn unknown(what: &str) -> Error {
    let what = what.escape_debug();
    Error::refused(format!(
        "the snapshot's manifest names something that clawmend does not know: `{what}`"
    ))
    .hint(EDITED)
}

fn damaged(why: &str) -> Error {
    Error::failed("the snapshot's manifest is damaged")
        .because(why)
        .hint(Step::other_snapshot().note("the pieces in this one are plain copies"))
}

//! What a command leaves behind, as hashes: recorded before it starts, so that an interrupted run can
//! be told from a finished one, and a later restore can tell what changed since.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::files::hash;
use crate::image::{Cell, Images, RowKey, Table, row_key};
use crate::model::layout::Part;
use crate::plan::{Changes, FileChange, RowChange, RowOp};
use crate::store::json::key_of;

/// By file or table: the hash of each value that a command set, by the hash of its path; `None`: it went.
pub type Fields = BTreeMap<String, BTreeMap<String, Option<String>>>;

/// Hashes of what was changed, as it is after.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expected {
    /// Files by path (as in the entries); `None`: gone.
    pub files: BTreeMap<String, Option<String>>,
    /// Rows of the database.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowPrint>,
    /// Where the first manifests of layout 3 had the values that their command set.
    #[serde(default, skip_serializing)]
    pub(super) fields: Fields,
}

/// The fingerprint of a changed row. Keys and values are hashed: they may be secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RowPrint {
    /// The table's name in the database.
    pub table: String,
    /// SHA-256 over the primary key.
    pub key: String,
    /// The columns that were set.
    pub columns: Vec<String>,
    /// SHA-256 over their values; `None`: the row is gone.
    pub sha256: Option<String>,
}

impl Expected {
    /// What `changes` leave behind.
    pub fn of(changes: &Changes, state_dir: &Path) -> Self {
        let files = changes.files.iter().map(|change| {
            let hash = change.pieces().map(hash::of_pieces);
            (key_of(state_dir, &change.before.path), hash)
        });
        let rows = changes.rows.iter().map(RowPrint::of).collect();
        Self { files: files.collect(), rows, fields: Fields::new() }
    }
}

impl RowPrint {
    fn of(change: &RowChange) -> Self {
        let set = change.op.new_cells();
        let gone = matches!(change.op, RowOp::Delete(_));
        Self {
            table: change.part.table().to_owned(),
            key: key_print(&change.key),
            columns: set.iter().map(|(column, _)| (*column).to_owned()).collect(),
            sha256: (!gone).then(|| print(set)),
        }
    }
}

/// The rows that are there now beside the rows that were left behind, each found by its key.
pub(crate) struct Rows<'a> {
    prints: HashMap<(&'a str, &'a str), &'a RowPrint>,
    live: BTreeMap<Part, (&'a Table, HashMap<RowKey<'a>, Vec<usize>>)>,
}

impl<'a> Rows<'a> {
    /// For the rows that `back` changes.
    pub(crate) fn of(after: &'a Expected, now: &'a Images, back: &[RowChange]) -> Self {
        let prints = after
            .rows
            .iter()
            .map(|print| ((print.table.as_str(), print.key.as_str()), print))
            .collect();
        let database = now.database.as_ref().and_then(|image| image.state.as_ref().ok());
        let tables = database.map(|database| &database.tables);
        let live = back.iter().map(|change| change.part).collect::<BTreeSet<_>>();
        let live = live.into_iter().filter_map(|part| {
            let table: &Table = tables?.get(&part)?;
            Some((part, (table, table.by_key(part.key_columns()))))
        });
        let live = live.collect();
        Self { prints, live }
    }

    /// Whether a row is now as it was left behind, and the way back touches nothing else of it.
    pub(crate) fn hold(&self, change: &RowChange) -> bool {
        let key = key_print(&change.key);
        let Some(wanted) = self.prints.get(&(change.part.table(), key.as_str())) else {
            return false;
        };
        let was_set = |column: &str| wanted.columns.iter().any(|set| set == column);
        let touches_others = match change.op {
            RowOp::Insert(_) => false,
            RowOp::Update(_) => change.op.new_cells().iter().any(|(column, _)| !was_set(column)),
            RowOp::Delete(_) => {
                let mut there = change.op.old_cells().into_iter();
                there.any(|(column, cell)| !was_set(column) && *cell != Cell::Null)
            }
        };
        if touches_others {
            return false;
        }
        let live = self.live.get(&change.part).and_then(|(table, rows)| {
            let at = rows.get(&row_key(&change.key))?.last()?;
            Some((table, table.rows.get(*at)?))
        });
        match (&wanted.sha256, live) {
            (None, None) => true,
            (Some(sha256), Some((table, row))) => {
                let cells: Option<Vec<_>> = wanted
                    .columns
                    .iter()
                    .map(|column| Some((column.as_str(), table.cell(row, column)?)))
                    .collect();
                cells.is_some_and(|cells| print(cells) == *sha256)
            }
            _ => false,
        }
    }
}

fn key_print(key: &[(String, Cell)]) -> String {
    print(key.iter().map(|(column, cell)| (column.as_str(), cell)).collect())
}

/// A hash over named cells that no other cells share: sorted, each with its class and length.
fn print(mut cells: Vec<(&str, &Cell)>) -> String {
    cells.sort_by_key(|(column, _)| *column);
    let mut bytes = Vec::new();
    for (column, cell) in cells {
        let (class, value) = cell.tagged();
        bytes.extend_from_slice(&(column.len() as u64).to_le_bytes());
        bytes.extend_from_slice(column.as_bytes());
        bytes.push(class);
        bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&value);
    }
    hash::of(&bytes)
}

/// Whether a file is now as `after` says.
pub(crate) fn file_holds(after: &Expected, key: &str, change: &FileChange) -> bool {
    let live = change.before.bytes().map(|bytes| hash::of(bytes));
    after.files.get(key).is_some_and(|wanted| *wanted == live)
}

//! What will be changed, as values, in two forms.
//!
//! A [`Plan`] says what and why: a field of a record, a record of a part, a key of the config.
//! [`crate::simulate`] makes [`Changes`] of it, the bytes and rows themselves: these are shown, agreed to and
//! committed.

use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

use crate::finding::Code;
use crate::format::Splice;
use crate::image::{Bytes, Cell, Slot};
use crate::model::layout::Part;

/// Which of the two kinds of store is meant.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// JSON files in the state dir (releases up to 2026.7.x; the config always).
    Files,
    /// The database (from 2026.8.1).
    Sqlite,
}

/// Everything one run would change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The edits, in the order they are explained.
    pub edits: Vec<Edit>,
}

/// One change and its reason.
#[derive(Clone, PartialEq)]
pub struct Edit {
    /// The record, file or config that it changes.
    pub target: Target,
    /// What is done to it.
    pub op: Op,
    /// One sentence: why. Shown in the preview.
    pub why: String,
    /// The findings it repairs.
    pub repairs: Vec<Code>,
}

/// The record or file that an edit changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A record of a part: `deviceId`, `requestId`, or for [`Part::DeviceAuth`] this machine's
    /// `deviceId`.
    Record {
        /// Whether its file or its table.
        store: StoreKind,
        /// Which file or table.
        part: Part,
        /// The id that the record is stored under.
        key: String,
    },
    /// A whole file, which is rewritten or goes.
    Whole(Slot),
    /// The config file or an included one.
    Config(PathBuf),
}

impl Target {
    /// The file or table that has to be read and written for it.
    pub fn slot(&self) -> Slot {
        match self {
            Target::Record { store: StoreKind::Files, part, .. } => Slot::File(*part),
            Target::Record { store: StoreKind::Sqlite, part, .. } => Slot::Table(*part),
            Target::Whole(slot) => slot.clone(),
            Target::Config(path) => Slot::Config(path.clone()),
        }
    }
}

/// How a target is changed.
#[derive(Clone, PartialEq)]
pub enum Op {
    /// A field, by path within the record or document, gets a value. Missing parents are created.
    Set {
        /// OpenClaw's field names from the record's root, e.g. `tokens`, `operator`, `scopes`.
        path: Vec<String>,
        /// The value before, for the preview; `None`: it is not there, or is replaced as a whole.
        old: Option<Value>,
        /// The value after; may be a secret.
        new: Value,
    },
    /// A field goes, by path as in `Set`.
    Unset {
        /// OpenClaw's field names from the root.
        path: Vec<String>,
        /// The value before. Of a cell that is not JSON: the text that stands in it, or null.
        old: Value,
    },
    /// A new record, by OpenClaw's field names in order.
    Insert(serde_json::Map<String, Value>),
    /// The record goes (it stays in the snapshot).
    Remove,
    /// The whole file gets these bytes.
    Rewrite(Bytes),
    /// The whole file goes (it stays in the snapshot).
    Delete,
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be tokens: only the shape is shown.
        let op = match &self.op {
            Op::Set { path, .. } => format!("set {}", path.join(".")),
            Op::Unset { path, .. } => format!("unset {}", path.join(".")),
            Op::Insert(fields) => format!("insert {} fields", fields.len()),
            Op::Remove => "remove".to_owned(),
            Op::Rewrite(bytes) => format!("rewrite {} bytes", bytes.len()),
            Op::Delete => "delete".to_owned(),
        };
        write!(f, "Edit({:?}, {op}, {:?})", self.target, self.repairs)
    }
}

/// What a plan does to the slots it touches: the one value that the preview renders, that a person
/// agrees to and that the commit applies. Made by [`crate::simulate::simulate`] or by a restore.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The edits that they come from, each with its reason.
    pub edits: Vec<Edit>,
    /// Whole files, each with what it was and what it will be.
    pub files: Vec<FileChange>,
    /// Rows of the database, all changed in one transaction.
    pub rows: Vec<RowChange>,
    /// Where the database is, if `rows` is not empty.
    pub database: Option<PathBuf>,
}

impl Changes {
    /// Whether nothing would change: the state is as wanted already.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.rows.is_empty()
    }

    /// Whether the config changes, so that the gateway needs a restart.
    pub fn touch_config(&self) -> bool {
        self.files.iter().any(|change| matches!(change.slot, Slot::Config(_)))
    }

    /// Changes that no plan was made for (a restore), each as an edit with this reason.
    #[must_use]
    pub fn explained(mut self, why: &str) -> Self {
        let edit = |target, op| Edit { target, op, why: why.to_owned(), repairs: Vec::new() };
        let files = self.files.iter().map(|change| {
            let op = match &change.after {
                After::Absent => Op::Delete,
                _ => Op::Rewrite(Bytes::new(change.pieces().unwrap_or_default().concat())),
            };
            edit(Target::Whole(change.slot.clone()), op)
        });
        let rows = self.rows.iter().flat_map(|row| {
            let (part, key) = (row.part, row.key_text());
            let target = Target::Record { store: StoreKind::Sqlite, part, key };
            let ops = match &row.op {
                RowOp::Insert(cells) => {
                    let fields = cells.iter().map(|(column, cell)| (column.clone(), cell.value()));
                    vec![Op::Insert(fields.collect())]
                }
                RowOp::Delete(_) => vec![Op::Remove],
                RowOp::Update(cells) => cells
                    .iter()
                    .map(|cell| Op::Set {
                        path: vec![cell.column.clone()],
                        old: Some(cell.old.value()),
                        new: cell.new.value(),
                    })
                    .collect(),
            };
            ops.into_iter().map(move |op| edit(target.clone(), op))
        });
        self.edits = files.chain(rows).collect();
        self
    }

    /// Whether somebody who agreed to `other` agreed to these: the same edits, and of what is replaced
    /// whole the same contents before.
    pub fn is_what_was_shown(&self, other: &Changes) -> bool {
        fn replaced(changes: &Changes) -> Vec<(&Slot, Option<&Bytes>)> {
            let whole = |change: &&FileChange| !matches!(change.after, After::Spliced(_));
            let files = changes.files.iter().filter(whole);
            files.map(|change| (&change.slot, change.before.bytes())).collect()
        }
        let removed = |changes: &Changes| -> Vec<RowChange> {
            let rows = changes.rows.iter().filter(|row| matches!(row.op, RowOp::Delete(_)));
            rows.cloned().collect()
        };
        self.edits == other.edits
            && replaced(self) == replaced(other)
            && removed(self) == removed(other)
    }
}

/// A file before and after.
#[derive(Clone, Debug)]
pub struct FileChange {
    /// The file.
    pub slot: Slot,
    /// What was read: the commit swaps in only if it is still that.
    pub before: crate::image::TextImage,
    /// What it becomes, or that it goes.
    pub after: After,
}

/// A file's contents after a change.
#[derive(Clone)]
pub enum After {
    /// The file goes; the snapshot keeps it.
    Absent,
    /// These bytes. The mode and owner to give, where they are not those of the file before.
    Whole {
        /// The contents.
        bytes: Bytes,
        /// Mode, uid and gid to set; `None`: as before, or for a new file 0600 and the folder's owner.
        meta: Option<crate::image::Meta>,
    },
    /// The bytes before with these ranges replaced; ordered, not overlapping.
    Spliced(Vec<Splice>),
}

impl fmt::Debug for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            After::Absent => f.write_str("Absent"),
            After::Whole { bytes, .. } => write!(f, "Whole({} bytes)", bytes.len()),
            After::Spliced(splices) => write!(f, "Spliced({})", splices.len()),
        }
    }
}

impl FileChange {
    /// The contents after the change as a run of slices, without building a second copy.
    /// `None` when the file goes.
    pub fn pieces(&self) -> Option<Vec<&[u8]>> {
        match &self.after {
            After::Absent => None,
            After::Whole { bytes, .. } => Some(vec![bytes.as_slice()]),
            After::Spliced(splices) => {
                let before = self.before.bytes().map(|bytes| bytes.as_slice()).unwrap_or_default();
                let mut pieces = Vec::with_capacity(splices.len() * 2 + 1);
                let mut at = 0;
                for splice in splices {
                    pieces.push(before.get(at..splice.start).unwrap_or_default());
                    pieces.push(splice.text.as_slice());
                    at = splice.end;
                }
                pieces.push(before.get(at..).unwrap_or_default());
                Some(pieces)
            }
        }
    }
}

/// A row before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct RowChange {
    /// The table, by what it holds.
    pub part: Part,
    /// The primary key: column and value.
    pub key: Vec<(String, Cell)>,
    /// What happens to the row.
    pub op: RowOp,
}

impl RowChange {
    /// The primary key as one text, e.g. a device id.
    pub fn key_text(&self) -> String {
        let text =
            |cell: &Cell| cell.text().map_or_else(|| cell.value().to_string(), str::to_owned);
        self.key.iter().map(|(_, cell)| text(cell)).collect::<Vec<_>>().join(" ")
    }
}

/// What happens to a row.
#[derive(Clone, Debug, PartialEq)]
pub enum RowOp {
    /// Columns change; each must still hold `old` when the transaction looks.
    Update(Vec<CellChange>),
    /// A new row of these columns; no row of this key may exist.
    Insert(Vec<(String, Cell)>),
    /// The row goes; it must still be this row.
    Delete(Vec<(String, Cell)>),
}

impl RowOp {
    /// The columns that get a value, and which; none where the row goes.
    pub fn new_cells(&self) -> Vec<(&str, &Cell)> {
        match self {
            Self::Update(cells) => cells.iter().map(|c| (c.column.as_str(), &c.new)).collect(),
            Self::Insert(cells) => cells.iter().map(|(name, cell)| (name.as_str(), cell)).collect(),
            Self::Delete(_) => Vec::new(),
        }
    }

    /// The columns that must still hold what was read, and what that is; none where no row may be there.
    pub fn old_cells(&self) -> Vec<(&str, &Cell)> {
        match self {
            Self::Update(cells) => cells.iter().map(|c| (c.column.as_str(), &c.old)).collect(),
            Self::Delete(cells) => cells.iter().map(|(name, cell)| (name.as_str(), cell)).collect(),
            Self::Insert(_) => Vec::new(),
        }
    }
}

/// One column's value before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct CellChange {
    /// The column's name.
    pub column: String,
    /// What the transaction must still find.
    pub old: Cell,
    /// What stands there after.
    pub new: Cell,
}

//! What was read from disk, as values: the pure core works on these and never on the disk.
//!
//! An image is immutable. A file's bytes are shared, never copied, so that a store of 80 MB costs
//! 80 MB once.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use crate::model::layout::{GENERATION_COLUMN, HOLDS_PAIRING, Part};
use crate::secret::Secret;

/// The most records of one part that are read, in a file or a table. Each costs memory beyond its
/// bytes, and a gateway that pairs a thousand devices a day needs three years to come here.
pub const RECORD_LIMIT: usize = 1_000_000;

/// Shared, immutable bytes of a file.
pub type Bytes = Arc<Vec<u8>>;

/// Names one piece of state that can be read and changed on its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// A pairing or identity file in the state dir, e.g. `devices/paired.json`.
    File(Part),
    /// The config or a file it includes, by path.
    Config(PathBuf),
    /// A table of the database, e.g. `device_pairing_paired`.
    Table(Part),
}

/// Everything that was read, by slot.
#[derive(Clone, Debug, Default)]
pub struct Images {
    /// Files, present or absent. Every [`Part`] that has a file is here.
    pub texts: BTreeMap<Slot, TextImage>,
    /// The database, if there is anything at its path.
    pub database: Option<DatabaseImage>,
}

impl Images {
    /// The image of a slot that is a file; `None` for a table.
    pub fn text(&self, slot: &Slot) -> Option<&TextImage> {
        self.texts.get(slot)
    }

    /// The image of a pairing file.
    pub fn file(&self, part: Part) -> Option<&TextImage> {
        self.texts.get(&Slot::File(part))
    }
}

/// A file at one moment.
#[derive(Clone, Debug)]
pub struct TextImage {
    /// Where it is (absolute), for messages and for the store that writes it.
    pub path: PathBuf,
    /// What was found there.
    pub state: FileState,
}

/// What was found at a path.
#[derive(Clone)]
pub enum FileState {
    /// Nothing is there.
    Absent,
    /// A regular file and its bytes.
    Present {
        /// The contents.
        bytes: Bytes,
        /// Mode, owner and identity of the file.
        meta: Meta,
    },
    /// Something is there that was not read.
    Unusable(Unusable),
}

impl std::fmt::Debug for FileState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FileState::Absent => f.write_str("Absent"),
            FileState::Present { bytes, meta } => {
                write!(f, "Present({} bytes, {meta:?})", bytes.len())
            }
            FileState::Unusable(why) => write!(f, "Unusable({why:?})"),
        }
    }
}

impl FileState {
    /// The bytes, if a regular file was read.
    pub fn bytes(&self) -> Option<&Bytes> {
        match self {
            FileState::Present { bytes, .. } => Some(bytes),
            _ => None,
        }
    }

    /// The file's mode, owner and identity, if a regular file was read.
    pub fn meta(&self) -> Option<&Meta> {
        match self {
            FileState::Present { meta, .. } => Some(meta),
            _ => None,
        }
    }
}

impl TextImage {
    /// The bytes, if a regular file was read.
    pub fn bytes(&self) -> Option<&Bytes> {
        self.state.bytes()
    }
}

/// Mode, owner and identity of a file or folder. Zero where the platform has no such thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Permission bits (`0o7777`).
    pub mode: u32,
    /// The owner's user id.
    pub uid: u32,
    /// The group's id.
    pub gid: u32,
    /// Size in bytes.
    pub len: u64,
    /// Last change of the contents, nanoseconds since 1970.
    pub mtime_ns: i128,
    /// Device and inode: the same pair means the same file.
    pub dev: u64,
    /// The inode, see `dev`.
    pub ino: u64,
    /// Names of the file: with more than one, replacing it would part them.
    pub nlink: u64,
}

impl Meta {
    /// The same for every name of the same file, and for no other.
    pub fn id(&self) -> (u64, u64) {
        (self.dev, self.ino)
    }

    /// Nobody may write the file. No bits at all tell nothing: the system may have none.
    pub fn is_read_only(&self) -> bool {
        self.mode != 0 && self.mode & 0o222 == 0
    }
}

/// Why something at a path was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// A symbolic link where OpenClaw keeps a regular file; the text is its target.
    Symlink(PathBuf),
    /// A symbolic link that leads to nothing; the text is its target.
    Dangling(PathBuf),
    /// A folder, FIFO, socket or device; the text names which.
    NotAFile(&'static str),
    /// A file stands where its folder should be.
    NoFolder,
    /// Larger than clawmend reads, in bytes.
    TooLarge {
        /// Its size, bytes.
        len: u64,
        /// The limit, bytes.
        limit: u64,
    },
    /// More records than clawmend reads.
    TooMany {
        /// The file or table that holds them.
        place: &'static str,
        /// How many it holds.
        count: u64,
        /// The limit.
        limit: u64,
    },
    /// The system refused; the text is its reason.
    Io(String),
    /// No permission: another user, or root, may be able to.
    Denied,
}

/// The database at one moment: the pairing tables only.
#[derive(Clone, Debug)]
pub struct DatabaseImage {
    /// Where it is (absolute).
    pub path: PathBuf,
    /// What was found there.
    pub state: Result<Database, Unread>,
}

/// Why there is no database to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Nothing is there.
    Absent,
    /// A zero-length file: a database that nothing was ever written to.
    Empty,
    /// Not a SQLite database at all.
    Foreign,
    /// Damaged; the text says how.
    Damaged(String),
    /// A write to it was interrupted, and SQLite has to undo that first: [`UNFINISHED`].
    Unfinished,
    /// Another process keeps everybody out, or it never held still; the text says which.
    Held(String),
    /// Something else than a regular file, or unreadable.
    Unusable(Unusable),
}

/// Said wherever a journal has to be rolled back first.
pub const UNFINISHED: &str = "a write to it was interrupted, and must be undone first (`-journal`): start the \
                              gateway once, that does it";

/// A readable database.
#[derive(Clone, Debug, Default)]
pub struct Database {
    /// `PRAGMA user_version`.
    pub user_version: i64,
    /// The schema that has been applied (2026.9 and later), where it is named.
    pub content_version: Option<i64>,
    /// The release that wrote it, from `schema_meta`.
    pub app_version: Option<String>,
    /// `schema_meta` does not name the role `global` of the state's database.
    pub lacks_role: bool,
    /// Somebody has added a trigger; OpenClaw makes none.
    pub has_triggers: bool,
    /// Tables of [`crate::model::layout::NEEDED_TABLES`] that do not exist.
    pub lacks_tables: Vec<&'static str>,
    /// OpenClaw has noted that its check of this database failed.
    pub is_quarantined: bool,
    /// A supervisor of another product has claimed it: only a gateway that says so opens it.
    pub is_claimed: bool,
    /// A gateway has been started on it.
    pub has_booted: bool,
    /// The secrets that the config can refer to, by name.
    pub secrets: BTreeMap<String, Secret>,
    /// The tables of [`Part::tables`] that exist.
    pub tables: BTreeMap<Part, Arc<Table>>,
}

impl Database {
    /// Whether the pairing is kept here, and no longer in files: also where its table is lost.
    pub fn holds_pairing(&self) -> bool {
        let paired = self.tables.get(&Part::Paired);
        self.user_version >= HOLDS_PAIRING
            || paired.is_some_and(|table| table.column(GENERATION_COLUMN).is_some())
    }
}

/// A table and its rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Its columns in the schema's order, without generated ones.
    pub columns: Vec<TableColumn>,
    /// Its rows, each with as many cells as there are columns.
    pub rows: Vec<Row>,
}

/// A column as `PRAGMA table_info` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumn {
    /// The column's name in the schema.
    pub name: String,
    /// Declared NOT NULL: an insert must give a value, unless there is a default.
    pub not_null: bool,
    /// Declared with a DEFAULT: an insert may leave it out.
    pub has_default: bool,
}

impl Table {
    /// Where a column's cell stands in each row, from 0.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Where the rows are, by what these columns hold.
    pub fn by_key(&self, columns: &[&str]) -> HashMap<RowKey<'_>, Vec<usize>> {
        let columns: Vec<usize> = columns.iter().filter_map(|name| self.column(name)).collect();
        let mut found: HashMap<_, Vec<usize>> = HashMap::with_capacity(self.rows.len());
        for (at, row) in self.rows.iter().enumerate() {
            let cells = columns.iter().filter_map(|column| row.0.get(*column));
            found.entry(cells.map(Cell::tagged).collect()).or_default().push(at);
        }
        found
    }

    /// A cell of a row by column name. `None` where the column does not exist.
    pub fn cell<'a>(&self, row: &'a Row, column: &str) -> Option<&'a Cell> {
        row.0.get(self.column(column)?)
    }
}

/// A row's key in a form that can be looked up: each cell's storage class and bytes.
pub type RowKey<'c> = Vec<(u8, Cow<'c, [u8]>)>;

/// The key of named cells; their names do not count in it.
pub fn row_key(cells: &[(String, Cell)]) -> RowKey<'_> {
    cells.iter().map(|(_, cell)| cell.tagged()).collect()
}

/// One row's cells, in the order of the table's columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(pub Vec<Cell>);

/// A cell with SQLite's own storage class.
#[derive(Clone, PartialEq)]
pub enum Cell {
    /// NULL.
    Null,
    /// INTEGER.
    Integer(i64),
    /// REAL.
    Real(f64),
    /// TEXT.
    Text(String),
    /// TEXT that is not UTF-8. OpenClaw reads it as it reads files: each odd byte is U+FFFD.
    OddText(Vec<u8>),
    /// BLOB.
    Blob(Vec<u8>),
}

impl std::fmt::Debug for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Cells hold tokens and keys: only their shape is shown.
        match self {
            Cell::Null => f.write_str("Null"),
            Cell::Integer(number) => write!(f, "Integer({number})"),
            Cell::Real(number) => write!(f, "Real({number})"),
            Cell::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Cell::OddText(bytes) => write!(f, "OddText({} bytes)", bytes.len()),
            Cell::Blob(bytes) => write!(f, "Blob({} bytes)", bytes.len()),
        }
    }
}

impl Cell {
    /// The cell as a value of a plan.
    pub fn value(&self) -> serde_json::Value {
        match self {
            Cell::Null => serde_json::Value::Null,
            Cell::Integer(number) => (*number).into(),
            Cell::Real(number) => (*number).into(),
            Cell::Text(text) => text.as_str().into(),
            Cell::OddText(bytes) | Cell::Blob(bytes) => bytes.as_slice().into(),
        }
    }

    /// Its storage class as a letter, and its value as bytes (numbers little-endian): no two cells share them.
    pub fn tagged(&self) -> (u8, Cow<'_, [u8]>) {
        match self {
            Cell::Null => (b'n', Cow::default()),
            Cell::Integer(number) => (b'i', number.to_le_bytes().to_vec().into()),
            Cell::Real(number) => (b'r', number.to_le_bytes().to_vec().into()),
            Cell::Text(text) => (b't', text.as_bytes().into()),
            Cell::OddText(bytes) => (b'o', bytes.as_slice().into()),
            Cell::Blob(bytes) => (b'b', bytes.as_slice().into()),
        }
    }

    /// The text of a TEXT cell.
    pub fn text(&self) -> Option<&str> {
        match self {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a TEXT cell as OpenClaw reads it.
    pub fn read_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Cell::OddText(bytes) => Some(String::from_utf8_lossy(bytes)),
            _ => self.text().map(Cow::from),
        }
    }
}

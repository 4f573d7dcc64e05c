//! A store of records (paired or pending) as it was found, in either generation: which records it
//! holds, which are broken, without keeping a parsed copy of any.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use serde_json::Value;

use super::device::{Device, Record};
pub use super::entry::{Entry, Fault, id_field};
use super::entry::{Position, RowShape, entry_of_text};
use super::layout::{ColumnKind, Part};
use crate::format::{Span, salvage, scan, value};
use crate::image::{Bytes, Cell, FileState, RECORD_LIMIT, Row, Table, TextImage, Unusable};

/// Lines are counted in blocks of so many bytes: a place for each line of a huge store would take a third of its size.
const BLOCK: usize = 64 * 1024;

/// How a store's container was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// No file, or no table.
    Absent,
    /// Records can be read.
    Good,
    /// A file of no bytes (F39).
    Empty,
    /// JSON, but not an object: an array loses every approval (F31).
    NotAnObject(scan::ValueKind),
    /// Not JSON (F39): where, and how many whole records can be read out of it.
    Broken {
        /// Where the text breaks.
        error: scan::ScanError,
        /// Whole records in it.
        whole: usize,
        /// Ids of what cannot be taken over: damaged, or not placed for certain.
        aside: Vec<String>,
    },
    /// Something that was not read.
    Unusable(Unusable),
}

/// The records of one part.
#[derive(Clone, Debug)]
pub struct Records {
    /// Paired devices or requests.
    pub part: Part,
    /// How the file or table was found.
    pub condition: Condition,
    /// The records, in order. Of two with the same key only the later counts and is here.
    pub entries: Vec<Entry>,
    /// Keys that stand in the file more than once.
    pub duplicate_keys: Vec<String>,
    text: Option<Bytes>,
    table: Option<std::sync::Arc<Table>>,
    /// Where in `entries` a key is, by its hash; made when it is first asked for.
    places: OnceLock<HashMap<u64, usize>>,
    /// How many lines end before each block of the text; made when it is first asked for.
    lines: OnceLock<Vec<usize>>,
    /// How many keys begin with these eight characters; made when it is first asked for.
    starts: OnceLock<HashMap<String, usize>>,
}

impl Records {
    fn none(part: Part) -> Self {
        Self {
            part,
            condition: Condition::Absent,
            entries: Vec::new(),
            duplicate_keys: Vec::new(),
            text: None,
            table: None,
            places: OnceLock::new(),
            lines: OnceLock::new(),
            starts: OnceLock::new(),
        }
    }

    /// The records of a file; more than [`RECORD_LIMIT`] are not read.
    pub fn of_file(part: Part, image: Option<&TextImage>) -> Self {
        Self::of_file_up_to(part, image, RECORD_LIMIT)
    }

    fn of_file_up_to(part: Part, image: Option<&TextImage>, limit: usize) -> Self {
        let mut records = Self::none(part);
        match image.map(|image| &image.state) {
            None | Some(FileState::Absent) => {}
            Some(FileState::Unusable(why)) => records.condition = Condition::Unusable(why.clone()),
            Some(FileState::Present { bytes, .. }) => {
                records.text = Some(bytes.clone());
                records.read_text(bytes, limit);
            }
        }
        records
    }

    fn read_text(&mut self, text: &Bytes, limit: usize) {
        if text.iter().all(|byte| byte.is_ascii_whitespace()) {
            self.condition = Condition::Empty;
            return;
        }
        // One pass: the members are found while the text is checked.
        let start = scan::skip_space(text, 0);
        if text.get(start) != Some(&b'{') {
            match scan::document(text) {
                Ok(span) => self.condition = Condition::NotAnObject(scan::kind(text, span)),
                Err(error) => self.broken(text, error, limit),
            }
            return;
        }
        let (mut entries, mut count) = (Vec::new(), 0);
        let whole = Span { start, end: text.len() };
        let read = scan::walk_members(text, whole, |key, at| {
            count += 1;
            if count > limit {
                // Counted on, but no longer kept.
                entries = Vec::new();
                return scan::value_end(text, at);
            }
            let (entry, end) = entry_of_text(self.part, text, key, at)?;
            entries.push(entry);
            Ok(end)
        });
        match read.and_then(|end| scan::nothing_after(text, end)) {
            Ok(()) if count > limit => self.too_many(count, limit),
            Ok(()) => {
                self.condition = Condition::Good;
                self.entries = entries;
                self.keep_last_of_each_key();
            }
            Err(error) => self.broken(text, error, limit),
        }
    }

    fn too_many(&mut self, count: usize, limit: usize) {
        self.text = None;
        self.condition = Condition::Unusable(Unusable::TooMany {
            place: self.part.file().unwrap_or_default(),
            count: count as u64,
            limit: limit as u64,
        });
    }

    fn broken(&mut self, text: &[u8], error: scan::ScanError, limit: usize) {
        let salvage::Salvage { whole, aside } =
            match salvage::records_up_to(text, id_field(self.part), limit) {
                Ok(found) => found,
                Err(count) => return self.too_many(count, limit),
            };
        self.condition = Condition::Broken { error, whole: whole.len(), aside };
        self.entries = whole
            .into_iter()
            .filter_map(|whole| {
                entry_of_text(self.part, text, whole.place.key, whole.place.value.start).ok()
            })
            .map(|(entry, _)| entry)
            .collect();
    }

    fn keep_last_of_each_key(&mut self) {
        if self.places().len() == self.entries.len() {
            return;
        }
        self.places = OnceLock::new();
        let mut seen = std::collections::HashSet::with_capacity(self.entries.len());
        let mut doubles = Vec::new();
        let mut keep = vec![true; self.entries.len()];
        for (entry, keep) in self.entries.iter().zip(&mut keep).rev() {
            if !seen.insert(entry.key.as_str()) {
                *keep = false;
                doubles.push(entry.key.clone());
            }
        }
        if !doubles.is_empty() {
            let mut keep = keep.into_iter();
            self.entries.retain(|_| keep.next().unwrap_or(true));
            self.duplicate_keys = doubles;
        }
    }

    /// The records of a table; without one there are none.
    pub fn of_table(part: Part, table: Option<std::sync::Arc<Table>>) -> Self {
        let entries = table.as_ref().map_or_else(Vec::new, |table| {
            let shape = RowShape::of(part, table);
            let rows = table.rows.iter().enumerate();
            rows.map(|(at, row)| shape.entry(at, row)).collect()
        });
        let condition = if table.is_some() { Condition::Good } else { Condition::Absent };
        Self { condition, entries, table, ..Self::none(part) }
    }

    /// Where every record stands in the text; `None` where they are not all known, or in rows.
    pub fn members(&self) -> Option<Vec<scan::Member>> {
        if self.condition != Condition::Good || !self.duplicate_keys.is_empty() {
            return None;
        }
        let member = |entry: &Entry| match entry.place {
            Position::Text(at) => Some(at),
            Position::Row(_) => None,
        };
        self.text.as_ref()?;
        self.entries.iter().map(member).collect()
    }

    fn places(&self) -> &HashMap<u64, usize> {
        self.places.get_or_init(|| {
            let places = self.entries.iter().enumerate().rev();
            places.map(|(at, entry)| (hash(&entry.key), at)).collect()
        })
    }

    /// The entry stored under a key, also one with faults.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        let found = self.entries.get(*self.places().get(&hash(key))?)?;
        match found.key == key {
            true => Some(found),
            // Two keys of one hash.
            false => self.entries.iter().find(|entry| entry.key == key),
        }
    }

    /// The line, from 1, of a record in the file, or of a field of it.
    pub fn line(&self, key: &str, path: &[String]) -> Option<usize> {
        let text = self.text.as_ref()?;
        let Position::Text(record) = self.entry(key)?.place else { return None };
        let field = |at: scan::Member, name: &String| scan::member(text, at.value, name);
        let at = path.iter().try_fold(record, field)?.key.start;
        let count = |text: &[u8]| memchr::memchr_iter(b'\n', text).count();
        let lines = self.lines.get_or_init(|| {
            let mut lines = 0;
            let before = |block| {
                let before = lines;
                lines += count(block);
                before
            };
            text.chunks(BLOCK).map(before).collect()
        });
        let before = lines.get(at / BLOCK)?;
        Some(before + count(text.get(at - at % BLOCK..at)?) + 1)
    }

    /// How many records have a key that begins with these eight characters.
    pub fn alike(&self, start: &str) -> usize {
        let starts = self.starts.get_or_init(|| {
            let mut starts = HashMap::new();
            for entry in &self.entries {
                *starts.entry(entry.key.chars().take(8).collect()).or_default() += 1;
            }
            starts
        });
        starts.get(start).copied().unwrap_or_default()
    }

    /// A record by OpenClaw's field names. `None` where it is not an object.
    pub fn record(&self, entry: &Entry) -> Option<Record> {
        match entry.place {
            Position::Text(at) => match value::at(self.text.as_ref()?, at.value)? {
                Value::Object(record) => Some(record),
                _ => None,
            },
            Position::Row(at) => {
                let table = self.table.as_ref()?;
                Some(record_of_row(self.part, table, table.rows.get(at)?))
            }
        }
    }

    /// The whole record stored under a key, by OpenClaw's field names.
    pub fn record_of(&self, key: &str) -> Option<Record> {
        self.record(self.entry(key)?)
    }

    /// The text of an entry's cell; `None` where it is no text, or the entry no row.
    pub fn cell_text(&self, entry: &Entry, column: &str) -> Option<String> {
        let (Position::Row(at), Some(table)) = (entry.place, &self.table) else { return None };
        let cell = table.cell(table.rows.get(at)?, column)?;
        cell.text().map(str::to_owned)
    }

    /// A typed view of a record.
    pub fn device(&self, entry: &Entry) -> Option<Device> {
        Some(Device::of(&entry.key, &self.record(entry)?))
    }

    /// Typed views of all records that are objects.
    pub fn devices(&self) -> impl Iterator<Item = Device> + '_ {
        self.entries.iter().filter_map(|entry| self.device(entry))
    }
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// A row as a record by OpenClaw's field names; NULL columns and malformed JSON are left out.
pub fn record_of_row(part: Part, table: &Table, row: &Row) -> Record {
    let mut record = Record::new();
    for column in part.columns() {
        let cell = table.cell(row, column.column);
        if let Some(value) = cell.and_then(|cell| value_of(column.kind, cell)) {
            record.insert(column.field.to_owned(), value);
        }
    }
    record
}

/// A cell as OpenClaw reads it; `None`: NULL, malformed JSON or a blob.
fn value_of(kind: ColumnKind, cell: &Cell) -> Option<Value> {
    match (kind, cell.read_text(), cell) {
        (ColumnKind::Json, Some(text), _) => value::of(text.as_bytes()),
        (_, Some(text), _) => Some(Value::String(text.into_owned())),
        (ColumnKind::Boolean, _, Cell::Integer(number)) => Some(Value::Bool(*number != 0)),
        (_, _, Cell::Integer(number)) => Some(Value::from(*number)),
        (_, _, Cell::Real(number)) => Some(Value::from(*number)),
        _ => None,
    }
}

/// A cell as the field that it holds; one that OpenClaw reads nothing from as it is.
pub fn field_of_cell(part: Part, column: &str, cell: &Cell) -> (String, Value) {
    let known = part.columns().iter().find(|known| known.column == column);
    let value = known.and_then(|known| value_of(known.kind, cell)).unwrap_or_else(|| cell.value());
    (known.map_or(column, |known| known.field).to_owned(), value)
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;

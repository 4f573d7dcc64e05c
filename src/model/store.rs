//! A store of records (paired or pending) as it was found, in either generation: which records it
//! holds, which are broken, without keeping a parsed copy of any.

use serde_json::Value;

use super::device::{Device, KeyFault, Record, key_fault};
use super::layout::{ColumnKind, Part};
use crate::format::{salvage, scan};
use crate::image::{Bytes, Cell, FileState, RECORD_LIMIT, Row, Table, TextImage, Unusable};

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
    NotAnObject(scan::Kind),
    /// Not JSON (F39): where, and how many whole records can be read out of it.
    Broken {
        /// Where the text breaks.
        error: scan::SyntaxError,
        /// Whole records in it.
        whole: usize,
    },
    /// Something that was not read.
    Unusable(Unusable),
}

/// What is wrong with one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The value is not an object.
    NotAnObject,
    /// A paired record without `createdAtMs` or `approvedAtMs`, or with something else than a number
    /// there: the shape of a pending one (F40).
    NoTimes(Vec<&'static str>),
    /// A field that every record needs is missing or not a string.
    NoField(&'static str),
    /// The key differs from the id inside; the text is that id.
    KeyDiffers(String),
    /// The public key and the id do not belong together.
    Key(KeyFault),
    /// Text that should be JSON is not; names the column (SQLite).
    Cell(&'static str),
}

/// Where a record stands in its image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Text(scan::Span),
    Row(usize),
}

/// A record: its key, what is wrong with it, and a hash of who it says it is.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key it is stored under.
    pub key: String,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
    /// Equal for records of the same client on the same platform under the same name; `None` where
    /// it says too little.
    pub likeness: Option<u64>,
    place: Place,
}

/// The records of one part.
#[derive(Clone, Debug)]
pub struct Records {
    /// Which part.
    pub part: Part,
    /// How the container was found.
    pub condition: Condition,
    /// The records, in order. Of two with the same key only the later counts and is here.
    pub entries: Vec<Entry>,
    /// Keys that stand in the file more than once.
    pub duplicate_keys: Vec<String>,
    text: Option<Bytes>,
    table: Option<std::sync::Arc<Table>>,
}

impl Records {
    /// The records of a file.
    pub fn of_file(part: Part, image: Option<&TextImage>) -> Self {
        Self::of_file_up_to(part, image, RECORD_LIMIT)
    }

    fn of_file_up_to(part: Part, image: Option<&TextImage>, limit: usize) -> Self {
        let mut records = Self {
            part,
            condition: Condition::Absent,
            entries: Vec::new(),
            duplicate_keys: Vec::new(),
            text: None,
            table: None,
        };
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
        let part = self.part;
        let mut entries = Vec::new();
        let mut count = 0;
        let whole_text = scan::Span {
            start,
            end: text.len(),
        };
        let walked = scan::walk_members(text, whole_text, |key, at| {
            count += 1;
            if count > limit {
                // Counted on, but no longer kept.
                entries = Vec::new();
                return scan::value_end(text, at);
            }
            let key = scan::string(text, key).unwrap_or_default();
            let (entry, end) = entry_of_text(part, key, text, at)?;
            entries.push(entry);
            Ok(end)
        });
        let whole = walked.and_then(|end| scan::nothing_after(text, end));
        match whole {
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

    fn broken(&mut self, text: &[u8], error: scan::SyntaxError, limit: usize) {
        let whole = match salvage::records_up_to(text, id_field(self.part), limit) {
            Ok(whole) => whole,
            Err(count) => return self.too_many(count, limit),
        };
        self.condition = Condition::Broken {
            error,
            whole: whole.len(),
        };
        self.entries = whole
            .into_iter()
            .filter_map(|whole| entry_of_text(self.part, whole.key, text, whole.value.start).ok())
            .map(|(entry, _)| entry)
            .collect();
    }

    fn keep_last_of_each_key(&mut self) {
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

    /// The records of a table.
    pub fn of_table(part: Part, table: Option<std::sync::Arc<Table>>) -> Self {
        let entries = table.as_ref().map_or_else(Vec::new, |table| {
            table
                .rows
                .iter()
                .enumerate()
                .map(|(at, row)| entry_of_row(part, table, at, row))
                .collect()
        });
        Self {
            part,
            condition: if table.is_some() {
                Condition::Good
            } else {
                Condition::Absent
            },
            entries,
            duplicate_keys: Vec::new(),
            text: None,
            table,
        }
    }

    /// The entry stored under a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// A record by OpenClaw's field names. `None` where it is not an object.
    pub fn record(&self, entry: &Entry) -> Option<Record> {
        match entry.place {
            Place::Text(span) => match scan::value(self.text.as_ref()?, span)? {
                Value::Object(record) => Some(record),
                _ => None,
            },
            Place::Row(at) => {
                let table = self.table.as_ref()?;
                Some(record_of_row(self.part, table, table.rows.get(at)?))
            }
        }
    }

    /// The text of an entry's cell; `None` where it is no text, or the entry no row.
    pub fn cell_text(&self, entry: &Entry, column: &str) -> Option<String> {
        let (Place::Row(at), Some(table)) = (entry.place, &self.table) else {
            return None;
        };
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

/// The field inside a record that must equal its key.
pub fn id_field(part: Part) -> &'static str {
    match part {
        Part::Pending => "requestId",
        _ => "deviceId",
    }
}

/// The record that starts at `start`, and where it ends.
fn entry_of_text(
    part: Part,
    key: String,
    text: &[u8],
    start: usize,
) -> Result<(Entry, usize), scan::SyntaxError> {
    let span_to = |end| scan::Span { start, end };
    if text.get(start) != Some(&b'{') {
        let end = scan::value_end(text, start)?;
        let faults = vec![Fault::NotAnObject];
        let place = Place::Text(span_to(end));
        return Ok((
            Entry {
                key,
                faults,
                likeness: None,
                place,
            },
            end,
        ));
    }
    let mut fields = Fields::default();
    let mut faults = Vec::new();
    let end = scan::for_each_member(text, span_to(text.len()), |member| {
        let Some(slot) = fields.slot(member.key.of(text)) else {
            return;
        };
        *slot = match scan::kind(text, member.value) {
            scan::Kind::String => Field::Text(scan::string(text, member.value).unwrap_or_default()),
            scan::Kind::Number => Field::Number,
            scan::Kind::Null => Field::Missing,
            _ => Field::Other,
        };
    })?;
    fields.judge(part, &key, &mut faults);
    let place = Place::Text(span_to(end));
    Ok((
        Entry {
            likeness: fields.likeness(),
            key,
            faults,
            place,
        },
        end,
    ))
}

fn entry_of_row(part: Part, table: &Table, at: usize, row: &Row) -> Entry {
    let mut fields = Fields::default();
    let mut faults = Vec::new();
    for column in part.columns() {
        let Some(cell) = table.cell(row, column.column) else {
            continue;
        };
        if let Some(slot) = fields.slot_named(column.field) {
            *slot = match cell {
                Cell::Text(text) => Field::Text(text.clone()),
                Cell::Integer(_) | Cell::Real(_) => Field::Number,
                Cell::Null => Field::Missing,
                Cell::Blob(_) => Field::Other,
            };
        }
        if column.kind == ColumnKind::Json {
            let malformed = match cell {
                Cell::Text(text) => scan::document(text.as_bytes()).is_err(),
                Cell::Null => false,
                _ => true,
            };
            if malformed {
                faults.push(Fault::Cell(column.column));
            }
        }
    }
    let key_column = part.key_columns().first().copied().unwrap_or_default();
    let key = table
        .cell(row, key_column)
        .and_then(Cell::text)
        .unwrap_or_default()
        .to_owned();
    fields.judge(part, &key, &mut faults);
    Entry {
        likeness: fields.likeness(),
        key,
        faults,
        place: Place::Row(at),
    }
}

/// A row as a record by OpenClaw's field names; NULL columns and malformed JSON are left out.
pub fn record_of_row(part: Part, table: &Table, row: &Row) -> Record {
    let mut record = Record::new();
    for column in part.columns() {
        let value = match (column.kind, table.cell(row, column.column)) {
            (_, None | Some(Cell::Null | Cell::Blob(_))) => continue,
            (ColumnKind::Json, Some(Cell::Text(text))) => match serde_json::from_str(text) {
                Ok(value) => value,
                Err(_) => continue,
            },
            (ColumnKind::Boolean, Some(Cell::Integer(number))) => Value::Bool(*number != 0),
            (_, Some(Cell::Text(text))) => Value::String(text.clone()),
            (_, Some(Cell::Integer(number))) => Value::from(*number),
            (_, Some(Cell::Real(number))) => Value::from(*number),
        };
        record.insert(column.field.to_owned(), value);
    }
    record
}

#[derive(Default)]
enum Field {
    #[default]
    Missing,
    Text(String),
    Number,
    Other,
}

impl Field {
    fn text(&self) -> Option<&str> {
        match self {
            Field::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The few fields that every record is judged by.
#[derive(Default)]
struct Fields {
    device_id: Field,
    request_id: Field,
    public_key: Field,
    display_name: Field,
    platform: Field,
    client_id: Field,
    client_mode: Field,
    created_at_ms: Field,
    approved_at_ms: Field,
}

impl Fields {
    fn slot(&mut self, quoted_key: &[u8]) -> Option<&mut Field> {
        let name = quoted_key.get(1..quoted_key.len().saturating_sub(1))?;
        self.slot_named(std::str::from_utf8(name).ok()?)
    }

    fn slot_named(&mut self, name: &str) -> Option<&mut Field> {
        Some(match name {
            "deviceId" => &mut self.device_id,
            "requestId" => &mut self.request_id,
            "publicKey" => &mut self.public_key,
            "displayName" => &mut self.display_name,
            "platform" => &mut self.platform,
            "clientId" => &mut self.client_id,
            "clientMode" => &mut self.client_mode,
            "createdAtMs" => &mut self.created_at_ms,
            "approvedAtMs" => &mut self.approved_at_ms,
            _ => return None,
        })
    }

    fn judge(&self, part: Part, key: &str, faults: &mut Vec<Fault>) {
        let id = match part {
            Part::Pending => &self.request_id,
            _ => &self.device_id,
        };
        match id.text() {
            None => faults.push(Fault::NoField(id_field(part))),
            Some(id) if id != key => faults.push(Fault::KeyDiffers(id.to_owned())),
            Some(_) => {}
        }
        if part == Part::Paired {
            let absent: Vec<&'static str> = [
                ("createdAtMs", &self.created_at_ms),
                ("approvedAtMs", &self.approved_at_ms),
            ]
            .into_iter()
            .filter(|(_, field)| !matches!(field, Field::Number))
            .map(|(name, _)| name)
            .collect();
            if !absent.is_empty() {
                faults.push(Fault::NoTimes(absent));
            }
        }
        match (self.public_key.text(), self.device_id.text()) {
            (None, _) => faults.push(Fault::NoField("publicKey")),
            (Some(key), Some(id)) => faults.extend(key_fault(key, id).map(Fault::Key)),
            (Some(_), None) if part == Part::Pending => faults.push(Fault::NoField("deviceId")),
            _ => {}
        }
    }

    fn likeness(&self) -> Option<u64> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let client = self.client_id.text()?;
        let mut hasher = DefaultHasher::new();
        (
            client,
            self.client_mode.text(),
            self.display_name.text(),
            self.platform.text(),
        )
            .hash(&mut hasher);
        Some(hasher.finish())
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;

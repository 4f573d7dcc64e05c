//! One record of a store: its key and what is wrong with it, told from few of its fields.

use std::borrow::Cow;

use super::device::belongs;
use super::layout::{Column, ColumnKind, Part};
use crate::format::{Span, scan};
use crate::image::{Cell, Row, Table};
use crate::secret::shape::Shape;

/// What is wrong with one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The value is not an object.
    NotAnObject,
    /// It is null, which is more than the gateway's own code bears.
    Null,
    /// A text stands in the place of a list of roles or scopes (files).
    TextList(&'static str),
    /// The token of this role is null (files).
    NullToken(String),
    /// A paired record without `createdAtMs` or `approvedAtMs`, or with something else than a number
    /// there: the shape of a pending one (F40).
    NoTimes(Vec<&'static str>),
    /// A field that every record needs is missing or not a string.
    NoField(&'static str),
    /// The key differs from the id inside; the text is that id.
    KeyDiffers(String),
    /// The public key and the id do not belong together.
    Key,
    /// Text that should be JSON is not (SQLite).
    Cell(&'static Column),
}

/// Where a record stands in its image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    Text(scan::Member),
    Row(usize),
}

/// A record: its key, what is wrong with it, and a hash of who it says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key it is stored under.
    pub key: String,
    /// What keeps OpenClaw from taking it as it is; none for a good record.
    pub faults: Vec<Fault>,
    /// Equal for records of the same client on the same platform under the same name; `None` where
    /// it says too little.
    pub likeness: Option<u64>,
    pub(super) place: Position,
}

impl Entry {
    /// Whether the key of a paired record is the hash of the public key in it, and so no secret.
    pub fn is_proved(&self) -> bool {
        let denies = |fault: &Fault| match fault {
            Fault::NotAnObject | Fault::NoField(_) | Fault::KeyDiffers(_) | Fault::Key => true,
            Fault::NoTimes(_)
            | Fault::Cell(_)
            | Fault::Null
            | Fault::TextList(_)
            | Fault::NullToken(_) => false,
        };
        !self.faults.iter().any(denies)
    }

    /// The record's key as it may be shown.
    pub fn shown_key(&self, part: Part) -> String {
        match part {
            Part::Pending => Shape::RequestId.show(&self.key),
            _ => Shape::DeviceId.show_proved(&self.key, &|_| self.is_proved()),
        }
    }

    /// Whether the record cannot be what its store holds: it stops the import into 2026.8 (F40).
    pub fn is_invalid(&self) -> bool {
        let invalid = |fault: &Fault| {
            matches!(fault, Fault::NotAnObject | Fault::NoTimes(_) | Fault::NoField(_))
        };
        self.faults.iter().any(invalid)
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
pub(super) fn entry_of_text(
    part: Part,
    text: &[u8],
    key: Span,
    start: usize,
) -> Result<(Entry, usize), scan::ScanError> {
    let name = scan::string(text, key).unwrap_or_default().into_owned();
    let at = |end| scan::Member { key, value: Span { start, end } };
    if text.get(start) != Some(&b'{') {
        let end = scan::value_end(text, start)?;
        let is_null = text.get(start..end) == Some(b"null");
        let faults = [Fault::NotAnObject].into_iter().chain(is_null.then_some(Fault::Null));
        let entry = Entry {
            key: name,
            faults: faults.collect(),
            likeness: None,
            place: Position::Text(at(end)),
        };
        return Ok((entry, end));
    }
    let mut fields = Fields::default();
    let mut faults = Vec::new();
    let end = scan::for_each_member(text, at(text.len()).value, |member| {
        let Some(slot) = fields.slot(text, member.key) else { return };
        *slot = match scan::kind(text, member.value) {
            scan::ValueKind::String => {
                Content::Text(scan::string(text, member.value).unwrap_or_default())
            }
            scan::ValueKind::Number => Content::Number,
            scan::ValueKind::Null => Content::Missing,
            scan::ValueKind::Object => Content::Object(member.value),
            _ => Content::Other,
        };
    })?;
    let is_text = |name: &&str| fields.text(name).is_some_and(|text| !text.is_empty());
    let lists = ["roles", "scopes"].into_iter().filter(is_text);
    faults.extend(lists.filter(|_| part == Part::Paired).map(Fault::TextList));
    if let Some(Content::Object(tokens)) = fields.get("tokens")
        && memchr::memmem::find(tokens.of(text), b"null").is_some()
    {
        scan::for_each_member(text, *tokens, |token| {
            if scan::kind(text, token.value) == scan::ValueKind::Null {
                faults.push(Fault::NullToken(
                    scan::string(text, token.key).unwrap_or_default().into(),
                ));
            }
        })?;
    }
    fields.judge(part, &name, &mut faults);
    let entry =
        Entry { likeness: fields.likeness(), key: name, faults, place: Position::Text(at(end)) };
    Ok((entry, end))
}

/// Where in a table's rows the known columns are: looked up once, not for every row.
pub(super) struct RowShape {
    part: Part,
    columns: Vec<(usize, &'static Column)>,
    key: Option<usize>,
}

impl RowShape {
    pub(super) fn of(part: Part, table: &Table) -> Self {
        let key = part.key_columns().first();
        let known = part.columns().iter();
        Self {
            part,
            columns: known
                .filter_map(|column| Some((table.column(column.column)?, column)))
                .collect(),
            key: key.and_then(|name| table.column(name)),
        }
    }

    /// The record in a row, which is the table's `at`-th.
    pub(super) fn entry(&self, at: usize, row: &Row) -> Entry {
        let mut fields = Fields::default();
        let mut faults = Vec::new();
        for (index, column) in &self.columns {
            let Some(cell) = row.0.get(*index) else { continue };
            if let Some(slot) = fields.slot_named(column.field.as_bytes()) {
                *slot = match (cell.read_text(), cell) {
                    (Some(text), _) => Content::Text(text),
                    (None, Cell::Integer(_) | Cell::Real(_)) => Content::Number,
                    (None, Cell::Null) => Content::Missing,
                    (None, _) => Content::Other,
                };
            }
            if column.kind == ColumnKind::Json {
                let malformed = match cell.read_text() {
                    Some(text) => {
                        let text = text.trim();
                        // `devices list` of 2026.9.6 takes each letter of a text for an item, and fails.
                        let is_list = matches!(column.field, "roles" | "scopes");
                        let is_text = is_list && self.part == Part::Paired && text.starts_with('"');
                        scan::document(text.as_bytes()).is_err() || is_text && text != "\"\""
                    }
                    None => *cell != Cell::Null,
                };
                if malformed {
                    faults.push(Fault::Cell(column));
                }
            }
        }
        let key = self.key.and_then(|key| row.0.get(key)?.text());
        let key = key.unwrap_or_default().to_owned();
        fields.judge(self.part, &key, &mut faults);
        Entry { likeness: fields.likeness(), key, faults, place: Position::Row(at) }
    }
}

#[derive(Default)]
enum Content<'a> {
    #[default]
    Missing,
    Text(Cow<'a, str>),
    Number,
    Object(Span),
    Other,
}

/// The few fields that every record is judged by.
const JUDGED: [&str; 12] = [
    "deviceId",
    "requestId",
    "publicKey",
    "displayName",
    "platform",
    "clientId",
    "clientMode",
    "createdAtMs",
    "approvedAtMs",
    "roles",
    "scopes",
    "tokens",
];

/// What stands in these.
#[derive(Default)]
struct Fields<'a>([Content<'a>; JUDGED.len()]);

impl<'a> Fields<'a> {
    fn slot(&mut self, text: &[u8], key: Span) -> Option<&mut Content<'a>> {
        let raw = key.of(text).strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        if raw.contains(&b'\\') {
            return self.slot_named(scan::string(text, key)?.as_bytes());
        }
        self.slot_named(raw)
    }

    fn slot_named(&mut self, name: &[u8]) -> Option<&mut Content<'a>> {
        self.0.get_mut(JUDGED.iter().position(|known| known.as_bytes() == name)?)
    }

    fn get(&self, name: &str) -> Option<&Content<'a>> {
        self.0.get(JUDGED.iter().position(|known| *known == name)?)
    }

    fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    fn judge(&self, part: Part, key: &str, faults: &mut Vec<Fault>) {
        match self.text(id_field(part)) {
            None => faults.push(Fault::NoField(id_field(part))),
            Some(id) if id != key => faults.push(Fault::KeyDiffers(id.to_owned())),
            Some(_) => {}
        }
        if part == Part::Paired {
            let mut absent = vec!["createdAtMs", "approvedAtMs"];
            absent.retain(|name| !matches!(self.get(name), Some(Content::Number)));
            if !absent.is_empty() {
                faults.push(Fault::NoTimes(absent));
            }
        }
        match (self.text("publicKey"), self.text("deviceId")) {
            (None, _) => faults.push(Fault::NoField("publicKey")),
            (Some(key), Some(id)) => faults.extend((!belongs(key, id)).then_some(Fault::Key)),
            (Some(_), None) if part == Part::Pending => faults.push(Fault::NoField("deviceId")),
            _ => {}
        }
    }

    fn likeness(&self) -> Option<u64> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        self.text("clientId")?;
        let mut hasher = DefaultHasher::new();
        ["clientId", "clientMode", "displayName", "platform"]
            .map(|name| self.text(name))
            .hash(&mut hasher);
        Some(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"{"deviceId":"ae8c6b6a6ee9b2a6","requestId":"ae8c6b6a6ee9b2a6","publicKey":"k","displayName":"n","platform":"linux",
        "clientId":"cli","clientMode":"cli","createdAtMs":1,"approvedAtMs":2,"roles":"operator","scopes":"operator.read","tokens":{"node":null}}"#;

    fn entry(record: &str) -> Entry {
        let text = format!("\"ae8c6b6a6ee9b2a6\":{record}");
        entry_of_text(Part::Paired, text.as_bytes(), Span { start: 0, end: 18 }, 19).unwrap().0
    }

    /// What the entry says beside where it stands.
    fn said(record: &str) -> (Vec<Fault>, Option<u64>) {
        let entry = entry(record);
        (entry.faults, entry.likeness)
    }

    #[test]
    fn a_field_is_known_by_its_name_however_it_is_spelled() {
        let plain = said(RECORD);
        assert!(plain.1.is_some());
        assert!(["roles", "scopes"].iter().all(|name| plain.0.contains(&Fault::TextList(name))));
        for name in JUDGED {
            for at in 0..name.len() {
                let spelled =
                    format!("{}\\u{:04x}{}", &name[..at], name.as_bytes()[at], &name[at + 1..]);
                let record = RECORD.replace(&format!("\"{name}\""), &format!("\"{spelled}\""));
                assert_ne!(record, RECORD);
                assert_eq!(said(&record), plain, "{spelled}");
                // Of two fields of one name the later counts.
                let value = RECORD.split(&format!("\"{name}\":")).nth(1).unwrap();
                let value = match name {
                    "tokens" => value.strip_suffix('}').unwrap(),
                    _ => value.split(',').next().unwrap(),
                };
                let twice = RECORD.replacen('{', &format!("{{\"{spelled}\":[],"), 1);
                assert_eq!(said(&twice), plain, "{spelled}");
                let twice = RECORD
                    .replace(&format!("\"{name}\":{value}"), &format!("\"{name}\":[]"))
                    .replace('}', &format!(",\"{spelled}\":{value}}}"));
                assert_eq!(said(&twice), plain, "{spelled}");
            }
        }
    }
}

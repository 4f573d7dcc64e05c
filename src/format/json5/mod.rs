//! JSON5 text, read as OpenClaw reads it and edited without touching a byte
//! that is not part of the edit.
//!
//! Owns the way in ([`parse`], [`locate`], [`duplicates`]) and names the rest:
//! `scan` finds where things stand, `edit` plans and proves a change, `style`
//! writes new text in the manner of its neighbours, `error` shows where a text
//! breaks. Values always come from the `json5` crate; a text is only read, and
//! only edited, where the crate and the scanner agree on it.
mod edit;
mod error;
#[cfg(test)]
mod properties;
mod refusal;
mod scan;
mod splice;
mod style;
#[cfg(test)]
mod tests;
mod tokens;
mod walk;

use std::collections::HashMap;

pub use edit::{Edit, apply};
pub use error::{Place, SyntaxError};
pub use refusal::{ByHand, Change, Reason, Refusal, path_text};
use scan::{Fault, Kind, Node, Span, Tree, scan};
use serde_json::Value;
pub use walk::{Token, TokenKind, walk};

/// What a text may cost to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes.
    pub bytes: usize,
    /// The deepest nesting.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 16 * 1024 * 1024, depth: 256 }
    }
}

/// A file of nothing but duplicates should not take for ever to list.
const MOST_DUPLICATES: usize = 64;

/// A text that both the scanner and the `json5` crate accept.
pub(crate) struct Document<'t> {
    text: &'t str,
    tree: Tree,
    value: Value,
}

impl<'t> Document<'t> {
    pub(crate) fn read(bytes: &'t [u8], limits: Limits) -> Result<Self, SyntaxError> {
        let text = text_of(bytes, limits)?;
        let tree = scan(text, limits.depth).map_err(|fault| locate_fault(text, fault))?;
        let value = value_of(text, &tree)?;
        Ok(Self { text, tree, value })
    }
}

/// The value of a JSON5 text; of duplicate keys the last one counts, as in
/// OpenClaw. `Infinity` and `NaN` read as `null`, as JSON would write them.
///
/// # Errors
/// Where the text is too long, too deep, not UTF-8 or not JSON5.
pub fn parse(text: &[u8], limits: Limits) -> Result<Value, SyntaxError> {
    Document::read(text, limits).map(|document| document.value)
}

/// Where the value at `path` stands (list elements by their number). Of
/// duplicate keys the last one, which is the one that counts.
#[must_use]
pub fn locate(text: &[u8], path: &[String]) -> Option<Place> {
    let document = Document::read(text, Limits::default()).ok()?;
    let mut node = &document.tree.root;
    for segment in path {
        node = child(node, segment)?;
    }
    Some(Place::of(document.text, node.span.start, node.span.end))
}

/// A key that an object holds more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The key, from the root.
    pub path: Vec<String>,
    /// Where each of them stands, in order; the last one counts.
    pub places: Vec<Place>,
}

/// The keys that stand more than once in their object, at most 64 of them;
/// empty for a text that does not parse.
#[must_use]
pub fn duplicates(text: &[u8]) -> Vec<Duplicate> {
    let mut found = Vec::new();
    if let Ok(document) = Document::read(text, Limits::default()) {
        collect_duplicates(document.text, &document.tree.root, &mut Vec::new(), &mut found);
    }
    found
}

fn collect_duplicates(text: &str, node: &Node, path: &mut Vec<String>, found: &mut Vec<Duplicate>) {
    let mut seen: HashMap<&str, Vec<Span>> = HashMap::new();
    for key in node.items().iter().filter_map(|item| item.key.as_ref()) {
        seen.entry(&key.name).or_default().push(key.span);
    }
    let mut here: Vec<_> = seen.into_iter().filter(|(_, spans)| spans.len() > 1).collect();
    here.sort_by_key(|(_, spans)| spans.first().map(|span| span.start));
    for (name, spans) in here {
        if found.len() >= MOST_DUPLICATES {
            return;
        }
        found.push(Duplicate {
            path: path.iter().cloned().chain([name.to_owned()]).collect(),
            places: spans
                .iter()
                .rev()
                .take(MOST_DUPLICATES)
                .rev()
                .map(|span| Place::of(text, span.start, span.end))
                .collect(),
        });
    }
    for (number, item) in node.items().iter().enumerate() {
        path.push(item.name().map_or_else(|| number.to_string(), str::to_owned));
        collect_duplicates(text, &item.value, path, found);
        path.pop();
    }
}

fn child<'n>(node: &'n Node, segment: &str) -> Option<&'n Node> {
    match &node.kind {
        Kind::Object(items) => items.iter().rfind(|item| item.name() == Some(segment)),
        Kind::Array(items) => index(segment).and_then(|number| items.get(number)),
        Kind::String | Kind::Plain => None,
    }
    .map(|item| &item.value)
}

/// A list index as it stands in a path: decimal, no sign, no needless zero.
pub(crate) fn index(segment: &str) -> Option<usize> {
    let number: usize = segment.parse().ok()?;
    (number.to_string() == segment).then_some(number)
}

fn text_of(bytes: &[u8], limits: Limits) -> Result<&str, SyntaxError> {
    if bytes.len() > limits.bytes {
        let message = format!("the file is larger than {} bytes", limits.bytes);
        return Err(SyntaxError::new("", 0, message));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = error.valid_up_to();
        let head = bytes.get(..valid).unwrap_or_default();
        let message = match bytes {
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "the file is UTF-16, not UTF-8",
            _ => "the file is not UTF-8 from here on",
        };
        SyntaxError::new(&String::from_utf8_lossy(head), valid, message)
    })
}

fn locate_fault(text: &str, fault: Fault) -> SyntaxError {
    let message = match fault.opened {
        Some(opened) => {
            let place = Place::of(text, opened, opened);
            format!("{} that opens on line {}, column {}", fault.message, place.line, place.column)
        }
        None => fault.message,
    };
    SyntaxError::new(text, fault.at, message)
}

/// The value by the `json5` crate. It cannot hold a lone surrogate, so each
/// such escape is read as the replacement character, which is as long.
fn value_of(text: &str, tree: &Tree) -> Result<Value, SyntaxError> {
    let mut patched = String::new();
    let mut from = 0;
    for &at in &tree.lone_surrogates {
        patched.push_str(text.get(from..at).unwrap_or_default());
        patched.push_str("\\ufffd");
        from = at + 6;
    }
    let text = if from == 0 {
        text
    } else {
        patched.push_str(text.get(from..).unwrap_or_default());
        &patched
    };
    json5::from_str(text).map_err(|error| {
        let offset =
            error.position().map_or(0, |position| offset_of(text, position.line, position.column));
        SyntaxError::new(text, offset, "not JSON5")
    })
}

/// The byte offset of a position of the `json5` crate, which counts from zero.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let mut lines = line;
    let mut columns = column;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if lines == 0 && columns == 0 {
            return at;
        }
        if json5::char::is_json5_line_terminator(c) {
            if c == '\r' && chars.peek().is_some_and(|(_, next)| *next == '\n') {
                chars.next();
            }
            if lines == 0 {
                return at;
            }
            lines -= 1;
        } else if lines == 0 {
            columns -= 1;
        }
    }
    text.len()
}

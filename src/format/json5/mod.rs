//! JSON5 text, read as OpenClaw reads it and edited without touching a byte that is not part of the edit.
//!
//! Owns the way in ([`parse`], [`locate`], [`duplicates`], [`apply`]); `error` shows where a
//! text breaks, `refusal` what to do by hand. Values always come from the `json5` crate; a text is only
//! read, and only edited, where the crate and the scanner agree on it.
mod advice;
mod error;
mod nature;
mod reading;
mod refusal;
mod seen;
mod slips;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_properties;

use std::borrow::Cow;
use std::collections::HashMap;

use json5::char::is_json5_line_terminator;
use serde_json::Value;

use super::edit::{FieldEdit, edited};
use super::scan::grammar::{Json5, char_at};
use super::scan::{self, ScanError, ScanFault, TokenKind};
use super::tree::Node;
use super::{Location, Span};
pub use advice::{Advice, advice};
pub use error::{SyntaxError, masked};
pub use refusal::{Refusal, by_hand, path_text};
pub use seen::KeyPath;

/// The most bytes that are read.
const LIMIT: usize = 16 * 1024 * 1024;

/// A file of nothing but duplicates should not take for ever to list.
const MOST_DUPLICATES: usize = 64;

/// A text that both the scanner and the `json5` crate accept.
struct Document<'t> {
    text: &'t [u8],
    root: Node,
    value: Value,
}

impl<'t> Document<'t> {
    fn read(bytes: &'t [u8]) -> Result<Self, SyntaxError> {
        let text = text_of(bytes)?;
        let root =
            Node::of::<Json5>(text.as_bytes()).map_err(|error| SyntaxError::of(&text, error))?;
        let value = match &text {
            Cow::Borrowed(text) => value_of(text)?,
            Cow::Owned(_) => value_of(&String::from_utf8_lossy(bytes))?,
        };
        Ok(Self { text: bytes, root, value })
    }

    /// The deepest value on the way to `path`, and how many keys lead there.
    fn nearest(&self, path: &[String]) -> (&Node, usize) {
        let mut node = &self.root;
        for (at, segment) in path.iter().enumerate() {
            match node.child(self.text, segment) {
                Some(next) => node = next,
                None => return (node, at),
            }
        }
        (node, path.len())
    }
}

/// The value of a JSON5 text; of duplicate keys the last one counts, as in OpenClaw. `Infinity` and `NaN`
/// read as `null`, as JSON would write them.
///
/// # Errors
/// Where the text is too long, too deep, not UTF-8 or not JSON5.
pub fn parse(text: &[u8]) -> Result<Value, SyntaxError> {
    Document::read(text).map(|document| document.value)
}

/// Where the value at `path` stands (list elements by their number). Of duplicate keys the last one,
/// which is the one that counts.
pub fn locate(text: &[u8], path: &[String]) -> Option<Location> {
    let document = Document::read(text).ok()?;
    let (node, found) = document.nearest(path);
    (found == path.len()).then(|| Location::of(text, node.span.start, node.span.end))
}

/// A key that an object holds more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The key, from the root.
    pub path: Vec<String>,
    /// Where each of them stands, in order; the last one counts.
    pub places: Vec<Location>,
}

/// The keys that stand more than once in their object, at most 64 of them, and of each the last 64
/// places; empty for a text that does not parse.
pub fn duplicates(text: &[u8]) -> Vec<Duplicate> {
    let mut found = Vec::new();
    if let Ok(document) = Document::read(text) {
        collect_duplicates(text, &document.root, &mut Vec::new(), &mut found);
    }
    let mut spans: Vec<Span> = found.iter().flat_map(|(_, spans)| spans).copied().collect();
    spans.sort_by_key(|span| span.start);
    let places: HashMap<usize, Location> =
        Location::of_all(text, &spans).into_iter().map(|place| (place.start, place)).collect();
    let duplicate = |(path, spans): (Vec<String>, Vec<Span>)| Duplicate {
        path,
        places: spans.iter().filter_map(|span| places.get(&span.start).copied()).collect(),
    };
    found.into_iter().map(duplicate).collect()
}

fn collect_duplicates(
    text: &[u8],
    node: &Node,
    path: &mut Vec<String>,
    found: &mut Vec<(Vec<String>, Vec<Span>)>,
) {
    let mut seen: HashMap<_, Vec<Span>> = HashMap::new();
    for item in &node.items {
        if let (Some(name), Some(key)) = (item.name(text), item.key) {
            seen.entry(name).or_default().push(key);
        }
    }
    let mut here: Vec<_> = seen.into_iter().filter(|(_, spans)| spans.len() > 1).collect();
    here.sort_by_key(|(_, spans)| spans.first().map(|span| span.start));
    for (name, mut spans) in here {
        if found.len() >= MOST_DUPLICATES {
            return;
        }
        spans.drain(..spans.len().saturating_sub(MOST_DUPLICATES));
        found.push((path.iter().cloned().chain([name.into_owned()]).collect(), spans));
    }
    for (number, item) in node.items.iter().enumerate() {
        path.push(item.name(text).map_or_else(|| number.to_string(), |name| name.into_owned()));
        collect_duplicates(text, &item.value, path, found);
        path.pop();
    }
}

/// The text with all `edits` made, every other byte as it was.
///
/// # Errors
/// Where the text does not parse, holds a key of a path twice, has something else than an object or list
/// on the way, or where the result is not exactly what was planned. The refusal says what to change by hand.
pub fn apply(text: &[u8], edits: &[FieldEdit]) -> Result<Vec<u8>, Refusal> {
    let document = Document::read(text).map_err(|error| {
        Refusal::new(format!("the file is not JSON5: {error}"), edits, |_| None)
    })?;
    let read = |text: &[u8]| parse(text).ok();
    edited::<Json5>(text, document.value.clone(), edits, None, read).map_err(|error| {
        Refusal::new(refusal::why(text, &error), edits, |path| {
            let at = document.nearest(path).0.span;
            Some(Location::of(text, at.start, at.end).line)
        })
    })
}

/// Hands out each token in order; tells where the text stops being JSON5, or ends too early. No token
/// behind that place was handed out.
pub fn walk(text: &str, visit: &mut dyn FnMut(TokenKind, Span)) -> Result<(), usize> {
    let mut last = 0;
    let whole = scan::whole::<Json5>(text.as_bytes(), &mut |kind, start, end| {
        last = end;
        visit(kind, Span { start, end });
    });
    whole.map(|_| ()).map_err(|_| last)
}

/// The text, byte for byte as long as it was. Node reads what is not UTF-8 as replacement characters, so in
/// a string or a comment OpenClaw does not stop at it; here each such byte is a `?`.
fn text_of(bytes: &[u8]) -> Result<Cow<'_, str>, SyntaxError> {
    if bytes.len() > LIMIT {
        let message = format!("the file is larger than {LIMIT} bytes");
        return Err(SyntaxError::new("", 0, message));
    }
    if let [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] = bytes {
        return Err(SyntaxError::new("", 0, "the file is UTF-16, not UTF-8"));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(Cow::Borrowed(text));
    }
    let chunks = bytes.utf8_chunks();
    let text =
        chunks.map(|chunk| format!("{}{}", chunk.valid(), "?".repeat(chunk.invalid().len())));
    Ok(Cow::Owned(text.collect()))
}

impl SyntaxError {
    /// Where the scanner stopped, with what was still open there.
    fn of(text: &str, error: ScanError) -> Self {
        let mut open = Vec::new();
        let walked = walk(text, &mut |kind, at| match kind {
            TokenKind::Open => open.push(at.start),
            TokenKind::Close => drop(open.pop()),
            _ => {}
        });
        let opened = match error.what {
            ScanFault::EndInString | ScanFault::LineEndInString => walked.err(),
            ScanFault::EndInObject | ScanFault::EndInList => open.last().copied(),
            _ => None,
        };
        let mut message = error.message(text.as_bytes());
        if let Some(opened) = opened {
            let place = Location::of(text.as_bytes(), opened, opened);
            message
                .push_str(&format!(" that opens on line {}, column {}", place.line, place.column));
        }
        let nature = nature::foreign(text);
        let mut told = Self::new(text, error.offset, nature.map_or(message, str::to_owned));
        told.is_foreign = nature.is_some();
        told
    }
}

/// The value by the `json5` crate. It cannot hold a lone surrogate, which JavaScript accepts (and
/// `JSON.stringify` writes): each is read as the replacement character, which is as long.
fn value_of(text: &str) -> Result<Value, SyntaxError> {
    let mut patched = String::new();
    let mut from = 0;
    for at in lone_surrogates(text) {
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

/// Where `\uD800`-like escapes without their partner stand in strings.
fn lone_surrogates(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut each = |kind: TokenKind, token: Span| {
        if kind != TokenKind::Text && kind != TokenKind::Key {
            return;
        }
        let escape = |at: usize| -> Option<u32> {
            let digits = text.get(at..token.end)?.strip_prefix("\\u")?.get(..4)?;
            u32::from_str_radix(digits, 16).ok()
        };
        let mut at = token.start;
        while let Some(next) = text.get(at..token.end).and_then(|rest| rest.find('\\')) {
            at += next;
            at += match escape(at) {
                Some(0xD800..0xDC00) if matches!(escape(at + 6), Some(0xDC00..0xE000)) => 12,
                Some(0xD800..0xE000) => {
                    found.push(at);
                    6
                }
                // The character that is escaped may be a backslash itself.
                _ => 1 + char_at(text.as_bytes(), at + 1).map_or(1, char::len_utf8),
            };
        }
    };
    // Most texts hold no such escape at all.
    if memchr::memmem::find(text.as_bytes(), b"\\u").is_some() {
        let _ = walk(text, &mut each);
    }
    found
}

/// The byte offset of a position of the `json5` crate, which counts from zero and takes U+2028 for the end of a line too.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let ends = text.char_indices().filter(|(at, c)| {
        is_json5_line_terminator(*c)
            && !text.get(*at..).is_some_and(|rest| rest.starts_with("\r\n"))
    });
    let start = match line.checked_sub(1) {
        Some(before) => ends.map(|(at, c)| at + c.len_utf8()).nth(before).unwrap_or(text.len()),
        None => 0,
    };
    let rest = text.get(start..).unwrap_or_default();
    rest.char_indices().nth(column).map_or(text.len(), |(at, _)| start + at)
}

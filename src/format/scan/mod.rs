//! Finds things in JSON text without parsing it into values: where members, elements and strings
//! stand. Strict, as `JSON.parse` is; bytes above 0x7f pass, since OpenClaw decodes them leniently.
//!
//! Nothing here recurses, so nesting cannot overflow the stack; [`MAX_DEPTH`] bounds it anyway.

mod lenient;
#[cfg(test)]
mod tests;
mod value;

use std::borrow::Cow;

use serde_json::Value;

pub use value::value_end;
use value::{error, key_and_colon};

/// Deepest nesting that is read. OpenClaw's own records nest four deep.
pub const MAX_DEPTH: usize = 1024;

/// A range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes it covers; empty where it does not fit `text`.
    pub fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// A member of an object: the key with its quotes, and the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The key, quotes included.
    pub key: Span,
    /// The value.
    pub value: Span,
}

/// Where and why text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Byte offset.
    pub offset: usize,
    /// What was wrong there.
    pub what: &'static str,
}

impl SyntaxError {
    /// 1-based line and column (in bytes) of the offset.
    pub fn line_and_column(self, text: &[u8]) -> (usize, usize) {
        let before = text.get(..self.offset).unwrap_or(text);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |at| at + 1) + 1;
        (line, column)
    }
}

/// What kind of value a span holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{...}`
    Object,
    /// `[...]`
    Array,
    /// `"..."`
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `null`
    Null,
}

impl Kind {
    /// With its article, for messages.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Object => "an object",
            Kind::Array => "an array",
            Kind::String => "a string",
            Kind::Number => "a number",
            Kind::Boolean => "a boolean",
            Kind::Null => "null",
        }
    }
}

/// The kind of the value at a span that was scanned before.
pub fn kind(text: &[u8], span: Span) -> Kind {
    match text.get(span.start) {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::String,
        Some(b't' | b'f') => Kind::Boolean,
        Some(b'n') => Kind::Null,
        _ => Kind::Number,
    }
}

/// The first byte at or after `at` that is not white space.
pub fn skip_space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\t' | b'\r') = text.get(at) {
        at += 1;
    }
    at
}

/// The one value of a whole document.
///
/// # Errors
/// The first place where the text is not JSON; also anything but white space after the value.
pub fn document(text: &[u8]) -> Result<Span, SyntaxError> {
    let start = skip_space(text, 0);
    let end = value_end(text, start)?;
    nothing_after(text, end)?;
    Ok(Span { start, end })
}

/// Only white space may stand after the value that ends at `end`.
///
/// # Errors
/// Something else does.
pub fn nothing_after(text: &[u8], end: usize) -> Result<(), SyntaxError> {
    let rest = skip_space(text, end);
    if rest < text.len() {
        return error(rest, "something stands after the end of the value");
    }
    Ok(())
}

/// Walks over the members of the object that starts `span`; gives back where the object ends.
///
/// # Errors
/// The first place where the text is not JSON. Members before it were handed out.
pub fn for_each_member(
    text: &[u8],
    span: Span,
    mut each: impl FnMut(Member),
) -> Result<usize, SyntaxError> {
    walk_members(text, span, |key, start| {
        let end = value_end(text, start)?;
        each(Member { key, value: Span { start, end } });
        Ok(end)
    })
}

/// As [`for_each_member`], but `each` finds the end of the value that starts where it is told: so that
/// nested objects are walked over once and not first skipped and then walked.
///
/// # Errors
/// The first place where the text is not JSON, or what `each` finds.
pub fn walk_members(
    text: &[u8],
    span: Span,
    each: impl FnMut(Span, usize) -> Result<usize, SyntaxError>,
) -> Result<usize, SyntaxError> {
    match first_member(text, span)? {
        First::Empty(end) => Ok(end),
        First::Key(at) => walk_from(text, at, None, each).map(|walk| walk.at),
    }
}

/// What stands first in an object.
pub enum First {
    /// Nothing; where the object ends.
    Empty(usize),
    /// A key; where it starts.
    Key(usize),
}

/// Looks for the first member of the object at `span`.
///
/// # Errors
/// It is no object.
pub fn first_member(text: &[u8], span: Span) -> Result<First, SyntaxError> {
    if text.get(span.start) != Some(&b'{') {
        return error(span.start, "expected an object");
    }
    let at = skip_space(text, span.start + 1);
    Ok(match text.get(at) {
        Some(b'}') => First::Empty(at + 1),
        _ => First::Key(at),
    })
}

/// How far [`walk_from`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// Where the object ends, or the key that was to stop at.
    pub at: usize,
    /// Whether it stopped there.
    pub is_stopped: bool,
}

/// Walks over members from the one whose key starts at `at`, up to the end of the object or to the
/// member whose key starts at `stop`. What it finds from a key on does not depend on what stands
/// before: so a text can be walked over in two halves at once.
///
/// # Errors
/// As [`walk_members`].
pub fn walk_from(
    text: &[u8],
    mut at: usize,
    stop: Option<usize>,
    mut each: impl FnMut(Span, usize) -> Result<usize, SyntaxError>,
) -> Result<Walk, SyntaxError> {
    loop {
        let (key, start) = key_and_colon(text, at)?;
        let end = each(key, start)?;
        at = skip_space(text, end);
        let is_stopped = match text.get(at) {
            Some(b',') => {
                at = skip_space(text, at + 1);
                if stop != Some(at) {
                    continue;
                }
                true
            }
            Some(b'}') => {
                at += 1;
                false
            }
            _ => return error(at, "expected `,` or `}`"),
        };
        return Ok(Walk { at, is_stopped });
    }
}

/// The members of the object at `span`, in order.
///
/// # Errors
/// As [`for_each_member`].
pub fn members(text: &[u8], span: Span) -> Result<Vec<Member>, SyntaxError> {
    let mut found = Vec::new();
    for_each_member(text, span, |member| found.push(member))?;
    Ok(found)
}

/// The member that counts for `key`: the last of that name, as in `JSON.parse`.
pub fn member(text: &[u8], span: Span, key: &str) -> Option<Member> {
    let mut found = None;
    for_each_member(text, span, |member| {
        if key_is(text, member.key, key) {
            found = Some(member);
        }
    })
    .ok()?;
    found
}

/// Whether the key at a span reads `name`.
pub fn key_is(text: &[u8], key: Span, name: &str) -> bool {
    let raw = key.of(text);
    let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    if inner == name.as_bytes() {
        return true;
    }
    inner.contains(&b'\\') && string(text, key).is_some_and(|decoded| decoded == name)
}

/// The decoded string at a span; invalid UTF-8 becomes U+FFFD, as OpenClaw reads it.
pub fn string(text: &[u8], span: Span) -> Option<Cow<'_, str>> {
    let raw = span.of(text);
    let inner = raw.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if memchr::memchr(b'\\', inner).is_none() {
        return Some(match std::str::from_utf8(inner) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(inner),
        });
    }
    match value(text, span) {
        Some(Value::String(decoded)) => Some(Cow::Owned(decoded)),
        _ => None,
    }
}

/// The value at a span, as `JSON.parse` makes it; `None` where no JSON stands there. What serde_json
/// refuses and OpenClaw reads is read all the same: a record must not count as absent for one odd field.
pub fn value(text: &[u8], span: Span) -> Option<Value> {
    serde_json::from_slice(span.of(text)).ok().or_else(|| lenient::value(text, span))
}

/// The value of a whole document; `None` where it is no JSON.
pub fn parse(text: &[u8]) -> Option<Value> {
    value(text, document(text).ok()?)
}

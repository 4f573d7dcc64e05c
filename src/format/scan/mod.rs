//! Finds things in text without parsing it into values: where members, elements, strings and comments
//! stand. One scanner for both grammars: strict JSON as `JSON.parse` reads it, for the stores, and JSON5,
//! for the config.
//!
//! Nothing here recurses, so nesting cannot overflow the stack.

mod fault;
pub(super) mod grammar;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::Span;
pub(super) use fault::error;
pub use fault::{ScanError, ScanFault};
use grammar::{Grammar, Json, TokenSink};

/// Deepest nesting that is read of strict JSON. OpenClaw's own records nest four deep.
pub const MAX_DEPTH: usize = 1024;

/// A member of an object: the key with its quotes, and the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The key, quotes included.
    pub key: Span,
    /// The value, without white space around it.
    pub value: Span,
}

/// What a token is, as far as masking and editing have to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// White space, as far as JSON5 is read.
    Blank,
    /// `//` to the end of the line, or `/* */`.
    Comment,
    /// `{` or `[`.
    Open,
    /// `}` or `]`.
    Close,
    /// A colon or a comma.
    Mark,
    /// The name of a member, quoted or not.
    Key,
    /// A string that is a value.
    Text,
    /// A number or a word that is a value.
    Plain,
}

/// What kind of value a span holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
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

impl ValueKind {
    /// With its article, for messages.
    pub fn name(self) -> &'static str {
        match self {
            ValueKind::Object => "an object",
            ValueKind::Array => "an array",
            ValueKind::String => "a string",
            ValueKind::Number => "a number",
            ValueKind::Boolean => "a boolean",
            ValueKind::Null => "null",
        }
    }
}

/// The kind of the value at a span that was scanned before.
pub fn kind(text: &[u8], span: Span) -> ValueKind {
    match text.get(span.start) {
        Some(b'{') => ValueKind::Object,
        Some(b'[') => ValueKind::Array,
        Some(b'"' | b'\'') => ValueKind::String,
        Some(b't' | b'f') => ValueKind::Boolean,
        Some(b'n') => ValueKind::Null,
        _ => ValueKind::Number,
    }
}

/// The first byte at or after `at` that is not white space.
#[inline]
pub fn skip_space(text: &[u8], mut at: usize) -> usize {
    while let Some(byte @ (b' ' | b'\n' | b'\t' | b'\r')) = text.get(at) {
        at += 1;
        // A third of a store is the margin of its lines.
        while *byte == b'\n' && text.get(at..at + 4) == Some(b"    ") {
            at += 4;
        }
    }
    at
}

/// The containers that are open, innermost last, a bit each: no allocation per value.
#[derive(Default)]
struct Open {
    objects: [u64; MAX_DEPTH / 64],
    depth: usize,
}

impl Open {
    /// Whether there was room for one more.
    fn push(&mut self, is_object: bool, deepest: usize) -> bool {
        let Some(word) = self.objects.get_mut(self.depth / 64).filter(|_| self.depth < deepest)
        else {
            return false;
        };
        let bit = 1 << (self.depth % 64);
        if is_object {
            *word |= bit;
        } else {
            *word &= !bit;
        }
        self.depth += 1;
        true
    }

    fn last_is_object(&self) -> Option<bool> {
        let at = self.depth.checked_sub(1)?;
        Some(self.objects.get(at / 64)? >> (at % 64) & 1 == 1)
    }

    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }
}

/// Hands out the tokens of the value that starts at `at`; gives back where it ends.
#[inline]
pub(super) fn tokens<G: Grammar>(
    text: &[u8],
    at: usize,
    each: &mut impl TokenSink,
) -> Result<usize, ScanError> {
    let mut open = Open::default();
    let mut at = at;
    loop {
        // A value.
        let start = at;
        let kind = match text.get(at) {
            Some(bracket @ (b'{' | b'[')) => {
                if !open.push(*bracket == b'{', G::DEPTH) {
                    return error(at, ScanFault::TooDeep);
                }
                each(TokenKind::Open, at, at + 1);
                at = G::blank_end(text, at + 1, each)?;
                if text.get(at).copied() != Some(*bracket + 2) {
                    if *bracket == b'{' {
                        at = key_and_colon::<G>(text, at, each)?.1;
                    }
                    continue;
                }
                None
            }
            Some(b'"') => {
                at = G::string_end(text, at)?;
                Some(TokenKind::Text)
            }
            Some(b'\'') if G::IS_JSON5 => {
                at = G::string_end(text, at)?;
                Some(TokenKind::Text)
            }
            None if open.last_is_object() == Some(false) => {
                return missing_comma(text, at, at, false);
            }
            _ => {
                at = G::plain_end(text, at)?;
                Some(TokenKind::Plain)
            }
        };
        if let Some(kind) = kind {
            each(kind, start, at);
        }
        // What follows it: brackets that close, a comma.
        loop {
            let Some(is_object) = open.last_is_object() else { return Ok(at) };
            let end = at;
            at = G::blank_end(text, at, each)?;
            let close = if is_object { b'}' } else { b']' };
            match text.get(at) {
                Some(b',') => {
                    each(TokenKind::Mark, at, at + 1);
                    at = G::blank_end(text, at + 1, each)?;
                    if G::IS_JSON5 && text.get(at) == Some(&close) {
                        continue;
                    }
                    if is_object {
                        at = key_and_colon::<G>(text, at, each)?.1;
                    }
                    break;
                }
                Some(byte) if *byte == close => {
                    open.pop();
                    each(TokenKind::Close, at, at + 1);
                    at += 1;
                }
                _ => return missing_comma(text, end, at, is_object),
            }
        }
    }
}

/// A missing comma is shown where it belongs: behind the value before it.
#[cold]
fn missing_comma<T>(text: &[u8], end: usize, at: usize, is_object: bool) -> Result<T, ScanError> {
    let is_line_between = text.get(end..at).is_some_and(|between| between.contains(&b'\n'));
    match (text.get(at), is_object) {
        (None, true) => error(at, ScanFault::EndInObject),
        (None, false) => error(at, ScanFault::EndInList),
        (Some(byte), _) if is_line_between && !b"]}:".contains(byte) => {
            error(end, ScanFault::Comma)
        }
        (_, true) => error(at, ScanFault::CommaOrBrace),
        (_, false) => error(at, ScanFault::CommaOrBracket),
    }
}

/// The key at `at` and where its value starts.
#[inline]
fn key_and_colon<G: Grammar>(
    text: &[u8],
    at: usize,
    each: &mut impl TokenSink,
) -> Result<(Span, usize), ScanError> {
    if text.len() <= at {
        return error(at, ScanFault::EndInObject);
    }
    let end = G::key_end(text, at)?;
    let mut colon = G::blank_end(text, end, &mut |_, _, _| {})?;
    if text.get(colon) != Some(&b':') {
        return error(colon, ScanFault::Colon);
    }
    each(TokenKind::Key, at, end);
    if G::IS_JSON5 {
        colon = G::blank_end(text, end, each)?;
    }
    each(TokenKind::Mark, colon, colon + 1);
    Ok((Span { start: at, end }, G::blank_end(text, colon + 1, each)?))
}

/// The end of the value that starts at `at`.
#[inline]
pub fn value_end(text: &[u8], at: usize) -> Result<usize, ScanError> {
    match text.get(at) {
        Some(b'{' | b'[') => tokens::<Json>(text, at, &mut |_, _, _| {}),
        Some(b'"') => Json::string_end(text, at),
        _ => Json::plain_end(text, at),
    }
}

/// All tokens of a whole document; gives back where its value stands.
pub(super) fn whole<G: Grammar>(text: &[u8], each: &mut impl TokenSink) -> Result<Span, ScanError> {
    let start = G::blank_end(text, 0, each)?;
    if start == text.len() {
        return error(start, ScanFault::NoValue);
    }
    let end = tokens::<G>(text, start, each)?;
    let rest = G::blank_end(text, end, each)?;
    if rest < text.len() {
        return error(rest, ScanFault::GoesOn);
    }
    Ok(Span { start, end })
}

/// The one value of a whole document.
///
/// # Errors
/// The first place where the text is not JSON; also anything but white space after the value.
pub fn document(text: &[u8]) -> Result<Span, ScanError> {
    whole::<Json>(text, &mut |_, _, _| {})
}

/// Only white space may stand after the value that ends at `end`.
pub fn nothing_after(text: &[u8], end: usize) -> Result<(), ScanError> {
    let rest = skip_space(text, end);
    if rest < text.len() {
        return error(rest, ScanFault::GoesOn);
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
) -> Result<usize, ScanError> {
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
    mut each: impl FnMut(Span, usize) -> Result<usize, ScanError>,
) -> Result<usize, ScanError> {
    if text.get(span.start) != Some(&b'{') {
        return error(span.start, ScanFault::Object);
    }
    let mut at = skip_space(text, span.start + 1);
    if text.get(at) == Some(&b'}') {
        return Ok(at + 1);
    }
    loop {
        let (key, start) = key_and_colon::<Json>(text, at, &mut |_, _, _| {})?;
        let end = each(key, start)?;
        at = skip_space(text, end);
        match text.get(at) {
            Some(b',') => at = skip_space(text, at + 1),
            Some(b'}') => return Ok(at + 1),
            _ => return missing_comma(text, end, at, true),
        }
    }
}

/// The members of the object at `span`, in order.
pub fn members(text: &[u8], span: Span) -> Result<Vec<Member>, ScanError> {
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

/// The decoded string or key at a span; invalid UTF-8 becomes U+FFFD, as OpenClaw reads it.
pub fn string(text: &[u8], span: Span) -> Option<Cow<'_, str>> {
    let raw = span.of(text);
    let inner = match raw {
        [open @ (b'"' | b'\''), inner @ .., close] if open == close => inner,
        [b'"' | b'\'', ..] | [] => return None,
        bare => bare,
    };
    match memchr::memchr(b'\\', inner) {
        // The strict reading of what is nearly always UTF-8 is several times faster.
        None => Some(
            str::from_utf8(inner).map_or_else(|_| String::from_utf8_lossy(inner), Cow::Borrowed),
        ),
        Some(_) => grammar::unescaped(inner).map(Cow::Owned),
    }
}

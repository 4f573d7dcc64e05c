//! Finds things in JSON text without parsing it into values: where members, elements and strings
//! stand. Strict, as `JSON.parse` is; bytes above 0x7f pass, since OpenClaw decodes them leniently.
//!
//! Nothing here recurses, so nesting cannot overflow the stack; [`MAX_DEPTH`] bounds it anyway.

use std::borrow::Cow;

use serde_json::Value;

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

fn error<T>(offset: usize, what: &'static str) -> Result<T, SyntaxError> {
    Err(SyntaxError { offset, what })
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Marks (in the high bit of each byte) the quotes, backslashes and control characters among eight
/// bytes. A borrow can mark a byte too many only above a true one: the lowest mark is always true.
fn marks(word: u64) -> u64 {
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let quote = zero(word ^ (ONES * u64::from(b'"')));
    let backslash = zero(word ^ (ONES * u64::from(b'\\')));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & HIGH
}

/// Where the plain run in a string ends that starts at `at`: eight bytes at a time, since most strings
/// of a store are too short for a call into memchr to pay.
fn plain_end(text: &[u8], at: usize) -> usize {
    let (words, rest) = text.get(at..).unwrap_or_default().as_chunks::<8>();
    for (passed, word) in words.iter().enumerate() {
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return at + passed * 8 + (marks.trailing_zeros() / 8) as usize;
        }
    }
    let tail = rest
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))
        .unwrap_or(rest.len());
    at + words.len() * 8 + tail
}

/// The end of the string that starts at `at` (at its opening quote).
fn string_end(text: &[u8], at: usize) -> Result<usize, SyntaxError> {
    if text.get(at) != Some(&b'"') {
        return error(at, "expected a string");
    }
    let mut at = at + 1;
    loop {
        at = plain_end(text, at);
        match text.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => {}
            Some(_) => return error(at, "a line break or control character inside a string"),
            None => return error(text.len(), "the text ends inside a string"),
        }
        match text.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at += 2,
            Some(b'u') => match text.get(at + 2..at + 6) {
                Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => at += 6,
                _ => return error(at, "a broken \\u escape"),
            },
            Some(_) => return error(at, "an unknown escape in a string"),
            None => return error(text.len(), "the text ends inside a string"),
        }
    }
}

fn literal_end(text: &[u8], at: usize, word: &'static [u8]) -> Result<usize, SyntaxError> {
    if text.get(at..at + word.len()) == Some(word) {
        Ok(at + word.len())
    } else {
        error(at, "expected a value")
    }
}

fn digits_end(text: &[u8], mut at: usize) -> Result<usize, SyntaxError> {
    let start = at;
    while text.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    if at == start {
        error(at, "expected a digit")
    } else {
        Ok(at)
    }
}

fn number_end(text: &[u8], mut at: usize) -> Result<usize, SyntaxError> {
    if text.get(at) == Some(&b'-') {
        at += 1;
    }
    at = if text.get(at) == Some(&b'0') {
        at + 1
    } else {
        digits_end(text, at)?
    };
    if text.get(at) == Some(&b'.') {
        at = digits_end(text, at + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = text.get(at) {
            at += 1;
        }
        at = digits_end(text, at)?;
    }
    Ok(at)
}

/// The key at `at` and where its value starts.
fn key_and_colon(text: &[u8], at: usize) -> Result<(Span, usize), SyntaxError> {
    let key = Span {
        start: at,
        end: string_end(text, at)?,
    };
    let colon = skip_space(text, key.end);
    if text.get(colon) != Some(&b':') {
        return error(colon, "expected `:` after a key");
    }
    Ok((key, skip_space(text, colon + 1)))
}

/// The open containers, innermost last, a bit each: no allocation per value.
#[derive(Default)]
struct Open {
    objects: [u64; MAX_DEPTH / 64],
    depth: usize,
}

impl Open {
    /// Whether there was room for one more.
    fn push(&mut self, container: u8) -> bool {
        let Some(word) = self.objects.get_mut(self.depth / 64) else {
            return false;
        };
        let bit = 1 << (self.depth % 64);
        if container == b'{' {
            *word |= bit;
        } else {
            *word &= !bit;
        }
        self.depth += 1;
        true
    }

    fn last(&self) -> Option<u8> {
        let at = self.depth.checked_sub(1)?;
        let is_object = self.objects.get(at / 64)? >> (at % 64) & 1 == 1;
        Some(if is_object { b'{' } else { b'[' })
    }

    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }
}

/// The end of the value that starts at `at`.
///
/// # Errors
/// The first place where the text is not JSON.
pub fn value_end(text: &[u8], at: usize) -> Result<usize, SyntaxError> {
    let mut open = Open::default();
    let mut at = at;
    loop {
        at = match text.get(at) {
            Some(b'"') => string_end(text, at)?,
            Some(b'{') => {
                let inner = skip_space(text, at + 1);
                if text.get(inner) == Some(&b'}') {
                    inner + 1
                } else {
                    if !open.push(b'{') {
                        return error(at, "nested too deeply");
                    }
                    at = key_and_colon(text, inner)?.1;
                    continue;
                }
            }
            Some(b'[') => {
                let inner = skip_space(text, at + 1);
                if text.get(inner) == Some(&b']') {
                    inner + 1
                } else {
                    if !open.push(b'[') {
                        return error(at, "nested too deeply");
                    }
                    at = inner;
                    continue;
                }
            }
            Some(b't') => literal_end(text, at, b"true")?,
            Some(b'f') => literal_end(text, at, b"false")?,
            Some(b'n') => literal_end(text, at, b"null")?,
            Some(b'-' | b'0'..=b'9') => number_end(text, at)?,
            Some(_) => return error(at, "expected a value"),
            None => return error(at, "the text ends where a value should be"),
        };
        loop {
            let Some(container) = open.last() else {
                return Ok(at);
            };
            at = skip_space(text, at);
            match (container, text.get(at)) {
                (b'{', Some(b',')) => {
                    at = key_and_colon(text, skip_space(text, at + 1))?.1;
                    break;
                }
                (b'[', Some(b',')) => {
                    at = skip_space(text, at + 1);
                    break;
                }
                (b'{', Some(b'}')) | (b'[', Some(b']')) => {
                    open.pop();
                    at += 1;
                }
                (_, None) => return error(at, "the text ends before an object or array does"),
                (b'{', _) => return error(at, "expected `,` or `}`"),
                _ => return error(at, "expected `,` or `]`"),
            }
        }
    }
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
        each(Member {
            key,
            value: Span { start, end },
        });
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
    mut each: impl FnMut(Span, usize) -> Result<usize, SyntaxError>,
) -> Result<usize, SyntaxError> {
    if text.get(span.start) != Some(&b'{') {
        return error(span.start, "expected an object");
    }
    let mut at = skip_space(text, span.start + 1);
    if text.get(at) == Some(&b'}') {
        return Ok(at + 1);
    }
    loop {
        let (key, start) = key_and_colon(text, at)?;
        let end = each(key, start)?;
        at = skip_space(text, end);
        match text.get(at) {
            Some(b',') => at = skip_space(text, at + 1),
            Some(b'}') => return Ok(at + 1),
            _ => return error(at, "expected `,` or `}`"),
        }
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
        return Some(String::from_utf8_lossy(inner));
    }
    match value(text, span) {
        Some(Value::String(decoded)) => Some(Cow::Owned(decoded)),
        _ => None,
    }
}

/// The value at a span; `None` where it nests deeper than a value is read, or a string holds half a
/// surrogate pair.
pub fn value(text: &[u8], span: Span) -> Option<Value> {
    let raw = span.of(text);
    match serde_json::from_slice(raw) {
        Ok(value) => Some(value),
        Err(_) => serde_json::from_str(&String::from_utf8_lossy(raw)).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn accepts(text: &str) -> bool {
        document(text.as_bytes()).is_ok()
    }

    #[test]
    fn accepts_what_json_parse_accepts() {
        for text in [
            "{}",
            " [ ] ",
            "null",
            "-0.5e+10",
            r#""\u00e9\n""#,
            r#"{"a":[1,{"b":null}],"c":true}"#,
        ] {
            assert!(accepts(text), "{text}");
        }
    }

    #[test]
    fn refuses_what_json_parse_refuses() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "01",
            "1.",
            ".5",
            "+1",
            "'a'",
            "{a:1}",
            "\"\n\"",
            r#""\x""#,
            "{} {}",
            "nul",
            "\u{feff}{}",
            "// c\n{}",
        ] {
            assert!(!accepts(text), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_without_a_crash() {
        let text = "[".repeat(1_000_000);
        assert_eq!(
            document(text.as_bytes()).unwrap_err().what,
            "nested too deeply"
        );
    }

    #[test]
    fn the_last_of_two_members_counts() {
        let text = br#"{"a":1,"b":2,"a":3}"#;
        let span = document(text).unwrap();
        assert_eq!(member(text, span, "a").unwrap().value.of(text), b"3");
    }

    #[test]
    fn says_line_and_column() {
        let text = b"{\n  \"a\": 1,\n  oops\n}";
        assert_eq!(document(text).unwrap_err().line_and_column(text), (3, 3));
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json_on_any_text(text in "[\\[\\]{}:,\"\\\\ a-c0-9.eE+tru-]{0,40}") {
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(accepts(&text), theirs, "{}", text);
        }

        #[test]
        fn never_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = document(&bytes);
            let _ = members(&bytes, Span { start: 0, end: bytes.len() });
        }
    }
}

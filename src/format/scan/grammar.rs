//! The tokens of the two grammars: strict JSON as `JSON.parse` reads it, and JSON5
//! (<https://spec.json5.org>). How they nest is the same for both, and the room's own file's.

use json5::char::{
    is_json5_identifier, is_json5_identifier_start, is_json5_line_terminator, is_json5_whitespace,
};

use super::{ScanError, ScanFault, TokenKind, error};

/// What a token sink is: told the kind of each token, where it starts and where it ends.
pub(in crate::format) trait TokenSink: FnMut(TokenKind, usize, usize) {}
impl<F: FnMut(TokenKind, usize, usize)> TokenSink for F {}

/// A grammar: where its tokens end. Each function is told where the token starts.
pub(in crate::format) trait Grammar {
    /// The deepest nesting.
    const DEPTH: usize;
    /// Whether it is JSON5: comments, trailing commas, and edits that refuse a key that stands twice.
    const IS_JSON5: bool;
    /// White space and comments.
    fn blank_end(text: &[u8], at: usize, each: &mut impl TokenSink) -> Result<usize, ScanError>;
    /// A key of an object.
    fn key_end(text: &[u8], at: usize) -> Result<usize, ScanError>;
    /// A string.
    fn string_end(text: &[u8], at: usize) -> Result<usize, ScanError>;
    /// A number or one of the words that are values.
    fn plain_end(text: &[u8], at: usize) -> Result<usize, ScanError>;
}

/// `JSON.parse`; bytes above 0x7f pass in strings, since OpenClaw decodes them leniently.
pub(in crate::format) struct Json;

/// What the `json5` package reads.
pub(in crate::format) struct Json5;

impl Grammar for Json {
    const DEPTH: usize = super::MAX_DEPTH;
    const IS_JSON5: bool = false;

    #[inline]
    fn blank_end(text: &[u8], at: usize, _: &mut impl TokenSink) -> Result<usize, ScanError> {
        Ok(super::skip_space(text, at))
    }

    #[inline]
    fn key_end(text: &[u8], at: usize) -> Result<usize, ScanError> {
        if text.get(at) == Some(&b'"') {
            Self::string_end(text, at)
        } else {
            error(at, ScanFault::Key)
        }
    }

    fn string_end(text: &[u8], at: usize) -> Result<usize, ScanError> {
        let mut at = at + 1;
        loop {
            at = run_end(text, at);
            match text.get(at) {
                Some(b'"') => return Ok(at + 1),
                Some(b'\\') => {}
                Some(_) => return error(at, ScanFault::ControlInString),
                None => return error(text.len(), ScanFault::EndInString),
            }
            match text.get(at + 1) {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at += 2,
                Some(b'u') => at = hex_end(text, at + 2, 4)?,
                Some(_) => return error(at, ScanFault::Escape),
                None => return error(text.len(), ScanFault::EndInString),
            }
        }
    }

    fn plain_end(text: &[u8], at: usize) -> Result<usize, ScanError> {
        if let Some(end) = word_end(text, at, &["true", "false", "null"]) {
            return Ok(end);
        }
        let mut at = at;
        if text.get(at) == Some(&b'-') {
            at += 1;
        } else if !text.get(at).is_some_and(u8::is_ascii_digit) {
            return error(at, ScanFault::Value);
        }
        at = if text.get(at) == Some(&b'0') { at + 1 } else { some_digits(text, at)? };
        if text.get(at) == Some(&b'.') {
            at = some_digits(text, at + 1)?;
        }
        exponent_end(text, at)
    }
}

impl Grammar for Json5 {
    const DEPTH: usize = 256;
    const IS_JSON5: bool = true;

    fn blank_end(text: &[u8], at: usize, each: &mut impl TokenSink) -> Result<usize, ScanError> {
        let mut at = at;
        loop {
            let start = at;
            while let Some(c) = char_at(text, at).filter(|c| is_json5_whitespace(*c)) {
                at += c.len_utf8();
            }
            if start < at {
                each(TokenKind::Blank, start, at);
            }
            if text.get(at) != Some(&b'/') {
                return Ok(at);
            }
            let end = comment_end(text, at)?;
            each(TokenKind::Comment, at, end);
            at = end;
        }
    }

    fn key_end(text: &[u8], at: usize) -> Result<usize, ScanError> {
        if let Some(b'"' | b'\'') = text.get(at) {
            return Self::string_end(text, at);
        }
        let start = at;
        let mut at = at;
        while let Some(written) = char_at(text, at) {
            let (c, end) = match written {
                '\\' if text.get(at + 1) == Some(&b'u') => {
                    let end = hex_end(text, at + 2, 4)?;
                    (hex(text, at + 2, end).and_then(char::from_u32), end)
                }
                '\\' => return error(at + 1, ScanFault::KeyEscape),
                c if is_json5_identifier(c) => (Some(c), at + c.len_utf8()),
                _ => break,
            };
            let fits = c.is_some_and(|c| {
                is_json5_identifier(c) && (at > start || is_json5_identifier_start(c))
            });
            if !fits {
                return error(at, ScanFault::Key);
            }
            at = end;
        }
        if at == start { error(at, ScanFault::Key) } else { Ok(at) }
    }

    fn string_end(text: &[u8], at: usize) -> Result<usize, ScanError> {
        let quote = text.get(at).copied();
        let mut at = at + 1;
        loop {
            let rest = text.get(at..).unwrap_or_default();
            let Some(run) = rest
                .iter()
                .position(|byte| Some(*byte) == quote || matches!(byte, b'\\' | b'\n' | b'\r'))
            else {
                return error(text.len(), ScanFault::EndInString);
            };
            at += run;
            match text.get(at) {
                Some(b'\\') => at = escape_end(text, at)?,
                Some(b'\n' | b'\r') => return error(at, ScanFault::LineEndInString),
                _ => return Ok(at + 1),
            }
        }
    }

    fn plain_end(text: &[u8], at: usize) -> Result<usize, ScanError> {
        if let Some(end) = word_end(text, at, &["null", "true", "false"]) {
            return Ok(end);
        }
        let start = at;
        let at = at + usize::from(matches!(text.get(at), Some(b'-' | b'+')));
        if let Some(end) = word_end(text, at, &["Infinity", "NaN"]) {
            return Ok(end);
        }
        if let Some(end) = word_end(text, at, &["0x", "0X"]) {
            let first = hex_end(text, end, 1)?;
            let more = text.get(first..).unwrap_or_default();
            return Ok(first + more.iter().take_while(|byte| byte.is_ascii_hexdigit()).count());
        }
        let whole = digits_end(text, at);
        if text.get(at) == Some(&b'0') && whole > at + 1 {
            return error(start, ScanFault::Zero);
        }
        let point = usize::from(text.get(whole) == Some(&b'.'));
        let end = if point > 0 { digits_end(text, whole + 1) } else { whole };
        if end - at == point {
            return error(start, ScanFault::Value);
        }
        exponent_end(text, end)
    }
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
fn run_end(text: &[u8], at: usize) -> usize {
    let (words, rest) = text.get(at..).unwrap_or_default().as_chunks::<8>();
    for (passed, word) in words.iter().enumerate() {
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return at + passed * 8 + (marks.trailing_zeros() / 8) as usize;
        }
    }
    let tail =
        rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len());
    at + words.len() * 8 + tail
}

fn word_end(text: &[u8], at: usize, words: &[&str]) -> Option<usize> {
    let rest = text.get(at..)?;
    let word = words.iter().find(|word| rest.starts_with(word.as_bytes()))?;
    Some(at + word.len())
}

fn digits_end(text: &[u8], at: usize) -> usize {
    at + text.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn some_digits(text: &[u8], at: usize) -> Result<usize, ScanError> {
    let end = digits_end(text, at);
    if end == at { error(at, ScanFault::Digit) } else { Ok(end) }
}

fn exponent_end(text: &[u8], at: usize) -> Result<usize, ScanError> {
    if !matches!(text.get(at), Some(b'e' | b'E')) {
        return Ok(at);
    }
    some_digits(text, at + 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-'))))
}

fn hex_end(text: &[u8], at: usize, digits: usize) -> Result<usize, ScanError> {
    let rest = text.get(at..).unwrap_or_default();
    match rest.iter().take(digits).take_while(|byte| byte.is_ascii_hexdigit()).count() {
        found if found == digits => Ok(at + digits),
        found => error(at + found, ScanFault::HexDigit),
    }
}

fn hex(text: &[u8], at: usize, end: usize) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(text.get(at..end)?).ok()?, 16).ok()
}

/// A backslash in a JSON5 string and what belongs to it.
fn escape_end(text: &[u8], at: usize) -> Result<usize, ScanError> {
    match char_at(text, at + 1) {
        Some('x') => hex_end(text, at + 2, 2),
        Some('u') => hex_end(text, at + 2, 4),
        Some('\r') if text.get(at + 2) == Some(&b'\n') => Ok(at + 3),
        Some('0') if !text.get(at + 2).is_some_and(u8::is_ascii_digit) => Ok(at + 2),
        Some('0'..='9') | None => error(at, ScanFault::Escape),
        Some(c) => Ok(at + 1 + width(text, at + 1, c)),
    }
}

/// A comment, without the line end that closes a `//` one.
pub(in crate::format) fn comment_end(text: &[u8], at: usize) -> Result<usize, ScanError> {
    match text.get(at + 1) {
        Some(b'/') => {
            let mut end = at;
            while let Some(c) = char_at(text, end).filter(|c| !is_json5_line_terminator(*c)) {
                end += width(text, end, c);
            }
            Ok(end)
        }
        Some(b'*') => match memchr::memmem::find(text.get(at + 2..).unwrap_or_default(), b"*/") {
            Some(length) => Ok(at + length + 4),
            None => error(at, ScanFault::OpenComment),
        },
        _ => error(at, ScanFault::CommentMark),
    }
}

/// The character at `at`; bytes that are no UTF-8 are one each.
pub(in crate::format) fn char_at(text: &[u8], at: usize) -> Option<char> {
    let first = *text.get(at)?;
    if first.is_ascii() {
        return Some(char::from(first));
    }
    let window = text.get(at..text.len().min(at + 4))?;
    let valid = window.utf8_chunks().next()?.valid();
    Some(valid.chars().next().unwrap_or('\u{FFFD}'))
}

/// How many bytes the character `c` at `at` takes.
fn width(text: &[u8], at: usize, c: char) -> usize {
    match text.get(at..) {
        Some(rest) if c == '\u{FFFD}' && !rest.starts_with("\u{FFFD}".as_bytes()) => 1,
        _ => c.len_utf8(),
    }
}

/// What a string or key says between its quotes, or without any. Half a surrogate pair becomes U+FFFD,
/// as it does when OpenClaw writes it out again.
pub(in crate::format) fn unescaped(inner: &[u8]) -> Option<String> {
    let inner = String::from_utf8_lossy(inner);
    let mut units: Vec<u16> = Vec::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
            continue;
        }
        let escaped = chars.next()?;
        let mut number = |digits| {
            let digits: String = chars.by_ref().take(digits).collect();
            u16::from_str_radix(&digits, 16).ok()
        };
        let unit = match escaped {
            'b' => 0x08,
            'f' => 0x0c,
            'n' => 0x0a,
            'r' => 0x0d,
            't' => 0x09,
            'v' => 0x0b,
            '0' => 0,
            'x' => number(2)?,
            'u' => number(4)?,
            '\r' => {
                if chars.as_str().starts_with('\n') {
                    chars.next();
                }
                continue;
            }
            c if is_json5_line_terminator(c) => continue,
            c => {
                units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
                continue;
            }
        };
        units.push(unit);
    }
    Some(String::from_utf16_lossy(&units))
}

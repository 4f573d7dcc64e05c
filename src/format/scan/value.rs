//! Where a value ends: the inner loop of every reading, without recursion and without allocation.

use super::{MAX_DEPTH, Span, SyntaxError, skip_space};

pub(super) fn error<T>(offset: usize, what: &'static str) -> Result<T, SyntaxError> {
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
    let tail =
        rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len());
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
    if at == start { error(at, "expected a digit") } else { Ok(at) }
}

fn number_end(text: &[u8], mut at: usize) -> Result<usize, SyntaxError> {
    if text.get(at) == Some(&b'-') {
        at += 1;
    }
    at = if text.get(at) == Some(&b'0') { at + 1 } else { digits_end(text, at)? };
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
pub(super) fn key_and_colon(text: &[u8], at: usize) -> Result<(Span, usize), SyntaxError> {
    let key = Span { start: at, end: string_end(text, at)? };
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

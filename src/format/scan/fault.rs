//! What is wrong where a text breaks.

use thiserror::Error;

use crate::format::Location;

/// What is wrong where a text breaks, and how it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the words say it")]
pub enum ScanFault {
    #[error("expected a key")]
    Key,
    #[error("expected a value")]
    Value,
    #[error("expected an object")]
    Object,
    #[error("expected `:` after the key")]
    Colon,
    #[error("expected `,` or `}}`")]
    CommaOrBrace,
    #[error("expected `,` or `]`")]
    CommaOrBracket,
    #[error("expected a digit")]
    Digit,
    #[error("expected a hexadecimal digit")]
    HexDigit,
    #[error("expected `u` after `\\` in a key")]
    KeyEscape,
    #[error("expected a comment after `/`")]
    CommentMark,
    #[error("a comma is missing here")]
    Comma,
    #[error("the file ends inside a string")]
    EndInString,
    #[error("the file ends inside an object")]
    EndInObject,
    #[error("the file ends inside a list")]
    EndInList,
    #[error("the line ends inside a string")]
    LineEndInString,
    #[error("a line break or control character inside a string")]
    ControlInString,
    #[error("a bad escape in a string")]
    Escape,
    #[error("a number starts with a needless zero")]
    Zero,
    #[error("this comment is never closed")]
    OpenComment,
    #[error("the file holds no value")]
    NoValue,
    #[error("the file goes on after its value ends")]
    GoesOn,
    #[error("nested too deeply")]
    TooDeep,
}

/// Where and why a text breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanError {
    /// Where it breaks, bytes from the beginning.
    pub offset: usize,
    /// What was expected there, or must not stand there.
    pub what: ScanFault,
}

/// Nothing but this error.
pub(in crate::format) fn error<T>(offset: usize, what: ScanFault) -> Result<T, ScanError> {
    Err(ScanError { offset, what })
}

impl ScanError {
    /// 1-based line and column of the offset.
    pub fn line_and_column(self, text: &[u8]) -> (usize, usize) {
        let at = Location::of(text, self.offset, self.offset);
        (at.line, at.column)
    }

    /// What was wrong, with the mark that stands there instead. Letters and digits may be of a secret.
    pub fn message(self, text: &[u8]) -> String {
        let what = self.what.to_string();
        let is_expected = what.starts_with("expected ");
        match text.get(self.offset).filter(|_| is_expected) {
            Some(c) if b"{}[],:=\"'".contains(c) => format!("{what}, found `{}`", char::from(*c)),
            None if is_expected => format!("{what}, but the file ends"),
            _ => what,
        }
    }
}

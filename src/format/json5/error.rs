//! Where a text breaks, in lines and columns, with a caret and no secrets.
//!
//! Owns `SyntaxError`. The excerpt is the structure of the line, and what `seen` knows to be harmless in it.
use super::seen::seen;
use crate::format::Location;
use crate::secret::structure;
use thiserror::Error;

/// Characters of the excerpt on either side of the caret.
const AROUND: usize = 36;

/// Why a text is not JSON5, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {message}")]
pub struct SyntaxError {
    /// Where it breaks, bytes from the beginning.
    pub offset: usize,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, in a few words and without content of the file.
    pub message: String,
    /// The file is something else than a config: the message says what.
    pub is_foreign: bool,
    excerpt: String,
}

impl SyntaxError {
    pub(super) fn new(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let place = Location::of(text.as_bytes(), offset, offset);
        Self {
            is_foreign: false,
            offset,
            line: place.line,
            column: place.column,
            message: message.into(),
            excerpt: excerpt(text, offset),
        }
    }

    /// The line and a caret below it, masked, shortened around the column.
    pub fn excerpt(&self) -> &str {
        &self.excerpt
    }
}

/// A text that does not parse, with as many lines: its structure, and what in it is surely harmless.
pub fn masked(text: &str) -> String {
    structure::structure(text, &ranges(text))
}

fn ranges(text: &str) -> Vec<std::ops::Range<usize>> {
    seen(text).into_iter().map(|span| span.start..span.end).collect()
}

fn excerpt(text: &str, offset: usize) -> String {
    let head = text.get(..offset).unwrap_or(text);
    let start = head.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let line = text.get(start..).unwrap_or_default();
    let line = line.split(['\n', '\r']).next().unwrap_or_default();
    let seen = ranges(text);
    let (shown, caret) = structure::line_with(line, offset.saturating_sub(start), start, &seen);
    let from = caret.saturating_sub(AROUND);
    let mut window: String = shown.iter().skip(from).take(2 * AROUND).collect();
    let mut indent = caret - from;
    if from > 0 {
        window.insert_str(0, "...");
        indent += 3;
    }
    if shown.len() > from + 2 * AROUND {
        window.push_str("...");
    }
    format!("{}\n{}^", window.trim_end(), " ".repeat(indent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_column_and_nothing_secret_is_shown() {
        let text = "{\n\tgateway: { auth: { token: \"hunter2hunter2\" mode: 'x' } } }";
        let at = text.find("mode").unwrap();
        let error = SyntaxError::new(text, at, "expected `,` or `}`");
        assert_eq!(error.to_string(), "line 2, column 45: expected `,` or `}`");
        assert_eq!(
            error.excerpt(),
            " gateway: { auth: { token: ****: **** } } }\n                           ^"
        );
    }

    #[test]
    fn a_key_of_openclaws_that_lost_a_quote_is_shown() {
        for line in ["  gateway\" : {", "  gateway': {"] {
            let error = SyntaxError::new(line, 9, "x");
            assert_eq!(error.excerpt(), format!("{line}\n         ^"));
        }
    }

    #[test]
    fn a_secret_that_lost_its_quotes_is_masked() {
        for line in [
            "token: hunter2secret\"",
            "token\": \"hunter2secret\"",
            "token: 'hunter2secret",
            "\"token: hunter2secret\"",
            "token: hunter2secret:hunter2secret",
            "// hunter2secret",
            "password: 12345678",
            "password: 1234 5678",
            "\"password\" \"hunter2 horse 5678\"",
            "\"password\" = \"hunter2 horse 5678\"",
            "hunter2secret: 1",
            "/* a */ hunter2secret",
        ] {
            for at in 0..line.len() {
                let error = SyntaxError::new(line, at, "x");
                assert!(!error.excerpt().contains("hunter2"), "{}", error.excerpt());
                assert!(!error.excerpt().contains("5678"));
            }
        }
    }

    #[test]
    fn a_long_line_is_shortened_around_the_column() {
        let text = format!("{{{}!", "a:1,".repeat(5000));
        let error = SyntaxError::new(&text, text.len() - 1, "x");
        let lines: Vec<_> = error.excerpt().lines().collect();
        assert_eq!(lines[0].chars().count(), 3 + AROUND + 4);
        assert_eq!(lines[1].chars().count(), 3 + AROUND + 1);
    }
}

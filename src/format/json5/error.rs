//! Where a text breaks, in lines and columns, with a caret and no secrets.
//!
//! Owns `Place` and `SyntaxError`. The excerpt is built from an allow-list
//! (keys, punctuation, `true`, `null` and the like): whatever else stands on a
//! broken line, quoted or not, comments too, is masked, because a missing quote
//! turns a secret into a bare word.
use thiserror::Error;

const MASK: &str = "****";
/// Characters of the excerpt on either side of the caret.
const AROUND: usize = 36;
const LONGEST_KEY: usize = 40;
/// Words of OpenClaw's own that name parts of a config, and never stand for a secret.
const KNOWN: [&str; 28] = [
    "agents",
    "allowedOrigins",
    "auth",
    "bind",
    "channels",
    "commands",
    "controlUi",
    "cron",
    "env",
    "gateway",
    "hooks",
    "logging",
    "messages",
    "meta",
    "mode",
    "models",
    "plugins",
    "port",
    "profiles",
    "remote",
    "session",
    "skills",
    "tailscale",
    "tools",
    "transport",
    "trustedProxies",
    "url",
    "wizard",
];

/// A spot in a text, as people and editors count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last one.
    pub end: usize,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1; a byte order mark takes none.
    pub column: usize,
}

impl Place {
    pub(super) fn of(text: &str, start: usize, end: usize) -> Self {
        let head = text.get(..start).unwrap_or(text);
        let (line, column) = line_and_column(head);
        Self { start, end, line, column }
    }
}

fn line_and_column(head: &str) -> (usize, usize) {
    let head = head.strip_prefix('\u{FEFF}').unwrap_or(head);
    let ends = head.matches(['\n', '\r']).count() - head.matches("\r\n").count();
    let tail = head.rsplit(['\n', '\r']).next().unwrap_or_default();
    (ends + 1, tail.chars().count() + 1)
}

/// Why a text is not JSON5, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {message}")]
pub struct SyntaxError {
    /// Byte offset.
    pub offset: usize,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, in a few words and without content of the file.
    pub message: String,
    excerpt: String,
}

impl SyntaxError {
    pub(super) fn new(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let place = Place::of(text, offset, offset);
        Self {
            offset,
            line: place.line,
            column: place.column,
            message: message.into(),
            excerpt: excerpt(text, offset),
        }
    }

    /// The line and a caret below it, masked, shortened around the column.
    #[must_use]
    pub fn excerpt(&self) -> &str {
        &self.excerpt
    }
}

fn excerpt(text: &str, offset: usize) -> String {
    let head = text.get(..offset).unwrap_or(text);
    let start = head.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let line = text.get(start..).unwrap_or_default();
    let line = line.split(['\n', '\r']).next().unwrap_or_default();
    let (shown, caret) = mask(line, offset.saturating_sub(start));
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

/// The masked line and where in it the character at byte `offset` went.
fn mask(line: &str, offset: usize) -> (Vec<char>, usize) {
    let mut shown = Vec::new();
    let mut caret = None;
    let mut at = 0;
    let mut key_may_follow = true;
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let length = match is_stray(rest, line.get(..at).unwrap_or_default()) {
            true => 1,
            false => token(rest),
        };
        let piece = rest.get(..length).unwrap_or(rest);
        let behind = rest.get(length..).unwrap_or_default();
        let visible = match piece.chars().next() {
            Some(c) if c.is_whitespace() || "{}[],:".contains(c) => true,
            Some('"' | '\'') if length == 1 => true,
            // A key that lost one of its quotes.
            _ if key_may_follow
                && KNOWN.contains(&piece)
                && is_stray(behind, line.get(..at + length).unwrap_or_default()) =>
            {
                true
            }
            _ if matches!(piece, "true" | "false" | "null" | "Infinity" | "NaN") => true,
            _ => {
                key_may_follow
                    && behind.trim_start().starts_with(':')
                    && piece.chars().count() <= LONGEST_KEY
            }
        };
        if offset < at + length && caret.is_none() {
            let inside = piece.get(..offset.saturating_sub(at)).unwrap_or_default();
            caret = Some(shown.len() + if visible { inside.chars().count() } else { 0 });
        }
        if visible {
            shown.extend(piece.chars().map(printable));
        } else {
            shown.extend(MASK.chars());
        }
        if !piece.trim().is_empty() {
            key_may_follow = matches!(piece, "{" | ",");
        }
        at += length.max(1);
    }
    let end = shown.len();
    (shown, caret.unwrap_or(end))
}

/// Whether `rest` begins with a quote that closes or opens nothing, with nothing around it that could
/// be part of a value: before it on the line words of OpenClaw's alone, behind it only punctuation.
fn is_stray(rest: &str, before: &str) -> bool {
    let plain = |c: char| c.is_whitespace() || "{}[],:".contains(c);
    // In this order: each character of a long line is then looked at only a few times.
    let alone = rest
        .strip_prefix(['"', '\''])
        .is_some_and(|behind| behind.trim_start().starts_with(':') && behind.chars().all(plain));
    alone && before.split(plain).all(|word| word.is_empty() || KNOWN.contains(&word))
}

/// Control characters must not reach a terminal; tabs would shift the caret.
fn printable(c: char) -> char {
    if c.is_control() || c.is_whitespace() || c == '\u{FEFF}' { ' ' } else { c }
}

/// The length of the piece that `text` starts with: a run of white space, one
/// punctuation mark, a string up to its end, a comment, or a word.
fn token(text: &str) -> usize {
    let Some(first) = text.chars().next() else {
        return 0;
    };
    let run = |pattern: fn(char) -> bool| text.find(pattern).unwrap_or(text.len());
    match first {
        '{' | '}' | '[' | ']' | ',' | ':' => 1,
        '"' | '\'' => {
            let mut escaped = false;
            for (at, c) in text.char_indices().skip(1) {
                if c == first && !escaped {
                    return at + 1;
                }
                escaped = c == '\\' && !escaped;
            }
            text.len()
        }
        '/' if text.starts_with("/*") => {
            text.get(2..).and_then(|body| body.find("*/")).map_or(text.len(), |length| length + 4)
        }
        '/' => text.len(),
        c if c.is_whitespace() || c == '\u{FEFF}' => {
            run(|c| !(c.is_whitespace() || c == '\u{FEFF}'))
        }
        _ => run(|c| c.is_whitespace() || "{}[],:\"'/".contains(c)).max(first.len_utf8()),
    }
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
            " gateway: { auth: { token: **** ****: **** } } }\n                                ^"
        );
    }

    #[test]
    fn a_key_of_openclaws_that_lost_a_quote_is_shown() {
        for (line, shown) in [
            ("  gateway\" : {", "  gateway\" : {"),
            ("  gateway': {", "  gateway': {"),
            ("  hunter2\": {", "  ********"),
            ("  hunter2 gateway\": {", "  **** ********"),
            ("  gateway\": hunter2 {", "  ********"),
            ("  token: gateway\" : {", "  token: ********"),
        ] {
            let error = SyntaxError::new(line, line.len(), "x");
            assert_eq!(error.excerpt().lines().next(), Some(shown), "{line}");
        }
        let error = SyntaxError::new("  gateway\" : {", 9, "x");
        assert_eq!(error.excerpt().lines().nth(1), Some("         ^"));
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
        assert_eq!(lines[0].chars().count(), 3 + AROUND + MASK.chars().count());
        assert_eq!(lines[1].chars().count(), 3 + AROUND + 1);
    }

    #[test]
    fn lines_end_with_any_line_end_and_a_bom_takes_no_column() {
        let text = "\u{FEFF}{\r\na\rb\nc";
        let place = |wanted: &str| {
            let at = text.find(wanted).unwrap();
            let place = Place::of(text, at, at);
            (place.line, place.column)
        };
        assert_eq!(place("{"), (1, 1));
        assert_eq!(place("a"), (2, 1));
        assert_eq!(place("b"), (3, 1));
        assert_eq!(place("c"), (4, 1));
    }
}

//! How a document is laid out, and new text laid out like it.

use serde::Serialize;
use serde_json::Value;

use crate::format::scan::{self, Span};

/// How a document is laid out; new text follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// What one level of indentation is; `None`: everything on one line.
    pub(super) indent: Option<String>,
    pub(super) newline: &'static str,
    pub(super) space_after_colon: bool,
}

impl Style {
    /// OpenClaw's own: two spaces.
    pub fn openclaw() -> Self {
        Self { indent: Some("  ".to_owned()), newline: "\n", space_after_colon: true }
    }

    /// As `JSON.stringify(value)` writes it.
    pub fn compact() -> Self {
        Self { indent: None, newline: "\n", space_after_colon: false }
    }

    /// The layout of the object at `span`, as [`Style::of`]; compact where it is empty.
    pub fn compact_unless_laid_out(text: &[u8], span: Span) -> Self {
        match text.get(scan::skip_space(text, span.start + 1)) {
            Some(b'"') => Self::of(text, span),
            _ => Self::compact(),
        }
    }

    /// The layout of the object at `span`: from its first member, else OpenClaw's own.
    pub fn of(text: &[u8], span: Span) -> Self {
        let inner = span.start + 1;
        let first = scan::skip_space(text, inner);
        if text.get(first) != Some(&b'"') {
            return Self::openclaw();
        }
        let gap = text.get(inner..first).unwrap_or_default();
        let newline = if gap.contains(&b'\r') { "\r\n" } else { "\n" };
        let indent = memchr::memrchr(b'\n', gap).map(|at| {
            let margin =
                String::from_utf8_lossy(gap.get(at + 1..).unwrap_or_default()).into_owned();
            let outer = line_indent(text, span.start);
            margin.strip_prefix(&outer).map(str::to_owned).unwrap_or(margin)
        });
        let mut space_after_colon = true;
        if let Ok(end) = scan::value_end(text, first) {
            let colon = scan::skip_space(text, end);
            space_after_colon = text.get(colon + 1).is_some_and(|byte| *byte == b' ');
        }
        Self { indent, newline, space_after_colon }
    }

    /// `value` as a document of its own.
    pub fn text(&self, value: &Value) -> String {
        String::from_utf8_lossy(&self.render(value, "")).into_owned()
    }

    /// `value` as text that starts at the current column of a line indented by `margin`.
    pub(super) fn render(&self, value: &Value, margin: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let done = match &self.indent {
            None if self.space_after_colon => {
                let mut serializer = serde_json::Serializer::with_formatter(&mut out, OneLine);
                value.serialize(&mut serializer)
            }
            None => value.serialize(&mut serde_json::Serializer::new(&mut out)),
            Some(indent) => {
                let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
                value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter))
            }
        };
        debug_assert!(done.is_ok(), "writing a JSON value to memory does not fail");
        if self.indent.is_none() {
            return out;
        }
        // Line breaks inside strings are escaped, so each of these is one of the layout's.
        let mut laid = Vec::with_capacity(out.len());
        for (at, line) in out.split(|byte| *byte == b'\n').enumerate() {
            if at > 0 {
                laid.extend_from_slice(self.newline.as_bytes());
                laid.extend_from_slice(margin.as_bytes());
            }
            laid.extend_from_slice(line);
        }
        laid
    }

    pub(super) fn member(&self, key: &str, value: &Value, margin: &str) -> Vec<u8> {
        let mut out = Value::String(key.to_owned()).to_string().into_bytes();
        out.extend_from_slice(if self.space_after_colon { b": " } else { b":" });
        out.extend(self.render(value, margin));
        out
    }
}

/// `{"a": 1, "b": [1, 2]}`: one line, with spaces.
struct OneLine;

impl serde_json::ser::Formatter for OneLine {
    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }
    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }
    fn begin_object_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
    ) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

/// The white space at the start of the line that `at` is on.
pub(super) fn line_indent(text: &[u8], at: usize) -> String {
    let before = text.get(..at).unwrap_or_default();
    let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let line = before.get(start..).unwrap_or_default();
    let margin = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    String::from_utf8_lossy(line.get(..margin).unwrap_or_default()).into_owned()
}

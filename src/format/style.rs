//! How a text is written: quotes, bare keys, margins, line ends, trailing commas; and new values written
//! in that manner.
//!
//! Evidence is taken from the container that is edited, then from those around it, then from what the
//! [`Habits`] of the document say, then from what OpenClaw itself writes (`JSON.stringify` with two spaces).

use json5::char::{is_json5_line_terminator, is_json5_whitespace};
use serde_json::Value;

use super::Span;
use super::scan::ValueKind;
use super::scan::grammar::{Grammar, Json, char_at, comment_end};
use super::tree::{Item, Node};

/// The manner in which new text is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Style {
    bare_keys: bool,
    key_quote: char,
    pub(super) string_quote: char,
    /// What stands between a key and its value, the colon included.
    colon: String,
    pub(super) line_end: &'static str,
    /// One step of a margin.
    pub(super) step: String,
    pub(super) trailing_comma: bool,
    pub(super) tall_lists: bool,
    /// Whether blanks stand inside of the braces of an object on one line.
    padded: bool,
}

/// What was seen of each manner; negative against, positive for.
#[derive(Debug, Clone, Default)]
struct Tally {
    bare: i64,
    single_key: i64,
    single_string: i64,
    tall_list: i64,
    trailing: i64,
    padded: i64,
    colon: Option<String>,
    step: Option<String>,
}

/// How a document is written as a whole, for what the place of an edit does not tell.
#[derive(Debug, Clone)]
pub struct Habits {
    tally: Tally,
    line_end: Option<&'static str>,
    tall_lists: bool,
    /// Whether its outermost value may open up into lines where it is empty.
    pub(super) spreads: bool,
}

impl Habits {
    /// Of a text with one value.
    pub(super) fn of<G: Grammar>(text: &[u8], root: &Node) -> Self {
        let mut tally = Tally::default();
        tally.add(text, root, true);
        Self { tally, line_end: line_end(text), tall_lists: !G::IS_JSON5, spreads: true }
    }

    /// Of the value of a cell: on one line, without blanks, unless it is written otherwise.
    pub fn of_cells() -> Self {
        let tally = Tally { colon: Some(":".to_owned()), ..Tally::default() };
        Self { tally, line_end: None, tall_lists: false, spreads: false }
    }

    /// Of a store: from its first record, which is the one item of `root`.
    pub(super) fn of_store(text: &[u8], root: &Node) -> Self {
        let first = root.items.first();
        let until = first.map_or(root.span.end, |first| first.value.span.end);
        Self {
            line_end: line_end(text.get(..until).unwrap_or_default()),
            spreads: first.is_none_or(|first| own_line_indent(text, first.start()).is_some()),
            ..Self::of::<Json>(text, root)
        }
    }
}

impl Style {
    /// OpenClaw's own: two spaces.
    pub fn openclaw() -> Self {
        Self {
            bare_keys: false,
            key_quote: '"',
            string_quote: '"',
            colon: ": ".to_owned(),
            line_end: "\n",
            step: "  ".to_owned(),
            trailing_comma: false,
            tall_lists: true,
            padded: true,
        }
    }

    /// The style for new text inside the last node of `trail`, which leads there from the root.
    pub(super) fn of(text: &[u8], trail: &[&Node], habits: &Habits) -> Self {
        let mut tallies: Vec<Tally> = trail
            .iter()
            .rev()
            .map(|node| {
                let mut tally = Tally::default();
                tally.add(text, node, false);
                tally
            })
            .collect();
        tallies.push(habits.tally.clone());
        let vote = |of: fn(&Tally) -> i64| tallies.iter().map(of).find(|votes| *votes != 0);
        let single_string = vote(|tally| tally.single_string);
        let single_key = vote(|tally| tally.single_key);
        let quote = |votes: Option<i64>| if votes > Some(0) { '\'' } else { '"' };
        let own = Self::openclaw();
        Self {
            bare_keys: vote(|tally| tally.bare) > Some(0),
            key_quote: quote(single_key.or(single_string)),
            string_quote: quote(single_string.or(single_key)),
            colon: tallies.iter().find_map(|tally| tally.colon.clone()).unwrap_or(own.colon),
            line_end: habits.line_end.or_else(|| line_end(text)).unwrap_or(own.line_end),
            step: tallies.iter().find_map(|tally| tally.step.clone()).unwrap_or(own.step),
            trailing_comma: vote(|tally| tally.trailing) > Some(0),
            tall_lists: vote(|tally| tally.tall_list).map_or(habits.tall_lists, |votes| votes > 0),
            padded: vote(|tally| tally.padded).is_none_or(|votes| votes > 0),
        }
    }

    /// Minified text has no blanks to spare.
    fn tight(&self) -> bool {
        !self.colon.ends_with([' ', '\t'])
    }

    /// What stands between items on one line.
    pub(super) fn blank(&self) -> &'static str {
        if self.tight() { "" } else { " " }
    }

    /// What stands inside of the braces of an object on one line.
    pub(super) fn pad(&self) -> &'static str {
        if self.padded { self.blank() } else { "" }
    }

    /// `value` as a document of its own.
    pub fn text(&self, value: &Value) -> String {
        self.value(value, Some(""))
    }

    /// An item of a container.
    pub(super) fn item(&self, key: Option<&str>, value: &Value, indent: Option<&str>) -> String {
        let value = self.value(value, indent);
        match key {
            None => value,
            Some(key) if self.bare_keys && is_bare(key) => format!("{key}{}{value}", self.colon),
            Some(key) => format!("{}{}{value}", quoted(key, self.key_quote), self.colon),
        }
    }

    /// `value` as text; with the `indent` of its line where it may spread over several lines.
    pub(super) fn value(&self, value: &Value, indent: Option<&str>) -> String {
        let (open, close, items, indent): (_, _, Vec<(Option<&str>, &Value)>, _) = match value {
            Value::String(string) => return quoted(string, self.string_quote),
            Value::Array(items) => {
                let is_tall =
                    self.tall_lists || items.iter().any(|item| item.is_array() || item.is_object());
                let items = items.iter().map(|item| (None, item));
                ('[', ']', items.collect(), indent.filter(|_| is_tall))
            }
            Value::Object(members) => {
                let items = members.iter().map(|(key, item)| (Some(key.as_str()), item));
                ('{', '}', items.collect(), indent)
            }
            scalar => return scalar.to_string(),
        };
        if items.is_empty() {
            return format!("{open}{close}");
        }
        let inner = indent.map(|indent| format!("{indent}{}", self.step));
        let items: Vec<String> =
            items.into_iter().map(|(key, item)| self.item(key, item, inner.as_deref())).collect();
        match (indent, inner) {
            (Some(indent), Some(inner)) => {
                let last = if self.trailing_comma { "," } else { "" };
                let end = self.line_end;
                let items = items.join(&format!(",{end}{inner}"));
                format!("{open}{end}{inner}{items}{last}{end}{indent}{close}")
            }
            _ => {
                let pad = if open == '{' { self.pad() } else { "" };
                format!("{open}{pad}{}{pad}{close}", items.join(&format!(",{}", self.blank())))
            }
        }
    }
}

impl Tally {
    fn add(&mut self, text: &[u8], node: &Node, deep: bool) {
        let Some(last) = node.items.last() else { return };
        let tall = own_line_indent(text, last.start()).is_some();
        if node.kind == ValueKind::Array
            && deep
            && node.items.iter().all(|item| item.value.items.is_empty())
        {
            self.tall_list += if tall { 1 } else { -1 };
        }
        if tall {
            self.trailing += if last.comma.is_some() { 1 } else { -1 };
        } else if node.kind == ValueKind::Object {
            let is_padded = matches!(text.get(node.span.start + 1), Some(b' ' | b'\t'));
            self.padded += if is_padded { 1 } else { -1 };
        }
        if self.step.is_none() {
            self.step = step(text, node, last);
        }
        for item in &node.items {
            self.add_item(text, item);
            if deep {
                self.add(text, &item.value, true);
            }
        }
    }

    fn add_item(&mut self, text: &[u8], item: &Item) {
        if item.value.kind == ValueKind::String {
            self.single_string += single(text, item.value.span.start);
        }
        let Some(key) = item.key else { return };
        if let Some(b'"' | b'\'') = text.get(key.start) {
            self.single_key += single(text, key.start);
            if item.name(text).is_some_and(|name| is_bare(&name)) {
                self.bare -= 1;
            }
        } else {
            self.bare += 1;
        }
        let between = Span { start: key.end, end: item.value.span.start }.of(text);
        if between.len() <= 4 && between.iter().all(|byte| matches!(byte, b':' | b' ' | b'\t')) {
            self.colon = Some(String::from_utf8_lossy(between).into_owned());
        }
    }
}

fn single(text: &[u8], at: usize) -> i64 {
    if text.get(at) == Some(&b'\'') { 1 } else { -1 }
}

/// The step from the line that opens `node` to the line of its last item.
fn step(text: &[u8], node: &Node, last: &Item) -> Option<String> {
    let inner = own_line_indent(text, last.start())?;
    let step = inner.strip_prefix(line_indent(text, node.span.start))?;
    (!step.is_empty()).then(|| step.to_owned())
}

/// The first line end of the text; mixed texts are rare and both are valid.
fn line_end(text: &[u8]) -> Option<&'static str> {
    let at = memchr::memchr2(b'\n', b'\r', text)?;
    Some(match text.get(at..at + 2) {
        Some(b"\r\n") => "\r\n",
        _ if text.get(at) == Some(&b'\r') => "\r",
        _ => "\n",
    })
}

/// Where the line of `at` starts.
pub(super) fn line_start(text: &[u8], at: usize) -> usize {
    memchr::memrchr2(b'\n', b'\r', text.get(..at).unwrap_or_default()).map_or(0, |end| end + 1)
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The white space that the line of `at` starts with.
pub(super) fn line_indent(text: &[u8], at: usize) -> &str {
    let line = text.get(line_start(text, at)..at).unwrap_or_default();
    let length = line.iter().take_while(|byte| is_blank(**byte)).count();
    line.get(..length).and_then(|blanks| std::str::from_utf8(blanks).ok()).unwrap_or_default()
}

/// Where the blanks start that stand before `at`.
pub(super) fn blanks_before(text: &[u8], at: usize) -> usize {
    let head = text.get(..at).unwrap_or_default();
    at - head.iter().rev().take_while(|byte| is_blank(**byte)).count()
}

/// The indent of `at` where nothing but white space and comments (not too long) stands before it on a line
/// that is not the first one. Quick on a line of a megabyte.
pub(super) fn own_line_indent(text: &[u8], at: usize) -> Option<&str> {
    let blanks = blanks_before(text, at);
    match text.get(blanks.checked_sub(1)?)? {
        b'\n' | b'\r' => std::str::from_utf8(text.get(blanks..at)?).ok(),
        b'/' => {
            const FAR: usize = 1024;
            let from = at.saturating_sub(FAR);
            let start = from + memchr::memrchr2(b'\n', b'\r', text.get(from..at)?)? + 1;
            let indent = line_indent(text, at);
            let (_, end) = skip_trivia(text.get(..at)?, start + indent.len(), true);
            (end == at).then_some(indent)
        }
        _ => None,
    }
}

/// Skips white space and comments from `at`; stops early at a line end outside of a comment when
/// `same_line`. Gives back the end of the last comment seen and where it stopped.
pub(super) fn skip_trivia(text: &[u8], at: usize, same_line: bool) -> (Option<usize>, usize) {
    let mut comment = None;
    let mut at = at;
    while let Some(c) = char_at(text, at) {
        if c == '/' {
            let Ok(end) = comment_end(text, at) else { break };
            comment = Some(end);
            at = end;
        } else if is_json5_whitespace(c) && !(same_line && is_json5_line_terminator(c)) {
            at += c.len_utf8();
        } else {
            break;
        }
    }
    (comment, at)
}

/// Only ASCII names are written bare: every editor takes these.
fn is_bare(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$'))
}

/// A string literal that is the same in JSON and JSON5 (but for the quotes).
fn quoted(string: &str, quote: char) -> String {
    let mut text = String::from(quote);
    for c in string.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c if c == quote => text.extend(['\\', c]),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}') => {
                text.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => text.push(c),
        }
    }
    text.push(quote);
    text
}

//! How a text is written: quotes, bare keys, indentation, line ends, trailing
//! commas; and new values written in that manner.
//!
//! Evidence is taken from the container that is edited, then from those around
//! it, then from the whole text, then from what OpenClaw itself writes
//! (`JSON.stringify` with two spaces).
use super::scan::{Item, Kind, Node};
use serde_json::Value;

/// The manner in which new text is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Style {
    pub bare_keys: bool,
    pub key_quote: char,
    pub string_quote: char,
    /// What stands between a key and its value, the colon included.
    pub colon: String,
    pub line_end: &'static str,
    /// One step of indentation.
    pub step: String,
    pub trailing_comma: bool,
    pub tall_lists: bool,
}

/// What was seen of each manner; negative against, positive for.
#[derive(Default)]
struct Tally {
    bare: i64,
    single_key: i64,
    single_string: i64,
    tall_list: i64,
    trailing: i64,
    colon: Option<String>,
    step: Option<String>,
}

impl Style {
    /// The style for new text inside the last node of `trail`, which leads
    /// there from the root.
    pub fn of(text: &str, trail: &[&Node]) -> Self {
        let mut tallies: Vec<Tally> = trail
            .iter()
            .rev()
            .map(|node| {
                let mut tally = Tally::default();
                tally.add(text, node, false);
                tally
            })
            .collect();
        let mut whole = Tally::default();
        if let Some(root) = trail.first() {
            whole.add(text, root, true);
        }
        tallies.push(whole);
        let vote = |of: fn(&Tally) -> i64| tallies.iter().map(of).find(|votes| *votes != 0);
        let single_string = vote(|tally| tally.single_string);
        let single_key = vote(|tally| tally.single_key);
        let quote = |votes: Option<i64>| if votes > Some(0) { '\'' } else { '"' };
        let bare_keys = vote(|tally| tally.bare) > Some(0);
        Self {
            bare_keys,
            key_quote: quote(single_key.or(single_string)),
            string_quote: quote(single_string.or(single_key)),
            colon: tallies
                .iter()
                .find_map(|tally| tally.colon.clone())
                .unwrap_or_else(|| ": ".into()),
            line_end: line_end(text),
            step: tallies
                .iter()
                .find_map(|tally| tally.step.clone())
                .unwrap_or_else(|| "  ".into()),
            trailing_comma: vote(|tally| tally.trailing) > Some(0),
            tall_lists: vote(|tally| tally.tall_list) > Some(0),
        }
    }

    /// Minified text has no blanks to spare.
    pub fn tight(&self) -> bool {
        !self.colon.ends_with([' ', '\t'])
    }

    pub fn key(&self, name: &str) -> String {
        if self.bare_keys && is_bare(name) { name.to_owned() } else { quoted(name, self.key_quote) }
    }

    /// `value` as text; with the `indent` of its line where it may spread over
    /// several lines.
    pub fn value(&self, value: &Value, indent: Option<&str>) -> String {
        match value {
            Value::String(string) => quoted(string, self.string_quote),
            Value::Array(items) => {
                let indent = indent.filter(|_| self.tall_lists || !items.iter().all(is_scalar));
                let items = items.iter().map(|item| (None, item));
                self.container('[', ']', items, indent)
            }
            Value::Object(members) => {
                let members = members.iter().map(|(key, item)| (Some(key), item));
                self.container('{', '}', members, indent)
            }
            scalar => scalar.to_string(),
        }
    }

    fn container<'v>(
        &self,
        open: char,
        close: char,
        items: impl Iterator<Item = (Option<&'v String>, &'v Value)>,
        indent: Option<&str>,
    ) -> String {
        let inner = indent.map(|indent| format!("{indent}{}", self.step));
        let items: Vec<String> = items
            .map(|(key, item)| {
                let item = self.value(item, inner.as_deref());
                key.map_or_else(
                    || item.clone(),
                    |key| format!("{}{}{item}", self.key(key), self.colon),
                )
            })
            .collect();
        if items.is_empty() {
            return format!("{open}{close}");
        }
        match (indent, inner) {
            (Some(indent), Some(inner)) => {
                let between = format!(",{}{inner}", self.line_end);
                let last = if self.trailing_comma { "," } else { "" };
                format!(
                    "{open}{end}{inner}{}{last}{end}{indent}{close}",
                    items.join(&between),
                    end = self.line_end
                )
            }
            _ => {
                let blank = if self.tight() { "" } else { " " };
                let pad = if open == '{' { blank } else { "" };
                format!("{open}{pad}{}{pad}{close}", items.join(&format!(",{blank}")))
            }
        }
    }
}

impl Tally {
    fn add(&mut self, text: &str, node: &Node, deep: bool) {
        let Some(last) = node.items().last() else {
            return;
        };
        let tall = own_line_indent(text, last.start()).is_some();
        if let (Kind::Array(items), true) = (&node.kind, deep)
            && items.iter().all(|item| item.value.items().is_empty())
        {
            self.tall_list += if tall { 1 } else { -1 };
        }
        if tall {
            self.trailing += if last.comma.is_some() { 1 } else { -1 };
        }
        if self.step.is_none() {
            self.step = step(text, node, last);
        }
        for item in node.items() {
            self.add_item(text, item);
            if deep {
                self.add(text, &item.value, true);
            }
        }
    }

    fn add_item(&mut self, text: &str, item: &Item) {
        if let Kind::String = item.value.kind {
            self.single_string += single(text, item.value.span.start);
        }
        let Some(key) = &item.key else { return };
        if text.get(key.span.start..).is_some_and(|rest| rest.starts_with(['"', '\''])) {
            self.single_key += single(text, key.span.start);
            if is_bare(&key.name) {
                self.bare -= 1;
            }
        } else {
            self.bare += 1;
        }
        let between = text.get(key.span.end..item.value.span.start);
        if let Some(between) = between
            .filter(|text| text.chars().all(|c| matches!(c, ':' | ' ' | '\t')) && text.len() <= 4)
        {
            self.colon = Some(between.to_owned());
        }
    }
}

fn single(text: &str, at: usize) -> i64 {
    match text.as_bytes().get(at) {
        Some(b'\'') => 1,
        _ => -1,
    }
}

/// The step from the line that opens `node` to the line of its last item.
fn step(text: &str, node: &Node, last: &Item) -> Option<String> {
    let inner = own_line_indent(text, last.start())?;
    let outer = line_indent(text, node.span.start);
    let step = inner.strip_prefix(outer)?;
    (!step.is_empty()).then(|| step.to_owned())
}

/// The first line end of the text; mixed texts are rare and both are valid.
fn line_end(text: &str) -> &'static str {
    match text.find(['\n', '\r']).and_then(|at| text.get(at..)) {
        Some(rest) if rest.starts_with("\r\n") => "\r\n",
        Some(rest) if rest.starts_with('\r') => "\r",
        _ => "\n",
    }
}

/// The white space that the line of `at` starts with.
pub(super) fn line_indent(text: &str, at: usize) -> &str {
    let line = text.get(..at).unwrap_or_default();
    let line = line.rsplit(['\n', '\r']).next().unwrap_or_default();
    let rest = line.trim_start_matches([' ', '\t']);
    line.get(..line.len() - rest.len()).unwrap_or_default()
}

/// The indent of `at` where nothing but white space and comments stands before
/// it on a line that is not the first one. Quick on a line of a megabyte.
pub(super) fn own_line_indent(text: &str, at: usize) -> Option<&str> {
    let head = text.get(..at)?;
    let blank = head.trim_end_matches([' ', '\t']);
    if blank.ends_with(['\n', '\r']) {
        return head.get(blank.len()..);
    }
    if !blank.ends_with('/') {
        return None;
    }
    let start = head.rfind(['\n', '\r'])? + 1;
    let indent = line_indent(text, at);
    let (_, end) = super::scan::skip_trivia(head, start + indent.len(), true);
    (end == at).then_some(indent)
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

/// Only ASCII names are written bare: every editor takes these.
fn is_bare(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$'))
}

/// A string literal that is the same in JSON and JSON5 (but for the quotes).
pub(super) fn quoted(string: &str, quote: char) -> String {
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

//! Edits of JSON text that keep every other byte: key order, unknown fields, number spelling,
//! indentation and the newline at the end stay as they are.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde_json::Value;

use super::scan::{self, Member, Span, SyntaxError};
use crate::plan::Splice;

/// How a document is laid out; new text follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// What one level of indentation is; `None`: everything on one line.
    indent: Option<String>,
    newline: &'static str,
    space_after_colon: bool,
}

impl Style {
    /// OpenClaw's own: two spaces.
    pub fn openclaw() -> Self {
        Self {
            indent: Some("  ".to_owned()),
            newline: "\n",
            space_after_colon: true,
        }
    }

    /// As `JSON.stringify(value)` writes it.
    pub fn compact() -> Self {
        Self {
            indent: None,
            newline: "\n",
            space_after_colon: false,
        }
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
            margin
                .strip_prefix(&outer)
                .map(str::to_owned)
                .unwrap_or(margin)
        });
        let mut space_after_colon = true;
        if let Ok(end) = scan::value_end(text, first) {
            let colon = scan::skip_space(text, end);
            space_after_colon = text.get(colon + 1).is_some_and(|byte| *byte == b' ');
        }
        Self {
            indent,
            newline,
            space_after_colon,
        }
    }

    /// `value` as a document of its own.
    pub fn text(&self, value: &Value) -> String {
        String::from_utf8_lossy(&self.render(value, "")).into_owned()
    }

    /// `value` as text that starts at the current column of a line indented by `margin`.
    fn render(&self, value: &Value, margin: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let done = match &self.indent {
            None if self.space_after_colon => {
                let mut serializer = serde_json::Serializer::with_formatter(&mut out, OneLine);
                value.serialize(&mut serializer)
            }
            None => value.serialize(&mut serde_json::Serializer::new(&mut out)),
            Some(indent) => {
                let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
                value.serialize(&mut serde_json::Serializer::with_formatter(
                    &mut out, formatter,
                ))
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

    fn member(&self, key: &str, value: &Value, margin: &str) -> Vec<u8> {
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
fn line_indent(text: &[u8], at: usize) -> String {
    let before = text.get(..at).unwrap_or_default();
    let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let line = before.get(start..).unwrap_or_default();
    let margin = line
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    String::from_utf8_lossy(line.get(..margin).unwrap_or_default()).into_owned()
}

/// Why an edit cannot be made in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text is not JSON.
    #[error("the text is not valid JSON")]
    Syntax(SyntaxError),
    /// Something on the path is not an object.
    #[error("a parent of the field is not an object")]
    NotAnObject,
}

impl From<SyntaxError> for EditError {
    fn from(error: SyntaxError) -> Self {
        EditError::Syntax(error)
    }
}

/// Applies `f` (an edit of one place) and gives back the new text.
fn spliced(text: &[u8], splice: &Splice) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + splice.text.len());
    out.extend_from_slice(text.get(..splice.start).unwrap_or_default());
    out.extend_from_slice(&splice.text);
    out.extend_from_slice(text.get(splice.end..).unwrap_or_default());
    out
}

/// A field of the object at `span` set to `value`; missing parents are created.
///
/// # Errors
/// Something on the way is not an object, or the text is not JSON.
pub fn set(
    text: &[u8],
    span: Span,
    path: &[String],
    value: &Value,
    style: &Style,
) -> Result<Splice, EditError> {
    let Some((key, rest)) = path.split_first() else {
        let margin = line_indent(text, span.start);
        return Ok(Splice {
            start: span.start,
            end: span.end,
            text: style.render(value, &margin),
        });
    };
    if text.get(span.start) != Some(&b'{') {
        return Err(EditError::NotAnObject);
    }
    match scan::member(text, span, key) {
        Some(member) => set(text, member.value, rest, value, style),
        None => {
            scan::value_end(text, span.start)?;
            let nested = rest.iter().rev().fold(value.clone(), |inner, name| {
                Value::Object([(name.clone(), inner)].into_iter().collect())
            });
            insert(text, span, &[(key.as_str(), &nested)], style)
        }
    }
}

/// A field of the object at `span` removed; nothing to do where it is not there.
///
/// # Errors
/// As [`set`].
pub fn unset(text: &[u8], span: Span, path: &[String]) -> Result<Option<Vec<Splice>>, EditError> {
    let Some((key, rest)) = path.split_first() else {
        return Ok(None);
    };
    let members = scan::members(text, span)?;
    if rest.is_empty() {
        let gone: Vec<bool> = members
            .iter()
            .map(|member| scan::key_is(text, member.key, key))
            .collect();
        if !gone.contains(&true) {
            return Ok(None);
        }
        return Ok(Some(removals(span, &members, &gone)));
    }
    match members
        .iter()
        .rev()
        .find(|member| scan::key_is(text, member.key, key))
    {
        Some(member) => unset(text, member.value, rest),
        None => Ok(None),
    }
}

/// New members at the end of the object at `span`.
fn insert(
    text: &[u8],
    span: Span,
    new: &[(&str, &Value)],
    style: &Style,
) -> Result<Splice, EditError> {
    let members = scan::members(text, span)?;
    Ok(insertion(text, span, members.last(), new, style))
}

fn insertion(
    text: &[u8],
    span: Span,
    after: Option<&Member>,
    new: &[(&str, &Value)],
    style: &Style,
) -> Splice {
    let outer = line_indent(text, span.start);
    let mut out = Vec::new();
    let (gap, margin) = match (&style.indent, after) {
        (None, _) => (
            if style.space_after_colon {
                " ".to_owned()
            } else {
                String::new()
            },
            outer.clone(),
        ),
        // On a line of its own, as its sibling is.
        (Some(_), Some(last)) if own_line(text, last.key.start) => {
            let margin = line_indent(text, last.key.start);
            (format!("{}{margin}", style.newline), margin)
        }
        (Some(_), Some(_)) => (" ".to_owned(), outer.clone()),
        (Some(indent), None) => {
            let margin = format!("{outer}{indent}");
            (format!("{}{margin}", style.newline), margin)
        }
    };
    for (at, (key, value)) in new.iter().enumerate() {
        if after.is_some() || at > 0 {
            out.push(b',');
            out.extend_from_slice(gap.as_bytes());
        } else if style.indent.is_some() {
            out.extend_from_slice(gap.as_bytes());
        }
        out.extend(style.member(key, value, &margin));
    }
    match after {
        Some(last) => Splice {
            start: last.value.end,
            end: last.value.end,
            text: out,
        },
        None => {
            if style.indent.is_some() && !new.is_empty() {
                out.extend_from_slice(style.newline.as_bytes());
                out.extend_from_slice(outer.as_bytes());
            }
            Splice {
                start: span.start + 1,
                end: span.end.saturating_sub(1),
                text: out,
            }
        }
    }
}

fn own_line(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    before
        .iter()
        .rev()
        .find(|byte| !matches!(byte, b' ' | b'\t'))
        == Some(&b'\n')
}

/// The splices that take the marked members out of the object at `span`.
fn removals(span: Span, members: &[Member], gone: &[bool]) -> Vec<Splice> {
    let cut = |start, end| Splice {
        start,
        end,
        text: Vec::new(),
    };
    let Some(first_kept) = gone.iter().position(|gone| !gone) else {
        return vec![cut(span.start + 1, span.end.saturating_sub(1))];
    };
    let mut splices = Vec::new();
    if let (Some(first), Some(kept)) = (members.first(), members.get(first_kept))
        && first_kept > 0
    {
        splices.push(cut(first.key.start, kept.key.start));
    }
    for (at, pair) in members.windows(2).enumerate().skip(first_kept) {
        if let [before, member] = pair
            && gone.get(at + 1) == Some(&true)
        {
            splices.push(cut(before.value.end, member.value.end));
        }
    }
    splices
}

/// What happens to one record of a store.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordEdit {
    /// A field set.
    Set(Vec<String>, Value),
    /// A field removed.
    Unset(Vec<String>),
}

/// What happens to the records of a store: an object of records by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoreEdits {
    /// Fields of records that exist.
    pub change: Vec<(String, Vec<RecordEdit>)>,
    /// Records that go; every member of that key.
    pub remove: Vec<String>,
    /// Records that come, at the end.
    pub insert: Vec<(String, Value)>,
}

/// The splices that make `edits` in the object that `text` holds.
///
/// # Errors
/// The text is not a JSON object, or a field's parent is not one.
pub fn store(text: &[u8], edits: &StoreEdits) -> Result<Vec<Splice>, EditError> {
    let start = scan::skip_space(text, 0);
    if text.get(start) != Some(&b'{') {
        scan::document(text)?;
        return Err(EditError::NotAnObject);
    }
    // One pass: the members are found while the text is checked.
    let mut members = Vec::new();
    let whole = Span {
        start,
        end: text.len(),
    };
    let end = scan::for_each_member(text, whole, |member| members.push(member))?;
    scan::nothing_after(text, end)?;
    store_of(text, &members, edits)
}

/// As [`store`], for a text that was read before: `members` are all members of its one object.
///
/// # Errors
/// A record to change is not there, or no object.
pub fn store_of(
    text: &[u8],
    members: &[Member],
    edits: &StoreEdits,
) -> Result<Vec<Splice>, EditError> {
    let start = scan::skip_space(text, 0);
    let inside = members.last().map_or(start + 1, |last| last.value.end);
    let span = Span {
        start,
        end: scan::skip_space(text, inside) + 1,
    };
    let style = Style::of(text, span);
    let removed: HashSet<&str> = edits.remove.iter().map(String::as_str).collect();
    let gone: Vec<bool> = members
        .iter()
        .map(|member| {
            !removed.is_empty()
                && scan::string(text, member.key).is_some_and(|key| removed.contains(key.as_ref()))
        })
        .collect();
    let mut splices = removals(span, members, &gone);
    let changed: HashMap<&str, &[RecordEdit]> = edits
        .change
        .iter()
        .map(|(key, changes)| (key.as_str(), changes.as_slice()))
        .collect();
    // Of two members with one key the later counts.
    let mut found: HashMap<&str, (Member, &[RecordEdit])> = HashMap::with_capacity(changed.len());
    if !changed.is_empty() {
        for member in members {
            let key = scan::string(text, member.key).unwrap_or_default();
            if let Some((key, changes)) = changed.get_key_value(key.as_ref()) {
                found.insert(key, (*member, changes));
            }
        }
    }
    if found.len() < changed.len() {
        return Err(EditError::NotAnObject);
    }
    for (member, changes) in found.into_values() {
        splices.extend(record(text, member.value, changes, &style)?);
    }
    if !edits.insert.is_empty() {
        let new: Vec<(&str, &Value)> = edits
            .insert
            .iter()
            .map(|(key, value)| (key.as_str(), value))
            .collect();
        if gone.contains(&false) {
            splices.push(insertion(text, span, members.last(), &new, &style));
        } else {
            splices.retain(|_| false);
            splices.push(insertion(text, span, None, &new, &style));
        }
    }
    // An insertion at the end of a removed range comes after it.
    splices.sort_by_key(|splice| (splice.start, splice.end));
    Ok(splices)
}

/// The splices that make `changes` in the object at `span`, one after the other.
///
/// # Errors
/// As [`set`].
pub fn record(
    text: &[u8],
    span: Span,
    changes: &[RecordEdit],
    style: &Style,
) -> Result<Vec<Splice>, EditError> {
    // The record is edited in a copy that begins with the margin of its line, and put back as the
    // smallest splice.
    let margin = line_indent(text, span.start);
    let at = margin.len();
    let mut before = margin.into_bytes();
    before.extend_from_slice(span.of(text));
    let mut now = before.clone();
    for change in changes {
        let inner = Span {
            start: at,
            end: now.len(),
        };
        match change {
            RecordEdit::Set(path, value) => {
                let splice = set(&now, inner, path, value, style)?;
                now = spliced(&now, &splice);
            }
            RecordEdit::Unset(path) => {
                for splice in unset(&now, inner, path)?.into_iter().flatten().rev() {
                    now = spliced(&now, &splice);
                }
            }
        }
    }
    // The margin is the same in both, so that no splice reaches into it.
    Ok(smallest(&before, &now, span.start.saturating_sub(at))
        .into_iter()
        .collect())
}

/// The one splice between two texts, at `offset`: what is common at both ends left out.
pub fn smallest(before: &[u8], after: &[u8], offset: usize) -> Option<Splice> {
    if before == after {
        return None;
    }
    let common = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let most = before.len().min(after.len()) - common;
    let tail = before
        .iter()
        .rev()
        .zip(after.iter().rev())
        .take(most)
        .take_while(|(a, b)| a == b)
        .count();
    Some(Splice {
        start: offset + common,
        end: offset + before.len() - tail,
        text: after
            .get(common..after.len() - tail)
            .unwrap_or_default()
            .to_vec(),
    })
}

/// `text` with `splices` made; the same as writing the pieces of a change.
pub fn apply(text: &[u8], splices: &[Splice]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    for splice in splices {
        out.extend_from_slice(text.get(at..splice.start).unwrap_or_default());
        out.extend_from_slice(&splice.text);
        at = splice.end;
    }
    out.extend_from_slice(text.get(at..).unwrap_or_default());
    out
}

/// As [`apply`], without a second copy of the text where the splices are few.
pub fn apply_in_place(mut text: Vec<u8>, splices: &[Splice]) -> Vec<u8> {
    // Each splice moves all that stands behind it.
    const FEW: usize = 8;
    let fit = |splice: &Splice| splice.start <= splice.end && splice.end <= text.len();
    if splices.len() > FEW || !splices.iter().all(fit) {
        return apply(&text, splices);
    }
    for splice in splices.iter().rev() {
        text.splice(splice.start..splice.end, splice.text.iter().copied());
    }
    text
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;

//! Edits of a store: an object of records by key.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::splices::{smallest, spliced};
use super::style::{Style, line_indent};
use super::{EditError, insertion, removals, set, unset};
use crate::format::scan::{self, Member, Span};
use crate::plan::Splice;

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
    let whole = Span { start, end: text.len() };
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
    let span = Span { start, end: scan::skip_space(text, inside) + 1 };
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
    let changed: HashMap<&str, &[RecordEdit]> =
        edits.change.iter().map(|(key, changes)| (key.as_str(), changes.as_slice())).collect();
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
        let new: Vec<(&str, &Value)> =
            edits.insert.iter().map(|(key, value)| (key.as_str(), value)).collect();
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
        let inner = Span { start: at, end: now.len() };
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
    Ok(smallest(&before, &now, span.start.saturating_sub(at)).into_iter().collect())
}

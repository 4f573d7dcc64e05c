//! Edits of a store: an object of records by key, which may be huge. Only the records that change are
//! looked at closely.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::edit::{EditError, FieldEdit, Piece, change_items, edited, smallest};
use super::scan::grammar::Json;
use super::scan::{self, Member, ValueKind};
use super::style::{Habits, Style, line_indent};
use super::tree::{Item, Node};
use super::{Span, Splice, value};

/// What happens to the records of a store: an object of records by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoreEdits {
    /// Fields of records that exist.
    pub change: Vec<(String, Vec<FieldEdit>)>,
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
        let at = scan::document(text)?;
        let found = scan::kind(text, at);
        return Err(EditError::Kind { path: Vec::new(), at, wanted: ValueKind::Object, found });
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
    let first = members.first().map(|first| item(text, *first)).transpose()?;
    let root = Node { span, kind: ValueKind::Object, items: first.into_iter().collect() };
    let habits = Habits::of_store(text, &root);

    // Where one is removed the places of all matter, where one comes those of the last two.
    let from = if edits.remove.is_empty() { members.len().saturating_sub(2) } else { 0 };
    let listed = members.get(from..).unwrap_or_default();
    let removed: HashSet<&str> = edits.remove.iter().map(String::as_str).collect();
    let is_gone = |member: &Member| {
        !removed.is_empty()
            && scan::string(text, member.key).is_some_and(|key| removed.contains(key.as_ref()))
    };
    let gone: Vec<bool> = listed.iter().map(is_gone).collect();
    let mut splices = Vec::new();
    if !edits.insert.is_empty() || gone.contains(&true) {
        let pieces: Vec<Piece> = listed.iter().map(|member| piece(text, member)).collect();
        let insert = edits.insert.iter().map(|(key, value)| (Some(key.as_str()), value));
        let insert: Vec<(Option<&str>, &Value)> = insert.collect();
        let style = Style::of(text, &[&root], &habits);
        splices = change_items(text, span, &pieces, &gone, &insert, &style, true);
    }

    let changed: HashMap<&str, &[FieldEdit]> =
        edits.change.iter().map(|(key, changes)| (key.as_str(), changes.as_slice())).collect();
    // Of two members with one key the later counts.
    let mut found: HashMap<&str, (Member, &[FieldEdit])> = HashMap::with_capacity(changed.len());
    if !changed.is_empty() {
        for member in members {
            let key = scan::string(text, member.key).unwrap_or_default();
            if let Some((key, changes)) = changed.get_key_value(key.as_ref()) {
                found.insert(key, (*member, changes));
            }
        }
    }
    if found.len() < changed.len() {
        return Err(EditError::Missing);
    }
    for (member, changes) in found.into_values() {
        splices.extend(record(text, member.value, changes, Some(&habits))?);
    }
    // An insertion at the end of a removed range comes after it.
    splices.sort_by_key(|splice| (splice.start, splice.end));
    Ok(splices)
}

fn item(text: &[u8], member: Member) -> Result<Item, EditError> {
    let value = Node::at::<Json>(text, member.value.start)?;
    Ok(Item { key: Some(member.key), value, comma: None })
}

fn piece(text: &[u8], member: &Member) -> Piece {
    let behind = scan::skip_space(text, member.value.end);
    let comma = (text.get(behind) == Some(&b',')).then_some(behind);
    Piece { start: member.key.start, end: member.value.end, comma }
}

/// The splice that makes `changes` in the object at `span`, one after the other; `habits` as those of the
/// text around it.
///
/// # Errors
/// Something on the way is not an object, or the text is not JSON.
pub fn record(
    text: &[u8],
    span: Span,
    changes: &[FieldEdit],
    habits: Option<&Habits>,
) -> Result<Option<Splice>, EditError> {
    let old = value::at(text, span).ok_or(EditError::Inexact)?;
    // The record is edited in a copy that begins with the margin of its line, and put back as the
    // smallest splice.
    let margin = line_indent(text, span.start);
    let before = [margin.as_bytes(), span.of(text)].concat();
    let now = edited::<Json>(&before, old, changes, habits, value::of)?;
    // The margin is the same in both, so that no splice reaches into it.
    Ok(smallest(&before, &now, span.start.saturating_sub(margin.len())))
}

/// The records that two texts of a store do not have alike, of each as an object; a text that is not there has none.
/// `None`: one is no object.
pub fn differing(old: Option<&[u8]>, new: Option<&[u8]>) -> Option<(Value, Value)> {
    let (old, new) = (by_key(old.unwrap_or(b"{}"))?, by_key(new.unwrap_or(b"{}"))?);
    Some((others(&old, &new), others(&new, &old)))
}

/// What `differing` finds where the new text is the old one with `splices` made, without reading the records that
/// stay; `members` are all of the old one. `None`: a splice cuts a record in two, or what comes out is no JSON.
pub fn spliced(text: &[u8], members: &[Member], splices: &[Splice]) -> Option<(Value, Value)> {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    let mut inside: BTreeMap<usize, Vec<&Splice>> = BTreeMap::new();
    for splice in splices {
        let first = members.partition_point(|one| one.value.end <= splice.start);
        let end = members.partition_point(|one| one.key.start < splice.end);
        let is_within = |one: &Member| one.key.start <= splice.start && splice.end <= one.value.end;
        let is_covered =
            |one: &Member| splice.start <= one.key.start && one.value.end <= splice.end;
        match members.get(first..end)? {
            touched if touched.iter().all(is_covered) => {
                let touched =
                    touched.iter().filter_map(|one| text.get(one.key.start..one.value.end));
                old.extend(touched.map(<[u8]>::to_vec));
                let is_between = |byte: &u8| *byte == b',' || byte.is_ascii_whitespace();
                let text = splice.text.as_slice();
                let start = text.iter().position(|byte| !is_between(byte));
                let end = text.iter().rposition(|byte| !is_between(byte));
                if let (Some(start), Some(end)) = (start, end) {
                    new.push(text.get(start..=end)?.to_vec());
                }
            }
            [one] if is_within(one) => inside.entry(first).or_default().push(splice),
            _ => return None,
        }
    }
    for (at, splices) in inside {
        let member = members.get(at)?;
        old.push(text.get(member.key.start..member.value.end)?.to_vec());
        let (mut changed, mut from) = (Vec::new(), member.key.start);
        for splice in splices {
            changed.extend_from_slice(text.get(from..splice.start)?);
            changed.extend_from_slice(&splice.text);
            from = splice.end;
        }
        changed.extend_from_slice(text.get(from..member.value.end)?);
        new.push(changed);
    }
    let object =
        |members: Vec<Vec<u8>>| value::of(&[&b"{"[..], &members.join(&b','), b"}"].concat());
    Some((object(old)?, object(new)?))
}

fn all(text: &[u8]) -> Option<Vec<Member>> {
    scan::members(text, Span { start: scan::skip_space(text, 0), end: text.len() }).ok()
}

type ByKey<'t> = BTreeMap<Cow<'t, str>, &'t [u8]>;

fn by_key(text: &[u8]) -> Option<ByKey<'_>> {
    let members = all(text)?.into_iter();
    Some(
        members
            .filter_map(|one| Some((scan::string(text, one.key)?, one.value.of(text))))
            .collect(),
    )
}

/// Those that the other side has not, or has otherwise.
fn others(own: &ByKey<'_>, other: &ByKey<'_>) -> Value {
    let differing = own.iter().filter(|(key, text)| other.get(*key) != Some(*text));
    let read = |text: &[u8]| value::of(text).unwrap_or_default();
    Value::Object(differing.map(|(key, text)| (key.to_string(), read(text))).collect())
}

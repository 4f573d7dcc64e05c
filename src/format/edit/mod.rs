//! Edits of JSON text that keep every other byte: key order, unknown fields, number spelling,
//! indentation and the newline at the end stay as they are.

mod records;
mod splices;
mod style;

pub use records::{RecordEdit, StoreEdits, record, store, store_of};
pub use splices::{apply, smallest};
pub use style::Style;

use serde_json::Value;

use super::scan::{self, Member, Span, SyntaxError};
use crate::plan::Splice;
use style::line_indent;

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
        return Ok(Splice { start: span.start, end: span.end, text: style.render(value, &margin) });
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
        let gone: Vec<bool> =
            members.iter().map(|member| scan::key_is(text, member.key, key)).collect();
        if !gone.contains(&true) {
            return Ok(None);
        }
        return Ok(Some(removals(span, &members, &gone)));
    }
    match members.iter().rev().find(|member| scan::key_is(text, member.key, key)) {
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
        (None, _) => {
            (if style.space_after_colon { " ".to_owned() } else { String::new() }, outer.clone())
        }
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
        Some(last) => Splice { start: last.value.end, end: last.value.end, text: out },
        None => {
            if style.indent.is_some() && !new.is_empty() {
                out.extend_from_slice(style.newline.as_bytes());
                out.extend_from_slice(outer.as_bytes());
            }
            Splice { start: span.start + 1, end: span.end.saturating_sub(1), text: out }
        }
    }
}

fn own_line(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    before.iter().rev().find(|byte| !matches!(byte, b' ' | b'\t')) == Some(&b'\n')
}

/// The splices that take the marked members out of the object at `span`.
fn removals(span: Span, members: &[Member], gone: &[bool]) -> Vec<Splice> {
    let cut = |start, end| Splice { start, end, text: Vec::new() };
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

#[cfg(test)]
pub(super) mod tests;

//! The one way to change a text: fields set, lists appended to, fields removed, every other byte kept
//! (key order, comments, unknown fields, the spelling of numbers, margins, the line end at the end).
//!
//! Each edit is placed on a fresh tree of the text that the edits before it left. At the end the text is
//! read again, and must hold what the old values become under the same edits: nothing less or more.
//! Comments are never removed and never end up in front of another key than before.

use serde_json::{Map, Value};

pub use super::field::FieldEdit;
use super::scan::grammar::Grammar;
use super::scan::{ScanError, ValueKind};
pub use super::splice::{apply, by_lines, smallest};
pub use super::style::Habits;
use super::style::{
    Style, blanks_before, is_blank, line_indent, line_start, own_line_indent, skip_trivia,
};
use super::tree::Node;
use super::{Span, Splice};

/// Why an edit cannot be made in a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text is not JSON at the place that is named.
    #[error("the text is not valid JSON")]
    Syntax(ScanError),
    /// A key on the way stands there more than once.
    #[error("a key on the way is there more than once")]
    Duplicate {
        /// The key, from the root.
        path: Vec<String>,
        /// Where each of them stands, in bytes.
        keys: Vec<Span>,
    },
    /// Something else stands where an object or a list is needed.
    #[error("a parent of the field is not an object")]
    Kind {
        /// The keys from the root to the parent.
        path: Vec<String>,
        /// Where it stands, in bytes.
        at: Span,
        /// What the edit needs there.
        wanted: ValueKind,
        /// What stands there instead.
        found: ValueKind,
    },
    /// There is no record of that key.
    #[error("a record to change is not there")]
    Missing,
    /// The whole text cannot be removed.
    #[error("the whole file cannot be removed")]
    Root,
    /// The edited text would not read as exactly what was planned.
    #[error("the edited file would not read as planned")]
    Inexact,
}

impl From<ScanError> for EditError {
    fn from(error: ScanError) -> Self {
        EditError::Syntax(error)
    }
}

/// The text after `edits`. Its value was `value`; what `read` makes of it in the end must be the value after them. `habits` are taken from the text itself where there are none.
pub(super) fn edited<G: Grammar>(
    text: &[u8],
    value: Value,
    edits: &[FieldEdit],
    habits: Option<&Habits>,
    read: impl Fn(&[u8]) -> Option<Value>,
) -> Result<Vec<u8>, EditError> {
    let mut planned = value;
    let mut now = text.to_vec();
    for edit in edits {
        if edit.is_in(&planned) {
            continue;
        }
        let root = Node::of::<G>(&now).map_err(|_| EditError::Inexact)?;
        let splices = match habits {
            Some(habits) => place::<G>(&now, &root, edit, habits)?,
            None => place::<G>(&now, &root, edit, &Habits::of::<G>(&now, &root))?,
        };
        now = apply(&now, &splices);
        edit.change(&mut planned);
    }
    if read(&now).as_ref() == Some(&planned) { Ok(now) } else { Err(EditError::Inexact) }
}

/// The splices of one edit.
fn place<G: Grammar>(
    text: &[u8],
    root: &Node,
    edit: &FieldEdit,
    habits: &Habits,
) -> Result<Vec<Splice>, EditError> {
    let path = edit.path();
    // The nodes from the root to the last one that is there, and which items of its parent that is.
    let mut trail = vec![root];
    let mut node = root;
    let mut numbers = Vec::new();
    let mut missing = path;
    while let Some((segment, rest)) = missing.split_first() {
        let same: Vec<usize> = node.named(text, segment).collect();
        let Some(item) = same.last().and_then(|at| node.items.get(*at)) else { break };
        missing = rest;
        if G::IS_JSON5 && same.len() > 1 {
            let keys = same.iter().filter_map(|at| node.items.get(*at)?.key).collect();
            let path = path.iter().take(path.len() - rest.len()).cloned().collect();
            return Err(EditError::Duplicate { path, keys });
        }
        node = &item.value;
        trail.push(node);
        numbers = same;
    }
    let require = |wanted: ValueKind| {
        let path = path.iter().take(path.len() - missing.len()).cloned().collect();
        let fits = node.kind == wanted;
        let error = EditError::Kind { path, at: node.span, wanted, found: node.kind };
        if fits { Ok(()) } else { Err(error) }
    };
    let add = |key: Option<&str>, value: &Value| {
        let style = Style::of(text, &trail, habits);
        let pieces = pieces(node);
        let gone = vec![false; pieces.len()];
        let spreads = spreads(text, &trail, habits);
        change_items(text, node.span, &pieces, &gone, &[(key, value)], &style, spreads)
    };
    Ok(match (edit, missing) {
        (FieldEdit::Set { value, .. }, []) => vec![replacement(text, &trail, node, value, habits)],
        (FieldEdit::Append { value, .. }, []) => {
            require(ValueKind::Array)?;
            add(None, value)
        }
        (FieldEdit::Remove { .. }, []) => {
            let [.., parent, _] = trail.as_slice() else { return Err(EditError::Root) };
            let pieces = pieces(parent);
            let gone: Vec<bool> = (0..pieces.len()).map(|at| numbers.contains(&at)).collect();
            removals(text, parent.span, &pieces, &gone, false)
        }
        (FieldEdit::Remove { .. }, _) => Vec::new(),
        (FieldEdit::Set { value, .. } | FieldEdit::Append { value, .. }, [key, rest @ ..]) => {
            require(ValueKind::Object)?;
            let new = match edit {
                FieldEdit::Append { .. } => Value::Array(vec![value.clone()]),
                _ => value.clone(),
            };
            let nested = rest
                .iter()
                .rev()
                .fold(new, |value, key| Value::Object(Map::from_iter([(key.clone(), value)])));
            add(Some(key), &nested)
        }
    })
}

/// Puts `value` in the place of a value; a string keeps the quotes of the string that it replaces.
fn replacement(text: &[u8], trail: &[&Node], old: &Node, value: &Value, habits: &Habits) -> Splice {
    let mut style = Style::of(text, trail, habits);
    if old.kind == ValueKind::String {
        style.string_quote = if text.get(old.span.start) == Some(&b'\'') { '\'' } else { '"' };
    }
    let indent = spreads(text, trail, habits).then(|| line_indent(text, old.span.start));
    Splice::replace(old.span, style.value(value, indent))
}

/// Whether the last value of `trail` may open up into lines: its parent already spreads over lines.
fn spreads(text: &[u8], trail: &[&Node], habits: &Habits) -> bool {
    let [.., parent, child] = trail else { return habits.spreads };
    parent.items.iter().find(|item| item.value.span == child.span).is_some_and(|item| {
        own_line_indent(text, item.start()).is_some()
            && line_start(text, item.start()) > parent.span.start
    })
}

/// Where one item of a container stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub start: usize,
    pub end: usize,
    /// The byte offset of the comma behind it.
    pub comma: Option<usize>,
}

fn pieces(node: &Node) -> Vec<Piece> {
    let piece = |item: &super::tree::Item| Piece {
        start: item.start(),
        end: item.value.span.end,
        comma: item.comma,
    };
    node.items.iter().map(piece).collect()
}

/// Takes the marked items out of a container and puts new ones behind those that stay.
pub(super) fn change_items(
    text: &[u8],
    container: Span,
    pieces: &[Piece],
    gone: &[bool],
    new: &[(Option<&str>, &Value)],
    style: &Style,
    spreads: bool,
) -> Vec<Splice> {
    let last_kept = gone.iter().rposition(|gone| !gone).and_then(|at| pieces.get(at));
    if new.is_empty() {
        return removals(text, container, pieces, gone, false);
    }
    let mut splices = match last_kept {
        None => return vec![filling(text, container, pieces.is_empty(), new, style, spreads)],
        Some(_) => removals(text, container, pieces, gone, true),
    };
    if let Some(last) = last_kept {
        splices.extend(behind(text, container, *last, pieces, new, style));
    }
    splices.sort_by_key(|splice| (splice.start, splice.end));
    splices
}

/// New items behind the last one that stays.
fn behind(
    text: &[u8],
    container: Span,
    last: Piece,
    pieces: &[Piece],
    new: &[(Option<&str>, &Value)],
    style: &Style,
) -> Vec<Splice> {
    let end = last.comma.map_or(last.end, |comma| comma + 1);
    let missing = last.comma.is_none().then(|| Splice::insert(end, ",".into()));
    let has_trailing = pieces.last().is_some_and(|last| last.comma.is_some());
    let trailing = if has_trailing { "," } else { "" };
    let own_line = own_line_indent(text, last.start)
        .filter(|_| line_start(text, last.start) > container.start);
    let (at, lead) = match own_line {
        Some(indent) => {
            let at = skip_trivia(text, end, true).0.unwrap_or(end);
            (at, format!("{}{indent}", style.line_end))
        }
        None => (end, blank_between(text, pieces).unwrap_or_else(|| style.blank().to_owned())),
    };
    let items: Vec<String> = new
        .iter()
        .map(|(key, value)| format!("{lead}{}", style.item(*key, value, own_line)))
        .collect();
    let items = Splice::insert(at, format!("{}{trailing}", items.join(",")));
    missing.into_iter().chain([items]).collect()
}

/// The blanks between the last two items of a container on one line.
fn blank_between(text: &[u8], pieces: &[Piece]) -> Option<String> {
    let [.., before, last] = pieces else { return None };
    let blank = text.get(before.comma? + 1..last.start)?;
    let blank = std::str::from_utf8(blank).ok()?;
    (blank.len() <= 4 && blank.bytes().all(is_blank)).then(|| blank.to_owned())
}

/// New items in a container that is empty, or that loses all that was in it.
fn filling(
    text: &[u8],
    container: Span,
    is_empty: bool,
    new: &[(Option<&str>, &Value)],
    style: &Style,
    spreads: bool,
) -> Splice {
    let (open, close) = (container.start + 1, container.end.saturating_sub(1));
    let has_lines = |from: usize| {
        text.get(from..close).is_some_and(|text| memchr::memchr2(b'\n', b'\r', text).is_some())
    };
    let is_object = text.get(container.start) == Some(&b'{');
    let base = line_indent(text, container.start);
    let comment = skip_trivia(text, open, false).0.filter(|_| is_empty);
    let at = comment.unwrap_or(open);
    let tail = text.get(at..close).unwrap_or_default();
    let until = if !is_empty || tail.iter().all(|byte| is_blank(*byte)) { close } else { at };
    let may_spread = style.tall_lists || is_object;
    let tall = has_lines(open) || (is_empty && may_spread && comment.is_none() && spreads);
    let items = |indent: Option<&str>, between: &str| {
        let items = new.iter().map(|(key, value)| style.item(*key, value, indent));
        items.collect::<Vec<String>>().join(between)
    };
    if !tall {
        // `{}`, `{ }` or `{ /* why */ }` on one line
        let pad = match comment {
            Some(_) => style.blank(),
            None if is_object => style.pad(),
            None => "",
        };
        let items = items(None, &format!(",{}", style.blank()));
        return Splice::replace(Span { start: at, end: until }, format!("{pad}{items}{pad}"));
    }
    let inner = comment
        .and_then(|end| own_line_indent(text, end))
        .filter(|indent| indent.len() > base.len())
        .map_or_else(|| format!("{base}{}", style.step), str::to_owned);
    let trailing = if style.trailing_comma { "," } else { "" };
    let end = style.line_end;
    let items = items(Some(&inner), &format!(",{end}{inner}"));
    let line = format!("{end}{inner}{items}{trailing}");
    if is_empty && has_lines(at) {
        Splice::insert(at, line)
    } else {
        Splice::replace(Span { start: at, end: until }, format!("{line}{end}{base}"))
    }
}

/// Takes the marked items out of a container: their tokens, their commas, the one before them where the
/// last ones go and nothing `follows`, and the lines or blanks that they leave.
fn removals(
    text: &[u8],
    container: Span,
    pieces: &[Piece],
    gone: &[bool],
    follows: bool,
) -> Vec<Splice> {
    let inside = Span { start: container.start + 1, end: container.end.saturating_sub(1) };
    let last_kept = gone.iter().rposition(|gone| !gone);
    let mut splices = Vec::new();
    // Nothing before here is taken again.
    let mut floor = inside.start;
    for (number, (piece, _)) in pieces.iter().zip(gone).enumerate() {
        if gone.get(number) != Some(&true) {
            floor = piece.comma.map_or(piece.end, |comma| comma + 1);
            continue;
        }
        let between = piece.comma.and_then(|comma| text.get(piece.end..comma));
        let end = match piece.comma {
            Some(comma) if between.is_some_and(|text| text.iter().all(|byte| is_blank(*byte))) => {
                comma + 1
            }
            Some(comma) => {
                splices.push(Splice::delete(comma, comma + 1));
                piece.end
            }
            None => piece.end,
        };
        let left = blanks_before(text, piece.start);
        let rest = text.get(end..).unwrap_or_default();
        let right = end + rest.iter().take_while(|byte| is_blank(**byte)).count();
        let starts_line = matches!(text.get(left.wrapping_sub(1)), Some(b'\n' | b'\r'));
        let line_end = match text.get(right..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([b'\r' | b'\n', ..]) => 1,
            _ => 0,
        };
        let is_tail = last_kept.is_none_or(|kept| kept < number);
        let (start, end) = match (starts_line, line_end) {
            (true, 1..) => (left, right + line_end),
            (false, 1..) => (left, end),
            (false, 0) if is_tail && number + 1 == pieces.len() => (left, end),
            (false, 0) if is_tail => (left, right),
            (_, 0) => (piece.start, right),
        };
        splices.push(Splice::delete(start.max(floor), end));
        floor = end.max(piece.comma.map_or(0, |comma| comma + 1));
    }
    let is_last_gone = gone.last() == Some(&true);
    let ends_bare = pieces.last().is_some_and(|last| last.comma.is_none());
    match last_kept {
        Some(kept) if is_last_gone && ends_bare && !follows => {
            let comma = pieces.get(kept).and_then(|kept| kept.comma);
            splices.extend(comma.map(|comma| Splice::delete(comma, comma + 1)));
        }
        // Lines with nothing on them.
        None if !splices.is_empty() => {
            let starts = pieces.iter().map(|piece| piece.start).chain([inside.end]);
            let ends = std::iter::once(inside.start).chain(pieces.iter().map(|piece| piece.end));
            let gaps = ends.zip(starts).filter_map(|(end, start)| text.get(end..start));
            let has = |byte| gaps.clone().any(|gap| gap.contains(&byte));
            if (has(b'\n') || has(b'\r')) && !has(b'/') {
                return vec![Splice::delete(inside.start, inside.end)];
            }
        }
        _ => {}
    }
    splices.sort_by_key(|splice| (splice.start, splice.end));
    splices
}

#[cfg(test)]
#[path = "edit_tests.rs"]
pub(super) mod tests;

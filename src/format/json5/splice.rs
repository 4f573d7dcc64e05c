//! Where new text goes and which old text goes: the bytes of one edit.
//!
//! Owns the placement of a new item behind the last one (or in an empty
//! container), and the removal of an item with its line. Comments are never
//! removed and never end up in front of another key than before.
use super::scan::{Item, Kind, Node, Span, skip_trivia};
use super::style::{Style, line_indent, own_line_indent};
use serde_json::Value;

/// A replacement of one span.
#[derive(Debug)]
pub(super) struct Splice {
    pub span: Span,
    pub text: String,
}

impl Splice {
    fn insert(at: usize, text: String) -> Self {
        Self { span: Span { start: at, end: at }, text }
    }

    fn delete(start: usize, end: usize) -> Self {
        Self { span: Span { start, end }, text: String::new() }
    }
}

/// Applies splices that do not overlap.
pub(super) fn splice(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|splice| (splice.span.start, splice.span.end));
    let mut after = String::with_capacity(text.len());
    let mut from = 0;
    for splice in splices {
        after.push_str(text.get(from..splice.span.start).unwrap_or_default());
        after.push_str(&splice.text);
        from = splice.span.end;
    }
    after.push_str(text.get(from..).unwrap_or_default());
    after
}

/// Puts `value` (under `key`) at the end of the last node of `trail`.
pub(super) fn insert(text: &str, trail: &[&Node], key: Option<&str>, value: &Value) -> Vec<Splice> {
    let Some(container) = trail.last() else {
        return Vec::new();
    };
    let style = Style::of(text, trail);
    let item = |indent: Option<&str>| {
        let value = style.value(value, indent);
        key.map_or_else(|| value.clone(), |key| format!("{}{}{value}", style.key(key), style.colon))
    };
    match container.items().last() {
        Some(last) => behind(text, container, last, &style, item),
        None => into_empty(text, trail, container, &style, item),
    }
}

fn behind(
    text: &str,
    container: &Node,
    last: &Item,
    style: &Style,
    item: impl Fn(Option<&str>) -> String,
) -> Vec<Splice> {
    let end = last.comma.map_or(last.value.span.end, |comma| comma + 1);
    let missing = last.comma.is_none().then(|| Splice::insert(end, ",".into()));
    let trailing = if last.comma.is_some() { "," } else { "" };
    let own_line = own_line_indent(text, last.start())
        .filter(|_| starts_line_in(text, container, last.start()));
    let new = match own_line {
        Some(indent) => {
            let at = skip_trivia(text, end, true).0.unwrap_or(end);
            let line = format!("{}{indent}{}{trailing}", style.line_end, item(Some(indent)));
            Splice::insert(at, line)
        }
        None => {
            let blank = blank_between(text, container).unwrap_or_else(|| {
                let blank = if style.tight() { "" } else { " " };
                blank.to_owned()
            });
            Splice::insert(end, format!("{blank}{}{trailing}", item(None)))
        }
    };
    missing.into_iter().chain([new]).collect()
}

/// Whether the line of `at` starts inside of the container, not before it.
fn starts_line_in(text: &str, container: &Node, at: usize) -> bool {
    text.get(container.span.start..at).is_some_and(|before| before.contains(['\n', '\r']))
}

/// The blanks between the last two items of a container on one line.
fn blank_between(text: &str, container: &Node) -> Option<String> {
    let [.., before, last] = container.items() else {
        return None;
    };
    let blank = text.get(before.comma? + 1..last.start())?;
    (blank.len() <= 4 && blank.chars().all(|c| matches!(c, ' ' | '\t'))).then(|| blank.to_owned())
}

fn into_empty(
    text: &str,
    trail: &[&Node],
    container: &Node,
    style: &Style,
    item: impl Fn(Option<&str>) -> String,
) -> Vec<Splice> {
    let (open, close) = (container.span.start + 1, container.span.end - 1);
    let inside = text.get(open..close).unwrap_or_default();
    let base = line_indent(text, container.span.start);
    let comment = skip_trivia(text, open, false).0;
    let at = comment.unwrap_or(open);
    let tail = text.get(at..close).unwrap_or_default();
    let until = if is_blank(text, at, close) { close } else { at };
    let may_spread = style.tall_lists || matches!(container.kind, Kind::Object(_));
    let tall =
        inside.contains(['\n', '\r']) || (may_spread && comment.is_none() && spreads(text, trail));
    if !tall {
        // `{}`, `{ }` or `{ /* why */ }` on one line
        let blank = if style.tight() { "" } else { " " };
        let pad =
            if matches!(container.kind, Kind::Object(_)) || comment.is_some() { blank } else { "" };
        let new = format!("{pad}{}{pad}", item(None));
        return vec![Splice { span: Span { start: at, end: until }, text: new }];
    }
    let inner = comment
        .and_then(|end| own_line_indent(text, end))
        .filter(|indent| indent.len() > base.len())
        .map_or_else(|| format!("{base}{}", style.step), str::to_owned);
    let trailing = if style.trailing_comma { "," } else { "" };
    let line = format!("{}{inner}{}{trailing}", style.line_end, item(Some(&inner)));
    if tail.contains(['\n', '\r']) {
        vec![Splice::insert(at, line)]
    } else {
        vec![Splice {
            span: Span { start: at, end: until },
            text: format!("{line}{}{base}", style.line_end),
        }]
    }
}

/// Whether an empty container may open up into lines: the root, or one whose
/// parent already spreads over lines.
fn spreads(text: &str, trail: &[&Node]) -> bool {
    match trail {
        [.., parent, child] => {
            parent.items().iter().find(|item| item.value.span == child.span).is_some_and(|item| {
                own_line_indent(text, item.start()).is_some()
                    && starts_line_in(text, parent, item.start())
            })
        }
        _ => true,
    }
}

/// Puts `value` in the place of a value; a string keeps the quotes of the
/// string that it replaces.
pub(super) fn replace(text: &str, trail: &[&Node], old: &Node, value: &Value) -> Vec<Splice> {
    let mut style = Style::of(text, trail);
    if let Kind::String = old.kind {
        style.string_quote = match text.as_bytes().get(old.span.start) {
            Some(b'\'') => '\'',
            _ => '"',
        };
    }
    let indent = spreads(text, trail).then(|| line_indent(text, old.span.start));
    vec![Splice { span: old.span, text: style.value(value, indent) }]
}

/// Takes one item out of a container: its tokens, its comma, the one before it
/// where it was the last without one, and the line or blanks that it leaves.
pub(super) fn remove(text: &str, container: &Node, number: usize) -> Vec<Splice> {
    let items = container.items();
    let Some(item) = items.get(number) else {
        return Vec::new();
    };
    let (start, end) = (item.start(), item.value.span.end);
    let before = number.checked_sub(1).and_then(|number| items.get(number));
    let mut splices = Vec::new();
    if let (None, Some(comma)) = (item.comma, before.and_then(|before| before.comma)) {
        splices.push(Splice::delete(comma, comma + 1));
    }
    let end = match item.comma {
        Some(comma) if is_blank(text, end, comma) => comma + 1,
        Some(comma) => {
            splices.push(Splice::delete(comma, comma + 1));
            end
        }
        None => end,
    };
    let left = text.get(..start).unwrap_or_default();
    let left = left.trim_end_matches([' ', '\t']).len();
    let right = text.get(end..).unwrap_or_default();
    let right = text.len() - right.trim_start_matches([' ', '\t']).len();
    let line_starts = text.get(..left).is_some_and(|head| head.ends_with(['\n', '\r']));
    let rest = text.get(right..).unwrap_or_default();
    let line_end = ["\r\n", "\n", "\r"]
        .iter()
        .find(|line_end| rest.starts_with(**line_end))
        .map_or(0, |line_end| line_end.len());
    let is_last = number + 1 == items.len();
    let (start, end) = match (line_starts, line_end) {
        (true, 1..) => (left, right + line_end),
        (false, 1..) => (left, end),
        (true, 0) => (start, right),
        (false, 0) if is_last => {
            let floor = before.map_or(0, |before| before.comma.map_or(0, |comma| comma + 1));
            (left.max(floor), end)
        }
        (false, 0) => (start, right),
    };
    splices.push(Splice::delete(start, end));
    splices
}

fn is_blank(text: &str, start: usize, end: usize) -> bool {
    text.get(start..end).is_some_and(|between| between.chars().all(|c| matches!(c, ' ' | '\t')))
}

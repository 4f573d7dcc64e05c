//! What may be shown of a text that does not parse: brackets, colons, commas, semicolons, white space, the names
//! of OpenClaw's own fields where a key stands, and what the caller knows to be harmless by its whole path. No
//! other string, number, word or comment: a lost quote or colon turns a secret into any of them.

use std::ops::Range;

use super::places::is_known_key;

const MASK: &str = "****";

/// The structure of a text, line by line, with the ranges that are `seen`, in order.
pub fn structure(text: &str, seen: &[Range<usize>]) -> String {
    let mut at = 0;
    let lines = text.split('\n').map(|line| {
        let start = at;
        at += line.len() + 1;
        line_with(line, 0, start, seen).0.into_iter().collect::<String>()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The structure of one line that begins at `start` of its text, and where in it the character at byte `offset`
/// of the line went.
pub fn line_with(
    line: &str,
    offset: usize,
    start: usize,
    seen: &[Range<usize>],
) -> (Vec<char>, usize) {
    let mut shown: Vec<char> = Vec::new();
    let mut caret = None;
    let mut at = 0;
    let mut key_may_follow = true;
    // Behind a mask white space waits: two words of a passphrase become one mask.
    let mut masked = None;
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next().unwrap_or(' ');
        let length = match is_mark(first) {
            true => first.len_utf8(),
            false => {
                rest.find(|c| is_blank(c) != is_blank(first) || is_mark(c)).unwrap_or(rest.len())
            }
        };
        let piece = rest.get(..length).unwrap_or(rest);
        let behind = rest.get(length..).unwrap_or_default();
        let is_key = key_may_follow
            && behind.trim_start().starts_with(':')
            && is_known_key(piece.trim_matches(['"', '\'']));
        let is_seen = {
            let (from, to) = (start + at, start + at + length);
            let next = seen.partition_point(|range| range.end < to);
            seen.get(next).is_some_and(|range| range.start <= from)
        };
        let visible = is_blank(first) || is_mark(first) || is_key || is_seen;
        if !visible && let Some(end) = masked {
            shown.truncate(end);
        }
        let inside = offset.checked_sub(at).filter(|inside| *inside < length && caret.is_none());
        if let Some(inside) = inside {
            let before = piece.get(..inside).unwrap_or_default().chars().count();
            let start = match masked {
                Some(end) if !visible => end.saturating_sub(MASK.len()),
                _ => shown.len(),
            };
            caret = Some(start + if visible { before } else { 0 });
        }
        match visible {
            true => shown.extend(piece.chars().map(printable)),
            false if masked.is_none() => shown.extend(MASK.chars()),
            false => {}
        }
        masked = match visible {
            false => Some(shown.len()),
            true => masked.filter(|_| is_blank(first)),
        };
        if !is_blank(first) {
            key_may_follow = matches!(first, '{' | ',');
        }
        at += length;
    }
    let end = shown.len();
    (shown, caret.unwrap_or(end))
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{FEFF}'
}

fn is_mark(c: char) -> bool {
    "{}[],:;".contains(c)
}

/// What takes no place on a screen, and is no blank: pages leave it in what is copied from them.
pub fn is_invisible(c: char) -> bool {
    let is_format = matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    is_format || c.is_control() && !c.is_whitespace()
}

/// Control characters must not reach a terminal; tabs would shift the caret.
fn printable(c: char) -> char {
    match c {
        c if c.is_whitespace() => ' ',
        c if is_invisible(c) && c != '\u{feff}' => '?',
        c if c.is_control() || is_blank(c) => ' ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_but_structure_is_shown() {
        for (text, shown) in [
            ("\"password\" \"correct horse battery\"", "****"),
            ("{ token: 'a b', \"auth\" : [1, x] }", "{ token: ****, \"auth\" : [****, ****] }"),
            ("  gateway\" : {", "  gateway\" : {"),
            ("  hunter2 gateway\": {", "  ****: {"),
            ("password = hunter2 // hush", "****"),
            ("a: b: gateway: c", "****: ****: ****: ****"),
        ] {
            assert_eq!(structure(text, &[]), shown);
        }
    }

    proptest! {
        #[test]
        fn no_letter_comes_through_but_of_known_keys(text in "(?s).{0,200}") {
            let shown = structure(&text, &[]);
            prop_assert_eq!(shown.matches('\n').count(), text.matches('\n').count());
            let marks = |c: char| is_blank(c) || is_mark(c);
            for word in shown.split(marks).filter(|word| !word.is_empty()) {
                prop_assert!(word == MASK || is_known_key(word.trim_matches(['"', '\''])), "{word}");
            }
        }
    }
}

//! What a person types where a text breaks: an edit that was tried and makes it whole, or else the common slips, by
//! what the scanner missed and what stands there.

use std::ops::Range;

use super::seen::CURLY;
use super::walk;
use crate::format::Location;
use crate::format::scan::ScanFault;

/// The lines that a merge leaves around two versions of a text.
const MERGE_MARKS: [&str; 3] = ["<<<<<<<", "=======", ">>>>>>>"];

/// What to type at byte `offset`, where this was wrong; empty where nobody can tell. `open`: where the innermost
/// bracket stands that is open there.
pub(super) fn advice(text: &str, offset: usize, fault: ScanFault, open: Option<usize>) -> String {
    tried(text, offset, fault, open).unwrap_or_else(|| slip(text, offset, fault).to_owned())
}

/// The first edit of a few likely ones that makes the whole text JSON5.
fn tried(text: &str, offset: usize, fault: ScanFault, open: Option<usize>) -> Option<String> {
    use ScanFault::{Colon, CommaOrBrace, CommaOrBracket, Key};
    let (before, rest) = text.split_at_checked(offset)?;
    let found = rest.chars().next()?;
    let here = offset..offset + found.len_utf8();
    let letters = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
    let is_behind_number = before.ends_with(|c: char| c.is_ascii_digit());
    let mut edits: Vec<(Range<usize>, &str, String)> = Vec::new();
    if letters > 0 && is_behind_number {
        edits.push((offset..offset + letters, "", "remove the letters behind the number".into()));
    }
    let number = before.trim_end().strip_suffix(',').filter(|_| found.is_ascii_digit());
    if let Some(number) = number.filter(|text| text.ends_with(|c: char| c.is_ascii_digit())) {
        edits.push((number.len()..offset, "", "remove the comma within the number".into()));
    }
    if matches!(fault, CommaOrBrace | CommaOrBracket) {
        edits.push((offset..offset, ",", "type a comma (,) before it".into()));
    }
    if matches!(fault, Colon) {
        edits.push((offset..offset, ":", "type a colon (:) before it".into()));
    }
    if matches!((fault, found), (Key, '{' | '[')) {
        edits.push((here, "", format!("remove the {found}")));
    }
    let bracket = open.and_then(|at| Some((at, text.get(at..=at)?)));
    if let Some((at, bracket)) = bracket {
        let other = if bracket == "[" { "{" } else { "[" };
        let line = Location::of(text.as_bytes(), at, at).line;
        let words = format!("type {other} in place of the {bracket} on line {line}");
        edits.push((at..at + 1, other, words));
    }
    let makes_whole = |(range, with, _): &(Range<usize>, &str, String)| {
        let mut edited = text.to_owned();
        edited.replace_range(range.clone(), with);
        walk(&edited, &mut |_, _| {}).is_ok()
    };
    edits.into_iter().find(makes_whole).map(|(.., words)| words)
}

/// What the slip most likely was.
fn slip(text: &str, offset: usize, fault: ScanFault) -> &'static str {
    use ScanFault::*;
    let rest = text.get(offset..).unwrap_or_default();
    let found = rest.chars().next().unwrap_or('\n');
    let word: String = rest.chars().take_while(|c| c.is_alphabetic()).collect();
    let before = text.get(..offset).unwrap_or_default();
    let is_escape = before.chars().rev().take(6).any(|c| c == '\\');
    match (fault, found) {
        _ if MERGE_MARKS.iter().any(|mark| rest.starts_with(mark)) => {
            "keep one of the two versions of the merge, and remove its lines <<<<<<<, ======= and >>>>>>>"
        }
        _ if CURLY.contains(&found) => "type straight quotes (\") in place of the curly ones",
        (Comma, _) => "type a comma (,) there",
        (LineEndInString, _) => {
            "type the quote that is missing, behind the text and before the comma"
        }
        (EndInString, _) => "type the quote that is missing, behind the text",
        (EndInObject, _) => "type a } there, at the end of the file",
        (EndInList, _) => "type a ] where the list ends",
        (GoesOn, ':') => "type a { at the beginning of the file",
        (GoesOn, '}' | ']') => "remove this bracket, or the one that closes too early above it",
        (GoesOn, _) => "remove what follows, or the } that closes too early above it",
        (NoValue, _) => "type the settings there: { ... }",
        (OpenComment, _) => "type */ where the comment ends",
        (CommentMark, _) => "type // before a comment, or remove the /",
        (Zero, _) => "remove the 0 at its beginning",
        (HexDigit, _) if !is_escape => "",
        (Escape | HexDigit, _) => "type \\\\ in place of \\",
        (_, '#') => "type // in place of the #, or remove the line",
        (_, '=') => "type a colon (:) in place of the =",
        (_, ';') => "type a comma (,) in place of the ;",
        (Colon, ',' | '}') => "type a colon (:) and the value before it, or remove the key",
        (Colon, '"' | '\'') if !before.trim_end().ends_with(['"', '\'']) => {
            "type the quote that is missing before the key"
        }
        (Colon, '-' | '.' | '/' | '@' | '+' | '*') => "type a quote (\") before and behind the key",
        (Colon, _) => {
            "type a colon (:) before it; if it belongs to the key, a quote (\") behind it"
        }
        (CommaOrBrace, ']') => "type a } before it",
        (CommaOrBracket, '}') => "type a ] before it",
        (CommaOrBrace | CommaOrBracket, ':') => {
            "type a comma (,) before the key, or the quote (\") that is missing before it"
        }
        (CommaOrBrace | CommaOrBracket, _) => {
            "type a comma (,) before it, or the quote (\") that is missing"
        }
        (Value, ',' | '}' | ']') => "type the value before it, or remove the key",
        (Value, _) if is_literal(&word) => "type it in small letters: true, false or null",
        (Value, _) if found.is_alphabetic() && before.trim().is_empty() => {
            "write the settings as { \"key\": value, ... }"
        }
        (Value, _) if found.is_alphabetic() => "type a quote (\") before and behind the text",
        (Value, _) => "type the value there; a text stands in quotes (\")",
        (Key, ',') => "remove one of the two commas",
        (Key, ']') => "type a } in place of the ]",
        (Key, '{' | '[') => "type the key and a colon (:) before it",
        (Key, _) => "type a quote (\") before and behind the key",
        _ => "",
    }
}

fn is_literal(word: &str) -> bool {
    ["true", "false", "null", "none"].iter().any(|literal| literal.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    /// Each slip is one character, or a pair of quotes, away from a text that parses; the advice names it.
    #[test]
    fn the_common_slips_are_named_with_what_to_type() {
        for (text, words) in [
            ("{ \"a\": 1\n \"b\": 2 }", "type a comma"),
            ("{ \"a\": 1 \"b\": 2 }", "type a comma"),
            ("{ \"a\": 1; \"b\": 2 }", "in place of the ;"),
            ("{ “a”: 1 }", "straight quotes"),
            ("{ \"a\": “b” }", "straight quotes"),
            ("{ \"a\": ‘b’ }", "straight quotes"),
            ("{ \"a\": \"b,\n \"c\": 1 }", "the quote that is missing"),
            ("{ \"a\": \"b", "the quote that is missing"),
            ("{ \"a\": b }", "a quote (\") before and behind the text"),
            ("{ \"a\": True }", "small letters"),
            ("{ a = 1 }", "in place of the ="),
            ("{ \"a\" = 1 }", "in place of the ="),
            ("{ \"a\" 1 }", "a colon (:)"),
            ("{ \"a\", \"b\": 1 }", "a colon (:) and the value"),
            ("{ \"a\": }", "type the value"),
            ("{ \"a\": , \"b\": 1 }", "type the value"),
            ("{ \"a\": 1,, \"b\": 1 }", "one of the two commas"),
            ("{ a-b: 1 }", "before and behind the key"),
            ("{ bind\": \"lan\" }", "missing before the key"),
            ("{ \"a b: 1 }", "behind the text"),
            ("\"gateway\": { \"a\": 1 } }", "a { at the beginning"),
            ("gateway:\n  mode: local\n", "write the settings as"),
            ("mode=local", "write the settings as"),
            ("{ \"a\": \"C:\\users\" }", "in place of \\"),
            ("{ \"a\": \"\\xZZ\" }", "in place of \\"),
            ("{ \"a\": { \"b\": 1 ", "a } there"),
            ("{ \"a\": [1, 2", "a ]"),
            ("{ \"a\": [1, 2 }", "a ] before it"),
            ("{ \"a\": { \"b\": 1 ] }", "a } before it"),
            ("{ \"a\": 1 } }", "remove this bracket"),
            ("{ \"a\": 1 }, \"b\": 2", "closes too early"),
            ("{ /* a", "*/"),
            ("{ \"a\": 01 }", "remove the 0"),
            ("{ # a\n \"a\": 1 }", "in place of the #"),
            ("", "the settings"),
            ("{ \"a\": [\n \"b\": 1, \"c\": 2 } }", "type { in place of the [ on line 1"),
            ("{ \"a\": {\n \"b\", \"c\" ] }", "type [ in place of the { on line 1"),
            ("{{ \"a\": 1 }", "remove the {"),
            ("{ \"a\": 58,471 }", "the comma within the number"),
            ("{ \"a\": 58471px }", "the letters behind the number"),
            ("{ \"a\": 1 b: 2 }", "type a comma (,) before it"),
            ("<<<<<<< HEAD\n{ \"a\": 1 }", "of the merge"),
            ("{ \"a\": 1,\n<<<<<<< HEAD\n \"b\": 1 }", "of the merge"),
            ("{ \"a\": 1,\n>>>>>>> x\n \"b\": 1 }", "of the merge"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert!(error.advice.contains(words), "{text}: {error}: {}", error.advice);
        }
    }
}

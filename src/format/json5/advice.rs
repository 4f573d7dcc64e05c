//! What a person types where a text breaks: the common slips, by what the scanner missed and what stands there.

use super::seen::CURLY;
use crate::format::scan::ScanFault;

/// What to type at byte `offset`, where this was wrong; empty where nobody can tell.
pub(super) fn advice(text: &str, offset: usize, fault: ScanFault) -> &'static str {
    use ScanFault::*;
    let rest = text.get(offset..).unwrap_or_default();
    let found = rest.chars().next().unwrap_or('\n');
    let word: String = rest.chars().take_while(|c| c.is_alphabetic()).collect();
    let before = text.get(..offset).unwrap_or_default();
    let is_escape = before.chars().rev().take(6).any(|c| c == '\\');
    match (fault, found) {
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
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert!(error.advice.contains(words), "{text}: {error}: {}", error.advice);
        }
    }
}

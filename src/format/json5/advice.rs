//! What a person types where a text breaks: the common slips, by what the scanner missed and what stands there.

use super::seen::CURLY;

/// What to type at byte `offset`, where this was wrong; empty where nobody can tell.
pub(super) fn advice(text: &str, offset: usize, message: &str) -> &'static str {
    let rest = text.get(offset..).unwrap_or_default();
    let found = rest.chars().next().unwrap_or('\n');
    let word: String = rest.chars().take_while(|c| c.is_alphabetic()).collect();
    let is = |what: &str| message.starts_with(what);
    if CURLY.contains(&found) {
        return "type straight quotes (\") in place of the curly ones";
    }
    match found {
        _ if is("a comma is missing") => "type a comma (,) there",
        _ if is("the line ends inside a string") => {
            "type the quote that is missing, behind the text and before the comma"
        }
        _ if is("the file ends inside a string") => {
            "type the quote that is missing, behind the text"
        }
        _ if is("the file ends inside an object") => "type a } there, at the end of the file",
        _ if is("the file ends inside a list") => "type a ] where the list ends",
        '}' | ']' if is("the file goes on") => {
            "remove this bracket, or the one that closes too early above it"
        }
        _ if is("the file goes on") => {
            "remove what follows, or the } that closes too early above it"
        }
        _ if is("the file holds no value") => "type the settings there: { ... }",
        _ if is("this comment is never closed") => "type */ where the comment ends",
        _ if is("expected a comment") => "type // before a comment, or remove the /",
        _ if is("a number starts with") => "remove the 0 at its beginning",
        _ if is("a bad escape") => "type \\\\ in place of \\",
        '#' => "type // in place of the #, or remove the line",
        '=' => "type a colon (:) in place of the =",
        ';' => "type a comma (,) in place of the ;",
        ',' | '}' if is("expected `:`") => {
            "type a colon (:) and the value before it, or remove the key"
        }
        _ if is("expected `:`") => {
            "type a colon (:) before it; if it belongs to the key, a quote (\") behind it"
        }
        ']' if is("expected `,` or `}`") => "type a } before it",
        '}' if is("expected `,` or `]`") => "type a ] before it",
        ':' if is("expected `,`") => {
            "type a comma (,) before the key, or the quote (\") that is missing before it"
        }
        _ if is("expected `,`") => "type a comma (,) before it, or the quote (\") that is missing",
        ',' | '}' | ']' if is("expected a value") => "type the value before it, or remove the key",
        ',' if is("expected a key") => "remove one of the two commas",
        ']' if is("expected a key") => "type a } in place of the ]",
        '{' | '[' if is("expected a key") => "type the key and a colon (:) before it",
        _ if is("expected a value") && is_literal(&word) => {
            "type it in small letters: true, false or null"
        }
        _ if is("expected a value") && found.is_alphabetic() => {
            "type a quote (\") before and behind the text"
        }
        _ if is("expected a value") => "type the value there; a text stands in quotes (\")",
        _ if is("expected a key") => "type a quote (\") before and behind the key",
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
            ("{ a-b: 1 }", "a quote (\")"),
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

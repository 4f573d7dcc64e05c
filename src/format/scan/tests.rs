//! What is JSON and what is not, and where things stand in it.

use super::*;
use proptest::prelude::*;

fn accepts(text: &str) -> bool {
    document(text.as_bytes()).is_ok()
}

#[test]
fn accepts_what_json_parse_accepts() {
    for text in
        ["{}", " [ ] ", "null", "-0.5e+10", r#""\u00e9\n""#, r#"{"a":[1,{"b":null}],"c":true}"#]
    {
        assert!(accepts(text), "{text}");
    }
}

#[test]
fn refuses_what_json_parse_refuses() {
    for text in [
        "",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "01",
        "1.",
        ".5",
        "+1",
        "'a'",
        "{a:1}",
        "\"\n\"",
        r#""\x""#,
        "{} {}",
        "nul",
        "\u{feff}{}",
        "// c\n{}",
    ] {
        assert!(!accepts(text), "{text}");
    }
}

#[test]
fn deep_nesting_is_refused_without_a_crash() {
    let text = "[".repeat(1_000_000);
    assert_eq!(document(text.as_bytes()).unwrap_err().what, ScanFault::TooDeep);
}

#[test]
fn the_last_of_two_members_counts() {
    let text = br#"{"a":1,"b":2,"a":3}"#;
    let span = document(text).unwrap();
    assert_eq!(member(text, span, "a").unwrap().value.of(text), b"3");
}

#[test]
fn says_line_and_column() {
    let text = b"{\n  \"a\": 1,\n  oops\n}";
    assert_eq!(document(text).unwrap_err().line_and_column(text), (3, 3));
}

proptest! {
    #[test]
    fn agrees_with_serde_json_on_any_text(text in "[\\[\\]{}:,\"\\\\ a-c0-9.eE+tru-]{0,40}") {
        let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        prop_assert_eq!(accepts(&text), theirs, "{}", text);
    }

    #[test]
    fn never_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = document(&bytes);
        let _ = members(&bytes, Span { start: 0, end: bytes.len() });
    }
}

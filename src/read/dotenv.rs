//! `.env` files as npm's `dotenv` reads them, which is what OpenClaw uses. `tests/real/dotenv.mjs` asks
//! it for what it makes of a few hundred texts, and the test below compares.

use std::collections::BTreeMap;

use regex_lite::Regex;

/// The pattern of `dotenv` (17 and 18), with the blanks of JavaScript spelled out.
const LINE: &str = r#"(?m)^S*(?:exportS+)?([\w.-]+)(?:S*=S*?|:S+?)(S*'(?:\\'|[^'])*'|S*"(?:\\"|[^"])*"|S*`(?:\\`|[^`])*`|[^#\r\n]+)?S*(?:#.*)?$"#;
const BLANK: &str =
    r"[\s\x{feff}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]";

/// The variables of a text; the last of a name wins.
pub(super) fn parse(text: &str) -> BTreeMap<String, String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let Ok(line) = Regex::new(&LINE.replace('S', BLANK)) else { return BTreeMap::new() };
    let pairs = line.captures_iter(&text).filter_map(|found| {
        let name = found.get(1)?.as_str().to_owned();
        Some((name, value(found.get(2).map_or("", |value| value.as_str()))))
    });
    pairs.collect()
}

fn value(raw: &str) -> String {
    // What JavaScript trims.
    let raw = raw.trim_matches(|c: char| (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}');
    let quote = raw.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'));
    let inner = quote.and_then(|quote| raw.strip_prefix(quote)?.strip_suffix(quote));
    let text = inner.unwrap_or(raw);
    match quote {
        Some('"') => text.replace("\\n", "\n").replace("\\r", "\r"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_reads_as_with_npms_dotenv() {
        let cases: Vec<(String, BTreeMap<String, String>)> =
            serde_json::from_str(include_str!("../../tests/fixtures/dotenv.json")).unwrap();
        assert!(cases.len() > 600);
        for (text, expected) in cases {
            assert_eq!(parse(&text), expected, "{text:?}");
        }
    }
}

//! `${VAR}` in strings of the config: found, never filled in.
//!
//! Follows OpenClaw's `src/config/env-substitution.ts`: names are `[A-Z_][A-Z0-9_]*`, `$${VAR}` stands
//! for a literal `${VAR}`, and what does not fit stays as it is.

/// The names of the variables that `text` refers to, in order.
pub fn references(text: &str) -> Vec<&str> {
    Pieces(text)
        .filter_map(|piece| match piece {
            Segment::Reference(name) => Some(name),
            Segment::Escaped(_) | Segment::Text(_) => None,
        })
        .collect()
}

/// The text that OpenClaw reads, where that does not depend on the environment.
pub fn literal(text: &str) -> Option<String> {
    let mut literal = String::new();
    for piece in Pieces(text) {
        match piece {
            Segment::Text(text) => literal.push_str(text),
            Segment::Escaped(name) => literal.extend(["${", name, "}"]),
            Segment::Reference(_) => return None,
        }
    }
    Some(literal)
}

/// `text` written so that OpenClaw reads it as it is.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for piece in Pieces(text) {
        match piece {
            Segment::Text(text) => escaped.push_str(text),
            Segment::Escaped(name) => escaped.extend(["$$${", name, "}"]),
            Segment::Reference(name) => escaped.extend(["$${", name, "}"]),
        }
    }
    escaped
}

enum Segment<'t> {
    Text(&'t str),
    Escaped(&'t str),
    Reference(&'t str),
}

struct Pieces<'t>(&'t str);

impl<'t> Iterator for Pieces<'t> {
    type Item = Segment<'t>;

    fn next(&mut self) -> Option<Segment<'t>> {
        let text = self.0;
        if text.is_empty() {
            return None;
        }
        if let Some((name, rest)) = text.strip_prefix("$${").and_then(name) {
            self.0 = rest;
            return Some(Segment::Escaped(name));
        }
        if let Some((name, rest)) = text.strip_prefix("${").and_then(name) {
            self.0 = rest;
            return Some(Segment::Reference(name));
        }
        let skip = text.chars().next().map_or(1, char::len_utf8);
        let end = text.get(skip..).and_then(|rest| rest.find('$'));
        let (plain, rest) = text.split_at(end.map_or(text.len(), |end| end + skip));
        self.0 = rest;
        Some(Segment::Text(plain))
    }
}

/// The variable's name up to the brace, and what follows it.
fn name(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once('}')?;
    let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let starts = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
    (starts && name.chars().all(fits)).then_some((name, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_openclaw_fills_in_is_a_reference() {
        assert_eq!(references("a ${ONE} ${_T2}${ONE}"), ["ONE", "_T2", "ONE"]);
        for text in ["$ONE", "${one}", "${1A}", "${}", "${ONE", "$${ONE}", "$ {ONE}"] {
            assert!(references(text).is_empty(), "{text}");
        }
        assert_eq!(references("$$${ONE}"), Vec::<&str>::new());
        assert_eq!(references("${lower ${ONE}"), ["ONE"]);
    }

    #[test]
    fn an_escaped_reference_is_literal_text() {
        assert_eq!(literal("x$${ONE}y").as_deref(), Some("x${ONE}y"));
        assert_eq!(literal("$$${ONE}").as_deref(), Some("$${ONE}"));
        assert_eq!(literal("é$").as_deref(), Some("é$"));
        assert_eq!(literal("x${ONE}"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn escaped_text_reads_back(text in "([$]{0,3}[{]?[A-Zaé_]{0,2}[}]?){0,4}") {
            prop_assert_eq!(literal(&escaped(&text)), Some(text));
        }
    }
}

//! `${VAR}` in strings of the config: found, and filled in where the variables are known.
//!
//! Follows OpenClaw's `src/config/env-substitution.ts`: names are `[A-Z_][A-Z0-9_]*`, `$${VAR}` stands
//! for a literal `${VAR}`, and what does not fit stays as it is.

use std::sync::LazyLock;

use regex_lite::{Captures, Regex};

/// A reference, and before it the `$` that makes it a text.
static PATTERN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(\$?)(\$\{([A-Z_][A-Z0-9_]*)\})").ok());

fn part<'t>(found: &Captures<'t>, at: usize) -> &'t str {
    found.get(at).map_or("", |part| part.as_str())
}

/// The names of the variables that `text` refers to, in order.
pub fn references(text: &str) -> Vec<&str> {
    let found = PATTERN.iter().flat_map(|pattern| pattern.captures_iter(text));
    found.filter(|found| part(found, 1).is_empty()).map(|found| part(&found, 3)).collect()
}

/// The text that OpenClaw reads, where that does not depend on the environment.
pub fn literal(text: &str) -> Option<String> {
    references(text).is_empty().then(|| filled(text, |_| None)).flatten()
}

/// No setting is longer than this, bytes.
const LONGEST: usize = 1 << 20;

/// The text that OpenClaw reads, where `variable` tells each of its variables, and it is not endless.
pub fn filled(text: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut room = LONGEST;
    let fits = |name| {
        let value = variable(name)?;
        room = room.checked_sub(value.len())?;
        Some(value)
    };
    let all: Option<Vec<String>> = references(text).into_iter().map(fits).collect();
    let mut all = all?.into_iter();
    let pattern = PATTERN.as_ref()?;
    let by = |found: &Captures<'_>| match part(found, 1) {
        "" => all.next().unwrap_or_default(),
        _ => part(found, 2).to_owned(),
    };
    Some(pattern.replace_all(text, by).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_text_is_filled_in_only_whole() {
        let variable = |name: &str| (name == "A").then(|| "1".to_owned());
        assert_eq!(filled("x${A}$${A}-${A}", variable).as_deref(), Some("x1${A}-1"));
        assert_eq!(filled("x${A}${B}", variable), None);
    }
}

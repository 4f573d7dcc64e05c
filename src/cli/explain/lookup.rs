//! What a text that somebody pasted means: a code, a failure mode, or a message of OpenClaw.

use crate::checks::messages::{self, Message};
use crate::checks::reports::{self, Report};
use crate::checks::{self, Rule};
use crate::text::distance;

/// What a text means.
pub(super) struct Matches {
    pub message: Option<&'static Message>,
    pub report: Option<&'static Report>,
    pub rules: Vec<&'static Rule>,
}

/// What a code, a mode or an error text means: an exact name first, else by the messages.
pub(super) fn matching(text: &str) -> Matches {
    let name = name_in(text);
    let by = |wanted: &dyn Fn(&Rule) -> bool| -> Vec<&'static Rule> {
        checks::RULES.iter().copied().filter(|rule| wanted(rule)).collect()
    };
    let named = by(&|rule| {
        rule.code.0 == name || rule.modes.iter().any(|mode| mode.eq_ignore_ascii_case(&name))
    });
    let report = reports::report(&name);
    if !named.is_empty() || report.is_some() {
        return Matches { message: None, report, rules: named };
    }
    let plain = messages::plain(text);
    let message = messages::find(text);
    // Rules know messages of their own: those that say at least as much as the one above.
    let least = message.map_or(1, |message| message.text.len());
    let own = |rule: &Rule| {
        let lengths = rule.messages.iter().filter_map(|message| {
            let message = messages::plain(message);
            if plain.contains(&message) {
                return Some(message.len());
            }
            let cut = message_is_cut(&plain) && message.contains(&plain);
            cut.then_some(plain.len())
        });
        lengths.max().unwrap_or(0)
    };
    let best = checks::RULES.iter().map(|rule| own(rule)).max().unwrap_or(0);
    let mut rules = by(&|rule| message.is_some_and(|message| message.codes.contains(&rule.code.0)));
    if best >= least {
        for rule in by(&|rule| own(rule) == best) {
            if !rules.iter().any(|known| known.code == rule.code) {
                rules.push(rule);
            }
        }
    }
    Matches { message, report: None, rules }
}

/// The code or failure mode that a text may be: `[Cli-Not-Paired]` is `cli-not-paired`, `f1` is `f01`.
fn name_in(text: &str) -> String {
    let name = text.trim().trim_matches(['[', ']']).to_lowercase();
    match name.strip_prefix('f').map(str::parse::<u8>) {
        Some(Ok(number)) => format!("f{number:02}"),
        _ => name,
    }
}

/// How many codes are offered for one that is none.
const NEAREST: usize = 3;

/// The codes that a mistyped one may mean, the nearest first; none where none is near.
pub(super) fn nearest(text: &str) -> Vec<&'static str> {
    let name = name_in(text);
    // A sentence is no mistyped code.
    if name.len() > 40 || name.contains(' ') {
        return Vec::new();
    }
    let mut near: Vec<(usize, &'static str)> = checks::RULES
        .iter()
        .map(|rule| (distance(&name, rule.code.0), rule.code.0))
        .filter(|(distance, code)| distance * 5 <= code.len() * 2)
        .collect();
    near.sort_unstable();
    near.into_iter().take(NEAREST).map(|(_, code)| code).collect()
}

/// Whether a text is long enough to stand for a longer message that it is a piece of.
fn message_is_cut(plain: &str) -> bool {
    plain.len() >= 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        matching(text).rules.iter().map(|rule| rule.code.0).collect()
    }

    #[test]
    fn names_and_openclaws_own_words_find_the_cause() {
        assert!(codes("gateway closed (1008): pairing required").contains(&"cli-scopes-missing"));
        assert!(codes("Unauthorized: device token mismatch").contains(&"cli-token-mismatch"));
        assert_eq!(codes("F31"), ["store-not-an-object"]);
        assert_eq!(codes("f31"), ["store-not-an-object"]);
        assert_eq!(codes("[cli-not-paired]"), ["cli-not-paired"]);
        assert!(codes("nonsense and more").is_empty());
        for mode in ["F1", "f1", "F01", "[f01]"] {
            assert!(codes(mode).contains(&"cli-scopes-missing"), "{mode}");
        }
    }

    #[test]
    fn a_mistyped_code_has_neighbours_and_nonsense_has_none() {
        assert_eq!(nearest("cli-scope-missing").first(), Some(&"cli-scopes-missing"));
        assert_eq!(nearest("cli-not-pared").first(), Some(&"cli-not-paired"));
        assert!(nearest("cli-scope-missing").len() <= NEAREST);
        assert!(nearest("nonsense").is_empty());
        assert!(nearest("").is_empty());
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn each_message_that_a_rule_names_finds_the_rule() {
        for rule in checks::RULES {
            for message in rule.messages {
                let found = matching(message);
                assert!(
                    found.message.is_some()
                        || found.rules.iter().any(|known| known.code == rule.code),
                    "{}: {message}",
                    rule.code
                );
            }
        }
    }
}

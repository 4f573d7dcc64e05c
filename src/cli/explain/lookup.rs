//! What a text that somebody pasted means: a code, a failure mode, or a message of OpenClaw.

use crate::checks::messages::{self, Match};
use crate::checks::reports::{self, FailureMode};
use crate::checks::{self, Check};

/// What a pasted text may mean: by a name, else by the messages in it.
pub(super) struct Matches {
    /// The finding or failure mode whose name it is.
    pub named: Vec<&'static Check>,
    pub report: Option<&'static FailureMode>,
    /// The messages in it, the most telling first; none where it is a name.
    pub messages: Vec<Match>,
}

impl Matches {
    pub fn is_empty(&self) -> bool {
        self.named.is_empty() && self.report.is_none() && self.messages.is_empty()
    }
}

/// So many lines of a log are looked at one by one.
const MOST_LINES: usize = 500;

/// What a code, a mode or an error text means: an exact name first, else by the messages.
pub(super) fn matching(text: &str) -> Matches {
    let name = name_in(text);
    let by = |wanted: &dyn Fn(&Check) -> bool| -> Vec<&'static Check> {
        checks::CHECKS.iter().copied().filter(|check| wanted(check)).collect()
    };
    let named = by(&|check| {
        check.code.0 == name || check.modes.iter().any(|mode| mode.eq_ignore_ascii_case(&name))
    });
    let report = reports::failure_mode(&name);
    let is_name = !named.is_empty() || report.is_some();
    let messages = if is_name { Vec::new() } else { messages::find(text) };
    Matches { named, report, messages }
}

/// Where a log holds several messages: what each of its lines tells, each once. A line that is no message by itself
/// tells nothing.
pub(super) fn each_told<'m>(text: &str, messages: &'m [Match]) -> Vec<&'m Match> {
    let mut told: Vec<&Match> = Vec::new();
    let mut lines: Vec<&str> =
        text.lines().rev().filter(|line| !line.trim().is_empty()).take(MOST_LINES).collect();
    lines.reverse();
    for line in lines {
        let Some(first) = messages::find(line).into_iter().next() else { continue };
        let known = messages.iter().find(|one| one.is_telling() && one.is_the_same(&first));
        told.extend(known.filter(|known| !told.iter().any(|one| one.is_the_same(known))));
    }
    told
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
    let mut near: Vec<(usize, &'static str)> = checks::CHECKS
        .iter()
        .map(|check| (strsim::osa_distance(&name, check.code.0), check.code.0))
        .filter(|(distance, code)| distance * 5 <= code.len() * 2)
        .collect();
    near.sort_unstable();
    near.into_iter().take(NEAREST).map(|(_, code)| code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        let found = matching(text);
        let message = found.messages.into_iter().next();
        let checks = message.map_or(found.named, |message| message.checks);
        checks.iter().map(|check| check.code.0).collect()
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
    }

    #[test]
    fn each_message_that_a_rule_names_finds_the_rule() {
        for check in checks::CHECKS {
            for message in check.messages {
                assert!(codes(message).contains(&check.code.0), "{}: {message}", check.code);
            }
        }
    }
}

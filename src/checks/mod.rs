//! The rules: each a small pure function over the model, with a stable code and the words about it.
//!
//! [`RULES`] is the one registry: `diagnose`, `explain`, `--help`, the README's table, the man page
//! and the JSON schema are made from it.

pub mod approvable;
pub(crate) mod around;
pub mod causes;
pub(crate) mod config;
pub(crate) mod database;
pub(crate) mod devices;
pub(crate) mod identity;
pub(crate) mod import;
pub(crate) mod leftovers;
pub(crate) mod local;
pub mod messages;
pub(crate) mod pins;
pub(crate) mod records;
pub mod reports;
pub(crate) mod requests;
pub(crate) mod rows;
pub(crate) mod stores;
pub(crate) mod tokens;

use crate::finding::{Code, Finding, Mend, Severity};
use crate::model::{Model, Shared};
use crate::plan::StoreKind;
use crate::secret::shape::shown_list;
pub use records::describe as describe_fault;
pub use requests::request_line;

/// A kind of finding: its code, the failure modes it covers, the words about it, and the check.
pub struct Rule {
    /// Stable name.
    pub code: Code,
    /// The failure modes of users' reports it covers, `F01` to `F40`.
    pub modes: &'static [&'static str],
    /// How bad it is at its worst.
    pub severity: Severity,
    /// What it is, in one line.
    pub title: &'static str,
    /// What OpenClaw checks and why it refuses because of this.
    pub why: &'static str,
    /// What the mend changes.
    pub mends: &'static str,
    /// How to do it by hand, where that is possible.
    pub by_hand: &'static str,
    /// OpenClaw's own messages that this causes, as fragments of their text.
    pub messages: &'static [&'static str],
    /// The check.
    pub run: fn(&Model, &Rule) -> Vec<Finding>,
}

impl Rule {
    /// A finding of this kind.
    fn finding(&self, place: impl Into<String>, says: impl Into<String>, mend: Mend) -> Finding {
        Finding {
            code: self.code,
            severity: self.severity,
            place: place.into(),
            says: says.into(),
            evidence: Vec::new(),
            why: self.why.to_owned(),
            mend,
        }
    }
}

impl Finding {
    fn seen(mut self, line: impl Into<String>) -> Self {
        self.evidence.push(line.into());
        self
    }

    fn at_worst(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}

/// Every rule, in the order findings of equal severity are shown.
pub static RULES: &[&Rule] = &[
    &around::INTERRUPTED,
    &around::OWNER,
    &around::MODE,
    &database::DAMAGED,
    &database::FOREIGN,
    &database::EMPTY,
    &database::UNUSABLE,
    &database::UNFINISHED,
    &leftovers::IDENTITY_WAITS,
    &config::file::UNPARSABLE,
    &config::file::EMPTY,
    &config::file::MISSING,
    &config::file::UNREADABLE,
    &config::file::INCLUDE,
    &config::mode::CLIENT,
    &config::mode::MISSING,
    &config::mode::REMOTE,
    &config::bind::INVALID,
    &config::remote::NOT_A_LIST,
    &config::keys::VALUE,
    &config::conflict::CONFLICT,
    &config::auth::PLACEHOLDER,
    &config::auth::DRIFT,
    &config::env::TOKEN,
    &config::remote::NOT_LOCAL,
    &config::remote::PLAINTEXT,
    &config::keys::UNKNOWN,
    &identity::MISSING,
    &identity::MALFORMED,
    &identity::KEYS_DIFFER,
    &identity::ID_DIFFERS,
    &rows::IDENTITY_TIMES,
    &identity::FOREIGN,
    &stores::UNREADABLE,
    &stores::BROKEN,
    &stores::EMPTY,
    &stores::NOT_AN_OBJECT,
    &rows::CELL_MALFORMED,
    &leftovers::AUTH_LEFT,
    &import::IMPORT_WAITS,
    &database::DOWNGRADED,
    &local::NOT_PAIRED,
    &local::KEY_DIFFERS,
    &local::ROLE_MISSING,
    &local::SCOPES_MISSING,
    &local::SCOPES_DISAGREE,
    &pins::PINNED,
    &tokens::MISSING,
    &tokens::REVOKED,
    &tokens::NARROW,
    &tokens::BEYOND,
    &tokens::MISMATCH,
    &tokens::CACHE_MISSING,
    &tokens::CACHE_MALFORMED,
    &tokens::CACHE_FOREIGN,
    &leftovers::IDENTITY_LEFT,
    &import::BLOCKER,
    &requests::REQUEST_WAITS,
    &requests::REQUEST_EXPIRED,
    &requests::REQUEST_CHURN,
    &requests::REQUEST_STALE,
    &records::RECORD_INVALID,
    &records::RECORD_KEY,
    &records::RECORD_FOREIGN_KEY,
    &stores::DUPLICATE_KEYS,
    &around::ORPHANS,
    &devices::FOREIGN_REQUEST,
    &devices::DUPLICATES,
    &config::remote::UNTRUSTED,
    &config::env::PORT,
    &config::env::URL,
    &config::env::ELSEWHERE,
    &config::env::OLD_NAMES,
    &around::STALE_LOCK,
    &config::auth::CHANGED,
    &config::replaced::SUSPICIOUS,
    &config::replaced::REPLACED,
    &config::keys::DUPLICATE,
    &config::auth::REFERENCE,
    &config::risk::BYPASS,
    &config::replaced::READ_ONLY,
    &config::risk::NOT_A_FILE,
    &around::OTHER_TREES,
    &database::NEWER,
    &import::MIGRATED,
];

/// What is told from the pairing stores: on a client of another host's gateway these say nothing.
static OF_THE_STORES: &[&Rule] = &[
    &identity::MISSING,
    &stores::UNREADABLE,
    &stores::BROKEN,
    &stores::EMPTY,
    &stores::NOT_AN_OBJECT,
    &local::NOT_PAIRED,
    &tokens::CACHE_MISSING,
    &tokens::CACHE_MALFORMED,
    &tokens::CACHE_FOREIGN,
];

/// The rule of a code.
pub fn rule(code: Code) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.code == code)
}

/// Every finding about the state, worst first.
pub fn diagnose(model: &Model) -> Vec<Finding> {
    let mut findings: Vec<Finding> = RULES
        .iter()
        .filter(|rule| !(model.config.is_client() && is_of_the_stores(rule)))
        .flat_map(|rule| (rule.run)(model, rule))
        .map(|finding| without_device(model, finding))
        .collect();
    findings.sort_by_key(|finding| finding.severity);
    findings
}

fn is_of_the_stores(rule: &Rule) -> bool {
    OF_THE_STORES.iter().any(|known| known.code == rule.code)
}

/// What a CLI that sends no device does without.
static OF_THE_DEVICE: &[&Rule] = &[
    &identity::MISSING,
    &local::NOT_PAIRED,
    &local::KEY_DIFFERS,
    &local::ROLE_MISSING,
    &local::SCOPES_MISSING,
    &pins::PINNED,
    &tokens::MISSING,
    &tokens::REVOKED,
    &tokens::NARROW,
    &tokens::BEYOND,
    &tokens::MISMATCH,
    &tokens::CACHE_MISSING,
    &tokens::CACHE_MALFORMED,
    &tokens::CACHE_FOREIGN,
];

/// From 2026.8 a local CLI that has a shared token or password to show sends no device at all: then
/// nothing about its pairing keeps it out.
fn without_device(model: &Model, finding: Finding) -> Finding {
    let does_without = model.store == StoreKind::Sqlite
        && model.shared == Shared::Present
        && finding.severity.fails()
        && OF_THE_DEVICE.iter().any(|rule| rule.code == finding.code);
    if !does_without {
        return finding;
    }
    finding.at_worst(Severity::Warning).seen(
        "the config holds a shared token or password: from 2026.8 the local CLI goes by that and shows no device",
    )
}

/// Whether this machine's CLI is kept out, or that could not be told.
pub fn fails(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity.fails())
}

/// `operator.read, operator.write`, or "none".
fn list(scopes: &[String]) -> String {
    if scopes.is_empty() { "none".to_owned() } else { shown_list(scopes).join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_kebab_case() {
        let mut codes: Vec<&str> = RULES.iter().map(|rule| rule.code.0).collect();
        assert!(codes.iter().all(|code| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
        codes.sort_unstable();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }

    #[test]
    fn every_rule_names_a_mode_that_exists_and_explains_itself() {
        for rule in RULES {
            assert!(
                !rule.why.is_empty() && !rule.title.is_empty() && !rule.mends.is_empty(),
                "{}",
                rule.code
            );
            for mode in rule.modes {
                let number: u8 = mode.strip_prefix('F').unwrap().parse().unwrap();
                assert!((1..=40).contains(&number), "{mode}");
            }
        }
    }
}

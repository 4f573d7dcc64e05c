//! Which findings are consequences of which: several with one cause are told as one.

use crate::finding::{Finding, Mend};

/// A finding and what follows from it.
#[derive(Clone, Debug)]
pub struct Cause<'f> {
    /// The cause.
    pub finding: &'f Finding,
    /// What goes with it and is mended with it.
    pub consequences: Vec<&'f Finding>,
}

/// What waits of this machine's own requests.
macro_rules! requests {
    ($($more:literal),*) => {
        &["cli-request-waits", "cli-request-expired", "cli-request-churn", "cli-request-stale", $($more),*]
    };
}

/// Causes and their consequences, by code. A pair counts only where both are found, the cause is at
/// least as bad, and folding hides no command that a person has to type.
static FOLLOWS: &[(&str, &[&str])] = &[
    (
        "identity-missing",
        requests![
            "cli-not-paired",
            "cli-token-not-cached",
            "cli-token-cache-foreign",
            "identity-foreign"
        ],
    ),
    (
        "identity-malformed",
        requests![
            "cli-not-paired",
            "cli-token-not-cached",
            "cli-token-cache-foreign",
            "identity-foreign"
        ],
    ),
    (
        "identity-foreign",
        requests![
            "cli-not-paired",
            "cli-token-not-cached",
            "cli-token-cache-foreign",
            "cli-token-mismatch"
        ],
    ),
    ("identity-id-differs", requests!["cli-token-cache-foreign", "cli-not-paired"]),
    ("store-broken", requests!["cli-not-paired", "record-invalid"]),
    ("store-empty", requests!["cli-not-paired"]),
    ("store-not-an-object", requests!["cli-not-paired"]),
    (
        "import-waits",
        requests![
            "cli-not-paired",
            "record-invalid",
            "device-auth-file-left",
            "identity-import-waits",
            "identity-missing",
            "cli-token-not-cached"
        ],
    ),
    (
        "cli-not-paired",
        requests![
            "cli-token-missing",
            "cli-token-mismatch",
            "cli-token-not-cached",
            "cli-token-cache-foreign",
            "cli-token-cache-malformed"
        ],
    ),
    ("cli-key-differs", requests!["cli-token-mismatch"]),
    ("cli-role-missing", requests!["cli-token-missing", "cli-token-mismatch"]),
    (
        "cli-scopes-missing",
        requests!["cli-scopes-disagree", "cli-token-scopes-missing", "cli-token-scopes-beyond"],
    ),
    ("cli-platform-pinned", requests![]),
    ("cli-token-missing", requests!["cli-token-mismatch", "cli-token-not-cached"]),
    ("cli-token-revoked", requests!["cli-token-mismatch", "cli-token-not-cached"]),
    ("cli-token-scopes-missing", requests!["cli-scopes-disagree"]),
    ("cli-token-scopes-beyond", requests!["cli-scopes-disagree"]),
    ("cli-token-mismatch", requests![]),
    ("cli-token-not-cached", requests![]),
    ("cli-token-cache-malformed", requests![]),
    ("cli-token-cache-foreign", requests!["cli-token-mismatch"]),
];

/// The causes among findings that are sorted by severity, in the same order.
pub fn causes(findings: &[Finding]) -> Vec<Cause<'_>> {
    let mut found: Vec<(Cause<'_>, Vec<&'static str>)> = Vec::new();
    for finding in findings {
        let home = found.iter_mut().find(|(cause, takes)| {
            takes.contains(&finding.code.0) && folds(&cause.finding.mend, &finding.mend)
        });
        match home {
            // What follows from a consequence follows from the cause.
            Some((cause, takes)) => {
                cause.consequences.push(finding);
                takes.extend(followers(finding));
            }
            None => found.push((Cause { finding, consequences: Vec::new() }, followers(finding))),
        }
    }
    found.into_iter().map(|(cause, _)| cause).collect()
}

fn followers(finding: &Finding) -> Vec<&'static str> {
    FOLLOWS
        .iter()
        .filter(|(cause, _)| *cause == finding.code.0)
        .flat_map(|(_, takes)| takes.iter().copied())
        .collect()
}

/// Whether nothing that a person has to type is lost.
fn folds(cause: &Mend, consequence: &Mend) -> bool {
    match consequence {
        Mend::Repair(_) | Mend::Nothing => true,
        Mend::RepairWith(_) | Mend::ByHand(_) => cause == consequence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::RULES;
    use crate::finding::{Code, Severity};

    fn finding(code: &'static str, severity: Severity, mend: Mend) -> Finding {
        Finding {
            code: Code(code),
            severity,
            place: String::new(),
            says: code.to_owned(),
            evidence: vec![],
            why: String::new(),
            mend,
        }
    }

    #[test]
    fn every_code_of_the_table_is_registered() {
        for (cause, takes) in FOLLOWS {
            for code in takes.iter().chain([cause]) {
                assert!(RULES.iter().any(|rule| rule.code.0 == *code), "{code}");
            }
        }
    }

    #[test]
    fn consequences_fold_and_nothing_is_lost() {
        let repair = || Mend::Repair("x".into());
        let findings = [
            finding("cli-scopes-missing", Severity::Blocks, repair()),
            finding("gateway-bind-invalid", Severity::Blocks, repair()),
            finding("cli-token-scopes-missing", Severity::Warning, repair()),
            finding("cli-request-waits", Severity::Info, repair()),
            finding("cli-request-stale", Severity::Info, Mend::ByHand(vec!["type this".into()])),
        ];
        let causes = causes(&findings);
        let heads: Vec<&str> = causes.iter().map(|cause| cause.finding.code.0).collect();
        assert_eq!(heads, ["cli-scopes-missing", "gateway-bind-invalid", "cli-request-stale"]);
        assert_eq!(causes[0].consequences.len(), 2);
        let all: usize = causes.iter().map(|cause| 1 + cause.consequences.len()).sum();
        assert_eq!(all, findings.len());
    }
}

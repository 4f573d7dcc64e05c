//! Several findings with one cause are told as one: what follows from another stands with it.

use super::{Check, check};
use crate::finding::{Finding, Remedy};

/// A finding and what follows from it.
#[derive(Clone, Debug)]
pub struct Cause<'f> {
    /// What has to be repaired first.
    pub finding: &'f Finding,
    /// What goes with it and is repaired with it.
    pub consequences: Vec<&'f Finding>,
}

/// The causes among findings that are sorted by severity, in the same order. A consequence counts only
/// where its cause is found, is at least as bad, and folding hides no command that a person has to type.
pub fn causes(findings: &[Finding]) -> Vec<Cause<'_>> {
    let mut found: Vec<Cause<'_>> = Vec::new();
    for finding in findings {
        let follows = check(finding.code).map_or(&[][..], |check| check.follows);
        match found.iter_mut().find(|cause| takes(cause, follows, finding)) {
            Some(cause) => cause.consequences.push(finding),
            None => found.push(Cause { finding, consequences: Vec::new() }),
        }
    }
    found
}

/// Whether a finding goes with a cause. What follows from a consequence follows from the cause.
fn takes(cause: &Cause<'_>, follows: &[&Check], finding: &Finding) -> bool {
    let is_of = |other: &Finding| follows.iter().any(|check| check.code == other.code);
    let follows = is_of(cause.finding) || cause.consequences.iter().any(|other| is_of(other));
    // Nothing that a person has to type is lost.
    let folds = match &finding.remedy {
        Remedy::Repair(_) | Remedy::Nothing => true,
        Remedy::Choice(_) | Remedy::ByHand(_) => cause.finding.remedy == finding.remedy,
    };
    let has_its_cure = cause.finding.remedy == finding.remedy
        && check(cause.finding.code).is_some_and(|check| check.is_of_access);
    (follows && folds) || has_its_cure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::{config, requests, scopes};

    #[test]
    fn consequences_fold_and_nothing_is_lost() {
        let repaired = |check: &Check| {
            let mut finding = check.finding("", "");
            finding.remedy = Remedy::Repair("x".into());
            finding
        };
        let findings = [
            repaired(&scopes::SCOPES_MISSING),
            repaired(&config::bind::INVALID),
            repaired(&scopes::NARROW),
            repaired(&requests::REQUEST_WAITS),
            requests::REQUEST_STALE.finding("", "").by_hand(["type this"]),
        ];
        let causes = causes(&findings);
        let heads: Vec<&str> = causes.iter().map(|cause| cause.finding.code.0).collect();
        assert_eq!(heads, ["cli-scopes-missing", "gateway-bind-invalid", "cli-request-stale"]);
        assert_eq!(causes[0].consequences.len(), 2);
        let all: usize = causes.iter().map(|cause| 1 + cause.consequences.len()).sum();
        assert_eq!(all, findings.len());
    }
}

//! Operator scopes and which of them satisfy which.

use std::collections::HashSet;

use crate::config::release::Release;

/// What this machine's CLI needs to do everything a CLI does. These five opened every lockout tried,
/// on every release from 2026.2.19 to 2026.9.6.
pub const FULL: [&str; 5] =
    ["operator.admin", "operator.approvals", "operator.pairing", "operator.read", "operator.write"];

/// Every operator scope that a release up to 2026.9.6, or its tracker after that, names.
pub const KNOWN: [&str; 10] = [
    "operator.admin",
    "operator.approvals",
    "operator.pairing",
    "operator.questions",
    "operator.read",
    "operator.sessions.read",
    "operator.sessions.write",
    "operator.talk",
    "operator.talk.secrets",
    "operator.write",
];

/// What the everyday commands ask for from 2026.4.29 on: `devices list` pairing, `cron list` and
/// `health` read. A device with these two gets in, though not everywhere.
pub const LEAST: [&str; 2] = ["operator.pairing", "operator.read"];

/// What the everyday commands ask for by name up to 2026.2.19: `devices list` and `cron list` the first three, `health`
/// the last. None asks for `operator.write`.
pub const LITERAL: [&str; 4] =
    ["operator.admin", "operator.approvals", "operator.pairing", "operator.read"];

/// Which rules a gateway goes by, as far as the state gives its release away. Ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Era {
    /// Nothing later than 2026.2.19 has left a trace: every scope by name, no pins.
    #[default]
    Literal,
    /// Some release after 2026.2.19: admin stands for all, the CLI asks for its full set.
    Implied,
    /// 2026.4.29 or later: as before, but each command asks for the least it needs.
    Least,
}

impl Era {
    /// The rules that a release goes by.
    pub fn of(release: Release) -> Self {
        match (release.is_from("2026.4.29"), release.is_from("2026.2.21")) {
            (true, _) => Era::Least,
            (false, true) => Era::Implied,
            (false, false) => Era::Literal,
        }
    }

    /// Whether `held` satisfies `wanted`: up to 2026.2.19 every scope by its name; from 2026.2.21 `operator.admin`
    /// satisfies every `operator.*`, and `operator.write` satisfies `operator.read`.
    pub fn covers(self, held: &[String], wanted: &str) -> bool {
        self.satisfies(&|scope| held.iter().any(|held| held == scope), wanted)
    }

    fn satisfies(self, has: &dyn Fn(&str) -> bool, wanted: &str) -> bool {
        let is_implied = || {
            wanted.starts_with("operator.")
                && (has("operator.admin") || (wanted == "operator.read" && has("operator.write")))
        };
        has(wanted) || self != Era::Literal && is_implied()
    }

    /// The scopes of `wanted` that `held` does not satisfy.
    pub fn lacking<'a>(
        self,
        held: &[String],
        wanted: impl IntoIterator<Item = &'a str>,
    ) -> Vec<String> {
        let held: HashSet<&str> = held.iter().map(String::as_str).collect();
        let has = |scope: &str| held.contains(scope);
        wanted.into_iter().filter(|scope| !self.satisfies(&has, scope)).map(str::to_owned).collect()
    }

    /// What this machine's CLI asks for when it comes for the first time, whichever command that is.
    pub fn asked_at_first_contact(self) -> &'static [&'static str] {
        match self {
            Era::Literal => LITERAL.get(..3).unwrap_or_default(),
            Era::Implied => &FULL,
            Era::Least => &[],
        }
    }

    /// The scopes without which the CLI is kept out.
    pub fn needed(self) -> &'static [&'static str] {
        match self {
            Era::Literal => &LITERAL,
            Era::Implied => &FULL,
            Era::Least => &LEAST,
        }
    }
}

/// The union of scope lists: sorted as OpenClaw sorts them, each once.
pub fn union<'a>(lists: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut all: Vec<String> = lists
        .into_iter()
        .map(str::trim)
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect();
    all.sort();
    all.dedup();
    all
}

/// Whether a scope may be held by a role: `operator.*` by `operator` (every release up to 2026.9.6).
/// Other roles hold no scopes of that kind.
pub fn fits_roles(scope: &str, roles: &[String]) -> bool {
    match scope.strip_prefix("operator.") {
        Some(_) => roles.iter().any(|role| role == "operator"),
        None => {
            !roles.is_empty() && roles.iter().any(|role| scope.starts_with(&format!("{role}.")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(scopes: &[&str]) -> Vec<String> {
        scopes.iter().map(|scope| format!("operator.{scope}")).collect()
    }

    #[test]
    fn admin_stands_for_all_only_where_scopes_are_implied() {
        assert_eq!(Era::Implied.lacking(&list(&["admin"]), FULL), Vec::<String>::new());
        assert_eq!(
            Era::Literal.lacking(&list(&["admin", "approvals", "pairing"]), FULL),
            list(&["read", "write"])
        );
        assert_eq!(
            Era::Implied.lacking(&list(&["write"]), ["operator.read"]),
            Vec::<String>::new()
        );
        assert_eq!(Era::Implied.lacking(&list(&["read"]), ["operator.write"]), list(&["write"]));
        assert_eq!(Era::Implied.lacking(&list(&["admin"]), ["node.exec"]), ["node.exec"]);
    }

    #[test]
    fn operator_scopes_need_the_operator_role() {
        assert!(fits_roles("operator.read", &["operator".into()]));
        assert!(!fits_roles("operator.admin", &["node".into()]));
        assert!(!fits_roles("operator.admin", &[]));
    }
}

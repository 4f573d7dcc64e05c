//! The checks: each is one record in one file, with its words, how it is found and how it is repaired.
//!
//! [`CHECKS`] is the one list of them: `diagnose`, `repair`, `explain` and docs/findings.md go by it.

pub mod admission;
pub mod approvable;
pub mod approve;
pub(crate) mod around;
pub mod check;
pub(crate) mod config;
mod container;
pub(crate) mod database;
pub(crate) mod devices;
mod edits;
pub mod follow;
mod grant;
pub(crate) mod identity;
pub(crate) mod import;
pub(crate) mod leftovers;
pub(crate) mod local;
pub mod messages;
pub mod new_identity;
pub(crate) mod newer;
mod other_system;
pub(crate) mod pins;
mod plan;
pub(crate) mod records;
pub mod reports;
pub(crate) mod requests;
pub(crate) mod rows;
pub(crate) mod scopes;
pub(crate) mod stores;
pub(crate) mod tokens;

use std::collections::HashSet;

pub use admission::{Admission, Outcome, Verdict, admission};
pub use check::{Check, Edits, Options, Scopes, Stage};
pub use local::{asked_for, foreign_request_line, short_id};
pub use plan::plan;
pub use records::describe as describe_fault;

use crate::finding::{Code, EvidenceKind, Finding, Remedy, Severity};
use crate::model::Model;
use crate::model::contact::PairingFault;
use crate::model::layout::Part;
use crate::step::Step;

/// Every check, in the order findings of equal severity are shown.
pub static CHECKS: &[&Check] = &[
    &around::INTERRUPTED,
    &around::OWNER,
    &around::MODE,
    &around::OPEN,
    &database::DAMAGED,
    &database::FOREIGN,
    &database::EMPTY,
    &database::UNUSABLE,
    &database::UNFINISHED,
    &database::NEWER,
    &database::COLUMNS,
    &database::CLAIMED,
    &newer::RELEASE,
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
    &config::roles::ROLES,
    &config::conflict::CONFLICT,
    &config::hooks::REFUSED,
    &config::proxy::SHUTS_OUT,
    &config::sections::REFUSED,
    &config::tls::UNUSABLE,
    &config::auth::PLACEHOLDER,
    &config::auth::DRIFT,
    &config::env::TOKEN,
    &config::env::UNREAD,
    &config::remote::NOT_LOCAL,
    &config::remote::PLAINTEXT,
    &config::keys::UNKNOWN,
    &admission::CANNOT_TELL,
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
    &scopes::SCOPES_MISSING,
    &scopes::SCOPES_DISAGREE,
    &pins::PINNED,
    &tokens::MISSING,
    &tokens::UNREADABLE,
    &tokens::REVOKED,
    &tokens::ISSUER,
    &scopes::NARROW,
    &scopes::BEYOND,
    &tokens::MISMATCH,
    &tokens::CACHE_MISSING,
    &tokens::CACHE_MALFORMED,
    &tokens::CACHE_FOREIGN,
    &leftovers::IDENTITY_LEFT,
    &import::BLOCKER,
    &import::BROKEN_FILE,
    &requests::REQUEST_WAITS,
    &requests::REQUEST_EXPIRED,
    &requests::REQUEST_CHURN,
    &requests::REQUEST_STALE,
    &records::RECORD_INVALID,
    &records::RECORD_KEY,
    &records::RECORD_FOREIGN_KEY,
    &stores::DUPLICATE_KEYS,
    &around::HALF_BUILT,
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
    &other_system::OTHER_SYSTEM,
    &around::OTHER_TREES,
    &import::MIGRATED,
];

/// What can keep the CLI out says at which step of the gateway's decision: held by the compiler.
const _: () = {
    let mut left = CHECKS;
    while let [check, others @ ..] = left {
        let fails = matches!(check.severity, Severity::Blocks | Severity::Unchecked);
        assert!(!fails || check.stage.is_some(), "a blocking check without a stage");
        left = others;
    }
};

/// The check whose findings have this code.
pub fn check(code: Code) -> Option<&'static Check> {
    CHECKS.iter().copied().find(|check| check.code == code)
}

/// Every finding about the state, worst first, each with what repairs it.
pub fn diagnose(model: &Model) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    // Where a table is lost, nothing of what should be in it is told besides.
    let has_tables = database::has_tables(model);
    let counts = |check: &Check| {
        !(model.config.is_client() && check.is_of_stores) && (has_tables || !check.is_of_device)
    };
    for check in CHECKS.iter().filter(|check| counts(check)) {
        let found = check.found(model).into_iter();
        findings.extend(found.map(|finding| {
            eased_by_gateway(model, check.fault, eased_without_device(model, check, finding))
        }));
    }
    if findings.iter().any(|finding| matches!(finding.remedy, Remedy::Repair(_))) {
        let edits = plan(model, &Options::all([0; 32])).edits;
        let repaired: HashSet<Code> =
            edits.iter().flat_map(|edit| edit.repairs.iter().copied()).collect();
        for finding in &mut findings {
            promise_only_edits(finding, &repaired);
        }
    }
    let mut findings: Vec<Finding> =
        findings.into_iter().map(|finding| config::file::opened(model, finding)).collect();
    cure_what_is_denied(&mut findings);
    findings.extend(admission::untold(model, &findings));
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// Leaves it to a person where a check says what `repair` does, and no edit exists that does it.
fn promise_only_edits(finding: &mut Finding, repaired: &HashSet<Code>) {
    if let (Remedy::Repair(_), Some(check)) = (&finding.remedy, check(finding.code))
        && !matches!(check.edits, Edits::RollBack)
        && !repaired.contains(&finding.code)
    {
        // A note asks nobody to do anything.
        finding.remedy = match finding.severity {
            Severity::Info => Remedy::Nothing,
            _ => Remedy::ByHand(vec![Step::text(check.by_hand)]),
        };
    }
}

/// What could not be read for want of a permission has the cure of the owner or mode that is wrong, where one is.
fn cure_what_is_denied(findings: &mut [Finding]) {
    let is_of_access = |code| check(code).is_some_and(|check| check.is_of_access);
    let access = findings.iter().find(|one| one.severity.fails() && is_of_access(one.code));
    let Some(cure) = access.map(|finding| finding.remedy.clone()) else { return };
    for finding in findings {
        if finding.remedy == Remedy::ByHand(vec![Step::text(crate::platform::RUN_AS)]) {
            finding.remedy = cure.clone();
        }
    }
}

/// A warning in place of what blocks, where the CLI sends no device: from 2026.7.1 a local CLI that has a shared
/// token or password shows that alone, and nothing about its pairing keeps it out.
fn eased_without_device(model: &Model, check: &Check, finding: Finding) -> Finding {
    let is_eased = model.omits_device() && finding.severity.fails() && check.is_of_device;
    let finding = match model.may_omit_device() && finding.severity == Severity::Blocks && check.is_of_device {
        true => finding.rated(Severity::Unchecked).note("a CLI from 2026.7 on needs no pairing if gateway and CLI both get the shared secret, which clawmend cannot see"),
        false => finding,
    };
    let note = "the config holds a shared token or password: from 2026.7 the local CLI shows that, and needs no pairing";
    finding.rated_if(is_eased, Severity::Warning).note_if(is_eased, note)
}

/// A warning in place of what blocks, where the gateway makes it good by itself when its own machine's CLI comes.
fn eased_by_gateway(model: &Model, fault: Option<PairingFault>, finding: Finding) -> Finding {
    let Some(fault) = fault.filter(|_| finding.severity.fails()) else { return finding };
    match model.heals(fault) {
        Some(true) => finding.rated(Severity::Warning).note(
            "the gateway makes this good by itself, at its start or at the CLI's next command",
        ),
        None if finding.severity == Severity::Blocks => finding.unsure(RELEASES_DIFFER),
        // What is not sure anyway has said so.
        Some(false) | None => finding,
    }
}

/// Said of a finding of which the next command shows whether it locks out.
const RELEASES_DIFFER: &str =
    "some releases make this good by themselves at the CLI's next command, others refuse the CLI";

/// Whether this machine's CLI is kept out, or that could not be told.
pub fn fails(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity.fails())
}

/// How many things of a kind are named one by one.
const NAMED: usize = 5;

/// A finding with its first few items as evidence, and how many more there are.
fn named<T>(finding: Finding, items: &[T], line: impl Fn(&T) -> String) -> Finding {
    named_as(EvidenceKind::Seen, finding, items, line)
}

/// The same, shown like that.
fn named_as<T>(
    kind: EvidenceKind,
    finding: Finding,
    items: &[T],
    line: impl Fn(&T) -> String,
) -> Finding {
    let more = items.len().saturating_sub(NAMED);
    let lines = items.iter().take(NAMED).map(line);
    let lines = lines.chain((more > 0).then(|| format!("and {more} more")));
    lines.fold(finding, |finding, line| finding.with("", line, kind))
}

/// A store's file, relative to the state dir.
fn file_name(part: Part) -> &'static str {
    part.file().unwrap_or_default()
}

/// How a person moves a file of the state dir out of the way.
fn set_aside_step(model: &Model, file: &str) -> Step {
    let path = model.facts.state_dir.join(file);
    let aside = model.facts.state_dir.join(format!("{file}.aside"));
    Step::run("mv", [path, aside]).after("move it away")
}

#[cfg(test)]
mod approve_tests;

#[cfg(test)]
#[path = "tests/database/mod.rs"]
mod database_tests;

#[cfg(test)]
mod stores_tests;

#[cfg(test)]
mod release_tests;

#[cfg(test)]
pub(crate) mod tests;

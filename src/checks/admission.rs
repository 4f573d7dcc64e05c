//! The gateway's own decision whether this machine's CLI gets in, step by step: what its files say of each,
//! and the first one that fails. Healthy is only what passes them all.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Check, Stage, check};
use crate::config::model::ConfigState;
use crate::finding::{Code, Finding, Severity};
use crate::model::contact::PairingFault;
use crate::model::device::Device;
use crate::model::scopes::Era;
use crate::model::store::Condition;
use crate::model::{Model, Shared};
use crate::plan::StoreKind;

/// What a gateway decides about this machine's CLI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Admission {
    /// The decision.
    pub verdict: Verdict,
    /// The step that fails, or the first that cannot be told.
    pub stage: Option<Stage>,
    /// The steps, in the order in which a gateway of this state's release takes them.
    pub steps: Vec<Passage>,
}

/// The decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The everyday commands are answered.
    Admitted,
    /// A step refuses the CLI, or the gateway does not start.
    Refused,
    /// The files do not tell.
    CannotTell,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Passage {
    /// Which.
    pub stage: Stage,
    /// How it goes.
    pub outcome: Outcome,
    /// The codes of the findings by which it fails or cannot be told.
    pub findings: Vec<String>,
}

/// How a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It lets the CLI on.
    Passed,
    /// It refuses.
    Failed,
    /// The files do not tell.
    Unknown,
    /// A gateway does not ask this here.
    NotAsked,
    /// A step before it refuses.
    NotReached,
}

/// The decision about a state, by what was found in it.
pub fn admission(model: &Model, all: &[Finding]) -> Admission {
    let mut steps: Vec<Passage> = Vec::new();
    let mut first: Option<(Stage, Outcome)> = None;
    for stage in order(model) {
        let of = |severity| -> Vec<String> {
            let here = |one: &&Finding| one.severity == severity && stage_of(one) == Some(stage);
            all.iter().filter(here).map(|one| one.code.to_string()).collect()
        };
        let (blocks, unknown) = (of(Severity::Blocks), of(Severity::Unchecked));
        let (outcome, findings) = if !blocks.is_empty() {
            (Outcome::Failed, blocks)
        } else if !unknown.is_empty() {
            (Outcome::Unknown, unknown)
        } else if first.is_some_and(|(_, outcome)| outcome == Outcome::Failed) {
            (Outcome::NotReached, Vec::new())
        } else if !is_asked(model, stage) {
            (Outcome::NotAsked, Vec::new())
        } else if missing(model, stage).is_some() && !is_told(all, stage) {
            // What was not read says nothing of what it holds.
            (Outcome::Unknown, Vec::new())
        } else {
            (Outcome::Passed, Vec::new())
        };
        let is_worse = match outcome {
            Outcome::Failed => first.is_none_or(|(_, worst)| worst != Outcome::Failed),
            Outcome::Unknown => first.is_none(),
            _ => false,
        };
        if is_worse {
            first = Some((stage, outcome));
        }
        steps.push(Passage { stage, outcome, findings });
    }
    let verdict = match first {
        None => Verdict::Admitted,
        Some((_, Outcome::Failed)) => Verdict::Refused,
        Some(_) => Verdict::CannotTell,
    };
    Admission { verdict, stage: first.map(|(stage, _)| stage), steps }
}

/// The step that a finding is about. What fails, fails somewhere: a check that is mild by itself and was
/// rated worse here counts where the state is read.
fn stage_of(finding: &Finding) -> Option<Stage> {
    let stage = check(finding.code).and_then(|check| check.stage);
    stage.or(finding.severity.fails().then_some(Stage::Store))
}

/// The steps in a gateway's order. Where the CLI has a shared secret to show, its device token only matters as
/// what gives the device its role (2026.3.31 and later); else it is what lets the CLI in.
fn order(model: &Model) -> impl Iterator<Item = Stage> {
    use Stage::{Config, Credential, Device, Policy, Record, Role, Scopes, Store, Token, Url};
    let device = match model.shared {
        Shared::Present | Shared::AtStart | Shared::Open => {
            [Device, Policy, Record, Token, Role, Scopes]
        }
        Shared::Absent => [Device, Token, Policy, Record, Role, Scopes],
    };
    [Config, Store, Url, Credential].into_iter().chain(device)
}

/// Whether a gateway of this state's release looks at it at all.
fn is_asked(model: &Model, stage: Stage) -> bool {
    match stage {
        Stage::Config | Stage::Store | Stage::Url | Stage::Credential => true,
        Stage::Policy => model.store == StoreKind::Sqlite,
        Stage::Token => {
            model.shared == Shared::Absent
                || model.is_refused_by_saved_token() != Some(false)
                || model.era == Era::Least && !model.omits_device()
        }
        Stage::Device | Stage::Record | Stage::Role | Stage::Scopes => !model.omits_device(),
    }
}

/// Nothing fails a step and nothing passes it.
pub static CANNOT_TELL: Check = Check {
    code: Code("cannot-tell"),
    modes: &[],
    severity: Severity::Unchecked,
    title: "the files do not tell whether the gateway lets the CLI in",
    why: "The gateway checks one thing after another. clawmend says healthy only if it sees that all of them pass. Here none of them fails, but the files do not say whether one of them passes.",
    repair: "Nothing.",
    by_hand: "Try it: `openclaw cron list`.",
    stage: Some(Stage::Credential),
    ..Check::BASE
};

/// What no finding tells and what is not seen to pass either: a finding of its own, so that nothing that
/// clawmend does not understand is called healthy.
pub(super) fn untold(model: &Model, findings: &[Finding]) -> Option<Finding> {
    if findings.iter().any(|one| one.severity.fails()) {
        return None;
    }
    let missing = order(model)
        .filter(|stage| is_asked(model, *stage) && !is_told(findings, *stage))
        .find_map(|stage| missing(model, stage))?;
    let says = format!("nothing shows whether the gateway lets the CLI in: {missing}");
    let steps = [crate::step::Step::run("openclaw", ["cron", "list"]).after("try it")];
    Some(CANNOT_TELL.finding("", says).by_hand(steps))
}

/// Whether a finding tells how a step goes.
fn is_told(findings: &[Finding], stage: Stage) -> bool {
    let about = |one: &Finding| one.severity <= Severity::Warning && stage_of(one) == Some(stage);
    findings.iter().any(about)
}

/// What would show that a step lets the CLI on, where it is not there.
fn missing(model: &Model, stage: Stage) -> Option<&'static str> {
    let seen = |is_there: bool, what| (!is_there).then_some(what);
    let heals = model.heals(PairingFault::Unknown) == Some(true);
    let is_unread = matches!(model.config.state, ConfigState::Unusable(_));
    match stage {
        Stage::Config => {
            let is_read = model.config.whole().is_some();
            seen(
                is_read || matches!(model.config.state, ConfigState::NotRead),
                "the config was not read",
            )
        }
        Stage::Store => {
            let is_read = |condition: &Condition| !matches!(condition, Condition::Unusable(_));
            let read = is_read(&model.paired.condition) && is_read(&model.pending.condition);
            seen(read && !model.is_database_unread(), "the pairing was not read")
        }
        Stage::Policy => None,
        Stage::Url => seen(!is_unread, "the config was not read"),
        Stage::Credential if is_unread => Some("the config was not read"),
        Stage::Credential | Stage::Token => {
            let is_refused =
                stage == Stage::Token && model.is_refused_by_saved_token() != Some(false);
            let has_shared = model.shared != Shared::Absent && !is_refused;
            let shows = has_shared || model.tokens_agree() && !is_refused || heals;
            seen(
                shows,
                "the CLI has neither a shared token nor a device token that the gateway knows",
            )
        }
        Stage::Device => seen(
            model.usable_identity().is_some() || heals,
            "this machine has no identity that could be read",
        ),
        Stage::Record => seen(model.local.is_some() || heals, "this machine has no record"),
        Stage::Role => {
            let has = model.local.as_ref().is_some_and(Device::is_operator);
            seen(has || heals, "the device's role was not seen")
        }
        Stage::Scopes => {
            let needed = model.era.needed().iter().copied();
            let covers = model.local.as_ref().is_some_and(|local| {
                model.era.lacking(local.baseline().1.items(), needed).is_empty()
            });
            seen(covers || heals, "the device's scopes were not seen")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::{CHECKS, diagnose};
    use crate::finding::Remedy;

    #[test]
    fn each_step_has_a_check() {
        let model = crate::checks::tests::healthy_model();
        for stage in order(&model) {
            assert!(CHECKS.iter().any(|check| check.stage == Some(stage)), "{stage:?}");
        }
    }

    #[test]
    fn the_first_step_that_fails_is_the_answer_and_what_follows_is_not_reached() {
        let model = crate::checks::tests::healthy_model();
        let found = diagnose(&model);
        let healthy = admission(&model, &found);
        assert_eq!((healthy.verdict, healthy.stage), (Verdict::Admitted, None), "{found:?}");

        let late = crate::checks::local::ROLE_MISSING.finding("", "");
        let early = crate::checks::database::DAMAGED.finding("", "");
        let unknown = crate::checks::database::UNUSABLE.finding("", "").rated(Severity::Unchecked);
        let refused = admission(&model, &[late.clone(), unknown.clone()]);
        assert_eq!((refused.verdict, refused.stage), (Verdict::Refused, Some(Stage::Role)));
        let refused = admission(&model, &[late, early]);
        assert_eq!(refused.stage, Some(Stage::Store));
        let outcomes = |wanted| refused.steps.iter().filter(move |step| step.outcome == wanted);
        assert_eq!(outcomes(Outcome::Failed).count(), 2);
        assert_eq!(outcomes(Outcome::Passed).count(), 1);
        let unknown = admission(&model, &[unknown]);
        assert_eq!((unknown.verdict, unknown.stage), (Verdict::CannotTell, Some(Stage::Store)));
    }

    /// Of what was not read no step is said to pass.
    #[test]
    fn what_was_not_read_passes_no_step() {
        let mut model = crate::checks::tests::healthy_model();
        model.local = None;
        let unread = crate::checks::stores::UNREADABLE.finding("", "").rated(Severity::Unchecked);
        let steps = admission(&model, &[unread]).steps;
        let of = |stage| steps.iter().find(|step| step.stage == stage).unwrap().outcome;
        for stage in [Stage::Record, Stage::Role, Stage::Scopes] {
            assert_eq!(of(stage), Outcome::Unknown, "{stage:?}");
        }
        assert_eq!(of(Stage::Config), Outcome::Passed);
    }

    #[test]
    fn what_nothing_shows_is_never_healthy() {
        let mut model = crate::checks::tests::healthy_model();
        model.local = None;
        let told = untold(&model, &[]).unwrap();
        assert!(told.severity.fails() && matches!(told.remedy, Remedy::ByHand(_)));
        assert_eq!(admission(&model, &[told]).verdict, Verdict::CannotTell);
    }
}

//! Pairing files that wait to be moved into the database, what stops that, and what it left.

use super::Rule;
use super::leftovers::{aside, name};
use super::records::is_invalid;
use super::stores::{readable_mend, set_aside, unusable};
use crate::finding::{Code, Finding, Mend, Severity};
use crate::model::database::{Legacy, is_identity_claim};
use crate::model::layout::Part;
use crate::model::store::Condition;
use crate::model::{Model, Shared};
use crate::plan::StoreKind;
use crate::text::count;

pub static IMPORT_WAITS: Rule = Rule {
    code: Code("import-waits"),
    modes: &["F14", "F40"],
    severity: Severity::Blocks,
    title: "pairing files wait to be moved into the database",
    why: "A gateway of 2026.8 moves devices/paired.json into the database at each start, one of 2026.9 at its first (later \
          `openclaw doctor --fix` does). One record without a public \
          key or its times makes 2026.8.1 and 2026.8.2 give up on all of them, at every start; a file that is not JSON does so in \
          every release.",
    mends: "Records that cannot be moved are completed where they hold a live token, else taken out into the snapshot. Whole \
            ones stay for OpenClaw's own import.",
    by_hand: "Take the records without `publicKey`, `createdAtMs` or `approvedAtMs` out of devices/paired.json, then restart the gateway.",
    messages: &[
        "device pairing store migration failed",
        "NOT NULL constraint failed",
        "startup migrations did not complete cleanly",
    ],
    run: |model, rule| match &model.legacy {
        Some(legacy) => import_waits(model, rule, legacy).into_iter().collect(),
        None => vec![],
    },
};

fn import_waits(model: &Model, rule: &Rule, legacy: &Legacy) -> Option<Finding> {
    let paired = name(Part::Paired);
    let restart = || {
        Mend::ByHand(vec![
            "2026.8: restart the gateway, it moves the records in at each start".into(),
            "2026.9: stop the gateway, then run: openclaw doctor --fix    (a start does it only once)".into(),
        ])
    };
    let records = |number| count(number, "record", "records");
    let bad: Vec<_> = legacy.paired.entries.iter().filter(|entry| is_invalid(entry)).collect();
    match &legacy.paired.condition {
        Condition::Broken { whole, aside, .. } => {
            let mut finding = rule
                .finding(
                    paired,
                    "pairing waits to be moved into the database, and its file is not valid JSON",
                    Mend::Repair("rebuild the file from its whole records".into()),
                )
                .seen(format!("{} can be read whole", records(*whole)));
            if let Some(left) = set_aside(aside) {
                finding = finding.seen(left);
            }
            Some(finding)
        }
        Condition::Empty => Some(rule.finding(
            paired,
            "the old pairing file is empty, which stops the move into the database",
            Mend::Repair("make it an empty object".into()),
        )),
        Condition::Unusable(why) => Some(
            rule.finding(paired, "the old pairing file could not be read", readable_mend(why))
                .at_worst(Severity::Unchecked)
                .seen(unusable(why)),
        ),
        Condition::Good if !bad.is_empty() => {
            let says = format!(
                "{} of devices/paired.json cannot be moved into the database, and 2026.8 gives up on all because of that",
                records(bad.len())
            );
            let mend = "complete those that hold a live token, move the others out into the snapshot";
            let mut finding = rule.finding(paired, says, Mend::Repair(mend.into()));
            for entry in bad.iter().take(5) {
                finding = finding.seen(entry.shown_key(Part::Paired));
            }
            // Seen on 2026.8.1: nothing of the file is moved at any start, so every device in it is out.
            let gives_up = model.written_by().is_some_and(|release| release.starts_with("2026.8."));
            // Later the whole records are moved, and a CLI that needs none of the file is in anyway.
            let cli_is_in = model.local_entry().is_some() || model.shared == Shared::Present;
            Some(if cli_is_in && !gives_up { finding.at_worst(Severity::Warning) } else { finding })
        }
        Condition::Good if !legacy.paired.entries.is_empty() => Some(
            rule.finding(paired, "pairing waits to be moved into the database", restart())
                .at_worst(Severity::Warning)
                .seen(format!("{} in the file", records(legacy.paired.entries.len()))),
        ),
        // Nothing to move: the next start renames it.
        Condition::Good | Condition::NotAnObject(_) => Some(
            rule.finding(paired, "an old pairing file without records waits to be put away", Mend::Nothing)
                .at_worst(Severity::Info),
        ),
        Condition::Absent if legacy.pending.condition != Condition::Absent => Some(
            rule.finding(
                name(Part::Pending),
                "an old file of requests waits to be put away; its requests are not moved into the database",
                Mend::Nothing,
            )
            .at_worst(Severity::Info),
        ),
        Condition::Absent => None,
    }
}

pub static BLOCKER: Rule = Rule {
    code: Code("exec-approvals-left"),
    modes: &["F14"],
    severity: Severity::Warning,
    title: "a retired exec-approvals.json is in the way",
    why: "From 2026.8 approvals of commands are kept in the database. While the old file is there, even an empty one, every use \
          of them fails, and `openclaw doctor --fix` may stop before it moves identity and pairing. It keeps nobody from connecting.",
    mends: "Nothing: what it allows is for you to look at.",
    by_hand: "Look at exec-approvals.json, move it aside, and allow again what you need.",
    messages: &["Legacy exec approvals exist", "Doctor stopped because a state migration refused"],
    run: |model, rule| {
        // The file releases use it.
        if model.store != StoreKind::Sqlite {
            return vec![];
        }
        model
            .facts
            .blockers
            .iter()
            .filter(|file| !is_identity_claim(file))
            .map(|file| {
                rule.finding(
                    file.clone(),
                    "an old file of command approvals stops `openclaw doctor --fix`",
                    Mend::ByHand(vec![aside(model, file)]),
                )
            })
            .collect()
    },
};

pub static MIGRATED: Rule = Rule {
    code: Code("files-migrated"),
    modes: &[],
    severity: Severity::Info,
    title: "pairing files that were moved into the database",
    why: "The step to 2026.8 moves the files into the database and keeps them under the name .migrated. Nothing reads them any more.",
    mends: "Nothing.",
    by_hand: "Nothing to do.",
    messages: &[],
    run: |model, rule| {
        let files = &model.facts.migrated;
        if model.store != StoreKind::Sqlite || files.is_empty() {
            return vec![];
        }
        let says = format!(
            "{} into the database",
            count(files.len(), "file was moved", "files were moved")
        );
        let mut finding = rule.finding("", says, Mend::Nothing);
        for file in files.iter().take(5) {
            finding = finding.seen(file.clone());
        }
        vec![finding]
    },
};

//! Pairing files that wait to be moved into the database, what stops that, and what it left.

use super::stores::to_read;
use super::{Check, Edits, container, file_name, set_aside_step};
use crate::finding::{Code, Finding, Severity};
use crate::model::database::{Legacy, is_identity_claim};
use crate::model::facts::Gateway;
use crate::model::layout::Part;
use crate::model::store::{Condition, Entry};
use crate::model::{Model, Shared};
use crate::plan::{Edit, StoreKind};
use crate::step::Step;
use crate::text::count;
use crate::text::unusable;

pub static IMPORT_WAITS: Check = Check {
    code: Code("import-waits"),
    modes: &["F14", "F40"],
    severity: Severity::Blocks,
    title: "pairing files wait to be moved into the database",
    why: "A gateway of 2026.8 moves devices/paired.json into the database at each start, one of 2026.9 at its first (later \
          `openclaw doctor --fix` does). One record without a public \
          key or its times makes 2026.8.1 and 2026.8.2 give up on all of them, at every start; a file that is not JSON does so in \
          every release.",
    repair: "Records that cannot be moved are completed where they hold a live token, else taken out into the snapshot. Whole \
            ones stay for OpenClaw's own import.",
    by_hand: "Take the records without `publicKey`, `createdAtMs` or `approvedAtMs` out of devices/paired.json, then restart the gateway.",
    messages: &[
        "device pairing store migration failed",
        "NOT NULL constraint failed",
        "startup migrations did not complete cleanly",
        "not null constraint failed: device_pairing_paired",
        "legacy device auth requires migration",
        "doctor stopped because a state migration refused",
    ],
    find: |model, check| match &model.legacy {
        Some(legacy) => import_waits(model, check, legacy).into_iter().collect(),
        None => vec![],
    },
    edits: Edits::Pairing(prepare),
    ..Check::BASE
};

/// What the import cannot take goes out of its way; the rest is OpenClaw's to move.
fn prepare(model: &Model, _: &super::Options) -> Vec<Edit> {
    let Some(legacy) = &model.legacy else {
        return vec![];
    };
    let codes = [IMPORT_WAITS.code];
    // An array (or null) counts as empty for the import, which puts the file away.
    let is_put_away = matches!(legacy.paired.condition, Condition::NotAnObject(_));
    let file = (!is_put_away).then(|| container::rewritten(model, &legacy.paired, &codes));
    let records = container::broken_records(model, &legacy.paired, &codes);
    file.flatten().into_iter().chain(records).collect()
}

fn import_waits(model: &Model, check: &Check, legacy: &Legacy) -> Option<Finding> {
    let paired = file_name(Part::Paired);
    let records = |number| count(number, "record", "records");
    let bad: Vec<&Entry> = legacy.paired.entries.iter().filter(|one| one.is_invalid()).collect();
    Some(match &legacy.paired.condition {
        Condition::Broken { whole, aside, .. } => {
            let finding = check
            .finding(
                paired,
                "pairing waits to be moved into the database, and its file is not valid JSON",
            )
            .repaired("rebuild the file from its whole records")
            .seen("can be read whole", records(*whole));
            container::left_out(aside, Part::Paired).into_iter().fold(finding, Finding::note)
        }
        Condition::Empty => check
            .finding(
                paired,
                "the old pairing file is empty, which stops the move into the database",
            )
            .repaired("make it an empty object"),
        Condition::Unusable(why) => check
            .finding(paired, "the old pairing file could not be read")
            .by_hand(to_read(why))
            .rated(Severity::Unchecked)
            .note(unusable(why)),
        Condition::Good if !bad.is_empty() => {
            let says = format!(
                "{} of devices/paired.json cannot be moved into the database, and 2026.8 gives up on all because of that",
                records(bad.len())
            );
            let repair =
                "complete those that hold a live token, move the others out into the snapshot";
            let finding = check.finding(paired, says).repaired(repair);
            let finding = super::named(finding, &bad, |entry| entry.shown_key(Part::Paired));
            // Seen on 2026.8.1: nothing of the file is moved at any start, so every device in it is out.
            let gives_up = model.written_by().is_some_and(|release| release.starts_with("2026.8."));
            // Later the whole records are moved, and a CLI that needs none of the file is in anyway.
            let cli_is_in = model.local_entry().is_some() || model.shared == Shared::Present;
            if cli_is_in && !gives_up { finding.rated(Severity::Warning) } else { finding }
        }
        Condition::Good if !legacy.paired.entries.is_empty() => check
            .finding(paired, "pairing waits to be moved into the database")
            .by_hand([
                "2026.8: restart the gateway, it moves the records in at each start".into(),
                Step::run("openclaw", ["doctor", "--fix"])
                    .after("2026.9: stop the gateway, then run")
                    .note("a start does it only once"),
            ])
            .rated(Severity::Warning)
            .seen("in the file", records(legacy.paired.entries.len())),
        // Nothing to move: the next start renames it.
        Condition::Good | Condition::NotAnObject(_) => check
            .finding(paired, "an old pairing file without records waits to be put away")
            .rated(Severity::Info),
        Condition::Absent if legacy.pending.condition != Condition::Absent => check
            .finding(
                file_name(Part::Pending),
                "an old file of requests waits to be put away; its requests are not moved into the database",
            )
            .rated(Severity::Info),
        Condition::Absent => return None,
    })
}

pub static BLOCKER: Check = Check {
    code: Code("exec-approvals-left"),
    modes: &["F14"],
    severity: Severity::Unchecked,
    title: "a retired exec-approvals.json is in the way",
    why: "From 2026.8 approvals of commands are kept in the database. While the old file is there, even an empty one, every use \
          of them fails, and `openclaw doctor --fix` may stop before it moves identity and pairing. Where its contents are not \
          what OpenClaw expects (`{}` is enough), the gateway does not start; a gateway that runs lets the CLI in.",
    repair: "Nothing: what it allows is for you to look at.",
    by_hand: "Look at exec-approvals.json, move it aside, and allow again what you need.",
    messages: &[
        "Legacy exec approvals exist",
        "Doctor stopped because a state migration refused",
        "startup migrations did not complete cleanly",
    ],
    find: |model, check| {
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
                check
                    .finding(
                        file.clone(),
                        "an old file of command approvals stops `openclaw doctor --fix`, and the gateway's next start where \
                         OpenClaw cannot take it over",
                    )
                    .by_hand([set_aside_step(model, file)])
                    .rated(match model.facts.gateway {
                        Gateway::Running { .. } => Severity::Warning,
                        _ => Severity::Unchecked,
                    })
            })
            .collect()
    },
    ..Check::BASE
};

pub static MIGRATED: Check = Check {
    code: Code("files-migrated"),
    modes: &[],
    severity: Severity::Info,
    title: "pairing files that were moved into the database",
    why: "The step to 2026.8 moves the files into the database and keeps them under the name .migrated. Nothing reads them any more.",
    repair: "Nothing.",
    by_hand: "Nothing to do.",
    find: |model, check| {
        let files = &model.facts.migrated;
        if model.store != StoreKind::Sqlite || files.is_empty() {
            return vec![];
        }
        let says = format!(
            "{} into the database",
            count(files.len(), "file was moved", "files were moved")
        );
        vec![super::named(check.finding("", says), files, Clone::clone)]
    },
    ..Check::BASE
};

//! Pairing files that wait to be moved into the database, what stops that, and what it left.

use super::stores::to_read_of;
use super::{Check, Edits, Stage, container, file_name, set_aside_step};
use crate::finding::{Code, Finding, Severity};
use crate::model::database::Legacy;
use crate::model::layout::{CRON_JOBS, Part};
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
    title: "the pairing files are not yet in the database",
    why: "The gateway must first move devices/paired.json into the database. 2026.8 does this at each start, 2026.9 and later \
          only at the first start (after that `openclaw doctor --fix` does it). In 2026.8.1 and 2026.8.2 one record without a public key or without its times stops the move of all records. A file that is not JSON stops it in every release.",
    repair: "A record that stops the move is completed if it holds a valid token, else removed (the snapshot keeps \
             it). The other records stay for OpenClaw to move.",
    by_hand: "Remove the records without `publicKey`, `createdAtMs` or `approvedAtMs` from devices/paired.json, then restart the gateway.",
    messages: &[
        "device pairing store migration failed",
        "NOT NULL constraint failed",
        "startup migrations did not complete cleanly",
        "not null constraint failed: device_pairing_paired",
        "legacy device auth requires migration",
        "doctor stopped because a state migration refused",
    ],
    stage: Some(Stage::Store),
    find_one: |model, check| match &model.legacy {
        Some(legacy) => import_waits(model, check, legacy),
        None => model.is_half_moved().then(|| half_moved(check)),
    },
    edits: Edits::Pairing(prepare),
    ..Check::BASE
};

/// What the import cannot take goes out of its way; the rest is OpenClaw's to move.
fn prepare(model: &Model, _: &super::Options) -> Vec<Edit> {
    let Some(legacy) = &model.legacy else { return vec![] };
    let codes = [IMPORT_WAITS.code];
    // An array (or null) counts as empty for the import, which puts the file away.
    let is_put_away = matches!(legacy.paired.condition, Condition::NotAnObject(_));
    let file = (!is_put_away).then(|| container::rewritten(model, &legacy.paired, &codes));
    let records = container::broken_records(model, &legacy.paired, &codes);
    file.flatten().into_iter().chain(records).collect()
}

/// The files are the store until a gateway's start moves them.
fn half_moved(check: &Check) -> Finding {
    let says = "the identity is in the database already, and the pairing is still in files";
    let start = "start the gateway once: its first start moves the pairing files into the database";
    let doctor = Step::run("openclaw", ["doctor", "--fix"])
        .after("if they are still in devices/ then: stop the gateway, and run");
    let finding = check.finding(file_name(Part::Paired), says);
    finding.by_hand([start.into(), doctor]).rated(Severity::Warning)
}

fn import_waits(model: &Model, check: &Check, legacy: &Legacy) -> Option<Finding> {
    let paired = file_name(Part::Paired);
    let records = |number| count(number, "record", "records");
    let bad: Vec<&Entry> = legacy.paired.entries.iter().filter(|one| one.is_invalid()).collect();
    let says = |says: &str| check.finding(paired, says);
    let cli_is_in = model.local_entry().is_some() || model.shared != Shared::Absent;
    // 2026.8.2 and 2026.9.5 start beside a file that is no JSON, 2026.9.6 does not.
    let stops = |finding: Finding| match model.by_release(|release| release.is_from("2026.9.6")) {
        Some(false) => finding.rated_if(cli_is_in, Severity::Warning),
        None if cli_is_in => {
            finding.unsure("2026.9.6 does not start beside such a file, older ones do")
        }
        _ => finding,
    };
    Some(match &legacy.paired.condition {
        Condition::Broken { whole, aside, .. } => stops(
            says("the pairing file is not yet in the database, and is not valid JSON")
                .repaired("rebuild the file from the records that are whole")
                .seen("records that are whole", records(*whole))
                .notes(container::left_out(aside, Part::Paired)),
        ),
        Condition::Empty => stops(
            says("the old pairing file is empty, and that stops its move into the database")
                .repaired("make it an empty object"),
        ),
        Condition::Unusable(why) => says("the old pairing file could not be read")
            .by_hand(to_read_of(model, Part::Paired, why))
            .rated(Severity::Unchecked)
            .note(unusable(why)),
        Condition::Good if !bad.is_empty() => {
            let finding = says(&format!(
                "{} of devices/paired.json cannot be moved into the database, and because of that 2026.8 moves none",
                records(bad.len())
            ));
            let finding = finding.repaired(
                "complete the records with a valid token, remove the others (the snapshot keeps them)",
            );
            let finding = super::named(finding, &bad, |entry| entry.shown_key(Part::Paired));
            // Seen on 2026.8.1: nothing of the file is moved at any start, so every device in it is out.
            let gives_up = model.written_by().is_some_and(|release| release.starts_with("2026.8."));
            // Later the whole records are moved, and a CLI that needs none of the file is in anyway.
            finding.rated_if(cli_is_in && !gives_up, Severity::Warning)
        }
        Condition::Good if !legacy.paired.entries.is_empty() => {
            let doctor = Step::run("openclaw", ["doctor", "--fix"])
                .after("2026.9 and later: stop the gateway, then run")
                .note("the gateway does it only at its first start");
            let restart = "2026.8: restart the gateway; it moves the records at each start";
            says("the pairing file is not yet in the database")
                .by_hand([restart.into(), doctor])
                .rated(Severity::Warning)
                .seen("in the file", records(legacy.paired.entries.len()))
        }
        // Nothing to move: the next start renames it.
        Condition::Good | Condition::NotAnObject(_) => {
            says("an old pairing file without records is still there").rated(Severity::Info)
        }
        Condition::Absent if legacy.pending.condition == Condition::Absent => return None,
        Condition::Absent => {
            let says = "an old file of requests is still there; OpenClaw does not move its requests into the database";
            check.finding(file_name(Part::Pending), says).rated(Severity::Info)
        }
    })
}

pub static BLOCKER: Check = Check {
    code: Code("exec-approvals-left"),
    modes: &["F14"],
    severity: Severity::Unchecked,
    title: "an old exec-approvals.json stops OpenClaw",
    why: "From 2026.8 OpenClaw keeps approvals of commands in the database. While the old file is there, every use of \
          them fails, and `openclaw doctor --fix` may stop before it moves identity and pairing. If OpenClaw cannot \
          read the old file (even `{}`), the gateway does not start. A gateway that already runs lets the CLI in.",
    repair: "Nothing: the file says what may run here, so you decide.",
    by_hand: "Look at exec-approvals.json, move it away, and allow again what you need.",
    messages: &[
        "Legacy exec approvals exist",
        "Doctor stopped because a state migration refused",
        "startup migrations did not complete cleanly",
    ],
    stage: Some(Stage::Store),
    find: |model, check| {
        let blockers = match model.store {
            StoreKind::Sqlite => model.facts.blockers.as_slice(),
            // The file releases use it.
            StoreKind::Files => &[],
        };
        let says = "an old exec-approvals.json stops `openclaw doctor --fix`, and stops the gateway's next start \
                    if OpenClaw cannot read it";
        let stops = blockers.iter().map(|file| {
            let finding = check.finding(file.as_str(), says).by_hand([set_aside_step(model, file)]);
            finding.rated_if(model.facts.gateway.runs(), Severity::Warning)
        });
        stops.collect()
    },
    ..Check::BASE
};

pub static BROKEN_FILE: Check = Check {
    code: Code("state-file-broken"),
    severity: Severity::Unchecked,
    title: "a file of jobs or conversations is no JSON",
    why: "`openclaw cron list` fails while cron/jobs.json is no JSON (releases before 2026.6). From 2026.8 OpenClaw moves each agent's sessions.json \
          into its database at the start; if it cannot read one, the gateway does not start.",
    repair: "Nothing: what the file held is yours. Put a copy back, or move the file away.",
    by_hand: "Put a copy of the file back. If you have none, move it away: the jobs or conversations in it are lost then.",
    messages: &["Failed to parse cron store", "Legacy session store requires migration"],
    stage: Some(Stage::Store),
    // The jobs: seen on 2026.3.13, 2026.5.7, 2026.5.27; 2026.6.35 is in. Conversations: seen on 2026.9.6; code of 2026.8.2.
    find: |model, check| {
        let reads_jobs = || model.by_release(|release| !release.is_from("2026.6.1"));
        let found = model.facts.broken_files.iter().filter_map(|file| {
            let says = match (model.store, file == CRON_JOBS) {
                (StoreKind::Files, true) if reads_jobs() != Some(false) => {
                    "the jobs are no JSON, so `openclaw cron list` fails"
                }
                (StoreKind::Sqlite, false) => {
                    "old conversations are no JSON, so the gateway may not start"
                }
                _ => return None,
            };
            let step = set_aside_step(model, file).note(
                "then put a copy there, of yours or a .bak beside it; without one what the file held is lost",
            );
            Some(check.finding(file.as_str(), says).by_hand([step]))
        });
        found.collect()
    },
    ..Check::BASE
};

pub static MIGRATED: Check = Check {
    code: Code("files-migrated"),
    severity: Severity::Info,
    title: "old pairing files are kept under the name .migrated",
    why: "The update to 2026.8 moves the pairing files into the database, and keeps them under the name .migrated. \
          Nothing reads them any more.",
    repair: "Nothing.",
    by_hand: "Nothing to do.",
    find_one: |model, check| {
        let files = &model.facts.migrated;
        if model.store != StoreKind::Sqlite || files.is_empty() {
            return None;
        }
        let says = format!(
            "{} into the database",
            count(files.len(), "file was moved", "files were moved")
        );
        Some(super::named(check.finding("", says), files, Clone::clone))
    },
    ..Check::BASE
};

//! Records in a store, whoever they belong to.

use super::edits::RecordEdits;
use super::stores::{both, place};
use super::{Check, Edits, Stage, container};
use crate::finding::{Code, Finding, Severity};
use crate::model::Model;
use crate::model::layout::Part;
use crate::model::store::{Entry, Fault};
use crate::plan::{Edit, StoreKind, Target};
use crate::secret::shape::Shape;
use crate::text::count;

/// What is wrong with a record, in words.
pub fn describe(fault: &Fault) -> String {
    match fault {
        Fault::NotAnObject => "it is not an object".to_owned(),
        Fault::Null => "it is null".to_owned(),
        Fault::TextList(name) => format!("its {name} are a text, and no list"),
        Fault::NullToken(role) => format!("its token of {} is null", Shape::ROLE.show(role)),
        Fault::NoTimes(names) => {
            format!("it has no {} (the shape of a pending request)", names.join(" and no "))
        }
        Fault::NoField(name) => format!("it has no {name}"),
        Fault::KeyDiffers(id) => {
            format!("it is stored under another key than its id {}", Shape::RequestId.show(id))
        }
        Fault::Key => "its public key does not belong to its id".to_owned(),
        Fault::Cell(column) => format!("its {} is not JSON", column.column),
    }
}

/// A finding for each store that holds records with such a fault; this machine's own have findings of
/// their own, but for scopes that do not count (seen on 2026.4.24 and 2026.6.10).
fn with_fault(
    check: &Check,
    model: &Model,
    [says_one, says_many]: [&str; 2],
    wanted: fn(&Fault) -> bool,
) -> Vec<(Part, Finding)> {
    let is_hit = |entry: &&Entry| {
        entry.faults.iter().any(|fault| wanted(fault) && !is_told_elsewhere(model, entry, fault))
    };
    let mut findings = Vec::new();
    for records in both(model) {
        let hit: Vec<&Entry> = records.entries.iter().filter(is_hit).collect();
        if hit.is_empty() {
            continue;
        }
        let [one, many] = match records.part {
            Part::Pending => ["pending request", "pending requests"],
            _ => ["record", "records"],
        };
        let says = if hit.len() == 1 { says_one } else { says_many };
        let says = format!("{} {says} in {}", count(hit.len(), one, many), place(model, records));
        let finding = check.finding(place(model, records), says);
        let finding = super::named(finding, &hit, |entry| {
            let faults = entry.faults.iter().filter(|fault| wanted(fault)).map(describe);
            format!("{}: {}", entry.shown_key(records.part), faults.collect::<Vec<_>>().join(", "))
        });
        findings.push((records.part, finding));
    }
    findings
}

/// Whether a fault is one of this machine's own record that another finding tells.
fn is_told_elsewhere(model: &Model, entry: &Entry, fault: &Fault) -> bool {
    let idle = || model.local.as_ref().is_some_and(|device| device.baseline().0 != "scopes");
    let is_told_here = match fault {
        Fault::NoField("deviceId") => true,
        // They stand beside those that the gateway goes by.
        Fault::TextList("scopes") => idle(),
        _ => false,
    };
    Some(entry.key.as_str()) == model.local_id() && !is_told_here
}

/// Whether what stands in a store of files ends commands, whoever it belongs to: the gateway looks into each request at every
/// connect, and sorts all records for `devices list` (seen on 2026.3.23, 2026.5.12 and 2026.6.9).
fn ends_commands(model: &Model, part: Part) -> bool {
    both(model)
        .into_iter()
        .filter(|records| records.part == part && model.store == StoreKind::Files)
        .any(|records| {
            let has = |wanted: fn(&Fault) -> bool| {
                records.entries.iter().any(|entry| entry.faults.iter().any(wanted))
            };
            let has_null = has(|fault| *fault == Fault::Null);
            match part {
                Part::Pending => has_null,
                _ => {
                    // 2026.4.24 and 2026.5.27 were seen to fail at a record without an id, 2026.4.1 shows it.
                    let shows =
                        model.by_release(|release| !release.is_from("2026.4.16")) == Some(true);
                    has_null && records.entries.len() > 1
                        || has(|fault| matches!(fault, Fault::TextList(_) | Fault::NullToken(_)))
                        || has(|fault| *fault == Fault::NoField("deviceId")) && !shows
                }
            }
        })
}

/// Records of the files that cannot be what their store holds. This machine's own record is completed
/// by the grant.
fn completed_or_moved(model: &Model, _: &super::Options) -> Vec<Edit> {
    let local = model.usable_identity().map(|identity| identity.derived_id.as_str());
    let edits = container::files(model)
        .into_iter()
        .flat_map(|records| container::broken_records(model, records, &[RECORD_INVALID.code]));
    let is_own = |edit: &Edit| matches!(&edit.target, Target::Record { key, .. } if Some(key.as_str()) == local);
    edits.filter(|edit| !is_own(edit)).chain(without_what_fails(model)).collect()
}

/// What a text says in the place of a list gives no right, and a token that is null opens nothing: they go.
fn without_what_fails(model: &Model) -> Vec<Edit> {
    let fails = |fault: &Fault| matches!(fault, Fault::TextList(_) | Fault::NullToken(_));
    let fails = |entry: &&Entry| !entry.is_invalid() && entry.faults.iter().any(fails);
    let mut found = Vec::new();
    for records in container::files(model) {
        for entry in records.entries.iter().filter(fails) {
            let Some(record) = records.record(entry) else { continue };
            let mut edits = RecordEdits::of(StoreKind::Files, records.part, &entry.key, record);
            let codes = &[RECORD_INVALID.code];
            for fault in &entry.faults {
                if is_told_elsewhere(model, entry, fault) {
                    continue;
                }
                match fault {
                    Fault::TextList(name) => edits.unset(
                        &[name],
                        "a text in the place of a list makes `devices list` fail",
                        codes,
                    ),
                    Fault::NullToken(role) => edits.unset(
                        &["tokens", role],
                        "a token that is null makes `devices list` fail",
                        codes,
                    ),
                    _ => {}
                }
            }
            found.extend(edits.done());
        }
    }
    found
}

pub static RECORD_INVALID: Check = Check {
    code: Code("record-invalid"),
    modes: &["F40"],
    severity: Severity::Warning,
    title: "some records are not valid in their store",
    why: "A record that lacks a field of a paired device stops the import into the database, at every start of 2026.8.1. A request that somebody moved into paired.json by hand is such a record. \
          A request that is null ends each connection. `devices list` fails at a record that is null, that has a token that is null, or that has a text in the place of a list.",
    repair: "A record with a valid token gets the missing times; a token that is null and a text in the place of a list are taken out of it. Any other such record is removed (the snapshot keeps it).",
    by_hand: "Remove the records without `createdAtMs` and `approvedAtMs` from devices/paired.json.",
    messages: &[
        "device pairing store migration failed",
        "NOT NULL constraint failed",
        "not null constraint failed: device_pairing_paired",
        "device pairing store migration skipped",
        "reading 'approvedAtMs'",
        "join is not a function",
        "reading 'role'",
    ],
    stage: Some(Stage::Store),
    follows: &[&super::stores::BROKEN, &super::import::IMPORT_WAITS],
    find: |model, check| {
        let found = with_fault(check, model, ["is not valid", "are not valid"], |fault| {
            matches!(
                fault,
                Fault::NotAnObject
                    | Fault::NoTimes(_)
                    | Fault::NoField(_)
                    | Fault::TextList(_)
                    | Fault::NullToken(_)
            )
        });
        let repair =
            "complete the records with a valid token, remove the others (the snapshot keeps them)";
        let rated = |(part, finding): (Part, Finding)| {
            let breaks = ends_commands(model, part);
            let note = match part {
                Part::Pending => "a request that is null ends each connection",
                _ => "`devices list` fails at such a record",
            };
            finding.rated_if(breaks, Severity::Blocks).note_if(breaks, note).repaired(repair)
        };
        found.into_iter().map(rated).collect()
    },
    edits: Edits::Pairing(completed_or_moved),
    ..Check::BASE
};

pub static RECORD_KEY: Check = Check {
    code: Code("record-key-differs"),
    modes: &["F04"],
    severity: Severity::Warning,
    title: "some records are stored under a wrong id",
    why: "The gateway looks for a device under its own id, so it never finds a device that is stored under another id.",
    repair: "Nothing: clawmend cannot know which of the two ids is right. Let the device pair again.",
    by_hand: "Rename the key to the record's deviceId, if that is the hash of its publicKey.",
    messages: &["pairing required", "unknown requestId"],
    find: |model, check| {
        let found = with_fault(
            check,
            model,
            ["has another id than its key", "have other ids than their keys"],
            |fault| matches!(fault, Fault::KeyDiffers(_)),
        );
        let step = "let the device pair again, or correct the id by hand";
        found.into_iter().map(|(_, finding)| finding.by_hand([step])).collect()
    },
    ..Check::BASE
};

pub static RECORD_FOREIGN_KEY: Check = Check {
    code: Code("record-key-foreign"),
    modes: &["F38"],
    severity: Severity::Warning,
    title: "some records hold a public key of another device",
    why: "A device id is the SHA-256 hash of its public key. The gateway refuses a device whose key does not belong to \
          its id, and clawmend never approves such a request.",
    repair: "Nothing: the device has to pair again.",
    by_hand: "Remove the device and let it pair again.",
    messages: &["device identity mismatch", "pairing required"],
    find: |model, check| {
        let found = with_fault(
            check,
            model,
            ["holds the public key of another device", "hold public keys of other devices"],
            |fault| *fault == Fault::Key,
        );
        let step = |part| match part {
            Part::Pending => {
                "never approve it: it is not the device that it claims to be; it expires by itself"
            }
            _ => "let the device pair again",
        };
        found.into_iter().map(|(part, finding)| finding.by_hand([step(part)])).collect()
    },
    ..Check::BASE
};

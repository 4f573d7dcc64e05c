//! Records in a store, whoever they belong to.

use super::stores::{both, place};
use super::{Check, Edits, container};
use crate::finding::{Code, Finding, Severity};
use crate::model::Model;
use crate::model::layout::Part;
use crate::model::store::{Entry, Fault};
use crate::plan::{Edit, Target};
use crate::secret::shape::Shape;
use crate::text::count;

/// What is wrong with a record, in words.
pub fn describe(fault: &Fault) -> String {
    match fault {
        Fault::NotAnObject => "it is not an object".to_owned(),
        Fault::NoTimes(names) => {
            format!("it has no {} (the shape of a pending request)", names.join(" and no "))
        }
        Fault::NoField(name) => format!("it has no {name}"),
        Fault::KeyDiffers(id) => {
            format!("it is stored under another key than its id {}", Shape::RequestId.show(id))
        }
        Fault::Key(_) => "its public key does not belong to its id".to_owned(),
        Fault::Cell(column) => format!("its {column} is not JSON"),
    }
}

/// A finding for each store that holds records with such a fault; this machine's own have findings of
/// their own.
fn with_fault(
    check: &Check,
    model: &Model,
    says: &str,
    wanted: fn(&Fault) -> bool,
) -> Vec<(Part, Finding)> {
    let is_hit = |entry: &&Entry| {
        Some(entry.key.as_str()) != model.local_id() && entry.faults.iter().any(wanted)
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
        let says = format!("{} {says}", count(hit.len(), one, many));
        let finding = check.finding(place(model, records), says);
        let finding = super::named(finding, &hit, |entry| {
            let faults = entry.faults.iter().filter(|fault| wanted(fault)).map(describe);
            format!("{}: {}", entry.shown_key(records.part), faults.collect::<Vec<_>>().join(", "))
        });
        findings.push((records.part, finding));
    }
    findings
}

/// Records of the files that cannot be what their store holds. This machine's own record is completed
/// by the grant.
fn completed_or_moved(model: &Model, _: &super::Options) -> Vec<Edit> {
    let local = model.usable_identity().map(|identity| identity.derived_id.as_str());
    let edits = container::files(model)
        .into_iter()
        .flat_map(|records| container::broken_records(model, records, &[RECORD_INVALID.code]));
    let is_own = |edit: &Edit| matches!(&edit.target, Target::Record { key, .. } if Some(key.as_str()) == local);
    edits.filter(|edit| !is_own(edit)).collect()
}

pub static RECORD_INVALID: Check = Check {
    code: Code("record-invalid"),
    modes: &["F40"],
    severity: Severity::Warning,
    title: "records that are not what their store holds",
    why: "Records without the fields that a paired device must have (pending requests that were moved by hand, for \
          one) stop the import into the database at every start of 2026.8.1.",
    repair: "A record that holds a live token gets the missing times; any other is moved out, into the snapshot.",
    by_hand: "Take the records without `createdAtMs` and `approvedAtMs` out of devices/paired.json.",
    messages: &[
        "device pairing store migration failed",
        "NOT NULL constraint failed",
        "not null constraint failed: device_pairing_paired",
        "device pairing store migration skipped",
    ],
    follows: &[&super::stores::BROKEN, &super::import::IMPORT_WAITS],
    find: |model, check| {
        let found = with_fault(check, model, "cannot be what this store holds", |fault| {
            matches!(fault, Fault::NotAnObject | Fault::NoTimes(_) | Fault::NoField(_))
        });
        let repair = "complete those that hold a live token, move the others out into the snapshot";
        found.into_iter().map(|(_, finding)| finding.repaired(repair)).collect()
    },
    edits: Edits::Pairing(completed_or_moved),
    ..Check::BASE
};

pub static RECORD_KEY: Check = Check {
    code: Code("record-key-differs"),
    modes: &["F04"],
    severity: Severity::Warning,
    title: "records stored under another key than their id",
    why: "A gateway looks a device up by the key: one that is stored under another id is never found.",
    repair: "Nothing: which of the two is right is not for a tool to guess. The device can pair again.",
    by_hand: "Rename the key to the record's deviceId, if its publicKey hashes to that.",
    messages: &["pairing required", "unknown requestId"],
    find: |model, check| {
        let found = with_fault(check, model, "stored under a key that is not the id", |fault| {
            matches!(fault, Fault::KeyDiffers(_))
        });
        let step = "let the device pair again, or rename the key by hand";
        found.into_iter().map(|(_, finding)| finding.by_hand([step])).collect()
    },
    ..Check::BASE
};

pub static RECORD_FOREIGN_KEY: Check = Check {
    code: Code("record-key-foreign"),
    modes: &["F38"],
    severity: Severity::Warning,
    title: "records whose public key does not hash to their id",
    why: "A device id is the SHA-256 of its public key. A gateway refuses a device whose key is another one; a request \
          like that is never approved by clawmend.",
    repair: "Nothing: the device has to pair again.",
    by_hand: "Remove the device and let it pair again.",
    messages: &["device identity mismatch", "pairing required"],
    find: |model, check| {
        let found =
            with_fault(check, model, "whose public key does not belong to the id", |fault| {
                matches!(fault, Fault::Key(_))
            });
        let step = |part| match part {
            Part::Pending => {
                "never approve it: it is not the device that it says it is; it expires by itself"
            }
            _ => "let the device pair again",
        };
        found.into_iter().map(|(part, finding)| finding.by_hand([step(part)])).collect()
    },
    ..Check::BASE
};

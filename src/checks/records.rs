//! Records in a store, whoever they belong to.

use super::Rule;
use super::stores::{both, place};
use crate::finding::{Code, Finding, Mend, Severity};
use crate::model::Model;
use crate::model::layout::Part;
use crate::model::store::{Entry, Fault};
use crate::secret::shape::Shape;
use crate::text::count;

/// Whether a record cannot be what its store holds: it stops the import into 2026.8 (F40).
pub fn is_invalid(entry: &Entry) -> bool {
    entry
        .faults
        .iter()
        .any(|fault| matches!(fault, Fault::NotAnObject | Fault::NoTimes(_) | Fault::NoField(_)))
}

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

/// How many records of a kind are named one by one.
const NAMED: usize = 5;

fn about(
    rule: &Rule,
    model: &Model,
    mend: fn(Part) -> Mend,
    says: &str,
    wanted: fn(&Fault) -> bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for records in both(model) {
        let hit: Vec<&Entry> = records
            .entries
            .iter()
            .filter(|entry| {
                Some(entry.key.as_str()) != model.local_id() && entry.faults.iter().any(wanted)
            })
            .collect();
        if hit.is_empty() {
            continue;
        }
        let says = match records.part {
            Part::Pending => {
                format!("{} {says}", count(hit.len(), "pending request", "pending requests"))
            }
            _ => format!("{} {says}", count(hit.len(), "record", "records")),
        };
        let mut finding = rule.finding(place(model, records), says, mend(records.part));
        for entry in hit.iter().take(NAMED) {
            let faults: Vec<String> =
                entry.faults.iter().filter(|fault| wanted(fault)).map(describe).collect();
            finding =
                finding.seen(format!("{}: {}", entry.shown_key(records.part), faults.join(", ")));
        }
        if hit.len() > NAMED {
            finding = finding.seen(format!("and {} more", hit.len() - NAMED));
        }
        findings.push(finding);
    }
    findings
}

pub static RECORD_INVALID: Rule = Rule {
    code: Code("record-invalid"),
    modes: &["F40"],
    severity: Severity::Warning,
    title: "records that are not what their store holds",
    why: "Records without the fields that a paired device must have (pending requests that were moved by hand, for \
          one) stop the import into the database at every start of 2026.8.1.",
    mends: "A record that holds a live token gets the missing times; any other is moved out, into the snapshot.",
    by_hand: "Take the records without `createdAtMs` and `approvedAtMs` out of devices/paired.json.",
    messages: &["device pairing store migration failed", "NOT NULL constraint failed"],
    run: |model, rule| {
        about(
            rule,
            model,
            |_| {
                Mend::Repair(
                    "complete those that hold a live token, move the others out into the snapshot"
                        .into(),
                )
            },
            "cannot be what this store holds",
            |fault| matches!(fault, Fault::NotAnObject | Fault::NoTimes(_) | Fault::NoField(_)),
        )
    },
};

pub static RECORD_KEY: Rule = Rule {
    code: Code("record-key-differs"),
    modes: &["F04"],
    severity: Severity::Warning,
    title: "records stored under another key than their id",
    why: "A gateway looks a device up by the key: one that is stored under another id is never found.",
    mends: "Nothing: which of the two is right is not for a tool to guess. The device can pair again.",
    by_hand: "Rename the key to the record's deviceId, if its publicKey hashes to that.",
    messages: &["pairing required", "unknown requestId"],
    run: |model, rule| {
        about(
            rule,
            model,
            |_| Mend::ByHand(vec!["let the device pair again, or rename the key by hand".into()]),
            "stored under a key that is not the id",
            |fault| matches!(fault, Fault::KeyDiffers(_)),
        )
    },
};

pub static RECORD_FOREIGN_KEY: Rule = Rule {
    code: Code("record-key-foreign"),
    modes: &["F38"],
    severity: Severity::Warning,
    title: "records whose public key does not hash to their id",
    why: "A device id is the SHA-256 of its public key. A gateway refuses a device whose key is another one; a request \
          like that is never approved by clawmend.",
    mends: "Nothing: the device has to pair again.",
    by_hand: "Remove the device and let it pair again.",
    messages: &["device identity mismatch", "pairing required"],
    run: |model, rule| {
        about(
            rule,
            model,
            |part| {
                Mend::ByHand(vec![match part {
                    Part::Pending => {
                        "never approve it: it is not the device that it says it is; it expires by itself"
                            .into()
                    }
                    _ => "let the device pair again".into(),
                }])
            },
            "whose public key does not belong to the id",
            |fault| matches!(fault, Fault::Key(_)),
        )
    },
};

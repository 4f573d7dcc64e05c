//! Mends of the stores themselves: an object where one belongs, whole records only.

use serde_json::Value;

use super::{RecordEdits, remove};
use crate::checks::{records as record_rules, stores as rules};
use crate::finding::Code;
use crate::format::salvage;
use crate::image::{Bytes, Slot};
use crate::model::Model;
use crate::model::store::{Condition, Entry, Fault, Records, id_field};
use crate::plan::{Edit, Op, StoreKind, Target};

pub(super) fn mend(model: &Model) -> Vec<Edit> {
    if model.store == StoreKind::Sqlite {
        return Vec::new(); // Tables hold rows, and NOT NULL columns keep such records out.
    }
    let local = model.usable_identity().map(|identity| identity.derived_id.as_str());
    let mut edits = Vec::new();
    for records in [&model.paired, &model.pending] {
        edits.extend(container(model, records, &[]));
        // This machine's own record is completed by the grant.
        edits.extend(
            broken_records(model, records, &[record_rules::RECORD_INVALID.code]).into_iter().filter(
                |edit| !matches!(&edit.target, Target::Record { key, .. } if Some(key.as_str()) == local),
            ),
        );
    }
    edits
}

/// A file that is not the object that it should be. `codes`: the findings it mends, where they are
/// not the store's own.
pub(super) fn container(model: &Model, records: &Records, codes: &[Code]) -> Option<Edit> {
    let (bytes, why, code) = match &records.condition {
        Condition::Empty => (
            b"{}".to_vec(),
            "an empty file is not a store: it becomes an empty object".to_owned(),
            &rules::EMPTY,
        ),
        Condition::NotAnObject(kind) => (
            b"{}".to_vec(),
            format!(
                "the store is {}: it becomes an object, so that approvals are kept",
                kind.name()
            ),
            &rules::NOT_AN_OBJECT,
        ),
        Condition::Broken { whole, aside, .. } => {
            let text = model.images.file(records.part)?.bytes()?;
            let found = salvage::records(text, id_field(records.part));
            let left = rules::set_aside(aside).map_or_else(String::new, |left| format!("; {left}"));
            (
                salvage::rebuilt(text, &found.whole),
                format!(
                    "the file is not valid JSON: it is rebuilt from its {whole} whole record(s){left}; the broken file stays in the snapshot"
                ),
                &rules::BROKEN,
            )
        }
        Condition::Absent | Condition::Good | Condition::Unusable(_) => return None,
    };
    Some(Edit {
        target: Target::Whole(Slot::File(records.part)),
        op: Op::Rewrite(Bytes::new(bytes)),
        why,
        mends: if codes.is_empty() { vec![code.code] } else { codes.to_vec() },
    })
}

/// Records of a file that stop the import into the database (F40).
pub(super) fn broken_records(model: &Model, records: &Records, codes: &[Code]) -> Vec<Edit> {
    records
        .entries
        .iter()
        .filter(|entry| record_rules::is_invalid(entry))
        .flat_map(|entry| {
            completed(model, records, entry, codes).unwrap_or_else(|| {
                let why = "the record cannot be what this store holds: it is moved out, into the snapshot";
                vec![remove(StoreKind::Files, records.part, &entry.key, why, codes)]
            })
        })
        .collect()
}

/// A device that only lacks its times, and holds a live token: somebody uses it, so it is kept.
fn completed(model: &Model, records: &Records, entry: &Entry, codes: &[Code]) -> Option<Vec<Edit>> {
    let [Fault::NoTimes(missing)] = entry.faults.as_slice() else {
        return None;
    };
    let record = records.record(entry)?;
    let alive = record.get("tokens")?.as_object()?.values().any(|token| {
        token.get("token").is_some_and(Value::is_string) && token.get("revokedAtMs").is_none()
    });
    if !alive {
        return None;
    }
    let asked = record.get("ts").and_then(Value::as_i64).unwrap_or(model.facts.now_ms);
    let mut edits = RecordEdits::of(StoreKind::Files, records.part, &entry.key, record);
    for name in missing {
        edits.set(
            &[name],
            Value::from(asked),
            "a paired device must have its times, or the import into 2026.8 fails",
            codes,
        );
    }
    Some(edits.edits)
}

#[cfg(test)]
#[path = "stores_tests.rs"]
mod tests;

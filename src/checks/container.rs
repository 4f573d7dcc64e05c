//! Edits of a store's file: an object where one belongs, whole records only.

use serde_json::Value;

use super::edits::{RecordEdits, edit, remove};
use crate::finding::Code;
use crate::format::salvage;
use crate::image::{Bytes, Slot};
use crate::model::Model;
use crate::model::device::Token;
use crate::model::layout::Part;
use crate::model::store::{Condition, Entry, Fault, Records, id_field};
use crate::plan::{Edit, Op, StoreKind, Target};
use crate::secret::shape::Shape;

/// The files of a gateway's host; none in the database, nor on a client, whose own files nobody reads.
pub(super) fn files(model: &Model) -> Vec<&Records> {
    match model.store {
        StoreKind::Files if !model.config.is_client() => vec![&model.paired, &model.pending],
        _ => Vec::new(),
    }
}

/// The files in a condition that one check is about, made objects.
pub(super) fn objects(model: &Model, code: Code, is: fn(&Condition) -> bool) -> Vec<Edit> {
    let files = files(model).into_iter().filter(|records| is(&records.condition));
    files.filter_map(|records| rewritten(model, records, &[code])).collect()
}

/// A file that is not the object that it should be, made one.
pub(super) fn rewritten(model: &Model, records: &Records, codes: &[Code]) -> Option<Edit> {
    let (bytes, why) = match &records.condition {
        Condition::Empty => (b"{}".to_vec(), "the empty file becomes an empty object".to_owned()),
        Condition::NotAnObject(kind) => (
            b"{}".to_vec(),
            format!(
                "the store is {}: it becomes an object, so that OpenClaw can keep approvals in it",
                kind.name()
            ),
        ),
        Condition::Broken { whole, aside, .. } => {
            let text = model.images.file(records.part)?.bytes()?;
            let found = salvage::records(text, id_field(records.part));
            let left =
                left_out(aside, records.part).map_or_else(String::new, |left| format!("; {left}"));
            (
                salvage::rebuilt(text, &found.whole),
                format!(
                    "the file is not valid JSON: it is rebuilt from the {whole} record(s) that are whole{left}; the snapshot keeps the broken file"
                ),
            )
        }
        Condition::Absent | Condition::Good | Condition::Unusable(_) => return None,
    };
    let target = Target::Whole(Slot::File(records.part));
    Some(edit(target, Op::Rewrite(Bytes::new(bytes)), why, codes))
}

/// Records of a file that stop the import into the database (F40).
pub(super) fn broken_records(model: &Model, records: &Records, codes: &[Code]) -> Vec<Edit> {
    let invalid = records.entries.iter().filter(|entry| entry.is_invalid());
    let edits = invalid.flat_map(|entry| {
        completed(model, records, entry, codes).unwrap_or_else(|| {
            let why =
                "the record is not valid in this store: it is removed, and the snapshot keeps it";
            vec![remove(StoreKind::Files, records.part, &entry.key, why, codes)]
        })
    });
    edits.collect()
}

/// A device that only lacks its times, and holds a live token: somebody uses it, so it is kept.
fn completed(model: &Model, records: &Records, entry: &Entry, codes: &[Code]) -> Option<Vec<Edit>> {
    let [Fault::NoTimes(missing)] = entry.faults.as_slice() else { return None };
    let record = records.record(entry)?;
    let mut tokens = record.get("tokens")?.as_object()?.values().filter_map(Token::of);
    if !tokens.any(|token| token.is_live()) {
        return None;
    }
    let asked = record.get("ts").and_then(Value::as_i64).unwrap_or(model.facts.now_ms);
    let mut edits = RecordEdits::of(StoreKind::Files, records.part, &entry.key, record);
    for name in missing {
        let why = "without its times, the import into the database of 2026.8 fails";
        edits.set(&[name], Value::from(asked), why, codes);
    }
    Some(edits.done())
}

/// Which ids a broken file names that its rebuilt one will not hold; `None`: none.
pub(super) fn left_out(ids: &[String], part: Part) -> Option<String> {
    let shape = match part {
        Part::Pending => Shape::RequestId,
        _ => Shape::DeviceId,
    };
    let named: Vec<String> = ids.iter().take(super::NAMED).map(|id| shape.show(id)).collect();
    let more = match ids.len().saturating_sub(super::NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let says =
        format!("left out, because the damage makes them unsure: {}{more}", named.join(", "));
    (!ids.is_empty()).then_some(says)
}

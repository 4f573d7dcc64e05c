//! The stores themselves.

use std::path::Path;

use super::{Check, Edits, RELEASES_DIFFER, Stage, container, file_name};
use crate::finding::{Code, Finding, Place, Severity};
use crate::format::scan::ValueKind;
use crate::image::Unusable;
use crate::model::contact::PairingFault;
use crate::model::layout::Part;
use crate::model::store::{Condition, Records};
use crate::model::{AuthCondition, Model, place_of};
use crate::step::Step;
use crate::text::{TOO_MANY_ADVICE, count, unusable};

/// The same about a file of a store; OpenClaw makes a new one where there is none.
pub(super) fn to_read_of(model: &Model, part: Part, why: &Unusable) -> Vec<Step> {
    to_read(&model.facts.state_dir.join(file_name(part)), why)
}

/// What to do about a file that could not be read.
pub fn to_read(file: &Path, why: &Unusable) -> Vec<Step> {
    let step = match why {
        Unusable::NoFolder => {
            return vec![Step::move_away(file.parent().unwrap_or(file))];
        }
        Unusable::NotAFile(_) | Unusable::Dangling(_) => return vec![Step::move_away(file)],
        Unusable::Denied => crate::platform::RUN_AS,
        Unusable::Symlink(_) => {
            "put a normal file there: OpenClaw replaces the link at its next write anyway"
        }
        Unusable::TooLarge { .. } => "look at what is in it; move it away if it is not OpenClaw's",
        Unusable::TooMany { .. } => TOO_MANY_ADVICE,
        Unusable::Io(_) => {
            "check the disk (dmesg) and copy the state dir away before anything else"
        }
    };
    vec![step.into()]
}

/// Where no device is left, and a snapshot has more than this machine: first the way that brings all of them back.
pub(super) fn or_restored(model: &Model, finding: Finding) -> Finding {
    let kept = model.facts.kept.devices.as_ref().filter(|_| model.paired.entries.is_empty());
    let Some((id, others)) = kept else { return finding };
    let others = count(*others, "other device", "other devices");
    let back = format!("brings back {others} too: none of them must pair again");
    finding
        .choice(Step::clawmend(["restore", id]).note(back))
        .choice(Step::clawmend(["repair"]).note("pairs this machine's CLI alone"))
}

pub(super) fn both(model: &Model) -> [&Records; 2] {
    [&model.paired, &model.pending]
}

pub(super) fn place(model: &Model, records: &Records) -> Place {
    place_of(model.store, records.part)
}

/// What a gateway takes for an empty store may let this machine's CLI in all the same: a request is only needed for
/// what waits for a person, and what is approved silently is approved anew.
fn rated(model: &Model, records: &Records, finding: Finding) -> Finding {
    let is_empty_to_it = match records.condition {
        Condition::NotAnObject(_) => Some(true),
        _ => model.reads_broken_as_empty(),
    };
    let lets_in = match records.part {
        Part::Pending => Some(true),
        _ => model.heals(PairingFault::Unknown),
    };
    match (is_empty_to_it, lets_in) {
        (Some(false), _) | (_, Some(false)) => finding,
        (Some(true), Some(true)) => finding.rated(Severity::Warning).note(
            "the gateway takes it for an empty one, which does not keep this machine's CLI out",
        ),
        _ => finding.rated(Severity::Unchecked).note(RELEASES_DIFFER),
    }
}

/// What OpenClaw says of a store file that is not JSON, broken or empty.
const NO_JSON: &[&str] = &[
    "Failed to parse JSON file",
    "Failed to read JSON file",
    "JsonFileReadError",
    "closed (1000",
    "gateway closed (1000",
];

pub static UNREADABLE: Check = Check {
    code: Code("store-unreadable"),
    modes: &["F13", "F39"],
    severity: Severity::Unchecked,
    title: "a store file could not be read",
    why: "clawmend cannot check what it cannot read, and the gateway may fail at the same place.",
    repair: "Nothing: clawmend does not change what it cannot read.",
    by_hand: "Make it a normal file that the gateway's user can read.",
    messages: &["EACCES", "Failed to read JSON file", "gateway closed (1000"],
    is_of_stores: true,
    stage: Some(Stage::Store),
    find: |model, check| {
        let about = |part, why: &Unusable| {
            let place = place_of(model.store, part);
            let says = format!("{place} could not be read: {}", unusable(why));
            check.finding(place, says).by_hand(to_read_of(model, part, why))
        };
        let stores = both(model).into_iter().filter_map(|records| match &records.condition {
            Condition::Unusable(why) => Some(about(records.part, why)),
            _ => None,
        });
        let saved = match &model.auth.condition {
            AuthCondition::Unusable(why) => Some(about(Part::DeviceAuth, why)),
            _ => None,
        };
        stores.chain(saved).collect()
    },
    ..Check::BASE
};

pub static BROKEN: Check = Check {
    code: Code("store-broken"),
    modes: &["F39"],
    severity: Severity::Blocks,
    title: "a store file is not valid JSON",
    why: "After 2026.4 a gateway fails at every connect while a store file is broken, and says nothing about pairing. Releases up to 2026.4 treat it as an empty file, and overwrite it at the next write: then every pairing is lost.",
    repair: "Every record that is surely whole stays as it is. Every record that the damage may have touched is left out and named; the snapshot keeps the broken file.",
    by_hand: "Make a copy of the file, then write a valid JSON object with the records that are whole.",
    messages: NO_JSON,
    is_of_stores: true,
    stage: Some(Stage::Store),
    find: |model, check| {
        let broken = |records: &Records| {
            let Condition::Broken { error, whole, aside } = &records.condition else { return None };
            let text = model.images.file(records.part).and_then(|image| image.bytes().cloned());
            let text = text.unwrap_or_default();
            let (line, column) = error.line_and_column(&text);
            let number = count(*whole, "record", "records");
            let repair = match whole {
                0 => "start with an empty file; the snapshot keeps the broken one".to_owned(),
                _ => format!("rebuild the file from the {number} that are whole"),
            };
            let finding = check
                .finding(
                    place(model, records).line(Some(line)),
                    format!("{} is not valid JSON", place(model, records)),
                )
                .repaired(repair)
                .note(format!("line {line}, column {column}: {}", error.message(&text)))
                .seen("records that are whole", number)
                .notes(container::left_out(aside, records.part));
            let finding = match records.part {
                Part::Paired => or_restored(model, finding),
                _ => finding,
            };
            Some(rated(model, records, finding))
        };
        both(model).into_iter().filter_map(broken).collect()
    },
    edits: Edits::Pairing(|model, _| {
        container::objects(model, BROKEN.code, |condition| {
            matches!(condition, Condition::Broken { .. })
        })
    }),
    ..Check::BASE
};

pub static EMPTY: Check = Check {
    code: Code("store-empty"),
    modes: &["F39"],
    severity: Severity::Blocks,
    title: "a store file is empty",
    why: "An empty file is not JSON. Later releases fail at every connect because of it; earlier ones forget every pairing.",
    repair: "The file becomes an empty object.",
    by_hand: "Write `{}` into it.",
    messages: NO_JSON,
    is_of_stores: true,
    stage: Some(Stage::Store),
    find: |model, check| {
        let empty = both(model).into_iter().filter(|records| records.condition == Condition::Empty);
        let found = empty.map(|records| {
            let place = place(model, records);
            let finding = check.finding(place.clone(), format!("{place} is empty"));
            rated(model, records, finding.repaired("make it an empty object"))
        });
        found.collect()
    },
    edits: Edits::Pairing(|model, _| {
        container::objects(model, EMPTY.code, |condition| matches!(condition, Condition::Empty))
    }),
    ..Check::BASE
};

pub static NOT_AN_OBJECT: Check = Check {
    code: Code("store-not-an-object"),
    modes: &["F31"],
    severity: Severity::Blocks,
    title: "a store file is not a JSON object",
    why: "A store must be a JSON object: each record is stored under its id. Up to 2026.4.15 OpenClaw cannot save a record \
          into a list: it reports an approval and does not keep it.",
    repair: "The file becomes an object; the snapshot keeps what was in it.",
    by_hand: "Write `{}` into the file.",
    messages: &[
        "pairing required",
        "device pairing required",
        "device is not approved yet",
        "1008",
    ],
    is_of_stores: true,
    stage: Some(Stage::Store),
    find: |model, check| {
        let found = both(model).into_iter().filter_map(|records| {
            let Condition::NotAnObject(kind) = records.condition else { return None };
            let place = place(model, records);
            let says = format!("{place} is {}, and must be an object", kind.name());
            let finding = check.finding(place, says).repaired("make it an object");
            Some(match kind {
                ValueKind::Null => finding.rated(Severity::Warning),
                _ => rated(model, records, finding),
            })
        });
        found.collect()
    },
    edits: Edits::Pairing(|model, _| {
        container::objects(model, NOT_AN_OBJECT.code, |condition| {
            matches!(condition, Condition::NotAnObject(_))
        })
    }),
    ..Check::BASE
};

pub static DUPLICATE_KEYS: Check = Check {
    code: Code("store-duplicate-keys"),
    severity: Severity::Info,
    title: "an id is in a store file twice",
    why: "Only the later of two records with the same id counts; OpenClaw drops the earlier one at its next write.",
    repair: "Nothing.",
    by_hand: "Nothing to do.",
    find: |model, check| {
        let twice = both(model).into_iter().filter(|records| !records.duplicate_keys.is_empty());
        let found = twice.map(|records| {
            let keys = count(records.duplicate_keys.len(), "key stands", "keys stand");
            let says = format!("{keys} in the file twice; the later one counts");
            check.finding(place(model, records), says)
        });
        found.collect()
    },
    ..Check::BASE
};

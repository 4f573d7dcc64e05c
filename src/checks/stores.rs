//! The stores themselves.

use super::Rule;
use crate::finding::{Code, Finding, Mend, Severity};
use crate::format::scan::Kind;
use crate::image::Unusable;
use crate::model::layout::Part;
use crate::model::store::{Condition, Records};
use crate::model::{AuthCondition, Model, place_of};
use crate::text::{TOO_MANY_MEND, count};

pub use crate::text::unusable;

/// What to do about an unreadable file.
pub fn readable_mend(why: &Unusable) -> Mend {
    Mend::ByHand(vec![match why {
        Unusable::Denied => crate::platform::RUN_AS.into(),
        Unusable::Symlink(_) => {
            "put a regular file there: OpenClaw replaces the link at its next write anyway".into()
        }
        Unusable::NotAFile(_) => "move it aside; OpenClaw makes the file anew".into(),
        Unusable::TooLarge { .. } => {
            "look at what filled it; move it aside if it is not OpenClaw's".into()
        }
        Unusable::TooMany { .. } => TOO_MANY_MEND.into(),
        Unusable::Io(_) => {
            "check the disk (dmesg) and copy the state dir away before anything else".into()
        }
    }])
}

pub(super) fn both(model: &Model) -> [&Records; 2] {
    [&model.paired, &model.pending]
}

pub(super) fn place(model: &Model, records: &Records) -> String {
    place_of(model.store, records.part)
}

pub static UNREADABLE: Rule = Rule {
    code: Code("store-unreadable"),
    modes: &["F13", "F39"],
    severity: Severity::Unchecked,
    title: "a store file could not be read",
    why: "What cannot be read cannot be checked, and the gateway may fail on it in the same way.",
    mends: "Nothing: clawmend does not write where it could not read.",
    by_hand: "Make the file a regular one that the gateway's user can read.",
    messages: &["EACCES", "Failed to read JSON file"],
    run: |model, rule| {
        let mut findings: Vec<Finding> = both(model)
            .into_iter()
            .filter_map(|records| match &records.condition {
                Condition::Unusable(why) => Some(rule.finding(
                    place(model, records),
                    format!("could not be read: {}", unusable(why)),
                    readable_mend(why),
                )),
                _ => None,
            })
            .collect();
        if let AuthCondition::Unusable(why) = &model.auth.condition {
            findings.push(rule.finding(
                place_of(model.store, Part::DeviceAuth),
                format!("could not be read: {}", unusable(why)),
                readable_mend(why),
            ));
        }
        findings
    },
};

/// Which ids a broken file names that its rebuilt one will not hold; `None`: none.
pub fn set_aside(ids: &[String]) -> Option<String> {
    const NAMED: usize = 5;
    let named: Vec<&str> = ids.iter().take(NAMED).map(String::as_str).collect();
    let more = match ids.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!ids.is_empty()).then(|| {
        format!(
            "left out, as damage makes their place or content unsure: {}{more}",
            named.join(", ")
        )
    })
}

pub static BROKEN: Rule = Rule {
    code: Code("store-broken"),
    modes: &["F39"],
    severity: Severity::Blocks,
    title: "a store file is not valid JSON",
    why: "Releases up to 2026.4 take a broken store for an empty one and overwrite it at the next write, so that every \
          pairing is lost; later ones fail at every connect without a word about pairing.",
    mends: "Every whole record that surely stood at the top of the file is kept, as it was. What damage makes unsure \
            is left out and named; the broken file stays in the snapshot.",
    by_hand: "Copy the file away, then write a valid JSON object of the records that are whole.",
    messages: &[
        "Failed to parse JSON file",
        "Failed to read JSON file",
        "JsonFileReadError",
        "closed (1000",
    ],
    run: |model, rule| {
        let broken = |records: &Records| match &records.condition {
            Condition::Broken { error, whole, aside } => {
                let text = model
                    .images
                    .file(records.part)
                    .and_then(|image| image.bytes().cloned())
                    .unwrap_or_default();
                let (line, column) = error.line_and_column(&text);
                let mend = match whole {
                    0 => "begin the file anew; the old one stays in the snapshot".to_owned(),
                    whole => format!(
                        "rebuild the file from the {} that can be read whole",
                        count(*whole, "record", "records")
                    ),
                };
                let mut finding = rule
                    .finding(
                        place(model, records),
                        "the file is not valid JSON",
                        Mend::Repair(mend),
                    )
                    .seen(format!("line {line}, column {column}: {}", error.what))
                    .seen(format!("{} can be read whole", count(*whole, "record", "records")));
                if let Some(left) = set_aside(aside) {
                    finding = finding.seen(left);
                }
                Some(finding)
            }
            _ => None,
        };
        both(model).into_iter().filter_map(broken).collect()
    },
};

pub static EMPTY: Rule = Rule {
    code: Code("store-empty"),
    modes: &["F39"],
    severity: Severity::Blocks,
    title: "a store file has no content",
    why: "An empty file is not JSON. Later releases fail at every connect on it; earlier ones forget every pairing.",
    mends: "The file becomes an empty object.",
    by_hand: "Write `{}` into it.",
    messages: &[
        "Failed to parse JSON file",
        "Failed to read JSON file",
        "JsonFileReadError",
        "closed (1000",
    ],
    run: |model, rule| {
        both(model)
            .into_iter()
            .filter(|records| records.condition == Condition::Empty)
            .map(|records| {
                rule.finding(
                    place(model, records),
                    "the file is empty",
                    Mend::Repair("make it an empty object".into()),
                )
            })
            .collect()
    },
};

pub static NOT_AN_OBJECT: Rule = Rule {
    code: Code("store-not-an-object"),
    modes: &["F31"],
    severity: Severity::Blocks,
    title: "a store is a JSON array (or another non-object)",
    why: "A store is an object of records by id. Up to 2026.4.15 keys that are set on an array are dropped when it is \
          saved: an approval is reported and not kept.",
    mends: "The file becomes an object; what was in it stays in the snapshot.",
    by_hand: "Write `{}` into the file.",
    messages: &["pairing required"],
    run: |model, rule| {
        both(model)
            .into_iter()
            .filter_map(|records| match records.condition {
                Condition::NotAnObject(kind) => {
                    let says = format!("the store is {} where an object belongs", kind.name());
                    let finding = rule.finding(
                        place(model, records),
                        says,
                        Mend::Repair("make it an object".into()),
                    );
                    Some(if kind == Kind::Null {
                        finding.at_worst(Severity::Warning)
                    } else {
                        finding
                    })
                }
                _ => None,
            })
            .collect()
    },
};

pub static DUPLICATE_KEYS: Rule = Rule {
    code: Code("store-duplicate-keys"),
    modes: &[],
    severity: Severity::Info,
    title: "a key stands in a store twice",
    why: "Of two members with the same key only the later counts; OpenClaw drops the earlier at its next write.",
    mends: "Nothing.",
    by_hand: "Nothing to do.",
    messages: &[],
    run: |model, rule| {
        both(model)
            .into_iter()
            .filter(|records| !records.duplicate_keys.is_empty())
            .map(|records| {
                let says = format!(
                    "{} in the file twice; the later one counts",
                    count(records.duplicate_keys.len(), "key stands", "keys stand")
                );
                rule.finding(place(model, records), says, Mend::Nothing)
            })
            .collect()
    },
};

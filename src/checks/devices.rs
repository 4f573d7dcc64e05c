//! Other devices: worth knowing, never touched without being asked to.

use super::approvable::refusal;
use super::local::{foreign_request_line, record_place};
use super::{Check, named_as};
use crate::finding::{Code, EvidenceKind, Severity};
use crate::model::device::Device;
use crate::model::layout::Part;
use crate::model::store::Entry;
use crate::model::{Model, place_of};
use crate::secret::shape::Shape;
use crate::step::Step;

fn foreign(model: &Model) -> impl Iterator<Item = (&Entry, Device)> {
    let entries = model.pending.entries.iter();
    let devices = entries.filter_map(|entry| Some((entry, model.pending.device(entry)?)));
    devices.filter(move |(_, device)| device.device_id.as_deref() != model.local_id())
}

pub static FOREIGN_REQUEST: Check = Check {
    code: Code("request-foreign"),
    modes: &["F37", "F02", "F12"],
    severity: Severity::Info,
    title: "other devices wait for approval",
    why: "A browser, an app or another machine asks to be paired. Only you know if it is yours, so `repair` never approves it.",
    repair: "Nothing: `approve REQUEST_ID` gives the device exactly what it asks for.",
    by_hand: "Once the CLI works again: `openclaw devices list`, then `openclaw devices approve REQUEST_ID`.",
    commands: &[&["approve", "REQUEST_ID"]],
    messages: &[
        "pairing required",
        "device-ownership-mismatch",
        "invalid scope for requested roles",
        "device pairing approval denied",
    ],
    find_one: |model, check| {
        let waiting: Vec<_> =
            foreign(model).filter(|(_, device)| !device.expired(model.facts.now_ms)).collect();
        if waiting.is_empty() {
            return None;
        }
        let says = match waiting.len() {
            1 => "another device waits for approval".to_owned(),
            many => format!("{many} other devices wait for approval"),
        };
        let mut able: Vec<_> = waiting.iter().collect();
        able.retain(|(entry, _)| {
            let is_shown = Shape::RequestId.fits(&entry.key, &|_| false);
            is_shown && refusal(model, &entry.key).is_none()
        });
        let says = match (able.as_slice(), waiting.len()) {
            ([_, ..], _) => says,
            (_, 1) => format!("{says}, and its request is not valid: do not approve it"),
            (_, _) => format!("{says}, and no request is valid: do not approve them"),
        };
        let first = waiting.first().map(|(entry, _)| entry.key.as_str());
        let place = record_place(model, &model.pending, first);
        let finding = check.finding(place, says);
        let finding = match able.as_slice() {
            [] => finding,
            [(entry, _)] => finding
                .by_hand([Step::clawmend(["approve", entry.key.as_str()]).after("if it is yours")]),
            // Never one of several: the first is not the likeliest.
            _ => finding.by_hand([Step::clawmend(["devices"])
                .note("shows them all; approve yours by its id, and no other")]),
        };
        Some(named_as(EvidenceKind::First, finding, &waiting, |(entry, device)| {
            let refusal = refusal(model, &entry.key);
            let warning = refusal.map(|why| format!("; do not approve it: {}", why.says()));
            let warning = warning.unwrap_or_default();
            format!("{}{warning}", foreign_request_line(model, device))
        }))
    },
    ..Check::BASE
};

pub static DUPLICATES: Check = Check {
    code: Code("devices-duplicate"),
    modes: &["F12", "F24"],
    severity: Severity::Info,
    title: "the same client is paired many times",
    why: "Some apps make a new identity at each start, and each time an old paired device is left. These devices do not lock you out, but each of them can still connect to the gateway.",
    repair: "Nothing: clawmend cannot tell which of them is still in use.",
    by_hand: "Once the CLI works again: `openclaw devices list`, then `openclaw devices remove DEVICE_ID` for each device \
              you do not know.",
    find_one: |model, check| {
        let known = model.paired.entries.iter();
        let mut alike: Vec<(u64, &Entry)> =
            known.filter_map(|entry| Some((entry.likeness?, entry))).collect();
        alike.sort_by_key(|(likeness, _)| *likeness);
        let groups = alike.chunk_by(|(one, _), (other, _)| one == other);
        let mut many: Vec<&[(u64, &Entry)]> = groups.filter(|group| group.len() > 1).collect();
        if many.is_empty() {
            return None;
        }
        many.sort_by_key(|group| std::cmp::Reverse(group.len()));
        let extra: usize = many.iter().map(|group| group.len() - 1).sum();
        let says = crate::text::count(
            extra,
            "paired device has the same client, name and platform as another one",
            "paired devices have the same client, name and platform as another one",
        );
        let devices = Step::clawmend(["devices"]).note(
            "shows all; `openclaw devices remove DEVICE_ID` removes one that you do not know",
        );
        let finding = check.finding(place_of(model.store, Part::Paired), says).by_hand([devices]);
        let groups = many.iter().filter_map(|group| {
            let name = model.paired.device(group.first()?.1)?.shown_name().unwrap_or_default();
            Some(format!("{} devices called {name}", group.len()))
        });
        Some(finding.notes(groups.take(super::NAMED)))
    },
    ..Check::BASE
};

//! Other devices: worth knowing, never touched without being asked to.

use super::Rule;
use super::requests::request_line;
use crate::finding::{Code, Mend, Severity};
use crate::model::layout::Part;
use crate::model::store::{Entry, Fault};
use crate::model::{Model, place_of};

/// How many are named one by one.
const NAMED: usize = 5;

fn foreign(model: &Model) -> impl Iterator<Item = (&Entry, crate::model::device::Device)> {
    let local = model.local_id();
    model
        .pending
        .entries
        .iter()
        .filter_map(|entry| Some((entry, model.pending.device(entry)?)))
        .filter(move |(_, device)| device.device_id.as_deref() != local)
}

pub static FOREIGN_REQUEST: Rule = Rule {
    code: Code("request-foreign"),
    modes: &["F37", "F02", "F12"],
    severity: Severity::Info,
    title: "other devices wait for approval",
    why: "A browser, an app or another machine asked to be paired. Who it is, only you can tell: `repair` never approves it.",
    mends: "Nothing by itself: `clawmend approve REQUEST_ID` gives it exactly what it asks for.",
    by_hand: "Once the CLI works again: openclaw devices list, then openclaw devices approve REQUEST_ID.",
    messages: &["pairing required", "device-ownership-mismatch"],
    run: |model, rule| {
        let waiting: Vec<_> = foreign(model)
            .filter(|(_, device)| !device.expired(model.facts.now_ms))
            .collect();
        let Some((first, _)) = waiting.first() else {
            return vec![];
        };
        let says = match waiting.len() {
            1 => "another device waits for approval".to_owned(),
            many => format!("{many} other devices wait for approval"),
        };
        let mend = Mend::ByHand(vec![format!(
            "if it is yours: clawmend approve {}",
            first.key
        )]);
        let mut finding = rule.finding(place_of(model.store, Part::Pending), says, mend);
        for (entry, device) in waiting.iter().take(NAMED) {
            let forged = entry
                .faults
                .iter()
                .any(|fault| matches!(fault, Fault::Key(_)));
            let line = request_line(device, model.facts.now_ms);
            let warning = if forged {
                "; its key does not hash to its id: do not approve it"
            } else {
                ""
            };
            finding = finding.seen(format!("{}: {line}{warning}", device.name()));
        }
        if waiting.len() > NAMED {
            finding = finding.seen(format!("and {} more", waiting.len() - NAMED));
        }
        vec![finding]
    },
};

pub static DUPLICATES: Rule = Rule {
    code: Code("devices-duplicate"),
    modes: &["F12", "F24"],
    severity: Severity::Info,
    title: "the same client is paired many times",
    why: "A client that makes a new identity at each start (some native apps do) leaves a paired device behind each time. They \
          do no harm by themselves; each still opens the gateway.",
    mends: "Nothing: which of them is alive only the last use tells, and that is often missing.",
    by_hand: "Once the CLI works again: openclaw devices list, then openclaw devices remove DEVICE_ID for those you do not know.",
    messages: &[],
    run: |model, rule| {
        let mut alike: Vec<(u64, &Entry)> = model
            .paired
            .entries
            .iter()
            .filter_map(|entry| Some((entry.likeness?, entry)))
            .collect();
        alike.sort_by_key(|(likeness, _)| *likeness);
        let mut many: Vec<&[(u64, &Entry)]> = alike
            .chunk_by(|one, other| one.0 == other.0)
            .filter(|group| group.len() > 1)
            .collect();
        if many.is_empty() {
            return vec![];
        }
        many.sort_by_key(|group| std::cmp::Reverse(group.len()));
        let extra: usize = many.iter().map(|group| group.len() - 1).sum();
        let says = format!(
            "{extra} paired devices look like another one of the same client, name and platform"
        );
        let mend = Mend::ByHand(vec![
            "clawmend devices    (shows all; remove what you do not know once the CLI works)"
                .into(),
        ]);
        let mut finding = rule.finding(place_of(model.store, Part::Paired), says, mend);
        for group in many.iter().take(NAMED) {
            if let Some(device) = group
                .first()
                .and_then(|(_, entry)| model.paired.device(entry))
            {
                finding = finding.seen(format!(
                    "{} times {}",
                    group.len(),
                    device.display_name.or(device.client_id).unwrap_or_default()
                ));
            }
        }
        vec![finding]
    },
};

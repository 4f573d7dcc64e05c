//! Other devices: worth knowing, never touched without being asked to.

use super::Rule;
use super::approvable::refusal;
use super::requests::request_line;
use crate::finding::{Code, Mend, Severity};
use crate::model::layout::Part;
use crate::model::store::Entry;
use crate::model::{Model, place_of};
use crate::secret::shape::Shape;

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
        let waiting: Vec<_> =
            foreign(model).filter(|(_, device)| !device.expired(model.facts.now_ms)).collect();
        if waiting.is_empty() {
            return vec![];
        }
        let able =
            |key: &str| refusal(model, key).is_none() && Shape::RequestId.fits(key, &|_| false);
        let says = match waiting.len() {
            1 => "another device waits for approval".to_owned(),
            many => format!("{many} other devices wait for approval"),
        };
        let first = waiting.iter().find(|(entry, _)| able(&entry.key));
        let mend = first.map_or(Mend::Nothing, |(entry, _)| {
            Mend::ByHand(vec![format!("if it is yours: clawmend approve {}", entry.key)])
        });
        let says = match (first, waiting.len()) {
            (Some(_), _) => says,
            (None, 1) => format!("{says}, and it must not be approved"),
            (None, _) => format!("{says}, and none of them may be approved"),
        };
        let mut finding = rule.finding(place_of(model.store, Part::Pending), says, mend);
        for (entry, device) in waiting.iter().take(NAMED) {
            let line = request_line(device, model.facts.now_ms);
            let warning = match refusal(model, &entry.key) {
                Some(why) => format!("; do not approve it: {}", why.says()),
                None => String::new(),
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
        let mut many: Vec<&[(u64, &Entry)]> =
            alike.chunk_by(|one, other| one.0 == other.0).filter(|group| group.len() > 1).collect();
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
            if let Some(device) = group.first().and_then(|(_, entry)| model.paired.device(entry)) {
                finding = finding.seen(format!(
                    "{} times {}",
                    group.len(),
                    device.shown_name().unwrap_or_default()
                ));
            }
        }
        vec![finding]
    },
};

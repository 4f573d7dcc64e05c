//! What a device was pinned to when it was approved: platform and device family.

use super::local::{local, paired_place};
use super::{Check, Edits, Stage};
use crate::finding::{Code, Severity};
use crate::model::Model;
use crate::model::device::Device;
use crate::model::scopes::Era;
use crate::plan::StoreKind;
use crate::secret::shape::Shape;

/// What `client` platforms stand for `process.platform` on this machine. Releases up to 2026.7 send
/// `process.platform`, later ones `macos` and `windows` too.
fn platforms(host: &str) -> &'static [&'static str] {
    match host {
        "darwin" => &["darwin", "macos"],
        "win32" => &["win32", "windows"],
        _ => &["linux"],
    }
}

fn families(host: &str) -> &'static [&'static str] {
    match host {
        "darwin" => &["mac"],
        "win32" => &["windows"],
        _ => &["linux"],
    }
}

fn normal(text: &Option<String>) -> String {
    text.as_deref().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Which pins of the CLI's record keep it out: `platform`, `deviceFamily`.
pub fn false_pins(model: &Model) -> Vec<&'static str> {
    let Some(device) = local(model) else { return vec![] };
    let host = model.facts.platform.as_str();
    let known = matches!(host, "linux" | "darwin" | "win32");
    // The newest live request says what a CLI claimed here.
    let claim = model.requests.iter().rev().find(|request| !request.expired(model.facts.now_ms));
    // A request that repeats the pin may be older than the change.
    let differs = |name, field: fn(&Device) -> &Option<String>, usual: &[&str]| {
        let pin = normal(field(device));
        let is_claimed = claim.is_none_or(|request| normal(field(request)) == pin);
        let is_usual = !known || usual.contains(&pin.as_str());
        let fits = pin.is_empty() || is_claimed && is_usual;
        (!fits).then_some(name)
    };
    let usual = match model.store {
        // The CLI of the file releases sends no family at all.
        StoreKind::Files => &[][..],
        StoreKind::Sqlite => families(host),
    };
    let platform = differs("platform", |device| &device.platform, platforms(host));
    let family = differs("deviceFamily", |device| &device.device_family, usual);
    platform.into_iter().chain(family).collect()
}

pub static PINNED: Check = Check {
    code: Code("cli-platform-pinned"),
    modes: &["F07"],
    severity: Severity::Blocks,
    title: "the CLI's record names another platform",
    why: "From 2026.2.26 a device must report the platform and device family that it was approved with. If it reports \
          another one (after an OS update, or because a node host shares the identity), it must be approved again. A record without them accepts every platform.",
    repair: "The platform or device family that does not fit is removed from the record, so the next connect is accepted.",
    by_hand: "Remove `platform` and `deviceFamily` from the record, or write what this machine reports.",
    messages: &[
        "device identity changed and must be re-approved",
        "metadata-upgrade",
        "pairing required",
        "device metadata change pending approval",
        "1008",
    ],
    is_of_device: true,
    stage: Some(Stage::Record),
    find_one: |model, check| {
        let device = local(model)?;
        let pins = false_pins(model);
        if pins.is_empty() {
            return None;
        }
        let says = format!("the CLI's record names another {}", pins.join(" and "));
        let told = |device: &Device| {
            let [platform, family] =
                [&device.platform, &device.device_family].map(|value| match value {
                    Some(value) => Shape::Platform.show(value),
                    None => "none".to_owned(),
                });
            format!("platform {platform}, deviceFamily {family}")
        };
        let finding = check
            .finding(paired_place(model), says)
            .repaired(format!("remove {} from the record", pins.join(" and ")))
            .seen("record", told(device))
            .seen("this machine", &model.facts.platform)
            .seen_each("its request", model.requests.last().map(told));
        // 2026.2.19 does not look at it: the same record locks out only after an update.
        Some(finding.rated_if(model.era == Era::Literal, Severity::Warning))
    },
    edits: Edits::Grant,
    ..Check::BASE
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::tests::healthy_model;

    #[test]
    fn a_request_that_repeats_a_foreign_pin_does_not_make_it_right() {
        let mut model = healthy_model();
        assert!(false_pins(&model).is_empty());
        let device = model.local.as_mut().unwrap();
        device.device_family = Some("Mac".into());
        let mut request = device.clone();
        request.asked_at_ms = Some(model.facts.now_ms);
        model.requests = vec![request];
        assert!(!model.requests[0].expired(model.facts.now_ms));
        assert_eq!(false_pins(&model), ["deviceFamily"]);
    }
}

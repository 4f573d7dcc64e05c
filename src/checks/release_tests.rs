//! What a release makes good by itself, and what it refuses: the pairing of a state that names its release.

use serde_json::{Value, json};

use super::tests::{ID, NOW, facts, healthy_model, text, with_config};
use super::*;
use crate::checks;
use crate::image::{Bytes, FileState, Images, Meta, Slot};
use crate::model::facts::Facts;

/// A captured healthy state of a release that left its name, changed.
fn named(release: &str, change: impl Fn(&mut Images)) -> Vec<Finding> {
    let mut images = healthy_model().images;
    change(&mut images);
    let config = format!(
        "{{meta:{{lastTouchedVersion:'{release}'}},gateway:{{mode:'local',auth:{{mode:'token',token:'some-long-token-0123456789'}}}}}}"
    );
    checks::diagnose(&with_config(images, &config, facts()))
}

/// A saved token that differs: up to 2026.2.12 refused, later made anew beside a shared one.
#[test]
fn what_the_releases_differ_in_is_said_once_and_a_refusal_that_was_seen_counts() {
    let healthy = healthy_model();
    let json = |part| -> Value { serde_json::from_str(&text(&healthy, part)).unwrap() };
    let (mut paired, mut saved) = (json(Part::Paired), json(Part::DeviceAuth));
    let record = paired.as_object_mut().unwrap().values_mut().next().unwrap();
    record.as_object_mut().unwrap().remove("approvedScopes");
    let request = json!({"r": {"requestId": "r", "deviceId": record["deviceId"], "publicKey": record["publicKey"], "ts": 1}});
    saved["tokens"]["operator"]["token"] = json!("another-token-of-another-day");
    let mut images = healthy.images;
    put(&mut images, Part::Paired, &paired.to_string());
    put(&mut images, Part::DeviceAuth, &saved.to_string());
    let mismatch = |images: &Images| {
        let config =
            "{gateway:{mode:'local',auth:{mode:'token',token:'some-long-token-0123456789'}}}";
        let facts = Facts { era: crate::model::scopes::Era::Literal, ..facts() };
        let found = checks::diagnose(&with_config(images.clone(), config, facts));
        let one = found.into_iter().find(|one| one.code.0 == "cli-token-mismatch").unwrap();
        let notes = one.evidence.iter().map(ToString::to_string);
        (one.severity, notes.filter(|note| note.ends_with(checks::RELEASES_DIFFER)).count())
    };
    assert_eq!(mismatch(&images), (Severity::Unchecked, 1));
    put(&mut images, Part::Pending, &request.to_string());
    assert_eq!(mismatch(&images), (Severity::Blocks, 0));
}

fn put(images: &mut Images, part: Part, text: &str) {
    let image = images.texts.get_mut(&Slot::File(part)).unwrap();
    let bytes = Bytes::new(text.as_bytes().to_vec());
    image.state = FileState::Present { bytes, meta: Meta::default() };
}

#[test]
fn a_store_that_the_gateway_takes_for_empty_keeps_nobody_out_who_needs_nothing_of_it() {
    let fails = |release: &str, part: Part, text: &str| {
        checks::fails(&named(release, |images| put(images, part, text)))
    };
    for release in ["2026.2.19", "2026.5.7", "2026.5.28"] {
        assert!(!fails(release, Part::Pending, "[]"), "{release}");
    }
    for text in ["{", ""] {
        assert!(!fails("2026.2.19", Part::Pending, text));
        assert!(fails("2026.5.28", Part::Pending, text));
        // Each command comes for the first time, and only up to 2026.4.28 that is enough for all of them.
        assert!(!fails("2026.4.15", Part::Paired, text));
        assert!(fails("2026.2.19", Part::Paired, text));
        assert!(fails("2026.5.28", Part::Paired, text));
    }
    assert!(!fails("2026.2.19", Part::Paired, "[]"));
    assert!(fails("2026.5.28", Part::Paired, "[]"));
}

#[test]
fn a_missing_token_waits_with_the_request_of_its_machine() {
    let rated = |release: &str, silent: bool| {
        let found = named(release, |images| {
            let text = text(&Model::of(images.clone(), facts()), Part::Paired);
            let mut paired: Value = serde_json::from_str(&text).unwrap();
            paired[ID]["tokens"] = json!({});
            put(images, Part::Paired, &paired.to_string());
            let request = json!({"r": {"requestId": "r", "deviceId": ID, "publicKey": paired[ID]["publicKey"],
                "role": "operator", "silent": silent, "ts": NOW}});
            put(images, Part::Pending, &request.to_string());
        });
        found.iter().find(|one| one.code.0 == "cli-token-missing").unwrap().severity
    };
    assert_eq!(rated("2026.5.28", false), Severity::Blocks);
    assert_eq!(rated("2026.4.15", false), Severity::Blocks);
    // Refused on 2026.4.29, 2026.5.4 and 2026.5.28; in on 2026.4.8.
    assert_eq!(rated("2026.5.28", true), Severity::Blocks);
    assert_eq!(rated("2026.4.15", true), Severity::Warning);
    assert_eq!(rated("2026.3.13", false), Severity::Warning);
    // Its `approvedScopes` may be of 2026.2.26, which asks for no role, or of a later one.
    assert_eq!(rated("", false), Severity::Unchecked);
}

/// OpenClaw replaces it, and up to 2026.4.28 pairs the new device by itself (seen on 2026.2.23 to 2026.4.8; refused on 2026.5.4).
#[test]
fn an_identity_that_is_replaced_keeps_nobody_out_where_the_new_one_is_paired() {
    let healthy = text(&healthy_model(), Part::Identity);
    let rated = |release: &str, text: &str| {
        let found = named(release, |images| put(images, Part::Identity, text));
        found.iter().find(|one| one.code.0 == "identity-malformed").unwrap().severity
    };
    for broken in
        ["{", &healthy.replace("BEGIN PUBLIC", "BEGIN"), &healthy.replace("deviceId", "id")]
    {
        assert_eq!(rated("2026.4.8", broken), Severity::Warning, "{broken}");
        assert_eq!(rated("2026.5.4", broken), Severity::Blocks, "{broken}");
    }
    let private = healthy.replace("BEGIN PRIVATE", "BEGIN");
    assert_eq!(rated("2026.4.8", &private), Severity::Blocks);
}

/// Refused on 2026.2.19 and 2026.5.28, though the device token of a CLI that is paired is right.
#[test]
fn another_token_in_the_shell_locks_a_paired_cli_out() {
    use crate::config::facts::Origin;
    let rated = |release: &str, place: Origin| {
        let mut facts = facts();
        let mut at = super::config::tests::variables(place);
        at.token = Some(crate::secret::Secret::new("a-token-of-old-times"));
        facts.config.variables = vec![at];
        let config = format!(
            "{{meta:{{lastTouchedVersion:'{release}'}},gateway:{{mode:'local',auth:{{mode:'token',token:'some-long-token-0123456789'}}}}}}"
        );
        let model = with_config(healthy_model().images, &config, facts);
        assert!(model.tokens_agree());
        let found = checks::diagnose(&model);
        found.iter().find(|one| one.code.0 == "env-overrides-token").unwrap().severity
    };
    for release in ["2026.2.19", "2026.3.13", "2026.4.15", "2026.5.28", "2026.7.1"] {
        assert_eq!(rated(release, Origin::Process), Severity::Blocks, "{release}");
        assert_eq!(rated(release, Origin::DotEnv), Severity::Blocks, "{release}");
    }
    // It shows the saved token first.
    assert_eq!(rated("2026.1.30", Origin::Process), Severity::Warning);
}

/// 2026.4.15 lets such a device in, also where a request of it waits.
#[test]
fn a_role_in_one_field_is_enough_from_2026_3_31_on() {
    let severity = |release: &str| {
        let found = named(release, |images| {
            let text = text(&Model::of(images.clone(), facts()), Part::Paired);
            let mut paired: Value = serde_json::from_str(&text).unwrap();
            paired[ID]["roles"] = json!([]);
            let request = json!({"r": {"requestId": "r", "deviceId": ID, "publicKey": paired[ID]["publicKey"],
                "role": "operator", "silent": false, "ts": NOW}});
            put(images, Part::Paired, &paired.to_string());
            put(images, Part::Pending, &request.to_string());
        });
        found.iter().find(|one| one.code.0 == "cli-role-missing").map(|one| one.severity)
    };
    for release in ["2026.3.31", "2026.4.15", "2026.5.28"] {
        assert_eq!(severity(release), Some(Severity::Warning), "{release}");
    }
    assert_eq!(severity("2026.3.13"), Some(Severity::Blocks));
}

#[test]
fn a_release_that_reads_scopes_alone_needs_them_there() {
    let narrowed = |release: &str, full: &str| {
        let found = named(release, |images| {
            let text = text(&Model::of(images.clone(), facts()), Part::Paired);
            let mut paired: Value = serde_json::from_str(&text).unwrap();
            paired[ID][full] = paired[ID]["approvedScopes"].clone();
            let narrow = if full == "scopes" { "approvedScopes" } else { "scopes" };
            paired[ID][narrow] = json!(["operator.read"]);
            put(images, Part::Paired, &paired.to_string());
        });
        found.iter().any(|one| one.code.0 == "cli-scopes-missing" && one.severity.fails())
    };
    assert!(narrowed("2026.2.19", "approvedScopes"));
    assert!(!narrowed("2026.5.28", "approvedScopes"));
    // A later release has written the list, and may be the one that runs.
    assert!(narrowed("2026.2.19", "scopes"));
    assert!(narrowed("2026.5.28", "scopes"));
    // Both lists are read, and the other one first up to 2026.4.2.
    assert!(narrowed("2026.4.1", "approvedScopes") && !narrowed("2026.4.1", "scopes"));
    assert!(!narrowed("2026.4.8", "approvedScopes") && narrowed("2026.4.8", "scopes"));
}

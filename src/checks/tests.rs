//! Findings and edits on captured and on made states: one plan, and nothing left to do after it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::checks;
use crate::finding::Remedy;
use crate::image::{Bytes, FileState, Images, Meta, Slot, TextImage};
use crate::model::facts::Facts;
use crate::simulate::{images_after, simulate};

pub(super) const NOW: i64 = 1_795_535_999_000;
pub(super) const ID: &str = "1d6d5ae03ccd0da69320b3ff7b661ae7e901d75f487945ee331e1669dc0e81bb";

pub(super) fn options() -> Options {
    Options::all([7; 32])
}

pub(crate) fn facts() -> Facts {
    Facts { now_ms: NOW, platform: "linux".into(), state_dir: "/s".into(), ..Facts::default() }
}

pub(super) fn images(files: &[(Part, Option<String>)]) -> Images {
    let mut images = Images::default();
    for part in Part::ALL {
        let Some(name) = part.file() else { continue };
        let text = files.iter().find(|(of, _)| *of == part).and_then(|(_, text)| text.clone());
        let state = match text {
            Some(text) => {
                FileState::Present { bytes: Bytes::new(text.into_bytes()), meta: Meta::default() }
            }
            None => FileState::Absent,
        };
        images
            .texts
            .insert(Slot::File(part), TextImage { path: format!("/s/{name}").into(), state });
    }
    images
}

pub(super) fn fixture(name: &str) -> Images {
    let read = |part: Part| {
        let path = format!(
            "{}/tests/fixtures/{name}/{}",
            env!("CARGO_MANIFEST_DIR"),
            part.file().unwrap()
        );
        (part, std::fs::read_to_string(path).ok())
    };
    images(&[Part::Paired, Part::Pending, Part::Identity, Part::DeviceAuth].map(read))
}

/// A state of a config and nothing else.
pub(crate) fn model_with_config(config: &str, facts: Facts) -> Model {
    with_config(images(&[]), config, facts)
}

pub(crate) fn with_config(mut images: Images, config: &str, mut facts: Facts) -> Model {
    let path = std::path::PathBuf::from("/s/openclaw.json");
    let bytes = Bytes::new(config.as_bytes().to_vec());
    let state = FileState::Present { bytes, meta: Meta::default() };
    images.texts.insert(Slot::Config(path.clone()), TextImage { path: path.clone(), state });
    facts.config.path = path;
    Model::of(images, facts)
}

/// A captured state after its repair, with a config that is right.
pub(crate) fn healthy_model() -> Model {
    let after = repaired(&fixture("2026.5.28-scope-upgrade-pending"));
    with_config(after.images, "{gateway:{mode:'local'}}", facts())
}

#[test]
fn a_key_of_later_releases_beside_a_record_of_no_named_release_is_no_health() {
    let mut model = healthy_model();
    let config = "{gateway:{mode:'local',webchat:{chatHistoryMaxChars:100}}}";
    let severity = |model: &Model| {
        let found = checks::diagnose(model);
        found.iter().find(|one| one.code.0 == "config-unknown-key").map(|one| one.severity)
    };
    assert_eq!(severity(&model), None);
    model = with_config(model.images, config, facts());
    assert_eq!(severity(&model), Some(Severity::Unchecked));
    // Where nothing tells the time, nothing is guessed.
    assert_eq!(severity(&model_with_config(config, facts())), None);
}

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
        (one.severity, notes.filter(|note| note == checks::RELEASES_DIFFER).count())
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
    assert_eq!(rated("2026.5.28", true), Severity::Warning);
    assert_eq!(rated("2026.3.13", false), Severity::Warning);
    // Its `approvedScopes` may be of 2026.2.26, which asks for no role, or of a later one.
    assert_eq!(rated("", false), Severity::Unchecked);
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
}

/// Diagnoses, plans, plays the plan through and diagnoses again.
pub(super) fn repaired(images: &Images) -> Model {
    let model = Model::of(images.clone(), facts());
    let plan = plan(&model, &options());
    let changes = simulate(&model, &plan).unwrap();
    let after = Model::of(images_after(images.clone(), changes.clone()), facts());
    let left: Vec<_> = checks::diagnose(&after)
        .into_iter()
        .filter(|finding| finding.severity.fails() || matches!(finding.remedy, Remedy::Repair(_)))
        .collect();
    assert!(left.is_empty(), "left after the repair: {left:#?}\n{plan:#?}");
    let again = super::plan(&after, &options());
    assert!(again.is_empty(), "a second run would do more: {again:#?}");
    after
}

pub(super) fn text(model: &Model, part: Part) -> String {
    String::from_utf8(model.images.file(part).unwrap().bytes().unwrap().to_vec()).unwrap()
}

#[test]
fn the_scope_upgrade_of_2026_5_28_is_granted_in_every_place() {
    let before = fixture("2026.5.28-scope-upgrade-pending");
    let findings = checks::diagnose(&Model::of(before.clone(), facts()));
    assert_eq!(findings[0].code.0, "cli-scopes-missing");
    let after = repaired(&before);
    let paired: Value = serde_json::from_str(&text(&after, Part::Paired)).unwrap();
    let cached: Value = serde_json::from_str(&text(&after, Part::DeviceAuth)).unwrap();
    let full = json!([
        "operator.admin",
        "operator.approvals",
        "operator.pairing",
        "operator.read",
        "operator.write"
    ]);
    for list in [
        &paired[ID]["scopes"],
        &paired[ID]["approvedScopes"],
        &paired[ID]["tokens"]["operator"]["scopes"],
        &cached["tokens"]["operator"]["scopes"],
    ] {
        assert_eq!(list, &full);
    }
    assert_eq!(
        paired[ID]["tokens"]["operator"]["token"], "Vrj1_j258mhmci7lPFTO1eXBa4DabTaqC4otZKUY1YM",
        "a token both sides agree on stays"
    );
    assert_eq!(text(&after, Part::Pending), "{}");
}

#[test]
fn the_first_contact_through_a_proxy_is_paired() {
    let after = repaired(&fixture("2026.2.19-pending-after-proxy"));
    let local = after.local.as_ref().unwrap();
    assert_eq!(local.client_id.as_deref(), Some("cli"));
    assert!(after.tokens_agree());
    assert!(
        !text(&after, Part::Paired).contains("approvedScopes"),
        "2026.2.19 does not know that field"
    );
}

#[test]
fn stores_that_are_no_objects_become_ones() {
    for (paired, pending) in [("[]", "[]"), ("", " \n"), ("null", "{}"), ("{\"a\":", "42")] {
        let mut before = fixture("2026.5.28-scope-upgrade-pending");
        for (part, text) in [(Part::Paired, paired), (Part::Pending, pending)] {
            before.texts.get_mut(&Slot::File(part)).unwrap().state = FileState::Present {
                bytes: Bytes::new(text.as_bytes().to_vec()),
                meta: Meta::default(),
            };
        }
        assert!(repaired(&before).local.is_some(), "{paired:?}");
    }
}

#[test]
fn a_foreign_request_is_left_alone() {
    let mut before = fixture("2026.2.19-pending-after-proxy");
    let other = r#"{"r1": {"requestId": "r1", "deviceId": "e4", "publicKey": "x", "role": "operator", "scopes": ["operator.admin"], "ts": 1}}"#;
    before.texts.get_mut(&Slot::File(Part::Pending)).unwrap().state =
        FileState::Present { bytes: Bytes::new(other.as_bytes().to_vec()), meta: Meta::default() };
    let after = repaired(&before);
    assert_eq!(text(&after, Part::Pending), other);
    assert_eq!(after.paired.entries.len(), 1);
}

#[test]
fn a_request_that_carries_another_key_lends_no_scope() {
    let mut before = fixture("2026.5.28-scope-upgrade-pending");
    let forged = json!({"r": {"requestId": "r", "deviceId": ID, "publicKey": "AAAA", "role": "operator", "roles": ["operator"], "scopes": ["operator.talk.secrets"], "ts": NOW}});
    before.texts.get_mut(&Slot::File(Part::Pending)).unwrap().state = FileState::Present {
        bytes: Bytes::new(forged.to_string().into_bytes()),
        meta: Meta::default(),
    };
    assert!(!text(&repaired(&before), Part::Paired).contains("talk.secrets"));
}

#[test]
fn codes_are_unique_and_kebab_case_and_every_check_explains_itself() {
    let mut codes: Vec<&str> = CHECKS.iter().map(|check| check.code.0).collect();
    assert!(codes.iter().all(|code| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), CHECKS.len());
    for check in CHECKS {
        let words = [check.why, check.title, check.repair];
        assert!(words.iter().all(|words| !words.is_empty()), "{}", check.code);
        for mode in check.modes {
            assert!(reports::failure_mode(mode).is_some(), "{}: {mode}", check.code);
        }
    }
}

fn scope_list() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => proptest::sample::subsequence(vec!["operator.admin", "operator.read", "operator.write", "operator.pairing", "operator.approvals", "operator.talk"], 0..6)
            .prop_map(|scopes| json!(scopes)),
        1 => Just(Value::Null),
        1 => Just(json!("operator.read")),
        1 => Just(json!([1, "operator.read"])),
    ]
}

proptest! {
    #[test]
    fn every_state_of_the_local_device_is_opened_by_one_plan(
        scopes in scope_list(), approved in proptest::option::of(scope_list()), token_scopes in scope_list(),
        same_token in any::<bool>(), revoked in any::<bool>(), shape in 0u8..6, times in any::<bool>(),
        platform in proptest::option::of("linux|win32|"), cached in 0u8..5, key in any::<bool>(),
        requests in 0u8..3, role in proptest::option::of("operator|node"),
    ) {
        let mut before = fixture("2026.5.28-scope-upgrade-pending");
        let public_key = if key { "w38JUJdQXhO-hDDzzpyanMgTyZ8XZCbQb1HHnFPRpoI" } else { "AAAA" };
        let mut record = json!({"deviceId": ID, "publicKey": public_key, "scopes": scopes, "x-unknown": {"kept": 1.50}});
        if let Some(approved) = approved { record["approvedScopes"] = approved; }
        if let Some(platform) = platform { record["platform"] = json!(platform); }
        if let Some(role) = role { record["role"] = json!(role); record["roles"] = json!([role]); }
        if times { record["createdAtMs"] = json!(1); record["approvedAtMs"] = json!(1); }
        let mut token = json!({"token": "t".repeat(43), "role": "operator", "scopes": token_scopes});
        if revoked { token["revokedAtMs"] = json!(5); }
        match shape {
            0 => {}
            1 => record["tokens"] = json!([]),
            2 => record["tokens"] = json!({"operator": null}),
            3 => record["tokens"] = json!({"node": {"token": "n"}}),
            _ => record["tokens"] = json!({"operator": token}),
        }
        let paired = json!({"other": {"deviceId": "other"}, ID: record});
        let auth = |token: &str| json!({"version": 1, "deviceId": ID, "tokens": {"operator": {"token": token, "role": "operator", "scopes": []}}}).to_string();
        let cached = match cached {
            0 => None,
            1 => Some("{}".to_owned()),
            2 => Some(json!({"version": 1, "deviceId": "other", "tokens": {}}).to_string()),
            3 => Some(json!({"version": 1, "deviceId": ID, "tokens": {}}).to_string()),
            _ => Some(auth(&if same_token { "t".repeat(43) } else { "u".repeat(43) })),
        };
        let pending: serde_json::Map<String, Value> = (0..requests).map(|n| (format!("r{n}"), json!({"requestId": format!("r{n}"), "deviceId": ID, "publicKey": public_key, "ts": NOW}))).collect();
        for (part, text) in [(Part::Paired, Some(paired.to_string())), (Part::DeviceAuth, cached), (Part::Pending, Some(Value::Object(pending).to_string()))] {
            before.texts.get_mut(&Slot::File(part)).unwrap().state = match text {
                Some(text) => FileState::Present { bytes: Bytes::new(text.into_bytes()), meta: Meta::default() },
                None => FileState::Absent,
            };
        }
        let after = repaired(&before);
        let paired: Value = serde_json::from_str(&text(&after, Part::Paired)).unwrap();
        prop_assert_eq!(paired[ID]["x-unknown"].to_string(), "{\"kept\":1.5}");
        prop_assert!(text(&after, Part::Paired).contains("1.5"));
    }
}

#[test]
fn no_debug_print_shows_a_secret() {
    const SHARED: &str = "shared-token-that-nobody-may-see";
    let mut images = fixture("2026.5.28-scope-upgrade-pending");
    let text = format!(
        "{{gateway: {{mode: 'local', bind: 'local', auth: {{token: '{SHARED}', password: ['{SHARED}']}}}}}}"
    );
    let path = std::path::PathBuf::from("/s/openclaw.json");
    let state = FileState::Present { bytes: Bytes::new(text.into_bytes()), meta: Meta::default() };
    images.texts.insert(Slot::Config(path.clone()), TextImage { path: path.clone(), state });
    let mut facts = facts();
    facts.config.path = path;
    let model = Model::of(images.clone(), facts);
    assert!(model.config.whole().is_some() && model.local.is_some());
    let plan = plan(&model, &options());
    let changes = simulate(&model, &plan).unwrap();
    assert!(plan.edits.len() > 2 && changes.files.len() > 2);
    let printed = format!("{model:?} {plan:?} {changes:?} {:?}", checks::diagnose(&model));
    let token = crate::model::device::token_from(&[7; 32]);
    let mut secrets = vec![SHARED.to_owned(), token.expose().to_owned()];
    for part in [Part::Paired, Part::Identity, Part::DeviceAuth] {
        let bytes = images.file(part).unwrap().bytes().unwrap();
        secrets.extend(texts(&serde_json::from_slice(bytes).unwrap()));
    }
    assert!(secrets.len() > 4);
    for secret in secrets {
        assert!(!printed.contains(&secret), "{} of {printed}", secret.len());
    }
}

/// The tokens and private keys in a document.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, value)| match (key.as_str(), value) {
                ("token" | "privateKeyPem", Value::String(text)) => {
                    vec![text.lines().nth(1).unwrap_or(text).to_owned()]
                }
                _ => texts(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

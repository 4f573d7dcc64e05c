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

pub(crate) fn images(files: &[(Part, Option<String>)]) -> Images {
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
    assert!(again.edits.is_empty(), "a second run would do more: {again:#?}");
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

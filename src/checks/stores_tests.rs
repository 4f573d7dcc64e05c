use serde_json::{Value, json};

use super::tests::{ID, facts, fixture, options, repaired, text};
use crate::finding::Severity;
use crate::image::{Bytes, FileState, Images, Meta, Slot};
use crate::model::Model;
use crate::model::layout::Part;
use crate::secret::mask;

const OTHER: &str = "7f3b6a1d6d5ae03ccd0da69320b3ff7b661ae7e901d75f487945ee331e1669dc";
const EVIL: &str = "e4113b6a1d6d5ae03ccd0da69320b3ff7b661ae7e901d75f487945ee331e1669";

/// The store of the fixture with one device more, and within that the record of another.
fn store(within: impl Fn(Value) -> (&'static str, Value)) -> (Images, String) {
    let images = fixture("2026.5.28-scope-upgrade-pending");
    let before = images.file(Part::Paired).unwrap().bytes().unwrap().to_vec();
    let mut all: Value = serde_json::from_slice(&before).unwrap();
    let evil = json!({"deviceId": EVIL, "publicKey": "k", "scopes": ["operator.admin"], "createdAtMs": 1, "approvedAtMs": 1,
        "tokens": {"operator": {"token": "stolen", "scopes": ["operator.admin"]}}});
    let (name, inner) = within(evil);
    all[OTHER] = json!({"deviceId": OTHER, "publicKey": "k", name: inner, "createdAtMs": 1, "approvedAtMs": 1});
    (images, serde_json::to_string_pretty(&all).unwrap())
}

fn with(mut images: Images, paired: &str) -> Images {
    let image = images.texts.get_mut(&Slot::File(Part::Paired)).unwrap();
    let FileState::Present { bytes, .. } = &mut image.state else { panic!() };
    *bytes = Bytes::new(paired.as_bytes().to_vec());
    images
}

fn devices(images: &Images) -> Vec<String> {
    let after: Value = serde_json::from_str(&text(&repaired(images), Part::Paired)).unwrap();
    after.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn an_object_within_a_damaged_record_is_no_device_after_a_repair() {
    let (images, paired) = store(|evil| ("nodeSurface", json!({ EVIL: evil })));
    let broken =
        paired.replace(&format!("\"deviceId\": \"{OTHER}\""), &format!("\"deviceId\" \"{OTHER}\""));
    assert_ne!(broken, paired);
    let images = with(images, &broken);
    assert_eq!(devices(&images), [ID]);
    // And it is said what was left out.
    let model = Model::of(images, facts());
    let finding = &crate::checks::diagnose(&model)
        .into_iter()
        .find(|finding| finding.code == crate::checks::stores::BROKEN.code)
        .unwrap();
    let evidence = format!("{:?}", finding.evidence);
    let (other, evil) = (mask(OTHER), mask(EVIL));
    assert!(evidence.contains(&other) && evidence.contains(&evil), "{evidence}");
    let plan = crate::checks::plan(&model, &options());
    assert!(plan.edits.iter().any(|edit| edit.why.contains(&evil)), "{plan:#?}");
}

#[test]
fn a_stray_brace_at_the_end_costs_no_record_and_makes_none() {
    let (images, paired) = store(|evil| (EVIL, evil));
    assert_eq!(devices(&with(images, &format!("{paired}}}"))), [ID, OTHER]);
}

#[test]
fn a_record_with_escaped_field_names_is_not_moved_out() {
    let (images, paired) = store(|_| ("n", json!(1)));
    let spelled = paired
        .replace("\"publicKey\"", "\"public\\u004bey\"")
        .replace("\"approvedAtMs\"", "\"\\u0061pprovedAtMs\"");
    assert_ne!(spelled, paired);
    let images = with(images, &spelled);
    assert_eq!(devices(&images), [ID, OTHER]);
    assert!(text(&repaired(&images), Part::Paired).contains("\\u0061pprovedAtMs"));
}

/// What a mode hides has the cure of the mode, and is told with it.
#[test]
fn what_cannot_be_read_because_of_its_mode_has_the_cure_of_the_mode() {
    use crate::checks::{around, diagnose, follow, stores};
    use crate::image::Unusable;
    use crate::model::facts::{Access, Facts, Trouble};
    let mut images = fixture("2026.5.28-scope-upgrade-pending");
    let image = images.texts.get_mut(&Slot::File(Part::Paired)).unwrap();
    image.state = FileState::Unusable(Unusable::Denied);
    let trouble = Access { path: "devices/paired.json".into(), trouble: Trouble::Mode(0) };
    let found = diagnose(&Model::of(images, Facts { access: vec![trouble], ..facts() }));
    let of = |code| found.iter().find(|one| one.code == code).unwrap();
    let (mode, hidden) = (of(around::MODE.code), of(stores::UNREADABLE.code));
    assert_eq!(mode.remedy, hidden.remedy);
    let causes = follow::causes(&found);
    let cause = causes.iter().find(|cause| cause.finding.code == mode.code).unwrap();
    assert!(cause.consequences.iter().any(|one| one.code == hidden.code));
    // A note asks for nothing.
    let is_note = |one: &&crate::finding::Finding| one.severity == crate::finding::Severity::Info;
    assert!(found.iter().filter(is_note).all(|one| one.remedy == crate::finding::Remedy::Nothing));
}

/// Seen on 2026.3.23, 2026.5.12 and 2026.6.9: `devices list` fails at the record of any device, and each connection at a request.
#[test]
fn what_the_gateway_itself_fails_at_blocks_and_goes() {
    let open = repaired(&fixture("2026.5.28-scope-upgrade-pending")).images;
    let paired: Value = serde_json::from_str(
        std::str::from_utf8(open.file(Part::Paired).unwrap().bytes().unwrap()).unwrap(),
    )
    .unwrap();
    let blocks = |images: &Images| {
        let found = crate::checks::diagnose(&Model::of(images.clone(), facts()));
        let blocks = found.iter().filter(|one| one.severity == Severity::Blocks);
        blocks.map(|one| one.code.0).collect::<Vec<_>>()
    };
    let change = |change: &dyn Fn(&mut Value)| {
        let mut all = paired.clone();
        change(&mut all);
        with(open.clone(), &all.to_string())
    };
    let other = |name: &str, value: Value| {
        let mut record = paired[ID].clone();
        record["deviceId"] = json!(OTHER);
        record[name] = value;
        record
    };
    let broken = [
        Value::Null,
        other("roles", json!("operator")),
        other("scopes", json!("operator.admin")),
        other("tokens", json!({"operator": null})),
    ];
    for record in broken {
        let images = change(&|all| all[OTHER] = record.clone());
        assert_eq!(blocks(&images), ["record-invalid"], "{record}");
        repaired(&images);
    }
    let fine = [("roles", json!("")), ("tokens", Value::Null), ("roles", json!(["operator"]))];
    for (name, value) in fine {
        let images = change(&|all| all[OTHER] = other(name, value.clone()));
        assert_eq!(blocks(&images), [""; 0], "{name}");
    }
    let mut images = open.clone();
    images.texts.get_mut(&Slot::File(Part::Pending)).unwrap().state =
        FileState::Present { bytes: Bytes::new(b"{\"x\": null}".to_vec()), meta: Meta::default() };
    assert_eq!(blocks(&images), ["record-invalid"]);
    repaired(&images);
    for scopes in [Value::Null, json!(5), json!([5])] {
        let images = change(&|all| all[ID]["tokens"]["operator"]["scopes"] = scopes.clone());
        assert_eq!(blocks(&images), ["cli-token-unreadable"], "{scopes}");
        repaired(&images);
    }
    let images = change(&|all| all[ID]["roles"] = json!("operator"));
    assert_eq!(blocks(&images), ["cli-role-missing"]);
    repaired(&images);
    let images = change(&|all| drop(all[ID].as_object_mut().unwrap().remove("deviceId")));
    assert_eq!(blocks(&images), ["record-invalid"]);
    repaired(&images);
    let images = change(&|all| all[ID]["tokens"]["node"] = Value::Null);
    assert_eq!(blocks(&images), ["cli-token-unreadable"]);
    repaired(&images);
}

/// Seen on 2026.5.12, 2026.5.28 and 2026.6.9: an identity that stays broken is a new device at each command, and is let in.
#[test]
fn a_broken_identity_is_let_in_anew_where_it_stays_broken() {
    let open = repaired(&fixture("2026.5.28-scope-upgrade-pending")).images;
    let rating = |release: &str, identity: &str, auth: &str| {
        let mut images = open.clone();
        images.texts.get_mut(&Slot::File(Part::Identity)).unwrap().state =
            FileState::Present { bytes: Bytes::new(identity.into()), meta: Meta::default() };
        let config = format!(
            "{{ meta: {{ lastTouchedVersion: '{release}' }}, gateway: {{ mode: 'local', {auth} }} }}"
        );
        let model = super::tests::with_config(images, &config, facts());
        let found = crate::checks::diagnose(&model).into_iter();
        found.filter(|one| one.code.0 == "identity-malformed").map(|one| one.severity).next()
    };
    let token = "auth: { mode: 'token', token: 'tttttttttttttttttttttttt' }";
    for (release, identity, severity) in [
        ("2026.5.12", "{", Severity::Warning),
        ("2026.6.9", "{\"version\": 2, \"publicKeyPem\": \"x\"}", Severity::Warning),
        ("2026.6.9", "{}", Severity::Blocks),
        ("2026.5.7", "{", Severity::Blocks),
    ] {
        assert_eq!(rating(release, identity, token), Some(severity), "{release} {identity}");
    }
}

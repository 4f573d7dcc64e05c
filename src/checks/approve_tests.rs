//! What an approval gives, and what a paired device keeps by it.

use serde_json::{Value, json};

use super::approvable::Unapprovable;
use super::approve::approve;
use super::plan;
use super::tests::{ID, facts, fixture, options};
use crate::image::{Bytes, FileState, Images, Meta, Slot};
use crate::model::Model;
use crate::model::layout::Part;
use crate::simulate::{images_after, simulate};

#[test]
fn approving_gives_a_foreign_device_what_it_asks_for_and_no_more() {
    let identity: Value = serde_json::from_str(include_str!(
        "../../tests/fixtures/2026.2.19-pending-after-proxy/devices/pending.json"
    ))
    .unwrap();
    let request = identity.as_object().unwrap().values().next().unwrap().clone();
    let id = request["requestId"].as_str().unwrap().to_owned();
    let mut before = fixture("2026.5.28-scope-upgrade-pending");
    let set = |before: &mut Images, request: &Value| {
        before.texts.get_mut(&Slot::File(Part::Pending)).unwrap().state = FileState::Present {
            bytes: Bytes::new(json!({ &id: request }).to_string().into_bytes()),
            meta: Meta::default(),
        };
    };
    set(&mut before, &request);
    let model = Model::of(before.clone(), facts());
    let plan = approve(&model, &id, &[1; 32]).unwrap();
    let after = images_after(before.clone(), simulate(&model, &plan).unwrap());
    let model = Model::of(after, facts());
    let device = model
        .paired
        .device(model.paired.entry(request["deviceId"].as_str().unwrap()).unwrap())
        .unwrap();
    assert_eq!(device.scopes.items(), ["operator.admin", "operator.approvals", "operator.pairing"]);
    assert!(model.pending.entries.is_empty());

    let refused = |change: &dyn Fn(&mut Value)| {
        let mut request = request.clone();
        change(&mut request);
        let mut before = before.clone();
        set(&mut before, &request);
        approve(&Model::of(before, facts()), &id, &[1; 32]).unwrap_err()
    };
    assert_eq!(refused(&|request| request["publicKey"] = json!("AAAA")), Unapprovable::Key);
    assert_eq!(refused(&|request| request["deviceId"] = json!(ID)), Unapprovable::Key);
    let as_node = |request: &mut Value| {
        request["role"] = json!("node");
        request["roles"] = json!(["node"]);
    };
    assert_eq!(refused(&as_node), Unapprovable::Scope("operator.admin".into()));
}

/// A paired record of a device with a true key, beside the fixture's own.
fn with_paired(record: Value) -> Images {
    let mut before = fixture("2026.5.28-scope-upgrade-pending");
    let text = json!({ record["deviceId"].as_str().unwrap(): record }).to_string();
    before.texts.get_mut(&Slot::File(Part::Paired)).unwrap().state =
        FileState::Present { bytes: Bytes::new(text.into_bytes()), meta: Meta::default() };
    before
}

/// The device of a request with a true key, after the request was approved.
fn approved(paired: Option<Value>, change: impl Fn(&mut Value)) -> Value {
    let pending =
        include_str!("../../tests/fixtures/2026.2.19-pending-after-proxy/devices/pending.json");
    let pending: Value = serde_json::from_str(pending).unwrap();
    let (id, request) = pending.as_object().unwrap().iter().next().unwrap();
    let request = &mut request.clone();
    change(request);
    let device = request["deviceId"].as_str().unwrap().to_owned();
    let mut before = match paired {
        None => fixture("2026.5.28-scope-upgrade-pending"),
        Some(mut record) => {
            record["deviceId"] = request["deviceId"].clone();
            record["publicKey"] = request["publicKey"].clone();
            with_paired(record)
        }
    };
    let text = json!({ id: request }).to_string();
    before.texts.get_mut(&Slot::File(Part::Pending)).unwrap().state =
        FileState::Present { bytes: Bytes::new(text.into_bytes()), meta: Meta::default() };
    let model = Model::of(before.clone(), facts());
    let plan = approve(&model, id, &[1; 32]).unwrap();
    let after = images_after(before.clone(), simulate(&model, &plan).unwrap());
    let bytes = after.file(Part::Paired).unwrap().bytes().unwrap().to_vec();
    serde_json::from_slice::<Value>(&bytes).unwrap()[device].clone()
}

#[test]
fn each_role_gets_a_token_with_its_own_scopes_alone() {
    let device = approved(None, |request| {
        request["role"] = json!("node");
        request["roles"] = json!(["node", "operator"]);
        request["scopes"] = json!(["operator.admin", "node.exec"]);
    });
    let tokens = device["tokens"].as_object().unwrap();
    assert_eq!(tokens.keys().collect::<Vec<_>>(), ["node", "operator"]);
    assert_eq!(tokens["node"]["scopes"], json!(["node.exec"]));
    assert_eq!(tokens["operator"]["scopes"], json!(["operator.admin"]));
    assert_ne!(tokens["node"]["token"], tokens["operator"]["token"]);
}

#[test]
fn a_request_with_roles_alone_leaves_the_tokens_of_other_roles() {
    for tokens in [json!({"node": {"token": "n", "role": "node", "scopes": []}}), json!({})] {
        let paired = json!({"scopes": [], "roles": ["node"], "tokens": tokens.clone(), "createdAtMs": 1, "approvedAtMs": 1});
        let device = approved(Some(paired), |request| {
            request.as_object_mut().unwrap().remove("role");
            request["roles"] = json!(["operator"]);
        });
        assert_eq!(device["tokens"]["node"], tokens.get("node").cloned().unwrap_or_default());
        assert_eq!(device["tokens"]["operator"]["role"], "operator");
        assert!(device["tokens"].get("").is_none(), "{device}");
    }
}

#[test]
fn a_token_that_was_never_revoked_is_kept_and_widened() {
    for revoked in [Value::Null, json!(0)] {
        let token = json!({"token": "kept", "role": "operator", "scopes": ["operator.read"], "revokedAtMs": revoked});
        let paired = json!({"scopes": [], "role": "operator", "tokens": {"operator": token}, "createdAtMs": 1, "approvedAtMs": 1});
        let device = approved(Some(paired), |_| {});
        assert_eq!(device["tokens"]["operator"]["token"], "kept", "{device}");
    }
    const OTHER: &str = "e4e8f6e8993a591f0f30069937aa51998f54cc5b0310f53c8979a0e125e0e8d5";
    const KEY: &str = "cLopRPTMgn4f7TMuF2O4PzMcpMU_Y-jE9USqu4aDnco";
    let paired = |revoked: Value| {
        let token = json!({"token": "t", "role": "operator", "revokedAtMs": revoked});
        json!({"deviceId": OTHER, "publicKey": KEY, "scopes": [], "tokens": {"operator": token}})
    };
    for (revoked, goes) in [(Value::Null, false), (json!(0), false), (json!(5), true)] {
        let before = with_paired(paired(revoked.clone()));
        let plan = plan(&Model::of(before, facts()), &options());
        let is_removed = |edit: &crate::plan::Edit| {
            matches!(&edit.target, crate::plan::Target::Record { key, .. } if key == OTHER)
                && edit.op == crate::plan::Op::Remove
        };
        assert_eq!(plan.edits.iter().any(is_removed), goes, "{revoked}");
    }
}

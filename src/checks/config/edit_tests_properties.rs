//! Whatever the gateway section holds: one plan repairs it, and nothing beside it changes.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::config::include::INCLUDE_KEY;

fn word() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("local")),
        Just(json!("remote")),
        Just(json!("loopback")),
        Just(json!("lan")),
        Just(json!("0.0.0.0")),
        Just(json!("undefined")),
        Just(json!("${X}")),
        Just(json!("https://claw.example.com")),
        Just(json!("ws://127.0.0.1:18789")),
        Just(json!("tttttttttttt")),
        Just(json!("token")),
        Just(json!(null)),
        Just(json!(7)),
        Just(json!(true)),
        Just(json!(["127.0.0.1"])),
        Just(json!({"source": "env", "id": "T"})),
        "[ -~]{0,6}".prop_map(|text| json!(text)),
    ]
}

fn section() -> impl Strategy<Value = Value> {
    let keys =
        ["mode", "bind", "trustedProxies", "port", "auth", "remote", "x", "token", INCLUDE_KEY];
    let inner = proptest::collection::btree_map(
        prop::sample::select(vec!["mode", "token", "password", "url"]),
        word(),
        0..4,
    );
    let value = prop_oneof![3 => word(), 2 => inner.prop_map(|map| json!(map))];
    let object = proptest::collection::btree_map(prop::sample::select(keys.to_vec()), value, 0..7);
    prop_oneof![9 => object.prop_map(|map| json!(map)), 1 => word()]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_gateway_section_is_repaired_by_one_plan(
        gateway in section(), host in any::<bool>(), token in any::<bool>(), other in word(),
        bind in proptest::option::of(prop::sample::select(vec!["loopback", "lan"])),
    ) {
        let config = json!({"gateway": gateway, "z": other});
        let before = serde_json::to_string_pretty(&config).unwrap();
        let mut before = images(&[(CONFIG, before.as_bytes())]);
        if !host { before.texts.remove(&Slot::File(Part::Paired)); }
        let mut asked = options();
        asked.new_token = token.then_some([9; 32]);
        asked.bind = bind;
        let (after, _) = repaired(&before, &facts(), &asked);
        let after: Value = json5::from_str(&text(&after, CONFIG)).unwrap();
        prop_assert_eq!(&after["z"], &config["z"]);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[{}\\[\\]:,'a-z/*\n\\\\]{0,40}") {
        let before = images(&[(CONFIG, text.as_bytes())]);
        let model = Model::of(before, facts());
        checks::diagnose(&model);
        simulate(&model, &plan(&model, &options())).unwrap();
    }
}

//! Config repairs from the text to the text: one plan, every comment where it was, nothing left.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::checks::{self, Options, plan};
use crate::config::facts::ConfigFacts;
use crate::finding::{Finding, Remedy};
use crate::image::{Bytes, FileState, Images, Meta, Slot, TextImage};
use crate::model::Model;
use crate::model::facts::Facts;
use crate::model::layout::Part;
use crate::plan::{Op, Plan};
use crate::simulate::{images_after, simulate};

const CONFIG: &str = "/s/openclaw.json";

fn facts() -> Facts {
    Facts {
        now_ms: 1_795_535_999_000,
        platform: "linux".into(),
        state_dir: "/s".into(),
        config: ConfigFacts { path: CONFIG.into(), ..ConfigFacts::default() },
        ..Facts::default()
    }
}

fn options() -> Options {
    Options { config: true, random: [7; 32], ..Options::default() }
}

fn image(path: &str, text: &[u8]) -> TextImage {
    TextImage {
        path: path.into(),
        state: FileState::Present { bytes: Bytes::new(text.to_vec()), meta: Meta::default() },
    }
}

/// These config files, on the host of a gateway that has a device.
fn images(files: &[(&str, &[u8])]) -> Images {
    let mut images = Images::default();
    let paired =
        br#"{"x": {"deviceId": "x", "publicKey": "k", "scopes": [], "createdAtMs": 1, "approvedAtMs": 1}}"#;
    images.texts.insert(Slot::File(Part::Paired), image("/s/devices/paired.json", paired));
    for (path, text) in files {
        images.texts.insert(Slot::Config(path.into()), image(path, text));
    }
    images
}

fn text(images: &Images, path: &str) -> String {
    let image = images.text(&Slot::Config(path.into())).unwrap();
    String::from_utf8(image.bytes().unwrap().to_vec()).unwrap()
}

fn of_the_config(model: &Model) -> Vec<Finding> {
    let all = checks::diagnose(model);
    all.into_iter()
        .filter(|finding| {
            let place = finding.place.to_string();
            place.contains("json") && !place.contains("devices") && !place.contains("identity")
        })
        .collect()
}

/// One plan, played through; a second one has to be empty.
fn repaired(before: &Images, facts: &Facts, options: &Options) -> (Images, Plan) {
    let model = Model::of(before.clone(), facts.clone());
    let plan = plan(&model, options);
    let changes = simulate(&model, &plan).unwrap();
    let after = images_after(before.clone(), changes.clone());
    let model = Model::of(after.clone(), facts.clone());
    let left: Vec<Finding> = of_the_config(&model)
        .into_iter()
        .filter(|finding| matches!(finding.remedy, Remedy::Repair(_)))
        .collect();
    assert!(left.is_empty(), "left: {left:#?}\n{plan:#?}");
    let mut again = options.clone();
    again.config_from = None;
    let again = checks::plan(&model, &again);
    assert!(again.edits.is_empty(), "a second plan: {again:#?}");
    (after, plan)
}

fn one(text_before: &str) -> String {
    let before = images(&[(CONFIG, text_before.as_bytes())]);
    text(&repaired(&before, &facts(), &options()).0, CONFIG)
}

const HEAD: &str = "// our gateway\n{\n  meta: { lastTouchedAt: '2026-11-24' }, // keep\n";

#[test]
fn every_lockout_of_the_config_is_repaired_in_place() {
    let cases = [
        (
            "gateway: { mode: 'local', bind: 'local' /* me */, port: 1, },",
            "gateway: { mode: 'local', bind: 'loopback' /* me */, port: 1, },",
        ),
        (
            "gateway: { mode: \"local\", bind: \"127.0.0.1\" },",
            "gateway: { mode: \"local\", bind: \"loopback\" },",
        ),
        (
            "gateway: { mode: 'local', bind: '0.0.0.0', auth: { token: 'tttttttt' } },",
            "gateway: { mode: 'local', bind: 'lan', auth: { token: 'tttttttt' }, controlUi: { allowedOrigins: ['http://localhost:18789', 'http://127.0.0.1:18789'] } },",
        ),
        (
            "gateway: { mode: 'local', bind: '0.0.0.0' },",
            "gateway: { mode: 'local', bind: 'loopback' },",
        ),
        (
            "gateway: { mode: 'local', bind: 'LAN', auth: { token: '${T}' } },",
            "gateway: { mode: 'local', bind: 'lan', auth: { token: '${T}' }, controlUi: { allowedOrigins: ['http://localhost:18789', 'http://127.0.0.1:18789'] } },",
        ),
        (
            "gateway: { mode: 'local', bind: '192.168.0.9' },",
            "gateway: { mode: 'local', bind: 'loopback' },",
        ),
        (
            "gateway: { mode: 'local', bind: null },",
            "gateway: { mode: 'local', bind: 'loopback' },",
        ),
        (
            "gateway: { bind: 'loopback' }, // no mode",
            "gateway: { bind: 'loopback', mode: 'local' }, // no mode",
        ),
        ("gateway: { mode: 'remote', port: 5 },", "gateway: { mode: 'local', port: 5 },"),
        ("gateway: { mode: 'server' },", "gateway: { mode: 'local' },"),
        (
            "gateway: { mode: 'local', trustedProxies: '127.0.0.1, 10.0.0.2' },",
            "gateway: { mode: 'local', trustedProxies: ['127.0.0.1', '10.0.0.2'] },",
        ),
        (
            "gateway: { mode: 'local', trustedProxies: '${PROXY}' },",
            "gateway: { mode: 'local', trustedProxies: ['${PROXY}'] },",
        ),
        (
            "gateway: { mode: 'local', port: 4242, remote: { url: 'https://claw.example.com' } },",
            "gateway: { mode: 'local', port: 4242, remote: { url: 'ws://127.0.0.1:4242' } },",
        ),
        (
            "gateway: { mode: 'local', remote: { url: 'http://127.0.0.1:18789' } },",
            "gateway: { mode: 'local', remote: { url: 'ws://127.0.0.1:18789' } },",
        ),
        (
            "gateway: { mode: 'local', tls: { enabled: true }, remote: { url: 'wss://claw.example.com' } },",
            "gateway: { mode: 'local', tls: { enabled: true }, remote: { url: 'wss://127.0.0.1:18789' } },",
        ),
        (
            "gateway: { mode: 'local', auth: { mode: 'token', token: 'a$${b}c' }, remote: { token: 'old' } },",
            "gateway: { mode: 'local', auth: { mode: 'token', token: 'a$${b}c' }, remote: { token: 'a$${b}c' } },",
        ),
        (
            "gateway: { mode: 'local', remote: { token: 'a$${b}c' }, auth: { /* ours */ mode: 'token' } },",
            "gateway: { mode: 'local', remote: { token: 'a$${b}c' }, auth: { /* ours */ mode: 'token', token: 'a$${b}c' } },",
        ),
    ];
    for (before, after) in cases {
        let (before, after) = (format!("{HEAD}  {before}\n}}\n"), format!("{HEAD}  {after}\n}}\n"));
        assert_eq!(one(&before), after);
    }
}

#[test]
fn the_token_that_only_the_cli_has_goes_where_the_gateway_looks() {
    let before = "{ gateway: { mode: 'local', remote: { token: 'tttttttt' } } }";
    let auth = |text: &str| -> Value {
        json5::from_str::<Value>(text).unwrap()["gateway"]["auth"].clone()
    };
    assert_eq!(auth(&one(before)), json!({"token": "tttttttt"}));
    // A variable's name is no token: the CLI's one stays where it is.
    let by_name = before.replace("tttttttt", "${T}");
    assert_eq!(one(&by_name), by_name);
    let files: [(&str, &[u8]); 2] = [
        (CONFIG, b"{ gateway: { mode: 'local', auth: { $include: './auth.json5' }, remote: { token: 'tttttttt' } } }"),
        ("/s/auth.json5", b"{ mode: 'token' } // ours\n"),
    ];
    let (after, _) = repaired(&images(&files), &facts(), &options());
    assert_eq!(text(&after, "/s/auth.json5"), "{ mode: 'token', token: 'tttttttt' } // ours\n");
    // A token that the user asks for is made where one is needed alone.
    let mut asked = options();
    asked.new_token = Some([9; 32]);
    let wide = before.replace("mode: 'local',", "mode: 'local', bind: 'lan',");
    let (after, _) = repaired(&images(&[(CONFIG, wide.as_bytes())]), &facts(), &asked);
    let after: Value = json5::from_str(&text(&after, CONFIG)).unwrap();
    assert_eq!(after["gateway"]["auth"]["token"], after["gateway"]["remote"]["token"]);
    assert_eq!(after["gateway"]["auth"]["token"].as_str().unwrap().len(), 43);
    let mut fixed = facts();
    fixed.config.read_only = Some("OPENCLAW_NIX_MODE".into());
    let (_, plan) = repaired(&images(&[(CONFIG, before.as_bytes())]), &fixed, &options());
    assert!(plan.edits.is_empty());
}

#[test]
fn what_is_right_stays_as_it_is() {
    for right in [
        "gateway: { mode: 'local', bind: 'loopback', auth: { mode: 'token', token: 'tttttttt' } },",
        "gateway: { mode: 'local', bind: 'tailnet', auth: { token: 'tttttttt' }, controlUi: { enabled: false } },",
        "gateway: { mode: 'local', remote: { url: 'ws://localhost:18789', token: '${T}' }, auth: { token: 'tttttttt' } },",
        "gateway: { mode: '${MODE}', bind: '${BIND}' },",
        "gateway: { mode: 'local', remote: { transport: 'ssh', url: 'ws://box.example:1', sshTarget: 'x' } },",
    ] {
        let before = format!("{HEAD}  {right}\n}}\n");
        assert_eq!(one(&before), before);
    }
}

#[test]
fn the_style_of_the_file_stays() {
    let crlf = "{\r\n\t\"gateway\": {\r\n\t\t\"bind\": \"local\" // x\r\n\t}\r\n}\r\n";
    assert_eq!(
        one(crlf),
        "{\r\n\t\"gateway\": {\r\n\t\t\"bind\": \"loopback\", // x\r\n\t\t\"mode\": \"local\"\r\n\t}\r\n}\r\n"
    );
    let bom = "\u{feff}{\n    \"gateway\": {\n        \"bind\": \"local\",\n        \"mode\": \"local\"\n    }\n}";
    assert_eq!(one(bom), bom.replace("\"local\",", "\"loopback\","));
    let minified =
        r#"{"meta":{"a":1},"gateway":{"mode":"remote","bind":"local","trustedProxies":"::1"}}"#;
    assert_eq!(
        one(minified),
        r#"{"meta":{"a":1},"gateway":{"mode":"local","bind":"loopback","trustedProxies":["::1"]}}"#
    );
    let empty: Value = serde_json::from_str(&one("{}")).unwrap();
    assert_eq!(empty, json!({"gateway": {"mode": "local"}}));
}

#[test]
fn a_config_of_one_megabyte_is_repaired_in_place() {
    let many: String =
        (0..20_000).map(|n| format!("    k{n}: 'a value of this config', // {n}\n")).collect();
    let before = format!(
        "{{\n  gateway: {{ mode: 'remote', bind: 'local' }},\n  agents: {{\n{many}  }},\n  x: 1,\n}}\n"
    );
    assert!(before.len() > 900_000);
    let after = one(&before);
    assert_eq!(
        after,
        before.replace("'remote'", "'local'").replace("bind: 'local'", "bind: 'loopback'")
    );
}

#[test]
fn each_file_of_a_split_config_gets_its_own_edit() {
    let root = b"{ // root\n  $include: './base.json5',\n  gateway: { $include: ['gw.json5', 'more/net.json5'], mode: 'remote' }, // end\n}\n";
    let files: [(&str, &[u8]); 4] = [
        (CONFIG, root),
        ("/s/base.json5", b"{ agents: {} /* base */ }\n"),
        (
            "/s/gw.json5",
            b"{ bind: 'local', // gw\n  auth: { token: 'tttttttt' }, remote: { token: 'other' } }\n",
        ),
        ("/s/more/net.json5", b"// net\n{ trustedProxies: '127.0.0.1', }\n"),
    ];
    let mut with_proxy = options();
    with_proxy.trust_proxy = vec!["10.0.0.5".parse().unwrap()];
    let (after, plan) = repaired(&images(&files), &facts(), &with_proxy);
    assert_eq!(plan.edits.len(), 4, "{plan:#?}");
    assert!(text(&after, CONFIG).contains("'more/net.json5'], mode: 'local' }, // end"));
    assert_eq!(text(&after, "/s/base.json5"), "{ agents: {} /* base */ }\n");
    assert_eq!(
        text(&after, "/s/gw.json5"),
        "{ bind: 'loopback', // gw\n  auth: { token: 'tttttttt' }, remote: { token: 'tttttttt' } }\n"
    );
    assert_eq!(
        text(&after, "/s/more/net.json5"),
        "// net\n{ trustedProxies: ['127.0.0.1', '10.0.0.5'], }\n"
    );
}

#[test]
fn nothing_is_changed_while_an_include_is_missing() {
    let before = images(&[(CONFIG, b"{ gateway: { $include: './gone.json5' } }")]);
    let (after, plan) = repaired(&before, &facts(), &options());
    assert!(plan.edits.is_empty());
    let findings = of_the_config(&Model::of(after, facts()));
    assert_eq!(findings[0].code.0, "include-broken");
    assert_eq!(findings.len(), 1, "{findings:#?}");
}

#[test]
fn a_pure_client_is_left_alone() {
    let config = b"{ gateway: { mode: 'remote', remote: { url: 'wss://user:pw@claw.example.com/x', token: 'tttttttt' } } }";
    let mut before = images(&[(CONFIG, config)]);
    before.texts.remove(&Slot::File(Part::Paired));
    let mut both = options();
    both.pairing = true;
    let (after, plan) = repaired(&before, &facts(), &both);
    assert!(plan.edits.is_empty());
    assert_eq!(text(&after, CONFIG).as_bytes(), config);
    let findings = checks::diagnose(&Model::of(after, facts()));
    let client = findings.iter().find(|finding| finding.code.0 == "remote-client").unwrap();
    assert!(format!("{client:?}").contains("run clawmend on the gateway host"));
    assert!(!format!("{findings:?}").contains("user:pw"));
    assert!(
        findings.iter().all(|finding| !matches!(finding.remedy, Remedy::Repair(_))),
        "{findings:#?}"
    );
}

#[test]
fn a_new_token_only_where_it_is_asked_for() {
    let before = "{ gateway: { mode: 'local', bind: '0.0.0.0', auth: { token: 'undefined' }, remote: { token: 'x' } } }";
    assert_eq!(one(before), before.replace("0.0.0.0", "loopback"));
    let images = images(&[(CONFIG, before.as_bytes())]);
    let mut asked = options();
    asked.new_token = Some([9; 32]);
    let (after, _) = repaired(&images, &facts(), &asked);
    let after: Value = json5::from_str(&text(&after, CONFIG)).unwrap();
    let token = after["gateway"]["auth"]["token"].as_str().unwrap();
    assert_eq!(token.len(), 43);
    assert_eq!(token, crate::model::device::token_from(&[9; 32]).expose());
    assert_eq!(after["gateway"]["remote"]["token"], token);
    assert_eq!(after["gateway"]["bind"], "lan");
}

#[test]
fn the_users_bind_goes_where_a_repair_is_needed() {
    let with = |text_before: &str, bind| {
        let before = images(&[(CONFIG, text_before.as_bytes())]);
        let mut asked = options();
        asked.bind = Some(bind);
        text(&repaired(&before, &facts(), &asked).0, CONFIG)
    };
    let invalid = "{ meta: { lastTouchedVersion: '2026.5.28' }, gateway: { mode: 'local', bind: 'local', auth: { token: 'tttttttt' } } }";
    assert_eq!(with(invalid, "lan"), invalid.replace("bind: 'local'", "bind: 'lan'"));
    let open = "{ gateway: { mode: 'local', bind: 'lan', auth: { mode: 'none' } } }";
    assert_eq!(with(open, "loopback"), open.replace("'lan'", "'loopback'"));
    let right = "{ meta: { lastTouchedVersion: '2026.5.28' }, gateway: { mode: 'local', bind: 'lan', auth: { token: 'tttttttt' } } }";
    assert_eq!(with(right, "loopback"), right);
}

#[test]
fn a_copy_takes_the_place_of_a_broken_config_and_is_repaired_too() {
    let before = images(&[(CONFIG, b"{ gateway: {")]);
    let (_, none) = repaired(&before, &facts(), &options());
    assert!(none.edits.is_empty(), "never silently");
    let copy =
        "{ meta: { lastTouchedAt: 'x' }, /* c */ gateway: { mode: 'local', bind: 'local' } }";
    let mut named = options();
    named.config_from = Some(("/s/openclaw.json.bak".into(), Bytes::new(copy.as_bytes().to_vec())));
    let (after, plan) = repaired(&before, &facts(), &named);
    assert!(matches!(plan.edits[0].op, Op::Rewrite(_)));
    assert!(simulate(&Model::of(before, facts()), &plan).unwrap().touch_config());
    assert_eq!(text(&after, CONFIG), copy.replace("bind: 'local'", "bind: 'loopback'"));
}

#[test]
fn a_config_that_is_managed_elsewhere_is_not_changed() {
    let before = images(&[(CONFIG, b"{ gateway: { mode: 'local', bind: 'local' } }")]);
    let mut fixed = facts();
    fixed.config.read_only = Some("OPENCLAW_NIX_MODE".into());
    let (_, plan) = repaired(&before, &fixed, &options());
    assert!(plan.edits.is_empty());
    let findings = of_the_config(&Model::of(before.clone(), fixed));
    let Remedy::ByHand(lines) = &findings[0].remedy else {
        panic!("{findings:#?}");
    };
    assert!(lines[1].text.contains("set `gateway.bind` to \"loopback\""), "{lines:?}");
    // A link into the Nix store.
    let mut link = facts();
    link.config.reals.insert(CONFIG.into(), PathBuf::from("/nix/store/x/openclaw.json"));
    let (_, plan) = repaired(&before, &link, &options());
    assert!(plan.edits.is_empty());
}

#[test]
fn a_text_that_cannot_be_edited_gets_its_lines_by_hand() {
    let twice = "{\n gateway: { mode: 'local' },\n gateway: { mode: 'local', bind: 'local' },\n}";
    assert_eq!(one(twice), twice);
    let findings = of_the_config(&Model::of(images(&[(CONFIG, twice.as_bytes())]), facts()));
    let Remedy::ByHand(lines) = &findings[0].remedy else {
        panic!("{findings:#?}");
    };
    assert!(lines.iter().any(|line| line.note.contains("(line 3)")), "{lines:?}");
}

#[path = "edit_tests_properties.rs"]
mod properties;

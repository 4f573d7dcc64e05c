//! Cases of reading the gateway section.
use super::*;
use crate::config::include::resolve;
use crate::image::{Bytes, FileState};
use std::path::Path;

fn read(config: &str) -> Gateway {
    let nothing = |path: &Path| (FileState::Absent, path.to_path_buf());
    let path = Path::new("/s/openclaw.json");
    Gateway::read(&resolve(path, Bytes::new(config.into()), &[], &nothing).unwrap())
}

#[test]
fn fields_say_what_stands_there() {
    let gateway = read(
        "{gateway: {mode: 'local', bind: 5, port: 0x4965, trustedProxies: '127.0.0.1',
          auth: {mode: null, token: 'a-token-of-32-characters-or-more', password: {source: 'env', id: 'PW'}},
          remote: {url: '${URL}', token: '$TOKEN', password: 12345},
          controlUi: {allowedOrigins: ['https://a', 'https://b'], allowInsecureAuth: true}}}",
    );
    assert_eq!(gateway.mode.value().map(String::as_str), Some("local"));
    assert!(
        matches!(&gateway.bind.field, Field::Wrong(wrong) if wrong.found == "a number" && wrong.shown == "****")
    );
    assert_eq!(gateway.port.value(), Some(&18789));
    assert!(
        matches!(&gateway.trusted_proxies.field, Field::Wrong(wrong) if wrong.shown == "\"127.0.0.1\"")
    );
    assert!(matches!(&gateway.auth_mode.field, Field::Wrong(wrong) if wrong.found == "null"));
    assert!(
        matches!(&gateway.auth_password.field, Field::Reference(Reference::Secret(found)) if found.id == "PW")
    );
    assert_eq!(
        gateway.remote_url.field,
        Field::Reference(Reference::Variables(vec!["URL".into()]))
    );
    assert!(matches!(&gateway.remote_token.field, Field::Reference(Reference::Secret(_))));
    assert!(gateway.tailscale_mode.is_missing());
    assert_eq!(gateway.control_ui_allowed_origins.value().unwrap().len(), 2);
    assert_eq!(gateway.control_ui_allow_insecure_auth.value(), Some(&true));
    assert_eq!(gateway.bind.owner.path, ["gateway", "bind"]);
}

#[test]
fn debug_output_holds_no_secret() {
    let gateway = read(
        "{gateway: {auth: {token: 'hunter2hunter2hunter2', password: 'hunter2'}, remote: {password: 7531, token: {a: 'hunter2'}}}}",
    );
    let debug = format!("{gateway:?}");
    assert!(!debug.contains("hunter2") || debug.contains("****"), "{debug}");
    assert!(!debug.contains("hunter2hunter2"));
    assert!(!debug.contains("7531"));
    assert!(!debug.contains("\"hunter2\""));
}

#[test]
fn a_section_of_another_type_leaves_its_fields_missing() {
    for config in ["{}", "{gateway: null}", "{gateway: 'x'}", "[]", "1"] {
        let gateway = read(config);
        assert!(gateway.mode.is_missing(), "{config}");
    }
}

#[test]
fn ports_are_whole_and_in_range() {
    let port = |text: &str| read(&format!("{{gateway: {{port: {text}}}}}")).port.value().copied();
    assert_eq!(port("18789."), Some(18789));
    for text in ["0", "-1", "65536", "1.5", "'18789'", "Infinity", "true"] {
        assert_eq!(port(text), None, "{text}");
    }
}

#[test]
fn misplaced_keys_and_the_stamp_are_seen() {
    let gateway = read("{gateway: {token: 'x', bind: 'lan', what: 1}}");
    assert!(gateway.misplaced_token.value().is_some());
    assert!(has_meta(&serde_json::json!({"meta": {"lastTouchedAt": "2026"}})));
    assert!(!has_meta(&serde_json::json!({"meta": {"lastTouchedAt": 1}})));
}

#[test]
fn what_decides_who_comes_in_is_typed() {
    let gateway = read(
        "{hooks: {enabled: true, token: 'hook-token'}, gateway: {port: 0, customBindHost: '10.0.0.1',
          auth: {token: {source: 'store', provider: 'default', id: 'GATEWAY_AUTH_TOKEN'}},
          roles: {default: 'guest', definitions: {owner: {}, viewer: {}}},
          nodes: {pairing: {autoApproveLocal: false}}, tls: {enabled: true}}}",
    );
    assert_eq!(gateway.hooks_token.value().map(Secret::expose), Some("hook-token"));
    assert_eq!(gateway.hooks_token.owner.path, ["hooks", "token"]);
    assert!(gateway.port.value().is_none());
    assert!(
        matches!(&gateway.auth_token.field, Field::Reference(Reference::Secret(found)) if found.source == "store" && !found.is_text)
    );
    assert_eq!(gateway.roles_default.value().map(String::as_str), Some("guest"));
    assert_eq!(gateway.roles_definitions.value().unwrap(), &["owner", "viewer"]);
    assert_eq!(gateway.nodes_pairing_auto_approve_local.value(), Some(&false));
    assert_eq!(gateway.tls_enabled.value(), Some(&true));
}

//! What each release takes in its config, and what it refuses.

use super::*;
use serde_json::json;

fn refused(release: &str, config: Value) -> Vec<String> {
    let schema = Schema::of(Release::parse(release).unwrap()).unwrap();
    let say = |one: Refused| match one.fault {
        Violation::Unknown { known: None } => format!("{}: unknown", one.path.join(".")),
        Violation::Unknown { known: Some((first, last)) } => {
            format!("{}: {first} to {last}", one.path.join("."))
        }
        Violation::Value { wanted } => format!("{}: {wanted}", one.path.join(".")),
        Violation::Missing => format!("{}: missing", one.path.join(".")),
    };
    schema.refused(&config).into_iter().map(say).collect()
}

#[test]
fn the_table_is_read_whole() {
    let table = TABLE.as_ref().unwrap();
    assert!(KNOWN.len() >= 16 && table.keys.len() > 100);
}

#[test]
fn what_real_gateways_refused_is_refused() {
    // Seen: none of these starts.
    assert_eq!(
        refused("2026.9.6", json!({"gateway": {"localExec": 1}})),
        ["gateway.localExec: unknown"]
    );
    assert_eq!(refused("2026.9.6", json!({"mode": "local"})), ["mode: unknown"]);
    let cron = |key: &str| refused("2026.9.6", json!({"cron": {key: true}}));
    assert_eq!(cron("enabledd"), ["cron.enabledd: unknown"]);
    assert_eq!(cron("enabled"), Vec::<String>::new());
    assert!(
        refused("2026.5.28", json!({"gateway": {"roles": {"default": "a", "definitions": {}}}}))[0]
            .starts_with("gateway.roles: 2026.")
    );
    for release in ["2026.5.28", "2026.9.6"] {
        let found = refused(release, json!({"logging": {"level": "loud"}}));
        assert!(found[0].starts_with("logging.level: one of silent, fatal"), "{found:?}");
    }
    assert_eq!(
        refused("2026.9.6", json!({"gateway": {"trustedProxies": "127.0.0.1"}})),
        ["gateway.trustedProxies: a list"]
    );
    // What the releases before it wrote into every config.
    let touched = json!({"meta": {"lastTouchedAt": "2026-07-01T00:00:00Z"}});
    assert_eq!(refused("2026.7.1", touched.clone()), [""; 0]);
    assert!(refused("2026.7.2-beta.5", touched)[0].starts_with("meta.lastTouchedAt: 2026."));
}

/// Seen on 2026.5.12 and 2026.9.3: none of these starts.
#[test]
fn the_other_sections_are_checked_to_their_depth() {
    for (section, says) in [
        (json!({"session": {"scope": "everyone"}}), "session.scope: one of per-sender, global"),
        (json!({"cron": {"enabled": "true"}}), "cron.enabled: true or false"),
        (json!({"env": {"vars": {"X": 5}}}), "env.vars.X: a text"),
        (json!({"mcp": {"servers": {"x": "npx"}}}), "mcp.servers.x: an object"),
        (json!({"update": {"channel": "nightly"}}), "update.channel: one of"),
        (json!({"agents": {"defaults": {"workspace": 5}}}), "agents.defaults.workspace: a text"),
    ] {
        for release in ["2026.5.12", "2026.9.3"] {
            let found = refused(release, section.clone());
            assert!(found.iter().any(|one| one.starts_with(says)), "{release}: {found:?}");
        }
    }
    let color = json!({"browser": {"profiles": {"w": {"color": "#GGG"}}}});
    assert!(refused("2026.5.12", color)[0].starts_with("browser.profiles.w.color: a text"));
    let list = json!({"agents": {"list": [{"id": "main", "thinking": "adaptive"}]}});
    assert_eq!(refused("2026.5.12", list), ["agents.list.0.thinking: unknown"]);
    // What a plugin says of its own settings is not in the table.
    let of_plugins = json!({"channels": {"mine": {"x": 1}}, "plugins": {"entries": {"x": {"config": {"y": 1}}}}});
    assert_eq!(refused("2026.9.3", of_plugins), [""; 0]);
}

/// Seen on 2026.3.13, 2026.5.27 and 2026.6.35: none of these starts, and those with the record of an install do.
#[test]
fn channels_plugins_and_forms_are_checked() {
    let telegram = |held: Value| json!({"channels": {"telegram": held}});
    let token = telegram(json!({"token": "1:a"}));
    for release in ["2026.3.13", "2026.5.27", "2026.6.35"] {
        assert!(refused(release, token.clone())[0].starts_with("channels.telegram.token: "));
        assert_eq!(
            refused(release, telegram(json!({"botToken": "1:a", "allowFrom": ["1"]}))),
            [""; 0]
        );
    }
    let from = telegram(json!({"allowFrom": "123"}));
    assert_eq!(refused("2026.6.35", from), ["channels.telegram.allowFrom: a list"]);
    let slot = json!({"plugins": {"slots": {"foo": "x"}}});
    assert_eq!(refused("2026.5.27", slot), ["plugins.slots.foo: unknown"]);
    let installs = json!({"plugins": {"installs": {"x": {"source": "npm"}}}});
    assert_eq!(refused("2026.6.35", installs), [""; 0]);
    let bindings = json!({"bindings": [{"agentId": "main"}]});
    assert_eq!(refused("2026.6.35", bindings), ["bindings.0.match: missing"]);
}

/// A thousand faults beside it are not looked at: as many releases are asked about one value.
#[test]
fn what_is_asked_of_one_path_is_said_of_it_alone() {
    let config = json!({
        "gateway": {"port": "x", "bind": 1, "trustedProxies": [1, 2, 3]},
        "agents": {"list": [{"id": 1}, {"id": "a", "agentDir": 1, "thinking": 1}]},
    });
    let schema = Schema::of(Release::parse("2026.5.12").unwrap()).unwrap();
    let toward = |path: &str| {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        let refused = schema.refused_toward(&config, &path);
        refused.into_iter().map(|one| one.path.join(".")).collect::<Vec<_>>()
    };
    assert!(schema.refused(&config).len() >= 6);
    assert_eq!(toward("gateway.port"), ["gateway.port"]);
    assert_eq!(toward("agents.list.1.agentDir"), ["agents.list.1.agentDir"]);
    assert_eq!(toward("agents.list.7.id"), [""; 0]);
    assert_eq!(toward("agents.list.x"), [""; 0]);
}

#[test]
fn a_start_repairs_old_names_only_where_nothing_else_is_wrong() {
    let repairs = |release: &str, config: Value| {
        let schema = Schema::of(Release::parse(release).unwrap()).unwrap();
        let refused = schema.refused(&config);
        assert!(!refused.is_empty(), "{release}");
        schema.start_repairs(&config, &refused, false)
    };
    let old = json!({"gateway": {"reload": {"mode": "hot"}, "nodes": {"denyCommands": ["a"]}, "port": 0}});
    assert!(repairs("2026.9.6", old.clone()));
    let touched = json!({"meta": {"lastTouchedAt": 1}});
    assert!(repairs("2026.8.2", touched.clone()) && !repairs("2026.7.2-beta.5", touched));
    assert!(!repairs("2026.9.6", json!({"gateway": {"reload": {"mode": "hot"}, "localExec": 1}})));
    assert!(!repairs("2026.9.6", json!({"gateway": {"reload": {"mode": "loud"}}})));
    assert!(!repairs("2026.5.28", json!({"gateway": {"port": 0}})));
    // Seen on 2026.9.6: only a number out of the range is taken out.
    assert!(repairs("2026.9.6", json!({"gateway": {"port": 70000}})));
    assert!(!repairs("2026.9.6", json!({"gateway": {"port": 18789.5}})));
}

#[test]
fn what_real_gateways_took_is_taken() {
    let config = json!({
        "gateway": {"mode": "local", "port": 18789, "bind": "loopback", "auth": {"mode": "token", "token": "${TOKEN}"}, "trustedProxies": ["127.0.0.1"]},
        "logging": {"level": "debug"}, "channels": {"anything": {"at": "all"}}, "meta": {"lastTouchedVersion": "2026.9.6"},
    });
    for release in ["2026.5.28", "2026.8.2", "2026.9.6", "2026.12.1"] {
        assert_eq!(refused(release, config.clone()), [""; 0], "{release}");
    }
    assert_eq!(
        refused(
            "2026.9.6",
            json!({"gateway": {"auth": {"token": {"source": "store", "provider": "default", "id": "A"}}}})
        ),
        [""; 0]
    );
    assert_eq!(refused("2026.9.6", json!([])), [""; 0]);
}

/// 2026.9.6 was seen not to start with an id in small letters, a key more, and no provider.
#[test]
fn a_reference_to_a_secret_has_a_grammar() {
    let takes = |source: &str, provider: &str, id: &str| {
        let token = json!({"source": source, "provider": provider, "id": id});
        refused("2026.9.6", json!({"gateway": {"auth": {"token": token}}})).is_empty()
    };
    for (source, id) in [
        ("env", "A_1"),
        ("file", "/a/b~1c~0"),
        ("file", "/"),
        ("file", "value"),
        ("exec", "vault/a#b"),
        ("store", "A"),
        ("env", "${X}"),
    ] {
        assert!(takes(source, "default", id), "{source} {id}");
    }
    for (source, id) in [
        ("env", "lab_set"),
        ("env", ""),
        ("env", "_A"),
        ("file", "a"),
        ("file", "/a~2"),
        ("file", "/a~"),
        ("exec", "/a"),
        ("exec", "a b"),
        ("web", "A"),
    ] {
        assert!(!takes(source, "default", id), "{source} {id}");
    }
    assert!(!takes("env", "Default", "A") && !takes("env", "", "A"));
    let token = json!({"source": "env", "provider": "default", "id": "A", "x": 1});
    assert_eq!(refused("2026.9.6", json!({"gateway": {"auth": {"token": token}}})).len(), 1);
}

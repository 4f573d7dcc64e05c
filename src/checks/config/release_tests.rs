//! What depends on the release that runs, and on whether a file names it.

use super::tests::*;
use crate::checks::diagnose;
use crate::checks::tests::{healthy_model, images, with_config};
use crate::config::facts::{Origin, TlsFile, TlsKind, Variables};
use crate::finding::{Remedy, Severity};
use crate::model::facts::Facts;

pub(super) type Set = fn(&mut Variables);

/// Each pair: where a variable is set, and to what.
pub(super) fn set_in(set: &[(Origin, Set)]) -> Facts {
    let all = set.iter().map(|(place, set)| {
        let mut at = variables(*place);
        set(&mut at);
        at
    });
    let mut facts = facts();
    facts.config.variables = all.collect();
    facts
}

pub(super) fn rated(text: &str, facts: Facts, code: &str) -> Option<Severity> {
    let findings = found_with(Some(text), facts);
    findings.iter().find(|one| one.code.0 == code).map(|one| one.severity)
}

pub(super) fn named(release: &str, gateway: &str) -> String {
    format!(
        "{{ meta: {{ lastTouchedVersion: '{release}' }}, gateway: {{ mode: 'local', {gateway} }} }}"
    )
}

#[test]
fn an_address_for_a_bind_blocks_only_where_the_release_does_not_map_it() {
    let rating = |release: &str, rest: &str| {
        let text =
            format!("{{meta:{{lastTouchedVersion:'{release}'}},gateway:{{mode:'local',{rest}}}}}");
        the(&found_with(Some(&text), facts()), "gateway-bind-invalid").severity
    };
    let guarded = "bind:'0.0.0.0',auth:{token:'some-long-token-0123456789'}";
    for release in ["2026.3.13", "2026.4.5"] {
        assert_eq!(rating(release, guarded), Severity::Blocks, "{release}");
    }
    for release in ["2026.3.28", "2026.4.2", "2026.4.7", "2026.4.15", "2026.4.29"] {
        assert_eq!(rating(release, guarded), Severity::Info, "{release}");
    }
    assert_eq!(rating("2026.5.2", guarded), Severity::Blocks);
    assert_eq!(rating("2026.9.6", guarded), Severity::Info);
    assert_eq!(rating("2026.9.6", "bind:'localhost'"), Severity::Info);
    assert_eq!(rating("2026.5.28", guarded), Severity::Blocks);
    assert_eq!(rating("2026.7.1", guarded), Severity::Blocks);
    assert_eq!(rating("2026.9.6", "bind:'0.0.0.0'"), Severity::Blocks);
    assert_eq!(rating("2026.9.6", "bind:'local'"), Severity::Blocks);
    // One unknown key besides, and the start repairs nothing.
    assert_eq!(rating("2026.9.6", "bind:'localhost',localExec:true"), Severity::Blocks);
}

#[test]
fn a_key_that_the_release_may_know_after_all_is_unchecked() {
    let rating = |release: &str, rest: &str| {
        let text =
            format!("{{meta:{{lastTouchedVersion:'{release}'}},gateway:{{mode:'local'}},{rest}}}");
        let found = found_with(Some(&text), facts());
        found.iter().find(|one| one.code.0 == "config-unknown-key").map(|one| one.severity)
    };
    assert_eq!(rating("2026.9.6", "cron:{enabled:true}"), None);
    assert_eq!(rating("2026.9.6", "cron:{enabledd:true}"), Some(Severity::Blocks));
    // No release that is known by that name, between two of which the later one knows the key.
    assert_eq!(rating("2026.6.3", "tui:{}"), Some(Severity::Unchecked));
    assert_eq!(rating("2026.6.5", "tui:{}"), Some(Severity::Blocks));
    // A start from 2026.8.1 on renames keys of which there is no list here.
    assert_eq!(rating("2026.7.1", "messages:{tts:{}}"), None);
    assert_eq!(rating("2026.9.6", "messages:{tts:{}}"), Some(Severity::Unchecked));
}

#[test]
fn without_a_token_the_earliest_gateways_do_not_start() {
    let says = |release: &str, auth: &str| {
        let text = format!(
            "{{meta:{{lastTouchedVersion:'{release}'}},gateway:{{mode:'local',auth:{auth}}}}}"
        );
        codes(&found_with(Some(&text), facts())).contains(&"auth-bind-conflict")
    };
    assert!(says("2026.2.9", "{token:'   '}"));
    assert!(says("2026.2.9", "{}") && says("2026.1.30", "{mode:'token'}"));
    assert!(!says("2026.2.9", "{token:'some-long-token-0123456789'}"));
    assert!(!says("2026.2.9", "{mode:'password',password:'some-word-0123456789'}"));
    assert!(!says("2026.2.19", "{}"));
}

#[test]
fn a_key_that_no_release_with_files_knows_blocks_without_a_name() {
    let config = "{ gateway: { mode: 'local', roles: { default: 'a', definitions: { a: {} } } } }";
    let found = diagnose(&with_config(healthy_model().images, config, facts()));
    assert_eq!(the(&found, "config-unknown-key").severity, Severity::Blocks);
}

/// 2026.4.15 takes a token that is a reference, 2026.2.19 does not; 2026.9.1 takes 127.0.0.1 for loopback, 2026.5.28 does not.
#[test]
fn what_some_release_takes_is_no_lockout_where_no_release_is_named() {
    let early = Facts { era: crate::model::scopes::Era::Literal, ..facts() };
    let reference =
        "auth: { mode: 'token', token: { source: 'env', provider: 'default', id: 'X' } }";
    for (gateway, code) in
        [(reference, "gateway-value-invalid"), ("bind: '127.0.0.1'", "gateway-bind-invalid")]
    {
        let named = format!(
            "{{ meta: {{ lastTouchedVersion: '2026.2.19' }}, gateway: {{ mode: 'local', {gateway} }} }}"
        );
        assert_eq!(the(&found_with(Some(&named), facts()), code).severity, Severity::Blocks);
        let unnamed = format!("{{ gateway: {{ mode: 'local', {gateway} }} }}");
        let findings = found_with(Some(&unnamed), early.clone());
        assert!(
            format!("{:?}", the(&findings, code).evidence)
                .contains("no file names the OpenClaw release")
        );
        assert_eq!(
            the(&found_with(Some(&unnamed), early.clone()), code).severity,
            Severity::Unchecked
        );
    }
}

/// Up to 2026.5.12 a gateway without a secret compares the word (2026.4.15: no start), later ones the address (2026.5.28);
/// 2026.4.5 has no default of its own for containers, 2026.4.7 has (by their code).
#[test]
fn what_a_bind_needs_goes_by_the_release() {
    use Severity::{Blocks, Unchecked, Warning};
    let rating = |release: &str, gateway: &str, container: bool| {
        let text = format!(
            "{{meta:{{lastTouchedVersion:'{release}'}},gateway:{{mode:'local',{gateway}}}}}"
        );
        let mut facts = facts();
        facts.config.container = container;
        facts.config.addresses = Some(["127.0.0.1".parse().unwrap()].into());
        let found = found_with(Some(&text), facts);
        let says = "no shared token or password is set";
        found.iter().find(|one| one.says.contains(says)).map(|one| one.severity)
    };
    let bare = |release, container| rating(release, "auth:{mode:'none'}", container);
    for release in ["2026.2.19", "2026.3.13", "2026.4.5"] {
        assert_eq!(bare(release, true), None, "{release}");
    }
    for release in ["2026.4.7", "2026.4.15", "2026.5.28", "2026.9.6"] {
        assert_eq!(bare(release, true), Some(Blocks), "{release}");
        assert_eq!(bare(release, false), None, "{release}");
        let served = "auth:{mode:'none'},tailscale:{mode:'serve'}";
        assert_eq!(rating(release, served, true), None, "{release}");
    }
    for bind in ["bind:'custom',customBindHost:'127.0.0.1'", "bind:'auto'", "bind:'tailnet'"] {
        let rating = |release, auth| rating(release, &format!("{bind},auth:{auth}"), false);
        for release in ["2026.2.19", "2026.4.15", "2026.5.12"] {
            assert_eq!(rating(release, "{mode:'none'}"), Some(Blocks), "{release} {bind}");
            // Its start makes a token.
            assert_eq!(rating(release, "{}"), None, "{release} {bind}");
        }
        assert_eq!(rating("2026.5.28", "{mode:'none'}"), None, "{bind}");
        assert_eq!(rating("", "{mode:'none'}"), Some(Unchecked), "{bind}");
        assert_eq!(
            rating(
                "2026.4.15",
                "{mode:'trusted-proxy',trustedProxy:{userHeader:'x'}},trustedProxies:['::1']"
            ),
            None,
            "{bind}"
        );
    }
    assert_eq!(rating("2026.5.12", "bind:'lan'", false), Some(Warning));
    assert_eq!(rating("2026.5.18", "bind:'lan'", false), Some(Blocks));
}

/// 2026.2.26 does not start without them (seen); 2026.2.22 does not ask, and the start of 2026.3.1 sets them (by their code).
#[test]
fn a_gateway_that_others_reach_wants_to_know_where_browsers_come_from() {
    let found = |release: &str, gateway: &str| {
        let text = format!(
            "{{meta:{{lastTouchedVersion:'{release}'}},gateway:{{mode:'local',port:18790,auth:{{ {TOKEN} }},{gateway}}}}}"
        );
        let found = found_with(Some(&text), facts());
        found.into_iter().find(|one| one.code.0 == "auth-bind-conflict")
    };
    let wide = ["bind:'lan'", "bind:'custom',customBindHost:'0.0.0.0'"];
    for bind in wide {
        for release in ["2026.2.23", "2026.2.26"] {
            let finding = found(release, bind).unwrap();
            assert_eq!(finding.severity, Severity::Blocks, "{release} {bind}");
            assert!(matches!(finding.remedy, Remedy::Repair(_)), "{release} {bind}");
        }
        assert_eq!(found("", bind).unwrap().severity, Severity::Unchecked);
        for release in ["2026.2.22", "2026.3.1", "2026.4.15", "2026.5.28", "2026.9.6"] {
            assert_eq!(found(release, bind), None, "{release} {bind}");
        }
    }
    for fine in [
        "bind:'loopback'",
        "bind:'auto'",
        "bind:'lan',controlUi:{allowedOrigins:['https://claw.example.com']}",
        "bind:'lan',controlUi:{enabled:false}",
        "bind:'lan',controlUi:{dangerouslyAllowHostHeaderOriginFallback:true}",
    ] {
        assert_eq!(found("2026.2.26", fine), None, "{fine}");
    }
}

/// No start on 2026.2.9, 2026.7.1 and 2026.9.6.
#[test]
fn tls_needs_its_files() {
    let found = |tls: &str, there: [(TlsKind, bool, bool); 2]| {
        let mut facts = facts();
        facts.config.tls = there
            .into_iter()
            .map(|(kind, is_there, is_whole)| TlsFile {
                kind,
                path: "/t/x.pem".into(),
                is_there,
                is_whole,
            })
            .collect();
        let text = format!("{{meta:{{}},gateway:{{mode:'local',tls:{tls},auth:{{ {TOKEN} }}}}}}");
        let found = found_with(Some(&text), facts);
        found.into_iter().find(|one| one.code.0 == "gateway-tls-unusable").map(|one| one.says)
    };
    use TlsKind::{Authority, Certificate, Key};
    let gone = |kind| (kind, false, false);
    let whole = |kind| (kind, true, true);
    assert_eq!(found("{enabled:true}", [gone(Certificate), gone(Key)]), None, "it makes both");
    assert_eq!(found("{enabled:true}", [whole(Certificate), whole(Key)]), None);
    let by_hand = "{enabled:true,autoGenerate:false}";
    assert!(found(by_hand, [gone(Certificate), gone(Key)]).unwrap().contains("certificate"));
    assert!(found("{enabled:true}", [whole(Certificate), gone(Key)]).unwrap().contains("the key"));
    let text = (Certificate, true, false);
    assert!(found("{enabled:true}", [text, whole(Key)]).unwrap().contains("holds no"));
    assert!(found("{enabled:true}", [gone(Authority), whole(Key)]).unwrap().contains("CA file"));
}

/// Code of 2026.2.26, 2026.3.2, 2026.5.18, 2026.5.28 and 2026.9.6; seen on 2026.9.6, whose CLI refuses it while a gateway runs.
#[test]
fn tailscale_needs_loopback_and_a_secret_by_the_schema_of_later_releases() {
    use Severity::{Blocks, Unchecked, Warning};
    let rating = |release: &str, rest: &str, runs: bool| {
        let mut facts = facts();
        if runs {
            facts.gateway = crate::model::facts::GatewayProcess::Running { pid: 1 };
        }
        let text = named(release, &format!("tailscale: {{ mode: 'serve' }}, {rest}"));
        let found = found_with(Some(&text), facts);
        found.iter().find(|one| one.says.contains("tailscale serve needs")).map(|one| one.severity)
    };
    let token = "auth: { mode: 'token', token: '0123456789abcdefghij' }";
    for (bind, early, late, unknown) in [
        ("bind: 'lan'", Some(Blocks), Some(Blocks), Some(Blocks)),
        ("bind: 'auto'", None, Some(Blocks), Some(Unchecked)),
        ("bind: 'custom', customBindHost: '127.0.0.1'", None, None, None),
        ("bind: 'loopback'", None, None, None),
    ] {
        let rest = format!("{bind}, {token}");
        let of = |release| rating(release, &rest, false);
        assert_eq!((of("2026.2.26"), of("2026.3.2")), (early, late), "{bind}");
        assert_eq!((of("2026.9.6"), of("")), (late, unknown), "{bind}");
    }
    let lan = format!("bind: 'lan', {token}");
    assert_eq!(rating("2026.2.26", &lan, true), Some(Warning));
    assert_eq!(rating("2026.9.6", &lan, true), Some(Blocks));
    let open = |release| rating(release, "auth: { mode: 'none' }", true);
    assert_eq!((open("2026.5.18"), open("2026.5.28")), (None, Some(Blocks)));
    assert_eq!((open("2026.9.6"), open("")), (Some(Blocks), Some(Unchecked)));
}

/// Seen on 2026.8.2, 2026.9.5 and 2026.9.6; with `canvasHost` 2026.8.2 starts and 2026.9.6 does not.
#[test]
fn what_a_start_takes_out_of_the_config_is_no_lockout() {
    let rating = |release: &str, more: &str| {
        let config = format!(
            "{{ meta: {{ lastTouchedVersion: '{release}' }}, gateway: {{ mode: 'local', auth: {{ {TOKEN} }} }}, {more} }}"
        );
        rated(&config, facts(), "config-unknown-key")
    };
    for section in [
        "systemAgent: {}",
        "cli: { banner: { taglineMode: 'off' } }",
        "logging: { redactSensitive: 'tools' }",
    ] {
        assert_eq!(rating("2026.9.6", section), Some(Severity::Info), "{section}");
    }
    assert_eq!(rating("2026.9.6", "canvasHost: {}"), Some(Severity::Unchecked));
    assert_eq!(rating("2026.9.6", "foo: {}"), Some(Severity::Blocks));
    assert_eq!(rating("2026.7.1", "logging: { redactSensitive: 'tools' }"), None);
}

/// 2026.2.12 listens on every address, and 2026.2.19 does not start.
#[test]
fn a_custom_bind_needs_its_address_from_2026_2_19_on() {
    for (release, severity) in [
        ("2026.2.12", Severity::Warning),
        ("2026.2.17", Severity::Warning),
        ("2026.2.19", Severity::Blocks),
    ] {
        let config = named(release, &format!("bind: 'custom', auth: {{ {TOKEN} }}"));
        assert_eq!(rated(&config, facts(), "auth-bind-conflict"), Some(severity), "{release}");
    }
}

/// 2026.4.15 does not start ("failed to bind gateway socket"); the schemas up to 2026.7.1 take it.
#[test]
fn a_port_beyond_the_last_one_is_refused_by_every_release() {
    for release in ["2026.1.30", "2026.2.19", "2026.4.15", "2026.5.28", "2026.7.1"] {
        let severity = |port: u32| {
            let found = found_with(Some(&named(release, &format!("port: {port}"))), facts());
            found.iter().find(|one| one.code.0 == "gateway-value-invalid").map(|one| one.severity)
        };
        assert_eq!(severity(65_536), Some(Severity::Blocks), "{release}");
        assert_eq!(severity(65_535), None, "{release}");
    }
}

/// What a flag says stops the start (2026.5.28, 2026.9.6), and is no matter of the schema.
#[test]
fn tailscale_by_the_services_command_line_is_asked_the_same() {
    let rating = |flag: &str, bind: &str| {
        let mut facts = set_in(&[(Origin::Service, |_| {})]);
        facts.config.variables[0].flags.tailscale = Some(flag.to_owned());
        let config = named("2026.9.6", &format!("bind: '{bind}', auth: {{ {TOKEN} }}"));
        rated(&config, facts, "auth-bind-conflict")
    };
    assert_eq!(rating("serve", "lan"), Some(Severity::Blocks));
    assert_eq!(rating("funnel", "loopback"), Some(Severity::Blocks));
    // Whether Tailscale works, no file tells.
    assert_eq!(rating("serve", "loopback"), Some(Severity::Unchecked));
    assert_eq!(rating("off", "lan"), None);
}

/// The gateway does not start without the file, and clawmend may only lack the right to read it.
#[test]
fn a_password_file_that_is_not_read_is_no_health() {
    let mut facts = set_in(&[(Origin::Service, |_| {})]);
    facts.config.variables[0].flags.lacks_password = true;
    let config = named("2026.9.6", "auth: { mode: 'password', password: 'a-word-of-ours' }");
    assert_eq!(rated(&config, facts, "auth-bind-conflict"), Some(Severity::Unchecked));
}

/// A new install may be of any release: 2026.8.2 takes port 0 out of the config at its start, and knows `agents.entries`.
#[test]
fn without_a_store_no_era_is_told() {
    let code = |gateway: &str, rest: &str| {
        let config =
            format!("{{ gateway: {{ mode: 'local', {gateway} auth: {{ {TOKEN} }} }}{rest} }}");
        let found = diagnose(&with_config(images(&[]), &config, facts()));
        found
            .iter()
            .find(|one| {
                one.code.0.starts_with("config-unknown") || one.code.0.starts_with("gateway-value")
            })
            .map(|one| one.severity)
    };
    assert_eq!(code("port: 0,", ""), Some(Severity::Unchecked));
    assert_eq!(code("", ", agents: { entries: { main: {} } }"), None);
    assert_eq!(code("port: 'x',", ""), Some(Severity::Blocks));
    assert_eq!(code("localExec: true,", ""), Some(Severity::Blocks));
}

//! What variables and ports say beside the config.

use super::tests::*;
use crate::config::facts::{Origin, Variables};
use crate::finding::{Remedy, Severity};
use crate::model::facts::GatewayProcess;
use crate::secret::Secret;

#[test]
fn old_names_and_a_left_lock_are_told() {
    let mut facts = facts();
    let mut shell = variables(Origin::Process);
    shell.values.insert("CLAWDBOT_GATEWAY_TOKEN".into(), Secret::new("a-token-of-old-times"));
    shell.values.insert("CLAWDBOT_VERSION".into(), Secret::new("1"));
    facts.config.variables = vec![shell];
    facts.config.stale_lock = Some(("/s/openclaw.json.lock".into(), 4242));
    let findings = found_with(Some(WHOLE), facts);
    let old = the(&findings, "env-old-names");
    assert_eq!(
        (old.severity, evidence(old).as_slice()),
        (Severity::Info, &["CLAWDBOT_GATEWAY_TOKEN".to_owned()][..])
    );
    assert!(evidence(the(&findings, "config-lock-left"))[0].contains("4242"));
}

#[test]
fn variables_that_beat_the_config_are_named() {
    let meta = "{ lastTouchedVersion: '2026.5.28' }";
    let gateway = format!("{{ mode: 'local', port: 1000, auth: {{ {TOKEN} }} }}");
    let config = format!("{{ meta: {meta}, gateway: {gateway} }}");
    let with = |all: Vec<Variables>| {
        let mut facts = facts();
        facts.config.variables = all;
        found_with(Some(&config), facts)
    };
    let mut shell = variables(Origin::Process);
    shell.token = Some(Secret::new("a-stale-token-in-the-shell"));
    let findings = with(vec![shell.clone()]);
    assert_eq!(the(&findings, "env-overrides-token").severity, Severity::Blocks);
    let mut service = variables(Origin::Service);
    service.token = shell.token.clone();
    assert_eq!(
        the(&with(vec![service.clone()]), "env-overrides-token").severity,
        Severity::Warning
    );
    service.token = None;
    service.port = Some(2000);
    let findings = with(vec![service.clone()]);
    let port = evidence(the(&findings, "env-overrides-port"));
    assert!(port[0].contains("goes to 1000") && port[1].contains("listens on 2000"));
    assert_eq!(the(&findings, "env-overrides-port").severity, Severity::Blocks);
    service.other_state_dir = Some("/other".into());
    let findings = with(vec![service]);
    assert_eq!(codes(&findings), ["service-other-state-dir"]);
    assert_eq!(findings[0].severity, Severity::Unchecked);
    shell.token = None;
    let rated = |shell: &Variables| the(&with(vec![shell.clone()]), "env-overrides-url").severity;
    shell.url = Some("wss://u:p@claw.example".into());
    let findings = with(vec![shell.clone()]);
    assert!(evidence(the(&findings, "env-overrides-url"))[0].ends_with("wss://****@claw.example"));
    assert_eq!(rated(&shell), Severity::Blocks);
    shell.password = Some(Secret::new("a-password-of-the-shell"));
    assert_eq!(rated(&shell), Severity::Unchecked);
    shell.url = Some("ws://127.0.0.1:1001".into());
    assert_eq!(rated(&shell), Severity::Blocks);
    // With the URL in a variable no token of the config counts, so another one beside it is refused.
    shell.url = Some("ws://127.0.0.1:1000".into());
    assert_eq!(rated(&shell), Severity::Blocks);
    shell.token = Some(Secret::new("0123456789abcdefghij"));
    assert!(with(vec![shell]).is_empty());
    // The device tokens are the only thing to heal with, so the shared one counts as absent.
    assert!(with(vec![]).is_empty());
}

/// Seen on 2026.5.28 and 2026.9.6: a gateway whose port is changed while it runs stays where it is.
#[test]
fn a_gateway_that_runs_on_another_port_is_out_of_reach() {
    let of = |release: &str, listens: &[u16], rest: &str| {
        let mut facts = facts();
        facts.gateway = GatewayProcess::Running { pid: 1 };
        facts.listens = listens.iter().copied().collect();
        let meta = format!("{{ lastTouchedVersion: '{release}' }}");
        let gateway = format!("{{ mode: 'local', auth: {{ {TOKEN} }}, {rest} }}");
        found_with(Some(&format!("{{ meta: {meta}, gateway: {gateway} }}")), facts)
    };
    // It goes to the new port by itself, a while later.
    let moves = of("2026.3.24", &[1000], "port: 2000");
    assert_eq!(the(&moves, "env-overrides-port").severity, Severity::Unchecked);
    let found = |listens: &[u16], rest: &str| of("2026.5.28", listens, rest);
    let lost = found(&[1000, 1002], "port: 2000");
    let port = the(&lost, "env-overrides-port");
    assert_eq!(port.severity, Severity::Blocks);
    assert!(evidence(port)[0].contains("1000, 1002"), "{port:?}");
    assert_eq!(the(&found(&[1000], ""), "env-overrides-port").severity, Severity::Blocks);
    for (listens, rest) in [(&[2000, 1000][..], "port: 2000"), (&[], "port: 2000"), (&[18789], "")]
    {
        assert!(found(listens, rest).is_empty(), "{listens:?} {rest}");
    }
    // Where a variable sends the CLI elsewhere, a restart is no help; and one may send it to where the gateway still is.
    for (listens, severity) in [(2000, Severity::Blocks), (1000, Severity::Warning)] {
        let mut facts = facts();
        facts.gateway = GatewayProcess::Running { pid: 1 };
        facts.listens = [listens].into();
        let mut shell = variables(Origin::Process);
        shell.port = Some(1000);
        facts.config.variables = vec![shell];
        let gateway = format!("{{ mode: 'local', port: 2000, auth: {{ {TOKEN} }} }}");
        let found = found_with(Some(&format!("{{ gateway: {gateway} }}")), facts);
        let port = the(&found, "env-overrides-port");
        assert_eq!(port.severity, severity);
        assert!(!format!("{:?}", port.remedy).contains("restart"), "{port:?}");
    }
}

#[test]
fn variables_that_the_config_itself_sets_beat_it_too() {
    let found = |env: &str, service: Option<u16>| {
        let mut facts = facts();
        let mut of_unit = variables(Origin::Service);
        of_unit.port = service;
        facts.config.variables.extend(service.map(|_| of_unit));
        let gateway = format!("{{ mode: 'local', port: 1000, auth: {{ {TOKEN} }} }}");
        let meta = "{ lastTouchedVersion: '2026.5.28' }";
        found_with(Some(&format!("{{ meta: {meta}, env: {env}, gateway: {gateway} }}")), facts)
    };
    // Up to 2026.3.12 no CLI reads it, so where no release is named nobody can tell.
    let nameless = format!(
        "{{ env: {{ OPENCLAW_GATEWAY_URL: 'ws://127.0.0.1:9' }}, gateway: {{ mode: 'local', auth: {{ {TOKEN} }} }} }}"
    );
    let nameless = found_with(Some(&nameless), facts());
    assert_eq!(the(&nameless, "env-overrides-url").severity, Severity::Unchecked);
    let lost = found("{ OPENCLAW_GATEWAY_URL: 'ws://127.0.0.1:9' }", None);
    let url = the(&lost, "env-overrides-url");
    assert_eq!(url.severity, Severity::Blocks);
    let Remedy::ByHand(steps) = &url.remedy else { panic!("{url:?}") };
    assert_eq!(lines(steps), ["remove OPENCLAW_GATEWAY_URL from /s/openclaw.json"]);
    let elsewhere = found("{ vars: { OPENCLAW_GATEWAY_PORT: '127.0.0.1:2000' } }", Some(1000));
    let port = the(&elsewhere, "env-overrides-port");
    assert!(port.severity.fails() && evidence(port)[0].contains("goes to 2000"), "{port:?}");
    assert!(found("{ vars: { OPENCLAW_GATEWAY_PORT: '2000' } }", None).is_empty());
    assert!(found("{ vars: { OPENCLAW_GATEWAY_PORT: '2000' } }", Some(2000)).is_empty());
}

//! Each rule on a config that has its trouble, and none on one that has not.

use crate::checks::diagnose;
use crate::config::copies::{ConfigCopy, rank};
use crate::config::facts::{ConfigFacts, Origin, Variables};
use crate::finding::{Finding, Remedy, Severity};
use crate::image::{Bytes, FileState, Images, Meta, Slot, TextImage};
use crate::model::Model;
use crate::model::facts::{Facts, GatewayProcess};
use crate::render::invocation::Invocation;
use crate::secret::Secret;
use crate::step::Step;

pub(super) const TOKEN: &str = "token: '0123456789abcdefghij'";

pub(super) fn facts() -> Facts {
    Facts {
        now_ms: 1_795_535_999_000,
        state_dir: "/s".into(),
        era: crate::model::scopes::Era::Implied,
        config: ConfigFacts { path: "/s/openclaw.json".into(), ..ConfigFacts::default() },
        ..Facts::default()
    }
}

fn state(text: Option<&str>) -> Images {
    let mut images = Images::default();
    let state = match text {
        Some(text) => FileState::Present {
            bytes: Bytes::new(text.as_bytes().to_vec()),
            meta: Meta::default(),
        },
        None => FileState::Absent,
    };
    let path = "/s/openclaw.json".into();
    images.texts.insert(Slot::Config("/s/openclaw.json".into()), TextImage { path, state });
    images
}

pub(super) fn found_with(text: Option<&str>, facts: Facts) -> Vec<Finding> {
    let all = diagnose(&Model::of(state(text), facts));
    // Nobody is paired here, and that is not the matter.
    all.into_iter()
        .filter(|finding| {
            !finding.code.0.starts_with("identity") && !finding.code.0.starts_with("cli-")
        })
        .collect()
}

pub(super) fn found(gateway: &str) -> Vec<Finding> {
    found_with(Some(&format!("{{ meta: {{}}, gateway: {{ {gateway} }} }}")), facts())
}

pub(super) fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code.0).collect()
}

pub(super) fn the<'f>(findings: &'f [Finding], code: &str) -> &'f Finding {
    findings
        .iter()
        .find(|finding| finding.code.0 == code)
        .unwrap_or_else(|| panic!("{code} in {findings:#?}"))
}

pub(super) fn evidence(finding: &Finding) -> Vec<String> {
    finding.evidence.iter().map(ToString::to_string).collect()
}

pub(super) fn lines(steps: &[Step]) -> Vec<String> {
    steps.iter().map(|step| Invocation::default().line(step)).collect()
}

pub(super) fn choices(finding: &Finding) -> Vec<String> {
    match &finding.remedy {
        Remedy::Choice(steps) => lines(steps),
        other => panic!("{other:?}"),
    }
}

pub(in crate::checks) fn variables(place: Origin) -> Variables {
    let at = match place {
        Origin::Process => "this environment",
        Origin::WorkingFolder => "/work/.env",
        Origin::DotEnv => "/s/.env",
        Origin::Service => "/h/openclaw-gateway.service",
        Origin::Config => "/s/openclaw.json",
    };
    Variables::set(place, at.into(), Default::default(), false)
}

#[test]
fn what_a_service_reads_and_nobody_else_can_is_never_healthy() {
    let right = format!("mode: 'local', bind: 'loopback', auth: {{ mode: 'token', {TOKEN} }}");
    let config = format!("{{ meta: {{ lastTouchedAt: 'x' }}, gateway: {{ {right} }} }}");
    for (file, hand) in [
        ("/etc/openclaw.env", "sudo grep -o '^OPENCLAW_[A-Z_]*' /etc/openclaw.env"),
        ("/etc/%i.env", "in /h/openclaw-gateway.service: write the whole path"),
    ] {
        let mut of_unit = variables(Origin::Service);
        of_unit.unread = vec![file.to_owned()];
        let mut facts = facts();
        facts.config.variables = vec![of_unit.clone()];
        let findings = found_with(Some(&config), facts.clone());
        let unread = the(&findings, "env-file-unread");
        assert!(unread.severity.fails() && unread.says.contains(file), "{unread:?}");
        let Remedy::ByHand(steps) = &unread.remedy else { panic!("{unread:?}") };
        assert!(lines(steps)[0].contains(hand), "{:?}", lines(steps));
        // The service of another state dir says nothing of this one.
        of_unit.other_state_dir = Some("/other".into());
        facts.config.variables = vec![of_unit];
        let findings = found_with(Some(&config), facts);
        assert!(!codes(&findings).contains(&"env-file-unread"), "{findings:?}");
    }
}

#[test]
fn a_service_whose_environment_file_is_missing_does_not_start() {
    let mut of_unit = variables(Origin::Service);
    of_unit.missing = vec!["/etc/openclaw.env".to_owned()];
    let mut facts = facts();
    facts.config.variables = vec![of_unit];
    let findings = found_with(Some(WHOLE), facts.clone());
    let missing = the(&findings, "env-file-unread");
    assert_eq!(missing.severity, Severity::Blocks);
    let Remedy::ByHand(steps) = &missing.remedy else { panic!("{missing:?}") };
    assert!(lines(steps)[0].contains("touch /etc/openclaw.env"), "{:?}", lines(steps));
    facts.gateway = crate::model::facts::GatewayProcess::Running { pid: 1 };
    let findings = found_with(Some(WHOLE), facts);
    assert_eq!(the(&findings, "env-file-unread").severity, Severity::Warning);
}

fn copy(name: &str, mtime_ms: i64, text: &str) -> ConfigCopy {
    ConfigCopy::read("openclaw.json", &format!("openclaw.json{name}"), mtime_ms, text.as_bytes())
        .unwrap()
}

pub(super) const WHOLE: &str =
    "{ meta: { lastTouchedAt: 'x' }, gateway: { mode: 'local', bind: 'loopback' } }";

#[test]
fn a_config_that_is_right_has_no_finding() {
    let right = format!("mode: 'local', bind: 'loopback', auth: {{ mode: 'token', {TOKEN} }}");
    assert_eq!(codes(&found(&right)), Vec::<&str>::new());
}

#[test]
fn a_broken_config_shows_its_place_and_offers_the_best_copy() {
    let mut facts = facts();
    facts.config.copies = rank(vec![copy(".bak", 5, WHOLE), copy(".last-good", 4, "{ a")]);
    let findings = found_with(Some("{\n  gateway: { mode: 'local' }\n  token: 'hunter2' }"), facts);
    let broken = the(&findings, "config-unparsable");
    let evidence = evidence(broken).join("\n");
    assert!(evidence.contains("line 2, column 29: a comma"), "{evidence}");
    assert!(
        evidence.contains("\n    gateway: { mode: 'local' }\n") && !evidence.contains("hunter2"),
        "{evidence}"
    );
    assert!(evidence.contains("best copy: openclaw.json.bak"), "{evidence}");
    assert!(evidence.contains("1970-01-01 00:00 UTC"), "{evidence}");
    let ways = choices(broken);
    assert!(ways[0].contains("/s/openclaw.json    (line 2, column 29: a comma"), "{ways:?}");
    assert!(ways[1].starts_with("clawmend repair --config-from /s/openclaw.json.bak "), "{ways:?}");
    assert_eq!(ways.len(), 2);
}

#[test]
fn empty_missing_and_replaced_configs_are_told_apart() {
    for empty in ["", " \n", "\u{feff}"] {
        assert_eq!(codes(&found_with(Some(empty), facts())), ["config-empty"], "{empty:?}");
    }
    let missing = |facts| the(&found_with(None, facts), "config-missing").severity;
    assert_eq!(missing(facts()), Severity::Blocks);
    let mut lost = facts();
    lost.config.copies = vec![copy(".bak", 1, WHOLE)];
    assert_eq!(missing(lost), Severity::Blocks);
    let mut running = facts();
    running.gateway = crate::model::facts::GatewayProcess::Running { pid: 7 };
    assert_eq!(missing(running), Severity::Warning);
    let mut replaced = facts();
    replaced.config.copies = vec![copy(".clobbered.2026", 1_795_535_990_000, WHOLE)];
    let findings = found_with(Some(WHOLE), replaced);
    assert_eq!(the(&findings, "config-replaced").severity, Severity::Warning);
    let mut shrunk = facts();
    shrunk.config.copies =
        vec![copy(".bak", 1, &WHOLE.replace("'x'", &format!("'{}'", "x".repeat(600))))];
    let findings = found_with(Some("{ gateway: { mode: 'local' } }"), shrunk);
    assert_eq!(the(&findings, "config-may-be-replaced").evidence.len(), 2);
}

#[test]
fn places_name_the_line_and_words_the_trade_off() {
    let findings = found_with(
        Some(
            "{\n  gateway: {\n    mode: 'local',\n    bind: 'local',\n    auth: { token: '0123456789abcdefghij' } } }",
        ),
        facts(),
    );
    let bind = the(&findings, "gateway-bind-invalid");
    assert_eq!(bind.place.to_string(), "openclaw.json: gateway.bind (line 4)");
    assert_eq!(bind.severity, Severity::Blocks);
    assert!(lines(&bind.alternatives).join(" ").contains("clawmend repair --bind lan"));
}

#[test]
fn a_missing_mode_blocks_unless_a_gateway_runs() {
    assert_eq!(the(&found("bind: 'loopback'"), "gateway-mode-missing").severity, Severity::Blocks);
    let mut facts = facts();
    facts.gateway = GatewayProcess::Running { pid: 1 };
    let findings = found_with(Some("{ gateway: {} }"), facts);
    assert_eq!(the(&findings, "gateway-mode-missing").severity, Severity::Warning);
    // Beside a backup that has it, 2026.4.23, 2026.6.11 and 2026.9.6 were seen to start, and 2026.4.15 and 2026.5.28 not to.
    let with = |release: &str, backup: &str| {
        let mut facts = self::facts();
        facts.config.copies = vec![copy(".bak", 1, backup)];
        let text = format!("{{ meta: {{ lastTouchedVersion: '{release}' }}, gateway: {{}} }}");
        the(&found_with(Some(&text), facts), "gateway-mode-missing").severity
    };
    for release in ["2026.4.23", "2026.6.11", "2026.9.6"] {
        assert_eq!(with(release, WHOLE), Severity::Unchecked, "{release}");
    }
    assert_eq!(with("2026.4.23", "{ gateway: {} }"), Severity::Blocks);
    assert_eq!(with("2026.4.15", WHOLE), Severity::Blocks);
    assert_eq!(with("2026.5.28", WHOLE), Severity::Blocks);
}

/// Seen on 2026.2.19, 2026.4.15 and 2026.9.6: `devices list` and `cron list` end with "config is invalid".
#[test]
fn what_the_schema_refuses_keeps_the_cli_out_of_a_gateway_that_runs() {
    let mut facts = facts();
    facts.gateway = GatewayProcess::Running { pid: 1 };
    for (rest, code) in [
        ("localExec: true", "config-unknown-key"),
        ("token: 'a-token-of-this-gateway'", "config-unknown-key"),
        ("port: '18789'", "gateway-value-invalid"),
    ] {
        for release in ["2026.2.19", "2026.4.15", "2026.9.6"] {
            let text = format!(
                "{{ meta: {{ lastTouchedVersion: '{release}' }}, gateway: {{ mode: 'local', {rest} }} }}"
            );
            let findings = found_with(Some(&text), facts.clone());
            assert_eq!(the(&findings, code).severity, Severity::Blocks, "{release} {rest}");
        }
    }
    // The reader of 2026.9.6 maps it: seen in.
    let agents = "{ meta: { lastTouchedVersion: '2026.9.6' }, gateway: { mode: 'local' }, agents: { list: [{ id: 'main' }] } }";
    let findings = found_with(Some(agents), facts.clone());
    assert!(findings.iter().all(|one| !one.severity.fails()), "{findings:?}");
    // What a start from 2026.8.1 on repairs, the one that has been did not see.
    let old = "nodes: { denyCommands: ['x'] }, bind: 'localhost'";
    let text = format!(
        "{{ meta: {{ lastTouchedVersion: '2026.9.6' }}, gateway: {{ mode: 'local', {old} }} }}"
    );
    for (facts, severity) in [(facts, Severity::Blocks), (self::facts(), Severity::Info)] {
        let findings = found_with(Some(&text), facts);
        for code in ["config-unknown-key", "gateway-bind-invalid"] {
            assert_eq!(the(&findings, code).severity, severity, "{code}");
        }
    }
}

#[test]
fn combinations_that_a_gateway_refuses_are_named() {
    for (gateway, says) in [
        ("bind: 'lan', auth: { mode: 'none' }", "no shared token or password"),
        ("bind: 'lan'", "no shared token or password"),
        ("auth: { token: 'tttttttt', password: 'p' }", "auth.mode is missing"),
        ("auth: { mode: 'password' }", "there is no password"),
        ("bind: 'custom', auth: { token: 'tttttttt' }", "not an IPv4 address"),
        ("tailscale: { mode: 'funnel' }, auth: { token: 'tttttttt' }", "funnel needs"),
        ("tailscale: { mode: 'serve' }, bind: 'lan', auth: { token: 'tttttttt' }", "serve needs"),
        (
            "auth: { mode: 'trusted-proxy', trustedProxy: { userHeader: 'x' } }",
            "trustedProxies names no proxy",
        ),
        ("trustedProxies: ['::1'], auth: { mode: 'trusted-proxy' }", "userHeader is missing"),
        (
            "trustedProxies: ['::1'], auth: { mode: 'trusted-proxy', trustedProxy: { userHeader: ' ' } }",
            "userHeader is missing",
        ),
        (
            "trustedProxies: ['::1'], auth: { mode: 'trusted-proxy', token: 'tttttttt', trustedProxy: { userHeader: 'x' } }",
            "refuse both",
        ),
    ] {
        let findings = found(&format!("mode: 'local', {gateway}"));
        let conflict = the(&findings, "auth-bind-conflict");
        assert!(conflict.says.contains(says), "{gateway}: {}", conflict.says);
        // Some of the releases that may run here make a token, or take the one that is there.
        let is_open =
            ["bind: 'lan'", "auth: { token: 'tttttttt', password: 'p' }"].contains(&gateway);
        let severity = if is_open { Severity::Unchecked } else { Severity::Blocks };
        assert_eq!(conflict.severity, severity, "{gateway}");
    }
    for (release, severity) in [
        ("2026.1.30", Severity::Blocks),
        ("2026.4.15", Severity::Warning),
        ("2026.5.28", Severity::Blocks),
    ] {
        let config = format!(
            "{{ meta: {{ lastTouchedVersion: '{release}' }}, gateway: {{ mode: 'local', bind: 'lan' }} }}"
        );
        let findings = found_with(Some(&config), facts());
        assert_eq!(the(&findings, "auth-bind-conflict").severity, severity, "{release}");
    }
    let hooks = "{ hooks: { enabled: true, token: 'tttttttt' }, gateway: { mode: 'local', auth: { token: 'tttttttt' } } }";
    assert_eq!(codes(&found_with(Some(hooks), facts())), ["auth-bind-conflict"]);
    for token in ["{ source: 'env', provider: 'default', id: 'A' }", "1"] {
        let hooks = format!("{{ hooks: {{ token: {token} }}, gateway: {{ mode: 'local' }} }}");
        assert_eq!(codes(&found_with(Some(&hooks), facts())), ["auth-bind-conflict"], "{token}");
    }
    // No start on 2026.6.11, 2026.9.1 and 2026.9.6.
    for token in ["", "token: '  ', "] {
        let hooks =
            format!("{{ hooks: {{ enabled: true, {token}}}, gateway: {{ mode: 'local' }} }}");
        let findings = found_with(Some(&hooks), facts());
        assert_eq!(the(&findings, "auth-bind-conflict").severity, Severity::Blocks);
    }
    let wide = found(&format!("mode: 'local', bind: 'lan', auth: {{ {TOKEN} }}"));
    assert_eq!(the(&wide, "auth-bind-conflict").severity, Severity::Unchecked);
}

#[test]
fn in_a_container_no_bind_means_every_address() {
    let mut facts = facts();
    facts.config.container = true;
    let findings = found_with(Some("{ gateway: { mode: 'local' } }"), facts.clone());
    assert_eq!(the(&findings, "auth-bind-conflict").severity, Severity::Unchecked);
    let mut guarded = variables(Origin::DotEnv);
    guarded.token = Some(Secret::new("t"));
    facts.config.variables = vec![guarded];
    assert_eq!(
        codes(&found_with(Some("{ gateway: { mode: 'local' } }"), facts)),
        Vec::<&str>::new()
    );
}

#[test]
fn placeholders_and_drift_show_no_secret() {
    let findings = found("mode: 'local', auth: { token: 'change-me-now' }");
    let placeholder = the(&findings, "token-placeholder");
    assert_eq!(placeholder.severity, Severity::Blocks);
    assert!(choices(placeholder)[0].starts_with("clawmend repair --new-token "));
    let findings = found(&format!(
        "mode: 'local', auth: {{ {TOKEN} }}, remote: {{ token: 'zzzzzzzzzzzzzzzzzzzz' }}"
    ));
    let drift = the(&findings, "shared-token-drift");
    assert_eq!(drift.severity, Severity::Warning);
    assert!(!format!("{drift:?}").contains("0123456789") && format!("{drift:?}").contains("****"));
    let mut changed = facts();
    changed.config.copies =
        vec![copy(".bak", 1, "{ gateway: { auth: { token: 'other-token-of-old' } } }")];
    let findings = found_with(
        Some(&format!("{{ gateway: {{ mode: 'local', auth: {{ {TOKEN} }} }} }}")),
        changed,
    );
    assert!(!format!("{:?}", the(&findings, "shared-token-changed")).contains("other-token"));
}

#[test]
fn unknown_keys_and_wrong_types_are_named_and_not_repaired() {
    let findings = found("mode: 'local', bnid: 'lan', token: 'x', port: '18789'");
    assert_eq!(
        codes(&findings),
        ["gateway-value-invalid", "config-unknown-key", "config-unknown-key"]
    );
    assert!(findings[2].says.contains("gateway.bnid"), "{:?}", findings[2].says);
    assert!(findings.iter().all(|finding| finding.severity == Severity::Blocks));
    let odd = found_with(Some("[]"), facts());
    assert_eq!(the(&odd, "gateway-value-invalid").says, "the config is not an object");
}

#[test]
fn hints_stay_hints() {
    let findings = found(&format!(
        "mode: 'local', auth: {{ {TOKEN} }}, controlUi: {{ allowedOrigins: ['https://claw.example.com'], dangerouslyDisableDeviceAuth: true }}"
    ));
    assert_eq!(codes(&findings), ["proxy-untrusted", "auth-bypass-flag"]);
    assert!(findings.iter().all(|finding| !finding.severity.fails()));
    let findings = found("mode: 'local', auth: { token: '${GATEWAY_TOKEN}' }");
    assert_eq!(codes(&findings), ["config-by-reference"]);
    let twice = found("mode: 'local', mode: 'local'");
    assert_eq!(codes(&twice), ["config-duplicate-keys"]);
}

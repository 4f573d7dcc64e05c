//! What the CLI shows and what the gateway takes: the config, variables and the service, release by release.

use super::release_tests::{Set, named, rated, set_in};
use super::tests::*;
use crate::checks::diagnose;
use crate::checks::tests::{fixture, healthy_model, with_config};
use crate::config::facts::{Origin, Variables};
use crate::config::flags::{self, Flags};
use crate::finding::{Remedy, Severity};
use crate::model::facts::{Facts, GatewayProcess};
use crate::secret::Secret;

/// Refused on 2026.5.28, 2026.7.1 and 2026.9.6, where the gateway was started without the variable.
#[test]
fn a_secret_that_only_the_shell_has_may_be_refused() {
    let severity = |config: &str, set: Set, place| {
        let mut here = variables(place);
        set(&mut here);
        let mut facts = facts();
        facts.config.variables = vec![here];
        let findings = found_with(Some(config), facts);
        findings
            .iter()
            .find(|one| one.code.0 == "env-overrides-token")
            .map(|one| (one.severity, one.place.to_string()))
    };
    let token: Set = |here| here.token = Some(Secret::new("t"));
    let password: Set = |here| here.password = Some(Secret::new("p"));
    let bare = "{ gateway: { mode: 'local' } }";
    for set in [token, password] {
        let (severity_there, _) = severity(bare, set, Origin::Process).unwrap();
        assert_eq!(severity_there, Severity::Unchecked);
        // The gateway reads `.env` too.
        assert_eq!(severity(bare, set, Origin::DotEnv), None);
    }
    let shared = format!("{{ gateway: {{ mode: 'local', auth: {{ {TOKEN} }} }} }}");
    assert_eq!(severity(&shared, password, Origin::Process), None);
}

/// 2026.8.2 and 2026.9.6 let the CLI in without pairing, where the gateway was started from the same shell.
#[test]
fn a_variable_of_the_shell_that_the_config_names_may_be_the_gateways_too() {
    let ours: Set = |at| at.values = [("OURS".to_owned(), Secret::new("one"))].into();
    let not_paired = |token: &str, set: &[(Origin, Set)]| {
        let config = named("2026.7.35", &format!("auth: {{ token: {token} }}"));
        let state = fixture("2026.2.19-pending-after-proxy");
        let found = diagnose(&with_config(state, &config, set_in(set)));
        the(&found, "cli-not-paired").severity
    };
    for token in ["'${OURS}'", "{ source: 'env', provider: 'default', id: 'OURS' }"] {
        assert_eq!(not_paired(token, &[(Origin::Process, ours)]), Severity::Unchecked);
        assert_eq!(not_paired(token, &[(Origin::DotEnv, ours)]), Severity::Warning);
        // A service has nothing of the shell.
        let beside_a_service = [(Origin::Process, ours), (Origin::Service, |_: &mut _| {})];
        assert_eq!(not_paired(token, &beside_a_service), Severity::Blocks);
    }
}

/// 2026.2.12 reads it as it stands; 2026.3.8 to 2026.7.35 do not start if the variable is not set; 2026.8.2 and 2026.9.6 have no token then.
#[test]
fn an_escaped_variable_is_no_token() {
    for (release, severity) in [
        ("2026.2.12", Severity::Unchecked),
        ("2026.5.28", Severity::Unchecked),
        ("2026.8.2", Severity::Blocks),
    ] {
        let config = named(release, "auth: { token: 'a$${OURS}' }");
        assert_eq!(rated(&config, facts(), "token-placeholder"), Some(severity), "{release}");
    }
}

#[test]
fn a_variable_that_the_gateway_reads_too_is_compared_like_with_like() {
    use Origin::{DotEnv, Process, Service};
    let token: Set = |at| at.token = Some(Secret::new("one"));
    let password: Set = |at| at.password = Some(Secret::new("one"));
    let bare = "{ gateway: { mode: 'local' } }";
    let of = |set: &[(Origin, Set)]| {
        let all = found_with(Some(bare), set_in(set));
        all.into_iter()
            .find(|one| one.code.0 == "env-overrides-token" && one.severity.fails())
            .map(|one| one.severity)
    };
    assert_eq!(of(&[(Process, token), (DotEnv, token)]), None);
    assert_eq!(of(&[(Process, token), (Service, token)]), None);
    assert_eq!(of(&[(Process, password), (DotEnv, password)]), None);
    assert_eq!(of(&[(Process, password), (Service, password)]), None);
    // Of the service it is known what it sees.
    assert_eq!(of(&[(Process, token), (Service, password)]), Some(Severity::Blocks));
    assert_eq!(of(&[(Process, password), (Service, token)]), Some(Severity::Blocks));
    assert_eq!(
        of(&[(DotEnv, token), (Service, |at| at.token = Some(Secret::new("two")))]),
        Some(Severity::Blocks)
    );
}

#[test]
fn another_password_than_the_gateways_locks_out_as_another_token_does() {
    let other: Set = |at| at.password = Some(Secret::new("another-word"));
    let config = |release| named(release, "auth: { mode: 'password', password: 'a-word-of-ours' }");
    for (place, release, severity) in [
        (Origin::Process, "2026.5.28", Some(Severity::Blocks)),
        (Origin::DotEnv, "2026.5.28", Some(Severity::Blocks)),
        (Origin::Service, "2026.5.28", Some(Severity::Warning)),
    ] {
        let found = rated(&config(release), set_in(&[(place, other)]), "env-overrides-token");
        assert_eq!(found, severity, "{place:?} {release}");
    }
    // A step for a file leaves both ways open: others may need the variable.
    let findings = found_with(Some(&config("2026.5.28")), set_in(&[(Origin::DotEnv, other)]));
    let step = format!("{:?}", the(&findings, "env-overrides-token").remedy);
    assert!(step.contains("or set it to the password of the config"), "{step}");
    let same: Set = |at| at.password = Some(Secret::new("a-word-of-ours"));
    let found =
        rated(&config("2026.5.28"), set_in(&[(Origin::Process, same)]), "env-overrides-token");
    assert_eq!(found, None);
}

/// 2026.5.28 refuses the CLI that takes another token than gateway.auth.token from the config's own `env`.
#[test]
fn what_the_config_sets_as_a_variable_is_seen_by_both() {
    let with = |env: &str, gateway: &str| {
        let text =
            named("2026.5.28", gateway).replacen("{ meta", &format!("{{ env: {env}, meta"), 1);
        ["env-overrides-token", "auth-bind-conflict"].map(|code| rated(&text, facts(), code))
    };
    let own = format!("auth: {{ {TOKEN} }}");
    let other = "{ vars: { OPENCLAW_GATEWAY_TOKEN: 'a-token-of-old-times' } }";
    assert_eq!(with(other, &own), [Some(Severity::Blocks), None]);
    assert_eq!(with("{ OPENCLAW_GATEWAY_TOKEN: '0123456789abcdefghij' }", &own), [None, None]);
    assert_eq!(with("{ OPENCLAW_GATEWAY_TOKEN: '${X}' }", &own), [None, None]);
    // It guards the gateway, and the CLI has it too: what is left is a hint.
    for env in [other, "{ OPENCLAW_GATEWAY_PASSWORD: 'a-word-of-ours' }"] {
        let wide = "bind: 'lan', controlUi: { enabled: false }";
        assert_eq!(with(env, wide), [None, None], "{env}");
    }
}

/// 2026.4.15 and 2026.5.28 refuse with "gateway password missing": the CLI shows the config's token, and no device token beside it.
#[test]
fn a_secret_of_the_service_alone_locks_out_who_shows_another() {
    let password: Set = |at| at.password = Some(Secret::new("a-word-of-ours"));
    let token: Set = |at| at.token = Some(Secret::new("a-token-of-the-service"));
    let remote = "remote: { token: 'tttttttt' }";
    let both = format!("auth: {{ {TOKEN} }}");
    for (set, gateway, severity) in [
        (password, "auth: {}", Severity::Warning),
        (password, both.as_str(), Severity::Blocks),
        (password, remote, Severity::Blocks),
        (token, "auth: {}", Severity::Warning),
        (token, remote, Severity::Blocks),
    ] {
        let facts = set_in(&[(Origin::Service, set)]);
        let found = rated(&named("2026.5.28", gateway), facts, "env-overrides-token");
        assert_eq!(found, Some(severity), "{gateway}");
    }
}

/// 2026.5.28 and 2026.9.6: a password in `.env` alone lets the CLI in.
#[test]
fn a_password_that_the_gateway_sees_guards_it() {
    let password: Set = |at| at.password = Some(Secret::new("a-word-of-ours"));
    let wide = named("2026.5.28", "bind: 'lan', remote: { token: 'tttttttt' }");
    for place in [Origin::DotEnv, Origin::Service] {
        let facts = || set_in(&[(place, password)]);
        assert_eq!(rated(&wide, facts(), "auth-bind-conflict"), None);
        assert_eq!(rated(&wide, facts(), "shared-token-drift"), None);
        let early = named("2026.2.9", "bind: 'loopback'");
        assert_eq!(rated(&early, facts(), "auth-bind-conflict"), None);
    }
}

/// 2026.4.15 and 2026.5.7 start: with a token that they make, or with the one that they are started with.
#[test]
fn a_start_that_makes_a_token_refuses_no_bind() {
    let token: Set = |at| at.token = Some(Secret::new("t"));
    let mut runs = facts();
    runs.gateway = GatewayProcess::Running { pid: 1 };
    for facts in [set_in(&[(Origin::Process, token)]), runs] {
        let findings = found_with(Some(&named("2026.4.15", "bind: 'lan'")), facts);
        let findings: Vec<_> = findings
            .iter()
            .filter(|one| one.says.contains("no shared token or password is set"))
            .collect();
        let [open] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!(open.severity, Severity::Warning);
        assert!(!format!("{open:?}").contains("stop its next start"), "{open:?}");
    }
}

/// Refused on 2026.5.28 and 2026.7.1; 2026.4.15 makes a token of its own, 2026.8.2 and 2026.9.6 take this one.
#[test]
fn a_token_that_only_the_cli_has_becomes_the_gateways() {
    let remote = "remote: { token: 'tttttttt' }";
    for (release, severity, repaired, note) in [
        ("2026.5.28", Severity::Blocks, true, ""),
        ("2026.7.1", Severity::Blocks, true, ""),
        ("2026.4.15", Severity::Warning, false, "makes a shared token when it starts"),
        ("", Severity::Unchecked, true, "no file names the OpenClaw release"),
    ] {
        let findings = found_with(Some(&named(release, remote)), facts());
        let drift = the(&findings, "shared-token-drift");
        assert_eq!(drift.severity, severity, "{release}");
        assert_eq!(matches!(drift.remedy, Remedy::Repair(_)), repaired, "{release}");
        assert!(drift.evidence.iter().any(|one| one.to_string().contains(note)) || note.is_empty());
    }
    // A password there is refused too (2026.7.1), and left to a person.
    let text = named("2026.5.28", "remote: { password: 'a-word-of-ours' }");
    let findings = found_with(Some(&text), facts());
    let drift = the(&findings, "shared-token-drift");
    assert_eq!(drift.severity, Severity::Blocks);
    assert!(matches!(drift.remedy, Remedy::ByHand(_)), "{drift:?}");
    // What the CLI shows is a variable's, which its gateway may well have been started with.
    let sets: [Set; 2] = [
        |at| at.token = Some(Secret::new("another")),
        |at| at.password = Some(Secret::new("another")),
    ];
    for set in sets {
        for release in ["2026.5.28", "2026.4.15"] {
            let facts = set_in(&[(Origin::Process, set)]);
            assert_eq!(rated(&named(release, remote), facts, "shared-token-drift"), None);
        }
    }
}

/// Refused on 2026.2.26; 2026.1.30 shows the saved token first.
#[test]
fn a_variables_token_is_made_good_by_the_saved_one_in_some_releases() {
    let severity = |release: &str| {
        let config = format!(
            "{{meta:{{lastTouchedVersion:'{release}'}},gateway:{{mode:'local',auth:{{mode:'token',token:'some-long-token-0123456789'}}}}}}"
        );
        let token = Some(Secret::new("another-long-token-9876543210"));
        let mut facts = crate::checks::tests::facts();
        facts.config.variables = vec![Variables { token, ..variables(Origin::Process) }];
        let found = diagnose(&with_config(healthy_model().images, &config, facts));
        found.iter().find(|one| one.code.0 == "env-overrides-token").map(|one| one.severity)
    };
    for release in ["2026.2.13", "2026.2.26", "2026.3.13", "2026.4.15", "2026.5.28"] {
        assert_eq!(severity(release), Some(Severity::Blocks), "{release}");
    }
    for release in ["2026.1.30", "2026.2.12"] {
        assert_eq!(severity(release), Some(Severity::Warning), "{release}");
    }
    // What is paired here was seen after 2026.2.12.
    assert_eq!(severity(""), Some(Severity::Blocks));
}

/// The command line of a service counts before the variables and the config (code of 2026.2.19 to 2026.9.6).
#[test]
fn what_the_command_line_of_the_service_says_counts_first() {
    let with = |release: &str, gateway: &str, line: &str, code: &str| {
        let mut service = variables(Origin::Service);
        service.at = "/unit".to_owned();
        service.flags = Flags::of(&flags::split(line), |_| None, |_| None);
        let mut facts = facts();
        facts.config.variables = vec![service];
        rated(&named(release, gateway), facts, code)
    };
    let own = format!("auth: {{ mode: 'token', {TOKEN} }}");
    let token = |line: &str| with("2026.9.6", &own, line, "env-overrides-token");
    assert_eq!(token("gateway --token another-token-than-that"), Some(Severity::Blocks));
    assert_eq!(token("gateway --token 0123456789abcdefghij"), None);
    assert_eq!(token("gateway --password another-token-than-that"), None);
    let none = |release: &str, gateway: &str| {
        with(release, gateway, "gateway --auth none", "env-overrides-token")
    };
    assert_eq!(none("2026.9.6", &own), Some(Severity::Blocks));
    assert_eq!(none("2026.5.28", &own), None);
    assert_eq!(none("2026.5.4", &own), Some(Severity::Blocks));
    assert_eq!(none("2026.4.8", &own), None);
    assert_eq!(none("2026.9.6", "auth: { mode: 'none' }"), None);
    assert_eq!(none("2026.9.6", "auth: {}"), None);
    assert_eq!(none("2026.4.8", "auth: {}"), None);
    assert_eq!(none("2026.5.4", "auth: {}"), Some(Severity::Blocks));
    let port = |line: &str| with("2026.5.28", "port: 18999", line, "env-overrides-port");
    assert_eq!(port("gateway --port 18789"), Some(Severity::Blocks));
    assert_eq!(port("gateway --port 18999"), None);
    assert_eq!(port("gateway"), None);
    let bind = |line: &str| with("2026.9.6", "bind: 'loopback'", line, "auth-bind-conflict");
    assert_eq!(bind("gateway --bind lan"), Some(Severity::Blocks));
    assert_eq!(bind("gateway --bind lan --token a-token-that-guards-it"), None);
    assert_eq!(bind("gateway --bind loopback"), None);
    assert_eq!(bind("gateway --bind local"), Some(Severity::Blocks));
    let auth = |release: &str, word: &str| {
        with(release, "bind: 'loopback'", &format!("gateway --auth {word}"), "auth-bind-conflict")
    };
    assert_eq!(auth("2026.2.19", "none"), Some(Severity::Blocks));
    assert_eq!(auth("2026.2.26", "none"), None);
    let run = |release: &str, line: &str| {
        with(release, "auth: { token: 'tttttttt' }", line, "auth-bind-conflict")
    };
    assert_eq!(run("2026.2.12", "gateway run --auth none"), None);
    assert_eq!(run("2026.2.12", "gateway --auth none"), Some(Severity::Blocks));
    assert_eq!(run("2026.2.17", "gateway run --auth none"), Some(Severity::Blocks));
    assert_eq!(auth("2026.9.6", "off"), Some(Severity::Blocks));
    assert_eq!(auth("2026.9.6", "password"), Some(Severity::Blocks));
    assert_eq!(auth("2026.9.6", "password --password a-word"), None);
    let text = "{ meta: { lastTouchedVersion: '2026.9.6' }, gateway: {} }";
    for (line, severity) in
        [("gateway", Severity::Blocks), ("gateway --allow-unconfigured", Severity::Info)]
    {
        let mut service = variables(Origin::Service);
        service.flags = Flags::of(&flags::split(line), |_| None, |_| None);
        let mut facts = facts();
        facts.config.variables = vec![service];
        assert_eq!(rated(text, facts, "gateway-mode-missing"), Some(severity), "{line}");
    }
}

/// 2026.9.6 refuses the CLI that shows a secret from a provider as `gateway.remote.token`, and does not start where the provider has none.
#[test]
fn a_remote_token_that_a_provider_keeps_is_not_the_gateways() {
    let with = |gateway: &str| rated(&named("2026.9.6", gateway), facts(), "shared-token-drift");
    let kept = "remote: { token: { source: 'file', provider: 'f', id: '/t' } }";
    assert_eq!(with(kept), Some(Severity::Blocks));
    assert_eq!(with("remote: { token: 'tttttttt' }"), Some(Severity::Info));
    assert_eq!(with(&format!("auth: {{ {TOKEN} }}, {kept}")), None);
}

/// 2026.9.6 does not start with `bind: "${LAB_BIND}"` and `LAB_BIND=open` in the `.env`.
#[test]
fn words_are_what_their_variables_hold() {
    let with = |bind: &str, place| {
        let mut here = variables(place);
        here.values = [("BIND".to_owned(), Secret::new(bind))].into();
        let mut facts = facts();
        facts.config.variables = vec![here];
        let found = found_with(Some(&named("2026.9.6", "bind: '${BIND}'")), facts);
        let of = |code: &str| found.iter().find(|one| one.code.0 == code).map(|one| one.severity);
        ["gateway-bind-invalid", "auth-bind-conflict"].map(of)
    };
    assert_eq!(with("open", Origin::DotEnv), [Some(Severity::Blocks), None]);
    assert_eq!(with("lan", Origin::DotEnv), [None, Some(Severity::Blocks)]);
    assert_eq!(with("loopback", Origin::DotEnv), [None, None]);
    // What the gateway's own shell holds is not known.
    assert_eq!(with("open", Origin::Process), [None, None]);
}

/// `${LAB_SH}` for a model's key, set nowhere: 2026.2.19 and 2026.5.28 do not start, 2026.9.6 does. So with an object, which 2026.2.19 does
/// not know.
#[test]
fn what_the_config_refers_to_elsewhere_may_stop_the_gateway() {
    let from = |mut facts: Facts, release: &str, rest: &str, set: Option<Origin>| {
        let text = named(release, "").replacen("{ meta", &format!("{{ {rest}, meta"), 1);
        if let Some(place) = set {
            let mut here = variables(place);
            here.values = [("LAB_SH".to_owned(), Secret::new("x"))].into();
            facts.config.variables = vec![here];
        }
        rated(&text, facts, "config-by-reference")
    };
    let with = |release: &str, rest: &str, set| from(facts(), release, rest, set);
    let key = "models: { providers: { x: { apiKey: '${LAB_SH}' } } }";
    let word = "agents: { defaults: { workspace: '/w/${LAB_SH}' } }";
    let object = "models: { providers: { x: { apiKey: { source: 'env', provider: 'default', id: 'LAB_SH' } } } }";
    for (release, rest, severity) in [
        ("2026.2.19", key, Some(Severity::Blocks)),
        ("2026.2.19", word, Some(Severity::Blocks)),
        ("2026.2.19", object, Some(Severity::Unchecked)),
        ("2026.5.28", key, Some(Severity::Unchecked)),
        ("2026.5.28", word, None),
        ("2026.5.28", object, Some(Severity::Unchecked)),
        ("2026.9.6", key, None),
        ("2026.9.6", object, None),
    ] {
        assert_eq!(with(release, rest, None), severity, "{release} {rest}");
        if rest != object {
            assert_eq!(with(release, rest, Some(Origin::DotEnv)), None, "{release} {rest}");
        }
    }
    // A gateway that runs was started with it, but the CLI of early releases needs it too.
    for (release, severity) in [("2026.5.28", None), ("2026.2.19", Some(Severity::Blocks))] {
        let mut facts = facts();
        facts.gateway = GatewayProcess::Running { pid: 1 };
        assert_eq!(from(facts, release, key, None), severity, "{release}");
    }
    // The CLI reads the config too, and does not see what the service has.
    assert_eq!(with("2026.2.19", key, Some(Origin::Service)), Some(Severity::Blocks));
    let imports = format!("env: {{ shellEnv: {{ enabled: true }} }}, {key}");
    assert_eq!(with("2026.2.19", &imports, None), Some(Severity::Unchecked));
}

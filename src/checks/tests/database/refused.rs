//! What a gateway of 2026.9.6 refused, or let in, beyond pairing: each state was put before a real one.

use super::*;
use crate::model::facts::{Facts, GatewayProcess};
use crate::model::layout::NEWEST_KNOWN_USER_VERSION;
use crate::secret::Secret;

const CONFIG: &str = "/s/openclaw.json";

/// A healthy device whose CLI lives on its device token, beside a config.
fn with(config: &str) -> Images {
    let state =
        FileState::Present { bytes: Bytes::new(config.as_bytes().to_vec()), meta: Meta::default() };
    let mut images = repaired(&captured()).0.images;
    images.texts.insert(Slot::Config(CONFIG.into()), TextImage { path: CONFIG.into(), state });
    images
}

fn around() -> Facts {
    let mut facts = facts();
    facts.config.path = CONFIG.into();
    facts.config.addresses =
        Some(["127.0.0.1".parse().unwrap(), "192.0.2.2".parse().unwrap()].into());
    facts
}

/// What fails, worst first.
fn failing(images: &Images, facts: Facts) -> Vec<(&'static str, Severity)> {
    let model = Model::of(images.clone(), facts);
    let found = checks::diagnose(&model).into_iter().filter(|finding| finding.severity.fails());
    found.map(|finding| (finding.code.0, finding.severity)).collect()
}

fn fails(gateway: &str) -> Vec<(&'static str, Severity)> {
    let meta = "meta: { lastTouchedVersion: '2026.9.6' }";
    failing(&with(&format!("{{ {meta}, gateway: {{ mode: 'local', {gateway} }} }}")), around())
}

#[test]
fn what_keeps_a_gateway_from_starting_or_the_cli_out_is_never_healthy() {
    use Severity::{Blocks, Unchecked};
    assert_eq!(fails(""), []);
    let key = ("config-unknown-key", Blocks);
    let value = ("gateway-value-invalid", Blocks);
    assert_eq!(fails("localExec: true"), [key]);
    assert_eq!(fails("token: 'a-token-of-this-gateway'"), [key]);
    assert_eq!(fails("roles: {}"), [value, value, ("gateway-roles", Blocks)]);
    let roles = "roles: { default: 'a', definitions: { a: { sessions: { others: 'none' }, agents: '*', scopes: [] } } }";
    assert_eq!(fails(roles), [("gateway-roles", Blocks)]);
    assert_eq!(fails(&format!("auth: {{ token: 'a-token-of-this-gateway' }}, {roles}")), []);
    assert_eq!(fails(&roles.replace("default: 'a'", "default: 'b'")), [("gateway-roles", Blocks)]);
    assert_eq!(
        fails("bind: 'custom', customBindHost: '192.0.2.7'"),
        [("auth-bind-conflict", Blocks); 2]
    );
    let guard = "auth: { token: 'a-token-of-this-gateway' }";
    let bind = |host: &str| fails(&format!("{guard}, bind: 'custom', customBindHost: '{host}'"));
    assert_eq!(bind("192.0.2.7"), [("auth-bind-conflict", Blocks)]);
    for host in ["192.0.2.2", "127.0.0.1", "0.0.0.0"] {
        assert_eq!(bind(host), [], "{host}");
    }
    let reference = ("config-by-reference", Unchecked);
    assert!(fails("auth: { token: '${LAB_MISSING}' }").contains(&reference));
    let lost =
        "auth: { token: { source: 'store', provider: 'default', id: 'GATEWAY_AUTH_TOKEN' } }";
    assert!(fails(lost).contains(&("config-by-reference", Blocks)));
}

/// Seen on 2026.9.6: the CLI looks into the database too, and then needs no pairing.
#[test]
fn a_secret_in_the_database_counts_as_one_in_the_config() {
    let reference = "{ source: 'store', provider: 'default', id: 'KEPT' }";
    let of = |auth: &str, kept: Option<&str>| {
        let mut images = with(&format!(
            "{{ meta: {{ lastTouchedVersion: '2026.9.6' }}, gateway: {{ mode: 'local', auth: {auth} }} }}"
        ));
        table(&mut images, Part::Paired).rows.clear();
        let kept = kept.map(|kept| ("KEPT".to_owned(), Secret::new(kept)));
        database(&mut images).secrets = kept.into_iter().collect();
        failing(&images, around())
    };
    let lost = ("config-by-reference", Severity::Blocks);
    let secret = Some("a-secret-of-this-gateway");
    for kind in ["token", "password"] {
        let auth = format!("{{ mode: '{kind}', {kind}: {reference} }}");
        assert_eq!(of(&auth, secret), [], "{kind}");
        assert!(of(&auth, None).contains(&lost) && of(&auth, Some("  ")).contains(&lost));
        assert!(of(&auth, Some("__OPENCLAW_REDACTED__")).contains(&lost));
    }
    let unused =
        format!("{{ mode: 'token', token: 'a-token-of-this-gateway', password: {reference} }}");
    assert_eq!(of(&unused, None), []);
}

#[test]
fn what_the_database_lacks_stops_the_gateway() {
    let images = || with("{ gateway: { mode: 'local' }, meta: {} }");
    let lacks = |name: &'static str| {
        let mut images = images();
        database(&mut images).lacks_tables = vec![name];
        images
    };
    let renamed = |part: Part, name: &str| {
        let mut images = images();
        let columns = &mut table(&mut images, part).columns;
        columns.iter_mut().find(|column| column.name == name).unwrap().name.push('_');
        images
    };
    let blocks = [("database-columns-differ", Severity::Blocks)];
    assert_eq!(failing(&lacks("cron_jobs"), around()), blocks);
    let running = Facts { gateway: GatewayProcess::Running { pid: 1 }, ..around() };
    assert_eq!(
        failing(&lacks("cron_jobs"), running),
        [("database-columns-differ", Severity::Unchecked)]
    );
    assert_eq!(failing(&renamed(Part::Paired, "last_seen_reason"), around()), blocks);
    assert_eq!(failing(&renamed(Part::Paired, "browser_origin"), around()), []);
    let mut newer = lacks("cron_jobs");
    database(&mut newer).user_version = NEWEST_KNOWN_USER_VERSION + 1;
    assert!(failing(&newer, around()).contains(&("database-columns-differ", Severity::Unchecked)));
}

#[test]
fn a_database_under_quarantine_stops_the_next_start() {
    let mut images = with("{ gateway: { mode: 'local' }, meta: {} }");
    database(&mut images).is_quarantined = true;
    let code = "database-damaged";
    assert_eq!(failing(&images, around()), [(code, Severity::Blocks)]);
    let running = Facts { gateway: GatewayProcess::Running { pid: 1 }, ..around() };
    assert_eq!(failing(&images, running), [(code, Severity::Unchecked)]);
}

#[test]
fn a_claimed_database_is_for_the_gateway_of_its_supervisor() {
    use crate::config::facts::{Origin, Variables};
    let mut images = with("{ gateway: { mode: 'local' }, meta: {} }");
    database(&mut images).is_claimed = true;
    assert_eq!(failing(&images, around()), [("database-claimed", Severity::Unchecked)]);
    let mut facts = around();
    let mut set = |place| {
        let set = [("OPENCLAW_SUPERVISOR_MODE".to_owned(), Secret::new("external"))];
        facts.config.variables.push(Variables::set(place, String::new(), set.into(), false));
        failing(&images, facts.clone())
    };
    assert_eq!(set(Origin::Service), [("database-claimed", Severity::Unchecked)]);
    assert_eq!(set(Origin::Process), []);
}

/// Of those that take the word, the ones with a database do at their start, and only where nothing else is wrong.
#[test]
fn without_a_name_the_store_tells_which_releases_may_run() {
    let of = |rest: &str| {
        let mut images =
            with(&format!("{{ gateway: {{ mode: 'local', bind: 'localhost' }}, {rest} }}"));
        database(&mut images).app_version = None;
        failing(&images, around())
    };
    assert_eq!(of(""), []);
    let blocks = |code| (code, Severity::Blocks);
    assert_eq!(of("nosuch: 1"), [blocks("gateway-bind-invalid"), blocks("config-unknown-key")]);
}

/// Refused on 2026.7.2-beta.5, in on 2026.9.6.
#[test]
fn only_a_gateway_from_2026_8_on_takes_the_clis_secret_for_its_own() {
    for (release, expected) in
        [("2026.7.2-beta.5", vec![("shared-token-drift", Severity::Blocks)]), ("2026.9.6", vec![])]
    {
        let mut images = with(
            "{ gateway: { mode: 'local', remote: { token: 'some-long-token-0123456789' } }, meta: {} }",
        );
        database(&mut images).app_version = Some(release.to_owned());
        assert_eq!(failing(&images, around()), expected, "{release}");
    }
}

#[test]
fn what_a_gateway_takes_or_repairs_itself_blocks_nothing() {
    assert_eq!(fails("port: 0"), []);
    assert_eq!(fails("reload: { mode: 'hot' }, nodes: { denyCommands: ['x'] }"), []);
    assert_eq!(fails("auth: { mode: 'none' }"), []);
    // Its own machine's CLI, at the start of the gateway or with no auth at all.
    let mut images = with("{ gateway: { mode: 'local' }, meta: {} }");
    table(&mut images, Part::Paired).rows.clear();
    assert_eq!(failing(&images, around()), []);
    let running = Facts { gateway: GatewayProcess::Running { pid: 1 }, ..around() };
    assert_eq!(failing(&images, running), [("cli-not-paired", Severity::Blocks)]);
    let never =
        "{ gateway: { mode: 'local', nodes: { pairing: { autoApproveLocal: false } } }, meta: {} }";
    let mut images = with(never);
    table(&mut images, Part::Paired).rows.clear();
    assert_eq!(failing(&images, around()), [("cli-not-paired", Severity::Blocks)]);
}

#[test]
fn a_token_of_a_lost_shared_secret_is_made_anew_without_its_issuer() {
    let mut images = with("{ gateway: { mode: 'local' }, meta: {} }");
    let text = cell(&images, Part::Paired, 0, "tokens_json");
    let mut tokens: Value = serde_json::from_str(text.text().unwrap()).unwrap();
    let old = tokens["operator"]["token"].clone();
    tokens["operator"]["issuer"] = json!({"kind": "shared-gateway-auth", "generation": "deadbeef"});
    set(&mut images, Part::Paired, "tokens_json", words(&tokens.to_string()));
    let code = ("cli-token-of-lost-secret", Severity::Blocks);
    assert_eq!(failing(&images, around()), [code]);
    let after = repaired(&images).0.images;
    assert_eq!(failing(&after, around()), []);
    let text = cell(&after, Part::Paired, 0, "tokens_json");
    let tokens: Value = serde_json::from_str(text.text().unwrap()).unwrap();
    assert_eq!(tokens["operator"].get("issuer"), None);
    assert_ne!(tokens["operator"]["token"], old);
}

#[test]
fn a_new_shared_secret_names_the_sessions_that_end() {
    let mut images = captured();
    add_other(&mut images, "display_name", "Tab of Ann");
    let tokens = |issuer: Value| {
        words(&json!({"operator": {"token": "t", "role": "operator", "scopes": [], "issuer": issuer}}).to_string())
    };
    let row = table(&mut images, Part::Paired).rows.len() - 1;
    let mut tell = |issuer: Value, path: &[&str]| {
        let table = table(&mut images, Part::Paired);
        let at = table.column("tokens_json").unwrap();
        table.rows[row].0[at] = tokens(issuer);
        let path = path.iter().map(|name| (*name).to_owned()).collect();
        let edit = crate::plan::Edit {
            target: crate::plan::Target::Config("/s/openclaw.json".into()),
            op: crate::plan::Op::Set { path, old: None, new: json!("new") },
            why: String::new(),
            repairs: vec![],
        };
        crate::render::plan::ended(&with_token(images.clone()), &[edit])
    };
    let issuer = json!({"kind": "shared-gateway-auth", "generation": "deadbeef"});
    let line = tell(issuer.clone(), &["gateway", "auth", "token"]).unwrap();
    assert!(line.contains("1 session ends") && line.contains("Tab of Ann"), "{line}");
    assert_eq!(tell(issuer, &["gateway", "bind"]), None);
    assert_eq!(tell(Value::Null, &["gateway", "auth", "token"]), None);
}

/// 2026.8.1-beta.2 compares the columns with its own; 2026.9.6 was seen to start without this one.
#[test]
fn a_table_without_setup_id_stops_the_beta_that_compares_columns() {
    let mut images = captured();
    let severity = |images: &Images| {
        found(&model(images), "database-columns-differ").map(|finding| finding.severity)
    };
    let of = |images: &mut Images, release: &str| {
        database(images).app_version = Some(release.to_owned());
    };
    of(&mut images, "2026.8.1-beta.2");
    assert_eq!(severity(&images), None);
    for column in &mut table(&mut images, Part::Bootstrap).columns {
        if column.name == "setup_id" {
            column.name = "other".into();
        }
    }
    assert_eq!(severity(&images), Some(Severity::Blocks));
    of(&mut images, "2026.8.1-beta.1");
    assert_eq!(severity(&images), Some(Severity::Info));
    of(&mut images, "2026.9.6");
    assert_eq!(severity(&images), None);
}

/// Neither 2026.8.2 nor 2026.9.6 starts without one; an older database gets it from the gateway's migrations.
#[test]
fn a_table_that_is_missing_stops_the_gateway() {
    for part in [Part::Paired, Part::Pending, Part::Bootstrap, Part::Identity, Part::DeviceAuth] {
        let mut images = captured();
        database(&mut images).tables.remove(&part);
        let severity = |images: &Images, facts: Facts| {
            let found = checks::diagnose(&Model::of(images.clone(), facts));
            let lost = found.into_iter().find(|one| one.code.0 == "database-columns-differ");
            lost.filter(|lost| lost.says.contains(part.table())).map(|lost| lost.severity)
        };
        assert_eq!(severity(&images, facts()), Some(Severity::Blocks), "{part:?}");
        let running = Facts { gateway: GatewayProcess::Running { pid: 1 }, ..facts() };
        // A running one misses it too, but for the table that no connect asks (seen on 2026.9.6).
        let eased = if part == Part::Bootstrap { Severity::Warning } else { Severity::Blocks };
        assert_eq!(severity(&images, running), Some(eased), "{part:?}");
        // Half of a grant opens nothing, and files are read by nobody.
        if !matches!(part, Part::Pending | Part::Bootstrap) {
            let options = Options { new_identity: Some([7; 32]), ..options() };
            assert_eq!(plan(&model(&images), &options).edits, [], "{part:?}");
            assert_eq!(codes(&model(&images)), ["database-columns-differ"], "{part:?}");
        }
        // A later release may have another table in its place.
        database(&mut images).user_version = NEWEST_KNOWN_USER_VERSION + 1;
        assert_eq!(severity(&images, facts()), Some(Severity::Unchecked), "{part:?}");
        database(&mut images).user_version = 6;
        assert_eq!(severity(&images, facts()), None, "{part:?}");
    }
}

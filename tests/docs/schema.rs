//! The JSON Schema is fresh, and every document that a command prints fits it.

use clawmend::render::schema;
use serde_json::{Value, json};

use super::kept;
use crate::support::Sandbox;

const LOCKED: &str = "2026.5.28-scope-upgrade-pending";

#[test]
fn the_schema_is_fresh() {
    let text = serde_json::to_string_pretty(&schema::schema()).unwrap() + "\n";
    kept("docs/schema.json", |_| text);
}

/// The schema without room for fields that it does not name.
fn strict() -> jsonschema::Validator {
    let mut schema = schema::schema();
    for definition in schema["$defs"].as_object_mut().unwrap().values_mut() {
        if definition.get("properties").is_some() {
            definition["additionalProperties"] = json!(false);
        }
    }
    jsonschema::validator_for(&schema).unwrap()
}

fn check(validator: &jsonschema::Validator, document: &Value, what: &str) {
    let errors: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}\n{document:#}");
}

#[test]
fn every_commands_document_fits_the_schema() {
    let validator = strict();
    for fixture in [LOCKED, "2026.2.19-pending-after-proxy", "2026.9.6-sqlite-read-only"] {
        let sandbox = Sandbox::fixture(fixture);
        for args in [
            &["--json"][..],
            &["diagnose", "--json"],
            &["devices", "--json"],
            &["report", "--json"],
            &["repair", "--dry-run", "--json"],
            &["approve", "--dry-run", "--json"],
            &["repair", "--json"],
            &["snapshot", "list", "--json"],
            &["snapshot", "create", "--json"],
            &["repair", "--yes", "--json"],
            &["repair", "--yes", "--json"],
            &["snapshot", "list", "--json"],
            &["snapshot", "show", "--json"],
            &["snapshot", "verify", "--json"],
            &["restore", "--dry-run", "--json"],
            &["restore", "--yes", "--json"],
            &["snapshot", "prune", "--keep", "1", "--dry-run", "--json"],
            &["snapshot", "prune", "--keep", "1", "--yes", "--json"],
            &["explain", "cli-not-paired", "--json"],
            &["explain", "pairing required", "--json"],
            // Errors.
            &["restore", "20991231", "--json"],
            &["snapshot", "show", "nothing", "--json"],
            &["snapshot", "create", "--why", "no word", "--json"],
            &["approve", "no-such-request", "--json"],
            &["repair", "--scopes", "root", "--json"],
            &["explain", "nonsense", "--json"],
            &["--state-dir", "/nowhere/at/all", "--json"],
        ] {
            let run = sandbox.run(args);
            check(&validator, &run.json(), &format!("{fixture} {args:?}"));
        }
    }
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let validator = strict();
    let mut document = Sandbox::fixture(LOCKED).run(&["--json"]).json();
    assert!(validator.is_valid(&document));
    document["findings"][0]["severity"] = json!("terrible");
    assert!(!validator.is_valid(&document));
    assert!(!validator.is_valid(&json!({"schema": 1, "command": "diagnose", "version": "0"})));
    assert!(!validator.is_valid(&json!({"schema": 1, "command": "other", "version": "0"})));
}

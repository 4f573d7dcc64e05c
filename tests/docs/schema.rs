//! The JSON Schema is fresh, and every document that a command prints fits it.

use serde_json::json;

use super::kept;
use crate::support::{Sandbox, schema, strict};

const LOCKED: &str = "2026.5.28-scope-upgrade-pending";

#[test]
fn the_schema_is_fresh() {
    let text = serde_json::to_string_pretty(&schema::schema()).unwrap() + "\n";
    kept("docs/schema.json", |_| text);
}

#[test]
fn every_commands_document_fits_the_schema() {
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
            &["undo", "--dry-run", "--json"],
            &["undo", "--yes", "--json"],
            &["backup", "--json"],
            &["repair", "--dry-run", "--new-identity", "--json"],
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
            // Reading it holds it to the schema.
            sandbox.run(args).json();
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
    let head = |command| json!({"schema": clawmend::render::json::SCHEMA, "command": command, "version": "0"});
    assert!(!validator.is_valid(&head("diagnose")));
    assert!(!validator.is_valid(&head("other")));
    assert!(!validator.is_valid(&head("snapshot")), "the command below it is named");
}

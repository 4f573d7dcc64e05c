//! The JSON Schema of all documents, from their types.

use clawmend::render::json::{
    ChangeDocument, DevicesDocument, DiagnoseDocument, ErrorDocument, ExplainDocument,
    NotReadDocument, PruneDocument, ReportDocument, SCHEMA, SnapshotShowDocument,
    SnapshotsDocument,
};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

/// One schema for whatever `--json` prints: an error, or the document of the command it names.
pub fn schema() -> Value {
    let mut types = SchemaGenerator::default();
    let error = reference::<ErrorDocument>(&mut types);
    let not_read = reference::<NotReadDocument>(&mut types);
    let diagnosed = reference::<DiagnoseDocument>(&mut types);
    let change = reference::<ChangeDocument>(&mut types);
    let snapshots = reference::<SnapshotsDocument>(&mut types);
    let by_command = [
        ("diagnose", diagnosed.clone()),
        ("repair", change.clone()),
        ("approve", change.clone()),
        ("restore", change.clone()),
        ("undo", change),
        ("devices", reference::<DevicesDocument>(&mut types)),
        ("snapshot create", snapshots.clone()),
        ("snapshot list", snapshots.clone()),
        ("snapshot verify", snapshots),
        ("snapshot show", reference::<SnapshotShowDocument>(&mut types)),
        ("snapshot prune", reference::<PruneDocument>(&mut types)),
        ("report", reference::<ReportDocument>(&mut types)),
        ("explain", reference::<ExplainDocument>(&mut types)),
    ];
    // What the head of each command's document says.
    let heads = by_command.iter().map(|(name, _)| match name.split_once(' ') {
        None => json!({ "properties": { "command": { "const": name } } }),
        Some((name, below)) => json!({
            "properties": { "command": { "const": name }, "subcommand": { "const": below } },
            "required": ["subcommand"],
        }),
    });
    let heads: Vec<Value> = heads.collect();
    let cases: Vec<Value> = heads
        .iter()
        .zip(&by_command)
        .map(|(head, (_, document))| json!({ "if": head, "then": document }))
        .collect();
    let documents = json!({ "anyOf": heads, "allOf": cases });
    let all = json!({
        "if": { "required": ["error"] },
        "then": not_read,
        "else": diagnosed,
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What `clawmend --json` prints",
        "description": format!("One document a run, an error too; `diagnose --all` prints an array. `schema` is {SCHEMA}; it grows when a field goes or changes its meaning. New fields may come at any time."),
        "if": { "type": "array" },
        "then": { "items": all },
        "else": {
            "type": "object",
            "required": ["schema", "command", "version"],
            "if": { "required": ["error"] },
            "then": error,
            "else": documents,
        },
        "$defs": types.take_definitions(true),
    })
}

fn reference<T: JsonSchema>(types: &mut SchemaGenerator) -> Value {
    types.subschema_for::<T>().to_value()
}

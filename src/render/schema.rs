//! The JSON Schema of all documents, from their types.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use super::json::{
    ChangeDocument, DevicesDocument, DiagnoseDocument, ErrorDocument, ExplainDocument,
    ReportDocument, SnapshotShowDocument, SnapshotsDocument,
};

/// One schema for whatever `--json` prints: an error, or the document of the command it names.
pub fn schema() -> Value {
    let mut types = SchemaGenerator::default();
    let error = reference::<ErrorDocument>(&mut types);
    let change = reference::<ChangeDocument>(&mut types);
    let snapshots =
        [reference::<SnapshotsDocument>(&mut types), reference::<SnapshotShowDocument>(&mut types)];
    let by_command = [
        ("diagnose", reference::<DiagnoseDocument>(&mut types)),
        ("repair", change.clone()),
        ("approve", change.clone()),
        ("restore", change),
        ("devices", reference::<DevicesDocument>(&mut types)),
        ("snapshot", json!({ "anyOf": snapshots })),
        ("report", reference::<ReportDocument>(&mut types)),
        ("explain", reference::<ExplainDocument>(&mut types)),
    ];
    let names: Vec<&str> = by_command.iter().map(|(name, _)| *name).collect();
    let cases: Vec<Value> = by_command
        .iter()
        .map(|(name, document)| {
            json!({
                "if": { "properties": { "command": { "const": name } } },
                "then": document,
            })
        })
        .collect();
    let documents = json!({
        "properties": { "command": { "enum": names } },
        "allOf": cases,
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What `clawmend --json` prints",
        "description": "One document a run. `schema` is 1; it grows when a field goes or changes its meaning. New fields may come at any time.",
        "type": "object",
        "required": ["schema", "command", "version"],
        "if": { "required": ["error"] },
        "then": error,
        "else": documents,
        "$defs": types.take_definitions(true),
    })
}

fn reference<T: JsonSchema>(types: &mut SchemaGenerator) -> Value {
    types.subschema_for::<T>().to_value()
}

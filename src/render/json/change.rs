//! `repair --json`, `approve --json` and `restore --json`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{FindingDocument, Head, StateDocument};
use crate::plan::{Changes, Edit};

/// An edit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EditDocument {
    /// The file or table.
    pub place: String,
    /// The record's key or the field.
    pub subject: String,
    /// Why.
    pub why: String,
    /// The findings it repairs.
    pub repairs: Vec<String>,
}

impl From<&Edit> for EditDocument {
    fn from(edit: &Edit) -> Self {
        Self {
            place: crate::render::plan::place(edit),
            subject: crate::render::plan::subject(edit),
            why: edit.why.clone(),
            repairs: edit.repairs.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The edits of changes.
pub fn edits(changes: &Changes) -> Vec<EditDocument> {
    changes.edits.iter().map(EditDocument::from).collect()
}

/// `repair --json`, `approve --json` and `restore --json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeDocument {
    /// Head.
    #[serde(flatten)]
    pub head: Head,
    /// The state.
    #[serde(flatten)]
    pub state: StateDocument,
    /// Only shown, not made.
    pub dry_run: bool,
    /// Whether anything was changed.
    pub changed: bool,
    /// The edits, in order.
    pub edits: Vec<EditDocument>,
    /// The changes as a diff; secrets masked.
    pub diff: String,
    /// The snapshot that undoes them.
    pub snapshot: Option<String>,
    /// The command that undoes them.
    pub undo: Option<String>,
    /// Whether the gateway must be restarted for them.
    pub restart_gateway: bool,
    /// Nothing keeps the CLI out afterwards (with `dryRun`: would).
    pub healthy: bool,
    /// What is found afterwards (with `dryRun`: would be).
    pub findings: Vec<FindingDocument>,
}

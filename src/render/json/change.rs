//! What `repair`, `approve`, `restore` and `undo` print with `--json`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{EditDocument, FindingDocument, Head, StateDocument};

/// What `repair`, `approve`, `restore` and `undo` print with `--json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeDocument {
    /// What every document begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Which state was changed.
    #[serde(flatten)]
    pub state: StateDocument,
    /// What is to be known of the options: which change nothing here, and what one leaves as it is; each in words.
    pub notes: Vec<String>,
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
    /// The command that undoes them, as an argument vector.
    pub undo: Option<Vec<String>>,
    /// What was changed since the snapshot and is lost by going back to it (with `dryRun`: would be), each in words.
    pub lost: Vec<String>,
    /// OpenClaw has run since the snapshot, and what it keeps by itself goes back too: times of use, requests.
    pub goes_back: bool,
    /// Whether the gateway must be restarted for them.
    pub restart_gateway: bool,
    /// Nothing keeps the CLI out afterwards (with `dryRun`: would).
    pub healthy: bool,
    /// What is found afterwards (with `dryRun`: would be).
    pub findings: Vec<FindingDocument>,
    /// What to type now, each as an argument vector: with `dryRun` the command that makes the changes; else what
    /// clears what is left.
    pub next: Vec<Vec<String>>,
}

//! `snapshot --json`.

use schemars::JsonSchema;
use serde::Serialize;

use super::Head;

/// A snapshot in a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotDocument {
    /// Its id.
    pub id: String,
    /// When it was made, milliseconds since 1970.
    pub time_ms: Option<i64>,
    /// Why.
    pub why: String,
    /// The command that made it, without options.
    pub command: String,
    /// `undo`, typed so many times, goes back to it (`snapshot list` alone); to any other `restore` does, by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo_times: Option<usize>,
    /// Size, bytes.
    pub bytes: u64,
    /// What is wrong with it, if anything.
    pub problem: Option<String>,
}

/// `snapshot list|create|verify --json`, `backup --json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotsDocument {
    /// What every document begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The state dir.
    pub state_dir: String,
    /// The folder of the snapshots.
    pub snapshot_dir: String,
    /// For `list`: all; for `create`: the new one; for `verify`: those checked.
    pub snapshots: Vec<SnapshotDocument>,
}

/// `snapshot prune --json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PruneDocument {
    /// What every document begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The state dir.
    pub state_dir: String,
    /// The folder of the snapshots.
    pub snapshot_dir: String,
    /// Only shown, not done.
    pub dry_run: bool,
    /// Those that went (with `dryRun`: would go).
    pub removed: Vec<PrunedDocument>,
    /// Those that stay by the rule.
    pub kept: Vec<PrunedDocument>,
    /// Those of other state dirs in the same folder: they are left alone.
    pub left: Vec<PrunedDocument>,
}

/// A snapshot that a prune looked at.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PrunedDocument {
    /// Its id.
    pub id: String,
    /// Size, bytes.
    pub bytes: u64,
    /// Why it goes or stays.
    pub reason: String,
}

/// `snapshot show --json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotShowDocument {
    /// What every document begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The snapshot.
    pub snapshot: SnapshotDocument,
    /// What it holds.
    pub entries: Vec<EntryDocument>,
}

/// A piece of a snapshot.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EntryDocument {
    /// Where it was.
    pub path: String,
    /// It was not there.
    pub absent: bool,
    /// SHA-256, lower-case hex.
    pub sha256: Option<String>,
    /// Size, bytes.
    pub bytes: Option<u64>,
    /// Permission bits, octal.
    pub mode: Option<String>,
}

//! The JSON documents: the part of the output that scripts may rely on. One document a run, to stdout.
//!
//! `schema` grows when a field changes its meaning or goes; new fields may come at any time.

use schemars::JsonSchema;
use serde::Serialize;

use crate::checks;
use crate::finding::{Finding, Mend, Severity};
use crate::model::Model;
use crate::model::device::Device;
use crate::model::facts::Gateway;
use crate::plan::{Edit, Plan, StoreKind};

/// The number of this shape.
pub const SCHEMA: u32 = 1;

/// What stands at the top of every document.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// The shape's number: 1.
    pub schema: u32,
    /// The command: `diagnose`, `repair`, ...
    pub command: String,
    /// The clawmend that wrote it.
    pub version: String,
}

impl Head {
    /// The head of a command's document.
    pub fn of(command: &str) -> Self {
        Self {
            schema: SCHEMA,
            command: command.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// Which state was looked at.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StateDocument {
    /// The state dir.
    pub state_dir: String,
    /// How it was found.
    pub found_by: String,
    /// The config file, present or not.
    pub config: String,
    /// `files` (up to 2026.7.x) or `sqlite` (from 2026.8.1).
    pub store: StoreKind,
    /// The release that wrote the state last, where it says so.
    pub written_by: Option<String>,
    /// `running`, `not-running` or `unknown`.
    pub gateway: String,
    /// The gateway's process id, if it runs.
    pub gateway_pid: Option<u32>,
    /// This machine's device id.
    pub device_id: Option<String>,
}

impl StateDocument {
    /// The state of a model.
    pub fn of(model: &Model, located: &crate::locate::Located) -> Self {
        let (gateway, gateway_pid) = match &model.facts.gateway {
            Gateway::Running { pid } => ("running", Some(*pid)),
            Gateway::NotRunning => ("not-running", None),
            Gateway::Unknown(_) => ("unknown", None),
        };
        Self {
            state_dir: crate::platform::shown(&located.state_dir),
            found_by: located.how.clone(),
            config: crate::platform::shown(&located.config),
            store: model.store,
            written_by: model.written_by(),
            gateway: gateway.to_owned(),
            gateway_pid,
            device_id: model.local_id().map(str::to_owned),
        }
    }
}

/// A finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingDocument {
    /// Its stable code.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// The failure modes of users' reports that it covers.
    pub modes: Vec<String>,
    /// The file, table or config key.
    pub place: String,
    /// What is wrong.
    pub says: String,
    /// What was seen; secrets masked.
    pub evidence: Vec<String>,
    /// Why the gateway refuses.
    pub why: String,
    /// What mends it.
    pub mend: MendDocument,
}

/// What mends a finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MendDocument {
    /// `repair`, `repair-with-option`, `by-hand` or `nothing`.
    pub kind: String,
    /// What is done, or the commands to type.
    pub steps: Vec<String>,
}

impl From<&Finding> for FindingDocument {
    fn from(finding: &Finding) -> Self {
        let (kind, steps) = match &finding.mend {
            Mend::Repair(what) => ("repair", vec![what.clone()]),
            Mend::RepairWith(command) => ("repair-with-option", vec![command.clone()]),
            Mend::ByHand(lines) => ("by-hand", lines.clone()),
            Mend::Nothing => ("nothing", vec![]),
        };
        Self {
            code: finding.code.to_string(),
            severity: finding.severity,
            modes: checks::rule(finding.code)
                .map(|rule| rule.modes.iter().map(|mode| (*mode).to_owned()).collect())
                .unwrap_or_default(),
            place: finding.place.clone(),
            says: finding.says.clone(),
            evidence: finding.evidence.clone(),
            why: finding.why.clone(),
            mend: MendDocument {
                kind: kind.to_owned(),
                steps,
            },
        }
    }
}

/// `diagnose --json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiagnoseDocument {
    /// Head.
    #[serde(flatten)]
    pub head: Head,
    /// The state.
    #[serde(flatten)]
    pub state: StateDocument,
    /// Nothing keeps the CLI out, and everything could be checked.
    pub healthy: bool,
    /// What was found, worst first.
    pub findings: Vec<FindingDocument>,
}

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
    /// The findings it mends.
    pub mends: Vec<String>,
}

impl From<&Edit> for EditDocument {
    fn from(edit: &Edit) -> Self {
        Self {
            place: super::plan::place(edit),
            subject: super::plan::subject(edit),
            why: edit.why.clone(),
            mends: edit.mends.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The edits of a plan.
pub fn edits(plan: &Plan) -> Vec<EditDocument> {
    plan.edits.iter().map(EditDocument::from).collect()
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
    /// The edits, in order (empty for a restore).
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

/// `devices --json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DevicesDocument {
    /// Head.
    #[serde(flatten)]
    pub head: Head,
    /// The state.
    #[serde(flatten)]
    pub state: StateDocument,
    /// Requests that wait.
    pub pending: Vec<DeviceDocument>,
    /// Paired devices.
    pub paired: Vec<DeviceDocument>,
}

/// A device, paired or pending.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeviceDocument {
    /// The request's id (pending only).
    pub request_id: Option<String>,
    /// `deviceId`.
    pub device_id: Option<String>,
    /// It is this machine.
    pub this_machine: bool,
    /// Display name, or the client.
    pub name: String,
    /// `clientId`.
    pub client_id: Option<String>,
    /// `clientMode`.
    pub client_mode: Option<String>,
    /// `platform`.
    pub platform: Option<String>,
    /// Its roles.
    pub roles: Vec<String>,
    /// What it holds, or asks for.
    pub scopes: Vec<String>,
    /// Full scopes that it lacks (this machine only).
    pub lacks: Vec<String>,
    /// When it asked or was approved, milliseconds since 1970.
    pub at_ms: Option<i64>,
    /// When it was seen last, milliseconds since 1970.
    pub last_seen_at_ms: Option<i64>,
    /// The request has expired (pending only).
    pub expired: bool,
    /// What is wrong with the record.
    pub problems: Vec<String>,
}

impl DeviceDocument {
    /// A device of a model.
    pub fn of(model: &Model, device: &Device, pending: bool, problems: Vec<String>) -> Self {
        let this_machine =
            model.local_id().is_some() && device.device_id.as_deref() == model.local_id();
        let (_, held) = device.baseline();
        Self {
            request_id: pending.then(|| device.key.clone()),
            device_id: device.device_id.clone(),
            this_machine,
            name: device
                .display_name
                .clone()
                .or_else(|| device.client_id.clone())
                .unwrap_or_default(),
            client_id: device.client_id.clone(),
            client_mode: device.client_mode.clone(),
            platform: device.platform.clone(),
            roles: device.all_roles(),
            scopes: held.items().to_vec(),
            lacks: if this_machine {
                model.rule.lacking(held.items(), crate::model::scopes::FULL)
            } else {
                vec![]
            },
            at_ms: if pending {
                device.asked_at_ms
            } else {
                device.approved_at_ms
            },
            last_seen_at_ms: device.last_seen_at_ms,
            expired: pending && device.expired(model.facts.now_ms),
            problems,
        }
    }
}

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
    /// Size, bytes.
    pub bytes: u64,
    /// What is wrong with it, if anything.
    pub problem: Option<String>,
}

/// `snapshot list|create|verify|prune --json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotsDocument {
    /// Head.
    #[serde(flatten)]
    pub head: Head,
    /// The state dir.
    pub state_dir: String,
    /// The folder of the snapshots.
    pub snapshot_dir: String,
    /// For `list`: all; for `create`: the new one; for `verify`: those checked; for `prune`: those that went.
    pub snapshots: Vec<SnapshotDocument>,
    /// For `prune`: only shown.
    pub dry_run: bool,
}

/// `snapshot show --json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotShowDocument {
    /// Head.
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

/// `explain --json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExplainDocument {
    /// Head.
    #[serde(flatten)]
    pub head: Head,
    /// What OpenClaw says, where the text is a message of OpenClaw.
    pub message: Option<MessageDocument>,
    /// The findings that match.
    pub explanations: Vec<Explanation>,
}

/// What a message of OpenClaw means.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageDocument {
    /// What OpenClaw says with it.
    pub means: String,
    /// What to do where no finding is behind it.
    pub advice: String,
    /// The codes of findings that cause it and are found in the state here.
    pub found_here: Vec<String>,
}

/// The long story of a finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// Its code.
    pub code: String,
    /// How bad it is at its worst.
    pub severity: Severity,
    /// The failure modes.
    pub modes: Vec<String>,
    /// What it is.
    pub title: String,
    /// Why the gateway refuses.
    pub why: String,
    /// What the mend changes.
    pub mends: String,
    /// How to do it by hand.
    pub by_hand: String,
    /// OpenClaw's messages that it causes.
    pub messages: Vec<String>,
    /// Threads that report it, as `owner/repository#number`.
    pub reports: Vec<String>,
}

/// An error, with `--json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorDocument {
    /// Head.
    #[serde(flatten)]
    pub head: Head,
    /// What went wrong.
    pub error: ErrorBody,
}

/// What went wrong.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// The exit code.
    pub exit: u8,
    /// What happened.
    pub message: String,
    /// The file or folder.
    pub path: Option<String>,
    /// The cause.
    pub cause: Option<String>,
    /// What to do.
    pub hints: Vec<String>,
}

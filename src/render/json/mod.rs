//! The JSON documents: the part of the output that scripts may rely on. One document a run, to stdout.
//!
//! `schema` grows when a field changes its meaning or goes; new fields may come at any time.

mod change;
mod devices;
mod edits;
mod explain;
mod report;
mod snapshots;

pub use change::ChangeDocument;
pub use devices::{DeviceDocument, DevicesDocument};
pub use edits::{Action, EditDocument, edits};
pub use explain::{ExplainDocument, Explanation, MessageDocument};
pub use report::{ReportDocument, ReportFile, ReportFinding};
pub use snapshots::{
    EntryDocument, PruneDocument, PrunedDocument, SnapshotDocument, SnapshotShowDocument,
    SnapshotsDocument,
};

use schemars::JsonSchema;
use serde::Serialize;

use crate::checks::{self, Admission};
use crate::error::Error;
use crate::finding::{Evidence, Finding, Place, Remedy, Severity};
use crate::model::Model;
use crate::model::container::{Container, Storage};
use crate::model::facts::GatewayProcess;
use crate::plan::StoreKind;
use crate::render::invocation::Invocation;
use crate::step::Step;

/// The number of this shape.
pub const SCHEMA: u32 = 2;

/// What stands at the top of every document.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// The shape's number: 2.
    pub schema: u32,
    /// The command: `diagnose`, `repair`, ...; `clawmend` where an error is about none.
    pub command: String,
    /// The command below it, where it has some: `snapshot prune` is `snapshot` and `prune`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subcommand: Option<String>,
    /// The clawmend that wrote it.
    pub version: String,
}

impl Head {
    /// The head of a command's document; a command below another one is named with it: `snapshot prune`.
    pub fn of(command: &str) -> Self {
        let mut words = command.splitn(2, ' ').map(str::to_owned);
        Self {
            schema: SCHEMA,
            command: words.next().unwrap_or_default(),
            subcommand: words.next(),
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
    /// The container that the state dir belongs to, as far as its path and files tell.
    pub container: Option<ContainerDocument>,
}

/// A container and its state.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContainerDocument {
    /// `docker`, `podman` or `kubectl` (a pod of Kubernetes); a guess where only `sign` gave the container away.
    pub engine: String,
    /// The volume that holds the state.
    pub volume: Option<String>,
    /// The container's name; of a pod what makes it, such as `deployment/openclaw`.
    pub name: Option<String>,
    /// The state dir as the container sees it.
    pub inside: Option<String>,
    /// Whether the container runs, by the engine's own files.
    pub running: Option<bool>,
    /// What gave it away, where that is neither the path nor the engine's files.
    pub sign: Option<String>,
    /// What runs clawmend on the state in a container, or on a copy: each an argument vector.
    pub commands: Vec<Vec<String>>,
}

impl ContainerDocument {
    fn of(container: &Container, state_dir: &std::path::Path) -> Self {
        let steps = container.run(state_dir);
        Self {
            engine: container.engine.to_owned(),
            volume: match &container.kept {
                Storage::Volume { name, .. } => Some(name.clone()),
                Storage::Folder | Storage::Layer | Storage::Pod { .. } => None,
            },
            name: container.name.clone(),
            inside: container.inside.as_deref().map(crate::platform::shown),
            running: container.runs,
            sign: container.sign.clone(),
            commands: steps.iter().filter_map(|it| Invocation::default().argv_of(it)).collect(),
        }
    }
}

impl StateDocument {
    /// The state of a model; `found_by` says how its folder was found.
    pub fn of(model: &Model, found_by: &str) -> Self {
        let (gateway, gateway_pid) = match &model.facts.gateway {
            GatewayProcess::Running { pid } => ("running", Some(*pid)),
            GatewayProcess::NotRunning => ("not-running", None),
            GatewayProcess::Unknown(_) => ("unknown", None),
        };
        let container = model.facts.belongs_to.as_ref();
        Self {
            state_dir: crate::platform::shown(&model.facts.state_dir),
            found_by: found_by.to_owned(),
            config: crate::platform::shown(&model.config.path),
            store: model.store,
            written_by: model.written_by(),
            gateway: gateway.to_owned(),
            gateway_pid,
            device_id: model.local_id().map(str::to_owned),
            container: container.map(|one| ContainerDocument::of(one, &model.facts.state_dir)),
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
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub says: String,
    /// What was seen; secrets masked.
    pub evidence: Vec<Evidence>,
    /// Why the gateway refuses.
    pub why: String,
    /// What repairs it.
    pub remedy: RemedyDocument,
}

/// What repairs a finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemedyDocument {
    /// `repair`, `repair-with-option`, `by-hand` or `nothing`.
    pub kind: String,
    /// What `repair` changes, where it does it.
    pub says: Option<String>,
    /// What a person does: in order, or with `repair-with-option` to choose from.
    pub steps: Vec<StepDocument>,
    /// What may be chosen in its place.
    pub alternatives: Vec<StepDocument>,
}

/// Something to do: words, a command, or both.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepDocument {
    /// What to do; with a command, what it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The command, as an argument vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// What the command does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl StepDocument {
    /// Steps, with commands as they are typed in this run.
    pub fn all(steps: &[Step], invocation: &Invocation) -> Vec<Self> {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let each = steps.iter().map(|step| Self {
            text: some(&step.text),
            command: invocation.argv_of(step),
            note: some(&step.note),
        });
        each.collect()
    }
}

impl FindingDocument {
    /// A finding, with commands as they are typed in this run.
    pub fn of(finding: &Finding, invocation: &Invocation) -> Self {
        let modes = checks::check(finding.code).into_iter().flat_map(|check| check.modes);
        let (kind, says, steps) = match &finding.remedy {
            Remedy::Repair(what) => ("repair", Some(what.clone()), &[][..]),
            Remedy::Choice(steps) => ("repair-with-option", None, steps.as_slice()),
            Remedy::ByHand(steps) => ("by-hand", None, steps.as_slice()),
            Remedy::Nothing => ("nothing", None, &[][..]),
        };
        Self {
            code: finding.code.to_string(),
            severity: finding.severity,
            modes: modes.map(ToString::to_string).collect(),
            place: finding.place.clone(),
            says: finding.says.clone(),
            evidence: finding.evidence.clone(),
            why: finding.why.clone(),
            remedy: RemedyDocument {
                kind: kind.to_owned(),
                says,
                steps: StepDocument::all(steps, invocation),
                alternatives: StepDocument::all(&finding.alternatives, invocation),
            },
        }
    }
}

/// `diagnose --json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiagnoseDocument {
    /// What every document begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Which state was looked at.
    #[serde(flatten)]
    pub state: StateDocument,
    /// Nothing keeps the CLI out, and everything could be checked.
    pub healthy: bool,
    /// What the gateway decides about this machine's CLI, step by step.
    pub admission: Admission,
    /// What was found, worst first.
    pub findings: Vec<FindingDocument>,
    /// The requests that wait, this machine's and others', as in `devices --json`.
    pub requests: Vec<DeviceDocument>,
    /// What to type now, each as an argument vector; empty where a person has to do something else first.
    pub next: Vec<Vec<String>>,
}

/// An error, with `--json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorDocument {
    /// What every document begins with.
    #[serde(flatten)]
    pub head: Head,
    /// What went wrong.
    pub error: ErrorBody,
}

/// In the array of `diagnose --all`: a state dir that could not be diagnosed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotReadDocument {
    /// What every document begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Which state dir.
    pub state_dir: String,
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
    /// The file or folder, by its whole path.
    pub place: Option<Place>,
    /// The cause.
    pub cause: Option<String>,
    /// What would have been lost, each in words; absent where nothing would.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<String>,
    /// What to do.
    pub hints: Vec<StepDocument>,
}

impl ErrorBody {
    /// An error and what to do, with commands as they are typed in this run.
    pub fn of(error: &Error, hints: &[Step], invocation: &Invocation) -> Self {
        Self {
            exit: error.exit().code(),
            message: error.message().to_owned(),
            place: error.path().map(|path| Place::from(crate::platform::shown(path))),
            cause: error.cause().map(str::to_owned),
            lost: error.lost().to_vec(),
            hints: StepDocument::all(hints, invocation),
        }
    }
}

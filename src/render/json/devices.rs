//! `devices --json`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Head, StateDocument};
use crate::checks::approvable::refusal;
use crate::checks::describe_fault;
use crate::model::Model;
use crate::model::device::Device;
use crate::model::layout::Part;
use crate::model::store::Records;
use crate::secret::shape::{Shape, shown_list};

/// `devices --json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DevicesDocument {
    /// What every document begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Which state was looked at.
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
    /// The address that it came from, where it is one.
    pub remote_ip: Option<String>,
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
    /// Why the request must not be approved (another device's only).
    pub refused: Option<String>,
    /// What is wrong with the record.
    pub problems: Vec<String>,
}

impl DeviceDocument {
    /// The devices of a store, as far as they can be read.
    pub fn all(model: &Model, records: &Records) -> Vec<Self> {
        let pending = records.part == Part::Pending;
        let each = records.entries.iter().filter_map(|entry| {
            let problems = entry.faults.iter().map(describe_fault).collect();
            Some(Self::of(model, &records.device(entry)?, pending, problems))
        });
        each.collect()
    }

    fn of(model: &Model, device: &Device, pending: bool, problems: Vec<String>) -> Self {
        let this_machine =
            model.local_id().is_some() && device.device_id.as_deref() == model.local_id();
        let (_, held) = device.baseline();
        let time = |at: Option<i64>| at.filter(|at| Shape::Time.fits(&at.to_string(), &|_| false));
        let shown =
            |shape: Shape, text: &Option<String>| text.as_deref().map(|text| shape.show(text));
        Self {
            request_id: pending.then(|| Shape::RequestId.show(&device.key)),
            device_id: device.shown_id(),
            this_machine,
            name: device.shown_name().unwrap_or_default(),
            client_id: shown(Shape::Client, &device.client_id),
            client_mode: shown(Shape::CLIENT_MODE, &device.client_mode),
            platform: shown(Shape::Platform, &device.platform),
            remote_ip: shown(Shape::Address, &device.remote_ip),
            roles: shown_list(&device.all_roles()),
            scopes: shown_list(held.items()),
            lacks: if this_machine {
                model.era.lacking(held.items(), crate::model::scopes::FULL)
            } else {
                vec![]
            },
            at_ms: time(if pending { device.asked_at_ms } else { device.approved_at_ms }),
            last_seen_at_ms: time(device.last_seen_at_ms),
            expired: pending && device.expired(model.facts.now_ms),
            refused: (pending && !this_machine)
                .then(|| refusal(model, &device.key).map(|why| why.says()))
                .flatten(),
            problems,
        }
    }
}

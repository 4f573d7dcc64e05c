//! Whether a pending request can be approved at all: asked before anybody is told to.

use serde_json::Value;

use crate::model::Model;
use crate::model::device::{Device, Record, belongs};
use crate::model::scopes::fits_roles;
use crate::secret::Unshown;
use crate::secret::shape::Shape;

/// Why a request is not approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unapprovable {
    /// No request of that id, or it cannot be read.
    Unknown,
    /// Its public key does not hash to its device id.
    Key,
    /// A scope that none of its roles may hold.
    Scope(String),
    /// It names no role.
    Role,
    /// It carries another key than the device that is paired under that id.
    OtherKey,
}

impl Unapprovable {
    /// One sentence without a full stop, made to follow "because" or a colon.
    pub fn says(&self) -> String {
        match self {
            Unapprovable::Unknown => "there is no request with this id: one lives five minutes".into(),
            Unapprovable::Key => {
                "its public key does not belong to its device id: it is not the device that it claims to be".into()
            }
            Unapprovable::Scope(scope) => {
                format!(
                    "it asks for `{}`, and no role that it asks for may hold that",
                    Shape::Scope.show(scope)
                )
            }
            Unapprovable::Role => "it asks for no role".into(),
            Unapprovable::OtherKey => "a device with that id is already paired, with another public key".into(),
        }
    }
}

/// A request that may be approved.
#[derive(Debug)]
pub struct Approvable {
    /// As it stands in the store.
    pub record: Unshown<Record>,
    /// What it means.
    pub request: Device,
}

/// Looks a request over.
///
/// # Errors
/// Why it must not be approved.
pub fn approvable(model: &Model, request_id: &str) -> Result<Approvable, Unapprovable> {
    let record = model.pending.record_of(request_id).ok_or(Unapprovable::Unknown)?;
    let request = Device::of(request_id, &record);
    let (Some(id), Some(public_key)) = (&request.device_id, &request.public_key) else {
        return Err(Unapprovable::Key);
    };
    if !belongs(public_key, id) {
        return Err(Unapprovable::Key);
    }
    let roles = request.all_roles();
    if roles.is_empty() {
        return Err(Unapprovable::Role);
    }
    if let Some(scope) = request.scopes.items().iter().find(|scope| !fits_roles(scope, &roles)) {
        return Err(Unapprovable::Scope(scope.clone()));
    }
    let is_other =
        |paired: Record| paired.get("publicKey").and_then(Value::as_str) != Some(public_key);
    if model.paired.record_of(id).is_some_and(is_other) {
        return Err(Unapprovable::OtherKey);
    }
    Ok(Approvable { record: Unshown(record), request })
}

/// Why a request must not be approved; `None`: it may be.
pub fn refusal(model: &Model, request_id: &str) -> Option<Unapprovable> {
    approvable(model, request_id).err()
}

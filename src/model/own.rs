//! What this machine holds of its own: its identity and its cached token, from the file or the table.

use std::sync::Arc;

use serde_json::Value;

use super::device::{Device, Record, Token, text};
use super::identity::{Identity, IdentityFault, record_of_app};
use super::layout::{PRIMARY_IDENTITY, Part};
use super::store::record_of_row;
use crate::format::value;
use crate::image::{Cell, FileState, Images, Table, TextImage, Unusable};
use crate::plan::StoreKind;

/// This machine's identity as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityState {
    /// There is none: no file, or no row.
    Absent,
    /// A whole record, not necessarily one that fits itself.
    Found(Identity),
    /// A record that is no identity; its `deviceId`, if it has one.
    Faulty(IdentityFault, Option<String>),
    /// Not JSON, or not an object.
    Malformed,
    /// Not read.
    Unusable(Unusable),
}

/// The cached device token of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedAuth {
    /// What was found where the token is kept.
    pub condition: AuthCondition,
    /// The device that the token was given to.
    pub device_id: Option<String>,
    /// `tokens.operator`.
    pub operator: Option<Token>,
}

/// What was found where the cached token is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthCondition {
    /// No file, or no row of this device.
    Absent,
    /// Readable, and of OpenClaw's shape.
    Good,
    /// Not the shape OpenClaw reads: it treats it as absent.
    Malformed,
    /// Not read.
    Unusable(Unusable),
}

impl IdentityState {
    /// The device id that releases go by: the hash of the public key.
    pub fn device_id(&self) -> Option<&str> {
        match self {
            IdentityState::Found(identity) => Some(&identity.derived_id),
            _ => None,
        }
    }
}

/// A file that holds one JSON object.
fn object_of_file(image: Option<&TextImage>) -> Result<Option<Record>, Option<Unusable>> {
    match image.map(|image| &image.state) {
        None | Some(FileState::Absent) => Ok(None),
        Some(FileState::Unusable(why)) => Err(Some(why.clone())),
        Some(FileState::Present { bytes, .. }) => match value::of(bytes) {
            Some(Value::Object(record)) => Ok(Some(record)),
            _ => Err(None),
        },
    }
}

pub(super) fn identity_of_file(image: Option<&TextImage>) -> IdentityState {
    match object_of_file(image) {
        Ok(None) => IdentityState::Absent,
        Err(Some(why)) => IdentityState::Unusable(why),
        Err(None) => IdentityState::Malformed,
        Ok(Some(record)) => match Identity::of(&record) {
            Ok(_) if record.get("version").and_then(Value::as_i64) != Some(1) => {
                IdentityState::Faulty(IdentityFault::Version, text(&record, "deviceId"))
            }
            identity => of_record(identity, &record),
        },
    }
}

fn of_record(identity: Result<Identity, IdentityFault>, record: &Record) -> IdentityState {
    match identity {
        Ok(identity) => IdentityState::Found(identity),
        Err(fault) => IdentityState::Faulty(fault, text(record, "deviceId")),
    }
}

/// The same as OpenClaw's import into the database reads it: also as a native app writes it.
pub(super) fn identity_to_import(image: Option<&TextImage>) -> IdentityState {
    let found = identity_of_file(image);
    let IdentityState::Faulty(IdentityFault::AppShape, _) = found else { return found };
    let record = object_of_file(image).ok().flatten();
    let identity = record.and_then(|record| Identity::of(&record_of_app(&record)?).ok());
    identity.map_or(found, IdentityState::Found)
}

/// This machine's row of the table of identities.
pub(super) fn identity_row(images: &Images) -> Option<Record> {
    let table = super::table(images, Part::Identity)?;
    let row = table.rows.iter().find(|row| {
        table.cell(row, "identity_key").and_then(Cell::text) == Some(PRIMARY_IDENTITY)
    })?;
    Some(record_of_row(Part::Identity, &table, row))
}

fn identity_of_row(images: &Images) -> IdentityState {
    match identity_row(images) {
        Some(record) => of_record(Identity::of(&record), &record),
        None => IdentityState::Absent,
    }
}

/// This machine's identity in the store that counts. 2026.8 and the macOS app put the key pair into a database of
/// their own making before a gateway has moved the pairing there.
pub(super) fn identity(images: &Images, store: StoreKind) -> IdentityState {
    let row = identity_of_row(images);
    if store == StoreKind::Sqlite {
        return row;
    }
    let is_whole = matches!(&row, IdentityState::Found(row) if row.keys_match && row.id_fits());
    match identity_of_file(images.file(Part::Identity)) {
        IdentityState::Absent if is_whole => row,
        found => found,
    }
}

pub(super) fn auth_of_file(image: Option<&TextImage>) -> CachedAuth {
    let with = |condition| CachedAuth { condition, device_id: None, operator: None };
    match object_of_file(image) {
        Ok(None) => with(AuthCondition::Absent),
        Err(Some(why)) => with(AuthCondition::Unusable(why)),
        Err(None) => with(AuthCondition::Malformed),
        Ok(Some(record)) => {
            let device_id = text(&record, "deviceId");
            let shaped = record.get("version").and_then(Value::as_i64) == Some(1)
                && device_id.is_some()
                && record.get("tokens").is_some_and(Value::is_object);
            CachedAuth {
                condition: if shaped { AuthCondition::Good } else { AuthCondition::Malformed },
                operator: Device::of("", &record).operator,
                device_id,
            }
        }
    }
}

pub(super) fn auth_of_table(table: Option<Arc<Table>>, local: Option<&str>) -> CachedAuth {
    let absent = CachedAuth { condition: AuthCondition::Absent, device_id: None, operator: None };
    let (Some(table), Some(local)) = (table, local) else { return absent };
    let text = |row, column| table.cell(row, column).and_then(Cell::text);
    let mut rows = table.rows.iter().filter(|row| text(row, "device_id") == Some(local));
    let Some(row) = rows.find(|row| text(row, "role") == Some("operator")) else { return absent };
    let entry = record_of_row(Part::DeviceAuth, &table, row);
    // OpenClaw takes a row whose scopes are no list for none.
    let shaped = entry.get("scopes").is_some_and(Value::is_array);
    CachedAuth {
        condition: if shaped { AuthCondition::Good } else { AuthCondition::Malformed },
        device_id: Some(local.to_owned()),
        operator: Token::of(&Value::Object(entry)),
    }
}

//! What only the generation of the database knows: files of the older one beside it, the identity's
//! row as it stands, and cells that should be JSON and are not.

use serde_json::Value;

use super::device::Record;
use super::identity::Identity;
use super::layout::{Column, HOLDS_PAIRING, Part};
use super::own::identity_row;
use super::store::{Fault, Records};
use super::{CachedAuth, IdentityState, Model, auth_of_file, identity_to_import};
use crate::image::Images;
use crate::plan::StoreKind;

/// The files of the older generation that lie beside a database that counts. A release of the
/// database's generation imports some of them, and trips over others.
#[derive(Clone, Debug)]
pub struct Legacy {
    /// `devices/paired.json`: imported at a gateway's start.
    pub paired: Records,
    /// `devices/pending.json`: set aside at that start, its requests are not imported.
    pub pending: Records,
    /// `identity/device.json`, and what an interrupted import of it had claimed, as far as they are there. In OpenClaw's
    /// own form or in that of the native app: its import takes both.
    pub identities: Vec<(Part, IdentityState)>,
    /// `identity/device-auth.json`.
    pub auth: CachedAuth,
    /// The database holds no identity, and this file's is whole: it is this machine's.
    pub adopted: Option<Part>,
}

impl Legacy {
    /// The files beside the database, where that is what counts.
    pub(super) fn beside(images: &Images, store: StoreKind) -> Option<Self> {
        (store == StoreKind::Sqlite && super::database(images).is_some()).then(|| Self {
            paired: Records::of_file(Part::Paired, images.file(Part::Paired)),
            pending: Records::of_file(Part::Pending, images.file(Part::Pending)),
            identities: Part::IDENTITY_FILES
                .into_iter()
                .map(|part| (part, identity_to_import(images.file(part))))
                .filter(|(_, found)| *found != IdentityState::Absent)
                .collect(),
            auth: auth_of_file(images.file(Part::DeviceAuth)),
            adopted: None,
        })
    }

    /// The identity of the files, if it can stand in for a row that is missing: whole, its keys a
    /// pair, and the same in all that hold one. It goes by the id that its key hashes to, as OpenClaw's import does.
    pub(super) fn adopt(&mut self, row: &IdentityState) -> Option<Identity> {
        if *row != IdentityState::Absent {
            return None;
        }
        let mut whole = self.identities.iter().filter_map(|(part, found)| match found {
            IdentityState::Found(identity) if identity.keys_match => Some((*part, identity)),
            _ => None,
        });
        let (part, first) = whole.next()?;
        if whole.any(|(_, other)| other.public_key != first.public_key) {
            return None;
        }
        let adopted = Identity { device_id: first.derived_id.clone(), ..first.clone() };
        self.adopted = Some(part);
        Some(adopted)
    }

    /// Whether an import of the identity was interrupted.
    pub fn is_claimed(&self) -> bool {
        self.identities.iter().any(|(part, _)| *part != Part::Identity)
    }
}

/// A cell that should hold JSON and does not.
#[derive(Clone, Debug, PartialEq)]
pub struct BadCell {
    /// The table it stands in.
    pub part: Part,
    /// The primary key of its row.
    pub key: String,
    /// The column, and the field that it holds.
    pub column: &'static Column,
    /// What stands in it, where that is text.
    pub text: Option<String>,
}

impl Model {
    /// Whether the database is what counts and could not be read: nothing is known then.
    pub fn is_database_unread(&self) -> bool {
        self.store == StoreKind::Sqlite && self.database().is_none()
    }

    /// The tables of a state's devices that are not there, of those that each release from 2026.8.1 on has. An older
    /// database gets its tables from the gateway's migrations.
    pub fn lost_tables(&self) -> impl Iterator<Item = Part> {
        let tables =
            [Part::Paired, Part::Pending, Part::Bootstrap, Part::Identity, Part::DeviceAuth];
        let database = self.database().filter(|database| database.user_version >= HOLDS_PAIRING);
        let is_lost =
            move |part: &Part| database.is_some_and(|database| !database.tables.contains_key(part));
        tables.into_iter().filter(is_lost)
    }

    /// Whether the config, the identity, every device or a table is missing or cannot be used, and only a copy brings it back.
    pub fn lacks_a_part(&self) -> bool {
        self.config.whole().is_none()
            || self.paired.entries.is_empty()
            || !matches!(self.identity, IdentityState::Found(_))
            || self.is_database_unread()
            || self.lost_tables().next().is_some()
    }

    /// This machine's identity row as it stands.
    pub fn identity_row(&self) -> Option<Record> {
        identity_row(&self.images)
    }

    /// The times of the identity row that OpenClaw does not take.
    pub fn bad_identity_times(&self) -> Vec<&'static str> {
        const LARGEST: i64 = (1 << 53) - 1;
        let Some(row) = self.identity_row().filter(|_| self.store == StoreKind::Sqlite) else {
            return Vec::new();
        };
        ["createdAtMs", "updatedAtMs"]
            .into_iter()
            .filter(|name| {
                !row.get(*name)
                    .and_then(Value::as_i64)
                    .is_some_and(|time| (0..=LARGEST).contains(&time))
            })
            .collect()
    }

    /// Cells of the pairing tables that are not JSON.
    pub fn bad_cells(&self) -> Vec<BadCell> {
        if self.store != StoreKind::Sqlite {
            return Vec::new();
        }
        let mut found = Vec::new();
        for records in [&self.paired, &self.pending] {
            for entry in &records.entries {
                for fault in &entry.faults {
                    let Fault::Cell(column) = fault else { continue };
                    found.push(BadCell {
                        part: records.part,
                        key: entry.key.clone(),
                        column,
                        text: records.cell_text(entry, column.column),
                    });
                }
            }
        }
        found
    }
}

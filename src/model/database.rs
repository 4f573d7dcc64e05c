//! What only the generation of the database knows: files of the older one beside it, the identity's
//! row as it stands, and cells that should be JSON and are not.

use serde_json::Value;

use super::device::Record;
use super::identity::Identity;
use super::layout::{PRIMARY_IDENTITY, Part};
use super::store::{Fault, Records, record_of_row};
use super::{CachedAuth, IdentityState, Model, auth_of_file, identity_of_file, table};
use crate::image::{Cell, DatabaseState, Images};
use crate::plan::StoreKind;

/// The files of the older generation that lie beside a database that counts. A release of the
/// database's generation imports some of them, and trips over others.
#[derive(Clone, Debug)]
pub struct Legacy {
    /// `devices/paired.json`: imported at a gateway's start.
    pub paired: Records,
    /// `devices/pending.json`: set aside at that start, its requests are not imported.
    pub pending: Records,
    /// `identity/device.json`.
    pub identity: IdentityState,
    /// `identity/device-auth.json`.
    pub auth: CachedAuth,
    /// The database holds no identity, and the file's is whole: it is this machine's.
    pub adopted: bool,
}

impl Legacy {
    /// The files beside the database, where that is what counts.
    pub(super) fn beside(images: &Images, store: StoreKind) -> Option<Self> {
        let readable = matches!(
            images.database.as_ref().map(|database| &database.state),
            Some(DatabaseState::Readable(_))
        );
        (store == StoreKind::Sqlite && readable).then(|| Self {
            paired: Records::of_file(Part::Paired, images.file(Part::Paired)),
            pending: Records::of_file(Part::Pending, images.file(Part::Pending)),
            identity: identity_of_file(images.file(Part::Identity)),
            auth: auth_of_file(images.file(Part::DeviceAuth)),
            adopted: false,
        })
    }

    /// The identity of the file, if it can stand in for a row that is missing: whole, its keys a
    /// pair. It goes by the id that its key hashes to, as OpenClaw's import does.
    pub(super) fn adopt(&mut self, row: &IdentityState, blockers: &[String]) -> Option<Identity> {
        let claimed = blockers.iter().any(|blocker| is_identity_claim(blocker.as_str()));
        let IdentityState::Found(identity) = &self.identity else {
            return None;
        };
        if *row != IdentityState::Absent || !identity.keys_match || claimed {
            return None;
        }
        self.adopted = true;
        Some(Identity { device_id: identity.derived_id.clone(), ..identity.clone() })
    }
}

/// Whether a leftover is an identity file that an import had claimed when it was interrupted.
pub fn is_identity_claim(name: &str) -> bool {
    Part::Identity.file().is_some_and(|file| name.starts_with(file) && name.len() > file.len())
}

/// A cell that should hold JSON and does not.
#[derive(Clone, Debug, PartialEq)]
pub struct BadCell {
    /// Paired or pending.
    pub part: Part,
    /// The row's key.
    pub key: String,
    /// The column.
    pub column: &'static str,
    /// The field that the column holds.
    pub field: &'static str,
    /// What stands in it, where that is text.
    pub text: Option<String>,
}

impl Model {
    /// Whether the database is what counts and could not be read: nothing is known then.
    pub fn is_database_unread(&self) -> bool {
        self.store == StoreKind::Sqlite
            && !matches!(
                self.images.database.as_ref().map(|image| &image.state),
                Some(DatabaseState::Readable(_))
            )
    }

    /// This machine's identity row as it stands.
    pub fn identity_row(&self) -> Option<Record> {
        let table = table(&self.images, Part::Identity)?;
        let row = table.rows.iter().find(|row| {
            table.cell(row, "identity_key").and_then(Cell::text) == Some(PRIMARY_IDENTITY)
        })?;
        Some(record_of_row(Part::Identity, &table, row))
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
                    let known = records.part.columns();
                    let Some(known) = known.iter().find(|known| known.column == *column) else {
                        continue;
                    };
                    found.push(BadCell {
                        part: records.part,
                        key: entry.key.clone(),
                        column,
                        field: known.field,
                        text: records.cell_text(entry, column),
                    });
                }
            }
        }
        found
    }
}

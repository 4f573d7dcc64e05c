//! Snapshots: a copy of everything clawmend could change, to go back to.
//!
//! `<id>/manifest.json` says what the pieces are, `<id>/files/...` and `<id>/pairing.sqlite` are the
//! pieces. A snapshot is built under a temp name and renamed in: what is there is whole.

pub mod after;
mod build;
mod list;
pub mod manifest;
mod open;
mod retention;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use after::{After, changed_since};
pub use build::{Create, create};
pub use list::{Summary, find, has_leftovers, list, remove, sweep};
pub use manifest::Manifest;
pub use open::{CheckExtract, Snapshot, open};
pub use retention::{Rule, Verdict, choose};

use crate::error::Error;
use crate::files::{Dir, StateDir, safety};

/// Opens the snapshots folder: below the state dir without following links, anywhere else by the path
/// the invoker named.
fn folder(state_dir: &StateDir, snapshots: &Path, make: bool) -> Result<Option<Dir>, Error> {
    if let Ok(relative) = snapshots.strip_prefix(state_dir) {
        return state_dir.open()?.descend(relative, make);
    }
    if make {
        let dir = Dir::open_or_create(snapshots)?;
        let owner = state_dir.open()?.meta()?.uid;
        safety::check(&dir)?;
        safety::check_owner(&dir, owner)?;
        return Ok(Some(dir));
    }
    match snapshots.try_exists() {
        Ok(false) => Ok(None),
        _ => Dir::open(snapshots).map(Some),
    }
}

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
mod since;
#[cfg(test)]
mod tests;

use std::path::{Component, Path};

pub use after::Expected;
pub use build::{Create, create};
pub use list::{
    CREATE, LATEST, Listed, Summary, UNDO, command_of, find, leftovers, list, remove, sweep,
    undoable,
};
pub use manifest::Manifest;
pub use open::{Snapshot, open};
pub use retention::{DEFAULT, Decision, Retention, choose};
pub use since::{Since, changed_since};

use crate::error::Error;
use crate::files::dir::refuse;
use crate::files::{Dir, StateDir, safety};

/// Opens the snapshots folder: below the state dir without following links, anywhere else by the path
/// the invoker named. One that somebody else owns or can write to is refused, on the whole way.
fn folder(state_dir: &StateDir, snapshots: &Path, make: bool) -> Result<Option<Dir>, Error> {
    let state = state_dir.open()?;
    if let Ok(relative) = snapshots.strip_prefix(state_dir) {
        return below(state, state, relative, make);
    }
    let dir = match make {
        true => Dir::open_or_create(snapshots)?,
        false if matches!(snapshots.try_exists(), Ok(false)) => return Ok(None),
        false => Dir::open(snapshots)?,
    };
    safety::check(&dir)?;
    safety::check_own(&dir, state.meta()?.uid)?;
    Ok(Some(dir))
}

/// Walks from one folder to another below it, looking at whose each is.
fn below(state: &Dir, from: &Dir, to: &Path, make: bool) -> Result<Option<Dir>, Error> {
    let owner = state.meta()?.uid;
    let mut at = from.again().map_err(|why| refuse(from.path(), &why))?;
    for component in to.components() {
        let Component::Normal(name) = component else {
            return Err(Error::refused("not a plain relative path")
                .at(from.path().join(to))
                .hint("name a folder by its path without `..`"));
        };
        safety::check_own_below(&at, name, owner)?;
        let path = at.path().join(name);
        at = match at.child(name).map_err(|why| refuse(&path, &why))? {
            Some(child) => child,
            None if make => at.child_or_create(name)?,
            None => return Ok(None),
        };
        safety::check_own(&at, owner)?;
    }
    Ok(Some(at))
}

/// The state dir that a snapshot is of by its manifest, if that is another than this one. What lies in the
/// state dir's own folder is its own: the whole may have been moved.
fn of_another(state_dir: &StateDir, snapshots: &Path, named: &str) -> Option<String> {
    let named = Path::new(named);
    let this: &Path = state_dir.as_ref();
    if snapshots.starts_with(this) || named == this {
        return None;
    }
    let place = |path: &Path| {
        let found = path.metadata().ok().filter(|_| crate::platform::KNOWS_OWNERS);
        found.map(|found| crate::platform::meta(&found).id())
    };
    let real = |path: &Path| path.canonicalize().ok();
    let same = (place(named).is_some() && place(named) == place(this))
        || (real(named).is_some() && real(named) == real(this));
    (!same).then(|| crate::text::safe(&crate::platform::shown(named)))
}

/// What keeps a snapshot of another state dir from being restored here.
fn foreign(state_dir: &StateDir, named: &str) -> Error {
    let own = state_dir.join(crate::model::layout::SNAPSHOTS_DIR);
    Error::refused(format!("this snapshot is of another state dir, `{named}`")).hint(format!(
        "to restore it here anyway, copy its folder into {}",
        crate::platform::shown(&own)
    ))
}

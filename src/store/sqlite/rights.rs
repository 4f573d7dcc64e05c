//! With whose rights SQLite opens the database: those of the state dir's owner, see
//! [`crate::files::acting`].
//!
//! Where the owner may not open the database in their own folder (root made it, say), root opens it, and
//! before anything is read or changed, every file that was opened since must be one that stands in the
//! state dir when it is walked to by handle: `/proc/self/fd` says which ones were opened.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use super::Place;
use super::probe::{Trouble, side_path};
use crate::files::acting::{Acting, is_denied, is_possible};
use crate::files::{Dir, dir};
use crate::image::{Meta, Unusable};
use crate::model::layout::DATABASE_SIDE_FILES;
use crate::platform::Kind;

/// Held while SQLite is at work; dropped after its connection.
#[derive(Debug)]
pub(super) struct Rights {
    _acting: Option<Acting>,
    pinned: Option<Pinned>,
}

#[derive(Debug)]
struct Pinned {
    folder: Dir,
    names: Vec<OsString>,
    before: BTreeMap<OsString, (u64, u64)>,
}

impl Rights {
    /// For a database.
    pub(super) fn take(place: &Place, write: bool) -> Result<Self, Trouble> {
        let path = place.path.as_path();
        let none = Self { _acting: None, pinned: None };
        let Some(folder) = path.parent() else {
            return Ok(none);
        };
        if !is_possible() {
            return Ok(none);
        }
        let Ok(state) = place.state_dir.open() else {
            return Err(Trouble::Absent);
        };
        let Some(owner) = owner(state, folder) else {
            return Ok(none);
        };
        if let Ok(acting) = Acting::as_owner(&owner) {
            let sides = DATABASE_SIDE_FILES.map(|ending| side_path(path, ending));
            let denied = is_denied(path, write)
                || is_denied(folder, write)
                || sides.iter().any(|side| is_denied(side, write));
            if !denied {
                return Ok(Self { _acting: Some(acting), pinned: None });
            }
        }
        Ok(Self { _acting: None, pinned: Some(Pinned::new(state, path)?) })
    }

    /// Whether every file that was opened since is one of the database's own. Asked after each step that
    /// lets SQLite open one.
    pub(super) fn hold(&self) -> Result<bool, Trouble> {
        let Some(pinned) = &self.pinned else {
            return Ok(true);
        };
        let own: Vec<(u64, u64)> = pinned
            .names
            .iter()
            .filter_map(|name| pinned.folder.look(name).ok().flatten())
            .filter(|(_, kind)| *kind == Kind::File)
            .map(|(meta, _)| (meta.dev, meta.ino))
            .collect();
        let new = open_files()?
            .into_iter()
            .filter(|(number, file)| pinned.before.get(number) != Some(file));
        Ok(new.into_iter().all(|(_, file)| own.contains(&file)))
    }

    /// Whether SQLite works with root's rights, so that [`Rights::hold`] has something to say.
    pub(super) fn are_roots(&self) -> bool {
        self.pinned.is_some()
    }
}

/// Whoever can swap what lies on the way: the state dir's owner, or where that is root its folder's.
fn owner(state: &Dir, folder: &Path) -> Option<Meta> {
    let above = state.meta().ok()?;
    if above.uid != 0 {
        return Some(above);
    }
    let (below, _) = state.look(folder.file_name()?).ok().flatten()?;
    (below.uid != 0).then_some(below)
}

impl Pinned {
    fn new(state: &Dir, path: &Path) -> Result<Self, Trouble> {
        let (Some(folder), Some(name)) =
            (path.parent().and_then(Path::file_name), path.file_name())
        else {
            return Err(Trouble::Absent);
        };
        let folder = state.child(folder).map_err(Trouble::Unusable)?;
        let folder = folder.ok_or(Trouble::Absent)?;
        // A second name of a file that lies where the owner cannot come.
        if matches!(folder.look(name), Ok(Some((meta, _))) if meta.nlink > 1) {
            let why = "its owner may not open it, and it has a second name elsewhere (a hard link)";
            return Err(Trouble::Unusable(Unusable::Io(why.to_owned())));
        }
        let ending = |ending: &str| {
            let mut side = name.to_owned();
            side.push(ending);
            side
        };
        Ok(Self {
            folder,
            names: std::iter::once("").chain(DATABASE_SIDE_FILES).map(ending).collect(),
            before: open_files()?,
        })
    }
}

/// The regular files that this process has open, by number.
fn open_files() -> Result<BTreeMap<OsString, (u64, u64)>, Trouble> {
    let failed = |error: std::io::Error| {
        Trouble::Unusable(Unusable::Io(format!(
            "its owner may not open it, and which file root would open cannot be seen in /proc/self/fd: {}",
            dir::words_of(&error)
        )))
    };
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir("/proc/self/fd").map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // One that was closed meanwhile (the listing itself) is nobody's.
        if let Ok(file) = std::fs::metadata(entry.path())
            && file.is_file()
        {
            let meta = crate::platform::meta(&file);
            found.insert(entry.file_name(), (meta.dev, meta.ino));
        }
    }
    Ok(found)
}

//! Where a slot's file really is, and what may be done there.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::JsonStore;
use crate::config::facts::Elsewhere;
use crate::error::Error;
use crate::files::{Dir, safety};
use crate::image::{Slot, Unusable};
use crate::platform::FileKind;

/// A file's folder, opened, and its name there.
pub(super) struct Found {
    pub dir: Dir,
    pub name: OsString,
    pub reach: Reach,
}

/// How a file was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Through open folders below the state dir, without a link.
    Inside,
    /// By a path that the invoker named: the config, where it lies outside the state dir.
    Named,
    /// By an include, which stands in a file that the state dir's owner can write.
    Pointed,
    /// By a link in the state dir that leads out of it.
    Linked,
}

impl Found {
    /// Why it is read and never written.
    pub(super) fn elsewhere(&self) -> Option<Elsewhere> {
        match self.reach {
            Reach::Linked => Some(Elsewhere::LinkedOut),
            _ => (self.dir.is_mounted(&self.name)).then_some(Elsewhere::Mounted),
        }
    }
}

impl JsonStore {
    /// Opens the folder that holds the slot's file. `None`: the folder is not there.
    pub(super) fn find(&self, state: &Dir, slot: &Slot) -> Result<Option<Found>, Unusable> {
        match slot {
            Slot::File(part) => Self::inside(state, Path::new(part.file().unwrap_or_default())),
            Slot::Config(path) => self.find_config(state, path),
            Slot::Table(_) => Ok(None),
        }
    }

    fn inside(state: &Dir, relative: &Path) -> Result<Option<Found>, Unusable> {
        Ok(state.walk(relative)?.map(|(dir, name)| Found { dir, name, reach: Reach::Inside }))
    }

    /// Why the config file at `path` is read and never written.
    pub fn elsewhere(&self, path: &Path) -> Option<Elsewhere> {
        let state = self.state_dir.open().ok()?;
        self.find_config(state, path).ok()??.elsewhere()
    }

    fn find_config(&self, state: &Dir, path: &Path) -> Result<Option<Found>, Unusable> {
        let reach = match path.strip_prefix(&self.state_dir) {
            Ok(relative) => {
                match Self::inside(state, relative) {
                    Ok(Some(found)) => match found.dir.look(&found.name) {
                        Ok(Some((_, FileKind::Symlink))) => {}
                        _ => return Ok(Some(found)),
                    },
                    Err(Unusable::Symlink(_)) => {}
                    other => return other,
                }
                // A link that stays in the state dir is as good as what it leads to.
                if let Some(relative) = self.still_inside(path) {
                    return Self::inside(state, &relative);
                }
                Reach::Linked
            }
            Err(_) if self.config_files.first().is_some_and(|first| first == path) => Reach::Named,
            Err(_) => Reach::Pointed,
        };
        let Some(real) = resolve(path)? else { return Ok(None) };
        let (Some(folder), Some(name)) = (real.parent(), real.file_name()) else {
            return Err(Unusable::NotAFile("a folder"));
        };
        let dir = Dir::open(folder)
            .map_err(|error| Unusable::Io(error.cause().unwrap_or("no folder").to_owned()))?;
        Ok(Some(Found { dir, name: name.to_owned(), reach }))
    }

    /// Where in the state dir the link at `path` leads, if it does not lead out.
    fn still_inside(&self, path: &Path) -> Option<PathBuf> {
        let state = std::fs::canonicalize(&self.state_dir).ok()?;
        let real = resolve(path).ok()??;
        real.strip_prefix(state).ok().map(Path::to_path_buf)
    }

    /// Whether the slot's file may be written where it was found.
    pub(super) fn may_write(&self, state: &Dir, slot: &Slot, found: &Found) -> Result<(), Error> {
        let real = found.dir.path().join(&found.name);
        let elsewhere = found.elsewhere();
        if elsewhere == Some(Elsewhere::Mounted) {
            return Err(Error::refused(
                "this file is a mount of its own, so it can be written but not replaced in one step",
            )
            .at(&real)
            .hint("make the change in the file that is mounted, or mount its folder instead"));
        }
        if found.reach == Reach::Inside {
            return Ok(());
        }
        let path = self.path_of(slot);
        let owner = state.meta()?.uid;
        let file =
            found.dir.look(&found.name).map_err(|error| Error::io("look at", &real, &error))?;
        let (meta, readonly) = match file {
            Some((meta, _)) => (meta, meta.is_read_only()),
            None => (found.dir.meta()?, false),
        };
        let through = if real == path {
            String::new()
        } else {
            format!(" (the real file is {})", crate::text::named(&real))
        };
        if found.dir.is_read_only() || (readonly && found.reach != Reach::Named) {
            return Err(Error::refused(format!(
                "this file is read-only{through}, so something else writes it"
            ))
            .at(&path)
            .hint("make the change where the file is managed"));
        }
        if elsewhere == Some(Elsewhere::LinkedOut) {
            let error = Error::refused(format!(
                "a link in the state dir leads out of it, and clawmend does not write through such a link{through}"
            ));
            let hint = "make the change where the file is managed";
            return Err(error.at(&path).hint(
                match self.config_files.first().is_some_and(|first| *first == path) {
                    true => {
                        format!(
                            "{hint}, or name the real file: --config {}",
                            crate::platform::shown(&real)
                        )
                    }
                    false => hint.to_owned(),
                },
            ));
        }
        let named = found.reach == Reach::Named && real == path;
        if !named && !safety::may_write_outside(&meta, owner) {
            return Err(Error::refused(format!(
                "this file is outside the state dir and belongs to another user{through}"
            ))
            .at(&path)
            .hint("make the change there by hand, as the user it belongs to"));
        }
        safety::check(&found.dir)
    }
}

/// The real path of a file that may not be there (its folder has to be). `None`: no folder either.
fn resolve(path: &Path) -> Result<Option<PathBuf>, Unusable> {
    let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    match std::fs::canonicalize(path) {
        Ok(real) => return Ok(Some(real)),
        Err(error) if gone(&error) => {}
        Err(error) => return Err(error.into()),
    }
    if let Ok(target) = std::fs::read_link(path) {
        return Err(Unusable::Symlink(target));
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(None) };
    match std::fs::canonicalize(folder) {
        Ok(folder) => Ok(Some(folder.join(name))),
        Err(error) if gone(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

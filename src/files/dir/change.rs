//! Making, renaming and removing: clawmend's own files and folders. OpenClaw's files are changed by
//! [`crate::files::replace`] alone.

use std::ffi::OsStr;
use std::fs::File;
use std::io;

use super::{Dir, refuse};
use crate::error::Error;
use crate::platform::{FileKind, Folder};

/// How deep folders of clawmend's own are followed; it makes them five deep.
pub(crate) const DEEPEST: usize = 64;

impl<F: Folder> Dir<F> {
    /// Makes a new private file (0600).
    pub fn create_private(&self, name: impl AsRef<OsStr>) -> Result<File, Error> {
        let name = name.as_ref();
        let path = self.path.join(name);
        self.folder.create_file(name).map_err(|error| Error::io("make", &path, &error))
    }

    /// Makes renames and removals in it durable.
    pub fn sync(&self) -> Result<(), Error> {
        self.folder.sync().map_err(|error| Error::io("sync the folder", &self.path, &error))
    }

    /// Renames within the folder; fails with `AlreadyExists` if the new name is taken.
    pub fn move_new(&self, from: impl AsRef<OsStr>, to: impl AsRef<OsStr>) -> io::Result<()> {
        self.folder.move_new(from.as_ref(), to.as_ref())
    }

    /// Holds the folder itself, without waiting, so that others can tell that somebody works in it.
    pub fn try_hold(&self) -> Option<File> {
        self.folder.try_hold()
    }

    /// Whether its file system is mounted read-only.
    pub fn is_read_only(&self) -> bool {
        self.folder.is_read_only()
    }

    /// Removes a file or link of clawmend's own (a temp, a closed journal).
    pub fn unlink(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        self.folder.unlink(name.as_ref())
    }

    /// Removes an empty folder.
    ///
    /// # Errors
    /// The system refused; it is not empty.
    pub fn remove_folder(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        self.folder.remove_folder(name.as_ref())
    }

    /// Removes a folder of clawmend's own and everything in it. Links are removed, not followed.
    ///
    /// # Errors
    /// The system refused; what is left is a folder with fewer files.
    pub fn remove_tree(&self, name: impl AsRef<OsStr>) -> Result<(), Error> {
        self.remove_below(name.as_ref(), DEEPEST)
    }

    fn remove_below(&self, name: &OsStr, depth: usize) -> Result<(), Error> {
        let path = self.path.join(name);
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Error::refused(format!(
                "there are folders more than {DEEPEST} deep in it, and clawmend makes none so deep"
            ))
            .at(&path)
            .hint("see who made them, and remove them by hand"));
        };
        let Some(child) = self.child(name).map_err(|why| refuse(&path, &why))? else {
            return Ok(());
        };
        for inner in child.names()? {
            match child.look(&inner) {
                Ok(Some((_, FileKind::Folder))) => child.remove_below(&inner, depth)?,
                Ok(None) => {}
                Ok(Some(_)) => child
                    .unlink(&inner)
                    .map_err(|error| Error::io("remove", path.join(&inner), &error))?,
                Err(error) => return Err(Error::io("look at", path.join(&inner), &error)),
            }
        }
        self.remove_folder(name).map_err(|error| Error::io("remove the folder", &path, &error))
    }
}

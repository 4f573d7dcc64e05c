//! A folder held open: reading and looking relative to it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};

mod change;
mod read;
#[cfg(test)]
mod tests;

pub(crate) use change::DEEPEST;
pub(super) use read::same_bytes;

use crate::error::{Error, plain_io};
use crate::image::{Meta, Unusable};
use crate::platform::{FileKind, Folder, SystemFolder};

/// An open folder and the path it is called by in messages.
#[derive(Debug)]
pub struct Dir<F = SystemFolder> {
    pub(super) folder: F,
    path: PathBuf,
}

impl<F: Folder> Dir<F> {
    /// Opens a folder by path, following links in it (the state dir may be one: it is resolved once,
    /// here).
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::try_open(path).map_err(|error| Error::io("open the folder", path, &error))
    }

    /// As [`Dir::open`], with the system's own error.
    pub(crate) fn try_open(path: &Path) -> io::Result<Self> {
        Ok(Self { folder: F::open(path)?, path: path.to_path_buf() })
    }

    /// Opens a folder by path; makes it and what is missing above it, private.
    pub fn open_or_create(path: &Path) -> Result<Self, Error> {
        match F::open(path) {
            Ok(folder) => Ok(Self { folder, path: path.to_path_buf() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
                    return Err(Error::io("open the folder", path, &error));
                };
                let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
                Self::open_or_create(parent)?.child_or_create(name)
            }
            Err(error) => Err(Error::io("open the folder", path, &error)),
        }
    }

    /// The path it is called by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Mode, owner and identity of the folder.
    pub fn meta(&self) -> Result<Meta, Error> {
        self.folder.here().map_err(|error| Error::io("look at the folder", &self.path, &error))
    }

    /// Opens a folder in this one. `None`: nothing is there.
    ///
    /// # Errors
    /// Something else than a folder is there (a link to one included), or it may not be opened.
    pub fn child(&self, name: impl AsRef<OsStr>) -> Result<Option<Self>, Unusable> {
        let name = name.as_ref();
        match self.folder.folder(name) {
            Ok(folder) => Ok(Some(Self { folder, path: self.path.join(name) })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => match self.folder.look(name) {
                Ok((_, FileKind::Folder)) => Err(error.into()),
                Ok((_, FileKind::File)) => Err(Unusable::NoFolder),
                Ok((_, FileKind::Symlink)) => Err(self.symlink(name)),
                Ok((_, FileKind::Other(what))) => Err(Unusable::NotAFile(what)),
                Err(gone) if gone.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(_) => Err(error.into()),
            },
        }
    }

    /// Opens a folder in this one; makes it (0700) if nothing is there.
    pub fn child_or_create(&self, name: impl AsRef<OsStr>) -> Result<Self, Error> {
        let name = name.as_ref();
        let path = self.path.join(name);
        if let Some(child) = self.child(name).map_err(|why| refuse(&path, &why))? {
            return Ok(child);
        }
        let made = match self.folder.make_folder(name) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(Error::io("make the folder", &path, &error)),
        };
        let child = self.child(name).map_err(|why| refuse(&path, &why))?.ok_or_else(|| {
            Error::failed("a folder vanished while it was made")
                .at(&path)
                .hint("something else is at work in that folder: run the same command again")
        })?;
        if made {
            // Without this a power cut could lose the folder with all that is synced in it. What is built
            // under a temp name is synced before it is renamed.
            if !path.iter().any(super::names::is_temp)
                && let Err(error) = self.sync()
            {
                let _ = self.folder.remove_folder(name);
                return Err(error);
            }
        }
        Ok(child)
    }

    /// Walks to the folder that holds `relative`, and its last name. `Ok(None)`: a folder on the way
    /// is missing.
    ///
    /// # Errors
    /// Something on the way is not a folder, or `relative` is not a plain relative path.
    pub fn walk(&self, relative: &Path) -> Result<Option<(Self, OsString)>, Unusable> {
        let (folders, name) = plain(relative)?;
        let mut at = self.again()?;
        for folder in folders {
            match at.child(folder)? {
                Some(child) => at = child,
                None => return Ok(None),
            }
        }
        Ok(Some((at, name)))
    }

    /// As [`Dir::walk`], but makes the folders that are missing.
    pub fn walk_or_create(&self, relative: &Path) -> Result<(Self, OsString), Error> {
        let full = self.path.join(relative);
        let (folders, name) = plain(relative).map_err(|why| refuse(&full, &why))?;
        let mut at = self.again().map_err(|why| refuse(&full, &why))?;
        for folder in folders {
            at = at.child_or_create(folder)?;
        }
        Ok((at, name))
    }

    /// A second handle on the same folder.
    pub fn again(&self) -> Result<Self, Unusable> {
        let folder = self.folder.folder(OsStr::new("."))?;
        Ok(Self { folder, path: self.path.clone() })
    }

    /// What stands under a name; `None`: nothing.
    pub fn look(&self, name: impl AsRef<OsStr>) -> io::Result<Option<(Meta, FileKind)>> {
        match self.folder.look(name.as_ref()) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a file system is mounted under a name, so that what stands there cannot be replaced.
    pub fn is_mounted(&self, name: impl AsRef<OsStr>) -> bool {
        self.folder.is_mounted(name.as_ref())
    }

    /// The names in it, sorted.
    pub fn names(&self) -> Result<Vec<OsString>, Error> {
        let mut names = self
            .folder
            .names()
            .map_err(|error| Error::io("list the folder", &self.path, &error))?;
        names.sort();
        Ok(names)
    }
}

/// Splits a plain relative path into its folders and its last name.
fn plain(relative: &Path) -> Result<(Vec<&OsStr>, OsString), Unusable> {
    let mut names = Vec::new();
    for component in relative.components() {
        match component {
            Component::Normal(name) => names.push(name),
            _ => return Err(Unusable::Io("not a plain relative path".to_owned())),
        }
    }
    match names.pop() {
        Some(name) => Ok((names, name.to_owned())),
        None => Err(Unusable::Io("an empty path".to_owned())),
    }
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Self {
        match crate::platform::is_denied(&error) {
            true => Unusable::Denied,
            false => Unusable::Io(plain_io(&error)),
        }
    }
}

fn not_ours(what: &str, path: &Path) -> Error {
    Error::refused(format!("{what} is there, and clawmend leaves it alone"))
        .at(path)
        .hint("move it away, then run the same command again")
}

/// The error for something that has to be read or written and is not a plain file or folder.
pub fn refuse(path: &Path, why: &Unusable) -> Error {
    match why {
        Unusable::Symlink(target) | Unusable::Dangling(target) => Error::refused(format!(
            "a symbolic link (to {}) is where OpenClaw has the real file or folder, and clawmend never writes through it",
            crate::text::named(target)
        ))
        .at(path)
        .hint("put the real file or folder there, then run the same command again"),
        Unusable::NotAFile(what) => not_ours(what, path),
        Unusable::NoFolder => not_ours("a file where a folder should be", path),
        Unusable::TooLarge { len, limit } => Error::refused(format!(
            "it is {len} bytes large, and clawmend reads at most {limit}"
        ))
        .at(path)
        .hint("look at what is in it; move it away if it is not OpenClaw's"),
        Unusable::TooMany { place, count, limit } => {
            Error::refused(crate::text::too_many(place, *count, *limit))
                .at(path)
                .hint(crate::text::TOO_MANY_ADVICE)
        }
        Unusable::Denied => Error::failed("no permission")
            .at(path)
            .hint(crate::platform::RUN_AS),
        Unusable::Io(reason) => Error::failed("could not be used")
            .at(path)
            .because(reason)
            .hint("check the disk and the folders on the way, then run the same command again"),
    }
}

//! A folder held open: reading and looking relative to it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::platform::{Folder, Kind, SystemFolder};
use crate::error::Error;
use crate::image::{FileState, Meta, Unusable};

/// An open folder and the path it is called by in messages.
#[derive(Debug)]
pub struct Dir<F = SystemFolder> {
    pub(super) folder: F,
    path: PathBuf,
}

impl<F: Folder> Dir<F> {
    /// Opens a folder by path, following links in it (the state dir may be one: it is resolved once,
    /// here).
    ///
    /// # Errors
    /// It is not there, not a folder, or may not be opened.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let folder = F::open(path).map_err(|error| Error::io("open the folder", path, &error))?;
        Ok(Self {
            folder,
            path: path.to_path_buf(),
        })
    }

    /// Opens a folder by path; makes it and what is missing above it, private and with the owner of
    /// the folder it lies in.
    ///
    /// # Errors
    /// As [`Dir::open`], or it could not be made.
    pub fn open_or_create(path: &Path) -> Result<Self, Error> {
        match F::open(path) {
            Ok(folder) => Ok(Self {
                folder,
                path: path.to_path_buf(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
                    return Err(Error::io("open the folder", path, &error));
                };
                let parent = if parent.as_os_str().is_empty() {
                    Path::new(".")
                } else {
                    parent
                };
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
    ///
    /// # Errors
    /// The system refused.
    pub fn meta(&self) -> Result<Meta, Error> {
        self.folder
            .here()
            .map_err(|error| Error::io("look at the folder", &self.path, &error))
    }

    /// Opens a folder in this one. `None`: nothing is there.
    ///
    /// # Errors
    /// Something else than a folder is there (a link to one included), or it may not be opened.
    pub fn child(&self, name: impl AsRef<OsStr>) -> Result<Option<Self>, Unusable> {
        let name = name.as_ref();
        match self.folder.folder(name) {
            Ok(folder) => Ok(Some(Self {
                folder,
                path: self.path.join(name),
            })),
            Err(error) => match self.folder.look(name) {
                Ok((_, Kind::Folder)) => Err(unusable_io(&error)),
                Ok((_, Kind::File)) => Err(Unusable::NotAFile("a file where a folder should be")),
                Ok((_, Kind::Symlink)) => Err(self.symlink(name)),
                Ok((_, Kind::Other(what))) => Err(Unusable::NotAFile(what)),
                Err(gone) if gone.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(_) => Err(unusable_io(&error)),
            },
        }
    }

    /// Opens a folder in this one; makes it (0700, this folder's owner) if nothing is there.
    ///
    /// # Errors
    /// As [`Dir::child`], or it could not be made.
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
        let child = self
            .child(name)
            .map_err(|why| refuse(&path, &why))?
            .ok_or_else(|| Error::failed("a folder vanished while it was made").at(&path))?;
        if made {
            let (above, own) = (self.meta()?, child.meta()?);
            if (above.uid, above.gid) != (own.uid, own.gid)
                && let Err(error) = child.folder.own(above.uid, above.gid)
                && above.uid != own.uid
            {
                let _ = self.folder.remove_folder(name);
                return Err(Error::io("set the owner of the folder", &path, &error));
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
    ///
    /// # Errors
    /// As [`Dir::walk`] and [`Dir::child_or_create`].
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
    fn again(&self) -> Result<Self, Unusable> {
        let folder = self
            .folder
            .folder(OsStr::new("."))
            .map_err(|error| unusable_io(&error))?;
        Ok(Self {
            folder,
            path: self.path.clone(),
        })
    }

    /// What stands under a name; `None`: nothing.
    ///
    /// # Errors
    /// The system refused.
    pub fn look(&self, name: impl AsRef<OsStr>) -> io::Result<Option<(Meta, Kind)>> {
        match self.folder.look(name.as_ref()) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The names in it, sorted.
    ///
    /// # Errors
    /// The system refused.
    pub fn names(&self) -> Result<Vec<OsString>, Error> {
        let mut names = self
            .folder
            .names()
            .map_err(|error| Error::io("list the folder", &self.path, &error))?;
        names.sort();
        Ok(names)
    }

    /// Reads a regular file of at most `limit` bytes. Anything else comes back as what it is; nothing
    /// is followed and nothing waited for.
    pub fn read(&self, name: impl AsRef<OsStr>, limit: u64) -> FileState {
        let name = name.as_ref();
        // A writer at work in the file itself (not by rename) shows in its size or time: look again.
        for _ in 0..3 {
            let (mut file, meta) = match self.open_regular(name, limit) {
                Ok(Some(opened)) => opened,
                Ok(None) => return FileState::Absent,
                Err(why) => return FileState::Unusable(why),
            };
            let mut bytes = Vec::with_capacity(usize::try_from(meta.len).unwrap_or(0));
            if let Err(error) = (&mut file).take(limit + 1).read_to_end(&mut bytes) {
                return FileState::Unusable(unusable_io(&error));
            }
            match F::meta_of(&file) {
                Ok((after, _))
                    if after.len == bytes.len() as u64 && after.mtime_ns == meta.mtime_ns =>
                {
                    return FileState::Present {
                        bytes: Arc::new(bytes),
                        meta,
                    };
                }
                Ok(_) => {}
                Err(error) => return FileState::Unusable(unusable_io(&error)),
            }
        }
        FileState::Unusable(Unusable::Io(
            "it keeps changing while it is read".to_owned(),
        ))
    }

    /// Opens a regular file of at most `limit` bytes for reading. `Ok(None)`: nothing is there.
    ///
    /// # Errors
    /// Something else is there, or it may not be read.
    pub fn open_regular(
        &self,
        name: impl AsRef<OsStr>,
        limit: u64,
    ) -> Result<Option<(File, Meta)>, Unusable> {
        let name = name.as_ref();
        match self.folder.look(name) {
            // Looked at before it is opened: opening a device can already do something.
            Ok((_, kind)) => self.must_be_file(name, kind)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable_io(&error)),
        }
        let file = match self.folder.open_file(name) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable_io(&error)),
        };
        let (meta, kind) = F::meta_of(&file).map_err(|error| unusable_io(&error))?;
        self.must_be_file(name, kind)?;
        if meta.len > limit {
            let len = meta.len;
            return Err(Unusable::TooLarge { len, limit });
        }
        Ok(Some((file, meta)))
    }

    /// Whether a regular file stands under `name` and holds exactly these bytes, and its metadata.
    ///
    /// # Errors
    /// Something else is there, or it may not be read.
    pub fn holds(
        &self,
        name: impl AsRef<OsStr>,
        pieces: &[&[u8]],
    ) -> Result<Option<(bool, Meta)>, Unusable> {
        let Some((mut file, meta)) = self.open_regular(name, u64::MAX)? else {
            return Ok(None);
        };
        let expected: u64 = pieces.iter().map(|piece| piece.len() as u64).sum();
        let same = meta.len == expected
            && same_bytes(&mut file, pieces).map_err(|error| unusable_io(&error))?;
        Ok(Some((same, meta)))
    }

    /// Opens a regular file of clawmend's own for reading and writing in place (the lock).
    ///
    /// # Errors
    /// Something else is there, or it may not be written.
    pub(super) fn open_to_write(&self, name: &OsStr) -> Result<File, Unusable> {
        let (_, kind) = self
            .folder
            .look(name)
            .map_err(|error| unusable_io(&error))?;
        self.must_be_file(name, kind)?;
        let file = self
            .folder
            .open_to_write(name)
            .map_err(|error| unusable_io(&error))?;
        let (meta, kind) = F::meta_of(&file).map_err(|error| unusable_io(&error))?;
        self.must_be_file(name, kind)?;
        if meta.nlink > 1 {
            return Err(Unusable::NotAFile("a hard-linked file"));
        }
        Ok(file)
    }

    fn must_be_file(&self, name: &OsStr, kind: Kind) -> Result<(), Unusable> {
        match kind {
            Kind::File => Ok(()),
            Kind::Folder => Err(Unusable::NotAFile("a folder")),
            Kind::Symlink => Err(self.symlink(name)),
            Kind::Other(what) => Err(Unusable::NotAFile(what)),
        }
    }

    fn symlink(&self, name: &OsStr) -> Unusable {
        Unusable::Symlink(self.folder.link_target(name).unwrap_or_default())
    }

    /// Makes renames and removals in it durable.
    ///
    /// # Errors
    /// The disk failed.
    pub fn sync(&self) -> Result<(), Error> {
        self.folder
            .sync()
            .map_err(|error| Error::io("sync the folder", &self.path, &error))
    }

    /// Renames within the folder; fails with `AlreadyExists` if the new name is taken.
    ///
    /// # Errors
    /// The system refused.
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
    ///
    /// # Errors
    /// The system refused.
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
        let name = name.as_ref();
        let path = self.path.join(name);
        let Some(child) = self.child(name).map_err(|why| refuse(&path, &why))? else {
            return Ok(());
        };
        for inner in child.names()? {
            match child.look(&inner) {
                Ok(Some((_, Kind::Folder))) => child.remove_tree(&inner)?,
                _ => child
                    .unlink(&inner)
                    .map_err(|error| Error::io("remove", path.join(&inner), &error))?,
            }
        }
        self.remove_folder(name)
            .map_err(|error| Error::io("remove the folder", &path, &error))
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

/// Whether the rest of a file is these bytes.
pub(super) fn same_bytes(file: &mut File, expected: &[&[u8]]) -> io::Result<bool> {
    let mut buffer = vec![0; 256 * 1024];
    let mut pieces = expected.iter().copied();
    let mut rest: &[u8] = &[];
    loop {
        let read = match file.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let mut found = buffer.get(..read).unwrap_or_default();
        if found.is_empty() {
            return Ok(rest.is_empty() && pieces.all(<[u8]>::is_empty));
        }
        while !found.is_empty() {
            while rest.is_empty() {
                match pieces.next() {
                    Some(next) => rest = next,
                    None => return Ok(false),
                }
            }
            let step = found.len().min(rest.len());
            let (head, tail) = found.split_at(step);
            let (wanted, after) = rest.split_at(step);
            if head != wanted {
                return Ok(false);
            }
            (found, rest) = (tail, after);
        }
    }
}

pub(crate) fn unusable_io(error: &io::Error) -> Unusable {
    match error.kind() {
        io::ErrorKind::PermissionDenied => Unusable::Denied,
        _ => {
            let text = error.to_string();
            let plain = text.split(" (os error").next().unwrap_or_default();
            Unusable::Io(plain.to_owned())
        }
    }
}

/// The error for something that has to be read or written and is not a plain file or folder.
pub fn refuse(path: &Path, why: &Unusable) -> Error {
    match why {
        Unusable::Symlink(target) => Error::refused(format!(
            "a symbolic link (to `{}`) stands where OpenClaw keeps the real thing, and clawmend never writes through it",
            target.display()
        ))
        .at(path)
        .hint("put the real file or folder there, then run the same command again"),
        Unusable::NotAFile(what) => Error::refused(format!("{what} is there, and clawmend leaves it alone"))
            .at(path)
            .hint("move it away, then run the same command again"),
        Unusable::TooLarge { len, limit } => Error::refused(format!(
            "it is {len} bytes large, and clawmend reads at most {limit}"
        ))
        .at(path),
        Unusable::Denied => Error::failed("no permission")
            .at(path)
            .hint("run clawmend as the user that runs the OpenClaw gateway, or as root with sudo"),
        Unusable::Io(reason) => Error::failed("could not be used").at(path).because(reason),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn temp() -> (tempfile::TempDir, Dir) {
        let temp = tempfile::tempdir().unwrap();
        let dir = Dir::open(temp.path()).unwrap();
        (temp, dir)
    }

    #[test]
    fn reads_regular_files_and_says_what_the_rest_is() {
        let (temp, dir) = temp();
        std::fs::write(temp.path().join("a"), "text").unwrap();
        std::fs::create_dir(temp.path().join("folder")).unwrap();
        symlink("a", temp.path().join("link")).unwrap();
        std::os::unix::net::UnixListener::bind(temp.path().join("socket")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            temp.path().join("fifo"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        let unusable = |name: &str, limit| match dir.read(name, limit) {
            FileState::Unusable(why) => why,
            other => panic!("{other:?}"),
        };
        assert!(
            matches!(dir.read("a", 4), FileState::Present { bytes, .. } if **bytes == *b"text")
        );
        assert!(matches!(dir.read("nothing", 4), FileState::Absent));
        assert_eq!(unusable("a", 3), Unusable::TooLarge { len: 4, limit: 3 });
        assert_eq!(unusable("folder", 9), Unusable::NotAFile("a folder"));
        assert_eq!(unusable("fifo", 9), Unusable::NotAFile("a FIFO"));
        assert_eq!(unusable("socket", 9), Unusable::NotAFile("a socket"));
        assert_eq!(unusable("link", 9), Unusable::Symlink("a".into()));
    }

    #[test]
    fn no_component_below_may_be_a_link() {
        let (temp, dir) = temp();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("x"), "").unwrap();
        symlink(outside.path(), temp.path().join("devices")).unwrap();
        assert!(matches!(
            dir.walk(Path::new("devices/x")),
            Err(Unusable::Symlink(_))
        ));
        assert!(dir.walk(Path::new("../x")).is_err());
        assert!(dir.walk(Path::new("/etc/x")).is_err());
        assert!(dir.walk_or_create(Path::new("devices/x")).is_err());
        assert!(dir.walk(Path::new("missing/x")).unwrap().is_none());
    }

    #[test]
    fn new_folders_are_private_and_a_tree_goes_without_following_links() {
        let (temp, dir) = temp();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("kept"), "").unwrap();
        dir.walk_or_create(Path::new("one/two/file")).unwrap();
        symlink(outside.path(), temp.path().join("one/two/link")).unwrap();
        let mode = std::fs::metadata(temp.path().join("one/two")).unwrap();
        assert_eq!(mode.permissions().mode() & 0o7777, 0o700);
        dir.remove_tree("one").unwrap();
        assert!(!temp.path().join("one").exists());
        assert!(outside.path().join("kept").exists());
    }
}

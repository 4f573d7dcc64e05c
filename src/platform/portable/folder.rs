//! Anywhere: paths instead of handles, no owners, no exchange. What it cannot do it says
//! (`Unsupported`), and `files/replace` then compares before a plain rename.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::path::meta;
use super::patience::patiently;
use crate::image::Meta;
use crate::platform::{FileKind, Folder};

/// A folder known by its path.
#[derive(Debug)]
pub struct PathFolder(PathBuf);

impl PathFolder {
    fn at(&self, name: &OsStr) -> PathBuf {
        self.0.join(name)
    }
}

impl Folder for PathFolder {
    fn open(path: &Path) -> io::Result<Self> {
        if !fs::metadata(path)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self(fs::canonicalize(path)?))
    }

    fn folder(&self, name: &OsStr) -> io::Result<Self> {
        // `.` is not looked up: Windows takes it for a name where paths are given in full (`\\\\?\\`).
        if name == "." {
            return Ok(Self(self.0.clone()));
        }
        match self.look(name)?.1 {
            FileKind::Folder => Ok(Self(self.at(name))),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn make_folder(&self, name: &OsStr) -> io::Result<()> {
        fs::create_dir(self.at(name))
    }

    fn here(&self) -> io::Result<Meta> {
        fs::metadata(&self.0).map(|found| meta(&found))
    }

    fn look(&self, name: &OsStr) -> io::Result<(Meta, FileKind)> {
        let found = fs::symlink_metadata(self.at(name))?;
        Ok((meta(&found), kind(&found)))
    }

    fn link_target(&self, name: &OsStr) -> io::Result<PathBuf> {
        fs::read_link(self.at(name))
    }

    fn open_file(&self, name: &OsStr) -> io::Result<File> {
        match self.look(name)?.1 {
            FileKind::File => patiently(|| File::open(self.at(name))),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn open_to_write(&self, name: &OsStr) -> io::Result<File> {
        match self.look(name)?.1 {
            FileKind::File => {
                patiently(|| OpenOptions::new().read(true).write(true).open(self.at(name)))
            }
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn create_file(&self, name: &OsStr) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(self.at(name))
    }

    fn names(&self) -> io::Result<Vec<OsString>> {
        fs::read_dir(&self.0)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
    }

    fn exchange(&self, _one: &OsStr, _other: &OsStr) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn move_new(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        if self.look(from)?.1 == FileKind::File && self.link(from, to).is_ok() {
            return self.unlink(from);
        }
        match fs::symlink_metadata(self.at(to)) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => self.move_over(from, to),
        }
    }

    fn move_over(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        patiently(|| fs::rename(self.at(from), self.at(to)))
    }

    fn link(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        // Of a file that is held open a second name could be made, and neither could be removed then.
        patiently(|| may_go(&self.at(from)))?;
        fs::hard_link(self.at(from), self.at(to))
    }

    fn unlink(&self, name: &OsStr) -> io::Result<()> {
        patiently(|| fs::remove_file(self.at(name)))
    }

    fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        patiently(|| fs::remove_dir(self.at(name)))
    }

    /// No system but Unix opens a folder to sync it; there the file system's own log orders renames.
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn try_hold(&self) -> Option<File> {
        None
    }

    fn is_read_only(&self) -> bool {
        false
    }

    fn is_mounted(&self, _name: &OsStr) -> bool {
        false
    }

    fn meta_of(file: &File) -> io::Result<(Meta, FileKind)> {
        let found = file.metadata()?;
        Ok((meta(&found), kind(&found)))
    }

    fn own_file(_file: &File, _uid: u32, _gid: u32) -> io::Result<()> {
        Ok(())
    }

    fn mode_file(_file: &File, _mode: u32) -> io::Result<()> {
        Ok(())
    }
}

/// Whether nobody's open file keeps this one from being renamed and removed: a rename to its own name
/// changes nothing, and Windows refuses it then.
fn may_go(file: &Path) -> io::Result<()> {
    if cfg!(windows) { fs::rename(file, file) } else { Ok(()) }
}

fn kind(found: &fs::Metadata) -> FileKind {
    let kind = found.file_type();
    if kind.is_file() {
        FileKind::File
    } else if kind.is_dir() {
        FileKind::Folder
    } else if kind.is_symlink() {
        FileKind::Symlink
    } else {
        FileKind::Other("not a regular file")
    }
}

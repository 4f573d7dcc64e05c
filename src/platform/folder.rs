//! A folder held open by handle: what the rest of the program knows of it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::image::Meta;

/// What stands under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file, perhaps with several names.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, whatever it leads to.
    Symlink,
    /// Anything else; the text names it.
    Other(&'static str),
}

/// An open folder. Names are single components; a symbolic link under a name is never followed.
pub trait Folder: Sized {
    /// Opens a folder by path, following links in it.
    fn open(path: &Path) -> io::Result<Self>;
    /// Opens a folder in this one.
    fn folder(&self, name: &OsStr) -> io::Result<Self>;
    /// Makes a folder, private (0700).
    fn make_folder(&self, name: &OsStr) -> io::Result<()>;
    /// Mode, owner and identity of this folder.
    fn here(&self) -> io::Result<Meta>;
    /// What stands under a name.
    fn look(&self, name: &OsStr) -> io::Result<(Meta, FileKind)>;
    /// The target of a symbolic link.
    fn link_target(&self, name: &OsStr) -> io::Result<PathBuf>;
    /// Opens for reading; never waits, not even on a FIFO.
    fn open_file(&self, name: &OsStr) -> io::Result<File>;
    /// Opens a file of clawmend's own for reading and writing (the lock); never waits.
    fn open_to_write(&self, name: &OsStr) -> io::Result<File>;
    /// Makes a new file for reading and writing, private (0600); fails if the name is taken.
    fn create_file(&self, name: &OsStr) -> io::Result<File>;
    /// The names in this folder, without `.` and `..`.
    fn names(&self) -> io::Result<Vec<OsString>>;
    /// Swaps two files in one step. [`io::ErrorKind::Unsupported`] where the system or the file
    /// system cannot.
    fn exchange(&self, one: &OsStr, other: &OsStr) -> io::Result<()>;
    /// Renames; fails with `AlreadyExists` if the new name is taken.
    fn move_new(&self, from: &OsStr, to: &OsStr) -> io::Result<()>;
    /// Renames, replacing what is there.
    fn move_over(&self, from: &OsStr, to: &OsStr) -> io::Result<()>;
    /// Gives a file a second name.
    fn link(&self, from: &OsStr, to: &OsStr) -> io::Result<()>;
    /// Removes a file or link.
    fn unlink(&self, name: &OsStr) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_folder(&self, name: &OsStr) -> io::Result<()>;
    /// Makes renames and removals durable.
    fn sync(&self) -> io::Result<()>;
    /// Takes an exclusive lock on the folder itself without waiting; `None` where another process
    /// holds it or the system has no such lock. Held as long as the result lives.
    fn try_hold(&self) -> Option<File>;
    /// Whether the file system is mounted read-only.
    fn is_read_only(&self) -> bool;
    /// Whether a file system is mounted under this very name, a single file's too: it can be written
    /// but not replaced. `false` where the system does not tell.
    fn is_mounted(&self, name: &OsStr) -> bool;
    /// Mode, owner and identity of an open file, and what it is.
    fn meta_of(file: &File) -> io::Result<(Meta, FileKind)>;
    /// Gives an open file an owner.
    fn own_file(file: &File, uid: u32, gid: u32) -> io::Result<()>;
    /// Gives an open file its permission bits.
    fn mode_file(file: &File, mode: u32) -> io::Result<()>;
}

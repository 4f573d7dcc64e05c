//! Files known by path: what they are, and how SQLite is told of them.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, fcntl_lock};
use rustix::io::Errno;

use crate::image::Meta;

/// Whether files have an owner and permission bits that can be read.
pub const KNOWS_OWNERS: bool = true;

/// Mode, owner and identity.
pub fn meta(found: &Metadata) -> Meta {
    Meta {
        mode: found.mode() & 0o7777,
        uid: found.uid(),
        gid: found.gid(),
        len: found.len(),
        mtime_ns: i128::from(found.mtime()) * 1_000_000_000 + i128::from(found.mtime_nsec()),
        dev: found.dev(),
        ino: found.ino(),
        nlink: found.nlink(),
    }
}

/// What stands there, if it is neither file, folder nor link and has a name.
pub fn odd_kind(found: &Metadata) -> Option<&'static str> {
    let kind = found.file_type();
    if kind.is_fifo() {
        Some("a FIFO")
    } else if kind.is_socket() {
        Some("a socket")
    } else if kind.is_block_device() || kind.is_char_device() {
        Some("a device")
    } else {
        None
    }
}

/// Opens for reading without following a link and without waiting for a FIFO's other end.
pub fn open_quietly(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)
}

/// Takes a shared lock on an open database file, so that nobody takes its log away. `false`: somebody
/// else has an exclusive one. A file system without locks counts as locked: nobody can have one there.
pub fn share_file(file: &File) -> bool {
    !matches!(
        fcntl_lock(file, FlockOperation::NonBlockingLockShared),
        Err(Errno::AGAIN | Errno::ACCESS)
    )
}

/// A folder's path without symbolic links, as SQLite wants it.
pub fn real_folder(path: &Path) -> io::Result<PathBuf> {
    std::fs::canonicalize(path)
}

/// A path as the bytes of a `file:` URI's path.
pub fn sqlite_path(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}

/// SQLite's name for the layer below it that takes no locks.
pub fn sqlite_without_locks() -> &'static str {
    "unix-none"
}

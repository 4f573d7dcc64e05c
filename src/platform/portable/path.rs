//! Files known by path: what they are, and how SQLite is told of them.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::patience::patiently;
use super::text::plain_path;
use crate::image::Meta;

/// No owner and no permission bits can be read here.
pub const KNOWS_OWNERS: bool = false;

/// Length and time; the rest is not known, and is the same for every file.
pub fn meta(found: &Metadata) -> Meta {
    let since = found.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Meta {
        len: found.len(),
        mtime_ns: since.map_or(0, |since| since.as_nanos().try_into().unwrap_or(i128::MAX)),
        nlink: 1,
        ..Meta::default()
    }
}

/// What stands there, if it is neither file, folder nor link and has a name: `std` has none.
pub fn odd_kind(_found: &Metadata) -> Option<&'static str> {
    None
}

/// Opens for reading what is a plain file and no link.
pub fn open_quietly(path: &Path) -> io::Result<File> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    patiently(|| File::open(path))
}

/// Windows refuses to delete a file that somebody has open, so there is nothing to lock.
pub fn share_file(file: &File) -> bool {
    file.metadata().is_ok()
}

/// A folder's path without links, and without the `\\?\` that Windows puts before one: SQLite's URI
/// has no word for it.
pub fn real_folder(path: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(path).map(|real| plain_path(&real))
}

/// A path as the bytes of a `file:` URI's path: `/C:/folder/file`, and `//server/share/file` with two
/// more slashes, which say that no host follows.
pub fn sqlite_path(path: &Path) -> Vec<u8> {
    let text = path.display().to_string();
    let text = if cfg!(windows) { text.replace('\\', "/") } else { text };
    let before = match text.as_str() {
        share if share.starts_with("//") => "//",
        rooted if rooted.starts_with('/') => "",
        _ => "/",
    };
    format!("{before}{text}").into_bytes()
}

/// SQLite's name for the layer below it that takes no locks.
pub fn sqlite_without_locks() -> &'static str {
    if cfg!(windows) { "win32-none" } else { "unix-none" }
}

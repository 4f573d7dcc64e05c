//! Whose rights this thread has: always the process's own.

use std::io;
use std::path::Path;

/// Nobody: rights of a single thread are Linux's.
#[derive(Debug)]
pub enum Who {}

/// Whether this process is root's.
pub fn is_root() -> bool {
    false
}

/// Gives this thread the rights of a user and a group; who it was before, if anything changed.
///
/// # Errors
/// The system does not let us.
pub fn become_owner(_uid: u32, _gid: u32) -> io::Result<Option<Who>> {
    Ok(None)
}

/// Takes the rights back.
pub fn go_back(before: Who) {
    match before {}
}

/// Whether whoever acts now may go through a folder.
pub fn may_enter(_folder: &Path) -> bool {
    true
}

/// Whether whoever acts now may not read (`write`: or not write) what lies at a path.
pub fn is_denied(_path: &Path, _write: bool) -> bool {
    false
}

//! Whose rights this process has: they cannot be changed here.

use std::io;
use std::path::Path;

/// Gives the process the rights of a user for good.
///
/// # Errors
/// Always.
pub fn take(_uid: u32, _group: u32) -> io::Result<u32> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether this process has one thread: nobody asks here.
pub fn is_alone() -> bool {
    true
}

/// Whether whoever acts now may not read (`write`: or not write) what lies at a path.
pub fn is_denied(_path: &Path, _write: bool) -> bool {
    false
}

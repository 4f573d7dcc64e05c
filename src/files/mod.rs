//! Files and folders, safely: whatever clawmend writes, renames or removes goes through here.
//!
//! Everything below the state dir is reached from an open folder ([`Dir`]), name by name, and a
//! symbolic link under a name is never followed. One routine writes ([`replace`], [`Staged`]).

pub mod closed;
pub mod confined;
pub mod dir;
pub mod hash;
pub mod lock;
mod names;
pub mod replace;
pub mod rights;
pub mod safety;
pub mod state_dir;

pub use dir::Dir;
pub use lock::Lock;
pub use replace::{New, Staged, replace};
pub use state_dir::StateDir;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::image::{FileState, Unusable};
use crate::platform::SystemFolder;

/// Why changes were not made.
#[derive(Debug)]
pub enum CommitError {
    /// The plan is stale: what the changes start from is no longer there. The text names it.
    Stale(String),
    /// Refused or failed. Kind `HalfDone`: not everything could be put back, and the next writing command goes
    /// on with that.
    Failed(Error),
}

impl From<Error> for CommitError {
    fn from(error: Error) -> Self {
        CommitError::Failed(error)
    }
}

/// Reads a regular file of at most `limit` bytes by its path; no link is followed, nothing waited for.
pub fn read_small(path: &Path, limit: u64) -> FileState {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return FileState::Unusable(Unusable::NotAFile("a folder"));
    };
    match Dir::<SystemFolder>::try_open(folder) {
        Ok(folder) => folder.read(name, limit),
        Err(error) if error.kind() == ErrorKind::NotFound => FileState::Absent,
        Err(error) => FileState::Unusable(error.into()),
    }
}

/// The path with every link followed; of what is not there the folder around it, as far as that is there.
pub fn real(path: &Path) -> PathBuf {
    // No system knows a longer one, and each folder of it would be asked for.
    if path.as_os_str().len() > 4096 {
        return path.to_path_buf();
    }
    let found = path.ancestors().find_map(|folder| Some((folder, folder.canonicalize().ok()?)));
    let Some((folder, mut real)) = found else { return path.to_path_buf() };
    // An empty rest would put a separator behind the path.
    real.extend(path.strip_prefix(folder).ok().filter(|rest| *rest != Path::new("")));
    real
}

/// The largest store or config that is read, bytes.
pub const STORE_LIMIT: u64 = 1 << 30;
/// The largest of clawmend's own files (journal, manifest) that is read, bytes.
pub const OWN_LIMIT: u64 = 64 << 20;

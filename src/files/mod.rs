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

use crate::error::Error;

/// Why nothing was changed.
#[derive(Debug)]
pub enum CommitError {
    /// What the changes start from is no longer there: plan again. The text names it.
    Moved(String),
    /// Refused or failed. Kind `RolledBack`: not everything could be put back, and the next writing command goes
    /// on with that.
    Failed(Error),
}

impl From<Error> for CommitError {
    fn from(error: Error) -> Self {
        CommitError::Failed(error)
    }
}

/// Reads a regular file of at most `limit` bytes; no link is followed, nothing waited for.
pub fn read_small(path: &std::path::Path, limit: u64) -> std::io::Result<Vec<u8>> {
    use crate::image::{FileState, Unusable};
    let odd = |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidInput, what.to_owned());
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(odd("it is not a regular file"));
    };
    let folder = Dir::<crate::platform::SystemFolder>::try_open(folder)?;
    match folder.read(name, limit) {
        FileState::Present { bytes, .. } => Ok(bytes.to_vec()),
        FileState::Absent => Err(std::io::ErrorKind::NotFound.into()),
        FileState::Unusable(Unusable::Denied) => Err(std::io::ErrorKind::PermissionDenied.into()),
        FileState::Unusable(Unusable::TooLarge { .. } | Unusable::TooMany { .. }) => {
            Err(odd("it is too large"))
        }
        FileState::Unusable(Unusable::Io(why)) => Err(std::io::Error::other(why)),
        FileState::Unusable(Unusable::Symlink(_) | Unusable::NotAFile(_)) => {
            Err(odd("it is not a regular file"))
        }
    }
}

/// The largest store or config that is read, bytes.
pub const STORE_LIMIT: u64 = 1 << 30;
/// The largest of clawmend's own files (journal, manifest) that is read, bytes.
pub const OWN_LIMIT: u64 = 64 << 20;

//! Where config files come from: the port to the disk, and the paths that are allowed.
//!
//! Owns the lexical rules of paths. Reading itself is the caller's.
use std::path::{Component, Path, PathBuf};
use thiserror::Error;

/// Reads the files that a config includes. Nothing is created by a read.
pub trait Source {
    /// The content of a regular file, and where it really lies.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn read(&self, path: &Path) -> Result<Loaded, ReadProblem>;
}

impl<F: Fn(&Path) -> Result<Loaded, ReadProblem>> Source for F {
    fn read(&self, path: &Path) -> Result<Loaded, ReadProblem> {
        self(path)
    }
}

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Its path with every symbolic link followed.
    pub real: PathBuf,
}

/// Why a file was not read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadProblem {
    /// There is none.
    #[error("no such file")]
    Missing,
    /// A folder, a device, a socket.
    #[error("not a regular file")]
    NotRegular,
    /// OpenClaw takes no include of more than [`MAX_INCLUDE_BYTES`].
    #[error("larger than {MAX_INCLUDE_BYTES} bytes")]
    TooLarge,
    /// OpenClaw refuses an include with several hard links.
    #[error("the file has more than one hard link")]
    HardLinked,
    /// Anything else, in the words of the system.
    #[error("{0}")]
    Other(String),
}

/// The largest include that OpenClaw reads (2026.5.28, 2026.9.6).
pub const MAX_INCLUDE_BYTES: u64 = 2 * 1024 * 1024;

/// A folder that includes may lie in: the config's own, or one of `OPENCLAW_INCLUDE_ROOTS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// As named.
    pub dir: PathBuf,
    /// With every symbolic link followed.
    pub real: PathBuf,
}

impl Root {
    /// A folder, as named and as it really is.
    pub fn new(dir: &Path, real: &Path) -> Self {
        Self { dir: normalize(dir), real: normalize(real) }
    }
}

/// `path` without `.` and `..`, as Node's `path.normalize` does it: by its words alone.
pub fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_by_their_words() {
        let normal = |path: &str| normalize(Path::new(path)).to_string_lossy().into_owned();
        assert_eq!(normal("/a/./b/../c"), "/a/c");
        assert_eq!(normal("/../../etc"), "/etc");
        assert_eq!(normal("/a/b/"), "/a/b");
    }
}

//! The state dir: a path for messages and names, and the folder that it led to at first.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::Dir;
use crate::error::Error;

/// The state dir of a run. Its path is followed once, when it is opened first; from then on it is that
/// folder, whatever somebody puts in its place.
#[derive(Clone)]
pub struct StateDir {
    path: PathBuf,
    dir: Arc<OnceLock<Dir>>,
}

impl StateDir {
    /// The folder itself, opened at the first call and the same one from then on.
    pub fn open(&self) -> Result<&Dir, Error> {
        if let Some(dir) = self.dir.get() {
            return Ok(dir);
        }
        let dir = Dir::open(&self.path)?;
        Ok(self.dir.get_or_init(|| dir))
    }
}

impl Deref for StateDir {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

impl AsRef<Path> for StateDir {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

impl<T: Into<PathBuf>> From<T> for StateDir {
    fn from(path: T) -> Self {
        Self { path: path.into(), dir: Arc::default() }
    }
}

impl fmt::Debug for StateDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

impl PartialEq for StateDir {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

#[cfg(all(test, unix, not(clawmend_portable)))]
mod tests {
    use super::*;

    #[test]
    fn it_stays_the_folder_that_it_was() {
        let temp = tempfile::tempdir().unwrap();
        let (path, other) = (temp.path().join("state"), temp.path().join("other"));
        std::fs::create_dir(&path).unwrap();
        std::fs::create_dir(&other).unwrap();
        let state = StateDir::from(path.as_path());
        let first = state.open().unwrap().meta().unwrap();
        std::fs::rename(&path, temp.path().join("moved")).unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        let clone = state.clone();
        let then = clone.open().unwrap();
        assert_eq!(then.meta().unwrap().ino, first.ino);
        assert!(super::super::safety::check(then).is_err());
    }
}

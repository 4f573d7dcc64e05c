//! Where config files come from: how a file is asked for, which ones OpenClaw takes, and the paths
//! that are allowed.
//!
//! Owns the lexical rules of paths. Reading itself is the caller's.
use crate::image::{Bytes, FileState, Unusable};
use std::path::{Component, Path, PathBuf};

/// What is at a path, and where that really lies, every link followed. Nothing is created by asking.
pub type ReadFile<'s> = dyn Fn(&Path) -> (FileState, PathBuf) + 's;

/// The bytes of an include as OpenClaw takes it, or why it takes none, in words.
pub(super) fn taken(state: FileState) -> Result<Bytes, String> {
    match state {
        FileState::Absent => Err("no such file".to_owned()),
        FileState::Unusable(Unusable::NotAFile(_)) => Err("not a regular file".to_owned()),
        FileState::Unusable(Unusable::TooLarge { .. }) => Err(too_large()),
        FileState::Unusable(why) => Err(crate::text::unusable(&why)),
        FileState::Present { bytes, .. } if bytes.len() > MAX_INCLUDE_BYTES => Err(too_large()),
        FileState::Present { meta, .. } if meta.nlink > 1 => {
            Err("the file has more than one hard link".to_owned())
        }
        FileState::Present { bytes, .. } => Ok(bytes),
    }
}

fn too_large() -> String {
    format!("larger than {MAX_INCLUDE_BYTES} bytes")
}

/// The largest include that OpenClaw reads (2026.5.28, 2026.9.6).
const MAX_INCLUDE_BYTES: usize = 2 * 1024 * 1024;

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

//! A folder as it is, for comparing before and after, and a copy of one as a gateway would have left it.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Every path below `root`: kind, mode, owner, time of the last change and contents, a line each.
pub fn tree(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

fn walk(root: &Path, path: &Path, found: &mut BTreeMap<PathBuf, String>) {
    let meta = path.symlink_metadata().unwrap();
    let body = if meta.is_file() {
        clawmend::files::hash::of(&std::fs::read(path).unwrap())
    } else if meta.is_symlink() {
        std::fs::read_link(path).unwrap().display().to_string()
    } else {
        String::new()
    };
    let line = format!(
        "{:?} {:o} {}:{} mtime {}.{} | {body}",
        meta.file_type(),
        meta.mode(),
        meta.uid(),
        meta.gid(),
        meta.mtime(),
        meta.mtime_nsec()
    );
    found.insert(path.strip_prefix(root).unwrap().to_path_buf(), line);
    if meta.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            walk(root, &entry.unwrap().path(), found);
        }
    }
}

/// Copies what is in a folder: folders 0700, files 0600.
pub fn copy_private(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let mode = if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_private(&entry.path(), &target);
            0o700
        } else {
            std::fs::write(&target, std::fs::read(entry.path()).unwrap()).unwrap();
            0o600
        };
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

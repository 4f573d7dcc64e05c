//! What to do where the system said "permission denied".

use std::path::Path;

use crate::error::Error;
use crate::platform;
use crate::step::Step;

/// The hints of an error. Where it is about a missing permission, a look at its path gives a better one
/// than the general one: another mode where the path is our own, else the rights that root took.
pub fn hints(error: &Error) -> Vec<Step> {
    let mut hints = error.hints().to_vec();
    if let (Some(first), Some(path), true) = (hints.first_mut(), error.path(), error.is_denied()) {
        match own_and_closed(path) {
            Some(better) => *first = better,
            None if *first == Step::text(platform::RUN_AS) => *first = super::rights::advice(path),
            None => {}
        }
    }
    hints
}

fn own_and_closed(path: &Path) -> Option<Step> {
    let us = platform::user_id();
    if !platform::KNOWS_OWNERS || us == 0 {
        return None;
    }
    let closed = path.ancestors().take(3).find(|path| is_closed(path, us))?;
    let chmod = Step::run("chmod", ["-R", "u+rwX"]).with([closed]);
    Some(chmod.after("it is your own, but its mode keeps you out"))
}

fn is_closed(path: &Path, us: u32) -> bool {
    path.metadata().is_ok_and(|found| {
        let meta = platform::meta(&found);
        let needed = if found.is_dir() { 0o700 } else { 0o600 };
        meta.uid == us && meta.mode & needed != needed
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn who_closed_their_own_folder_is_told_to_open_it() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("closed");
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o500)).unwrap();
        let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let of = |error: &std::io::Error| hints(&Error::io("write", folder.join("file"), error));
        let told = format!("{:?}", of(&denied));
        // Root is never kept out by a mode.
        assert_eq!(told.contains("u+rwX"), platform::user_id() != 0, "{told}");
        let missing = format!("{:?}", of(&std::io::Error::from(std::io::ErrorKind::NotFound)));
        assert!(!missing.contains("chmod"), "{missing}");
    }
}

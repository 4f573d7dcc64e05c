//! Work that can reach nothing outside some folders, whatever stands in the way of a path.
//!
//! What is opened from a handle, name by name, cannot be led astray. SQLite opens by path, and whoever may
//! write to a folder on that path can swap it for a link at any moment. So SQLite works on a thread of
//! its own, for which the kernel refuses every file that does not lie in a folder that we hold open. Where
//! the system knows no such sandbox the work is done all the same, with the rights that [`super::rights`] left.

use std::io;

use super::Dir;
use crate::platform::sandbox::Sandbox;

/// Does `work` so that it can read files in and below `folders` alone, and change them only where `true`
/// stands beside the folder.
pub fn within<'a, T: Send>(
    folders: impl IntoIterator<Item = (&'a Dir, bool)>,
    work: impl FnOnce() -> T + Send,
) -> io::Result<T> {
    let folders = folders.into_iter().map(|(dir, write)| (&dir.folder, write));
    let Some(sandbox) = Sandbox::around(folders) else { return Ok(work()) };
    let close = move || {
        sandbox.close();
    };
    crate::threads::apart(close, work)
}

#[cfg(all(test, target_os = "linux", not(clawmend_portable)))]
mod tests {
    use super::*;
    use std::fs;

    /// A test that finds no sandbox shows nothing: it fails on a kernel without Landlock.
    #[test]
    fn nothing_outside_can_be_read_changed_made_or_removed() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        for folder in ["inside", "look", "outside"] {
            fs::create_dir(at(folder)).unwrap();
            fs::write(at(folder).join("file"), "old").unwrap();
        }
        let (inside, look) = (Dir::open(&at("inside")).unwrap(), Dir::open(&at("look")).unwrap());
        // The folder is swapped for a link once it is held.
        fs::rename(at("inside"), at("moved")).unwrap();
        std::os::unix::fs::symlink(at("outside"), at("inside")).unwrap();
        within([(&inside, true), (&look, false)], || {
            let denied = |result: io::Result<()>| {
                assert_eq!(result.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
            };
            for folder in ["inside", "outside"] {
                denied(fs::read(at(folder).join("file")).map(drop));
                denied(fs::remove_file(at(folder).join("file")));
            }
            for folder in ["inside", "outside", "look"] {
                denied(fs::write(at(folder).join("file"), "new"));
                denied(fs::write(at(folder).join("new"), "new"));
            }
            assert_eq!(fs::read(at("look").join("file")).unwrap(), b"old");
            assert_eq!(fs::read(at("moved").join("file")).unwrap(), b"old");
            fs::write(at("moved").join("file"), "new").unwrap();
            fs::write(at("moved").join("new"), "new").unwrap();
            fs::rename(at("moved").join("new"), at("moved").join("newer")).unwrap();
            fs::remove_file(at("moved").join("newer")).unwrap();
        })
        .unwrap();
        // And only there.
        fs::write(at("outside").join("file"), "new").unwrap();
    }

    #[test]
    fn a_panic_inside_is_a_panic_outside() {
        let caught = std::panic::catch_unwind(|| within([], || panic!("inside")));
        assert!(caught.is_err());
    }
}

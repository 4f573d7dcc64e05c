//! Acting as another user for a while, on this thread alone.
//!
//! What is opened from a handle, name by name, cannot be led astray. SQLite opens by path, and whoever
//! owns a folder on that path can swap it for a link at any moment. So while SQLite is at work on what
//! belongs to somebody, clawmend has no more rights than they have: a swapped path leads only where they
//! could go anyway, and what SQLite makes is theirs.
//!
//! Only the effective user, group and the further groups change; the real and the saved user stay root's,
//! so nobody else may signal or trace the process meanwhile. On systems other than Linux, and for anybody
//! but root, nothing changes.

use std::io;
use std::path::Path;

use crate::image::Meta;
use crate::platform::{self, rights as system};

/// As long as this lives, the thread acts as somebody. It must end on the thread it began on.
#[derive(Debug)]
#[must_use]
pub struct Acting {
    /// Who the thread was before; `None`: nothing was changed.
    before: Option<system::Who>,
    /// A thread's rights stay with the thread.
    _here: std::marker::PhantomData<*const ()>,
}

impl Acting {
    /// Acts as the owner of something, with its group and no other.
    ///
    /// # Errors
    /// The system does not let us (a container without the right to change users).
    pub fn as_owner(of: &Meta) -> io::Result<Self> {
        Ok(Self { before: system::become_owner(of.uid, of.gid)?, _here: std::marker::PhantomData })
    }

    /// As [`Acting::as_owner`] of a folder; as root where a folder of somebody else's keeps its owner from
    /// `path`, who then cannot swap anything on the way there either, or where the system does not let us.
    pub fn as_owner_within(folder: Option<&Meta>, path: &Path) -> Self {
        let none = Self { before: None, _here: std::marker::PhantomData };
        let Some(folder) = folder else { return none };
        match Self::as_owner(folder) {
            Ok(acting) if is_kept_out(path, folder.uid) => {
                drop(acting);
                Self::as_owner(&Meta::default()).unwrap_or(none)
            }
            Ok(acting) => acting,
            Err(_) => none,
        }
    }
}

impl Drop for Acting {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            system::go_back(before);
        }
    }
}

/// Whether whoever acts now, who is `uid`, may not come to `path` for a folder above all that is theirs. What
/// they closed themselves they can open again, at any moment.
fn is_kept_out(path: &Path, uid: u32) -> bool {
    let mut way: Vec<_> = path.ancestors().skip(1).collect();
    while let Some(folder) = way.pop() {
        match folder.metadata() {
            Ok(found) if platform::meta(&found).uid != uid => {}
            _ => return false,
        }
        if !system::may_enter(folder) {
            return true;
        }
    }
    false
}

/// Whether clawmend is root and can act as others.
pub fn is_possible() -> bool {
    system::is_root()
}

/// Whether whoever acts now may not read (`write`: or not write) what lies at `path`. Nothing there is
/// no denial.
pub fn is_denied(path: &Path, write: bool) -> bool {
    system::is_denied(path, write)
}

#[cfg(all(test, target_os = "linux", not(clawmend_portable)))]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

    fn owner(uid: u32) -> Meta {
        Meta { uid, gid: uid, ..Meta::default() }
    }

    #[test]
    fn an_owner_reaches_only_what_is_theirs_and_root_comes_back() {
        if !is_possible() {
            return;
        }
        let temp = tempfile::tempdir().unwrap();
        let mode = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        mode(temp.path(), 0o755);
        let secret = temp.path().join("secret");
        std::fs::write(&secret, "root's").unwrap();
        mode(&secret, 0o640);
        let theirs = temp.path().join("theirs");
        std::fs::create_dir(&theirs).unwrap();
        chown(&theirs, Some(12345), Some(12345)).unwrap();
        {
            let _acting = Acting::as_owner(&owner(12345)).unwrap();
            assert!(std::fs::read(&secret).is_err());
            assert!(is_denied(&secret, false));
            std::fs::write(theirs.join("new"), "").unwrap();
            {
                let _root = Acting::as_owner(&owner(0)).unwrap();
                std::fs::read(&secret).unwrap();
            }
            assert!(std::fs::read(&secret).is_err());
        }
        std::fs::read(&secret).unwrap();
        let made = std::fs::metadata(theirs.join("new")).unwrap();
        assert_eq!((made.uid(), made.gid()), (12345, 12345));
        // Where the owner cannot come, nobody can swap anything.
        mode(temp.path(), 0o700);
        let root = Acting::as_owner_within(Some(&owner(12345)), &theirs);
        std::fs::read(&secret).unwrap();
        drop(root);
        // What the owner closed themselves they can open, and swap, at any moment.
        mode(temp.path(), 0o755);
        mode(&theirs, 0);
        let _acting = Acting::as_owner_within(Some(&owner(12345)), &theirs.join("new"));
        assert!(std::fs::read(&secret).is_err());
    }
}

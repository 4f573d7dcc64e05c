//! Whose rights this process has. Linux changes them thread by thread, so they are taken while there is one.

use std::io;
use std::path::Path;

use rustix::fs::{Access, AtFlags};
use rustix::process::{Gid, Uid};
use rustix::thread::{CapabilitySet, CapabilitySets};
use rustix::thread::{set_capabilities, set_thread_groups, set_thread_res_gid, set_thread_res_uid};

/// The group of a user whom no list knows and whose folder is of root's group.
const NO_GROUP: u32 = 65_534;

/// Gives root's process the rights of a user for good. `group` is that of their folder: it becomes the
/// process's own if they are in it. A user whom `/etc/passwd` does not know (of a container, say) has no other.
/// Returns that group.
///
/// # Errors
/// The system does not let us, or other threads would stay root's. What was changed so far stays so.
pub fn take(uid: u32, group: u32) -> io::Result<u32> {
    let groups = groups(
        &std::fs::read_to_string("/etc/passwd").unwrap_or_default(),
        &std::fs::read_to_string("/etc/group").unwrap_or_default(),
        uid,
        group,
    );
    let own = groups.first().copied().unwrap_or(NO_GROUP);
    let groups: Vec<Gid> = groups.into_iter().map(Gid::from_raw).collect();
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(own));
    set_thread_groups(&groups)?;
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)?;
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    // With each of these the kernel forgets that no core is wanted.
    super::process::no_core();
    Ok(own)
}

/// Whether this process has one thread, so that its rights are those of the whole.
pub fn is_alone() -> bool {
    std::fs::read_dir("/proc/self/task").is_ok_and(|tasks| tasks.count() == 1)
}

/// The groups of a user, from the texts of a passwd and a group file: the one for new files first.
fn groups(passwd: &str, group: &str, uid: u32, folders: u32) -> Vec<u32> {
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok());
    let user = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (number(fields.nth(1)) == Some(uid)).then_some((name, number(fields.next())?))
    });
    let Some((name, own)) = user else {
        return vec![if folders == 0 { NO_GROUP } else { folders }];
    };
    let mut groups = vec![own];
    groups.extend(group.lines().filter_map(|line| {
        let mut fields = line.split(':').skip(2);
        let gid = number(fields.next())?;
        let members = fields.next()?;
        (gid != own && members.split(',').any(|member| member == name)).then_some(gid)
    }));
    if let Some(at) = groups.iter().position(|gid| *gid == folders) {
        groups.swap(0, at);
    }
    groups
}

/// Whether whoever acts now may not read (`write`: or not write) what lies at a path. Nothing there is no
/// denial.
pub fn is_denied(path: &Path, write: bool) -> bool {
    let mut access = Access::READ_OK;
    if write {
        access |= Access::WRITE_OK;
    }
    if path.is_dir() {
        access |= Access::EXEC_OK;
    }
    let asked = rustix::fs::accessat(rustix::fs::CWD, path, access, AtFlags::EACCESS);
    asked == Err(rustix::io::Errno::ACCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

    #[test]
    fn a_user_has_the_groups_of_the_lists_and_a_stranger_that_of_the_folder() {
        let passwd = "root:x:0:0::/root:/bin/sh\nann:x:1000:1001::/home/ann:/bin/sh\nodd:x\n";
        let group = "root:x:0:\nann:x:1001:\nclaw:x:77:bob,ann\nstaff:x:50:joann,bob\nodd:x\nmore:x:78:ann\n";
        let of = |uid, folders| groups(passwd, group, uid, folders);
        assert_eq!(of(1000, 1001), [1001, 77, 78]);
        assert_eq!(of(1000, 77), [77, 1001, 78]);
        // Whoever made the folder, they are not in its group.
        assert_eq!(of(1000, 50), [1001, 77, 78]);
        assert_eq!(of(1000, 0), [1001, 77, 78]);
        assert_eq!(of(5, 60), [60]);
        assert_eq!(of(5, 0), [NO_GROUP]);
    }

    #[test]
    #[ignore = "gives files away: the gate runs it as root"]
    fn an_owner_reaches_only_what_is_theirs_and_does_not_come_back() {
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
        chown(&theirs, Some(12345), Some(12346)).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                take(12345, 12346).unwrap();
                assert!(std::fs::read(&secret).is_err());
                assert!(is_denied(&secret, false) && !is_denied(&theirs, true));
                std::fs::write(theirs.join("new"), "").unwrap();
                assert!(set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT).is_err());
                assert!(set_thread_groups(&[Gid::ROOT]).is_err());
            });
        });
        let made = std::fs::metadata(theirs.join("new")).unwrap();
        assert_eq!((made.uid(), made.gid()), (12345, 12346));
    }
}

//! Whose rights this thread has: Linux knows that for a single thread.

use std::io;
use std::path::Path;

use rustix::fs::{Access, AtFlags};
use rustix::process::{Gid, Uid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

/// Whose rights a thread has.
#[derive(Debug)]
pub struct Who {
    uid: Uid,
    gid: Gid,
    groups: Vec<Gid>,
}

/// Whether this process is root's.
pub fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

/// Gives this thread the rights of a user and a group; who it was before, if anything changed.
///
/// # Errors
/// The system does not let us.
pub fn become_owner(uid: u32, gid: u32) -> io::Result<Option<Who>> {
    let before = Who {
        uid: rustix::process::geteuid(),
        gid: rustix::process::getegid(),
        groups: rustix::process::getgroups()?,
    };
    // Root on what is root's: every group is as good as the next.
    if !is_root() || (before.uid.is_root() && uid == 0) {
        return Ok(None);
    }
    let gid = Gid::from_raw(gid);
    let wanted = Who { uid: Uid::from_raw(uid), gid, groups: vec![gid] };
    if let Err(error) = set(&wanted) {
        go_back(before);
        return Err(error);
    }
    Ok(Some(before))
}

/// Should this fail, the thread keeps the lesser rights, and what needs more of them is refused.
pub fn go_back(before: Who) {
    let _ = set(&before);
}

fn set(who: &Who) -> io::Result<()> {
    let change = || {
        // Only root may change groups; the real and the saved user are root's all the time.
        set_thread_res_uid(None, Uid::ROOT, None)?;
        set_thread_groups(&who.groups)?;
        set_thread_res_gid(None, who.gid, None)?;
        set_thread_res_uid(None, who.uid, None)
    };
    let changed = change();
    // With each of these the kernel forgets that no core is wanted.
    super::process::no_core();
    Ok(changed?)
}

/// Whether whoever acts now may go through a folder.
pub fn may_enter(folder: &Path) -> bool {
    rustix::fs::accessat(rustix::fs::CWD, folder, Access::EXEC_OK, AtFlags::EACCESS)
        != Err(rustix::io::Errno::ACCESS)
}

/// Whether whoever acts now may not read (`write`: or not write) what lies at a path.
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

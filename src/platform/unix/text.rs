//! The system's habits in words: advice, quoting, paths.

use std::io;
use std::path::Path;

/// An editor that is on most machines of this kind.
pub const EDITOR: &str = "nano";
/// What to do where the permission is missing.
pub const RUN_AS: &str = "run clawmend as the user that runs the OpenClaw gateway, or as root with sudo; give files that root left in that user's state dir back to the user first (`sudo chown -R`)";

/// What a change does not keep here: nothing that is worth a word.
pub const LIMITS: Option<&str> = None;

/// What is wrong where something may not be read or replaced.
pub const DENIED: &str = "permission denied";

/// Whether a failure is for want of permission.
pub fn is_denied(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

/// Advice that only this system has for an I/O failure.
pub fn io_advice(error: &io::Error) -> Option<&'static str> {
    if error.kind() == io::ErrorKind::FileTooLarge {
        return Some(
            "this session limits the size of files: raise the limit (`ulimit -f unlimited`)",
        );
    }
    if error.kind() == io::ErrorKind::ResourceBusy {
        return Some(
            "if it is a mount of its own (a container's mount of one file), run clawmend where the real file is, or mount its folder instead; else run the same command again",
        );
    }
    // EPERM is what root gets too.
    if error.raw_os_error() == Some(1) && rustix::process::geteuid().is_root() {
        return Some(
            "the system forbids it, even to root: the file or its folder may be immutable (`lsattr -d` shows it, `chattr -i` ends it), or this container may not have the right",
        );
    }
    // EIO.
    (error.raw_os_error() == Some(5)).then_some(
        "the disk reports an error: check its health (dmesg), and copy the state dir away first",
    )
}

/// A path as people write it here.
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_root_may_not_do_either_is_not_advised_to_root() {
        let advice = io_advice(&io::Error::from_raw_os_error(1));
        let is_root = rustix::process::geteuid().is_root();
        assert_eq!(advice.is_some_and(|text| text.contains("chattr")), is_root);
    }
}

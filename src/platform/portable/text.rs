//! The system's habits in words: advice, quoting, paths.

use std::io;
use std::path::{Path, PathBuf};

/// An editor that is on most machines of this kind.
pub const EDITOR: &str = "notepad";
/// What to do where the permission is missing.
pub const RUN_AS: &str = "run clawmend as the user that runs the OpenClaw gateway; close other \
     programs that have the file open (an editor, a backup), or stop the gateway while clawmend writes";

/// What a change does not keep here, told before it is made.
pub const LIMITS: Option<&str> = if cfg!(windows) {
    Some(
        "note: on Windows a replaced file takes its owner and its access list from its folder, and a program \
         that writes it in that very instant can lose what it wrote",
    )
} else {
    None
};

/// What is wrong where something may not be read or replaced: Windows says that of open files too.
pub const DENIED: &str = "permission denied, or another program has it open";

/// Whether a failure is for want of permission, or because the file is open elsewhere.
pub fn is_denied(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied || is_held(error)
}

/// Whether another program's open file is in the way: `ERROR_SHARING_VIOLATION`, `ERROR_LOCK_VIOLATION`,
/// `ERROR_USER_MAPPED_FILE`.
fn is_held(error: &io::Error) -> bool {
    cfg!(windows) && matches!(error.raw_os_error(), Some(32 | 33 | 1224))
}

/// Advice that only this system has for an I/O failure.
pub fn io_advice(error: &io::Error) -> Option<&'static str> {
    is_held(error).then_some(
        "another program has it open: close it (an editor, a backup), or stop the gateway, \
         then run the same command again",
    )
}

/// A path without the `\\?\` that Windows puts before one it has looked up.
pub fn plain_path(path: &Path) -> PathBuf {
    path.to_str().and_then(without_verbatim).map_or_else(|| path.to_path_buf(), PathBuf::from)
}

fn without_verbatim(text: &str) -> Option<String> {
    let rest = text.strip_prefix(r"\\?\")?;
    match rest.strip_prefix(r"UNC\") {
        Some(share) => Some(format!(r"\\{share}")),
        // `\\?\Volume{...}` has no shorter form.
        None if rest.as_bytes().get(1) == Some(&b':') => Some(rest.to_owned()),
        None => None,
    }
}

/// A path as people write it here: on Windows with backslashes throughout.
pub fn shown(path: &Path) -> String {
    let text = plain_path(path).display().to_string();
    if cfg!(windows) { text.replace('/', "\\") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_windows_puts_before_a_path_is_taken_off() {
        let plain = |text: &str| plain_path(Path::new(text)).display().to_string();
        assert_eq!(plain(r"\\?\C:\Users\a"), r"C:\Users\a");
        assert_eq!(plain(r"\\?\UNC\nas\claw"), r"\\nas\claw");
        assert_eq!(plain(r"\\?\Volume{1}\a"), r"\\?\Volume{1}\a");
        assert_eq!(plain("/home/a"), "/home/a");
    }
}

//! What to do where the system said "permission denied".

use std::path::Path;

use crate::error::Error;
use crate::platform;
use crate::step::Step;

/// The hints of an error. Where it is about a missing permission, a look at its path gives a better one
/// than the general one: another mode where the path is our own, else the rights that root took.
pub fn hints(error: &Error) -> Vec<Step> {
    let hints = error.hints();
    let (Some((first, others)), Some(path)) = (hints.split_first(), error.path()) else {
        return hints.to_vec();
    };
    let is_general = *first == Step::text(platform::RUN_AS);
    let better = match own_and_closed(path).filter(|_| error.is_denied()) {
        Some(better) => vec![better],
        None if is_general => advice(path),
        None => return hints.to_vec(),
    };
    better.into_iter().chain(others.iter().cloned()).collect()
}

/// What to do where the permission for a path is missing.
pub fn advice(path: &Path) -> Vec<Step> {
    let us = platform::user_id();
    if !platform::KNOWS_OWNERS {
        return vec![platform::RUN_AS.into()];
    }
    if let Some(of_root) = super::rights::advice(path) {
        return vec![of_root];
    }
    if let Some(own) = own_and_closed(path) {
        return vec![own];
    }
    if us == 0 {
        return vec![platform::RUN_AS.into()];
    }
    let uid = |path: &Path| path.symlink_metadata().ok().map(|found| platform::meta(&found).uid);
    let run = Step::diagnose().as_root(true);
    // What root owns below a folder of ours.
    let way: Vec<&Path> = path.ancestors().collect();
    let left = way.windows(2).find_map(|pair| match pair {
        [inner, outer] => (uid(inner) == Some(0) && uid(outer) == Some(us)).then_some(*inner),
        _ => None,
    });
    match left {
        Some(left) => vec![
            Step::run("chown", ["-R".to_owned(), us.to_string()])
                .with([left])
                .as_root(true)
                .after("it belongs to root: if a command with `sudo` left it there, give it back to your user"),
            run.after("if OpenClaw runs as root, run clawmend as root too"),
        ],
        None => vec![run.after("it belongs to another user: run clawmend as that user, or as root")],
    }
}

fn own_and_closed(path: &Path) -> Option<Step> {
    let us = platform::user_id();
    if !platform::KNOWS_OWNERS || us == 0 {
        return None;
    }
    let closed = path.ancestors().take(3).find(|path| is_closed(path, us))?;
    let chmod = Step::run("chmod", ["-R", "u+rwX"]).with([closed]);
    Some(chmod.after(match super::rights::are_taken() {
        true => "clawmend works with the rights of its owner, and its mode keeps the owner out",
        false => "it is your own, but its mode keeps you out",
    }))
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

//! Whether a folder is a safe place to write to. Checked before the first byte is written.

use std::path::Path;

use super::dir::Dir;
use crate::error::Error;
use crate::image::Meta;
use crate::platform::{self, FileKind, Folder, SystemFolder};
use crate::step::Step;

/// Refuses a folder that its path no longer leads to, that others can write to, or that lies below one which
/// others can write to: whoever can rename a folder on the path decides where the writes go.
///
/// Accepted on the way down: folders of root, of the folder's own owner or of the acting user, that
/// only their owner (or a group of the same number as the owner, as many systems make for each user)
/// can write, or that have the sticky bit, like `/tmp`.
///
/// # Errors
/// [`crate::error::Kind::Refused`], naming the folder and what to do about it.
pub fn check(dir: &Dir) -> Result<(), Error> {
    let path = dir.path();
    let real = std::fs::canonicalize(path)
        .map_err(|error| Error::io("resolve the folder", path, &error))?;
    let held = dir.meta()?;
    let found = Dir::<SystemFolder>::open(&real)?.meta()?;
    if found.id() != held.id() {
        return Err(Error::refused(
            "another folder was put in its place while clawmend was at work",
        )
        .at(path)
        .hint("run the same command again once nothing else moves it"));
    }
    let owner = held.uid;
    let acting = platform::user_id();
    for (depth, folder) in real.ancestors().enumerate() {
        // A folder that may be passed but not opened can still be looked at.
        let meta = match folder.parent().zip(folder.file_name()) {
            Some((parent, name)) => look(parent, name, folder)?,
            None => Dir::<SystemFolder>::open(folder)?.meta()?,
        };
        if let Some(problem) = problem(&meta, owner, acting, depth == 0) {
            let error = Error::refused(format!("{problem}, so it is no safe place to write to"))
                .at(folder)
                .hint(if problem == FOREIGN {
                    "give it to root or to the user that runs OpenClaw (`chown`), then run the same command again".into()
                } else {
                    Step::run("chmod", ["go-w"])
                        .with([folder])
                        .after("close it")
                        .note("then run the same command again")
                });
            // What a disk without modes shows of every folder.
            return Err(match meta.mode & 0o777 {
                0o777 => error.hint(
                    "if `chmod` changes nothing (a disk with NTFS, FAT or exFAT), mount the disk with `umask=077`",
                ),
                _ => error,
            });
        }
    }
    Ok(())
}

/// Refuses a folder for clawmend's own files of a state dir of `owner` that somebody else could have filled, or
/// could look at what is made in it.
///
/// # Errors
/// It belongs to neither them nor root nor the acting user, or others can write to it.
pub fn check_own(dir: &Dir, owner: u32) -> Result<(), Error> {
    own_is_safe(dir.path(), &dir.meta()?, owner)
}

/// As [`check_own`], of a folder that may not be one to open: by what it looks like from outside.
pub fn check_own_below(parent: &Dir, name: &std::ffi::OsStr, owner: u32) -> Result<(), Error> {
    match parent.look(name) {
        Ok(Some((meta, FileKind::Folder))) => own_is_safe(&parent.path().join(name), &meta, owner),
        _ => Ok(()),
    }
}

fn own_is_safe(path: &Path, meta: &Meta, owner: u32) -> Result<(), Error> {
    match problem(meta, owner, platform::user_id(), true) {
        None => Ok(()),
        Some(why) => Err(Error::refused(format!(
            "{why}, so clawmend does not trust what is there, and makes no copy there"
        ))
        .at(path)
        .hint("if you know who filled it, give it to the state dir's owner (`chown -R`) and to nobody else (`chmod -R go-w`); if not, move it away, or use another --snapshot-dir; then run the same command again")),
    }
}

fn look(parent: &Path, name: &std::ffi::OsStr, folder: &Path) -> Result<Meta, Error> {
    let looked = match SystemFolder::open(parent) {
        Ok(parent) => parent.look(name).map(|(meta, _)| meta),
        Err(_) => SystemFolder::open(folder).and_then(|folder| folder.here()),
    };
    looked.map_err(|error| Error::io("look at the folder", folder, &error))
}

const FOREIGN: &str = "this folder belongs to another user";
const OPEN: &str = "others can write to this folder";

/// What speaks against a folder on the way. `last`: it is the folder itself.
fn problem(meta: &Meta, owner: u32, acting: u32, last: bool) -> Option<&'static str> {
    if ![0, owner, acting].contains(&meta.uid) {
        return Some(FOREIGN);
    }
    let others = meta.mode & 0o002 != 0;
    let group = meta.mode & 0o020 != 0 && ![0, owner, meta.uid].contains(&meta.gid);
    // The sticky bit keeps what lies in a folder from others, not what they add: good enough above
    // the state dir, not for the state dir itself.
    let sticky = meta.mode & 0o1000 != 0 && !last;
    ((others || group) && !sticky).then_some(OPEN)
}

/// Whether clawmend may write a file outside the state dir that something inside it points at: it
/// belongs to the state dir's owner, or to the acting user.
pub fn may_write_outside(file: &Meta, owner: u32) -> bool {
    [owner, platform::user_id()].contains(&file.uid)
}

#[cfg(all(test, unix, not(clawmend_portable)))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_folder_that_others_can_write_is_refused_and_tmp_is_not() {
        let temp = tempfile::tempdir().unwrap();
        let shared = temp.path().join("shared");
        let state = shared.join("state");
        std::fs::create_dir_all(&state).unwrap();
        let mode = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        mode(&shared, 0o755);
        mode(&state, 0o700);
        check(&Dir::open(&state).unwrap()).unwrap();
        mode(&shared, 0o777);
        let error = check(&Dir::open(&state).unwrap()).unwrap_err();
        assert_eq!(error.exit(), crate::exit::Exit::Refused);
        assert_eq!(error.path(), Some(std::fs::canonicalize(&shared).unwrap().as_path()));
        mode(&shared, 0o1777);
        check(&Dir::open(&state).unwrap()).unwrap();
        mode(&state, 0o1777);
        assert!(check(&Dir::open(&state).unwrap()).is_err());
    }

    #[test]
    fn owners_and_groups_on_the_way() {
        let folder = |mode, uid, gid| Meta { mode, uid, gid, ..Meta::default() };
        assert_eq!(problem(&folder(0o755, 7, 7), 1000, 1000, false), Some(FOREIGN));
        assert_eq!(problem(&folder(0o755, 0, 0), 1000, 1000, false), None);
        assert_eq!(problem(&folder(0o775, 1000, 1000), 1000, 0, true), None);
        assert_eq!(problem(&folder(0o775, 1000, 100), 1000, 0, true), Some(OPEN));
    }
}

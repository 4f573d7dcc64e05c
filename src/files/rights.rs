//! Where root works on another user's state dir, the process takes that user's rights for good before it reads
//! anything there.
//!
//! Whoever owns a state dir decides what its config, its includes and its links name, and can swap every
//! folder on a path in it at any moment. With the owner's rights clawmend reads, copies and writes nothing
//! that they could not read, copy or write themselves, whatever is named and however it is opened. The price:
//! what root left behind there has to be given back (`chown`) first.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::StateDir;
use crate::error::{Error, plain_io};
use crate::model::container::Container;
use crate::platform::{self, rights as system};
use crate::step::Step;

/// Whose rights root took, and for which state dir.
struct Taken {
    uid: u32,
    gid: u32,
    state_dir: PathBuf,
}

static TAKEN: OnceLock<Taken> = OnceLock::new();

/// Where this process is root's and the state dir is somebody else's, it is theirs from here on. Called
/// before the first thread is started.
///
/// # Errors
/// The system does not let root become that user, or they cannot come to their state dir.
pub fn become_owner(state_dir: &StateDir) -> Result<(), Error> {
    let owner = state_dir.open()?.meta()?;
    if !platform::KNOWS_OWNERS || platform::user_id() != 0 || owner.uid == 0 {
        return Ok(());
    }
    let uid = owner.uid;
    let path: &Path = state_dir;
    let real = std::fs::canonicalize(path)
        .map_err(|error| Error::io("resolve the folder", path, &error))?;
    let refused = |why: String| {
        Error::refused(format!(
            "this state dir belongs to uid {uid}, and root cannot take that user's rights here"
        ))
        .at(path)
        .because(why)
        .hint(format!("run clawmend as that user (`sudo -u '#{uid}' clawmend ...`, in a container `docker exec --user {uid} ...`)"))
    };
    if !system::is_alone() {
        return Err(refused("/proc is missing, or shows other threads of clawmend".to_owned()));
    }
    let gid = system::take(uid, owner.gid).map_err(|error| refused(plain_io(&error)))?;
    let _ = TAKEN.set(Taken { uid, gid, state_dir: path.to_path_buf() });
    if std::fs::metadata(path).is_ok() {
        return Ok(());
    }
    Err(kept_out(uid, path, &real))
}

/// The owner cannot come to their state dir by its path.
fn kept_out(uid: u32, path: &Path, real: &Path) -> Error {
    let why = format!("clawmend works here with the rights of the state dir's owner (uid {uid})");
    if std::fs::metadata(real).is_ok() {
        return Error::refused(format!("{why}, who may not follow the path to it"))
            .at(path)
            .hint(Step::look_at(real).after("name the folder itself"));
    }
    let mut way: Vec<&Path> = real.ancestors().skip(1).collect();
    way.reverse();
    let closed = way.into_iter().find(|folder| folder.join(".").symlink_metadata().is_err());
    let error = Error::refused(format!("{why}, who may not pass this folder on the way to it"))
        .at(closed.unwrap_or(path));
    // Nobody's folder but a container's: there its owner comes to it.
    if let Some(container) = Container::of_path(real) {
        let hint = "it belongs to a container; there its owner comes to it:";
        return container.run(real).into_iter().fold(error.hint(hint), Error::hint);
    }
    error
        .hint("run clawmend as that user where they can come to it (in their container, say), or put it where they can:")
        .hint(Step::run("mount", ["--bind"]).with([real, Path::new("/mnt")]).as_root(true))
        .hint(Step::look_at("/mnt").after("then"))
}

/// Whether root took the rights of a state dir's owner.
pub fn are_taken() -> bool {
    TAKEN.get().is_some()
}

/// What to do where root took an owner's rights and the permission for `path` is missing.
pub fn advice(path: &Path) -> Option<Step> {
    let Taken { uid, gid, state_dir } = TAKEN.get()?;
    let why = format!(
        "clawmend works with the rights of the owner of the state dir (uid {uid}), also when root runs it"
    );
    Some(if path.starts_with(state_dir) {
        Step::run("chown", ["-R".to_owned(), format!("{uid}:{gid}")])
            .with([state_dir])
            .as_root(true)
            .after(format!("{why}; give back to them what root left there"))
    } else {
        Step::text(format!("{why}; name a file or folder that they may use"))
    })
}

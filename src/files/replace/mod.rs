//! The one routine that writes a file.
//!
//! A temp file in the same folder, private name, mode and owner set before the first byte; written,
//! synced; swapped in only if what stands there is still what was read; folder synced; temp removed.
//! What was replaced is kept under the temp name until [`Staged::let_go`], so that several files can
//! be swapped and all of them put back ([`Staged::put_back`]) with their own inode and times.
//!
//! **The check.** Where the system can exchange two names in one step (Linux, macOS), the new file is
//! exchanged in and what came *out* is compared: kind, mode, owner, links and every byte. If it is
//! not what was read it goes back in, so a writer that renames its own file in at the same moment
//! loses nothing. Elsewhere the old file is compared right before a plain rename.
//!
//! **Not promised.** Where nothing can be exchanged, a writer that renames in the instant between
//! check and rename loses its version. A writer that holds the old file open and writes into it after
//! the swap writes into a file that is gone (OpenClaw writes by rename). A writer that read before the
//! swap and renames after it replaces ours: that shows in the second diagnosis. ACLs, extended
//! attributes and the times of a file are not carried over.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};

mod swap;
#[cfg(test)]
mod tests;

pub(crate) use super::names::{is_temp, is_temp_of, temp_name};

use super::dir::{Dir, refuse};
use super::{CommitError, STORE_LIMIT};
use crate::error::{Error, Kind as ErrorKind};
use crate::image::{FileState, Meta};
use crate::platform::{FileKind, Folder, SystemFolder};

/// What a file becomes: its bytes, and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// The bytes, as a run of slices.
    pub pieces: &'a [&'a [u8]],
    /// Mode and owner; `None`: those of the file before, or 0600 and the folder's owner.
    pub meta: Option<Meta>,
}

/// Replaces, makes (`before` absent) or removes (`new` absent) one file, if it is still `before`.
///
/// # Errors
/// [`CommitError::Stale`]: it is something else now. [`CommitError::Failed`]: refused or failed. In
/// both cases everything is as it was.
pub fn replace<F: Folder>(
    dir: Dir<F>,
    name: &OsStr,
    before: &FileState,
    new: Option<New<'_>>,
) -> Result<(), CommitError> {
    let mut staged = Staged::new(dir, name, before, new)?;
    staged.swap()?;
    if let Err(error) = staged.sync() {
        return Err(match staged.put_back() {
            Ok(()) => error.into(),
            Err(worse) => worse.into_kind(ErrorKind::HalfDone).into(),
        });
    }
    if staged.let_go() {
        let _ = staged.sync();
    }
    Ok(())
}

/// One file's change, written beside it and ready to be swapped in.
#[derive(Debug)]
pub struct Staged<F: Folder = SystemFolder> {
    dir: Dir<F>,
    name: OsString,
    before: FileState,
    /// The new file, held open so that its inode stays its own; `None`: the file goes.
    new: Option<(File, Id)>,
    /// The name beside the file: the new one before the swap, the old one after it.
    temp: OsString,
    progress: Progress,
    method: Method,
}

/// How the old file was replaced: decides how it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    /// It stands under the temp name.
    Exchange,
    /// The same, as its second name.
    Link,
    /// It is gone; its bytes are known.
    Rename,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Prepared,
    Swapped,
    Over,
}

type Id = (u64, u64);

impl<F: Folder> Staged<F> {
    /// Writes the new contents beside the file. Nothing that OpenClaw reads is touched yet.
    ///
    /// # Errors
    /// Refused (a link, a hard-linked file, not a file), or the disk failed.
    pub fn new(
        dir: Dir<F>,
        name: &OsStr,
        before: &FileState,
        new: Option<New<'_>>,
    ) -> Result<Self, Error> {
        let path = dir.path().join(name);
        if let FileState::Unusable(why) = before {
            return Err(refuse(&path, why));
        }
        let old = before.meta().copied();
        let hard_links = || match dir.look(name) {
            Ok(found) => Ok(matches!(found, Some((meta, FileKind::File)) if meta.nlink > 1)),
            Err(error) => Err(Error::io("look at", &path, &error)),
        };
        if hard_links()? && (!drop_second(&dir, name) || hard_links()?) {
            return Err(hard_linked(&path));
        }
        let mut staged = Self {
            temp: temp_name(name),
            name: name.to_owned(),
            before: before.clone(),
            new: None,
            progress: Progress::Over,
            method: Method::Exchange,
            dir,
        };
        if let Some(new) = new {
            let folder = staged.dir.meta()?;
            let meta = new.meta.or(old).unwrap_or(Meta { mode: 0o600, ..folder });
            let file = staged
                .dir
                .folder
                .create_file(&staged.temp)
                .map_err(|error| Error::io("write beside", &path, &error))?;
            staged.progress = Progress::Prepared;
            let own = staged.fill(&file, &new, meta, old.is_none() && new.meta.is_none())?;
            staged.new = Some((file, own));
        }
        staged.progress = Progress::Prepared;
        Ok(staged)
    }

    fn fill(&self, mut file: &File, new: &New<'_>, meta: Meta, is_new: bool) -> Result<Id, Error> {
        let path = self.dir.path().join(&self.name);
        let failed = |error: io::Error| Error::io("write", &path, &error);
        let (fresh, _) = F::meta_of(file).map_err(failed)?;
        if (fresh.uid, fresh.gid) != (meta.uid, meta.gid)
            && let Err(error) = F::own_file(file, meta.uid, meta.gid)
            // A new file in a folder of a group that this user is not in: its own group will do.
            && !(is_new && fresh.uid == meta.uid)
        {
            return Err(keep_owner(&path, &error));
        }
        let mode = meta.mode & 0o777;
        if fresh.mode != mode {
            F::mode_file(file, mode).map_err(failed)?;
        }
        for piece in new.pieces {
            file.write_all(piece).map_err(failed)?;
        }
        file.sync_all().map_err(failed)?;
        Ok(fresh.id())
    }

    /// Swaps it in, if what stands there is still what was read.
    pub fn swap(&mut self) -> Result<(), CommitError> {
        let done = match (&self.before, self.new.is_some()) {
            (FileState::Present { .. }, true) => self.swap_over(),
            (FileState::Present { .. }, false) => self.move_away(),
            (_, true) => self.move_in(),
            (_, false) => match self.dir.look(&self.name) {
                Ok(None) => {
                    self.progress = Progress::Over;
                    return Ok(());
                }
                Ok(Some(_)) => Err(self.moved("is there now")),
                Err(error) => Err(Error::io("look at", self.path(), &error).into()),
            },
        };
        if done.is_ok() {
            self.progress = Progress::Swapped;
        }
        done
    }

    /// Makes the swap durable.
    pub fn sync(&self) -> Result<(), Error> {
        self.dir.sync()
    }

    /// Lets go of what was replaced. Best effort: what is left is swept by the next writing command. `true`: there
    /// was something, and the folder is to be synced, for once the journal is gone nobody looks for it, and a power
    /// cut must not bring it back.
    pub fn let_go(&mut self) -> bool {
        // Tried twice: it holds secrets, and should not wait for that command.
        let gone = || self.dir.unlink(&self.temp).is_ok();
        let was_swapped =
            std::mem::replace(&mut self.progress, Progress::Over) == Progress::Swapped;
        was_swapped && (gone() || gone())
    }

    /// Whether both lie in one folder, so that one sync does for both.
    pub fn is_beside(&self, other: &Self) -> bool {
        let id = |one: &Self| one.dir.meta().ok().map(|meta| meta.id());
        self.dir.path() == other.dir.path() && id(self) == id(other)
    }

    fn new_id(&self) -> Option<Id> {
        self.new.as_ref().map(|(_, id)| *id)
    }

    fn path(&self) -> std::path::PathBuf {
        self.dir.path().join(&self.name)
    }

    fn moved(&self, how: &str) -> CommitError {
        CommitError::Stale(format!("{} {how}", crate::text::named(&self.path())))
    }
}

impl<F: Folder> Drop for Staged<F> {
    fn drop(&mut self) {
        if self.progress == Progress::Prepared {
            let _ = self.dir.unlink(&self.temp);
        }
    }
}

/// Drops the second names under which a run that was killed left the file `name`: where nothing can be
/// exchanged, a file has two for a moment. Returns whether there was one. The caller holds the lock.
fn drop_second<F: Folder>(dir: &Dir<F>, name: &OsStr) -> bool {
    let FileState::Present { bytes, .. } = dir.read(name, STORE_LIMIT) else { return false };
    let second = |temp: &OsString| {
        is_temp_of(temp, name)
            && matches!(dir.holds(temp, &[&bytes]), Ok(Some((true, meta))) if meta.nlink > 1)
    };
    let temps = dir.names().unwrap_or_default();
    temps.iter().filter(|temp| second(temp)).filter(|temp| dir.unlink(temp).is_ok()).count() > 0
}

fn hard_linked(path: &std::path::Path) -> Error {
    Error::refused("this file has a second name (a hard link), and to replace it would separate the two")
        .at(path)
        .hint("make it a file of its own: `cp -p FILE FILE.own && mv FILE.own FILE`, then run the same command again")
}

fn keep_owner(path: &std::path::Path, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::PermissionDenied => Error::refused(
            "this file belongs to another user or group, and clawmend may not keep it so",
        )
        .at(path)
        .hint(crate::platform::RUN_AS),
        _ => Error::io("set the owner of", path, error),
    }
}

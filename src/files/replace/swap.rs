//! The swap itself, its check, and the way back.

use std::ffi::OsStr;
use std::io::{self, Read, Seek, Write};

use super::{Id, Method, Progress, Staged, temp_name};
use crate::error::{Error, Kind as ErrorKind};
use crate::files::CommitError;
use crate::files::dir::{refuse, same_bytes};
use crate::image::{FileState, Unusable};
use crate::platform::{FileKind, Folder, KNOWS_OWNERS};

impl<F: Folder> Staged<F> {
    pub(super) fn swap_over(&mut self) -> Result<(), CommitError> {
        // Compared by size first: most changes show there, and then nothing has to be swapped in and out again.
        if let (Ok(found), Some(before)) = (self.dir.look(&self.name), self.before.meta()) {
            match found {
                None => return Err(self.moved("is gone")),
                Some((meta, FileKind::File)) if meta.len == before.len => {}
                Some(_) => return Err(self.moved("has changed")),
            }
        }
        match self.dir.folder.exchange(&self.temp, &self.name) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Unsupported => return self.rename_over(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(self.moved("is gone"));
            }
            Err(error) => return Err(Error::io("replace", self.path(), &error).into()),
        }
        match self.is_before(&self.temp) {
            Ok(true) => Ok(()),
            other => {
                let ours = self.new_id();
                // From here on the temp name may hold somebody's only copy: kept if this fails.
                self.progress = Progress::Over;
                self.exchange_back(ours)?;
                self.progress = Progress::Prepared;
                match other {
                    Err(error) => Err(error.into()),
                    Ok(_) => Err(self.moved("has changed")),
                }
            }
        }
    }

    /// Puts what the temp name holds back in place of the file `there`. What comes out instead is
    /// newer than that, from another writer: it goes back in, until nobody came in between.
    /// Returns whether the file that was put back first is the one that stands there now.
    fn exchange_back(&self, there: Option<Id>) -> Result<bool, Error> {
        let failed = |error: io::Error| {
            Error::io("put back", self.path(), &error).into_kind(ErrorKind::HalfDone).hint(format!(
                "the version that was there is kept beside it as `{}`",
                self.temp.display()
            ))
        };
        let mut expected = there;
        // What was put back is held open: the inode of a file that is gone is given out again at once,
        // and a newer version with the same one would pass for it.
        let mut held = None;
        for round in 0..1000 {
            let putting_file = self.dir.folder.open_file(&self.temp).ok();
            let putting = self.dir.look(&self.temp).map_err(failed)?.map(|(meta, _)| meta.id());
            match self.dir.folder.exchange(&self.temp, &self.name) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    match self.dir.move_new(&self.temp, &self.name) {
                        Ok(()) => return Ok(round == 0),
                        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                        Err(error) => return Err(failed(error)),
                    }
                }
                Err(error) => return Err(failed(error)),
            }
            let out = self.dir.look(&self.temp).map_err(failed)?;
            if out.map(|(meta, _)| meta.id()) == expected {
                return Ok(round == 0);
            }
            expected = putting;
            drop(std::mem::replace(&mut held, putting_file));
        }
        Err(failed(io::Error::other("another process keeps replacing it")))
    }

    /// Where two names cannot be exchanged: the old file gets a second name, is compared,
    /// and then renamed over.
    fn rename_over(&mut self) -> Result<(), CommitError> {
        let old = temp_name(&self.name);
        let mut linked = self.dir.folder.link(&self.name, &old).is_ok();
        if linked && !self.same_inode(&old) {
            // On much of FUSE each name has an inode of its own, and a second name tells nothing.
            linked = false;
            let _ = self.dir.unlink(&old);
        }
        let checked = self.is_before(if linked { &old } else { &self.name });
        let result = match checked {
            Ok(true) if !linked || self.same_inode(&old) => self
                .dir
                .folder
                .move_over(&self.temp, &self.name)
                .map_err(|error| CommitError::from(Error::io("replace", self.path(), &error))),
            Ok(_) => Err(self.moved("has changed")),
            Err(error) => Err(error.into()),
        };
        if result.is_ok() {
            self.temp = old;
            self.method = if linked { Method::Link } else { Method::Rename };
        } else if linked {
            let _ = self.dir.unlink(&old);
        }
        result
    }

    fn same_inode(&self, other: &OsStr) -> bool {
        let (one, other) = (self.dir.look(&self.name), self.dir.look(other));
        matches!((one, other), (Ok(Some((one, _))), Ok(Some((other, _)))) if one.id() == other.id())
    }

    pub(super) fn move_away(&mut self) -> Result<(), CommitError> {
        // Nobody else takes the temp name, so this needs no promise that it is free.
        match self.dir.folder.move_over(&self.name, &self.temp) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(self.moved("is gone"));
            }
            Err(error) => return Err(Error::io("remove", self.path(), &error).into()),
        }
        let same = self.is_before(&self.temp);
        if let Ok(true) = same {
            return Ok(());
        }
        self.progress = Progress::Over;
        self.move_back()?;
        self.progress = Progress::Prepared;
        match same {
            Err(error) => Err(error.into()),
            Ok(_) => Err(self.moved("has changed")),
        }
    }

    /// Gives what the temp name holds its name again; if another writer made a new file meanwhile,
    /// that one is newer and stays. Returns whether ours went back.
    fn move_back(&self) -> Result<bool, Error> {
        match self.dir.move_new(&self.temp, &self.name) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(Error::io("put back", self.path(), &error)
                .into_kind(ErrorKind::HalfDone)
                .hint(format!("it is kept beside it as `{}`", self.temp.display()))),
        }
    }

    pub(super) fn move_in(&mut self) -> Result<(), CommitError> {
        match self.dir.move_new(&self.temp, &self.name) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(self.moved("is there now"))
            }
            Err(error) => Err(Error::io("make", self.path(), &error).into()),
        }
    }

    /// Takes a swap back: what stood there stands there again, the same inode where the system can
    /// exchange. If another writer replaced ours meanwhile, its version stays.
    ///
    /// # Errors
    /// It could not be put back; the error says where it is kept.
    pub fn put_back(mut self) -> Result<(), Error> {
        if self.progress != Progress::Swapped {
            return Ok(());
        }
        self.progress = Progress::Over;
        let ours = self.new_id();
        if !KNOWS_OWNERS {
            // Windows renames nothing over an open file. No inode tells ours from another's there.
            self.new = None;
        }
        match (&self.before, ours) {
            (FileState::Present { .. }, Some(_)) if self.method == Method::Exchange => {
                self.exchange_back(ours)?;
            }
            (FileState::Present { .. }, Some(_)) => self.rename_back(ours)?,
            (FileState::Present { .. }, None) => {
                self.move_back()?;
            }
            (_, Some(_)) => self.take_away(ours)?,
            (_, None) => {}
        }
        let _ = self.dir.unlink(&self.temp);
        self.dir.sync()
    }

    /// Where nothing can be exchanged: the old file's second name, or its bytes written once more.
    fn rename_back(&self, ours: Option<Id>) -> Result<(), Error> {
        let failed = |error: io::Error| Error::io("put back", self.path(), &error);
        if !self.is_ours(&self.name, ours).map_err(failed)? {
            // Another writer's version: newer, and it stays.
            return Ok(());
        }
        if self.method == Method::Rename {
            let FileState::Present { bytes, meta } = &self.before else { return Ok(()) };
            let mut file = self.dir.folder.create_file(&self.temp).map_err(failed)?;
            F::mode_file(&file, meta.mode)
                .and_then(|()| file.write_all(bytes))
                .and_then(|()| file.sync_all())
                .map_err(failed)?;
        }
        self.dir.folder.move_over(&self.temp, &self.name).map_err(failed)
    }

    /// Removes the file that was made, if it is still ours.
    fn take_away(&self, ours: Option<Id>) -> Result<(), Error> {
        let failed = |error: io::Error| Error::io("take back", self.path(), &error);
        match self.dir.folder.move_over(&self.name, &self.temp) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        }
        if !self.is_ours(&self.temp, ours).map_err(failed)? {
            self.move_back()?;
        }
        Ok(())
    }

    /// Whether the file under `name` is the one that was written: by its inode, or, where a rename
    /// gives it another one, by every byte.
    fn is_ours(&self, name: &OsStr, ours: Option<Id>) -> io::Result<bool> {
        let found = self.dir.look(name)?.map(|(meta, _)| meta.id());
        if found == ours {
            return Ok(true);
        }
        let Some(mut file) = self.new.as_ref().filter(|_| found.is_some()).map(|(file, _)| file)
        else {
            return Ok(false);
        };
        let mut bytes = Vec::new();
        file.seek(io::SeekFrom::Start(0))?;
        file.read_to_end(&mut bytes)?;
        Ok(matches!(self.dir.holds(name, &[&bytes]), Ok(Some((true, _)))))
    }

    /// Whether the file under `name` is, to the byte, what was read.
    fn is_before(&self, name: &OsStr) -> Result<bool, Error> {
        let FileState::Present { bytes, meta } = &self.before else { return Ok(false) };
        let read = || -> Result<bool, Unusable> {
            let Some((file, found)) = self.dir.open_regular(name, u64::MAX)? else {
                return Ok(false);
            };
            let links = if name == self.name || name == self.temp { 1 } else { 2 };
            if (found.mode, found.uid, found.gid, found.len)
                != (meta.mode, meta.uid, meta.gid, meta.len)
                || found.nlink > links
            {
                return Ok(false);
            }
            Ok(same_bytes(&file, &[bytes])?)
        };
        match read() {
            Ok(same) => Ok(same),
            Err(
                Unusable::Symlink(_)
                | Unusable::Dangling(_)
                | Unusable::NotAFile(_)
                | Unusable::NoFolder
                | Unusable::TooLarge { .. }
                | Unusable::TooMany { .. },
            ) => Ok(false),
            Err(why @ (Unusable::Io(_) | Unusable::Denied)) => Err(refuse(&self.path(), &why)),
        }
    }
}

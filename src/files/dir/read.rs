//! Reading regular files, and saying what everything else is.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::sync::Arc;

use super::Dir;
use crate::files::hash;
use crate::image::{FileState, Meta, Unusable};
use crate::platform::{FileKind, Folder};

impl<F: Folder> Dir<F> {
    /// Reads a regular file of at most `limit` bytes. Anything else comes back as what it is; nothing
    /// is followed and nothing waited for.
    pub fn read(&self, name: impl AsRef<OsStr>, limit: u64) -> FileState {
        match self.try_read(name.as_ref(), limit) {
            Ok(Some((bytes, meta))) => FileState::Present { bytes: Arc::new(bytes), meta },
            Ok(None) => FileState::Absent,
            Err(why) => FileState::Unusable(why),
        }
    }

    fn try_read(&self, name: &OsStr, limit: u64) -> Result<Option<(Vec<u8>, Meta)>, Unusable> {
        // A writer at work in the file itself (not by rename) shows in its size or time: look again.
        for _ in 0..3 {
            let Some((mut file, meta)) = self.open_regular(name, limit)? else { return Ok(None) };
            let mut bytes = Vec::with_capacity(usize::try_from(meta.len).unwrap_or(0));
            (&mut file).take(limit + 1).read_to_end(&mut bytes)?;
            let (after, _) = F::meta_of(&file)?;
            if after.len == bytes.len() as u64 && after.mtime_ns == meta.mtime_ns {
                return Ok(Some((bytes, meta)));
            }
        }
        Err(Unusable::Io("it keeps changing while it is read".to_owned()))
    }

    /// Opens a regular file of at most `limit` bytes for reading. `Ok(None)`: nothing is there.
    pub fn open_regular(
        &self,
        name: impl AsRef<OsStr>,
        limit: u64,
    ) -> Result<Option<(File, Meta)>, Unusable> {
        let name = name.as_ref();
        // Looked at before it is opened: opening a device can already do something.
        let Some((_, kind)) = self.look(name)? else { return Ok(None) };
        self.must_be_file(name, kind)?;
        let file = match self.folder.open_file(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let (meta, kind) = F::meta_of(&file)?;
        self.must_be_file(name, kind)?;
        if meta.len > limit {
            let len = meta.len;
            return Err(Unusable::TooLarge { len, limit });
        }
        Ok(Some((file, meta)))
    }

    /// Whether a regular file stands under `name` and holds exactly these bytes, and its metadata.
    pub fn holds(
        &self,
        name: impl AsRef<OsStr>,
        pieces: &[&[u8]],
    ) -> Result<Option<(bool, Meta)>, Unusable> {
        let Some((file, meta)) = self.open_regular(name, u64::MAX)? else { return Ok(None) };
        let expected: u64 = pieces.iter().map(|piece| piece.len() as u64).sum();
        let same = meta.len == expected && same_bytes(&file, pieces)?;
        Ok(Some((same, meta)))
    }

    /// Opens a regular file of clawmend's own for reading and writing in place (the lock).
    pub(in crate::files) fn open_to_write(&self, name: &OsStr) -> Result<File, Unusable> {
        let (_, kind) = self.folder.look(name)?;
        self.must_be_file(name, kind)?;
        let file = self.folder.open_to_write(name)?;
        let (meta, kind) = F::meta_of(&file)?;
        self.must_be_file(name, kind)?;
        if meta.nlink > 1 {
            return Err(Unusable::NotAFile("a hard-linked file"));
        }
        Ok(file)
    }

    fn must_be_file(&self, name: &OsStr, kind: FileKind) -> Result<(), Unusable> {
        match kind {
            FileKind::File => Ok(()),
            FileKind::Folder => Err(Unusable::NotAFile("a folder")),
            FileKind::Symlink => Err(self.symlink(name)),
            FileKind::Other(what) => Err(Unusable::NotAFile(what)),
        }
    }

    pub(super) fn symlink(&self, name: &OsStr) -> Unusable {
        Unusable::Symlink(self.folder.link_target(name).unwrap_or_default())
    }
}

/// Whether the rest of a file is these bytes.
pub(in crate::files) fn same_bytes(file: &File, expected: &[&[u8]]) -> io::Result<bool> {
    let mut file = hash::steps(file);
    for piece in expected {
        let mut rest = *piece;
        while !rest.is_empty() {
            let found = hash::next_of(&mut file)?;
            let step = found.len().min(rest.len());
            let (wanted, after) = rest.split_at(step);
            if step == 0 || !found.starts_with(wanted) {
                return Ok(false);
            }
            file.consume(step);
            rest = after;
        }
    }
    Ok(hash::next_of(&mut file)?.is_empty())
}

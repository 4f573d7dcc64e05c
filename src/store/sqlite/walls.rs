//! Where SQLite works: it reaches the folder that the database was found in, held open, and no other, see
//! [`crate::files::confined`]. A reader can change nothing there either.

use std::io::ErrorKind;
use std::path::Path;

use super::probe::Trouble;
use crate::files::acting::is_denied;
use crate::files::{Dir, confined, dir};
use crate::image::Unusable;

/// Around the folder of a database.
#[derive(Debug)]
pub(super) struct Walls {
    /// `None`: it may not be listed, so it cannot be held open; its files may be open all the same.
    folder: Option<Dir>,
    write: bool,
}

impl Walls {
    /// For a reader of the database at `path`. A folder that is a link is followed, once.
    pub(super) fn to_read(path: &Path) -> Result<Self, Trouble> {
        let folder = path.parent().ok_or(Trouble::Absent)?;
        Ok(Self {
            folder: open(folder)?,
            write: false,
        })
    }

    /// For a writer of the database at `path`, two below the state dir. A folder that is a link is
    /// [`Unusable::Symlink`].
    pub(super) fn to_write(path: &Path) -> Result<Self, Trouble> {
        let (Some(folder), Some(state_dir)) = (path.parent(), path.ancestors().nth(2)) else {
            return Err(Trouble::Absent);
        };
        let name = folder.file_name().ok_or(Trouble::Absent)?;
        let folder = match open(state_dir)?.map(|state| state.child(name)) {
            Some(Ok(folder)) => Some(folder.ok_or(Trouble::Absent)?),
            Some(Err(Unusable::Denied)) | None => None,
            Some(Err(why)) => return Err(Trouble::Unusable(why)),
        };
        Ok(Self {
            folder,
            write: true,
        })
    }

    /// Does SQLite's work, which may also write in `scratch`.
    pub(super) fn within<T: Send>(
        &self,
        scratch: Option<&Dir>,
        work: impl FnOnce() -> T + Send,
    ) -> Result<T, Trouble> {
        let Some(folder) = &self.folder else {
            return Ok(work());
        };
        let folders = [(folder, self.write)];
        let scratch = scratch.map(|scratch| (scratch, true));
        confined::within(folders.into_iter().chain(scratch), work).map_err(|error| {
            let why = format!("no thread could be started: {}", dir::words_of(&error));
            Trouble::Unusable(Unusable::Io(why))
        })
    }

    /// Whether the path no longer leads into the folder.
    pub(super) fn are_elsewhere(&self, path: &Path) -> bool {
        let identity = |dir: &Dir| dir.meta().ok().map(|meta| (meta.dev, meta.ino));
        let (Some(folder), Some(now)) = (&self.folder, path.parent()) else {
            return false;
        };
        let now = Dir::try_open(now).ok();
        now.is_none_or(|now| identity(&now) != identity(folder))
    }

    /// Whether it was the walls that refused a file: whoever acts here may open it.
    pub(super) fn refused(&self, path: &Path, why: &Trouble) -> bool {
        let denied = matches!(why, Trouble::Unusable(Unusable::Denied));
        denied && self.folder.is_some() && !is_denied(path, self.write)
    }
}

/// `None`: whoever acts here may not list it.
fn open(folder: &Path) -> Result<Option<Dir>, Trouble> {
    match Dir::try_open(folder) {
        Ok(dir) => Ok(Some(dir)),
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Err(Trouble::Absent),
            ErrorKind::PermissionDenied => Ok(None),
            _ => Err(Trouble::Unusable(Unusable::Io(dir::words_of(&error)))),
        },
    }
}

//! Where SQLite works: it reaches the folder that the database was found in, held open, and no other, see
//! [`crate::files::confined`]. A reader can change nothing there either.

use std::path::{Path, PathBuf};

use super::DatabasePath;
use super::probe::side_path;
use crate::error::plain_io;
use crate::files::{Dir, confined};
use crate::image::{Unread, Unusable};
use crate::model::layout::DATABASE_SIDE_FILES;
use crate::platform::rights::is_denied;

/// The sandbox of one database.
#[derive(Debug)]
pub(super) struct DatabaseSandbox {
    /// `None`: it may not be listed, so it cannot be held open; its files may be open all the same.
    folder: Option<Dir>,
    write: bool,
}

impl DatabaseSandbox {
    /// For a reader of a database. A folder that is a link is followed, once.
    pub(super) fn to_read(place: &DatabasePath) -> Result<Self, Unread> {
        let folder = match in_state_dir(place) {
            Err(Unread::Unusable(Unusable::Symlink(_))) => follow(&place.path)?,
            folder => folder?,
        };
        Ok(Self { folder, write: false })
    }

    /// For a writer of a database. A folder that is a link is [`Unusable::Symlink`].
    pub(super) fn to_write(place: &DatabasePath) -> Result<Self, Unread> {
        Ok(Self { folder: in_state_dir(place)?, write: true })
    }

    /// Does SQLite's work, which may also write in `scratch`.
    pub(super) fn within<T: Send>(
        &self,
        scratch: Option<&Dir>,
        work: impl FnOnce() -> T + Send,
    ) -> Result<T, Unread> {
        let Some(folder) = &self.folder else { return Ok(work()) };
        let folders = [(folder, self.write)];
        let scratch = scratch.map(|scratch| (scratch, true));
        confined::within(folders.into_iter().chain(scratch), work).map_err(|error| {
            let why = format!("no thread could be started: {}", plain_io(&error));
            Unread::Unusable(Unusable::Io(why))
        })
    }

    /// Whether the path no longer leads into the folder.
    pub(super) fn is_elsewhere(&self, path: &Path) -> bool {
        let identity = |dir: &Dir| dir.meta().ok().map(|meta| meta.id());
        let (Some(folder), Some(now)) = (&self.folder, path.parent()) else { return false };
        let now = Dir::try_open(now).ok();
        now.is_none_or(|now| identity(&now) != identity(folder))
    }

    /// Whether it may have been the sandbox that refused a file of the database: as far as the system tells,
    /// whoever acts here may open each of them.
    pub(super) fn refused(&self, path: &Path, why: &Unread) -> bool {
        let denied = matches!(why, Unread::Unusable(Unusable::Denied));
        let sides = DATABASE_SIDE_FILES.map(|ending| side_path(path, ending));
        let mut files = std::iter::once(path).chain(sides.iter().map(PathBuf::as_path));
        denied && self.folder.is_some() && files.all(|file| !is_denied(file, self.write))
    }
}

/// The folder, walked to from the state dir. `None`: whoever acts here may not list it.
fn in_state_dir(place: &DatabasePath) -> Result<Option<Dir>, Unread> {
    let folder = place.path.parent().and_then(Path::file_name);
    let state = place.state_dir.open().map_err(|_| Unread::Absent)?;
    match state.child(folder.ok_or(Unread::Absent)?) {
        Ok(folder) => folder.map(Some).ok_or(Unread::Absent),
        Err(Unusable::Denied) => Ok(None),
        Err(why) => Err(Unread::Unusable(why)),
    }
}

/// The folder that the path leads to. `None` as above.
fn follow(path: &Path) -> Result<Option<Dir>, Unread> {
    match Dir::try_open(path.parent().ok_or(Unread::Absent)?).map_err(Unread::from) {
        Ok(dir) => Ok(Some(dir)),
        Err(Unread::Unusable(Unusable::Denied)) => Ok(None),
        Err(why) => Err(why),
    }
}

//! Changing the files: all of them or none.

use std::path::Path;

use super::FilesStore;
use super::place::{Found, Place, refuse_at};
use crate::error::{Error, Kind};
use crate::files::{Dir, New, Staged, safety};
use crate::image::{FileState, Slot, Unusable};
use crate::plan::{After, FileChange};
use crate::store::CommitError;

impl FilesStore {
    /// Everything is written beside its place first, then swapped in one by one; if one has moved or
    /// fails, those before it are put back.
    pub(super) fn commit_all(&self, changes: &[FileChange]) -> Result<(), CommitError> {
        if changes.is_empty() {
            return Ok(());
        }
        let state = self.state_dir.open()?;
        safety::check(state)?;
        let mut made = Vec::new();
        let done = self.commit_in(state, changes, &mut made);
        if done.is_err() {
            for folder in made.iter().rev() {
                // Empty again, or no longer ours alone.
                let _ = state.remove_folder(folder);
            }
        }
        done
    }

    fn commit_in(
        &self,
        state: &Dir,
        changes: &[FileChange],
        made: &mut Vec<String>,
    ) -> Result<(), CommitError> {
        let mut staged = Vec::with_capacity(changes.len());
        for change in changes {
            staged.extend(self.stage(state, change, made)?);
        }
        let mut failed = None;
        let mut swapped = Vec::with_capacity(staged.len());
        for mut one in staged {
            if failed.is_none() {
                failed = one.swap().err();
                swapped.push(one);
            }
        }
        if failed.is_none() {
            failed = swapped.iter().find_map(|one| one.sync().err()).map(CommitError::Failed);
        }
        let Some(failure) = failed else {
            swapped.into_iter().for_each(Staged::finish);
            return Ok(());
        };
        let mut worst = None;
        for one in swapped.into_iter().rev() {
            worst = worst.or(one.put_back().err());
        }
        Err(match worst {
            Some(error) => error.into_kind(Kind::RolledBack).into(),
            None => failure,
        })
    }

    /// `None`: there is nothing to do for this change (absent before, absent after).
    fn stage(
        &self,
        state: &Dir,
        change: &FileChange,
        made: &mut Vec<String>,
    ) -> Result<Option<Staged>, CommitError> {
        let path = self.path_of(&change.slot);
        if let FileState::Unusable(why) = &change.before.state {
            return Err(refuse_at(&path, why).into());
        }
        let pieces = change.pieces();
        let found = match self.find(state, &change.slot) {
            Ok(Some(found)) => found,
            Ok(None) if pieces.is_none() && matches!(change.before.state, FileState::Absent) => {
                return Ok(None);
            }
            Ok(None) if matches!(change.before.state, FileState::Absent) => {
                self.make_folder(state, &change.slot, made)?
            }
            Ok(None) => {
                return Err(CommitError::Moved(format!(
                    "`{}` is gone",
                    crate::platform::shown(&path)
                )));
            }
            Err(why) => return Err(refuse_at(&path, &why).into()),
        };
        self.may_write(state, &change.slot, &found)?;
        let meta = match &change.after {
            After::Whole { meta, .. } => *meta,
            _ => None,
        };
        let new = pieces.as_deref().map(|pieces| New { pieces, meta });
        let staged = Staged::new(found.dir, &found.name, &change.before.state, new)?;
        Ok(Some(staged))
    }

    /// The folder of a new file, made where it is missing; folders outside the state dir are not.
    fn make_folder(
        &self,
        state: &Dir,
        slot: &Slot,
        made: &mut Vec<String>,
    ) -> Result<Found, Error> {
        let path = self.path_of(slot);
        let Ok(relative) = path.strip_prefix(&self.state_dir) else {
            return Err(Error::failed("the folder is not there").at(&path).hint(
                "make its folder again, or leave the file out: it lies outside the state dir",
            ));
        };
        if let Some(parent) = relative.parent().and_then(Path::to_str) {
            made.push(parent.to_owned());
        }
        let (dir, name) = state.walk_or_create(relative)?;
        Ok(Found { dir, name, place: Place::Inside })
    }

    /// The first file that is not as the changes say.
    pub(super) fn first_difference(&self, changes: &[FileChange]) -> Result<Option<String>, Error> {
        if changes.is_empty() {
            return Ok(None);
        }
        let state = self.state_dir.open()?;
        for change in changes {
            let path = self.path_of(&change.slot);
            let differs =
                |how: &str| Ok(Some(format!("`{}` {how}", crate::platform::shown(&path))));
            let held = self.find(state, &change.slot).and_then(|found| {
                let pieces = change.pieces();
                match found {
                    Some(found) => {
                        found.dir.holds(&found.name, pieces.as_deref().unwrap_or_default())
                    }
                    None => Ok(None),
                }
            });
            let held = match held {
                Ok(held) => held,
                Err(why @ (Unusable::Io(_) | Unusable::Denied)) => {
                    return Err(refuse_at(&path, &why));
                }
                Err(_) => return differs("is no longer a regular file"),
            };
            match (&change.after, held) {
                (After::Absent, None) => {}
                (After::Absent, Some(_)) => return differs("is there again"),
                (_, None) => return differs("is not there"),
                (_, Some((false, _))) => return differs("holds something else"),
                (After::Whole { meta: Some(wanted), .. }, Some((true, found)))
                    if (found.mode ^ wanted.mode) & 0o777 != 0 =>
                {
                    return differs("has another mode");
                }
                (_, Some((true, _))) => {}
            }
        }
        Ok(None)
    }
}

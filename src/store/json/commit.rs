//! Changing the files: all of them or none.

use std::path::Path;

use super::JsonStore;
use super::place::{Found, Reach};
use crate::error::{Error, Kind};
use crate::files::dir::refuse;
use crate::files::{Dir, New, Staged, safety};
use crate::image::{FileState, Slot, Unusable};
use crate::plan::{After, FileChange};
use crate::store::CommitError;

/// Files that were swapped in; what they replaced is kept beside them until it is let go of.
#[derive(Debug)]
pub struct Swapped<'a> {
    state: &'a Dir,
    files: Vec<Staged>,
    /// Folders that were made for them.
    made: Vec<String>,
}

impl Swapped<'_> {
    /// They stay.
    pub fn finish(mut self) {
        self.files.retain_mut(Staged::let_go);
        for one in self.folders() {
            let _ = one.sync();
        }
    }

    /// One file of each folder.
    fn folders(&self) -> impl Iterator<Item = &Staged> {
        let files = self.files.iter().enumerate();
        let first = |(at, one): &(usize, &Staged)| {
            !self.files.iter().take(*at).any(|other| other.is_beside(one))
        };
        files.filter(first).map(|(_, one)| one)
    }

    /// What they replaced comes back, as far as nobody has replaced them since.
    ///
    /// # Errors
    /// The first that could not be put back; the others were.
    pub fn put_back(self) -> Result<(), Error> {
        let mut worst = Ok(());
        for one in self.files.into_iter().rev() {
            worst = worst.and(one.put_back());
        }
        for folder in self.made.iter().rev() {
            // It stays where another program has put something into it.
            let _ = self.state.remove_folder(folder);
        }
        worst
    }
}

impl JsonStore {
    /// Everything is written beside its place first, then swapped in one by one; if one has moved or
    /// fails, those before it are put back.
    pub fn swap_in(&self, changes: &[FileChange]) -> Result<Swapped<'_>, CommitError> {
        let state = self.state_dir.open()?;
        let mut swapped = Swapped { state, files: Vec::new(), made: Vec::new() };
        if changes.is_empty() {
            return Ok(swapped);
        }
        safety::check(state)?;
        match self.swap_all(changes, &mut swapped) {
            Ok(()) => Ok(swapped),
            Err(failure) => {
                swapped.put_back().map_err(|error| error.into_kind(Kind::HalfDone))?;
                Err(failure)
            }
        }
    }

    fn swap_all(
        &self,
        changes: &[FileChange],
        swapped: &mut Swapped<'_>,
    ) -> Result<(), CommitError> {
        let mut staged = Vec::with_capacity(changes.len());
        for change in changes {
            staged.extend(self.stage(swapped.state, change, &mut swapped.made)?);
        }
        for mut one in staged {
            let done = one.swap();
            swapped.files.push(one);
            done?;
        }
        for one in swapped.folders() {
            one.sync()?;
        }
        Ok(())
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
            return Err(refuse(&path, why).into());
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
                return Err(CommitError::Stale(format!("{} is gone", crate::text::named(&path))));
            }
            Err(why) => return Err(refuse(&path, &why).into()),
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
                "make its folder again, or leave the file out: it is outside the state dir",
            ));
        };
        if let Some(parent) = relative.parent().and_then(Path::to_str) {
            made.push(parent.to_owned());
        }
        let (dir, name) = state.walk_or_create(relative)?;
        Ok(Found { dir, name, reach: Reach::Inside })
    }

    /// The first file that is not as the changes say.
    pub fn verify(&self, changes: &[FileChange]) -> Result<Option<String>, Error> {
        if changes.is_empty() {
            return Ok(None);
        }
        let state = self.state_dir.open()?;
        for change in changes {
            let path = self.path_of(&change.slot);
            let differs = |how: &str| Ok(Some(format!("{} {how}", crate::text::named(&path))));
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
                    return Err(refuse(&path, &why));
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

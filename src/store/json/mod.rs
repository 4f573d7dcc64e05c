//! The file store: pairing and identity files in the state dir (releases up to 2026.7.x), and the
//! config with what it includes (every release).

mod capture;
mod commit;
mod place;
mod restore;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::paths::Root;
use crate::error::Error;
use crate::files::{Dir, STORE_LIMIT, StateDir, real};
use crate::image::{FileState, Slot, TextImage, Unusable};
use crate::model::layout::{Part, is_taken};
use crate::plan::{Changes, FileChange};

/// The name of this store in snapshots.
pub const NAME: &str = "files";

/// The files of one state dir.
#[derive(Clone, Debug)]
pub struct JsonStore {
    state_dir: StateDir,
    config_files: Vec<PathBuf>,
    include_roots: Vec<Root>,
    /// The files that are to change, as they were read.
    covered: BTreeMap<Slot, FileState>,
}

impl JsonStore {
    /// The pairing files below `state_dir`, and these config files: the config first, then what it
    /// includes. A config outside the state dir in the first place counts as named by the invoker.
    pub fn new(state_dir: impl Into<StateDir>, config_files: Vec<PathBuf>) -> Self {
        let (include_roots, covered) = Default::default();
        Self { state_dir: state_dir.into(), config_files, include_roots, covered }
    }

    /// The same store with other config files, and the folders that includes may lie in: what the config
    /// includes is known only once it was read.
    #[must_use]
    pub fn with_config_files(&self, config_files: Vec<PathBuf>, include_roots: Vec<Root>) -> Self {
        Self { include_roots, ..Self::new(self.state_dir.clone(), config_files) }
    }

    /// Makes every file known that is to change: what is changed is captured first, as it was read, since the
    /// commit replaces that or nothing.
    pub fn cover(&mut self, changes: &Changes) {
        let before = |change: &FileChange| (change.slot.clone(), change.before.state.clone());
        self.covered = changes.files.iter().map(before).collect();
        for change in &changes.files {
            if let Slot::Config(path) = &change.slot
                && !self.config_files.contains(path)
            {
                self.config_files.push(path.clone());
            }
        }
    }

    /// Reads one config file or include, following links, as [`JsonStore::read`] does.
    pub fn read_config(&self, path: &Path) -> TextImage {
        match self.state_dir.open() {
            Ok(state) => self.image(state, &Slot::Config(path.to_path_buf())),
            Err(error) => TextImage {
                path: path.to_path_buf(),
                state: FileState::Unusable(crate::image::Unusable::Io(error.to_string())),
            },
        }
    }

    fn slots(&self) -> impl Iterator<Item = Slot> {
        let parts = Part::ALL.into_iter().filter(|part| part.file().is_some()).map(Slot::File);
        let configs = self.config_files.iter().filter(|path| !self.leads(path, is_taken));
        parts.chain(configs.cloned().map(Slot::Config))
    }

    /// Whether `to` says so of a file by its path in the state dir, as it is named or through links.
    fn leads(&self, path: &Path, to: fn(&str) -> bool) -> bool {
        to(&key_of(&self.state_dir, path)) || to(&key_of(&real(&self.state_dir), &real(path)))
    }

    fn path_of(&self, slot: &Slot) -> PathBuf {
        match slot {
            Slot::File(part) => self.state_dir.join(part.file().unwrap_or_default()),
            Slot::Config(path) => path.clone(),
            Slot::Table(part) => PathBuf::from(part.table()),
        }
    }

    fn image(&self, state: &Dir, slot: &Slot) -> TextImage {
        let read = match self.find(state, slot) {
            Ok(Some(found)) => found.dir.read(&found.name, STORE_LIMIT),
            Ok(None) => FileState::Absent,
            Err(why) => FileState::Unusable(why),
        };
        let path = self.path_of(slot);
        let leads_nowhere = || {
            let found = path.metadata();
            found.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
        };
        let read = match read {
            FileState::Unusable(Unusable::Symlink(target)) if leads_nowhere() => {
                FileState::Unusable(Unusable::Dangling(target))
            }
            read => read,
        };
        TextImage { path, state: read }
    }

    /// Reads every file, also those that are not there.
    pub fn read(&self) -> Result<BTreeMap<Slot, TextImage>, Error> {
        let state = self.state_dir.open()?;
        let image = |slot: Slot| {
            let image = self.image(state, &slot);
            (slot, image)
        };
        Ok(self.slots().map(image).collect())
    }
}

/// How a path is called in snapshots and journals: relative to the state dir where it lies in it,
/// else absolute.
pub fn key_of(state_dir: &Path, path: &Path) -> String {
    let Ok(inside) = path.strip_prefix(state_dir) else {
        return path.to_string_lossy().into_owned();
    };
    // Windows turns the slashes of our names around below a state dir that is given as `\\?\C:\...`.
    let names: Vec<_> = inside.iter().map(|name| name.to_string_lossy()).collect();
    names.join("/")
}

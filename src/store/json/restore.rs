//! The way back to what a snapshot holds.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::{JsonStore, NAME, key_of};
use crate::config::include;
use crate::config::paths::Root;
use crate::error::Error;
use crate::files::dir::refuse;
use crate::files::{hash, real};
use crate::image::{Bytes, FileState, Images, Meta, Slot, TextImage};
use crate::model::layout::{
    CONFIG, DEVICES_DIR, IDENTITY_DIR, LEGACY_CONFIGS, Part, is_own, is_taken,
};
use crate::plan::{After, FileChange};
use crate::step::Step;
use crate::store::{ManifestEntry, Source};

impl JsonStore {
    /// The changes that bring the files back to what a snapshot holds.
    pub fn changes_to(
        &self,
        now: &Images,
        entries: &[ManifestEntry],
        source: &dyn Source,
    ) -> Result<Vec<FileChange>, Error> {
        let state = self.state_dir.open()?;
        let folder = state.meta()?;
        let mut changes = Vec::new();
        for (slot, entry) in self.slots_of(entries, source)? {
            let before = match now.text(&slot) {
                Some(image) => image.clone(),
                None => self.image(state, &slot),
            };
            // Never written, so never brought back.
            if let Slot::Config(path) = &slot
                && self.elsewhere(path).is_some()
            {
                continue;
            }
            if let Some(after) = difference(&before, entry, source, &folder)? {
                changes.push(FileChange { slot, before, after });
            }
        }
        Ok(changes)
    }

    /// What a restore may change, and to what. The other files of `devices/` and `identity/` are left alone.
    ///
    /// A manifest lies where the state dir's owner can write, and a snapshot may come from elsewhere.
    ///
    /// # Errors
    /// It names a file that clawmend would not change, and that is not as in the snapshot anyway.
    pub fn slots_of<'e>(
        &self,
        entries: &'e [ManifestEntry],
        source: &dyn Source,
    ) -> Result<Vec<(Slot, &'e ManifestEntry)>, Error> {
        let state = self.state_dir.open()?;
        let configs = self.configs_of(entries, source);
        let mut slots = Vec::new();
        for entry in entries.iter().filter(|entry| entry.store == NAME) {
            if let Some(part) = Part::of_file(&entry.path) {
                slots.push((Slot::File(part), entry));
            } else if let Some(path) = configs.get(&entry.path) {
                slots.push((Slot::Config(path.clone()), entry));
            } else if !is_beside(&entry.path) {
                let there = self.image(state, &Slot::Config(self.state_dir.join(&entry.path)));
                let there = there.bytes().map(|bytes| hash::of(bytes));
                if there != entry.sha256 {
                    return Err(self.not_ours(&entry.path, entries));
                }
            }
        }
        Ok(slots)
    }

    /// The files of the config by what a snapshot calls them: the one that was located and those with a config's
    /// name in the state dir, what is included, and what was when the snapshot was taken.
    fn configs_of(
        &self,
        entries: &[ManifestEntry],
        source: &dyn Source,
    ) -> BTreeMap<String, PathBuf> {
        let key = |path: &Path| key_of(&self.state_dir, path);
        let pieces = entries.iter().map(|entry| (entry.path.as_str(), entry.name.as_ref()));
        let pieces: HashMap<&str, Option<&String>> = pieces.collect();
        let piece = |path: &Path| {
            let name = (*pieces.get(key(path).as_str())?)?;
            source.get(name).ok().map(Bytes::new)
        };
        let by_name = CONFIG_NAMES.map(|name| self.state_dir.join(name));
        let named = RefCell::new([&self.config_files[..], &by_name].concat());
        let look = |path: &Path| {
            // Anything can stand in a config that came with the snapshot.
            if path.extension().is_some_and(|end| CONFIG_ENDINGS.iter().any(|known| end == *known))
                && !self.leads(path, is_own)
            {
                named.borrow_mut().push(path.to_path_buf());
            }
            let state = piece(path).map_or(FileState::Absent, |bytes| FileState::Present {
                bytes,
                meta: Meta::default(),
            });
            (state, real(path))
        };
        let own = Root::new(&self.state_dir, &real(&self.state_dir));
        let roots = [&self.include_roots[..], &[own]].concat();
        let located = self.config_files.first().map(|config| (config, &self.include_roots));
        for (config, roots) in located.into_iter().chain(by_name.iter().map(|name| (name, &roots)))
        {
            if let Some(bytes) = piece(config) {
                // One that does not parse includes nothing.
                let _ = include::resolve(config, bytes, roots, &look);
            }
        }
        let named = named.into_inner().into_iter().filter(|path| !self.leads(path, is_taken));
        named.map(|path| (key(&path), path)).collect()
    }

    fn not_ours(&self, path: &str, entries: &[ManifestEntry]) -> Error {
        let error = Error::refused(format!(
            "the snapshot names a file that clawmend does not change: `{}`",
            path.escape_debug()
        ));
        let edited =
            Step::other_snapshot().note("if not, somebody has edited the manifest of this one");
        match self.other_config(entries) {
            Some(config) => error.hint(format!(
                "if this is your config, type the same command with `--config {}`",
                crate::platform::shown(&config)
            )),
            None => error.hint("if it is a part of your config, name it in its `$include` first"),
        }
        .hint(edited)
    }

    /// The config that a snapshot was taken with, where a run with this store's config would not bring it back.
    pub fn other_config(&self, entries: &[ManifestEntry]) -> Option<PathBuf> {
        let mut files = entries.iter().filter(|entry| entry.store == NAME);
        let config = files
            .find(|entry| Part::of_file(&entry.path).is_none() && !is_beside(&entry.path))
            .filter(|entry| !CONFIG_NAMES.contains(&entry.path.as_str()))?;
        let path = self.state_dir.join(&config.path);
        (self.config_files.first() != Some(&path)).then_some(path)
    }
}

/// How OpenClaw calls its config in the state dir.
const CONFIG_NAMES: [&str; 3] = [CONFIG, LEGACY_CONFIGS[0], LEGACY_CONFIGS[1]];
/// How files are called that only a snapshot's config includes.
const CONFIG_ENDINGS: [&str; 3] = ["json", "json5", "jsonc"];

/// Whether a file lies beside the pairing files and is no more than kept: [`JsonStore::capture`] takes it along.
pub(super) fn is_beside(path: &str) -> bool {
    let is_folder = |folder: &str| [DEVICES_DIR, IDENTITY_DIR].contains(&folder);
    path.split_once('/').is_some_and(|(folder, name)| is_folder(folder) && !name.contains('/'))
        && [".json", ".json.migrated"].iter().any(|end| path.ends_with(end))
}

/// Mode and owner as the manifest has them, as far as that gives nothing away: it lies where the state
/// dir's owner can write, and root believes it. An owner is one that the file or the state dir has by now;
/// a pairing file or config is no program, and not everybody's to write.
fn believable(then: Meta, live: Option<&Meta>, folder: &Meta) -> Meta {
    let known = |owner: (u32, u32)| {
        let live = live.map(|live| (live.uid, live.gid));
        [live, Some((folder.uid, folder.gid))].contains(&Some(owner))
    };
    let owner = if known((then.uid, then.gid)) {
        (then.uid, then.gid)
    } else {
        live.map_or((folder.uid, folder.gid), |live| (live.uid, live.gid))
    };
    Meta { mode: then.mode & 0o664, uid: owner.0, gid: owner.1, ..then }
}

/// What has to happen to one file; `None`: it is as it was then.
fn difference(
    before: &TextImage,
    entry: &ManifestEntry,
    source: &dyn Source,
    folder: &Meta,
) -> Result<Option<After>, Error> {
    let live = match &before.state {
        FileState::Absent => None,
        FileState::Present { bytes, meta } => Some((bytes, meta)),
        FileState::Unusable(why) => return Err(refuse(&before.path, why)),
    };
    let Some(name) = &entry.name else { return Ok(live.map(|_| After::Absent)) };
    let meta = entry.meta().map(|meta| believable(meta, before.state.meta(), folder));
    if let Some((bytes, live)) = live {
        let same_meta = meta.is_none_or(|meta| {
            (meta.mode, meta.uid, meta.gid) == (live.mode & 0o664, live.uid, live.gid)
        });
        if same_meta
            && entry.size == Some(bytes.len() as u64)
            && entry.sha256.as_deref() == Some(hash::of(bytes).as_str())
        {
            return Ok(None);
        }
    }
    Ok(Some(After::Whole { bytes: std::sync::Arc::new(source.get(name)?), meta }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(mode: u32, uid: u32) -> Meta {
        Meta { mode, uid, gid: uid, ..Meta::default() }
    }

    #[test]
    fn a_manifest_gives_nothing_away() {
        let folder = meta(0o40700, 7);
        let owner = |then: Meta, live: Option<Meta>| {
            let kept = believable(then, live.as_ref(), &folder);
            (kept.mode, kept.uid, kept.gid)
        };
        assert_eq!(owner(meta(0o600, 7), None), (0o600, 7, 7));
        assert_eq!(owner(meta(0o104777, 0), None), (0o664, 7, 7));
        // A file that root left there may be root's again, one of somebody else's may not.
        let roots = Some(meta(0o644, 0));
        assert_eq!(owner(meta(0o644, 0), roots), (0o644, 0, 0));
        assert_eq!(owner(meta(0o644, 9), roots), (0o644, 0, 0));
        assert_eq!(owner(meta(0o600, 7), roots), (0o600, 7, 7));
    }
}

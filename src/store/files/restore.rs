//! The way back to what a snapshot holds.

use std::path::Path;

use super::place::refuse_at;
use super::{FilesStore, NAME};
use crate::error::Error;
use crate::files::hash;
use crate::image::{FileState, Images, Meta, Slot, TextImage};
use crate::model::layout::{DEVICES_DIR, IDENTITY_DIR, OWN_DIR, Part};
use crate::plan::{After, Changes, FileChange};
use crate::store::{Entry, Source};

impl FilesStore {
    pub(super) fn way_back(
        &self,
        now: &Images,
        entries: &[Entry],
        source: &dyn Source,
    ) -> Result<Changes, Error> {
        let state = self.state_dir.open()?;
        let mut changes = Changes::default();
        for entry in entries.iter().filter(|entry| entry.store == NAME) {
            let Some(slot) = self.slot_of(&entry.path)? else {
                continue;
            };
            let before = match now.text(&slot) {
                Some(image) => image.clone(),
                None => self.image(state, &slot, None),
            };
            if let Some(after) = difference(&before, entry, source)? {
                changes.files.push(FileChange {
                    slot,
                    before,
                    after,
                });
            }
        }
        Ok(changes)
    }

    /// The slot an entry's path names; `None` for what a restore leaves alone.
    ///
    /// A manifest lies where the state dir's owner can write: a path that is neither the config, an
    /// include nor a pairing file is refused.
    pub(super) fn slot_of(&self, path: &str) -> Result<Option<Slot>, Error> {
        if let Some(part) = Part::of_file(path) {
            return Ok(Some(Slot::File(part)));
        }
        let plain = Path::new(path);
        let below = |folder: &str| plain.starts_with(folder);
        if below(DEVICES_DIR) || below(IDENTITY_DIR) {
            return Ok(None);
        }
        let hops = plain
            .components()
            .any(|part| matches!(part, std::path::Component::ParentDir));
        if hops || below(OWN_DIR) || path.is_empty() {
            return Err(Error::refused(format!(
                "the snapshot names a path that clawmend never writes: `{}`",
                path.escape_debug()
            ))
            .hint(
                "somebody has edited its manifest: use another snapshot, `clawmend snapshot list`",
            ));
        }
        Ok(Some(Slot::Config(self.state_dir.join(plain))))
    }
}

/// What has to happen to one file; `None`: it is as it was then.
fn difference(
    before: &TextImage,
    entry: &Entry,
    source: &dyn Source,
) -> Result<Option<After>, Error> {
    let Some(name) = &entry.name else {
        return match &before.state {
            FileState::Absent => Ok(None),
            FileState::Present { .. } => Ok(Some(After::Absent)),
            FileState::Unusable(why) => Err(refuse_at(&before.path, why)),
        };
    };
    let meta = entry.meta().map(|meta| Meta {
        mode: meta.mode & 0o777,
        ..meta
    });
    match &before.state {
        FileState::Unusable(why) => return Err(refuse_at(&before.path, why)),
        FileState::Present { bytes, meta: live } => {
            let same_meta = meta.is_none_or(|meta| {
                (meta.mode, meta.uid, meta.gid) == (live.mode & 0o777, live.uid, live.gid)
            });
            if same_meta
                && entry.size == Some(bytes.len() as u64)
                && entry.sha256.as_deref() == Some(hash::of(bytes).as_str())
            {
                return Ok(None);
            }
        }
        FileState::Absent => {}
    }
    Ok(Some(After::Whole {
        bytes: std::sync::Arc::new(source.get(name)?),
        meta,
    }))
}

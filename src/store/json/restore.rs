//! The way back to what a snapshot holds.

use std::path::Path;

use super::{JsonStore, NAME};
use crate::error::Error;
use crate::files::dir::refuse;
use crate::files::hash;
use crate::image::{FileState, Images, Meta, Slot, TextImage};
use crate::model::layout::{DEVICES_DIR, IDENTITY_DIR, OWN_DIR, Part};
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
        for entry in entries.iter().filter(|entry| entry.store == NAME) {
            let Some(slot) = self.slot_of(&entry.path)? else {
                continue;
            };
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
        let hops = plain.components().any(|part| matches!(part, std::path::Component::ParentDir));
        if hops || below(OWN_DIR) || path.is_empty() {
            return Err(Error::refused(format!(
                "the snapshot names a path that clawmend never changes: `{}`",
                path.escape_debug()
            ))
            .hint(Step::other_snapshot().note("somebody has edited the manifest of this one")));
        }
        Ok(Some(Slot::Config(self.state_dir.join(plain))))
    }
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
    let Some(name) = &entry.name else {
        return match &before.state {
            FileState::Absent => Ok(None),
            FileState::Present { .. } => Ok(Some(After::Absent)),
            FileState::Unusable(why) => Err(refuse(&before.path, why)),
        };
    };
    let live = before.state.meta();
    let meta = entry.meta().map(|meta| believable(meta, live, folder));
    match &before.state {
        FileState::Unusable(why) => return Err(refuse(&before.path, why)),
        FileState::Present { bytes, meta: live } => {
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
        FileState::Absent => {}
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

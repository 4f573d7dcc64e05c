//! Files in memory.

use super::key;
use crate::error::Error;
use crate::files::hash;
use crate::image::{FileState, Images, Meta};
use crate::plan::{After, FileChange};
use crate::store::{CommitError, Entry, Source};

pub(super) fn change_file(state: &mut Images, change: &FileChange) -> Result<(), CommitError> {
    let moved = || CommitError::Moved(format!("`{}` has changed", key(&change.slot)));
    let live = state.texts.get_mut(&change.slot).ok_or_else(moved)?;
    if live.bytes() != change.before.bytes() {
        return Err(moved());
    }
    live.state = match change.pieces() {
        None => FileState::Absent,
        Some(pieces) => {
            let bytes = pieces.concat();
            let given = match &change.after {
                After::Whole { meta, .. } => *meta,
                _ => None,
            };
            let meta =
                given.or(live.meta().copied()).unwrap_or(Meta { mode: 0o600, ..Meta::default() });
            FileState::Present {
                meta: Meta { len: bytes.len() as u64, ..meta },
                bytes: bytes.into(),
            }
        }
    };
    Ok(())
}

pub(super) fn file_back(
    now: &Images,
    entry: &Entry,
    source: &dyn Source,
) -> Result<Option<FileChange>, Error> {
    let found = now.texts.iter().find(|(slot, _)| key(slot) == entry.path);
    let Some((slot, before)) = found else {
        return Ok(None);
    };
    let after = match &entry.name {
        None => before.bytes().map(|_| After::Absent),
        Some(name) => {
            let mode = |meta: &Meta| (meta.mode, meta.uid, meta.gid);
            let same = before.bytes().map(|bytes| hash::of(bytes)) == entry.sha256
                && before.meta().map(mode) == entry.meta().as_ref().map(mode);
            (!same)
                .then(|| source.get(name))
                .transpose()?
                .map(|bytes| After::Whole { bytes: bytes.into(), meta: entry.meta() })
        }
    };
    Ok(after.map(|after| FileChange { slot: slot.clone(), before: before.clone(), after }))
}

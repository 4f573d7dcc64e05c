//! Copying the files into a snapshot.

use std::collections::BTreeSet;
use std::path::Path;

use super::place::{Found, Reach};
use super::restore::is_beside;
use super::{JsonStore, NAME, key_of};
use crate::error::Error;
use crate::files::dir::refuse;
use crate::files::{Dir, STORE_LIMIT, hash};
use crate::image::{FileState, Unusable};
use crate::model::layout::{DEVICES_DIR, IDENTITY_DIR};
use crate::store::{ManifestEntry, Sink};

/// How many further files of a folder go into a snapshot.
const EXTRA_FILES: usize = 64;
/// How large each of them may be, bytes.
const EXTRA_LIMIT: u64 = 16 << 20;

impl JsonStore {
    /// Copies every file into a snapshot, one entry each, absent ones included.
    pub fn capture(&self, sink: &mut dyn Sink) -> Result<Vec<ManifestEntry>, Error> {
        let state = self.state_dir.open()?;
        let mut entries = Vec::new();
        let mut seen = BTreeSet::new();
        for slot in self.slots() {
            let path = self.path_of(&slot);
            let key = key_of(&self.state_dir, &path);
            if !seen.insert(key.clone()) {
                continue;
            }
            let piece = piece_of(&key, entries.len());
            let copied = match (self.covered.get(&slot), self.find(state, &slot)) {
                (Some(FileState::Present { bytes, meta }), Ok(_)) => {
                    let put = sink.put(&piece, &mut bytes.as_slice())?;
                    Ok(ManifestEntry::of_piece(NAME, key, &piece, put, meta))
                }
                (_, Ok(None)) => Ok(ManifestEntry::absent(NAME, key)),
                (_, Ok(Some(found))) => self.copy(&found, key, &piece, STORE_LIMIT, sink)?,
                (_, Err(why)) => Err(why),
            };
            match copied {
                Ok(entry) => entries.push(entry),
                // A link, a folder, a device: nothing that a restore would bring back.
                Err(Unusable::Symlink(_) | Unusable::NotAFile(_) | Unusable::NoFolder) => {}
                Err(why) => return Err(refuse(&path, &why)),
            }
        }
        for folder in [DEVICES_DIR, IDENTITY_DIR] {
            self.capture_extras(state, folder, sink, &seen, &mut entries)?;
        }
        Ok(entries)
    }

    /// Copies one file; the inner error is why it cannot be copied.
    fn copy(
        &self,
        found: &Found,
        key: String,
        piece: &str,
        limit: u64,
        sink: &mut dyn Sink,
    ) -> Result<Result<ManifestEntry, Unusable>, Error> {
        let (file, meta) = match found.dir.open_regular(&found.name, limit) {
            Ok(Some(opened)) => opened,
            Ok(None) => return Ok(Ok(ManifestEntry::absent(NAME, key))),
            Err(why) => return Ok(Err(why)),
        };
        let put = sink.put(piece, &mut hash::steps(file))?;
        Ok(Ok(ManifestEntry::of_piece(NAME, key, piece, put, &meta)))
    }

    /// Other JSON files beside the pairing files (an import's leftovers, say): copied so that nothing
    /// is ever lost, never brought back by a restore.
    fn capture_extras(
        &self,
        state: &Dir,
        folder: &str,
        sink: &mut dyn Sink,
        seen: &BTreeSet<String>,
        entries: &mut Vec<ManifestEntry>,
    ) -> Result<(), Error> {
        let Ok(Some(dir)) = state.child(folder) else { return Ok(()) };
        let extras = dir.names()?.into_iter().filter_map(|name| {
            let name = name.into_string().ok()?;
            let key = format!("{folder}/{name}");
            (is_beside(&key) && !seen.contains(&key)).then_some(key)
        });
        for key in extras.take(EXTRA_FILES) {
            if let Ok(Some((dir, name))) = state.walk(Path::new(&key)) {
                let found = Found { dir, name, reach: Reach::Inside };
                let piece = piece_of(&key, entries.len());
                if let Ok(entry) = self.copy(&found, key, &piece, EXTRA_LIMIT, sink)?
                    && entry.name.is_some()
                {
                    entries.push(entry);
                }
            }
        }
        Ok(())
    }
}

/// How many folders deep a piece keeps its path; [`crate::files::dir::DEEPEST`] would not be read again.
const DEEP: usize = 16;

/// How a file is called in a snapshot: by its path, where that is a plain and relative one.
fn piece_of(key: &str, number: usize) -> String {
    let is_deep = key.split('/').nth(DEEP).is_some();
    match is_deep || Path::new(key).is_absolute() || key.contains('\\') {
        true => {
            let name = key.rsplit(['/', '\\']).next().unwrap_or_default();
            format!("outside/{number}-{name}")
        }
        false => format!("files/{key}"),
    }
}

//! Reading a snapshot: its manifest, its pieces, and whether they are what they should be.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::manifest::{self, Manifest};
use crate::error::Error;
use crate::files::dir::{DEEPEST, refuse};
use crate::files::{Dir, OWN_LIMIT, STORE_LIMIT, StateDir, hash};
use crate::image::{FileState, Meta, Unusable};
use crate::platform::FileKind;
use crate::step::Step;
use crate::store::sqlite::verify_extract;
use crate::store::{ManifestEntry, Source, json};

/// A snapshot whose manifest was read and is whole.
#[derive(Debug)]
pub struct Snapshot {
    /// Its id: the folder's name.
    pub id: String,
    /// What it holds, and why it was taken.
    pub manifest: Manifest,
    /// What stands in its `manifest.sha256`; `None`: it was taken before there was one.
    pub digest: Option<String>,
    pub(super) dir: Dir,
}

/// Opens a snapshot by its full id (see [`super::find`] for shorter ones).
///
/// # Errors
/// It is not there, its manifest is damaged, or a newer clawmend wrote it.
pub fn open(state_dir: &StateDir, snapshots: &Path, id: &str) -> Result<Snapshot, Error> {
    let path = snapshots.join(id);
    let gone = || {
        Error::not_found("there is no such snapshot")
            .at(&path)
            .hint(Step::clawmend(["snapshot", "list"]).note("shows those there are"))
    };
    let parent = super::folder(state_dir, snapshots, false)?.ok_or_else(gone)?;
    let dir = super::below(state_dir.open()?, &parent, Path::new(id), false)?.ok_or_else(gone)?;
    let bytes = match dir.read(manifest::FILE, OWN_LIMIT) {
        FileState::Present { bytes, .. } => bytes,
        FileState::Absent => {
            return Err(Error::failed("the snapshot has no manifest")
                .at(&path)
                .hint(Step::other_snapshot()));
        }
        FileState::Unusable(why) => return Err(refuse(&path.join(manifest::FILE), &why)),
    };
    let digest = digest(&dir).map_err(|why| refuse(&path.join(manifest::DIGEST_FILE), &why))?;
    let manifest = Manifest::parse(&bytes, digest.as_deref()).map_err(|error| error.at(&path))?;
    let digest = digest.map(|_| manifest::digest_of(&bytes));
    if let Some(named) = super::of_another(state_dir, snapshots, &manifest.state_dir) {
        return Err(super::foreign(state_dir, &named).at(&path));
    }
    Ok(Snapshot { id: id.to_owned(), manifest, digest, dir })
}

/// The digest that lies beside a manifest. `None`: there is none.
pub(super) fn digest(dir: &Dir) -> Result<Option<Vec<u8>>, Unusable> {
    match dir.read(manifest::DIGEST_FILE, OWN_LIMIT) {
        FileState::Present { bytes, .. } => Ok(Some(bytes.to_vec())),
        FileState::Absent => Ok(None),
        FileState::Unusable(why) => Err(why),
    }
}

impl Snapshot {
    /// What of it cannot be checked, in words; `None`: every byte is.
    pub fn unchecked(&self) -> Option<&'static str> {
        self.digest.is_none().then_some(manifest::NO_DIGEST)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Everything that is wrong with it: pieces missing, changed, or not in the manifest, and what SQLite says of
    /// the database extract, where there is one.
    pub fn verify(&self) -> Result<Vec<String>, Error> {
        let mut problems = Vec::new();
        let own = [manifest::FILE, manifest::DIGEST_FILE];
        let mut known: BTreeSet<PathBuf> = own.into_iter().map(PathBuf::from).collect();
        for entry in &self.manifest.entries {
            let Some(name) = &entry.name else { continue };
            known.insert(PathBuf::from(name));
            if let Some(problem) = self.problem_of(entry, name) {
                problems.push(problem);
            } else if entry.store != json::NAME
                && let Err(error) = verify_extract(&self.dir, &self.path().join(name), entry)
            {
                problems.push(format!("`{name}`: {error}"));
            }
        }
        let mut found = Vec::new();
        pieces_in(&self.dir, Path::new(""), &mut found)?;
        let extra = found.into_iter().filter(|name| !known.contains(name));
        problems.extend(extra.map(|name| format!("`{}` is not in the manifest", name.display())));
        Ok(problems)
    }

    /// Refuses a snapshot with any problem. Asked before a restore touches anything.
    ///
    /// # Errors
    /// Names the first problem and how many there are.
    pub fn check(&self) -> Result<(), Error> {
        let problems = self.verify()?;
        let Some(first) = problems.first() else { return Ok(()) };
        let more = match problems.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        Err(Error::failed("this snapshot is damaged, and nothing was restored from it")
            .at(self.path())
            .because(format!("{first}{more}"))
            .hint(Step::other_snapshot())
            .hint(Step::clawmend(["snapshot", "verify"]).note("checks them")))
    }

    /// A piece as a file, without following links.
    fn opened(&self, name: &str, limit: u64) -> Result<Option<(File, Meta)>, Unusable> {
        match self.dir.walk(Path::new(name))? {
            Some((dir, file)) => dir.open_regular(file, limit),
            None => Ok(None),
        }
    }

    /// The same of a piece that has to be there.
    fn piece(&self, name: &str, limit: u64) -> Result<(File, Meta), Error> {
        let path = self.path().join(name);
        let opened = self.opened(name, limit).map_err(|why| refuse(&path, &why))?;
        opened.ok_or_else(|| {
            Error::failed("a piece of the snapshot is missing")
                .at(&path)
                .hint(Step::other_snapshot())
        })
    }

    fn problem_of(&self, entry: &ManifestEntry, name: &str) -> Option<String> {
        let (file, meta) = match self.opened(name, u64::MAX) {
            Ok(Some(opened)) => opened,
            Ok(None) => return Some(format!("`{name}` is missing")),
            Err(why) => {
                return Some(format!("`{name}` cannot be read: {}", refuse(Path::new(name), &why)));
            }
        };
        if entry.size != Some(meta.len) {
            return Some(format!("`{name}` has another size"));
        }
        match hash::copy(&mut hash::steps(file), &mut std::io::sink()) {
            Ok((sha256, _)) if Some(&sha256) == entry.sha256.as_ref() => None,
            Ok(_) => Some(format!("`{name}` does not have the checksum it was stored with")),
            Err(error) => Some(format!("`{name}` cannot be read: {error}")),
        }
    }
}

/// The path of everything in a snapshot's folder that is no folder, added to `found`.
fn pieces_in(dir: &Dir, at: &Path, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    if at.components().count() > DEEPEST {
        return Err(Error::refused("the folders in the snapshot are too deep")
            .at(dir.path())
            .hint("clawmend makes none so deep: use another snapshot"));
    }
    for name in dir.names()? {
        let path = at.join(&name);
        if let Ok(Some((_, FileKind::Folder))) = dir.look(&name) {
            let child = dir.child(&name).map_err(|why| refuse(&dir.path().join(&name), &why));
            if let Some(child) = child? {
                pieces_in(&child, &path, found)?;
            }
        } else {
            found.push(path);
        }
    }
    Ok(())
}

impl Source for Snapshot {
    fn get(&self, name: &str) -> Result<Vec<u8>, Error> {
        let path = self.path().join(name);
        let (mut file, meta) = self.piece(name, STORE_LIMIT)?;
        let mut bytes = Vec::with_capacity(usize::try_from(meta.len).unwrap_or(0));
        file.read_to_end(&mut bytes).map_err(|error| Error::io("read", &path, &error))?;
        let entry = self.manifest.piece(name);
        if entry.and_then(|entry| entry.sha256.as_ref()) != Some(&hash::of(&bytes)) {
            return Err(Error::failed("a piece of the snapshot is damaged")
                .at(&path)
                .because("it does not have the checksum it was stored with")
                .hint(Step::other_snapshot()));
        }
        Ok(bytes)
    }

    fn path(&self, name: &str) -> Result<PathBuf, Error> {
        self.piece(name, u64::MAX).map(|_| self.path().join(name))
    }

    fn folder(&self) -> &Dir {
        &self.dir
    }
}

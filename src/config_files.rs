//! Reads the whole state for a run: the config with what it includes, the copies beside it, the files
//! that set variables, the stores. Looks, and touches nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use crate::config::copies::{Copy, CopyKind, rank};
use crate::config::files::{Loaded, ReadProblem, Root, Source, normalize};
use crate::config::gateway::Field;
use crate::config::include::resolve;
use crate::error::Error;
use crate::format::json5::{self, Limits};
use crate::image::{Bytes, Images, TextImage};
use crate::locate::{Env, Located};
use crate::model::Model;
use crate::model::config::include;
use crate::model::config_facts::ConfigFacts;
use crate::secret::Secret;
use crate::store::Store;
use crate::store::files::FilesStore;
use crate::store::sqlite::SqliteStore;
use crate::{surroundings, variables};

/// A copy larger than this is no config, bytes.
const LARGEST_COPY: u64 = 16 * 1024 * 1024;
/// So many copies are looked at.
const MOST_COPIES: usize = 64;

/// The state as it was read.
pub struct State {
    /// The file store, which knows every file of the config.
    pub files: FilesStore,
    /// The database store.
    pub sqlite: SqliteStore,
    /// What it means.
    pub model: Model,
}

/// Reads everything, the database through `sqlite`; `interrupted` is what the journal says.
///
/// # Errors
/// The state dir cannot be opened.
pub fn read(
    located: &Located,
    env: &Env,
    now_ms: i64,
    sqlite: SqliteStore,
    interrupted: Option<String>,
) -> Result<State, Error> {
    let (files, config) = config(located, env);
    let mut images = Images::default();
    files.read(&mut images)?;
    sqlite.read(&mut images)?;
    let mut facts = surroundings::facts(located, env, now_ms);
    facts.config = config;
    facts.interrupted = interrupted;
    Ok(State { files, sqlite, model: Model::of(images, facts) })
}

/// The file store with every file that makes up the config, and what stands around the config.
pub fn config(located: &Located, env: &Env) -> (FilesStore, ConfigFacts) {
    let path = normalize(&located.config);
    let files = FilesStore::new(located.state_dir.clone(), vec![path.clone()]);
    let mut facts = ConfigFacts {
        roots: roots(&path, located, env),
        profile: located.profile.clone(),
        container: is_container(env),
        read_only: ["OPENCLAW_NIX_MODE", "OPENCLAW_CONFIG_READONLY"]
            .into_iter()
            .find(|name| env.var(name) == Some("1"))
            .map(str::to_owned),
        variables: variables::read(located, env),
        path,
        ..ConfigFacts::default()
    };
    let copies = copies(&facts.path);
    facts.token_before = copies
        .iter()
        .find(|(copy, _)| copy.kind == CopyKind::Backup(0))
        .and_then(|(copy, bytes)| Some((copy.name.clone(), token_in(bytes)?)));
    let seen = follow(&files, &mut facts, &copies);
    facts.copies = rank(copies.into_iter().map(|(copy, _)| copy).collect());
    let rest = seen.into_iter().filter(|path| *path != facts.path);
    let all: Vec<PathBuf> = std::iter::once(facts.path.clone()).chain(rest).collect();
    (files.with_config_files(all), facts)
}

/// A config that somebody names to put in the config's place: its absolute path and its bytes.
///
/// # Errors
/// It cannot be read, is no regular file, is not JSON5, or holds no gateway section.
pub fn read_copy(path: &Path) -> Result<(PathBuf, Bytes), Error> {
    let path = std::path::absolute(path).map_err(|error| Error::io("find", path, &error))?;
    let bytes = small_file(&path, LARGEST_COPY)
        .map_err(|error| Error::io("read the copy", &path, &error))?;
    let value = json5::parse(&bytes, Limits::default()).map_err(|error| {
        Error::refused("this copy is not a config: it does not parse")
            .at(&path)
            .because(error)
            .hint("`clawmend diagnose` lists the copies beside the config")
    })?;
    if !value.get("gateway").is_some_and(serde_json::Value::is_object) {
        let error = Error::refused("this copy holds no `gateway` section").at(&path);
        return Err(error.hint("`clawmend diagnose` lists the copies beside the config"));
    }
    Ok((path, Arc::new(bytes)))
}

/// Follows the includes of the config, or, where it cannot be read, of the copies that could take its
/// place; every file that was looked for.
fn follow(
    files: &FilesStore,
    facts: &mut ConfigFacts,
    copies: &[(Copy, Vec<u8>)],
) -> BTreeSet<PathBuf> {
    let disk = Disk { files, seen: Default::default() };
    let root = files.read_config(&facts.path);
    let real = real(&facts.path);
    let texts: Vec<Vec<u8>> = match root.bytes() {
        Some(bytes) if json5::parse(bytes, Limits::default()).is_ok() => vec![bytes.to_vec()],
        _ => {
            let usable = copies.iter().filter(|(copy, _)| copy.is_usable());
            usable.map(|(_, bytes)| bytes.clone()).collect()
        }
    };
    for bytes in texts {
        let real = real.clone();
        // An error is the config's own, and stands in the image.
        let _ = resolve(&facts.path, Loaded { bytes, real }, &facts.roots, &disk);
    }
    let mut seen = disk.seen.into_inner();
    seen.insert(facts.path.clone(), real);
    facts.reals = seen
        .iter()
        .filter(|(path, real)| path != real)
        .map(|(path, real)| (path.clone(), real.clone()))
        .collect();
    facts.elsewhere =
        seen.keys().filter_map(|path| Some((path.clone(), files.elsewhere(path)?))).collect();
    seen.into_keys().collect()
}

/// The disk as a source of includes, noting what was looked for.
struct Disk<'f> {
    files: &'f FilesStore,
    seen: std::cell::RefCell<BTreeMap<PathBuf, PathBuf>>,
}

impl Source for Disk<'_> {
    fn read(&self, path: &Path) -> Result<Loaded, ReadProblem> {
        let real = real(path);
        let image: TextImage = self.files.read_config(path);
        let mut seen = self.seen.borrow_mut();
        seen.insert(path.to_path_buf(), real.clone());
        include(Some(&image), real)
    }
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        // A file that is not there still has a folder.
        match (path.parent().map(Path::canonicalize), path.file_name()) {
            (Some(Ok(folder)), Some(name)) => folder.join(name),
            _ => path.to_path_buf(),
        }
    })
}

/// The config's own folder and those of `OPENCLAW_INCLUDE_ROOTS`.
fn roots(config: &Path, located: &Located, env: &Env) -> Vec<Root> {
    let own = config.parent().unwrap_or(Path::new("/")).to_path_buf();
    let more = env.var("OPENCLAW_INCLUDE_ROOTS").unwrap_or_default();
    let more = std::env::split_paths(more).filter(|dir| !dir.as_os_str().is_empty()).map(|dir| {
        match (dir.strip_prefix("~"), &located.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => env.cwd.join(dir),
        }
    });
    std::iter::once(own).chain(more).map(|dir| Root::new(&dir, &real(&dir))).collect()
}

fn copies(config: &Path) -> Vec<(Copy, Vec<u8>)> {
    let (Some(folder), Some(name)) = (config.parent(), config.file_name()) else {
        return Vec::new();
    };
    let config = name.to_string_lossy();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| CopyKind::of(&config, name).is_some())
        .collect();
    names.sort();
    let read = |name: String| {
        let path = folder.join(&name);
        let meta = path.symlink_metadata().ok()?;
        let bytes = small_file(&path, LARGEST_COPY).ok()?;
        let since = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok();
        let mtime_ms = since.and_then(|since| i64::try_from(since.as_millis()).ok());
        let copy = Copy::read(&config, &name, mtime_ms.unwrap_or_default(), &bytes)?;
        Some((copy, bytes))
    };
    names.into_iter().rev().filter_map(read).take(MOST_COPIES).collect()
}

/// A regular file of at most `limit` bytes, no link followed.
pub(crate) fn small_file(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    crate::files::read_small(path, limit)
}

/// `gateway.auth.token` of a copy that stands alone.
fn token_in(bytes: &[u8]) -> Option<Secret> {
    let none = |_: &Path| Err(ReadProblem::Missing);
    let loaded = Loaded { bytes: bytes.to_vec(), real: PathBuf::from("/copy") };
    let resolved = resolve(Path::new("/copy"), loaded, &[], &none).ok()?;
    match crate::config::gateway::Gateway::read(&resolved).auth_token.field {
        Field::Value(token) => Some(token),
        _ => None,
    }
}

/// The signs by which OpenClaw itself takes a machine for a container.
fn is_container(env: &Env) -> bool {
    let marked = ["/.dockerenv", "/run/.containerenv", "/var/run/.containerenv"];
    if marked.iter().any(|path| Path::new(path).exists()) {
        return true;
    }
    let groups = env.proc.as_ref().map(|proc| proc.join("1/cgroup"));
    let groups = groups.and_then(|path| std::fs::read_to_string(path).ok());
    groups.is_some_and(|groups| {
        ["docker", "kubepods", "containerd", "lxc"].iter().any(|word| groups.contains(word))
    })
}

#[cfg(test)]
#[path = "config_files_tests.rs"]
mod tests;

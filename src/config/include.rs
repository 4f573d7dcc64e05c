//! `$include`: a config of several files as one value, with the file that holds each key.
//!
//! Follows OpenClaw's `src/config/includes.ts` (2026.5.28, 2026.9.6). Where OpenClaw would refuse the
//! whole config, a [`Problem`] is noted and the include counts as empty, so that one missing file does
//! not hide what the others say.
use super::owner::{FileId, Owner, Owners, merge};
use super::paths::{ReadFile, Root, normalize, taken};
use super::problem::{Problem, ProblemKind};
use crate::format::json5::{self, SyntaxError};
use crate::format::value::at_path;
use crate::image::Bytes;
use crate::secret::Unshown;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// The key that names files to include.
pub const INCLUDE_KEY: &str = "$include";
/// How many includes deep OpenClaw goes.
pub const MAX_INCLUDE_DEPTH: usize = 10;
/// Longest path that OpenClaw takes.
const MAX_PATH: usize = 4096;
/// How many includes are followed in all; OpenClaw has no such limit, but would not end either.
const MAX_INCLUDES: usize = 1000;
/// How deep in the whole config an include may stand; with the depth of its file, safe for the stack.
const MAX_NESTING: usize = 64;

/// The config itself or a file that it includes.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigFile {
    /// As it is named.
    pub path: PathBuf,
    /// Its text as it was read.
    pub bytes: Bytes,
    /// Its own value, includes not followed.
    pub value: Unshown<Value>,
}

/// A config with its includes followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The merged value; `${VAR}` is left as it stands.
    pub value: Unshown<Value>,
    /// The config itself, then every file that it includes, each once.
    pub files: Vec<ConfigFile>,
    /// Includes that could not be followed.
    pub problems: Vec<Problem>,
    owners: Owners,
}

impl Resolved {
    /// The merged value at `path`.
    pub fn get(&self, path: &[String]) -> Option<&Value> {
        at_path(&self.value, path)
    }

    /// Where `path` stands, or has to be put: into the file of the nearest object around it that is
    /// there, of several the one that counts most.
    pub fn place_for(&self, path: &[String]) -> Owner {
        self.owners.find(path)
    }

    /// A file of this config by its number.
    pub fn file(&self, id: FileId) -> Option<&ConfigFile> {
        self.files.get(id.0)
    }
}

/// Follows the includes of the config at `path` (absolute). `roots` are the folders that includes may
/// lie in, the config's own first.
///
/// # Errors
/// Where the config itself is not JSON5. Trouble with an include is a [`Problem`], not an error.
pub fn resolve(
    path: &Path,
    bytes: Bytes,
    roots: &[Root],
    source: &ReadFile<'_>,
) -> Result<Resolved, SyntaxError> {
    let path = normalize(path);
    let value = json5::parse(&bytes)?;
    let mut resolver = Resolver {
        source,
        roots,
        files: vec![ConfigFile { path: path.clone(), bytes, value: Unshown(value.clone()) }],
        problems: Vec::new(),
        followed: 0,
    };
    let mut at = At { file: FileId(0), path: Vec::new(), chain: vec![path], nesting: 0 };
    let (value, owners) = resolver.process(value, &mut at);
    Ok(Resolved {
        value: Unshown(value),
        files: resolver.files,
        problems: resolver.problems,
        owners: owners.unwrap_or_else(|| Owners::at(FileId(0), &[])),
    })
}

struct Resolver<'s> {
    source: &'s ReadFile<'s>,
    roots: &'s [Root],
    files: Vec<ConfigFile>,
    problems: Vec<Problem>,
    followed: usize,
}

/// Where the resolver is.
struct At {
    file: FileId,
    path: Vec<String>,
    /// The files on the way here, the config first.
    chain: Vec<PathBuf>,
    /// How deep this file's root is nested in the whole.
    nesting: usize,
}

impl Resolver<'_> {
    /// A value with its includes followed, and its owners where they are not simply this place.
    fn process(&mut self, value: Value, at: &mut At) -> (Value, Option<Owners>) {
        match value {
            Value::Object(members) if members.contains_key(INCLUDE_KEY) => {
                let (value, owners) = self.include(members, at);
                (value, Some(owners))
            }
            Value::Object(members) => {
                let (members, owners) = self.members(members, at);
                (Value::Object(members), owners)
            }
            Value::Array(items) => {
                let mut owners = None;
                let items = items
                    .into_iter()
                    .enumerate()
                    .map(|(number, item)| self.child(number.to_string(), item, at, &mut owners))
                    .collect();
                (Value::Array(items), owners)
            }
            scalar => (scalar, None),
        }
    }

    fn members(
        &mut self,
        members: Map<String, Value>,
        at: &mut At,
    ) -> (Map<String, Value>, Option<Owners>) {
        let mut owners = None;
        let members = members
            .into_iter()
            .map(|(key, value)| (key.clone(), self.child(key, value, at, &mut owners)))
            .collect();
        (members, owners)
    }

    fn child(
        &mut self,
        key: String,
        value: Value,
        at: &mut At,
        owners: &mut Option<Owners>,
    ) -> Value {
        at.path.push(key);
        let (value, below) = self.process(value, at);
        let key = at.path.pop().unwrap_or_default();
        if let Some(below) = below {
            owners.get_or_insert_with(|| Owners::at(at.file, &at.path)).insert(key, below);
        }
        value
    }

    fn include(&mut self, mut members: Map<String, Value>, at: &mut At) -> (Value, Owners) {
        let named = members.shift_remove(INCLUDE_KEY).unwrap_or_default();
        let nothing = || (Value::Object(Map::new()), Owners::default());
        let mut included = nothing();
        match &named {
            Value::String(path) => included = self.load(path, at).unwrap_or_else(nothing),
            Value::Array(paths) => {
                for path in paths {
                    let Value::String(path) = path else {
                        self.problem(at, path.to_string(), ProblemKind::NotAPath);
                        continue;
                    };
                    if let Some(loaded) = self.load(path, at) {
                        included = merge(included, loaded);
                    }
                }
            }
            other => self.problem(at, other.to_string(), ProblemKind::NotAPath),
        }
        if members.is_empty() && !included.1.is_nowhere() {
            return included;
        }
        if !included.0.is_object() {
            let named = named.as_str().map_or_else(|| named.to_string(), str::to_owned);
            self.problem(at, named, ProblemKind::NotAnObject);
            included = nothing();
        }
        let (rest, owners) = self.members(members, at);
        let owners = owners.unwrap_or_else(|| Owners::at(at.file, &at.path));
        merge(included, (Value::Object(rest), owners))
    }

    fn load(&mut self, include: &str, at: &At) -> Option<(Value, Owners)> {
        match self.find(include, at) {
            Ok((file, path)) => {
                let value = self.files.get(file.0)?.value.0.clone();
                let mut inside = At {
                    file,
                    path: Vec::new(),
                    chain: at.chain.iter().cloned().chain([path]).collect(),
                    nesting: at.nesting + at.path.len(),
                };
                let (value, owners) = self.process(value, &mut inside);
                let owners = owners.unwrap_or_else(|| Owners::at(file, &[]));
                Some((value, owners))
            }
            Err(kind) => {
                self.problem(at, include.to_owned(), kind);
                None
            }
        }
    }

    /// The file that an include names, read once however often it is named.
    fn find(&mut self, include: &str, at: &At) -> Result<(FileId, PathBuf), ProblemKind> {
        if include.contains('\0') || include.len() >= MAX_PATH {
            return Err(ProblemKind::BadPath);
        }
        let dir = at.chain.last().and_then(|path| path.parent());
        let path = normalize(&dir.unwrap_or(Path::new("/")).join(include));
        if path.as_os_str().len() >= MAX_PATH {
            return Err(ProblemKind::BadPath);
        }
        if !self.roots.iter().any(|root| path.starts_with(&root.dir)) {
            return Err(ProblemKind::Escapes(path));
        }
        if at.chain.contains(&path) {
            let chain = at.chain.iter().cloned().chain([path]);
            return Err(ProblemKind::Cycle(chain.collect()));
        }
        self.followed += 1;
        let nesting = at.nesting + at.path.len();
        if at.chain.len() > MAX_INCLUDE_DEPTH
            || self.followed > MAX_INCLUDES
            || nesting > MAX_NESTING
        {
            return Err(ProblemKind::TooDeep);
        }
        if let Some(known) = self.files.iter().position(|file| file.path == path) {
            return Ok((FileId(known), path));
        }
        let (state, real) = (self.source)(&path);
        let bytes = taken(state).map_err(|why| ProblemKind::Unreadable(path.clone(), why))?;
        let real = normalize(&real);
        if !self.roots.iter().any(|root| real.starts_with(&root.real)) {
            return Err(ProblemKind::Escapes(real));
        }
        let value =
            json5::parse(&bytes).map_err(|error| ProblemKind::Unparsable(path.clone(), error))?;
        self.files.push(ConfigFile { path: path.clone(), bytes, value: Unshown(value) });
        Ok((FileId(self.files.len() - 1), path))
    }

    /// Notes a problem, once.
    fn problem(&mut self, at: &At, include: String, kind: ProblemKind) {
        let problem = Problem { file: at.file, path: at.path.clone(), include, kind };
        if self.problems.len() < MAX_INCLUDES && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

#[cfg(test)]
#[path = "include_tests.rs"]
mod tests;

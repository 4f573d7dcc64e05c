//! Which file holds a value of a config that is merged from several files.
//!
//! Owns the merge rule of OpenClaw (objects merge, lists are joined, else the later one wins) for
//! values and for the files they come from, in one step, so that the two cannot drift apart.
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A file of the config: its number in `Resolved::files`; 0 is the config itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(pub usize);

/// Where in the config's files a value stands, or where it would have to be put.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owner {
    /// The file that holds it.
    pub file: FileId,
    /// The keys from that file's root.
    pub path: Vec<String>,
}

/// The origins of a value, and of those below it whose origin does not follow from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Owners {
    /// Every file that holds a part of it, the one that counts most last.
    origins: Vec<(FileId, Vec<String>)>,
    children: BTreeMap<String, Owners>,
}

impl Owners {
    pub fn at(file: FileId, path: &[String]) -> Self {
        Self { origins: vec![(file, path.to_vec())], children: BTreeMap::new() }
    }

    pub fn insert(&mut self, key: String, child: Owners) {
        self.children.insert(key, child);
    }

    pub fn is_nowhere(&self) -> bool {
        self.origins.is_empty()
    }

    fn child(&self, key: &str) -> Owners {
        if let Some(child) = self.children.get(key) {
            return child.clone();
        }
        let mut origins = self.origins.clone();
        for (_, path) in &mut origins {
            path.push(key.to_owned());
        }
        Owners { origins, children: BTreeMap::new() }
    }

    /// The owner of `path` below this value, whether or not it is there.
    pub fn find(&self, path: &[String]) -> Owner {
        let mut owners = self;
        let mut rest = path;
        while let Some((key, below)) = rest.split_first() {
            let Some(child) = owners.children.get(key) else { break };
            (owners, rest) = (child, below);
        }
        let (file, mut own) = owners.origins.last().cloned().unwrap_or((FileId(0), Vec::new()));
        own.extend_from_slice(rest);
        Owner { file, path: own }
    }
}

/// Keys that OpenClaw drops when it merges.
const BLOCKED: [&str; 3] = ["__proto__", "prototype", "constructor"];

/// `source` merged over `target`.
pub(super) fn merge(target: (Value, Owners), source: (Value, Owners)) -> (Value, Owners) {
    match (target, source) {
        ((Value::Object(target), from), source) if target.is_empty() && from.is_nowhere() => source,
        ((Value::Array(mut items), from), (Value::Array(more), more_from)) => {
            let mut owners = joined(&from, &more_from);
            for number in 0..items.len() {
                let key = number.to_string();
                owners.insert(key.clone(), from.child(&key));
            }
            for number in 0..more.len() {
                let child = more_from.child(&number.to_string());
                owners.insert((items.len() + number).to_string(), child);
            }
            items.extend(more);
            (Value::Array(items), owners)
        }
        ((Value::Object(target), from), (Value::Object(source), source_from)) => {
            merge_objects(target, &from, source, &source_from)
        }
        (_, source) => source,
    }
}

fn merge_objects(
    target: Map<String, Value>,
    from: &Owners,
    source: Map<String, Value>,
    source_from: &Owners,
) -> (Value, Owners) {
    let mut owners = joined(from, source_from);
    for key in target.keys() {
        owners.insert(key.clone(), from.child(key));
    }
    let mut merged = target;
    for (key, value) in source {
        if BLOCKED.contains(&key.as_str()) {
            continue;
        }
        let new = (value, source_from.child(&key));
        let (value, child) = match merged.get_mut(&key) {
            Some(old) => merge((old.take(), from.child(&key)), new),
            None => new,
        };
        owners.insert(key.clone(), child);
        merged.insert(key, value);
    }
    (Value::Object(merged), owners)
}

fn joined(first: &Owners, second: &Owners) -> Owners {
    let origins = first.origins.iter().chain(&second.origins);
    Owners { origins: origins.cloned().collect(), children: BTreeMap::new() }
}

//! A run's calls that change files, as strace shows them, become the effects of [`crate::power`].

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::power::{ALL, Body, Cut, Effect, Node, ROOT, Recorded, Tree};
use crate::trace;
use crate::world::{Out, World};

impl Recorded {
    /// Runs a command under strace and records it. What it did in the end is compared with what is there.
    pub fn new(world: &World, args: &[&str]) -> (Self, Out) {
        let mut recorder = Recorder::new(&world.state());
        let options = [&["-xx", "-s", "67108864"][..], &trace::NO_WALLS].concat();
        let (out, log) = trace::run(world, &options, args);
        recorder.read(&log);
        let recorded = recorder.recorded;
        let all = recorded.tree(Cut { at: recorded.effects.len(), round: ALL });
        let there = Recorder::new(&world.state()).recorded.tree(Cut { at: 0, round: ALL });
        let plain = |tree: &Tree| -> Vec<(PathBuf, u32, Option<Vec<u8>>)> {
            let each = tree.iter();
            each.map(|(path, (_, mode, bytes))| (path.clone(), *mode, bytes.clone())).collect()
        };
        for (mine, real) in plain(&all).iter().zip(&plain(&there)) {
            assert!(
                mine == real,
                "{args:?}: the model has {:?}, and there is {:?}",
                mine.0,
                real.0
            );
        }
        assert_eq!(all.len(), there.len(), "{args:?}");
        (recorded, out)
    }
}

/// Reads a trace call by call, with the names as they are at that moment.
struct Recorder {
    root: String,
    recorded: Recorded,
    names: BTreeMap<(Node, String), Node>,
    /// Where the next `write` to a descriptor goes.
    offsets: BTreeMap<String, usize>,
}

impl Recorder {
    fn new(state: &Path) -> Self {
        let mut bodies = Vec::new();
        let mut before = BTreeMap::new();
        walk(state, &mut bodies, &mut before);
        let names = before.clone();
        let recorded = Recorded { bodies, before, effects: Vec::new() };
        Self { root: state.display().to_string(), recorded, names, offsets: BTreeMap::new() }
    }

    fn read(&mut self, log: &str) {
        let mut unfinished = BTreeMap::<&str, String>::new();
        for line in log.lines() {
            let Some((thread, rest)) = line.split_once(' ') else {
                continue;
            };
            let mut call = rest.trim_start().to_owned();
            if let Some(start) = call.strip_suffix(" <unfinished ...>") {
                unfinished.insert(thread, start.to_owned());
                continue;
            }
            if let Some((_, end)) = call.split_once(" resumed>") {
                call = unfinished.remove(thread).unwrap_or_default() + end;
            }
            let Some((name, rest)) = call.split_once('(') else {
                continue;
            };
            let Some((arguments, result)) = rest.rsplit_once(" = ") else {
                continue;
            };
            if result.starts_with(['-', '?']) {
                continue;
            }
            let arguments = arguments.trim_end().trim_end_matches(')');
            let arguments: Vec<&str> = arguments.split(", ").collect();
            self.call(name, &arguments, result);
        }
    }

    fn call(&mut self, name: &str, arguments: &[&str], result: &str) {
        let argument = |at: usize| arguments.get(at).copied().unwrap_or_default();
        let descriptor = |text: &str| text.split('<').next().unwrap_or_default().to_owned();
        let first = descriptor(argument(0));
        match name {
            "open" | "openat" => {
                let flags = arguments.iter().find(|text| text.starts_with("O_")).unwrap();
                self.offsets.insert(descriptor(result), 0);
                let Some(path) = angled(result) else { return };
                self.opened(&path, flags, argument(arguments.len() - 1));
            }
            "mkdir" | "mkdirat" => {
                let path = path_at(arguments, 0).unwrap();
                let mode = octal(argument(arguments.len() - 1));
                self.made(&path, Body { mode, bytes: None });
            }
            "write" | "pwrite64" => {
                let Some(file) = self.node_of(argument(0)) else { return };
                let bytes = unhex(argument(1));
                let done: usize = result.parse().unwrap();
                assert!(done <= bytes.len(), "strace cut what was written");
                let own = self.offsets.entry(first).or_default();
                let at = if name == "write" { *own } else { argument(3).parse().unwrap() };
                if name == "write" {
                    *own += done;
                }
                self.did(Effect::Write { file, at, bytes: bytes[..done].to_vec() });
            }
            "read" => *self.offsets.entry(first).or_default() += result.parse::<usize>().unwrap(),
            "lseek" => drop(self.offsets.insert(first, result.parse().unwrap())),
            "fcntl" if argument(1).starts_with("F_DUPFD") => {
                let at = self.offsets.get(&first).copied().unwrap_or_default();
                self.offsets.insert(descriptor(result), at);
            }
            "ftruncate" => {
                let Some(file) = self.node_of(argument(0)) else { return };
                self.did(Effect::Length { file, length: argument(1).parse().unwrap() });
                self.wrote_through_memory(&angled(argument(0)).unwrap());
            }
            "fsync" | "fdatasync" => {
                let Some(node) = self.node_of(argument(0)) else { return };
                self.did(Effect::Sync { node, whole: name == "fsync" });
            }
            "fchmod" => {
                let Some(node) = self.node_of(argument(0)) else { return };
                self.did(Effect::Mode { node, mode: octal(argument(1)) });
            }
            "unlink" | "unlinkat" | "rmdir" => {
                let Some((folder, name)) = self.place(&path_at(arguments, 0).unwrap()) else {
                    return;
                };
                self.did(Effect::Names(vec![(folder, name, None)]));
            }
            "link" | "linkat" | "rename" | "renameat" | "renameat2" => {
                let from = path_at(arguments, 0).unwrap();
                let second = if name.ends_with(['t', '2']) { 2 } else { 1 };
                let to = path_at(arguments, second).unwrap();
                let (from, to) = match (self.place(&from), self.place(&to)) {
                    (Some(from), Some(to)) => (from, to),
                    (None, None) => return,
                    _ => panic!("a name came from outside or went there: {arguments:?}"),
                };
                let there = |place: &(Node, String)| self.names.get(place).copied();
                let (one, other) = (there(&from), there(&to));
                let exchanged = argument(4).contains("RENAME_EXCHANGE");
                let mut changes = vec![(to.0, to.1, one)];
                if !name.starts_with("link") {
                    changes.push((from.0, from.1, other.filter(|_| exchanged)));
                }
                self.did(Effect::Names(changes));
            }
            "pwritev" | "pwritev2" | "writev" | "copy_file_range" | "sendfile" | "fallocate"
            | "symlink" | "symlinkat" | "mknod" | "mknodat" | "chmod" | "fchmodat" | "truncate"
            | "creat" => {
                let inside = arguments.iter().filter_map(|text| angled(text));
                let inside =
                    inside.chain(path_at(arguments, 0)).any(|path| self.inner(&path).is_some());
                assert!(!inside, "a call that the model does not know: {name} {arguments:?}");
            }
            _ => {}
        }
    }

    fn did(&mut self, effect: Effect) {
        if let Effect::Names(changes) = &effect {
            for (folder, name, node) in changes {
                match node {
                    Some(node) => self.names.insert((*folder, name.clone()), *node),
                    None => self.names.remove(&(*folder, name.clone())),
                };
            }
        }
        self.recorded.effects.push(effect);
    }

    fn opened(&mut self, path: &str, flags: &str, mode: &str) {
        let Some((folder, name)) = self.place(path) else { return };
        let there = self.names.get(&(folder, name)).copied();
        if there.is_none() && flags.contains("O_CREAT") {
            self.made(path, Body { mode: octal(mode), bytes: Some(Vec::new()) });
        }
        if let Some(file) = there.filter(|_| flags.contains("O_TRUNC")) {
            self.did(Effect::Length { file, length: 0 });
        }
        self.wrote_through_memory(path);
    }

    /// No call shows what is written through memory: it may be what is there in the end.
    fn wrote_through_memory(&mut self, path: &str) {
        if path.ends_with("-shm")
            && let (Some(file), Ok(bytes)) = (self.node(path), std::fs::read(path))
        {
            self.did(Effect::Write { file, at: 0, bytes });
        }
    }

    fn made(&mut self, path: &str, body: Body) {
        let Some((folder, name)) = self.place(path) else { return };
        let node = self.recorded.bodies.len();
        self.recorded.bodies.push(body);
        self.did(Effect::Names(vec![(folder, name, Some(node))]));
    }

    /// What of a path lies below the state dir.
    fn inner<'a>(&self, path: &'a str) -> Option<&'a str> {
        let inner = path.strip_prefix(&self.root)?;
        if inner.is_empty() { Some("") } else { inner.strip_prefix('/') }
    }

    /// The folder and name that a path has.
    fn place(&self, path: &str) -> Option<(Node, String)> {
        let inner = self.inner(path).filter(|inner| !inner.is_empty())?;
        let (folder, name) = inner.rsplit_once('/').unwrap_or(("", inner));
        let folder = self.node(&format!("{}/{folder}", self.root))?;
        Some((folder, name.to_owned()))
    }

    fn node(&self, path: &str) -> Option<Node> {
        let names = self.inner(path)?.split('/').filter(|name| !name.is_empty());
        names.into_iter().try_fold(ROOT, |at, name| self.names.get(&(at, name.to_owned())).copied())
    }

    /// What a descriptor leads to; nothing once its file has no name.
    fn node_of(&self, argument: &str) -> Option<Node> {
        if argument.ends_with("(deleted)") {
            return None;
        }
        self.node(&angled(argument)?)
    }
}

fn walk(path: &Path, bodies: &mut Vec<Body>, names: &mut BTreeMap<(Node, String), Node>) -> Node {
    let found = path.symlink_metadata().unwrap();
    assert!(found.is_dir() || found.nlink() == 1, "a second name: {}", path.display());
    let node = bodies.len();
    let bytes = found.is_file().then(|| std::fs::read(path).unwrap());
    bodies.push(Body { mode: found.permissions().mode() & 0o7777, bytes });
    if found.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let child = walk(&entry.path(), bodies, names);
            names.insert((node, entry.file_name().into_string().unwrap()), child);
        }
    }
    node
}

/// `\x2f\x61` as bytes, whatever stands around them.
fn unhex(text: &str) -> Vec<u8> {
    assert!(!text.ends_with("..."), "strace cut a text");
    let pairs = text.split("\\x").skip(1);
    pairs.map(|pair| u8::from_str_radix(&pair[..2], 16).unwrap()).collect()
}

/// The path of a descriptor: `5<\x2f\x61>`.
fn angled(argument: &str) -> Option<String> {
    let (_, path) = argument.split_once('<')?;
    let (path, _) = path.rsplit_once('>')?;
    Some(String::from_utf8_lossy(&unhex(path)).into_owned())
}

/// The path that the arguments from `at` on name: a folder's descriptor and a name, or a path alone.
fn path_at(arguments: &[&str], at: usize) -> Option<String> {
    let first = arguments.get(at)?;
    let text = |text: &str| String::from_utf8_lossy(&unhex(text)).into_owned();
    if first.starts_with('"') {
        return Some(text(first));
    }
    let name = arguments.get(at + 1).filter(|name| name.starts_with('"')).map(|name| text(name))?;
    match name.starts_with('/') {
        true => Some(name),
        false => Some(format!("{}/{name}", angled(first)?)),
    }
}

fn octal(text: &str) -> u32 {
    u32::from_str_radix(text, 8).unwrap()
}

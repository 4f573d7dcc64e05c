//! What a power cut may leave of a run: its calls that change files, recorded by strace, and every state that
//! the disk may then be in.
//!
//! What is modelled, as ext4 in its usual mode promises it, or weaker:
//! - `fsync` of a file makes its bytes, length and mode durable, and not its name; `fdatasync` not its mode.
//! - Bytes and length since then: all of them, none, up to a cut anywhere, or any blocks of 4096 bytes (what is
//!   missing in between reads as zeros).
//! - A call that makes, renames, exchanges, links or removes names is there as a whole or not at all. It is durable
//!   once its folder is synced. Before that any of them may be lost, those about one name in their order; in half
//!   of the states as in ext4's journal: all in their order, and a sync takes along what came before it.
//! - SQLite's own writes, syncs and removals of database, `-wal` and `-journal` like all others. The index
//!   (`-shm`) is written through memory: as it was in the end, or parts of it, or nothing.
//!
//! What is not: disks that say that they have written and have not, blocks that are torn within a write of the
//! disk, times, owners and extended attributes. The machine is taken to run the recorded order of calls.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A file or folder, whatever names it has.
pub type Node = usize;
pub const ROOT: Node = 0;
const BLOCK: usize = 4096;

#[derive(Clone, Debug)]
pub enum Effect {
    /// Names that change together: folder, name, what it leads to from here on.
    Names(Vec<(Node, String, Option<Node>)>),
    Write {
        file: Node,
        at: usize,
        bytes: Vec<u8>,
    },
    Length {
        file: Node,
        length: usize,
    },
    Mode {
        node: Node,
        mode: u32,
    },
    Sync {
        node: Node,
        whole: bool,
    },
}

/// The permission bits of a file or folder, and the bytes of a file.
#[derive(Clone, Debug, Default)]
pub struct Body {
    pub mode: u32,
    pub bytes: Option<Vec<u8>>,
}

/// A run as it was recorded: what was there before it, and what its calls did, in order.
pub struct Recorded {
    pub bodies: Vec<Body>,
    pub before: BTreeMap<(Node, String), Node>,
    pub effects: Vec<Effect>,
}

/// A moment of a run and one of the states that a power cut may leave then: the same one for the same numbers.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// So many effects were reached.
    pub at: usize,
    /// Even: names are lost in the order of ext4's journal. Of each two: the first lose all that may be lost, the
    /// next bytes alone, then names alone, then nothing; after that it is drawn.
    pub round: u64,
}

/// The round that loses nothing.
pub const ALL: u64 = 6;

/// Everything below a state dir: which node, its mode, and a file's bytes.
pub type Tree = BTreeMap<PathBuf, (usize, u32, Option<Vec<u8>>)>;

impl Recorded {
    /// How many effects there are.
    pub fn len(&self) -> usize {
        self.effects.len()
    }

    /// The last effects before a moment, in words.
    pub fn told(&self, at: usize) -> String {
        let names: BTreeMap<Node, &String> = self
            .before
            .iter()
            .map(|((_, name), node)| (*node, name))
            .chain(self.effects.iter().filter_map(|effect| match effect {
                Effect::Names(changes) => {
                    changes.first().and_then(|(_, name, node)| Some(((*node)?, name)))
                }
                _ => None,
            }))
            .collect();
        let name = |node: &Node| names.get(node).map_or(".", |name| name.as_str());
        let told = |effect: &Effect| match effect {
            Effect::Names(changes) => {
                let each = changes.iter().map(|(folder, name, node)| {
                    format!(
                        "{}/{name} -> {node:?}",
                        names.get(folder).map_or(".", |name| name.as_str())
                    )
                });
                each.collect::<Vec<_>>().join(", ")
            }
            Effect::Write { file, at, bytes } => {
                format!("write {} {at} +{}", name(file), bytes.len())
            }
            Effect::Length { file, length } => format!("length {} {length}", name(file)),
            Effect::Mode { node, mode } => format!("mode {} {mode:o}", name(node)),
            Effect::Sync { node, whole } => format!("sync {} {whole}", name(node)),
        };
        let from = at.saturating_sub(25);
        let each = self.effects[from..at].iter().map(told).collect::<Vec<_>>();
        format!("      {}", each.join("\n      "))
    }

    /// The same run with one of its syncs left out; `None`: it has no more.
    pub fn without_sync(&self, number: usize) -> Option<(Self, String)> {
        let syncs = |effect: &Effect| matches!(effect, Effect::Sync { .. });
        let each = self.effects.iter().enumerate();
        let (at, _) = each.filter(|(_, effect)| syncs(effect)).nth(number)?;
        let mut effects = self.effects.clone();
        let left_out = self.told(at + 1).lines().last().unwrap_or_default().trim().to_owned();
        effects.remove(at);
        Some((Self { bodies: self.bodies.clone(), before: self.before.clone(), effects }, left_out))
    }

    /// Which effects are on the disk for certain once `at` of them were reached.
    fn durable(&self, at: usize, in_order: bool) -> Vec<bool> {
        let effects = &self.effects[..at];
        // Of each node: up to where a sync reached, all of it and its bytes.
        let (mut whole, mut bytes) = (BTreeMap::<Node, usize>::new(), BTreeMap::new());
        let mut changed = BTreeMap::<Node, usize>::new();
        let mut journal = 0;
        for (number, effect) in effects.iter().enumerate() {
            match effect {
                Effect::Sync { node, whole: is_whole } => {
                    bytes.insert(*node, number);
                    if *is_whole {
                        whole.insert(*node, number);
                        let last = changed.get(node).map_or(0, |last| last + 1);
                        journal = journal.max(last);
                    }
                }
                Effect::Names(names) => {
                    for (folder, _, node) in names {
                        changed.insert(*folder, number);
                        changed.extend(node.map(|node| (node, number)));
                    }
                }
                Effect::Write { file: node, .. }
                | Effect::Length { file: node, .. }
                | Effect::Mode { node, .. } => {
                    changed.insert(*node, number);
                }
            }
        }
        let reached = |by: &BTreeMap<Node, usize>, node: &Node, at| {
            by.get(node).is_some_and(|sync| *sync > at)
        };
        let each = effects.iter().enumerate();
        each.map(|(at, effect)| match effect {
            Effect::Sync { .. } => true,
            Effect::Names(_) | Effect::Mode { .. } if in_order && at < journal => true,
            Effect::Names(names) => names.iter().all(|(folder, ..)| reached(&whole, folder, at)),
            Effect::Mode { node, .. } => reached(&whole, node, at),
            Effect::Write { file, .. } | Effect::Length { file, .. } => reached(&bytes, file, at),
        })
        .collect()
    }

    /// The state that a cut leaves.
    pub fn tree(&self, cut: Cut) -> Tree {
        let mut random = Random(cut.round.wrapping_mul(0x1_0001) ^ ((cut.at as u64) << 32));
        let in_order = cut.round % 2 == 0;
        let durable = self.durable(cut.at, in_order);
        let pending = |wanted: &dyn Fn(&Effect) -> bool| {
            let each = self.effects[..cut.at].iter().zip(&durable);
            each.filter(|(effect, durable)| !**durable && wanted(effect)).count()
        };
        let is_name = |effect: &Effect| matches!(effect, Effect::Names(_) | Effect::Mode { .. });
        let mut in_journal = random.below(pending(&is_name) + 1);
        let mut lost = BTreeSet::<(Node, String)>::new();
        let mut names = self.before.clone();
        let mut bodies = self.bodies.clone();
        let mut fates = BTreeMap::<Node, Fate>::new();
        for (effect, is_durable) in self.effects[..cut.at].iter().zip(&durable) {
            let kept = |random: &mut Random, left: &mut usize| match cut.round {
                _ if *is_durable => true,
                round @ 0..8 => matches!(round / 2, 1 | 3),
                _ if !in_order => random.below(2) == 0,
                _ => {
                    let kept = *left > 0;
                    *left = left.saturating_sub(1);
                    kept
                }
            };
            match effect {
                Effect::Sync { .. } => {}
                Effect::Names(changes) => {
                    let blocked = changes
                        .iter()
                        .any(|(folder, name, _)| lost.contains(&(*folder, name.clone())));
                    if !kept(&mut random, &mut in_journal) || blocked {
                        assert!(!is_durable, "a durable name after a lost one");
                        lost.extend(
                            changes.iter().map(|(folder, name, _)| (*folder, name.clone())),
                        );
                        continue;
                    }
                    for (folder, name, node) in changes {
                        match node {
                            Some(node) => names.insert((*folder, name.clone()), *node),
                            None => names.remove(&(*folder, name.clone())),
                        };
                    }
                }
                Effect::Mode { node, mode } => {
                    if kept(&mut random, &mut in_journal) {
                        bodies[*node].mode = *mode;
                    }
                }
                Effect::Write { file, .. } | Effect::Length { file, .. } => {
                    let bytes = bodies[*file].bytes.as_mut().unwrap();
                    if *is_durable {
                        Fate::All.apply(effect, bytes, &mut random);
                        continue;
                    }
                    let fate = fates.entry(*file).or_insert_with(|| match cut.round / 2 {
                        0 | 1 => Fate::Nothing,
                        2 | 3 => Fate::All,
                        _ => {
                            let of = |effect: &Effect| match effect {
                                Effect::Write { file: of, bytes, .. } if of == file => bytes.len(),
                                Effect::Length { file: of, .. } if of == file => 1,
                                _ => 0,
                            };
                            let each = self.effects[..cut.at].iter().zip(&durable);
                            let open = each.filter(|(_, durable)| !**durable);
                            let all: usize = open.map(|(effect, _)| of(effect)).sum();
                            match random.below(4) {
                                0 => Fate::Nothing,
                                1 => Fate::All,
                                2 => Fate::Cut(random.below(all + 1)),
                                _ => Fate::Blocks,
                            }
                        }
                    });
                    fate.apply(effect, bytes, &mut random);
                }
            }
        }
        let mut tree = Tree::new();
        below(&names, &bodies, ROOT, &PathBuf::new(), &mut tree);
        tree
    }
}

/// What becomes of the bytes of a file that are not synced.
enum Fate {
    All,
    Nothing,
    /// So many bytes.
    Cut(usize),
    /// Any blocks.
    Blocks,
}

impl Fate {
    fn apply(&mut self, effect: &Effect, to: &mut Vec<u8>, random: &mut Random) {
        let put = |to: &mut Vec<u8>, at: usize, bytes: &[u8]| {
            to.resize(to.len().max(at + bytes.len()), 0);
            to[at..at + bytes.len()].copy_from_slice(bytes);
        };
        match (self, effect) {
            (Self::All, Effect::Length { length, .. }) => to.resize(*length, 0),
            (Self::All, Effect::Write { at, bytes, .. }) => put(to, *at, bytes),
            (Self::Cut(left), Effect::Length { length, .. }) if *left > 0 => {
                *left -= 1;
                to.resize(*length, 0);
            }
            (Self::Cut(left), Effect::Write { at, bytes, .. }) if *left > 0 => {
                let part = bytes.len().min(*left);
                *left -= part;
                put(to, *at, &bytes[..part]);
            }
            (Self::Blocks, Effect::Length { length, .. }) if random.below(2) == 0 => {
                to.resize(*length, 0);
            }
            (Self::Blocks, Effect::Write { at, bytes, .. }) => {
                let mut from = 0;
                while from < bytes.len() {
                    let end = bytes.len().min(from + BLOCK - (at + from) % BLOCK);
                    if random.below(2) == 0 {
                        put(to, at + from, &bytes[from..end]);
                    }
                    from = end;
                }
            }
            _ => {}
        }
    }
}

fn below(
    names: &BTreeMap<(Node, String), Node>,
    bodies: &[Body],
    folder: Node,
    path: &Path,
    tree: &mut Tree,
) {
    tree.insert(path.to_path_buf(), (folder, bodies[folder].mode, bodies[folder].bytes.clone()));
    let inner = names.range((folder, String::new())..(folder + 1, String::new()));
    for ((_, name), node) in inner {
        below(names, bodies, *node, &path.join(name), tree);
    }
}

/// Makes a state dir what a tree says.
pub fn lay(tree: &Tree, state: &Path) {
    std::fs::remove_dir_all(state).unwrap();
    let mut first = BTreeMap::<usize, PathBuf>::new();
    for (path, (node, mode, bytes)) in tree {
        let path = state.join(path);
        match (bytes, first.get(node)) {
            (None, _) => std::fs::create_dir(&path).unwrap(),
            (Some(_), Some(other)) => std::fs::hard_link(other, &path).unwrap(),
            (Some(bytes), None) => {
                std::fs::write(&path, bytes).unwrap();
                first.insert(*node, path.clone());
            }
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(*mode)).unwrap();
    }
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }
}

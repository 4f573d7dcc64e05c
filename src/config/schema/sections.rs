//! The table of the sections that are not the gateway's (`src/data/config-sections.json`): each key below the one that it
//! stands in, so that paths are written once.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::data::{Constraint, Held, Releases};

/// Rules by their number, with the releases that each holds for, by path.
#[derive(Debug, Default)]
pub(super) struct Sections {
    pub(super) rules: Vec<Constraint>,
    pub(super) keys: BTreeMap<String, Held>,
}

#[derive(Deserialize)]
struct Written {
    /// Releases by their number: of each key only that is written.
    spans: Vec<Vec<Releases>>,
    rules: Vec<Constraint>,
    keys: BTreeMap<String, Node>,
}

/// What is held of a key, and of the keys in it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Node {
    /// A rule that holds for every release.
    Rule(usize),
    /// Rules, each with the number of its releases.
    Rules(Vec<usize>),
    /// Its own rules are those of the key without a name.
    Object(BTreeMap<String, Node>),
}

impl Sections {
    pub(super) fn read() -> Option<Self> {
        let text = include_str!("../../data/config-sections.json");
        let Written { spans, rules, keys } = serde_json::from_str(text).ok()?;
        let mut sections = Self { rules, keys: BTreeMap::new() };
        sections.add("", keys, &spans)?;
        Some(sections)
    }

    fn add(
        &mut self,
        above: &str,
        keys: BTreeMap<String, Node>,
        spans: &[Vec<Releases>],
    ) -> Option<()> {
        for (key, node) in keys {
            let path = match (above, key.as_str()) {
                ("", key) => key.to_owned(),
                (above, "") => above.to_owned(),
                (above, key) => format!("{above}.{key}"),
            };
            let rules = match node {
                Node::Object(keys) => {
                    self.add(&path, keys, spans)?;
                    continue;
                }
                Node::Rule(rule) => vec![(rule, spans.first()?.clone())],
                Node::Rules(numbers) => {
                    let (pairs, _) = numbers.as_chunks();
                    let read = |&[rule, at]: &[usize; 2]| Some((rule, spans.get(at)?.clone()));
                    pairs.iter().map(read).collect::<Option<_>>()?
                }
            };
            self.keys.insert(path, rules);
        }
        Some(())
    }
}

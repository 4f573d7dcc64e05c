//! What the config's schema of a release refuses: the root's keys and all sections, but for the settings of plugins and the accounts
//! of a channel.
//!
//! The tables (`src/data/config-schema.json` with what is about the gateway, `src/data/config-sections.json` with the other
//! sections) are made by `tests/real/schema.mjs` from what each release prints or holds.

mod rule;
mod sections;

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

pub use rule::SECRET;
use sections::Sections;

use super::release::Release;
use crate::data::{Constraint, Held, Releases, SchemaTable, TABLE};

/// Where and what a release refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its path in the merged config.
    pub path: Vec<String>,
    /// What is wrong there.
    pub fault: Violation,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// This release does not know the key.
    Unknown {
        /// The first and last of the releases that knew it, if one did.
        known: Option<(Release, Release)>,
    },
    /// The value is not what belongs there.
    Value {
        /// What does: `a list`, `one of local, remote`.
        wanted: String,
    },
    /// A key that has to be there is not.
    Missing,
}

/// The schema of one release.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    table: &'static SchemaTable,
    at: usize,
    /// The release whose schema it is.
    pub release: Release,
    /// The release that was asked for is later than all that are known.
    pub is_older: bool,
}

/// The releases of the table.
static KNOWN: LazyLock<Vec<Release>> = LazyLock::new(|| {
    let texts = TABLE.iter().flat_map(|table| &table.releases);
    texts.map(|text| Release::parse(text)).collect::<Option<_>>().unwrap_or_default()
});

/// A big one: read only where the config has such a section.
static SECTIONS: LazyLock<Option<Sections>> = LazyLock::new(Sections::read);

/// A key that OpenClaw has renamed or retired (`src/data/config-renamed.json`).
#[derive(Debug, Deserialize)]
pub struct Renamed {
    /// The path, and the values it is about where that matters.
    was: String,
    /// What it is now; `None`: retired without a successor.
    pub now: Option<String>,
    #[serde(rename = "repairedAtStart")]
    repaired_at_start: bool,
    /// Also when the config is read, by the CLI too.
    #[serde(rename = "mappedWhenRead", default)]
    pub mapped_when_read: bool,
}

#[derive(Debug, Deserialize)]
struct RenamedTable {
    #[serde(rename = "startRepairsSince")]
    start_repairs_since: String,
    keys: Vec<Renamed>,
}

static RENAMED: LazyLock<Option<RenamedTable>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../data/config-renamed.json")).ok());

/// What OpenClaw calls a refused key now, where it was renamed or retired.
pub fn renamed(config: &Value, refused: &Refused) -> Option<&'static Renamed> {
    let path = refused.path.join(".");
    let value = refused.path.iter().try_fold(config, |value, key| value.get(key));
    RENAMED.as_ref()?.keys.iter().find(|one| match one.was.split_once(' ') {
        None => one.was == path && matches!(refused.fault, Violation::Unknown { .. }),
        Some((was, values)) => was == path && value.is_some_and(|value| is_one_of(value, values)),
    })
}

/// `values` as the table has them: `= hot | restart`, or `out of` a range of numbers.
fn is_one_of(value: &Value, values: &str) -> bool {
    match values.strip_prefix("= ") {
        Some(words) => value.as_str().is_some_and(|word| {
            words.split(" | ").any(|known| known.eq_ignore_ascii_case(word.trim()))
        }),
        None => {
            let bounds = values.strip_prefix("out of ").and_then(|range| range.split_once('–'));
            let bounds =
                bounds.and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
            let is_out =
                |number: f64| bounds.is_some_and(|(low, high)| number < low || number > high);
            value.as_f64().is_some_and(is_out)
        }
    }
}

impl Schema {
    /// Whether a gateway of this release repairs all of `refused` by itself at its start: it parses, includes
    /// nothing, and all that is wrong are old names that it knows (2026.8.1 and later).
    pub fn start_repairs(&self, config: &Value, refused: &[Refused], includes: bool) -> bool {
        let is_from = |table: &RenamedTable| self.release.is_from(&table.start_repairs_since);
        let repairs = RENAMED.as_ref().is_some_and(is_from) && !self.release.is_extended_stable();
        repairs
            && !includes
            && refused
                .iter()
                .all(|one| renamed(config, one).is_some_and(|known| known.repaired_at_start))
    }

    /// That of a release, or of the nearest one before it.
    pub fn of(release: Release) -> Option<Self> {
        let table = TABLE.as_ref()?;
        let (at, is_older) = release.nearest(&KNOWN)?;
        Some(Self { table, at, release: *KNOWN.get(at)?, is_older })
    }

    /// Those of all releases that are known.
    pub fn all() -> impl Iterator<Item = Self> {
        KNOWN.iter().filter_map(|release| Self::of(*release))
    }

    /// Everything in a merged config that this release refuses, in the order of the config.
    pub fn refused(&self, config: &Value) -> Vec<Refused> {
        self.refused_toward(config, &[])
    }

    /// The same on the way to one path and below it alone: for a big config, of which many releases are asked.
    pub fn refused_toward(&self, config: &Value, toward: &[String]) -> Vec<Refused> {
        let mut found = Vec::new();
        let Some(root) = config.as_object() else { return found };
        for (key, value) in members_toward(root, toward.first()) {
            match self.table.root.get(key) {
                Some(spans) if self.holds(spans) => {
                    self.below(&mut vec![key.clone()], key, value, toward, &mut found)
                }
                known if self.holds(&self.table.closed_root) => found.push(Refused {
                    path: vec![key.clone()],
                    fault: Violation::Unknown {
                        known: known.and_then(|spans| self.known(spans.iter())),
                    },
                }),
                _ => {}
            }
        }
        // Up to 2026.7.1 the schema takes any port, and the gateway cannot listen beyond 65535 (2026.4.15 does not start).
        let path = ["gateway", "port"].map(str::to_owned).to_vec();
        let port = config.pointer("/gateway/port").and_then(Value::as_f64);
        if port.is_some_and(|port| port > 65535.0) && found.iter().all(|one| one.path != path) {
            let wanted = "a whole number from 1 to 65535".into();
            found.push(Refused { path, fault: Violation::Value { wanted } });
        }
        found
    }

    fn holds(&self, spans: &[Releases]) -> bool {
        spans.iter().any(|(first, last)| (*first..=*last).contains(&self.at))
    }

    fn known<'s>(
        &self,
        spans: impl Iterator<Item = &'s Releases> + Clone,
    ) -> Option<(Release, Release)> {
        let first = spans.clone().map(|span| span.0).min()?;
        let last = spans.map(|span| span.1).max()?;
        Some((*KNOWN.get(first)?, *KNOWN.get(last)?))
    }

    /// The rules of a key with their releases, and the list that they are numbered in.
    fn rules_of(&self, key: &str) -> Option<(&'static Held, &'static [Constraint])> {
        let section = key.split('.').next().unwrap_or_default();
        let (keys, rules) = match self.table.keys.contains_key(section) {
            true => (&self.table.keys, &self.table.rules),
            false => SECTIONS.as_ref().map(|sections| (&sections.keys, &sections.rules))?,
        };
        Some((keys.get(key)?, rules))
    }

    fn rule(&self, key: &str) -> Option<&'static Constraint> {
        let (held, rules) = self.rules_of(key)?;
        let (rule, _) = held.iter().find(|(_, spans)| self.holds(spans))?;
        rules.get(*rule)
    }

    /// `key` is the path as the table has it: dots between, `*` for a key that the user names, `[]` for an item of a list.
    fn below(
        &self,
        path: &mut Vec<String>,
        key: &str,
        value: &Value,
        toward: &[String],
        found: &mut Vec<Refused>,
    ) {
        let Some(rule) = self.rule(key) else { return };
        if let Some(wanted) = rule.refuses(value) {
            let (item, wanted) = match rule.refused_item(value) {
                Some((at, wanted)) => (Some(at.to_string()), wanted),
                None => (None, wanted),
            };
            let path = path.iter().cloned().chain(item).collect();
            return found.push(Refused { path, fault: Violation::Value { wanted } });
        }
        let items = value.as_array().map_or(&[][..], Vec::as_slice);
        let (from, count) = match toward.get(path.len()) {
            Some(at) => (at.parse().unwrap_or(items.len()), 1),
            None => (0, items.len()),
        };
        for (at, item) in items.iter().enumerate().skip(from).take(count) {
            path.push(at.to_string());
            self.below(path, &format!("{key}.[]"), item, toward, found);
            path.pop();
        }
        let (Some(members), Some((closed, needs))) = (value.as_object(), rule.as_object()) else {
            return;
        };
        self.members(path, key, (members, closed), toward, found);
        for needed in needs.into_iter().filter(|needed| !members.contains_key(*needed)) {
            let mut path = path.clone();
            path.push(needed.to_owned());
            found.push(Refused { path, fault: Violation::Missing });
        }
    }

    fn members(
        &self,
        path: &mut Vec<String>,
        key: &str,
        (members, closed): (&Map<String, Value>, bool),
        toward: &[String],
        found: &mut Vec<Refused>,
    ) {
        let any = format!("{key}.*");
        for (name, value) in members_toward(members, toward.get(path.len())) {
            let named = format!("{key}.{name}");
            path.push(name.clone());
            if self.rule(&named).is_some() {
                self.below(path, &named, value, toward, found);
            } else if self.rule(&any).is_some() {
                self.below(path, &any, value, toward, found);
            } else if closed && name != super::include::INCLUDE_KEY {
                let held = self.rules_of(&named).map_or(&[][..], |(held, _)| held.as_slice());
                let known = self.known(held.iter().flat_map(|(_, spans)| spans));
                found.push(Refused { path: path.clone(), fault: Violation::Unknown { known } });
            }
            path.pop();
        }
    }
}

/// The one member that is asked for, or all.
fn members_toward<'v>(
    members: &'v Map<String, Value>,
    asked: Option<&String>,
) -> impl Iterator<Item = (&'v String, &'v Value)> {
    let one = asked.and_then(|name| members.get_key_value(name));
    let all = asked.is_none().then(|| members.iter());
    one.into_iter().chain(all.into_iter().flatten())
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;

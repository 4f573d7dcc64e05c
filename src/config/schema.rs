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
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(release: &str, config: Value) -> Vec<String> {
        let schema = Schema::of(Release::parse(release).unwrap()).unwrap();
        let say = |one: Refused| match one.fault {
            Violation::Unknown { known: None } => format!("{}: unknown", one.path.join(".")),
            Violation::Unknown { known: Some((first, last)) } => {
                format!("{}: {first} to {last}", one.path.join("."))
            }
            Violation::Value { wanted } => format!("{}: {wanted}", one.path.join(".")),
            Violation::Missing => format!("{}: missing", one.path.join(".")),
        };
        schema.refused(&config).into_iter().map(say).collect()
    }

    #[test]
    fn the_table_is_read_whole() {
        let table = TABLE.as_ref().unwrap();
        assert!(KNOWN.len() >= 16 && table.keys.len() > 100);
    }

    #[test]
    fn what_real_gateways_refused_is_refused() {
        // Seen: none of these starts.
        assert_eq!(
            refused("2026.9.6", json!({"gateway": {"localExec": 1}})),
            ["gateway.localExec: unknown"]
        );
        assert_eq!(refused("2026.9.6", json!({"mode": "local"})), ["mode: unknown"]);
        let cron = |key: &str| refused("2026.9.6", json!({"cron": {key: true}}));
        assert_eq!(cron("enabledd"), ["cron.enabledd: unknown"]);
        assert_eq!(cron("enabled"), Vec::<String>::new());
        assert!(
            refused(
                "2026.5.28",
                json!({"gateway": {"roles": {"default": "a", "definitions": {}}}})
            )[0]
            .starts_with("gateway.roles: 2026.")
        );
        for release in ["2026.5.28", "2026.9.6"] {
            let found = refused(release, json!({"logging": {"level": "loud"}}));
            assert!(found[0].starts_with("logging.level: one of silent, fatal"), "{found:?}");
        }
        assert_eq!(
            refused("2026.9.6", json!({"gateway": {"trustedProxies": "127.0.0.1"}})),
            ["gateway.trustedProxies: a list"]
        );
        // What the releases before it wrote into every config.
        let touched = json!({"meta": {"lastTouchedAt": "2026-07-01T00:00:00Z"}});
        assert_eq!(refused("2026.7.1", touched.clone()), [""; 0]);
        assert!(refused("2026.7.2-beta.5", touched)[0].starts_with("meta.lastTouchedAt: 2026."));
    }

    /// Seen on 2026.5.12 and 2026.9.3: none of these starts.
    #[test]
    fn the_other_sections_are_checked_to_their_depth() {
        for (section, says) in [
            (json!({"session": {"scope": "everyone"}}), "session.scope: one of per-sender, global"),
            (json!({"cron": {"enabled": "true"}}), "cron.enabled: true or false"),
            (json!({"env": {"vars": {"X": 5}}}), "env.vars.X: a text"),
            (json!({"mcp": {"servers": {"x": "npx"}}}), "mcp.servers.x: an object"),
            (json!({"update": {"channel": "nightly"}}), "update.channel: one of"),
            (
                json!({"agents": {"defaults": {"workspace": 5}}}),
                "agents.defaults.workspace: a text",
            ),
        ] {
            for release in ["2026.5.12", "2026.9.3"] {
                let found = refused(release, section.clone());
                assert!(found.iter().any(|one| one.starts_with(says)), "{release}: {found:?}");
            }
        }
        let color = json!({"browser": {"profiles": {"w": {"color": "#GGG"}}}});
        assert!(refused("2026.5.12", color)[0].starts_with("browser.profiles.w.color: a text"));
        let list = json!({"agents": {"list": [{"id": "main", "thinking": "adaptive"}]}});
        assert_eq!(refused("2026.5.12", list), ["agents.list.0.thinking: unknown"]);
        // What a plugin says of its own settings is not in the table.
        let of_plugins = json!({"channels": {"mine": {"x": 1}}, "plugins": {"entries": {"x": {"config": {"y": 1}}}}});
        assert_eq!(refused("2026.9.3", of_plugins), [""; 0]);
    }

    /// Seen on 2026.3.13, 2026.5.27 and 2026.6.35: none of these starts, and those with the record of an install do.
    #[test]
    fn channels_plugins_and_forms_are_checked() {
        let telegram = |held: Value| json!({"channels": {"telegram": held}});
        let token = telegram(json!({"token": "1:a"}));
        for release in ["2026.3.13", "2026.5.27", "2026.6.35"] {
            assert!(refused(release, token.clone())[0].starts_with("channels.telegram.token: "));
            assert_eq!(
                refused(release, telegram(json!({"botToken": "1:a", "allowFrom": ["1"]}))),
                [""; 0]
            );
        }
        let from = telegram(json!({"allowFrom": "123"}));
        assert_eq!(refused("2026.6.35", from), ["channels.telegram.allowFrom: a list"]);
        let slot = json!({"plugins": {"slots": {"foo": "x"}}});
        assert_eq!(refused("2026.5.27", slot), ["plugins.slots.foo: unknown"]);
        let installs = json!({"plugins": {"installs": {"x": {"source": "npm"}}}});
        assert_eq!(refused("2026.6.35", installs), [""; 0]);
        let bindings = json!({"bindings": [{"agentId": "main"}]});
        assert_eq!(refused("2026.6.35", bindings), ["bindings.0.match: missing"]);
    }

    /// A thousand faults beside it are not looked at: as many releases are asked about one value.
    #[test]
    fn what_is_asked_of_one_path_is_said_of_it_alone() {
        let config = json!({
            "gateway": {"port": "x", "bind": 1, "trustedProxies": [1, 2, 3]},
            "agents": {"list": [{"id": 1}, {"id": "a", "agentDir": 1, "thinking": 1}]},
        });
        let schema = Schema::of(Release::parse("2026.5.12").unwrap()).unwrap();
        let toward = |path: &str| {
            let path: Vec<String> = path.split('.').map(str::to_owned).collect();
            let refused = schema.refused_toward(&config, &path);
            refused.into_iter().map(|one| one.path.join(".")).collect::<Vec<_>>()
        };
        assert!(schema.refused(&config).len() >= 6);
        assert_eq!(toward("gateway.port"), ["gateway.port"]);
        assert_eq!(toward("agents.list.1.agentDir"), ["agents.list.1.agentDir"]);
        assert_eq!(toward("agents.list.7.id"), [""; 0]);
        assert_eq!(toward("agents.list.x"), [""; 0]);
    }

    #[test]
    fn a_start_repairs_old_names_only_where_nothing_else_is_wrong() {
        let repairs = |release: &str, config: Value| {
            let schema = Schema::of(Release::parse(release).unwrap()).unwrap();
            let refused = schema.refused(&config);
            assert!(!refused.is_empty(), "{release}");
            schema.start_repairs(&config, &refused, false)
        };
        let old = json!({"gateway": {"reload": {"mode": "hot"}, "nodes": {"denyCommands": ["a"]}, "port": 0}});
        assert!(repairs("2026.9.6", old.clone()));
        let touched = json!({"meta": {"lastTouchedAt": 1}});
        assert!(repairs("2026.8.2", touched.clone()) && !repairs("2026.7.2-beta.5", touched));
        assert!(!repairs(
            "2026.9.6",
            json!({"gateway": {"reload": {"mode": "hot"}, "localExec": 1}})
        ));
        assert!(!repairs("2026.9.6", json!({"gateway": {"reload": {"mode": "loud"}}})));
        assert!(!repairs("2026.5.28", json!({"gateway": {"port": 0}})));
        // Seen on 2026.9.6: only a number out of the range is taken out.
        assert!(repairs("2026.9.6", json!({"gateway": {"port": 70000}})));
        assert!(!repairs("2026.9.6", json!({"gateway": {"port": 18789.5}})));
    }

    #[test]
    fn what_real_gateways_took_is_taken() {
        let config = json!({
            "gateway": {"mode": "local", "port": 18789, "bind": "loopback", "auth": {"mode": "token", "token": "${TOKEN}"}, "trustedProxies": ["127.0.0.1"]},
            "logging": {"level": "debug"}, "channels": {"anything": {"at": "all"}}, "meta": {"lastTouchedVersion": "2026.9.6"},
        });
        for release in ["2026.5.28", "2026.8.2", "2026.9.6", "2026.12.1"] {
            assert_eq!(refused(release, config.clone()), [""; 0], "{release}");
        }
        assert_eq!(
            refused(
                "2026.9.6",
                json!({"gateway": {"auth": {"token": {"source": "store", "provider": "default", "id": "A"}}}})
            ),
            [""; 0]
        );
        assert_eq!(refused("2026.9.6", json!([])), [""; 0]);
    }

    /// 2026.9.6 was seen not to start with an id in small letters, a key more, and no provider.
    #[test]
    fn a_reference_to_a_secret_has_a_grammar() {
        let takes = |source: &str, provider: &str, id: &str| {
            let token = json!({"source": source, "provider": provider, "id": id});
            refused("2026.9.6", json!({"gateway": {"auth": {"token": token}}})).is_empty()
        };
        for (source, id) in [
            ("env", "A_1"),
            ("file", "/a/b~1c~0"),
            ("file", "/"),
            ("file", "value"),
            ("exec", "vault/a#b"),
            ("store", "A"),
            ("env", "${X}"),
        ] {
            assert!(takes(source, "default", id), "{source} {id}");
        }
        for (source, id) in [
            ("env", "lab_set"),
            ("env", ""),
            ("env", "_A"),
            ("file", "a"),
            ("file", "/a~2"),
            ("file", "/a~"),
            ("exec", "/a"),
            ("exec", "a b"),
            ("web", "A"),
        ] {
            assert!(!takes(source, "default", id), "{source} {id}");
        }
        assert!(!takes("env", "Default", "A") && !takes("env", "", "A"));
        let token = json!({"source": "env", "provider": "default", "id": "A", "x": 1});
        assert_eq!(refused("2026.9.6", json!({"gateway": {"auth": {"token": token}}})).len(), 1);
    }
}

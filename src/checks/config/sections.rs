//! Sections beside the gateway's: what OpenClaw refuses in them beyond the types of its schema.

mod beside;

use std::collections::HashSet;

use serde_json::Value;

use super::{gateway, place_of};
use crate::checks::{Check, Stage};
use crate::config::release::Release;
use crate::finding::{Code, Finding, Severity};
use crate::format::json5::path_text;
use crate::model::Model;

pub static REFUSED: Check = Check {
    code: Code("config-section-refused"),
    severity: Severity::Blocks,
    title: "a section of the config has something that OpenClaw refuses",
    why: "OpenClaw checks more than the types of values: durations, the sandbox's network, the agents' folders, and whether plugins, channels and their files exist. If one of these does not fit, it refuses the whole config.",
    repair: "Nothing: only you know what was meant.",
    by_hand: "Correct the value in openclaw.json, or take it out; then start the gateway.",
    messages: &[
        "invalid duration",
        "network mode \"host\" is blocked",
        "Duplicate agentDir",
        "identity.avatar must",
        "plugin path not found",
        "unknown channel id",
        "unknown heartbeat target",
        "plugin not found",
        "(not in agents.list)",
        "(not in agents.entries)",
        "Profile must set cdpPort or cdpUrl",
        "invalid time (use \"HH:MM\"",
        "invalid size",
        "to include \"*\"",
        "non-absolute source path",
        "cannot set both allow and alsoAllow",
        "web_search provider is not available",
        "unknown web_search provider",
        "proxy: enabled but",
    ],
    stage: Some(Stage::Config),
    // Seen on 2026.5.12 and 2026.9.3; code of 2026.2.6 to 2026.9.3.
    find: |model, check| {
        if gateway(model).is_none() {
            return vec![];
        }
        let about = About { model, check };
        let found = [about.durations(), about.sandbox(), about.folders(), about.avatars()];
        let found = found.into_iter().chain([about.plugin_paths(), about.channels(), about.slot()]);
        let found = found.chain([about.bindings(), about.targets(), about.broadcast()]);
        let found = found.chain([about.hours(), about.browser(), about.elsewhere()]);
        let found = found.chain([about.sizes(), about.binds(), about.both_lists(), about.search()]);
        let found = found.chain([about.open_channels(), about.proxy()]);
        found.flatten().collect()
    },
    ..Check::BASE
};

struct About<'m> {
    model: &'m Model,
    check: &'m Check,
}

/// A value and its path in the config.
type At<'m> = (Vec<String>, &'m Value);

fn path(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

impl<'m> About<'m> {
    fn raw(&self, words: &[&str]) -> Option<At<'m>> {
        let path = path(words);
        let value = self.model.config.raw(&path)?;
        Some((path, value))
    }

    /// `below` of the defaults and of each agent.
    fn of_agents(&self, below: &[&str]) -> Vec<At<'m>> {
        let mut agents: Vec<At<'m>> = self.raw(&["agents", "defaults"]).into_iter().collect();
        if let Some((path, list)) = self.raw(&["agents", "list"]) {
            let items = list.as_array().into_iter().flatten().enumerate();
            agents.extend(
                items.map(|(at, item)| ([path.clone(), vec![at.to_string()]].concat(), item)),
            );
        }
        if let Some((path, entries)) = self.raw(&["agents", "entries"]) {
            let entries = entries.as_object().into_iter().flatten();
            agents.extend(
                entries.map(|(name, item)| ([path.clone(), vec![name.clone()]].concat(), item)),
            );
        }
        let in_it = |(path, agent): At<'m>| {
            let value = below.iter().try_fold(agent, |value, key| value.get(key))?;
            Some(([path, self::path(below)].concat(), value))
        };
        agents.into_iter().filter_map(in_it).collect()
    }

    fn says(&self, path: &[String], says: String, hand: &str) -> Option<Finding> {
        let owner = self.model.config.whole()?.resolved.place_for(path);
        Some(self.check.finding(place_of(self.model, path, &owner), says).by_hand([hand]))
    }

    fn durations(&self) -> Option<Finding> {
        let others = [
            &["cron", "sessionRetention"][..],
            &["session", "maintenance", "pruneAfter"],
            &["session", "maintenance", "resetArchiveRetention"],
        ];
        let others = others.into_iter().filter_map(|words| self.raw(words));
        let mut all = self.of_agents(&["heartbeat", "every"]).into_iter().chain(others);
        let is_wrong = |value: &Value| value.as_str().is_some_and(|text| !is_duration(text));
        let (path, _) = all.find(|(_, value)| is_wrong(value))?;
        let says = format!("{} is no duration", path_text(&path));
        self.says(&path, says, "write a number with ms, s, m, h or d, for example \"30m\"")
    }

    fn sandbox(&self) -> Option<Finding> {
        let all = self.of_agents(&["sandbox", "docker", "network"]);
        let is_host = |value: &Value| {
            value.as_str().is_some_and(|text| text.trim().eq_ignore_ascii_case("host"))
        };
        let (path, _) = all.into_iter().find(|(_, value)| is_host(value))?;
        let says = format!("{} is \"host\", which OpenClaw does not allow", path_text(&path));
        self.by_sandbox_checks(self.says(&path, says, "set it to \"bridge\" or \"none\"")?)
    }

    /// In the code of 2026.2.17, and not of 2026.2.12.
    fn by_sandbox_checks(&self, finding: Finding) -> Option<Finding> {
        let is_so = self.model.by_release(|release: Release| release.is_from("2026.2.17"));
        finding.where_so(is_so, "releases before 2026.2.17 take it")
    }

    fn folders(&self) -> Option<Finding> {
        let all = self.of_agents(&["agentDir"]);
        let mut seen = HashSet::new();
        let mut is_twice = |(_, folder): &&At<'m>| {
            let folder = folder.as_str().map(str::trim).filter(|text| !text.is_empty());
            folder.is_some_and(|folder| !seen.insert(folder))
        };
        let (path, _) = all.iter().find(|one| is_twice(one))?;
        let says = "two agents have the same agentDir".to_owned();
        self.says(path, says, "give each agent a folder of its own, or take agentDir out")
    }

    /// A picture is a path in the agent's workspace, or an address. Whole paths are not looked at.
    fn avatars(&self) -> Option<Finding> {
        let is_wrong = |value: &Value| {
            let text = value.as_str().unwrap_or_default().trim();
            let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
            let is_address = scheme.as_ref().is_some_and(|scheme| scheme.len() > 1);
            let is_known =
                scheme.is_some_and(|scheme| ["http", "https", "data"].contains(&scheme.as_str()));
            let mut depth = 0;
            let leads_out = text.split('/').any(|part| {
                depth += match part {
                    ".." => -1,
                    "" | "." => 0,
                    _ => 1,
                };
                depth < 0
            });
            text.starts_with('~') || is_address && !is_known || !is_address && leads_out
        };
        let (path, _) = self
            .of_agents(&["identity", "avatar"])
            .into_iter()
            .find(|(_, value)| is_wrong(value))?;
        let says = format!("{} leads out of the agent's workspace", path_text(&path));
        self.says(&path, says, "name a file within the workspace, or an https address")
    }

    fn plugin_paths(&self) -> Option<Finding> {
        let missing = self.model.config.facts.missing_plugins.first()?;
        let path = path(&["plugins", "load", "paths"]);
        let shown = crate::secret::shape::Shape::File.show(&super::name(self.model, missing));
        let finding = self.says(
            &path,
            "plugins.load.paths names a path that is not there".to_owned(),
            "correct the path, or take it out",
        )?;
        Some(finding.seen("path", shown))
    }

    fn has_plugin(&self, name: &str) -> bool {
        let named =
            ["entries", "installs"].iter().any(|key| self.raw(&["plugins", key, name]).is_some());
        let paths = self.raw(&["plugins", "load", "paths"]);
        named
            || paths
                .is_some_and(|(_, paths)| paths.as_array().is_some_and(|paths| !paths.is_empty()))
    }

    /// Plugins bring channels of their own, so these cannot be told from the config.
    fn channels(&self) -> Option<Finding> {
        let sections = self.raw(&["channels"]).and_then(|(_, value)| value.as_object());
        let names = sections
            .into_iter()
            .flatten()
            .map(|(name, _)| (path(&["channels", name]), name.as_str()));
        let targets = self.of_agents(&["heartbeat", "target"]);
        let targets =
            targets.into_iter().filter_map(|(path, value)| Some((path, value.as_str()?.trim())));
        let is_known = |name: &str| {
            let name = name.trim().to_ascii_lowercase();
            let is_gone = name == "bluebubbles"
                && self.model.by_release(|release| release.is_from("2026.5.8")) == Some(true);
            CHANNELS.split(' ').any(|known| known == name) && !is_gone || self.has_plugin(&name)
        };
        // The chat of the browser has no settings as a channel (2026.4.24, 2026.5.27 and 2026.6.35 refuse them).
        let names = names.map(|(path, name)| (path, if name == "webchat" { "" } else { name }));
        let (path, _) = names.chain(targets).find(|(_, name)| !is_known(name))?;
        let says = format!("clawmend does not know the channel of {}", path_text(&path));
        let finding =
            self.says(&path, says, "take it out, if no plugin of yours brings this channel")?;
        Some(
            finding
                .rated(Severity::Unchecked)
                .note("if no plugin brings it, the gateway does not start"),
        )
    }

    /// The ids of the agents, as they stand there.
    fn agents(&self) -> HashSet<&'m str> {
        let list = self.raw(&["agents", "list"]).and_then(|(_, list)| list.as_array());
        let named = list.into_iter().flatten().filter_map(|agent| agent.get("id")?.as_str());
        let entries = self.raw(&["agents", "entries"]).and_then(|(_, entries)| entries.as_object());
        named.chain(entries.into_iter().flatten().map(|(name, _)| name.as_str())).collect()
    }

    fn agents_by_any_case(&self) -> HashSet<String> {
        self.agents().into_iter().map(any_case).collect()
    }

    /// In the code of 2026.8.1 where there are agents at all; 2026.9.3 was seen not to start with none.
    fn bindings(&self) -> Option<Finding> {
        let known = self.agents_by_any_case();
        let (path, bindings) = self.raw(&["bindings"])?;
        let is_unknown = |binding: &Value| {
            let id = binding.get("agentId").and_then(Value::as_str).unwrap_or("main");
            !is_main(id) && !known.contains(&any_case(id))
        };
        let at = bindings.as_array()?.iter().position(is_unknown)?;
        let path = [path, vec![at.to_string(), "agentId".to_owned()]].concat();
        self.no_agent(&path, |release| {
            release.is_from("2026.9.3") || !known.is_empty() && release.is_from("2026.8.1")
        })
    }

    /// Where one agent is named (code of 2026.8.2, and not of 2026.7.1).
    fn targets(&self) -> Option<Finding> {
        let known = self.agents_by_any_case();
        let defaults = ["heartbeat", "systemAgent"].map(|of| ["agents", "defaults", of, "agentId"]);
        let named = defaults.iter().map(<[&str; 4]>::as_slice).chain([&["talk", "agentId"][..]]);
        let is_unknown = |(_, value): &At<'m>| {
            value.as_str().is_some_and(|id| {
                !(known.contains(&any_case(id)) || known.is_empty() && is_main(id))
            })
        };
        let (path, _) = named.filter_map(|at| self.raw(at)).find(is_unknown)?;
        self.no_agent(&path, |release| release.is_from("2026.8.1"))
    }

    /// Its ids are compared as they stand, where there are agents at all (code of 2026.2.12 to 2026.8.2; 2026.8.2 and 2026.9.6 did not
    /// start).
    fn broadcast(&self) -> Option<Finding> {
        let known = self.agents();
        let (path, peers) = self.raw(&["broadcast"]).filter(|_| !known.is_empty())?;
        let is_unknown = |id: &Value| !id.as_str().is_some_and(|id| known.contains(&id));
        let (peer, at) = peers
            .as_object()?
            .iter()
            .find_map(|(peer, ids)| Some((peer, ids.as_array()?.iter().position(is_unknown)?)))?;
        self.no_agent(&[path, vec![peer.clone(), at.to_string()]].concat(), |_| true)
    }

    fn no_agent(&self, path: &[String], stops: impl Fn(Release) -> bool) -> Option<Finding> {
        let says = format!("{} is no agent of this config", path_text(path));
        let finding = self.says(path, says, "name an agent of the config, or take it out")?;
        finding.where_so(self.model.by_release(stops), "some releases start with it")
    }

    /// Code of 2026.2.12 to 2026.8.2: where the same heartbeat has an `every` (2026.5.12 takes others).
    fn hours(&self) -> Option<Finding> {
        let beats: Vec<At<'m>> = self
            .of_agents(&["heartbeat"])
            .into_iter()
            .filter(|(_, beat)| beat.get("every").is_some_and(|every| every != ""))
            .collect();
        let ends = ["start", "end"].into_iter().flat_map(|end| {
            beats.iter().filter_map(move |(path, beat)| {
                let path = [path.clone(), self::path(&["activeHours", end])].concat();
                Some((path, beat.get("activeHours")?.get(end)?))
            })
        });
        let is_wrong = |value: &Value| {
            let text = value.as_str().filter(|text| !text.is_empty());
            let is_time = |text: &str| {
                let (hours, minutes) = text.split_once(':')?;
                let is_two =
                    |digits: &str| digits.len() == 2 && digits.bytes().all(|c| c.is_ascii_digit());
                (is_two(hours) && is_two(minutes) && hours <= "24" && minutes <= "59").then_some(())
            };
            text.is_some_and(|text| is_time(text).is_none())
        };
        let (path, _) = ends.into_iter().find(|(_, value)| is_wrong(value))?;
        self.says(
            &path,
            format!("{} is no time of the day", path_text(&path)),
            "write it as \"08:00\"",
        )
    }

    /// Code of 2026.2.12 to 2026.8.2.
    fn browser(&self) -> Option<Finding> {
        let (path, profiles) = self.raw(&["browser", "profiles"])?;
        let is_own = |profile: &Value| {
            let driver = profile.get("driver").and_then(Value::as_str);
            matches!(driver, Some("existing-session" | "extension"))
                || ["cdpPort", "cdpUrl"]
                    .iter()
                    .any(|key| profile.get(key).is_some_and(|it| it != ""))
        };
        let (name, _) = profiles.as_object()?.iter().find(|(_, profile)| !is_own(profile))?;
        let path = [path, vec![name.clone()]].concat();
        let says = format!("{} has no cdpPort and no cdpUrl", path_text(&path));
        self.says(&path, says, "add one of the two, or take the profile out")
    }

    /// Variables that the config itself sets count from then on, for gateway and CLI (2026.5.12 and 2026.9.3 did not start).
    fn elsewhere(&self) -> Option<Finding> {
        let here = [&self.model.facts.state_dir, &self.model.config.path];
        let names = ["OPENCLAW_STATE_DIR", "OPENCLAW_CONFIG_PATH", "OPENCLAW_HOME"].into_iter();
        let mut set =
            names.flat_map(|name| [self.raw(&["env", "vars", name]), self.raw(&["env", name])]);
        let leads = |(_, value): &At<'m>| {
            let text = value.as_str().unwrap_or_default().trim();
            !text.is_empty() && here.iter().all(|path| path.as_path() != std::path::Path::new(text))
        };
        let (path, _) = set.by_ref().flatten().find(leads)?;
        let says = format!("{} leads OpenClaw to another state or config", path_text(&path));
        let finding =
            self.says(&path, says, "take it out, or set it where the gateway is started")?;
        Some(finding.rated(Severity::Unchecked).note(
            "what lies there is not looked at; where nothing does, the gateway does not start",
        ))
    }

    fn slot(&self) -> Option<Finding> {
        let (path, value) = self.raw(&["plugins", "slots", "memory"])?;
        let name = value.as_str()?.trim();
        if matches!(name, "none" | "memory-core") || self.has_plugin(name) {
            return None;
        }
        let says = "plugins.slots.memory names a plugin that the config says no more of".to_owned();
        let finding =
            self.says(&path, says, "install the plugin, or set it to \"memory-core\" or \"none\"")?;
        Some(
            finding
                .rated(Severity::Unchecked)
                .note("if the plugin is not installed, the gateway does not start"),
        )
    }
}

fn any_case(id: &str) -> String {
    id.trim().to_ascii_lowercase()
}

fn is_main(id: &str) -> bool {
    any_case(id) == "main"
}

/// Channels that come with some release, and words that stand beside them.
const CHANNELS: &str = "a2a bluebubbles buzz clickclack defaults discord feishu googlechat imessage irc last line matrix mattermost modelbychannel msteams \
    nextcloud-talk none nostr qa-channel qqbot raft reef signal slack sms synology-chat telegram tlon twitch webchat whatsapp zalo zalouser";

/// Numbers with units, one behind the other; a number alone has the unit of its place.
fn is_duration(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        if number == 0 {
            return false;
        }
        rest = rest.get(number..).unwrap_or_default();
        let unit =
            ["ms", "s", "m", "h", "d", "w"].into_iter().find_map(|unit| rest.strip_prefix(unit));
        match unit {
            Some(after) => rest = after.trim_start(),
            None if rest.is_empty() => {}
            None => return false,
        }
    }
    !text.is_empty()
}

#[cfg(test)]
#[path = "sections_tests.rs"]
mod tests;

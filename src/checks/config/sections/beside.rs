//! Sizes, folders of the sandbox, lists of tools, the search of the web, the proxy and channels that are open to all.

use serde_json::Value;

use super::{About, At};
use crate::config::release::Release;
use crate::finding::{Finding, Severity};
use crate::format::json5::path_text;

impl<'m> About<'m> {
    /// Code of 2026.2.26 to 2026.7.1 (2026.5.12 refuses it).
    pub(super) fn sizes(&self) -> Option<Finding> {
        let maintenance = ["maxDiskBytes", "highWaterBytes", "rotateBytes"];
        let maintenance = maintenance.map(|key| self.raw(&["session", "maintenance", key]));
        let all = maintenance.into_iter().chain([self.raw(&["cron", "runLog", "maxBytes"])]);
        let is_wrong = |(path, value): &At<'m>| {
            // Releases after 2026.4.14 look no more at the size at which files are changed.
            let ends = |release: Release| !release.is_from("2026.4.16");
            let counts = path.last().is_some_and(|key| key != "rotateBytes");
            (counts || self.model.by_release(ends) == Some(true))
                && value.as_str().is_some_and(|text| !is_size(text))
        };
        let (path, _) = all.flatten().find(is_wrong)?;
        let says = format!("{} is no size", path_text(&path));
        self.says(&path, says, "write a number with b, kb, mb, gb or tb, for example \"500mb\"")
    }

    /// A folder of the host for the sandbox is a whole path; drive letters are taken in late releases alone (2026.5.3 and 2026.5.12 refuse
    /// `./x:/x`, `~/x:/x` and a name of a volume).
    pub(super) fn binds(&self) -> Option<Finding> {
        let all = self.of_agents(&["sandbox", "docker", "binds"]);
        let takes_drives = self.model.by_release(|release| release.is_from("2026.4.30"));
        let is_wrong = |bind: &Value| {
            bind.as_str().map(str::trim).is_some_and(|bind| {
                let drive = bind.starts_with(|c: char| c.is_ascii_alphabetic());
                let is_drive = drive && matches!(bind.as_bytes().get(1..3), Some(b":\\" | b":/"));
                let is_drive = is_drive && takes_drives != Some(false);
                !bind.starts_with('/') && !is_drive && !bind.contains("${")
            })
        };
        let (path, at) = all
            .into_iter()
            .find_map(|(path, binds)| Some((path, binds.as_array()?.iter().position(is_wrong)?)))?;
        let path = [path, vec![at.to_string()]].concat();
        let says = format!("{} does not begin with a whole path", path_text(&path));
        self.by_sandbox_checks(self.says(&path, says, "write it as /path/of/host:/path/inside")?)
    }

    /// Code of 2026.2.3 to 2026.8.2 (2026.5.12 and 2026.6.35 refuse it).
    pub(super) fn both_lists(&self) -> Option<Finding> {
        let of_tools = |(path, tools): At<'m>| {
            let below = [&[][..], &["sandbox", "tools"], &["subagents", "tools"]];
            let below = below.into_iter().filter_map(|words| {
                let held = words.iter().try_fold(tools, |value, key| value.get(key))?;
                Some(([path.clone(), super::path(words)].concat(), held))
            });
            let providers =
                tools.get("byProvider").and_then(Value::as_object).into_iter().flatten();
            let named = |(name, held): (&String, &'m Value)| {
                ([path.clone(), vec!["byProvider".to_owned(), name.clone()]].concat(), held)
            };
            below.chain(providers.map(named)).collect::<Vec<_>>()
        };
        let has = |value: &Value, key: &str| {
            value.get(key).and_then(Value::as_array).is_some_and(|list| !list.is_empty())
        };
        let all = self.raw(&["tools"]).into_iter().chain(self.of_agents(&["tools"]));
        let (path, _) = all
            .flat_map(of_tools)
            .find(|(_, tools)| has(tools, "allow") && has(tools, "alsoAllow"))?;
        let says = format!("{} has both allow and alsoAllow", path_text(&path));
        self.says(&path, says, "put all into allow, or take allow out")
    }

    /// Which of these a release has depends on the plugins that are installed (2026.4.14 takes any; 2026.5.3, 2026.5.12 and 2026.6.35 do
    /// not start with `brave` alone, which up to then came with OpenClaw).
    pub(super) fn search(&self) -> Option<Finding> {
        let (path, value) = self.raw(&["tools", "web", "search", "provider"])?;
        let name = value.as_str()?.trim();
        let came = ["exa", "firecrawl", "kimi", "perplexity", "searxng", "tavily"].contains(&name)
            && self.model.by_release(|release| !release.is_from("2026.5.13")) == Some(true);
        let comes = ["duckduckgo", "gemini", "grok", "minimax", "ollama"].contains(&name);
        let may_stop = |release: Release| release.is_from("2026.4.29");
        if comes || came || self.model.by_release(may_stop) == Some(false) {
            return None;
        }
        let says = format!("{} is a search that comes with a plugin", path_text(&path));
        let hand = "take it out, if no plugin of yours brings it, or install that plugin";
        let finding = self.says(&path, says, hand)?.rated(Severity::Unchecked);
        Some(finding.note("if no plugin brings it, the gateway does not start"))
    }

    /// A proxy that is on needs its URL (2026.5.27 does not start without; code of 2026.4.29 to 2026.8.2, and not of 2026.9.3).
    pub(super) fn proxy(&self) -> Option<Finding> {
        let (path, proxy) = self.raw(&["proxy"])?;
        (proxy.get("enabled") == Some(&Value::Bool(true))).then_some(())?;
        let url = proxy.get("proxyUrl").and_then(Value::as_str).map_or("", str::trim);
        let mut gateways = self.model.config.facts.seen_by_gateway();
        let is_set = gateways.any(|at| at.value("OPENCLAW_PROXY_URL").is_some());
        let is_http = |scheme: &str| {
            url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        if url.is_empty() && is_set
            || url.contains("${")
            || ["http:", "https:"].iter().any(|it| is_http(it))
        {
            return None;
        }
        let path = [path, vec!["proxyUrl".to_owned()]].concat();
        let says = format!(
            "{} is no http:// or https:// URL, and proxy.enabled is true",
            path_text(&path)
        );
        let finding = self.says(
            &path,
            says,
            "write the URL of your proxy there, or set proxy.enabled to false",
        )?;
        let asks = |release: Release| release.is_from("2026.4.29") && !release.is_from("2026.9.3");
        finding.where_so(
            self.model.by_release(asks),
            "releases from 2026.4.29 to 2026.8.2 do not start, others do",
        )
    }

    /// Up to 2026.3.24 OpenClaw's own schema says this of its channels (code of 2026.2.17 and 2026.3.13).
    pub(super) fn open_channels(&self) -> Option<Finding> {
        let (path, channels) = self.raw(&["channels"])?;
        let is_open = |section: &Value, words: &[&str], from: &[&str]| {
            let at = |words: &[&str]| words.iter().try_fold(section, |value, key| value.get(key));
            let takes_all = |list: &Value| {
                list.as_array().is_some_and(|list| {
                    list.iter().any(|one| one.as_str().is_some_and(|one| one.trim() == "*"))
                })
            };
            at(words).is_some_and(|policy| policy == "open") && !at(from).is_some_and(takes_all)
        };
        let one = ["telegram", "whatsapp", "signal", "imessage", "bluebubbles", "msteams", "irc"];
        let (name, _) = channels.as_object()?.iter().find(|(name, section)| {
            one.contains(&name.as_str()) && is_open(section, &["dmPolicy"], &["allowFrom"])
        })?;
        let path = [path, vec![name.clone(), "dmPolicy".to_owned()]].concat();
        let says = format!("{} is \"open\", and allowFrom has no \"*\"", path_text(&path));
        let finding =
            self.says(&path, says, "add \"*\" to its allowFrom, or set it to \"pairing\"")?;
        let is_so = self.model.by_release(|release: Release| !release.is_from("2026.3.28"));
        finding.where_so(is_so, "releases from 2026.3.28 on take it")
    }
}

/// A number, and perhaps a unit; a number alone is of bytes.
fn is_size(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(number.len()..).unwrap_or_default();
    let is_number = number.trim_end().parse::<f64>().is_ok_and(f64::is_finite);
    is_number && ["", "b", "k", "kb", "m", "mb", "g", "gb", "t", "tb"].contains(&unit)
}

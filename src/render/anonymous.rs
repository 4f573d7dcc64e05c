//! Takes out of a text what tells whose machine it is: for what is pasted where everybody reads it. The texts
//! come masked already; here go homes, users, hosts, addresses, names of devices, and the rest of ids.

use std::net::IpAddr;
use std::path::Path;
use std::sync::OnceLock;

use regex_lite::{Captures, Regex};

use crate::model::Model;
use crate::secret::places::is_known_key;
use crate::secret::shape::Shape;

/// Names that many machines have, and that OpenClaw's own words contain.
const COMMON: &str = "\
    root node openclaw clawdbot moltbot clawmend gateway cli home user users admin ubuntu debian \
    pi docker runner nobody localhost linux operator config host name address";

/// What is replaced, the longest first.
#[derive(Debug, Default)]
pub struct Anonymous {
    words: Vec<(String, &'static str)>,
}

impl Anonymous {
    /// For a state and what the process's surroundings name: home folders, users, hosts.
    pub fn of<'a>(
        model: &Model,
        homes: impl IntoIterator<Item = &'a Path>,
        users: impl IntoIterator<Item = String>,
        hosts: impl IntoIterator<Item = String>,
    ) -> Self {
        let mut words = Vec::new();
        let mut users: Vec<String> = users.into_iter().collect();
        for home in homes.into_iter().filter(|home| home.iter().count() > 1) {
            words.push((crate::platform::shown(home), "~"));
            users.extend(home.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
        words.extend(users.into_iter().map(|user| (user, "<user>")));
        for host in hosts {
            // `box.lan` is called `box` too.
            words.extend(host.split_once('.').map(|(short, _)| (short.to_owned(), "<host>")));
            words.push((host, "<host>"));
        }
        for device in model.paired.devices().chain(model.pending.devices()) {
            if let Some(name) = device.display_name {
                // Where it holds too much, a part of it is shown.
                let shown = Some(Shape::Name.show(&name)).filter(|shown| shown != "****");
                words.extend(shown.into_iter().chain([name]).map(|name| (name, "<name>")));
            }
        }
        words.retain(|(word, _)| {
            let plain = word.to_lowercase();
            word.chars().count() > 1
                && !COMMON.split(' ').any(|one| one == plain)
                && !is_known_key(word)
        });
        words.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        words.dedup_by(|a, b| a.0 == b.0);
        Self { words }
    }

    /// A text without all that.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let (own, others): (Vec<_>, Vec<_>) =
            self.words.iter().partition(|(_, instead)| *instead == "~");
        for (word, instead) in own {
            text = whole_words(&text, word, instead);
        }
        // Before the users' names: a home may be called `ann-2`.
        let (homes, rest) = patterns().split_at(HOMES);
        for (pattern, replace) in homes {
            text = pattern.replace_all(&text, *replace).into_owned();
        }
        for (word, instead) in others {
            text = whole_words(&text, word, instead);
        }
        for (pattern, replace) in rest {
            text = pattern.replace_all(&text, *replace).into_owned();
        }
        text
    }
}

/// Replaces a word where no letter or digit touches it; a folder also where its path goes on.
fn whole_words(text: &str, word: &str, instead: &str) -> String {
    let touches = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in text.match_indices(word) {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|after| after.chars().next());
        if touches(before) || touches(after) || instead == "~" && matches!(after, Some('-' | '.')) {
            continue;
        }
        out.push_str(text.get(done..at).unwrap_or_default());
        out.push_str(instead);
        done = at + word.len();
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// So many of the patterns are other people's homes.
const HOMES: usize = 1;

type Replace = fn(&Captures<'_>) -> String;

/// What is told by its form, in this order.
fn patterns() -> &'static [(Regex, Replace)] {
    static PATTERNS: OnceLock<Vec<(Regex, Replace)>> = OnceLock::new();
    const FORMS: &[(&str, Replace)] = &[
        // Other people's homes, also those of Windows seen from WSL.
        (r#"(/home/|/Users/|\\Users\\)([^/\\\s'":,;)<>]+)"#, |at| format!("{}<user>", part(at, 1))),
        // The last letters of a masked secret.
        (r"\*{4}[A-Za-z0-9_~+/-]{1,8}", |_| "****".to_owned()),
        (r#"([A-Za-z][A-Za-z0-9+.-]*://)(?:[^/@\s'"]*@)?(\[[^\]\s]*\]|[^/:?#\s'"`,;)]+)"#, |at| {
            let host = part(at, 2);
            let shown = if is_here(host) { host } else { "<host>" };
            format!("{}{shown}", part(at, 1))
        }),
        (r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}", |at| {
            // A unit of systemd that has an instance.
            let name = part(at, 0).split('@').next().unwrap_or_default();
            if part(at, 0).ends_with(".service") {
                format!("{name}@<name>.service")
            } else {
                "<address>".to_owned()
            }
        }),
        (r"\b(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}\b", |_| "<address>".to_owned()),
        (r"[0-9a-fA-F]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*(?:%[A-Za-z0-9]+)?", address),
        (r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b", address),
        (
            r"\b[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.(?:com|net|org|io|dev|app|cloud|eu|de|fr|uk|nl|ch|at|it|es|pl|cn|jp|in|br|ru|me|xyz|lan|local|localdomain|internal|intranet|corp|arpa|onion)\b",
            |at| {
                let first = part(at, 0).split('.').next().unwrap_or_default();
                if is_known_key(first) { part(at, 0).to_owned() } else { "<host>".to_owned() }
            },
        ),
        // Ids of requests and devices; keys.
        (
            r"\b([0-9a-fA-F]{8})-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b",
            shortened,
        ),
        (r"\b([0-9a-fA-F]{8})[0-9a-fA-F]{24,}\b", shortened),
        (r"\b([A-Za-z0-9_-]{4})[A-Za-z0-9_-]{36,}", shortened),
    ];
    PATTERNS.get_or_init(|| {
        let compiled =
            FORMS.iter().filter_map(|(form, replace)| Some((Regex::new(form).ok()?, *replace)));
        compiled.collect()
    })
}

fn part<'t>(at: &Captures<'t>, number: usize) -> &'t str {
    at.get(number).map(|found| found.as_str()).unwrap_or_default()
}

fn shortened(at: &Captures<'_>) -> String {
    format!("{}...", part(at, 1))
}

/// An address of this machine alone, or of none, tells nothing of it.
fn is_here(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    let tells_nothing = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
    host == "localhost" || host == "<host>" || host.parse().is_ok_and(tells_nothing)
}

fn address(at: &Captures<'_>) -> String {
    let whole = part(at, 0);
    // A sentence may end behind it.
    let text = whole.trim_end_matches('.');
    let text = if text.ends_with("::") { text } else { text.trim_end_matches(':') };
    let (ip, zone) = text.split_once('%').map_or((text, ""), |(ip, zone)| (ip, zone));
    let is_one = ip.parse::<IpAddr>().is_ok() && (!is_here(ip) || !zone.is_empty());
    let rest = whole.get(text.len()..).unwrap_or_default();
    if is_one { format!("<address>{rest}") } else { whole.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        let words = [("/home/ann", "~"), ("ann", "<user>"), ("box7", "<host>")];
        Anonymous { words: words.map(|(word, instead)| (word.to_owned(), instead)).into() }
            .text(text)
    }

    #[test]
    fn whose_machine_it_is_goes() {
        for (text, without) in [
            (
                "/home/ann/.openclaw and /home/anna/x, /home/ann-2",
                "~/.openclaw and /home/<user>/x, /home/<user>",
            ),
            ("sudo -u ann on box7, annual", "sudo -u <user> on <host>, annual"),
            (
                "/mnt/c/Users/Bob/.openclaw C:\\Users\\Bob\\x",
                "/mnt/c/Users/<user>/.openclaw C:\\Users\\<user>\\x",
            ),
            ("wss://u:p@claw.example:443/x", "wss://<host>:443/x"),
            ("ws://[fe80::1]:18789, ws://[::1]:18789", "ws://<host>:18789, ws://[::1]:18789"),
            ("ws://127.0.0.1:18789 ws://localhost:1", "ws://127.0.0.1:18789 ws://localhost:1"),
            ("from 10.0.0.9, 192.168.1.7/24, 0.0.0.0.", "from <address>, <address>/24, 0.0.0.0."),
            (
                "2001:db8::7 and ::1, fe80::1%eth0, 00:1a:2b:3c:4d:5e",
                "<address> and ::1, <address>, <address>",
            ),
            ("bob@example.org at claw.tail9.ts.net", "<address> at <host>"),
            ("openclaw@bob.service", "openclaw@<name>.service"),
            ("request 461df16e-0b39-4c1f-9b1e-0123456789ab", "request 461df16e..."),
            ("e4e8f6e8993a591f0f30069937aa51998f54cc5b0310f53c8979a0e125e0e8d5", "e4e8f6e8..."),
            ("cLopRPTMgn4f7TMuF2O4PzMcpMU_Y-jE9USqu4aDnco", "cLop..."),
            ("token ****fXYZ", "token ****"),
        ] {
            assert_eq!(plain(text), without);
        }
    }

    #[test]
    fn what_helps_stays() {
        for text in [
            "2026-11-24 17:15:34 UTC",
            "2026.9.6",
            "gateway.mode is missing",
            "devices/paired.json",
            "gateway.auth.mode",
            "operator.admin, operator.read",
            "state/openclaw.sqlite",
            "cli-scopes-missing",
            "OPENCLAW_GATEWAY_TOKEN in ~/.config/systemd/user/openclaw-gateway.service",
            "mode 0644, uid 1000",
        ] {
            assert_eq!(plain(text), text);
        }
    }
}

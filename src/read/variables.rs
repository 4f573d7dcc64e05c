//! Variables that beat the config: in this environment, in `.env` files, in the gateway's service
//! definition. Files are read, nothing is asked of systemd, launchd or the task scheduler.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::disk::real;
use super::env::Env;
use super::locate::Located;
use crate::config::facts::{Place, Variables};
use crate::secret::Secret;

/// A file of variables is small, bytes.
const LARGEST: u64 = 256 * 1024;

type Pairs = BTreeMap<String, String>;

/// Every place that sets variables, as far as files tell: those of other state dirs too, which say so.
pub(super) fn read(located: &Located, env: &Env) -> Vec<Variables> {
    let state = &located.state_dir;
    let mut found = vec![(Place::Process, "this environment".to_owned(), env.vars.clone())];
    let mut dot_envs = vec![state.join(".env")];
    if let Some(home) = located.home.as_ref().filter(|home| home.join(".openclaw") == **state) {
        dot_envs.push(home.join(".config/openclaw/gateway.env"));
    }
    for path in dot_envs {
        if let Some(text) = text(&path) {
            found.push((Place::DotEnv, crate::platform::shown(&path), dotenv(&text)));
        }
    }
    for path in services(located, env) {
        if let Some(text) = text(&path) {
            let pairs = match path.extension().and_then(|end| end.to_str()) {
                Some("service") => unit(&text),
                Some("plist") => plist(&text),
                Some("cmd") => script(&text),
                _ => dotenv(&text),
            };
            found.push((Place::Service, crate::platform::shown(&path), pairs));
        }
    }
    let ours = real(state);
    found
        .into_iter()
        .map(|(place, at, pairs)| variables(place, at, &pairs, &ours, located))
        .collect()
}

fn variables(place: Place, at: String, pairs: &Pairs, ours: &Path, located: &Located) -> Variables {
    let value = |name: &str| {
        let value = pairs.get(name)?.trim();
        (!value.is_empty() && value != "undefined" && value != "null").then(|| value.to_owned())
    };
    let state_dir = value("OPENCLAW_STATE_DIR").map(|dir| match dir.strip_prefix("~/") {
        Some(rest) => located.home.clone().unwrap_or_default().join(rest),
        None => PathBuf::from(dir),
    });
    Variables {
        token: value("OPENCLAW_GATEWAY_TOKEN").map(Secret::new),
        password: value("OPENCLAW_GATEWAY_PASSWORD").is_some(),
        // `host:port` is taken too.
        port: value("OPENCLAW_GATEWAY_PORT")
            .and_then(|port| port.rsplit(':').next()?.parse().ok())
            .filter(|port| *port > 0),
        url: value("OPENCLAW_GATEWAY_URL"),
        other_state_dir: state_dir.filter(|dir| real(dir) != *ours),
        names: pairs.keys().cloned().collect(),
        place,
        at,
    }
}

/// Where the gateway's service is defined on each system.
fn services(located: &Located, env: &Env) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let profile = located.profile.as_deref().filter(|name| *name != "default");
    let dash = profile.map(|name| format!("-{name}")).unwrap_or_default();
    for home in located.home.iter().chain(&env.home) {
        let units = home.join(".config/systemd/user");
        for name in ["openclaw-gateway", "clawdbot-gateway", "moltbot-gateway"] {
            paths.push(units.join(format!("{name}{dash}.service")));
        }
        if let Some(name) = env.var("OPENCLAW_SYSTEMD_UNIT").filter(|name| !name.contains('/')) {
            let name = name.trim_end_matches(".service");
            paths.push(units.join(format!("{name}.service")));
        }
        let label = format!("ai.openclaw.{}.plist", profile.unwrap_or("gateway"));
        paths.push(home.join("Library/LaunchAgents").join(label));
    }
    paths.push(located.state_dir.join("gateway.systemd.env"));
    paths.push(located.state_dir.join("gateway.cmd"));
    let mut seen = Vec::new();
    paths.retain(|path| {
        !seen.contains(path) && {
            seen.push(path.clone());
            true
        }
    });
    paths
}

fn text(path: &Path) -> Option<String> {
    let bytes = crate::files::read_small(path, LARGEST).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// `NAME=value` lines, `export` and quotes allowed, the first of a name wins.
fn dotenv(text: &str) -> Pairs {
    let mut pairs = Pairs::new();
    for line in text.lines() {
        let line = line.trim().trim_start_matches('\u{feff}');
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let value = value.trim();
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'' | '`')) => {
                let body = value.get(1..).unwrap_or_default();
                body.split(quote).next().unwrap_or_default()
            }
            _ => value.split(" #").next().unwrap_or_default().trim_end(),
        };
        pairs.entry(name.trim().to_owned()).or_insert_with(|| value.to_owned());
    }
    pairs
}

/// `Environment=` lines of a systemd unit: words that may be quoted, the last of a name wins.
fn unit(text: &str) -> Pairs {
    let mut pairs = Pairs::new();
    for line in text.lines() {
        if let Some(words) = line.trim().strip_prefix("Environment=") {
            for word in words_of(words) {
                if let Some((name, value)) = word.split_once('=') {
                    pairs.insert(name.to_owned(), value.to_owned());
                }
            }
        }
    }
    pairs
}

/// Words as systemd splits them: blanks separate, quotes join, a backslash takes the next character.
fn words_of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', _) => word.extend(chars.next()),
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => quote = Some(c),
            (c, None) if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// `<key>NAME</key><string>value</string>` pairs of a launchd property list.
fn plist(text: &str) -> Pairs {
    let mut pairs = Pairs::new();
    for piece in text.split("<key>").skip(1) {
        let Some((name, rest)) = piece.split_once("</key>") else {
            continue;
        };
        if let Some(value) = rest.trim_start().strip_prefix("<string>")
            && let Some((value, _)) = value.split_once("</string>")
        {
            pairs.insert(name.trim().to_owned(), unescaped(value));
        }
    }
    pairs
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

/// `set NAME=value` lines of a Windows script.
fn script(text: &str) -> Pairs {
    let mut pairs = Pairs::new();
    for line in text.lines() {
        let line = line.trim().trim_start_matches('@');
        let is_set = line.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("set "));
        if let (true, Some(rest)) = (is_set, line.get(4..)) {
            let rest = rest.trim();
            let rest =
                rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(rest);
            if let Some((name, value)) = rest.split_once('=') {
                pairs.insert(name.to_owned(), value.to_owned());
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(found: &Pairs) -> Vec<(&str, &str)> {
        found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    #[test]
    fn every_kind_of_file_is_understood() {
        assert_eq!(
            pairs(&dotenv("# A=0\nexport A=\"1 # x\" # c\nB = 2 # c\nA=3\n")),
            [("A", "1 # x"), ("B", "2")]
        );
        assert_eq!(
            pairs(&unit(
                "[Service]\nEnvironment=A=1 \"B=2 3\" 'C=4'\nEnvironment=\"A=5\\\"\"\nExecStart=x\n"
            )),
            [("A", "5\""), ("B", "2 3"), ("C", "4")]
        );
        assert_eq!(
            pairs(&plist(
                "<dict><key>A</key>\n <string>1&amp;2</string><key>K</key><true/></dict>"
            )),
            [("A", "1&2")]
        );
        assert_eq!(
            pairs(&script("@echo off\r\nset A=1\r\nSET \"B=2 3\"\r\nnode x\r\n")),
            [("A", "1"), ("B", "2 3")]
        );
    }

    #[test]
    fn a_service_of_another_state_dir_says_so() {
        let root = tempfile::tempdir().unwrap();
        let state = root.path().join(".openclaw");
        let units = root.path().join(".config/systemd/user");
        std::fs::create_dir_all(&state).unwrap();
        std::fs::create_dir_all(&units).unwrap();
        let unit = "Environment=OPENCLAW_STATE_DIR=/other OPENCLAW_GATEWAY_PORT=1234\nEnvironment=OPENCLAW_GATEWAY_TOKEN=0123456789abcdefXYZ\n";
        std::fs::write(units.join("openclaw-gateway.service"), unit).unwrap();
        std::fs::write(state.join(".env"), "OPENCLAW_GATEWAY_PORT=host:99\n").unwrap();
        let located = Located {
            config: state.join("openclaw.json"),
            state_dir: state.into(),
            how: String::new(),
            profile: None,
            home: Some(root.path().to_path_buf()),
        };
        let found = read(&located, &Env::default());
        let places: Vec<Place> = found.iter().map(|at| at.place).collect();
        assert_eq!(places, [Place::Process, Place::DotEnv, Place::Service]);
        assert_eq!(found[1].port, Some(99));
        assert_eq!(found[2].other_state_dir, Some("/other".into()));
        assert!(!format!("{found:?}").contains("0123456789"));
    }
}

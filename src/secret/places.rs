//! Where in OpenClaw's files a value may be shown, by the whole path from the root, and which key names
//! are OpenClaw's own. Whatever is not listed here is masked.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::shape::Shape;
use crate::model::layout::{AUTH_MODES, MODES, Part, SECRET_SOURCES};

/// The keys of the config, release by release: the root's, and all below `gateway` and `logging`. Made by
/// `tests/real/schema.mjs`, read by `config/schema.rs` too.
pub const CONFIG_SCHEMA: &str = include_str!("../data/config-schema.json");

#[derive(Deserialize)]
struct Table {
    #[serde(borrow)]
    root: HashMap<&'static str, IgnoredAny>,
    rules: Vec<Rule>,
    keys: HashMap<&'static str, Vec<(usize, IgnoredAny)>>,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(rename = "type", borrow)]
    kind: &'static str,
    #[serde(default)]
    words: Vec<Value>,
}

/// What is known of the config's keys.
#[derive(Default)]
struct Known {
    /// Every key of the table.
    keys: HashSet<&'static str>,
    /// The words of each path where in every release a number (no words), true or false, or a known word belongs.
    words: HashMap<&'static str, Vec<String>>,
}

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        serde_json::from_str::<Table>(CONFIG_SCHEMA).map(Known::of).unwrap_or_default()
    })
}

impl Known {
    fn of(table: Table) -> Self {
        let words = table.keys.iter().filter_map(|(path, rules)| {
            let mut words = Vec::new();
            for (rule, _) in rules {
                let rule = table.rules.get(*rule)?;
                let is_plain = ["number", "integer", "boolean", "words"].contains(&rule.kind);
                is_plain.then_some(())?;
                if rule.kind == "boolean" {
                    words.extend(["true", "false", "0", "1"].map(str::to_owned));
                }
                words.extend(rule.words.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            Some((*path, words))
        });
        let words = words.collect();
        let below = table.keys.into_keys().flat_map(|path| path.split('.'));
        Self { keys: table.root.into_keys().chain(below).collect(), words }
    }
}

/// Keys of the config that the table does not hold.
const MORE_KEYS: &[&str] =
    &["$include", "lastTouchedVersion", "lastTouchedAt", "source", "provider", "id", "profiles"];

/// Fields of the pairing store beside the columns of its tables.
const RECORD_KEYS: &[&str] = &[
    "version",
    "token",
    "rotatedAtMs",
    "revokedAtMs",
    "lastUsedAtMs",
    "issuer",
    "privateKey",
    "issuedAtMs",
    "setupId",
];

/// Whether a word is the name of a field of OpenClaw's own, and so never a secret.
pub fn is_known_key(word: &str) -> bool {
    let columns = Part::ALL.into_iter().map(|part| part.columns());
    known().keys.contains(word)
        || MORE_KEYS.contains(&word)
        || RECORD_KEYS.contains(&word)
        || columns.into_iter().flatten().any(|column| column.field == word)
}

/// Whether a key may be shown in a text that parses: a known one, or one that reads like a name of a
/// field. What is long, has spaces or more than a few digits is a name, a number or a token of somebody.
pub fn shows_key(key: &str) -> bool {
    let letters = key.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = key.bytes().filter(u8::is_ascii_digit).count();
    let is_plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-$.".contains(&b));
    is_known_key(key)
        || is_plain && key.len() <= 28 && digits <= 2 && letters > digits && !key.starts_with('-')
}

/// The same of a key in the config below a path. At its root, and where secrets are kept, a secret may stand in a key's
/// place: there a key is shown that is known, or nearly so.
pub fn shows_config_key(path: &[&str], key: &str) -> bool {
    let is_near =
        || key.len() <= 4 || known().keys.iter().any(|known| strsim::osa_distance(known, key) <= 2);
    match path {
        [] | ["gateway", "auth" | "remote", ..] => is_known_key(key) || shows_key(key) && is_near(),
        _ => shows_key(key),
    }
}

/// What belongs at a path of the config. A list's elements have the path of the list.
pub fn config(path: &[&str]) -> Option<Shape> {
    Some(match path {
        [.., "$include"] => Shape::File,
        ["$schema"] => Shape::Url,
        ["meta", "lastTouchedVersion"] => Shape::Version,
        ["meta", "lastTouchedAt"] => Shape::Date,
        ["gateway", rest @ ..] => match rest {
            ["mode"] => Shape::Near(&MODES),
            ["bind"] => Shape::Bind,
            ["port"] => Shape::Port,
            ["customBindHost"] | ["trustedProxies"] => Shape::Address,
            ["auth", "mode"] => Shape::Near(&AUTH_MODES),
            ["auth" | "remote", "token" | "password", "source"] => Shape::Word(&SECRET_SOURCES),
            ["remote", "url"] | ["controlUi", "allowedOrigins"] => Shape::Url,
            ["remote", "transport"] => Shape::Word(&["direct", "ssh"]),
            ["tailscale", "mode"] => Shape::Near(&["off", "serve", "funnel"]),
            ["controlUi", "basePath"] => Shape::Page,
            _ => return plain(path),
        },
        _ => return plain(path),
    })
}

/// What belongs at a path that takes nothing but numbers, true or false, or known words.
fn plain(path: &[&str]) -> Option<Shape> {
    known().words.get(path.join(".").as_str()).map(|words| Shape::Setting(words))
}

/// What belongs into a field of a record of the pairing store, by its path in the record.
pub fn record(path: &[&str]) -> Option<Shape> {
    Some(match path {
        ["deviceId"] => Shape::DeviceId,
        ["requestId"] => Shape::RequestId,
        ["publicKey"] => Shape::PublicKey,
        ["displayName" | "operatorLabel"] => Shape::Name,
        ["platform" | "deviceFamily"] => Shape::Platform,
        ["clientId"] => Shape::Client,
        ["clientMode"] => Shape::CLIENT_MODE,
        ["browserOrigin"] => Shape::Url,
        ["role" | "roles"] | ["tokens", _, "role"] => Shape::ROLE,
        ["scopes" | "approvedScopes"] | ["tokens", _, "scopes"] => Shape::Scope,
        ["remoteIp"] => Shape::Address,
        ["approvedVia"] => Shape::Word(&[
            "owner",
            "silent",
            "trusted-cidr",
            "trusted-proxy",
            "ssh-verified",
            "bootstrap",
        ]),
        ["identityKey"] => Shape::Word(&["primary"]),
        ["version"] => Shape::Word(&["1"]),
        ["silent" | "isRepair"] => Shape::Word(&["0", "1"]),
        ["ts"] => Shape::Time,
        [name] | ["tokens", _, name] if name.ends_with("AtMs") => Shape::Time,
        _ => return None,
    })
}

//! Where in OpenClaw's files a value may be shown, by the whole path from the root, and which key names
//! are OpenClaw's own. Whatever is not listed here is masked.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde_json::Value;

use super::shape::Shape;
use super::words::is_in;
use crate::data::{Constraint, SchemaTable, TABLE};
use crate::model::layout::{AUTH_MODES, MODES, Part, SECRET_SOURCES};

/// What is known of the config's keys.
#[derive(Default)]
struct Known {
    /// Every key of the table.
    keys: HashSet<&'static str>,
    /// The words of each path where in every release a number (no words), true or false, or a known word belongs.
    words: HashMap<&'static str, Vec<String>>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| TABLE.as_ref().map(Known::of).unwrap_or_default());

impl Known {
    fn of(table: &'static SchemaTable) -> Self {
        let words = table.keys.keys().filter_map(|path| {
            let mut words = Vec::new();
            for rule in rules(path)? {
                match rule {
                    Constraint::Number(_) | Constraint::Integer(_) => {}
                    Constraint::Boolean => {
                        words.extend(["true", "false", "0", "1"].map(str::to_owned));
                    }
                    Constraint::Words { words: known } => {
                        words.extend(known.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => return None,
                }
            }
            Some((path.as_str(), words))
        });
        let below = table.keys.keys().flat_map(|path| path.split('.'));
        let keys = table.root.keys().map(String::as_str).chain(below);
        Self { words: words.collect(), keys: keys.collect() }
    }
}

/// What the releases take at a path, as far as that is known.
fn rules(path: &str) -> Option<impl Iterator<Item = &'static Constraint>> {
    let table = TABLE.as_ref()?;
    let held = table.keys.get(path)?.iter();
    Some(held.filter_map(|(rule, _)| table.rules.get(*rule)))
}

/// Keys of the config that the table does not hold: the commonest of the sections that it does not go into too.
const MORE_KEYS: &str = "\
    $include lastTouchedVersion lastTouchedAt source provider id profiles accounts allowFrom \
    botToken defaults discord dmPolicy enabled groups list model name slack telegram whatsapp \
    workspace";

/// Fields of the pairing store beside the columns of its tables.
const RECORD_KEYS: &str = "\
    version token rotatedAtMs revokedAtMs lastUsedAtMs issuer privateKey issuedAtMs setupId";

/// Whether a word is the name of a field of OpenClaw's own, and so never a secret.
pub fn is_known_key(word: &str) -> bool {
    let columns = Part::ALL.into_iter().map(|part| part.columns());
    KNOWN.keys.contains(word)
        || is_in(MORE_KEYS, word)
        || is_in(RECORD_KEYS, word)
        || columns.into_iter().flatten().any(|column| column.field == word)
}

/// Whether this is the name of a section of the config.
pub fn is_section(name: &str) -> bool {
    TABLE.as_ref().is_some_and(|table| table.root.contains_key(name))
}

/// Whether some release takes this key there, as far as that is known.
pub fn takes_key(path: &[&str]) -> bool {
    let (Some(table), Some((key, above))) = (TABLE.as_ref(), path.split_last()) else {
        return true;
    };
    if above.is_empty() {
        return *key == "$include" || table.root.contains_key(*key);
    }
    let above = above.join(".");
    let is_open = |rule: &Constraint| !matches!(rule, Constraint::Object { closed: true, .. });
    *key == "$include"
        || rules(&above).is_none_or(|mut rules| rules.any(is_open))
        || table.keys.contains_key(&format!("{above}.{key}"))
        || table.keys.contains_key(&format!("{above}.*"))
}

/// Whether some release takes a value of this kind at a path, or in the list there, as far as that is known.
pub fn takes_value(path: &[&str], is_item: bool, kind: &str) -> bool {
    let takes = |rule: &Constraint| if is_item { rule.takes_item(kind) } else { rule.takes(kind) };
    rules(&path.join(".")).is_none_or(|mut rules| rules.any(takes))
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
        || key.len() <= 4 || KNOWN.keys.iter().any(|known| strsim::osa_distance(known, key) <= 2);
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
    KNOWN.words.get(path.join(".").as_str()).map(|words| Shape::Setting(words))
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

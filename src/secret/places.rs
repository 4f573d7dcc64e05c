//! Where in OpenClaw's files a value may be shown, by the whole path from the root, and which key names
//! are OpenClaw's own. Whatever is not listed here is masked.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::shape::Shape;
use super::words::is_in;
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
    /// Of a list the rule of its items, of `one` the rules of which one holds.
    #[serde(default)]
    of: Value,
    #[serde(default)]
    closed: bool,
}

/// What some release takes at a path.
#[derive(Default)]
struct Taken {
    /// The kinds of value: `object`, `list`, `string`, `number`, `boolean`.
    kinds: HashSet<&'static str>,
    /// Those of a list's items.
    items: HashSet<&'static str>,
    /// Every release that knows it names all of its keys.
    is_closed: bool,
}

impl Taken {
    fn add(&mut self, kind: &str, words: &[Value], of: &Value) {
        let has_word = |is: fn(&Value) -> bool| words.iter().any(is);
        let of_one = |one: &Value| {
            let mut taken = Self::default();
            let words = one["words"].as_array().map(Vec::as_slice).unwrap_or_default();
            taken.add(one["type"].as_str().unwrap_or("any"), words, &one["of"]);
            taken
        };
        match kind {
            "integer" | "number" => drop(self.kinds.insert("number")),
            "boolean" => drop(self.kinds.insert("boolean")),
            "string" => drop(self.kinds.insert("string")),
            "secret" => self.kinds.extend(["string", "object"]),
            "object" => drop(self.kinds.insert("object")),
            "words" => {
                self.kinds.extend(has_word(Value::is_string).then_some("string"));
                self.kinds.extend(has_word(Value::is_boolean).then_some("boolean"));
            }
            "list" => {
                self.kinds.insert("list");
                self.items.extend(of_one(of).kinds);
            }
            "one" => {
                for one in of.as_array().into_iter().flatten() {
                    let taken = of_one(one);
                    self.kinds.extend(taken.kinds);
                    self.items.extend(taken.items);
                }
            }
            _ => {
                let all = ["object", "list", "string", "number", "boolean"];
                self.kinds.extend(all);
                self.items.extend(all);
            }
        }
    }
}

/// What is known of the config's keys.
#[derive(Default)]
struct Known {
    /// The keys of the config's root.
    root: HashSet<&'static str>,
    /// Every key of the table.
    keys: HashSet<&'static str>,
    /// The words of each path where in every release a number (no words), true or false, or a known word belongs.
    words: HashMap<&'static str, Vec<String>>,
    /// What each path takes.
    taken: HashMap<&'static str, Taken>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    serde_json::from_str::<Table>(CONFIG_SCHEMA).map(Known::of).unwrap_or_default()
});

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
        let taken = table.keys.iter().map(|(path, rules)| {
            let rules = rules.iter().filter_map(|(rule, _)| table.rules.get(*rule));
            let mut taken = Taken { is_closed: true, ..Taken::default() };
            for rule in rules {
                taken.add(rule.kind, &rule.words, &rule.of);
                taken.is_closed &= rule.closed;
            }
            (*path, taken)
        });
        let taken = taken.collect();
        let below = table.keys.into_keys().flat_map(|path| path.split('.'));
        let root = table.root.keys().copied().collect();
        Self { root, keys: table.root.into_keys().chain(below).collect(), words, taken }
    }
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
    KNOWN.root.contains(name)
}

/// Whether some release takes this key there, as far as that is known.
pub fn takes_key(path: &[&str]) -> bool {
    let known = &*KNOWN;
    let Some((key, above)) = path.split_last() else { return true };
    if above.is_empty() {
        return known.root.is_empty() || *key == "$include" || known.root.contains(key);
    }
    let above = above.join(".");
    *key == "$include"
        || known.taken.get(above.as_str()).is_none_or(|taken| !taken.is_closed)
        || known.taken.contains_key(format!("{above}.{key}").as_str())
        || known.taken.contains_key(format!("{above}.*").as_str())
}

/// Whether some release takes a value of this kind at a path, or in the list there, as far as that is known.
pub fn takes_value(path: &[&str], is_item: bool, kind: &str) -> bool {
    let taken = KNOWN.taken.get(path.join(".").as_str());
    taken.is_none_or(|taken| if is_item { &taken.items } else { &taken.kinds }.contains(kind))
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

//! What each release of OpenClaw takes in its config: the tables of this folder as they are read. Made by
//! `tests/real/schema.mjs` from what the releases print or hold.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

/// A first and a last release, by their places in the table.
pub(crate) type Releases = (usize, usize);

/// The rules of one key, by their number, and the releases that each holds for.
pub(crate) type Held = Vec<(usize, Vec<Releases>)>;

/// The keys of the config, release by release: the root's, and all below `gateway` and `logging`.
#[derive(Debug, Deserialize)]
pub(crate) struct SchemaTable {
    pub releases: Vec<String>,
    #[serde(rename = "closedRoot")]
    pub closed_root: Vec<Releases>,
    pub root: BTreeMap<String, Vec<Releases>>,
    pub rules: Vec<Constraint>,
    /// Of each path.
    pub keys: BTreeMap<String, Held>,
}

pub(crate) static TABLE: LazyLock<Option<SchemaTable>> =
    LazyLock::new(|| serde_json::from_str(include_str!("config-schema.json")).ok());

/// What may stand at a path.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Constraint {
    Any,
    Null,
    Boolean,
    String {
        min: Option<usize>,
        max: Option<usize>,
        /// In JavaScript's grammar.
        pattern: Option<String>,
        format: Option<String>,
    },
    Number(Range),
    Integer(Range),
    Words {
        words: Vec<Value>,
    },
    Secret {
        sources: Vec<String>,
    },
    List {
        of: Option<Box<Constraint>>,
    },
    Object {
        #[serde(default)]
        closed: bool,
        #[serde(default)]
        needs: Vec<String>,
    },
    One {
        of: Vec<Constraint>,
    },
}

/// The limits of a number.
#[derive(Debug, Deserialize)]
pub(crate) struct Range {
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub above: Option<f64>,
}

impl Constraint {
    /// Whether a value of this kind may stand there: an `object`, `list`, `string`, `number` or `boolean`.
    pub(crate) fn takes(&self, kind: &str) -> bool {
        match self {
            Self::Any | Self::Null => true,
            Self::Boolean => kind == "boolean",
            Self::String { .. } => kind == "string",
            Self::Number(_) | Self::Integer(_) => kind == "number",
            Self::Words { words } => match kind {
                "string" => words.iter().any(Value::is_string),
                "boolean" => words.iter().any(Value::is_boolean),
                _ => false,
            },
            Self::Secret { .. } => ["string", "object"].contains(&kind),
            Self::List { .. } => kind == "list",
            Self::Object { .. } => kind == "object",
            Self::One { of } => of.iter().any(|rule| rule.takes(kind)),
        }
    }

    /// The same of an item of the list that may stand there.
    pub(crate) fn takes_item(&self, kind: &str) -> bool {
        match self {
            Self::Any | Self::Null => true,
            Self::List { of } => of.as_ref().is_none_or(|rule| rule.takes(kind)),
            Self::One { of } => of.iter().any(|rule| rule.takes_item(kind)),
            _ => false,
        }
    }
}

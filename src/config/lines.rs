//! What the lines of a config are about, of one that does not parse too.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::format::json5::{self, KeyPath, path_text};
use crate::format::scan::TokenKind;
use crate::secret::places::{is_known_key, shows_config_key, shows_key};

/// What each line of a text that does not parse is about, told by the grammar as far as that goes, and from there on by how
/// far the lines are indented.
#[derive(Default)]
pub(super) struct Names {
    paths: BTreeMap<usize, Way>,
    /// The ids of the objects in lists, where they say one.
    ids: Vec<Option<String>>,
    /// Keys of the root that open a section, in whole quotes: no secret does.
    sections: BTreeSet<String>,
}

/// The keys to a line.
#[derive(Clone, Default)]
struct Way {
    keys: Vec<String>,
    /// The object of a list around it, and how many of the keys lead to that list.
    item: Option<(usize, usize)>,
}

impl Names {
    pub fn of(text: &str, broken: usize) -> Self {
        let known = keys_of_lines(text);
        let mut names = Self::default();
        // What is open: how far it is indented, and its key, or which object of a list it is.
        let mut open: Vec<(usize, Result<String, usize>)> = Vec::new();
        for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line)) {
            let says = line.trim_start();
            let indent = line.len() - says.len();
            if says.is_empty() {
                continue;
            }
            while open.last().is_some_and(|(at, _)| *at >= indent) {
                open.pop();
            }
            let mut way = Way::default();
            for (_, one) in &open {
                match one {
                    Ok(key) => way.keys.push(key.clone()),
                    Err(item) => way.item = way.item.or(Some((*item, way.keys.len()))),
                }
            }
            if says.trim_end() == "{" {
                // The first one is the config itself.
                if !open.is_empty() {
                    open.push((indent, Err(names.ids.len())));
                    names.ids.push(None);
                }
                continue;
            }
            if let Some((key, value)) = key_of(says) {
                if key == "id"
                    && let Some((_, Err(item))) = open.last()
                    && let Some(id) = names.ids.get_mut(*item)
                {
                    // An id is what a key is: a name that somebody gave. It is one where its quotes are whole.
                    let is_whole = says.matches('"').count() == 4 && shows_key(value);
                    *id = Some(value.to_owned()).filter(|_| is_whole);
                }
                let opens = ["{", "["].contains(&value) && says.matches('"').count() == 2;
                if way.keys.is_empty() && opens && shows_key(key) {
                    names.sections.insert(key.to_owned());
                }
                way.keys.push(key.to_owned());
                open.push((indent, Ok(key.to_owned())));
            }
            if let Some(keys) = known.get(&number).filter(|_| number < broken) {
                way.keys.clone_from(keys);
            }
            names.paths.insert(number, way);
        }
        names
    }

    /// The name of what a line is about: of what the copy has not, the whole of it. `has`: whether the copy has a line.
    pub fn name(
        &self,
        number: usize,
        copied: &Value,
        has: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let Way { keys, item } = self.paths.get(&number)?;
        let id = item.and_then(|(item, above)| {
            let id = self.ids.get(item)?.as_deref()?;
            Some((id, keys.get(..above)?))
        });
        if let Some((id, list)) = id.filter(|(id, _)| !has(&format!("id{id}"))) {
            return Some(format!("{} \"{id}\"", path_text(list)));
        }
        let section = keys.first().filter(|key| self.sections.contains(*key));
        if let Some(section) = section.filter(|key| copied.get(key.as_str()).is_none()) {
            return Some(section.clone());
        }
        let shows = |end: &usize| {
            let above: Vec<&str> = keys.iter().take(end - 1).map(String::as_str).collect();
            keys.get(end - 1).is_some_and(|key| shows_config_key(&above, key))
        };
        let all: Vec<usize> = (1..=keys.len()).take_while(shows).collect();
        let is_new = |end: &&usize| keys.get(..**end).is_some_and(|path| !holds(copied, path));
        let end = all.iter().find(is_new).or(all.last())?;
        let name = path_text(keys.get(..*end)?);
        Some(id.map_or(name.clone(), |(id, _)| format!("{name} of \"{id}\"")))
    }
}

/// Whether a config has something at a path; an item of a list has the path of the list.
fn holds(value: &Value, path: &[String]) -> bool {
    match (value, path.split_first()) {
        (_, None) => true,
        (Value::Array(items), _) => items.iter().any(|item| holds(item, path)),
        (value, Some((key, rest))) => value.get(key).is_some_and(|value| holds(value, rest)),
    }
}

/// The key that a line begins with, and the rest of it without quotes and commas; one that opens something else has none.
fn key_of(line: &str) -> Option<(&str, &str)> {
    let quotes = ['"', '\''];
    let bare = line.trim_start_matches(quotes);
    let end = bare.find(|c: char| !c.is_alphanumeric() && !"_-$.".contains(c))?;
    let (key, rest) = bare.split_at_checked(end)?;
    let value = rest.trim_start_matches(quotes).trim_start().strip_prefix(':');
    let is_key = !key.is_empty() && (value.is_some() || is_known_key(key));
    let marks = |c: char| c.is_whitespace() || quotes.contains(&c) || c == ',';
    is_key.then(|| (key, value.unwrap_or(rest).trim_matches(marks)))
}

/// What each line of a text that parses is about: the path that its keys have in common, or that of the list it goes on with.
pub(super) fn keys_of_lines(text: &str) -> BTreeMap<usize, Vec<String>> {
    let mut keys: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut way = KeyPath::default();
    let (mut line, mut from) = (1, 0);
    let _ = json5::walk(text, &mut |kind, at| {
        line += text.get(from..at.start).unwrap_or_default().matches('\n').count();
        from = at.start;
        way.follow(text, kind, at);
        if matches!(kind, TokenKind::Key | TokenKind::Text | TokenKind::Plain) {
            let path = way.path();
            let known = keys
                .entry(line)
                .or_insert_with(|| path.iter().map(|key| (*key).to_owned()).collect());
            let common = known.iter().zip(&path).take_while(|(one, other)| one == *other).count();
            // A key and its own value are one.
            if kind == TokenKind::Key {
                known.truncate(common);
            }
        }
    });
    keys
}

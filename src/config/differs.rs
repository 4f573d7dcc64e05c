//! What going back to a copy of the config changes: its keys, and the values that may be shown.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::format::json5::{self, KeyPath, path_text};
use crate::format::scan::TokenKind;
use crate::format::value;
use crate::secret::places::is_known_key;
use crate::secret::shown;

/// Texts of more lines are not compared.
const MOST_LINES: usize = 5000;
/// So many changes are named.
const NAMED: usize = 6;

/// What changes where `copy` takes the place of `now`, OpenClaw's own stamp aside: by values where both parse, else by
/// lines, whose brackets and marks do not count. `None`: that cannot be told.
pub fn differences(now: &[u8], copy: &[u8]) -> Option<Vec<String>> {
    let after = json5::parse(copy).ok()?;
    let mut found = Vec::new();
    match json5::parse(now) {
        Ok(before) => {
            found = by_value(&before, &after);
            if found.is_empty() && now != copy {
                found.push("comments, the layout or OpenClaw's own stamp".to_owned());
            }
        }
        Err(_) => {
            by_line(&String::from_utf8_lossy(now), &String::from_utf8_lossy(copy), &mut found)?
        }
    }
    Some(found)
}

/// The same in words, for a sentence about going back.
pub fn in_words(differences: Option<&[String]>) -> String {
    match differences {
        None => "later changes are lost".to_owned(),
        Some([]) => {
            "the two differ only in brackets, commas and quotes, so nothing is lost".to_owned()
        }
        Some(all) => {
            let more = match all.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let named: Vec<&str> = all.iter().take(NAMED).map(String::as_str).collect();
            format!("what differs there is lost: {}{more}", named.join(", "))
        }
    }
}

fn by_value(now: &Value, copy: &Value) -> Vec<String> {
    let differing = value::differences(Some(now), Some(copy)).into_iter();
    let told = differing.filter(|(path, ..)| path.first().is_none_or(|key| key != "meta"));
    let told = told.map(|(path, now, copy)| {
        let value = |value| shown::value(&path, value);
        let name = path_text(&path);
        match (now.map(value), copy.map(value)) {
            (Some(now), Some(copy)) if now != copy => format!("{name} ({now} becomes {copy})"),
            (Some(_), None) => format!("{name} (it goes)"),
            (None, Some(_)) => format!("{name} (it comes back)"),
            _ => name,
        }
    });
    told.collect()
}

fn by_line(now: &str, copy: &str, found: &mut Vec<String>) -> Option<()> {
    let (now, old) = (lines(now), lines(copy));
    if now.len().max(old.len()) > MOST_LINES {
        return None;
    }
    let keys = keys_of_lines(copy);
    let plain = |lines: &[Line<'_>]| -> Vec<String> {
        lines.iter().map(|line| line.plain.clone()).collect()
    };
    let (before, after) = (plain(&now), plain(&old));
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let after: Vec<&str> = after.iter().map(String::as_str).collect();
    // By the key of a line; a line that is only in one of the two by its number here.
    let mut named: BTreeMap<String, Option<usize>> = BTreeMap::new();
    for change in TextDiff::from_slices(&before, &after).iter_all_changes() {
        let here = change.old_index().and_then(|at| now.get(at));
        let there = change.new_index().and_then(|at| old.get(at));
        match (change.tag(), here, there) {
            (ChangeTag::Delete, Some(line), _) => {
                let key = line.key.map_or_else(|| format!("line {}", line.number), str::to_owned);
                named.insert(key, line.key.map(|_| line.number));
            }
            (ChangeTag::Insert, _, Some(line)) => {
                // The line of that key here is told by its whole path.
                let path = keys.get(&line.number).map(Vec::as_slice).unwrap_or_default();
                let number = path.last().and_then(|key| named.remove(key)).flatten();
                let name = if path.is_empty() { "settings".to_owned() } else { path_text(path) };
                named.entry(name).or_insert(number);
            }
            _ => {}
        }
    }
    let own = |name: &String| {
        let stamps = ["meta", "lastTouchedVersion", "lastTouchedAt"];
        name.starts_with("meta.") || stamps.contains(&name.as_str())
    };
    // What is around another one says nothing more.
    let names: BTreeSet<String> = named.keys().cloned().collect();
    let is_around = |name: &String| {
        let below = format!("{name}.");
        names.range(below.clone()..).next().is_some_and(|other| other.starts_with(&below))
    };
    let told = named.into_iter().filter(|(name, _)| !own(name) && !is_around(name));
    found.extend(told.map(|(name, line)| match line {
        Some(line) => format!("{name} (line {line})"),
        None => name,
    }));
    Some(())
}

/// A line that says something.
struct Line<'t> {
    number: usize,
    /// What it says, without blanks and the marks of the grammar.
    plain: String,
    /// The key of OpenClaw's own that it begins with.
    key: Option<&'t str>,
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let lines = text.lines().enumerate().map(|(at, line)| {
        let start = line.find(char::is_alphanumeric).unwrap_or(line.len());
        let rest = line.get(start..).unwrap_or_default();
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        Line {
            number: at + 1,
            plain: line
                .chars()
                .filter(|c| !c.is_whitespace() && !"{}[],:\"'".contains(*c))
                .collect(),
            key: rest.get(..end).filter(|word| is_known_key(word)),
        }
    });
    lines.filter(|line| !line.plain.is_empty()).collect()
}

/// What each line of a text that parses is about: the path that its keys have in common, or that of the list it goes on with.
fn keys_of_lines(text: &str) -> BTreeMap<usize, Vec<String>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const COPY: &str = "{\n  \"meta\": { \"lastTouchedAt\": \"2026-01-01T00:00:00Z\" },\n  \"gateway\": {\n    \"port\": 58471,\n    \"bind\": \"loopback\",\n    \"auth\": {\n      \"token\": \"hunter2\"\n    }\n  }\n}\n";

    fn said(now: &str) -> Vec<String> {
        differences(now.as_bytes(), COPY.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_lost_with_a_broken_config_is_named() {
        let comma = COPY.replace("58471,", "58471");
        assert_eq!(said(&comma), [""; 0]);
        assert_eq!(said(&comma.replace("loopback", "lan")), ["gateway.bind (line 5)"]);
        assert_eq!(said(&comma.replace("hunter2", "hunter3")), ["gateway.auth.token (line 7)"]);
        assert_eq!(said(&comma.replace("2026-01", "2026-02")), [""; 0]);
        let more = comma
            .replace("\"auth\": {\n", "\"auth\": {\n  \"mode\": \"token\",\n  \"hunter4\": 1,\n");
        assert_eq!(said(&more), ["line 8", "mode (line 7)"]);
        assert_eq!(said(&comma.replace("    \"bind\": \"loopback\",\n", "")), ["gateway.bind"]);
        assert_eq!(said(&comma.replace("hunter2", "hunter2!$")), ["gateway.auth.token (line 7)"]);
    }

    #[test]
    fn what_a_line_without_a_key_of_its_own_says_is_named_too() {
        let said = |now: &str, copy: &str| differences(now.as_bytes(), copy.as_bytes()).unwrap();
        let list = "{ \"channels\": { \"telegram\": { \"allowFrom\": [\n\"1\",\n\"2\"\n] } } }";
        let less = list.replace(",\n\"2\"", "").replace("] }", "] ");
        assert_eq!(said(&less, list), ["channels.telegram.allowFrom"]);
        let two = "{ \"gateway\": { \"port\": 1, \"bind\": \"lan\" } }";
        assert_eq!(said(&two.replace("1,", "2"), two), ["gateway (line 1)"]);
        let far = "{ \"a\": 1, \"b\": 2 }";
        assert_eq!(said(&far.replace("1,", "3"), far), ["line 1", "settings"]);
        // Of what parses a comment is no value.
        assert_eq!(
            said("{ a: 1 } // why", "{ a: 1 }"),
            ["comments, the layout or OpenClaw's own stamp"]
        );
    }

    #[test]
    fn what_changes_in_one_that_parses_is_named_with_its_values() {
        let now = COPY.replace("loopback", "lan").replace("hunter2", "hunter3");
        let now = now.replace("\"port\": 58471,", "\"tls\": {},");
        assert_eq!(
            said(&now),
            [
                "gateway.tls (it goes)",
                "gateway.bind (\"lan\" becomes \"loopback\")",
                "gateway.auth.token",
                "gateway.port (it comes back)"
            ]
        );
        assert_eq!(
            said(&COPY.replace("2026-01", "2026-02")),
            ["comments, the layout or OpenClaw's own stamp"]
        );
        assert_eq!(said(COPY), [""; 0]);
    }
}

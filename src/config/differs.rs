//! What going back to a copy of the config changes: its keys, and the values that may be shown.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::lines::{Names, keys_of_lines};
use crate::format::json5::{self, path_text};
use crate::format::value;
use crate::secret::places::is_known_key;
use crate::secret::shown;

/// Texts of more lines are not compared.
const MOST_LINES: usize = 5000;
/// What a text that is all on one line is broken at.
const MARKS: [char; 5] = ['{', '}', '[', ']', ','];
/// So many changes are named.
const NAMED: usize = 6;

/// What going back to a copy changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// What the copy has not, or has otherwise.
    pub lost: Vec<String>,
    /// What only the copy has.
    pub back: Vec<String>,
    /// Why what comes back is not in the broken file, in words; empty where that is not known.
    why: &'static str,
}

/// What changes where `copy` takes the place of `now`, OpenClaw's own stamp aside: by values where both parse, else by
/// lines, whose brackets and marks do not count. `None`: that cannot be told.
pub fn differences(now: &[u8], copy: &[u8]) -> Option<Differences> {
    let after = json5::parse(copy).ok()?;
    match json5::parse(now) {
        Ok(before) => {
            let mut found = by_value(&before, &after);
            if found == Differences::default() && now != copy {
                found.lost.push("comments, the layout or OpenClaw's own stamp".to_owned());
            }
            Some(found)
        }
        Err(error) if error.is_foreign => {
            let back = sections(&after);
            Some(Differences {
                back,
                why: "the broken file holds no settings",
                ..Differences::default()
            })
        }
        Err(error) => {
            let end = now.trim_ascii_end();
            let is_cut = error.offset >= end.len() && !end.ends_with(b"}") && !end.ends_with(b"]");
            let (now, copy) = (String::from_utf8_lossy(now), String::from_utf8_lossy(copy));
            // Of one line its number says nothing.
            if now.trim().lines().count() <= 1 {
                let (now, line) = spread(&now, error.offset)?;
                let (copy, _) = spread(&copy, copy.len())?;
                let (lost, found) = by_line(&now, &copy, &after, line, is_cut)?;
                return Some(Differences { lost: lost.into_keys().collect(), ..found });
            }
            let head = now.bytes().take(error.offset);
            let line = head.filter(|byte| *byte == b'\n').count() + 1;
            let (lost, found) = by_line(&now, &copy, &after, line, is_cut)?;
            Some(Differences { lost: with_lines(lost), ..found })
        }
    }
}

/// The same in words, for a sentence about going back.
pub fn in_words(differences: Option<&Differences>) -> String {
    let Some(Differences { lost, back, why }) = differences else {
        return "later changes are lost".to_owned();
    };
    let named = |all: &[String]| {
        let more = match all.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let named: Vec<&str> = all.iter().take(NAMED).map(String::as_str).collect();
        format!("{}{more}", named.join(", "))
    };
    match (lost.is_empty(), back.is_empty()) {
        (true, true) => {
            "the two differ only in brackets, commas and quotes, so nothing is lost".to_owned()
        }
        (true, false) if !why.is_empty() => {
            format!("nothing is lost: {why}. What comes back: {}", named(back))
        }
        (true, false) => format!("nothing is lost. What comes back: {}", named(back)),
        (false, true) => format!("what is lost: {}", named(lost)),
        (false, false) => {
            format!("what is lost: {}; what comes back: {}", named(lost), named(back))
        }
    }
}

/// The keys of a config's root (without `meta`), and of its `gateway`.
pub fn sections(config: &Value) -> Vec<String> {
    let keys = |value: Option<&Value>| -> Vec<String> {
        let object = value.and_then(Value::as_object);
        object.into_iter().flat_map(|object| object.keys().cloned()).collect()
    };
    let root = keys(Some(config)).into_iter().filter(|key| key != "meta" && key != "gateway");
    let gateway = keys(config.get("gateway")).into_iter().map(|key| format!("gateway.{key}"));
    root.chain(gateway).collect()
}

fn by_value(now: &Value, copy: &Value) -> Differences {
    let mut found = Differences::default();
    for (path, now, copy) in value::differences(Some(now), Some(copy)) {
        if path.first().is_some_and(|key| key == "meta") {
            continue;
        }
        let value = |value| shown::value(&path, value);
        let name = path_text(&path);
        match (now.map(value), copy.map(value)) {
            (Some(now), Some(copy)) if now != copy => {
                found.lost.push(format!("{name} ({now} becomes {copy})"));
            }
            (None, Some(_)) => found.back.push(name),
            _ => found.lost.push(name),
        }
    }
    found
}

/// A text that is all on one line as it would stand on many, and the line on which what is at `broken` stands then; `None`: on
/// too many.
fn spread(text: &str, broken: usize) -> Option<(String, usize)> {
    /// No config that is read goes deeper.
    const DEEPEST: usize = 256;
    if text.matches(MARKS).count() > MOST_LINES {
        return None;
    }
    let mut out = String::with_capacity(2 * text.len());
    let (mut depth, mut line) = (0_usize, 1);
    let margin = |depth: usize| format!("\n{}", "  ".repeat(depth.min(DEEPEST)));
    let (mut quote, mut is_escaped) = (None, false);
    for (at, c) in text.char_indices() {
        // What is open where it breaks is not known.
        if at == broken {
            quote = None;
            line = out.matches('\n').count() + 2;
        }
        let is_mark = quote.is_none() && MARKS.contains(&c);
        let closes = is_mark && matches!(c, '}' | ']');
        depth = depth.saturating_sub(usize::from(closes));
        if at == broken || closes {
            out.push_str(&margin(depth));
        }
        if !(c.is_whitespace() && out.ends_with([' ', '\n'])) {
            out.push(c);
        }
        if is_mark {
            depth += usize::from(matches!(c, '{' | '['));
            out.push_str(&margin(depth));
        }
        match quote {
            _ if is_escaped => {}
            Some(open) if open == c => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            _ => {}
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    Some((out, line))
}

/// `copied`: the copy as a value. `broken`: the line of `now` where it does not go on. `is_cut`: the last line of `now` is
/// one of the copy's, as far as it goes. First what is lost, with the lines where it stands.
fn by_line(
    now: &str,
    copy: &str,
    copied: &Value,
    broken: usize,
    is_cut: bool,
) -> Option<(Named, Differences)> {
    let names = Names::of(now, broken);
    let (now, old) = (lines(now), lines(copy));
    if now.len().max(old.len()) > MOST_LINES {
        return None;
    }
    let keys = keys_of_lines(copy);
    let plain = |lines: &[Line<'_>]| -> Vec<String> {
        lines.iter().map(|line| line.plain.clone()).collect()
    };
    let (mut before, after) = (plain(&now), plain(&old));
    if let Some(last) = before.last_mut().filter(|_| is_cut)
        && let Some(whole) = after.iter().find(|line| line.starts_with(last.as_str()))
    {
        last.clone_from(whole);
    }
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let after: Vec<&str> = after.iter().map(String::as_str).collect();
    // By what a line is about, with its number here.
    let (mut lost, mut back) = (Named::new(), Named::new());
    let (mut comes, mut goes_on) = (false, false);
    for change in TextDiff::from_slices(&before, &after).iter_all_changes() {
        goes_on |= comes && change.tag() != ChangeTag::Insert;
        comes |= change.tag() == ChangeTag::Insert;
        let here = change.old_index().and_then(|at| now.get(at));
        let there = change.new_index().and_then(|at| old.get(at));
        match (change.tag(), here, there) {
            (ChangeTag::Delete, Some(line), _) => {
                let has = |plain: &str| old.iter().any(|line| line.plain == plain);
                let name = names.name(line.number, copied, has);
                let name = name.or(line.key.map(str::to_owned));
                let name = name.unwrap_or_else(|| "settings".to_owned());
                lost.entry(name).or_insert(Some(line.number));
            }
            (ChangeTag::Insert, _, Some(line)) => {
                // The line of that key here is told by its whole path.
                let path = keys.get(&line.number).map(Vec::as_slice).unwrap_or_default();
                let name = if path.is_empty() { "settings".to_owned() } else { path_text(path) };
                let bare = path.last().filter(|key| **key != name);
                match bare.and_then(|key| lost.remove(key)) {
                    Some(number) => lost.entry(name).or_insert(number),
                    None => back.entry(name).or_insert(None),
                };
            }
            _ => {}
        }
    }
    // The line that has lost its key, or whose list has other items, is told once.
    back.retain(|name, _| !lost.contains_key(name));
    let why = if is_cut && !goes_on { "the broken file ends before these" } else { "" };
    let back = told(back).into_keys().collect();
    Some((told(lost), Differences { back, why, ..Differences::default() }))
}

/// What changes by its name, and the line where it stands.
type Named = BTreeMap<String, Option<usize>>;

/// The same without what is OpenClaw's own and what is around another one.
fn told(named: Named) -> Named {
    let own = |name: &String| {
        let stamps = ["meta", "lastTouchedVersion", "lastTouchedAt"];
        name.starts_with("meta.") || stamps.contains(&name.as_str())
    };
    let names: BTreeSet<String> = named.keys().cloned().collect();
    let is_around = |name: &String| {
        let below = format!("{name}.");
        names.range(below.clone()..).next().is_some_and(|other| other.starts_with(&below))
    };
    named.into_iter().filter(|(name, _)| !own(name) && !is_around(name)).collect()
}

fn with_lines(named: Named) -> Vec<String> {
    let told = named.into_iter().map(|(name, line)| match line {
        Some(line) => format!("{name} (line {line})"),
        None => name,
    });
    told.collect()
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
                .filter(|c| !c.is_whitespace() && !c.is_control() && !"{}[],:\"'".contains(*c))
                .collect(),
            key: rest.get(..end).filter(|word| is_known_key(word)),
        }
    });
    lines.filter(|line| !line.plain.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COPY: &str = "{\n  \"meta\": { \"lastTouchedAt\": \"2026-01-01T00:00:00Z\" },\n  \"gateway\": {\n    \"port\": 58471,\n    \"bind\": \"loopback\",\n    \"auth\": {\n      \"token\": \"hunter2\"\n    }\n  }\n}\n";

    fn lost(now: &str) -> Vec<String> {
        differences(now.as_bytes(), COPY.as_bytes()).unwrap().lost
    }

    fn words(now: &str, copy: &str) -> String {
        in_words(differences(now.as_bytes(), copy.as_bytes()).as_ref())
    }

    #[test]
    fn what_is_lost_with_a_broken_config_is_named() {
        let comma = COPY.replace("58471,", "58471");
        assert_eq!(lost(&comma), [""; 0]);
        assert_eq!(lost(&comma.replace("loopback", "lan")), ["gateway.bind (line 5)"]);
        assert_eq!(lost(&comma.replace("hunter2", "hunter3")), ["gateway.auth.token (line 7)"]);
        assert_eq!(lost(&comma.replace("2026-01", "2026-02")), [""; 0]);
        let more = comma
            .replace("\"auth\": {\n", "\"auth\": {\n  \"mode\": \"token\",\n  \"hunter4\": 1,\n");
        assert_eq!(lost(&more), ["mode (line 7)", "settings (line 8)"]);
        assert_eq!(
            words(&comma.replace("    \"bind\": \"loopback\",\n", ""), COPY),
            "nothing is lost. What comes back: gateway.bind"
        );
        assert_eq!(lost(&comma.replace("hunter2", "hunter2!$")), ["gateway.auth.token (line 7)"]);
    }

    /// The copy is there for just that: nothing of it may read as a loss.
    #[test]
    fn of_a_file_that_is_cut_off_or_no_config_nothing_is_lost() {
        let all = "nothing is lost: the broken file holds no settings. What comes back: gateway.port, gateway.bind, gateway.auth";
        assert_eq!(words("\0\0\0\0", COPY), all);
        assert_eq!(words("<html>502</html>", COPY), all);
        let ends = "nothing is lost: the broken file ends before these. What comes back: ";
        let bind = COPY.find("loopback").unwrap();
        for (cut, back) in [
            (bind + 3, "gateway.auth.token"),
            (bind - 20, "gateway.auth.token, gateway.bind"),
            (COPY.find("hunter2").unwrap() - 2, "gateway"),
        ] {
            let said = words(&COPY[..cut], COPY);
            assert!(said == format!("{ends}{back}") || said.contains("nothing is lost"), "{said}");
        }
        let changed = COPY.replace("58471", "58472");
        assert_eq!(
            words(&changed[..bind + 3], COPY),
            "what is lost: gateway.port (line 4); what comes back: gateway.auth.token"
        );
    }

    /// By what a person knows, also behind the place where the text does not go on.
    #[test]
    fn what_is_new_is_named_as_a_whole() {
        let copy = "{\n  \"gateway\": {\n    \"port\": 1\n  },\n  \"agents\": {\n    \"list\": [\n      {\n        \"id\": \"one\"\n      }\n    ]\n  }\n}\n";
        let agent = ",\n      {\n        \"id\": \"three\",\n        \"tools\": {\n          \"allow\": [\n            \"x\"\n          ]\n        }\n      }\n    ]";
        let section =
            "  },\n  \"messages\": {\n    \"queue\": {\n      \"mode\": \"all\"\n    }\n  }\n}\n";
        let now = copy.replace("\n    ]", agent).replace("  }\n}\n", section);
        // Broken before all of it, and behind all of it.
        for now in [now.replace("\"port\": 1", "\"port\" 1"), now.replace("all\"", "all")] {
            let said = words(&now, copy);
            assert_eq!(said, "what is lost: agents.list \"three\" (line 11), messages (line 20)");
        }
        let more = copy.replace("\"one\"", "\"one\",\n        \"workspace\": \"~/w\"");
        let said = words(&more.replace("\"port\": 1", "\"port\" 1"), copy);
        assert_eq!(said, "what is lost: agents.list.workspace of \"one\" (line 9)");
        let own = now.replace("messages", "newthing").replace("\"port\": 1", "\"port\" 1");
        assert!(words(&own, copy).ends_with(", newthing (line 20)"), "{}", words(&own, copy));
        let secret =
            copy.replace("\"port\": 1", "\"port\": 1,\n    \"sk-hunter2hunter2hunter2hunter2\" 1");
        assert!(!words(&secret, copy).contains("hunter2"));
    }

    #[test]
    fn what_a_line_without_a_key_of_its_own_says_is_named_too() {
        let list = "{ \"channels\": { \"telegram\": { \"allowFrom\": [\n\"1\",\n\"2\"\n] } } }";
        let less = list.replace(",\n\"2\"", "").replace("] }", "] ");
        assert_eq!(
            words(&less, list),
            "nothing is lost. What comes back: channels.telegram.allowFrom"
        );
        let two = "{ \"gateway\": { \"port\": 1, \"bind\": \"lan\" } }";
        assert_eq!(words(&two.replace("1,", "2"), two), "what is lost: gateway.port");
        let far = "{ \"a\": 1, \"b\": 2 }";
        assert_eq!(words(&far.replace("1,", "3"), far), "what is lost: a");
        // Of what parses a comment is no value.
        assert_eq!(
            words("{ a: 1 } // why", "{ a: 1 }"),
            "what is lost: comments, the layout or OpenClaw's own stamp"
        );
    }

    /// Of one line each setting is told, as of many lines.
    #[test]
    fn what_a_text_on_one_line_loses_is_named_too() {
        let copy = "{\n  \"gateway\": { \"port\": 1, \"bind\": \"lan\" },\n  \"agents\": {\n    \"list\": [{ \"id\": \"one, {two}\" }]\n  }\n}\n";
        let now = "{\"gateway\": {\"port\": 2 \"bind\": \"lan\"}, \"agents\": {\"list\": [{\"id\": \"one, {two}\"}]}, \"newthing\": {\"x\": 3}}";
        assert_eq!(words(now, copy), "what is lost: gateway.port, newthing");
        // Each bracket would stand on a line of its own, and further in than the one before.
        assert_eq!(words(&"[".repeat(MOST_LINES + 1), copy), "later changes are lost");
        let deep = format!("{{\"a\": {}", "[".repeat(MOST_LINES - 1));
        let (spread, _) = spread(&deep, deep.len()).unwrap();
        assert!(spread.len() < MOST_LINES * 520, "{}", spread.len());
    }

    #[test]
    fn what_changes_in_one_that_parses_is_named_with_its_values() {
        let now = COPY.replace("loopback", "lan").replace("hunter2", "hunter3");
        let now = now.replace("\"port\": 58471,", "\"tls\": {},");
        assert_eq!(
            words(&now, COPY),
            "what is lost: gateway.tls, gateway.bind (\"lan\" becomes \"loopback\"), gateway.auth.token; what comes back: gateway.port"
        );
        assert_eq!(
            words(&COPY.replace("2026-01", "2026-02"), COPY),
            "what is lost: comments, the layout or OpenClaw's own stamp"
        );
        assert_eq!(lost(COPY), [""; 0]);
    }
}

//! Small helpers for words: numbers with their nouns, times, and text from files made safe for a terminal.

pub mod squeeze;

use std::path::Path;

use chrono::{DateTime, FixedOffset, Utc};

use crate::image::Unusable;

/// `1 record`, `2 records`, `no records`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    match number {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        _ => format!("{number} {many}"),
    }
}

/// A time in UTC: `2026-11-24 17:15:34 UTC`.
pub fn utc(ms: i64) -> String {
    match DateTime::<Utc>::from_timestamp_millis(ms) {
        Some(time) => time.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        None => "unknown time".to_owned(),
    }
}

/// The same, behind the local time where that is another one.
pub fn local_and_utc(ms: i64, utc_offset: i32) -> String {
    match utc_offset {
        0 => utc(ms),
        _ => format!("{} local, {}", local(ms, utc_offset), utc(ms)),
    }
}

/// The same in the local time zone, without its name.
fn local(ms: i64, utc_offset: i32) -> String {
    let zone = FixedOffset::east_opt(utc_offset);
    match (DateTime::<Utc>::from_timestamp_millis(ms), zone) {
        (Some(time), Some(zone)) => {
            time.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string()
        }
        _ => "unknown time".to_owned(),
    }
}

/// `3 minutes ago`.
pub fn ago(ms: i64, now_ms: i64) -> String {
    let seconds = now_ms.saturating_sub(ms) / 1000;
    let (number, unit) = match seconds {
        i64::MIN..0 => return "in the future (is the clock right?)".to_owned(),
        0..60 => return "just now".to_owned(),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" })
}

/// `1.2 MB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// A path in a sentence: in backticks, or where a shell would run something of it, in quotes that keep it from that.
pub fn named(path: &Path) -> String {
    let path = crate::platform::shown(path);
    let is_plain = |c: char| c.is_alphanumeric() || "_-./:\\=@%+,~".contains(c);
    match path.chars().all(is_plain) {
        true => format!("`{path}`"),
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

/// That something holds more records than are read.
pub fn too_many(place: &str, count: u64, limit: u64) -> String {
    format!("`{place}` holds {count} records; clawmend reads at most {limit}")
}

/// What to do about that.
pub const TOO_MANY_ADVICE: &str = "stop the gateway, remove the records that nobody needs (keep a copy), and run the same command again";

/// What was found instead of a readable file.
pub fn unusable(why: &Unusable) -> String {
    match why {
        Unusable::Symlink(target) => {
            format!("it is a symbolic link to {}", named(target))
        }
        Unusable::Dangling(target) => {
            format!("it is a symbolic link to {}, and nothing is there", named(target))
        }
        Unusable::NoFolder => "its folder is a file".to_owned(),
        Unusable::NotAFile(what) => format!("it is {what}, not a file"),
        Unusable::TooLarge { len, limit } => {
            format!("it has {len} bytes; clawmend reads at most {limit}")
        }
        Unusable::TooMany { place, count, limit } => too_many(place, *count, *limit),
        Unusable::Denied => crate::platform::DENIED.to_owned(),
        Unusable::Io(reason) => reason.clone(),
    }
}

/// How much of one text is shown, characters: more than the longest path, so that nothing is cut that
/// a person may have to paste.
const LONGEST: usize = 8192;

/// Text from a file or the environment as it may be printed: control characters (terminal escapes
/// among them) and invisible direction marks become visible escapes, and what would fill screens is cut.
pub fn safe(text: &str) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST)
        && let Some(start) = text.get(..end)
    {
        return format!("{}… ({} characters)", safe(start), text.chars().count());
    }
    if text.chars().all(harmless) {
        return text.to_owned();
    }
    let is_picture = |c: char| !c.is_ascii() && !c.is_alphanumeric() && harmless(c);
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    let mut out = String::with_capacity(text.len());
    while let Some(c) = rest.next() {
        let joins =
            c == JOINER && is_picture(before) && rest.peek().copied().is_some_and(is_picture);
        match harmless(c) || joins {
            true => out.push(c),
            false => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
        }
        before = c;
    }
    out
}

/// Makes one picture of two. It hides nothing there.
pub const JOINER: char = '\u{200d}';

/// Whether a character shows as itself and does nothing else.
pub fn harmless(c: char) -> bool {
    !c.is_control() && !is_invisible(c)
}

/// A document as JSON, laid out, with every character that is not harmless as JSON's own escape.
pub fn json(document: &impl serde::Serialize) -> String {
    let json = serde_json::to_string_pretty(document).unwrap_or_else(|_| "null".to_owned());
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if harmless(c) || c == '\n' {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out + "\n"
}

/// As [`safe`], keeping line breaks: for blocks of lines.
pub fn safe_lines(text: &str) -> String {
    text.split('\n').map(safe).collect::<Vec<_>>().join("\n")
}

/// Direction marks and overrides, zero-width and soft characters, line and paragraph separators, tags, the BOM.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_document_stays_the_same_document() {
        let value = serde_json::json!({"a\u{9b}": "\u{202e}x\u{7f}\u{1b}[31m"});
        let safe = json(&value);
        assert!(safe.chars().all(|c| harmless(c) || c == '\n'), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }

    #[test]
    fn what_would_fill_screens_is_cut_and_says_so() {
        let longest = "ä".repeat(LONGEST);
        assert_eq!(safe(&longest), longest);
        assert_eq!(
            safe(&format!("{longest}\u{1b}")),
            format!("{longest}… ({} characters)", LONGEST + 1)
        );
        assert_eq!(safe_lines(&format!("a\n{longest}x")).lines().count(), 2);
    }

    #[test]
    fn escapes_cannot_reach_the_terminal() {
        assert_eq!(safe("a\u{1b}[31mred\u{7}"), "a\\u{1b}[31mred\\u{7}");
        assert_eq!(safe("evil\u{202e}txt"), "evil\\u{202e}txt");
        assert_eq!(safe("a\u{61c}b\u{e0041}"), "a\\u{61c}b\\u{e0041}");
        assert_eq!(safe("naïve ✓"), "naïve ✓");
        assert_eq!(
            safe("👨\u{200d}👩 ad\u{200d}min\u{200d}👩"),
            "👨\u{200d}👩 ad\\u{200d}min\\u{200d}👩"
        );
        assert_eq!(safe_lines("a\n\u{9b}b"), "a\n\\u{9b}b");
    }

    #[test]
    fn times_and_sizes_read_well() {
        assert_eq!(utc(1_795_535_999_163), "2026-11-24 15:59:59 UTC");
        assert_eq!(local(1_795_535_999_163, 3600), "2026-11-24 16:59:59");
        assert_eq!(ago(0, 59_000), "just now");
        assert_eq!(ago(0, 61_000), "1 minute ago");
        assert_eq!(ago(0, 2 * 86_400_000), "2 days ago");
        assert_eq!(ago(1_000_000, 0), "in the future (is the clock right?)");
        assert_eq!(size(999), "999 B");
        assert_eq!(size(1_234_567), "1.2 MB");
    }
}

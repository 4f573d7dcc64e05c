//! Small helpers for words: numbers with their nouns, and text from files made safe for a terminal.

use crate::image::Unusable;

/// `1 record`, `2 records`, `no records`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    match number {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        _ => format!("{number} {many}"),
    }
}

/// That something holds more records than are read.
pub fn too_many(place: &str, count: u64, limit: u64) -> String {
    format!("`{place}` holds {count} records; clawmend reads at most {limit}")
}

/// What to do about that.
pub const TOO_MANY_MEND: &str = "stop the gateway, take out the records that nobody needs (keep a copy), and run the same command again";

/// What was found instead of a readable file.
pub fn unusable(why: &Unusable) -> String {
    match why {
        Unusable::Symlink(target) => {
            format!("it is a symbolic link to `{}`", crate::platform::shown(target))
        }
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
    text.chars()
        .map(|c| if harmless(c) { c.to_string() } else { format!("\\u{{{:x}}}", c as u32) })
        .collect()
}

/// Whether a character shows as itself and does nothing else.
pub fn harmless(c: char) -> bool {
    !c.is_control() && !is_invisible(c)
}

/// A JSON text with every character in it that is not harmless as JSON's own escape: the same document.
pub fn safe_json(json: &str) -> String {
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
    out
}

/// As [`safe`], keeping line breaks: for blocks of lines.
pub fn safe_lines(text: &str) -> String {
    text.split('\n').map(safe).collect::<Vec<_>>().join("\n")
}

/// How many letters differ: put in, left out or another one (Levenshtein).
pub fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut fresh = vec![at + 1];
        let mut left = at + 1;
        for (pair, wanted) in row.windows(2).zip(other.chars()) {
            let &[before, above] = pair else { continue };
            left = (before + usize::from(letter != wanted)).min(above + 1).min(left + 1);
            fresh.push(left);
        }
        row = fresh;
    }
    row.last().copied().unwrap_or_default()
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
        let safe = safe_json(&serde_json::to_string_pretty(&value).unwrap());
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
        assert_eq!(safe_lines("a\n\u{9b}b"), "a\n\\u{9b}b");
    }
}

//! launchd's property lists and the environment files that OpenClaw's launch agents source.

use std::collections::BTreeMap;

/// The texts of `ProgramArguments` of a property list in XML.
pub(super) fn arguments(text: &str) -> Vec<String> {
    let list = || {
        let (_, rest) = text.split_once("<key>ProgramArguments</key>")?;
        rest.trim_start().strip_prefix("<array>")?.split("</array>").next()
    };
    let pieces = list().unwrap_or_default().split("<string>").skip(1);
    pieces.filter_map(|piece| Some(unescaped(piece.split_once("</string>")?.0))).collect()
}

/// What launchd calls the service of a property list in XML.
pub(super) fn label(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("<key>Label</key>")?;
    let (label, _) = rest.trim_start().strip_prefix("<string>")?.split_once("</string>")?;
    Some(unescaped(label))
}

/// The `EnvironmentVariables` of a property list in XML.
pub(super) fn plist(text: &str) -> BTreeMap<String, String> {
    let dict = || {
        let (_, rest) = text.split_once("<key>EnvironmentVariables</key>")?;
        rest.trim_start().strip_prefix("<dict>")?.split("</dict>").next()
    };
    let pieces = dict().unwrap_or_default().split("<key>").skip(1);
    let pair = |piece: &str| {
        let (name, rest) = piece.split_once("</key>")?;
        let (value, _) = rest.trim_start().strip_prefix("<string>")?.split_once("</string>")?;
        Some((unescaped(name.trim()), unescaped(value)))
    };
    pieces.filter_map(pair).collect()
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

/// `export NAME='value'` lines of a file that a shell sources; a value may hold line breaks.
pub(super) fn sourced(text: &str) -> BTreeMap<String, String> {
    let mut pairs = BTreeMap::new();
    let mut rest = text;
    while !rest.is_empty() {
        let line = rest.trim_start();
        let assignment = line.strip_prefix("export ").unwrap_or(line).trim_start();
        let end = assignment.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, value) = assignment.split_at(end.unwrap_or(assignment.len()));
        if let Some(value) = value.strip_prefix('=').filter(|_| !name.is_empty()) {
            let (value, after) = shell_word(value);
            pairs.insert(name.to_owned(), value);
            rest = after;
        } else {
            rest = line;
        }
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    pairs
}

/// One word of a shell without its quotes, and what follows it.
fn shell_word(text: &str) -> (String, &str) {
    let mut word = String::new();
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => quote = Some(c),
            ('\\', None | Some('"')) => word.extend(chars.next().map(|(_, c)| c)),
            (c, None) if c.is_whitespace() || c == ';' => {
                return (word, text.get(at..).unwrap_or_default());
            }
            (c, _) => word.push(c),
        }
    }
    (word, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(found: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
        found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    #[test]
    fn only_the_environment_of_a_property_list_counts() {
        let text = "<dict><key>Label</key><string>x</string><key>EnvironmentVariables</key>\n<dict><key>A</key>\n <string>1&amp;2</string><key>K</key><true/></dict><key>Z</key><string>z</string></dict>";
        assert_eq!(pairs(&plist(text)), [("A", "1&2")]);
        assert!(plist("<dict>").is_empty());
        assert!(arguments(text).is_empty());
        let text = "<dict><key>ProgramArguments</key>\n<array>\n<string>a&amp;b</string>\n<string>gateway</string></array><key>K</key><string>k</string>";
        assert_eq!(arguments(text), ["a&b", "gateway"]);
    }

    #[test]
    fn sourced_files_are_read_as_a_shell_reads_them() {
        let text = "# Generated\nexport A='it'\\''s'\nexport B=plain # c\nC=\"x\\\"y\"\nexport D='two\nlines'\n[ -f x ] && . x\nexport E=\n";
        assert_eq!(
            pairs(&sourced(text)),
            [("A", "it's"), ("B", "plain"), ("C", "x\"y"), ("D", "two\nlines"), ("E", "")]
        );
    }
}

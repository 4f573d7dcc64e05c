//! What of a text that does not parse may be shown beside its structure: the values before the break whose whole
//! path from the root is known, and at the break itself a key of OpenClaw's own and a value of the shape that
//! belongs to it, which have lost a quote or a colon.

use crate::format::Span;
use crate::format::scan::{self, TokenKind};
use crate::secret::places::{self, is_known_key};
use crate::secret::structure::is_invisible;

/// Marks that are typed, or pasted from a document, where `"` belongs.
pub(super) const CURLY: [char; 19] = [
    '“', '”', '„', '‟', '‘', '’', '«', '»', '‚', '‛', '`', '´', '「', '」', '『', '』', '＂', '＇',
    '″',
];

/// What stands where a colon belongs.
const COLONS: [char; 5] = [':', '=', '：', ';', '；'];

/// Words that programs of other languages take for a value; no secret, wherever they stand.
/// So is the port that every gateway has.
const LITERALS: [&str; 9] = ["true", "false", "null", "none", "yes", "no", "on", "off", "18789"];

/// Where they stand, in order; what touches is one.
pub fn seen(text: &str) -> Vec<Span> {
    let mut seen = Seen { text, spans: Vec::new(), way: KeyPath::default() };
    let mut last = (TokenKind::Blank, Span { start: 0, end: 0 });
    let walked = super::walk(text, &mut |kind, at| {
        seen.token(kind, at);
        if !matches!(kind, TokenKind::Blank | TokenKind::Comment) {
            last = (kind, at);
        }
    });
    if let Err(at) = walked {
        match last {
            (TokenKind::Text | TokenKind::Plain, token) => seen.behind_a_value(token, at),
            (_, token) => {
                seen.at_the_break(at, text.get(token.start..token.end).unwrap_or_default())
            }
        }
    }
    seen.spans
}

/// Where the tokens of a text stand: the key before a value, and those of what is around it.
#[derive(Debug, Default)]
pub struct KeyPath {
    /// The key before the value; the elements of a list have the list's.
    pub key: Option<String>,
    /// The keys around it, and whether that is a list.
    outer: Vec<(Option<String>, bool)>,
}

impl KeyPath {
    /// Goes on to the next token.
    pub fn follow(&mut self, text: &str, kind: TokenKind, at: Span) {
        match kind {
            TokenKind::Open => {
                let is_list = text.get(at.start..at.end) == Some("[");
                self.outer.push((self.key.clone(), is_list));
                self.key = self.key.take().filter(|_| is_list);
            }
            TokenKind::Close => self.key = self.outer.pop().and_then(|(key, _)| key),
            // One that cannot be read leads to no known place.
            TokenKind::Key => {
                self.key = Some(scan::string(text.as_bytes(), at).unwrap_or_default().into());
            }
            _ => {}
        }
    }

    /// The keys from the root on; of an object in a list, the list's key stands once.
    pub fn path(&self) -> Vec<&str> {
        let objects = self.outer.iter().filter(|(_, is_list)| !is_list).map(|(key, _)| key);
        objects.chain([&self.key]).filter_map(|key| key.as_deref()).collect()
    }
}

struct Seen<'t> {
    text: &'t str,
    spans: Vec<Span>,
    way: KeyPath,
}

impl<'t> Seen<'t> {
    fn token(&mut self, kind: TokenKind, at: Span) {
        let raw = self.text.get(at.start..at.end).unwrap_or_default();
        self.way.follow(self.text, kind, at);
        match kind {
            TokenKind::Text => {
                let text = scan::string(self.text.as_bytes(), at);
                if text.is_some_and(|text| self.fits(&text)) {
                    self.show(at);
                }
            }
            TokenKind::Plain if LITERALS.contains(&raw) || self.fits(raw.trim_end_matches('.')) => {
                self.show(at);
            }
            _ => {}
        }
    }

    fn fits(&self, value: &str) -> bool {
        places::config(&self.way.path()).is_some_and(|shape| shape.show(value) == value)
    }

    fn show(&mut self, at: Span) {
        match self.spans.last_mut() {
            Some(last) if last.end == at.start => last.end = at.end,
            _ => self.spans.push(at),
        }
    }

    /// Reads on from `at` to the end of the line as a person would; `before` is the last token.
    fn at_the_break(&mut self, at: usize, before: &str) {
        let rest = self.text.get(at..).unwrap_or_default();
        let end = at + rest.find(['\n', '\r']).unwrap_or(rest.len());
        let Some((_, is_list)) = self.way.outer.last() else { return };
        let mut at = at;
        if !is_list && matches!(before, "{" | ",") {
            let Some((key, name)) = self.word(at, end).filter(|(_, name)| is_known_key(name))
            else {
                return;
            };
            self.show(key);
            self.way.key = Some(name.to_owned());
            at = self.skip(key.end, end, |c| c == ' ' || c == '\t');
            let behind = self.skip(at, end, |c| COLONS.contains(&c));
            self.show(Span { start: at, end: behind });
            at = behind;
        } else if !matches!(before, ":" | "[" | ",") {
            return;
        } else if before == ":" {
            at = self.skip(at, end, |c| COLONS.contains(&c));
        }
        if let Some((value, text)) = self.word(at, end)
            && (LITERALS.iter().any(|word| word.eq_ignore_ascii_case(text)) || self.fits(text))
        {
            self.show(value);
        }
    }

    /// What touches a value where it breaks is one word with it; more words of a setting's own may follow, and more
    /// addresses in a list.
    fn behind_a_value(&mut self, value: Span, at: usize) {
        let rest = self.text.get(at..).unwrap_or_default();
        let end = at + rest.find(['\n', '\r']).unwrap_or(rest.len());
        let is_apart = |c: char| c.is_whitespace() || "{}[],:;".contains(c);
        let is_list = self.way.outer.last().is_some_and(|(_, is_list)| *is_list);
        let mut from = value.start;
        let mut is_first = true;
        while from < end {
            let rest = self.text.get(from..end).unwrap_or_default();
            let length = rest.find(is_apart).unwrap_or(rest.len());
            let piece = rest.get(..length).unwrap_or_default();
            let text = piece.trim_matches(|c: char| !c.is_alphanumeric());
            let is_word = text.chars().all(|c| c.is_ascii_alphabetic()) || is_list;
            let is_shown = match text {
                "" => ["+", "|", "||", "&", "\"\"", ""].contains(&piece),
                text => (is_first || is_word) && (text == "or" || self.fits(text)),
            };
            // Of two values apart the second is shown only where it can be nothing but a word.
            if !is_shown {
                return;
            }
            self.show(Span { start: from, end: from + length });
            is_first = false;
            let behind = from + length;
            let is_between = |c: char| c == ' ' || c == '\t' || is_list && c == ',';
            from = self.skip(behind, end, is_between);
            if from == behind {
                return;
            }
        }
    }

    fn skip(&self, at: usize, end: usize, is: impl Fn(char) -> bool) -> usize {
        let rest = self.text.get(at..end).unwrap_or_default();
        at + rest.find(|c| !is(c)).unwrap_or(rest.len())
    }

    /// The next word before `end`, with what may be meant as its quotes, and what it says.
    fn word(&self, at: usize, end: usize) -> Option<(Span, &'t str)> {
        let is_quote = |c: char| matches!(c, '"' | '\'') || CURLY.contains(&c);
        let is_blank = |c: char| matches!(c, ' ' | '\t');
        let start = self.skip(at, end, is_blank);
        let rest = self.text.get(start..end)?;
        let first = rest.chars().next()?;
        let length = match is_quote(first) {
            true => {
                let inner = rest.get(first.len_utf8()..)?;
                match inner.find(is_quote) {
                    Some(close) => {
                        let quote = inner.get(close..)?.chars().next()?;
                        first.len_utf8() + close + quote.len_utf8()
                    }
                    // Its end is missing: so far as a comma may end the line.
                    None => rest.trim_end_matches(|c| is_blank(c) || c == ',').len(),
                }
            }
            false => rest
                .find(|c| is_blank(c) || is_quote(c) || ",;:=：，{}[]".contains(c))
                .map_or(rest.len(), |length| match rest.get(length..) {
                    // Only its first quote is missing.
                    Some(behind) => {
                        length
                            + behind
                                .chars()
                                .next()
                                .filter(|c| is_quote(*c))
                                .map_or(0, char::len_utf8)
                    }
                    None => length,
                }),
        };
        let text = rest.get(..length)?.trim_matches(|c| is_quote(c) || is_invisible(c));
        let text = text.trim_end_matches(|c| is_blank(c) || c == ',');
        (!text.is_empty()).then_some((Span { start, end: start + length }, text))
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    fn excerpt(text: &str) -> String {
        let error = parse(text.as_bytes()).unwrap_err();
        error.excerpt().lines().next().unwrap().trim().to_owned()
    }

    /// A line of the gateway's section, as it is shown.
    fn shown(line: &str) -> String {
        excerpt(&format!("{{\n  \"gateway\": {{\n    {line}\n    \"mode\": \"local\"\n  }}\n}}\n"))
    }

    #[test]
    fn what_is_harmless_at_its_path_is_shown_where_the_text_breaks() {
        for line in [
            "\"port\": 58471",
            "\"bind\": \"loopback\";",
            "\"port\": True,",
            "“bind”: \"loopback\",",
            "\"bind\": “loopback”,",
            "\"bind\": \"loopback,",
            "\"bind\": loopback,",
            "\"bind\": loopback\",",
            "\"bind\" \"loopback\",",
            "bind\": \"loopback\",",
            "port = 58471,",
            "port=58471,",
            "\"trustedProxies\": [\"10.0.0.5\", “10.0.0.6”],",
            "\"port\"：58471,",
            "\"port\"; 58471,",
            "\"port\": 58471，",
            "\"port\":: 58471,",
            "\"bind\": 「loopback」,",
            "\"bind\": `loopback`,",
            "\"port\": 58471.",
            "\"port\": 58471s,",
            "\"mode\": \"\"local\"\",",
            "\"mode\": \"local\"\",",
            "\"mode\": \"local\".",
            "\"bind\": \"loop\" + \"back\",",
            "\"bind\": \"loopback\" | \"lan\",",
            "\"trustedProxies\": [10.0.0.1, \"10.0.0.2\"],",
        ] {
            assert_eq!(shown(line), line);
        }
    }

    #[test]
    fn what_cannot_be_seen_is_shown() {
        assert_eq!(shown("\"port\": \u{200b}58471,"), "\"port\": ?58471,");
    }

    #[test]
    fn what_has_no_known_path_is_not() {
        for (line, masked) in [
            ("\"pin\": 5847", "****: ****"),
            ("\"password\"：hunter2,", "****,"),
            ("\"password\"; 5847,", "\"password\"; ****,"),
            ("\"password\": \"\"hunter2\"\",", "\"password\": ****,"),
            ("\"password\": \"hunter2\" + \"lan\",", "\"password\": ****,"),
            ("\"bind\": \"lan\" \"hunter2\",", "\"bind\": \"lan\" ****,"),
            ("\"port\": 1 hunter2,", "\"port\": 1 ****,"),
            ("\"password\": hunter2,", "\"password\": ****,"),
            ("\"password\" \"hunter2 hunter2\",", "\"password\" ****,"),
            ("password = hunter2,", "password = ****,"),
            ("\"bind\": hunter2,", "\"bind\": ****,"),
            (
                "\"auth\": { \"token\": “hunter2”, \"port\": 5847 },",
                "\"auth\": { \"token\": ****, \"port\": **** },",
            ),
            (
                "\"tls\": { \"port\": 5847, \"bind\": lan },",
                "\"tls\": { \"port\": ****, \"bind\": **** },",
            ),
            ("“hunter2”: 1,", "****: ****,"),
        ] {
            assert_eq!(shown(line), masked, "{line}");
        }
        // Beside the gateway, and behind the break.
        assert_eq!(excerpt("{ \"port\": 5847 \"bind\": 'lan' }"), "{ \"port\": ****: **** }");
        assert_eq!(shown("\"port\": 1 2, \"port\": 5847"), "\"port\": 1 ****, \"port\": ****");
    }
}

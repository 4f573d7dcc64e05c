//! Texts by their letters and digits alone: a pasted message is known again whatever its case, its quotes,
//! `-` for `_`, colours, frames, and line breaks in the middle of a word.

/// A text of which only letters and digits are left, in lower case.
#[derive(Clone, Debug, Default)]
pub struct Squeezed {
    text: String,
    /// Where words begin, as offsets in `text`, ascending.
    starts: Vec<usize>,
}

/// From this many letters a fragment may end within a word: `Unrecognized key` is found in `Unrecognized keys`.
const ENDS_ANYWHERE: usize = 13;
/// How far apart the parts of a fragment may be, letters: a path or an id lies between them.
const GAP: usize = 400;

impl Squeezed {
    /// A text without what is not its words: escape sequences, signs, blanks.
    pub fn of(text: &str) -> Self {
        let mut squeezed = Self::default();
        let mut is_between = true;
        let plain = anstream::adapter::strip_str(text).to_string();
        let mut rest = plain.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                // Logs in JSON: `\n` stands for a line break, `\u0027` for a quote.
                '\\' if matches!(rest.peek(), Some('n' | 'r' | 't')) => {
                    rest.next();
                    is_between = true;
                }
                '\\' if rest.peek() == Some(&'u') => {
                    let digits = rest.clone().skip(1).take(4);
                    if digits.filter(char::is_ascii_hexdigit).count() == 4 {
                        rest.nth(4);
                    }
                    is_between = true;
                }
                c if c.is_alphanumeric() => {
                    if is_between {
                        squeezed.starts.push(squeezed.text.len());
                    }
                    is_between = false;
                    squeezed.text.extend(c.to_lowercase());
                }
                _ => is_between = true,
            }
        }
        squeezed
    }

    /// How many bytes of letters and digits it has.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether it has no letter and no digit.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn is_start(&self, at: usize) -> bool {
        self.starts.binary_search(&at).is_ok()
    }

    /// Whether a fragment stands in it, from the beginning of a word on.
    pub fn holds(&self, fragment: &Fragment) -> bool {
        let Some((first, others)) = fragment.parts.split_first() else { return false };
        let mut from = 0;
        while let Some(end) = self.next(first, from) {
            let mut at = end;
            let all = others.iter().all(|part| {
                let near = self.next(part, at).filter(|end| *end <= at + GAP + part.len());
                near.is_some_and(|end| {
                    at = end;
                    true
                })
            });
            if all {
                return true;
            }
            from = end;
        }
        false
    }

    /// Where the next occurrence of a part ends.
    fn next(&self, part: &Self, mut from: usize) -> Option<usize> {
        loop {
            let start = from + self.text.get(from..)?.find(&part.text)?;
            let end = start + part.len();
            let ends = part.len() >= ENDS_ANYWHERE || end == self.len() || self.is_start(end);
            if self.is_start(start) && ends {
                return Some(end);
            }
            from = start + self.text.get(start..)?.chars().next()?.len_utf8();
        }
    }

    /// Whether it is a piece of a fragment: a copy that was cut off.
    pub fn is_piece_of(&self, fragment: &Fragment) -> bool {
        !self.is_empty() && fragment.parts.iter().any(|part| part.text.contains(&self.text))
    }

    /// How much of a fragment stands at its end, cut off there: at least `least` bytes from the beginning of
    /// a word on.
    pub fn ends_within(&self, fragment: &Fragment, least: usize) -> Option<usize> {
        let fragment = &fragment.parts.first()?.text;
        let longest = fragment.len().min(self.len());
        let cut = |length: &usize| {
            let at = self.len() - length;
            let head = fragment.get(..*length);
            self.is_start(at) && head.is_some() && head == self.text.get(at..)
        };
        (least..=longest).rev().find(cut)
    }
}

/// What stays the same of a message; `…` in it stands for what differs from machine to machine.
#[derive(Clone, Debug)]
pub struct Fragment {
    parts: Vec<Squeezed>,
}

impl Fragment {
    /// A fragment of a message's text, cut into parts at each `…`.
    pub fn of(text: &str) -> Self {
        let parts = text.split('…').map(Squeezed::of).filter(|part| !part.is_empty());
        Self { parts: parts.collect() }
    }

    /// How many bytes of it are letters and digits.
    pub fn size(&self) -> usize {
        self.parts.iter().map(Squeezed::len).sum()
    }

    /// Its letters and digits: the same for fragments that are the same.
    pub fn letters(&self) -> String {
        self.parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str, fragment: &str) -> bool {
        Squeezed::of(text).holds(&Fragment::of(fragment))
    }

    #[test]
    fn what_only_looks_different_is_the_same() {
        for text in [
            "Device Token Mismatch",
            "reason=device_token_mismatch",
            "DEVICE-TOKEN-MISMATCH",
            "\u{1b}[31mdevice\u{1b}[0m token\u{1b}]0;title\u{7} mismatch",
            "│ unauthorized: device tok │\n│ en mismatch              │",
            r#"{"msg":"unauthorized:\ndevice \u0027token\u0027 mismatch"}"#,
        ] {
            assert!(holds(text, "device token mismatch"), "{text}");
        }
        assert!(!holds("device token fine; mismatch", "device token mismatch"));
    }

    #[test]
    fn short_fragments_are_words_of_their_own() {
        assert!(holds("closed (1008): bye", "1008"));
        assert!(!holds("request 10083 of a1008", "1008"));
        assert!(!holds("unauthorizedclient", "unauthorized"));
        assert!(holds("Unrecognized keys", "unrecognized key"));
    }

    #[test]
    fn what_differs_may_stand_between_its_parts_but_not_a_page() {
        let fragment = "agent database … uses schema version";
        assert!(holds("agent database /home/ann/x.sqlite uses schema version 19", fragment));
        let far = format!("agent database {} uses schema version", "x ".repeat(500));
        assert!(!holds(&far, fragment));
        assert!(holds(&format!("{far} agent database a uses schema version"), fragment));
    }

    #[test]
    fn a_copy_that_was_cut_off_is_a_piece() {
        assert!(Squeezed::of("token misma").is_piece_of(&Fragment::of("device token mismatch")));
        let cut = Squeezed::of("unauthorized: device token mism…");
        assert_eq!(cut.ends_within(&Fragment::of("device token mismatch"), 12), Some(15));
        assert_eq!(cut.ends_within(&Fragment::of("gateway token mismatch"), 12), None);
        assert!(!holds("", "…") && Squeezed::of("…").is_empty());
    }

    #[test]
    fn anything_is_squeezed_without_harm() {
        for text in ["\u{1b}", "\u{1b}[", "\u{1b}]x", "\\", "\\u12", "\\u00e", "İẞ", "\0\u{fffd}"]
        {
            let _ = holds(text, "ist");
            let _ = Squeezed::of(text).ends_within(&Fragment::of("i̇ss"), 1);
        }
    }
}

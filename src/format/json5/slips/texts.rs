//! Slips within and around texts, numbers and members.

use super::{MEMBER, Slips, is_quote, named};
use crate::format::scan::{ScanFault, TokenKind};
use std::ops::Range;

impl Slips<'_> {
    /// The text in quotes that ends at the break, or goes on over it.
    fn quoted(&self) -> Option<Range<usize>> {
        let starts_quoted =
            |at: usize| self.text.get(at..).is_some_and(|rest| rest.starts_with(['"', '\'']));
        match &self.last {
            _ if self.begin < self.at && starts_quoted(self.begin) => {
                let end = match self.fault {
                    ScanFault::LineEndInString | ScanFault::EndInString => self.line_end,
                    _ => self.begin + self.text.get(self.begin..self.at)?.trim_end().len(),
                };
                Some(self.begin..end)
            }
            Some((TokenKind::Text, span)) => Some(span.clone()),
            _ => None,
        }
    }

    /// A quote that is missing, is another one, or is one too many.
    pub(super) fn strings(&mut self) {
        self.curly();
        let Some(span) = self.quoted() else { return };
        let raw = self.get(&span).to_owned();
        let quote = raw.get(..1).unwrap_or_default().to_owned();
        let other = if quote == "\"" { "'" } else { "\"" };
        self.swap(span.start..span.start + 1, other, 1);
        let behind = self.text.get(span.end..).unwrap_or_default();
        let word = behind.find(['"', '\'', '\n']).unwrap_or(behind.len());
        if word > 0 && behind.get(word..word + 2) == Some(raw.as_str()) {
            let with = format!("{quote}{}{quote}", behind.get(..word).unwrap_or_default());
            let words = "remove one of the two quotes, before and behind the text";
            self.push(span.start..span.end + word + 2, with, 0, words);
        }
        if raw.len() == 2 {
            self.push(span.start..span.start + 1, "", 1, "remove one of the two quotes");
        }
        if let Some(key) = raw.strip_suffix(":\"").or(raw.strip_suffix(":'")) {
            let colon = span.start + key.len();
            let words = "type the colon behind the quote, not before it";
            self.push(colon..span.end, format!("{quote}:"), 0, words);
        }
        self.quote_within(&span, &raw, &quote);
        if matches!(self.fault, ScanFault::LineEndInString | ScanFault::EndInString) {
            self.quote_at_the_end(&span, &raw, &quote);
        }
        // `"the "great" one"`: what is within is meant.
        let all = self.text.get(span.start..self.line_end).unwrap_or_default();
        let all = all.trim_end_matches(|c: char| c.is_whitespace() || ",}]".contains(c)).to_owned();
        let within = all.strip_prefix(&quote).and_then(|all| all.strip_suffix(&quote));
        if let Some(inner) = within
            && inner.contains(&quote)
            && !inner.contains('\\')
        {
            let typed = format!("\\{quote}");
            let with = format!("{quote}{}{quote}", inner.replace(&quote, &typed));
            let words = format!("type {typed} in place of each quote within the text");
            self.push(span.start..span.start + all.len(), with, 3, words);
        }
        if let Some(back) = raw.rfind('\\').map(|at| span.start + at) {
            self.push(back..back, "\\", 1, "type \\\\ in place of \\");
        }
    }

    /// Quotes of a document around a text.
    fn curly(&mut self) {
        let Some(found) = self.found.filter(|c| is_quote(*c)) else { return };
        let line = self.text.get(self.at..self.line_end).unwrap_or_default().to_owned();
        let inner = self.at + found.len_utf8();
        for (end, close) in line.char_indices().skip(1).filter(|(_, c)| is_quote(*c)).take(3) {
            let end = self.at + end;
            let text = self.text.get(inner..end).unwrap_or_default();
            if !text.contains(['"', '\\']) {
                let with = format!("\"{text}\"");
                let words = format!("type straight quotes (\") in place of {found} and {close}");
                self.push(self.at..end + close.len_utf8(), with, 0, words);
            }
        }
    }

    /// The text ends before its quote.
    fn quote_within(&mut self, span: &Range<usize>, raw: &str, quote: &str) {
        for (at, c) in raw.char_indices().skip(1).filter(|(_, c)| !c.is_alphanumeric()).take(24) {
            let place = span.start + at;
            let end = place + c.len_utf8();
            if is_quote(c) && !quote.starts_with(c) {
                self.swap(place..end, quote, 1);
            } else if !c.is_whitespace() && !quote.starts_with(c) {
                self.swap(place..end, quote, 3);
            }
            if ",:}]".contains(c) {
                let before = raw.get(..at).unwrap_or_default().trim_end().len();
                let words = format!("type {} behind the text", named(quote));
                self.push(span.start + before..span.start + before, quote, 1, words);
            }
        }
    }

    /// The text goes on to the end of its line without a quote.
    fn quote_at_the_end(&mut self, span: &Range<usize>, raw: &str, quote: &str) {
        let end = span.start + raw.trim_end().len();
        self.push(end..end, quote, 1, format!("type {} behind the text", named(quote)));
        let rest = self.text.get(span.end..).unwrap_or_default();
        let next = span.end + rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        self.push(span.end..next, "", 4, "remove the line break within the text");
        if let Some((at, c)) = raw.trim_end_matches([',', ' ', '\t']).char_indices().next_back()
            && !c.is_alphanumeric()
        {
            let cost = if is_quote(c) { 0 } else { 2 };
            self.swap(span.start + at..span.start + at + c.len_utf8(), quote, cost);
        }
    }

    /// A word without its quotes, a number with more than its digits.
    pub(super) fn words(&mut self) {
        let is_key = matches!(self.fault, ScanFault::Key | ScanFault::Colon | ScanFault::KeyEscape);
        let begin = self.begin;
        let line = self.text.get(begin..self.line_end).unwrap_or_default().to_owned();
        let ends: &[&str] = if is_key { &[":", "=", ":,}]"] } else { &[" ,}]:", ",}]", ""] };
        let what = if is_key { "the key" } else { "the text" };
        for end in ends {
            let length = line.find(|c: char| end.contains(c) || is_quote(c)).unwrap_or(line.len());
            let word = line.get(..length).unwrap_or_default();
            let closed = line.get(length..).is_some_and(|rest| rest.starts_with(['"', '\'']));
            let word = if closed { word } else { word.trim_end_matches([' ', '\t', ',']) };
            if word.is_empty() || word.contains('\\') || !word.contains(char::is_alphanumeric) {
                continue;
            }
            if closed {
                let quote = line.get(length..=length).unwrap_or_default().to_owned();
                let words = format!("type {} before {what}", named(&quote));
                self.push(begin..begin, quote, 1, words);
            } else {
                let words = format!("type a quote (\") before and behind {what}");
                self.push(begin..begin + word.len(), format!("\"{word}\""), 2, words);
            }
        }
        let end = line.find(|c: char| !c.is_alphanumeric()).unwrap_or(line.len());
        let word = line.get(..end).unwrap_or_default().to_ascii_lowercase();
        let literal = match word.as_str() {
            "true" | "yes" | "on" => "true",
            "false" | "no" | "off" => "false",
            "null" | "none" | "nil" | "undefined" => "null",
            _ => "",
        };
        if !literal.is_empty() && self.fault == ScanFault::Value {
            let words = match literal == word {
                true => "type it in small letters: true, false or null".to_owned(),
                false => format!("type {literal} in place of it"),
            };
            self.push(begin..begin + end, literal, 0, words);
        }
        let zeros = line.len() - line.trim_start_matches('0').len();
        self.push(begin..begin + zeros, "", 1, "remove the 0 at its beginning");
        let before = self.text.get(..self.at).unwrap_or_default();
        let rest = self.text.get(self.at..).unwrap_or_default();
        let is_digit = |c: char| c.is_ascii_digit();
        if before.ends_with(is_digit) {
            let letters = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
            let words = "remove the letters behind the number";
            self.push(self.at..self.at + letters, "", 0, words);
        }
        let number = before.trim_end().strip_suffix(',').filter(|text| text.ends_with(is_digit));
        if let Some(comma) = number.map(str::len).filter(|_| rest.starts_with(is_digit)) {
            self.push(comma..self.at, "", 0, "remove the comma within the number");
        }
    }

    /// How the text between two places is removed, in words: nobody sees how far it goes from its place alone.
    fn removal(&self, from: usize, to: usize) -> &'static str {
        let before = self.text.get(..from).unwrap_or_default().rsplit('\n').next();
        let behind = self.text.get(to..).unwrap_or_default().split('\n').next();
        let is_rest = behind.unwrap_or_default().chars().all(|c| c.is_whitespace() || c == ',');
        match (is_rest, before.unwrap_or_default().trim().is_empty()) {
            (true, true) => "remove this line",
            (true, false) => "remove the rest of the line from there",
            (false, _) => "remove what stands there",
        }
    }

    /// A key without its value, a value with more behind it.
    pub(super) fn members(&mut self) {
        let behind = usize::from(self.found == Some(','));
        let frame = self.reading.open.last().map(|frame| (frame.key, frame.value, frame.colon));
        match (self.fault, self.found, frame) {
            (ScanFault::Value, _, Some((key, None, Some(_)))) => {
                let words = "type the value before it, or remove the key";
                let end = match behind {
                    0 => key + self.get(&(key..self.at)).trim_end().len(),
                    comma => self.at + comma,
                };
                self.push(key..end, "", MEMBER - 4, words);
                self.about(self.at);
            }
            (ScanFault::Colon, Some(',' | '}'), Some(_)) => {
                let words = "type a colon (:) and the value before it, or remove the key";
                self.push(self.begin..self.at + behind, "", MEMBER, words);
                self.about(self.at);
            }
            (_, Some(':'), Some((key, Some(value), _))) if key < value => {
                let what = "type the value of the key before, or remove that key";
                self.push(key..value, "", MEMBER, what);
                self.about(key);
            }
            _ => {}
        }
        // A word alone on its line is no key.
        let word = self.get(&(self.begin..self.at)).trim_end().len();
        let between = self.begin + word..self.at;
        let is_bare = self.get(&(self.begin..between.start)).chars().all(char::is_alphanumeric);
        if self.fault == ScanFault::Colon && is_bare && self.get(&between).contains('\n') {
            let words = self.removal(self.begin, between.start);
            self.push(self.begin..between.start, "", 2, words);
        }
        let from = match self.fault {
            ScanFault::Colon | ScanFault::Key => self.begin,
            _ => self.last_end(),
        };
        let line = self.text.get(self.at.min(from)..self.line_end).unwrap_or_default().to_owned();
        let start = self.at.min(from);
        for ends in [",}]", "}]", ""] {
            let end = line.find(|c: char| ends.contains(c)).unwrap_or(line.len());
            let rest = line.get(..end).unwrap_or_default();
            let rest = rest.trim_end_matches(|c: char| c.is_whitespace() || c == ',');
            let is_key = matches!(self.fault, ScanFault::Colon | ScanFault::Key)
                && rest.starts_with(['"', '\'']);
            let cost = 4 + MEMBER * (rest.matches([':', '=']).count() + usize::from(is_key));
            if from < start + rest.len() {
                let ends_value =
                    matches!(&self.last, Some((TokenKind::Text | TokenKind::Plain, _)));
                let words = match self.fault {
                    ScanFault::GoesOn => "remove what follows",
                    ScanFault::Value => "keep one value there, and remove the rest",
                    ScanFault::Colon | ScanFault::Key => self.removal(from, start + rest.len()),
                    _ if ends_value => "keep one value there, and remove the rest",
                    _ => self.removal(from, start + rest.len()),
                };
                self.push(from..start + rest.len(), "", cost, words);
                if self.fault == ScanFault::GoesOn {
                    self.about(self.at);
                }
            }
        }
    }
}

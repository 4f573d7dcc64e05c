//! The slips that a text may break of: for each the edit that undoes it, and how likely it is. What an edit is worth
//! is found out by trying it, see [`super::advice`].

use std::ops::Range;

use super::reading::{Reading, Token, sections_in};
use super::seen::CURLY;
use crate::format::Span;
use crate::format::scan::{ScanError, ScanFault, TokenKind};
use crate::secret::structure::is_invisible;

/// An edit of a text, and how it is told: no words of the text, and no letter.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    pub at: Range<usize>,
    pub with: String,
    pub words: String,
    /// How unlikely it is.
    pub cost: usize,
    /// It only closes what was cut off.
    pub is_cut: bool,
    /// Where the words are about, if that is not where the edit begins.
    pub spot: Option<usize>,
}

/// The lines that a merge leaves around two versions of a text.
const MERGE_MARKS: [&str; 3] = ["<<<<<<<", "=======", ">>>>>>>"];
/// What begins a line that is no setting.
const NO_SETTING: [&str; 12] =
    ["#", "--", "<!--", "...", "…", "```", "~~~", "$ ", "%", "<<<", "===", ">>>"];
/// A member that goes costs so much for each colon in it.
const MEMBER: usize = 14;

/// The edits worth trying where a text breaks.
pub(super) fn edits(text: &str, reading: &Reading, error: ScanError) -> Vec<Edit> {
    if matches!(error.what, ScanFault::TooDeep | ScanFault::NoValue) {
        return Vec::new();
    }
    let at = error.offset;
    let Some((before, rest)) = text.split_at_checked(at) else { return Vec::new() };
    let last = reading.tokens.last().map(|token| (token.kind, token.at.start..token.at.end));
    let touching = last.as_ref().filter(|(kind, span)| *kind == TokenKind::Plain && span.end == at);
    let begin = match touching {
        Some((_, span)) => span.start,
        None => reading.from.min(at),
    };
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line_end = at + rest.find(['\n', '\r']).unwrap_or(rest.len());
    let found = rest.chars().next();
    let mut slips = Slips {
        text,
        reading,
        fault: error.what,
        at,
        begin,
        last,
        line_start,
        line_end,
        found,
        edits: vec![],
    };
    slips.marks();
    slips.strings();
    slips.words();
    slips.members();
    slips.lines();
    slips.ends();
    slips.edits
}

struct Slips<'t> {
    text: &'t str,
    reading: &'t Reading,
    fault: ScanFault,
    /// Where it breaks, and where the word that breaks there begins.
    at: usize,
    begin: usize,
    /// The last token that is whole.
    last: Option<(TokenKind, Range<usize>)>,
    line_start: usize,
    line_end: usize,
    found: Option<char>,
    edits: Vec<Edit>,
}

impl Slips<'_> {
    fn push(
        &mut self,
        at: Range<usize>,
        with: impl Into<String>,
        cost: usize,
        words: impl Into<String>,
    ) {
        let (with, words) = (with.into(), words.into());
        let same = self.edits.iter_mut().find(|edit| edit.at == at && edit.with == with);
        let is_change = self.text.get(at.clone()).is_some_and(|was| was != with);
        match same {
            Some(same) if cost < same.cost => (same.cost, same.words) = (cost, words),
            None if is_change => {
                self.edits.push(Edit { at, with, words, cost, is_cut: false, spot: None })
            }
            _ => {}
        }
    }

    /// The edit before is told at another place.
    fn about(&mut self, spot: usize) {
        if let Some(edit) = self.edits.last_mut() {
            edit.spot = Some(spot);
        }
    }

    fn put(&mut self, at: usize, mark: &str, cost: usize) {
        let is_before = self.text.get(at..).and_then(|rest| rest.chars().next());
        let place =
            if is_before.is_some_and(|c| !c.is_whitespace()) { "before it" } else { "there" };
        self.push(at..at, mark, cost, format!("type {} {place}", named(mark)));
    }

    fn swap(&mut self, at: Range<usize>, with: &str, cost: usize) {
        let was = called(self.get(&at));
        self.push(at, with, cost, format!("type {} in place of {was}", named(with)));
    }

    fn drop(&mut self, at: Range<usize>, cost: usize) {
        let was = called(self.get(&at));
        self.push(at, "", cost, format!("remove {was}"));
    }

    fn get(&self, at: &Range<usize>) -> &str {
        self.text.get(at.clone()).unwrap_or_default()
    }

    fn last_end(&self) -> usize {
        self.last.as_ref().map_or(0, |(_, span)| span.end)
    }

    /// One mark for another, one too many, one that is missing: where it breaks, and just before.
    fn marks(&mut self) {
        use ScanFault::{Colon, Comma, CommaOrBrace, CommaOrBracket};
        let at = self.at;
        let here = at..at + self.found.map_or(0, char::len_utf8);
        if let Some(found) = self.found {
            for mark in meant(found) {
                self.swap(here.clone(), mark, 0);
            }
            let rest = self.text.get(at..).unwrap_or_default();
            if rest.starts_with("=>") {
                self.swap(at..at + 2, ":", 0);
            }
            let invisible = rest.find(|c| !is_invisible(c)).unwrap_or(rest.len());
            self.drop(at..at + invisible, 0);
            let odd =
                rest.find(|c: char| c.is_ascii() || c.is_alphanumeric()).unwrap_or(rest.len());
            self.drop(at..at + odd, 1);
        }
        if matches!(self.fault, Comma | CommaOrBrace | CommaOrBracket) {
            self.put(at, ",", 1);
        }
        if matches!(self.fault, Colon) {
            self.put(at, ":", 1);
        }
        let single = if self.text.contains('\'') { &["'"][..] } else { &[] };
        let marks = MARKS.iter().chain(single).copied();
        let before = self.last.clone().map(|(_, span)| span);
        if let Some(before) = &before {
            // `18789.` is a number.
            if self.get(before).ends_with('.') {
                self.swap(before.end - 1..before.end, ",", 0);
            }
            let is_double = self.get(before) == self.get(&here);
            if is_double && self.found.is_some() {
                self.drop(here.clone(), 0);
            }
        }
        if let Some(frame) = self.reading.open.last() {
            let (at, other, close) = match frame.is_list {
                true => (frame.at, "{", "]"),
                false => (frame.at, "[", "}"),
            };
            let (colon, value) = (frame.colon, frame.value);
            let bracket = self.text.get(at..at + 1);
            let before_it = self.text.get(..at).unwrap_or_default().trim_end();
            let is_double = self.text.get(at + 1..at + 2) == bracket
                || bracket.is_some_and(|bracket| before_it.ends_with(bracket));
            self.swap(at..at + 1, other, 2);
            self.drop(at..at + 1, if is_double { 0 } else { 4 });
            self.put(self.last_end(), close, 2);
            if matches!(self.fault, Comma) {
                self.put(self.last_end(), &format!("{close},"), 2);
            }
            self.put(self.at, close, 2);
            if let Some(before) = before.as_ref().filter(|at| self.get(at) == ",") {
                self.put(before.start, close, 2);
            }
            if let Some(colon) = colon {
                self.push(colon..colon, "{", 1, "type { behind the colon");
            }
            if let Some(value) = value {
                self.put(value, "[", 2);
            }
        }
        // What was read last is a text where a key should be: the bracket before it is missing.
        if let Some(before) = &before {
            self.put(before.start, "{", 2);
        }
        if let Some(first) = self.reading.tokens.first().map(|token| token.at.start) {
            self.put(first, "{", 2);
        }
        let is_mark = |text: &str| {
            let is = |c: char| !c.is_alphanumeric() && !c.is_whitespace();
            text.chars().count() == 1 && text.chars().all(is)
        };
        if is_mark(self.get(&here)) {
            match self.fault {
                Colon => self.swap(here.clone(), ":", 1),
                CommaOrBrace | CommaOrBracket => self.swap(here.clone(), ",", 2),
                _ => {}
            }
            self.drop(here.clone(), 3);
            for mark in marks.clone() {
                self.swap(here.clone(), mark, 3);
            }
        }
        let tokens = self.reading.tokens.iter().rev().take(3);
        let tokens = tokens.map(|token| token.at.start..token.at.end);
        let begin = self.begin..(self.begin + 1).min(at);
        for token in tokens.chain([begin]) {
            if !is_mark(self.get(&token)) {
                continue;
            }
            self.drop(token.clone(), 3);
            for mark in marks.clone() {
                self.swap(token.clone(), mark, 4);
            }
        }
        for mark in marks.clone() {
            self.put(at, mark, 4);
        }
    }

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
    fn strings(&mut self) {
        let line = self.text.get(self.at..self.line_end).unwrap_or_default().to_owned();
        if let Some(found) = self.found.filter(|c| is_quote(*c)) {
            let inner = self.at + found.len_utf8();
            for (end, close) in line.char_indices().skip(1).filter(|(_, c)| is_quote(*c)).take(3) {
                let end = self.at + end;
                let text = self.text.get(inner..end).unwrap_or_default();
                if !text.contains(['"', '\\']) {
                    let with = format!("\"{text}\"");
                    let words =
                        format!("type straight quotes (\") in place of {found} and {close}");
                    self.push(self.at..end + close.len_utf8(), with, 0, words);
                }
            }
        }
        let Some(span) = self.quoted() else { return };
        let raw = self.get(&span).to_owned();
        let quote = raw.get(..1).unwrap_or_default().to_owned();
        let other = if quote == "\"" { "'" } else { "\"" };
        self.swap(span.start..span.start + 1, other, 1);
        let behind = self.text.get(span.end..).unwrap_or_default();
        let word = behind.find(['"', '\'', '\n']).unwrap_or(behind.len());
        let doubled = behind.get(word..word + 2).filter(|end| *end == raw && word > 0);
        if doubled.is_some() {
            let with = format!("{quote}{}{quote}", behind.get(..word).unwrap_or_default());
            let end = span.end + word + 2;
            self.push(
                span.start..end,
                with,
                0,
                "remove one of the two quotes, before and behind the text",
            );
        }
        if raw.len() == 2 {
            self.push(span.start..span.start + 1, "", 1, "remove one of the two quotes");
        }
        if let Some(key) = raw.strip_suffix(":\"").or(raw.strip_suffix(":'")) {
            let colon = span.start + key.len();
            let words = "type the colon behind the quote, not before it";
            self.push(colon..span.end, format!("{quote}:"), 0, words);
        }
        for (at, c) in raw.char_indices().skip(1).filter(|(_, c)| !c.is_alphanumeric()).take(24) {
            let place = span.start + at;
            let end = place + c.len_utf8();
            if is_quote(c) && !quote.starts_with(c) {
                self.swap(place..end, &quote, 1);
            } else if !c.is_whitespace() && !quote.starts_with(c) {
                self.swap(place..end, &quote, 3);
            }
            if ",:}]".contains(c) {
                let before = raw.get(..at).unwrap_or_default().trim_end().len();
                let words = format!("type {} behind the text", named(&quote));
                self.push(span.start + before..span.start + before, quote.as_str(), 1, words);
            }
        }
        let is_open = matches!(self.fault, ScanFault::LineEndInString | ScanFault::EndInString);
        if is_open {
            let end = span.start + raw.trim_end().len();
            self.push(
                end..end,
                quote.as_str(),
                1,
                format!("type {} behind the text", named(&quote)),
            );
            let rest = self.text.get(span.end..).unwrap_or_default();
            let next = span.end + rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
            self.push(span.end..next, "", 4, "remove the line break within the text");
            if let Some((at, c)) = raw.trim_end_matches([',', ' ', '\t']).char_indices().next_back()
                && !c.is_alphanumeric()
            {
                let cost = if is_quote(c) { 0 } else { 2 };
                self.swap(span.start + at..span.start + at + c.len_utf8(), &quote, cost);
            }
        }
        // `"the "great" one"`: what is within is meant.
        let all = self.text.get(span.start..self.line_end).unwrap_or_default();
        let all = all.trim_end_matches(|c: char| c.is_whitespace() || ",}]".contains(c)).to_owned();
        if let Some(inner) = all.strip_prefix('"').and_then(|all| all.strip_suffix('"'))
            && inner.contains('"')
            && !inner.contains('\\')
        {
            let with = format!("\"{}\"", inner.replace('"', "\\\""));
            let words = "type \\\" in place of each quote within the text";
            self.push(span.start..span.start + all.len(), with, 3, words);
        }
        if let Some(back) = raw.rfind('\\').map(|at| span.start + at) {
            self.push(back..back, "\\", 1, "type \\\\ in place of \\");
        }
    }

    /// A word without its quotes, a number with more than its digits.
    fn words(&mut self) {
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

    /// A key without its value, a value with more behind it.
    fn members(&mut self) {
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
            let cost = 4 + MEMBER * (rest.matches(':').count() + usize::from(is_key));
            if from < start + rest.len() {
                let words = "keep one value there, and remove the rest";
                self.push(from..start + rest.len(), "", cost, words);
            }
        }
    }

    /// Lines that are no settings, and what a page or a terminal put around them.
    fn lines(&mut self) {
        let next = self.text.get(self.line_end..).unwrap_or_default();
        let next = self.line_end + next.find(|c: char| !c.is_whitespace()).unwrap_or(0);
        let next_end = self.text.get(next..).unwrap_or_default().find(['\n', '\r']);
        let next_end = next_end.map_or(self.text.len(), |length| next + length);
        for (start, end) in [(self.line_start, self.line_end), (next, next_end)] {
            let line = self.text.get(start..end).unwrap_or_default();
            let inner = line.trim_start();
            let start = end - inner.len();
            let is_none = NO_SETTING.iter().any(|mark| inner.starts_with(mark));
            let members = line.matches(':').count().max(usize::from(line.contains('"')));
            let cost = if is_none { 1 } else { 6 + MEMBER * members };
            let words = match inner.starts_with('#') {
                true => "type // in place of the #, or remove the line",
                false => "remove the line, or type // at its beginning",
            };
            if !inner.trim().is_empty() {
                self.push(start..start, "//", cost, words);
            }
        }
        self.merge();
        self.margin();
        if self.reading.tokens.is_empty()
            && let Some(brace) = self.text.get(self.at..).and_then(|rest| rest.find('{'))
        {
            let colons = self.get(&(self.at..self.at + brace)).matches(':').count();
            let words = "remove what stands before the first {";
            self.push(self.at..self.at + brace, "", 2 + MEMBER * colons, words);
        }
        match self.fault {
            ScanFault::OpenComment => {
                let words = "type */ where the comment ends";
                self.push(self.line_end..self.line_end, "*/", 1, words);
            }
            ScanFault::CommentMark => {
                let slash = self.text.get(..self.at).map_or(0, |text| text.len());
                self.push(slash..slash, "/", 1, "type // before a comment, or remove the /");
            }
            _ => {}
        }
    }

    /// The first of the two versions is as good to try as the other.
    fn merge(&mut self) {
        let mut at = 0;
        let mut marks: Vec<Range<usize>> = Vec::new();
        for line in self.text.split_inclusive('\n') {
            if MERGE_MARKS.get(marks.len()).is_some_and(|mark| line.starts_with(mark)) {
                marks.push(at..at + line.len());
            }
            at += line.len();
        }
        if let [head, middle, tail] = marks.as_slice() {
            let kept = self.get(&(head.end..middle.start)).to_owned();
            let words = "keep one of the two versions of the merge, and remove its lines <<<<<<<, ======= and >>>>>>>";
            self.push(head.start..tail.end, kept, 0, words);
        }
    }

    /// Numbers or marks that stand before each line, as pages show them.
    fn margin(&mut self) {
        let body = |line: &str| -> Option<String> {
            let plain = line.trim_start();
            let digits = plain.trim_start_matches(|c: char| c.is_ascii_digit());
            let rest = match digits.len() < plain.len() {
                true => digits.trim_start_matches(['.', ':', '|', ')', '\t']),
                false => plain.strip_prefix(['>', '|', '+'])?,
            };
            Some(rest.to_owned())
        };
        let head: Vec<&str> = self.text.lines().filter(|line| !line.trim().is_empty()).collect();
        let is_all = head.len() > 1 && head.iter().all(|line| body(line).is_some());
        if is_all {
            let lines = self.text.lines().map(|line| body(line).unwrap_or_default());
            let with = lines.collect::<Vec<_>>().join("\n");
            let words = "remove the numbers or marks at the beginning of the lines";
            self.push(0..self.text.len(), with, 1, words);
        }
    }

    /// Brackets that close too early, too late or never; what stands behind the value.
    fn ends(&mut self) {
        let text = self.text;
        let is_end = self.at >= text.trim_end().len();
        if self.fault == ScanFault::GoesOn {
            let rest = text.get(self.at..).unwrap_or_default();
            let kept = self.reading.sections(text);
            let gone = sections_in(rest).iter().filter(|name| !kept.contains(name)).count();
            let cost = 8 + 2 * MEMBER * gone;
            self.push(self.at..text.len(), "", cost, "remove what follows");
            let tokens = self.reading.tokens.iter().rev();
            let closers = tokens.filter(|token| token.kind == TokenKind::Close).take(24);
            for at in closers.map(|token| token.at.start..token.at.end) {
                self.drop(at, 3);
            }
        }
        let mut found = Vec::new();
        let tokens = &self.reading.tokens;
        if matches!(self.fault, ScanFault::EndInObject | ScanFault::EndInList) {
            // By the indentation of what follows a bracket that closes too late.
            let mut open: Vec<&Token> = Vec::new();
            let mut before: Option<&Token> = None;
            for token in tokens {
                let most = usize::from(token.kind != TokenKind::Close);
                let is_out = |open: &&&Token| token.begins && token.indent < open.indent + most;
                if let Some(opened) = open.last().filter(is_out)
                    && let Some(before) = before
                {
                    found.push((opened.at, before.at, token.kind == TokenKind::Key, 1));
                }
                match token.kind {
                    TokenKind::Open => open.push(token),
                    TokenKind::Close => drop(open.pop()),
                    _ => {}
                }
                before = Some(token);
            }
            // Else before any member.
            for pair in tokens.windows(2).rev().take(128) {
                if let [comma, key] = pair
                    && key.kind == TokenKind::Key
                    && let Some(opened) = self.reading.open.last()
                {
                    found.push((Span { start: opened.at, end: opened.at + 1 }, comma.at, false, 3));
                }
            }
        }
        let found = found.into_iter().map(|(opened, before, is_key, cost)| {
            let close =
                if self.text.get(opened.start..opened.end) == Some("[") { "]" } else { "}" };
            let is_comma = self.text.get(before.start..before.end) == Some(",");
            (if is_comma { before.start } else { before.end }, close, is_key && !is_comma, cost)
        });
        let found: Vec<_> = found.collect();
        for (at, close, needs_comma, cost) in found {
            self.put(at, close, cost);
            if needs_comma {
                self.put(at, &format!("{close},"), cost);
            }
        }
        if is_end {
            self.cut();
        }
    }

    /// Closes what is open at the end, without what is only half there.
    fn cut(&mut self) {
        let closers: String = self
            .reading
            .open
            .iter()
            .rev()
            .map(|frame| if frame.is_list { ']' } else { '}' })
            .collect();
        let end = self.text.trim_end().len();
        let last = self.reading.tokens.iter().rev();
        let mut last =
            last.skip_while(|token| matches!(token.kind, TokenKind::Key | TokenKind::Mark));
        let Some(Token { kind, at: whole, .. }) = last.next() else { return };
        let is_cut = *kind != TokenKind::Close || whole.end < end;
        if !is_cut {
            return self.push(
                end..end,
                closers.clone(),
                1,
                format!("type {closers} there, at the end of the file"),
            );
        }
        let words = match whole.end < end {
            true => {
                format!("remove what is half there behind it, and type {closers} to close the rest")
            }
            false => format!("type {closers} there to close the rest"),
        };
        let before = self.edits.len();
        let gone = self.text.get(whole.end..).unwrap_or_default().matches(':').count();
        self.push(whole.end..self.text.len(), format!("{closers}\n"), 3 + MEMBER * gone, words);
        for edit in self.edits.iter_mut().skip(before) {
            edit.is_cut = true;
        }
    }
}

const MARKS: [&str; 7] = [",", ":", "{", "}", "[", "]", "\""];

/// What somebody meant who typed this where it cannot stand.
fn meant(c: char) -> &'static [&'static str] {
    match c {
        '：' | '﹕' | '∶' | '=' => &[":"],
        ';' | '；' | '﹔' => &[",", ":"],
        '，' | '、' | '﹐' | '。' | '.' => &[","],
        '｛' => &["{"],
        '｝' => &["}"],
        '［' | '【' => &["["],
        '］' | '】' => &["]"],
        '(' | '（' => &["[", "{"],
        ')' | '）' => &["]", "}"],
        c if is_quote(c) => &["\""],
        _ => &[],
    }
}

/// What may be meant as a quote.
fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'') || CURLY.contains(&c)
}

/// A mark that is to be typed.
fn named(mark: &str) -> String {
    match mark {
        "," => "a comma (,)".into(),
        ":" => "a colon (:)".into(),
        "\"" => "a quote (\")".into(),
        mark => mark.into(),
    }
}

/// What stands there, without a letter or digit of it.
fn called(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(','), None) => "the comma".into(),
        (Some(':'), None) => "the colon".into(),
        (Some('"'), None) => "the quote".into(),
        (Some('.'), None) => "the dot".into(),
        (Some(c), _) if is_invisible(c) => {
            format!("the invisible character (U+{:04X})", u32::from(c))
        }
        (Some(c), None) if c.is_ascii_punctuation() || !meant(c).is_empty() => format!("the {c}"),
        _ => "what stands there".into(),
    }
}

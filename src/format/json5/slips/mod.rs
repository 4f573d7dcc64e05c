//! The slips that a text may break of: for each the edit that undoes it, and how likely it is. What an edit is worth
//! is found out by trying it, see [`super::advice`].

mod lines;
mod texts;

use std::ops::Range;

use super::reading::Reading;
use super::seen::CURLY;
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

    /// What stands where the text breaks.
    fn here(&self) -> Range<usize> {
        self.at..self.at + self.found.map_or(0, char::len_utf8)
    }

    /// One mark for another, one too many, one that is missing: where it breaks, and just before.
    fn marks(&mut self) {
        use ScanFault::{Colon, Comma, CommaOrBrace, CommaOrBracket};
        let at = self.at;
        if let Some(found) = self.found {
            for mark in meant(found) {
                self.swap(self.here(), mark, 0);
            }
            let rest = self.text.get(at..).unwrap_or_default();
            if rest.starts_with("=>") {
                self.swap(at..at + 2, ":", 0);
            }
            let invisible = rest.find(|c| !is_invisible(c)).unwrap_or(rest.len());
            match rest.trim_end_matches('\0') {
                "" => {
                    let words = "remove the zeros from there to the end (nano shows them as ^@)";
                    self.push(at..self.text.len(), "", 0, words);
                }
                _ => self.drop(at..at + invisible, 0),
            }
            // What was typed to leave vi, and went into the text.
            let keys = rest.find(|c| !":wqx!".contains(c)).unwrap_or(rest.len());
            if rest.starts_with(':') && keys > 1 {
                self.drop(at..at + keys, 0);
            }
            let odd =
                rest.find(|c: char| c.is_ascii() || c.is_alphanumeric()).unwrap_or(rest.len());
            self.drop(at..at + odd, 1);
        }
        match self.fault {
            Comma | CommaOrBrace | CommaOrBracket => self.put(at, ",", 1),
            Colon => self.put(at, ":", 1),
            _ => {}
        }
        if let Some((_, before)) = self.last.clone() {
            // `18789.` is a number.
            if self.get(&before).ends_with('.') {
                self.swap(before.end - 1..before.end, ",", 0);
            }
            if self.found.is_some() && self.get(&before) == self.get(&self.here()) {
                self.drop(self.here(), 0);
            }
        }
        self.brackets();
        self.any_marks();
    }

    /// The bracket around the break is another one, one too many, or closes before it; one is missing.
    fn brackets(&mut self) {
        let before = self.last.clone().map(|(_, span)| span);
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
            if matches!(self.fault, ScanFault::Comma) {
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
        let first = self.reading.tokens.first().map(|token| token.at.start);
        for at in before.map(|before| before.start).into_iter().chain(first) {
            self.put(at, "{", 2);
        }
    }

    /// Any mark in the place of another one near the break, or before it.
    fn any_marks(&mut self) {
        use ScanFault::{Colon, CommaOrBrace, CommaOrBracket};
        let (at, here) = (self.at, self.here());
        let single = if self.text.contains('\'') { &["'"][..] } else { &[] };
        let marks = MARKS.iter().chain(single).copied();
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

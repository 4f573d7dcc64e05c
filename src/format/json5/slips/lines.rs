//! Lines that are no settings, and brackets that close too early, too late or never.

use super::super::reading::{Token, sections_in};
use super::{MEMBER, Slips};
use crate::format::Span;
use crate::format::scan::{ScanFault, TokenKind};
use std::ops::Range;

/// The lines that a merge leaves around two versions of a text.
const MERGE_MARKS: [&str; 3] = ["<<<<<<<", "=======", ">>>>>>>"];
/// What begins a line that is no setting.
const NO_SETTING: [&str; 12] =
    ["#", "--", "<!--", "...", "…", "```", "~~~", "$ ", "%", "<<<", "===", ">>>"];

impl Slips<'_> {
    /// Lines that are no settings, and what a page or a terminal put around them.
    pub(super) fn lines(&mut self) {
        let next = self.text.get(self.line_end..).unwrap_or_default();
        let next = self.line_end + next.find(|c: char| !c.is_whitespace()).unwrap_or(0);
        let next_end = self.text.get(next..).unwrap_or_default().find(['\n', '\r']);
        let next_end = next_end.map_or(self.text.len(), |length| next + length);
        for (start, end) in [(self.line_start, self.line_end), (next, next_end)] {
            let line = self.text.get(start..end).unwrap_or_default();
            let inner = line.trim_start();
            let start = end - inner.len();
            let is_none = NO_SETTING.iter().any(|mark| inner.starts_with(mark));
            let members = line.matches([':', '=']).count();
            let members = members.max(usize::from(line.contains('"')));
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
        self.colours();
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
                self.push(self.at..self.at, "/", 1, "type // before a comment, or remove the /");
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

    /// The codes of colours that a terminal was sent, with or without the character before them that nobody sees.
    fn colours(&mut self) {
        let mut pieces = self.text.split('[');
        let mut with = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let code = piece.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
            match code.strip_prefix('m') {
                Some(behind) => {
                    with.truncate(with.trim_end_matches('\u{1b}').len());
                    with.push_str(behind);
                }
                None => with.extend(["[", piece]),
            }
        }
        let words =
            "remove the colour codes of a terminal, on each line: what looks like ^[[32m or [0m";
        self.push(0..self.text.len(), with, 0, words);
        if self.edits.last().is_some_and(|edit| edit.words == words) {
            self.about(self.at);
        }
    }

    /// Brackets that close too early, too late or never; what stands behind the value.
    pub(super) fn ends(&mut self) {
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

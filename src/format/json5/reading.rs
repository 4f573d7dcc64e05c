//! How far a text reads, and how odd for a config what it says until there: the measure by which tried edits are
//! compared. Odd are keys and kinds of values that no release takes, keys that stand twice, and an indentation that
//! does not go with the brackets.

use std::collections::HashSet;

use super::seen::KeyPath;
use crate::format::Span;
use crate::format::scan::grammar::Json5;
use crate::format::scan::{self, ScanError, TokenKind};
use crate::secret::places;

/// What nobody has in a config.
const WRONG: usize = 12;
/// What only hints at a bracket in the wrong place.
const CROOKED: usize = 4;

/// A bracket that is open.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// Where it stands, in bytes.
    pub at: usize,
    pub is_list: bool,
    /// The indentation of its line.
    pub indent: usize,
    /// Of the member that was read last: where its key begins, its colon ends and its value begins.
    pub key: usize,
    pub colon: Option<usize>,
    pub value: Option<usize>,
    /// The indentation of its members.
    inner: Option<usize>,
    names: HashSet<String>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub at: Span,
    /// Nothing but blanks stands before it on its line.
    pub begins: bool,
    /// The indentation of its line.
    pub indent: usize,
}

#[derive(Debug)]
pub(super) struct Reading {
    pub fault: Option<ScanError>,
    pub odd: usize,
    /// All but blanks and comments.
    pub tokens: Vec<Token>,
    pub open: Vec<Frame>,
    /// Where what was not read to its end begins.
    pub from: usize,
}

impl Reading {
    pub fn of(text: &str) -> Self {
        let mut reading =
            Self { fault: None, odd: 0, tokens: Vec::new(), open: Vec::new(), from: 0 };
        let mut way = KeyPath::default();
        let (mut indent, mut begins) = (0, true);
        let whole = scan::whole::<Json5>(text.as_bytes(), &mut |kind, start, end| {
            reading.from = end;
            let raw = text.get(start..end).unwrap_or_default();
            match kind {
                TokenKind::Blank => {
                    if let Some(last) = raw.rfind('\n') {
                        (indent, begins) = (raw.len() - last - 1, true);
                    }
                }
                TokenKind::Comment => {}
                _ => {
                    let at = Span { start, end };
                    reading.token(text, Token { kind, at, begins, indent }, raw, &mut way);
                    begins = false;
                }
            }
        });
        reading.fault = whole.err();
        reading
    }

    /// The keys of the outermost object.
    pub fn sections(&self, text: &str) -> Vec<String> {
        let mut depth = 0;
        let keys = self.tokens.iter().filter(|token| {
            match token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth -= 1,
                _ => {}
            }
            token.kind == TokenKind::Key && depth == 1
        });
        keys.filter_map(|token| scan::string(text.as_bytes(), token.at).map(Into::into)).collect()
    }

    fn token(&mut self, text: &str, token: Token, raw: &str, way: &mut KeyPath) {
        let Token { kind, at: span, begins, indent } = token;
        if matches!(kind, TokenKind::Text | TokenKind::Plain | TokenKind::Open) {
            self.value(text, kind, span, raw, way);
        }
        way.follow(text, kind, span);
        match kind {
            TokenKind::Open => self.open.push(Frame {
                at: span.start,
                is_list: raw == "[",
                indent,
                ..Frame::default()
            }),
            TokenKind::Close => {
                let opened = self.open.pop().map(|frame| frame.indent);
                if begins && opened.is_some_and(|opened| opened != indent) {
                    self.odd += CROOKED;
                }
            }
            TokenKind::Key => {
                let path = way.path();
                let name = path.last().copied().unwrap_or_default();
                let is_known = !name.is_empty() && places::takes_key(&path);
                let is_root = self.open.len() < 2;
                if let Some(frame) = self.open.last_mut() {
                    frame.key = span.start;
                    (frame.colon, frame.value) = (None, None);
                    if name.starts_with(is_mark) || name.ends_with(is_mark) {
                        self.odd += CROOKED;
                    }
                    if !is_known || !frame.names.insert(name.to_owned()) {
                        self.odd += WRONG;
                    }
                    if begins {
                        let is_deeper = is_root || indent > frame.indent;
                        if *frame.inner.get_or_insert(indent) != indent || !is_deeper {
                            self.odd += CROOKED;
                        }
                    }
                }
            }
            TokenKind::Mark if raw == ":" => {
                if let Some(frame) = self.open.last_mut() {
                    frame.colon = Some(span.end);
                }
            }
            _ => {}
        }
        self.tokens.push(token);
    }

    fn value(&mut self, text: &str, kind: TokenKind, span: Span, raw: &str, way: &KeyPath) {
        let Some(frame) = self.open.last_mut() else {
            if raw != "{" {
                self.odd += 4 * WRONG;
            }
            return;
        };
        frame.value = Some(span.start);
        let kind = match (kind, raw) {
            (TokenKind::Open, "[") => "list",
            (TokenKind::Open, _) => "object",
            (TokenKind::Text, _) => "string",
            (_, "true" | "false") => "boolean",
            (_, "null") => return,
            _ => "number",
        };
        let path = way.path();
        let said = raw.trim_matches(['"', '\'']);
        // The braces of `${NAME}` are the text's own.
        let variable = said.rfind("${").and_then(|at| said.get(at..));
        if kind == "string" && variable.is_some_and(|from| !from.contains('}')) {
            self.odd += WRONG;
        }
        let ends = said.ends_with(is_mark) && !(variable.is_some() && said.ends_with('}'));
        if kind == "string" && (said.starts_with(is_mark) || ends) {
            self.odd += CROOKED - 1;
        }
        if !places::takes_value(&path, frame.is_list, kind) {
            self.odd += WRONG;
        } else if kind == "string"
            && let Some(shape) = places::config(&path)
            && let Some(said) = scan::string(text.as_bytes(), span)
            && !shape.fits(&said, &|_| false)
        {
            self.odd += CROOKED - 1;
        }
    }
}

/// The sections of the config in a piece of one, as far as it reads.
pub(super) fn sections_in(piece: &str) -> Vec<String> {
    let piece = piece.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
    let text = if piece.starts_with('{') { piece.to_owned() } else { format!("{{{piece}") };
    let mut found = Reading::of(&text).sections(&text);
    found.retain(|name| places::is_section(name));
    found
}

/// What hardly begins or ends a text, but stands beside one.
fn is_mark(c: char) -> bool {
    ",:;={}[]().，：；、“”„「」".contains(c)
}

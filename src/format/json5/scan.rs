//! The span scanner: where every key, value and comma of a JSON5 text stands.
//!
//! Owns how values nest (<https://spec.json5.org>), and how deep. It yields
//! byte spans only; values come from the `json5` crate, which has to agree.
//! Nesting is limited before it is entered, so no input can exhaust the stack.
use super::tokens::Scanner;
use json5::char::{is_json5_line_terminator, is_json5_whitespace};

/// A half-open byte range of the scanned text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub start: usize,
    pub end: usize,
}

/// A scanned text.
#[derive(Debug)]
pub(super) struct Tree {
    pub root: Node,
    /// Where `\uD800`-like escapes without their partner stand. JavaScript
    /// accepts these (and `JSON.stringify` writes them), Rust strings cannot.
    pub lone_surrogates: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Node {
    pub span: Span,
    pub kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Object(Vec<Item>),
    Array(Vec<Item>),
    String,
    /// A number, `true`, `false` or `null`.
    Plain,
}

/// A member of an object (with a key) or an element of an array (without).
#[derive(Debug)]
pub(super) struct Item {
    pub key: Option<Key>,
    pub value: Node,
    /// The byte offset of the comma behind it.
    pub comma: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Key {
    pub span: Span,
    pub name: String,
}

/// What the scanner stumbled over.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub at: usize,
    pub message: String,
    /// The bracket or quote that is still open where the text ends.
    pub opened: Option<usize>,
}

impl Node {
    /// Members or elements; none for a scalar.
    pub fn items(&self) -> &[Item] {
        match &self.kind {
            Kind::Object(items) | Kind::Array(items) => items,
            Kind::String | Kind::Plain => &[],
        }
    }
}

impl Item {
    pub fn start(&self) -> usize {
        self.key.as_ref().map_or(self.value.span.start, |key| key.span.start)
    }

    pub fn name(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.name.as_str())
    }
}

/// Scans a whole text.
pub(super) fn scan(text: &str, depth: usize) -> Result<Tree, Fault> {
    let mut scanner = Scanner::new(text, 0, depth);
    scanner.trivia()?;
    if scanner.peek().is_none() {
        return Err(scanner.fault("the file holds no value"));
    }
    let root = scanner.value(0)?;
    scanner.trivia()?;
    match scanner.peek() {
        Some(_) => Err(scanner.fault("the file goes on after its value ends")),
        None => Ok(Tree { root, lone_surrogates: scanner.lone_surrogates }),
    }
}

/// Skips white space and comments from `at`; stops early at a line end outside
/// of a comment when `same_line`. Returns the end of the last comment seen
/// and where it stopped.
pub(super) fn skip_trivia(text: &str, at: usize, same_line: bool) -> (Option<usize>, usize) {
    let mut scanner = Scanner::new(text, at, 0);
    let mut comment = None;
    while let Some(c) = scanner.peek() {
        if same_line && is_json5_line_terminator(c) {
            break;
        }
        if c == '/' {
            if scanner.comment().is_err() {
                break;
            }
            comment = Some(scanner.at);
        } else if is_json5_whitespace(c) {
            scanner.bump();
        } else {
            break;
        }
    }
    (comment, scanner.at)
}

impl Scanner<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, Fault> {
        let start = self.at;
        let kind = match self.peek() {
            Some('{') => Kind::Object(self.items(depth, '}')?),
            Some('[') => Kind::Array(self.items(depth, ']')?),
            Some('"' | '\'') => {
                self.string()?;
                Kind::String
            }
            _ => {
                self.plain()?;
                Kind::Plain
            }
        };
        let span = Span { start, end: self.at };
        Ok(Node { span, kind })
    }

    fn items(&mut self, depth: usize, close: char) -> Result<Vec<Item>, Fault> {
        let opened = self.at;
        let what = if close == '}' { "an object" } else { "a list" };
        if depth >= self.limit {
            return Err(self.fault(format!("nested deeper than {} levels", self.limit)));
        }
        self.bump();
        let mut items = Vec::new();
        loop {
            self.trivia()?;
            if self.take(close) {
                return Ok(items);
            }
            if self.peek().is_none() {
                return Err(self.unclosed(what, opened));
            }
            let key = (close == '}').then(|| self.key()).transpose()?;
            let value = self.value(depth + 1)?;
            self.trivia()?;
            let comma = self.peek().filter(|&c| c == ',').map(|_| self.at);
            let end = value.span.end;
            items.push(Item { key, value, comma });
            if comma.is_some() {
                self.bump();
            } else if self.take(close) {
                return Ok(items);
            } else if self.peek().is_none() {
                return Err(self.unclosed(what, opened));
            } else {
                return Err(self.missing_comma(end, close));
            }
        }
    }

    /// A missing comma is shown where it belongs: behind the value before it.
    fn missing_comma(&self, end: usize, close: char) -> Fault {
        let between = self.text.get(end..self.at).unwrap_or_default();
        if between.contains(['\n', '\r']) && !matches!(self.peek(), Some(']' | '}' | ':')) {
            Fault { at: end, message: "a comma is missing here".into(), opened: None }
        } else {
            self.expected(&format!("`,` or `{close}`"))
        }
    }

    /// A key, its colon and what stands between them and the value.
    fn key(&mut self) -> Result<Key, Fault> {
        let start = self.at;
        let name = match self.peek() {
            Some('"' | '\'') => self.string()?,
            _ => self.identifier()?,
        };
        let span = Span { start, end: self.at };
        self.trivia()?;
        if !self.take(':') {
            return Err(self.expected("`:` after the key"));
        }
        self.trivia()?;
        Ok(Key { span, name })
    }
}

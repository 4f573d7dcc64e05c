//! A text as a tree of spans: its containers, their items, and the commas behind these.

use std::borrow::Cow;

use super::Span;
use super::scan::grammar::Grammar;
use super::scan::{self, ScanError, ScanFault, TokenKind, ValueKind};

/// A value with its place in the text.
#[derive(Debug)]
pub(super) struct Node {
    pub span: Span,
    pub kind: ValueKind,
    /// Members or elements; none for a scalar.
    pub items: Vec<Item>,
}

/// A member of an object (with a key) or an element of an array (without).
#[derive(Debug)]
pub(super) struct Item {
    pub key: Option<Span>,
    pub value: Node,
    /// The byte offset of the comma behind it.
    pub comma: Option<usize>,
}

impl Node {
    /// The tree of a text with one value.
    pub fn of<G: Grammar>(text: &[u8]) -> Result<Self, ScanError> {
        let mut builder = Builder { text, open: Vec::new(), key: None, root: None };
        let span = scan::whole::<G>(text, &mut |kind, start, end| {
            builder.token(kind, Span { start, end });
        })?;
        builder.root.ok_or(ScanError { offset: span.start, what: ScanFault::NoValue })
    }

    /// The tree of the value that starts at `at`.
    pub fn at<G: Grammar>(text: &[u8], at: usize) -> Result<Self, ScanError> {
        let mut builder = Builder { text, open: Vec::new(), key: None, root: None };
        scan::tokens::<G>(text, at, &mut |kind, start, end| {
            builder.token(kind, Span { start, end });
        })?;
        builder.root.ok_or(ScanError { offset: at, what: ScanFault::Value })
    }

    /// The item that counts for a key: of several the last; of an array the one of that number.
    pub fn child(&self, text: &[u8], segment: &str) -> Option<&Node> {
        self.named(text, segment).last().and_then(|at| self.items.get(at)).map(|item| &item.value)
    }

    /// The numbers of all items that a part of a path names.
    pub fn named<'n>(
        &'n self,
        text: &'n [u8],
        segment: &'n str,
    ) -> impl Iterator<Item = usize> + 'n {
        let number = index(segment).filter(|_| self.kind == ValueKind::Array);
        self.items.iter().enumerate().filter_map(move |(at, item)| {
            let is_it = match item.key {
                Some(_) => item.name(text).is_some_and(|name| name == segment),
                None => number == Some(at),
            };
            is_it.then_some(at)
        })
    }
}

impl Item {
    pub fn start(&self) -> usize {
        self.key.map_or(self.value.span.start, |key| key.start)
    }

    pub fn name<'t>(&self, text: &'t [u8]) -> Option<Cow<'t, str>> {
        scan::string(text, self.key?)
    }
}

/// A list index as it stands in a path: decimal, no sign, no needless zero.
pub(super) fn index(segment: &str) -> Option<usize> {
    let number: usize = segment.parse().ok()?;
    (number.to_string() == segment).then_some(number)
}

struct Builder<'t> {
    text: &'t [u8],
    /// The containers that are open, and the key of each.
    open: Vec<(Node, Option<Span>)>,
    key: Option<Span>,
    root: Option<Node>,
}

impl Builder<'_> {
    fn token(&mut self, kind: TokenKind, span: Span) {
        match kind {
            TokenKind::Blank | TokenKind::Comment => {}
            TokenKind::Key => self.key = Some(span),
            TokenKind::Open => self.open.push((self.node(span), self.key.take())),
            TokenKind::Text | TokenKind::Plain => {
                let key = self.key.take();
                self.add(self.node(span), key);
            }
            TokenKind::Close => {
                if let Some((mut node, key)) = self.open.pop() {
                    node.span.end = span.end;
                    self.add(node, key);
                }
            }
            TokenKind::Mark => {
                let last = self.open.last_mut().and_then(|(node, _)| node.items.last_mut());
                if let Some(item) = last.filter(|_| span.of(self.text) == b",") {
                    item.comma = Some(span.start);
                }
            }
        }
    }

    fn node(&self, span: Span) -> Node {
        Node { span, kind: scan::kind(self.text, span), items: Vec::new() }
    }

    fn add(&mut self, value: Node, key: Option<Span>) {
        match self.open.last_mut() {
            Some((parent, _)) => parent.items.push(Item { key, value, comma: None }),
            None => self.root = Some(value),
        }
    }
}

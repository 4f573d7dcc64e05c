//! The tokens of a text one after the other, with what each of them is: for showing a text.
use super::scan::Fault;
use super::tokens::Scanner;

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last one.
    pub end: usize,
    /// What it is.
    pub kind: TokenKind,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenKind {
    /// White space, a bracket, a colon or a comma.
    Mark,
    /// `{` or `[`.
    Open,
    /// `}` or `]`.
    Close,
    /// A comment.
    Comment,
    /// A key, decoded.
    Key(String),
    /// A string that is a value, decoded.
    Text(String),
    /// A number or a literal.
    Plain,
}

/// Hands out each token in order; tells where the text stops being JSON5, or ends too early. No token
/// behind that place was handed out.
pub fn walk(text: &str, visit: &mut dyn FnMut(Token)) -> Result<(), usize> {
    let mut walker = Walker { scanner: Scanner::new(text, 0, 0), visit };
    let fault = |fault: Fault| fault.opened.unwrap_or(fault.at);
    let start = |walker: &Walker<'_, '_>| walker.scanner.at;
    let mut opened = Vec::new();
    loop {
        // A value, and the keys and brackets before it.
        walker.blanks().map_err(fault)?;
        let at = start(&walker);
        let inside = opened.last().copied();
        match walker.scanner.peek() {
            Some(close @ ('}' | ']')) if inside == Some(close) => {}
            _ => {
                if inside == Some('}') {
                    walker.key().map_err(|_| at)?;
                }
                let at = start(&walker);
                match walker.scanner.peek() {
                    Some(open @ ('{' | '[')) => {
                        walker.mark(TokenKind::Open);
                        opened.push(if open == '{' { '}' } else { ']' });
                        continue;
                    }
                    _ => walker.scalar().map_err(|_| at)?,
                }
            }
        }
        // What follows a value: brackets that close, a comma.
        loop {
            walker.blanks().map_err(fault)?;
            let at = start(&walker);
            match (walker.scanner.peek(), opened.last().copied()) {
                (None, None) => return Ok(()),
                (Some(close), Some(wanted)) if close == wanted => {
                    walker.mark(TokenKind::Close);
                    opened.pop();
                }
                (Some(','), Some(_)) => {
                    walker.mark(TokenKind::Mark);
                    break;
                }
                _ => return Err(at),
            }
        }
    }
}

struct Walker<'t, 'v> {
    scanner: Scanner<'t>,
    visit: &'v mut dyn FnMut(Token),
}

impl Walker<'_, '_> {
    fn token(&mut self, start: usize, kind: TokenKind) {
        if start < self.scanner.at {
            (self.visit)(Token { start, end: self.scanner.at, kind });
        }
    }

    fn mark(&mut self, kind: TokenKind) {
        let start = self.scanner.at;
        self.scanner.bump();
        self.token(start, kind);
    }

    /// White space and comments.
    fn blanks(&mut self) -> Result<(), Fault> {
        loop {
            let start = self.scanner.at;
            self.scanner.space();
            self.token(start, TokenKind::Mark);
            if self.scanner.peek() != Some('/') {
                return Ok(());
            }
            let start = self.scanner.at;
            self.scanner.comment()?;
            self.token(start, TokenKind::Comment);
        }
    }

    /// A key and its colon. Without the colon it was none, and is not handed out.
    fn key(&mut self) -> Result<(), Fault> {
        let start = self.scanner.at;
        let name = match self.scanner.peek() {
            Some('"' | '\'') => self.scanner.string()?,
            _ => self.scanner.identifier()?,
        };
        let end = self.scanner.at;
        self.scanner.trivia()?;
        if self.scanner.peek() != Some(':') {
            return Err(self.scanner.fault("no colon"));
        }
        self.scanner.at = end;
        self.token(start, TokenKind::Key(name));
        self.blanks()?;
        self.mark(TokenKind::Mark);
        self.blanks()
    }

    fn scalar(&mut self) -> Result<(), Fault> {
        let start = self.scanner.at;
        let kind = match self.scanner.peek() {
            Some('"' | '\'') => TokenKind::Text(self.scanner.string()?),
            _ => {
                self.scanner.plain()?;
                TokenKind::Plain
            }
        };
        self.token(start, kind);
        Ok(())
    }
}

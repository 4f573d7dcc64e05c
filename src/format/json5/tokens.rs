//! The tokens of JSON5: white space, comments, keys, strings, numbers, words.
//!
//! Owns the cursor and the grammar of single tokens, with the words for what
//! is wrong with one; how they nest is `scan`'s.
use super::scan::Fault;
use json5::char::{
    is_json5_identifier, is_json5_identifier_start, is_json5_line_terminator, is_json5_whitespace,
};

/// A cursor over a text.
pub(super) struct Scanner<'t> {
    pub text: &'t str,
    pub at: usize,
    /// The deepest nesting.
    pub limit: usize,
    pub lone_surrogates: Vec<usize>,
}

impl<'t> Scanner<'t> {
    pub fn new(text: &'t str, at: usize, limit: usize) -> Self {
        Self { text, at, limit, lone_surrogates: Vec::new() }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    pub fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    pub fn fault(&self, message: impl Into<String>) -> Fault {
        Fault { at: self.at, message: message.into(), opened: None }
    }

    /// A fault that says which mark stands here instead of what was expected. Letters and digits may be
    /// of a secret.
    pub fn expected(&self, what: &str) -> Fault {
        match self.peek() {
            Some(c) if "{}[],:=\"'".contains(c) => {
                self.fault(format!("expected {what}, found `{c}`"))
            }
            Some(_) => self.fault(format!("expected {what}")),
            None => self.fault(format!("expected {what}, but the file ends")),
        }
    }

    pub fn unclosed(&self, what: &str, opened: usize) -> Fault {
        Fault { opened: Some(opened), ..self.fault(format!("the file ends inside {what}")) }
    }

    pub fn trivia(&mut self) -> Result<(), Fault> {
        loop {
            self.space();
            if self.peek() != Some('/') {
                return Ok(());
            }
            self.comment()?;
        }
    }

    pub fn space(&mut self) {
        while self.peek().is_some_and(is_json5_whitespace) {
            self.bump();
        }
    }

    /// A comment, without the line end that closes a `//` one.
    pub fn comment(&mut self) -> Result<(), Fault> {
        let opened = self.at;
        if self.rest().starts_with("//") {
            while self.peek().is_some_and(|c| !is_json5_line_terminator(c)) {
                self.bump();
            }
            Ok(())
        } else if self.rest().starts_with("/*") {
            match self.rest().get(2..).and_then(|body| body.find("*/")) {
                Some(length) => {
                    self.at += length + 4;
                    Ok(())
                }
                None => Err(Fault {
                    at: opened,
                    message: "this comment is never closed".into(),
                    opened: None,
                }),
            }
        } else {
            Err(self.fault("expected a comment after `/`"))
        }
    }

    pub fn identifier(&mut self) -> Result<String, Fault> {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            let from = self.at;
            let c = if c == '\\' {
                self.bump();
                if !self.take('u') {
                    return Err(self.expected("`u` after `\\` in a key"));
                }
                let unit = self.hex(4)?;
                char::from_u32(unit).ok_or_else(|| self.fault("a bad escape in a key"))?
            } else if is_json5_identifier(c) {
                self.bump();
                c
            } else {
                break;
            };
            if !is_json5_identifier(c) || (name.is_empty() && !is_json5_identifier_start(c)) {
                self.at = from;
                return Err(self.expected("a key"));
            }
            name.push(c);
        }
        if name.is_empty() {
            return Err(self.expected("a key"));
        }
        Ok(name)
    }

    pub fn string(&mut self) -> Result<String, Fault> {
        let opened = self.at;
        let quote = self.bump();
        let mut content = String::new();
        loop {
            let at = self.at;
            match self.bump() {
                None => return Err(self.unclosed("a string", opened)),
                c if c == quote => return Ok(content),
                Some('\n' | '\r') => {
                    self.at = at;
                    return Err(Fault {
                        opened: Some(opened),
                        ..self.fault("the line ends inside a string")
                    });
                }
                Some('\\') => content.extend(self.escape(at)?),
                Some(c) => content.push(c),
            }
        }
    }

    fn escape(&mut self, at: usize) -> Result<Option<char>, Fault> {
        let bad = Fault { at, message: "a bad escape in a string".into(), opened: None };
        Ok(match self.bump() {
            Some('b') => Some('\u{8}'),
            Some('t') => Some('\t'),
            Some('n') => Some('\n'),
            Some('v') => Some('\u{b}'),
            Some('f') => Some('\u{c}'),
            Some('r') => Some('\r'),
            Some('0') if !self.peek().is_some_and(|c| c.is_ascii_digit()) => Some('\0'),
            Some('0'..='9') | None => return Err(bad),
            Some('x') => char::from_u32(self.hex(2)?),
            Some('u') => Some(self.unicode(at)?),
            Some('\r') => {
                self.take('\n');
                None
            }
            Some(c) if is_json5_line_terminator(c) => None,
            Some(c) => Some(c),
        })
    }

    /// `\uXXXX`, or two of them that make one character.
    fn unicode(&mut self, at: usize) -> Result<char, Fault> {
        let first = self.hex(4)?;
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        let behind = self.at;
        if (0xD800..0xDC00).contains(&first) && self.rest().starts_with("\\u") {
            self.at += 2;
            let second = self.hex(4)?;
            if (0xDC00..0xE000).contains(&second) {
                let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or('\u{FFFD}'));
            }
            self.at = behind;
        }
        self.lone_surrogates.push(at);
        Ok('\u{FFFD}')
    }

    fn hex(&mut self, digits: usize) -> Result<u32, Fault> {
        let mut value = 0;
        for _ in 0..digits {
            match self.peek().and_then(|c| c.to_digit(16)) {
                Some(digit) => value = value * 16 + digit,
                None => return Err(self.expected("a hexadecimal digit")),
            }
            self.bump();
        }
        Ok(value)
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.bump();
        }
        self.at - start
    }

    /// A number or one of the words that are values.
    pub fn plain(&mut self) -> Result<(), Fault> {
        if ["null", "true", "false"].iter().any(|word| self.word(word)) {
            return Ok(());
        }
        let start = self.at;
        let _sign = self.take('-') || self.take('+');
        if self.word("Infinity") || self.word("NaN") {
            return Ok(());
        }
        if self.word("0x") || self.word("0X") {
            self.hex(1)?;
            while self.peek().is_some_and(|c| c.is_ascii_hexdigit()) {
                self.bump();
            }
            return Ok(());
        }
        let zero = self.peek() == Some('0');
        let whole = self.digits();
        if zero && whole > 1 {
            self.at = start;
            return Err(self.fault("a number starts with a needless zero"));
        }
        let fraction = if self.take('.') { self.digits() } else { 0 };
        if whole + fraction == 0 {
            self.at = start;
            return Err(self.expected("a value"));
        }
        if self.take('e') || self.take('E') {
            let _sign = self.take('-') || self.take('+');
            if self.digits() == 0 {
                return Err(self.expected("the digits of an exponent"));
            }
        }
        Ok(())
    }
}

//! Everything a user sees, made from values: text, diffs, JSON. Masks secrets for every caller.

pub mod admission;
pub mod anonymous;
mod back;
pub mod diff;
pub mod findings;
pub mod invocation;
pub mod json;
pub mod mask;
pub mod plan;
pub mod schema;
pub mod shell;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

/// Colour, as an extra: every text says the same without it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paint {
    /// Whether to colour at all.
    pub on: bool,
}

impl Paint {
    fn with(self, style: Style, text: &str) -> String {
        if self.on { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// For headings.
    pub fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    /// For what blocks, and for removed lines.
    pub fn red(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default(), text)
    }

    /// For what is well, and for added lines.
    pub fn green(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default(), text)
    }

    /// For warnings.
    pub fn yellow(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }

    /// For places and line numbers.
    pub fn cyan(self, text: &str) -> String {
        self.with(AnsiColor::Cyan.on_default(), text)
    }

    /// For what matters less.
    pub fn dim(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }
}

/// `text` in lines of at most `width` columns, the first after `first`, the others after `rest`.
pub fn wrap(text: &str, width: usize, first: &str, rest: &str) -> String {
    wrap_words(text.split_whitespace(), width, first, rest)
}

/// The same for words that are not broken, whatever stands in them.
pub fn wrap_words<'w>(
    words: impl IntoIterator<Item = &'w str>,
    width: usize,
    first: &str,
    rest: &str,
) -> String {
    let mut out = String::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for word in words {
        if !empty && line.width() + 1 + word.width() > width {
            out.push_str(line.trim_end());
            out.push('\n');
            line = rest.to_owned();
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    out.push_str(line.trim_end());
    out
}

/// A line in lines of at most `width` columns: its sign, its indent and its colour begin each.
pub fn folded(line: &str, width: usize) -> String {
    let colour = line.strip_prefix('\u{1b}').and_then(|rest| rest.split_once('m'));
    let (open, rest) = colour
        .map_or(("", line), |(code, rest)| (line.get(..code.len() + 2).unwrap_or_default(), rest));
    let (body, close) = rest.split_at(rest.find('\u{1b}').unwrap_or(rest.len()));
    if body.width() <= width {
        return line.to_owned();
    }
    let indent = body.find(|c: char| !"+- ".contains(c)).unwrap_or_default();
    let (first, words) = body.split_at(indent);
    let text = wrap_words(words.split(' '), width, first, &format!("{first}    "));
    text.lines().map(|line| format!("{open}{line}{close}")).collect::<Vec<_>>().join("\n")
}

/// `text`, filled with blanks to `columns` as a terminal counts them.
pub fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_without_losing_a_word() {
        assert_eq!(wrap("one two three", 9, "- ", "  "), "- one two\n  three");
        assert_eq!(wrap("averyverylongword x", 5, "", ""), "averyverylongword\nx");
        assert_eq!(wrap("", 9, "- ", "  "), "-");
    }

    #[test]
    fn a_line_is_folded_with_its_sign_and_colour() {
        assert_eq!(folded("+  \"a\": \"bcd\"", 9), "+  \"a\":\n+      \"bcd\"");
        assert_eq!(
            folded("\u{1b}[31m-a bc\u{1b}[0m", 4),
            "\u{1b}[31m-a\u{1b}[0m\n\u{1b}[31m-    bc\u{1b}[0m"
        );
        assert_eq!(folded("\u{1b}[31m-a b\u{1b}[0m", 4), "\u{1b}[31m-a b\u{1b}[0m");
    }

    #[test]
    fn width_is_what_a_terminal_takes() {
        assert_eq!(wrap("日本語 日本語", 9, "", ""), "日本語\n日本語");
        assert_eq!(wrap("e\u{301}e\u{301} a", 4, "", ""), "e\u{301}e\u{301} a");
        assert_eq!(padded("日本", 6), "日本  ");
    }
}

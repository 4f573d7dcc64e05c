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
pub mod shell;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Colour, as an extra: every text says the same without it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paint {
    /// Whether escape codes are written.
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
    let room = width.saturating_sub(rest.width());
    if text.split_whitespace().all(|word| word.len() <= room) {
        return wrap_words(text.split_whitespace(), width, first, rest);
    }
    let pieces = |word| if str::width(word) > room { pieces(word) } else { vec![word] };
    let words = text.split_whitespace().flat_map(|word| {
        let glued = std::iter::once(false).chain(std::iter::repeat(true));
        pieces(word).into_iter().zip(glued)
    });
    lay(words, width, first, rest)
}

/// A word of a script without blanks in pieces between which a line may break; any other whole.
fn pieces(word: &str) -> Vec<&str> {
    let is_wide = |c: char| c.is_alphanumeric() && c.width() == Some(2);
    let mut pieces = Vec::new();
    let (mut start, mut before) = (0, ' ');
    for (at, c) in word.char_indices() {
        let breaks = is_wide(c) || is_wide(before) && c.is_alphanumeric();
        if at > start && breaks {
            pieces.extend(word.get(start..at));
            start = at;
        }
        before = c;
    }
    pieces.extend(word.get(start..));
    pieces
}

/// A sentence in words; what stands in backticks is a command and stays in one piece.
pub fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(last) if last.matches('`').count() % 2 == 1 => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

/// Wraps a sentence with commands in it.
pub fn prose(text: &str, width: usize, first: &str, rest: &str) -> String {
    match text.contains('`') {
        true => wrap_words(words(text).iter().map(String::as_str), width, first, rest),
        false => wrap(text, width, first, rest),
    }
}

/// The same for words that are not broken, whatever stands in them.
pub fn wrap_words<'w>(
    words: impl IntoIterator<Item = &'w str>,
    width: usize,
    first: &str,
    rest: &str,
) -> String {
    lay(words.into_iter().map(|word| (word, false)), width, first, rest)
}

/// Words in lines; one that is glued follows the one before it without a blank.
fn lay<'w>(
    words: impl Iterator<Item = (&'w str, bool)>,
    width: usize,
    first: &str,
    rest: &str,
) -> String {
    let mut out = String::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for (word, is_glued) in words {
        let blank = usize::from(!is_glued);
        if !empty && line.width() + blank + word.width() > width {
            out.push_str(line.trim_end());
            out.push('\n');
            line = rest.to_owned();
            empty = true;
        }
        if !empty && !is_glued {
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

    #[test]
    fn a_script_without_blanks_breaks_between_its_letters() {
        assert_eq!(wrap("a 日本語、日本語 b", 9, "", ""), "a 日本\n語、日本\n語 b");
        assert_eq!(wrap("日本iPhone日本", 8, "", " "), "日本\n iPhone\n 日本");
        assert_eq!(wrap("averyverylongword 📱📱📱", 5, "", ""), "averyverylongword\n📱📱📱");
    }
}

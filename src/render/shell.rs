//! One argument of a command as a shell takes it: whatever stands in it, it stays one argument and
//! runs nothing.

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::Path;

use crate::text::harmless;

/// The shell that a printed command is pasted into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// sh, bash, zsh, fish.
    Sh,
    /// cmd.exe.
    Cmd,
    /// PowerShell. Where they can, both get the same words: nobody knows for sure which one it is.
    PowerShell,
}

impl Shell {
    /// The usual one of a platform (`process.platform` as Node names it).
    pub fn of_platform(platform: &str, in_powershell: bool) -> Self {
        match (platform, in_powershell) {
            ("win32", true) => Shell::PowerShell,
            ("win32", false) => Shell::Cmd,
            _ => Shell::Sh,
        }
    }

    /// One argument, quoted where it has to be.
    pub fn quote(self, argument: impl AsRef<OsStr>) -> String {
        let argument = argument.as_ref();
        match self {
            Shell::Sh => sh(argument),
            Shell::Cmd | Shell::PowerShell => self.windows(argument),
        }
    }

    /// No file name holds a double quote there, and cmd has no word for one in which nothing could run: it
    /// becomes a question mark, which no file name holds either. So does what a terminal would act on.
    fn windows(self, argument: &OsStr) -> String {
        let text = argument.to_string_lossy();
        // What Windows puts before a path that it has looked up is no part of the name.
        let text = match text.strip_prefix(r"\\?\") {
            Some(_) => crate::platform::shown(Path::new(argument)),
            None => text.into_owned(),
        };
        let text = text.replace(|c: char| c == '"' || !harmless(c), "?");
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-./\\:+".contains(c);
        if !text.is_empty() && text.chars().all(plain) {
            return text;
        }
        // A program takes a backslash before the closing quote for a quote of the word's own.
        let end = "\\".repeat(text.len() - text.trim_end_matches('\\').len());
        match self {
            Shell::PowerShell if text.contains(['$', '`', '\u{201c}', '\u{201d}', '\u{201e}']) => {
                let mut quoted = String::from("'");
                for c in text.chars() {
                    quoted.push(c);
                    if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
                        quoted.push(c);
                    }
                }
                quoted + &end + "'"
            }
            // Between quotes cmd puts a variable's value in the place of its name.
            Shell::Cmd => format!("\"{}{end}\"", text.replace('%', "\"^%\"")),
            _ => format!("\"{text}{end}\""),
        }
    }
}

fn sh(argument: &OsStr) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    match argument.to_str() {
        Some(text) if !text.is_empty() && text.chars().all(plain) => text.to_owned(),
        Some(text) if text.chars().all(harmless) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => escaped(argument.as_encoded_bytes()),
    }
}

/// `$'...'` of bash, zsh and ksh: what a terminal would act on, and bytes that are no text, as escapes.
/// A quote too: a shell that does not know this form takes the name wrongly, and runs nothing of it.
fn escaped(bytes: &[u8]) -> String {
    let mut out = String::from("$'");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if harmless(c) && c != '\'' && c != '\\' {
                out.push(c);
            } else {
                let mut text = [0; 4];
                for byte in c.encode_utf8(&mut text).bytes() {
                    let _ = write!(out, "\\x{byte:02x}");
                }
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_one_word() {
        assert_eq!(Shell::Sh.quote("/srv/claw-1/.openclaw"), "/srv/claw-1/.openclaw");
        assert_eq!(Shell::Sh.quote("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(Shell::Sh.quote("/srv/my claw"), "'/srv/my claw'");
        assert_eq!(Shell::Sh.quote("~/x"), "'~/x'");
        assert_eq!(Shell::Sh.quote(""), "''");
        assert_eq!(Shell::Sh.quote("a\u{202e}'\n"), r"$'a\xe2\x80\xae\x27\x0a'");
    }

    #[test]
    fn the_shells_of_windows_get_one_word_too() {
        for shell in [Shell::Cmd, Shell::PowerShell] {
            let same = |word: &str, wanted: &str| assert_eq!(shell.quote(word), wanted);
            same(r"C:\Users\a", r"C:\Users\a");
            same(r"C:\My Claw", r#""C:\My Claw""#);
            same("C:\\My Claw\\", r#""C:\My Claw\\""#);
            same("a&b|c^d", r#""a&b|c^d""#);
            same("it's (x)", r#""it's (x)""#);
            same("漢字", r#""漢字""#);
            same("", r#""""#);
            same("x\"&calc&\"", r#""x?&calc&?""#);
            same("a\u{202e}b\n", r#""a?b?""#);
        }
        assert_eq!(Shell::Cmd.quote("100% %PATH%"), r#""100"^%" "^%"PATH"^%"""#);
        assert_eq!(Shell::PowerShell.quote("100% %PATH%"), r#""100% %PATH%""#);
        assert_eq!(Shell::Cmd.quote("$HOME `id`"), r#""$HOME `id`""#);
        assert_eq!(Shell::PowerShell.quote("$HOME `id` it's"), "'$HOME `id` it''s'");
        assert_eq!(
            Shell::PowerShell.quote("a\u{201d};calc;\u{2019}"),
            "'a\u{201d};calc;\u{2019}\u{2019}'"
        );
    }
}

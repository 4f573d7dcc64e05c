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
    /// cmd.exe and PowerShell, which agree on double quotes.
    Windows,
}

impl Shell {
    /// The usual one of a platform (`process.platform` as Node names it).
    pub fn of_platform(platform: &str) -> Self {
        if platform == "win32" { Shell::Windows } else { Shell::Sh }
    }

    /// One argument, quoted where it has to be.
    pub fn quote(self, argument: impl AsRef<OsStr>) -> String {
        let argument = argument.as_ref();
        match self {
            Shell::Sh => sh(argument),
            Shell::Windows => windows(argument),
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

/// A word with `$`, `%` or a backtick in it, which cmd and PowerShell read differently, is left for the
/// reader to check; no file name holds a double quote there.
fn windows(argument: &OsStr) -> String {
    let text = argument.to_string_lossy();
    // What Windows puts before a path that it has looked up is no part of the name.
    let text = match text.strip_prefix(r"\\?\") {
        Some(_) => crate::platform::shown(Path::new(argument)),
        None => text.into_owned(),
    };
    let text = crate::text::safe(&text);
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./\\:+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("\"{}\"", text.replace('"', "\\\""))
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
        assert_eq!(Shell::Windows.quote(r"C:\Users\a"), r"C:\Users\a");
        assert_eq!(Shell::Windows.quote(r"C:\My Claw"), "\"C:\\My Claw\"");
        assert_eq!(Shell::of_platform("win32"), Shell::Windows);
    }
}

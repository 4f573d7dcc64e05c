//! The words of OpenClaw's config (releases 2026.2.1 to 2026.9.6): binds and what people write for them,
//! placeholders that are no tokens.

use super::vars;
pub use crate::model::layout::{AUTH_MODES, BINDS, MODES};

/// The port of a gateway that is told no other.
pub const DEFAULT_PORT: u16 = 18789;

/// What somebody meant with a word for `gateway.bind` that OpenClaw refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindAlias {
    /// One of the five words, spelled otherwise.
    Word(&'static str),
    /// This machine: `local`, `127.0.0.1`, `localhost`, `::1`.
    Loopback,
    /// Every address: `0.0.0.0`, `::`, `*`.
    Everywhere,
}

/// What `word` stands for, where that can be told. `None` also for the five right words.
pub fn bind_alias(word: &str) -> Option<BindAlias> {
    if BINDS.contains(&word) {
        return None;
    }
    let word = word.trim().to_ascii_lowercase();
    if let Some(known) = BINDS.into_iter().find(|known| *known == word) {
        return Some(BindAlias::Word(known));
    }
    match word.as_str() {
        "local" | "127.0.0.1" | "localhost" | "::1" | "[::1]" => Some(BindAlias::Loopback),
        "0.0.0.0" | "::" | "[::]" | "*" => Some(BindAlias::Everywhere),
        _ => None,
    }
}

/// A shared secret that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder {
    /// Nothing but blanks.
    Blank,
    /// `undefined` or `null`: a script wrote a variable that it did not have.
    Unset,
    /// An example from a published guide, which everybody knows.
    Example,
    /// A mask that stands where the secret was.
    Masked,
    /// What is left of `$${NAME}`, and is then taken for a variable after all (from 2026.3.8 on, where it stands alone; from 2026.8.1 on
    /// anywhere in the text).
    Variable,
}

/// Which placeholder `text` is, if it is one.
pub fn placeholder(text: &str) -> Option<Placeholder> {
    match text.trim() {
        "" => Some(Placeholder::Blank),
        "undefined" | "null" => Some(Placeholder::Unset),
        "change-me-to-a-long-random-token" | "change-me-now" | "change-me-to-a-strong-password" => {
            Some(Placeholder::Example)
        }
        "***" | "[redacted]" | "__OPENCLAW_REDACTED__" => Some(Placeholder::Masked),
        text if is_our_mask(text) => Some(Placeholder::Masked),
        text if !vars::references(text).is_empty() => Some(Placeholder::Variable),
        _ => None,
    }
}

/// A secret as clawmend shows it, pasted back: four stars and perhaps the last four characters.
/// Bullets, which earlier builds had, count too.
fn is_our_mask(text: &str) -> bool {
    let stars = text.strip_prefix("****");
    stars.is_some_and(|tail| tail.len() <= 4) || text.starts_with("••••")
}

/// The port that 2026.9.6 gives a named profile without `gateway.port`.
pub fn port_of_profile(profile: &str) -> u16 {
    if profile == "dev" {
        return 19001;
    }
    let hash = profile
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    u16::try_from(20_000 + hash % 40_000).unwrap_or(DEFAULT_PORT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_that_openclaw_refuses_are_aliases() {
        for word in BINDS {
            assert_eq!(bind_alias(word), None);
        }
        assert_eq!(bind_alias(" LAN "), Some(BindAlias::Word("lan")));
        for word in ["local", "LocalHost", "127.0.0.1", "[::1]"] {
            assert_eq!(bind_alias(word), Some(BindAlias::Loopback), "{word}");
        }
        for word in ["0.0.0.0", "::", "*"] {
            assert_eq!(bind_alias(word), Some(BindAlias::Everywhere), "{word}");
        }
        assert_eq!(bind_alias("192.168.1.4"), None);
    }

    #[test]
    fn placeholders_are_told_from_tokens() {
        assert_eq!(placeholder(" undefined"), Some(Placeholder::Unset));
        assert_eq!(placeholder("change-me-now"), Some(Placeholder::Example));
        assert_eq!(placeholder("[redacted]"), Some(Placeholder::Masked));
        assert_eq!(placeholder(" "), Some(Placeholder::Blank));
        assert_eq!(placeholder("a${B}"), Some(Placeholder::Variable));
        for token in ["nullable", "${b}", "$b"] {
            assert_eq!(placeholder(token), None);
        }
    }

    #[test]
    fn a_profiles_port_is_in_range() {
        assert_eq!(port_of_profile("dev"), 19001);
        assert!((20_000..60_000).contains(&port_of_profile("work")));
    }
}

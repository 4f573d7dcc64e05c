//! Secrets that cannot be printed by accident, and the one rule for what of a foreign text is shown.
//!
//! Everything that was read from OpenClaw's files, from the environment or from an argument is foreign.
//! It is shown only where `places` allows its whole path, and only as far as it has the whole
//! [`shape::Shape`] that belongs there; all else is masked. Of a text that does not parse only its
//! [`structure`] is shown.

mod address;
mod name;
pub mod places;
pub mod shape;
pub mod shown;
pub mod structure;
pub mod words;

use std::fmt;

/// A token, password or private key. `Debug` and `Display` show only a mask; the text itself has to
/// be asked for by name with [`Secret::expose`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret text; from here on only `expose` gives it out.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself: for comparing and for writing into OpenClaw's own files, never for output.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// What may hold secrets somewhere inside: `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Unshown<T>(pub T);

impl<T> fmt::Debug for Unshown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

impl<T> std::ops::Deref for Unshown<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// How a secret is shown: `****1a2b`, the last four characters only of those with 16 or more, and
/// of plain ASCII, so that a short password gives nothing away.
pub fn mask(text: &str) -> String {
    let long_and_plain = text.len() >= 16
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_=+/.".contains(&b));
    match text.get(text.len().saturating_sub(4)..) {
        Some(tail) if long_and_plain => format!("****{tail}"),
        _ => "****".to_owned(),
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask(&self.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_tokens_show_four_characters_and_short_ones_none() {
        assert_eq!(
            Secret::new("Vrj1_j258mhmci7lPFTO1eXBa4DabTaqC4otZKUY1YM").to_string(),
            "****Y1YM"
        );
        assert_eq!(format!("{:?}", Secret::new("lab-token")), "****");
        assert_eq!(Secret::new("pässwörd pässwörd").to_string(), "****");
        assert_eq!(Secret::new("").to_string(), "****");
    }
}

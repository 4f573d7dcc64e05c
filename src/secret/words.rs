//! Lists of words, and patterns, that a text is held against.

use std::collections::HashSet;
use std::sync::OnceLock;

use regex_lite::Regex;

pub(super) const CLIENTS: &str = "cli webchat webchat-ui gateway-client node-host fingerprint test";
pub(super) const SYSTEMS: &str = "\
    linux darwin macos win32 windows android ios ipados web browser node freebsd openbsd mac \
    macintosh macintel iphone ipad watchos tvos chromeos aix sunos webchat";
pub(super) const MACHINES: &str = "x86_64 x64 arm64 aarch64 armv7l armv8l i686";

/// A pattern that a whole text has to fit. It is compiled when it is first asked for.
pub(super) struct Pattern(&'static str, OnceLock<Option<Regex>>);

impl Pattern {
    pub(super) const fn new(pattern: &'static str) -> Self {
        Self(pattern, OnceLock::new())
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        let compiled = self.1.get_or_init(|| Regex::new(&format!("^(?:{})$", self.0)).ok());
        compiled.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

/// Whether a word stands in a list of words with blanks between them.
pub fn is_in(list: &str, word: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

/// Such lists as one, for what is asked of each name of a huge store.
pub(super) struct Words(&'static [&'static str], OnceLock<HashSet<&'static str>>);

impl Words {
    pub(super) const fn new(lists: &'static [&'static str]) -> Self {
        Self(lists, OnceLock::new())
    }

    pub(super) fn has(&self, word: &str) -> bool {
        let words = || self.0.iter().flat_map(|list| list.split(' ')).collect();
        self.1.get_or_init(words).contains(word)
    }
}

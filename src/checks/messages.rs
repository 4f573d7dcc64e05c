//! OpenClaw's own messages: what each means, which findings are behind it, and what to do where none is. For
//! `explain`. A check that names a message of its own in `messages` is behind it too.

mod table;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::{CHECKS, Check};
use crate::text::squeeze::{Fragment, Squeezed};
use table::MESSAGES;

/// A message of OpenClaw's gateway or CLI, and what it means.
pub struct Message {
    /// Fragments of its text, in the words of each release: what stays the same of it.
    pub texts: &'static [&'static str],
    /// The findings behind it, the likeliest first; more name it in their `messages`.
    pub checks: &'static [&'static Check],
    /// What OpenClaw says with it.
    pub means: &'static str,
    /// What to do where no finding is behind it.
    pub advice: &'static str,
    /// It comes with many causes: beside another message it says nothing.
    pub is_general: bool,
}

/// A message of OpenClaw that was found in a pasted text.
#[derive(Clone)]
pub struct Match {
    /// The fragment of it that was found: clawmend's own words, never the pasted ones.
    pub text: &'static str,
    /// What it means; `None`: only checks know it.
    pub message: Option<&'static Message>,
    /// The findings behind it, the likeliest first.
    pub checks: Vec<&'static Check>,
}

impl Match {
    /// Whether it names its cause; another is told only where no such one is found.
    pub fn is_telling(&self) -> bool {
        self.message.is_none_or(|message| !message.is_general)
    }

    /// Whether it is the same message, by whichever of its texts.
    pub fn is_the_same(&self, other: &Match) -> bool {
        match (self.message, other.message) {
            (Some(one), Some(other)) => std::ptr::eq(one, other),
            (None, None) => self.text == other.text,
            _ => false,
        }
    }
}

/// From so many letters a text that is only a piece of a message is known.
const A_PIECE: usize = 8;
/// From so many letters the beginning of a message that is cut off at the end of a line is known.
const A_BEGINNING: usize = 12;

/// A message with all that is known of it: the texts of the table and of the checks that name it.
struct Known {
    message: Option<&'static Message>,
    texts: Vec<(&'static str, Fragment)>,
    checks: Vec<&'static Check>,
}

static ALL: LazyLock<Vec<Known>> = LazyLock::new(all);

/// The table, then what only checks know.
fn all() -> Vec<Known> {
    let mut all: Vec<Known> = Vec::new();
    let mut at: HashMap<String, usize> = HashMap::new();
    for message in MESSAGES {
        let texts: Vec<_> = message.texts.iter().map(|text| (*text, Fragment::of(text))).collect();
        at.extend(texts.iter().map(|(_, fragment)| (fragment.letters(), all.len())));
        all.push(Known { message: Some(message), texts, checks: message.checks.to_vec() });
    }
    for check in CHECKS.iter().copied() {
        for text in check.messages {
            let fragment = Fragment::of(text);
            let known = *at.entry(fragment.letters()).or_insert_with(|| {
                // A longer text of a message of the table is one of its texts.
                let squeezed = Squeezed::of(text);
                let within = |known: &Known| {
                    let held = |(_, one): &&(&str, Fragment)| squeezed.holds(one);
                    known.texts.iter().filter(held).map(|(_, one)| one.size()).max()
                };
                let lengths = all.iter().map(within).enumerate();
                let longest =
                    lengths.filter(|(_, length)| length.is_some()).max_by_key(|one| one.1);
                let at = longest.map_or(all.len(), |(at, _)| at);
                match all.get_mut(at) {
                    Some(known) => known.texts.push((text, fragment)),
                    None => {
                        let texts = vec![(*text, fragment)];
                        all.push(Known { message: None, texts, checks: Vec::new() });
                    }
                }
                at
            });
            if let Some(known) = all.get_mut(known)
                && known.checks.iter().all(|known| known.code != check.code)
            {
                known.checks.push(check);
            }
        }
    }
    all
}

/// The messages that a text holds, the most telling first: those that name their cause before those that
/// come with many, the longer fragment before the shorter.
pub fn find(text: &str) -> Vec<Match> {
    let squeezed = Squeezed::of(text);
    let mut found = search(&|fragment| squeezed.holds(fragment).then(|| fragment.size()));
    if found.is_empty() {
        let lines: Vec<Squeezed> = text.lines().map(Squeezed::of).collect();
        found = search(&|fragment| {
            if squeezed.len() >= A_PIECE && squeezed.is_piece_of(fragment) {
                return Some(squeezed.len());
            }
            lines.iter().filter_map(|line| line.ends_within(fragment, A_BEGINNING)).max()
        });
        // What fits two messages as well tells nothing: `gateway closed` comes with each code.
        let longest = found.iter().map(|(length, _)| *length).max();
        if found.iter().filter(|(length, _)| Some(*length) == longest).count() > 1 {
            return Vec::new();
        }
    }
    found.into_iter().map(|(_, found)| found).collect()
}

/// The messages of which a fragment is found, each once, with how much of it is; `length` tells that.
fn search(length: &dyn Fn(&Fragment) -> Option<usize>) -> Vec<(usize, Match)> {
    let found = ALL.iter().filter_map(|known| {
        let lengths =
            known.texts.iter().filter_map(|(text, fragment)| Some((length(fragment)?, *text)));
        let (length, text) = lengths.max()?;
        Some((length, Match { text, message: known.message, checks: known.checks.clone() }))
    });
    let mut found: Vec<(usize, Match)> = found.collect();
    found.sort_by_key(|(length, found)| (!found.is_telling(), Reverse(*length)));
    found
}

#[cfg(test)]
#[path = "messages_tests.rs"]
mod tests;

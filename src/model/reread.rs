//! Reading a store again that was changed in a few places: what stands outside of them is known.
//!
//! A repair ends with a second diagnosis. Of a store with 100,000 records it changed one or two: the
//! others are taken over from the first reading, where the bytes are the same bytes.

use std::sync::Arc;

use super::entry::{Entry, Place};
use crate::format::scan::{self, Member, Span};
use crate::image::Bytes;
use crate::plan::Splice;

/// The records of a text as they were read, and how the text was changed since.
#[derive(Clone, Debug)]
pub struct Prior {
    entries: Vec<Entry>,
    splices: Vec<Splice>,
    /// The text after the change. Only these very bytes are read with the help of what was known.
    text: Option<Bytes>,
}

impl Prior {
    /// `entries` are all records of the text before, in order; `splices` are ordered and do not
    /// overlap.
    pub(super) fn new(entries: Vec<Entry>, splices: Vec<Splice>) -> Self {
        Self {
            entries,
            splices,
            text: None,
        }
    }

    /// The same; `text` is what the splices made.
    #[must_use]
    pub fn of(self, text: Bytes) -> Self {
        Self {
            text: Some(text),
            ..self
        }
    }

    /// What is known of `text`, if it is the text that this is about.
    pub(super) fn known_of(self, text: &Bytes) -> Option<Known> {
        Arc::ptr_eq(self.text.as_ref()?, text).then(|| Known {
            entries: self.entries.into_iter().peekable(),
            splices: self.splices.into_iter().peekable(),
            floor: 0,
            grown: 0,
            shrunk: 0,
        })
    }
}

/// The known records, handed out in the order of the new text.
pub(super) struct Known {
    entries: std::iter::Peekable<std::vec::IntoIter<Entry>>,
    splices: std::iter::Peekable<std::vec::IntoIter<Splice>>,
    /// Where the last splice before here ended in the old text.
    floor: usize,
    /// Bytes that the splices before here put in and took out.
    grown: usize,
    shrunk: usize,
}

impl Known {
    /// The record under `key` whose object starts at `start` in the new text, and where it ends, if it
    /// is byte for byte one of the old. To be asked with rising `start`.
    pub(super) fn take(&mut self, text: &[u8], key: Span, start: usize) -> Option<(Entry, usize)> {
        while let Some(splice) = self
            .splices
            .next_if(|splice| start >= splice.start + self.grown - self.shrunk + splice.text.len())
        {
            self.grown += splice.text.len();
            self.shrunk += splice.end - splice.start;
            self.floor = splice.end;
        }
        let old = (start + self.shrunk).checked_sub(self.grown)?;
        if old < self.floor {
            return None;
        }
        while self
            .entries
            .next_if(|entry| place(entry).is_none_or(|at| at.value.start < old))
            .is_some()
        {}
        let limit = self
            .splices
            .peek()
            .map_or(usize::MAX, |splice| splice.start);
        let mut entry = self.entries.next_if(|entry| {
            place(entry).is_some_and(|at| at.value.start == old && at.value.end <= limit)
                && scan::key_is(text, key, &entry.key)
        })?;
        let length = place(&entry).map(|at| at.value.end - at.value.start)?;
        let value = Span {
            start,
            end: start + length,
        };
        entry.place = Place::Text(Member { key, value });
        Some((entry, value.end))
    }
}

/// Where an object stands. Only an object ends where it ends whatever follows it.
fn place(entry: &Entry) -> Option<Member> {
    match entry.place {
        Place::Text(member) if !entry.is_no_object() => Some(member),
        _ => None,
    }
}

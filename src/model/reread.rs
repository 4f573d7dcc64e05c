//! Reading a store again that was changed in a few places: what stands outside of them is known.
//!
//! A repair ends with a second diagnosis. Of a store with 100,000 records it changed one or two: the
//! others are taken over from the first reading, where the bytes are the same bytes.

use std::sync::Arc;

use super::entry::{Entry, Place};
use crate::format::scan::{self, Member, Span};
use crate::image::{Bytes, Images};
use crate::plan::Splice;

/// What is probably there after a change: compared with what is there, never trusted. It saves a second
/// copy of a huge store, and reading its unchanged records again.
#[derive(Default)]
pub struct Expected {
    /// Every file and table as the change made it.
    pub images: Images,
    /// The paired devices as they were before.
    pub prior: Option<Prior>,
}

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
        Self { entries, splices, text: None }
    }

    /// The same; `text` is what the splices made.
    #[must_use]
    pub fn of(self, text: Bytes) -> Self {
        Self { text: Some(text), ..self }
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
        let limit = self.splices.peek().map_or(usize::MAX, |splice| splice.start);
        let mut entry = self.entries.next_if(|entry| {
            place(entry).is_some_and(|at| at.value.start == old && at.value.end <= limit)
                && scan::key_is(text, key, &entry.key)
        })?;
        let length = place(&entry).map(|at| at.value.end - at.value.start)?;
        let value = Span { start, end: start + length };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::edit::{RecordEdit, StoreEdits, apply, store};
    use crate::image::{FileState, Meta, TextImage};
    use crate::model::layout::Part;
    use crate::model::store::Records;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn image(text: &Bytes) -> TextImage {
        TextImage {
            path: "/s/devices/paired.json".into(),
            state: FileState::Present { bytes: text.clone(), meta: Meta::default() },
        }
    }

    fn read(text: &Bytes, prior: Option<Prior>) -> Records {
        Records::of_file_again(Part::Paired, Some(&image(text)), prior)
    }

    fn text(records: usize, pretty: bool) -> Bytes {
        let all: serde_json::Map<String, Value> = (0..records)
            .map(|n| {
                let record = match n % 4 {
                    3 => json!(n),
                    _ => json!({ "deviceId": format!("d{n}"), "clientId": "cli", "displayName": "x", "n": [n, {}] }),
                };
                (format!("d{n}"), record)
            })
            .collect();
        let made = if pretty { serde_json::to_vec_pretty(&all) } else { serde_json::to_vec(&all) };
        Bytes::new(made.unwrap())
    }

    fn edits() -> impl Strategy<Value = StoreEdits> {
        let key = || (0..9usize).prop_map(|n| format!("d{n}"));
        let change = (key(), any::<bool>()).prop_map(|(key, set)| {
            let path = vec!["displayName".to_owned()];
            let edit = match set {
                true => RecordEdit::Set(path, json!("longer than before")),
                false => RecordEdit::Unset(path),
            };
            (key, vec![edit])
        });
        let insert = (10..13usize).prop_map(|n| (format!("d{n}"), json!({ "deviceId": "new" })));
        (
            proptest::collection::vec(change, 0..2),
            proptest::collection::vec(key(), 0..3),
            proptest::collection::vec(insert, 0..2),
        )
            .prop_map(|(change, remove, insert)| StoreEdits { change, remove, insert })
    }

    proptest! {
        #[test]
        fn what_was_known_reads_as_the_text_itself(edits in edits(), count in 0..9usize, pretty: bool) {
            let before = text(count, pretty);
            if let Ok(splices) = store(&before, &edits) {
                let after = Bytes::new(apply(&before, &splices));
                let prior = read(&before, None).into_prior(splices).unwrap().of(after.clone());
                prop_assert_eq!(read(&after, Some(prior)).entries, read(&after, None).entries);
            }
        }

        #[test]
        fn any_splice_at_all_reads_as_the_text_itself(
            count in 1..6usize,
            start in 0..400usize,
            len in 0..90usize,
            new in "[{}\\[\\]:,\"d0-9 ]{0,12}",
        ) {
            let before = text(count, false);
            let start = start.min(before.len());
            let splice = Splice { start, end: (start + len).min(before.len()), text: new.into_bytes() };
            let after = Bytes::new(apply(&before, std::slice::from_ref(&splice)));
            let prior = read(&before, None).into_prior(vec![splice]).unwrap().of(after.clone());
            let (known, fresh) = (read(&after, Some(prior)), read(&after, None));
            prop_assert_eq!(known.condition, fresh.condition);
            prop_assert_eq!(known.entries, fresh.entries);
        }
    }

    #[test]
    fn unchanged_records_are_taken_over_and_another_text_is_not_read_by_them() {
        let before = text(6, true);
        let mut records = read(&before, None);
        // A mark that only a record that was taken over can carry.
        for entry in &mut records.entries {
            entry.likeness = Some(7);
        }
        let prior = records.into_prior(Vec::new()).unwrap().of(before.clone());
        let marked = |records: &Records| {
            records.entries.iter().filter(|entry| entry.likeness == Some(7)).count()
        };
        assert_eq!(marked(&read(&before, Some(prior.clone()))), 5);
        assert_eq!(marked(&read(&Bytes::new(before.to_vec()), Some(prior))), 0);
    }
}

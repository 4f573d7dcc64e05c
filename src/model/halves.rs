//! The records of a text in order; of a huge one, two halves at once.

use super::entry::{Entry, entry_of_text};
use super::layout::Part;
use super::reread::Known;
use crate::format::scan::{self, First, Span, SyntaxError};
use crate::threads;

/// From this size on, bytes, a second thread pays.
const HUGE: usize = 4 << 20;

/// What was read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Read {
    /// The records in order; none where there are more than the limit.
    pub(super) entries: Vec<Entry>,
    /// How many there are.
    pub(super) count: usize,
    /// Where the object ends.
    pub(super) end: usize,
}

impl Read {
    fn add(&mut self, entry: Option<Entry>, limit: usize) {
        self.count += 1;
        if self.count > limit {
            // Counted on, but no longer kept.
            self.entries = Vec::new();
        } else {
            self.entries.extend(entry);
        }
    }
}

/// The records of the object that begins the text at `start`; at most `limit` are kept.
///
/// # Errors
/// The first place where the text is not JSON.
pub(super) fn entries(
    part: Part,
    text: &[u8],
    start: usize,
    known: Option<Known>,
    limit: usize,
) -> Result<Read, SyntaxError> {
    let whole = Span { start, end: text.len() };
    let first = match scan::first_member(text, whole)? {
        First::Empty(end) => {
            return Ok(Read { end, ..Read::default() });
        }
        First::Key(at) => at,
    };
    let reading = Reading { part, text, limit };
    if known.is_none()
        && text.len() >= HUGE
        && let Some(middle) = key_near_the_middle(text, start, first)
    {
        return reading.in_halves(first, middle);
    }
    reading.walk(first, None, known).map(|(read, _)| read)
}

/// What looks like the key of a member of the outermost object: laid out as its first one.
fn key_near_the_middle(text: &[u8], start: usize, first: usize) -> Option<usize> {
    let gap = text.get(start + 1..first)?;
    // Without line breaks nothing tells the outermost object from one further in.
    if !gap.contains(&b'\n') {
        return None;
    }
    let wanted = [b",", gap, b"\""].concat();
    let half = text.len() / 2;
    let found = memchr::memmem::find(text.get(half..)?, &wanted)?;
    Some(half + found + wanted.len() - 1)
}

/// One text to read.
#[derive(Clone, Copy)]
struct Reading<'t> {
    part: Part,
    text: &'t [u8],
    limit: usize,
}

impl Reading<'_> {
    /// Reads on from the key at `middle` on a second thread. That it is a key of the outermost object
    /// is a guess; it holds if the first half comes by there, and then the second is what it would
    /// have read next.
    fn in_halves(self, first: usize, middle: usize) -> Result<Read, SyntaxError> {
        let second = move || self.walk(middle, None, None);
        let (rest, read) = threads::beside(second, || self.walk(first, Some(middle), None));
        let (mut read, is_stopped) = read?;
        if !is_stopped {
            return Ok(read);
        }
        let (rest, _) = rest.unwrap_or_else(second)?;
        read.end = rest.end;
        read.count += rest.count;
        read.entries.extend(rest.entries);
        if read.count > self.limit {
            read.entries = Vec::new();
        }
        Ok(read)
    }

    /// What it read, and whether it stopped at `stop`.
    fn walk(
        self,
        first: usize,
        stop: Option<usize>,
        mut known: Option<Known>,
    ) -> Result<(Read, bool), SyntaxError> {
        let mut read = Read::default();
        let walk = scan::walk_from(self.text, first, stop, |key, at| {
            let before = known.as_mut().and_then(|known| known.take(self.text, key, at));
            let (entry, end) = match before {
                Some((entry, end)) => (Some(entry), end),
                None if read.count >= self.limit => (None, scan::value_end(self.text, at)?),
                None => {
                    let (entry, end) = entry_of_text(self.part, self.text, key, at)?;
                    (Some(entry), end)
                }
            };
            read.add(entry, self.limit);
            Ok(end)
        })?;
        read.end = walk.at;
        Ok((read, walk.is_stopped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reading(text: &[u8]) -> Reading<'_> {
        Reading { part: Part::Paired, text, limit: usize::MAX }
    }

    /// What one walk from the first key says.
    fn plain(text: &[u8]) -> Result<Read, SyntaxError> {
        reading(text).walk(4, None, None).map(|(read, _)| read)
    }

    fn store(records: usize) -> Vec<u8> {
        let all: serde_json::Map<String, serde_json::Value> = (0..records)
            .map(|n| {
                (
                    format!("d{n}"),
                    json!({ "deviceId": format!("d{n}"), "tokens": { "operator": { "n": n } } }),
                )
            })
            .collect();
        serde_json::to_vec_pretty(&all).unwrap()
    }

    #[test]
    fn two_halves_read_as_one_walk_does_wherever_they_meet() {
        let text = store(40);
        let guesses = memchr::memmem::find_iter(&text, b"\"").collect::<Vec<_>>();
        assert!(guesses.len() > 100);
        for guess in guesses {
            // Keys of the outermost object, keys further in, ends of strings: right and wrong guesses.
            assert_eq!(reading(&text).in_halves(4, guess), plain(&text), "{guess}");
        }
    }

    #[test]
    fn damage_in_either_half_is_found_where_one_walk_finds_it() {
        let whole = store(20);
        let middle = key_near_the_middle(&whole, 0, 4).unwrap();
        for at in (4..whole.len()).step_by(7) {
            let mut text = whole.clone();
            text[at] = b'\x01';
            assert_eq!(reading(&text).in_halves(4, middle), plain(&text), "{at}");
            text.truncate(at);
            assert_eq!(reading(&text).in_halves(4, middle), plain(&text), "cut at {at}");
        }
    }

    #[test]
    fn a_huge_store_is_read_whole() {
        let text = store(60_000);
        assert!(text.len() > HUGE);
        let read = entries(Part::Paired, &text, 0, None, usize::MAX).unwrap();
        assert_eq!((read.entries.len(), read.end), (60_000, text.len()));
        let bounded = entries(Part::Paired, &text, 0, None, 59_999).unwrap();
        assert_eq!((bounded.entries.len(), bounded.count), (0, 60_000));
    }
}

//! The records of a text in order; of a huge one, two halves at once.

use super::entry::{Entry, entry_of_text};
use super::layout::Part;
use super::reread::Known;
use crate::format::scan::{self, First, Span, SyntaxError, Walk};

/// From this size on, bytes, a second thread pays.
const HUGE: usize = 4 << 20;

/// The records of the object that begins the text at `start`, and where it ends.
///
/// # Errors
/// The first place where the text is not JSON.
pub(super) fn entries(
    part: Part,
    text: &[u8],
    start: usize,
    known: Option<Known>,
) -> Result<(Vec<Entry>, usize), SyntaxError> {
    let whole = Span {
        start,
        end: text.len(),
    };
    let first = match scan::first_member(text, whole)? {
        First::Empty(end) => return Ok((Vec::new(), end)),
        First::Key(at) => at,
    };
    if known.is_none()
        && text.len() >= HUGE
        && let Some(middle) = key_near_the_middle(text, start, first)
    {
        return in_halves(part, text, first, middle);
    }
    let mut read = Vec::new();
    let walk = walk(part, text, first, None, known, &mut read)?;
    Ok((read, walk.at))
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

/// Reads on from the key at `middle` on a second thread. That it is a key of the outermost object is a
/// guess; it holds if the first half comes by there, and then the second is what it would have read next.
fn in_halves(
    part: Part,
    text: &[u8],
    first: usize,
    middle: usize,
) -> Result<(Vec<Entry>, usize), SyntaxError> {
    std::thread::scope(|scope| {
        let second = scope.spawn(move || {
            let mut read = Vec::new();
            walk(part, text, middle, None, None, &mut read).map(|walk| (read, walk.at))
        });
        let mut read = Vec::new();
        let came = walk(part, text, first, Some(middle), None, &mut read)?;
        if !came.is_stopped {
            return Ok((read, came.at));
        }
        let rest = second.join().unwrap_or_else(|_| {
            let mut read = Vec::new();
            walk(part, text, middle, None, None, &mut read).map(|walk| (read, walk.at))
        });
        let (rest, end) = rest?;
        read.extend(rest);
        Ok((read, end))
    })
}

fn walk(
    part: Part,
    text: &[u8],
    first: usize,
    stop: Option<usize>,
    mut known: Option<Known>,
    read: &mut Vec<Entry>,
) -> Result<Walk, SyntaxError> {
    scan::walk_from(text, first, stop, |key, at| {
        let before = known.as_mut().and_then(|known| known.take(text, key, at));
        let (entry, end) = match before {
            Some(before) => before,
            None => entry_of_text(part, text, key, at)?,
        };
        read.push(entry);
        Ok(end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What one walk from the first key says.
    fn plain(text: &[u8]) -> Result<(Vec<Entry>, usize), SyntaxError> {
        let mut read = Vec::new();
        let walk = walk(Part::Paired, text, 4, None, None, &mut read)?;
        Ok((read, walk.at))
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
            assert_eq!(
                in_halves(Part::Paired, &text, 4, guess),
                plain(&text),
                "{guess}"
            );
        }
    }

    #[test]
    fn damage_in_either_half_is_found_where_one_walk_finds_it() {
        let whole = store(20);
        let middle = key_near_the_middle(&whole, 0, 4).unwrap();
        for at in (4..whole.len()).step_by(7) {
            let mut text = whole.clone();
            text[at] = b'\x01';
            assert_eq!(
                in_halves(Part::Paired, &text, 4, middle),
                plain(&text),
                "{at}"
            );
            text.truncate(at);
            assert_eq!(
                in_halves(Part::Paired, &text, 4, middle),
                plain(&text),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn a_huge_store_is_read_whole() {
        let text = store(60_000);
        assert!(text.len() > HUGE);
        let (read, end) = entries(Part::Paired, &text, 0, None).unwrap();
        assert_eq!((read.len(), end), (60_000, text.len()));
    }
}

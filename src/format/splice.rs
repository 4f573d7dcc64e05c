//! What a change of a text is: ranges and what stands there after.

use std::fmt;

use super::Span;

/// A range of the bytes before and what stands there after.
#[derive(Clone, PartialEq, Eq)]
pub struct Splice {
    /// Start offset, bytes.
    pub start: usize,
    /// End offset (not included), bytes.
    pub end: usize,
    /// The new text.
    pub text: Vec<u8>,
}

impl fmt::Debug for Splice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Splice({}..{}, {} bytes)", self.start, self.end, self.text.len())
    }
}

impl Splice {
    pub(super) fn replace(span: Span, text: String) -> Self {
        Self { start: span.start, end: span.end, text: text.into_bytes() }
    }

    pub(super) fn insert(at: usize, text: String) -> Self {
        Self::replace(Span { start: at, end: at }, text)
    }

    pub(super) fn delete(start: usize, end: usize) -> Self {
        Self { start, end, text: Vec::new() }
    }
}

/// The one splice between two texts, at `offset`: what is common at both ends left out.
pub fn smallest(before: &[u8], after: &[u8], offset: usize) -> Option<Splice> {
    if before == after {
        return None;
    }
    let common = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let most = before.len().min(after.len()) - common;
    let tail =
        before.iter().rev().zip(after.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    Some(Splice {
        start: offset + common,
        end: offset + before.len() - tail,
        text: after.get(common..after.len() - tail).unwrap_or_default().to_vec(),
    })
}

/// `text` with `splices` made; the same as writing the pieces of a change.
pub fn apply(text: &[u8], splices: &[Splice]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    for splice in splices {
        out.extend_from_slice(text.get(at..splice.start).unwrap_or_default());
        out.extend_from_slice(&splice.text);
        at = splice.end;
    }
    out.extend_from_slice(text.get(at..).unwrap_or_default());
    out
}

/// Adds `next`, a splice of the text `now` that `all` has made, to `all`, in terms of the text before
/// all of them. Those that it touches become one with it.
pub(super) fn compose(all: &mut Vec<Splice>, next: Splice, now: &[u8]) {
    let mut before: Vec<Splice> = Vec::new();
    let mut behind: Vec<Splice> = Vec::new();
    let (mut from, mut to) = (next.start, next.end);
    // How many bytes the splices up to here have added and taken.
    let (mut added, mut taken) = (0, 0);
    // The same, up to where the joined splice starts and ends.
    let mut at_start = None;
    let mut at_end = (0, 0);
    for splice in all.drain(..) {
        let at = splice.start + added - taken;
        let until = at + splice.text.len();
        let counted = (added, taken);
        added += splice.text.len();
        taken += splice.end - splice.start;
        if until < next.start {
            at_end = (added, taken);
            before.push(splice);
        } else if at > next.end {
            behind.push(splice);
        } else {
            at_start.get_or_insert(counted);
            at_end = (added, taken);
            from = from.min(at);
            to = to.max(until);
        }
    }
    let back = |place: usize, (added, taken): (usize, usize)| place + taken - added;
    let text = [
        now.get(from..next.start).unwrap_or_default(),
        &next.text,
        now.get(next.end..to).unwrap_or_default(),
    ];
    before.push(Splice {
        start: back(from, at_start.unwrap_or(at_end)),
        end: back(to, at_end),
        text: text.concat(),
    });
    before.extend(behind);
    *all = before;
}

//! What a change of a text is: ranges and what stands there after.

use std::fmt;

use super::Span;

/// A range of the bytes before and what stands there after.
#[derive(Clone, PartialEq, Eq)]
pub struct Splice {
    /// First byte of the range.
    pub start: usize,
    /// End offset (not included), bytes.
    pub end: usize,
    /// What stands there after; empty where the range only goes.
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

/// The lines that differ between two texts, as splices of the first.
pub fn by_lines(before: &[u8], after: &[u8]) -> Vec<Splice> {
    let [old, new] =
        [before, after].map(|text| text.split_inclusive(|byte| *byte == b'\n').collect::<Vec<_>>());
    let starts = |lines: &[&[u8]]| {
        let ends = lines.iter().scan(0, |at, line| {
            *at += line.len();
            Some(*at)
        });
        std::iter::once(0).chain(ends).collect::<Vec<usize>>()
    };
    let (old_starts, new_starts) = (starts(&old), starts(&new));
    let at = |starts: &[usize], line: usize| starts.get(line).copied().unwrap_or_default();
    let changes = similar::capture_diff_slices(similar::Algorithm::Myers, &old, &new);
    let differing = changes.iter().filter(|change| change.tag() != similar::DiffTag::Equal);
    differing
        .map(|change| {
            let (gone, new) = (change.old_range(), change.new_range());
            let text = after.get(at(&new_starts, new.start)..at(&new_starts, new.end));
            Splice {
                start: at(&old_starts, gone.start),
                end: at(&old_starts, gone.end),
                text: text.unwrap_or_default().to_vec(),
            }
        })
        .collect()
}

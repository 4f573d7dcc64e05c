//! Splices made in a text, and found between two.

use crate::plan::Splice;

/// Applies `f` (an edit of one place) and gives back the new text.
pub(super) fn spliced(text: &[u8], splice: &Splice) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + splice.text.len());
    out.extend_from_slice(text.get(..splice.start).unwrap_or_default());
    out.extend_from_slice(&splice.text);
    out.extend_from_slice(text.get(splice.end..).unwrap_or_default());
    out
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

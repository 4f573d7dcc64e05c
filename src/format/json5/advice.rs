//! What a person types where a text breaks: an edit that was tried. It makes the text whole, alone or with a few more
//! of its kind, or at least moves the break on, and is the least odd and the likeliest of those.

use super::nature::foreign;
use super::reading::{Reading, sections_in};
use super::slips::{Edit, edits};
use super::text_of;
use crate::format::Location;

/// So many edits, one after the other, may make a text whole.
const DEPTH: usize = 5;
/// So many half-mended texts are gone on with.
const BEAM: usize = 4;
/// Of two ways the one with fewer edits is better, if the other is not likelier by so much.
const STEP: usize = 6;
/// An edit that costs more is proposed only where it ends well.
const DOUBTFUL: usize = 6;
/// So many bytes are read for trying.
const BUDGET: usize = 8 * 1024 * 1024;

/// What to type where in a broken config so that it can be read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The line of the place, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// What to type there, as part of a sentence; no secret is in it.
    pub words: String,
    /// It closes what was cut off; what stood there is not known.
    pub is_cut: bool,
    /// The text once it is typed.
    #[cfg(test)]
    pub(super) typed: String,
}

/// A text with some of its breaks mended.
struct Tried {
    text: String,
    reading: Reading,
    /// The first of the edits that made it.
    first: Option<Edit>,
    cost: usize,
    worth: usize,
}

/// What to type where a text breaks; `None`: nothing that was tried helps.
pub fn advice(bytes: &[u8]) -> Option<Advice> {
    if let [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] = bytes {
        return Some(Advice {
            line: 1,
            column: 1,
            words: "save the file again as UTF-8".into(),
            is_cut: false,
            #[cfg(test)]
            typed: String::new(),
        });
    }
    let text = text_of(bytes).ok().filter(|text| foreign(text).is_none())?;
    let reading = Reading::of(&text);
    let broken = reading.fault?.offset;
    let edit = best(&text, reading)?;
    let spot = edit.spot.unwrap_or(edit.at.start);
    let at = Location::of(text.as_bytes(), spot, spot);
    let gone = gone(&text, &edit);
    let words = match Location::of(text.as_bytes(), broken, broken) {
        found if (found.line, found.column) == (at.line, at.column) => edit.words.clone(),
        found if found.line == at.line => format!("at column {}, {}", at.column, edit.words),
        _ => format!("on line {}, column {}, {}", at.line, at.column, edit.words),
    };
    Some(Advice {
        line: at.line,
        column: at.column,
        words: format!("{words}{gone}"),
        is_cut: edit.is_cut,
        #[cfg(test)]
        typed: applied(&text, &edit),
    })
}

/// The sections of the config that go with an edit.
fn gone(text: &str, edit: &Edit) -> String {
    let removed = text.get(edit.at.clone()).unwrap_or_default();
    if !edit.with.is_empty() || !removed.contains(':') {
        return String::new();
    }
    let after = applied(text, edit);
    let kept = Reading::of(&after).sections(&after);
    let (twice, lost): (Vec<_>, Vec<_>) =
        sections_in(removed).into_iter().partition(|name| kept.contains(name));
    match (lost.is_empty(), twice.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!(" (a second {})", twice.join(", ")),
        _ => format!(" (with it go: {})", lost.join(", ")),
    }
}

fn applied(text: &str, edit: &Edit) -> String {
    let mut text = text.to_owned();
    text.replace_range(edit.at.clone(), &edit.with);
    text
}

/// The first edit of the best way.
fn best(text: &str, reading: Reading) -> Option<Edit> {
    let mut budget = BUDGET;
    let mut beam = vec![Tried { text: text.to_owned(), reading, first: None, cost: 0, worth: 0 }];
    let mut whole: Option<(usize, Edit)> = None;
    let mut further: Option<(usize, Edit)> = None;
    for depth in 0..DEPTH {
        let mut next: Vec<Tried> = Vec::new();
        for tried in &beam {
            let Some(fault) = tried.reading.fault else { continue };
            for edit in edits(&tried.text, &tried.reading, fault) {
                let text = applied(&tried.text, &edit);
                budget = match budget.checked_sub(text.len()) {
                    Some(left) => left,
                    None => return whole.or(further).map(|(_, edit)| edit),
                };
                let reading = Reading::of(&text);
                let cost = tried.cost + STEP + edit.cost;
                let total = cost + reading.odd;
                let is_likely = edit.cost <= DOUBTFUL;
                let first = tried.first.clone().unwrap_or(edit);
                let Some(next_fault) = reading.fault else {
                    if whole.as_ref().is_none_or(|(best, _)| total < *best) {
                        whole = Some((total, first));
                    }
                    continue;
                };
                let left = text.len() - next_fault.offset.min(text.len());
                let was_left = tried.text.len() - fault.offset.min(tried.text.len());
                if left >= was_left {
                    continue;
                }
                let passed =
                    tried.text.len() - was_left..tried.text.len() - left.min(tried.text.len());
                let lines = tried.text.get(passed).map_or(0, |passed| passed.matches('\n').count());
                let worth = (total + 8).saturating_sub(2 * lines.min(4));
                if depth == 0
                    && lines > 0
                    && is_likely
                    && further.as_ref().is_none_or(|(best, _)| worth < *best)
                {
                    further = Some((worth, first.clone()));
                }
                next.push(Tried { text, reading, first: Some(first), cost, worth });
            }
        }
        next.sort_by_key(|tried| tried.worth);
        next.truncate(BEAM);
        let least = (depth + 2) * STEP;
        if next.is_empty() || whole.as_ref().is_some_and(|(best, _)| *best <= least) {
            break;
        }
        beam = next;
    }
    whole.or(further).map(|(_, edit)| edit)
}

#[cfg(test)]
#[path = "advice_tests.rs"]
mod tests;

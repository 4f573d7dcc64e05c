//! Before and after as a person reads them: unified diffs of files with three lines of context, rows
//! as a line per changed column. Secrets are masked before anything is compared for display.

mod rows;

pub use rows::row;

use std::fmt::Write;

use similar::{ChangeTag, TextDiff};

use super::{Paint, mask};
use crate::image::Slot;
use crate::model::layout::Part;
use crate::plan::{After, Changes, FileChange, Splice};
use crate::text::{count, safe};

/// Lines of context.
const CONTEXT: usize = 3;
/// Lines of a store's file that are read before a hunk to know where it stands. A config is read from its
/// beginning: comments may be of any length there.
const LEAD: usize = 100;
/// A line longer than this is shown only around what changes, characters.
const LONG_LINE: usize = 300;
/// More changed lines than this in one file are counted, not shown.
const MOST_LINES: usize = 400;

/// The diff of everything that changes.
pub fn changes(
    changes: &Changes,
    name: &dyn Fn(&std::path::Path) -> String,
    paint: Paint,
) -> String {
    let mut out = String::new();
    for change in &changes.files {
        out.push_str(&file(change, &name(&change.before.path), paint));
    }
    for change in &changes.rows {
        out.push_str(&row(change, paint));
    }
    out
}

fn heading(out: &mut String, from: &str, to: &str, paint: Paint) {
    let _ = writeln!(out, "{}", paint.bold(&format!("--- {from}")));
    let _ = writeln!(out, "{}", paint.bold(&format!("+++ {to}")));
}

/// The diff of one file.
pub fn file(change: &FileChange, name: &str, paint: Paint) -> String {
    let mut out = String::new();
    let name = safe(name);
    let before = change.before.bytes().map(|bytes| bytes.as_slice());
    let (from, to) = match (&change.after, before) {
        (After::Absent, _) => {
            (name.clone(), "/dev/null (removed; it stays in the snapshot)".to_owned())
        }
        (_, None) => ("/dev/null (new file)".to_owned(), name.clone()),
        _ => (name.clone(), name.clone()),
    };
    heading(&mut out, &from, &to, paint);
    // Keyed by token: not even its keys are shown.
    if change.slot == Slot::File(Part::Bootstrap) {
        out.push_str("  (bootstrap tokens; contents not shown)\n");
        return out;
    }
    let before = before.unwrap_or_default();
    let mut lines = Lines { config: matches!(change.slot, Slot::Config(_)), ..Lines::default() };
    match &change.after {
        After::Spliced(splices) => {
            for group in groups(before, splices) {
                lines.hunk(&mut out, before, &group, paint);
            }
        }
        After::Whole { bytes, .. } => whole(&mut out, lines, before, bytes, paint),
        After::Absent => whole(&mut out, lines, before, b"", paint),
    }
    out
}

fn whole(out: &mut String, mut lines: Lines, before: &[u8], after: &[u8], paint: Paint) {
    const SMALL: usize = 256 * 1024;
    if before.len() + after.len() > SMALL {
        let common = before.iter().zip(after).take_while(|(a, b)| a == b).count();
        if before.len().min(after.len()) - common > SMALL {
            let _ = writeln!(
                out,
                "  ({} bytes become {} bytes; too much to show)",
                before.len(),
                after.len()
            );
            return;
        }
    }
    let splice = crate::format::edit::smallest(before, after, 0);
    let Some(splice) = splice else { return };
    lines.hunk(out, before, &[splice], paint);
}

/// Splices whose context lines touch are shown in one hunk.
fn groups(text: &[u8], splices: &[Splice]) -> Vec<Vec<Splice>> {
    let mut groups: Vec<Vec<Splice>> = Vec::new();
    for splice in splices {
        let near = groups.last().and_then(|group| group.last()).is_some_and(|last: &Splice| {
            let between = text.get(last.end..splice.start).unwrap_or_default();
            memchr::memchr_iter(b'\n', between).take(2 * CONTEXT + 1).count() <= 2 * CONTEXT
        });
        match groups.last_mut() {
            Some(group) if near => group.push(splice.clone()),
            _ => groups.push(vec![splice.clone()]),
        }
    }
    groups
}

/// Line numbers while the hunks of one file are written.
#[derive(Default)]
struct Lines {
    config: bool,
    offset: usize,
    before: usize,
    grown: isize,
}

impl Lines {
    fn hunk(&mut self, out: &mut String, text: &[u8], splices: &[Splice], paint: Paint) {
        let (Some(first), Some(last)) = (splices.first(), splices.last()) else {
            return;
        };
        let start = back_lines(text, first.start, CONTEXT);
        let end = forward_lines(text, last.end, CONTEXT);
        self.before +=
            memchr::memchr_iter(b'\n', text.get(self.offset..start).unwrap_or_default()).count();
        self.offset = start;
        let window = text.get(start..end).unwrap_or_default();
        let shifted: Vec<Splice> = splices
            .iter()
            .map(|splice| Splice {
                start: splice.start - start,
                end: splice.end - start,
                text: splice.text.clone(),
            })
            .collect();
        let changed = crate::format::edit::apply(window, &shifted);
        // The mask needs to know which field a value belongs to, so it starts well before the hunk.
        let (lead, mask): (_, fn(&str) -> String) = match self.config {
            true => (usize::MAX, mask::config),
            false => (LEAD, mask::text),
        };
        let lead = text.get(back_lines(text, start, lead)..start).unwrap_or_default();
        let (old, new) = (shown(mask, lead, window), shown(mask, lead, &changed));
        let diff = TextDiff::from_lines(old.as_str(), new.as_str());
        let mut body = String::new();
        let (mut removed, mut added, mut context) = (0, 0, 0);
        for change in diff.iter_all_changes() {
            let line = change.value().trim_end_matches(['\n', '\r']);
            match change.tag() {
                ChangeTag::Equal => {
                    context += 1;
                    let _ = writeln!(body, " {}", short(line));
                }
                ChangeTag::Delete => {
                    removed += 1;
                    let _ = writeln!(body, "{}", paint.red(&format!("-{}", short(line))));
                }
                ChangeTag::Insert => {
                    added += 1;
                    let _ = writeln!(body, "{}", paint.green(&format!("+{}", short(line))));
                }
            }
        }
        let at = self.before + 1;
        let now = at.saturating_add_signed(self.grown);
        let header = format!("@@ -{at},{} +{now},{} @@", context + removed, context + added);
        let _ = writeln!(out, "{}", paint.cyan(&header));
        if removed + added > MOST_LINES {
            let _ = writeln!(
                out,
                "  ({} and {}; too much to show)",
                count(removed, "line goes", "lines go"),
                count(added, "line comes", "lines come")
            );
        } else {
            out.push_str(&body);
        }
        self.grown += added as isize - removed as isize;
    }
}

/// Masked and made safe for a terminal; `lead` is the text before, read and left out again.
fn shown(mask: fn(&str) -> String, lead: &[u8], text: &[u8]) -> String {
    let masked = mask(&String::from_utf8_lossy(&[lead, text].concat()));
    let lines = memchr::memchr_iter(b'\n', lead).count();
    let from = masked.match_indices('\n').nth(lines.wrapping_sub(1)).map_or(0, |(at, _)| at + 1);
    let own = masked.get(from..).unwrap_or_default();
    crate::text::safe_lines(&own.replace('\r', "").replace('\t', "    "))
}

fn short(line: &str) -> String {
    let length = line.chars().count();
    if length <= LONG_LINE {
        return line.to_owned();
    }
    let head: String = line.chars().take(LONG_LINE / 2).collect();
    let tail: String = line.chars().skip(length - LONG_LINE / 4).collect();
    format!("{head} ... ({} characters) ... {tail}", length - LONG_LINE / 2 - LONG_LINE / 4)
}

fn back_lines(text: &[u8], at: usize, lines: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    memchr::memrchr_iter(b'\n', before).nth(lines).map_or(0, |newline| newline + 1)
}

fn forward_lines(text: &[u8], at: usize, lines: usize) -> usize {
    let after = text.get(at..).unwrap_or_default();
    memchr::memchr_iter(b'\n', after).nth(lines).map_or(text.len(), |newline| at + newline + 1)
}

#[cfg(test)]
mod tests;

//! Before and after as a person reads them: unified diffs of files with three lines of context, rows
//! as a line per changed column. Secrets are masked before anything is compared for display.

mod rows;

pub use rows::row;

use std::borrow::Cow;
use std::fmt::Write;

use similar::{Change, ChangeTag, TextDiff};

use super::{Paint, mask};
use crate::format::{Splice, edit};
use crate::image::Slot;
use crate::model::layout::Part;
use crate::plan::{After, Changes, FileChange};
use crate::secret::shape::Proves;
use crate::text::{count, safe};

/// Lines of context.
const CONTEXT: usize = 3;
/// A line longer than this is shown only around what changes, characters.
const LONG_LINE: usize = 300;
/// More lines than this that only go are told as one.
const WHOLE: usize = 8;
/// More changed lines than this in one file are counted, not shown.
const MOST_LINES: usize = 400;

/// The diff of everything that changes.
pub fn changes(
    changes: &Changes,
    name: &dyn Fn(&std::path::Path) -> String,
    proves: Proves<'_>,
    paint: Paint,
) -> String {
    let mut out = String::new();
    for change in &changes.files {
        out.push_str(&file(change, &name(&change.before.path), proves, paint));
    }
    for change in &changes.rows {
        out.push_str(&row(change, proves, paint));
    }
    out
}

fn heading(out: &mut String, from: &str, to: &str, paint: Paint) {
    let _ = writeln!(out, "{}", paint.bold(&format!("--- {from}")));
    let _ = writeln!(out, "{}", paint.bold(&format!("+++ {to}")));
}

/// The diff of one file.
pub fn file(change: &FileChange, name: &str, proves: Proves<'_>, paint: Paint) -> String {
    let mut out = String::new();
    let name = safe(name);
    let before = change.before.bytes().map(|bytes| bytes.as_slice());
    let (from, to) = match (&change.after, before) {
        (After::Absent, _) => {
            (name.clone(), "/dev/null (removed; the snapshot keeps it)".to_owned())
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
    let text = match change.slot {
        Slot::Config(_) => {
            let after = change.pieces().unwrap_or_default().concat();
            Text::Config(masked_config(before), masked_config(&after))
        }
        Slot::File(part) | Slot::Table(part) => Text::Store(part, proves),
    };
    let splices: Cow<'_, [Splice]> = match &change.after {
        After::Spliced(splices) => splices.into(),
        After::Whole { .. } | After::Absent => {
            let after = change.pieces().unwrap_or_default().concat();
            if is_too_much(before, &after) {
                let (before, after) = (before.len(), after.len());
                let _ = writeln!(out, "  ({before} bytes become {after} bytes; too much to show)");
                return out;
            }
            edit::by_lines(before, &after).into()
        }
    };
    let mut lines = Lines { text, lead: Lead::default(), offset: 0, before: 0, grown: 0 };
    for group in groups(before, &splices) {
        lines.hunk(&mut out, before, &group, paint);
    }
    out
}

/// Whether two texts are large, and differ from an early place on.
fn is_too_much(before: &[u8], after: &[u8]) -> bool {
    const SMALL: usize = 256 * 1024;
    let common = || before.iter().zip(after).take_while(|(a, b)| a == b).count();
    before.len() + after.len() > SMALL && before.len().min(after.len()) - common() > SMALL
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

fn masked_config(text: &[u8]) -> String {
    mask::config(&String::from_utf8_lossy(text))
}

/// How the lines of a file are masked.
enum Text<'a> {
    /// Both texts, masked whole: line for line as they are.
    Config(String, String),
    /// From the member of the file on that holds a line: these files may be large.
    Store(Part, Proves<'a>),
}

/// Line numbers while the hunks of one file are written.
struct Lines<'a> {
    text: Text<'a>,
    lead: Lead,
    offset: usize,
    before: usize,
    grown: isize,
}

impl Lines<'_> {
    fn hunk(&mut self, out: &mut String, text: &[u8], splices: &[Splice], paint: Paint) {
        let (Some(first), Some(last)) = (splices.first(), splices.last()) else { return };
        let start = back_lines(text, first.start, CONTEXT);
        // Where whole lines change, the line behind them is context already.
        let is_lines = matches!(last.text.last(), None | Some(b'\n'));
        let is_start = matches!(text.get(last.end.wrapping_sub(1)), Some(b'\n'));
        let until = last.end - usize::from(is_lines && is_start);
        let end = forward_lines(text, until, CONTEXT);
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
        let changed = edit::apply(window, &shifted);
        let (old, new) = match &self.text {
            Text::Config(old, new) => (
                lines_of(old, self.before, window),
                lines_of(new, self.before.saturating_add_signed(self.grown), &changed),
            ),
            Text::Store(part, proves) => {
                let lead = self.lead.of(text, start);
                (shown(*part, &lead, window, proves), shown(*part, &lead, &changed, proves))
            }
        };
        let (body, [context, removed, added]) = self.lines([window, &changed], [&old, &new], paint);
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

    /// The lines of a hunk, of texts as they are and as they are shown, and how many stay, go and come.
    fn lines(&self, raw: [&[u8]; 2], shown: [&str; 2], paint: Paint) -> (String, [usize; 3]) {
        // What changes is told by the texts themselves: two secrets may have the same mask.
        let raw = raw.map(String::from_utf8_lossy);
        let [raw_old, raw_new] =
            raw.each_ref().map(|text| text.split_inclusive('\n').collect::<Vec<&str>>());
        let diff = TextDiff::from_slices(&raw_old, &raw_new);
        let [old, new] = shown.map(|text| text.lines().collect::<Vec<&str>>());
        let line = |lines: &[&str], at: Option<usize>| {
            short(at.and_then(|at| lines.get(at)).copied().unwrap_or_default())
        };
        let mut body = String::new();
        let (mut removed, mut added, mut context) = (0, 0, 0);
        let changes: Vec<_> = diff.iter_all_changes().collect();
        let mut rest = changes.as_slice();
        // So many of the lines that go were looked at with the first of them.
        let mut seen = 0_usize;
        while let Some((change, later)) = rest.split_first() {
            let is_gone = |one: &&Change<&str>| one.tag() == ChangeTag::Delete;
            let goes = if seen == 0 { rest.iter().take_while(is_gone).count() } else { 0 };
            seen = (seen + goes).saturating_sub(1);
            let mut comes = rest.iter().skip(goes).take_while(|one| one.tag() == ChangeTag::Insert);
            let is_bracket = |one: &Change<&str>| {
                one.value().trim().bytes().all(|byte| b"{}[],".contains(&byte))
            };
            // What goes whole is one line: what it was stands in the snapshot.
            if goes > WHOLE && comes.all(is_bracket) && matches!(self.text, Text::Store(..)) {
                let (run, after) = rest.split_at(goes);
                let mut lines = run.iter().map(|one| line(&old, one.old_index()));
                let first = line(&old, change.old_index());
                let named = lines.find(|line| line.trim_start().starts_with('"')).unwrap_or(first);
                let text = format!("-{named} ... ({goes} lines: all of it goes)");
                let _ = writeln!(body, "{}", paint.red(&text));
                removed += goes;
                (rest, seen) = (after, 0);
                continue;
            }
            rest = later;
            match change.tag() {
                ChangeTag::Equal => {
                    context += 1;
                    let _ = writeln!(body, " {}", line(&old, change.old_index()));
                }
                ChangeTag::Delete => {
                    removed += 1;
                    let text = format!("-{}", line(&old, change.old_index()));
                    let _ = writeln!(body, "{}", paint.red(&text));
                }
                ChangeTag::Insert => {
                    added += 1;
                    let text = format!("+{}", line(&new, change.new_index()));
                    let _ = writeln!(body, "{}", paint.green(&text));
                }
            }
        }
        (body, [context, removed, added])
    }
}

/// As many lines of a masked text as `window` has, from line number `from` on.
fn lines_of(masked: &str, from: usize, window: &[u8]) -> String {
    let whole = memchr::memchr_iter(b'\n', window).count();
    let is_cut = window.last().is_some_and(|last| *last != b'\n');
    let lines = masked.split_inclusive('\n').skip(from).take(whole + usize::from(is_cut));
    for_terminal(&lines.collect::<String>())
}

/// What a mask has to read before a window to know where in the file it stands: the beginning of the member around it.
/// Each window is read on from the one before.
#[derive(Default)]
struct Lead {
    at: usize,
    depth: usize,
    in_text: bool,
    member: usize,
}

impl Lead {
    fn of(&mut self, text: &[u8], start: usize) -> Vec<u8> {
        let before = text.get(..start).unwrap_or_default();
        while let Some(byte) = before.get(self.at) {
            match byte {
                b'\\' if self.in_text => self.at += 1,
                b'"' => self.in_text = !self.in_text,
                b'{' | b'[' if !self.in_text => {
                    self.depth += 1;
                    if self.depth == 1 {
                        self.member = self.at + 1;
                    }
                }
                b'}' | b']' if !self.in_text => self.depth = self.depth.saturating_sub(1),
                b',' if !self.in_text && self.depth == 1 => self.member = self.at + 1,
                _ => {}
            }
            self.at += 1;
        }
        let open: &[u8] = if self.depth > 0 || self.member > 0 { b"{" } else { b"" };
        [open, before.get(self.member..).unwrap_or_default()].concat()
    }
}

/// Masked and made safe for a terminal; `lead` is the text before, read and left out again.
fn shown(part: Part, lead: &[u8], text: &[u8], proves: Proves<'_>) -> String {
    let masked = mask::store(part, &String::from_utf8_lossy(&[lead, text].concat()), proves);
    let lines = memchr::memchr_iter(b'\n', lead).count();
    let from = masked.match_indices('\n').nth(lines.wrapping_sub(1)).map_or(0, |(at, _)| at + 1);
    for_terminal(masked.get(from..).unwrap_or_default())
}

fn for_terminal(text: &str) -> String {
    crate::text::safe_lines(&text.replace('\r', "").replace('\t', "    "))
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

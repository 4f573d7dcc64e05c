//! The margins of a text that has a member on each line: they tell the depth whatever happened elsewhere.

use super::super::Span;
use super::super::scan::{self, Member};

/// One step of margin as OpenClaw writes it.
const USUAL_STEP: &[u8] = b"  ";

/// The margins of a text.
pub(super) struct Layout {
    /// One step of margin.
    pub step: Vec<u8>,
    /// Whether some line is one member of the top-level object, by its margin.
    pub has_lines: bool,
    /// Whether the step was read at the start of the text, so that it surely is the first one.
    is_known: bool,
    /// Where a top-level object ends, by the margins: a `}` at the start of a line, after a record's end.
    pub edges: Vec<usize>,
}

impl Layout {
    pub fn of(text: &[u8]) -> Self {
        let head = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let known =
            head.strip_prefix(b"{\n").or_else(|| head.strip_prefix(b"{\r\n")).and_then(|rest| {
                let end = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t'))?;
                (end > 0 && rest.get(end) == Some(&b'"')).then(|| rest.get(..end))?
            });
        // A first margin that no other line has, where others have the usual one, is itself the damage.
        let has = |step: &[u8]| {
            let inner = |line: &[u8]| line.strip_prefix(step)?.first().copied();
            lines(head, 0).skip(2).any(|(_, line)| matches!(inner(line), Some(b'"' | b'}')))
        };
        let known = known.filter(|step| has(step) || !has(USUAL_STEP));
        let step = known.unwrap_or(USUAL_STEP).to_vec();
        let is_known = known.is_some();
        let mut layout = Self { step, has_lines: false, is_known, edges: Vec::new() };
        layout.has_lines = layout.lays_out(text, 0);
        let mut is_record_end = false;
        for (start, line) in lines(text, 0) {
            if is_record_end && line.starts_with(b"}") {
                layout.edges.push(start + 1);
            }
            is_record_end = layout.in_step(line) == Some(b"}");
        }
        layout
    }

    /// Whether some line from `from` on is one member of the top-level object, by its margin.
    pub fn lays_out(&self, document: &[u8], from: usize) -> bool {
        lines(document, from)
            .any(|(_, line)| self.in_step(line).is_some_and(|line| line.starts_with(b"\"")))
    }

    /// What stands on a line that has at least one step of margin, behind that step.
    pub fn in_step<'t>(&self, line: &'t [u8]) -> Option<&'t [u8]> {
        line.strip_prefix(self.step.as_slice())
    }

    /// The records of the document from `from` on.
    pub fn records(&self, document: &[u8], from: usize) -> Vec<Member> {
        let mut found = Vec::new();
        let mut open = None;
        for (start, line) in lines(document, from) {
            let Some(inner) = self.in_step(line) else { continue };
            let at = start + self.step.len();
            match inner.first() {
                Some(b'"') => {
                    open = Some(at);
                    let end = at + inner.strip_suffix(b",").unwrap_or(inner).len();
                    if self.is_known
                        && let Some(member) = self.member(document, at, end)
                    {
                        found.push(member);
                        open = None;
                    }
                }
                Some(b'}') => {
                    found.extend(open.take().and_then(|key| self.member(document, key, at + 1)));
                }
                _ => {}
            }
        }
        found
    }

    /// The member that is all of `start..end`, if each of its lines has the margin of its depth.
    fn member(&self, document: &[u8], start: usize, end: usize) -> Option<Member> {
        let text = document.get(..end)?;
        let key = Span { start, end: scan::value_end(text, start).ok()? };
        let colon = scan::skip_space(text, key.end);
        let value = Span { start: scan::skip_space(text, colon + 1), end };
        (text.get(start) == Some(&b'"')
            && text.get(colon) == Some(&b':')
            && text.get(value.start) == Some(&b'{')
            && scan::value_end(text, value.start) == Ok(end)
            && !text.get(key.end..value.start)?.contains(&b'\n')
            && self.fits(text, value))
        .then_some(Member { key, value })
    }

    /// Whether each line of a record that is JSON has the margin of its depth.
    fn fits(&self, text: &[u8], record: Span) -> bool {
        // Of each open container: whether its items and its end have lines of their own.
        let mut open: Vec<bool> = Vec::new();
        let (mut is_first, mut is_item) = (false, false);
        let mut at = record.start;
        while at < record.end {
            let byte = text.get(at).copied().unwrap_or_default();
            let mut next = at + 1;
            match byte {
                b' ' | b'\t' => {}
                b'\r' | b'\n' => {
                    let Some((depth, line)) = self.margin(text, at) else { return false };
                    let closes = matches!(text.get(line), Some(b'}' | b']'));
                    if depth != open.len() + usize::from(!closes) {
                        return false;
                    }
                    is_first = true;
                    next = line;
                }
                _ => {
                    let fits = match byte {
                        b'}' | b']' => open.pop() == Some(is_first),
                        _ if is_item => open.last() == Some(&is_first),
                        _ => !is_first,
                    };
                    if !fits {
                        return false;
                    }
                    if byte == b'"' {
                        next = scan::value_end(text, at).unwrap_or(record.end);
                    } else if matches!(byte, b'{' | b'[') {
                        open.push(matches!(text.get(next), Some(b'\r' | b'\n')));
                    }
                    is_item = matches!(byte, b'{' | b'[' | b',');
                    is_first = false;
                }
            }
            at = next;
        }
        open.is_empty()
    }

    /// How many steps of margin the line has that the break at `at` begins, and where they end.
    fn margin(&self, text: &[u8], at: usize) -> Option<(usize, usize)> {
        let rest = text.get(at..)?;
        let rest = rest.strip_prefix(b"\r").unwrap_or(rest).strip_prefix(b"\n")?;
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let depth = blanks / self.step.len().max(1);
        (self.step.repeat(depth).as_slice() == rest.get(..blanks)?)
            .then_some((depth, text.len() - rest.len() + blanks))
    }
}

/// The lines from `at` on and where each starts; without their line breaks.
pub(super) fn lines(text: &[u8], at: usize) -> impl Iterator<Item = (usize, &[u8])> {
    let mut start = at;
    text.get(at..).unwrap_or_default().split(|byte| *byte == b'\n').map(move |line| {
        let from = start;
        start += line.len() + 1;
        (from, line.strip_suffix(b"\r").unwrap_or(line))
    })
}

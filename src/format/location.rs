//! Lines and columns, as people and editors count them.

use super::Span;

/// A spot in a text, as bytes and as a person counts: line and column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last one.
    pub end: usize,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1; a byte order mark takes none.
    pub column: usize,
}

impl Location {
    pub(super) fn of(text: &[u8], start: usize, end: usize) -> Self {
        let line = 1;
        Self { start, end, line, column: 1 }.moved(text, 0)
    }

    /// Where all of `spans` are, which are in order: the text is gone through once.
    pub(super) fn of_all(text: &[u8], spans: &[Span]) -> Vec<Self> {
        let mut last: Option<Self> = None;
        let mut all = Vec::with_capacity(spans.len());
        for span in spans {
            let from = last.map_or(0, |last| last.start);
            let (line, column) = last.map_or((1, 1), |last| (last.line, last.column));
            let next = Self { start: span.start, end: span.end, line, column }.moved(text, from);
            last = Some(next);
            all.push(next);
        }
        all
    }

    /// With what stands between `from`, whose line and column it has, and its start counted.
    fn moved(mut self, text: &[u8], from: usize) -> Self {
        const BOM: &[u8] = b"\xef\xbb\xbf";
        let from = if from == 0 && text.starts_with(BOM) { BOM.len() } else { from };
        for at in from..self.start.min(text.len()) {
            match (text.get(at), text.get(at + 1)) {
                // The second byte of the pair counts, except where the place is between the two.
                (Some(b'\r'), Some(b'\n')) if at + 1 < self.start => {}
                (Some(b'\n' | b'\r'), _) => {
                    self.line += 1;
                    self.column = 1;
                }
                // The bytes of a character behind its first.
                (Some(0x80..0xc0), _) => {}
                _ => self.column += 1,
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_any_line_end_and_a_bom_takes_no_column() {
        let text = "\u{FEFF}{\r\na\rb\nc é\u{1f600} d";
        let spans: Vec<Span> = ["{", "a", "b", "c", "d"]
            .iter()
            .map(|wanted| text.find(wanted).unwrap())
            .map(|start| Span { start, end: start + 1 })
            .collect();
        let all = Location::of_all(text.as_bytes(), &spans);
        let places: Vec<_> = all.iter().map(|place| (place.line, place.column)).collect();
        assert_eq!(places, [(1, 1), (2, 1), (3, 1), (4, 1), (4, 6)]);
        for (span, place) in spans.iter().zip(all) {
            assert_eq!(Location::of(text.as_bytes(), span.start, span.end), place);
        }
    }
}

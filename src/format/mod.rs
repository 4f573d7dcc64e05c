//! Text formats: strict JSON as OpenClaw's stores use it, JSON5 as its config does. Bytes in, bytes or
//! spans out.
//!
//! `scan` is the one scanner of both grammars, `tree` what it finds as a tree, `style` how a text is
//! written, `field` one change of a value, `edit` the one way to make it in a text, `splice` what a change is. `records` are edits of a store,
//! `json5` is the config's side (values, errors, refusals), `salvage` reads what is no JSON any more.

pub mod edit;
mod field;
pub mod json5;
mod location;
pub mod records;
pub mod salvage;
pub mod scan;
mod splice;
mod style;
mod tree;
pub mod value;

pub use location::Location;
pub use splice::Splice;
pub use style::Style;

/// A range of bytes in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes it covers; empty where it does not fit `text`.
    pub fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

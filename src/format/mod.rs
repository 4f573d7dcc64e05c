//! Text formats that are edited in place, every other byte kept.
pub mod json5;

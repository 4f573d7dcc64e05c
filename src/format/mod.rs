//! Text formats: strict JSON as OpenClaw's stores use it, JSON5 as its config does. Bytes in, bytes or
//! spans out.

pub mod edit;
pub mod json5;
pub mod salvage;
pub mod scan;

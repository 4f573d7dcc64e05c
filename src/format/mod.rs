//! Text formats: strict JSON as OpenClaw's stores use it. Bytes in, bytes or spans out.

pub mod edit;
pub mod salvage;
pub mod scan;

//! clawmend opens a locked-out OpenClaw from the outside.
pub mod format;

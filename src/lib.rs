//! clawmend opens a locked-out OpenClaw from the outside.

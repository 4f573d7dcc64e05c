//! clawmend opens a locked-out OpenClaw from the outside.
//!
//! Data flows one way:
//!
//! ```text
//! locate ─► read ─► Images ─► Model ─► checks ─► [Finding] ─► planner ─► Plan ─► simulate ─► Changes
//!                                                                                   ├─► render (diff · text · json)
//!                                                                                   └─► apply: lock · re-read · snapshot · journal · commit · verify
//! ```
//!
//! Three rings. The shell ([`cli`]) uses the edges and the core. The edges touch the disk ([`locate`],
//! [`config_files`], [`variables`], [`store`], [`files`], [`snapshot`], [`journal`], [`apply`], [`gateway`]). The core is pure: no file,
//! clock, randomness, environment or terminal; what it needs of these comes in as values.

pub mod apply;
pub mod checks;
pub mod cli;
pub mod config;
pub mod config_files;
pub mod crash;
pub mod error;
pub mod exit;
pub mod files;
pub mod finding;
pub mod format;
pub mod gateway;
pub mod image;
pub mod journal;
pub mod locate;
pub mod model;
pub mod plan;
pub mod planner;
pub mod platform;
pub mod render;
pub mod secret;
pub mod simulate;
pub mod snapshot;
pub mod store;
pub mod surroundings;
pub mod text;
pub mod threads;
pub mod variables;

//! clawmend opens a locked-out OpenClaw from the outside.
//!
//! Data flows one way:
//!
//! ```text
//! locate ─► read ─► Images ─► Model ─► checks ─► [Finding] + Plan ─► simulate ─► Changes
//!                                                                        ├─► render (diff · text · json)
//!                                                                        └─► apply: snapshot · journal · commit · verify
//! ```
//!
//! The lock is taken before the question. Nothing is read again under it: the commit compares each file and row
//! with what was read, and where one has changed the way begins anew.
//!
//! Three rings. The shell ([`cli`]) uses the edges and the core. The edges touch the disk ([`read`],
//! [`store`], [`files`], [`snapshot`], [`journal`], [`apply`]). The core is pure: no file, clock,
//! randomness, environment or terminal; what it needs of these comes in as values. [`platform`] lies below all:
//! the core takes words from it (how a path is shown, what to do where a right is missing).
//!
//! The rooms, the lowest first: a room uses those before it and none after it. `tests/rooms.rs` holds
//! this, and that no files import each other in a circle.
//!
//! ```rooms
//! exit model/layout data secret image platform text step error finding threads format plan config model
//! checks simulate render files store snapshot journal apply read cli
//! ```

pub mod apply;
pub mod checks;
pub mod cli;
pub mod config;
mod data;
pub mod error;
pub mod exit;
pub mod files;
pub mod finding;
pub mod format;
pub mod image;
pub mod journal;
pub mod model;
pub mod plan;
pub mod platform;
pub mod read;
pub mod render;
pub mod secret;
pub mod simulate;
pub mod snapshot;
pub mod step;
pub mod store;
pub mod text;
pub mod threads;

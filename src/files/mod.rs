//! Files and folders, safely: the only room that opens, writes, renames or removes one.
//!
//! Everything below the state dir is reached from an open folder ([`Dir`]), name by name, and a
//! symbolic link under a name is never followed. One routine writes ([`replace`], [`Staged`]).

pub mod dir;
pub mod hash;
pub mod lock;
pub mod platform;
pub mod replace;
pub mod safety;

pub use dir::Dir;
pub use lock::Lock;
pub use replace::{New, Staged, replace};

/// The largest store or config that is read, bytes.
pub const STORE_LIMIT: u64 = 1 << 30;
/// The largest of clawmend's own files (journal, manifest) that is read, bytes.
pub const OWN_LIMIT: u64 = 64 << 20;

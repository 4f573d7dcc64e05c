//! What differs between systems: the only room whose code asks which one it is on.
//!
//! `unix` (Linux, macOS and their kin) has everything: handles, owners, exchange, locks. [`portable`]
//! does what `std` alone can do, and is what Windows gets; what it cannot do it returns as `Unsupported`.
//! Both have the same functions. [`portable`] is compiled everywhere, and with
//! `RUSTFLAGS='--cfg clawmend_portable'` it stands in for `unix` on any system, so that everything
//! built on it can be compiled and tested there (`ci/portable`).

pub mod folder;
pub mod portable;
#[cfg(all(unix, not(clawmend_portable)))]
pub mod unix;

#[cfg(any(not(unix), clawmend_portable))]
use portable as system;
#[cfg(all(unix, not(clawmend_portable)))]
use unix as system;

pub use folder::{FileKind, Folder};
pub use system::ask::{Answer, choose, confirm};
pub use system::path::{
    KNOWS_OWNERS, meta, odd_kind, open_quietly, real_folder, share_file, sqlite_path,
    sqlite_without_locks,
};
pub use system::process::{no_core, settle, user_id};
pub use system::text::{DENIED, EDITOR, LIMITS, RUN_AS, io_advice, is_denied, shown};
pub use system::{home, rights, sandbox, variable};

/// The folder type of this system.
#[cfg(all(unix, not(clawmend_portable)))]
pub type SystemFolder = unix::folder::UnixFolder;
/// The folder type of this system.
#[cfg(any(not(unix), clawmend_portable))]
pub type SystemFolder = portable::folder::PathFolder;

//! Unix: Linux, macOS and their kin.

use std::path::PathBuf;

pub mod ask;
#[cfg(target_os = "linux")]
pub mod confine;
#[cfg(not(target_os = "linux"))]
pub use super::portable::confine;
pub mod files;
pub mod folder;
pub mod process;
#[cfg(target_os = "linux")]
pub mod rights;
#[cfg(not(target_os = "linux"))]
pub use super::portable::rights;
pub mod words;

/// The account's home folder: `HOME`, else what the system has for the user.
pub fn home() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| !home.as_os_str().is_empty())
}

/// The name of a variable as OpenClaw knows it: here as it is.
pub fn variable(name: String) -> String {
    name
}

//! Unix: Linux, macOS and their kin.

use std::path::PathBuf;

pub mod ask;
#[cfg(target_os = "linux")]
pub mod sandbox;
#[cfg(not(target_os = "linux"))]
pub use super::portable::sandbox;
pub mod folder;
pub mod path;
pub mod process;
#[cfg(target_os = "linux")]
pub mod rights;
#[cfg(not(target_os = "linux"))]
pub use super::portable::rights;
pub mod text;

/// The account's home folder: `HOME`, else what the system has for the user.
pub fn home() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| !home.as_os_str().is_empty())
}

/// The name of a variable as OpenClaw knows it: here as it is.
pub fn variable(name: String) -> String {
    name
}

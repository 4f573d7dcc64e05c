//! Anywhere, with `std` alone: Windows, and systems nobody thought of.

use std::path::PathBuf;

pub mod ask;
pub mod folder;
pub mod path;
pub mod patience;
pub mod process;
pub mod rights;
pub mod sandbox;
pub mod text;

/// The account's home folder. OpenClaw goes by `HOME` before `USERPROFILE` on Windows too (where the
/// shells of Git set it), so it comes first here.
pub fn home() -> Option<PathBuf> {
    std::env::var_os("HOME")
        .map(PathBuf::from)
        .or_else(std::env::home_dir)
        .filter(|home| !home.as_os_str().is_empty())
}

/// The name of a variable as OpenClaw knows it: Windows does not tell upper case from lower.
pub fn variable(name: String) -> String {
    if cfg!(windows) { name.to_ascii_uppercase() } else { name }
}

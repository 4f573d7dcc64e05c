//! Small looks at the disk that the files of this room share.

use std::path::Path;

pub(super) use crate::files::real;

/// So many names of one folder are looked at.
const MOST_NAMES: usize = 10_000;

/// The names in a folder, in order; none where it cannot be listed.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_NAMES);
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// A text file of variables is small, bytes; OpenClaw itself reads at most so much of one.
const LARGEST_TEXT: u64 = 1024 * 1024;

/// A small text file, links followed as OpenClaw and systemd follow them; root follows none, because
/// whose link it is decides what is read.
pub(super) fn text(path: &Path) -> Option<String> {
    let follows = crate::platform::user_id() != 0 || !crate::platform::KNOWS_OWNERS;
    let place = if follows { real(path) } else { path.to_path_buf() };
    let state = crate::files::read_small(&place, LARGEST_TEXT);
    Some(String::from_utf8_lossy(state.bytes()?).into_owned())
}

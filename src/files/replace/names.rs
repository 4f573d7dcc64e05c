//! Private names for temp files and folders.

use std::ffi::{OsStr, OsString};

use super::Dir;
use crate::files::{STORE_LIMIT, hash};
use crate::image::FileState;
use crate::platform::Folder;

const TEMP_START: &str = ".clawmend-";
const TEMP_END: &str = ".tmp";

/// A private name beside `name`: `.clawmend-<of which file>-<random>.tmp`.
pub(crate) fn temp_name(name: &OsStr) -> OsString {
    let mut random = [0; 8];
    if getrandom::fill(&mut random).is_err() {
        random = u64::from(std::process::id()).to_ne_bytes();
    }
    let random = u64::from_ne_bytes(random);
    format!("{TEMP_START}{}-{random:016x}{TEMP_END}", tag(name)).into()
}

/// Whether `name` is one of clawmend's own temp names.
pub(crate) fn is_temp(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(TEMP_START) && name.ends_with(TEMP_END))
}

/// Whether `temp` is a temp name of the file `name`.
pub(crate) fn is_temp_of(temp: &OsStr, name: &OsStr) -> bool {
    is_temp(temp)
        && temp
            .to_str()
            .and_then(|temp| temp.strip_prefix(TEMP_START))
            .is_some_and(|rest| rest.starts_with(&format!("{}-", tag(name))))
}

/// Drops the second names under which a run that was killed left the file `name`: where nothing can be
/// exchanged, a file has two for a moment. Returns whether there was one. The caller holds the lock.
pub(super) fn drop_second<F: Folder>(dir: &Dir<F>, name: &OsStr) -> bool {
    let FileState::Present { bytes, .. } = dir.read(name, STORE_LIMIT) else {
        return false;
    };
    let second = |temp: &OsString| {
        is_temp_of(temp, name)
            && matches!(dir.holds(temp, &[&bytes]), Ok(Some((true, meta))) if meta.nlink > 1)
    };
    let temps = dir.names().unwrap_or_default();
    temps.iter().filter(|temp| second(temp)).filter(|temp| dir.unlink(temp).is_ok()).count() > 0
}

fn tag(name: &OsStr) -> String {
    let mut hash = hash::of(name.as_encoded_bytes());
    hash.truncate(8);
    hash
}

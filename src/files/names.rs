//! Private names for temp files and folders.

use std::ffi::{OsStr, OsString};

use crate::files::hash;

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
    let start = format!("{TEMP_START}{}-", tag(name));
    is_temp(temp) && temp.to_str().is_some_and(|temp| temp.starts_with(&start))
}

fn tag(name: &OsStr) -> String {
    let mut hash = hash::of(name.as_encoded_bytes());
    hash.truncate(8);
    hash
}

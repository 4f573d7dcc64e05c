//! Folders and configs that were named and are not what they were taken for.

use std::path::Path;

use super::trees::looks_like_state;
use crate::error::Error;
use crate::step::Step;

/// What OpenClaw keeps in its state dir, by name; beside these whatever begins with `openclaw`.
const THINGS: &str = "\
    agents canvas clawmend clawdbot.json credentials devices exec-approvals.json gateway.lock \
    identity moltbot.json moldbot.json sessions state workspace";

/// Refuses a folder that has things in it, and none of OpenClaw's. An empty one may become a state dir,
/// and one with OpenClaw's own name is one.
pub(super) fn check_folder(dir: &Path, how: &str) -> Result<(), Error> {
    let named_so =
        dir.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".openclaw"));
    if named_so || how == "legacy name" || looks_like_state(dir) {
        return Ok(());
    }
    let inner = dir.join(".openclaw");
    if inner.is_dir() {
        return Err(refusal(dir, how).hint(Step::look_at(&inner).after("did you mean")));
    }
    // What may not be listed is told by what reads it.
    let Ok(entries) = std::fs::read_dir(dir) else { return Ok(()) };
    let mut is_empty = true;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("openclaw") || THINGS.split(' ').any(|one| one == name) {
            return Ok(());
        }
        is_empty = false;
    }
    match is_empty {
        true => Ok(()),
        false => Err(refusal(dir, how).hint(
            "give the folder that holds OpenClaw's `devices` and `identity` (up to 2026.7) or its `state` (later), usually ~/.openclaw",
        )),
    }
}

fn refusal(dir: &Path, how: &str) -> Error {
    Error::failed(format!(
        "this folder does not look like an OpenClaw state dir ({how}): nothing of OpenClaw is in it"
    ))
    .at(dir)
}

/// Refuses a config that was named and is not there, unless copies of it are: then it was lost.
pub(super) fn check_config(config: &Path) -> Result<(), Error> {
    // Below a file, or of a name that is too long, there is none either.
    let missing = config
        .symlink_metadata()
        .is_err_and(|error| error.kind() != std::io::ErrorKind::PermissionDenied);
    let name = config.file_name().unwrap_or_default().to_string_lossy();
    let has_copies = || {
        let folder = config.parent().and_then(|folder| std::fs::read_dir(folder).ok());
        folder.into_iter().flatten().flatten().any(|entry| {
            let other = entry.file_name().to_string_lossy().into_owned();
            other.starts_with(name.as_ref())
        })
    };
    if !missing || has_copies() {
        return Ok(());
    }
    Err(Error::not_found("there is no config here (--config)")
        .at(config)
        .hint("check the path; without --config clawmend takes the one in the state dir"))
}

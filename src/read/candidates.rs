//! Where the state of an OpenClaw lies that is not root's own: the homes of the accounts, and the volumes and
//! folders of containers. Looked into for root alone, and only where root has no state dir.

use std::path::{Path, PathBuf};

use super::disk::names;
use super::env::Env;
use super::trees::{DIRS, looks_like_state};
use crate::platform;
use crate::text::utc;

/// So many places are named.
const MOST: usize = 12;
/// Folders below the root whose folders are homes.
const HOMES: [&str; 2] = ["home", "Users"];
/// Folders below the root or a home whose folders are volumes.
const VOLUMES: [&str; 2] = ["var/lib/docker/volumes", "var/lib/containers/storage/volumes"];
/// The same for a user's own containers.
const USERS_VOLUMES: [&str; 2] =
    [".local/share/docker/volumes", ".local/share/containers/storage/volumes"];
/// Home Assistant keeps a folder for each add-on there.
const ADDONS: [&str; 2] = ["addon_configs", "usr/share/hassio/addon_configs"];
/// What images take for the home or the state dir of their OpenClaw.
const FOLDERS: [&str; 4] = ["root", "config", "data", "share"];

/// State dirs that root may mean, each with what it is, whose, and when it was used last.
pub(super) fn places(env: &Env, but: &Path) -> Vec<(PathBuf, String)> {
    let Some(root) = env.root.as_deref().filter(|_| env.uid == 0) else {
        return Vec::new();
    };
    let below = |folder: &Path| {
        let folder = folder.to_path_buf();
        names(&folder).into_iter().map(move |name| folder.join(name))
    };
    let mut looked: Vec<(PathBuf, &str)> = Vec::new();
    let mut volumes: Vec<PathBuf> = VOLUMES.map(|folder| root.join(folder)).to_vec();
    for home in HOMES.iter().flat_map(|homes| below(&root.join(homes))) {
        volumes.extend(USERS_VOLUMES.map(|folder| home.join(folder)));
        looked.push((home, "a home"));
    }
    for volume in volumes.iter().flat_map(|folder| below(folder)) {
        looked.push((volume.join("_data"), "a container's volume"));
    }
    for addon in ADDONS.iter().flat_map(|folder| below(&root.join(folder))) {
        looked.push((addon, "a Home Assistant add-on"));
    }
    looked.extend(FOLDERS.map(|folder| (root.join(folder), "a folder")));
    let mut found: Vec<(PathBuf, String)> = Vec::new();
    for (folder, what) in looked {
        let own = |name: &String| DIRS.contains(&name.as_str()) || name.starts_with(".openclaw-");
        let inner = names(&folder).into_iter().filter(own).map(|name| folder.join(name));
        for dir in std::iter::once(folder.clone()).chain(inner) {
            let is_new = dir != but && !found.iter().any(|(path, _)| *path == dir);
            if is_new && found.len() < MOST && looks_like_state(&dir) {
                let about = format!("there is one in {what}{}", about(&dir));
                found.push((dir, about));
            }
        }
    }
    found
}

/// `, of uid 1000, last used 2026-11-24 18:13:20 UTC`.
fn about(dir: &Path) -> String {
    let newest = |dir: &Path| {
        let names = ["", "devices", "identity", "state", "state/openclaw.sqlite-wal"];
        let found = names.iter().filter_map(|name| dir.join(name).symlink_metadata().ok());
        found.map(|found| platform::meta(&found).mtime_ns).max()
    };
    let owner = dir.symlink_metadata().ok().filter(|_| platform::KNOWS_OWNERS);
    let owner = owner.map(|found| format!(", of uid {}", platform::meta(&found).uid));
    let used = newest(dir).and_then(|time| i64::try_from(time / 1_000_000).ok());
    let used = used.map(|ms| format!(", last used {}", utc(ms)));
    format!("{}{}", owner.unwrap_or_default(), used.unwrap_or_default())
}

//! State dirs by their names and by what lies in them.

use std::path::{Path, PathBuf};

use super::disk::{names, real};
use super::env::Env;
use crate::model::facts::Tree;
use crate::model::layout::{CONFIG, DATABASE, LEGACY_CONFIGS, Part};

/// The state dirs of a home folder: the default, then the legacy names, newest first (2026.4.15 and
/// later know only the first of these).
pub(super) const DIRS: [&str; 4] = [".openclaw", ".clawdbot", ".moltbot", ".moldbot"];

/// Whether a text names an OpenClaw, by whichever of its names.
pub(super) fn speaks_of_openclaw(text: &str) -> bool {
    let text = text.to_lowercase();
    DIRS.iter().any(|name| text.contains(name.trim_start_matches('.')))
}

/// Whether OpenClaw takes a name for that of a profile.
pub(super) fn is_profile(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// The name of a profile's state dir; that of none.
pub(super) fn dir_name(profile: Option<&str>) -> String {
    match profile.filter(|name| *name != "default") {
        Some(name) => format!("{}-{name}", DIRS[0]),
        None => DIRS[0].to_owned(),
    }
}

/// The profile that a folder's name is that of.
pub(super) fn profile_of(dir: &str) -> Option<&str> {
    let name = dir.strip_prefix(DIRS[0])?.strip_prefix('-')?;
    is_profile(name).then_some(name)
}

/// How a folder with one of these names was found.
pub(super) fn how(name: &str) -> &'static str {
    if name == ".openclaw" { "the default" } else { "legacy name" }
}

/// Where a home folder has state dirs: the default, the legacy names, and its profiles. They need not be there.
pub(super) fn of_home(home: &Path) -> Vec<(PathBuf, String)> {
    let mut dirs = DIRS.map(|name| (home.join(name), how(name).to_owned())).to_vec();
    dirs.extend(names(home).into_iter().filter_map(|name| {
        let profile = name.strip_prefix(".openclaw-")?;
        Some((home.join(&name), format!("profile `{profile}`")))
    }));
    dirs
}

/// The same of every user of Windows, seen from WSL.
pub(super) fn of_windows(env: &Env) -> Vec<(PathBuf, String)> {
    let Some(homes) = &env.windows_homes else { return Vec::new() };
    let theirs = names(homes).into_iter().map(|name| homes.join(name).join(DIRS[0]));
    theirs.map(|dir| (dir, "of an OpenClaw in Windows, outside WSL".to_owned())).collect()
}

/// Other state dirs that exist (F22, F25): default, legacy and profile folders of the home folder, what
/// the environment names, those of Windows seen from WSL, and one nested in this one.
pub fn other_trees(state_dir: &Path, home: Option<&Path>, env: &Env) -> Vec<Tree> {
    let mut trees: Vec<(PathBuf, String)> = Vec::new();
    if let Some(dir) = env.var("OPENCLAW_STATE_DIR") {
        trees.push((env.path(dir, home), "OPENCLAW_STATE_DIR names it".into()));
    }
    for home in [home, env.home.as_deref()].into_iter().flatten() {
        trees.extend(of_home(home));
    }
    trees.extend(of_windows(env));
    trees.push((state_dir.join(".openclaw"), "nested in this one".into()));
    let mut seen = vec![real(state_dir)];
    let mut found = Vec::new();
    for (path, what) in trees.into_iter().filter(|(path, _)| looks_like_state(path)) {
        let identity = real(&path);
        if !seen.contains(&identity) {
            seen.push(identity);
            found.push(Tree { paired: None, port: None, path, what });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Whether something that only OpenClaw makes lies in a folder.
pub(super) fn looks_like_state(dir: &Path) -> bool {
    let known = [Part::Paired, Part::Pending, Part::Identity].into_iter().filter_map(Part::file);
    known
        .chain([CONFIG, DATABASE])
        .chain(LEGACY_CONFIGS)
        .any(|name| dir.join(name).symlink_metadata().is_ok())
}

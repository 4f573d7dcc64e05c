//! The facts beside the state: owners and modes, leftovers, other state dirs, the gateway.

use std::path::Path;

use super::disk::{names, real, text};
use super::env::Env;
use super::locate::Located;
use super::process;
use super::trees::other_trees;
use super::{compose, containers, pm2, quadlet};
use crate::format::{json5, scan};
use crate::image::Meta;
use crate::model::facts::{Access, Facts, Trouble};
use crate::model::layout::{
    CONFIG, CRON_JOBS, DATABASE, DATABASE_SIDE_FILES, DEVICES_DIR, IDENTITY_DIR, LEGACY_CONFIGS,
    Part,
};
use crate::model::scopes::Era;
use crate::platform;

/// How many leftovers are listed.
const MOST: usize = 1000;

/// Gathers the facts about a state dir.
pub(super) fn facts(located: &Located, env: &Env, now_ms: i64) -> Facts {
    let dir = &located.state_dir;
    let exists = |name: &str| dir.join(name).symlink_metadata().is_ok();
    let compose = compose::of(dir, located.home.as_deref(), env);
    let composed = compose.as_ref().and_then(containers::composed);
    let quadlet = quadlet::of(dir, located.container.as_ref(), located.home.as_deref(), env);
    let guess = || containers::guessed(dir, env).filter(|_| !super::config::is_container(env));
    let gateway = process::gateway(dir, &located.config, env);
    let mut facts = Facts {
        now_ms,
        state_dir: dir.to_path_buf(),
        platform: env.platform.clone(),
        in_windows: env.windows_homes.clone().filter(|homes| real(dir).starts_with(real(homes))),
        other_trees: other_trees(dir, located.home.as_deref(), env),
        belongs_to: quadlet.or_else(|| located.container.clone()).or(composed).or_else(guess),
        compose,
        pm2: pm2::of(dir, located.home.as_deref()),
        listens: process::listening(&gateway, env),
        gateway,
        access: access(dir),
        era: era(&exists),
        beside_database: DATABASE_SIDE_FILES
            .map(|end| format!("{DATABASE}{end}"))
            .into_iter()
            .filter(|name| exists(name))
            .collect(),
        ..Facts::default()
    };
    for folder in [DEVICES_DIR, IDENTITY_DIR] {
        let names = names(&dir.join(folder)).into_iter().take(MOST);
        let names = names.filter(|name| !crate::files::replace::is_temp(name.as_ref()));
        let (orphans, others): (Vec<_>, Vec<_>) =
            names.map(|name| format!("{folder}/{name}")).partition(|name| name.ends_with(".tmp"));
        facts.orphans.extend(orphans);
        facts.migrated.extend(others.into_iter().filter(|name| name.ends_with(".migrated")));
    }
    // What stops OpenClaw's own migration, and what it leaves when it is interrupted.
    facts.blockers = ["", ".doctor-importing", ".native-importing"]
        .map(|end| format!("exec-approvals.json{end}"))
        .into_iter()
        .filter(|name| exists(name))
        .collect();
    facts.broken_files = broken_files(dir, exists(DATABASE));
    for tree in &mut facts.other_trees {
        tree.paired = paired_in(&tree.path);
        tree.port = port_in(&tree.path);
    }
    facts
}

/// What is no JSON of the files that a release with a database moves into it, each agent's conversations; of those of a release
/// without one the jobs, which may be JSON5.
fn broken_files(dir: &Path, has_database: bool) -> Vec<String> {
    const LARGEST: u64 = 16 * 1024 * 1024;
    let agents = || names(&dir.join("agents")).into_iter();
    let files: Vec<String> = match has_database {
        true => std::iter::once("sessions/sessions.json".to_owned())
            .chain(agents().map(|agent| format!("agents/{agent}/sessions/sessions.json")))
            .collect(),
        false => vec![CRON_JOBS.to_owned()],
    };
    let is_broken = |name: &String| {
        let state = crate::files::read_small(&dir.join(name), LARGEST);
        state.bytes().is_some_and(|text| match has_database {
            true => scan::document(text).is_err(),
            false => json5::parse(text).is_err(),
        })
    };
    files.into_iter().filter(is_broken).collect()
}

/// From files that only later releases leave behind.
fn era(exists: &dyn Fn(&str) -> bool) -> Era {
    if exists(&format!("{CONFIG}.last-good")) || exists(DATABASE) {
        Era::Least
    } else if exists("logs/config-health.json") {
        Era::Implied
    } else {
        Era::Literal
    }
}

/// How many devices are paired in another state dir of the file generation.
fn paired_in(dir: &Path) -> Option<usize> {
    const LARGEST: u64 = 16 * 1024 * 1024;
    let path = dir.join(Part::Paired.file()?);
    let state = crate::files::read_small(&path, LARGEST);
    let text = state.bytes()?;
    Some(scan::members(text, scan::document(text).ok()?).ok()?.len())
}

/// The port that the config of another state dir sets.
fn port_in(dir: &Path) -> Option<u16> {
    let mut configs = std::iter::once(CONFIG).chain(LEGACY_CONFIGS).map(|name| dir.join(name));
    let config = json5::parse(configs.find_map(|path| text(&path))?.as_bytes()).ok()?;
    u16::try_from(config.pointer("/gateway/port")?.as_u64()?).ok()
}

/// The state dir (`""`), and what in it matters to the CLI.
fn own_files() -> impl Iterator<Item = String> {
    let files = Part::ALL.into_iter().filter_map(Part::file);
    let own = ["", DEVICES_DIR, IDENTITY_DIR, "state", DATABASE, CONFIG];
    let beside = DATABASE_SIDE_FILES.map(|end| format!("{DATABASE}{end}"));
    own.into_iter().chain(files).map(str::to_owned).chain(beside)
}

/// These as far as they are there, by name, with what each is. No link is followed.
pub fn listing(dir: &Path) -> Vec<(String, &'static str, Meta)> {
    let configs = LEGACY_CONFIGS.into_iter().map(str::to_owned);
    let names = own_files().chain(configs);
    let mut found: Vec<_> = names
        .filter_map(|name| {
            let at = if name.is_empty() { dir.to_path_buf() } else { dir.join(&name) };
            let found = at.symlink_metadata().ok()?;
            let kind = match found.file_type() {
                kind if kind.is_file() => "file",
                kind if kind.is_dir() => "folder",
                kind if kind.is_symlink() => "link",
                _ => "other",
            };
            let name = if name.is_empty() { ".".to_owned() } else { name };
            Some((name, kind, platform::meta(&found)))
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn access(dir: &Path) -> Vec<Access> {
    if !platform::KNOWS_OWNERS {
        return Vec::new();
    }
    let Ok(root) = dir.metadata().map(|found| platform::meta(&found)) else { return Vec::new() };
    let mut troubles = Vec::new();
    for name in own_files() {
        let path = if name.is_empty() { dir.to_path_buf() } else { dir.join(&name) };
        let Ok(found) = path.symlink_metadata() else { continue };
        if found.file_type().is_symlink() {
            continue;
        }
        let is_dir = found.is_dir();
        let meta = platform::meta(&found);
        let mode = meta.mode;
        let needed = if is_dir { 0o700 } else { 0o600 };
        let note = |trouble| Access { path: name.clone(), trouble };
        if meta.uid != root.uid {
            troubles.push(note(Trouble::Owner { uid: meta.uid, expected: root.uid }));
        } else if mode & needed != needed && root.uid != 0 {
            troubles.push(note(Trouble::Mode(mode)));
        } else if mode & 0o022 != 0 {
            troubles.push(note(Trouble::Loose(mode)));
        } else if !is_dir && mode & 0o044 != 0 && is_reached(&path) {
            troubles.push(note(Trouble::Open(mode)));
        }
    }
    troubles
}

/// Whether others may pass every folder on the way to a file.
fn is_reached(path: &Path) -> bool {
    real(path)
        .ancestors()
        .skip(1)
        .all(|folder| folder.metadata().is_ok_and(|found| platform::meta(&found).mode & 0o011 != 0))
}

//! Where the state is: the one file that reads environment variables.
//!
//! The rules are OpenClaw's own (releases 2026.1 to 2026.9): flags first, then `OPENCLAW_STATE_DIR`,
//! `OPENCLAW_CONFIG_PATH`, `OPENCLAW_HOME`, `OPENCLAW_PROFILE`, then the default and legacy folders.

mod sudo;
mod wrong;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::files::StateDir;
use crate::model::facts::Tree;
use crate::model::layout::{CONFIG, DATABASE, LEGACY_CONFIGS, Part};
use crate::platform;

/// What a process knows of its surroundings, as a value: tests make their own.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// The variables that matter, by name.
    pub vars: BTreeMap<String, String>,
    /// The account's home folder.
    pub home: Option<PathBuf>,
    /// The working folder.
    pub cwd: PathBuf,
    /// The folder for temporary files, where early gateways keep their lock.
    pub temp: PathBuf,
    /// The process table (`/proc`), where there is one.
    pub proc: Option<PathBuf>,
    /// The home folder of who called `sudo`, where that was done.
    pub sudo_home: Option<PathBuf>,
    /// The user id of this process; 0 where the platform has none.
    pub uid: u32,
    /// What Node calls this platform: `linux`, `darwin`, `win32`.
    pub platform: String,
}

/// The prefixes of the variables that clawmend looks at.
const PREFIXES: [&str; 2] = ["OPENCLAW_", "CLAWDBOT_"];

impl Env {
    /// The surroundings of this process.
    pub fn of_process() -> Self {
        let vars = std::env::vars_os()
            // As Node reads a value that is not UTF-8: another one is not what the person meant.
            .filter_map(|(name, value)| {
                Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
            })
            .map(|(name, value)| (platform::variable(name), value))
            .filter(|(name, _)| PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
            .collect();
        let proc = PathBuf::from("/proc");
        Self {
            vars,
            home: platform::home(),
            cwd: std::env::current_dir().unwrap_or_default(),
            temp: std::env::temp_dir(),
            proc: proc.join("self/stat").exists().then_some(proc),
            sudo_home: sudo::home(),
            uid: platform::user_id(),
            platform: match std::env::consts::OS {
                "macos" => "darwin",
                "windows" => "win32",
                other => other,
            }
            .to_owned(),
        }
    }

    /// A variable that is set to something. OpenClaw takes the words `undefined` and `null`, which
    /// broken scripts leave behind, for nothing.
    pub fn var(&self, name: &str) -> Option<&str> {
        let value = self.vars.get(name)?.trim();
        (!value.is_empty() && value != "undefined" && value != "null").then_some(value)
    }
}

/// Whether colour is unwanted: `NO_COLOR` is set to something, or the terminal is a dumb one.
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// What the user said on the command line.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--state-dir`.
    pub state_dir: Option<PathBuf>,
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
}

/// The state that is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    /// The state dir.
    pub state_dir: StateDir,
    /// How it was found, in words.
    pub how: String,
    /// The config, present or not.
    pub config: PathBuf,
    /// The profile, if one was named.
    pub profile: Option<String>,
    /// The home folder that OpenClaw goes by.
    pub home: Option<PathBuf>,
}

/// Legacy state dirs in the home folder, newest first (2026.4.15 and later know only the first).
const LEGACY_DIRS: [&str; 3] = [".clawdbot", ".moltbot", ".moldbot"];

/// Finds the state dir and the config.
///
/// # Errors
/// No such state dir: says where it looked. A profile name that OpenClaw would refuse.
pub fn locate(flags: &Flags, env: &Env) -> Result<Located, Error> {
    let home = home(env);
    let profile = profile(flags, env)?;
    let expand = |text: &str| expand(text, home.as_deref(), env);
    let mut looked = Vec::new();
    let (state_dir, how) = if let Some(dir) = &flags.state_dir {
        (expand(&dir.to_string_lossy()), "--state-dir".to_owned())
    } else if let (Some(name), true) = (&profile, flags.profile.is_some()) {
        (profile_dir(home.as_deref(), name)?, format!("--profile {name}"))
    } else if let Some(dir) = env.var("OPENCLAW_STATE_DIR") {
        (expand(dir), "OPENCLAW_STATE_DIR".to_owned())
    } else if let Some(dir) = env.var("CLAWDBOT_STATE_DIR") {
        (expand(dir), "CLAWDBOT_STATE_DIR".to_owned())
    } else if let Some(name) = &profile {
        (profile_dir(home.as_deref(), name)?, format!("OPENCLAW_PROFILE={name}"))
    } else {
        let home = home.as_deref().ok_or_else(no_home)?;
        let names = std::iter::once(".openclaw").chain(LEGACY_DIRS);
        let mut found = None;
        for name in names {
            let dir = home.join(name);
            if dir.is_dir() {
                let how = if name == ".openclaw" { "the default" } else { "legacy name" };
                found = Some((dir, how.to_owned()));
                break;
            }
            looked.push(dir);
        }
        found.unwrap_or_else(|| (home.join(".openclaw"), "the default".to_owned()))
    };
    if !state_dir.is_dir() {
        return Err(missing(&state_dir, &how, looked, home.as_deref(), env));
    }
    let config = config(flags, env, &state_dir, &expand);
    wrong::check_folder(&state_dir, &how)?;
    if flags.config.is_some() {
        wrong::check_config(&config)?;
    }
    Ok(Located { config, state_dir: state_dir.into(), how, profile, home })
}

fn home(env: &Env) -> Option<PathBuf> {
    let account = env.home.clone();
    match env.var("OPENCLAW_HOME") {
        Some(home) => Some(expand(home, account.as_deref(), env)),
        None => account,
    }
}

fn profile(flags: &Flags, env: &Env) -> Result<Option<String>, Error> {
    let name = flags.profile.as_deref().or_else(|| env.var("OPENCLAW_PROFILE"));
    let Some(name) = name.filter(|name| *name != "default" || flags.profile.is_some()) else {
        return Ok(None);
    };
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        return Err(Error::usage(format!("`{}` is not a profile name", crate::text::safe(name)))
            .hint("a profile name has letters, digits, `_` and `-` only"));
    }
    Ok(Some(name.to_owned()))
}

fn profile_dir(home: Option<&Path>, name: &str) -> Result<PathBuf, Error> {
    let home = home.ok_or_else(no_home)?;
    Ok(if name == "default" {
        home.join(".openclaw")
    } else {
        home.join(format!(".openclaw-{name}"))
    })
}

fn no_home() -> Error {
    Error::failed("this account has no home folder, so there is no default state dir")
        .hint("name the state dir: clawmend --state-dir PATH")
}

fn expand(text: &str, home: Option<&Path>, env: &Env) -> PathBuf {
    let text = text.trim();
    let path = match (text.strip_prefix('~'), home) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with(['/', '\\']) => {
            home.join(rest.trim_start_matches(['/', '\\']))
        }
        _ => PathBuf::from(text),
    };
    if path.is_absolute() { path } else { env.cwd.join(path) }
}

fn config(flags: &Flags, env: &Env, state_dir: &Path, expand: &dyn Fn(&str) -> PathBuf) -> PathBuf {
    if let Some(path) = &flags.config {
        return expand(&path.to_string_lossy());
    }
    // A state dir or profile named on the command line has its own config.
    if flags.state_dir.is_none() && flags.profile.is_none() {
        for name in ["OPENCLAW_CONFIG_PATH", "CLAWDBOT_CONFIG_PATH"] {
            if let Some(path) = env.var(name) {
                return expand(path);
            }
        }
    }
    std::iter::once(CONFIG)
        .chain(LEGACY_CONFIGS)
        .map(|name| state_dir.join(name))
        .find(|path| path.symlink_metadata().is_ok())
        .unwrap_or_else(|| state_dir.join(CONFIG))
}

fn missing(dir: &Path, how: &str, looked: Vec<PathBuf>, home: Option<&Path>, env: &Env) -> Error {
    let mut error = if dir.symlink_metadata().is_ok() {
        Error::failed(format!("the state dir ({how}) is not a folder, or may not be looked into"))
            .at(dir)
    } else {
        Error::failed(format!("there is no state dir here ({how})")).at(dir)
    };
    if dir.to_string_lossy().contains(char::REPLACEMENT_CHARACTER) {
        error = error.hint(
            "its name is not UTF-8, and OpenClaw knows no such paths: give the folder another name, or make a link to it (`ln -s`) that has one",
        );
    }
    // Root's home is not where the state is when its user came by sudo.
    let theirs = sudo::hints(env, dir);
    if !theirs.is_empty() {
        return theirs.into_iter().fold(error, Error::hint);
    }
    for other in looked.into_iter().filter(|other| other != dir) {
        error = error.hint(format!("looked for {} too", crate::platform::shown(&other)));
    }
    for tree in other_trees(dir, home, env) {
        error = error.hint(format!(
            "there is one at {} ({}): clawmend --state-dir '{0}'",
            crate::platform::shown(&tree.path),
            tree.what
        ));
    }
    error.hint("if OpenClaw runs as another user or in a container, run clawmend there, or name its state dir with --state-dir")
}

/// Other state dirs that exist (F22, F25): default, legacy and profile folders of the home folder, what
/// the environment names, and one nested in this one.
pub fn other_trees(state_dir: &Path, home: Option<&Path>, env: &Env) -> Vec<Tree> {
    let mut trees: Vec<(PathBuf, String)> = Vec::new();
    if let Some(dir) = env.var("OPENCLAW_STATE_DIR") {
        trees.push((expand(dir, home, env), "OPENCLAW_STATE_DIR names it".into()));
    }
    for home in [home, env.home.as_deref()].into_iter().flatten() {
        trees.push((home.join(".openclaw"), "the default".into()));
        for name in LEGACY_DIRS {
            trees.push((home.join(name), "legacy name".into()));
        }
        let entries = std::fs::read_dir(home).into_iter().flatten().flatten();
        for entry in entries {
            if let Some(profile) =
                entry.file_name().to_str().and_then(|name| name.strip_prefix(".openclaw-"))
            {
                trees.push((entry.path(), format!("profile `{profile}`")));
            }
        }
    }
    trees.push((state_dir.join(".openclaw"), "nested in this one".into()));
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let mut seen = vec![real(state_dir)];
    let mut found = Vec::new();
    for (path, what) in trees {
        let identity = real(&path);
        if looks_like_state(&path) && !seen.contains(&identity) {
            seen.push(identity);
            found.push(Tree { paired: None, path, what });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn looks_like_state(dir: &Path) -> bool {
    let known = [Part::Paired, Part::Pending, Part::Identity].into_iter().filter_map(Part::file);
    known
        .chain([CONFIG, DATABASE])
        .chain(LEGACY_CONFIGS)
        .any(|name| dir.join(name).symlink_metadata().is_ok())
}

#[cfg(test)]
#[path = "locate_tests.rs"]
mod tests;

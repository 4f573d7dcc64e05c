//! Where the state is.
//!
//! The rules are OpenClaw's own (releases 2026.1 to 2026.9): flags first, then `OPENCLAW_STATE_DIR`,
//! `OPENCLAW_CONFIG_PATH`, `OPENCLAW_HOME`, `OPENCLAW_PROFILE`, then the default and legacy folders.

use std::path::{Path, PathBuf};

use super::candidates::{Candidate, candidates};
use super::containers;
use super::disk::names;
use super::env::Env;
use super::trees::{DIRS, dir_name, how, is_profile, looks_like_state, profile_of};
use super::wrong;
use crate::error::Error;
use crate::files::StateDir;
use crate::model::container::Container;
use crate::model::layout::{CONFIG, LEGACY_CONFIGS};
use crate::render::shell::Shell;
use crate::step::Step;

/// So many state dirs are named in an error.
const MOST_TOLD: usize = 12;

/// What the user said on the command line.
#[derive(Clone, Debug, Default)]
pub struct LocateFlags {
    /// `--state-dir`: counts before everything that OpenClaw goes by.
    pub state_dir: Option<PathBuf>,
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// The config is taken as named, also where nothing is there: a snapshot may bring it back.
    pub may_be_gone: bool,
}

/// The state that is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    /// The folder that is looked at and changed.
    pub state_dir: StateDir,
    /// How it was found, in words: by which flag, variable or default.
    pub how: String,
    /// The config, present or not.
    pub config: PathBuf,
    /// The profile, if one was named.
    pub profile: Option<String>,
    /// The home folder that OpenClaw goes by.
    pub home: Option<PathBuf>,
    /// The container that the state dir belongs to, told while this process may still look.
    pub container: Option<Container>,
}

/// State dirs that may be meant where none was named and none is found; none where that is not so.
pub fn meant(flags: &LocateFlags, env: &Env) -> Vec<Candidate> {
    let is_named = flags.state_dir.is_some() || flags.profile.is_some();
    if is_named || found(flags, env).is_some() { Vec::new() } else { everywhere(env) }
}

/// Every state dir that this process can know of.
pub fn everywhere(env: &Env) -> Vec<Candidate> {
    let own = found(&LocateFlags::default(), env);
    candidates(env, home(env).as_deref(), own.as_ref().map(|own| &*own.state_dir))
}

/// Finds the state dir and the config.
///
/// # Errors
/// No such state dir: says where it looked. A profile name that OpenClaw would refuse.
pub fn locate(flags: &LocateFlags, env: &Env) -> Result<Located, Error> {
    let others = || candidates(env, home(env).as_deref(), None);
    search(flags, env, &others)
}

/// The same for whoever tells no error: no other state dir is looked for.
pub fn found(flags: &LocateFlags, env: &Env) -> Option<Located> {
    search(flags, env, &Vec::new).ok()
}

/// `others` are named where it is not there.
fn search(
    flags: &LocateFlags,
    env: &Env,
    others: &dyn Fn() -> Vec<Candidate>,
) -> Result<Located, Error> {
    let home = home(env);
    let profile = profile(flags, env)?;
    let expand = |text: &str| env.path(text, home.as_deref());
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
        let found = DIRS.into_iter().find(|name| home.join(name).is_dir());
        looked = DIRS.map(|name| home.join(name)).to_vec();
        let name = found.unwrap_or(DIRS[0]);
        (home.join(name), how(name).to_owned())
    };
    if !state_dir.is_dir() {
        return Err(missing(&state_dir, &how, looked, home.as_deref(), env, others));
    }
    let config = config(flags, env, &state_dir, &expand);
    wrong::check_folder(&state_dir, &how)?;
    if flags.config.is_some() && !flags.may_be_gone {
        wrong::check_config(&config)?;
    }
    let container = containers::of(&state_dir, &containers::mounts(env), env);
    Ok(Located { config, state_dir: state_dir.into(), how, profile, home, container })
}

fn home(env: &Env) -> Option<PathBuf> {
    let account = env.home.clone();
    match env.var("OPENCLAW_HOME") {
        Some(home) => Some(env.path(home, account.as_deref())),
        None => account,
    }
}

fn profile(flags: &LocateFlags, env: &Env) -> Result<Option<String>, Error> {
    let name = flags.profile.as_deref().or_else(|| env.var("OPENCLAW_PROFILE"));
    let Some(name) = name.filter(|name| *name != "default" || flags.profile.is_some()) else {
        return Ok(None);
    };
    if !is_profile(name) {
        return Err(Error::usage(format!("`{}` is not a profile name", crate::text::safe(name)))
            .hint("a profile name has letters, digits, `_` and `-` only"));
    }
    Ok(Some(name.to_owned()))
}

fn profile_dir(home: Option<&Path>, name: &str) -> Result<PathBuf, Error> {
    let home = home.ok_or_else(no_home)?;
    Ok(home.join(dir_name(Some(name))))
}

fn no_home() -> Error {
    Error::not_found("this account has no home folder, so there is no default state dir")
        .hint(Step::look_at("PATH").after("name the state dir"))
}

fn config(
    flags: &LocateFlags,
    env: &Env,
    state_dir: &Path,
    expand: &dyn Fn(&str) -> PathBuf,
) -> PathBuf {
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

fn missing(
    dir: &Path,
    how: &str,
    looked: Vec<PathBuf>,
    home: Option<&Path>,
    env: &Env,
    others: &dyn Fn() -> Vec<Candidate>,
) -> Error {
    let seen = dir.symlink_metadata();
    let is_hidden = |error: &std::io::Error| error.kind() == std::io::ErrorKind::PermissionDenied;
    if seen.as_ref().is_err_and(is_hidden) {
        let text = format!("the state dir ({how}) is in a folder that you may not look into");
        let look = Step::look_at(dir).as_root(true).after("root may");
        return Error::failed(text).at(dir).hint(look);
    }
    let mut error = if seen.is_ok() {
        Error::failed(format!("the state dir ({how}) is not a folder, or may not be looked into"))
            .at(dir)
    } else {
        Error::not_found(format!("there is no state dir here ({how})")).at(dir)
    };
    if dir.to_string_lossy().contains(char::REPLACEMENT_CHARACTER) {
        error = error.hint(
            "its name is not UTF-8, and OpenClaw cannot use such a path: give the folder another name, or make a link to it (`ln -s`)",
        );
    }
    if let Some(near) = near_profile(dir, home) {
        error = error.hint(
            Step::elsewhere(["--profile", &near]).after("there is a profile with nearly that name"),
        );
    }
    let there = others();
    // Root's home is not where the state is when its user came by sudo.
    let mut theirs = there.iter().filter(|one| {
        env.sudo_home.as_ref().is_some_and(|home| one.dir.parent() == Some(home.as_path()))
    });
    if let Some(first) = theirs.next() {
        return std::iter::once(first).chain(theirs).fold(error, |error, one| {
            let there = "with sudo the home is root's home; your own state dir is here";
            error.hint(Step::look_at(one.dir.clone()).after(there))
        });
    }
    // Whoever pastes the command may paste these words with it: a name that a shell would act on stands in the
    // command alone.
    let shell = Shell::of_platform(&env.platform, env.in_powershell);
    for one in there.iter().take(MOST_TOLD) {
        let dir = crate::platform::shown(&one.dir);
        let text = match shell.quote(&one.dir) == dir {
            true => format!("there is one at {dir} ({})", one.about()),
            false => "there is one in a folder with an unusual name".to_owned(),
        };
        error = error.hint(one.step().after(text));
    }
    if there.len() > MOST_TOLD {
        let all = Step::clawmend(["diagnose", "--all"]);
        error = error.hint(all.after(format!("there are {}; to see all", there.len())));
    }
    let others =
        looked.iter().filter(|other| *other != dir).map(|other| crate::platform::shown(other));
    let others: Vec<String> = others.collect();
    if !others.is_empty() {
        error = error.hint(format!("looked for {} too", others.join(", ")));
    }
    if env.platform == "win32" {
        error = error.hint("if OpenClaw runs in WSL, its state dir is there: run clawmend in WSL");
    }
    error.hint("if OpenClaw runs as another user or in a container, run clawmend there, or name its state dir with --state-dir")
}

/// The profile that a state dir of a home is of.
pub fn profile_of_dir<'a>(dir: &'a Path, home: Option<&Path>) -> Option<&'a str> {
    let name = profile_of(dir.file_name()?.to_str()?)?;
    home.filter(|home| dir.parent() == Some(*home))?;
    Some(name)
}

/// The profiles of this process's home.
pub fn profiles(env: &Env) -> Vec<String> {
    home(env).map(|home| profiles_of(&home)).unwrap_or_default()
}

fn profiles_of(home: &Path) -> Vec<String> {
    let there = names(home).into_iter().filter(|name| looks_like_state(&home.join(name)));
    there.filter_map(|name| Some(profile_of(&name)?.to_owned())).collect()
}

/// The profile of this home whose name is nearest to that of a profile that is not there.
fn near_profile(dir: &Path, home: Option<&Path>) -> Option<String> {
    let wanted = profile_of_dir(dir, home)?;
    let profiles = profiles_of(home?).into_iter();
    let (far, near) = profiles.map(|name| (strsim::osa_distance(&name, wanted), name)).min()?;
    (far <= 2).then_some(near)
}

#[cfg(test)]
#[path = "locate_tests.rs"]
mod tests;

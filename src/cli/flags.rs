//! The flags that say which state is meant: made absolute as they come in, and put into every command that
//! is printed, so that it can be pasted elsewhere.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::args::Global;
use super::world::World;
use crate::model::layout::{ADDONS, CONFIG};
use crate::read::env::Env;
use crate::read::locate::{LocateFlags, Located, found, profile_of_dir};
use crate::render::invocation::Invocation;
use crate::render::shell::Shell;

/// Relative paths of the flags made absolute.
pub fn make_absolute(global: &mut Global, cwd: &Path) {
    for path in
        [&mut global.state_dir, &mut global.config, &mut global.snapshot_dir].into_iter().flatten()
    {
        *path = absolute(path, cwd);
    }
}

/// A path from the command line; `~` and nothing at all mean something else than a folder in `cwd`.
pub fn absolute(path: &Path, cwd: &Path) -> PathBuf {
    let text = path.to_string_lossy();
    if path.is_absolute() || text.trim().is_empty() || text.trim_start().starts_with('~') {
        return path.to_path_buf();
    }
    let here = |part: &Component<'_>| *part != Component::CurDir;
    cwd.join(path.components().filter(here).collect::<PathBuf>())
}

/// `--state-dir ...` and messages like it, as the user gave them.
pub fn of_run(global: &Global) -> Vec<OsString> {
    let flags: [(&str, Option<OsString>); 4] = [
        ("--state-dir", global.state_dir.as_ref().map(Into::into)),
        ("--config", global.config.as_ref().map(Into::into)),
        ("--profile", global.profile.as_ref().map(Into::into)),
        ("--snapshot-dir", global.snapshot_dir.as_ref().map(Into::into)),
    ];
    let given = flags.into_iter().filter_map(|(flag, value)| Some([flag.into(), value?]));
    given.flatten().collect()
}

/// The same for root, whose home and environment are others: what was found by them is named.
fn of_root(global: &Global, located: Option<&Located>) -> Vec<OsString> {
    let mut global = global.clone();
    if let Some(located) = located {
        global.state_dir = Some(located.state_dir.to_path_buf());
        if located.config.parent() != Some(&*located.state_dir) {
            global.config = Some(located.config.clone());
        }
    }
    of_run(&global)
}

/// What stands before `openclaw`, and its flags, where it would not find this state by itself, or would leave
/// files of root in it.
fn of_openclaw(located: &Located, env: &Env) -> [Vec<OsString>; 2] {
    let dir: &Path = &located.state_dir;
    // Whoever typed `sudo` types `openclaw` without it, in their own home.
    let own_env = Env { home: env.sudo_home.clone().or_else(|| env.home.clone()), ..env.clone() };
    let own = found(&LocateFlags::default(), &own_env);
    let is_own =
        own.is_some_and(|own| own.state_dir == located.state_dir && own.config == located.config);
    let owner = crate::read::env::other_owner(dir, env);
    // In a container the CLI knows its own state.
    let is_inside = located.container.is_some() || dir.iter().any(|part| part == ADDONS);
    if !crate::platform::KNOWS_OWNERS
        || is_inside
        || (is_own && (owner.is_none() || env.is_by_sudo()))
    {
        return Default::default();
    }
    let has_own_config = dir.join(CONFIG) == located.config;
    let profile = profile_of_dir(dir, located.home.as_deref());
    if let (None, Some(name), true, None) =
        (&owner, profile, has_own_config, env.var("OPENCLAW_STATE_DIR"))
    {
        return [Vec::new(), ["--profile".into(), name.into()].into()];
    }
    let sudo = owner.map(|owner| ["sudo".into(), "-u".into(), owner.into()]);
    let variable = |name: &str, path: &Path| {
        let mut set = OsString::from(format!("{name}="));
        set.push(path);
        set
    };
    let config = (!has_own_config).then(|| variable("OPENCLAW_CONFIG_PATH", &located.config));
    let set = [OsString::from("env"), variable("OPENCLAW_STATE_DIR", dir)];
    let before = sudo.into_iter().flatten().chain(set).chain(config);
    [before.collect(), Vec::new()]
}

/// The flags that say which state dir is meant.
pub fn locating(global: &Global) -> LocateFlags {
    LocateFlags {
        state_dir: global.state_dir.clone(),
        config: global.config.clone(),
        profile: global.profile.clone(),
        may_be_gone: global.goes_back,
    }
}

/// How commands are printed in this run.
pub fn invocation(global: &Global, world: &World<'_>) -> Invocation {
    let located = found(&locating(global), &world.env);
    let sudo = world.env.is_by_sudo().then(|| "sudo".to_owned());
    Invocation {
        program: sudo.into_iter().chain(world.program.clone()).collect(),
        flags: of_run(global),
        root_flags: of_root(global, located.as_ref()),
        openclaw: located.map(|located| of_openclaw(&located, &world.env)).unwrap_or_default(),
        shell: Shell::of_platform(&world.env.platform, world.env.in_powershell),
    }
}

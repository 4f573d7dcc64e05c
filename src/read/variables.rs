//! Variables that beat the config: in this environment, in `.env` files, in the gateway's service
//! definition. Files are read, nothing is asked of systemd, launchd or the task scheduler.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::disk::{names, real, text};
use super::env::{Env, home_of, other_owner};
use super::locate::Located;
use super::systemd::{self, Unit};
use super::trees::{dir_name, speaks_of_openclaw};
use super::{dotenv, launchd};
use crate::config::facts::{Origin, Variables};
use crate::config::flags::{self, Flags};
use crate::secret::Secret;

/// So many environment files of launch agents are read.
const MOST_AGENTS: usize = 32;

type Pairs = BTreeMap<String, String>;

/// Every place that sets variables, as far as files tell: those of other state dirs too, which say so.
/// `early`: the release here is one up to 2026.3.13. Those took the variables' first names where
/// the new ones are not set, and whatever the `.env` of the working folder sets.
pub(super) fn read(located: &Located, env: &Env, early: bool) -> Vec<Variables> {
    let finder = Finder { located, env, early, ours: real(&located.state_dir) };
    let mut found = vec![finder.process()];
    finder.dot_envs(&mut found);
    finder.units(&mut found);
    finder.launch_agents(&mut found);
    finder.other_services(&mut found);
    found
}

struct Finder<'l> {
    located: &'l Located,
    env: &'l Env,
    early: bool,
    /// The state dir with every link followed.
    ours: PathBuf,
}

impl Finder<'_> {
    fn process(&self) -> Variables {
        let mut all =
            self.place(Origin::Process, "this environment".to_owned(), self.env.vars.clone());
        all.values.extend(self.env.others.clone());
        all
    }

    /// The `.env` files that OpenClaw loads, the strongest first.
    fn dot_envs(&self, found: &mut Vec<Variables>) {
        let state = &self.located.state_dir;
        let own = state.join(".env");
        let mut paths = Vec::new();
        if self.early && self.env.cwd.is_absolute() && real(&self.env.cwd) != self.ours {
            paths.push((Origin::WorkingFolder, self.env.cwd.join(".env")));
        }
        paths.push((Origin::DotEnv, own));
        if let Some(home) = &self.located.home
            && home.join(".openclaw") == **state
        {
            paths.push((Origin::DotEnv, home.join(".config/openclaw/gateway.env")));
        }
        for (place, path) in paths {
            if let Some(text) = text(&path) {
                found.push(self.file(place, &path, dotenv::parse(&text)));
            }
        }
    }

    /// systemd: the units of the users whose homes are known, and the system's; those with OpenClaw's own names, and
    /// those of any name that run its gateway on this state dir.
    fn units(&self, found: &mut Vec<Variables>) {
        let root = self.env.root.as_deref();
        for (home, is_known) in self.homes() {
            let folders = systemd::user_folders(&home, root);
            for (name, is_own) in self.unit_names(&folders) {
                let is_own = is_own && is_known;
                let Some(unit) = systemd::read(&name, &folders, &home) else { continue };
                // systemd starts a user's unit in the home, where it names no other folder.
                let folder = unit.working_dir.clone().unwrap_or_else(|| home.clone());
                let folder = Some(folder).filter(|_| self.early);
                let runs_gateway = unit.runs_gateway;
                let account = (!is_own).then(|| home.clone());
                let all = self.unit(&name, unit, account);
                if !is_own && (!runs_gateway || all.other_state_dir.is_some()) {
                    continue;
                }
                found.push(all);
                for path in folder.iter().map(|folder| folder.join(".env")) {
                    let text = text(&path);
                    let set =
                        text.map(|text| self.file(Origin::Service, &path, dotenv::parse(&text)));
                    found.extend(set);
                }
            }
        }
        let Some(root) = root else { return };
        let accounts = self.env.passwd().unwrap_or_default();
        let folders = systemd::system_folders(root);
        for (name, is_own) in self.unit_names(&folders) {
            // The system's manager is root's: `%h` is root's home, whoever the service runs as.
            let Some(unit) = systemd::read(&name, &folders, Path::new("/root")) else { continue };
            let user = unit.user.as_deref().unwrap_or("root");
            let home = unit.variables.get("HOME").map(PathBuf::from);
            let home = home.or_else(|| home_of(&accounts, user));
            let runs_gateway = unit.runs_gateway;
            let all = self.unit(&name, unit, home);
            if is_own || (runs_gateway && all.other_state_dir.is_none()) {
                found.push(all);
            }
        }
    }

    /// A unit's variables. `home` is that of the account a system's service runs as: without a variable that
    /// says otherwise its state dir lies there.
    fn unit(&self, name: &str, unit: Unit, home: Option<PathBuf>) -> Variables {
        let mut shown = unit.files.iter().map(|path| crate::platform::shown(path));
        let own = shown.next().unwrap_or_default();
        let mut all = self.place(Origin::Service, own, unit.variables);
        all.service = Some(name.to_owned());
        all.more = shown.collect();
        all.more.extend(unit.environment_files.iter().map(|path| crate::platform::shown(path)));
        all.flags = unit.flags;
        all.unread = unit.unread;
        all.missing = unit.missing;
        all.working_dir = unit.working_dir;
        self.by_home(&mut all, home, unit.profile.as_deref());
        all
    }

    /// Where a service names no state dir, it is the one in its account's home.
    fn by_home(&self, all: &mut Variables, home: Option<PathBuf>, profile: Option<&str>) {
        let names_none = all.value("OPENCLAW_STATE_DIR").is_none();
        let home = all.value("OPENCLAW_HOME").map(|home| home.expose().into()).or(home);
        if let Some(home) = home.filter(|_| names_none) {
            let variable = all.value("OPENCLAW_PROFILE").map(Secret::expose);
            let name = dir_name(profile.or(variable));
            all.other_state_dir = Some(home.join(name)).filter(|dir| real(dir) != self.ours);
        }
    }

    /// launchd: the agents' property lists, and the files that OpenClaw's own agents source.
    fn launch_agents(&self, found: &mut Vec<Variables>) {
        let label = format!("ai.openclaw.{}", self.profile().unwrap_or("gateway"));
        let mut folders: Vec<PathBuf> =
            self.homes().map(|(home, _)| home.join("Library/LaunchAgents")).collect();
        if let Some(root) = &self.env.root {
            folders.push(root.join("Library/LaunchAgents"));
            folders.push(root.join("Library/LaunchDaemons"));
        }
        let own = format!("{label}.plist");
        let all = folders.iter().flat_map(|folder| {
            let others =
                names(folder).into_iter().filter(|name| name.ends_with(".plist") && *name != own);
            std::iter::once(own.clone()).chain(others).map(|name| folder.join(name))
        });
        for path in all {
            let is_own = path.ends_with(&own);
            let Some(text) = text(&path).filter(|text| is_own || speaks_of_openclaw(text)) else {
                continue;
            };
            let arguments = launchd::arguments(&text);
            let mut all = self.file(Origin::Service, &path, launchd::plist(&text));
            all.service = launchd::label(&text);
            let variable = |name: &str| Some(all.value(name)?.expose().to_owned());
            all.flags = Flags::of(&arguments, variable, self::text);
            let (runs_gateway, profile) = flags::of_gateway(&arguments);
            if !is_own {
                self.by_home(&mut all, self.located.home.clone(), profile.as_deref());
            }
            if is_own || (runs_gateway && all.other_state_dir.is_none()) {
                found.push(all);
            }
        }
        let folder = self.located.state_dir.join("service-env");
        // What a node host's agent sees is no matter of the gateway.
        let files = names(&folder)
            .into_iter()
            .filter(|name| name.ends_with(".env") && !name.starts_with("ai.openclaw.node."));
        for path in files.take(MOST_AGENTS).map(|name| folder.join(name)) {
            if let Some(text) = text(&path) {
                // Sourced after launchd has set its own: it comes before the property list.
                let at = found.iter().position(|at| at.at.ends_with(".plist"));
                let file = self.file(Origin::Service, &path, launchd::sourced(&text));
                found.insert(at.unwrap_or(found.len()), file);
            }
        }
    }

    /// What OpenClaw's installers write beside the state, where no unit was seen to read it.
    fn other_services(&self, found: &mut Vec<Variables>) {
        let path = self.located.state_dir.join("gateway.systemd.env");
        let shown = crate::platform::shown(&path);
        if let Some(text) = text(&path)
            && !found.iter().any(|at| at.more.contains(&shown))
        {
            found.push(self.file(Origin::Service, &path, systemd::environment_file(&text)));
        }
        let path = self.located.state_dir.join("gateway.cmd");
        if let Some(text) = text(&path) {
            let mut all = self.file(Origin::Service, &path, script(&text));
            let variable = |name: &str| Some(all.value(name)?.expose().to_owned());
            let starts = |line: &&str| {
                let line = line.trim_start().trim_start_matches('@').to_ascii_lowercase();
                line.contains(" gateway ") && !line.starts_with("rem ") && !line.starts_with("::")
            };
            let words = text.lines().rfind(starts).map(flags::split).unwrap_or_default();
            all.flags = Flags::of(&words, variable, self::text);
            found.push(all);
        }
    }

    fn profile(&self) -> Option<&str> {
        self.located.profile.as_deref().filter(|name| *name != "default")
    }

    /// The units to look at in these folders, and whether they have OpenClaw's own names.
    fn unit_names(&self, folders: &[PathBuf]) -> Vec<(String, bool)> {
        let own = self.own_unit_names();
        let others = systemd::of_openclaw(folders).into_iter().filter(|name| !own.contains(name));
        let others: Vec<_> = others.map(|name| (name, false)).collect();
        own.into_iter().map(|name| (name, true)).chain(others).collect()
    }

    fn own_unit_names(&self) -> Vec<String> {
        let dash = self.profile().map(|name| format!("-{name}")).unwrap_or_default();
        let mut names: Vec<String> = ["openclaw-gateway", "clawdbot-gateway", "moltbot-gateway"]
            .map(|name| format!("{name}{dash}"))
            .to_vec();
        if let Some(name) = self.env.var("OPENCLAW_SYSTEMD_UNIT").filter(|name| !name.contains('/'))
        {
            let name = name.trim_end_matches(".service").to_owned();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The home folders whose services may be this state's; of those that this run is in, one with OpenClaw's own name is.
    fn homes(&self) -> impl Iterator<Item = (PathBuf, bool)> {
        let first = self.located.home.clone();
        let second = self.env.home.clone().filter(|home| first.as_ref() != Some(home));
        let owner = other_owner(&self.located.state_dir, self.env);
        let owners = owner.and_then(|owner| home_of(&self.env.passwd()?, &owner));
        let owners = owners.filter(|home| ![&first, &second].contains(&&Some(home.clone())));
        let known = first.into_iter().chain(second).map(|home| (home, true));
        known.chain(owners.map(|home| (home, false)))
    }

    fn file(&self, place: Origin, path: &Path, pairs: Pairs) -> Variables {
        self.place(place, crate::platform::shown(path), pairs)
    }

    fn place(&self, place: Origin, at: String, pairs: Pairs) -> Variables {
        let values = pairs.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
        let mut all = Variables::set(place, at, values, self.early);
        let state_dir = all.text("OPENCLAW_STATE_DIR", self.early);
        let state_dir = state_dir.map(|dir| match dir.strip_prefix("~/") {
            Some(rest) => self.located.home.clone().unwrap_or_default().join(rest),
            None => PathBuf::from(dir),
        });
        all.other_state_dir = state_dir.filter(|dir| real(dir) != self.ours);
        all
    }
}

/// `set NAME=value` lines of a Windows script.
fn script(text: &str) -> Pairs {
    let mut pairs = Pairs::new();
    for line in text.lines() {
        let line = line.trim().trim_start_matches('@');
        let is_set = line.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("set "));
        if let (true, Some(rest)) = (is_set, line.get(4..)) {
            let rest = rest.trim();
            let rest =
                rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(rest);
            if let Some((name, value)) = rest.split_once('=') {
                pairs.insert(name.to_owned(), value.to_owned());
            }
        }
    }
    pairs
}

#[cfg(test)]
#[cfg(unix)]
#[path = "variables_tests.rs"]
mod tests;

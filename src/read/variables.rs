//! Variables that beat the config: in this environment, in `.env` files, in the gateway's service
//! definition. Files are read, nothing is asked of systemd, launchd or the task scheduler.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::disk::{names, real, text};
use super::env::{Env, home_of};
use super::locate::Located;
use super::systemd::{self, Unit};
use super::trees::dir_name;
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

    /// systemd: the units of the users whose homes are known, and the system's.
    fn units(&self, found: &mut Vec<Variables>) {
        let root = self.env.root.as_deref();
        for home in self.homes() {
            let folders = systemd::user_folders(home, root);
            for name in self.unit_names() {
                if let Some(unit) = systemd::read(&name, &folders, home) {
                    // systemd starts a user's unit in the home, where it names no other folder.
                    let folder = unit.working_dir.clone().unwrap_or_else(|| home.to_path_buf());
                    let folder = Some(folder).filter(|_| self.early);
                    found.push(self.unit(unit, None));
                    for path in folder.iter().map(|folder| folder.join(".env")) {
                        let text = text(&path);
                        let set = text
                            .map(|text| self.file(Origin::Service, &path, dotenv::parse(&text)));
                        found.extend(set);
                    }
                }
            }
        }
        let Some(root) = root else { return };
        let accounts = self.env.passwd().unwrap_or_default();
        for name in self.unit_names() {
            // The system's manager is root's: `%h` is root's home, whoever the service runs as.
            let unit = systemd::read(&name, &systemd::system_folders(root), Path::new("/root"));
            if let Some(unit) = unit {
                let user = unit.user.as_deref().unwrap_or("root");
                let home = unit.variables.get("HOME").map(PathBuf::from);
                let home = home.or_else(|| home_of(&accounts, user));
                found.push(self.unit(unit, home));
            }
        }
    }

    /// A unit's variables. `home` is that of the account a system's service runs as: without a variable that
    /// says otherwise its state dir lies there.
    fn unit(&self, unit: Unit, home: Option<PathBuf>) -> Variables {
        let mut shown = unit.files.iter().map(|path| crate::platform::shown(path));
        let own = shown.next().unwrap_or_default();
        let mut all = self.place(Origin::Service, own, unit.variables);
        all.more = shown.collect();
        all.more.extend(unit.environment_files.iter().map(|path| crate::platform::shown(path)));
        all.flags = unit.flags;
        all.unread = unit.unread;
        all.missing = unit.missing;
        all.working_dir = unit.working_dir;
        let names_none = all.value("OPENCLAW_STATE_DIR").is_none();
        if let Some(home) = home.filter(|_| names_none) {
            let name = dir_name(all.value("OPENCLAW_PROFILE").map(Secret::expose));
            all.other_state_dir = Some(home.join(name)).filter(|dir| real(dir) != self.ours);
        }
        all
    }

    /// launchd: the agents' property lists, and the files that OpenClaw's own agents source.
    fn launch_agents(&self, found: &mut Vec<Variables>) {
        let label = format!("ai.openclaw.{}", self.profile().unwrap_or("gateway"));
        let mut folders: Vec<PathBuf> =
            self.homes().map(|home| home.join("Library/LaunchAgents")).collect();
        if let Some(root) = &self.env.root {
            folders.push(root.join("Library/LaunchAgents"));
            folders.push(root.join("Library/LaunchDaemons"));
        }
        for path in folders.iter().map(|folder| folder.join(format!("{label}.plist"))) {
            if let Some(text) = text(&path) {
                let mut all = self.file(Origin::Service, &path, launchd::plist(&text));
                let arguments = launchd::arguments(&text);
                let variable = |name: &str| Some(all.value(name)?.expose().to_owned());
                all.flags = Flags::of(&arguments, variable);
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
            all.flags = Flags::of(&words, variable);
            found.push(all);
        }
    }

    fn profile(&self) -> Option<&str> {
        self.located.profile.as_deref().filter(|name| *name != "default")
    }

    fn unit_names(&self) -> Vec<String> {
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

    /// The home folders whose services may be this state's.
    fn homes(&self) -> impl Iterator<Item = &Path> {
        let first = self.located.home.as_deref();
        let second = self.env.home.as_deref().filter(|home| Some(*home) != first);
        first.into_iter().chain(second)
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

//! What this process is told by its environment variables. Nothing else reads them, but for the home folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::facts::is_set;
use crate::platform;
use crate::secret::Secret;

/// The accounts of this machine.
const PASSWD: &str = "/etc/passwd";
/// Where homes lie on systems whose accounts are not in that file.
const HOMES: [&str; 2] = ["/home", "/Users"];

/// What a process knows of its surroundings, as a value: tests make their own.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// The variables that matter, by name.
    pub vars: BTreeMap<String, String>,
    /// All other variables: the config may refer to any.
    pub others: BTreeMap<String, Secret>,
    /// The account's home folder.
    pub home: Option<PathBuf>,
    /// The working folder: relative paths start there.
    pub cwd: PathBuf,
    /// The folder for temporary files, where early gateways keep their lock.
    pub temp: PathBuf,
    /// The process table (`/proc`), where there is one.
    pub proc: Option<PathBuf>,
    /// Where the system's own folders begin (`/`), where they are to be looked into.
    pub root: Option<PathBuf>,
    /// The home folder of who called `sudo`, where that was done.
    pub sudo_home: Option<PathBuf>,
    /// The home folders of Windows, where this is a Linux in it (WSL).
    pub windows_homes: Option<PathBuf>,
    /// The user id of this process; 0 where the platform has none.
    pub uid: u32,
    /// Whether PowerShell started this, itself or from further up.
    pub in_powershell: bool,
    /// What Node calls this platform: `linux`, `darwin`, `win32`.
    pub platform: String,
}

/// The prefixes of the variables that clawmend looks at.
const PREFIXES: [&str; 3] = ["OPENCLAW_", "CLAWDBOT_", "MOLTBOT_"];

impl Env {
    /// The surroundings of this process.
    pub fn of_process() -> Self {
        let (vars, others): (BTreeMap<_, _>, BTreeMap<_, _>) = std::env::vars_os()
            // As Node reads a value that is not UTF-8: another one is not what the person meant.
            .filter_map(|(name, value)| {
                Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
            })
            .map(|(name, value)| (platform::variable(name), value))
            .partition(|(name, _)| PREFIXES.iter().any(|prefix| name.starts_with(prefix)));
        let proc = PathBuf::from("/proc");
        Self {
            vars,
            others: others.into_iter().map(|(name, value)| (name, Secret::new(value))).collect(),
            home: platform::home(),
            root: Path::new("/etc").is_dir().then(|| PathBuf::from("/")),
            cwd: std::env::current_dir().unwrap_or_default(),
            temp: std::env::temp_dir(),
            proc: proc.join("self/stat").exists().then_some(proc),
            sudo_home: sudo_home(),
            windows_homes: windows_homes(Path::new("/")),
            uid: platform::user_id(),
            // Windows itself has two folders in it; PowerShell adds the user's.
            in_powershell: std::env::var_os("PSModulePath")
                .is_some_and(|folders| std::env::split_paths(&folders).count() > 2),
            platform: match std::env::consts::OS {
                "macos" => "darwin",
                "windows" => "win32",
                other => other,
            }
            .to_owned(),
        }
    }

    /// A variable that is set to something.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(|value| value.trim()).filter(|value| is_set(value))
    }

    /// What names the account and whoever called `sudo`.
    pub fn users(&self) -> Vec<String> {
        self.among_others(&["USER", "LOGNAME", "USERNAME", "SUDO_USER"])
    }

    /// What this machine is called.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts = self.among_others(&["HOSTNAME", "HOST", "COMPUTERNAME", "NAME"]);
        let file =
            self.root.as_ref().and_then(|root| super::disk::text(&root.join("etc/hostname")));
        hosts.extend(file.map(|name| name.trim().to_owned()));
        hosts
    }

    fn among_others(&self, names: &[&str]) -> Vec<String> {
        let found = names.iter().filter_map(|name| self.others.get(*name));
        found.map(|value| value.expose().trim().to_owned()).collect()
    }

    /// Whether root runs this for a user that typed `sudo`, whose shell is not root's.
    pub fn is_by_sudo(&self) -> bool {
        self.uid == 0 && self.sudo_home.is_some()
    }

    /// The accounts of this machine, as text.
    pub fn passwd(&self) -> Option<String> {
        super::disk::text(&self.root.as_ref()?.join(PASSWD.trim_start_matches('/')))
    }

    /// A path that a variable or a flag names: `~` is `home`, and what is relative begins where this
    /// process works.
    pub fn path(&self, text: &str, home: Option<&Path>) -> PathBuf {
        let text = text.trim();
        let path = match (text.strip_prefix('~'), home) {
            (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with(['/', '\\']) => {
                home.join(rest.trim_start_matches(['/', '\\']))
            }
            _ => PathBuf::from(text),
        };
        if path.is_absolute() { path } else { self.cwd.join(path) }
    }
}

/// Whether colour is unwanted: `NO_COLOR` is set to something, or the terminal is a dumb one.
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// The columns that `COLUMNS` names.
pub fn columns() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.trim().parse().ok()
}

/// Where Windows' home folders are seen from a Linux in it: its drives lie in `/mnt`, or in `/` where
/// somebody has set that.
fn windows_homes(root: &Path) -> Option<PathBuf> {
    let release = std::fs::read_to_string(root.join("proc/sys/kernel/osrelease")).ok()?;
    let found = release.to_ascii_lowercase().contains("microsoft");
    let mut homes = ["mnt/c/Users", "c/Users"].map(|homes| root.join(homes)).into_iter();
    homes.find(|homes| found && homes.is_dir())
}

/// How this program can have been started; what npm's shim says is one of these or nothing.
const PROGRAMS: [&str; 5] =
    ["clawmend", "npx clawmend", "pnpm dlx clawmend", "yarn dlx clawmend", "bunx clawmend"];

/// What is typed to start this program again, word by word.
pub fn program() -> Vec<String> {
    program_of(std::env::var_os("CLAWMEND_STARTED_AS").as_deref())
}

fn program_of(said: Option<&std::ffi::OsStr>) -> Vec<String> {
    let known = PROGRAMS.into_iter().find(|name| said == Some(std::ffi::OsStr::new(name)));
    known.unwrap_or("clawmend").split(' ').map(str::to_owned).collect()
}

/// The home folder of the user that called `sudo`.
fn sudo_home() -> Option<PathBuf> {
    let user = std::env::var("SUDO_USER").ok()?;
    if user.is_empty() || user == "root" || user.contains('/') || user.starts_with('.') {
        return None;
    }
    let listed =
        std::fs::read(PASSWD).ok().and_then(|text| home_of(&String::from_utf8_lossy(&text), &user));
    let usual = || {
        let mut homes = HOMES.iter().map(|homes| Path::new(homes).join(&user));
        homes.find(|home| home.is_dir())
    };
    listed.or_else(usual)
}

/// Name, user id and home folder of the accounts in the text of a passwd file.
fn accounts(passwd: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        Some((fields.next()?, fields.nth(1)?, fields.nth(2)?))
    })
}

/// A user's home folder, from the text of a passwd file.
pub(super) fn home_of(passwd: &str, user: &str) -> Option<PathBuf> {
    let (_, _, home) = accounts(passwd).find(|(name, _, _)| *name == user)?;
    home.starts_with('/').then(|| PathBuf::from(home))
}

/// The home folders of all accounts, from the text of a passwd file.
pub(super) fn homes_of(passwd: &str) -> impl Iterator<Item = &str> {
    let homes = accounts(passwd).map(|(_, _, home)| home);
    homes.filter(|home| home.starts_with('/') && *home != "/")
}

/// The user that a folder is of, where root runs this and it is somebody else with an account here.
pub fn other_owner(dir: &Path, env: &Env) -> Option<String> {
    let uid = platform::meta(&dir.metadata().ok()?).uid;
    let passwd = env.passwd().filter(|_| env.uid == 0 && uid != 0)?;
    user_of(&passwd, uid)
}

/// The name of a user, from the text of a passwd file.
pub(super) fn user_of(passwd: &str, uid: u32) -> Option<String> {
    let (name, _, _) = accounts(passwd).find(|(_, own, _)| own.parse() == Ok(uid))?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_of_windows_are_looked_for_in_wsl_alone() {
        let root = tempfile::tempdir().unwrap();
        let write = |release: &str| {
            let kernel = root.path().join("proc/sys/kernel");
            std::fs::create_dir_all(&kernel).unwrap();
            std::fs::write(kernel.join("osrelease"), release).unwrap();
        };
        assert_eq!(windows_homes(root.path()), None);
        write("5.15.153.1-microsoft-standard-WSL2\n");
        assert_eq!(windows_homes(root.path()), None);
        std::fs::create_dir_all(root.path().join("mnt/c/Users/ann")).unwrap();
        assert_eq!(windows_homes(root.path()), Some(root.path().join("mnt/c/Users")));
        write("6.1.0-18-amd64\n");
        assert_eq!(windows_homes(root.path()), None);
    }

    #[test]
    fn the_program_is_named_as_it_was_started_by_known_names_alone() {
        let named = |said: &str| program_of(Some(said.as_ref())).join(" ");
        assert_eq!(named("npx clawmend"), "npx clawmend");
        for odd in ["", "npx clawmend ", "NPX clawmend", "npx clawmend; id", "/x/clawmend"] {
            assert_eq!(named(odd), "clawmend", "{odd}");
        }
        assert_eq!(program_of(None), ["clawmend"]);
    }

    #[test]
    fn homes_are_read_from_the_accounts() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000:Ann,,,:/srv/homes/ann:/bin/sh\nodd:x\nrel:x:1:1::home:/bin/sh\n";
        let home = |user| home_of(passwd, user);
        assert_eq!(home("ann"), Some(PathBuf::from("/srv/homes/ann")));
        assert_eq!(home("an"), None);
        assert_eq!(home("odd"), None);
        assert_eq!(home("rel"), None);
    }
}

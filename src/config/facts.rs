//! What the edges know about the config beside its text: where files really lie, copies of it, and
//! variables that beat it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use super::copies::{ConfigCopy, CopyKind};
use super::flags::Flags;
use super::paths::Root;
use super::secretref::{Kept, SecretRef};
use crate::secret::Secret;
use crate::secret::words::is_in;

/// The surroundings of the config at one moment.
#[derive(Clone, Debug, Default)]
pub struct ConfigFacts {
    /// The config, as it was located; empty where nobody looked for one.
    pub path: PathBuf,
    /// The folders that includes may lie in, the config's own first.
    pub roots: Vec<Root>,
    /// Config files whose real path is another than the one they are called by.
    pub reals: BTreeMap<PathBuf, PathBuf>,
    /// Config files that are read here and never written.
    pub elsewhere: BTreeMap<PathBuf, Elsewhere>,
    /// The copies beside the config, the best first.
    pub copies: Vec<ConfigCopy>,
    /// The variable that says that another program writes the config.
    pub read_only: Option<String>,
    /// Where variables that OpenClaw looks at are set.
    pub variables: Vec<Variables>,
    /// The release that runs here still takes the variables' first names, and the `.env` of the working folder.
    pub reads_old_names: bool,
    /// A lock beside the config whose process is gone, and that process's id.
    pub stale_lock: Option<(PathBuf, u32)>,
    /// The profile (`--profile`, `OPENCLAW_PROFILE`), if one was named.
    pub profile: Option<String>,
    /// This machine is a container, by OpenClaw's own signs.
    pub container: bool,
    /// This machine's IPv4 addresses; `None` where they cannot be told.
    pub addresses: Option<BTreeSet<Ipv4Addr>>,
    /// What the references of the gateway's secrets lead to, where that can be told.
    pub kept: Vec<(SecretRef, Kept)>,
    /// The files that `gateway.tls` names, where it is on; without those whose path goes by a folder that is not known here.
    pub tls: Vec<TlsFile>,
    /// What `plugins.load.paths` names and is not there; without paths that go by a folder that is not known here.
    pub missing_plugins: Vec<PathBuf>,
}

/// A file that the gateway serves TLS with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFile {
    /// Which of the three files it is.
    pub kind: TlsKind,
    /// Where the gateway looks for it.
    pub path: PathBuf,
    /// Whether a file stands there.
    pub is_there: bool,
    /// Whether it holds what it is for, as far as its first lines tell; a key is not looked into.
    pub is_whole: bool,
}

/// What a file of `gateway.tls` is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsKind {
    /// `certPath`.
    Certificate,
    /// `keyPath`.
    Key,
    /// `caPath`: whose certificates it believes.
    Authority,
}

/// Names the variables of a service that its installer manages: those a `.env` file overrides.
const MANAGED_KEYS: &str = "OPENCLAW_SERVICE_MANAGED_ENV_KEYS";

impl ConfigFacts {
    /// Where a CLI that is called from this environment finds its variables, the strongest first.
    pub fn seen_by_cli(&self) -> impl Iterator<Item = &Variables> {
        self.variables.iter().filter(|at| at.place != Origin::Service)
    }

    /// Where the gateway of this state finds its variables, the strongest first; what else the shell held that
    /// it was started from is not known.
    pub fn seen_by_gateway(&self) -> impl Iterator<Item = &Variables> {
        let places = [Origin::Service, Origin::DotEnv, Origin::Config];
        places.into_iter().flat_map(|place| self.of_this_state(place))
    }

    /// The gateway's service, where it is this state's.
    pub fn of_the_service(&self) -> impl Iterator<Item = &Variables> {
        self.of_this_state(Origin::Service)
    }

    /// What the command line of the gateway's service says, and in which service.
    pub fn flag<'f, T>(
        &'f self,
        read: impl Fn(&'f Flags) -> Option<T>,
    ) -> Option<(&'f Variables, T)> {
        self.of_the_service().find_map(|at| Some((at, read(&at.flags)?)))
    }

    fn of_this_state(&self, place: Origin) -> impl Iterator<Item = &Variables> {
        let places = self.variables.iter();
        places.filter(move |at| at.place == place && at.other_state_dir.is_none())
    }

    /// Whether a gateway finds something of this kind in its environment, the one of another state dir too.
    pub fn is_set_for_gateway(&self, has: fn(&Variables) -> bool) -> bool {
        let is_seen =
            |at: &&Variables| matches!(at.place, Origin::DotEnv | Origin::Service | Origin::Config);
        self.variables.iter().filter(is_seen).any(has)
    }

    /// What a CLI that is called from this environment reads for a variable, and where.
    pub fn cli_variable(&self, name: &str) -> Option<(&Variables, &Secret)> {
        self.seen_by_cli().find_map(|at| Some((at, at.value(name)?)))
    }

    /// What the gateway reads for a variable, and where, as far as files tell.
    pub fn gateway_variable(&self, name: &str) -> Option<(&Variables, &Secret)> {
        let managed = self
            .seen_by_gateway()
            .filter_map(|at| at.value(MANAGED_KEYS))
            .any(|keys| keys.expose().split(',').any(|key| key.trim().eq_ignore_ascii_case(name)));
        let mut places: Vec<&Variables> = self.seen_by_gateway().collect();
        if managed {
            places.sort_by_key(|at| at.place);
        }
        places.into_iter().find_map(|at| Some((at, at.value(name)?)))
    }

    /// What a reference leads to, where that can be told.
    pub fn kept(&self, secret: &SecretRef) -> Option<&Kept> {
        self.kept.iter().find_map(|(one, kept)| (one == secret).then_some(kept))
    }

    /// The newest backup (`.bak`): the config before OpenClaw's last write.
    pub fn last_backup(&self) -> Option<&ConfigCopy> {
        self.copies.iter().find(|copy| copy.kind == CopyKind::Backup(0))
    }

    /// A config file with every link followed.
    pub fn real(&self, path: &Path) -> PathBuf {
        self.reals.get(path).map_or(path, PathBuf::as_path).to_path_buf()
    }
}

/// Why a config file is made elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// It lies in the state dir by name and, through a link, not in truth.
    LinkedOut,
    /// It is mounted by itself, as containers mount one file: it can't be replaced.
    Mounted,
}

impl Elsewhere {
    /// What makes it so, in words.
    pub fn says(self) -> &'static str {
        match self {
            Self::LinkedOut => "a link out of the state dir",
            Self::Mounted => "a mount of its own",
        }
    }
}

/// Variables that are set in one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    /// What kind of place sets them.
    pub place: Origin,
    /// Which, in words: a path, "this environment".
    pub at: String,
    /// What the service's manager calls it, where the place is a unit or a property list.
    pub service: Option<String>,
    /// `OPENCLAW_GATEWAY_TOKEN`.
    pub token: Option<Secret>,
    /// `OPENCLAW_GATEWAY_PASSWORD`.
    pub password: Option<Secret>,
    /// `OPENCLAW_GATEWAY_PORT`.
    pub port: Option<u16>,
    /// `OPENCLAW_GATEWAY_URL`.
    pub url: Option<String>,
    /// `OPENCLAW_STATE_DIR`, where it is another state dir than this one.
    pub other_state_dir: Option<PathBuf>,
    /// Everything that is set there, by name: the config may refer to any.
    pub values: BTreeMap<String, Secret>,
    /// Further files that this was read from: drop-ins and environment files of a unit.
    pub more: Vec<String>,
    /// Environment files that the place names and that could not be read: what they set is not known.
    pub unread: Vec<String>,
    /// Environment files that the place names, that are not there, and without which systemd does not start it.
    pub missing: Vec<String>,
    /// What its command line says, where the place is a service.
    pub flags: Flags,
    /// Where the service works: early releases load the `.env` there.
    pub working_dir: Option<PathBuf>,
}

/// Whether a variable's value is one: OpenClaw takes the words `undefined` and `null`, which broken scripts leave
/// behind, for nothing.
pub fn is_set(value: &str) -> bool {
    !matches!(value.trim(), "" | "undefined" | "null")
}

/// What the first names of OpenClaw's variables began with; releases up to 2026.3.13 take those of the first kind where
/// the `OPENCLAW_` one is not set, later ones ignore them.
const OLD_PREFIXES: [&str; 2] = ["CLAWDBOT_", "MOLTBOT_"];

impl Variables {
    /// What a place sets. `early`: the release here takes the variables' first names where the new ones are not set.
    pub fn set(place: Origin, at: String, values: BTreeMap<String, Secret>, early: bool) -> Self {
        let mut all = Self { place, at, values, ..Self::default() };
        all.token = all.text("OPENCLAW_GATEWAY_TOKEN", early).map(Secret::new);
        all.password = all.text("OPENCLAW_GATEWAY_PASSWORD", early).map(Secret::new);
        // `host:port` is taken too.
        let port = all.text("OPENCLAW_GATEWAY_PORT", early);
        let port = port.and_then(|port| port.rsplit(':').next()?.parse().ok());
        all.port = port.filter(|port| *port > 0);
        all.url = all.text("OPENCLAW_GATEWAY_URL", early).map(str::to_owned);
        all
    }

    /// A variable without the blanks around it; `early`: by its first name too.
    pub fn text(&self, name: &str, early: bool) -> Option<&str> {
        let old = || self.value(&name.replacen("OPENCLAW_", OLD_PREFIXES[0], 1));
        let value = self.value(name).or_else(|| early.then(old)?);
        value.map(|value| value.expose().trim())
    }

    /// Where one of these variables is set; this environment is no file.
    pub fn where_is(&self, variable: &str) -> crate::finding::Place {
        let file = if self.place == Origin::Process { "" } else { self.at.as_str() };
        crate::finding::Place::from(file).key(variable)
    }

    /// A variable that is set to something.
    pub fn value(&self, name: &str) -> Option<&Secret> {
        self.values.get(name).filter(|value| is_set(value.expose()))
    }

    /// Variables with old names that decide something for a gateway or a CLI.
    pub fn old_names(&self) -> Vec<&str> {
        const NAMES: &str = "TOKEN PASSWORD PORT URL STATE_DIR CONFIG_PATH HOME PROFILE";
        let about = |rest: &str| is_in(NAMES, rest.strip_prefix("GATEWAY_").unwrap_or(rest));
        let is_old = |name: &&String| {
            OLD_PREFIXES.iter().filter_map(|old| name.strip_prefix(old)).any(about)
        };
        self.values.keys().filter(is_old).map(String::as_str).collect()
    }
}

/// Who sees variables that are set there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// clawmend's own environment: the CLI's too, if it is called from the same shell.
    #[default]
    Process,
    /// The `.env` of the folder that the command is called in: the CLI, and only of releases up to 2026.3.13.
    WorkingFolder,
    /// A `.env` file that CLI and gateway both read.
    DotEnv,
    /// The gateway's service definition: the gateway alone.
    Service,
    /// `env` in the config: CLI and gateway, where nothing else sets it.
    Config,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(place: Origin, values: &[(&str, &str)]) -> Variables {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), Secret::new(*value));
        Variables::set(place, String::new(), values.iter().map(own).collect(), false)
    }

    #[test]
    fn cli_and_gateway_find_variables_in_their_own_order() {
        let mut other = set(Origin::Service, &[("A", "other")]);
        other.other_state_dir = Some("/other".into());
        let mut facts = ConfigFacts {
            variables: vec![
                set(Origin::Process, &[("A", "shell"), ("B", "undefined")]),
                set(Origin::DotEnv, &[("A", "file"), ("B", "file")]),
                other,
                set(Origin::Service, &[("A", "unit")]),
            ],
            ..ConfigFacts::default()
        };
        let cli = |facts: &ConfigFacts, name| {
            facts.cli_variable(name).map(|(_, value)| value.expose().to_owned())
        };
        let gateway = |facts: &ConfigFacts, name| {
            facts.gateway_variable(name).map(|(_, value)| value.expose().to_owned())
        };
        assert_eq!(cli(&facts, "A").as_deref(), Some("shell"));
        assert_eq!(cli(&facts, "B").as_deref(), Some("file"));
        assert_eq!(gateway(&facts, "A").as_deref(), Some("unit"));
        assert_eq!(gateway(&facts, "C"), None);
        facts.variables[3].values.insert(MANAGED_KEYS.to_owned(), Secret::new("X,a"));
        assert_eq!(gateway(&facts, "A").as_deref(), Some("file"));
    }
}

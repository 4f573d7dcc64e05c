//! What the edges know about the config beside its text: where files really lie, copies of it, and
//! variables that beat it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use super::copies::{Copy, CopyKind};
use super::files::Root;
use crate::secret::Secret;

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
    pub copies: Vec<Copy>,
    /// The variable that says that the config is managed elsewhere.
    pub read_only: Option<String>,
    /// Where variables that OpenClaw looks at are set.
    pub variables: Vec<Variables>,
    /// The profile, if one was named.
    pub profile: Option<String>,
    /// This machine is a container, by OpenClaw's own signs.
    pub container: bool,
    /// This machine's IPv4 addresses; `None` where they cannot be told.
    pub addresses: Option<BTreeSet<Ipv4Addr>>,
}

impl ConfigFacts {
    /// The newest backup (`.bak`): the config before OpenClaw's last write.
    pub fn last_backup(&self) -> Option<&Copy> {
        self.copies.iter().find(|copy| copy.kind == CopyKind::Backup(0))
    }

    /// A config file with every link followed.
    pub fn real(&self, path: &Path) -> PathBuf {
        self.reals.get(path).map_or_else(|| path.to_path_buf(), PathBuf::clone)
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
    /// What the file is.
    pub fn says(self) -> &'static str {
        match self {
            Self::LinkedOut => "a link out of the state dir",
            Self::Mounted => "mounted by itself",
        }
    }
}

/// Variables that are set in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variables {
    /// What kind of place.
    pub place: Place,
    /// Which, in words: a path, "this environment".
    pub at: String,
    /// `OPENCLAW_GATEWAY_TOKEN`.
    pub token: Option<Secret>,
    /// `OPENCLAW_GATEWAY_PASSWORD` is set.
    pub password: bool,
    /// `OPENCLAW_GATEWAY_PORT`.
    pub port: Option<u16>,
    /// `OPENCLAW_GATEWAY_URL`.
    pub url: Option<String>,
    /// `OPENCLAW_STATE_DIR`, where it is another state dir than this one.
    pub other_state_dir: Option<PathBuf>,
    /// The names of all variables that are set there.
    pub names: BTreeSet<String>,
}

/// Who sees variables that are set there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// clawmend's own environment: the CLI's too, if it is called from the same shell.
    Process,
    /// A `.env` file that CLI and gateway both read.
    DotEnv,
    /// The gateway's service definition: the gateway alone.
    Service,
}

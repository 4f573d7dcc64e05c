//! What is known beside the state itself: handed to the core as values by the edges.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::config::facts::ConfigFacts;
use crate::step::Step;

/// The surroundings of a state dir at one moment.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Now, milliseconds since 1970.
    pub now_ms: i64,
    /// The state dir as it was located.
    pub state_dir: PathBuf,
    /// What `process.platform` says on this machine: `linux`, `darwin`, `win32`.
    pub platform: String,
    /// The home folders of Windows, where the state dir lies in them and this is a Linux in it (WSL).
    pub in_windows: Option<PathBuf>,
    /// Other state dirs that exist (F22, F25).
    pub other_trees: Vec<Tree>,
    /// The container that the state dir belongs to, as far as paths and files tell.
    pub belongs_to: Option<super::container::Container>,
    /// The compose file near the state dir that names an OpenClaw.
    pub compose: Option<Compose>,
    /// The process of pm2 that runs a gateway on this state.
    pub pm2: Option<String>,
    /// Whether a gateway runs on this state dir.
    pub gateway: GatewayProcess,
    /// The TCP ports that the gateway that runs listens on, as far as the process table tells.
    pub listens: BTreeSet<u16>,
    /// Files and folders of the state with a strange owner or mode (F13).
    pub access: Vec<Access>,
    /// Leftover temporary files of interrupted writes (F36), relative to the state dir.
    pub orphans: Vec<String>,
    /// A clawmend apply that was interrupted, or may have been.
    pub interrupted: Option<Interruption>,
    /// What SQLite keeps beside the database, as far as it is there, relative to the state dir.
    pub beside_database: Vec<String>,
    /// What snapshots hold of what is lost here.
    pub kept: Kept,
    /// Snapshots that a killed clawmend left half-made, by name.
    pub half_built: Vec<String>,
    /// Temp files of clawmend's that a killed run left, relative to the state dir.
    pub temps: Vec<String>,
    /// `exec-approvals.json`, which blocks OpenClaw's own migration (F14), and what an interrupted one had
    /// claimed, relative to the state dir.
    pub blockers: Vec<String>,
    /// Jobs or conversations of the file generation that are no JSON, relative to the state dir.
    pub broken_files: Vec<String>,
    /// Pairing files already imported into the database (`*.json.migrated`), relative to the state dir.
    pub migrated: Vec<String>,
    /// The latest rules whose releases have left a trace in the state dir.
    pub era: super::scopes::Era,
    /// Copies of the config, variables and real paths.
    pub config: ConfigFacts,
}

/// The newest whole snapshot that holds each part. Looked for only where one of the parts cannot be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The path of a config in a snapshot.
    pub config: Option<PathBuf>,
    /// The id of a snapshot with this machine's identity.
    pub identity: Option<String>,
    /// The id of a snapshot with other devices than this machine in its `paired.json`, and how many.
    pub devices: Option<(String, usize)>,
    /// The id of a snapshot with the pairing of a database.
    pub tables: Option<String>,
}

/// What clawmend's journal tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// A run was interrupted; the text says what and when.
    Run(String),
    /// The same of one that changed another config than the one that is looked at.
    OtherConfig(String, PathBuf),
    /// Whoever runs this may not look whether there is one.
    NotYours {
        /// The state dir's owner, who may.
        owner: u32,
    },
}

/// The side of WSL that something belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Windows itself.
    Windows,
    /// A Linux, in WSL or elsewhere; macOS has the same kind of paths.
    Linux,
}

impl Side {
    /// The side of a platform as Node names it.
    pub fn of_platform(platform: &str) -> Self {
        if platform == "win32" { Self::Windows } else { Self::Linux }
    }

    /// The side on which a path means something; `None` for one that is not absolute.
    pub fn of_path(path: &str) -> Option<Self> {
        match path.as_bytes() {
            [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic() => Some(Self::Windows),
            [b'\\', b'\\', ..] => Some(Self::Windows),
            [b'/', next, ..] if *next != b'/' => Some(Self::Linux),
            _ => None,
        }
    }
}

/// Another state dir.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// The other state dir.
    pub path: PathBuf,
    /// How many devices are paired there, if that could be told.
    pub paired: Option<usize>,
    /// The `gateway.port` of its config, where it has one.
    pub port: Option<u16>,
    /// Why it is a candidate, e.g. "legacy name", "profile `work`".
    pub what: String,
}

/// Whether a gateway runs on the state dir, told by its lock and the process table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum GatewayProcess {
    /// No lock names a live process.
    #[default]
    NotRunning,
    /// A lock names a live process that started when the lock says.
    Running {
        /// Its process id.
        pid: u32,
    },
    /// A lock is there, but the process table cannot be read here; the text says why.
    Unknown(String),
}

/// A compose file that runs an OpenClaw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compose {
    /// The files that make it up, as compose takes them: the first is its own.
    pub files: Vec<PathBuf>,
    /// The service in it that mounts the state dir.
    pub service: Option<String>,
}

impl Compose {
    /// A command of compose for it.
    pub fn step<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Step {
        let files = self.files.iter().flat_map(|file| ["-f".into(), file.clone().into_os_string()]);
        let is_podmans = |file: &PathBuf| {
            file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("podman"))
        };
        match self.files.first().is_some_and(is_podmans) {
            true => Step::run::<&str>("podman-compose", []).with(files).with(args),
            false => Step::run("docker", ["compose"]).with(files).with(args),
        }
    }
}

impl GatewayProcess {
    /// Whether a gateway is known to run; unknown counts as no.
    pub fn runs(&self) -> bool {
        matches!(self, Self::Running { .. })
    }
}

/// A path that the gateway may not be able to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Relative to the state dir; empty for the state dir itself.
    pub path: String,
    /// What keeps the gateway from using it.
    pub trouble: Trouble,
}

/// What keeps a gateway from using a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Owned by another uid than the state dir.
    Owner {
        /// The owner found.
        uid: u32,
        /// The owner of the state dir.
        expected: u32,
    },
    /// The owner may not read or write it; the mode found.
    Mode(u32),
    /// Others than the owner may write it; the mode found.
    Loose(u32),
    /// Others than the owner may read it, and it holds secrets; the mode found.
    Open(u32),
}

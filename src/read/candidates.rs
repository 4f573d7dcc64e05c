//! State dirs that a run may mean where it has found none, and all that `diagnose --all` looks at: those of
//! this home, of whoever called `sudo`, and for root those of every account, of volumes and of containers.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::disk::{names, real};
use super::env::{Env, homes_of, user_of};
use super::trees::{looks_like_state, of_home, of_windows, profile_of};
use super::{containers, places};
use crate::model::container::{Container, Storage};
use crate::platform;
use crate::step::Step;
use crate::text::utc;

/// So many state dirs are looked for.
const MOST: usize = 500;
/// Folders below the root whose folders are homes.
const HOMES: [&str; 2] = ["home", "Users"];
/// Folders below a home whose folders are volumes of the user's own containers.
const USERS_VOLUMES: [&str; 2] =
    [".local/share/docker/volumes", ".local/share/containers/storage/volumes"];
/// What images take for the home or the state dir of their OpenClaw.
const FOLDERS: [&str; 4] = ["root", "config", "data", "share"];

/// A state dir that exists and may be the one that is meant.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its path.
    pub dir: PathBuf,
    /// What it is: "profile `work`", "a container's volume".
    pub what: String,
    /// A run without flags takes this one.
    pub is_own: bool,
    /// The profile of this home that it is.
    pub profile: Option<String>,
    /// Whose it is, where the system knows owners.
    pub uid: Option<u32>,
    /// The same by name, where the machine knows one.
    pub user: Option<String>,
    /// When something in it was changed last, milliseconds since 1970.
    pub used_ms: Option<i64>,
    /// The container that it belongs to.
    pub container: Option<Container>,
}

impl Candidate {
    fn of(
        dir: PathBuf,
        what: String,
        home: Option<&Path>,
        passwd: &str,
        container: Option<Container>,
    ) -> Self {
        let uid = dir.metadata().ok().filter(|_| platform::KNOWS_OWNERS);
        let uid = uid.map(|found| platform::meta(&found).uid);
        let name = dir.file_name().filter(|_| home.is_some() && dir.parent() == home);
        let profile = name.and_then(|name| profile_of(name.to_str()?));
        Self {
            what,
            is_own: false,
            profile: profile.map(str::to_owned),
            uid,
            user: uid.and_then(|uid| user_of(passwd, uid)),
            used_ms: used(&dir),
            container,
            dir,
        }
    }

    /// Its owner: `ann`, `uid 1000`.
    pub fn owner(&self) -> String {
        match (&self.user, self.uid) {
            (Some(user), _) => user.clone(),
            (None, Some(uid)) => format!("uid {uid}"),
            (None, None) => "?".to_owned(),
        }
    }

    /// `profile `work`, of ann, last used 2026-11-24 18:13:20 UTC`.
    pub fn about(&self) -> String {
        let owner = self.uid.map(|_| format!(", of {}", self.owner())).unwrap_or_default();
        let used = self.used_ms.map(|ms| format!(", last used {}", utc(ms))).unwrap_or_default();
        format!("{}{owner}{used}", self.what)
    }

    /// How clawmend looks at it. A volume's owner cannot come to it from outside their container, and root works
    /// with the owner's rights.
    pub fn step(&self) -> Step {
        let by_engine = self.container.as_ref().filter(|container| {
            self.uid != Some(0) && matches!(container.kept, Storage::Volume { .. })
        });
        let step = by_engine.and_then(|container| container.run(&self.dir).into_iter().next());
        step.unwrap_or_else(|| match self.is_own {
            true => Step::diagnose(),
            false => Step::elsewhere(self.flags()),
        })
    }

    /// The flags that name it; none for the one that a run takes without any.
    pub fn flags(&self) -> Vec<OsString> {
        match (&self.profile, self.is_own) {
            (_, true) => Vec::new(),
            (Some(profile), _) => vec!["--profile".into(), profile.into()],
            (None, _) => vec!["--state-dir".into(), self.dir.clone().into()],
        }
    }
}

/// Every state dir that this process can know of, those of this home first; `own`, which a run without flags
/// takes, in any case.
pub(super) fn candidates(env: &Env, home: Option<&Path>, own: Option<&Path>) -> Vec<Candidate> {
    let passwd = env.passwd().unwrap_or_default();
    let own = own.map(real);
    let mut looked: Vec<(PathBuf, String)> = Vec::new();
    for name in ["OPENCLAW_STATE_DIR", "CLAWDBOT_STATE_DIR"] {
        looked.extend(env.var(name).map(|dir| (env.path(dir, home), format!("{name} names it"))));
    }
    let homes = [home, env.home.as_deref(), env.sudo_home.as_deref()];
    looked.extend(homes.into_iter().flatten().flat_map(of_home));
    looked.extend(of_windows(env));
    let mounts = containers::mounts(env);
    looked.extend(of_root(env, &passwd, &mounts));
    let mut seen = Vec::new();
    let mut found = Vec::new();
    for (dir, what) in looked {
        let place = real(&dir);
        let is_own = own.as_ref() == Some(&place);
        let is_there = looks_like_state(&dir) || is_own;
        // A folder that is mounted in a second place is the same one.
        let node = dir.metadata().map(|found| platform::meta(&found)).ok();
        let node = node.filter(|_| platform::KNOWS_OWNERS).map(|meta| (meta.dev, meta.ino));
        let is_new = |(at, one): &(PathBuf, _)| *at != place && (node.is_none() || *one != node);
        if found.len() < MOST && is_there && seen.iter().all(is_new) {
            seen.push((place, node));
            let container = containers::of(&dir, &mounts, env);
            let one = Candidate::of(dir, what, home, &passwd, container);
            found.push(Candidate { is_own, ..one });
        }
    }
    found
}

/// What root alone may look into.
fn of_root(env: &Env, passwd: &str, mounts: &[containers::Mount]) -> Vec<(PathBuf, String)> {
    let Some(root) = env.root.as_deref().filter(|_| env.uid == 0) else { return Vec::new() };
    let below = |folder: PathBuf| {
        let names = names(&folder).into_iter();
        names.map(move |name| folder.join(name)).collect::<Vec<_>>()
    };
    let mut homes: Vec<PathBuf> = HOMES.iter().flat_map(|homes| below(root.join(homes))).collect();
    homes.extend(homes_of(passwd).map(|home| root.join(home.trim_start_matches('/'))));
    let mut volumes: Vec<PathBuf> = Vec::new();
    let mut looked: Vec<(PathBuf, String)> = Vec::new();
    for home in &homes {
        volumes.extend(USERS_VOLUMES.map(|folder| home.join(folder)));
        looked.extend(of_home(home));
        looked.push((home.clone(), "a home".to_owned()));
    }
    let volumes = volumes.into_iter().flat_map(below).map(|volume| volume.join("_data"));
    let volumes = volumes.map(|data| (data, "a container's volume".to_owned()));
    let places = places::all(root).map(|(folder, what)| (folder, what.to_owned()));
    let mounts = mounts
        .iter()
        .map(|mount| (mount.source.clone(), format!("a folder of container `{}`", mount.name)));
    let folders = FOLDERS.map(|folder| (root.join(folder), "a folder".to_owned()));
    for (folder, what) in volumes.chain(mounts).chain(places).chain(folders) {
        looked.push((folder.clone(), what.clone()));
        looked.extend(of_home(&folder).into_iter().map(|(dir, _)| (dir, what.clone())));
    }
    looked
}

/// When something in a state dir was changed last.
fn used(dir: &Path) -> Option<i64> {
    let names = ["", "devices", "identity", "state", "state/openclaw.sqlite-wal"];
    let found = names.iter().filter_map(|name| dir.join(name).symlink_metadata().ok());
    let newest = found.map(|found| platform::meta(&found).mtime_ns).max()?;
    i64::try_from(newest / 1_000_000).ok()
}

//! Which container a state dir belongs to: by its path, by what Docker keeps about its containers (for root
//! alone), and by the owner and the locks of the state dir. Nothing is asked of an engine.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::disk::{names, real};
use super::env::{Env, user_of};
use super::process;
use crate::model::container::Container;
use crate::model::facts::Compose;
use crate::platform;

/// Where Docker keeps all that is its own, below the root: its own place, and that of the snap.
pub(super) const DOCKER: [&str; 2] = ["var/lib/docker", "var/snap/docker/common/var-lib-docker"];
/// What Docker knows of one, in its folder.
const CONFIG: &str = "config.v2.json";
/// Such a file has some kilobytes. Bytes.
const LARGEST: u64 = 4 << 20;

/// A folder or volume that a container has, by Docker's own files.
pub(super) struct Mount {
    /// The folder on this machine.
    pub source: PathBuf,
    /// The same in the container.
    destination: PathBuf,
    /// The container's name.
    pub name: String,
    runs: Option<bool>,
}

/// What Docker's containers mount; nothing where this process is not root's.
pub(super) fn mounts(env: &Env) -> Vec<Mount> {
    let Some(root) = env.root.as_deref().filter(|_| env.uid == 0) else { return Vec::new() };
    let docker = DOCKER.map(|docker| root.join(docker));
    let files = docker.iter().flat_map(|docker| {
        let folder = docker.join("containers");
        let files = names(&folder).into_iter().map(move |id| folder.join(id).join(CONFIG));
        files.filter_map(|file| of_file(root, docker, &file)).flatten()
    });
    files.collect()
}

fn of_file(root: &Path, docker: &Path, file: &Path) -> Option<Vec<Mount>> {
    let state = crate::files::read_small(file, LARGEST);
    let container: Value = serde_json::from_slice(state.bytes()?).ok()?;
    let name = container.get("Name")?.as_str()?.trim_start_matches('/').to_owned();
    let runs = container.pointer("/State/Running").and_then(Value::as_bool);
    let mounts = container.get("MountPoints")?.as_object()?;
    let mount = |mount: &Value| {
        let text = |key: &str| mount.get(key).and_then(Value::as_str).filter(|it| !it.is_empty());
        let source = match (text("Source"), text("Name")) {
            (Some(source), _) => root.join(source.trim_start_matches('/')),
            (None, name) => docker.join("volumes").join(name?).join("_data"),
        };
        let destination = text("Destination")?.into();
        Some(Mount { source, destination, name: name.clone(), runs })
    };
    Some(mounts.values().filter_map(mount).collect())
}

/// The container of a state dir, as far as its path and Docker's mounts tell.
pub(super) fn of(state_dir: &Path, mounts: &[Mount], env: &Env) -> Option<Container> {
    let place = real(state_dir);
    let by_path = Container::of_path(state_dir).or_else(|| Container::of_path(&place));
    let mounted = mounts.iter().find_map(|mount| {
        let below = place.strip_prefix(real(&mount.source)).ok()?;
        Some((mount, below))
    });
    let mut found = by_path.or_else(|| mounted.map(|_| Container::of_folder(None)))?;
    if let Some((mount, below)) = mounted {
        found.inside = Some(match below.as_os_str().is_empty() {
            true => mount.destination.clone(),
            false => mount.destination.join(below),
        });
        found.name = Some(mount.name.clone());
        found.runs = mount.runs;
    }
    // Nobody but root has to become another user for their own engine.
    found.user = found.user.filter(|_| env.uid == 0);
    Some(found)
}

/// A folder that a compose file mounts.
pub(super) fn composed(compose: &Compose) -> Option<Container> {
    compose.service.as_ref()?;
    let sign = format!("{} mounts it", crate::text::named(compose.files.last()?));
    Some(Container::of_folder(Some(sign)))
}

/// A folder that looks as if a container used it: a gateway's lock in it names it by another path, or its
/// owner has no account here. In a container itself neither says anything.
pub(super) fn guessed(state_dir: &Path, env: &Env) -> Option<Container> {
    if let Some(inside) = process::other_path(state_dir) {
        let sign = format!("its gateway's lock calls it {}", crate::text::named(&inside));
        let mut found = Container::of_folder(Some(sign));
        found.inside = Some(inside);
        return Some(found);
    }
    let uid = platform::meta(&state_dir.metadata().ok()?).uid;
    let is_other = platform::KNOWS_OWNERS && env.uid == 0 && uid != 0;
    let passwd = env.passwd().filter(|_| is_other)?;
    user_of(&passwd, uid)
        .is_none()
        .then(|| Container::of_folder(Some(format!("its owner, uid {uid}, has no account here"))))
}

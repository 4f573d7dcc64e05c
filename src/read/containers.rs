//! Which container a state dir belongs to: by its path, by what Docker keeps about its containers (for root
//! alone), and by the owner and the locks of the state dir. Nothing is asked of an engine.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::disk::{names, real};
use super::env::{Env, user_of};
use super::{places, process};
use crate::model::container::{Container, Storage};
use crate::model::facts::Compose;
use crate::platform;

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
    let docker = places::docker(root);
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
    if matches!(found.kept, Storage::Pod { .. }) {
        found = pod_of(&place, env).unwrap_or(found);
    }
    // Nobody but root has to become another user for their own engine.
    found.user = found.user.filter(|_| env.uid == 0);
    Some(found)
}

/// The pod of a volume: the kubelet names the volume by the pod's id, and the folder of its logs by all three names.
fn pod_of(volume: &Path, env: &Env) -> Option<Container> {
    let mut parts = volume.iter().skip_while(|part| *part != "pods").skip(1);
    let id = parts.next()?.to_str()?;
    let logs = names(&env.root.as_ref()?.join("var/log/pods"));
    let name = logs.iter().find_map(|name| name.strip_suffix(id)?.strip_suffix('_'))?;
    let (namespace, pod) = name.split_once('_')?;
    Some(Container::of_pod(Some(namespace), Some(pod)))
}

/// The pod that this process runs in.
pub fn own_pod(env: &Env) -> Option<Container> {
    env.others.get("KUBERNETES_SERVICE_HOST")?;
    let namespace = env.root.as_ref().and_then(|root| {
        super::disk::text(&root.join("var/run/secrets/kubernetes.io/serviceaccount/namespace"))
    });
    let hosts = env.hosts();
    Some(Container::of_pod(namespace.as_deref().map(str::trim), hosts.first().map(String::as_str)))
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
    let of_places = env.root.as_deref().and_then(|root| places::kind(root, &real(state_dir)));
    if let Some(kind) = of_places.filter(|kind| *kind != places::ADDON) {
        return Some(Container::of_folder(Some(kind.to_owned())));
    }
    let uid = platform::meta(&state_dir.metadata().ok()?).uid;
    let is_other = platform::KNOWS_OWNERS && env.uid == 0 && uid != 0;
    let passwd = env.passwd().filter(|_| is_other)?;
    user_of(&passwd, uid)
        .is_none()
        .then(|| Container::of_folder(Some(format!("its owner, uid {uid}, has no account here"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn a_process_in_a_pod_knows_what_makes_the_pod_anew() {
        let root = tempfile::tempdir().unwrap();
        let account = root.path().join("var/run/secrets/kubernetes.io/serviceaccount");
        std::fs::create_dir_all(&account).unwrap();
        std::fs::write(account.join("namespace"), "apps\n").unwrap();
        let mut env = Env { root: Some(root.path().into()), ..Env::default() };
        let name = Secret::new("claw-0".to_owned());
        env.others.insert("HOSTNAME".into(), name);
        assert_eq!(own_pod(&env), None);
        env.others.insert("KUBERNETES_SERVICE_HOST".into(), Secret::new("10.0.0.1".to_owned()));
        assert_eq!(own_pod(&env), Some(Container::of_pod(Some("apps"), Some("claw-0"))));
    }
}

//! Where containers' folders lie on the machines that people run them on.

use std::path::{Path, PathBuf};

use super::disk::names;

const VOLUME: &str = "a container's volume";
const POD: &str = "a volume of a pod of Kubernetes";
const SYNOLOGY: &str = "a folder of Synology's Container Manager";
const CASAOS: &str = "an app of CasaOS";
pub(super) const ADDON: &str = "a Home Assistant add-on";

/// Below the root, and what each is; `*` is any name, or the rest of one.
const PLACES: [(&str, &str); 18] = [
    ("var/lib/docker/volumes/*/_data", VOLUME),
    ("var/snap/docker/common/var-lib-docker/volumes/*/_data", VOLUME),
    ("var/lib/containers/storage/volumes/*/_data", VOLUME),
    ("volume*/@docker/volumes/*/_data", VOLUME),
    ("mnt/.ix-apps/docker/volumes/*/_data", VOLUME),
    ("addon_configs/*", ADDON),
    ("usr/share/hassio/addon_configs/*", ADDON),
    ("var/lib/kubelet/pods/*/volumes/*/*", POD),
    ("var/lib/kubelet/pods/*/volumes/*/*/mount", POD),
    ("var/lib/rancher/k3s/storage/*", POD),
    ("opt/local-path-provisioner/*", POD),
    ("volume*/docker/*", SYNOLOGY),
    ("volume*/docker/*/*", SYNOLOGY),
    ("DATA/AppData/*", CASAOS),
    ("DATA/AppData/*/*", CASAOS),
    ("home/*/umbrel/app-data/*/data", "an app of Umbrel"),
    ("mnt/user/appdata/*", "an app of Unraid"),
    ("mnt/.ix-apps/app_mounts/*/*", "an app of TrueNAS"),
];
/// Where Docker keeps all that is its own: its own place, that of the snap, of Synology and of TrueNAS.
const DOCKER: [&str; 4] = [
    "var/lib/docker",
    "var/snap/docker/common/var-lib-docker",
    "volume*/@docker",
    "mnt/.ix-apps/docker",
];

/// Docker's own folders that are there.
pub(super) fn docker(root: &Path) -> Vec<PathBuf> {
    DOCKER.iter().flat_map(|pattern| found(root, pattern)).collect()
}

/// Every such folder that is there, and what it is.
pub(super) fn all(root: &Path) -> impl Iterator<Item = (PathBuf, &'static str)> {
    PLACES.iter().flat_map(|(pattern, what)| {
        found(root, pattern).into_iter().map(move |folder| (folder, *what))
    })
}

/// The kind of container that keeps its folders where a path lies.
pub(super) fn kind(root: &Path, path: &Path) -> Option<&'static str> {
    let below: Vec<&str> =
        path.strip_prefix(root).ok()?.iter().filter_map(|it| it.to_str()).collect();
    let is_of = |pattern: &str| {
        let parts: Vec<&str> = pattern.split('/').collect();
        parts.len() <= below.len() && parts.iter().zip(&below).all(|(part, name)| fits(part, name))
    };
    PLACES.iter().find(|(pattern, _)| is_of(pattern)).map(|(_, what)| *what)
}

fn fits(part: &str, name: &str) -> bool {
    part.strip_suffix('*').map_or(part == name, |begin| name.starts_with(begin))
}

/// The folders that a pattern names.
fn found(root: &Path, pattern: &str) -> Vec<PathBuf> {
    pattern.split('/').fold(vec![root.to_path_buf()], |folders, part| {
        let below = folders.into_iter().flat_map(|folder| {
            let names = match part.contains('*') {
                true => names(&folder),
                false => vec![part.to_owned()],
            };
            let names = names.into_iter().filter(|name| fits(part, name));
            names.map(move |name| folder.join(name)).collect::<Vec<_>>()
        });
        below.filter(|folder| folder.is_dir()).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_found_and_known_by_the_same_table() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        for (folder, what) in [
            ("var/lib/kubelet/pods/0a/volumes/kubernetes.io~nfs/claw", POD),
            ("var/lib/kubelet/pods/0a/volumes/kubernetes.io~csi/claw/mount", POD),
            ("volume2/docker/claw", SYNOLOGY),
            ("DATA/AppData/claw/config", CASAOS),
            ("home/umbrel/umbrel/app-data/openclaw/data", "an app of Umbrel"),
            ("var/lib/docker/volumes/claw/_data", VOLUME),
        ] {
            let dir = root.join(folder);
            std::fs::create_dir_all(&dir).unwrap();
            assert!(all(root).any(|one| one == (dir.clone(), what)), "{folder}");
            assert_eq!(kind(root, &dir.join(".openclaw")), Some(what), "{folder}");
        }
        assert_eq!(kind(root, &root.join("home/ann/.openclaw")), None);
        assert_eq!(kind(root, &root.join("volumes/docker")), None);
    }
}

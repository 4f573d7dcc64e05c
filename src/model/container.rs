//! The container that a state dir belongs to, told by where it lies and by what the container engine keeps
//! on disk. One way to say it, to run clawmend on it and to restart it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::step::Step;

/// Where a container of clawmend's own image has the state.
const STATE: &str = "/state";

/// clawmend's own image: it is named as the repository is.
pub fn image() -> String {
    format!("ghcr.io{}", env!("CARGO_PKG_REPOSITORY").trim_start_matches("https://github.com"))
}

/// A container and its state dir.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// `docker`, `podman` or `kubectl`.
    pub engine: &'static str,
    /// Where the engine keeps the state.
    pub kept: Storage,
    /// The user whose engine it is, where it is not root's.
    pub user: Option<String>,
    /// The container's name, where the engine's own files tell; of a pod what makes it (`deployment/openclaw`).
    pub name: Option<String>,
    /// The state dir as the container sees it.
    pub inside: Option<PathBuf>,
    /// Whether it runs, by the engine's own files.
    pub runs: Option<bool>,
    /// What else gave it away, in words.
    pub sign: Option<String>,
    /// The unit of systemd that starts it, and whether it is a user's.
    pub quadlet: Option<(String, bool)>,
}

/// Where the engine keeps what a container sees as its state dir.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// In a volume of the engine.
    Volume {
        /// The volume's name, as the engine lists it.
        name: String,
        /// The state dir, relative to the volume.
        below: PathBuf,
    },
    /// In a folder of this machine that the container mounts.
    Folder,
    /// In the container itself: no other container reaches it.
    Layer,
    /// In a volume of a pod of Kubernetes.
    Pod {
        /// The namespace of the pod.
        namespace: Option<String>,
    },
}

impl Container {
    /// Told by the path alone: a volume, or a container's own files.
    pub fn of_path(state_dir: &Path) -> Option<Self> {
        let parts: Vec<&str> = state_dir.iter().filter_map(|part| part.to_str()).collect();
        let below = |count: usize| parts.iter().skip(count).collect::<PathBuf>();
        let engine_of = |parts: &[&str]| match parts {
            // Docker's own place, that of the snap and of Synology.
            [.., "docker" | "var-lib-docker" | "@docker"] => Some("docker"),
            [.., "containers", "storage"] => Some("podman"),
            _ => None,
        };
        (1..parts.len()).find_map(|at| {
            let (before, rest) = parts.split_at_checked(at)?;
            let (engine, kept, inside) = match (engine_of(before), rest) {
                (_, ["kubelet", "pods", _, "volumes", _, _, ..]) => {
                    ("kubectl", Storage::Pod { namespace: None }, None)
                }
                (_, [claim, ..]) if is_claim(claim) => {
                    // `pvc-UID_NAMESPACE_NAME`, as k3s names the folder of a claim.
                    let namespace = claim.split('_').nth(1).filter(|it| is_label(it));
                    let namespace = namespace.map(str::to_owned);
                    ("kubectl", Storage::Pod { namespace }, None)
                }
                (Some(engine), ["volumes", name, "_data", ..]) => {
                    let below = below(at + 3);
                    (engine, Storage::Volume { name: (*name).to_owned(), below }, None)
                }
                (Some(engine), ["overlay" | "overlay2", _, "diff" | "merged", ..]) => {
                    (engine, Storage::Layer, Some(Path::new("/").join(below(at + 3))))
                }
                (None, ["snapshots", _, "fs", ..])
                    if before.iter().any(|part| part.starts_with("io.containerd.snapshotter")) =>
                {
                    ("docker", Storage::Layer, Some(Path::new("/").join(below(at + 3))))
                }
                _ => return None,
            };
            let user = match before {
                [.., "home" | "Users", user, ".local", "share", _]
                | [.., "home" | "Users", user, ".local", "share", _, _] => Some((*user).to_owned()),
                _ => None,
            };
            Some(Self { user, inside, ..Self::of(engine, kept) })
        })
    }

    /// A folder of this machine; `sign` says why it is taken for a container's, where the engine's own files don't.
    pub fn of_folder(sign: Option<String>) -> Self {
        Self { sign, ..Self::of("docker", Storage::Folder) }
    }

    /// A pod of Kubernetes, by its namespace and its own name.
    pub fn of_pod(namespace: Option<&str>, pod: Option<&str>) -> Self {
        let label = |text: &&str| is_label(text);
        let namespace = namespace.filter(label).map(str::to_owned);
        let name = pod.filter(label).and_then(controller);
        Self { name, ..Self::of("kubectl", Storage::Pod { namespace }) }
    }

    fn of(engine: &'static str, kept: Storage) -> Self {
        Self {
            engine,
            kept,
            user: None,
            name: None,
            inside: None,
            runs: None,
            sign: None,
            quadlet: None,
        }
    }

    /// What it is, in words for findings.
    pub fn says(&self) -> String {
        let engine = match self.engine {
            "docker" => "Docker",
            _ => "Podman",
        };
        let mut text = match &self.kept {
            Storage::Volume { name, .. } => format!("volume `{name}` of {engine}"),
            Storage::Folder if self.name.is_some() => format!("a folder that {engine} mounts"),
            Storage::Folder => "a folder of a container, it seems".to_owned(),
            Storage::Layer => format!("inside a container of {engine}, in no volume"),
            Storage::Pod { namespace } => {
                let pod = self.name.as_deref().map_or("a pod".into(), |name| format!("`{name}`"));
                let within = namespace.as_ref().map(|it| format!(" in namespace `{it}`"));
                return format!("a volume of {pod}{} of Kubernetes", within.unwrap_or_default());
            }
        };
        if let Some(name) = &self.name {
            let runs = match self.runs {
                Some(true) => " (running)",
                Some(false) => " (stopped)",
                None => "",
            };
            text.push_str(&format!(", for container `{name}`{runs}"));
        }
        if let Some(sign) = &self.sign {
            text.push_str(&format!(": {sign}"));
        }
        text
    }

    /// A command of the engine, for whoever the engine is.
    fn engine<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Step {
        if let Storage::Pod { namespace } = &self.kept {
            let namespace = namespace.as_deref().unwrap_or("NAMESPACE");
            return Step::run("kubectl", ["-n", namespace]).with(args);
        }
        match &self.user {
            Some(user) => Step::run("sudo", ["-iu", user.as_str(), self.engine]).with(args),
            None => Step::run(self.engine, args),
        }
    }

    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(match self.kept {
            Storage::Pod { .. } => "deployment/NAME",
            _ => "CONTAINER",
        })
    }

    /// clawmend on this state in a container of its own, or on a copy where no other container reaches the
    /// state. Without `--user`: root there takes the rights of the state's owner, whoever that is.
    pub fn run(&self, state_dir: &Path) -> Vec<Step> {
        let mounted = |from: OsString, state: PathBuf| {
            let mut volume = from;
            volume.push(":");
            volume.push(STATE);
            let run = ["run", "--rm", "-it", "--network", "none", "-v"];
            let run = self.engine(run).with([volume]).with([image()]);
            vec![run.with([OsString::from("--state-dir"), state.into()])]
        };
        match &self.kept {
            Storage::Volume { name, below } if below.as_os_str().is_empty() => {
                mounted(name.into(), STATE.into())
            }
            Storage::Volume { name, below } => mounted(name.into(), Path::new(STATE).join(below)),
            Storage::Folder => mounted(state_dir.into(), STATE.into()),
            Storage::Layer => {
                const COPY: &str = "./openclaw-copy";
                let mut place = OsString::from(format!("{}:", self.name()));
                place.push(self.inside.as_deref().unwrap_or(Path::new("/home/node/.openclaw")));
                let stop = match self.name {
                    Some(_) => "so that nobody writes meanwhile".to_owned(),
                    None => format!("`{} ps -a` names it", self.engine),
                };
                vec![
                    self.engine(["stop", self.name()]).note(stop),
                    self.engine(["cp", "-a"]).with([place.clone(), COPY.into()]),
                    Step::look_at(COPY).with(["repair"]),
                    self.engine(["cp", "-a"])
                        .with([OsString::from(format!("{COPY}/.")), place])
                        .note("puts it back"),
                    self.engine(["start", self.name()]),
                ]
            }
            // Its own image has npx, and perhaps nothing else that may be written than `/tmp`.
            Storage::Pod { .. } => {
                let within = ["exec", "-it", self.name(), "--", "env", "npm_config_cache=/tmp/npm"];
                vec![self.engine(within).with(["npx", "clawmend"])]
            }
        }
    }

    /// The command that starts a program in it.
    pub fn exec(&self, program: &str) -> Step {
        match self.kept {
            Storage::Pod { .. } => self.engine(["exec", self.name(), "--", program]),
            _ => self.engine(["exec", self.name(), program]),
        }
    }

    /// The command that names it.
    pub fn lists(&self) -> &'static str {
        match self.engine {
            "docker" => "docker ps",
            "podman" => "podman ps",
            _ => "kubectl get deployments,statefulsets -A",
        }
    }

    /// What restarts the gateway in it.
    pub fn restart(&self) -> Vec<Step> {
        let restart = match self.kept {
            Storage::Pod { .. } => self
                .engine(["rollout", "restart", self.name()])
                .note("if its pod copies the config from a ConfigMap, change it there first, or the old one comes back"),
            _ => self.engine(["restart", self.name()]),
        };
        if self.name.is_some() {
            return vec![restart];
        }
        let list = match &self.kept {
            Storage::Volume { name, .. } => {
                self.engine(["ps".to_owned(), "--filter".to_owned(), format!("volume={name}")])
            }
            Storage::Folder | Storage::Layer => self.engine(["ps"]),
            Storage::Pod { .. } => Step::run("kubectl", ["get", "deployments,statefulsets", "-A"]),
        };
        vec![list.note("names it"), restart]
    }
}

/// A name as Kubernetes allows it: never an option of what is typed.
fn is_label(text: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_sign)
}

/// The folder of a claim, as k3s and the local-path provisioner name it: `pvc-`, an id of 36 signs, namespace and name.
fn is_claim(folder: &str) -> bool {
    folder
        .strip_prefix("pvc-")
        .and_then(|rest| rest.split_once('_'))
        .is_some_and(|(id, _)| id.len() == 36)
}

/// What makes a pod anew, by the pod's name: a StatefulSet adds a number to its own name, a Deployment two random
/// words.
fn controller(pod: &str) -> Option<String> {
    let is_random = |word: &str| word.chars().all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c));
    let (rest, last) = pod.rsplit_once('-')?;
    if !last.is_empty() && last.chars().all(|c| c.is_ascii_digit()) {
        return Some(format!("statefulset/{rest}"));
    }
    let (name, template) = rest.rsplit_once('-')?;
    let is_made = last.len() == 5 && (6..=10).contains(&template.len());
    (is_made && is_random(last) && is_random(template)).then(|| format!("deployment/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::invocation::Invocation;

    fn lines(steps: &[Step]) -> Vec<String> {
        steps.iter().map(|step| Invocation::default().line(step)).collect()
    }

    fn run(path: &str) -> Vec<String> {
        lines(&Container::of_path(Path::new(path)).unwrap().run(Path::new(path)))
    }

    #[test]
    fn a_volume_is_mounted_into_a_container_of_clawmends_own() {
        const HEAD: &str = "run --rm -it --network none -v";
        for (path, line) in [
            (
                "/var/lib/docker/volumes/claw/_data",
                format!("docker {HEAD} claw:/state IMAGE --state-dir /state"),
            ),
            (
                "/var/lib/docker/volumes/a_b/_data/.openclaw",
                format!("docker {HEAD} a_b:/state IMAGE --state-dir /state/.openclaw"),
            ),
            (
                "/var/snap/docker/common/var-lib-docker/volumes/claw/_data",
                format!("docker {HEAD} claw:/state IMAGE --state-dir /state"),
            ),
            (
                "/home/bob/.local/share/containers/storage/volumes/c/_data",
                format!("sudo -iu bob podman {HEAD} c:/state IMAGE --state-dir /state"),
            ),
            (
                "/home/bob/.local/share/docker/volumes/c/_data",
                format!("sudo -iu bob docker {HEAD} c:/state IMAGE --state-dir /state"),
            ),
        ] {
            assert_eq!(run(path), [line.replace("IMAGE", "ghcr.io/clawmend/clawmend")], "{path}");
        }
        for other in ["/srv/volumes/x/_data", "/home/docker/.openclaw", "/var/lib/docker/volumes/x"]
        {
            assert_eq!(Container::of_path(Path::new(other)), None, "{other}");
        }
    }

    #[test]
    fn a_pod_is_named_by_what_makes_it_anew() {
        for (pod, name) in [
            ("openclaw-7d9f8b6c5-x2k4p", Some("deployment/openclaw")),
            ("my-claw-6c45b9d8f7-zz9zz", Some("deployment/my-claw")),
            ("claw-0", Some("statefulset/claw")),
            ("openclaw", None),
            ("claw-lab-a", None),
            ("-evil-0", None),
        ] {
            let found = Container::of_pod(Some("apps"), Some(pod));
            assert_eq!(found.name.as_deref(), name, "{pod}");
        }
        let known = Container::of_pod(Some("apps"), Some("claw-0"));
        assert_eq!(
            lines(&[known.exec("openclaw")]),
            ["kubectl -n apps exec statefulset/claw -- openclaw"]
        );
        let claim = "/var/lib/rancher/k3s/storage/pvc-01234567-89ab-4cde-8f01-23456789abcd_apps_data/.openclaw";
        let found = Container::of_path(Path::new(claim)).unwrap();
        let restart = lines(&found.restart());
        assert!(
            restart[1].starts_with("kubectl -n apps rollout restart deployment/NAME"),
            "{restart:?}"
        );
        let pod = "/var/lib/kubelet/pods/01234567-89ab-4cde-8f01-23456789abcd/volumes/kubernetes.io~nfs/claw";
        assert_eq!(Container::of_path(Path::new(pod)), Some(Container::of_pod(None, None)));
    }

    #[test]
    fn what_lies_in_a_container_alone_is_copied_out_and_in() {
        let mut container =
            Container::of_path(Path::new("/var/lib/docker/overlay2/0a/diff/home/node/.openclaw"))
                .unwrap();
        container.name = Some("claw".into());
        let copied = lines(&container.run(Path::new("/x")));
        assert_eq!(copied[1], "docker cp -a claw:/home/node/.openclaw ./openclaw-copy");
        assert_eq!(copied[2], "clawmend --state-dir ./openclaw-copy repair");
        assert!(copied[3].starts_with("docker cp -a ./openclaw-copy/. claw:/home/node/.openclaw"));
        assert_eq!(lines(&container.restart()), ["docker restart claw"]);
        let snapshot = "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/7/fs/root/.openclaw";
        let inside = Container::of_path(Path::new(snapshot)).unwrap().inside;
        assert_eq!(inside, Some("/root/.openclaw".into()));
    }
}

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
    /// `docker` or `podman`.
    pub engine: &'static str,
    /// Where the engine keeps the state.
    pub kept: Storage,
    /// The user whose engine it is, where it is not root's.
    pub user: Option<String>,
    /// The container's name, where the engine's own files tell.
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
}

impl Container {
    /// Told by the path alone: a volume, or a container's own files.
    pub fn of_path(state_dir: &Path) -> Option<Self> {
        let parts: Vec<&str> = state_dir.iter().filter_map(|part| part.to_str()).collect();
        let below = |count: usize| parts.iter().skip(count).collect::<PathBuf>();
        let engine_of = |parts: &[&str]| match parts {
            // Docker's own place, and that of the snap.
            [.., "docker" | "var-lib-docker"] => Some("docker"),
            [.., "containers", "storage"] => Some("podman"),
            _ => None,
        };
        (1..parts.len()).find_map(|at| {
            let (before, rest) = parts.split_at_checked(at)?;
            let (engine, kept, inside) = match (engine_of(before), rest) {
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
        match &self.user {
            Some(user) => Step::run("sudo", ["-iu", user.as_str(), self.engine]).with(args),
            None => Step::run(self.engine, args),
        }
    }

    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("CONTAINER")
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
        }
    }

    /// The command that starts a program in it.
    pub fn exec(&self, program: &str) -> Step {
        self.engine(["exec", self.name(), program])
    }

    /// What restarts the gateway in it.
    pub fn restart(&self) -> Vec<Step> {
        let restart = self.engine(["restart", self.name()]);
        if self.name.is_some() {
            return vec![restart];
        }
        let list = match &self.kept {
            Storage::Volume { name, .. } => {
                self.engine(["ps".to_owned(), "--filter".to_owned(), format!("volume={name}")])
            }
            Storage::Folder | Storage::Layer => self.engine(["ps"]),
        };
        vec![list.note("names the container"), restart]
    }
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

//! The compose file of a gateway: the one whose service mounts the state dir, told from where people keep such files.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::OnceLock;

use regex_lite::{Captures, Regex};

use super::disk::{names, real, text};
use super::dotenv;
use super::env::{Env, homes_of};
use super::trees::speaks_of_openclaw;
use super::yaml::Node;
use crate::model::facts::Compose;

/// How the compose file of a folder is called, the strongest first.
const NAMES: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// What compose reads after it where nobody names a file.
const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];
/// Folders below the root in whose folders compose files are kept.
const STACKS: [&str; 6] =
    ["opt", "opt/stacks", "srv", "root", "var/lib/casaos/apps", "data/coolify/services"];
/// Files name each other at most so deep.
const DEEPEST_FILE: usize = 4;
/// So many folders of one folder are looked into.
const MOST_FOLDERS: usize = 500;
/// So many compose files of one folder are read.
const MOST_FILES: usize = 16;
/// A path that is longer is none, so no more is filled in, bytes.
const LONGEST: usize = 4096;
/// A compose file is small, bytes.
const LARGEST: usize = 256 << 10;

/// The compose file with the nearest mount of a state dir: of those in it, in the folders above and beside it, in the
/// home and where stacks are kept. Else one above that names an OpenClaw: a home has those of other programs too.
pub(super) fn of(dir: &Path, home: Option<&Path>, env: &Env) -> Option<Compose> {
    let above: Vec<PathBuf> = dir.ancestors().take(4).map(Path::to_path_buf).collect();
    let stacks = env.root.iter().flat_map(|root| STACKS.map(|folder| root.join(folder)));
    let mut many: Vec<PathBuf> = above.get(1).cloned().into_iter().collect();
    for folder in home.map(Path::to_path_buf).into_iter().chain(stacks) {
        if !many.contains(&folder) {
            many.push(folder);
        }
    }
    let below = many.iter().flat_map(|folder| {
        let all = names(folder).into_iter().filter(|name| !name.starts_with('.'));
        all.take(MOST_FOLDERS).map(|name| folder.join(name)).filter_map(Project::usual)
    });
    let near: Vec<Project> = above.iter().cloned().filter_map(Project::any).collect();
    let all = near.iter().map(|one| one.mount(dir, home, env));
    let all = all.chain(below.map(|one| one.mount(dir, home, env))).flatten();
    let best = all.reduce(|best, one| if one.0 > best.0 { one } else { best });
    best.map(|(_, compose)| compose).or_else(|| {
        let mut near =
            near.iter().filter(|one| above.iter().skip(1).take(2).any(|it| *it == one.folder));
        let project = near.find(|one| one.speaks_of_openclaw() && one.is_whole())?;
        Some(Compose { files: project.with(None), service: None })
    })
}

/// A folder with compose files.
struct Project {
    folder: PathBuf,
    /// The files that compose reads by itself: none, its own, and what overrides it.
    own: Vec<String>,
    /// Those that it reads where they are named to it.
    others: Vec<String>,
}

impl Project {
    /// One with a compose file of a usual name.
    fn usual(folder: PathBuf) -> Option<Self> {
        let is_there = |name: &&str| folder.join(name).symlink_metadata().is_ok();
        let own = NAMES.into_iter().find(|name| is_there(name));
        let over = OVERRIDES.into_iter().find(|name| is_there(name));
        let own = own.map(|own| [Some(own), over].into_iter().flatten().map(str::to_owned));
        let own: Vec<String> = Self::named(&folder).or(own.map(Iterator::collect))?;
        let others =
            names(&folder).into_iter().filter(|name| is_compose(name) && !own.contains(name));
        let others = others.take(MOST_FILES).collect();
        Some(Self { folder, own, others })
    }

    /// The files that the variable beside them names.
    fn named(folder: &Path) -> Option<Vec<String>> {
        let set = dotenv::parse(&text(&folder.join(".env"))?);
        let named = set.get("COMPOSE_FILE").filter(|named| !named.is_empty())?;
        let sign = set.get("COMPOSE_PATH_SEPARATOR").map_or(":", String::as_str);
        Some(named.split(sign).take(MOST_FILES).map(str::to_owned).collect())
    }

    /// One with a file of an unusual name alone, too.
    fn any(folder: PathBuf) -> Option<Self> {
        Self::usual(folder.clone()).or_else(|| {
            let mut others: Vec<String> =
                names(&folder).into_iter().filter(|name| is_yaml(name)).collect();
            // A file that is not called so is one if it mounts the state dir; it names no other then.
            others.sort_by_key(|name| !is_compose(name));
            others.truncate(MOST_FILES);
            (!others.is_empty()).then_some(Self { folder, own: Vec::new(), others })
        })
    }

    fn texts(&self) -> impl Iterator<Item = (&str, String)> {
        let all = self.own.iter().chain(&self.others);
        let texts = all.filter_map(|name| Some((name.as_str(), text(&self.folder.join(name))?)));
        texts.filter(|(_, text)| text.len() <= LARGEST)
    }

    fn speaks_of_openclaw(&self) -> bool {
        let called = self.texts().filter(|(name, _)| is_compose(name) || self.is_own(name));
        called.into_iter().any(|(_, text)| speaks_of_openclaw(&text))
    }

    /// Whether each service says what it runs: where not, a program such as Umbrel adds files of its own, and
    /// compose refuses these alone.
    fn is_whole(&self) -> bool {
        let runs = |service: &Node| {
            ["image", "build", "extends"].iter().any(|key| service.get(key).is_some())
        };
        let mut roots = self.texts().filter_map(|(_, text)| Node::parse(&text));
        roots.all(|root| {
            root.get("services").is_none_or(|all| all.fields().all(|(_, service)| runs(service)))
        })
    }

    fn is_own(&self, name: &str) -> bool {
        self.own.iter().any(|own| own == name)
    }

    /// The files that compose has to be given, this one among them.
    fn with(&self, file: Option<&str>) -> Vec<PathBuf> {
        let file = file.or(self.others.first().filter(|_| self.own.is_empty()).map(String::as_str));
        let file = file.filter(|file| !self.is_own(file));
        let all = self.own.iter().map(String::as_str).chain(file);
        all.map(|name| self.folder.join(name)).collect()
    }

    /// The service whose mount is the nearest to the state dir, and how near: one that mounts the whole disk is of something
    /// else.
    fn mount(&self, dir: &Path, home: Option<&Path>, env: &Env) -> Option<(usize, Compose)> {
        let place = real(dir);
        // `~` is the home of whoever has the file, where root reads what another user has in theirs.
        let passwd = env.passwd().filter(|_| env.uid == 0).unwrap_or_default();
        let homes = homes_of(&passwd)
            .filter_map(|home| Some(env.root.as_ref()?.join(home.trim_start_matches('/'))));
        let of_file = homes.filter(|home| self.folder.starts_with(home)).max();
        let home = of_file.as_deref().or(home);
        let beside = text(&self.folder.join(".env")).map(|text| dotenv::parse(&text));
        let beside = beside.unwrap_or_default();
        let variable = |name: &str| match name {
            "HOME" => Some(home?.to_str()?.to_owned()),
            "PWD" => Some(self.folder.to_str()?.to_owned()),
            _ => beside.get(name).cloned().or_else(|| env.var(name).map(str::to_owned)),
        };
        let depth = |folder: &Path, source: &str| {
            let source = match (source.strip_prefix("~/"), home) {
                (Some(rest), Some(home)) => home.join(rest),
                _ => folder.join(source),
            };
            let source = real(&source);
            place.starts_with(&source).then(|| source.components().count())
        };
        let mut best: Option<(usize, Compose)> = None;
        for (file, _) in self.texts() {
            // The service may be in one file, and what it runs in another.
            let (left, speaks) = (MOST_FILES.into(), self.speaks_of_openclaw().into());
            let reader = Reader { variable: &variable, depth: &depth, left, speaks };
            let services = reader.services(&self.folder.join(file), DEEPEST_FILE);
            for (name, depth) in services.into_iter().filter(|_| reader.speaks.get()) {
                // Of several the first is the gateway's, as in OpenClaw's own file.
                if best.as_ref().is_none_or(|(known, _)| depth > *known) {
                    let files = self.with(Some(file));
                    best = Some((depth, Compose { files, service: Some(name) }));
                }
            }
        }
        best
    }
}

/// Reads compose files, and those that they name.
struct Reader<'a> {
    /// The value of a variable.
    variable: &'a dyn Fn(&str) -> Option<String>,
    /// How near a source, as it is written in a file of a folder, is to the state dir.
    depth: &'a dyn Fn(&Path, &str) -> Option<usize>,
    /// So many files are still read.
    left: Cell<usize>,
    /// Whether one of them speaks of an OpenClaw.
    speaks: Cell<bool>,
}

impl Reader<'_> {
    fn read(&self, file: &Path) -> Option<Rc<Node>> {
        self.left.set(self.left.get().checked_sub(1)?);
        let text = text(file).filter(|text| text.len() <= LARGEST)?;
        self.speaks.set(self.speaks.get() || speaks_of_openclaw(&text));
        Node::parse(&text)
    }

    /// The services of a file and of those that it includes that mount the state dir, and how near.
    fn services(&self, file: &Path, deep: usize) -> Vec<(String, usize)> {
        let Some(root) = self.read(file) else { return Vec::new() };
        let folder = file.parent().unwrap_or(file);
        let services = root.get("services").into_iter().flat_map(Node::fields);
        // A name that begins with a dash would be an option of `docker compose exec`.
        let services = services.filter(|(name, _)| !name.starts_with('-'));
        let mut found: Vec<(String, usize)> = services
            .filter_map(|(name, service)| {
                Some((name.to_owned(), self.nearest(folder, &root, service, deep)?))
            })
            .collect();
        let included = root.get("include").map_or(&[][..], Node::items).iter();
        let paths = included.filter_map(|one| one.text().or_else(|| one.get("path")?.text()));
        for path in paths.filter_map(|path| filled(path, &self.variable)) {
            if let Some(deep) = deep.checked_sub(1) {
                found.extend(self.services(&folder.join(path), deep));
            }
        }
        found
    }

    /// How near the nearest mount of a service is, those of the service that it extends among them.
    fn nearest(&self, folder: &Path, root: &Node, service: &Node, deep: usize) -> Option<usize> {
        let mounts = service.get("volumes").map_or(&[][..], Node::items).iter();
        let sources = mounts.filter_map(|mount| source(mount, root, &self.variable));
        let own = sources.filter_map(|source| (self.depth)(folder, &source)).max();
        let extended = || {
            let extends = service.get("extends")?;
            let name = extends.text().or_else(|| extends.get("service")?.text())?;
            let deep = deep.checked_sub(1)?;
            let Some(file) = extends.get("file").and_then(Node::text) else {
                return self.nearest(folder, root, root.get("services")?.get(name)?, deep);
            };
            let file = folder.join(filled(file, &self.variable)?);
            let root = self.read(&file)?;
            self.nearest(file.parent()?, &root, root.get("services")?.get(name)?, deep)
        };
        own.max(extended())
    }
}

fn is_yaml(name: &str) -> bool {
    name.ends_with(".yml") || name.ends_with(".yaml")
}

fn is_compose(name: &str) -> bool {
    let starts = ["compose", "docker-compose", "podman-compose"];
    is_yaml(name) && starts.iter().any(|start| name.starts_with(start))
}

/// The folder that a service mounts, as it is written; none that it may only read.
fn source(mount: &Node, root: &Node, variable: &impl Fn(&str) -> Option<String>) -> Option<String> {
    let field = |node: &Node, key: &str| filled(node.get(key)?.text()?, variable);
    let (source, is_read_only) = match mount.text() {
        Some(mount) => {
            let mount = filled(mount, variable)?;
            let (source, rest) = mount.split_once(":/")?;
            let modes = rest.split_once(':').map_or("", |(_, modes)| modes);
            (source.to_owned(), modes.split(',').any(|mode| mode == "ro"))
        }
        None => {
            let read_only = field(mount, "read_only");
            (field(mount, "source")?, read_only.is_some_and(|it| it == "true"))
        }
    };
    if is_read_only {
        return None;
    }
    if source.starts_with(['.', '/', '~']) {
        return Some(source);
    }
    // A volume by its name: its options may say that it is a folder.
    let options = root.get("volumes")?.get(&source)?.get("driver_opts")?;
    field(options, "device").filter(|device| device.starts_with('/'))
}

/// A text with its variables, as compose fills them in: one that is not known is empty.
fn filled(text: &str, variable: &impl Fn(&str) -> Option<String>) -> Option<String> {
    /// Defaults stand in defaults at most so deep.
    const DEEPEST: usize = 4;
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    const REFERENCE: &str = r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-?+])([^{}]*))?\})";
    let pattern = PATTERN.get_or_init(|| Regex::new(REFERENCE).ok()).as_ref()?;
    let by = |found: &Captures<'_>| {
        let part = |at: usize| found.get(at).map(|part| part.as_str());
        let value = part(1).or(part(2)).and_then(variable);
        let value = value.filter(|value| !value.is_empty() && value.len() <= LONGEST);
        let value = match part(3).map(|sign| sign.trim_start_matches(':')) {
            Some("-") => value.or(part(4).map(str::to_owned)),
            Some("+") => value.and(part(4).map(str::to_owned)),
            _ => value,
        };
        value.unwrap_or_default()
    };
    let mut text = text.to_owned();
    for _ in 0..DEEPEST {
        if text.len() > LONGEST {
            return None;
        }
        text = pattern.replace_all(&text, by).into_owned();
    }
    (text.len() <= LONGEST).then_some(text)
}

#[cfg(test)]
#[path = "compose_tests.rs"]
mod tests;

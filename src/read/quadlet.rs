//! Podman's quadlets: units of systemd that say how a container runs. The one whose container mounts the state dir.

use std::path::{Path, PathBuf};

use super::disk::{names, real, text};
use super::env::{Env, other_owner};
use super::systemd::logical_lines;
use super::trees::speaks_of_openclaw;
use crate::model::container::{Container, Storage};

/// So many quadlets of one folder are read.
const MOST: usize = 100;

/// The container of a state dir by the quadlets of its user and of the system; `known`: what its path tells.
pub(super) fn of(
    dir: &Path,
    known: Option<&Container>,
    home: Option<&Path>,
    env: &Env,
) -> Option<Container> {
    let of_user = home.map(|home| home.join(".config/containers/systemd"));
    let of_root = env.root.iter().map(|root| root.join("etc/containers/systemd"));
    let of_users = env.root.iter().map(|root| root.join("etc/containers/systemd/users"));
    let folders = of_user.into_iter().chain(of_users).map(|folder| (folder, true));
    let mut files =
        folders.chain(of_root.map(|folder| (folder, false))).flat_map(|(folder, its)| {
            let names = names(&folder).into_iter().filter(|name| name.ends_with(".container"));
            names.take(MOST).map(move |name| (folder.join(name), its))
        });
    files.find_map(|(file, of_user)| {
        let stem = file.file_stem()?.to_str()?.to_owned();
        // Such a name would be an option of what is typed.
        let text = text(&file).filter(|text| speaks_of_openclaw(text) && !stem.starts_with('-'))?;
        let inside = mount(&text, dir, known, home)?;
        let mut found = known.cloned().unwrap_or_else(|| Container::of_folder(None));
        found.engine = "podman";
        found.name = Some(value(&text, "ContainerName").unwrap_or(format!("systemd-{stem}")));
        found.inside = Some(inside);
        found.user = other_owner(dir, env).filter(|_| of_user);
        found.quadlet = Some((stem, of_user));
        Some(found)
    })
}

/// The last value of a key in the section of the container; what systemd alone can fill in is none.
fn value(text: &str, key: &str) -> Option<String> {
    values(text, key).pop().filter(|value| !value.starts_with('-') && !value.contains(['%', ' ']))
}

fn values(text: &str, key: &str) -> Vec<String> {
    let mut in_container = false;
    let mut found = Vec::new();
    for line in logical_lines(text) {
        let line = line.trim();
        if line.starts_with('[') {
            in_container = line == "[Container]";
        } else if let Some((name, value)) = line.split_once('=').filter(|_| in_container)
            && name.trim() == key
        {
            found.push(value.trim().to_owned());
        }
    }
    found
}

/// The state dir as the container sees it, where a volume of it holds the state and may be written.
fn mount(
    text: &str,
    dir: &Path,
    known: Option<&Container>,
    home: Option<&Path>,
) -> Option<PathBuf> {
    let place = real(dir);
    values(text, "Volume").iter().find_map(|volume| {
        let (source, rest) = volume.split_once(":/")?;
        let (inside, modes) = rest.split_once(':').unwrap_or((rest, ""));
        if modes.split(',').any(|mode| mode == "ro") {
            return None;
        }
        let inside = Path::new("/").join(inside);
        let below = match known.map(|known| &known.kept) {
            // `NAME.volume` is a quadlet too, which systemd calls so.
            Some(Storage::Volume { name, below }) => {
                let of_unit = source.strip_suffix(".volume");
                let of_unit = of_unit.map(|stem| format!("systemd-{stem}"));
                (of_unit.as_deref().unwrap_or(source) == name).then(|| below.clone())?
            }
            _ => {
                let source = match (source.strip_prefix("%h"), home) {
                    (Some(rest), Some(home)) => home.join(rest.trim_start_matches('/')),
                    _ => PathBuf::from(source),
                };
                let source = Some(source).filter(|source| source.is_absolute())?;
                place.strip_prefix(real(&source)).ok()?.to_path_buf()
            }
        };
        Some(if below.as_os_str().is_empty() { inside } else { inside.join(below) })
    })
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn a_quadlet_that_mounts_the_state_is_its_container() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let home = root.join("home/ann");
        let dir = home.join(".openclaw");
        std::fs::create_dir_all(&dir).unwrap();
        let env = Env { root: Some(root.clone()), ..Env::default() };
        let found = |folder: &str, name: &str, lines: &str, known: Option<&Container>| {
            let folder = root.join(folder);
            std::fs::create_dir_all(&folder).unwrap();
            let text = format!("[Unit]\nVolume=/x:/y\n[Container]\nImage=openclaw\n{lines}\n");
            std::fs::write(folder.join(name), text).unwrap();
            let found = of(&dir, known, Some(&home), &env);
            std::fs::remove_dir_all(&folder).unwrap();
            found
        };
        const USER: &str = "home/ann/.config/containers/systemd";
        let one = found(USER, "claw.container", "Volume=%h/.openclaw:/home/node/.openclaw:Z", None);
        let one = one.unwrap();
        assert_eq!(one.quadlet, Some(("claw".to_owned(), true)));
        assert_eq!(one.name.as_deref(), Some("systemd-claw"));
        assert_eq!(one.inside.as_deref(), Some(Path::new("/home/node/.openclaw")));
        let lines = format!("ContainerName=oc\nVolume=/q:/q\nVolume={}:/home/node", home.display());
        let one = found("etc/containers/systemd", "gate.container", &lines, None).unwrap();
        assert_eq!(one.quadlet, Some(("gate".to_owned(), false)));
        assert_eq!(one.name.as_deref(), Some("oc"));
        let volume = "/home/ann/.local/share/containers/storage/volumes/systemd-data/_data";
        let known = Container::of_path(Path::new(volume));
        assert!(found(USER, "a.container", "Volume=data.volume:/s", known.as_ref()).is_some());
        for lines in ["", "Volume=/other:/s", "Volume=%h/.openclaw:/s:ro", "Volume=data.volume:/s"]
        {
            assert_eq!(found(USER, "a.container", lines, None), None, "{lines}");
        }
        assert_eq!(found(USER, "-x.container", "Volume=%h/.openclaw:/s", None), None);
    }
}

//! The compose file of a gateway, told from where the state dir lies. It is read line by line, as people write such
//! files; what is written in other ways names no service.

use std::path::Path;

use super::disk::{real, text};
use super::dotenv;
use super::trees::DIRS;
use crate::config::vars;
use crate::model::facts::Compose;

/// How a compose file is called.
const NAMES: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// A compose file in one of the two folders above the state dir that names an OpenClaw. A home has those of other
/// programs too.
pub(super) fn of(dir: &Path) -> Option<Compose> {
    let near = dir.ancestors().skip(1).take(2);
    near.flat_map(|folder| NAMES.map(|name| folder.join(name))).find_map(|file| {
        let text = text(&file)?;
        let names_it = DIRS.iter().any(|name| text.contains(name.trim_start_matches('.')));
        let service = service(&text, file.parent()?, dir);
        names_it.then_some(Compose { file, service })
    })
}

/// The first service that mounts the state dir.
fn service(compose: &str, folder: &Path, dir: &Path) -> Option<String> {
    let dir = real(dir);
    let variables = text(&folder.join(".env")).map(|text| dotenv::parse(&text)).unwrap_or_default();
    let is_it = |mount: &str| {
        let path = vars::filled(mount, |name| variables.get(name).cloned());
        path.is_some_and(|path| dir.starts_with(real(&folder.join(path))))
    };
    let mut lines = compose.lines().skip_while(|line| line.trim_end() != "services:").skip(1);
    let (mut depth, mut service) = (None, None);
    lines.find_map(|line| {
        let words = line.trim();
        if words.is_empty() || words.starts_with('#') {
            return None;
        }
        let indent = line.len() - line.trim_start().len();
        if indent <= *depth.get_or_insert(indent) {
            service = words.strip_suffix(':').map(|name| name.trim_matches(['"', '\'']).to_owned());
            return None;
        }
        let mount = words.trim_start_matches("- ").trim_matches(['"', '\'']);
        let source = match mount.strip_prefix("source:") {
            Some(source) => source.trim().trim_matches(['"', '\'']),
            None => mount.split_once(":/")?.0,
        };
        // Another name is that of a volume.
        let is_path = source.starts_with(['.', '/', '$']);
        service.clone().filter(|_| is_path && is_it(source))
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_service_that_mounts_the_state_dir_is_named() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().canonicalize().unwrap();
        let dir = folder.join("config");
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(folder.join(".env"), "OPENCLAW_CONFIG_DIR=./config\n").unwrap();
        let of = |mount: &str| {
            let text = format!(
                "# claw\nservices:\n  db:\n    image: x\n    volumes:\n      - ./data:/var/lib\n  \"claw\":\n    image: openclaw\n    volumes:\n      {mount}\nvolumes:\n  data:\n"
            );
            std::fs::write(folder.join("compose.yml"), text).unwrap();
            super::of(&dir).unwrap().service
        };
        let absolute = format!("- '{}:/home/node/.openclaw'", dir.display());
        for mount in [
            "- ./config:/home/node/.openclaw",
            "- \"./config:/home/node/.openclaw:rw\"",
            "- .:/home/node",
            "- ${OPENCLAW_CONFIG_DIR}:/home/node/.openclaw",
            "- type: bind\n        source: ./config\n        target: /home/node/.openclaw",
            &absolute,
        ] {
            assert_eq!(of(mount).as_deref(), Some("claw"), "{mount}");
        }
        for mount in ["- config:/state", "- ./other:/state", "- ${NOT_SET}:/state", "- :", "[]"] {
            assert_eq!(of(mount), None, "{mount}");
        }
    }
}

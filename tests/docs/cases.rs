//! The states that the pages' sessions run on: a fixture, or one of the cases of docs/cases.md, and what
//! holds for every case.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use serde_json::{Value, json};

use super::read;
use crate::support::Sandbox;

const FILES: &str = "2026.5.28-scope-upgrade-pending";
const TABLES: &str = "2026.9.6-sqlite-read-only";
const PROXY: &str = "2026.2.19-pending-after-proxy";

fn with_config(change: impl FnOnce(&mut Value)) -> Sandbox {
    let sandbox = Sandbox::fixture(FILES);
    config(&sandbox.state(), change);
    sandbox
}

fn config(state: &Path, change: impl FnOnce(&mut Value)) {
    let file = state.join("openclaw.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    change(&mut config["gateway"]);
    std::fs::write(file, serde_json::to_string_pretty(&config).unwrap()).unwrap();
}

/// The host of a container, seen by root: no state in the home, all of it at `place`, of the image's user `node`.
fn host(place: &str, change: impl FnOnce(&mut Value)) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.sees_all.set(true);
    std::fs::remove_dir(sandbox.state()).unwrap();
    let state = sandbox.put(FILES, place);
    config(&state, change);
    if std::fs::metadata(&state).unwrap().uid() == 0 {
        give(&state, 1000);
    }
    sandbox
}

fn give(path: &Path, uid: u32) {
    chown(path, Some(uid), Some(uid)).unwrap();
    for entry in std::fs::read_dir(path).into_iter().flatten() {
        give(&entry.unwrap().path(), uid);
    }
}

/// A volume, and what Docker keeps about the container that mounts it.
fn in_docker() -> Sandbox {
    let sandbox = host("var/lib/docker/volumes/openclaw_state/_data", |gateway| {
        drop(gateway.as_object_mut().unwrap().remove("mode"));
    });
    let id = "5f0c1d7e9ab24c3688aa10b7d1f2e3c4";
    let container = sandbox.root().join("var/lib/docker/containers").join(id);
    let mount = json!({
        "Type": "volume", "Name": "openclaw_state", "Destination": "/home/node/.openclaw",
        "Source": "/var/lib/docker/volumes/openclaw_state/_data",
    });
    let docker = json!({
        "ID": id, "Name": "/openclaw-gateway-1", "State": { "Running": false },
        "MountPoints": { "/home/node/.openclaw": mount },
    });
    std::fs::create_dir_all(&container).unwrap();
    std::fs::write(container.join("config.v2.json"), docker.to_string()).unwrap();
    sandbox
}

/// A state by its name.
pub fn state(name: &str) -> Sandbox {
    match name {
        "after-an-update" => Sandbox::fixture(TABLES),
        "behind-nginx" => Sandbox::fixture(PROXY),
        "in-docker" => in_docker(),
        "deleted-identity" => {
            let sandbox = Sandbox::fixture(FILES);
            std::fs::remove_file(sandbox.path("identity/device.json")).unwrap();
            sandbox
        }
        "home-assistant" => host("addon_configs/0a1b2c3d_openclaw/.openclaw", |gateway| {
            gateway["bind"] = json!("0.0.0.0");
        }),
        "wsl" => with_config(|gateway| gateway["bind"] = json!("localhost")),
        "proxies-as-text" => with_config(|gateway| gateway["trustedProxies"] = json!("127.0.0.1")),
        "token-mismatch" => {
            let sandbox = Sandbox::fixture(FILES);
            let mut saved = sandbox.json("identity/device-auth.json");
            saved["tokens"]["operator"]["token"] = json!("another-token-that-is-not-the-one");
            sandbox.write("identity/device-auth.json", saved.to_string());
            sandbox
        }
        "empty-store" => {
            let sandbox = Sandbox::fixture(FILES);
            sandbox.write("devices/pending.json", "");
            sandbox
        }
        "remote-mode" => with_config(|gateway| gateway["mode"] = json!("remote")),
        "placeholder" => with_config(|gateway| gateway["auth"]["token"] = json!("undefined")),
        fixture => Sandbox::fixture(fixture),
    }
}

/// Each case begins with OpenClaw's words and ends with a CLI that gets in, after three commands at most.
#[test]
fn every_case_ends_with_a_cli_that_gets_in() {
    let page = read("docs/cases.md");
    let cases: Vec<&str> = page.split("\n## ").skip(1).collect();
    assert!(cases.len() >= 12, "{}", cases.len());
    for case in cases {
        let name = case.lines().next().unwrap();
        assert!(case.contains("\n> "), "{name}: no error text");
        let commands = case.lines().filter(|line| line.starts_with("$ ")).count();
        assert!((1..=3).contains(&commands), "{name}: {commands} commands");
        assert!(case.contains("Checked again: healthy"), "{name} does not end well");
    }
}

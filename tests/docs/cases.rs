//! The states that the pages' sessions run on: a fixture, or one of the cases of docs/cases.md, and what
//! holds for every case.

use serde_json::{Value, json};

use super::read;
use crate::support::Sandbox;

const FILES: &str = "2026.5.28-scope-upgrade-pending";
const TABLES: &str = "2026.9.6-sqlite-read-only";
const PROXY: &str = "2026.2.19-pending-after-proxy";

fn with_config(change: impl FnOnce(&mut Value)) -> Sandbox {
    let sandbox = Sandbox::fixture(FILES);
    let mut config = sandbox.json("openclaw.json");
    change(&mut config["gateway"]);
    sandbox.write("openclaw.json", serde_json::to_string_pretty(&config).unwrap());
    sandbox
}

/// A state by its name.
pub fn state(name: &str) -> Sandbox {
    match name {
        "after-an-update" => Sandbox::fixture(TABLES),
        "behind-nginx" => Sandbox::fixture(PROXY),
        "in-docker" => with_config(|gateway| drop(gateway.as_object_mut().unwrap().remove("mode"))),
        "deleted-identity" => {
            let sandbox = Sandbox::fixture(FILES);
            std::fs::remove_file(sandbox.path("identity/device.json")).unwrap();
            sandbox
        }
        "home-assistant" => with_config(|gateway| gateway["bind"] = json!("0.0.0.0")),
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

//! How the gateway of this state is restarted, told from files: its service's definition, or where its state
//! lies. Nothing is asked of a service manager.

use std::path::Path;

use crate::config::facts::Origin;
use crate::model::Model;
use crate::model::container::Container;
use crate::model::layout::ADDONS;
use crate::step::Step;

/// The command that restarts the gateway; all likely ones where it cannot be told.
pub(super) fn steps(model: &Model) -> Vec<Step> {
    let dir = model.facts.state_dir.as_path();
    if let Some(slug) = name_below(dir, ADDONS) {
        return vec![Step::run("ha", ["addons", "restart", slug]).note("Home Assistant")];
    }
    if let Some(container) = container_of(model) {
        return container.restart();
    }
    let mut found: Vec<Step> = model
        .config
        .facts
        .variables
        .iter()
        .filter(|one| one.place == Origin::Service && one.other_state_dir.is_none())
        .filter_map(|one| of_service(Path::new(&one.at)))
        .collect();
    found.dedup();
    found.extend(model.facts.compose.as_ref().map(|compose| compose.step(["restart"])));
    if !found.is_empty() {
        return found;
    }
    let by_hand = Step::run("openclaw", ["gateway", "run"])
        .note("where you start it by hand: stop it with Ctrl-C first");
    if model.config.facts.container {
        return vec![
            Step::run("docker", ["restart", "CONTAINER"])
                .note("on the host, outside the container"),
            Step::run("docker", ["compose", "restart"]).note("the same, where compose started it"),
            by_hand,
        ];
    }
    vec![
        Step::run("openclaw", ["gateway", "restart"]).note("where it runs as a service"),
        Step::run("docker", ["restart", "CONTAINER"]).note("where it runs in a container"),
        by_hand,
    ]
}

/// A command of OpenClaw's CLI, typed where that CLI is: in the container whose state this is.
pub(super) fn openclaw<const N: usize>(model: &Model, args: [&str; N]) -> Step {
    let compose = model.facts.compose.as_ref();
    let service = compose.and_then(|compose| Some((compose, compose.service.as_deref()?)));
    match (container_of(model), service) {
        (Some(container), _) => container.exec("openclaw").with(args),
        (None, Some((compose, service))) => compose.step(["exec", service, "openclaw"]).with(args),
        (None, None) => Step::run("openclaw", args),
    }
}

/// The container that this state is known, not guessed, to be of.
fn container_of(model: &Model) -> Option<&Container> {
    model.facts.belongs_to.as_ref().filter(|one| one.sign.is_none())
}

/// What is said beside the command that checks.
pub(super) fn check_note(model: &Model) -> String {
    let mut note = "or the command that was refused".to_owned();
    if name_below(&model.facts.state_dir, ADDONS).is_some() {
        note.push_str("; type it in the add-on's own terminal");
    }
    if let Some(container) = container_of(model).filter(|one| one.name.is_none()) {
        note.push_str(&format!("; `{} ps` names the container", container.engine));
    }
    note
}

/// A unit, or a property list, that starts the gateway.
fn of_service(file: &Path) -> Option<Step> {
    let name = file.file_name()?.to_str()?;
    let is_users = parts(file).any(|part| part == "user");
    if let Some(unit) = name.strip_suffix(".service") {
        return Some(match is_users {
            true => Step::run("systemctl", ["--user", "restart", unit]),
            false => Step::run("sudo", ["systemctl", "restart", unit]),
        });
    }
    if let Some(label) = name.strip_suffix(".plist") {
        return Some(match parts(file).any(|part| part == "LaunchDaemons") {
            true => Step::run("sudo", ["launchctl", "kickstart", "-k", &format!("system/{label}")]),
            false => Step::run("launchctl", ["stop", label]).note("launchd starts it again"),
        });
    }
    None
}

fn parts(path: &Path) -> impl Iterator<Item = &str> {
    path.iter().filter_map(|part| part.to_str())
}

/// The name of the folder below one that is called `parent`.
fn name_below<'a>(path: &'a Path, parent: &str) -> Option<&'a str> {
    let mut parts = parts(path).skip_while(|part| *part != parent);
    parts.next()?;
    parts.next()
}

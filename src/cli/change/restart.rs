//! How the gateway of this state is restarted, told from files: its service's definition, or where its state
//! lies. Nothing is asked of a service manager.

use std::path::Path;

use crate::cli::rights::fitting;
use crate::config::facts::Origin;
use crate::model::Model;
use crate::model::container::Container;
use crate::model::layout::ADDONS;
use crate::read::containers::own_pod;
use crate::read::env::{Env, other_owner};
use crate::step::Step;

/// The command that restarts the gateway; all likely ones where it cannot be told.
pub(super) fn steps(model: &Model, env: &Env) -> Vec<Step> {
    if let Some(pod) = own_pod(env) {
        return pod.restart();
    }
    let owner = other_owner(&model.facts.state_dir, env);
    // Whoever typed `sudo` types the rest without it, in their own session.
    let owner = owner.filter(|owner| !(env.is_by_sudo() && env.users().contains(owner)));
    ways(model, owner.as_deref()).into_iter().map(|step| fitting(step, env)).collect()
}

/// `owner`: whose the state is, where that is somebody else than who types the command.
fn ways(model: &Model, owner: Option<&str>) -> Vec<Step> {
    let dir = model.facts.state_dir.as_path();
    if let Some(slug) = name_below(dir, ADDONS) {
        return vec![Step::run("ha", ["addons", "restart", slug]).note("Home Assistant")];
    }
    if let Some(container) = container_of(model) {
        return match &container.quadlet {
            Some((unit, of_user)) => vec![of_unit(unit, *of_user, owner)],
            None => container.restart(),
        };
    }
    let mut found: Vec<Step> = model
        .config
        .facts
        .variables
        .iter()
        .filter(|one| one.place == Origin::Service && one.other_state_dir.is_none())
        .filter_map(|one| of_service(Path::new(&one.at), one.service.as_deref(), owner))
        .collect();
    found.dedup();
    found.extend(model.facts.compose.as_ref().map(|compose| compose.step(["restart"])));
    found.extend(model.facts.pm2.as_deref().map(|name| match owner {
        Some(owner) => Step::run("sudo", ["-iu", owner, "pm2", "restart", name]),
        None => Step::run("pm2", ["restart", name]),
    }));
    if !found.is_empty() {
        return found;
    }
    if let Some(container) = &model.facts.belongs_to {
        return container.restart();
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
        Step::restart().note("where it runs as a service"),
        Step::run("docker", ["restart", "CONTAINER"]).note("where it runs in a container"),
        by_hand,
    ]
}

/// A command of OpenClaw's CLI, typed where that CLI is: in the container whose state this is.
pub(super) fn openclaw<const N: usize>(model: &Model, args: [&str; N]) -> Step {
    let compose = model.facts.compose.as_ref();
    let service = compose.and_then(|compose| Some((compose, compose.service.as_deref()?)));
    match (container_of(model), service) {
        (None, Some((compose, service))) => compose.step(["exec", service, "openclaw"]).with(args),
        (known, _) => match known.or(model.facts.belongs_to.as_ref()) {
            Some(container) => container.exec("openclaw").with(args),
            None => Step::run("openclaw", args),
        },
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
    let is_composed = model.facts.compose.as_ref().is_some_and(|one| one.service.is_some());
    let container = model.facts.belongs_to.as_ref().filter(|one| one.name.is_none());
    if let Some(container) = container.filter(|one| one.sign.is_none() || !is_composed) {
        note.push_str(&format!("; `{}` names it", container.lists()));
    }
    note
}

/// A unit, or a property list, that starts the gateway. `name`: what its manager calls it.
fn of_service(file: &Path, name: Option<&str>, owner: Option<&str>) -> Option<Step> {
    // Whoever names a file may name it like an option of what root types.
    let name = name.filter(|name| !name.starts_with('-'));
    let in_folder = |folder: &str| file.parent().is_some_and(|parent| parent.ends_with(folder));
    match (file.extension()?.to_str()?, owner) {
        ("service", owner) => Some(of_unit(name?, in_folder("systemd/user"), owner)),
        ("plist", _) => {
            let stem = file.file_stem()?.to_str().filter(|stem| !stem.starts_with('-'));
            let label = name.or(stem)?;
            Some(match in_folder("LaunchDaemons") {
                true => {
                    let service = format!("system/{label}");
                    Step::run("launchctl", ["kickstart", "-k", &service]).as_root(true)
                }
                false => Step::run("launchctl", ["stop", label]).note("launchd starts it again"),
            })
        }
        _ => None,
    }
}

/// A unit of systemd.
fn of_unit(name: &str, of_user: bool, owner: Option<&str>) -> Step {
    match (of_user, owner) {
        (true, None) => Step::run("systemctl", ["--user", "restart", name]),
        // Another user's manager is reached by its bus alone, which `sudo -u` does not find.
        (true, Some(owner)) => {
            let of_owner = ["--user", "-M", &format!("{owner}@"), "restart", name];
            Step::run("systemctl", of_owner).as_root(true)
        }
        (false, _) => Step::run("systemctl", ["restart", name]).as_root(true),
    }
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

//! What the config refers to elsewhere than in its gateway section, and OpenClaw can't get.

use super::place_of;
use super::value::hosted;
use crate::checks::{Check, named};
use crate::config::references::{Referred, for_each};
use crate::config::secretref::Kept;
use crate::finding::{Finding, Severity};
use crate::format::json5::path_text;
use crate::model::Model;
use crate::secret::places::shows_key;
use crate::secret::shape::Shape;
use crate::step::Step;

/// Where a reference stands, and a line about it.
type Told = (Vec<String>, String);

/// Of so many references it is kept where they stand; of more only how many there are.
const MOST: usize = 1000;

/// A finding about all references that may stop a gateway of this release. `own`: paths of settings that are told apart.
pub(super) fn lost(model: &Model, check: &Check, own: &[&[String]]) -> Option<Finding> {
    hosted(model)?;
    let config = &model.config.whole()?.resolved;
    let mut lost: Vec<(Severity, Option<Told>)> = Vec::new();
    for_each(&config.value, |one| {
        if let Some(severity) = stops(model, &one).filter(|_| !own.contains(&one.path)) {
            let told = (lost.len() < MOST).then(|| (one.path.to_vec(), line(&one)));
            lost.push((severity, told));
        }
    });
    lost.sort_by_key(|(severity, told)| (*severity, told.is_none()));
    let (severity, first) = lost.first()?;
    let path = first.as_ref().map(|(path, _)| path.as_slice()).unwrap_or_default();
    let says = match severity {
        Severity::Blocks => {
            "the config names a variable that is not set, and then this release reads no config at all"
        }
        _ => {
            "the config refers to something that clawmend cannot find: the gateway may not start without it"
        }
    };
    let finding = check.finding(place_of(model, path, &config.place_for(path)), says);
    let finding = finding.rated(*severity).by_hand([
        "set it in the `.env` in the state dir (NAME=VALUE on a line of its own), or take it out of the config".into(),
        Step::restart(),
    ]);
    Some(named(finding, &lost, |(_, told)| {
        told.as_ref().map_or_else(String::new, |(_, line)| line.clone())
    }))
}

fn line(one: &Referred<'_>) -> String {
    let shown: Vec<String> = one.path.iter().take_while(|key| shows_key(key)).cloned().collect();
    let names = one.variables();
    let to = match (one.secret(), names.is_empty()) {
        (Some(secret), true) => secret.to_string(),
        _ => names.iter().map(|name| Shape::Variable.show(name)).collect::<Vec<_>>().join(", "),
    };
    format!("{} refers to {to}", path_text(&shown))
}

/// What a reference that leads to nothing does. Up to 2026.2.19 a missing variable in any text is an invalid config, for the CLI too (seen);
/// from 2026.2.26 on only a warning, but before 2026.8.1 a gateway does not start without a secret that some part of it uses (seen on
/// 2026.5.28; 2026.9.6 starts). Which parts are used clawmend does not know; a gateway that runs has found what it uses.
fn stops(model: &Model, one: &Referred<'_>) -> Option<Severity> {
    let facts = &model.config.facts;
    let names = one.variables();
    let is_nowhere = |name: &&str| facts.variables.iter().all(|at| at.value(name).is_none());
    let is_kept_nowhere = |it| matches!(facts.kept(it), Some(Kept::Nowhere(_)));
    let is_lost = !model.facts.gateway.runs()
        && (names.iter().any(is_nowhere) || one.secret().is_some_and(is_kept_nowhere));
    let cli_lacks = names.iter().any(|name| facts.cli_variable(name).is_none());
    let reads_strictly = model.by_release(|release| !release.is_from("2026.2.21"));
    if one.secret().is_none() && cli_lacks && reads_strictly == Some(true) {
        return Some(if imports(model) { Severity::Unchecked } else { Severity::Blocks });
    }
    let is_old = model.by_release(|release| !release.is_from("2026.3.1"));
    let needs_all =
        model.by_release(|release| release.is_from("2026.2.21") && !release.is_from("2026.8.1"));
    let may_stop = match one.secret() {
        Some(_) => reads_strictly != Some(false) || is_lost && needs_all != Some(false),
        None => {
            cli_lacks && is_old != Some(false)
                || is_lost && needs_all != Some(false) && one.is_alone && is_of_a_secret(one.path)
        }
    };
    may_stop.then_some(Severity::Unchecked)
}

/// Whether OpenClaw also takes what the login shell sets.
fn imports(model: &Model) -> bool {
    let config = model.config.whole().map(|config| &config.resolved.value);
    let enabled = config.and_then(|config| config.pointer("/env/shellEnv/enabled")?.as_bool());
    enabled == Some(true) || model.config.facts.cli_variable("OPENCLAW_LOAD_SHELL_ENV").is_some()
}

/// Whether a key is one of those under which OpenClaw keeps secrets.
fn is_of_a_secret(path: &[String]) -> bool {
    let key = path.last().map(|key| key.to_ascii_lowercase()).unwrap_or_default();
    ["key", "token", "secret", "password"].iter().any(|word| key.contains(word))
}

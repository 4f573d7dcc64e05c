//! The config: what in it keeps the gateway from starting or the CLI out, and what is worth knowing.

pub(crate) mod auth;
pub(crate) mod bind;
pub(crate) mod conflict;
pub(crate) mod copy;
pub(crate) mod env;
pub(crate) mod file;
pub(crate) mod hooks;
pub(crate) mod keys;
pub(crate) mod mode;
pub(crate) mod proxy;
mod references;
pub(crate) mod remote;
pub(crate) mod replaced;
pub(crate) mod risk;
pub(crate) mod roles;
mod secrets;
pub(crate) mod sections;
pub(crate) mod tls;
mod value;

use std::path::Path;

use crate::config::gateway::{Field, Gateway, Setting};
use crate::config::owner::Owner;
use crate::finding::{Finding, Place, Severity};
use crate::format::json5::{self, path_text};
use crate::image::{Bytes, Slot};
use crate::model::Model;

/// The gateway section of a config that was read whole.
fn gateway(model: &Model) -> Option<&Gateway> {
    model.config.whole().map(|config| &config.gateway)
}

/// How a file is called in messages: relative to the state dir where it lies there.
pub(crate) fn name(model: &Model, path: &Path) -> String {
    let path = path.strip_prefix(&model.facts.state_dir).unwrap_or(path);
    crate::platform::shown(path)
}

/// The config's name, as findings and advice call it.
fn config_name(model: &Model) -> String {
    name(model, &model.config.path)
}

/// The bytes of a config file.
pub(crate) fn bytes<'m>(model: &'m Model, file: &Path) -> Option<&'m Bytes> {
    model.images.text(&Slot::Config(file.to_path_buf()))?.bytes()
}

/// `openclaw.json: gateway.bind (line 4)`.
fn place_of(model: &Model, path: &[String], owner: &Owner) -> Place {
    let file = model.config.file_of(owner);
    let line = line_of(model, &file, &owner.path);
    Place::from(name(model, &file)).key(path_text(path)).line(line)
}

/// The line of a value in a config file, where it is there.
pub(crate) fn line_of(model: &Model, file: &Path, path: &[String]) -> Option<usize> {
    Some(json5::locate(bytes(model, file)?, path)?.line)
}

fn place<T>(model: &Model, setting: &Setting<T>) -> Place {
    place_of(model, &setting.path, &setting.owner)
}

/// A text setting as it stands, for evidence.
fn shown(setting: &Setting<String>) -> String {
    let path = path_text(&setting.path);
    match &setting.field {
        Field::Missing => format!("{path} is not set"),
        Field::Value(text) => {
            format!("{path} is {:?}", crate::secret::shown::text(&setting.path, text))
        }
        Field::Wrong(wrong) => format!("{path} is {} ({})", wrong.shown, wrong.found),
        Field::Reference(_) => format!("{path} is given by reference"),
    }
}

/// What only stops a start is milder while a gateway runs: it waits for the next one.
fn at_next_start(model: &Model, finding: Finding) -> Finding {
    let waits = model.facts.gateway.runs() && finding.severity.fails();
    finding
        .rated_if(waits, Severity::Warning)
        .note_if(waits, "a gateway runs now; this would stop its next start")
}

#[cfg(test)]
mod env_tests;
#[cfg(test)]
#[path = "tests.rs"]
pub(super) mod tests;

#[cfg(test)]
mod edit_tests;

#[cfg(test)]
mod credential_tests;

#[cfg(test)]
mod release_tests;

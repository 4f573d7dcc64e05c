//! The gateway's decision as its steps, the failing one marked. Words and ASCII only: it says the same to a
//! screen reader.

use super::wrap;
use crate::checks::{Admission, Outcome, Stage};
use crate::config::facts::Origin;
use crate::config::gateway::Gateway;
use crate::config::model::Host;
use crate::model::Model;
use crate::secret::shape::Shape;
use crate::text::safe;

/// The steps, a line each.
pub fn steps(model: &Model, admission: &Admission, width: usize) -> String {
    let mut out = wrap(
        "What the gateway asks, step by step (skipped: it does not ask that):",
        width,
        "",
        "  ",
    ) + "\n";
    for step in &admission.steps {
        let is_first = Some(step.stage) == admission.stage;
        let mark = match (step.outcome, is_first) {
            (Outcome::Passed, _) => "yes",
            (Outcome::Failed, true) => "NO",
            (Outcome::Failed, false) => "no",
            (Outcome::Unknown, _) => "not known",
            (Outcome::NotAsked, _) => "skipped",
            (Outcome::NotReached, _) => "-",
        };
        let codes = match step.findings.as_slice() {
            [] => String::new(),
            codes => format!(" ({})", codes.join(", ")),
        };
        let line = format!("{}{codes}", title(model, step.stage));
        out.push_str(&wrap(&line, width, &format!("  {mark:<10} "), "             "));
        out.push('\n');
    }
    out
}

fn title(model: &Model, stage: Stage) -> String {
    let words = match stage {
        Stage::Config => "the gateway starts with this config",
        Stage::Store => "it starts with this state, and can read it",
        Stage::Url => return format!("the CLI reaches it: {}", url(model)),
        Stage::Credential => "the CLI has a token or password that the gateway takes",
        Stage::Device => "the CLI proves which device it is",
        Stage::Token => "its saved token is the one in its record, and is not revoked",
        Stage::Policy => "gateway.roles allows the CLI",
        Stage::Record => "the device is paired, with this key and on this platform",
        Stage::Role => "the device has the role operator",
        Stage::Scopes => "its scopes cover the everyday commands",
    };
    words.to_owned()
}

/// Where the CLI goes, as far as the state and the environment tell.
fn url(model: &Model) -> String {
    let config = &model.config;
    let variable = config
        .facts
        .variables
        .iter()
        .filter(|at| at.place != Origin::Service)
        .find_map(|at| at.url.as_deref());
    if let Some(url) = variable {
        return safe(&Shape::Url.show(url));
    }
    let gateway: Option<&Gateway> = config.read().map(|config| &config.gateway);
    let remote = gateway
        .filter(|gateway| gateway.mode.value().is_some_and(|mode| mode == "remote"))
        .and_then(|gateway| gateway.remote_url.value());
    match (remote, &config.host) {
        (Some(url), _) | (None, Host::Client(url)) => safe(&Shape::Url.show(url)),
        (None, Host::Gateway(_)) => {
            let tls = gateway.and_then(|gateway| gateway.tls_enabled.value()) == Some(&true);
            let scheme = if tls { "wss" } else { "ws" };
            // Without a readable config nobody knows which port the gateway was told.
            let known = match gateway {
                Some(_) => "",
                None => " (the default port)",
            };
            format!("{scheme}://127.0.0.1:{}{known}", config.port.number)
        }
    }
}

//! A small picture of the way from the CLI to the gateway, with the broken step named. Words and
//! ASCII only: it says the same to a screen reader.

use super::wrap;
use crate::checks::{self, Hop};
use crate::config::facts::Place;
use crate::config::gateway::Gateway;
use crate::config::model::Host;
use crate::finding::{Finding, Severity};
use crate::model::Model;
use crate::secret::shown;
use crate::text::safe;

/// The picture, where the config is part of the story.
pub fn picture(model: &Model, findings: &[Finding], width: usize) -> Option<String> {
    let (finding, broken) = findings
        .iter()
        .filter(|finding| finding.severity <= Severity::Warning)
        .find_map(|finding| Some((finding, checks::check(finding.code)?.hop?)))?;
    let word = if finding.severity == Severity::Blocks { "BROKEN" } else { "CHECK" };
    let mark = |at: Hop, text: String| {
        if at == broken { format!("[{word}: {text}]") } else { text }
    };
    let text = format!(
        "{} --> {} --> {} ({})",
        mark(Hop::Cli, "CLI".to_owned()),
        mark(Hop::Url, url(model)),
        mark(Hop::Gateway, "gateway".to_owned()),
        finding.code
    );
    let picture = wrap(&text, width, "Path       ", "           ");
    let legend = "           (the way of every command; what stands in [ ] needs a look)";
    Some(format!("{picture}\n{legend}"))
}

/// Where the CLI goes, as far as the state and the environment tell.
fn url(model: &Model) -> String {
    let config = &model.config;
    let variable = config
        .facts
        .variables
        .iter()
        .filter(|at| at.place != Place::Service)
        .find_map(|at| at.url.as_deref());
    if let Some(url) = variable {
        return safe(&shown::url(url));
    }
    let gateway: Option<&Gateway> = config.read().map(|config| &config.gateway);
    let remote = gateway
        .filter(|gateway| gateway.mode.value().is_some_and(|mode| mode == "remote"))
        .and_then(|gateway| gateway.remote_url.value());
    match (remote, &config.host) {
        (Some(url), _) => safe(&shown::url(url)),
        (None, Host::Client(url)) => safe(&shown::url(url)),
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

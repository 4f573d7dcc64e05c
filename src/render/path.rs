//! A small picture of the way from the CLI to the gateway, with the broken step named. Words and
//! ASCII only: it says the same to a screen reader.

use super::wrap;
use crate::config::facts::Place;
use crate::config::gateway::Gateway;
use crate::config::model::Host;
use crate::finding::{Finding, Severity};
use crate::model::Model;
use crate::secret::shown;
use crate::text::safe;

/// A step of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Cli,
    Url,
    Gateway,
}

/// Where on the way a finding about the config sits.
fn step(code: &str) -> Option<Step> {
    Some(match code {
        "env-overrides-token" | "shared-token-drift" => Step::Cli,
        "env-overrides-url"
        | "env-overrides-port"
        | "remote-url-not-local"
        | "gateway-url-plaintext"
        | "proxy-untrusted" => Step::Url,
        "gateway-bind-invalid"
        | "gateway-mode-missing"
        | "gateway-mode-remote"
        | "gateway-value-invalid"
        | "auth-bind-conflict"
        | "trusted-proxies-not-a-list"
        | "token-placeholder"
        | "config-missing"
        | "config-empty"
        | "config-unparsable"
        | "config-unknown-key"
        | "include-broken"
        | "service-other-state-dir" => Step::Gateway,
        _ => return None,
    })
}

/// The picture, where the config is part of the story.
pub fn picture(model: &Model, findings: &[Finding], width: usize) -> Option<String> {
    let (finding, broken) = findings
        .iter()
        .filter(|finding| finding.severity <= Severity::Warning)
        .find_map(|finding| Some((finding, step(finding.code.0)?)))?;
    let word = if finding.severity == Severity::Blocks { "BROKEN" } else { "CHECK" };
    let mark = |at: Step, text: String| {
        if at == broken { format!("[{word}: {text}]") } else { text }
    };
    let text = format!(
        "{} --> {} --> {} ({})",
        mark(Step::Cli, "CLI".to_owned()),
        mark(Step::Url, url(model)),
        mark(Step::Gateway, "gateway".to_owned()),
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

#[cfg(test)]
mod tests {
    use crate::checks::RULES;

    #[test]
    fn every_step_that_is_named_belongs_to_a_rule() {
        let source = include_str!("path.rs");
        let arms = source
            .split("fn step(")
            .nth(1)
            .and_then(|rest| rest.split("_ => return None").next())
            .unwrap();
        for code in arms.split('"').skip(1).step_by(2) {
            assert!(RULES.iter().any(|rule| rule.code.0 == code), "{code}");
        }
    }
}

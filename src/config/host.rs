//! What this machine is by its config and state: a gateway's host or a client; and the port that holds.

use super::facts::{ConfigFacts, Variables};
use super::gateway::{Field, Gateway};
use super::url::{Distance, GatewayUrl};
use super::vocabulary::{DEFAULT_PORT, MODES, port_of_profile};

/// What this machine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// The host of a gateway, by these signs (none: nothing speaks against it).
    Gateway(Vec<String>),
    /// A client of a gateway elsewhere, at this URL.
    Client(String),
}

/// The gateway's port and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The TCP port.
    pub number: u16,
    /// Which place says so.
    pub from: String,
}

/// Signs of a gateway that the state itself shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signs {
    /// The paired store holds devices.
    pub devices: bool,
    /// The pending store holds requests.
    pub requests: bool,
    /// A gateway's lock is there.
    pub lock: bool,
    /// The CLI takes the shared token of the config before that of the environment (2026.8 and later).
    pub config_first: bool,
    /// The database says that a gateway has been started.
    pub booted: bool,
    /// 2026.9 or later has worked on the database.
    pub derives_port: bool,
}

pub(super) fn host(gateway: Option<&Gateway>, facts: &ConfigFacts, signs: Signs) -> Host {
    let of_state = [
        (signs.devices, "devices are paired with a gateway here"),
        (signs.requests, "requests wait for a gateway here"),
        (signs.lock, "a gateway's lock is here"),
        (signs.booted, "a gateway has been started on this state"),
    ];
    let mut seen: Vec<String> = Vec::new();
    seen.extend(of_state.iter().filter(|(is_there, _)| *is_there).map(|(_, says)| (*says).into()));
    let services = facts.of_the_service().filter(|at| at.at.starts_with('/'));
    seen.extend(services.map(|at| format!("a gateway is installed as a service: {}", at.at)));
    let Some(gateway) = gateway else { return Host::Gateway(seen) };
    if !seen.is_empty() || gateway.mode.value().map(String::as_str) != Some(MODES[1]) {
        return Host::Gateway(seen);
    }
    match &gateway.remote_url.field {
        Field::Value(url) if !url.trim().is_empty() => {
            let parts = GatewayUrl::parse(url);
            let here = parts.is_some_and(|url| url.distance() == Distance::Loopback);
            let runs_one = !gateway.bind.is_missing() || !gateway.port.is_missing();
            let tunnel = gateway.remote_transport.value().is_some_and(|word| word == "ssh");
            if here && runs_one && !tunnel {
                let says = "the config sets up a gateway, and its remote.url is this machine";
                Host::Gateway(vec![says.to_owned()])
            } else {
                Host::Client(url.clone())
            }
        }
        Field::Reference(_) => Host::Client("the URL that a variable holds".to_owned()),
        _ => Host::Gateway(vec!["the config names no other gateway".to_owned()]),
    }
}

pub(super) fn port(gateway: Option<&Gateway>, facts: &ConfigFacts, signs: Signs) -> Port {
    if let Some((at, number)) = facts.flag(|flags| flags.port) {
        return Port { number, from: format!("--port in {}", at.at) };
    }
    let set = |at: &Variables| Some(Port { number: at.port?, from: at.at.clone() });
    if let Some(port) = facts.seen_by_gateway().find_map(set) {
        return port;
    }
    let named = |number, from: &str| Port { number, from: from.to_owned() };
    match (gateway.and_then(|gateway| gateway.port.value()), &facts.profile) {
        (Some(number), _) => named(*number, "gateway.port"),
        (None, Some(profile)) if signs.derives_port || profile == "dev" => {
            named(port_of_profile(profile), "the profile's name")
        }
        _ => named(DEFAULT_PORT, "OpenClaw's default"),
    }
}

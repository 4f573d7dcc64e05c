//! What this machine is by its config and state: a gateway's host or a client; and the port that holds.

use super::facts::{ConfigFacts, Origin};
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
    /// The number.
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
    let mut seen = Vec::new();
    if signs.devices {
        seen.push("devices are paired with a gateway here".to_owned());
    }
    if signs.requests {
        seen.push("requests wait for a gateway here".to_owned());
    }
    if signs.lock {
        seen.push("a gateway's lock is here".to_owned());
    }
    if signs.booted {
        seen.push("a gateway has been started on this state".to_owned());
    }
    let services = facts.variables.iter().filter(|at| {
        at.place == Origin::Service && at.other_state_dir.is_none() && at.at.starts_with('/')
    });
    seen.extend(services.map(|at| format!("a gateway is installed as a service: {}", at.at)));
    let Some(gateway) = gateway else {
        return Host::Gateway(seen);
    };
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
    for place in [Origin::Service, Origin::DotEnv] {
        let mut at =
            facts.variables.iter().filter(|at| at.place == place && at.other_state_dir.is_none());
        if let Some((number, from)) = at.find_map(|at| Some((at.port?, at.at.clone()))) {
            return Port { number, from };
        }
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

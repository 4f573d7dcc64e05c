//! The way to the gateway: its URL, and a proxy in front of it.

use serde_json::Value;

use super::value::{Wanted, edits, hosted};
use super::{gateway, place, shown};
use crate::checks::{Check, Edits, Options, Stage};
use crate::config::gateway::{Field, Gateway};
use crate::config::model::Host;
use crate::config::url::{Distance, GatewayUrl};
use crate::finding::{Code, Finding, Severity};
use crate::format::value::at_path;
use crate::model::Model;
use crate::model::scopes::Era;
use crate::secret::Unshown;
use crate::secret::shape::Shape;
use crate::step::Step;

pub static NOT_A_LIST: Check = Check {
    code: Code("trusted-proxies-not-a-list"),
    modes: &["F06"],
    severity: Severity::Blocks,
    title: "gateway.trustedProxies is not a list",
    why: "gateway.trustedProxies must be a list of addresses. With a single text the gateway does not start, and the \
          CLI refuses its commands.",
    repair: "The text becomes a list (split at commas).",
    by_hand: "Put brackets around it: trustedProxies: [\"127.0.0.1\"].",
    messages: &["gateway.trustedProxies: Invalid input", "expected array, received string"],
    stage: Some(Stage::Config),
    find_one: |model, check| {
        let setting = &gateway(model)?.trusted_proxies;
        let raw = model.config.raw(&setting.path).filter(|raw| !raw.is_array())?;
        let now = raw.as_str().map(|text| format!("{:?}", Shape::Address.show(text)));
        let finding = check
            .finding(place(model, setting), "gateway.trustedProxies is not a list")
            .seen_each("now", now);
        Some(match proxies(model, &Options::default()) {
            Some(wanted) => {
                let items = wanted.new.as_array().into_iter().flatten().filter_map(Value::as_str);
                let items: Vec<String> = items.map(|item| Shape::Address.show(item)).collect();
                wanted.repair(model, finding, format!("make it {}", serde_json::json!(items)))
            }
            None => finding.by_hand(["make it a list of addresses, e.g. [\"127.0.0.1\"]"]),
        })
    },
    edits: Edits::Config(|model, options| edits(model, proxies(model, options))),
    ..Check::BASE
};

/// `gateway.trustedProxies`: a list, with the proxies that the user names.
fn proxies(model: &Model, options: &Options) -> Option<Wanted> {
    let setting = &hosted(model)?.trusted_proxies;
    let file = model.config.read()?.resolved.file(setting.owner.file);
    // A list may be joined from several files: what this one holds is what is written.
    let own = file.and_then(|file| at_path(&file.value, &setting.owner.path));
    let (mut list, mut codes, why) = match own {
        None => (Vec::new(), Vec::new(), ""),
        Some(Value::Array(list)) => (list.clone(), Vec::new(), ""),
        Some(Value::String(text)) => (
            text.split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(Value::from)
                .collect(),
            vec![NOT_A_LIST.code],
            "gateway.trustedProxies must be a list",
        ),
        Some(_) => return None,
    };
    let known: Vec<&str> = setting.value().into_iter().flatten().map(String::as_str).collect();
    let before = list.len();
    for address in options.trust_proxy.iter().map(ToString::to_string) {
        if !known.contains(&address.as_str()) && !list.contains(&Value::from(address.as_str())) {
            list.push(Value::from(address));
        }
    }
    let mut why = why.to_owned();
    if list.len() > before {
        codes.push(UNTRUSTED.code);
        why = "the proxy that --trust-proxy names may say who its clients are".to_owned();
    }
    (!codes.is_empty()).then(|| Wanted {
        codes,
        path: setting.path.clone(),
        owner: setting.owner.clone(),
        new: Unshown(Value::Array(list)),
        why,
    })
}

/// A public address that leads here by way of a proxy, by what the config says itself.
fn public_address(gateway: &Gateway) -> Option<String> {
    let origins = gateway.control_ui_allowed_origins.value().into_iter().flatten();
    gateway.remote_url.value().into_iter().chain(origins).find_map(|url| {
        let parts = GatewayUrl::parse(url)?;
        let secure = matches!(parts.scheme.as_str(), "https" | "wss");
        (secure && parts.distance() == Distance::Public).then(|| url.to_owned())
    })
}

pub static UNTRUSTED: Check = Check {
    code: Code("proxy-untrusted"),
    modes: &["F06"],
    severity: Severity::Warning,
    title: "a proxy in front of the gateway is not trusted",
    why: "The gateway trusts a proxy only if the proxy's address is in gateway.trustedProxies. Without it 2026.8 and \
          later refuse connections through the proxy (403, `proxy_attribution_required`); earlier ones see every client as the proxy itself. A connection through a proxy is never local, so its device must be approved once.",
    repair: "Only what you name: --trust-proxy IP adds that address. Give the proxy's address as the gateway sees it \
             (127.0.0.1 for a proxy on this machine), never a whole network.",
    by_hand: "Add the proxy's address to the list gateway.trustedProxies.",
    messages: &[
        "Proxy headers detected from untrusted address",
        "proxy client attribution is required",
        "proxy_attribution_required",
        "Connection will not be treated as local",
        "loopback connection with non-local host header",
    ],
    stage: Some(Stage::Url),
    find_one: |model, check| {
        let gateway = hosted(model)?;
        let setting = &gateway.trusted_proxies;
        let none = setting.names_none();
        let served = model.config.is_on_tailscale();
        if !none || served {
            return None;
        }
        let near = matches!(&gateway.bind.field, Field::Missing)
            || gateway.bind.value().is_some_and(|bind| bind == "loopback");
        // Only what is not local waits like this, and with this bind only a proxy lets it in.
        let strange = near && model.requests.iter().any(|own| !own.silent && !own.is_repair);
        let address = public_address(gateway);
        if address.is_none() && !strange {
            return None;
        }
        // What reaches a gateway that listens on loopback comes from loopback, its proxy too.
        let seen = model
            .requests
            .iter()
            .filter_map(|own| own.remote_ip.as_ref()?.parse::<std::net::IpAddr>().ok())
            .find(std::net::IpAddr::is_loopback)
            .map(|ip| ip.to_string());
        let ip = match seen {
            Some(seen) if strange => seen,
            None if strange => "127.0.0.1".to_owned(),
            _ => "IP".to_owned(),
        };
        let says = match &address {
            Some(_) => {
                "there seems to be a proxy in front of the gateway, and gateway.trustedProxies does not name it"
            }
            None => {
                "if you use a proxy (nginx, Caddy or similar): gateway.trustedProxies does not name it"
            }
        };
        let trust = Step::clawmend(["repair", "--trust-proxy", ip.as_str()])
            .note("only if that is your proxy");
        let finding = check
            .finding(place(model, setting), says)
            .choice(trust)
            .seen_each("the config names", address.map(|url| Shape::Url.show(&url)))
            .note_if(
                strange,
                "this machine's own request waits as if it came from another machine",
            );
        Some(
            finding.note("gateway.trustedProxies names no address").note(
                "IP is the proxy's address as the gateway sees it: 127.0.0.1 for a proxy on this machine",
            ))
    },
    edits: Edits::With(&NOT_A_LIST),
    ..Check::BASE
};

pub static NOT_LOCAL: Check = Check {
    code: Code("remote-url-not-local"),
    modes: &["F06", "F18"],
    severity: Severity::Blocks,
    title: "gateway.remote.url is not an address of the gateway's own host",
    why: "Sub-agents (and a CLI with gateway.mode `remote`) use this URL, so they connect through the proxy. Then they do not count as local, and each of them must be approved. Releases before \
          2026.5 accept no `http(s)://` URL.",
    repair: "It becomes ws://127.0.0.1 with the gateway's port. (With gateway.mode `local` the CLI itself does not use it.)",
    by_hand: "Set gateway.remote.url to \"ws://127.0.0.1:18789\" (the gateway's port), or remove gateway.remote.",
    messages: &[
        "Proxy headers detected from untrusted address",
        "SECURITY ERROR: Gateway URL",
        "Connection will not be treated as local",
        "over plaintext ws://",
    ],
    stage: Some(Stage::Url),
    find_one: |model, check| {
        let (gateway, wanted) = (gateway(model)?, remote_url(model)?);
        let setting = &gateway.remote_url;
        let url = setting.value().map(String::as_str).unwrap_or_default();
        let says = match GatewayUrl::parse(url) {
            Some(parts) if parts.distance() == Distance::Loopback => {
                "gateway.remote.url is not a WebSocket URL (ws:// or wss://)"
            }
            Some(_) => {
                "gateway.remote.url is not an address of this machine, which is the gateway's own host"
            }
            None => "gateway.remote.url is not a URL",
        };
        let to = wanted.new.as_str().unwrap_or_default();
        let finding = check.finding(place(model, setting), says).note(shown(setting));
        let finding = wanted.repair(model, finding, format!("set it to {to}"));
        let used = gateway.mode.value().is_some_and(|mode| mode == "remote");
        Some(finding.rated_if(!used, Severity::Warning))
    },
    edits: Edits::Config(|model, _| edits(model, remote_url(model))),
    ..Check::BASE
};

/// `gateway.remote.url`, where it leads away from the gateway's own host, or is no WebSocket's.
fn remote_url(model: &Model) -> Option<Wanted> {
    let gateway = hosted(model)?;
    let setting = &gateway.remote_url;
    let url = setting.value().filter(|url| !url.trim().is_empty())?;
    if gateway.remote_transport.value().is_some_and(|word| word == "ssh") {
        return None; // an app's tunnel to another machine
    }
    let is_websocket = |url: &GatewayUrl| matches!(url.scheme.as_str(), "ws" | "wss");
    let parts = GatewayUrl::parse(url).filter(is_websocket);
    if parts.is_some_and(|url| url.distance() == Distance::Loopback) {
        return None;
    }
    let tls = gateway.tls_enabled.value() == Some(&true);
    let scheme = if tls { "wss" } else { "ws" };
    let port = &model.config.port;
    let new = format!("{scheme}://127.0.0.1:{}", port.number);
    let why = format!(
        "on the gateway's own host the connection stays on this machine; the port is from {}",
        port.from
    );
    Some(Wanted::of(setting, NOT_LOCAL.code, Value::from(new), why))
}

pub static PLAINTEXT: Check = Check {
    code: Code("gateway-url-plaintext"),
    modes: &["F18"],
    severity: Severity::Blocks,
    title: "the CLI refuses the gateway's URL because it is not safe",
    why: "OpenClaw sends its token over plain ws:// only to this machine. From 2026.5 it also sends it to private \
          addresses; before, only with OPENCLAW_ALLOW_INSECURE_PRIVATE_WS=1. 2026.2.19 makes its own URL from \
          gateway.bind, and with lan or tailnet it refuses that too.",
    repair: "Nothing: you decide what to use (a tunnel, wss://, or --bind loopback).",
    by_hand: "Use wss://, or an SSH tunnel: ssh -N -L 18789:127.0.0.1:18789 HOST, and ws://127.0.0.1:18789.",
    messages: &[
        "uses plaintext ws:// to a non-loopback address",
        "Cannot connect to",
        "over plaintext ws://",
        "security error: gateway url",
    ],
    stage: Some(Stage::Url),
    find_one: |model, check| {
        let gateway = gateway(model)?;
        // Never both: a client has no gateway of its own.
        client_url(model, gateway, check).or_else(|| own_url(model, gateway, check))
    },
    ..Check::BASE
};

fn client_url(model: &Model, gateway: &Gateway, check: &Check) -> Option<Finding> {
    let Host::Client(url) = &model.config.host else { return None };
    let parts = GatewayUrl::parse(url)?;
    if matches!(parts.scheme.as_str(), "wss" | "https") || parts.distance() == Distance::Loopback {
        return None;
    }
    let says = "gateway.remote.url is plain ws:// to another machine";
    let setting = &gateway.remote_url;
    let explain = Step::clawmend(["explain", "gateway-url-plaintext"])
        .after("use wss://, or a tunnel to ws://127.0.0.1");
    let finding =
        check.finding(place(model, setting), says).by_hand([explain]).note(shown(setting));
    let is_private = parts.distance() == Distance::Private;
    let note = "the address is private: releases from 2026.5 accept it, earlier ones refuse it";
    Some(finding.rated_if(is_private, Severity::Warning).note_if(is_private, note))
}

fn own_url(model: &Model, gateway: &Gateway, check: &Check) -> Option<Finding> {
    let wide = gateway.bind.value().filter(|bind| matches!(bind.as_str(), "lan" | "tailnet"))?;
    let has_tls = gateway.tls_enabled.value() == Some(&true);
    if model.era != Era::Literal || model.config.is_client() || has_tls {
        return None;
    }
    let says = format!(
        "2026.2.19 and earlier refuse their own gateway's URL with gateway.bind \"{wide}\""
    );
    let step = Step::run("openclaw", ["update"])
        .note("or call it with --url ws://127.0.0.1:PORT --token TOKEN, or set gateway.bind to \"loopback\"");
    let finding = check.finding(place(model, &gateway.bind), says).by_hand([step]);
    let note = "nothing here shows that OpenClaw is newer than 2026.2.19";
    Some(finding.rated(Severity::Warning).note(note))
}

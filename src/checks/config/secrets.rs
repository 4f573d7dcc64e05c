//! The shared secret: where one is needed, and the new one that the user asked for.

use serde_json::Value;

use super::gateway;
use super::value::{Wanted, hosted};
use crate::checks::Options;
use crate::config::gateway::{Field, Gateway, Setting};
use crate::config::model::AuthKind;
use crate::config::release::Release;
use crate::config::url::{Distance, distance};
use crate::config::vars;
use crate::config::vocabulary::{BINDS, BindAlias, bind_alias};
use crate::finding::Code;
use crate::model::Model;
use crate::model::device::token_from;
use crate::secret::Secret;

/// Said where the release that runs makes a shared token.
pub const MAKES_TOKEN: &str = "the gateway makes a shared token when it starts";

/// A bind for which the gateway wants a shared secret, where there is none.
pub struct Unguarded {
    /// The bind, in words.
    pub bind: &'static str,
    /// Whether other machines reach the gateway through it.
    pub is_wide: bool,
    /// Whether the gateway does not start with it; `None`: some of the releases that may run here do not.
    pub stops: Option<bool>,
}

/// The bind that has no guard. Up to 2026.5.12 a gateway compares the word (2026.4.15 was seen to refuse `custom` with 127.0.0.1),
/// from 2026.5.18 on the address. Up to 2026.4.5 no bind is `loopback` also in a container.
pub fn unguarded(model: &Model) -> Option<Unguarded> {
    let gateway = gateway(model)?;
    if model.config.is_client() || model.config.is_guarded() {
        return None;
    }
    let (word, bind, is_wide) = reach(model, gateway)?;
    let kind = model.config.auth_kind();
    // A gateway that wants a token says so of any bind, or makes one.
    let is_word_enough = kind == AuthKind::None && word.is_some();
    let wants = |release: Release| {
        (is_wide && (word.is_some() || release.is_from("2026.4.6")))
            || is_word_enough && !release.is_from("2026.5.13")
    };
    let makes_one = |release: Release| {
        kind == AuthKind::Token && release.is_from("2026.2.19") && !release.is_from("2026.5.13")
    };
    (model.by_release(wants) != Some(false)).then(|| Unguarded {
        bind,
        is_wide,
        stops: model.by_release(|release| wants(release) && !makes_one(release)),
    })
}

/// The bind other than `loopback`: its word, in words, and whether other machines reach the gateway through it.
pub fn reach<'m>(
    model: &Model,
    gateway: &'m Gateway,
) -> Option<(Option<&'m str>, &'static str, bool)> {
    let facts = &model.config.facts;
    let word = match &gateway.bind.field {
        Field::Value(word) => Some(word.as_str()),
        Field::Missing => None,
        Field::Wrong(_) | Field::Reference(_) => return None,
    };
    let (bind, is_wide) = match word {
        Some("lan") => ("lan (all networks of this machine)", true),
        // Without an address there, it is 127.0.0.1.
        Some("tailnet") => {
            ("tailnet", facts.addresses.as_ref().is_none_or(|here| here.iter().any(is_of_tailnet)))
        }
        Some("custom") => {
            let host = gateway.custom_bind_host.value()?;
            ("custom", distance(host) != Distance::Loopback)
        }
        Some("auto") if facts.container => ("auto (all networks, in a container)", true),
        Some("auto") => ("auto", false),
        None if facts.container && !gateway.is_on_tailscale() => {
            ("not set, which in a container means all networks", true)
        }
        _ => return None,
    };
    Some((word, bind, is_wide))
}

/// 100.64.0.0/10, as OpenClaw tells it.
fn is_of_tailnet(address: &std::net::Ipv4Addr) -> bool {
    matches!(address.octets(), [100, 64..=127, ..])
}

/// Whether `--new-token` has a place to go: a placeholder, or no token where one is needed.
pub fn fills_token(model: &Model, options: &Options) -> bool {
    let Some(gateway) = hosted(model) else {
        return false;
    };
    let setting = &gateway.auth_token;
    match (&setting.field, model.config.auth_kind()) {
        (Field::Value(_), AuthKind::Token) => setting.usable().is_none(),
        (Field::Missing, AuthKind::Token) => {
            needs_guard(model, gateway, options) || starts_without_none(model).is_some()
        }
        _ => false,
    }
}

/// The release that runs here, where a gateway of it does not start without a shared token: before 2026.2.19.
/// Later ones make one, or let paired devices in.
pub fn starts_without_none(model: &Model) -> Option<Release> {
    model.release().filter(|release| !release.is_from("2026.2.19"))
}

/// Whether the bind that is or will be there needs a shared secret.
fn needs_guard(model: &Model, gateway: &Gateway, options: &Options) -> bool {
    let word = match &gateway.bind.field {
        Field::Value(word) => match (bind_alias(word), options.bind) {
            (None, _) if BINDS.contains(&word.as_str()) => {
                return unguarded(model).is_some();
            }
            (_, Some(chosen)) => chosen,
            (Some(BindAlias::Everywhere), None) => "lan",
            (Some(BindAlias::Word(known)), None) => known,
            (_, None) => return false,
        },
        Field::Wrong(_) => options.bind.unwrap_or_default(),
        _ => return unguarded(model).is_some(),
    };
    let wide = matches!(word, "lan" | "tailnet") || word == "auto" && model.config.facts.container;
    wide && !model.config.is_guarded()
}

/// The token of `--new-token`, where it has a place to go.
pub fn new_token(model: &Model, options: &Options) -> Option<Secret> {
    options.new_token.as_ref().map(token_from).filter(|_| fills_token(model, options))
}

/// Whether a shared secret guards the gateway, or will.
pub fn is_guarded_by(model: &Model, options: &Options) -> bool {
    model.config.is_guarded() || options.new_token.is_some() && fills_token(model, options)
}

/// `gateway.auth.token`, where the user wants a new one and the one that is there is of this kind.
pub fn new_token_in(
    model: &Model,
    options: &Options,
    code: Code,
    is: fn(&Setting<Secret>) -> bool,
) -> Option<Wanted> {
    let token = new_token(model, options)?;
    let setting = Some(&hosted(model)?.auth_token).filter(|setting| is(setting))?;
    let new = Value::from(vars::escaped(token.expose()));
    Some(Wanted::of(setting, code, new, "a new random token, as --new-token says"))
}

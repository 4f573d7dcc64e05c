//! The shared secret: where one is needed, and the new one that the user asked for.

use serde_json::Value;

use super::gateway;
use super::value::{Wanted, hosted};
use crate::checks::Options;
use crate::config::gateway::{Field, Gateway, Setting};
use crate::config::model::AuthKind;
use crate::config::release::{Release, Tokenless};
use crate::config::url::{Distance, distance};
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
    /// Whether other machines reach the gateway through it, in some release that may run here.
    pub is_wide: bool,
    /// Whether the gateway does not start with it; `None`: some of the releases that may run here do not.
    pub stops: Option<bool>,
}

/// The bind that has no guard. Up to 2026.5.12 a gateway compares the word (2026.4.15 was seen to refuse `custom` with 127.0.0.1),
/// from 2026.5.18 on the address.
pub fn unguarded(model: &Model) -> Option<Unguarded> {
    let gateway = gateway(model).filter(|_| !model.config.is_client())?;
    unguarded_by(model, gateway, word(model, gateway)?)
}

fn unguarded_by(model: &Model, gateway: &Gateway, word: Option<&str>) -> Option<Unguarded> {
    let reach = reach(model, gateway, word).filter(|_| !model.config.is_guarded())?;
    let kind = model.config.auth_kind();
    // A gateway that wants a token says so of any bind, or makes one.
    let is_word_enough = kind == AuthKind::None && word.is_some();
    let wants = |release: Release| {
        reach.is_wide(release) || is_word_enough && !release.is_from("2026.5.13")
    };
    let makes_one = |release: Release| {
        kind == AuthKind::Token
            && matches!(release.tokenless(), Tokenless::Writes | Tokenless::Keeps)
    };
    (model.by_release(wants) != Some(false)).then(|| Unguarded {
        bind: reach.bind,
        is_wide: model.by_release(|release| reach.is_wide(release)) != Some(false),
        stops: model.by_release(|release| wants(release) && !makes_one(release)),
    })
}

/// The word of `--bind` of the gateway's service, else of `gateway.bind`; `None`: it is no text.
pub fn word<'m>(model: &'m Model, gateway: &'m Gateway) -> Option<Option<&'m str>> {
    if let Some((_, word)) = model.config.facts.flag(|flags| flags.bind.as_deref()) {
        return Some(Some(word));
    }
    match &gateway.bind.field {
        Field::Value(word) => Some(Some(word)),
        Field::Missing => Some(None),
        Field::Wrong(_) | Field::Reference(_) => None,
    }
}

/// How far a bind other than `loopback` reaches.
pub struct Exposure {
    /// The bind, in words.
    bind: &'static str,
    /// The first release that lets other machines reach the gateway through it, if any does.
    wide_from: Option<&'static str>,
}

impl Exposure {
    /// Whether other machines reach a gateway of this release through it.
    pub fn is_wide(&self, release: Release) -> bool {
        self.wide_from.is_some_and(|first| release.is_from(first))
    }
}

/// Since when others are let in by a bind that says so itself.
const ALWAYS: Option<&str> = Some("2026.1.1");
/// Since when a gateway in a container listens on all networks without being told to (not 2026.4.5, but 2026.4.7, by their code).
const IN_CONTAINER: Option<&str> = Some("2026.4.6");

/// How far a bind that is or will be there reaches, where that is not `loopback`.
pub fn reach(model: &Model, gateway: &Gateway, word: Option<&str>) -> Option<Exposure> {
    let facts = &model.config.facts;
    let (bind, wide_from) = match word {
        Some("lan") => ("lan (all networks of this machine)", ALWAYS),
        Some("tailnet") => {
            let here = facts.addresses.as_ref();
            // Without an address there, it is 127.0.0.1.
            let is_wide = here.is_none_or(|here| here.iter().any(is_of_tailnet));
            ("tailnet", ALWAYS.filter(|_| is_wide))
        }
        Some("custom") => {
            let host = gateway.custom_bind_host.value()?;
            ("custom", ALWAYS.filter(|_| distance(host) != Distance::Loopback))
        }
        Some("auto") if facts.container => ("auto (all networks, in a container)", IN_CONTAINER),
        Some("auto") => ("auto", None),
        None if facts.container && !model.config.is_on_tailscale() => {
            ("not set, which in a container means all networks", IN_CONTAINER)
        }
        _ => return None,
    };
    Some(Exposure { bind, wide_from })
}

/// 100.64.0.0/10, as OpenClaw tells it.
fn is_of_tailnet(address: &std::net::Ipv4Addr) -> bool {
    matches!(address.octets(), [100, 64..=127, ..])
}

/// Whether `--new-token` has a place to go: a placeholder, or no token where one is needed.
pub fn fills_token(model: &Model, options: &Options) -> bool {
    let Some(gateway) = hosted(model) else { return false };
    let setting = &gateway.auth_token;
    match (&setting.field, model.config.auth_kind()) {
        (Field::Value(_), AuthKind::Token) => setting.usable().is_none(),
        (Field::Missing, AuthKind::Token) => {
            needs_guard(model, gateway, options) || starts_without_none(model) != Some(true)
        }
        _ => false,
    }
}

/// Whether the gateway starts without a shared token; `None`: some of the releases that may run here do.
pub fn starts_without_none(model: &Model) -> Option<bool> {
    model.by_release(|release| release.tokenless() != Tokenless::Refuses)
}

/// Whether the bind that is or will be there needs a shared secret.
fn needs_guard(model: &Model, gateway: &Gateway, options: &Options) -> bool {
    let word = match &gateway.bind.field {
        Field::Value(word) => match (bind_alias(word), options.bind) {
            (None, _) if BINDS.contains(&word.as_str()) => Some(word.as_str()),
            (_, Some(chosen)) => Some(chosen),
            (Some(BindAlias::Everywhere), None) => Some("lan"),
            (Some(BindAlias::Word(known)), None) => Some(known),
            (_, None) => return false,
        },
        Field::Wrong(_) if options.bind.is_some() => options.bind,
        Field::Missing => None,
        Field::Wrong(_) | Field::Reference(_) => return false,
    };
    unguarded_by(model, gateway, word).is_some()
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
    let new = Value::from(token.expose());
    Some(Wanted::of(
        setting,
        code,
        new,
        "a new random token; the other machines need it from there",
    ))
}

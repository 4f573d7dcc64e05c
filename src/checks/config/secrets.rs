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

/// What the gateway listens on beyond this machine without a shared secret, in words; `None` where
/// that is not so, or cannot be told.
pub fn exposed(model: &Model) -> Option<&'static str> {
    let gateway = gateway(model)?;
    if model.config.is_client() || model.config.is_guarded() {
        return None;
    }
    match &gateway.bind.field {
        Field::Value(word) => match word.as_str() {
            "lan" => Some("lan (all networks of this machine)"),
            "tailnet" => Some("tailnet"),
            "custom" => {
                let host = gateway.custom_bind_host.value()?;
                (distance(host) != Distance::Loopback).then_some("custom (another address)")
            }
            "auto" if model.config.facts.container => Some("auto (all networks, in a container)"),
            _ => None,
        },
        Field::Missing if model.config.facts.container => {
            Some("not set, which in a container means all networks")
        }
        _ => None,
    }
}

/// Whether `--new-token` has a place to go: a placeholder, or no token where one is needed.
pub fn fills_token(model: &Model, options: &Options) -> bool {
    let Some(gateway) = hosted(model) else {
        return false;
    };
    let setting = &gateway.auth_token;
    match (&setting.field, gateway.auth_kind()) {
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
                return exposed(model).is_some();
            }
            (_, Some(chosen)) => chosen,
            (Some(BindAlias::Everywhere), None) => "lan",
            (Some(BindAlias::Word(known)), None) => known,
            (_, None) => return false,
        },
        Field::Wrong(_) => options.bind.unwrap_or_default(),
        _ => return exposed(model).is_some(),
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

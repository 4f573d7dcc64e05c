//! What the shared token should be: the gateway's own, its copy for the CLI, a new one on request.

use serde_json::Value;

use super::auth;
use super::conflict::{CONFLICT, exposed};
use super::wanted::{Choice, Wanted, hosted};
use crate::config::gateway::{Field, Gateway};
use crate::config::model::AuthKind;
use crate::config::vars;
use crate::config::words::{BINDS, BindAlias, bind_alias};
use crate::model::Model;

/// Whether `--new-token` has a place to go: a placeholder, or no token where one is needed.
pub fn fills_token(model: &Model, choice: &Choice) -> bool {
    let Some(gateway) = hosted(model) else {
        return false;
    };
    let setting = &gateway.auth_token;
    match (&setting.field, gateway.auth_kind()) {
        (Field::Value(_), AuthKind::Token) => setting.usable().is_none(),
        (Field::Missing, AuthKind::Token) => needs_guard(model, gateway, choice),
        _ => false,
    }
}

/// Whether the bind that is or will be there needs a shared secret.
fn needs_guard(model: &Model, gateway: &Gateway, choice: &Choice) -> bool {
    let word = match &gateway.bind.field {
        Field::Value(word) => match (bind_alias(word), choice.bind) {
            (None, _) if BINDS.contains(&word.as_str()) => {
                return exposed(model).is_some();
            }
            (_, Some(chosen)) => chosen,
            (Some(BindAlias::Everywhere), None) => "lan",
            (Some(BindAlias::Word(known)), None) => known,
            (_, None) => return false,
        },
        Field::Wrong(_) => choice.bind.unwrap_or_default(),
        _ => return exposed(model).is_some(),
    };
    let wide = matches!(word, "lan" | "tailnet") || word == "auto" && model.config.facts.container;
    wide && !model.config.is_guarded()
}

/// `gateway.auth.token`, where the user wants a new one.
pub fn token(model: &Model, choice: &Choice) -> Option<Wanted> {
    let token = choice.token.as_ref().filter(|_| fills_token(model, choice))?;
    let setting = &hosted(model)?.auth_token;
    let code = match setting.field {
        Field::Missing => CONFLICT.code,
        _ => auth::PLACEHOLDER.code,
    };
    let new = Value::from(vars::escaped(token.expose()));
    Some(Wanted::of(setting, code, new, "a new random token, as --new-token says"))
}

/// `gateway.remote.token`, where it differs from the gateway's own token.
pub fn drift(model: &Model, choice: &Choice) -> Option<Wanted> {
    let gateway = hosted(model)?;
    if gateway.auth_kind() != AuthKind::Token {
        return None;
    }
    let setting = &gateway.remote_token;
    let sent = setting.value()?;
    let why = "the CLI's copy of the token becomes the gateway's";
    let code = auth::DRIFT.code;
    if let Some(token) = choice.token.as_ref().filter(|_| fills_token(model, choice)) {
        let new = Value::from(vars::escaped(token.expose()));
        return Some(Wanted::of(setting, code, new, why));
    }
    let own = gateway.auth_token.usable().filter(|own| *own != sent)?;
    let raw = model.config.raw(&gateway.auth_token.path).cloned();
    let new = raw.unwrap_or_else(|| Value::from(vars::escaped(own.expose())));
    Some(Wanted::of(setting, code, new, why))
}

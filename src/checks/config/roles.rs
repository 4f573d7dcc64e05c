//! Roles of operators (2026.8 and later), where they shut out the CLI.

use super::file::edit_at;
use super::place;
use super::value::hosted;
use crate::checks::{Check, Stage};
use crate::config::model::AuthKind;
use crate::finding::{Code, Severity};
use crate::model::Shared;
use crate::plan::StoreKind;
use crate::step::Step;

pub static ROLES: Check = Check {
    code: Code("gateway-roles"),
    severity: Severity::Blocks,
    title: "gateway.roles locks the CLI out",
    why: "With gateway.roles each operator needs a role. A CLI that sends a shared token or password has all roles. \
          One that sends only its device token has none, and every command is refused. If the default role is not \
          defined, the gateway does not start.",
    repair: "Nothing: you decide who may do what.",
    by_hand: "Set gateway.auth.token, or remove gateway.roles; then restart the gateway.",
    messages: &[
        "operator role policies require a verified user identity",
        "AUTH_VERIFIED_USER_REQUIRED",
        "gateway.roles.default must name a configured role definition",
        "gateway.roles.default must name",
    ],
    stage: Some(Stage::Policy),
    find_one: |model, check| {
        let gateway = hosted(model)?;
        // Releases before know no such key, which is told as that.
        if gateway.roles.value().is_none() || model.store != StoreKind::Sqlite {
            return None;
        }
        let place = place(model, &gateway.roles);
        let (default, defined) = (&gateway.roles_default, &gateway.roles_definitions);
        if let (Some(default), Some(defined)) = (default.value(), defined.value())
            && !defined.contains(default)
        {
            let says =
                "gateway.roles.default names a role that gateway.roles.definitions does not define";
            let step =
                "define that role under gateway.roles.definitions, or name one that is there";
            return Some(check.finding(place, says).by_hand([step.into(), Step::restart()]));
        }
        let nameless = match model.config.auth_kind() {
            AuthKind::None => true,
            AuthKind::Token | AuthKind::Password => {
                model.shared == Shared::Absent && !model.config.is_guarded()
            }
            AuthKind::Proxy | AuthKind::Unknown => false,
        };
        if !nameless {
            return None;
        }
        let says =
            "gateway.roles needs users with names, but the CLI has only its device token to show";
        let token = edit_at(
            model,
            &gateway.auth_token.owner,
            "set gateway.auth.token to a long one (the CLI of this machine uses it then, and other clients need it; restart the gateway once it is saved)",
        );
        let remove = edit_at(
            model,
            &gateway.roles.owner,
            "remove gateway.roles (every paired device may then do what its scopes allow; restart the gateway once it is saved)",
        );
        Some(check.finding(place, says).choice(token).choice(remove))
    },
    ..Check::BASE
};

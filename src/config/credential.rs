//! The shared secret on both sides: what the gateway compares with, and what the CLI on its host sends.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::facts::Variables;
use super::flags::Flags;
use super::gateway::{Field, Reference, Setting};
use super::model::{AuthKind, ConfigModel};
use super::secretref::Kept;
use super::vars;
use super::vocabulary::placeholder;
use crate::secret::Secret;
use serde_json::Value;

/// One side's secret; in the clear, so no Debug.
#[derive(PartialEq)]
enum Held<'m> {
    /// No secret is set.
    Nothing,
    /// This secret is set.
    Text(Cow<'m, str>),
    /// One that the files do not tell.
    Unknown,
}

/// The variable of a secret, as one place sets it.
type Own = fn(&Variables) -> Option<&Secret>;
/// The flag of a secret, which counts before the config.
type Flag = fn(&Flags) -> Option<&Secret>;

impl ConfigModel {
    /// The secret that the gateway takes and that the CLI on its host sends, where it is one and the same.
    pub fn agreed_secret(&self) -> Option<Cow<'_, str>> {
        let gateway = &self.whole()?.gateway;
        let token: (Own, Flag) = (|at| at.token.as_ref(), |flags| flags.token.as_ref());
        let password: (Own, Flag) = (|at| at.password.as_ref(), |flags| flags.password.as_ref());
        match self.auth_kind() {
            AuthKind::Token => self.agreed(&gateway.auth_token, token),
            // Behind a proxy a CLI on the host may still show the password.
            AuthKind::Password | AuthKind::Proxy => self.agreed(&gateway.auth_password, password),
            AuthKind::None | AuthKind::Unknown => None,
        }
    }

    /// Whether the config has no shared token, and may be written.
    pub fn may_get_token(&self) -> bool {
        let unset = self.whole().is_some_and(|config| !config.gateway.auth_token.is_filled());
        unset && self.facts.read_only.is_none()
    }

    /// Whether the shared secret is one that a program gives, a file that was not read, or a variable of the shell, which a gateway
    /// without a service may have had too (2026.8.2 and 2026.9.6 let the CLI in then).
    pub fn is_secret_elsewhere(&self) -> bool {
        let Some(gateway) = self.whole().map(|config| &config.gateway) else { return false };
        let setting = match self.auth_kind() {
            AuthKind::Token => &gateway.auth_token,
            AuthKind::Password | AuthKind::Proxy => &gateway.auth_password,
            AuthKind::None | AuthKind::Unknown => return false,
        };
        let facts = &self.facts;
        let is_of_shell = |name: &String| {
            facts.cli_variable(name).is_some()
                && facts.gateway_variable(name).is_none()
                && facts.of_the_service().next().is_none()
        };
        match &setting.field {
            Field::Reference(Reference::Secret(secret)) => match secret.source.as_str() {
                "file" | "exec" => facts.kept(secret).is_none(),
                "env" => is_of_shell(&secret.id),
                _ => false,
            },
            Field::Reference(Reference::Variables(names)) => names.iter().any(is_of_shell),
            _ => false,
        }
    }

    /// Takes what the database holds of the secrets that the gateway's settings refer to: gateway and CLI both look there
    /// (seen on 2026.9.6).
    pub fn take_stored(&mut self, secrets: &BTreeMap<String, Secret>) {
        let Some(gateway) = self.whole().map(|config| &config.gateway) else { return };
        let settings = [
            &gateway.auth_token,
            &gateway.auth_password,
            &gateway.remote_token,
            &gateway.remote_password,
        ];
        let stored = settings.into_iter().filter_map(|setting| match &setting.field {
            Field::Reference(Reference::Secret(secret)) if secret.source == "store" => {
                let kept = secrets.get(&secret.id).filter(|_| self.facts.kept(secret).is_none())?;
                Some((secret.clone(), Kept::Here(kept.clone())))
            }
            _ => None,
        });
        let stored: Vec<_> = stored.collect();
        self.facts.kept.extend(stored);
    }

    /// The gateway looks into the config first, in every release; the CLI does from 2026.8 on, and into its
    /// environment before.
    fn agreed<'m>(
        &'m self,
        setting: &'m Setting<Secret>,
        (own, flag): (Own, Flag),
    ) -> Option<Cow<'m, str>> {
        let facts = &self.facts;
        let of_gateway = self.held(setting, |name| Some(facts.gateway_variable(name)?.1));
        let of_cli = self.held(setting, |name| Some(facts.cli_variable(name)?.1));
        let text = |secret: Option<&'m Secret>| match secret {
            Some(secret) if !secret.expose().trim().is_empty() => {
                Held::Text(secret.expose().trim().into())
            }
            _ => Held::Nothing,
        };
        let set_for_gateway = text(facts.seen_by_gateway().find_map(own));
        let set_for_cli = text(facts.seen_by_cli().find_map(own));
        let or = |first: Held<'m>, second| if first == Held::Nothing { second } else { first };
        let gateway = match facts.flag(flag) {
            Some((_, secret)) => text(Some(secret)),
            None => or(of_gateway, set_for_gateway),
        };
        let cli = if self.config_first { or(of_cli, set_for_cli) } else { or(set_for_cli, of_cli) };
        match (gateway, cli) {
            (Held::Text(one), Held::Text(other)) if one == other => Some(one),
            _ => None,
        }
        .filter(|secret| placeholder(secret).is_none())
    }

    fn held<'m>(
        &'m self,
        setting: &'m Setting<Secret>,
        reads: impl Fn(&str) -> Option<&'m Secret>,
    ) -> Held<'m> {
        let variable = |name: &str| match reads(name) {
            Some(secret) => Held::Text(secret.expose().trim().into()),
            None => Held::Unknown,
        };
        match &setting.field {
            Field::Value(secret) if secret.expose().trim().is_empty() => Held::Nothing,
            Field::Value(secret) => Held::Text(secret.expose().trim().into()),
            Field::Missing => Held::Nothing,
            Field::Reference(Reference::Secret(secret)) => {
                match (self.facts.kept(secret), secret.source.as_str()) {
                    (Some(Kept::Here(secret)), _) => Held::Text(secret.expose().trim().into()),
                    (None, "env") => variable(&secret.id),
                    _ => Held::Unknown,
                }
            }
            Field::Reference(Reference::Variables(_)) => {
                let text = self.raw(&setting.path).and_then(Value::as_str);
                let variable = |name: &str| Some(reads(name)?.expose().to_owned());
                match text.and_then(|text| vars::filled(text, variable)) {
                    Some(text) => Held::Text(text.trim().to_owned().into()),
                    None => Held::Unknown,
                }
            }
            Field::Wrong(_) => Held::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::{facts, model_with_config};
    use crate::config::facts::{Origin, Variables};
    use crate::model::Shared;
    use crate::model::facts::Facts;
    use crate::secret::Secret;

    const VARIABLE: &str = "OPENCLAW_GATEWAY_TOKEN";
    const PASSWORD: &str = "OPENCLAW_GATEWAY_PASSWORD";

    fn shared(auth: &str, set: &[(Origin, &str, &str)]) -> Shared {
        model_with_config(&format!("{{gateway:{{mode:'local',auth:{auth}}}}}"), set_in(set)).shared
    }

    fn set_in(set: &[(Origin, &str, &str)]) -> Facts {
        let mut facts = facts();
        for (place, name, value) in set {
            let set = [((*name).to_owned(), Secret::new(*value))];
            let all = Variables::set(*place, String::new(), set.into(), false);
            facts.config.variables.push(all);
        }
        facts
    }

    #[test]
    fn some_releases_make_a_token_at_their_start() {
        use crate::model::facts::GatewayProcess;
        let with = |release: &str, gateway: GatewayProcess, set: &[(Origin, &str, &str)]| {
            let facts = Facts { gateway, ..set_in(set) };
            let config =
                format!("{{meta:{{lastTouchedVersion:'{release}'}},gateway:{{mode:'local'}}}}");
            model_with_config(&config, facts).shared
        };
        let shared = |release: &str, gateway| with(release, gateway, &[]);
        for release in ["2026.2.19", "2026.4.15", "2026.5.7"] {
            assert_eq!(shared(release, GatewayProcess::NotRunning), Shared::AtStart, "{release}");
        }
        for release in ["2026.2.9", "2026.5.28", "2026.7.1", ""] {
            assert_eq!(shared(release, GatewayProcess::NotRunning), Shared::Absent, "{release}");
        }
        assert_eq!(shared("2026.4.15", GatewayProcess::Running { pid: 1 }), Shared::Absent);
        // A gateway that sees a password asks for that one, and makes no token.
        let set = |place, name| {
            with("2026.4.15", GatewayProcess::NotRunning, &[(place, name, "a-long-word")])
        };
        assert_eq!(set(Origin::Service, PASSWORD), Shared::Absent);
        assert_eq!(set(Origin::DotEnv, PASSWORD), Shared::Present);
        assert_eq!(set(Origin::Process, PASSWORD), Shared::AtStart);
        assert_eq!(set(Origin::Process, VARIABLE), Shared::Absent);
        assert_eq!(set(Origin::Service, VARIABLE), Shared::Absent);
    }

    #[test]
    fn a_secret_counts_where_both_sides_hold_the_same() {
        use Origin::{DotEnv, Process, Service};
        for (auth, set, wanted) in [
            ("{token:'one-token'}", &[][..], Shared::Present),
            ("{mode:'none'}", &[], Shared::Open),
            ("{}", &[], Shared::Absent),
            ("{token:'undefined'}", &[], Shared::Absent),
            // The CLI of these releases looks into its environment first, the gateway into the config.
            ("{token:'one-token'}", &[(DotEnv, VARIABLE, "other")], Shared::Absent),
            ("{token:'one-token'}", &[(Service, VARIABLE, "other")], Shared::Present),
            ("{}", &[(DotEnv, VARIABLE, "one")], Shared::Present),
            ("{}", &[(Service, VARIABLE, "one")], Shared::Absent),
            ("{}", &[(Process, VARIABLE, "one")], Shared::Absent),
            ("{token:'${X}'}", &[(DotEnv, "X", "one")], Shared::Present),
            ("{token:'${X}'}", &[(Process, "X", "one")], Shared::Absent),
            ("{token:'${X}'}", &[], Shared::Absent),
            ("{token:'a-${X}'}", &[(DotEnv, "X", "one")], Shared::Present),
            ("{token:'a-${X}'}", &[(Process, "X", "one")], Shared::Absent),
            ("{token:'a-${X}${Y}'}", &[(DotEnv, "X", "one")], Shared::Absent),
            ("{token:{source:'file',provider:'f',id:'/t'}}", &[], Shared::Absent),
            ("{mode:'password',token:'one-token'}", &[], Shared::Absent),
            ("{mode:'password',password:'word'}", &[], Shared::Present),
            // Without a mode a password counts before a token (2026.2.19, 2026.4.15, 2026.5.28: in with the one in `.env`).
            ("{token:'one-token'}", &[(DotEnv, PASSWORD, "a-word")], Shared::Present),
            ("{token:'one-token'}", &[(Service, PASSWORD, "a-word")], Shared::Absent),
            ("{mode:'token',token:'one-token'}", &[(Service, PASSWORD, "a-word")], Shared::Present),
            ("{token:'one-token',password:' '}", &[], Shared::Present),
            ("{mode:'password',password:'word'}", &[(Process, PASSWORD, "other")], Shared::Absent),
        ] {
            assert_eq!(shared(auth, set), wanted, "{auth} {set:?}");
        }
    }
}

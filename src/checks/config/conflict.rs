//! Auth, bind and their neighbours, where a gateway refuses the combination at its start.

mod tailscale;

use serde_json::Value;

use super::file::edit_at;
use super::secrets::{MAKES_TOKEN, new_token_in, reach, starts_without_none, unguarded, word};
use super::value::{Wanted, edits, hosted};
use super::{at_next_start, bind, place};
use crate::checks::{Check, Edits, Options, Stage};
use crate::config::facts::Variables;
use crate::config::gateway::{Field, Gateway, Setting};
use crate::config::model::AuthKind;
use crate::config::owner::Owner;
use crate::config::release::Release;
use crate::config::vocabulary::{AUTH_MODES, BINDS};
use crate::finding::{Code, Finding, Severity};
use crate::model::Model;
use crate::plan::StoreKind;
use crate::secret::shape::Shape;
use crate::step::Step;

pub static CONFLICT: Check = Check {
    code: Code("auth-bind-conflict"),
    modes: &["F28"],
    severity: Severity::Blocks,
    title: "gateway.bind and gateway.auth do not fit together",
    why: "The gateway refuses to start if two of its settings do not fit together. For example, a gateway that other machines can reach needs a shared token or password. It ends with exit 1 or 78, and systemd does not start it again.",
    repair: "If other machines can reach the gateway without a token, you choose: `--bind loopback` (only this machine) or `--new-token` (a new random token). Other conflicts you change yourself.",
    by_hand: "Set gateway.bind to \"loopback\", or a token in gateway.auth.token; then start the gateway.",
    messages: &[
        "Refusing to bind gateway to",
        "without auth",
        "Container environment detected",
        "are both configured, but gateway.auth.mode is unset",
        "Gateway auth is set to password, but no password is configured",
        "gateway.bind=custom requires gateway.customBindHost",
        "requires gateway bind=loopback",
        "tailscale funnel requires gateway auth mode=password",
        "auth mode is trusted-proxy",
        "requires gateway.trustedProxies to be configured",
        "hooks.token must not match gateway auth token",
        "hooks.enabled requires hooks.token",
        "non-loopback Control UI requires gateway.controlUi.allowedOrigins",
        "gateway token not configured on gateway",
        "gateway password",
        "tailscale identity",
        "gateway auth mode is trusted-proxy",
    ],
    stage: Some(Stage::Config),
    find: |model, check| {
        let Some(gateway) = hosted(model) else { return vec![] };
        let about = About { model, gateway, check };
        let found = [
            about.no_guard(),
            about.flags(),
            about.password_file(),
            about.two_secrets(),
            about.no_password(),
            about.no_token(),
            about.custom(),
            about.hooks(),
            about.origins(),
        ];
        let found = found.into_iter().flatten().chain(about.proxy());
        let found = found.map(|finding| at_next_start(model, finding));
        found.chain(about.tailscale_by_flag()).collect()
    },
    edits: Edits::Config(|model, options| {
        let code = CONFLICT.code;
        let token = new_token_in(model, options, code, |token| token.is_missing());
        edits(
            model,
            chosen_bind(model, options).into_iter().chain(token).chain(origins(model, options)),
        )
    }),
    ..Check::BASE
};

/// The addresses that browsers may come from, where a gateway does not start without: what 2026.3.1 and later set.
fn origins(model: &Model, options: &Options) -> Option<Wanted> {
    let gateway = hosted(model)?;
    let origins = &gateway.control_ui_allowed_origins;
    let fallback = &gateway.control_ui_dangerously_allow_host_header_origin_fallback;
    let bind = bind::wanted(model, options).or_else(|| chosen_bind(model, options));
    let word = match &bind {
        Some(wanted) => wanted.new.as_str(),
        None => word(model, gateway)?,
    };
    let reach = reach(model, gateway, word)?;
    let stops = |release: Release| {
        reach.is_wide(release) && release.is_from("2026.2.23") && !release.is_from("2026.3.1")
    };
    let is_open = origins.names_none()
        && gateway.control_ui_enabled.value() != Some(&false)
        && fallback.value() != Some(&true);
    if !is_open || model.store == StoreKind::Sqlite || model.by_release(stops) == Some(false) {
        return None;
    }
    let port = model.config.port.number;
    let named = gateway
        .custom_bind_host
        .value()
        .filter(|_| gateway.bind.value().is_some_and(|bind| bind == "custom"));
    let hosts = ["localhost", "127.0.0.1"].into_iter().chain(named.map(|host| host.trim()));
    let value = hosts.map(|host| Value::from(format!("http://{host}:{port}"))).collect();
    let why = "a gateway that other machines can reach starts only if it knows from where browsers may come";
    Some(Wanted::of(origins, CONFLICT.code, Value::Array(value), why))
}

/// Another bind, where the user names one for a bind that has no guard.
fn chosen_bind(model: &Model, options: &Options) -> Option<Wanted> {
    let bind = &hosted(model)?.bind;
    let is_a_word = bind.value().is_none_or(|word| BINDS.contains(&word.as_str()));
    let chosen = options.bind.filter(|_| is_a_word && unguarded(model).is_some())?;
    Some(Wanted::of(bind, CONFLICT.code, Value::from(chosen), "as --bind says"))
}

struct About<'m> {
    model: &'m Model,
    gateway: &'m Gateway,
    check: &'m Check,
}

impl About<'_> {
    fn says<T>(&self, setting: &Setting<T>, says: impl Into<String>, hand: &str) -> Finding {
        let finding = self.check.finding(place(self.model, setting), says);
        if hand.is_empty() { finding } else { finding.by_hand([hand]) }
    }

    /// With edits by hand to choose from.
    fn edits<T, const N: usize>(
        &self,
        setting: &Setting<T>,
        says: impl Into<String>,
        ways: [(&Owner, &str, &str); N],
    ) -> Finding {
        let finding = self.says(setting, says, "");
        let step = |(owner, what, then): (&Owner, &str, &str)| {
            edit_at(self.model, owner, &format!("{what} ({then})"))
        };
        ways.into_iter().map(step).fold(finding, Finding::choice)
    }

    fn in_variables(&self, has: fn(&Variables) -> bool) -> bool {
        self.model.config.facts.is_set_for_gateway(has)
    }

    fn no_guard(&self) -> Option<Finding> {
        let found = unguarded(self.model)?;
        let says = match found.is_wide {
            true => {
                "other machines could reach the gateway, and no shared token or password is set"
            }
            false => {
                "gateway.bind is not \"loopback\", and no shared token or password is set: a gateway up to 2026.5.12 does not start"
            }
        };
        let loopback = Step::clawmend(["repair", "--bind", "loopback"])
            .note("only this machine can connect then");
        let finding = self
            .says(&self.gateway.bind, says, "")
            .seen("gateway.bind", found.bind)
            .note("gateway.auth has no token and no password")
            .choice(loopback);
        let finding = match self.model.config.auth_kind() {
            AuthKind::Token => finding.choice(
                Step::clawmend(["repair", "--new-token"])
                    .note("other machines can still connect, and need the new token"),
            ),
            _ => finding,
        };
        Some(match found.stops {
            Some(true) => finding,
            Some(false) => finding.rated(Severity::Warning).note(MAKES_TOKEN),
            None => finding.unsure("some releases start with these settings, others do not"),
        })
    }

    /// Words on the service's command line that the gateway refuses: it does not start (seen on 2026.2.19). Up to 2026.2.25 `--auth`
    /// takes two (code of 2026.2.9 to 2026.2.25, and not of 2026.2.26).
    fn flags(&self) -> Option<Finding> {
        let facts = &self.model.config.facts;
        let auth = facts.flag(|flags| flags.auth.as_deref()).map(|(at, word)| {
            let is_known = AUTH_MODES.contains(&word);
            let is_early = matches!(word, "token" | "password");
            let refused = match is_known {
                true if is_early => Some(false),
                true => self.model.by_release(|release| !release.is_from("2026.2.26")),
                false => Some(true),
            };
            ("--auth", at, Shape::Near(&AUTH_MODES).show(word), refused)
        });
        let bind = facts
            .flag(|flags| flags.bind.as_deref())
            .map(|(at, word)| ("--bind", at, Shape::Bind.show(word), Some(!BINDS.contains(&word))));
        let refused = |found: &(_, _, _, Option<bool>)| found.3 != Some(false);
        let (flag, at, word, refused) = [auth, bind].into_iter().flatten().find(refused)?;
        let says = format!("the gateway's service sets {flag} to a word that the gateway refuses");
        let remove = format!("take {flag} out of {}", at.at);
        let finding = self.check.finding(at.where_is(flag), says).note(format!("{flag} is {word}"));
        let finding = finding.by_hand([Step::text(remove), Step::restart()]);
        finding.where_so(refused, "releases up to 2026.2.25 refuse it, later ones do not")
    }

    /// A gateway of 2026.2.26 or later does not start without it (code).
    fn password_file(&self) -> Option<Finding> {
        let (at, ()) = self.model.config.facts.flag(|flags| flags.lacks_password.then_some(()))?;
        let says = "clawmend cannot read the password file that the gateway's service names";
        let step =
            format!("look if the file of --password-file in {} is there, with a password", at.at);
        let finding = self.check.finding(at.where_is("--password-file"), says).by_hand([step]);
        Some(finding.rated(Severity::Unchecked))
    }

    fn two_secrets(&self) -> Option<Finding> {
        let both = self.gateway.auth_mode.is_missing()
            && self.gateway.auth_token.is_filled()
            && self.gateway.auth_password.is_filled();
        let finding = both.then(|| {
            let mode = &self.gateway.auth_mode;
            let says = "gateway.auth has a token and a password, but gateway.auth.mode is missing";
            let token = "under \"auth\" type this line: \"mode\": \"token\",";
            let password = "under \"auth\" type this line: \"mode\": \"password\",";
            self.edits(
                mode,
                says,
                [
                    (&mode.owner, token, "the token counts then"),
                    (&mode.owner, password, "the password counts then"),
                ],
            )
        })?;
        // In the code of 2026.3.13, not in that of 2026.3.2.
        Some(match self.model.by_release(|release| release.is_from("2026.3.13")) {
            Some(true) => finding,
            Some(false) => finding.rated(Severity::Warning),
            None => finding.unsure("2026.3.13 and later do not start, earlier ones do"),
        })
    }

    fn no_password(&self) -> Option<Finding> {
        let by_flag = self.model.config.facts.flag(|flags| flags.auth.as_deref());
        let mode =
            by_flag.map(|(_, word)| word).or(self.gateway.auth_mode.value().map(String::as_str));
        let asks = mode == Some("password");
        let none = !self.gateway.auth_password.is_filled()
            && !self.in_variables(|at| at.password.is_some() || at.flags.password.is_some());
        (asks && none).then(|| {
            self.says(
                &self.gateway.auth_mode,
                "gateway.auth.mode is \"password\", but there is no password",
                "under \"auth\" type this line: \"password\": \"A NEW PASSWORD\", (or give the gateway OPENCLAW_GATEWAY_PASSWORD)",
            )
        })
    }

    fn no_token(&self) -> Option<Finding> {
        let token = &self.gateway.auth_token;
        let none = self.model.config.auth_kind() == AuthKind::Token
            && !token.is_filled()
            && !self.in_variables(|at| at.token.is_some() || at.flags.token.is_some());
        let starts = starts_without_none(self.model);
        if !none || starts == Some(true) {
            return None;
        }
        let says =
            "there is no shared token, and without one a gateway up to 2026.2.17 does not start";
        let new = Step::clawmend(["repair", "--new-token"]).after("make one");
        let finding = self.says(token, says, "").choice(new);
        Some(finding.unsure_if(starts.is_none(), "2026.2.19 and later start without one"))
    }

    fn custom(&self) -> Option<Finding> {
        if self.gateway.bind.value()? != "custom" {
            return None;
        }
        let host = &self.gateway.custom_bind_host;
        let address = match &host.field {
            Field::Reference(_) => return None,
            Field::Value(host) => host.trim().parse().ok(),
            Field::Missing | Field::Wrong(_) => None,
        };
        let own = match host.is_missing() {
            true => {
                "under \"gateway\" type this line: \"customBindHost\": \"ADDRESS\", with an IPv4 address of this machine"
            }
            false => "set gateway.customBindHost to an IPv4 address of this machine",
        };
        let ways = [
            (
                &self.gateway.bind.owner,
                "set gateway.bind to \"loopback\"",
                "only this machine can connect then",
            ),
            (&host.owner, own, "`ip -4 addr` shows them; the gateway listens there alone then"),
        ];
        let says = match address {
            None => "gateway.bind is \"custom\", but gateway.customBindHost is not an IPv4 address",
            Some(address) => {
                let here = self.model.config.facts.addresses.as_ref()?;
                (!is_here(address, here)).then_some(())?;
                "gateway.customBindHost is not an address of this machine, so the gateway cannot listen there"
            }
        };
        let finding = self.edits(host, says, ways);
        // 2026.2.12 (seen) listens on every address then; the code of 2026.2.17 does too.
        Some(match self.model.by_release(|release| release.is_from("2026.2.19")) {
            Some(true) => finding,
            Some(false) => finding.rated(Severity::Warning),
            None => finding
                .unsure("2026.2.19 and later do not start, earlier ones listen on every address"),
        })
    }

    fn hooks(&self) -> Option<Finding> {
        let gateway = self.gateway;
        let token = &gateway.hooks_token;
        // The schema of every release wants a text (2026.9.6 was seen not to start with a reference).
        if token.is_kept() || matches!(token.field, Field::Wrong(_)) {
            let says = "hooks.token must be the text itself, no reference and nothing else";
            return Some(self.says(token, says, "write the token of the webhooks there as a text"));
        }
        if gateway.hooks_enabled.value() != Some(&true) {
            return None;
        }
        if !token.is_filled() {
            let says = "hooks.enabled is true, but there is no hooks.token";
            let new = "under \"hooks\" type this line: \"token\": \"A NEW TOKEN\",";
            let ways = [
                (
                    &gateway.hooks_enabled.owner,
                    "set hooks.enabled to false",
                    "nobody calls a webhook then",
                ),
                (&token.owner, new, "whoever calls a webhook needs it then"),
            ];
            return Some(self.edits(token, says, ways));
        }
        let [ours, theirs] = [self.model.config.shared_secret()?, token.value()?];
        if ours.expose().trim() != theirs.expose().trim() {
            return None;
        }
        // 2026.2.19 to 2026.5.28 (seen) do not start, by their code; 2026.6.11 and later warn.
        let stops = |release: Release| {
            let is_token = self.model.config.auth_kind() == AuthKind::Token;
            is_token && release.is_from("2026.2.19") && !release.is_from("2026.6.11")
        };
        let says = "hooks.token is the same as the gateway's token";
        let finding = self.says(&gateway.auth_token, says, "give hooks.token a value of its own");
        Some(match self.model.by_release(stops) {
            Some(true) => finding,
            Some(false) => finding.rated(Severity::Warning),
            None => finding.unsure("2026.2.19 to 2026.5.28 do not start, others do"),
        })
    }

    /// From 2026.2.23 a gateway that others reach wants to know from where; from 2026.3.1 its start writes the addresses itself.
    fn origins(&self) -> Option<Finding> {
        let wanted = origins(self.model, &Options::default())?;
        let says = "other machines can reach the gateway, and gateway.controlUi.allowedOrigins names no address: the gateway does not start";
        let finding = self.says(&self.gateway.control_ui_allowed_origins, says, "");
        let repairs = "set gateway.controlUi.allowedOrigins to this machine's own addresses, as later releases do";
        let finding = wanted.repair(self.model, finding, repairs);
        let differ = "2026.2.23 to 2026.2.26 do not start, later ones set it themselves";
        Some(finding.unsure_if(self.model.release().is_none(), differ))
    }

    fn proxy(&self) -> Vec<Finding> {
        let gateway = self.gateway;
        if self.model.config.auth_kind() != AuthKind::Proxy {
            return Vec::new();
        }
        let mut found = Vec::new();
        let header = &gateway.auth_trusted_proxy_user_header;
        let is_blank = header.value().is_some_and(|header| header.trim().is_empty());
        if gateway.auth_trusted_proxy.is_missing() || header.is_missing() || is_blank {
            let line = match (gateway.auth_trusted_proxy.is_missing(), is_blank) {
                (true, _) => {
                    "under \"auth\" type this line: \"trustedProxy\": { \"userHeader\": \"x-forwarded-user\" },"
                }
                (false, true) => {
                    "set gateway.auth.trustedProxy.userHeader to \"x-forwarded-user\","
                }
                (false, false) => {
                    "under \"trustedProxy\" type this line: \"userHeader\": \"x-forwarded-user\","
                }
            };
            found.push(self.says(
                header,
                "gateway.auth.mode is \"trusted-proxy\", but gateway.auth.trustedProxy.userHeader is missing",
                &format!("{line} or the header in which your proxy names the user"),
            ));
        }
        if gateway.trusted_proxies.names_none() {
            let says =
                "gateway.auth.mode is \"trusted-proxy\", but gateway.trustedProxies names no proxy";
            let trust = Step::clawmend(["repair", "--trust-proxy", "IP"])
                .note("IP is the address of your proxy");
            found.push(self.says(&gateway.trusted_proxies, says, "").choice(trust));
        }
        let token = !gateway.auth_token.is_missing() || self.in_variables(|at| at.token.is_some());
        if token {
            let ways = [
                (
                    &gateway.auth_token.owner,
                    "remove gateway.auth.token, and OPENCLAW_GATEWAY_TOKEN where it is set",
                    "your proxy alone says who comes then",
                ),
                (
                    &gateway.auth_mode.owner,
                    "set gateway.auth.mode to \"token\"",
                    "whoever connects needs the token then",
                ),
            ];
            found.push(self.edits(
                &gateway.auth_token,
                "gateway.auth.mode is \"trusted-proxy\", but a shared token is set too: releases from 2026.4 refuse both together",
                ways,
            ));
        }
        found
    }
}

/// Whether a gateway can listen on an address: one of this machine's, every one, or of the loopback network.
fn is_here(
    address: std::net::Ipv4Addr,
    here: &std::collections::BTreeSet<std::net::Ipv4Addr>,
) -> bool {
    address.is_unspecified() || address.is_loopback() || here.contains(&address)
}

//! Tailscale in front of the gateway, by the config or by its service's command line.

use super::About;
use crate::checks::config::at_next_start;
use crate::checks::config::secrets::word;
use crate::config::model::AuthKind;
use crate::finding::{Finding, Severity};
use crate::step::Step;

const OFF: &str = "set gateway.tailscale.mode to \"off\"";

impl About<'_> {
    /// Of a flag the config says nothing, and so neither does its schema.
    pub(super) fn tailscale_by_flag(&self) -> Option<Finding> {
        let finding = self.tailscale()?;
        let Some((at, _)) = self.model.config.facts.flag(|flags| flags.tailscale.as_deref()) else {
            return Some(finding);
        };
        let remove = Step::text(format!("take --tailscale out of {}", at.at));
        let steps = [remove, Step::restart()];
        let by_flag = self.check.finding(at.where_is("--tailscale"), finding.says).by_hand(steps);
        Some(at_next_start(self.model, by_flag.rated(finding.severity)))
    }

    /// From 2026.3.1 most of it is part of the schema, so that the CLI refuses it too, also while a gateway runs (seen on 2026.9.6;
    /// code of 2026.3.2 to 2026.9.6, and not of 2026.2.26).
    fn tailscale(&self) -> Option<Finding> {
        let gateway = self.gateway;
        let mode = self.model.config.tailscale()?;
        let is_from = |first: &str| self.model.by_release(|release| release.is_from(first));
        if mode == "funnel" && self.model.config.auth_kind() != AuthKind::Password {
            let says = "tailscale funnel needs gateway.auth.mode \"password\"";
            let ways = [
                (
                    &gateway.tailscale_mode.owner,
                    "set gateway.tailscale.mode to \"serve\"",
                    "only machines of your Tailscale network come to it then",
                ),
                (
                    &gateway.auth_mode.owner,
                    "set gateway.auth.mode to \"password\", and under \"auth\" type this line: \"password\": \"A NEW PASSWORD\",",
                    "everybody on the internet can try the password then",
                ),
            ];
            let finding = self.edits(&gateway.tailscale_mode, says, ways);
            return Some(at_next_start(self.model, finding));
        }
        if !matches!(mode, "serve" | "funnel") {
            return None;
        }
        // Code of 2026.5.28 to 2026.9.6, and not of 2026.5.18.
        if self.model.config.auth_kind() == AuthKind::None && is_from("2026.5.28") != Some(false) {
            let says = format!(
                "tailscale {mode} needs a token or a password, and gateway.auth.mode is \"none\""
            );
            let finding = self.edits(
                &gateway.auth_mode,
                says,
                [
                    (
                        &gateway.auth_mode.owner,
                        "set gateway.auth.mode to \"token\" and gateway.auth.token to a long one",
                        "who connects needs it then",
                    ),
                    (&gateway.tailscale_mode.owner, OFF, "nobody comes by Tailscale then"),
                ],
            );
            let is_new = is_from("2026.5.28");
            return finding.where_so(is_new, "releases before 2026.5.28 start");
        }
        self.tailscale_bind(mode)
    }

    fn tailscale_bind(&self, mode: &str) -> Option<Finding> {
        let gateway = self.gateway;
        let is_from = |first: &str| self.model.by_release(|release| release.is_from(first));
        let bind = word(self.model, gateway)??;
        let is_loopback = match bind {
            "custom" => {
                let host = gateway.custom_bind_host.value().and_then(|host| host.parse().ok());
                host.is_some_and(|host: std::net::Ipv4Addr| host.is_loopback())
            }
            "auto" => is_from("2026.3.1") == Some(false),
            "lan" | "tailnet" => false,
            _ => true,
        };
        if is_loopback {
            let says =
                format!("tailscale {mode} is on: the gateway starts only if Tailscale works");
            let hand = format!("look if `tailscale status` shows this machine; else {OFF}");
            let finding = self.says(&gateway.tailscale_mode, says, &hand);
            // 2026.7.1 starts without it, 2026.8.2 and 2026.9.6 do not. What runs has started.
            let is_needed = is_from("2026.8.1") != Some(false) && !self.model.facts.gateway.runs();
            return is_needed.then(|| finding.rated(Severity::Unchecked));
        }
        let says = format!("tailscale {mode} needs gateway.bind \"loopback\", but it is {bind:?}");
        let ways = [
            (
                &gateway.bind.owner,
                "set gateway.bind to \"loopback\"",
                "other machines come by Tailscale alone then",
            ),
            (&gateway.tailscale_mode.owner, OFF, "they come by the network alone then"),
        ];
        let finding = self.edits(&gateway.bind, says, ways);
        Some(match is_from("2026.3.1") {
            Some(true) => finding,
            None if bind == "auto" => finding.unsure("releases before 2026.3.1 start"),
            _ => at_next_start(self.model, finding),
        })
    }
}

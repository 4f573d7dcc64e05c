//! `gateway.auth.mode: "trusted-proxy"`, and a CLI that does not come by the proxy.

use super::file::edit_at;
use super::place;
use super::secrets::word;
use super::value::hosted;
use crate::checks::{Check, Stage};
use crate::config::model::AuthKind;
use crate::config::release::Release;
use crate::config::url::{Distance, distance};
use crate::finding::{Code, Severity};
use crate::plan::StoreKind;
use crate::step::Step;

pub static SHUTS_OUT: Check = Check {
    code: Code("trusted-proxy-shuts-cli-out"),
    severity: Severity::Blocks,
    title: "the gateway lets clients in through its proxy only, and not this machine's CLI",
    why: "In trusted-proxy mode the proxy says who the client is. From 2026.4.1 to 2026.5.12 the gateway refuses a CLI on its own machine. Earlier releases refuse it if gateway.auth.password is set. With gateway.bind \"loopback\" they start only if gateway.trustedProxies has a loopback address.",
    repair: "Nothing: how clients come in is yours to decide.",
    by_hand: "Set gateway.auth.mode to \"token\" or \"password\", or install OpenClaw 2026.5.18 or later.",
    messages: &["mode=trusted-proxy with bind=loopback requires gateway.trustedProxies"],
    stage: Some(Stage::Credential),
    find_one: |model, check| {
        let gateway = hosted(model)?;
        if model.config.auth_kind() != AuthKind::Proxy || model.store == StoreKind::Sqlite {
            return None;
        }
        let is_near = word(model, gateway)?.is_none_or(|bind| bind == "loopback");
        let is_loopback = |proxy: &String| distance(proxy) == Distance::Loopback;
        let proxies = gateway.trusted_proxies.value();
        let has_near = proxies.is_some_and(|proxies| proxies.iter().any(is_loopback));
        let has_password = gateway.auth_password.is_filled();
        // Seen on 2026.2.26 (in), 2026.3.23, 2026.4.10 and 2026.5.12 (refused); code of 2026.2.19 to 2026.5.18.
        let shuts = |release: Release| {
            !release.is_from("2026.5.13")
                && (release.is_from("2026.4.1")
                    || is_near && !(has_near && release.is_from("2026.2.23"))
                    || has_password && release.is_from("2026.3.1"))
        };
        let says = "with gateway.auth.mode \"trusted-proxy\" the gateway does not let in a CLI on its own machine";
        let finding = check.finding(place(model, &gateway.auth_mode), says);
        let token = "set gateway.auth.mode to \"token\", and gateway.auth.token to a long one (whoever connects needs it then, and your proxy no longer says who comes)";
        let finding = finding
            .choice(
                Step::run("npm", ["install", "-g", "openclaw@latest"])
                    .note("releases from 2026.5.18 on let this CLI in; then restart the gateway"),
            )
            .choice(edit_at(model, &gateway.auth_mode.owner, token));
        finding.where_so(model.by_release(shuts), "releases from 2026.5.18 on let it in")
    },
    ..Check::BASE
};

#[cfg(test)]
mod tests {
    use super::super::release_tests::{named, rated};
    use super::super::tests::facts;
    use crate::finding::Severity;

    #[test]
    fn what_real_gateways_said_of_a_cli_beside_a_proxy() {
        let rating = |release: &str, proxy: &str, password: &str| {
            let gateway = format!(
                "auth: {{ mode: 'trusted-proxy', {password} trustedProxy: {{ userHeader: 'x-user' }} }}, trustedProxies: ['{proxy}']"
            );
            rated(&named(release, &gateway), facts(), "trusted-proxy-shuts-cli-out")
        };
        let (none, word) = ("", "password: 'pass-word-123',");
        for release in ["2026.4.10", "2026.5.12"] {
            assert_eq!(rating(release, "10.0.0.1", none), Some(Severity::Blocks));
            assert_eq!(rating(release, "10.0.0.1", word), Some(Severity::Blocks));
        }
        assert_eq!(rating("2026.3.23", "10.0.0.1", word), Some(Severity::Blocks));
        assert_eq!(rating("2026.3.23", "127.0.0.1", word), Some(Severity::Blocks));
        assert_eq!(rating("2026.3.23", "127.0.0.1", none), None);
        assert_eq!(rating("2026.2.26", "127.0.0.1", word), None);
        for release in ["2026.5.18", "2026.5.28", "2026.6.9"] {
            assert_eq!(rating(release, "10.0.0.1", none), None, "{release}");
            assert_eq!(rating(release, "10.0.0.1", word), None, "{release}");
        }
        assert_eq!(rating("", "10.0.0.1", word), Some(Severity::Unchecked));
    }
}

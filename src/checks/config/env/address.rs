//! Variables and flags that send the CLI elsewhere than where the gateway listens.

use super::super::value::hosted;
use super::super::{config_name, place};
use super::without;
use crate::checks::{Check, Stage};
use crate::config::url::{Distance, GatewayUrl};
use crate::finding::{Code, Severity};
use crate::model::Model;
use crate::secret::Secret;
use crate::secret::shape::Shape;
use crate::step::Step;

pub static PORT: Check = Check {
    code: Code("env-overrides-port"),
    modes: &["F05", "F22"],
    severity: Severity::Blocks,
    title: "the CLI and the gateway use different ports",
    why: "The port is that of `--port` in the gateway's service (`openclaw gateway install` writes it there), else OPENCLAW_GATEWAY_PORT, else gateway.port. The CLI and the gateway each have their own variables. A gateway that runs keeps the port that it was started with, even if gateway.port changes. If the two ports differ, the CLI connects to a port where nothing (or another gateway) listens.",
    repair: "Nothing: clawmend changes neither your shell nor `.env` nor service files.",
    by_hand: "Set the port in one place only: gateway.port in openclaw.json. Then restart the gateway, or, where its service has `--port`: `openclaw gateway install --force`.",
    messages: &[
        "Gateway not reachable at",
        "connect ECONNREFUSED",
        "gateway closed (1006 abnormal closure",
        "gateway timeout after",
        "gateway connect challenge timeout",
        "econnrefused",
    ],
    stage: Some(Stage::Url),
    find_one: |model, check| {
        let gateway = hosted(model)?;
        let listens = &model.config.port;
        let mut places = model.config.facts.seen_by_cli();
        const NAME: &str = "OPENCLAW_GATEWAY_PORT";
        let only =
            format!("set the port in one place only: gateway.port in {}", config_name(model));
        let named = places.find_map(|at| {
            Some((at.port?, at.where_is(NAME), vec![without(at, NAME), only.clone().into()]))
        });
        let set = || {
            let steps = match model.config.facts.flag(|flags| flags.port) {
                Some(_) => vec![
                    Step::run("openclaw", ["gateway", "install", "--force"])
                        .note("it writes --port anew, from gateway.port"),
                ],
                None => vec![Step::text(format!(
                    "make gateway.port {}, where the gateway listens",
                    listens.number
                ))],
            };
            let port = gateway.port.value()?;
            Some((*port, place(model, &gateway.port), steps))
        };
        let asked = named.or_else(set);
        let asks = asked.as_ref().map_or(listens.number, |(asks, ..)| *asks);
        // A restart helps only where the gateway will then listen on the port that the CLI asks.
        if asks == listens.number {
            let seen = elsewhere(model, asks)?;
            let restart = Step::restart()
                .note("where no service runs the gateway: stop it, and start it again");
            let says =
                format!("the gateway runs, but not on port {asks}, where the CLI looks for it");
            let finding = check.finding(place(model, &gateway.port), says).by_hand([restart]);
            // Seen on 2026.3.24; 2026.3.8 and 2026.4.8 stay where they are.
            let moves = model
                .by_release(|release| release.is_from("2026.3.13") && !release.is_from("2026.4.6"));
            let finding = match moves {
                Some(false) => finding,
                Some(true) => finding.rated(Severity::Unchecked).note(MOVES),
                None => finding.unsure(MOVES),
            };
            return Some(finding.seen("it listens on", seen));
        }
        let (_, asked_at, steps) = asked?;
        let says = format!(
            "the CLI goes to port {asks}, and the gateway listens on port {}",
            listens.number
        );
        let finding = check.finding(asked_at.clone(), says).by_hand(steps);
        let listens = format!("the gateway listens on {} ({})", listens.number, listens.from);
        let is_there = model.facts.listens.contains(&asks);
        Some(
            finding
                .note(format!("the CLI goes to {asks} ({asked_at})"))
                .note(listens)
                .rated_if(is_there, Severity::Warning)
                .note_if(is_there, "the gateway that runs now still listens where the CLI goes"),
        )
    },
    ..Check::BASE
};

const MOVES: &str = "some releases go to the new port by themselves after a while";

/// The ports on which the gateway that runs is seen to listen, where none is the one that the CLI asks (2026.2.19, 2026.5.28 and
/// 2026.9.6 keep their port when `gateway.port` changes).
fn elsewhere(model: &Model, asks: u16) -> Option<String> {
    let seen = &model.facts.listens;
    let is_there = seen.is_empty() || seen.contains(&asks);
    let ports: Vec<String> = seen.iter().map(u16::to_string).collect();
    (!is_there).then(|| ports.join(", "))
}

pub static URL: Check = Check {
    code: Code("env-overrides-url"),
    modes: &["F22", "F18"],
    severity: Severity::Blocks,
    title: "OPENCLAW_GATEWAY_URL sends the CLI to another gateway",
    why: "From 2026.3.13 the CLI connects to OPENCLAW_GATEWAY_URL, and does not send the token or password of the config there. `openclaw devices approve` then cannot use the files of this machine.",
    repair: "Nothing: clawmend changes neither your shell nor `.env` files.",
    by_hand: "unset OPENCLAW_GATEWAY_URL, or remove it from the file that is named.",
    messages: &[
        "gateway url override requires explicit credentials",
        "local fallback pairing state does not contain the gateway request",
        "no stored device auth for this gateway origin",
    ],
    stage: Some(Stage::Url),
    find_one: |model, check| {
        let of_the_cli = || model.config.facts.seen_by_cli();
        let (at, url) = of_the_cli().find_map(|at| Some((at, at.url.as_ref()?)))?;
        let listens = model.config.port.number;
        let parts = GatewayUrl::parse(url);
        let local = parts.as_ref().is_none_or(|url| url.distance() == Distance::Loopback);
        let near = local && parts.is_some_and(|url| url.port == Some(listens));
        let shows = of_the_cli().flat_map(|at| [at.token.as_ref(), at.password.as_ref()]);
        let shows: Vec<&Secret> = shows.flatten().collect();
        let has_token = !shows.is_empty();
        let ours = model.config.shared_secret();
        if near && has_token && ours.is_none_or(|ours| shows.contains(&ours)) {
            return None;
        }
        let says = "OPENCLAW_GATEWAY_URL, not the config, says where the CLI goes";
        let finding = check
            .finding(at.where_is("OPENCLAW_GATEWAY_URL"), says)
            .by_hand([without(at, "OPENCLAW_GATEWAY_URL")])
            .note(format!("OPENCLAW_GATEWAY_URL is {}", Shape::Url.show(url)));
        let reads = model.by_release(|release| release.is_from("2026.3.13"));
        let finding = if reads == Some(false) {
            finding.rated(Severity::Warning)
        } else if reads.is_none() || has_token && !local {
            // A proxy or a tunnel may lead back to this gateway; no file says so.
            finding.rated(Severity::Unchecked)
        } else {
            finding
        };
        Some(match (has_token, near) {
            (false, _) => finding.note(
                "OPENCLAW_GATEWAY_TOKEN is not set beside it, so the CLI has nothing to show there",
            ),
            (true, true) => finding.note(
                "OPENCLAW_GATEWAY_TOKEN beside it is not this gateway's token, and with the URL the CLI uses no other",
            ),
            (true, false) => finding,
        })
    },
    ..Check::BASE
};

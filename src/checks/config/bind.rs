//! `gateway.bind`: which addresses the gateway listens on.

use serde_json::Value;

use super::keys::is_repaired_at_start;
use super::secrets::is_guarded_by;
use super::value::{Wanted, edits, hosted};
use super::{gateway, place, shown};
use crate::checks::{Check, Edits, Options, Stage};
use crate::config::gateway::Field;
use crate::config::release::Release;
use crate::config::vocabulary::{BINDS, BindAlias, bind_alias};
use crate::finding::{Code, Remedy, Severity};
use crate::model::Model;
use crate::step::Step;

pub static INVALID: Check = Check {
    code: Code("gateway-bind-invalid"),
    modes: &["F15"],
    severity: Severity::Blocks,
    title: "gateway.bind is not a word that OpenClaw knows",
    why: "`gateway.bind` is one of loopback, lan, tailnet, auto, custom. With anything else the gateway does not start, and from \
          2026.2.19 the CLI refuses all commands too. (Late releases correct an address such as 127.0.0.1 when they start; earlier ones leave that to `openclaw doctor --fix`.)",
    repair: "`local`, 127.0.0.1 and the like become `loopback` (this machine only). 0.0.0.0 and the like become `lan` \
             if a shared token or password is set, else `loopback`. Other words become `loopback`, or what --bind \
             says. With `loopback` other machines cannot connect (they need a tunnel, or a proxy on this machine); \
             with `lan` every machine of the network can try.",
    by_hand: "Set gateway.bind to \"loopback\" in openclaw.json, then restart the gateway.",
    messages: &[
        "gateway.bind: Invalid input",
        "Invalid --bind",
        "gateway.bind host aliases",
        "allowed: \"auto\", \"lan\", \"loopback\", \"custom\", \"tailnet\"",
        "1006 abnormal closure",
        "econnrefused",
        "gateway not reachable at",
    ],
    stage: Some(Stage::Config),
    find_one: |model, check| {
        let bind = &gateway(model)?.bind;
        let wanted = wanted(model, &Options::default())?;
        let word = wanted.new.as_str().unwrap_or_default();
        let says = match &bind.field {
            Field::Wrong(_) => "gateway.bind is not a text",
            _ => "gateway.bind is not a word that OpenClaw knows",
        };
        let finding = check.finding(place(model, bind), says).note(shown(bind));
        let finding = wanted.repair(model, finding, format!("set gateway.bind to \"{word}\""));
        let alias = bind.value().and_then(|word| bind_alias(word));
        let finding = match is_mapped(model, alias) {
            Some(true) => finding
                .rated(Severity::Info)
                .note("a gateway of this release takes it for the right word by itself"),
            Some(false) => finding,
            None => finding.unsure("2026.3.28 to 2026.4.29 (not 2026.4.5) and 2026.8.1 and later take it for the right word, others do not start"),
        };
        let is_edited = matches!(finding.remedy, Remedy::Repair(_));
        Some(if word == "loopback" && is_edited && model.config.is_guarded() {
            let lan = Step::clawmend(["repair", "--bind", "lan"]);
            finding.or(lan.after("if other machines need the gateway"))
        } else if word == "loopback" && matches!(alias, Some(BindAlias::Everywhere)) {
            finding.note("`lan` needs a shared token or password, and none is set")
        } else {
            finding
        })
    },
    edits: Edits::Config(|model, options| edits(model, wanted(model, options))),
    ..Check::BASE
};

/// Whether the gateway that runs here puts the right word in its place by itself: 2026.3.28 to 2026.4.29 without 2026.4.5 (by their
/// code; seen on 2026.4.15), from 2026.8.1 at the start; `None`: some of the releases that may run here do. Every address
/// still needs a guard.
fn is_mapped(model: &Model, alias: Option<BindAlias>) -> Option<bool> {
    if !is_address(model, alias) {
        return Some(false);
    }
    let translates = |release: Release| {
        let reads_old = release.is_from("2026.3.28") && !release.is_from("2026.4.30");
        reads_old && (!release.is_from("2026.4.3") || release.is_from("2026.4.6"))
    };
    if is_repaired_at_start(model) { Some(true) } else { model.by_release(translates) }
}

fn is_address(model: &Model, alias: Option<BindAlias>) -> bool {
    match alias {
        Some(BindAlias::Everywhere) => model.config.is_guarded(),
        Some(BindAlias::Loopback) => {
            let bind = gateway(model).and_then(|gateway| gateway.bind.value());
            bind.is_some_and(|word| !word.trim().eq_ignore_ascii_case("local"))
        }
        _ => false,
    }
}

/// The word to set, where there is none that OpenClaw knows.
pub(super) fn wanted(model: &Model, options: &Options) -> Option<Wanted> {
    let gateway = hosted(model)?;
    let bind = &gateway.bind;
    let (word, why) = match &bind.field {
        Field::Reference(_) | Field::Missing => return None,
        Field::Value(word) if BINDS.contains(&word.as_str()) => return None,
        Field::Value(word) => match bind_alias(word) {
            Some(BindAlias::Word("lan") | BindAlias::Everywhere)
                if is_guarded_by(model, options) =>
            {
                ("lan", "`lan` is OpenClaw's word for all networks of this machine")
            }
            Some(BindAlias::Word("lan") | BindAlias::Everywhere) => (
                "loopback",
                "`lan` needs a shared token or password, and none is set: so this machine only",
            ),
            Some(BindAlias::Word(known)) => {
                (known, "OpenClaw knows the word only in small letters")
            }
            Some(BindAlias::Loopback) => (
                "loopback",
                "`loopback` is OpenClaw's word for this machine only (if other machines need the gateway: --bind lan)",
            ),
            None => (
                "loopback",
                "not a word that OpenClaw knows; this machine only is the safe one (if other machines need the gateway: --bind lan)",
            ),
        },
        Field::Wrong(_) => ("loopback", "gateway.bind must be one of OpenClaw's words"),
    };
    let (word, why) = options.bind.map_or((word, why), |chosen| (chosen, "as --bind says"));
    Some(Wanted::of(bind, INVALID.code, Value::from(word), why))
}

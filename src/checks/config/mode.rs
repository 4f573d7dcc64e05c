//! `gateway.mode`: whether this machine runs the gateway or is a client of one elsewhere.

use super::value::{Wanted, edits, hosted};
use super::{config_name, gateway, place, shown};
use crate::checks::{Check, Edits, Stage};
use serde_json::Value;

use crate::config::gateway::{Field, Setting};
use crate::config::model::Host;
use crate::config::release::Release;
use crate::config::vocabulary::MODES;
use crate::finding::{Code, Finding, Severity};
use crate::model::Model;
use crate::secret::shape::Shape;
use crate::step::Step;

pub static MISSING: Check = Check {
    code: Code("gateway-mode-missing"),
    modes: &["F08"],
    severity: Severity::Blocks,
    title: "gateway.mode is missing or not valid",
    why: "A gateway starts only if its config says `gateway.mode: \"local\"` (or with --allow-unconfigured). OpenClaw treats a config without it as damaged, and some releases replace it with an older copy.",
    repair: "gateway.mode becomes `local`.",
    by_hand: "Set gateway.mode to \"local\" in openclaw.json, then start the gateway.",
    messages: &[
        "Gateway start blocked: existing config is missing gateway.mode",
        "set gateway.mode=local (current: unset)",
        "gateway-mode-missing-vs-last-good",
        "Missing config. Run `openclaw setup` or set gateway.mode=local",
        "existing config is missing gateway.mode",
        "gateway start blocked: set gateway.mode=local (current: unset)",
        "1006 abnormal closure",
        "econnrefused",
        "gateway not reachable at",
    ],
    stage: Some(Stage::Config),
    find_one: |model, check| {
        let (wanted, mode) = to_set(model, check)?;
        let says = if mode.is_missing() {
            "gateway.mode is missing"
        } else {
            "gateway.mode is not a word that OpenClaw knows"
        };
        let finding = check.finding(place(model, mode), says).note(shown(mode));
        let finding = wanted.repair(model, finding, "set gateway.mode to \"local\"");
        if !mode.is_missing() {
            return Some(finding);
        }
        let finding = match !model.facts.gateway.runs() && may_be_put_back(model) {
            true => finding.rated(Severity::Unchecked).note("2026.4.16 to 2026.4.29, and 2026.6 and later, put their newest backup (.bak) back at the start, and it has gateway.mode"),
            false => finding,
        };
        Some(unless_allowed(model, finding))
    },
    edits: Edits::Config(|model, _| edits(model, wanted(model))),
    ..Check::BASE
};

/// Nothing that keeps a gateway from starting, where one runs all the same or is started with `--allow-unconfigured`.
pub(super) fn unless_allowed(model: &Model, finding: Finding) -> Finding {
    let runs = model.facts.gateway.runs();
    let note = "a gateway runs now: it was started before this, or with --allow-unconfigured";
    let finding = finding.rated_if(runs, Severity::Warning).note_if(runs, note);
    match model.config.facts.flag(|flags| flags.allow_unconfigured.then_some(())) {
        Some((service, ())) => finding
            .rated(Severity::Info)
            .note(format!("the service starts it with --allow-unconfigured ({})", service.at)),
        None => finding,
    }
}

/// Whether the start of a release that may run here replaces a config without a mode by its backup: 2026.4.23, 2026.6.11 and 2026.9.6
/// were seen to, with the same code in 2026.4.27 and in all from 2026.6.8 on; 2026.4.15 and 2026.5.28 were seen not to. With an include it does not.
fn may_be_put_back(model: &Model) -> bool {
    let restores = |release: Release| {
        release.is_from("2026.4.16") && !release.is_from("2026.4.30") || release.is_from("2026.6.1")
    };
    let is_one_file = model.config.whole().is_some_and(|config| config.resolved.files.len() == 1);
    let backup = model.config.facts.last_backup();
    is_one_file
        && backup.is_some_and(|copy| copy.is_usable() && copy.has_mode)
        && model.by_release(restores) != Some(false)
}

/// `gateway.mode`.
fn wanted(model: &Model) -> Option<Wanted> {
    // What is no object is told as that.
    if model.config.raw(&["gateway".to_owned()]).is_some_and(|gateway| !gateway.is_object()) {
        return None;
    }
    let mode = &hosted(model)?.mode;
    let (code, why) = match &mode.field {
        Field::Reference(_) => return None,
        Field::Value(word) if word == MODES[0] => return None,
        Field::Value(word) if word == MODES[1] => {
            (REMOTE.code, "this machine is the gateway's own host, so its mode is `local`")
        }
        Field::Missing => (MISSING.code, "a gateway starts only where `gateway.mode` is `local`"),
        _ => (MISSING.code, "gateway.mode must be `local` on the gateway's own host"),
    };
    Some(Wanted::of(mode, code, Value::from(MODES[0]), why))
}

/// The mode to set, and the one that is there, where the check is about it.
fn to_set<'m>(model: &'m Model, check: &Check) -> Option<(Wanted, &'m Setting<String>)> {
    let wanted = wanted(model).filter(|wanted| wanted.codes.contains(&check.code))?;
    Some((wanted, &gateway(model)?.mode))
}

pub static REMOTE: Check = Check {
    code: Code("gateway-mode-remote"),
    modes: &["F08"],
    severity: Severity::Blocks,
    title: "gateway.mode is \"remote\" on the gateway's own host",
    why: "`remote` means that the gateway is on another machine. With it the gateway does not start on its own host, and the CLI connects to gateway.remote.url with another token.",
    repair: "gateway.mode becomes `local`. (If this machine is only a client, use `--only pairing`.)",
    by_hand: "Set gateway.mode to \"local\" in openclaw.json, then start the gateway.",
    messages: &[
        "Gateway start blocked: set gateway.mode=local (current: remote)",
        "gateway remote mode misconfigured: gateway.remote.url missing",
        "gateway.remote.url missing",
        "1006 abnormal closure",
        "econnrefused",
        "gateway not reachable at",
    ],
    stage: Some(Stage::Config),
    find_one: |model, check| {
        let (wanted, mode) = to_set(model, check)?;
        let says = "gateway.mode is \"remote\" on the gateway's own host";
        let finding = check.finding(place(model, mode), says);
        let finding = wanted.repair(model, finding, "set gateway.mode to \"local\"");
        Some(match &model.config.host {
            Host::Gateway(signs) => finding.notes(signs),
            Host::Client(_) => finding,
        })
    },
    edits: Edits::With(&MISSING),
    ..Check::BASE
};

pub static CLIENT: Check = Check {
    code: Code("remote-client"),
    modes: &["F22"],
    severity: Severity::Unchecked,
    title: "this machine is only a client; the gateway is on another host",
    why: "The list of who may use the gateway is on the gateway's own host, and clawmend cannot see it from here. On a client \
          `gateway.mode: \"remote\"` is right, so there is nothing to repair here.",
    repair: "Nothing here: run clawmend on the gateway's host.",
    by_hand: "Run clawmend on the gateway's host: there `clawmend devices` shows this machine's request, and `clawmend approve REQUEST_ID` lets it in.",
    messages: &["No stored device auth for this gateway origin"],
    stage: Some(Stage::Url),
    find_one: |model, check| {
        let Host::Client(url) = &model.config.host else { return None };
        let says = "this machine is only a client: the gateway, and its list of who may use it, is on another host";
        let finding = check
            .finding(config_name(model), says)
            .by_hand([Step::diagnose().after("run clawmend on the gateway host").note("there")])
            .note("gateway.mode is \"remote\", and no device is paired here")
            .seen("the gateway", Shape::Url.show(url));
        Some(finding.seen_each("this machine's device id", model.local_id()))
    },
    ..Check::BASE
};

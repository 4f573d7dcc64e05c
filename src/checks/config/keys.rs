//! Keys and values that OpenClaw's schema refuses.

use serde_json::Value;

use super::{bytes, config_name, gateway, name, place, place_of};
use crate::checks::{Check, Stage};
use crate::config::gateway::Gateway;
use crate::config::release::Release;
use crate::config::schema::{Refused, SECRET, Schema, Violation, renamed};
use crate::finding::{Code, Finding, Severity};
use crate::format::json5::{self, path_text};
use crate::model::Model;
use crate::model::scopes::Era;
use crate::model::store::Condition;
use crate::plan::StoreKind;

pub static UNKNOWN: Check = Check {
    code: Code("config-unknown-key"),
    modes: &["F32"],
    severity: Severity::Blocks,
    title: "the config has a key that this OpenClaw does not know",
    why: "A key that OpenClaw does not know stops the gateway and most commands. Each release adds and removes \
          keys, and some get another name. clawmend knows the keys of each release, except those that plugins add under `channels` and `plugins`.",
    repair: "Nothing: only you know what was meant.",
    by_hand: "Remove the key, or correct its name, in openclaw.json; then restart the gateway.",
    messages: &[
        "Unrecognized key",
        "Found \"gateway.token\" in config. Use \"gateway.auth.token\" instead",
        "OpenClaw config is invalid",
    ],
    stage: Some(Stage::Config),
    find: |model, check| {
        let Some(gateway) = gateway(model) else { return vec![] };
        let told = Told::of(model);
        let known = told.refused.iter().filter(|one| {
            matches!(one.fault, Violation::Unknown { .. })
                && one.path != gateway.misplaced_token.path
        });
        let unknown = known.map(|one| unknown(&told, check, one));
        misplaced(&told, gateway, check).into_iter().chain(unknown.take(MOST)).collect()
    },
    ..Check::BASE
};

/// How many keys are told one by one.
const MOST: usize = 20;

/// The schema of the release that runs here, and whether that release has left its name.
fn schema(model: &Model) -> Option<(Schema, bool)> {
    if let Some(release) = model.release() {
        return Some((Schema::of(release)?, true));
    }
    let likely = match (model.store, model.era) {
        (StoreKind::Sqlite, _) => "2026.9.6",
        (StoreKind::Files, Era::Least) => "2026.5.28",
        (StoreKind::Files, Era::Implied) => "2026.3.13",
        (StoreKind::Files, Era::Literal) => "2026.2.19",
    };
    Some((Schema::of(Release::parse(likely)?)?, false))
}

/// What the release that runs here refuses of the config. Where no release has left its name: what none knows, and,
/// beside a record that shows its time, what that time does not know.
fn refused(model: &Model) -> Vec<Refused> {
    let (Some(config), Some((schema, is_named))) = (model.config.whole(), schema(model)) else {
        return Vec::new();
    };
    let mut refused = schema.refused(&config.resolved.value);
    let is_late = |one: &Refused| matches!(one.fault, Violation::Unknown { known: Some(_) });
    let shows = model.store == StoreKind::Files && model.local.is_some();
    let is_sure = |one: &Refused| model.store == StoreKind::Files && !is_guess(model, one);
    refused.retain(|one| is_named || !is_late(one) || shows || is_sure(one));
    refused
}

/// Whether a start is to come that repairs all of it: a gateway from 2026.8.1 on repairs old names, where nothing else is wrong.
pub(super) fn is_repaired_at_start(model: &Model) -> bool {
    are_repaired(model, &refused(model)) && !model.facts.gateway.runs()
}

fn are_repaired(model: &Model, refused: &[Refused]) -> bool {
    let (Some(config), Some((schema, _))) = (model.config.whole(), schema(model)) else {
        return false;
    };
    let resolved = &config.resolved;
    // What it may rename by itself is told apart.
    let sure = refused.iter().filter(|one| !is_guess(model, one)).cloned().collect::<Vec<_>>();
    schema.start_repairs(&resolved.value, &sure, resolved.files.len() > 1)
}

/// What is refused, and what is asked of each of it: found once, since there may be many.
struct Told<'m> {
    model: &'m Model,
    refused: Vec<Refused>,
    /// The gateway repairs it all at its start.
    is_repaired: bool,
}

impl<'m> Told<'m> {
    fn of(model: &'m Model) -> Self {
        let refused = refused(model);
        let is_repaired = are_repaired(model, &refused);
        Self { model, refused, is_repaired }
    }

    /// Whether it may well be taken by what runs here.
    fn is_guess(&self, one: &Refused) -> bool {
        match one.fault {
            Violation::Unknown { .. } => is_guess(self.model, one),
            Violation::Value { .. } | Violation::Missing => self.is_taken_elsewhere(one),
        }
    }

    /// Whether a release takes a value that may run here, where none has left its name; else one before it, where a start brings the
    /// config up to date.
    fn is_taken_elsewhere(&self, one: &Refused) -> bool {
        let Some(config) = self.model.config.whole().map(|config| &config.resolved) else {
            return false;
        };
        let takes = |schema: &Schema| {
            let refused = schema.refused_toward(&config.value, &one.path);
            let is_it = |other: &Refused| one.path.starts_with(&other.path);
            !refused.iter().any(is_it)
                || schema.start_repairs(&config.value, &refused, config.files.len() > 1)
        };
        let counts = |schema: &Schema| match self.model.release() {
            None => self.model.may_run(schema.release) || is_untouched(self.model),
            Some(release) => {
                !is_listed(&one.path) && renames_more(release) && release.is_after(schema.release)
            }
        };
        Schema::all().filter(counts).any(|schema| takes(&schema))
    }

    /// Less than a lockout where the gateway repairs it itself at its start. That one runs already is no help: the CLI refuses all
    /// commands but a few with such a config (code of 2026.1.30 to 2026.9.6, seen on 2026.9.6).
    fn rated(&self, finding: Finding, refused: Option<&Refused>) -> Finding {
        let config = self.model.config.whole();
        let known = config.and_then(|config| renamed(&config.resolved.value, refused?));
        let is_taken = known.is_some_and(|one| one.mapped_when_read);
        let is_mild = self.is_repaired && (is_taken || !self.model.facts.gateway.runs());
        if refused.is_some_and(|one| self.is_guess(one)) {
            return finding;
        }
        finding
            .rated_if(is_mild, Severity::Info)
            .note_if(is_mild, "the gateway repairs this by itself at its start")
            .note_if(
                self.is_repaired && !is_mild,
                "the gateway repairs this by itself at its next start; until then the CLI refuses its commands",
            )
    }
}

/// A key of the first releases; none since has moved it at its start (2026.2.19 to 2026.9.6 were seen not to start).
fn misplaced(told: &Told<'_>, gateway: &Gateway, check: &Check) -> Option<Finding> {
    if gateway.misplaced_token.is_missing() {
        return None;
    }
    let step =
        "move it: gateway: { auth: { mode: \"token\", token: ... } }, and remove gateway.token";
    let says = "the token is in gateway.token, but belongs in gateway.auth.token";
    let finding = check.finding(place(told.model, &gateway.misplaced_token), says);
    Some(told.rated(finding.by_hand([step]), None))
}

fn unknown(told: &Told<'_>, check: &Check, refused: &Refused) -> Finding {
    let model = told.model;
    let path = &refused.path;
    let config = model.config.whole().map(|config| &config.resolved);
    let owner = config.map(|config| config.place_for(path)).unwrap_or_default();
    let name = path_text(path);
    let release = model.release().map(|release| format!(" ({release})")).unwrap_or_default();
    let says = format!("this OpenClaw{release} does not know the key {name}");
    let renamed = config.and_then(|config| renamed(&config.value, refused));
    let step = match renamed.map(|one| one.now.as_deref()) {
        Some(Some(now)) => format!("rename it: {name} is now called {now}"),
        Some(None) => format!("remove {name}: later releases do not have it"),
        None => format!("remove {name}, or correct its name"),
    };
    let known = match refused.fault {
        Violation::Unknown { known: Some((first, last)) } => {
            Some(format!("releases from {first} to {last} know it"))
        }
        _ => None,
    };
    let finding = check.finding(place_of(model, path, &owner), says).by_hand([step]).notes(known);
    told.rated(finding.rated_if(told.is_guess(refused), Severity::Unchecked), Some(refused))
}

/// Whether the key may well be known to what runs here: to a later release in files, where none has left its name (a state in files
/// belongs to no release from 2026.8.1 on); to a release between two of the table; to a start that renames more than is listed here.
fn is_guess(model: &Model, refused: &Refused) -> bool {
    // What JavaScript itself knows by this name is left out on some ways (2026.9.6 starts with it at the root).
    if refused.path.last().is_some_and(|key| key == "__proto__") {
        return true;
    }
    let Violation::Unknown { known: Some((first, last)) } = &refused.fault else { return false };
    let Some(release) = model.release() else {
        return model.store == StoreKind::Files
            && (!first.is_from("2026.8.1") || is_untouched(model));
    };
    let is_between = schema(model)
        .is_some_and(|(schema, _)| schema.release != release && last.is_after(schema.release));
    let config = model.config.whole().map(|config| &config.resolved.value);
    let is_known =
        is_listed(&refused.path) || config.is_some_and(|config| renamed(config, refused).is_some());
    is_between || !is_known && release.is_after(*first) && renames_more(release)
}

/// Whether no gateway has left anything yet, so that any release may come.
fn is_untouched(model: &Model) -> bool {
    let stores = [&model.paired, &model.pending];
    model.images.database.is_none()
        && stores.iter().all(|records| records.condition == Condition::Absent)
        && model.usable_identity().is_none()
}

/// Whether all old names of the place are in the list.
fn is_listed(path: &[String]) -> bool {
    path.len() > 1 && path.first().is_some_and(|section| LISTED.contains(&section.as_str()))
}

/// Up to 2026.4.29 what is read is brought up to date, and from 2026.8.1 on a start does it; clawmend has no list of that.
fn renames_more(release: Release) -> bool {
    !release.is_from("2026.4.30") || release.is_from("2026.8.1") && !release.is_extended_stable()
}

/// The sections whose renamed keys are listed.
const LISTED: [&str; 3] = ["gateway", "logging", "meta"];

pub static VALUE: Check = Check {
    code: Code("gateway-value-invalid"),
    modes: &["F32"],
    severity: Severity::Blocks,
    title: "the config has a value that this OpenClaw refuses",
    why: "OpenClaw refuses the whole config if one value does not fit what it expects.",
    repair: "Nothing: only you know what was meant.",
    by_hand: "Correct the value in openclaw.json.",
    messages: &["Invalid input: expected", "Invalid config at", "OpenClaw config is invalid"],
    stage: Some(Stage::Config),
    find: |model, check| {
        let Some(gateway) = gateway(model) else { return vec![] };
        if let Some(config) = model.config.whole()
            && !config.resolved.value.is_object()
        {
            let step = "put the settings into an object: { ... }";
            return vec![
                check.finding(config_name(model), "the config is not an object").by_hand([step]),
            ];
        }
        // These have checks of their own.
        let hooks = &gateway.hooks_token.path;
        let theirs = [&gateway.mode.path, &gateway.bind.path, &gateway.trusted_proxies.path, hooks];
        let elsewhere = |one: &Refused| theirs.contains(&&one.path) && !is_list(model, &one.path);
        let told = Told::of(model);
        let wrong = told.refused.iter().filter(|one| !elsewhere(one));
        wrong.filter_map(|one| wrong_value(&told, check, one)).take(MOST).collect()
    },
    ..Check::BASE
};

fn is_list(model: &Model, path: &[String]) -> bool {
    model.config.raw(path).is_some_and(Value::is_array)
}

fn wrong_value(told: &Told<'_>, check: &Check, refused: &Refused) -> Option<Finding> {
    let model = told.model;
    let path = &refused.path;
    let owner = model.config.whole()?.resolved.place_for(path);
    let name = path_text(path);
    let now = model.config.raw(path);
    // `"18789"` reads as the number it is not.
    let quoted = now.and_then(Value::as_str).and_then(|text| text.trim().parse::<Value>().ok());
    let (says, step) = match &refused.fault {
        Violation::Unknown { .. } => return None,
        Violation::Missing => (format!("{name} is missing"), format!("add {name}")),
        Violation::Value { wanted } => {
            let fits = |value: &Value| match value {
                Value::Number(_) => wanted.contains("number"),
                Value::Bool(_) => wanted.contains("true or false"),
                _ => false,
            };
            let step = match (quoted.is_some_and(|value| fits(&value)), now) {
                (true, _) => format!("take away the quotes around the value of {name}"),
                (_, Some(now)) => to_type(path, wanted, now),
                (_, None) => format!("make {name} {wanted}"),
            };
            (format!("{name} must be {wanted}"), step)
        }
    };
    let finding = check.finding(place_of(model, path, &owner), says).by_hand([step]);
    let now = now.map(|value| crate::secret::shown::value(path, value));
    let finding = finding.seen_each("now", now);
    let differ = "some releases take this value, others refuse the config";
    let finding = finding.unsure_if(told.is_guess(refused), differ);
    Some(told.rated(finding, Some(refused)))
}

/// What to type in the place of a value that does not belong there.
fn to_type(path: &[String], wanted: &str, now: &Value) -> String {
    let name = path_text(path);
    let keys: Vec<&str> = path.iter().map(String::as_str).collect();
    match (wanted, now) {
        ("a text", Value::Number(_) | Value::Bool(_)) => {
            format!("type a quote (\") before and behind the value of {name}")
        }
        ("an object", _) => {
            let example = match keys.as_slice() {
                ["gateway"] => "{ \"mode\": \"local\" }",
                ["gateway", "auth"] => "{ \"mode\": \"token\" }",
                _ => "{}",
            };
            format!("type {example} in place of the value of {name}")
        }
        ("a list", Value::String(_)) => format!(
            "type [ before and ] behind the value of {name}, in which each item stands in quotes"
        ),
        ("a list", _) => format!("type [ before and ] behind the value of {name}"),
        (SECRET, Value::Object(_)) => format!(
            "type in place of the value of {name} the secret itself in quotes, or {{ \"source\": \"env\", \"provider\": \"default\", \"id\": \"NAME\" }} with the name of a variable in capital letters"
        ),
        (_, Value::String(text)) if text.contains("${") => {
            format!(
                "type {wanted} in place of the variable in {name}: what a variable holds is a text"
            )
        }
        _ if keys == ["gateway", "auth", "mode"] => {
            format!("make {name} {wanted} (with \"none\" whoever reaches the gateway gets in)")
        }
        _ if keys == ["gateway", "port"] => format!("make {name} {wanted}, such as 18789"),
        _ => format!("make {name} {wanted}"),
    }
}

pub static DUPLICATE: Check = Check {
    code: Code("config-duplicate-keys"),
    modes: &["F33"],
    severity: Severity::Warning,
    title: "a key is in the config more than once",
    why: "OpenClaw uses the last of two equal keys, and does not say so. What the first one holds has no effect, and is \
          lost when OpenClaw writes the config.",
    repair: "Nothing: you decide which one is right. clawmend changes no value whose key is there twice.",
    by_hand: "Keep one of the two.",
    find: |model, check| {
        let Some(config) = model.config.read() else { return vec![] };
        let mut found = Vec::new();
        for file in &config.resolved.files {
            let path = if file.path == crate::config::paths::normalize(&model.config.path) {
                &model.config.path
            } else {
                &file.path
            };
            let Some(text) = bytes(model, path) else { continue };
            for twice in json5::duplicates(text) {
                let lines: Vec<String> =
                    twice.places.iter().map(|place| place.line.to_string()).collect();
                let says = format!(
                    "`{}` is there more than once; the last one counts",
                    path_text(&twice.path)
                );
                let step = "keep one of them";
                let finding = check.finding(name(model, path), says).by_hand([step]);
                let near = twice.path.first().is_some_and(|key| key == "gateway");
                let finding = finding.seen_list("lines", lines);
                found.push(finding.rated_if(!near, Severity::Info));
            }
        }
        found
    },
    ..Check::BASE
};

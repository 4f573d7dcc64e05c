//! Keys and values that OpenClaw's schema refuses.

use super::{bytes, config_name, gateway, name, place, place_of};
use crate::checks::{Check, Hop};
use crate::config::gateway::{Field, Gateway, Setting};
use crate::config::words::AUTH_MODES;
use crate::finding::{Code, Finding, Severity};
use crate::format::json5::{self, path_text};
use crate::model::Model;
use crate::plan::StoreKind;
use crate::secret::places::{GATEWAY_KEYS, ROOT_KEYS};

pub static UNKNOWN: Check = Check {
    code: Code("config-unknown-key"),
    modes: &["F32"],
    severity: Severity::Blocks,
    title: "keys that no release of OpenClaw knows",
    why: "The config is strict: a key that the running release does not know stops the gateway and most commands. These keys are known to \
          no release from 2026.2 to 2026.9; a later one may know them, or they are misspelled.",
    repair: "Nothing: a key may belong to a release that this version of clawmend does not know.",
    by_hand: "Remove the key, or correct its spelling, in openclaw.json.",
    messages: &[
        "Unrecognized key",
        "Found \"gateway.token\" in config. Use \"gateway.auth.token\" instead",
        "OpenClaw config is invalid",
    ],
    hop: Some(Hop::Gateway),
    find: |model, check| {
        let (Some(config), Some(gateway)) = (model.config.whole(), gateway(model)) else {
            return vec![];
        };
        let root = config.resolved.value.as_object();
        let roots = root.into_iter().flat_map(|root| root.keys());
        let mut paths: Vec<Vec<String>> = roots
            .filter(|key| !ROOT_KEYS.contains(&key.as_str()))
            .map(|key| vec![key.clone()])
            .collect();
        let odd = gateway.keys.iter().filter(|key| {
            !GATEWAY_KEYS.contains(&key.as_str()) && *key != "token" && *key != "$include"
        });
        paths.extend(odd.map(|key| vec!["gateway".to_owned(), key.clone()]));
        misplaced(model, gateway, check).into_iter().chain(unknown(model, check, &paths)).collect()
    },
    ..Check::BASE
};

fn misplaced(model: &Model, gateway: &Gateway, check: &Check) -> Option<Finding> {
    if gateway.misplaced_token.is_missing() {
        return None;
    }
    let step =
        "move it: gateway: { auth: { mode: \"token\", token: ... } }, and remove gateway.token";
    let says = "the token stands in gateway.token; it belongs into gateway.auth.token";
    let finding = check.finding(place(model, &gateway.misplaced_token), says).by_hand([step]);
    Some(match model.store {
        StoreKind::Files => finding,
        // 2026.8 and later move it themselves.
        StoreKind::Sqlite => finding.rated(Severity::Warning),
    })
}

fn unknown(model: &Model, check: &Check, paths: &[Vec<String>]) -> Option<Finding> {
    let first = paths.first()?;
    let owner = model.config.whole()?.resolved.place_for(first);
    let step = "if the gateway says `Unrecognized key`: remove it or correct its spelling";
    let says = "keys that no release of OpenClaw up to 2026.9 knows";
    let finding = check
        .finding(place_of(model, first, &owner), says)
        .by_hand([step])
        .rated(Severity::Warning);
    let shown = paths.iter().take(8).fold(finding, |finding, path| finding.note(path_text(path)));
    Some(match paths.len() {
        0..=8 => shown,
        more => shown.note(format!("and {} more", more - 8)),
    })
}

pub static VALUE: Check = Check {
    code: Code("gateway-value-invalid"),
    modes: &["F32"],
    severity: Severity::Blocks,
    title: "a value of the gateway section has the wrong type",
    why: "OpenClaw checks every value against its schema and refuses the whole config for one that does not fit.",
    repair: "Nothing: what was meant is for you to say.",
    by_hand: "Correct the value in openclaw.json.",
    messages: &["Invalid input: expected", "Invalid config at", "OpenClaw config is invalid"],
    hop: Some(Hop::Gateway),
    find: |model, check| {
        let Some(gateway) = gateway(model) else {
            return vec![];
        };
        if let Some(config) = model.config.whole()
            && !config.resolved.value.is_object()
        {
            let step = "put the settings into an object: { ... }";
            return vec![
                check.finding(config_name(model), "the config is not an object").by_hand([step]),
            ];
        }
        let mut found: Vec<Finding> = [
            wrong(model, check, &gateway.section, "an object"),
            wrong(model, check, &gateway.port, "a number from 1 to 65535"),
            wrong(model, check, &gateway.auth_mode, "none, token, password or trusted-proxy"),
            wrong(model, check, &gateway.auth_token, "a text"),
            wrong(model, check, &gateway.auth_password, "a text"),
            wrong(model, check, &gateway.remote_url, "a text"),
            wrong(model, check, &gateway.remote_token, "a text"),
            wrong(model, check, &gateway.custom_bind_host, "a text"),
            wrong(model, check, &gateway.tls_enabled, "true or false"),
            wrong(model, check, &gateway.control_ui_enabled, "true or false"),
            wrong(model, check, &gateway.control_ui_allowed_origins, "a list of texts"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if gateway.trusted_proxies.value().is_none()
            && model
                .config
                .raw(&gateway.trusted_proxies.path)
                .is_some_and(serde_json::Value::is_array)
        {
            found.extend(wrong(model, check, &gateway.trusted_proxies, "a list of texts"));
        }
        if let Some(word) =
            gateway.auth_mode.value().filter(|word| !AUTH_MODES.contains(&word.as_str()))
        {
            let says = "gateway.auth.mode is not a word that OpenClaw knows";
            let step = format!("set it to one of {}", AUTH_MODES.join(", "));
            let finding = check.finding(place(model, &gateway.auth_mode), says).by_hand([step]);
            found.push(finding.seen(
                "now",
                format!("{:?}", crate::secret::shown::text(&gateway.auth_mode.path, word)),
            ));
        }
        found
    },
    ..Check::BASE
};

fn wrong<T>(model: &Model, check: &Check, setting: &Setting<T>, wanted: &str) -> Option<Finding> {
    let Field::Wrong(wrong) = &setting.field else {
        return None;
    };
    let path = path_text(&setting.path);
    let step = format!("make {path} {wanted}");
    let finding =
        check.finding(place(model, setting), format!("{path} has to be {wanted}")).by_hand([step]);
    Some(finding.seen("now", wrong.found))
}

pub static DUPLICATE: Check = Check {
    code: Code("config-duplicate-keys"),
    modes: &["F33"],
    severity: Severity::Warning,
    title: "a key stands more than once in the config",
    why: "Of two equal keys OpenClaw takes the last one and says nothing: what the first one holds has no effect, and is lost at OpenClaw's \
          next write.",
    repair: "Nothing: which of them is right is for you to say; clawmend edits no value whose key stands there twice.",
    by_hand: "Keep one of the two.",
    find: |model, check| {
        let Some(config) = model.config.read() else {
            return vec![];
        };
        let mut found = Vec::new();
        for file in &config.resolved.files {
            let path = if file.path == crate::config::files::normalize(&model.config.path) {
                &model.config.path
            } else {
                &file.path
            };
            let Some(text) = bytes(model, path) else {
                continue;
            };
            for twice in json5::duplicates(text) {
                let lines: Vec<String> =
                    twice.places.iter().map(|place| place.line.to_string()).collect();
                let says = format!(
                    "`{}` stands there more than once; the last one counts",
                    path_text(&twice.path)
                );
                let step = "keep one of them";
                let finding = check.finding(name(model, path), says).by_hand([step]);
                let near = twice.path.first().is_some_and(|key| key == "gateway");
                let finding = finding.seen("lines", lines.join(", "));
                found.push(if near { finding } else { finding.rated(Severity::Info) });
            }
        }
        found
    },
    ..Check::BASE
};

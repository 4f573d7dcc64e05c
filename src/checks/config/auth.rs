//! The shared token and password: two places that must agree, and texts that are no secrets.

use serde_json::Value;

use super::file::in_editor;
use super::references;
use super::secrets::{MAKES_TOKEN, new_token, new_token_in};
use super::value::{Wanted, edits, hosted};
use super::{config_name, gateway, place};
use crate::checks::{Check, Edits, Options, Stage};
use crate::config::facts::Variables;
use crate::config::gateway::{Field, Reference, Setting};
use crate::config::model::AuthKind;
use crate::config::secretref::{Kept, SecretRef};
use crate::config::vocabulary::{Placeholder, placeholder};
use crate::finding::{Code, Finding, Severity};
use crate::format::json5::path_text;
use crate::model::Model;
use crate::model::scopes::Era;
use crate::plan::StoreKind;
use crate::secret::Secret;
use crate::secret::shape::Shape;
use crate::step::Step;

pub static DRIFT: Check = Check {
    code: Code("shared-token-drift"),
    modes: &["F05"],
    severity: Severity::Blocks,
    title: "gateway.remote.token is not the gateway's token",
    why: "The gateway compares what a client sends with gateway.auth.token. If gateway.mode is `remote`, the CLI sends gateway.remote.token; if it is `local`, only when gateway.auth.token is missing.",
    repair: "gateway.remote.token gets the value of gateway.auth.token; the gateway's own token stays. If the gateway has none, gateway.auth.token gets the value of gateway.remote.token.",
    by_hand: "Copy gateway.auth.token to gateway.remote.token.",
    messages: &[
        "gateway token mismatch",
        "set gateway.remote.token to match gateway.auth.token",
        "gateway token missing",
        "gateway password",
        "device token mismatch",
        "device token rejected",
        "unauthorized",
    ],
    stage: Some(Stage::Credential),
    find_one: |model, check| {
        let gateway = hosted(model)?;
        let remote = &gateway.remote_token;
        let used = gateway.mode.value().is_some_and(|mode| mode == "remote");
        if let Some(wanted) = drift(model, &Options::default()) {
            let says = "gateway.remote.token differs from gateway.auth.token";
            let finding = check.finding(place(model, remote), says);
            let tokens = [&gateway.auth_token, remote].into_iter().filter_map(|setting| {
                Some(format!("{} is {}", path_text(&setting.path), setting.value()?))
            });
            let finding = wanted
                .repair(model, finding, "set gateway.remote.token to the gateway's token")
                .notes(tokens);
            return Some(finding.rated_if(!used, Severity::Warning));
        }
        let shown = alone(model)?;
        let path = path_text(&shown.path);
        let says = format!("the CLI has a shared secret ({path}), but the gateway has none");
        let finding = check.finding(place(model, shown), says);
        let finding = match taken_over(model) {
            Some(wanted) => {
                wanted.repair(model, finding, "set gateway.auth.token to the same token")
            }
            None if shown.path == remote.path => finding,
            None => finding.by_hand([
                "remove gateway.remote.password (or give the gateway the same one: gateway.auth.mode \"password\", gateway.auth.password)".into(),
                Step::restart(),
            ]),
        };
        Some(match model.makes_token_at_start() {
            _ if takes_the_clis(model, shown) => finding
                .rated(Severity::Info)
                .note("from 2026.8 the gateway takes it for its own, so both have it"),
            Some(true) => finding.rated(Severity::Warning).note(MAKES_TOKEN),
            Some(false) => finding,
            None => {
                finding.unsure("some releases make a shared token when they start, others do not")
            }
        })
    },
    edits: Edits::Config(|model, options| {
        edits(model, drift(model, options).or_else(|| taken_over(model)))
    }),
    ..Check::BASE
};

/// The shared secret that only the CLI has, in `gateway.remote`, and shows: no variable beats it, and the gateway has none at all.
fn alone(model: &Model) -> Option<&Setting<Secret>> {
    let (gateway, facts) = (gateway(model)?, &model.config.facts);
    let is_alone = model.config.auth_kind() == AuthKind::Token
        && !gateway.auth_token.is_filled()
        && !model.config.is_guarded()
        && !facts.seen_by_cli().any(|at| at.token.is_some() || at.password.is_some());
    let shown = [&gateway.remote_token, &gateway.remote_password];
    shown.into_iter().find(|one| is_alone && (one.usable().is_some() || one.is_kept()))
}

/// Whether the gateway takes the secret in `gateway.remote` for its own (2026.8.2 and 2026.9.6; 2026.7.2-beta.5 does not, and 2026.9.6 none
/// that a provider keeps).
fn takes_the_clis(model: &Model, shown: &Setting<Secret>) -> bool {
    !shown.is_kept() && model.by_release(|release| release.is_from("2026.8.1")) == Some(true)
}

/// `gateway.auth.token`, where only the CLI has a shared token: the gateway refuses that one, and the CLI shows no other (seen
/// on 2026.5.28, 2026.7.1 and 2026.7.2-beta.5).
fn taken_over(model: &Model) -> Option<Wanted> {
    let gateway = hosted(model)?;
    let shown = alone(model)?;
    let is_token = shown.path == gateway.remote_token.path;
    if !is_token || takes_the_clis(model, shown) || model.makes_token_at_start() == Some(true) {
        return None;
    }
    let new = model.config.raw(&gateway.remote_token.path)?.clone();
    Some(Wanted::of(
        &gateway.auth_token,
        DRIFT.code,
        new,
        "the gateway gets the CLI's shared token",
    ))
}

/// `gateway.remote.token`, where it differs from the gateway's own token.
fn drift(model: &Model, options: &Options) -> Option<Wanted> {
    let gateway = hosted(model)?;
    if model.config.auth_kind() != AuthKind::Token {
        return None;
    }
    let setting = &gateway.remote_token;
    let sent = setting.value()?;
    let new = match new_token(model, options) {
        Some(token) => Value::from(token.expose()),
        None => gateway.auth_token.usable().filter(|own| *own != sent)?.expose().into(),
    };
    let why = "the CLI's copy becomes the gateway's token";
    Some(Wanted::of(setting, DRIFT.code, new, why))
}

pub static PLACEHOLDER: Check = Check {
    code: Code("token-placeholder"),
    modes: &["F17"],
    severity: Severity::Blocks,
    title: "the shared token or password is only a placeholder",
    why: "Instead of a secret there is nothing, a word like `undefined` or `null`, an example from a guide, or a mask. \
          From 2026.4.29 the gateway refuses published examples, from 2026.9 the others too. Earlier releases accept them, and anybody can guess them.",
    repair: "Nothing without an option: with --new-token gateway.auth.token becomes a new random token. Clients with \
             the old one then need the new one.",
    by_hand: "Set gateway.auth.token to a long random text, for example from: openssl rand -hex 32",
    messages: &[
        "is set to a published example placeholder",
        "is a known redaction sentinel",
        "gateway credential is a redaction sentinel",
        "gateway token mismatch",
        "gateway token missing",
        "gateway token not configured on gateway",
        "gateway password",
        "published example placeholder",
        "known redaction sentinel",
        "unauthorized",
    ],
    stage: Some(Stage::Config),
    find_one: |model, check| {
        let gateway = hosted(model)?;
        let found = |setting| is_placeholder(model, setting, check);
        match model.config.auth_kind() {
            AuthKind::Token => {
                let new = Step::clawmend(["repair", "--new-token"])
                    .note("makes a new random token; other clients need it then");
                Some(found(&gateway.auth_token)?.choice(new))
            }
            AuthKind::Password => {
                let step = "set gateway.auth.password to a password of your own";
                Some(found(&gateway.auth_password)?.by_hand([step]))
            }
            AuthKind::None | AuthKind::Proxy | AuthKind::Unknown => None,
        }
    },
    edits: Edits::Config(|model, options| {
        edits(model, new_token_in(model, options, PLACEHOLDER.code, |token| !token.is_missing()))
    }),
    ..Check::BASE
};

fn is_placeholder(model: &Model, setting: &Setting<Secret>, check: &Check) -> Option<Finding> {
    let what = placeholder(setting.value()?.expose())?;
    let (says, severity) = match what {
        Placeholder::Blank => ("is blank", newest(model)),
        Placeholder::Unset => ("is the word `undefined` or `null`, not a secret", newest(model)),
        Placeholder::Masked => ("is a mask, not the secret itself", newest(model)),
        Placeholder::Example if model.era == Era::Literal => {
            ("is a published example", Severity::Warning)
        }
        Placeholder::Example => ("is a published example", Severity::Blocks),
        Placeholder::Variable => {
            ("holds `$${...}`, which many releases take for a variable", variable(model))
        }
    };
    let says = format!("{} {says}", path_text(&setting.path));
    Some(check.finding(place(model, setting), says).rated(severity))
}

/// Of the releases before, some read it as it stands.
fn variable(model: &Model) -> Severity {
    match model.by_release(|release| release.is_from("2026.8.1")) {
        Some(true) => Severity::Blocks,
        Some(false) | None => Severity::Unchecked,
    }
}

/// Only 2026.9 refuses to start.
fn newest(model: &Model) -> Severity {
    match model.store {
        StoreKind::Sqlite if !model.facts.gateway.runs() => Severity::Blocks,
        _ => Severity::Warning,
    }
}

pub static CHANGED: Check = Check {
    code: Code("shared-token-changed"),
    modes: &["F34"],
    severity: Severity::Warning,
    title: "gateway.auth.token is not the one of the last backup",
    why: "`openclaw doctor --fix` or an update may have replaced or removed gateway.auth.token. Clients that hold the \
          old token are then refused. If you changed the token yourself, all is well.",
    repair: "Nothing: you decide which of the two is right.",
    by_hand: "Compare gateway.auth.token in openclaw.json and in openclaw.json.bak; put the old one back if clients still use it, \
              then restart the gateway.",
    messages: &[
        "gateway token mismatch",
        "gateway token not configured on gateway",
        "gateway auth changed",
    ],
    find_one: |model, check| {
        let (gateway, backup) = (hosted(model)?, model.config.facts.last_backup()?);
        let (name, before) = (&backup.name, backup.token.as_ref()?);
        if placeholder(before.expose()).is_some() {
            return None;
        }
        let setting = &gateway.auth_token;
        let (says, now) = match &setting.field {
            Field::Value(now) if now != before => {
                ("gateway.auth.token has changed since the last backup", format!("now {now}"))
            }
            Field::Missing if model.config.auth_kind() == AuthKind::Token => {
                ("gateway.auth.token is gone; the last backup has one", "now none".to_owned())
            }
            _ => return None,
        };
        let step = format!(
            "if you did not change it: put the token of {name} back into {}",
            config_name(model)
        );
        let finding = check.finding(place(model, setting), says);
        let finding = finding.by_hand([step.into(), Step::restart()]);
        Some(finding.note(format!("in {name} {before}")).note(now))
    },
    ..Check::BASE
};

pub static REFERENCE: Check = Check {
    code: Code("config-by-reference"),
    modes: &["F17"],
    severity: Severity::Info,
    title: "the config only refers to a secret or a variable",
    why: "OpenClaw fills in `${NAME}` and secret references when it runs. If only one of gateway and CLI has the \
          variable, the tokens differ, or OpenClaw says `configured as a secret reference but is unavailable`. If a file or a provider (`secrets.providers`) does not give the secret, the gateway does not start; clawmend does not run a program that gives it.",
    repair: "Nothing: clawmend never replaces such a secret by plain text.",
    by_hand: "Put the variable into the `.env` in the state dir, which gateway and CLI both read.",
    messages: &[
        "failed to resolve gateway.auth.token locally",
        "Gateway token SecretRef unavailable",
        "is configured as a secret reference but is unavailable in this command path",
        "Missing env var",
        "gateway token missing",
        "gateway token not configured on gateway",
        "is configured as a secret reference but is unavailable",
    ],
    stage: Some(Stage::Credential),
    find: |model, check| {
        let Some(gateway) = gateway(model) else { return vec![] };
        let secrets = [
            &gateway.auth_token,
            &gateway.auth_password,
            &gateway.remote_token,
            &gateway.remote_password,
        ];
        let texts = [&gateway.mode, &gateway.bind, &gateway.auth_mode, &gateway.remote_url];
        let own = secrets.map(|setting| setting.path.as_slice());
        let texts_own = texts.map(|setting| setting.path.as_slice());
        let mut own: Vec<&[String]> = own.into_iter().chain(texts_own).collect();
        own.push(&gateway.hooks_token.path);
        let secrets = secrets.into_iter().filter_map(|setting| by_reference(model, setting, check));
        let texts = texts.into_iter().filter_map(|setting| by_reference(model, setting, check));
        secrets.chain(texts).chain(references::lost(model, check, &own)).collect()
    },
    ..Check::BASE
};

fn by_reference<T>(model: &Model, setting: &Setting<T>, check: &Check) -> Option<Finding> {
    let Field::Reference(reference) = &setting.field else { return None };
    let name = path_text(&setting.path);
    let at = |says: String| check.finding(place(model, setting), says);
    let is_used = is_used(model, &setting.path);
    let kept = match reference {
        Reference::Secret(secret) => model.config.facts.kept(secret).map(|kept| (secret, kept)),
        Reference::Variables(_) => None,
    };
    if let Some((secret, kept)) = kept {
        let says = match kept {
            Kept::Here(_) if secret.source == "store" => {
                return Some(in_store(model, at, &name, (secret, is_used)));
            }
            Kept::Here(_) => return Some(at(format!("{name} is kept in a file of its own"))),
            Kept::Nowhere(why) => format!("{name} cannot be had from where it is kept: {why}"),
        };
        let hand = format!("put the secret there, or write one of your own into {name}");
        let finding = at(says).seen("kept in", secret.to_string());
        let finding = finding.by_hand([hand.into(), Step::restart()]);
        return Some(finding.rated_if(is_used, Severity::Blocks));
    }
    let names = match reference {
        Reference::Variables(names) => names.clone(),
        Reference::Secret(secret) if secret.source == "env" => vec![secret.id.clone()],
        Reference::Secret(secret) if secret.source == "store" => {
            return Some(in_store(model, at, &name, (secret, is_used)));
        }
        Reference::Secret(secret) => {
            let says = format!(
                "{name} is kept elsewhere, so clawmend cannot tell if CLI and gateway can read it"
            );
            let finding = at(says).seen("kept in", secret.to_string());
            return Some(finding.rated_if(is_used, Severity::Unchecked));
        }
    };
    let variables = &model.config.facts.variables;
    let set_at = |name: &String| -> Vec<&Variables> {
        variables.iter().filter(|at| at.values.contains_key(name)).collect()
    };
    let is_lost = names.iter().any(|name| set_at(name).is_empty());
    let says = match is_lost {
        true => {
            format!("{name} names a variable that is not set in any place that clawmend can read")
        }
        false => format!("{name} comes from a variable"),
    };
    let finding = at(says).notes(names.iter().map(|name| {
        let shown = Shape::Variable.show(name);
        let places: Vec<&str> = set_at(name).iter().map(|at| at.at.as_str()).collect();
        match places.as_slice() {
            [] => format!("${{{shown}}} is not set in any place that clawmend can read"),
            places => format!("${{{shown}}} is set in {}", places.join(", ")),
        }
    }));
    let lost = names.iter().find(|name| set_at(name).is_empty());
    Some(match lost.filter(|_| is_used) {
        Some(lost) => {
            let shown = Shape::Variable.show(lost);
            let shown = Some(shown.as_str()).filter(|it| it == lost).unwrap_or("NAME");
            let what = format!(
                "type {shown}=VALUE there on a line of its own, with its value: CLI and gateway both read this file"
            );
            let file = model.facts.state_dir.join(".env");
            finding.rated(Severity::Unchecked).by_hand([in_editor(&file, None, &what)])
        }
        None => finding,
    })
}

/// Whether the gateway or the CLI goes by this value.
fn is_used(model: &Model, path: &[String]) -> bool {
    let Some(gateway) = gateway(model) else { return false };
    let unset = gateway.auth_mode.is_missing();
    let kind = model.config.auth_kind();
    let token = (unset || kind == AuthKind::Token).then_some(&gateway.auth_token.path);
    let password = (unset || kind == AuthKind::Password).then_some(&gateway.auth_password.path);
    let words = [&gateway.mode.path, &gateway.bind.path, &gateway.auth_mode.path];
    words.into_iter().chain(token).chain(password).any(|used| used == path)
}

/// What the database says of a secret that is kept in it.
fn in_store(
    model: &Model,
    at: impl Fn(String) -> Finding,
    name: &str,
    (secret, is_used): (&SecretRef, bool),
) -> Finding {
    let kept = model.database().and_then(|database| database.secrets.get(&secret.id));
    let hand = "set the secret again (`openclaw secrets`), or write a token of your own into gateway.auth.token";
    let says = match kept.map(|kept| placeholder(kept.expose())) {
        Some(None) => return at(format!("{name} is kept in OpenClaw's database")),
        Some(Some(_)) => {
            "is kept in OpenClaw's database, but what is there is a mask, not the secret"
        }
        None => "should be in OpenClaw's database, but nothing is there under that name",
    };
    let steps = [hand.into(), Step::restart()];
    at(format!("{name} {says}")).by_hand(steps).rated_if(is_used, Severity::Blocks)
}

//! What the config should say where it does not: each as one value to set, with the reason. The checks
//! take their mends from here and the planner its edits, so that the two cannot differ.

use std::net::IpAddr;

use serde_json::Value;

use super::secrets::{drift, fills_token, token};
use super::{bind, bytes, gateway, mode, name, remote};
use crate::config::gateway::{Field, Gateway, Setting};
use crate::config::owner::Owner;
use crate::config::url::{Distance, GatewayUrl};
use crate::config::words::{BINDS, BindAlias, MODES, bind_alias};
use crate::finding::{Code, Mend};
use crate::format::json5;
use crate::model::Model;
use crate::secret::Secret;

/// What the user chose.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// `--bind`.
    pub bind: Option<&'static str>,
    /// `--trust-proxy`.
    pub trust: Vec<IpAddr>,
    /// `--new-token`: the token to use.
    pub token: Option<Secret>,
}

/// One value to set.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The findings it mends.
    pub codes: Vec<Code>,
    /// Its path in the merged config.
    pub path: Vec<String>,
    /// Where it stands, or has to be put.
    pub owner: Owner,
    /// The value.
    pub new: Value,
    /// One sentence: why.
    pub why: String,
}

impl Wanted {
    pub(super) fn of<T>(
        setting: &Setting<T>,
        code: Code,
        new: Value,
        why: impl Into<String>,
    ) -> Self {
        Self {
            codes: vec![code],
            path: setting.path.clone(),
            owner: setting.owner.clone(),
            new,
            why: why.into(),
        }
    }

    /// Whether clawmend can make this edit; if not, what a person has to do, a line each.
    ///
    /// # Errors
    /// The file is managed elsewhere, or its text cannot be edited without changing more.
    pub fn feasible(&self, model: &Model) -> Result<(), Vec<String>> {
        let file = model.config.file_of(&self.owner);
        let edit = json5::Edit::Set { path: self.owner.path.clone(), value: self.new.clone() };
        let text = bytes(model, &file).map(|bytes| bytes.as_slice()).unwrap_or(b"{}");
        let refusal = match (model.config.fixed(&model.images, &file), json5::apply(text, &[edit]))
        {
            (None, Ok(_)) => return Ok(()),
            (Some(why), made) => {
                let by_hand = made.err().map(|refusal| refusal.by_hand);
                let lines = by_hand.unwrap_or_else(|| vec![self.by_hand()]);
                return Err(lines_of(format!("not changed: {why}; change it there:"), &lines));
            }
            (None, Err(refusal)) => refusal,
        };
        let head = format!("clawmend cannot edit {}: {refusal}; by hand:", name(model, &file));
        Err(lines_of(head, &refusal.by_hand))
    }

    fn by_hand(&self) -> json5::ByHand {
        json5::ByHand {
            path: self.owner.path.clone(),
            line: None,
            change: json5::Change::Set(self.new.clone()),
        }
    }

    /// The mend of a finding that this value mends.
    pub fn mend(&self, model: &Model, says: impl Into<String>) -> Mend {
        match self.feasible(model) {
            Ok(()) => Mend::Repair(says.into()),
            Err(lines) => Mend::ByHand(lines),
        }
    }
}

fn lines_of(head: String, lines: &[json5::ByHand]) -> Vec<String> {
    let lines = lines.iter().map(ToString::to_string);
    std::iter::once(head).chain(lines).collect()
}

/// Everything that has to be set; empty for a client of another host's gateway, whose config is right.
pub fn all(model: &Model, choice: &Choice) -> Vec<Wanted> {
    let mut all: Vec<Wanted> = [
        mode(model),
        bind(model, choice),
        proxies(model, choice),
        remote_url(model),
        token(model, choice),
        drift(model, choice),
    ]
    .into_iter()
    .flatten()
    .collect();
    all.retain(|wanted| model.config.raw(&wanted.path) != Some(&wanted.new));
    all
}

/// The gateway section on a gateway's own host.
pub(super) fn hosted(model: &Model) -> Option<&Gateway> {
    gateway(model).filter(|_| !model.config.is_client())
}

/// `gateway.mode`.
pub fn mode(model: &Model) -> Option<Wanted> {
    let mode = &hosted(model)?.mode;
    let (code, why) = match &mode.field {
        Field::Reference(_) => return None,
        Field::Value(word) if word == MODES[0] => return None,
        Field::Value(word) if word == MODES[1] => {
            (mode::REMOTE.code, "this machine is the gateway's own host, so its mode is `local`")
        }
        Field::Missing => {
            (mode::MISSING.code, "a gateway starts only where `gateway.mode` is `local`")
        }
        _ => (
            mode::MISSING.code,
            "`gateway.mode` is `local` or `remote`, and this is a gateway's host",
        ),
    };
    Some(Wanted::of(mode, code, Value::from(MODES[0]), why))
}

/// `gateway.bind`, where it is no word that OpenClaw knows, or where the user names another one for a
/// bind that has no guard.
pub fn bind(model: &Model, choice: &Choice) -> Option<Wanted> {
    let gateway = hosted(model)?;
    let bind = &gateway.bind;
    let code = bind::INVALID.code;
    let guarded = model.config.is_guarded() || choice.token.is_some() && fills_token(model, choice);
    let (word, why) = match &bind.field {
        Field::Reference(_) => return None,
        Field::Value(word) if BINDS.contains(&word.as_str()) => return unguarded(model, choice),
        Field::Missing => return unguarded(model, choice),
        Field::Value(word) => match bind_alias(word) {
            Some(BindAlias::Word("lan") | BindAlias::Everywhere) if guarded => {
                ("lan", "`lan` is OpenClaw's word for every address of this machine")
            }
            Some(BindAlias::Word("lan") | BindAlias::Everywhere) => (
                "loopback",
                "OpenClaw refuses every address (`lan`) without a shared token or password, and none is set: this machine only",
            ),
            Some(BindAlias::Word(known)) => {
                (known, "OpenClaw takes the word in small letters only")
            }
            Some(BindAlias::Loopback) => (
                "loopback",
                "`loopback` is OpenClaw's word for this machine only (--bind lan where other machines need the gateway)",
            ),
            None => (
                "loopback",
                "not a word that OpenClaw knows; this machine only is the safe one (--bind lan where other machines need the gateway)",
            ),
        },
        Field::Wrong(_) => ("loopback", "`gateway.bind` has to be one of OpenClaw's words"),
    };
    match choice.bind {
        Some(chosen) => Some(Wanted::of(bind, code, Value::from(chosen), "as --bind says")),
        None => Some(Wanted::of(bind, code, Value::from(word), why)),
    }
}

fn unguarded(model: &Model, choice: &Choice) -> Option<Wanted> {
    let bind = &hosted(model)?.bind;
    let chosen = choice.bind?;
    let code = super::conflict::CONFLICT.code;
    super::conflict::exposed(model)?;
    Some(Wanted::of(bind, code, Value::from(chosen), "as --bind says"))
}

/// `gateway.trustedProxies`: a list, with the proxies that the user names.
pub fn proxies(model: &Model, choice: &Choice) -> Option<Wanted> {
    let setting = &hosted(model)?.trusted_proxies;
    let file = model.config.read()?.resolved.file(setting.owner.file);
    // A list may be joined from several files: what this one holds is what is written.
    let own = file.and_then(|file| at(&file.value, &setting.owner.path));
    let (mut list, mut codes, why) = match own {
        None => (Vec::new(), Vec::new(), ""),
        Some(Value::Array(list)) => (list.clone(), Vec::new(), ""),
        Some(Value::String(text)) => (
            text.split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(Value::from)
                .collect(),
            vec![remote::NOT_A_LIST.code],
            "`gateway.trustedProxies` has to be a list",
        ),
        Some(_) => return None,
    };
    let known: Vec<&str> = setting.value().into_iter().flatten().map(String::as_str).collect();
    let before = list.len();
    for address in choice.trust.iter().map(ToString::to_string) {
        if !known.contains(&address.as_str()) && !list.contains(&Value::from(address.as_str())) {
            list.push(Value::from(address));
        }
    }
    let mut why = why.to_owned();
    if list.len() > before {
        codes.push(remote::UNTRUSTED.code);
        why = "the proxy that --trust-proxy names is trusted to say who its clients are".to_owned();
    }
    (!codes.is_empty()).then(|| Wanted {
        codes,
        path: setting.path.clone(),
        owner: setting.owner.clone(),
        new: Value::Array(list),
        why,
    })
}

/// `gateway.remote.url`, where it leads away from the gateway's own host, or is no WebSocket's.
pub fn remote_url(model: &Model) -> Option<Wanted> {
    let gateway = hosted(model)?;
    let setting = &gateway.remote_url;
    let url = setting.value().filter(|url| !url.trim().is_empty())?;
    if gateway.remote_transport.value().is_some_and(|word| word == "ssh") {
        return None; // an app's tunnel to another machine
    }
    let parts = GatewayUrl::parse(url);
    let is_right = parts
        .as_ref()
        .is_some_and(|url| url.is_websocket() && url.distance() == Distance::Loopback);
    if is_right {
        return None;
    }
    let tls = gateway.tls_enabled.value() == Some(&true);
    let scheme = if tls { "wss" } else { "ws" };
    let port = &model.config.port;
    let new = format!("{scheme}://127.0.0.1:{}", port.number);
    let why = format!(
        "on the gateway's own host the way to it stays on this machine; the port is from {}",
        port.from
    );
    Some(Wanted::of(setting, remote::NOT_LOCAL.code, Value::from(new), why))
}

/// The value at a path within one file.
pub fn at<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| match value {
        Value::Object(members) => members.get(key),
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    })
}

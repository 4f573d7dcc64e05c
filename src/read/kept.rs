//! Secrets that lie in a file of their own, or come from a program: `secrets.providers` of the config. Files are read
//! as OpenClaw reads them; a program is never run (code of 2026.3.13 to 2026.9.6; seen on 2026.9.6).

use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::PathBuf;

use serde_json::Value;

use super::env::Env;
use super::locate::Located;
use crate::config::model::{Config, ConfigState};
use crate::config::references::for_each;
use crate::config::secretref::{Kept, SecretRef};
use crate::config::vars;
use crate::files::read_small;
use crate::image::{FileState, Unusable};
use crate::platform;
use crate::secret::Secret;

/// OpenClaw reads no larger one, bytes.
const LARGEST: u64 = 1024 * 1024;
/// So many references are followed.
const MOST: usize = 256;

/// A provider's file, read and parsed once for all references to it.
struct File {
    state: FileState,
    json: OnceCell<Result<Value, &'static str>>,
}

/// What the references of the gateway's secrets lead to, where that can be told.
pub(super) fn read(state: &ConfigState, located: &Located, env: &Env) -> Vec<(SecretRef, Kept)> {
    let ConfigState::Read(config) = state else { return Vec::new() };
    let mut named: Vec<SecretRef> = Vec::new();
    for_each(&config.resolved.value, |one| {
        if let Some(secret) = one.secret().filter(|it| named.len() < MOST && !named.contains(it)) {
            named.push(secret.clone());
        }
    });
    let mut files = HashMap::new();
    let found = named.into_iter().filter_map(|secret| {
        let kept = of(&secret, config, located, env, &mut files)?;
        Some((secret, kept.map_or_else(|why| Kept::Nowhere(why.to_owned()), Kept::Here)))
    });
    found.collect()
}

/// The secret, or why it can't be had; `None`: only OpenClaw can tell.
fn of(
    secret: &SecretRef,
    config: &Config,
    located: &Located,
    env: &Env,
    files: &mut HashMap<PathBuf, File>,
) -> Option<Result<Secret, &'static str>> {
    let secrets = config.resolved.value.get("secrets");
    let provider = secrets.and_then(|secrets| secrets.get("providers")?.get(&secret.provider));
    let text = |key: &str| provider?.get(key)?.as_str();
    if text("source") != Some(secret.source.as_str()) {
        let default = secrets
            .and_then(|secrets| secrets.get("defaults")?.get(&secret.source)?.as_str())
            .map_or("default", str::trim);
        let is_built_in = default == secret.provider;
        return match (secret.source.as_str(), provider) {
            ("env" | "store", _) if is_built_in => None,
            (_, None) => Some(Err("secrets.providers has no provider of that name")),
            _ => Some(Err("the provider of that name is for another source")),
        };
    }
    let of_file = secret.source == "file";
    let place = match secret.source.as_str() {
        "env" => {
            let allowed = provider?.get("allowlist")?.as_array()?;
            let is_allowed = allowed.iter().any(|name| name.as_str() == Some(&secret.id));
            return (!is_allowed).then_some(Err("the provider's allowlist does not name it"));
        }
        "file" => text("path")?,
        "exec" => text("command")?,
        _ => return None,
    };
    // What a variable or the gateway's working folder completes is not known here.
    if !vars::references(place).is_empty() || !place.trim().starts_with(['~', '/', '\\']) {
        return None;
    }
    let flag =
        |key: &str| provider.and_then(|provider| provider.get(key)) == Some(&Value::Bool(true));
    let path = env.path(place, located.home.as_deref());
    let file = files.entry(path).or_insert_with_key(|path| File {
        state: read_small(path, LARGEST),
        json: OnceCell::new(),
    });
    let (bytes, meta) = match &file.state {
        FileState::Absent => return Some(Err("there is no such file")),
        FileState::Present { bytes, meta } => (bytes, meta),
        FileState::Unusable(Unusable::Symlink(_)) if flag("allowSymlinkCommand") => return None,
        FileState::Unusable(Unusable::Symlink(_)) => {
            return Some(Err("it is a link, and OpenClaw follows none there"));
        }
        FileState::Unusable(Unusable::NotAFile(_) | Unusable::NoFolder) => {
            return Some(Err("it is no file"));
        }
        FileState::Unusable(_) => return None,
    };
    if platform::KNOWS_OWNERS && !flag("allowInsecurePath") {
        let open = if of_file { 0o077 } else { 0o022 };
        if meta.mode & open != 0 {
            return Some(Err(
                "other users may read or write it, and OpenClaw does not take it then",
            ));
        }
        let owner = located.state_dir.metadata().ok().map(|found| platform::meta(&found).uid);
        if owner != Some(meta.uid) {
            return None;
        }
    }
    if !of_file {
        let never_runs = platform::KNOWS_OWNERS && meta.mode & 0o111 == 0;
        return never_runs.then_some(Err("it is no program: it may not be executed"));
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let json = || parsed(text);
    Some(match provider.and_then(|provider| provider.get("mode")?.as_str()) {
        Some("singleValue") => single(text, &secret.id),
        _ => pointed_at(file.json.get_or_init(json), &secret.id),
    })
}

/// What a file of one value holds.
fn single(text: &str, id: &str) -> Result<Secret, &'static str> {
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    match id {
        "value" if !text.trim().is_empty() => Ok(Secret::new(text)),
        "value" => Err("the file is empty"),
        _ => Err("a file of one value is named by the id \"value\""),
    }
}

fn parsed(text: &str) -> Result<Value, &'static str> {
    let all: Value = serde_json::from_str(text).map_err(|_| "the file is not JSON")?;
    if all.is_object() { Ok(all) } else { Err("the file is no JSON object") }
}

/// What a JSON pointer leads to.
fn pointed_at(all: &Result<Value, &'static str>, id: &str) -> Result<Secret, &'static str> {
    match all.as_ref().map_err(|why| *why)?.pointer(id) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(Secret::new(text.as_str())),
        Some(_) => Err("what the id leads to in the file is no text, or an empty one"),
        None => Err("the id leads to nothing in the file"),
    }
}

#[cfg(test)]
#[cfg(unix)]
#[path = "kept_tests.rs"]
mod tests;

//! The config: its text and what it includes, the copies beside it, and what decides about them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::disk::{names, real};
use super::env::Env;
use super::kept;
use super::locate::Located;
use super::process::left_lock;
use super::variables;
use crate::config::copies::{ConfigCopy, CopyKind, choose, rank};
use crate::config::differs::differences;
use crate::config::facts::{ConfigFacts, TlsFile, TlsKind};
use crate::config::gateway::{Field, Setting};
use crate::config::model::ConfigState;
use crate::config::paths::{Root, normalize};
use crate::error::Error;
use crate::files::dir::refuse;
use crate::files::read_small;
use crate::format::json5;
use crate::image::{Bytes, FileState, Meta, Slot, TextImage};
use crate::model::scopes::Era;
use crate::step::Step;
use crate::store::json::JsonStore;

/// A copy larger than this is no config, bytes.
const LARGEST_COPY: u64 = 16 * 1024 * 1024;
/// A file larger than this is not looked into for a certificate, bytes.
const LARGEST_PEM: u64 = 1024 * 1024;
/// So many copies are looked at.
pub(super) const MOST_COPIES: usize = 64;

/// The config as it was read, with the store that writes it.
pub(super) struct ConfigRead {
    /// The store of every file that was looked for, the config first.
    pub files: JsonStore,
    /// What was found at each of those paths.
    pub images: Vec<(Slot, TextImage)>,
    /// What is known beside its text.
    pub facts: ConfigFacts,
    /// The config, parsed from these images.
    pub state: ConfigState,
}

/// Reads the config, every file it includes, and the copies beside it. `traces`: the rules whose releases have left
/// a trace beside it.
pub(super) fn read(located: &Located, env: &Env, traces: Era) -> ConfigRead {
    let path = normalize(&located.config);
    let files = JsonStore::new(located.state_dir.clone(), vec![path.clone()]);
    let copies = copies(&path);
    let mut facts = ConfigFacts {
        roots: roots(&path, located, env),
        profile: located.profile.clone(),
        container: is_container(env),
        addresses: env
            .proc
            .as_ref()
            .and_then(|proc| std::fs::read_to_string(proc.join("net/fib_trie")).ok())
            .map(|table| addresses(&table)),
        read_only: ["OPENCLAW_NIX_MODE", "OPENCLAW_CONFIG_READONLY"]
            .into_iter()
            .find(|name| env.var(name) == Some("1"))
            .map(str::to_owned),
        stale_lock: left_lock(&path, env),
        copies: rank(copies.iter().map(|(copy, _)| copy.clone()).collect()),
        path: path.clone(),
        ..ConfigFacts::default()
    };
    let seen: RefCell<BTreeMap<PathBuf, (TextImage, PathBuf)>> = RefCell::default();
    let look = |path: &Path| {
        let found = (files.read_config(path), real(path));
        let state = found.0.state.clone();
        seen.borrow_mut().insert(path.to_path_buf(), found.clone());
        (state, found.1)
    };
    let (root, _) = look(&path);
    let now = root.bytes().cloned();
    let state = ConfigState::of(root, &facts, &look);
    facts.reads_old_names = traces < Era::Least
        && state.written_by().map_or(traces == Era::Literal, |by| !by.is_from("2026.3.22"));
    facts.variables = variables::read(located, env, facts.reads_old_names);
    facts.tls = tls(&state, located, env);
    facts.missing_plugins = missing_plugins(&state, located, env);
    facts.kept = kept::read(&state, located, env);
    if !matches!(state, ConfigState::Read(_)) {
        if let Some(best) = facts.copies.first_mut()
            && let Some((_, bytes)) = copies.iter().find(|(copy, _)| copy.name == best.name)
            && let Some(now) = now.filter(|_| matches!(state, ConfigState::Unparsable(_)))
        {
            best.changes = differences(&now, bytes);
        }
        // One of the copies may take its place, and brings its own includes.
        for (_, bytes) in copies.into_iter().filter(|(copy, _)| copy.is_usable()) {
            let root = FileState::Present { bytes, meta: Meta::default() };
            let _ = ConfigState::of(root, &facts, &look);
        }
    }
    let seen = seen.into_inner();
    for (path, (_, real)) in &seen {
        if path != real {
            facts.reals.insert(path.clone(), real.clone());
        }
        if let Some(elsewhere) = files.elsewhere(path) {
            facts.elsewhere.insert(path.clone(), elsewhere);
        }
    }
    let rest = seen.keys().filter(|other| **other != path).cloned();
    let all = std::iter::once(path.clone()).chain(rest).collect();
    ConfigRead {
        files: files.with_config_files(all, facts.roots.clone()),
        images: seen.into_iter().map(|(path, (image, _))| (Slot::Config(path), image)).collect(),
        facts,
        state,
    }
}

/// A config that somebody names to put in the config's place: its absolute path and its bytes.
///
/// # Errors
/// It cannot be read, is no regular file, is not JSON5, or holds no gateway section.
pub fn read_copy(path: &Path) -> Result<(PathBuf, Bytes), Error> {
    let path = std::path::absolute(path).map_err(|error| Error::io("find", path, &error))?;
    let bytes = match read_small(&path, LARGEST_COPY) {
        FileState::Present { bytes, .. } => bytes,
        FileState::Absent => {
            let missing = Error::not_found("there is no such file").at(&path);
            return Err(missing.hint("check the path"));
        }
        FileState::Unusable(why) => return Err(refuse(&path, &why)),
    };
    let others = || Step::clawmend(["diagnose"]).note("lists the copies beside the config");
    let value = json5::parse(&bytes).map_err(|error| {
        let refused = Error::refused("this copy is not a config: it has a syntax error");
        refused.at(&path).because(error).hint(others())
    })?;
    if !value.get("gateway").is_some_and(serde_json::Value::is_object) {
        let refused = Error::refused("this copy holds no `gateway` section");
        return Err(refused.at(&path).hint(others()));
    }
    Ok((path, bytes))
}

/// The config's own folder and those of `OPENCLAW_INCLUDE_ROOTS`.
fn roots(config: &Path, located: &Located, env: &Env) -> Vec<Root> {
    let own = config.parent().unwrap_or(Path::new("/")).to_path_buf();
    let more = env.var("OPENCLAW_INCLUDE_ROOTS").unwrap_or_default();
    let more = std::env::split_paths(more).filter(|dir| !dir.as_os_str().is_empty()).map(|dir| {
        match (dir.strip_prefix("~"), &located.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => env.cwd.join(dir),
        }
    });
    std::iter::once(own).chain(more).map(|dir| Root::new(&dir, &real(&dir))).collect()
}

/// What `plugins.load.paths` names and nothing is at.
fn missing_plugins(state: &ConfigState, located: &Located, env: &Env) -> Vec<PathBuf> {
    let ConfigState::Read(config) = state else { return Vec::new() };
    let path = ["plugins", "load", "paths"].map(str::to_owned);
    let paths = config.resolved.get(&path).and_then(serde_json::Value::as_array);
    let texts = paths.into_iter().flatten().filter_map(serde_json::Value::as_str);
    let whole = texts.filter(|text| text.trim().starts_with(['~', '/']) && !text.contains("${"));
    let paths = whole.map(|text| env.path(text, located.home.as_deref()));
    let is_gone = |path: &PathBuf| {
        path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    };
    paths.filter(is_gone).collect()
}

/// The files of `gateway.tls`. A path that begins at the gateway's working folder is left out: that folder is not known.
fn tls(state: &ConfigState, located: &Located, env: &Env) -> Vec<TlsFile> {
    let ConfigState::Read(config) = state else { return Vec::new() };
    let gateway = &config.gateway;
    if gateway.tls_enabled.value() != Some(&true) {
        return Vec::new();
    }
    let own = located.state_dir.join("gateway").join("tls");
    let named = [
        (TlsKind::Certificate, &gateway.tls_cert_path, Some(own.join("gateway-cert.pem"))),
        (TlsKind::Key, &gateway.tls_key_path, Some(own.join("gateway-key.pem"))),
        (TlsKind::Authority, &gateway.tls_ca_path, None),
    ];
    let file = |(kind, setting, default): (TlsKind, &Setting<String>, Option<PathBuf>)| {
        let path = match &setting.field {
            Field::Missing => default?,
            Field::Value(text)
                if text.trim().starts_with(['~', '/', '\\']) || text.contains(':') =>
            {
                env.path(text, located.home.as_deref())
            }
            Field::Value(_) | Field::Wrong(_) | Field::Reference(_) => return None,
        };
        let found = path.metadata();
        let is_denied =
            |error: &std::io::Error| error.kind() == std::io::ErrorKind::PermissionDenied;
        if found.as_ref().is_err_and(is_denied) {
            return None;
        }
        let is_there = found.is_ok_and(|found| found.is_file());
        let holds = |bytes: &Bytes| String::from_utf8_lossy(bytes).contains("-----BEGIN ");
        let is_whole = match read_small(&path, LARGEST_PEM) {
            _ if kind == TlsKind::Key => is_there,
            FileState::Present { bytes, .. } => holds(&bytes),
            // Whoever runs this may not read it; the gateway may.
            FileState::Absent | FileState::Unusable(_) => is_there,
        };
        Some(TlsFile { kind, path, is_there, is_whole })
    };
    named.into_iter().filter_map(file).collect()
}

/// The copies beside the config, with their bytes.
fn copies(config: &Path) -> Vec<(ConfigCopy, Bytes)> {
    let (Some(folder), Some(name)) = (config.parent(), config.file_name()) else {
        return Vec::new();
    };
    let config = name.to_string_lossy();
    let written = |name: &String| {
        let written = folder.join(name).symlink_metadata().ok()?.modified().ok()?;
        i64::try_from(written.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
    };
    let dated = names(folder)
        .into_iter()
        .filter(|name| CopyKind::of(&config, name).is_some())
        .map(|name| {
            let mtime_ms = written(&name).unwrap_or_default();
            (name, mtime_ms)
        })
        .collect();
    let read = |(name, mtime_ms): (String, i64)| {
        let state = read_small(&folder.join(&name), LARGEST_COPY);
        let bytes = state.bytes()?;
        Some((ConfigCopy::read(&config, &name, mtime_ms, bytes)?, bytes.clone()))
    };
    choose(&config, dated, MOST_COPIES).into_iter().filter_map(read).collect()
}

/// The addresses of this machine in Linux's table of routes: each stands above `/32 host LOCAL`, and a whole
/// network (127.0.0.0/8) is not listed one by one.
fn addresses(table: &str) -> BTreeSet<Ipv4Addr> {
    let lines: Vec<&str> = table.lines().map(str::trim).collect();
    let address = |pair: &[&str]| match pair {
        [above, "/32 host LOCAL"] => above.strip_prefix("|-- ")?.parse().ok(),
        _ => None,
    };
    lines.windows(2).filter_map(address).collect()
}

/// The signs by which OpenClaw itself takes a machine for a container.
pub(super) fn is_container(env: &Env) -> bool {
    let marked = [".dockerenv", "run/.containerenv", "var/run/.containerenv"];
    let root = env.root.as_deref();
    if root.is_some_and(|root| marked.iter().any(|path| root.join(path).exists())) {
        return true;
    }
    let groups = env.proc.as_ref().map(|proc| proc.join("1/cgroup"));
    let groups = groups.and_then(|path| std::fs::read_to_string(path).ok());
    groups.is_some_and(|groups| {
        ["docker", "kubepods", "containerd", "lxc"].iter().any(|word| groups.contains(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_that_are_this_machines() {
        let table = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     +-- 192.0.2.0/24 2 0 2\n        |-- 192.0.2.0\n           /24 link UNICAST\n        |-- 192.0.2.2\n           /32 host LOCAL\n        |-- 192.0.2.255\n           /32 link BROADCAST\n        |-- 127.0.0.1\n           /32 host LOCAL\n";
        let found: Vec<String> = addresses(table).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["127.0.0.1", "192.0.2.2"]);
        assert_eq!(addresses(""), BTreeSet::new());
    }
}

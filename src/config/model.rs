//! The config as it was found, what its gateway section says, and what follows from it: whether this
//! is a gateway's host, which port holds, whether the CLI has a shared secret to show.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::copies::ConfigCopy;
use super::facts::{ConfigFacts, Elsewhere, Origin, Variables};
use super::flags::Flags;
use super::gateway::{Field, Gateway, Setting};
pub use super::host::{Host, Port, Signs};
use super::host::{host, port};
use super::include::{Resolved, resolve};
use super::owner::{FileId, Owner};
use super::paths::{ReadFile, Root};
use super::release::Release;
use super::vars;
use super::vocabulary::{AUTH_MODES, placeholder};
use crate::format::json5::SyntaxError;
use crate::image::{FileState, Images, Slot, Unusable};
use crate::secret::Secret;

/// The config and what follows from it.
#[derive(Clone, Debug)]
pub struct ConfigModel {
    /// Where it is; empty where nobody looked for one.
    pub path: PathBuf,
    /// What was found at its path.
    pub state: ConfigState,
    /// What is known beside its text: its copies, variables, real paths.
    pub facts: ConfigFacts,
    /// Whether this machine is the gateway's host or a client.
    pub host: Host,
    /// The gateway's port and which place says so.
    pub port: Port,
    /// The CLI takes the shared token of the config before that of the environment.
    pub config_first: bool,
}

/// What was found at the config's path.
#[derive(Clone, Debug)]
pub enum ConfigState {
    /// Nobody looked for one.
    NotRead,
    /// No file is there.
    Absent,
    /// A file without anything in it.
    Empty,
    /// Not JSON5, and where it breaks.
    Unparsable(SyntaxError),
    /// Not read: no regular file, too large or refused.
    Unusable(Unusable),
    /// Read, with its includes followed.
    Read(Box<Config>),
}

/// A config that could be read.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its values and files.
    pub resolved: Resolved,
    /// Its gateway section, each setting with its place.
    pub gateway: Gateway,
}

impl Config {
    /// Puts what variables hold into words that name them: those that gateway and CLI both see, in one place or in two that agree.
    fn fill_in(&mut self, facts: &ConfigFacts) {
        let variable = |name: &str| {
            let (_, of_gateway) = facts.gateway_variable(name)?;
            let (_, of_cli) = facts.cli_variable(name)?;
            (of_gateway == of_cli).then(|| of_gateway.expose().to_owned())
        };
        let gateway = &mut self.gateway;
        for setting in [
            &mut gateway.mode,
            &mut gateway.bind,
            &mut gateway.custom_bind_host,
            &mut gateway.auth_mode,
            &mut gateway.tailscale_mode,
        ] {
            let text = match &setting.field {
                Field::Reference(_) => self.resolved.get(&setting.path).and_then(Value::as_str),
                _ => None,
            };
            if let Some(text) = text.and_then(|text| vars::filled(text, variable)) {
                setting.field = Field::Value(text);
            }
        }
    }

    /// The variables that the config itself sets, for what finds none in its environment: `env.vars.NAME` and
    /// `env.NAME`. A text with a reference in it is not set.
    fn variables(&self, path: &Path, early: bool) -> Variables {
        let env = self.resolved.value.get("env").and_then(Value::as_object);
        let more = env.and_then(|env| env.get("vars")).and_then(Value::as_object);
        let direct = env
            .into_iter()
            .flatten()
            .filter(|(name, _)| !matches!(name.as_str(), "vars" | "shellEnv"));
        // OpenClaw goes through both, and the second one stays.
        let all = more.into_iter().flatten().chain(direct);
        let set = all
            .filter_map(|(name, value)| Some((name.trim().to_owned(), Secret::new(plain(value)?))));
        Variables::set(Origin::Config, crate::platform::shown(path), set.collect(), early)
    }
}

fn plain(value: &Value) -> Option<&str> {
    let text = value.as_str().filter(|text| !text.trim().is_empty())?;
    vars::references(text).is_empty().then_some(text)
}

impl ConfigState {
    /// Makes sense of the config at `facts.path`: its text is parsed here, and its includes'.
    pub fn of(root: FileState, facts: &ConfigFacts, source: &ReadFile<'_>) -> Self {
        let bytes = match root {
            FileState::Absent => return Self::Absent,
            FileState::Unusable(why) => return Self::Unusable(why),
            FileState::Present { bytes, .. } => bytes,
        };
        let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
        if text.iter().all(u8::is_ascii_whitespace) {
            return Self::Empty;
        }
        let folder = facts.path.parent().unwrap_or(Path::new("/"));
        let own = [Root::new(folder, folder)];
        let roots = if facts.roots.is_empty() { &own } else { facts.roots.as_slice() };
        match resolve(&facts.path, bytes, roots, source) {
            Ok(resolved) => {
                Self::Read(Box::new(Config { gateway: Gateway::read(&resolved), resolved }))
            }
            Err(error) => Self::Unparsable(error),
        }
    }

    /// The same for a config whose files are among the images.
    pub fn of_images(images: &Images, facts: &ConfigFacts) -> Self {
        let state =
            |path: &Path| Some(images.text(&Slot::Config(path.to_path_buf()))?.state.clone());
        let source = |path: &Path| (state(path).unwrap_or(FileState::Absent), facts.real(path));
        match state(&facts.path) {
            Some(root) => Self::of(root, facts, &source),
            None => Self::NotRead,
        }
    }

    /// The release that wrote it last, where it says so.
    pub fn written_by(&self) -> Option<Release> {
        let value = &self.config()?.resolved.value;
        Release::parse(value.get("meta")?.get("lastTouchedVersion")?.as_str()?)
    }

    fn config(&self) -> Option<&Config> {
        match self {
            Self::Read(config) => Some(config),
            _ => None,
        }
    }
}

impl ConfigModel {
    /// What follows from the config, the facts beside it, and what the stores hold.
    pub fn of(mut state: ConfigState, facts: &ConfigFacts, signs: Signs) -> Self {
        let mut all = facts.clone();
        all.variables.extend(
            state.config().map(|config| config.variables(&facts.path, facts.reads_old_names)),
        );
        if state.written_by().is_some_and(|release| !release.is_from("2026.2.17")) {
            let lost = all.variables.iter_mut().filter(|at| at.flags.is_behind_run);
            lost.for_each(|at| at.flags = Flags::default());
        }
        if let ConfigState::Read(config) = &mut state {
            config.fill_in(&all);
        }
        let gateway = state.config().map(|config| &config.gateway);
        Self {
            host: host(gateway, facts, signs),
            port: port(gateway, &all, signs),
            config_first: signs.config_first,
            facts: all,
            path: facts.path.clone(),
            state,
        }
    }

    /// The config, where it and all its includes could be read.
    pub fn whole(&self) -> Option<&Config> {
        self.read().filter(|config| config.resolved.problems.is_empty())
    }

    /// The config, where it could be read, includes or not.
    pub fn read(&self) -> Option<&Config> {
        self.state.config()
    }

    /// Whether this machine is only the client of a gateway elsewhere.
    pub fn is_client(&self) -> bool {
        matches!(self.host, Host::Client(_))
    }

    /// What is in the config's place, where that is no file and leads to none.
    pub fn instead(&self) -> Option<&Unusable> {
        match &self.state {
            ConfigState::Unusable(
                why @ (Unusable::Dangling(_) | Unusable::NotAFile(_) | Unusable::NoFolder),
            ) => Some(why),
            _ => None,
        }
    }

    /// The best copy to go back to, if one is usable.
    pub fn best_copy(&self) -> Option<&ConfigCopy> {
        self.facts.copies.first().filter(|copy| copy.is_usable())
    }

    /// The path of a copy: it lies in the config's folder.
    pub fn copy_path(&self, copy: &ConfigCopy) -> PathBuf {
        self.path.with_file_name(&copy.name)
    }

    /// The file that holds a value, as it is called among the images.
    pub fn file_of(&self, owner: &Owner) -> PathBuf {
        let file = self.read().and_then(|config| config.resolved.file(owner.file));
        match file {
            Some(file) if owner.file != FileId(0) => file.path.clone(),
            _ => self.path.clone(),
        }
    }

    /// How clients are let in: `gateway.auth.mode`, else by a password where the gateway sees one, in the config or in a variable, else
    /// by a token (code of 2026.1.30 to 2026.9.6).
    pub fn auth_kind(&self) -> AuthKind {
        let Some(Config { gateway, .. }) = self.whole() else { return AuthKind::Unknown };
        let by_word = |mode: &str| match AUTH_MODES.iter().position(|known| *known == mode) {
            Some(0) => AuthKind::None,
            Some(1) => AuthKind::Token,
            Some(2) => AuthKind::Password,
            Some(3) => AuthKind::Proxy,
            _ => AuthKind::Unknown,
        };
        if let Some((_, mode)) = self.facts.flag(|flags| flags.auth.as_deref()) {
            return by_word(mode);
        }
        match &gateway.auth_mode.field {
            Field::Value(mode) => by_word(mode),
            Field::Missing => {
                let has_one = |at: &Variables| at.password.is_some() || at.flags.password.is_some();
                let is_set = self.facts.seen_by_gateway().any(has_one);
                match is_set || gateway.auth_password.is_filled() {
                    true => AuthKind::Password,
                    false => AuthKind::Token,
                }
            }
            Field::Wrong(_) | Field::Reference(_) => AuthKind::Unknown,
        }
    }

    /// How the gateway is put on a tailnet: by its service's command line, else by `gateway.tailscale.mode`.
    pub fn tailscale(&self) -> Option<&str> {
        let by_flag = self.facts.flag(|flags| flags.tailscale.as_deref()).map(|(_, mode)| mode);
        by_flag.or_else(|| self.whole()?.gateway.tailscale_mode.value().map(String::as_str))
    }

    /// Whether the gateway is put on a tailnet.
    pub fn is_on_tailscale(&self) -> bool {
        self.tailscale().is_some_and(|mode| mode != "off")
    }

    /// The usable shared token or password that the gateway goes by, as far as the config says.
    pub fn shared_secret(&self) -> Option<&Secret> {
        let gateway = &self.whole()?.gateway;
        match self.auth_kind() {
            AuthKind::Token => gateway.auth_token.usable(),
            AuthKind::Password => gateway.auth_password.usable(),
            AuthKind::None | AuthKind::Proxy | AuthKind::Unknown => None,
        }
    }

    /// Whether the gateway has a shared secret (or needs none) to guard a bind that others reach: in
    /// the config, by reference, or in a variable that it sees.
    pub fn is_guarded(&self) -> bool {
        let Some(Config { gateway, .. }) = self.whole() else { return false };
        let there = |secret: &Setting<Secret>| {
            secret.usable().is_some() || matches!(secret.field, Field::Reference(_))
        };
        let seen = |has: fn(&Variables) -> bool| self.facts.is_set_for_gateway(has);
        match self.auth_kind() {
            AuthKind::None => false,
            AuthKind::Token => {
                there(&gateway.auth_token)
                    || seen(|at| at.token.is_some() || at.flags.token.is_some())
            }
            AuthKind::Password => {
                there(&gateway.auth_password)
                    || seen(|at| at.password.is_some() || at.flags.password.is_some())
            }
            AuthKind::Proxy | AuthKind::Unknown => true,
        }
    }

    /// Whether a config file may not be changed, and why: managed elsewhere.
    pub fn fixed(&self, images: &Images, file: &Path) -> Option<String> {
        if let Some(variable) = &self.facts.read_only {
            return Some(format!("{variable}=1 says that something else writes the config"));
        }
        let real = self.facts.reals.get(file);
        match self.facts.elsewhere.get(file) {
            None => {}
            Some(Elsewhere::Mounted) => {
                return Some(
                    "it is a mount of its own (as of single files in containers), and cannot be replaced from here"
                        .to_owned(),
                );
            }
            Some(Elsewhere::LinkedOut) => {
                // An include that is named as the config would be the whole config.
                let way = match file == self.facts.path {
                    true => " (named with --config, it is changed)",
                    false => "",
                };
                return Some(format!(
                    "it is a link to {}, outside the state dir{way}",
                    crate::text::named(real.map_or(file, PathBuf::as_path))
                ));
            }
        }
        let real = real?;
        let meta = images.text(&Slot::Config(file.to_path_buf()))?.state.meta()?;
        (meta.is_read_only() || real.starts_with("/nix/store")).then(|| {
            format!(
                "it is a link to {}, which is read-only: something else writes it",
                crate::text::named(real)
            )
        })
    }

    /// The merged value as it stands in its file, `${VAR}` and escapes included.
    pub fn raw(&self, path: &[String]) -> Option<&Value> {
        self.read()?.resolved.get(path)
    }
}

/// How the gateway is told to let clients in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthKind {
    /// Everybody.
    None,
    /// By a shared token.
    Token,
    /// By a shared password.
    Password,
    /// By what a proxy says.
    Proxy,
    /// A word that OpenClaw does not know, or one by reference.
    Unknown,
}

impl Setting<Secret> {
    /// The secret, where it is one: a text, and no placeholder.
    pub fn usable(&self) -> Option<&Secret> {
        self.value().filter(|secret| placeholder(secret.expose()).is_none())
    }

    /// Whether something stands there that OpenClaw does not take for nothing: a blank text it does.
    pub fn is_filled(&self) -> bool {
        !self.is_missing() && self.value().is_none_or(|secret| !secret.expose().trim().is_empty())
    }
}

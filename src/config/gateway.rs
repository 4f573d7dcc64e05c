//! The gateway section of a config, as far as it can lock people out. Lenient: a field that is
//! missing, of the wrong type or given by reference says so, and spoils no other field.
//!
//! Owns the names of these fields. Which values are right is a matter of the checks.
use super::include::Resolved;
use super::owner::Owner;
use super::secretref::{SecretRef, secret_ref};
use super::vars;
use crate::secret::shown;
use crate::secret::{Secret, Unshown};
use serde_json::Value;

/// What stands in a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field<T> {
    /// The key is not there.
    Missing,
    /// A value of the right type.
    Value(T),
    /// A value of another type.
    Wrong(Wrong),
    /// A value that is kept elsewhere, and not to be replaced by a copy.
    Reference(Reference),
}

/// A value of the wrong type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// What it is: `a string`, `null`.
    pub found: &'static str,
    /// How it is shown; a secret, and what may hold one, is masked.
    pub shown: String,
    /// The value itself, for edits that have to know what stood there.
    pub value: Unshown<Value>,
}

/// Where a value is kept that the config only refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// In these environment variables.
    Variables(Vec<String>),
    /// In a secret provider (or, by OpenClaw's short forms, in one variable).
    Secret(SecretRef),
}

/// A field of the gateway section with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// Its path in the merged config.
    pub path: Vec<String>,
    /// The file and the path in it where it stands, or has to be put.
    pub owner: Owner,
    /// What stands there, or that nothing does.
    pub field: Field<T>,
}

impl<T> Setting<T> {
    /// The value, where there is one of the right type.
    pub fn value(&self) -> Option<&T> {
        match &self.field {
            Field::Value(value) => Some(value),
            Field::Missing | Field::Wrong(_) | Field::Reference(_) => None,
        }
    }

    /// Whether a provider keeps the value: by an object, not by a text such as `${NAME}`.
    pub fn is_kept(&self) -> bool {
        matches!(&self.field, Field::Reference(Reference::Secret(secret)) if !secret.is_text)
    }

    /// Whether the config says nothing here.
    pub fn is_missing(&self) -> bool {
        matches!(self.field, Field::Missing)
    }
}

impl Setting<Vec<String>> {
    /// Whether the config names nothing here: no list, or an empty one.
    pub fn names_none(&self) -> bool {
        self.is_missing() || self.value().is_some_and(Vec::is_empty)
    }
}

/// Makes the struct and its reader from one line per setting: name, type, how it is read, where.
macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $read:ident($path:literal),)*) => {
        /// The gateway section. Every field is named as in the config, `a_b` being `gateway.a.b`.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the names are OpenClaw's")]
        pub struct Gateway {
            $($(#[$doc])* pub $name: Setting<$type>,)*
        }

        impl Gateway {
            /// Reads the section.
            pub fn read(config: &Resolved) -> Self {
                Self { $($name: Reader::new(config, $path).$read(),)* }
            }
        }
    };
}

settings! {
    /// A common mistake for `gateway.auth.token`.
    misplaced_token: Secret = secret("gateway.token"),
    mode: String = string("gateway.mode"),
    bind: String = string("gateway.bind"),
    custom_bind_host: String = string("gateway.customBindHost"),
    port: u16 = port("gateway.port"),
    trusted_proxies: Vec<String> = strings("gateway.trustedProxies"),
    auth_mode: String = string("gateway.auth.mode"),
    auth_token: Secret = secret("gateway.auth.token"),
    auth_password: Secret = secret("gateway.auth.password"),
    auth_trusted_proxy: () = object("gateway.auth.trustedProxy"),
    auth_trusted_proxy_user_header: String = string("gateway.auth.trustedProxy.userHeader"),
    /// Role policies (from 2026.8): there are any.
    roles: () = object("gateway.roles"),
    roles_default: String = string("gateway.roles.default"),
    /// The names of the roles that are defined.
    roles_definitions: Vec<String> = keys("gateway.roles.definitions"),
    nodes_pairing_auto_approve_local: bool = flag("gateway.nodes.pairing.autoApproveLocal"),
    /// Beside the gateway section: a token of its own for webhooks, which must not be the gateway's.
    hooks_enabled: bool = flag("hooks.enabled"),
    hooks_token: Secret = secret("hooks.token"),
    remote_url: String = string("gateway.remote.url"),
    remote_transport: String = string("gateway.remote.transport"),
    remote_token: Secret = secret("gateway.remote.token"),
    remote_password: Secret = secret("gateway.remote.password"),
    control_ui_enabled: bool = flag("gateway.controlUi.enabled"),
    control_ui_allowed_origins: Vec<String> = strings("gateway.controlUi.allowedOrigins"),
    control_ui_allow_insecure_auth: bool = flag("gateway.controlUi.allowInsecureAuth"),
    control_ui_dangerously_disable_device_auth: bool = flag("gateway.controlUi.dangerouslyDisableDeviceAuth"),
    control_ui_dangerously_allow_host_header_origin_fallback: bool = flag("gateway.controlUi.dangerouslyAllowHostHeaderOriginFallback"),
    tailscale_mode: String = string("gateway.tailscale.mode"),
    tls_enabled: bool = flag("gateway.tls.enabled"),
    tls_auto_generate: bool = flag("gateway.tls.autoGenerate"),
    tls_cert_path: String = string("gateway.tls.certPath"),
    tls_key_path: String = string("gateway.tls.keyPath"),
    tls_ca_path: String = string("gateway.tls.caPath"),
}

/// Whether the config holds the stamp that OpenClaw puts into `meta`; a config that lost it is
/// replaced by an older copy.
pub fn has_meta(config: &Value) -> bool {
    let stamp = |key: &str| config.get("meta")?.get(key)?.as_str();
    stamp("lastTouchedVersion").is_some() || stamp("lastTouchedAt").is_some()
}

struct Reader<'c> {
    path: Vec<String>,
    owner: Owner,
    value: Option<&'c Value>,
}

impl<'c> Reader<'c> {
    fn new(config: &'c Resolved, path: &str) -> Self {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        Self { owner: config.place_for(&path), value: config.get(&path), path }
    }

    /// The field by `right`, which takes what has the right type.
    fn read<T>(self, right: impl Fn(&Value) -> Option<T>) -> Setting<T> {
        let field = match self.value {
            None => Field::Missing,
            Some(value) => match variables(value) {
                Some(names) => Field::Reference(Reference::Variables(names)),
                None => right(value)
                    .map_or_else(|| Field::Wrong(wrong(&self.path, value)), Field::Value),
            },
        };
        Setting { path: self.path, owner: self.owner, field }
    }

    fn string(self) -> Setting<String> {
        self.read(text)
    }

    fn flag(self) -> Setting<bool> {
        self.read(Value::as_bool)
    }

    fn object(self) -> Setting<()> {
        self.read(|value| value.is_object().then_some(()))
    }

    fn port(self) -> Setting<u16> {
        self.read(|value| {
            let port = value.as_u64().or_else(|| whole(value.as_f64()?))?;
            u16::try_from(port).ok().filter(|port| *port > 0)
        })
    }

    fn keys(self) -> Setting<Vec<String>> {
        self.read(|value| Some(value.as_object()?.keys().cloned().collect()))
    }

    fn strings(self) -> Setting<Vec<String>> {
        self.read(|value| value.as_array()?.iter().map(text).collect())
    }

    fn secret(self) -> Setting<Secret> {
        if let Some(found) = self.value.and_then(secret_ref) {
            let field = Field::Reference(Reference::Secret(found));
            return Setting { path: self.path, owner: self.owner, field };
        }
        let mut setting = self.read(|value| text(value).map(Secret::new));
        if let Field::Wrong(wrong) = &mut setting.field {
            wrong.shown = "****".to_owned();
            wrong.value = Unshown(Value::Null);
        }
        setting
    }
}

/// `18789.0` is a whole number to JavaScript.
fn whole(number: f64) -> Option<u64> {
    let fits = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fits.then_some(number as u64)
}

/// A string as OpenClaw reads it, `$${X}` being `${X}`.
pub(super) fn text(value: &Value) -> Option<String> {
    vars::literal(value.as_str()?)
}

/// The variables that a string, or a string of a list, refers to.
fn variables(value: &Value) -> Option<Vec<String>> {
    let texts = match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        other => Vec::from_iter(other.as_str()),
    };
    let names: Vec<String> =
        texts.into_iter().flat_map(vars::references).map(str::to_owned).collect();
    (!names.is_empty()).then_some(names)
}

fn wrong(path: &[String], value: &Value) -> Wrong {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Wrong { found, shown: shown::value(path, value), value: Unshown(value.clone()) }
}

#[cfg(test)]
#[path = "gateway_tests.rs"]
mod tests;

//! Records of the pairing store as typed views: lenient where a gateway is, and saying what was odd.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::config::release::Release;
use crate::secret::shape::{Shape, id_of_key};
use crate::secret::{Secret, mask};

/// A record of a store by OpenClaw's field names.
pub type Record = Map<String, Value>;

/// A list of strings in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum List {
    /// Not there, or null.
    Missing,
    /// There, and every element is a string.
    Of(Vec<String>),
    /// A text, which gives no scope.
    Text,
    /// Something that the gateway's own code fails at.
    Odd,
}

impl List {
    fn of(value: Option<&Value>) -> Self {
        match value {
            None | Some(Value::Null) => List::Missing,
            Some(Value::String(_)) => List::Text,
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().map(|text| text.trim().to_owned()))
                .collect::<Option<Vec<_>>>()
                .map_or(List::Odd, List::Of),
            Some(_) => List::Odd,
        }
    }

    /// The strings; empty where there are none.
    pub fn items(&self) -> &[String] {
        match self {
            List::Of(items) => items,
            _ => &[],
        }
    }

    /// Whether a list of roles agrees that the device is an operator: it names that role, or is not there.
    pub fn names_operator(&self) -> bool {
        *self == List::Missing || self.items().iter().any(|role| role == "operator")
    }

    /// Whether the field is there and is no list.
    pub fn is_no_list(&self) -> bool {
        matches!(self, List::Text | List::Odd)
    }

    /// Whether the field is there and is a list.
    pub fn is_list(&self) -> bool {
        matches!(self, List::Of(_))
    }
}

/// A field as text; `None` where it is not there or of another type.
pub(super) fn text(record: &Record, field: &str) -> Option<String> {
    record.get(field)?.as_str().map(str::to_owned)
}

fn millis(record: &Record, field: &str) -> Option<i64> {
    let value = record.get(field)?;
    value.as_i64().or_else(|| value.as_f64().map(|number| number as i64))
}

/// A role's token in a paired record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token; `None` where it is not a string or blank.
    pub token: Option<Secret>,
    /// The role inside the entry. From 2026.4.15 an entry without it gives the device no role.
    pub role: Option<String>,
    /// The scopes that it carries.
    pub scopes: List,
    /// `revokedAtMs` is set (and not 0).
    pub revoked: bool,
    /// `issuer` is an object: made under a shared secret. Without one it is dead, whatever its kind (2026.8.2,
    /// 2026.9.6).
    pub has_issuer: bool,
}

impl Token {
    /// A view of an entry of `tokens`; `None` where it is not an object.
    pub fn of(value: &Value) -> Option<Self> {
        let entry = value.as_object()?;
        Some(Self {
            token: text(entry, "token").filter(|token| !token.trim().is_empty()).map(Secret::new),
            role: text(entry, "role").map(|role| role.trim().to_owned()),
            scopes: List::of(entry.get("scopes")),
            has_issuer: entry.get("issuer").is_some_and(Value::is_object),
            revoked: match entry.get("revokedAtMs") {
                None | Some(Value::Null | Value::Bool(false)) => false,
                Some(Value::Number(number)) => number.as_f64() != Some(0.0),
                Some(Value::String(text)) => !text.is_empty(),
                Some(_) => true,
            },
        })
    }

    /// Whether it opens anything: a token that is there and not revoked. The one rule for this: a gateway
    /// of 2026.9.6 takes `revokedAtMs: null` and `0` for not revoked.
    pub fn is_live(&self) -> bool {
        self.token.is_some() && !self.revoked
    }

    /// Whether the gateway ends the connection as it reads the scopes: they are neither a list of texts nor a text.
    pub fn ends_connection(&self) -> bool {
        self.is_live() && matches!(self.scopes, List::Missing | List::Odd)
    }
}

/// A device: what paired and pending records have in common, and what a paired one has more.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// The key it is stored under: `deviceId` (paired) or `requestId` (pending).
    pub key: String,
    /// `deviceId` inside the record.
    pub device_id: Option<String>,
    /// `requestId` inside the record (pending).
    pub request_id: Option<String>,
    /// `publicKey`.
    pub public_key: Option<String>,
    /// `displayName`.
    pub display_name: Option<String>,
    /// `platform`, pinned when not blank (from 2026.2.26).
    pub platform: Option<String>,
    /// `deviceFamily`, pinned when not blank (from 2026.2.26).
    pub device_family: Option<String>,
    /// `clientId`.
    pub client_id: Option<String>,
    /// `clientMode`.
    pub client_mode: Option<String>,
    /// `role`: one role; `roles` may name more.
    pub role: Option<String>,
    /// `roles`.
    pub roles: List,
    /// `scopes`: those of the device, or what a request asks for.
    pub scopes: List,
    /// `approvedScopes` (from 2026.2.26).
    pub approved_scopes: List,
    /// The release here goes by `scopes` where it is a list: up to 2026.4.2 (code of 2026.3.24 to 2026.4.5; seen on 2026.2.26,
    /// 2026.3.13 and 2026.3.24).
    pub scopes_first: bool,
    /// The record is in the database: there `approvedScopes` counts also where it is no list (seen on 2026.9.3).
    pub in_database: bool,
    /// `tokens` is there and is an object.
    pub tokens_usable: bool,
    /// `tokens.operator`.
    pub operator: Option<Token>,
    /// The roles whose token is null.
    pub null_tokens: Vec<String>,
    /// `tokens.operator` is there, and neither an object nor null.
    pub is_operator_odd: bool,
    /// `remoteIp`.
    pub remote_ip: Option<String>,
    /// `silent` (pending).
    pub silent: bool,
    /// `isRepair` (pending).
    pub is_repair: bool,
    /// `createdAtMs`, milliseconds since 1970.
    pub created_at_ms: Option<i64>,
    /// `approvedAtMs`, milliseconds since 1970.
    pub approved_at_ms: Option<i64>,
    /// `ts`, or `refreshedAtMs` where that is later (pending).
    pub asked_at_ms: Option<i64>,
    /// `lastSeenAtMs`, or the newest `lastUsedAtMs` of its tokens.
    pub last_seen_at_ms: Option<i64>,
}

/// Pending requests expire this long after `ts` or `refreshedAtMs`, milliseconds (every release).
pub const PENDING_TTL_MS: i64 = 5 * 60 * 1000;
/// Setup codes (bootstrap tokens) are taken this long, milliseconds (2026.5.7, 2026.9.1).
pub const SETUP_CODE_TTL_MS: i64 = 10 * 60 * 1000;

/// Whether a gateway keeps a field of a paired record by itself at each connect (read in 2026.5.7 and 2026.9.1,
/// `updatePairedDeviceMetadata`, `verifyDeviceToken`).
pub fn is_kept_by_gateway(path: &[String]) -> bool {
    match path {
        [first, ..] if first == "pendingNodeSurface" => true,
        [.., last] => match last.as_str() {
            "revokedAtMs" | "expiresAtMs" => false,
            "displayName" | "clientId" | "clientMode" | "browserOrigin" | "remoteIp" => true,
            // A column that clawmend does not know keeps its own name.
            last => last == "lastSeenReason" || last.ends_with("AtMs") || last.ends_with("_at_ms"),
        },
        [] => false,
    }
}

impl Device {
    /// A view of a record, stored under `key`.
    pub fn of(key: &str, record: &Record) -> Self {
        let tokens = record.get("tokens").and_then(Value::as_object);
        let last_used = tokens
            .into_iter()
            .flat_map(|tokens| tokens.values())
            .filter_map(|entry| millis(entry.as_object()?, "lastUsedAtMs"));
        Self {
            key: key.to_owned(),
            device_id: text(record, "deviceId"),
            request_id: text(record, "requestId"),
            public_key: text(record, "publicKey"),
            display_name: text(record, "displayName"),
            platform: text(record, "platform"),
            device_family: text(record, "deviceFamily"),
            client_id: text(record, "clientId"),
            client_mode: text(record, "clientMode"),
            role: text(record, "role"),
            roles: List::of(record.get("roles")),
            scopes: List::of(record.get("scopes")),
            approved_scopes: List::of(record.get("approvedScopes")),
            scopes_first: false,
            in_database: false,
            tokens_usable: tokens.is_some(),
            operator: tokens.and_then(|tokens| tokens.get("operator")).and_then(Token::of),
            is_operator_odd: tokens
                .and_then(|tokens| tokens.get("operator"))
                .is_some_and(|entry| !entry.is_object() && !entry.is_null()),
            null_tokens: tokens
                .into_iter()
                .flatten()
                .filter(|(_, entry)| entry.is_null())
                .map(|(role, _)| role.clone())
                .collect(),
            remote_ip: text(record, "remoteIp"),
            silent: record.get("silent") == Some(&Value::Bool(true)),
            is_repair: record.get("isRepair") == Some(&Value::Bool(true)),
            created_at_ms: millis(record, "createdAtMs"),
            approved_at_ms: millis(record, "approvedAtMs"),
            asked_at_ms: millis(record, "ts").max(millis(record, "refreshedAtMs")),
            last_seen_at_ms: millis(record, "lastSeenAtMs").max(last_used.max()),
        }
    }

    /// The roles it has by `role` and `roles`.
    pub fn all_roles(&self) -> Vec<String> {
        let mut roles = self.roles.items().to_vec();
        roles.extend(self.role.as_deref().map(|role| role.trim().to_owned()));
        roles.retain(|role| !role.is_empty());
        roles.sort();
        roles.dedup();
        roles
    }

    /// Whether it holds the role `operator` by one of them.
    pub fn is_operator(&self) -> bool {
        self.all_roles().iter().any(|role| role == "operator")
    }

    /// The scopes that a gateway goes by, and under which name: from 2026.4.5 on `approvedScopes` where it is a list, else
    /// `scopes`; before that the other way round.
    pub fn baseline(&self) -> (&'static str, &List) {
        match (&self.approved_scopes, &self.scopes) {
            (_, List::Of(_)) if self.scopes_first => ("scopes", &self.scopes),
            (List::Of(_), _) => ("approvedScopes", &self.approved_scopes),
            (odd, _) if odd.is_no_list() && self.in_database => {
                ("approvedScopes", &self.approved_scopes)
            }
            _ => ("scopes", &self.scopes),
        }
    }

    /// Whether the gateway fails as it adds scopes to the record: those that are there are neither a list of texts nor a text (seen on
    /// 2026.2.12 and 2026.3.24; `mergeScopes` of 2026.2.12 to 2026.6.9). Up to 2026.2.20 `approvedScopes` does not count.
    pub fn takes_no_scopes(&self, release: Release) -> bool {
        match &self.approved_scopes {
            List::Missing => self.scopes == List::Odd,
            _ if !release.is_from("2026.2.21") => self.scopes == List::Odd,
            approved => *approved == List::Odd,
        }
    }

    /// Whether the request has expired: a gateway drops it at its next read.
    pub fn expired(&self, now_ms: i64) -> bool {
        self.asked_at_ms.is_some_and(|asked| now_ms.saturating_sub(asked) > PENDING_TTL_MS)
    }

    /// A short name for people: display name or client, and the start of the device id.
    pub fn name(&self) -> String {
        let client = self.shown_name().unwrap_or_else(|| "a device".to_owned());
        match (self.proved_id(), &self.device_id) {
            (Some(id), _) => format!("{client} ({})", id.chars().take(8).collect::<String>()),
            (None, Some(id)) => format!("{client} ({})", mask(id)),
            (None, None) => client,
        }
    }

    /// The display name, else the client, as it may be shown. An empty one is none.
    pub fn shown_name(&self) -> Option<String> {
        let display = self.display_name.as_deref().filter(|name| !name.trim().is_empty());
        let display = display.map(|name| match Shape::Client.show(name) {
            client if client == name => client,
            _ => Shape::Name.show(name),
        });
        display.or_else(|| self.client_id.as_deref().map(|client| Shape::Client.show(client)))
    }

    /// The device id, where it is the hash of the public key.
    pub fn proved_id(&self) -> Option<&str> {
        let id = self.device_id.as_deref()?;
        belongs(self.public_key.as_deref()?, id).then_some(id)
    }

    /// The device id as it may be shown: masked where it is not the hash of a key.
    pub fn shown_id(&self) -> Option<String> {
        let id = self.device_id.as_deref()?;
        Some(Shape::DeviceId.show_proved(id, &|_| self.proved_id().is_some()))
    }
}

/// Whether a `publicKey` belongs to a `deviceId`: lower-case hex SHA-256 of the raw 32 bytes.
pub fn belongs(public_key: &str, device_id: &str) -> bool {
    id_of_key(public_key).is_some_and(|id| id == device_id)
}

/// A device token as OpenClaw makes them: 32 random bytes in base64url without padding.
pub fn token_from(random: &[u8; 32]) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(random))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn device(value: Value) -> Device {
        Device::of("k", value.as_object().unwrap())
    }

    #[test]
    fn a_key_belongs_to_the_id_it_hashes_to() {
        let (key, id) = (
            "cLopRPTMgn4f7TMuF2O4PzMcpMU_Y-jE9USqu4aDnco",
            "e4e8f6e8993a591f0f30069937aa51998f54cc5b0310f53c8979a0e125e0e8d5",
        );
        assert!(belongs(key, id));
        assert!(!belongs(key, "e4"));
        assert!(!belongs(&format!("{key}="), id), "the gateway compares the text exactly");
        assert!(!belongs("cLopRPTMgn4f7TMuF2O4PzMcpMU/Y+jE9USqu4aDnco", id));
    }

    #[test]
    fn revoked_means_a_time_that_is_not_zero() {
        let revoked = |value: Value| {
            device(json!({"tokens": {"operator": {"token": "t", "revokedAtMs": value}}}))
                .operator
                .unwrap()
                .revoked
        };
        assert!(revoked(json!(1)));
        assert!(!revoked(json!(0)));
        assert!(!revoked(Value::Null));
    }

    #[test]
    fn a_refreshed_request_lives_from_its_refresh() {
        let request = device(json!({"ts": 1000, "refreshedAtMs": 400_000}));
        assert!(!request.expired(400_000 + PENDING_TTL_MS));
        assert!(request.expired(400_001 + PENDING_TTL_MS));
        assert!(
            !device(json!({"ts": "soon"})).expired(i64::MAX),
            "a request without a time never expires"
        );
    }

    #[test]
    fn lists_with_other_things_in_them_are_odd() {
        assert_eq!(device(json!({"scopes": ["a", 1]})).scopes, List::Odd);
        assert_eq!(device(json!({"scopes": "a"})).scopes, List::Text);
        assert_eq!(device(json!({"scopes": null})).scopes, List::Missing);
    }
}

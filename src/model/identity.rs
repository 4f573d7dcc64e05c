//! This machine's identity: the key pair in `identity/device.json` or the `device_identities` row.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::SigningKey;
use sha2::{Digest, Sha256};

use super::device::Record;
use crate::secret::shape::{Shape, hex};

/// What an identity record holds. The private key itself is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `deviceId` as written.
    pub device_id: String,
    /// The id that the public key hashes to.
    pub derived_id: String,
    /// The public key as the pairing store writes it: base64url of the raw 32 bytes, no padding.
    pub public_key: String,
    /// Whether the private key belongs to the public one.
    pub keys_match: bool,
}

/// Why a record is no identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityFault {
    /// A field is missing or not a string.
    Field(&'static str),
    /// `version` is not 1 (files only).
    Version,
    /// The public key is not an Ed25519 key in PEM.
    PublicKey,
    /// The private key is not an Ed25519 key in PEM.
    PrivateKey,
    /// The shape a native app writes: `publicKey` and `privateKey`, no PEM (F12).
    AppShape,
}

/// DER before the 32 bytes of an Ed25519 public key (SPKI).
const SPKI_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// DER before the 32 bytes of an Ed25519 private key (PKCS#8, version 0).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

impl Identity {
    /// Reads an identity record.
    ///
    /// # Errors
    /// What keeps it from being one.
    pub fn of(record: &Record) -> Result<Self, IdentityFault> {
        let field = |name: &'static str| {
            record.get(name).and_then(|value| value.as_str()).ok_or(IdentityFault::Field(name))
        };
        let app = record.contains_key("publicKey") && !record.contains_key("publicKeyPem");
        if app {
            return Err(IdentityFault::AppShape);
        }
        let (device_id, public, private) =
            (field("deviceId")?, field("publicKeyPem")?, field("privateKeyPem")?);
        let raw = public_key_of_pem(public).ok_or(IdentityFault::PublicKey)?;
        let seed = || {
            pem_body(private, "PRIVATE KEY")?
                .strip_prefix(&PKCS8_PREFIX)?
                .get(..32)?
                .try_into()
                .ok()
        };
        let seed: [u8; 32] = seed().ok_or(IdentityFault::PrivateKey)?;
        Ok(Self {
            device_id: device_id.to_owned(),
            derived_id: hex(&Sha256::digest(raw)),
            public_key: URL_SAFE_NO_PAD.encode(raw),
            keys_match: SigningKey::from_bytes(&seed).verifying_key().to_bytes() == raw,
        })
    }

    /// The id as it may be shown.
    pub fn shown_id(&self) -> String {
        Shape::DeviceId.show_proved(&self.device_id, &|id| id == self.derived_id)
    }

    /// Whether the id is the one the key hashes to.
    pub fn id_fits(&self) -> bool {
        self.device_id == self.derived_id
    }
}

/// The raw 32 bytes of an Ed25519 public key in PEM.
pub fn public_key_of_pem(pem: &str) -> Option<[u8; 32]> {
    let der = pem_body(pem, "PUBLIC KEY")?;
    <[u8; 32]>::try_from(der.strip_prefix(&SPKI_PREFIX)?).ok()
}

/// The fields of an identity that is made of a private key, as every release writes them.
pub fn record_of_seed(seed: &[u8; 32]) -> Record {
    let raw = SigningKey::from_bytes(seed).verifying_key().to_bytes();
    let public = pem("PUBLIC KEY", &[&SPKI_PREFIX[..], &raw]);
    let private = pem("PRIVATE KEY", &[&PKCS8_PREFIX[..], seed]);
    let fields = [
        ("deviceId", hex(&Sha256::digest(raw))),
        ("publicKeyPem", public),
        ("privateKeyPem", private),
    ];
    fields.map(|(name, value)| (name.to_owned(), value.into())).into_iter().collect()
}

/// The fields of an identity that a native app has written (`publicKey`, `privateKey`: raw, in base64), as every release
/// writes them. `None`: its keys are no pair.
pub fn record_of_app(record: &Record) -> Option<Record> {
    let key = |name: &str| key_of_app(record.get(name)?.as_str()?);
    let (public, seed) = (key("publicKey")?, key("privateKey")?);
    let fits = SigningKey::from_bytes(&seed).verifying_key().to_bytes() == public;
    fits.then(|| record_of_seed(&seed))
}

/// A raw key in base64 of either kind.
fn key_of_app(text: &str) -> Option<[u8; 32]> {
    let text = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

fn pem(label: &str, der: &[&[u8]]) -> String {
    // 64 characters at most, so a body of one line.
    let body = STANDARD.encode(der.concat());
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

/// The private key that a damaged record still holds: of its text, whatever is left of it, the key's PEM,
/// or the raw key as a native app writes it. Nothing tells here whether it is undamaged.
pub fn seed_in(text: &str) -> Option<[u8; 32]> {
    let pem = text.split_once("-----BEGIN PRIVATE KEY-----").map(|(_, rest)| {
        // Also as it stands in JSON, and cut off behind the key.
        let rest = rest.replace("\\r", "").replace("\\n", "");
        let is_base64 = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
        rest.trim_start().chars().filter(|c| !c.is_whitespace()).take_while(is_base64).collect()
    });
    let seed = |body: String| {
        let der = STANDARD.decode(body.get(..64)?).ok()?;
        der.strip_prefix(&PKCS8_PREFIX)?.try_into().ok()
    };
    pem.and_then(seed).or_else(|| {
        let (_, value) = text.split_once("\"privateKey\"")?;
        key_of_app(value.split('"').nth(1)?)
    })
}

fn pem_body(pem: &str, label: &str) -> Option<Vec<u8>> {
    let start = format!("-----BEGIN {label}-----");
    let end = format!("-----END {label}-----");
    let body = pem.split_once(&start)?.1.split_once(&end)?.0;
    let base64: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(base64).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn fixture() -> Record {
        let text = include_str!(
            "../../tests/fixtures/2026.5.28-scope-upgrade-pending/identity/device.json"
        );
        serde_json::from_str::<Value>(text).unwrap().as_object().unwrap().clone()
    }

    #[test]
    fn a_captured_identity_fits_itself() {
        let identity = Identity::of(&fixture()).unwrap();
        assert!(identity.id_fits() && identity.keys_match);
        assert_eq!(identity.public_key, "w38JUJdQXhO-hDDzzpyanMgTyZ8XZCbQb1HHnFPRpoI");
    }

    #[test]
    fn a_key_pair_is_written_as_openclaw_writes_it() {
        let captured = fixture();
        let seed = seed_in(captured["privateKeyPem"].as_str().unwrap()).unwrap();
        let made = record_of_seed(&seed);
        for name in ["deviceId", "publicKeyPem", "privateKeyPem"] {
            assert!(made[name] == captured[name], "{name}");
        }
        let identity = Identity::of(&made).unwrap();
        assert!(identity.id_fits() && identity.keys_match);
    }

    #[test]
    fn what_is_left_of_a_private_key_is_found() {
        let captured = fixture();
        let text = serde_json::to_string(&captured).unwrap();
        let seed = seed_in(&text).unwrap();
        assert_eq!(record_of_seed(&seed)["deviceId"], captured["deviceId"]);
        let end = text.find("-----END PRIVATE").unwrap();
        assert_eq!(seed_in(&text[..end]), Some(seed), "cut off behind the key");
        assert_eq!(seed_in(&text[..end - 4]), None, "cut off in the key");
        let app = json!({"privateKey": URL_SAFE_NO_PAD.encode(seed)}).to_string();
        assert_eq!(seed_in(&app), Some(seed));
        let app = json!({"privateKey": STANDARD.encode(seed)}).to_string();
        assert_eq!(seed_in(&app), Some(seed));
    }

    #[test]
    fn another_machines_private_key_is_noticed() {
        let mut record = fixture();
        let other =
            include_str!("../../tests/fixtures/2026.2.19-pending-after-proxy/identity/device.json");
        let other: Value = serde_json::from_str(other).unwrap();
        record["privateKeyPem"] = other["privateKeyPem"].clone();
        assert!(!Identity::of(&record).unwrap().keys_match);
    }

    #[test]
    fn what_is_missing_is_named() {
        let mut record = fixture();
        record.remove("privateKeyPem");
        assert_eq!(Identity::of(&record), Err(IdentityFault::Field("privateKeyPem")));
        let app = json!({"deviceId": "a", "publicKey": "b", "privateKey": "c"});
        assert_eq!(Identity::of(app.as_object().unwrap()), Err(IdentityFault::AppShape));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(public in ".{0,120}", private in ".{0,120}") {
            let _ = seed_in(&private);
            let _ = seed_in(&format!("-----BEGIN PRIVATE KEY-----{private}"));
            let _ = seed_in(&format!("\"privateKey\"{private}"));
            let _ = Identity::of(json!({"deviceId": "a", "publicKeyPem": public, "privateKeyPem": private}).as_object().unwrap());
        }
    }
}

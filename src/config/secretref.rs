//! Secrets that the config names instead of holding: `{ source, provider, id }` and its short forms.
//!
//! Follows OpenClaw's `src/config/types.secrets.ts` (2026.5.28; `store` from 2026.9.6).
use super::vars;
use crate::model::layout::SECRET_SOURCES;
use crate::secret::Secret;
use crate::secret::shape::Shape;
use serde_json::Value;
use std::fmt;

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRef {
    /// `env`, `file`, `exec` or `store`.
    pub source: String,
    /// The provider's alias.
    pub provider: String,
    /// The name within the source.
    pub id: String,
    /// Written as a text (`${NAME}`), which is filled in when the config is read; else an object, which is
    /// looked up when the secret is needed.
    pub is_text: bool,
}

/// What a reference leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// To this secret, which OpenClaw takes.
    Here(Secret),
    /// To none that OpenClaw takes, and why.
    Nowhere(String),
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever puts the secret itself in the place of its name does not see it again.
        let known = Shape::Word(&["default", "env", "file", "vault", "keychain", "op", "pass"]);
        let (provider, id) = (known.show(&self.provider), Shape::Variable.show(&self.id));
        write!(f, "{}:{provider}:{id}", self.source)
    }
}

/// The secret that a value names, where it names one: an object, `${NAME}` or `$NAME` alone,
/// `secretref-env:NAME`.
pub fn secret_ref(value: &Value) -> Option<SecretRef> {
    match value {
        Value::Object(members) => {
            let text = |key: &str| {
                let text = members.get(key)?.as_str()?;
                (!text.trim().is_empty()).then(|| text.to_owned())
            };
            let provider = match members.get("provider") {
                Some(_) => text("provider")?,
                None => "default".to_owned(),
            };
            Some(SecretRef {
                source: text("source")
                    .filter(|source| SECRET_SOURCES.contains(&source.as_str()))?,
                provider,
                id: text("id")?,
                is_text: false,
            })
        }
        Value::String(text) => environment(text.trim()).map(|name| SecretRef {
            source: "env".to_owned(),
            provider: "default".to_owned(),
            id: name.to_owned(),
            is_text: true,
        }),
        _ => None,
    }
}

fn environment(text: &str) -> Option<&str> {
    let name = ["secretref-env:", "__env__:"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .or_else(|| text.strip_prefix("${").and_then(|text| text.strip_suffix('}')))
        .or_else(|| text.strip_prefix('$'))?;
    let braced = format!("${{{name}}}");
    let is_name = vars::references(&braced) == [name] && !name.starts_with('_');
    (is_name && name.len() <= 128).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_is_told_from_an_object() {
        assert!(secret_ref(&json!("${A_B}")).unwrap().is_text);
        assert!(!secret_ref(&json!({"source": "store", "id": "A"})).unwrap().is_text);
    }

    #[test]
    fn secrets_by_reference_are_recognised() {
        let named = |value: Value| secret_ref(&value).map(|found| found.to_string());
        assert_eq!(
            named(json!({"source": "file", "provider": "vault", "id": "/a"})).as_deref(),
            Some("file:vault:****")
        );
        assert_eq!(named(json!({"source": "env", "id": "A"})).as_deref(), Some("env:default:A"));
        for text in ["${A_B}", "$A_B", " ${A_B} ", "secretref-env:A_B", "__env__:A_B"] {
            assert_eq!(named(json!(text)).as_deref(), Some("env:default:A_B"));
        }
        for other in [
            json!("plain"),
            json!("$lower"),
            json!("a${A}"),
            json!({"source": "web", "provider": "a", "id": "b"}),
            json!({"source": "env", "provider": " ", "id": "b"}),
            json!(1),
        ] {
            assert_eq!(secret_ref(&other), None);
        }
    }
}

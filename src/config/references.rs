//! What a config only refers to, wherever it stands: variables in texts, and secrets that providers keep.

use serde_json::Value;

use super::gateway::Reference;
use super::secretref::{SecretRef, secret_ref};
use super::vars;

/// Something that a config refers to.
#[derive(Clone, Debug)]
pub struct Referred<'p> {
    /// Where. Borrowed: a thousand references below one long key would cost it a thousand times.
    pub path: &'p [String],
    /// To what: an object, or the variables in a text.
    pub to: Reference,
    /// The text is one variable and nothing else, so OpenClaw may look it up as a secret.
    pub is_alone: bool,
}

impl Referred<'_> {
    /// The secret that an object names.
    pub fn secret(&self) -> Option<&SecretRef> {
        match &self.to {
            Reference::Secret(secret) => Some(secret),
            Reference::Variables(_) => None,
        }
    }

    /// The variables that it wants.
    pub fn variables(&self) -> Vec<&str> {
        match &self.to {
            Reference::Secret(secret) if secret.source == "env" => vec![&secret.id],
            Reference::Secret(_) => vec![],
            Reference::Variables(names) => names.iter().map(String::as_str).collect(),
        }
    }
}

/// Calls `found` with everything that a config refers to, in its order.
pub fn for_each(config: &Value, mut found: impl FnMut(Referred<'_>)) {
    below(config, &mut Vec::new(), &mut found);
}

fn below(value: &Value, path: &mut Vec<String>, found: &mut dyn FnMut(Referred<'_>)) {
    let mut add = |to, is_alone| found(Referred { path, to, is_alone });
    match value {
        Value::String(text) => {
            let names = vars::references(text);
            if !names.is_empty() {
                let names = names.into_iter().map(str::to_owned).collect();
                add(Reference::Variables(names), secret_ref(value).is_some());
            }
        }
        Value::Object(members) => {
            if let Some(secret) = secret_ref(value).filter(|_| members.len() == 3) {
                return add(Reference::Secret(secret), true);
            }
            for (key, value) in members {
                path.push(key.clone());
                below(value, path, found);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                path.push(at.to_string());
                below(item, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

//! One rule of the schema's table: what it refuses, and how what belongs there is told.

use serde_json::Value;

use crate::data::{Constraint, Range};

/// What is told of a reference to a secret that OpenClaw does not know as one.
pub const SECRET: &str = "a text, or a whole reference (source, provider and id)";

impl Constraint {
    /// Of an object: whether it takes no other keys, and which it needs.
    pub(super) fn as_object(&self) -> Option<(bool, Vec<&str>)> {
        match self {
            Constraint::Object { closed, needs } => {
                Some((*closed, needs.iter().map(String::as_str).collect()))
            }
            // Of several forms none is known to be the one that is meant: what all of them need, is needed.
            Constraint::One { of } => {
                of.iter().filter_map(Constraint::as_object).reduce(|(closed, mut needs), form| {
                    needs.retain(|key| form.1.contains(key));
                    (closed && form.0, needs)
                })
            }
            _ => None,
        }
    }

    /// The item of a list that does not belong there, by its place, and what does.
    pub(super) fn refused_item(&self, value: &Value) -> Option<(usize, String)> {
        match (self, value) {
            (Constraint::List { of: Some(rule) }, Value::Array(items)) => {
                let wanted = |(at, item)| Some((at, rule.refuses(item)?));
                items.iter().enumerate().find_map(wanted)
            }
            (Constraint::One { of }, _) => of.iter().find_map(|rule| rule.refused_item(value)),
            _ => None,
        }
    }

    /// What belongs there, where the value is something else. A text with `${VAR}` is what the variable holds,
    /// so only its kind is looked at.
    pub(super) fn refuses(&self, value: &Value) -> Option<String> {
        let filled_in = value.as_str().is_some_and(|text| text.contains("${"));
        let range = |range: &Range, number: f64| {
            range.min.is_none_or(|min| number >= min)
                && range.max.is_none_or(|max| number <= max)
                && range.above.is_none_or(|above| number > above)
        };
        let fits = match (self, value) {
            (Constraint::Any, _)
            | (Constraint::Null, Value::Null)
            | (Constraint::Boolean, Value::Bool(_)) => true,
            (Constraint::String { min, max, pattern, format }, Value::String(text)) => {
                let count = text.chars().count();
                filled_in
                    || min.is_none_or(|min| count >= min)
                        && max.is_none_or(|max| count <= max)
                        && pattern.as_ref().is_none_or(|pattern| matches(pattern, text))
                        && format.as_ref().is_none_or(|format| has_format(format, text))
            }
            (Constraint::Number(limits), Value::Number(number)) => {
                number.as_f64().is_some_and(|number| range(limits, number))
            }
            (Constraint::Integer(limits), Value::Number(number)) => {
                number.as_f64().is_some_and(|number| number.fract() == 0.0 && range(limits, number))
            }
            (Constraint::Words { words }, value) => filled_in || words.contains(value),
            (Constraint::Secret { .. }, Value::String(_)) => true,
            (Constraint::Secret { sources }, Value::Object(reference)) => {
                let text = |name: &str| reference.get(name).and_then(Value::as_str);
                let texts = (text("source"), text("provider"), text("id"));
                let (Some(source), Some(provider), Some(id)) = texts else {
                    return Some(self.wanted(value));
                };
                reference.len() == 3
                    && sources.iter().any(|known| known == source)
                    && (provider.contains("${") || is_provider(provider))
                    && (id.contains("${") || is_id(source, id))
            }
            (Constraint::List { of }, Value::Array(items)) => {
                of.as_ref().is_none_or(|rule| items.iter().all(|item| rule.refuses(item).is_none()))
            }
            (Constraint::Object { .. }, Value::Object(_)) => true,
            (Constraint::One { of }, value) => of.iter().any(|rule| rule.refuses(value).is_none()),
            _ => false,
        };
        (!fits).then(|| self.wanted(value))
    }

    /// What belongs in the place of a value, for people.
    fn wanted(&self, value: &Value) -> String {
        let limits = |what: &str, Range { min, max, above }: &Range| match (min, max, above) {
            (Some(min), Some(max), _) => format!("{what} from {min} to {max}"),
            (Some(min), None, _) => format!("{what} of {min} or more"),
            (None, Some(max), Some(above)) => format!("{what} above {above}, up to {max}"),
            (None, Some(max), None) => format!("{what} up to {max}"),
            (None, None, Some(above)) => format!("{what} above {above}"),
            (None, None, None) => what.to_owned(),
        };
        match self {
            Constraint::Any => "a value".to_owned(),
            Constraint::Null => "null".to_owned(),
            Constraint::Boolean => "true or false".to_owned(),
            Constraint::String { min: Some(1..), .. } => "a text that is not empty".to_owned(),
            Constraint::String { format: Some(format), .. } if format == "uri" => {
                "an address such as https://host".to_owned()
            }
            Constraint::String { .. } if value.is_string() => "a text of another form".to_owned(),
            Constraint::String { .. } => "a text".to_owned(),
            Constraint::Number(range) => limits("a number", range),
            Constraint::Integer(range) => limits("a whole number", range),
            Constraint::Words { words } => {
                let words: Vec<String> = words
                    .iter()
                    .map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned))
                    .collect();
                format!("one of {}", words.join(", "))
            }
            Constraint::Secret { .. } if value.is_object() => SECRET.to_owned(),
            Constraint::Secret { .. } => "a text".to_owned(),
            Constraint::List { .. } => "a list".to_owned(),
            Constraint::Object { .. } => "an object".to_owned(),
            Constraint::One { of } => {
                of.iter().map(|rule| rule.wanted(value)).collect::<Vec<_>>().join(", or ")
            }
        }
    }
}

/// A pattern that this engine cannot read (it looks ahead, say) matches all.
fn matches(pattern: &str, text: &str) -> bool {
    regex_lite::Regex::new(&pattern.replace("\\/", "/")).map_or(true, |regex| regex.is_match(text))
}

/// An address begins with its scheme; other formats are not checked.
fn has_format(format: &str, text: &str) -> bool {
    let scheme = |(scheme, _): (&str, &str)| scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    format != "uri" || text.split_once(':').is_some_and(scheme)
}

/// Whether a provider, and a secret in its source, are called as they may be (code of 2026.3.2 to 2026.9.6; 2026.9.6 was
/// seen not to start with `lower_case` of env and `token` of file).
fn is_provider(name: &str) -> bool {
    matches("^[a-z][a-z0-9_-]{0,63}$", name)
}

fn is_id(source: &str, id: &str) -> bool {
    let pattern = match source {
        "env" | "store" => "^[A-Z][A-Z0-9_]{0,127}$",
        "file" => "^(?:value|/(?:[^~]|~[01])*)$",
        _ => "^[A-Za-z0-9][A-Za-z0-9._:/#-]{0,255}$",
    };
    matches(pattern, id)
}

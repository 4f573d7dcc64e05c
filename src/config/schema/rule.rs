//! One rule of the schema's table: what it refuses, and how what belongs there is told.

use serde::Deserialize;
use serde_json::Value;

/// What may stand at a path.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Constraint {
    Any,
    Null,
    Boolean,
    /// Patterns and formats of a few rare fields are not checked.
    String {
        min: Option<usize>,
        max: Option<usize>,
    },
    Number(Range),
    Integer(Range),
    Words {
        words: Vec<Value>,
    },
    Secret {
        sources: Vec<String>,
    },
    List {
        of: Option<Box<Constraint>>,
    },
    Object {
        #[serde(default)]
        closed: bool,
        #[serde(default)]
        needs: Vec<String>,
    },
    One {
        of: Vec<Constraint>,
    },
}

/// The limits of a number.
#[derive(Debug, Deserialize)]
pub(super) struct Range {
    min: Option<f64>,
    max: Option<f64>,
    above: Option<f64>,
}

impl Constraint {
    /// Of an object: whether it takes no other keys, and which it needs.
    pub(super) fn as_object(&self) -> Option<(bool, &[String])> {
        match self {
            Constraint::Object { closed, needs } => Some((*closed, needs)),
            Constraint::One { of } => of.iter().find_map(Constraint::as_object),
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
            (Constraint::String { min, max }, Value::String(text)) => {
                let count = text.chars().count();
                filled_in
                    || min.is_none_or(|min| count >= min) && max.is_none_or(|max| count <= max)
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
                let source = reference.get("source").and_then(Value::as_str);
                source.is_some_and(|source| sources.iter().any(|known| known == source))
                    && ["provider", "id"]
                        .iter()
                        .all(|name| reference.get(*name).is_some_and(Value::is_string))
            }
            (Constraint::List { of }, Value::Array(items)) => {
                of.as_ref().is_none_or(|rule| items.iter().all(|item| rule.refuses(item).is_none()))
            }
            (Constraint::Object { .. }, Value::Object(_)) => true,
            (Constraint::One { of }, value) => of.iter().any(|rule| rule.refuses(value).is_none()),
            _ => false,
        };
        (!fits).then(|| self.wanted())
    }

    /// What belongs there, for people.
    fn wanted(&self) -> String {
        let limits = |what: &str, range: &Range| {
            let least = range.min.map(|min| format!(" of {min} or more"));
            let above = range.above.map(|above| format!(" above {above}"));
            let most = range.max.map(|max| format!(" up to {max}"));
            [Some(what.to_owned()), least.or(above), most].into_iter().flatten().collect::<String>()
        };
        match self {
            Constraint::Any => "a value".to_owned(),
            Constraint::Null => "null".to_owned(),
            Constraint::Boolean => "true or false".to_owned(),
            Constraint::String { min: Some(1..), .. } => "a text that is not empty".to_owned(),
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
            Constraint::Secret { .. } => {
                "a text, or a reference with source, provider and id".to_owned()
            }
            Constraint::List { .. } => "a list".to_owned(),
            Constraint::Object { .. } => "an object".to_owned(),
            Constraint::One { of } => {
                of.iter().map(Constraint::wanted).collect::<Vec<_>>().join(", or ")
            }
        }
    }
}

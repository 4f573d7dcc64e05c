//! One rule of the schema's table: what it refuses, and how what belongs there is told.

use serde::Deserialize;
use serde_json::Value;

/// What may stand at a path.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Rule {
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
        of: Option<Box<Rule>>,
    },
    Object {
        #[serde(default)]
        closed: bool,
        #[serde(default)]
        needs: Vec<String>,
    },
    One {
        of: Vec<Rule>,
    },
}

/// The limits of a number.
#[derive(Debug, Deserialize)]
pub(super) struct Range {
    min: Option<f64>,
    max: Option<f64>,
    above: Option<f64>,
}

impl Rule {
    /// Of an object: whether it takes no other keys, and which it needs.
    pub(super) fn as_object(&self) -> Option<(bool, &[String])> {
        match self {
            Rule::Object { closed, needs } => Some((*closed, needs)),
            Rule::One { of } => of.iter().find_map(Rule::as_object),
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
            (Rule::Any, _) | (Rule::Null, Value::Null) | (Rule::Boolean, Value::Bool(_)) => true,
            (Rule::String { min, max }, Value::String(text)) => {
                let count = text.chars().count();
                filled_in
                    || min.is_none_or(|min| count >= min) && max.is_none_or(|max| count <= max)
            }
            (Rule::Number(limits), Value::Number(number)) => {
                number.as_f64().is_some_and(|number| range(limits, number))
            }
            (Rule::Integer(limits), Value::Number(number)) => {
                number.as_f64().is_some_and(|number| number.fract() == 0.0 && range(limits, number))
            }
            (Rule::Words { words }, value) => filled_in || words.contains(value),
            (Rule::Secret { .. }, Value::String(_)) => true,
            (Rule::Secret { sources }, Value::Object(reference)) => {
                let source = reference.get("source").and_then(Value::as_str);
                source.is_some_and(|source| sources.iter().any(|known| known == source))
                    && ["provider", "id"]
                        .iter()
                        .all(|name| reference.get(*name).is_some_and(Value::is_string))
            }
            (Rule::List { of }, Value::Array(items)) => {
                of.as_ref().is_none_or(|rule| items.iter().all(|item| rule.refuses(item).is_none()))
            }
            (Rule::Object { .. }, Value::Object(_)) => true,
            (Rule::One { of }, value) => of.iter().any(|rule| rule.refuses(value).is_none()),
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
            Rule::Any => "a value".to_owned(),
            Rule::Null => "null".to_owned(),
            Rule::Boolean => "true or false".to_owned(),
            Rule::String { min: Some(1..), .. } => "a text that is not empty".to_owned(),
            Rule::String { .. } => "a text".to_owned(),
            Rule::Number(range) => limits("a number", range),
            Rule::Integer(range) => limits("a whole number", range),
            Rule::Words { words } => {
                let words: Vec<String> = words
                    .iter()
                    .map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned))
                    .collect();
                format!("one of {}", words.join(", "))
            }
            Rule::Secret { .. } => "a text, or a reference with source, provider and id".to_owned(),
            Rule::List { .. } => "a list".to_owned(),
            Rule::Object { .. } => "an object".to_owned(),
            Rule::One { of } => of.iter().map(Rule::wanted).collect::<Vec<_>>().join(", or "),
        }
    }
}

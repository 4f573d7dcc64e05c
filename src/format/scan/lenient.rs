//! Values as `JSON.parse` makes them where serde_json makes none: half a surrogate pair (a name cut within
//! an emoji), a number beyond what a double holds, deep nesting. The bytes stay what they are: this is
//! for looking only.

use serde_json::{Map, Number, Value};

use super::{Kind, Span, kind, members, skip_space, string, value_end};

/// How deep values are read. What lies deeper is `null` here: OpenClaw's own records nest four deep.
const DEPTH: usize = 100;

/// The value at a span that is JSON. `None`: it is not.
pub(super) fn value(text: &[u8], span: Span) -> Option<Value> {
    below(text, span, DEPTH)
}

fn below(text: &[u8], span: Span, depth: usize) -> Option<Value> {
    let raw = span.of(text);
    Some(match kind(text, span) {
        Kind::Null => Value::Null,
        Kind::Boolean => Value::Bool(raw == b"true"),
        Kind::String => Value::String(string(text, span)?.into_owned()),
        Kind::Number => number(raw)?,
        Kind::Object | Kind::Array if depth == 0 => Value::Null,
        Kind::Object => {
            let mut record = Map::new();
            for member in members(text, span).ok()? {
                let key = string(text, member.key)?.into_owned();
                record.insert(key, below(text, member.value, depth - 1)?);
            }
            Value::Object(record)
        }
        Kind::Array => Value::Array(
            elements(text, span)?
                .into_iter()
                .map(|element| below(text, element, depth - 1))
                .collect::<Option<_>>()?,
        ),
    })
}

/// The elements of the array at `span`.
fn elements(text: &[u8], span: Span) -> Option<Vec<Span>> {
    let mut found = Vec::new();
    let mut at = skip_space(text, span.start + 1);
    if text.get(at) == Some(&b']') {
        return Some(found);
    }
    loop {
        let end = value_end(text, at).ok()?;
        found.push(Span { start: at, end });
        at = skip_space(text, end);
        match text.get(at)? {
            b',' => at = skip_space(text, at + 1),
            _ => return Some(found),
        }
    }
}

/// Saturates where JavaScript has an infinity, which JSON has not.
fn number(raw: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(raw).ok()?;
    if let Ok(number) = serde_json::from_str::<Number>(text) {
        return Some(Value::Number(number));
    }
    let number: f64 = text.parse().ok()?;
    Number::from_f64(number.clamp(f64::MIN, f64::MAX)).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn all(text: &[u8]) -> Option<Value> {
        let span = super::super::document(text).ok()?;
        value(text, span)
    }

    #[test]
    fn what_serde_refuses_is_read_as_javascript_reads_it() {
        let text = br#"{"a":"cut \ud83d","b":1e400,"c":-1e999,"d":"\ud83d\ude00","scopes":["x"]}"#;
        let found = parse(text).unwrap();
        assert_eq!(
            found,
            json!({"a": "cut \u{fffd}", "b": f64::MAX, "c": f64::MIN, "d": "😀", "scopes": ["x"]})
        );
    }

    #[test]
    fn deep_nesting_hides_nothing_beside_it() {
        for depth in [127, 500, 1000] {
            let text =
                format!(r#"{{"deep":{}1{},"scopes":["x"]}}"#, "[".repeat(depth), "]".repeat(depth));
            assert_eq!(parse(text.as_bytes()).unwrap()["scopes"], json!(["x"]));
        }
    }

    proptest! {
        #[test]
        fn where_serde_reads_it_reads_the_same(value in crate::format::edit::tests::json_value()) {
            let text = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(all(text.as_bytes()), serde_json::from_str(&text).ok());
        }
    }
}

//! Values of strict JSON as `JSON.parse` makes them, where serde_json makes none too: half a surrogate pair (a
//! name cut within an emoji), a number beyond what a double holds, deep nesting. A record must not count as
//! absent for one odd field. The bytes stay what they are: this is for looking only.

use serde_json::{Map, Number, Value};

use super::Span;
use super::scan::grammar::Json;
use super::scan::{self, ValueKind};
use super::tree::{Node, index};

/// How deep values are read that serde_json does not take. What lies deeper is `null` here: OpenClaw's own
/// records nest four deep.
const DEPTH: usize = 100;

/// The value of a whole document; `None` where it is no JSON.
pub fn of(text: &[u8]) -> Option<Value> {
    at(text, scan::document(text).ok()?)
}

/// The value at a span; `None` where no JSON stands there.
pub fn at(text: &[u8], span: Span) -> Option<Value> {
    serde_json::from_slice(span.of(text)).ok().or_else(|| lenient(text, span))
}

fn lenient(text: &[u8], span: Span) -> Option<Value> {
    let node = Node::at::<Json>(text, span.start).ok()?;
    below(text, &node, DEPTH).filter(|_| node.span == span)
}

fn below(text: &[u8], node: &Node, depth: usize) -> Option<Value> {
    let raw = node.span.of(text);
    Some(match node.kind {
        ValueKind::Null => Value::Null,
        ValueKind::Boolean => Value::Bool(raw == b"true"),
        ValueKind::String => Value::String(scan::string(text, node.span)?.into_owned()),
        ValueKind::Number => number(raw)?,
        ValueKind::Object | ValueKind::Array if depth == 0 => Value::Null,
        ValueKind::Object => {
            let members = node.items.iter().map(|item| {
                Some((item.name(text)?.into_owned(), below(text, &item.value, depth - 1)?))
            });
            Value::Object(members.collect::<Option<Map<_, _>>>()?)
        }
        ValueKind::Array => {
            let items = node.items.iter().map(|item| below(text, &item.value, depth - 1));
            Value::Array(items.collect::<Option<_>>()?)
        }
    })
}

/// The value at a path within another: by keys, and by numbers in lists.
pub fn at_path<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, segment| match value {
        Value::Object(members) => members.get(segment),
        Value::Array(items) => items.get(index(segment)?),
        _ => None,
    })
}

/// A path, and the values there in two documents.
pub type Difference<'v> = (Vec<String>, Option<&'v Value>, Option<&'v Value>);

/// Where two values differ: objects key by key, all else whole. What is new comes after what was there.
pub fn differences<'v>(old: Option<&'v Value>, new: Option<&'v Value>) -> Vec<Difference<'v>> {
    let mut found = Vec::new();
    differ(&mut Vec::new(), old, new, &mut found);
    found
}

fn differ<'v>(
    path: &mut Vec<String>,
    old: Option<&'v Value>,
    new: Option<&'v Value>,
    found: &mut Vec<Difference<'v>>,
) {
    match (old, new) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let added = after.keys().filter(|name| !before.contains_key(*name));
            for name in before.keys().chain(added) {
                path.push(name.clone());
                differ(path, before.get(name), after.get(name), found);
                path.pop();
            }
        }
        _ if old == new => {}
        _ => found.push((path.clone(), old, new)),
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
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn all(text: &[u8]) -> Option<Value> {
        lenient(text, scan::document(text).ok()?)
    }

    #[test]
    fn what_serde_refuses_is_read_as_javascript_reads_it() {
        let text = br#"{"a":"cut \ud83d","b":1e400,"c":-1e999,"d":"\ud83d\ude00","scopes":["x"]}"#;
        let found = of(text).unwrap();
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
            assert_eq!(of(text.as_bytes()).unwrap()["scopes"], json!(["x"]));
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

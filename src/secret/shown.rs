//! What of a value that somebody typed into the config, or into a variable that stands for one, may be
//! shown: what its place asks for, see [`super`].

use serde_json::Value;

use super::mask;
use super::places;
use super::shape::Shape;

/// So many items of a list are shown one by one.
const MOST: usize = 8;

/// A text at a path of the config, or a mask in its place.
pub fn text(path: &[String], text: &str) -> String {
    if text.trim().is_empty() {
        return text.to_owned();
    }
    places::config(&keys(path)).map_or_else(|| mask(text), |shape| shape.show(text))
}

/// Any value at a path of the config as JSON, on one line.
pub fn value(path: &[String], value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) => value.to_string(),
        Value::Number(number) => {
            let number = number.to_string();
            let fits = |shape: Shape| shape.fits(&number, &|_| false);
            let is_shown = places::config(&keys(path)).is_some_and(fits);
            if is_shown { number } else { "****".to_owned() }
        }
        Value::String(string) => Value::from(text(path, string)).to_string(),
        Value::Array(items) if items.iter().all(Value::is_string) && items.len() <= MOST => {
            let items: Vec<String> = items.iter().map(|item| self::value(path, item)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Array(_) => "[...]".to_owned(),
        Value::Object(_) => "{...}".to_owned(),
    }
}

fn keys(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}

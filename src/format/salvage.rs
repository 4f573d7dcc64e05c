//! Reads every whole record out of a store file that is not JSON any more: truncated, damaged in the
//! middle, or written twice. A record is whole when its text still parses and it names itself: its
//! `deviceId` (paired) or `requestId` (pending) equals its key.

use std::collections::HashSet;

use super::scan::{self, Member, Span};

/// A record that was read out of a broken store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Its key.
    pub key: String,
    /// Where its key and its text stand.
    pub place: Member,
}

/// The whole records of `text`, in order. `id_field` is the field that must equal the key. Where two
/// have the same key the later one counts, as it would have in the file.
pub fn records(text: &[u8], id_field: &str) -> Vec<Whole> {
    records_up_to(text, id_field, usize::MAX).unwrap_or_default()
}

/// As [`records`], if there are no more than `limit`.
///
/// # Errors
/// How many there are, each counted as often as it stands there.
pub fn records_up_to(text: &[u8], id_field: &str, limit: usize) -> Result<Vec<Whole>, usize> {
    let mut found: Vec<Whole> = Vec::new();
    let mut count = 0;
    let mut at = 0;
    while let Some(quote) = memchr::memchr(b'"', text.get(at..).unwrap_or_default()) {
        let start = at + quote;
        match record_at(text, start, id_field) {
            Some(whole) => {
                at = whole.place.value.end;
                count += 1;
                if count > limit {
                    found = Vec::new();
                } else {
                    found.push(whole);
                }
            }
            None => at = start + 1,
        }
    }
    if count > limit {
        return Err(count);
    }
    let mut seen = HashSet::with_capacity(found.len());
    let mut counts: Vec<bool> =
        found.iter().rev().map(|whole| seen.insert(whole.key.as_str())).collect();
    found.retain(|_| counts.pop().unwrap_or(true));
    Ok(found)
}

fn record_at(text: &[u8], quote: usize, id_field: &str) -> Option<Whole> {
    // A key is short; a damaged text may have a quote open for megabytes.
    const LONGEST_KEY: usize = 512;
    let window = text.get(quote + 1..text.len().min(quote + LONGEST_KEY))?;
    let close = quote + 1 + memchr::memchr(b'"', window)?;
    let key = Span { start: quote, end: close + 1 };
    let colon = scan::skip_space(text, key.end);
    if text.get(colon) != Some(&b':') {
        return None;
    }
    let start = scan::skip_space(text, colon + 1);
    if text.get(start) != Some(&b'{') {
        return None;
    }
    let name = scan::string(text, key)?;
    let value = Span { start, end: scan::value_end(text, start).ok()? };
    (names_itself(text, key, value, id_field) && !swallows_another(text, value, id_field))
        .then(|| Whole { key: name.into_owned(), place: Member { key, value } })
}

fn names_itself(text: &[u8], key: Span, value: Span, id_field: &str) -> bool {
    scan::kind(text, value) == scan::Kind::Object
        && scan::member(text, value, id_field)
            .and_then(|id| scan::string(text, id.value))
            .is_some_and(|id| scan::key_is(text, key, &id))
}

/// A record whose closing brace is gone goes on into the next one: then it is that one which is whole.
fn swallows_another(text: &[u8], value: Span, id_field: &str) -> bool {
    let mut found = false;
    let walked = scan::for_each_member(text, value, |member| {
        found = found || names_itself(text, member.key, member.value, id_field);
    });
    found || walked.is_err()
}

/// The store made of the whole records alone, each in its own bytes.
pub fn rebuilt(text: &[u8], records: &[Whole]) -> Vec<u8> {
    if records.is_empty() {
        return b"{}".to_vec();
    }
    let mut out = b"{".to_vec();
    for (at, whole) in records.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"\n  " } else { b",\n  " });
        out.extend_from_slice(serde_json::Value::String(whole.key.clone()).to_string().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(whole.place.value.of(text));
    }
    out.extend_from_slice(b"\n}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn store(count: usize) -> (String, Value) {
        let value: serde_json::Map<String, Value> = (0..count)
            .map(|n| {
                (
                    format!("id{n}"),
                    json!({"deviceId": format!("id{n}"), "tokens": {"operator": {"token": format!("t{n}")}}}),
                )
            })
            .collect();
        let value = Value::Object(value);
        (serde_json::to_string_pretty(&value).unwrap(), value)
    }

    #[test]
    fn two_documents_in_one_file_give_the_later_record() {
        let text = br#"{"a":{"deviceId":"a","n":1}}{"a":{"deviceId":"a","n":2}}"#;
        let found = records(text, "deviceId");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].place.value.of(text), br#"{"deviceId":"a","n":2}"#);
    }

    #[test]
    fn a_record_that_lost_its_end_does_not_swallow_the_next() {
        let (text, _) = store(2);
        let broken = text.replacen("    }\n  },", "    }\n  \t,", 1);
        let found = records(broken.as_bytes(), "deviceId");
        assert_eq!(found.iter().map(|whole| whole.key.as_str()).collect::<Vec<_>>(), ["id1"]);
    }

    #[test]
    fn nothing_whole_gives_an_empty_store() {
        assert_eq!(rebuilt(b"\0\0\0", &records(b"\0\0\0", "deviceId")), b"{}");
    }

    proptest! {
        #[test]
        fn a_cut_keeps_every_record_before_it(count in 1usize..6, cut in 0usize..2000) {
            let (text, value) = store(count);
            let cut = cut.min(text.len());
            let broken = &text.as_bytes()[..cut];
            let rebuilt: Value = serde_json::from_slice(&rebuilt(broken, &records(broken, "deviceId"))).unwrap();
            for (key, record) in value.as_object().unwrap() {
                let at = text.find(&format!("\"{key}\": {{")).unwrap();
                let end = scan::value_end(text.as_bytes(), at + key.len() + 4).unwrap();
                prop_assert_eq!(rebuilt.get(key), (end <= cut).then_some(record));
            }
        }

        #[test]
        fn flipped_bytes_cost_only_the_records_they_hit(count in 1usize..6, flips in proptest::collection::vec((0usize..2000, any::<u8>()), 1..4)) {
            let (text, value) = store(count);
            let mut broken = text.clone().into_bytes();
            let mut hit = Vec::new();
            for (at, byte) in flips {
                let at = at % broken.len();
                broken[at] = byte;
                hit.push(at);
            }
            let rebuilt = rebuilt(&broken, &records(&broken, "deviceId"));
            let rebuilt: Value = serde_json::from_str(&String::from_utf8_lossy(&rebuilt)).unwrap();
            for (key, record) in value.as_object().unwrap() {
                let at = text.find(&format!("\"{key}\": {{")).unwrap();
                let end = scan::value_end(text.as_bytes(), at + key.len() + 4).unwrap();
                // A quote flipped into the gap before a record can only swallow that record's key.
                if !hit.iter().any(|hit| (at.saturating_sub(6)..end).contains(hit)) {
                    prop_assert_eq!(rebuilt.get(key), Some(record));
                }
            }
        }
    }
}

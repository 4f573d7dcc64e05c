//! Properties of reading and editing JSON5 text in every odd style.
use super::tests::{append, keys, read, remove, set};
use super::*;
use proptest::prelude::*;
use serde_json::json;

/// A JSON5 value in an odd style, with what stands around it.
fn odd_value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "(null|true|false|-?0|[1-9][0-9]{0,17}|[+-]?\\.5|5\\.|-?[0-9]\\.[0-9]{1,4}(e[+-]?[0-9]{1,2})?)",
        "([+-]?Infinity|NaN|-NaN|0x[0-9a-fA-F]{1,8}|-0X1f)",
        "\"([a-z$ {}/'é😀]|\\\\n|\\\\\"|\\\\u00e9|\\\\ud83d\\\\ude00|\\\\x41|\\\\\r?\n|\\\\')*\"",
        "'([a-z$ {}/\"é😀,]|\\\\n|\\\\'|\\\\u00e9|\\\\0|\\\\v|\\\\\n)*'",
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let key = prop_oneof![
            "[a-e]",
            "[$_a-z][$_a-zA-Z0-9]{0,6}",
            "\"[a-z. -]{0,6}\"",
            "'[a-z\"]{0,5}'",
            "\\\\u00e9[a-z]",
            "é[a-z]?",
        ];
        let member = (trivia(), key, trivia(), trivia(), inner.clone(), trivia())
            .prop_map(|(a, key, b, c, value, d)| format!("{a}{key}{b}:{c}{value}{d}"));
        let element =
            (trivia(), inner, trivia()).prop_map(|(a, value, b)| format!("{a}{value}{b}"));
        prop_oneof![
            3 => (prop::collection::vec(member, 0..6), trivia(), any::<bool>())
                .prop_map(|(items, inside, comma)| wrap('{', &items, &inside, comma, '}')),
            1 => (prop::collection::vec(element, 0..5), trivia(), any::<bool>())
                .prop_map(|(items, inside, comma)| wrap('[', &items, &inside, comma, ']')),
        ]
    })
}

fn wrap(open: char, items: &[String], inside: &str, comma: bool, close: char) -> String {
    let comma = if comma && !items.is_empty() { "," } else { "" };
    format!("{open}{}{comma}{inside}{close}", items.join(","))
}

fn trivia() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(String::new()),
        2 => "[ \t]{1,3}",
        2 => "\r?\n[ \t]{0,4}",
        1 => "( )?//[a-z {}'\"\\[,é]{0,8}(\n|\r\n)[ \t]{0,3}",
        1 => "/\\*[a-z {}'\"\n,*]{0,8}\\*/",
        1 => "[\u{a0}\u{feff}\u{2003}\u{2028}]",
    ]
}

fn odd_document() -> impl Strategy<Value = String> {
    ("(\u{feff})?", trivia(), odd_value(), trivia(), "(//end)?")
        .prop_map(|(bom, a, value, b, end)| format!("{bom}{a}{value}{b}{end}"))
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z\"'\\\\é-]{0,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// All paths of a value that an edit can name.
fn paths(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    found.push(path.clone());
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(n, v)| (n.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        path.push(key);
        paths(child, path, found);
        path.pop();
    }
}

fn value_at<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| match value {
        Value::Object(members) => members.get(key),
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The comments of a text, in order, found without the scanner under test.
fn comments(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '"' || c == '\'' {
            while let Some(inner) = chars.next() {
                if inner == '\\' {
                    chars.next();
                } else if inner == c {
                    break;
                }
            }
        } else if c == '/' {
            let line = chars.next() == Some('/');
            let mut comment = String::new();
            while let Some(&inner) = chars.peek() {
                let ends_line = matches!(inner, '\n' | '\r' | '\u{2028}' | '\u{2029}');
                if line && ends_line {
                    break;
                }
                comment.push(inner);
                chars.next();
                if !line && comment.ends_with("*/") {
                    break;
                }
            }
            found.push(comment);
        }
    }
    found
}

fn is_subsequence(short: &str, long: &str) -> bool {
    let mut long = long.chars();
    short.chars().all(|c| long.any(|l| l == c))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_global_rejects: 100_000, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn odd_documents_read_as_the_json5_crate_reads_them(text in odd_document()) {
        let wanted: Value = json5::from_str(&text).unwrap();
        prop_assert_eq!(parse(text.as_bytes()).unwrap(), wanted);
        prop_assert_eq!(apply(text.as_bytes(), &[]).unwrap(), text.as_bytes());
    }

    #[test]
    fn broken_documents_are_refused_where_the_json5_crate_refuses_them(
        text in odd_document(),
        at in any::<prop::sample::Index>(),
        junk in "[{}\\[\\],:'\"/*\\\\.0-9a-z+ \n-]{0,2}",
        cut in 0..3_usize,
    ) {
        let mut chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len());
        let end = (at + cut).min(chars.len());
        chars.splice(at..end, junk.chars());
        let text: String = chars.into_iter().collect();
        let ours = parse(text.as_bytes());
        match json5::from_str::<Value>(&text) {
            Ok(value) => prop_assert_eq!(ours.unwrap(), value),
            // the crate knows no lone surrogates, which JavaScript accepts
            Err(_) if text.contains("\\u") => {}
            Err(_) => prop_assert!(Node::of::<Json5>(text.as_bytes()).is_err(), "accepted {text:?}"),
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes).map_err(|error| error.excerpt().len());
        let _ = apply(&bytes, &[set("a.b", json!(1)), remove("a")]);
        let _ = (duplicates(&bytes), locate(&bytes, &keys("a")));
    }

    #[test]
    fn arbitrary_json_like_text_never_panics(text in "[{}\\[\\],:'\"/*\\\\.0-9a-bu+ \n\r\té-]{0,60}") {
        let _ = parse(text.as_bytes()).map_err(|error| error.excerpt().len());
        let _ = apply(text.as_bytes(), &[set("a.b", json!(1)), append("b", json!(2)), remove("a")]);
        let _ = duplicates(text.as_bytes());
    }

    #[test]
    fn a_replaced_value_is_all_that_differs(
        text in odd_document(),
        pick in any::<prop::sample::Index>(),
        value in any_json(),
    ) {
        let before = read(&text);
        let mut all = Vec::new();
        paths(&before, &mut Vec::new(), &mut all);
        let path = &all[pick.index(all.len())];
        let place = locate(text.as_bytes(), path).unwrap();
        let edit = FieldEdit::Set { path: path.clone(), value: value.clone() };
        match apply(text.as_bytes(), &[edit]) {
            Err(refusal) => prop_assert!(
                refusal.why.contains("` is there more than once (lines "),
                "{refusal}"
            ),
            Ok(after) => {
                let after = String::from_utf8(after).unwrap();
                prop_assert_eq!(value_at(&read(&after), path).cloned(), Some(value));
                prop_assert!(after.starts_with(&text[..place.start]));
                prop_assert!(after.ends_with(&text[place.end..]));
            }
        }
    }

    #[test]
    fn an_inserted_key_only_adds(
        text in odd_document(),
        pick in any::<prop::sample::Index>(),
        value in any_json(),
        nested in any::<bool>(),
    ) {
        let before = read(&text);
        let mut all = Vec::new();
        paths(&before, &mut Vec::new(), &mut all);
        all.retain(|path| value_at(&before, path).is_some_and(Value::is_object));
        prop_assume!(!all.is_empty());
        let mut path = all[pick.index(all.len())].clone();
        path.push("a key not there".into());
        if nested { path.push("deeper".into()); }
        let edit = FieldEdit::Set { path: path.clone(), value: value.clone() };
        match apply(text.as_bytes(), &[edit]) {
            Err(refusal) => prop_assert!(
                refusal.why.contains("` is there more than once (lines "),
                "{refusal}"
            ),
            Ok(after) => {
                let after = String::from_utf8(after).unwrap();
                prop_assert_eq!(value_at(&read(&after), &path).cloned(), Some(value));
                let tokens: String = text.split_whitespace().collect();
                let longer: String = after.split_whitespace().collect();
                prop_assert!(is_subsequence(&tokens, &longer));
                prop_assert_eq!(comments(&text), comments(&after));
            }
        }
    }

    #[test]
    fn a_removed_key_takes_no_comment_outside_of_it(
        text in odd_document(),
        pick in any::<prop::sample::Index>(),
    ) {
        let before = read(&text);
        let mut all = Vec::new();
        paths(&before, &mut Vec::new(), &mut all);
        all.remove(0);
        prop_assume!(!all.is_empty());
        let path = &all[pick.index(all.len())];
        match apply(text.as_bytes(), &[FieldEdit::Remove { path: path.clone() }]) {
            Err(refusal) => prop_assert!(
                refusal.why.contains("` is there more than once (lines "),
                "{refusal}"
            ),
            Ok(after) => {
                let after = String::from_utf8(after).unwrap();
                prop_assert!(is_subsequence(&after, &text));
                let place = locate(text.as_bytes(), path).unwrap();
                let mut left = comments(&after);
                let behind = comments(&text[place.end..]);
                for comment in behind.iter().rev() {
                    prop_assert_eq!(left.pop(), Some(comment.clone()));
                }
            }
        }
    }

    #[test]
    fn several_edits_are_made_in_order(text in odd_document(), a in any_json(), b in any_json()) {
        prop_assume!(read(&text).is_object() && duplicates(text.as_bytes()).is_empty());
        let edits = [
            set("new", a),
            set("new", json!({})),
            set("new.b", b.clone()),
            append("new.list", json!(1)),
            append("new.list", json!(2)),
        ];
        let after = apply(text.as_bytes(), &edits).unwrap();
        let after = parse(&after).unwrap();
        prop_assert_eq!(&after["new"], &json!({"b": b, "list": [1, 2]}));
    }
}

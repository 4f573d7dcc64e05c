use super::*;
use crate::format::records::{StoreEdits, differing, spliced, store};
use crate::format::scan;
use proptest::prelude::*;
use serde::Serialize;
use serde_json::json;

fn path(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn edited(text: &str, edits: &StoreEdits) -> String {
    String::from_utf8(apply(text.as_bytes(), &store(text.as_bytes(), edits).unwrap())).unwrap()
}

fn setting(key: &str, names: &[&str], value: Value) -> StoreEdits {
    StoreEdits {
        change: vec![(key.into(), vec![FieldEdit::Set { path: path(names), value }])],
        ..StoreEdits::default()
    }
}

const TWO: &str = "{\n  \"a\": {\n    \"x\": 1.50,\n    \"s\": []\n  },\n  \"b\": {\"y\" : 2}\n}\n";

#[test]
fn a_set_keeps_every_other_byte() {
    assert_eq!(
        edited(TWO, &setting("a", &["s"], json!(["r"]))),
        "{\n  \"a\": {\n    \"x\": 1.50,\n    \"s\": [\n      \"r\"\n    ]\n  },\n  \"b\": {\"y\" : 2}\n}\n"
    );
}

#[test]
fn missing_parents_are_created_in_the_documents_style() {
    assert_eq!(
        edited(TWO, &setting("a", &["t", "o"], json!(1))),
        "{\n  \"a\": {\n    \"x\": 1.50,\n    \"s\": [],\n    \"t\": {\n      \"o\": 1\n    }\n  },\n  \"b\": {\"y\" : 2}\n}\n"
    );
    assert_eq!(
        edited(r#"{"a":{"x":1}}"#, &setting("a", &["t", "o"], json!([1]))),
        r#"{"a":{"x":1,"t":{"o":[1]}}}"#
    );
    assert_eq!(
        edited("{\r\n\t\"a\": {}\r\n}", &setting("a", &["t"], json!(1))),
        "{\r\n\t\"a\": {\r\n\t\t\"t\": 1\r\n\t}\r\n}"
    );
}

#[test]
fn removing_takes_the_comma_along() {
    let remove = |keys: &[&str]| StoreEdits { remove: path(keys), ..StoreEdits::default() };
    let text = "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}";
    assert_eq!(edited(text, &remove(&["a"])), "{\n  \"b\": 2,\n  \"c\": 3\n}");
    assert_eq!(edited(text, &remove(&["b"])), "{\n  \"a\": 1,\n  \"c\": 3\n}");
    assert_eq!(edited(text, &remove(&["c"])), "{\n  \"a\": 1,\n  \"b\": 2\n}");
    assert_eq!(edited(text, &remove(&["a", "b"])), "{\n  \"c\": 3\n}");
    assert_eq!(edited(text, &remove(&["b", "c"])), "{\n  \"a\": 1\n}");
    assert_eq!(edited(text, &remove(&["a", "b", "c"])), "{}");
}

#[test]
fn inserting_into_an_empty_store() {
    let insert =
        StoreEdits { insert: vec![("k".into(), json!({"a": []}))], ..StoreEdits::default() };
    assert_eq!(edited("{}", &insert), "{\n  \"k\": {\n    \"a\": []\n  }\n}");
    assert_eq!(edited("{}\n", &insert), "{\n  \"k\": {\n    \"a\": []\n  }\n}\n");
    let swap = StoreEdits { remove: path(&["z"]), ..insert };
    assert_eq!(edited(r#"{"z":1}"#, &swap), r#"{"k":{"a":[]}}"#);
}

fn members(text: &str) -> Vec<scan::Member> {
    scan::members(text.as_bytes(), Span { start: 0, end: text.len() }).unwrap()
}

#[test]
fn the_records_that_splices_change_are_those_that_differ() {
    let text = r#"{ "a": {"x": 1, "y": [1]}, "b": {"x": 2}, "c": {"x": 3} }"#;
    let at = |part: &str| text.find(part).unwrap();
    let splice = |part: &str, new: &str| Splice {
        start: at(part),
        end: at(part) + part.len(),
        text: new.as_bytes().to_vec(),
    };
    let last = at(" }");
    let added = Splice { start: last, end: last, text: br#", "d": {"x": 4}"#.to_vec() };
    let cases = [
        vec![splice("1, ", "7, "), splice("[1]", "[1, 2]")],
        vec![splice(r#" "b": {"x": 2},"#, "")],
        vec![splice(r#", "b": {"x": 2}"#, r#", "e": {}"#), added.clone()],
        vec![splice("1, ", "7, "), splice(r#", "b": {"x": 2}, "c": {"x": 3}"#, ""), added],
    ];
    for splices in cases {
        let after = apply(text.as_bytes(), &splices);
        let wanted = differing(Some(text.as_bytes()), Some(&after));
        assert!(wanted.is_some());
        assert_eq!(spliced(text.as_bytes(), &members(text), &splices), wanted);
    }
    // A splice from one record into the next is not taken apart.
    assert_eq!(
        spliced(text.as_bytes(), &members(text), &[splice(r#"2}, "c": {"x": "#, "5")]),
        None
    );
}

pub(in crate::format) fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z\"\\\\\n\u{e9}]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("[a-e]", inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn store_value() -> impl Strategy<Value = Value> {
    proptest::collection::vec(
        ("[a-f]", proptest::collection::vec(("[a-e]", json_value()), 0..4)),
        0..5,
    )
    .prop_map(|records| {
        Value::Object(
            records
                .into_iter()
                .map(|(key, fields)| (key, Value::Object(fields.into_iter().collect())))
                .collect(),
        )
    })
}

fn layouts(value: &Value) -> Vec<String> {
    let pretty = serde_json::to_string_pretty(value).unwrap();
    let mut tabs = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"\t");
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut tabs, formatter)).unwrap();
    vec![
        value.to_string(),
        pretty.clone(),
        pretty.replace('\n', "\r\n"),
        format!("{pretty}\n"),
        String::from_utf8(tabs).unwrap(),
    ]
}

proptest! {
    #[test]
    fn an_edit_changes_exactly_the_planned_value(before in store_value(), key in "[a-f]", field in "[a-e]", new in json_value()) {
        for text in layouts(&before) {
            let mut expected = before.clone();
            let edits = match expected.get_mut(&key) {
                Some(record) => {
                    record[&field] = new.clone();
                    setting(&key, &[&field], new.clone())
                }
                None => {
                    expected[&key] = json!({ &field: new });
                    StoreEdits { insert: vec![(key.clone(), json!({ &field: new }))], ..StoreEdits::default() }
                }
            };
            let after = edited(&text, &edits);
            prop_assert_eq!(serde_json::from_str::<Value>(&after).unwrap(), expected, "{} -> {}", text, after);
        }
    }

    #[test]
    fn removing_any_set_of_records_leaves_the_others(before in store_value(), gone in proptest::collection::vec("[a-f]", 0..4)) {
        for text in layouts(&before) {
            let after = edited(&text, &StoreEdits { remove: gone.clone(), ..StoreEdits::default() });
            let mut expected = before.as_object().unwrap().clone();
            expected.retain(|key, _| !gone.contains(key));
            prop_assert_eq!(serde_json::from_str::<Value>(&after).unwrap(), Value::Object(expected));
        }
    }

    #[test]
    fn what_an_edit_changes_is_found_by_its_splices(before in store_value(), gone in proptest::collection::vec("[a-f]", 0..4), field in "[a-e]", new in json_value()) {
        for text in layouts(&before) {
            let records = before.as_object().unwrap();
            let changed = records.keys().filter(|key| !gone.contains(key)).take(2);
            let change = |key: &String| (key.clone(), vec![FieldEdit::Set { path: path(&[&field]), value: new.clone() }]);
            let edits = StoreEdits {
                change: changed.map(change).collect(),
                remove: gone.clone(),
                insert: vec![("g".to_owned(), new.clone())],
            };
            let splices = store(text.as_bytes(), &edits).unwrap();
            let after = apply(text.as_bytes(), &splices);
            // A record that is set to what it was is touched, and no other.
            let others = |found: Option<(Value, Value)>| {
                let (Value::Object(mut old), Value::Object(mut new)) = found.unwrap() else { panic!() };
                let same: Vec<String> = old.keys().filter(|key| new.get(*key) == old.get(*key)).cloned().collect();
                same.iter().for_each(|key| drop((old.remove(key), new.remove(key))));
                (old, new)
            };
            let whole = differing(Some(text.as_bytes()), Some(&after));
            prop_assert_eq!(others(spliced(text.as_bytes(), &members(&text), &splices)), others(whole));
        }
    }

    #[test]
    fn openclaws_own_layout_is_what_an_edit_gives(before in store_value(), key in "[a-f]", new in json_value()) {
        // What JSON.stringify(value, null, 2) would write is what comes out of an edit of what it wrote.
        let text = serde_json::to_string_pretty(&before).unwrap();
        if before.get(&key).is_some() {
            let mut expected = before.clone();
            expected[&key]["z"] = new.clone();
            prop_assert_eq!(edited(&text, &setting(&key, &["z"], new)), serde_json::to_string_pretty(&expected).unwrap());
        }
    }
}

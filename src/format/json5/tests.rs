//! Cases of reading and editing JSON5 text.
use super::*;
use serde_json::json;

pub(super) fn keys(path: &str) -> Vec<String> {
    path.split('.').filter(|key| !key.is_empty()).map(str::to_owned).collect()
}

pub(super) fn set(path: &str, value: Value) -> FieldEdit {
    FieldEdit::Set { path: keys(path), value }
}

pub(super) fn append(path: &str, value: Value) -> FieldEdit {
    FieldEdit::Append { path: keys(path), value }
}

pub(super) fn remove(path: &str) -> FieldEdit {
    FieldEdit::Remove { path: keys(path) }
}

pub(super) fn read(text: &str) -> Value {
    parse(text.as_bytes()).unwrap()
}

#[track_caller]
fn edited(text: &str, edit: FieldEdit) -> String {
    String::from_utf8(apply(text.as_bytes(), &[edit]).unwrap()).unwrap()
}

#[track_caller]
fn check(text: &str, edit: FieldEdit, wanted: &str) {
    assert_eq!(edited(text, edit), wanted);
}

#[test]
fn a_replaced_string_keeps_its_quotes_and_every_comment() {
    check(
        "// top\n{\n  gateway: {\n    bind: 'local', // why\n  }, /* end */\n}\n// eof",
        set("gateway.bind", json!("loopback")),
        "// top\n{\n  gateway: {\n    bind: 'loopback', // why\n  }, /* end */\n}\n// eof",
    );
    check(r#"{"a":'b',"c":1}"#, set("c", json!("it's \"x\"\n")), r#"{"a":'b',"c":'it\'s "x"\n'}"#);
}

#[test]
fn an_inserted_key_follows_its_neighbours() {
    check(
        "{\n\t\"a\": 1,\n\t\"b\": {}\n}\n",
        set("mode", json!("local")),
        "{\n\t\"a\": 1,\n\t\"b\": {},\n\t\"mode\": \"local\"\n}\n",
    );
    check(
        "{\r\n    a: 'x', // one\r\n    b: 'y', // two\r\n}\r\n",
        set("mode", json!("local")),
        "{\r\n    a: 'x', // one\r\n    b: 'y', // two\r\n    mode: 'local',\r\n}\r\n",
    );
    check(
        "{\n  a: 1 // one\n  // two\n}",
        set("mode", json!("local")),
        "{\n  a: 1, // one\n  mode: \"local\"\n  // two\n}",
    );
    check("{\n  a: 1 }", set("my-key", json!(true)), "{\n  a: 1,\n  \"my-key\": true }");
}

#[test]
fn an_object_on_one_line_stays_on_one_line() {
    check("{ a: 1 }", set("b", json!(2)), "{ a: 1, b: 2 }");
    check("{ a: 1, }", set("b", json!(2)), "{ a: 1, b: 2, }");
    check("{a: 1,c: 3}", set("b", json!(2)), "{a: 1,c: 3,b: 2}");
    check(
        r#"{"a":{"b":1},"c":[1,2]}"#,
        set("gateway.auth.mode", json!("token")),
        r#"{"a":{"b":1},"c":[1,2],"gateway":{"auth":{"mode":"token"}}}"#,
    );
    check(
        "{\n  \"gateway\": { \"port\": 1 }\n}",
        set("gateway.auth.mode", json!("token")),
        "{\n  \"gateway\": { \"port\": 1, \"auth\": { \"mode\": \"token\" } }\n}",
    );
}

#[test]
fn missing_parents_are_created_in_the_style_of_the_file() {
    check(
        "{\n\tmeta: {\n\t\tv: '1',\n\t},\n}\n",
        set("gateway.auth.mode", json!("token")),
        "{\n\tmeta: {\n\t\tv: '1',\n\t},\n\tgateway: {\n\t\tauth: {\n\t\t\tmode: 'token',\n\t\t},\n\t},\n}\n",
    );
}

#[test]
fn an_empty_object_opens_up_where_its_parent_has_lines() {
    check("{}", set("a", json!(1)), "{\n  \"a\": 1\n}");
    check("{}\n", set("a.b", json!(1)), "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n");
    check(
        "{\n    \"gateway\": {}\n}",
        set("gateway.mode", json!("local")),
        "{\n    \"gateway\": {\n        \"mode\": \"local\"\n    }\n}",
    );
    check(
        r#"{"gateway":{},"x":1}"#,
        set("gateway.mode", json!("local")),
        r#"{"gateway":{"mode":"local"},"x":1}"#,
    );
    check("{ a: { } }", set("a.b", json!(1)), "{ a: { b: 1 } }");
    check("{\n}\n", set("a", json!(1)), "{\n  \"a\": 1\n}\n");
}

#[test]
fn an_object_of_comments_keeps_them_on_top() {
    check(
        "{\n    // bind: 'lan',\n    /* more */\n}",
        set("bind", json!("loopback")),
        "{\n    // bind: 'lan',\n    /* more */\n    \"bind\": \"loopback\"\n}",
    );
    check("{ // why\n}", set("a", json!(1)), "{ // why\n  \"a\": 1\n}");
    check("{ x: { /* why */ } }", set("x.a", json!(1)), "{ x: { /* why */ a: 1 } }");
}

#[test]
fn a_list_takes_another_element_in_its_own_manner() {
    check("{ a: ['x'] }", append("a", json!("y")), "{ a: ['x', 'y'] }");
    check(
        "{\n  a: [\n    'x', // one\n  ],\n}",
        append("a", json!("y")),
        "{\n  a: [\n    'x', // one\n    'y',\n  ],\n}",
    );
    check("{\n  a: [],\n}", append("a", json!("y")), "{\n  a: [\"y\"],\n}");
    check("{\n  b: 1\n}", append("a", json!(2)), "{\n  b: 1,\n  a: [2]\n}");
    check(
        "{\n  \"l\": [\n    1\n  ],\n  \"p\": \"127.0.0.1\"\n}",
        set("p", json!(["127.0.0.1"])),
        "{\n  \"l\": [\n    1\n  ],\n  \"p\": [\n    \"127.0.0.1\"\n  ]\n}",
    );
    check(
        "{ trustedProxies: '127.0.0.1' }",
        set("trustedProxies", json!(["127.0.0.1"])),
        "{ trustedProxies: ['127.0.0.1'] }",
    );
}

#[test]
fn a_removed_key_leaves_comments_and_a_valid_file() {
    check("{\n  \"a\": 1,\n  \"b\": 2\n}", remove("b"), "{\n  \"a\": 1\n}");
    check(
        "{\n  // about a\n  a: 1, // here\n  b: 2,\n}",
        remove("a"),
        "{\n  // about a\n  // here\n  b: 2,\n}",
    );
    check("{ a: 1, b: 2 }", remove("a"), "{ b: 2 }");
    check("{ a: 1, b: 2 }", remove("b"), "{ a: 1 }");
    check("{ a: 1, b: 2, }", remove("b"), "{ a: 1, }");
    check("{ a: 1 }", remove("a"), "{ }");
    check("{ a: 1 }", remove("x.y"), "{ a: 1 }");
    check("{ a: [1, 2, 3] }", remove("a.1"), "{ a: [1, 3] }");
}

#[test]
fn a_bom_and_json5_oddities_stay() {
    let text = "\u{FEFF}{$k: .5, 'x': +0x1F, y: Infinity, \\u0061b: 'a\\\nb\\x41', z: [-NaN, 5.,],\u{a0}t:1}";
    check(text, set("t", json!(2)), &text.replace("t:1", "t:2"));
    check(text, set("ab", json!("c")), &text.replace("'a\\\nb\\x41'", "'c'"));
}

#[test]
fn a_lone_surrogate_reads_as_in_javascript() {
    let text = r#"{"name":"cut \ud83d","ok":"\ud83d\ude00","n":"\\ud83d","x":"\udc00\ud83dA"}"#;
    assert_eq!(
        read(text),
        json!({"name": "cut \u{FFFD}", "ok": "😀", "n": "\\ud83d", "x": "\u{FFFD}\u{FFFD}A"})
    );
    check(text, set("b", json!(1)), &text.replace("A\"}", "A\",\"b\":1}"));
}

#[test]
fn duplicate_keys_are_named_and_not_edited() {
    let text = "{\n  a: { m: 1 },\n  b: [{ c: 1, c: 2 }],\n  'a': { m: 2 },\n}";
    let found = duplicates(text.as_bytes());
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].path, keys("a"));
    let lines: Vec<_> = found[0].places.iter().map(|place| place.line).collect();
    assert_eq!(lines, [2, 4]);
    assert_eq!(found[1].path, keys("b.0.c"));
    assert_eq!(read(text)["a"]["m"], 2);
    assert_eq!(locate(text.as_bytes(), &keys("a.m")).unwrap().line, 4);

    let refusal = apply(text.as_bytes(), &[set("a.m", json!(3))]).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "`a` is there more than once (lines 2, 4; the last one counts)"
    );
    assert_eq!(refusal.by_hand[0], "set `a.m` to **** (line 4)");
    assert!(apply(text.as_bytes(), &[set("x", json!(3))]).is_ok());
}

#[test]
fn a_key_that_stands_there_without_end_costs_no_more_than_its_text() {
    let text = format!("{{{}}}", "gateway: { port: 1 },\n".repeat(10_000));
    let found = duplicates(text.as_bytes());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].places.len(), MOST_DUPLICATES);
    assert_eq!(found[0].places.last().unwrap().line, 10_000);
    let refusal = apply(text.as_bytes(), &[set("gateway.port", json!(2))]).unwrap_err();
    let (_, lines) = refusal.why.split_once("(lines ").unwrap();
    assert_eq!(lines.split(", ").count(), MOST_DUPLICATES);
    assert!(lines.ends_with(", 10000; the last one counts)"), "{lines}");
    // On one line, each with a comment before it.
    let text = format!("{{{}}}", "/**/a: { /**/b: 1 },".repeat(10_000));
    assert_eq!(duplicates(text.as_bytes()).len(), 1);
    assert!(apply(text.as_bytes(), &[set("x", json!(1))]).is_ok());
}

#[test]
fn a_refusal_says_what_to_do_and_keeps_secrets() {
    let edits = [
        set("gateway.auth.token", json!("hunter2")),
        set("gateway", json!({"auth": {"password": "hunter2"}, "port": 1})),
        append("gateway.trustedProxies", json!("10.0.0.1")),
        remove("x"),
    ];
    let refusal = apply(b"{\n gateway: 'no' }", &edits).unwrap_err();
    assert_eq!(refusal.to_string(), "`gateway` on line 2 must be an object, but is a string");
    assert_eq!(
        refusal.by_hand,
        [
            "set `gateway.auth.token` to **** (a secret, not shown) (line 2)",
            "set `gateway` to { \"auth\": { \"password\": **** (a secret, not shown) }, \"port\": 1 } (line 2)",
            "add \"10.0.0.1\" to `gateway.trustedProxies` (line 2)",
            "remove `x` (line 1)",
        ]
    );
    assert_eq!(
        apply(b"", &edits).unwrap_err().why,
        "the file is not JSON5: line 1, column 1: the file holds no value"
    );
    assert_eq!(apply(b"{}", &[remove("")]).unwrap_err().why, "the whole file cannot be removed");
}

#[test]
fn errors_name_the_spot() {
    let message = |text: &str| parse(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(message(""), "line 1, column 1: the file holds no value");
    assert_eq!(message("// only\n"), "line 2, column 1: the file holds no value");
    assert_eq!(message("{\n  a: 1\n  b: 2\n}"), "line 2, column 7: a comma is missing here");
    assert_eq!(
        message("{\n  a: {\n  b: 2\n}"),
        "line 4, column 2: the file ends inside an object that opens on line 1, column 1"
    );
    assert_eq!(
        message("{a: 'x\n}"),
        "line 1, column 7: the line ends inside a string that opens on line 1, column 5"
    );
    assert_eq!(message("{a: b}"), "line 1, column 5: expected a value");
    assert_eq!(message("{} x"), "line 1, column 4: the file goes on after its value ends");
    let utf16 = parse(b"\xff\xfe{\0}\0").unwrap_err();
    assert_eq!(utf16.message, "the file is UTF-16, not UTF-8");
}

/// Found beside npm's json5, which gets what Node read: a replacement character is no syntax error in a
/// string or a comment.
#[test]
fn bytes_that_are_no_text_are_read_as_node_reads_them_and_kept() {
    let text = b"{ // caf\xe9\n a: '\xe4\xf6', gateway: { mode: 'remote' } }";
    let value = parse(text).unwrap();
    assert_eq!(value["a"], "\u{fffd}\u{fffd}");
    let set = FieldEdit::Set {
        path: vec!["gateway".to_owned(), "mode".to_owned()],
        value: Value::from("local"),
    };
    let after = apply(text, &[set]).unwrap();
    assert_eq!(after, b"{ // caf\xe9\n a: '\xe4\xf6', gateway: { mode: 'local' } }");
    let outside = parse(b"{\n a: \xe4 }").unwrap_err();
    assert_eq!(outside.to_string(), "line 2, column 5: expected a value");
}

#[test]
fn limits_hold_before_anything_recurses() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(deep(256).as_bytes()).is_ok());
    let error = parse(deep(257).as_bytes()).unwrap_err();
    assert_eq!(error.column, 257);
    for open in ["[", "{a:", "[{a:["] {
        assert!(parse(open.repeat(1_000_000).as_bytes()).is_err());
    }
    let path: Vec<String> = vec!["a".into(); 300];
    let edit = FieldEdit::Set { path, value: json!(1) };
    assert_eq!(apply(b"{}", &[edit]).unwrap_err().why, "the edited file would not read as planned");
    let blanks = |count: usize| format!("[{}]", " ".repeat(count));
    assert!(parse(blanks(LIMIT - 2).as_bytes()).is_ok());
    assert!(parse(blanks(LIMIT - 1).as_bytes()).is_err());
}

#[test]
fn a_file_of_a_megabyte_is_edited_in_place() {
    for (end, blank) in [("\n  ", " "), ("", "")] {
        let members: String = (0..30_000)
            .map(|n| format!("{end}\"key{n}\":{blank}{{\"v\":{blank}\"{n:032}\"}},"))
            .collect();
        let text =
            format!("{{{members}{end}\"gateway\":{blank}{{\"bind\":{blank}\"local\"}}{end}}}");
        assert!(text.len() > 1_000_000);
        check(
            &text,
            set("gateway.bind", json!("loopback")),
            &text.replace("\"local\"", "\"loopback\""),
        );
        let after = edited(&text, set("gateway.mode", json!("local")));
        let new = format!("\"local\",{blank}\"mode\":{blank}\"local\"}}");
        assert_eq!(after, text.replace("\"local\"}", &new));
    }
}

use super::*;
use crate::format::edit::apply;
use crate::plan::Target;
use proptest::prelude::*;
use serde_json::json;

fn set(path: &[&str], old: Option<Value>, new: Value) -> Edit {
    Edit {
        target: Target::Config("/s/openclaw.json".into()),
        op: Op::Set { path: path.iter().map(|key| (*key).to_owned()).collect(), old, new },
        why: String::new(),
        repairs: Vec::new(),
    }
}

fn after(text: &str, edits: &[Edit]) -> Result<String, String> {
    let edits: Vec<&Edit> = edits.iter().collect();
    let splices = splices(text.as_bytes(), &edits)?;
    let mut at = 0;
    for splice in &splices {
        assert!(at <= splice.start && splice.start <= splice.end);
        at = splice.end;
    }
    Ok(String::from_utf8(apply(text.as_bytes(), &splices)).unwrap())
}

#[test]
fn edits_far_apart_are_splices_far_apart() {
    let text = "{\n  a: 'x', // one\n  b: [1],\n  /* two */ c: { d: 'y' },\n}\n";
    let edits = [
        set(&["c", "d"], Some(json!("y")), json!("z")),
        set(&["a"], Some(json!("x")), json!("longer")),
        set(&["c", "d"], Some(json!("z")), json!("last")),
        set(&["c", "e"], None, json!(1)),
    ];
    let refs: Vec<&Edit> = edits.iter().collect();
    let splices = splices(text.as_bytes(), &refs).unwrap();
    assert!(splices.len() >= 2, "{splices:?}");
    assert_eq!(
        after(text, &edits).unwrap(),
        "{\n  a: 'longer', // one\n  b: [1],\n  /* two */ c: { d: 'last', e: 1 },\n}\n"
    );
}

#[test]
fn a_list_that_grows_keeps_its_comments() {
    let text = "{ list: [\n  'a', // the first\n] }";
    let edit = set(&["list"], Some(json!(["a"])), json!(["a", "b"]));
    let after = after(text, &[edit]).unwrap();
    assert!(after.contains("'a', // the first") && after.contains("'b'"), "{after}");
}

#[test]
fn a_text_that_cannot_be_edited_says_what_to_do() {
    let text = "{\n  gateway: { bind: 'local' },\n  gateway: { bind: 'local' },\n}";
    let edits = [
        set(&["gateway", "bind"], Some(json!("local")), json!("loopback")),
        set(&["gateway", "auth", "token"], None, json!("hush-hush-hush-hush")),
    ];
    let refusal = after(text, &edits).unwrap_err();
    assert!(refusal.contains("lines 2, 3"), "{refusal}");
    assert!(refusal.contains("set `gateway.bind` to \"loopback\" (line 3)"), "{refusal}");
    assert!(!refusal.contains("hush"), "{refusal}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn splices_make_what_the_edits_make_one_by_one(
        edits in proptest::collection::vec((0usize..6, "[a-z]{0,9}"), 0..9)
    ) {
        let text = "{\n  // head\n  a: 'aa', b: 'b',\n  c: '',\n\n  d: { e: 'eee' },\n  f: 'x' }";
        let paths: [&[&str]; 6] = [&["a"], &["b"], &["c"], &["d", "e"], &["f"], &["d", "new"]];
        let edits: Vec<Edit> = edits.iter().map(|(at, word)| set(paths[*at], None, json!(word))).collect();
        let mut one_by_one = text.as_bytes().to_vec();
        for edit in &edits {
            one_by_one = json5::apply(&one_by_one, &text_edits(&edit.op)).unwrap();
        }
        prop_assert_eq!(after(text, &edits).unwrap().into_bytes(), one_by_one);
    }
}

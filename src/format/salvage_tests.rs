use super::*;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn salvaged(text: &[u8]) -> Salvage {
    records(text, "deviceId")
}

fn keys(salvage: &Salvage) -> Vec<&str> {
    salvage.whole.iter().map(|whole| whole.key.as_str()).collect()
}

fn parsed(text: &[u8], salvage: &Salvage) -> Value {
    serde_json::from_str(&String::from_utf8_lossy(&rebuilt(text, &salvage.whole))).unwrap()
}

fn store(count: usize) -> (String, Value) {
    let value: Map<String, Value> = (0..count)
        .map(|n| {
            // So unlike that no flipped byte makes one of another.
            let id = format!("id{}", n.to_string().repeat(6));
            let record =
                json!({"deviceId": id, "tokens": {"operator": {"token": format!("t{n}")}}});
            (id, record)
        })
        .collect();
    let value = Value::Object(value);
    (serde_json::to_string_pretty(&value).unwrap(), value)
}

fn nested(id: &str) -> Value {
    json!({"deviceId": id, "publicKey": "k", "scopes": ["operator.admin"], "createdAtMs": 1, "approvedAtMs": 1,
        "tokens": {"operator": {"token": "stolen", "scopes": ["operator.admin"]}}})
}

/// A store of `count` records, each of which holds what a hostile device could have put into it:
/// objects that name themselves at several depths, and texts that read as structure once a quote is lost.
fn hostile(count: usize) -> Value {
    let record = |n: usize| {
        let id = format!("device-{}", n.to_string().repeat(6));
        let record = json!({
            "deviceId": id,
            "displayName": "},\"evil-name\":{\"deviceId\":\"evil-name\"},",
            "},": ":{",
            ":": "},",
            "nodeSurface": {"evil-deep": nested("evil-deep"), "list": [{"evil-list": {"deviceId": "evil-list"}}, []]},
            "evil-direct": {"deviceId": "evil-direct"},
            "tokens": {"operator": {"token": format!("t{n}"), "scopes": ["operator.read"], "revokedAtMs": 12}},
            "n": 1,
        });
        (id, record)
    };
    Value::Object((0..count).map(record).collect())
}

/// The store in each layout that people and programs write.
fn layouts(store: &Value) -> Vec<String> {
    let pretty = serde_json::to_string_pretty(store).unwrap();
    let lines: Vec<String> = store
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, record)| format!("  {}: {record}", json!(key)))
        .collect();
    vec![
        pretty.clone() + "\n",
        pretty.replace("  ", "\t"),
        pretty.replace("  ", "    ").replace('\n', "\r\n"),
        store.to_string(),
        format!("{{\n{}\n}}\n", lines.join(",\n")),
    ]
}

/// The bytes of each top-level record.
fn originals(text: &str) -> HashMap<String, &[u8]> {
    let text = text.as_bytes();
    let members = scan::members(text, scan::document(text).unwrap()).unwrap();
    members
        .iter()
        .map(|member| (scan::string(text, member.key).unwrap().into_owned(), member.value.of(text)))
        .collect()
}

/// Each salvaged record was a member at the top, and is to the byte what it was.
fn nothing_made_up(original: &HashMap<String, &[u8]>, broken: &[u8], what: &str) -> usize {
    if scan::document(broken).is_ok() {
        return 0; // Then it is read, not salvaged.
    }
    let found = salvaged(broken);
    for whole in &found.whole {
        assert_eq!(
            original.get(&whole.key).map(|bytes| String::from_utf8_lossy(bytes)),
            Some(String::from_utf8_lossy(whole.place.value.of(broken))),
            "{what}: {} in {}",
            whole.key,
            String::from_utf8_lossy(broken)
        );
    }
    found.whole.len()
}

#[test]
fn no_damage_of_one_byte_makes_or_changes_a_record() {
    for text in
        layouts(&hostile(2)).into_iter().step_by(2).chain(layouts(&hostile(2)).get(3).cloned())
    {
        let original = originals(&text);
        let bytes = text.as_bytes();
        let mut kept = 0;
        for at in 0..=bytes.len() {
            let (before, after) = bytes.split_at(at);
            let rest = after.get(1..).unwrap_or_default();
            kept += nothing_made_up(&original, before, "cut");
            kept += nothing_made_up(&original, &[before, rest].concat(), "lost");
            // In the middle of a word one byte is as good as another.
            let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
            if is_word(before.last()) && is_word(after.first()) {
                continue;
            }
            for stray in [b"{", b"}", b"\"", b"]", b","] {
                kept += nothing_made_up(&original, &[before, stray, after].concat(), "stray");
            }
            for flipped in [b"}", b"\"", b"{", b",", b" ", b"1", b":"] {
                kept += nothing_made_up(&original, &[before, flipped, rest].concat(), "flipped");
            }
        }
        assert!(kept > bytes.len() / 2, "{kept} kept of {text}");
    }
}

#[test]
fn damage_to_a_laid_out_store_costs_the_record_that_it_hits_alone() {
    let text = serde_json::to_string_pretty(&hostile(3)).unwrap();
    let whole = salvaged(format!("{text}}}").as_bytes());
    assert_eq!(keys(&whole).len(), 3);
    for (at, _) in text.match_indices(['{', '}', '"', ',', ':']) {
        let broken = [&text.as_bytes()[..at], b"\x01", &text.as_bytes()[at + 1..]].concat();
        let found = salvaged(&broken);
        for record in &whole.whole {
            let around = record.place.key.start.saturating_sub(6)..record.place.value.end;
            assert!(around.contains(&at) || keys(&found).contains(&record.key.as_str()), "{at}");
        }
    }
}

#[test]
fn an_outer_record_outlives_a_stray_brace_and_its_inner_one_is_no_device() {
    let store = json!({"outer": {"deviceId": "outer", "inner": nested("inner")}});
    let text = serde_json::to_string_pretty(&store).unwrap();
    let found = salvaged(format!("{text}}}").as_bytes());
    assert_eq!(keys(&found), ["outer"]);
    assert_eq!(found.aside, [""; 0]);
    let cut = text.replacen("\"outer\"", "\"oute", 2);
    let found = salvaged(cut.as_bytes());
    assert_eq!(keys(&found), [""; 0]);
    assert_eq!(found.aside, ["inner"]);
}

#[test]
fn where_a_text_on_one_line_breaks_decides_what_is_certain() {
    let a = r#""a":{"deviceId":"a","n":1}"#;
    let b = r#""b":{"deviceId":"b","n":{"m":2}}"#;
    for (text, expected) in [
        // Cut.
        (format!("{{{a},{b},"), &["a", "b"][..]),
        (format!("{{{a},\"b\":{{\"device"), &["a"]),
        // Cut behind the last brace but one, or a brace of `b` lost: nobody can tell.
        (format!("{{{a},{b}"), &["a"]),
        // A comma lost, or another letter in its place.
        (format!("{{{a},{b}\"c\":{{}}}}"), &["a"]),
        (format!("{{{a},{b};\"c\":{{}}}}"), &["a"]),
        // One closing brace too many, here or anywhere before.
        (format!("{{{a},{b}}}}}"), &[]),
        // Zeros behind it; anything else, and it may be the rest of an object that lost its opening brace.
        (format!("{{{a},{b}}}\0\0"), &["a", "b"]),
        (format!("{{{a},{b}}},"), &[]),
        (format!("{{{a},{b}}}{{"), &[]),
        (format!("\u{feff}{{{a},{b}}}"), &["a", "b"]),
        // A second record of `a` that is damaged.
        (format!("{{{a},{b},\"a\":{{"), &["b"]),
        // The start is gone.
        (format!("{a},{b}}}"), &[]),
    ] {
        assert_eq!(keys(&salvaged(text.as_bytes())), expected, "{text}");
    }
}

#[test]
fn two_documents_in_one_file_give_the_later_record() {
    let text = br#"{"a":{"deviceId":"a","n":1}}{"a":{"deviceId":"a","n":2}}"#;
    let found = salvaged(text).whole;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].place.value.of(text), br#"{"deviceId":"a","n":2}"#);
}

#[test]
fn what_only_an_earlier_document_held_is_left_out() {
    let (older, _) = store(2);
    let (newer, _) = store(1);
    for newer in [newer.clone(), newer.replace(['\n', ' '], "")] {
        for between in ["", "\n", "\n\n", "\0\0"] {
            let text = format!("{older}{between}{newer}");
            let found = salvaged(text.as_bytes());
            assert_eq!(keys(&found), ["id000000"], "{text}");
            assert_eq!(found.aside, ["id111111"]);
            assert!(found.whole[0].place.key.start >= older.len());
        }
    }
    // The rest of a longer file that a shorter one was written over.
    let text = format!("{newer}{}", &older[newer.len()..]);
    assert!(older.len() > newer.len() + 40);
    let found = salvaged(text.as_bytes());
    assert_eq!(keys(&found), ["id000000"], "{text}");
}

#[test]
fn an_earlier_record_does_not_come_back_for_a_damaged_later_one() {
    let (text, _) = store(3);
    let later = text.replace("id222222", "id000000");
    let found = salvaged(later.replace("\"t2\"", "t2").as_bytes());
    assert_eq!(keys(&found), ["id111111"]);
    assert_eq!(found.aside, ["id000000"]);
    // Whole, it is the one that counts.
    let broken = format!("{later},");
    let found = salvaged(broken.as_bytes());
    assert_eq!(keys(&found), ["id111111", "id000000"]);
    assert_eq!(parsed(broken.as_bytes(), &found)["id000000"]["tokens"]["operator"]["token"], "t2");
}

#[test]
fn a_record_that_lost_its_end_does_not_swallow_the_next() {
    let (text, _) = store(2);
    let broken = text.replacen("    }\n  },", "    }\n  \t,", 1);
    let found = salvaged(broken.as_bytes());
    assert_eq!(keys(&found), ["id111111"]);
    assert_eq!(found.aside, ["id000000"]);
}

#[test]
fn a_damaged_first_margin_costs_its_record_alone() {
    let mut broken = store(3).0.into_bytes();
    broken[2] = b'\t';
    broken[43] = 0;
    assert_eq!(keys(&salvaged(&broken)), ["id111111", "id222222"]);
}

#[test]
fn what_is_no_id_is_not_repeated() {
    let text = br#"{"a": {"deviceId": "hunter 2 -----BEGIN"}, "b": {"deviceId": "b-1"#;
    assert_eq!(salvaged(text).aside, [""; 0]);
}

#[test]
fn nothing_whole_gives_an_empty_store() {
    assert_eq!(rebuilt(b"\0\0\0", &salvaged(b"\0\0\0").whole), b"{}");
}

proptest! {
    #[test]
    fn a_cut_keeps_every_record_before_it(count in 1usize..6, cut in 0usize..2000) {
        let (text, value) = store(count);
        let cut = cut.min(text.len());
        let broken = &text.as_bytes()[..cut];
        let rebuilt = parsed(broken, &salvaged(broken));
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
        let rebuilt = parsed(&broken, &salvaged(&broken));
        for (key, record) in value.as_object().unwrap() {
            let at = text.find(&format!("\"{key}\": {{")).unwrap();
            let end = scan::value_end(text.as_bytes(), at + key.len() + 4).unwrap();
            // A quote flipped into the gap before a record can only swallow that record's key.
            if !hit.iter().any(|hit| (at.saturating_sub(6)..end).contains(hit)) {
                prop_assert_eq!(rebuilt.get(key), Some(record));
            }
        }
    }

    /// Several faults at once: lost, doubled and moved pieces, strays, flips.
    #[test]
    fn no_nested_object_becomes_a_device_however_broken_the_store_is(
        count in 1usize..4,
        layout in 0usize..3,
        damage in proptest::collection::vec((0usize..9000, 0usize..5, 0usize..40, prop::sample::select(b"{}[]\",:\\x1 \n".to_vec())), 1..6),
    ) {
        let text = layouts(&hostile(count)).swap_remove(layout);
        let mut broken = text.clone().into_bytes();
        for (at, kind, length, byte) in damage {
            let at = at % (broken.len() + 1);
            let end = (at + length).min(broken.len());
            match kind {
                0 => broken.truncate(at),
                1 => broken.insert(at, byte),
                2 => drop(broken.drain(at..end)),
                3 => drop(broken.splice(at..end.min(at + 1), [byte])),
                _ => { let piece = broken[at..end].to_vec(); drop(broken.splice(at..at, piece)); }
            }
        }
        let originals = originals(&text);
        for whole in salvaged(&broken).whole {
            prop_assert!(originals.contains_key(&whole.key), "{}", whole.key);
        }
    }
}

/// An object that lost its opening is closed by the brace of its record, and a cut hides that one is left over.
#[test]
fn a_store_that_lost_an_opening_brace_and_its_end_gives_no_nested_object() {
    for text in layouts(&hostile(2)) {
        let opening = text.find("\"evil-deep\"").unwrap();
        let brace = opening + text[opening..].find('{').unwrap() + 1;
        let end = text.find("\"device-111111\"").unwrap();
        let broken = [&text[..opening], &text[brace..end]].concat();
        for tail in ["", " ", "\0\0", ",", "x"] {
            let broken = format!("{}{tail}", broken.trim_end());
            assert!(
                keys(&salvaged(broken.as_bytes())).iter().all(|key| key.starts_with("device-")),
                "{broken}"
            );
        }
    }
}

/// The damage may have hit a field that limits rights too, and left its record JSON.
#[test]
fn a_record_that_may_have_lost_a_limit_is_set_aside() {
    let record = |id: &str| {
        json!({"deviceId": id, "role": "operator", "roles": ["operator"], "scopes": ["operator.admin"],
            "approvedScopes": ["operator.read"],
            "tokens": {"operator": {"token": "t", "role": "operator", "scopes": [], "issuer": {"kind": "k"}, "revokedAtMs": 12, "createdAtMs": 1}}})
    };
    let store = json!({"id000000": record("id000000"), "id111111": record("id111111")});
    for text in layouts(&store) {
        let cut = |text: &str| text[..text.trim_end().len() - 1].trim_end().to_owned();
        assert_eq!(keys(&salvaged(cut(&text).as_bytes())).first(), Some(&"id000000"));
        for limit in ["approvedScopes", "revokedAtMs", "scopes", "roles", "role", "issuer"] {
            let name = format!("\"{limit}\"");
            for at in 1..=limit.len() {
                for bit in 0..7 {
                    let mut harmed = cut(&text).into_bytes();
                    let start = text.find(&name).unwrap();
                    harmed[start + at] ^= 1 << bit;
                    let salvage = salvaged(&harmed);
                    let has = keys(&salvage).contains(&"id000000");
                    // What became a quote or a control character is no JSON any more.
                    assert!(!has, "{limit}: {}", String::from_utf8_lossy(&harmed));
                }
            }
        }
        // A field of a later release is no damage.
        let later = text.replacen("\"createdAtMs\"", "\"attestedBy\"", 1);
        assert_eq!(keys(&salvaged(cut(&later).as_bytes())).first(), Some(&"id000000"));
    }
    // Without the list a gateway takes `scopes`: what a token was given was approved, the rest nobody knows.
    let less = |change: &dyn Fn(&mut Value)| {
        let mut store = store.clone();
        store["id000000"].as_object_mut().unwrap().remove("approvedScopes");
        change(&mut store["id000000"]);
        layouts(&store)
            .into_iter()
            .map(|text| text[..text.trim_end().len() - 1].trim_end().to_owned())
    };
    let given = |scopes: Value| {
        move |record: &mut Value| record["tokens"]["operator"]["scopes"] = scopes.clone()
    };
    let doubtful = less(&given(json!(["operator.read"])))
        .chain(less(&|record| record["tokens"] = Value::Null));
    for text in doubtful.chain(less(&|record| record["scopes"] = json!("operator.admin"))) {
        let salvage = salvaged(text.as_bytes());
        assert!(!keys(&salvage).contains(&"id000000"), "{text}");
        assert!(salvage.aside.contains(&"id000000".to_owned()), "{text}");
    }
    // Releases without that list had such records.
    for text in less(&given(json!(["operator.read", "operator.admin"]))) {
        assert_eq!(keys(&salvaged(text.as_bytes())).first(), Some(&"id000000"), "{text}");
    }
    let request = json!({"request-1": {"requestId": "request-1", "scopes": ["operator.admin"]}});
    let text = serde_json::to_string_pretty(&request).unwrap() + "}";
    assert_eq!(keys(&records(text.as_bytes(), "requestId")), ["request-1"]);
}

/// As every release writes it (2026.1.30 to 2026.7.35), a revocation is its token's last field: its line does not go
/// without a trace.
#[test]
fn a_lost_revocation_sets_its_record_aside() {
    let mut store = json!({});
    for id in ["id000000", "id111111"] {
        store[id] = json!({"deviceId": id, "scopes": ["operator.read"], "approvedScopes": ["operator.read"],
            "tokens": {"operator": {"token": "t", "role": "operator", "scopes": ["operator.read"], "createdAtMs": 1,
                "lastUsedAtMs": 2, "revokedAtMs": 3}}, "createdAtMs": 1});
    }
    for text in layouts(&store) {
        let text = text.replacen("\"revokedAtMs\":3", "", 1).replacen("\"revokedAtMs\": 3", "", 1);
        for broken in [text.clone(), text[..text.trim_end().len() - 1].to_owned()] {
            let salvage = salvaged(broken.as_bytes());
            assert!(!keys(&salvage).contains(&"id000000"), "{broken}");
        }
    }
}

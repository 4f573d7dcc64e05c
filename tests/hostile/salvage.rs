//! A broken paired.json under the whole `repair`: every record that is whole stays, the broken file is in
//! the snapshot and named.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::Size;
use crate::world::{FILES, World};

/// The fixture's device and `count` others.
fn store(world: &World, count: usize) -> String {
    let mut all: serde_json::Map<String, Value> =
        serde_json::from_str(&world.text("devices/paired.json")).unwrap();
    for n in 0..count {
        // So unlike that no flipped byte makes one of another.
        let id = format!("other-{}", n.to_string().repeat(8));
        all.insert(id.clone(), json!({"deviceId": id, "publicKey": "k", "role": "operator", "scopes": ["operator.read"],
            "tokens": {"operator": {"token": format!("t{n}"), "role": "operator", "scopes": ["operator.read"]}}, "createdAtMs": n, "approvedAtMs": n}));
    }
    serde_json::to_string_pretty(&all).unwrap()
}

pub fn a_repair_keeps_every_whole_record(size: Size) -> String {
    let cases = u32::try_from(size.of(60).min(1500)).unwrap();
    let ready = World::fixture(FILES[1]);
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let plan = (
        0usize..6,
        prop::option::of(0usize..5000),
        prop::collection::vec((0usize..5000, any::<u8>()), 0..4),
    );
    let broken_runs = std::cell::Cell::new(0);
    runner
        .run(&plan, |(count, cut, flips)| {
            let world = ready.again();
            let text = store(&world, count);
            let whole: Value = serde_json::from_str(&text).unwrap();
            let mut bytes = text.clone().into_bytes();
            let mut hit = Vec::new();
            for (at, byte) in flips {
                let at = at % bytes.len();
                bytes[at] = byte;
                hit.push(at);
            }
            let cut = cut.map_or(bytes.len(), |cut| cut % (bytes.len() + 1));
            bytes.truncate(cut);
            world.write("devices/paired.json", &bytes);
            // As Node reads it: bytes that are no UTF-8 become replacement characters.
            let text_now = String::from_utf8_lossy(&bytes);
            let parses = serde_json::from_str::<Value>(&text_now).is_ok();
            let out = world.run(&["repair", "--yes"]);
            prop_assert!(matches!(out.code, Some(0 | 1 | 3)), "{}", out);
            if out.code == Some(3) {
                prop_assert_eq!(std::fs::read(world.path("devices/paired.json")).unwrap(), bytes);
                return Ok(());
            }
            let now: Value = serde_json::from_str(&world.text("devices/paired.json"))
                .map_err(|error| TestCaseError::fail(format!("{error}: {out}")))?;
            for (key, record) in whole.as_object().unwrap() {
                let start = text.find(&format!("\"{key}\": {{")).unwrap();
                let end = start + text[start..].find("\n  }").unwrap() + 4;
                let safe = end <= cut
                    && !hit.iter().any(|hit| (start.saturating_sub(6)..end).contains(hit));
                if safe && key.starts_with("other-") {
                    prop_assert_eq!(now.get(key), Some(record), "{}", out);
                } else if safe {
                    prop_assert_eq!(&now[key]["publicKey"], &record["publicKey"]);
                }
            }
            if !parses {
                broken_runs.set(broken_runs.get() + 1);
                let list: Value =
                    serde_json::from_str(&world.run(&["snapshot", "list", "--json"]).stdout)
                        .unwrap();
                let id = list["snapshots"][0]["id"].as_str().unwrap().to_owned();
                let kept = std::fs::read(
                    world.path(&format!("clawmend/snapshots/{id}/files/devices/paired.json")),
                )
                .unwrap();
                prop_assert_eq!(kept, bytes);
                let said = out.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
                let keeps = "the snapshot keeps the broken file: devices/paired.json";
                prop_assert!(said.contains(keeps), "{}", out);
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    format!("{cases} cuts and flips, {} of them broke the file", broken_runs.get())
}

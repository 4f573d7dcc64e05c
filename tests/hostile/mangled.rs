//! Fixtures mangled in every way, the whole program on them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::Size;
use crate::world::{FILES, SQLITE, World};

const READERS: &[&[&str]] = &[
    &["diagnose", "-v"],
    &["diagnose", "--json"],
    &["devices"],
    &["repair", "--dry-run"],
    &["approve", "--dry-run", "--json"],
    &["snapshot", "list"],
    &["snapshot", "show"],
    &["snapshot", "verify"],
    &["restore", "--dry-run", "--force"],
];

/// One way to break a file.
type Mangle = (&'static str, fn(&[u8]) -> Vec<u8>);

const WAYS: &[Mangle] = &[
    ("empty", |_| Vec::new()),
    ("one space", |_| b" ".to_vec()),
    ("cut in half", |text| text[..text.len() / 2].to_vec()),
    ("cut by a byte", |text| text[..text.len().saturating_sub(1)].to_vec()),
    ("0xFF", |text| vec![0xff; text.len().max(100)]),
    ("zeros", |text| vec![0; text.len().max(100)]),
    ("a byte flipped", |text| {
        let mut text = text.to_vec();
        let at = text.len() / 3;
        if let Some(byte) = text.get_mut(at) {
            *byte ^= 0x80;
        }
        text
    }),
    ("twice", |text| [text, text].concat()),
    ("a BOM", |text| [b"\xef\xbb\xbf", text].concat()),
    ("UTF-16", |text| text.iter().flat_map(|byte| [*byte, 0]).collect()),
    ("null", |_| b"null".to_vec()),
    ("an array", |_| b"[[],{},1,\"x\",null]".to_vec()),
    ("a number", |_| b"-1.5e308".to_vec()),
    ("a string", |_| b"\"\\ud800 \\u0000 \x1b[31m\"".to_vec()),
    ("nested", |_| [vec![b'['; 200_000], vec![b']'; 200_000]].concat()),
    ("nested objects", |_| {
        [b"{\"a\":".repeat(100_000), b"1".to_vec(), vec![b'}'; 100_000]].concat()
    }),
    ("open only", |_| vec![b'{'; 300_000]),
    ("a long string", |_| [b"{\"a\":\"", &vec![b'x'; 8 << 20][..], b"\"}"].concat()),
    ("many records", |_| {
        let each: Vec<String> = (0..50_000)
            .map(|n| format!("\"id{n}\":{{\"deviceId\":\"id{n}\",\"requestId\":\"id{n}\"}}"))
            .collect();
        format!("{{{}}}", each.join(",")).into_bytes()
    }),
    ("wrong types", |text| swap_types(text)),
    ("escapes in every string", |text| {
        String::from_utf8_lossy(text).replace("\": \"", "\": \"\\u001b[31m\\u202e").into_bytes()
    }),
    ("CRLF", |text| String::from_utf8_lossy(text).replace('\n', "\r\n").into_bytes()),
];

/// Every value becomes one of another type, names kept.
fn swap_types(text: &[u8]) -> Vec<u8> {
    fn swap(value: &mut serde_json::Value, at: &mut usize) {
        use serde_json::{Value, json};
        match value {
            Value::Object(fields) if *at < 2 || fields.len() > 2 => {
                *at += 1;
                fields.values_mut().for_each(|value| swap(value, at));
            }
            other => {
                *at += 1;
                *other = [
                    json!(null),
                    json!(-1),
                    json!([]),
                    json!({}),
                    json!(true),
                    json!(""),
                    json!(1e300),
                    json!("\u{0}"),
                ][*at % 8]
                    .clone();
            }
        }
    }
    let Ok(mut value) = serde_json::from_slice(text) else {
        return b"true".to_vec();
    };
    swap(&mut value, &mut 0);
    value.to_string().into_bytes()
}

pub fn nothing_panics_and_readers_change_nothing(size: Size) -> String {
    let (mut runs, mut codes) = (0, BTreeMap::<i32, usize>::new());
    let mut slowest = (std::time::Duration::ZERO, String::new());
    for fixture in [FILES[1], SQLITE] {
        let ready = World::fixture(fixture);
        ready.run(&["snapshot", "create"]).expect(0);
        let mut files: Vec<String> = ready
            .tree()
            .into_keys()
            .map(|path| path.display().to_string())
            .filter(|name| ready.path(name).is_file())
            .collect();
        files.extend(
            [
                "clawmend/journal.json",
                "devices/bootstrap.json",
                "openclaw.json.bak",
                ".env",
                "exec-approvals.json",
            ]
            .map(str::to_owned),
        );
        let combos: Vec<(&String, &Mangle)> =
            files.iter().flat_map(|file| WAYS.iter().map(move |way| (file, way))).collect();
        let step = if size.full { 1 } else { 17 };
        for (file, (how, mangle)) in combos.into_iter().step_by(step) {
            let world = ready.again();
            let text = std::fs::read(world.path(file)).unwrap_or_else(|_| journal(&world));
            world.write(file, mangle(&text));
            let before = world.tree();
            for (at, args) in READERS
                .iter()
                .chain(
                    [
                        &["repair", "--yes"][..],
                        &["restore", "--yes", "--force"],
                        &["snapshot", "create"],
                    ]
                    .iter(),
                )
                .enumerate()
            {
                let start = std::time::Instant::now();
                let out = world.run(args);
                if start.elapsed() > slowest.0 {
                    slowest = (start.elapsed(), format!("{file} {how} {args:?}"));
                }
                runs += 1;
                assert!(!out.panicked(), "{file} {how} {args:?}: {out}");
                assert!(out.code.is_some_and(|code| code <= 5), "{file} {how} {args:?}: {out}");
                *codes.entry(out.code.unwrap()).or_default() += 1;
                let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
                assert!(
                    !out.stdout.contains(bad) && !out.stderr.contains(bad),
                    "{file} {how} {args:?}: {out}"
                );
                // The last of the readers has run.
                if at + 1 == READERS.len() {
                    assert_eq!(world.tree(), before, "{file} {how}: a reader changed something");
                }
            }
        }
    }
    odd_names(&mut runs);
    format!("{runs} runs, exits {codes:?}, slowest {:.1}s ({})", slowest.0.as_secs_f32(), slowest.1)
}

/// A journal as an interrupted run leaves it.
fn journal(world: &World) -> Vec<u8> {
    let list = world.run(&["snapshot", "list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&list.stdout).unwrap();
    serde_json::json!({
        "schema": 1, "tool": "clawmend", "command": "repair", "snapshot": list["snapshots"][0]["id"],
        "snapshots": world.path("clawmend/snapshots"), "startedAtMs": 1, "pid": 1,
        "before": {"devices/paired.json": "00"}, "after": {"files": {"devices/paired.json": null}},
    })
    .to_string()
    .into_bytes()
}

/// Names that are no UTF-8, or hold escapes, in every folder; a state dir called so.
fn odd_names(runs: &mut usize) {
    let names: [&[u8]; 3] = [b"\xff\xfe.json", b"a\x1b[31mb.json.tmp", b"new\nline.migrated"];
    for fixture in [FILES[1], SQLITE] {
        let world = World::fixture(fixture);
        world.run(&["snapshot", "create"]).expect(0);
        for folder in ["", "devices", "identity", "clawmend", "clawmend/snapshots", "state"] {
            for name in names {
                if world.path(folder).is_dir() {
                    std::fs::write(world.path(folder).join(OsStr::from_bytes(name)), "{}").unwrap();
                }
            }
        }
        let state = world.root().join(OsStr::from_bytes(b"st\xffate \x1b[31m\n"));
        std::fs::rename(world.state(), &state).unwrap();
        for args in READERS.iter().chain(
            [
                &["repair", "--yes"][..],
                &["restore", "--yes"],
                &["snapshot", "create"],
                &["diagnose"],
            ]
            .iter(),
        ) {
            let mut command = world.command(crate::world::binary());
            command.arg("--state-dir").arg(&state).args(*args);
            let out = crate::world::finish(command);
            *runs += 1;
            assert!(!out.panicked() && out.code.is_some_and(|code| code <= 5), "{args:?}: {out}");
            let bad = |c: char| c.is_control() && c != '\n';
            assert!(!out.stdout.contains(bad) && !out.stderr.contains(bad), "{args:?}: {out}");
        }
    }
}

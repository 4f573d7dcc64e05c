//! Whoever owns the state dir can write what clawmend finds there, its own files too. Root believes none of
//! it beyond what that user could do.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};

use sha2::{Digest, Sha256};

use crate::Size;
use crate::places::{UID, give_away, open_to_all};
use crate::state::View;
use crate::world::{FILES, Out, World, tree};

fn hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn theirs() -> World {
    let world = World::fixture(FILES[1]);
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(world.root(), open).unwrap();
    world.run(&["snapshot", "create"]).expect(0);
    world
}

fn snapshot_of(world: &World) -> String {
    let mut all = std::fs::read_dir(world.path("clawmend/snapshots")).unwrap();
    let name = all.next().unwrap().unwrap().file_name();
    name.into_string().unwrap()
}

/// A journal that names a file in a folder of root's: nothing there is removed.
pub fn a_journal_reaches_nothing_of_roots(_size: Size) -> String {
    crate::needs_root();
    let mut outcomes = BTreeMap::<i32, usize>::new();
    for by_hops in [false, true] {
        let world = theirs();
        let roots = tempfile::tempdir().unwrap();
        let tag = hex(b"victim").get(..8).unwrap().to_owned();
        let temp = format!(".clawmend-{tag}-0123456789abcdef.tmp");
        for name in ["victim", &temp] {
            std::fs::write(roots.path().join(name), "root's").unwrap();
        }
        let victim = roots.path().join("victim").display().to_string();
        let key = if by_hops { format!("../../../..{victim}") } else { victim };
        let journal = serde_json::json!({
            "schema": 1, "tool": "x", "command": "repair", "snapshot": snapshot_of(&world),
            "snapshots": world.path("clawmend/snapshots"), "startedAtMs": 1, "pid": 1,
            "before": {}, "after": { "files": { key: "00" }, "rows": [] },
        });
        world.write("clawmend/journal.json", journal.to_string());
        give_away(&world.root().join("home"));
        let before = tree(roots.path());
        let out = world.run(&["snapshot", "create"]);
        assert!(!out.panicked(), "{out}");
        assert_eq!(tree(roots.path()), before, "{out}");
        *outcomes.entry(out.code.unwrap()).or_default() += 1;
    }
    format!("exits {outcomes:?}")
}

/// A journal that names a snapshot of root's, with hashes that make an interrupted run of it: nothing of
/// root's is put into the state.
pub fn a_journal_takes_no_snapshot_of_another(_size: Size) -> String {
    crate::needs_root();
    let roots = World::fixture(FILES[1]);
    roots.write("devices/paired.json", r#"{"x": {"deviceId": "x", "token": "roots-own"}}"#);
    roots.run(&["snapshot", "create"]).expect(0);
    let [closed, open] = [false, true].map(|open| {
        if open {
            open_to_all(roots.root());
        }
        from_roots_snapshot(&roots)
    });
    assert!(closed.stderr.contains("ermission"), "{closed}");
    assert!(open.stderr.contains("another state dir"), "{open}");
    format!("exits {:?} {:?}", closed.code, open.code)
}

fn from_roots_snapshot(roots: &World) -> Out {
    let world = theirs();
    let key = "devices/paired.json";
    let now = hex(world.text(key).as_bytes());
    let journal = serde_json::json!({
        "schema": 1, "tool": "x", "command": "repair", "snapshot": snapshot_of(roots),
        "snapshots": roots.path("clawmend/snapshots"), "startedAtMs": 1, "pid": 1, "before": {},
        "after": { "files": { key: now, "devices/pending.json": "00" }, "rows": [] },
    });
    world.write("clawmend/journal.json", journal.to_string());
    give_away(&world.root().join("home"));
    let before = world.text(key);
    let out = world.run(&["snapshot", "create"]);
    assert!(!out.panicked(), "{out}");
    assert_eq!(world.text(key), before, "{out}");
    out
}

/// A manifest that invents an owner and a mode: no file becomes root's, or a program.
pub fn a_manifest_invents_no_owner(_size: Size) -> String {
    crate::needs_root();
    let world = theirs();
    let id = snapshot_of(&world);
    let folder = format!("clawmend/snapshots/{id}");
    let text = b"#!/bin/sh\n";
    world.write(&format!("{folder}/files/evil"), text);
    let name = format!("{folder}/manifest.json");
    let mut manifest: serde_json::Value = serde_json::from_str(&world.text(&name)).unwrap();
    let entry = serde_json::json!({
        "store": "files", "path": "agents/evil", "name": "files/evil", "sha256": hex(text),
        "size": text.len(), "mode": 0o104_777, "uid": 0, "gid": 0, "rows": {},
    });
    manifest["entries"].as_array_mut().unwrap().push(entry);
    let text = manifest.to_string();
    let digest = format!("{}  manifest.json\n", hex(text.as_bytes()));
    world.write(&name, text);
    world.write(&format!("{folder}/manifest.sha256"), digest);
    std::fs::create_dir(world.path("agents")).unwrap();
    give_away(&world.root().join("home"));
    let out = world.run(&["restore", "--yes", "--force", &id]);
    assert!(!out.panicked(), "{out}");
    if let Ok(made) = world.path("agents/evil").symlink_metadata() {
        assert_eq!((made.uid(), made.mode() & 0o7113), (UID, 0), "{out}");
    }
    format!("exit {}", out.code.unwrap())
}

/// A snapshots folder of another user, or one that others can write: no key is copied there.
pub fn keys_go_to_no_folder_of_another_user(_size: Size) -> String {
    crate::needs_root();
    for (owner, mode) in [(65_500, 0o755), (UID, 0o777), (0, 0o775)] {
        let world = theirs();
        give_away(&world.root().join("home"));
        let there = world.root().join("there");
        std::fs::create_dir(&there).unwrap();
        lchown(&there, Some(owner), Some(65_500)).unwrap();
        std::fs::set_permissions(&there, std::fs::Permissions::from_mode(mode)).unwrap();
        let folder = there.display().to_string();
        for args in [&["snapshot", "create"][..], &["repair", "--yes"]] {
            let args = [&["--snapshot-dir", &folder][..], args].concat();
            let out = world.run(&args).expect(3);
            assert!(out.stderr.contains(&folder), "{out}");
        }
        assert_eq!(std::fs::read_dir(&there).unwrap().count(), 0);
    }
    "6 refusals, nothing written".to_owned()
}

/// clawmend's own folders in a state, of another user or open to all: no key is copied there, and no snapshot
/// that lies there is believed.
pub fn own_folders_of_another_user_are_refused(_size: Size) -> String {
    crate::needs_root();
    let mut refused = 0;
    let places = |id: &str| {
        let own = ["clawmend".to_owned(), "clawmend/snapshots".to_owned()];
        own.into_iter().chain([format!("clawmend/snapshots/{id}")])
    };
    for of_roots in [true, false] {
        for (owner, mode) in [(65_500, 0o700), (65_500, 0o755), (0, 0o777)] {
            for at in 0..3 {
                let world = theirs();
                let id = snapshot_of(&world);
                if !of_roots {
                    give_away(&world.root().join("home"));
                }
                let place = world.path(&places(&id).nth(at).unwrap());
                lchown(&place, Some(owner), Some(owner)).unwrap();
                std::fs::set_permissions(&place, std::fs::Permissions::from_mode(mode)).unwrap();
                let before = View::of(&world);
                let copies = || {
                    let all = std::fs::read_dir(world.path("clawmend/snapshots")).unwrap();
                    all.count()
                };
                let mut tried = vec![vec!["restore", "--yes", "--force", &id]];
                if at < 2 {
                    tried.extend([vec!["repair", "--yes"], vec!["snapshot", "create"]]);
                }
                for args in tried {
                    let out = world.run(&args).expect(3);
                    assert!(out.stderr.contains("chown -R"), "{args:?}: {out}");
                    assert_eq!(View::of(&world), before, "{args:?}: {out}");
                    assert_eq!(copies(), 1, "{args:?}: {out}");
                    refused += 1;
                }
            }
        }
    }
    format!("{refused} refusals, nothing written")
}

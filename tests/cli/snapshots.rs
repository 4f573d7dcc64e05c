//! Snapshots: made, listed, shown, verified, pruned, restored, refused.

use clawmend::exit::Exit;

use crate::support::{Sandbox, same};

fn repaired() -> Sandbox {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    sandbox
}

fn id(sandbox: &Sandbox) -> String {
    sandbox.run(&["snapshot", "list", "--json"]).json()["snapshots"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
#[cfg_attr(clawmend_portable, ignore = "owners and modes")]
fn list_and_show_read_well() {
    let sandbox = repaired();
    // The manifest is longer where the user's number is.
    let list = sandbox.run(&["snapshot", "list"]).text().replace("6.6 kB", "6.5 kB");
    same("snapshot-list", &list);
    same("snapshot-show", &sandbox.run(&["snapshot", "show"]).text());
}

#[test]
#[cfg_attr(clawmend_portable, ignore = "owners and modes")]
fn a_snapshot_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = repaired();
    for (path, _) in sandbox.tree(true).into_iter().filter(|(path, _)| path.starts_with("clawmend"))
    {
        let meta = sandbox.state().join(&path).metadata().unwrap();
        let allowed = if meta.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(meta.permissions().mode() & 0o7777 & !allowed, 0, "{}", path.display());
    }
}

#[test]
fn a_damaged_snapshot_is_refused_and_nothing_is_changed() {
    let sandbox = repaired();
    let piece =
        sandbox.path("clawmend/snapshots").join(id(&sandbox)).join("files/devices/paired.json");
    let mut bytes = std::fs::read(&piece).unwrap();
    bytes[10] ^= 1;
    std::fs::write(&piece, bytes).unwrap();
    let before = sandbox.tree(false);
    let run = sandbox.run(&["restore", "--yes"]);
    assert!(matches!(run.exit, Exit::Refused | Exit::Failed), "{}", run.text());
    assert_eq!(sandbox.tree(false), before);
    sandbox.run(&["snapshot", "verify"]).expect(Exit::Findings);
}

#[test]
fn restore_refuses_what_changed_since_unless_forced() {
    let sandbox = repaired();
    let mut paired = sandbox.json("devices/paired.json");
    paired["later"] = serde_json::json!({"deviceId": "later"});
    sandbox.write("devices/paired.json", paired.to_string());
    let before = sandbox.tree(false);
    let run = sandbox.run(&["restore", "--yes"]).expect(Exit::Refused);
    assert!(
        run.stderr.contains("devices/paired.json") && run.stderr.contains("--force"),
        "{}",
        run.text()
    );
    assert_eq!(sandbox.tree(false), before);
    sandbox.run(&["restore", "--yes", "--force"]).expect(Exit::Done);
    assert!(!sandbox.read("devices/paired.json").contains("later"));
}

#[test]
fn prune_previews_and_never_takes_the_last() {
    let sandbox = repaired();
    for _ in 0..3 {
        sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
    }
    let count = |sandbox: &Sandbox| {
        sandbox.run(&["snapshot", "list", "--json"]).json()["snapshots"].as_array().unwrap().len()
    };
    assert_eq!(count(&sandbox), 4);
    sandbox.run(&["snapshot", "prune", "--keep", "1", "--dry-run"]).expect(Exit::Done);
    assert_eq!(count(&sandbox), 4);
    sandbox.run(&["snapshot", "prune", "--keep", "1"]).expect(Exit::Refused);
    sandbox.run(&["snapshot", "prune", "--keep", "0", "--yes"]).expect(Exit::Done);
    assert_eq!(count(&sandbox), 1);
    sandbox.run(&["snapshot", "prune"]).expect(Exit::Usage);
}

#[test]
fn ids_are_found_by_their_start() {
    let sandbox = repaired();
    let id = id(&sandbox);
    sandbox.run(&["snapshot", "show", &id[..20]]).expect(Exit::Done);
    let run = sandbox.run(&["snapshot", "show", "1999"]);
    assert_ne!(run.exit, Exit::Done);
}

#[test]
fn an_empty_list_is_no_failure() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let before = sandbox.tree(true);
    sandbox.run(&["snapshot", "list"]).expect(Exit::Done);
    sandbox.run(&["restore", "--dry-run"]);
    assert_eq!(sandbox.tree(true), before);
}

/// Puts something in the database's place; a folder where there are no bytes for it.
fn spoil(sandbox: &Sandbox, bytes: Option<&str>) {
    let path = sandbox.path("state/openclaw.sqlite");
    match bytes {
        Some(bytes) => std::fs::write(path, bytes).unwrap(),
        None => {
            std::fs::remove_file(&path).unwrap();
            std::fs::create_dir(path).unwrap();
        }
    }
}

/// A snapshot without the database would pass for one that brings the devices back.
#[test]
fn with_a_database_that_cannot_be_read_no_snapshot_is_made_or_put_back_and_it_is_said() {
    let faults = [
        ("damaged", Some("SQLite format 3\0 and then nothing")),
        ("foreign", Some("not a database, and long enough to be told from a cut one")),
        ("empty", Some("")),
        ("a folder", None),
    ];
    for (name, bytes) in faults {
        let sandbox = Sandbox::fixture("2026.9.6-sqlite-read-only");
        sandbox.run(&["snapshot", "create", "--why", "whole"]).expect(Exit::Done);
        spoil(&sandbox, bytes);
        let before = sandbox.contents();
        let run = sandbox.run(&["snapshot", "create"]).expect(Exit::Failed);
        assert!(run.stderr.contains("no snapshot was made"), "{name}: {}", run.stderr);
        for args in [&["restore", "--dry-run"][..], &["restore", "--yes"]] {
            let run = sandbox.run(args);
            assert!(run.stdout.is_empty(), "{name}: {}", run.stdout);
            assert!(run.stderr.contains("nothing was changed"), "{name}: {}", run.stderr);
            let exit = if name == "a folder" { Exit::Refused } else { Exit::Failed };
            run.expect(exit);
        }
        let run = sandbox.run(&["snapshot", "list"]).expect(Exit::Done);
        assert!(run.stdout.starts_with("1 snapshot,"), "{}", run.stdout);
        // What needs no database goes on.
        for args in [&["list"][..], &["verify"], &["prune", "--keep", "1", "--yes"]] {
            sandbox.run(&[&["snapshot"], args].concat()).expect(Exit::Done);
        }
        assert_eq!(sandbox.contents(), before, "{name}");
    }
}

#[test]
fn a_held_database_is_named_with_what_to_do() {
    let sandbox = Sandbox::fixture("2026.9.6-sqlite-read-only");
    sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
    let holder = rusqlite::Connection::open(sandbox.path("state/openclaw.sqlite")).unwrap();
    holder.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    let run = sandbox.run(&["restore", "--yes"]).expect(Exit::Failed);
    assert!(run.stderr.contains("nothing was changed"), "{}", run.stderr);
    let told = ["holds the database", "locked"];
    assert!(told.iter().any(|word| run.stderr.contains(word)), "{}", run.stderr);
    let run = sandbox.run(&["diagnose"]).expect(Exit::Findings);
    assert!(run.stdout.contains("fuser -v"), "{}", run.stdout);
}

/// Where files count, the snapshot is made, and says what it lacks.
#[test]
fn a_snapshot_of_files_beside_a_damaged_database_says_what_it_lacks() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    std::fs::create_dir_all(sandbox.path("state")).unwrap();
    sandbox.write("state/openclaw.sqlite", "nonsense");
    let run = sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
    assert!(run.stderr.contains("nothing of it is in the snapshot"), "{}", run.stderr);
    let run = sandbox.run(&["snapshot", "create", "--json"]).expect(Exit::Done);
    let problem = run.json()["snapshots"][0]["problem"].to_string();
    assert!(problem.contains("could not be read"), "{problem}");
    let run = sandbox.run(&["restore", "--yes"]).expect(Exit::Done);
    assert!(run.stdout.contains("The database cannot be read now"), "{}", run.text());
}

#[test]
fn what_is_no_snapshot_is_neither_listed_nor_removed() {
    let sandbox = repaired();
    let home = sandbox.home();
    for other in ["Documents", "photos", "2026Z-x"] {
        std::fs::create_dir(home.join(other)).unwrap();
        std::fs::write(home.join(other).join("precious"), "1").unwrap();
    }
    let dir = home.display().to_string();
    let there = |args: &[&str]| sandbox.run(&[&["--snapshot-dir", &dir][..], args].concat());
    for _ in 0..2 {
        there(&["snapshot", "create"]).expect(Exit::Done);
    }
    there(&["snapshot", "prune", "--keep", "1", "--yes"]).expect(Exit::Done);
    let list = there(&["snapshot", "list", "--json"]).json();
    assert_eq!(list["snapshots"].as_array().unwrap().len(), 1);
    there(&["snapshot", "show"]).expect(Exit::Done);
    for other in ["Documents", "photos", "2026Z-x"] {
        assert!(home.join(other).join("precious").exists(), "{other}");
    }
}

#[cfg(all(unix, not(clawmend_portable)))]
#[test]
fn a_state_dir_behind_a_link_is_restored_too() {
    for fixture in ["2026.5.28-scope-upgrade-pending", "2026.9.6-sqlite-read-only"] {
        let sandbox = Sandbox::fixture(fixture);
        let link = sandbox.home().join("link");
        std::os::unix::fs::symlink(sandbox.state(), &link).unwrap();
        let link = link.display().to_string();
        let there = |args: &[&str]| sandbox.run(&[&["--state-dir", &link][..], args].concat());
        let findings = || there(&["diagnose", "--json"]).json()["findings"].clone();
        let before = findings();
        there(&["repair", "--yes"]).expect(Exit::Done);
        there(&["diagnose"]).expect(Exit::Done);
        there(&["snapshot", "verify"]).expect(Exit::Done);
        there(&["restore", "--yes"]).expect(Exit::Done);
        assert_eq!(findings(), before, "{fixture}");
    }
}

#[cfg(all(unix, not(clawmend_portable)))]
#[test]
fn a_linked_config_stays_and_the_pairing_is_taken_back() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let real = sandbox.home().join("dotfiles.json");
    let config = sandbox.path("openclaw.json");
    std::fs::rename(&config, &real).unwrap();
    std::os::unix::fs::symlink(&real, &config).unwrap();
    let before = sandbox.read("devices/paired.json");
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    std::fs::write(&real, "{ gateway: { mode: 'local' } }").unwrap();
    let restored = sandbox.run(&["restore", "--yes"]).expect(Exit::Done);
    assert!(restored.text().contains("so it stays as it is"));
    assert_eq!(sandbox.read("devices/paired.json"), before);
    assert_eq!(std::fs::read_to_string(&real).unwrap(), "{ gateway: { mode: 'local' } }");
}

#[test]
fn a_config_that_was_named_can_be_restored_and_that_taken_back() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let real = sandbox.home().join("named.json");
    let broken = "{ gateway: { mode: 'local', bind: 'local' } }";
    std::fs::write(&real, broken).unwrap();
    let named = real.display().to_string();
    sandbox.run(&["--config", &named, "repair", "--yes"]).expect(Exit::Done);
    let repaired = std::fs::read_to_string(&real).unwrap();
    assert_ne!(repaired, broken);
    // Whoever filled the snapshot can name any file in it: outside the state dir only the invoker says what the config is.
    let unnamed = sandbox.run(&["restore", "--yes"]).expect(Exit::Refused);
    assert!(unnamed.stderr.contains("with `--config /home/named.json`"), "{}", unnamed.text());
    assert_eq!(std::fs::read_to_string(&real).unwrap(), repaired);
    sandbox.run(&["--config", &named, "restore", "--yes"]);
    assert_eq!(std::fs::read_to_string(&real).unwrap(), broken);
    sandbox.run(&["--config", &named, "restore", "--yes"]);
    assert_eq!(std::fs::read_to_string(&real).unwrap(), repaired);
}

#[test]
fn a_shared_snapshots_folder_mixes_no_states() {
    let ours = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let other = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let shared = ours.home().join("shared").display().to_string();
    let at = |sandbox: &Sandbox, args: &[&str]| {
        sandbox.run(&[&["--snapshot-dir", &shared][..], args].concat())
    };
    at(&ours, &["repair", "--yes"]).expect(Exit::Done);
    other.now_ms.set(other.now_ms.get() + 60_000);
    at(&other, &["snapshot", "create"]).expect(Exit::Done);
    let mine = at(&ours, &["snapshot", "list", "--json"]).json();
    let ids: Vec<_> = mine["snapshots"].as_array().unwrap().iter().collect();
    assert_eq!(ids.len(), 2);
    assert!(ids[0]["problem"].as_str().unwrap().contains("another state dir"));
    assert!(ids[1]["problem"].is_null());
    // The newest is not ours, and named it is refused.
    let named = ids[0]["id"].as_str().unwrap();
    let refused = at(&ours, &["restore", "--yes", named]).expect(Exit::Refused);
    assert!(refused.stderr.contains("copy its folder into"), "{}", refused.stderr);
    let back = at(&ours, &["restore", "--yes"]).expect(Exit::Done);
    assert!(back.stderr.contains(ids[1]["id"].as_str().unwrap()), "{}", back.stderr);
    at(&ours, &["snapshot", "verify"]).expect(Exit::Done);
    at(&ours, &["snapshot", "prune", "--keep", "1", "--yes"]).expect(Exit::Done);
    let left = at(&ours, &["snapshot", "list", "--json"]).json();
    let left = left["snapshots"].as_array().unwrap();
    assert_eq!(left.len(), 2);
    assert!(left.iter().any(|one| one["id"] == named), "{left:?}");
}

#[test]
fn a_manifest_that_names_a_file_twice_is_one_that_somebody_edited() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    let list = sandbox.run(&["snapshot", "list", "--json"]).json();
    let id = list["snapshots"][0]["id"].as_str().unwrap();
    let name = format!("clawmend/snapshots/{id}/manifest.json");
    let mut manifest = sandbox.json(&name);
    let entries = manifest["entries"].as_array_mut().unwrap();
    entries.push(entries[0].clone());
    let text = manifest.to_string();
    let digest = clawmend::snapshot::manifest::digest_of(text.as_bytes());
    sandbox.write(&name, text);
    sandbox.write(&format!("clawmend/snapshots/{id}/manifest.sha256"), digest);
    let refused = sandbox.run(&["restore", "--yes"]).expect(Exit::Refused);
    assert!(refused.stderr.contains("twice"), "{}", refused.stderr);
}

/// Somebody else builds a snapshot in a shared folder, and an interrupted run of this state is taken back as the
/// lock is taken: there is nothing more to sweep, and no second lock to wait for.
#[test]
fn prune_waits_for_no_lock_of_its_own() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let shared = sandbox.home().join("shared");
    let shared = shared.to_str().unwrap();
    sandbox.run(&["--snapshot-dir", shared, "snapshot", "create"]).expect(Exit::Done);
    let list = sandbox.run(&["--snapshot-dir", shared, "snapshot", "list", "--json"]).json();
    let journal = serde_json::json!({
        "schema": 1, "tool": "x", "command": "repair", "snapshot": list["snapshots"][0]["id"], "snapshots": shared,
        "startedAtMs": 1, "pid": 1, "before": {}, "after": { "files": {}, "rows": [] },
    });
    sandbox.write("clawmend/journal.json", journal.to_string());
    let theirs = std::path::Path::new(shared).join(".clawmend-00000000-0123456789abcdef.tmp");
    std::fs::create_dir(&theirs).unwrap();
    let held = std::fs::File::open(&theirs).unwrap();
    held.lock().unwrap();
    let run = sandbox.run(&["--snapshot-dir", shared, "snapshot", "prune", "--keep", "5", "--yes"]);
    let run = run.expect(Exit::Done);
    assert!(run.stderr.contains("interrupted"), "{}", run.text());
    assert!(theirs.is_dir());
}

/// Where a sample begins: another place in each run.
fn seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::from(now.subsec_nanos())
}

/// Every bit of a manifest and of its checksum; a sample of the bits of all files, through a restore. With
/// `CLAWMEND_FLIPS=all` a bit of each byte (a step of `ci/full`).
#[test]
fn a_flipped_bit_of_a_snapshot_is_never_restored_as_done() {
    let mut tried = 0;
    for fixture in ["2026.5.28-scope-upgrade-pending", "2026.9.6-sqlite-read-only"] {
        let sandbox = Sandbox::fixture(fixture);
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
        let list = sandbox.run(&["snapshot", "list", "--json"]).json();
        let id = list["snapshots"][0]["id"].as_str().unwrap().to_owned();
        let folder = format!("clawmend/snapshots/{id}");
        let read = |name: &str| std::fs::read(sandbox.path(&format!("{folder}/{name}"))).unwrap();
        let (manifest, digest) = (read("manifest.json"), read("manifest.sha256"));
        let parse = clawmend::snapshot::Manifest::parse;
        parse(&manifest, Some(&digest)).unwrap();
        for at in 0..8 * manifest.len() {
            let mut flipped = manifest.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            assert!(parse(&flipped, Some(&digest)).is_err(), "bit {at} of the manifest");
        }
        for at in 0..8 * digest.len() {
            let mut flipped = digest.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            assert!(parse(&manifest, Some(&flipped)).is_err(), "bit {at} of the checksum");
        }
        let seed = seed();
        let repaired = sandbox.contents();
        let files = sandbox
            .tree(true)
            .into_keys()
            .filter(|path| path.starts_with(&folder) && sandbox.state().join(path).is_file());
        for (number, path) in files.enumerate() {
            let path = sandbox.state().join(path);
            let whole = std::fs::read(&path).unwrap();
            let bits = 8 * whole.len() as u64;
            let turns = if std::env::var_os("CLAWMEND_FLIPS").is_some() { bits / 8 } else { 4 };
            tried += turns;
            for turn in 0..turns {
                let at = (seed / (number as u64 + 1) + turn * bits / turns) % bits;
                let mut flipped = whole.clone();
                flipped[(at / 8) as usize] ^= 1 << (at % 8);
                std::fs::write(&path, &flipped).unwrap();
                let what = format!("seed {seed}: bit {at} of {}", path.display());
                let run = sandbox.run(&["restore", "--yes", "--force", &id]);
                assert!(
                    !run.stdout.contains("Done") && run.exit != Exit::Done,
                    "{what}: {}",
                    run.text()
                );
                assert_eq!(sandbox.contents(), repaired, "{what}");
                assert_eq!(
                    sandbox.run(&["snapshot", "verify", &id]).exit,
                    Exit::Findings,
                    "{what}"
                );
            }
            std::fs::write(&path, &whole).unwrap();
        }
        sandbox.run(&["restore", "--yes", &id]).expect(Exit::Done);
    }
    println!("{tried} bits of whole snapshots flipped, none restored");
}

#[test]
fn the_newest_snapshot_is_the_last_one_taken_whatever_the_clock_says() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let taken = |why: &str, now_ms: i64| {
        sandbox.now_ms.set(now_ms);
        sandbox.write("devices/bootstrap.json", format!("{{\"{why}\": {{}}}}"));
        sandbox.run(&["snapshot", "create", "--why", why]).expect(Exit::Done);
    };
    let now = crate::support::NOW_MS;
    taken("one", now);
    taken("two", now + 86_400_000);
    // The clock goes back by a year.
    taken("three", now - 365 * 86_400_000);
    taken("four", now - 365 * 86_400_000 - 5);
    let names = || -> Vec<String> {
        let list = sandbox.run(&["snapshot", "list", "--json"]).json();
        let all = list["snapshots"].as_array().unwrap();
        all.iter().map(|one| one["why"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(), ["four", "three", "two", "one"]);
    let shown = sandbox.run(&["snapshot", "show"]).expect(Exit::Done);
    assert!(shown.stdout.contains("-four\n"), "{}", shown.text());
    sandbox.write("devices/bootstrap.json", "{}");
    sandbox.run(&["restore", "--yes"]).expect(Exit::Done);
    assert!(sandbox.read("devices/bootstrap.json").contains("four"));
    // What `To undo` names is the last to go.
    sandbox.run(&["snapshot", "prune", "--keep", "2", "--yes"]).expect(Exit::Done);
    assert_eq!(names(), ["before-restore", "four"]);
    // One that cannot be read is not overlooked.
    let list = sandbox.run(&["snapshot", "list", "--json"]).json();
    let newest = list["snapshots"][0]["id"].as_str().unwrap();
    sandbox.write(&format!("clawmend/snapshots/{newest}/manifest.json"), "{");
    sandbox.run(&["restore", "--yes"]).expect(Exit::Failed);
}

#[test]
fn old_snapshots_go_by_themselves_and_that_is_said() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let create =
        |more: &[&str]| sandbox.run(&[&["snapshot", "create"], more].concat()).expect(Exit::Done);
    let count = || {
        let list = sandbox.run(&["snapshot", "list", "--json"]).json();
        list["snapshots"].as_array().unwrap().len()
    };
    for _ in 0..21 {
        create(&["--keep-all"]);
    }
    assert_eq!(count(), 21);
    let run = create(&[]);
    assert!(run.stderr.contains("2 old snapshots were removed"), "{}", run.text());
    assert_eq!(count(), 20);
    // A run that takes one drops one, unless it is told not to; the one to undo it stays.
    let run = sandbox.run(&["repair", "--yes", "--keep-all"]).expect(Exit::Done);
    assert!(!run.stderr.contains("removed"), "{}", run.text());
    assert_eq!(count(), 21);
    let run = sandbox.run(&["restore", "--yes"]).expect(Exit::Done);
    assert!(
        run.stderr.contains("were removed") && run.stderr.contains("--keep-all"),
        "{}",
        run.text()
    );
    assert_eq!(count(), 20);
    let id = run.stdout.split("restore ").nth(1).unwrap().trim();
    sandbox.run(&["restore", "--yes", id]).expect(Exit::Done);
}

#[test]
fn what_a_killed_run_left_is_named_and_swept() {
    for command in [
        &["repair", "--yes"][..],
        &["snapshot", "create"],
        &["restore", "--yes", "--force"],
        &["snapshot", "prune", "--keep", "9"],
    ] {
        let sandbox = repaired();
        let left = "clawmend/snapshots/.clawmend-snapshot-0a1b2c3d4e5f.tmp";
        let left = match std::fs::read_dir(sandbox.path("clawmend/snapshots")) {
            Ok(_) => left,
            Err(error) => panic!("{error}"),
        };
        sandbox.write(&format!("{left}/files/identity/device.json"), "{}");
        let name = left.rsplit('/').next().unwrap();
        for look in [
            &["diagnose"][..],
            &["diagnose", "--json"],
            &["snapshot", "list"],
            &["repair", "--dry-run"],
        ] {
            let run = sandbox.run(look);
            assert!(look[0] == "repair" || run.text().contains(name), "{}", run.text());
            assert!(sandbox.path(left).exists());
        }
        sandbox.run(command).expect(Exit::Done);
        assert!(!sandbox.path(left).exists(), "{command:?}");
        assert!(!sandbox.run(&["diagnose"]).text().contains("half-made"));
    }
}

#[test]
fn what_is_not_there_has_one_exit_code() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let commands: [&[&str]; 7] = [
        &["restore"],
        &["restore", "20991231", "--yes"],
        &["snapshot", "show", "20991231"],
        &["snapshot", "verify", "20991231"],
        &["snapshot", "show"],
        &["undo", "--yes"],
        &["approve", "no-such-request", "--yes"],
    ];
    for args in commands {
        sandbox.run(args).expect(Exit::Refused);
    }
    sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
    for args in commands.into_iter().filter(|args| args.len() > 2) {
        sandbox.run(args).expect(Exit::Refused);
    }
}

/// What a killed run left under its temp names is told wherever it lies, and gone after the next command that may write.
#[test]
fn temp_files_of_a_killed_run_are_named_and_swept() {
    let names = ["", "clawmend/", "devices/", "identity/"]
        .map(|folder| format!("{folder}.clawmend-5bba1bca-0123456789abcdef.tmp"));
    for fixture in ["2026.5.28-scope-upgrade-pending", "2026.9.6-sqlite-read-only"] {
        let commands = [
            &["repair", "--yes"][..],
            &["undo", "--yes"],
            &["snapshot", "create"],
            &["snapshot", "prune", "--keep", "20"],
        ];
        for command in commands {
            let sandbox = Sandbox::fixture(fixture);
            // Also where there is nothing else to do.
            sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
            names.iter().for_each(|name| sandbox.write(name, "left"));
            for args in [&["diagnose", "-v"][..], &["diagnose", "--json"], &["snapshot", "list"]] {
                let run = sandbox.run(args);
                for name in &names {
                    let is_named = run.text().lines().any(|line| line.contains(name.as_str()));
                    assert!(is_named, "{args:?}: {name}: {}", run.text());
                }
                assert!(!run.text().contains("of OpenClaw"), "{args:?}: {}", run.text());
            }
            let run = sandbox.run(command);
            for name in &names {
                assert!(!sandbox.path(name).exists(), "{command:?}: {name}: {}", run.text());
            }
            assert!(!sandbox.run(&["diagnose", "--json"]).stdout.contains("temp-files-left"));
        }
    }
}

/// Builds of the third layout before the first release kept `fields` within `after`.
#[test]
fn a_snapshot_of_an_early_build_is_undone() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let before = sandbox.read("devices/paired.json");
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    let list = sandbox.run(&["snapshot", "list", "--json"]).json();
    let folder = format!("clawmend/snapshots/{}", list["snapshots"][0]["id"].as_str().unwrap());
    let text = sandbox.read(&format!("{folder}/manifest.json"));
    let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    manifest["after"]["fields"] = manifest.as_object_mut().unwrap().remove("fields").unwrap();
    let text = manifest.to_string();
    sandbox.write(&format!("{folder}/manifest.json"), &text);
    let digest = clawmend::snapshot::manifest::digest_of(text.as_bytes());
    sandbox.write(&format!("{folder}/manifest.sha256"), digest);
    // Whether something was changed since is told by these fields.
    let text = sandbox.read("devices/paired.json");
    sandbox.write("devices/paired.json", text + "\n");
    sandbox.run(&["undo", "--yes"]).expect(Exit::Done);
    assert_eq!(sandbox.read("devices/paired.json"), before);
}

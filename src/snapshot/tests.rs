#![cfg(all(unix, not(clawmend_portable)))]

use super::*;
use crate::store::json::JsonStore;
use crate::store::sqlite::SqliteStore;
use crate::store::{Source, Stores};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

struct Home {
    dir: tempfile::TempDir,
    snapshots: PathBuf,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("devices")).unwrap();
        std::fs::write(dir.path().join("devices/paired.json"), "{\"a\":1}").unwrap();
        std::fs::write(dir.path().join("devices/old.json.migrated"), "{}").unwrap();
        let snapshots = dir.path().join("clawmend/snapshots");
        Self { dir, snapshots }
    }

    fn stores(&self) -> Stores {
        let config = self.dir.path().join("openclaw.json");
        Stores {
            files: JsonStore::new(self.dir.path(), vec![config]),
            sqlite: SqliteStore::new(self.dir.path(), std::time::Duration::ZERO),
        }
    }

    fn create(&self, now_ms: i64) -> Result<Snapshot, Error> {
        create(&Create {
            state_dir: &self.dir.path().into(),
            snapshots: &self.snapshots,
            stores: &self.stores(),
            why: "by hand",
            command: "clawmend snapshot create",
            now_ms,
            changes: None,
            model: None,
        })
    }

    fn open(&self, id: &str) -> Result<Snapshot, Error> {
        open(&self.dir.path().into(), &self.snapshots, id)
    }

    fn list(&self) -> Vec<Summary> {
        list(&self.dir.path().into(), &self.snapshots).unwrap().own
    }
}

#[test]
fn it_is_whole_private_and_says_what_was_absent() {
    let home = Home::new();
    let made = home.create(0).unwrap();
    assert_eq!(made.id, "19700101T000000.000Z-by-hand");
    let opened = home.open(&made.id).unwrap();
    assert_eq!(opened.manifest, made.manifest);
    assert_eq!(opened.verify().unwrap(), Vec::<String>::new());
    assert_eq!(opened.get("files/devices/paired.json").unwrap(), b"{\"a\":1}");
    assert_eq!(opened.get("files/devices/old.json.migrated").unwrap(), b"{}");
    let absent: Vec<_> = opened
        .manifest
        .entries
        .iter()
        .filter(|entry| entry.name.is_none())
        .map(|entry| entry.path.as_str())
        .collect();
    assert!(absent.contains(&"openclaw.json") && absent.contains(&"identity/device.json"));
    for (path, mode) in [("", 0o700), ("manifest.json", 0o600), ("files/devices", 0o700)] {
        let meta = std::fs::metadata(opened.path().join(path)).unwrap();
        assert_eq!(meta.permissions().mode() & 0o7777, mode, "{path}");
    }
    assert_eq!(std::fs::read_dir(&home.snapshots).unwrap().count(), 1);
    // The same moment again: its own id.
    assert_eq!(home.create(0).unwrap().id, "19700101T000000.001Z-by-hand");
}

#[test]
fn a_failed_one_is_not_there_at_all_and_an_orphan_is_swept() {
    let home = Home::new();
    // The files can be captured; the database is another's for now.
    let database = home.dir.path().join(crate::model::layout::DATABASE);
    std::fs::create_dir(database.parent().unwrap()).unwrap();
    let theirs = rusqlite::Connection::open(&database).unwrap();
    theirs.execute_batch("CREATE TABLE t (x); BEGIN EXCLUSIVE").unwrap();
    home.create(0).unwrap_err();
    drop(theirs);
    assert_eq!(std::fs::read_dir(&home.snapshots).unwrap().count(), 0);
    let orphan = |folder: &std::path::Path| {
        let orphan = folder.join(crate::files::replace::temp_name("snapshot".as_ref()));
        std::fs::create_dir_all(orphan.join("files")).unwrap();
        std::fs::write(orphan.join("files/x"), "half").unwrap();
        orphan
    };
    let own = orphan(&home.snapshots);
    assert!(home.list().is_empty());
    assert_eq!(sweep(&home.dir.path().into(), &home.snapshots).unwrap(), 1);
    assert!(!own.exists());
    // Somebody still builds it, in a folder of several states.
    let shared = tempfile::tempdir().unwrap();
    let other = orphan(shared.path());
    let held: Dir = Dir::open(&other).unwrap();
    let held = held.try_hold().unwrap();
    assert_eq!(sweep(&home.dir.path().into(), shared.path()).unwrap(), 0);
    drop(held);
    assert_eq!(sweep(&home.dir.path().into(), shared.path()).unwrap(), 1);
    assert!(!other.exists());
}

#[test]
fn damage_of_any_kind_is_found_and_refused() {
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 6] = [
        ("checksum", |dir| {
            std::fs::write(dir.join("files/devices/paired.json"), "{\"a\":2}").unwrap()
        }),
        ("size", |dir| std::fs::write(dir.join("files/devices/paired.json"), "").unwrap()),
        ("missing", |dir| std::fs::remove_file(dir.join("files/devices/paired.json")).unwrap()),
        ("not in the manifest", |dir| std::fs::write(dir.join("files/extra"), "").unwrap()),
        ("symbolic link", |dir| {
            let piece = dir.join("files/devices/paired.json");
            std::fs::remove_file(&piece).unwrap();
            std::os::unix::fs::symlink("/etc/passwd", piece).unwrap();
        }),
        ("missing", |dir| std::fs::remove_dir_all(dir.join("files")).unwrap()),
    ];
    for (word, harm) in harms {
        let home = Home::new();
        let made = home.create(0).unwrap();
        harm(made.path());
        let opened = home.open(&made.id).unwrap();
        let problems = opened.verify().unwrap();
        assert!(problems.iter().any(|problem| problem.contains(word)), "{word}: {problems:?}");
        assert!(opened.check().is_err());
    }
}

#[test]
fn a_manifest_that_lies_is_refused() {
    let home = Home::new();
    std::fs::write(home.dir.path().join("openclaw.json"), "{}").unwrap();
    let made = home.create(0).unwrap();
    let path = made.path().join("manifest.json");
    let text = std::fs::read_to_string(&path).unwrap();
    // Whoever lies makes the checksum anew.
    let write = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let digest = manifest::digest_of(text.as_bytes());
        std::fs::write(made.path().join("manifest.sha256"), digest).unwrap();
    };
    for (from, to) in [
        ("files/devices/paired.json", "../../../devices/paired.json"),
        ("files/devices/paired.json", "/etc/passwd"),
        ("files/devices/paired.json", "manifest.json"),
        ("files/devices/paired.json", "manifest.sha256"),
        ("\"schema\": 3", "\"schema\": 4"),
        ("\"schema\": 3", "\"schema\": 0"),
        ("\"files\"", "\"filet\""),
        ("\"openclaw.json\"", "\"../outside\""),
        ("\"openclaw.json\"", "\"./openclaw.json\""),
        ("\"openclaw.json\"", "\"openclaw.json/\""),
        ("\"openclaw.json\"", "\"devices/../../out.json\""),
        ("\"openclaw.json\"", "\"/etc/../etc/x\""),
        ("\"openclaw.json\"", "\"clawmend/lock\""),
        ("\"openclaw.json\"", "\"state/openclaw.sqlite-wal\""),
        ("\"mode\"", "\"mude\""),
        ("\"entries\"", "\"entires\""),
        ("{", ""),
    ] {
        write(&text.replacen(from, to, 1));
        home.open(&made.id).unwrap_err();
        assert!(home.list()[0].problem.is_some(), "{to}");
    }
    // A path that is not of the config is refused when the way back is asked for.
    for lie in [
        ".env",
        "OPENCLAW.JSON",
        "skills/x.js",
        "devices/below/x.json",
        "devices/old.sh",
        "identitx/device.json",
        "clawmend/x.json",
        "/etc/cron.d/x",
    ] {
        write(&text.replace("\"openclaw.json\"", &format!("\"{lie}\"")));
        let opened = home.open(&made.id).unwrap();
        let entries = &opened.manifest.entries;
        let way = home.stores().changes_to(&Default::default(), entries, &opened);
        assert_eq!(way.unwrap_err().exit(), crate::exit::Exit::Refused, "{lie}");
    }
    // Without its checksum, or with that of another.
    std::fs::write(&path, &text).unwrap();
    home.open(&made.id).unwrap_err();
    std::fs::remove_file(made.path().join("manifest.sha256")).unwrap();
    home.open(&made.id).unwrap_err();
    // One of the first layout had none: it is taken, and says so.
    let first =
        text.replacen("\"schema\": 3", "\"schema\": 1", 1).replacen("  \"sequence\": 1,\n", "", 1);
    std::fs::write(&path, first).unwrap();
    let opened = home.open(&made.id).unwrap();
    assert!(opened.unchecked().unwrap().contains("no checksum"));
    assert_eq!(opened.verify().unwrap(), Vec::<String>::new());
    // Newer: listed and named, not restored.
    write("{\"schema\":7,\"tool\":\"clawmend 9\",\"createdAtMs\":5,\"why\":\"w\"}");
    let listed = &home.list()[0];
    assert_eq!((listed.time_ms, listed.why.as_str()), (Some(5), "w"));
    assert!(listed.problem.as_deref().unwrap().contains("newer clawmend (clawmend 9)"));
}

#[test]
fn ids_by_prefix() {
    let home = Home::new();
    for now_ms in [0, 1, 86_400_000] {
        home.create(now_ms).unwrap();
    }
    let list = home.list();
    let listed = Listed { own: list.clone(), ..Listed::default() };
    let find = |wanted: &str| find(&listed, wanted).map(|found| found.id.clone());
    assert_eq!(find("latest").unwrap(), "19700102T000000.000Z-by-hand");
    assert_eq!(find("19700102").unwrap(), find("latest").unwrap());
    assert_eq!(find("19700101T000000.001").unwrap(), list[1].id);
    assert_eq!(find("19700101").unwrap_err().hints().len(), 2);
    assert!(find("2").is_err() && find("").is_err());
    remove(&home.dir.path().into(), &home.snapshots, &list[1].id).unwrap();
    assert_eq!(home.list().len(), 2);
    assert_eq!(std::fs::read_dir(&home.snapshots).unwrap().count(), 2);
}

fn summary(place: usize, age_days: i64, whole: bool) -> Summary {
    Summary {
        sequence: 0,
        previous: None,
        id: format!("{place}"),
        time_ms: Some(-age_days * 86_400_000),
        why: String::new(),
        command: String::new(),
        size: 1,
        problem: (!whole).then(String::new),
    }
}

#[test]
fn by_default_the_last_twenty_stay_and_one_a_day_for_two_weeks() {
    // Ten a day for thirty days, the newest first.
    let mut list: Vec<Summary> =
        (0..300).map(|place| summary(place, place as i64 / 10, true)).collect();
    let kept = |list: &[Summary]| -> Vec<usize> {
        let verdicts = choose(list, 0, DEFAULT);
        (0..list.len()).filter(|place| !verdicts[*place].remove).collect()
    };
    let days = (2..14).map(|day| day * 10);
    assert_eq!(kept(&list), (0..20).chain(days).collect::<Vec<_>>());
    // Those that the clock before it went back says are of days to come: one of each.
    for summary in &mut list[40..60] {
        summary.time_ms = Some(5 * 86_400_000);
    }
    assert!(kept(&list).contains(&40) && !kept(&list).contains(&41));
    // With no more than twenty none goes.
    assert_eq!(kept(&list[..20]).len(), 20);
}

proptest::proptest! {
    #[test]
    fn pruning_keeps_what_it_must(
        mut ages in proptest::collection::vec((0..100_i64, proptest::bool::ANY), 0..12),
        keep in proptest::option::of(0..5_usize),
        days in proptest::option::of(0..60_i64),
    ) {
        ages.sort();
        let list: Vec<_> = ages.iter().enumerate()
            .map(|(place, (age, whole))| summary(place, *age, *whole)).collect();
        let rule = Retention { keep, daily: None, older_than_ms: days.map(|days| days * 86_400_000) };
        let verdicts = choose(&list, 0, rule);
        proptest::prop_assert_eq!(verdicts.len(), list.len());
        let stays = |place: usize| !verdicts[place].remove;
        if !list.is_empty() {
            proptest::prop_assert!((0..list.len()).any(stays));
        }
        if let Some(newest) = list.iter().position(|summary| summary.problem.is_none()) {
            proptest::prop_assert!(stays(newest));
        }
        for (place, (age, _)) in ages.iter().enumerate() {
            if keep.is_some_and(|keep| place < keep) || days.is_some_and(|days| *age <= days) {
                proptest::prop_assert!(stays(place));
            }
            if keep.is_none() && days.is_none() {
                proptest::prop_assert!(stays(place));
            }
            proptest::prop_assert!(!verdicts[place].reason.is_empty());
        }
    }

    #[test]
    fn any_bytes_as_a_manifest_or_a_journal_are_an_error_and_no_panic(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
    ) {
        let _ = Manifest::parse(&bytes, None);
        let _ = crate::journal::parse(&bytes);
    }
}

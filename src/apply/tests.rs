#![cfg(all(unix, not(clawmend_portable)))]

use super::*;
use crate::image::{Cell, Images, Slot};
use crate::journal::{Interrupted, RecoveryOutcome, interrupted, recover};
use crate::model::Model;
use crate::model::facts::Facts;
use crate::model::layout::Part;
use crate::plan::{After, FileChange, RowChange, RowOp};
use crate::store::Stores;
use crate::store::json::JsonStore;
use crate::store::sqlite::SqliteStore;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

struct Home {
    dir: tempfile::TempDir,
    stores: Stores,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("devices")).unwrap();
        std::fs::write(dir.path().join("devices/paired.json"), "{\"a\":1}").unwrap();
        std::fs::write(dir.path().join("devices/pending.json"), "{}").unwrap();
        std::fs::write(dir.path().join("openclaw.json"), "{}").unwrap();
        let files = JsonStore::new(dir.path(), vec![dir.path().join("openclaw.json")]);
        let sqlite = SqliteStore::new(dir.path(), Duration::ZERO);
        Self { dir, stores: Stores { files, sqlite } }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn snapshots(&self) -> PathBuf {
        self.path("clawmend/snapshots")
    }

    fn now(&self) -> Images {
        self.stores.read().unwrap()
    }

    fn lock(&self) -> Lock {
        Lock::take(&self.dir.path().into(), 1, Duration::ZERO).unwrap()
    }

    /// Everything that OpenClaw reads.
    fn tree(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        for folder in ["", "devices", "identity"] {
            for entry in std::fs::read_dir(self.path(folder)).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    found.insert(path.clone(), std::fs::read(path).unwrap());
                }
            }
        }
        found
    }

    fn changes(&self) -> Changes {
        let now = self.now();
        let change = |slot: Slot, after: After| FileChange {
            before: now.text(&slot).unwrap().clone(),
            slot,
            after,
        };
        let whole =
            |text: &str| After::Whole { bytes: text.as_bytes().to_vec().into(), meta: None };
        Changes {
            files: vec![
                change(Slot::File(Part::Paired), whole("{\"a\":2}")),
                change(Slot::File(Part::Pending), After::Absent),
                change(Slot::File(Part::DeviceAuth), whole("{\"version\":1}")),
                change(Slot::Config(self.path("openclaw.json")), whole("{x:1}")),
            ],
            ..Changes::default()
        }
    }

    fn apply(&self, changes: &Changes, lock: &Lock) -> Result<Applied, CommitError> {
        let inputs = Create {
            state_dir: &self.dir.path().into(),
            stores: &self.stores,
            snapshots: &self.snapshots(),
            now_ms: 1_790_000_000_123,
            why: "before-repair",
            command: "clawmend repair",
            changes: None,
            model: None,
        };
        apply(&inputs, changes, lock)
    }

    fn recover(&self, lock: &Lock) -> Result<Option<journal::Recovered>, Error> {
        let stores = || Ok(self.stores.clone());
        recover(&self.dir.path().into(), &self.snapshots(), lock, stores)
    }

    fn model(&self, images: Images) -> Model {
        Model::of(images, Facts { state_dir: self.dir.path().to_owned(), ..Facts::default() })
    }

    fn snapshot_ids(&self) -> Vec<String> {
        let list = snapshot::list(&self.dir.path().into(), &self.snapshots()).unwrap();
        list.own.into_iter().map(|summary| summary.id).collect()
    }
}

#[test]
fn there_and_back_and_there_again() {
    let home = Home::new();
    let lock = home.lock();
    let first = home.tree();
    let changes = home.changes();
    let applied = home.apply(&changes, &lock).unwrap();
    assert_eq!(applied.notes, Vec::<String>::new());
    let id = applied.snapshot;
    assert_eq!(id, "20260921T141320.123Z-before-repair");
    let repaired = home.tree();
    assert_ne!(repaired, first);
    assert_eq!(interrupted(&home.dir.path().into()).unwrap(), None);

    let restore = |id: &str| {
        let snapshot = snapshot::open(&home.dir.path().into(), &home.snapshots(), id).unwrap();
        snapshot.check().unwrap();
        let now = home.now();
        let back = home.stores.changes_to(&now, &snapshot.manifest.entries, &snapshot).unwrap();
        let model = home.model(now);
        let since = snapshot::changed_since(&snapshot.manifest, &model, &back);
        assert_eq!(since, snapshot::Since::default());
        home.apply(&back, &lock).unwrap().snapshot
    };
    let second = restore(&id);
    assert_eq!(home.tree(), first);
    restore(&second);
    assert_eq!(home.tree(), repaired);

    std::fs::write(home.path("devices/paired.json"), "{\"new\":1}").unwrap();
    let snapshot = snapshot::open(&home.dir.path().into(), &home.snapshots(), &id).unwrap();
    let now = home.now();
    let back = home.stores.changes_to(&now, &snapshot.manifest.entries, &snapshot).unwrap();
    let since = snapshot::changed_since(&snapshot.manifest, &home.model(now), &back);
    let lost = [
        "a device was removed, and would be paired again (`devices/paired.json`)",
        "a device was paired (`devices/paired.json`)",
    ];
    assert_eq!(since.lost, lost);
}

#[test]
fn a_file_that_moved_leaves_everything_and_no_snapshot() {
    let home = Home::new();
    let lock = home.lock();
    let changes = home.changes();
    std::fs::write(home.path("openclaw.json"), "{y:1}").unwrap();
    let before = home.tree();
    let moved = home.apply(&changes, &lock);
    assert!(matches!(moved, Err(CommitError::Stale(_))), "{moved:?}");
    assert_eq!(home.tree(), before);
    assert!(!home.path("identity").exists());
    assert_eq!(home.snapshot_ids(), Vec::<String>::new());
    assert_eq!(interrupted(&home.dir.path().into()).unwrap(), None);
}

#[test]
fn where_the_database_fails_the_files_go_back() {
    let home = Home::new();
    let before = home.tree();
    let inode = |name: &str| {
        let meta = std::fs::metadata(home.path(name)).unwrap();
        std::os::unix::fs::MetadataExt::ino(&meta)
    };
    let paired = inode("devices/paired.json");
    let key = vec![("device_id".to_owned(), Cell::Text("x".to_owned()))];
    let row = RowChange { part: Part::Paired, key: key.clone(), op: RowOp::Delete(key) };
    // There is no database.
    let changes = Changes { rows: vec![row], ..home.changes() };
    match home.stores.commit(&changes) {
        Err(CommitError::Failed(error)) => assert_eq!(error.kind(), Kind::Failed),
        other => panic!("{other:?}"),
    }
    assert_eq!(home.tree(), before);
    assert_eq!(inode("devices/paired.json"), paired);
    assert!(!home.path("identity").exists());
    // With nothing of it in the snapshot it is not tried either.
    let refused = home.apply(&changes, &home.lock());
    assert!(matches!(&refused, Err(CommitError::Failed(error)) if error.kind() == Kind::Refused));
    assert_eq!(home.tree(), before);
    assert_eq!(home.snapshot_ids(), Vec::<String>::new());
}

/// Everything up to the commit, as a killed run leaves it.
fn interrupted_before_commit(home: &Home) -> Changes {
    let changes = home.changes();
    let snapshot = snapshot::create(&Create {
        state_dir: &home.dir.path().into(),
        snapshots: &home.snapshots(),
        stores: &home.stores,
        why: "before-repair",
        command: "clawmend repair",
        now_ms: 5,
        changes: Some(&changes),
        model: None,
    })
    .unwrap();
    let record = RunRecord::new(&snapshot, &home.snapshots(), 5);
    journal::open(&home.dir.path().into(), &record).unwrap();
    changes
}

#[test]
fn every_half_way_state_is_taken_back_or_finished() {
    for done in 0..16_usize {
        let home = Home::new();
        let lock = home.lock();
        let before = home.tree();
        let changes = interrupted_before_commit(&home);
        assert!(matches!(interrupted(&home.dir.path().into()), Ok(Some(Interrupted::Apply(_)))));
        let some = Changes {
            files: (0..4)
                .filter(|bit| done & (1 << bit) != 0)
                .map(|bit| changes.files[bit].clone())
                .collect(),
            ..Changes::default()
        };
        home.stores.commit(&some).unwrap();
        let temp = crate::files::replace::temp_name("paired.json".as_ref());
        std::fs::write(home.path("devices").join(temp), "{\"a\":1}").unwrap();
        let repaired = home.tree();
        let recovered = home.recover(&lock).unwrap().unwrap();
        let (outcome, expected) = match done {
            0 => (RecoveryOutcome::Untouched, &before),
            15 => (RecoveryOutcome::Finished, &repaired),
            _ => (RecoveryOutcome::RolledBack, &before),
        };
        assert_eq!(recovered.outcome, outcome, "{done:04b}");
        assert_eq!(recovered.left, Vec::<String>::new());
        let mut expected = expected.clone();
        expected.retain(|path, _| !path.to_string_lossy().contains(".clawmend-"));
        assert_eq!(home.tree(), expected, "{done:04b}");
        assert_eq!(interrupted(&home.dir.path().into()).unwrap(), None);
        assert!(home.recover(&lock).unwrap().is_none());
    }
}

#[test]
fn what_others_wrote_after_the_interruption_stays() {
    let home = Home::new();
    let lock = home.lock();
    let changes = interrupted_before_commit(&home);
    home.stores.commit(&changes).unwrap();
    std::fs::write(home.path("devices/paired.json"), "{\"theirs\":1}").unwrap();
    let recovered = home.recover(&lock).unwrap().unwrap();
    assert_eq!(recovered.outcome, RecoveryOutcome::RolledBack);
    assert_eq!(recovered.left, ["`devices/paired.json`"]);
    let paired = std::fs::read(home.path("devices/paired.json")).unwrap();
    assert_eq!(paired, b"{\"theirs\":1}");
    assert_eq!(std::fs::read(home.path("openclaw.json")).unwrap(), b"{}");
    assert!(!home.path("identity/device-auth.json").exists());
}

/// Killed between the exchange and the look at what came out: another writer's version lies under the
/// temp name, and it is the newest.
#[test]
fn what_was_swapped_out_by_mistake_goes_back_in() {
    let home = Home::new();
    let lock = home.lock();
    let changes = interrupted_before_commit(&home);
    home.stores
        .commit(&Changes { files: vec![changes.files[0].clone()], ..Changes::default() })
        .unwrap();
    let temp = crate::files::replace::temp_name("paired.json".as_ref());
    std::fs::write(home.path("devices").join(temp), "{\"theirs\":1}").unwrap();
    let recovered = home.recover(&lock).unwrap().unwrap();
    assert_eq!(recovered.outcome, RecoveryOutcome::RolledBack);
    let paired = std::fs::read(home.path("devices/paired.json")).unwrap();
    assert_eq!(paired, b"{\"theirs\":1}");
    assert_eq!(std::fs::read_dir(home.path("devices")).unwrap().count(), 2);
}

#[test]
fn a_journal_that_cannot_be_read_is_said_so() {
    let home = Home::new();
    let lock = home.lock();
    for text in ["", "{", "[]", "{\"schema\":99}", "{\"schema\":1}", "\u{0}\u{1}"] {
        std::fs::write(home.path("clawmend/journal.json"), text).unwrap();
        let found = interrupted(&home.dir.path().into()).unwrap();
        assert!(matches!(found, Some(Interrupted::Unreadable(_))), "{text}");
        let error = home.recover(&lock).unwrap_err();
        assert_eq!(error.kind(), Kind::Failed);
        assert!(
            crate::render::invocation::hint_lines(&error).iter().any(|hint| hint.contains("mv "))
        );
    }
}

#[test]
fn without_its_snapshot_an_interrupted_run_says_how_to_go_on() {
    let home = Home::new();
    let lock = home.lock();
    let changes = interrupted_before_commit(&home);
    home.stores.commit(&changes).unwrap();
    let after = home.tree();
    for id in home.snapshot_ids() {
        snapshot::remove(&home.dir.path().into(), &home.snapshots(), &id).unwrap();
    }
    let error = home.recover(&lock).unwrap_err();
    assert_eq!(error.kind(), Kind::HalfDone);
    assert_eq!(home.tree(), after);
}

/// Its checksum was made anew along with it: the journal still knows the one that it was written for.
#[test]
fn a_snapshot_that_was_changed_since_takes_nothing_back() {
    let home = Home::new();
    let lock = home.lock();
    let changes = interrupted_before_commit(&home);
    home.stores.commit(&changes).unwrap();
    let [id] = home.snapshot_ids().try_into().unwrap();
    let folder = home.snapshots().join(id);
    let mut manifest = std::fs::read(folder.join(snapshot::manifest::FILE)).unwrap();
    manifest.push(b'\n');
    let digest = snapshot::manifest::digest_of(&manifest);
    std::fs::write(folder.join(snapshot::manifest::FILE), manifest).unwrap();
    std::fs::write(folder.join(snapshot::manifest::DIGEST_FILE), digest).unwrap();
    let after = home.tree();
    let error = home.recover(&lock).unwrap_err();
    assert!(error.to_string().contains("not the snapshot that the journal"), "{error}");
    assert_eq!(home.tree(), after);
}

//! What the stores keep to: the same cases over files alone, a database alone, and both.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clawmend::error::Error;
use clawmend::files::{Dir, hash};
use clawmend::format::Splice;
use clawmend::image::{Cell, Images, Row, Slot};
use clawmend::model::layout::{DATABASE, Part};
use clawmend::plan::{After, CellChange, Changes, FileChange, RowChange, RowOp};
use clawmend::store::json::JsonStore;
use clawmend::store::sqlite::SqliteStore;
use clawmend::store::{CommitError, Sink, Source, Stores};

/// Paths with bytes, permissions and times.
type Tree = BTreeMap<PathBuf, (Vec<u8>, String)>;

/// A store under test, and another program that changes what it holds.
struct Case {
    stores: Stores,
    /// Changes one thing that [`edit`] starts from, as the gateway would.
    meddle: Box<dyn Fn()>,
    /// Everything on disk, byte for byte.
    tree: Box<dyn Fn() -> Tree>,
    _home: tempfile::TempDir,
}

const PAIRED: &[u8] = br#"{"dev":{"deviceId":"dev","scopes":["operator.read"]}}"#;
const CONFIG: &[u8] = b"{ gateway: { mode: 'local' } } // hers\n";

fn stores(dir: &Path) -> Stores {
    Stores {
        files: JsonStore::new(dir, vec![dir.join("openclaw.json")]),
        sqlite: SqliteStore::new(dir, Duration::from_secs(2)),
    }
}

fn files() -> Case {
    let home = tempfile::tempdir().unwrap();
    put_files(home.path());
    let dir = home.path().to_path_buf();
    let paired = dir.join("devices/paired.json");
    Case {
        stores: stores(&dir),
        meddle: Box::new(move || {
            let temp = paired.with_extension("theirs");
            std::fs::write(&temp, "{\"theirs\":{}}").unwrap();
            std::fs::rename(&temp, &paired).unwrap();
        }),
        tree: Box::new(move || tree(&dir)),
        _home: home,
    }
}

fn put_files(dir: &Path) {
    std::fs::create_dir(dir.join("devices")).unwrap();
    std::fs::write(dir.join("devices/paired.json"), PAIRED).unwrap();
    std::fs::write(dir.join("devices/pending.json"), "{}\n").unwrap();
    std::fs::write(dir.join("openclaw.json"), CONFIG).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o640);
        std::fs::set_permissions(dir.join("devices/paired.json"), mode).unwrap();
    }
}

const SCHEMA: &str = "
    CREATE TABLE device_pairing_paired (
        device_id TEXT NOT NULL PRIMARY KEY, public_key TEXT NOT NULL, scopes_json TEXT,
        approved_via TEXT, created_at_ms INTEGER NOT NULL) STRICT;
    CREATE TABLE device_pairing_pending (
        request_id TEXT NOT NULL PRIMARY KEY, device_id TEXT NOT NULL, ts INTEGER NOT NULL) STRICT;
    CREATE TABLE schema_meta (key TEXT PRIMARY KEY, value TEXT) STRICT;
    CREATE TABLE sessions (id TEXT PRIMARY KEY, text TEXT) STRICT;
    INSERT INTO device_pairing_paired VALUES ('dev', 'pk', '[\"operator.read\"]', NULL, 5);
    INSERT INTO device_pairing_pending VALUES ('req', 'dev', 7);
    INSERT INTO sessions VALUES ('s', 'kept');
    PRAGMA user_version = 18;";

/// Both, and it is the database that moves: then the files must not stay changed.
fn both() -> Case {
    let case = sqlite();
    put_files(case._home.path());
    case
}

fn sqlite() -> Case {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().to_path_buf();
    std::fs::create_dir(dir.join("state")).unwrap();
    let path = dir.join(DATABASE);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    drop(connection);
    Case {
        stores: stores(&dir),
        meddle: Box::new(move || {
            rusqlite::Connection::open(&path)
                .unwrap()
                .execute_batch("UPDATE device_pairing_paired SET scopes_json = '[\"theirs\"]'")
                .unwrap();
        }),
        tree: Box::new(move || tree(&dir)),
        _home: home,
    }
}

fn all() -> Vec<(&'static str, Case)> {
    vec![("files", files()), ("sqlite", sqlite()), ("both", both())]
}

fn tree(dir: &Path) -> Tree {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let meta = std::fs::symlink_metadata(&path).unwrap();
        let about = format!("{:?} {:?}", meta.permissions(), meta.modified().unwrap());
        if meta.is_dir() {
            found.extend(tree(&path));
            found.insert(path, (Vec::new(), about));
        } else {
            found.insert(path.clone(), (std::fs::read(&path).unwrap(), about));
        }
    }
    found
}

/// What images hold, without where and when: bytes, mode and absence, columns and rows.
fn holds(images: &Images) -> Vec<String> {
    let mut lines: Vec<_> = images
        .texts
        .iter()
        .map(|(slot, image)| {
            let meta = image.state.meta().map(|meta| (meta.mode & 0o777, meta.uid, meta.gid));
            format!("{slot:?} {:?} {meta:?}", image.bytes())
        })
        .collect();
    if let Some(database) = &images.database
        && let Ok(database) = &database.state
    {
        for (part, table) in &database.tables {
            let mut rows: Vec<_> =
                table.rows.iter().map(|row| format!("{part:?} {}", cells(row))).collect();
            rows.sort();
            lines.extend(rows);
        }
    }
    lines
}

fn cells(row: &Row) -> String {
    let show = |cell: &Cell| match cell {
        Cell::Text(text) => text.clone(),
        other => format!("{other:?}"),
    };
    row.0.iter().map(show).collect::<Vec<_>>().join("|")
}

/// An edit of every kind that the store knows: change in part, remove, make.
fn edit(now: &Images) -> Changes {
    let mut changes = Changes::default();
    let mut file = |slot: Slot, after: After| {
        changes.files.push(FileChange { before: now.text(&slot).unwrap().clone(), slot, after });
    };
    if now.file(Part::Paired).is_some_and(|image| image.bytes().is_some()) {
        let at = PAIRED.windows(13).position(|w| w == b"operator.read").unwrap();
        file(
            Slot::File(Part::Paired),
            After::Spliced(vec![Splice {
                start: at,
                end: at + 13,
                text: b"operator.admin\",\"operator.read".to_vec(),
            }]),
        );
        file(Slot::File(Part::Pending), After::Absent);
        file(
            Slot::File(Part::DeviceAuth),
            After::Whole { bytes: b"{\"version\":1}".to_vec().into(), meta: None },
        );
    }
    if let Some(database) = &now.database {
        changes.database = Some(database.path.clone());
        let text = |text: &str| Cell::Text(text.to_owned());
        let named = |column: &str, cell: Cell| (column.to_owned(), cell);
        changes.rows = vec![
            RowChange {
                part: Part::Paired,
                key: vec![named("device_id", text("dev"))],
                op: RowOp::Update(vec![CellChange {
                    column: "scopes_json".to_owned(),
                    old: text("[\"operator.read\"]"),
                    new: text("[\"operator.admin\"]"),
                }]),
            },
            RowChange {
                part: Part::Pending,
                key: vec![named("request_id", text("req"))],
                op: RowOp::Delete(vec![
                    named("request_id", text("req")),
                    named("device_id", text("dev")),
                    named("ts", Cell::Integer(7)),
                ]),
            },
            RowChange {
                part: Part::Paired,
                key: vec![named("device_id", text("new"))],
                op: RowOp::Insert(vec![
                    named("device_id", text("new")),
                    named("public_key", text("pk2")),
                    named("created_at_ms", Cell::Integer(9)),
                ]),
            },
        ];
    }
    changes
}

/// Pieces in a folder, as a snapshot would keep them.
struct Pieces {
    dir: tempfile::TempDir,
    scratch: Dir,
    whole: Dir,
    names: RefCell<BTreeMap<String, PathBuf>>,
}

impl Pieces {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let scratch = Dir::open_or_create(&dir.path().join("scratch")).unwrap();
        let whole = Dir::open(dir.path()).unwrap();
        Self { dir, scratch, whole, names: RefCell::default() }
    }
}

impl Sink for Pieces {
    fn put(&mut self, name: &str, from: &mut dyn BufRead) -> Result<(String, u64), Error> {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        let mut names = self.names.borrow_mut();
        let path = self.dir.path().join(names.len().to_string());
        std::fs::write(&path, &bytes).unwrap();
        names.insert(name.to_owned(), path);
        Ok((hash::of(&bytes), bytes.len() as u64))
    }
    fn scratch(&self) -> &Dir {
        &self.scratch
    }
}

impl Source for Pieces {
    fn get(&self, name: &str) -> Result<Vec<u8>, Error> {
        Ok(std::fs::read(self.path(name)?).unwrap())
    }
    fn path(&self, name: &str) -> Result<PathBuf, Error> {
        let names = self.names.borrow();
        Ok(names.get(name).ok_or_else(|| Error::failed("no such piece"))?.clone())
    }
    fn folder(&self) -> &Dir {
        &self.whole
    }
}

#[test]
fn reading_and_capturing_leave_no_trace() {
    for (name, case) in all() {
        let before = (case.tree)();
        case.stores.read().unwrap();
        let mut pieces = Pieces::new();
        case.stores.capture(&mut pieces).unwrap();
        assert_eq!((case.tree)(), before, "{name}");
    }
}

#[test]
fn a_commit_makes_what_it_says_and_no_more() {
    for (name, case) in all() {
        let stores = &case.stores;
        let changes = edit(&stores.read().unwrap());
        assert!(stores.verify(&changes).unwrap().is_some(), "{name}");
        stores.commit(&changes).unwrap();
        assert_eq!(stores.verify(&changes).unwrap(), None, "{name}");
        let after = holds(&stores.read().unwrap()).join("\n");
        assert!(!after.contains("operator.read|"), "{name}: {after}");
        (case.meddle)();
        assert!(stores.verify(&changes).unwrap().is_some(), "{name}");
    }
}

#[test]
fn a_stale_start_changes_nothing() {
    for (name, case) in all() {
        let stores = &case.stores;
        let mut changes = edit(&stores.read().unwrap());
        // The one that has moved comes last: those before it must not stay changed either.
        changes.files.reverse();
        changes.rows.reverse();
        (case.meddle)();
        let (theirs, tree) = (holds(&stores.read().unwrap()), (case.tree)());
        let refused = stores.commit(&changes);
        assert!(matches!(refused, Err(CommitError::Stale(_))), "{name}: {refused:?}");
        assert_eq!(holds(&stores.read().unwrap()), theirs, "{name}");
        let (names, were): (Vec<_>, Vec<_>) =
            ((case.tree)().into_keys().collect(), tree.into_keys().collect());
        assert_eq!(names, were, "{name}");
    }
}

#[test]
fn what_was_captured_comes_back() {
    for (name, case) in all() {
        let stores = &case.stores;
        let first = stores.read().unwrap();
        let mut pieces = Pieces::new();
        let entries = stores.capture(&mut pieces).unwrap();
        let nothing = stores.changes_to(&first, &entries, &pieces).unwrap();
        assert!(nothing.is_empty(), "{name}: {nothing:?}");
        stores.commit(&edit(&first)).unwrap();
        let now = stores.read().unwrap();
        assert_ne!(holds(&now), holds(&first), "{name}");
        let back = stores.changes_to(&now, &entries, &pieces).unwrap();
        stores.commit(&back).unwrap();
        assert_eq!(stores.verify(&back).unwrap(), None, "{name}");
        assert_eq!(holds(&stores.read().unwrap()), holds(&first), "{name}");
    }
}

#[test]
fn no_changes_write_nothing() {
    for (name, case) in all() {
        let before = (case.tree)();
        case.stores.commit(&Changes::default()).unwrap();
        assert_eq!(case.stores.verify(&Changes::default()).unwrap(), None, "{name}");
        assert_eq!((case.tree)(), before, "{name}");
    }
}

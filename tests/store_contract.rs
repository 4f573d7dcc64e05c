//! What every store keeps to: the same cases over files, database and memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clawmend::error::Error;
use clawmend::files::{Dir, hash};
use clawmend::format::Splice;
use clawmend::image::{
    Cell, Database, DatabaseImage, DatabaseState, FileState, Images, Meta, Row, Slot, Table,
    TableColumn, TextImage,
};
use clawmend::model::layout::{DATABASE, Part};
use clawmend::plan::{After, CellChange, Changes, FileChange, RowChange, RowOp, StoreKind};
use clawmend::store::files::FilesStore;
use clawmend::store::memory::MemoryStore;
use clawmend::store::sqlite::SqliteStore;
use clawmend::store::{CommitError, Sink, Source, Store};

/// Paths with bytes, permissions and times.
type Tree = BTreeMap<PathBuf, (Vec<u8>, String)>;

/// A store under test, and another program that changes what it holds.
struct Case {
    store: Box<dyn Store>,
    /// Changes one thing that [`edit`] starts from, as the gateway would.
    meddle: Box<dyn Fn()>,
    /// Everything on disk, byte for byte; empty for memory.
    tree: Box<dyn Fn() -> Tree>,
    _home: tempfile::TempDir,
}

const PAIRED: &[u8] = br#"{"dev":{"deviceId":"dev","scopes":["operator.read"]}}"#;
const CONFIG: &[u8] = b"{ gateway: { mode: 'local' } } // hers\n";

fn files() -> Case {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().to_path_buf();
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
    let paired = dir.join("devices/paired.json");
    Case {
        store: Box::new(FilesStore::new(&dir, vec![dir.join("openclaw.json")])),
        meddle: Box::new(move || {
            let temp = paired.with_extension("theirs");
            std::fs::write(&temp, "{\"theirs\":{}}").unwrap();
            std::fs::rename(&temp, &paired).unwrap();
        }),
        tree: Box::new(move || tree(&dir)),
        _home: home,
    }
}

fn memory_files() -> Case {
    let home = tempfile::tempdir().unwrap();
    let image = |slot: &Slot, bytes: Option<&[u8]>| TextImage {
        path: PathBuf::from(format!("/memory/{slot:?}")),
        state: bytes.map_or(FileState::Absent, |bytes| FileState::Present {
            bytes: bytes.to_vec().into(),
            meta: Meta { mode: 0o640, len: bytes.len() as u64, ..Meta::default() },
        }),
    };
    let mut images = Images::default();
    let config = Slot::Config("/memory/openclaw.json".into());
    for (slot, bytes) in [
        (Slot::File(Part::Paired), Some(PAIRED)),
        (Slot::File(Part::Pending), Some(b"{}\n".as_slice())),
        (Slot::File(Part::DeviceAuth), None),
        (config, Some(CONFIG)),
    ] {
        let image = image(&slot, bytes);
        images.texts.insert(slot, image);
    }
    memory(home, StoreKind::Files, images, |images| {
        let paired = images.texts.get_mut(&Slot::File(Part::Paired)).unwrap();
        paired.state = FileState::Present {
            bytes: b"{\"theirs\":{}}".to_vec().into(),
            meta: *paired.meta().unwrap(),
        };
    })
}

fn memory(
    home: tempfile::TempDir,
    kind: StoreKind,
    images: Images,
    meddle: fn(&mut Images),
) -> Case {
    let store = std::sync::Arc::new(MemoryStore::new(kind, images));
    let theirs = store.clone();
    Case {
        store: Box::new(Shared(store)),
        meddle: Box::new(move || theirs.change(meddle)),
        tree: Box::new(BTreeMap::new),
        _home: home,
    }
}

/// A memory store that the other program holds too.
struct Shared(std::sync::Arc<MemoryStore>);

impl Store for Shared {
    fn kind(&self) -> StoreKind {
        self.0.kind()
    }
    fn read(&self, images: &mut Images) -> Result<(), Error> {
        self.0.read(images)
    }
    fn capture(&self, sink: &mut dyn Sink) -> Result<Vec<clawmend::store::Entry>, Error> {
        self.0.capture(sink)
    }
    fn commit(&self, changes: &Changes) -> Result<(), CommitError> {
        self.0.commit(changes)
    }
    fn changes_to(
        &self,
        now: &Images,
        entries: &[clawmend::store::Entry],
        source: &dyn Source,
    ) -> Result<Changes, Error> {
        self.0.changes_to(now, entries, source)
    }
    fn verify(&self, changes: &Changes) -> Result<Option<String>, Error> {
        self.0.verify(changes)
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
        store: Box::new(SqliteStore::new(&dir, Duration::from_secs(2))),
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

fn memory_rows() -> Case {
    let home = tempfile::tempdir().unwrap();
    let table = |columns: &[&str], row: Vec<Cell>| Table {
        columns: columns
            .iter()
            .map(|name| TableColumn {
                name: (*name).to_owned(),
                not_null: false,
                has_default: false,
            })
            .collect(),
        rows: vec![Row(row)],
    };
    let text = |text: &str| Cell::Text(text.to_owned());
    let paired = table(
        &["device_id", "public_key", "scopes_json", "approved_via", "created_at_ms"],
        vec![text("dev"), text("pk"), text("[\"operator.read\"]"), Cell::Null, Cell::Integer(5)],
    );
    let pending =
        table(&["request_id", "device_id", "ts"], vec![text("req"), text("dev"), Cell::Integer(7)]);
    let database = Database {
        user_version: 18,
        tables: [(Part::Paired, paired.into()), (Part::Pending, pending.into())].into(),
        ..Database::default()
    };
    let images = Images {
        database: Some(DatabaseImage {
            path: "/memory/openclaw.sqlite".into(),
            state: DatabaseState::Readable(database),
        }),
        ..Images::default()
    };
    memory(home, StoreKind::Sqlite, images, |images| {
        let DatabaseState::Readable(database) = &mut images.database.as_mut().unwrap().state else {
            panic!("not readable");
        };
        let table = std::sync::Arc::make_mut(database.tables.get_mut(&Part::Paired).unwrap());
        table.rows[0].0[2] = Cell::Text("[\"theirs\"]".to_owned());
    })
}

fn all() -> Vec<(&'static str, Case)> {
    vec![
        ("files", files()),
        ("memory files", memory_files()),
        ("sqlite", sqlite()),
        ("memory rows", memory_rows()),
    ]
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

fn read(store: &dyn Store) -> Images {
    let mut images = Images::default();
    store.read(&mut images).unwrap();
    images
}

/// What images hold, without where and when: bytes, mode and absence, columns and rows.
fn holds(images: &Images) -> Vec<String> {
    let mut lines: Vec<_> = images
        .texts
        .iter()
        .map(|(slot, image)| {
            let meta = image.meta().map(|meta| (meta.mode & 0o777, meta.uid, meta.gid));
            format!("{slot:?} {:?} {meta:?}", image.bytes())
        })
        .collect();
    if let Some(database) = &images.database
        && let DatabaseState::Readable(database) = &database.state
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
    if !now.texts.is_empty() {
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
    fn put(&mut self, name: &str, from: &mut dyn Read) -> Result<(String, u64), Error> {
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
        read(case.store.as_ref());
        let mut pieces = Pieces::new();
        case.store.capture(&mut pieces).unwrap();
        assert_eq!((case.tree)(), before, "{name}");
    }
}

#[test]
fn a_commit_makes_what_it_says_and_no_more() {
    for (name, case) in all() {
        let store = case.store.as_ref();
        let changes = edit(&read(store));
        assert!(store.verify(&changes).unwrap().is_some(), "{name}");
        store.commit(&changes).unwrap();
        assert_eq!(store.verify(&changes).unwrap(), None, "{name}");
        let after = holds(&read(store)).join("\n");
        assert!(!after.contains("operator.read|"), "{name}: {after}");
        (case.meddle)();
        assert!(store.verify(&changes).unwrap().is_some(), "{name}");
    }
}

#[test]
fn a_stale_start_changes_nothing() {
    for (name, case) in all() {
        let store = case.store.as_ref();
        let mut changes = edit(&read(store));
        // The one that has moved comes last: those before it must not stay changed either.
        changes.files.reverse();
        changes.rows.reverse();
        (case.meddle)();
        let (theirs, tree) = (holds(&read(store)), (case.tree)());
        let refused = store.commit(&changes);
        assert!(matches!(refused, Err(CommitError::Moved(_))), "{name}: {refused:?}");
        assert_eq!(holds(&read(store)), theirs, "{name}");
        let (names, were): (Vec<_>, Vec<_>) =
            ((case.tree)().into_keys().collect(), tree.into_keys().collect());
        assert_eq!(names, were, "{name}");
    }
}

#[test]
fn what_was_captured_comes_back() {
    for (name, case) in all() {
        let store = case.store.as_ref();
        let first = read(store);
        let mut pieces = Pieces::new();
        let entries = store.capture(&mut pieces).unwrap();
        let nothing = store.changes_to(&first, &entries, &pieces).unwrap();
        assert!(nothing.is_empty(), "{name}: {nothing:?}");
        store.commit(&edit(&first)).unwrap();
        let now = read(store);
        assert_ne!(holds(&now), holds(&first), "{name}");
        let back = store.changes_to(&now, &entries, &pieces).unwrap();
        store.commit(&back).unwrap();
        assert_eq!(store.verify(&back).unwrap(), None, "{name}");
        assert_eq!(holds(&read(store)), holds(&first), "{name}");
    }
}

#[test]
fn no_changes_write_nothing() {
    for (name, case) in all() {
        let before = (case.tree)();
        case.store.commit(&Changes::default()).unwrap();
        assert_eq!(case.store.verify(&Changes::default()).unwrap(), None, "{name}");
        assert_eq!((case.tree)(), before, "{name}");
    }
}

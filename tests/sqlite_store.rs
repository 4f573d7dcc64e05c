//! The SQLite store on real files, with other processes at work on them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clawmend::error::{Error, Kind};
use clawmend::files::Dir;
use clawmend::image::{Cell, Database, Images, Unread, Unusable};
use clawmend::model::layout::{DATABASE, Part};
use clawmend::plan::{CellChange, Changes, RowChange, RowOp};
use clawmend::store::sqlite::{SqliteStore, verify_extract};
use clawmend::store::{CommitError, ManifestEntry, Sink, Source};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

const FIXTURE: &str = "tests/fixtures/2026.9.6-sqlite-read-only";

/// A state dir in a temporary folder.
struct State(tempfile::TempDir);

impl State {
    /// The captured state of 2026.9.6, with a log that the main file lacks.
    fn fixture() -> Self {
        let state = Self::empty();
        let from = Path::new(FIXTURE).join("state");
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = state.path().join("state").join(entry.file_name());
            std::fs::write(to, std::fs::read(entry.path()).unwrap()).unwrap();
        }
        state
    }

    /// The fixture, its log folded into the main file.
    fn checkpointed() -> Self {
        let state = Self::fixture();
        state.sql("PRAGMA wal_checkpoint(TRUNCATE)");
        assert!(!state.side("-wal").exists());
        state
    }

    fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("state")).unwrap();
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn database(&self) -> PathBuf {
        self.path().join(DATABASE)
    }

    fn side(&self, ending: &str) -> PathBuf {
        PathBuf::from(format!("{}{ending}", self.database().display()))
    }

    fn store(&self) -> SqliteStore {
        SqliteStore::new(self.path(), std::time::Duration::from_secs(5))
    }

    fn sql(&self, sql: &str) {
        let connection = Connection::open(self.database()).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    fn images(&self) -> Images {
        Images { database: self.store().read(), ..Images::default() }
    }

    fn state(&self) -> Result<Database, Unread> {
        self.images().database.unwrap().state
    }

    fn read(&self) -> Database {
        match self.state() {
            Ok(database) => database,
            other => panic!("{other:?}"),
        }
    }

    /// Everything that a reader must leave alone: names, contents, times, modes.
    fn trace(&self) -> BTreeMap<String, String> {
        trace(&self.path().join("state"))
    }

    /// A hash over the schema and every row of every table that holds no pairing.
    fn others(&self) -> String {
        let copy = tempfile::tempdir().unwrap();
        for ending in ["", "-wal"] {
            if self.side(ending).exists() {
                let to = copy.path().join(format!("db{ending}"));
                std::fs::copy(self.side(ending), to).unwrap();
            }
        }
        let connection = Connection::open(copy.path().join("db")).unwrap();
        let mut hash = Sha256::new();
        let mut names =
            connection.prepare("SELECT name, type, sql FROM sqlite_schema ORDER BY name").unwrap();
        let objects: Vec<(String, String, Option<String>)> = names
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for (name, kind, sql) in objects {
            hash.update(format!("{name} {kind} {sql:?}"));
            let virtual_table = sql.unwrap_or_default().starts_with("CREATE VIRTUAL");
            if kind != "table" || virtual_table || Part::tables().any(|part| part.table() == name) {
                continue;
            }
            let mut all = connection.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
            let width = all.column_count();
            let mut rows = all.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for at in 0..width {
                    hash.update(format!("{:?}", row.get_ref(at).unwrap()));
                }
            }
        }
        for pragma in ["user_version", "journal_mode", "application_id"] {
            let value: rusqlite::types::Value =
                connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0)).unwrap();
            hash.update(format!("{value:?}"));
        }
        format!("{:?}", hash.finalize())
    }
}

fn trace(folder: &Path) -> BTreeMap<String, String> {
    let mut trace = BTreeMap::new();
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.push(folder.to_path_buf());
    for path in paths {
        let meta = std::fs::symlink_metadata(&path).unwrap();
        let hash = if meta.is_file() {
            format!("{:?}", Sha256::digest(std::fs::read(&path).unwrap()))
        } else {
            String::new()
        };
        let line = format!("{:?} {:?} {hash}", meta.modified().unwrap(), meta.permissions());
        trace.insert(path.display().to_string(), line);
    }
    trace
}

/// Runs this test binary again as another process, which POSIX locks need to be seen at all.
struct Helper(Child);

impl Helper {
    fn start(role: &str, state: &State) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "sqlite_store::another_process"])
            .env("CLAWMEND_TEST_ROLE", role)
            .env("CLAWMEND_TEST_DATABASE", state.database())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap());
        let mut line = String::new();
        while !line.contains("ready") {
            line.clear();
            assert_ne!(lines.read_line(&mut line).unwrap(), 0, "the helper died");
        }
        Self(child)
    }

    /// Lets it end by itself; returns what it printed last.
    fn finish(mut self) -> String {
        drop(self.0.stdin.take());
        let mut text = String::new();
        let mut out = self.0.stdout.take().unwrap();
        out.read_to_string(&mut text).unwrap();
        assert!(self.0.wait().unwrap().success(), "{text}");
        text
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
#[ignore = "not a test: the other process of the tests below"]
fn another_process() {
    let role = std::env::var("CLAWMEND_TEST_ROLE").unwrap();
    let connection = Connection::open(std::env::var("CLAWMEND_TEST_DATABASE").unwrap()).unwrap();
    connection.busy_timeout(Duration::from_secs(20)).unwrap();
    connection.execute_batch("PRAGMA wal_autocheckpoint = 0").unwrap();
    let said = |word: &str| {
        println!("\n{word}");
        std::io::stdout().flush().unwrap();
    };
    let stopped = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let watch = stopped.clone();
    std::thread::spawn(move || {
        drop(std::io::stdin().read_to_end(&mut Vec::new()));
        watch.store(true, std::sync::atomic::Ordering::SeqCst);
    });
    let go_on = || !stopped.load(std::sync::atomic::Ordering::SeqCst);
    match role.as_str() {
        // A gateway that is up: its commit is in the log only.
        "gateway" => {
            connection
                .execute_batch("UPDATE device_pairing_paired SET display_name = 'by the gateway'")
                .unwrap();
            said("ready");
        }
        "holder" => {
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            said("ready");
        }
        // Commits all the time: a row of its own, and the last-seen time of the paired row.
        "writer" | "checkpointer" => {
            connection
                .execute_batch(
                    "CREATE TABLE IF NOT EXISTS noise (n INTEGER PRIMARY KEY, data BLOB)",
                )
                .unwrap();
            let mut count = 0;
            while go_on() {
                connection
                    .execute_batch(
                        "BEGIN IMMEDIATE; INSERT INTO noise (data) VALUES (randomblob(9000));
                         UPDATE device_pairing_paired SET last_seen_at_ms = coalesce(last_seen_at_ms, 0) + 1; COMMIT",
                    )
                    .unwrap();
                count += 1;
                if role == "checkpointer" || count % 50 == 0 {
                    connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(())).unwrap();
                }
                if count == 1 {
                    said("ready");
                }
            }
            said(&format!("wrote {count}"));
        }
        other => panic!("{other}"),
    }
    while go_on() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn key(column: &str, value: &str) -> Vec<(String, Cell)> {
    vec![(column.to_owned(), Cell::Text(value.to_owned()))]
}

fn device(database: &Database) -> String {
    let table = &database.tables[&Part::Paired];
    let id = table.cell(&table.rows[0], "device_id").unwrap();
    id.text().unwrap().to_owned()
}

fn integer(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Integer(number) => Some(*number),
        _ => None,
    }
}

fn cell(database: &Database, column: &str) -> Cell {
    let table = &database.tables[&Part::Paired];
    table.cell(&table.rows[0], column).unwrap().clone()
}

fn update(database: &Database, column: &str, new: Cell) -> Changes {
    Changes {
        rows: vec![RowChange {
            part: Part::Paired,
            key: key("device_id", &device(database)),
            op: RowOp::Update(vec![CellChange {
                column: column.to_owned(),
                old: cell(database, column),
                new,
            }]),
        }],
        ..Changes::default()
    }
}

fn text(value: &str) -> Cell {
    Cell::Text(value.to_owned())
}

fn refusal(result: Result<(), CommitError>) -> Error {
    match result {
        Err(CommitError::Failed(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// A snapshot's folder, as simple as can be: itself and a scratch folder in it.
struct Folder(tempfile::TempDir, Dir, Dir);

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let scratch = Dir::open_or_create(&dir.path().join("scratch")).unwrap();
        let whole = Dir::open(dir.path()).unwrap();
        Self(dir, scratch, whole)
    }

    fn verify(&self, entry: &ManifestEntry) -> Result<(), Error> {
        verify_extract(&self.2, &self.piece(), entry)
    }

    fn piece(&self) -> PathBuf {
        self.0.path().join("pairing.sqlite")
    }
}

impl Sink for Folder {
    fn put(&mut self, name: &str, from: &mut dyn BufRead) -> Result<(String, u64), Error> {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        std::fs::write(self.0.path().join(name), &bytes).unwrap();
        let hash = Sha256::digest(&bytes);
        let hex = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok((hex, bytes.len() as u64))
    }

    fn scratch(&self) -> &Dir {
        &self.1
    }
}

impl Source for Folder {
    fn get(&self, name: &str) -> Result<Vec<u8>, Error> {
        Ok(std::fs::read(self.0.path().join(name)).unwrap())
    }

    fn path(&self, name: &str) -> Result<PathBuf, Error> {
        Ok(self.0.path().join(name))
    }

    fn folder(&self) -> &Dir {
        &self.2
    }
}

fn capture(state: &State) -> (Folder, Vec<ManifestEntry>) {
    let mut folder = Folder::new();
    let entries = state.store().capture(&mut folder).unwrap();
    (folder, entries)
}

fn back(state: &State, folder: &Folder, entries: &[ManifestEntry]) -> Result<Changes, Error> {
    state.store().changes_to(&state.images(), entries, folder)
}

// Reading.

#[test]
fn a_commit_that_only_the_log_holds_is_read_and_nothing_moves() {
    let state = State::fixture();
    let before = state.trace();
    let database = state.read();
    assert_eq!(state.trace(), before);
    assert_eq!(database.user_version, 18);
    assert_eq!(database.app_version.as_deref(), Some("2026.9.6"));
    assert_eq!(database.tables.len(), 6);
    // The main file alone says something else.
    let scopes = cell(&database, "scopes_json");
    std::fs::remove_file(state.side("-wal")).unwrap();
    std::fs::remove_file(state.side("-shm")).unwrap();
    assert_ne!(cell(&state.read(), "scopes_json"), scopes);
}

#[test]
fn a_log_without_its_index_is_read_and_nothing_moves() {
    let state = State::fixture();
    let expected = state.read();
    std::fs::remove_file(state.side("-shm")).unwrap();
    let before = state.trace();
    assert_eq!(state.read().tables, expected.tables);
    assert_eq!(state.trace(), before);
}

#[test]
fn a_database_without_a_log_is_read_and_none_appears() {
    let state = State::checkpointed();
    let before = state.trace();
    state.read();
    std::fs::write(state.side("-wal"), b"").unwrap();
    let with_empty_log = state.trace();
    state.read();
    assert_eq!(state.trace(), with_empty_log);
    std::fs::remove_file(state.side("-wal")).unwrap();
    assert_eq!(state.trace().len(), before.len());
}

#[test]
fn a_database_in_rollback_mode_is_read_and_nothing_moves() {
    let state = State::checkpointed();
    state.sql("PRAGMA journal_mode = DELETE");
    let before = state.trace();
    state.read();
    assert_eq!(state.trace(), before);
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_is_enough() {
    use std::os::unix::fs::PermissionsExt;
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    for with_index in [true, false] {
        let state = State::fixture();
        if !with_index {
            std::fs::remove_file(state.side("-shm")).unwrap();
        }
        let folder = state.path().join("state");
        for entry in std::fs::read_dir(&folder).unwrap() {
            set(&entry.unwrap().path(), 0o444);
        }
        set(&folder, 0o555);
        let before = state.trace();
        state.read();
        assert_eq!(state.trace(), before);
        set(&folder, 0o755);
    }
}

#[test]
fn a_running_gateway_is_joined_and_notices_nothing() {
    let state = State::fixture();
    let gateway = Helper::start("gateway", &state);
    let before = state.trace();
    let database = state.read();
    assert_eq!(state.trace(), before);
    assert_eq!(cell(&database, "display_name"), text("by the gateway"));
    gateway.finish();
    // It could still fold its log in and remove it when it went.
    assert!(!state.side("-wal").exists());
}

#[test]
fn reading_is_whole_while_another_process_commits_and_checkpoints() {
    for role in ["writer", "checkpointer"] {
        let state = State::fixture();
        let expected = state.read().tables;
        let writer = Helper::start(role, &state);
        let mut last = 0;
        for _ in 0..200 {
            let mut database = state.read();
            let seen = integer(&cell(&database, "last_seen_at_ms")).unwrap();
            assert!(seen >= last, "went back from {last} to {seen}");
            last = seen;
            let table = std::sync::Arc::make_mut(database.tables.get_mut(&Part::Paired).unwrap());
            let at = table.column("last_seen_at_ms").unwrap();
            let before = &expected[&Part::Paired].rows[0].0[at];
            table.rows[0].0[at] = before.clone();
            assert_eq!(database.tables, expected);
        }
        writer.finish();
    }
}

#[test]
fn a_hot_journal_is_named_and_stays() {
    let state = State::checkpointed();
    state.sql("PRAGMA journal_mode = DELETE");
    let journal = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let mut bytes = journal.to_vec();
    bytes.resize(1024, 1);
    std::fs::write(state.side("-journal"), &bytes).unwrap();
    let before = state.trace();
    assert!(matches!(state.state(), Err(Unread::Unfinished)));
    assert_eq!(state.trace(), before);
}

#[test]
fn what_is_no_database_is_named() {
    let state = State::empty();
    assert!(state.images().database.is_none());
    std::fs::write(state.database(), b"").unwrap();
    assert!(matches!(state.state(), Err(Unread::Empty)));
    std::fs::write(state.database(), b"{}").unwrap();
    assert!(matches!(state.state(), Err(Unread::Foreign)));
    std::fs::write(state.database(), b"SQLite format 3\0short").unwrap();
    assert!(matches!(state.state(), Err(Unread::Damaged(_))));
    std::fs::remove_file(state.database()).unwrap();
    std::fs::create_dir(state.database()).unwrap();
    let expected = Unusable::NotAFile("a folder");
    assert!(matches!(state.state(), Err(Unread::Unusable(why)) if why == expected));
    let (folder, entries) = capture(&State::empty());
    assert_eq!(entries, [ManifestEntry::absent("sqlite", DATABASE)]);
    assert!(!folder.piece().exists());
}

#[cfg(unix)]
#[test]
#[cfg_attr(clawmend_portable, ignore = "owners and modes")]
fn links_and_fifos_are_named_and_never_written() {
    let target = State::fixture();
    let changes = update(&target.read(), "display_name", text("x"));
    let state = State::empty();
    std::os::unix::fs::symlink(target.database(), state.database()).unwrap();
    let before = target.trace();
    let expected = Unusable::Symlink(target.database());
    assert!(matches!(state.state(), Err(Unread::Unusable(why)) if why == expected));
    assert_eq!(refusal(state.store().commit(&changes)).kind(), Kind::Refused);

    std::fs::remove_file(state.database()).unwrap();
    let made = Command::new("mkfifo").arg(state.database()).status();
    assert!(made.unwrap().success());
    let expected = Unusable::NotAFile("a FIFO");
    assert!(matches!(state.state(), Err(Unread::Unusable(why)) if why == expected));
    assert_eq!(refusal(state.store().commit(&changes)).kind(), Kind::Refused);

    std::fs::remove_file(state.database()).unwrap();
    std::fs::hard_link(target.database(), state.database()).unwrap();
    assert_eq!(refusal(state.store().commit(&changes)).kind(), Kind::Refused);
    std::fs::remove_file(state.database()).unwrap();

    std::fs::remove_dir(state.path().join("state")).unwrap();
    std::os::unix::fs::symlink(target.path().join("state"), state.path().join("state")).unwrap();
    state.read();
    assert_eq!(refusal(state.store().commit(&changes)).kind(), Kind::Refused);
    assert_eq!(target.trace().values().last(), before.values().last());

    std::fs::remove_file(target.side("-shm")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", target.side("-shm")).unwrap();
    assert!(matches!(target.state(), Err(Unread::Damaged(_))));
    assert_eq!(refusal(target.store().commit(&changes)).kind(), Kind::Refused);
}

#[test]
fn damage_is_named_and_not_written() {
    let root_page = |state: &State, name: &str| -> i64 {
        Connection::open(state.database())
            .unwrap()
            .query_row("SELECT rootpage FROM sqlite_schema WHERE name = ?1", [name], |row| {
                row.get(0)
            })
            .unwrap()
    };
    for broken in ["device_pairing_paired", "sqlite_autoindex_device_pairing_paired_1"] {
        let state = State::checkpointed();
        let changes = update(&state.read(), "display_name", text("x"));
        let page = root_page(&state, broken);
        let mut bytes = std::fs::read(state.database()).unwrap();
        let start = (page as usize - 1) * 4096;
        bytes[start..start + 4096].fill(0xa5);
        std::fs::write(state.database(), bytes).unwrap();
        let before = state.trace();
        assert!(matches!(state.state(), Err(Unread::Damaged(_))), "{broken}");
        assert_eq!(state.trace(), before);
        let mut folder = Folder::new();
        if broken == "device_pairing_paired" {
            assert_eq!(state.store().capture(&mut folder).unwrap(), []);
        }
        refusal(state.store().commit(&changes));
        assert_eq!(std::fs::read_dir(state.path().join("state")).unwrap().count(), 1);
    }
    let state = State::checkpointed();
    let bytes = std::fs::read(state.database()).unwrap();
    std::fs::write(state.database(), &bytes[..bytes.len() / 2]).unwrap();
    assert!(matches!(state.state(), Err(Unread::Damaged(_))));
    // Damage elsewhere is not our business.
    let state = State::checkpointed();
    let page =
        root_page(&state, "idx_device_auth_tokens_updated").min(root_page(&state, "state_leases"));
    let mut bytes = std::fs::read(state.database()).unwrap();
    let start = (page as usize - 1) * 4096;
    bytes[start..start + 4096].fill(0xa5);
    std::fs::write(state.database(), bytes).unwrap();
    drop(state.state());
}

#[test]
fn a_log_that_is_none_counts_for_nothing_and_is_not_waited_for() {
    let state = State::fixture();
    std::fs::write(state.side("-wal"), vec![b'x'; 1 << 20]).unwrap();
    let trace = state.trace();
    let start = std::time::Instant::now();
    state.read();
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(state.trace(), trace);
}

// Writing.

#[test]
fn only_the_planned_columns_change() {
    for state in [State::fixture(), State::checkpointed()] {
        state.sql(
            "CREATE TABLE log (what TEXT) STRICT;
             CREATE TRIGGER watch AFTER UPDATE ON device_pairing_paired
             BEGIN INSERT INTO log VALUES ('seen'); END;
             ALTER TABLE device_pairing_paired ADD COLUMN from_the_future TEXT NOT NULL DEFAULT 'kept'",
        );
        let others = state.others();
        let before = state.read();
        let changes = update(&before, "scopes_json", text("[\"operator.admin\"]"));
        assert!(state.store().verify(&changes).unwrap().is_some());
        state.store().commit(&changes).unwrap();
        assert_eq!(state.store().verify(&changes).unwrap(), None);
        let after = state.read();
        assert_eq!(cell(&after, "scopes_json"), text("[\"operator.admin\"]"));
        assert_eq!(cell(&after, "from_the_future"), text("kept"));
        assert_eq!(state.others(), others);
        let again = state.store().commit(&changes);
        assert!(matches!(again, Err(CommitError::Stale(_))), "{again:?}");
    }
}

#[test]
fn a_log_that_was_there_stays_and_one_of_our_own_goes() {
    let state = State::fixture();
    let main = std::fs::read(state.database()).unwrap();
    let changes = update(&state.read(), "display_name", text("x"));
    state.store().commit(&changes).unwrap();
    assert_eq!(std::fs::read(state.database()).unwrap(), main);
    assert!(state.side("-wal").exists());

    let state = State::checkpointed();
    state.store().commit(&changes_of(&state)).unwrap();
    assert!(!state.side("-wal").exists());
    assert!(!state.side("-shm").exists());
}

fn changes_of(state: &State) -> Changes {
    update(&state.read(), "display_name", text("y"))
}

#[cfg(unix)]
#[test]
#[ignore = "gives files away: the gate runs it as root"]
fn side_files_belong_to_the_owner_of_the_database() {
    use std::os::unix::fs::{MetadataExt, chown};
    let state = State::fixture();
    for ending in ["-wal", "-shm"] {
        std::fs::remove_file(state.side(ending)).unwrap();
    }
    chown(state.database(), Some(1234), Some(1235)).unwrap();
    // Somebody else has it open, so that what we make stays.
    let gateway = Helper::start("gateway", &state);
    state.store().commit(&changes_of(&state)).unwrap();
    for ending in ["", "-wal", "-shm"] {
        let meta = std::fs::metadata(state.side(ending)).unwrap();
        assert_eq!((meta.uid(), meta.gid()), (1234, 1235), "{ending}");
    }
    gateway.finish();
}

#[test]
fn a_held_database_is_a_refusal_and_nothing_changes() {
    let state = State::fixture();
    let changes = changes_of(&state);
    let holder = Helper::start("holder", &state);
    let store = SqliteStore::new(state.path(), Duration::from_millis(200));
    let error = refusal(store.commit(&changes));
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.message().contains("another process holds"), "{error}");
    assert!(!error.hints().is_empty());
    assert_eq!(cell(&state.read(), "display_name"), cell_before(&changes));
    holder.finish();
    store.commit(&changes).unwrap();
}

fn cell_before(changes: &Changes) -> Cell {
    match &changes.rows[0].op {
        RowOp::Update(cells) => cells[0].old.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hundred_commits_beside_a_writer_lose_no_row() {
    let state = State::fixture();
    let writer = Helper::start("writer", &state);
    for number in 0..100 {
        let database = state.read();
        let changes = update(&database, "display_name", text(&format!("number {number}")));
        // A machine with more to do than it can may keep this one out past its patience: refused, and
        // tried again as a person would. Anything else that a commit may say is a failure.
        let busy = |tried: &Result<(), CommitError>| matches!(tried, Err(CommitError::Failed(error)) if error.message().contains("another process holds"));
        let mut tries = (0..20).map(|_| state.store().commit(&changes));
        tries.find(|tried| !busy(tried)).unwrap().unwrap();
        assert_eq!(state.store().verify(&changes).unwrap(), None);
    }
    let said = writer.finish();
    let wrote: i64 =
        said.split("wrote ").nth(1).unwrap().lines().next().unwrap().trim().parse().unwrap();
    let database = state.read();
    assert_eq!(cell(&database, "display_name"), text("number 99"));
    let seen = integer(&cell(&database, "last_seen_at_ms")).unwrap();
    let started = State::fixture().read();
    assert_eq!(seen - integer(&cell(&started, "last_seen_at_ms")).unwrap_or(0), wrote);
    let rows: i64 = Connection::open(state.database())
        .unwrap()
        .query_row("SELECT count(*) FROM noise", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, wrote);
}

#[test]
fn a_schema_that_asks_for_more_is_refused_by_name() {
    let state = State::checkpointed();
    let database = state.read();
    let missing = Changes {
        rows: vec![RowChange {
            part: Part::Paired,
            key: key("device_id", &device(&database)),
            op: RowOp::Update(vec![CellChange {
                column: "not_there".to_owned(),
                old: Cell::Null,
                new: text("x"),
            }]),
        }],
        ..Changes::default()
    };
    let error = refusal(state.store().commit(&missing));
    assert!(error.to_string().contains("not_there"), "{error}");

    state.sql(
        "PRAGMA user_version = 99; DROP TABLE device_pairing_pending;
         CREATE TABLE device_pairing_pending (request_id TEXT NOT NULL PRIMARY KEY, ts INTEGER NOT NULL, unknown TEXT NOT NULL) STRICT",
    );
    let insert = Changes {
        rows: vec![RowChange {
            part: Part::Pending,
            key: key("request_id", "r"),
            op: RowOp::Insert(vec![
                ("request_id".to_owned(), text("r")),
                ("ts".to_owned(), Cell::Integer(1)),
            ]),
        }],
        ..Changes::default()
    };
    let error = refusal(state.store().commit(&insert));
    assert!(error.to_string().contains("`unknown`"), "{error}");
    // Every column that is needed is there: a newer number is no obstacle.
    state.store().commit(&changes_of(&state)).unwrap();
    assert_eq!(state.read().user_version, 99);
}

#[test]
fn all_rows_change_or_none_does() {
    let state = State::checkpointed();
    let mut changes = changes_of(&state);
    changes.rows.push(RowChange {
        part: Part::Pending,
        key: key("request_id", "never there"),
        op: RowOp::Delete(vec![("request_id".to_owned(), text("never there"))]),
    });
    let before = state.read();
    let result = state.store().commit(&changes);
    assert!(matches!(result, Err(CommitError::Stale(_))), "{result:?}");
    assert_eq!(state.read().tables, before.tables);
}

// Snapshots.

#[test]
fn rows_come_back_with_their_types_and_nulls() {
    let state = State::fixture();
    state.sql(
        "INSERT INTO device_pairing_paired (device_id, public_key, display_name, created_at_ms, approved_at_ms)
         VALUES ('gone', 'k', CAST(x'ff00fe' AS TEXT), 1, 2), ('', 'k', NULL, 9223372036854775807, -1);
         INSERT INTO device_pairing_pending (request_id, device_id, public_key, silent, ts) VALUES ('r', 'd', 'k', 0, 5);
         INSERT INTO device_auth_tokens VALUES ('d', 'operator', 't', '[]', 1), ('d', 'node', 't', '[]', 2);
         INSERT INTO gateway_origin_device_tokens VALUES ('g', 'd', 'node', 't', '[]', 2);
         INSERT INTO device_bootstrap_tokens (token_key, token, ts, issued_at_ms) VALUES ('b', 't', 1, 2);",
    );
    let others = state.others();
    let before = state.read();
    let trace = state.trace();
    let (folder, entries) = capture(&state);
    assert_eq!(state.trace(), trace);
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].rows["device_pairing_paired"], 3);
    assert_eq!(entries[0].rows.len(), 6);
    folder.verify(&entries[0]).unwrap();
    assert!(back(&state, &folder, &entries).unwrap().is_empty());

    state.sql(
        "DELETE FROM device_pairing_paired WHERE device_id = 'gone';
         UPDATE device_pairing_paired SET scopes_json = NULL, approved_at_ms = 7, display_name = 'x';
         INSERT INTO device_pairing_paired (device_id, public_key, created_at_ms, approved_at_ms) VALUES ('new', 'k', 1, 2);
         DELETE FROM device_pairing_pending; DELETE FROM device_auth_tokens WHERE role = 'node';
         DELETE FROM gateway_origin_device_tokens; UPDATE device_bootstrap_tokens SET token = 'other';",
    );
    let changes = back(&state, &folder, &entries).unwrap();
    state.store().commit(&changes).unwrap();
    assert_eq!(state.store().verify(&changes).unwrap(), None);
    let mut after = state.read();
    let mut before = before;
    for database in [&mut before, &mut after] {
        for table in database.tables.values_mut() {
            let table = std::sync::Arc::make_mut(table);
            table.rows.sort_by_key(|row| {
                format!("{:?}", row.0[0].text()) + &format!("{:?}", row.0[1].text())
            });
        }
    }
    assert_eq!(after.tables, before.tables);
    assert_eq!(state.others(), others);
    assert!(back(&state, &folder, &entries).unwrap().is_empty());
    let kind: String = Connection::open(state.database())
        .unwrap()
        .query_row(
            "SELECT typeof(display_name) FROM device_pairing_paired WHERE device_id = 'gone'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(kind, "text");
}

#[test]
fn an_extract_has_the_schema_as_it_was_and_nothing_else() {
    let state = State::fixture();
    let (folder, _) = capture(&state);
    let schema = |path: &Path| -> Vec<(String, String)> {
        Connection::open(path)
            .unwrap()
            .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND (tbl_name LIKE 'device\\_%' ESCAPE '\\' OR tbl_name = 'gateway_origin_device_tokens') AND tbl_name IN ('device_pairing_paired','device_pairing_pending','device_bootstrap_tokens','device_identities','device_auth_tokens','gateway_origin_device_tokens') ORDER BY name")
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    let extract = schema(&folder.piece());
    assert_eq!(extract, schema(&state.database()));
    let all: i64 = Connection::open(folder.piece())
        .unwrap()
        .query_row("SELECT count(*) FROM sqlite_schema WHERE sql IS NOT NULL", [], |row| row.get(0))
        .unwrap();
    assert_eq!(all, extract.len() as i64);
    let version: i64 = Connection::open(folder.piece())
        .unwrap()
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 18);
}

#[test]
fn a_broken_extract_is_not_believed() {
    let state = State::fixture();
    let (folder, entries) = capture(&state);
    let mut wrong = entries[0].clone();
    wrong.rows.insert("device_pairing_paired".to_owned(), 7);
    folder.verify(&wrong).unwrap_err();
    let mut bytes = std::fs::read(folder.piece()).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(folder.piece(), bytes).unwrap();
    folder.verify(&entries[0]).unwrap_err();
    back(&state, &folder, &entries).unwrap_err();
    std::fs::remove_file(folder.piece()).unwrap();
    folder.verify(&entries[0]).unwrap_err();
}

#[test]
fn a_schema_that_moved_on_is_handled_column_by_column() {
    let state = State::checkpointed();
    let (folder, entries) = capture(&state);
    let id = device(&state.read());
    // New columns keep what they hold; a column that held nothing may go.
    state.sql(
        "ALTER TABLE device_pairing_paired ADD COLUMN fresh TEXT;
         ALTER TABLE device_pairing_paired DROP COLUMN operator_label;
         UPDATE device_pairing_paired SET fresh = 'kept', scopes_json = '[]'",
    );
    let changes = back(&state, &folder, &entries).unwrap();
    state.store().commit(&changes).unwrap();
    assert_eq!(cell(&state.read(), "fresh"), text("kept"));
    assert_ne!(cell(&state.read(), "scopes_json"), text("[]"));
    // A lost column that held something is named.
    state.sql("ALTER TABLE device_pairing_paired DROP COLUMN tokens_json");
    let error = back(&state, &folder, &entries).unwrap_err();
    assert!(error.to_string().contains("`tokens_json`"), "{error}");
    // So is a new one without which no row can come back.
    let state = State::checkpointed();
    state.sql(
        "ALTER TABLE device_pairing_paired RENAME TO old;
         CREATE TABLE device_pairing_paired AS SELECT * FROM old WHERE 0;
         ALTER TABLE device_pairing_paired ADD COLUMN gap INTEGER;
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, 'gap INTEGER', 'gap INTEGER NOT NULL') WHERE name = 'device_pairing_paired'",
    );
    let error = back(&state, &folder, &entries).unwrap_err();
    assert!(error.to_string().contains("`gap`"), "{error}");
    // No key is at hand that proves the id, so it is named by its end.
    let end = clawmend::secret::mask(&id);
    assert!(end.len() == 8 && error.to_string().contains(&end), "{error}");
}

#[test]
fn a_database_that_went_or_came_since_is_said() {
    let state = State::fixture();
    let (folder, entries) = capture(&state);
    let error = back(&State::empty(), &folder, &entries).unwrap_err();
    assert!(error.to_string().contains("not there"), "{error}");
    let absent = [ManifestEntry::absent("sqlite", DATABASE)];
    let error = back(&state, &folder, &absent).unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert!(back(&State::empty(), &folder, &absent).unwrap().is_empty());
}

#[test]
fn a_note_of_a_failed_check_is_read_and_made_nowhere() {
    let state = State::fixture();
    let notes = state.path().join("state/openclaw-quarantine.sqlite");
    assert!(!state.read().is_quarantined && !notes.exists());
    let file = state.database();
    let note = |generation: Option<String>, version: i64| {
        drop(std::fs::remove_file(&notes));
        let made = rusqlite::Connection::open(&notes).unwrap();
        let table = "CREATE TABLE quarantined_databases (path TEXT, kind TEXT, reason TEXT, quarantined_at INTEGER, writer_app_version TEXT, verified_generation TEXT)";
        made.execute_batch(&format!("{table}; PRAGMA user_version = {version}")).unwrap();
        let row = (file.to_str(), generation);
        let insert = "INSERT INTO quarantined_databases VALUES (?1, 'state', 'r', 1, 'v', ?2)";
        made.execute(insert, row).unwrap();
    };
    note(None, 2);
    assert!(state.read().is_quarantined);
    note(None, 3);
    assert!(!state.read().is_quarantined, "OpenClaw goes by no schema that it does not know");
    let found = std::fs::metadata(&file).unwrap();
    let since = found.modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
    let generation = |size: u64| {
        Some(format!(r#"{{"database":{{"size":"{size}","mtimeNs":"{}"}}}}"#, since.as_nanos()))
    };
    note(generation(found.len()), 2);
    assert!(state.read().is_quarantined);
    note(generation(found.len() + 1), 2);
    assert!(!state.read().is_quarantined, "it is another file now");
    note(None, 2);
    let view = "ALTER TABLE quarantined_databases RENAME TO kept; CREATE VIEW quarantined_databases AS SELECT * FROM kept";
    rusqlite::Connection::open(&notes).unwrap().execute_batch(view).unwrap();
    assert!(!state.read().is_quarantined, "a view may be without end, so none is looked into");
}

#[test]
fn tables_that_no_check_reads_are_missed_too() {
    let state = State::fixture();
    assert!(state.read().lacks_tables.is_empty());
    assert!(!state.read().is_claimed);
    state.sql("INSERT INTO config_machine_state VALUES ('gateway.supervision', '{}', 1)");
    assert!(state.read().is_claimed);
    state.sql("DROP TABLE cron_jobs");
    assert_eq!(state.read().lacks_tables, ["cron_jobs"]);
}

#[test]
fn a_database_without_pairing_tables_has_an_extract_too() {
    let state = State::empty();
    state.sql("CREATE TABLE something (a)");
    assert!(state.read().tables.is_empty());
    let (folder, entries) = capture(&state);
    folder.verify(&entries[0]).unwrap();
    assert!(back(&state, &folder, &entries).unwrap().is_empty());
}

#[test]
fn secrets_stay_out_of_words() {
    let state = State::fixture();
    let database = state.read();
    let shown = format!("{database:?}{:?}", changes_of(&state));
    let token = database.tables[&Part::DeviceAuth].rows[0].0[2].text().unwrap();
    assert!(!shown.contains(token));
    assert!(!shown.contains("PRIVATE KEY"));
}

// Under the write lock.

#[test]
fn what_is_read_under_the_lock_is_what_the_commit_finds() {
    let state = State::fixture();
    let (then, entries) = capture(&state);
    state.sql("UPDATE device_pairing_paired SET display_name = 'theirs'");
    let store = state.store();
    let hold = store.hold().unwrap();
    let store = store.with_hold(Some(hold.clone()));
    // Another writer waits: what it commits comes after.
    let writer = Connection::open(state.database()).unwrap();
    writer.busy_timeout(Duration::ZERO).unwrap();
    let theirs = "UPDATE device_pairing_paired SET client_mode = 'after'";
    assert!(writer.execute_batch(theirs).is_err());
    let now = Images { database: store.read(), ..Images::default() };
    let changes = store.changes_to(&now, &entries, &then).unwrap();
    assert!(!changes.is_empty());
    let mut safety = Folder::new();
    let safe = store.capture(&mut safety).unwrap();
    assert!(writer.execute_batch(theirs).is_err());
    store.commit(&changes).unwrap();
    writer.execute_batch(theirs).unwrap();
    assert!(store.verify(&changes).is_ok());
    let database = state.read();
    assert_ne!(cell(&database, "display_name"), text("theirs"));
    assert_eq!(cell(&database, "client_mode"), text("after"));
    // What was replaced is in the snapshot taken under the same lock.
    safety.verify(&safe[0]).unwrap();
    let kept = Connection::open(safety.piece()).unwrap();
    let name: String = kept
        .query_row("SELECT display_name FROM device_pairing_paired", [], |row| row.get(0))
        .unwrap();
    assert_eq!(name, "theirs");
    // Let go without a change, it is anybody's.
    let hold = state.store().hold().unwrap();
    assert!(writer.execute_batch(theirs).is_err());
    hold.release();
    writer.execute_batch(theirs).unwrap();
}

#[test]
fn views_without_end_where_tables_belong_are_not_looked_into() {
    let state = State::fixture();
    let db = Connection::open(state.database()).unwrap();
    for (name, columns) in [
        ("schema_meta", "'primary' AS meta_key, NULL AS app_version, n AS updated_at"),
        ("config_machine_state", "'x' AS state_key, 'y' AS value_json"),
        ("gateway_boot_lifecycle", "n AS boot_id"),
        (
            "secret_store_entries",
            "'identity' AS scope_kind, n AS name, n AS value, NULL AS deleted_at_ms",
        ),
    ] {
        let endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)";
        db.execute_batch(&format!(
            "DROP TABLE {name}; CREATE VIEW {name} AS {endless} SELECT {columns} FROM c"
        ))
        .unwrap();
    }
    drop(db);
    let database = state.read();
    assert_eq!((database.app_version, database.has_booted), (None, false));
}

#[test]
fn a_secret_that_is_no_text_hides_no_other() {
    let state = State::fixture();
    state.sql(
        "INSERT INTO secret_store_entries (scope_kind, scope_id, name, value, kind, created_at_ms, updated_at_ms)
         VALUES ('team', '', 'A_ODD', CAST(x'ff' AS TEXT), 'secret', 1, 1), ('team', '', 'B', 'b', 'secret', 1, 1)",
    );
    let names: Vec<String> = state.read().secrets.into_keys().collect();
    assert_eq!(names, ["B"]);
}

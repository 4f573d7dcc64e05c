//! Writers that never rest, and two clawmends at once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::Size;
use crate::trace;
use crate::world::{FILES, SQLITE, World, binary};

/// As OpenClaw writes: the whole file read, changed, written beside, renamed in. Every write adds a
/// record of its own, and then every record of its own that it ever added has to be there. Whether a
/// rename came between its reading and its writing it can tell from the inode, and says so.
fn rewrite(
    world: &World,
    file: &str,
    id_field: &str,
    number: usize,
    lock: bool,
) -> Result<bool, String> {
    use std::os::unix::fs::MetadataExt;
    let path = world.path(file);
    let inode_now = || std::fs::metadata(&path).map(|meta| meta.ino()).unwrap_or(0);
    let inode = inode_now();
    let text = std::fs::read(&path).map_err(|error| error.to_string())?;
    let mut all: serde_json::Map<String, Value> =
        serde_json::from_slice(&text).map_err(|error| format!("{file} is broken: {error}"))?;
    for earlier in 0..number {
        if !all.contains_key(&key(earlier)) {
            std::thread::sleep(Duration::from_millis(1));
            if inode_now() != inode {
                // Read in the instant in which clawmend looked at what its exchange brought out.
                return Ok(false);
            }
            return Err(format!("{file}: record {earlier} of {number} is lost"));
        }
    }
    all.insert(key(number), record(id_field, number));
    if lock {
        lock_out(&mut all);
    }
    let temp = path.with_extension("json.writer.tmp");
    std::fs::write(&temp, serde_json::to_vec_pretty(&all).unwrap()).unwrap();
    if inode_now() != inode {
        // clawmend came first: this writer would overwrite it. OpenClaw's own race, not ours.
        std::fs::remove_file(&temp).unwrap();
        return Ok(false);
    }
    std::fs::rename(&temp, &path).map_err(|error| error.to_string())?;
    Ok(true)
}

/// As a gateway writes one, of somebody else's device.
fn record(id_field: &str, number: usize) -> Value {
    let id = key(number);
    let at = 1_795_544_000_000_i64;
    let mut record = json!({
        "deviceId": format!("device-of-{id}"), "publicKey": format!("key-of-{id}"), "platform": "linux",
        "role": "operator", "roles": ["operator"], "scopes": ["operator.read"], "ts": at,
    });
    if id_field == "deviceId" {
        record["createdAtMs"] = json!(at);
        record["approvedAtMs"] = json!(at);
    }
    record[id_field] = json!(id);
    record
}

fn key(number: usize) -> String {
    format!("writer-{number:05}")
}

pub fn writers_of_files_lose_nothing(size: Size) -> String {
    let rounds = size.of(9).min(300);
    let world = World::fixture(FILES[1]);
    let (stop, lock) = (AtomicBool::new(false), AtomicBool::new(false));
    let written = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let (mut done, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        for (at, (file, id)) in
            [("devices/paired.json", "deviceId"), ("devices/pending.json", "requestId")]
                .into_iter()
                .enumerate()
        {
            let (world, stop, lock, written) = (&world, &stop, &lock, &written[at]);
            scope.spawn(move || {
                let mut number = 0;
                while !stop.load(Ordering::Relaxed) {
                    let locks = at == 0 && lock.load(Ordering::Relaxed);
                    match rewrite(world, file, id, number, locks) {
                        Ok(true) => {
                            number += 1;
                            if locks {
                                lock.store(false, Ordering::Relaxed);
                            }
                        }
                        Ok(false) => {}
                        Err(why) => {
                            stop.store(true, Ordering::Relaxed);
                            panic!("{why}");
                        }
                    }
                    written.store(number, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(10));
                }
            });
        }
        for round in 0..rounds {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let out = if round % 3 == 2 {
                world.run(&["snapshot", "create"])
            } else {
                // Locked out again first, so that there is something to repair.
                lock.store(true, Ordering::Relaxed);
                while lock.load(Ordering::Relaxed) && !stop.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(1));
                }
                world.run(&["repair", "--yes", "--only", "pairing"])
            };
            match out.code {
                Some(0 | 1) => done += 1,
                Some(3) => {
                    assert!(out.stderr.contains("kept changing"), "{out}");
                    refused += 1;
                }
                _ => {
                    stop.store(true, Ordering::Relaxed);
                    panic!("{out}");
                }
            }
            if round % 10 == 9 {
                world.run(&["snapshot", "prune", "--keep", "2", "--yes"]).expect(0);
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    let counts: Vec<usize> = written.iter().map(|count| count.load(Ordering::Relaxed)).collect();
    for (file, count) in ["devices/paired.json", "devices/pending.json"].iter().zip(&counts) {
        let all: serde_json::Map<String, Value> = serde_json::from_str(&world.text(file)).unwrap();
        for number in 0..*count {
            assert!(all.contains_key(&key(number)), "{file}: record {number} is lost");
        }
    }
    assert!(done > 0, "all {refused} runs were refused");
    assert_eq!(world.run(&["snapshot", "verify"]).code, Some(0));
    format!(
        "{rounds} rounds ({done} done, {refused} refused) beside {counts:?} records by rename, none lost"
    )
}

/// Takes the CLI's scopes away, in the writer's own write.
fn lock_out(all: &mut serde_json::Map<String, Value>) {
    for (_, device) in all.iter_mut() {
        if device.get("approvedScopes").is_some() {
            for field in ["scopes", "approvedScopes"] {
                device[field] = json!(["operator.read"]);
            }
        }
    }
}

pub fn a_writer_of_the_database_loses_nothing(size: Size) -> String {
    let rounds = size.of(30).min(300);
    let world = World::fixture(SQLITE);
    let database = world.path("state/openclaw.sqlite");
    let stop = AtomicBool::new(false);
    let wrote = AtomicUsize::new(0);
    let (mut done, mut refused) = ([0, 0], [0, 0]);
    std::thread::scope(|scope| {
        let (stop, wrote, database) = (&stop, &wrote, &database);
        scope.spawn(move || {
            let db = Connection::open(database).unwrap();
            db.busy_timeout(Duration::from_secs(10)).unwrap();
            db.execute_batch("CREATE TABLE noise (n INTEGER PRIMARY KEY, t TEXT)").unwrap();
            while !stop.load(Ordering::Relaxed) {
                db.execute_batch(
                    "BEGIN IMMEDIATE; INSERT INTO noise (t) VALUES ('x');
                     UPDATE device_pairing_paired SET last_seen_at_ms = 1 + coalesce(last_seen_at_ms, 0); COMMIT",
                )
                .unwrap();
                wrote.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(4));
            }
        });
        for round in 0..rounds {
            let out = if round % 2 == 0 {
                world.run(&["repair", "--yes", "--only", "pairing"])
            } else {
                world.run(&["restore", "--yes", "--force"])
            };
            match out.code {
                Some(0 | 1) => done[round % 2] += 1,
                Some(3) => refused[round % 2] += 1,
                _ => {
                    stop.store(true, Ordering::Relaxed);
                    panic!("{out}");
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    let db = Connection::open(&database).unwrap();
    let verdict: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let rows: i64 = db.query_row("SELECT count(*) FROM noise", [], |row| row.get(0)).unwrap();
    assert_eq!(rows as usize, wrote.load(Ordering::Relaxed), "rows of the other writer are lost");
    let [repairs, restores] = done;
    assert!(refused.iter().sum::<usize>() * 10 <= rounds, "refused {refused:?} of {rounds}");
    format!(
        "{rounds} rounds ({repairs} repairs and {restores} restores done, {refused:?} refused) beside {rows} commits, none lost"
    )
}

pub fn the_second_clawmend_is_refused_by_pid(_size: Size) -> String {
    let world = World::fixture(FILES[1]);
    world.run(&["snapshot", "create"]).expect(0);
    // The first is held up for seconds at the first sync of its snapshot.
    let mut slow = world.command("strace");
    slow.args(["-f", "-o"]).arg(world.root().join("slow.log"));
    slow.args(["-e", "trace=fsync", "-e", "inject=fsync:delay_enter=4000000:when=1"]);
    slow.arg(binary()).args(["repair", "--yes"]);
    slow.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut first = slow.spawn().unwrap();
    let lock = world.path("clawmend/lock");
    let start = Instant::now();
    let pid = loop {
        let text = std::fs::read_to_string(&lock).unwrap_or_default();
        if let Some(pid) = text.strip_prefix("pid ").and_then(|rest| rest.lines().next()) {
            break pid.to_owned();
        }
        assert!(start.elapsed() < Duration::from_secs(20), "nobody holds the lock");
        std::thread::sleep(Duration::from_millis(5));
    };
    let start = Instant::now();
    let second = world.run(&["repair", "--yes"]).expect(3);
    let waited = start.elapsed();
    assert!(second.stderr.contains(&format!("pid {pid}")), "{second}");
    assert!(waited > Duration::from_secs(1), "it did not wait: {waited:?}");
    // Readers are not kept out.
    world.run(&["diagnose"]).expect(1);
    assert!(first.wait().unwrap().success());
    world.run(&["diagnose"]).expect(0);
    // One that is over soon is waited for.
    let both: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> =
            (0..2).map(|_| scope.spawn(|| world.run(&["snapshot", "create"]))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert!(both.iter().all(|run| run.code == Some(0)), "{both:?}");
    format!("waited {:.1}s, then refused with pid {pid}", waited.as_secs_f32())
}

/// A writer that comes in after a restore's last look at its own work and before it says "Done".
pub fn a_restore_that_was_written_over_is_not_done(_size: Size) -> String {
    assert!(trace::works(), "strace cannot trace here");
    let world = World::fixture(FILES[1]);
    let original = world.text("devices/paired.json");
    world.run(&["repair", "--yes"]).expect(0);
    let (_, calls) = trace::calls(&world.again(), &["restore", "--yes"]);
    let ends = |call: &&trace::Call| call.name == "unlinkat" && call.line.contains("journal.json");
    let end = calls.iter().rfind(ends).expect("no journal was closed").number;
    let wait = format!("inject=unlinkat:delay_enter=3000000:when={end}");
    let out = std::thread::scope(|scope| {
        let run =
            || trace::run(&world, &["-e", "trace=unlinkat", "-e", &wait], &["restore", "--yes"]).0;
        let run = scope.spawn(run);
        while world.text("devices/paired.json") != original && !run.is_finished() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        std::thread::sleep(std::time::Duration::from_millis(1000));
        world.write("devices/theirs", "{}");
        std::fs::rename(world.path("devices/theirs"), world.path("devices/paired.json")).unwrap();
        run.join().unwrap()
    });
    assert_eq!(out.code, Some(1), "{out}");
    assert!(out.stderr.contains("still differs") && out.stderr.contains("paired.json"), "{out}");
    assert!(!out.stdout.contains("Done"), "{out}");
    assert_eq!(world.text("devices/paired.json"), "{}", "the other writer's version stays");
    "exit 1, and what differs".to_owned()
}

//! Owners, links, FIFOs, devices and folders where a file should be, and paths that move.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Size;
use crate::points::BROKEN_CONFIG;
use crate::trace;
use crate::world::{FILES, Out, SQLITE, World, finish, tree};

/// A user and a group of nobody here.
pub const UID: u32 = 65_533;
pub const GID: u32 = 65_532;

pub fn give_away(path: &Path) {
    if path.symlink_metadata().unwrap().is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            give_away(&entry.unwrap().path());
        }
    }
    std::os::unix::fs::lchown(path, Some(UID), Some(GID)).unwrap();
}

fn owners(world: &World) -> BTreeMap<PathBuf, (u32, u32, u32)> {
    let mut found = BTreeMap::new();
    for (path, _) in world.tree() {
        let meta = world.state().join(&path).symlink_metadata().unwrap();
        found.insert(path, (meta.uid(), meta.gid(), meta.mode() & 0o7777));
    }
    found
}

pub fn owners_groups_and_modes_stay(_size: Size) -> String {
    crate::needs_root();
    let mut checked = 0;
    for fixture in FILES.into_iter().chain([SQLITE]) {
        for side_files in [true, false] {
            let world = World::fixture(fixture);
            chown(world.root(), Some(UID), Some(GID)).unwrap();
            if !side_files {
                for ending in ["-wal", "-shm"] {
                    let _ =
                        std::fs::remove_file(world.path(&format!("state/openclaw.sqlite{ending}")));
                }
            }
            let odd = world.path("openclaw.json");
            std::fs::set_permissions(&odd, std::fs::Permissions::from_mode(0o640)).unwrap();
            give_away(&world.root().join("home"));
            let before = owners(&world);
            // Somebody else has the database open, so that the side files that are made stay.
            let open = world.path("state/openclaw.sqlite").exists().then(|| {
                let db = rusqlite::Connection::open(world.path("state/openclaw.sqlite")).unwrap();
                let _: i64 = db
                    .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
                    .unwrap();
                db
            });
            for args in [
                &["diagnose"][..],
                &["repair", "--yes", "--bind", "loopback"],
                &["snapshot", "create"],
                &["restore", "--yes", "--force"],
                &["repair", "--yes"],
                &["snapshot", "prune", "--keep", "2", "--yes"],
            ] {
                let out = world.run(args);
                assert!(matches!(out.code, Some(0 | 1)), "{args:?}: {out}");
                for (path, now) in owners(&world) {
                    match before.get(&path) {
                        Some(then) => assert_eq!(&now, then, "{args:?} changed {}", path.display()),
                        None => {
                            assert_eq!(
                                (now.0, now.1),
                                (UID, GID),
                                "{args:?} made {}",
                                path.display()
                            );
                            let side = path.to_string_lossy().contains("sqlite-");
                            let others = if side { 0o007 } else { 0o077 };
                            assert_eq!(now.2 & others, 0, "{args:?} made {}", path.display());
                        }
                    }
                    checked += 1;
                }
            }
            drop(open);
        }
    }
    checked += a_group_that_the_owner_is_not_in();
    format!("{checked} owners, groups and modes")
}

/// A file's group that its owner may not give it again stays: the file is not changed, and the line that
/// gives it back is printed.
fn a_group_that_the_owner_is_not_in() -> usize {
    let world = World::fixture(FILES[1]);
    chown(world.root(), Some(UID), Some(GID)).unwrap();
    give_away(&world.root().join("home"));
    chown(world.path("devices/paired.json"), Some(UID), Some(100)).unwrap();
    let before = owners(&world);
    let text = world.text("devices/paired.json");
    world.run(&["diagnose"]).expect(1);
    let out = world.run(&["repair", "--yes"]).expect(3);
    assert!(out.stderr.contains(&format!("chown -R {UID}:{GID} ")), "{out}");
    assert_eq!(world.text("devices/paired.json"), text);
    let now = owners(&world);
    for (path, then) in &before {
        assert_eq!(now.get(path), Some(then), "{}", path.display());
    }
    before.len()
}

/// Every name that OpenClaw or clawmend uses for a file or folder.
const NAMES: &[&str] = &[
    "openclaw.json",
    "devices",
    "devices/paired.json",
    "devices/pending.json",
    "devices/bootstrap.json",
    "identity",
    "identity/device.json",
    "identity/device-auth.json",
    "state",
    "state/openclaw.sqlite",
    "state/openclaw.sqlite-wal",
    "state/openclaw.sqlite-shm",
    "state/openclaw.sqlite-journal",
    "clawmend",
    "clawmend/lock",
    "clawmend/journal.json",
    "clawmend/snapshots",
    "openclaw.json.bak",
    "openclaw.json.last-good",
    ".env",
    "tmp",
    "logs",
    "logs/config-health.json",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trap {
    LinkOut,
    LinkNowhere,
    LinkToItself,
    HardLink,
    Fifo,
    Device,
    Folder,
    File,
    Socket,
}

const TRAPS: &[Trap] = &[
    Trap::LinkOut,
    Trap::LinkNowhere,
    Trap::LinkToItself,
    Trap::HardLink,
    Trap::Fifo,
    Trap::Device,
    Trap::Folder,
    Trap::File,
    Trap::Socket,
];

/// Puts the trap in the name's place; what was there goes to `outside`, where the link leads.
fn set(world: &World, name: &str, trap: Trap, outside: &Path) -> bool {
    let path = world.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let there = outside.join(path.file_name().unwrap());
    let was_dir = path.is_dir()
        || ["devices", "identity", "state", "clawmend", "clawmend/snapshots", "tmp", "logs"]
            .contains(&name);
    match trap {
        Trap::LinkOut | Trap::HardLink => {
            if path.exists() {
                std::fs::rename(&path, &there).unwrap();
            } else if was_dir {
                std::fs::create_dir(&there).unwrap();
            } else {
                std::fs::write(&there, "{}").unwrap();
            }
            if trap == Trap::LinkOut {
                symlink(&there, &path).unwrap();
                return true;
            }
            !there.is_dir() && std::fs::hard_link(&there, &path).is_ok()
        }
        _ => {
            if path.is_dir() {
                std::fs::remove_dir_all(&path).unwrap();
            } else {
                let _ = std::fs::remove_file(&path);
            }
            match trap {
                Trap::LinkNowhere => symlink(outside.join("not/there"), &path).is_ok(),
                Trap::LinkToItself => symlink(&path, &path).is_ok(),
                Trap::Fifo => made(world, &["mkfifo"], &path, &[]),
                Trap::Device => {
                    crate::is_root() && made(world, &["mknod"], &path, &["c", "1", "5"])
                }
                Trap::Folder => !was_dir && std::fs::create_dir(&path).is_ok(),
                Trap::File => was_dir && std::fs::write(&path, "in the way").is_ok(),
                Trap::Socket => std::os::unix::net::UnixListener::bind(&path).is_ok(),
                Trap::LinkOut | Trap::HardLink => false,
            }
        }
    }
}

fn made(world: &World, tool: &[&str], path: &Path, more: &[&str]) -> bool {
    let mut command = world.command(tool[0]);
    command.arg(path).args(more);
    finish(command).code == Some(0)
}

pub fn what_is_no_file_is_left_alone(size: Size) -> String {
    let (mut places, mut runs, mut at) = (0, 0, 0);
    let step = if size.full { 1 } else { 5 };
    let mut codes = BTreeMap::<i32, usize>::new();
    for fixture in [FILES[1], SQLITE] {
        for name in NAMES {
            for trap in TRAPS {
                at += 1;
                // The FIFOs always: what hangs there hangs for ever.
                if at % step != 0 && *trap != Trap::Fifo {
                    continue;
                }
                let world = World::fixture(fixture);
                // Something to mend in each file.
                world.write("openclaw.json", BROKEN_CONFIG);
                let outside = world.root().join("outside");
                std::fs::create_dir(&outside).unwrap();
                std::fs::set_permissions(&outside, std::fs::Permissions::from_mode(0o700)).unwrap();
                if !set(&world, name, *trap, &outside) {
                    continue;
                }
                places += 1;
                let beyond = tree(&outside);
                let mut trapped = kind_of(&world.path(name));
                for args in [
                    &["diagnose"][..],
                    &["devices"],
                    &["repair", "--dry-run"],
                    &["snapshot", "create"],
                    &["snapshot", "list"],
                    &["repair", "--yes"],
                    &["approve", "--yes"],
                    &["restore", "--yes"],
                    &["snapshot", "prune", "--keep", "1", "--yes"],
                ] {
                    let out = world.run(args);
                    runs += 1;
                    verdict(&format!("{fixture} {name} {trap:?} {args:?}"), &out);
                    *codes.entry(out.code.unwrap()).or_default() += 1;
                    let here = kind_of(&world.path(name));
                    if *trap == Trap::Socket && here.is_none() {
                        trapped = None;
                    }
                    assert_eq!(here, trapped, "{name} {trap:?} {args:?}: it was replaced\n{out}");
                    assert_eq!(
                        tree(&outside),
                        beyond,
                        "{name} {trap:?} {args:?}: written outside\n{out}"
                    );
                }
            }
        }
    }
    format!("{places} places, {runs} runs, exits {codes:?}")
}

fn kind_of(path: &Path) -> Option<(u32, u64)> {
    let meta = path.symlink_metadata().ok()?;
    Some((meta.mode() & 0o170_000, meta.rdev()))
}

#[track_caller]
fn verdict(what: &str, out: &Out) {
    assert!(!out.panicked(), "{what}: {out}");
    match out.code {
        Some(0..=2) => {}
        Some(3) => assert!(out.stderr.contains("error:"), "{what}: {out}"),
        Some(4 | 5) => {
            assert!(out.stderr.contains("error:") && out.stderr.contains('`'), "{what}: {out}")
        }
        _ => panic!("{what}: {out}"),
    }
}

pub fn a_folder_that_others_write_is_refused(_size: Size) -> String {
    let mut refused = 0;
    for (place, mode) in [
        ("home", 0o777),
        ("home", 0o775),
        ("home/.openclaw", 0o777),
        ("home/.openclaw", 0o1777),
        ("", 0o777),
    ] {
        for fixture in [FILES[1], SQLITE] {
            let world = World::fixture(fixture);
            let folder = match place {
                "" => world.root().to_path_buf(),
                place => world.root().join(place),
            };
            if mode == 0o775 && (!crate::is_root() || chown(&folder, None, Some(GID)).is_err()) {
                continue;
            }
            std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
            let before = world.tree();
            for args in [&["repair", "--yes"][..], &["snapshot", "create"]] {
                let out = world.run(args).expect(3);
                assert!(out.stderr.contains(&folder.display().to_string()), "{out}");
                assert_eq!(world.tree(), before, "{args:?} wrote all the same");
                refused += 1;
            }
            world.run(&["diagnose"]).expect(1);
        }
    }
    format!("{refused} refusals, nothing written")
}

/// Somebody swaps a folder or file for a link, again and again, while clawmend works as root.
pub fn a_path_swapped_in_between_leads_nowhere(size: Size) -> String {
    const NAMES: [&str; 8] = [
        "devices",
        "clawmend",
        "clawmend/snapshots",
        "identity",
        "devices/paired.json",
        "openclaw.json",
        "state",
        "",
    ];
    const COMMANDS: [&[&str]; 4] = [
        &["repair", "--yes"],
        &["restore", "--yes", "--force"],
        &["diagnose"],
        &["snapshot", "create"],
    ];
    let rounds = size.of(80).min(1600);
    let mut done = 0;
    for name in NAMES {
        let stores: &[&str] = if name.is_empty() {
            &[SQLITE, FILES[1]]
        } else if name == "state" {
            &[SQLITE]
        } else {
            &[FILES[1]]
        };
        for fixture in stores {
            let world = World::fixture(fixture);
            world.write("openclaw.json", BROKEN_CONFIG);
            world.run(&["snapshot", "create"]).expect(0);
            let outside = world.root().join("outside");
            let link = outside.join("it");
            copy_tree(&world.path(name), &link);
            if name.is_empty() {
                // A run that finds the link when it starts may take it for the state dir, which is no safe
                // place. One that started before has to stay where it was.
                let open = std::fs::Permissions::from_mode(0o777);
                std::fs::set_permissions(&link, open).unwrap();
            }
            let before = names_and_hashes(&outside);
            let stop = AtomicBool::new(false);
            let wrong = std::thread::scope(|scope| {
                scope.spawn(|| swap_again_and_again(&world, name, &link, &stop));
                let wrong = (0..rounds / NAMES.len()).find_map(|round| {
                    let out = world.run(COMMANDS[round % COMMANDS.len()]);
                    done += 1;
                    (out.panicked() || out.code.is_none()).then_some(out)
                });
                stop.store(true, Ordering::Relaxed);
                wrong
            });
            assert!(wrong.is_none(), "{name}: {}", wrong.unwrap());
            let after = names_and_hashes(&outside);
            assert_eq!(after, before, "{name}: written through the link");
        }
    }
    format!("{done} runs while a folder or file was swapped for a link")
}

fn swap_again_and_again(world: &World, name: &str, link: &Path, stop: &AtomicBool) {
    let kept = world.root().join("kept");
    let path = match name {
        "" => world.state(),
        name => world.path(name),
    };
    let mut odd = 0;
    while !stop.load(Ordering::Relaxed) {
        if let Err(error) = std::fs::rename(&path, &kept) {
            // A snapshot taken in the gap says that nothing was there, and a restore to it takes the
            // file away.
            assert!(was_absent(world, name), "{name} is gone: {error}");
            std::fs::copy(link, &path).unwrap();
            continue;
        }
        // clawmend may have made something of that name in the gap.
        let _ = symlink(link, &path);
        std::thread::sleep(std::time::Duration::from_micros(300));
        if std::fs::remove_file(&path).is_err() {
            odd += 1;
            let aside = world.root().join(format!("odd-{}-{odd}", name.replace('/', "-")));
            std::fs::rename(&path, aside).unwrap();
        }
        std::fs::rename(&kept, &path).unwrap();
        std::thread::sleep(std::time::Duration::from_micros(700));
    }
}

/// Whether a snapshot has this file as one that was not there.
fn was_absent(world: &World, name: &str) -> bool {
    let all = std::fs::read_dir(world.path("clawmend/snapshots")).unwrap();
    all.flatten().any(|snapshot| {
        let text = std::fs::read(snapshot.path().join("manifest.json")).unwrap_or_default();
        let manifest: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
        let entries = manifest["entries"].as_array().cloned().unwrap_or_default();
        entries.iter().any(|entry| entry["path"] == name && entry["name"].is_null())
    })
}

fn names_and_hashes(root: &Path) -> BTreeMap<PathBuf, String> {
    let each = tree(root).into_iter();
    each.map(|(path, line)| (path, line.rsplit(' ').next().unwrap().to_owned())).collect()
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    if from.is_dir() {
        std::fs::create_dir(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy_tree(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        std::fs::copy(from, to).unwrap();
    }
}

/// The owner of the state dir swaps the database's folder for a link to one that only root may enter,
/// again and again, while root works there: SQLite opens by path.
pub fn sqlite_goes_where_the_owner_could(size: Size) -> String {
    crate::needs_root();
    let rounds = size.of(60).min(400);
    let (mut done, mut swaps) = (0, 0);
    let world = World::fixture(SQLITE);
    // The owner has to come here; what is only root's lies elsewhere.
    for open in [world.root().to_path_buf(), world.root().join("home")] {
        std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    give_away(&world.root().join("home"));
    let roots = tempfile::tempdir().unwrap();
    let decoy = roots.path().join("state");
    copy_tree(&world.path("state"), &decoy);
    // Rows that would be told from the owner's, wherever they came out.
    let db = rusqlite::Connection::open(decoy.join("openclaw.sqlite")).unwrap();
    db.execute_batch("UPDATE device_pairing_paired SET display_name = 'of-root-alone'").unwrap();
    drop(db);
    let before = tree(roots.path());
    let (path, kept) = (world.path("state"), world.root().join("home/kept"));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (stop, swapper) = (&stop, || {
            let mut swaps = 0;
            while !stop.load(Ordering::Relaxed) {
                std::fs::rename(&path, &kept).unwrap();
                let _ = symlink(&decoy, &path);
                std::thread::sleep(std::time::Duration::from_micros(300));
                let _ = std::fs::remove_file(&path);
                std::fs::rename(&kept, &path).unwrap();
                swaps += 1;
                std::thread::sleep(std::time::Duration::from_micros(900));
            }
            swaps
        });
        let swapper = scope.spawn(swapper);
        for round in 0..rounds {
            let args: &[&str] = [
                &["repair", "--yes"][..],
                &["restore", "--yes", "--force"],
                &["snapshot", "create"],
                &["devices"],
                &["diagnose"],
            ][round % 5];
            let out = match round % 2 {
                0 => world.run(args),
                _ => trace::run_without_walls(&world, args),
            };
            let odd = out.panicked() || out.code.is_none();
            if odd || out.stdout.contains("of-root-alone") {
                stop.store(true, Ordering::Relaxed);
                panic!("{args:?}: {out}");
            }
            done += usize::from(matches!(out.code, Some(0 | 1)));
        }
        stop.store(true, Ordering::Relaxed);
        swaps = swapper.join().unwrap();
    });
    assert_eq!(tree(roots.path()), before, "what is root's alone was written");
    for (file, _) in world.tree() {
        let path = world.path(&file.display().to_string());
        let text = std::fs::read(&path).unwrap_or_default();
        let found = memchr::memmem::find(&text, b"of-root-alone");
        assert_eq!(found, None, "root's rows came into {}", file.display());
    }
    format!("{rounds} runs ({done} done) beside {swaps} swaps for a folder of root's")
}

/// Whoever may not write is told what root has to type: with the state dir and the config that were found, since
/// root's home and environment are others.
pub fn what_root_has_to_type_names_what_was_found(_size: Size) -> String {
    crate::needs_root();
    let world = World::fixture(FILES[1]);
    let open = std::fs::Permissions::from_mode(0o755);
    let home = world.root().join("home");
    for folder in [world.root(), &home] {
        std::fs::set_permissions(folder, open.clone()).unwrap();
    }
    let state = home.join(".openclaw-work");
    std::fs::rename(world.state(), &state).unwrap();
    let config = home.join("named.json");
    std::fs::write(&config, "{ gateway: { mode: 'local', bind: 'loopback' } }").unwrap();
    let program = home.join("clawmend");
    std::fs::copy(crate::world::binary(), &program).unwrap();
    for entry in [state.as_path(), &config, &program] {
        open_to_all(entry);
    }
    let (state, config) = (state.display().to_string(), config.display().to_string());
    let said = |variables: &[(&str, &str)], args: &[&str]| {
        let mut command = world.command(&program);
        std::os::unix::process::CommandExt::uid(&mut command, UID);
        command.envs(variables.iter().copied()).args(args);
        finish(command).expect(1).stdout
    };
    let by_profile = said(&[], &["--profile", "work"]);
    let line = format!("\n  sudo clawmend --state-dir {state} --profile work repair\n");
    assert!(by_profile.contains(&line), "{by_profile}");
    let variables = [("OPENCLAW_STATE_DIR", &*state), ("OPENCLAW_CONFIG_PATH", &*config)];
    let by_variables = said(&variables, &[]);
    let line = format!("\n  sudo clawmend --state-dir {state} --config {config} repair\n");
    assert!(by_variables.contains(&line), "{by_variables}");
    "by a profile, by variables".to_owned()
}

pub fn open_to_all(path: &Path) {
    let mut open = std::fs::metadata(path).unwrap().permissions();
    open.set_mode(0o755);
    std::fs::set_permissions(path, open).unwrap();
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            open_to_all(&entry.unwrap().path());
        }
    }
}

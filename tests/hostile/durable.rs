//! A power cut loses what was not synced. A kill does not show that, so the order of the calls is read
//! from a trace: what has to be on the disk before what.

use std::collections::{BTreeMap, BTreeSet};

use crate::Size;
use crate::trace;
use crate::world::{FILES, SQLITE, World};

/// One call that matters, with the paths it is about, relative to the state dir.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Wrote(String),
    /// A name came to be: a file or folder made, or the target of a link.
    Made(String),
    /// Renamed or (`both`) exchanged.
    Renamed {
        from: String,
        to: String,
        both: bool,
    },
    Removed(String),
    Synced(String),
}

/// The steps of a run, in order, of all its threads. `there`: what was there before it.
fn steps(world: &World, log: &str, mut there: BTreeSet<String>) -> Vec<Step> {
    let (dir, root) =
        (world.state().display().to_string(), format!("{}/", world.state().display()));
    let mut found = Vec::new();
    let mut unfinished = BTreeMap::<String, String>::new();
    for line in log.lines() {
        let Some((thread, rest)) = line.split_once(' ') else {
            continue;
        };
        let mut call = rest.trim_start().to_owned();
        if let Some(start) = call.strip_suffix(" <unfinished ...>") {
            unfinished.insert(thread.to_owned(), start.to_owned());
            continue;
        }
        if let Some((_, end)) = call.split_once(" resumed>") {
            call = unfinished.remove(thread).unwrap_or_default() + end;
        }
        let failed = call.rsplit_once(" = ").is_none_or(|(_, is)| is.starts_with('-'));
        let Some((name, arguments)) = call.split_once('(').filter(|_| !failed) else {
            continue;
        };
        let paths: Vec<String> = paths(arguments)
            .into_iter()
            .map(|path| match path.strip_prefix(&root) {
                Some(inner) => inner.to_owned(),
                None if path == dir => String::new(),
                None => path,
            })
            .collect();
        let inside = |path: &&String| !path.starts_with('/');
        let first = paths.first().filter(inside).cloned();
        found.extend(match (name, first) {
            (
                "write" | "pwrite64" | "writev" | "copy_file_range" | "sendfile" | "ftruncate",
                Some(path),
            ) => {
                // The one that is written is the second for these.
                let target = match name {
                    "copy_file_range" => paths.get(1).cloned().unwrap_or(path),
                    _ => path,
                };
                Some(Step::Wrote(target))
            }
            ("fsync" | "fdatasync", Some(path)) => Some(Step::Synced(path)),
            ("openat" | "open", _) if arguments.contains("O_CREAT") => paths
                .last()
                .filter(inside)
                .filter(|path| there.insert((*path).clone()))
                .map(|path| Step::Made(path.clone())),
            ("mkdirat" | "mkdir", _) => {
                paths.last().filter(inside).map(|path| Step::Made(path.clone()))
            }
            ("unlinkat" | "unlink" | "rmdir", _) => paths
                .last()
                .filter(inside)
                .inspect(|path| {
                    there.remove(*path);
                })
                .map(|path| Step::Removed(path.clone())),
            ("renameat2" | "renameat" | "rename", _) => match paths.as_slice() {
                [from, to] => Some(Step::Renamed {
                    from: from.clone(),
                    to: to.clone(),
                    both: arguments.contains("RENAME_EXCHANGE"),
                }),
                _ => None,
            },
            _ => None,
        });
    }
    found
}

/// The paths of a call as `strace -y` shows them: `3</a/b>` alone, `3</a>, "b"` joined, `"/a/b"`.
fn paths(arguments: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = arguments;
    let mut folder: Option<String> = None;
    loop {
        let at = rest.find(['<', '"']);
        let Some(at) = at else { break };
        let (open, tail) = rest[at..].split_at(1);
        let close = if open == "<" { '>' } else { '"' };
        let Some(end) = tail.find(close) else { break };
        let text = &tail[..end];
        rest = &tail[end + 1..];
        // `-s 0` cuts what is written to nothing, and no path.
        if open == "\"" && text.is_empty() {
            continue;
        }
        if open == "\"" {
            found.push(match folder.take() {
                Some(folder) if !text.starts_with('/') => format!("{folder}/{text}"),
                _ => text.to_owned(),
            });
            continue;
        }
        if let Some(alone) = folder.replace(text.to_owned()) {
            found.push(alone);
        }
    }
    // What a call returns (`= 5</a/b>`) is the path it opened: the same once more.
    if let Some(alone) = folder
        && (found.is_empty() || !arguments.contains('"'))
    {
        found.push(alone);
    }
    found
}

fn folder_of(path: &str) -> String {
    path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned()
}

/// What OpenClaw reads.
fn is_state(path: &str) -> bool {
    let temp = path.contains(".clawmend-");
    !temp && !path.starts_with("clawmend") && !path.starts_with("tmp")
}

/// What is wrong with the order of a run's steps.
fn problems(steps: &[Step], changes_state: bool) -> Vec<String> {
    let mut found = Vec::new();
    // Files and folders with something that a power cut would lose.
    let mut dirty = BTreeSet::<String>::new();
    let mut begun = false;
    let mut journal = (false, false);
    for step in steps {
        match step {
            Step::Wrote(path) | Step::Made(path) => {
                let changes =
                    matches!(step, Step::Wrote(_)) && is_state(path) && !path.ends_with("-shm");
                if changes && !begun {
                    begun = true;
                    before_the_first(&dirty, journal.0, path, &mut found);
                }
                // A temp file's own name may be lost, the one it gets may not.
                let temp = path.rsplit('/').next().is_some_and(|name| name.contains(".clawmend-"));
                if matches!(step, Step::Made(_)) && !temp {
                    dirty.insert(folder_of(path));
                }
                // The index is made anew from the log.
                if !path.ends_with("-shm") {
                    dirty.insert(path.clone());
                }
            }
            Step::Renamed { from, to, both } => {
                if dirty.contains(from) {
                    found.push(format!("`{to}` is put in place before `{from}` is synced"));
                }
                let inner = format!("{from}/");
                for path in dirty.iter().filter(|path| path.starts_with(&inner)) {
                    found.push(format!("`{to}` is put in place before `{path}` is synced"));
                }
                if is_state(to) || is_state(from) {
                    if !begun {
                        begun = true;
                        before_the_first(&dirty, journal.0, to, &mut found);
                    }
                } else if to.ends_with("journal.json") {
                    journal = (true, false);
                }
                if !both {
                    dirty.remove(from);
                }
                dirty.insert(folder_of(from));
                dirty.insert(folder_of(to));
            }
            Step::Removed(path) => {
                if path.ends_with("clawmend/journal.json") || path == "clawmend/journal.json" {
                    journal.1 = true;
                    for path in dirty.iter().filter(|path| is_state(path)) {
                        found.push(format!("the journal goes before `{path}` is synced"));
                    }
                }
                dirty.remove(path);
                // A temp file that is there again is swept by the next run; a log that was folded in
                // tells what the database says anyway.
                if !path.contains(".clawmend-")
                    && !path.ends_with("-wal")
                    && !path.ends_with("-shm")
                {
                    dirty.insert(folder_of(path));
                }
            }
            Step::Synced(path) => {
                dirty.remove(path);
            }
        }
    }
    // When the command says that it is done, it is.
    let late = |path: &&String| {
        path.as_str() != "clawmend/lock" && !path.starts_with("tmp") && !path.ends_with("-shm")
    };
    for path in dirty.iter().filter(late) {
        found.push(format!("it ends before `{path}` is synced"));
    }
    if changes_state && (!begun || journal != (true, true)) {
        found.push(format!("the trace shows no change: {begun} {journal:?}"));
    }
    found
}

/// The journal stands, and it and the snapshot are on the disk.
fn before_the_first(dirty: &BTreeSet<String>, journal: bool, path: &str, found: &mut Vec<String>) {
    if !journal {
        found.push(format!("`{path}` changes before there is a journal"));
    }
    // The lock holds no more than a pid. Temp files beside the state's own are no change yet.
    for late in dirty.iter().filter(|late| late.starts_with("clawmend") && *late != "clawmend/lock")
    {
        found.push(format!("`{path}` changes before `{late}` is synced"));
    }
    if dirty.contains("") {
        found.push(format!(
            "`{path}` changes before the state dir, with clawmend's new folder, is synced"
        ));
    }
}

pub fn what_must_be_on_the_disk_before_what(_size: Size) -> String {
    assert!(trace::works(), "strace cannot trace here");
    let (mut runs, mut count) = (0, 0);
    let mut wrong = Vec::new();
    for fixture in FILES.into_iter().chain([SQLITE]) {
        for side_files in [true, false] {
            let world = World::fixture(fixture);
            if !side_files {
                for ending in ["-wal", "-shm"] {
                    let _ =
                        std::fs::remove_file(world.path(&format!("state/openclaw.sqlite{ending}")));
                }
            }
            for (args, changes) in [
                // The first time, with clawmend's own folder to make.
                (&["repair", "--yes", "--bind", "loopback"][..], true),
                (&["restore", "--yes"], true),
                (&["snapshot", "create"], false),
            ] {
                if args == ["snapshot", "create"] {
                    let _ = std::fs::remove_dir_all(world.path("clawmend"));
                }
                let there = world.tree().into_keys();
                let there = there.map(|path| path.display().to_string()).collect();
                let (out, log) = trace::run(&world, &[], args);
                assert!(matches!(out.code, Some(0 | 1)), "{args:?}: {out}");
                let steps = steps(&world, &log, there);
                count += steps.len();
                runs += 1;
                for problem in problems(&steps, changes) {
                    wrong.push(format!("{fixture} {args:?}: {problem}"));
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    seen_to_fail();
    format!("{runs} runs, {count} steps in order")
}

/// The judge itself: each thing out of order is seen.
fn seen_to_fail() {
    let text = |text: &str| text.to_owned();
    let swap = || Step::Renamed {
        from: text("devices/.paired.json.clawmend-1"),
        to: text("devices/paired.json"),
        both: true,
    };
    let journal = || Step::Renamed {
        from: text("clawmend/.journal.json.clawmend-1"),
        to: text("clawmend/journal.json"),
        both: false,
    };
    let wrote = |path: &str| Step::Wrote(text(path));
    let synced = |path: &str| Step::Synced(text(path));
    let good = [
        wrote("clawmend/.journal.json.clawmend-1"),
        synced("clawmend/.journal.json.clawmend-1"),
        journal(),
        synced("clawmend"),
        wrote("devices/.paired.json.clawmend-1"),
        synced("devices/.paired.json.clawmend-1"),
        swap(),
        synced("devices"),
        Step::Removed(text("clawmend/journal.json")),
        synced("clawmend"),
    ];
    assert_eq!(problems(&good, true), Vec::<String>::new());
    for (at, step) in good.iter().enumerate() {
        if matches!(step, Step::Synced(_)) {
            let mut bad = good.to_vec();
            bad.remove(at);
            assert!(!problems(&bad, true).is_empty(), "nobody misses {step:?}");
        }
    }
}

#![cfg(all(unix, not(clawmend_portable)))]

use super::*;
use crate::platform::portable::folder::PathFolder;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

fn put<F: Folder>(folder: &Path, before: &FileState, text: &[u8]) -> Result<(), CommitError> {
    let dir = Dir::<F>::open(folder).unwrap();
    let new = New { pieces: &[text], meta: None };
    replace(dir, OsStr::new("f"), before, Some(new))
}

fn read<F: Folder>(folder: &Path) -> FileState {
    Dir::<F>::open(folder).unwrap().read("f", 1 << 20)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn moved(result: Result<(), CommitError>) -> bool {
    matches!(result, Err(CommitError::Stale(_)))
}

/// What holds on every system.
fn the_same_everywhere<F: Folder>() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path();
    put::<F>(folder, &FileState::Absent, b"one").unwrap();
    let one = read::<F>(folder);
    assert!(moved(put::<F>(folder, &FileState::Absent, b"x")));
    put::<F>(folder, &one, b"two").unwrap();
    assert!(moved(put::<F>(folder, &one, b"x")));
    assert_eq!(std::fs::read(folder.join("f")).unwrap(), b"two");
    let two = read::<F>(folder);
    let dir = || Dir::<F>::open(folder).unwrap();
    assert!(moved(replace(dir(), OsStr::new("f"), &one, None)));
    replace(dir(), OsStr::new("f"), &two, None).unwrap();
    assert!(moved(put::<F>(folder, &two, b"x")));
    assert!(names(folder).is_empty());
}

#[test]
fn replaces_makes_and_removes_only_what_was_read() {
    the_same_everywhere::<SystemFolder>();
    the_same_everywhere::<PathFolder>();
}

/// A swap that is taken back leaves what was there, and no temp file.
fn taken_back<F: Folder>() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path();
    std::fs::write(folder.join("f"), "old").unwrap();
    let stage = |name: &str, before: &FileState, text: Option<&[u8]>| {
        let pieces = text.map(|text| [text]);
        let new = pieces.as_ref().map(|pieces| New { pieces, meta: None });
        let dir = Dir::<F>::open(folder).unwrap();
        let mut staged = Staged::new(dir, OsStr::new(name), before, new).unwrap();
        staged.swap().unwrap();
        staged
    };
    let old = read::<F>(folder);
    stage("f", &old, Some(b"new")).put_back().unwrap();
    assert_eq!(std::fs::read(folder.join("f")).unwrap(), b"old");
    stage("f", &old, None).put_back().unwrap();
    assert_eq!(std::fs::read(folder.join("f")).unwrap(), b"old");
    stage("g", &FileState::Absent, Some(b"new")).put_back().unwrap();
    assert_eq!(names(folder), ["f"]);
    // Another writer's version is newer than both, and stays.
    let staged = stage("f", &old, Some(b"new"));
    std::fs::write(folder.join("theirs"), "theirs").unwrap();
    std::fs::rename(folder.join("theirs"), folder.join("f")).unwrap();
    staged.put_back().unwrap();
    assert_eq!(std::fs::read(folder.join("f")).unwrap(), b"theirs");
    assert_eq!(names(folder), ["f"]);
}

#[test]
fn a_swap_can_be_taken_back() {
    taken_back::<SystemFolder>();
}

/// Killed between the two names that a file has for a moment where nothing can be exchanged.
#[test]
fn an_own_second_name_is_known_and_another_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path();
    std::fs::write(folder.join("f"), "one").unwrap();
    std::fs::hard_link(folder.join("f"), folder.join(temp_name(OsStr::new("f")))).unwrap();
    let other = folder.join(temp_name(OsStr::new("f")));
    std::fs::write(&other, "somebody's version").unwrap();
    put::<SystemFolder>(folder, &read::<SystemFolder>(folder), b"two").unwrap();
    assert_eq!(std::fs::read(folder.join("f")).unwrap(), b"two");
    assert_eq!(std::fs::read(other).unwrap(), b"somebody's version");
    assert_eq!(names(folder).len(), 2);
}

#[test]
fn mode_and_owner_stay_and_new_files_are_private() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("f");
    put::<SystemFolder>(temp.path(), &FileState::Absent, b"one").unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let root = rustix::process::geteuid().is_root();
    if root {
        std::os::unix::fs::chown(&path, Some(1234), Some(2345)).unwrap();
    }
    put::<SystemFolder>(temp.path(), &read::<SystemFolder>(temp.path()), b"two").unwrap();
    let meta = std::fs::metadata(&path).unwrap();
    assert_eq!(meta.mode() & 0o7777, 0o640);
    if root {
        assert_eq!((meta.uid(), meta.gid()), (1234, 2345));
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::chown(temp.path(), Some(77), Some(78)).unwrap();
        put::<SystemFolder>(temp.path(), &FileState::Absent, b"new").unwrap();
        let meta = std::fs::metadata(&path).unwrap();
        assert_eq!((meta.uid(), meta.gid()), (77, 78));
    }
}

#[test]
fn links_folders_and_fifos_are_never_written() {
    let temp = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let path = temp.path().join("f");
    let theirs = outside.path().join("theirs");
    std::fs::write(&path, "text").unwrap();
    let before = read::<SystemFolder>(temp.path());

    std::fs::hard_link(&path, &theirs).unwrap();
    let refused = put::<SystemFolder>(temp.path(), &before, b"new");
    assert!(
        matches!(refused, Err(CommitError::Failed(error)) if error.message().contains("hard link"))
    );

    std::fs::remove_file(&path).unwrap();
    symlink(&theirs, &path).unwrap();
    assert!(moved(put::<SystemFolder>(temp.path(), &before, b"new")));
    assert!(moved(put::<SystemFolder>(temp.path(), &FileState::Absent, b"new")));
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(moved(put::<SystemFolder>(temp.path(), &before, b"new")));
    assert!(moved(put::<SystemFolder>(temp.path(), &FileState::Absent, b"new")));
    assert_eq!(names(temp.path()), ["f"]);
    assert_eq!(std::fs::read(theirs).unwrap(), b"text");
    assert_eq!(names(outside.path()), ["theirs"]);
}

/// A writer renames its own versions in at full speed; none of its versions may be lost: the last one
/// it wrote, or ours made from exactly the version before, stands there, and what ours replaced is
/// what we said we had read.
#[test]
fn a_live_writer_loses_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path();
    std::fs::write(folder.join("f"), "writer 000000000000").unwrap();
    let stop = AtomicBool::new(false);
    let (mut ours, mut lost) = (0, 0);
    std::thread::scope(|scope| {
        // A read-modify-write loop as the gateway's: takes what stands there and counts on.
        let writer = scope.spawn(|| {
            let mut count = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                count += 1;
                std::fs::write(folder.join("w"), format!("writer {count:012}")).unwrap();
                std::fs::rename(folder.join("w"), folder.join("f")).unwrap();
                // Full speed in bursts, with gaps in which a read, a write and an fsync fit.
                if count.is_multiple_of(64) {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
            }
            count
        });
        let mut tries = 0;
        while ours < 200 && tries < 200_000 {
            tries += 1;
            let before = read::<SystemFolder>(folder);
            let FileState::Present { bytes, .. } = &before else { continue };
            // Carries the writer's count on, once.
            let tail = &bytes[bytes.len().saturating_sub("writer 000000000000".len())..];
            let text = [b"ours over ".as_slice(), tail].concat();
            match put::<SystemFolder>(folder, &before, &text) {
                Ok(()) => ours += 1,
                Err(CommitError::Stale(_)) => {}
                Err(CommitError::Failed(error)) => panic!("{error}"),
            }
        }
        stop.store(true, Ordering::Relaxed);
        let count = writer.join().unwrap();
        let last = std::fs::read_to_string(folder.join("f")).unwrap();
        if !last.contains(&format!("{count:012}")) {
            lost += 1;
        }
    });
    assert_eq!((ours, lost), (200, 0));
    assert_eq!(names(folder), ["f"]);
}

#[test]
fn temp_names_say_whose_they_are() {
    let temp = temp_name(OsStr::new("paired.json"));
    assert!(is_temp(&temp) && is_temp_of(&temp, OsStr::new("paired.json")));
    assert!(!is_temp_of(&temp, OsStr::new("pending.json")));
    assert!(!is_temp(OsStr::new("paired.json.tmp")));
}

proptest::proptest! {
    #[test]
    fn any_bytes_in_any_pieces_arrive(
        old in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
        pieces in proptest::collection::vec(
            proptest::collection::vec(proptest::prelude::any::<u8>(), 0..100), 0..6),
    ) {
        let temp = tempfile::tempdir().unwrap();
        std::fs::write(temp.path().join("f"), &old).unwrap();
        let before = read::<SystemFolder>(temp.path());
        let slices: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let dir = Dir::<SystemFolder>::open(temp.path()).unwrap();
        let new = New { pieces: &slices, meta: None };
        replace(dir, OsStr::new("f"), &before, Some(new)).unwrap();
        let dir = Dir::<SystemFolder>::open(temp.path()).unwrap();
        let whole = pieces.concat();
        proptest::prop_assert_eq!(dir.holds("f", &slices).unwrap().map(|(same, _)| same), Some(true));
        proptest::prop_assert_eq!(std::fs::read(temp.path().join("f")).unwrap(), whole);
    }
}

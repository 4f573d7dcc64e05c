#![cfg(all(unix, not(clawmend_portable)))]

use super::*;
use crate::image::FileState;
use std::os::unix::fs::{PermissionsExt, symlink};

fn temp() -> (tempfile::TempDir, Dir) {
    let temp = tempfile::tempdir().unwrap();
    let dir = Dir::open(temp.path()).unwrap();
    (temp, dir)
}

#[test]
fn reads_regular_files_and_says_what_the_rest_is() {
    let (temp, dir) = temp();
    std::fs::write(temp.path().join("a"), "text").unwrap();
    std::fs::create_dir(temp.path().join("folder")).unwrap();
    symlink("a", temp.path().join("link")).unwrap();
    std::os::unix::net::UnixListener::bind(temp.path().join("socket")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        temp.path().join("fifo"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let unusable = |name: &str, limit| match dir.read(name, limit) {
        FileState::Unusable(why) => why,
        other => panic!("{other:?}"),
    };
    assert!(matches!(dir.read("a", 4), FileState::Present { bytes, .. } if **bytes == *b"text"));
    assert!(matches!(dir.read("nothing", 4), FileState::Absent));
    assert_eq!(unusable("a", 3), Unusable::TooLarge { len: 4, limit: 3 });
    assert_eq!(unusable("folder", 9), Unusable::NotAFile("a folder"));
    assert_eq!(unusable("fifo", 9), Unusable::NotAFile("a FIFO"));
    assert_eq!(unusable("socket", 9), Unusable::NotAFile("a socket"));
    assert_eq!(unusable("link", 9), Unusable::Symlink("a".into()));
}

#[test]
fn no_component_below_may_be_a_link() {
    let (temp, dir) = temp();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("x"), "").unwrap();
    symlink(outside.path(), temp.path().join("devices")).unwrap();
    assert!(matches!(dir.walk(Path::new("devices/x")), Err(Unusable::Symlink(_))));
    assert!(dir.walk(Path::new("../x")).is_err());
    assert!(dir.walk(Path::new("/etc/x")).is_err());
    assert!(dir.walk_or_create(Path::new("devices/x")).is_err());
    assert!(dir.walk(Path::new("missing/x")).unwrap().is_none());
}

#[test]
fn new_folders_are_private_and_a_tree_goes_without_following_links() {
    let (temp, dir) = temp();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("kept"), "").unwrap();
    dir.walk_or_create(Path::new("one/two/file")).unwrap();
    symlink(outside.path(), temp.path().join("one/two/link")).unwrap();
    let mode = std::fs::metadata(temp.path().join("one/two")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o7777, 0o700);
    dir.remove_tree("one").unwrap();
    assert!(!temp.path().join("one").exists());
    assert!(outside.path().join("kept").exists());
}

/// Root is kept out of nothing, so where the tests run as root they look as nobody.
fn as_nobody(work: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let work = || {
            if crate::platform::user_id() == 0 {
                crate::platform::rights::take(65_534, 65_534).unwrap();
            }
            work();
        };
        scope.spawn(work).join().unwrap();
    });
}

/// A folder that may be listed and not entered: what is in it has names and nothing more.
fn closed(temp: &tempfile::TempDir) -> std::path::PathBuf {
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let closed = temp.path().join("closed");
    std::fs::create_dir_all(closed.join("inner")).unwrap();
    std::fs::write(closed.join("file"), "text").unwrap();
    mode(temp.path(), 0o755);
    mode(&closed, 0o644);
    closed
}

#[test]
fn what_may_not_be_looked_at_is_denied_and_not_missing() {
    let (temp, _) = temp();
    let closed = closed(&temp);
    as_nobody(|| {
        let dir = Dir::<SystemFolder>::open(&closed).unwrap();
        assert_eq!(dir.child("inner").unwrap_err(), Unusable::Denied);
        assert!(matches!(dir.read("file", 9), FileState::Unusable(Unusable::Denied)));
        let state = crate::files::read_small(&closed.join("inner/file"), 9);
        assert!(matches!(state, FileState::Unusable(Unusable::Denied)), "{state:?}");
    });
}

#[test]
fn a_folder_that_cannot_be_removed_says_what_kept_it() {
    let (temp, _) = temp();
    let closed = closed(&temp);
    let failed = || {
        let dir = Dir::<SystemFolder>::open(temp.path()).unwrap();
        let error = dir.remove_tree("closed").unwrap_err();
        assert!(
            crate::render::invocation::hint_lines(&error).iter().any(|hint| hint.contains("sudo")),
            "{error}"
        );
        (error.message().to_owned(), error.path().unwrap().to_owned())
    };
    as_nobody(|| {
        assert_eq!(failed(), ("could not list the folder".to_owned(), closed.clone()));
    });
    let mode = |mode| {
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o755);
    std::fs::remove_dir(closed.join("inner")).unwrap();
    mode(0o555);
    as_nobody(|| {
        assert_eq!(failed(), ("could not remove".to_owned(), closed.join("file")));
    });
}

#[test]
fn every_refusal_says_what_to_do() {
    let all = [
        Unusable::Symlink("there".into()),
        Unusable::NotAFile("a FIFO"),
        Unusable::TooLarge { len: 2, limit: 1 },
        Unusable::TooMany { place: "devices/paired.json", count: 2, limit: 1 },
        Unusable::Io("the disk is gone".to_owned()),
        Unusable::Denied,
    ];
    for why in all {
        let error = refuse(Path::new("/x"), &why);
        assert!(!error.hints().is_empty(), "{error}");
        assert_eq!(error.path(), Some(Path::new("/x")));
    }
    // Whatever the system says, somebody has to do something.
    for number in 1..134 {
        let error = Error::io("read", "/x", &io::Error::from_raw_os_error(number));
        assert!(!error.hints().is_empty(), "{error}");
    }
}

/// Between the look and the opening a link or a FIFO may have come: the opening itself neither follows
/// nor waits.
#[test]
fn the_opening_itself_follows_nothing_and_waits_for_nothing() {
    let (temp, dir) = temp();
    std::fs::write(temp.path().join("a"), "text").unwrap();
    symlink("a", temp.path().join("link")).unwrap();
    let fifo = temp.path().join("fifo");
    let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU);
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, kind, mode, 0).unwrap();
    assert!(dir.folder.open_file("link".as_ref()).is_err());
    assert!(dir.folder.open_to_write("link".as_ref()).is_err());
    let (done, over) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let read = dir.folder.open_file("fifo".as_ref()).is_ok();
        let write = dir.folder.open_to_write("fifo".as_ref()).is_ok();
        done.send((read, write)).unwrap();
    });
    let opened = over.recv_timeout(std::time::Duration::from_secs(5));
    // Let it go, should it wait.
    drop(std::fs::OpenOptions::new().read(true).write(true).open(&fifo));
    assert_eq!(opened, Ok((true, true)), "it is a FIFO, and nobody writes to it");
}

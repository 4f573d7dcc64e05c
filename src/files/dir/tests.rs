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
    assert!(matches!(
        dir.walk(Path::new("devices/x")),
        Err(Unusable::Symlink(_))
    ));
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

#![cfg(all(unix, not(clawmend_portable)))]

use super::*;
use crate::exit::Exit;
use crate::image::Unusable;
use crate::plan::{After, FileChange};
use crate::store::CommitError;
use std::os::unix::fs::{PermissionsExt, chown, symlink};

struct Home {
    dir: tempfile::TempDir,
    outside: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let home =
            Self { dir: tempfile::tempdir().unwrap(), outside: tempfile::tempdir().unwrap() };
        std::fs::create_dir(home.dir.path().join("devices")).unwrap();
        std::fs::write(home.dir.path().join("devices/paired.json"), "{}").unwrap();
        home
    }

    fn config(&self) -> PathBuf {
        self.dir.path().join("openclaw.json")
    }

    fn store(&self) -> JsonStore {
        JsonStore::new(self.dir.path(), vec![self.config()])
    }

    /// Makes the config a link to `real`, which holds `{}`.
    fn link_config_to(&self, real: &Path) {
        std::fs::write(real, "{}").unwrap();
        symlink(real, self.config()).unwrap();
        let read = self.store().read_config(&self.config());
        assert_eq!(**read.bytes().unwrap(), *b"{}");
    }

    fn change(&self, slot: Slot, text: &str) -> Changes {
        let before = match self.store().read().unwrap().remove(&slot) {
            Some(image) => image,
            None => self.store().read_config(&self.store().path_of(&slot)),
        };
        Changes {
            files: vec![FileChange {
                before,
                slot,
                after: After::Whole { bytes: text.as_bytes().to_vec().into(), meta: None },
            }],
            ..Changes::default()
        }
    }

    fn commit(&self, slot: Slot) -> Result<(), CommitError> {
        self.swap_in(&self.store(), &self.change(slot, "{\"new\":1}"))
    }

    fn swap_in(&self, store: &JsonStore, changes: &Changes) -> Result<(), CommitError> {
        store.swap_in(&changes.files).map(commit::Swapped::finish)
    }
}

fn refused(result: Result<(), CommitError>) -> String {
    match result {
        Err(CommitError::Failed(error)) => {
            assert_eq!(error.exit(), Exit::Refused, "{error}");
            error.to_string()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_config_that_is_linked_within_the_state_dir_is_written_where_it_lies() {
    let home = Home::new();
    let real = home.dir.path().join("devices/real.json");
    home.link_config_to(&real);
    home.commit(Slot::Config(home.config())).unwrap();
    assert_eq!(std::fs::read(&real).unwrap(), b"{\"new\":1}");
    assert!(home.config().is_symlink());
}

#[test]
fn a_config_that_is_linked_out_is_read_and_refused_unless_its_real_file_is_named() {
    let home = Home::new();
    let real = home.outside.path().join("real.json");
    home.link_config_to(&real);
    let words = refused(home.commit(Slot::Config(home.config())));
    assert!(words.contains("leads out of it"), "{words}");
    assert_eq!(std::fs::read(&real).unwrap(), b"{}");
    let named = JsonStore::new(home.dir.path(), vec![real.clone()]);
    let change = home.change(Slot::Config(real.clone()), "{\"new\":1}");
    home.swap_in(&named, &change).unwrap();
    assert_eq!(std::fs::read(&real).unwrap(), b"{\"new\":1}");
    assert!(home.config().is_symlink());
}

#[test]
fn a_linked_config_in_a_read_only_place_is_refused_with_the_real_path() {
    let home = Home::new();
    let real = home.outside.path().join("real.json");
    home.link_config_to(&real);
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o444)).unwrap();
    let words = refused(home.commit(Slot::Config(home.config())));
    assert!(words.contains("real.json") && words.contains("read-only"), "{words}");
}

/// What root leaves behind, to the owner, whose rights root takes.
#[test]
#[ignore = "gives files away: the gate runs it as root"]
#[cfg(target_os = "linux")]
fn the_owner_reads_and_writes_nothing_foreign() {
    let home = Home::new();
    let theirs = |path: &Path| chown(path, Some(1234), Some(1234)).unwrap();
    theirs(home.dir.path());
    theirs(&home.dir.path().join("devices"));
    let secret = home.outside.path().join("secret.json");
    std::fs::write(&secret, "{\"root\":1}").unwrap();
    let mode = |mode| {
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o600);
    symlink(&secret, home.config()).unwrap();
    let as_owner = |work: &(dyn Fn() + Sync)| {
        std::thread::scope(|scope| {
            let work = || {
                crate::platform::rights::take(1234, 1234).unwrap();
                work();
            };
            scope.spawn(work).join().unwrap();
        });
    };
    as_owner(&|| {
        let image = home.store().read_config(&home.config());
        assert!(matches!(image.state, FileState::Unusable(Unusable::Denied)));
    });
    // World-readable: read, not written.
    mode(0o644);
    as_owner(&|| {
        assert!(home.store().read_config(&home.config()).bytes().is_some());
        let words = refused(home.commit(Slot::Config(home.config())));
        assert!(words.contains("leads out of it"), "{words}");
        // A restore may not make files out there either.
        refused(home.commit(Slot::Config(home.outside.path().join("made.json"))));
        // A file in the state dir that root left there stays as it is.
        let words = refused(home.commit(Slot::File(Part::Paired)));
        assert!(words.contains("another user"), "{words}");
        home.commit(Slot::File(Part::Pending)).unwrap();
        home.commit(Slot::File(Part::DeviceAuth)).unwrap();
    });
    assert_eq!(std::fs::read(&secret).unwrap(), b"{\"root\":1}");
    let owner = |name: &str| {
        let meta = std::fs::metadata(home.dir.path().join(name)).unwrap();
        (std::os::unix::fs::MetadataExt::uid(&meta), meta.permissions().mode() & 0o7777)
    };
    assert_eq!(owner("devices/paired.json"), (0, 0o644));
    assert_eq!(owner("devices/pending.json"), (1234, 0o600));
    assert_eq!(owner("identity"), (1234, 0o700));
    assert_eq!(owner("identity/device-auth.json"), (1234, 0o600));
}

#[test]
fn links_in_place_of_folders_and_files_are_named_and_never_written_through() {
    let home = Home::new();
    std::fs::remove_dir_all(home.dir.path().join("devices")).unwrap();
    std::fs::write(home.outside.path().join("paired.json"), "{}").unwrap();
    symlink(home.outside.path(), home.dir.path().join("devices")).unwrap();
    let now = home.store().read().unwrap();
    let paired = &now[&Slot::File(Part::Paired)].state;
    assert!(matches!(paired, FileState::Unusable(Unusable::Symlink(_))));
    refused(home.commit(Slot::File(Part::Paired)));
    assert_eq!(std::fs::read(home.outside.path().join("paired.json")).unwrap(), b"{}");
}

#[test]
fn an_open_state_dir_is_refused() {
    let home = Home::new();
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(home.dir.path(), open).unwrap();
    let words = refused(home.commit(Slot::File(Part::Paired)));
    assert!(words.contains("others can write"), "{words}");
}

#[test]
fn a_folder_made_for_a_commit_that_failed_is_gone_again() {
    let home = Home::new();
    let mut changes = home.change(Slot::File(Part::DeviceAuth), "{}");
    changes.files.extend(home.change(Slot::File(Part::Paired), "{}").files);
    std::fs::write(home.dir.path().join("devices/paired.json"), "{\"theirs\":1}").unwrap();
    let moved = home.swap_in(&home.store(), &changes);
    assert!(matches!(moved, Err(CommitError::Stale(_))));
    assert!(!home.dir.path().join("identity").exists());
}

#[test]
fn a_key_has_one_form_however_its_path_is_written() {
    let dir = Path::new("/s");
    assert_eq!(key_of(dir, Path::new("/s/devices/./paired.json")), "devices/paired.json");
    assert_eq!(key_of(dir, Path::new("/s/devices//paired.json")), "devices/paired.json");
    assert_eq!(key_of(dir, Path::new("/other/openclaw.json")), "/other/openclaw.json");
}

//! On file systems that lack what others have: no flags for renames, no second names, no modes, no large and
//! small letters, an inode for each name. Each works, or is refused at once with the reason and nothing changed.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Size;
use crate::world::{FILES, SQLITE, Unmount, World, finish};

/// How a file system comes to be, in a folder with `m` to mount it on.
struct Mount {
    name: &'static str,
    /// Shell, with `set -e`.
    make: &'static str,
    /// What a refusal says of it; `None`: it works.
    refused: Option<&'static str>,
}

/// Without these the test fails: `tests/hostile/run.sh` installs them.
const MOUNTS: &[Mount] = &[
    Mount {
        name: "overlay",
        make: "mkdir l u w; mount -t overlay -o lowerdir=l,upperdir=u,workdir=w none m",
        refused: None,
    },
    Mount {
        name: "fuse-overlayfs",
        make: "mkdir l u w; fuse-overlayfs -o lowerdir=l,upperdir=u,workdir=w m",
        refused: None,
    },
    Mount { name: "bindfs", make: "mkdir s; bindfs s m", refused: None },
    Mount {
        name: "bindfs without a memory",
        make: "mkdir s; bindfs -o attr_timeout=0,entry_timeout=0 s m",
        refused: None,
    },
    Mount {
        name: "ntfs-3g",
        make: "truncate -s 32M d; mkfs.ntfs -qF d; ntfs-3g -o umask=077 d m",
        refused: None,
    },
    Mount {
        name: "ntfs-3g, open to all",
        make: "truncate -s 32M d; mkfs.ntfs -qF d; ntfs-3g d m",
        refused: Some("umask=077"),
    },
    Mount {
        name: "exfat",
        make: "truncate -s 32M d; mkfs.exfat d; mount.exfat-fuse -o umask=077 $(losetup -f --show d) m; touch m/CASE; test -e m/case",
        refused: None,
    },
];

pub fn a_file_system_works_or_is_refused(size: Size) -> String {
    let usual = ["overlay", "bindfs", "ntfs-3g, open to all", "exfat"];
    let mounts: Vec<_> =
        MOUNTS.iter().filter(|mount| size.full || usual.contains(&mount.name)).collect();
    for mount in &mounts {
        for fixture in [FILES[1], SQLITE] {
            let world = World::empty();
            let (state, unmount) = made(mount, &world, fixture);
            tried(mount, &world, &state);
            drop(unmount);
            free_loop(&world);
        }
    }
    let names: Vec<_> = mounts.iter().map(|mount| mount.name).collect();
    format!("both stores on {}", names.join(", "))
}

fn made(mount: &Mount, world: &World, fixture: &str) -> (PathBuf, Unmount) {
    let mut command = Command::new("sh");
    command.args(["-ec", &format!("mkdir m; exec >/dev/null 2>&1; {}", mount.make)]);
    command.current_dir(world.root());
    let made = finish(command);
    let unmount = Unmount(world.root().join("m"));
    if made.code != Some(0) {
        free_loop(world);
    }
    assert_eq!(made.code, Some(0), "{} cannot be mounted here: `{}`", mount.name, mount.make);
    let state = world.root().join("m/state");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(fixture), &state);
    (state, unmount)
}

fn tried(mount: &Mount, world: &World, state: &Path) {
    let run = |args: &[&str], code: i32| {
        let state = state.display().to_string();
        let out = world.run(&[&["--state-dir", &state], args].concat());
        assert_eq!(out.code, Some(code), "{}: {args:?}: {out}", mount.name);
        out
    };
    let before = contents(state);
    run(&["diagnose"], 1);
    if let Some(why) = mount.refused {
        for args in [["repair", "--yes"], ["snapshot", "create"]] {
            let out = run(&args, 3);
            assert!(out.stderr.contains(why), "{}: {out}", mount.name);
        }
        assert_eq!(contents(state), before, "{}", mount.name);
        return;
    }
    // In a row, without a pause: what the file system remembers of a file is never old enough to be dropped.
    for _ in 0..2 {
        run(&["repair", "--yes"], 0);
        run(&["diagnose"], 0);
        run(&["restore", "--yes"], 0);
        let files = |all: &[(PathBuf, Vec<u8>)]| -> Vec<(PathBuf, Vec<u8>)> {
            let database = |path: &Path| path.to_string_lossy().contains("openclaw.sqlite");
            all.iter().filter(|(path, _)| !database(path)).cloned().collect()
        };
        assert_eq!(files(&contents(state)), files(&before), "{}: restored", mount.name);
    }
    run(&["repair", "--yes"], 0);
    run(&["snapshot", "create"], 0);
    run(&["snapshot", "prune", "--keep", "1", "--yes"], 0);
    run(&["snapshot", "verify"], 0);
    run(&["diagnose"], 0);
    let ours = |(path, _): &(PathBuf, Vec<u8>)| path.to_string_lossy().contains("/.clawmend-");
    assert!(!contents(state).iter().any(ours), "{}: left over", mount.name);
}

/// Every file but clawmend's own.
fn contents(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true if path.ends_with("clawmend") => {}
                true => folders.push(path),
                false => found.push((path.clone(), std::fs::read(&path).unwrap())),
            }
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => std::fs::write(target, std::fs::read(&path).unwrap()).unwrap(),
        }
    }
}

fn free_loop(world: &World) {
    let disk = world.root().join("d");
    let free = format!("losetup -j {0} | cut -d: -f1 | xargs -r losetup -d", disk.display());
    let mut command = Command::new("sh");
    command.args(["-c", &free]);
    finish(command);
}

//! Root on somebody's state dir does what that somebody could do, and no more.

use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use crate::Size;
use crate::places::{GID, UID, give_away};
use crate::trace;
use crate::world::{FILES, Out, SQLITE, World, finish, tree};

/// Stands in what root keeps for itself, in every place that could be shown or copied.
const CANARY: &str = "canaryofroot";

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A state dir of somebody else, who can come to it.
fn theirs(fixture: &str) -> World {
    let world = World::fixture(fixture);
    mode(world.root(), 0o755);
    give_away(&world.root().join("home"));
    world
}

/// A folder of mode 0700 with a config of mode 0644 in it.
fn kept_by(owner: u32) -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("clawmend-kept-").tempdir().unwrap();
    let text = format!(
        "{{ // {CANARY}\n gateway: {{ mode: 'local', bind: '{CANARY}', port: 18789, remote: {{ url: 'ws://{CANARY}.example' }}, \
         auth: {{ mode: 'token', token: '{CANARY}-0123456789abcdef' }} }}, {CANARY}: 1 }}\n"
    );
    let file = folder.path().join("kept.json");
    std::fs::write(&file, text).unwrap();
    mode(&file, 0o644);
    chown(&file, Some(owner), None).unwrap();
    chown(folder.path(), Some(owner), None).unwrap();
    mode(folder.path(), 0o700);
    folder
}

/// A folder that only root may enter.
fn of_root() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    mode(folder.path(), 0o700);
    folder
}

fn replace_config(world: &World, make: impl FnOnce(&Path)) {
    let config = world.path("openclaw.json");
    let _ = std::fs::remove_file(&config);
    make(&config);
    std::os::unix::fs::lchown(&config, Some(UID), Some(GID)).unwrap();
}

/// Whether the canary is in the state dir, links not followed.
fn holds_canary(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        let kind = path.symlink_metadata().unwrap();
        if kind.is_dir() {
            holds_canary(&path)
        } else {
            kind.is_file()
                && memchr::memmem::find(&std::fs::read(&path).unwrap(), CANARY.as_bytes()).is_some()
        }
    })
}

/// Each way to lead clawmend to a file, and whether the file then came out.
fn comes_out(owner: u32) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for way in ["link", "include", "config", "config-from"] {
        for args in [
            &["diagnose", "-v"][..],
            &["diagnose", "--json"],
            &["snapshot", "create"],
            &["repair", "--dry-run"],
            &["repair", "--yes"],
        ] {
            let folder = kept_by(owner);
            let kept = folder.path().join("kept.json");
            let named = kept.to_str().unwrap();
            let before = tree(folder.path());
            let world = theirs(FILES[1]);
            let mut args = args.to_vec();
            match way {
                "link" => replace_config(&world, |config| symlink(&kept, config).unwrap()),
                "include" => replace_config(&world, |config| {
                    std::fs::write(
                        config,
                        format!("{{ $include: '{named}', gateway: {{ mode: 'local' }} }}"),
                    )
                    .unwrap();
                }),
                "config" => args.splice(0..0, ["--config", named]).for_each(drop),
                _ if args[0] == "repair" => {
                    replace_config(&world, |config| std::fs::write(config, "{ gateway: ").unwrap());
                    args.extend(["--config-from", named]);
                }
                _ => continue,
            }
            let mut command = world.command(crate::world::binary());
            command.env("OPENCLAW_INCLUDE_ROOTS", "/").args(&args);
            let out = finish(command);
            assert!(
                !out.panicked() && out.code.is_some_and(|code| code <= 5),
                "{way} {args:?}: {out}"
            );
            if owner == 0 {
                assert_eq!(tree(folder.path()), before, "{way} {args:?}");
            }
            // What a person typed comes back; the file's name is no secret.
            let said = out.stdout.contains(CANARY) || out.stderr.contains(CANARY);
            found.push((format!("{way} {args:?}: {out}"), said || holds_canary(&world.state())));
        }
    }
    found
}

/// A file that anybody may read, in a folder that only root may enter: whatever names it, root neither
/// shows it nor copies it for the user. The same file in a folder of the user's is read.
pub fn root_reads_what_the_owner_could(_size: Size) -> String {
    crate::needs_root();
    let roots = comes_out(0);
    for (what, out) in &roots {
        assert!(!out, "{what}");
    }
    let of_owner = comes_out(UID);
    let read = of_owner.iter().filter(|(_, out)| *out).count();
    assert!(
        read >= of_owner.len() / 2,
        "the owner's own file is not read: {read} of {}",
        of_owner.len()
    );
    format!("{} ways to root's file, none open; {read} to the owner's", roots.len())
}

/// A folder for snapshots that only root may enter, named by root: nothing is made or read there.
pub fn snapshots_go_where_the_owner_could(_size: Size) -> String {
    crate::needs_root();
    let world = theirs(FILES[1]);
    let folder = of_root();
    let there = folder.path().join("snapshots");
    let there = there.to_str().unwrap();
    for args in [&["snapshot", "create"][..], &["repair", "--yes"]] {
        let before = world.tree();
        let out = world.run(&[&["--snapshot-dir", there][..], args].concat());
        assert!(matches!(out.code, Some(3 | 4)), "{args:?}: {out}");
        assert!(out.stderr.contains(&format!("uid {UID}")), "{args:?}: {out}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{args:?}");
        let now = world.tree();
        assert_eq!(
            now.get(Path::new("devices/paired.json")),
            before.get(Path::new("devices/paired.json"))
        );
    }
    "refused".to_owned()
}

/// What root left behind is not the owner's to read: the line that gives it back is printed, nothing is
/// changed, and after that line everything works.
pub fn what_root_left_behind_is_given_back_first(_size: Size) -> String {
    crate::needs_root();
    let mut tried = 0;
    for (fixture, name) in [
        (FILES[1], "devices/paired.json"),
        (FILES[1], "devices"),
        (FILES[1], "openclaw.json"),
        (FILES[1], "clawmend"),
        (SQLITE, "state/openclaw.sqlite"),
        (SQLITE, "state"),
    ] {
        let world = theirs(fixture);
        let path = world.path(name);
        if name == "clawmend" {
            std::fs::create_dir(&path).unwrap();
        }
        chown(&path, Some(0), Some(0)).unwrap();
        mode(&path, if path.is_dir() { 0o700 } else { 0o600 });
        let (line, of) = (format!("chown -R {UID}"), world.state().display().to_string());
        let before = world.tree();
        if name != "clawmend" {
            let out = world.run(&["diagnose", "-v"]).expect(1);
            assert!(out.stdout.contains(&line) && out.stdout.contains(&of), "{name}: {out}");
            assert_eq!(world.tree(), before, "{name}");
        }
        let out = world.run(&["repair", "--yes"]);
        let said = format!("{}{}", out.stdout, out.stderr);
        assert!(
            matches!(out.code, Some(1 | 3 | 4)) && said.contains(&line) && said.contains(&of),
            "{name}: {out}"
        );
        if out.code != Some(1) {
            let mut now = world.tree();
            now.retain(|path, _| !path.starts_with("clawmend") && path != Path::new(""));
            for (path, then) in now {
                assert_eq!(before.get(&path), Some(&then), "{name}: {}", path.display());
            }
        }
        give_away(&world.state());
        let out = world.run(&["repair", "--yes"]);
        assert!(matches!(out.code, Some(0 | 1)) && out.stdout.contains("To undo"), "{name}: {out}");
        tried += 1;
    }
    format!("{tried} kinds of things")
}

/// A database of root's in a user's folder, behind a link of theirs to a folder that is root's alone:
/// nothing of it is read, nothing written.
pub fn a_link_to_a_database_of_roots(_size: Size) -> String {
    crate::needs_root();
    for run in [World::run as fn(&World, &[&str]) -> Out, trace::run_without_walls] {
        let world = theirs(SQLITE);
        let roots = of_root();
        let there = roots.path().join("state");
        std::fs::rename(world.path("state"), &there).unwrap();
        symlink(&there, world.path("state")).unwrap();
        let before = tree(roots.path());
        for args in [&["diagnose"][..], &["repair", "--yes"], &["snapshot", "create"]] {
            let out = run(&world, args);
            assert!(!out.panicked(), "{args:?}: {out}");
        }
        assert_eq!(tree(roots.path()), before);
        assert!(!world.tree().into_keys().any(|path| path.ends_with("pairing.sqlite")));
    }
    "nothing read, nothing written".to_owned()
}

/// Below a folder that its owner may not enter nothing can be done with the owner's rights: that is said,
/// with the folder and a way out, before anything is read.
pub fn a_way_that_is_closed_to_the_owner(_size: Size) -> String {
    crate::needs_root();
    let world = theirs(FILES[1]);
    mode(world.root(), 0o700);
    let before = world.tree();
    for args in [&["diagnose"][..], &["repair", "--yes"]] {
        let out = world.run(args).expect(3);
        let closed = format!("`{}`", world.root().display());
        assert!(out.stderr.contains(&closed), "{args:?}: {out}");
        assert!(out.stderr.contains("mount --bind"), "{args:?}: {out}");
    }
    assert_eq!(world.tree(), before);
    // A link of root's to it: the folder itself is reached.
    mode(world.root(), 0o755);
    let roots = of_root();
    let link = roots.path().join("link");
    symlink(world.state(), &link).unwrap();
    let out = world.run(&["--state-dir", link.to_str().unwrap(), "diagnose"]).expect(3);
    let line = format!("--state-dir {}", world.state().display());
    assert!(out.stderr.contains(&line), "{out}");
    "refused, with the folder and the way out".to_owned()
}

/// `man DIR` writes its pages there and nowhere else, and waits for nobody.
pub fn man_pages_stay_in_their_folder(_size: Size) -> String {
    let world = World::empty();
    let folder = world.root().join("man");
    std::fs::create_dir(&folder).unwrap();
    let (page, victim) = (folder.join("clawmend.1"), world.root().join("victim"));
    std::fs::write(&victim, "kept").unwrap();
    symlink(&victim, &page).unwrap();
    let args = ["man", folder.to_str().unwrap()];
    let out = world.run(&args).expect(3);
    assert!(out.stderr.contains(page.to_str().unwrap()), "{out}");
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "kept");
    std::fs::remove_file(&page).unwrap();
    let (kind, bits) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU);
    rustix::fs::mknodat(rustix::fs::CWD, &page, kind, bits, 0).unwrap();
    world.run(&args).expect(3);
    std::fs::remove_file(&page).unwrap();
    std::fs::hard_link(&victim, &page).unwrap();
    world.run(&args).expect(0);
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "kept");
    std::fs::write(&page, "an older page").unwrap();
    world.run(&args).expect(0);
    assert!(std::fs::read_to_string(&page).unwrap().starts_with(".ie"));
    "through no link, to no FIFO".to_owned()
}

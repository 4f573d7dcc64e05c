//! What a session may limit: sizes of files, threads, what the umask takes from new files, and single files
//! that a container mounts.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use crate::Size;
use crate::state::View;
use crate::trace;
use crate::world::{FILES, Out, SQLITE, Unmount, World, binary, finish};

const STORES: [&str; 2] = [FILES[1], SQLITE];

fn in_a_shell(world: &World, before: &str, args: &[&str]) -> Out {
    let mut command = world.command("sh");
    let script = format!("{before}; exec \"$0\" \"$@\" >/dev/null");
    command.args(["-c", &script, &binary()]).args(args);
    finish(command)
}

/// A file that may not grow is an error with its path; without the limit all is well again.
pub fn a_file_that_may_not_grow(_size: Size) -> String {
    let mut codes = BTreeMap::<i32, usize>::new();
    for store in STORES {
        for blocks in [2, 4, 8, 16, 32, 64, 128, 4096] {
            let world = World::fixture(store);
            let before = View::of(&world);
            let limit = format!("ulimit -f {blocks}");
            let out = in_a_shell(&world, &limit, &["repair", "--yes"]);
            match out.code {
                Some(0) => {}
                // What cannot be written is no harm to what is read.
                Some(4) => {
                    assert_eq!(View::of(&world), before, "{blocks} blocks: {out}");
                    assert!(out.stderr.contains("\n       "), "{out}");
                }
                _ => panic!("{blocks} blocks: {out}"),
            }
            *codes.entry(out.code.unwrap()).or_default() += 1;
            world.run(&["repair", "--yes"]).expect(0);
            world.run(&["diagnose"]).expect(0);
        }
    }
    assert!(codes.len() == 2, "{codes:?}");
    format!("exits {codes:?}")
}

/// Where no thread can be started the work is done on one.
pub fn no_thread_can_be_started(_size: Size) -> String {
    assert!(trace::works(), "strace cannot trace here");
    let mut runs = 0;
    for store in STORES {
        for from in 1..=8 {
            let world = World::fixture(store);
            let inject = format!("inject=clone3,clone:error=EAGAIN:when={from}+");
            let options = ["--seccomp-bpf", "-e", "trace=clone3,clone", "-e", &inject];
            for args in [
                &["diagnose"][..],
                &["snapshot", "create"],
                &["repair", "--yes"],
                &["restore", "--yes"],
            ] {
                let (out, _) = trace::run(&world, &options, args);
                out.expect(i32::from(args[0] == "diagnose"));
                runs += 1;
            }
        }
    }
    format!("{runs} runs")
}

/// Whatever the umask takes from new files, what is made for its owner alone is theirs.
pub fn an_umask_takes_nothing_from_the_owner(_size: Size) -> String {
    for store in STORES {
        for umask in ["0777", "0377", "0000"] {
            let world = World::fixture(store);
            in_a_shell(&world, &format!("umask {umask}"), &["repair", "--yes"]).expect(0);
            world.run(&["snapshot", "verify"]).expect(0);
            for path in world.tree().into_keys() {
                if path.starts_with("clawmend") {
                    let meta = world.state().join(&path).symlink_metadata().unwrap();
                    let wanted = if meta.is_dir() { 0o700 } else { 0o600 };
                    let mode = meta.permissions().mode() & 0o7777;
                    assert_eq!(mode, wanted, "umask {umask}: {}", path.display());
                }
            }
        }
    }
    "6 repairs".to_owned()
}

/// A config that a container mounts as a single file is left, and all else is repaired; a store's file like
/// that is a refusal that says so. A restore does the same.
pub fn a_file_that_is_mounted_by_itself(_size: Size) -> String {
    let config = "{ gateway: { mode: 'local', bind: 'local' } }";
    for name in ["openclaw.json", "devices/paired.json"] {
        let world = World::fixture(FILES[1]);
        let outside = world.root().join("outside");
        match name {
            "openclaw.json" => std::fs::write(&outside, config).unwrap(),
            _ => std::fs::write(&outside, world.text(name)).unwrap(),
        }
        let mut mount = world.command("mount");
        mount.arg("--bind").arg(&outside).arg(world.path(name));
        if finish(mount).code != Some(0) {
            crate::not_run("no mount here");
        }
        let unmount = Unmount(world.path(name));
        let before = View::of(&world);
        let out = world.run(&["repair", "--yes"]);
        if name == "openclaw.json" {
            out.expect(1);
            let found = world.run(&["diagnose"]).expect(1);
            for part in ["a mount of its own", "Now:\n  not changed", "\n  set `gateway.bind` to"] {
                assert!(found.stdout.contains(part), "{part}: {found}");
            }
            assert!(!found.stdout.contains("cli-scopes-missing"), "{found}");
            std::fs::write(&outside, "{ gateway: { mode: 'local' } }").unwrap();
            let back = world.run(&["restore", "--yes"]).expect(0);
            assert!(back.stderr.contains("so it stays as it is"), "{back}");
            let found = world.run(&["diagnose"]).expect(1);
            assert!(found.stdout.contains("cli-scopes-missing"), "{found}");
        } else {
            assert!(out.stderr.contains("mount its folder instead"), "{out}");
            out.expect(3);
            assert_eq!(View::of(&world), before);
        }
        drop(unmount);
    }
    "the config, a store's file".to_owned()
}

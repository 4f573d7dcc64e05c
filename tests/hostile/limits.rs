//! What a session may limit: sizes of files, threads, and what the umask takes from new files.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use crate::Size;
use crate::state::View;
use crate::trace;
use crate::world::{FILES, Out, SQLITE, World, binary, finish};

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

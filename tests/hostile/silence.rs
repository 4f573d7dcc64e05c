//! No command opens a socket, signals, starts or connects to anything.

use crate::Size;
use crate::trace;
use crate::world::{FILES, SQLITE, World};

/// The calls that reach another process or another machine, and those that make a process.
const WATCHED: &str = "trace=%network,kill,tkill,tgkill,pidfd_send_signal,rt_sigqueueinfo,execve,execveat,\
                       fork,vfork,clone,clone3,ptrace,process_vm_writev,io_uring_setup,reboot,mount,umount2";

pub fn no_command_talks_to_anything(_size: Size) -> String {
    assert!(trace::works(), "strace cannot trace here");
    let commands: &[&[&str]] = &[
        &[],
        &["diagnose", "-v", "--json"],
        &["devices"],
        &["repair", "--dry-run"],
        &["approve", "--dry-run"],
        &["repair"],
        &["repair", "--yes"],
        &["approve", "--yes"],
        &["snapshot", "create"],
        &["snapshot", "list"],
        &["snapshot", "show"],
        &["snapshot", "verify"],
        &["restore", "--dry-run"],
        &["restore", "--yes"],
        &["snapshot", "prune", "--keep", "1", "--yes"],
        &["explain", "cli-not-paired"],
        &["completions", "bash"],
        &["man"],
        &["demo"],
        &["--help"],
        &["--version"],
        &["no-such-command"],
        &["--state-dir", "/nonexistent"],
    ];
    let mut runs = 0;
    for fixture in FILES.into_iter().chain([SQLITE]) {
        let world = World::fixture(fixture);
        // A gateway that runs: its lock is looked at, nothing more.
        let lock = serde_json::json!({"pid": std::process::id(), "stateDir": world.state()});
        world.write("tmp/openclaw-0/gateway.00000000.lock", lock.to_string());
        for args in commands {
            let (out, log) = trace::run(&world, &["-e", WATCHED], args);
            assert!(out.code.is_some_and(|code| code <= 5), "{args:?}: {out}");
            for line in log.lines().skip(1) {
                let thread = line.contains("CLONE_THREAD");
                let quiet =
                    ["+++ exited", "resumed>", "--- SIGCHLD"].iter().any(|end| line.contains(end));
                assert!(
                    thread || quiet,
                    "clawmend {args:?} did more than read and write files: {line}"
                );
            }
            assert!(log.lines().next().is_some_and(|line| line.contains("execve(")), "{log}");
            runs += 1;
        }
    }
    format!("{runs} runs of {} command lines", commands.len())
}

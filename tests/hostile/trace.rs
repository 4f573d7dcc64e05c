//! clawmend under `strace`: which system calls it makes, and the same with one of them killed or failed.

use std::path::Path;

use crate::world::{Out, World, binary, finish};

/// One call in a trace.
#[derive(Clone, Debug)]
pub struct Call {
    pub name: String,
    /// The how manieth of its name in its thread, from 1.
    pub number: usize,
    /// The whole line.
    pub line: String,
    /// Whether it changes a file or folder below the world.
    pub changes: bool,
}

/// Calls that change files, whatever their arguments.
const CHANGING: &[&str] = &[
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "pwritev2",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "unlink",
    "unlinkat",
    "rmdir",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "chmod",
    "fchmod",
    "fchmodat",
    "chown",
    "fchown",
    "fchownat",
    "lchown",
    "truncate",
    "ftruncate",
    "fallocate",
    "utimensat",
    "copy_file_range",
    "sendfile",
    "setxattr",
    "fsetxattr",
];

/// Runs clawmend under strace with these options.
pub fn run(world: &World, options: &[&str], args: &[&str]) -> (Out, String) {
    let log = world.root().join("strace.log");
    let mut command = world.command("strace");
    command
        .args(["-f", "-y", "-s", "0", "-o"])
        .arg(&log)
        .args(options)
        .arg(binary())
        .args(args);
    let out = finish(command);
    let text = String::from_utf8_lossy(&std::fs::read(&log).unwrap_or_default()).into_owned();
    (out, text)
}

/// The calls of a run that reach below the world. Each thread counts its own, as strace does.
pub fn calls(world: &World, args: &[&str]) -> (Out, Vec<Call>) {
    let (out, log) = run(world, &[], args);
    let inside = world.root().display().to_string();
    let mut counts = std::collections::BTreeMap::<(&str, &str), usize>::new();
    let mut folders = std::collections::BTreeSet::<String>::new();
    let mut found = Vec::new();
    for line in log.lines() {
        let Some((thread, rest)) = line.split_once(' ') else {
            continue;
        };
        let rest = rest.trim_start();
        let Some((name, arguments)) = rest.split_once('(') else {
            continue;
        };
        if rest.starts_with('<') || rest.starts_with('+') {
            continue;
        }
        let number = counts.entry((thread, name)).or_default();
        *number += 1;
        if !arguments.contains(&inside) || name == "execve" {
            continue;
        }
        // Closing a folder that was only listed: no file system is known to fail it, and std panics if
        // one does.
        let path = arguments.split_once('<');
        let path = path.and_then(|(_, rest)| rest.split_once('>'));
        if arguments.contains("O_DIRECTORY") {
            let opened = arguments.rsplit_once('<').unwrap_or_default().1;
            folders.insert(opened.trim_end_matches('>').to_owned());
        }
        if name == "close" && path.is_some_and(|(path, _)| folders.contains(path)) {
            continue;
        }
        let opens = ["O_CREAT", "O_WRONLY", "O_RDWR", "O_TRUNC"];
        let changes = CHANGING.contains(&name)
            || (name.starts_with("open") && opens.iter().any(|flag| arguments.contains(flag)));
        found.push(Call {
            name: name.to_owned(),
            number: *number,
            line: line.to_owned(),
            changes,
        });
    }
    (out, found)
}

/// What is done at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inject {
    Kill,
    Error(&'static str),
}

/// Runs clawmend with one call killed or failed. `None`: the run never came to that call.
pub fn inject(world: &World, call: &Call, what: Inject, args: &[&str]) -> Option<Out> {
    let name = &call.name;
    let number = call.number;
    let trace = format!("trace={name}");
    let inject = match what {
        Inject::Kill => format!("inject={name}:signal=SIGKILL:when={number}"),
        Inject::Error(errno) => format!("inject={name}:error={errno}:when={number}"),
    };
    let (out, log) = run(world, &["-e", &trace, "-e", &inject], args);
    let hit = match what {
        Inject::Kill => log.contains("+++ killed by SIGKILL"),
        Inject::Error(_) => log.contains("(INJECTED)"),
    };
    hit.then_some(out)
}

/// Whether strace is there and may trace.
pub fn works() -> bool {
    let found = std::process::Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .status();
    found.is_ok_and(|status| status.success()) && Path::new("/proc/self").exists()
}

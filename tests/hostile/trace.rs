//! clawmend under `strace`: which system calls it makes, and the same with one of them killed or failed.

use std::path::Path;

use crate::world::{Out, World, binary, finish};

/// One call in a trace.
#[derive(Clone, Debug)]
pub struct Call {
    pub name: String,
    /// The how manieth of its name in its thread, from 1; on [`Call::only_on`] alone, where that is said.
    pub number: usize,
    /// The file, below the world's root: then it is a call of a thread between walls.
    pub only_on: Option<String>,
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

/// Without walls SQLite works on the main thread, and each of its calls has a number of its own there.
/// With them each step has a thread, and strace counts for each thread anew.
pub const NO_WALLS: [&str; 2] = ["-e", "inject=landlock_create_ruleset:error=ENOSYS"];

/// As on NFS, on most of FUSE and on old kernels: nothing is exchanged, and nothing renamed with the
/// promise that the new name is free.
const NO_RENAME_FLAGS: [&str; 2] = ["-e", "inject=renameat2:error=EINVAL"];

/// Runs clawmend under strace with these options.
pub fn run(world: &World, options: &[&str], args: &[&str]) -> (Out, String) {
    let log = world.root().join("strace.log");
    let mut command = world.command("strace");
    command.args(["-f", "-y", "-s", "0", "-o"]).arg(&log).args(options);
    if world.no_rename_flags {
        command.args(NO_RENAME_FLAGS);
    }
    command.arg(binary()).args(args);
    let out = finish(command);
    let text = String::from_utf8_lossy(&std::fs::read(&log).unwrap_or_default()).into_owned();
    (out, text)
}

/// Runs clawmend as on a system that has no walls.
pub fn run_without_walls(world: &World, args: &[&str]) -> Out {
    let alone = ["--seccomp-bpf", "-e", "trace=landlock_create_ruleset"];
    run(world, &[&alone[..], &NO_WALLS].concat(), args).0
}

/// The calls of a run that reach below the world. Each thread counts its own, as strace does.
pub fn calls(world: &World, args: &[&str]) -> (Out, Vec<Call>) {
    let (out, log) = run(world, &NO_WALLS, args);
    let found = calls_of(world, &log);
    (out, found)
}

/// The calls between walls that reach the database: the first of each kind, file and number, which is
/// where strace can get at them.
pub fn calls_between_walls(world: &World, args: &[&str]) -> Vec<Call> {
    let (_, log) = run(world, &[], args);
    if !log.contains("landlock_restrict_self") {
        return Vec::new();
    }
    let database = world.path("state/openclaw.sqlite").display().to_string();
    let root = world.root().display().to_string();
    let mut counts = std::collections::BTreeMap::<(String, String, String), usize>::new();
    let mut known = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for mut call in calls_of(world, &log) {
        let Some(at) = call.line.find(&database) else {
            continue;
        };
        let rest = call.line.get(at..).unwrap_or_default();
        let path = rest.split(['"', '>']).next().unwrap_or_default();
        let Some(path) = path.strip_prefix(&root).map(str::to_owned) else {
            continue;
        };
        let thread = call.line.split(' ').next().unwrap_or_default().to_owned();
        let number = counts.entry((thread, call.name.clone(), path.clone())).or_default();
        *number += 1;
        if known.insert((call.name.clone(), path.clone(), *number)) {
            call.number = *number;
            call.only_on = Some(path);
            found.push(call);
        }
    }
    found
}

fn calls_of(world: &World, log: &str) -> Vec<Call> {
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
        // One that is refused is as good as the next call.
        let refused = world.no_rename_flags && name == "renameat2";
        if !arguments.contains(&inside) || name == "execve" || refused {
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
            only_on: None,
            line: line.to_owned(),
            changes,
        });
    }
    found
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
    let trace = format!("trace={name},landlock_create_ruleset,renameat2");
    let inject = match what {
        Inject::Kill => format!("inject={name}:signal=SIGKILL:when={number}"),
        Inject::Error(errno) => format!("inject={name}:error={errno}:when={number}"),
    };
    let file = call.only_on.as_ref();
    let file = file.map(|file| format!("{}{file}", world.root().display()));
    let mut options = vec!["-e", &trace, "-e", &inject];
    match &file {
        Some(file) => options.extend(["-P", file]),
        None => options.extend(NO_WALLS),
    }
    let (out, log) = run(world, &options, args);
    let always = |line: &&str| {
        line.contains("landlock") || (world.no_rename_flags && line.contains("renameat2"))
    };
    let mut lines = log.lines().filter(|line| !always(line));
    let hit = match what {
        Inject::Kill => log.contains("+++ killed by SIGKILL"),
        Inject::Error(_) => lines.any(|line| line.contains("(INJECTED)")),
    };
    hit.then_some(out)
}

/// Whether strace is there and may trace.
pub fn works() -> bool {
    let found = std::process::Command::new("strace").args(["-o", "/dev/null", "true"]).status();
    found.is_ok_and(|status| status.success()) && Path::new("/proc/self").exists()
}

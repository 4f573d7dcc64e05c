//! Who holds a lock: from lock files and the process table alone. It changes advice, never what
//! clawmend can do.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::disk::{names, real};
use super::env::Env;
use crate::files::hash;
use crate::model::facts::GatewayProcess;
use crate::platform;

/// A lock file is small; a larger one is something else. Bytes.
const LARGEST_LOCK: u64 = 64 * 1024;

/// Looks at the locks a gateway of this state dir could hold.
pub(super) fn gateway(state_dir: &Path, config: &Path, env: &Env) -> GatewayProcess {
    let mut unknown = None;
    for lock in locks(state_dir, config, env) {
        match holder(&lock, state_dir, config, env) {
            Some(GatewayProcess::Running { pid }) => return GatewayProcess::Running { pid },
            Some(GatewayProcess::Unknown(why)) => unknown = Some(GatewayProcess::Unknown(why)),
            Some(GatewayProcess::NotRunning) | None => {}
        }
    }
    unknown.unwrap_or_default()
}

/// The TCP ports that a process listens on: its open sockets, by their numbers in the table of its network. Empty where the
/// process table does not tell: of another user's process it does not.
pub(super) fn listening(gateway: &GatewayProcess, env: &Env) -> BTreeSet<u16> {
    let (GatewayProcess::Running { pid }, Some(proc)) = (gateway, &env.proc) else {
        return BTreeSet::new();
    };
    let process = proc.join(pid.to_string());
    let open = names(&process.join("fd")).into_iter().filter_map(|name| {
        let target = std::fs::read_link(process.join("fd").join(name)).ok()?;
        let inode = target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
        Some(inode.to_owned())
    });
    let open: BTreeSet<String> = open.collect();
    let tables = ["net/tcp", "net/tcp6"].map(|name| std::fs::read_to_string(process.join(name)));
    let lines = tables.iter().flatten().flat_map(|table| table.lines().skip(1));
    lines.filter_map(|line| port_of_listener(line, &open)).collect()
}

/// One line of `/proc/PID/net/tcp`: its second field ends with the port, its fourth is 0A where it listens, its tenth
/// the socket's number.
fn port_of_listener(line: &str, open: &BTreeSet<String>) -> Option<u16> {
    let mut fields = line.split_ascii_whitespace();
    let (_, port) = fields.nth(1)?.rsplit_once(':')?;
    let listens = fields.nth(1)? == "0A";
    let inode = fields.nth(5)?;
    u16::from_str_radix(port, 16).ok().filter(|_| listens && open.contains(inode))
}

/// Early releases: `<tmp>/openclaw-<uid>/gateway.<hash of the config path>.lock`; from 2026.8
/// `<state>/tmp/openclaw-<uid>/gateway.*.lock`.
fn locks(state_dir: &Path, config: &Path, env: &Env) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let of_users = [owner(state_dir).unwrap_or(env.uid), env.uid];
    let folders = of_users.map(|uid| env.temp.join(format!("openclaw-{uid}")));
    let hash = hash::of(config.to_string_lossy().as_bytes());
    let ours = format!("gateway.{}.lock", hash.get(..8).unwrap_or_default());
    for folder in folders.into_iter().chain([env.temp.join("openclaw")]) {
        found.push(folder.join(&ours));
        // 2026.2.19 hashes with SHA-1: any lock there that names this config counts.
        found.extend(lock_files(&folder));
    }
    found.extend(own_locks(state_dir));
    found.dedup();
    found
}

/// Those in the state dir itself.
fn own_locks(state_dir: &Path) -> Vec<PathBuf> {
    let tmp = state_dir.join("tmp");
    let folders = names(&tmp).into_iter().filter(|name| name.starts_with("openclaw"));
    folders.flat_map(|name| lock_files(&tmp.join(name))).collect()
}

fn lock_files(folder: &Path) -> Vec<PathBuf> {
    let names = names(folder).into_iter();
    let locks = names.filter(|name| name.starts_with("gateway.") && name.ends_with(".lock"));
    locks.take(64).map(|name| folder.join(name)).collect()
}

fn holder(lock: &Path, state_dir: &Path, config: &Path, env: &Env) -> Option<GatewayProcess> {
    let value = lock_file(lock)?;
    let same = |field: &str, path: &Path| {
        let named = value.get(field).and_then(serde_json::Value::as_str).map(PathBuf::from)?;
        Some(real(&named) == real(path))
    };
    let is_ours =
        same("stateDir", state_dir).or_else(|| same("configPath", config)).unwrap_or(false);
    let pid = u32::try_from(value.get("pid")?.as_u64()?).ok()?;
    if !is_ours {
        // A lock in this very state dir that names it by another path was made where it has that path.
        let is_inside = lock.starts_with(state_dir) && value.get("stateDir").is_some();
        return is_inside.then(|| {
            GatewayProcess::Unknown(format!(
                "its lock, with process {pid}, was made under another path of this state dir, perhaps in a container"
            ))
        });
    }
    let recorded = value.get("startTime").and_then(serde_json::Value::as_u64);
    Some(match alive(pid, recorded, env) {
        Some(Some(pid)) => GatewayProcess::Running { pid },
        Some(None) => GatewayProcess::NotRunning,
        None => GatewayProcess::Unknown(format!(
            "a lock names process {pid}, but the process table cannot be read here"
        )),
    })
}

/// The path by which a gateway's lock in this very state dir names it, where that is another one.
pub(super) fn other_path(state_dir: &Path) -> Option<PathBuf> {
    own_locks(state_dir).iter().find_map(|lock| {
        let named = PathBuf::from(lock_file(lock)?.get("stateDir")?.as_str()?);
        (named.is_absolute() && real(&named) != real(state_dir)).then_some(named)
    })
}

/// The lock of a file that its writer left behind (`openclaw.json.lock`), and the process that it names:
/// OpenClaw waits for it, and writes nothing until it gives up. `None` where that process may be alive.
pub(super) fn left_lock(file: &Path, env: &Env) -> Option<(PathBuf, u32)> {
    let mut lock = file.as_os_str().to_owned();
    lock.push(".lock");
    let lock = PathBuf::from(lock);
    let value = lock_file(&lock)?;
    let pid = u32::try_from(value.get("pid")?.as_u64()?).ok()?;
    let recorded = value.get("starttime").and_then(serde_json::Value::as_u64);
    (alive(pid, recorded, env) == Some(None)).then_some((lock, pid))
}

fn lock_file(lock: &Path) -> Option<serde_json::Value> {
    serde_json::from_slice(crate::files::read_small(lock, LARGEST_LOCK).bytes()?).ok()
}

/// The process of a lock by its number here, if it still runs; `None` where the process table cannot be read.
fn alive(pid: u32, recorded_start: Option<u64>, env: &Env) -> Option<Option<u32>> {
    let proc = env.proc.as_ref()?;
    let is_it = |process: &Path| {
        let stat = std::fs::read_to_string(process.join("stat")).ok()?;
        Some(match (recorded_start, start_time(&stat)) {
            (Some(recorded), Some(started)) => recorded == started,
            // Without a recorded start the command name has to do: a recycled pid is some other program.
            _ => is_node(&stat),
        })
    };
    if is_it(&proc.join(pid.to_string())) == Some(true) {
        return Some(Some(pid));
    }
    // A container has numbers of its own; seen from outside its processes have others, and the same start.
    let mut others = names(proc).into_iter().filter_map(|name| name.parse::<u32>().ok());
    Some(others.find(|other| {
        let process = proc.join(other.to_string());
        let status = std::fs::read_to_string(process.join("status")).unwrap_or_default();
        inner_pid(&status) == Some(pid) && is_it(&process) == Some(true)
    }))
}

/// The number of a process in its own pid namespace, where that is not the one of this process table:
/// the last of several in the line `NSpid:` of `/proc/PID/status`.
fn inner_pid(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    line.split_ascii_whitespace().skip(1).last()?.parse().ok()
}

/// Field 22 of `/proc/PID/stat`: clock ticks after boot. The command in field 2 may hold anything.
fn start_time(stat: &str) -> Option<u64> {
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()
}

fn is_node(stat: &str) -> bool {
    let name =
        stat.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')).map(|(name, _)| name);
    name.is_some_and(|name| {
        name.starts_with("node")
            || name.starts_with("openclaw")
            || name == "MainThread"
            || name == "bun"
    })
}

fn owner(path: &Path) -> Option<u32> {
    let found = path.metadata().ok()?;
    platform::KNOWS_OWNERS.then(|| platform::meta(&found).uid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn setup(lock: &serde_json::Value, stat: Option<&str>) -> GatewayProcess {
        let root = tempfile::tempdir().unwrap();
        let state = root.path().join("state");
        let locks = state.join("tmp/openclaw-7");
        std::fs::create_dir_all(&locks).unwrap();
        let mut lock = lock.clone();
        lock["stateDir"] = json!(state);
        std::fs::write(locks.join("gateway.0a0b0c0d.lock"), lock.to_string()).unwrap();
        let proc = root.path().join("proc");
        std::fs::create_dir_all(proc.join("42")).unwrap();
        if let Some(stat) = stat {
            std::fs::write(proc.join("42/stat"), stat).unwrap();
        }
        let env =
            Env { proc: Some(proc), temp: root.path().join("none"), uid: 7, ..Env::default() };
        gateway(&state, &state.join("openclaw.json"), &env)
    }

    fn stat(name: &str, start: u64) -> String {
        format!("42 ({name}) S {}{start} 0 0", "1 ".repeat(18))
    }

    #[test]
    fn a_live_process_with_the_recorded_start_is_the_gateway() {
        let lock = json!({"pid": 42, "startTime": 777});
        assert_eq!(
            setup(&lock, Some(&stat("MainThread", 777))),
            GatewayProcess::Running { pid: 42 }
        );
        assert_eq!(
            setup(&lock, Some(&stat("bash) (x", 778))),
            GatewayProcess::NotRunning,
            "the pid was given to another process"
        );
        assert_eq!(setup(&lock, None), GatewayProcess::NotRunning);
    }

    #[test]
    fn a_process_of_a_container_is_found_by_its_number_there() {
        let root = tempfile::tempdir().unwrap();
        let proc = root.path().join("proc");
        let put = |pid: u32, stat: String, status: &str| {
            std::fs::create_dir_all(proc.join(pid.to_string())).unwrap();
            std::fs::write(proc.join(format!("{pid}/stat")), stat).unwrap();
            std::fs::write(proc.join(format!("{pid}/status")), status).unwrap();
        };
        put(7, stat("bash", 1), "NSpid:\t7\n");
        put(4242, stat("node", 777), "Name:\tnode\nNSpid:\t4242\t7\n");
        let env = Env { proc: Some(proc), ..Env::default() };
        assert_eq!(alive(7, Some(777), &env), Some(Some(4242)));
        assert_eq!(alive(7, None, &env), Some(Some(4242)));
        assert_eq!(alive(7, Some(778), &env), Some(None));
        assert_eq!(alive(8, Some(777), &env), Some(None));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_ports_of_a_process_are_its_own_and_those_it_listens_on() {
        let env = Env { proc: Some("/proc".into()), ..Env::default() };
        let ours = GatewayProcess::Running { pid: std::process::id() };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        let found = listening(&ours, &env);
        assert!(found.contains(&port) && !found.contains(&client.local_addr().unwrap().port()));
        drop(listener);
        assert!(!listening(&ours, &env).contains(&port));
        assert!(listening(&GatewayProcess::NotRunning, &env).is_empty());
        assert!(listening(&ours, &Env::default()).is_empty());
    }

    #[test]
    fn a_lock_of_a_file_is_left_where_its_process_is_gone() {
        let root = tempfile::tempdir().unwrap();
        let config = root.path().join("openclaw.json");
        let proc = root.path().join("proc");
        std::fs::create_dir_all(proc.join("42")).unwrap();
        std::fs::write(proc.join("42/stat"), stat("node", 7)).unwrap();
        let env = Env { proc: Some(proc), ..Env::default() };
        let left = |lock: serde_json::Value| {
            std::fs::write(root.path().join("openclaw.json.lock"), lock.to_string()).unwrap();
            left_lock(&config, &env).map(|(_, pid)| pid)
        };
        assert_eq!(left(json!({"pid": 42, "starttime": 7})), None);
        assert_eq!(left(json!({"pid": 42})), None);
        assert_eq!(left(json!({"pid": 42, "starttime": 8})), Some(42));
        assert_eq!(left(json!({"pid": 41})), Some(41));
        assert_eq!(left(json!([])), None);
        assert_eq!(left_lock(&config, &Env::default()), None, "no process table");
    }

    #[test]
    fn without_a_start_time_the_process_must_be_node() {
        assert_eq!(
            setup(&json!({"pid": 42}), Some(&stat("node", 1))),
            GatewayProcess::Running { pid: 42 }
        );
        assert_eq!(setup(&json!({"pid": 42}), Some(&stat("bash", 1))), GatewayProcess::NotRunning);
    }
}

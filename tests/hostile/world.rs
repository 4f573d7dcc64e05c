//! A state dir in a folder of its own, and the built program on it: no environment, a deadline.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::tree::copy_private;
pub use crate::tree::tree;

pub const FILES: [&str; 2] = ["2026.2.19-pending-after-proxy", "2026.5.28-scope-upgrade-pending"];
pub const SQLITE: &str = "2026.9.6-sqlite-read-only";

/// A command that runs longer hangs.
const DEADLINE: Duration = Duration::from_secs(60);

pub struct World {
    pub root: tempfile::TempDir,
    /// Under strace every `renameat2` is refused, as by file systems that know no flags for it.
    pub no_rename_flags: bool,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Out {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl World {
    pub fn empty() -> Self {
        let root = tempfile::Builder::new().prefix("clawmend-hostile-").tempdir().unwrap();
        let world = Self { root, no_rename_flags: false };
        for dir in ["home/.openclaw", "tmp"] {
            let dir = world.root().join(dir);
            std::fs::create_dir_all(&dir).unwrap();
            private(&dir);
        }
        private(world.root());
        world
    }

    pub fn fixture(name: &str) -> Self {
        let world = Self::empty();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
        copy_private(&from, &world.state());
        world
    }

    /// The same state in another folder: contents and modes.
    pub fn again(&self) -> Self {
        let mut world = Self::empty();
        world.no_rename_flags = self.no_rename_flags;
        copy_as_is(&self.state(), &world.state());
        world
    }

    pub fn root(&self) -> &Path {
        self.root.path()
    }

    pub fn state(&self) -> PathBuf {
        self.root().join("home/.openclaw")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.state().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(&std::fs::read(self.path(name)).unwrap()).into_owned()
    }

    /// A command in this world, not started.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.root().join("home"))
            .env("TMPDIR", self.root().join("tmp"))
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            // Not in the world: a trace would take every relative call for one into it.
            .current_dir("/")
            .stdin(Stdio::null());
        command
    }

    /// Runs clawmend to its end.
    pub fn run(&self, args: &[&str]) -> Out {
        let mut command = self.command(binary());
        command.args(args);
        finish(command)
    }

    /// Everything below the state dir, as `name -> kind, mode, owner, mtime, hash`.
    pub fn tree(&self) -> BTreeMap<PathBuf, String> {
        tree(&self.state())
    }
}

/// The program: the one that cargo built, or `CLAWMEND_BINARY`.
pub fn binary() -> String {
    std::env::var("CLAWMEND_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_clawmend").to_owned())
}

/// Takes a mount back when it goes.
pub struct Unmount(pub PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let mut command = Command::new("umount");
        command.arg(&self.0);
        finish(command);
    }
}

/// Runs a command to its end; one that goes on past the deadline is killed and fails the test.
pub fn finish(mut command: Command) -> Out {
    let out = tempfile::tempfile().unwrap();
    let err = tempfile::tempfile().unwrap();
    let (mut out_back, mut err_back) = (out.try_clone().unwrap(), err.try_clone().unwrap());
    let mut child = command.stdout(out).stderr(err).spawn().unwrap();
    let start = Instant::now();
    let mut pause = Duration::from_micros(500);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > DEADLINE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it hangs: {command:?}");
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(4));
    };
    Out {
        code: status.code(),
        signal: status.signal(),
        stdout: slurp(&mut out_back),
        stderr: slurp(&mut err_back),
    }
}

fn slurp(file: &mut std::fs::File) -> String {
    use std::io::{Read, Seek};
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Out {
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    pub fn panicked(&self) -> bool {
        self.stderr.contains("panicked at")
            || self.stderr.contains("has a bug and stopped")
            || self.code == Some(101)
            || self.signal == Some(6)
    }
}

impl std::fmt::Display for Out {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "exit {:?} signal {:?}\n--- stdout\n{}--- stderr\n{}",
            self.code, self.signal, self.stdout, self.stderr
        )
    }
}

fn private(dir: &Path) {
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700)).unwrap();
}

fn copy_as_is(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_as_is(&entry.path(), &target);
        } else {
            std::fs::write(&target, std::fs::read(entry.path()).unwrap()).unwrap();
        }
        let mode = entry.metadata().unwrap().permissions();
        std::fs::set_permissions(&target, mode).unwrap();
    }
}

//! A hermetic run of clawmend in this process: fixed clock, fixed randomness, no environment, a state
//! dir of its own, and the whole result as one text.

pub mod schema;
mod tree;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clawmend::cli::world::{Answer, Person, World};
use clawmend::exit::Exit;
use clawmend::read::env::Env;

/// A few minutes after the fixtures were captured: their requests have expired.
pub const NOW_MS: i64 = 1_795_544_000_000;

/// A state dir and everything around it.
pub struct Sandbox {
    root: tempfile::TempDir,
    /// The clock; each run moves it on by a second.
    pub now_ms: Cell<i64>,
    /// The terminal's columns.
    pub width: Cell<usize>,
    /// Who runs it.
    pub uid: Cell<u32>,
    /// Whether they typed `sudo`.
    pub by_sudo: Cell<bool>,
    /// Whether a person looks at a terminal.
    pub is_terminal: Cell<bool>,
    /// Whether root looks into the folders around the home, as if they were the whole machine.
    pub sees_all: Cell<bool>,
    vars: RefCell<BTreeMap<String, String>>,
}

/// How a run ended.
pub struct Run {
    pub exit: Exit,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    /// A state dir with the files of a fixture.
    pub fn fixture(name: &str) -> Self {
        let sandbox = Self::empty();
        tree::copy_private(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name),
            &sandbox.state(),
        );
        sandbox
    }

    /// An empty state dir.
    pub fn empty() -> Self {
        let root = tempfile::Builder::new().prefix("clawmend-test-").tempdir().unwrap();
        let sandbox = Self {
            root,
            now_ms: Cell::new(NOW_MS),
            width: Cell::new(80),
            uid: Cell::new(0),
            by_sudo: Cell::new(false),
            is_terminal: Cell::new(false),
            sees_all: Cell::new(false),
            vars: RefCell::default(),
        };
        for dir in ["home/.openclaw", "tmp"] {
            let dir = sandbox.root.path().join(dir);
            std::fs::create_dir_all(&dir).unwrap();
            std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o700)).unwrap();
        }
        sandbox
    }

    /// What holds the home and everything around it.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// A fixture put somewhere else than into the home's state dir.
    pub fn put(&self, name: &str, place: &str) -> PathBuf {
        let place = self.root.path().join(place);
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
        std::fs::create_dir_all(&place).unwrap();
        tree::copy_private(&fixture, &place);
        place
    }

    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    pub fn state(&self) -> PathBuf {
        self.home().join(".openclaw")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.state().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn set(&self, name: &str, value: &str) {
        self.vars.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    /// Runs `clawmend ARGS` with nobody to answer.
    pub fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, &clawmend::cli::world::Nobody)
    }

    /// Runs `clawmend ARGS` with somebody who can be asked.
    pub fn run_with(&self, args: &[&str], person: &dyn Person) -> Run {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut count = 0u8;
        let mut random = || {
            count += 1;
            Some([count; 32])
        };
        // As the real one, in an environment without anything of this machine.
        let again = |args: &[std::ffi::OsString]| {
            let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_clawmend"));
            let run = program.args(args).env_clear().env("HOME", self.home());
            Ok(run.stdin(std::process::Stdio::null()).output()?.stdout)
        };
        let now_ms = self.now_ms.replace(self.now_ms.get() + 1000);
        let mut world = World {
            env: Env {
                sudo_home: self.by_sudo.get().then(|| self.home()),
                windows_homes: None,
                in_powershell: false,
                vars: self.vars.borrow().clone(),
                others: Default::default(),
                home: Some(self.home()),
                root: self.sees_all.get().then(|| self.root.path().to_path_buf()),
                cwd: self.root.path().to_path_buf(),
                temp: self.root.path().join("tmp"),
                proc: None,
                uid: self.uid.get(),
                platform: "linux".into(),
            },
            program: vec!["clawmend".to_owned()],
            now_ms,
            utc_offset: 3600,
            random: &mut random,
            out: &mut out,
            err: &mut err,
            out_is_terminal: self.is_terminal.get(),
            no_color: true,
            width: self.width.get(),
            // The tests of one process share its rights; tests/hostile takes them for real.
            become_owner: &|_| Ok(()),
            again: &again,
            person,
        };
        let argv = std::iter::once("clawmend").chain(args.iter().copied());
        let exit = clawmend::cli::run(argv, &mut world);
        Run { exit, stdout: self.plain(&out), stderr: self.plain(&err) }
    }

    fn plain(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.replace(&self.root.path().display().to_string(), "")
    }

    /// Every path below the state dir: kind, mode, owner, mtime and contents. clawmend's own folder is
    /// left out where `own` is false.
    pub fn tree(&self, own: bool) -> BTreeMap<PathBuf, String> {
        let mut found = tree::tree(&self.state());
        if !own {
            found.retain(|path, _| !path.starts_with("clawmend"));
            // The state dir's own time moves when `clawmend/` is made in it.
            found.remove(Path::new(""));
        }
        found
    }

    /// As `tree(false)`, without times: what a restore brings back.
    pub fn contents(&self) -> BTreeMap<PathBuf, String> {
        self.tree(false)
            .into_iter()
            .map(|(path, line)| {
                (
                    path,
                    line.split(" mtime ").next().unwrap().to_owned()
                        + line.split(" | ").nth(1).unwrap_or(""),
                )
            })
            .collect()
    }
}

impl Run {
    /// The whole result as one text.
    pub fn text(&self) -> String {
        format!(
            "exit: {}\n--- stdout\n{}--- stderr\n{}",
            self.exit.code(),
            self.stdout,
            self.stderr
        )
    }

    /// The one document, which is as the schema says.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(strict);
        let document = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()));
        let errors = SCHEMA.iter_errors(&document);
        let errors: Vec<String> =
            errors.map(|error| format!("{error} at {}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}\n{document:#}");
        document
    }

    #[track_caller]
    pub fn expect(self, exit: Exit) -> Self {
        assert_eq!(self.exit, exit, "{}", self.text());
        self
    }
}

/// The schema without room for fields that it does not name.
pub fn strict() -> jsonschema::Validator {
    let mut schema = schema::schema();
    for definition in schema["$defs"].as_object_mut().unwrap().values_mut() {
        if definition.get("properties").is_some() {
            definition["additionalProperties"] = serde_json::json!(false);
        }
    }
    jsonschema::validator_for(&schema).unwrap()
}

/// Compares a text with `snapshots/NAME.snap`.
#[track_caller]
pub fn same(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, text) });
}

/// Somebody with prepared answers.
pub struct Answers {
    confirm: Option<bool>,
    choose: Option<usize>,
    /// What was asked.
    pub asked: RefCell<Vec<String>>,
}

impl Answers {
    pub fn confirming(answer: Option<bool>) -> Self {
        Self { confirm: answer, choose: None, asked: RefCell::default() }
    }
    pub fn choosing(at: Option<usize>, then: Option<bool>) -> Self {
        Self { confirm: then, choose: at, asked: RefCell::default() }
    }
}

impl Person for Answers {
    fn is_there(&self) -> bool {
        true
    }
    fn confirm(&self, question: &str) -> Option<Answer> {
        self.asked.borrow_mut().push(question.to_owned());
        self.confirm.map(|yes| if yes { Answer::Yes } else { Answer::No })
    }
    fn choose(&self, question: &str, items: &[String]) -> Option<usize> {
        self.asked.borrow_mut().push(format!("{question} {}", items.join(" | ")));
        self.choose
    }
}

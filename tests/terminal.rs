//! The questions on a real (pseudo-)terminal: each answer, each way of breaking off.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::Sandbox;

const YES: &str = "yes\r";
const NO: &str = "n\r";
const ENTER: &str = "\r";
const ESC: &str = "\u{1b}";
const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const DOWN: &str = "\u{1b}[B";

/// A program on a terminal of its own.
struct Terminal {
    child: Child,
    keys: File,
    shown: Receiver<Vec<u8>>,
    text: String,
}

impl Terminal {
    fn run(sandbox: &Sandbox, args: &[&str]) -> Self {
        let keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keys).unwrap();
        unlockpt(&keys).unwrap();
        let name = ptsname(&keys, Vec::new()).unwrap().into_string().unwrap();
        let screen = File::options().read(true).write(true).open(name).unwrap();
        let stream = || screen.as_fd().try_clone_to_owned().unwrap();
        // As its controlling terminal: Ctrl-C reaches the program as a signal. The shell stays a moment after it,
        // for a terminal whose session ends drops what was not read yet.
        const STAYS: &str = "trap : INT; \"$0\" \"$@\"; code=$?; /bin/sleep 0.3; exit $code";
        let child = Command::new("/usr/bin/setsid")
            .args(["--ctty", "--wait", "/bin/sh", "-c", STAYS, env!("CARGO_BIN_EXE_clawmend")])
            .args(args)
            .env_clear()
            .env("HOME", sandbox.home())
            .env("TERM", "xterm")
            .stdin(stream())
            .stdout(stream())
            .stderr(stream())
            .spawn()
            .unwrap();
        let keys = File::from(keys);
        let mut reading = keys.try_clone().unwrap();
        let (send, shown) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count) = reading.read(&mut bytes) {
                if count == 0 || send.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keys, shown, text: String::new() }
    }

    fn take(&mut self, wait: Duration) {
        if let Ok(bytes) = self.shown.recv_timeout(wait) {
            self.text.push_str(&String::from_utf8_lossy(&bytes));
        }
    }

    /// Waits until `wanted` stands on the screen.
    fn until(&mut self, wanted: &str) {
        let end = Instant::now() + Duration::from_secs(60);
        while !self.text.contains(wanted) {
            assert!(Instant::now() < end, "no `{wanted}` in {}", self.text);
            self.take(Duration::from_millis(100));
        }
    }

    /// Types keys, again if nothing comes of it, until the program has ended.
    fn ends_after(mut self, keys: &[&str]) -> (i32, String) {
        let end = Instant::now() + Duration::from_secs(60);
        let mut next = Instant::now() + Duration::from_millis(200);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                while let Ok(bytes) = self.shown.recv_timeout(Duration::from_millis(200)) {
                    self.text.push_str(&String::from_utf8_lossy(&bytes));
                }
                return (status.code().unwrap_or(-1), self.text);
            }
            assert!(Instant::now() < end, "still there: {}", self.text);
            if Instant::now() >= next {
                for key in keys {
                    let _ = self.keys.write_all(key.as_bytes());
                    self.take(Duration::from_millis(150));
                }
                next = Instant::now() + Duration::from_secs(2);
            }
            self.take(Duration::from_millis(50));
        }
    }
}

/// A state in which another device waits.
fn foreign() -> Sandbox {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let other = Sandbox::fixture("2026.2.19-pending-after-proxy").json("devices/pending.json");
    sandbox.write("devices/pending.json", other.to_string());
    sandbox
}

fn locked() -> Sandbox {
    Sandbox::fixture("2026.5.28-scope-upgrade-pending")
}

/// A state with a repair that can be taken back.
fn repaired() -> Sandbox {
    let sandbox = locked();
    sandbox.run(&["repair", "--yes"]);
    sandbox
}

fn with_snapshots() -> Sandbox {
    let sandbox = locked();
    for _ in 0..3 {
        sandbox.run(&["snapshot", "create"]);
    }
    sandbox
}

/// Every path, with contents.
fn everything(sandbox: &Sandbox) -> Vec<(std::path::PathBuf, String)> {
    let without_times = |line: String| {
        let mut parts = line.split(" mtime ");
        let head = parts.next().unwrap().to_owned();
        head + line.split(" | ").nth(1).unwrap_or("")
    };
    let tree = sandbox.tree(true).into_iter();
    tree.map(|(path, line)| (path, without_times(line))).collect()
}

#[track_caller]
fn check(make: fn() -> Sandbox, args: &[&str], question: &str, keys: &[&str], says: &str) {
    let sandbox = make();
    let before = everything(&sandbox);
    let mut terminal = Terminal::run(&sandbox, args);
    terminal.until(question);
    let (exit, text) = terminal.ends_after(keys);
    let said = format!("{args:?} {keys:?}: exit {exit}\n{text}");
    let hidden = text.rfind("\u{1b}[?25l");
    assert!(text.rfind("\u{1b}[?25h") >= hidden, "the cursor stays hidden: {said}");
    assert!(text.contains(says), "no `{says}`: {said}");
    assert!(!text.contains("error:") && !text.contains("--yes"), "{said}");
    if says.contains("Nothing was") {
        assert_eq!(exit, 3, "{said}");
        // On a line of its own, also where Ctrl-C left the cursor behind the question.
        let before_it = text.split("Nothing was ").next().unwrap();
        let before_it = before_it.replace("\u{1b}[?25h", "");
        assert!(keys != [CTRL_C] && keys != [CTRL_D] || before_it.ends_with('\n'), "{said}");
        assert_eq!(everything(&sandbox), before, "{said}");
    } else {
        assert_eq!(exit, 0, "{said}");
        assert_ne!(everything(&sandbox), before, "{said}");
    }
}

#[test]
fn every_question_can_be_broken_off_and_then_nothing_has_changed() {
    const ASKS: &str = "a snapshot is taken first";
    for (make, args, question) in [
        (locked as fn() -> Sandbox, &["repair"][..], ASKS),
        (locked, &["approve"], ASKS),
        (repaired, &["restore"], ASKS),
        (with_snapshots, &["snapshot", "prune", "--keep", "1"], "emove"),
    ] {
        check(make, args, question, &[CTRL_C], "Nothing was ");
        check(make, args, question, &[CTRL_D], "Nothing was ");
        check(make, args, question, &["why\ryes\r"], "Nothing was ");
        check(make, args, question, &["y", "es please", ENTER], "Nothing was ");
        check(make, args, question, &[NO], "Nothing was ");
        check(make, args, question, &[ENTER], "Nothing was ");
    }
}

/// `d` shows the changes and asks again; it neither changes nor ends anything.
#[test]
fn d_shows_the_changes_and_asks_again() {
    const ASKS: &str = "a snapshot is taken first";
    for (make, args, question, shows) in [
        (locked as fn() -> Sandbox, &["repair"][..], ASKS, "+++ devices/paired.json"),
        (locked, &["approve"], ASKS, "+++ devices/paired.json"),
        (repaired, &["restore"], ASKS, "+++ devices/paired.json"),
        (with_snapshots, &["snapshot", "prune", "--keep", "1"], "emove", "goes "),
    ] {
        let sandbox = make();
        let before = everything(&sandbox);
        let mut terminal = Terminal::run(&sandbox, args);
        terminal.until(question);
        assert!(shows.starts_with("goes") || !terminal.text.contains(shows), "{}", terminal.text);
        terminal.text.clear();
        // A paste: what stands behind the first line answers nothing.
        terminal.keys.write_all(b"d\ryes\r").unwrap();
        terminal.until(shows);
        terminal.until("[y/N");
        assert!(terminal.child.try_wait().unwrap().is_none(), "{}", terminal.text);
        let (exit, text) = terminal.ends_after(&[NO]);
        assert_eq!(exit, 3, "{args:?} {text}");
        assert_eq!(everything(&sandbox), before, "{args:?} {text}");
        // The summary stands above the question again, and no line is broken by the terminal.
        assert!(shows.starts_with("goes") || text.contains("What would change"), "{args:?} {text}");
        for line in text.lines() {
            let mut parts = line.split('\u{1b}');
            let first = parts.next().unwrap_or_default().to_owned();
            let plain =
                parts.fold(first, |all, part| all + part.split_once('m').unwrap_or_default().1);
            let is_word = plain.trim_start_matches(['+', '-', ' ']).split(' ').count() == 1;
            assert!(!line.contains('\u{1b}') || plain.chars().count() <= 80 || is_word, "{plain}");
        }
    }
}

/// Bare `clawmend` leads on to the preview of the repair, and that asks its own question.
#[test]
fn bare_clawmend_offers_to_show_the_repair() {
    const OFFER: &str = "Show the repair now? It asks again before any change. [y/N]";
    check(locked, &["-v", "repair"], "a snapshot is taken first", &[NO], "Nothing was ");
    for keys in [ENTER, "yes please\r"] {
        let sandbox = locked();
        let before = everything(&sandbox);
        let mut terminal = Terminal::run(&sandbox, &[]);
        terminal.until(OFFER);
        let (exit, text) = terminal.ends_after(&[keys]);
        assert_eq!(exit, 1, "{text}");
        assert!(!text.contains("What would change"), "{text}");
        assert_eq!(everything(&sandbox), before, "{text}");
    }
    let sandbox = locked();
    let mut terminal = Terminal::run(&sandbox, &[]);
    terminal.until(OFFER);
    terminal.keys.write_all(b"y\r").unwrap();
    terminal.until("a snapshot is taken first");
    let (exit, text) = terminal.ends_after(&[YES]);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("Checked again: healthy"), "{text}");
    // `diagnose` only tells.
    let (exit, text) = Terminal::run(&locked(), &["diagnose"]).ends_after(&[]);
    assert_eq!(exit, 1, "{text}");
    assert!(!text.contains(OFFER), "{text}");
}

#[test]
fn a_yes_is_a_yes() {
    const ASKS: &str = "a snapshot is taken first";
    check(locked, &["repair"], ASKS, &[YES], "Done.");
    check(repaired, &["restore"], ASKS, &[YES], "Done:");
    check(with_snapshots, &["snapshot", "prune", "--keep", "1"], "emove", &[YES], "emoved");
}

/// Where none is found and others are there, the state dir is chosen; nothing chosen is the list of them.
#[test]
fn a_state_dir_that_is_not_where_it_is_looked_for_is_chosen() {
    const ASKS: &str = "Which one do you mean";
    let elsewhere = || {
        let sandbox = locked();
        std::fs::rename(sandbox.state(), sandbox.home().join(".openclaw-work")).unwrap();
        sandbox
    };
    let sandbox = elsewhere();
    let mut terminal = Terminal::run(&sandbox, &["diagnose"]);
    terminal.until(ASKS);
    let (exit, text) = terminal.ends_after(&[DOWN, ENTER]);
    let dir = sandbox.home().join(".openclaw-work");
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("LOCKED OUT"), "{text}");
    assert!(text.contains(&format!("clawmend --state-dir {} repair", dir.display())), "{text}");
    for keys in [ENTER, ESC, CTRL_C] {
        let sandbox = elsewhere();
        let mut terminal = Terminal::run(&sandbox, &["repair"]);
        terminal.until(ASKS);
        let (exit, text) = terminal.ends_after(&[keys]);
        assert_eq!(exit, 3, "{text}");
        assert!(text.contains("clawmend --profile work"), "{text}");
        assert!(!sandbox.home().join(".openclaw").exists(), "{text}");
    }
}

#[test]
fn the_picker_can_be_broken_off_too() {
    const ASKS: &str = "Which device is yours";
    check(foreign, &["approve"], ASKS, &[CTRL_C], "Nothing was ");
    check(foreign, &["approve"], ASKS, &[ESC], "Nothing was ");
    check(foreign, &["approve"], ASKS, &[ENTER], "Nothing was ");
    check(foreign, &["approve"], ASKS, &[DOWN, ENTER, NO], "Nothing was ");
}

/// Bare `explain` asks for the message, as `explain -` does.
#[test]
fn bare_explain_asks_to_paste() {
    let sandbox = locked();
    let mut terminal = Terminal::run(&sandbox, &["explain"]);
    terminal.until("Paste the message");
    terminal.keys.write_all(b"gateway closed (1008): pairing required\r").unwrap();
    let (exit, text) = terminal.ends_after(&[CTRL_D]);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("About: pairing required") && text.contains("Now type"), "{text}");
}

/// What would be lost, and that the state is a lockout, stands above the question.
#[test]
fn undo_asks_with_what_would_be_lost() {
    let sandbox = repaired();
    let config = sandbox.read("openclaw.json");
    sandbox.write("openclaw.json", config.replacen('{', "{ \"channels\": {\"x\": 1},", 1));
    let mut terminal = Terminal::run(&sandbox, &["undo"]);
    terminal.until("[y/N");
    let (exit, text) = terminal.ends_after(&[NO]);
    let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}: {text}"));
    assert_eq!(exit, 3, "{text}");
    assert!(at("would be lost") < at("`channels` was added"), "{text}");
    assert!(at("`channels` was added") < at("[y/N"), "{text}");
    assert!(at("That state locks this machine's CLI out") < at("[y/N"), "{text}");
}

//! Every command that is printed can be pasted: whatever a folder is called, its name stays one argument
//! and runs nothing.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::people::locked;
use crate::support::Sandbox;

const NAMES: [&str; 6] = [
    ".openclaw-x\u{1b}]0;x\u{7}';:>pwned;#",
    ".openclaw-x;touch pwned;#",
    ".openclaw-x';touch pwned;'",
    ".openclaw $(touch pwned) `touch pwned` \"q\" \\ *",
    ".openclaw-\u{65e5}\u{672c} & touch pwned &",
    ".openclaw-\u{202e}x\t';touch pwned;'",
];
const PROGRAMS: [&str; 7] = ["clawmend", "chmod", "sudo", "mv", "rm", "diff", "openclaw"];

/// The commands in an output: from the program's name to the note about it.
fn commands(text: &str) -> Vec<String> {
    let is_start = |word: &str| PROGRAMS.contains(&word);
    let of = |line: &str| {
        let at = line.match_indices(' ').map(|(at, _)| at + 1).chain([0]).find(|at| {
            line.get(*at..).and_then(|rest| rest.split(' ').next()).is_some_and(is_start)
        })?;
        let command = line.get(at..)?;
        Some(command.split("    (").next()?.split("  shows ").next()?.trim().to_owned())
    };
    text.lines().filter_map(of).filter(|command| command.contains(".openclaw")).collect()
}

/// What a shell hands on: the arguments of the command, program first.
fn pasted(shell: &str, command: &str, dir: &Path) -> Vec<String> {
    let log = dir.join("log");
    let _ = std::fs::remove_file(&log);
    let status = Command::new(shell)
        .args(["-c", command])
        .current_dir(dir)
        .env("PATH", format!("{}:/usr/bin:/bin", dir.display()))
        .status()
        .unwrap();
    assert!(status.success(), "{command}");
    let text = std::fs::read(&log).unwrap_or_else(|error| panic!("{error}: {command}"));
    String::from_utf8(text).unwrap().split_terminator('\0').map(str::to_owned).collect()
}

fn stubs(sandbox: &Sandbox) -> std::path::PathBuf {
    let dir = sandbox.home().join("stubs");
    std::fs::create_dir(&dir).unwrap();
    for name in PROGRAMS {
        let log = dir.join("log");
        let text = format!("#!/bin/sh\nprintf '%s\\0' {name} \"$@\" >> '{}'\n", log.display());
        std::fs::write(dir.join(name), text).unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(dir.join(name), mode).unwrap();
    }
    dir
}

#[test]
fn hostile_names_stay_one_argument_in_every_printed_command() {
    for name in NAMES {
        let sandbox = locked();
        let stubs = stubs(&sandbox);
        let state = sandbox.home().join(name);
        std::fs::rename(sandbox.state(), &state).unwrap();
        for file in ["devices", "devices/paired.json"] {
            let open = std::fs::Permissions::from_mode(0o777);
            std::fs::set_permissions(state.join(file), open).unwrap();
        }
        let state = state.to_str().unwrap();
        let mut found = Vec::new();
        for args in [&["-v"][..], &["repair"], &["devices"], &["snapshot", "list"], &["restore"]] {
            let run = sandbox.run(&[&["--state-dir", state], args].concat());
            found.extend(commands(&(run.stdout + &run.stderr)));
        }
        let programs: Vec<&str> = found.iter().filter_map(|one| one.split(' ').next()).collect();
        // Where modes are known, one of them is a `chmod`.
        assert!(programs.contains(&"chmod") || cfg!(clawmend_portable), "{found:?}");
        assert!(programs.contains(&"clawmend"), "{found:?}");
        assert!(found.len() > 4, "{found:?}");
        // `$'...'` is known to bash, zsh and ksh; a plain sh runs nothing of it either.
        let escaped = name.chars().any(|c| c.is_control() || c == '\u{202e}');
        for command in found {
            let named = command
                .replace("/home/.openclaw", &format!("{}/.openclaw", sandbox.home().display()));
            let shell = if escaped { "bash" } else { "sh" };
            let argv = pasted(shell, &named, &stubs);
            assert!(argv.iter().any(|arg| arg.starts_with(state)), "{command}: {argv:?}");
            let argv = pasted("sh", &named, &stubs);
            assert!(!stubs.join("pwned").exists(), "{command}: {argv:?}");
        }
        // Nor wherever in the words before it a paste starts.
        let nowhere = sandbox.home().join("nowhere").display().to_string();
        for args in [&["-v"][..], &["repair"], &["restore"], &["--state-dir", &nowhere]] {
            let run = sandbox.run(
                &[&["--state-dir", state], args].concat()[if args.len() > 1 { 2 } else { 0 }..],
            );
            let text = (run.stdout + &run.stderr)
                .replace("/home/.openclaw", &format!("{}/.openclaw", sandbox.home().display()));
            let lines: Vec<&str> = text.lines().collect();
            for at in 0..lines.len() {
                if commands(lines[at]).is_empty() {
                    continue;
                }
                let before =
                    at.checked_sub(1).map(|at| lines[at]).filter(|line| line.ends_with(':'));
                let block = before.into_iter().chain([lines[at]]).collect::<Vec<_>>().join("\n");
                let command = block.find(&commands(lines[at])[0]).unwrap();
                let starts =
                    block.char_indices().filter(|(at, c)| *at <= command && !c.is_whitespace());
                let starts = starts
                    .filter(|(at, _)| block[..*at].chars().last().is_none_or(char::is_whitespace));
                for (start, _) in starts {
                    for shell in ["sh", "bash"] {
                        let _ = Command::new(shell)
                            .args(["-c", &block[start..]])
                            .current_dir(&stubs)
                            .env("PATH", format!("{}:/usr/bin:/bin", stubs.display()))
                            .output()
                            .unwrap();
                        assert!(!stubs.join("pwned").exists(), "{args:?}: {}", &block[start..]);
                    }
                }
            }
        }
    }
}

/// A line that names a path runs nothing of it, pasted as it stands.
#[test]
fn hostile_names_run_nothing_in_an_error_line() {
    for name in NAMES.into_iter().chain([".openclaw-isn't `touch pwned`"]) {
        let sandbox = Sandbox::empty();
        let dir = sandbox.home().join("paste");
        std::fs::create_dir(&dir).unwrap();
        let state = sandbox.home().join(name);
        std::fs::create_dir(&state).unwrap();
        std::fs::write(state.join("openclaw.json"), "{}").unwrap();
        std::os::unix::fs::symlink(&state, state.join("devices")).unwrap();
        let state = state.to_str().unwrap();
        let mut lines = 0;
        for args in [
            &["--state-dir", state, "restore", "20261124T1813"][..],
            &["--state-dir", state, "repair", "--config-from", &format!("{state}/none")],
            &["--state-dir", &format!("{state}/none")],
            &["--state-dir", state, "report", "--output", &format!("{state}/openclaw.json")],
        ] {
            let run = sandbox.run(args);
            for line in run.stderr.split_terminator("\n").filter(|line| line.contains(".openclaw"))
            {
                lines += 1;
                for shell in ["sh", "bash"] {
                    let _ =
                        Command::new(shell).args(["-c", line]).current_dir(&dir).output().unwrap();
                    let made = std::fs::read_dir(&dir).unwrap().count();
                    assert_eq!(made, 0, "{line}");
                }
            }
        }
        assert!(lines > 2, "{name}");
    }
}

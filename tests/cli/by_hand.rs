//! What only a person can do: each step is a command to paste, or stands in the file that it opens.

use clawmend::exit::Exit;
use serde_json::{Value, json};

use crate::support::{Answers, Sandbox};

const FILES: &str = "2026.5.28-scope-upgrade-pending";
const DATABASE: &str = "2026.9.6-sqlite-read-only";
const DATABASE_FILE: &str = "state/openclaw.sqlite";

fn next(sandbox: &Sandbox) -> Vec<Vec<String>> {
    serde_json::from_value(sandbox.run(&["--json"]).json()["next"].clone()).unwrap()
}

/// What a gateway makes at its start where there is no database: the tables, without a row of the pairing.
fn gateway_starts(sandbox: &Sandbox) {
    let path = sandbox.path(DATABASE_FILE);
    assert!(!path.exists());
    let fixture = Sandbox::fixture(DATABASE);
    std::fs::copy(fixture.path(DATABASE_FILE), &path).unwrap();
    let database = rusqlite::Connection::open(path).unwrap();
    for table in [
        "device_identities",
        "device_auth_tokens",
        "device_pairing_paired",
        "device_pairing_pending",
        "device_bootstrap_tokens",
    ] {
        database.execute(&format!("DELETE FROM {table}"), []).unwrap();
    }
}

/// Does what `next` says, with this machine's `mv`, and a gateway that starts; then the CLI is in.
fn follows(sandbox: &Sandbox, steps: &[Vec<String>]) {
    for step in steps {
        let args: Vec<&str> = step.iter().map(String::as_str).collect();
        match args.as_slice() {
            ["openclaw", "gateway", "stop"] => {}
            ["openclaw", "gateway", "start"] => gateway_starts(sandbox),
            ["mv", rest @ ..] => {
                let home = format!("{}/.openclaw", sandbox.home().display());
                let rest = rest.iter().map(|path| path.replace("/home/.openclaw", &home));
                assert!(std::process::Command::new("mv").args(rest).status().unwrap().success());
            }
            ["clawmend", rest @ ..] => {
                let own: Vec<&str> = rest.to_vec();
                let yes = if own.iter().any(|arg| ["repair", "restore"].contains(arg)) {
                    &["--yes"][..]
                } else {
                    &[]
                };
                sandbox.run(&[&own, yes].concat()).expect(Exit::Done);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Damaged, empty or foreign, with a snapshot or without one, with files of SQLite beside it: the steps end well.
#[test]
fn the_steps_for_a_spoilt_database_end_with_a_cli_that_gets_in() {
    let whole = std::fs::read(Sandbox::fixture(DATABASE).path(DATABASE_FILE)).unwrap();
    for (spoilt, has_snapshot) in [
        (&whole[..20_000], false),
        (&whole[..20_000], true),
        (b"", false),
        (b"no database, but a text that is long enough", true),
    ] {
        let sandbox = Sandbox::fixture(DATABASE);
        if has_snapshot {
            sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
            sandbox.run(&["backup"]).expect(Exit::Done);
        }
        sandbox.write(DATABASE_FILE, spoilt);
        let seen = sandbox.run(&[]).expect(Exit::Findings);
        let steps = next(&sandbox);
        let words: Vec<String> = steps.iter().map(|step| step.join(" ")).collect();
        let restores = words.iter().any(|step| step.contains("restore"));
        assert_eq!(restores, has_snapshot, "{words:?}");
        assert!(seen.stdout.contains("mv "), "{}", seen.text());
        for step in &words {
            assert!(seen.stdout.contains(step.as_str()), "{step}\n{}", seen.text());
        }
        follows(&sandbox, &steps);
    }
}

fn spoilt(change: impl FnOnce(&mut Value)) -> Sandbox {
    let sandbox = Sandbox::fixture(FILES);
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    let mut config = sandbox.json("openclaw.json");
    change(&mut config);
    sandbox.write("openclaw.json", serde_json::to_string_pretty(&config).unwrap());
    sandbox
}

/// The first thing to type opens the file at the line that is about it.
#[test]
#[cfg_attr(clawmend_portable, ignore = "the editor of Unix, which opens at a line")]
fn what_is_to_be_edited_is_opened_in_an_editor() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 5] = [
        (|config| config["gateway"]["port"] = json!("abc"), "\"port\""),
        (|config| config["foo"] = json!(1), "\"foo\""),
        (
            |config| {
                config["gateway"]["auth"] = json!({"mode": "password"});
            },
            "\"mode\": \"password\"",
        ),
        (|config| config["agents"] = json!({"$include": "./nope.json"}), "\"$include\""),
        (|config| config["gateway"]["auth"]["mode"] = json!("passwort"), "\"mode\": \"passwort\""),
    ];
    for (change, line) in cases {
        let sandbox = spoilt(change);
        let run = sandbox.run(&[]).expect(Exit::Findings);
        let text = sandbox.read("openclaw.json");
        let number = text.lines().position(|text| text.contains(line)).unwrap() + 1;
        let (_, block) = run
            .stdout
            .split_once("\nNow type:\n")
            .unwrap_or_else(|| panic!("{line}: {}", run.text()));
        let opens = format!("  nano +{number} /home/.openclaw/openclaw.json\n");
        assert!(block.starts_with(&opens), "{line}: {opens}\n{}", run.text());
        assert_eq!(next(&sandbox)[0][0], "nano");
    }
    // All that is edited is named at once.
    let sandbox = spoilt(|config| {
        config["gateway"]["port"] = json!("abc");
        config["gateway"]["reload"] = json!(7);
    });
    let run = sandbox.run(&[]).expect(Exit::Findings);
    let (_, block) = run.stdout.split_once("\nNow type:\n").unwrap();
    assert_eq!(block.matches("  nano +").count(), 2, "{}", run.text());
}

/// On a terminal the numbered ways stand before the question, the editor's line first; what is lost is named.
#[test]
#[cfg_attr(clawmend_portable, ignore = "the editor of Unix, which opens at a line")]
fn a_syntax_error_is_shown_with_its_ways_before_the_question() {
    let sandbox = Sandbox::fixture(FILES);
    let whole = sandbox.read("openclaw.json");
    sandbox.write("openclaw.json.last-good", &whole);
    let port = whole.lines().find(|line| line.contains("\"port\"")).unwrap();
    let broken = whole.replace(port, port.trim_end_matches(','));
    let broken = broken.replace("\"loopback\"", "\"lan\"");
    assert_ne!(broken, whole);
    sandbox.write("openclaw.json", &broken);
    let number = whole.lines().position(|line| line == port).unwrap() + 1;

    for width in [40, 80] {
        sandbox.width.set(width);
        let person = Answers::confirming(Some(false));
        let run = sandbox.run_with(&["repair"], &person);
        let text = run.text();
        let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("no {what}\n{text}"));
        let first = at(&format!("1. nano +{number},"));
        let second = at("2. clawmend repair --config-from");
        assert!(first < second, "{text}");
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains("a comma is missing here: type a comma (,) there"), "{text}");
        assert!(flat.contains("what is lost: gateway.bind (line"), "{text}");
        assert!(!flat.contains("you see every change"), "{text}");
        let question = person.asked.borrow().first().cloned().unwrap();
        assert!(question.lines().all(|line| line.len() <= width), "{question}");
    }
    // What the config is made of says the same as the summary of the copy.
    let copy = sandbox.path("openclaw.json.last-good");
    let run = sandbox.run(&["repair", "-n", "--config-from", copy.to_str().unwrap()]);
    let flat = run.text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("lost: gateway.bind (line"), "{}", run.text());
    assert!(run.stdout.contains("\"port\": "), "{}", run.text());
}

/// What going back brings is no loss, and what is no config is not to be mended by typing.
#[test]
#[cfg_attr(clawmend_portable, ignore = "the editor of Unix, which opens at a line")]
fn a_copy_comes_first_where_the_file_is_cut_off_or_no_config() {
    let sandbox = Sandbox::fixture(FILES);
    let whole = sandbox.read("openclaw.json");
    sandbox.write("openclaw.json.last-good", &whole);
    let cut = &whole[..whole.find("\"bind\"").unwrap() + 4];
    for (broken, says, typed) in [
        ("\0\0\0\0", "nothing but zeros", false),
        ("<html>502</html>", "a web page (HTML)", false),
        (cut, "ends before these. What comes back: ", true),
    ] {
        sandbox.write("openclaw.json", broken);
        let run = sandbox.run(&[]).expect(Exit::Findings);
        let flat = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(says), "{}", run.text());
        assert!(flat.contains(": nothing is lost: the broken file "), "{}", run.text());
        assert_eq!(flat.contains("nano "), typed, "{}", run.text());
        let steps = next(&sandbox);
        assert_eq!(steps[0][..3], ["clawmend", "repair", "--config-from"]);
    }
}

/// The value is seen, what to type fits it, and it is said once.
#[test]
#[cfg_attr(clawmend_portable, ignore = "the editor of Unix, which opens at a line")]
fn a_value_of_the_wrong_kind_is_shown_with_what_to_type() {
    for (port, seen, told) in [
        (json!("abc"), "now: \"abc\"", "make gateway.port a whole number above 0, such as 18789."),
        (
            json!("58471"),
            "now: \"58471\"",
            "take away the quotes around the value of gateway.port.",
        ),
        (json!(-5), "now: -5", "make gateway.port a whole number above 0, such as 18789."),
        (
            json!("hunter2"),
            "now: \"****\"",
            "make gateway.port a whole number above 0, such as 18789.",
        ),
    ] {
        let sandbox = Sandbox::fixture(FILES);
        let mut config = sandbox.json("openclaw.json");
        config["gateway"]["port"] = port;
        sandbox.write("openclaw.json", serde_json::to_string_pretty(&config).unwrap());
        let run = sandbox.run(&["diagnose"]).expect(Exit::Findings);
        let text = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(seen) && text.contains(told), "{}", run.text());
        assert!(text.contains("do what stands under \"Now\""), "{}", run.text());
        assert_eq!(text.matches("Ctrl-O").count(), 1, "{}", run.text());
    }
}

/// What only the owner may do is named with `sudo` for others, and without it for root: a container has none.
#[test]
#[cfg_attr(clawmend_portable, ignore = "owners and modes of Unix")]
fn who_does_not_own_the_state_is_told_to_use_sudo() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let sandbox = Sandbox::fixture(FILES);
    for path in ["", "devices", "devices/paired.json"] {
        let path = sandbox.path(path);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() | 0o055;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    std::fs::set_permissions(sandbox.home(), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::set_permissions(sandbox.root(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let owner = std::fs::metadata(sandbox.state()).unwrap().uid();
    for (uid, command) in [(0, "chmod"), (owner, "chmod"), (owner + 1000, "sudo chmod")] {
        sandbox.uid.set(uid);
        let run = sandbox.run(&[]);
        assert!(run.stdout.contains(&format!("  do    {command} go-rwx /home/")), "{}", run.text());
        let finding = &sandbox.run(&["--json"]).json()["findings"];
        let words: Vec<&str> = command.split(' ').collect();
        let finding = finding.as_array().unwrap().iter().find(|one| one["code"] == "mode-too-open");
        let argv = serde_json::to_string(finding.unwrap()).unwrap();
        assert!(argv.contains(&format!("[\"{}\",", words.join("\",\""))), "{argv}");
    }
}

/// Who typed `sudo` has a shell that is not root's: what is pasted there begins with it too.
#[test]
#[cfg_attr(clawmend_portable, ignore = "sudo")]
fn who_came_by_sudo_goes_on_with_it() {
    let sandbox = Sandbox::fixture(FILES);
    sandbox.by_sudo.set(true);
    let run = sandbox.run(&[]).expect(Exit::Findings);
    assert!(run.stdout.contains("\n  sudo clawmend repair --dry-run "), "{}", run.text());
    assert!(run.stdout.contains("  do    sudo clawmend repair: "), "{}", run.text());
    let run = sandbox.run(&["-q", "repair", "--yes"]).expect(Exit::Done);
    assert!(run.stdout.contains("To check: openclaw cron list "), "{}", run.text());
    assert!(run.stdout.contains("To undo: sudo clawmend undo\n"), "{}", run.text());
    sandbox.write("openclaw.json", "{");
    assert_eq!(next(&sandbox)[0][..2], ["sudo", "nano"]);
}

/// What to type is a value that can stand there, and where two settings do not fit together each way has its number and
/// what follows of it.
#[test]
#[cfg_attr(clawmend_portable, ignore = "the editor of Unix")]
fn a_wrong_value_is_told_with_what_to_type() {
    for (gateway, says, steps) in [
        ("{mode: 'local', trustedProxies: [1]}", "gateway.trustedProxies[0] must be a text", "1"),
        ("{mode: 'local', auth: {token: 123456789}}", "gateway.auth.token must be a text", "1"),
        ("[]", "gateway must be an object", "1"),
        ("{mode: 'local', auth: 'token'}", "gateway.auth must be an object", "1"),
        (
            "{mode: 'local', bind: 'lan', auth: {token: 'a-token-of-ours-0123'}, tailscale: {mode: 'serve'}}",
            "tailscale serve needs gateway.bind",
            "2",
        ),
        (
            "{mode: 'local', auth: {token: 'a-token-of-ours-0123', password: 'a-word-of-ours-0123'}}",
            "has a token and a password, but gateway.auth.mode is missing",
            "2",
        ),
        (
            "{mode: 'local', bind: 'custom', auth: {token: 'a-token-of-ours-0123'}}",
            "gateway.customBindHost is not an IPv4 address",
            "2",
        ),
        (
            "{mode: 'local', auth: {token: 'a-token-of-ours-0123'}, tailscale: {mode: 'funnel'}}",
            "tailscale funnel needs gateway.auth.mode \"password\"",
            "2",
        ),
        (
            "{mode: 'local', bind: 'lan', trustedProxies: ['10.0.0.1'], auth: {mode: 'trusted-proxy', token: 'a-token-of-ours-0123', trustedProxy: {userHeader: 'x'}}}",
            "releases from 2026.4 refuse both together",
            "2",
        ),
    ] {
        let sandbox = Sandbox::fixture(FILES);
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
        let meta = "{lastTouchedVersion: '2026.5.28'}";
        sandbox.write("openclaw.json", format!("{{\n  meta: {meta},\n  gateway: {gateway}\n}}\n"));
        let said = sandbox.run(&[]).expect(Exit::Findings).stdout;
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(says), "{said}");
        let blocks = said.matches("BLOCKS").count();
        let editors = said.matches("nano +3 ").count();
        assert_eq!((blocks, editors.to_string().as_str()), (1, steps), "{said}");
        assert_eq!(steps == "2", said.contains("Choose one, and type it: 1. nano"), "{said}");
        assert!(!said.contains("clawmend cannot edit"), "{said}");
    }
}

/// A folder in the place of a file is moved away by a command, and a config has to be made then.
#[cfg(unix)]
#[test]
fn a_folder_in_the_place_of_a_file_has_its_command() {
    for (file, then) in
        [("openclaw.json", true), ("devices/paired.json", false), ("identity/device.json", false)]
    {
        let sandbox = Sandbox::fixture(FILES);
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
        std::fs::remove_file(sandbox.path(file)).unwrap();
        std::fs::create_dir(sandbox.path(file)).unwrap();
        let steps = next(&sandbox);
        let from = format!("/home/.openclaw/{file}");
        assert_eq!(steps[0], ["mv".to_owned(), from.clone(), format!("{from}.old")], "{steps:?}");
        let copies = steps.iter().any(|step| step.contains(&"--config-from".to_owned()));
        assert_eq!(copies, then, "{steps:?}");
    }
    // A file in the place of the folder.
    let sandbox = Sandbox::fixture(FILES);
    std::fs::remove_dir_all(sandbox.path("identity")).unwrap();
    sandbox.write("identity", "x");
    let from = "/home/.openclaw/identity";
    assert_eq!(next(&sandbox)[0], ["mv", from, "/home/.openclaw/identity.old"]);
    let run = sandbox.run(&[]);
    assert!(run.stdout.contains("could not be read: its folder is a file"), "{}", run.text());
}

/// A folder, or a link to nothing, in the config's place is a missing config, and goes out of the way first.
#[cfg(unix)]
#[test]
#[cfg_attr(clawmend_portable, ignore = "the other systems tell a folder in another way")]
fn what_is_in_the_configs_place_is_a_missing_config() {
    type Make = fn(&std::path::Path);
    let makes: [(Make, &str); 2] = [
        (|path| std::fs::create_dir(path).unwrap(), "a folder is in its place"),
        (|path| std::os::unix::fs::symlink("/nowhere/x", path).unwrap(), "and nothing is there"),
    ];
    for (make, says) in makes {
        for copy in [false, true] {
            let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
            let config = sandbox.state().join("openclaw.json");
            let text = std::fs::read(&config).unwrap();
            for name in ["openclaw.json", "openclaw.json.bak", "openclaw.json.last-good"] {
                let _ = std::fs::remove_file(sandbox.state().join(name));
            }
            if copy {
                std::fs::write(sandbox.state().join("openclaw.json.bak"), text).unwrap();
            }
            make(&config);
            let run = sandbox.run(&[]).expect(clawmend::exit::Exit::Findings);
            let told = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(told.contains("BLOCKS the config is missing"), "{}", run.text());
            assert!(told.contains(says), "{}", run.text());
            let now = told.split("Now type:").nth(1).unwrap();
            let then = if copy { "clawmend repair --config-from" } else { "openclaw setup" };
            assert!(now.trim_start().starts_with("mv "), "{}", run.text());
            assert!(now.contains(then), "{}", run.text());
        }
    }
}

/// What is restarted has been saved before.
#[test]
#[cfg_attr(clawmend_portable, ignore = "the editor of Unix, which opens at a line")]
fn an_edit_is_saved_before_the_gateway_is_restarted() {
    let sandbox = Sandbox::fixture(FILES);
    let mut config = sandbox.json("openclaw.json");
    config["gateway"]["auth"]["token"] = json!("${CLAW_TOKEN}");
    config["gateway"]["remote"] = json!({ "password": "abcdefabcdefabcdefabcdef" });
    config["gateway"]["auth"].as_object_mut().unwrap().remove("token");
    sandbox.write("openclaw.json", serde_json::to_string_pretty(&config).unwrap());
    let run = sandbox.run(&["diagnose"]);
    let text = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("leave with Ctrl-X) openclaw gateway restart"), "{}", run.text());
}

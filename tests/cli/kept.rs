//! What is lost and stands in a snapshot of clawmend's is named as a way back, and comes back by it.

use clawmend::exit::Exit;

use crate::support::Sandbox;

const FILES: &str = "2026.5.28-scope-upgrade-pending";
const DATABASE: &str = "2026.9.6-sqlite-read-only";

/// A state that was repaired once, and so has a snapshot.
fn repaired(fixture: &str) -> Sandbox {
    let sandbox = Sandbox::fixture(fixture);
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    sandbox
}

/// The arguments of the first command that is named and has this word.
fn named(sandbox: &Sandbox, word: &str) -> Vec<String> {
    let text = sandbox.run(&[]).expect(Exit::Findings).stdout;
    let command = text.split("clawmend ").find(|command| command.starts_with(word));
    let line = command.and_then(|command| command.lines().next());
    let words = line.unwrap_or_else(|| panic!("{text}")).split_whitespace();
    words.map(str::to_owned).collect()
}

#[test]
fn an_identity_that_is_gone_comes_back_from_a_snapshot() {
    for lost in [&["identity"][..], &["identity", "devices"]] {
        let sandbox = repaired(FILES);
        let identity = sandbox.read("identity/device.json");
        lost.iter().for_each(|folder| std::fs::remove_dir_all(sandbox.path(folder)).unwrap());
        let said = sandbox.run(&[]).stdout;
        assert!(!said.contains("never used"), "{said}");
        let mut way: Vec<String> = named(&sandbox, "restore ");
        // A terminal shows what was changed since, and asks.
        way.extend(["--yes", "--force"].map(str::to_owned));
        sandbox.run(&way.iter().map(String::as_str).collect::<Vec<_>>()).expect(Exit::Done);
        assert_eq!(sandbox.read("identity/device.json"), identity);
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    }
}

#[test]
fn a_config_that_is_gone_comes_back_from_a_snapshot() {
    let sandbox = repaired(FILES);
    let config = sandbox.read("openclaw.json");
    for name in ["openclaw.json", "openclaw.json.last-good"] {
        std::fs::remove_file(sandbox.path(name)).unwrap();
    }
    std::fs::remove_dir_all(sandbox.path("logs")).unwrap();
    let way = named(&sandbox, "repair --config-from");
    let [command, flag, from, ..] = way.as_slice() else { panic!("{way:?}") };
    let from = from.replacen("/home", &sandbox.home().to_string_lossy(), 1);
    sandbox.run(&[command, flag, &from, "--yes"]).expect(Exit::Done);
    assert_eq!(sandbox.read("openclaw.json"), config);
}

/// Real gateways of every release refuse without a config: a state that has none is never healthy.
#[test]
fn a_config_that_is_gone_without_a_copy_blocks() {
    for fixture in [FILES, DATABASE] {
        let sandbox = Sandbox::fixture(fixture);
        for name in ["openclaw.json", "openclaw.json.last-good", "openclaw.json.bak"] {
            let _ = std::fs::remove_file(sandbox.path(name));
        }
        let run = sandbox.run(&["repair", "--yes"]).expect(Exit::Findings);
        assert!(run.text().contains("STILL LOCKED OUT"), "{}", run.text());
        assert!(run.text().contains("openclaw setup"), "{}", run.text());
    }
}

#[test]
fn a_database_that_is_gone_is_no_state_that_was_never_used() {
    let sandbox = repaired(DATABASE);
    std::fs::remove_dir_all(sandbox.path("state")).unwrap();
    let said = sandbox.run(&[]).expect(Exit::Findings).stdout;
    assert!(!said.contains("never used") && !said.contains("--new-token"), "{said}");
    let start = said.find("openclaw gateway start").unwrap();
    assert!(named(&sandbox, "restore ").len() == 2 && start < said.find("restore ").unwrap());
    // Nor does a new identity go into files that no gateway of that release reads.
    let run = sandbox.run(&["repair", "--new-identity", "--yes"]).expect(Exit::Refused);
    assert!(run.stderr.contains("openclaw gateway start"), "{}", run.text());
    assert!(
        !sandbox.path("devices/paired.json").exists()
            && !sandbox.path("identity/device.json").exists()
    );
}

#[test]
fn a_table_that_is_gone_is_followed_by_commands() {
    let sandbox = repaired(DATABASE);
    let database = rusqlite::Connection::open(sandbox.path("state/openclaw.sqlite")).unwrap();
    database.execute("DROP TABLE device_pairing_paired", []).unwrap();
    drop(database);
    assert_eq!(named(&sandbox, "restore ").len(), 2);
}

#[test]
fn a_damaged_key_says_that_it_is_kept() {
    let sandbox = Sandbox::fixture(FILES);
    let text = sandbox.read("identity/device.json");
    sandbox.write("identity/device.json", &text[..text.len() - 3]);
    let said = sandbox.run(&[]).expect(Exit::Findings).stdout;
    assert!(said.contains("keeps the key pair"), "{said}");
    assert!(!said.contains("makes a key pair"), "{said}");
}

/// The others would have to pair again: `repair` alone pairs this machine's CLI.
#[test]
fn devices_that_are_gone_come_back_from_a_snapshot() {
    let lose: [fn(&Sandbox); 3] = [
        |sandbox| std::fs::remove_file(sandbox.path("devices/paired.json")).unwrap(),
        |sandbox| sandbox.write("devices/paired.json", "{}"),
        |sandbox| {
            let text = sandbox.read("devices/paired.json");
            sandbox.write("devices/paired.json", &text[..200]);
        },
    ];
    for lose in lose {
        let sandbox = Sandbox::fixture(FILES);
        let mut paired = sandbox.json("devices/paired.json");
        let (own, record) = paired.as_object().unwrap().clone().into_iter().next().unwrap();
        let phone = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
        let mut other = record;
        other["deviceId"] = phone.into();
        other["publicKey"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into();
        paired[phone] = other;
        sandbox.write("devices/paired.json", paired.to_string());
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
        lose(&sandbox);
        let mut way = named(&sandbox, "restore ");
        let said = sandbox.run(&[]).stdout;
        assert!(said.contains("1 other device too"), "{said}");
        way.extend(["--yes", "--force"].map(str::to_owned));
        sandbox.run(&way.iter().map(String::as_str).collect::<Vec<_>>()).expect(Exit::Done);
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
        let back = sandbox.json("devices/paired.json");
        assert!(back[phone].is_object() && back[&own].is_object(), "{back:#}");
    }
    // Of this machine alone nothing more comes back than a repair makes.
    let sandbox = repaired(FILES);
    std::fs::remove_file(sandbox.path("devices/paired.json")).unwrap();
    let said = sandbox.run(&[]).expect(Exit::Findings).stdout;
    assert!(!said.contains("restore "), "{said}");
}

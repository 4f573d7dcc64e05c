//! `undo` after OpenClaw was used: what it keeps by itself is no loss, and what is one is named.

use std::os::unix::fs::PermissionsExt;

use clawmend::exit::Exit;
use serde_json::{Value, json};

use crate::support::{Answers, Sandbox};

const FILES: &str = "2026.5.28-scope-upgrade-pending";
const DATABASE: &str = "2026.9.6-sqlite-read-only";

fn changed(sandbox: &Sandbox, file: &str, change: impl FnOnce(&mut Value)) {
    let mut document = sandbox.json(file);
    change(&mut document);
    sandbox.write(file, serde_json::to_string_pretty(&document).unwrap());
}

fn own_id(sandbox: &Sandbox) -> String {
    let identity = std::fs::read(sandbox.path("identity/device.json"));
    if let Ok(identity) = identity {
        let identity: Value = serde_json::from_slice(&identity).unwrap();
        return identity["deviceId"].as_str().unwrap().to_owned();
    }
    let db = rusqlite::Connection::open(sandbox.path("state/openclaw.sqlite")).unwrap();
    db.query_row("SELECT device_id FROM device_identities", [], |row| row.get(0)).unwrap()
}

fn set_mode(sandbox: &Sandbox, file: &str, mode: u32) {
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(sandbox.path(file), mode).unwrap();
}

fn sql(sandbox: &Sandbox, text: &str) {
    let db = rusqlite::Connection::open(sandbox.path("state/openclaw.sqlite")).unwrap();
    db.execute_batch(text).unwrap();
}

/// What a gateway and a CLI write when the CLI is used, let in or refused.
fn openclaw_runs(sandbox: &Sandbox, fixture: &str) {
    let now = sandbox.now_ms.get();
    let id = own_id(sandbox);
    if fixture == DATABASE {
        sql(
            sandbox,
            &format!(
                "UPDATE device_pairing_paired SET last_seen_at_ms = {now}, last_seen_reason = 'device-token-auth',
                   remote_ip = '127.0.0.1', tokens_json = json_set(tokens_json, '$.operator.lastUsedAtMs', {now});
                 UPDATE device_auth_tokens SET updated_at_ms = {now};
                 UPDATE device_identities SET updated_at_ms = {now};
                 DELETE FROM device_pairing_pending WHERE device_id = '{id}';
                 INSERT INTO device_pairing_pending (request_id, device_id, public_key, role, roles_json, scopes_json, ts)
                   SELECT 'b0e1c7aa-0000-4000-8000-{now:012}', device_id, public_key, 'operator', '[\"operator\"]',
                     '[\"operator.read\"]', {now} FROM device_pairing_paired WHERE device_id = '{id}';"
            ),
        );
        return;
    }
    changed(sandbox, "devices/paired.json", |paired| {
        paired[&id]["tokens"]["operator"]["lastUsedAtMs"] = json!(now);
        paired[&id]["lastSeenAtMs"] = json!(now);
        paired[&id]["remoteIp"] = json!("127.0.0.1");
        // Of the last connect; `roles` and `approvedScopes` count (seen on 2026.3.24, 2026.4.8).
        paired[&id]["role"] = json!("node");
        paired[&id]["scopes"] = json!(["operator.read"]);
    });
    changed(sandbox, "devices/pending.json", |pending| {
        let request = json!({"requestId": "b0e1c7aa", "deviceId": id, "scopes": ["operator.read"], "ts": now});
        *pending = json!({"b0e1c7aa": request});
    });
    changed(sandbox, "identity/device-auth.json", |auth| {
        auth["tokens"]["operator"]["updatedAtMs"] = json!(now);
    });
    changed(sandbox, "openclaw.json", |config| {
        config["meta"]["lastTouchedAt"] = json!("2026-11-27T19:00:00.000Z");
    });
    set_mode(sandbox, "openclaw.json", 0o600);
}

#[test]
fn undo_works_after_openclaw_was_used() {
    for fixture in [FILES, DATABASE] {
        let sandbox = Sandbox::fixture(fixture);
        set_mode(&sandbox, "openclaw.json", 0o644);
        let paired = || sandbox.run(&["devices", "--json"]).json()["paired"].clone();
        let locked = paired();
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
        openclaw_runs(&sandbox, fixture);
        let opened = paired();
        sandbox.run(&["repair", "--yes", "--new-identity=always"]).expect(Exit::Done);
        sandbox.now_ms.set(sandbox.now_ms.get() + 60_000);
        openclaw_runs(&sandbox, fixture);

        let list = sandbox.run(&["snapshot", "list"]).expect(Exit::Done);
        assert!(!list.stdout.contains("would be lost"), "{}", list.text());
        let dry = sandbox.run(&["undo", "--dry-run"]);
        assert!(dry.exit != Exit::Refused && dry.stdout.contains("dry run"), "{}", dry.text());
        let shown = sandbox.run(&["undo", "--json", "--dry-run"]).json();
        assert_eq!((&shown["lost"], &shown["goesBack"]), (&json!([]), &json!(true)), "{shown:#}");
        let run = sandbox.run(&["undo", "--yes"]).expect(Exit::Done);
        assert!(run.stderr.contains("OpenClaw has run since"), "{}", run.text());
        assert_eq!(paired(), opened);
        // Typed again it goes further back, used in between or not.
        openclaw_runs(&sandbox, fixture);
        sandbox.run(&["undo", "--yes"]).expect(Exit::Done);
        assert_eq!(paired(), locked);
        let run = sandbox.run(&["undo", "--yes"]).expect(Exit::Refused);
        assert!(run.stderr.contains("nothing to undo"), "{}", run.text());
    }
}

const OTHER: &str = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";

/// Without line breaks.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A real loss, and how it is named.
type Loss = (&'static str, fn(&Sandbox), &'static str);

fn losses(fixture: &str) -> Vec<Loss> {
    if fixture == DATABASE {
        return vec![
            (
                DATABASE,
                |sandbox| {
                    sql(
                        sandbox,
                        &format!(
                            "INSERT INTO device_pairing_paired (device_id, public_key, display_name, created_at_ms, approved_at_ms)
                             VALUES ('{OTHER}', 'AAAA', 'Phone', 1, 1)"
                        ),
                    );
                },
                "Phone (****2925) was paired (`device_pairing_paired`)",
            ),
            (
                DATABASE,
                |sandbox| {
                    sql(
                        sandbox,
                        "UPDATE device_pairing_paired SET tokens_json = json_set(tokens_json, '$.operator.token', 'rotated')",
                    );
                },
                "this machine's CLI: `tokens.operator.token` changed (`device_pairing_paired`)",
            ),
        ];
    }
    let mut losses: Vec<Loss> = vec![
        (
            FILES,
            |sandbox| {
                changed(sandbox, "devices/paired.json", |paired| {
                    paired[OTHER] =
                        json!({"deviceId": OTHER, "displayName": "Phone", "role": "node"});
                });
            },
            "Phone (****2925) was paired (`devices/paired.json`)",
        ),
        (
            FILES,
            |sandbox| {
                let id = own_id(sandbox);
                changed(sandbox, "devices/paired.json", |paired| {
                    paired[&id]["tokens"]["operator"]["token"] = json!("rotated");
                });
            },
            "this machine's CLI: `tokens.operator.token` changed (`devices/paired.json`)",
        ),
        (
            FILES,
            |sandbox| {
                changed(sandbox, "openclaw.json", |config| config["gateway"]["port"] = json!(4711))
            },
            "`gateway.port` was changed in `openclaw.json`",
        ),
        (
            FILES,
            |sandbox| {
                changed(sandbox, "openclaw.json", |config| {
                    config["channels"] = json!({"x": {"a": 1, "b": 2}})
                })
            },
            "`channels` was added in `openclaw.json`",
        ),
        (
            FILES,
            |sandbox| {
                changed(sandbox, "openclaw.json", |config| config["plugins"] = json!({"x": {}}))
            },
            "`plugins` was added in `openclaw.json`",
        ),
        (
            FILES,
            |sandbox| {
                let config = sandbox.read("openclaw.json");
                sandbox.write("openclaw.json", format!("// mine\n{config}"));
            },
            "the comments or the layout of `openclaw.json` were changed",
        ),
        (
            FILES,
            |sandbox| {
                let now = sandbox.now_ms.get();
                changed(sandbox, "devices/pending.json", |pending| {
                    pending["r"] = json!({"requestId": "r", "deviceId": OTHER, "displayName": "Phone", "ts": now});
                });
            },
            "Phone (****2925) asks to be paired (`devices/pending.json`)",
        ),
        (
            FILES,
            |sandbox| sandbox.write("devices/paired.json", "{"),
            "`devices/paired.json` was changed",
        ),
    ];
    if clawmend::platform::KNOWS_OWNERS {
        losses.push((
            FILES,
            |sandbox| set_mode(sandbox, "openclaw.json", 0o640),
            "the mode or the owner of `openclaw.json` was changed",
        ));
    }
    losses
}

#[test]
#[cfg_attr(clawmend_portable, ignore = "owners and modes")]
fn undo_names_what_would_be_lost_and_loses_it_only_when_told() {
    for (fixture, lose, says) in [FILES, DATABASE].into_iter().flat_map(losses) {
        let sandbox = Sandbox::fixture(fixture);
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
        openclaw_runs(&sandbox, fixture);
        lose(&sandbox);
        let devices = || sandbox.run(&["devices", "--json"]).stdout;
        let (files, shown) = (sandbox.contents(), devices());
        let before = sandbox.tree(false);

        let run = sandbox.run(&["undo", "--yes"]).expect(Exit::Refused);
        assert!(run.stderr.contains(&format!("lost: {says}")), "{says}: {}", run.text());
        assert!(
            !run.stderr.contains("lastUsed") && run.stderr.lines().count() == 5,
            "{}",
            run.text()
        );
        assert!(run.stderr.contains("clawmend undo --force --yes"), "{}", run.text());
        assert!(run.stderr.contains("clawmend undo --dry-run"), "{}", run.text());
        let list = sandbox.run(&["snapshot", "list"]).expect(Exit::Done);
        let lost =
            "takes that repair back; changes made since would be lost: `clawmend undo --dry-run`";
        assert!(words(&list.stdout).contains(lost), "{}", list.text());
        let refused = sandbox.run(&["undo", "--json", "--yes"]).expect(Exit::Refused).json();
        assert_eq!(refused["error"]["lost"], json!([says]), "{refused:#}");
        let dry = sandbox.run(&["undo", "--json", "--dry-run", "-q"]).json();
        assert_eq!(dry["lost"], json!([says]), "{dry:#}");
        let dry = sandbox.run(&["undo", "--dry-run"]);
        assert!(dry.exit != Exit::Refused && dry.stdout.contains("dry run"), "{}", dry.text());
        assert!(words(&dry.stdout).contains(says), "{says}: {}", dry.text());
        let back = "  - Back to what it was when snapshot";
        assert_eq!(dry.stdout.matches(back).count(), 1, "{}", dry.text());
        assert!(!dry.stdout.contains("  - Change"), "{}", dry.text());

        let no = Answers::confirming(Some(false));
        let run = sandbox.run_with(&["undo"], &no).expect(Exit::Refused);
        assert_eq!(no.asked.borrow().len(), 1, "{}", run.text());
        assert!(
            words(&run.stdout).contains(says) && !run.stderr.contains("error"),
            "{}",
            run.text()
        );
        assert_eq!(sandbox.tree(false), before);
        let yes = Answers::confirming(Some(true));
        let run = sandbox.run_with(&["undo"], &yes).expect(Exit::Done);
        assert!(
            words(&run.stdout).contains("That state locks this machine's CLI out"),
            "{}",
            run.text()
        );
        // Taken back by its name, it is all there again.
        sandbox.run(&["restore", "--yes"]).expect(Exit::Done);
        if fixture == FILES {
            assert_eq!(sandbox.contents(), files);
        }
        assert_eq!(devices(), shown);
        sandbox.run(&["undo", "--yes", "--force"]).expect(Exit::Done);
    }
}

/// The repair set one column of the row, and OpenClaw another since: that is lost too, and named.
#[test]
fn a_column_that_the_command_did_not_set_is_no_less_lost() {
    let sandbox = Sandbox::fixture(DATABASE);
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    sql(&sandbox, "UPDATE device_pairing_paired SET platform = 'darwin'");
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    sql(
        &sandbox,
        "UPDATE device_pairing_paired SET tokens_json = json_set(tokens_json, '$.operator.token', 'rotated')",
    );
    let run = sandbox.run(&["undo", "--yes"]).expect(Exit::Refused);
    assert!(run.stderr.contains("`tokens.operator.token` changed"), "{}", run.text());
}

/// Of a state that could not be checked nobody can say that it locks the CLI out.
#[test]
fn a_state_that_could_not_be_checked_is_not_called_a_lockout() {
    let sandbox = Sandbox::fixture(FILES);
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    let healthy = sandbox.read("openclaw.json");
    changed(&sandbox, "openclaw.json", |config| {
        config["tui"] = json!({});
        config["meta"]["lastTouchedVersion"] = json!("2026.6.2");
    });
    let found = sandbox.run(&["--json"]).expect(Exit::Findings).json();
    assert_eq!(found["findings"][0]["severity"], "unchecked", "{found:#}");
    sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
    sandbox.write("openclaw.json", healthy);

    let yes = Answers::confirming(Some(true));
    let run = sandbox.run_with(&["restore"], &yes).expect(Exit::Done);
    let text = words(&run.stdout);
    for state in ["that", "this"] {
        let says =
            format!("It could not be checked whether {state} state lets this machine's CLI in:");
        assert!(text.contains(&says), "{says} {}", run.text());
    }
    assert!(!text.contains("locks this machine's CLI out"), "{}", run.text());
}

/// An undo that was interrupted and taken back: `snapshot list` promises what `undo` does.
#[test]
fn the_list_and_the_command_go_back_to_the_same_snapshot() {
    let sandbox = Sandbox::fixture(FILES);
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    sandbox.run(&["repair", "--yes", "--new-identity=always"]).expect(Exit::Done);
    let list =
        |flags: &[&str]| sandbox.run(&[&["snapshot", "list"], flags].concat()).expect(Exit::Done);
    let ids = || -> Vec<String> {
        let all = list(&["--json"]).json()["snapshots"].clone();
        let all = all.as_array().unwrap().iter();
        all.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let newest = ids()[0].clone();
    let files = sandbox.contents().into_keys().filter(|path| sandbox.state().join(path).is_file());
    let files: Vec<_> =
        files.map(|path| (std::fs::read(sandbox.state().join(&path)).unwrap(), path)).collect();
    sandbox.run(&["undo", "--yes"]).expect(Exit::Done);
    for (bytes, path) in files {
        std::fs::write(sandbox.state().join(path), bytes).unwrap();
    }
    assert_eq!(ids()[1], newest);
    let text = list(&[]).stdout;
    let of_newest = text.split(&newest).nth(1).unwrap();
    let of_newest = &of_newest[..of_newest.find("-before-repair").unwrap()];
    assert!(of_newest.contains("clawmend undo takes that repair back"), "{text}");
    assert_eq!(text.matches("takes that").count(), 2, "{text}");
    let dry = sandbox.run(&["undo", "--dry-run"]);
    assert!(dry.stderr.contains(&format!("Snapshot   {newest}")), "{}", dry.text());
    // A snapshot that cannot be read ends both, and the list says why.
    sandbox.write(&format!("clawmend/snapshots/{newest}/manifest.json"), "{");
    let run = list(&[]);
    assert!(
        run.stderr.contains("takes back is not known") && !run.stdout.contains("takes that"),
        "{}",
        run.text()
    );
    sandbox.run(&["undo", "--dry-run"]).expect(Exit::Failed);
}

/// What the first undo loses, mode and owner too, is not there any more for the second to lose.
#[cfg(all(unix, not(clawmend_portable)))]
#[test]
fn what_is_lost_is_told_of_the_undo_that_loses_it() {
    let sandbox = Sandbox::fixture(FILES);
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    sandbox.run(&["repair", "--yes", "--new-identity=always"]).expect(Exit::Done);
    set_mode(&sandbox, "openclaw.json", 0o640);
    std::fs::remove_file(sandbox.path("identity/device-auth.json")).unwrap();
    let list = words(&sandbox.run(&["snapshot", "list"]).expect(Exit::Done).stdout);
    assert_eq!(list.matches("would be lost").count(), 1, "{list}");
    assert!(list.contains("typed 2 times, takes that repair back"), "{list}");
}

#[test]
fn the_way_to_go_back_all_the_same_keeps_what_was_asked_for() {
    let sandbox = Sandbox::fixture(FILES);
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    changed(&sandbox, "openclaw.json", |config| config["gateway"]["port"] = json!(4711));
    let run = sandbox.run(&["undo", "--yes", "--keep-all"]).expect(Exit::Refused);
    for typed in ["undo --keep-all --dry-run", "undo --keep-all --force --yes"] {
        assert!(run.stderr.contains(&format!("clawmend {typed}")), "{}", run.text());
    }
}

/// Whatever a file of the config is called and wherever it lies: what a repair has changed, its undo brings back.
#[test]
#[cfg_attr(clawmend_portable, ignore = "owners and modes")]
fn a_repair_of_any_included_file_can_be_undone() {
    let deep = format!("{}gw.json5", "d/".repeat(70));
    let names = [
        "parts/bootstrap.json",
        "parts/device.json",
        "parts/paired.json",
        "identity/gw.json5",
        "devices/gw.json",
        "devices/gw.json.migrated",
        "devices/below/paired.json",
        "clawmend/x.json",
        "clawmend/snapshots.json",
        "state/openclaw.sqlite.json5",
        "parts/gateway.conf",
        "outside/0-openclaw.json",
        "files/x",
        "manifest.json",
        r"parts/a\b.json",
        "parts/ä b",
        &deep,
    ];
    for name in names {
        let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
        let text = "{ bind: 'lan', port: 18789, auth: { mode: 'token', token: 'undefined' } }\n";
        sandbox.write(name, text);
        let config = serde_json::json!({ "gateway": { "$include": format!("./{name}") } });
        sandbox.write("openclaw.json", config.to_string());
        let before = sandbox.contents();
        let run = sandbox.run(&["repair", "--yes", "--new-token"]);
        assert_ne!(sandbox.read(name), text, "{name}: {}", run.text());
        let run = sandbox.run(&["snapshot", "verify"]);
        assert_eq!(run.exit, Exit::Done, "{name}: {}", run.text());
        let run = sandbox.run(&["undo", "--yes"]);
        assert_eq!(sandbox.read(name), text, "{name}: {}", run.text());
        assert_eq!(sandbox.contents(), before, "{name}: {}", run.text());
        sandbox.run(&["snapshot", "verify"]).expect(Exit::Done);
    }
}

/// The database and clawmend's own files are no config, whatever includes them: they are not copied as one, and a
/// repair goes on.
#[test]
fn an_include_of_the_database_or_of_clawmends_own_is_no_part_of_the_config() {
    for (fixture, name) in [
        ("2026.9.6-sqlite-read-only", "state/openclaw.sqlite"),
        ("2026.5.28-scope-upgrade-pending", "clawmend/lock"),
    ] {
        let sandbox = Sandbox::fixture(fixture);
        let config = sandbox.read("openclaw.json").replacen('{', "{ \"$include\": \"./X\",", 1);
        sandbox.write("openclaw.json", config.replace("./X", &format!("./{name}")));
        sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
        let list = sandbox.run(&["snapshot", "list", "--json"]).json();
        let id = list["snapshots"][0]["id"].as_str().unwrap().to_owned();
        assert!(!sandbox.path(&format!("clawmend/snapshots/{id}/files/{name}")).exists());
        sandbox.run(&["snapshot", "verify"]).expect(Exit::Done);
        sandbox.run(&["repair", "--yes", "--only", "pairing"]);
        sandbox.run(&["undo", "--yes"]).expect(Exit::Done);
    }
}

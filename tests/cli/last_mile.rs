//! After the repair: how to check it, how this gateway is restarted, `undo`; and the short names of requests.

use clawmend::exit::Exit;
use serde_json::{Value, json};

use crate::support::Sandbox;

const FILES: &str = "2026.5.28-scope-upgrade-pending";
const DATABASE: &str = "2026.9.6-sqlite-read-only";

#[test]
fn undo_takes_back_one_change_after_the_other() {
    for fixture in [FILES, DATABASE] {
        let sandbox = Sandbox::fixture(fixture);
        let locked = sandbox.run(&["devices", "--json"]).json()["paired"].clone();
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
        let opened = sandbox.run(&["devices", "--json"]).json()["paired"].clone();
        sandbox.run(&["repair", "--yes", "--new-identity=always"]).expect(Exit::Done);
        sandbox.run(&["backup"]).expect(Exit::Done);
        let list = sandbox.run(&["snapshot", "list"]).expect(Exit::Done);
        assert_eq!(list.stdout.matches("clawmend undo takes that repair back").count(), 1);
        assert!(list.stdout.contains("clawmend undo, typed 2 times, takes"), "{}", list.text());

        sandbox.run(&["undo", "--yes"]).expect(Exit::Done);
        assert_eq!(sandbox.run(&["devices", "--json"]).json()["paired"], opened);
        sandbox.run(&["undo", "--yes"]).expect(Exit::Done);
        assert_eq!(sandbox.run(&["devices", "--json"]).json()["paired"], locked);
        let run = sandbox.run(&["undo", "--yes"]).expect(Exit::Refused);
        assert!(run.stderr.contains("nothing to undo"), "{}", run.text());

        // What came after is undone first again, and an undo is taken back by name.
        sandbox.run(&["restore", "--yes"]).expect(Exit::Done);
        assert_eq!(sandbox.run(&["devices", "--json"]).json()["paired"], opened);
        sandbox.run(&["undo", "--yes"]).expect(Exit::Done);
        assert_eq!(sandbox.run(&["devices", "--json"]).json()["paired"], locked);
    }
}

#[test]
fn undo_asks_and_shows_and_says_where_nothing_is() {
    let sandbox = Sandbox::fixture(FILES);
    sandbox.run(&["undo"]).expect(Exit::Refused);
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    let before = sandbox.contents();
    sandbox.run(&["undo", "--dry-run"]);
    sandbox.run(&["undo"]).expect(Exit::Refused);
    assert_eq!(sandbox.contents(), before);
    let document = sandbox.run(&["undo", "--yes", "--json"]).expect(Exit::Done).json();
    assert_eq!(document["command"], "undo");
}

fn waiting(sandbox: &Sandbox, ids: &[&str]) {
    let request = |id: &&str| {
        let device = json!({
            "requestId": id, "deviceId": "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925", "publicKey": "A".repeat(43), "platform": "MacIntel",
            "clientId": "openclaw-control-ui", "clientMode": "webchat", "displayName": "Ann's iPhone (2) 📱",
            "remoteIp": "192.0.2.9", "role": "operator", "roles": ["operator"],
            "scopes": ["operator.read"], "silent": false, "ts": sandbox.now_ms.get() - 65_000,
        });
        ((*id).to_owned(), device)
    };
    let all: serde_json::Map<_, _> = ids.iter().map(request).collect();
    let text = serde_json::to_string_pretty(&all).unwrap();
    sandbox.write("devices/pending.json", text);
}

#[test]
fn a_request_is_named_by_the_start_of_its_id() {
    let sandbox = Sandbox::fixture(FILES);
    let ids = ["8f4bd968-1608-4627-a1e5-24149a6f44f9", "8f9bd968-1608-4627-a1e5-24149a6f44f8"];
    waiting(&sandbox, &ids);
    let run = sandbox.run(&["approve", "8f", "--yes"]).expect(Exit::Usage);
    assert!(ids.iter().all(|id| run.stderr.contains(&id[..8])), "{}", run.text());
    // The command that is named carries the whole id, to be pasted.
    let run = sandbox.run(&["approve", "8f4"]).expect(Exit::Refused);
    assert!(run.stderr.contains(&format!("clawmend approve {} --yes", ids[0])), "{}", run.text());
    sandbox.run(&["approve", "8f4", "--yes"]);
    let left = sandbox.json("devices/pending.json");
    assert!(left.get(ids[0]).is_none() && left.get(ids[1]).is_none(), "of one device: {left}");
    assert!(sandbox.read("devices/paired.json").contains("66687aad"));
}

#[test]
fn a_foreign_request_is_told_with_all_that_names_it_and_none_of_several_is_recommended() {
    let sandbox = Sandbox::fixture(FILES);
    let ids = ["8f4bd968-1608-4627-a1e5-24149a6f44f9", "8f9bd968-1608-4627-a1e5-24149a6f44f8"];
    waiting(&sandbox, &ids);
    for args in [&["diagnose", "-v"][..], &["devices"], &["diagnose"], &[]] {
        let run = sandbox.run(args);
        let text = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in [
            "Ann's iPhone (2) 📱",
            "openclaw-control-ui",
            "MacIntel",
            "192.0.2.9",
            "1 minute ago",
            "operator.read",
        ] {
            assert!(text.matches(word).count() >= 2, "{args:?}: {word}: {}", run.text());
        }
        assert!(ids.iter().all(|id| text.contains(&id[..8])), "{args:?}: {}", run.text());
        assert!(!text.contains("approve 8f"), "{args:?}: {}", run.text());
    }
    let devices = sandbox.run(&["devices", "--json"]).json();
    assert_eq!(devices["pending"][0]["remoteIp"], "192.0.2.9");
    // As data in the diagnosis too.
    let diagnosis = sandbox.run(&["diagnose", "--json"]).json();
    assert_eq!(diagnosis["requests"], devices["pending"]);
    let lacks =
        |evidence: &Value| (evidence["label"] == "lacks").then(|| evidence["values"].clone());
    let lacks = diagnosis["findings"][0]["evidence"].as_array().unwrap().iter().find_map(lacks);
    assert!(lacks.unwrap().as_array().unwrap().contains(&json!("operator.admin")), "{diagnosis}");
}

#[test]
fn after_a_repair_the_check_and_the_restart_of_this_gateway_are_told() {
    let broken = |file: Option<(&str, &str)>| {
        let sandbox = Sandbox::fixture(FILES);
        let mut config = sandbox.json("openclaw.json");
        config["gateway"]["bind"] = json!("local");
        sandbox.write("openclaw.json", config.to_string());
        if let Some((name, text)) = file {
            let path = sandbox.home().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done).stdout
    };
    const UNIT: &str = "[Service]\nExecStart=openclaw gateway run\n";
    let told = broken(Some((".config/systemd/user/openclaw-gateway.service", UNIT)));
    assert!(told.contains("restart:\n  systemctl --user restart openclaw-gateway\n"), "{told}");
    let check = "To check: openclaw cron list    (or the command that was refused)\n";
    assert!(told.contains(check), "{told}");
    let told = broken(Some(("Library/LaunchAgents/ai.openclaw.gateway.plist", UNIT)));
    assert!(told.contains("restart:\n  launchctl stop ai.openclaw.gateway"), "{told}");
    let compose = "docker-compose.yml";
    let told = broken(Some((compose, "services:\n  claw:\n    image: openclaw/openclaw\n")));
    assert!(told.contains("restart:\n  docker compose -f ") && told.contains(compose), "{told}");
    let mounts = "services:\n  claw:\n    volumes:\n      - ./.openclaw:/home/node/.openclaw\n";
    let told = broken(Some((compose, mounts)));
    let check = told.lines().find(|line| line.contains(" exec "));
    assert!(check.is_some_and(|line| line.ends_with("exec claw openclaw cron list")), "{told}");
    let told = broken(Some((compose, "services:\n  db:\n    image: postgres\n")));
    assert!(!told.contains(compose), "a compose file of something else: {told}");
    const QUADLET: &str = "[Container]\nImage=openclaw\nVolume=%h/.openclaw:/home/node/.openclaw\n";
    let told = broken(Some((".config/containers/systemd/claw.container", QUADLET)));
    assert!(told.contains("restart:\n  systemctl --user restart claw\n"), "{told}");
    assert!(told.contains("podman exec systemd-claw openclaw cron list"), "{told}");
    const PM2: &str = r#"[{"name":"gate","pm_exec_path":"/usr/bin/openclaw"}]"#;
    let told = broken(Some((".pm2/dump.pm2", PM2)));
    assert!(told.contains("after a restart: pm2 restart gate"), "{told}");
    let told = broken(None);
    for way in ["openclaw gateway restart", "docker restart CONTAINER", "openclaw gateway run"] {
        assert!(told.contains(way), "{told}");
    }
}

/// What is said of the restart and of the check after a repair of the config, `machine` having made the machine's files.
fn restart(uid: u32, dir: &str, machine: impl Fn(&Sandbox)) -> String {
    let sandbox = Sandbox::empty();
    sandbox.sees_all.set(true);
    sandbox.uid.set(uid);
    let dir = sandbox.put(FILES, dir);
    let config = dir.join("openclaw.json");
    let mut text: Value = serde_json::from_slice(&std::fs::read(&config).unwrap()).unwrap();
    text["gateway"]["bind"] = json!("local");
    std::fs::write(&config, text.to_string()).unwrap();
    machine(&sandbox);
    let run = sandbox.run(&["--state-dir", dir.to_str().unwrap(), "repair", "--yes"]);
    let told = run.expect(Exit::Done).stdout;
    told.get(told.find("after a restart").unwrap()..told.find("To undo").unwrap())
        .unwrap()
        .to_owned()
}

fn put(sandbox: &Sandbox, name: &str, text: &str) {
    let path = sandbox.root().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let root = sandbox.root().display().to_string();
    std::fs::write(path, text.replace("ROOT", &root)).unwrap();
}

const USER_ID: u32 = 61_234;

fn with_accounts(sandbox: &Sandbox) {
    put(
        sandbox,
        "etc/passwd",
        &format!(
            "root:x:0:0::/root:/bin/sh\nanna:x:{USER_ID}:{USER_ID}::ROOT/home:/bin/sh\nclaw:x:7:7::ROOT/srv/claw:/bin/sh\n"
        ),
    );
}

/// Whatever a unit is called: what it runs, and for which state dir, says that it is this gateway's.
#[test]
#[cfg_attr(clawmend_portable, ignore = "sudo and users")]
fn a_unit_of_any_name_is_restarted_by_its_name() {
    let told = |place: &str, unit: &str| {
        restart(1000, "srv/claw/.openclaw", |sandbox| {
            with_accounts(sandbox);
            put(sandbox, place, &format!("[Service]\n{unit}\n"));
        })
    };
    const RUN: &str = "ExecStart=/usr/bin/openclaw gateway run";
    for (place, unit, name) in [
        ("etc/systemd/system/openclaw.service", "User=claw", "openclaw"),
        ("usr/lib/systemd/system/clawbot.service", "User=claw", "clawbot"),
        ("lib/systemd/system/a.service", "Environment=HOME=ROOT/srv/claw", "a"),
        (
            "run/systemd/system/b.service",
            "Environment=OPENCLAW_STATE_DIR=ROOT/srv/claw/.openclaw",
            "b",
        ),
    ] {
        let told = told(place, &format!("{RUN}\n{unit}"));
        assert!(told.contains(&format!("  sudo systemctl restart {name}\n")), "{place}: {told}");
        assert!(!told.contains("CONTAINER"), "{told}");
    }
    for unit in [
        &format!("{RUN}\nUser=anna"),
        &format!("{RUN}\nUser=claw\nEnvironment=OPENCLAW_PROFILE=work"),
        "ExecStart=/usr/bin/openclaw --profile work gateway\nUser=claw",
        "ExecStart=/usr/bin/openclaw node run\nUser=claw",
        "ExecStart=/usr/bin/openclaw gateway restart\nUser=claw",
        "ExecStart=/usr/bin/backup /srv/claw/.openclaw\nUser=claw",
    ] {
        let told = told("etc/systemd/system/openclaw.service", unit);
        assert!(!told.contains("systemctl"), "{unit}: {told}");
    }
    // A template, by its instance; root needs no sudo.
    let of_root = restart(0, "srv/claw/.openclaw", |sandbox| {
        with_accounts(sandbox);
        let unit = format!("[Service]\n{RUN}\nUser=%i\n");
        put(sandbox, "etc/systemd/system/openclaw@.service", &unit);
        put(sandbox, "etc/systemd/system/multi-user.target.wants/openclaw@claw.service", &unit);
        put(sandbox, "etc/systemd/system/multi-user.target.wants/openclaw@anna.service", &unit);
    });
    assert!(of_root.contains("  systemctl restart openclaw@claw\n"), "{of_root}");
    assert!(!of_root.contains("anna"), "{of_root}");
}

#[test]
#[cfg_attr(clawmend_portable, ignore = "sudo and users")]
fn a_users_own_unit_or_agent_of_any_name_is_restarted() {
    let told = |dir: &str, place: &str, text: &str| {
        restart(1000, dir, |sandbox| put(sandbox, place, text))
    };
    const UNIT: &str = "[Service]\nExecStart=openclaw gateway run\n";
    for folder in ["home/.config/systemd/user", "etc/systemd/user", "usr/lib/systemd/user"] {
        let place = format!("{folder}/my-bot.service");
        let mine = told("home/.openclaw", &place, UNIT);
        assert!(mine.contains("  systemctl --user restart my-bot\n"), "{folder}: {mine}");
        let other = told("home/.openclaw-work", &place, UNIT);
        assert!(!other.contains("my-bot"), "{folder}: {other}");
    }
    let option = told("home/.openclaw", "home/.config/systemd/user/-Hhost.service", UNIT);
    assert!(!option.contains("-Hhost"), "{option}");
    let agent = "<dict><key>Label</key><string>com.me.bot</string><key>ProgramArguments</key><array><string>/opt/openclaw/x.js</string><string>gateway</string></array></dict>";
    let mine = told("home/.openclaw", "home/Library/LaunchAgents/bot.plist", agent);
    assert!(mine.contains("  launchctl stop com.me.bot"), "{mine}");
    let mine = told("home/.openclaw", "Library/LaunchDaemons/bot.plist", agent);
    assert!(mine.contains("  sudo launchctl kickstart -k system/com.me.bot\n"), "{mine}");
}

fn give(sandbox: &Sandbox, folder: &str, uid: u32) {
    fn all(path: &std::path::Path, uid: u32) {
        std::os::unix::fs::chown(path, Some(uid), Some(uid)).expect("these tests need root");
        for entry in std::fs::read_dir(path).into_iter().flatten() {
            all(&entry.unwrap().path(), uid);
        }
    }
    all(&sandbox.root().join(folder), uid);
}

/// `sudo -u` finds no bus, so root goes to another user's manager by its own.
#[test]
#[ignore = "gives files away: the gate runs it as root"]
fn root_restarts_the_unit_of_another_user_by_that_users_manager() {
    let told = restart(0, "home/.openclaw", |sandbox| {
        with_accounts(sandbox);
        let unit = "[Service]\nExecStart=openclaw gateway run\n";
        put(sandbox, "home/.config/systemd/user/openclaw-gateway.service", unit);
        give(sandbox, "home", USER_ID);
    });
    assert!(told.contains("  systemctl --user -M anna@ restart openclaw-gateway\n"), "{told}");
}

/// What the owner alone gives away as a container's has no OpenClaw on this side of it.
#[test]
#[ignore = "gives files away: the gate runs it as root"]
fn a_folder_that_looks_like_a_containers_gets_the_containers_commands() {
    let told = restart(0, "mnt/user/appdata/openclaw", |sandbox| {
        with_accounts(sandbox);
        give(sandbox, "mnt/user/appdata/openclaw", 99);
    });
    assert!(told.contains("docker restart CONTAINER"), "{told}");
    assert!(told.contains("To check: docker exec CONTAINER openclaw cron list"), "{told}");
    assert!(told.contains("`docker ps` names it"), "{told}");
    assert!(!told.contains("gateway restart"), "{told}");
}

#[test]
fn the_new_shared_token_is_no_devices_token() {
    let sandbox = Sandbox::fixture("2026.2.19-pending-after-proxy");
    let mut config = sandbox.json("openclaw.json");
    config["gateway"]["auth"] = json!({"mode": "token", "token": "undefined"});
    sandbox.write("openclaw.json", config.to_string());
    sandbox.run(&["repair", "--new-token", "--yes"]);
    let shared = sandbox.json("openclaw.json")["gateway"]["auth"]["token"].clone();
    let paired = sandbox.json("devices/paired.json");
    let devices = paired.as_object().unwrap().values();
    let tokens: Vec<_> =
        devices.map(|device| device["tokens"]["operator"]["token"].clone()).collect();
    assert_eq!(shared.as_str().map(str::len), Some(43));
    assert!(tokens.iter().any(|token| token.is_string()) && !tokens.contains(&shared));
}

/// Going back into a lockout is done, and says what keeps the CLI out and what to type.
#[test]
fn a_way_back_into_a_lockout_says_so_and_what_to_do() {
    for fixture in [FILES, DATABASE] {
        let sandbox = Sandbox::fixture(fixture);
        sandbox.run(&["backup"]).expect(Exit::Done);
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
        let told = sandbox.run(&["undo", "--yes"]).expect(Exit::Done).stdout;
        let told = told.replace("OUT\n  again", "OUT again");
        assert!(told.contains("so this machine's CLI is LOCKED OUT again:"), "{told}");
        assert!(
            told.contains("\n  clawmend repair") && told.contains("To undo: clawmend restore"),
            "{told}"
        );
        let json = sandbox.run(&["restore", "--yes", "--json"]).expect(Exit::Done).json();
        assert_eq!(json["healthy"], true);
        let json = sandbox.run(&["undo", "--yes", "--json"]).expect(Exit::Done).json();
        assert_eq!(json["healthy"], false);
        assert_eq!(json["next"].as_array().unwrap().last(), Some(&json!(["clawmend", "repair"])));
    }
    let sandbox = Sandbox::fixture(FILES);
    sandbox.run(&["repair", "--yes", "--only", "config"]);
    sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
    let mut auth = sandbox.json("identity/device-auth.json");
    auth["tokens"] = json!({});
    sandbox.write("identity/device-auth.json", auth.to_string());
    let told = sandbox.run(&["restore", "--yes", "--force", "latest"]).expect(Exit::Done).stdout;
    let told = told.replace("LOCKED\n  OUT", "LOCKED OUT");
    assert!(told.contains("and this machine's CLI is STILL LOCKED OUT:"), "{told}");
}

#[test]
fn after_a_repair_the_command_that_lists_what_waits_is_one_that_does() {
    let sandbox = Sandbox::fixture(FILES);
    waiting(&sandbox, &["8f4bd968-1608-4627-a1e5-24149a6f44f9"]);
    let told = sandbox.run(&["repair", "--yes", "-q"]).expect(Exit::Done).stdout;
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("that wait: openclaw devices list "), "{told}");
    assert!(told.contains("one that is yours: openclaw devices approve REQUEST_ID"), "{told}");
}

/// A repair that is not enough says what it did, also where the preview is left out.
#[test]
fn what_was_repaired_is_said_where_the_cli_is_still_locked_out() {
    let sandbox = Sandbox::fixture(FILES);
    let mut config = sandbox.json("openclaw.json");
    config["gateway"].as_object_mut().unwrap().remove("mode");
    sandbox.write("openclaw.json", config.to_string());
    let run = sandbox.run(&["repair", "--yes", "-q", "--only", "pairing"]).expect(Exit::Findings);
    assert!(run.stdout.contains("  - Give this machine's CLI admin"), "{}", run.text());
    assert!(run.stdout.contains("STILL LOCKED OUT:"), "{}", run.text());
}

/// The preview names scopes also for a key that is made or saved, and a name is written as it is.
#[test]
fn a_preview_names_what_is_given_to_whom() {
    let sandbox = Sandbox::fixture(FILES);
    waiting(&sandbox, &["8f4bd968-1608-4627-a1e5-24149a6f44f9"]);
    let told = sandbox.run(&["approve", "8f4", "--dry-run"]).stdout;
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    let pairs = "Pair Ann's iPhone (2) 📱 (66687aad), with no more than it asks for: operator.read";
    assert!(told.contains(pairs), "{told}");
    let mut identity = sandbox.json("identity/device.json");
    identity["publicKeyPem"] = json!("-----BEGIN");
    sandbox.write("identity/device.json", identity.to_string());
    let told = sandbox.run(&["repair", "--new-identity", "--dry-run"]).stdout;
    assert!(
        told.contains("Give this machine's CLI admin") && !told.contains("Change scopes"),
        "{told}"
    );
    std::fs::remove_file(sandbox.path("identity/device.json")).unwrap();
    let told = sandbox.run(&["repair", "--new-identity", "--dry-run"]).stdout;
    assert!(told.contains("Pair this machine's CLI, with admin"), "{told}");
}

/// What goes whole is one line of the diff; going back says what the CLI loses, and what each snapshot is for.
#[test]
fn a_list_that_another_takes_the_place_of_is_told_line_by_line() {
    let sandbox = Sandbox::fixture(FILES);
    let with = |scopes: &[String]| {
        let mut paired = sandbox.json("devices/paired.json");
        paired.as_object_mut().unwrap().values_mut().next().unwrap()["approvedScopes"] =
            json!(scopes);
        sandbox.write("devices/paired.json", serde_json::to_string_pretty(&paired).unwrap());
    };
    with(&["operator.pairing".to_owned()]);
    sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
    with(&["a", "b", "c", "d", "e", "f", "g", "h", "i"].map(|name| format!("operator.{name}")));
    let told = sandbox.run(&["restore", "--dry-run"]).stdout;
    for name in ["a", "e", "i"] {
        assert!(told.contains(&format!("\"operator.{name}\"")), "{told}");
    }
}

#[test]
fn what_goes_is_a_line_and_a_way_back_says_what_it_takes() {
    let sandbox = Sandbox::fixture(FILES);
    let told = sandbox.run(&["repair", "--dry-run"]).stdout;
    let (_, pending) = told.split_once("--- devices/pending.json").unwrap();
    let pending = pending.split("---").next().unwrap_or_default();
    assert!(pending.lines().filter(|line| line.starts_with('-')).count() <= 3, "{told}");
    assert!(
        pending.contains("461df16e-88f0-4281-ab48-93c0dbed9b16")
            && pending.contains("all of it goes")
    );

    let mut config = sandbox.json("openclaw.json");
    config["gateway"]["bind"] = json!("nonsense");
    sandbox.write("openclaw.json", config.to_string());
    sandbox.run(&["repair", "--yes", "--bind", "loopback"]).expect(Exit::Done);
    let told = sandbox.run(&["undo", "--dry-run"]).stdout;
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("- This machine's CLI loses admin, approvals, read, write"), "{told}");
    assert!(told.contains("- gateway.bind: \"loopback\" -> "), "{told}");
    assert!(told.contains("request 461df16e of cli (1d6d5ae0) comes back"), "{told}");

    sandbox.run(&["undo", "--yes"]).expect(Exit::Done);
    let list = sandbox.run(&["snapshot", "list"]).stdout;
    let list = list.split_whitespace().collect::<Vec<_>>().join(" ");
    let json = sandbox.run(&["snapshot", "list", "--json"]).json();
    let newest = &json["snapshots"][0];
    let id = newest["id"].as_str().unwrap();
    assert_eq!((&newest["command"], &newest["undoTimes"]), (&json!("undo"), &Value::Null));
    let back = format!("to go back to the state before that undo: clawmend restore {id}");
    assert!(list.contains(&back), "{back}: {list}");
}

/// OpenClaw's own command is named so that it finds the state that was repaired.
#[test]
#[cfg_attr(clawmend_portable, ignore = "the shell of Unix")]
fn the_command_that_checks_is_of_the_same_state() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let elsewhere = sandbox.put("2026.5.28-scope-upgrade-pending", "srv/claw");
    sandbox.put("2026.5.28-scope-upgrade-pending", "home/.openclaw-work");
    let own = sandbox.state();
    for (flags, command) in [
        (&["--state-dir", own.to_str().unwrap()][..], "openclaw cron list"),
        (&["--profile", "work"], "openclaw --profile work cron list"),
        (
            &["--state-dir", elsewhere.to_str().unwrap()],
            "env OPENCLAW_STATE_DIR=/srv/claw openclaw cron list",
        ),
    ] {
        let run = sandbox.run(&[flags, &["-q", "repair", "--yes"]].concat());
        let run = run.expect(Exit::Done);
        let told = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(&format!("To check: {command} ")), "{}", run.text());
    }
}

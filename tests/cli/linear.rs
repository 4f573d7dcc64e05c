//! Four times as much in the state costs four times as much, whatever there is so much of.

use serde_json::{Value, json};

use crate::support::{NOW_MS, Sandbox};

const FILES: &str = "2026.5.28-scope-upgrade-pending";

/// What the processor did for this process so far, milliseconds; threads that have ended count (SQLite works on one).
fn used() -> u64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = text.rsplit_once(") ").unwrap();
    // `utime` and `stime`, in hundredths of a second: proc_pid_stat(5).
    fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap() * 10).sum()
}

/// Runs the test that calls this in a process of its own, where no other test's threads are; whether it is one.
fn is_alone() -> bool {
    const ALONE: &str = "CLAWMEND_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let name = std::thread::current().name().unwrap().to_owned();
    let run = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--nocapture", "--test-threads", "1"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    #[allow(clippy::print_stdout)] // The other process's measurements.
    {
        println!("{said}");
    }
    let failed = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && said.contains(" 1 passed"), "{failed}");
    false
}

fn id(number: usize) -> String {
    format!("{number:08x}-0000-4000-8000-{number:012x}")
}

/// This machine's own requests in the file, or live ones under a foreign device's key.
fn requests(many: usize, foreign: bool) -> Sandbox {
    let sandbox = Sandbox::fixture(FILES);
    let store = sandbox.json("devices/pending.json");
    let one = store.as_object().unwrap().values().next().unwrap();
    let all: serde_json::Map<String, Value> = (0..many)
        .map(|number| {
            let mut one = one.clone();
            one["requestId"] = id(number).into();
            if foreign {
                // RFC 8032, test 1: another machine's key and its id.
                one["publicKey"] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".into();
                one["deviceId"] =
                    "21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9".into();
                one["ts"] = NOW_MS.into();
            }
            (id(number), one)
        })
        .collect();
    sandbox.write("devices/pending.json", Value::Object(all).to_string());
    sandbox
}

/// This machine's own old requests, each between live ones of another device, laid out as OpenClaw does.
fn between(many: usize) -> Sandbox {
    let sandbox = requests(many, true);
    let mut store = sandbox.json("devices/pending.json");
    let own = Sandbox::fixture(FILES).json("devices/pending.json");
    let own = own.as_object().unwrap().values().next().unwrap();
    for (number, (key, request)) in store.as_object_mut().unwrap().iter_mut().enumerate() {
        if number % 2 == 1 {
            *request = own.clone();
            request["requestId"] = key.clone().into();
            request["ts"] = 5.into();
        }
    }
    sandbox.write("devices/pending.json", serde_json::to_string_pretty(&store).unwrap());
    sandbox
}

/// A snapshot of a config of which every line is another one now.
fn other_config(many: usize, line: impl Fn(usize, &str) -> String) -> Sandbox {
    let sandbox = Sandbox::fixture(FILES);
    let gateway = sandbox.json("openclaw.json")["gateway"].to_string();
    let write = |word: &str| {
        let lines: String = (0..many).map(|number| line(number, word)).collect();
        sandbox.write("openclaw.json", format!("{{ \"gateway\": {gateway},\n{lines} }}"));
    };
    write("a");
    sandbox.run(&["snapshot", "create"]);
    write("b");
    sandbox
}

fn rows(many: usize) -> Sandbox {
    let sandbox = Sandbox::fixture("2026.9.6-sqlite-read-only");
    let mut db = rusqlite::Connection::open(sandbox.path("state/openclaw.sqlite")).unwrap();
    let own: (String, String) = db
        .query_row("SELECT device_id, public_key FROM device_pairing_paired", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let all = db.transaction().unwrap();
    for number in 0..many {
        all.execute(
            "INSERT INTO device_pairing_pending (request_id, device_id, public_key, role, roles_json, scopes_json, ts) \
             VALUES (?1, ?2, ?3, 'operator', '[\"operator\"]', '[\"operator.admin\"]', 5)",
            [&id(number), &own.0, &own.1],
        )
        .unwrap();
    }
    all.commit().unwrap();
    sandbox
}

/// A record of this machine's with so many scopes, all different in its two lists.
fn scopes(many: usize) -> Sandbox {
    let sandbox = Sandbox::fixture(FILES);
    let mut store = sandbox.json("devices/paired.json");
    let identity = sandbox.json("identity/device.json");
    let own = &mut store[identity["deviceId"].as_str().unwrap()];
    let list =
        |word: &str| (0..many).map(|one| format!("operator.{word}{one}")).collect::<Vec<_>>();
    own["scopes"] = json!(list("a"));
    own["approvedScopes"] = json!(list("b"));
    own["tokens"]["operator"]["scopes"] = json!(list("c"));
    sandbox.write("devices/paired.json", store.to_string());
    sandbox
}

/// Records that are none, which a repair moves out.
fn invalid(many: usize) -> Sandbox {
    let sandbox = Sandbox::fixture(FILES);
    let mut store = sandbox.json("devices/paired.json");
    for number in 0..many {
        store[format!("none-{number}")] =
            json!({ "deviceId": format!("none-{number}"), "publicKey": "k" });
    }
    sandbox.write("devices/paired.json", store.to_string());
    sandbox
}

/// A config of so many agents, each with a folder and a binding of its own.
fn agents(many: usize) -> Sandbox {
    let sandbox = Sandbox::fixture(FILES);
    let mut config = sandbox.json("openclaw.json");
    let ids = || (0..many).map(|number| format!("a{number}"));
    config["agents"]["list"] =
        ids().map(|id| json!({ "id": id, "agentDir": format!("/x/{id}") })).collect();
    config["broadcast"]["x@g.us"] = ids().collect();
    config["bindings"] =
        ids().map(|id| json!({ "agentId": id, "match": { "channel": "telegram" } })).collect();
    sandbox.write("openclaw.json", config.to_string());
    sandbox
}

#[test]
fn the_cost_is_linear_in_what_is_there() {
    if !is_alone() {
        return;
    }
    type Make = fn(usize) -> Sandbox;
    let approve = id(1);
    let kinds: [(&str, Make, usize, &[&[&str]]); 9] = [
        (
            "requests in a file",
            |many| requests(many, false),
            400,
            &[
                &["repair", "-n"],
                &["approve", "-n", &approve],
                &["repair", "-n", "--json"],
                &["diagnose"],
                &["repair", "--yes"],
            ],
        ),
        ("requests between others", between, 400, &[&["repair", "-n"], &["repair", "--yes"]]),
        (
            "settings of a snapshot",
            |many| other_config(many, |number, word| format!("\"{word}{number}\": 1,\n")),
            1000,
            &[&["restore", "-n"], &["restore", "-n", "--json"]],
        ),
        (
            "blank lines of a config",
            |many| {
                other_config(many, |_, word| if word == "a" { String::new() } else { "\n".into() })
            },
            5000,
            &[&["restore", "-n"]],
        ),
        (
            "requests in the database",
            rows,
            400,
            &[&["repair", "-n"], &["approve", "-n", &approve], &["devices"], &["repair", "--yes"]],
        ),
        (
            "requests of another device",
            |many| requests(many, true),
            400,
            &[&["diagnose", "-v"], &["devices"], &["approve", "-n", &approve]],
        ),
        (
            "scopes",
            scopes,
            1000,
            &[&["diagnose"], &["repair", "-n"], &["repair", "--yes", "--json"]],
        ),
        (
            "invalid records",
            invalid,
            1600,
            &[&["diagnose"], &["repair", "-n"], &["repair", "-n", "--json"]],
        ),
        ("agents of a config", agents, 1500, &[&["diagnose"]]),
    ];
    for (what, make, many, commands) in kinds {
        let (few, four) = (make(many), make(4 * many));
        for args in commands {
            let cost = |sandbox: &Sandbox| {
                let before = used();
                sandbox.run(args);
                (used() - before).max(10)
            };
            let (one, four) = (cost(&few), cost(&four));
            let ratio = four as f64 / one as f64;
            println!("{what}, {args:?}: {one} ms, four times as many {ratio:.1}");
            assert!(ratio < 8.0, "{what}, {args:?}: four times as many cost {ratio:.1} times");
        }
    }
}

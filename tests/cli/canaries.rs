//! Secrets of every kind in every field, in texts that parse and in texts that do not, through every
//! command: none comes out, neither whole nor a word of it.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::support::{Run, Sandbox};

/// A word, a passphrase, a short and a long number, hex, base64url, a piece of a PEM.
const CANARIES: [&str; 8] = [
    "zanzibarians",
    "quixotic jackdaws vexing marmalade",
    "8153",
    "704182635",
    "9e107d9d372bb6826bd81d3542a419d69e107d9d372bb6826bd81d3542a419d6",
    "Vh3kQ9-xTzL0aWcR5bNfYp7mJd2sGuE8iKoXq1rBtHw",
    "sk-Zq81LmVxRt40",
    "MC4CAQAwBQYDK2VwBCIEIJq7zTk9wLrVxh2uYp",
];

/// Where a name that people give may be one word.
const NAMES: [&str; 2] = ["displayName", "operatorLabel"];

/// The parts of a canary that must not be seen: its words, and a number where no digit touches it.
fn leak(text: &str) -> Option<&'static str> {
    CANARIES.into_iter().flat_map(|canary| canary.split(' ')).find(|word| {
        let is_number = word.bytes().all(|b| b.is_ascii_digit());
        text.match_indices(word).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + word.len()..].chars().next();
            let touches =
                |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '.');
            !is_number || !(touches(before) || touches(after))
        })
    })
}

#[track_caller]
fn check(what: &str, args: &[&str], run: &Run) {
    let text = run.text();
    if args.contains(&"--json") {
        run.json();
    }
    if let Some(word) = leak(&text) {
        panic!("{what}: {args:?} printed `{word}`:\n{text}");
    }
}

fn run(sandbox: &Sandbox, what: &str, commands: &[&[&str]]) {
    for args in commands {
        check(what, args, &sandbox.run(args));
    }
    for (path, _) in sandbox.tree(true) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if ["manifest.json", "journal.json", "lock"].contains(&name) && path.starts_with("clawmend")
        {
            let text = std::fs::read_to_string(sandbox.state().join(&path)).unwrap();
            assert_eq!(leak(&text), None, "{what}: {}", path.display());
        }
    }
}

const LOOK: &[&[&str]] = &[
    &["diagnose", "-v"],
    &["diagnose", "--json"],
    &["devices"],
    &["devices", "--json"],
    &["repair", "-n", "-v", "--new-token", "--bind", "lan"],
    &["repair", "-n", "--json"],
    &["repair", "-n", "-v", "--new-identity"],
    &["repair", "-n", "--json", "--new-identity"],
    &["report"],
    &["report", "--json"],
];

const ALL: &[&[&str]] = &[
    &["approve", "-n"],
    &["approve", "-n", "--json"],
    &["repair", "--yes", "--json"],
    &["backup", "--json"],
    &["undo", "-n", "--json"],
    &["undo", "--yes", "--json"],
    &["repair", "--yes"],
    &["snapshot", "create"],
    &["snapshot", "create", "--json"],
    &["snapshot", "list"],
    &["snapshot", "list", "--json"],
    &["snapshot", "show"],
    &["snapshot", "show", "--json"],
    &["snapshot", "verify"],
    &["snapshot", "verify", "--json"],
    &["snapshot", "prune", "--keep", "1", "-n", "--json"],
    &["restore", "-n", "--force"],
    &["restore", "-n", "--force", "--json"],
    &["restore", "--yes", "--force", "--json"],
    &["restore", "--yes", "--force"],
];

/// A config with a value in every kind of place; all of them are replaced.
fn config() -> Value {
    json!({
        "$schema": "s", "meta": {"lastTouchedVersion": "v", "lastTouchedAt": "v", "n": 1},
        "env": {"OPENAI_API_KEY": "v", "vars": {"A": "v"}, "shellEnv": {"enabled": true}},
        "gateway": {
            "mode": "local", "bind": "lan", "port": 18789, "customBindHost": "v",
            "auth": {"mode": "token", "token": "v", "password": "v", "allowTailscale": "v",
                "trustedProxy": {"userHeader": "v"}},
            "remote": {"url": "v", "token": {"source": "env", "provider": "v", "id": "v"}, "transport": "v"},
            "trustedProxies": ["v"], "tailscale": {"mode": "off", "authKey": "v"},
            "controlUi": {"basePath": "v", "allowedOrigins": ["v"]}, "tls": {"enabled": "v"},
            "handshakeTimeoutMs": 1, "unknown": [{"bind": "v", "pin": 1}],
        },
        "channels": {"telegram": {"botToken": "v", "pin": 1, "gateway": {"bind": "v", "mode": "v"}}},
        "agents": {"list": [{"mode": "v", "url": "v", "port": 1}]}, "hooks": {"token": "v"},
        "token": "v", "pin": 1, "bind": "v",
    })
}

/// Every leaf of a document, as a JSON pointer.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                leaves(
                    field,
                    &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")),
                    found,
                );
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                leaves(item, &format!("{at}/{number}"), found);
            }
        }
        _ => found.push(at.to_owned()),
    }
}

/// A canary, as a number where one stands there; in turn whole, and beside what belongs there.
fn poison(value: &mut Value, pointer: &str, turn: usize) {
    let mut canary = CANARIES[turn % CANARIES.len()];
    if NAMES.iter().any(|name| pointer.ends_with(name)) && turn.is_multiple_of(CANARIES.len()) {
        canary = CANARIES[1];
    }
    // A port is shown as one.
    if pointer == "/gateway/port" && canary == CANARIES[2] {
        canary = CANARIES[3];
    }
    let Some(place) = value.pointer_mut(pointer) else { return };
    *place = match place {
        Value::Number(_) if canary.bytes().all(|b| b.is_ascii_digit()) => {
            json!(canary.parse::<u64>().unwrap())
        }
        Value::String(text) if turn % 3 == 1 => json!(format!("{text} {canary}")),
        Value::String(_) if turn % 7 == 3 => json!(format!("wss://u:{canary}@h.example/{canary}")),
        _ => json!(canary),
    };
}

const FILES: [&str; 5] = [
    "openclaw.json",
    "devices/paired.json",
    "devices/pending.json",
    "identity/device.json",
    "identity/device-auth.json",
];

fn document(sandbox: &Sandbox, file: &str) -> Value {
    if file == "openclaw.json" { config() } else { sandbox.json(file) }
}

/// A state that has a paired and a pending device with every field that there is.
fn full() -> Sandbox {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    for file in ["devices/paired.json", "devices/pending.json"] {
        let mut store = sandbox.json(file);
        for record in store.as_object_mut().unwrap().values_mut() {
            for (name, value) in [
                ("displayName", json!("box")),
                ("operatorLabel", json!("box")),
                ("deviceFamily", json!("linux")),
                ("browserOrigin", json!("https://a.example")),
                ("remoteIp", json!("10.0.0.9")),
                ("approvedVia", json!("owner")),
                ("lastSeenReason", json!("connect")),
                ("lastSeenAtMs", json!(1)),
                ("nodeSurface", json!({"caps": ["v"], "pin": 1})),
                ("unknown", json!({"deviceId": "v", "scopes": ["v"], "ts": 1})),
            ] {
                record[name] = value;
            }
        }
        sandbox.write(file, store.to_string());
    }
    sandbox
}

#[test]
fn one_field_at_a_time() {
    let mut turn = 0;
    for file in FILES {
        let sandbox = full();
        let whole = document(&sandbox, file);
        let mut pointers = Vec::new();
        leaves(&whole, "", &mut pointers);
        for pointer in pointers {
            let mut poisoned = whole.clone();
            poison(&mut poisoned, &pointer, turn);
            sandbox.write(file, serde_json::to_string_pretty(&poisoned).unwrap());
            let at = turn % LOOK.len();
            run(&sandbox, &format!("{file} {pointer}"), &[LOOK[at], LOOK[(at + 3) % LOOK.len()]]);
            turn += 1;
        }
    }
    assert!(turn > 100, "{turn}");
}

#[test]
fn all_fields_at_once_through_every_command() {
    for (first, canary) in CANARIES.into_iter().enumerate() {
        let sandbox = full();
        for file in FILES {
            let mut poisoned = document(&sandbox, file);
            let mut pointers = Vec::new();
            leaves(&poisoned, "", &mut pointers);
            for (number, pointer) in pointers.iter().enumerate() {
                // The identity stays one in most rounds, so that commands get further.
                if !file.starts_with("identity/device.json") || first == 0 {
                    poison(&mut poisoned, pointer, first + number);
                }
            }
            sandbox.write(file, serde_json::to_string_pretty(&poisoned).unwrap());
        }
        around(&sandbox, canary);
        run(&sandbox, &format!("round {first}"), LOOK);
        run(&sandbox, &format!("round {first}"), ALL);
    }
}

/// In the clothing of a name that is shown; a word alone is a name.
#[test]
fn names_of_devices() {
    let sandbox = full();
    let whole = document(&sandbox, "devices/pending.json");
    let clothes =
        ["LAPTOP-X", "iPhone16,X", "GT-X", "Synology X+", "anna@X.org", "X.local", "🦞 X 🇩🇪"];
    for (turn, clothing) in clothes.into_iter().enumerate() {
        let mut poisoned = whole.clone();
        let template = whole.as_object().unwrap().values().next().unwrap().clone();
        for (number, canary) in CANARIES.into_iter().enumerate().skip(1) {
            let mut record = template.clone();
            let id = format!("{number:08}-1608-4627-a1e5-24149a6f44f9");
            record["requestId"] = json!(id);
            record["displayName"] = json!(clothing.replace('X', canary));
            poisoned[id] = record;
        }
        sandbox.write("devices/pending.json", poisoned.to_string());
        let at = turn % LOOK.len();
        run(&sandbox, clothing, &[LOOK[2], LOOK[3], LOOK[at], LOOK[(at + 5) % LOOK.len()]]);
    }
}

/// What lies beside the state: variables, the service, the lock, setup codes.
fn around(sandbox: &Sandbox, canary: &str) {
    let port = canary.replace(CANARIES[2], CANARIES[3]);
    sandbox.write(".env", format!("OPENCLAW_GATEWAY_TOKEN={canary}\nOPENCLAW_GATEWAY_URL=wss://u:{canary}@h\nPIN={canary}\n"));
    let unit = format!(
        "[Service]\nEnvironment=OPENCLAW_GATEWAY_TOKEN={canary}\nEnvironment=OPENCLAW_GATEWAY_PORT={port}\n"
    );
    let folder = sandbox.home().join(".config/systemd/user");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("openclaw-gateway.service"), unit).unwrap();
    let lock = json!({"pid": canary, "stateDir": sandbox.state(), "startTime": canary});
    sandbox.write("tmp/openclaw-0/gateway.0a0b0c0d.lock", lock.to_string());
    sandbox.write(
        "devices/bootstrap.json",
        json!({canary: {"token": canary, "ts": canary}}).to_string(),
    );
    sandbox.set("OPENCLAW_GATEWAY_URL", &format!("wss://u:{canary}@h.example/{canary}"));
    sandbox.set("OPENCLAW_GATEWAY_TOKEN", canary);
}

/// The ways in which a text breaks, and ways in which one still parses that hide a key.
fn broken(text: &str, turn: usize) -> Vec<(String, String)> {
    let nth = |pattern: &str, n: usize| {
        let all: Vec<usize> = text.match_indices(pattern).map(|(at, _)| at).collect();
        all[n % all.len()]
    };
    let replaced = |at: usize, length: usize, with: &str| {
        format!("{}{with}{}", &text[..at], &text[at + length..])
    };
    let mut made = Vec::new();
    for n in [turn * 5 + 3, turn * 11 + 8, turn * 17 + 13] {
        let colon = nth("\":", n) + 1;
        let quote = nth("\"", n * 2 + 1);
        for (name, text) in [
            ("a colon lost", replaced(colon, 1, "")),
            ("= for :", replaced(colon, 1, " =")),
            ("a quote lost", replaced(quote, 1, "")),
            ("a comma lost", replaced(nth(",", n), 1, "")),
            ("cut", text[..quote].to_owned()),
            ("a stray brace", replaced(nth("\n", n), 0, "}")),
            ("a comment before the colon", replaced(colon, 0, " /* x: */ ")),
            ("U+FEFF before the colon", replaced(colon, 0, "\u{feff}")),
            ("a comment that a CR ends", replaced(nth("\n", n), 0, " // x\r")),
            ("a line continuation", replaced(colon + 4, 0, "\\\n")),
        ] {
            made.push((format!("{name} ({n})"), text));
        }
    }
    made
}

#[test]
fn broken_texts() {
    for (round, file) in FILES.into_iter().enumerate() {
        let sandbox = full();
        let mut poisoned = document(&sandbox, file);
        let mut pointers = Vec::new();
        leaves(&poisoned, "", &mut pointers);
        for (number, pointer) in pointers.iter().enumerate() {
            poison(&mut poisoned, pointer, round + number);
        }
        let mut text = serde_json::to_string_pretty(&poisoned).unwrap();
        if file == "openclaw.json" {
            text.insert_str(2, &format!("// {}\n/* {} */\n", CANARIES[1], CANARIES[0]));
            // The flow that clawmend recommends: from a copy that parses.
            sandbox.write("openclaw.json.bak", config().to_string());
        }
        let copy = sandbox.path("openclaw.json.bak").display().to_string();
        let from_copy = ["repair", "-n", "--config-from", copy.as_str()];
        for (name, broken) in broken(&text, round) {
            sandbox.write(file, broken);
            let mut commands = vec![&["diagnose", "-v"][..], &["repair", "-n", "--json"]];
            if file == "openclaw.json" {
                commands.push(&from_copy);
            }
            run(&sandbox, &format!("{file}: {name}"), &commands);
        }
        run(&sandbox, file, ALL);
    }
}

#[test]
fn the_cells_of_a_database() {
    for first in 0..CANARIES.len() {
        let sandbox = Sandbox::fixture("2026.9.6-sqlite-read-only");
        sandbox.write("openclaw.json", config().to_string());
        let db = rusqlite::Connection::open(sandbox.path("state/openclaw.sqlite")).unwrap();
        let canary = |turn: usize| CANARIES[(first + turn) % CANARIES.len()];
        let mut turn = 0;
        let mut set = String::new();
        for (table, columns) in [
            (
                "device_pairing_paired",
                &[
                    "display_name",
                    "operator_label",
                    "platform",
                    "client_id",
                    "client_mode",
                    "browser_origin",
                    "scopes_json",
                    "approved_scopes_json",
                    "roles_json",
                    "remote_ip",
                    "last_seen_reason",
                ][..],
            ),
            ("device_auth_tokens", &["scopes_json"]),
            ("schema_meta", &["app_version"]),
        ] {
            for column in columns {
                turn += 1;
                let name_of_one_word = column.ends_with("_name") || column.ends_with("_label");
                let text = match (turn % 3, name_of_one_word) {
                    (_, true) => canary(turn).replace(CANARIES[0], CANARIES[1]),
                    (0, _) if column.ends_with("json") => json!([canary(turn)]).to_string(),
                    (1, _) => format!("v {}", canary(turn)),
                    _ => canary(turn).to_owned(),
                };
                let _ = write!(set, "UPDATE {table} SET {column} = '{text}';");
            }
        }
        // A token's JSON, cut, in the next column.
        let cut = format!("{{\"operator\":{{\"token\":\"{}", canary(0));
        let _ = write!(
            set,
            "UPDATE device_pairing_paired SET {} = '{cut}';",
            if first % 2 == 0 { "display_name" } else { "tokens_json" }
        );
        let _ = write!(
            set,
            "INSERT INTO device_bootstrap_tokens (token_key, token, ts, issued_at_ms) VALUES ('{0}', '{0}', 1, 2);",
            canary(1)
        );
        db.execute_batch(&set).unwrap();
        drop(db);
        run(&sandbox, &format!("database, round {first}"), LOOK);
        run(&sandbox, &format!("database, round {first}"), ALL);
    }
}

#[test]
fn what_is_pasted_is_not_said_again() {
    let sandbox = full();
    sandbox.run(&["snapshot", "create"]);
    for canary in CANARIES {
        let token = format!("connect failed: token={canary}");
        for args in [
            &["explain", canary][..],
            &["explain", &token],
            &["explain", &token, "--json"],
            &["approve", canary, "--yes"],
            &["approve", canary, "--yes", "--json"],
            &["restore", canary, "--yes"],
            &["snapshot", "show", canary],
            &["snapshot", "verify", canary, "--json"],
            &["snapshot", "prune", "--older-than", canary],
            &["repair", "-n", "--scopes", canary],
            &["repair", "-n", "--bind", canary],
            &["repair", "-n", "--trust-proxy", canary],
            &["repair", "-n", "--trust-proxy", canary, "--json"],
            &["--json", "--state-dir", "x", canary],
            &["--json", "snapshot", canary],
            &["repair", "--json", canary],
        ] {
            check("pasted", args, &sandbox.run(args));
        }
    }
}

//! Recognisable secrets in every place, every command in every output mode: none comes out.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::Size;
use crate::places::give_away;
use crate::trace;
use crate::world::{FILES, Out, SQLITE, World};

/// In every secret, and nowhere else.
const MARK: &str = "cAnArY";

fn secret(place: &str) -> String {
    let mut text = format!("{MARK}{}", place.replace(|c: char| !c.is_ascii_alphanumeric(), ""));
    while text.len() < 40 {
        text.push('x');
    }
    // The mask may show the last four.
    text.push_str("Zend");
    text
}

/// A config with a secret in each of its places.
fn config() -> String {
    let s = secret;
    format!(
        r#"{{
  // do not lose: {comment}
  /* {block} */
  "meta": {{ "lastTouchedVersion": "2026.5.28" }},
  "env": {{ "OPENAI_API_KEY": "{env}", "vars": {{ "ANYTHING": "{vars}" }}, "shellEnv": {{ "enabled": false }} }},
  "gateway": {{
    "mode": "remote", "bind": "0.0.0.0", "port": 18789,
    "auth": {{ "mode": "token", "token": "{auth}", "password": "{password}" }},
    "remote": {{ "url": "wss://user:{urlpass}@host.example:1/p?token={urltoken}", "token": "{remote}", "password": "{rpass}" }},
    "trustedProxies": ["10.0.0.5"],
    "tailscale": {{ "mode": "off", "authKey": "{tskey}" }},
    "unknownThing": {{ "value": "{unknown}", "list": ["{list}", {{ "deep": "{deep}" }}] }},
  }},
  "channels": {{ "telegram": {{ "botToken": "{bot}", "accounts": {{ "a": {{ "webhook": "https://h.example/{hook}" }} }} }},
    "slack": {{ "appToken": "{app}", "signingSecret": "{signing}" }} }},
  "models": {{ "providers": {{ "x": {{ "baseUrl": "https://u:{provpass}@api.example", "apiKey": "{provider}", "headers": {{ "Authorization": "Bearer {bearer}" }} }} }} }},
  "hooks": {{ "token": "{hooks}" }},
  "{keyname}": 1,
}}
"#,
        comment = s("comment"),
        block = s("block"),
        env = s("env"),
        vars = s("vars"),
        auth = s("auth"),
        password = s("password"),
        urlpass = s("urlpass"),
        urltoken = s("urltoken"),
        remote = s("remote"),
        rpass = s("rpass"),
        tskey = s("tskey"),
        unknown = s("unknown"),
        list = s("list"),
        deep = s("deep"),
        bot = s("bot"),
        hook = s("hook"),
        app = s("app"),
        signing = s("signing"),
        provpass = s("provpass"),
        provider = s("provider"),
        bearer = s("bearer"),
        hooks = s("hooks"),
        keyname = "plain",
    )
}

/// Secrets into every secret field of a JSON file, and into an unknown field of every object.
fn poison(world: &World, file: &str) {
    let Ok(text) = std::fs::read(world.path(file)) else {
        return;
    };
    let mut value: Value = serde_json::from_slice(&text).unwrap();
    into(&mut value, file, 0);
    world.write(file, serde_json::to_string_pretty(&value).unwrap());
}

fn into(value: &mut Value, place: &str, depth: usize) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                let is_secret = ["token", "privateKeyPem"].contains(&name.as_str());
                if is_secret && field.is_string() && name == "token" {
                    *field = json!(secret("devicetoken"));
                } else {
                    into(field, place, depth + 1);
                }
            }
            if depth > 0 {
                fields.insert(
                    "unknownField".into(),
                    json!(secret(&format!("{place}unknown{depth}"))),
                );
                fields.insert(
                    "unknownList".into(),
                    json!([secret(&format!("{place}list{depth}")), {"x": secret("nested")}]),
                );
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| into(item, place, depth + 1)),
        _ => {}
    }
}

fn poisoned(fixture: &str, with_config: bool) -> World {
    let world = World::fixture(fixture);
    for file in ["devices/paired.json", "devices/pending.json", "identity/device-auth.json"] {
        poison(&world, file);
    }
    world.write(
        "devices/bootstrap.json",
        json!({secret("bootkey"): {"token": secret("boottoken"), "ts": 1, "issuedAtMs": 1, "more": secret("bootmore")}}).to_string(),
    );
    world.write("devices/extra.json", json!({"token": secret("extra")}).to_string());
    world.write(".env", format!("OPENAI_API_KEY={}\n", secret("dotenv")));
    if with_config {
        world.write("openclaw.json", config());
        world.write("openclaw.json.bak", config());
        world.write("openclaw.json.last-good", config());
    }
    if world.path("state/openclaw.sqlite").exists() {
        let db = rusqlite::Connection::open(world.path("state/openclaw.sqlite")).unwrap();
        db.execute_batch(&format!(
            "UPDATE device_auth_tokens SET token = '{t}';
             UPDATE device_pairing_paired SET tokens_json = replace(tokens_json, 'SJ5OG14x6h2lFCBkOsX-1pDJHnpEUgtw5IlPIewc15I', '{t}'),
                operator_label = '{label}';
             INSERT INTO gateway_origin_device_tokens VALUES ('g', 'd', 'node', '{o}', '[]', 2);
             INSERT INTO device_bootstrap_tokens (token_key, token, ts, issued_at_ms) VALUES ('{k}', '{b}', 1, 2);",
            t = secret("devicetoken"), o = secret("origin"), k = secret("dbbootkey"), b = secret("dbboot"),
            label = "a plain label",
        ))
        .unwrap();
    }
    world
}

/// The private key's text, which poisoning left alone so that the identity stays right.
fn key_lines(world: &World) -> Vec<String> {
    let mut lines = vec!["MC4CAQAwBQYDK2VwBCIEIBmojf7czwP8YsZUX2Vp".to_owned()];
    if let Ok(text) = std::fs::read(world.path("identity/device.json")) {
        let value: Value = serde_json::from_slice(&text).unwrap();
        let pem = value["privateKeyPem"].as_str().unwrap().to_owned();
        lines.extend(pem.lines().filter(|line| !line.starts_with("--")).map(str::to_owned));
    }
    lines
}

fn check(world: &World, keys: &[String], args: &[&str], out: &Out) {
    for text in [&out.stdout, &out.stderr] {
        for line in text.lines() {
            let leaks = line.contains(MARK) || keys.iter().any(|key| line.contains(key.as_str()));
            assert!(!leaks, "{args:?} printed a secret: {line}\n{}", world.root().display());
        }
    }
    assert!(!out.panicked(), "{args:?}: {out}");
}

const COMMANDS: &[&[&str]] = &[
    &["diagnose"],
    &["devices"],
    &["repair", "--dry-run"],
    &["repair", "--dry-run", "--new-token", "--bind", "lan"],
    &["approve", "--dry-run"],
    &["approve", "nobody"],
    &["repair"],
    &["repair", "--yes"],
    &["snapshot", "create"],
    &["snapshot", "list"],
    &["snapshot", "show"],
    &["snapshot", "verify"],
    &["restore", "--dry-run"],
    &["restore", "--yes"],
    &["restore", "--yes", "--force"],
    &["explain", "F01"],
    &["repair", "--dry-run", "--config-from", "openclaw.json.bak"],
];
const MODES: &[&[&str]] = &[&[], &["-v"], &["-q"], &["--json"], &["--color", "always", "-v"]];

pub fn no_secret_comes_out(_size: Size) -> String {
    let mut runs = 0;
    for (fixture, with_config) in
        FILES.into_iter().chain([SQLITE]).flat_map(|name| [(name, false), (name, true)])
    {
        let world = poisoned(fixture, with_config);
        let keys = key_lines(&world);
        for command in COMMANDS {
            for mode in MODES {
                let args: Vec<&str> = command.iter().chain(*mode).copied().collect();
                check(&world, &keys, &args, &world.run(&args));
                runs += 1;
            }
        }
        no_secret_in_records(&world, &keys);
        // Broken in every way that an error message could quote from.
        for file in [
            "devices/paired.json",
            "devices/pending.json",
            "identity/device-auth.json",
            "identity/device.json",
            "openclaw.json",
        ] {
            let Ok(whole) = std::fs::read(world.path(file)) else {
                continue;
            };
            let cut = whole.len() * 2 / 3;
            let quote =
                whole.windows(MARK.len()).position(|part| part == MARK.as_bytes()).unwrap_or(cut);
            let mut torn = whole.clone();
            torn.insert((quote + 3).min(torn.len()), b'"');
            for broken in
                [whole[..cut].to_vec(), whole[..(quote + 20).min(whole.len())].to_vec(), torn]
            {
                world.write(file, &broken);
                for command in [
                    &["diagnose"][..],
                    &["devices"],
                    &["repair", "-n"],
                    &["repair", "--yes"],
                    &["restore", "-n", "--force"],
                ] {
                    for mode in [&[][..], &["-v"], &["--json"]] {
                        let args: Vec<&str> = command.iter().chain(mode).copied().collect();
                        check(&world, &keys, &args, &world.run(&args));
                        runs += 1;
                    }
                }
                world.write(file, &whole);
            }
        }
        no_secret_in_records(&world, &keys);
    }
    format!("{runs} runs in {} output modes, manifests and journals too", MODES.len())
}

/// Manifests and journals hold hashes and names alone.
fn no_secret_in_records(world: &World, keys: &[String]) {
    for (path, _) in world.tree() {
        let name = path.file_name().unwrap_or_default();
        if !["manifest.json", "journal.json", "lock"]
            .iter()
            .any(|own| Path::new(own) == Path::new(name))
        {
            continue;
        }
        let text = world.text(&path.display().to_string());
        let leaks = text.contains(MARK) || keys.iter().any(|key| text.contains(key.as_str()));
        assert!(!leaks, "{} holds a secret", path.display());
    }
}

/// A panic says where, not what (its text may quote state): std panics where closing a folder fails.
pub fn a_panic_prints_no_state(_size: Size) -> String {
    let world = poisoned(FILES[1], true);
    world.run(&["snapshot", "create"]).expect(0);
    let keys = key_lines(&world);
    let (mut panics, mut documents) = (0, 0);
    let modes = [&["diagnose"][..], &["diagnose", "--json"]];
    for (number, args) in (1..60).flat_map(|number| modes.map(|mode| (number, mode))) {
        let again = world.again();
        let inject = format!("inject=close:error=EIO:when={number}");
        let (out, _) = trace::run(&again, &["-e", "trace=close", "-e", &inject], args);
        if !out.stderr.contains("has a bug") {
            continue;
        }
        panics += 1;
        assert!(!out.stderr.contains("closedir"), "the panic's own text was printed: {out}");
        assert!(out.stderr.contains(".rs:") && out.stderr.contains("clawmend diagnose"), "{out}");
        if args.contains(&"--json") {
            let document: serde_json::Value = serde_json::from_str(&out.stdout).unwrap();
            assert_eq!(document["error"]["exit"], 4, "{out}");
            documents += 1;
        }
        for line in out.stderr.lines().chain(out.stdout.lines()) {
            assert!(
                !line.contains(MARK) && !keys.iter().any(|key| line.contains(key.as_str())),
                "{line}"
            );
        }
    }
    assert!(panics > documents && documents > 0, "not shown: {panics} panics, {documents} of JSON");
    format!("{panics} panics, {documents} with a document")
}

/// A crash by signal leaves no core file, a journal none of the contents.
pub fn a_crash_prints_no_state(_size: Size) -> String {
    let world = poisoned(FILES[1], true);
    let keys = key_lines(&world);
    let (out, calls) = trace::calls(&world.again(), &["repair", "--yes"]);
    // Its config has keys that no release knows, which are left.
    out.expect(1);
    let mut points = 0;
    for call in calls.iter().filter(|call| call.changes).step_by(4) {
        let world = world.again();
        let number = call.number;
        let inject = format!("inject={}:signal=SIGABRT:when={number}", call.name);
        let trace = format!("trace={},prlimit64,prctl", call.name);
        let mut command = world.command("bash");
        let line =
            "ulimit -c unlimited; exec strace -f -o log -e \"$1\" -e \"$2\" \"$3\" repair --yes";
        command.args(["-c", line, "bash", &trace, &inject, &crate::world::binary()]);
        command.current_dir(world.root());
        let out = crate::world::finish(command);
        for line in out.stderr.lines().chain(out.stdout.lines()) {
            let leaks = line.contains(MARK) || keys.iter().any(|key| line.contains(key.as_str()));
            assert!(!leaks, "a crash printed a secret: {line}");
        }
        no_secret_in_records(&world, &keys);
        let log = std::fs::read_to_string(world.root().join("log")).unwrap();
        assert!(
            log.contains("killed by SIGABRT") && !log.contains("core dumped"),
            "a core was dumped: {log}"
        );
        points += 1;
    }
    format!("{points} crashes, no core and no text")
}

/// With each change of a thread's user the kernel makes the process dumpable again, as far as the system's
/// settings have it: the next call of that thread takes that back.
pub fn rights_do_not_bring_cores_back(_size: Size) -> String {
    crate::needs_root();
    let world = World::fixture(SQLITE);
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(world.root(), open).unwrap();
    give_away(&world.root().join("home"));
    let watched = ["-e", "trace=setresuid,setresgid,setgroups,prctl,clone,clone3,fork,vfork"];
    let mut threads = 0;
    for args in [&["diagnose"][..], &["repair", "--yes"], &["restore", "--yes"]] {
        let (out, log) = trace::run(&world, &watched, args);
        assert!(matches!(out.code, Some(0 | 1)), "{args:?}: {out}");
        let at = |word: &str| log.lines().position(|line| line.contains(word));
        let count = |word: &str| log.lines().filter(|line| line.contains(word)).count();
        // Once, for good, before there is another thread.
        assert_eq!((count("setresuid("), count("setresgid(")), (1, 1), "{args:?}: {log}");
        let taken = at("setresuid(").unwrap();
        assert!(log.lines().nth(taken).unwrap().contains("= 0"), "{args:?}: {log}");
        assert!(at("setgroups(") < at("setresgid(") && at("setresgid(").unwrap() < taken);
        assert!(at("clone").is_none_or(|thread| thread > taken), "{args:?}: {log}");
        let closed = |line: &str| line.contains("PR_SET_DUMPABLE, SUID_DUMP_DISABLE");
        assert!(log.lines().skip(taken).any(closed), "{args:?}: {log}");
        threads += count("clone");
    }
    format!("three commands, {threads} threads after it")
}

//! Files of others around the state: whatever they hold, no secret comes out, and every reading ends.

use clawmend::exit::Exit;

use crate::support::Sandbox;

const FILES: &str = "2026.5.28-scope-upgrade-pending";
const CANARIES: [&str; 4] =
    ["hunter2CANARYtoken123", "corvid lantern mistral", "58203917", "aGVsbG8CANARY8="];

/// No command that shows what is wrong here shows this.
fn keeps(sandbox: &Sandbox, secret: &str, place: &str) {
    for command in [&["--json"][..], &["report"]] {
        let run = sandbox.run(command);
        assert!(!run.text().contains(secret.trim_end_matches('=')), "{place}: {}", run.text());
    }
}

#[test]
fn a_secret_in_the_place_of_a_name_is_not_shown() {
    for secret in CANARIES {
        let unit = ".config/systemd/user/openclaw-gateway.service";
        for named in ["OPENCLAW_GATEWAY_TOKEN=@", "@", "-@", "%E/@", "/x=@", "x @"] {
            let sandbox = Sandbox::fixture(FILES);
            let named = named.replace('@', secret);
            let text = format!(
                "[Service]\nEnvironmentFile={named}\nExecStart=/usr/bin/openclaw gateway\n"
            );
            std::fs::create_dir_all(sandbox.home().join(".config/systemd/user")).unwrap();
            std::fs::write(sandbox.home().join(unit), text).unwrap();
            keeps(&sandbox, secret, &named);
        }
        for (file, text) in [
            ("gateway.cmd", format!("set CLAWDBOT_GATEWAY_TOKEN {secret}=\r\n")),
            (".env", format!("CLAWDBOT_GATEWAY_TOKEN-{secret}=1\n")),
            ("gateway.systemd.env", format!("MOLTBOT_GATEWAY_{secret}=1\n")),
        ] {
            let sandbox = Sandbox::fixture(FILES);
            sandbox.write(file, text);
            keeps(&sandbox, secret, file);
        }
    }
}

#[test]
fn a_number_in_the_place_of_a_key_is_not_shown() {
    for place in ["gateway.auth", "gateway.remote", "gateway", "logging", ""] {
        let sandbox = Sandbox::fixture(FILES);
        let mut config = sandbox.json("openclaw.json");
        let at = place.split('.').filter(|key| !key.is_empty());
        at.fold(&mut config, |value, key| &mut value[key])["58203917"] = 1.into();
        sandbox.write("openclaw.json", config.to_string());
        keeps(&sandbox, "58203917", place);
    }
}

/// Paths, variables and keys of a length that no system knows: each command ends, soon and with little memory.
#[test]
fn nothing_endless_is_followed() {
    let deep = "a/".repeat(100_000);
    let many = "${A}".repeat(2_000);
    for (file, text) in [
        (".env", format!("OPENCLAW_STATE_DIR=/{deep}\n")),
        (
            "../compose.yml",
            format!("# openclaw\nservices:\n  claw:\n    volumes:\n      - ./{deep}:/x\n"),
        ),
        (
            "../compose.yml",
            format!("# openclaw\nservices:\n  claw:\n    volumes:\n      - {many}:/x\n"),
        ),
        (
            "openclaw.json",
            format!(
                r#"{{"gateway":{{"mode":"local","auth":{{"mode":"token","token":"{many}"}}}}}}"#
            ),
        ),
        (
            "openclaw.json",
            format!(
                r#"{{"gateway":{{"mode":"local"}},"{}":[{}"b"]}}"#,
                "k".repeat(1_000_000),
                r#""${A}","#.repeat(2_000)
            ),
        ),
    ] {
        let sandbox = Sandbox::fixture(FILES);
        std::fs::write(sandbox.home().join(".env"), format!("A={}\n", "x".repeat(900_000)))
            .unwrap();
        sandbox.write(".env", format!("A={}\n", "x".repeat(900_000)));
        sandbox.write(file, text);
        sandbox.run(&["--json"]).expect(Exit::Findings);
    }
}

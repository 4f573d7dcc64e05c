//! `clawmend report`: what may be posted, and the file that it writes.

use clawmend::exit::Exit;

use crate::support::{Sandbox, same};

const LOCKED: &str = "2026.5.28-scope-upgrade-pending";

#[test]
#[cfg_attr(clawmend_portable, ignore = "owners and modes")]
fn it_reads_well() {
    let sandbox = Sandbox::fixture(LOCKED);
    let before = sandbox.tree(true);
    let run = sandbox.run(&["report"]).expect(Exit::Done);
    assert_eq!(sandbox.tree(true), before);
    let arch = format!("linux {}", std::env::consts::ARCH);
    let owner = {
        use std::os::unix::fs::MetadataExt;
        let found = sandbox.state().metadata().unwrap();
        format!("{:>11}", format!("{}:{}", found.uid(), found.gid()))
    };
    let folder = regex_lite::Regex::new(" +[0-9]+ folder").unwrap();
    let text = run.text().replace(&arch, "linux ARCH").replace(&owner, "UID:GID");
    same("report", &folder.replace_all(&text, " N folder"));
}

#[test]
fn nothing_tells_whose_machine_it_is() {
    for fixture in [LOCKED, "2026.2.19-pending-after-proxy", "2026.9.6-sqlite-read-only"] {
        let sandbox = Sandbox::fixture(fixture);
        let mut config = sandbox.json("openclaw.json");
        config["gateway"]["mode"] = "remote".into();
        config["gateway"]["remote"] = serde_json::json!({"url": "wss://claw.annsbox.example/x"});
        config["gateway"]["trustedProxies"] = serde_json::json!(["203.0.113.77"]);
        sandbox.write("openclaw.json", config.to_string());
        if fixture != "2026.9.6-sqlite-read-only" {
            let mut pending = sandbox.json("devices/pending.json");
            let record = pending.as_object_mut().unwrap().values().next().cloned();
            if let Some(mut other) = record {
                let id = "8f4c2f0e-0b39-4c1f-9b1e-0123456789ab";
                other["requestId"] = id.into();
                other["displayName"] = "Ann's telly".into();
                other["remoteIp"] = "192.0.2.31".into();
                pending[id] = other;
            }
            sandbox.write("devices/pending.json", pending.to_string());
        }
        sandbox.set("OPENCLAW_GATEWAY_URL", "wss://ann:pw@other.annsbox.example:444");
        for args in [&["report"][..], &["report", "--json"]] {
            let run = sandbox.run(args).expect(Exit::Done);
            let device = sandbox.run(&["diagnose", "--json"]).json()["deviceId"].clone();
            let text = run.text();
            for word in ["annsbox", "203.0.113", "192.0.2", "telly", "9b1e-0123", "/home"] {
                assert!(!text.contains(word), "{fixture} {args:?} says `{word}`:\n{text}");
            }
            if let Some(device) = device.as_str() {
                assert!(!text.contains(device), "{text}");
                assert!(text.contains(&device[..8]), "{text}");
            }
        }
    }
}

#[test]
fn the_file_is_what_was_shown_and_nothing_is_written_over() {
    let sandbox = Sandbox::fixture(LOCKED);
    let file = sandbox.home().join("report.md");
    let output = ["report", "--output", file.to_str().unwrap()];
    let shown = sandbox.run(&output).expect(Exit::Done).stdout;
    let kept = std::fs::read_to_string(&file).unwrap();
    assert_eq!(kept, shown);
    assert!(kept.starts_with("<details>") && kept.ends_with("</details>\n"), "{kept}");
    let again = sandbox.run(&output).expect(Exit::Refused);
    assert!(again.stderr.contains("report.md"), "{}", again.stderr);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), kept);
    let link = sandbox.home().join("link.md");
    std::os::unix::fs::symlink(sandbox.home().join("elsewhere"), &link).unwrap();
    sandbox.run(&["report", "--output", link.to_str().unwrap()]).expect(Exit::Refused);
    assert!(!sandbox.home().join("elsewhere").exists());
}

#[test]
fn who_has_an_unknown_message_is_told_of_it() {
    let run = Sandbox::fixture(LOCKED).run(&["explain", "xyzzy plugh quux"]).expect(Exit::Refused);
    assert!(run.stderr.contains("clawmend report"), "{}", run.stderr);
}

//! `diagnose --all`: every state dir that there is, each read with its owner's rights; and what is said of the
//! container that one belongs to.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use clawmend::exit::Exit;
use serde_json::{Value, json};

use crate::support::{Answers, Sandbox, same};

const LOCKED: &str = "2026.5.28-scope-upgrade-pending";
/// Nobody of this machine.
const STRANGER: u32 = 61_234;

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn give(path: &Path, uid: u32) {
    chown(path, Some(uid), Some(uid)).expect("these tests need root");
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path(), uid);
        }
    }
}

/// A machine with a home, a profile, another user and a volume, which its owner does not reach.
fn machine() -> Sandbox {
    let sandbox = Sandbox::fixture(LOCKED);
    sandbox.sees_all.set(true);
    for path in [sandbox.root(), &sandbox.home()] {
        mode(path, 0o711);
    }
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    sandbox.put(LOCKED, "home/.openclaw-work");
    give(&sandbox.put(LOCKED, "home/ann/.openclaw"), STRANGER);
    mode(&sandbox.root().join("home/ann"), 0o711);
    give(&sandbox.put(LOCKED, "var/lib/docker/volumes/claw/_data"), STRANGER + 1);
    mode(&sandbox.root().join("var/lib/docker"), 0o710);
    let passwd =
        format!("root:x:0:0::/root:/bin/sh\nann:x:{STRANGER}:{STRANGER}::/home/ann:/bin/sh\n");
    std::fs::create_dir_all(sandbox.root().join("etc")).unwrap();
    std::fs::write(sandbox.root().join("etc/passwd"), passwd).unwrap();
    sandbox
}

fn without_times(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let time = line.find(" 20").filter(|at| line.get(at + 11..at + 12) == Some(" "));
        match time.and_then(|at| Some((line.get(..at + 1)?, line.get(at + 17..)?))) {
            Some((before, after)) => out.push_str(&format!("{before}YYYY-MM-DD hh:mm{after}\n")),
            None => out.push_str(&format!("{line}\n")),
        }
    }
    out
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
#[ignore = "gives files away: the gate runs it as root"]
fn all_state_dirs_are_told_in_a_table_and_the_worst_decides() {
    let sandbox = machine();
    sandbox.width.set(200);
    let run = sandbox.run(&["diagnose", "--all"]).expect(Exit::Refused);
    same("diagnose-all", &without_times(&run.text()));
    for width in [40, 60, 80] {
        sandbox.width.set(width);
        let run = sandbox.run(&["diagnose", "--all"]);
        for line in run.stdout.lines().filter(|line| !line.contains('/')) {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
#[ignore = "gives files away: the gate runs it as root"]
fn as_json_all_are_an_array_of_the_documents_of_each() {
    let sandbox = machine();
    let run = sandbox.run(&["diagnose", "--all", "--json"]).expect(Exit::Refused);
    let documents = run.json();
    let dirs: Vec<&str> =
        documents.as_array().unwrap().iter().map(|one| one["stateDir"].as_str().unwrap()).collect();
    let expected = [
        "/home/.openclaw",
        "/home/.openclaw-work",
        "/home/ann/.openclaw",
        "/var/lib/docker/volumes/claw/_data",
    ];
    assert_eq!(dirs, expected);
    let healthy: Vec<Option<bool>> =
        documents.as_array().unwrap().iter().map(|one| one["healthy"].as_bool()).collect();
    assert_eq!(healthy, [Some(true), Some(false), Some(false), None]);
    let alone = sandbox.run(&["diagnose", "--json"]).json();
    assert_eq!(documents[0]["findings"], alone["findings"]);
    assert_eq!(documents[3]["error"]["exit"], 3);
    let line = "docker run --rm -it --network none -v claw:/state ghcr.io/clawmend/clawmend --state-dir /state";
    let hints = documents[3]["error"]["hints"].as_array().unwrap();
    let argv: Vec<&str> = line.split(' ').collect();
    assert!(hints.iter().any(|hint| hint["command"] == json!(argv)), "{hints:?}");
    let schema = jsonschema::validator_for(&crate::support::schema::schema()).unwrap();
    assert!(schema.is_valid(&documents), "{documents:#}");
    assert!(!schema.is_valid(&json!([{"schema": 2}])));
}

#[test]
fn all_and_one_that_is_named_do_not_go_together() {
    let sandbox = Sandbox::fixture(LOCKED);
    let run = sandbox.run(&["diagnose", "--all", "--state-dir", "/x"]).expect(Exit::Usage);
    assert!(run.stderr.contains("--all looks at every state dir"), "{}", run.text());
}

#[test]
#[ignore = "gives files away: the gate runs it as root"]
fn where_none_is_found_the_others_are_listed_and_can_be_chosen() {
    let sandbox = machine();
    std::fs::rename(sandbox.state(), sandbox.home().join("away")).unwrap();
    let run = sandbox.run(&["diagnose"]).expect(Exit::Refused);
    for line in [
        "clawmend --profile work\n",
        "of ann, last used 20",
        "clawmend --state-dir /home/ann/.openclaw\n",
        "-v claw:/state ghcr.io/clawmend/clawmend --state-dir /state\n",
    ] {
        assert!(run.stderr.contains(line), "no `{line}`: {}", run.text());
    }
    let person = Answers::choosing(Some(2), None);
    let run = sandbox.run_with(&["diagnose"], &person).expect(Exit::Findings);
    let asked = person.asked.borrow().join("");
    assert!(asked.contains("none of them | ") && asked.contains("of ann, last used"), "{asked}");
    assert!(run.stdout.contains("/home/ann/.openclaw (--state-dir)"), "{}", run.text());
    // Nobody is asked about JSON.
    let person = Answers::choosing(Some(1), None);
    sandbox.run_with(&["--json"], &person).expect(Exit::Refused);
    assert!(person.asked.borrow().is_empty());
}

/// What Docker keeps about a container.
fn docker(sandbox: &Sandbox, mount: Value) {
    let file = sandbox.root().join("var/lib/docker/containers/0a1b/config.v2.json");
    let container = json!({
        "Name": "/openclaw-gateway",
        "State": { "Running": true, "Pid": 7 },
        "MountPoints": { "/home/node/.openclaw": mount },
    });
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, container.to_string()).unwrap();
}

#[test]
fn a_folder_that_a_container_mounts_says_so() {
    let sandbox = Sandbox::fixture(LOCKED);
    sandbox.sees_all.set(true);
    sandbox.put(LOCKED, "srv/claw");
    docker(
        &sandbox,
        json!({
            "Type": "bind", "Source": "/srv/claw", "Name": "", "Destination": "/home/node/.openclaw"
        }),
    );
    let dir = sandbox.root().join("srv/claw");
    let dir = dir.to_str().unwrap();
    let run = sandbox.run(&["--state-dir", dir]).expect(Exit::Findings);
    let says =
        "Container a folder that Docker mounts, for container `openclaw-gateway` (running) To";
    assert!(words(&run.stdout).contains(says), "{}", run.text());
    let line = "-v /srv/claw:/state ghcr.io/clawmend/clawmend --state-dir /state\n";
    assert!(run.stdout.contains(line), "{}", run.text());
    let container = sandbox.run(&["--state-dir", dir, "--json"]).json()["container"].clone();
    assert_eq!(container["name"], "openclaw-gateway");
    assert_eq!(container["inside"], "/home/node/.openclaw");
    // It is found without being named, and its gateway's restart is that of the container.
    let run = sandbox.run(&["diagnose", "--all"]);
    assert!(run.stdout.contains("a folder of container `openclaw-gateway`"), "{}", run.text());
    let mut config = sandbox.json("openclaw.json");
    config["gateway"]["mode"] = json!("remote-ish");
    std::fs::write(sandbox.root().join("srv/claw/openclaw.json"), config.to_string()).unwrap();
    let run = sandbox.run(&["--state-dir", dir, "repair", "--yes"]);
    assert!(run.stdout.contains("docker restart openclaw-gateway\n"), "{}", run.text());
}

#[test]
#[ignore = "gives files away: the gate runs it as root"]
fn a_lock_by_another_path_and_an_owner_without_an_account_are_signs_of_a_container() {
    let sandbox = machine();
    let ann = sandbox.root().join("home/ann/.openclaw");
    let plain = sandbox.run(&["--state-dir", ann.to_str().unwrap()]);
    assert!(!plain.stdout.contains("Container"), "{}", plain.text());
    give(&ann, STRANGER + 5);
    let run = sandbox.run(&["--state-dir", ann.to_str().unwrap()]);
    assert!(words(&run.stdout).contains("has no account here"), "{}", run.text());
    let locks = ann.join("tmp/openclaw-1000");
    std::fs::create_dir_all(&locks).unwrap();
    let lock = json!({ "pid": 7, "stateDir": "/home/node/.openclaw" }).to_string();
    std::fs::write(locks.join("gateway.0a.lock"), lock).unwrap();
    let run = sandbox.run(&["--state-dir", ann.to_str().unwrap()]);
    assert!(
        words(&run.stdout).contains("its gateway's lock calls it `/home/node/.openclaw`"),
        "{}",
        run.text()
    );
}

#[test]
fn a_pod_and_the_apps_of_other_systems_are_told_by_their_folders() {
    const ID: &str = "01234567-89ab-4cde-8f01-23456789abcd";
    let sandbox = Sandbox::fixture(LOCKED);
    sandbox.sees_all.set(true);
    let logs = format!("var/log/pods/apps_openclaw-7d9f8b6c5-x2k4p_{ID}");
    std::fs::create_dir_all(sandbox.root().join(logs)).unwrap();
    let pod = format!("var/lib/kubelet/pods/{ID}/volumes/kubernetes.io~csi/claw/mount");
    let claim = format!("var/lib/rancher/k3s/storage/pvc-{ID}_lab_claw");
    for (place, says, restart, check) in [
        (
            pod.as_str(),
            "a volume of `deployment/openclaw` in namespace `apps` of Kubernetes",
            "kubectl -n apps rollout restart deployment/openclaw",
            "kubectl -n apps exec deployment/openclaw -- openclaw cron list",
        ),
        (
            claim.as_str(),
            "a volume of a pod in namespace `lab` of Kubernetes",
            "kubectl -n lab rollout restart deployment/NAME",
            "kubectl -n lab exec deployment/NAME -- openclaw cron list",
        ),
        (
            "volume1/docker/openclaw/data",
            "it seems: a folder of Synology's Container Manager",
            "docker restart CONTAINER",
            "docker exec CONTAINER openclaw cron list",
        ),
        (
            "home/umbrel/umbrel/app-data/openclaw/data/.openclaw",
            "it seems: an app of Umbrel",
            "docker restart CONTAINER",
            "docker exec CONTAINER openclaw cron list",
        ),
        (
            "DATA/AppData/openclaw/config",
            "it seems: an app of CasaOS",
            "docker restart CONTAINER",
            "docker exec CONTAINER openclaw cron list",
        ),
    ] {
        let dir = sandbox.put(LOCKED, place);
        let all = sandbox.run(&["diagnose", "--all"]);
        assert!(all.stdout.contains(place), "{place}: {}", all.text());
        let mut config = sandbox.json("openclaw.json");
        config["gateway"]["mode"] = json!("remote-ish");
        std::fs::write(dir.join("openclaw.json"), config.to_string()).unwrap();
        let dir = dir.to_str().unwrap();
        let run = sandbox.run(&["--state-dir", dir]).expect(Exit::Findings);
        assert!(words(&run.stdout).contains(says), "{place}: {}", run.text());
        let within = restart.replace("rollout restart", "exec -it");
        let within = format!("{within} -- env npm_config_cache=/tmp/npm npx clawmend");
        let is_pod = restart.starts_with("kubectl");
        assert_eq!(words(&run.stdout).contains(&within), is_pod, "{place}: {}", run.text());
        let run = sandbox.run(&["--state-dir", dir, "repair", "--yes"]).expect(Exit::Done);
        assert!(words(&run.stdout).contains(restart), "{place}: {}", run.text());
        assert!(words(&run.stdout).contains(check), "{place}: {}", run.text());
    }
}

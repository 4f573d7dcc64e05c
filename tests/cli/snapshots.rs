//! Snapshots: made, listed, shown, verified, pruned, restored, refused.

use clawmend::exit::Exit;

use crate::support::{Sandbox, same};

fn repaired() -> Sandbox {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    sandbox
}

fn id(sandbox: &Sandbox) -> String {
    sandbox.run(&["snapshot", "list", "--json"]).json()["snapshots"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
#[cfg_attr(clawmend_portable, ignore = "owners and modes")]
fn list_and_show_read_well() {
    let sandbox = repaired();
    same("snapshot-list", &sandbox.run(&["snapshot", "list"]).text());
    same("snapshot-show", &sandbox.run(&["snapshot", "show"]).text());
}

#[test]
#[cfg_attr(clawmend_portable, ignore = "owners and modes")]
fn a_snapshot_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = repaired();
    for (path, _) in sandbox
        .tree(true)
        .into_iter()
        .filter(|(path, _)| path.starts_with("clawmend"))
    {
        let meta = sandbox.state().join(&path).metadata().unwrap();
        let allowed = if meta.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(
            meta.permissions().mode() & 0o7777 & !allowed,
            0,
            "{}",
            path.display()
        );
    }
}

#[test]
fn a_damaged_snapshot_is_refused_and_nothing_is_changed() {
    let sandbox = repaired();
    let piece = sandbox
        .path("clawmend/snapshots")
        .join(id(&sandbox))
        .join("files/devices/paired.json");
    let mut bytes = std::fs::read(&piece).unwrap();
    bytes[10] ^= 1;
    std::fs::write(&piece, bytes).unwrap();
    let before = sandbox.tree(false);
    let run = sandbox.run(&["restore", "--yes"]);
    assert!(
        matches!(run.exit, Exit::Refused | Exit::Failed),
        "{}",
        run.text()
    );
    assert_eq!(sandbox.tree(false), before);
    sandbox.run(&["snapshot", "verify"]).expect(Exit::Findings);
}

#[test]
fn restore_refuses_what_changed_since_unless_forced() {
    let sandbox = repaired();
    let mut paired = sandbox.json("devices/paired.json");
    paired["later"] = serde_json::json!({"deviceId": "later"});
    sandbox.write("devices/paired.json", paired.to_string());
    let before = sandbox.tree(false);
    let run = sandbox.run(&["restore", "--yes"]).expect(Exit::Refused);
    assert!(
        run.stderr.contains("devices/paired.json") && run.stderr.contains("--force"),
        "{}",
        run.text()
    );
    assert_eq!(sandbox.tree(false), before);
    sandbox
        .run(&["restore", "--yes", "--force"])
        .expect(Exit::Done);
    assert!(!sandbox.read("devices/paired.json").contains("later"));
}

#[test]
fn prune_previews_and_never_takes_the_last() {
    let sandbox = repaired();
    for _ in 0..3 {
        sandbox.run(&["snapshot", "create"]).expect(Exit::Done);
    }
    let count = |sandbox: &Sandbox| {
        sandbox.run(&["snapshot", "list", "--json"]).json()["snapshots"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(count(&sandbox), 4);
    sandbox
        .run(&["snapshot", "prune", "--keep", "1", "--dry-run"])
        .expect(Exit::Done);
    assert_eq!(count(&sandbox), 4);
    sandbox
        .run(&["snapshot", "prune", "--keep", "1"])
        .expect(Exit::Refused);
    sandbox
        .run(&["snapshot", "prune", "--keep", "0", "--yes"])
        .expect(Exit::Done);
    assert_eq!(count(&sandbox), 1);
    sandbox.run(&["snapshot", "prune"]).expect(Exit::Usage);
}

#[test]
fn ids_are_found_by_their_start() {
    let sandbox = repaired();
    let id = id(&sandbox);
    sandbox
        .run(&["snapshot", "show", &id[..20]])
        .expect(Exit::Done);
    let run = sandbox.run(&["snapshot", "show", "1999"]);
    assert_ne!(run.exit, Exit::Done);
}

#[test]
fn an_empty_list_is_no_failure() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let before = sandbox.tree(true);
    sandbox.run(&["snapshot", "list"]).expect(Exit::Done);
    sandbox.run(&["restore", "--dry-run"]);
    assert_eq!(sandbox.tree(true), before);
}

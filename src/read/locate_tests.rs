use super::*;
use crate::read::trees::other_trees;

fn env(root: &Path, vars: &[(&str, &str)]) -> Env {
    Env {
        vars: vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        home: Some(root.to_path_buf()),
        cwd: root.join("cwd"),
        platform: "linux".into(),
        ..Env::default()
    }
}

fn make(root: &Path, dirs: &[&str]) {
    for dir in dirs {
        std::fs::create_dir_all(root.join(dir)).unwrap();
    }
}

#[test]
fn flags_beat_variables_and_variables_beat_the_default() {
    let root = tempfile::tempdir().unwrap();
    make(root.path(), &["a", "b", ".openclaw", ".openclaw-work", "h/.openclaw"]);
    let at = |flags: &LocateFlags, vars: &[(&str, &str)]| {
        locate(flags, &env(root.path(), vars)).unwrap()
    };
    let none = LocateFlags::default();
    assert_eq!(at(&none, &[]).state_dir.to_path_buf(), root.path().join(".openclaw"));
    assert_eq!(
        at(&none, &[("OPENCLAW_STATE_DIR", "~/a")]).state_dir.to_path_buf(),
        root.path().join("a")
    );
    assert_eq!(
        at(&none, &[("OPENCLAW_HOME", "~/h")]).state_dir.to_path_buf(),
        root.path().join("h/.openclaw")
    );
    assert_eq!(
        at(&none, &[("OPENCLAW_PROFILE", "work")]).state_dir.to_path_buf(),
        root.path().join(".openclaw-work")
    );
    let profile = LocateFlags { profile: Some("work".into()), ..none.clone() };
    assert_eq!(
        at(&profile, &[("OPENCLAW_STATE_DIR", "~/a")]).state_dir.to_path_buf(),
        root.path().join(".openclaw-work")
    );
    let flag = LocateFlags { state_dir: Some(root.path().join("b")), ..none };
    assert_eq!(
        at(&flag, &[("OPENCLAW_STATE_DIR", "~/a"), ("OPENCLAW_CONFIG_PATH", "/elsewhere.json")])
            .config,
        root.path().join("b/openclaw.json")
    );
}

#[test]
fn legacy_folders_and_configs_are_found() {
    let root = tempfile::tempdir().unwrap();
    make(root.path(), &[".clawdbot"]);
    std::fs::write(root.path().join(".clawdbot/clawdbot.json"), "{}").unwrap();
    let found = locate(&LocateFlags::default(), &env(root.path(), &[])).unwrap();
    assert_eq!(found.config, root.path().join(".clawdbot/clawdbot.json"));
    assert_eq!(found.how, "legacy name");
}

#[test]
fn a_missing_state_dir_says_where_it_looked() {
    let root = tempfile::tempdir().unwrap();
    make(root.path(), &[".openclaw-work/devices"]);
    std::fs::write(root.path().join(".openclaw-work/devices/paired.json"), "{}").unwrap();
    let error = locate(&LocateFlags::default(), &env(root.path(), &[])).unwrap_err();
    let hints = crate::render::invocation::hint_lines(&error).join("\n");
    assert!(hints.contains(".clawdbot") && hints.contains("profile `work`"), "{hints}");
}

#[test]
fn a_profile_name_cannot_leave_the_home_folder() {
    let root = tempfile::tempdir().unwrap();
    let flags = LocateFlags { profile: Some("../../etc".into()), ..LocateFlags::default() };
    assert_eq!(
        locate(&flags, &env(root.path(), &[])).unwrap_err().kind(),
        crate::error::Kind::Usage
    );
}

#[test]
fn a_folder_without_anything_of_openclaws_is_no_state_dir() {
    let root = tempfile::tempdir().unwrap();
    make(root.path(), &["home/.openclaw", "etc/ssl", "empty", "old/devices"]);
    let at = |name: &str| {
        let flags =
            LocateFlags { state_dir: Some(root.path().join(name)), ..LocateFlags::default() };
        locate(&flags, &env(root.path(), &[]))
    };
    let hint = |name: &str| crate::render::invocation::hint_lines(&at(name).unwrap_err()).join(" ");
    assert!(hint("home").contains("did you mean"), "{}", hint("home"));
    assert!(at("etc").unwrap_err().message().contains("does not look like"));
    for name in ["home/.openclaw", "empty", "old"] {
        at(name).unwrap();
    }
}

#[test]
fn a_config_that_is_named_must_be_there_or_have_left_copies() {
    let root = tempfile::tempdir().unwrap();
    make(root.path(), &[".openclaw", "etc"]);
    let flags =
        LocateFlags { config: Some(root.path().join("etc/x.json")), ..LocateFlags::default() };
    let found = || locate(&flags, &env(root.path(), &[]));
    assert!(found().unwrap_err().message().contains("no config here"));
    std::fs::write(root.path().join("etc/file"), "").unwrap();
    for nowhere in ["etc/file/x.json".to_owned(), format!("etc/{}/x.json", "x".repeat(5000))] {
        let flags =
            LocateFlags { config: Some(root.path().join(nowhere)), ..LocateFlags::default() };
        let refused = locate(&flags, &env(root.path(), &[])).unwrap_err();
        assert!(refused.message().contains("no config here"), "{refused}");
    }
    std::fs::write(root.path().join("etc/x.json.bak"), "{}").unwrap();
    found().unwrap();
}

#[test]
#[cfg(unix)]
fn a_name_that_is_not_utf_8_is_said_to_be_none_of_openclaws() {
    use std::os::unix::ffi::OsStrExt;
    let temp = tempfile::tempdir().unwrap();
    let name = std::ffi::OsStr::from_bytes(b"b\xffd");
    let flags = LocateFlags { state_dir: Some(temp.path().join(name)), ..LocateFlags::default() };
    let error = locate(&flags, &env(temp.path(), &[])).unwrap_err();
    assert!(crate::render::invocation::hint_lines(&error)[0].contains("not UTF-8"), "{error:?}");
}

#[test]
fn with_sudo_the_error_names_the_users_own_state_dir() {
    let root = tempfile::tempdir().unwrap();
    let ann = root.path().join("ann");
    std::fs::create_dir_all(ann.join(".openclaw/devices")).unwrap();
    std::fs::write(ann.join(".openclaw/devices/paired.json"), "{}").unwrap();
    let env = Env {
        home: Some(root.path().join("root")),
        sudo_home: Some(ann.clone()),
        ..Env::default()
    };
    let error = locate(&LocateFlags::default(), &env).unwrap_err();
    let hints = crate::render::invocation::hint_lines(&error).join("\n");
    let wanted = crate::render::shell::Shell::Sh.quote(ann.join(".openclaw"));
    assert!(hints.contains(&format!("clawmend --state-dir {wanted}")), "{hints}");
    assert!(!hints.contains(".clawdbot"), "{hints}");
}

/// What is advised where nothing is found, a line each.
fn hints(env: &Env) -> String {
    let error = locate(&LocateFlags::default(), env).unwrap_err();
    error.hints().iter().map(|hint| hint.text.as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_state_dir_on_the_other_side_of_wsl_is_named() {
    let root = tempfile::tempdir().unwrap();
    let theirs = root.path().join("mnt/c/Users/ann/.openclaw");
    make(root.path(), &["ann", "mnt/c/Users/Public", "mnt/c/Users/ann/.openclaw/identity"]);
    std::fs::write(theirs.join("identity/device.json"), "{}").unwrap();
    let here = root.path().join("ann");
    let mut env = Env { windows_homes: Some(root.path().join("mnt/c/Users")), ..env(&here, &[]) };
    let advised = hints(&env);
    let shown = crate::platform::shown(&theirs);
    assert!(
        advised.contains(&format!("{shown} (of an OpenClaw in Windows, outside WSL")),
        "{advised}"
    );
    let trees = other_trees(&here.join(".openclaw"), Some(&here), &env);
    assert_eq!(trees.iter().map(|tree| &tree.path).collect::<Vec<_>>(), [&theirs]);

    env.platform = "win32".into();
    let advised = hints(&env);
    assert!(advised.contains("run clawmend in WSL"), "{advised}");
}

#[test]
fn a_profile_that_is_nearly_there_is_named() {
    let home = tempfile::tempdir().unwrap();
    let work = home.path().join(".openclaw-work/devices");
    std::fs::create_dir_all(&work).unwrap();
    std::fs::write(work.join("paired.json"), "{}").unwrap();
    let env = Env { home: Some(home.path().to_path_buf()), ..Env::default() };
    let hints = |name: &str| {
        let flags = LocateFlags { profile: Some(name.into()), ..LocateFlags::default() };
        format!("{:?}", locate(&flags, &env).unwrap_err().hints())
    };
    assert!(hints("wrok").contains("nearly that name"), "{}", hints("wrok"));
    assert!(!hints("private").contains("nearly that name"));
}

#[test]
fn root_without_a_state_dir_is_told_of_those_that_are_there() {
    let root = tempfile::tempdir().unwrap();
    let state = |path: &str| {
        let devices = root.path().join(path).join("devices");
        std::fs::create_dir_all(&devices).unwrap();
        std::fs::write(devices.join("paired.json"), "{}").unwrap();
    };
    let places = [
        "home/ann/.openclaw",
        "home/ann/.openclaw-work",
        "home/bob/.local/share/containers/storage/volumes/claw/_data",
        "var/lib/docker/volumes/openclaw_data/_data/.openclaw",
        "addon_configs/0a1b_openclaw/.openclaw",
        "config/.openclaw",
    ];
    places.iter().for_each(|place| state(place));
    std::fs::create_dir_all(root.path().join("home/eve/.openclaw")).unwrap();
    let env = |uid| Env {
        home: Some(root.path().join("root")),
        root: Some(root.path().to_path_buf()),
        uid,
        ..Env::default()
    };
    let hints =
        |uid| format!("{:?}", locate(&LocateFlags::default(), &env(uid)).unwrap_err().hints());
    for place in places {
        // In the command, or before it where a container's own command reaches the state dir.
        let is_named = ['"', ' '].iter().any(|end| hints(0).contains(&format!("{place}{end}")));
        assert!(is_named, "{place}: {}", hints(0));
        assert!(!hints(1000).contains(place), "{place}: of others to nobody but root");
    }
    assert!(!hints(0).contains("eve"), "an empty folder is no state dir");
    assert!(hints(0).contains("last used"));
}

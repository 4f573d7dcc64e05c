//! Reading from a disk: includes, copies, what must not be followed.

use std::path::Path;
use std::time::Duration;

use super::config::MOST_COPIES;
use super::*;
use crate::checks::config::line_of;
use crate::config::model::ConfigState;
use crate::config::owner::Owner;
use crate::image::Slot;

fn located(dir: &Path) -> Located {
    Located {
        state_dir: dir.into(),
        how: "the default".into(),
        config: dir.join("openclaw.json"),
        profile: None,
        home: None,
        container: None,
    }
}

fn put(dir: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn read_all(dir: &Path) -> Model {
    let sqlite = SqliteStore::new(dir, Duration::ZERO);
    read(&located(dir), &Env::default(), 0, sqlite).unwrap().1
}

#[test]
fn every_included_file_is_among_the_images() {
    let dir = tempfile::tempdir().unwrap();
    put(
        dir.path(),
        &[
            (
                "openclaw.json",
                "{ $include: ['./a.json5', 'gone.json5'], x: { $include: 'sub/b.json5' } }",
            ),
            ("a.json5", "{ gateway: { mode: 'local' } }"),
            ("sub/b.json5", "{ y: { $include: '../a.json5' } }"),
        ],
    );
    let model = read_all(dir.path());
    for name in ["openclaw.json", "a.json5", "sub/b.json5"] {
        let image = model.images.text(&Slot::Config(dir.path().join(name))).unwrap();
        assert!(image.bytes().is_some(), "{name}");
    }
    let config = model.config.read().unwrap();
    assert_eq!(config.resolved.files.len(), 3);
    assert_eq!(config.resolved.problems.len(), 1, "the missing file");
    assert!(model.config.whole().is_none());
}

#[test]
fn copies_are_ranked_and_their_includes_read_where_the_config_is_broken() {
    let dir = tempfile::tempdir().unwrap();
    put(
        dir.path(),
        &[
            ("openclaw.json", "{ gateway"),
            (
                "openclaw.json.bak",
                "{ gateway: { mode: 'local', auth: { token: 'old-token' } }, $include: './more.json5' }",
            ),
            ("openclaw.json.clobbered.2026-01-01T00-00-00-000Z", "{ gateway: {} }"),
            ("openclaw.json.tmp", "{}"),
            ("more.json5", "{ agents: {} }"),
        ],
    );
    let model = read_all(dir.path());
    assert!(matches!(model.config.state, ConfigState::Unparsable(_)));
    assert_eq!(model.config.best_copy().unwrap().name, "openclaw.json.bak");
    assert_eq!(model.config.facts.copies.len(), 2);
    let backup = model.config.facts.last_backup().unwrap();
    assert_eq!(backup.token.as_ref().unwrap().expose(), "old-token");
    assert!(model.images.text(&Slot::Config(dir.path().join("more.json5"))).is_some());
}

#[test]
fn many_copies_of_one_kind_hide_none_of_another() {
    let dir = tempfile::tempdir().unwrap();
    let backup = "{ gateway: { mode: 'local', auth: { token: 'old-token' } } }";
    put(dir.path(), &[("openclaw.json", "{}"), ("openclaw.json.bak", backup)]);
    for number in 0..200 {
        let name = format!("openclaw.json.clobbered.{number:03}");
        put(dir.path(), &[(&name, "{ gateway: {} }")]);
    }
    // The first by name is the newest.
    let newest = dir.path().join("openclaw.json.clobbered.000");
    let later = std::time::SystemTime::now() + Duration::from_secs(60);
    std::fs::File::options().write(true).open(newest).unwrap().set_modified(later).unwrap();
    let model = read_all(dir.path());
    let names: Vec<&str> =
        model.config.facts.copies.iter().map(|copy| copy.name.as_str()).collect();
    assert_eq!(names.len(), MOST_COPIES);
    assert!(names.contains(&"openclaw.json.bak"), "{names:?}");
    assert!(names.contains(&"openclaw.json.clobbered.000"), "{names:?}");
    let backup = model.config.facts.last_backup().unwrap();
    assert_eq!(backup.token.as_ref().unwrap().expose(), "old-token");
}

#[test]
fn a_copy_has_to_be_a_config() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), &[("a", "{ gateway: {} }"), ("b", "{ gateway"), ("c", "{}")]);
    assert!(read_copy(&dir.path().join("a")).is_ok());
    for name in ["b", "c", "gone"] {
        assert!(read_copy(&dir.path().join(name)).is_err(), "{name}");
    }
    assert!(read_copy(dir.path()).is_err());
}

#[cfg(unix)]
#[test]
fn links_are_followed_for_reading_and_the_real_place_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let dotfiles = dir.path().join("dotfiles");
    std::fs::create_dir_all(&state).unwrap();
    put(&dotfiles, &[("claw.json", "{ gateway: { mode: 'local' } }")]);
    std::os::unix::fs::symlink(dotfiles.join("claw.json"), state.join("openclaw.json")).unwrap();
    let model = read_all(&state);
    assert!(model.config.whole().is_some());
    let real = model.config.facts.reals.get(&state.join("openclaw.json")).unwrap();
    assert!(real.ends_with("dotfiles/claw.json"));
    let images = &model.images;
    let config = state.join("openclaw.json");
    let fixed = model.config.fixed(images, &config).unwrap();
    assert!(fixed.contains("--config"), "{fixed}");
    // Within the state dir a link is as good as what it leads to.
    std::fs::remove_file(&config).unwrap();
    put(&state, &[("mine/claw.json", "{ gateway: { mode: 'local' } }")]);
    std::os::unix::fs::symlink("mine/claw.json", &config).unwrap();
    let model = read_all(&state);
    assert_eq!(model.config.fixed(&model.images, &config), None);
}

#[test]
fn a_setting_knows_its_line_and_the_config_its_own_variables() {
    let dir = tempfile::tempdir().unwrap();
    put(
        dir.path(),
        &[
            (
                "openclaw.json",
                "{\n  env: { A: 'direct', R: '${A}', vars: { A: 'vars', B: 'b' }, shellEnv: { enabled: true } },\n  gateway: { $include: './g.json5' },\n}\n",
            ),
            ("g.json5", "{\n\n  mode: 'local',\n  auth: {\n    token: '${B}',\n  },\n}\n"),
        ],
    );
    let model = read_all(dir.path());
    let config = model.config.whole().unwrap();
    let line = |owner: &Owner| line_of(&model, &model.config.file_of(owner), &owner.path);
    assert_eq!(line(&config.gateway.auth_token.owner), Some(5));
    assert_eq!(line(&config.gateway.bind.owner), None);
    let set = |name| model.config.facts.gateway_variable(name).map(|(_, value)| value.expose());
    assert_eq!(["A", "B", "R"].map(set), [Some("direct"), Some("b"), None]);
}

#[test]
fn the_ports_of_two_trees_are_both_told() {
    let dir = tempfile::tempdir().unwrap();
    put(
        dir.path(),
        &[
            ("openclaw.json", "{ gateway: { mode: 'local', port: 4000 } }"),
            (".openclaw/openclaw.json", "{ gateway: { port: 5000 } }"),
        ],
    );
    let model = read_all(dir.path());
    assert_eq!(model.facts.other_trees[0].port, Some(5000));
    let findings = crate::checks::diagnose(&model);
    let trees = findings.iter().find(|finding| finding.code.0 == "other-state-dirs").unwrap();
    let told: Vec<String> = trees.evidence.iter().map(|line| line.value()).collect();
    assert!(told[0].contains("port 5000") && told[1].contains("4000"), "{told:?}");
}

#[test]
fn jobs_or_conversations_that_are_no_json_are_seen() {
    let dir = tempfile::tempdir().unwrap();
    let broken = || read_all(dir.path()).facts.broken_files;
    put(dir.path(), &[("cron/jobs.json", "{ // of a person\n  jobs: [], }")]);
    put(
        dir.path(),
        &[("agents/main/sessions/sessions.json", "{ a: 1 }"), ("sessions/sessions.json", "{}")],
    );
    assert_eq!(broken(), [""; 0]);
    put(dir.path(), &[("cron/jobs.json", "")]);
    assert_eq!(broken(), ["cron/jobs.json"]);
    put(dir.path(), &[("state/openclaw.sqlite", "")]);
    assert_eq!(broken(), ["agents/main/sessions/sessions.json"]);
}

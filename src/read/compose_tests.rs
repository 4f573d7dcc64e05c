//! Compose files as people write them.

use super::*;

/// A machine with a state dir and compose files; which service of which files it is.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(root)
    }

    fn of(&self, dir: &str) -> Option<(Vec<String>, Option<String>)> {
        let root = self.0.path().canonicalize().unwrap();
        let dir = root.join(dir);
        std::fs::create_dir_all(&dir).unwrap();
        let env = Env { root: Some(root.clone()), ..Env::default() };
        let found = of(&dir, Some(&root.join("home/ann")), &env)?;
        let files = found
            .files
            .iter()
            .map(|file| file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
        Some((files.collect(), found.service))
    }

    fn service(&self, dir: &str) -> Option<String> {
        self.of(dir)?.1
    }
}

const FILE: &str = "srv/claw/compose.yml";

fn service_of(mount: &str) -> Option<String> {
    let text = format!(
        "# claw\nservices:\n  db:\n    image: x\n    volumes:\n      - ./data:/var/lib\n  \"claw\":\n    image: openclaw\n    volumes: {mount}\nvolumes:\n  data:\n  folder:\n    driver_opts: {{type: none, o: bind, device: @DIR}}\n"
    );
    let machine =
        Machine::new(&[(FILE, ""), ("srv/claw/.env", "OPENCLAW_CONFIG_DIR=./config\nEMPTY=\n")]);
    let dir = machine.0.path().canonicalize().unwrap().join("srv/claw/config");
    let text = text.replace("@DIR", &dir.display().to_string());
    std::fs::write(machine.0.path().join(FILE), text).unwrap();
    machine.service("srv/claw/config")
}

#[test]
fn the_service_that_mounts_the_state_dir_is_named() {
    for mount in [
        "[./config:/home/node/.openclaw]",
        "[\"./config:/home/node/.openclaw:rw,Z\", ./x:/y]",
        "\n      - './config:/home/node/.openclaw'",
        "\n      - .:/home/node",
        "\n      - ../claw/config:/home/node/.openclaw",
        "\n      - $OPENCLAW_CONFIG_DIR:/home/node/.openclaw",
        "\n      - ${OPENCLAW_CONFIG_DIR}:/home/node/.openclaw",
        "\n      - ${OPENCLAW_CONFIG_DIR:?set it}:/home/node/.openclaw",
        "\n      - ${OPENCLAW_CONFIG_DIR:-./other}:/home/node/.openclaw",
        "\n      - ${EMPTY:-./config}:/home/node/.openclaw",
        "\n      - ${NOT_SET:-${EMPTY:-./config}}:/home/node/.openclaw",
        "\n      - ${PWD}/config:/home/node/.openclaw",
        "\n      - @DIR:/home/node/.openclaw",
        "\n      - folder:/home/node/.openclaw",
        "\n      - type: bind\n        target: /home/node/.openclaw\n        source: ./config",
        "[{type: bind, source: ./config, target: /home/node/.openclaw}]",
    ] {
        assert_eq!(service_of(mount).as_deref(), Some("claw"), "{mount}");
    }
    for mount in [
        "[config:/state]",
        "[./other:/state]",
        "[\"${NOT_SET}:/state\"]",
        "[./config:/state:ro]",
        "[{type: bind, source: ./config, target: /state, read_only: true}]",
        "[\":\"]",
        "[]",
        "",
        "[",
    ] {
        assert_eq!(service_of(mount), None, "{mount}");
    }
}

#[test]
fn anchors_and_merges_are_followed() {
    let text = "x-claw: &claw\n  image: openclaw\n  volumes: [\"./s:/home/node/.openclaw\"]\nservices:\n  gateway:\n    <<: *claw\n";
    let machine = Machine::new(&[(FILE, text)]);
    assert_eq!(machine.service("srv/claw/s").as_deref(), Some("gateway"));
}

/// OpenClaw's own files: a checkout in the home, the state in the home, both services with the same mounts.
#[test]
fn openclaws_own_layout_is_known() {
    let text = "services:\n  openclaw-gateway:\n    image: ${OPENCLAW_IMAGE:-openclaw:local}\n    volumes:\n      - ${OPENCLAW_CONFIG_DIR}:/home/node/.openclaw\n      - ${OPENCLAW_WORKSPACE_DIR}:/home/node/.openclaw/workspace\n    command:\n      [\n        \"node\",\n        \"${OPENCLAW_GATEWAY_BIND:-lan}\",\n      ]\n\n  openclaw-cli:\n    image: ${OPENCLAW_IMAGE:-openclaw:local}\n    volumes:\n      - ${OPENCLAW_CONFIG_DIR}:/home/node/.openclaw\n";
    let machine = Machine::new(&[("home/ann/openclaw/docker-compose.yml", text)]);
    let root = machine.0.path().canonicalize().unwrap();
    let set = format!("OPENCLAW_CONFIG_DIR={}/home/ann/.openclaw\n", root.display());
    std::fs::write(root.join("home/ann/openclaw/.env"), set).unwrap();
    let (files, service) = machine.of("home/ann/.openclaw").unwrap();
    assert_eq!(files, ["home/ann/openclaw/docker-compose.yml"]);
    assert_eq!(service.as_deref(), Some("openclaw-gateway"));
    // Before its setup wrote that file, and as another project writes it.
    for default in
        ["${OPENCLAW_CONFIG_DIR:-~/.openclaw}", "${HOME}/.openclaw", "~/.openclaw", "../.openclaw"]
    {
        std::fs::write(root.join("home/ann/openclaw/.env"), "").unwrap();
        let text = text.replace("${OPENCLAW_CONFIG_DIR}", default);
        std::fs::write(root.join("home/ann/openclaw/docker-compose.yml"), text).unwrap();
        assert_eq!(
            machine.service("home/ann/.openclaw").as_deref(),
            Some("openclaw-gateway"),
            "{default}"
        );
    }
}

#[test]
fn files_are_found_where_people_keep_them_and_named_as_compose_takes_them() {
    const MOUNTS: &str =
        "services:\n  claw:\n    image: openclaw\n    volumes:\n      - DIR:/state\n";
    const NONE: &str = "services:\n  claw:\n    image: openclaw\n";
    let files = |files: &[(&str, &str, &str)], dir: &str| {
        let files: Vec<(&str, String)> =
            files.iter().map(|(name, text, dir)| (*name, text.replace("DIR", dir))).collect();
        let files: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let (files, service) = Machine::new(&files).of(dir).unwrap();
        assert!(service.is_some(), "{files:?}");
        files
    };
    for (file, written, dir) in [
        ("srv/a/volumes/openclaw/compose.yaml", "./config", "srv/a/volumes/openclaw/config"),
        ("srv/a/compose.yaml", "./volumes/openclaw/config", "srv/a/volumes/openclaw/config"),
        ("srv/a/compose.yaml", "../openclaw-data", "srv/openclaw-data"),
        ("srv/a/compose.yaml", ".", "srv/a"),
        ("opt/stacks/a/compose.yaml", "../../../home/ann/.openclaw", "home/ann/.openclaw"),
        ("home/ann/docker/docker-compose.prod.yml", "./s", "home/ann/docker/s"),
    ] {
        assert_eq!(files(&[(file, MOUNTS, written)], dir), [file]);
    }
    let (own, over, extra) = (
        "srv/a/docker-compose.yml",
        "srv/a/docker-compose.override.yml",
        "srv/a/docker-compose.extra.yml",
    );
    let both = [(own, NONE, ""), (over, MOUNTS, "./s")];
    assert_eq!(files(&both, "srv/a/s"), [own, over]);
    let three = [(own, NONE, ""), (over, NONE, ""), (extra, MOUNTS, "./s")];
    assert_eq!(files(&three, "srv/a/s"), [own, over, extra]);
    // The nearest mount, not that of a backup of everything.
    let two = [("srv/compose.yml", MOUNTS, "./"), (own, MOUNTS, "./s")];
    assert_eq!(files(&two, "srv/a/s"), [own]);
}

#[test]
fn a_file_that_mounts_something_else_is_only_near() {
    let machine = Machine::new(&[(FILE, "services:\n  claw:\n    image: openclaw\n")]);
    assert_eq!(machine.of("srv/claw/s"), Some((vec![FILE.to_owned()], None)));
    assert_eq!(machine.of("srv/s"), None, "beside it nothing says so");
    let machine =
        Machine::new(&[(FILE, "services:\n  db:\n    image: x\n    volumes: [./s:/s]\n")]);
    assert_eq!(machine.of("srv/claw/s"), None, "of another program");
}

#[test]
fn a_service_that_would_be_an_option_is_not_named() {
    let text = "services:\n  --privileged:\n    image: openclaw\n    volumes: [./config:/x]\n";
    assert_eq!(Machine::new(&[(FILE, text)]).service("srv/claw/config"), None);
}

/// What one file says by naming another one.
#[test]
fn files_that_name_each_other_are_one() {
    const MOUNTS: &str =
        "services:\n  claw:\n    image: openclaw\n    volumes: [\"./s:/home/node/.openclaw\"]\n";
    let found = |files: &[(&str, &str)], dir: &str| {
        let (files, service) = Machine::new(files).of(dir)?;
        Some((files, service?))
    };
    let own = "srv/a/compose.yml";
    let is = |file: &str, service: &str| Some((vec![file.to_owned()], service.to_owned()));
    for include in ["include: [claw/compose.yml]\n", "include:\n  - path: ./claw/compose.yml\n"] {
        let files = [(own, include), ("srv/a/claw/compose.yml", MOUNTS)];
        assert_eq!(found(&files, "srv/a/claw/s"), is("srv/a/claw/compose.yml", "claw"));
        let files = [(own, include), ("srv/a/claw/compose.yml", &MOUNTS.replace("./s", "../../s"))];
        assert_eq!(found(&files, "srv/s"), is("srv/a/compose.yml", "claw"), "{include}");
    }
    let extends = "services:\n  gate:\n    extends: {file: base.yml, service: claw}\n";
    let files = [(own, extends), ("srv/a/base.yml", MOUNTS)];
    assert_eq!(found(&files, "srv/a/s"), is(own, "gate"));
    let both = format!("{MOUNTS}  gate:\n    extends: {{service: gate}}\n");
    assert_eq!(found(&[(own, &both)], "srv/a/s"), is(own, "claw"), "a circle ends");
    let files = [
        (own, "services: {}\n"),
        ("srv/a/.env", "COMPOSE_FILE=x/one.yml\n"),
        ("srv/a/x/one.yml", MOUNTS),
    ];
    assert_eq!(found(&files, "srv/a/x/s"), is("srv/a/x/one.yml", "claw"));
    for name in ["podman-compose.yml", "openclaw.yml", "stack.yaml"] {
        let file = format!("srv/a/{name}");
        assert_eq!(found(&[(&file, MOUNTS)], "srv/a/s"), is(&file, "claw"));
        assert_eq!(found(&[(&file, "services:\n  claw:\n    image: openclaw\n")], "srv/a/s"), None);
    }
}

#[test]
fn a_tilde_is_the_home_of_whoever_has_the_file() {
    let text = "services:\n  claw:\n    image: openclaw\n    volumes: [\"~/.openclaw:/x\"]\n";
    let machine = Machine::new(&[
        ("etc/passwd", "bob:x:1001:1001::/home/bob:/bin/sh\n"),
        ("home/bob/claw/compose.yml", text),
    ]);
    // Root reads it, whose own home is another one.
    assert_eq!(machine.service("home/bob/.openclaw").as_deref(), Some("claw"));
    assert_eq!(machine.service("home/ann/.openclaw"), None);
}

#[test]
fn files_that_compose_refuses_alone_are_not_named() {
    let umbrel = "services:\n  app_proxy:\n    environment: {APP_HOST: openclaw_gateway_1}\n  gateway:\n    image: openclaw\n    volumes: [\"${APP_DATA_DIR}/data:/data\"]\n";
    let at = "home/ann/umbrel/app-data/openclaw/docker-compose.yml";
    let state = "home/ann/umbrel/app-data/openclaw/data/.openclaw";
    assert_eq!(Machine::new(&[(at, umbrel)]).of(state), None);
}

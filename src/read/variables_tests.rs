//! Variables from this environment, from `.env` files and from services.

use super::*;

fn pairs(found: &Pairs) -> Vec<(&str, &str)> {
    found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[test]
fn windows_scripts_are_understood() {
    assert_eq!(
        pairs(&script("@echo off\r\nset A=1\r\nSET \"B=2 3\"\r\nnode x\r\n")),
        [("A", "1"), ("B", "2 3")]
    );
}

struct Machine(tempfile::TempDir);

impl Machine {
    fn new(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("home/me/.openclaw")).unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(root)
    }

    fn read(&self, vars: &[(&str, &str)], early: bool) -> Vec<Variables> {
        let root = self.0.path();
        let home = root.join("home/me");
        let state = home.join(".openclaw");
        let located = Located {
            config: state.join("openclaw.json"),
            state_dir: state.into(),
            how: String::new(),
            profile: None,
            home: Some(home.clone()),
            container: None,
        };
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let env = Env {
            vars: vars.iter().map(own).collect(),
            home: Some(home.clone()),
            cwd: home.join("project"),
            root: Some(root.to_path_buf()),
            ..Env::default()
        };
        read(&located, &env, early)
    }
}

fn names(all: &[Variables]) -> Vec<&str> {
    all.iter().map(|at| at.at.rsplit('/').next().unwrap()).collect()
}

#[test]
fn a_service_of_another_state_dir_says_so() {
    let machine = Machine::new(&[
        (
            "home/me/.config/systemd/user/openclaw-gateway.service",
            "[Service]\nEnvironment=OPENCLAW_STATE_DIR=/other OPENCLAW_GATEWAY_PORT=1234\nEnvironment=OPENCLAW_GATEWAY_TOKEN=0123456789abcdefXYZ\n",
        ),
        ("home/me/.openclaw/.env", "OPENCLAW_GATEWAY_PORT=host:99\nSECRET=0123456789\n"),
    ]);
    let found = machine.read(&[], false);
    let places: Vec<Origin> = found.iter().map(|at| at.place).collect();
    assert_eq!(places, [Origin::Process, Origin::DotEnv, Origin::Service]);
    assert_eq!(found[1].port, Some(99));
    assert_eq!(found[2].other_state_dir, Some("/other".into()));
    assert!(!format!("{found:?}").contains("0123456789"));
}

#[test]
fn a_unit_of_the_system_belongs_to_the_state_dir_of_its_user() {
    let unit = "[Service]\nUser=USER\nEnvironmentFile=-%h/x\nEnvironment=OPENCLAW_GATEWAY_PORT=1\n";
    let machine = Machine::new(&[("etc/systemd/system/openclaw-gateway.service", "")]);
    let root = machine.0.path();
    let passwd = format!(
        "root:x:0:0::/root:/bin/sh\nme:x:1:1::{}:/bin/sh\n",
        root.join("home/me").display()
    );
    std::fs::write(root.join("etc/passwd"), passwd).unwrap();
    let other_state_dir = |user: &str| {
        let file = root.join("etc/systemd/system/openclaw-gateway.service");
        std::fs::write(file, unit.replace("USER", user)).unwrap();
        machine.read(&[], false).pop().unwrap().other_state_dir
    };
    assert_eq!(other_state_dir("me"), None);
    assert_eq!(other_state_dir("root"), Some("/root/.openclaw".into()));
}

#[test]
fn early_releases_know_old_names_and_the_working_folders_file() {
    let machine =
        Machine::new(&[("home/me/project/.env", "OPENCLAW_GATEWAY_TOKEN=of-the-folder\n")]);
    let vars = [
        ("CLAWDBOT_GATEWAY_TOKEN", "old"),
        ("CLAWDBOT_VERSION", "1"),
        ("MOLTBOT_GATEWAY_PORT", "7"),
    ];
    let late = machine.read(&vars, false);
    assert_eq!((late.len(), late[0].token.clone(), late[0].port), (1, None, None));
    assert_eq!(late[0].old_names(), ["CLAWDBOT_GATEWAY_TOKEN", "MOLTBOT_GATEWAY_PORT"]);
    let early = machine.read(&vars, true);
    assert_eq!(early[0].token, Some(Secret::new("old")));
    assert_eq!(early[1].place, Origin::WorkingFolder);
    assert_eq!(early[1].token, Some(Secret::new("of-the-folder")));
}

#[test]
fn files_beside_the_state_are_read_once() {
    let unit = "[Service]\nEnvironment=OPENCLAW_GATEWAY_TOKEN=a\nEnvironmentFile=-%h/.openclaw/gateway.systemd.env\n";
    let machine = Machine::new(&[
        ("home/me/.openclaw/gateway.systemd.env", "OPENCLAW_GATEWAY_TOKEN=\"b\"\n"),
        (
            "home/me/.openclaw/service-env/ai.openclaw.gateway.env",
            "export OPENCLAW_GATEWAY_TOKEN='c'\n",
        ),
        (
            "home/me/.openclaw/service-env/ai.openclaw.node.env",
            "export OPENCLAW_GATEWAY_TOKEN='n'\n",
        ),
        (
            "home/me/Library/LaunchAgents/ai.openclaw.gateway.plist",
            "<key>EnvironmentVariables</key><dict><key>OPENCLAW_GATEWAY_TOKEN</key><string>d</string></dict>",
        ),
    ]);
    let tokens = |all: &[Variables]| -> Vec<String> {
        all.iter().filter_map(|at| Some(at.token.as_ref()?.expose().to_owned())).collect()
    };
    let found = machine.read(&[], false);
    assert_eq!(
        names(&found),
        [
            "this environment",
            "ai.openclaw.gateway.env",
            "ai.openclaw.gateway.plist",
            "gateway.systemd.env"
        ]
    );
    assert_eq!(tokens(&found), ["c", "d", "b"]);
    let path = machine.0.path().join("home/me/.config/systemd/user/openclaw-gateway.service");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, unit).unwrap();
    let found = machine.read(&[], false);
    assert_eq!(tokens(&found), ["b", "c", "d"]);
}

#[test]
fn the_command_lines_of_launch_agents_and_windows_scripts_are_read() {
    let machine = Machine::new(&[
        (
            "home/me/Library/LaunchAgents/ai.openclaw.gateway.plist",
            "<dict><key>ProgramArguments</key><array><string>openclaw</string><string>gateway</string><string>--port</string><string>7</string></array></dict>",
        ),
        ("home/me/.openclaw/gateway.cmd", "@echo off\r\nnode.exe x.mjs gateway --port 8\r\n"),
    ]);
    let ports: Vec<_> = machine.read(&[], false).iter().map(|at| at.flags.port).collect();
    assert_eq!(ports, [None, Some(7), Some(8)]);
}

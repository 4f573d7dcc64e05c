//! Units, drop-ins and environment files.

use super::*;

fn put(root: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn parsed(text: &str) -> Vec<(String, String)> {
    let mut parsed = Parsed { home: "/home/me".into(), ..Parsed::default() };
    parsed.add(text);
    parsed.inline.into_iter().collect()
}

#[track_caller]
fn sets(line: &str, expected: &[(&str, &str)]) {
    let found = parsed(&format!("[Service]\n{line}\n"));
    let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(found, expected, "{line}");
}

#[test]
fn assignments_are_words_as_systemd_splits_them() {
    sets("Environment=A=1 \"B=2 3\" 'C=4'", &[("A", "1"), ("B", "2 3"), ("C", "4")]);
    sets("Environment=\"A=5\\\"\"", &[("A", "5\"")]);
    sets("Environment = A=%h/x B=100%% C=%i", &[("A", "/home/me/x"), ("B", "100%"), ("C", "%i")]);
    sets("Environment=A=\\x41\\101\\s\\t.", &[("A", "AA \t.")]);
    sets("Environment=A=1 B=\\q C=3", &[("A", "1")]);
    sets("Environment=A=1 \"B=2", &[("A", "1")]);
    sets("Environment=A=1 2B=2 =3 C", &[("A", "1")]);
    sets("Environment=A=1\nEnvironment=A=2", &[("A", "2")]);
    sets("Environment=A=1\nEnvironment=\nEnvironment=B=2", &[("B", "2")]);
}

#[test]
fn lines_go_on_after_a_backslash_and_only_the_service_section_counts() {
    sets(
        "Environment=A=1 \\\n# no\n  B=2 \\\n;no\n  C=3\nEnvironment=D=4",
        &[("A", "1"), ("B", "2"), ("C", "3"), ("D", "4")],
    );
    assert_eq!(parsed("[Unit]\nEnvironment=A=1\n[Install]\nEnvironment=B=1\n"), []);
    assert_eq!(parsed("Environment=A=1\n"), []);
}

#[test]
fn environment_files_are_read_as_systemd_reads_them() {
    let text = "# A=0\n;B=0\nA=1 # not a comment  \n B = 'x'\"y\\$\\q\"  z \nC=\"two\nlines\"\nD=a\\\nb\n2E=1\nF\nexport G=1\nH=\nI=it's\n";
    let found = environment_file(text);
    let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(
        found,
        [
            ("A", "1 # not a comment"),
            ("B", "xy$\\qz"),
            ("C", "two\nlines"),
            ("D", "ab"),
            ("H", ""),
            ("I", "it's")
        ]
    );
}

#[test]
fn drop_ins_count_after_the_unit_by_name_and_files_beat_lines() {
    let root = tempfile::tempdir().unwrap();
    let home = root.path().join("home/me");
    put(
        root.path(),
        &[
            (
                "home/me/.config/systemd/user/openclaw-gateway.service",
                "[Service]\nEnvironment=A=unit B=unit C=unit D=unit E=unit\nEnvironmentFile=-%h/gone\nEnvironmentFile=%h/a.env\nEnvironmentFile=%h/lost\nWorkingDirectory=%h/work\n",
            ),
            ("home/me/a.env", "B=file\nC=file\n"),
            (
                "home/me/.config/systemd/user/openclaw-gateway.service.d/20-x.conf",
                "[Service]\nEnvironment=A=twenty C=twenty\nUnsetEnvironment=D E=other\n",
            ),
            (
                "etc/systemd/user/openclaw-gateway.service.d/10-x.conf",
                "[Service]\nEnvironment=A=ten X=ten\n",
            ),
            (
                "etc/systemd/user/openclaw-gateway.service.d/20-x.conf",
                "[Service]\nEnvironment=A=masked\n",
            ),
            ("etc/systemd/user/openclaw-.service.d/30-x.conf", "[Service]\nEnvironment=Y=prefix\n"),
            ("etc/systemd/user/openclaw-gateway.service.d/readme", "[Service]\nEnvironment=A=no\n"),
        ],
    );
    let folders = user_folders(&home, Some(root.path()));
    let unit = read("openclaw-gateway", &folders, &home).unwrap();
    let found: Vec<(&str, &str)> =
        unit.variables.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(
        found,
        [
            ("A", "twenty"),
            ("B", "file"),
            ("C", "file"),
            ("E", "unit"),
            ("X", "ten"),
            ("Y", "prefix")
        ]
    );
    assert_eq!(unit.files.len(), 4);
    assert_eq!(unit.environment_files, [home.join("a.env")]);
    assert_eq!(unit.missing, [home.join("lost").to_string_lossy()]);
    assert_eq!(unit.unread, Vec::<String>::new());
    assert_eq!(unit.working_dir, Some(home.join("work")));
    assert_eq!(read("other", &folders, &home), None);
}

#[cfg(unix)]
#[test]
fn a_masked_unit_is_none() {
    let root = tempfile::tempdir().unwrap();
    let home = root.path().join("home/me");
    put(
        root.path(),
        &[
            ("usr/lib/systemd/user/openclaw-gateway.service", "[Service]\n"),
            ("home/me/.config/systemd/user/x", ""),
        ],
    );
    let folders = user_folders(&home, Some(root.path()));
    assert!(read("openclaw-gateway", &folders, &home).is_some());
    std::os::unix::fs::symlink(
        "/dev/null",
        home.join(".config/systemd/user/openclaw-gateway.service"),
    )
    .unwrap();
    assert_eq!(read("openclaw-gateway", &folders, &home), None);
}

#[test]
fn the_last_command_line_counts_and_an_empty_one_takes_it_back() {
    let root = tempfile::tempdir().unwrap();
    let port = |files: &[(&str, &str)]| {
        put(root.path(), files);
        read("openclaw-gateway", &[root.path().to_path_buf()], Path::new("/h")).unwrap().flags.port
    };
    let unit = "[Service]\nEnvironment=P=3\nExecStart=/usr/bin/node \"/a b/openclaw.mjs\" gateway \\\n  --port 1\n";
    assert_eq!(port(&[("openclaw-gateway.service", unit)]), Some(1));
    let drop_in = "openclaw-gateway.service.d/1.conf";
    assert_eq!(
        port(&[(drop_in, "[Service]\nExecStart=\nExecStart=openclaw gateway --port ${P}\n")]),
        Some(3)
    );
    assert_eq!(port(&[(drop_in, "[Service]\nExecStart=\n")]), None);
}

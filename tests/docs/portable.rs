//! Code for one kind of system stays in `src/platform`.

use std::path::Path;

use super::root;

#[test]
fn only_the_platform_room_asks_which_system_it_is_on() {
    visit(&root().join("src"));
}

fn visit(dir: &Path) {
    const WORDS: [&str; 9] = [
        "cfg(unix",
        "cfg(not(unix",
        "cfg(windows",
        "cfg!(",
        "target_os",
        "std::os::",
        "rustix::",
        "libc::",
        "signal_hook::",
    ];
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !path.ends_with("src/platform") {
                visit(&path);
            }
        } else if !name.contains("tests") {
            let text = std::fs::read_to_string(&path).unwrap();
            let program = text.split("#[cfg(test)]").next().unwrap();
            let program = program.split("#[cfg(all(test").next().unwrap();
            for word in WORDS {
                assert!(!program.contains(word), "{}: {word}", path.display());
            }
        }
    }
}

/// The half that every system can compile names nothing of a single one, but for Windows, whose half it is.
#[test]
fn the_portable_half_needs_std_alone() {
    for entry in std::fs::read_dir(root().join("src/platform/portable")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for word in [
            "std::os::unix",
            "std::os::linux",
            "std::os::macos",
            "std::os::fd",
            "rustix",
            "libc",
            "signal_hook",
            "cfg(unix",
        ] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

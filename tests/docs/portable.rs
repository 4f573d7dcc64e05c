//! Code for one kind of system says what happens on the others.

use std::path::Path;

use super::root;

#[test]
fn every_file_with_unix_code_has_code_for_the_others_too() {
    visit(&root().join("src"));
}

fn visit(dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            // One file per kind of system, chosen in its `mod.rs`.
            if !path.ends_with("files/platform") {
                visit(&path);
            }
        } else if !name.contains("tests") {
            let text = std::fs::read_to_string(&path).unwrap();
            let program = text.split("#[cfg(test)]").next().unwrap();
            let program = program.split("#[cfg(all(test").next().unwrap();
            let unix = ["std::os::unix", "rustix::", "libc::", "signal_hook::"];
            if unix.iter().any(|word| program.contains(word)) {
                assert!(program.contains("cfg(unix)"), "{}", path.display());
                assert!(program.contains("not(unix)"), "{}", path.display());
            }
        }
    }
}

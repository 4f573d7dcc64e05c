//! What is written down agrees with the program.

use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a generated text with a file of the repository; `CLAWMEND_BLESS=1` writes it.
fn kept(path: &str, fresh: &str) {
    let path = root().join(path);
    if std::env::var_os("CLAWMEND_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, fresh).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == fresh,
        "{} is stale: run CLAWMEND_BLESS=1 cargo test docs",
        path.display()
    );
}

#[test]
fn man_pages_are_fresh() {
    let pages = clawmend::cli::man_pages().unwrap();
    for (name, page) in &pages {
        kept(&format!("man/{name}"), page);
    }
    for entry in std::fs::read_dir(root().join("man")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            pages.iter().any(|(page, _)| *page == name),
            "man/{name} belongs to no command"
        );
    }
}

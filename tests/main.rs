//! Integration tests, one binary: the whole program in this process, and the stores' contract.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests say what they expect by failing"
)]

mod cli;
mod docs;
mod entry_points;
mod rooms;
mod sqlite_store;
mod store_contract;
mod support;
#[cfg(all(target_os = "linux", not(clawmend_portable)))]
mod terminal;

/// Every test file is declared, so that none is forgotten.
#[test]
fn every_test_file_is_part_of_this_binary() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let declared = include_str!("main.rs").to_owned()
        + include_str!("cli/mod.rs")
        + include_str!("docs/mod.rs");
    for dir in [root.clone(), root.join("cli"), root.join("docs")] {
        for entry in std::fs::read_dir(dir).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if let Some(module) =
                name.strip_suffix(".rs").filter(|module| !["main", "mod"].contains(module))
            {
                assert!(
                    declared.contains(&format!("mod {module};")),
                    "tests: `mod {module};` is missing"
                );
            }
        }
    }
}

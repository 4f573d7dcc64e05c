//! What is written down agrees with the program. `CLAWMEND_BLESS=1 cargo test docs` writes anew what is
//! made from it: man pages, tables, sessions, the findings' page, the JSON Schema.

mod cases;
mod console;
mod pages;
mod portable;
mod schema;
mod tables;

use std::path::Path;
use std::sync::Mutex;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Several tests write parts of one file.
static WRITING: Mutex<()> = Mutex::new(());

/// Compares the generated form of a file with the file; `CLAWMEND_BLESS=1` writes it.
#[track_caller]
pub fn kept(path: &str, fresh: impl FnOnce(&str) -> String) {
    let _guard = WRITING.lock();
    let file = root().join(path);
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let fresh = fresh(&kept);
    if kept == fresh {
        return;
    }
    if std::env::var_os("CLAWMEND_BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, fresh).unwrap();
        return;
    }
    let differs = kept.lines().zip(fresh.lines()).find(|(a, b)| a != b);
    panic!(
        "{path} is stale: run CLAWMEND_BLESS=1 cargo test docs\nfirst difference (kept, fresh): {differs:#?}"
    );
}

/// The text with what stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->` replaced.
pub fn between(text: &str, name: &str, inside: &str) -> String {
    let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
    let (head, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("no {begin}"));
    let (_, tail) = rest.split_once(&end).unwrap_or_else(|| panic!("no {end}"));
    format!("{head}{begin}{inside}{end}{tail}")
}

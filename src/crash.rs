//! What a crash may give away: nothing. The memory of a run holds tokens and private keys.

use std::io::Write;
use std::panic::PanicHookInfo;

/// No core file, and a panic that says where and not what: its text may quote state. Called once, first.
pub fn keep_quiet() {
    crate::platform::no_core();
    std::panic::set_hook(Box::new(|info| {
        let _ = std::io::stderr().write_all(said(info).as_bytes());
    }));
}

fn said(info: &PanicHookInfo<'_>) -> String {
    let place = info
        .location()
        .map_or_else(|| "an unknown place".to_owned(), |at| format!("{}:{}", at.file(), at.line()));
    format!(
        "error: clawmend {} has a bug and stopped at {place}\n       \
         every file is whole, old or new: `clawmend diagnose` says what is there, and the next writing command goes on from it\n       \
         please report the line above; it holds nothing of your state\n",
        env!("CARGO_PKG_VERSION")
    )
}

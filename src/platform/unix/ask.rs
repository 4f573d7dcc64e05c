//! Questions at the terminal, answered with a key.

use std::io::Write;

use super::process::breaks_off;

/// Yes or no; `None` when the question was broken off (Ctrl-C, Esc).
pub fn confirm(question: &str) -> Option<bool> {
    let asked = breaks_off(|| {
        dialoguer::Confirm::new().with_prompt(question).default(false).interact_opt()
    });
    leave(asked.is_err());
    asked.ok().flatten()
}

/// One of several; `None` when the question was broken off.
pub fn choose(question: &str, items: &[String]) -> Option<usize> {
    let asked = breaks_off(|| {
        dialoguer::Select::new().with_prompt(question).items(items).default(0).interact_opt()
    });
    leave(asked.is_err());
    asked.ok().flatten()
}

/// dialoguer hides the cursor and leaves it hidden after Ctrl-C, at the end of the question's line.
fn leave(broken_off: bool) {
    let mut err = std::io::stderr();
    let _ = err.write_all(b"\x1b[?25h");
    if broken_off {
        let _ = err.write_all(b"\n");
    }
    let _ = err.flush();
}

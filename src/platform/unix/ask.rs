//! Questions at the terminal.

use std::io::{BufRead, Write};

use super::process::breaks_off;
pub use crate::platform::portable::ask::{Answer, confirm_with};

/// What a line answers; `None` when the question was broken off (Ctrl-C, Ctrl-D).
pub fn confirm(question: &str) -> Option<Answer> {
    confirm_with(question, line)
}

/// A whole line of the terminal, asked for on stderr. What was typed before the question stood there
/// answers nothing.
fn line(prompt: &str) -> Option<String> {
    let stdin = std::io::stdin();
    let mut err = std::io::stderr();
    let _ = rustix::termios::tcflush(&stdin, rustix::termios::QueueSelector::IFlush);
    err.write_all(prompt.as_bytes()).and_then(|()| err.flush()).ok()?;
    let answer = breaks_off(|interrupted| {
        // Reading would go on after a Ctrl-C; waiting does not.
        while !interrupted() {
            let mut waiting = [rustix::event::PollFd::new(&stdin, rustix::event::PollFlags::IN)];
            match rustix::event::poll(&mut waiting, None) {
                Ok(_) => {
                    let mut line = String::new();
                    return stdin
                        .lock()
                        .read_line(&mut line)
                        .ok()
                        .filter(|&read| read > 0)
                        .map(|_| line);
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return None,
            }
        }
        None
    });
    match &answer {
        // Lines pasted behind the answer are not for the shell.
        Some(_) => drop(rustix::termios::tcflush(&stdin, rustix::termios::QueueSelector::IFlush)),
        None => drop(err.write_all(b"\n")),
    }
    answer
}

/// One of several; `None` when the question was broken off.
pub fn choose(question: &str, items: &[String]) -> Option<usize> {
    let asked = breaks_off(|_| {
        dialoguer::Select::new().with_prompt(question).items(items).default(0).interact_opt()
    });
    // dialoguer hides the cursor and leaves it hidden after Ctrl-C, at the end of the question's line.
    let mut err = std::io::stderr();
    let _ = err.write_all(if asked.is_err() { b"\x1b[?25h\n" } else { b"\x1b[?25h" });
    let _ = err.flush();
    asked.ok().flatten()
}

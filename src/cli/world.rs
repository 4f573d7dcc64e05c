//! The outside of the program as a value: streams, clock, randomness, the person at the keyboard.
//! `main` makes the real one, tests make their own.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};

use super::progress::Screen;
use crate::error::Error;
use crate::files::StateDir;
use crate::platform;
pub use crate::platform::Answer;
use crate::read::env::Env;

/// Everything that comes from outside.
pub struct World<'a> {
    /// The environment variables, folders and user of this process.
    pub env: Env,
    /// What starts this program: `clawmend`, or the words of a wrapper.
    pub program: Vec<String>,
    /// Now, milliseconds since 1970.
    pub now_ms: i64,
    /// The local time zone's offset from UTC, seconds.
    pub utc_offset: i32,
    /// 32 fresh random bytes.
    pub random: &'a mut dyn FnMut() -> Option<[u8; 32]>,
    /// Stdout: what was asked for.
    pub out: &'a mut dyn Write,
    /// Notes and errors.
    pub err: &'a mut dyn Write,
    /// Whether stdout is a terminal (decides colour).
    pub out_is_terminal: bool,
    /// NO_COLOR is set, or the terminal cannot do it.
    pub no_color: bool,
    /// Columns to wrap text at.
    pub width: usize,
    /// Gives root's process the rights of the state dir's owner for good: [`crate::files::rights::become_owner`].
    pub become_owner: &'a dyn Fn(&StateDir) -> Result<(), Error>,
    /// Runs this program with other arguments, and returns what it printed: [`super::again::this_program`].
    pub again: &'a dyn Fn(&[OsString]) -> std::io::Result<Vec<u8>>,
    /// Who may be asked; [`Nobody`] where no terminal is.
    pub person: &'a dyn Person,
}

/// Somebody who can be asked.
pub trait Person {
    /// Whether anybody can answer a question.
    fn is_there(&self) -> bool;

    /// Where somebody looks on who wants to know what takes so long.
    fn screen(&self) -> Option<Screen> {
        None
    }

    /// Whether a text comes by a pipe or from a file on stdin.
    fn pipes(&self) -> bool {
        false
    }

    /// What comes on stdin.
    fn input(&self) -> Box<dyn std::io::Read> {
        Box::new(std::io::empty())
    }

    /// What a whole line answers to a question; `None` when it was broken off (Ctrl-C).
    fn confirm(&self, question: &str) -> Option<Answer>;

    /// One of several; `None` when the question was broken off.
    fn choose(&self, question: &str, items: &[String]) -> Option<usize>;
}

/// Nobody can be asked: a script, or a test.
pub struct Nobody;

impl Person for Nobody {
    fn is_there(&self) -> bool {
        false
    }
    fn confirm(&self, _question: &str) -> Option<Answer> {
        None
    }
    fn choose(&self, _question: &str, _items: &[String]) -> Option<usize> {
        None
    }
}

/// Whoever sits at this process's terminal.
pub struct AtTerminal;

impl Person for AtTerminal {
    fn is_there(&self) -> bool {
        // The questions are asked on stderr and answered on stdin.
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    fn screen(&self) -> Option<Screen> {
        let stderr = std::io::stderr();
        stderr.is_terminal().then(|| Box::new(anstream::AutoStream::auto(stderr)) as Screen)
    }

    fn pipes(&self) -> bool {
        !std::io::stdin().is_terminal()
    }

    fn input(&self) -> Box<dyn std::io::Read> {
        Box::new(std::io::stdin())
    }

    fn confirm(&self, question: &str) -> Option<Answer> {
        platform::confirm(question)
    }

    fn choose(&self, question: &str, items: &[String]) -> Option<usize> {
        platform::choose(question, items)
    }
}

/// Columns to use, between 40 and 100: the terminal's, else what `COLUMNS` says, else 80.
pub fn width() -> usize {
    let terminal = || Some(usize::from(dialoguer::console::Term::stdout().size_checked()?.1));
    terminal().or_else(crate::read::env::columns).map_or(80, |columns| columns.clamp(40, 100))
}

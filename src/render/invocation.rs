//! How a [`Step`] becomes a line to paste: the program's name as it was started, the
//! flags of this run, each argument quoted for the shell.

use std::ffi::OsString;

use unicode_width::UnicodeWidthStr;

use super::shell::Shell;
use super::wrap_words;
use crate::step::{CommandLine, Program, Step};
use crate::text::{harmless, safe};

/// How clawmend was called in this run.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// What starts the program: `clawmend`, or `npx clawmend` in words.
    pub program: Vec<String>,
    /// The flags that a command for the same state needs.
    pub flags: Vec<OsString>,
    /// The same for root, whose home and environment are others.
    pub root_flags: Vec<OsString>,
    /// How OpenClaw's own command is called for this state: what stands before it, and its flags.
    pub openclaw: [Vec<OsString>; 2],
    /// Where the commands are pasted.
    pub shell: Shell,
}

impl Default for Invocation {
    fn default() -> Self {
        Self {
            program: vec!["clawmend".to_owned()],
            flags: Vec::new(),
            root_flags: Vec::new(),
            openclaw: Default::default(),
            shell: Shell::Sh,
        }
    }
}

impl Invocation {
    /// A command as its argument vector, for scripts.
    pub fn argv(&self, command: &CommandLine) -> Vec<OsString> {
        let [before, of_openclaw] = &self.openclaw;
        let is_openclaw = command.program == Program::Other("openclaw");
        let before = if is_openclaw { before.as_slice() } else { &[] };
        let (names, flags): (Vec<&str>, &[OsString]) = match command.program {
            Program::Other(name) if is_openclaw => (vec![name], of_openclaw),
            Program::Other(name) => (vec![name], &[]),
            Program::Clawmend if command.as_root => (self.names(), &self.root_flags),
            Program::Clawmend => (self.names(), &self.flags),
            Program::ClawmendElsewhere => (self.names(), &[]),
        };
        let sudo = sudo(&names, command.as_root).map(OsString::from);
        let first = sudo.into_iter().chain(before.iter().cloned());
        let first = first.chain(names.into_iter().map(OsString::from));
        first.chain(flags.iter().cloned()).chain(command.args.iter().cloned()).collect()
    }

    fn names(&self) -> Vec<&str> {
        self.program.iter().map(String::as_str).collect()
    }

    /// clawmend as it is called, without flags.
    pub fn called(&self, as_root: bool) -> String {
        let names = self.names();
        sudo(&names, as_root).into_iter().chain(names).collect::<Vec<_>>().join(" ")
    }

    /// A command of clawmend by its name: where it needs flags the name alone, which nobody types.
    pub fn named(&self, command: &str, as_root: bool) -> String {
        let flags = if as_root { &self.root_flags } else { &self.flags };
        match flags.is_empty() {
            true => format!("{} {command}", self.called(as_root)),
            false => command.to_owned(),
        }
    }

    /// A sentence whose commands of clawmend and OpenClaw, which stand in backticks, are for the state of this run.
    pub fn in_words(&self, text: &str) -> String {
        let whole = |step: Step, args: &str| {
            let argv = self.argv(step.command.as_ref()?);
            let words = argv.iter().map(|word| self.shell.quote(word));
            // A name that runs without its quotes is no part of a sentence.
            let whole = words.chain([args.to_owned()]).collect::<Vec<_>>().join(" ");
            (!has_odd_name(&argv)).then(|| whole.trim_end().to_owned())
        };
        let command = |text: &str| {
            let whole = match text.split_once(' ').unwrap_or((text, "")) {
                ("clawmend", args) => whole(Step::diagnose(), args),
                ("openclaw", args) if !args.is_empty() => {
                    whole(Step::run::<&str>("openclaw", []), args)
                }
                _ => None,
            };
            whole.unwrap_or_else(|| text.to_owned())
        };
        let pieces = text.split('`').enumerate();
        let pieces = pieces.map(|(at, piece)| match at % 2 {
            0 => piece.to_owned(),
            _ => command(piece),
        });
        pieces.collect::<Vec<_>>().join("`")
    }

    /// A command as it is pasted.
    pub fn command(&self, command: &CommandLine) -> String {
        let argv = self.argv(command);
        argv.iter().map(|argument| self.shell.quote(argument)).collect::<Vec<_>>().join(" ")
    }

    /// A step in one line: `the words: the command    (the note)`.
    pub fn line(&self, step: &Step) -> String {
        self.wrapped(step, usize::MAX, "", "      ")
    }

    /// The same in lines of at most `width` columns. A command is never broken.
    pub fn wrapped(&self, step: &Step, width: usize, first: &str, rest: &str) -> String {
        let text = self.in_words(&safe(&step.text));
        let Some(command) = &step.command else { return super::prose(&text, width, first, rest) };
        let has_odd_name = has_odd_name(&self.argv(command));
        let command = self.command(command);
        let mut words = super::words(&text);
        if let Some(last) = words.last_mut() {
            last.push(':');
        }
        let line = match has_odd_name && !words.is_empty() {
            // A name may hold what runs without its quotes: whoever pastes the words too must not open
            // a quote that the command then closes.
            true => {
                let text = words.join(" ").replace('\'', "\u{2019}");
                let text = super::prose(&text, width, first, rest);
                format!("{text}\n{rest}{command}")
            }
            false => {
                words.push(command);
                wrap_words(words.iter().map(String::as_str), width, first, rest)
            }
        };
        if step.note.is_empty() {
            return line;
        }
        // Set apart, so that it is not pasted with the command: whole behind it, or below it.
        let note = self.in_words(&safe(&format!("({})", step.note)));
        let last = line.lines().last().unwrap_or_default();
        if last.width().saturating_add(4 + note.width()) <= width {
            return format!("{line}    {note}");
        }
        let below = format!("{rest}   ");
        format!("{line}\n{}", super::prose(&note, width, &below, &format!("{below} ")))
    }

    /// The command of a step as an argument vector of texts.
    pub fn argv_of(&self, step: &Step) -> Option<Vec<String>> {
        let argv = self.argv(step.command.as_ref()?);
        Some(argv.iter().map(|argument| argument.to_string_lossy().into_owned()).collect())
    }
}

/// Whether one of these holds what a shell runs where its quotes are missing.
fn has_odd_name(words: &[OsString]) -> bool {
    let runs = |c: char| !harmless(c) || "'\"`$;&|<>()\\#".contains(c);
    words.iter().any(|word| word.to_string_lossy().contains(runs))
}

/// The hints of an error as lines, for tests of what makes errors.
#[cfg(test)]
pub(crate) fn hint_lines(error: &crate::error::Error) -> Vec<String> {
    error.hints().iter().map(|hint| Invocation::default().line(hint)).collect()
}

/// `sudo`, where it is needed and does not stand there yet.
fn sudo(names: &[&str], as_root: bool) -> Option<&'static str> {
    (as_root && names.first() != Some(&"sudo")).then_some("sudo")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_flags() -> Invocation {
        Invocation {
            flags: ["--state-dir".into(), "/srv/my  claw".into()].into(),
            ..Invocation::default()
        }
    }

    #[test]
    fn own_commands_carry_the_flags_of_the_run_and_others_do_not() {
        let line = |step: &Step| with_flags().line(step);
        assert_eq!(
            line(&Step::clawmend(["repair"]).after("then run")),
            "then run: clawmend --state-dir '/srv/my  claw' repair"
        );
        assert_eq!(line(&Step::run("mv", ["a b", "c"]).note("x y")), "mv 'a b' c    (x y)");
        assert_eq!(line(&Step::look_at("/x")), "clawmend --state-dir /x");
        assert_eq!(line(&Step::text("run clawmend there")), "run clawmend there");
    }

    #[test]
    fn words_before_a_command_open_no_quote_that_a_name_closes() {
        let advice = "with the rights of the state dir's owner, who isn't root";
        let line = |name| Invocation::default().line(&Step::run("chown", [name]).after(advice));
        assert_eq!(line("/x"), format!("{advice}: chown /x"));
        let told = line("x\u{1b}';:>PWN;#");
        let (words, command) = told.split_once("\n      ").unwrap();
        assert!(!words.contains('\''), "{told}");
        assert_eq!(command, r"chown $'x\x1b\x27;:>PWN;#'");
    }

    #[test]
    fn a_command_is_never_broken() {
        let step = Step::clawmend(["restore", "ID"]).after("to go back to it").note("undoable");
        assert_eq!(
            with_flags().wrapped(&step, 20, "- ", "  "),
            "- to go back to it:\n  clawmend --state-dir '/srv/my  claw' restore ID\n     (undoable)"
        );
    }
}

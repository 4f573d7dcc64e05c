//! What a shell offers behind `clawmend`: commands before options, and ids, codes and profiles as they are now.
//! Asked by the scripts of `clawmend completions` through a hidden command. It changes nothing, and where
//! something fails it offers nothing: the shell then completes files.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, Command};

use super::args::{self, CompletionShell, Global};
use super::context::Context;
use crate::checks::{self, approvable, reports};
use crate::exit::Exit;
use crate::read::locate::profiles;
use crate::snapshot::{self, LATEST};
use crate::text::safe;

/// Nobody waits for a completion: a database that somebody holds has no ids then.
const PATIENCE: Duration = Duration::from_millis(100);

/// The script that makes a shell ask clawmend for completions.
pub(super) fn script(shell: CompletionShell) -> &'static str {
    match shell {
        CompletionShell::Bash => include_str!("clawmend.bash"),
        CompletionShell::Elvish => include_str!("clawmend.elv"),
        CompletionShell::Fish => include_str!("clawmend.fish"),
        CompletionShell::Powershell => include_str!("clawmend.ps1"),
        CompletionShell::Zsh => include_str!("clawmend.zsh"),
    }
}

/// A word that is offered, and what it is.
type Offer = (String, String);

/// Prints what may stand where `word` is: a line each, with a tab before what it is.
pub(super) fn run(context: &mut Context, args: &args::Complete) -> Exit {
    let root = super::command(100);
    let line = Line::of(&root, &args.before);
    context.global = Global { quiet: true, ..line.global() };
    super::flags::make_absolute(&mut context.global, &context.world.env.cwd);
    // `--flag=value` in one word, where the shell does not split it.
    let (head, word) = match args.word.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") => (format!("{flag}="), value),
        _ => (String::new(), args.word.as_str()),
    };
    let awaited = line.awaits.or_else(|| line.option(head.strip_suffix('=')?));
    let offers = match awaited {
        Some(arg) => values(context, line.command, arg),
        None if word.starts_with('-') => options(line.command),
        None => {
            let mut offers = commands(line.command);
            let position = line.command.get_positionals().nth(line.positionals);
            offers
                .extend(position.map(|arg| values(context, line.command, arg)).unwrap_or_default());
            offers
        }
    };
    let is_option = |text: &str| text.starts_with('-');
    let fits = |(text, _): &Offer| text.starts_with(word) && is_option(text) == is_option(word);
    for (text, about) in offers.into_iter().filter(fits) {
        // Ids come from files that anybody may have written; shells do things with odd characters.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if text.chars().all(plain) {
            let about = safe(about.lines().next().unwrap_or_default());
            let _ = writeln!(context.world.out, "{head}{text}\t{about}");
        }
    }
    Exit::Done
}

/// What stands in a command line, also in one that is not whole: which command, behind which option.
pub(super) struct Line<'c> {
    command: &'c Command,
    root: &'c Command,
    /// The names of the command and of those it is below.
    pub commands: Vec<&'c str>,
    /// The option that the next word is the value of.
    awaits: Option<&'c Arg>,
    /// So many arguments of the command are there.
    pub positionals: usize,
    /// Options with their values.
    values: Vec<(String, String)>,
}

impl<'c> Line<'c> {
    pub fn of(root: &'c Command, before: &[String]) -> Self {
        let mut line = Self {
            command: root,
            root,
            commands: Vec::new(),
            awaits: None,
            positionals: 0,
            values: Vec::new(),
        };
        // Bash makes a word of its own of the `=` in `--flag=value`.
        for word in before.iter().filter(|word| *word != "=") {
            if let Some(arg) = line.awaits.take() {
                line.values.push((arg.get_id().to_string(), word.clone()));
            } else if let Some((flag, value)) =
                word.split_once('=').filter(|_| word.starts_with("--"))
            {
                let id = line.option(flag).map(|arg| arg.get_id().to_string());
                line.values.extend(id.map(|id| (id, value.to_owned())));
            } else if word.starts_with('-') {
                line.awaits = line.option(word).filter(|arg| takes_value(arg));
            } else if let Some(command) = line.command.find_subcommand(word) {
                line.command = command;
                line.commands.push(command.get_name());
            } else {
                line.positionals += 1;
            }
        }
        line
    }

    /// The flags that say which state is meant.
    pub fn global(&self) -> Global {
        let last = |id: &str| {
            let mut values = self.values.iter().rev();
            values.find(|(flag, _)| flag == id).map(|(_, value)| value.clone())
        };
        Global {
            state_dir: last("state_dir").map(PathBuf::from),
            config: last("config").map(PathBuf::from),
            profile: last("profile"),
            snapshot_dir: last("snapshot_dir").map(PathBuf::from),
            ..Global::default()
        }
    }

    /// The option of that name: the command's own, or one that every command takes.
    pub fn option(&self, name: &str) -> Option<&'c Arg> {
        let is_it = |arg: &&Arg| match name.strip_prefix("--") {
            Some(long) => arg.get_long() == Some(long),
            None => arg.get_short().is_some_and(|short| name.ends_with(short)),
        };
        self.command.get_arguments().chain(self.root.get_arguments()).find(is_it)
    }
}

fn takes_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

fn commands(command: &Command) -> Vec<Offer> {
    let shown = command.get_subcommands().filter(|one| !one.is_hide_set());
    let about = |one: &Command| one.get_about().map(ToString::to_string).unwrap_or_default();
    shown.map(|one| (one.get_name().to_owned(), about(one))).collect()
}

/// The options of a command: its own, then those of every command.
fn options(command: &Command) -> Vec<Offer> {
    let root = super::command(100);
    let own = command.get_arguments();
    let every = root.get_arguments().filter(|arg| arg.is_global_set());
    let mut offers: Vec<Offer> = Vec::new();
    for arg in own.chain(every).filter(|arg| !arg.is_hide_set()) {
        let about = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let long = arg.get_long().map(|long| format!("--{long}"));
        if let Some(long) = long.filter(|long| offers.iter().all(|(text, _)| text != long)) {
            offers.push((long, about));
        }
    }
    offers.push(("--help".to_owned(), "Print help".to_owned()));
    offers
}

/// What an argument may be; nothing where it is a file, or anything.
fn values(context: &Context, command: &Command, arg: &Arg) -> Vec<Offer> {
    let listed = arg.get_possible_values();
    if takes_value(arg) && !listed.is_empty() {
        let about = |help: Option<&clap::builder::StyledStr>| help.map(ToString::to_string);
        let values = listed.iter().filter(|value| !value.is_hide_set());
        return values
            .map(|value| (value.get_name().to_owned(), about(value.get_help()).unwrap_or_default()))
            .collect();
    }
    match (command.get_name(), arg.get_id().as_str()) {
        (_, "profile") => {
            let profiles = profiles(&context.world.env).into_iter();
            profiles.map(|name| (name, String::new())).collect()
        }
        (_, "scopes") => ["full", "requested"].map(|word| (word.into(), String::new())).into(),
        ("approve", _) => requests(context).unwrap_or_default(),
        ("restore" | "show" | "verify", "id") => snapshots(context).unwrap_or_default(),
        ("explain", "what") => {
            let codes = checks::CHECKS.iter();
            let codes = codes.map(|check| (check.code.to_string(), check.title.to_owned()));
            let modes = reports::FAILURE_MODES.iter();
            codes.chain(modes.map(|mode| (mode.mode.to_owned(), mode.name.to_owned()))).collect()
        }
        _ => Vec::new(),
    }
}

/// The requests that may be approved.
fn requests(context: &Context) -> Option<Vec<Offer>> {
    let (_, model) = context.model(PATIENCE).ok()?;
    let waiting = model.pending.devices();
    let able = waiting.filter(|one| approvable::refusal(&model, &one.key).is_none());
    Some(able.map(|one| (one.key.clone(), String::new())).collect())
}

fn snapshots(context: &Context) -> Option<Vec<Offer>> {
    let located = context.locate().ok()?;
    let list = snapshot::list(&located.state_dir, &context.snapshots(&located)).ok()?;
    let ids = list.own.into_iter().map(|one| (one.id, one.why));
    Some(std::iter::once((LATEST.to_owned(), String::new())).chain(ids).collect())
}

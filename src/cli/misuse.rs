//! A command line that cannot be parsed, told without what was typed.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory};

use super::args::{Cli, Global};
use super::complete::Line;
use crate::checks::messages;
use crate::error::Error;
use crate::secret::shape::{is_near, is_slip};
use crate::secret::words::is_in;
use crate::step::Step;

/// Whether JSON was asked for, in a command line that says too little to be parsed.
pub(super) fn asks_for_json(argv: &[OsString]) -> bool {
    argv.iter()
        .skip(1)
        .filter_map(|arg| arg.to_str())
        .any(|arg| arg == "--json" || arg.starts_with("--json="))
}

/// What is wrong with the arguments, and what may have been meant.
pub(super) fn error(command: &str, error: &clap::Error) -> Error {
    let words = command.split(' ').filter(|word| *word != NO_COMMAND);
    let help = Step::clawmend(words.chain(["--help"])).note("shows how it is used");
    let told = Error::usage(message(error));
    tips(error).into_iter().fold(told, Error::hint).hint(help)
}

/// What is wrong with the arguments, in one line: what clap says before its tips and the usage.
fn message(error: &clap::Error) -> String {
    use ErrorKind::{DisplayHelpOnMissingArgumentOrSubcommand, MissingSubcommand};
    if matches!(error.kind(), MissingSubcommand | DisplayHelpOnMissingArgumentOrSubcommand) {
        return "a command is missing".to_owned();
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

/// What may have been meant.
fn tips(error: &clap::Error) -> Vec<Step> {
    let similar = [
        (ContextKind::SuggestedSubcommand, "subcommand"),
        (ContextKind::SuggestedArg, "argument"),
        (ContextKind::SuggestedValue, "value"),
    ];
    let similar = similar.into_iter().filter_map(|(kind, what)| {
        Some(format!("a similar {what} exists: '{}'", error.get(kind)?))
    });
    let others = match error.get(ContextKind::Suggested) {
        Some(ContextValue::StyledStrs(tips)) => tips.as_slice(),
        _ => &[],
    };
    similar.chain(others.iter().map(ToString::to_string)).map(Step::text).collect()
}

/// The name in the document of an error that is about no command of clawmend.
const NO_COMMAND: &str = "clawmend";

/// The command that a command line names, as it is called in documents, and the state that it is about. It need not
/// be one that can be parsed.
pub(super) fn meant(argv: &[OsString]) -> (String, Global) {
    let mut root = Cli::command();
    root.build();
    let words: Vec<_> = argv.iter().skip(1).map(|arg| arg.to_string_lossy().into()).collect();
    let line = Line::of(&root, &words);
    let command = match line.commands.is_empty() && line.positionals > 0 {
        true => NO_COMMAND.to_owned(),
        false => document_name(&line.commands),
    };
    (command, line.global())
}

/// How a command is called in documents.
pub(super) fn document_name(commands: &[&str]) -> String {
    match commands {
        [] => "diagnose".to_owned(),
        ["backup"] => crate::snapshot::CREATE.to_owned(),
        commands => commands.join(" "),
    }
}

/// Of several commands that may be meant the nearest alone is named.
fn nearest_first(error: &mut clap::Error) {
    let (Some(ContextValue::String(given)), Some(ContextValue::Strings(found))) =
        (error.get(ContextKind::InvalidSubcommand), error.get(ContextKind::SuggestedSubcommand))
    else {
        return;
    };
    let alike = |one: &&String| strsim::jaro_winkler(given, one);
    let near = found.iter().max_by(|one, other| alike(one).total_cmp(&alike(other))).cloned();
    if let Some(near) = near {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![near]));
    }
}

/// A command line that is no command but a message of OpenClaw, as one that explains it.
pub(super) fn pasted_message(argv: &[OsString], error: &clap::Error) -> Option<Vec<OsString>> {
    let Some(ContextValue::String(first)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let at = argv.iter().skip(1).position(|arg| arg.to_str() == Some(first))? + 1;
    let (flags, words) = argv.split_at_checked(at)?;
    let text: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let is_message = first.contains(' ') || !messages::find(&text.join(" ")).is_empty();
    let explain = ["explain", "--"].map(OsString::from);
    is_message.then(|| flags.iter().cloned().chain(explain).chain(words.iter().cloned()).collect())
}

/// The command that is meant by one which is not there, and a word about it: nothing that was typed but names of
/// commands and flags.
fn meant_instead(argv: &[OsString], error: &clap::Error) -> Option<Vec<String>> {
    let mut root = Cli::command();
    root.build();
    let args: Vec<String> = argv.iter().skip(1).map(|arg| arg.to_string_lossy().into()).collect();
    let words: Vec<_> =
        args.iter().map(String::as_str).filter(|arg| !arg.starts_with('-')).collect();
    let command = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
    // The value of an option before the command is none.
    let is_command = |word: &&str| root.find_subcommand(*word).is_some();
    let from = words.iter().position(is_command).unwrap_or(0);
    match words.get(from..).unwrap_or_default() {
        ["devices", "list" | "show" | "ls"] | ["list"] => return command(&["devices"]),
        ["devices", "approve", ..] => return command(&["approve"]),
        ["snapshot" | "snapshots", "undo"] => return command(&["undo"]),
        ["snapshot" | "snapshots", "restore", ..] => return command(&["restore"]),
        ["snapshots", ..] => return command(&["snapshot", "list"]),
        ["undo", number] if number.parse::<u8>().is_ok() => {
            return command(&["undo", "(typed again it goes one further back)"]);
        }
        ["undo", _] => {
            return command(&["restore", "ID", "(`clawmend snapshot list` shows the ids)"]);
        }
        _ => {}
    }
    let line = Line::of(&root, &args);
    if let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand)
        && let mut called = CALLED.iter().filter(|(above, ..)| *above == line.commands)
        && let Some((_, meant, _)) = called.find(|(_, _, words)| is_in(words, word))
    {
        return command(&[meant]);
    }
    args.iter().filter(|arg| arg.starts_with('-')).find_map(|arg| {
        let name = arg.trim_start_matches('-');
        if name == "all" {
            return command(&["diagnose", "--all"]);
        }
        if let Some(meant) = root.find_subcommand(name) {
            return command(&[meant.get_name()]);
        }
        // One dash for two.
        let is_wrong = name.len() > 1 && !arg.starts_with("--");
        let long = line.option(&format!("--{name}")).filter(|_| is_wrong)?.get_long()?;
        command(&[&line.commands[..], &[&format!("--{long}")]].concat())
    })
}

/// What people call the commands: below which one, which, and the words.
const CALLED: &[(&[&str], &str, &str)] = &[
    (&[], "diagnose", "analyse analyze check doctor health info inspect scan test why"),
    (&[], "repair", "cure heal mend open recover rescue reset resolve solve unblock unlock"),
    (&[], "undo", "back revert"),
    (&[], "approve", "accept allow pair trust"),
    (&[], "backup", "save"),
    (&["snapshot"], "snapshot create", "make save"),
    (&["snapshot"], "snapshot prune", "clean delete remove"),
    (&["snapshot"], "snapshot verify", "check test"),
];

/// Commands of OpenClaw that clawmend does not have.
const OPENCLAWS: &str = "agents channels config configure cron dashboard gateway health logs message \
    models node nodes onboard openclaw pairing plugins qr sandbox secrets security sessions setup \
    skills start stop restart system tui update";

/// Words that are shown where they are typed in the place of a command; any other may be a password.
const PLAIN: &str = "all approve close config delete device device-list devices error file fix-it \
    force gateway help identity install it json last latest list log logs ls maybe new \
    no now off on openclaw pairing please remove restart run show start \
    stop to token update yes";

/// Whether a word is one of those, short, nearly one that could stand there, or a number too short for a PIN.
fn is_plain(word: &str, root: &Command) -> bool {
    let is_word = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    is_word
        && (is_slip(word)
            || is_in(PLAIN, word)
            || is_in(OPENCLAWS, word)
            || CALLED.iter().any(|(_, _, words)| is_in(words, word))
            || is_near(word, &words_of(root)))
        || is_number && word.len() <= 2
}

/// The names of a command and of those below it, and the words that their arguments take.
fn words_of(command: &Command) -> Vec<String> {
    let names = std::iter::once(command.get_name()).chain(command.get_all_aliases());
    let arguments = command.get_arguments().flat_map(Arg::get_possible_values);
    let values = arguments.map(|value| value.get_name().to_owned());
    let below = command.get_subcommands().flat_map(words_of);
    names.map(str::to_owned).chain(values).chain(below).collect()
}

/// An error about arguments without what was given: a token may have been pasted into the wrong place. The name of a
/// flag, a short plain word and one that is near a command stay. The command that is meant is named, if it is known.
pub(super) fn without_values(mut error: clap::Error, argv: &[OsString]) -> clap::Error {
    let is_wrong =
        matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand);
    let meant = if is_wrong { meant_instead(argv, &error) } else { None };
    // What clap advises repeats what was typed.
    error.remove(ContextKind::Suggested);
    let of_openclaw = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word)) if meant.is_none() => is_in(OPENCLAWS, word),
        _ => false,
    };
    if of_openclaw {
        error.remove(ContextKind::SuggestedSubcommand);
        let tip = "that is a command of OpenClaw: type openclaw before it, not clawmend";
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    if let Some(words) = meant {
        for kind in [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand] {
            error.remove(kind);
        }
        let tip = format!("the command is: clawmend {}", words.join(" "));
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    nearest_first(&mut error);
    let root = Cli::command();
    let is_flag = |text: &str| {
        text.starts_with('-') && crate::secret::places::shows_key(text.trim_start_matches('-'))
    };
    for kind in [ContextKind::InvalidValue, ContextKind::InvalidSubcommand, ContextKind::InvalidArg]
    {
        // The name of an argument is clawmend's own, unless it is not known.
        if kind == ContextKind::InvalidArg && error.kind() != ErrorKind::UnknownArgument {
            continue;
        }
        let Some(ContextValue::String(given)) = error.get(kind) else { continue };
        if !given.is_empty() && !is_plain(given, &root) && !is_flag(given) {
            error.insert(kind, ContextValue::String("****".to_owned()));
        }
    }
    error
}

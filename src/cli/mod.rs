//! The shell: arguments, streams, questions, exit codes.

pub mod again;
mod all;
mod approve;
pub mod args;
mod change;
mod complete;
pub mod context;
mod demo;
mod devices;
mod diagnose;
mod explain;
mod flags;
mod generate;
mod head;
mod help;
mod next;
mod pick;
mod progress;
mod repair;
mod report;
mod restore;
mod snapshot;
pub mod world;

use std::cell::OnceCell;
use std::ffi::OsString;
use std::io::Write;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::finding::Place;
use crate::render::Paint;
use crate::render::json::{ErrorBody, ErrorDocument, Head, StepDocument};
use crate::step::Step;
use crate::text::safe;
pub use generate::pages as man_pages;

use args::{Cli, Color, Command, Global};
use context::Context;
use world::World;

/// Runs one command line (the program's name first) and says how it ended.
pub fn run<I, T>(argv: I, world: &mut World<'_>) -> Exit
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let argv: Vec<OsString> = argv.into_iter().map(Into::into).collect();
    let parsed = help::laid_out(command(world.width), world.width)
        .try_get_matches_from(&argv)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let to_err = error.use_stderr();
            let colour = world.out_is_terminal && !world.no_color;
            let error = without_values(error);
            if to_err && asks_for_json(&argv) {
                misused(&argv, &error, world);
            }
            let text = error.render();
            let text = if colour { text.ansi().to_string() } else { text.to_string() };
            if to_err {
                let _ = world.err.get_mut().write_all(text.as_bytes());
                return Exit::Usage;
            }
            let written = world.out.write_all(text.as_bytes());
            let written = written.and_then(|()| world.out.flush());
            return lost(written.err(), world.err.get_mut()).unwrap_or(Exit::Done);
        }
    };
    let mut global = cli.global;
    flags::make_absolute(&mut global, &world.env.cwd);
    let invocation = flags::invocation(&global, world);
    let on = match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => world.out_is_terminal && !world.no_color,
    };
    let mut context = Context {
        world,
        global,
        paint: Paint { on },
        invocation,
        located: OnceCell::new(),
        hold: None,
        recovered: None,
        lost: None,
    };
    let name = command_name(cli.command.as_ref());
    let outcome = dispatch(cli.command, &mut context);
    let exit = match outcome {
        Ok(exit) => exit,
        Err(error) => {
            let _ = context.world.out.flush();
            tell_error(&mut context, name, &error);
            error.exit()
        }
    };
    let flushed = context.world.out.flush();
    let failed = context.lost.take().or(flushed.err());
    lost(failed, context.world.err.get_mut()).unwrap_or(exit)
}

/// Whether JSON was asked for, in a command line that says too little to be parsed.
fn asks_for_json(argv: &[OsString]) -> bool {
    argv.iter()
        .skip(1)
        .filter_map(|arg| arg.to_str())
        .any(|arg| arg == "--json" || arg.starts_with("--json="))
}

/// The document of an error about arguments, for whoever asked for JSON.
fn misused(argv: &[OsString], error: &clap::Error, world: &mut World<'_>) {
    let text = error.render().to_string();
    let mut said = Vec::new();
    let mut hints = Vec::new();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    for line in lines.take_while(|line| !line.starts_with("Usage:")) {
        match line.strip_prefix("tip: ") {
            Some(tip) => hints.push(Step::text(tip)),
            None if line.starts_with("For more information") => {}
            None => said.push(line),
        }
    }
    let message = match said.join(" ") {
        // What stands there is the help of a command that needs another one.
        _ if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "a command is missing".to_owned()
        }
        said => said.trim_start_matches("error: ").to_owned(),
    };
    let command = meant(argv, world.width);
    let words = command.split(' ').filter(|word| *word != NO_COMMAND);
    hints.push(Step::clawmend(words.chain(["--help"])).note("shows how it is used"));
    let document = ErrorDocument {
        head: Head::of(&command),
        error: ErrorBody {
            exit: Exit::Usage.code(),
            message,
            place: None,
            cause: None,
            hints: StepDocument::all(&hints, &flags::invocation(&Global::default(), world)),
        },
    };
    if let Ok(text) = serde_json::to_string_pretty(&document) {
        let text = crate::text::safe_json(&text) + "\n";
        let _ = world.out.write_all(text.as_bytes()).and_then(|()| world.out.flush());
    }
}

/// The name in the document of an error that is about no command of clawmend.
const NO_COMMAND: &str = "clawmend";

/// The command that a command line which cannot be parsed names, as it is called in documents.
fn meant(argv: &[OsString], width: usize) -> String {
    let mut at = command(width);
    at.build();
    let takes_value = |flag: &str| {
        let named = flag.strip_prefix("--").unwrap_or_default();
        let global = at.get_arguments().find(|arg| arg.get_long() == Some(named));
        global.is_some_and(|arg| arg.get_action().takes_values())
    };
    let mut words = Vec::new();
    let mut args = argv.iter().skip(1).map(|arg| arg.to_string_lossy());
    while let Some(arg) = args.next() {
        if takes_value(&arg) {
            args.next();
        } else if !arg.starts_with('-') {
            words.push(arg.into_owned());
        }
    }
    let Some(first) = words.first() else {
        return "diagnose".to_owned();
    };
    let Some(found) = at.find_subcommand(first) else {
        return NO_COMMAND.to_owned();
    };
    match (found.get_name(), words.get(1).and_then(|word| found.find_subcommand(word))) {
        ("backup", _) => crate::snapshot::CREATE.to_owned(),
        (name, Some(below)) => format!("{name} {}", below.get_name()),
        (name, None) => name.to_owned(),
    }
}

/// Output that could not be written is a failure, and is said, unless the reader has gone (`| head`).
fn lost(failed: Option<std::io::Error>, err: &mut dyn Write) -> Option<Exit> {
    let failed = failed.filter(|error| error.kind() != std::io::ErrorKind::BrokenPipe)?;
    let error = Error::io("write the output", "stdout", &failed);
    let _ = writeln!(err, "error: {error}; what the command did stays done");
    Some(error.exit())
}

/// The command line's definition: help, man pages and completions come from it.
pub fn command(width: usize) -> clap::Command {
    Cli::command().term_width(width).max_term_width(100)
}

fn command_name(command: Option<&Command>) -> &'static str {
    match command {
        None | Some(Command::Diagnose(_)) => "diagnose",
        Some(Command::Repair(_)) => "repair",
        Some(Command::Approve(_)) => "approve",
        Some(Command::Devices) => "devices",
        Some(Command::Snapshot(below)) => match below {
            args::SnapshotCommand::Create(_) => crate::snapshot::CREATE,
            args::SnapshotCommand::List => "snapshot list",
            args::SnapshotCommand::Show { .. } => "snapshot show",
            args::SnapshotCommand::Verify { .. } => "snapshot verify",
            args::SnapshotCommand::Prune { .. } => "snapshot prune",
        },
        Some(Command::Restore(_)) => "restore",
        Some(Command::Undo(_)) => "undo",
        Some(Command::Backup(_)) => crate::snapshot::CREATE,
        Some(Command::Explain(_)) => "explain",
        Some(Command::Report(_)) => "report",
        Some(Command::Demo) => "demo",
        Some(Command::Completions { .. }) => "completions",
        Some(Command::Complete(_)) => "complete",
        Some(Command::Man { .. }) => "man",
    }
}

fn dispatch(command: Option<Command>, context: &mut Context<'_, '_>) -> Result<Exit, Error> {
    if context.global.json
        && let Some(Command::Demo | Command::Completions { .. } | Command::Man { .. }) = command
    {
        let name = command_name(command.as_ref());
        let plain = Step::clawmend([name]).after("leave --json out");
        return Err(Error::usage(format!("`{name}` prints no JSON")).hint(plain));
    }
    if takes_state(command.as_ref()) {
        pick::state_dir(context);
    }
    match command {
        None => {
            let asks = context.world.out_is_terminal && context.world.person.is_there();
            diagnose::run(context, asks)
        }
        Some(Command::Diagnose(args)) if args.all => all::run(context),
        Some(Command::Diagnose(_)) => diagnose::run(context, false),
        Some(Command::Repair(args)) => repair::repair(context, &args),
        Some(Command::Approve(args)) => approve::run(context, &args),
        Some(Command::Devices) => devices::run(context),
        Some(Command::Snapshot(args)) => snapshot::run(context, &args),
        Some(Command::Restore(args)) => restore::run(context, &args),
        Some(Command::Undo(args)) => restore::undo(context, &args),
        Some(Command::Backup(args)) => snapshot::create(context, &args),
        Some(Command::Explain(args)) => explain::run(context, &args),
        Some(Command::Report(args)) => report::run(context, &args),
        Some(Command::Demo) => demo::run(context),
        Some(Command::Completions { shell }) => {
            context.print(complete::script(shell));
            Ok(Exit::Done)
        }
        Some(Command::Complete(args)) => Ok(complete::run(context, &args)),
        Some(Command::Man { dir }) => generate::man(context, dir.as_deref()),
    }
}

/// Whether a command works on a state dir, and on one alone.
fn takes_state(command: Option<&Command>) -> bool {
    match command {
        Some(Command::Diagnose(args)) => !args.all,
        Some(Command::Explain(_) | Command::Demo) => false,
        Some(Command::Completions { .. } | Command::Complete(_) | Command::Man { .. }) => false,
        _ => true,
    }
}

/// Prints an error and what to do about it.
fn tell_error(context: &mut Context<'_, '_>, command: &str, error: &Error) {
    let hints = crate::files::closed::hints(error);
    if context.global.json {
        let document = ErrorDocument {
            head: Head::of(command),
            error: ErrorBody {
                exit: error.exit().code(),
                message: error.message().to_owned(),
                place: error.path().map(|path| Place::from(crate::platform::shown(path))),
                cause: error.cause().map(str::to_owned),
                hints: StepDocument::all(&hints, &context.invocation),
            },
        };
        context.json(&document);
    }
    if error.kind() == Kind::Declined {
        context.tell(&format!("{}\n", safe(error.message())));
        return;
    }
    const INDENT: &str = "       ";
    let width = context.told_width();
    let said = safe(&error.to_string());
    let said = match width {
        usize::MAX => format!("{INDENT}{said}"),
        _ => crate::render::wrap(&said, width, INDENT, INDENT),
    };
    let said = said.trim_start();
    let mut text = format!("{} {said}\n", context.paint.red("error:"));
    for hint in &hints {
        text.push_str(&context.invocation.wrapped(hint, width, INDENT, INDENT));
        text.push('\n');
    }
    context.tell(&text);
}

/// Of several commands that may be meant the nearest alone is named.
fn nearest_first(error: &mut clap::Error) {
    use clap::error::{ContextKind, ContextValue};
    let (Some(ContextValue::String(given)), Some(ContextValue::Strings(found))) =
        (error.get(ContextKind::InvalidSubcommand), error.get(ContextKind::SuggestedSubcommand))
    else {
        return;
    };
    let near = found.iter().min_by_key(|one| crate::text::distance::distance(given, one)).cloned();
    if let Some(near) = near {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![near]));
    }
}

/// An error about arguments without what was given: a token may have been pasted into the wrong place.
/// The name of a flag, and a word that is near a command, stay.
fn without_values(mut error: clap::Error) -> clap::Error {
    use clap::error::{ContextKind, ContextValue};
    let masked = || ContextValue::String("****".to_owned());
    let text = |error: &clap::Error, kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    if text(&error, ContextKind::InvalidValue).is_some_and(|value| !value.is_empty()) {
        error.insert(ContextKind::InvalidValue, masked());
    }
    let is_near = error.get(ContextKind::SuggestedSubcommand).is_some();
    if text(&error, ContextKind::InvalidSubcommand).is_some() && !is_near {
        error.insert(ContextKind::InvalidSubcommand, masked());
    }
    nearest_first(&mut error);
    let is_unknown = error.kind() == clap::error::ErrorKind::UnknownArgument;
    let is_flag = |text: &str| {
        text.starts_with('-') && crate::secret::places::shows_key(text.trim_start_matches('-'))
    };
    if is_unknown && text(&error, ContextKind::InvalidArg).is_some_and(|text| !is_flag(&text)) {
        error.insert(ContextKind::InvalidArg, masked());
    }
    error
}

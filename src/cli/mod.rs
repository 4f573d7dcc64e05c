//! The shell: arguments, streams, questions, exit codes.

mod approve;
pub mod args;
mod change;
pub mod context;
mod demo;
mod devices;
mod diagnose;
mod explain;
mod flags;
mod generate;
mod head;
mod next;
mod progress;
mod repair;
mod report;
mod restore;
mod snapshot;
pub mod world;

use std::cell::OnceCell;
use std::ffi::OsString;
use std::io::Write;

use clap::{CommandFactory, FromArgMatches};

use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::render::Paint;
use crate::render::json::{ErrorBody, ErrorDocument, Head};
use crate::step::Step;
use crate::text::safe;
pub use generate::pages as man_pages;

use args::{Cli, Color, Command};
use context::Context;
use world::World;

/// Runs one command line (the program's name first) and says how it ended.
pub fn run<I, T>(argv: I, world: &mut World<'_>) -> Exit
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let argv: Vec<OsString> = argv.into_iter().map(Into::into).collect();
    let parsed = with_short_help(command(world.width))
        .try_get_matches_from(&argv)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let to_err = error.use_stderr();
            let colour = world.out_is_terminal && !world.no_color;
            let error = without_values(error);
            if to_err && argv.iter().skip(1).any(|arg| arg == "--json") {
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

/// The document of an error about arguments, for whoever asked for JSON.
fn misused(argv: &[OsString], error: &clap::Error, world: &mut World<'_>) {
    let all = command(world.width);
    let named = argv.iter().filter_map(|arg| arg.to_str());
    let named = named.filter_map(|arg| all.find_subcommand(arg)).next();
    let text = error.render().to_string();
    let first = text.lines().next().unwrap_or_default();
    let document = ErrorDocument {
        head: Head::of(named.map_or("diagnose", |command| command.get_name())),
        error: ErrorBody {
            exit: Exit::Usage.code(),
            message: first.trim_start_matches("error: ").to_owned(),
            path: None,
            cause: None,
            hints: Vec::new(),
        },
    };
    if serde_json::to_writer_pretty(&mut world.out, &document).is_ok() {
        let _ = world.out.write_all(b"\n").and_then(|()| world.out.flush());
    }
}

/// Output that could not be written is a failure, and is said, unless the reader has gone (`| head`).
fn lost(failed: Option<std::io::Error>, err: &mut dyn Write) -> Option<Exit> {
    let failed = failed.filter(|error| error.kind() != std::io::ErrorKind::BrokenPipe)?;
    let error = Error::io("write the output", "stdout", &failed);
    let _ = writeln!(err, "error: {error}; what the command itself did stands");
    Some(error.exit())
}

/// The command line's definition: help, man pages and completions come from it.
pub fn command(width: usize) -> clap::Command {
    Cli::command().term_width(width).max_term_width(100)
}

/// The help of a command: how it is called, what it does, examples, its own options. Those that every
/// command takes are one line there.
fn with_short_help(mut command: clap::Command) -> clap::Command {
    const ORDER: &str = "\
{usage-heading} {usage}

{about}{after-help}

{all-args}

Every command also takes the global options: see `clawmend --help`.
";
    fn shorten(command: clap::Command) -> clap::Command {
        let own = command.mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg });
        own.help_template(ORDER).mut_subcommands(shorten)
    }
    // The flags of every command are in its commands once it is built.
    command.build();
    command.mut_subcommands(shorten)
}

fn command_name(command: Option<&Command>) -> &'static str {
    match command {
        None | Some(Command::Diagnose) => "diagnose",
        Some(Command::Repair(_)) => "repair",
        Some(Command::Approve(_)) => "approve",
        Some(Command::Devices) => "devices",
        Some(Command::Snapshot(_)) => "snapshot",
        Some(Command::Restore(_)) => "restore",
        Some(Command::Undo(_)) => "undo",
        Some(Command::Backup(_)) => "snapshot",
        Some(Command::Explain(_)) => "explain",
        Some(Command::Report(_)) => "report",
        Some(Command::Demo) => "demo",
        Some(Command::Completions { .. }) => "completions",
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
    match command {
        None => {
            let asks = context.world.out_is_terminal && context.world.person.is_there();
            diagnose::run(context, asks)
        }
        Some(Command::Diagnose) => diagnose::run(context, false),
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
        Some(Command::Completions { shell }) => generate::completions(context, shell),
        Some(Command::Man { dir }) => generate::man(context, dir.as_deref()),
    }
}

/// Prints an error and what to do about it.
fn tell_error(context: &mut Context<'_, '_>, command: &str, error: &Error) {
    let hints = crate::files::closed::hints(error);
    let hints: Vec<String> = hints.iter().map(|hint| context.typed(hint)).collect();
    if context.global.json {
        let document = ErrorDocument {
            head: Head::of(command),
            error: ErrorBody {
                exit: error.exit().code(),
                message: error.message().to_owned(),
                path: error.path().map(crate::platform::shown),
                cause: error.cause().map(str::to_owned),
                hints: hints.clone(),
            },
        };
        context.json(&document);
    }
    if error.kind() == Kind::Declined {
        context.tell(&format!("{}\n", safe(error.message())));
        return;
    }
    let paint = Paint { on: context.paint.on };
    let mut text = format!("{} {}\n", paint.red("error:"), safe(&error.to_string()));
    for hint in &hints {
        text.push_str(&format!("       {}\n", hint));
    }
    context.tell(&text);
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
    let is_unknown = error.kind() == clap::error::ErrorKind::UnknownArgument;
    let is_flag = |text: &str| {
        text.starts_with('-') && crate::secret::places::shows_key(text.trim_start_matches('-'))
    };
    if is_unknown && text(&error, ContextKind::InvalidArg).is_some_and(|text| !is_flag(&text)) {
        error.insert(ContextKind::InvalidArg, masked());
    }
    error
}

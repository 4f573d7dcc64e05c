//! The shell: arguments, streams, questions, exit codes.

pub mod again;
mod all;
mod approve;
pub mod args;
mod change;
mod complete;
pub mod context;
pub mod crash;
mod demo;
mod devices;
mod diagnose;
mod explain;
mod flags;
mod generate;
mod head;
mod help;
mod misuse;
mod next;
mod pick;
mod progress;
mod repair;
mod report;
mod restore;
mod rights;
mod snapshot;
pub mod world;

use std::cell::OnceCell;
use std::ffi::OsString;
use std::io::Write;

use clap::{ArgMatches, CommandFactory, FromArgMatches, ValueEnum};

use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::render::Paint;
use crate::render::json::{ErrorBody, ErrorDocument, Head};
use crate::step::Step;
use crate::text::safe;
pub use generate::pages as man_pages;

use args::{Cli, Color, Command};
use context::Context;
use progress::Progress;
use world::World;

/// Runs one command line (the program's name first) and says how it ended.
pub fn run<I, T>(argv: I, world: &mut World<'_>) -> Exit
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let argv: Vec<OsString> = argv.into_iter().map(Into::into).collect();
    let read = |command: clap::Command| {
        let matches = command.try_get_matches_from(&argv)?;
        Ok((Cli::from_arg_matches(&matches)?, name_of(&matches)))
    };
    // A help is laid out only for whoever sees it.
    let parsed = read(command(world.width))
        .or_else(|_| read(help::laid_out(command(world.width), world.width)));
    let (cli, name) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return not_run(&argv, error, world),
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
        warned: Vec::new(),
        lost: None,
        progress: Progress::default(),
    };
    let outcome = dispatch(cli.command, &name, &mut context);
    context.progress.end();
    let exit = match outcome {
        Ok(exit) => exit,
        Err(error) => {
            let _ = context.world.out.flush();
            tell_error(&mut context, &name, &error);
            error.exit()
        }
    };
    let flushed = context.world.out.flush();
    let failed = context.lost.take().or(flushed.err());
    lost(failed, context.world.err).unwrap_or(exit)
}

/// A command line that cannot be parsed, or asks for help: a message of OpenClaw is explained, all else told.
fn not_run(argv: &[OsString], error: clap::Error, world: &mut World<'_>) -> Exit {
    if let Some(explain) = misuse::pasted_message(argv, &error) {
        return run(explain, world);
    }
    let to_err = error.use_stderr();
    let colour = world.out_is_terminal && !world.no_color;
    let error = misuse::without_values(error, argv);
    if to_err && misuse::asks_for_json(argv) {
        let (command, _) = misuse::meant(argv);
        let error = misuse::error(&command, &error);
        let invocation = flags::invocation(&args::Global::default(), world);
        let error = ErrorBody::of(&error, error.hints(), &invocation);
        let document = ErrorDocument { head: Head::of(&command), error };
        let text = crate::text::json(&document);
        let _ = world.out.write_all(text.as_bytes()).and_then(|()| world.out.flush());
    }
    let text = error.render();
    let text = if colour { text.ansi().to_string() } else { text.to_string() };
    if to_err {
        let _ = world.err.write_all(text.as_bytes());
        return Exit::Usage;
    }
    let written = world.out.write_all(text.as_bytes()).and_then(|()| world.out.flush());
    lost(written.err(), world.err).unwrap_or(Exit::Done)
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

/// The command's name in JSON documents: `snapshot prune`.
fn name_of(matches: &ArgMatches) -> String {
    let commands = std::iter::successors(matches.subcommand(), |(_, below)| below.subcommand());
    misuse::document_name(&commands.map(|(name, _)| name).collect::<Vec<_>>())
}

fn dispatch(command: Option<Command>, name: &str, context: &mut Context) -> Result<Exit, Error> {
    if context.global.json
        && let Some(Command::Demo | Command::Completions { .. } | Command::Man { .. }) = command
    {
        let plain = Step::clawmend([name]).after("leave --json out");
        // Its own arguments again: without its shell `completions` does nothing.
        let plain = match &command {
            Some(Command::Completions { shell }) => {
                plain.with(shell.to_possible_value().map(|shell| shell.get_name().to_owned()))
            }
            Some(Command::Man { dir: Some(dir) }) => plain.with([dir]),
            _ => plain,
        };
        return Err(Error::usage(format!("`{name}` prints no JSON")).hint(plain));
    }
    context.global.goes_back = match &command {
        Some(Command::Snapshot(args)) => !matches!(args, args::SnapshotCommand::Create(_)),
        other => matches!(other, Some(Command::Restore(_) | Command::Undo(_))),
    };
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

/// Prints an error and what to do about it, as text or as JSON.
fn tell_error(context: &mut Context, command: &str, error: &Error) {
    let env = &context.world.env;
    let hints = crate::files::closed::hints(error).into_iter();
    let hints: Vec<Step> = hints.map(|hint| rights::fitting(hint, env)).collect();
    if context.global.json {
        let error = ErrorBody::of(error, &hints, &context.invocation);
        context.json(&ErrorDocument { head: Head::of(command), error });
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
    for lost in error.lost() {
        let lost = safe(&format!("lost: {lost}"));
        text.push_str(&crate::render::wrap(&lost, width, INDENT, INDENT));
        text.push('\n');
    }
    for hint in &hints {
        text.push_str(&context.invocation.wrapped(hint, width, INDENT, INDENT));
        text.push('\n');
    }
    context.tell(&text);
}

//! The shell: arguments, streams, questions, exit codes.

pub mod args;
mod change;
pub mod context;
mod demo;
mod devices;
mod diagnose;
mod explain;
mod generate;
mod next;
mod outcome;
mod progress;
mod repair;
mod restore;
mod snapshot;
mod words;
pub mod world;

use std::ffi::OsString;
use std::io::Write;

use clap::{CommandFactory, FromArgMatches};

use crate::error::Error;
use crate::exit::Exit;
use crate::render::Paint;
use crate::render::json::{ErrorBody, ErrorDocument, Head};
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
    let parsed = command(world.width)
        .try_get_matches_from(argv)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let to_err = error.use_stderr();
            let colour = world.out_is_terminal && !world.no_color;
            let text = error.render();
            let text = if colour {
                text.ansi().to_string()
            } else {
                text.to_string()
            };
            let stream: &mut dyn Write = if to_err { world.err } else { world.out };
            let _ = stream.write_all(text.as_bytes());
            return if to_err { Exit::Usage } else { Exit::Done };
        }
    };
    let on = match cli.global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => world.out_is_terminal && !world.no_color,
    };
    let mut context = Context {
        world,
        global: cli.global.clone(),
        paint: Paint { on },
        hold: None,
        recovered: None,
    };
    let name = command_name(cli.command.as_ref());
    let outcome = dispatch(cli.command, &mut context);
    let _ = context.world.out.flush();
    match outcome {
        Ok(exit) => exit,
        Err(error) => {
            report(&mut context, name, &error);
            error.exit()
        }
    }
}

/// The command line's definition: help, man pages and completions come from it.
pub fn command(width: usize) -> clap::Command {
    Cli::command().term_width(width).max_term_width(100)
}

fn command_name(command: Option<&Command>) -> &'static str {
    match command {
        None | Some(Command::Diagnose) => "diagnose",
        Some(Command::Repair(_)) => "repair",
        Some(Command::Approve(_)) => "approve",
        Some(Command::Devices) => "devices",
        Some(Command::Snapshot(_)) => "snapshot",
        Some(Command::Restore(_)) => "restore",
        Some(Command::Explain(_)) => "explain",
        Some(Command::Demo) => "demo",
        Some(Command::Completions { .. }) => "completions",
        Some(Command::Man { .. }) => "man",
    }
}

fn dispatch(command: Option<Command>, context: &mut Context<'_, '_>) -> Result<Exit, Error> {
    match command {
        None | Some(Command::Diagnose) => diagnose::run(context),
        Some(Command::Repair(args)) => repair::repair(context, &args),
        Some(Command::Approve(args)) => repair::approve(context, &args),
        Some(Command::Devices) => devices::run(context),
        Some(Command::Snapshot(args)) => snapshot::run(context, &args),
        Some(Command::Restore(args)) => restore::run(context, &args),
        Some(Command::Explain(args)) => explain::run(context, &args),
        Some(Command::Demo) => demo::run(context),
        Some(Command::Completions { shell }) => generate::completions(context, shell),
        Some(Command::Man { dir }) => generate::man(context, dir.as_deref()),
    }
}

/// The one place that prints errors.
fn report(context: &mut Context<'_, '_>, command: &str, error: &Error) {
    let hints: Vec<String> = error
        .hints()
        .iter()
        .map(|hint| words::commands(hint, &context.global))
        .collect();
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
    let paint = Paint {
        on: context.paint.on,
    };
    let mut text = format!(
        "{} {}\n",
        paint.red("error:"),
        crate::text::safe(&error.to_string())
    );
    for hint in &hints {
        text.push_str(&format!("       {}\n", crate::text::safe(hint)));
    }
    let _ = context.world.err.write_all(text.as_bytes());
}

//! The help of a command: how it is called, what it does, examples, its own options. What is to be typed
//! stands on one line, however narrow the terminal is: clap alone would break it.

use unicode_width::UnicodeWidthStr;

use crate::render::wrap;

/// The command line with its help laid out for `width` columns.
pub(super) fn laid_out(mut command: clap::Command, width: usize) -> clap::Command {
    // The flags of every command are in its commands once it is built.
    command.build();
    let notes = notes(&command, width);
    let usage = usage(&command, width);
    let template = format!("{{about-with-newline}}\n{usage}\n\n{{all-args}}\n\n{notes}\n");
    command.help_template(template).mut_subcommands(|below| short(below, width))
}

/// A command's own help: the options that every command takes are one line there.
fn short(command: clap::Command, width: usize) -> clap::Command {
    let own = command.mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg });
    let notes = notes(&own, width);
    let usage = usage(&own, width);
    let notes = if notes.is_empty() { notes } else { format!("{notes}\n\n") };
    let last = "Every command also takes the global options: see `clawmend --help`.";
    let last = wrap(last, width, "", "");
    let template = format!("{usage}\n\n{{about}}\n\n{notes}{{all-args}}\n\n{last}\n");
    own.help_template(template).mut_subcommands(|below| short(below, width))
}

/// The line that says how it is called: clap's own, or wrapped where that is too long.
fn usage(command: &clap::Command, width: usize) -> String {
    let line = command.clone().render_usage().to_string();
    match line.width() <= width {
        true => "{usage-heading} {usage}".to_owned(),
        false => wrap(&line, width, "", "    "),
    }
}

/// The notes and examples behind a command's help.
fn notes(command: &clap::Command, width: usize) -> String {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines = text.lines().map(|line| match line.strip_prefix("  ") {
        None => wrap(line, width, "", ""),
        Some(row) => match row.split_once("  ") {
            Some((head, note)) if line.width() > width => of_two(head, note.trim_start(), width),
            _ => line.to_owned(),
        },
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A row with a command, or a number, and what it means.
fn of_two(head: &str, note: &str, width: usize) -> String {
    match head.parse::<u8>() {
        Ok(_) => wrap(note, width, &format!("  {head}  "), "     "),
        Err(_) => format!("  {head}\n{}", wrap(note, width, "      ", "      ")),
    }
}

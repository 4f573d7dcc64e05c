//! Man pages, from the one definition of the command line.

use std::io::Write;
use std::path::Path;

use super::context::Context;
use crate::error::Error;
use crate::exit::Exit;

/// The pages' date: that of the version, so that a page does not change from day to day.
const PAGES_DATE: &str = "2026-11-24";

/// Prints the main page, or writes all pages into a folder.
pub(super) fn man(context: &mut Context, dir: Option<&Path>) -> Result<Exit, Error> {
    let pages = pages()?;
    let Some(dir) = dir else {
        if let Some((_, page)) = pages.first() {
            context.print(page);
        }
        return Ok(Exit::Done);
    };
    // One level alone: a mistyped path is not to become folders.
    if !dir.is_dir() {
        if dir.symlink_metadata().is_ok() {
            return Err(in_the_way(
                dir,
                "at the place of the folder is something that is no folder",
            ));
        }
        std::fs::create_dir(dir).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::not_found("the parent folder does not exist")
                .at(dir)
                .hint("make it first, or correct the path"),
            _ => Error::io("make the folder", dir, &error),
        })?;
    }
    // All places before the first page: all pages are written, or none.
    for (name, _) in &pages {
        let path = dir.join(name);
        if path.symlink_metadata().is_ok_and(|found| !found.is_file()) {
            let what =
                "at the place of a man page is something that is not a file; no page was written";
            return Err(in_the_way(&path, what));
        }
    }
    for (name, page) in &pages {
        let path = dir.join(name);
        let failed = |error: std::io::Error| Error::io("write the man page", &path, &error);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(error));
            }
            _ => create(&path, page.as_bytes()).map_err(failed)?,
        }
    }
    context.note(&format!("{} man pages written to {}", pages.len(), crate::platform::shown(dir)));
    Ok(Exit::Done)
}

fn in_the_way(path: &Path, what: &str) -> Error {
    Error::refused(what).at(path).hint("move it away, or name another folder")
}

/// Makes a file where nothing is, not even a link.
pub(super) fn create(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(bytes))
}

/// All man pages by file name, the main one first.
///
/// # Errors
/// A page could not be rendered.
pub fn pages() -> Result<Vec<(String, String)>, Error> {
    // `clawmend help` has no page of its own, so none is named.
    let without_help = |command: clap::Command| command.disable_help_subcommand(true);
    let mut root = without_help(super::command(100)).mut_subcommands(without_help);
    root.build();
    let mut pages = Vec::new();
    collect(&root, "clawmend", &mut pages)?;
    Ok(pages)
}

/// The notes after a command's help, under the headings that man pages have. Tables keep their lines.
fn sections(page: &str) -> String {
    let Some((before, rest)) = page.split_once(".SH EXTRA\n") else { return page.to_owned() };
    let (extra, after) = rest.split_once("\n.SH ").unwrap_or((rest, ""));
    let mut out = before.to_owned();
    for part in extra.trim_end().split("\n\n") {
        let (first, lines) = part.split_once('\n').unwrap_or((part, ""));
        let section = match first {
            "Example:" | "Examples:" => format!(".SH EXAMPLES\n.nf\n{lines}\n.fi\n"),
            "Exit codes:" => format!(".SH \"EXIT STATUS\"\n.nf\n{lines}\n.fi\n"),
            "What to do when locked out:" => {
                format!(".SH \"WHEN LOCKED OUT\"\n.nf\n{lines}\n.fi\n")
            }
            _ => match part.strip_prefix("Exit: ") {
                Some(codes) => format!(".SH \"EXIT STATUS\"\n{codes}\n"),
                None => format!(".SH NOTES\n{part}\n"),
            },
        };
        out.push_str(&section);
    }
    if !after.is_empty() {
        out.push_str(&format!(".SH {after}"));
    }
    out
}

fn collect(
    command: &clap::Command,
    name: &str,
    pages: &mut Vec<(String, String)>,
) -> Result<(), Error> {
    let titled = command.clone().name(name.to_owned()).bin_name(name.replace('-', " "));
    let mut text = Vec::new();
    clap_mangen::Man::new(titled)
        .title(name.to_owned())
        .section("1")
        .date(PAGES_DATE)
        .source(concat!("clawmend ", env!("CARGO_PKG_VERSION")))
        .manual("clawmend")
        .render(&mut text)
        .map_err(|error| Error::io("render the man page", name, &error))?;
    // Two line breaks around an empty line: man page checkers want one blank instead.
    let text = String::from_utf8_lossy(&text).replace("\n.br\n\n.br\n", "\n.sp\n");
    let text = sections(&text);
    pages.push((format!("{name}.1"), text));
    let shown = |sub: &&clap::Command| !sub.is_hide_set();
    for sub in command.get_subcommands().filter(shown) {
        collect(sub, &format!("{name}-{}", sub.get_name()), pages)?;
    }
    Ok(())
}

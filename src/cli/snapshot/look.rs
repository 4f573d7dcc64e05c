//! Looking at snapshots: `list`, `show`, `verify`.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;

use super::{document_of, documents};
use crate::cli::context::Context;
use crate::cli::restore;
use crate::error::Error;
use crate::exit::Exit;
use crate::journal;
use crate::read::locate::Located;
use crate::render::json::{EntryDocument, Head, SnapshotDocument, SnapshotShowDocument};
use crate::render::{wrap, wrap_words};
use crate::snapshot::{self, Summary};
use crate::step::Step;
use crate::text::{ago, count, local_and_utc, safe};

/// Of so many times that `undo` is typed is said what each takes back: to know it, each state is worked out.
const UNDOS: usize = 5;

pub(super) fn list(context: &mut Context) -> Result<Exit, Error> {
    let (located, folder, listed) = context.listed()?;
    let all = listed.all();
    let mut targets = Vec::new();
    let compared = context.read().and_then(|state| {
        context.while_it_takes("comparing the snapshots", || {
            restore::targets(state, &folder, &listed.own, UNDOS, &mut targets)
        })
    });
    if let Err(error) = compared {
        context.note(&format!(
            "note: what `undo` takes back is not known: {}",
            safe(&error.to_string())
        ));
    }
    if context.global.json {
        let times = |id: &str| targets.iter().position(|(summary, _)| summary.id == id);
        let all = all.iter().copied().map(|summary| SnapshotDocument {
            undo_times: times(&summary.id).map(|at| at + 1),
            ..document_of(summary)
        });
        let document = documents(context, &located, "snapshot list", all.collect());
        context.json(&document);
        return Ok(Exit::Done);
    }
    tell_leftovers(context, &located, &folder)?;
    if all.is_empty() {
        let repair = Step::clawmend(["repair"])
            .after("No snapshots yet. This makes one before it changes anything");
        context.say_step(&repair);
        return Ok(Exit::Done);
    }
    let width = context.world.width;
    let mut out = format!(
        "{}, newest first, in\n  {}\n",
        count(all.len(), "snapshot", "snapshots"),
        safe(&crate::platform::shown(&folder))
    );
    let undone = undone(context, &targets);
    for summary in &all {
        out.push('\n');
        out.push_str(&line_of(context, summary));
        match undone.get(summary.id.as_str()) {
            Some(undone) => out.push_str(&format!("{undone}\n")),
            None if summary.problem.is_none() => {
                let back = Step::clawmend(["restore", summary.id.as_str()]).after(format!(
                    "to go back to the state before that {}",
                    safe(snapshot::command_of(&summary.command))
                ));
                let back = context.invocation.wrapped(&back, width, "    ", "      ");
                out.push_str(&format!("{back}\n"));
            }
            None => {}
        }
    }
    context.print(&out);
    Ok(Exit::Done)
}

/// What `undo` takes back, by the snapshot that it goes back to.
fn undone<'t>(context: &Context, targets: &[(&'t Summary, bool)]) -> HashMap<&'t str, String> {
    let undo = context.typed(&Step::clawmend(["undo"]));
    let look = format!("`{}`", context.typed(&Step::clawmend(["undo", "--dry-run"])));
    let told = targets.iter().enumerate().map(|(before, (summary, loses))| {
        let (comma, times) = match before {
            0 => ("", String::new()),
            _ => (",", format!("typed {} times, ", before + 1)),
        };
        let lost = match (loses, before) {
            (false, _) => "",
            (true, 0) => "; changes made since would be lost: LOOK shows them",
            (true, _) => "; changes made since would be lost",
        };
        let text = format!("{times}takes that {} back{lost}", safe(&summary.command));
        let words = text.split(' ').map(|word| if word == "LOOK" { &look } else { word });
        let undo = format!("{undo}{comma}");
        let words = std::iter::once(undo.as_str()).chain(words);
        (summary.id.as_str(), wrap_words(words, context.world.width, "    ", "      "))
    });
    told.collect()
}

/// What killed runs left among the snapshots and beside the state's files.
fn tell_leftovers(context: &mut Context, located: &Located, folder: &Path) -> Result<(), Error> {
    for name in snapshot::leftovers(&located.state_dir, folder)? {
        context.note(&format!(
            "note: a killed run left the half-made snapshot `{}`, with copies of keys in it: the next command that may write removes it",
            safe(&name)
        ));
    }
    for name in journal::leftovers(&located.state_dir) {
        context.note(&format!(
            "note: a killed run left the temporary file `{}`: the next command that may write removes it",
            safe(&name)
        ));
    }
    Ok(())
}

fn line_of(context: &Context, summary: &Summary) -> String {
    let paint = context.paint;
    let mut out = format!("{}\n", paint.bold(&safe(&summary.id)));
    let mut tell = |text: &str| {
        out.push_str(&(wrap(text, context.world.width, "    ", "      ") + "\n"));
    };
    if let Some(ms) = summary.time_ms {
        let (time, ago) =
            (local_and_utc(ms, context.world.utc_offset), ago(ms, context.world.now_ms));
        tell(&format!("{time} ({ago})"));
    }
    let command = safe(snapshot::command_of(&summary.command));
    tell(&format!("{}, made by `clawmend {command}`", crate::text::size(summary.size)));
    if let Some(problem) = &summary.problem {
        tell(&paint.red(&format!("cannot be restored: {}", safe(problem))));
    }
    out
}

pub(super) fn show(context: &mut Context, wanted: &str) -> Result<Exit, Error> {
    let (located, folder, all) = context.listed()?;
    let summary = snapshot::find(&all, wanted)?.clone();
    let found = snapshot::open(&located.state_dir, &folder, &summary.id)?;
    if context.global.json {
        let entries = found
            .manifest
            .entries
            .iter()
            .map(|entry| EntryDocument {
                path: entry.path.clone(),
                absent: entry.name.is_none(),
                sha256: entry.sha256.clone(),
                bytes: entry.size,
                mode: entry.mode.map(|mode| format!("{mode:04o}")),
            })
            .collect();
        let document = SnapshotShowDocument {
            head: Head::of("snapshot show"),
            snapshot: document_of(&summary),
            entries,
        };
        context.json(&document);
        return Ok(Exit::Done);
    }
    let mut out = line_of(context, &summary);
    let _ = writeln!(out, "    {}\n", safe(&crate::platform::shown(found.path())));
    for entry in &found.manifest.entries {
        let path = safe(&entry.path);
        let line = match &entry.name {
            None => format!("{path}: was not there"),
            Some(_) => format!(
                "{path}: {}{}, sha256 {}",
                crate::text::size(entry.size.unwrap_or_default()),
                mode_words(entry.mode),
                entry.sha256.as_deref().and_then(|hash| hash.get(..12)).unwrap_or("?"),
            ),
        };
        let _ = writeln!(out, "{}", wrap(&line, context.world.width, "  ", "      "));
        for (table, rows) in &entry.rows {
            let rows = count(usize::try_from(*rows).unwrap_or(usize::MAX), "row", "rows");
            let line = wrap(&format!("{table}: {rows}"), context.world.width, "      ", "        ");
            let _ = writeln!(out, "{line}");
        }
    }
    let back = Step::clawmend(["restore", summary.id.as_str()]).after("To go back to it");
    context.print(&out);
    context.say("");
    context.say_step(&back);
    Ok(Exit::Done)
}

/// What a check of a snapshot comes to.
enum Verdict {
    Whole,
    /// Its pieces are what they were, and a way back is refused.
    NotHere(Error),
    Damaged(Vec<String>),
}

impl Verdict {
    fn of(problems: Vec<String>) -> Self {
        if problems.is_empty() { Self::Whole } else { Self::Damaged(problems) }
    }
}

fn tell(context: &mut Context, summary: &Summary, verdict: &Verdict) {
    let (paint, width) = (context.paint, context.world.width);
    let (verdict, problems, hints) = match verdict {
        Verdict::Whole => (paint.green("whole"), Vec::new(), &[][..]),
        Verdict::NotHere(why) => (paint.red(NOT_HERE), vec![why.to_string()], why.hints()),
        Verdict::Damaged(problems) => (paint.red("damaged"), problems.clone(), &[][..]),
    };
    let head = std::iter::once(format!("{}  {verdict}", safe(&summary.id)));
    let problems = problems.iter().map(|problem| wrap(&safe(problem), width, "    ", "      "));
    let hints = hints.iter().map(|hint| context.invocation.wrapped(hint, width, "    ", "      "));
    let lines: Vec<String> = head.chain(problems).chain(hints).collect();
    context.say(&lines.join("\n"));
}

const NOT_HERE: &str = "whole, but cannot be restored here";

pub(super) fn verify(context: &mut Context, wanted: Option<&str>) -> Result<Exit, Error> {
    let (located, folder, all) = context.listed()?;
    let chosen: Vec<Summary> = match wanted {
        Some(wanted) => vec![snapshot::find(&all, wanted)?.clone()],
        None => all.own,
    };
    // Which files it may name depends on the config that is there.
    let files = context.read()?.stores.files;
    let mut checked = Vec::new();
    let mut unchecked = None;
    for summary in chosen {
        let verdict = match snapshot::open(&located.state_dir, &folder, &summary.id) {
            Ok(found) => {
                unchecked = unchecked.or(found.unchecked().map(|why| (summary.id.clone(), why)));
                let problems =
                    context.while_it_takes("checking the snapshot", || found.verify())?;
                match files.slots_of(&found.manifest.entries, &found) {
                    Err(why) if problems.is_empty() => Verdict::NotHere(why),
                    _ => Verdict::of(problems),
                }
            }
            Err(error) => Verdict::Damaged(vec![error.to_string()]),
        };
        checked.push((summary, verdict));
    }
    let all_whole = checked.iter().all(|(_, verdict)| matches!(verdict, Verdict::Whole));
    if context.global.json {
        let list = checked
            .iter()
            .map(|(summary, verdict)| SnapshotDocument {
                problem: match verdict {
                    Verdict::Whole => None,
                    Verdict::NotHere(why) => Some(format!("{NOT_HERE}: {why}")),
                    Verdict::Damaged(problems) => Some(problems.join("; ")),
                },
                ..document_of(summary)
            })
            .collect();
        let document = documents(context, &located, "snapshot verify", list);
        context.json(&document);
    } else {
        if checked.is_empty() {
            context.say("No snapshots yet.");
        }
        checked.iter().for_each(|(summary, verdict)| tell(context, summary, verdict));
    }
    if let Some((id, why)) = unchecked {
        context.note(&format!("note: {}: {why}", safe(&id)));
    }
    Ok(if all_whole { Exit::Done } else { Exit::Findings })
}

/// `, mode 0600`, where the system has modes.
fn mode_words(mode: Option<u32>) -> String {
    match mode {
        Some(mode) if crate::platform::KNOWS_OWNERS => format!(", mode {mode:04o}"),
        _ => String::new(),
    }
}

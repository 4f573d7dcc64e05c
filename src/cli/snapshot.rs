//! `clawmend snapshot`: make, list, show, verify, prune.

use std::fmt::Write;

use super::args;
use super::change::{begin, lock};
use super::context::Context;
use super::words;
use crate::error::Error;
use crate::exit::Exit;
use crate::locate::Located;
use crate::render::json::{
    EntryDocument, Head, SnapshotDocument, SnapshotShowDocument, SnapshotsDocument,
};
use crate::snapshot::{self, Summary};
use crate::store::sqlite::verify_extract;
use crate::text::{count, safe};

/// Runs one of the snapshot commands.
pub(super) fn run(context: &mut Context<'_, '_>, command: &args::Snapshot) -> Result<Exit, Error> {
    match command {
        args::Snapshot::Create { why } => create(context, why),
        args::Snapshot::List => list(context),
        args::Snapshot::Show { id } => show(context, id),
        args::Snapshot::Verify { id } => verify(context, id.as_deref()),
        args::Snapshot::Prune {
            keep,
            older_than,
            dry_run,
            yes,
        } => {
            let rule = snapshot::Rule {
                keep: *keep,
                older_than_ms: older_than.as_deref().map(age).transpose()?,
            };
            let mut again = format!("clawmend{} snapshot prune", words::flags(&context.global));
            if let Some(keep) = keep {
                again.push_str(&format!(" --keep {keep}"));
            }
            if let Some(age) = older_than {
                again.push_str(&format!(" --older-than {age}"));
            }
            prune(context, rule, *dry_run, (!*yes).then_some(&again))
        }
    }
}

fn document_of(summary: &Summary) -> SnapshotDocument {
    SnapshotDocument {
        id: summary.id.clone(),
        time_ms: summary.time_ms,
        why: summary.why.clone(),
        bytes: summary.size,
        problem: summary.problem.clone(),
    }
}

fn documents(
    context: &Context<'_, '_>,
    located: &Located,
    snapshots: Vec<SnapshotDocument>,
    dry_run: bool,
) -> SnapshotsDocument {
    SnapshotsDocument {
        head: Head::of("snapshot"),
        state_dir: crate::platform::shown(&located.state_dir),
        snapshot_dir: crate::platform::shown(&context.snapshots(located)),
        snapshots,
        dry_run,
    }
}

fn create(context: &mut Context<'_, '_>, why: &str) -> Result<Exit, Error> {
    let plain = !why.is_empty()
        && why.len() <= 40
        && why
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !plain {
        return Err(
            Error::usage(format!("`{}` is no word for a snapshot's name", safe(why)))
                .hint("use lower-case letters, digits and dashes, at most 40, e.g. before-update"),
        );
    }
    let held = begin(context, false)?;
    let lock = match held {
        Some(lock) => lock,
        None => lock(context)?,
    };
    let state = context.read()?;
    let folder = context.snapshots(&state.located);
    let made = snapshot::create(&snapshot::Create {
        state_dir: &state.located.state_dir,
        snapshots: &folder,
        stores: &state.stores(),
        why,
        command: "snapshot create",
        now_ms: context.world.now_ms,
        changes: None,
    })?;
    drop(lock);
    if context.global.json {
        let bytes = made
            .manifest
            .entries
            .iter()
            .filter_map(|entry| entry.size)
            .sum();
        let one = SnapshotDocument {
            id: made.id.clone(),
            time_ms: Some(made.manifest.created_at_ms),
            why: why.to_owned(),
            bytes,
            problem: None,
        };
        let document = documents(context, &state.located, vec![one], false);
        context.json(&document);
        return Ok(Exit::Done);
    }
    context.say(&format!("Snapshot {} made.", made.id));
    context.say(&format!(
        "To go back to it:  clawmend{} restore {}",
        words::flags(&context.global),
        made.id
    ));
    Ok(Exit::Done)
}

fn list(context: &mut Context<'_, '_>) -> Result<Exit, Error> {
    let located = context.locate()?;
    let all = snapshot::list(&located.state_dir, &context.snapshots(&located))?;
    if context.global.json {
        let document = documents(
            context,
            &located,
            all.iter().map(document_of).collect(),
            false,
        );
        context.json(&document);
        return Ok(Exit::Done);
    }
    if all.is_empty() {
        context.say(&words::commands(
            "No snapshots yet: `clawmend repair` takes one before it changes anything.",
            &context.global,
        ));
        return Ok(Exit::Done);
    }
    let mut out = format!(
        "{}, newest first, in {}\n",
        count(all.len(), "snapshot", "snapshots"),
        safe(&crate::platform::shown(&context.snapshots(&located)))
    );
    for summary in &all {
        out.push('\n');
        out.push_str(&line_of(context, summary));
    }
    context.print(&out);
    Ok(Exit::Done)
}

fn line_of(context: &Context<'_, '_>, summary: &Summary) -> String {
    let paint = context.paint;
    let mut out = format!("{}\n", paint.bold(&safe(&summary.id)));
    if let Some(ms) = summary.time_ms {
        let _ = writeln!(
            out,
            "    {} local, {} ({})",
            words::local(ms, context.world.utc_offset),
            words::utc(ms),
            words::ago(ms, context.world.now_ms)
        );
    }
    let _ = writeln!(
        out,
        "    {}, taken by `clawmend {}`",
        words::size(summary.size),
        safe(&summary.command)
    );
    if let Some(problem) = &summary.problem {
        let _ = writeln!(
            out,
            "    {}",
            paint.red(&format!("cannot be restored: {}", safe(problem)))
        );
    }
    out
}

fn show(context: &mut Context<'_, '_>, wanted: &str) -> Result<Exit, Error> {
    let located = context.locate()?;
    let folder = context.snapshots(&located);
    let all = context.while_it_takes("reading the snapshots", || {
        snapshot::list(&located.state_dir, &folder)
    })?;
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
            head: Head::of("snapshot"),
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
        let _ = match (&entry.name, entry.size, entry.mode) {
            (None, ..) => writeln!(out, "  {path}: was not there"),
            (Some(_), size, mode) => writeln!(
                out,
                "  {path}: {}{}, sha256 {}",
                words::size(size.unwrap_or_default()),
                mode_words(mode),
                entry
                    .sha256
                    .as_deref()
                    .and_then(|hash| hash.get(..12))
                    .unwrap_or("?"),
            ),
        };
        for (table, rows) in &entry.rows {
            let _ = writeln!(
                out,
                "      {table}: {}",
                count(usize::try_from(*rows).unwrap_or(usize::MAX), "row", "rows")
            );
        }
    }
    let _ = writeln!(
        out,
        "\nTo go back to it:  clawmend{} restore {}",
        words::flags(&context.global),
        safe(&summary.id)
    );
    context.print(&out);
    Ok(Exit::Done)
}

fn verify(context: &mut Context<'_, '_>, wanted: Option<&str>) -> Result<Exit, Error> {
    let located = context.locate()?;
    let folder = context.snapshots(&located);
    let all = context.while_it_takes("reading the snapshots", || {
        snapshot::list(&located.state_dir, &folder)
    })?;
    let chosen: Vec<Summary> = match wanted {
        Some(wanted) => vec![snapshot::find(&all, wanted)?.clone()],
        None => all,
    };
    let mut checked = Vec::new();
    for summary in chosen {
        let problems = match snapshot::open(&located.state_dir, &folder, &summary.id) {
            Ok(found) => found.verify(&verify_extract)?,
            Err(error) => vec![error.to_string()],
        };
        checked.push((summary, problems));
    }
    let damaged = checked.iter().any(|(_, problems)| !problems.is_empty());
    if context.global.json {
        let list = checked
            .iter()
            .map(|(summary, problems)| SnapshotDocument {
                problem: (!problems.is_empty()).then(|| problems.join("; ")),
                ..document_of(summary)
            })
            .collect();
        let document = documents(context, &located, list, false);
        context.json(&document);
    } else if checked.is_empty() {
        context.say("No snapshots yet.");
    } else {
        for (summary, problems) in &checked {
            let paint = context.paint;
            let verdict = if problems.is_empty() {
                paint.green("whole")
            } else {
                paint.red("damaged")
            };
            context.say(&format!("{}  {verdict}", safe(&summary.id)));
            for problem in problems {
                context.say(&format!("    {}", safe(problem)));
            }
        }
    }
    Ok(if damaged { Exit::Findings } else { Exit::Done })
}

fn prune(
    context: &mut Context<'_, '_>,
    rule: snapshot::Rule,
    dry_run: bool,
    ask: Option<&String>,
) -> Result<Exit, Error> {
    let held = begin(context, dry_run)?;
    let located = context.locate()?;
    let folder = context.snapshots(&located);
    let all = context.while_it_takes("reading the snapshots", || {
        snapshot::list(&located.state_dir, &folder)
    })?;
    let verdicts = snapshot::choose(&all, context.world.now_ms, rule);
    let going: Vec<_> = verdicts.iter().filter(|verdict| verdict.remove).collect();
    let gone_documents = || {
        all.iter()
            .filter(|summary| going.iter().any(|verdict| verdict.id == summary.id))
            .map(document_of)
            .collect::<Vec<_>>()
    };
    if !context.global.json {
        for verdict in &verdicts {
            let word = if verdict.remove { "goes " } else { "stays" };
            context.say(&format!(
                "{word}  {}  {:>9}  {}",
                safe(&verdict.id),
                words::size(verdict.size),
                verdict.reason
            ));
        }
    }
    if going.is_empty() && !dry_run && snapshot::has_leftovers(&located.state_dir, &folder)? {
        // What an interrupted prune left half-removed is swept as the lock is taken.
        lock(context)?;
    }
    if going.is_empty() || dry_run {
        if context.global.json {
            let document = documents(context, &located, gone_documents(), dry_run);
            context.json(&document);
        } else if going.is_empty() {
            context.say("Nothing to remove.");
        } else {
            context.say("Nothing was removed: this was a dry run.");
        }
        return Ok(Exit::Done);
    }
    if let Some(again) = ask {
        let refusal = |message: &str| {
            Error::refused(message.to_owned())
                .hint(format!("to go ahead without a question: {again} --yes"))
        };
        if context.global.json || !context.world.person.is_there() {
            return Err(refusal(
                "this needs a yes, and there is nobody here to answer; nothing was removed",
            ));
        }
        let question = format!("Remove {}?", count(going.len(), "snapshot", "snapshots"));
        match context.world.person.confirm(&question) {
            Some(true) => {}
            Some(false) => return Err(refusal("you said no; nothing was removed")),
            None => return Err(refusal("the question was broken off; nothing was removed")),
        }
    }
    let _lock = match held {
        Some(lock) => lock,
        None => lock(context)?,
    };
    for verdict in &going {
        snapshot::remove(&located.state_dir, &folder, &verdict.id)?;
    }
    if context.global.json {
        let document = documents(context, &located, gone_documents(), false);
        context.json(&document);
    } else {
        context.say(&format!(
            "Removed {}.",
            count(going.len(), "snapshot", "snapshots")
        ));
    }
    Ok(Exit::Done)
}

/// `12h`, `30d`, `8w` in milliseconds.
fn age(text: &str) -> Result<i64, Error> {
    let wrong = || {
        Error::usage(format!("`{}` is no age", safe(text)))
            .hint("write a number and a unit: 12h (hours), 30d (days), 8w (weeks)")
    };
    let split = text
        .len()
        .checked_sub(1)
        .filter(|at| text.is_char_boundary(*at))
        .ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let hours: i64 = match unit {
        "h" => 1,
        "d" => 24,
        "w" => 7 * 24,
        _ => return Err(wrong()),
    };
    let number: i64 = number.parse().map_err(|_| wrong())?;
    if number < 0 {
        return Err(wrong());
    }
    number.checked_mul(hours * 3_600_000).ok_or_else(wrong)
}

/// `, mode 0600`, where the system has modes.
fn mode_words(mode: Option<u32>) -> String {
    match mode {
        Some(mode) if crate::platform::KNOWS_OWNERS => format!(", mode {mode:04o}"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        assert_eq!(age("12h").unwrap(), 12 * 3_600_000);
        assert_eq!(age("30d").unwrap(), 30 * 86_400_000);
        for odd in ["", "d", "30", "-1d", "3y", "9999999999999999w", "1ü"] {
            assert!(age(odd).is_err(), "{odd}");
        }
    }
}

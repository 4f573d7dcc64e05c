//! `clawmend snapshot prune`.

use crate::cli::change::{agreed, lock, recover_first};
use crate::cli::context::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::read::locate::Located;
use crate::render::json::{Head, PruneDocument, PrunedDocument};
use crate::snapshot;
use crate::step::Step;
use crate::text::{count, safe, size};

pub(super) fn prune(
    context: &mut Context,
    rule: snapshot::Retention,
    dry_run: bool,
    ask: Option<Step>,
) -> Result<Exit, Error> {
    let held = recover_first(context, dry_run)?;
    let (located, folder, all) = context.listed()?;
    let decisions = snapshot::choose(&all.own, context.world.now_ms, rule);
    let going: Vec<_> = decisions.iter().filter(|decision| decision.remove).collect();
    let widest = decisions.iter().map(|decision| decision.id.len()).max().unwrap_or(0);
    let lines: String = decisions
        .iter()
        .map(|decision| {
            let word = if decision.remove { "goes " } else { "stays" };
            let (id, size) = (safe(&decision.id), size(decision.size));
            format!("{word}  {id:<widest$}  {size:>9}  {}\n", decision.reason)
        })
        .collect();
    if !context.global.json {
        context.print(&lines);
    }
    if going.is_empty()
        && !dry_run
        && held.is_none()
        && !(snapshot::leftovers(&located.state_dir, &folder)?.is_empty()
            && crate::journal::leftovers(&located.state_dir).is_empty())
    {
        // What an interrupted prune left half-removed is swept as the lock is taken.
        lock(context, None)?;
    }
    if going.is_empty() || dry_run {
        let text = match going.is_empty() {
            true => "Nothing to remove.",
            false => "Nothing was removed: this was a dry run.",
        };
        tell(context, &located, &decisions, &all.others, dry_run, text);
        return Ok(Exit::Done);
    }
    if let Some(again) = ask {
        let question = format!("Remove {}?", count(going.len(), "snapshot", "snapshots"));
        let list = |_: &Context| lines.clone();
        agreed(context, &question, &list, "nothing was removed", again)?;
    }
    let _lock = lock(context, held)?;
    context.while_it_takes("removing the snapshots", || {
        going.iter().try_for_each(|one| snapshot::remove(&located.state_dir, &folder, &one.id))
    })?;
    let text = format!("Removed {}.", count(going.len(), "snapshot", "snapshots"));
    tell(context, &located, &decisions, &all.others, false, &text);
    Ok(Exit::Done)
}

/// Says what came of it: `text`, or all of it as JSON.
fn tell(
    context: &mut Context,
    located: &Located,
    decisions: &[snapshot::Decision],
    others: &[snapshot::Summary],
    dry_run: bool,
    text: &str,
) {
    if !context.global.json {
        return context.say(text);
    }
    let (removed, kept): (Vec<_>, Vec<_>) = decisions.iter().partition(|decision| decision.remove);
    let told = |decision: &snapshot::Decision| PrunedDocument {
        id: decision.id.clone(),
        bytes: decision.size,
        reason: decision.reason.clone(),
    };
    let left = others.iter().map(|summary| PrunedDocument {
        id: summary.id.clone(),
        bytes: summary.size,
        reason: "it is of another state dir".to_owned(),
    });
    let document = PruneDocument {
        head: Head::of("snapshot prune"),
        state_dir: crate::platform::shown(&located.state_dir),
        snapshot_dir: crate::platform::shown(&context.snapshots(located)),
        dry_run,
        removed: removed.into_iter().map(told).collect(),
        kept: kept.into_iter().map(told).collect(),
        left: left.collect(),
    };
    context.json(&document);
}

/// `12h`, `30d`, `8w` in milliseconds.
pub(super) fn age(text: &str) -> Result<i64, Error> {
    let wrong = || {
        Error::usage("the value of --older-than is not an age")
            .hint("write a number and a unit: 12h (hours), 30d (days), 8w (weeks)")
    };
    let number = |(unit, hours)| Some((text.strip_suffix(unit)?.parse::<i64>().ok()?, hours));
    match [("h", 1), ("d", 24), ("w", 7 * 24)].into_iter().find_map(number) {
        Some((number @ 0.., hours)) => number.checked_mul(hours * 3_600_000).ok_or_else(wrong),
        _ => Err(wrong()),
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

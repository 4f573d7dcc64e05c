//! Which snapshots to drop: pure in the list, the time and the rule, with a reason for each.

use super::list::Summary;

/// What to keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Keep the newest this many.
    pub keep: Option<usize>,
    /// Drop only those older than this, milliseconds.
    pub older_than_ms: Option<i64>,
    /// Also keep the last of each day, this many days back.
    pub daily: Option<u16>,
}

/// What happens after each run that takes one, unless it is told to keep all: each holds a private key.
pub const DEFAULT: Retention = Retention { keep: Some(20), older_than_ms: None, daily: Some(14) };

const DAY_MS: i64 = 86_400_000;

/// What happens to one snapshot, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The id of the snapshot.
    pub id: String,
    /// Its size, bytes.
    pub size: u64,
    /// Whether it is to be dropped.
    pub remove: bool,
    /// Why it goes or stays.
    pub reason: String,
}

/// Judges every snapshot of a list (newest first). With both parts of the rule, only what both would
/// drop goes; with neither, nothing does. The newest one that can be restored from always stays.
pub fn choose(list: &[Summary], now_ms: i64, rule: Retention) -> Vec<Decision> {
    let newest_whole = list.iter().position(|summary| summary.problem.is_none());
    // Where none is whole, the newest is still better than nothing.
    let last_resort = newest_whole.or((!list.is_empty()).then_some(0));
    let judge = |(place, summary): (usize, &Summary)| {
        let (remove, reason) = decision(place, summary, now_ms, rule);
        let is_daily = |days| is_last_of_a_day(list, place, now_ms, days);
        let (remove, reason) = match rule.daily {
            _ if !remove => (false, reason),
            Some(days) if is_daily(days) => (false, "the last of its day".to_owned()),
            _ if Some(place) == last_resort => (false, "the newest one always stays".to_owned()),
            _ => (true, reason),
        };
        Decision { id: summary.id.clone(), size: summary.size, remove, reason }
    };
    list.iter().enumerate().map(judge).collect()
}

/// Whether it is the last one taken on its day (UTC), and that day not further back. What is of a day to
/// come was taken before the clock went back.
fn is_last_of_a_day(list: &[Summary], place: usize, now_ms: i64, days: u16) -> bool {
    let day = |summary: &Summary| summary.time_ms.map(|time| time.div_euclid(DAY_MS));
    let Some(own) = list.get(place).and_then(day) else { return true };
    let is_first = !list.iter().take(place).any(|later| day(later) == Some(own));
    is_first && own > now_ms.div_euclid(DAY_MS) - i64::from(days)
}

fn decision(place: usize, summary: &Summary, now_ms: i64, rule: Retention) -> (bool, String) {
    let mut reasons = Vec::new();
    if let Some(keep) = rule.keep {
        if place < keep {
            return (false, format!("one of the newest {keep}"));
        }
        reasons.push(format!("not one of the newest {keep}"));
    }
    if let Some(limit) = rule.older_than_ms {
        match summary.time_ms.map(|time| now_ms.saturating_sub(time)) {
            None => return (false, "its age is not known".to_owned()),
            Some(age) if age <= limit => return (false, "not old enough".to_owned()),
            Some(age) => reasons.push(format!("{} days old", age / DAY_MS)),
        }
    }
    match reasons.is_empty() {
        true => (false, "no rule says that it goes".to_owned()),
        false => (true, reasons.join(", ")),
    }
}

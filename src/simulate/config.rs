//! Edits of the config's text: each made and proven by [`json5::apply`], and told as splices of the
//! text before.

use serde_json::Value;

use crate::format::edit::smallest;
use crate::format::json5::{self, Edit as TextEdit};
use crate::plan::{Edit, Op, Splice};

/// What the edits do to `text`.
///
/// # Errors
/// The text cannot be edited; says why, and which lines to change by hand.
pub(super) fn splices(text: &[u8], edits: &[&Edit]) -> Result<Vec<Splice>, String> {
    let edits: Vec<TextEdit> = edits.iter().flat_map(|edit| text_edits(&edit.op)).collect();
    let mut all = Vec::new();
    let mut now = text.to_vec();
    for edit in &edits {
        let after = match json5::apply(&now, std::slice::from_ref(edit)) {
            Ok(after) => after,
            Err(refusal) => return Err(by_hand(text, &edits, &refusal)),
        };
        if let Some(splice) = smallest(&now, &after, 0) {
            compose(&mut all, splice, &now);
        }
        now = after;
    }
    Ok(all)
}

fn by_hand(text: &[u8], edits: &[TextEdit], refusal: &json5::Refusal) -> String {
    // The lines of all the edits, as they stand in the file that is there.
    let whole = json5::apply(text, edits).err();
    let lines = whole.as_ref().unwrap_or(refusal).by_hand.iter();
    let lines: Vec<String> = lines.map(|line| format!("\n  {line}")).collect();
    format!("{refusal}; to change by hand:{}", lines.concat())
}

/// A list that only grows is appended to, so that its comments stay.
fn text_edits(op: &Op) -> Vec<TextEdit> {
    match op {
        Op::Set { path, old, new } => match (old, new) {
            (Some(Value::Array(old)), Value::Array(new))
                if !old.is_empty() && new.starts_with(old) =>
            {
                let more = new.iter().skip(old.len());
                more.map(|value| TextEdit::Append { path: path.clone(), value: value.clone() })
                    .collect()
            }
            _ => vec![TextEdit::Set { path: path.clone(), value: new.clone() }],
        },
        Op::Unset { path, .. } => vec![TextEdit::Remove { path: path.clone() }],
        Op::Insert(_) | Op::Remove | Op::Rewrite(_) | Op::Delete => Vec::new(),
    }
}

/// Adds `next`, a splice of the text `now` that `all` has made, to `all`, in terms of the text before
/// all of them. Those that it touches become one with it.
fn compose(all: &mut Vec<Splice>, next: Splice, now: &[u8]) {
    let mut before: Vec<Splice> = Vec::new();
    let mut behind: Vec<Splice> = Vec::new();
    let (mut from, mut to) = (next.start, next.end);
    // How many bytes the splices up to here have added and taken.
    let (mut added, mut taken) = (0, 0);
    // The same, up to where the joined splice starts and ends.
    let mut at_start = None;
    let mut at_end = (0, 0);
    for splice in all.drain(..) {
        let at = splice.start + added - taken;
        let until = at + splice.text.len();
        let counted = (added, taken);
        added += splice.text.len();
        taken += splice.end - splice.start;
        if until < next.start {
            at_end = (added, taken);
            before.push(splice);
        } else if at > next.end {
            behind.push(splice);
        } else {
            at_start.get_or_insert(counted);
            at_end = (added, taken);
            from = from.min(at);
            to = to.max(until);
        }
    }
    let back = |place: usize, (added, taken): (usize, usize)| place + taken - added;
    let text = [
        now.get(from..next.start).unwrap_or_default(),
        &next.text,
        now.get(next.end..to).unwrap_or_default(),
    ];
    before.push(Splice {
        start: back(from, at_start.unwrap_or(at_end)),
        end: back(to, at_end),
        text: text.concat(),
    });
    before.extend(behind);
    *all = before;
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;

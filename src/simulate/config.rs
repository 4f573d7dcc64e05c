//! Edits of the config's text: made and proven by [`json5::apply`].

use serde_json::Value;

use crate::format::Splice;
use crate::format::edit::{FieldEdit, by_lines};
use crate::format::json5;
use crate::plan::{Edit, Op};

/// What the edits do to `text`.
pub(super) fn splices(text: &[u8], edits: &[&Edit]) -> Result<Vec<Splice>, String> {
    let edits: Vec<FieldEdit> = edits.iter().flat_map(|edit| text_edits(&edit.op)).collect();
    let after = json5::apply(text, &edits).map_err(|refusal| {
        let lines: Vec<String> = refusal.by_hand.iter().map(|line| format!("\n  {line}")).collect();
        format!("{refusal}; to change by hand:{}", lines.concat())
    })?;
    Ok(by_lines(text, &after))
}

/// A list that only grows is appended to, so that its comments stay.
fn text_edits(op: &Op) -> Vec<FieldEdit> {
    match op {
        Op::Set { path, old, new } => match (old, new) {
            (Some(Value::Array(old)), Value::Array(new))
                if !old.is_empty() && new.starts_with(old) =>
            {
                let more = new.iter().skip(old.len());
                more.map(|value| FieldEdit::Append { path: path.clone(), value: value.clone() })
                    .collect()
            }
            _ => vec![FieldEdit::Set { path: path.clone(), value: new.clone() }],
        },
        Op::Unset { path, .. } => vec![FieldEdit::Remove { path: path.clone() }],
        Op::Insert(_) | Op::Remove | Op::Rewrite(_) | Op::Delete => Vec::new(),
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;

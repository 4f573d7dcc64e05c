//! `clawmend explain`: the long story of a finding, found by code, failure mode or error text.

use super::args;
use super::context::Context;
use crate::checks::{self, Rule};
use crate::error::Error;
use crate::exit::Exit;
use crate::render::json::{ExplainDocument, Explanation, Head};
use crate::render::wrap;

/// Explains.
pub(super) fn run(context: &mut Context<'_, '_>, args: &args::Explain) -> Result<Exit, Error> {
    let text = args.what.join(" ");
    let found = matching(&text);
    if found.is_empty() {
        return Err(Error::usage(format!("nothing here fits `{}`", crate::text::safe(&text)))
            .hint("give a code as `clawmend` prints it, a failure mode (F01), or OpenClaw's own error text")
            .hint(format!("codes: {}", checks::RULES.iter().map(|rule| rule.code.0).collect::<Vec<_>>().join(", "))));
    }
    if context.global.json {
        let document = ExplainDocument {
            head: Head::of("explain"),
            explanations: found.into_iter().map(explanation).collect(),
        };
        context.json(&document);
        return Ok(Exit::Done);
    }
    let many = found.len() > 1;
    if many {
        context.say(&format!(
            "{} findings go with that; `clawmend` tells which of them is yours.\n",
            found.len()
        ));
    }
    let (paint, width) = (context.paint, context.world.width);
    for (at, rule) in found.into_iter().enumerate() {
        if at > 0 {
            context.say("");
        }
        context.say(&paint.bold(&format!("{}: {}", rule.code, rule.title)));
        let mut part = |label: &str, text: &str| {
            if !text.is_empty() {
                context.say(&wrap(
                    text,
                    width,
                    &format!("  {label:<10}"),
                    "            ",
                ));
            }
        };
        part("why", rule.why);
        part("repair", rule.mends);
        part("by hand", rule.by_hand);
        part("reports", &rule.modes.join(", "));
        part(
            "OpenClaw",
            &rule
                .messages
                .iter()
                .map(|message| format!("`{message}`"))
                .collect::<Vec<_>>()
                .join(", "),
        );
    }
    Ok(Exit::Done)
}

fn explanation(rule: &Rule) -> Explanation {
    let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    Explanation {
        code: rule.code.to_string(),
        severity: rule.severity,
        modes: list(rule.modes),
        title: rule.title.to_owned(),
        why: rule.why.to_owned(),
        mends: rule.mends.to_owned(),
        by_hand: rule.by_hand.to_owned(),
        messages: list(rule.messages),
    }
}

/// The rules that a code, a mode or an error text means: an exact name first, else by the messages.
fn matching(text: &str) -> Vec<&'static Rule> {
    let plain = text.trim().to_lowercase();
    let named: Vec<&Rule> = checks::RULES
        .iter()
        .copied()
        .filter(|rule| {
            rule.code.0 == plain
                || rule
                    .modes
                    .iter()
                    .any(|mode| mode.eq_ignore_ascii_case(&plain))
        })
        .collect();
    if !named.is_empty() {
        return named;
    }
    // The longest fragment that occurs says most; rules that share it are all shown.
    let score = |rule: &Rule| {
        rule.messages
            .iter()
            .map(|message| message.to_lowercase())
            .filter(|message| {
                plain.contains(message.as_str()) || (plain.len() >= 8 && message.contains(&plain))
            })
            .map(|message| message.len())
            .max()
            .unwrap_or(0)
    };
    let best = checks::RULES
        .iter()
        .map(|rule| score(rule))
        .max()
        .unwrap_or(0);
    if best == 0 {
        return Vec::new();
    }
    checks::RULES
        .iter()
        .copied()
        .filter(|rule| score(rule) == best)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openclaws_own_words_find_the_cause() {
        let codes = |text| {
            matching(text)
                .into_iter()
                .map(|rule| rule.code.0)
                .collect::<Vec<_>>()
        };
        assert!(codes("gateway closed (1008): pairing required").contains(&"cli-scopes-missing"));
        assert_eq!(
            codes("Unauthorized: device token mismatch (rotate/reissue device token)"),
            ["cli-token-mismatch"]
        );
        assert_eq!(codes("F31"), ["store-not-an-object"]);
        assert_eq!(codes("cli-not-paired"), ["cli-not-paired"]);
        assert!(codes("nonsense and more").is_empty());
    }
}

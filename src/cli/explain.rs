//! `clawmend explain`: the long story of a finding, found by code, failure mode or error text.

use super::args;
use super::context::Context;
use super::words;
use crate::checks::messages::{self, Message};
use crate::checks::reports::{self, Report};
use crate::checks::{self, Rule};
use crate::error::Error;
use crate::exit::Exit;
use crate::finding::Finding;
use crate::render::json::{ExplainDocument, Explanation, Head, MessageDocument};
use crate::render::wrap;
use crate::text::safe;

/// How many findings are told at length; more are listed.
const AT_LENGTH: usize = 2;

/// What a text means.
struct Matches {
    message: Option<&'static Message>,
    report: Option<&'static Report>,
    rules: Vec<&'static Rule>,
}

/// Explains.
pub(super) fn run(context: &mut Context<'_, '_>, args: &args::Explain) -> Result<Exit, Error> {
    let text = args.what.join(" ");
    let found = matching(&text);
    if found.rules.is_empty() && found.message.is_none() && found.report.is_none() {
        let codes: Vec<&str> = checks::RULES.iter().map(|rule| rule.code.0).collect();
        return Err(Error::usage(format!("nothing here fits `{}`", safe(&text)))
            .hint("give a code as `clawmend` prints it, a failure mode (F01), or OpenClaw's own error text")
            .hint(format!("codes: {}", codes.join(", "))));
    }
    // Which of them are found here says more than any list; no state dir is no obstacle.
    let looked = match (found.message, found.rules.len() > 1) {
        (None, false) => None,
        _ => context.read().ok(),
    };
    let looked_in = looked
        .as_ref()
        .map(|state| crate::platform::shown(&state.located.state_dir));
    let here: Vec<Finding> = looked.map(|state| state.findings).unwrap_or_default();
    let is_here = |rule: &Rule| here.iter().any(|finding| finding.code == rule.code);
    if context.global.json {
        let document = ExplainDocument {
            head: Head::of("explain"),
            message: found.message.map(|message| MessageDocument {
                means: message.means.to_owned(),
                advice: words::commands(message.advice, &context.global),
                found_here: here
                    .iter()
                    .map(|finding| finding.code.to_string())
                    .filter(|code| found.rules.iter().any(|rule| rule.code.0 == code))
                    .collect(),
            }),
            explanations: found
                .rules
                .iter()
                .map(|rule| explanation(rule, &context.global))
                .collect(),
        };
        context.json(&document);
        return Ok(Exit::Done);
    }
    let width = context.world.width;
    if let Some(report) = found.report {
        let text = format!("{}: {}", report.mode, report.name);
        let text = context.paint.bold(&wrap(&text, width, "", "     "));
        context.say(&text);
        context.say(&wrap(
            &report.refs.join(", "),
            width,
            "  reports   ",
            "            ",
        ));
        context.say("");
    }
    if let Some(message) = found.message {
        context.say(&wrap(message.means, width, "OpenClaw says that: ", "  "));
        if !message.advice.is_empty() {
            let advice =
                words::wrapped(message.advice, &context.global, width, "What to do: ", "  ");
            context.say(&advice);
        }
        context.say("");
    }
    // What is found here is told first, and at length.
    let (mine, others): (Vec<&Rule>, Vec<&Rule>) =
        found.rules.iter().copied().partition(|rule| is_here(rule));
    let (at_length, listed) = match (mine.is_empty(), others.len() <= AT_LENGTH) {
        (false, _) => (mine.clone(), others),
        (true, true) => (others, Vec::new()),
        (true, false) => (Vec::new(), others),
    };
    if !mine.is_empty() {
        let dir = looked_in.as_deref().map(safe).unwrap_or_default();
        context.say(&format!("Found in {dir}:\n"));
    }
    for rule in at_length {
        story(context, rule);
    }
    if !listed.is_empty() {
        let heading = match (mine.is_empty(), &looked_in) {
            (true, Some(dir)) => format!(
                "These findings cause it, and none of them is in {}:",
                safe(dir)
            ),
            (true, None) => {
                "These findings cause it; `clawmend` tells which of them is yours:".to_owned()
            }
            (false, _) => "Other findings that cause it:".to_owned(),
        };
        let heading = words::wrapped(&heading, &context.global, width, "", "");
        context.say(&heading);
        for rule in listed {
            let first = format!("  {:<26}", rule.code.0);
            context.say(&wrap(rule.title, width, &first, &" ".repeat(28)));
        }
        context.say(&words::commands(
            "The long story of one:  clawmend explain CODE",
            &context.global,
        ));
    }
    Ok(Exit::Done)
}

/// A rule at length.
fn story(context: &mut Context<'_, '_>, rule: &Rule) {
    let (paint, width) = (context.paint, context.world.width);
    let title = wrap(rule.title, width, &format!("{}: ", rule.code), "  ");
    context.say(&paint.bold(&title));
    let mut part = |label: &str, text: &str| {
        if !text.is_empty() {
            let first = format!("  {label:<10}");
            let rest = " ".repeat(12);
            let text = words::wrapped(text, &context.global, width, &first, &rest);
            context.say(&text);
        }
    };
    part("severity", severity(rule));
    part("why", rule.why);
    part("repair", rule.mends);
    part("by hand", rule.by_hand);
    for mode in rule.modes {
        if let Some(report) = reports::report(mode) {
            let text = format!("{mode} {}: {}", report.name, report.refs.join(", "));
            part("reports", &text);
        }
    }
    let messages: Vec<String> = rule
        .messages
        .iter()
        .map(|message| format!("`{message}`"))
        .collect();
    part("OpenClaw", &messages.join(", "));
    context.say("");
}

fn severity(rule: &Rule) -> &'static str {
    match rule.severity {
        crate::finding::Severity::Blocks => {
            "blocks: it keeps the CLI out, or the gateway from starting"
        }
        crate::finding::Severity::Unchecked => {
            "unchecked: nobody can say whether the state is healthy"
        }
        crate::finding::Severity::Warning => {
            "warning: it may keep the CLI out later, or costs something"
        }
        crate::finding::Severity::Info => "info: worth knowing",
    }
}

fn explanation(rule: &Rule, global: &args::Global) -> Explanation {
    let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    let refs: Vec<&str> = rule
        .modes
        .iter()
        .filter_map(|mode| reports::report(mode))
        .flat_map(|report| report.refs.iter().copied())
        .collect();
    Explanation {
        code: rule.code.to_string(),
        severity: rule.severity,
        modes: list(rule.modes),
        title: rule.title.to_owned(),
        why: rule.why.to_owned(),
        mends: words::commands(rule.mends, global),
        by_hand: words::commands(rule.by_hand, global),
        messages: list(rule.messages),
        reports: list(&refs),
    }
}

/// What a code, a mode or an error text means: an exact name first, else by the messages.
fn matching(text: &str) -> Matches {
    let name = text.trim().trim_matches(['[', ']']).to_lowercase();
    let by = |wanted: &dyn Fn(&Rule) -> bool| -> Vec<&'static Rule> {
        checks::RULES
            .iter()
            .copied()
            .filter(|rule| wanted(rule))
            .collect()
    };
    let named = by(&|rule| {
        rule.code.0 == name
            || rule
                .modes
                .iter()
                .any(|mode| mode.eq_ignore_ascii_case(&name))
    });
    let report = reports::report(&name);
    if !named.is_empty() || report.is_some() {
        return Matches {
            message: None,
            report,
            rules: named,
        };
    }
    let plain = messages::plain(text);
    let message = messages::find(text);
    // Rules know messages of their own: those that say at least as much as the one above.
    let least = message.map_or(1, |message| message.text.len());
    let own = |rule: &Rule| {
        let lengths = rule.messages.iter().filter_map(|message| {
            let message = messages::plain(message);
            if plain.contains(&message) {
                return Some(message.len());
            }
            let cut = message_is_cut(&plain) && message.contains(&plain);
            cut.then_some(plain.len())
        });
        lengths.max().unwrap_or(0)
    };
    let best = checks::RULES
        .iter()
        .map(|rule| own(rule))
        .max()
        .unwrap_or(0);
    let mut rules = by(&|rule| message.is_some_and(|message| message.codes.contains(&rule.code.0)));
    if best >= least {
        for rule in by(&|rule| own(rule) == best) {
            if !rules.iter().any(|known| known.code == rule.code) {
                rules.push(rule);
            }
        }
    }
    Matches {
        message,
        report: None,
        rules,
    }
}

/// Whether a text is long enough to stand for a longer message that it is a piece of.
fn message_is_cut(plain: &str) -> bool {
    plain.len() >= 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        matching(text)
            .rules
            .iter()
            .map(|rule| rule.code.0)
            .collect()
    }

    #[test]
    fn names_and_openclaws_own_words_find_the_cause() {
        assert!(codes("gateway closed (1008): pairing required").contains(&"cli-scopes-missing"));
        assert!(codes("Unauthorized: device token mismatch").contains(&"cli-token-mismatch"));
        assert_eq!(codes("F31"), ["store-not-an-object"]);
        assert_eq!(codes("f31"), ["store-not-an-object"]);
        assert_eq!(codes("[cli-not-paired]"), ["cli-not-paired"]);
        assert!(codes("nonsense and more").is_empty());
    }

    #[test]
    fn each_message_that_a_rule_names_finds_the_rule() {
        for rule in checks::RULES {
            for message in rule.messages {
                let found = matching(message);
                assert!(
                    found.message.is_some()
                        || found.rules.iter().any(|known| known.code == rule.code),
                    "{}: {message}",
                    rule.code
                );
            }
        }
    }
}

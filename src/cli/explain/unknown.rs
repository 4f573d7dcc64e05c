//! A text in which no message of OpenClaw and no finding is known: what to do with it.

use super::lookup::nearest;
use crate::checks;
use crate::cli::context::Context;
use crate::error::Error;
use crate::finding::locks_out;
use crate::step::Step;

/// Whether a text may hold a message that clawmend does not know.
fn speaks_of_error(text: &str) -> bool {
    const WORDS: &str = "\
        error|fail|refus|reject|denied|deny|unauthor|forbid|closed|required|mismatch|\
        invalid|missing|not |cannot|can't|unable|timeout|timed out|expired|unknown|\
        exception|warn|unexpected";
    let text = text.to_lowercase();
    let has_code = || {
        text.split(|c: char| !c.is_ascii_digit())
            .any(|digits| matches!(digits, "1000" | "1006" | "1008" | "1011" | "401" | "403"))
    };
    WORDS.split('|').any(|word| text.contains(word)) || has_code()
}

/// Nothing fits: the codes that may have been meant, or what to send where.
pub(super) fn unknown(context: &Context, text: &str) -> Error {
    // What was pasted may hold a token, and is not said again.
    let near = nearest(text);
    if near.is_empty() && !speaks_of_error(text) {
        // The output of a command that worked, most likely.
        let error = Error::not_found("no error message of OpenClaw is in this text");
        if let Ok(state) = context.read() {
            let error = match (checks::fails(&state.findings), locks_out(&state.findings)) {
                (false, _) => error
                    .hint("nothing locks this machine's CLI out now: healthy, as far as the files tell")
                    .hint("if openclaw is still refused, paste all of what it printed"),
                (true, true) => error
                    .hint(Step::diagnose().after("this machine's CLI is locked out; to see why")),
                (true, false) => error.hint(
                    Step::diagnose()
                        .after("it could not be checked whether this machine's CLI gets in; to see why"),
                ),
            };
            return error.hint(sent_where());
        }
    }
    let error = match near.as_slice() {
        [] => Error::not_found("clawmend does not know a message in this text"),
        near => Error::not_found("no finding has that name")
            .hint(format!("did you mean {}?", near.join(", "))),
    };
    let error = error.hint(Step::clawmend(["explain", "--list"]).note("lists every finding"));
    if !near.is_empty() {
        return error;
    }
    let error = error
        .hint("paste all of what OpenClaw printed: a few words of it can mean several things")
        .hint(Step::diagnose().note("finds what is wrong here without any message"));
    // It may be about another state than this one.
    super::places().into_iter().fold(error, Error::hint).hint(sent_where())
}

fn sent_where() -> String {
    let issues = concat!(env!("CARGO_PKG_REPOSITORY"), "/issues");
    format!(
        "still locked out: send the message (without tokens and passwords), `openclaw --version` and what `clawmend report` prints to {issues}"
    )
}

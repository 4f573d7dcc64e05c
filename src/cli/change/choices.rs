//! What a repair leaves as it is, because it is the user's choice.

use super::{Call, Proposal, Purpose};
use crate::cli::context::Context;
use crate::finding::{Finding, Mend, Severity};

/// What was found before a repair and is not mended by its plan, because only a person can decide it.
pub(super) fn untouched(call: &Call<'_>, before: &[Finding], proposal: &Proposal) -> Vec<Finding> {
    if call.purpose != Purpose::Repair {
        return Vec::new();
    }
    let mends = |finding: &Finding| {
        let mut edits = proposal.changes.edits.iter();
        edits.any(|edit| edit.mends.contains(&finding.code))
    };
    before
        .iter()
        .filter(|finding| finding.severity < Severity::Info)
        .filter(|finding| matches!(finding.mend, Mend::Choice(_) | Mend::ByHand(_)))
        .filter(|finding| !mends(finding))
        .cloned()
        .collect()
}

/// Names these, unless they stand among what still blocks: the next diagnosis may know less, for the
/// repair took away what gave them away.
pub(super) fn choices(context: &mut Context<'_, '_>, untouched: &[Finding], left: &[Finding]) {
    let told = |finding: &Finding| {
        let mut left = left.iter().filter(|left| left.severity.fails());
        left.any(|left| left.code == finding.code)
    };
    let mut head = Some("\nNot changed, your choice:");
    for finding in untouched.iter().filter(|finding| !told(finding)) {
        if let Some(head) = head.take() {
            context.say(head);
        }
        let says = crate::text::safe(&finding.says);
        context.say(&format!("  {says} [{}]", finding.code));
        if let Mend::Choice(steps) | Mend::ByHand(steps) = &finding.mend {
            for step in steps {
                let view = context.view();
                let line = view.invocation.wrapped(step, view.width, "    ", "    ");
                context.say(&line);
            }
        }
    }
}

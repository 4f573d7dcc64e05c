//! What a repair leaves as it is, because it is the user's choice.

use super::{Call, Proposal, Purpose};
use crate::cli::context::Context;
use crate::finding::{Finding, Remedy, Severity};

/// What was found before a repair and is not repaired by its plan, because only a person can decide it.
pub(super) fn untouched(call: &Call<'_>, before: &[Finding], proposal: &Proposal) -> Vec<Finding> {
    if call.purpose != Purpose::Repair {
        return Vec::new();
    }
    let repairs = |finding: &Finding| {
        let mut edits = proposal.changes.edits.iter();
        edits.any(|edit| edit.repairs.contains(&finding.code))
    };
    before
        .iter()
        .filter(|finding| finding.severity < Severity::Info)
        .filter(|finding| matches!(finding.remedy, Remedy::Choice(_) | Remedy::ByHand(_)))
        .filter(|finding| !repairs(finding))
        .cloned()
        .collect()
}

/// Names these, unless they stand among what still blocks: the next diagnosis may know less, for the
/// repair took away what gave them away.
pub(super) fn choices(context: &mut Context, untouched: &[Finding], left: &[Finding]) {
    let told = |finding: &Finding| {
        let mut left = left.iter().filter(|left| left.severity.fails());
        left.any(|left| left.code == finding.code)
    };
    let mut head = Some("\nNot changed, because you decide:");
    for finding in untouched.iter().filter(|finding| !told(finding)) {
        if let Some(head) = head.take() {
            context.say(head);
        }
        let says = crate::text::safe(&finding.says);
        context.say_under("  ", "  ", &format!("{says} [{}]", finding.code));
        if let Remedy::Choice(steps) | Remedy::ByHand(steps) = &finding.remedy {
            for step in steps {
                context.say_step_under("    ", "    ", step);
            }
        }
    }
}

//! A release that came after this version of clawmend.

use super::Check;
use crate::config::schema::Schema;
use crate::finding::{Code, Severity};
use crate::model::layout::CONFIG;

pub static RELEASE: Check = Check {
    code: Code("release-newer"),
    severity: Severity::Info,
    title: "this OpenClaw is newer than the releases that clawmend knows",
    why: "What a gateway checks changes from release to release. clawmend uses the rules of the newest release that it was tested with.",
    repair: "Nothing.",
    by_hand: "Look for a newer clawmend.",
    find_one: |model, check| {
        let release = model.release()?;
        let known = Schema::of(release).filter(|known| known.is_older)?;
        let says = "this OpenClaw is newer than the releases that clawmend knows";
        let finding = check.finding(CONFIG, says).seen("OpenClaw here", release.to_string());
        Some(finding.seen("newest known", known.release.to_string()))
    },
    ..Check::BASE
};

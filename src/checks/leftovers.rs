//! Identity and token files of the older generation that lie beside the database.

use super::Rule;
use super::stores::{readable_mend, unusable};
use crate::finding::{Code, Finding, Mend, Severity};
use crate::model::database::is_identity_claim;
use crate::model::layout::Part;
use crate::model::{AuthCondition, IdentityState, Model, Shared};

pub(super) fn name(part: Part) -> &'static str {
    part.file().unwrap_or_default()
}

pub(super) fn aside(model: &Model, file: &str) -> String {
    let path = model.facts.state_dir.join(file);
    format!("move it aside: mv '{0}' '{0}.aside'", crate::platform::shown(&path))
}

pub static IDENTITY_WAITS: Rule = Rule {
    code: Code("identity-import-waits"),
    modes: &["F14", "F20"],
    severity: Severity::Blocks,
    title: "the identity was not moved into the database",
    why: "From 2026.8 the identity is a row of the database. While the row is missing and identity/device.json is there, \
          gateway and CLI refuse to use either until an import has run.",
    mends: "The file's key pair becomes the row, and the file is set aside into the snapshot: what OpenClaw's own import does.",
    by_hand: "Stop the gateway and run `openclaw doctor --fix`.",
    messages: &["Legacy device identity exists", "requires credentials before opening a websocket"],
    run: identity_waits,
};

fn identity_waits(model: &Model, rule: &Rule) -> Vec<Finding> {
    let Some(legacy) = &model.legacy else {
        return vec![];
    };
    let doctor = || "stop the gateway, then run: openclaw doctor --fix".to_owned();
    if legacy.adopted {
        let mend = "put its key pair into the database and set the file aside";
        let says = "the identity is still a file, and the database has none";
        return vec![rule.finding(name(Part::Identity), says, Mend::Repair(mend.into()))];
    }
    if model.identity != IdentityState::Absent {
        return vec![];
    }
    if let Some(claim) = model.facts.blockers.iter().find(|name| is_identity_claim(name)) {
        let says = "an import of the identity was interrupted, and the database has none";
        let mend = Mend::ByHand(vec![
            doctor(),
            format!(
                "if that refuses, put the file back under its name: mv '{}' '{}'",
                crate::platform::shown(&model.facts.state_dir.join(claim)),
                crate::platform::shown(&model.facts.state_dir.join(name(Part::Identity)))
            ),
        ]);
        return vec![rule.finding(claim.clone(), says, mend)];
    }
    let says = match &legacy.identity {
        IdentityState::Absent => return vec![],
        IdentityState::Unusable(why) => {
            format!("the identity is still a file that could not be read: {}", unusable(why))
        }
        _ => "the identity is still a file, and not one that can be taken as it stands".to_owned(),
    };
    let mend = Mend::ByHand(vec![
        doctor(),
        format!("if that refuses, {}", aside(model, name(Part::Identity))),
        "then run: openclaw devices list    (it makes a new identity), and: clawmend repair".into(),
    ]);
    vec![rule.finding(name(Part::Identity), says, mend)]
}

pub static IDENTITY_LEFT: Rule = Rule {
    code: Code("identity-file-left"),
    modes: &["F20"],
    severity: Severity::Warning,
    title: "a retired identity file lies beside the database",
    why: "The database's row is this machine's identity. A device.json that is there all the same (an older app wrote it, or an \
          import could not remove it) is not used, but can stop the migration at a gateway's start, and `openclaw doctor`.",
    mends: "The file is set aside: it goes, and stays in the snapshot.",
    by_hand: "Move identity/device.json aside. If it comes back, update the app that writes it.",
    messages: &[
        "canonical SQLite device identity differs from the legacy identity",
        "bytes differ from the migration receipt",
        "Could not access the persisted device identity",
    ],
    run: |model, rule| {
        let (Some(legacy), Some(row)) = (&model.legacy, model.usable_identity()) else {
            return vec![];
        };
        if legacy.adopted {
            return vec![];
        }
        let set_aside = Mend::Repair("set it aside, into the snapshot".into());
        let finding = match &legacy.identity {
            IdentityState::Absent => return vec![],
            IdentityState::Unusable(why) => rule
                .finding(
                    name(Part::Identity),
                    "a retired identity file is in the way",
                    readable_mend(why),
                )
                .seen(unusable(why)),
            IdentityState::Found(file) if file.public_key == row.public_key => rule
                .finding(name(Part::Identity), "the identity's old file is still there", set_aside)
                .at_worst(Severity::Info)
                .seen("it holds the same key as the database"),
            IdentityState::Found(file) => rule
                .finding(
                    name(Part::Identity),
                    "an identity file with another key lies beside the database",
                    set_aside,
                )
                .seen(format!("the file is for {}", file.derived_id))
                .seen(format!("the database is for {}", row.derived_id)),
            _ => rule
                .finding(
                    name(Part::Identity),
                    "a retired identity file lies beside the database",
                    set_aside,
                )
                .seen("it holds no key pair"),
        };
        vec![finding]
    },
};

pub static AUTH_LEFT: Rule = Rule {
    code: Code("device-auth-file-left"),
    modes: &["F29", "F14"],
    severity: Severity::Blocks,
    title: "a retired device-auth.json blocks the cached token",
    why: "From 2026.8 the cached token is a row of the database. While identity/device-auth.json merely exists, every use of \
          that row is refused, so a CLI without a shared token has nothing to show.",
    mends: "The file is set aside into the snapshot; the database's row is written where it does not fit.",
    by_hand: "Move identity/device-auth.json aside. If it comes back, update the (macOS) app that writes it.",
    messages: &[
        "Legacy device auth requires migration",
        "requires credentials before opening a websocket",
        "legacy device-auth store is invalid",
    ],
    run: |model, rule| {
        let Some(legacy) = &model.legacy else {
            return vec![];
        };
        let mend = match &legacy.auth.condition {
            AuthCondition::Absent => return vec![],
            AuthCondition::Unusable(why) => readable_mend(why),
            AuthCondition::Good | AuthCondition::Malformed => {
                Mend::Repair("set it aside, into the snapshot".into())
            }
        };
        let says =
            "the retired device-auth.json is there, and while it is, the cached token is not used";
        let finding = rule.finding(name(Part::DeviceAuth), says, mend);
        vec![match (&legacy.auth.condition, model.shared) {
            (AuthCondition::Unusable(why), Shared::Absent) => finding.seen(unusable(why)),
            (_, Shared::Absent) => finding,
            (_, Shared::Present) => finding.at_worst(Severity::Warning).seen(
                "the config holds a shared token or password, so the CLI does without the cached token",
            ),
        }]
    },
};

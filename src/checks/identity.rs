//! This machine's own identity: `identity/device.json`, or the `device_identities` row.

use super::Rule;
use crate::finding::{Code, Finding, Mend, Severity};
use crate::model::identity::IdentityFault;
use crate::model::layout::Part;
use crate::model::{AuthCondition, IdentityState, Model, place_of};
use crate::plan::StoreKind;
use crate::secret::shape::Shape;

/// What a person does when only OpenClaw can make a new identity.
fn new_identity() -> Mend {
    Mend::ByHand(vec![
        "run once: openclaw devices list    (it makes a new identity and asks for pairing; it may be refused)".into(),
        "then run: clawmend repair          (it grants that new request)".into(),
    ])
}

/// The row of the database: only OpenClaw puts another key pair there.
fn by_doctor() -> Mend {
    Mend::ByHand(vec![
        "stop the gateway, then run: openclaw doctor --fix    (it puts a new identity in the row's place)"
            .into(),
        "start the gateway, then run: clawmend repair".into(),
    ])
}

pub static MISSING: Rule = Rule {
    code: Code("identity-missing"),
    modes: &["F38"],
    severity: Severity::Blocks,
    title: "this machine has no identity yet",
    why: "The CLI proves who it is with a key pair. Without one there is nothing the gateway could have paired; \
          OpenClaw makes a new pair at its next start, and that one must be approved.",
    mends: "Nothing: a key pair is never forged. OpenClaw makes a new one, then `clawmend repair` grants it.",
    by_hand: "Run `openclaw devices list` once, then `clawmend repair`.",
    messages: &["pairing required", "device identity required"],
    run: |model, rule| match model.identity {
        // What cannot be read, or waits to be imported, has a finding of its own.
        IdentityState::Absent
            if model.is_database_unread()
                || !(super::leftovers::IDENTITY_WAITS.run)(
                    model,
                    &super::leftovers::IDENTITY_WAITS,
                )
                .is_empty() =>
        {
            vec![]
        }
        IdentityState::Absent => {
            let place = place_of(model.store, Part::Identity);
            let fresh = model.paired.entries.is_empty();
            let says = if fresh {
                "the CLI has never run with this state dir: there is no identity and no paired device"
            } else {
                "the CLI's identity is gone, though devices are paired here"
            };
            // Without a config `openclaw setup` comes first: nothing else of OpenClaw's runs.
            let bare = matches!(model.config.state, crate::config::model::ConfigState::Absent)
                && model.config.facts.copies.is_empty()
                && !model.config.is_client();
            let mend = match new_identity() {
                Mend::ByHand(then) if fresh && bare => Mend::ByHand(
                    std::iter::once("first run: openclaw setup    (there is no config yet)".into())
                        .chain(then)
                        .collect(),
                ),
                mend => mend,
            };
            let finding = rule.finding(place, says, mend);
            vec![if fresh { finding.at_worst(Severity::Unchecked) } else { finding }]
        }
        _ => vec![],
    },
};

pub static MALFORMED: Rule = Rule {
    code: Code("identity-malformed"),
    modes: &["F12", "F38"],
    severity: Severity::Blocks,
    title: "the identity cannot be read",
    why: "OpenClaw cannot use a broken identity. Releases up to 2026.4 overwrite it with a new key pair at the next \
          start; later ones use a new key pair for every single call, so that no approval ever holds.",
    mends: "Nothing: a key pair is never forged. Moving the broken file aside lets OpenClaw make a new one.",
    by_hand: "Move identity/device.json aside, run `openclaw devices list` once, then `clawmend repair`.",
    messages: &["pairing required", "device identity required", "device signature invalid"],
    run: malformed,
};

fn malformed(model: &Model, rule: &Rule) -> Vec<Finding> {
    let place = place_of(model.store, Part::Identity);
    let aside = || {
        if model.store == StoreKind::Sqlite {
            return by_doctor();
        }
        let mut steps = vec![format!(
            "move it aside: mv '{0}' '{0}.broken'",
            crate::platform::shown(
                &model.facts.state_dir.join(Part::Identity.file().unwrap_or_default())
            )
        )];
        if let Mend::ByHand(then) = new_identity() {
            steps.extend(then);
        }
        Mend::ByHand(steps)
    };
    match &model.identity {
        IdentityState::Unusable(why) => vec![
            rule.finding(
                place,
                format!("the identity could not be read: {}", super::stores::unusable(why)),
                super::stores::readable_mend(why),
            )
            .at_worst(Severity::Unchecked),
        ],
        IdentityState::Malformed => {
            vec![rule.finding(
                place,
                "the identity is not a JSON object (empty, truncated or damaged)",
                aside(),
            )]
        }
        IdentityState::Faulty(fault, id) => {
            let says = match fault {
                IdentityFault::Field(name) => format!("the identity lacks `{name}`"),
                IdentityFault::Version => "the identity's `version` is not 1".to_owned(),
                IdentityFault::PublicKey => "the identity's public key is not an Ed25519 key in PEM".to_owned(),
                IdentityFault::PrivateKey => "the identity's private key is not an Ed25519 key in PEM".to_owned(),
                IdentityFault::AppShape => {
                    "the identity was written by a native app, in a shape that the CLI of many releases cannot use".to_owned()
                }
            };
            let finding = rule.finding(place, says, aside());
            vec![match id {
                Some(id) => finding.seen(format!("deviceId {}", Shape::DeviceId.show(id))),
                None => finding,
            }]
        }
        IdentityState::Absent | IdentityState::Found(_) => vec![],
    }
}

pub static KEYS_DIFFER: Rule = Rule {
    code: Code("identity-keys-differ"),
    modes: &["F38"],
    severity: Severity::Blocks,
    title: "the identity's private key does not belong to its public key",
    why: "The CLI signs with the private key and the gateway checks with the public one: the signature is refused, \
          or the identity is thrown away at each call.",
    mends: "Nothing: a key pair is never forged.",
    by_hand: "Move identity/device.json aside, run `openclaw devices list` once, then `clawmend repair`.",
    messages: &["device signature invalid", "pairing required"],
    run: |model, rule| match &model.identity {
        IdentityState::Found(identity) if !identity.keys_match => {
            let finding = rule.finding(
                place_of(model.store, Part::Identity),
                "the private key and the public key are not a pair (mixed from two machines?)",
                match model.store {
                    StoreKind::Files => new_identity(),
                    StoreKind::Sqlite => by_doctor(),
                },
            );
            vec![finding.seen(format!("deviceId {}", identity.shown_id()))]
        }
        _ => vec![],
    },
};

pub static ID_DIFFERS: Rule = Rule {
    code: Code("identity-id-differs"),
    modes: &["F38"],
    severity: Severity::Blocks,
    title: "the identity's deviceId is not the hash of its key",
    why: "A device id is the SHA-256 of the public key. Up to 2026.7 OpenClaw goes by the hash and writes it back at its \
          next start; from 2026.8 it refuses the identity's row as a whole. clawmend goes by the hash too.",
    mends: "In the database the row gets the right id; in a file OpenClaw corrects it. The device with the right id is granted.",
    by_hand: "Files: nothing to do. Database: stop the gateway and run `openclaw doctor --fix`.",
    messages: &["device identity mismatch", "invalid persisted device identity"],
    run: |model, rule| match &model.identity {
        IdentityState::Found(identity) if identity.keys_match && !identity.id_fits() => {
            let (mend, severity) = match model.store {
                StoreKind::Files => (Mend::Nothing, Severity::Warning),
                StoreKind::Sqlite => {
                    (Mend::Repair("write the id that the key hashes to".into()), Severity::Blocks)
                }
            };
            let finding = rule
                .finding(
                    place_of(model.store, Part::Identity),
                    "the deviceId in the identity is not the one its key hashes to",
                    mend,
                )
                .at_worst(severity);
            vec![
                finding
                    .seen(format!("deviceId {}", identity.shown_id()))
                    .seen(format!("the key hashes to {}", identity.derived_id)),
            ]
        }
        _ => vec![],
    },
};

pub static FOREIGN: Rule = Rule {
    code: Code("identity-foreign"),
    modes: &["F38", "F04"],
    severity: Severity::Warning,
    title: "store and identity come from different machines",
    why: "The paired devices were approved for another key pair than the one in the identity: a restored backup, a \
          copied state dir, or an identity that was made anew.",
    mends: "The device of the present identity is granted; the other devices stay.",
    by_hand: "Bring the identity of the same backup back, if there is one.",
    messages: &["pairing required", "device token mismatch"],
    run: foreign,
};

fn foreign(model: &Model, rule: &Rule) -> Vec<Finding> {
    let Some(local) = model.local_id() else {
        return vec![];
    };
    if model.paired.entry(local).is_some() {
        return vec![];
    }
    let others: Vec<String> = model
        .paired
        .devices()
        .filter(|device| device.client_id.as_deref() == Some("cli"))
        .take(3)
        .map(|device| device.name())
        .collect();
    let cached = model
        .auth
        .device_id
        .as_deref()
        .filter(|id| model.auth.condition == AuthCondition::Good && *id != local);
    if others.is_empty() && cached.is_none() {
        return vec![];
    }
    let mut finding = rule.finding(
        place_of(model.store, Part::Identity),
        "the identity is not the one that was paired here before",
        Mend::Repair("grant this machine's present identity; the other devices stay".into()),
    );
    finding = finding.seen(format!("this machine is now {local}"));
    for other in others {
        finding = finding.seen(format!("a CLI paired before: {other}"));
    }
    if let Some(cached) = cached {
        finding = finding.seen(format!("the cached token is for {}", model.shown_id(cached)));
    }
    vec![finding]
}

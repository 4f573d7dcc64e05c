//! This machine's CLI in the pairing store: is it paired, as whom, with which scopes.

use super::{Rule, list};
use crate::finding::{Code, Mend, Severity};
use crate::model::device::{Device, List};
use crate::model::layout::Part;
use crate::model::scopes::{Era, FULL, Rule as ScopeRule};
use crate::model::{Model, place_of};
use crate::plan::StoreKind;

fn paired_place(model: &Model) -> String {
    place_of(model.store, Part::Paired)
}

fn pending_place(model: &Model) -> String {
    place_of(model.store, Part::Pending)
}

/// The device and its record, where the identity can be used and a record is there.
fn local(model: &Model) -> Option<&Device> {
    model.usable_identity()?;
    model.local.as_ref()
}

pub static NOT_PAIRED: Rule = Rule {
    code: Code("cli-not-paired"),
    modes: &["F02", "F03", "F21", "F35", "F36", "F37"],
    severity: Severity::Blocks,
    title: "this machine's CLI is not paired",
    why: "Every device must be paired before the gateway talks to it, the CLI included. A first contact from loopback \
          is approved silently, but not when it came through a proxy, from a container or over the LAN, and not \
          while a request that needs a person still waits.",
    mends: "The device is added to the paired store with the CLI's full operator scopes, and its token is put on both sides.",
    by_hand: "Move the request from devices/pending.json into devices/paired.json, add tokens.operator, and write the same \
              token into identity/device-auth.json.",
    messages: &[
        "pairing required",
        "not-paired",
        "device is not approved yet",
        "unknown requestId",
    ],
    run: |model, rule| {
        let Some(identity) = model.usable_identity() else {
            return vec![];
        };
        if model.local_entry().is_some() || !store_is_readable(model) {
            return vec![];
        }
        let waiting = model.requests.last();
        let says = match waiting {
            Some(_) => {
                "this machine's CLI is not paired; its request waits for an approval that needs a paired CLI"
            }
            None => "this machine's CLI is not paired, and no request of it waits",
        };
        let mut finding = rule.finding(
            paired_place(model),
            says,
            Mend::Repair("pair it, with the CLI's full operator scopes".into()),
        );
        finding = finding.seen(format!("deviceId {}", identity.derived_id));
        if let Some(request) = waiting {
            finding = finding.seen(request_line(request, model.facts.now_ms));
        }
        vec![finding]
    },
};

fn store_is_readable(model: &Model) -> bool {
    !matches!(
        model.paired.condition,
        crate::model::store::Condition::Unusable(_)
    )
}

/// One line about a request.
pub fn request_line(request: &Device, now_ms: i64) -> String {
    let mut words = vec![
        format!("request {}", request.key),
        format!("asks for {}", list(request.scopes.items())),
    ];
    if request.is_repair {
        words.push("isRepair".into());
    }
    if !request.silent {
        words.push("silent: false".into());
    }
    if let Some(ip) = &request.remote_ip {
        words.push(format!("from {ip}"));
    }
    if request.expired(now_ms) {
        words.push("expired".into());
    }
    words.join(", ")
}

pub static KEY_DIFFERS: Rule = Rule {
    code: Code("cli-key-differs"),
    modes: &["F38"],
    severity: Severity::Blocks,
    title: "the CLI is paired with another public key",
    why: "The gateway compares the key of the connection with the paired one, letter for letter, before anything else.",
    mends: "The record gets the public key of this machine's identity.",
    by_hand: "Write the identity's raw public key, base64url without padding, into the record's publicKey.",
    messages: &["pairing required"],
    run: |model, rule| {
        let (Some(identity), Some(device)) = (model.usable_identity(), local(model)) else {
            return vec![];
        };
        if device.public_key.as_deref() == Some(identity.public_key.as_str()) {
            return vec![];
        }
        let finding = rule.finding(
            paired_place(model),
            "the CLI's paired record holds another public key than its identity",
            Mend::Repair("write the identity's public key into the record".into()),
        );
        vec![
            finding
                .seen(format!("identity  {}", identity.public_key))
                .seen(format!(
                    "record    {}",
                    device.public_key.as_deref().unwrap_or("none")
                )),
        ]
    },
};

pub static ROLE_MISSING: Rule = Rule {
    code: Code("cli-role-missing"),
    modes: &["F21", "F23"],
    severity: Severity::Blocks,
    title: "the CLI's device lacks the operator role",
    why: "The CLI connects as `operator`; a device that was approved as something else (a node, say) needs that role too.",
    mends: "`operator` is added to the record's role and roles.",
    by_hand: "Add \"operator\" to the record's roles.",
    messages: &[
        "pairing required",
        "role-upgrade",
        "more roles than currently approved",
    ],
    run: |model, rule| {
        let Some(device) = local(model) else {
            return vec![];
        };
        let roles = device.all_roles();
        let held = roles.iter().any(|role| role == "operator");
        let listed =
            !device.roles.is_list() || device.roles.items().iter().any(|role| role == "operator");
        if held && listed && device.roles != List::Odd {
            return vec![];
        }
        let finding = rule.finding(
            paired_place(model),
            "the CLI's device does not hold the role `operator` in every place",
            Mend::Repair("add the role".into()),
        );
        // From 2026.4 `role` and `roles` count together; before, `roles` alone where it is a list.
        let finding = if held && model.era == Era::Least {
            finding.at_worst(Severity::Warning)
        } else {
            finding
        };
        vec![finding.seen(format!("roles: {}", list(&roles)))]
    },
};

/// The scopes the gateway goes by, and under which name.
fn baseline(device: &Device) -> (&'static str, &List) {
    match &device.approved_scopes {
        List::Of(_) => ("approvedScopes", &device.approved_scopes),
        _ => ("scopes", &device.scopes),
    }
}

pub static SCOPES_MISSING: Rule = Rule {
    code: Code("cli-scopes-missing"),
    modes: &["F01", "F26"],
    severity: Severity::Blocks,
    title: "the CLI is paired with too few scopes",
    why: "Each command asks for scopes, and the gateway lets a device have only those it was approved for. A CLI whose \
          first contact was a status probe holds just `operator.read`, and approving more needs scopes that it lacks. \
          Up to 2026.2.19 each scope must be in the list by name; later `operator.admin` stands for all.",
    mends: "The full set (admin, approvals, pairing, read, write) goes into scopes, approvedScopes and the tokens of both sides.",
    by_hand: "Widen `scopes`, `approvedScopes`, `tokens.operator.scopes` in devices/paired.json and `tokens.operator.scopes` in \
              identity/device-auth.json alike: leaving out one of them keeps the CLI out.",
    messages: &[
        "pairing required",
        "scope upgrade pending approval",
        "device is asking for more scopes than currently approved",
        "missing scope",
        "scope-upgrade",
    ],
    run: |model, rule| {
        let Some(device) = local(model) else {
            return vec![];
        };
        let (name, held) = baseline(device);
        let lacking = model.rule.lacking(held.items(), FULL);
        if lacking.is_empty() && *held != List::Odd {
            return vec![];
        }
        let mut finding = rule.finding(
            paired_place(model),
            "this machine's CLI is paired, but with too few scopes",
            Mend::Repair(
                "give it the CLI's full operator scopes, in every place that must agree".into(),
            ),
        );
        finding = finding
            .seen(format!("deviceId {}", device.key))
            .seen(format!(
                "{name}: {}",
                if *held == List::Odd {
                    "not a list of strings".into()
                } else {
                    list(held.items())
                }
            ))
            .seen(format!("lacks: {}", list(&lacking)));
        if let Some(request) = model.requests.last() {
            finding = finding.seen(request_line(request, model.facts.now_ms));
        }
        let gets_in = *held != List::Odd
            && model
                .rule
                .lacking(held.items(), model.era.needed().iter().copied())
                .is_empty();
        vec![if gets_in {
            finding
                .at_worst(Severity::Warning)
                .seen("everyday commands get in with these; those that need more are refused")
        } else {
            finding
        }]
    },
};

pub static SCOPES_DISAGREE: Rule = Rule {
    code: Code("cli-scopes-disagree"),
    modes: &["F01", "F23"],
    severity: Severity::Warning,
    title: "scopes and approvedScopes say different things",
    why: "Which of the two lists counts differs by release: up to 2026.3 `scopes`, from 2026.4 `approvedScopes`. Where they \
          differ, an update can lock the CLI out.",
    mends: "Both lists get the full set.",
    by_hand: "Write the same list into `scopes` and `approvedScopes`.",
    messages: &["scope-upgrade", "scope-outside-approved-baseline"],
    run: |model, rule| {
        let Some(device) = local(model) else {
            return vec![];
        };
        let (List::Of(approved), scopes) = (&device.approved_scopes, &device.scopes) else {
            return vec![];
        };
        if !model.rule.lacking(approved, FULL).is_empty()
            || model.rule.lacking(scopes.items(), FULL).is_empty()
        {
            return vec![];
        }
        let finding = rule.finding(
            paired_place(model),
            "`approvedScopes` is wide enough, `scopes` is not",
            Mend::Repair("widen `scopes` too".into()),
        );
        vec![
            finding
                .seen(format!("approvedScopes: {}", list(approved)))
                .seen(format!("scopes: {}", list(scopes.items()))),
        ]
    },
};

/// What `client` platforms stand for `process.platform` on this machine. Releases up to 2026.7 send
/// `process.platform`, later ones `macos` and `windows` too.
fn platforms(host: &str) -> &'static [&'static str] {
    match host {
        "darwin" => &["darwin", "macos"],
        "win32" => &["win32", "windows"],
        _ => &["linux"],
    }
}

fn families(host: &str) -> &'static [&'static str] {
    match host {
        "darwin" => &["mac"],
        "win32" => &["windows"],
        _ => &["linux"],
    }
}

fn normal(text: Option<&str>) -> String {
    text.unwrap_or_default().trim().to_ascii_lowercase()
}

/// Which pins of the CLI's record keep it out: `platform`, `deviceFamily`.
pub fn false_pins(model: &Model) -> Vec<&'static str> {
    let Some(device) = local(model) else {
        return vec![];
    };
    let host = model.facts.platform.as_str();
    let known = matches!(host, "linux" | "darwin" | "win32");
    // The newest live request says what this CLI claims; nothing else does.
    let claim = model
        .requests
        .iter()
        .rev()
        .find(|request| !request.expired(model.facts.now_ms));
    let (platform, family) = (
        normal(device.platform.as_deref()),
        normal(device.device_family.as_deref()),
    );
    let mut pins = Vec::new();
    let differs = |pin: &str, claimed: Option<String>, usual: &[&str]| match claimed {
        _ if pin.is_empty() => false,
        Some(claimed) => claimed != pin,
        None => known && !usual.contains(&pin),
    };
    if differs(
        &platform,
        claim.map(|request| normal(request.platform.as_deref())),
        platforms(host),
    ) {
        pins.push("platform");
    }
    let usual = match model.store {
        // The CLI of the file releases sends no family at all.
        StoreKind::Files => &[][..],
        StoreKind::Sqlite => families(host),
    };
    if differs(
        &family,
        claim.map(|request| normal(request.device_family.as_deref())),
        usual,
    ) {
        pins.push("deviceFamily");
    }
    pins
}

pub static PINNED: Rule = Rule {
    code: Code("cli-platform-pinned"),
    modes: &["F07"],
    severity: Severity::Blocks,
    title: "the CLI is pinned to another platform",
    why: "From 2026.2.26 a device must report the platform and device family it was approved with; one that reports \
          another (after an OS update, or because a node host shares the identity) has to be approved again. A \
          record without them is not pinned.",
    mends: "The pins that do not fit are taken out of the record, so that the next connect is accepted.",
    by_hand: "Remove `platform` and `deviceFamily` from the record, or write what this machine reports.",
    messages: &[
        "device identity changed and must be re-approved",
        "metadata-upgrade",
    ],
    run: |model, rule| {
        let Some(device) = local(model) else {
            return vec![];
        };
        let pins = false_pins(model);
        if pins.is_empty() {
            return vec![];
        }
        let mut finding = rule.finding(
            paired_place(model),
            format!(
                "the CLI's record is pinned to another {}",
                pins.join(" and ")
            ),
            Mend::Repair("take the pin out".into()),
        );
        finding = finding
            .seen(format!(
                "record: platform {}, deviceFamily {}",
                show(&device.platform),
                show(&device.device_family)
            ))
            .seen(format!("this machine: {}", model.facts.platform));
        if let Some(request) = model.requests.last() {
            finding = finding.seen(format!(
                "its request: platform {}, deviceFamily {}",
                show(&request.platform),
                show(&request.device_family)
            ));
        }
        // 2026.2.19 does not look at it: the same record locks out only after an update.
        vec![if model.rule == ScopeRule::Literal {
            finding.at_worst(Severity::Warning)
        } else {
            finding
        }]
    },
};

fn show(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or("none")
}

/// Whether something else than its requests keeps the device out.
fn locked_out(model: &Model) -> bool {
    local(model).is_none()
        || [
            &KEY_DIFFERS,
            &ROLE_MISSING,
            &SCOPES_MISSING,
            &PINNED,
            &super::tokens::MISSING,
            &super::tokens::REVOKED,
        ]
        .into_iter()
        .any(|rule| !(rule.run)(model, rule).is_empty())
}

pub static REQUEST_WAITS: Rule = Rule {
    code: Code("cli-request-waits"),
    modes: &["F02"],
    severity: Severity::Info,
    title: "a pairing request of this machine waits",
    why: "The gateway keeps the request until somebody approves it. Approving it as it stands may not be enough: it may ask \
          for less than the CLI needs.",
    mends: "The device is granted what the CLI needs and its requests are removed.",
    by_hand: "Nothing on its own: see the finding that keeps the CLI out.",
    messages: &["pairing required"],
    run: |model, rule| {
        let live: Vec<&Device> = model
            .requests
            .iter()
            .filter(|request| !request.expired(model.facts.now_ms))
            .collect();
        if live.is_empty() || !locked_out(model) {
            return vec![];
        }
        let mut finding = rule.finding(
            pending_place(model),
            "a request of this machine's CLI waits for approval",
            Mend::Repair("grant the device and remove its requests".into()),
        );
        for request in &live {
            finding = finding.seen(request_line(request, model.facts.now_ms));
            let lacking = model.rule.lacking(request.scopes.items(), FULL);
            if !lacking.is_empty() {
                finding = finding.seen(format!(
                    "approving it as it stands would leave the CLI without {}",
                    list(&lacking)
                ));
            }
        }
        vec![finding]
    },
};

pub static REQUEST_EXPIRED: Rule = Rule {
    code: Code("cli-request-expired"),
    modes: &["F03"],
    severity: Severity::Info,
    title: "a pairing request of this machine has expired",
    why: "Requests live five minutes. The gateway drops an expired one at its next read, so its id cannot be approved any more.",
    mends: "The device is granted without it; the expired request is removed.",
    by_hand: "Let the CLI ask again, and approve within five minutes.",
    messages: &["unknown requestId"],
    run: |model, rule| {
        let expired: Vec<&Device> = model
            .requests
            .iter()
            .filter(|request| request.expired(model.facts.now_ms))
            .collect();
        if expired.is_empty() {
            return vec![];
        }
        let mut finding = rule.finding(
            pending_place(model),
            "a request of this machine's CLI has expired; the gateway will not take its id any more",
            Mend::Repair("remove it".into()),
        );
        for request in expired.iter().take(3) {
            finding = finding.seen(request_line(request, model.facts.now_ms));
        }
        vec![finding]
    },
};

pub static REQUEST_CHURN: Rule = Rule {
    code: Code("cli-request-churn"),
    modes: &["F03", "F24"],
    severity: Severity::Info,
    title: "this machine's requests keep changing their id",
    why: "Each refused attempt may replace the request by one with a new id, so that the id that was printed is gone \
          before it can be approved.",
    mends: "The device is granted directly, whatever the ids are; all its requests are removed.",
    by_hand: "List and approve in one shell pipeline.",
    messages: &["unknown requestId"],
    run: |model, rule| {
        if model.requests.len() < 2 {
            return vec![];
        }
        let mut finding = rule.finding(
            pending_place(model),
            format!(
                "{} requests of this machine's CLI wait at once",
                model.requests.len()
            ),
            Mend::Repair("grant the device and remove all of them".into()),
        );
        for request in model.requests.iter().rev().take(3) {
            finding = finding.seen(request_line(request, model.facts.now_ms));
        }
        vec![finding]
    },
};

pub static REQUEST_STALE: Rule = Rule {
    code: Code("cli-request-stale"),
    modes: &["F30"],
    severity: Severity::Warning,
    title: "a leftover request of a device that is already granted",
    why: "The device holds what it needs, yet a request of it still waits. While one with `silent: false` is there, the next \
          thing that the gateway would have approved silently on loopback is refused.",
    mends: "The request is removed.",
    by_hand: "Take the entry out of devices/pending.json.",
    messages: &["pairing required"],
    run: |model, rule| {
        let live: Vec<&Device> = model
            .requests
            .iter()
            .filter(|request| !request.expired(model.facts.now_ms))
            .collect();
        if live.is_empty() || locked_out(model) {
            return vec![];
        }
        let mut finding = rule.finding(
            pending_place(model),
            "this machine's CLI is granted, but a request of it is still pending",
            Mend::Repair("remove the request".into()),
        );
        for request in live {
            finding = finding.seen(request_line(request, model.facts.now_ms));
        }
        vec![finding]
    },
};

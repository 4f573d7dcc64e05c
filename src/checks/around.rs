//! The surroundings of the state: owners, modes, leftovers, other state dirs, an interrupted apply.

use super::Rule;
use crate::finding::{Code, Finding, Mend, Severity};
use crate::model::Model;
use crate::model::facts::{Access, Trouble};
use crate::text::count;

pub static INTERRUPTED: Rule = Rule {
    code: Code("apply-interrupted"),
    modes: &[],
    severity: Severity::Blocks,
    title: "a clawmend run was interrupted",
    why: "A repair or restore stopped half-way (killed, or the power went). Every file is whole, old or new, but they may not fit \
          together. The next command that writes rolls it back first.",
    mends: "`clawmend repair` rolls the interrupted run back from its snapshot, then repairs.",
    by_hand: "clawmend restore SNAPSHOT",
    messages: &[],
    run: |model, rule| match &model.facts.interrupted {
        Some(what) => vec![
            rule.finding(
                crate::model::layout::JOURNAL,
                "an earlier clawmend run was interrupted",
                Mend::Repair("roll it back first".into()),
            )
            .seen(what.clone()),
        ],
        None => vec![],
    },
};

fn access(model: &Model, wanted: impl Fn(&Access) -> bool) -> Vec<&Access> {
    model.facts.access.iter().filter(|access| wanted(access)).collect()
}

fn shown(model: &Model, access: &Access) -> String {
    crate::platform::shown(&model.facts.state_dir.join(&access.path))
}

pub static OWNER: Rule = Rule {
    code: Code("owner-differs"),
    modes: &["F13"],
    severity: Severity::Blocks,
    title: "files that belong to another user",
    why: "OpenClaw writes its stores at every pairing and connect. A file that another user owns (root, after a command with \
          sudo) cannot be read or replaced by the gateway: `EACCES`.",
    mends: "Nothing: ownership is for you to decide.",
    by_hand: "sudo chown -R USER: STATE_DIR",
    messages: &["EACCES", "permission denied"],
    run: |model, rule| {
        let hit = access(model, |access| matches!(access.trouble, Trouble::Owner { .. }));
        let Some(Trouble::Owner { expected, .. }) = hit.first().map(|access| &access.trouble)
        else {
            return vec![];
        };
        let says = format!(
            "{} not owned by the owner of the state dir",
            count(hit.len(), "path is", "paths are")
        );
        let mend = Mend::ByHand(vec![format!(
            "sudo chown -R {expected} '{}'",
            crate::platform::shown(&model.facts.state_dir)
        )]);
        let mut finding = rule.finding("", says, mend);
        for access in &hit {
            if let Trouble::Owner { uid, .. } = access.trouble {
                finding = finding.seen(format!("{} is owned by uid {uid}", shown(model, access)));
            }
        }
        // root may read and write everything.
        vec![if *expected == 0 { finding.at_worst(Severity::Warning) } else { finding }]
    },
};

pub static MODE: Rule = Rule {
    code: Code("mode-locks-out"),
    modes: &["F13"],
    severity: Severity::Blocks,
    title: "modes that keep the gateway out, or let others in",
    why: "OpenClaw must be able to read and write its folders and files; nobody else should.",
    mends: "Nothing: modes are kept as they are.",
    by_hand: "chmod u+rwX on what is named; chmod go-w where others may write, go-rwx where they may read keys and tokens.",
    messages: &["EACCES", "permission denied"],
    run: |model, rule| {
        let all = |wanted: fn(&Trouble) -> bool| access(model, |access| wanted(&access.trouble));
        let mut found = Vec::new();
        found.extend(folded(
            model,
            rule,
            &all(|trouble| matches!(trouble, Trouble::Mode(_))),
            [
                "its owner may not read and write it",
                "paths: their owner may not read and write them",
            ],
            "u+rwX",
            Severity::Blocks,
        ));
        found.extend(folded(
            model,
            rule,
            &all(|trouble| matches!(trouble, Trouble::Loose(_))),
            ["others may write here", "paths: others may write to them"],
            "go-w",
            Severity::Warning,
        ));
        found.extend(folded(
            model,
            rule,
            &all(|trouble| matches!(trouble, Trouble::Open(_))),
            [
                "others may read this, and it holds secrets",
                "files with secrets in them: others may read them",
            ],
            "go-rwx",
            Severity::Warning,
        ));
        found
    },
};

/// One finding for all paths with the same trouble: they have one cause and one cure.
fn folded(
    model: &Model,
    rule: &Rule,
    hit: &[&Access],
    [says_one, says_many]: [&str; 2],
    change: &str,
    severity: Severity,
) -> Option<Finding> {
    let first = hit.first()?;
    let many = hit.len() > 1;
    let (place, says) = match many {
        true => (String::new(), format!("{} {says_many}", hit.len())),
        false => (first.path.clone(), says_one.to_owned()),
    };
    // Secrets alone are closed, one by one; what the whole state dir needs is done to all of it.
    let command = match (many, first.trouble) {
        (true, Trouble::Open(_)) => {
            let paths: Vec<String> =
                hit.iter().map(|access| format!("'{}'", shown(model, access))).collect();
            format!("chmod {change} {}", paths.join(" "))
        }
        (true, _) => {
            format!("chmod -R {change} '{}'", crate::platform::shown(&model.facts.state_dir))
        }
        (false, _) => format!("chmod {change} '{}'", shown(model, first)),
    };
    let finding = rule.finding(place, says, Mend::ByHand(vec![command])).at_worst(severity);
    Some(hit.iter().fold(finding, |finding, access| {
        let mode = match access.trouble {
            Trouble::Mode(mode) | Trouble::Loose(mode) | Trouble::Open(mode) => mode,
            Trouble::Owner { .. } => return finding,
        };
        finding.seen(format!("{} has mode {mode:04o}", shown(model, access)))
    }))
}

pub static ORPHANS: Rule = Rule {
    code: Code("temp-files-left"),
    modes: &["F36"],
    severity: Severity::Info,
    title: "temporary files of interrupted writes",
    why: "OpenClaw writes a temporary file and renames it. One that stays behind is from a write that was interrupted; it is not read.",
    mends: "Nothing: they do no harm.",
    by_hand: "Delete them while the gateway is stopped.",
    messages: &["EPERM: operation not permitted, rename"],
    run: |model, rule| {
        let left = &model.facts.orphans;
        if left.is_empty() {
            return vec![];
        }
        let says = format!(
            "{} of an interrupted write",
            count(left.len(), "temporary file is left", "temporary files are left")
        );
        let mut finding = rule.finding("", says, Mend::Nothing);
        for path in left.iter().take(5) {
            finding = finding.seen(path.clone());
        }
        vec![finding]
    },
};

pub static OTHER_TREES: Rule = Rule {
    code: Code("other-state-dirs"),
    modes: &["F22", "F25"],
    severity: Severity::Info,
    title: "other state dirs exist",
    why: "Gateway and CLI must use the same state dir. With another `OPENCLAW_STATE_DIR`, `OPENCLAW_HOME` or profile each has \
          its own identity and its own stores, and an approval in one has no effect in the other.",
    mends: "Nothing: clawmend edits the state dir that it names, and no other.",
    by_hand: "clawmend --state-dir PATH",
    messages: &[
        "using a different OPENCLAW_PROFILE or OPENCLAW_STATE_DIR",
        "target already exists",
    ],
    run: |model, rule| {
        let trees = &model.facts.other_trees;
        let Some(first) = trees.first() else {
            return vec![];
        };
        let mend = Mend::ByHand(vec![format!(
            "to look at it: clawmend --state-dir '{}'",
            crate::platform::shown(&first.path)
        )]);
        let says = format!(
            "{} beside this one",
            count(trees.len(), "other state dir exists", "other state dirs exist")
        );
        let mut finding = rule.finding("", says, mend);
        for tree in trees {
            let paired = tree
                .paired
                .map(|paired| format!(", {}", count(paired, "paired device", "paired devices")));
            let port = tree.port.map(|port| format!(", port {port}"));
            finding = finding.seen(format!(
                "{} ({}{}{})",
                crate::platform::shown(&tree.path),
                tree.what,
                paired.unwrap_or_default(),
                port.unwrap_or_default()
            ));
        }
        let here = &model.config.port;
        if trees.iter().any(|tree| tree.port.is_some_and(|port| port != here.number)) {
            finding = finding.seen(format!("this one's port is {} ({})", here.number, here.from));
        }
        vec![finding]
    },
};

pub static STALE_LOCK: Rule = Rule {
    code: Code("config-lock-left"),
    modes: &["F36"],
    severity: Severity::Warning,
    title: "a lock of the config is left from a process that is gone",
    why: "OpenClaw takes a lock beside the config while it writes it. One that a killed process left behind makes the next writers wait, and \
          some releases give up.",
    mends: "Nothing: OpenClaw takes it away itself once it is sure, and you can sooner.",
    by_hand: "Delete the lock while no gateway and no `openclaw` command runs.",
    messages: &["JSON file is locked", "file lock timeout", "file_lock_stale"],
    run: |model, rule| {
        let Some((lock, pid)) = &model.config.facts.stale_lock else {
            return vec![];
        };
        let shown = crate::platform::shown(lock);
        let mend = Mend::ByHand(vec![format!("rm {}", crate::platform::quoted(&shown))]);
        let says = "a lock of the config was left by a process that is gone";
        vec![rule.finding(shown, says, mend).seen(format!("it names process {pid}"))]
    },
};

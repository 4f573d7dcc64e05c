//! What lies around the state: owners, modes, leftovers, other state dirs, an interrupted apply.

use std::path::Path;

use super::{Check, Edits, Stage};
use crate::finding::{Code, Finding, Severity};
use crate::model::Model;
use crate::model::facts::{Access, Interruption, Trouble};
use crate::model::layout::JOURNAL;
use crate::plan::StoreKind;
use crate::step::Step;
use crate::text::count;

pub static INTERRUPTED: Check = Check {
    code: Code("apply-interrupted"),
    severity: Severity::Blocks,
    title: "a clawmend run was interrupted",
    why: "A repair or restore stopped half-way (it was killed, or the power went out). No file is damaged, but old and \
          new files may not fit together. The next command that writes takes the interrupted run back first.",
    repair: "The next `repair` takes the interrupted run back with its snapshot, then repairs.",
    by_hand: "Restore the snapshot that the interrupted run took.",
    commands: &[&["restore", "SNAPSHOT"]],
    stage: Some(Stage::Store),
    find_one: |model, check| match model.facts.interrupted.as_ref()? {
        // Nothing says that there was one.
        Interruption::NotYours { owner } => {
            let run = Step::run("sudo", ["-u", &format!("#{owner}"), "clawmend", "--state-dir"])
                .with([&model.facts.state_dir])
                .after("run clawmend as the owner of the state dir, or as root");
            let finding = check.finding(JOURNAL, "clawmend's own journal is not yours to read");
            let note = "nobody can say if an earlier run of clawmend was interrupted";
            Some(finding.rated(Severity::Unchecked).by_hand([run]).note(note))
        }
        Interruption::Run(what) => {
            let finding = check.finding(JOURNAL, "an earlier clawmend run was interrupted");
            Some(finding.repaired("take the interrupted run back first").note(what))
        }
        Interruption::OtherConfig(what, config) => {
            let finding = check.finding(JOURNAL, "an earlier clawmend run was interrupted");
            let back = Step::repair_of(&model.facts.state_dir, config)
                .after("it changed another config: to take it back, name that one, if it is yours");
            Some(finding.by_hand([back]).note(what))
        }
    },
    edits: Edits::RollBack,
    ..Check::BASE
};

fn access(model: &Model, wanted: impl Fn(&Access) -> bool) -> Vec<&Access> {
    model.facts.access.iter().filter(|access| wanted(access)).collect()
}

fn shown(model: &Model, access: &Access) -> String {
    crate::platform::shown(&model.facts.state_dir.join(&access.path))
}

pub static OWNER: Check = Check {
    code: Code("owner-differs"),
    modes: &["F13"],
    severity: Severity::Blocks,
    title: "files in the state dir belong to another user",
    why: "The gateway cannot read or replace a file that another user owns (often root, after a command with sudo). \
          OpenClaw then says `EACCES`.",
    repair: "Nothing: who owns the files is your decision.",
    by_hand: "sudo chown -R USER: STATE_DIR",
    messages: &["EACCES", "permission denied", "eacces: permission denied"],
    is_of_access: true,
    stage: Some(Stage::Store),
    find_one: |model, check| {
        let hit = access(model, |access| matches!(access.trouble, Trouble::Owner { .. }));
        let Trouble::Owner { expected, .. } = hit.first()?.trouble else { return None };
        let says = format!(
            "{} owned by another user than the state dir",
            count(hit.len(), "path is", "paths are")
        );
        let chown = Step::run("chown", ["-R", &expected.to_string()])
            .with([&model.facts.state_dir])
            .as_root(true);
        let owned = hit.iter().filter_map(|access| match access.trouble {
            Trouble::Owner { uid, .. } => {
                Some(format!("{} is owned by uid {uid}", shown(model, access)))
            }
            _ => None,
        });
        let finding = check.finding("", says).by_hand([chown]).notes(owned);
        // root may read and write everything.
        Some(finding.rated_if(expected == 0, Severity::Warning))
    },
    ..Check::BASE
};

pub static MODE: Check = Check {
    code: Code("mode-locks-out"),
    modes: &["F13"],
    severity: Severity::Blocks,
    title: "the owner may not read or write files of the state dir",
    why: "The gateway and the CLI run as the owner of the state dir, and must be able to read and write its folders and files.",
    repair: "Nothing: clawmend does not change modes.",
    by_hand: "chmod u+rwX on what is named.",
    messages: &["EACCES", "permission denied", "eacces: permission denied"],
    is_of_access: true,
    stage: Some(Stage::Store),
    find: |model, check| {
        let says =
            ["the owner may not read and write", "paths: the owner may not read and write them"];
        let hit = access(model, |access| matches!(access.trouble, Trouble::Mode(_)));
        folded(model, check, &hit, says, "u+rwX").into_iter().collect()
    },
    ..Check::BASE
};

pub static OPEN: Check = Check {
    code: Code("mode-too-open"),
    modes: &["F13"],
    severity: Severity::Warning,
    title: "other users may read secrets or write in the state dir",
    why: "Only OpenClaw's own user should read its keys and tokens, and write in its folders. This does not lock you out.",
    repair: "Nothing: clawmend does not change modes.",
    by_hand: "Where others may write: chmod go-w. Where they may read keys and tokens: chmod go-rwx (on the state dir it protects all that is in it).",
    is_of_access: true,
    find: |model, check| {
        let loose = access(model, |access| matches!(access.trouble, Trouble::Loose(_)));
        let open = access(model, |access| matches!(access.trouble, Trouble::Open(_)));
        let writes = ["other users may write to", "paths: other users may write to them"];
        let reads =
            ["other users may read secrets in", "files with secrets: other users may read them"];
        let found = [
            folded(model, check, &loose, writes, "go-w"),
            folded(model, check, &open, reads, "go-rwx"),
        ];
        found.into_iter().flatten().collect()
    },
    ..Check::BASE
};

/// One finding for all paths with the same trouble: they have one cause and one cure.
fn folded(
    model: &Model,
    check: &Check,
    hit: &[&Access],
    [says_one, says_many]: [&str; 2],
    change: &str,
) -> Option<Finding> {
    let first = hit.first()?;
    let many = hit.len() > 1;
    let (place, says) = match many {
        true => (String::new(), format!("{} {says_many}", hit.len())),
        false if first.path.is_empty() => (String::new(), format!("{says_one} the state dir")),
        false => (first.path.clone(), format!("{says_one} {}", first.path)),
    };
    let dir = &model.facts.state_dir;
    // Nobody reads below a folder that is closed.
    let chmod = match (many, first.trouble) {
        (false, _) => Step::run("chmod", [change]).with([dir.join(&first.path)]),
        (true, Trouble::Open(_)) => Step::run("chmod", [change]).with([dir]),
        (true, _) => Step::run("chmod", ["-R", change]).with([dir]),
    };
    let modes = hit.iter().filter_map(|access| match access.trouble {
        Trouble::Mode(mode) | Trouble::Loose(mode) | Trouble::Open(mode) => {
            Some(format!("{} has mode {mode:04o}", shown(model, access)))
        }
        Trouble::Owner { .. } => None,
    });
    Some(check.finding(place, says).by_hand([chmod]).notes(modes))
}

pub static ORPHANS: Check = Check {
    code: Code("temp-files-left"),
    modes: &["F36"],
    severity: Severity::Info,
    title: "temporary files of interrupted writes are left",
    why: "OpenClaw and clawmend write a temporary file and rename it. If one is left, a write was interrupted. Nothing reads it.",
    repair: "Nothing extra: those of OpenClaw are harmless, and every clawmend command that may write removes its own first.",
    by_hand: "Delete those of OpenClaw while the gateway is stopped. For clawmend's own run `clawmend repair`.",
    messages: &["EPERM: operation not permitted, rename"],
    find: |model, check| {
        let found = |left: &[String], whose: &str| {
            let files = count(left.len(), "temporary file is left", "temporary files are left");
            let says = format!("{files} of an interrupted {whose}");
            let finding = check.finding("", says).notes(left.iter().take(5));
            (!left.is_empty()).then_some(finding)
        };
        let repair = || {
            Step::clawmend(["repair"]).note("every clawmend command that may write removes them")
        };
        let own = found(&model.facts.temps, "clawmend run");
        let own = own.map(|finding| finding.by_hand([repair()]));
        found(&model.facts.orphans, "write of OpenClaw").into_iter().chain(own).collect()
    },
    ..Check::BASE
};

pub static HALF_BUILT: Check = Check {
    code: Code("snapshot-half-built"),
    severity: Severity::Warning,
    title: "a half-made snapshot is left",
    why: "A clawmend run was killed while it made a snapshot. What is left holds copies of the private key and of tokens.",
    repair: "Nothing extra: every clawmend command that may write removes it first.",
    by_hand: "Run `clawmend repair`.",
    find_one: |model, check| {
        let left = &model.facts.half_built;
        let first = left.first()?;
        let more = match left.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let says = format!("a killed clawmend run left the half-made snapshot `{first}`{more}");
        let repair =
            Step::clawmend(["repair"]).note("every clawmend command that may write removes it");
        Some(check.finding("", says).by_hand([repair]).notes(left.iter().take(5)))
    },
    ..Check::BASE
};

pub static OTHER_TREES: Check = Check {
    code: Code("other-state-dirs"),
    modes: &["F22", "F25"],
    severity: Severity::Blocks,
    title: "other state dirs exist",
    why: "Gateway and CLI must use the same state dir. With another `OPENCLAW_STATE_DIR`, `OPENCLAW_HOME` or profile each has \
          its own identity and its own stores, and an approval in one has no effect in the other.",
    repair: "Nothing: clawmend changes only the state dir that it shows.",
    by_hand: "Look at the other one with `--state-dir PATH`.",
    messages: &[
        "using a different OPENCLAW_PROFILE or OPENCLAW_STATE_DIR",
        "target already exists",
        "local fallback pairing state does not contain the gateway request",
        "missing config. run",
    ],
    stage: Some(Stage::Store),
    find_one: |model, check| {
        let trees = &model.facts.other_trees;
        let first = trees.first()?;
        let says = format!(
            "{} beside this one",
            count(trees.len(), "other state dir exists", "other state dirs exist")
        );
        let look = |at: &Path| Step::look_at(at).after("to look at it");
        let finding = match stops_start(model) {
            None => check.finding("", says).by_hand([look(&first.path)]).rated(Severity::Info),
            Some(old) => {
                let says = "a state dir with OpenClaw's old name is beside this one, and stops the gateway at its next start";
                let aside = Step::move_away(old).after("if you need nothing in it, move it away");
                let finding = check.finding("", says).by_hand([look(old), aside]);
                finding.rated_if(model.facts.gateway.runs(), Severity::Warning)
            }
        };
        let about = trees.iter().map(|tree| {
            let paired = tree
                .paired
                .map(|paired| format!(", {}", count(paired, "paired device", "paired devices")));
            let port = tree.port.map(|port| format!(", port {port}")).unwrap_or_default();
            let path = crate::platform::shown(&tree.path);
            format!("{path} ({}{}{port})", tree.what, paired.unwrap_or_default())
        });
        let here = &model.config.port;
        let differs = trees.iter().any(|tree| tree.port.is_some_and(|port| port != here.number));
        let port = differs.then(|| format!("{} ({})", here.number, here.from));
        Some(finding.notes(about).seen_each("this one's port", port))
    },
    ..Check::BASE
};

/// The former state dir that the start of a late release stops at (seen on 2026.9.6, reported of 2026.7.1).
fn stops_start(model: &Model) -> Option<&Path> {
    let is_late = model.store == StoreKind::Sqlite || model.omits_device();
    let here = &model.facts.state_dir;
    let is_default = here.file_name().is_some_and(|name| name == ".openclaw");
    let mut trees = model.facts.other_trees.iter().map(|tree| tree.path.as_path());
    let old = trees.find(|path| path.parent() == here.parent() && path.ends_with(".clawdbot"))?;
    (is_late && is_default).then_some(old)
}

pub static STALE_LOCK: Check = Check {
    code: Code("config-lock-left"),
    modes: &["F36"],
    severity: Severity::Warning,
    title: "a lock of the config is left by a process that has ended",
    why: "OpenClaw makes a lock file beside the config while it writes the config. A lock that a killed process left \
          makes the next writer wait, and some releases give up.",
    repair: "Nothing: OpenClaw removes the lock itself after a time. You can do it sooner.",
    by_hand: "Delete the lock while no gateway and no `openclaw` command runs.",
    messages: &["JSON file is locked", "file lock timeout", "file_lock_stale"],
    find_one: |model, check| {
        let (lock, pid) = model.config.facts.stale_lock.as_ref()?;
        let says = "a lock of the config is left by a process that has ended";
        let finding = check.finding(crate::platform::shown(lock), says);
        Some(
            finding.by_hand([Step::run("rm", [lock])]).seen("process in the lock", pid.to_string()),
        )
    },
    ..Check::BASE
};

//! The config's file itself: missing, empty, broken, replaced, managed elsewhere.

use super::{Rule, config_name, name, runs};
use crate::checks::stores::{readable_mend, unusable};
use crate::config::copies::{Copy, CopyKind};
use crate::config::gateway::has_meta;
use crate::config::problem::ProblemKind;
use crate::finding::{Code, Finding, Mend, Severity};
use crate::format::json5::SyntaxError;
use crate::model::Model;
use crate::model::config::ConfigState;

/// So many copies are listed.
const MOST: usize = 8;

/// The copies as evidence, and the mend that goes with them.
fn with_copies(model: &Model, mut finding: Finding) -> Finding {
    let copies = &model.config.copies;
    for copy in copies.iter().take(MOST) {
        finding = finding.seen(line(model, copy));
    }
    if copies.is_empty() {
        finding = finding.seen("no copy of it lies beside it");
    }
    if let Some(best) = model.config.best_copy() {
        let path = model.config.copy_path(best);
        finding = finding.seen(format!("the best copy is {}", best.name));
        finding.mend = Mend::RepairWith(from(&path));
    }
    finding
}

fn from(path: &std::path::Path) -> String {
    super::repair(&format!("--config-from '{}'", path.display()))
}

/// `openclaw.json.bak: 2026-11-24 17:15 UTC, 1200 bytes, parses, …`.
fn line(model: &Model, copy: &Copy) -> String {
    let when = chrono::DateTime::from_timestamp_millis(copy.mtime_ms)
        .map(|time| time.format("%Y-%m-%d %H:%M UTC").to_string())
        .unwrap_or_default();
    let path = name(model, &model.config.copy_path(copy));
    let reasons = copy.reasons().join(", ");
    format!("{path}: {when}, {} bytes: {reasons}", copy.size)
}

fn by_hand(lines: &[&str]) -> Mend {
    Mend::ByHand(lines.iter().map(|line| (*line).to_owned()).collect())
}

pub static MISSING: Rule = Rule {
    code: Code("config-missing"),
    modes: &["F08", "F33"],
    severity: Severity::Blocks,
    title: "there is no config",
    why: "Without a config a gateway refuses to start (unless with --allow-unconfigured, as some containers do).",
    mends: "With --config-from FILE a copy takes its place. clawmend makes up no config.",
    by_hand: "Put a copy back, or run: openclaw setup",
    messages: &["Missing config. Run `openclaw setup`"],
    run: |model, rule| {
        if !matches!(model.config.state, ConfigState::Absent) || model.config.is_client() {
            return vec![];
        }
        let mend = by_hand(&["openclaw setup    (or put a copy of your own back)"]);
        let finding = rule.finding(config_name(model), "there is no config", mend);
        // A config that was there once has left copies; without any, this gateway may never have had one.
        let lost = !model.config.copies.is_empty() && !runs(model);
        let finding = with_copies(model, finding);
        vec![if lost {
            finding
        } else {
            finding.at_worst(Severity::Warning)
        }]
    },
};

pub static EMPTY: Rule = Rule {
    code: Code("config-empty"),
    modes: &["F33"],
    severity: Severity::Blocks,
    title: "the config is empty",
    why: "A file without anything in it is no config: the gateway and the CLI stop at it. It is what an interrupted write or a full disk \
          leaves.",
    mends: "With --config-from FILE a copy takes its place (asked for on a terminal). clawmend makes up no config.",
    by_hand: "Put the best of the copies beside it in its place.",
    messages: &["JSON5: invalid end of input at 1:1", "invalid end of input"],
    run: |model, rule| match &model.config.state {
        ConfigState::Empty => {
            let mend = by_hand(&["put a copy of your own back, or: openclaw setup"]);
            let says = "the config is empty: nothing stands in the file";
            vec![with_copies(
                model,
                rule.finding(config_name(model), says, mend),
            )]
        }
        _ => vec![],
    },
};

fn where_it_breaks(finding: Finding, error: &SyntaxError) -> Finding {
    let finding = finding.seen(error.to_string());
    // Two blanks: shown as it is, so that the caret stands below its place.
    error
        .excerpt()
        .lines()
        .fold(finding, |finding, line| finding.seen(format!("  {line}")))
}

pub static UNPARSABLE: Rule = Rule {
    code: Code("config-unparsable"),
    modes: &["F33", "F09"],
    severity: Severity::Blocks,
    title: "the config cannot be parsed",
    why: "The config is JSON5. Where it breaks, OpenClaw reads none of it: the gateway does not start and the CLI stops too.",
    mends: "With --config-from FILE a copy takes its place (asked for on a terminal); the broken file stays in the snapshot. The place \
            where it breaks is often quicker to mend by hand.",
    by_hand: "Correct the line that is shown: mostly a comma, a quote or a brace.",
    messages: &[
        "JSON5: invalid",
        "JSON5 parse failed",
        "Invalid config at",
        "SyntaxError: JSON5",
    ],
    run: |model, rule| match &model.config.state {
        ConfigState::Unparsable(error) => {
            let hand = format!("correct line {} of {}", error.line, config_name(model));
            let says = "the config cannot be parsed";
            let finding = rule.finding(config_name(model), says, Mend::ByHand(vec![hand]));
            vec![with_copies(model, where_it_breaks(finding, error))]
        }
        _ => vec![],
    },
};

pub static UNREADABLE: Rule = Rule {
    code: Code("config-unreadable"),
    modes: &["F13"],
    severity: Severity::Unchecked,
    title: "the config could not be read",
    why: "What cannot be read cannot be checked, and the gateway may fail on it in the same way.",
    mends: "Nothing: clawmend does not write where it could not read.",
    by_hand: "Make the config a regular file that the gateway's user can read.",
    messages: &["EACCES: permission denied, open"],
    run: |model, rule| match &model.config.state {
        ConfigState::Unusable(why) => {
            let says = format!("the config could not be read: {}", unusable(why));
            vec![rule.finding(config_name(model), says, readable_mend(why))]
        }
        _ => vec![],
    },
};

pub static INCLUDE: Rule = Rule {
    code: Code("include-broken"),
    modes: &["F16"],
    severity: Severity::Blocks,
    title: "an include of the config cannot be followed",
    why: "OpenClaw refuses the whole config for one `$include` that it cannot follow: a missing file, one outside of the config's folder, a \
          circle, one that does not parse.",
    mends: "Nothing, and no value of the config is changed while an include is missing: what is in it is not known.",
    by_hand: "Put the file back, or correct the path in `$include`.",
    messages: &[
        "Failed to read include file",
        "Failed to parse include file",
        "Include path escapes config directory",
        "Include path resolves outside config directory",
        "Circular include detected",
        "Maximum include depth",
        "Include file failed security checks",
        "Sibling keys require included content to be an object",
        "Invalid $include",
        "would flatten $include-owned config",
    ],
    run: |model, rule| {
        let Some(config) = model.config.read() else {
            return vec![];
        };
        let problems = config.resolved.problems.iter().take(MOST);
        let found = problems.map(|problem| {
            let file = config.resolved.file(problem.file);
            let place = file.map_or_else(|| config_name(model), |file| name(model, &file.path));
            let hand = match &problem.kind {
                ProblemKind::Unparsable(path, error) => {
                    format!("correct line {} of {}", error.line, name(model, path))
                }
                ProblemKind::Unreadable(path, _) => {
                    format!("put {} back, or correct the `$include`", name(model, path))
                }
                _ => "correct the `$include`".to_owned(),
            };
            let says = "an include of the config cannot be followed";
            let finding = rule
                .finding(place, says, Mend::ByHand(vec![hand]))
                .seen(problem.to_string());
            match &problem.kind {
                ProblemKind::Unparsable(_, error) => where_it_breaks(finding, error),
                _ => finding,
            }
        });
        found.collect()
    },
};

pub static REPLACED: Rule = Rule {
    code: Code("config-replaced"),
    modes: &["F09"],
    severity: Severity::Warning,
    title: "OpenClaw has put a config aside and an older one in its place",
    why: "A config that loses `meta` or gateway.mode, or half of its size, looks damaged to OpenClaw: it keeps it as `.clobbered.…` and goes \
          back to an older copy. Edits made by hand are then gone from the config, but not lost.",
    mends: "Nothing by itself: with --config-from FILE the one that was put aside takes the config's place.",
    by_hand: "Compare the two (diff), and bring over what is missing. Keep `meta`, or it happens again.",
    messages: &[
        "Config auto-restored from last-known-good",
        "Config auto-restored from backup",
        "Config observe anomaly",
        "missing-meta-vs-last-good",
        "size-drop-vs-last-good",
    ],
    run: |model, rule| {
        let clobbered = model
            .config
            .copies
            .iter()
            .filter(|copy| copy.kind == CopyKind::Clobbered);
        let Some(newest) = clobbered.max_by_key(|copy| copy.mtime_ms) else {
            return vec![];
        };
        let path = model.config.copy_path(newest);
        let config = config_name(model);
        let mend = Mend::ByHand(vec![
            format!(
                "to compare: diff '{}' '{}'",
                model.config.path.display(),
                path.display()
            ),
            format!("to go back to it: {}", from(&path)),
        ]);
        let says = "OpenClaw has put a config aside and an older copy in its place";
        let finding = rule.finding(config, says, mend).seen(line(model, newest));
        const RECENT_MS: i64 = 7 * 24 * 60 * 60 * 1000;
        let recent = model.facts.now_ms.saturating_sub(newest.mtime_ms) < RECENT_MS;
        vec![if recent && newest.is_usable() {
            finding
        } else {
            finding.at_worst(Severity::Info)
        }]
    },
};

pub static SUSPICIOUS: Rule = Rule {
    code: Code("config-may-be-replaced"),
    modes: &["F09"],
    severity: Severity::Warning,
    title: "OpenClaw may put an older copy in the config's place",
    why: "At its start a gateway (2026.4.29, and 2026.6 and later) compares the config with the last good one or with `.bak`. Where `meta` \
          is gone, or the config has shrunk to less than half, it goes back to the older copy, and with it every edit since.",
    mends: "Nothing: clawmend keeps `meta` and never shrinks a config, but invents neither.",
    by_hand: "Copy the `meta` block of the backup into the config.",
    messages: &["missing-meta-vs-last-good", "size-drop-vs-last-good"],
    run: |model, rule| {
        let Some(config) = model.config.whole() else {
            return vec![];
        };
        let backup = model
            .config
            .copies
            .iter()
            .find(|copy| copy.kind == CopyKind::Backup(0));
        // With an include OpenClaw does not go back.
        let Some(backup) = backup
            .filter(|copy| copy.is_usable() && copy.has_mode && config.resolved.files.len() == 1)
        else {
            return vec![];
        };
        let size = config
            .resolved
            .files
            .first()
            .map_or(0, |file| file.bytes.len() as u64);
        let mut reasons = Vec::new();
        if backup.has_meta && !has_meta(&config.resolved.value) {
            reasons.push(format!("`meta` is gone: {} has it", backup.name));
        }
        if backup.size >= 512 && size < backup.size / 2 {
            reasons.push(format!(
                "the config has {size} bytes, {} has {}",
                backup.name, backup.size
            ));
        }
        if reasons.is_empty() {
            return vec![];
        }
        let mend = Mend::ByHand(vec![format!(
            "copy the `meta` block of {} into {}, or move that backup away",
            backup.name,
            config_name(model)
        )]);
        let says = "OpenClaw may put an older copy in the config's place at its next start";
        let finding = rule.finding(config_name(model), says, mend);
        vec![reasons.into_iter().fold(finding, Finding::seen)]
    },
};

pub static READ_ONLY: Rule = Rule {
    code: Code("config-read-only"),
    modes: &["F16"],
    severity: Severity::Info,
    title: "the config is managed elsewhere",
    why: "OPENCLAW_NIX_MODE, OPENCLAW_CONFIG_READONLY, or a link into a read-only place say that something else writes this config; an \
          edit here would be lost or refused.",
    mends: "Nothing in the config: the lines to change are shown instead. Pairing is mended all the same.",
    by_hand: "Make the change where the config is made (your Nix or dotfiles repository).",
    messages: &["Config is read-only", "managed by Nix"],
    run: |model, rule| {
        let files = model
            .config
            .read()
            .into_iter()
            .flat_map(|config| &config.resolved.files);
        let mut paths: Vec<_> = std::iter::once(model.config.path.clone()).collect();
        paths.extend(files.skip(1).map(|file| file.path.clone()));
        let mut seen: Vec<String> = Vec::new();
        let mut found = Vec::new();
        for path in paths {
            let Some(why) = model.config.fixed(&model.images, &path) else {
                continue;
            };
            if !seen.contains(&why) {
                let says = "the config is managed elsewhere, so clawmend does not change it";
                found.push(
                    rule.finding(name(model, &path), says, Mend::Nothing)
                        .seen(why.clone()),
                );
                seen.push(why);
            }
        }
        found
    },
};

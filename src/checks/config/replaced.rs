//! Who else writes the config: OpenClaw, which puts older copies back, and tools that manage it.

use super::file::{from, line};
use super::{config_name, name};
use crate::checks::{Check, Edits};
use crate::config::copies::CopyKind;
use crate::config::differs::sections;
use crate::config::gateway::has_meta;
use crate::finding::{Code, Severity};
use crate::secret::places::shows_key;
use crate::step::Step;

/// How many of the missing keys are named.
const NAMED: usize = 8;

pub static REPLACED: Check = Check {
    code: Code("config-replaced"),
    modes: &["F09"],
    severity: Severity::Warning,
    title: "OpenClaw has replaced the config with an older copy",
    why: "OpenClaw treats a config as damaged if it has lost `meta`, gateway.mode or half of its size. It then goes back to an older copy, and keeps yours as `.clobbered....`: your edits are not in the config any more, but \
          not lost.",
    repair: "Nothing without an option: with --config-from FILE your own config comes back.",
    by_hand: "Compare the two (diff), and copy what is missing. Keep `meta`, or it happens again.",
    messages: &[
        "Config auto-restored from last-known-good",
        "Config auto-restored from backup",
        "Config observe anomaly",
        "missing-meta-vs-last-good",
        "size-drop-vs-last-good",
    ],
    find_one: |model, check| {
        let clobbered =
            model.config.facts.copies.iter().filter(|copy| copy.kind == CopyKind::Clobbered);
        let newest = clobbered.max_by_key(|copy| copy.mtime_ms)?;
        let path = model.config.copy_path(newest);
        let config = config_name(model);
        let steps = [
            Step::run("diff", [&model.config.path, &path]).after("to compare"),
            from(&path).after("to go back to it"),
        ];
        let says = "OpenClaw has replaced the config with an older copy";
        let finding = check.finding(config, says).by_hand(steps).note(line(model, newest));
        const RECENT_MS: i64 = 7 * 24 * 60 * 60 * 1000;
        let recent = model.facts.now_ms.saturating_sub(newest.mtime_ms) < RECENT_MS;
        Some(finding.rated_if(!(recent && newest.is_usable()), Severity::Info))
    },
    edits: Edits::Copy,
    ..Check::BASE
};

pub static SUSPICIOUS: Check = Check {
    code: Code("config-may-be-replaced"),
    modes: &["F09"],
    severity: Severity::Warning,
    title: "OpenClaw may replace the config with an older copy",
    why: "At its start the gateway (2026.4.29, and 2026.6 and later) compares the config with an older copy. If `meta` \
          is missing, or the config has less than half of its size, it goes back to that copy, and every later edit is \
          gone.",
    repair: "Nothing without an option: with --config-from FILE the older copy comes back, which has what is missing here.",
    by_hand: "Copy the `meta` block of the backup into the config.",
    messages: &[
        "missing-meta-vs-last-good",
        "size-drop-vs-last-good",
        "config auto-restored from last-known-good",
    ],
    find_one: |model, check| {
        let config = model.config.whole()?;
        let of = |kind| model.config.facts.copies.iter().find(move |copy| copy.kind == kind);
        let copies = [CopyKind::Backup(0), CopyKind::LastGood].into_iter().filter_map(of);
        // One that is as small as the config has nothing to give back.
        let backup = copies.max_by_key(|copy| (copy.is_usable(), copy.size));
        // With an include OpenClaw does not go back.
        let backup = backup
            .filter(|copy| copy.is_usable() && copy.has_mode && config.resolved.files.len() == 1)?;
        let size = config.resolved.files.first().map_or(0, |file| file.bytes.len() as u64);
        let (mut reasons, mut lost) = (Vec::new(), Vec::new());
        if backup.has_meta && !has_meta(&config.resolved.value) {
            reasons.push(format!("`meta` is missing here, and {} has it", backup.name));
        }
        if backup.size >= 512 && size < backup.size / 2 {
            let here = sections(&config.resolved.value);
            let is_lost = |key: &&String| !here.contains(key) && shows_key(key);
            lost = backup.sections.iter().filter(is_lost).take(NAMED).cloned().collect();
            let names = match lost.as_slice() {
                [] => String::new(),
                lost => format!("; missing here: {}", lost.join(", ")),
            };
            let sizes = format!("the config has {size} bytes, {} has {}", backup.name, backup.size);
            reasons.push(sizes + &names);
        }
        if reasons.is_empty() {
            return None;
        }
        let step = format!(
            "copy the `meta` block of {} into {}, or move that backup away",
            backup.name,
            config_name(model)
        );
        let says = "OpenClaw may replace the config with an older copy at its next start";
        let path = model.config.copy_path(backup);
        let back = (!lost.is_empty() && !backup.is_redacted)
            .then(|| from(&path).after("to get back what is missing"));
        let steps = back.into_iter().chain([step.into()]);
        let finding = check.finding(config_name(model), says).by_hand(steps);
        Some(finding.notes(reasons))
    },
    edits: Edits::Copy,
    ..Check::BASE
};

pub static READ_ONLY: Check = Check {
    code: Code("config-read-only"),
    modes: &["F16"],
    severity: Severity::Info,
    title: "another program writes the config",
    why: "Something else writes this config, so an edit here would be lost or refused. The signs are OPENCLAW_NIX_MODE, OPENCLAW_CONFIG_READONLY, a link out of the state dir or to a read-only place, or a mount of this one file (in a container).",
    repair: "Nothing in the config: clawmend shows the lines to change. The pairing is repaired anyway.",
    by_hand: "Change it where the config comes from (your Nix or dotfiles repository, the container's host). If that \
              is a normal file, give clawmend its real path with `--config`.",
    messages: &["Config is read-only", "managed by Nix"],
    find: |model, check| {
        let files = model.config.read().into_iter().flat_map(|config| &config.resolved.files);
        let mut paths: Vec<_> = std::iter::once(model.config.path.clone()).collect();
        paths.extend(files.skip(1).map(|file| file.path.clone()));
        let mut seen: Vec<String> = Vec::new();
        let mut found = Vec::new();
        for path in paths {
            let Some(why) = model.config.fixed(&model.images, &path) else { continue };
            if !seen.contains(&why) {
                let says = "something else writes the config, so clawmend does not change it";
                found.push(check.finding(name(model, &path), says).note(why.clone()));
                seen.push(why);
            }
        }
        found
    },
    ..Check::BASE
};

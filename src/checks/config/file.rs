//! The config's file itself: missing, empty, broken, unreadable, with a broken include.

use std::path::Path;

use super::{bytes, config_name, line_of, name};
use crate::checks::stores::to_read;
use crate::checks::{Check, Edits, Stage};
use crate::config::copies::ConfigCopy;
use crate::config::differs::in_words;
use crate::config::model::ConfigState;
use crate::config::owner::Owner;
use crate::config::problem::ProblemKind;
use crate::finding::{Code, EvidenceKind, Finding, Place, Remedy, Severity};
use crate::format::json5::{Advice, SyntaxError, advice, path_text};
use crate::image::{Slot, Unusable};
use crate::model::Model;
use crate::secret::shape::Shape;
use crate::step::Step;
use crate::text::{unusable, utc};

/// So many copies are listed.
const MOST: usize = 8;

/// The copies as evidence, and the repair that goes with them.
fn with_copies(model: &Model, finding: Finding) -> Finding {
    let copies = &model.config.facts.copies;
    let finding = finding
        .notes(copies.iter().take(MOST).map(|copy| line(model, copy)))
        .note_if(copies.is_empty(), "there is no copy of it in the same folder");
    let Some(best) = model.config.best_copy() else {
        let kept = model.facts.kept.config.as_deref().map(from);
        let kept = kept.map(|way| way.note("puts back the config of clawmend's last snapshot"));
        return kept.into_iter().fold(finding, Finding::choice);
    };
    let when = utc(best.mtime_ms);
    let back = from(&model.config.copy_path(best))
        .note(format!("goes back to the config of {when}: {}", in_words(best.changes.as_ref())));
    finding.seen("best copy", &best.name).choice(back)
}

/// The command that puts a copy in the config's place.
pub(super) fn from(path: &Path) -> Step {
    Step::clawmend(["repair", "--config-from"]).with([path])
}

/// `openclaw.json.bak: 2026-11-24 17:15 UTC, 1200 bytes, parses, ...`.
pub(super) fn line(model: &Model, copy: &ConfigCopy) -> String {
    let when = chrono::DateTime::from_timestamp_millis(copy.mtime_ms)
        .map(|time| time.format("%Y-%m-%d %H:%M UTC").to_string())
        .unwrap_or_default();
    let path = name(model, &model.config.copy_path(copy));
    let reasons = copy.reasons().join(", ");
    format!("{path}: {when}, {} bytes: {reasons}", copy.size)
}

pub static MISSING: Check = Check {
    code: Code("config-missing"),
    modes: &["F08", "F33"],
    severity: Severity::Blocks,
    title: "the config is missing",
    why: "Without a config the gateway does not start (except with --allow-unconfigured, as in some containers).",
    repair: "With --config-from FILE a copy replaces it. clawmend never invents a config.",
    by_hand: "Put a copy back, or run `openclaw setup`",
    messages: &["Missing config. Run `openclaw setup`", "missing config. run"],
    stage: Some(Stage::Config),
    find_one: |model, check| {
        let instead = model.config.instead();
        let is_missing = matches!(model.config.state, ConfigState::Absent) || instead.is_some();
        if !is_missing || model.config.is_client() {
            return None;
        }
        if let Some(why) = instead {
            return Some(super::mode::unless_allowed(model, in_its_place(model, check, why)));
        }
        let setup = Step::run("openclaw", ["setup"])
            .note("asks some questions and writes a new config; or put a copy of your own back");
        let finding = check.finding(config_name(model), "the config is missing").by_hand([setup]);
        let finding = with_copies(model, finding);
        Some(super::mode::unless_allowed(model, finding))
    },
    edits: Edits::Copy,
    ..Check::BASE
};

/// Something else is where the config should be: it goes out of the way before anything.
fn in_its_place(model: &Model, check: &Check, why: &Unusable) -> Finding {
    let path = &model.config.path;
    let note = match why {
        Unusable::Dangling(_) => "or put back the file to which the link leads",
        _ => "out of the way",
    };
    let away = Step::move_away(path).note(note);
    let then = match model.config.best_copy() {
        Some(copy) => {
            let when = utc(copy.mtime_ms);
            from(&model.config.copy_path(copy)).note(format!("puts the copy of {when} there"))
        }
        None => no_copy(),
    };
    let says = match why {
        Unusable::NotAFile(what) => format!("the config is missing: {what} is in its place"),
        why => format!("the config is missing: {}", unusable(why)),
    };
    check.finding(config_name(model), says).by_hand([away, then])
}

pub static EMPTY: Check = Check {
    code: Code("config-empty"),
    modes: &["F33"],
    severity: Severity::Blocks,
    title: "the config is empty",
    why: "Neither the gateway nor the CLI starts with an empty config. An interrupted write or a full disk leaves such a file.",
    repair: "With --config-from FILE a copy replaces it (on a terminal clawmend asks). clawmend never invents a config.",
    by_hand: "Replace it with the best copy that is beside it.",
    messages: &["JSON5: invalid end of input at 1:1", "invalid end of input", "json5: invalid"],
    stage: Some(Stage::Config),
    find_one: |model, check| {
        let ConfigState::Empty = model.config.state else { return None };
        let setup = no_copy();
        let finding = check.finding(config_name(model), "the config file is empty");
        Some(with_copies(model, finding.by_hand([setup])))
    },
    edits: Edits::Copy,
    ..Check::BASE
};

/// What is left where no copy lies beside the config.
fn no_copy() -> Step {
    Step::run("openclaw", ["setup"]).after("put a copy of your own back, or run")
}

/// A file in an editor, at a place in it where that is known (`4`, `4,12`), and what is to be typed there.
pub(super) fn in_editor(file: &Path, at: Option<String>, what: &str) -> Step {
    saved_in_editor(file, at, what, ", then run `clawmend` again")
}

/// The same, and what follows once it is saved.
fn saved_in_editor(file: &Path, at: Option<String>, what: &str, then: &str) -> Step {
    let mut step = Step::run::<&str>(crate::platform::EDITOR, []);
    let mut keys = "";
    if crate::platform::EDITOR == "nano" {
        step = step.with(at.map(|at| format!("+{at}")));
        keys = " with Ctrl-O and Enter, leave with Ctrl-X";
    }
    step.with([file]).note(format!("{what}. Save{keys}{then}"))
}

/// One of several edits of a config file by hand, at its setting's place or at the one around it.
pub(super) fn edit_at(model: &Model, owner: &Owner, what: &str) -> Step {
    let file = model.config.file_of(owner);
    let line = line_of(model, &file, &owner.path).or_else(|| around(model, &file, &owner.path));
    in_editor(&file, line.map(|line| line.to_string()), what)
}

/// The line of the nearest key that stands around what is missing.
fn around(model: &Model, file: &Path, keys: &[String]) -> Option<usize> {
    (1..keys.len()).rev().find_map(|length| line_of(model, file, keys.get(..length)?))
}

/// The same at the place where what is typed mends a file that breaks, or where it breaks.
fn editor(file: &Path, error: &SyntaxError, advice: Option<&Advice>) -> Step {
    let (line, column) =
        advice.map_or((error.line, error.column), |advice| (advice.line, advice.column));
    let type_it = advice.map_or(UNKNOWN, |advice| &advice.words);
    in_editor(file, Some(format!("{line},{column}")), &format!("{error}: {type_it}"))
}

/// Where no edit helps that was tried.
const UNKNOWN: &str = "clawmend cannot tell what belongs there";

/// What a person changes in a config file, with the command that opens it at its line.
pub(in crate::checks) fn opened(model: &Model, mut finding: Finding) -> Finding {
    let Remedy::ByHand(steps) = &mut finding.remedy else { return finding };
    let words = steps.iter().take_while(|step| step.command.is_none()).count();
    let files = model.images.texts.keys().filter_map(|slot| match slot {
        Slot::Config(path) if bytes(model, path).is_some() => Some(path),
        _ => None,
    });
    let mut files = files.filter(|path| finding.place.file.as_ref() == Some(&name(model, path)));
    let Some(file) = files.next().filter(|_| words > 0) else { return finding };
    if model.config.fixed(&model.images, file).is_some() {
        return finding;
    }
    // Of what is missing, the place around it.
    let line = finding.place.line.or_else(|| {
        let keys: Vec<String> = finding.place.key.as_ref()?.split('.').map(str::to_owned).collect();
        around(model, file, &keys)
    });
    let what: Vec<&str> = steps.iter().take(words).map(|step| step.text.as_str()).collect();
    let what = what.join("; ").replace(":; ", ": ");
    let at = line.map(|line| line.to_string());
    let edit = match steps.len() == words {
        true => in_editor(file, at, &what),
        false => saved_in_editor(file, at, &what, ""),
    };
    steps.splice(..words, [edit]);
    finding
}

fn where_it_breaks(finding: Finding, error: &SyntaxError) -> Finding {
    let finding = finding.note(error.to_string());
    // Shown as it is, so that the caret stands below its place.
    error
        .excerpt()
        .lines()
        .fold(finding, |finding, line| finding.with("", line.to_owned(), EvidenceKind::Excerpt))
}

pub static UNPARSABLE: Check = Check {
    code: Code("config-unparsable"),
    modes: &["F33", "F09"],
    severity: Severity::Blocks,
    title: "the config has a syntax error",
    why: "OpenClaw cannot read a config with a syntax error at all: the gateway does not start, and the CLI stops too. \
          The config is JSON5.",
    repair: "With --config-from FILE a copy replaces it (on a terminal clawmend asks); the snapshot keeps the broken \
             file. It is often quicker to correct the line by hand.",
    by_hand: "Correct the line that is shown: most often a comma, a quote or a brace.",
    messages: &[
        "JSON5: invalid",
        "JSON5 parse failed",
        "Invalid config at",
        "SyntaxError: JSON5",
        "1006 abnormal closure",
        "econnrefused",
    ],
    stage: Some(Stage::Config),
    find_one: |model, check| {
        let ConfigState::Unparsable(error) = &model.config.state else { return None };
        let place = Place::from(config_name(model)).line(Some(error.line));
        let finding = check.finding(place, "the config has a syntax error");
        let path = &model.config.path;
        let advice = bytes(model, path).and_then(|bytes| advice(bytes));
        let has_copy = model.config.best_copy().is_some();
        let finding = where_it_breaks(finding, error);
        // What is no config, or is cut off, is not to be mended by typing.
        let is_lost = advice.as_ref().is_none_or(|advice| advice.is_cut) || error.is_foreign;
        let editor = || editor(path, error, advice.as_ref());
        Some(match (has_copy, error.is_foreign, is_lost) {
            (true, true, _) => with_copies(model, finding),
            (true, false, true) => with_copies(model, finding).choice(editor()),
            (true, false, false) => with_copies(model, finding.choice(editor())),
            (false, true, _) => with_copies(model, finding.by_hand([no_copy()])),
            (false, false, true) => with_copies(model, finding.by_hand([editor(), no_copy()])),
            (false, false, false) => with_copies(model, finding.by_hand([editor()])),
        })
    },
    edits: Edits::Copy,
    ..Check::BASE
};

pub static UNREADABLE: Check = Check {
    code: Code("config-unreadable"),
    modes: &["F13"],
    severity: Severity::Unchecked,
    title: "the config could not be read",
    why: "clawmend cannot check what it cannot read, and the gateway may fail at the same place.",
    repair: "Nothing: clawmend does not change what it cannot read.",
    by_hand: "Make the config a normal file that the gateway's user can read.",
    messages: &["EACCES: permission denied, open"],
    stage: Some(Stage::Config),
    find_one: |model, check| {
        let ConfigState::Unusable(why) = &model.config.state else { return None };
        if model.config.instead().is_some() {
            return None;
        }
        let says = format!("the config could not be read: {}", unusable(why));
        let finding = check.finding(config_name(model), says);
        Some(finding.by_hand(to_read(&model.config.path, why)))
    },
    ..Check::BASE
};

pub static INCLUDE: Check = Check {
    code: Code("include-broken"),
    modes: &["F16"],
    severity: Severity::Blocks,
    title: "an `$include` of the config does not work",
    why: "OpenClaw refuses the whole config if one `$include` does not work: the file is missing, is outside of the \
          config's folder, includes itself, or has a syntax error.",
    repair: "Nothing: while an included file cannot be read, clawmend changes no value of the config, because that \
             file may set it.",
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
    stage: Some(Stage::Config),
    find: |model, check| {
        let Some(config) = model.config.read() else { return vec![] };
        let problems = config.resolved.problems.iter().take(MOST);
        let found = problems.map(|problem| {
            let file = config.resolved.file(problem.file);
            let file = file.map_or(&model.config.path, |file| &file.path);
            let place = match &problem.kind {
                ProblemKind::Unparsable(path, error) => {
                    Place::from(name(model, path)).line(Some(error.line))
                }
                _ => {
                    let mut path = problem.path.clone();
                    path.push("$include".to_owned());
                    let line = line_of(model, file, &path);
                    Place::from(name(model, file)).key(path_text(&path)).line(line)
                }
            };
            let hand = match &problem.kind {
                ProblemKind::Unparsable(path, error) => {
                    let advice = bytes(model, path).and_then(|bytes| advice(bytes));
                    editor(path, error, advice.as_ref())
                }
                ProblemKind::Unreadable(path, _) => {
                    let file = Shape::File.show(&name(model, path));
                    Step::text(format!("put {file} back, or correct the `$include`"))
                }
                _ => Step::text("correct the `$include`"),
            };
            let says = "an `$include` of the config does not work";
            let finding = check
                .finding(place, says)
                .by_hand([hand])
                .note(problem.below(&model.facts.state_dir));
            match &problem.kind {
                ProblemKind::Unparsable(_, error) => where_it_breaks(finding, error),
                _ => finding,
            }
        });
        found.collect()
    },
    ..Check::BASE
};

//! Every command that is named works for whoever reads it: what only root may do begins with `sudo`.

use std::path::Path;

use crate::finding::{Finding, Remedy};
use crate::platform;
use crate::read::env::Env;
use crate::step::{Program, Step};

/// The programs that change the files they are given.
const CHANGES: [&str; 5] = ["chmod", "cp", "mv", "rm", platform::EDITOR];
/// The commands of clawmend that write.
const WRITES: [&str; 5] = ["repair", "approve", "restore", "undo", "backup"];

/// Makes the steps of all findings fit whoever types them.
pub(super) fn fit(findings: &mut [Finding], state_dir: &Path, env: &Env) {
    let may_not_write = platform::rights::is_denied(state_dir, true);
    for finding in findings {
        let (Remedy::ByHand(steps) | Remedy::Choice(steps)) = &mut finding.remedy else { continue };
        if *steps == [Step::text(platform::RUN_AS)] {
            let file = finding.place.file.as_deref().unwrap_or_default();
            *steps = crate::files::closed::advice(&state_dir.join(file));
        }
        for step in steps.iter_mut().chain(&mut finding.alternatives) {
            if may_not_write && writes(step) {
                *step = step.clone().as_root(true);
            }
            *step = fitting(step.clone(), env);
        }
    }
}

/// A step with `sudo` where whoever types it needs that, and without it where not: a container has none.
pub(super) fn fitting(step: Step, env: &Env) -> Step {
    let asked = step.command.as_ref().is_some_and(|command| command.as_root);
    let as_root = match env.uid {
        0 => env.is_by_sudo() && (asked || changes(&step)),
        uid => platform::KNOWS_OWNERS && (asked || changes_foreign(&step, uid)),
    };
    step.as_root(as_root)
}

/// Whether a step changes files with a program that has no rights of its own.
fn changes(step: &Step) -> bool {
    let program = step.command.as_ref().map(|command| command.program);
    matches!(program, Some(Program::Other(name)) if CHANGES.contains(&name))
}

fn writes(step: &Step) -> bool {
    let command = step.command.iter().find(|command| command.program == Program::Clawmend);
    command
        .and_then(|command| command.args.first())
        .is_some_and(|first| WRITES.iter().any(|name| first == name))
}

/// Whether a step changes what the user `uid` may not.
fn changes_foreign(step: &Step, uid: u32) -> bool {
    let Some(command) = &step.command else { return false };
    let Program::Other(name) = command.program else { return false };
    let is_denied = |path: &Path| -> bool {
        match name {
            // Only the owner may.
            "chmod" => path.metadata().is_ok_and(|found| platform::meta(&found).uid != uid),
            platform::EDITOR if path.exists() => platform::rights::is_denied(path, true),
            // A name is made and removed by whoever may write to its folder.
            _ => path.parent().is_some_and(|folder| platform::rights::is_denied(folder, true)),
        }
    };
    let mut paths = command.args.iter().map(Path::new).filter(|path| path.is_absolute());
    changes(step) && paths.any(is_denied)
}

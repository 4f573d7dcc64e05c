//! `clawmend` and `clawmend diagnose`: never holds a writer.

use super::context::{Context, State};
use super::words;
use crate::checks;
use crate::error::Error;
use crate::exit::Exit;
use crate::finding::{Finding, Mend, Severity};
use crate::render::findings;
use crate::render::json::{DiagnoseDocument, FindingDocument, Head, StateDocument};

/// Reads, checks, prints.
pub(super) fn run(context: &mut Context<'_, '_>) -> Result<Exit, Error> {
    let state = context.read()?;
    if context.global.json {
        let document = DiagnoseDocument {
            head: Head::of("diagnose"),
            state: StateDocument::of(&state.model, &state.located),
            healthy: !checks::fails(&state.findings),
            findings: state.findings.iter().map(FindingDocument::from).collect(),
        };
        context.json(&document);
        return Ok(state.exit());
    }
    let text = report(context, &state);
    context.print(&text);
    Ok(state.exit())
}

/// The whole report as text.
pub(super) fn report(context: &Context<'_, '_>, state: &State) -> String {
    let (paint, width, verbose) = (context.paint, context.world.width, context.global.verbose);
    let shown: Vec<Finding> = state
        .findings
        .iter()
        .filter(|finding| !context.global.quiet || finding.severity.fails())
        .cloned()
        .collect();
    let mut out = words::head(state);
    out.push('\n');
    let verdict = verdict(state);
    out.push_str(&if checks::fails(&state.findings) {
        paint.red(&verdict)
    } else {
        paint.green(&verdict)
    });
    out.push('\n');
    if !shown.is_empty() {
        out.push('\n');
        out.push_str(&findings::all(&shown, paint, width, verbose));
    }
    out.push('\n');
    out.push_str(&paint.bold(&next(context, state)));
    out.push('\n');
    out
}

/// Why the gateway refuses, in a line.
fn verdict(state: &State) -> String {
    let blocking = state
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Blocks)
        .count();
    let unchecked = state
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Unchecked)
        .count();
    let first = state
        .findings
        .iter()
        .find(|finding| finding.severity.fails());
    match (blocking, unchecked, first) {
        (0, 0, _) => "Healthy: nothing found that keeps this machine's CLI out.".to_owned(),
        (0, _, Some(first)) => format!("Not sure: {}.", first.says),
        (1, _, Some(first)) => format!("Locked out: {}.", first.says),
        (more, _, Some(first)) => format!("Locked out: {} ({} more below).", first.says, more - 1),
        (_, _, None) => String::new(),
    }
}

/// What to type now.
fn next(context: &Context<'_, '_>, state: &State) -> String {
    let flags = words::flags(&context.global);
    let repairs = state
        .findings
        .iter()
        .any(|finding| matches!(finding.mend, Mend::Repair(_)));
    let fails = checks::fails(&state.findings);
    match (fails, repairs) {
        (_, true) => format!(
            "Now type:  clawmend{flags} repair --dry-run    (shows every change, makes none)\n     then:  clawmend{flags} repair"
        ),
        (true, false) => "Now: do what the `mend` lines above say; there is nothing here that a state edit can mend.".to_owned(),
        (false, false) => {
            "If the CLI is refused all the same: clawmend explain \"the error text\"".to_owned()
        }
    }
}

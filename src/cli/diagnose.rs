//! `clawmend` and `clawmend diagnose`: never holds a writer.

use super::context::{Context, State};
use super::head::head;
use super::next::next;
use crate::checks;
use crate::error::Error;
use crate::exit::Exit;
use crate::finding::{Finding, Severity};
use crate::render::json::{DiagnoseDocument, Head, StateDocument};
use crate::render::{findings, glossary, path, wrap};
use crate::step::Step;

/// Reads, checks, prints.
pub(super) fn run(context: &mut Context<'_, '_>) -> Result<Exit, Error> {
    let state = context.read()?;
    if context.global.json {
        let document = DiagnoseDocument {
            head: Head::of("diagnose"),
            state: StateDocument::of(&state.model, &state.located.how),
            healthy: !checks::fails(&state.findings),
            findings: context.documents(&state.findings),
            next: next(context, &state).argvs(),
        };
        context.json(&document);
        return Ok(state.exit());
    }
    let text = report(context, &state);
    context.print(&text);
    Ok(state.exit())
}

/// The whole report as text: which OpenClaw this is, why it refuses, what to type now.
pub(super) fn report(context: &Context<'_, '_>, state: &State) -> String {
    let view = context.view();
    let mut out = head(state);
    if let Some(picture) = path::picture(&state.model, &state.findings, view.width) {
        out.push_str(&picture);
        out.push('\n');
    }
    out.push('\n');
    let verdict = verdict(state);
    let fails = checks::fails(&state.findings);
    out.push_str(&if fails { view.paint.red(&verdict) } else { view.paint.green(&verdict) });
    out.push('\n');
    let told = findings::all(&state.findings, view);
    if !told.is_empty() {
        out.push('\n');
        out.push_str(&told);
    }
    out.push('\n');
    out.push_str(&view.paint.bold(&next(context, state).text(view.width)));
    out.push('\n');
    if fails && !context.global.quiet {
        out.push_str(&view.paint.dim(&small_print(context, &state.findings, &told)));
    }
    out
}

/// The words that occur, and where to read on.
fn small_print(context: &Context<'_, '_>, findings: &[Finding], told: &str) -> String {
    let view = context.view();
    let mut out = String::new();
    let meanings = glossary::meanings(told);
    if !meanings.is_empty() {
        out.push_str(&wrap(&meanings, view.width, "Words:  ", "        "));
        out.push('\n');
    }
    if let Some(first) = findings.first().filter(|_| !view.verbose) {
        // A line each: a command that is broken cannot be pasted.
        let all = context.typed(&Step::clawmend(["-v"]).note("shows all details"));
        let explain = Step::clawmend(["explain", first.code.0]).note("explains this");
        let explain = context.typed(&explain);
        out.push_str(&format!("More:   {all}\n        {explain}\n"));
    }
    out
}

/// Whether the gateway refuses, in a line.
fn verdict(state: &State) -> String {
    let causes = checks::follow::causes(&state.findings);
    let number =
        |severity| causes.iter().filter(|cause| cause.finding.severity == severity).count();
    match (number(Severity::Blocks), number(Severity::Unchecked)) {
        (0, 0) => "Healthy: nothing locks this machine's CLI out.".to_owned(),
        (0, _) => "Not sure: something could not be checked.".to_owned(),
        (1, _) => "LOCKED OUT: one thing keeps this machine's CLI out.".to_owned(),
        (more, _) => {
            format!("LOCKED OUT: {more} things keep this machine's CLI out, the worst first.")
        }
    }
}

//! `clawmend` and `clawmend diagnose`: never holds a writer.

use unicode_width::UnicodeWidthStr;

use super::context::{Context, State};
use super::head::head;
use super::next::next;
use crate::checks;
use crate::error::Error;
use crate::exit::Exit;
use crate::finding::{Finding, Severity};
use crate::model::scopes::{Era, LEAST};
use crate::platform::Answer;
use crate::render::findings::{self, View};
use crate::render::json::{DeviceDocument, DiagnoseDocument, Head, StateDocument};
use crate::render::{admission, wrap};
use crate::step::Step;
use crate::text::safe;

/// Reads, checks, prints. `asks`: whoever called clawmend without a command, and can answer, is led on to
/// the preview of the repair.
pub(super) fn run(context: &mut Context, asks: bool) -> Result<Exit, Error> {
    let state = context.read()?;
    if context.global.json {
        let document = DiagnoseDocument {
            head: Head::of("diagnose"),
            state: StateDocument::of(&state.model, &state.located.how),
            healthy: !checks::fails(&state.findings),
            admission: checks::admission(&state.model, &state.findings),
            findings: context.documents(&state.findings),
            requests: DeviceDocument::all(&state.model, &state.model.pending),
            next: next(context, &state).argvs(),
        };
        context.json(&document);
        return Ok(state.exit());
    }
    let text = report(context, &state);
    context.print(&text);
    let exit = state.exit();
    let leads_on = exit == Exit::Findings && next(context, &state).is_plain_repair();
    if !asks || !leads_on || state.may_not_write() || context.global.quiet {
        return Ok(exit);
    }
    drop(state);
    let _ = context.world.out.flush();
    let question = "Show the repair now? It asks again before any change. [y/N]";
    let question = wrap(question, context.world.width, "", "  ");
    match context.confirm(&format!("\n{question}")) {
        Some(Answer::Yes | Answer::Diff) => {
            let args = super::args::Repair { scopes: "full".to_owned(), ..Default::default() };
            super::repair::repair(context, &args)
        }
        Some(Answer::No) | None => Ok(exit),
    }
}

/// The lines of a terminal that everybody has, and how many of them the question or the next prompt takes.
const SCREEN: usize = 24;
const BELOW: usize = 2;

/// The whole report as text. What makes it longer than a screen and can wait gives way: the notes.
pub(super) fn report(context: &Context, state: &State) -> String {
    let whole = page(context, state, true);
    let fits = |page: &str| page.lines().count() + BELOW <= SCREEN;
    let may_be_cut = context.world.out_is_terminal && !context.global.verbose;
    if fits(&whole) || !may_be_cut || !checks::fails(&state.findings) {
        return whole;
    }
    Some(page(context, state, false)).filter(|page| fits(page)).unwrap_or(whole)
}

/// Which OpenClaw this is, why it refuses, what to type now; with its notes, or with a word that there are some.
fn page(context: &Context, state: &State, notes: bool) -> String {
    let view = View { notes, ..context.view() };
    let mut out = head(state, view.width);
    if view.verbose {
        let admission = checks::admission(&state.model, &state.findings);
        out.push('\n');
        out.push_str(&admission::steps(&state.model, &admission, view.width));
    }
    if let Some(container) = &state.model.facts.belongs_to {
        out.push_str(&wrap(&safe(&container.says()), view.width, "Container  ", "           "));
        out.push_str("\n           To run clawmend in a container instead:\n");
        for step in container.run(&state.model.facts.state_dir) {
            let line = view.invocation.wrapped(&step, view.width, "           ", "           ");
            out.push_str(&format!("{line}\n"));
        }
    }
    out.push('\n');
    let verdict = wrap(&verdict(state), view.width, "", "  ");
    let fails = checks::fails(&state.findings);
    out.push_str(&if fails { view.paint.red(&verdict) } else { view.paint.green(&verdict) });
    out.push('\n');
    let next = next(context, state);
    let told = findings::all(&state.findings, next.below(view));
    if !told.is_empty() {
        out.push('\n');
        out.push_str(&told);
    }
    out.push('\n');
    out.push_str(&view.paint.bold(&next.text(view.width)));
    out.push('\n');
    if fails && !context.global.quiet && !view.verbose {
        let causes = checks::follow::causes(&state.findings);
        let hidden = causes.iter().filter(|cause| findings::may_wait(cause.finding)).count();
        let label = match (notes, hidden) {
            (true, _) | (false, 0) => "More:".to_owned(),
            (false, 1) => "1 note more:".to_owned(),
            (false, many) => format!("{many} notes more:"),
        };
        let more = Step::clawmend(["-v"]);
        let with_note = format!("{label}  {}", context.typed(&more.clone().note("all details")));
        let more = match with_note.width() <= view.width {
            true => with_note,
            false => format!("{label}  {}", context.typed(&more)),
        };
        out.push_str(&view.paint.dim(&more));
        out.push('\n');
    }
    out
}

/// Whether the gateway refuses, in a line.
fn verdict(state: &State) -> String {
    let causes = checks::follow::causes(&state.findings);
    let number =
        |severity| causes.iter().filter(|cause| cause.finding.severity == severity).count();
    let beside = match number(Severity::Warning) {
        0 => String::new(),
        1 => " There is 1 warning too.".to_owned(),
        more => format!(" There are {more} warnings too."),
    };
    match (number(Severity::Blocks), number(Severity::Unchecked)) {
        (0, 0) => "Healthy: nothing locks this machine's CLI out.".to_owned(),
        (0, _) => format!("Not sure whether the gateway lets this machine's CLI in.{beside}"),
        (1, _) => {
            let works = still_works(state).unwrap_or_default();
            format!("LOCKED OUT: one thing keeps this machine's CLI out.{works}{beside}")
        }
        (more, _) => format!(
            "LOCKED OUT: {more} things keep this machine's CLI out, the worst first.{beside}"
        ),
    }
}

/// Which everyday command is answered all the same, where the CLI only lacks scopes: each asks for its own.
fn still_works(state: &State) -> Option<&'static str> {
    let model = &state.model;
    let lacks = |one: &Finding| one.code == checks::scopes::SCOPES_MISSING.code;
    let mut failing = state.findings.iter().filter(|one| one.severity.fails());
    let held = model.local.as_ref()?.baseline().1.items();
    if model.era != Era::Least || !failing.all(lacks) {
        return None;
    }
    let [pairing, read] = LEAST.map(|scope| model.era.covers(held, scope));
    match (pairing, read) {
        (true, false) => Some(" `devices list` still works."),
        (false, true) => Some(" What only reads still works."),
        _ => None,
    }
}

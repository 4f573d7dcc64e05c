//! What every changing command shares: the preview, the one question, the apply, the report. The only
//! place that reads `--dry-run`.

mod choices;
mod lock;
mod told;

pub(super) use lock::{begin, lock};

use super::context::{Context, State};
use crate::apply::{self, ApplyError};
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::files::Lock;
use crate::plan::{Changes, Plan};
use crate::store::CommitError;
use crate::store::sqlite::Hold;
use told::{Told, done, nothing_to_do, only_shown, shown};

/// How often a plan is made anew because a file changed under it.
const ROUNDS: usize = 10;
/// From this round on the plan is made under the database's write lock, if it changes rows: a writer
/// that never rests then waits its turn, and cannot come between the plan and its commit.
const HELD_ROUNDS: usize = 3;

/// How a changing command was asked for.
pub(super) struct Asked {
    /// `repair`, `approve`, `restore`.
    pub command: &'static str,
    /// The command line, to run again.
    pub look: String,
    /// Only show.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
}

/// What a command would change: made from a state, again whenever the state moved.
pub(super) struct Proposal {
    /// The edits and their reasons; empty for a restore.
    pub plan: Plan,
    /// What they do.
    pub changes: Changes,
    /// Another device than this machine's that is let in by it: what it is called.
    pub lets_in: Option<String>,
}

/// Shows, asks, applies, reports. `state` was just read, after what an interrupted run left was taken
/// back.
pub(super) fn carry_out(
    context: &mut Context<'_, '_>,
    asked: &Asked,
    held: Option<Lock>,
    mut state: State,
    propose: &mut dyn FnMut(&mut Context<'_, '_>, &State) -> Result<Proposal, Error>,
) -> Result<Exit, Error> {
    let mut proposal = propose(context, &state)?;
    let agreed = proposal.plan.clone();
    if !context.global.json {
        let text = shown(context, asked, &state, &proposal);
        context.print(&text);
    }
    if asked.dry_run {
        return Ok(only_shown(context, asked, &state, &proposal));
    }
    if proposal.changes.is_empty() {
        return Ok(nothing_to_do(context, asked, &state, &proposal));
    }
    let lock = match held {
        Some(lock) => lock,
        None => lock(context)?,
    };
    ask(context, asked, &state, &proposal)?;
    let mut moved = String::new();
    for round in 1..=ROUNDS {
        state.files = state.files.covering(&proposal.changes);
        let snapshots = context.snapshots(&state.located);
        let why = format!("before-{}", asked.command);
        let applying = apply::Context {
            state_dir: &state.located.state_dir,
            stores: &state.stores(),
            snapshots: &snapshots,
            now_ms: context.world.now_ms,
            why: &why,
            command: asked.command,
            lock: &lock,
        };
        match apply::apply(&applying, &proposal.changes) {
            Ok(applied) => {
                context.hold = None;
                let told = Told::of(context, asked, &state, &proposal);
                // A huge store is in memory once.
                drop((state, proposal));
                return done(context, asked, told, &applied);
            }
            Err(ApplyError::Failed(error)) => return Err(error),
            Err(ApplyError::Moved(what)) => {
                context.note(&format!(
                    "note: {}, so the plan is made again",
                    crate::text::safe(&what)
                ));
                moved = what;
                if let Some(hold) = context.hold.take() {
                    hold.release();
                }
                if round >= HELD_ROUNDS && !proposal.changes.rows.is_empty() {
                    context.hold = hold(&state)?;
                }
                state = context.read()?;
                proposal = propose(context, &state)?;
                if !asked.yes && proposal.plan != agreed {
                    return Err(Error::refused("the state changed while the question was open, and the plan with it; nothing was changed")
                        .hint(format!("look at it again: {}", asked.look)));
                }
                if proposal.changes.is_empty() {
                    return Ok(nothing_to_do(context, asked, &state, &proposal));
                }
            }
        }
    }
    Err(Error::refused(format!(
        "the state kept changing while clawmend tried {ROUNDS} times; nothing was changed"
    ))
    .at(&state.located.state_dir)
    .because(moved)
    .hint("stop the gateway for a moment (openclaw gateway stop), then run the same command again"))
}

/// The database's write lock. `None`: another file came in its place, so look again first.
fn hold(state: &State) -> Result<Option<Hold>, Error> {
    match state.sqlite.hold() {
        Ok(hold) => Ok(Some(hold)),
        Err(CommitError::Moved(_)) => Ok(None),
        Err(CommitError::Failed(error)) => Err(error),
    }
}

fn ask(
    context: &mut Context<'_, '_>,
    asked: &Asked,
    state: &State,
    proposal: &Proposal,
) -> Result<(), Error> {
    if asked.yes {
        return Ok(());
    }
    let restart =
        if proposal.plan.touches_config() { "; the config needs a gateway restart" } else { "" };
    let question =
        format!("{} (a snapshot is taken first{restart})", told::question(state, proposal));
    let again = format!("{} --yes", asked.look);
    agreed(context, &question, "nothing was changed", "Nothing was changed.", &again)
}

/// Asks whoever is there. `nothing` is what did not happen where nobody is, `declined` what is said
/// after a no, `again` the command that goes ahead without a question.
pub(super) fn agreed(
    context: &mut Context<'_, '_>,
    question: &str,
    nothing: &str,
    declined: &str,
    again: &str,
) -> Result<(), Error> {
    if context.global.json || !context.world.person.is_there() {
        return Err(Error::refused(format!(
            "this needs a yes, and there is nobody here to answer; {nothing}"
        ))
        .hint(format!("to go ahead without a question: {again}")));
    }
    let _ = context.world.out.flush();
    match context.world.person.confirm(question) {
        Some(true) => Ok(()),
        Some(false) | None => Err(Error::declined(declined)),
    }
}

/// A plan that does not fit what was just read: a bug in a planner, never silently written.
pub(super) fn misfit(misfit: crate::simulate::Misfit) -> Error {
    Error::new(Kind::Refused, format!("this edit cannot be made; nothing was changed: {misfit}"))
}

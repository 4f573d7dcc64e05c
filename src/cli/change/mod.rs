//! What every changing command shares: the preview, the one question, the apply, the report.

mod lock;
mod outcome;
mod report;
mod restart;

pub(super) use lock::{drop_old, lock, recover_first};

use super::args;
use super::context::{Context, State};
use crate::apply::{self, Applied};
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::files::Lock;
use crate::plan::{Changes, Plan};
use crate::platform::Answer;
use crate::render::plan::capital;
use crate::simulate::simulate;
use crate::snapshot::{Create, Since, Snapshot};
use crate::step::Step;
use crate::store::CommitError;
use report::{Report, preview, tell_done, tell_unchanged};

/// How often a plan is made anew because a file changed under it.
const ROUNDS: usize = 10;
/// From this round on the plan is made under the database's write lock, if it changes rows: a writer
/// that never rests then waits its turn, and cannot come between the plan and its commit.
const HELD_ROUNDS: usize = 3;

/// Which command changes the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Open what keeps the CLI out.
    Repair,
    /// Let one device in.
    Approve,
    /// Go back to a snapshot: whether the state then is a healthy one is no matter of the command.
    Restore,
    /// Take back the last change: go back to the snapshot that was taken before it.
    Undo,
}

impl Purpose {
    /// The command's name on the command line.
    pub(super) fn command(self) -> &'static str {
        match self {
            Purpose::Repair => "repair",
            Purpose::Approve => "approve",
            Purpose::Restore => "restore",
            Purpose::Undo => "undo",
        }
    }

    /// Whether it puts a snapshot back, and no more is promised of the state then.
    pub(super) fn goes_back(self) -> bool {
        matches!(self, Purpose::Restore | Purpose::Undo)
    }

    /// Why its snapshot is taken, as it stands in the snapshot's id.
    pub(super) fn snapshot_name(self) -> String {
        format!("before-{}", self.command())
    }
}

/// How a changing command was called.
pub(super) struct Call<'a> {
    /// The command that was called.
    pub purpose: Purpose,
    /// What its snapshot and its journal say took it: the command, and of an undo also what it goes back to.
    pub command: String,
    /// The command line, to run again.
    pub again: Step,
    /// Whether it asks, and what it leaves out.
    pub change: args::Change,
    /// The snapshot that the state is to be as afterwards.
    pub back_to: Option<&'a Snapshot>,
}

/// What a command would change: made from a state, again whenever the state moved.
pub(super) struct Proposal {
    /// What is shown, agreed to and made.
    pub changes: Changes,
    /// Another device than this machine's that is let in by it: what it is called.
    pub lets_in: Option<String>,
    /// Of a way back: what was changed since, and goes with it.
    pub since: Since,
}

impl From<Changes> for Proposal {
    fn from(changes: Changes) -> Self {
        Self { changes, lets_in: None, since: Since::default() }
    }
}

impl Proposal {
    /// What a plan does to the state it was made for.
    ///
    /// # Errors
    /// The plan does not fit that state.
    pub(super) fn of(state: &State, plan: &Plan) -> Result<Self, Error> {
        let changes = simulate(&state.model, plan).map_err(|stale| {
            // A bug in a check, never silently written.
            let text = format!("this edit cannot be made; nothing was changed: {stale}");
            Error::new(Kind::Refused, text)
        })?;
        Ok(changes.into())
    }
}

/// A proposal, the state that it was made for, and the command that asks for it.
#[derive(Clone, Copy)]
pub(super) struct Offer<'a> {
    call: &'a Call<'a>,
    state: &'a State,
    proposal: &'a Proposal,
}

/// Makes a proposal from a state.
type Propose<'p> = &'p mut dyn FnMut(&mut Context, &State) -> Result<Proposal, Error>;

/// Shows, asks, applies, reports. `state` was just read, after what an interrupted run left was taken
/// back.
pub(super) fn carry_out(
    context: &mut Context,
    call: &Call<'_>,
    held: Option<Lock>,
    state: State,
    propose: Propose<'_>,
) -> Result<Exit, Error> {
    let proposal = propose(context, &state)?;
    let offer = Offer { call, state: &state, proposal: &proposal };
    if !context.global.json {
        let text = preview(context, offer, false);
        context.print(&text);
    }
    report::tell_since(context, &proposal.since);
    if let (Some(limits), false) = (crate::platform::LIMITS, proposal.changes.is_empty()) {
        context.note(limits);
    }
    if call.change.dry_run || proposal.changes.is_empty() {
        return Ok(tell_unchanged(context, offer));
    }
    if held.is_none() {
        lock::check(&state, call)?;
    }
    // A no leaves nothing behind, not even the lock; what changes before the yes is noticed as the state moving.
    ask(context, offer)?;
    let lock = lock(context, held)?;
    commit(context, call, &lock, state, proposal, propose)
}

/// Makes what was agreed to, and reports it; plans anew as often as the state moves under it.
fn commit(
    context: &mut Context,
    call: &Call<'_>,
    lock: &Lock,
    mut state: State,
    mut proposal: Proposal,
    propose: Propose<'_>,
) -> Result<Exit, Error> {
    let mut moved = String::new();
    for round in 1..=ROUNDS {
        let offer = Offer { call, state: &state, proposal: &proposal };
        moved = match write(context, offer, lock) {
            Ok(applied) => {
                context.hold = None;
                if !call.change.keep_all {
                    drop_old(context, &state.located, lock);
                }
                let report = Report::of(context, offer);
                // The state is read again next, and a huge store fits into memory once.
                drop((state, proposal));
                return tell_done(context, call, report, &applied);
            }
            Err(CommitError::Failed(error)) => return Err(error),
            Err(CommitError::Stale(what)) => what,
        };
        context.note(&format!("note: {}, so clawmend plans again", crate::text::safe(&moved)));
        let is_held = round >= HELD_ROUNDS && !proposal.changes.rows.is_empty();
        hold(context, is_held.then_some(&state))?;
        state = context.read()?;
        let shown_before = std::mem::replace(&mut proposal, propose(context, &state)?);
        let offer = Offer { call, state: &state, proposal: &proposal };
        show_if_changed(context, offer, &shown_before.changes)?;
        if proposal.changes.is_empty() {
            return Ok(tell_unchanged(context, offer));
        }
    }
    let text =
        format!("the state kept changing while clawmend tried {ROUNDS} times; nothing was changed");
    let stop = Step::run("openclaw", ["gateway", "stop"])
        .after("stop the gateway for a moment")
        .note("then run the same command again");
    Err(Error::refused(text).at(&state.located.state_dir).because(moved).hint(stop))
}

/// Takes the snapshot and makes the changes.
fn write(context: &Context, offer: Offer<'_>, lock: &Lock) -> Result<Applied, CommitError> {
    let Offer { call, state, proposal } = offer;
    let inputs = Create {
        state_dir: &state.located.state_dir,
        stores: &state.stores,
        snapshots: &context.snapshots(&state.located),
        now_ms: context.world.now_ms,
        why: &call.purpose.snapshot_name(),
        command: &call.command,
        changes: None,
        model: Some(&state.model),
    };
    context.while_it_takes("writing", || apply::apply(&inputs, &proposal.changes, lock))
}

/// Where the state moved and the changes with it, shows the new ones; only a run that asks nothing goes on
/// with them, for what is committed has to be what was shown.
fn show_if_changed(context: &mut Context, offer: Offer<'_>, before: &Changes) -> Result<(), Error> {
    if offer.proposal.changes.is_what_was_shown(before) {
        return Ok(());
    }
    if !context.global.json {
        let text = preview(context, offer, true);
        context.print(&text);
    }
    if offer.call.change.yes {
        return Ok(());
    }
    Err(Error::refused(
        "the state changed while clawmend waited for your answer, so other changes would be made; nothing was changed",
    )
    .hint(offer.call.again.clone().after("look at them again")))
}

/// Lets go of the database's write lock and takes that of `state`, if any.
fn hold(context: &mut Context, state: Option<&State>) -> Result<(), Error> {
    if let Some(hold) = context.hold.take() {
        hold.release();
    }
    context.hold = match state.map(|state| state.stores.sqlite.hold()).transpose() {
        Ok(hold) => hold,
        // Another file came in its place: look again first.
        Err(CommitError::Stale(_)) => None,
        Err(CommitError::Failed(error)) => return Err(error),
    };
    Ok(())
}

fn ask(context: &mut Context, offer: Offer<'_>) -> Result<(), Error> {
    let Offer { call, state, proposal } = offer;
    if call.change.yes {
        return Ok(());
    }
    if call.purpose.goes_back() && context.world.person.is_there() {
        report::tell_lockout_to_come(context, state, &proposal.changes);
    }
    let question = report::question(offer);
    let diff = |context: &Context| format!("{}\n", report::in_full(context, offer));
    agreed(context, &question, &diff, "nothing was changed", call.again.clone())
}

/// Asks whoever is there, and shows `diff` as often as it is asked for. `nothing` is said where nobody is, and after
/// a no, `again` is the command that goes ahead without a question when it is given `--yes`.
pub(super) fn agreed(
    context: &mut Context,
    question: &str,
    diff: &dyn Fn(&Context) -> String,
    nothing: &str,
    again: Step,
) -> Result<(), Error> {
    if context.global.json || !context.world.person.is_there() {
        return Err(Error::refused(format!(
            "this command asks a question, and nobody can answer here; {nothing}"
        ))
        .hint(again.with(["--yes"]).after("to run it without the question")));
    }
    let question = format!("{question}\n[y/N, d shows each line]");
    let lines =
        question.lines().map(|line| crate::render::wrap(line, context.world.width, "", "  "));
    let question = lines.collect::<Vec<_>>().join("\n");
    context.say("");
    loop {
        let _ = context.world.out.flush();
        match context.confirm(&question) {
            Some(Answer::Yes) => return Ok(()),
            Some(Answer::No) | None => {
                return Err(Error::declined(format!("{}.", capital(nothing))));
            }
            Some(Answer::Diff) => {
                let text = diff(context);
                context.print(&text);
            }
        }
    }
}

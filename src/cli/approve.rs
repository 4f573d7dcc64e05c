//! `clawmend approve`.

use super::args;
use super::change::{Call, Proposal, Purpose, carry_out, recover_first};
use super::context::{Context, State};
use crate::checks::approvable::refusal;
use crate::checks::approve::approve;
use crate::checks::{self, Options};
use crate::error::Error;
use crate::exit::Exit;
use crate::model::IdentityState;
use crate::secret::shape::Shape;
use crate::step::Step;
use crate::text::safe;

/// `approve`: lets one waiting device in, chosen by its request id or by the person asked.
pub(super) fn run(context: &mut Context, args: &args::Approve) -> Result<Exit, Error> {
    let random = context.random()?;
    let held = recover_first(context, args.change.dry_run)?;
    let mut chosen = args.request.clone();
    let mut told = false;
    let state = context.read()?;
    // The whole id: a start of one may look like anything.
    let named = args.request.clone().map(|id| meant(&state, id.clone()).unwrap_or(id));
    let named = named.map(|id| Shape::RequestId.show(&id));
    let call = Call {
        purpose: Purpose::Approve,
        command: Purpose::Approve.command().to_owned(),
        again: Step::clawmend(["approve"])
            .with(named)
            .with(args.change.keep_all.then_some("--keep-all")),
        change: args.change,
        back_to: None,
    };
    carry_out(context, &call, held, state, &mut |context, state| {
        state.must_know_devices()?;
        chosen = match chosen.take() {
            Some(id) => Some(meant(state, id)?),
            None => choose(context, state)?,
        };
        let own = state.model.requests.iter().any(|request| Some(&request.key) == chosen.as_ref());
        if !told {
            notes_on(context, state, chosen.as_deref(), own);
            told = true;
        }
        match &chosen {
            Some(id) if !own => {
                let plan = approve(&state.model, id, &random).map_err(|refusal| {
                    let text =
                        format!("the request `{}` is not approved: {}", shown(id), refusal.says());
                    Error::refused(text).hint(list("shows what waits"))
                })?;
                Ok(Proposal { lets_in: name_of(state, id), ..Proposal::of(state, &plan)? })
            }
            // This machine's CLI gets what a CLI needs, whatever its request asks for.
            _ => {
                let options = Options { config: false, ..Options::all(random) };
                Proposal::of(state, &checks::plan(&state.model, &options))
            }
        }
    })
}

/// The request that `wanted` names: its whole id, or the start of exactly one.
fn meant(state: &State, wanted: String) -> Result<String, Error> {
    let keys = || state.model.pending.entries.iter().map(|entry| entry.key.as_str());
    if keys().any(|key| key == wanted) {
        return Ok(wanted);
    }
    let fitting: Vec<&str> =
        keys().filter(|key| !wanted.is_empty() && key.starts_with(&wanted)).collect();
    match fitting.as_slice() {
        [one] => Ok((*one).to_owned()),
        // Not there: what refuses it says so.
        [] => Ok(wanted),
        more => {
            let text = format!("the ids of {} requests start like that", more.len());
            let lines = state.model.pending.devices().filter(|one| more.contains(&&*one.key));
            let lines = lines.map(|one| checks::foreign_request_line(&state.model, &one));
            Err(lines.take(5).fold(Error::usage(text), Error::hint))
        }
    }
}

/// `clawmend devices`.
fn list(note: &str) -> Step {
    Step::clawmend(["devices"]).note(note)
}

/// What a person has to know of a request before the question: that it gets more than it asks for, or
/// that a gateway would not take its id any more.
fn notes_on(context: &mut Context, state: &State, chosen: Option<&str>, own: bool) {
    let mut requests = state.model.pending.devices();
    let Some(request) = requests.find(|request| Some(request.key.as_str()) == chosen) else {
        return;
    };
    let expired = request.expired(context.world.now_ms);
    if own {
        let asks = checks::asked_for(&request);
        context.note(&format!(
            "note: this request is this machine's own: the CLI gets the full operator scopes, not only what the request asks for ({})",
            safe(&asks)
        ));
    }
    if expired {
        let then = if own {
            "the CLI gets its scopes without it"
        } else {
            "the device is approved anyway, by the key that it sent"
        };
        context.note(&format!(
            "note: this request has expired, so the gateway no longer accepts its id; {then}"
        ));
    }
}

/// What the device of a request is called.
fn name_of(state: &State, id: &str) -> Option<String> {
    let request = state.model.pending.devices().find(|request| request.key == id)?;
    Some(safe(&request.name().to_string()))
}

/// Which request, where none was named: this machine's own; several or only foreign ones need a person.
fn choose(context: &mut Context, state: &State) -> Result<Option<String>, Error> {
    let waiting: Vec<_> = state.model.pending.devices().collect();
    if !state.model.requests.is_empty() || waiting.is_empty() {
        return match state.model.requests.last() {
            Some(own) => Ok(Some(own.key.clone())),
            None => Err(Error::not_found("no request waits").hint(match state.model.identity {
                IdentityState::Absent => Step::run("openclaw", ["devices", "list"])
                    .after("this machine's CLI has no identity yet")
                    .note("makes an identity, and a request"),
                _ => Step::clawmend(["repair"]).note("lets this machine's CLI in without one"),
            })),
        };
    }
    if context.global.json || !context.world.person.is_there() {
        return Err(Error::refused(
            "only requests of other devices wait, and each of those is approved by its id",
        )
        .hint(list("shows them"))
        .hint(Step::clawmend(["approve", "REQUEST_ID"])));
    }
    let (waiting, refused): (Vec<_>, Vec<_>) = waiting
        .into_iter()
        .map(|request| (refusal(&state.model, &request.key), request))
        .partition(|(why, _)| why.is_none());
    if let ([], [(Some(why), request), ..]) = (waiting.as_slice(), refused.as_slice()) {
        let text = format!(
            "none of the requests that wait may be approved; `{}`: {}",
            Shape::RequestId.show(&request.key),
            why.says()
        );
        return Err(Error::refused(text).hint(list("shows what waits")));
    }
    let waiting: Vec<_> = waiting.into_iter().map(|(_, request)| request).collect();
    let items = waiting.iter().map(|one| checks::foreign_request_line(&state.model, one));
    match context.choose("Which device is yours", items).and_then(|at| waiting.get(at)) {
        Some(request) => Ok(Some(request.key.clone())),
        None => Err(Error::declined("Nothing was changed.")),
    }
}

/// The id of a request as it may be shown: whole, or its first eight characters, as clawmend prints it.
fn shown(id: &str) -> String {
    let is_start = id.len() == 8
        && id.bytes().all(|byte| byte.is_ascii_hexdigit())
        && id.bytes().any(|byte| byte.is_ascii_alphabetic());
    if is_start { id.to_owned() } else { Shape::RequestId.show(id) }
}

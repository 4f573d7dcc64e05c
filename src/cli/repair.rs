//! `clawmend repair`.

use std::path::PathBuf;

use strsim::osa_distance;

use super::args;
use super::change::{Call, Proposal, Purpose, carry_out, recover_first};
use super::context::{Context, State};
use super::flags::absolute;
use super::next::next;
use crate::checks::{self, Options, Scopes, new_identity};
use crate::config::gateway::{Field, Gateway};
use crate::config::model::{AuthKind, ConfigState};
use crate::error::Error;
use crate::exit::Exit;
use crate::image::Bytes;
use crate::model::{Model, scopes};
use crate::platform::Answer;
use crate::secret::shape::Shape;
use crate::step::Step;
use crate::text::{safe, utc};

/// `repair`: makes the edits that need no choice, and those that options choose.
pub(super) fn repair(context: &mut Context, args: &args::Repair) -> Result<Exit, Error> {
    let scopes = scopes_of(&args.scopes)?;
    // Locating takes the owner's rights, with which the file of `--config-from` has to be read.
    context.locate()?;
    let mut options = Options {
        scopes,
        pairing: args.only.is_empty() || args.only.contains(&args::Only::Pairing),
        config: args.only.is_empty() || args.only.contains(&args::Only::Config),
        random: context.random()?,
        bind: args.bind.map(args::Bind::word),
        trust_proxy: args.trust_proxy.clone(),
        new_token: args.new_token.then(|| context.random()).transpose()?,
        new_identity: args.new_identity.map(|_| context.random()).transpose()?,
        drops_identity: args.new_identity == Some(args::NewIdentity::Always),
        config_from: match &args.config_from {
            Some(file) => Some(crate::read::read_copy(&context.world.env.cwd.join(file))?),
            None => None,
        },
    };
    let call = Call {
        purpose: Purpose::Repair,
        command: Purpose::Repair.command().to_owned(),
        again: again(args, &context.world.env.cwd),
        change: args.change,
        back_to: None,
    };
    let held = recover_first(context, args.change.dry_run)?;
    let state = context.read()?;
    if options.config && options.config_from.is_none() {
        options.config_from = offered_copy(context, args, &state)?;
    }
    if let Some(id) =
        new_identity::lost_database(&state.model).filter(|_| args.new_identity.is_some())
    {
        let text =
            "the database is gone, and a new identity has its place there; nothing was changed";
        let back = Step::clawmend(["restore", id]).note("puts back the rows that a snapshot has");
        let error = Error::refused(text).hint(new_identity::makes_database()).hint(back);
        return Err(error.hint(Step::diagnose().note("says what is next")));
    }
    if args.new_identity.is_some() && !(options.pairing && new_identity::is_possible(&state.model))
    {
        let text = match (options.pairing, state.model.config.is_client()) {
            (false, _) => "--new-identity is about the pairing, and --only leaves that out",
            (_, true) => {
                "this machine's CLI uses the gateway of another host: a new identity must be approved there"
            }
            _ => {
                "the identity or the paired devices cannot be read, so a new identity cannot be paired"
            }
        };
        let hint = if options.pairing {
            Step::diagnose().note("says what is wrong")
        } else {
            Step::text("leave --only out, or add --only pairing")
        };
        return Err(Error::refused(format!("{text}; nothing was changed")).hint(hint));
    }
    for note in without_effect(&state.model, &options) {
        context.warn(note);
    }
    carry_out(context, &call, held, state, &mut |_context, state| {
        Proposal::of(state, &checks::plan(&state.model, &options))
    })
}

/// Why an option for the config changes nothing.
const ONLY: &str = "--only leaves the config out";
const UNREAD: &str = "the config cannot be read, so no key of it is changed";

/// The options that change nothing here, each with the reason.
fn without_effect(model: &Model, options: &Options) -> Vec<String> {
    let edits = checks::plan(model, options).edits;
    let idle = |without: Options| checks::plan(model, &without).edits == edits;
    let gateway = model.config.whole().map(|config| &config.gateway);
    let of_gateway = |why: &dyn Fn(&Gateway) -> String| match gateway {
        _ if !options.config => ONLY.to_owned(),
        None => UNREAD.to_owned(),
        Some(gateway) => why(gateway),
    };
    let mut notes = Vec::new();
    if let Some(word) = options.bind
        && idle(Options { bind: None, ..options.clone() })
    {
        let why = of_gateway(&|gateway| {
            match &gateway.bind.field {
            Field::Missing => "gateway.bind is not set, and that locks nobody out here".to_owned(),
            Field::Value(now) if now == word => format!("gateway.bind is {word} already"),
            Field::Value(_) => "gateway.bind has a valid value already, and --bind only replaces one that locks you out; edit the config by hand".to_owned(),
            Field::Wrong(_) | Field::Reference(_) => {
                "clawmend cannot edit gateway.bind where it stands; edit the config by hand".to_owned()
            }
        }
        });
        notes.push(format!("--bind {word} changes nothing: {why}"));
    }
    if !options.trust_proxy.is_empty()
        && idle(Options { trust_proxy: Vec::new(), ..options.clone() })
    {
        let why = of_gateway(&|gateway| {
            let named: Vec<String> = options.trust_proxy.iter().map(ToString::to_string).collect();
            let listed = gateway.trusted_proxies.value();
            match listed.is_some_and(|list| named.iter().all(|ip| list.contains(ip))) {
                true => format!("gateway.trustedProxies names {} already", named.join(" and ")),
                false => "clawmend cannot edit gateway.trustedProxies where it stands; edit the config by hand".to_owned(),
            }
        });
        notes.push(format!("--trust-proxy changes nothing: {why}"));
    }
    if options.new_token.is_some() && idle(Options { new_token: None, ..options.clone() }) {
        let why = of_gateway(&|_| {
            let why = match model.config.auth_kind() {
                AuthKind::None => "gateway.auth.mode is \"none\", so the gateway uses no token",
                AuthKind::Token => {
                    "it only replaces a placeholder, or a missing token where one is needed"
                }
                _ => "the gateway does not use gateway.auth.token here",
            };
            why.to_owned()
        });
        notes.push(format!("--new-token changes nothing: {why}"));
    }
    if options.new_identity.is_some() {
        notes.extend(match model.usable_identity() {
            Some(_) if !options.drops_identity => Some(
                "--new-identity changes nothing: the key pair of this machine's CLI works, so it is kept; --new-identity=always makes another one in its place".to_owned(),
            ),
            Some(old) if model.local_entry().is_some() => Some(format!(
                "the device of the old key stays paired; once the CLI is in, this removes it: `openclaw devices remove {}`",
                old.derived_id
            )),
            _ => None,
        });
    }
    if options.config_from.is_some() && idle(Options { config_from: None, ..options.clone() }) {
        let same = "the config is the same as this copy already, or the copy cannot replace it";
        let why = if options.config { same } else { ONLY };
        notes.push(format!("--config-from changes nothing: {why}"));
    }
    let narrows = options.scopes != Scopes::Full && options.pairing;
    if narrows && edits.is_empty() && model.local_id().is_some() {
        notes.push(
            "--scopes changes nothing: the CLI has these scopes already, and loses none".to_owned(),
        );
    }
    notes
}

/// A config that cannot be read is replaced by a copy only when a person says so: on a terminal the
/// best copy is offered by name, elsewhere the command that names it is told.
fn offered_copy(
    context: &mut Context,
    args: &args::Repair,
    state: &State,
) -> Result<Option<(PathBuf, Bytes)>, Error> {
    let config = &state.model.config;
    let what = match config.state {
        ConfigState::Absent => "is missing",
        ConfigState::Empty => "is empty",
        ConfigState::Unparsable(_) => "has a syntax error",
        ConfigState::NotRead | ConfigState::Unusable(_) | ConfigState::Read(_) => return Ok(None),
    };
    let Some(copy) = config.best_copy() else { return Ok(None) };
    let path = config.copy_path(copy);
    let (name, time) = (safe(&copy.name), utc(copy.mtime_ms));
    if args.change.dry_run
        || args.change.yes
        || context.global.json
        || !context.world.person.is_there()
    {
        context.note(&format!(
            "note: the config {what}; a copy of {time} is beside it. To use that copy:"
        ));
        let copy = Step::clawmend(["repair", "--config-from"]).with([path]);
        context.note(&format!("      {}", context.typed(&copy)));
        return Ok(None);
    }
    if matches!(config.state, ConfigState::Unparsable(_)) {
        let ways = next(context, state).text(context.world.width);
        context.say(&format!("{ways}\n"));
        let _ = context.world.out.flush();
    }
    let question = format!("The config {what}. Put its copy {name} of {time} in its place? [y/N]");
    let question = crate::render::wrap(&question, context.world.width, "", "  ");
    match context.confirm(&question) {
        Some(Answer::Yes) => crate::read::read_copy(&path).map(Some),
        Some(Answer::No | Answer::Diff) => Ok(None),
        None => Err(Error::declined("Nothing was changed.")),
    }
}

/// The command line of this run, without `--dry-run` and `--yes`.
fn again(args: &args::Repair, cwd: &std::path::Path) -> Step {
    let only = args.only.iter().map(|only| match only {
        args::Only::Pairing => "pairing",
        args::Only::Config => "config",
    });
    let only = Some(only.collect::<Vec<_>>().join(",")).filter(|only| !only.is_empty());
    let scopes = Some(&args.scopes).filter(|scopes| *scopes != "full");
    Step::clawmend(["repair"])
        .with(only.iter().flat_map(|only| ["--only", only]))
        .with(scopes.into_iter().flat_map(|scopes| ["--scopes", scopes]))
        .with(args.bind.into_iter().flat_map(|bind| ["--bind", bind.word()]))
        .with(args.trust_proxy.iter().flat_map(|ip| ["--trust-proxy".to_owned(), ip.to_string()]))
        .with(args.new_token.then_some("--new-token"))
        .with(args.new_identity.map(|when| match when {
            args::NewIdentity::Needed => "--new-identity",
            args::NewIdentity::Always => "--new-identity=always",
        }))
        .with(args.change.keep_all.then_some("--keep-all"))
        .with(
            args.config_from.iter().flat_map(|file| ["--config-from".into(), absolute(file, cwd)]),
        )
}

fn scopes_of(text: &str) -> Result<Scopes, Error> {
    match text.trim() {
        "full" => Ok(Scopes::Full),
        "requested" => Ok(Scopes::Requested),
        list => {
            let list = scopes::union(list.split(','));
            let odd = list.iter().find(|scope| !scopes::KNOWN.contains(&scope.as_str()));
            match odd {
                Some(odd) => Err(Error::usage(format!(
                    "`{}` is not an operator scope that OpenClaw knows{}",
                    near(odd).map_or_else(|| Shape::Scope.show(odd), |_| odd.clone()),
                    near(odd).map(|meant| format!("; did you mean {meant}?")).unwrap_or_default()
                ))
                .hint(format!("known scopes: {}", scopes::KNOWN.join(", ")))),
                None if list.is_empty() => Err(Error::usage("--scopes names no scope").hint(
                    "write `full`, `requested`, or a list such as operator.read,operator.pairing",
                )),
                None => Ok(Scopes::List(list)),
            }
        }
    }
}

/// The scope that is nearly written so: what is near a known word is no secret.
fn near(odd: &str) -> Option<&'static str> {
    let plain = odd.to_ascii_lowercase();
    let far = |scope: &str| {
        let last = scope.rsplit('.').next().unwrap_or(scope);
        osa_distance(&plain, scope).min(osa_distance(&plain, last) + usize::from(last.len() < 4))
    };
    scopes::KNOWN.iter().copied().filter(|scope| far(scope) <= 1).min_by_key(|scope| far(scope))
}

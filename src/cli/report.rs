//! `clawmend report`: what to paste where others are asked for help. Shows it; writes it to a file alone where
//! one is named.

use std::path::PathBuf;

use super::args;
use super::context::{Context, State};
use crate::checks;
use crate::error::Error;
use crate::exit::Exit;
use crate::platform;
use crate::read::listing;
use crate::render::admission;
use crate::render::anonymous::Anonymous;
use crate::render::json::{Head, ReportDocument, ReportFile, ReportFinding, StateDocument};

/// Reads, checks, and says all that may be said in public.
pub(super) fn run(context: &mut Context, args: &args::ReportArgs) -> Result<Exit, Error> {
    let state = context.read()?;
    let anonymous = anonymous(context, &state);
    let document = document(context, &state, &anonymous);
    let text = match context.global.json {
        true => crate::text::json(&document),
        false => {
            let steps = admission::steps(&state.model, &document.admission, usize::MAX);
            document.markdown(&anonymous.text(&steps))
        }
    };
    // As JSON there is one document a run: where the file cannot be made, that of the error.
    let is_json = context.global.json;
    let made = is_json.then(|| write(context, args, &text)).transpose()?;
    context.print(&text);
    match made.map_or_else(|| write(context, args, &text), Ok)? {
        Some(file) => {
            let file = platform::shown(&file);
            context.note(&format!("Written to {file}. Read it before you post it."));
        }
        None if is_json => {}
        None => context
            .note("To post it, copy all of it, from <details> to </details>. Read it first: names that clawmend cannot know may be in it."),
    }
    Ok(Exit::Done)
}

/// Writes it into a new file, where one is named.
fn write(context: &Context, args: &args::ReportArgs, text: &str) -> Result<Option<PathBuf>, Error> {
    let Some(file) = &args.output else { return Ok(None) };
    let file = context.world.env.cwd.join(file);
    super::generate::create(&file, text.as_bytes()).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Error::refused("there is something here already, and nothing was written")
                .at(&file)
                .hint("name a new file, or remove this one")
        }
        std::io::ErrorKind::NotFound => {
            Error::not_found("the folder for the report does not exist")
                .at(&file)
                .hint("check the path")
        }
        _ => Error::io("write the report", &file, &error),
    })?;
    Ok(Some(file))
}

fn anonymous(context: &Context, state: &State) -> Anonymous {
    let env = &context.world.env;
    let homes = [&env.home, &state.located.home, &env.sudo_home];
    let homes = homes.into_iter().flatten().map(std::path::PathBuf::as_path);
    Anonymous::of(&state.model, homes, env.users(), env.hosts())
}

fn document(context: &Context, state: &State, anonymous: &Anonymous) -> ReportDocument {
    let model = &state.model;
    let files = listing(&state.located.state_dir).into_iter().map(|(path, kind, meta)| {
        let owned = platform::KNOWS_OWNERS;
        ReportFile {
            path: anonymous.text(&path),
            kind: kind.to_owned(),
            mode: owned.then(|| format!("{:04o}", meta.mode)),
            owner: owned.then(|| format!("{}:{}", meta.uid, meta.gid)),
            size: meta.len,
        }
    });
    ReportDocument {
        head: Head::of("report"),
        state: StateDocument::of(model, &state.located.how).anonymous(anonymous),
        system: format!("{} {}", context.world.env.platform, std::env::consts::ARCH),
        container: model.config.facts.container,
        admission: checks::admission(model, &state.findings),
        findings: state.findings.iter().map(|one| ReportFinding::of(one, anonymous)).collect(),
        files: files.collect(),
    }
}

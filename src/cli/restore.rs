//! `clawmend restore`: back to a snapshot, with the same preview and the same apply.

use super::args;
use super::change::{Asked, Proposal, begin, carry_out};
use super::context::{Context, State};
use super::words;
use crate::apply;
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::Plan;
use crate::snapshot;
use crate::store::sqlite::verify_extract;

/// Restores.
pub(super) fn run(context: &mut Context<'_, '_>, args: &args::Restore) -> Result<Exit, Error> {
    let held = begin(context, args.dry_run)?;
    let located = context.locate()?;
    let folder = context.snapshots(&located);
    let list = snapshot::list(&located.state_dir, &folder)?;
    let id = snapshot::find(&list, &args.id)?.id.clone();
    let found = snapshot::open(&located.state_dir, &folder, &id)?;
    // Every checksum before anything is touched.
    found.check(&verify_extract)?;
    let force = if args.force { " --force" } else { "" };
    let asked = Asked {
        command: "restore",
        again: format!(
            "clawmend{} restore {id}{force} --yes",
            words::flags(&context.global)
        ),
        dry_run: args.dry_run,
        yes: args.yes,
    };
    let manifest = &found.manifest;
    context.note(&format!(
        "Snapshot   {id} ({} local, {}; taken by `clawmend {}`)",
        words::local(manifest.created_at_ms, context.world.utc_offset),
        words::utc(manifest.created_at_ms),
        crate::text::safe(&manifest.command),
    ));
    let state = context.read()?;
    carry_out(context, &asked, held, state, &mut |context, state| {
        let changes = apply::way_back(&state.stores(), &state.model.images, &found)
            .map_err(|error| not_put_back(state, error))?;
        let since = snapshot::changed_since(
            manifest.after.as_ref(),
            &located.state_dir,
            &state.model.images,
            &changes,
        );
        if !since.is_empty() && !args.force {
            let mut error = Error::refused(
                "the state has changed since the run that this would undo; going back would lose those changes",
            );
            for line in since {
                error = error.hint(line);
            }
            return Err(error
                .hint(format!(
                    "to see what would be lost: clawmend{} restore {id} --force --dry-run",
                    words::flags(&context.global)
                ))
                .hint(format!(
                    "to go back all the same:   clawmend{} restore {id} --force",
                    words::flags(&context.global)
                )));
        }
        for line in since {
            context.note(&format!("note: {}", crate::text::safe(&line)));
        }
        Ok(Proposal {
            plan: Plan::default(),
            changes,
        })
    })
}

/// Says that nothing was changed, and of a database that cannot be read what the diagnosis knows.
fn not_put_back(state: &State, error: Error) -> Error {
    if state.unread_database().is_some() {
        let text =
            "the database cannot be read, so the snapshot cannot be put back; nothing was changed";
        let plain = state.unread(text).into_kind(error.kind());
        return plain.hint(
            "the snapshot holds rows and no whole database: they go into a database that can be read",
        );
    }
    words::saying(error, "nothing was changed")
}

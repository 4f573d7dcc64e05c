//! `clawmend diagnose --all`: every state dir that this user can know of, each diagnosed by a process of its
//! own. Root's process becomes the owner of a state dir for good, so one process cannot read several.

use std::ffi::OsString;

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::context::Context;
use crate::error::{Error, plain_io};
use crate::exit::Exit;
use crate::platform::shown;
use crate::read::candidates::Candidate;
use crate::read::locate::everywhere;
use crate::render::json::{ErrorBody, Head, NotReadDocument};
use crate::render::{padded, wrap};
use crate::step::Step;
use crate::text::{count, safe, utc};

/// What a process found out about a state dir.
struct Row {
    place: Candidate,
    /// The document of `diagnose --json`, or of why there is none.
    document: Value,
}

/// Diagnoses all of them; the worst decides the exit code.
pub(super) fn run(context: &mut Context) -> Result<Exit, Error> {
    let global = &context.global;
    if global.state_dir.is_some() || global.profile.is_some() || global.config.is_some() {
        return Err(Error::usage("--all looks at every state dir, so none can be named with it")
            .hint("leave out --all, or --state-dir, --profile and --config"));
    }
    let places = everywhere(&context.world.env);
    if places.is_empty() {
        // Says where it looked.
        context.locate()?;
    }
    let rows = context.while_it_takes("reading every state dir", || {
        places.into_iter().map(|place| diagnosed(context, place)).collect::<Vec<Row>>()
    });
    if context.global.json {
        let documents: Vec<&Value> = rows.iter().map(|row| &row.document).collect();
        context.json(&documents);
    } else {
        let text = table(context, &rows);
        context.print(&text);
    }
    Ok(rows.iter().map(Row::exit).max_by_key(|exit| exit.code()).unwrap_or(Exit::Done))
}

/// One state dir, by a process of its own.
fn diagnosed(context: &Context, place: Candidate) -> Row {
    let mut args: Vec<OsString> = vec!["diagnose".into(), "--json".into()];
    args.extend(place.flags());
    if let Some(dir) = &context.global.snapshot_dir {
        args.extend(["--snapshot-dir".into(), dir.into()]);
    }
    let failed = |message: &str, cause: String| {
        let error = Error::failed(message).because(cause);
        let error = ErrorBody::of(&error, &[place.step()], &context.invocation);
        let state_dir = shown(&place.dir);
        let document = NotReadDocument { head: Head::of("diagnose"), state_dir, error };
        serde_json::to_value(document).unwrap_or_default()
    };
    let document = match (context.world.again)(&args) {
        Ok(bytes) => serde_json::from_slice::<Value>(&bytes)
            .ok()
            .filter(Value::is_object)
            .unwrap_or_else(|| failed("clawmend gave no report on it", "it ended early".into())),
        Err(error) => failed("clawmend could not look at it", plain_io(&error)),
    };
    let mut row = Row { place, document };
    let dir = shown(&row.place.dir);
    if let Some(document) = row.document.as_object_mut() {
        document.entry("stateDir").or_insert_with(|| dir.into());
    }
    row
}

impl Row {
    fn exit(&self) -> Exit {
        let error = self.document.pointer("/error/exit").and_then(Value::as_u64);
        let healthy = self.document.get("healthy").and_then(Value::as_bool);
        match (error, healthy) {
            (Some(code), _) if code == u64::from(Exit::Refused.code()) => Exit::Refused,
            (Some(_), _) | (None, None) => Exit::Failed,
            (None, Some(true)) => Exit::Done,
            (None, Some(false)) => Exit::Findings,
        }
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.document.pointer(pointer)?.as_str()
    }

    fn result(&self) -> &'static str {
        match self.exit() {
            Exit::Done => "healthy",
            Exit::Findings if self.text("/findings/0/severity") == Some("blocks") => "LOCKED OUT",
            Exit::Findings => "not sure",
            _ => "not read",
        }
    }

    /// What is wrong there, in a sentence.
    fn says(&self) -> Option<String> {
        let message = |error: &str| match self.text("/error/cause") {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_owned(),
        };
        let error = self.text("/error/message").map(message);
        let finding = || match self.exit() {
            Exit::Findings => self.text("/findings/0/says").map(str::to_owned),
            _ => None,
        };
        error.or_else(finding)
    }
}

/// All at a glance, and below it what is wrong with each and what shows the rest.
fn table(context: &Context, rows: &[Row]) -> String {
    let width = context.world.width;
    let paint = context.paint;
    let owner = |row: &Row| safe(&row.place.owner());
    let owners = rows.iter().map(|row| owner(row).width()).max().unwrap_or(0).max(5);
    let line = |result: &str, used: &str, owner: &str, dir: &str| {
        let first = format!("{result:<10}  {used:<16}  {}  ", padded(owner, owners));
        match first.width() + dir.width() > width {
            true => format!("{}\n  {dir}", first.trim_end()),
            false => format!("{first}{dir}"),
        }
    };
    let mut out = format!("{}\n\n", count(rows.len(), "state dir", "state dirs"));
    out.push_str(&paint.bold(&line("RESULT", "LAST USED (UTC)", "OWNER", "STATE DIR")));
    out.push('\n');
    for row in rows {
        let used = row.place.used_ms.map(utc).unwrap_or_default();
        let used = used.get(..16).unwrap_or_default();
        let dir = safe(&shown(&row.place.dir));
        let text = line(row.result(), used, &owner(row), &dir);
        out.push_str(&match row.exit() {
            Exit::Done => paint.green(&text),
            _ => paint.red(&text),
        });
        out.push('\n');
    }
    for row in rows {
        let Some(says) = row.says() else { continue };
        let head = format!("{} ({})", safe(&shown(&row.place.dir)), safe(&row.place.what));
        out.push_str(&format!("\n{}\n", paint.bold(&wrap(&head, width, "", "  "))));
        out.push_str(&format!("{}\n", wrap(&safe(&says), width, "  ", "  ")));
        let look: Step = row.place.step();
        out.push_str(&format!("{}\n", context.invocation.wrapped(&look, width, "  ", "  ")));
    }
    out
}

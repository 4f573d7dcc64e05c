//! What is to be explained: words of the command line, what is piped in, a file.

use std::io::Read;

use super::super::args;
use super::super::context::Context;
use crate::error::Error;
use crate::step::Step;

/// How much of a log is looked at, its end: bytes.
const KEPT: usize = 1 << 20;
/// How much is read at most, for what never ends: bytes.
const MOST: u64 = 64 << 20;

/// The text, whatever its encoding; `None` where the list is asked for.
pub(super) fn pasted(context: &mut Context, args: &args::Explain) -> Result<Option<String>, Error> {
    if let Some(path) = &args.file {
        let path = &context.world.env.cwd.join(path);
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Error::not_found("there is no such file").at(path).hint("check the path")
            }
            _ => Error::io("read the messages", path, &error),
        };
        let file = std::fs::File::open(path).map_err(failed)?;
        return Ok(Some(end_of(file).map_err(failed)?));
    }
    let asks = context.world.person.is_there() && !context.global.json;
    let from_input = match args.what.as_slice() {
        [] => !args.list && (context.world.person.pipes() || asks),
        words => words == ["-"],
    };
    if !from_input {
        return Ok(Some(args.what.join(" ")).filter(|_| !args.what.is_empty()));
    }
    if context.world.person.is_there() {
        let end = match context.world.env.platform.as_str() {
            "win32" => "Ctrl-Z and Enter",
            _ => "Ctrl-D",
        };
        // Also with --quiet: it waits.
        context.tell(&format!("Paste the message, then press Enter and {end}.\n"));
    }
    let failed = |error| Error::io("read the messages", "-", &error);
    let text = end_of(context.world.person.input()).map_err(failed)?;
    if text.trim().is_empty() { Err(nothing_came()) } else { Ok(Some(text)) }
}

/// Most often an error that went past the pipe, because OpenClaw writes it to stderr.
fn nothing_came() -> Error {
    Error::not_found("nothing came: there is no text to explain")
        .hint("an error goes past a pipe: put `2>&1` before the `|`, as in `openclaw devices list 2>&1 | ...`")
        .hint(Step::diagnose().note("finds what is wrong here without any message"))
        .hint(Step::clawmend(["explain", "--list"]).note("lists every finding"))
}

/// The end of what can be read, where most of a log's news is.
fn end_of(source: impl Read) -> std::io::Result<String> {
    let mut source = source.take(MOST);
    let mut kept = Vec::new();
    let mut chunk = vec![0; 64 << 10];
    loop {
        match source.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => kept.extend_from_slice(chunk.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if kept.len() > 2 * KEPT {
            kept.drain(..kept.len() - KEPT);
        }
    }
    kept.drain(..kept.len().saturating_sub(KEPT));
    // UTF-16, as Windows shells write it: its zeros are no letters, and lie between all others.
    kept.retain(|byte| *byte != 0);
    Ok(String::from_utf8_lossy(&kept).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_does() {
        let endless = std::io::repeat(b'x');
        assert_eq!(end_of(endless).unwrap().len(), KEPT);
    }

    #[test]
    fn any_bytes_are_text_and_the_end_counts() {
        let mut bytes = vec![0xff; 3 * KEPT];
        bytes.extend("device token mismatch".encode_utf16().flat_map(u16::to_le_bytes));
        assert!(end_of(&bytes[..]).unwrap().ends_with("device token mismatch"));
    }
}

//! `clawmend demo`: an embedded locked-out sample taken through the whole story, in a temporary folder.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use super::context::Context;
use super::world::{Nobody, World};
use crate::error::Error;
use crate::exit::Exit;
use crate::files::Dir;
use crate::platform::SystemFolder;
use crate::read::env::Env;

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../tests/fixtures/2026.5.28-scope-upgrade-pending/", $name))
    };
}

/// The sample's files: captured from a real 2026.5.28 that locked its CLI out (throw-away keys).
const SAMPLE: &[(&str, &str)] = &[
    ("openclaw.json", sample!("openclaw.json")),
    ("devices/paired.json", sample!("devices/paired.json")),
    ("devices/pending.json", sample!("devices/pending.json")),
    ("identity/device.json", sample!("identity/device.json")),
    ("identity/device-auth.json", sample!("identity/device-auth.json")),
];
/// A minute after the sample's request was made.
const SAMPLE_NOW_MS: i64 = 1_795_535_949_417 + 60_000;

const STORY: &[(&str, &[&str])] = &[
    ("What is wrong?", &[]),
    ("What would clawmend change?", &["repair", "--dry-run"]),
    ("Change it.", &["--quiet", "repair", "--yes"]),
    ("Is it open now?", &["--quiet"]),
    ("Take it back.", &["--quiet", "restore", "--yes"]),
];

/// `demo`: locks a made-up CLI out, repairs it and takes it back, all in a folder for temporary files.
pub(super) fn run(context: &mut Context) -> Result<Exit, Error> {
    let folder = tempfile::Builder::new()
        .prefix("clawmend-demo-")
        .tempdir_in(&context.world.env.temp)
        .map_err(|error| {
            Error::io("make a temporary folder for the demo", &context.world.env.temp, &error)
        })?;
    let state = folder.path().join(".openclaw");
    unpack(&state, &context.world.env.platform)?;
    context.say("A demo on a sample that a real OpenClaw 2026.5.28 left locked out: its CLI holds");
    context.say("`operator.pairing` alone, and approving more needs scopes that it does not have.");
    context.say(&format!(
        "The sample is in {}; nothing else is changed.",
        crate::platform::shown(&state)
    ));
    context.say("Each command below runs with `--state-dir` and that folder.");
    for (step, (question, words)) in STORY.iter().enumerate() {
        let typed = [&["clawmend"], *words].concat().join(" ");
        let title = context.paint.bold(&format!("\n== {}. {question}  $ {typed}", step + 1));
        context.say(&title);
        let exit = sub(context, &state, words, step);
        context.say(&context.paint.dim(&format!("(exit {})", exit.code())));
    }
    let closed = folder.close();
    context.say("\nThe end: the sample's folder is removed, so the commands above have nothing to work on now.\nOn a real state dir, start with:  clawmend");
    closed.map_err(|error| Error::io("remove the demo's folder", &state, &error))?;
    Ok(Exit::Done)
}

fn sub(context: &mut Context, state: &Path, words: &[&str], step: usize) -> Exit {
    let step = i64::try_from(step).unwrap_or_default();
    let world = &mut *context.world;
    let mut inner = World {
        // Nothing of this machine is a part of the sample.
        env: Env {
            vars: Default::default(),
            others: Default::default(),
            home: None,
            root: None,
            cwd: state.to_path_buf(),
            ..world.env.clone()
        },
        program: world.program.clone(),
        now_ms: SAMPLE_NOW_MS + step * 1000,
        utc_offset: world.utc_offset,
        random: &mut *world.random,
        out: &mut *world.out,
        err: &mut *world.err,
        out_is_terminal: world.out_is_terminal,
        no_color: world.no_color,
        width: world.width,
        become_owner: world.become_owner,
        again: world.again,
        person: &Nobody,
    };
    let color = if context.paint.on { "always" } else { "never" };
    let argv = ["clawmend", "--color", color, "--state-dir"].map(OsString::from).into_iter();
    let argv = argv.chain([state.into()]).chain(words.iter().map(OsString::from));
    super::run(argv, &mut inner)
}

/// Writes the sample as OpenClaw would: open to its owner alone, whatever the umask is.
fn unpack(state: &Path, platform: &str) -> Result<(), Error> {
    let folder = Dir::<SystemFolder>::open_or_create(state)?;
    for (name, text) in SAMPLE {
        // The sample is of Linux. A CLI of another system would be kept out by that alone.
        let here = format!("\"platform\": \"{platform}\"");
        let text = text.replace("\"platform\": \"linux\"", &here);
        let (folder, name) = folder.walk_or_create(Path::new(name))?;
        let written = folder.create_private(&name)?.write_all(text.as_bytes());
        written.map_err(|error| {
            Error::io("write the demo's sample", folder.path().join(&name), &error)
        })?;
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    #[test]
    #[cfg_attr(clawmend_portable, ignore = "owners and modes")]
    fn the_sample_is_open_to_its_owner_alone() {
        let temp = tempfile::tempdir().unwrap();
        let state = temp.path().join(".openclaw");
        super::unpack(&state, "linux").unwrap();
        for name in ["", "devices", "identity", "openclaw.json", "devices/paired.json"] {
            let mode = state.join(name).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name}: {mode:o}");
        }
    }
}

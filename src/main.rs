//! The `clawmend` binary: hands the real streams, clock and surroundings to the library.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Local};
use clawmend::cli::world::{AtTerminal, World};
use clawmend::read::env::Env;

fn main() -> ExitCode {
    let argv: Vec<_> = std::env::args_os().collect();
    clawmend::cli::crash::keep_quiet(&argv, clawmend::read::env::program());
    clawmend::platform::settle();
    let now_ms = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
    let stdout = std::io::stdout();
    let out_is_terminal = stdout.is_terminal();
    let mut out = std::io::BufWriter::new(anstream::AutoStream::always(stdout));
    let mut err = anstream::AutoStream::auto(std::io::stderr());
    let mut random = || {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).ok().map(|()| bytes)
    };
    let mut world = World {
        env: Env::of_process(),
        program: clawmend::read::env::program(),
        now_ms,
        // chrono's own `now` panics where the clock stands before 1970.
        utc_offset: DateTime::from_timestamp_millis(now_ms)
            .map_or(0, |now| now.with_timezone(&Local).offset().local_minus_utc()),
        random: &mut random,
        out: &mut out,
        err: &mut err,
        out_is_terminal,
        no_color: clawmend::read::env::no_color(),
        width: clawmend::cli::world::width(),
        become_owner: &clawmend::files::rights::become_owner,
        again: &clawmend::cli::again::this_program,
        person: &AtTerminal,
    };
    let exit = clawmend::cli::run(argv, &mut world);
    let _ = out.flush();
    exit.into()
}

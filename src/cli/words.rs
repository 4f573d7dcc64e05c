//! Small texts that several commands share: times, sizes, the head of a report.

use chrono::{DateTime, FixedOffset, Utc};

use super::context::State;
use crate::error::Error;
use crate::model::facts::Gateway;
use crate::plan::StoreKind;
use crate::render::wrap;
use crate::text::safe;

/// A time in UTC: `2026-11-24 17:15:34 UTC`.
pub fn utc(ms: i64) -> String {
    match DateTime::<Utc>::from_timestamp_millis(ms) {
        Some(time) => time.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        None => "unknown time".to_owned(),
    }
}

/// The same in the local time zone, without its name.
pub fn local(ms: i64, utc_offset: i32) -> String {
    let zone = FixedOffset::east_opt(utc_offset);
    match (DateTime::<Utc>::from_timestamp_millis(ms), zone) {
        (Some(time), Some(zone)) => {
            time.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string()
        }
        _ => "unknown time".to_owned(),
    }
}

/// `3 minutes ago`.
pub fn ago(ms: i64, now_ms: i64) -> String {
    let seconds = now_ms.saturating_sub(ms) / 1000;
    let (number, unit) = match seconds {
        i64::MIN..0 => return "in the future (is the clock right?)".to_owned(),
        0..60 => return "just now".to_owned(),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" })
}

/// `1.2 MB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// Which OpenClaw and which state dir: the first thing every report says.
pub fn head(state: &State) -> String {
    let model = &state.model;
    let kept = match model.store {
        StoreKind::Files if is_bare(model) => "nothing of it lies here yet",
        StoreKind::Files => "pairing in JSON files (up to 2026.7)",
        StoreKind::Sqlite => "pairing in the database (2026.8 and later)",
    };
    let release = model
        .written_by()
        .map(|version| format!(", written by {}", safe(&version)))
        .unwrap_or_default();
    let gateway = match &model.facts.gateway {
        Gateway::Running { pid } => format!("running (pid {pid})"),
        Gateway::NotRunning => "not running, as far as its lock file tells".to_owned(),
        Gateway::Unknown(why) => format!("unknown ({})", safe(why)),
    };
    format!(
        "State dir  {} ({})\nOpenClaw   {kept}{release}\nGateway    {gateway}\n",
        safe(&crate::platform::shown(&state.located.state_dir)),
        safe(&state.located.how),
    )
}

/// Whether no store and no identity is there: nothing tells which generation this is.
pub fn is_bare(model: &crate::model::Model) -> bool {
    use crate::model::store::Condition::Absent;
    model.store == StoreKind::Files
        && [&model.paired, &model.pending].into_iter().all(|records| records.condition == Absent)
        && matches!(model.identity, crate::model::IdentityState::Absent)
        && model.written_by().is_none()
}

/// A path as it is pasted into a shell.
pub fn quoted(path: &std::path::Path) -> String {
    crate::platform::quoted(&safe(&crate::platform::shown(path)))
}

/// Relative paths of the flags made absolute: a command that is printed now may be pasted elsewhere.
pub fn make_absolute(global: &mut super::args::Global, cwd: &std::path::Path) {
    for path in
        [&mut global.state_dir, &mut global.config, &mut global.snapshot_dir].into_iter().flatten()
    {
        *path = absolute(path, cwd);
    }
}

/// A path from the command line; `~` and nothing at all mean something else than a folder in `cwd`.
pub fn absolute(path: &std::path::Path, cwd: &std::path::Path) -> std::path::PathBuf {
    let text = path.to_string_lossy();
    if path.is_absolute() || text.trim().is_empty() || text.trim_start().starts_with('~') {
        return path.to_path_buf();
    }
    let here = |part: &std::path::Component<'_>| *part != std::path::Component::CurDir;
    cwd.join(path.components().filter(here).collect::<std::path::PathBuf>())
}

/// `--state-dir ...` and its kin, as the user gave them: so that a printed command can be pasted.
pub fn flags(global: &super::args::Global) -> String {
    let mut flags = String::new();
    if let Some(dir) = &global.state_dir {
        flags.push_str(&format!(" --state-dir {}", quoted(dir)));
    }
    if let Some(config) = &global.config {
        flags.push_str(&format!(" --config {}", quoted(config)));
    }
    if let Some(profile) = &global.profile {
        flags.push_str(&format!(" --profile {}", safe(profile)));
    }
    if let Some(dir) = &global.snapshot_dir {
        flags.push_str(&format!(" --snapshot-dir {}", quoted(dir)));
    }
    flags
}

/// The words that may follow `clawmend` in a command that a text tells the reader to run.
const COMMANDS: [&str; 8] =
    ["diagnose", "repair", "approve", "devices", "snapshot", "restore", "explain", "-v"];

/// A text with [`flags`] put into every command of clawmend in it. What has flags already, and
/// sentences about clawmend, stay as they are.
pub fn commands(text: &str, global: &super::args::Global) -> String {
    with_flags(text, &flags(global), ' ')
}

/// Stands for a space at which a command is not broken; nothing that is shown has this character.
const GLUE: char = '\u{1}';

/// As [`commands`], in lines as [`wrap`] makes them, with none of those commands broken where its
/// flags are: it could not be pasted, and a path would lose spaces.
pub fn wrapped(
    text: &str,
    global: &super::args::Global,
    width: usize,
    first: &str,
    rest: &str,
) -> String {
    let flags = flags(global).replace(' ', &GLUE.to_string());
    wrap(&with_flags(text, &flags, GLUE), width, first, rest).replace(GLUE, " ")
}

/// `space` stands between the flags and the word after them.
fn with_flags(text: &str, flags: &str, space: char) -> String {
    if flags.is_empty() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + flags.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("clawmend") {
        out.push_str(before);
        out.push_str("clawmend");
        let word = after.strip_prefix(' ').and_then(|after| {
            after.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next()
        });
        // A folder of this name, as in `clawmend/snapshots`, is none.
        let starts = before.is_empty() || before.ends_with([' ', '`', '(', '\n']);
        let alone = after.is_empty() && before.ends_with("run: ")
            || after.starts_with('`') && before.ends_with('`');
        if starts && (alone || word.is_some_and(|word| COMMANDS.contains(&word))) {
            out.push_str(flags);
            if let Some(named) = after.strip_prefix(' ') {
                out.push(space);
                rest = named;
                continue;
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Says what did not happen (`nothing was changed`), where the error does not say so itself.
pub fn saying(error: Error, nothing: &str) -> Error {
    if error.message().contains("nothing was changed") {
        return error;
    }
    error.hint(nothing)
}

/// Puts [`flags`] into the commands of a finding's mend.
pub fn in_finding(finding: &mut crate::finding::Finding, global: &super::args::Global) {
    use crate::finding::Mend;
    match &mut finding.mend {
        Mend::RepairWith(command) => *command = commands(command, global),
        Mend::Repair(what) => *what = commands(what, global),
        Mend::ByHand(lines) => {
            for line in lines {
                *line = commands(line, global);
            }
        }
        Mend::Nothing => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_carry_the_flags_that_were_given() {
        let global = super::super::args::Global {
            state_dir: Some("/srv/my claw".into()),
            profile: Some("work".into()),
            ..Default::default()
        };
        let dir = crate::platform::quoted("/srv/my claw");
        let flags = format!(" --state-dir {dir} --profile work");
        let put = |text: &str| commands(text, &global);
        for (before, after) in
            [("clawmend repair --new-token", " repair --new-token"), ("clawmend -v", " -v")]
        {
            assert_eq!(put(before), format!("clawmend{flags}{after}"));
        }
        assert_eq!(put("then run: clawmend"), format!("then run: clawmend{flags}"));
        assert_eq!(put("`clawmend` tells"), format!("`clawmend{flags}` tells"));
        assert_eq!(
            put("look: `clawmend snapshot list`, `clawmend snapshot verify`"),
            format!("look: `clawmend{flags} snapshot list`, `clawmend{flags} snapshot verify`")
        );
        for same in
            ["clawmend --state-dir /x repair", "clawmend leaves it alone", "mv /x/clawmend restore"]
        {
            assert_eq!(put(same), same);
        }
        assert_eq!(commands("clawmend repair", &Default::default()), "clawmend repair");
    }

    #[test]
    fn a_command_is_not_broken_at_its_flags() {
        let global = super::super::args::Global {
            state_dir: Some("/srv/my  claw".into()),
            ..Default::default()
        };
        let dir = crate::platform::quoted("/srv/my  claw");
        assert_eq!(
            wrapped("first and then `clawmend repair` again", &global, 20, "- ", "  "),
            format!("- first and then\n  `clawmend --state-dir {dir} repair`\n  again")
        );
        assert_eq!(
            wrapped("look with clawmend restore SNAPSHOT", &global, 20, "", ""),
            format!("look with\nclawmend --state-dir {dir} restore\nSNAPSHOT")
        );
        assert_eq!(wrapped("one two", &Default::default(), 4, "", ""), "one\ntwo");
    }

    #[test]
    fn times_and_sizes_read_well() {
        assert_eq!(utc(1_795_535_999_163), "2026-11-24 15:59:59 UTC");
        assert_eq!(local(1_795_535_999_163, 3600), "2026-11-24 16:59:59");
        assert_eq!(ago(0, 59_000), "just now");
        assert_eq!(ago(0, 61_000), "1 minute ago");
        assert_eq!(ago(0, 2 * 86_400_000), "2 days ago");
        assert_eq!(ago(1_000_000, 0), "in the future (is the clock right?)");
        assert_eq!(size(999), "999 B");
        assert_eq!(size(1_234_567), "1.2 MB");
    }
}

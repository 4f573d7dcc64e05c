//! The database itself: whether it can be read, and which release it belongs to.

use super::stores::to_read;
use super::{Check, Stage, file_name, set_aside_step};
use crate::config::facts::Variables;
use crate::config::release::Release;
use crate::finding::{Code, Finding, Severity};
use crate::image::{UNFINISHED as INTERRUPTED, Unread, Unusable};
use crate::model::Model;
use crate::model::contact::PairingFault;
use crate::model::layout::{
    ADDED_COLUMNS, DATABASE, HOLDS_PAIRING, NEWEST_KNOWN_USER_VERSION, Part, QUARANTINE,
    USER_VERSIONS,
};
use crate::model::store::Condition;
use crate::plan::StoreKind;
use crate::secret::Secret;
use crate::step::Step;
use crate::text::{count, unusable};

fn trouble(model: &Model) -> Option<&Unread> {
    model.images.database.as_ref()?.state.as_ref().err()
}

/// Says what follows for the rest of the diagnosis.
fn unread(model: &Model, finding: Finding) -> Finding {
    let note = "pairing, identity and token are in it, so nothing of these could be checked";
    finding.note_if(model.is_database_unread(), note)
}

/// How a whole database comes back.
fn put_back(model: &Model) -> Vec<Step> {
    let facts = &model.facts;
    let moved = std::iter::once(DATABASE)
        .chain(facts.beside_database.iter().map(String::as_str))
        .map(|file| Step::move_away(&facts.state_dir.join(file)));
    let pairing = match &facts.kept.tables {
        Some(id) => Step::clawmend(["restore", id])
            .note("only without a copy: puts the pairing of that snapshot into the new database"),
        None => Step::clawmend(["repair", "--new-identity"])
            .note("only without a copy: there is no snapshot to restore, so it pairs this machine's CLI anew; other devices must pair again"),
    };
    let stop = Step::run("openclaw", ["gateway", "stop"])
        .note("or stop it as you started it; in a container: docker stop CONTAINER");
    let mut moved: Vec<Step> = moved.collect();
    if let Some(last) = moved.pop() {
        let copy = "then put a good copy of the database in its place, if you have one (from openclaw backup, or your own)";
        moved.push(last.note(copy));
    }
    let start = Step::run("openclaw", ["gateway", "start"])
        .note("where no copy is, the start makes a new database");
    std::iter::once(stop).chain(moved).chain([start, pairing]).collect()
}

pub static DAMAGED: Check = Check {
    code: Code("database-damaged"),
    modes: &["F27", "F38"],
    severity: Severity::Blocks,
    title: "the database is damaged",
    why: "The gateway opens state/openclaw.sqlite at its start (from 2026.6), and SQLite refuses a damaged database. \
          From 2026.8 the pairing is in it. A database file beside the -wal and -shm files of another database counts as damaged too. \
          From 2026.8 OpenClaw also makes a note when its own check of the database fails, and does not open it while the note is there, even if a good copy stands there now.",
    repair: "Nothing: clawmend never writes to a database that SQLite finds damaged.",
    by_hand: "Stop the gateway, and put a good copy back without the -wal and -shm files of another database. Then run `clawmend` again.",
    messages: &["database disk image is malformed", "malformed database schema"],
    stage: Some(Stage::Store),
    find_one: |model, check| {
        if model.database().is_some_and(|database| database.is_quarantined) {
            return Some(quarantined(model, check));
        }
        let Unread::Damaged(why) = trouble(model)? else { return None };
        let finding = check.finding(DATABASE, format!("the database {DATABASE} is damaged"));
        Some(unread(model, finding.by_hand(put_back(model)).note(why)))
    },
    ..Check::BASE
};

/// The database can be read, and the gateway does not open it.
fn quarantined(model: &Model, check: &Check) -> Finding {
    let says =
        "OpenClaw has noted that its check of the database failed: the gateway does not open it";
    let doctor = Step::run("openclaw", ["doctor", "--fix"])
        .after("stop the gateway, then run")
        .note("it checks the database again, and removes the note if all is well");
    let aside = set_aside_step(model, QUARANTINE)
        .note("only if the database is a good copy that was put back since");
    let runs = model.facts.gateway.runs();
    let finding = check.finding(DATABASE, says).by_hand([doctor, aside]);
    finding
        .rated_if(runs, Severity::Unchecked)
        .note_if(runs, "a gateway runs now; this stops its next start")
}

pub static UNFINISHED: Check = Check {
    code: Code("database-unfinished"),
    modes: &["F27", "F36"],
    severity: Severity::Unchecked,
    title: "a write to the database was interrupted",
    why: "A -journal file beside the database shows that a write was interrupted. Until SQLite has undone that write, nobody can trust what is in the database.",
    repair: "Nothing: the next start of the gateway undoes the interrupted write.",
    by_hand: "Start the gateway once, then run `clawmend` again. Do not delete the -journal file: it holds what must be put back.",
    stage: Some(Stage::Store),
    find_one: |model, check| {
        let Unread::Unfinished = trouble(model)? else { return None };
        let start = Step::run("openclaw", ["gateway", "start"]).note(
            "or start it as you do: it only has to open the database, even if it does not run then; do not delete the -journal file, which holds what must be put back",
        );
        let finding = check.finding(DATABASE, "a write to the database was interrupted");
        Some(unread(model, finding.by_hand([start]).note(INTERRUPTED)))
    },
    ..Check::BASE
};

pub static FOREIGN: Check = Check {
    code: Code("database-foreign"),
    modes: &["F27"],
    severity: Severity::Blocks,
    title: "the database file is not a SQLite database",
    why: "The gateway opens this file at its start, and SQLite refuses a file that is not a database.",
    repair: "Nothing: clawmend never overwrites a file that it does not know.",
    by_hand: "Stop the gateway, move the file away, put a good copy of the database in its place; then run `clawmend` again.",
    messages: &["file is not a database"],
    stage: Some(Stage::Store),
    find_one: |model, check| {
        let Unread::Foreign = trouble(model)? else { return None };
        let finding = check.finding(DATABASE, format!("{DATABASE} is not a SQLite database"));
        Some(unread(model, finding.by_hand(put_back(model))))
    },
    ..Check::BASE
};

pub static EMPTY: Check = Check {
    code: Code("database-empty"),
    modes: &["F27", "F38"],
    severity: Severity::Blocks,
    title: "the database file is empty",
    why: "OpenClaw treats an empty file as a new database, and makes its tables at the next start. The pairing that was \
          in it is lost.",
    repair: "Nothing: a database without tables cannot hold rows.",
    by_hand: "Put a good copy of the database back while the gateway is stopped. If you have none, start the gateway once, then run `clawmend` again.",
    messages: &["file is not a database"],
    stage: Some(Stage::Store),
    find_one: |model, check| {
        let Unread::Empty = trouble(model)? else { return None };
        let finding = check.finding(DATABASE, format!("{DATABASE} is empty"));
        let finding = unread(model, finding.by_hand(put_back(model)));
        // Seen on 2026.8.2 and 2026.9.6: the start makes a new database, and pairs this machine's CLI.
        let is_in = model.omits_device() || model.heals(PairingFault::Unknown) == Some(true);
        let finding = finding.rated_if(is_in, Severity::Unchecked).note_if(is_in, "the next start lets this machine's CLI in all the same; all other devices are lost without a copy");
        // Where the files count, the next start fills the database from its own schema.
        Some(finding.rated_if(model.store == StoreKind::Files, Severity::Info))
    },
    ..Check::BASE
};

pub static UNUSABLE: Check = Check {
    code: Code("database-unusable"),
    modes: &["F13", "F19", "F27"],
    severity: Severity::Blocks,
    title: "the database could not be read",
    why: "clawmend cannot check what it cannot read, and the gateway may fail at the same place.",
    repair: "Nothing: clawmend does not change what it cannot read.",
    by_hand: "Make it a normal file that the gateway's user can read; stop the process that holds it.",
    messages: &["database is locked", "unable to open database file", "EACCES"],
    stage: Some(Stage::Store),
    find_one: |model, check| {
        let (why, steps, is_known) = match trouble(model)? {
            Unread::Held(why) => {
                let file = model.facts.state_dir.join(DATABASE);
                let holder = Step::run("fuser", ["-v".into(), file]);
                let again = Step::diagnose().after(
                    "stop that (a second gateway, `openclaw doctor`, a backup job), then run",
                );
                (why.clone(), vec![holder.after("see which process holds it"), again], false)
            }
            // SQLite follows a link, and the gateway may be another user.
            Unread::Unusable(why) => (
                unusable(why),
                to_read(&model.facts.state_dir.join(DATABASE), why),
                matches!(why, Unusable::NotAFile(_) | Unusable::NoFolder),
            ),
            _ => return None,
        };
        let finding = check.finding(DATABASE, format!("the database could not be read: {why}"));
        Some(unread(model, finding.by_hand(steps)).rated_if(!is_known, Severity::Unchecked))
    },
    ..Check::BASE
};

pub static NEWER: Check = Check {
    code: Code("database-newer"),
    modes: &["F10"],
    severity: Severity::Blocks,
    title: "the database's schema number does not fit the OpenClaw release",
    why: "Each release of OpenClaw knows one schema number. It raises an older number if it can, and does not start \
          with another one. A wrong number comes from a downgrade, or from an old copy that was put back. If the release itself is newer than clawmend, the number says nothing, and clawmend looks at the columns that are there.",
    repair: "Nothing: the number is never changed.",
    by_hand: "If the gateway says that the schema is newer than it supports, install the release that wrote the database again; if an old \
              copy was put back, put back the newest one.",
    messages: &[
        "uses newer schema version",
        "schema(s) are newer than this build",
        "cannot open your existing data",
        "SQLite schema incomplete or noncanonical",
        "schema migration required",
    ],
    stage: Some(Stage::Store),
    find_one: |model, check| {
        let database = model.database().filter(|_| model.store == StoreKind::Sqlite)?;
        let number = database.user_version.max(database.content_version.unwrap_or_default());
        let writer = database.app_version.as_deref().and_then(Release::parse);
        let finding = |says: &str| {
            let numbers =
                format!("schema number {number}; clawmend knows up to {NEWEST_KNOWN_USER_VERSION}");
            let finding = check.finding(DATABASE, says).note(numbers);
            finding.seen_each("written by", database.app_version.as_deref())
        };
        let fits = |number: i64| writer.and_then(numbers).is_none_or(|fit| fit.contains(&number));
        if fits(number) && fits(database.user_version) {
            if number <= NEWEST_KNOWN_USER_VERSION {
                return None;
            }
            let says = "the database is newer than clawmend knows: clawmend uses the columns that are there";
            return Some(finding(says).rated(Severity::Info));
        }
        let says = "the database's schema number does not fit the release that wrote it: the gateway does not start";
        let steps = [
            "after a downgrade: install the release that wrote the database again, or a later one",
            "if an old copy of the database was put back: put back the newest one, while the gateway is stopped",
        ];
        Some(finding(says).by_hand(steps))
    },
    ..Check::BASE
};

pub static COLUMNS: Check = Check {
    code: Code("database-columns-differ"),
    modes: &["F10"],
    severity: Severity::Blocks,
    title: "the database is not built as the OpenClaw release needs it",
    why: "From 2026.8.1 the gateway does not start if one of the tables that it needs, or a column of one, is missing in its database, if `schema_meta` does not name its role, or if there is a trigger. OpenClaw 2026.8.1-beta.2 also compares the columns of device_bootstrap_tokens with its own, and does not start if setup_id is missing (an earlier beta made the table). OpenClaw 2026.9.6 starts without that column.",
    repair: "Nothing: clawmend changes rows, never tables.",
    by_hand: "If a table is missing: put back a copy of the database that has it, while the gateway is stopped. If the column setup_id is missing: install OpenClaw 2026.9.6 or later and start it, since it does not ask for this column.",
    messages: &[
        "does not match its canonical columns",
        "missing setup_id",
        "SQLite schema is incomplete or noncanonical",
        "has schema role",
    ],
    stage: Some(Stage::Store),
    find: |model, check| {
        let number = model.database().map(|database| database.user_version);
        let is_newer = number > Some(NEWEST_KNOWN_USER_VERSION);
        // The one that no connect of the CLI asks.
        let waits = |part| part == Part::Bootstrap && model.facts.gateway.runs();
        let lost = model.lost_tables().map(|part| {
            let says = format!("the table {} is missing: the gateway does not start", part.table());
            check
                .finding(DATABASE, says)
                .by_hand(put_back(model))
                .rated_if(waits(part), Severity::Warning)
                .note_if(waits(part), "a gateway runs now; this would stop its next start")
                .rated_if(is_newer, Severity::Unchecked)
                .note_if(is_newer, UNKNOWN_SCHEMA)
        });
        lost.chain(without_setup_id(model, check))
            .chain(noncanonical(model, check))
            .chain(incomplete(model, check))
            .collect()
    },
    ..Check::BASE
};

/// What a start refuses besides (2026.8.2, 2026.9.3 and 2026.9.6; more tables, indexes and views they take).
fn noncanonical(model: &Model, check: &Check) -> Vec<Finding> {
    let Some(database) = model.database().filter(|_| model.store == StoreKind::Sqlite) else {
        return vec![];
    };
    let role = "schema_meta does not say that this is the state's database (role `global`): the gateway does not start";
    let trigger =
        "the database has a trigger that OpenClaw did not make: the gateway does not start";
    let waits = model.facts.gateway.runs();
    let found = [(database.lacks_role, role), (database.has_triggers, trigger)];
    let found = found.into_iter().filter(|(is_so, _)| *is_so).map(|(_, says)| {
        check
            .finding(DATABASE, says)
            .by_hand(put_back(model))
            .rated_if(waits, Severity::Warning)
            .note_if(waits, "a gateway runs now; this would stop its next start")
    });
    found.collect()
}

/// Other tables, and columns of those that are read, which every release of the database's generation needs.
fn incomplete(model: &Model, check: &Check) -> Option<Finding> {
    let database = model.database().filter(|_| model.store == StoreKind::Sqlite)?;
    if database.user_version < HOLDS_PAIRING {
        return None;
    }
    let columns = database.tables.iter().flat_map(|(part, table)| {
        let needed =
            part.columns().iter().map(|column| column.column).chain(part.key_columns().to_vec());
        let lost = needed
            .filter(|column| !ADDED_COLUMNS.contains(column) && table.column(column).is_none());
        lost.map(|column| format!("the column {}.{column}", part.table()))
    });
    let tables = database.lacks_tables.iter().map(|table| format!("the table {table}"));
    let lost: Vec<String> = tables.chain(columns).collect();
    let says = match lost.as_slice() {
        [] => return None,
        [one] => format!("{one} is missing: the gateway does not start"),
        more => format!(
            "{} of the database are missing: the gateway does not start",
            count(more.len(), "table or column", "tables or columns")
        ),
    };
    let finding = check.finding(DATABASE, says).by_hand(put_back(model));
    let finding = if lost.len() > 1 { super::named(finding, &lost, Clone::clone) } else { finding };
    let (is_newer, runs) =
        (database.user_version > NEWEST_KNOWN_USER_VERSION, model.facts.gateway.runs());
    let finding = finding.rated_if(is_newer || runs, Severity::Unchecked);
    let finding = finding.note_if(runs, "a gateway runs now: what of it needs this, and what not, clawmend does not know; its next start fails");
    Some(finding.note_if(is_newer, UNKNOWN_SCHEMA))
}

/// Said of what is missing in a schema that is newer than all known ones.
const UNKNOWN_SCHEMA: &str =
    "clawmend does not know this schema: another table may be in its place";

/// Whether the tables are there that a grant writes to: half of one lets nobody in.
pub(super) fn has_tables(model: &Model) -> bool {
    let is_granted = |part| matches!(part, Part::Paired | Part::Identity | Part::DeviceAuth);
    !model.lost_tables().any(is_granted)
}

fn without_setup_id(model: &Model, check: &Check) -> Option<Finding> {
    let database = model.database().filter(|_| model.store == StoreKind::Sqlite)?;
    let table = database.tables.get(&Part::Bootstrap)?;
    let is_from = |since| model.release().is_some_and(|release| release.is_from(since));
    if table.column("setup_id").is_some() || is_from("2026.8.1") {
        return None;
    }
    let severity = if is_from("2026.8.1-beta.2") { Severity::Blocks } else { Severity::Info };
    let says = "device_bootstrap_tokens has no column setup_id: OpenClaw 2026.8.1-beta.2 does not start with it";
    let step = "install OpenClaw 2026.9.6 or later and start it: it does not ask for this column";
    Some(check.finding(DATABASE, says).by_hand([step]).rated(severity))
}

/// The schema numbers that a release gives its database; `None`: a release that is newer than all that are known.
fn numbers(release: Release) -> Option<std::ops::RangeInclusive<i64>> {
    let known = USER_VERSIONS
        .into_iter()
        .filter_map(|(text, number)| Some((Release::parse(text)?, number)));
    let below = known.clone().rfind(|(known, _)| !known.is_after(release));
    let above = known.clone().find(|(known, _)| !release.is_after(*known));
    match (below, above) {
        (Some((_, below)), Some((_, above))) => Some(below..=above),
        // Betas before 2026.8.1, and what comes after the newest.
        (None, _) | (_, None) => None,
    }
}

pub static CLAIMED: Check = Check {
    code: Code("database-claimed"),
    severity: Severity::Unchecked,
    title: "the database is claimed by an external supervisor",
    why: "A program that runs the gateway in its own way may claim the database (`openclaw database ownership claim`; from 2026.8). Then \
          gateway and CLI only open it where that program has set OPENCLAW_SUPERVISOR_MODE=external for them.",
    repair: "Nothing: whose the gateway is, you decide.",
    by_hand: "Start the gateway with the program that has claimed the database, and call the CLI through it. If that program is gone: set OPENCLAW_SUPERVISOR_MODE=external for both.",
    messages: &["is externally supervised by", "ownership metadata is invalid"],
    stage: Some(Stage::Store),
    // Seen on 2026.9.6: no start without the variable, and refused where only the CLI lacks it.
    find_one: |model, check| {
        let claimed = model.database().is_some_and(|database| database.is_claimed);
        let facts = &model.config.facts;
        let name = "OPENCLAW_SUPERVISOR_MODE";
        let says_so = |found: Option<(&Variables, &Secret)>| {
            found.is_some_and(|(_, mode)| mode.expose().trim().eq_ignore_ascii_case("external"))
        };
        let for_cli = says_so(facts.cli_variable(name));
        let for_gateway = model.facts.gateway.runs() || says_so(facts.gateway_variable(name));
        if !claimed || for_gateway && (for_cli || model.omits_device()) {
            return None;
        }
        let says = "a program that runs the gateway in its own way has claimed the database: gateway and CLI only open it through that program";
        let steps = [
            "start the gateway with that program".into(),
            Step::run("openclaw", ["database", "ownership", "status"])
                .after("to see which one it is, run"),
        ];
        Some(check.finding(DATABASE, says).by_hand(steps))
    },
    ..Check::BASE
};

pub static DOWNGRADED: Check = Check {
    code: Code("database-downgraded"),
    modes: &["F10"],
    severity: Severity::Warning,
    title: "an older OpenClaw runs on the state of a newer one",
    why: "An OpenClaw before 2026.8 reads only the pairing files, but here the pairing was moved into the database. So \
          the older release finds no pairing, and makes a new identity and a new paired.json.",
    repair: "Nothing: which release you run is your decision. clawmend repairs the store that the database's schema names.",
    by_hand: "Install the release that wrote the database again. Never lower the database's version by hand.",
    messages: &[
        "uses newer schema version",
        "schema(s) are newer than this build",
        "pairing required",
        "cannot open your existing data",
    ],
    stage: Some(Stage::Store),
    find_one: downgraded,
    ..Check::BASE
};

fn downgraded(model: &Model, check: &Check) -> Option<Finding> {
    let paired = file_name(Part::Paired);
    let migrated = format!("{paired}.migrated");
    if !model.facts.migrated.contains(&migrated) || model.is_database_unread() {
        return None;
    }
    let is_back = |condition: &Condition| *condition != Condition::Absent;
    let release = model.written_by();
    let forward = format!(
        "to keep the database: run OpenClaw {} or later",
        release.as_deref().unwrap_or("2026.8")
    );
    let finding = match &model.legacy {
        Some(legacy) if is_back(&legacy.paired.condition) => {
            let says = "the pairing is in the database, but devices/paired.json is there again: an older OpenClaw wrote it, \
                        or somebody put it back";
            let look = Step::run("openclaw", ["--version"])
                .after("see which release runs, here and in the gateway's service");
            check.finding(paired, says).by_hand([Step::text(forward), look])
        }
        Some(_) => return None,
        // The files count, or nothing is there.
        None if is_back(&model.paired.condition) => return None,
        None => {
            let says = "the pairing was moved into the database, and that database is not there";
            let back = "put the database back from a backup while the gateway is stopped";
            let or =
                format!("or, to use a release before 2026.8: rename {migrated} back to {paired}");
            check.finding(DATABASE, says).by_hand([back.to_owned(), or]).rated(Severity::Blocks)
        }
    };
    let finding = finding.note(format!("{migrated} is there"));
    Some(finding.seen_each("the database was written by", release))
}

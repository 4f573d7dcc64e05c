//! The program under hostile conditions: killed and failed at every system call, beside live writers, as
//! root on other people's files, on mangled input. Drives the built binary, mostly under `strace`.
//!
//! `cargo test --test hostile -- [--full] [--points=N] [NAME...]`; `tests/hostile/run.sh` does that with a check of the
//! tools first. Without `--full` the points are sampled evenly, by `CLAWMEND_SEED`. The gate runs a sample.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "tests say what they expect by failing"
)]

mod canary;
mod durable;
mod forged;
mod limits;
mod live;
mod mangled;
mod mounts;
mod places;
mod points;
mod power;
mod record;
mod replay;
mod rights;
mod salvage;
mod silence;
mod state;
mod trace;
#[path = "../support/tree.rs"]
mod tree;
mod world;

use std::time::Instant;

/// How much is tried.
#[derive(Clone, Copy)]
pub struct Size {
    /// Everything instead of an even sample.
    pub full: bool,
    /// How many points, instead of the usual sample.
    pub points: Option<usize>,
    /// Which sample: the same number draws the same points.
    pub seed: u64,
}

impl Size {
    /// The usual sample, or what was asked for.
    pub fn of(self, usual: usize) -> usize {
        match self.points {
            _ if self.full => usize::MAX,
            Some(points) => points,
            None => usual,
        }
    }
}

type Test = fn(Size) -> String;

/// Why a test cannot run here.
struct NotRun(&'static str);

/// Ends a test that cannot run here: it has neither passed nor failed.
pub fn not_run(why: &'static str) -> ! {
    std::panic::resume_unwind(Box::new(NotRun(why)))
}

/// Whether files can be given away here.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Ends a test that gives files away where that is not possible.
pub fn needs_root() {
    if !is_root() {
        not_run("needs root");
    }
}

const TESTS: &[(&str, Test)] = &[
    ("silence::no_command_talks_to_anything", silence::no_command_talks_to_anything),
    ("points::killed_anywhere", points::killed_anywhere),
    ("points::killed_anywhere_without_rename_flags", points::killed_anywhere_without_rename_flags),
    ("replay::the_power_goes_at_any_moment", replay::the_power_goes_at_any_moment),
    ("replay::each_sync_is_needed", replay::each_sync_is_needed),
    ("points::failed_anywhere", points::failed_anywhere),
    ("points::an_interrupted_restore_typed_again", points::an_interrupted_restore_typed_again),
    (
        "points::an_unreadable_snapshot_is_not_overlooked",
        points::an_unreadable_snapshot_is_not_overlooked,
    ),
    ("points::a_full_disk", points::a_full_disk),
    ("live::writers_of_files_lose_nothing", live::writers_of_files_lose_nothing),
    ("live::a_writer_of_the_database_loses_nothing", live::a_writer_of_the_database_loses_nothing),
    (
        "live::a_restore_that_was_written_over_is_not_done",
        live::a_restore_that_was_written_over_is_not_done,
    ),
    ("live::the_second_clawmend_is_refused_by_pid", live::the_second_clawmend_is_refused_by_pid),
    ("places::owners_groups_and_modes_stay", places::owners_groups_and_modes_stay),
    ("places::what_is_no_file_is_left_alone", places::what_is_no_file_is_left_alone),
    (
        "places::a_folder_that_others_write_is_refused",
        places::a_folder_that_others_write_is_refused,
    ),
    (
        "places::a_path_swapped_in_between_leads_nowhere",
        places::a_path_swapped_in_between_leads_nowhere,
    ),
    (
        "durable::what_must_be_on_the_disk_before_what",
        durable::what_must_be_on_the_disk_before_what,
    ),
    ("places::sqlite_goes_where_the_owner_could", places::sqlite_goes_where_the_owner_could),
    ("rights::root_reads_what_the_owner_could", rights::root_reads_what_the_owner_could),
    ("rights::snapshots_go_where_the_owner_could", rights::snapshots_go_where_the_owner_could),
    (
        "rights::what_root_left_behind_is_given_back_first",
        rights::what_root_left_behind_is_given_back_first,
    ),
    ("rights::a_link_to_a_database_of_roots", rights::a_link_to_a_database_of_roots),
    ("rights::a_way_that_is_closed_to_the_owner", rights::a_way_that_is_closed_to_the_owner),
    ("rights::man_pages_stay_in_their_folder", rights::man_pages_stay_in_their_folder),
    ("limits::a_file_that_may_not_grow", limits::a_file_that_may_not_grow),
    ("mounts::a_file_system_works_or_is_refused", mounts::a_file_system_works_or_is_refused),
    ("limits::no_thread_can_be_started", limits::no_thread_can_be_started),
    (
        "limits::an_umask_takes_nothing_from_the_owner",
        limits::an_umask_takes_nothing_from_the_owner,
    ),
    ("limits::a_file_that_is_mounted_by_itself", limits::a_file_that_is_mounted_by_itself),
    ("canary::rights_do_not_bring_cores_back", canary::rights_do_not_bring_cores_back),
    (
        "places::what_root_has_to_type_names_what_was_found",
        places::what_root_has_to_type_names_what_was_found,
    ),
    ("forged::a_journal_reaches_nothing_of_roots", forged::a_journal_reaches_nothing_of_roots),
    (
        "forged::a_journal_takes_no_snapshot_of_another",
        forged::a_journal_takes_no_snapshot_of_another,
    ),
    (
        "forged::own_folders_of_another_user_are_refused",
        forged::own_folders_of_another_user_are_refused,
    ),
    ("forged::a_manifest_invents_no_owner", forged::a_manifest_invents_no_owner),
    ("forged::keys_go_to_no_folder_of_another_user", forged::keys_go_to_no_folder_of_another_user),
    ("canary::no_secret_comes_out", canary::no_secret_comes_out),
    ("canary::a_panic_prints_no_state", canary::a_panic_prints_no_state),
    ("canary::a_crash_prints_no_state", canary::a_crash_prints_no_state),
    (
        "mangled::nothing_panics_and_readers_change_nothing",
        mangled::nothing_panics_and_readers_change_nothing,
    ),
    ("salvage::a_repair_keeps_every_whole_record", salvage::a_repair_keeps_every_whole_record),
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let size = Size {
        full: args.iter().any(|arg| arg == "--full"),
        points: args.iter().find_map(|arg| arg.strip_prefix("--points=")?.parse().ok()),
        seed: std::env::var("CLAWMEND_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0),
    };
    println!("hostile: CLAWMEND_SEED={} draws these points again", size.seed);
    let wanted: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let (mut passed, mut failed, mut left_out) = (0, 0, 0);
    for (name, test) in TESTS {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| name.contains(wanted.as_str())) {
            continue;
        }
        let start = Instant::now();
        match std::panic::catch_unwind(|| test(size)) {
            Ok(said) => {
                passed += 1;
                println!("ok    {name}: {said} ({:.1}s)", start.elapsed().as_secs_f32());
            }
            Err(why) => match why.downcast_ref::<NotRun>() {
                Some(NotRun(why)) => {
                    left_out += 1;
                    println!("NOT RUN {name}: {why}");
                }
                None => {
                    failed += 1;
                    println!("FAILED {name} ({:.1}s)", start.elapsed().as_secs_f32());
                }
            },
        }
    }
    println!("hostile: {passed} passed, {failed} failed, {left_out} could not run here");
    if failed > 0 || passed == 0 {
        std::process::exit(1);
    }
}

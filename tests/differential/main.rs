//! The whole program, in this process, on generated configs, stores and databases; npm's json5 and JSON.parse say what
//! they hold. `tests/differential/run.sh` installs json5 and runs this: `-- COUNT`, from `CLAWMEND_SEED` on.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "tests say what they expect by failing"
)]

mod check;
mod database;
mod generate;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

fn main() {
    let count: u64 = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(500);
    let seed: u64 =
        std::env::var("CLAWMEND_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    println!("differential: CLAWMEND_SEED={seed} makes these {count} cases again");
    let next = AtomicU64::new(0);
    let wrong = Mutex::new(Vec::new());
    let outcomes = Mutex::new(std::collections::BTreeMap::<String, u64>::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut reference = check::Reference::start();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        return;
                    }
                    if at > 0 && at % 1000 == 0 {
                        println!("  {at} of {count}, {} wrong", wrong.lock().unwrap().len());
                    }
                    let seed = seed.wrapping_add(at);
                    let run = || check::case(seed, &mut reference);
                    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
                        Ok(outcome) => {
                            *outcomes.lock().unwrap().entry(outcome).or_default() += 1;
                        }
                        Err(_) => wrong.lock().unwrap().push(seed),
                    }
                }
            });
        }
    });
    for (outcome, count) in outcomes.into_inner().unwrap() {
        println!("  {count:>6}  {outcome}");
    }
    let wrong = wrong.into_inner().unwrap();
    for seed in wrong.iter().take(20) {
        println!("  WRONG: CLAWMEND_SEED={seed} tests/differential/run.sh 1");
    }
    println!("differential: {} passed, {} failed", count - wrong.len() as u64, wrong.len());
    if !wrong.is_empty() || count == 0 {
        std::process::exit(1);
    }
}

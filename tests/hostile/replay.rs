//! The power goes at any moment of a run, and the disk may be in any state that it promised no more than: each
//! is laid out in the run's own place and looked at as after a kill.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Mutex;

use clawmend::files::hash;

use crate::Size;
use crate::points::{Scenario, each, sample, scenarios, stopped, told};
use crate::power::{ALL, Cut, Recorded, Tree, lay};
use crate::state::View;
use crate::trace;
use crate::world::World;

/// How many states of each moment are made: see [`Cut::round`].
const ROUNDS: u64 = 14;

/// A run that was recorded, and the place where it ran: manifests and journals name it.
struct Replay {
    scenario: Scenario,
    recorded: Recorded,
    /// The snapshots that were there in the end.
    snapshots: Vec<String>,
    place: Mutex<World>,
}

impl Replay {
    fn new(scenario: Scenario) -> Self {
        let world = scenario.ready.again();
        let args: Vec<&str> = scenario.args.iter().map(String::as_str).collect();
        let (recorded, out) = Recorded::new(&world, &args);
        out.expect(0);
        let end = recorded.tree(Cut { at: recorded.len(), round: ALL });
        Self { snapshots: snapshots(&end), recorded, place: Mutex::new(world), scenario }
    }

    fn check(&self, cut: Cut, tree: &Tree, world: &World) -> Result<String, String> {
        lay(tree, &world.state());
        let what = |why: String| {
            let Cut { at, round } = cut;
            let (name, all) = (&self.scenario.name, self.recorded.len());
            format!(
                "{name}: after effect {at} of {all}, round {round}: {why}\n{}",
                self.recorded.told(at)
            )
        };
        // It had ended, and said that it had done its work.
        if cut.at == self.recorded.len() {
            let done = View::of(world).is_like(&self.scenario.new);
            if !done || world.path("clawmend/journal.json").exists() {
                return Err(what("what was said to be done is not".to_owned()));
            }
            if snapshots(tree) != self.snapshots {
                return Err(what(format!("other snapshots: {:?}", snapshots(tree))));
            }
        }
        stopped(&self.scenario, world, cut.round % 3 == 1).map_err(what)
    }
}

fn snapshots(tree: &Tree) -> Vec<String> {
    let names = tree.keys().filter_map(|path| path.strip_prefix("clawmend/snapshots").ok());
    let names =
        names.filter(|name| name.iter().count() == 1).map(|name| name.display().to_string());
    names.filter(|name| !name.starts_with('.')).collect()
}

fn replays() -> Vec<Replay> {
    assert!(trace::works(), "strace cannot trace here");
    let all = [false, true].into_iter().flat_map(scenarios);
    all.filter(|scenario| scenario.name != "repair huge").map(Replay::new).collect()
}

pub fn the_power_goes_at_any_moment(size: Size) -> String {
    let replays = replays();
    let mut cuts: Vec<(&Replay, Cut)> = Vec::new();
    for replay in &replays {
        let moments = 0..=replay.recorded.len();
        let cut = |at| (0..ROUNDS).map(move |round| Cut { at, round });
        cuts.extend(moments.flat_map(cut).map(|cut| (replay, cut)));
    }
    let all = cuts.len();
    let mut cuts = sample(cuts, 100, size);
    // Two of one run cannot be laid out at once.
    cuts.sort_by_key(|(_, cut)| (cut.round, cut.at));
    let seen = Mutex::new(HashSet::new());
    let outcomes = each(&cuts, |(replay, cut)| {
        let tree = replay.recorded.tree(*cut);
        let mut hasher = DefaultHasher::new();
        (&replay.scenario.name, &tree).hash(&mut hasher);
        if !seen.lock().unwrap().insert(hasher.finish()) {
            return Ok(SAME.to_owned());
        }
        let world = replay.place.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        replay.check(*cut, &tree, &world)
    });
    format!(
        "{} trees ({} of {all} cuts in {} runs): {}",
        seen.into_inner().unwrap().len(),
        cuts.len(),
        replays.len(),
        told(&outcomes)
    )
}

const SAME: &str = "the same tree as another";

/// The model itself: a repair without one of its syncs leaves some tree torn, half done without a way back, or
/// not as it was said to be done. Which syncs nobody misses is said.
pub fn each_sync_is_needed(size: Size) -> String {
    let mut wanted = scenarios(false);
    wanted.retain(|scenario| {
        ["repair+config 2026.5.2", "repair rollback"].contains(&scenario.name.as_str())
    });
    assert_eq!(wanted.len(), 2);
    let replays: Vec<Replay> = wanted.into_iter().map(Replay::new).collect();
    let mut left_out = Vec::new();
    for replay in &replays {
        assert_eq!(trouble(replay, &replay.recorded), None, "{}", replay.scenario.name);
        let each = (0..).map_while(|number| replay.recorded.without_sync(number));
        left_out.extend(each.map(|(recorded, sync)| (replay, recorded, sync)));
    }
    let all = left_out.len();
    let outcomes = each(&sample(left_out, 4, size), |(replay, recorded, sync)| {
        Ok(match trouble(replay, recorded) {
            Some(what) => what.to_owned(),
            None => format!("not missed: {} {sync}", replay.scenario.name),
        })
    });
    let missed = outcomes.keys().filter(|outcome| !outcome.starts_with("not missed")).count();
    assert!(missed > 0, "{outcomes:?}");
    format!("of {all} syncs: {}", told(&outcomes))
}

/// What is wrong with some tree that a power cut may leave, looked at without running anything on it.
fn trouble(replay: &Replay, recorded: &Recorded) -> Option<&'static str> {
    let (scenario, world) = (&replay.scenario, World::empty());
    let mut seen = HashSet::new();
    for at in (0..=recorded.len()).rev() {
        for tree in (0..8).map(|round| recorded.tree(Cut { at, round })) {
            let mut hasher = DefaultHasher::new();
            (at == recorded.len(), &tree).hash(&mut hasher);
            if !seen.insert(hasher.finish()) {
                continue;
            }
            lay(&tree, &world.state());
            let Ok(view) = std::panic::catch_unwind(|| View::of(&world)) else {
                return Some("a damaged database");
            };
            if view.is_whole(&scenario.old, &scenario.new).is_err() {
                return Some("a torn file");
            }
            let done = view.is_like(&scenario.new);
            if at == recorded.len() && (!done || snapshots(&tree) != replay.snapshots) {
                return Some("done and lost");
            }
            if view != scenario.old && !done && !leads_back(&tree) {
                return Some("half done without a way back");
            }
        }
    }
    None
}

/// Whether a journal stands and its snapshot is whole.
fn leads_back(tree: &Tree) -> bool {
    let read = |path: &str| tree.get(Path::new(path)).and_then(|(_, _, bytes)| bytes.as_ref());
    let json =
        |path: &str| -> Option<serde_json::Value> { serde_json::from_slice(read(path)?).ok() };
    let back = || {
        let id = json("clawmend/journal.json")?["snapshot"].as_str()?.to_owned();
        let piece = |name: &str| read(&format!("clawmend/snapshots/{id}/{name}"));
        let manifest = json(&format!("clawmend/snapshots/{id}/manifest.json"))?;
        let entries = manifest["entries"].as_array()?.iter();
        let whole = entries.filter_map(|entry| Some((entry["name"].as_str()?, &entry["sha256"])));
        let whole = whole.map(|(name, hash)| {
            piece(name).is_some_and(|bytes| hash.as_str() == Some(&hash::of(bytes)))
        });
        Some(whole.fold(piece("manifest.sha256").is_some(), |all, one| all && one))
    };
    back() == Some(true)
}

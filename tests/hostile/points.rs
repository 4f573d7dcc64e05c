//! Killed or failed at every call that reaches the state, then looked at, then run again.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Size;
use crate::state::View;
use crate::trace::{self, Call, Inject};
use crate::world::{FILES, Out, SQLITE, Unmount, World, finish};

/// A command on a state that is ready for it.
pub struct Scenario {
    pub name: String,
    pub ready: World,
    pub args: Vec<String>,
    pub old: View,
    pub new: View,
    /// What `diagnose` exits with once the command has done its work.
    healthy: i32,
    calls: Vec<Call>,
}

impl Scenario {
    fn new(name: String, ready: World, args: &[&str]) -> Self {
        let done = ready.again();
        let (out, mut calls) = trace::calls(&done, args);
        assert_eq!(out.code, Some(0), "{name}: {out}");
        // strace refuses a call on one file or on all: here that of one file is taken already.
        if ready.path("state/openclaw.sqlite").exists() && !ready.no_rename_flags {
            calls.extend(trace::calls_between_walls(&ready.again(), args));
        }
        let healthy = done.run(&["diagnose"]).code.unwrap();
        assert!(healthy == i32::from(args[0] != "repair"), "{name}");
        Self {
            old: View::of(&ready),
            new: View::of(&done),
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            name,
            ready,
            healthy,
            calls,
        }
    }

    fn run(&self, world: &World) -> Out {
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        world.run(&args)
    }

    fn inject(&self, world: &World, call: &Call, what: Inject) -> Option<Out> {
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        trace::inject(world, call, what, &args)
    }
}

fn first_snapshot(world: &World) -> String {
    let list = world.run(&["snapshot", "list", "--json"]).expect(0);
    let list: serde_json::Value = serde_json::from_str(&list.stdout).unwrap();
    let all = list["snapshots"].as_array().unwrap();
    all.last().unwrap()["id"].as_str().unwrap().to_owned()
}

/// Every writing command on both stores, with config edits in the plan.
pub fn scenarios(no_rename_flags: bool) -> Vec<Scenario> {
    let mut all = Vec::new();
    for fixture in FILES.into_iter().chain([SQLITE]) {
        let short = &fixture[..8];
        let locked = || World { no_rename_flags, ..World::fixture(fixture) };
        all.push(Scenario::new(format!("repair {short}"), locked(), &["repair", "--yes"]));
        if fixture == FILES[0] {
            continue;
        }
        let broken = locked();
        broken.write("openclaw.json", BROKEN_CONFIG);
        let repaired = broken.again();
        repaired.run(&["repair", "--yes"]).expect(0);
        let config = repaired.text("openclaw.json");
        assert!(config.contains("loopback") && config.contains("// kept"), "{config}");
        all.push(Scenario::new(format!("repair+config {short}"), broken, &["repair", "--yes"]));
        let id = first_snapshot(&repaired);
        let args = ["restore", &id, "--force", "--yes"];
        repaired.write("openclaw.json", "{\"later\":1}");
        all.push(Scenario::new(format!("restore+config {short}"), repaired, &args));
        all.push(Scenario::new(format!("create {short}"), locked(), &["snapshot", "create"]));
        let many = locked();
        for _ in 0..3 {
            many.run(&["snapshot", "create"]).expect(0);
        }
        let args = ["snapshot", "prune", "--keep", "1", "--yes"];
        all.push(Scenario::new(format!("prune {short}"), many, &args));
    }
    // As OpenClaw keeps it on network folders and those of virtual machines: a rollback journal.
    let rollback = World { no_rename_flags, ..World::fixture(SQLITE) };
    let database = rusqlite::Connection::open(rollback.path("state/openclaw.sqlite")).unwrap();
    let mode = "PRAGMA journal_mode = DELETE";
    let mode: String = database.query_row(mode, [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete");
    drop(database);
    rollback.write("openclaw.json", BROKEN_CONFIG);
    all.push(Scenario::new("repair rollback".to_owned(), rollback, &["repair", "--yes"]));
    // A log that clawmend makes, and folds in again.
    let folded = World { no_rename_flags, ..World::fixture(SQLITE) };
    let database = rusqlite::Connection::open(folded.path("state/openclaw.sqlite")).unwrap();
    database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(database);
    assert!(!folded.path("state/openclaw.sqlite-wal").exists());
    all.push(Scenario::new("repair without a log".to_owned(), folded, &["repair", "--yes"]));
    let between_walls = |scenario: &Scenario| {
        let mut calls = scenario.calls.iter();
        calls.any(|call| call.only_on.is_some() && call.changes)
    };
    assert!(no_rename_flags || all.iter().any(between_walls), "no walls on this system");
    let huge = World { no_rename_flags, ..huge() };
    all.push(Scenario::new("repair huge".to_owned(), huge, &["repair", "--yes"]));
    all
}

/// A store that is large enough to be written while the snapshot is taken.
fn huge() -> World {
    let world = World::fixture(FILES[1]);
    let mut devices: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&world.text("devices/paired.json")).unwrap();
    let own = devices.values().next().unwrap().clone();
    for number in 0..(5 << 20) / own.to_string().len() {
        let id = format!("{number:064x}");
        let mut device = own.clone();
        device["deviceId"] = id.clone().into();
        devices.insert(id, device);
    }
    world.write("devices/paired.json", serde_json::to_vec_pretty(&devices).unwrap());
    world
}

/// A config with something to repair besides the pairing.
pub const BROKEN_CONFIG: &str = "{\n  // kept\n  \"gateway\": { \"mode\": \"remote\", \"bind\": \"0.0.0.0\" },\n  \"meta\": { \"lastTouchedVersion\": \"2026.5.28\" },\n}\n";

/// An even sample: one of each `count / most` points in a row, which one is up to the seed.
pub fn sample<T>(mut all: Vec<T>, most: usize, size: Size) -> Vec<T> {
    let count = all.len();
    let most = size.of(most);
    if count <= most {
        return all;
    }
    let shift = (size.seed as usize).wrapping_mul(0x9e37_79b9) % count;
    let mut at = shift;
    all.retain(|_| {
        at += 1;
        at * most / count > (at - 1) * most / count
    });
    all
}

/// Runs `work` on every item, two at a time; panics with all that went wrong.
pub fn each<T: Sync>(
    items: &[T],
    work: impl Fn(&T) -> Result<String, String> + Sync,
) -> BTreeMap<String, usize> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(BTreeMap::<String, usize>::new());
    let wrong = Mutex::new(Vec::<String>::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let done =
                        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(item)));
                    match done {
                        Ok(Ok(outcome)) => {
                            *outcomes.lock().unwrap().entry(outcome).or_default() += 1
                        }
                        Ok(Err(why)) => wrong.lock().unwrap().push(why),
                        Err(panic) => wrong
                            .lock()
                            .unwrap()
                            .push(format!("{:?}", panic.downcast_ref::<String>())),
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    for why in wrong.iter().take(20) {
        println!("  WRONG {why}");
    }
    assert!(wrong.is_empty(), "{} of {} points went wrong", wrong.len(), items.len());
    outcomes.into_inner().unwrap()
}

pub fn told(outcomes: &BTreeMap<String, usize>) -> String {
    let each: Vec<String> =
        outcomes.iter().map(|(what, count)| format!("{count} {what}")).collect();
    each.join(", ")
}

pub fn killed_anywhere(size: Size) -> String {
    killed(scenarios(false), 120, size)
}

/// Where the file system exchanges nothing: a new file has two names for a moment.
pub fn killed_anywhere_without_rename_flags(size: Size) -> String {
    killed(scenarios(true), 60, size)
}

fn killed(scenarios: Vec<Scenario>, most: usize, size: Size) -> String {
    assert!(trace::works(), "strace cannot trace here");
    let points: Vec<(&Scenario, &Call, usize)> = scenarios
        .iter()
        .flat_map(|scenario| scenario.calls.iter().map(move |call| (scenario, call)))
        .filter(|(_, call)| call.changes)
        .enumerate()
        .map(|(at, (scenario, call))| (scenario, call, at))
        .collect();
    let all = points.len();
    let points = sample(points, most, size);
    let outcomes = each(&points, |(scenario, call, at)| {
        kill(scenario, call, *at).map_err(|why| {
            format!(
                "{}: killed at {} #{}: {why}\n      {}",
                scenario.name, call.name, call.number, call.line
            )
        })
    });
    format!(
        "{} of {all} kill points in {} scenarios: {}",
        points.len(),
        scenarios.len(),
        told(&outcomes)
    )
}

fn kill(scenario: &Scenario, call: &Call, at: usize) -> Result<String, String> {
    let world = scenario.ready.again();
    if scenario.inject(&world, call, Inject::Kill).is_none() {
        return Ok("not reached".to_owned());
    }
    stopped(scenario, &world, at % 2 == 1)
}

/// After a run that was stopped somewhere: each piece is whole, old or new, readers say what happened and
/// change nothing, and the next writing command (`other`: another than that which was stopped) ends it.
pub fn stopped(scenario: &Scenario, world: &World, other: bool) -> Result<String, String> {
    View::of(world).is_whole(&scenario.old, &scenario.new)?;
    let journal = world.path("clawmend/journal.json").exists();
    let before = world.tree();
    let diagnosed = world.run(&["diagnose", "--json"]);
    if world.tree() != before {
        return Err("diagnose left a trace".to_owned());
    }
    if journal != diagnosed.stdout.contains("apply-interrupted") {
        return Err(format!("journal {journal}, but diagnose says {diagnosed}"));
    }
    // What holds copies of keys, and nobody asked for.
    if let Some(left) =
        half_snapshots(world).into_iter().find(|name| !diagnosed.stdout.contains(name))
    {
        return Err(format!("{left} is left, but diagnose says {diagnosed}"));
    }
    let mut outcome = if journal { "" } else { "before or after the journal" }.to_owned();
    let mut said = String::new();
    if other {
        // Any other writing command takes it up too.
        let other = world.run(&["snapshot", "create", "--why", "other"]);
        if other.code != Some(0) {
            return Err(format!("the next command: {other}"));
        }
        let view = View::of(world);
        if journal && view != scenario.old && !view.is_like(&scenario.new) {
            return Err("neither rolled back nor finished".to_owned());
        }
        said.push_str(&other.stderr);
    }
    let again = scenario.run(world);
    said.push_str(&again.stderr);
    if again.code != Some(0) {
        return Err(format!("the same command again: {again}"));
    }
    if journal {
        outcome = ["was rolled back", "had changed nothing yet", "had made all its changes"]
            .into_iter()
            .find(|words| said.contains(words))
            .ok_or_else(|| format!("a journal stood, and nobody said so: {said}"))?
            .to_owned();
    }
    settled(scenario, world)?;
    Ok(outcome)
}

fn half_snapshots(world: &World) -> Vec<String> {
    let names = std::fs::read_dir(world.path("clawmend/snapshots")).into_iter().flatten();
    let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".clawmend-")).collect()
}

/// All is as after an undisturbed run, and nothing is left over.
fn settled(scenario: &Scenario, world: &World) -> Result<(), String> {
    if !View::of(world).is_like(&scenario.new) {
        return Err(format!("the rerun ends elsewhere: {:?}", View::of(world)));
    }
    let diagnosed = world.run(&["diagnose"]);
    if diagnosed.code != Some(scenario.healthy) {
        return Err(format!("diagnosed again: {diagnosed}"));
    }
    tidy(world)
}

/// Every snapshot is whole, and nothing is left over.
fn tidy(world: &World) -> Result<(), String> {
    let verified = world.run(&["snapshot", "verify"]);
    if verified.code != Some(0) {
        return Err(format!("a snapshot is damaged: {verified}"));
    }
    let left: Vec<_> = world
        .tree()
        .into_keys()
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.starts_with(".clawmend") || name == "journal.json"
        })
        .collect();
    if left.is_empty() { Ok(()) } else { Err(format!("left over: {left:?}")) }
}

pub fn failed_anywhere(size: Size) -> String {
    assert!(trace::works(), "strace cannot trace here");
    let mut scenarios = scenarios(false);
    if size.full {
        scenarios.extend(self::scenarios(true));
    }
    let mut points: Vec<(&Scenario, &Call, &'static str)> = Vec::new();
    for scenario in &scenarios {
        for call in &scenario.calls {
            let errors: &[&str] = if call.changes {
                &["ENOSPC", "EIO", "EACCES", "EROFS"]
            } else {
                &["EIO", "EACCES"]
            };
            points.extend(errors.iter().map(|errno| (scenario, call, *errno)));
        }
    }
    let all = points.len();
    let points = sample(points, 250, size);
    let outcomes = each(&points, |(scenario, call, errno)| {
        fail(scenario, call, errno).map_err(|why| {
            format!(
                "{}: {errno} at {} #{}: {why}\n      {}",
                scenario.name, call.name, call.number, call.line
            )
        })
    });
    format!(
        "{} of {all} fault points in {} scenarios: {}",
        points.len(),
        scenarios.len(),
        told(&outcomes)
    )
}

fn fail(scenario: &Scenario, call: &Call, errno: &'static str) -> Result<String, String> {
    let world = scenario.ready.again();
    let Some(out) = scenario.inject(&world, call, Inject::Error(errno)) else {
        return Ok("not reached".to_owned());
    };
    // A second thread counts its calls anew: there the same number was one before the program began.
    if out.code == Some(127) && out.stderr.contains("error while loading shared libraries") {
        return Ok("the loader's own call".to_owned());
    }
    judge(scenario, &world, &out)?;
    let again = scenario.run(&world);
    if again.code != Some(0) {
        return Err(format!("without the fault: {again}\nwith it: {out}"));
    }
    tidy(&world)?;
    if scenario.args[0] != "repair" || !matches!(out.code, Some(0 | 1)) {
        settled(scenario, &world)?;
    }
    Ok(format!("exit {}", out.code.unwrap_or(-1)))
}

/// How a run with a fault may end.
fn judge(scenario: &Scenario, world: &World, out: &Out) -> Result<(), String> {
    let view = View::of(world);
    if out.panicked() {
        return Err(format!("panic: {out}"));
    }
    // A second thread counts its calls anew: there the same number is a call on a folder further up.
    let names_path =
        out.stderr.contains(&world.root().display().to_string()) || out.stderr.contains("`/`");
    let says_what_to_do = out.stderr.contains("\n       ");
    match out.code {
        Some(0) if view.is_like(&scenario.new) => Ok(()),
        // What could not be read was left as it is, and the rest repaired without it.
        Some(0 | 1) => view.is_sound(&scenario.old),
        Some(3 | 4) if view != scenario.old => Err(format!("the state is not as before: {out}")),
        Some(5) => view.is_whole(&scenario.old, &scenario.new),
        Some(3 | 4) => Ok(()),
        _ => Err(format!("ends as it should not: {out}")),
    }?;
    if matches!(out.code, Some(3..=5)) && !(names_path && says_what_to_do) {
        return Err(format!("names no path or no way on: {out}"));
    }
    Ok(())
}

/// One that may not be opened is listed as such, and `restore` does not go on with an older one.
pub fn an_unreadable_snapshot_is_not_overlooked(_size: Size) -> String {
    let world = World::fixture(FILES[1]);
    for _ in 0..2 {
        world.run(&["snapshot", "create"]).expect(0);
    }
    let (_, calls) = trace::calls(&world, &["snapshot", "list"]);
    let opens = |call: &&Call| call.name == "openat" && call.line.contains("-manual\", O_RDONLY");
    let calls: Vec<&Call> = calls.iter().filter(opens).collect();
    let mut listed = 0;
    for call in &calls {
        let refused = Inject::Error("EACCES");
        let out = trace::inject(&world, call, refused, &["snapshot", "list"]).unwrap();
        assert!(out.stdout.starts_with("2 snapshots"), "{out}");
        listed += usize::from(out.stdout.contains("cannot be restored"));
    }
    assert!(listed >= 2, "{listed} of {}", calls.len());
    format!("{listed} listed with their problem")
}

/// A small disk with all but a few kilobytes taken.
pub fn a_full_disk(_size: Size) -> String {
    let mut outcomes = BTreeMap::<String, usize>::new();
    for fixture in [FILES[1], SQLITE] {
        for free_kb in [0usize, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256] {
            let world = World::empty();
            let state = world.state();
            let mut mount = world.command("mount");
            mount.args(["-t", "tmpfs", "-o", "size=3m,mode=700", "none"]).arg(&state);
            if finish(mount).code != Some(0) {
                crate::not_run("no mount here; ENOSPC is injected in points::failed_anywhere");
            }
            let unmount = Unmount(state.clone());
            let full = World::fixture(fixture);
            copy_into(&full, &world);
            fill(&world, free_kb);
            let before = View::of(&world);
            let out = world.run(&["repair", "--yes"]);
            std::fs::remove_file(world.path("ballast")).unwrap();
            let mut before = before;
            before.0.remove("ballast");
            match out.code {
                Some(0) => {}
                Some(3..=5) => {
                    assert_eq!(View::of(&world), before, "{free_kb} kB free: {out}");
                    assert!(out.stderr.contains("full") || out.stderr.contains("free"), "{out}");
                }
                _ => panic!("{free_kb} kB free: {out}"),
            }
            *outcomes.entry(format!("exit {}", out.code.unwrap_or(-1))).or_default() += 1;
            world.run(&["repair", "--yes"]).expect(0);
            world.run(&["diagnose"]).expect(0);
            drop(unmount);
        }
    }
    format!("tmpfs with 0 to 256 kB free, both stores: {}", told(&outcomes))
}

fn copy_into(from: &World, to: &World) {
    for (path, _) in from.tree() {
        let source = from.state().join(&path);
        if source.is_file() {
            to.write(&path.display().to_string(), std::fs::read(source).unwrap());
        }
    }
}

fn fill(world: &World, free_kb: usize) {
    use std::io::Write;
    let path = world.path("ballast");
    let mut file = std::fs::File::create(&path).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    let len = file.metadata().unwrap().len();
    file.set_len(len.saturating_sub(free_kb as u64 * 1024) & !4095).unwrap();
}

/// A restore to the newest snapshot, killed anywhere, and then typed again as it was: the state is as in
/// that snapshot, and not as in the one that the killed run took.
pub fn an_interrupted_restore_typed_again(size: Size) -> String {
    let mut points = Vec::new();
    let mut worlds = Vec::new();
    let ways = [false, true].map(|no_rename_flags| {
        [FILES[1], SQLITE].map(|fixture| World { no_rename_flags, ..World::fixture(fixture) })
    });
    for world in ways.into_iter().flatten() {
        let old = View::of(&world);
        world.run(&["repair", "--yes"]).expect(0);
        let calls = trace::calls(&world.again(), &["restore", "--yes"]).1;
        let calls = calls.into_iter().filter(|call| call.changes);
        points.extend(calls.map(|call| (worlds.len(), call)));
        worlds.push((world, old));
    }
    let all = points.len();
    let points = sample(points, 60, size);
    let outcomes = each(&points, |(at, call)| {
        let (ready, old) = &worlds[*at];
        let world = ready.again();
        let args = ["restore", "--yes"];
        if trace::inject(&world, call, Inject::Kill, &args).is_none() {
            return Ok("not reached".to_owned());
        }
        // After its last write there is nothing left that says that it was not over.
        let over = View::of(&world).is_like(old) && !world.path("clawmend/journal.json").exists();
        if over {
            return Ok("was over".to_owned());
        }
        let again = world.run(&args);
        if again.code != Some(0) || !View::of(&world).is_like(old) {
            return Err(format!("killed at {}: then {again}", call.line));
        }
        let words = [
            ("was rolled back", "rolled back, then restored"),
            ("had changed nothing yet", "begun anew"),
            ("had made all its changes", "finished"),
        ];
        let said = words.iter().find(|(words, _)| again.stderr.contains(words));
        Ok(said.map_or("restored", |(_, what)| what).to_owned())
    });
    format!("{} of {all} kill points: {}", points.len(), told(&outcomes))
}

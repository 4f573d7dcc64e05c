//! One run: where the state is, the stores, what was read and what it means.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::de::IgnoredAny;
use unicode_width::UnicodeWidthStr;

use super::args::Global;
use super::flags;
use super::progress::Progress;
use super::rights;
use super::world::World;
use crate::checks;
use crate::error::Error;
use crate::exit::Exit;
use crate::files::{STORE_LIMIT, read_small};
use crate::finding::Finding;
use crate::image::{FileState, Unread};
use crate::journal::{self, Recovered};
use crate::model::Model;
use crate::model::facts::{Interruption, Kept};
use crate::model::layout::{DATABASE, Part, SNAPSHOTS_DIR};
use crate::platform::Answer;
use crate::read::locate::{Located, locate};
use crate::render::findings::View;
use crate::render::invocation::Invocation;
use crate::render::json::FindingDocument;
use crate::render::{Paint, wrap};
use crate::snapshot::{self, Listed, Summary};
use crate::step::Step;
use crate::store::sqlite::{self, Hold, SqliteStore};
use crate::store::{Stores, json};
use crate::text::safe;

/// How long to wait for a database that somebody holds.
pub const BUSY: Duration = Duration::from_secs(5);

/// Whether the run's one document was begun, so that some of it may be out: a crash leaves no other.
pub static HAS_DOCUMENT: AtomicBool = AtomicBool::new(false);

/// A run's fixed points.
pub struct Context<'w, 'a> {
    /// Streams, clock and environment.
    pub world: &'w mut World<'a>,
    /// The flags that every command takes.
    pub global: Global,
    /// Whether output is coloured.
    pub paint: Paint,
    /// How commands are written in advice: with the flags of this run.
    pub invocation: Invocation,
    /// Where the state is, once it was looked for: one run works on one folder.
    pub located: OnceCell<Located>,
    /// The database's write lock, while a plan is made under it.
    pub hold: Option<Hold>,
    /// The interrupted run that this one took up first.
    pub recovered: Option<Recovered>,
    /// What was warned of, for the document.
    pub warned: Vec<String>,
    /// Why output could not be written, if it could not.
    pub lost: Option<std::io::Error>,
    /// What is told on a terminal when something takes long.
    pub progress: Progress,
}

/// The state as it was read, and what it means.
pub struct State {
    /// The state dir and its config.
    pub located: Located,
    /// What it was read from, and what a change is committed to.
    pub stores: Stores,
    /// The state as checks see it.
    pub model: Model,
    /// What is wrong, worst first.
    pub findings: Vec<Finding>,
}

impl State {
    /// Refuses where the database holds the devices and could not be read: no list of them is an
    /// empty one then.
    ///
    /// # Errors
    /// It could not be read; says why.
    pub fn must_know_devices(&self) -> Result<(), Error> {
        if !self.model.is_database_unread() {
            return Ok(());
        }
        let text = "the database cannot be read, so its devices are not known";
        Err(self.unread(text))
    }

    /// Why nothing of the database is known, where there is one and it could not be read; also beside
    /// files that count.
    pub fn unread_database(&self) -> Option<&Unread> {
        self.model.images.database.as_ref()?.state.as_ref().err()
    }

    /// An error about a database that cannot be read: with what the diagnosis found.
    pub fn unread(&self, text: &str) -> Error {
        let error = Error::failed(text)
            .at(self.located.state_dir.join(DATABASE))
            .hint(Step::clawmend(["diagnose"]).note("says what is wrong with it and what to do"));
        let mut about = self.findings.iter().filter(|finding| finding.place == DATABASE.into());
        match (self.unread_database(), about.next()) {
            (Some(Unread::Held(why)), _) => error.because(why),
            (Some(Unread::Unusable(why)), _) => error.because(crate::text::unusable(why)),
            (_, Some(finding)) => error.because(&finding.says),
            (_, None) => error,
        }
    }

    /// Whether whoever runs this may not write to the state dir. Asks the system, writes nothing.
    pub fn may_not_write(&self) -> bool {
        crate::platform::rights::is_denied(&self.located.state_dir, true)
    }

    /// Whether nothing keeps the CLI out.
    pub fn exit(&self) -> Exit {
        if checks::fails(&self.findings) { Exit::Findings } else { Exit::Done }
    }
}

impl Context<'_, '_> {
    /// Which of several, from 0, in lines that fit the terminal; `None` where none was chosen.
    pub fn choose(&self, question: &str, items: impl Iterator<Item = String>) -> Option<usize> {
        // Room for the picker's mark.
        let width = self.world.width - 4;
        // Whoever presses Enter without reading chooses nothing.
        let items = std::iter::once("none of them".to_owned()).chain(items);
        let items: Vec<_> = items.map(|item| wrap(&safe(&item), width, "", "    ")).collect();
        let question = wrap(&format!("{question} (arrow keys, then Enter)"), width, "", "  ");
        self.progress.end();
        self.world.person.choose(&question, &items)?.checked_sub(1)
    }

    /// What is answered to a question; `None` where it was broken off.
    pub fn confirm(&self, question: &str) -> Option<Answer> {
        self.progress.end();
        self.world.person.confirm(question)
    }

    /// Finds the state dir, once; where root runs this, the process has the rights of its owner from here on.
    ///
    /// # Errors
    /// There is none: says where it looked. Root cannot take the owner's rights.
    pub fn locate(&self) -> Result<Located, Error> {
        if let Some(located) = self.located.get() {
            return Ok(located.clone());
        }
        let located = locate(&flags::locating(&self.global), &self.world.env)?;
        (self.world.become_owner)(&located.state_dir)?;
        Ok(self.located.get_or_init(|| located).clone())
    }

    /// Reads everything and diagnoses it. Changes nothing.
    ///
    /// # Errors
    /// The state dir cannot be opened.
    pub fn read(&self) -> Result<State, Error> {
        // Rights can only be given up by a process without threads, and showing progress starts one.
        self.locate()?;
        self.while_it_takes("reading the state", || self.read_now())
    }

    /// Does work that may take long, and says so to whoever looks on; what follows until the next output counts with it.
    pub fn while_it_takes<T>(&self, what: &'static str, work: impl FnOnce() -> T) -> T {
        let screen = || self.world.person.screen().filter(|_| !self.global.quiet);
        self.progress.begin(screen, what);
        work()
    }

    fn read_now(&self) -> Result<State, Error> {
        let located = self.locate()?;
        let left = journal::interrupted(&located.state_dir)?;
        let (stores, mut model) = self.model(BUSY)?;
        model.facts.interrupted = left.map(|left| interruption(&located, &stores, left));
        // A folder that cannot be read is the snapshot commands' own matter.
        let left = snapshot::leftovers(&located.state_dir, &self.snapshots(&located));
        model.facts.half_built = left.unwrap_or_default();
        if model.lacks_a_part() {
            model.facts.kept = self.kept(&located, model.local_id());
        }
        model.facts.temps = journal::leftovers(&located.state_dir);
        let mut findings = checks::diagnose(&model);
        rights::fit(&mut findings, &located.state_dir, &self.world.env);
        Ok(State { located, stores, model, findings })
    }

    fn kept(&self, located: &Located, local: Option<&str>) -> Kept {
        let folder = self.snapshots(located);
        // A folder that cannot be read is the snapshot commands' own matter.
        let mut own = snapshot::list(&located.state_dir, &folder).unwrap_or_default().own;
        own.retain(|one| one.problem.is_none());
        let in_files = |file: &str| format!("{}/{file}", json::NAME);
        // In the order in which they were taken, the newest first.
        let newest = |pieces: &[String]| {
            let holds = |one: &&Summary| {
                pieces.iter().any(|piece| folder.join(&one.id).join(piece).exists())
            };
            own.iter().find(holds).map(|one| one.id.clone())
        };
        let rows = [sqlite::PIECE.to_owned()];
        let identity = Part::Identity.file().map(in_files).into_iter().chain(rows.clone());
        let config = located.config.file_name().map(|name| in_files(&name.to_string_lossy()));
        let config = config.and_then(|piece| {
            let id = newest(std::slice::from_ref(&piece))?;
            Some(folder.join(id).join(piece))
        });
        let paired = Part::Paired.file().map(in_files).unwrap_or_default();
        let others = |one: &Summary| {
            let FileState::Present { bytes, .. } =
                read_small(&folder.join(&one.id).join(&paired), STORE_LIMIT)
            else {
                return None;
            };
            let records: HashMap<String, IgnoredAny> = serde_json::from_slice(&bytes).ok()?;
            let others = records.keys().filter(|id| Some(id.as_str()) != local).count();
            (others > 0).then(|| (one.id.clone(), others))
        };
        let devices = own.iter().find_map(others);
        let identity = newest(&Vec::from_iter(identity));
        Kept { config, identity, devices, tables: newest(&rows) }
    }

    /// Reads everything; waits so long for a database that somebody holds.
    ///
    /// # Errors
    /// The state dir cannot be opened.
    pub fn model(&self, busy: Duration) -> Result<(Stores, Model), Error> {
        let located = self.locate()?;
        let sqlite = SqliteStore::new(located.state_dir.clone(), busy).with_hold(self.hold.clone());
        crate::read::read(&located, &self.world.env, self.world.now_ms, sqlite)
    }

    /// How this run shows findings: its width, its colour, how much of them.
    pub fn view(&self) -> View<'_> {
        View {
            invocation: &self.invocation,
            paint: self.paint,
            width: self.world.width,
            verbose: self.global.verbose,
            quiet: self.global.quiet,
            numbered: None,
            told: &[],
            notes: true,
            as_root: false,
        }
    }

    /// Findings as they stand in JSON, commands with the flags of this run.
    pub fn documents(&self, findings: &[Finding]) -> Vec<FindingDocument> {
        findings.iter().map(|finding| FindingDocument::of(finding, &self.invocation)).collect()
    }

    /// The folder of the snapshots: `--snapshot-dir`, else the one in the state dir.
    pub fn snapshots(&self, located: &Located) -> PathBuf {
        match &self.global.snapshot_dir {
            Some(dir) => self.world.env.cwd.join(dir),
            None => located.state_dir.join(SNAPSHOTS_DIR),
        }
    }

    /// Where the snapshots are kept, and all that are there.
    ///
    /// # Errors
    /// There is no state dir, or the folder cannot be read.
    pub fn listed(&self) -> Result<(Located, PathBuf, Listed), Error> {
        let located = self.locate()?;
        let folder = self.snapshots(&located);
        let list = || snapshot::list(&located.state_dir, &folder);
        let listed = self.while_it_takes("reading the snapshots", list)?;
        Ok((located, folder, listed))
    }

    /// Fresh random bytes.
    ///
    /// # Errors
    /// The system gives none.
    pub fn random(&mut self) -> Result<[u8; 32], Error> {
        (self.world.random)().ok_or_else(|| {
            Error::failed("the system gives no random bytes for a token")
                .hint("nothing was changed; try again")
        })
    }

    /// Writes to stdout; a failure is kept in `lost` and told at the end.
    pub fn print(&mut self, text: &str) {
        self.progress.end();
        let text = neutral(text);
        // The command goes on: what it does matters more than what it says. The end says it.
        if let Err(error) = self.world.out.write_all(text.as_bytes()) {
            self.lost.get_or_insert(error);
        }
    }

    /// Prints data and a line break.
    pub fn say(&mut self, text: &str) {
        self.print(&format!("{text}\n"));
    }

    /// Prints a sentence, wrapped to the terminal's width.
    pub fn say_wrapped(&mut self, text: &str) {
        self.say_under("", "  ", text);
    }

    /// The same, its first line behind `first` and the others behind `rest`.
    pub fn say_under(&mut self, first: &str, rest: &str, text: &str) {
        let text = wrap(text, self.world.width, first, rest);
        self.say(&text);
    }

    /// Prints a step; its command stays in one piece.
    pub fn say_step(&mut self, step: &Step) {
        self.say_step_under("", "  ", step);
    }

    /// The same, its first line behind `first` and the others behind `rest`.
    pub fn say_step_under(&mut self, first: &str, rest: &str, step: &Step) {
        let text = self.invocation.wrapped(step, self.world.width, first, rest);
        self.say(&text);
    }

    /// Prints a note; not with `--quiet`. What is indented far is a command, and stays in one piece.
    pub fn note(&mut self, text: &str) {
        if self.global.quiet {
            return;
        }
        let width = self.told_width();
        let lines = neutral(text);
        let lines = lines.lines().map(|line| match line.width() > width {
            true if !line.starts_with("      ") => wrap(line, width, "", "      "),
            _ => line.to_owned(),
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        self.tell(&format!("{text}\n"));
    }

    /// Tells what a person or a script has to know of what it asked for: also with `--quiet`, and in the document.
    pub fn warn(&mut self, text: String) {
        let text = self.invocation.in_words(&text);
        let line = wrap(&format!("note: {}", safe(&text)), self.told_width(), "", "      ");
        self.tell(&format!("{line}\n"));
        self.warned.push(text);
    }

    /// How wide what is told beside the output may be: a log keeps each line whole.
    pub fn told_width(&self) -> usize {
        if self.world.out_is_terminal { self.world.width } else { usize::MAX }
    }

    /// Writes to stderr, after what stdout still holds back.
    pub fn tell(&mut self, text: &str) {
        self.progress.end();
        // On a terminal both stand below each other in the order in which they were said.
        let _ = self.world.out.flush();
        let _ = self.world.err.write_all(text.as_bytes());
    }

    /// A step in one line, as it is typed in this run.
    pub fn typed(&self, step: &Step) -> String {
        self.invocation.line(step)
    }

    /// Prints a JSON document to stdout.
    pub fn json(&mut self, document: &impl serde::Serialize) {
        HAS_DOCUMENT.store(true, Ordering::Relaxed);
        self.print(&crate::text::json(document));
    }

    /// How a path is shown: relative to the state dir where it lies in it.
    pub fn name(located: &Located) -> impl Fn(&Path) -> String {
        let dir = located.state_dir.to_path_buf();
        move |path| crate::platform::shown(path.strip_prefix(&dir).unwrap_or(path))
    }
}

/// The last line of defence: whatever a caller forgot, nothing but line breaks and colours controls
/// the terminal or turns the text around.
fn neutral(text: &str) -> std::borrow::Cow<'_, str> {
    let harmless = |c: char| crate::text::harmless(c) || c == '\n' || c == crate::text::JOINER;
    if text.chars().all(harmless) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let colour = rest.strip_prefix("\u{1b}[").and_then(|code| {
            let end = code.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
            code.get(end..)?.starts_with('m').then_some(end + 3)
        });
        let take = colour.unwrap_or(c.len_utf8());
        let (now, later) = rest.split_at_checked(take).unwrap_or((rest, ""));
        if colour.is_some() || harmless(c) {
            out.push_str(now);
        } else {
            out.push_str(&format!("\\u{{{:x}}}", c as u32));
        }
        rest = later;
    }
    out.into()
}

fn interruption(located: &Located, stores: &Stores, left: journal::Interrupted) -> Interruption {
    match left {
        journal::Interrupted::Apply(record) => {
            let what = format!(
                "`clawmend {}` of {}, snapshot {}",
                record.command,
                crate::text::utc(record.started_at_ms),
                record.snapshot
            );
            match journal::other_config_of(&located.state_dir, &record, stores) {
                Some(config) => Interruption::OtherConfig(what, config),
                None => Interruption::Run(what),
            }
        }
        journal::Interrupted::Unreadable(why) => {
            Interruption::Run(format!("its journal cannot be read: {why}"))
        }
        journal::Interrupted::NotYours { owner } => Interruption::NotYours { owner },
    }
}

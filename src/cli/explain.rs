//! `clawmend explain`: the long story of a finding, found by code, failure mode or error text.

mod input;
mod lookup;
mod story;
mod unknown;

use super::args;
use super::context::{Context, State};
use super::next::{Next, next, next_for};
use crate::checks::messages::Match;
use crate::checks::reports::FailureMode;
use crate::checks::{self, Check};
use crate::error::Error;
use crate::exit::Exit;
use crate::finding::{Finding, Severity, locks_out};
use crate::render::findings;
use crate::render::invocation::Invocation;
use crate::render::json::{ExplainDocument, Head, MessageDocument};
use crate::render::{prose, wrap};
use crate::snapshot;
use crate::step::Step;
use crate::text::{ago, local_and_utc, safe};
use lookup::{Matches, each_told, matching};
use story::{explanation, list, long_story, story};
use unknown::unknown;

/// How many findings are told at length; more are listed.
const AT_LENGTH: usize = 2;
/// How many further messages of a text are told.
const MOST_OTHERS: usize = 3;

/// Explains.
pub(super) fn run(context: &mut Context, args: &args::Explain) -> Result<Exit, Error> {
    let Some(text) = input::pasted(context, args)? else { return Ok(list(context)) };
    let found = matching(&text);
    if found.is_empty() {
        return Err(unknown(context, &text));
    }
    let is_message = !found.messages.is_empty();
    // What is found here says more than any list; no state dir is no obstacle.
    let answer = Reply::of(found, &text, context.read().ok());
    if context.global.json {
        context.json(&answer.document(&context.invocation));
        return Ok(Exit::Done);
    }
    if is_message {
        answer.tell(context)
    } else {
        answer.tell_named(context)
    }
    Ok(Exit::Done)
}

/// What a text means, and what of it is found here.
struct Reply {
    /// The most telling message: one whose cause is found here goes before those whose are not.
    message: Option<Match>,
    /// The messages of its other lines.
    others: Vec<Match>,
    report: Option<&'static FailureMode>,
    checks: Vec<&'static Check>,
    looked: Option<State>,
}

impl Reply {
    fn of(found: Matches, text: &str, looked: Option<State>) -> Self {
        let is_here = |one: &Match| {
            let here = looked.as_ref().map_or(&[][..], |state| &state.findings);
            let blocks = |check: &&Check| {
                here.iter().any(|finding| finding.code == check.code && finding.severity.fails())
            };
            one.is_telling() && one.checks.iter().any(blocks)
        };
        let at = found.messages.iter().position(is_here).unwrap_or(0);
        let message = found.messages.get(at).cloned();
        let is_main = |one: &Match| message.as_ref().is_some_and(|main| main.is_the_same(one));
        let others = each_told(text, &found.messages).into_iter().filter(|one| !is_main(one));
        let others = others.take(MOST_OTHERS).cloned().collect();
        let checks = message.as_ref().map_or(found.named, |message| message.checks.clone());
        Self { message, others, report: found.report, checks, looked }
    }

    fn here(&self) -> &[Finding] {
        self.looked.as_ref().map_or(&[], |state| &state.findings)
    }

    fn is_here(&self, check: &Check) -> bool {
        self.here().iter().any(|finding| finding.code == check.code)
    }

    fn dir(&self) -> Option<String> {
        let state = self.looked.as_ref()?;
        Some(safe(&crate::platform::shown(&state.located.state_dir)))
    }

    fn document(&self, invocation: &Invocation) -> ExplainDocument {
        let found_here = self
            .here()
            .iter()
            .filter(|finding| self.checks.iter().any(|check| check.code == finding.code));
        let told = |one: &Match, found_here: Vec<String>| MessageDocument {
            means: one.message.map_or_else(String::new, |message| message.means.to_owned()),
            advice: one
                .message
                .map_or_else(String::new, |message| invocation.in_words(message.advice)),
            found_here,
        };
        let found_here = found_here.map(|finding| finding.code.to_string()).collect();
        let message = self.message.as_ref().filter(|one| one.message.is_some());
        ExplainDocument {
            head: Head::of("explain"),
            message: message.map(|one| told(one, found_here)),
            others: self.others.iter().map(|one| told(one, self.codes_here(one))).collect(),
            explanations: self.checks.iter().map(|check| explanation(check, invocation)).collect(),
        }
    }

    /// The codes of what causes a message and is found here.
    fn codes_here(&self, one: &Match) -> Vec<String> {
        let checks = one.checks.iter().filter(|check| self.is_here(check));
        checks.map(|check| check.code.to_string()).collect()
    }

    /// The messages of the text, one after the other.
    fn tell(&self, context: &mut Context) {
        self.tell_first(context);
        let width = context.world.width;
        for other in &self.others {
            context.say("");
            about(context, "The text holds another message too", other);
            let (means, advice) =
                other.message.map_or(("", ""), |message| (message.means, message.advice));
            say_prose(context, "What it means: ", means);
            match (self.codes_here(other).as_slice(), other.checks.as_slice()) {
                ([], [check]) if advice.is_empty() => {
                    say_deed(context, "What repairs it: ", check.repair);
                }
                ([], _) => say_deed(context, "What to do: ", advice),
                (codes, _) => {
                    let text = format!("Found here too: {}", codes.join(", "));
                    context.say(&wrap(&text, width, "", "  "));
                }
            }
        }
    }

    /// A message: what to do, what it means, and where it is found or may be.
    fn tell_first(&self, context: &mut Context) {
        let width = context.world.width;
        let message = self.message.as_ref().and_then(|found| found.message);
        if let Some(found) = &self.message {
            about(context, "About", found);
        }
        let (means, advice) = message.map_or(("", ""), |message| (message.means, message.advice));
        let is_here = self.checks.iter().any(|check| self.is_here(check));
        let other =
            |state: &&State| !is_here && !self.checks.is_empty() && locks_out(&state.findings);
        if let Some(state) = self.looked.as_ref().filter(other) {
            context.say(&wrap("Something else blocks now, so this comes first:", width, "", ""));
            let failing = state.findings.iter().filter(|finding| finding.severity.fails());
            let failing: Vec<Finding> = failing.cloned().collect();
            let next = next(context, state);
            context.say(&format!("\n{}", context.paint.bold(&next.text(width))));
            let text = findings::all(&failing, next.below(context.view()));
            context.print(&format!("\n{text}\n"));
            say_deed(context, "What to do then: ", advice);
            say_prose(context, "What the message means: ", means);
            return;
        }
        let is_well = |state: &&State| !is_here && !checks::fails(&state.findings);
        if let Some(repaired) = self.looked.as_ref().filter(is_well).and_then(|_| repaired(context))
        {
            context.say(&wrap(&repaired, width, "", ""));
            context.say("");
        }
        if let Some(state) = self.looked.as_ref().filter(|_| is_here) {
            let next = self.tell_next(context, state);
            if next.is_none() {
                say_deed(context, "What to do: ", advice);
            }
            say_prose(context, "What it means: ", means);
            if context.global.verbose {
                self.stories(context);
            } else {
                self.found_here(context, state, next.as_ref());
            }
            return;
        }
        say_deed(context, "What to do: ", advice);
        if advice.is_empty()
            && !context.global.verbose
            && let [check] = self.checks.as_slice()
        {
            say_deed(context, "What repairs it: ", check.repair);
            say_deed(context, "By hand: ", check.by_hand);
        }
        say_prose(context, "What it means: ", means);
        if context.global.verbose {
            self.stories(context);
            context.say("");
        }
        self.elsewhere(context);
    }

    fn fits(&self, finding: &Finding) -> bool {
        self.checks.iter().any(|check| check.code == finding.code)
    }

    /// What to type now, if anything.
    fn tell_next(&self, context: &mut Context, state: &State) -> Option<Next> {
        let next = next_for(context, state, |finding| self.fits(finding))?;
        context.say(&context.paint.bold(&next.text(context.world.width)));
        context.say("");
        Some(next)
    }

    /// What is found here and fits: the short story. The rest on demand.
    fn found_here(&self, context: &mut Context, state: &State, next: Option<&Next>) {
        let mine = state.findings.iter().filter(|finding| self.fits(finding));
        let mine: Vec<Finding> = mine.cloned().collect();
        context.say(&format!("Found in {}:\n", self.dir().unwrap_or_default()));
        let view = context.view();
        let text = findings::all(&mine, next.map_or(view, |next| next.below(view)));
        context.print(&text);
        let text = "add -v for the long story with the reports";
        context.say("");
        context.say(&context.paint.dim(&wrap(text, context.world.width, "More:  ", "       ")));
    }

    /// Nothing of it is found here: where else to look.
    fn elsewhere(&self, context: &mut Context) {
        let width = context.world.width;
        if self.looked.as_ref().is_some_and(|state| checks::fails(&state.findings)) {
            let look = Step::diagnose().after("Something else is wrong here; to see it");
            context.say_step(&look);
            return;
        }
        let heading = match self.dir() {
            Some(dir) => format!("Nothing that causes it is found in {dir}. Where else it may be:"),
            None => "No state dir of OpenClaw is found here. Where it may be:".to_owned(),
        };
        context.say(&wrap(&heading, width, "", ""));
        const OTHER: &str = "another state dir of this machine";
        let known: Vec<Step> = match &self.looked {
            Some(state) => {
                let trees = state.model.facts.other_trees.iter();
                trees.map(|tree| Step::look_at(tree.path.clone()).after(OTHER)).collect()
            }
            None => {
                let there = crate::read::locate::everywhere(&context.world.env);
                there.iter().map(|one| one.step().after(OTHER).note(one.about())).collect()
            }
        };
        for step in known.into_iter().take(AT_LENGTH).chain(places()) {
            context.say_step_under("- ", "  ", &step);
        }
        if !self.checks.is_empty() {
            let text = "add -v to see each possible cause";
            context.say("");
            context.say(&context.paint.dim(&wrap(text, width, "More:  ", "       ")));
        }
    }

    /// Every cause: what is found here first, and at length.
    fn stories(&self, context: &mut Context) {
        let (mine, others): (Vec<&Check>, Vec<&Check>) =
            self.checks.iter().copied().partition(|check| self.is_here(check));
        let (at_length, listed) = match (mine.is_empty(), others.len() <= AT_LENGTH) {
            (false, _) => (mine.clone(), others),
            (true, true) => (others, Vec::new()),
            (true, false) => (Vec::new(), others),
        };
        if let Some(dir) = self.dir().filter(|_| !mine.is_empty()) {
            context.say(&format!("Found in {dir}:\n"));
        }
        for (at, check) in at_length.iter().enumerate() {
            if at > 0 {
                context.say("");
            }
            story(context, check);
        }
        if listed.is_empty() {
            return;
        }
        if !at_length.is_empty() {
            context.say("");
        }
        let heading = match mine.is_empty() {
            true => "Each of these findings causes it:",
            false => "Other findings that cause it:",
        };
        context.say(heading);
        for check in listed {
            context.say(&story::titled(check, context.world.width, "  "));
        }
        long_story(context);
    }

    /// A finding or a failure mode by its name.
    fn tell_named(&self, context: &mut Context) {
        let width = context.world.width;
        if let Some(report) = self.report {
            let text = format!("{}: {}", report.mode, report.name);
            let text = context.paint.bold(&wrap(&text, width, "", "     "));
            context.say(&text);
            context.say(&wrap(&report.refs().join(", "), width, "  reports   ", "            "));
            context.say("");
        }
        match self.looked.as_ref().filter(|_| !context.global.verbose) {
            Some(state) if self.checks.iter().any(|check| self.is_here(check)) => {
                let next = self.tell_next(context, state);
                self.found_here(context, state, next.as_ref());
            }
            _ => {
                if let Some(dir) =
                    self.dir().filter(|_| !self.checks.iter().any(|check| self.is_here(check)))
                {
                    let is_unsure = |one: &Finding| one.severity == Severity::Unchecked;
                    let unsure = match self.here().iter().any(is_unsure) {
                        true => ", but something there could not be checked",
                        false => "",
                    };
                    context.say(&wrap(&format!("Not found in {dir}{unsure}."), width, "", "  "));
                    context.say("");
                }
                self.stories(context);
            }
        }
    }
}

/// Names a message.
fn about(context: &mut Context, label: &str, found: &Match) {
    let text = found.text.replace('…', "...");
    let open = text.matches('(').count() > text.matches(')').count();
    let text = text.trim().trim_end_matches(['.', ':']);
    let text = format!("{label}: {text}{}", if open { ")" } else { "" });
    context.say(&context.paint.bold(&wrap(&text, context.world.width, "", "  ")));
    context.say("");
}

/// Where a message comes from that nothing here causes, and how to look there.
fn places() -> [Step; 4] {
    [
        Step::look_at("DIR")
            .after("another state dir: the start of the gateway's log names the one it uses"),
        Step::run("ps", ["-eo", "user,args"])
            .after("another user: the gateway's service may run as root or as a user of its own")
            .note("shows which user runs openclaw; put `sudo -u USER` before clawmend"),
        Step::run("docker", ["inspect", "-f", "{{.Mounts}}", "NAME"])
            .after("a container (`docker ps` names it)")
            .note("shows its folder on this machine, for --state-dir"),
        // The place that most people forget.
        Step::run("openclaw", ["dashboard"])
            .after("the browser: if the web page shows the message, it is about the browser's own saved token")
            .note("opens the page with a new one"),
    ]
}

/// A sentence under a label, with a blank line after it; nothing where there is none.
fn say_prose(context: &mut Context, label: &str, text: &str) {
    if !text.is_empty() {
        context.say(&prose(text, context.world.width, label, "  "));
        context.say("");
    }
}

/// The same of what is to be done: its commands are for the state of this run.
fn say_deed(context: &mut Context<'_, '_>, label: &str, text: &str) {
    let text = context.invocation.in_words(text);
    say_prose(context, label, &text);
}

/// How long ago a repair is still news: milliseconds.
const NEWS_MS: i64 = 24 * 3_600_000;

/// That clawmend repaired this state a short time ago, so that an older message is answered by it.
fn repaired(context: &Context) -> Option<String> {
    let located = context.locate().ok()?;
    let listed = snapshot::list(&located.state_dir, &context.snapshots(&located)).ok()?;
    let last = *snapshot::undoable(&listed.own).first()?;
    let at = last.time_ms?;
    let is_news = context.world.now_ms.saturating_sub(at) < NEWS_MS;
    let repairs = ["repair", "approve"].contains(&last.command.as_str());
    (is_news && repairs).then(|| {
        format!(
            "clawmend changed this state with `clawmend {}` at {} ({}), and nothing locks this machine's CLI out now. \
             If the message is older than that, try openclaw again.",
            last.command,
            local_and_utc(at, context.world.utc_offset),
            ago(at, context.world.now_ms)
        )
    })
}

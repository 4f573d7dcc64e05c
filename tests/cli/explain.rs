//! What people paste: messages of OpenClaw, release by release, bare and as they stand on a terminal.

use clawmend::checks::messages::{self, Match};
use clawmend::cli::world::{Answer, Person};
use clawmend::exit::Exit;

use crate::support::{Answers, Sandbox};

/// One message a line: release, what is expected (a finding's code, or `=` and words of the answer), text.
const CORPUS: &str = include_str!("explain_corpus.tsv");

fn corpus() -> Vec<(&'static str, String)> {
    let lines = CORPUS.lines().map(|line| {
        let mut cells = line.splitn(3, '\t').skip(1);
        let (expected, text) = (cells.next().unwrap(), cells.next().unwrap());
        (expected, text.replace("\\n", "\n"))
    });
    lines.collect()
}

/// What is wrong with the answer to a text, if anything is.
fn fault(expected: &str, text: &str) -> Option<String> {
    let found = messages::find(text);
    let Some(best) = found.first() else {
        return Some(format!("unknown: {text}"));
    };
    let answer =
        |best: &Match| best.message.map_or(String::new(), |m| format!("{} {}", m.means, m.advice));
    let is_right = match expected.strip_prefix('=') {
        Some(words) => answer(best).to_lowercase().contains(&words.to_lowercase()),
        None => best.checks.iter().any(|check| check.code.0 == expected),
    };
    let codes: Vec<&str> = best.checks.iter().map(|check| check.code.0).collect();
    (!is_right).then(|| format!("{text}\n  wants {expected}, got `{}` {codes:?}", best.text))
}

fn none_of(faults: impl Iterator<Item = Option<String>>) {
    let faults: Vec<String> = faults.flatten().collect();
    assert!(faults.is_empty(), "{} of them:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn each_message_of_the_corpus_is_known() {
    assert!(corpus().len() >= 150);
    none_of(corpus().iter().map(|(expected, text)| fault(expected, text)));
}

/// The same in another case, with other quotes, with `_` and `-` for blanks.
#[test]
fn a_message_is_known_in_other_spellings() {
    none_of(corpus().iter().map(|(expected, text)| fault(expected, &text.to_uppercase())));
    let quoted = |text: &str| text.replace(['"', '\'', '`'], "\u{201c}");
    none_of(corpus().iter().map(|(expected, text)| fault(expected, &quoted(text))));
    let json = |text: &str| format!("{{\"msg\":{}}}", serde_json::to_string(text).unwrap());
    none_of(corpus().iter().map(|(expected, text)| fault(expected, &json(text))));
}

/// A terminal's page: prompt, banner, colours, times, a frame that breaks words, a stack trace.
fn page(text: &str) -> String {
    let mut page = String::from(
        "\u{1b}]0;ann@claw\u{7}\u{1b}[32mann@claw\u{1b}[0m:~$ openclaw devices list\n\n\u{1b}[1m🦞 OpenClaw\u{1b}[0m 2026.5.28 (e932160) — One CLI to rule them all.\n\n│\n◇  \n",
    );
    for line in text.lines() {
        let letters: Vec<char> = line.chars().collect();
        for piece in letters.chunks(37) {
            let piece: String = piece.iter().collect();
            page.push_str(&format!("│ \u{1b}[31m{piece}\u{1b}[0m │\r\n"));
        }
    }
    page.push_str("    at Object.onClose (file:///app/dist/call-rN1k4f-b.js:3026:10)\n    at WebSocket.emit (node:events:519:28)\n2026-05-28T10:11:12.345+02:00 [ws] → close durationMs=7 lastFrameMethod=connect\nann@claw:~$ ");
    page
}

#[test]
fn a_message_is_known_on_a_pasted_page() {
    none_of(corpus().iter().map(|(expected, text)| fault(expected, &page(text))));
}

/// Somebody who pipes a text into the program.
struct Pipe(Vec<u8>);

impl Person for Pipe {
    fn is_there(&self) -> bool {
        false
    }
    fn pipes(&self) -> bool {
        true
    }
    fn input(&self) -> Box<dyn std::io::Read> {
        Box::new(std::io::Cursor::new(self.0.clone()))
    }
    fn confirm(&self, _question: &str) -> Option<Answer> {
        None
    }
    fn choose(&self, _question: &str, _items: &[String]) -> Option<usize> {
        None
    }
}

const LOCKED: &str = "2026.5.28-scope-upgrade-pending";

#[test]
fn a_log_comes_by_a_pipe_or_from_a_file_and_the_remedy_stands_first() {
    let sandbox = Sandbox::fixture(LOCKED);
    let log = Pipe(page("gateway closed (1008): pairing required").into_bytes());
    let path = sandbox.home().join("gateway.log");
    std::fs::write(&path, &log.0).unwrap();
    for args in
        [&["explain"][..], &["explain", "-"], &["explain", "--file", path.to_str().unwrap()]]
    {
        let run = sandbox.run_with(args, &log).expect(Exit::Done);
        let remedy = run.stdout.find("clawmend repair --dry-run").expect(&run.stdout);
        let means = run.stdout.find("What it means:").expect(&run.stdout);
        assert!(remedy < means, "{}", run.text());
    }
}

/// An error that went past the pipe: never the list, which is no answer.
#[test]
fn nothing_piped_in_or_pasted_says_so_and_nothing_typed_is_asked_for() {
    let sandbox = Sandbox::fixture(LOCKED);
    for blank in ["", " \n"] {
        for args in [&["explain"][..], &["explain", "-"]] {
            let run = sandbox.run_with(args, &Pipe(blank.into())).expect(Exit::Refused);
            assert!(run.stderr.contains("nothing came"), "{}", run.text());
            assert!(run.stderr.contains("2>&1") && run.stdout.is_empty(), "{}", run.text());
        }
    }
    for quiet in [&[][..], &["-q"]] {
        let person = Answers::confirming(None);
        let run = sandbox.run_with(&[quiet, &["explain"]].concat(), &person).expect(Exit::Refused);
        assert!(run.stderr.contains("Paste the message"), "{}", run.text());
    }
    sandbox.run(&["explain", "--file", "/nowhere/at/all"]).expect(Exit::Refused);
}

/// Who has just come from `explain` is not sent there again.
#[test]
fn an_answer_leads_on_and_never_back_to_explain() {
    let sandbox = Sandbox::fixture("2026.9.6-sqlite-read-only");
    let db = rusqlite::Connection::open(sandbox.path("state/openclaw.sqlite")).unwrap();
    db.execute("DELETE FROM device_identities", []).unwrap();
    drop(db);
    let run = sandbox.run(&["explain", "device identity required"]).expect(Exit::Done);
    let said = run.stdout.lines().skip(1).find(|line| !line.is_empty()).unwrap();
    assert!(["Now type:", "Choose one, and type it:"].contains(&said), "{}", run.text());
    assert!(run.stdout.contains("repair --new-identity"), "{}", run.text());
    for (_, text) in &corpus() {
        let run = sandbox.run_with(&["explain", "-"], &Pipe(text.clone().into()));
        assert!(!run.expect(Exit::Done).stdout.contains("then paste what openclaw says"), "{text}");
    }
}

#[test]
fn what_is_no_text_ends_and_a_message_at_its_end_is_found() {
    let sandbox = Sandbox::fixture(LOCKED);
    let mut bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    sandbox.run_with(&["explain", "-"], &Pipe(bytes.clone())).expect(Exit::Refused);
    bytes.extend("\r\ndevice token mismatch\r\n".encode_utf16().flat_map(u16::to_le_bytes));
    let run = sandbox.run_with(&["explain", "-"], &Pipe(bytes)).expect(Exit::Done);
    assert!(run.stdout.contains("device_token_mismatch"), "{}", run.text());
}

/// What is pasted may hold a token: nothing of it is said again.
#[test]
fn what_was_pasted_is_not_said_again() {
    let sandbox = Sandbox::fixture(LOCKED);
    for text in [
        "gateway closed (1008): pairing required --token hunterhunter https://x/?token=hunterhunter",
        "Cannot find package '@hunterhunter/ai'",
        "plugin path not found: /opt/hunterhunter",
        "nothing known, token=hunterhunter",
    ] {
        for args in [&["explain", "-"][..], &["-v", "explain", "-"], &["--json", "explain", "-"]] {
            let run = sandbox.run_with(args, &Pipe(text.into()));
            assert!(!run.text().contains("hunterhunter"), "{args:?}: {}", run.text());
        }
    }
}

#[test]
fn a_plain_answer_says_what_to_do_first() {
    let sandbox = Sandbox::empty();
    let run =
        sandbox.run(&["explain", "Error: ENOSPC: no space left on device"]).expect(Exit::Done);
    let todo = run.stdout.find("What to do: Free space first").expect(&run.stdout);
    assert!(todo < run.stdout.find("What it means:").unwrap(), "{}", run.text());
    assert!(!run.stdout.contains("Where"), "{}", run.text());
}

/// Where nothing of it is found here: places and how to look there, no list of codes.
#[test]
fn what_is_not_found_here_has_likely_places() {
    let repaired = Sandbox::fixture(LOCKED);
    repaired.run(&["repair", "--yes"]).expect(Exit::Done);
    for there in [&[][..], &["--state-dir", "/nowhere/at/all"]] {
        let run =
            repaired.run(&[there, &["explain", "pairing required"]].concat()).expect(Exit::Done);
        for place in ["--state-dir DIR", "sudo -u USER", "docker ps", "openclaw dashboard"] {
            assert!(run.stdout.contains(place), "{place}: {}", run.text());
        }
        let codes = run.stdout.matches("cli-").count();
        assert!(codes == 0 && run.stdout.lines().count() < 24, "{}", run.text());
        let args = [there, &["-v", "explain", "pairing required"]].concat();
        let long = repaired.run(&args).expect(Exit::Done);
        assert!(long.stdout.contains("cli-not-paired"), "{}", long.text());
    }
}

#[test]
fn an_unknown_text_ends_with_what_to_send_where() {
    let run = Sandbox::empty().run(&["explain", "the lamp is blue today"]).expect(Exit::Refused);
    let said = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("/issues") && said.contains("openclaw --version"), "{}", run.text());
    assert!(!said.contains("lamp"), "{}", run.text());
}

/// A message that is older than the repair, one whose cause is not what blocks now, and none at all.
#[test]
fn what_is_true_now_comes_first() {
    const MESSAGE: &str =
        "gateway closed (1008): pairing required: device is asking for more scopes";
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let run = sandbox.run(&["explain", "Cron jobs:", "one"]).expect(Exit::Refused);
    assert!(
        run.stderr.contains("no error message") && run.stderr.contains("locked out"),
        "{}",
        run.text()
    );
    sandbox.run(&["explain", "an error nobody knows"]).expect(Exit::Refused);

    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    sandbox.now_ms.set(sandbox.now_ms.get() + 120_000);
    let run = sandbox.run(&["explain", MESSAGE]).expect(Exit::Done);
    let text = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let repaired = text.find("clawmend changed this state with `clawmend repair` at").expect(&text);
    assert!(
        text.contains("try openclaw again") && repaired < text.find("What it means").unwrap(),
        "{text}"
    );
    let run = sandbox.run(&["explain", "No cron jobs."]).expect(Exit::Refused);
    assert!(run.stderr.contains("healthy") && run.stderr.contains("/issues"), "{}", run.text());
    // Of a repair that was taken back nothing is said.
    sandbox.run(&["undo", "--yes"]).expect(Exit::Done);
    let run = sandbox.run(&["explain", MESSAGE]).expect(Exit::Done);
    assert!(!run.stdout.contains("changed this state"), "{}", run.text());

    std::fs::remove_dir_all(sandbox.path("identity")).unwrap();
    let run = sandbox.run(&["explain", "device token mismatch"]).expect(Exit::Done);
    let at = |what: &str| run.stdout.find(what).unwrap_or_else(|| panic!("{what}: {}", run.text()));
    let order = ["Something else blocks", "Choose one", "[identity-missing]", "means"].map(at);
    assert!(order.is_sorted(), "{}", run.text());
}

/// Of a state that is locked out, or may be, nothing says that it is repaired; and of one that may be, not that it is.
#[test]
fn a_repair_is_told_only_where_nothing_keeps_the_cli_out_now() {
    const MESSAGES: [&str; 2] = ["EADDRINUSE: address already in use", "pairing required"];
    let repaired = |spoil: fn(&Sandbox)| {
        let sandbox = Sandbox::fixture(LOCKED);
        sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
        spoil(&sandbox);
        sandbox
    };
    let says = |sandbox: &Sandbox, message: &str| {
        sandbox.run(&["explain", message]).expect(Exit::Done).stdout.contains("changed this state")
    };
    let well = repaired(|_| ());
    let locked = repaired(|sandbox| std::fs::remove_dir_all(sandbox.path("identity")).unwrap());
    let unchecked = repaired(|sandbox| {
        std::fs::remove_file(sandbox.path("devices/paired.json")).unwrap();
        std::fs::create_dir(sandbox.path("devices/paired.json")).unwrap();
    });
    for message in MESSAGES {
        assert!(says(&well, message) && !says(&locked, message), "{message}");
        assert!(!says(&unchecked, message), "{message}");
    }
    let findings = unchecked.run(&["--json"]).json()["findings"].clone();
    assert_eq!(findings[0]["severity"], "unchecked", "{findings}");
    let run = unchecked.run(&["explain", "No cron jobs."]).expect(Exit::Refused);
    assert!(run.stderr.contains("could not be checked"), "{}", run.text());
    assert!(!run.stderr.contains("is locked out"), "{}", run.text());
}

/// Pasted in the place of a command it is explained, quoted or not; a secret in such a place is not said again.
#[test]
fn a_message_in_the_place_of_a_command_is_explained() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    for words in [
        &["gateway closed (1008): pairing required"][..],
        &["pairing", "required"],
        &["--no-color-please x y"],
    ] {
        let args = [&["--json"][..], words].concat();
        let run = sandbox.run(&args);
        if words[0].starts_with('-') {
            assert_eq!(run.exit, Exit::Usage);
            continue;
        }
        assert_eq!(run.json()["command"], "explain", "{}", run.text());
        let run = sandbox.run(words).expect(Exit::Done);
        assert!(run.stdout.starts_with("About: pairing required"), "{}", run.text());
    }
    for secret in ["Vrj1_j258mhmci7lPFTO1eXBa4DabTaqC4otZKUY1YM", "my secret words"] {
        let run = sandbox.run(&[secret]);
        assert!(!run.text().contains(secret), "{}", run.text());
    }
}

#[test]
fn a_code_says_first_what_to_do_and_whether_it_is_found_here() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let here = sandbox.run(&["explain", "cli-scopes-missing"]).expect(Exit::Done).stdout;
    assert!(here.starts_with("Now type:") || here.contains("\nNow type:"), "{here}");
    assert!(here.find("Now type:") < here.find("why"), "{here}");
    let other = sandbox.run(&["explain", "store-not-an-object"]).expect(Exit::Done).stdout;
    assert!(other.contains("Not found in /home/.openclaw"), "{other}");
    assert!(other.find("  repair ").unwrap() < other.find("  why ").unwrap(), "{other}");
    assert!(other.find("  by hand ").unwrap() < other.find("  why ").unwrap(), "{other}");
}

#[test]
fn a_log_with_several_messages_explains_each() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    let log = "Gateway start blocked: set gateway.mode=local (current: unset)\nsome line\nunauthorized: device token mismatch (rotate/reissue device token)\n";
    let run = sandbox.run(&["explain", log]).expect(Exit::Done);
    assert!(run.stdout.contains("About: "), "{}", run.text());
    assert_eq!(run.stdout.matches("another message too: ").count(), 1, "{}", run.text());
    let json = sandbox.run(&["explain", "--json", log]).json();
    assert_eq!(json["others"].as_array().unwrap().len(), 1, "{json}");
    // The newest lines of a long one count.
    let long = format!("{}{log}", "[gateway] tick\n".repeat(600));
    let json = sandbox.run(&["explain", "--json", &long]).json();
    assert_eq!(json["others"].as_array().unwrap().len(), 1, "{json}");
    // One message in many words is one.
    let one = "unauthorized: device token mismatch (rotate/reissue device token)";
    let run = sandbox.run(&["explain", one]).expect(Exit::Done);
    assert!(!run.stdout.contains("another message too"), "{}", run.text());
}

#[test]
fn what_a_browser_is_told_gets_likely_places_too() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    for message in ["origin not allowed", "control ui requires device identity"] {
        let run = sandbox.run(&["explain", message]).expect(Exit::Done);
        assert!(run.stdout.contains("docker inspect"), "{message}: {}", run.text());
    }
}

/// Every command in an answer, also one in the middle of a sentence, is for the state of the run.
#[test]
fn commands_in_an_answer_carry_the_flags_of_the_run() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let elsewhere = sandbox.home().join("elsewhere");
    std::fs::rename(sandbox.state(), &elsewhere).unwrap();
    let dir = elsewhere.to_str().unwrap();
    let texts = CORPUS.lines().filter_map(|line| line.splitn(3, '\t').nth(2));
    for text in texts.chain(["disconnected (4008): connect failed", "cli-scopes-missing"]) {
        for verbose in [&[][..], &["-v"]] {
            let args = [&["--state-dir", dir, "explain", text][..], verbose].concat();
            let told = sandbox.run(&args).stdout;
            // Below the message itself, which may name a command, and without what it means.
            let told = told.split_once("\n\n").unwrap_or_default().1;
            let told = told.split("means: ").next().unwrap_or_default().to_owned()
                + told.split("\nFound in").nth(1).unwrap_or_default();
            let bare = |word: &str| {
                let mut commands = told.match_indices(word).map(|(at, _)| told.split_at(at));
                commands.any(|(before, command)| {
                    let is_typed = before.ends_with(['`', '\n']) || before.ends_with("  ");
                    let line = command.lines().next().unwrap_or_default();
                    let is_whole = ["/home/elsewhere", " DIR"].iter().any(|one| line.contains(one));
                    is_typed && !is_whole
                })
            };
            assert!(!bare("clawmend "), "{text}\n{told}");
            assert!(!bare("openclaw "), "{text}\n{told}");
        }
    }
}

#[test]
fn a_command_that_prints_no_json_is_named_with_its_arguments() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let run = sandbox.run(&["--json", "completions", "bash"]);
    assert!(run.stdout.contains("\"completions\",\n          \"bash\""), "{}", run.stdout);
}

#[test]
fn an_unknown_message_is_followed_by_the_places_to_look() {
    let sandbox = Sandbox::fixture("2026.5.28-scope-upgrade-pending");
    let told = sandbox.run(&["explain", "blub error 42"]).expect(Exit::Refused).stderr;
    for place in ["--state-dir DIR", "ps -eo user,args", "docker inspect", "openclaw dashboard"] {
        assert!(told.contains(place), "{told}");
    }
}

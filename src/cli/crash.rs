//! What a crash may give away: nothing. The memory of a run holds tokens and private keys.

use std::ffi::OsString;
use std::io::Write;
use std::panic::Location;
use std::sync::atomic::Ordering;

use super::context::HAS_DOCUMENT;
use super::{flags, misuse};
use crate::error::{Error, Kind};
use crate::journal;
use crate::render::invocation::Invocation;
use crate::render::json::{ErrorBody, ErrorDocument, Head};
use crate::step::Step;

/// No core file, and a panic of the run with these arguments says where and not what: its text may quote state.
/// It ends with an exit code of the table, and with `--json` it leaves a document. Called once, first.
pub fn keep_quiet(argv: &[OsString], program: Vec<String>) {
    crate::platform::no_core();
    // Known before: a panic in the hook would end the process without a word.
    let (command, mut global) = misuse::meant(argv);
    flags::make_absolute(&mut global, &std::env::current_dir().unwrap_or_default());
    let flags = flags::of_run(&global);
    let invocation = Invocation { program, flags, ..Invocation::default() };
    let asks_for_json = misuse::asks_for_json(argv);
    std::panic::set_hook(Box::new(move |info| {
        let kind = if journal::is_open() { Kind::HalfDone } else { Kind::Failed };
        let error = Error::new(kind, said(info.location()));
        let diagnose = Step::clawmend(["diagnose"]).after(WHOLE).note(NEXT);
        let hints = [diagnose, Step::text(REPORT)];
        let lines = hints.iter().map(|hint| format!("       {}\n", invocation.line(hint)));
        let text = format!("error: {error}\n{}", lines.collect::<String>());
        let _ = std::io::stderr().write_all(text.as_bytes());
        if asks_for_json && !HAS_DOCUMENT.load(Ordering::Relaxed) {
            let body = ErrorBody::of(&error, &hints, &invocation);
            let document = ErrorDocument { head: Head::of(&command), error: body };
            let mut out = std::io::stdout();
            let text = crate::text::json(&document);
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        }
        std::process::exit(error.exit().code().into());
    }));
}

const WHOLE: &str = "every file is whole, old or new; to see what is there";
const NEXT: &str = "the next writing command goes on from it";
const REPORT: &str = "please report the line above; it holds nothing of your state";

fn said(place: Option<&Location<'_>>) -> String {
    let place = place
        .map_or_else(|| "an unknown place".to_owned(), |at| format!("{}:{}", at.file(), at.line()));
    format!("clawmend {} has a bug and stopped at {place}", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    fn crashed(argv: &str, begun: &str) -> (Option<i32>, String, String) {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "cli::crash::tests::a_panic_is_an_error_document_without_its_text"])
            .arg("--nocapture")
            .env("CLAWMEND_TEST_ARGV", argv)
            .env("CLAWMEND_TEST_BEGUN", begun)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    /// In a process of its own, which this test is too where the variable is set.
    #[test]
    fn a_panic_is_an_error_document_without_its_text() {
        if let Ok(argv) = std::env::var("CLAWMEND_TEST_ARGV") {
            let argv: Vec<_> = argv.split(' ').map(OsString::from).collect();
            keep_quiet(&argv, vec!["npx".to_owned(), "clawmend".to_owned()]);
            let root = tempfile::tempdir().unwrap();
            let state_dir = crate::files::StateDir::from(root.path());
            match std::env::var("CLAWMEND_TEST_BEGUN").unwrap().as_str() {
                "document" => HAS_DOCUMENT.store(true, Ordering::Relaxed),
                "change" => journal::open(&state_dir, &journal::RunRecord::default()).unwrap(),
                "changed" => {
                    journal::open(&state_dir, &journal::RunRecord::default()).unwrap();
                    journal::close(&state_dir).unwrap();
                }
                _ => {}
            }
            let text = "a token in the panic's text";
            std::thread::spawn(move || panic!("{text}")).join().unwrap();
        }
        let flags = "--state-dir /srv/x --profile=work";
        for (argv, command, begun, exit) in [
            ("--json", "diagnose", "", Exit::Failed),
            ("--json repair --yes", "repair", "change", Exit::HalfDone),
            ("--json backup", "snapshot", "change", Exit::HalfDone),
            ("--json repair --yes", "repair", "changed", Exit::Failed),
            ("--json repair --dry-run", "repair", "", Exit::Failed),
        ] {
            let (code, out, err) = crashed(&format!("clawmend {flags} {argv}"), begun);
            assert_eq!(code, Some(exit.code().into()), "{out}{err}");
            assert!(!out.contains("token") && !err.contains("token"), "{out}{err}");
            assert!(err.contains("has a bug") && err.contains("crash.rs:"), "{err}");
            let diagnose = "npx clawmend --state-dir /srv/x --profile work diagnose";
            assert!(err.contains(diagnose), "{err}");
            // The harness has said that it runs one test.
            let json = out.split_at(out.find('{').unwrap()).1;
            let document: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(document["command"], command);
            assert_eq!(document["error"]["exit"], exit.code());
            assert!(document["error"]["message"].as_str().unwrap().contains("crash.rs:"), "{json}");
            let typed = document["error"]["hints"][0]["command"].as_array().unwrap();
            assert!(diagnose.split(' ').eq(typed.iter().map(|word| word.as_str().unwrap())));
        }
        for (argv, begun) in [("clawmend repair", ""), ("clawmend --json", "document")] {
            let (_, out, err) = crashed(argv, begun);
            assert!(!out.contains('{') && err.contains("has a bug"), "{out}{err}");
        }
    }
}

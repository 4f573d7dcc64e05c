//! What a crash may give away: nothing. The memory of a run holds tokens and private keys.

use std::ffi::OsString;
use std::io::Write;
use std::panic::Location;

use super::misuse;
use crate::error::{Error, Kind};
use crate::render::invocation::Invocation;
use crate::render::json::{ErrorBody, ErrorDocument, Head};
use crate::step::Step;

/// No core file, and a panic of the run with these arguments says where and not what: its text may quote state.
/// It ends with an exit code of the table, and with `--json` it leaves a document. Called once, first.
pub fn keep_quiet(argv: Vec<OsString>) {
    crate::platform::no_core();
    std::panic::set_hook(Box::new(move |info| {
        let said = said(info.location());
        let text =
            format!("error: {said}\n       {WHOLE}: `clawmend diagnose` {NEXT}\n       {REPORT}\n");
        let _ = std::io::stderr().write_all(text.as_bytes());
        let command = misuse::meant(&argv);
        // A change may have begun: its journal is what the next command that writes looks for.
        let kind = match command.as_str() {
            "repair" | "approve" | "restore" | "undo" => Kind::HalfDone,
            _ => Kind::Failed,
        };
        let error = Error::new(kind, said);
        if misuse::asks_for_json(&argv) {
            let diagnose = Step::clawmend(["diagnose"]).note(NEXT);
            let hints = [Step::text(WHOLE), diagnose, Step::text(REPORT)];
            let body = ErrorBody::of(&error, &hints, &Invocation::default());
            let document = ErrorDocument { head: Head::of(&command), error: body };
            let mut out = std::io::stdout();
            let text = crate::text::json(&document);
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        }
        std::process::exit(error.exit().code().into());
    }));
}

const WHOLE: &str = "every file is whole, old or new";
const NEXT: &str = "says what is there, and the next writing command goes on from it";
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

    fn crashed(argv: &str) -> std::process::Output {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "cli::crash::tests::a_panic_is_an_error_document_without_its_text"])
            .arg("--nocapture")
            .env("CLAWMEND_TEST_ARGV", argv)
            .output()
            .unwrap()
    }

    /// In a process of its own, which this test is too where the variable is set.
    #[test]
    fn a_panic_is_an_error_document_without_its_text() {
        if let Ok(argv) = std::env::var("CLAWMEND_TEST_ARGV") {
            keep_quiet(argv.split(' ').map(OsString::from).collect());
            let text = "a token in the panic's text";
            std::thread::spawn(move || panic!("{text}")).join().unwrap();
        }
        for (argv, command, exit) in [
            ("clawmend --json", "diagnose", Exit::Failed),
            ("clawmend --json repair --yes", "repair", Exit::HalfDone),
        ] {
            let output = crashed(argv);
            let (out, err) = (&output.stdout, String::from_utf8(output.stderr).unwrap());
            let out = String::from_utf8(out.clone()).unwrap();
            assert_eq!(output.status.code(), Some(exit.code().into()), "{out}{err}");
            assert!(!out.contains("token") && !err.contains("token"), "{out}{err}");
            assert!(err.contains("has a bug") && err.contains("crash.rs:"), "{err}");
            // The harness has said that it runs one test.
            let json = out.split_at(out.find('{').unwrap()).1;
            let document: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(document["command"], command);
            assert_eq!(document["error"]["exit"], exit.code());
            assert!(document["error"]["message"].as_str().unwrap().contains("crash.rs:"), "{json}");
            assert_eq!(document["error"]["hints"][1]["command"][1], "diagnose", "{json}");
        }
        let plain = crashed("clawmend repair");
        assert!(!String::from_utf8(plain.stdout).unwrap().contains('{'));
    }
}

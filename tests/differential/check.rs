//! One case: diagnosed, repaired, diagnosed again, restored, each beside the reference.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::generate::{self, Case, Random};
use crate::support::{Run, Sandbox};

const FIXTURE: &str = "2026.5.28-scope-upgrade-pending";
const PAIRED: &str = "devices/paired.json";

/// One Node process for many questions.
pub struct Reference {
    node: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Reference {
    pub fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/target/differential/reference.mjs");
        let mut node = Command::new("node")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is not there");
        let (ask, answers) = (node.stdin.take().unwrap(), node.stdout.take().unwrap());
        Self { node, ask, answers: BufReader::new(answers) }
    }

    /// What it reads in a text; `None`: it refuses it.
    pub fn parse(&mut self, json5: bool, text: &[u8]) -> Option<Value> {
        let line = json!({ "json5": json5, "text": STANDARD.encode(text) });
        writeln!(self.ask, "{line}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        let mut answer: Value =
            serde_json::from_str(&answer).expect("no answer: run tests/differential/run.sh");
        (answer["ok"] == true).then(|| answer["value"].take())
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        let _ = self.node.kill();
        let _ = self.node.wait();
    }
}

pub fn case(seed: u64, reference: &mut Reference) -> String {
    let mut random = Random(seed);
    let kind = random.below(3);
    if kind == 2 {
        return crate::database::case(random, reference);
    }
    let sandbox = Sandbox::fixture(FIXTURE);
    let is_config = kind == 0;
    let own = sandbox.json(PAIRED);
    let (own_id, own) = own.as_object().unwrap().iter().next().unwrap();
    let (file, case) = match is_config {
        true => ("openclaw.json", generate::config(&mut random)),
        false => (PAIRED, generate::store(&mut random, (own_id, own))),
    };
    sandbox.write(file, &case.text);
    let told = |run: Run| quiet(&case, run);

    let before = reference.parse(is_config, &case.text);
    let original = sandbox.contents();
    let first = told(sandbox.run(&["diagnose", "--json"]));
    told(sandbox.run(&["diagnose", "-v"]));
    assert_eq!(sandbox.contents(), original, "diagnose changed something");
    // The same verdict on the text as the reference.
    let findings = first.json()["findings"].clone();
    let broken = findings.as_array().into_iter().flatten().any(|finding| {
        let code = finding["code"].as_str().unwrap_or_default();
        let here = finding["place"]["file"].as_str().unwrap_or_default().contains("paired");
        let codes = ["store-broken", "store-empty", "store-unreadable"];
        code == "config-unparsable" || code == "config-empty" || (codes.contains(&code) && here)
    });
    assert_eq!(
        broken,
        before.is_none(),
        "reference: {before:?}; {}\n{}",
        shown(&case),
        first.text()
    );

    let repaired = told(sandbox.run(&["repair", "--yes", "--json"]));
    let exit = repaired.exit.code();
    assert!(exit <= 4, "{}", repaired.text());
    let report: Value = serde_json::from_str(&repaired.stdout).unwrap_or_default();
    let changed = report["changed"] == true;
    let bytes = std::fs::read(sandbox.path(file)).unwrap_or_default();
    if changed && bytes != case.text {
        let after = reference.parse(is_config, &bytes);
        let after = after
            .unwrap_or_else(|| panic!("written, and not read by the reference: {}", shown(&case)));
        edited(&case, file, before.as_ref(), &after, &bytes, &report, (own_id, own));
    }
    if !changed {
        assert_eq!(sandbox.contents(), original, "said to be unchanged: {}", repaired.text());
    }
    let second = told(sandbox.run(&["diagnose", "--json"]));
    if exit == 0 {
        assert_eq!(second.exit.code(), 0, "Done, and then {}\n{}", second.text(), shown(&case));
        let again = told(sandbox.run(&["repair", "--yes", "--json"]));
        assert_eq!(again.json()["changed"], false, "repaired twice: {}", again.text());
    }
    if changed {
        let back = told(sandbox.run(&["restore", "--yes"]));
        assert_eq!(back.exit.code(), 0, "{}\n{}", back.text(), shown(&case));
        assert_eq!(sandbox.contents(), original, "restored to something else: {}", shown(&case));
    }
    let what = if is_config { "config" } else { "store" };
    let read = if before.is_some() { "read" } else { "refused" };
    format!("{what} {read} by the reference, repair exits {exit}")
}

/// What an edit may have done to the file, and nothing else.
fn edited(
    case: &Case,
    file: &str,
    before: Option<&Value>,
    after: &Value,
    bytes: &[u8],
    report: &Value,
    (own_id, own): (&str, &Value),
) {
    let text = String::from_utf8_lossy(bytes);
    if file == PAIRED {
        let records = after.as_object().expect("a store is an object");
        for (id, record) in records {
            assert!(!case.never.contains(id), "a nested object was paired: {}", shown(case));
            if id == own_id {
                continue;
            }
            let stood = case.kept.iter().any(|kept| kept.contains(id.as_str()));
            assert!(stood || case.mangled, "{id} came from nowhere: {}", shown(case));
            if let Some(before) = before.and_then(|before| before.get(id)) {
                // A time that is missing is set, for whomever it is: without it an import stops.
                let mut record = record.clone();
                for time in ["createdAtMs", "approvedAtMs"] {
                    if before.get(time).is_none() {
                        record.as_object_mut().unwrap().remove(time);
                    }
                }
                assert_eq!(record, *before, "{}", shown(case));
            }
        }
        if let Some(before) = before {
            for (id, record) in before.as_object().into_iter().flatten() {
                let whole = is_whole(id, record);
                assert!(!whole || records.contains_key(id), "{id} was taken out: {}", shown(case));
            }
            assert_eq!(after[own_id]["publicKey"], own["publicKey"]);
        }
    }
    if before.is_some() && !case.mangled {
        for kept in &case.kept {
            assert!(
                text.contains(kept.as_str()),
                "not kept: {kept}\nof {}\nin {text}",
                shown(case)
            );
        }
    }
    if let (true, Some(before)) = (file == "openclaw.json", before) {
        let subjects: Vec<&str> = report["edits"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|edit| {
                edit["place"]["file"].as_str().is_some_and(|file| file.ends_with("openclaw.json"))
            })
            .filter_map(|edit| edit["place"]["key"].as_str())
            .collect();
        let mut paths = Vec::new();
        differences(before, after, "", &mut paths);
        for path in paths {
            let known = |subject: &&str| path.starts_with(*subject) || subject.starts_with(&path);
            assert!(
                subjects.iter().any(known),
                "{path} changed, told: {subjects:?}: {}",
                shown(case)
            );
        }
    }
}

/// Whether OpenClaw takes a record for the device that it stands for.
pub fn is_whole(id: &str, record: &Value) -> bool {
    let key = record["publicKey"].as_str().and_then(|key| URL_SAFE_NO_PAD.decode(key).ok());
    record["deviceId"] == id && key.is_some_and(|key| clawmend::files::hash::of(&key) == id)
}

fn differences(one: &Value, other: &Value, at: &str, found: &mut Vec<String>) {
    if one == other {
        return;
    }
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                match (one.get(key), other.get(key)) {
                    (Some(one), Some(other)) => differences(one, other, &path, found),
                    _ => found.push(path),
                }
            }
        }
        _ => found.push(at.to_owned()),
    }
}

/// No secret in any output, and no crash.
pub fn quiet(case: &Case, run: Run) -> Run {
    let text = run.text();
    for canary in &case.canaries {
        // A shown tail of a token is four letters long.
        let told = text.contains(&canary[..16]) || text.contains(&canary[10..]);
        assert!(!told, "{canary} in {text}\nof {}", shown(case));
    }
    assert!(run.exit.code() <= 5, "{text}\nof {}", shown(case));
    run
}

fn shown(case: &Case) -> String {
    format!("{:?}", String::from_utf8_lossy(&case.text))
}

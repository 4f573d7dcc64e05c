//! What a person says yes to is what is done, and nothing else.

use clawmend::cli::world::{Answer, Person};
use clawmend::exit::Exit;

use super::people::locked;
use crate::support::{Answers, Sandbox};

/// Somebody else writes while the question is open; the answer is a yes.
struct Meddler<'s>(&'s Sandbox, &'static str);

impl Person for Meddler<'_> {
    fn is_there(&self) -> bool {
        true
    }
    fn confirm(&self, _question: &str) -> Option<Answer> {
        let before = self.0.read("devices/paired.json");
        self.0.write("devices/paired.json", before.replacen('{', self.1, 1));
        Some(Answer::Yes)
    }
    fn choose(&self, _question: &str, _items: &[String]) -> Option<usize> {
        None
    }
}

#[test]
fn a_restore_of_what_changed_under_the_question_is_refused_and_shown_again() {
    let sandbox = locked();
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    let run = sandbox.run_with(&["restore", "--force"], &Meddler(&sandbox, "{ \"z\": {},"));
    let run = run.expect(Exit::Refused);
    assert!(run.stderr.contains("look at them again: clawmend restore "), "{}", run.text());
    // What would go now was not in the first preview, and stands in the second.
    assert_eq!(run.stdout.matches("What would change").count(), 2, "{}", run.text());
    assert!(run.stdout.contains("\n-{ \"****\": {},\n"), "{}", run.text());
    assert!(sandbox.read("devices/paired.json").contains("\"z\""), "nothing was put back");
}

#[test]
fn what_is_beside_the_changes_may_change_under_the_question() {
    let sandbox = locked();
    let person = Meddler(&sandbox, "{  ");
    sandbox.run_with(&["repair"], &person).expect(Exit::Done);
    assert!(sandbox.read("devices/paired.json").starts_with("{  "));
}

#[test]
fn a_restore_has_edits_with_reasons_and_names_the_restart_at_the_question() {
    let sandbox = locked();
    let bad = sandbox.read("openclaw.json").replacen("\"loopback\"", "\"local\"", 1);
    sandbox.write("openclaw.json", &bad);
    sandbox.run(&["repair", "--yes"]).expect(Exit::Done);
    assert_ne!(sandbox.read("openclaw.json"), bad, "the config was repaired too");
    let person = Answers::confirming(Some(false));
    let run = sandbox.run_with(&["restore"], &person).expect(Exit::Refused);
    assert!(run.stdout.contains("Back to what it was when snapshot"), "{}", run.text());
    assert!(person.asked.borrow()[0].contains("the config needs a gateway restart"));
    let run = sandbox.run(&["restore", "--dry-run", "--json"]);
    let edits = run.json()["edits"].as_array().unwrap().clone();
    assert!(edits.len() >= 3, "{edits:?}");
    assert!(edits.iter().all(|edit| !edit["why"].as_str().unwrap().is_empty()));
}

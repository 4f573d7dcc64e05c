//! Questions at the terminal, answered with a line.
//!
//! On Windows Ctrl-C ends the program at once, and nothing in `std` can catch it: a question that
//! hides the cursor while it waits for a key would leave it hidden. A line leaves the cursor alone.
//! Nothing is written before a question is answered, so there is nothing to take back then.

use std::io::{BufRead, Write};

/// What a person answers to a question that has changes behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Go on.
    Yes,
    /// Everything that is no other answer.
    No,
    /// Show the changes line by line, then ask again.
    Diff,
}

/// What a line answers; `None` where the input ends.
pub fn confirm(question: &str) -> Option<Answer> {
    confirm_with(question, |prompt| {
        line(prompt, &mut std::io::stdin().lock(), &mut std::io::stderr())
    })
}

/// What a whole line answers: `y` or `yes`, or `d`. Anything else is a no: whoever typed it did not read
/// the question, or pasted something.
pub fn confirm_with(question: &str, line: impl FnOnce(&str) -> Option<String>) -> Option<Answer> {
    let answer = line(&format!("{question} "))?;
    Some(match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Answer::Yes,
        "d" | "diff" => Answer::Diff,
        _ => Answer::No,
    })
}

/// One of several; `None` where nothing is chosen.
pub fn choose(question: &str, items: &[String]) -> Option<usize> {
    choose_on(question, items, &mut std::io::stdin().lock(), &mut std::io::stderr())
}

fn choose_on(
    question: &str,
    items: &[String],
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> Option<usize> {
    let mut prompt = format!("{question}\n");
    for (at, item) in items.iter().enumerate() {
        prompt.push_str(&format!("  {}  {item}\n", at + 1));
    }
    prompt.push_str("Its number (none: Enter): ");
    loop {
        let answer = line(&prompt, input, out)?;
        if answer.is_empty() {
            return None;
        }
        let number = answer.parse::<usize>().ok();
        if let Some(at) = number.and_then(|number| number.checked_sub(1))
            && at < items.len()
        {
            return Some(at);
        }
    }
}

/// A line without the space around it; `None` at the end of the input.
fn line(prompt: &str, input: &mut dyn BufRead, out: &mut dyn Write) -> Option<String> {
    out.write_all(prompt.as_bytes()).ok()?;
    out.flush().ok()?;
    let mut answer = String::new();
    match input.read_line(&mut answer) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(answer.trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_yes_is_one() {
        let ask = |typed: &str| {
            confirm_with("Go?", |prompt| line(prompt, &mut typed.as_bytes(), &mut Vec::new()))
        };
        for yes in ["y\n", "Y\r\n", " yes \n", "YES"] {
            assert_eq!(ask(yes), Some(Answer::Yes), "{yes:?}");
        }
        for no in
            ["\n", "n\n", "why\n", "yes please\n", "why\nyes\n", "y\u{1b}\n", "done\n", "d y\n"]
        {
            assert_eq!(ask(no), Some(Answer::No), "{no:?}");
        }
        for diff in ["d\n", " D\r\n", "diff\ny\n"] {
            assert_eq!(ask(diff), Some(Answer::Diff), "{diff:?}");
        }
        assert_eq!(ask(""), None);
    }

    #[test]
    fn one_of_several_is_its_number() {
        let items = ["a".to_owned(), "b".to_owned()];
        let mut shown = Vec::new();
        let mut ask = |typed: &str| choose_on("Which?", &items, &mut typed.as_bytes(), &mut shown);
        assert_eq!(ask("2\n"), Some(1));
        assert_eq!(ask("0\n3\n-1\n1\n"), Some(0));
        assert_eq!(ask("\n"), None);
        assert_eq!(ask(""), None);
        let shown = String::from_utf8(shown).unwrap();
        assert!(shown.starts_with("Which?\n  1  a\n  2  b\nIts number"), "{shown}");
        assert!(!shown.contains('\u{1b}'), "the cursor is left alone");
    }
}

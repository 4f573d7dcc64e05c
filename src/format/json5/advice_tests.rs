//! Configs broken in every way that was seen, and at every mark: who types what is advised has a config again.

use serde_json::Value;

use super::super::{masked, parse};
use super::advice;

const SECRET: &str = "abcdef0123456789abcdef0123456789";
const PRETTY: &str = r#"{
  // my gateway
  "gateway": {
    "mode": "local",
    "port": 18789,
    "bind": "loopback",
    "auth": {
      "mode": "token",
      "token": "abcdef0123456789abcdef0123456789"
    },
    "trustedProxies": ["10.0.0.1", "10.0.0.2"]
  },
  "agents": {
    "list": [
      { "id": "main", "name": "Clawd" },
      { "id": "two", "name": "Deux" }
    ]
  },
  "channels": { "telegram": { "enabled": true, "botToken": "123:abc" } }
}
"#;
const BARE: &str = "{
\tgateway: {
\t\tmode: 'local',
\t\tbind: 'lan', // for the tablet
\t\tauth: { token: 'abcdef0123456789abcdef0123456789' },
\t\tcontrolUi: {
\t\t\tallowedOrigins: [
\t\t\t\t'http://10.0.0.5:18789',
\t\t\t],
\t\t},
\t},
\tlogging: { level: 'info', },
}
";
const LINE: &str = r#"{"meta":{"lastTouchedVersion":"2026.5.28"},"gateway":{"mode":"local","auth":{"mode":"token","token":"abcdef0123456789abcdef0123456789"},"port":18789},"agents":{"list":[{"id":"main"}]}}"#;

fn sections(value: &Value) -> Vec<&String> {
    value.as_object().into_iter().flatten().map(|(key, _)| key).collect()
}

/// Types what is advised until the text parses.
fn followed(text: &str) -> (Option<Value>, Vec<String>, String) {
    let mut text = text.to_owned();
    let mut told = Vec::new();
    for _ in 0..8 {
        if let Ok(value) = parse(text.as_bytes()) {
            return (Some(value), told, text);
        }
        let Some(advice) = advice(text.as_bytes()) else { break };
        assert!(!advice.words.contains("abcdef") && !advice.words.contains("Clawd"), "{advice:?}");
        told.push(advice.words);
        text = advice.typed;
    }
    (None, told, text)
}

/// What became of the broken texts.
#[derive(Debug, Default)]
struct Count {
    all: usize,
    same: usize,
    parses: usize,
    untold: usize,
    bad: Vec<String>,
}

impl Count {
    fn add(&mut self, name: &str, broken: &str, whole: &Value) {
        if parse(broken.as_bytes()).is_ok() {
            return;
        }
        self.all += 1;
        assert!(!masked(broken).contains(SECRET), "{broken}");
        let (end, told, text) = followed(broken);
        match end {
            Some(end) if end == *whole => self.same += 1,
            Some(end) if sections(whole).iter().all(|key| end.get(key.as_str()).is_some()) => {
                self.parses += 1;
                if std::env::var_os("CLAWMEND_SHOW").is_some() {
                    self.bad.push(format!("other {name}: {told:?}\n{text}"));
                }
            }
            None if told.is_empty() => self.untold += 1,
            _ => self.bad.push(format!("{name}: {told:?}\n{text}")),
        }
    }
}

#[test]
fn whatever_mark_is_broken_the_advice_mends_it() {
    let mut count = Count::default();
    for (name, text) in [("pretty", PRETTY), ("bare", BARE), ("line", LINE)] {
        let whole = parse(text.as_bytes()).unwrap();
        let marks = text.char_indices().filter(|(_, c)| "{}[],:\"'/".contains(*c));
        for (turn, (at, mark)) in marks.enumerate() {
            let (before, behind) = (&text[..at], &text[at + 1..]);
            let others = [
                ",", ":", ";", "{", "}", "[", "]", "\"", "'", "“", "”", "：", "，", "=", ".", "(",
                ")",
            ];
            let one = others[turn % others.len()];
            let two = others[(turn * 7 + 3) % others.len()];
            let (twice, invisible) = (format!("{mark}{mark}"), format!("{mark}\u{200b}"));
            let mut kinds = vec!["", &twice, &invisible, one, two];
            if std::env::var_os("CLAWMEND_SHOW").is_some() {
                kinds.extend(others);
            }
            for with in kinds {
                let broken = format!("{before}{with}{behind}");
                let line = before.matches('\n').count() + 1;
                count.add(&format!("{name} line {line}: {mark} is {with:?}"), &broken, &whole);
            }
        }
    }
    let Count { all, same, parses, untold, bad } = &count;
    let figures = format!(
        "{all} texts: {same} as before, {parses} parse, {untold} untold, {} bad",
        bad.len()
    );
    assert!(bad.is_empty(), "{figures}\n{}", bad.join("\n"));
    assert!(same * 100 >= all * 97 && *untold == 0, "{figures}");
}

/// Each slip with what is told first, and how many edits it takes.
#[test]
fn the_common_slips_are_named_with_what_to_type() {
    let whole = parse(PRETTY.as_bytes()).unwrap();
    let swap = |from: &str, to: &str| {
        assert!(PRETTY.contains(from), "{from}");
        PRETTY.replacen(from, to, 1)
    };
    let numbered: String =
        PRETTY.lines().enumerate().map(|(at, line)| format!("{} {line}\n", at + 1)).collect();
    let cases = [
        (swap("\"local\",\n", "\"local\"\n"), "type a comma (,) there"),
        (swap("18789,", "18789;"), "type a comma (,) in place of the ;"),
        (swap("18789,", "18789，"), "type a comma (,) in place of the ，"),
        (swap("18789,", "18789."), "type a comma (,) in place of the dot"),
        (swap("\"local\",", "\"local\"."), "type a comma (,) in place of the dot"),
        (swap("18789,", "18789,,"), "remove the comma"),
        (swap("\"auth\": {\n", "\"auth\": {\n,"), "remove the comma"),
        (swap("\"port\":", "\"port\"："), "type a colon (:) in place of the ："),
        (swap("\"port\":", "\"port\";"), "type a colon (:) in place of the ;"),
        (swap("\"port\":", "\"port\" ="), "type a colon (:) in place of the ="),
        (swap("\"port\": 18789,", "port = 18789"), "type a colon (:) in place of the ="),
        (swap("    \"port\"", "    export CLAW_PORT=18789\n    \"port\""), "remove this line"),
        (swap("\"port\":", "\"port\" =>"), "type a colon (:) in place of what stands there"),
        (swap("\"port\":", "\"port\""), "type a colon (:) before it"),
        (swap("\"port\":", "\"port\"::"), "remove the colon"),
        (swap("\"port\":", "\"port:\""), "type the colon behind the quote"),
        (swap("\"port\":", "\"port:"), "behind the text"),
        (swap("\"port\":", "🦞\"port\":"), "remove what stands there"),
        (swap("\"loopback\",", "\"loopback\",:wq"), "remove what stands there"),
        (swap("\"loopback\",", "\"loopback\":wq,"), "remove what stands there"),
        (swap("    \"port\"", ":q!\n    \"port\""), "remove what stands there"),
        (swap("18789,", "18789,:x"), "remove what stands there"),
        (swap("\"port\": ", "\"port\": \u{200b}"), "remove the invisible character (U+200B)"),
        (swap("\"10.0.0.2\"]", "\"10.0.0.2\"}"), "type ] in place of the }"),
        (swap("\"10.0.0.2\"]", "\"10.0.0.2\""), "type ] there"),
        (
            swap("[\"10.0.0.1\", \"10.0.0.2\"]", "(\"10.0.0.1\", \"10.0.0.2\")"),
            "type [ in place of the (",
        ),
        (swap("\"10.0.0.1\"", "10.0.0.1"), "a quote (\") before and behind the text"),
        (swap("\"10.0.0.1\", ", "\"10.0.0.1\" "), "type a comma (,) before it"),
        (swap("\"local\"", "\"\"local\"\""), "remove one of the two quotes"),
        (swap("\"local\"", "\"local\"\""), "remove the quote"),
        (swap("\"local\",", "\"local,"), "type a quote (\") behind the text"),
        (swap("\"local\",", "local\","), "type a quote (\") before the text"),
        (swap("\"loopback\"", "loopback"), "before and behind the text"),
        (swap("\"loopback\"", "“loopback”"), "straight quotes (\") in place of “ and ”"),
        (swap("\"loopback\"", "`loopback`"), "straight quotes"),
        (swap("\"loopback\"", "「loopback」"), "straight quotes"),
        (swap("\"bind\"", "“bind”"), "straight quotes"),
        (swap("\"gateway\": {", "\"gateway\":"), "type { behind the colon"),
        (swap("    },\n    \"trusted", "    \"trusted"), "type }, there"),
        (swap("  \"agents\"", "  },\n  \"agents\""), "remove the }"),
        (PRETTY.trim_end()[..PRETTY.len() - 2].to_owned(), "type } there, at the end of the file"),
        (format!("{PRETTY}}}\n"), "remove the }"),
        (PRETTY[1..].to_owned(), "type { before it"),
        (swap("// my gateway", "-- my gateway"), "remove the line, or type // at its beginning"),
        (swap("// my gateway", "# my gateway"), "type // in place of the #"),
        (swap("// my gateway", "<!-- my gateway -->"), "remove the line"),
        (swap("// my gateway", "..."), "remove the line"),
        (swap("// my gateway", "/* my gateway"), "type */"),
        (format!("```json\n{PRETTY}```\n"), "remove"),
        (format!("$ cat openclaw.json\n{PRETTY}"), "remove"),
        (format!("module.exports = {PRETTY}"), "remove what stands before the first {"),
        (format!("{PRETTY};"), "remove the ;"),
        (format!("{PRETTY}\nsaved by vim\n"), "remove"),
        (format!("{PRETTY}{PRETTY}"), "remove what follows (a second gateway"),
        (numbered, "remove the numbers or marks"),
        (PRETTY.lines().map(|line| format!("> {line}\n")).collect(), "remove the numbers or marks"),
        (swap("true", "True"), "small letters"),
        (swap("true", "yes"), "type true in place of it"),
        (swap("18789", "18,789"), "the comma within the number"),
        (swap("18789", "018789"), "remove the 0"),
        (swap("18789", "18789px"), "the letters behind the number"),
        (swap("\"loopback\"", "\"loop\nback\""), "remove the line break"),
        (swap("\"loopback\"", "\"loopback\" | \"lan\""), "keep one value"),
        (
            swap("\"loopback\",", "\"loopback\", or \"lan\""),
            "remove the rest of the line from there",
        ),
        (swap("18789,", "18789, # the port"), "remove the rest of the line from there"),
        (swap("18789,", "18789, the port"), "remove the rest of the line from there"),
        (swap("    \"port\"", "    REM a port\n    \"port\""), "remove this line"),
        (swap("    \"port\"", "    ; a port\n    \"port\""), "remove this line"),
        (swap("    \"port\"", "    q\n    \"port\""), "remove this line"),
        (swap("    \"port\"", "    ^O\n    \"port\""), "remove this line"),
        (format!("{PRETTY}EOF\n"), "remove what follows"),
        (format!("{PRETTY}{}", "\0".repeat(900)), "remove the zeros from there to the end"),
        (swap("\"loopback\"", "\u{1b}[32m\"loopback\"\u{1b}[0m"), "remove the colour codes"),
        (swap("\"bind\"", "\u{1b}[1;34m\"bind\"\u{1b}[39m"), "remove the colour codes"),
        (swap("18789", "[33m18789[0m"), "remove the colour codes"),
        (
            PRETTY.lines().map(|line| format!("\u{1b}[0m{line}\u{1b}[0m\n")).collect(),
            "remove the colour codes",
        ),
        (swap("\"loopback\"", "\"loopback\" + \"lan\""), "keep one value"),
        (
            swap(
                "    \"bind\": \"loopback\",\n",
                "<<<<<<< HEAD\n    \"bind\": \"loopback\",\n=======\n    \"bind\": \"lan\",\n>>>>>>> other\n",
            ),
            "one of the two versions of the merge",
        ),
    ];
    let mut bad = Vec::new();
    for (text, words) in cases {
        let (end, told, after) = followed(&text);
        let is_told = told.first().is_some_and(|told| told.contains(words)) && told.len() <= 2;
        if !is_told || end.is_none_or(|end| end != whole) {
            bad.push(format!("{words}: {told:?}\n{after}"));
        }
    }
    // What these were nobody can know.
    for (text, words) in [
        (swap("\"port\": 18789,", "\"port\": ,"), "type the value before it, or remove the key"),
        (swap("\"port\": 18789,", "\"port\","), "a colon (:) and the value before it"),
        (swap("\"port\": 18789,", "my port: 18789,"), "before and behind the key"),
        (swap("\"port\": 18789,", "my-port: 18789,"), "before and behind the key"),
        (swap("\"port\": 18789,", "..."), "remove the line"),
        (swap("\"Clawd\"", "\"the \"great\" one\""), "each quote within the text"),
        (swap("\"Clawd\"", "'the cat's'"), "type \\' in place of each quote"),
        (swap("\"Clawd\"", "\"C:\\users\""), "type \\\\ in place of \\"),
        (swap("\"Clawd\"", "\"C:\\xqq\""), "type \\\\ in place of \\"),
        (swap("\"abcdef0123456789abcdef0123456789\"", ""), "type the value"),
        (PRETTY[..200].to_owned(), "to close the rest"),
        (PRETTY[..PRETTY.find("pback").unwrap()].to_owned(), "to close the rest"),
        (PRETTY[..PRETTY.find("18789").unwrap()].to_owned(), "to close the rest"),
    ] {
        let (end, told, after) = followed(&text);
        let is_told = told.first().is_some_and(|told| told.contains(words)) && told.len() == 1;
        if !is_told || end.is_none() {
            bad.push(format!("{words}: {told:?}\n{after}"));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    for text in
        ["\0\0\0", "<html>502</html>", "gateway:\n  mode: local\n", "a b c", &"[".repeat(300)]
    {
        assert_eq!(advice(text.as_bytes()), None, "{text}");
    }
}

/// Typed in the wrong place the quote makes a text of four letters that anybody can guess, and a config that parses.
#[test]
fn the_brace_of_a_variable_is_the_texts_own() {
    for (line, whole) in [("\"${TOKEN}", "\"${TOKEN}\""), ("\"${TOKEN}\n", "\"${TOKEN}\"\n")] {
        let broken = PRETTY.replacen(&format!("\"{SECRET}\""), line, 1);
        let wanted = parse(PRETTY.replacen(&format!("\"{SECRET}\""), whole, 1).as_bytes()).unwrap();
        let (value, told, _) = followed(&broken);
        assert_eq!(value.as_ref(), Some(&wanted), "{told:?}");
    }
    let broken = PRETTY.replacen("\"loopback\",", "\"${BIND},", 1);
    let wanted = parse(PRETTY.replacen("\"loopback\",", "\"${BIND}\",", 1).as_bytes()).unwrap();
    let (value, told, _) = followed(&broken);
    assert_eq!(value.as_ref(), Some(&wanted), "{told:?}");
}

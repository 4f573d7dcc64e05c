//! The order of the rooms: who may import whom. The order is the one that `src/lib.rs` documents.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Every file of the program by its module path (`store/json`, `lib` for the root), with its text.
struct Source {
    files: BTreeMap<String, String>,
}

impl Source {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = BTreeMap::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let module = path.strip_prefix(&root).unwrap().with_extension("");
                let module = module.to_str().unwrap().replace('\\', "/");
                if path.is_dir() {
                    folders.push(path);
                } else if !module.split('/').any(|part| part.contains("tests")) {
                    let module = module.strip_suffix("/mod").unwrap_or(&module).to_owned();
                    files.insert(module, product(&std::fs::read_to_string(path).unwrap()));
                }
            }
        }
        Self { files }
    }

    /// The file that holds what a path of a `use` names: the longest part of it that is a file.
    fn file_of(&self, path: &[&str]) -> Option<String> {
        (1..=path.len())
            .rev()
            .map(|end| path[..end].join("/"))
            .find(|name| self.files.contains_key(name))
    }

    /// Every arrow from one file to another.
    fn arrows(&self) -> BTreeSet<(String, String)> {
        let mut arrows = BTreeSet::new();
        for (from, text) in &self.files {
            let here: Vec<&str> = from.split('/').filter(|part| *part != "lib").collect();
            for path in paths(text) {
                let mut path: Vec<&str> = path.iter().map(String::as_str).collect();
                let up = path.iter().take_while(|part| **part == "super").count();
                let start = match path.remove(0) {
                    "crate" => Vec::new(),
                    "super" => here[..here.len().saturating_sub(up)].to_vec(),
                    _ => here.clone(),
                };
                let rest = path.iter().copied().filter(|part| *part != "super");
                let target = self.file_of(&start.into_iter().chain(rest).collect::<Vec<_>>());
                arrows.extend(target.filter(|to| to != from).map(|to| (from.clone(), to)));
            }
        }
        arrows
    }
}

/// A file's text without comments, and without what is compiled for tests alone.
fn product(text: &str) -> String {
    let mut product = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if !line.starts_with("#[cfg(test)]") && !line.starts_with("#[cfg(all(test") {
            product += line.split("//").next().unwrap();
            product.push('\n');
            continue;
        }
        // A module of tests in the file itself is its end; one elsewhere is a line.
        let item = lines.by_ref().find(|line| !line.starts_with("#[")).unwrap_or_default();
        if item.starts_with("mod ") && item.ends_with('{') {
            break;
        }
    }
    product
}

/// Every path that begins with `crate`, `super` or `self`, braces taken apart.
fn paths(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in text.match_indices(start) {
            let before = text[..at].chars().next_back();
            if !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                tree(&mut text[at..].chars().peekable(), &[], &mut found);
            }
        }
    }
    found
}

/// One path, or the list of paths in braces that ends it.
fn tree(
    text: &mut std::iter::Peekable<std::str::Chars<'_>>,
    above: &[String],
    found: &mut Vec<Vec<String>>,
) {
    let mut path = above.to_vec();
    loop {
        while text.next_if(|c| c.is_whitespace()).is_some() {}
        if text.next_if_eq(&'{').is_some() {
            while !matches!(text.peek(), None | Some('}')) {
                tree(text, &path, found);
                while text.next_if(|c| c.is_whitespace() || *c == ',').is_some() {}
            }
            text.next();
            return;
        }
        let mut word = String::new();
        while let Some(c) = text.next_if(|c| c.is_alphanumeric() || *c == '_') {
            word.push(c);
        }
        if word.is_empty() {
            // A glob, or something that is no path: what is above it is named.
            text.next();
            break;
        }
        path.push(word);
        if text.next_if_eq(&':').is_none() || text.next_if_eq(&':').is_none() {
            break;
        }
    }
    found.push(path);
}

/// The rooms as `src/lib.rs` lists them, the lowest first: a room may use those before it.
fn order() -> Vec<String> {
    let text = include_str!("../src/lib.rs");
    let list = text.split("//! ```rooms\n").nth(1).expect("src/lib.rs lists the rooms");
    let list = list.split("//! ```").next().unwrap();
    list.replace("//!", " ").split_whitespace().map(str::to_owned).collect()
}

/// The room of a file: the longest entry of the order that it lies in.
fn room<'o>(order: &'o [String], file: &str) -> &'o str {
    let holds = |room: &&String| file == room.as_str() || file.starts_with(&format!("{room}/"));
    order
        .iter()
        .filter(holds)
        .max_by_key(|room| room.len())
        .unwrap_or_else(|| panic!("{file} lies in no room of the list in src/lib.rs"))
}

#[test]
fn every_arrow_goes_down_and_no_files_form_a_circle() {
    let source = Source::read();
    let order = order();
    let arrows = source.arrows();
    let place = |file: &str| order.iter().position(|name| name == room(&order, file)).unwrap();
    let mut wrong: Vec<String> = Vec::new();
    let is_inside = |file: &str| !["lib", "main"].contains(&file);
    let mut down: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in arrows.iter().filter(|(from, to)| is_inside(from) && is_inside(to)) {
        if place(from) < place(to) {
            wrong.push(format!(
                "{from} -> {to} goes up: {} comes before {}",
                room(&order, from),
                room(&order, to)
            ));
        }
        down.entry(from).or_default().insert(to);
    }
    // Files that nothing is left to import are taken away until none is; what stays forms circles.
    loop {
        let ends: Vec<&str> = down
            .iter()
            .filter(|(_, to)| to.iter().all(|to| !down.contains_key(to)))
            .map(|(from, _)| *from)
            .collect();
        if ends.is_empty() {
            break;
        }
        down.retain(|from, _| !ends.contains(from));
    }
    let circle = |file: &str| reaches(&down, file, file);
    for (from, to) in &down {
        for to in to.iter().filter(|to| circle(from) && reaches(&down, to, from)) {
            wrong.push(format!("{from} -> {to} is part of a circle"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong arrows:\n{}", wrong.len(), wrong.join("\n"));
}

fn reaches(arrows: &BTreeMap<&str, BTreeSet<&str>>, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = vec![from];
    while let Some(file) = next.pop() {
        for other in arrows.get(file).into_iter().flatten() {
            if *other == to {
                return true;
            }
            if seen.insert(*other) {
                next.push(other);
            }
        }
    }
    false
}

/// What is done in one place only: the words that do it, and where they may stand.
const ONE_PLACE: &[(&str, &[&str])] = &[
    ("(unix,", &["platform"]),
    ("cfg!(windows", &["platform"]),
    ("target_os", &["platform"]),
    ("std::os::", &["platform"]),
    ("rustix::", &["platform/unix"]),
    ("landlock::", &["platform/unix/sandbox"]),
    ("rusqlite::", &["store/sqlite"]),
    ("json5::from_str", &["format/json5"]),
    ("env::var", &["read/env", "platform"]),
    ("SystemTime::now", &["main"]),
    ("Local::now", &[]),
    // It starts no program but itself.
    ("Command::new(", &["cli/again"]),
    ("getrandom::", &["main", "files/names"]),
    ("fs::write(", &[]),
    ("fs::rename(", &["platform"]),
    ("fs::create_dir", &["platform", "cli/generate"]),
    ("File::create", &[]),
    ("OpenOptions", &["platform", "cli/generate"]),
    // Man pages where somebody wants them; the extract of a snapshot, which SQLite makes by path.
    ("fs::remove_file(", &["platform", "cli/generate", "store/sqlite/extract"]),
];

#[test]
fn what_is_done_in_one_place_is_done_in_no_other() {
    let source = Source::read();
    for (word, places) in ONE_PLACE {
        let is_allowed = |file: &str| {
            let inside = |place: &&str| file == *place || file.starts_with(&format!("{place}/"));
            places.iter().any(inside)
        };
        let with_it = source.files.iter().filter(|(_, text)| text.contains(word));
        let (here, elsewhere): (Vec<&str>, Vec<&str>) =
            with_it.map(|(file, _)| file.as_str()).partition(|file| is_allowed(file));
        assert!(
            places.is_empty() || !here.is_empty(),
            "`{word}` stands nowhere: take it off the list"
        );
        assert!(elsewhere.is_empty(), "`{word}` belongs into {places:?}, and is in {elsewhere:?}");
    }
}

/// The rooms of the core: what they need from outside comes in as values.
const PURE: [&str; 12] = [
    "secret", "image", "text", "step", "error", "finding", "format", "plan", "config", "model",
    "checks", "simulate",
];

#[test]
fn the_core_asks_no_disk_no_clock_and_no_environment() {
    for (file, text) in Source::read().files {
        if !PURE.iter().any(|room| file == *room || file.starts_with(&format!("{room}/"))) {
            continue;
        }
        for word in ["std::fs", "std::env", "std::process", "Instant", "SystemTime", "getrandom"] {
            assert!(!text.contains(word), "{file} names `{word}`");
        }
    }
}

/// Where no file names the release, every set of rules is asked. One that is forgotten would be a "healthy" over a lockout.
#[test]
fn every_release_that_a_rule_begins_with_is_asked_about() {
    let source = Source::read();
    let begins = |text: &str, before: &str| -> BTreeSet<String> {
        let releases = text.split(before).skip(1).map(|rest| rest.split('"').next().unwrap());
        let is_stable = |word: &&str| word.starts_with("2026.") && !word.contains('-');
        releases.filter(is_stable).map(str::to_owned).collect()
    };
    let contact = &source.files["model/contact"];
    let asked = contact.split("FIRST_OF_RULES: &str = \"").nth(1).expect("the list is there");
    let asked = asked.split('"').next().unwrap().split_whitespace();
    let asked: BTreeSet<String> = asked.map(str::to_owned).collect();
    let rules = source.files.iter().filter(|(file, _)| {
        ["model", "checks", "config"].iter().any(|room| file.split('/').next() == Some(room))
    });
    let mut begin = begins(contact, "(\"");
    for (_, text) in rules {
        begin.extend(["is_from(\"", "Some(\""].iter().flat_map(|before| begins(text, before)));
    }
    assert!(asked.len() > 15 && begin.contains("2026.4.29") && begin.contains("2026.2.19"));
    assert_eq!(begin.difference(&asked).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn tests_are_no_product() {
    let text = "a\n#[cfg(test)]\n#[path = \"x\"]\nmod tests;\nb // c\n#[cfg(all(test, unix))]\nmod more {\nd\n}\n";
    assert_eq!(product(text), "a\nb \n");
}

#[test]
fn paths_are_found_in_every_form() {
    let text = "use crate::a::{self, b::{C, d}, e};\nfn x() { super::super::f::g(); crate::h }\n";
    let found: Vec<String> = paths(&product(text)).iter().map(|path| path.join("::")).collect();
    assert_eq!(
        found,
        [
            "crate::a::self",
            "crate::a::b::C",
            "crate::a::b::d",
            "crate::a::e",
            "crate::h",
            "super::super::f::g"
        ]
    );
}

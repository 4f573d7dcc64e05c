//! systemd's units, drop-ins and environment files, found and parsed as systemd does it. Nothing is asked
//! of systemd itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::disk::{names, text};
use super::trees::speaks_of_openclaw;
use crate::config::flags::{self, Flags};
use crate::secret::mask;
use crate::secret::shape::Shape;

/// So many drop-ins, and so many environment files, are read for one unit.
const MOST: usize = 64;
/// So many units of one folder are looked into.
const MOST_UNITS: usize = 2000;

/// A service as its files define it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Unit {
    /// The unit's own file, then its drop-ins.
    pub files: Vec<PathBuf>,
    /// The environment files that were read.
    pub environment_files: Vec<PathBuf>,
    /// Environment files that are named and could not be read, or whose names hold what only systemd knows.
    pub unread: Vec<String>,
    /// Environment files that are not there and have to be.
    pub missing: Vec<String>,
    /// What the service finds in its environment by these files.
    pub variables: BTreeMap<String, String>,
    /// What `ExecStart=` says to the gateway.
    pub flags: Flags,
    /// Whether `ExecStart=` runs an OpenClaw's gateway.
    pub runs_gateway: bool,
    /// The profile that `ExecStart=` names.
    pub profile: Option<String>,
    /// `User=`.
    pub user: Option<String>,
    /// `WorkingDirectory=`.
    pub working_dir: Option<PathBuf>,
}

/// The folders of a user's units below `root`, the strongest first.
pub(super) fn user_folders(home: &Path, root: Option<&Path>) -> Vec<PathBuf> {
    let below_root = [
        "etc/systemd/user",
        "run/systemd/user",
        "usr/local/lib/systemd/user",
        "usr/lib/systemd/user",
    ];
    let mut folders = vec![home.join(".config/systemd/user")];
    folders.extend(root.iter().flat_map(|root| below_root.map(|folder| root.join(folder))));
    folders.push(home.join(".local/share/systemd/user"));
    folders
}

/// The folders of the system's units below `root`, the strongest first.
pub(super) fn system_folders(root: &Path) -> Vec<PathBuf> {
    [
        "etc/systemd/system",
        "run/systemd/system",
        "run/systemd/transient",
        "usr/local/lib/systemd/system",
        "usr/lib/systemd/system",
        "lib/systemd/system",
    ]
    .map(|folder| root.join(folder))
    .to_vec()
}

/// The units of these folders, whatever their names, whose files speak of an OpenClaw. Of a template those that are
/// started at boot.
pub(super) fn of_openclaw(folders: &[PathBuf]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for folder in folders {
        let own = names(folder).into_iter();
        let started = ["default.target.wants", "multi-user.target.wants"];
        let started = started.iter().flat_map(|wants| names(&folder.join(wants)));
        let own = own.filter(|name| !name.contains('@'));
        let all = own.chain(started.filter(|name| name.contains('@')));
        let units = all.filter_map(|name| Some(name.strip_suffix(".service")?.to_owned()));
        found.extend(units.take(MOST_UNITS).filter(|unit| {
            let text = file(unit, folders).and_then(|path| text(&path)).unwrap_or_default();
            speaks_of_openclaw(&text)
        }));
    }
    found
}

/// The unit's own file: that of its template where it has none.
fn file(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let of = |name: &str| {
        let mut paths = folders.iter().map(|folder| folder.join(format!("{name}.service")));
        paths.find(|path| path.symlink_metadata().is_ok())
    };
    of(name).or_else(|| of(&format!("{}@", name.split_once('@')?.0)))
}

/// Reads the unit `name` (without `.service`) of these folders; `%h` is `home`. `None`: there is none, or
/// it is masked.
pub(super) fn read(name: &str, folders: &[PathBuf], home: &Path) -> Option<Unit> {
    let own = file(name, folders)?;
    let instance = name.split_once('@').map_or("", |(_, instance)| instance).to_owned();
    let mut parsed = Parsed { home: home.to_path_buf(), instance, ..Parsed::default() };
    parsed.add(&text(&own)?);
    let mut unit = Unit { files: vec![own], ..Unit::default() };
    for path in drop_ins(name, folders) {
        if let Some(text) = text(&path) {
            parsed.add(&text);
            unit.files.push(path);
        }
    }
    unit.variables = parsed.inline;
    for (named, optional) in parsed.files.into_iter().take(MOST) {
        // What is left of a `%` is for systemd alone to know, and a pattern may name any file.
        let plain = named.starts_with('/') && !named.contains(['%', '*', '?', '[', '=']);
        let path = PathBuf::from(&named);
        match text(&path).filter(|_| plain) {
            Some(text) => {
                unit.variables.extend(environment_file(&text));
                unit.environment_files.push(path);
            }
            None if plain && is_absent(&path) => {
                unit.missing.extend((!optional).then_some(named));
            }
            // What is no path may be a variable with its value, one key too late.
            None if named.contains(char::is_whitespace) => unit.unread.push(mask(&named)),
            None => unit.unread.push(Shape::File.show(&named)),
        }
    }
    for taken in &parsed.unset {
        match taken.split_once('=') {
            Some((name, value)) if unit.variables.get(name).is_none_or(|now| now != value) => {}
            Some((name, _)) => drop(unit.variables.remove(name)),
            None => drop(unit.variables.remove(taken)),
        }
    }
    let variable = |name: &str| unit.variables.get(name).cloned();
    unit.flags = Flags::of(&parsed.command, variable, text);
    (unit.runs_gateway, unit.profile) = flags::of_gateway(&parsed.command);
    unit.user = parsed.user;
    unit.working_dir = parsed.working_dir;
    Some(unit)
}

/// Not there, and not among what others make at boot.
fn is_absent(path: &Path) -> bool {
    let made_later = path.starts_with("/run") || path.starts_with("/var/run");
    !made_later && path.metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// The drop-ins of a unit in the order in which they count. One name is read once, from the strongest
/// folder; the order is that of the names, whatever their folders.
fn drop_ins(name: &str, folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut of: Vec<String> = vec![format!("{name}.service.d")];
    // `a-b-c` has those of `a-b-` and `a-` too.
    let dashes: Vec<usize> = name.match_indices('-').map(|(at, _)| at + 1).collect();
    let prefixes = dashes.into_iter().rev().filter_map(|end| name.get(..end));
    of.extend(prefixes.map(|prefix| format!("{prefix}.service.d")));
    of.push("service.d".to_owned());
    let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
    for folder in of.iter().flat_map(|of| folders.iter().map(move |folder| folder.join(of))) {
        for name in names(&folder).into_iter().filter(|name| name.ends_with(".conf")) {
            let path = folder.join(&name);
            found.entry(name).or_insert(path);
        }
    }
    found.into_values().take(MOST).collect()
}

#[derive(Default)]
struct Parsed {
    home: PathBuf,
    /// What stands behind the `@` of its name.
    instance: String,
    inline: BTreeMap<String, String>,
    /// Environment files, and whether they may be missing.
    files: Vec<(String, bool)>,
    unset: BTreeSet<String>,
    /// The words of `ExecStart=`: an empty one takes back what stood before.
    command: Vec<String>,
    user: Option<String>,
    working_dir: Option<PathBuf>,
}

impl Parsed {
    /// Takes up the `[Service]` section of a file.
    fn add(&mut self, text: &str) {
        let mut in_service = false;
        for line in logical_lines(text) {
            let line = line.trim();
            if line.starts_with('[') {
                in_service = line == "[Service]";
                continue;
            }
            let Some((key, value)) = line.split_once('=').filter(|_| in_service) else { continue };
            let value = value.trim();
            match key.trim() {
                // An empty value takes back what stood before.
                "Environment" if value.is_empty() => self.inline.clear(),
                "Environment" => {
                    let words = words(value).into_iter().map(|word| self.expanded(&word));
                    let pairs: Vec<(String, String)> =
                        words.filter_map(|word| pair(&word)).collect();
                    self.inline.extend(pairs);
                }
                "EnvironmentFile" if value.is_empty() => self.files.clear(),
                "EnvironmentFile" => {
                    let path = value.strip_prefix('-');
                    let expanded = self.expanded(path.unwrap_or(value));
                    self.files.push((expanded, path.is_some()));
                }
                "UnsetEnvironment" if value.is_empty() => self.unset.clear(),
                "UnsetEnvironment" => self.unset.extend(words(value)),
                "ExecStart" => {
                    let words = words(value);
                    // A `;` on its own begins another command.
                    let first = words.iter().take_while(|word| *word != ";");
                    self.command = first.map(|word| self.expanded(word)).collect();
                }
                "User" => self.user = Some(self.expanded(value)).filter(|user| !user.is_empty()),
                "WorkingDirectory" => {
                    let path = self.expanded(value.trim_start_matches('-'));
                    let path = path.strip_prefix('~').map_or(PathBuf::from(&path), |rest| {
                        self.home.join(rest.trim_start_matches('/'))
                    });
                    self.working_dir = Some(path).filter(|path| path.is_absolute());
                }
                _ => {}
            }
        }
    }

    /// `%h`, `%i` and `%%`; what else begins with `%` stays as it is.
    fn expanded(&self, text: &str) -> String {
        let mut expanded = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match (c, chars.peek()) {
                ('%', Some('%')) => expanded.push('%'),
                ('%', Some('h')) => expanded.push_str(&self.home.to_string_lossy()),
                ('%', Some('i' | 'I')) if !self.instance.is_empty() => {
                    expanded.push_str(&self.instance);
                }
                (c, _) => {
                    expanded.push(c);
                    continue;
                }
            }
            chars.next();
        }
        expanded
    }
}

/// Lines, those that end with a backslash joined to the next by a blank; comments between them are gone.
pub(super) fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut begun = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with(['#', ';']) {
            continue;
        }
        begun.push_str(line);
        let backslashes = begun.len() - begun.trim_end_matches('\\').len();
        if backslashes % 2 == 1 {
            begun.pop();
            begun.push(' ');
        } else {
            lines.push(std::mem::take(&mut begun));
        }
    }
    if !begun.is_empty() {
        lines.push(begun);
    }
    lines
}

fn pair(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    is_name(name).then(|| (name.to_owned(), value.to_owned()))
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Words: blanks separate, quotes join, backslashes escape as in C. From what systemd refuses (an unknown
/// escape, an open quote) on, the rest of the line is ignored.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', _) => match escape(&mut chars) {
                Some(c) => word.get_or_insert_default().push(c),
                None => return words,
            },
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (' ' | '\t' | '\n' | '\r', None) => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_none() {
        words.extend(word);
    }
    words
}

/// What follows a backslash, as in C, and `\s` for a blank.
fn escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    let c = chars.next()?;
    let mut number = |digits: usize, base: u32, so_far: u32| {
        let mut number = so_far;
        for _ in 0..digits {
            number = number.checked_mul(base)?.checked_add(chars.next()?.to_digit(base)?)?;
        }
        char::from_u32(number).filter(|c| *c != '\0')
    };
    Some(match c {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        's' => ' ',
        c @ ('\\' | '"' | '\'') => c,
        'x' => number(2, 16, 0)?,
        'u' => number(4, 16, 0)?,
        'U' => number(8, 16, 0)?,
        c @ '0'..='7' => number(2, 8, c.to_digit(8)?)?,
        _ => return None,
    })
}

/// A file that `EnvironmentFile=` names: `NAME=value` lines, quotes and backslashes nearly as in a shell.
pub(super) fn environment_file(text: &str) -> BTreeMap<String, String> {
    let mut pairs = BTreeMap::new();
    let mut chars = text.chars().peekable();
    while let Some(first) = chars.peek() {
        if first.is_whitespace() {
            chars.next();
        } else if matches!(first, '#' | ';') {
            chars.by_ref().find(|c| is_break(*c));
        } else {
            let mut name = String::new();
            let mut has_value = false;
            for c in chars.by_ref() {
                has_value = c == '=';
                if has_value || is_break(c) {
                    break;
                }
                name.push(c);
            }
            if has_value {
                let value = file_value(&mut chars);
                if is_name(name.trim_end()) {
                    pairs.insert(name.trim_end().to_owned(), value);
                }
            }
        }
    }
    pairs
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

/// A value up to the end of its line: quoted parts side by side, and bare text whose last blanks go.
fn file_value(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut value = String::new();
    // How much of the value stays when the blanks at the end of bare text go.
    let mut kept = 0;
    let mut bare = false;
    while let Some(c) = chars.next() {
        match c {
            c if is_break(c) => break,
            '\\' => {
                bare = true;
                value.extend(chars.next().filter(|c| !is_break(*c)));
                kept = value.len();
            }
            '\'' if !bare => {
                value.extend(chars.by_ref().take_while(|c| *c != '\''));
                kept = value.len();
            }
            '"' if !bare => {
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    match (c, chars.peek()) {
                        ('\\', Some('"' | '\\' | '`' | '$')) => value.extend(chars.next()),
                        ('\\', Some('\n')) => drop(chars.next()),
                        _ => value.push(c),
                    }
                }
                kept = value.len();
            }
            ' ' | '\t' if !bare => {}
            c => {
                bare = true;
                value.push(c);
                if !c.is_whitespace() {
                    kept = value.len();
                }
            }
        }
    }
    value.truncate(kept);
    value
}

#[cfg(test)]
#[cfg(unix)]
#[path = "systemd_tests.rs"]
mod tests;

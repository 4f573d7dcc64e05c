//! What a state holds, so that two can be compared: every file's text, every pairing row, the same
//! whatever random token or time a run made up.

use std::collections::BTreeMap;
use std::path::Path;

use crate::world::World;

/// Everything OpenClaw reads; clawmend's own folder and temp files are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View(pub BTreeMap<String, String>);

impl View {
    /// As it is, after a check that the database is whole.
    pub fn of(world: &World) -> Self {
        let mut found = BTreeMap::new();
        files(&world.state(), &world.state(), &mut found);
        if world.path("state/openclaw.sqlite").exists() {
            for (table, text) in rows(world) {
                found.insert(format!("table {table}"), text);
            }
        }
        Self(found)
    }

    /// Whether every piece is as in `old` or, but for made-up tokens and times, as in `new`.
    pub fn is_whole(&self, old: &View, new: &View) -> Result<(), String> {
        let names = self.0.keys().chain(old.0.keys()).chain(new.0.keys());
        for name in names {
            let mine = self.0.get(name);
            if mine == old.0.get(name) || plain(mine) == plain(new.0.get(name)) {
                continue;
            }
            return Err(format!("`{name}` is neither old nor new: {mine:?}"));
        }
        Ok(())
    }

    /// Whether every piece is as in `old` or whole in itself.
    pub fn is_sound(&self, old: &View) -> Result<(), String> {
        for (name, text) in &self.0 {
            let same = old.0.get(name) == Some(text);
            let whole = name.starts_with("table ")
                || serde_json::from_str::<serde_json::Value>(text).is_ok()
                || (name == "openclaw.json" && json5::from_str::<serde_json::Value>(text).is_ok());
            if !same && !whole {
                return Err(format!("`{name}` is broken: {text}"));
            }
        }
        Ok(())
    }

    /// But for made-up tokens and times.
    pub fn is_like(&self, other: &View) -> bool {
        let plain = |view: &View| -> BTreeMap<String, Option<String>> {
            let each = view.0.iter();
            each.map(|(name, text)| (name.clone(), plain(Some(text)))).collect()
        };
        plain(self) == plain(other)
    }
}

/// Runs of 43 token characters and of 13 digits, which each run makes anew.
fn plain(text: Option<&String>) -> Option<String> {
    let mut out = String::new();
    let mut run = String::new();
    let token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    for c in text?.chars().chain([' ']) {
        if token(c) {
            run.push(c);
            continue;
        }
        let digits = run.len() == 13 && run.chars().all(|c| c.is_ascii_digit());
        match run.len() {
            43 => out.push_str("TOKEN"),
            _ if digits => out.push_str("TIME"),
            _ => out.push_str(&run),
        }
        run.clear();
        out.push(c);
    }
    Some(out)
}

fn files(root: &Path, at: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().display().to_string();
        if name == "clawmend" || name.contains(".clawmend-") || name.contains("openclaw.sqlite") {
            continue;
        }
        if path.is_dir() {
            files(root, &path, found);
        } else {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            found.insert(name, text);
        }
    }
}

/// The pairing rows, read from a copy so that looking changes nothing.
pub fn rows(world: &World) -> BTreeMap<String, String> {
    let copy = tempfile::tempdir().unwrap();
    for ending in ["", "-wal", "-journal"] {
        let from = world.path(&format!("state/openclaw.sqlite{ending}"));
        if from.exists() {
            std::fs::copy(from, copy.path().join(format!("db{ending}"))).unwrap();
        }
    }
    let db = rusqlite::Connection::open(copy.path().join("db")).unwrap();
    let verdict: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok", "the database is damaged");
    let mut found = BTreeMap::new();
    for part in clawmend::model::layout::Part::tables() {
        let mut all = db.prepare(&format!("SELECT * FROM {} ORDER BY 1, 2", part.table())).unwrap();
        let width = all.column_count();
        let mut rows = all.query([]).unwrap();
        let mut text = String::new();
        while let Some(row) = rows.next().unwrap() {
            for at in 0..width {
                let value: rusqlite::types::Value = row.get(at).unwrap();
                text.push_str(&format!("{value:?} | "));
            }
            text.push('\n');
        }
        found.insert(part.table().to_owned(), text);
    }
    found
}

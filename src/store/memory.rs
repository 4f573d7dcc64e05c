//! The reference store: the same contract, in memory. Says what the trait means, and lets everything
//! above the stores be tested without a disk.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{CommitError, Entry, Sink, Source, Store};
use crate::error::Error;
use crate::files::hash;
use crate::image::{
    Cell, Database, DatabaseState, FileState, Images, Meta, Row, Slot, Table, TextImage,
};
use crate::model::layout::Part;
use crate::plan::{After, CellChange, Changes, FileChange, RowChange, RowOp, StoreKind};

/// State held in memory.
#[derive(Debug)]
pub struct MemoryStore {
    kind: StoreKind,
    state: Mutex<Images>,
}

impl MemoryStore {
    /// A store of one kind that holds these images.
    pub fn new(kind: StoreKind, images: Images) -> Self {
        Self {
            kind,
            state: Mutex::new(images),
        }
    }

    /// Changes what it holds, as another program would.
    pub fn change(&self, by: impl FnOnce(&mut Images)) {
        by(&mut self.lock());
    }

    fn lock(&self) -> MutexGuard<'_, Images> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn name(&self) -> &'static str {
        match self.kind {
            StoreKind::Files => "files",
            StoreKind::Sqlite => "sqlite",
        }
    }
}

impl Store for MemoryStore {
    fn kind(&self) -> StoreKind {
        self.kind
    }

    fn read(&self, images: &mut Images) -> Result<(), Error> {
        let state = self.lock();
        match self.kind {
            StoreKind::Files => images.texts.extend(state.texts.clone()),
            StoreKind::Sqlite => images.database = state.database.clone(),
        }
        Ok(())
    }

    fn capture(&self, sink: &mut dyn Sink) -> Result<Vec<Entry>, Error> {
        let state = self.lock();
        let mut entries = Vec::new();
        match self.kind {
            StoreKind::Files => {
                for (slot, image) in &state.texts {
                    let path = key(slot);
                    entries.push(match &image.state {
                        FileState::Present { bytes, meta } => {
                            let name = format!("files/{}", path.trim_start_matches('/'));
                            let put = sink.put(&name, &mut bytes.as_slice())?;
                            entry(self.name(), path, name, put, Some(meta))
                        }
                        _ => Entry::absent(self.name(), path),
                    });
                }
            }
            StoreKind::Sqlite => {
                for (part, table) in tables(&state) {
                    let text = format!("{:?}", Shown(table));
                    let name = format!("rows/{}", part.table());
                    let put = sink.put(&name, &mut text.as_bytes())?;
                    entries.push(entry(self.name(), part.table().to_owned(), name, put, None));
                }
            }
        }
        Ok(entries)
    }

    fn commit(&self, changes: &Changes) -> Result<(), CommitError> {
        let mut state = self.lock();
        let mut next = state.clone();
        match self.kind {
            StoreKind::Files => {
                for change in &changes.files {
                    change_file(&mut next, change)?;
                }
            }
            StoreKind::Sqlite => {
                for change in &changes.rows {
                    change_row(&mut next, change)?;
                }
            }
        }
        *state = next;
        Ok(())
    }

    fn changes_to(
        &self,
        now: &Images,
        entries: &[Entry],
        source: &dyn Source,
    ) -> Result<Changes, Error> {
        let mut changes = Changes::default();
        for entry in entries.iter().filter(|entry| entry.store == self.name()) {
            match self.kind {
                StoreKind::Files => changes.files.extend(file_back(now, entry, source)?),
                StoreKind::Sqlite => rows_back(now, entry, source, &mut changes.rows)?,
            }
        }
        if !changes.rows.is_empty() {
            changes.database = now.database.as_ref().map(|database| database.path.clone());
        }
        Ok(changes)
    }

    fn verify(&self, changes: &Changes) -> Result<Option<String>, Error> {
        let state = self.lock();
        if self.kind == StoreKind::Files {
            return Ok(changes.files.iter().find_map(|change| {
                let live = state.text(&change.slot).and_then(TextImage::bytes);
                let wanted = change.pieces().map(|pieces| pieces.concat());
                (live.map(|bytes| bytes.as_slice()) != wanted.as_deref())
                    .then(|| format!("`{}` differs", key(&change.slot)))
            }));
        }
        Ok(changes.rows.iter().find_map(|change| {
            let live = row_of(&state, change);
            let holds = |cells: &[(String, Cell)]| {
                live.is_some_and(|(table, row)| {
                    cells
                        .iter()
                        .all(|(name, cell)| table.cell(row, name) == Some(cell))
                })
            };
            let same = match &change.op {
                RowOp::Delete(_) => live.is_none(),
                RowOp::Insert(cells) => holds(cells),
                RowOp::Update(cells) => holds(
                    &cells
                        .iter()
                        .map(|cell| (cell.column.clone(), cell.new.clone()))
                        .collect::<Vec<_>>(),
                ),
            };
            (!same).then(|| format!("a row of `{}` differs", change.part.table()))
        }))
    }
}

fn key(slot: &Slot) -> String {
    match slot {
        Slot::File(part) => part.file().unwrap_or_default().to_owned(),
        Slot::Config(path) => path.to_string_lossy().into_owned(),
        Slot::Table(part) => part.table().to_owned(),
    }
}

fn entry(
    store: &str,
    path: String,
    name: String,
    (sha256, size): (String, u64),
    meta: Option<&Meta>,
) -> Entry {
    Entry {
        name: Some(name),
        sha256: Some(sha256),
        size: Some(size),
        mode: meta.map(|meta| meta.mode),
        uid: meta.map(|meta| meta.uid),
        gid: meta.map(|meta| meta.gid),
        ..Entry::absent(store, path)
    }
}

fn change_file(state: &mut Images, change: &FileChange) -> Result<(), CommitError> {
    let moved = || CommitError::Moved(format!("`{}` has changed", key(&change.slot)));
    let live = state.texts.get_mut(&change.slot).ok_or_else(moved)?;
    if live.bytes() != change.before.bytes() {
        return Err(moved());
    }
    live.state = match change.pieces() {
        None => FileState::Absent,
        Some(pieces) => {
            let bytes = pieces.concat();
            let given = match &change.after {
                After::Whole { meta, .. } => *meta,
                _ => None,
            };
            let meta = given.or(live.meta().copied()).unwrap_or(Meta {
                mode: 0o600,
                ..Meta::default()
            });
            FileState::Present {
                meta: Meta {
                    len: bytes.len() as u64,
                    ..meta
                },
                bytes: bytes.into(),
            }
        }
    };
    Ok(())
}

fn file_back(
    now: &Images,
    entry: &Entry,
    source: &dyn Source,
) -> Result<Option<FileChange>, Error> {
    let found = now.texts.iter().find(|(slot, _)| key(slot) == entry.path);
    let Some((slot, before)) = found else {
        return Ok(None);
    };
    let after = match &entry.name {
        None => before.bytes().map(|_| After::Absent),
        Some(name) => {
            let mode = |meta: &Meta| (meta.mode, meta.uid, meta.gid);
            let same = before.bytes().map(|bytes| hash::of(bytes)) == entry.sha256
                && before.meta().map(mode) == entry.meta().as_ref().map(mode);
            (!same)
                .then(|| source.get(name))
                .transpose()?
                .map(|bytes| After::Whole {
                    bytes: bytes.into(),
                    meta: entry.meta(),
                })
        }
    };
    Ok(after.map(|after| FileChange {
        slot: slot.clone(),
        before: before.clone(),
        after,
    }))
}

fn database(state: &Images) -> Option<&Database> {
    match &state.database.as_ref()?.state {
        DatabaseState::Readable(database) => Some(database),
        _ => None,
    }
}

fn tables(state: &Images) -> impl Iterator<Item = (&Part, &Table)> {
    database(state)
        .into_iter()
        .flat_map(|database| &database.tables)
        .map(|(part, table)| (part, table.as_ref()))
}

fn row_of<'a>(state: &'a Images, change: &RowChange) -> Option<(&'a Table, &'a Row)> {
    let table = database(state)?.tables.get(&change.part)?;
    let row = table
        .rows
        .iter()
        .find(|row| has_key(table, row, &change.key))?;
    Some((table, row))
}

fn has_key(table: &Table, row: &Row, key: &[(String, Cell)]) -> bool {
    key.iter()
        .all(|(column, value)| table.cell(row, column) == Some(value))
}

fn change_row(state: &mut Images, change: &RowChange) -> Result<(), CommitError> {
    let moved = || CommitError::Moved(format!("a row of `{}` has changed", change.part.table()));
    let Some(DatabaseState::Readable(database)) =
        state.database.as_mut().map(|database| &mut database.state)
    else {
        return Err(moved());
    };
    let table = database.tables.get_mut(&change.part).ok_or_else(moved)?;
    let table = std::sync::Arc::make_mut(table);
    let place = table
        .rows
        .iter()
        .position(|row| has_key(table, row, &change.key));
    match (&change.op, place) {
        (RowOp::Insert(cells), None) => {
            let value = |name: &str| {
                let given = cells.iter().find(|(column, _)| column == name);
                given.map_or(Cell::Null, |(_, cell)| cell.clone())
            };
            let row = table
                .columns
                .iter()
                .map(|column| value(&column.name))
                .collect();
            table.rows.push(Row(row));
        }
        (RowOp::Delete(cells), Some(place)) => {
            let live = table.rows.get(place).ok_or_else(moved)?;
            if !has_key(table, live, cells) {
                return Err(moved());
            }
            table.rows.remove(place);
        }
        (RowOp::Update(cells), Some(place)) => {
            for CellChange { column, old, new } in cells {
                let at = table.column(column).ok_or_else(moved)?;
                let cell = table.rows.get_mut(place).and_then(|row| row.0.get_mut(at));
                match cell {
                    Some(cell) if cell == old => *cell = new.clone(),
                    _ => return Err(moved()),
                }
            }
        }
        _ => return Err(moved()),
    }
    Ok(())
}

/// Rows go back: changed ones cell by cell, the others whole.
fn rows_back(
    now: &Images,
    entry: &Entry,
    source: &dyn Source,
    changes: &mut Vec<RowChange>,
) -> Result<(), Error> {
    let Some((part, table)) = tables(now).find(|(part, _)| part.table() == entry.path) else {
        return Ok(());
    };
    let name = entry.name.as_deref().unwrap_or_default();
    let old = parse(&source.get(name)?, table);
    let named = |row: &Row| -> Vec<(String, Cell)> {
        let names = table.columns.iter().map(|column| column.name.clone());
        names.zip(row.0.iter().cloned()).collect()
    };
    let key_of = |row: &Row| -> Vec<(String, Cell)> {
        let mut cells = named(row);
        cells.retain(|(column, _)| part.key_columns().contains(&column.as_str()));
        cells
    };
    let mut change = |row: &Row, op: RowOp| {
        changes.push(RowChange {
            part: *part,
            key: key_of(row),
            op,
        });
    };
    for row in &table.rows {
        match old.iter().find(|then| key_of(then) == key_of(row)) {
            None => change(row, RowOp::Delete(named(row))),
            Some(then) if then == row => {}
            Some(then) => {
                let pairs = named(row).into_iter().zip(then.0.iter().cloned());
                let cells = pairs.filter(|((_, old), new)| old != new);
                let cells = cells.map(|((column, old), new)| CellChange { column, old, new });
                change(row, RowOp::Update(cells.collect()));
            }
        }
    }
    for row in &old {
        if !table.rows.iter().any(|live| key_of(live) == key_of(row)) {
            change(row, RowOp::Insert(named(row)));
        }
    }
    Ok(())
}

/// A table's rows as text, a cell a line: good enough for a reference.
struct Shown<'a>(&'a Table);

impl std::fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for cell in self.0.rows.iter().flat_map(|row| &row.0) {
            match cell {
                Cell::Null => writeln!(f, "n")?,
                Cell::Integer(number) => writeln!(f, "i{number}")?,
                Cell::Real(number) => writeln!(f, "r{}", number.to_bits())?,
                Cell::Text(text) => writeln!(f, "t{}", hex(text.as_bytes()))?,
                Cell::Blob(blob) => writeln!(f, "b{}", hex(blob))?,
            }
        }
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse(text: &[u8], table: &Table) -> Vec<Row> {
    let text = String::from_utf8_lossy(text);
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len() / 2)
            .filter_map(|at| u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok())
            .collect()
    };
    let cells: Vec<Cell> = text
        .lines()
        .filter_map(|line| {
            let (class, value) = line.split_at_checked(1)?;
            Some(match class {
                "i" => Cell::Integer(value.parse().ok()?),
                "r" => Cell::Real(f64::from_bits(value.parse().ok()?)),
                "t" => Cell::Text(String::from_utf8(bytes(value)).ok()?),
                "b" => Cell::Blob(bytes(value)),
                _ => Cell::Null,
            })
        })
        .collect();
    cells
        .chunks(table.columns.len().max(1))
        .map(|row| Row(row.to_vec()))
        .collect()
}

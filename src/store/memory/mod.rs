//! The reference store: the same contract, in memory. Says what the trait means, and lets everything
//! above the stores be tested without a disk.

mod rows;
mod texts;

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{CommitError, Entry, Sink, Source, Store};
use crate::error::Error;
use crate::image::{Cell, FileState, Images, Meta, Slot, TextImage};
use crate::plan::{Changes, RowOp, StoreKind};
use rows::{Shown, change_row, row_of, rows_back, tables};
use texts::{change_file, file_back};

/// State held in memory.
#[derive(Debug)]
pub struct MemoryStore {
    kind: StoreKind,
    state: Mutex<Images>,
}

impl MemoryStore {
    /// A store of one kind that holds these images.
    pub fn new(kind: StoreKind, images: Images) -> Self {
        Self { kind, state: Mutex::new(images) }
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
                    cells.iter().all(|(name, cell)| table.cell(row, name) == Some(cell))
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

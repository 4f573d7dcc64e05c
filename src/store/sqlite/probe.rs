//! What lies at the database's path, looked at without SQLite, which would create a file, follow a link, or wait.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::image::{Meta, Unread, Unusable};
use crate::platform::{self, meta, open_quietly};

impl From<std::io::Error> for Unread {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind as K;
        match error.kind() {
            K::NotFound | K::NotADirectory => Unread::Absent,
            _ => Unread::Unusable(error.into()),
        }
    }
}

/// How the database keeps its journal, from its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Journal {
    /// A write-ahead log.
    Wal,
    /// A rollback journal.
    Rollback,
}

/// The main file, open for reading, and what its header says.
///
/// POSIX drops every lock of a process on a file when the process closes any descriptor of it, so this
/// has to outlive each SQLite connection that is opened beside it.
#[derive(Debug)]
pub(super) struct Probe {
    /// The main file: parent folder resolved, last component as it is.
    pub path: PathBuf,
    /// Mode, owner and identity of the main file.
    pub meta: Meta,
    /// How it keeps its journal.
    pub journal: Journal,
    file: File,
}

/// The first bytes of every SQLite 3 database.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// The length of the header of a database.
const HEADER: usize = 100;
/// A write-ahead log up to this length holds no frame.
const WAL_HEADER: u64 = 32;

impl Probe {
    /// Looks at the main file. Opens it only if it is a regular file, never through a symbolic link.
    pub(super) fn open(path: &Path) -> Result<Self, Unread> {
        let path = resolve_parent(path)?;
        let found = std::fs::symlink_metadata(&path)?;
        if let Some(unusable) = not_a_file(&path, &found) {
            return Err(Unread::Unusable(unusable));
        }
        let mut file = open_quietly(&path)?;
        let opened = file.metadata()?;
        if let Some(unusable) = not_a_file(&path, &opened) {
            return Err(Unread::Unusable(unusable));
        }
        let mut header = Vec::with_capacity(HEADER);
        (&mut file).take(HEADER as u64).read_to_end(&mut header)?;
        if header.is_empty() {
            return Err(Unread::Empty);
        }
        if !header.starts_with(MAGIC) {
            return Err(Unread::Foreign);
        }
        let (Some(write_version), Some(_)) = (header.get(18), header.get(HEADER - 1)) else {
            return Err(Unread::Damaged(format!(
                "it ends after {} bytes, within its own header",
                header.len()
            )));
        };
        let journal = if *write_version == 2 { Journal::Wal } else { Journal::Rollback };
        Ok(Self { meta: meta(&opened), path, journal, file })
    }

    /// The path of a side file.
    pub(super) fn side(&self, ending: &str) -> PathBuf {
        side_path(&self.path, ending)
    }

    /// The length of a side file, `None` where it does not exist.
    pub(super) fn side_len(&self, ending: &str) -> Result<Option<u64>, Unread> {
        let path = self.side(ending);
        match std::fs::symlink_metadata(&path) {
            Ok(found) => match not_a_file(&path, &found) {
                None => Ok(Some(found.len())),
                Some(_) => {
                    Err(Unread::Damaged(format!("its `{ending}` file is not a regular file")))
                }
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a side file has another name elsewhere, which a write to it would reach.
    pub(super) fn side_is_linked(&self, ending: &str) -> bool {
        std::fs::symlink_metadata(self.side(ending)).is_ok_and(|found| meta(&found).nlink > 1)
    }

    /// Whether the write-ahead log holds anything. One that does not start as a log does counts for
    /// nothing, to SQLite too; which, with an index beside it, finds that out only after ten seconds.
    pub(super) fn log_has_frames(&self) -> Result<bool, Unread> {
        if self.side_len("-wal")?.is_none_or(|len| len <= WAL_HEADER) {
            return Ok(false);
        }
        let mut magic = Vec::with_capacity(4);
        open_quietly(&self.side("-wal"))?.take(4).read_to_end(&mut magic)?;
        // Its last bit says in which order the bytes of its checksums are.
        Ok(matches!(magic.as_slice(), [0x37, 0x7f, 0x06, 0x82 | 0x83]))
    }

    /// Whether a rollback journal lies there that has something in it.
    pub(super) fn journal_has_content(&self) -> Result<bool, Unread> {
        if self.side_len("-journal")?.is_none_or(|len| len == 0) {
            return Ok(false);
        }
        let mut first = [0u8; 1];
        let read = open_quietly(&self.side("-journal"))?.read(&mut first)?;
        Ok(read == 1 && first != [0])
    }

    /// What must not move while a reader without locks is at work.
    pub(super) fn stamp(&self) -> Stamp {
        let of = |path: &Path| std::fs::symlink_metadata(path).ok().map(|m| meta(&m));
        let mut head = Vec::new();
        if let Ok(log) = open_quietly(&self.side("-wal")) {
            // What cannot be read is missing on both sides of the comparison.
            drop(log.take(WAL_HEADER).read_to_end(&mut head));
        }
        Stamp {
            main: of(&self.path),
            log: of(&self.side("-wal")),
            log_head: head,
            index: of(&self.side("-shm")).map(|meta| meta.id()),
        }
    }

    /// Whether the path still leads to the file that was looked at. What cannot be looked at is no other
    /// file: that would be planned for again and again.
    pub(super) fn is_still_there(&self) -> Result<bool, Unread> {
        match std::fs::symlink_metadata(&self.path).map_err(Unread::from) {
            Ok(now) => Ok(meta(&now).id() == self.meta.id()),
            Err(Unread::Absent) => Ok(false),
            Err(trouble) => Err(trouble),
        }
    }

    /// Takes a shared lock on the main file, which keeps the last other user of the database from
    /// deleting the log between the moment it was seen and the moment SQLite opens it (SQLite would
    /// make an empty one). It goes when the probe goes.
    ///
    /// Somebody else's exclusive lock is `false`. A file system without locks counts as locked:
    /// nobody else can have one there either.
    pub(super) fn hold(&self) -> bool {
        platform::share_file(&self.file)
    }
}

/// See [`Probe::stamp`].
#[derive(Debug, PartialEq)]
pub(super) struct Stamp {
    main: Option<Meta>,
    log: Option<Meta>,
    log_head: Vec<u8>,
    index: Option<(u64, u64)>,
}

/// The path of a side file of a database.
pub(super) fn side_path(main: &Path, ending: &str) -> PathBuf {
    let mut name = main.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Resolves symbolic links in the folder, and only there.
pub(super) fn resolve_parent(path: &Path) -> Result<PathBuf, Unread> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Unread::Absent);
    };
    let parent = platform::real_folder(parent)?;
    Ok(parent.join(name))
}

fn not_a_file(path: &Path, found: &Metadata) -> Option<Unusable> {
    let kind = found.file_type();
    if kind.is_symlink() {
        return Some(Unusable::Symlink(std::fs::read_link(path).unwrap_or_default()));
    }
    if kind.is_dir() {
        return Some(Unusable::NotAFile("a folder"));
    }
    if let Some(odd) = platform::odd_kind(found) {
        return Some(Unusable::NotAFile(odd));
    }
    (!kind.is_file()).then_some(Unusable::NotAFile("not a regular file"))
}

#[cfg(all(test, unix, not(clawmend_portable)))]
mod tests {
    use super::*;

    #[test]
    fn the_opening_itself_follows_nothing_and_waits_for_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        std::fs::write(at("a"), "text").unwrap();
        std::os::unix::fs::symlink("a", at("link")).unwrap();
        let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU);
        rustix::fs::mknodat(rustix::fs::CWD, at("fifo"), kind, mode, 0).unwrap();
        assert!(open_quietly(&at("link")).is_err());
        let (done, over) = std::sync::mpsc::channel();
        let fifo = at("fifo");
        std::thread::spawn(move || done.send(open_quietly(&fifo).is_ok()));
        let opened = over.recv_timeout(std::time::Duration::from_secs(5));
        // Let it go, should it wait.
        drop(std::fs::OpenOptions::new().read(true).write(true).open(at("fifo")));
        assert_eq!(opened, Ok(true), "it is a FIFO, and nobody writes to it");
    }
}

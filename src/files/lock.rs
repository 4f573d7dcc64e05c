//! Only one clawmend writes at a time.

use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::StateDir;
use super::dir::{Dir, refuse};
use crate::error::Error;
use crate::model::layout;
use crate::platform::{self, Folder};
use crate::step::Step;

/// The exclusive lock on `<state>/clawmend/lock`, held as long as this lives. The file stays.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Refuses where the lock would be refused for its place; writes nothing. Returns the state dir's owner.
    ///
    /// # Errors
    /// The state dir or clawmend's folder in it is no safe place to write to.
    pub fn check(state_dir: &StateDir) -> Result<u32, Error> {
        let state = state_dir.open()?;
        super::safety::check(state)?;
        let owner = state.meta()?.uid;
        super::safety::check_own_below(state, layout::OWN_DIR.as_ref(), owner)?;
        Ok(owner)
    }

    /// Takes the lock, waiting up to `wait` for another clawmend to finish. Refuses first if the
    /// state dir is no safe place to write to.
    ///
    /// # Errors
    /// Refused: an unsafe place, or another clawmend is at work (names its pid). Failed: I/O.
    pub fn take(state_dir: &StateDir, now_ms: i64, wait: Duration) -> Result<Self, Error> {
        let owner = Self::check(state_dir)?;
        let state = state_dir.open()?;
        let (dir, name) = state.walk_or_create(Path::new(layout::LOCK))?;
        super::safety::check_own(&dir, owner)?;
        let path = dir.path().join(&name);
        let mut file = open(&dir, &name)?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if start.elapsed() < wait => {
                    std::thread::sleep(Duration::from_millis(25));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(held(&path, &mut file, is_ours(state)));
                }
                Err(TryLockError::Error(error))
                    if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(TryLockError::Error(error)) => {
                    return Err(Error::io("lock", &path, &error));
                }
            }
        }
        // For people who look and for the refusal of the next one; the lock itself is the system's.
        let text = format!("pid {}\nsince {now_ms}\n", std::process::id());
        // A full disk must not keep `prune` from making room, so this may fail.
        let _ = file.set_len(0).and_then(|()| file.write_all(text.as_bytes()));
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

fn open(dir: &Dir, name: &OsStr) -> Result<File, Error> {
    let path = dir.path().join(name);
    match dir.folder.create_file(name) {
        Ok(file) => Ok(file),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            dir.open_to_write(name).map_err(|why| refuse(&path, &why))
        }
        Err(error) => Err(Error::io("make the lock", &path, &error)),
    }
}

/// Whether nobody else than the acting user could have written what stands in the lock.
fn is_ours(state: &Dir) -> bool {
    state.meta().is_ok_and(|meta| meta.uid == platform::user_id())
}

fn held(path: &Path, file: &mut File, ours: bool) -> Error {
    let mut text = String::new();
    let _ = file.seek(SeekFrom::Start(0));
    let _ = file.take(200).read_to_string(&mut text);
    let pid = text
        .lines()
        .find_map(|line| line.strip_prefix("pid "))
        .and_then(|pid| pid.trim().parse::<u32>().ok());
    let who = match pid {
        Some(pid) => format!("another clawmend (pid {pid}) is at work on this state"),
        None => "another clawmend is at work on this state".to_owned(),
    };
    let error =
        Error::refused(who).at(path).hint("wait until it is done, then run the same command again");
    match pid {
        // Whoever owns the state dir can write any number there.
        Some(pid) if !ours => {
            error.hint(Step::run("ps", ["-p".to_owned(), pid.to_string()]).after(
                "it may wait at a question in another session; before you end it, see what it is",
            ))
        }
        Some(pid) => {
            let end = Step::run("kill", [pid.to_string()]).note("ends it safely");
            error.hint(end.after("it may wait at a question in another session"))
        }
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_one_is_refused_and_told_who_holds_it() {
        let temp = tempfile::tempdir().unwrap();
        let lock = Lock::take(&temp.path().into(), 7, Duration::ZERO).unwrap();
        let error = Lock::take(&temp.path().into(), 8, Duration::from_millis(30)).unwrap_err();
        assert_eq!(error.exit(), crate::exit::Exit::Refused);
        assert!(error.message().contains(&format!("pid {}", std::process::id())));
        let hints = crate::render::invocation::hint_lines(&error).join("\n");
        assert!(hints.contains("question") && hints.contains("kill "), "{hints}");
        drop(lock);
        Lock::take(&temp.path().into(), 9, Duration::ZERO).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_place_of_the_lock_or_its_folder_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let own = temp.path().join("clawmend");
        std::os::unix::fs::symlink(outside.path(), &own).unwrap();
        assert!(Lock::take(&temp.path().into(), 7, Duration::ZERO).is_err());
        std::fs::remove_file(&own).unwrap();
        std::fs::create_dir(&own).unwrap();
        std::os::unix::fs::symlink(outside.path().join("x"), own.join("lock")).unwrap();
        assert!(Lock::take(&temp.path().into(), 7, Duration::ZERO).is_err());
        assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
    }
}

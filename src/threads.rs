//! Work on a second thread, and on the first where the system starts no other: a limit on processes makes
//! clawmend slower, not useless.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, scope};

/// As much as the main thread has, bytes.
const STACK: usize = 8 << 20;

/// Does `work` on a thread of its own, after `first`; on this one, without `first`, where none is started.
///
/// # Errors
/// Never, as far as is known: the thread ended and had not come for its work.
pub fn apart<T: Send>(
    first: impl FnOnce() + Send,
    work: impl FnOnce() -> T + Send,
) -> io::Result<T> {
    // Done once, by whoever comes for it.
    let work = Mutex::new(Some(work));
    let done = || {
        let work = work.lock().unwrap_or_else(PoisonError::into_inner).take();
        work.map(|work| work())
    };
    let done = scope(|threads| {
        let inside = || {
            first();
            done()
        };
        let builder = Builder::new().stack_size(STACK);
        match builder.spawn_scoped(threads, inside) {
            Ok(thread) => match thread.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            },
            Err(_) => done(),
        }
    });
    done.ok_or_else(|| io::Error::other("the work was lost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_comes_first_and_on_the_same_thread() {
        let seen = Mutex::new(Vec::new());
        let note = || seen.lock().unwrap().push(std::thread::current().id());
        assert_eq!(apart(note, note).ok(), Some(()));
        let seen = seen.into_inner().unwrap();
        assert_eq!(seen.first(), seen.last());
        assert_ne!(seen.first(), Some(&std::thread::current().id()));
    }
}

//! Files that another program has open: Windows refuses to open, replace or remove them.

use std::io;
use std::time::{Duration, Instant};

/// How long to wait for the other program. Indexers, virus scanners and backups let go within moments.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

/// Does it, again and again for a while where another program's open file is in the way.
///
/// # Errors
/// As the last try said.
pub fn patiently<T>(deed: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    try_for(PATIENCE, |error| cfg!(windows) && is_held(error), deed)
}

/// `ERROR_SHARING_VIOLATION`, `ERROR_LOCK_VIOLATION`, `ERROR_USER_MAPPED_FILE`; and `ERROR_ACCESS_DENIED`,
/// which is what renaming over an open file ends with.
fn is_held(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(32 | 33 | 1224 | 5))
}

fn try_for<T>(
    patience: Duration,
    is_held: impl Fn(&io::Error) -> bool,
    mut deed: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    let end = Instant::now() + patience;
    loop {
        match deed() {
            Err(error) if is_held(&error) && Instant::now() < end => std::thread::sleep(PAUSE),
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_tried_again_until_it_is_free_or_time_is_up() {
        let mut tries = 0;
        let mut freed_after = |count: u32, code| {
            tries = 0;
            try_for(Duration::from_millis(200), is_held, || {
                tries += 1;
                if tries > count { Ok(tries) } else { Err(io::Error::from_raw_os_error(code)) }
            })
        };
        assert_eq!(freed_after(3, 32).unwrap(), 4);
        assert_eq!(freed_after(u32::MAX, 32).unwrap_err().raw_os_error(), Some(32));
        assert_eq!(freed_after(3, 2).unwrap_err().raw_os_error(), Some(2));
        assert_eq!(tries, 1, "what is not held is not waited for");
    }
}

//! Files that another program has open: Windows refuses to open, replace or remove them.

use std::io;
use std::time::{Duration, Instant};

use super::text::is_denied;

/// How long to wait for the other program. Indexers, virus scanners and backups let go within moments.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

/// Does it, again and again for a while where another program's open file is in the way.
pub fn patiently<T>(deed: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    // A rename over an open file is denied, as where a right is missing.
    try_for(PATIENCE, |error| cfg!(windows) && is_denied(error), deed)
}

fn try_for<T>(
    patience: Duration,
    passes: impl Fn(&io::Error) -> bool,
    mut deed: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    let end = Instant::now() + patience;
    loop {
        match deed() {
            Err(error) if passes(&error) && Instant::now() < end => std::thread::sleep(PAUSE),
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
        let mut freed_after = |count: u32, code: io::ErrorKind| {
            tries = 0;
            try_for(Duration::from_millis(200), is_denied, || {
                tries += 1;
                if tries > count { Ok(tries) } else { Err(io::Error::from(code)) }
            })
        };
        let (held, gone) = (io::ErrorKind::PermissionDenied, io::ErrorKind::NotFound);
        assert_eq!(freed_after(3, held).unwrap(), 4);
        assert_eq!(freed_after(u32::MAX, held).unwrap_err().kind(), held);
        assert_eq!(freed_after(3, gone).unwrap_err().kind(), gone);
        assert_eq!(tries, 1, "what is not held is not waited for");
    }
}

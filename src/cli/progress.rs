//! A word on stderr about work that takes longer than a moment, gone again when it is done.

use std::io::Write;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// What counts as a moment.
const MOMENT: Duration = Duration::from_millis(500);

/// Does `work`; while it takes longer than a moment, `what` stands on `screen`, where there is one.
pub(super) fn during<T>(
    screen: Option<&mut (dyn Write + Send)>,
    what: &str,
    work: impl FnOnce() -> T,
) -> T {
    let Some(screen) = screen else { return work() };
    std::thread::scope(|threads| {
        let (done, waiting) = channel::<()>();
        // Where no thread can be started nothing is told.
        let _ = std::thread::Builder::new().spawn_scoped(threads, move || {
            if waiting.recv_timeout(MOMENT) == Err(RecvTimeoutError::Timeout) {
                let _ = write!(screen, "{what} ...");
                let _ = screen.flush();
                let _ = waiting.recv();
                let _ = write!(screen, "\r\u{1b}[K");
                let _ = screen.flush();
            }
        });
        let result = work();
        drop(done);
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_takes_long_is_told_and_the_line_is_left_empty() {
        let mut screen: Vec<u8> = Vec::new();
        assert_eq!(during(Some(&mut screen), "reading", || 1), 1);
        assert!(screen.is_empty());
        during(Some(&mut screen), "reading", || {
            std::thread::sleep(MOMENT * 2);
        });
        assert_eq!(String::from_utf8(screen).unwrap(), "reading ...\r\u{1b}[K");
    }
}

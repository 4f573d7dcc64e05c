//! A word on the terminal about work that takes longer than a moment, gone again when something else is said.

use std::cell::RefCell;
use std::io::Write;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What counts as a moment.
const MOMENT: Duration = Duration::from_millis(500);

/// Where a word is written.
pub type Screen = Box<dyn Write + Send>;

/// What a run is at, from its first work on until it says something: many short works are a long wait too.
#[derive(Default)]
pub struct Progress(RefCell<Option<Running>>);

struct Running {
    news: Sender<&'static str>,
    thread: JoinHandle<()>,
}

impl Progress {
    /// `what` is done from now on.
    pub(super) fn begin(&self, screen: impl FnOnce() -> Option<Screen>, what: &'static str) {
        let mut running = self.0.borrow_mut();
        if let Some(running) = running.as_ref() {
            let _ = running.news.send(what);
            return;
        }
        let Some(screen) = screen() else { return };
        let (news, heard) = channel();
        let tell = move || tell(screen, what, &heard);
        // Where no thread can be started nothing is told.
        *running =
            std::thread::Builder::new().spawn(tell).ok().map(|thread| Running { news, thread });
    }

    /// Leaves the line empty: something else is said now.
    pub(super) fn end(&self) {
        if let Some(Running { news, thread }) = self.0.take() {
            drop(news);
            let _ = thread.join();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

fn tell(mut screen: Screen, mut what: &'static str, heard: &Receiver<&'static str>) {
    let told = Instant::now() + MOMENT;
    loop {
        match heard.recv_timeout(told.saturating_duration_since(Instant::now())) {
            Ok(next) => what = next,
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
    let mut write = |line: &str| {
        let _ = screen.write_all(line.as_bytes());
        let _ = screen.flush();
    };
    write(&format!("{what} ..."));
    while let Ok(next) = heard.recv() {
        if next != what {
            what = next;
            write(&format!("\r\u{1b}[K{what} ..."));
        }
    }
    write("\r\u{1b}[K");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Seen(Arc<Mutex<Vec<u8>>>);

    impl Write for Seen {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Seen {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    #[test]
    fn only_what_takes_long_is_told_and_the_line_is_left_empty() {
        let (progress, seen) = (Progress::default(), Seen::default());
        let begin = |what| progress.begin(|| Some(Box::new(seen.clone())), what);
        begin("reading");
        progress.end();
        assert_eq!(seen.text(), "");
        // Two works, each shorter than a moment.
        for what in ["reading", "looking"] {
            begin(what);
            std::thread::sleep(MOMENT * 3 / 4);
        }
        assert_eq!(seen.text(), "looking ...");
        begin("writing");
        progress.end();
        assert_eq!(seen.text(), "looking ...\r\u{1b}[Kwriting ...\r\u{1b}[K");
    }
}

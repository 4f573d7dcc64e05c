//! This program once more, as a process of its own: one that root has made another user's stays theirs.

use std::ffi::OsString;
use std::io::{Error, ErrorKind, Read, Result};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// A report about the largest state that is read takes seconds.
const LONGEST: Duration = Duration::from_secs(120);
/// More than any report has, bytes.
const LARGEST: u64 = 64 << 20;

/// Runs this program with other arguments, and returns what it printed to stdout. Its environment is this one;
/// nobody answers it.
///
/// # Errors
/// It cannot be started, was ended by a signal, or took too long and was ended.
pub fn this_program(args: &[OsString]) -> Result<Vec<u8>> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let (send, receive) = channel();
    let pipe = child.stdout.take();
    let reader = std::thread::Builder::new().spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.map(|pipe| pipe.take(LARGEST).read_to_end(&mut bytes));
        let _ = send.send(read.transpose().map(|_| bytes));
    });
    let read = reader.map(|_| receive.recv_timeout(LONGEST));
    let whole = matches!(&read, Ok(Ok(Ok(bytes))) if (bytes.len() as u64) < LARGEST);
    if !whole {
        let _ = child.kill();
    }
    let ended = child.wait()?;
    let bytes = match read? {
        Ok(read) => read?,
        Err(_) => return Err(ErrorKind::TimedOut.into()),
    };
    match ended.code() {
        Some(_) => Ok(bytes),
        None => Err(Error::other("it was ended by a signal")),
    }
}

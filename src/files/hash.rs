//! SHA-256 in lower-case hex, of bytes at hand and of bytes as they pass by.

use std::io::{self, BufRead, BufReader, Read, Write};

use sha2::{Digest, Sha256};

use crate::secret::shape::hex;

/// The SHA-256 of slices as if they were one text, without joining them.
pub fn of_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for piece in pieces {
        hasher.update(piece);
    }
    hex(&hasher.finalize())
}

/// The SHA-256 of bytes at hand.
pub fn of(bytes: &[u8]) -> String {
    of_pieces([bytes])
}

/// So many bytes are hashed and written at once.
const STEP: usize = 256 * 1024;

/// A file to be read in large steps.
pub fn steps<R: Read>(file: R) -> BufReader<R> {
    BufReader::with_capacity(STEP, file)
}

/// What comes next, at most a step; nothing at the end.
pub fn next_of(from: &mut dyn BufRead) -> io::Result<&[u8]> {
    while let Err(error) = from.fill_buf() {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let bytes = from.fill_buf()?;
    Ok(bytes.get(..STEP).unwrap_or(bytes))
}

/// Copies to the end, in large steps; returns the SHA-256 and the number of bytes.
pub fn copy(from: &mut dyn BufRead, to: &mut dyn Write) -> io::Result<(String, u64)> {
    let mut hasher = Sha256::new();
    let mut size = 0;
    loop {
        let bytes = next_of(from)?;
        let step = bytes.len();
        if step == 0 {
            return Ok((hex(&hasher.finalize()), size));
        }
        hasher.update(bytes);
        to.write_all(bytes)?;
        from.consume(step);
        size += step as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_pieces_is_the_hash_of_the_whole() {
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(of(b"abc"), known);
        assert_eq!(of_pieces([b"a".as_slice(), b"", b"bc"]), known);
        let mut to = Vec::new();
        let copied = copy(&mut b"abc".as_slice(), &mut to).unwrap();
        assert_eq!(copied, (known.to_owned(), 3));
        assert_eq!(to, b"abc");
    }
}

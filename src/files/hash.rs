//! SHA-256 in lower-case hex, of bytes at hand and of bytes as they pass by.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

/// The SHA-256 of a run of slices.
pub fn of_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for piece in pieces {
        hasher.update(piece);
    }
    hex(&hasher.finalize())
}

/// The SHA-256 of some bytes.
pub fn of(bytes: &[u8]) -> String {
    of_pieces([bytes])
}

/// Copies to the end, in large steps; returns the SHA-256 and the number of bytes.
pub fn copy(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<(String, u64)> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut size = 0;
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => return Ok((hex(&hasher.finalize()), size)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let bytes = buffer.get(..read).unwrap_or_default();
        hasher.update(bytes);
        to.write_all(bytes)?;
        size += bytes.len() as u64;
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
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

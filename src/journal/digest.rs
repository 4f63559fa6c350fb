//! Hashes of files that a journal names.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::engine::FileSeen;
use crate::journal::line::hex;

/// Lower-case hex sha256 of what is left to read, and its length in bytes.
///
/// # Errors
/// It cannot be read to its end.
pub fn digest(source: &mut impl Read) -> io::Result<(String, u64)> {
    sha256_of(source, &mut io::sink())
}

/// The same, with all that is read written to `out`.
///
/// # Errors
/// It cannot be read to its end, or written.
pub fn sha256_of(source: &mut dyn Read, out: &mut dyn Write) -> io::Result<(String, u64)> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Ok((hex(&hasher.finalize()), length)),
            Ok(read) => {
                hasher.update(&buffer[..read]);
                out.write_all(&buffer[..read])?;
                length += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Size and hash of a file.
///
/// # Errors
/// It is not there, cannot be read, or is none: a pipe could be waited for without end.
pub fn file_seen(path: &Path) -> io::Result<FileSeen> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let (sha256, bytes) = digest(&mut File::open(path)?)?;
    Ok(FileSeen { bytes, sha256 })
}

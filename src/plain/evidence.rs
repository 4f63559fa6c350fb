//! A file that is given as an answer: looked at once, as a whole.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::engine::FileSeen;

/// Size and hash of a file.
///
/// # Errors
/// It is not there, cannot be read, or is none: a pipe could be waited for without end.
pub fn seen(path: &Path) -> std::io::Result<FileSeen> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is not a file"));
    }
    let mut file = File::open(path)?;
    let mut sha256 = Sha256::new();
    let mut bytes = 0;
    let mut block = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            break;
        }
        sha256.update(&block[..read]);
        bytes += read as u64;
    }
    let hash = sha256.finalize();
    Ok(FileSeen { bytes, sha256: hash.iter().map(|byte| format!("{byte:02x}")).collect() })
}

//! Headers of plain tar files (ustar): as much as a run needs, which is files with names, sizes and times.

use std::io::Read as _;
use std::path::Path;

use crate::clock::Timestamp;
use crate::fs;

/// The size of a header, and what contents are filled up to.
pub const BLOCK: usize = 512;

/// The largest file that a header can tell of, in bytes.
pub const MAX_FILE: u64 = 0o77_777_777_777;

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name, with slashes.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was written to.
    pub at: Timestamp,
}

impl Header {
    /// The header's block; `None`: the name or the size does not fit into one.
    pub fn block(&self) -> Option<[u8; BLOCK]> {
        let (prefix, name) = split(&self.name)?;
        if self.bytes > MAX_FILE {
            return None;
        }
        let mut block = [0; BLOCK];
        let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
        let seconds = self.at.as_millis().max(0) / 1_000;
        put(0, name.as_bytes());
        put(100, b"0000600\0");
        put(108, b"0000000\0");
        put(116, b"0000000\0");
        put(124, format!("{:011o}\0", self.bytes).as_bytes());
        put(136, format!("{:011o}\0", seconds.min(0o77_777_777_777)).as_bytes());
        put(148, b"        ");
        put(156, b"0");
        put(257, b"ustar\x0000");
        put(345, prefix.as_bytes());
        let sum = format!("{:06o}\0 ", sum(&block));
        block[148..156].copy_from_slice(sum.as_bytes());
        Some(block)
    }

    /// What a block tells; `None`: the end of the archive.
    ///
    /// # Errors
    /// It is no header of a plain file; why.
    pub fn read(block: &[u8; BLOCK]) -> Result<Option<Self>, String> {
        if block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let mut blank = *block;
        blank[148..156].copy_from_slice(b"        ");
        if octal(&block[148..156]) != Some(sum(&blank)) || &block[257..262] != b"ustar" {
            return Err("a header is damaged, or this is no tar of a run".into());
        }
        if !matches!(block[156], b'0' | 0) {
            return Err("it holds something that is no plain file".into());
        }
        let text = |range: std::ops::Range<usize>| {
            let field = &block[range];
            let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
            std::str::from_utf8(&field[..end]).map_err(|_| "a name in it is not text".to_owned())
        };
        let (name, prefix) = (text(0..100)?, text(345..500)?);
        let name = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        let bytes = octal(&block[124..136]).ok_or("a size in it is no number")?;
        let seconds = octal(&block[136..148]).and_then(|at| i64::try_from(at).ok()).unwrap_or_default();
        let header = Self { name, bytes, at: Timestamp::from_millis(seconds.saturating_mul(1_000)) };
        // One way to write it, so that no change of a header passes unseen.
        match header.block() {
            Some(written) if written == *block => Ok(Some(header)),
            _ => Err("a header is not as piton writes it".into()),
        }
    }
}

/// A name's two fields: 155 bytes and 100.
fn split(name: &str) -> Option<(&str, &str)> {
    if name.len() <= 100 {
        return Some(("", name));
    }
    let fits = |at: &usize| *at <= 155 && name.len() - at - 1 <= 100;
    let at = name.match_indices('/').map(|(at, _)| at).find(fits)?;
    Some((&name[..at], &name[at + 1..]))
}

fn sum(block: &[u8; BLOCK]) -> u64 {
    block.iter().map(|byte| u64::from(*byte)).sum()
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    if text.is_empty() { None } else { u64::from_str_radix(text, 8).ok() }
}

/// How many bytes follow a file of that size until the next block begins.
pub const fn filling(bytes: u64) -> u64 {
    (BLOCK as u64 - bytes % BLOCK as u64) % BLOCK as u64
}

/// Whether a plain file looks like an archive, links followed: only its first block is read.
pub fn is_archive(path: &Path) -> bool {
    let mut block = [0; BLOCK];
    // A pipe is not even opened: whoever writes into it would take that for the reading.
    let is_file = std::fs::metadata(path).is_ok_and(|known| known.is_file());
    let is_read = is_file && fs::open_plain(path).is_ok_and(|mut file| file.read_exact(&mut block).is_ok());
    is_read && &block[257..262] == b"ustar"
}

//! Bounded collecting: an excerpt in memory for expressions, and the whole (up to a limit) in a file.
//!
//! Both take any number of bytes without ever refusing, so that a command's pipe is always drained; what they did
//! not keep they have counted.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};

use sha2::{Digest, Sha256};

use crate::engine::Output;

/// The beginning and the end of a stream, with the count of what lay between.
#[derive(Debug)]
pub struct Excerpt {
    head: Vec<u8>,
    head_limit: usize,
    tail: VecDeque<u8>,
    tail_limit: usize,
    left_out: u64,
}

impl Excerpt {
    /// Keeps at most `limit` bytes: one half from the beginning, the other from the end.
    pub const fn new(limit: usize) -> Self {
        let head_limit = limit / 2;
        Self { head: Vec::new(), head_limit, tail: VecDeque::new(), tail_limit: limit - head_limit, left_out: 0 }
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        let room = self.head_limit - self.head.len();
        let (head, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(head);
        let surplus = (self.tail.len() + rest.len()).saturating_sub(self.tail_limit);
        self.left_out += surplus as u64;
        let from_tail = surplus.min(self.tail.len());
        self.tail.drain(..from_tail);
        self.tail.extend(&rest[surplus - from_tail..]);
    }

    /// What was kept as text; a line in the middle tells how much is missing. Bytes that are not UTF-8 are replaced.
    pub fn into_text(mut self) -> String {
        if self.left_out > 0 {
            self.head.extend_from_slice(format!("\n[{} bytes left out]\n", self.left_out).as_bytes());
        }
        self.head.extend(self.tail);
        String::from_utf8_lossy(&self.head).into_owned()
    }
}

/// A file that keeps the first bytes of a command's output and knows their hash.
#[derive(Debug)]
pub struct Kept {
    file: File,
    hash: Sha256,
    bytes: u64,
    limit: u64,
    left_out: u64,
    failed: Option<io::Error>,
}

impl Kept {
    /// Writes into the empty `file`, at most `limit` bytes.
    pub fn new(file: File, limit: u64) -> Self {
        Self { file, hash: Sha256::new(), bytes: 0, limit, left_out: 0, failed: None }
    }

    /// Takes the next bytes. After a failed write (a full disk) everything further is only counted.
    pub fn push(&mut self, bytes: &[u8]) {
        let room = usize::try_from(self.limit - self.bytes).unwrap_or(usize::MAX);
        let mut rest = if self.failed.is_some() { &[] } else { &bytes[..room.min(bytes.len())] };
        let mut kept = 0;
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => self.failed = Some(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.hash.update(&rest[..written]);
                    kept += written;
                    rest = &rest[written..];
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => self.failed = Some(error),
            }
            break;
        }
        self.bytes += kept as u64;
        self.left_out += (bytes.len() - kept) as u64;
    }

    /// Brings the file to the disk and tells what it weighs; `name` is the file's name in the output folder.
    pub fn finish(self, name: String) -> Output {
        if self.bytes > 0 && self.file.sync_data().is_err() {
            // Nothing better can be done here: the hash tells later whether the file is what was written.
        }
        Output { file: name, bytes: self.bytes, sha256: hex(&self.hash.finalize()), left_out_bytes: self.left_out }
    }
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_excerpt_keeps_beginning_and_end_and_counts_the_rest() {
        let mut excerpt = Excerpt::new(8);
        for part in ["ab", "cdef", "ghijkl", "m"] {
            excerpt.push(part.as_bytes());
        }
        assert_eq!(excerpt.left_out, 5);
        assert_eq!(excerpt.into_text(), "abcd\n[5 bytes left out]\njklm");
    }

    proptest! {
        #[test]
        fn an_excerpt_does_not_depend_on_how_the_stream_was_cut(
            parts in prop::collection::vec(prop::collection::vec(32_u8..127, 0..40), 0..20), limit in 0_usize..64,
        ) {
            let mut piecewise = Excerpt::new(limit);
            parts.iter().for_each(|part| piecewise.push(part));
            let mut whole = Excerpt::new(limit);
            whole.push(&parts.concat());
            let kept = piecewise.head.len() + piecewise.tail.len();
            prop_assert_eq!(kept as u64 + piecewise.left_out, parts.concat().len() as u64);
            prop_assert!(kept <= limit);
            prop_assert_eq!(piecewise.into_text(), whole.into_text());
        }
    }

    #[test]
    fn a_kept_file_stops_at_its_limit_and_its_hash_is_that_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.out");
        let mut kept = Kept::new(File::create(&path).unwrap(), 10);
        for part in ["hello ", "world, ", "again"] {
            kept.push(part.as_bytes());
        }
        let output = kept.finish("1.out".into());
        let stored = std::fs::read(path).unwrap();
        assert_eq!(stored, b"hello worl");
        assert_eq!(output.sha256, hex(&Sha256::digest(&stored)));
        assert_eq!((output.bytes, output.left_out_bytes), (10, 8));
    }

    #[test]
    fn a_full_disk_is_counted_not_fatal() {
        let mut kept = Kept::new(File::options().write(true).open("/dev/full").unwrap(), 100);
        kept.push(b"lost");
        kept.push(b"too");
        let output = kept.finish("1.out".into());
        assert_eq!((output.bytes, output.left_out_bytes), (0, 7));
    }
}

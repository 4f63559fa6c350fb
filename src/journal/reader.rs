//! Raw lines, one after the other, in bounded memory.

use std::io::{self, BufRead, Read};

use crate::journal::line::MAX_LINE_BYTES;

/// Reads a journal line by line.
pub struct Reader<R> {
    source: R,
    buffer: Vec<u8>,
    number: u64,
    offset: u64,
}

/// One line as it lies in the file.
#[derive(Clone, Copy, Debug)]
pub struct RawLine<'a> {
    /// Counted from 1.
    pub number: u64,
    /// Where it begins, in bytes from the start of the file.
    pub offset: u64,
    /// Without its newline; of a line longer than [`MAX_LINE_BYTES`] only the beginning.
    pub bytes: &'a [u8],
    /// Its true length, without its newline.
    pub length: u64,
    /// Whether a newline ends it; only the last line of a file can be without.
    pub is_terminated: bool,
}

impl<R: BufRead> Reader<R> {
    /// Reads from the start of `source`.
    pub fn new(source: R) -> Self {
        Self { source, buffer: Vec::new(), number: 0, offset: 0 }
    }

    /// The next line; `None` at the end.
    pub fn next_line(&mut self) -> io::Result<Option<RawLine<'_>>> {
        self.buffer.clear();
        let room = MAX_LINE_BYTES as u64 + 1;
        let mut length = (&mut self.source).take(room).read_until(b'\n', &mut self.buffer)? as u64;
        let is_whole = self.buffer.last() == Some(&b'\n');
        if is_whole {
            self.buffer.pop();
            length -= 1;
        }
        let is_terminated = is_whole || length == room && self.pass(&mut length)?;
        if length == 0 && !is_terminated {
            return Ok(None);
        }
        let offset = self.offset;
        self.number += 1;
        self.offset += length + u64::from(is_terminated);
        Ok(Some(RawLine { number: self.number, offset, bytes: &self.buffer, length, is_terminated }))
    }

    /// Passes over what is left of a line that is too long; whether a newline ends it.
    fn pass(&mut self, length: &mut u64) -> io::Result<bool> {
        loop {
            let available = match self.source.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if available.is_empty() {
                return Ok(false);
            }
            let newline = available.iter().position(|&byte| byte == b'\n');
            let piece = &available[..newline.unwrap_or(available.len())];
            *length += piece.len() as u64;
            let consumed = piece.len() + usize::from(newline.is_some());
            self.source.consume(consumed);
            if newline.is_some() {
                return Ok(true);
            }
        }
    }
}

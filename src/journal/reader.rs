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

/// Where a line lies, and how long it is: a [`RawLine`] without its bytes.
#[derive(Clone, Copy)]
pub(super) struct Place {
    number: u64,
    offset: u64,
    length: u64,
    is_terminated: bool,
}

impl Place {
    /// The line, whose bytes are these.
    pub fn of(self, bytes: &[u8]) -> RawLine<'_> {
        let Self { number, offset, length, is_terminated } = self;
        RawLine { number, offset, bytes, length, is_terminated }
    }
}

impl<R: BufRead> Reader<R> {
    /// Reads from the start of `source`.
    pub fn new(source: R) -> Self {
        Self { source, buffer: Vec::new(), number: 0, offset: 0 }
    }

    /// The next line; `None` at the end.
    pub fn next_line(&mut self) -> io::Result<Option<RawLine<'_>>> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let place = self.next_into(&mut buffer);
        self.buffer = buffer;
        Ok(place?.map(|place| place.of(&self.buffer)))
    }

    /// The same, with its bytes put behind those in `buffer`.
    pub(super) fn next_into(&mut self, buffer: &mut Vec<u8>) -> io::Result<Option<Place>> {
        let room = MAX_LINE_BYTES as u64 + 1;
        let mut length = (&mut self.source).take(room).read_until(b'\n', buffer)? as u64;
        let is_whole = length > 0 && buffer.last() == Some(&b'\n');
        if is_whole {
            buffer.pop();
            length -= 1;
        }
        let is_terminated = is_whole || length == room && self.pass(&mut length)?;
        if length == 0 && !is_terminated {
            return Ok(None);
        }
        let offset = self.offset;
        self.number += 1;
        self.offset += length + u64::from(is_terminated);
        Ok(Some(Place { number: self.number, offset, length, is_terminated }))
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

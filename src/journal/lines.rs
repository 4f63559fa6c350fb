//! The lines of a journal that was read, found again in its file: what they hold is not kept in memory.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::Record;
use crate::fs::FsError;
use crate::journal::error::JournalError;
use crate::journal::line::{decode, sha256_hex};
use crate::journal::reader::RawLine;

/// How many lines are read together.
const PAGE: usize = 32;

/// How many pages that were read are kept.
const MOST_KEPT: usize = 4;

/// How much of a hash is kept for a page, in hex digits: it shows what was changed, not who meant to.
const HASH_DIGITS: usize = 16;

/// The lines of good records, numbered from 1. Of a plain file only the places are kept; the lines of what cannot be read
/// twice are kept themselves.
#[derive(Debug, Default)]
pub struct Lines {
    file: Option<(PathBuf, File)>,
    /// Where each page begins, and the hash of the line before it.
    pages: Vec<(u64, u64)>,
    /// How many lines the pages hold.
    paged: usize,
    /// Where the last of them ends, and its hash.
    end: (u64, u64),
    /// What comes behind them.
    own: Vec<Box<[u8]>>,
    /// The pages that were read last.
    read: RefCell<Vec<(usize, Arc<[Record]>)>>,
}

impl From<Vec<Box<[u8]>>> for Lines {
    fn from(own: Vec<Box<[u8]>>) -> Self {
        Self { own, ..Self::default() }
    }
}

impl Lines {
    /// Those of the file at that path, which are to be taken in one after the other.
    pub fn of(path: &Path) -> Self {
        let is_plain = |file: &File| file.metadata().is_ok_and(|known| known.is_file());
        // Nothing is told here: whoever reads the lines is told what is wrong.
        let found = std::fs::metadata(path).is_ok_and(|known| known.is_file());
        let file = found.then(|| File::open(path).ok()).flatten().filter(is_plain);
        Self { file: file.map(|file| (path.to_owned(), file)), ..Self::default() }
    }

    /// Takes in the next line of the file, whose record names that hash.
    pub fn take(&mut self, raw: &RawLine<'_>, prev: &str) {
        if self.file.is_none() {
            return self.keep(raw.bytes.into());
        }
        if self.paged.is_multiple_of(PAGE) {
            self.pages.push((raw.offset, short(prev)));
        }
        self.paged += 1;
        self.end.0 = raw.offset + raw.length + 1;
    }

    /// All lines of the file were taken in; the hash of the last of them.
    pub fn ends(&mut self, head: &str) {
        self.end.1 = short(head);
    }

    /// Takes in a line that was recorded since.
    pub fn keep(&mut self, line: Box<[u8]>) {
        self.own.push(line);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.paged + self.own.len()
    }

    /// The record of that number.
    ///
    /// # Errors
    /// There is none, or it cannot be read any more, or is not what it was.
    pub fn record(&self, number: usize) -> Result<Record, JournalError> {
        let mut found = None;
        self.each(number.saturating_sub(1), number, &mut |record| found = Some(record.clone()))?;
        found.ok_or_else(|| self.failed(io::Error::other(format!("there is no record {number}"))))
    }

    /// Hands on the records behind number `from` up to number `to`.
    ///
    /// # Errors
    /// One of them cannot be read any more, or is not what it was; those before it may have been handed on.
    pub fn each(&self, from: usize, to: usize, each: &mut dyn FnMut(&Record)) -> Result<(), JournalError> {
        let mut at = from;
        while at < to.min(self.paged) {
            let page = self.page(at / PAGE)?;
            let begin = at % PAGE;
            let end = page.len().min(begin + to - at);
            page[begin..end].iter().for_each(&mut *each);
            at += end - begin;
        }
        for line in self.own.iter().take(to.saturating_sub(self.paged)).skip(at.saturating_sub(self.paged)) {
            each(&decode(line).map_err(|error| self.failed(io::Error::other(error)))?);
        }
        Ok(())
    }

    fn page(&self, number: usize) -> Result<Arc<[Record]>, JournalError> {
        let mut read = self.read.borrow_mut();
        if let Some(at) = read.iter().position(|(known, _)| *known == number) {
            let found = read.remove(at);
            read.push(found);
        } else {
            let page = self.read_page(number).map_err(|error| self.failed(error))?;
            if read.len() == MOST_KEPT {
                read.remove(0);
            }
            read.push((number, page.into()));
        }
        Ok(read.last().map(|(_, page)| Arc::clone(page)).unwrap_or_default())
    }

    fn read_page(&self, number: usize) -> io::Result<Vec<Record>> {
        let gone = || io::Error::other("it was changed since it was read");
        let (_, file) = self.file.as_ref().ok_or_else(gone)?;
        let (begin, before) = *self.pages.get(number).ok_or_else(gone)?;
        let (end, last) = *self.pages.get(number + 1).unwrap_or(&self.end);
        let length = usize::try_from(end.saturating_sub(begin)).map_err(|_| gone())?;
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, begin).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => gone(),
            _ => error,
        })?;
        let bytes = bytes.strip_suffix(b"\n").ok_or_else(gone)?;
        // Each names the hash of the one before it: that of the last one stands for all.
        let (mut hash, mut records) = (before, Vec::with_capacity(PAGE));
        for line in bytes.split(|byte| *byte == b'\n') {
            let record = decode(line).map_err(|_| gone())?;
            if short(&record.prev) != hash {
                return Err(gone());
            }
            hash = short(&sha256_hex(line));
            records.push(record);
        }
        if hash == last { Ok(records) } else { Err(gone()) }
    }

    fn failed(&self, error: io::Error) -> JournalError {
        let path = self.file.as_ref().map_or(Path::new("the journal"), |(path, _)| path);
        FsError::new("read", path, error).into()
    }
}

/// The beginning of a hash as a number.
fn short(hash: &str) -> u64 {
    hash.get(..HASH_DIGITS).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::verify::read_along;

    const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/journals/format-1.jsonl");

    fn all(path: &Path) -> (Lines, Vec<Record>) {
        let (mut lines, mut records) = (Lines::of(path), Vec::new());
        let found = read_along(path, &mut |raw, outline| {
            lines.take(&raw, outline.prev());
            records.extend(outline.into_record(&raw));
            true
        });
        lines.ends(&found.unwrap().head);
        (lines, records)
    }

    #[test]
    fn records_are_found_again_in_their_file_and_behind_it() {
        let (mut lines, mut records) = all(Path::new(GOLDEN));
        assert!(records.len() > PAGE && lines.own.is_empty(), "{}", records.len());
        let more = Record { seq: records.len() as u64 + 1, ..records[1].clone() };
        lines.keep(serde_json::to_vec(&more).unwrap().into());
        records.push(more);
        let count = records.len();
        assert_eq!(lines.count(), count);
        for number in (1..=count).rev() {
            assert_eq!(lines.record(number).unwrap(), records[number - 1], "{number}");
        }
        assert!(lines.record(0).is_err() && lines.record(count + 1).is_err());
        for (from, to) in [(0, count), (5, 5), (31, 33), (PAGE, PAGE + 1), (count - 2, count), (count - 1, count)] {
            let mut found = Vec::new();
            lines.each(from, to, &mut |record| found.push(record.clone())).unwrap();
            assert_eq!(found, records[from..to], "{from} to {to}");
        }
    }

    /// What is shown is what was verified, or nothing is.
    #[test]
    fn what_is_not_what_it_was_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let whole = std::fs::read(GOLDEN).unwrap();
        for at in [40, whole.len() / 2, whole.len() - 40] {
            std::fs::write(&path, &whole).unwrap();
            let (lines, records) = all(&path);
            let mut changed = whole.clone();
            changed[at] ^= 1;
            // The same file, written over.
            std::fs::write(&path, &changed).unwrap();
            let bad = (1..=records.len()).filter(|number| match lines.record(*number) {
                Ok(record) => {
                    assert_eq!(record, records[number - 1]);
                    false
                }
                Err(error) => error.to_string().contains("changed since it was read"),
            });
            assert!((1..=PAGE).contains(&bad.count()), "byte {at}");
            std::fs::write(&path, "").unwrap();
            let (last, fresh) = (records.len(), lines);
            fresh.read.borrow_mut().clear();
            assert!(fresh.record(last).unwrap_err().to_string().contains("changed since it was read"));
        }
    }
}

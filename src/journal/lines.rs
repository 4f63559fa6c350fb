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
use crate::journal::line::{MAX_LINE_BYTES, decode, sha256_hex};
use crate::journal::reader::RawLine;

/// How many lines are read together.
const PAGE: usize = 32;

/// How many pages that were read are kept.
const MOST_KEPT: usize = 4;

/// How much is read on where the end of a line is looked for, in bytes.
const MORE: usize = 4096;

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

    /// The last of the records that are read together with that one.
    pub fn read_with(&self, number: usize) -> usize {
        let page = number.saturating_sub(1) / PAGE;
        if number > self.paged { number } else { self.paged.min((page + 1) * PAGE) }
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
            let page = self.read_page(number).map_err(|fault| self.told(number, fault))?;
            if read.len() == MOST_KEPT {
                read.remove(0);
            }
            read.push((number, page.into()));
        }
        Ok(read.last().map(|(_, page)| Arc::clone(page)).unwrap_or_default())
    }

    fn read_page(&self, number: usize) -> Result<Vec<Record>, Fault> {
        let nothing = || Fault::Changed(number * PAGE);
        let (_, file) = self.file.as_ref().ok_or_else(nothing)?;
        let (begin, before) = *self.pages.get(number).ok_or_else(nothing)?;
        let (end, last) = *self.pages.get(number + 1).unwrap_or(&self.end);
        let mut bytes = read_at(file, begin, usize::try_from(end.saturating_sub(begin)).map_err(|_| nothing())?)?;
        // Where one became longer the last is read to its end: it tells which.
        while !bytes.ends_with(b"\n") && bytes.len() < MAX_LINE_BYTES {
            let more = read_at(file, begin + bytes.len() as u64, MORE)?;
            let length = more.iter().position(|byte| *byte == b'\n').map_or(more.len(), |at| at + 1);
            bytes.extend_from_slice(&more[..length]);
            if more.is_empty() {
                break;
            }
        }
        let count = PAGE.min(self.paged - number * PAGE);
        // Each names the hash of the one before it: that of the last one stands for all.
        let (mut hash, mut records) = (before, Vec::with_capacity(PAGE));
        for (at, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\n").and_then(|line| Some((decode(line).ok()?, short(&sha256_hex(line)))));
            let Some((record, own)) = line.filter(|_| at < count) else {
                return Err(Fault::Changed(number * PAGE + at.min(count - 1)));
            };
            if short(&record.prev) != hash {
                // Which of the two is another one is told by the one behind them.
                let is_own = at == 0 || !is_named(&bytes, at + 1, own, last);
                return Err(Fault::Changed(number * PAGE + if is_own { at } else { at - 1 }));
            }
            hash = own;
            records.push(record);
        }
        match records.len() {
            read if read < count => Err(Fault::Changed(number * PAGE + read)),
            _ if hash != last => Err(Fault::Changed(number * PAGE + count - 1)),
            _ => Ok(records),
        }
    }

    /// What is wrong with that page, for people. Where something was put in or taken out, all that comes behind it has
    /// moved: then the line is looked for at which that begins.
    fn told(&self, number: usize, fault: Fault) -> JournalError {
        let line = match fault {
            Fault::Unread(error) => return self.failed(error),
            Fault::Changed(line) => line,
        };
        let changed = |page: usize| match self.read_page(page) {
            Err(Fault::Changed(line)) => Some(line),
            Ok(_) | Err(Fault::Unread(_)) => None,
        };
        let mut first = line;
        let (mut good, mut bad) = (0, number);
        if line == number * PAGE && number > 0 && changed(number - 1).is_some() {
            while good < bad {
                let middle = good + (bad - good) / 2;
                match changed(middle) {
                    Some(line) => (first, bad) = (line, middle),
                    None => good = middle + 1,
                }
            }
        }
        let path = self.file.as_ref().map(|(path, _)| path.clone()).unwrap_or_default();
        JournalError::Changed { path, line: first as u64 + 1 }
    }

    fn failed(&self, error: io::Error) -> JournalError {
        let path = self.file.as_ref().map_or(Path::new("the journal"), |(path, _)| path);
        FsError::new("read", path, error).into()
    }
}

/// Why a page is not what it was.
enum Fault {
    /// It cannot be read.
    Unread(io::Error),
    /// This line, counted from 0, is another one.
    Changed(usize),
}

/// So many bytes from there on, or as many as there are.
fn read_at(file: &File, begin: u64, length: usize) -> Result<Vec<u8>, Fault> {
    let mut bytes = vec![0; length];
    let mut read = 0;
    while read < length {
        match file.read_at(&mut bytes[read..], begin + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Fault::Unread(error)),
        }
    }
    bytes.truncate(read);
    Ok(bytes)
}

/// Whether the line at that place names this hash as that of the one before it; behind the last one `last` does.
fn is_named(bytes: &[u8], at: usize, hash: u64, last: u64) -> bool {
    match bytes.split(|byte| *byte == b'\n').nth(at) {
        None | Some([]) => hash == last,
        Some(line) => decode(line).is_ok_and(|record| short(&record.prev) == hash),
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

    /// The line that is told when record `number` is asked for.
    fn told(lines: &Lines, number: usize) -> usize {
        match lines.record(number) {
            Err(JournalError::Changed { line, .. }) => usize::try_from(line).unwrap(),
            other => panic!("{number}: {other:?}"),
        }
    }

    #[test]
    fn the_line_that_was_changed_is_told_whichever_record_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let whole = std::fs::read(GOLDEN).unwrap();
        let ends: Vec<usize> = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect();
        let count = ends.len();
        assert!(count > PAGE + 2, "{count}");
        for line in [1, 2, 9, PAGE, PAGE + 1, PAGE + 2, count - 1, count] {
            let begin = if line == 1 { 0 } else { ends[line - 2] + 1 };
            let end = ends[line - 1];
            let text = String::from_utf8(whole[begin..end].to_vec()).unwrap();
            let event = text.find("\"event\"").expect("it has one");
            // Another author, another line before it, no record at all; longer; shorter; no line at all.
            let author = text.find("\"by\":\"").expect("it has one") + 6;
            let before = text.find("\"prev\":\"").expect("it has one") + 8;
            let with = |at: usize, other: &str| format!("{}{other}{}", &text[..at], &text[at + other.len()..]);
            for (what, changed) in [
                ("an author", with(author, "X")),
                ("the line before", with(before, if &text[before..=before] == "1" { "2" } else { "1" })),
                ("no record", with(event, "!")),
                ("longer", text.replacen("\"by\":\"", "\"by\":\"X", 1)),
                ("shorter", text.replacen("\"by\":\"m", "\"by\":\"", 1).replacen("\"by\":\"p", "\"by\":\"", 1)),
            ] {
                std::fs::write(&path, &whole).unwrap();
                let (lines, _) = all(&path);
                std::fs::write(&path, [&whole[..begin], changed.as_bytes(), &whole[end..]].concat()).unwrap();
                // Before its page nothing is known of it; where everything has moved it is told from there on.
                let page = (line - 1) / PAGE;
                let is_moved = changed.len() != text.len();
                let last = if is_moved { count } else { count.min((page + 1) * PAGE) };
                for number in page * PAGE + 1..=last {
                    lines.read.borrow_mut().clear();
                    assert_eq!(told(&lines, number), line, "{what}, asked for {number}");
                }
            }
            std::fs::write(&path, &whole).unwrap();
            let (lines, _) = all(&path);
            std::fs::write(&path, &whole[..begin + 5]).unwrap();
            assert_eq!(told(&lines, count), line, "cut");
        }
    }
}

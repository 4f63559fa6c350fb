//! The small chained files that lie beside journals: reviews, and what became of runs.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::clock::Timestamp;
use crate::fs::{self, FsError};
use crate::journal::{NO_PREVIOUS, Reader, sha256_hex};

/// A line of such a file.
pub trait Chained: DeserializeOwned {
    /// What it is called where a line is none: `record of a review`.
    const WHAT: &str;
    /// The longest line that is read, in bytes.
    const MAX_LINE_BYTES: usize;

    /// Its number, from 1.
    fn seq(&self) -> u64;

    /// Lower-case hex sha256 of the raw line before it; 64 zeros in the first.
    fn prev(&self) -> &str;

    /// When it was written.
    fn at(&self) -> Timestamp;

    /// Whether what it says can stand there.
    ///
    /// # Errors
    /// Why it cannot.
    fn fits(&self, is_first: bool) -> Result<(), String>;
}

/// Such a file, as far as it is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainedFile<R> {
    /// The file.
    pub path: PathBuf,
    /// The good lines.
    pub records: Vec<R>,
    /// The hash of the last of them.
    pub head: String,
    /// What follows them.
    pub found: Found,
}

/// What follows the good lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Whole,
    /// A line that a crash cut off, from that byte on.
    Torn(u64),
    /// Something else.
    Damaged {
        /// The line at which it was noticed.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// Nothing of it could be read: why.
    Unread(String),
}

impl Found {
    /// Whether it is something that no crash explains.
    pub const fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Unread(_))
    }
}

impl<R> ChainedFile<R> {
    /// In words, what is the matter with it.
    pub fn told(&self) -> String {
        told(&self.path, self.records.len(), &self.head, &self.found)
    }
}

/// In words, what is the matter with such a file, of which so many lines are good.
pub fn told(path: &Path, records: usize, head: &str, found: &Found) -> String {
    let path = path.display();
    match found {
        Found::Whole => format!("{path}: whole records={records} head={head}"),
        Found::Torn(_) => format!("{path}: whole records={records} (notice: its last line is torn)"),
        Found::Damaged { line, what } => format!("{path}: DAMAGED at line {line}: {what}"),
        Found::Unread(why) => format!("{path}: DAMAGED: {why}"),
    }
}

impl<R: Chained> ChainedFile<R> {
    /// Reads it, up to the first line that does not follow from those before it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(path: PathBuf) -> Result<Self, FsError> {
        let read_failed = |error| FsError::new("read", &path, error);
        let mut reader = Reader::new(BufReader::new(fs::open_read(&path)?));
        let (mut records, mut head, mut found) = (Vec::new(), NO_PREVIOUS.to_owned(), Found::Whole);
        while let Some(raw) = reader.next_line().map_err(read_failed)? {
            if !raw.is_terminated {
                found = Found::Torn(raw.offset);
                break;
            }
            match follows(raw.bytes, records.last(), &head) {
                Ok(record) => {
                    head = sha256_hex(raw.bytes);
                    records.push(record);
                }
                Err(what) => {
                    found = Found::Damaged { line: raw.number, what };
                    break;
                }
            }
        }
        Ok(Self { path, records, head, found })
    }
}

/// The record of a line, if it is the next one.
fn follows<R: Chained>(raw: &[u8], last: Option<&R>, head: &str) -> Result<R, String> {
    if raw.len() > R::MAX_LINE_BYTES {
        return Err(format!("it is longer than {} bytes", R::MAX_LINE_BYTES));
    }
    let record: R = serde_json::from_slice(raw).map_err(|error| format!("it is no {}: {error}", R::WHAT))?;
    let expected = last.map_or(1, |last| last.seq() + 1);
    if record.seq() != expected {
        return Err(format!("record {} stands where record {expected} belongs", record.seq()));
    }
    if record.prev() != head {
        return Err(format!("its `prev` is not the sha256 of line {}: one of the two was changed", expected - 1));
    }
    if last.is_some_and(|last| record.at() < last.at()) {
        return Err("its time lies before that of the record before it".into());
    }
    record.fits(last.is_none())?;
    Ok(record)
}

/// Moves what follows that byte of a file into a file of its own.
///
/// # Errors
/// The file cannot be read or cut, or there is no room for the other one.
pub fn set_aside(path: &Path, file: &File, offset: u64) -> Result<(), FsError> {
    let all = fs::read(path)?;
    let tail = all.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default();
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".torn-{}", &sha256_hex(tail)[..8]));
    fs::replace(Path::new(&name), tail)?;
    file.set_len(offset).and_then(|()| file.sync_data()).map_err(|error| FsError::new("cut", path, error))
}

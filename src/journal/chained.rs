//! The small chained files that lie beside journals: reviews, and what became of runs.

use std::fs::File;
use std::io::{BufReader, Write as _};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::fs::{self, FsError};
use crate::journal::{NO_PREVIOUS, Reader, sha256_hex};

/// What a line of such a file says.
pub trait ChainedEvent: Serialize + DeserializeOwned {
    /// What a line is called where it is none: `record of a review`.
    const WHAT: &str;
    /// The format in which such files are written.
    const FORMAT: u32;
    /// The name of the event of the first line.
    const OPENING: &str;
    /// The longest line that is written or read, in bytes.
    const MAX_LINE_BYTES: usize;

    /// The format that it names, if it is the event of a first line.
    fn opens(&self) -> Option<u32>;
}

/// A line of such a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainedRecord<E> {
    /// Its number, from 1.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// Lower-case hex sha256 of the raw line before it; 64 zeros in the first.
    pub prev: String,
    /// Who wrote it: `maria@bastion`.
    pub by: String,
    /// What it says.
    pub event: E,
}

/// Such a file, as far as it is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainedFile<E> {
    /// The file.
    pub path: PathBuf,
    /// The good lines.
    pub records: Vec<ChainedRecord<E>>,
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

impl<E> ChainedFile<E> {
    /// In words, what is the matter with it.
    pub fn told(&self) -> String {
        let (path, records) = (self.path.display(), self.records.len());
        match &self.found {
            Found::Whole => format!("{path}: whole records={records} head={}", self.head),
            Found::Torn(_) => format!("{path}: whole records={records} (notice: its last line is torn)"),
            Found::Damaged { line, what } => format!("{path}: DAMAGED at line {line}: {what}"),
            Found::Unread(why) => format!("{path}: DAMAGED: {why}"),
        }
    }
}

impl<E: ChainedEvent> ChainedFile<E> {
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
fn follows<E: ChainedEvent>(
    raw: &[u8],
    last: Option<&ChainedRecord<E>>,
    head: &str,
) -> Result<ChainedRecord<E>, String> {
    if raw.len() > E::MAX_LINE_BYTES {
        return Err(format!("it is longer than {} bytes", E::MAX_LINE_BYTES));
    }
    let record: ChainedRecord<E> =
        serde_json::from_slice(raw).map_err(|error| format!("it is no {}: {error}", E::WHAT))?;
    let expected = last.map_or(1, |last| last.seq + 1);
    if record.seq != expected {
        return Err(format!("record {} stands where record {expected} belongs", record.seq));
    }
    if record.prev != head {
        return Err(format!("its `prev` is not the sha256 of line {}: one of the two was changed", expected - 1));
    }
    if last.is_some_and(|last| record.at < last.at) {
        return Err("its time lies before that of the record before it".into());
    }
    match (record.event.opens(), last.is_none()) {
        (Some(format), true) if format > E::FORMAT => {
            Err(format!("it is written in format {format}: use a newer piton"))
        }
        (Some(_), true) | (None, false) => Ok(record),
        (Some(_), false) => Err(format!("`{}` stands after the first record", E::OPENING)),
        (None, true) => Err(format!("the first record is not `{}`", E::OPENING)),
    }
}

/// Why nothing can be added to such a file.
#[derive(Debug)]
pub enum AppendError {
    /// It did not do as it should.
    Failed(FsError),
    /// It is not whole.
    Damaged {
        /// Where that was noticed.
        line: u64,
        /// What is wrong.
        what: String,
    },
}

impl From<FsError> for AppendError {
    fn from(error: FsError) -> Self {
        Self::Failed(error)
    }
}

/// Adds lines to such a file. Whoever has one holds a lock.
pub struct Appender<E> {
    path: PathBuf,
    file: File,
    by: String,
    seq: u64,
    prev: String,
    at: Timestamp,
    events: PhantomData<E>,
}

impl<E: ChainedEvent> Appender<E> {
    /// Opens it for what that author adds, or begins it. A line that a crash cut off is moved to a file of its own first.
    ///
    /// # Errors
    /// It is damaged, or cannot be read or written to.
    pub fn open(path: PathBuf, by: String) -> Result<Self, AppendError> {
        let is_there = fs::look(&path)?.is_some();
        let file = if is_there { fs::open_append(&path)? } else { fs::create_private(&path)? };
        let known = ChainedFile::<E>::read(path.clone())?;
        match known.found {
            Found::Whole => {}
            Found::Torn(offset) => set_aside(&path, &file, offset)?,
            Found::Damaged { line, what } => return Err(AppendError::Damaged { line, what }),
            Found::Unread(what) => return Err(AppendError::Damaged { line: 1, what }),
        }
        let (seq, at) = known.records.last().map_or((0, Timestamp::default()), |last| (last.seq, last.at));
        Ok(Self { path, file, by, seq, prev: known.head, at, events: PhantomData })
    }

    /// Whether it has no line yet: the next one opens it.
    pub const fn is_new(&self) -> bool {
        self.seq == 0
    }

    /// Writes what happened at that time, all of it or nothing; it is on disk when this returns. No line lies before the one
    /// before it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&mut self, at: Timestamp, events: impl IntoIterator<Item = E>) -> Result<(), FsError> {
        let failed = |error| FsError::new("write", &self.path, error);
        let (mut seq, mut prev, at) = (self.seq, self.prev.clone(), self.at.max(at));
        let mut lines = Vec::new();
        for event in events {
            seq += 1;
            let record = ChainedRecord { seq, at, prev, by: self.by.clone(), event };
            let line = serde_json::to_vec(&record).expect("it is made of texts and numbers");
            if line.len() > E::MAX_LINE_BYTES {
                return Err(failed(std::io::Error::other("the line would be too long to be read again")));
            }
            prev = sha256_hex(&line);
            lines.extend_from_slice(&line);
            lines.push(b'\n');
        }
        self.file.write_all(&lines).and_then(|()| self.file.sync_data()).map_err(failed)?;
        (self.seq, self.prev, self.at) = (seq, prev, at);
        Ok(())
    }

    /// The hash of the last line.
    pub fn head(&self) -> &str {
        &self.prev
    }
}

/// Moves what follows that byte of a file into a file of its own.
///
/// # Errors
/// The file cannot be read or cut, or there is no room for the other one.
fn set_aside(path: &Path, file: &File, offset: u64) -> Result<(), FsError> {
    let all = fs::read(path)?;
    let tail = all.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default();
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".torn-{}", &sha256_hex(tail)[..8]));
    fs::replace(Path::new(&name), tail)?;
    file.set_len(offset).and_then(|()| file.sync_data()).map_err(|error| FsError::new("cut", path, error))
}

//! What became of runs: `keeping.jsonl`, read, checked and appended to.

use std::fs::File;
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::fs::{self, FsError};
use crate::journal::{Holder, JournalError, Lock, NO_PREVIOUS, Reader, sha256_hex};

/// The format in which it is written.
pub const KEEPING_FORMAT: u32 = 1;

/// The longest line that is read, in bytes.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeepingRecord {
    /// Its number, from 1.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// Lower-case hex sha256 of the raw line before it; 64 zeros in the first.
    pub prev: String,
    /// Who did it: `maria@bastion`.
    pub by: String,
    /// What was done.
    pub event: KeepingEvent,
}

/// What was done with a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum KeepingEvent {
    /// The first line.
    KeepingOpened {
        /// [`KEEPING_FORMAT`].
        format: u32,
        /// The version of piton that wrote it.
        version: String,
    },
    /// A copy of the run was written into one file.
    Archived {
        /// Its name.
        run: String,
        /// The file.
        file: String,
        /// Its size.
        bytes: u64,
        /// Lower-case hex sha256 of it.
        sha256: String,
        /// How many good records the journal had.
        records: u64,
        /// The hash of the last of them.
        head: String,
    },
    /// The run was deleted; written before the first of its files went.
    Pruned {
        /// Its name.
        run: String,
        /// `live` or `practice`: in which folder it lay.
        mode: String,
        /// The runbook's name; empty where nobody knows.
        runbook: String,
        /// Its outcome, or how it stood.
        standing: String,
        /// When it was opened.
        opened_at: Option<Timestamp>,
        /// When its last good record was written.
        last_at: Option<Timestamp>,
        /// How many good records the journal had.
        records: u64,
        /// The hash of the last of them.
        head: String,
        /// Whether the journal was found whole just before.
        is_verified: bool,
        /// By which policy.
        why: String,
    },
    /// What was to be deleted could not be, or not all of it.
    NotPruned {
        /// Its name.
        run: String,
        /// Why.
        why: String,
    },
}

/// What became of runs, as far as it is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The file.
    pub path: PathBuf,
    /// The good lines.
    pub records: Vec<KeepingRecord>,
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
}

/// Why nothing can be written down; then nothing is deleted either.
#[derive(Debug, thiserror::Error)]
pub enum KeepingError {
    /// A file did not do as it should, or somebody else writes to it.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// It is not whole.
    #[error(
        "{path} line {line}: {what}; nothing is deleted as long as it cannot be written down: move it away to begin a new one"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where it was noticed.
        line: u64,
        /// What is wrong.
        what: String,
    },
}

impl From<FsError> for KeepingError {
    fn from(error: FsError) -> Self {
        Self::Journal(error.into())
    }
}

/// What became of the runs below `root`; `None`: nothing was ever archived or deleted.
///
/// # Errors
/// The file cannot be read.
pub fn kept(root: &Path) -> Result<Option<Kept>, FsError> {
    let path = root.join("keeping.jsonl");
    if fs::look(&path)?.is_none() {
        return Ok(None);
    }
    let file = fs::open_read(&path)?;
    let mut reader = Reader::new(BufReader::new(file));
    let mut kept = Kept { path: path.clone(), records: Vec::new(), head: NO_PREVIOUS.into(), found: Found::Whole };
    while let Some(raw) = reader.next_line().map_err(|error| FsError::new("read", &path, error))? {
        if !raw.is_terminated {
            kept.found = Found::Torn(raw.offset);
            break;
        }
        match follows(raw.bytes, kept.records.last(), &kept.head) {
            Ok(record) => {
                kept.head = sha256_hex(raw.bytes);
                kept.records.push(record);
            }
            Err(what) => {
                kept.found = Found::Damaged { line: raw.number, what };
                break;
            }
        }
    }
    Ok(Some(kept))
}

/// The record of a line, if it is the next one.
fn follows(raw: &[u8], last: Option<&KeepingRecord>, head: &str) -> Result<KeepingRecord, String> {
    if raw.len() > MAX_LINE_BYTES {
        return Err(format!("it is longer than {MAX_LINE_BYTES} bytes"));
    }
    let record: KeepingRecord =
        serde_json::from_slice(raw).map_err(|error| format!("it is no such record: {error}"))?;
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
    match (&record.event, last) {
        (KeepingEvent::KeepingOpened { format, .. }, None) if *format > KEEPING_FORMAT => {
            Err(format!("it is written in format {format}: use a newer piton"))
        }
        (KeepingEvent::KeepingOpened { .. }, None) => Ok(record),
        (KeepingEvent::KeepingOpened { .. }, Some(_)) => Err("`keeping_opened` stands after the first record".into()),
        (_, None) => Err("the first record is not `keeping_opened`".into()),
        (_, Some(_)) => Ok(record),
    }
}

/// Writes down what becomes of runs. One at a time, as long as it is held.
pub struct Keeper {
    path: PathBuf,
    file: File,
    by: String,
    seq: u64,
    prev: String,
    at: Timestamp,
    _lock: Lock,
}

impl Keeper {
    /// Opens the file below `root`, or begins it. A line that a crash cut off is moved to a file of its own first.
    ///
    /// # Errors
    /// It is damaged, held by somebody else, or cannot be written to.
    pub fn open(root: &Path, holder: &Holder) -> Result<Self, KeepingError> {
        fs::ensure_folder(root)?;
        let lock = Lock::take(&root.join("keeping.lock"), holder)?;
        let path = root.join("keeping.jsonl");
        let known = kept(root)?;
        let file = if known.is_some() { fs::open_append(&path)? } else { fs::create_private(&path)? };
        let (mut seq, mut prev, mut at) = (0, NO_PREVIOUS.to_owned(), holder.since);
        if let Some(known) = known {
            match known.found {
                Found::Whole => {}
                Found::Torn(offset) => set_aside(&path, &file, offset)?,
                Found::Damaged { line, what } => return Err(KeepingError::Damaged { path, line, what }),
            }
            (seq, prev) = (known.records.len() as u64, known.head);
            at = known.records.last().map_or(at, |last| last.at.max(at));
        }
        let by = format!("{}@{}", holder.operator, holder.host);
        let mut keeper = Self { path, file, by, seq, prev, at, _lock: lock };
        if keeper.seq == 0 {
            let version = env!("CARGO_PKG_VERSION").to_owned();
            keeper.write(KeepingEvent::KeepingOpened { format: KEEPING_FORMAT, version })?;
            fs::sync_folder(root)?;
        }
        Ok(keeper)
    }

    /// Writes one line; it is on disk when this returns.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&mut self, event: KeepingEvent) -> Result<(), KeepingError> {
        let seq = self.seq + 1;
        let record = KeepingRecord { seq, at: self.at, prev: self.prev.clone(), by: self.by.clone(), event };
        let mut line = serde_json::to_vec(&record).expect("it is made of texts and numbers");
        let head = sha256_hex(&line);
        line.push(b'\n');
        let write_failed = |error| FsError::new("write", &self.path, error);
        self.file.write_all(&line).and_then(|()| self.file.sync_data()).map_err(write_failed)?;
        (self.seq, self.prev) = (seq, head);
        Ok(())
    }

    /// The hash of the last line.
    pub fn head(&self) -> &str {
        &self.prev
    }
}

/// Moves what follows that byte into a file of its own.
fn set_aside(path: &Path, file: &File, offset: u64) -> Result<(), FsError> {
    let all = fs::read(path)?;
    let tail = all.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default();
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".torn-{}", &sha256_hex(tail)[..8]));
    fs::replace(Path::new(&name), tail)?;
    file.set_len(offset).and_then(|()| file.sync_data()).map_err(|error| FsError::new("cut", path, error))
}

//! Reading on in a journal to which somebody else may be appending. No lock is taken, nothing is written.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::engine::{Record, SignatureWatch};
use crate::fs::FsError;
use crate::journal::chain::Chain;
use crate::journal::error::JournalError;
use crate::journal::reader::{RawLine, Reader};
use crate::journal::verify::{Integrity, Judged, Verification, judge};

/// Where somebody stands who reads a journal on.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    chain: Chain,
    watch: SignatureWatch,
    /// Up to where it was read, in bytes from the start of the file.
    offset: u64,
    /// How long the file was when it was last looked at.
    length: u64,
    is_over: bool,
}

/// What came since the last look.
#[derive(Debug, Default)]
pub struct More {
    /// The records.
    pub records: Vec<Record>,
    /// What is wrong behind them, where something is; then nothing more is read.
    pub damage: Option<Integrity>,
}

impl Follower {
    /// Reads on behind what was found in the journal file at `path`.
    pub fn after(path: &Path, found: &Verification, records: impl IntoIterator<Item = Record>) -> Self {
        let mut watch = SignatureWatch::default();
        for record in records {
            // They were found good a moment ago.
            let _ = watch.take(&record);
        }
        let (chain, offset) = (found.chain.clone(), found.bytes);
        let is_over =
            chain.closed().is_some() || !matches!(found.integrity, Integrity::Whole | Integrity::TornTail { .. });
        // A torn tail is no news; whoever goes on with the run sets it aside first.
        let is_torn = matches!(found.integrity, Integrity::TornTail { .. });
        let length = std::fs::metadata(path).ok().filter(|_| is_torn).map_or(0, |known| known.len());
        Self { path: path.to_owned(), chain, watch, offset, length, is_over }
    }

    /// Whether nothing can come any more: the run is closed, or the journal broken.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// The records that were appended meanwhile. A line that has no newline yet is still being written: it is left.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn more(&mut self) -> Result<More, JournalError> {
        let failed = |action, error| FsError::new(action, &self.path, error);
        let length = std::fs::metadata(&self.path).map_err(|error| failed("look at", error))?.len();
        if self.is_over || length == self.length {
            return Ok(More::default());
        }
        self.length = length;
        if length < self.offset {
            let what = "it has become shorter than what was read of it".to_owned();
            return Ok(self.broken(More::default(), self.chain.records() + 1, what));
        }
        let mut file = File::open(&self.path).map_err(|error| failed("open", error))?;
        file.seek(SeekFrom::Start(self.offset)).map_err(|error| failed("read", error))?;
        let mut reader = Reader::new(BufReader::with_capacity(1 << 16, file));
        let mut more = More::default();
        loop {
            let line = reader.next_line().map_err(|error| FsError::new("read", &self.path, error))?;
            let Some(raw) = line.filter(|raw| raw.is_terminated) else { break };
            let number = self.chain.records() + 1;
            match judge(&mut self.chain, &mut self.watch, RawLine { number, ..raw }) {
                Judged::Good(record, _) => {
                    self.offset += raw.length + 1;
                    more.records.push(*record);
                }
                Judged::Bad(what) | Judged::Unreadable(what) => return Ok(self.broken(more, number, what)),
                Judged::Newer(found) => {
                    self.is_over = true;
                    more.damage = Some(Integrity::NewerFormat { found });
                    return Ok(more);
                }
            }
        }
        self.is_over = self.chain.closed().is_some();
        Ok(more)
    }

    fn broken(&mut self, more: More, line: u64, what: String) -> More {
        self.is_over = true;
        More { damage: Some(Integrity::Damaged { line, what }), ..more }
    }
}

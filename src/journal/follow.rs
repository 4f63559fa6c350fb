//! Reading on in a journal to which somebody else may be appending. No lock is taken, nothing is written.

use std::fs::{File, Metadata};
use std::io::{BufReader, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::engine::{Record, SignatureWatch};
use crate::fs::FsError;
use crate::journal::ahead::Seen;
use crate::journal::chain::Chain;
use crate::journal::error::JournalError;
use crate::journal::line::sha256_hex;
use crate::journal::lock::holder_of;
use crate::journal::named::folder_of;
use crate::journal::reader::{RawLine, Reader};
use crate::journal::verify::{Integrity, Judged, Verification, judge, outlines};

/// A journal of fewer bytes is compared with all that was read of it whenever it grows: that takes no time.
const SHORT: u64 = 1 << 20;

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
    /// What it was then.
    stamp: Option<Stamp>,
    /// Where the last line that was read begins, once it was found.
    last: Option<u64>,
    /// Up to where all that was read was held against the file.
    compared: u64,
    is_over: bool,
    /// Whether somebody was at the run when that was last looked at.
    is_held: bool,
}

/// What tells one state of a file from another: which file it is, when it was last written to, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    written: (i64, i64),
    length: u64,
}

impl Stamp {
    fn of(known: &Metadata) -> Self {
        Self { file: (known.dev(), known.ino()), written: (known.mtime(), known.mtime_nsec()), length: known.len() }
    }
}

/// What came since the last look.
#[derive(Debug, Default)]
pub struct More {
    /// The records.
    pub records: Vec<Record>,
    /// What is wrong behind them, where something is; then nothing more is read.
    pub damage: Option<Integrity>,
    /// The last good record, when it may be what was changed.
    pub doubtful: Option<u64>,
    /// Whether somebody is at the run now, where that has changed since the last look.
    pub held: Option<bool>,
}

impl More {
    /// Whether there is nothing new.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.damage.is_none() && self.held.is_none()
    }
}

impl Follower {
    /// Reads on behind what was found in the journal file at `path`, and in whose records `watch` has looked for signatures.
    pub fn after(path: &Path, found: &Verification, watch: SignatureWatch) -> Self {
        let (chain, offset) = (found.chain.clone(), found.bytes);
        let is_over =
            chain.closed().is_some() || !matches!(found.integrity, Integrity::Whole | Integrity::TornTail { .. });
        // A torn tail is no news; whoever goes on with the run sets it aside first.
        let is_torn = matches!(found.integrity, Integrity::TornTail { .. });
        let length = std::fs::metadata(path).ok().filter(|_| is_torn).map_or(0, |known| known.len());
        let is_held = is_held(path);
        Self {
            path: path.to_owned(),
            chain,
            watch,
            offset,
            length,
            stamp: None,
            last: None,
            compared: 0,
            is_over,
            is_held,
        }
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
        let mut more = self.read_on()?;
        // Nobody comes back without writing that down; whoever was killed leaves without it.
        if self.is_held || !more.records.is_empty() {
            let is_held = is_held(&self.path);
            more.held = (std::mem::replace(&mut self.is_held, is_held) != is_held).then_some(is_held);
        }
        Ok(more)
    }

    fn read_on(&mut self) -> Result<More, JournalError> {
        let failed = |action, error| FsError::new(action, &self.path, error);
        let stamp = Stamp::of(&std::fs::metadata(&self.path).map_err(|error| failed("look at", error))?);
        let before = self.stamp.replace(stamp);
        if before == Some(stamp) {
            return Ok(More::default());
        }
        let length = stamp.length;
        if length < self.offset {
            let what = "it has become shorter than what was read of it".to_owned();
            return Ok(self.broken(More::default(), Found::at(self.chain.records() + 1, what)));
        }
        let has_grown = before.is_some_and(|before| before.file == stamp.file && before.length < length);
        if !(has_grown && self.is_gone_on_with()?)
            && let Some(found) = self.changed()?
        {
            return Ok(self.broken(More::default(), found));
        }
        if self.is_over || length == self.length {
            return Ok(More::default());
        }
        self.length = length;
        let more = self.read_behind()?;
        // Nothing comes any more that would have it looked at again.
        if self.is_over
            && more.damage.is_none()
            && self.compared != self.offset
            && let Some(found) = self.changed()?
        {
            return Ok(self.broken(more, found));
        }
        Ok(more)
    }

    /// The records that stand behind what was read.
    fn read_behind(&mut self) -> Result<More, JournalError> {
        let failed = |action, error| FsError::new(action, &self.path, error);
        let mut file = File::open(&self.path).map_err(|error| failed("open", error))?;
        file.seek(SeekFrom::Start(self.offset)).map_err(|error| failed("read", error))?;
        let mut reader = Reader::new(BufReader::with_capacity(1 << 16, file));
        let mut more = More::default();
        loop {
            let line = reader.next_line().map_err(|error| FsError::new("read", &self.path, error))?;
            let Some(raw) = line.filter(|raw| raw.is_terminated) else { break };
            let number = self.chain.records() + 1;
            let seen = Seen::of(&raw);
            match judge(&mut self.chain, &mut self.watch, RawLine { number, ..raw }, seen) {
                Judged::Good(outline, _) => {
                    self.last = Some(self.offset);
                    self.offset += raw.length + 1;
                    more.records.extend(outline.into_record(&raw));
                }
                Judged::Bad(what) | Judged::Unreadable(what) => {
                    return Ok(self.broken(more, Found::at(number, what)));
                }
                Judged::Unlinked(what) => {
                    let doubtful = Some(number - 1);
                    return Ok(self.broken(more, Found { doubtful, ..Found::at(number, what) }));
                }
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

    /// Whether it is enough to look at the last line that was read, of a file that has grown: what is short is compared as
    /// a whole, and what is long when it is twice as long as when that was done last.
    fn is_gone_on_with(&self) -> Result<bool, JournalError> {
        let Some(last) = self.last.filter(|_| self.offset >= SHORT && self.offset / 2 < self.compared) else {
            return Ok(false);
        };
        let failed = |action, error| FsError::new(action, &self.path, error);
        let mut file = File::open(&self.path).map_err(|error| failed("open", error))?;
        file.seek(SeekFrom::Start(last)).map_err(|error| failed("read", error))?;
        let mut reader = Reader::new(BufReader::new(file));
        let line = reader.next_line().map_err(|error| failed("read", error))?;
        // Its hash stands for all lines before it.
        Ok(line.is_some_and(|raw| last + raw.length + 1 == self.offset && sha256_hex(raw.bytes) == self.chain.head()))
    }

    /// Where the journal is no longer what was read of it, and what is wrong there. Whoever only appends changes nothing
    /// of that; what was read may have been written over, or another file lie in its place.
    fn changed(&mut self) -> Result<Option<Found>, JournalError> {
        let (mut is_same, mut last) = (self.chain.records() == 0, None);
        let found = outlines(&self.path, &mut |raw, _| {
            if raw.number == self.chain.records() {
                last = Some(raw.offset);
                // The hash of a line stands for all lines before it.
                is_same |= sha256_hex(raw.bytes) == self.chain.head();
            }
        })?;
        (self.last, self.compared) = (last, self.offset);
        Ok(match found.integrity {
            Integrity::Damaged { line, what } if !is_same || self.chain.closed().is_some() => {
                // Only of a record that is shown it is told.
                let doubtful = found.doubt.map(|doubt| doubt.record).filter(|record| *record <= self.chain.records());
                Some(Found { doubtful, ..Found::at(line, what) })
            }
            _ if !is_same => Some(Found::at(1, "it is not the journal any more that was read".into())),
            _ => None,
        })
    }

    fn broken(&mut self, more: More, found: Found) -> More {
        self.is_over = true;
        let Found { line, what, doubtful } = found;
        More { damage: Some(Integrity::Damaged { line, what }), doubtful, ..more }
    }
}

/// What is wrong with a journal that is read on.
struct Found {
    line: u64,
    what: String,
    /// The record before that line, where it may as well be that one.
    doubtful: Option<u64>,
}

impl Found {
    const fn at(line: u64, what: String) -> Self {
        Self { line, what, doubtful: None }
    }
}

/// Whether somebody is at the run whose journal that is. Nobody is at a copy that lies beside it.
pub fn is_held(journal: &Path) -> bool {
    folder_of(journal).is_some_and(|dir| holder_of(&dir.lock_path()).is_some())
}

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;

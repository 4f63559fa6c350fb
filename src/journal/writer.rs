//! The one writer of a journal.

use std::fs::File;
use std::io::{self, BufReader, Seek, SeekFrom, Write};

use crate::clock::Timestamp;
use crate::engine::{Event, JOURNAL_FORMAT, Outcome, Record, RunOpened};
use crate::fs::{self, FsError};
use crate::journal::chain::Chain;
use crate::journal::digest::digest;
use crate::journal::error::JournalError;
use crate::journal::line::{self, MAX_LINE_BYTES};
use crate::journal::lock::{Holder, Lock};
use crate::journal::reader::RawLine;
use crate::journal::store::RunDir;
use crate::journal::verify::{Integrity, Verification, examine_while};

/// How the files begin that hold cut-off tails.
const TORN_PREFIX: &str = "journal.torn-";

/// After how many records it is told how far the reading has come.
const TOLD_EVERY: u64 = 256;

/// An open journal. While it lives, no other process can write to it.
#[derive(Debug)]
pub struct Journal {
    dir: RunDir,
    file: File,
    chain: Chain,
    stopped: Option<String>,
    /// Whether whoever appends has it synced now and then, and tells nobody of a record before.
    is_synced_later: bool,
    _lock: Lock,
}

/// A journal that was opened again.
#[derive(Debug)]
pub struct Opened {
    /// To go on with.
    pub journal: Journal,
    /// Everything recorded so far.
    pub records: Vec<Record>,
    /// Cut-off tails that no record tells of yet; to be recorded first.
    pub set_aside: Vec<SetAside>,
}

/// A torn tail that was moved into a file of its own, in the run's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// The file's name.
    pub file: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Lower-case hex sha256 of it.
    pub sha256: String,
}

impl From<SetAside> for Event {
    fn from(SetAside { file, bytes, sha256 }: SetAside) -> Self {
        Self::TailSetAside { file, bytes, sha256 }
    }
}

impl Journal {
    /// Begins the journal of a run in its fresh folder. When it returns `Ok`, folder and first record are durable;
    /// before that nobody may be told that the run exists.
    pub fn create(
        dir: &RunDir,
        holder: &Holder,
        at: Timestamp,
        by: &str,
        opened: RunOpened,
    ) -> Result<(Self, Record), JournalError> {
        fs::require_private_folder(dir.path())?;
        let lock = Lock::take(&dir.lock_path(), holder)?;
        // Durable with the journal's name, by the sync below.
        fs::make_private_folder(&dir.output_dir())?;
        let file = fs::create_private(&dir.journal_path())?;
        let mut journal = Self {
            dir: dir.clone(),
            file,
            chain: Chain::default(),
            stopped: None,
            is_synced_later: false,
            _lock: lock,
        };
        let records = journal.append(at, by, vec![Event::RunOpened(Box::new(opened))])?;
        fs::sync_folder(dir.path())?;
        let record = records.into_iter().next().expect("one event gives one record");
        Ok((journal, record))
    }

    /// Opens the journal of a run to go on with it: verifies all of it, moves a torn tail aside, and makes durable
    /// what was read. A damaged journal is refused as it is.
    pub fn open(dir: &RunDir, holder: &Holder) -> Result<Opened, JournalError> {
        Self::open_along(dir, holder, &mut |_, _| true)
    }

    /// The same; `each` is told how many bytes were read, and of how many, and says whether to read on. Nothing is written
    /// before all is read.
    ///
    /// # Errors
    /// See [`Self::open`]; or `each` ended it, as [`io::ErrorKind::Interrupted`].
    pub fn open_along(
        dir: &RunDir,
        holder: &Holder,
        each: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<Opened, JournalError> {
        fs::require_private_folder(dir.path())?;
        let path = dir.journal_path();
        let lock = Lock::take(&dir.lock_path(), holder)?;
        let mut file = fs::open_append(&path)?;
        let all = file.metadata().map_or(0, |known| known.len());
        let mut records = Vec::new();
        let take = |raw: RawLine<'_>, record| {
            records.push(record);
            !raw.number.is_multiple_of(TOLD_EVERY) || each(raw.offset + raw.length, all)
        };
        let verification = examine_while(BufReader::with_capacity(1 << 16, &mut file), take)
            .map_err(|error| FsError::new("read", &path, error))?;
        let Verification { bytes, chain, integrity, .. } = verification;
        match integrity {
            Integrity::Whole => {}
            Integrity::TornTail { line, .. } => cut_tail(dir, &mut file, line, bytes)?,
            Integrity::NewerFormat { found } => {
                return Err(JournalError::NewerFormat { path, found, known: JOURNAL_FORMAT });
            }
            Integrity::NeverOpened => return Err(JournalError::NeverOpened { path }),
            Integrity::Damaged { line, what } => return Err(JournalError::Damaged { path, line, what, bytes }),
        }
        // A process that died between write and sync left records that are read but perhaps not on disk.
        file.sync_all().map_err(|error| FsError::new("sync", &path, error))?;
        fs::sync_folder(dir.path())?;
        let set_aside = untold(dir, &records)?;
        let journal = Self { dir: dir.clone(), file, chain, stopped: None, is_synced_later: false, _lock: lock };
        Ok(Opened { journal, records, set_aside })
    }

    /// Records all events of one decision: one write, one sync. Durable when it returns `Ok`; the records are as any
    /// later reader will find them.
    ///
    /// An event that may not follow is refused and nothing is written. After a failed write or sync every further
    /// call is refused with that first failure.
    pub fn append(&mut self, at: Timestamp, by: &str, events: Vec<Event>) -> Result<Vec<Record>, JournalError> {
        if let Some(why) = &self.stopped {
            return Err(JournalError::Stopped { path: self.dir.journal_path(), why: why.clone() });
        }
        let mut chain = self.chain.clone();
        let mut lines = Vec::new();
        let mut records = Vec::with_capacity(events.len());
        for event in events {
            records.push(self.line(&mut chain, &mut lines, at, by, event)?);
        }
        if lines.is_empty() {
            return Ok(records);
        }
        if let Err(error) = write(&mut self.file, &lines, !self.is_synced_later) {
            return Err(self.stop(error, lines.len()));
        }
        self.chain = chain;
        Ok(records)
    }

    /// From now on what is appended is durable only after [`Self::sync`]. For a rehearsal that is walked as fast as it can
    /// be worked out: nothing outside waits for its records, and whoever is told of them is told after a sync.
    pub fn sync_later(&mut self) {
        self.is_synced_later = true;
    }

    /// Makes durable all that was appended.
    ///
    /// # Errors
    /// The system cannot; nothing can be appended any more then.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        if let Some(why) = &self.stopped {
            return Err(JournalError::Stopped { path: self.dir.journal_path(), why: why.clone() });
        }
        write(&mut self.file, &[], true).map_err(|error| self.stop(error, 0))
    }

    /// After a failure nothing is recorded any more.
    fn stop(&mut self, error: Failed, bytes: usize) -> JournalError {
        let why = FsError::new(error.action, &self.dir.journal_path(), error.source);
        let why = format!("{why} ({bytes} bytes were to be recorded)");
        self.stopped = Some(why.clone());
        JournalError::Stopped { path: self.dir.journal_path(), why }
    }

    /// The hash of the last line.
    pub fn head(&self) -> &str {
        self.chain.head()
    }

    /// How many records there are.
    pub fn count(&self) -> u64 {
        self.chain.records()
    }

    /// The time of the last record: the next may not be earlier.
    pub fn last_at(&self) -> Timestamp {
        self.chain.last_at().unwrap_or_default()
    }

    /// The outcome, when the run is closed; then nothing can be appended.
    pub fn closed(&self) -> Option<Outcome> {
        self.chain.closed()
    }

    /// The run's folder.
    pub fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// Adds the event's line to `lines` and gives the record as it reads from there: what could not be read again, or
    /// would not verify, is never written.
    fn line(
        &self,
        chain: &mut Chain,
        lines: &mut Vec<u8>,
        at: Timestamp,
        by: &str,
        event: Event,
    ) -> Result<Record, JournalError> {
        let seq = chain.records() + 1;
        let unreadable = |why: String| JournalError::Unreadable { path: self.dir.journal_path(), seq, why };
        let record = Record { seq, at, prev: chain.head().to_owned(), by: by.to_owned(), event };
        let raw = line::encode(&record).map_err(|error| unreadable(error.to_string()))?;
        if raw.len() > MAX_LINE_BYTES {
            return Err(unreadable(format!("its line has {} bytes, at most {MAX_LINE_BYTES} are allowed", raw.len())));
        }
        let read = line::decode(&raw).map_err(|error| unreadable(error.to_string()))?;
        if read.at != at {
            return Err(unreadable(format!("its time {} ms is beyond what can be written", at.as_millis())));
        }
        chain.accept(&raw, &read).map_err(|fault| JournalError::NotNext {
            path: self.dir.journal_path(),
            seq,
            fault,
        })?;
        lines.extend_from_slice(&raw);
        lines.push(b'\n');
        Ok(read)
    }
}

struct Failed {
    action: &'static str,
    source: io::Error,
}

/// One write unless the system takes only a part of it; one sync, never repeated: after a failed one the next may
/// report success for data that is gone.
fn write(file: &mut File, lines: &[u8], is_synced: bool) -> Result<(), Failed> {
    file.write_all(lines).map_err(|source| Failed { action: "write", source })?;
    if is_synced { file.sync_data().map_err(|source| Failed { action: "sync", source }) } else { Ok(()) }
}

/// Moves everything from byte `whole` on into a file beside, durably, before it is cut off. Done again after a crash
/// in between, it comes to the same.
fn cut_tail(dir: &RunDir, file: &mut File, line: u64, whole: u64) -> Result<(), JournalError> {
    let path = dir.journal_path();
    let read_failed = |error| FsError::new("read", &path, error);
    file.seek(SeekFrom::Start(whole)).map_err(read_failed)?;
    let (sha256, _) = digest(file).map_err(read_failed)?;
    file.seek(SeekFrom::Start(whole)).map_err(read_failed)?;
    let kept = dir.path().join(format!("{TORN_PREFIX}{line}-{}", &sha256[..8]));
    fs::replace_with(&kept, |copy| io::copy(file, copy).map(drop))?;
    file.set_len(whole).map_err(|error| FsError::new("cut the torn tail off", &path, error))?;
    Ok(())
}

/// The tails set aside that no record tells of: the one just cut, and one whose record a crash prevented.
fn untold(dir: &RunDir, records: &[Record]) -> Result<Vec<SetAside>, JournalError> {
    let is_told = |name: &String| {
        records.iter().any(|record| matches!(&record.event, Event::TailSetAside { file, .. } if file == name))
    };
    let mut found = Vec::new();
    for file in fs::names(dir.path())? {
        if !file.starts_with(TORN_PREFIX) || file.ends_with(".new") || is_told(&file) {
            continue;
        }
        let path = dir.path().join(&file);
        let (sha256, bytes) = digest(&mut fs::open_read(&path)?).map_err(|error| FsError::new("read", &path, error))?;
        found.push(SetAside { file, bytes, sha256 });
    }
    Ok(found)
}
